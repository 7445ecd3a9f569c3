# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned by one playbook run, approved, applied by another, with the sign-in oracle watching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.running import Lab
from playing import ROOT, Run, play

PLAN = ROOT / "playbooks" / "plan_signing_cert.yml"
APPLY = ROOT / "playbooks" / "apply_signing_cert.yml"


def planned(lab: Lab, **variables: Any) -> dict[str, Any]:
    """Plan with the playbook; what it hands on."""
    run = play(lab, PLAN, variables=variables or None)
    assert run.done == [], run.output
    plans = run.kept["stats"].get("renew_signing_cert_plans")
    assert plans, run.output
    return {"renew_signing_cert_plans": plans}


def done(run: Run) -> list[str]:
    return [action["action"] for action in run.done]


def failing(run: Run) -> list[str]:
    return [f["fail_on"] for f in run.result["failures"]]


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def test_what_was_planned_is_applied_hours_later_and_only_once(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    plans = planned(lab)
    assert lab.writes() == []
    lab.advance(hours=6)
    applied = play(lab, APPLY, variables=plans)
    assert (applied.code, done(applied)) == (0, ["generate", "publish"]), applied.output
    again = play(lab, APPLY, variables=plans)
    assert (again.code, done(again), failing(again)) == (2, [], ["approval"])
    assert "it was applied at" in again.messages[-1]
    assert refused(lab) == 0


@pytest.mark.long
def test_after_eight_days_only_what_protects_sign_in_is_done(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    plans = planned(lab)
    lab.advance(days=8)
    late = play(lab, APPLY, variables=plans)
    assert (late.code, "approval" in failing(late)) == (2, True)
    assert "was good until" in late.messages[-1]
    assert "generate" not in done(late)
    assert refused(lab) == 0
