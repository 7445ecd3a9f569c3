# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories in which a sign-in was lost, or a safety claimed that was not there: what the core does in each, with its siblings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.failures import failures
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, Lock, OwnKey, Rollback, read_journal, scan, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, RelyingParty, Slots, Thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, Span
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import Certificates, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run, read_stored

from .life import DAY, HOUR, MINUTE, Life, ends, failing, reasons, three
from .world import FARM, START, actions, at, domain, farm, guards, key, observe, plan, server

STOLEN = Policy(compromised=frozenset({"OLD"}))
AT_ONCE = replace(STOLEN, emergency_priority="containment")


def life(end: float = 60, slots: Slots = Slots("OLD", None), **more: object) -> Life:  # noqa: B008 - nobody changes it
    return Life(observe(farm(**more), *three(slots), **ends(end)))


# -- an emergency ends only on evidence ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [STOLEN, AT_ONCE])
@pytest.mark.parametrize("hidden", ["unreadable", "unseen"])
def test_an_emergency_stays_open_and_fails_every_run_until_what_could_not_be_looked_at_was_seen_clean(policy: Policy, hidden: str) -> None:
    it = life(300)
    it.daily(4)
    (it.unreadable.update(d1="HTTP 403") if hidden == "unreadable" else it.unseen.add("adfs2"))
    it.advance(1)
    made = it.daily(15, policy)
    assert all(p.first.state == "emergency" and "emergency" in failing(p) for p in made[1:])
    assert ("d1" if hidden == "unreadable" else "adfs2") in reasons(made[-1], "emergency")
    it.unreadable.clear()
    it.unseen.clear()
    it.daily(8, policy)
    assert all("OLD" not in d.slots.accepted for d in it.domains.values())
    last = it.run(policy)
    assert last.first.state != "emergency" and "emergency" not in failing(last)


def test_one_clean_look_ends_no_emergency_while_the_next_cannot_read_everything() -> None:
    it = life(300)
    it.daily(2, STOLEN)
    while it.plans[-1].first.journal.emergency.clean is None:  # type: ignore[union-attr]
        it.advance(1)
        it.run(STOLEN)
    it.unreadable["d3"] = "HTTP 503"
    assert all(p.first.state == "emergency" and "d3" in reasons(p, "emergency") for p in it.daily(5, STOLEN)[1:])


@pytest.mark.parametrize(("thumbprint", "open_still"), [("OLD", False), ("BORN1", True), ("STRANGER", True)])
def test_only_an_acknowledgement_with_the_stolen_thumbprint_lets_an_emergency_end_over_an_unreadable_domain(thumbprint: str, open_still: bool) -> None:
    it = life(300)
    it.daily(1)
    it.unreadable["d1"] = "HTTP 403"
    it.daily(12, replace(STOLEN, domains_acknowledged=frozenset({("d1", thumbprint), ("d1", "BORN1")})))
    assert (it.plans[-1].first.state == "emergency") == open_still


# -- an emergency is beside the rest -------------------------------------------------------------------------------------------------


def test_a_key_that_is_not_the_farms_is_removed_where_it_may_be_and_the_farm_is_renewed_on_time() -> None:
    elsewhere = domain("tail.example", "OTHER", "STRANGER", sign_in_host="sts.tailspin.com")
    it = Life(observe(farm(), *three(Slots("OLD", "STRANGER")), elsewhere, OTHER=key("OTHER", -50, 300), **ends(40)))
    policy = Policy(compromised=frozenset({"STRANGER"}))
    it.daily(45, policy)
    assert it.lost == []
    assert it.farm.primary != "OLD" and it.domains["tail.example"].slots == Slots("OTHER", "STRANGER")
    assert all(p.first.state != "emergency" for p in it.plans)
    assert any(a.alarm == "compromised_elsewhere" for a in it.plans[-1].alarms)


@pytest.mark.parametrize("obstacle", ["excluded", "refusing", "unreadable", "unseen"])
@pytest.mark.parametrize("promote", ["adfs", "role"])
def test_an_emergency_that_cannot_finish_keeps_no_renewal_from_the_rest(obstacle: str, promote: str) -> None:
    it = life(300)
    policy = replace(STOLEN, promote=promote)
    if obstacle == "excluded":
        policy = replace(policy, domains_excluded=frozenset({"d1"}))
    it.daily(1)
    it.daily(10, policy) if obstacle == "unseen" else None
    {"refusing": lambda: it.refusing.add("d1"), "unreadable": lambda: it.unreadable.update(d1="HTTP 403"), "unseen": lambda: it.unseen.add("adfs2")}.get(
        obstacle, lambda: None
    )()
    it.daily(15, policy)
    if obstacle == "unseen":
        assert it.farm.primary == "BORN1"
    others = {n: d for n, d in it.domains.items() if obstacle == "unseen" or n != "d1"}
    assert all(it.farm.primary in d.slots.accepted for d in others.values())
    # A year later the key is renewed beside the emergency, and AD FS promotes nothing that the others do not know.
    first = it.farm.primary
    end = (it.keys[first].not_after - START) / DAY
    it.until(at(end - 45))
    it.daily(44, policy)
    assert it.farm.primary != first
    assert [x for x in it.lost if x[1] != "d1"] == []


