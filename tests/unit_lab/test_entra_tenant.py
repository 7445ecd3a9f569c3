# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of a tenant: what Graph shows, what sign-in accepts, and Entra's own updater."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from lab import keys
from lab.clock import Clock
from lab.entra import Slots, SwitchError, Tenant, TenantSwitches, federated_domain, inheriting_domain, managed_domain
from lab.entra.federation import ConfigurationError

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@cache
def der(name: str, born: int = -300, dies: int = 65) -> bytes:
    """Return a certificate that is born and dies that many days from the start."""
    return keys.self_signed(f"ADFS Signing - {name}", START + born * DAY, START + dies * DAY).der


OLD = der("old")
NEW = der("new", born=-1, dies=364)
STRANGER = der("stranger")


def tenant(signing: bytes | None = OLD, following: bytes | None = None, **switches: Any) -> Tenant:
    return Tenant(Clock(START), "T", [federated_domain("contoso.com", "sts.contoso.com", signing, following)], switches)


def text(certificate: bytes | None) -> str | None:
    return Slots.of(certificate).signing_text


def patch(subject: Tenant, signing: bytes | None, following: bytes | None, domain: str = "contoso.com") -> None:
    subject.patch_configuration(domain, {"signingCertificate": text(signing), "nextSigningCertificate": text(following)})


def move(subject: Tenant, by: timedelta) -> None:
    subject.clock.advance(by)
    subject.tick(subject.clock.now())


def test_sign_in_follows_a_write_only_after_the_lag() -> None:
    subject = tenant(propagation_hours=24)
    patch(subject, OLD, NEW)
    assert subject.domain("contoso.com").configured.certificates() == [OLD, NEW]
    assert subject.accepted("contoso.com") == [OLD]
    due = subject.next_event()
    assert due is not None and abs(due - START - DAY) < timedelta(seconds=30)
    move(subject, timedelta(hours=23, minutes=59))
    assert not subject.accepts("contoso.com", NEW) and not subject.settled()
    move(subject, timedelta(minutes=2))
    assert subject.accepted("contoso.com") == [OLD, NEW]
    assert subject.settled() and subject.next_event() is None


def test_accepted_looks_at_the_clock_itself() -> None:
    subject = tenant(propagation_hours=1)
    patch(subject, OLD, NEW)
    subject.clock.advance(timedelta(hours=2))
    assert subject.accepts("contoso.com", NEW)


def test_writes_do_not_overtake_one_another_when_the_lag_shrinks() -> None:
    subject = tenant(propagation_hours=10)
    patch(subject, OLD, NEW)
    subject.switches.change({"propagation_hours": 0})
    patch(subject, NEW, STRANGER)
    assert subject.accepted("contoso.com") == [OLD]
    move(subject, timedelta(hours=10, minutes=1))
    assert subject.accepted("contoso.com") == [NEW, STRANGER]


def test_without_lag_a_write_counts_at_once() -> None:
    subject = tenant(propagation_hours=0)
    patch(subject, NEW, OLD)
    assert subject.accepted("contoso.com") == [NEW, OLD]


def test_a_patch_keeps_what_it_does_not_name() -> None:
    subject = tenant(OLD, STRANGER, propagation_hours=0)
    before = subject.read_configuration("contoso.com").to_graph()
    subject.patch_configuration("contoso.com", {"nextSigningCertificate": text(NEW)})
    after = subject.read_configuration("contoso.com").to_graph()
    assert {name for name in after if after[name] != before[name]} == {"nextSigningCertificate"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"signingCertificate": text(NEW)}, [NEW, OLD]), ({"nextSigningCertificate": text(NEW)}, [STRANGER, NEW])],
)
def test_switch_patch_of_one_member_moves_the_other(body: dict[str, Any], expected: list[bytes]) -> None:
    subject = tenant(OLD, STRANGER, propagation_hours=0, patch_moves_other=True)
    subject.patch_configuration("contoso.com", body)
    assert subject.accepted("contoso.com") == expected
    both = tenant(OLD, STRANGER, propagation_hours=0, patch_moves_other=True)
    patch(both, NEW, OLD)
    assert both.accepted("contoso.com") == [NEW, OLD]


@pytest.mark.parametrize(
    "body",
    [
        {"signingCertificate": None},
        {"signingCertificate": "not base64"},
        {"signingCertificate": "AAAA"},
        {"signingCertificate": f"-----BEGIN CERTIFICATE-----\n{text(NEW)}\n-----END CERTIFICATE-----\n"},
        {"nextSigningCertificate": (text(NEW) or "")[:64] + "\n" + (text(NEW) or "")[64:]},
        {"nextSigningCertificate": 7},
        {"id": "other"},
        {"signingCertificateUpdateStatus": {}},
        {"colour": "blue"},
        {"preferredAuthenticationProtocol": "kerberos"},
        {"preferredAuthenticationProtocol": None},
        {"isSignedAuthenticationRequestRequired": "yes"},
        {"displayName": 3},
        {"@odata.type": "#microsoft.graph.user"},
    ],
)
def test_a_patch_that_graph_refuses_changes_nothing(body: dict[str, Any]) -> None:
    subject = tenant(OLD, STRANGER, propagation_hours=0)
    before = subject.describe()
    with pytest.raises(ConfigurationError):
        subject.patch_configuration("contoso.com", {"displayName": "changed", **body})
    assert subject.describe() == before


