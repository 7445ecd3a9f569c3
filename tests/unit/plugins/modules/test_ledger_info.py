# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that reads the ledger: which files it takes, what it returns, and what it refuses."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils import basic

from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import FIELDS, line_hash
from ansible_collections.federation.adfs.plugins.modules import ledger_info


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **options: t.Any) -> dict[str, t.Any]:
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)  # exists since ansible-core 2.19
    with pytest.raises(SystemExit):
        ledger_info.main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return result


@pytest.fixture
def module(capsys, monkeypatch) -> t.Callable[..., dict[str, t.Any]]:
    return lambda **options: run(capsys, monkeypatch, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two years of a ledger, three lines each."""
    previous = None
    for year in (2026, 2027):
        lines = []
        for month in (1, 2, 3):
            entry = {**dict.fromkeys(FIELDS), "time": f"{year}-0{month}-01T10:00:00Z", "act": "publish", "object": "contoso.com", "result": "done"}
            lines.append(json.dumps({**entry, "previous": previous}).encode() + b"\n")
            previous = line_hash(lines[-1])
        (tmp_path / f"ledger-{year}.jsonl").write_bytes(b"".join(lines))
    return tmp_path


def test_a_folder_is_read_in_the_order_of_the_years(module, folder: Path) -> None:
    (folder / "journal.json").write_text("{}", encoding="utf-8")
    found = module(paths=[str(folder)])
    assert found["valid"] and found["changed"] is False and found["breaks"] == []
    assert set(found) - {"changed", "invocation"} == set(yaml.safe_load(ledger_info.RETURN))
    assert [entry["time"][:7] for entry in found["entries"]] == ["2026-01", "2026-02", "2026-03", "2027-01", "2027-02", "2027-03"]
    backwards = module(paths=[str(folder / "ledger-2027.jsonl"), str(folder / "ledger-2026.jsonl")], head=found["head"])
    assert backwards["valid"] and backwards["head"] == found["head"] and f"head {found['head']}" in backwards["said"]


def test_since_leaves_out_entries_and_checks_the_whole_chain(module, folder: Path) -> None:
    assert [entry["time"][:7] for entry in module(paths=[str(folder)], since="2027-02-01T00:00:00+00:00")["entries"]] == ["2027-02", "2027-03"]
    path = folder / "ledger-2026.jsonl"
    path.write_bytes(path.read_bytes().replace(b"contoso.com", b"contoso.con", 1))
    found = module(paths=[str(folder)], since="2027-02-01T00:00:00Z")
    assert not found["valid"] and "ledger-2026.jsonl" in found["breaks"][0] and len(found["entries"]) == 2


def test_more_than_a_result_holds_is_counted(module, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_info, "MOST_ENTRIES", 2)
    found = module(paths=[str(folder)])
    assert (len(found["entries"]), found["left_out"], found["valid"]) == (2, 4, True)
    assert [entry["time"][:7] for entry in found["entries"]] == ["2027-02", "2027-03"]


def test_what_cannot_be_read_is_one_sentence(module, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = folder / "pipe.jsonl"
    os.mkfifo(pipe)
    assert "pipe.jsonl cannot be read: it is no file but a device, a pipe or a socket" in module(paths=[str(pipe)])["msg"]
    assert "No such file" in module(paths=[str(folder / "gone.jsonl")])["msg"]
    (folder / "empty").mkdir()
    assert "has no ledger-*.jsonl" in module(paths=[str(folder / "empty")])["msg"]
    (folder / "0f3a-ledger-2026.jsonl").write_bytes(b"")
    assert "has 2 ledgers (0f3a-ledger-*.jsonl, ledger-*.jsonl)" in module(paths=[str(folder)])["msg"]
    assert "paths names nothing" in module(paths=[])["msg"]
    assert "since" in module(paths=[str(folder)], since="yesterday")["msg"]
    monkeypatch.setattr(ledger_info, "MAX_BYTES", 100)
    assert "has more than" in module(paths=[str(folder / "ledger-2026.jsonl")])["msg"]
    (folder / "0f3a-ledger-2026.jsonl").unlink()
    monkeypatch.setattr(ledger_info, "MAX_BYTES", (folder / "ledger-2026.jsonl").stat().st_size + 10)
    assert "what is named up to" in module(paths=[str(folder)])["msg"]


def test_a_later_year_alone_says_what_is_not_there(module, folder: Path) -> None:
    found = module(paths=[str(folder / "ledger-2027.jsonl")])
    assert found["valid"] and "which is not here" in found["said"]
