# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some domains before the others, and only so many at once, as long as there is time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.forecast import forecast
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, Scans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, PolicyError, read_policy

from .world import FARM, actions, at, domain, farm, guards, observe, plan

LETTERS = tuple("abcde")
POLICY = Policy(first_domains=frozenset({"c.com"}), domains_per_pass=2)


def daily(now: float = 0.0) -> Journal:
    """The journal of a farm whose runs come each day."""
    return Journal(FARM, scans=Scans("OLD", tuple(at(now - back) for back in (3, 2, 1))))


def seen(*domains: Domain, **more: object) -> Observation:
    """A farm whose successor was made just now, with five domains that do not know it."""
    return observe(farm("OLD", "NEW", **more), *(domains or (domain(f"{x}.com", "OLD") for x in LETTERS)))


def passes(made: Plan, action: str = "publish") -> list[list[str]]:
    """Which domains each act writes."""
    return [[w.domain.name for w in step.act.writes] for step in made.steps if step.act.action == action]


def test_the_first_come_alone_and_the_others_so_many_at_a_time() -> None:
    assert passes(plan(seen(), POLICY, daily())) == [["c.com"], ["a.com", "b.com"], ["d.com", "e.com"]]
    assert passes(plan(seen(), Policy(domains_per_pass=4), daily())) == [["a.com", "b.com", "c.com", "d.com"], ["e.com"]]
    assert passes(plan(seen())) == [["a.com", "b.com", "c.com", "d.com", "e.com"]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"refused": frozenset({"c.com"})}, "c.com was not written"),
        ({"first_domains": frozenset({"typo.com"})}, "typo.com is not among the domains"),
    ],
)
def test_others_wait_for_the_first_as_long_as_there_is_time(change: dict[str, object], words: str) -> None:
    policy = replace(POLICY, **change)
    early = plan(seen(), policy, daily())
    assert passes(early) == [] and "first_domains" in guards(early)
    (block,) = [b for b in early.blocks if b.condition == "first_domains"]
    assert words in block.reason and block.until is None
    # AD FS promotes five days after it made the successor. 26 hours to be known, and two runs a day apart: from then on all at once.
    late = [passes(plan(seen(), policy, daily(days), at(days))) for days in (1.4, 2.0, 3.0, 4.9)]
    assert late[0] == []
    everybody = [name for name in "abcde" if f"{name}.com" not in policy.refused]
    assert all(made == [[f"{name}.com" for name in everybody]] for made in late[1:])


def test_as_long_as_it_is_not_known_how_often_runs_come_nothing_waits() -> None:
    assert passes(plan(seen(), POLICY)) == [[f"{x}.com" for x in LETTERS]]


def test_a_forecast_knows_how_many_runs_it_takes() -> None:
    many = observe(farm("OLD", "NEW"), *(domain(f"d{n}.com", "OLD") for n in range(12)))
    at_once, slowly = (plan(many, policy, daily()) for policy in (Policy(), Policy(domains_per_pass=1)))
    assert [len(write) for write in passes(slowly)] == [1] * 10
    begun = [[e for e in forecast(made.first, True).attended if e.kind == "publish"] for made in (at_once, slowly)]
    assert [len(e.domains) for e in begun[0]][:1] == [12]
    # Ten passes now, and the rest one run later.
    assert [len(e.domains) for e in begun[1]][:11] == [1] * 11
    assert begun[1][9].latest < begun[1][10].latest


def test_a_first_domain_that_cannot_be_read_is_waited_for_and_an_excluded_one_is_not() -> None:
    domains = [domain(f"{x}.com", "OLD") for x in LETTERS]
    domains[2] = replace(domains[2], error="forbidden")
    unread = plan(seen(*domains), POLICY, daily())
    assert passes(unread) == [] and "first_domains" in guards(unread)
    assert passes(plan(seen(), replace(POLICY, domains_excluded=frozenset({"c.com"})), daily())) == [["a.com", "b.com"], ["d.com", "e.com"]]


def test_a_held_clock_a_repair_and_an_emergency_know_no_limit() -> None:
    everybody = [[f"{x}.com" for x in LETTERS]]
    held = Journal(FARM, auto_rollover_wanted=True)
    assert passes(plan(seen(auto_rollover=False), replace(POLICY, auto_rollover=True), held)) == everybody
    broken = observe(farm("OLD"), *(domain(f"{x}.com", "EARLIER") for x in LETTERS))
    assert passes(plan(broken, replace(POLICY, known_certificates=frozenset({"EARLIER"}))), "repair") == everybody
    stolen = replace(POLICY, compromised=frozenset({"OLD"}))
    assert passes(plan(seen(), stolen)) == everybody


def test_order_and_removal_follow_the_same_rule() -> None:
    promoted = observe(farm("NEW", "OLD"), *(domain(f"{x}.com", "OLD", "NEW") for x in LETTERS))
    assert passes(plan(promoted, POLICY, now=at(6)), "reorder") == [["c.com"], ["a.com", "b.com"], ["d.com", "e.com"]]
    stuck = plan(promoted, replace(POLICY, refused=frozenset({"c.com"})), now=at(6))
    assert passes(stuck, "reorder") == [] and "first_domains" in guards(stuck)


def test_a_pilot_alone_never_lets_the_successor_sign() -> None:
    ready = [domain("c.com", "OLD", "NEW"), *(domain(f"{x}.com", "OLD") for x in "abde")]
    policy = replace(POLICY, promote="role", auto_rollover=False, refused=frozenset(f"{x}.com" for x in "abde"))
    made = plan(seen(*ready, auto_rollover=False), policy, now=at(1))
    assert "promote" not in actions(made)


def test_a_negative_number_is_refused_and_nought_stands_for_all() -> None:
    assert read_policy({"domains_per_pass": "0"}) == Policy()
    with pytest.raises(PolicyError, match="domains_per_pass must be 0"):
        read_policy({"domains_per_pass": -1})
