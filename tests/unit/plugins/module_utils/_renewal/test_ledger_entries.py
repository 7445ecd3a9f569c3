# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals in the ledger: which are open, and which ended because nobody plans the act any more."""

from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal import ledger_entries
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger_entries import ended, open_refusals

ONE, TWO = ("publish", "one.example.com"), ("publish", "two.example.com")
STORED = {"refused": [list(ONE), list(TWO)]}
BASE = ledger_entries.base_of("r2", "2026-03-02T10:00:00Z", {"job": 7, "user": "", "change_number": "CHG1"})


def told(key: tuple[str, str], result: str) -> dict[str, str]:
    return {"act": key[0], "object": key[1], "result": result}


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ([], [ONE, TWO]),
        ([told(ONE, "done")], [TWO]),
        ([told(ONE, "refused: no permission")], [ONE, TWO]),
        ([told(ONE, "done"), told(ONE, "refused: no permission")], [TWO, ONE]),
        ([told(TWO, "not planned any more: what was refused before")], [ONE]),
        ([told(("promote", ONE[1]), "done")], [ONE, TWO]),
        ([told(("promote", "sts"), "refused: no permission")], [ONE, TWO, ("promote", "sts")]),
    ],
)
def test_a_refusal_is_open_until_its_own_act_is_told_otherwise(entries, left) -> None:
    assert open_refusals(STORED, entries) == left


def test_a_refusal_ends_when_it_is_not_wanted_any_more() -> None:
    over = ended(STORED, [TWO], BASE)
    assert [(entry["act"], entry["object"], entry["result"]) for entry in over] == [(*ONE, "not planned any more: what was refused before")]
    assert {name: over[0][name] for name in ("time", "run", "job", "user", "change_number")} == {
        "time": "2026-03-02T10:00:00Z",
        "run": "r2",
        "job": "7",
        "user": None,
        "change_number": "CHG1",
    }
    assert open_refusals(STORED, over) == [TWO]


def test_nothing_ends_while_all_is_wanted_or_nothing_was_refused() -> None:
    assert ended(STORED, [ONE, TWO], BASE) == []
    assert ended({"refused": []}, [], BASE) == []
