# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the core decides, case by case."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, KEYS, START, Play, actions, at, domain, farm, guards, key, observe, plan, server, written

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import (
    Journal,
    JournalError,
    Lock,
    read_journal,
    write_journal,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN, Domain, RelyingParty, Thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, PolicyError, Span, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run, scanned, to_write

FAR = {"OLD": key("OLD", -100, 265)}  # nothing is due


def test_in_sync_far_from_the_end_does_nothing_and_notes_keys_and_servers_once() -> None:
    seen = observe(farm(), domain("contoso.com", "OLD"), **FAR)
    made = plan(seen)
    assert (made.first.state, actions(made), guards(made)) == ("steady", [], {"due"})
    assert made.write_journal
    assert (set(made.journal.own), set(made.journal.servers)) == ({"OLD"}, {"adfs1", "adfs2"})
    assert not plan(seen, journal=made.journal, now=at(1)).write_journal


def test_a_domain_without_the_live_key_is_repaired_and_keeps_its_known_one() -> None:
    seen = observe(farm(), domain("contoso.com", "EARLIER"), domain("fabrikam.com", "OLD"), **FAR)
    made = plan(seen, Policy(known_certificates=frozenset({"EARLIER"})))
    assert made.first.state == "broken"
    assert actions(made) == ["repair"]
    assert written(made, "repair") == {"contoso.com": ("OLD", "EARLIER")}
    assert made.last.state == "complete"


def test_repair_goes_out_over_a_foreign_certificate_with_an_alarm() -> None:
    made = plan(observe(farm(), domain("contoso.com", "STRANGER"), **FAR))
    assert written(made, "repair") == {"contoso.com": ("OLD", "STRANGER")}
    assert [a.alarm for a in made.alarms] == ["unknown_certificate"]


def test_due_makes_a_successor_and_publishes_it_to_every_domain_in_one_run() -> None:
    made = plan(observe(farm(), domain("contoso.com", "OLD"), domain("fabrikam.com", "OLD", "EARLIER")), Policy(known_certificates=frozenset({"EARLIER"})))
    assert actions(made) == ["generate", "publish"]
    assert written(made, "publish") == {"contoso.com": ("OLD", UNBORN), "fabrikam.com": ("OLD", UNBORN)}
    assert guards(made) == {"propagation", "sync", "adfs_clock"}


def test_published_waits_for_adfs_and_keeps_the_stamps_going() -> None:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"))
    first = plan(seen)
    assert (first.first.state, actions(first), first.write_journal) == ("published", [], True)
    second = plan(seen, journal=first.journal, now=at(1))
    assert (second.first.state, actions(second)) == ("ready", [])
    assert guards(second) == {"adfs_clock"}


def test_time_between_two_scans_restarts_nothing() -> None:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"))
    first = plan(seen)
    late = plan(seen, journal=first.journal, now=at(4.1))
    assert late.first.state == "ready"
    assert late.journal.first_seen["tenant/contoso.com"]["NEW"] == START


def test_calling_early_writes_nothing_and_calling_late_notes_the_scan() -> None:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"))
    first = plan(seen)
    assert not plan(seen, journal=first.journal, now=START + timedelta(hours=17)).write_journal
    assert plan(seen, journal=first.journal, now=START + timedelta(hours=18)).write_journal


def test_the_next_run_comes_when_the_last_guard_of_the_next_act_lifts() -> None:
    lagging = farm("OLD", "NEW", servers=(server("adfs1", "OLD", "NEW"), server("adfs2", "OLD")))
    made = plan(observe(lagging, domain("contoso.com", "OLD", "NEW")), Policy(propagation=timedelta(hours=5)))
    assert show(made, {k: k for k in KEYS}, {})["next_run_at"] == "2026-01-01T05:00:00Z"


def test_after_the_promotion_the_members_are_settled_and_nothing_is_dropped() -> None:
    seen = observe(farm("NEW", "OLD"), domain("contoso.com", "OLD", "NEW"))
    made = plan(seen, now=at(6))
    assert (made.first.state, actions(made)) == ("promoted", ["reorder"])
    assert written(made, "reorder") == {"contoso.com": ("NEW", "OLD")}
    done = observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD"))
    again = plan(done, journal=plan(done, now=at(6)).journal, now=at(7))
    assert (again.first.state, actions(again), again.write_journal) == ("complete", [], False)


def test_while_a_server_lags_both_keys_are_live_and_nothing_moves() -> None:
    lagging = farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), server("adfs2", "OLD", "NEW")))
    made = plan(observe(lagging, domain("contoso.com", "OLD", "NEW")), now=at(6))
    assert (made.first.state, actions(made), guards(made)) == ("promoting", [], {"sync"})
    broken = plan(observe(lagging, domain("contoso.com", "NEW", "EARLIER")), Policy(known_certificates=frozenset({"EARLIER"})), now=at(6))
    assert written(broken, "repair") == {"contoso.com": ("NEW", "OLD")}