def test_mfa_behaviour_cannot_be_taken_back() -> None:
    subject = tenant()
    subject.patch_configuration("contoso.com", {"federatedIdpMfaBehavior": None})
    subject.patch_configuration("contoso.com", {"federatedIdpMfaBehavior": "rejectMfaByFederatedIdp"})
    with pytest.raises(ConfigurationError):
        subject.patch_configuration("contoso.com", {"federatedIdpMfaBehavior": None})


def test_an_issuer_belongs_to_one_domain() -> None:
    subject = tenant()
    subject.add_domain(federated_domain("fabrikam.com", "sts.contoso.com", OLD))
    with pytest.raises(ConfigurationError, match="issuerUri"):
        subject.patch_configuration("fabrikam.com", {"issuerUri": "http://contoso.com/adfs/services/trust/"})


@pytest.mark.parametrize(
    ("switch", "body"),
    [
        ({"next_may_be_null": False}, {"nextSigningCertificate": None}),
        ({"equal_members_allowed": False}, {"nextSigningCertificate": text(OLD)}),
        ({"expired_certificates_writable": False}, {"nextSigningCertificate": text(der("expired", dies=-1))}),
    ],
)
def test_switches_of_what_patch_takes(switch: dict[str, Any], body: dict[str, Any]) -> None:
    lenient, strict = tenant(OLD, STRANGER), tenant(OLD, STRANGER, **switch)
    lenient.patch_configuration("contoso.com", body)
    with pytest.raises(ConfigurationError):
        strict.patch_configuration("contoso.com", body)


def test_graph_without_validation_stores_garbage_that_nobody_can_sign_with() -> None:
    subject = tenant(propagation_hours=0, validates_certificates=False)
    subject.patch_configuration("contoso.com", {"nextSigningCertificate": "garbage"})
    assert subject.read_configuration("contoso.com").to_graph()["nextSigningCertificate"] == "garbage"
    assert subject.domain("contoso.com").configured.next is None
    assert subject.accepted("contoso.com") == [OLD]
    assert subject.describe()["domains"][0]["configured"]["next"] == "unreadable"


def test_reads_lag_for_a_number_of_reads_or_for_a_time() -> None:
    counted = tenant(lagging_reads=2)
    patch(counted, OLD, NEW)
    assert [counted.read_configuration("contoso.com").slots.next for _read in range(3)] == [None, None, NEW]
    timed = tenant(lagging_read_seconds=600)
    patch(timed, OLD, NEW)
    assert timed.read_configuration("contoso.com").slots.next is None
    timed.clock.advance(timedelta(seconds=601))
    assert timed.read_configuration("contoso.com").slots.next == NEW


def test_expired_keys_and_the_role_of_next_are_switches() -> None:
    plain, strict = tenant(OLD, NEW), tenant(OLD, NEW, expired_keys_accepted=False)
    waiting, moving = tenant(OLD, NEW, next_role="only_after_expiry"), tenant(OLD, NEW, next_role="moves_up_at_expiry")
    assert waiting.accepted("contoso.com") == [OLD]
    assert strict.next_event() == START + 65 * DAY
    for subject in (plain, strict, waiting, moving):
        move(subject, 66 * DAY)
    assert plain.accepted("contoso.com") == [OLD, NEW]
    assert strict.accepted("contoso.com") == [NEW]
    assert waiting.accepted("contoso.com") == [OLD, NEW]
    assert moving.domain("contoso.com").configured == Slots.of(NEW)
    assert moving.accepted("contoso.com") == [NEW]


def test_subdomains_inherit_unless_they_have_settings_of_their_own() -> None:
    subject = tenant()
    subject.add_domain(inheriting_domain("eu.contoso.com"))
    subject.add_domain(inheriting_domain("deep.eu.contoso.com"))
    subject.add_domain(federated_domain("own.contoso.com", "sts.contoso.com", STRANGER, is_root=False))
    subject.add_domain(managed_domain("fabrikam.com"))
    assert subject.accepted("eu.contoso.com") == subject.accepted("deep.eu.contoso.com") == [OLD]
    assert subject.accepted("own.contoso.com") == [STRANGER]
    assert subject.accepted("fabrikam.com") == []
    with pytest.raises(LookupError):
        subject.read_configuration("eu.contoso.com")
    subject.switches.change({"child_settings_readable": True})
    assert subject.read_configuration("eu.contoso.com").id == subject.read_configuration("contoso.com").id
    with pytest.raises(LookupError):
        subject.read_configuration("fabrikam.com")


