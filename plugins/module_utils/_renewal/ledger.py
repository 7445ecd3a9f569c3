# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The ledger: one JSON line for each act and each refusal, each with the hash of the line before.

It shows gaps and edits. It does not show a rewrite of the whole file by somebody who owns the server: for that, compare its head with the one
that the summaries of earlier runs printed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIELDS = (
    *("time", "run", "job", "user", "change_number", "act", "object", "before", "after", "rule_before", "rule_after"),
    *("request_id", "result", "previous"),
)
"""What a line holds, in this order. ``previous``: the hash of the line before, null in the very first one."""
BROKEN = "chain_broken"
"""The act of a line that names a break: ``before`` is the hash that was expected, ``after`` the one that was found."""
LEFT_OUT = "left_out"
MOST_LINES = 1500
"""Lines of one write. What is more is counted in one last line, so that a write stays below what a server takes."""
MOST_TEXT = 500


@dataclass(frozen=True)
class End:
    """Where the ledger ends: its file, how many bytes that has, the hash of its last line (None: there is none) and that line's bytes."""

    file: str | None = None
    size: int = 0
    head: str | None = None
    last: int = 0


@dataclass(frozen=True)
class Addition:
    """What a write adds to ``file``, if that ends as ``expected`` says; ``end``: how it ends then."""

    file: str
    expected: End
    data: bytes
    end: End


@dataclass(frozen=True)
class Break:
    """What is wrong with a chain. ``line``: its number in ``file``, from 1 on."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True)
class Verdict:
    """``lines``: the entries that could be read, in order. ``head``: the hash of the last line, None without one."""

    lines: tuple[Mapping[str, Any], ...]
    head: str | None
    breaks: tuple[Break, ...]

    @property
    def said(self) -> str:
        """One line for people."""
        if self.breaks:
            more = f" ({len(self.breaks) - 1} more)" if len(self.breaks) > 1 else ""
            return f"The ledger's chain is broken: {self.breaks[0]}{more}"
        whole = f"The ledger's chain is whole: {len(self.lines)} {'entry' if len(self.lines) == 1 else 'entries'}, head {self.head or 'none'}"
        before = self.lines[0]["previous"] if self.lines else None
        return f"{whole}; it begins after the line {before}, which is not here" if before else whole


def said(told: Mapping[str, Any]) -> list[str]:
    """What a summary says of a write, RV(ledger) of rollover_journal: how much was added and the head, and what is wrong."""
    added = told["added"]
    lines = [f"Ledger: {added} {'entry' if added == 1 else 'entries'} added, head {told['head']}"] if added else []
    if told["broken"]:
        lines.append(f"! The ledger's chain is broken: {told['broken']}. It goes on with a new segment that names the break.")
    if told["failed"]:
        lines.append(f"! Nothing was added to the ledger: {told['failed']}")
    return lines


def line_hash(line: bytes) -> str:
    """The hash of a line: SHA-256 of its bytes with the line feed, as ``tail -n 1 FILE | sha256sum`` gives it of the last one."""
    return hashlib.sha256(line).hexdigest()


def encode(entry: Mapping[str, Any], previous: str | None) -> bytes:
    """Return the line for an entry that follows the line with the hash ``previous``: ASCII, its members in the order of FIELDS."""
    members = {name: _bounded(entry.get(name)) for name in FIELDS if name != "previous"}
    return json.dumps({**members, "previous": previous}, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def _bounded(value: Any) -> Any:
    """Text of at most MOST_TEXT characters, also inside a mapping. Half a character (a lone surrogate) can be in no result, so it becomes "?"."""
    if isinstance(value, Mapping):
        return {name: _bounded(held) for name, held in value.items()}
    if not isinstance(value, str):
        return value
    whole = value.encode("utf-8", "replace").decode("utf-8")
    return whole[: MOST_TEXT - 1] + "…" if len(whole) > MOST_TEXT else whole


def file_name(journal: str, time: str) -> str:
    """The name of the year's file beside a journal of the name ``journal``; ``time``: ISO 8601."""
    stem = journal[: -len(".json")] if journal.endswith(".json") else journal
    return f"ledger-{time[:4]}.jsonl" if stem == "journal" else f"{stem}-ledger-{time[:4]}.jsonl"


def add(end: End, entries: Sequence[Mapping[str, Any]], journal: str) -> Addition | None:
    """Return what is to be added for ``entries``, or None where there is nothing. ``journal``: the name of its file."""
    if not entries:
        return None
    kept = list(entries)
    if len(kept) > MOST_LINES:
        missing = len(kept) - MOST_LINES + 1
        kept = [*kept[: MOST_LINES - 1], {**kept[-1], **_NOTHING, "act": LEFT_OUT, "result": f"{missing} entries of this write are left out"}]
    name = file_name(journal, str(kept[0]["time"]))
    expected = end if end.file == name else End(name, 0, None, 0)
    lines: list[bytes] = []
    previous = end.head
    for entry in kept:
        lines.append(encode(entry, previous))
        previous = line_hash(lines[-1])
    data = b"".join(lines)
    return Addition(name, expected, data, End(name, expected.size + len(data), previous, len(lines[-1])))


