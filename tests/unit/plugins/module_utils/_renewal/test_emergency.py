# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stolen keys: the order of the acts for both priorities, what is never kept, and what is reported."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, Play, domain, farm, guards, key, observe, remembered, server

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import read_journal, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Observation, Thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy

STOLEN = Policy(compromised=frozenset({"OLD"}))
AT_ONCE = replace(STOLEN, emergency_priority="containment")
FAR = {"OLD": key("OLD", -100, 265)}


def two_domains(*certificates: str) -> Observation:
    return observe(farm("OLD", *certificates), domain("contoso.com", "OLD", "EARLIER"), domain("fabrikam.com", "OLD"), **FAR)


def shown(play: Play, policy: Policy) -> dict[str, object]:
    bodies = {k: k for k in play.seen.keys}
    return show(play.run(policy), bodies, {})


def test_availability_first_makes_a_fresh_key_known_before_it_signs_and_evicts_afterwards() -> None:
    play = Play(two_domains())
    waiting = play.run(STOLEN)
    assert play.done == ["suspend_auto_rollover", "generate", "publish"]
    assert play.slots == {"contoso.com": ("OLD", "BORN1"), "fabrikam.com": ("OLD", "BORN1")}
    assert waiting.first.state == "emergency"
    assert {"propagation", "sync"} <= guards(waiting)
    play.servers_follow()
    play.wait(1.5, STOLEN)
    assert play.done == ["promote"]
    play.servers_follow("adfs1")
    assert "sync" in guards(play.run(STOLEN))
    assert play.done == []  # adfs2 signs with the stolen key still
    play.servers_follow()
    watching = play.run(STOLEN)
    assert play.done == ["evict", "remove_from_adfs", "restore_auto_rollover"]
    assert play.slots == {"contoso.com": ("BORN1", "BORN1"), "fabrikam.com": ("BORN1", "BORN1")}
    assert play.seen.farm.certificates == {"BORN1"}
    assert guards(watching) >= {"sync"}  # servers publish the stolen key until they follow
    play.servers_follow()
    assert "eviction_watch" in guards(play.run(STOLEN))
    after = play.wait(2, STOLEN)
    assert (play.done, after.first.state) == ([], "steady")


def test_containment_first_evicts_before_it_promotes() -> None:
    play = Play(two_domains())
    play.run(AT_ONCE)
    assert play.done[:4] == ["suspend_auto_rollover", "generate", "evict", "promote"]
    assert set(play.slots.values()) == {("BORN1", "BORN1")}
    play.servers_follow()
    play.run(AT_ONCE)
    play.servers_follow()
    play.wait(2, AT_ONCE)
    assert play.seen.farm.certificates == {"BORN1"}
    assert play.seen.farm.auto_rollover


@pytest.mark.parametrize(("thresholds", "left", "made"), [(Thresholds(promotion=timedelta(0)), 6, False), (Thresholds(promotion=timedelta(0)), 5, True)])
@pytest.mark.parametrize("policy", [STOLEN, AT_ONCE])
def test_where_adfs_might_promote_at_once_availability_waits_until_the_new_key_has_to_be_made(
    thresholds: Thresholds, left: float, made: bool, policy: Policy
) -> None:
    seen = observe(farm("OLD", thresholds=thresholds), domain("contoso.com", "OLD"), OLD=key("OLD", -300, left))
    play = Play(seen)
    plan = play.run(policy)
    assert ("generate" in play.done) is (made or policy is AT_ONCE)
    assert ("critical_threshold" in guards(plan)) is not ("generate" in play.done)


@pytest.mark.parametrize("left", [4, 2.9, 2.1])
def test_a_key_that_is_stolen_in_its_last_days_gets_a_successor_all_the_same(left: float) -> None:
    play = Play(observe(farm("OLD"), domain("contoso.com", "OLD"), OLD=key("OLD", -300, left)))
    play.run(STOLEN)
    assert "generate" in play.done and play.slots == {"contoso.com": ("OLD", "BORN1")}


def test_a_waiting_successor_is_stolen_too() -> None:
    play = Play(two_domains("NEW"))
    play.run(STOLEN)
    assert play.done[:3] == ["suspend_auto_rollover", "remove_from_adfs", "generate"]
    assert "NEW" not in play.seen.farm.certificates


@pytest.mark.parametrize("policy", [STOLEN, AT_ONCE])
def test_a_strange_certificate_in_a_domain_counts_as_stolen(policy: Policy) -> None:
    play = Play(observe(farm("OLD"), domain("contoso.com", "OLD", "STRANGER"), **FAR))
    play.run(policy)
    assert play.journal.emergency is not None
    assert "STRANGER" in play.journal.emergency.keys
    assert "STRANGER" not in play.slots["contoso.com"]


def test_a_renewed_certificate_with_the_same_key_is_stolen_as_well() -> None:
    same_key = replace(key("RENEWED", -10, 300), public_key="P-OLD")
    seen = observe(farm("RENEWED"), domain("contoso.com", "RENEWED", "OLD"), OLD=replace(FAR["OLD"], public_key="P-OLD"), RENEWED=same_key)
    play = Play(seen)
    play.run(AT_ONCE)
    assert "RENEWED" not in play.slots["contoso.com"]


def test_a_stolen_key_that_comes_back_is_evicted_again() -> None:
    play = Play(two_domains())
    play.run(AT_ONCE)
    play.servers_follow()
    play.run(AT_ONCE)
    play.servers_follow()
    play.wait(3, AT_ONCE)
    copied = tuple(replace(d, slots=replace(d.slots, next="OLD")) for d in play.seen.domains)
    play.seen = replace(play.seen, domains=copied)
    play.run(Policy())  # even after the variable is gone
    assert play.done == ["evict"]
    assert set(play.slots.values()) == {("BORN1", "BORN1")}


