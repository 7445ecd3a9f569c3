# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta, timezone

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.federation.adfs.plugins.action.rollover_journal import ActionModule
from ansible_collections.federation.adfs.plugins.module_utils._adfs.journal import MAX_BYTES
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import FIELDS
from ansible_collections.federation.adfs.plugins.modules import rollover_journal
from ansible_collections.federation.adfs.plugins.plugin_utils import _powershell
from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import World, make_action

PATH = "C:\\ProgramData\\federation.adfs\\journal.json"


def stored(world):
    return world.farm.primary_node.files.get(PATH)


def test_the_module_for_other_hosts_takes_what_the_action_takes():
    assert rollover_journal.ARGUMENT_SPEC == ActionModule.SPEC


def is_about(shown, moment):
    """Whether a time is this moment, or was up to a minute ago: the lab's clock goes on while a module works, and machines are busy."""
    return timedelta(0) <= moment - datetime.strptime(shown, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc) < timedelta(minutes=1)


def test_nothing_there_yet():
    world = World()
    result = world.run("rollover_journal")
    assert result == {
        "changed": False,
        "written": False,
        "outcome": "nothing",
        "journal": {
            "found": False,
            "sha256": None,
            "content": None,
            "error": None,
            "written_at": None,
            "server_time": result["journal"]["server_time"],
        },
    }
    assert is_about(result["journal"]["server_time"], world.clock.now())
    assert world.calls == ["read_journal"]


def test_write_read_and_write_again():
    world = World()
    first = world.run("rollover_journal", {"content": {"schema": 1, "b": [1, {"c": None}], "note": "Zürich"}}, diff=False)
    assert first["changed"] is True
    assert first["written"] is True
    assert first["journal"]["sha256"] == hashlib.sha256(stored(world)).hexdigest()
    assert {**world.run("rollover_journal")["journal"], "server_time": None} == {**first["journal"], "server_time": None}

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
    data = dict.fromkeys(("problem", "failure", "unreadable", "written_at", "server_time", "ledger"))
    reply = {"ok": True, "data": {**data, "written": True, "sha256": "0" * 64}}
    world.instead["write_journal"] = {"changed": False, "result": {"json": json.dumps(reply)}}
    result = world.run("rollover_journal", {"content": {"schema": 1}})
    assert result["error_id"] == "not_done"


