# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback: before the promotion, after it, after the old certificate left the domains, and what holds it back."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, START, Play, domain, farm, guards, key, observe, remembered, server

from ansible_collections.federation.adfs.plugins.module_utils._renewal.failures import failures
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Backup, Journal, read_journal, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, PolicyError, Span, read_policy

BACK = Policy(rollback=True)
US = Policy(promote="role")


def test_before_the_promotion_the_clock_is_held_and_the_successor_leaves_adfs() -> None:
    play = Play(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW")))
    made = play.run(BACK)
    assert play.done == ["suspend_auto_rollover", "remove_from_adfs"]
    assert play.seen.farm.certificates == {"OLD"}
    assert made.first.state == "paused"
    # Nobody has a use for the successor's key any more, and a member is emptied only where that is asked for.
    assert play.slots == {"contoso.com": ("OLD", "NEW")}


def test_what_the_successor_displaced_is_written_back() -> None:
    earlier = Journal(FARM, backups={"tenant/contoso.com": (Backup(START - timedelta(days=3), Slots("OLD", "EARLIER")),)}, own=remembered("EARLIER"))
    play = Play(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW")), earlier)
    play.run(BACK)
    assert play.done == ["suspend_auto_rollover", "remove_from_adfs", "publish"]
    assert play.slots == {"contoso.com": ("OLD", "EARLIER")}


def test_a_rollback_is_done_once_and_holds_until_the_operator_lifts_it() -> None:
    play = Play(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW")))
    play.run(BACK)
    play.servers_follow()
    play.wait(3, BACK)
    assert play.done == []
    play.wait(1, Policy())  # the variable is gone, the hold is not
    assert play.done == []
    assert not play.seen.farm.auto_rollover
    play.run(replace(US, pause=False))
    assert play.done[:1] == ["generate"]
    assert play.journal.rollback is not None and play.journal.rollback.lifted


def test_a_rollback_that_is_done_is_a_pause_and_no_failure_before_the_last_call_comes_near() -> None:
    play = Play(observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD")))
    play.run(BACK)
    play.servers_follow()
    play.wait(2, BACK)
    made = play.run(BACK)
    assert play.seen.farm.primary == "OLD" and made.first.clock_held
    assert "no_successor" not in guards(made)
    assert [f["fail_on"] for f in failures(made.first)] == []


def test_after_the_promotion_the_earlier_certificate_signs_again_once_it_is_known_everywhere() -> None:
    play = Play(observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD")))
    waiting = play.run(BACK)
    assert play.done == []
    assert "propagation" in guards(waiting)  # nobody knows how long the old one has been there without a gap
    play.wait(1.5, BACK)
    assert play.done == ["suspend_auto_rollover", "promote"]
    assert play.seen.farm.primary == "OLD"
    play.servers_follow()
    later = play.wait(10, BACK)
    assert play.done == []  # neither promoted again nor taken out of AD FS
    assert later.first.state == "paused"
    assert not play.seen.farm.auto_rollover


def promoted_too_early(*more: Domain) -> Play:
    """Somebody made NEW primary an hour after it was published, where Entra has known OLD for days."""
    play = Play(observe(farm("OLD", auto_rollover=False), domain("contoso.com", "OLD"), *more), remembering("OLD"))
    play.wait(3, Policy(auto_rollover=False, promote="never"))
    keys = {**play.seen.keys, "NEW": key("NEW", 3, 368)}
    play.seen = replace(play.seen, keys=keys, farm=replace(play.seen.farm, certificates=frozenset({"OLD", "NEW"})))
    play.servers_follow()
    play.run(US)
    assert play.done == ["publish"]
    play.now += timedelta(hours=1)
    play.seen = replace(play.seen, farm=replace(play.seen.farm, primary="NEW"))
    play.servers_follow()
    return play


def remembering(*names: str) -> Journal:
    return Journal(FARM, own=remembered(*names))


def test_going_back_helps_at_once_where_the_successor_signs_before_entra_has_it_everywhere() -> None:
    play = promoted_too_early()
    made = play.run(BACK)
    assert play.done == ["promote"], guards(made)
    assert play.seen.farm.primary == "OLD"


def test_a_domain_that_accepts_neither_certificate_does_not_hold_going_back() -> None:
    play = promoted_too_early(domain("fabrikam.com", "STRANGE", can_write=False))
    made = play.run(BACK)
    assert play.done == ["promote"], guards(made)


def test_a_domain_that_accepts_only_the_newer_certificate_holds_going_back() -> None:
    play = promoted_too_early(domain("fabrikam.com", "OLD", "NEW", can_write=False))
    play.seen = replace(play.seen, domains=tuple(replace(d, slots=Slots("NEW", None)) if d.name == "fabrikam.com" else d for d in play.seen.domains))
    made = play.run(BACK)
    assert play.done == []
    assert "unpublished" in guards(made)


def test_going_back_waits_for_every_server() -> None:
    seen = observe(farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), server("adfs2", "NEW"))), domain("contoso.com", "NEW", "OLD"))
    play = Play(seen)
    made = play.wait(3, BACK)
    assert play.done == []
    assert "sync" in guards(made)


def test_a_retired_certificate_is_published_again_first() -> None:
    play = Play(observe(farm("NEW", "OLD"), domain("contoso.com", "NEW"), domain("fabrikam.com", "NEW", "OLD")))
    play.run(BACK)
    assert play.done == ["publish"]
    assert play.slots["contoso.com"] == ("NEW", "OLD")
    play.wait(2, BACK)
    assert play.done == ["suspend_auto_rollover", "promote"]


def test_there_may_be_nothing_to_go_back_to() -> None:
    made = Play(observe(farm("NEW"), domain("contoso.com", "NEW"))).run(BACK)
    assert "rollback" in guards(made)


def test_a_certificate_that_ends_soon_does_not_sign_again() -> None:
    seen = observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD"), OLD=key("OLD", -363, 2))
    assert "validity" in guards(Play(seen).run(BACK))


def test_a_server_that_signs_with_the_successor_keeps_it_in_adfs() -> None:
    seen = observe(farm("OLD", "NEW", servers=(server("adfs1", "OLD", "NEW"), server("adfs2", "NEW", "OLD"))), domain("contoso.com", "OLD", "NEW"))
    play = Play(seen)
    made = play.run(BACK)
    assert "remove_from_adfs" not in play.done
    assert "sync" in guards(made)


def test_a_rollback_obeys_a_freeze_but_holds_the_clock_in_it() -> None:
    frozen = replace(BACK, freezes=(Span(START - timedelta(days=1), START + timedelta(days=1)),))
    play = Play(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW")))
    made = play.run(frozen)
    assert play.done == ["suspend_auto_rollover"]
    assert "window" in guards(made)


def test_broken_domains_are_mended_first() -> None:
    play = Play(observe(farm("NEW", "OLD"), domain("contoso.com", "OLD")))
    play.run(BACK)
    assert play.done == ["repair"]
    assert play.slots == {"contoso.com": ("NEW", "OLD")}


def test_the_journal_remembers_it() -> None:
    play = Play(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW")))
    play.run(BACK)
    assert play.journal.rollback is not None
    assert read_journal(write_journal(play.journal), FARM) == play.journal


@pytest.mark.parametrize(
    "given",
    [
        {"rollback": True, "pause": False},
        {"rollback": True, "compromised": ["A9993E364706816ABA3E25717850C26C9CD0D89D"]},
        {"pause": True, "compromised": ["A9993E364706816ABA3E25717850C26C9CD0D89D"]},
    ],
)
def test_contradictions_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(PolicyError, match="give one of them"):
        read_policy(given)
