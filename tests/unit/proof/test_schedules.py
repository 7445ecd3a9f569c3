# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewals lived through by the clock: a part of them, each schedule and incident among it (``make prove`` lives through all)."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.append(str(TESTS))  # ansible-test knows only tests/unit

from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy  # noqa: E402
from proof.schedules import INCIDENTS, POLICIES, SCHEDULES, WITHOUT, Incident, Schedule, live, lives  # noqa: E402 - found only after the lines above

QUICK = {name: life for name, *life in lives(quick=True)}


@pytest.mark.parametrize("name", QUICK)
def test_every_promise_about_time_is_kept(name: str) -> None:
    schedule, policy, incident, phase = QUICK[name]
    assert isinstance(schedule, Schedule) and isinstance(policy, Policy) and isinstance(incident, Incident) and isinstance(phase, timedelta)
    lived = live(schedule, policy, incident, phase)
    assert not lived.broken, "\n".join((*lived.broken, *lived.trace))


@pytest.mark.parametrize("name", WITHOUT)
def test_without_the_rule_a_promise_is_broken(name: str) -> None:
    assert WITHOUT[name].lived().broken == []
    assert any(WITHOUT[name].broken in line for line in WITHOUT[name].without())


def test_every_schedule_policy_and_incident_is_among_those_that_are_lived_through_here() -> None:
    for part, names in enumerate((SCHEDULES, POLICIES, INCIDENTS)):
        assert {name.split("; ")[part] for name in QUICK} == set(names)
