# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers beyond their metadata: seen by their synchronisation, checked for a certificate from elsewhere, restarted where they do not follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, read_journal, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import KeyCheck, RelyingParty, Server
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan, asks, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import GivenServer, Policy, Span
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import seen_by_sync
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

from .world import FARM, KEYS, actions, at, domain, farm, guards, key, observe, plan, remembered, server

# A farm whose primary OLD was bought, and so is its successor NEW.
BOUGHT = {"OLD": replace(KEYS["OLD"], self_signed=False), "NEW": replace(KEYS["NEW"], self_signed=False)}
BOTH = frozenset({"OLD", "NEW"})
PROMOTE = Policy(promote="role", auto_rollover=False)
ADD = Policy(auto_rollover=False, successor="NEW")
OK = (KeyCheck("NEW", "adfs1"), KeyCheck("NEW", "adfs2"))
STORED = {"auto_rollover": False, "from_store": frozenset({"OLD"})}


def ready(**changes: object) -> Plan:
    journal = Journal(FARM, first_seen={"tenant/contoso.com": {"OLD": at(0), "NEW": at(0)}})
    where = farm("OLD", "NEW", auto_rollover=False, from_store=BOTH, **changes)
    return plan(observe(where, domain("contoso.com", "OLD", "NEW"), **BOUGHT), PROMOTE, journal, now=at(1.5))


def test_a_certificate_from_elsewhere_is_promoted_only_when_every_server_was_checked() -> None:
    asked = ready()
    assert actions(asked) == [] and [b.object for b in asked.blocks if b.condition == "key_check"] == ["adfs1", "adfs2"]
    assert asks(asked) == {"sync": [], "key_checks": "NEW"}
    answered = ready(key_checks=OK)
    assert actions(answered)[0] == "promote" and asks(answered)["key_checks"] is None


@pytest.mark.parametrize("importable", [False, True])
def test_a_failed_check_names_server_check_and_advice_and_a_file_mends_nothing_at_the_promotion_but_absence(importable: bool) -> None:
    failed = (KeyCheck("NEW", "adfs1"), KeyCheck("NEW", "adfs2", (("chain", "Install the authorities."),), importable=importable))
    made = ready(key_checks=failed)
    [block] = [b for b in made.blocks if b.condition == "key_check"]
    assert actions(made) == [] and block.object == "adfs2" and block.reason == "NEW on adfs2: chain: Install the authorities."
    silent = ready(key_checks=(KeyCheck("NEW", "adfs1"), KeyCheck("NEW", "adfs2", error="it is no host of the inventory")))
    assert "it is no host of the inventory" in next(b.reason for b in silent.blocks if b.condition == "key_check")
    assert asks(silent)["key_checks"] is None  # what was answered is not asked again


def test_a_person_may_answer_for_a_server_and_own_certificates_need_no_check() -> None:
    journal = Journal(FARM, first_seen={"tenant/contoso.com": {"OLD": at(0), "NEW": at(0)}})
    where = farm("OLD", "NEW", auto_rollover=False, from_store=BOTH, key_checks=OK[:1])
    by_hand = replace(PROMOTE, servers=(GivenServer("adfs2", key_checked=True),))
    assert actions(plan(observe(where, domain("contoso.com", "OLD", "NEW"), **BOUGHT), by_hand, journal, now=at(1.5)))[0] == "promote"
    own = farm("OLD", "NEW", auto_rollover=False)
    assert actions(plan(observe(own, domain("contoso.com", "OLD", "NEW")), PROMOTE, journal, now=at(1.5)))[0] == "promote"


def test_a_named_successor_is_checked_added_and_published_whether_due_or_not() -> None:
    seen = observe(farm("OLD", **STORED), domain("contoso.com", "OLD"), **BOUGHT)
    first = plan(seen, ADD, now=at(-200))
    assert actions(first) == [] and asks(first)["key_checks"] == "NEW"
    assert actions(plan(replace(seen, farm=replace(seen.farm, key_checks=OK)), ADD)) == ["add", "publish"]


def test_what_is_still_a_file_is_added_too_and_its_absence_is_no_obstacle() -> None:
    absent = (("certificate_in_store", "Import it."), ("private_key_readable", "Grant it."))
    checks = tuple(KeyCheck("NEW", name, absent, importable=True) for name in ("adfs1", "adfs2"))
    keys = {"OLD": BOUGHT["OLD"]}
    seen = replace(observe(farm("OLD", **STORED, key_checks=checks), domain("contoso.com", "OLD")), keys=keys)
    made = plan(seen, ADD)
    assert actions(made) == ["add", "publish"]
    assert show(made, {"OLD": "body"}, {})["certificates"] == [{"thumbprint": "OLD", "der": "body"}]
    lying = tuple(replace(check, importable=False) for check in checks)
    assert actions(plan(replace(seen, farm=replace(seen.farm, key_checks=lying)), ADD)) == []