def test_set_slots_now_and_later() -> None:
    subject = tenant(propagation_hours=5)
    patch(subject, OLD, NEW)
    subject.set_slots("contoso.com", STRANGER, None)
    assert subject.accepted("contoso.com") == [STRANGER] and subject.settled()
    subject.set_slots("contoso.com", NEW, None, effective_now=False)
    assert subject.accepted("contoso.com") == [STRANGER] and not subject.settled()
    history = subject.describe()["domains"][0]["history"]
    assert [entry["by"] for entry in history] == ["graph", "control", "control"]


def test_describe_is_plain_data() -> None:
    subject = tenant(propagation_hours=5)
    patch(subject, OLD, NEW)
    shown = json.loads(json.dumps(subject.describe()))
    assert shown["domains"][0]["pending"][0]["due"] == "2026-03-01T17:00:00Z"


# --- Entra's own updater


def updating(*published: bytes, signing: bytes = OLD, following: bytes | None = None, **switches: Any) -> Tenant:
    subject = tenant(signing, following, updater=True, propagation_hours=0, **switches)
    subject.metadata_source = lambda _domain: list(published)
    return subject


def test_the_updater_starts_35_days_before_the_expiry_and_runs_daily() -> None:
    subject = updating(OLD, NEW)
    move(subject, 29 * DAY)  # 36 days are left
    assert subject.accepted("contoso.com") == [OLD]
    assert subject.read_configuration("contoso.com").update_status is None
    move(subject, 2 * DAY)
    assert subject.accepted("contoso.com") == [OLD, NEW]
    status = subject.read_configuration("contoso.com").update_status
    assert status is not None and status["certificateUpdateResult"] == "success"
    move(subject, DAY)
    later = subject.read_configuration("contoso.com").update_status
    assert later is not None and later["certificateUpdateResult"] == "noNewCertificateFound"
    assert later["lastRunDateTime"] > status["lastRunDateTime"]


def test_the_updater_is_off_by_default_and_catches_nothing_up() -> None:
    subject = tenant()
    subject.metadata_source = lambda _domain: [NEW]
    move(subject, 40 * DAY)
    assert subject.accepted("contoso.com") == [OLD]
    subject.switches.change({"updater": True})
    due = subject.next_event()
    assert due is not None and subject.clock.now() < due <= subject.clock.now() + DAY


def test_the_updater_says_when_metadata_cannot_be_read() -> None:
    subject = updating()
    subject.metadata_source = lambda _domain: None
    move(subject, 31 * DAY)
    status = subject.read_configuration("contoso.com").update_status
    assert status is not None and status["certificateUpdateResult"] == "couldNotAccessRemoteHost"
    assert subject.accepted("contoso.com") == [OLD]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, [OLD, STRANGER]),
        ({"updater_reverses_order": True}, [STRANGER, OLD]),
        ({"updater_takes": "last"}, [STRANGER, NEW]),
        ({"updater_takes": "newest"}, [STRANGER, NEW]),
    ],
)
def test_the_updater_takes_two_of_three(switches: dict[str, Any], expected: list[bytes]) -> None:
    recent = der("stranger", born=-20)
    wanted = [recent if certificate == STRANGER else certificate for certificate in expected]
    subject = updating(OLD, recent, NEW, **switches)
    move(subject, 31 * DAY)
    assert subject.accepted("contoso.com") == wanted


def test_the_updater_empties_next_or_keeps_the_other_certificate() -> None:
    emptied = updating(NEW, following=STRANGER)
    kept = updating(NEW, following=STRANGER, next_may_be_null=False)
    for subject in (emptied, kept):
        move(subject, 31 * DAY)
    assert emptied.accepted("contoso.com") == [NEW]
    assert kept.accepted("contoso.com") == [NEW, STRANGER]


def test_the_updater_may_respect_what_was_set_by_hand() -> None:
    subject = updating(NEW, updater_overwrites_hand_set=False)
    patch(subject, OLD, STRANGER)
    move(subject, 31 * DAY)
    assert subject.accepted("contoso.com") == [OLD, STRANGER]
    always = updating(NEW, updater_only_near_expiry=False)
    move(always, DAY)
    assert always.accepted("contoso.com") == [NEW]


def test_switches_refuse_what_they_do_not_know() -> None:
    for wrong in ({"colour": 1}, {"propagation_hours": -1}, {"propagation_hours": "1"}, {"next_role": "king"}, {"updater": 1}, {"lagging_reads": True}):
        with pytest.raises(SwitchError):
            TenantSwitches.from_mapping(wrong)
    switches = TenantSwitches()
    with pytest.raises(SwitchError):
        switches.change({"propagation_hours": 7, "updater": "yes"})
    assert switches == TenantSwitches()
