# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the modules for AD FS and of the plan, as they are written, against the lab. Those for Entra are played in tests/product."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.running import Lab
from playing import AUDIT, ROOT, Run, play

# What the examples write. Those with thumbprints of their own follow below; urgent, which needs one, is left out.
WRITES: dict[str, set[str]] = {
    "certificate_info": set(),
    "farm_info": set(),
    "rollover_plan": set(),
    "rollover_journal": {"write_journal"},
    "certificate_rollover": {"update_certificate"},
    "farm_properties": {"set_properties"},
}
TWINS = ("urgent", "keep_rollover_off")  # examples that stand for another farm than the one before


@pytest.mark.long
@pytest.mark.parametrize("name", WRITES)
def test_examples_end_well(name: str, start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    run = _play(lab, name, [task for task in _examples(name) if not set(TWINS) & set(task.get(f"federation.adfs.{name}") or {})], tmp_path)
    assert run.code == 0, run.output
    assert {entry["operation"] for entry in lab.writes()} == WRITES[name]


@pytest.mark.long
def test_a_successor_without_its_clock(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("rollover-off")
    tasks = [task for task in _examples("certificate_rollover") if "keep_rollover_off" in (task["federation.adfs.certificate_rollover"] or {})]
    run = _play(lab, "certificate_rollover", tasks, tmp_path)
    assert (len(tasks), run.code, run.changed) == (1, 0, 1), run.output


@pytest.mark.long
@pytest.mark.parametrize(("name", "written"), [("certificate", {"promote_certificate", "remove_certificate"}), ("certificate_key", set())])
def test_examples_with_thumbprints(name: str, written: set[str], start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("custom-certificate")
    known = lab.addresses["certificates"]
    given = {"89B2FC196803FC1ED51A94BDFA14520D4B7FE852": known["following"], "9451EE6D3918E256163BB8C4A589CACF23CA2527": known["current"]}
    text = json.dumps(_examples(name))
    for invented, thumbprint in given.items():
        text = text.replace(invented, thumbprint)
    run = _play(lab, name, json.loads(text), tmp_path)
    assert run.code == 0, run.output
    assert {entry["operation"] for entry in lab.writes()} == written


@pytest.mark.long
def test_examples_of_the_report(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    planned = play(lab, AUDIT).result["plan"]
    tasks = json.loads(json.dumps(_examples("rollover_report")).replace("/var/www/adfs", str(tmp_path / "www")).replace("reports.example.com", "localhost"))
    read = [{"federation.adfs.farm_info": {}, "register": "adfs"}, {"ansible.builtin.set_fact": {"planned": {"plan": planned}}}]
    run = _play(lab, "rollover_report", [*read, *tasks], tmp_path)
    assert run.code == 0, run.output
    assert len(list((tmp_path / "www").rglob("index.html"))) == 2


def _examples(name: str) -> list[dict[str, Any]]:
    source = (ROOT / "plugins/modules" / f"{name}.py").read_text(encoding="utf-8")
    found = re.search(r'^EXAMPLES = r"""\n(.*?)^"""', source, re.MULTILINE | re.DOTALL)
    assert found
    return list(yaml.safe_load(found[1]))


def _play(lab: Lab, name: str, tasks: list[dict[str, Any]], folder: Path) -> Run:
    book = folder / f"{name}.yml"
    book.write_text(yaml.safe_dump([{"hosts": "adfs_primary", "gather_facts": False, "tasks": tasks}], sort_keys=False), encoding="utf-8")
    return play(lab, book)
