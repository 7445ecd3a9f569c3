# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From every state of a renewal: the runs end with hand_back, and AD FS goes on by itself; or the renewal is rolled back."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from lab.cmdlet_state import StandingClock
from lab.world import World
from year.days import START
from year.inside import Inside
from year.years import DAY

# In this scenario the certificate ends after so many days; the renewal begins 30 days before that and is over 15 days before it.
SCENARIO = "expiring"
LATER = 45
POLICIES: dict[str, dict[str, Any]] = {
    "AD FS promotes": {},
    "the role promotes": {"promote": "role"},
    "nobody promotes": {"promote": "never"},
    "paused": {"pause": True},
    "rolled back": {"rollback": True},
}
AFTER_DAYS = (0, 1, 2, 5, 6, 7, 9, 14, 16)


def begun(policy: dict[str, Any], days: int) -> tuple[World, Inside]:
    """A renewal with daily runs that are now so many days old. A pause or a rollback comes with the last of them."""
    world = World(SCENARIO, None, StandingClock(START))
    world.changed()
    last = bool(policy.get("pause") or policy.get("rollback"))
    inside = Inside(world, {} if last else dict(policy))
    for day in range(days + 1):
        if day:
            world.advance(DAY, looks_every=DAY)
        if day == days:
            inside.policy = dict(policy)
        inside.run()
        world.changed()
    return world, inside


def refused(world: World) -> set[tuple[str, str, str]]:
    """On which days which domain was refused the token of which server."""
    return {(found["time"][:10], found["domain"], found["node"]) for found in world.oracle.report()["refusals"]}


def live_on(world: World) -> None:
    """Until well after the certificate ended, with no more runs."""
    while world.clock.now() < START + LATER * DAY:
        world.advance(DAY, looks_every=DAY)


@cache
def refused_without_us() -> set[tuple[str, str, str]]:
    """What the same farm loses when nobody ever runs anything."""
    world = World(SCENARIO, None, StandingClock(START))
    world.changed()
    live_on(world)
    return refused(world)


def hand_back(world: World, inside: Inside) -> dict[str, Any]:
    """Runs with hand_back until one does not fail for it; the last plan."""
    inside.policy = {"hand_back": True}
    for _run in range(4):
        _done, plan = inside.run()
        world.changed()
        if "hand_back" not in [f["fail_on"] for f in plan["run"]["failures"]]:
            return plan
        world.advance(DAY, looks_every=DAY)
    raise AssertionError(f"not handed back: {plan['run']['failures']}")


# One state stands for the others in `make test`.
STATES = [pytest.param(p, d, marks=[] if (p, d) == ("the role promotes", 5) else pytest.mark.long) for p in POLICIES for d in AFTER_DAYS]


@pytest.mark.parametrize(("policy", "days"), STATES)
def test_adfs_goes_on_by_itself_from_every_state(policy: str, days: int) -> None:
    world, inside = begun(POLICIES[policy], days)
    plan = hand_back(world, inside)
    assert world.farms[0].auto_certificate_rollover
    assert [a["reason"] for a in plan["run"]["alarms"] if a["alarm"] == "hand_back"]
    writes = len([entry for entry in world.log.entries() if entry["write"]])
    live_on(world)
    assert len([entry for entry in world.log.entries() if entry["write"]]) == writes
    assert world.oracle.report()["accepted"] > 0
    if len(plan["farm"]["certificates"]) > 1:
        assert world.oracle.report()["refused"] == 0
    else:  # without a successor AD FS makes and promotes one later, and nobody publishes it
        assert set() < refused(world) <= refused_without_us()


@pytest.mark.parametrize(("policy", "days"), [s for s in STATES if s.values[0] not in ("paused", "rolled back")])
def test_a_rollback_from_every_state_loses_nothing_or_says_what_stops_it(policy: str, days: int) -> None:
    world, inside = begun(POLICIES[policy], days)
    before = world.built.certificates["current"].thumbprint
    inside.policy = {**POLICIES[policy], "rollback": True}
    for _day in range(3):
        _done, plan = inside.run()
        world.changed()
        world.advance(DAY, looks_every=DAY)
    # Before the promotion the successor is gone, after it the earlier certificate signs again; or a condition is named.
    back = len(plan["farm"]["certificates"]) == 1 or plan["farm"]["primary"] == before
    assert back or plan["blocked_by"], plan["state"]
    assert world.oracle.report()["refused"] == 0
