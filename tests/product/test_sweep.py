# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fixed sample of the sweep: one call of each surface, of each kind of fault; `make sweep` plays all of them."""

from __future__ import annotations

import os
from functools import cache

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal import loop
from histories.product import without_forecast
from sweep.case import Case, Play, Usual, live, usual
from sweep.cases import cases_of
from sweep.playbooks import cases as played_by_playbooks

SAMPLE = [
    "generate and publish/socket/graph_item.patch_configuration/0/not done/once",
    "generate and publish/socket/graph_item.patch_configuration/1/503 after/once",
    "generate and publish/socket/graph.batch/3/reset after/once",
    "generate and publish/socket/token.token/2/garbage/lasting",
    "generate and publish/socket/metadata.get/1/no answer in time/lasting",
    "generate and publish/windows//8/late/once",
    "generate and publish/windows//9/stale/once",
    "generate and publish/kill//18/after/once",
    "generate and publish/event//15/another run/once",
    "repair/socket/graph.batch/3/garbage after/once",
    "remove from Entra/socket/token.token/1/403/once",
    "promote/windows//8/away after it/once",
    "promote/odd//8/error_after/once",
    "rollback after/clock//0/10/once",
]


@cache
def expected(start: str) -> Usual:
    return usual(Play.at(start))


@pytest.mark.parametrize("name", SAMPLE)
def test_nobody_is_refused_and_ordinary_runs_reach_the_end(name: str) -> None:
    case = Case.of(name)
    assert case.name == name
    kept = dict(os.environ)
    try:
        with without_forecast():
            wanted = expected(case.start)
            assert case in cases_of(case.start, wanted)
            verdict = live(Play.at(case.start), case, wanted)
    finally:
        os.environ.clear()
        os.environ.update(kept)
    assert verdict.met
    assert not verdict.wrong, verdict


def test_it_finds_a_loop_that_takes_failed_acts_for_done_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_failed", lambda _result: False)
    case = Case.of("promote/odd//8/silent/once")
    with without_forecast():
        verdict = live(Play.at(case.start), case, expected(case.start))
    assert "untrue" in [kind for kind, _text in verdict.wrong]


def test_the_playbook_part_has_sixty_cases() -> None:
    found = played_by_playbooks()
    assert len({(case.transport, case.name) for case in found}) == len(found) == 60