# -- servers and keys that are noted when they are first seen ------------------------------------------------------------------------


def test_what_a_steady_farm_signs_with_is_noted_so_that_a_rollover_by_hand_costs_no_server_that_lags_its_sign_in() -> None:
    it = life(300)
    it.daily(1)
    it.stuck.add("adfs2")
    for name in ("N1", "N2"):
        it.make(name)
    it.configure(primary="N1", certificates=frozenset({"N1", "N2"}))
    it.lost.clear()  # -Urgent breaks adfs1 at once; that is somebody else's doing
    it.run()
    assert {d.slots.accepted for d in it.domains.values()} == {frozenset({"N1", "OLD"})}
    assert not [a for p in it.plans for a in p.alarms if a.alarm == "unknown_certificate"]
    it.stuck.clear()
    it._servers_follow()
    it.daily(4)
    assert [x for x in it.lost if x[2].startswith("our")] == []


def test_a_key_that_a_server_is_seen_to_sign_with_is_kept_where_a_domain_holds_it_and_added_nowhere() -> None:
    it = Life(observe(farm("NEW", "NEWER"), domain("d1", "OLD", "EARLIER"), domain("d2", "EARLIER"), NEWER=key("NEWER", 1, 366)))
    it.farm = replace(it.farm, servers=(server("adfs1", "NEW", "NEWER"), server("adfs2", "OLD")))
    made = it.run()  # the journal knows nothing of OLD
    assert it.domains["d1"].slots.accepted == {"NEW", "OLD"}
    assert "OLD" not in it.domains["d2"].slots.accepted and "NEW" in it.domains["d2"].slots.accepted
    assert "OLD" not in it.journal.own
    assert "only_seen_key" in failing(made) and "adfs2" in reasons(made, "only_seen_key")
    assert "only_seen_key" in {a.alarm for a in made.alarms}


# -- two controllers -----------------------------------------------------------------------------------------------------------------


def test_a_lock_lapses_by_the_age_of_the_journals_file_and_what_another_run_noted_is_kept() -> None:
    journal = Journal(FARM, lock=Lock("first"), pause=at(0) + 4 * MINUTE, rollback=Rollback("NEW", False, at(0) + 4 * MINUTE), auto_rollover_suspended=True)
    stored = read_stored({"content": write_journal(journal)}, FARM)
    assert stored.journal == journal and not stored.complaint
    seen = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"))
    closed = make_plan(seen, stored.journal, Policy(), START, Run("second", lock_age=2 * MINUTE))
    assert actions(closed) == [] and guards(closed) == {"lock"} and not closed.write_journal
    unknown = make_plan(seen, stored.journal, Policy(), START, Run("second", lock_age=None))
    assert guards(unknown) == {"lock"}
    lapsed = make_plan(seen, stored.journal, Policy(), START, Run("second", lock_age=16 * MINUTE))
    assert "lock" not in guards(lapsed)
    assert lapsed.last.paused and lapsed.journal.rollback is not None and lapsed.journal.rollback.undone == "NEW"
    assert "promote" not in actions(lapsed) and "restore_auto_rollover" not in actions(lapsed)


@pytest.mark.parametrize("change", [{"schema": 99}, {"farm": "http://other.example/adfs"}])
def test_a_well_formed_journal_that_cannot_be_used_is_never_replaced_by_a_fresh_one(change: dict[str, object]) -> None:
    stored = read_stored({"content": {**write_journal(Journal(FARM)), **change}}, FARM)
    assert stored.complaint and stored.keep


def test_a_journal_from_a_clock_that_is_ahead_is_read_as_it_is() -> None:
    ahead = Journal(FARM, first_seen={"tenant/d1": {"OLD": at(0) + 10 * MINUTE}}, pause=at(3))
    assert read_journal(write_journal(ahead), FARM) == ahead


# -- AD FS' clock, without a successor too -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [1.0, 7.0])
@pytest.mark.parametrize("thresholds", [Thresholds(), Thresholds(generation=40 * DAY, promotion=HOUR), Thresholds(generation=30 * DAY, promotion=1 * DAY)])
def test_what_adfs_would_make_and_promote_before_the_next_run_is_held_and_a_successor_made_in_time(every: float, thresholds: Thresholds) -> None:
    it = life(60, thresholds=thresholds)
    policy = Policy(run_interval=every * DAY, freezes=(Span(at(28), at(44)),))
    it.daily(60, policy, every)
    assert it.lost == [] and it.farm.primary != "OLD"


