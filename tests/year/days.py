# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A year day by day in one process."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from lab.cmdlet_state import StandingClock
from lab.farm import TOKEN_SIGNING
from lab.world import World
from year.inside import Inside
from year.years import DAY, DAYS, Record, Year, kinds, needs_a_hand

START = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)


def live_through(year: Year, days: int = DAYS, switches: dict[str, Any] | None = None, runs: bool = True, first: int = 0) -> Record:
    """Let the year pass, with a run of the role a day from the day ``first`` on. ``runs``: False for a year in which nobody does anything.

    The operator restarts servers that the plan names as behind, where that is what they need.
    """
    world = World(year.path, switches, StandingClock(START))
    world.changed()
    inside = Inside(world, year.policy(START, world.built.variables))
    record, waiting = Record(primaries=[_primary(world)]), list(year.by_hand)
    for day in range(days + 1):
        if day:
            world.advance(DAY, looks_every=DAY)
        if runs and day >= first:
            done, plan = inside.run()
            world.changed()
            record.runs += 1
            if done:
                record.acts[day] = done
            if needs_a_hand(plan) and waiting:
                record.hands.append(day)
                world.node().add_adfs_certificate(TOKEN_SIGNING, world.built.certificates[waiting.pop(0)].thumbprint)
            _restart_those_behind(world, plan)
        if _primary(world) != record.primaries[-1]:
            record.primaries.append(_primary(world))
    signins = world.oracle.report()
    record.accepted, record.refused, record.unanswered = signins["accepted"], signins["refused"], signins["unanswered"]
    record.writes = kinds(world.log.entries())
    described = world.tenant.describe()["domains"]
    record.slots = {d["domain"]: (d["configured"]["signing"], d["configured"]["next"]) for d in described if d["configuration_id"]}
    return record


def _restart_those_behind(world: World, plan: dict[str, Any]) -> None:
    if not world.farms[0].switches["restart_needed_after_manual_promotion"]:
        return
    for server in plan["farm"]["servers"]:
        if server["primary"] != plan["farm"]["primary"]:
            world.node(server["name"]).restart_service()
    world.changed()


def _primary(world: World) -> str:
    primary = world.farms[0].configuration.primary(TOKEN_SIGNING)
    if primary is None:
        raise RuntimeError("AD FS has no primary token-signing certificate")
    return primary.thumbprint
