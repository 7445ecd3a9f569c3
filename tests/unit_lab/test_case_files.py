# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cases of tests/powershell are written: states and replies as differences, long texts once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "tools"))

import case_files  # noqa: E402 - a tool, not a package

FOLDER = TESTS / "powershell" / "cases"
LONG = "MIIC" * 100


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": None}),
        ({"a": 1, "b": {"c": [1, {"d": 2}]}}, {"a": 1, "b": {"c": [1, {"d": 3}]}}),
        ({"a": {"b": 1}}, {"a": {}}),
        ({"a": []}, {"a": [1, 2]}),
        ({"a": [1, 2]}, {"a": []}),
        ({"a": True}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": [1]}),
        ({"files": {"journal.json": "x"}}, {"files": {"journal.json": "y", "journal.json.new": ""}}),
    ],
)
def test_a_difference_makes_the_one_of_the_other(old: Any, new: Any) -> None:
    change = case_files.difference(old, new)
    assert json.dumps(case_files.changed(old, change)) == json.dumps(new)
    assert (change is None) == (json.dumps(old) == json.dumps(new))


def _case(name: str, reply: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "script": "read_farm", "check_mode": False, "windows": False, "request": {"a": 1}, "reply": reply, "after": None, **more}


def test_books_survive_being_written() -> None:
    state = {"certificates": [{"RawData": LONG, "IsPrimary": True}], "now": "20260102030405"}
    other = {**state, "now": "20260102030406"}
    long = "n" * 100_001
    books = {
        "first": {"state": state, "cases": [_case("one", {"ok": True, "der": LONG}), _case("two", [long], after=other)]},
        "second": {
            "state": other,
            "cases": [
                _case("one", {"ok": True, "der": LONG}),
                _case("two", [long], after={**other, "now": "x"}),
                _case("three", None, check_mode=True, windows=True, request={"a": None}),
            ],
        },
    }
    files = case_files.encode(books)
    assert case_files.decode(files) == books
    assert json.loads(files["second.json"])["cases"][0] == "one"
    assert sum(LONG in text for text in files.values()) == 1
    assert all(long not in text for text in files.values())


def test_a_text_or_a_name_that_the_files_could_not_tell_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="@"):
        case_files.encode({"a": {"state": {"x": "@y"}, "cases": []}})
    with pytest.raises(ValueError, match="a/b"):
        case_files.difference({}, {"a/b": 1})


def test_the_files_stay_small() -> None:
    """Each state once and each long text once: what is written must be readable in a review."""
    files = case_files.read(FOLDER)
    assert sum(len(text) for text in files.values()) < 700_000
    assert sum(text.count("\n") for text in files.values()) < 20_000
    assert max(len(line) for name, text in files.items() if name != case_files.TEXTS for line in text.splitlines()) < 400