def test_an_unseen_server_keeps_its_last_known_key_live() -> None:
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Server

    unseen = farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), Server("adfs2", False, "refused", "OLD", frozenset({"OLD", "NEW"}))))
    made = plan(observe(unseen, domain("contoso.com", "NEW")), now=at(6))
    assert written(made, "repair") == {"contoso.com": ("NEW", "OLD")}


def ready_journal(now: float = 1.0) -> Journal:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"))
    return plan(seen).journal


def test_promotion_is_ours_only_if_asked_and_suspends_and_restores_automatic_rollover() -> None:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"))
    made = plan(seen, Policy(promote="role"), ready_journal(), at(1))
    assert actions(made) == ["suspend_auto_rollover", "promote"]
    assert made.journal.auto_rollover_suspended
    assert made.journal.auto_rollover_wanted is True
    promoted = farm("NEW", "OLD", auto_rollover=False)
    after = plan(observe(promoted, domain("contoso.com", "OLD", "NEW")), Policy(promote="role"), made.journal, at(1))
    assert actions(after) == ["restore_auto_rollover", "reorder"]


@pytest.mark.parametrize(
    ("policy", "change", "condition"),
    [
        (Policy(promote="role"), {"servers": (server("adfs1", "OLD", "NEW"), server("adfs2", "OLD"))}, "sync"),
        (Policy(promote="role"), {"servers_confirmed": False}, "servers_unconfirmed"),
        (Policy(promote="role"), {"relying_parties": (RelyingParty("Payroll", ("https://payroll.example.com",)),)}, "relying_parties"),
        (Policy(promote="role", pause=True), {}, "pause"),
        (Policy(promote="role", freezes=(Span(at(0), at(3)),)), {}, "window"),
        (Policy(promote="role", windows=(Span(at(2), at(3)),)), {}, "window"),
        (Policy(promote="never"), {"auto_rollover": False}, "promote_policy"),
    ],
)
def test_each_guard_of_the_promotion_holds_it(policy: Policy, change: dict[str, object], condition: str) -> None:
    seen = observe(farm("OLD", "NEW", **change), domain("contoso.com", "OLD", "NEW"))
    made = plan(seen, policy, ready_journal(), at(1))
    assert "promote" not in actions(made)
    assert condition in guards(made)


def test_an_excluded_domain_blocks_the_promotion_until_it_is_acknowledged() -> None:
    seen = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"), domain("fabrikam.com", "OLD"))
    policy = Policy(promote="role", domains_excluded=frozenset({"fabrikam.com"}), auto_rollover=False)
    assert "unpublished" in guards(plan(seen, policy, ready_journal(), at(1)))
    acknowledged = replace(policy, domains_acknowledged=frozenset({("fabrikam.com", "NEW")}))
    assert actions(plan(seen, acknowledged, ready_journal(), at(1))) == ["promote"]


def test_one_broken_domain_does_not_loosen_the_promotion_for_the_others() -> None:
    seen = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD"), domain("broken.com", "STRANGER"))
    made = plan(seen, Policy(promote="role", auto_rollover=False, domains_excluded=frozenset({"broken.com"})), ready_journal(), at(1))
    assert "promote" not in actions(made)


def test_a_foreign_certificate_stops_publishing_unless_policy_or_the_clock_says_otherwise() -> None:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "STRANGER"))
    stopped = plan(seen)
    # How often runs come is not known yet, and this one leaves the domain without the successor.
    assert (stopped.first.state, actions(stopped)) == ("unknown_certificate", ["suspend_auto_rollover"])
    assert "unknown_certificate" in guards(stopped)
    assert written(plan(seen, Policy(unknown_certificates="replace")), "publish") == {"contoso.com": ("OLD", "NEW")}
    near = plan(seen, now=at(4))
    assert actions(near) == ["suspend_auto_rollover"]  # held, the stranger need not be overwritten
    assert "unknown_certificate" in guards(near)