@pytest.mark.parametrize("every", [1.0, 7.0])
def test_where_adfs_would_promote_what_it_makes_at_once_its_clock_is_held_and_every_run_fails_and_says_why(every: float) -> None:
    it = life(60, thresholds=Thresholds(generation=40 * DAY, promotion=0 * DAY))
    made = it.daily(49, Policy(run_interval=every * DAY), every)
    assert it.lost == [] and it.farm.primary == "OLD"
    held = [p for p in made if p.first.clock_held]
    assert len(held) * every > 25 and all("held" in failing(p) and "promote a new certificate as soon as" in reasons(p, "held") for p in held)


def test_a_job_that_runs_weekly_survives_a_freeze_over_the_whole_of_adfs_own_time() -> None:
    it = life(60.6)
    it.runs([n * 7.0 + 5 for n in range(9)], Policy(run_interval=7 * DAY, freezes=(Span(at(28.6), at(44.6)),)))
    assert it.lost == [] and it.farm.primary != "OLD"


def test_the_deadline_of_a_farm_without_a_successor_lies_before_the_outage_and_does_not_move() -> None:
    seen = observe(farm(), domain("contoso.com", "OLD"), **ends(29))
    policy = Policy(run_interval=7 * DAY, freezes=(Span(at(-5), at(29)),))
    found = {plan(seen, policy, now=at(day)).first.deadline for day in (0, 2, 4, 8, 12)}
    assert len(found) == 1
    deadline = found.pop()
    assert deadline is not None and deadline < at(29 - 20 + 5)


@pytest.mark.parametrize("every", [1.0, 7.0])
@pytest.mark.parametrize("what", ["unknown", "unreadable", "paused"])
def test_adfs_clock_is_held_where_something_stops_the_renewal_until_every_domain_knows_the_successor(every: float, what: str) -> None:
    it = life(60)
    policy = Policy(run_interval=every * DAY, pause=True if what == "paused" else None)
    it.daily(21, policy, every)
    if what == "unknown":
        it.put("d1", "OLD", "STRANGER")
    elif what == "unreadable":
        it.unreadable["d1"] = "HTTP 503"
    it.until(at(22))
    it.daily(26, policy, every)
    assert it.lost == []


# -- a certificate of a CA with rollover on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [1.0, 7.0])
@pytest.mark.parametrize("allowed", [None, True])
def test_adfs_does_not_promote_its_own_beside_a_cas_certificate_before_every_domain_knows_it(every: float, allowed: bool | None) -> None:
    it = Life(observe(farm(), *three(), **ends(35, self_signed=False)))
    policy = Policy(run_interval=every * DAY, auto_rollover=allowed)
    it.runs([0.0], policy)
    it.until(at(5))
    it.put("d1", "OLD", "STRANGER")
    made = it.daily(29, policy, every)
    assert it.lost == []
    if allowed is None:
        assert it.farm.auto_rollover is False and it.farm.primary == "OLD"
        assert all("successor_missing" in failing(p) for p in made[1:])
    held = [n for n, p in enumerate(made) if p.first.clock_held]
    assert held and all(failing(made[n]) for n in held)


def test_adfs_own_successor_of_a_cas_certificate_is_published_and_left_to_adfs_only_by_an_explicit_word() -> None:
    it = Life(observe(farm(), *three(), **ends(35, self_signed=False)))
    it.daily(18)
    if len(it.farm.certificates) > 1:
        assert all(len(d.slots.accepted) == 2 for d in it.domains.values())
    it.daily(15, Policy(auto_rollover=True))
    assert it.lost == [] and it.farm.primary != "OLD"


# -- an obstacle in one object -------------------------------------------------------------------------------------------------------


def test_a_domain_that_is_named_and_no_longer_federated_is_an_alarm_and_the_others_are_renewed() -> None:
    alarms: list[object] = []
    policy = Policy(domains=frozenset({"d1", "d2", "d4"}))
    found = read_domains([], policy, Certificates(), alarms)  # type: ignore[arg-type]
    assert found == () and {a.object for a in alarms} == {"d1", "d2", "d4"}  # type: ignore[attr-defined]
    seen = replace(observe(farm(), *three()[:2]), alarms=tuple(alarms))  # type: ignore[arg-type]
    made = plan(seen, policy)
    assert actions(made) == ["generate", "publish"] and "unclaimed" in failing(made)


@pytest.mark.parametrize("promote", ["adfs", "role"])
def test_a_tenant_that_cannot_be_read_costs_the_other_tenants_domains_nothing(promote: str) -> None:
    it = Life(observe(farm(), *three(), **ends(60)))
    it.domains[""] = replace(three()[0], name="", tenant_id="second", slots=Slots(None, None), sign_in_host=None, error="HTTP 401")
    it.values[""] = [(START, frozenset())]
    made = it.daily(60, Policy(promote=promote))
    assert it.lost == [] and it.farm.primary != "OLD"
    assert all("unreadable" in failing(p) for p in made)


# -- who promotes --------------------------------------------------------------------------------------------------------------------

PARTNER = (RelyingParty("Payroll", ("urn:payroll",)),)


