# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Whose change of a domain's federation settings it was: the collection's own, by its app and its ledger, or somebody else's. Pure functions."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.federation.adfs.plugins.module_utils._entra.audit_log import Change
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

OWN = "own"
FOREIGN = "foreign"
NOT_IN_LEDGER = "not_in_ledger"
SUCCESS, FAILURE = "success", "failure"
"""Of a result. With any other one (a timeout, none at all) Entra ID leaves open whether something was changed."""
_SEEN_LATER = "seen later by the run "
_LONGEST_RUN = datetime.timedelta(hours=24)
# What the ledger notes of acts that did not come to anything in Entra, and of those that nothing was sent for.
_NOTHING_DONE = ("refused", "not done")
_NOT_SENT = ("not tried", "not planned")
_ONE_WRITE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Line:
    """One line of the ledger about one domain: between which times the write was, the id of its request if it is known, and whether it came to something."""

    domain: str
    begin: datetime.datetime
    end: datetime.datetime
    time: datetime.datetime
    run: str
    request: str
    done: bool


@dataclass(frozen=True)
class Judged:
    """A change with what is thought of it: ``kind`` own, foreign or not_in_ledger, and why."""

    change: Change
    kind: str
    reason: str


def lines_of(entries: Sequence[Mapping[str, t.Any]], slack: datetime.timedelta) -> list[Line]:
    """Return the writes to domains that the entries of a ledger tell. ``slack``: how far the times of ledger and audit log may lie apart."""
    lines = []
    for entry in entries:
        result, domain = str(entry.get("result") or ""), entry.get("object")
        later = result.startswith(_SEEN_LATER)
        told = result.partition(": ")[2] if later else result
        sides = entry.get("before"), entry.get("after")
        # Of a server, both sides are texts; a line of a domain that was read back has the slots.
        if not isinstance(domain, str) or not any(isinstance(side, Mapping) for side in sides) or told.startswith(_NOT_SENT):
            continue
        try:
            # A time at an end of the calendar has no moment beside it.
            time = parse_time(str(entry.get("time")))
            begin = parse_time(_begun(str(entry.get("run")))) if later else time
            span = begin - slack, min(time, begin + _LONGEST_RUN) + slack
        except (OverflowError, ValueError):
            continue
        request = str(entry.get("request_id") or "").lower()
        lines.append(Line(domain.lower(), *span, time, str(entry.get("run")), request, not told.startswith(_NOTHING_DONE)))
    return lines


def _begun(run: str) -> str:
    """When a run began, by its name: 20260203T101112Z-123456."""
    text = run.partition("-")[0]
    return f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}"


def judge(changes: Sequence[Change], applications: Collection[str], lines: Sequence[Line] | None, until: datetime.datetime) -> list[Judged]:
    """Return what is thought of each change, in the order of time; those that have to wait for the ledger are left out.

    ``applications``: client ids and object ids of service principals (lower case) with which the collection writes. ``lines``: of the ledger, None
    where there is none to compare with. ``until``: what is newer waits for a line. Each line tells one write, so it explains one change, and
    further entries of the same request within a minute; a line of a write that came to nothing explains only a change whose result is open. An id
    of a request never makes the change of another app one of ours, for a client may choose it.
    """
    ours = {change.id for change in changes if {change.application_id, change.service_principal_id} & set(applications) - {""}}
    written: dict[str, list[Change]] = {}
    for change in changes:
        if change.id in ours and change.result != FAILURE:
            written.setdefault(change.domain, []).append(change)
    told: dict[str, list[Line]] = {}
    for line in lines or ():
        told.setdefault(line.domain, []).append(line)
    explained: dict[str, Line] = {}
    for domain, found in written.items():
        # What succeeded chooses first: of it something must be left in the ledger.
        found.sort(key=lambda change: change.result != SUCCESS)
        explained.update(_explained(found, told.get(domain, ())))
    judged = (_judged(change, change.id in ours, explained.get(change.id), lines is not None, change.at <= until) for change in changes)
    return [one for one in judged if one is not None]


def _explained(written: Sequence[Change], lines: Sequence[Line]) -> dict[str, Line]:
    """The line of each change of one domain that has one, by the change's id."""
    found: dict[str, Line] = {}
    left = dict(enumerate(lines))
    by_request: dict[str, list[int]] = {}
    for number, line in left.items():
        if line.request:
            by_request.setdefault(line.request, []).append(number)
    explained: dict[str, list[Change]] = {}

    def take(change: Change, line: Line) -> None:
        found[change.id] = line
        for request in change.requests[:1]:
            explained.setdefault(request, []).append(change)

    # What the id of a request shows comes first, so that no other change takes its line.
    for by_id in (True, False):
        for change in written:
            if change.id in found:
                continue
            # Another entry about the same request, as where Entra ID notes one write twice.
            twins = (other for request in change.requests[:1] for other in explained.get(request, ()) if abs(other.at - change.at) <= _ONE_WRITE)
            twin = next(twins, None)
            if twin is not None:
                take(change, found[twin.id])
                continue
            numbers = (n for request in change.requests for n in by_request.get(request, ()) if n in left) if by_id else iter(left)
            fitting = [n for n in numbers if (left[n].done or change.result != SUCCESS) and (by_id or left[n].begin <= change.at <= left[n].end)]
            if fitting:
                nearest = min(fitting) if by_id else min(fitting, key=lambda n: abs(left[n].time - change.at))
                take(change, left.pop(nearest))
    return found


def _judged(change: Change, own: bool, line: Line | None, compared: bool, due: bool) -> Judged | None:
    if not own:
        return Judged(change, FOREIGN, f"{change.by} {_tried(change)}, not the app of the collection{_came_to(change)}.")
    if line is not None:
        return Judged(change, OWN, f"The ledger has it, in the run {line.run} at {format_time(line.time)}.")
    if change.result == FAILURE:
        return Judged(change, OWN, f"The app of the collection tried it{_came_to(change)}. The ledger names a refusal only when it first comes.")
    if not compared:
        return Judged(change, OWN, f"The app of the collection {_tried(change)}{_came_to(change)}. There is no ledger to compare with.")
    if not due:
        return None
    did = f"The app of the collection {_tried(change)}{_came_to(change)}"
    return Judged(change, NOT_IN_LEDGER, f"{did}, and the ledger does not tell it: somebody else may hold the app's credential.")


def _tried(change: Change) -> str:
    """What is known of it in words: only of what succeeded is it said that it was done."""
    return "did it" if change.result == SUCCESS else "tried it"


def _came_to(change: Change) -> str:
    return "" if change.result == SUCCESS else f", and Entra ID says of it: {change.result}"
