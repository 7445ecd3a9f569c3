# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source for Event-Driven Ansible: what begins and ends in the results of audits becomes an event, once."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from loading import load

ROOT = Path(__file__).resolve().parents[2]
EDA = ROOT / "extensions" / "eda"
source = load(EDA / "plugins" / "event_source" / "signing_cert_result.py", "signing_cert_result")

QUIET: dict[str, Any] = {"must_act": [], "alarms": [], "deadline": None}
BROKEN: dict[str, Any] = {
    "must_act": [{"what": "broken", "reason": "contoso.com does not accept the certificate that AD FS signs with"}],
    "alarms": [{"alarm": "settings_changed", "object": "contoso.com", "reason": "issuerUri is another one"}],
    "deadline": "2026-12-31T00:00:00Z",
}
NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Queue:
    """In place of ansible-rulebook's."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def put(self, item: dict[str, Any]) -> None:
        self.events.append(item)


def write(path: Path, result: Any, when: datetime = NOW) -> None:
    path.write_text(json.dumps(result), encoding="utf-8")
    os.utime(path, (when.timestamp(), when.timestamp()))


def look(path: Path, now: datetime = NOW) -> dict[Any, str]:
    found = source.look(path, now, timedelta(days=7), timedelta(hours=48))
    assert isinstance(found, dict)
    return found


def test_what_begins_and_ends_is_an_event_once(tmp_path: Path) -> None:
    farm = tmp_path / "sts.contoso.com.json"
    seen: list[list[tuple[str, str, str]]] = []
    known: dict[Any, str] = {}
    for result in (QUIET, BROKEN, BROKEN, QUIET):
        write(farm, result)
        found = look(tmp_path)
        seen.append([(event["state"], event["kind"], event["what"]) for event in source.changes(known, found, NOW)])
        known = found
    assert seen == [
        [],
        [("begins", "alarm", "settings_changed"), ("begins", "must_act", "broken")],
        [],
        [("ends", "alarm", "settings_changed"), ("ends", "must_act", "broken")],
    ]


def test_a_deadline_is_an_event_from_seven_days_before_it(tmp_path: Path) -> None:
    write(tmp_path / "farm.json", {**QUIET, "deadline": "2026-12-31T00:00:00Z"}, datetime(2026, 12, 24, tzinfo=UTC))
    assert look(tmp_path, datetime(2026, 12, 23, 23, 59, tzinfo=UTC)) == {}
    assert [key[1] for key in look(tmp_path, datetime(2026, 12, 24, tzinfo=UTC))] == ["deadline"]


@pytest.mark.parametrize(("deadline", "there"), [("0001-01-01T00:00:00Z", True), ("0001-01-01T00:00:00+14:00", True), ("9999-12-31T23:59:59-14:00", False)])
def test_a_deadline_at_the_edge_of_the_calendar_ends_nothing(tmp_path: Path, deadline: str, there: bool) -> None:
    write(tmp_path / "farm.json", {**QUIET, "deadline": deadline})
    assert [key[1] for key in look(tmp_path)] == ["deadline"] * there


def test_a_result_that_gets_old_is_an_event(tmp_path: Path) -> None:
    write(tmp_path / "farm.json", QUIET)
    assert look(tmp_path, NOW + timedelta(hours=48)) == {}
    assert [key[1] for key in look(tmp_path, NOW + timedelta(hours=49))] == ["stale"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[" * 100_000, '{"must_act": 5}', '{"must_act": [{}], "alarms": []}', '{"must_act": [], "alarms": [], "deadline": "soon"}']
)
def test_a_file_that_cannot_be_read_is_an_event_and_hides_no_other_farm(content: str, tmp_path: Path) -> None:
    write(tmp_path / "b.json", BROKEN)
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    found = look(tmp_path)
    assert [(key[0], key[1]) for key in found] == [("a", "unreadable"), ("b", "must_act"), ("b", "alarm")]


def test_a_pipe_is_an_event_and_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "b.json", BROKEN)
    os.mkfifo(tmp_path / "a.json")
    found: list[Any] = []
    looking = threading.Thread(target=lambda: found.extend(look(tmp_path)), daemon=True)
    looking.start()
    looking.join(timeout=20)
    assert [(key[0], key[1]) for key in found] == [("a", "unreadable"), ("b", "must_act"), ("b", "alarm")]


def test_more_files_than_are_read_is_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_MAX_FILES", 1)
    for name in ("a", "b"):
        write(tmp_path / f"{name}.json", QUIET)
    assert list(look(tmp_path).values()) == ["There are 2 files with the ending .json in it; the first 1 are read."]


def test_a_folder_without_results_and_a_missing_file_are_events(tmp_path: Path) -> None:
    assert [key[1:3] for key in look(tmp_path)] == [("unreadable", "folder")]
    assert [key[1:3] for key in look(tmp_path / "gone.json")] == [("unreadable", "file")]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "path is missing"),
        ({"path": "/x", "intervall": 5}, "There is no argument intervall"),
        ({"path": "/x", "interval": "soon"}, "interval must be a number from 1 to 86400"),
        ({"path": "/x", "interval": 0}, "interval must be a number from 1 to 86400"),
        ({"path": "/x", "stale_hours": float("nan")}, "stale_hours must be a number"),
    ],
)
def test_a_wrong_argument_is_said(args: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asyncio.run(source.main(Queue(), args))


def test_main_looks_again_and_again(tmp_path: Path) -> None:
    queue = Queue()
    farm = tmp_path / "farm.json"
    write(farm, QUIET, datetime.now(UTC))

    async def live() -> None:
        task = asyncio.create_task(source.main(queue, {"path": str(tmp_path), "interval": 1}))
        await asyncio.sleep(0.3)
        write(farm, BROKEN, datetime.now(UTC))
        for _dummy in range(100):
            await asyncio.sleep(0.1)
            if len(queue.events) >= 2:
                break
        task.cancel()

    asyncio.run(live())
    begun = [event for event in queue.events if event["kind"] != "deadline"]
    assert [(event["farm"], event["state"], event["what"]) for event in begun] == [("farm", "begins", "settings_changed"), ("farm", "begins", "broken")]


@pytest.mark.parametrize("name", ["signing_cert", "federation_changes"])
def test_a_rulebook_uses_sources_that_there_are_and_templates_that_awx_setup_makes(name: str) -> None:
    (book,) = yaml.safe_load((EDA / "rulebooks" / f"{name}.yml").read_text(encoding="utf-8"))
    (given,) = book["sources"]
    (kind,) = set(given) - {"name"}
    used = (EDA / "plugins" / "event_source" / f"{kind.removeprefix('federation.adfs.')}.py").read_text(encoding="utf-8")
    assert kind.startswith("federation.adfs.")
    assert not [argument for argument in given[kind] if f"\n  {argument}:\n" not in used]
    # Else an action waits for the one before it, and so for the end of a workflow that waits for its approval.
    assert book["execution_strategy"] == "parallel"
    text = (ROOT / "roles" / "awx_setup" / "vars" / "main.yml").read_text(encoding="utf-8")
    for rule in book["rules"]:
        assert set(re.findall(r"event\.(\w+)", rule["condition"])) <= set(re.findall(r'"(\w+)":', used)), rule["name"]
        action = rule["action"]
        if "run_job_template" in action:
            assert f"- name: {action['run_job_template']['name']}\n" in text
        if "run_workflow_template" in action:
            assert f"- name: {action['run_workflow_template']['name']}\n" in text
