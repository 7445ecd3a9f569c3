# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds, under old and new names."""

from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.clouds import CHINA, PUBLIC, USGOV, USGOV_DOD, Cloud, cloud_by_name, select_cloud
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import OptionsError


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        ("public", PUBLIC),
        ("AzureCloud", PUBLIC),
        ("azure_public_cloud", PUBLIC),
        ("usgov", USGOV),
        ("Fairfax", USGOV),
        ("AzureUSGovernment", USGOV),
        ("AZURE_US_GOVERNMENT", USGOV),
        ("USGov-DoD", USGOV_DOD),
        ("usgov_l5", USGOV_DOD),
        ("MoonCake", CHINA),
        ("AzureChinaCloud", CHINA),
        ("china", CHINA),
        ("USGovernment", USGOV),
        ("O365USGovGCCHigh", USGOV),
        ("O365USGovDoD", USGOV_DOD),
        ("Global", PUBLIC),
        ("GCC", PUBLIC),
    ],
)
def test_a_cloud_is_known_by_all_its_names(name: str, cloud: Cloud) -> None:
    assert cloud_by_name(name) is cloud


def test_each_cloud_asks_for_a_token_for_its_own_graph() -> None:
    assert [cloud.scope for cloud in (PUBLIC, USGOV, USGOV_DOD, CHINA)] == [
        "https://graph.microsoft.com/.default",
        "https://graph.microsoft.us/.default",
        "https://dod-graph.microsoft.us/.default",
        "https://microsoftgraph.chinacloudapi.cn/.default",
    ]


@pytest.mark.parametrize("name", ["Germany", "BlackForest", "AzureGermanCloud"])
def test_germany_is_refused_with_the_day_it_closed(name: str) -> None:
    with pytest.raises(OptionsError, match="2021-10-29"):
        cloud_by_name(name)


def test_an_unknown_cloud_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(OptionsError, match="'moon' is unknown; use one of public, usgov, usgov_dod, china"):
        cloud_by_name("moon")


def test_the_address_of_an_azure_stack_is_no_cloud() -> None:
    with pytest.raises(OptionsError, match="name the cloud of the tenant"):
        cloud_by_name("https://management.local.azurestack.external/metadata/endpoints")


def test_a_well_known_host_chooses_the_cloud() -> None:
    assert select_cloud(None, "https://login.microsoftonline.us", None) is USGOV
    assert select_cloud(None, "https://login.microsoftonline.us", "https://dod-graph.microsoft.us") is USGOV_DOD
    assert select_cloud("usgov_dod", "https://login.microsoftonline.us", None) is USGOV_DOD
    assert select_cloud(None, "https://login.chinacloudapi.cn", None) is CHINA


def test_a_host_of_our_own_says_nothing_about_the_cloud() -> None:
    assert select_cloud("china", "https://login.example.com", "https://graph.example.com") is CHINA
    assert select_cloud(None, "https://login.example.com", None) is PUBLIC


@pytest.mark.parametrize(
    ("name", "login", "graph"),
    [
        ("public", "https://login.microsoftonline.us", None),
        ("usgov", None, "https://dod-graph.microsoft.us"),
        (None, "https://login.microsoftonline.com", "https://graph.microsoft.us"),
    ],
)
def test_hosts_of_two_clouds_are_refused(name: str | None, login: str | None, graph: str | None) -> None:
    with pytest.raises(OptionsError, match="make them agree"):
        select_cloud(name, login, graph)


def test_german_hosts_are_refused_too() -> None:
    with pytest.raises(OptionsError, match="2021-10-29"):
        select_cloud(None, "https://login.microsoftonline.de", None)