_NOTHING = dict.fromkeys(("object", "before", "after", "rule_before", "rule_after", "request_id"))


def go_on(end: End, entries: Sequence[Mapping[str, Any]], journal: str, found: bytes) -> tuple[Addition | None, End, Break | None]:
    """Return what is to be added to a file that does not end as the journal says, how the ledger ends then, and what is wrong with it.

    A write that was broken off after its lines and before the journal is no break: the chain goes on from them, and what they tell already is not
    told twice. Anything else is named by a line of its own, with which a new segment begins. ``found``: the file as it is, empty if it is gone.
    """
    name = file_name(journal, str(entries[0]["time"]))
    known = end if end.file == name else End(name, 0, end.head, 0)
    lines = _lines(found)
    ahead = _ahead(known, lines)
    if ahead is not None:
        left = list(entries)
        for told in ahead:
            if left and encode(left[0], None) == encode(told, None):
                del left[0]
        at = End(name, len(found), line_hash(lines[-1]), len(lines[-1])) if lines else known
        addition = add(at, left, journal)
        return addition, addition.end if addition else at, None
    broken = verify([(name, found)]).breaks
    elsewhere = "the file does not end with the line that the journal names" if lines else "the file is gone"
    wrong = broken[0] if broken else Break(name, max(len(lines), 1), elsewhere)
    here = End(name, len(found), line_hash(lines[-1]), len(lines[-1])) if lines else End(name)
    glue = b"\n" if found and not found.endswith(b"\n") else b""
    last = line_hash(lines[-1] + glue) if lines else None
    named = {**entries[0], **_NOTHING, "act": BROKEN, "object": name, "before": end.head, "after": last, "result": str(wrong)}
    made = add(End(name, len(found) + len(glue), last or end.head, 0), [named, *entries], journal)
    addition = Addition(name, here, glue + made.data, made.end) if made else None
    return addition, addition.end if addition else here, wrong


def _ahead(known: End, lines: Sequence[bytes]) -> list[Mapping[str, Any]] | None:
    """The entries of lines that follow the end that the journal knows of; None where the file does not go on from there."""
    at, previous = 0, known.head
    if known.size:
        hashes = [line_hash(line) for line in lines]
        at = hashes.index(known.head) + 1 if known.head in hashes else 0
        if sum(map(len, lines[:at])) != known.size:
            return None
    found = []
    for line in lines[at:]:
        entry, _reason = _read(line)
        if entry is None or entry["previous"] != previous:
            return None
        found.append(entry)
        previous = line_hash(line)
    return found


def _lines(content: bytes) -> list[bytes]:
    return [line + b"\n" for line in content.split(b"\n")[:-1]] + [content.rpartition(b"\n")[2]] * (not content.endswith(b"\n") and bool(content))


def verify(files: Sequence[tuple[str, bytes]], head: str | None = None) -> Verdict:
    """Check the chain through ``files``, each a name and its content, in the order of their years.

    ``head``: the hash that the last line must have, as a summary or the journal says; without it a missing last line cannot be seen. What the first
    line follows is taken as it is: a file of an earlier year may not be at hand.
    """
    entries: list[Mapping[str, Any]] = []
    breaks: list[Break] = []
    previous: str | None = None
    name, number, before_first = files[-1][0] if files else "ledger", 0, True
    for name, content in files:
        number = 0
        for number, line in enumerate(_lines(content), 1):
            entry, reason = _read(line)
            if entry is None:
                breaks.append(Break(name, number, reason))
            else:
                if not before_first and entry["previous"] != previous:
                    breaks.append(Break(name, number, "it does not follow the line before: that one was changed, or lines between them are missing"))
                entries.append(entry)
                if entry["act"] == BROKEN:
                    breaks.append(Break(name, number, f"a run found the chain broken: {entry['result']}"))
            previous, before_first = line_hash(line), False
    if head and previous != head.strip().lower():
        found = "the file has no line" if previous is None else f"the last line has the hash {previous}"
        why = "lines at the end are missing or were changed, or the head is of another time"
        breaks.append(Break(name, max(number, 1), f"{found} and not the head {head}: {why}"))
    return Verdict(tuple(entries), previous, tuple(breaks))


def _read(line: bytes) -> tuple[Mapping[str, Any] | None, str]:
    if not line.endswith(b"\n"):
        return None, "it is cut off"
    try:
        entry = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        return None, "it is no JSON, so it was changed"
    if not isinstance(entry, dict) or tuple(entry) != FIELDS:
        return None, "it does not have the members of a ledger's line, so it was changed"
    try:
        json.dumps(entry, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return None, "it holds half a character, so it was changed"
    return entry, ""