@pytest.mark.parametrize("promote", ["role", "never"])
@pytest.mark.parametrize("gate", ["partners", "freeze", "window", "none"])
@pytest.mark.parametrize("every", [1.0, 7.0])
def test_who_says_that_the_role_or_an_administrator_promotes_is_never_overtaken_by_adfs(promote: str, gate: str, every: float) -> None:
    it = Life(observe(farm(relying_parties=PARTNER if gate == "partners" else ()), *three(), **ends(60)))
    policy = Policy(promote=promote, run_interval=every * DAY)
    if gate == "freeze":
        policy = replace(policy, freezes=(Span(at(20), at(57)),))
    if gate == "window":
        policy = replace(policy, windows=(Span(at(57), at(58)),))
    it.daily(50, policy, every)
    assert (it.lost, "AD FS promotes" in [a for _d, a in it.acts]) == ([], False)
    if promote == "never" or gate != "none":
        assert it.farm.primary == "OLD"


def test_a_successor_that_somebody_made_is_held_too_where_the_role_promotes() -> None:
    it = life(60)
    it.make()
    it.daily(10, Policy(promote="never"))
    assert it.farm.primary == "OLD" and it.farm.auto_rollover is False


def test_adfs_promotes_in_a_window_because_the_successor_is_made_at_the_moment_that_leads_there() -> None:
    it = life(60)
    windows = tuple(Span(at(n), at(n) + 36 * HOUR) for n in (30, 37, 44, 51))
    it.daily(60, Policy(windows=windows))
    promoted = [day for day, act in it.acts if act == "AD FS promotes"]
    assert it.lost == [] and len(promoted) == 1
    assert any(w.start <= at(promoted[0]) <= w.end for w in windows)


def test_where_the_clock_was_held_it_is_given_back_so_that_adfs_promotes_outside_every_freeze() -> None:
    it = life(60)
    freeze = Span(at(33), at(43))  # five days after the due day lie in it
    it.daily(60, Policy(freezes=(freeze,)))
    promoted = [day for day, act in it.acts if act == "AD FS promotes"]
    assert it.lost == [] and len(promoted) == 1 and not freeze.start <= at(promoted[0]) < freeze.end


def test_what_adfs_did_against_a_freeze_is_told_by_the_next_run() -> None:
    it = life(60)
    it.daily(2)
    it.configure(primary=it.make())  # whatever made AD FS do it
    it.run(Policy(freezes=(Span(at(0), at(9)),)))
    assert "promoted_by_adfs" in {a.alarm for a in it.plans[-1].alarms}


# -- the way is open before AD FS' clock is started ----------------------------------------------------------------------------------


@pytest.mark.parametrize("acts", [True, False])
def test_no_successor_is_made_where_the_token_shows_that_no_domain_can_be_written(acts: bool) -> None:
    seen = observe(farm(), *(replace(d, can_write=False) for d in three()))
    made = make_plan(seen, Journal(FARM), Policy(), START, Run("run-1", acts))
    assert "generate" not in actions(made) and "permission" in guards(made)


def test_a_permission_that_the_token_does_not_show_stops_nothing_and_one_open_domain_is_enough() -> None:
    shut = replace(three()[0], can_write=False)
    assert actions(plan(observe(farm(), *three()))) == ["generate", "publish"]
    assert actions(plan(observe(farm(), shut, *three()[1:])))[:2] == ["generate", "publish"]


@pytest.mark.parametrize(
    "policy", [Policy(domains_excluded=frozenset({"d1", "d2", "d3"})), Policy(refused=frozenset({"d1", "d2", "d3"})), Policy(auto_rollover=False)]
)
def test_nothing_starts_adfs_clock_unless_the_rest_of_the_way_is_open(policy: Policy) -> None:
    made = plan(observe(farm(auto_rollover=policy.auto_rollover is not False), *three()), policy)
    assert "generate" not in actions(made)
    assert guards(made) & {"no_writable_domain", "promote_policy"}


# -- whose a domain is ---------------------------------------------------------------------------------------------------------------


def test_a_domain_that_signs_in_under_a_former_name_of_the_farm_is_named_and_with_that_name_it_is_the_farms() -> None:
    alias = domain("alias.example", "OLD", sign_in_host="fs.contoso.com")
    seen = observe(farm(), domain("contoso.com", "OLD"), alias)
    made = plan(seen)
    assert "unclaimed" in failing(made) and "alias.example" in reasons(made, "unclaimed")
    assert "alias.example" not in {w.domain.name for s in made.steps for w in s.act.writes}
    named = observe(farm(host_names=frozenset({"fs.contoso.com"})), domain("contoso.com", "OLD"), alias)
    its = plan(named, Policy(host_names=frozenset({"fs.contoso.com"})))
    assert {w.domain.name for s in its.steps for w in s.act.writes} == {"contoso.com", "alias.example"} and "unclaimed" not in failing(its)


