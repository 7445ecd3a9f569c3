# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several farms in one run: one that fails, in whatever way, stops no other, and is finished by the next run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.running import Lab
from playing import ROOT, Run, play

NODE = "adfs1.contoso.com"
FAILS, OTHER = "adfs1", "fs1"  # in the inventory
Fail = Callable[[Lab], None]


def out_of_reach(lab: Lab) -> None:
    """No connection, from the first task on."""
    lab.fault(surface="winrm", operation="Create", node=NODE, count=-1, do={"kind": "drop"})


def cut_off(lab: Lab) -> None:
    """No further connection after some tasks."""
    lab.fault(surface="winrm", operation="Create", node=NODE, skip=3, count=-1, do={"kind": "drop"})


def adfs_does_nothing(lab: Lab) -> None:
    """The cmdlet that makes the successor does nothing."""
    lab.request("POST", "/adfs", {"cmdlet": "Set-Answers", "node": NODE, "cmdlets": {"Update-AdfsCertificate": "silent"}})


def entra_refuses(lab: Lab) -> None:
    """Entra refuses each write to this farm's domain."""
    lab.fault(surface="graph_item", operation="patch_configuration", domain="contoso.com", count=-1, do={"kind": "forbid"})


def entra_cannot_be_read(lab: Lab) -> None:
    """The settings of this farm's domain cannot be read, so that nobody knows whose it is: each farm of the tenant tells it."""
    lab.fault(surface="graph_item", operation="get_configuration", domain="contoso.com", count=-1, do={"kind": "forbid"})


def no_module(lab: Lab) -> None:
    """The server has no AD FS module, so that its first scan fails."""
    lab.request("POST", "/adfs", {"cmdlet": "Set-Module", "node": NODE, "present": False})


def mend(lab: Lab) -> None:
    lab.clear_faults()
    lab.request("POST", "/adfs", {"cmdlet": "Set-Answers", "node": NODE, "cmdlets": {}})
    lab.request("POST", "/adfs", {"cmdlet": "Set-Module", "node": NODE, "present": True})


def both_due(directory: Path) -> str:
    """The scenario two-farms, with both renewals due."""
    data = json.loads((ROOT / "tests" / "lab" / "scenarios" / "two-farms.json").read_text(encoding="utf-8"))
    data["certificates"]["current"] = {**data["certificates"]["current"], "days_left": 28, "days_old": 337}
    path = directory / "both-due.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)


def done(run: Run, host: str) -> list[str]:
    return [act["action"] for act in run.kept["results"].get(host, {}).get("done", [])]


@pytest.mark.long
@pytest.mark.parametrize("fail", [out_of_reach, cut_off, adfs_does_nothing, entra_refuses, entra_cannot_be_read, no_module], ids=lambda fail: fail.__name__)
def test_a_farm_that_fails_stops_no_other_and_is_finished_by_the_next_run(fail: Fail, tmp_path: Path) -> None:
    with Lab(both_due(tmp_path), tmp_path / "lab") as lab:
        fail(lab)
        run = play(lab)
        recap = {host: bool(counts.get("failures") or counts.get("unreachable")) for host, counts in run.kept["recap"].items()}
        assert run.code != 0 and (recap[FAILS], recap[OTHER]) == (True, fail is entra_cannot_be_read), run.output
        assert done(run, OTHER)[:2] == ["generate", "publish"], run.output
        assert "publish" not in done(run, FAILS), run.output
        mend(lab)
        lab.advance(minutes=16)  # the lock of a run that was cut off has lapsed by then
        again = play(lab)
        assert again.code == 0, again.output
        assert "publish" in done(again, FAILS) and not {"generate", "publish"} & set(done(again, OTHER)), again.output
        assert lab.signins()["refused"] == 0


def test_no_task_of_one_farm_decides_for_the_others() -> None:
    """The twin of the test above: nothing in playbooks and roles ends a play for all hosts, or lets one host work for all."""
    files = [path for folder in ("playbooks", "roles") for path in (ROOT / folder).rglob("*.yml") if "tasks" in path.parts or "playbooks" in path.parts]
    assert len(files) > 20
    for path in files:
        for item in _mappings(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)):  # noqa: S506 - texts only
            told = {str(key).rpartition(".")[2]: value for key, value in item.items()}
            assert not {"run_once", "any_errors_fatal", "max_fail_percentage", "serial", "strategy"} & set(told), path
            assert told.get("meta") not in ("end_play", "end_batch", "clear_host_errors"), path


def _mappings(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for held in value.values() for found in _mappings(held))]
    return [found for held in value for found in _mappings(held)] if isinstance(value, list) else []
