# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole renewal with promotion by the role, in which every run dies one remote call later than the one before.

Dying means that from that call on nothing answers any more. What was sent has been carried out, but nobody was told.
"""

from __future__ import annotations

from typing import Any

from lab.running import Lab
from playing import Run, play

OURS: dict[str, Any] = {"renew_signing_cert_promote": "role"}
MOST_CALLS = 30  # of one run
# To wait after: generating and publishing, the stamps, one more look, promoting, giving back.
WAITS: tuple[dict[str, float], ...] = ({"hours": 20}, {"hours": 8}, {"hours": 1}, {"minutes": 20}, {"minutes": 30})


def signers(lab: Lab) -> set[str]:
    """Return the certificates that the servers sign with."""
    return {
        c["thumbprint"]
        for node in lab.state()["farms"][0]["nodes"]
        for c in node["certificates"]
        if c["is_primary"] and c["certificate_type"] == "Token-Signing"
    }


def dying_runs(lab: Lab, surface: str, operation: str) -> tuple[int, Run]:
    """Run until one comes through, each with one call more than the last; return how many died, and the one that did not."""
    for calls in range(1, MOST_CALLS):
        lab.fault(surface=surface, operation=operation, skip=calls, count=-1, do={"kind": "drop"})
        run = play(lab, variables=OURS)
        lab.clear_faults()
        if run.code == 0:
            return calls - 1, run
        assert "Traceback" not in run.output
        assert run.messages or run.kept["unreachable"], run.output
        lab.advance(minutes=16)  # the lock of a run that died has lapsed by then
    raise AssertionError(f"no run came through with {MOST_CALLS} calls: {run.output}")


def renew_dying(lab: Lab, surface: str, operation: str) -> None:
    """Renew in the scenario expiring, and assert that all is well in the end."""
    before = signers(lab)
    died = []
    done: list[str] = []
    for wait in WAITS:
        count, run = dying_runs(lab, surface, operation)
        died.append(count)
        done += [action["action"] for action in run.done]
        lab.advance(**wait)
    print(f"{surface}.{operation}: runs that died, step by step: {died}; done by those that came through: {done}")
    assert sum(died) >= 6
    assert signers(lab).isdisjoint(before)
    assert len(signers(lab)) == 1
    assert lab.state()["farms"][0]["auto_certificate_rollover"] is True
    lab.clear_log()
    last = play(lab, variables=OURS)
    assert last.code == 0, last.output
    assert lab.writes() == []
    lab.advance(days=3)
    assert lab.signins()["refused"] == 0