def test_a_domain_that_the_operator_names_and_that_signs_in_elsewhere_fails_the_run_and_is_not_written() -> None:
    seen = observe(farm(), domain("contoso.com", "OLD"), domain("other.example", "STRANGER", sign_in_host="sts.tailspin.com"))
    made = plan(seen, Policy(domains=frozenset({"contoso.com", "other.example"})))
    assert "unclaimed" in failing(made) and "publish" in actions(made)
    assert {w.domain.name for s in made.steps for w in s.act.writes} == {"contoso.com"}
    assert "unclaimed" not in failing(plan(seen))


# -- thresholds with which AD FS promotes by the age of the successor alone ------------------------------------------------------------


@pytest.mark.parametrize("promotion", [5, 10])
@pytest.mark.parametrize("critical", [0, 0.5, 2])
@pytest.mark.parametrize("promote", ["adfs", "role", "never"])
@pytest.mark.parametrize("phase", [0, 9])
def test_an_unknown_certificate_gives_way_early_enough_for_adfs_to_promote_before_the_end(promotion: int, critical: float, promote: str, phase: int) -> None:
    thresholds = replace(farm().thresholds, generation=5 * DAY, promotion=promotion * DAY, critical=critical * DAY)
    it = Life(observe(farm(thresholds=thresholds), *three(), **ends(28)), phase=phase * HOUR)
    it.put("d1", "OLD", "STRANGER")
    made = it.daily(29, Policy(promote=promote))
    assert it.lost == [] and it.farm.primary != "OLD"
    first = next(p for p in made if any("d1" in {w.domain.name for w in s.act.writes} for s in p.steps))
    told = [p for p in made if p.first.now < first.first.now and p.first.promotable]
    assert told and all("making_room" in {a.alarm for a in p.alarms} for p in told)


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("promote", ["adfs", "role"])
@pytest.mark.parametrize("unreadable", [False, True])
def test_a_clock_held_while_no_journal_can_be_written_is_given_back_before_the_end(newer: bool, promote: str, unreadable: bool) -> None:
    it = life(24)
    it.closed, it.newer = "The journal is of a newer version.", newer
    if unreadable:
        it.unreadable["d1"] = "HTTP 503"
    wanted = Policy(auto_rollover=True, promote=promote)
    made = it.daily(26, wanted)
    assert "suspend_auto_rollover" in {act for _day, act in it.acts}
    assert {name for _day, name, _why in it.lost} <= ({"d1"} if unreadable else set()) and it.farm.primary != "OLD"
    assert all("journal" in failing(p) for p in made)


@pytest.mark.parametrize("newer", [False, True])
def test_no_clock_is_held_for_what_every_domain_accepts_while_nothing_can_be_noted(newer: bool) -> None:
    it = life(24, Slots("OLD", "NEW"), certificates=frozenset({"OLD", "NEW"}))
    it.closed, it.newer = "The folder is open to everybody.", newer
    it.daily(26)
    assert it.lost == [] and it.farm.primary == "NEW"
    assert "suspend_auto_rollover" not in {act for _day, act in it.acts}


@pytest.mark.parametrize("wanted", [True, None])
def test_a_clock_is_held_for_what_a_domain_lacks_only_if_a_later_run_will_know_that_rollover_is_wanted(wanted: bool | None) -> None:
    it = life(24, Slots("OLD", "NEW"), certificates=frozenset({"OLD", "NEW"}))
    it.closed = "The folder is open to everybody."
    it.put("d2", "OLD", None)
    it.refusing.add("d2")
    it.advance(4)
    made = it.run(Policy(auto_rollover=wanted))
    assert ("suspend_auto_rollover" in {act for _day, act in it.acts}) is (wanted is True)
    assert any("nothing could note that the clock of AD FS is held" in b.reason for b in made.blocks) is (wanted is None)


@pytest.mark.parametrize("promotion", [5, 40])
def test_at_a_last_call_the_role_promotes_where_adfs_by_itself_would_be_too_late(promotion: int) -> None:
    thresholds = replace(farm().thresholds, promotion=promotion * DAY, critical=0 * DAY)
    it = Life(observe(farm(thresholds=thresholds), *three(), **ends(40)))
    it.unreadable["d1"] = "HTTP 503"
    made = it.daily(40, Policy(promote="role"))
    last = next(s.act for p in made for s in p.steps if s.act.reason.startswith("last call"))
    assert last.action == ("promote" if promotion == 40 else "restore_auto_rollover")
    assert {name for _day, name, _why in it.lost} <= {"d1"} and it.farm.primary != "OLD"


@pytest.mark.parametrize("promote", ["adfs", "role"])
def test_at_the_last_look_before_the_end_a_successor_that_is_known_everywhere_by_then_is_let_sign(promote: str) -> None:
    it = Life(observe(farm(), *three(), **ends(40)))
    it.daily(1)
    it.unreadable.update(d1="HTTP 503", d2="HTTP 503", d3="HTTP 503")
    it.until(at(21))
    it.runs((21 + n for n in range(17)), Policy(promote=promote))
    it.unreadable.clear()
    it.runs([38.3], Policy(promote=promote))
    assert it.done == ["publish"] and it.farm.primary == "OLD"
    it.runs([39.25], Policy(promote=promote))  # an hour too early for Entra, and the next run would come after the end
    assert it.done in (["restore_auto_rollover"], ["promote"])
    it.until(at(41))
    assert it.farm.primary != "OLD"
    assert it.lost == []