@pytest.mark.parametrize(("refused", "second"), [({"equal"}, None), ({"equal", "empty"}, "BORN2")])
def test_what_entra_refuses_is_tried_another_way(refused: set[str], second: str | None) -> None:
    play = Play(two_domains())
    policy = replace(AT_ONCE, eviction_forms_refused=frozenset(refused))
    for _run in range(3):
        play.run(policy)
        play.servers_follow()
    assert set(play.slots.values()) == {("BORN1", second)}
    play.run(AT_ONCE)
    assert "evict" not in play.done  # what is there is good
    assert not [a for a in play.run(AT_ONCE).alarms if a.alarm == "unknown_certificate"]


def test_what_cannot_be_evicted_is_named_and_fails_the_run() -> None:
    seen = two_domains()
    play = Play(seen)
    policy = replace(AT_ONCE, domains_excluded=frozenset({"fabrikam.com"}))
    plan = shown(play, policy)
    assert [(b["condition"], b["object"]) for b in plan["blocked_by"] if b["condition"] == "unevicted"] == [("unevicted", "fabrikam.com")]
    assert "emergency" in [f["fail_on"] for f in plan["failures"]]
    # The servers still sign with the stolen key, which contoso.com does not accept any more; fabrikam.com does not know the fresh one.
    assert plan["emergency"]["sign_in_gap"]["domains_without_sign_in"] == ["contoso.com", "fabrikam.com"]


def test_containment_and_the_gap_are_reported_apart() -> None:
    quick, careful = shown(Play(two_domains()), AT_ONCE)["emergency"], shown(Play(two_domains()), STOLEN)["emergency"]
    assert quick["containment"]["planned_hours"] < careful["containment"]["planned_hours"]
    assert careful["sign_in_gap"]["planned_hours"] == 0 < quick["sign_in_gap"]["planned_hours"]
    assert quick["evicted_at"] is not None and careful["evicted_at"] is None


def test_custom_certificates_need_a_person() -> None:
    own = {"OLD": key("OLD", -100, 265, self_signed=False)}
    play = Play(observe(farm("OLD", auto_rollover=False), domain("contoso.com", "OLD"), **own))
    assert "custom_certificate" in guards(play.run(AT_ONCE))
    fresh = key("FRESH", -1, 360, self_signed=False)
    play.seen = replace(
        play.seen,
        farm=replace(play.seen.farm, certificates=frozenset({"OLD", "FRESH"}), servers=(server("adfs1", "OLD", "FRESH"), server("adfs2", "OLD", "FRESH"))),
        keys={**play.seen.keys, "FRESH": fresh},
    )
    play.run(AT_ONCE)
    assert play.done == ["evict", "promote"]
    assert play.slots == {"contoso.com": ("FRESH", "FRESH")}


def test_a_thumbprint_that_nobody_holds_is_said_and_nothing_is_done() -> None:
    play = Play(two_domains())
    made = play.run(Policy(compromised=frozenset({"ELSEWHERE"})))
    assert (play.done, made.first.emergency) == ([], False)
    assert "compromised_unknown" in [a.alarm for a in made.alarms]


def test_a_stolen_key_of_another_farm_is_nothing_to_this_one() -> None:
    seen = observe(farm("OLD"), domain("contoso.com", "OLD"), domain("elsewhere.com", "STRANGER", sign_in_host="sts.elsewhere.com"), **FAR)
    play = Play(seen)
    made = play.run(Policy(compromised=frozenset({"STRANGER"})))
    assert (play.done, made.first.emergency) == ([], False)


def test_a_stolen_key_that_only_a_domain_holds_is_removed_and_no_emergency_of_the_farm() -> None:
    play = Play(observe(farm("OLD"), domain("contoso.com", "OLD", "STRANGER"), domain("fabrikam.com", "OLD"), **FAR))
    assert not play.run(Policy(compromised=frozenset({"STRANGER"}))).first.emergency
    assert play.done == ["remove_from_entra"]
    assert play.slots == {"contoso.com": ("OLD", None), "fabrikam.com": ("OLD", None)}
    assert play.seen.farm.certificates == {"OLD"}


def test_a_key_that_the_farm_used_earlier_makes_all_of_its_keys_suspect() -> None:
    play = Play(observe(farm("OLD"), domain("contoso.com", "OLD", "EARLIER"), **FAR))
    play.journal = replace(play.journal, own=remembered("EARLIER", "OLD"))
    play.run(Policy(compromised=frozenset({"EARLIER"}), emergency_priority="containment"))
    assert play.slots == {"contoso.com": ("BORN1", "BORN1")}


def test_broken_sign_in_is_mended_while_a_person_gets_the_fresh_certificate() -> None:
    own = {"OLD": key("OLD", -100, 265, self_signed=False)}
    play = Play(observe(farm("OLD", auto_rollover=False), domain("contoso.com", "EARLIER"), **own))
    made = play.run(STOLEN)
    assert play.done == ["repair"]
    assert play.slots["contoso.com"][0] == "OLD"
    assert "custom_certificate" in guards(made)


def test_a_hold_of_an_earlier_rollback_does_not_stop_it() -> None:
    play = Play(two_domains())
    play.journal = replace(play.journal, pause=play.now)
    play.run(AT_ONCE)
    assert "evict" in play.done


def test_the_journal_remembers_the_theft() -> None:
    play = Play(two_domains())
    play.run(STOLEN)
    assert play.journal.emergency is not None
    assert read_journal(write_journal(play.journal), FARM) == play.journal
