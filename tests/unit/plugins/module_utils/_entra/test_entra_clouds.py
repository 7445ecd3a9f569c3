# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds, under old and new names."""

from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.clouds import (
    BLEU,
    CHINA,
    CLOUDS,
    DELOS,
    GOVSG,
    PUBLIC,
    USGOV,
    USGOV_DOD,
    Cloud,
    cloud_by_name,
    is_login_host,
    select_cloud,
)
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
        ("Bleu", BLEU),
        ("France", BLEU),
        ("AzureBleu", BLEU),
        ("France (Bleu)", BLEU),
        ("Delos", DELOS),
        ("AzureDelos", DELOS),
        ("Germany (Delos)", DELOS),
        ("GovSG", GOVSG),
        ("AzureGovSG", GOVSG),
        ("Singapore government", GOVSG),
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


def test_the_sovereign_clouds_have_their_own_addresses_and_audiences() -> None:
    assert [(cloud.login_host, cloud.graph_host, cloud.audience) for cloud in (BLEU, DELOS, GOVSG)] == [
        ("login.sovcloud-identity.fr", "graph.svc.sovcloud.fr", "api://AzureADTokenExchangeFrance"),
        ("login.sovcloud-identity.de", "graph.svc.sovcloud.de", "api://AzureADTokenExchangeGermany"),
        ("login.sovcloud-identity.sg", "graph.svc.sovcloud.sg", "api://AzureADTokenExchange"),
    ]
    assert select_cloud(None, None, "https://graph.svc.sovcloud.fr") is BLEU
    assert select_cloud(None, "https://login.sovcloud-identity.de", None) is DELOS
    with pytest.raises(OptionsError, match="a host of cloud 'bleu', but the cloud is 'public'"):
        select_cloud("public", None, "https://graph.svc.sovcloud.fr")


@pytest.mark.parametrize("name", ["germany", "Germany", "Deutschland", "german cloud"])
def test_germany_alone_may_mean_two_clouds_and_both_are_said(name: str) -> None:
    with pytest.raises(OptionsError, match=r"ambiguous.*use 'delos'.*BlackForest.*use 'public'"):
        cloud_by_name(name)


@pytest.mark.parametrize("name", ["BlackForest", "AzureGermanCloud", "AZURE_GERMANY"])
def test_what_is_closed_is_told_apart_from_what_is_new(name: str) -> None:
    with pytest.raises(OptionsError, match="no longer exists") as caught:
        cloud_by_name(name)
    assert "delos" not in str(caught.value)


@pytest.mark.parametrize("name", ["USNat", "ussec"])
def test_clouds_that_are_closed_off_are_reached_by_their_addresses(name: str) -> None:
    with pytest.raises(OptionsError, match="set authority_url and graph_url"):
        cloud_by_name(name)


def test_where_known_clouds_sign_in() -> None:
    assert all(is_login_host(cloud.login_host.upper()) for cloud in CLOUDS) and is_login_host("login.windows.net")
    assert not any(is_login_host(host) for host in ("login.example.com", "", "graph.microsoft.com", "login.microsoftonline.de"))


def test_msal_knows_every_login_host() -> None:
    """Else it would ask another host who they are."""
    authority = pytest.importorskip("msal.authority")
    new = {cloud.login_host for cloud in (BLEU, DELOS, GOVSG)}
    assert {cloud.login_host for cloud in CLOUDS} - new <= authority.WELL_KNOWN_AUTHORITY_HOSTS