@pytest.mark.parametrize("generation", [5, 6])
@pytest.mark.parametrize("every", [1.0, 7.0])
@pytest.mark.parametrize("promote", ["adfs", "never"])
@pytest.mark.parametrize("gate", ["windows", "freeze"])
def test_neither_windows_nor_freezes_keep_a_successor_back_that_adfs_by_itself_would_make_too_late(
    generation: int, every: float, promote: str, gate: str
) -> None:
    thresholds = replace(farm().thresholds, generation=generation * DAY, promotion=5 * DAY, critical=0 * DAY)
    closed = Policy(windows=tuple(Span(at(n + 0.8), at(n + 0.9)) for n in range(40))) if gate == "windows" else Policy(freezes=(Span(at(-1), at(40)),))
    it = Life(observe(farm(thresholds=thresholds), *three(), **ends(32)))
    made = it.daily(33, replace(closed, promote=promote, run_interval=every * DAY), every)
    it.until(at(33))
    assert it.lost == [] and it.farm.primary != "OLD"
    first = next(p for p in made if "generate" in actions(p))
    assert first.first.now >= at(32) - (generation + 1) * DAY - 8 * DAY, "no sooner than the deadline asks for"


# -- whose a certificate is ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("self_signed", [True, False])
@pytest.mark.parametrize("promote", ["role", "adfs", "never"])
def test_what_lies_in_the_windows_store_is_an_administrators_and_never_followed_by_one_that_adfs_makes(self_signed: bool, promote: str) -> None:
    custom = {"OLD": key("OLD", -3000, 20, self_signed)}
    made = plan(observe(farm(auto_rollover=False, from_store=frozenset({"OLD"})), *three(), **custom), Policy(promote=promote))
    assert actions(made) == [] and "custom_certificate" in guards(made) and "successor_missing" in failing(made)


@pytest.mark.parametrize("self_signed", [True, False])
@pytest.mark.parametrize("promote", ["role", "adfs", "never"])
@pytest.mark.parametrize("promotion", [1, 5])
@pytest.mark.parametrize("every", [1.0, 3.0, 7.0])
def test_who_holds_the_clock_beside_an_administrators_certificate_owes_the_successor_that_adfs_would_have_made(
    self_signed: bool, promote: str, promotion: int, every: float
) -> None:
    thresholds = replace(farm().thresholds, promotion=promotion * DAY)
    custom = {"OLD": key("OLD", -331, 34, self_signed)}
    it = Life(observe(farm(thresholds=thresholds, from_store=frozenset({"OLD"})), *three(), **custom))
    made = it.daily(33, Policy(auto_rollover=True, promote=promote, run_interval=every * DAY), every)
    assert it.lost == []
    if promote == "never":  # an administrator has to, and is told the command in time
        assert "last_call" in guards(next(p for p in made if p.first.now >= p.first.last_call_at))
    else:
        assert it.farm.primary != "OLD"
    assert all(day >= 34 - 20 - every for day, act in it.acts if act == "generate")
    assert all("successor_missing" in failing(p) for p in made if p.first.now >= p.first.due_at and not p.first.promotable)


def test_a_primary_that_is_not_valid_yet_fails_the_run_and_a_valid_one_that_begins_earlier_follows_it() -> None:
    future = {"OLD": key("OLD", 9131, 9496), "NEW": key("NEW", -1, 364)}
    alone = plan(observe(farm(), *three(), **future))
    assert "not_yet_valid" in failing(alone) and "not_yet_valid" in {a.alarm for a in alone.alarms}
    made = plan(observe(farm("OLD", "NEW"), *three(), **future), Policy(promote="role"))
    assert made.first.successor == "NEW" and "publish" in actions(made) and "not_yet_valid" in failing(made)
    it = Life(observe(farm("OLD", "NEW"), *three(), **future))
    it.daily(5, Policy(promote="role"))
    assert it.farm.primary == "NEW" and it.lost == []


def test_a_certificate_that_the_journal_saw_as_primary_is_no_successor_however_young() -> None:
    it = life(60)
    it.daily(1)
    it.configure(primary=it.make())
    it.daily(2)
    it.configure(primary="OLD", auto_rollover=False)
    made = it.run(Policy(promote="role"))
    assert made.first.successor is None and made.first.paused


def test_a_rollback_by_hand_is_a_pause_and_adfs_clock_is_held() -> None:
    it = life(60)
    it.daily(1)
    it.configure(primary=it.make())
    it.daily(3)
    it.configure(primary="OLD")
    it.run()
    assert it.farm.auto_rollover is False
    it.daily(10)
    assert it.farm.primary == "OLD"


