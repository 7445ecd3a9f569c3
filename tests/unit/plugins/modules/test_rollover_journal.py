# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal on a host without Windows, in real files."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
from datetime import datetime, timezone

import pytest
from ansible.module_utils import basic

from ansible_collections.federation.adfs.plugins.module_utils._adfs import journal_file
from ansible_collections.federation.adfs.plugins.module_utils._adfs.journal import MAX_BYTES
from ansible_collections.federation.adfs.plugins.module_utils._renewal import ledger
from ansible_collections.federation.adfs.plugins.modules import rollover_journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "here" / "journal.json"


@pytest.fixture
def module(capsys, monkeypatch, path):
    """Run the module as Ansible does: arguments as JSON in, the result as JSON on standard output."""

    def run(check_mode=False, diff=False, **options):
        arguments = {"path": str(path), **options, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)  # exists since ansible-core 2.19
        with pytest.raises(SystemExit):
            rollover_journal.main()
        result = json.loads(capsys.readouterr().out)
        result.pop("invocation", None)
        return result

    return run


def mode(place):
    return stat.S_IMODE(place.stat().st_mode)


def test_nothing_there_yet(module, path):
    result = module()
    now = result["journal"].pop("server_time")
    assert result == {
        "changed": False,
        "written": False,
        "outcome": "nothing",
        "journal": {"found": False, "sha256": None, "content": None, "error": None, "written_at": None},
    }
    assert abs((datetime.now(timezone.utc) - datetime.strptime(now, "%Y-%m-%dT%H:%M:%S%z")).total_seconds()) < 60
    assert not path.parent.exists()


def test_write_read_and_write_again(module, path):
    first = module(content={"schema": 1, "note": "Zürich"})
    assert (first["changed"], first["written"]) == (True, True)
    assert {**module()["journal"], "server_time": None} == {**first["journal"], "server_time": None}
    second = module(content={"schema": 2}, expected_sha256=first["journal"]["sha256"].upper(), diff=True)
    assert second["written"] is True
    assert '"schema": 1' in second["diff"]["before"]
    assert path.read_bytes() == b'{"schema":2}\n'
    assert module(content={"schema": 2}, expected_sha256=second["journal"]["sha256"])["changed"] is False


def test_nobody_else_may_use_what_is_made(module, path):
    before = os.umask(0)
    try:
        module(content={"schema": 1})
    finally:
        os.umask(before)
    assert (mode(path.parent), mode(path)) == (0o700, 0o600)
    assert sorted(place.name for place in path.parent.iterdir()) == ["journal.json", "journal.json.lock"]


@pytest.mark.parametrize("expected", [None, "", "0" * 64])
@pytest.mark.parametrize("check_mode", [False, True])
def test_another_run_was_faster(module, path, expected, check_mode):
    module(content={"schema": 1})
    result = module(content={"schema": 2}, expected_sha256=expected, check_mode=check_mode)
    assert (result["failed"], result["error_id"]) == (True, "another_run")
    assert path.read_bytes() == b'{"schema":1}\n'


def test_check_mode_writes_nothing(module, path):
    result = module(content={"schema": 1}, check_mode=True, diff=True)
    assert (result["changed"], result["written"]) == (True, False)
    assert not path.parent.exists()


def test_of_many_writers_one_wins_each_time(path):
    """Each writer goes on until its own note is in; if one were lost, fewer than all would be there at the end."""
    journal_file.write(str(path), None, b"{}\n")

    def add(number):
        while True:
            found = journal_file.read(str(path))
            notes = json.loads(path.read_bytes())
            if journal_file.write(str(path), found["sha256"], json.dumps({**notes, str(number): True}).encode())["written"]:
                return

    writers = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert sorted(json.loads(path.read_bytes())) == [str(number) for number in range(8)]