@pytest.mark.parametrize(
    ("change", "policy", "condition"),
    [
        ({"auto_rollover": True}, Policy(successor="NEW"), "auto_rollover"),
        ({"primary": "NEW", "certificates": frozenset({"NEW"})}, Policy(auto_rollover=False, successor="OLD"), "successor"),
        ({}, Policy(auto_rollover=False, successor="NEW", freezes=(Span(at(-1), at(1)),)), "window"),
        ({}, Policy(auto_rollover=False, successor="NEW", pause=True), "pause"),
        ({"certificates": frozenset({"OLD", "EARLIER"})}, Policy(auto_rollover=False, successor="NEW"), "room"),
    ],
)
def test_each_guard_of_adding(change: dict[str, object], policy: Policy, condition: str) -> None:
    seen = observe(replace(farm("OLD", **STORED, key_checks=OK), **change), domain("contoso.com", str(change.get("primary", "OLD"))), **BOUGHT)
    made = plan(seen, policy)
    assert "add" not in actions(made) and condition in guards(made)


def test_what_was_taken_out_of_adfs_is_not_added_again() -> None:
    seen = observe(farm("OLD", **STORED, key_checks=OK), domain("contoso.com", "OLD"), **BOUGHT)
    made = plan(seen, ADD, Journal(FARM, own=remembered("NEW")))
    assert actions(made) == [] and "successor" in guards(made)


# -- seen by synchronisation -----------------------------------------------------------------------------------------------------

FACTS = {
    "server": "adfs1.contoso.com",
    "certificates": [
        {"certificate_type": "Token-Signing", "thumbprint": "OLD", "is_primary": True},
        {"certificate_type": "Token-Signing", "thumbprint": "NEW", "is_primary": False},
        {"certificate_type": "Token-Decrypting", "thumbprint": "OTHER", "is_primary": True},
    ],
}
CHANGED = Journal(FARM, configured=("OLD", ("NEW", "OLD"), at(1)))


def told(minutes_after_change: float = 3, clock: float = 5, **more: object) -> dict[str, object]:
    base = at(1)
    return {
        "role": "secondary",
        "server": "adfs2.contoso.com",
        "primary_server": "ADFS1",
        "last_sync_status": 0,
        "last_sync_time": format_time(base + timedelta(minutes=minutes_after_change)),
        "time": format_time(base + timedelta(minutes=clock)),
        **more,
    }


def test_a_server_that_copied_after_the_change_holds_the_farms_certificates() -> None:
    found = seen_by_sync(Server("adfs2", False, "no route"), told(), FACTS, CHANGED)
    assert (found.seen, found.how, found.primary, found.certificates) == (True, "sync", "OLD", BOTH)
    assert found.last_sync_status == 0 and found.last_sync_time == at(1) + timedelta(minutes=3)


@pytest.mark.parametrize(
    ("answer", "journal", "why"),
    [
        (told(-3), CHANGED, "was first seen as it is at"),
        (told(0), CHANGED, "was first seen as it is at"),
        (told(), Journal(FARM), "just now"),
        (told(), Journal(FARM, configured=("OLD", ("OLD",), at(0))), "just now"),
        (told(last_sync_status=1), CHANGED, "LastSyncStatus 1"),
        (told(primary_server="adfs9.contoso.com"), CHANGED, "copies from adfs9.contoso.com"),
        (told(last_sync_time=None), CHANGED, "does not say when"),
        (told(server="ADFS3"), CHANGED, "the host that was asked is ADFS3"),
        (told(minutes_after_change=120), CHANGED, "by its own clock"),  # in the future: given in another time zone
        (told(clock=90), CHANGED, "by its own clock"),
        ({"error": "UNREACHABLE"}, CHANGED, "did not answer: UNREACHABLE"),
    ],
)
def test_a_server_is_not_seen_by_anything_less(answer: dict[str, object], journal: Journal, why: str) -> None:
    found = seen_by_sync(Server("adfs2", False, "no route"), answer, FACTS, journal)
    assert not found.seen and found.asked and why in found.reason and found.reason.startswith("no route")


def test_a_server_of_a_farm_with_sql_server_shows_the_one_configuration() -> None:
    same = {**FACTS, "role": "primary", "server": "ADFS2"}
    assert seen_by_sync(Server("adfs2", False), same, FACTS, Journal(FARM)).how == "sync"
    assert not seen_by_sync(Server("adfs2", False), {**same, "certificates": FACTS["certificates"][:1]}, FACTS, Journal(FARM)).seen


def test_only_what_matters_is_asked_and_nothing_twice() -> None:
    unseen = Server("adfs2", False, "no route")
    steady = farm("OLD", servers=(server("adfs1", "OLD"), unseen))
    far = {"OLD": key("OLD", -10, 300)}
    assert asks(plan(observe(steady, domain("contoso.com", "OLD"), **far)))["sync"] == []
    waiting = farm("OLD", "NEW", servers=(server("adfs1", "OLD", "NEW"), unseen))
    assert asks(plan(observe(waiting, domain("contoso.com", "OLD", "NEW"))))["sync"] == ["adfs2"]
    asked = replace(waiting, servers=(waiting.servers[0], replace(unseen, asked=True)))
    assert asks(plan(observe(asked, domain("contoso.com", "OLD", "NEW"))))["sync"] == []