def test_the_clock_differs_and_only_what_protects_is_done() -> None:
    it = life(60)
    it.until(at(31))
    it.run(controller=timedelta(hours=1))
    assert it.done == []
    it.make()
    it.run(controller=timedelta(hours=1))
    assert "publish" in it.done


# -- what others replaced ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blind",
    [(domain("d1", None, error="HTTP 503"),), (domain("", None, error="HTTP 503"),), ()],
    ids=["the domain cannot be read", "the tenant cannot be read", "the domain is not listed"],
)
def test_a_scan_that_sees_nothing_of_a_domain_forgets_nothing_that_entra_may_still_serve(blind: tuple[Domain, ...]) -> None:
    """Somebody replaced OLD a moment ago: for the propagation time Entra may still serve it, whether or not the next scan can read the domain."""
    day, where = timedelta(days=1), farm("OLD", "NEW")
    mine = domain("d1", "OLD", "NEW")
    known = scan(Journal(FARM), observe(where, mine), frozenset({mine.key}), day, at(0))
    others = scan(known, observe(where, domain("d1", "NEW")), frozenset({mine.key}), day, at(0.1))
    assert [accepted for _at, accepted in others.replaced[mine.key]] == [frozenset({"OLD", "NEW"})]
    after = scan(others, observe(where, *blind), frozenset({mine.key}), day, at(0.2))
    assert (after.replaced, after.first_seen, after.configurations) == (others.replaced, others.first_seen, others.configurations)
    assert scan(after, observe(where, domain("d1", "NEW")), frozenset({mine.key}), day, at(2)).replaced == {}


@pytest.mark.parametrize("wanted", [None, True])
def test_where_its_clock_cannot_be_held_room_is_made_before_adfs_promotes(wanted: bool | None) -> None:
    it = Life(observe(farm(), *three(), **ends(40)))
    it.closed = "the disk is full"
    it.until(at(22))
    it.put("d1", "OLD", "STRANGER")
    it.daily(16, Policy(auto_rollover=wanted))
    # AD FS has made its successor on day 20 and lets it sign on day 25, unless it is held: then the stranger stays until the last call.
    assert it.lost == []
    assert ("AD FS promotes" in {act for day, act in it.acts if day < 30}) is (wanted is None)


# -- certificates that live so short that AD FS would make one more before the next run -----------------------------------------------------


@pytest.mark.parametrize("promote", ["adfs", "role"])
@pytest.mark.parametrize("days", [45, 365])
def test_at_a_last_call_the_role_promotes_where_adfs_would_go_on_to_one_that_no_domain_knows(promote: str, days: float) -> None:
    """Weekly runs, and an obstacle that stands until the last call."""
    it = life(40)
    it.daily(7, every=7)
    it.put("d2", "OLD", "STRANGER")
    it.refusing.add("d2")
    successor = it.make(days=days)
    made = it.daily(35, Policy(promote=promote), every=7)
    assert {name for _day, name, _why in it.lost} == {"d2"}
    last = next(s.act for p in made for s in p.steps if s.act.reason.startswith("last call"))
    assert last.action == ("promote" if days == 45 else "restore_auto_rollover")
    assert last.thumbprint == successor
    assert ("would make one more and let it sign" in last.reason) is (days == 45 and promote == "adfs")


def test_a_person_who_promotes_is_left_alone_where_adfs_would_go_on() -> None:
    it = life(40)
    it.daily(7, every=7)
    it.make(days=45)
    made = it.daily(28, Policy(promote="never"), every=7)
    assert "promote" not in {s.act.action for p in made for s in p.steps}


@pytest.mark.parametrize("days", [45, 365])
def test_a_last_call_that_leaves_it_to_adfs_says_when_one_more_would_sign_that_no_domain_knows(days: float) -> None:
    it = life(40)
    it.daily(7, every=7)
    it.make(days=days)
    made = it.daily(35, Policy(promote="never"), every=7)
    called, said = next((p, s.act.reason) for p in made for s in p.steps if s.act.reason.startswith("last call"))
    assert ("would make one more and let it sign" in said) is (days == 45)
    assert ("pace" in failing(called.last)) is (days == 45)