def test_a_lock_that_is_held(module, path, monkeypatch):
    sha256 = module(content={"schema": 1})["journal"]["sha256"]
    monkeypatch.setattr(journal_file, "LOCK_SECONDS", 0.0)
    with open(f"{path}.lock", "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = module(content={"schema": 2}, expected_sha256=sha256)
    assert result["error_id"] == "in_use"
    assert path.read_bytes() == b'{"schema":1}\n'


def loosen_folder(path, monkeypatch):
    path.parent.chmod(0o750)
    return "may be used by other users (mode 0750)"


def loosen_file(path, monkeypatch):
    path.chmod(0o640)
    return "may be used by other users (mode 0640)"


def change_owner(path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    return f"belongs to the user with the number {os.getuid()}"


def link_folder(path, monkeypatch):
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(path.parent.with_name("elsewhere"))
    return "is a link"


def link_file(path, monkeypatch):
    path.rename(path.with_name("other.json"))
    path.symlink_to(path.with_name("other.json"))
    return "is a link"


def link_file_hard(path, monkeypatch):
    os.link(path, path.with_name("other.json"))
    return "is a link"


def make_it_a_pipe(path, monkeypatch):
    path.unlink()
    os.mkfifo(path, 0o600)
    return "no plain file"


def fill(path, monkeypatch):
    path.write_bytes(b"x" * (MAX_BYTES + 1))
    return "none of ours"


@pytest.mark.parametrize("spoil", [loosen_folder, loosen_file, change_owner, link_folder, link_file, link_file_hard, make_it_a_pipe, fill])
def test_what_others_could_change_is_neither_read_nor_written(module, path, monkeypatch, spoil):
    sha256 = module(content={"schema": 1})["journal"]["sha256"]
    words = spoil(path, monkeypatch)
    found = module()["journal"]
    assert found["content"] is None and words in found["error"]
    for check_mode in (False, True):
        result = module(content={"schema": 2}, expected_sha256=sha256, check_mode=check_mode)
        assert result["error_id"] == "journal_folder"
        assert words in result["msg"]


def test_what_is_no_journal_is_reported(module, path):
    module(content={"schema": 1})
    path.write_bytes(b"[1]")
    assert module()["journal"]["error"] == "corrupt: it is not a JSON object"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "journal.json"}, "not that of a file"),
        ({"path": "/srv/"}, "not that of a file"),
        ({"expected_sha256": "0" * 64}, "without content"),
        ({"content": {"a": 1}, "expected_sha256": "abc"}, "no SHA-256"),
        ({"content": {"a": 1}, "path": "/proc/none/of/these/journal.json"}, "cannot be used"),
    ],
)
def test_one_clear_message(module, options, words):
    result = module(**options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert "Traceback" not in json.dumps(result)


def test_the_home_folder_is_meant_by_a_tilde(module, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert module(path="", content={"schema": 1})["written"] is True
    assert (tmp_path / ".local/state/federation.adfs/journal.json").is_file()


@pytest.mark.parametrize("end", [".new", ".old"])
def test_what_is_left_of_a_journal_that_is_gone_is_named_and_never_taken_for_none(module, path, end):
    module(content={"schema": 1})
    path.rename(f"{path}{end}")
    found = module()["journal"]
    assert (found["found"], found["content"]) == (False, None)
    assert f"journal.json{end}" in found["error"]
    result = module(content={"schema": 2})
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, False, "nothing", "journal_lost")
    assert not path.exists()


def test_a_first_write_that_was_broken_off_is_begun_again(module, path):
    module(content={"schema": 1})
    path.rename(f"{path}.first")
    assert module()["journal"]["error"] is None
    assert module(content={"schema": 2})["written"] is True
    assert sorted(place.name for place in path.parent.iterdir()) == ["journal.json", "journal.json.lock"]


@pytest.mark.parametrize("path_of", [lambda path: path.parent, lambda path: path / "journal.json", lambda path: path / "a" / "journal.json"])
@pytest.mark.parametrize("options", [{}, {"content": {"schema": 2}}])
def test_a_folder_as_the_file_and_a_file_as_the_folder(module, path, path_of, options):
    module(content={"schema": 1})
    result = module(path=str(path_of(path)), **options)
    assert (result["failed"], result["changed"], result["error_id"]) == (True, False, "journal_path")
    assert "Nothing was done" in result["msg"]
    assert path.read_bytes() == b'{"schema":1}\n'


@pytest.mark.parametrize("content", [b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}'])
def test_strict_json_only(module, path, content):
    module(content={"schema": 1})
    path.write_bytes(content)
    assert module()["journal"]["error"] == "corrupt: it is not JSON"


def test_the_times_are_those_of_this_host(module, path):
    module(content={"schema": 1})
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = module()["journal"]
    assert found["written_at"] == "2023-11-14T22:13:20Z"
    assert found["server_time"] > "2024"


@pytest.mark.parametrize("works", [True, False])
def test_an_error_at_the_write_is_never_told_as_nothing_beside_a_new_file(module, path, monkeypatch, works):
    sha256 = module(content={"schema": 1})["journal"]["sha256"]
    plain = os.replace

    def replace(*names):
        if works:
            plain(*names)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    result = module(content={"schema": 2}, expected_sha256=sha256)
    assert (result["failed"], result["changed"], result["outcome"]) == (True, works, "done" if works else "nothing")
    assert "No space left on device" in result["msg"]
    assert path.read_bytes() == (b'{"schema":2}\n' if works else b'{"schema":1}\n')


def entry(number):
    return {"time": "2026-03-01T10:00:00Z", "run": "r", "act": "publish", "object": f"d{number}.example.com", "result": "done"}


def test_lines_go_to_the_ledger_beside_the_journal_and_a_break_is_named(module, path):
    first = module(content={"schema": 1}, ledger_entries=[entry(1), entry(2)])
    assert (first["ledger"]["added"], first["ledger"]["broken"], first["ledger"]["failed"]) == (2, None, None)
    book = path.parent / "ledger-2026.jsonl"
    assert mode(book) == 0o600
    second = module(content=first["journal"]["content"], expected_sha256=first["journal"]["sha256"], ledger_entries=[entry(3)])
    assert ledger.verify([(book.name, book.read_bytes())], second["ledger"]["head"]).said.startswith("The ledger's chain is whole: 3 entries")
    late = module(content=first["journal"]["content"], expected_sha256=first["journal"]["sha256"], ledger_entries=[entry(4)])
    assert late["error_id"] == "another_run" and b"d4." not in book.read_bytes()
    book.write_bytes(book.read_bytes()[:-40])
    third = module(content=second["journal"]["content"], expected_sha256=second["journal"]["sha256"], ledger_entries=[entry(5)])
    assert third["written"] and third["ledger"]["added"] == 1 and "line 3: it is cut off" in third["ledger"]["broken"]
    assert [line["act"] for line in ledger.verify([(book.name, book.read_bytes())]).lines[-2:]] == ["chain_broken", "publish"]


def test_where_no_line_can_be_added_the_journal_is_written_all_the_same(module, path):
    first = module(content={"schema": 1})
    (path.parent / "ledger-2026.jsonl").symlink_to(path)
    second = module(content={"schema": 1, "revision": 2}, expected_sha256=first["journal"]["sha256"], ledger_entries=[entry(1)])
    assert (second["written"], second["ledger"]["added"]) == (True, 0)
    assert second["ledger"]["failed"] and second["ledger"]["said"]
    assert json.loads(path.read_text()) == {"schema": 1, "revision": 2}


def test_check_mode_adds_nothing(module, path):
    module(check_mode=True, content={"schema": 1}, ledger_entries=[entry(1)])
    assert not path.parent.exists()


def line_of(time, act="publish", name="contoso.com", **more):
    return {**dict.fromkeys(ledger.FIELDS[:-1]), "time": time, "run": "r1", "act": act, "object": name, "result": "done", **more}


def written(module, *entries):
    before = module()["journal"]
    content = before["content"] or {"schema": 1}
    assert module(content=content, expected_sha256=before["sha256"] or "", ledger_entries=list(entries))["written"] is True


def test_the_ledger_is_told_since_a_day(module):
    year = datetime.now(timezone.utc).year
    written(module, line_of(f"{year - 1}-03-01T10:00:00Z", "generate", "sts"))
    written(module, line_of(f"{year}-01-02T10:00:00Z", user="alice", job="41", change_number="CHG1", rule_before=True, rule_after=True))
    told = module(ledger_since=f"{year}-01-01")["evidence"]
    assert (told["valid"], told["since"], told["last_change"]) == (True, f"{year}-01-01T00:00:00Z", f"{year}-01-02T10:00:00Z")
    assert [(g["act"], g["objects"], g["user"], g["safe"]) for g in told["groups"]] == [("publish", ["contoso.com"], "alice", "safe before and after")]
    assert told["lines"][0].startswith(f"Ledger since {year}-01-01: 1 entry. The ledger's chain is whole: 1 entry, head ")
    assert told["lines"][1] == f"  {year}-01-02 10:00 UTC publish, contoso.com; sign-in safe before and after; done; by alice, job 41, change CHG1"
    both = module(ledger_since=f"{year - 1}-01-01T00:00:00Z")["evidence"]
    assert [g["act"] for g in both["groups"]] == ["generate", "publish"] and "it begins after" not in both["said"]


def test_a_ledger_that_was_shortened_or_is_gone_is_told_by_the_end_that_the_journal_names(module, path):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    written(module, line_of(now), line_of(now, name="fabrikam.com"))
    file = next(path.parent.glob("ledger-*.jsonl"))
    whole = file.read_bytes()
    file.write_bytes(whole.splitlines(keepends=True)[0])
    told = module(ledger_since=now[:4] + "-01-01")["evidence"]
    assert told["valid"] is False and "lines at the end are missing" in told["said"] and told["lines"][0].endswith(told["said"])
    file.unlink()
    told = module(ledger_since=now[:4] + "-01-01")["evidence"]
    assert told["valid"] is False and "the file has no line" in told["said"]
    # A write that was broken off before the journal left lines that are told, and are no break.
    more = ledger.encode(line_of(now, "promote", "sts"), ledger.line_hash(whole.splitlines(keepends=True)[-1]))
    file.touch(0o600)
    file.write_bytes(whole + more)
    told = module(ledger_since=now[:4] + "-01-01")["evidence"]
    assert told["valid"] is True and [g["act"] for g in told["groups"]] == ["publish", "promote"]


def test_a_ledger_that_cannot_be_read_is_told_and_is_no_error(module, path):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    written(module, line_of(now))
    next(path.parent.glob("ledger-*.jsonl")).write_bytes(b"x" * 1_500_001)
    told = module(ledger_since=now[:10])
    assert told["evidence"]["valid"] is False and "larger than 1500000 bytes" in told["evidence"]["said"] and "failed" not in told


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "1900-01-01"])
def test_a_time_that_is_none_is_refused(module, since):
    assert "ledger_since: " in module(ledger_since=since)["msg"]


def test_there_is_no_ledger_yet(module):
    told = module(ledger_since="2026-01-01")["evidence"]
    assert told["lines"] == ["Ledger since 2026-01-01: 0 entries. The ledger's chain is whole: 0 entries, head none"]
