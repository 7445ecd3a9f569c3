# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs import partners


def trust(name="Partner", identifiers=("urn:partner",), **more):
    return {
        "name": name,
        "identifiers": list(identifiers),
        "enabled": True,
        "monitoring_enabled": True,
        "auto_update_enabled": True,
        "metadata_url": "https://partner.example.com/m.xml",
        "token_lifetime": 0,
        **more,
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (trust(), None),
        (trust(monitoring_enabled=False), "no_metadata"),
        (trust(metadata_url=None), "no_metadata"),
        (trust(monitoring_enabled=False, enabled=False), None),
        (trust("Renamed by somebody", ["urn:federation:microsoftonline"], monitoring_enabled=False), None),
        (trust("Microsoft Office 365 Identity Platform", monitoring_enabled=False), "no_metadata"),  # the name alone is no Entra
        (trust(identifiers=["https://contoso.my.salesforce.com/"]), "one_certificate"),
        (trust(identifiers=["google.com/a/contoso.com"]), "one_certificate"),
        (trust(identifiers=["https://google.com.example.com"]), None),
        (trust(identifiers=[]), None),
    ],
)
def test_risk(found, expected):
    assert partners.risk(found) == expected


@pytest.mark.parametrize("pattern", ["urn:partner", "URN:PARTNER/", "urn:*", "Partner", "part?er"])
def test_the_list_can_be_extended(pattern):
    assert partners.risk(trust(), [pattern]) == "one_certificate"
    assert partners.risk(trust(), ["other*"]) is None


def test_every_trust_keeps_its_members():
    found = partners.with_risk([trust(), trust(monitoring_enabled=False)], iter(["urn:none"]))
    assert [item["risk"] for item in found] == [None, "no_metadata"]
    assert {**trust(), "risk": None} == found[0]


CONNECT = ("Issue UPN", "Issue nameidentifier", "Issue Password Expiry Claims", "Pass through claim \u2013  insideCorporateNetwork")


@pytest.mark.parametrize(
    ("rules", "manager"),
    [
        (CONNECT, "entra_connect"),
        ([name.upper() for name in CONNECT], "entra_connect"),
        (CONNECT[:3], None),  # two of its names: an administrator may have taken them over
        (["User principal name", "Immutable ID"], None),
        ([], None),
        (None, None),
    ],
)
def test_the_names_of_the_claim_rules_show_whether_entra_connect_manages_the_trust(rules: list[str] | None, manager: str | None) -> None:
    assert partners.managed_by(rules) == manager