def test_the_journal_remembers_since_when_the_configuration_is_as_it_is_and_reads_older_ones() -> None:
    waiting = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"))
    first = plan(waiting)
    assert first.write_journal and first.journal.configured == ("OLD", ("NEW", "OLD"), at(0))
    assert plan(waiting, journal=first.journal, now=at(0.5)).journal.configured == first.journal.configured
    written = write_journal(first.journal)
    assert read_journal(written, FARM) == first.journal
    del written["configured"]
    assert read_journal(written, FARM).configured is None


# -- restart ---------------------------------------------------------------------------------------------------------------------

LATE = Journal(FARM, configured=("NEW", ("NEW", "OLD"), at(0.9)))


def lagging(journal: Journal = LATE, policy: Policy | None = None, host: str | None = "two", now: float = 1.0) -> Plan:
    servers = (server("adfs1", "NEW", "OLD"), replace(server("adfs2", "OLD", "NEW"), host=host, asked=host is not None))
    seen = observe(farm("NEW", "OLD", servers=servers), domain("contoso.com", "OLD", "NEW"))
    return plan(seen, policy or Policy(restart_servers=True), journal, now=at(now))


def test_a_server_that_does_not_follow_is_restarted_only_if_asked_and_late_and_reachable() -> None:
    made = lagging()
    assert actions(made)[0] == "restart" and made.steps[0].act.server == "adfs2"
    assert show(made, {k: k for k in KEYS}, {})["actions"][0]["targets"] == ["adfs2"]
    assert actions(lagging(policy=Policy())) == []
    assert actions(lagging(host=None)) == [] and asks(lagging(host=None))["sync"] == ["adfs2"]
    assert actions(lagging(now=0.9 + 19 / 1440)) == [] and actions(lagging(now=0.9 + 20 / 1440))[0] == "restart"


def test_a_restart_obeys_windows_and_freezes_and_is_not_repeated_in_a_run() -> None:
    frozen = lagging(policy=Policy(restart_servers=True, freezes=(Span(at(0), at(2)),)))
    assert actions(frozen) == [] and "window" in guards(frozen)
    again = lagging(policy=Policy(restart_servers=True, restarted=frozenset({"adfs2"})))
    assert actions(again) == [] and "restarting did not help" in next(b.reason for b in again.blocks if b.condition == "sync")


def test_a_late_server_is_named_with_what_to_do() -> None:
    reason = next(b.reason for b in lagging(policy=Policy()).blocks if b.condition == "sync")
    assert "adfs2 should long have followed: restart adfssrv there, one server at a time" in reason


# -- relying parties -------------------------------------------------------------------------------------------------------------


def trusts(*parties: RelyingParty) -> Plan:
    return plan(observe(farm("OLD", relying_parties=parties), domain("contoso.com", "OLD")))


def test_the_trust_of_entra_is_known_by_its_identifier_and_missed() -> None:
    entra = RelyingParty("Renamed by somebody", ("urn:federation:microsoftonline",))
    other = RelyingParty("Payroll", ("urn:payroll",))
    found = {name: [a.alarm for a in made.alarms] for name, made in (("there", trusts(entra, other)), ("unknown", trusts()), ("absent", trusts(other)))}
    assert found == {"there": [], "unknown": [], "absent": ["entra_trust"]}
    assert [a.alarm for a in trusts(replace(entra, enabled=False)).alarms] == ["entra_trust"]


def test_partners_at_risk_are_named_with_what_to_do_while_a_renewal_is_due() -> None:
    risky = RelyingParty("Payroll", ("urn:payroll",), risk="one_certificate")
    silent = RelyingParty("Canteen", ("urn:canteen",), risk="no_metadata")
    off = RelyingParty("Closed", ("urn:closed",), enabled=False, risk="no_metadata")
    entra = RelyingParty("Entra", ("urn:federation:MicrosoftOnline",))
    shown = show(trusts(entra, risky, silent, off), {k: k for k in KEYS}, {})
    assert [(p["name"], p["risk"]) for p in shown["relying_parties"]] == [("Payroll", "one_certificate"), ("Canteen", "no_metadata")]
    lines = [line for line in shown["summary"] if line.startswith("Partners at risk")]
    assert len(lines) == 2 and "Payroll" in lines[0] and "very moment" in lines[0] and "Canteen" in lines[1]
    far = plan(observe(farm("OLD", relying_parties=(entra, risky)), domain("contoso.com", "OLD"), OLD=key("OLD", -10, 300)))
    assert not [line for line in show(far, {k: k for k in KEYS}, {})["summary"] if line.startswith("Partners")]
