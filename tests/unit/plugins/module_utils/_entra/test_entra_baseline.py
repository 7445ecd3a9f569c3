# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as tampering, and what does not."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.baseline import COMPARED, approve, find_deviations

OURS, SUCCESSOR, STRANGE = ("A" * 40, "B" * 40, "C" * 40)


def domain(name: str, signing: str | None = OURS, following: str | None = None, **members: t.Any) -> dict[str, t.Any]:
    """Return a domain as the lookup shows it."""
    return {
        "domain": name,
        "error": None,
        "display_name": "Contoso",
        "issuer_uri": f"http://{name}/adfs/services/trust/",
        "passive_sign_in_uri": "https://sts.contoso.com/adfs/ls/",
        "active_sign_in_uri": "https://sts.contoso.com/adfs/services/trust/2005/usernamemixed",
        "sign_out_uri": "https://sts.contoso.com/adfs/ls/",
        "metadata_exchange_uri": "https://sts.contoso.com/adfs/services/trust/mex",
        "password_reset_uri": None,
        "preferred_authentication_protocol": "wsFed",
        "federated_idp_mfa_behavior": "rejectMfaByFederatedIdp",
        "signing_certificate": signing and {"thumbprint": signing, "der": "MII..."},
        "next_signing_certificate": following and {"thumbprint": following, "der": "MII..."},
        **members,
    }


APPROVED = [domain("contoso.com"), domain("example.com")]
BASELINE = approve(APPROVED)


def found(*domains: dict[str, t.Any], baseline: dict[str, t.Any] | None = None, federated: list[str] | None = None) -> list[tuple[t.Any, ...]]:
    entries = find_deviations(baseline or BASELINE, domains or APPROVED, federated)
    assert json.loads(json.dumps(entries)) == entries, "deviations are plain data"
    assert all(entry["message"].endswith(".") for entry in entries)
    return [(entry["kind"], entry["domains"], entry["member"], entry["expected"], entry["found"]) for entry in entries]


def test_what_was_approved_deviates_in_nothing() -> None:
    assert found() == []
    assert json.loads(json.dumps(BASELINE)) == BASELINE and "MII" not in json.dumps(BASELINE)
    assert BASELINE["certificates"] == [OURS] and [entry["domain"] for entry in BASELINE["domains"]] == ["contoso.com", "example.com"]


@pytest.mark.parametrize("member", COMPARED)
def test_every_compared_member_is_compared_strictly(member: str) -> None:
    changed = domain("example.com")
    changed[member] = (changed[member] or "https://x") + "/"
    ((kind, domains, what, expected, now),) = found(domain("contoso.com"), changed)
    assert (kind, domains, what, expected, now) == ("changed_setting", ["example.com"], member, domain("example.com")[member], changed[member])


def test_members_that_change_in_daily_life_are_not_compared() -> None:
    status = {"certificate_update_result": "success", "last_run_date_time": "2026-01-01T00:00:00Z"}
    assert found(domain("contoso.com", display_name="New", signing_certificate_update_status=status), domain("example.com")) == []


@pytest.mark.parametrize("slot", ["signing_certificate", "next_signing_certificate"])
def test_an_unknown_certificate_in_either_slot_is_found(slot: str) -> None:
    changed = domain("contoso.com", **{slot: {"thumbprint": STRANGE}})
    assert found(changed, domain("example.com")) == [("unknown_certificate", ["contoso.com"], slot, None, STRANGE)]


def test_known_certificates_besides_those_in_the_baseline_are_fine() -> None:
    rolled = [domain("contoso.com", SUCCESSOR, OURS), domain("example.com", SUCCESSOR)]
    assert found(*rolled, baseline={**BASELINE, "certificates": [SUCCESSOR.lower(), OURS]}) == []
    assert [entry[0] for entry in found(*rolled)] == ["unknown_certificate"]


def test_a_domain_that_nobody_listed_and_one_that_is_gone_are_found() -> None:
    new = domain("evil.example")
    assert found(*APPROVED, new) == [("unlisted_domain", ["evil.example"], None, None, "federated")]
    every = ["contoso.com", "example.com", "evil.example"]
    assert found(domain("contoso.com"), federated=every) == [("unlisted_domain", ["evil.example"], None, None, "federated")]
    assert found(domain("contoso.com")) == [("missing_domain", ["example.com"], None, "federated", None)]


def test_what_cannot_be_compared_is_said() -> None:
    broken = domain("contoso.com", signing_certificate={"thumbprint": None, "error": "rubbish"})
    assert found(broken, domain("example.com")) == [("unreadable_certificate", ["contoso.com"], "signing_certificate", None, None)]
    unread = {**dict.fromkeys(domain("x")), "domain": "contoso.com", "error": "HTTP 500"}
    assert found(unread, domain("example.com")) == [("not_compared", ["contoso.com"], None, None, None)]
    assert find_deviations({"domains": [unread, domain("example.com")]}, APPROVED) == [], "an entry with an error lists its domain and says no more"


def test_the_results_of_an_earlier_run_are_a_baseline_as_they_are() -> None:
    assert find_deviations({"domains": APPROVED}, APPROVED) == []
    changed = [domain("contoso.com", STRANGE), domain("example.com")]
    assert [entry["kind"] for entry in find_deviations({"domains": APPROVED}, changed)] == ["unknown_certificate"]
    partly = {"domains": [{"domain": "contoso.com"}, {"domain": "example.com", "issuer_uri": "other"}]}
    assert [(entry["member"], entry["domains"]) for entry in find_deviations(partly, APPROVED)] == [("issuer_uri", ["example.com"])]


def test_an_inheriting_subdomain_that_gets_settings_of_its_own_is_found() -> None:
    inheriting = {**dict.fromkeys(domain("x")), "domain": "sub.contoso.com"}
    baseline = approve([domain("contoso.com"), inheriting])
    assert found(domain("contoso.com"), inheriting, baseline=baseline) == []
    kinds = {entry[0] for entry in found(domain("contoso.com"), domain("sub.contoso.com", STRANGE), baseline=baseline)}
    assert kinds == {"changed_setting", "unknown_certificate"}


def test_the_same_in_many_domains_is_one_entry() -> None:
    names = [f"d{number:03}.example" for number in range(900)]
    baseline = approve([domain(name) for name in names])
    entries = find_deviations(baseline, [domain(name, OURS, STRANGE) for name in names])
    assert len(entries) == 1 and entries[0]["domains"] == names
    assert entries[0]["message"].startswith("d000.example, d001.example, d002.example, d003.example, d004.example and 895 more: next_signing_certificate holds")
    assert len(json.dumps(baseline)) < 700_000
