# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of whole renewals in one process against the lab's models: it tells every act, once, whatever run dies where."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import Verdict, verify
from lab.cmdlet_state import JOURNAL_FOLDER, StandingClock
from lab.world import World
from year.days import START
from year.inside import Inside, RunDied

SCENARIO: dict[str, Any] = {
    "description": "a renewal that is due",
    "certificates": {"current": {"days_left": 25}},
    "farms": [
        {
            "host_name": "sts.contoso.com",
            "nodes": ["adfs1.contoso.com"],
            "poll_duration": 300,
            "token_signing": {"primary": "current"},
            "properties": {"AutoCertificateRollover": True},
        }
    ],
    "tenant": {"switches": {"propagation_hours": 1.0}},
    "domains": [{"name": "contoso.com", "signing": "current"}, {"name": "fabrikam.com", "signing": "current"}],
}


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    path = tmp_path / "renewal.json"
    path.write_text(json.dumps(SCENARIO), encoding="utf-8")
    world = World(str(path), None, StandingClock(START))
    world.changed()
    return Inside(world, {"promote": "role", "auto_rollover": True})


def files(inside: Inside) -> dict[str, bytes]:
    return inside.world.node(None).files


def ledger(inside: Inside) -> Verdict:
    found = files(inside)
    names = sorted(name for name in found if name.endswith(".jsonl"))
    head = json.loads(found[JOURNAL_FOLDER + "journal.json"])["ledger"]["head"]
    return verify([(name, found[name]) for name in names], head)


def renew(inside: Inside, days: int = 8) -> list[str]:
    done: list[str] = []
    for _day in range(days):
        done += inside.run()[0]
        inside.world.advance(timedelta(hours=12))
    return done


def test_a_renewal_is_told_act_by_act_and_an_idle_run_writes_nothing(inside: Inside) -> None:
    done = renew(inside)
    verdict = ledger(inside)
    assert verdict.breaks == ()
    told = [line for line in verdict.lines if line["object"] != "fabrikam.com"]
    assert [line["act"] for line in told] == done and "promote" in done
    assert {line["result"] for line in verdict.lines} == {"done"}
    published = next(line for line in verdict.lines if line["act"] == "publish")
    assert published["after"]["next"] and published["before"]["next"] is None and published["rule_after"] is True and published["request_id"]
    generated = next(line for line in told if line["act"] == "generate")
    assert generated["after"] == published["after"]["next"]
    promoted = next(line for line in told if line["act"] == "promote")
    assert (promoted["before"], promoted["after"]) == (published["before"]["signing"], generated["after"])
    before = dict(files(inside))
    inside.run()
    assert files(inside) == before


def die_everywhere(inside: Inside, call: int, after: bool) -> None:
    """Every run until the renewal is done dies once at this remote call; what it did stands in the ledger all the same."""
    for _day in range(10):
        inside.death.plan(call, after)
        try:
            inside.run()
        except (RunDied, RuntimeError):  # where the reply of an act is lost, the module looks, and fails
            inside.world.advance(timedelta(minutes=16))  # the lock has lapsed
        inside.death.plan(0, False)
        inside.run()
        inside.world.advance(timedelta(hours=12))
    verdict = ledger(inside)
    assert verdict.breaks == ()
    done = [(line["act"], line["object"]) for line in verdict.lines if line["result"].endswith("done") and "not" not in line["result"]]
    acts = {act for act, _object in done}
    assert {"generate", "publish", "promote"} <= acts, verdict.lines
    once = [key for key in done if key[0] in ("generate", "publish", "promote")]
    assert len(once) == len(set(once)) == 4, verdict.lines  # one farm, two domains


@pytest.mark.parametrize("after", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("call", [8, *(pytest.param(call, marks=pytest.mark.long) for call in range(2, 26) if call != 8)])
def test_what_a_run_did_that_died_is_told_by_the_next(inside: Inside, call: int, after: bool) -> None:
    die_everywhere(inside, call, after)


def test_a_run_that_finds_the_chain_broken_says_so_and_goes_on(inside: Inside) -> None:
    inside.run()
    name = next(name for name in files(inside) if name.endswith(".jsonl"))
    lines = files(inside)[name].splitlines(keepends=True)
    assert len(lines) >= 2
    files(inside)[name] = b"".join(lines[:-1])
    done = renew(inside)
    assert "promote" in done
    verdict = ledger(inside)
    assert [line["act"] for line in verdict.lines].count("chain_broken") == 1
    assert "does not end with the line that the journal names" in verdict.said
