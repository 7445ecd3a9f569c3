# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of the ledger: what is added, and that gaps and edits are found, each with where and what."""

from __future__ import annotations

import json

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal import ledger
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import End, add, go_on, verify

NAME = "ledger-2026.jsonl"


def entry(number: int, time: str = "2026-03-01T10:00:00Z", **more):
    return {"time": time, "run": "r1", "act": "publish", "object": f"d{number}.example.com", "result": "done", **more}


def entries(count: int):
    return [entry(number) for number in range(count)]


def written(count: int = 5):
    made = add(End(), entries(count), "journal.json")
    return made.data, made.end


def test_lines_have_the_same_members_and_follow_each_other():
    data, end = written(3)
    lines = data.splitlines(keepends=True)
    found = [json.loads(line) for line in lines]
    assert all(tuple(line) == ledger.FIELDS for line in found)
    assert [line["previous"] for line in found] == [None, ledger.line_hash(lines[0]), ledger.line_hash(lines[1])]
    assert end == End(NAME, len(data), ledger.line_hash(lines[2]), len(lines[2]))
    assert verify([(NAME, data)], end.head).said == f"The ledger's chain is whole: 3 entries, head {end.head}"


def test_every_flipped_byte_is_found_where_it_is():
    data, end = written(4)
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1
        breaks = verify([(NAME, bytes(flipped))], end.head).breaks
        number = next(n for n, start in enumerate(starts[1:], 1) if at < start)
        assert breaks, at
        assert breaks[0].line in (number, number + 1) and breaks[0].file == NAME, (at, breaks)


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_a_line_taken_out_of_the_middle_is_found(taken):
    data, _end = written(5)
    lines = data.splitlines(keepends=True)
    del lines[taken]
    verdict = verify([(NAME, b"".join(lines))])
    assert [(b.line, b.reason) for b in verdict.breaks] == [
        (taken + 1, "it does not follow the line before: that one was changed, or lines between them are missing")
    ]


def test_a_missing_last_line_is_found_with_the_head_and_only_with_it():
    data, end = written(5)
    cut = b"".join(data.splitlines(keepends=True)[:-1])
    assert verify([(NAME, cut)]).breaks == ()
    found = verify([(NAME, cut)], end.head)
    assert "lines at the end are missing" in found.said and found.breaks[0].line == 4
    assert verify([(NAME, b"")], end.head).breaks and verify([], end.head).breaks


def test_missing_first_lines_are_said_and_what_is_there_is_checked():
    data, end = written(5)
    assert "not here" not in verify([(NAME, data)], end.head).said
    lines = data.splitlines(keepends=True)
    found = verify([(NAME, b"".join(lines[2:]))], end.head)
    begins = f"it begins after the line {ledger.line_hash(lines[1])}, which is not here"
    assert (found.breaks, found.said) == ((), f"The ledger's chain is whole: 3 entries, head {end.head}; {begins}")


def test_a_year_goes_on_from_the_one_before():
    data, end = written(2)
    later = add(end, [entry(9, time="2027-01-02T00:00:00Z")], "journal.json")
    assert (later.file, later.expected) == ("ledger-2027.jsonl", End("ledger-2027.jsonl"))
    assert not verify([(NAME, data), (later.file, later.data)], later.end.head).breaks
    cut = data[: data.index(b"\n") + 1]
    assert verify([(NAME, cut), (later.file, later.data)]).breaks[0].file == later.file


def test_several_journals_in_one_folder_have_a_file_each():
    assert ledger.file_name("0123456789abcdef.json", "2026-01-01T00:00:00Z") == "0123456789abcdef-ledger-2026.jsonl"


def test_lines_of_a_write_that_was_broken_off_before_the_journal_are_not_told_twice():
    data, end = written(2)
    more = [entry(7), entry(8)]
    tried = add(end, more, "journal.json")
    addition, now, wrong = go_on(end, more, "journal.json", data + tried.data)
    assert (addition, now, wrong) == (None, tried.end, None)
    addition, now, wrong = go_on(end, [*more, entry(9)], "journal.json", data + tried.data)
    assert wrong is None and verify([(NAME, data + tried.data + addition.data)], now.head).said.endswith(f"5 entries, head {now.head}")
    first, at, wrong = go_on(End(), more, "journal.json", add(End(), more, "journal.json").data)
    assert (first, wrong) == (None, None) and at.size


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda data: b"".join(data.splitlines(keepends=True)[:-1]), "does not end with the line that the journal names"),
        (lambda data: b"".join(data.splitlines(keepends=True)[1:]), "does not end with the line that the journal names"),
        (lambda data: data[:-20], "cut off"),
        (lambda data: data + b"{}\n", "does not have the members"),
        (lambda data: data.replace(b"d2.", b"longer2."), "line 4: it does not follow"),
        (lambda data: b"", "is gone"),
    ],
)
def test_a_broken_chain_goes_on_with_a_new_segment_that_names_the_break(change, what):
    data, end = written(5)
    found = change(data)
    addition, now, wrong = go_on(end, [entry(7)], "journal.json", found)
    assert what in str(wrong)
    assert (addition.expected.size, addition.file) == (len(found), NAME)
    whole = found + addition.data
    assert now.size == len(whole)
    verdict = verify([(NAME, whole)], now.head)
    assert [line["act"] for line in verdict.lines][-2:] == [ledger.BROKEN, "publish"]
    assert what in verdict.lines[-2]["result"] and verdict.lines[-2]["before"] == end.head
    assert any(what in str(b) for b in verdict.breaks)
    assert not verify([(NAME, addition.data.lstrip(b"\n"))]).breaks[1:]  # the new segment hangs together


def test_more_than_a_server_takes_is_counted():
    made = add(End(), entries(ledger.MOST_LINES + 5), "journal.json")
    verdict = verify([(NAME, made.data)], made.end.head)
    assert len(verdict.lines) == ledger.MOST_LINES and not verdict.breaks
    assert (verdict.lines[-1]["act"], verdict.lines[-1]["result"]) == (ledger.LEFT_OUT, "6 entries of this write are left out")


def test_text_is_bounded_and_nothing_added_is_nothing():
    assert len(add(End(), [entry(1, result="x" * 9000)], "journal.json").data) < 1000
    assert add(End(), [], "journal.json") is None


def test_a_lone_surrogate_is_neither_written_nor_handed_on():
    made = add(End(), [entry(0, user="ann\udc80a", object="d0\ud800.example.com", before={"signing": "\udfff"})], "journal.json")
    assert b"\\ud" not in made.data
    assert [line["user"] for line in verify([(NAME, made.data)], made.end.head).lines] == ["ann?a"]
    data, end = written(3)
    changed = data.replace(b'"d1.', b'"\\ud800.')
    found = verify([(NAME, changed)], end.head)
    assert str(found.breaks[0]) == f"{NAME}, line 2: it holds half a character, so it was changed"
    assert "\ud800" not in str(found)
