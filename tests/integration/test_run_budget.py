# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints: task headings and lines of the default callback."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.running import Lab
from playing import Run, play

# An option that is not set adds no heading, so these hold whatever is added to the role.
HEADINGS, LINES, SUMMARY, PASS = 10, 50, 12, 8


def headings(run: Run) -> int:
    return sum(line.startswith("TASK [") for line in run.output.splitlines())


def summary(run: Run) -> list[str]:
    lines = run.output.splitlines()
    first = lines.index('    "msg": [') + 1
    return lines[first : lines.index("    ]", first)]


def test_a_run_with_nothing_to_do_is_short(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    play(lab)  # the first run of all notes the farm's keys in the journal
    run = play(lab)
    assert run.code == 0 and not run.done, run.output
    assert headings(run) <= HEADINGS, run.output
    assert len(run.output.splitlines()) <= LINES, run.output
    assert len(summary(run)) <= SUMMARY


@pytest.mark.parametrize("scenario", ["mismatch", "expiring"])
def test_each_further_pass_adds_little(scenario: str, start: Callable[..., Lab]) -> None:
    run = play(start(scenario))
    assert run.code == 0 and run.done, run.output
    assert headings(run) <= HEADINGS + PASS * len(run.done), run.output
    assert "WARNING" not in run.output