@pytest.mark.parametrize("promote", ["adfs", "role"])
def test_a_last_call_for_a_successor_that_only_adfs_can_make_says_when_that_would_sign(promote: str) -> None:
    it = life(2.4, auto_rollover=False)
    made = it.daily(1, Policy(auto_rollover=True, promote=promote))
    called = next(p for p in made if any("no successor can be made beforehand" in s.act.reason for s in p.steps))
    said = " ".join(f["reason"] for f in failures(called.last) if f["fail_on"] == "pace")
    assert "when AD FS would have made one more certificate and let it sign, which no domain knows: run this again shortly before then" in said
    assert ("renew_signing_cert_promote" in said) is (promote == "adfs")


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("days", [24, 365])
def test_what_every_domain_has_the_role_promotes_where_adfs_would_go_on_to_one_that_no_domain_knows(held: bool, days: float) -> None:
    """AD FS' clock runs, or is held, and the next run comes after AD FS would have made and promoted one more."""
    it = life(20)
    it.make("NEW", days=days)
    if held:
        it.configure(auto_rollover=False)
        it.journal = replace(it.journal, auto_rollover_suspended=True, auto_rollover_wanted=True, suspended_for="OLD")
    for name in ("d1", "d2", "d3"):
        it.put(name, "OLD", "NEW")
    it.runs((0.1, 2, 4.5, 11.5), Policy(run_interval=7 * DAY))
    assert it.lost == [] and it.farm.primary != "OLD"
    assert ("promote" in {act for _day, act in it.acts}) is (days == 24)


# -- a clock that cannot be held, and runs that come seldom -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [True, None])
@pytest.mark.parametrize("every", [1, 7])
def test_where_the_clock_cannot_be_held_a_successor_is_made_and_published_before_adfs_makes_one_between_two_runs(every: float, wanted: bool | None) -> None:
    it = life(47)
    it.closed = "The folder is open to everybody."
    made = it.daily(44, Policy(auto_rollover=wanted, renew_before=5 * DAY, run_interval=every * DAY), every=every)
    it.until(at(46.9))
    assert it.lost == [] and it.farm.primary != "OLD"
    made_because = [s.act.reason for p in made for s in p.steps if s.act.action == "generate"]
    assert ["nothing could note that its clock is held" in reason for reason in made_because] == [wanted is None]
    assert ("suspend_auto_rollover" in {act for _day, act in it.acts}) is (wanted is True)


@pytest.mark.parametrize("wanted", [True, None])
@pytest.mark.parametrize("obstacle", ["a server does not follow", "a domain refuses"])
def test_where_the_clock_cannot_be_held_the_deadline_for_publishing_comes_before_adfs_promotes(obstacle: str, wanted: bool | None) -> None:
    servers = (server("adfs1", "NEW", "OLD"), server("adfs2", "OLD", "NEW"))
    it = life(300) if obstacle == "a domain refuses" else Life(observe(farm("NEW", "OLD", servers=servers), *three(Slots("OLD", "NEW")), **ends(90)))
    it.closed = "The folder is open to everybody."
    it.refusing.add("d1")
    it.stuck.add("adfs2")
    it.advance(0.1)
    it.make("HAND")
    made = it.run(Policy(auto_rollover=wanted))
    # AD FS, its clock running, lets it sign five days later; a write takes a day to reach all of Entra, and the next run comes a day later.
    assert made.first.deadline is not None
    assert (made.first.deadline < at(3.1)) is (wanted is None)
    assert ("deadline" in failing(made)) is (wanted is None)


# -- a certificate that is not taken for the successor, and nothing else in AD FS ----------------------------------------------------------


@pytest.mark.parametrize("promote", ["adfs", "role", "never"])
@pytest.mark.parametrize("wanted", [True, None])
def test_what_is_not_taken_for_the_successor_is_published_before_adfs_promotes_it_only_where_the_clock_cannot_be_held(
    wanted: bool | None, promote: str
) -> None:
    it = life(300, Slots("OLD", "EARLIER"))
    it.make("BYHAND")
    it.journal = replace(it.journal, own={"BYHAND": OwnKey(came=at(-3), under="BEFORE"), "OLD": OwnKey(came=at(-9), under="BEFORE", last_primary=at(-1))})
    it.closed = "the disk is full"
    made = it.daily(8, Policy(promote=promote, auto_rollover=wanted))
    assert it.lost == []
    assert (it.farm.primary == "BYHAND") is (wanted is None)
    assert {"BYHAND" in d.slots.accepted for d in it.domains.values()} == {wanted is None}
    assert "no_successor" in guards(made[0])


@pytest.mark.parametrize("promote", ["adfs", "role", "never"])
def test_what_adfs_would_promote_is_published_and_let_sign_near_the_end_where_nothing_else_is_to_follow(promote: str) -> None:
    """It came under the certificate before this one, so the runs say that somebody is to promote or remove it, hold AD FS' clock, and fail."""
    it = life(12)
    it.make("BYHAND")
    it.keys["BYHAND"] = replace(it.keys["BYHAND"], not_before=at(-3))
    it.journal = replace(it.journal, own={"BYHAND": OwnKey(came=at(-3), under="BEFORE"), "OLD": OwnKey(came=at(-9), under="BEFORE", last_primary=at(-1))})
    made = it.daily(11.9, Policy(promote=promote))
    early = [p for p in made if p.first.clock_held and p.first.now < p.first.room_made_from and p.first.seen.farm.primary == "OLD"]
    assert early and all("no_successor" in guards(p) and "publish" not in actions(p) for p in early)
    assert it.lost == []
    assert it.farm.primary == "BYHAND"
