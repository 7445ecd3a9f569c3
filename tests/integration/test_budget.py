# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire, counted at the lab's sockets."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import pytest

from lab.running import Lab
from playing import play


@pytest.mark.parametrize(("scenario", "domains"), [("in-sync", 1), ("many-domains", 120)])
def test_a_run_with_nothing_to_do(scenario: str, domains: int, start: Callable[..., Lab]) -> None:
    lab = start(scenario)
    assert play(lab).code == 0  # the first run of all notes the farm's keys in the journal
    lab.clear_log()
    run = play(lab)
    assert run.code == 0, run.output
    counted = lab.counters()
    assert counted["winrm.Command"] == 1
    assert counted["token.token"] == 1
    assert counted["graph.list_domains"] == 1
    assert counted["graph.batch"] == ceil(domains / 20)
    assert lab.writes() == []


def test_publishing_looks_writes_and_reads_back_in_batches(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    run = play(lab)
    assert run.code == 0, run.output
    counted = lab.counters()
    # Three looks (found, after the successor, at the end), and for the write: look again, write, read back.
    assert counted["graph.batch"] == 3 + 3
    assert counted["graph_item.patch_configuration"] == 2
    assert counted["token.token"] == 3 + 1
    patches = [entry for entry in lab.log("graph_item") if entry["operation"] == "patch_configuration"]
    assert {tuple(sorted(entry["members"])) for entry in patches} == {("nextSigningCertificate", "signingCertificate")}
