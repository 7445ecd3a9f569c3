# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the ledger tells people: who did what, when, under which change, and whether sign-in was safe. Entries that are alike stand together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import End, Verdict, verify
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger_entries import DONE
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count, natural
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

_ALIKE = ("run", "job", "user", "change_number", "act", "before", "after", "rule_before", "rule_after", "result")
_THUMBPRINT = re.compile(r"\b([0-9A-F]{8})[0-9A-F]{32}\b")
_TEXTS = ("time", "run", "job", "user", "change_number", "act", "result")
MOST_GROUPS = 300
MOST_OBJECTS = 1000
_MOST_LINES = 20
_MOST_BREAKS = 20
_FEW = 5


def checked(files: Sequence[tuple[str, bytes]], end: End) -> Verdict:
    """Check the chain through ``files`` as the ledger's ``verify`` does, with the end that the journal names.

    Lines after that end are newer than the journal that was read, or of a write that was broken off; both are no break.
    """
    whole = verify(files)
    if whole.breaks or end.file is None:
        return whole
    known = [(name, content[: end.size] if name == end.file else content) for name, content in files if name <= end.file]
    return replace(whole, breaks=verify(known, end.head).breaks)


def evidence(verdict: Verdict, since: str) -> dict[str, Any]:
    """Return RV(evidence) of rollover_journal. ``since``: ISO 8601 in UTC, from when on entries are told."""
    entries = [entry for entry in verdict.lines if str(entry["time"]) >= since]
    found = groups(entries)
    done = [str(entry["time"]) for entry in entries if str(entry["result"]) == DONE and _is_moment(entry["time"])]
    left_out = max(0, len(found) - MOST_GROUPS)
    told = {
        "since": since,
        "valid": not verdict.breaks,
        "said": printable(verdict.said),
        "head": verdict.head,
        "breaks": [printable(str(b)) for b in verdict.breaks[:_MOST_BREAKS]],
        "last_change": max(done, default=None),
        "left_out": left_out,
        "groups": found[left_out:],
    }
    return {**told, "lines": lines(told, len(entries))}


def failed(reason: str, since: str) -> dict[str, Any]:
    """Return RV(evidence) where the ledger could not be read."""
    said = f"The ledger was not read: {reason}"
    told: dict[str, Any] = {"since": since, "valid": False, "said": said, "head": None, "breaks": [], "last_change": None, "left_out": 0, "groups": []}
    return {**told, "lines": [f"! {said}"]}


def groups(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries that differ in their object only, as one with all objects, in the order of their first ones."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        key = repr([entry[name] for name in _ALIKE])
        group = found.get(key)
        if group is None:
            text = {name: None if entry[name] is None else printable(entry[name]) for name in _TEXTS}
            sides = {name: _side(entry[name]) for name in ("before", "after")}
            group = found[key] = {**text, **sides, "safe": safe(entry["rule_before"], entry["rule_after"]), "count": 0, "objects": [], "request_id": None}
        group["count"] += 1
        if len(group["objects"]) < MOST_OBJECTS:
            group["objects"].append(printable(entry["object"]))
        request = entry["request_id"]
        known = group["request_id"].split(", ") if group["request_id"] else []
        if request and printable(request) not in known and len(known) < _FEW:
            group["request_id"] = ", ".join([*known, printable(request)])
    for group in found.values():
        group["objects"].sort(key=natural)
    return list(found.values())


def safe(before: Any, after: Any) -> str:
    """Whether sign-in was safe in the worst case, as the run judged it."""
    words = {True: "safe", False: "not safe", None: "not judged"}
    sides = [words[side if isinstance(side, bool) else None] for side in (before, after)]
    if sides[0] == sides[1]:
        return sides[0] if before is None else f"{sides[0]} before and after"
    return f"{sides[0]} before, {sides[1]} after"


def _side(side: Any) -> str | None:
    """What was there before or after, in words."""
    if isinstance(side, Mapping):
        return ", ".join(f"{printable(name)} {printable(held) if held else 'none'}" for name, held in side.items())
    return None if side is None else {True: "on", False: "off"}[side] if isinstance(side, bool) else printable(side)


def lines(told: Mapping[str, Any], number: int) -> list[str]:
    """What a summary says of the ledger. ``number``: of all entries. Times are UTC."""
    found = [f"Ledger since {told['since'][:10]}: {number} {'entry' if number == 1 else 'entries'}. {told['said']}"]
    shown = told["groups"][-_MOST_LINES:]
    left = told["left_out"] + len(told["groups"]) - len(shown)
    if left:
        found.append(f"  ({count(left, 'earlier line')} left out; the report has more, and verify_evidence has all)")
    return [*found, *(f"  {_line(group)}" for group in shown)]


def _is_moment(text: Any) -> bool:
    """Whether it is a time as entries have it; somebody may have written into the file."""
    try:
        parse_time(str(text))
    except ValueError:
        return False
    return True


def _line(group: Mapping[str, Any]) -> str:
    objects = ", ".join(group["objects"]) if group["count"] <= _FEW else f"{group['objects'][0]} and {group['count'] - 1} more"
    sides = f": {group['before'] or 'none'} -> {group['after'] or 'none'}" if group["before"] or group["after"] else ""
    by = [f"by {group['user']}"] if group["user"] else []
    by += [f"job {group['job']}"] if group["job"] else [f"run {group['run']}"]
    by += [f"change {group['change_number']}"] if group["change_number"] else []
    time = f"{group['time'][:10]} {group['time'][11:16]} UTC" if _is_moment(group["time"]) else "at a time that is not known:"
    text = f"{time} {group['act']}, {objects}{sides}; sign-in {group['safe']}; {group['result']}; {', '.join(by)}"
    return _THUMBPRINT.sub(r"\1", text)
