# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs.facts import MOST_MINUTES
from ansible_collections.federation.adfs.plugins.module_utils._adfs.trusts import (
    applications,
    claims_providers,
    cut,
    longest_lifetime,
    relying_parties,
    unknown_lifetimes,
)

ODD = {"type": "System.Object[]"}


def trust(**members):
    return {
        "name": "Partner",
        "identifiers": ["https://partner.example.com"],
        "identifiers_total": 1,
        "enabled": True,
        "monitoring_enabled": True,
        "auto_update_enabled": False,
        "metadata_url": "https://partner.example.com/metadata.xml",
        "token_lifetime": 60,
        "group": None,
        "rule_names": None,
        **members,
    }


def listing(*items, **members):
    return {"list": list(items), "total": len(items), "longest": None, "unknown": [], "unknown_total": 0, **members}


def one(**members):
    return relying_parties(listing(trust(**members)))[0]


def test_as_documented():
    assert one() == {
        "name": "Partner",
        "identifiers": ["https://partner.example.com"],
        "enabled": True,
        "monitoring_enabled": True,
        "auto_update_enabled": False,
        "metadata_url": "https://partner.example.com/metadata.xml",
        "token_lifetime": 60,
        "managed_by": None,
        "error": None,
    }
    assert one(rule_names=["Issue nameidentifier", "Pass through primary SID", "Issue Password Expiry Claims"])["managed_by"] == "entra_connect"


def test_an_empty_metadata_address_is_null():
    assert one(metadata_url="")["metadata_url"] is None


@pytest.mark.parametrize("lifetime", [None, "60", -1, True, ODD, {"type": "System.Double"}])
def test_a_lifetime_that_could_not_be_read_is_unknown(lifetime):
    found = one(token_lifetime=lifetime)
    assert found["token_lifetime"] is None
    assert "token lifetime is not known" in found["error"]
    assert found["name"] == "Partner"


def test_a_lifetime_as_a_duration_and_one_without_end():
    assert one(token_lifetime={"seconds": 3601})["token_lifetime"] == 61
    assert one(token_lifetime=2**63 - 1)["token_lifetime"] == MOST_MINUTES


@pytest.mark.parametrize("value", [None, "False", 0, ODD])
def test_a_trust_that_does_not_say_whether_it_is_on_counts_as_on(value):
    found = one(enabled=value)
    assert found["enabled"] is True
    assert "counts as on" in found["error"]


@pytest.mark.parametrize("member", ["monitoring_enabled", "auto_update_enabled"])
def test_other_switches_count_as_off(member):
    assert (one(**{member: "True"})[member], one(**{member: None})[member]) == (False, False)
    assert member in one(**{member: "True"})["error"]
    assert one(**{member: None})["error"] is None  # a member that this AD FS does not have


@pytest.mark.parametrize("name", [None, "", ODD, 5])
def test_a_trust_without_a_name(name):
    found = one(name=name)
    assert found["name"] == "(without a name)"
    assert found["error"].startswith("for its name AD FS gave")


def test_identifiers():
    assert one(identifiers=["a", None, ODD], identifiers_total=3)["identifiers"] == ["a"]
    assert "of its 3 identifiers only 1 are listed" in one(identifiers=["a", None, ODD], identifiers_total=3)["error"]
    assert "could not be read" in one(identifiers=[], identifiers_total=None)["error"]


def test_a_list_that_was_cut_says_so():
    assert cut(listing(trust())) is None
    assert cut(listing(trust(), total=3000)) == {"listed": 1, "total": 3000}


def test_the_longest_lifetime_is_that_of_all_lists():
    assert longest_lifetime([]) == 60
    assert longest_lifetime([listing()]) == 60
    assert longest_lifetime([listing(longest=30), listing(longest=480)]) == 480
    assert longest_lifetime([listing(longest=2**63 - 1)]) == MOST_MINUTES


def test_unknown_lifetimes_are_named_once():
    assert unknown_lifetimes(listing()) == []
    assert unknown_lifetimes(listing(unknown=["a", "a", None], unknown_total=3)) == ["a", "(without a name)"]
    assert unknown_lifetimes(listing(unknown=["a"] * 100, unknown_total=101)) == ["a", "*"]


def test_claims_providers_have_no_lifetime_and_applications_a_group():
    assert "token_lifetime" not in claims_providers(listing(trust(token_lifetime=None)))[0]
    assert claims_providers(listing(trust(token_lifetime=None)))[0]["error"] is None
    assert applications(listing(trust(group="Payroll"))) == [
        {"name": "Partner", "identifiers": ["https://partner.example.com"], "enabled": True, "group": "Payroll", "token_lifetime": 60, "error": None}
    ]
