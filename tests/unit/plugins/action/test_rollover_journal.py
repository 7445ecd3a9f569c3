# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
from datetime import datetime

import pytest

from ansible_collections.federation.adfs.plugins.action.rollover_journal import ActionModule
from ansible_collections.federation.adfs.plugins.modules import rollover_journal
from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import World, make_action

PATH = "C:\\ProgramData\\federation.adfs\\journal.json"


def stored(world):
    return world.farm.primary_node.files.get(PATH)


def test_the_module_for_other_hosts_takes_what_the_action_takes():
    assert rollover_journal.ARGUMENT_SPEC == ActionModule.SPEC


def test_nothing_there_yet():
    world = World()
    result = world.run("rollover_journal")
    assert result == {"changed": False, "written": False, "journal": {"found": False, "sha256": None, "content": None, "error": None}}
    assert world.calls == ["read_journal"]


def test_write_read_and_write_again():
    world = World()
    first = world.run("rollover_journal", {"content": {"schema": 1, "b": [1, {"c": None}], "note": "Zürich"}}, diff=False)
    assert first["changed"] is True
    assert first["written"] is True
    assert first["journal"]["sha256"] == hashlib.sha256(stored(world)).hexdigest()
    assert world.run("rollover_journal")["journal"] == first["journal"]

    second = world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": first["journal"]["sha256"].upper()}, diff=False)
    assert second["written"] is True
    assert json.loads(stored(world)) == {"schema": 2}
    assert world.calls == ["write_journal", "read_journal", "write_journal"]


def test_the_file_is_ascii_and_the_same_for_the_same_content():
    world = World()
    world.run("rollover_journal", {"content": {"b": "ü", "a": 1}})
    assert stored(world) == b'{"a":1,"b":"\\u00fc"}\n'


@pytest.mark.parametrize("expected", [None, "", "0" * 64])
def test_another_run_was_faster(expected):
    world = World()
    world.run("rollover_journal", {"content": {"schema": 1}})
    before = stored(world)
    result = world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": expected})
    assert result["failed"] is True
    assert result["error_id"] == "another_run"
    assert result["msg"].startswith("Another run has changed the journal")
    assert result["changed"] is False
    assert stored(world) == before


def test_a_journal_that_is_gone():
    world = World()
    result = world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": "0" * 64})
    assert result["error_id"] == "another_run"
    assert "it is gone" in result["msg"]
    assert stored(world) is None


def test_the_same_content_again_is_unchanged():
    world = World()
    sha256 = world.run("rollover_journal", {"content": {"schema": 1}})["journal"]["sha256"]
    result = world.run("rollover_journal", {"content": {"schema": 1}, "expected_sha256": sha256})
    assert result["changed"] is False
    assert result["written"] is False
    assert world.acts == ["write_journal"]


def test_check_mode_compares_but_sends_no_act():
    world = World()
    result = world.run("rollover_journal", {"content": {"schema": 1}}, check_mode=True)
    assert (result["changed"], result["written"]) == (True, False)
    assert result["journal"]["found"] is False
    assert '"schema": 1' in result["diff"]["after"]
    assert world.acts == []
    assert stored(world) is None
    late = world.run("rollover_journal", {"content": {"schema": 1}, "expected_sha256": "0" * 64}, check_mode=True)
    assert late["error_id"] == "another_run"


def test_diff_of_a_write_shows_before_and_after():
    world = World()
    sha256 = world.run("rollover_journal", {"content": {"schema": 1}})["journal"]["sha256"]
    diff = world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": sha256})["diff"]
    assert ('"schema": 1' in diff["before"], '"schema": 2' in diff["after"]) == (True, True)


@pytest.mark.parametrize("rights", [{"owner": "S-1-5-21-1-2-3-1000"}, {"allowed": ["S-1-5-32-545"]}, {"link": True}])
def test_a_folder_that_others_may_use_is_refused(rights):
    world = World()
    world.farm.primary_node.folder_security["C:\\ProgramData\\federation.adfs"] = {
        "owner": "S-1-5-18",
        "allowed": ["S-1-5-18"],
        "link": False,
        **rights,
    }
    for check_mode in (True, False):
        result = world.run("rollover_journal", {"content": {"schema": 1}}, check_mode=check_mode)
        assert result["error_id"] == "journal_folder"
        assert "not trusted" in result["msg"]
    assert stored(world) is None


def test_a_locked_journal():
    world = World()
    world.run("rollover_journal", {"content": {"schema": 1}})
    world.farm.primary_node.folder_security["C:\\ProgramData\\federation.adfs"]["locked"] = True
    result = world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": hashlib.sha256(stored(world)).hexdigest()})
    assert result["error_id"] == "in_use"
    assert "run again" in result["msg"]


def test_what_is_on_disk_is_compared_with_what_was_sent():
    world = World()
    reply = {"ok": True, "data": {"written": True, "sha256": "0" * 64, "problem": None}}
    world.instead["write_journal"] = {"changed": False, "result": {"json": json.dumps(reply)}}
    result = world.run("rollover_journal", {"content": {"schema": 1}})
    assert result["error_id"] == "not_done"


@pytest.mark.parametrize(
    "options",
    [
        {"content": {"a": datetime(2026, 1, 1)}},
        {"content": {"a": float("nan")}},
        {"content": {"a": "x" * 1_500_001}},
        {"content": {"a": 1}, "expected_sha256": "abc"},
        {"expected_sha256": "0" * 64},
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_sent(options):
    world = World()
    result = world.run("rollover_journal", options)
    assert result["failed"] is True
    assert world.calls == []


def test_works_on_a_secondary_and_without_the_service():
    world = World()
    world.farm.nodes[1].stop_service()
    assert world.run("rollover_journal", {"content": {"schema": 1}}, node=1)["written"] is True


@pytest.mark.parametrize("name", ["awx_job_id", "tower_job_id"])
def test_a_journal_on_the_controller_is_refused_under_awx(name):
    action = make_action("rollover_journal", {"content": {"schema": 1}}, windows=False)
    action._execute_module = lambda **_options: pytest.fail("the module ran")
    result = action.run(None, {name: 17})
    assert (result["failed"], result["error_id"]) == (True, "state_host")
    assert "renew_signing_cert_state_host" in result["msg"]


@pytest.mark.parametrize(("transport", "variables"), [("local", {}), ("ssh", {"awx_job_id": 17})])
def test_a_host_without_windows_runs_the_module(transport, variables):
    action = make_action("rollover_journal", {"content": {"schema": 1}, "path": ""}, windows=False)
    action._connection.transport = transport
    action._remove_tmp_path = lambda _path: None
    action._execute_module = lambda task_vars: {"changed": True, "arguments": dict(action._task.args), "variables": task_vars}
    assert action.run(None, variables) == {"changed": True, "arguments": {"content": {"schema": 1}}, "variables": variables}