@pytest.mark.parametrize(
    "options",
    [
        {"content": {"a": datetime(2026, 1, 1)}},
        {"content": {"a": float("nan")}},
        {"content": {"a": "x" * 1_000_001}},
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


FOLDER = PATH.rpartition("\\")[0]
ODD_PATHS = {
    "%NAME%\\journal.json": "environment variable that is not set",
    "C:\\50%\\journal.json": "percent sign",
    "C:\\a<b\\journal.json": "a character that no path may have",
    'C:\\a"b\\journal.json': "a character that no path may have",
    "C:\\a|b\\journal.json": "a character that no path may have",
    "C:\\a\x07\\journal.json": "a character that no path may have",
    "C:journal.json": "not absolute",
    "\\journal.json": "not absolute",
    "journal.json": "not absolute",
    "\\\\?\\C:\\journal.json": "a character that no path may have",
    "C:\\": "not absolute",
    "C:\\x\\": "does not name a file",
    "C:\\x\\journal.json:stream": "does not name a file",
    "C:\\x\\..\\journal.json": "does not name a file",
    "C:\\x\\journal.json ": "does not name a file",
    "C:\\" + "x\\" * 120 + "journal.json": "longer than 254 characters",
    FOLDER: "there is a folder of that name",
    PATH + "\\journal.json": "a part of its folder is a file",
}


@pytest.mark.parametrize("path", ODD_PATHS)
def test_an_odd_path_is_refused_before_anything_is_done(path):
    world = World()
    node = world.farm.primary_node
    world.run("rollover_journal", {"content": {"schema": 1}})
    files, folders = dict(node.files), dict(node.folder_security)
    for options in ({}, {"content": {"schema": 2}}):
        for check_mode in (False, True):
            result = world.run("rollover_journal", {"path": path, **options}, check_mode=check_mode)
            assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, False, "nothing", "journal_path")
            assert ODD_PATHS[path] in result["msg"]
            assert "Nothing was done" in result["msg"]
    assert (node.files, node.folder_security) == (files, folders)


@pytest.mark.parametrize("end", [".new", ".old"])
def test_what_is_left_of_a_journal_that_is_gone_is_named_and_never_taken_for_none(end):
    world = World()
    node = world.farm.primary_node
    world.run("rollover_journal", {"content": {"schema": 1}})
    node.files[PATH + end] = node.files.pop(PATH)
    found = world.run("rollover_journal")["journal"]
    assert (found["found"], found["sha256"], found["content"]) == (False, None, None)
    assert f"journal.json{end}" in found["error"]
    for check_mode in (False, True):
        result = world.run("rollover_journal", {"content": {"schema": 2}}, check_mode=check_mode)
        assert (result["failed"], result["changed"], result["error_id"]) == (True, False, "journal_lost")
        assert f"journal.json{end}" in result["msg"]
    assert list(node.files) == [PATH + end]


@pytest.mark.parametrize("end", [".new", ".old"])
def test_what_is_left_over_beside_a_journal_does_not_matter(end):
    world = World()
    first = world.run("rollover_journal", {"content": {"schema": 1}})["journal"]["sha256"]
    world.farm.primary_node.files[PATH + end] = b"half a jour"
    assert world.run("rollover_journal")["journal"]["sha256"] == first
    assert world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": first})["written"] is True
    assert list(world.farm.primary_node.files) == [PATH]


@pytest.mark.parametrize("content", ["NaN", "Infinity", "-Infinity", '{"a":NaN}', '{"a":1e999}', '{"a":-1e999}', '{"a":"\\ud800"}', "[" * 100_000])
def test_a_journal_that_is_no_strict_json_is_corrupt(content):
    world = World()
    world.run("rollover_journal", {"content": {"schema": 1}})
    world.farm.primary_node.files[PATH] = content.encode()
    found = world.run("rollover_journal")["journal"]
    assert (found["content"], found["error"]) == (None, "corrupt: it is not JSON")


def test_a_journal_of_a_newer_schema_is_handed_over_whole():
    world = World()
    world.run("rollover_journal", {"content": {"schema": 99, "later": {"a": 1}}})
    assert world.run("rollover_journal")["journal"]["content"] == {"schema": 99, "later": {"a": 1}}


def test_the_times_are_those_of_the_server():
    world = World()
    world.run("rollover_journal", {"content": {"schema": 1}})
    written = world.clock.now()
    world.clock.advance(timedelta(minutes=16))
    found = world.run("rollover_journal")["journal"]
    assert is_about(found["written_at"], written) and is_about(found["server_time"], world.clock.now())
    again = world.run("rollover_journal", {"content": {"schema": 2}, "expected_sha256": found["sha256"]})["journal"]
    assert is_about(again["written_at"], world.clock.now()) and is_about(again["server_time"], world.clock.now())


def test_the_largest_journal_stays_below_what_powershell_5_1_reads():
    world = World()
    sent = []
    content = {"a": "x" * (MAX_BYTES - 10)}
    world.after_call["write_journal"] = lambda result: sent.append(1) or result
    assert world.run("rollover_journal", {"content": content})["written"] is True
    encoded = len(base64.b64encode(stored(world)))
    assert len(stored(world)) <= 1_000_000
    # ConvertFrom-Json of 5.1 takes 2,097,152 characters; Ansible adds the script and 400,000 characters of its own.
    assert encoded + len(_powershell.compose("write_journal")) + 400_000 < 2_097_152


CONTENT = {"schema": 1}


class TestOutcome:
    def written(self, world):
        return stored(world) == b'{"schema":1}\n'

    def test_a_reply_that_is_lost_after_the_write(self):
        world = World()
        world.after_call["write_journal"] = lambda result: {"changed": False, "result": {}}
        result = world.run("rollover_journal", {"content": CONTENT}, diff=False)
        assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "done")
        assert "done, but its reply was lost" in result["msg"]
        assert self.written(world)

    def test_a_reply_that_is_lost_without_a_write(self):
        world = World()
        world.instead["write_journal"] = {"changed": False, "result": {}}
        result = world.run("rollover_journal", {"content": CONTENT}, diff=False)
        assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "nothing")

    def test_a_reply_that_is_lost_and_then_no_answer(self):
        world = World()
        world.after_call["write_journal"] = lambda result: {"changed": False, "result": {}}
        world.instead["read_journal"] = {"changed": False, "result": {}}
        result = world.run("rollover_journal", {"content": CONTENT}, diff=False)
        assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
        assert "not known" in result["msg"]

    def test_a_connection_that_breaks_and_stays_away(self):
        world = World()

        def away(result=None):
            raise AnsibleConnectionFailure("no route")

        world.after_call["write_journal"] = away
        world.before_call["read_journal"] = away
        with pytest.raises(AnsibleConnectionFailure, match="Whether the journal was written is not known"):
            world.run("rollover_journal", {"content": CONTENT}, diff=False)

    @pytest.mark.parametrize(("sha256", "outcome"), [("old", "nothing"), ("new", "done"), (None, "partly"), ("0" * 64, "partly")])
    def test_an_error_at_the_write(self, sha256, outcome):
        world = World()
        before = world.run("rollover_journal", {"content": {"schema": 0}})["journal"]["sha256"]
        error = {
            "id": "IOException",
            "full_id": "IOException",
            "category": "NotSpecified",
            "activity": "",
            "exceptions": [{"type": "System.IO.IOException", "hresult": -2147024784, "message": "There is not enough space on the disk."}],
            "line": 1,
        }
        now = {"old": before, "new": hashlib.sha256(b'{"schema":1}\n').hexdigest()}.get(sha256, sha256)
        data = dict.fromkeys(("problem", "unreadable", "written_at", "server_time", "ledger"))
        data.update(written=False, failure=error, sha256=now)
        world.instead["write_journal"] = {"changed": False, "result": {"json": json.dumps({"ok": True, "data": data})}}
        result = world.run("rollover_journal", {"content": CONTENT, "expected_sha256": before}, diff=False)
        assert (result["failed"], result["changed"], result["outcome"]) == (True, outcome != "nothing", outcome)
        assert "not enough space" in result["msg"]


def test_the_ledger_of_a_server_is_told_alike_entries_together():
    world = World()
    now = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    common = {**dict.fromkeys(FIELDS[:-1]), "time": now, "run": "r1", "act": "publish", "result": "done", "rule_before": True, "rule_after": True}
    entries = [{**common, "object": f"d{n}.example.com", "request_id": f"id{n}"} for n in range(900)]
    assert world.run("rollover_journal", {"content": {"schema": 1}, "ledger_entries": entries}, diff=False)["written"] is True
    told = world.run("rollover_journal", {"ledger_since": now[:10]})
    assert told["journal"]["content"]["ledger"]["head"] == told["evidence"]["head"]
    (group,) = told["evidence"]["groups"]
    assert (group["count"], len(group["objects"]), group["request_id"]) == (900, 900, "id0, id1, id2, id3, id4")
    assert told["evidence"]["lines"][1].endswith("publish, d0.example.com and 899 more; sign-in safe before and after; done; run r1")
    assert world.calls == ["write_journal", "read_journal", "read_journal"]
    assert "ledger_since is set with content" in world.run("rollover_journal", {"content": {"schema": 2}, "ledger_since": now})["msg"]
