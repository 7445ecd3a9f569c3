# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in which an act fails: the summary is shown, the result set, and the lock given back, whatever it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.running import Lab
from playing import play

PATCH = {"surface": "graph_item", "operation": "patch_configuration", "do": {"kind": "status", "status": 409}}


@dataclass(frozen=True)
class Case:
    """``fault``: what fails. ``before``: what is done all the same. ``variables``: of the run."""

    scenario: str
    fault: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    before: tuple[str, ...] = ()


CASES = {
    "publish": Case("expiring", PATCH, before=("generate",)),
    "repair": Case("mismatch", PATCH),
}


@pytest.mark.parametrize("act", [pytest.param(name, marks=[pytest.mark.long] if name != "repair" else []) for name in CASES])
def test_the_run_ends_with_summary_result_and_without_the_lock(act: str, start: Callable[..., Lab]) -> None:
    case = CASES[act]
    lab = start(case.scenario)
    lab.fault(**case.fault, count=-1)
    run = play(lab, variables=case.variables)
    assert run.code == 2, run.output
    assert [a["action"] for a in run.done] == list(case.before), run.output
    assert "Next run: " in run.output
    assert len(run.messages) == 1 and "refused" in [f["fail_on"] for f in run.result["failures"]]
    lab.clear_faults()
    # Nobody has to wait for a lock: the next run, right after, does what this one could not.
    following = play(lab, variables=case.variables)
    assert act in [a["action"] for a in following.done], following.output