def test_a_foreign_certificate_that_may_be_replaced_does_not_stop_the_renewal_that_replaces_it() -> None:
    seen = observe(farm(), domain("contoso.com", "OLD", "STRANGER"))
    assert actions(plan(seen)) == []
    made = plan(seen, Policy(unknown_certificates="replace"))
    assert actions(made) == ["generate", "publish"]
    assert written(made, "publish") == {"contoso.com": ("OLD", "successor")}
    kept = plan(seen, Policy(unknown_certificates="replace", domains_excluded=frozenset({"contoso.com"})))
    assert actions(kept) == []  # where nothing may be written, nothing is replaced
    assert "unknown_certificate" in guards(kept)


def test_adfs_clock_too_near_is_held_and_given_back_when_everybody_knows() -> None:
    seen = observe(farm("OLD", "NEW"), domain("contoso.com", "OLD"))
    made = plan(seen, now=at(4))
    assert actions(made) == ["suspend_auto_rollover", "publish"]
    held = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"))
    journal = replace(made.steps[-1].situation.journal, auto_rollover_wanted=True, auto_rollover_suspended=True, lock=None)
    waiting = plan(held, journal=journal, now=at(4.5))
    assert actions(waiting) == []
    journal = waiting.journal
    assert actions(plan(held, journal=journal, now=at(5.5))) == ["restore_auto_rollover"]


