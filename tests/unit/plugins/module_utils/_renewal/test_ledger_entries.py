# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger is told: which refusals are open or ended, and what the next run says of an act that a killed run announced."""

from __future__ import annotations

import json

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal import ledger_entries
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import End, add, verify
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger_entries import announce, ended, open_refusals, seen_later

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


FARM = {"certificates": ["AA", "BB"], "decrypting": [], "primary": "AA"}
SERVER_ACTS = {
    "generate": ("CC", None, "CC"),
    "add": ("CC", None, "CC"),
    "promote": ("BB", "AA", "BB"),
    "remove_from_adfs": ("AA", "AA", None),
    "suspend_auto_rollover": (None, True, False),
    "restore_auto_rollover": (None, False, True),
}


def next_run_tells(announced, shows: bool, certificates, slots):
    """The file after the run that was killed with ``announced`` in the journal, as the next run leaves it."""
    made = add(End(), [{**BASE, "run": "r1", "act": "publish", "object": "d0.example.com", "result": "done"}], "journal.json")
    kept = json.loads(json.dumps(announced))
    more = add(made.end, seen_later(kept, shows, certificates, slots, BASE), "journal.json")
    verdict = verify([(more.file, made.data + more.data)], more.end.head)
    assert not verdict.breaks
    return verdict.lines[1:]


@pytest.mark.parametrize("shows", [True, False])
@pytest.mark.parametrize("action", SERVER_ACTS)
def test_a_run_killed_after_an_act_on_a_server_is_told_by_the_next(action: str, shows: bool) -> None:
    thumbprint, before, after = SERVER_ACTS[action]
    act = {"action": action, "thumbprint": thumbprint, "targets": ["sts.example.com"]}
    announced = announce(act, FARM, "r1", {"job": 6, "user": "ann", "change_number": "CHG0"})
    (line,) = next_run_tells(announced, shows, ["AA", "BB", "CC"] if action == "generate" and shows else ["AA", "BB"], {})
    assert (line["run"], line["job"], line["user"], line["change_number"]) == ("r1", "6", "ann", "CHG0")
    assert (line["act"], line["object"], line["before"], line["after"]) == (action, "sts.example.com", before, after if shows else None)
    assert line["result"] == f"seen later by the run r2: {'done' if shows else 'it does not show that it was done'}"


def test_a_run_killed_amid_its_domains_is_told_for_each() -> None:
    old, new = {"signing": "AA", "next": None}, {"signing": "AA", "next": "BB"}
    targets = [{"domain": f"d{n}.example.com", "expected": old, "slots": new} for n in range(4)]
    rules = {target["domain"]: {"before": True, "after": True} for target in targets}
    act = {"action": "publish", "thumbprint": "BB", "targets": targets, "invariants": rules}
    slots = {"d0.example.com": new, "d1.example.com": old, "d2.example.com": {"signing": "EE", "next": None}}
    lines = next_run_tells(announce(act, FARM, "r1", {}), False, ["AA", "BB"], slots)
    assert [(line["object"], line["before"], line["after"], line["rule_after"], line["result"].partition(": ")[2]) for line in lines] == [
        ("d0.example.com", old, new, True, "done"),
        ("d1.example.com", old, old, None, "not done"),
        ("d2.example.com", old, {"signing": "EE", "next": None}, None, "neither as before nor done"),
        ("d3.example.com", old, None, None, "it could not be read"),
    ]
