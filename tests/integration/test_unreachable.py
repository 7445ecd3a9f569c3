# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that Ansible cannot reach, from any task of a run on: the run still tells what it did, keeps its result, and fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play

ROLE: dict[str, Any] = {"renew_signing_cert_promote": "role"}
MOST_TASKS = 20  # of one run, on the server


def gone_after(lab: Lab, tasks: int) -> Run:
    """Run with a server that takes no further connection once so many tasks had one."""
    lab.fault(surface="winrm", operation="Create", skip=tasks, count=-1, do={"kind": "drop"})
    run = play(lab, variables=ROLE)
    lab.clear_faults()
    return run


def _told(run: Run) -> None:
    assert run.code != 0, run.output
    assert run.kept["unreachable"], run.output
    for words in ("Traceback", "is undefined", "has no attribute"):
        assert words not in run.output, run.output
    assert len(run.kept["failures"]) == 1, run.messages  # the role's own, at its end
    assert run.kept["failures"][0]["message"] in run.kept["unreachable"][0]["message"], run.messages
    assert run.result["failures"] and run.summary, run.output
    assert f'"{run.summary[0]}' in run.output


def test_a_server_out_of_reach_at_the_first_scan_leaves_summary_and_result(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    run = gone_after(lab, 0)
    _told(run)
    assert len(run.kept["unreachable"]) == 1, run.output
    assert run.summary[0].startswith("Act: the run broke off: "), run.summary
    assert run.done == [] and lab.writes() == []


@pytest.mark.long
def test_a_server_that_goes_out_of_reach_at_any_task_leaves_summary_and_result(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    done = []
    for tasks in range(1, MOST_TASKS):
        run = gone_after(lab, tasks)
        if run.code == 0:
            break
        _told(run)
        done += [act["action"] for act in run.done]
        lab.advance(minutes=16)  # the lock of a run that was cut off has lapsed by then
    else:
        raise AssertionError(f"no run came through with {MOST_TASKS} tasks: {run.output}")
    assert tasks > 2
    assert {"suspend_auto_rollover", "generate", "publish"} <= set(done + [act["action"] for act in run.done])


@pytest.mark.long
def test_a_last_note_that_cannot_be_written_fails_a_run_that_had_nothing_else_to_do(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    run = gone_after(lab, 1)  # the first run of all scans, and notes the farm's keys in the journal
    assert run.code != 0 and run.result["state"] == "steady", run.output
    assert run.messages[0] == run.messages[1], run.messages
    assert play(lab).code == 0