def test_protective_acts_ignore_a_freeze_and_the_others_obey_it() -> None:
    frozen = Policy(freezes=(Span(at(-1), at(10)),))
    assert actions(plan(observe(farm(), domain("contoso.com", "OLD")), frozen)) == []
    assert actions(plan(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD")), frozen)) == ["publish"]
    assert actions(plan(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD")), replace(frozen, protect=False))) == []


def test_rollover_off_with_a_self_signed_primary_asks_what_is_wanted() -> None:
    seen = observe(farm(auto_rollover=False), domain("contoso.com", "OLD"))
    made = plan(seen)
    assert actions(made) == []
    assert "auto_rollover" in guards(made)
    assert [a.alarm for a in made.alarms] == ["auto_rollover_off"]
    assert "promote_policy" in guards(plan(seen, Policy(auto_rollover=False)))  # AD FS would not promote it, and nobody else is named
    off = plan(seen, Policy(auto_rollover=False, promote="role"))
    assert actions(off) == ["generate", "publish"]
    assert off.steps[0].act.toggles


def test_rollover_left_on_by_a_dead_run_is_switched_off_again() -> None:
    made = plan(observe(farm(), domain("contoso.com", "OLD"), **FAR), Policy(auto_rollover=False))
    assert actions(made) == ["suspend_auto_rollover"]
    assert not made.journal.auto_rollover_suspended


def test_custom_certificate_asks_for_a_successor_and_publishes_an_added_one() -> None:
    custom = {"OLD": key("OLD", -336, 29, self_signed=False), "NEW": key("NEW", 0, 365, self_signed=False)}
    assert "custom_certificate" in guards(plan(observe(farm(auto_rollover=False), domain("contoso.com", "OLD"), **custom)))
    added = plan(observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD"), **custom))
    assert actions(added) == ["publish"]


def test_two_certificates_on_adfs_leave_no_room_for_a_third() -> None:
    made = plan(observe(farm("OLD", "EARLIER"), domain("contoso.com", "OLD")))
    assert actions(made) == []
    assert "room" in guards(made)


def test_a_promotion_threshold_that_leaves_no_time_holds_the_clock_first() -> None:
    quick = farm(thresholds=Thresholds(promotion=timedelta(hours=6)))
    made = plan(observe(quick, domain("contoso.com", "OLD")))
    assert actions(made) == ["suspend_auto_rollover", "generate", "publish"]
    assert made.steps[1].act.toggles


def test_a_near_end_holds_the_clock_before_anything_is_made() -> None:
    near = {"OLD": key("OLD", -361, 4)}
    made = plan(observe(farm(), domain("contoso.com", "OLD"), **near))
    assert actions(made) == ["suspend_auto_rollover", "generate", "publish"]
    frozen = plan(observe(farm(), domain("contoso.com", "OLD"), **near), Policy(freezes=(Span(at(-1), at(10)),)))
    # Who holds the clock owes the successor that AD FS would have made, in a freeze too.
    assert actions(frozen) == ["suspend_auto_rollover", "generate", "publish"]


def test_a_day_before_the_critical_threshold_nothing_is_made_any_more_and_the_clock_is_held() -> None:
    last = {"OLD": key("OLD", -362, 2.5)}
    made = plan(observe(farm(), domain("contoso.com", "OLD"), **last))
    assert actions(made) == ["suspend_auto_rollover"]
    assert "critical_threshold" in guards(made)


def test_another_runs_lease_and_a_wrong_clock_hold_every_write() -> None:
    seen = observe(farm(), domain("contoso.com", "EARLIER"))
    leased = replace(Journal(FARM), lock=Lock("another"))
    made = plan(seen, journal=leased)
    assert (actions(made), guards(made), made.write_journal) == ([], {"lock"}, False)
    # It lapses by the age of the journal's file, whatever a controller's clock says.
    young, old = (make_plan(seen, leased, Policy(), START, Run("r", lock_age=timedelta(minutes=m))) for m in (14, 15))
    assert (actions(young), actions(old)) == ([], ["repair"])


def test_a_run_takes_its_own_lock_again_before_its_next_act_once_it_lapses() -> None:
    seen = observe(farm(), domain("contoso.com", "OLD"))
    stored = replace(plan(seen).first.journal, lock=Lock("r"))
    for minutes, again in ((2, False), (7, False), (8, True), (40, True), (None, False)):
        age = None if minutes is None else timedelta(minutes=minutes)
        first = scanned(seen, stored, Policy(), START, Run("r", lock_age=age))
        # What the next act needs is there already. The write names what was seen, so it fails where another run wrote meanwhile.
        journal, must_write = to_write(first, stored, stored, "r")
        assert must_write is again and journal.revision == stored.revision + again
        left, gives_back = to_write(first, None, stored, "r")
        assert gives_back and left.lock is None
    broken = observe(farm(), domain("contoso.com", "EARLIER"))
    taken = make_plan(broken, replace(stored, lock=Lock("another")), Policy(), START, Run("r", lock_age=timedelta(minutes=1)))
    assert (actions(taken), guards(taken), taken.write_journal) == ([], {"lock"}, False)


def test_a_wrong_clock_stops_timed_acts_and_not_the_repair() -> None:
    wrong = farm("OLD", "NEW", auto_rollover=False, time=at(1))
    policy = Policy(promote="role", auto_rollover=False)
    made = make_plan(observe(wrong, domain("contoso.com", "EARLIER"), domain("fabrikam.com", "OLD")), Journal(FARM), policy, START, Run("r"))
    assert actions(made) == ["repair", "publish"]
    assert "clock" in guards(made)
    everywhere = observe(wrong, domain("contoso.com", "OLD", "NEW"))
    assert "promote" not in actions(make_plan(everywhere, ready_journal(), policy, at(2), Run("r")))


def test_the_lease_is_taken_before_the_first_act_and_given_back_after_the_last() -> None:
    acting = plan(observe(farm(), domain("contoso.com", "EARLIER"), **FAR))
    assert acting.write_journal
    assert acting.journal.lock == Lock("run-1")
    assert acting.journal.backups["tenant/contoso.com"][0].slots.signing == "EARLIER"
    done = plan(observe(farm(), domain("contoso.com", "OLD", "EARLIER"), **FAR), journal=acting.journal)
    assert done.write_journal
    assert done.journal.lock is None
    third = plan(observe(farm(), domain("contoso.com", "OLD", "EARLIER"), **FAR), journal=done.journal, now=at(0.5))
    assert not third.write_journal


def test_retiring_waits_until_no_old_token_can_arrive_and_clears_the_second_member() -> None:
    seen = observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD"))
    first = plan(seen, Policy(remove_old_from_entra=True), now=at(6))
    assert (actions(first), guards(first)) == ([], {"retire_interval", "due"})
    journal = first.journal
    later = plan(seen, Policy(remove_old_from_entra=True), journal, at(7.2))
    assert written(later, "remove_from_entra") == {"contoso.com": ("NEW", None)}


def test_another_farms_domain_is_left_alone() -> None:
    other = domain("tailspin.com", "STRANGER", sign_in_host="sts.tailspin.com")
    made = plan(observe(farm(), domain("contoso.com", "OLD"), other, **FAR))
    assert (made.first.state, actions(made), made.alarms) == ("steady", [], ())


def test_no_domain_at_all_is_an_alarm_and_makes_no_successor() -> None:
    made = plan(observe(farm()))
    assert actions(made) == []
    assert "no_domain" in guards(made)


MOVED = {"sign_in_host": "sts.tailspin.com"}


def test_a_domain_that_signs_in_elsewhere_is_never_written_although_it_holds_a_certificate_of_ours() -> None:
    seen = observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD"), domain("moved.com", "STRANGER", "OLD", **MOVED))
    made = plan(seen, Policy(known_certificates=frozenset({"STRANGER"})), now=at(6))
    assert actions(made) == []
    waiting = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"), domain("moved.com", "STRANGER", "OLD", **MOVED))
    held = plan(waiting, Policy(promote="role", auto_rollover=False), ready_journal(), at(1))
    assert (actions(held), "unpublished" in guards(held)) == ([], True)


@pytest.mark.parametrize(
    "domains",
    [
        (),
        (domain("contoso.com", None, error="503"),),
        (domain("contoso.com", None, configured=False),),
        (domain("contoso.com", "OLD", "NEW"), domain("fabrikam.com", None, configured=False)),
    ],
    ids=["none", "unreadable", "without settings", "one without settings"],
)
def test_nothing_is_promoted_while_a_domain_of_the_farm_cannot_be_seen(domains: tuple[Domain, ...]) -> None:
    made = plan(observe(farm("OLD", "NEW", auto_rollover=False), *domains), Policy(promote="role", auto_rollover=False), ready_journal(), at(1))
    assert "promote" not in actions(made)
    assert any(b.until is None for b in made.blocks)


def test_a_domain_that_vanishes_during_a_rollover_blocks_the_promotion_until_it_is_acknowledged() -> None:
    both = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"), domain("fabrikam.com", "OLD", "NEW"))
    policy = Policy(promote="role", auto_rollover=False)
    journal = replace(plan(both, policy).journal)
    one = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"))
    assert guards(plan(one, policy, journal, at(1))) == {"missing_domain"}
    acknowledged = replace(policy, domains_acknowledged=frozenset({("fabrikam.com", "NEW")}))
    assert actions(plan(one, acknowledged, journal, at(1))) == ["promote"]


def test_an_acknowledged_domain_is_still_written() -> None:
    policy = Policy(domains_acknowledged=frozenset({("contoso.com", "NEW"), ("contoso.com", "OLD")}))
    assert actions(plan(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD")), policy)) == ["publish"]
    assert actions(plan(observe(farm(), domain("contoso.com", "EARLIER"), **FAR), policy)) == ["repair"]


def test_automatic_rollover_comes_back_after_a_successor_was_made_with_it_switched_on_for_that_act_only() -> None:
    near = {"OLD": key("OLD", -361, 4)}
    first = plan(observe(farm(), domain("contoso.com", "OLD"), **near))
    assert actions(first) == ["suspend_auto_rollover", "generate", "publish"]
    journal = replace(first.last.journal, lock=None)
    seen = observe(farm("OLD", "NEW", auto_rollover=False), domain("contoso.com", "OLD", "NEW"), **near)
    second = plan(seen, journal=journal, now=at(0.1))
    third = plan(seen, journal=second.journal, now=at(1.2))
    assert actions(third) == ["restore_auto_rollover"]


def test_mending_that_takes_the_successor_out_holds_the_clock_first() -> None:
    restored = farm("OLD", "NEW", "EARLIER", servers=(server("adfs1", "OLD", "NEW"), server("adfs2", "EARLIER")))
    made = plan(observe(restored, domain("contoso.com", "OLD", "NEW")), journal=ready_journal(), now=at(1))
    assert actions(made)[:2] == ["suspend_auto_rollover", "repair"]


def test_the_interval_before_retiring_begins_when_every_server_was_seen_with_this_primary() -> None:
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Server

    unseen = farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), Server("adfs2", False, "refused")))
    first = plan(observe(unseen, domain("contoso.com", "NEW", "OLD")), Policy(remove_old_from_entra=True), now=at(6))
    assert first.journal.followed is None
    before = replace(first.journal, followed=("OLD", at(0)))
    seen = plan(observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD")), Policy(remove_old_from_entra=True), before, at(7))
    assert actions(seen) == []
    assert seen.journal.followed == ("NEW", at(7))


def test_two_younger_certificates_on_adfs_are_an_alarm_and_hold_the_clock() -> None:
    seen = observe(farm("OLD", "NEW", "NEWER"), domain("contoso.com", "OLD", "NEWER"), NEWER=key("NEWER", 2, 400))
    made = plan(seen, now=at(3))
    assert "several_successors" in [a.alarm for a in made.alarms]
    assert actions(made)[0] == "suspend_auto_rollover"
    assert "promote" not in actions(plan(seen, Policy(promote="role"), now=at(3)))


def test_the_farms_own_leftover_is_kept_before_any_other_known_certificate() -> None:
    seen = observe(farm("NEW", "OLD"), domain("contoso.com", "STRANGER", "OLD"))
    made = plan(seen, Policy(known_certificates=frozenset({"STRANGER"})), now=at(6))
    assert written(made, "repair") == {"contoso.com": ("NEW", "OLD")}


def test_an_expired_leftover_makes_room_where_adfs_does_not_remove_it_itself() -> None:
    past = {"EARLIER": key("EARLIER", -700, -1)}
    made = plan(observe(farm("OLD", "EARLIER", auto_rollover=False), domain("contoso.com", "OLD"), **past), Policy(auto_rollover=False))
    assert (actions(made), "sync" in guards(made)) == (["remove_from_adfs"], True)  # the servers show it until they follow
    assert actions(plan(observe(farm("OLD", "EARLIER"), domain("contoso.com", "OLD"), **past))) == []


def test_who_holds_the_clock_makes_room_for_what_is_owed_whatever_one_domain_refuses() -> None:
    past = {"EARLIER": key("EARLIER", -700, -1)}
    held = replace(Journal(FARM), auto_rollover_wanted=True, auto_rollover_suspended=True)
    refusing = domain("bad.com", "EARLIER")
    seen = observe(farm("OLD", "EARLIER", auto_rollover=False), domain("contoso.com", "OLD"), refusing, **past)
    policy = Policy(known_certificates=frozenset({"EARLIER"}), refused=frozenset({"bad.com"}))
    made = plan(seen, policy, held, now=at(10))
    assert made.first.owed
    assert actions(made)[0] == "remove_from_adfs"
    # Where the operator, not we, switched it off, nothing is owed, and the broken domain comes first.
    assert "remove_from_adfs" not in actions(plan(seen, replace(policy, auto_rollover=False), now=at(10)))


def test_a_wanted_value_that_nobody_holds_to_any_more_does_not_rule() -> None:
    switched_off = replace(Journal(FARM), auto_rollover_wanted=True)
    made = plan(observe(farm(auto_rollover=False), domain("contoso.com", "OLD")), journal=switched_off)
    assert [a.alarm for a in made.alarms] == ["auto_rollover_off"]
    switched_on = replace(Journal(FARM), auto_rollover_wanted=False)
    assert actions(plan(observe(farm(), domain("contoso.com", "OLD"), **FAR), journal=switched_on)) == []


def test_a_domain_that_refused_the_write_is_not_tried_again_in_the_run() -> None:
    seen = observe(farm("OLD", "NEW"), domain("bad.com", "EARLIER"), domain("contoso.com", "OLD"))
    made = plan(seen, Policy(known_certificates=frozenset({"EARLIER"}), refused=frozenset({"bad.com"})))
    assert written(made, "publish") == {"contoso.com": ("OLD", "NEW")}
    assert "unmended" in guards(made)


def test_everything_that_waits_names_guard_object_and_reason() -> None:
    import re

    from ansible_collections.federation.adfs.plugins.module_utils._renewal import decision

    core = "".join(path.read_text(encoding="utf-8") for path in Path(str(decision.__file__)).parent.glob("*.py"))
    named = set(re.findall(r"Block\(\s*\"(\w+)\"", core))
    documented = (Path(__file__).resolve().parents[5] / "docs/docsite/rst/guide_operator.rst").read_text(encoding="utf-8")
    assert {guard for guard in named if f"``{guard}``" not in documented} == set()


def test_failures_follow_fail_on() -> None:
    seen = observe(farm(), domain("contoso.com", "STRANGER"), **FAR)
    shown = show(plan(seen, Policy(domains_excluded=frozenset({"contoso.com"}))), {k: k for k in KEYS}, {})
    assert [f["fail_on"] for f in shown["failures"]] == ["broken", "unknown_certificate"]
    quiet = show(plan(seen, Policy(domains_excluded=frozenset({"contoso.com"}), fail_on=frozenset())), {k: k for k in KEYS}, {})
    assert quiet["failures"] == []


def test_plan_id_depends_on_what_the_plan_depends_on_and_on_no_time() -> None:
    bodies = {k: k for k in KEYS}
    seen = observe(farm(), domain("contoso.com", "OLD"))
    first = show(plan(seen), bodies, {"preset": "2025"})["plan_id"]
    assert show(plan(seen, now=START + timedelta(hours=1)), bodies, {"preset": "2025", "pause": ""})["plan_id"] == first
    assert show(plan(seen), bodies, {"preset": "2017"})["plan_id"] != first
    other = observe(farm(), domain("contoso.com", "OLD", "EARLIER"))
    assert show(plan(other), bodies, {"preset": "2025"})["plan_id"] != first


@pytest.mark.parametrize(
    ("preset", "auto", "primary_days", "slots", "row", "action"),
    [
        ("2025", True, 200, ("OLD", None), None, "none"),
        ("2025", True, 14, ("STRANGER", None), 2, "update_now"),
        ("2025", False, 34, ("OLD", None), 3, "update_now"),
        ("2017", False, 34, ("OLD", None), None, "none"),
        ("2017", False, 29, ("OLD", None), 3, "update_now"),
        ("2025", True, 200, ("STRANGER", None), None, "update_now"),
    ],
)
def test_decision_table(preset: str, auto: bool, primary_days: int, slots: tuple[str, str | None], row: int | None, action: str) -> None:
    seen = observe(farm(auto_rollover=auto), domain("contoso.com", *slots), OLD=key("OLD", -300, primary_days))
    shown = show(plan(seen, Policy(preset=preset)), {k: k for k in KEYS}, {})
    found = shown["domains"][0]["decision_row"]
    assert (found["row"], found["action"]) == (row, action)


def test_journal_survives_a_round_trip_and_a_bad_one_is_refused() -> None:
    made = plan(observe(farm(), domain("contoso.com", "EARLIER")))
    stored = write_journal(made.journal)
    assert read_journal(stored, FARM) == made.journal
    for spoilt in (
        {**stored, "schema": 2},
        {**stored, "farm": "other"},
        {**stored, "first_seen": 5},
        {"schema": 1},
        {**stored, "scans": {"certificate": "OLD", "at": ["0001-01-01T00:00:00+14:00"]}},
        {**stored, "revision": float("inf")},
    ):
        with pytest.raises(JournalError):
            read_journal(spoilt, FARM)


def test_policy_reads_texts_and_refuses_what_it_does_not_know() -> None:
    policy = read_policy({"renew_before": "45d", "propagation": 2, "pause": "", "known_certificates": ["\u200eaa" + "00" * 19], "promote": None})
    assert (policy.renew_before, policy.propagation, policy.pause) == (timedelta(days=45), timedelta(hours=2), None)
    assert policy.known_certificates == {"AA" + "00" * 19}
    for wrong in ({"promot": "role"}, {"promote": "them"}, {"renew_before": "soon"}, {"windows": [{"start": "x"}]}, {"known_certificates": ["zz"]}):
        with pytest.raises(PolicyError):
            read_policy(wrong)


def test_an_expired_certificate_that_adfs_is_left_to_replace_is_not_held_again_in_the_same_run() -> None:
    play = Play(observe(farm(), domain("contoso.com", "OLD")), now=at(31))
    play.run()
    assert play.done == ["suspend_auto_rollover", "restore_auto_rollover"]
