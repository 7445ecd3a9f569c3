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
_SEEN_LATER = "seen later by the run "
_LONGEST_RUN = datetime.timedelta(hours=24)
# What the ledger notes of acts that did not come to anything in Entra.
_NOTHING_DONE = ("refused", "not done", "not tried", "not planned")
_ONE_WRITE = datetime.timedelta(minutes=1)


@dataclass(frozen=True)
class Line:
    """One line of the ledger about one domain: between which times the write was, and the id of its request if it is known."""

    domain: str
    begin: datetime.datetime
    end: datetime.datetime
    time: datetime.datetime
    run: str
    request: str


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
        if not isinstance(domain, str) or not any(isinstance(side, Mapping) for side in sides) or told.startswith(_NOTHING_DONE):
            continue
        try:
            time = parse_time(str(entry.get("time")))
            begin = parse_time(_begun(str(entry.get("run")))) if later else time
        except ValueError:
            continue
        end = min(time, begin + _LONGEST_RUN)
        request = str(entry.get("request_id") or "").lower()
        lines.append(Line(domain.lower(), begin - slack, end + slack, time, str(entry.get("run")), request))
    return lines


def _begun(run: str) -> str:
    """When a run began, by its name: 20260203T101112Z-123456."""
    text = run.partition("-")[0]
    return f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}"


def judge(changes: Sequence[Change], applications: Collection[str], lines: Sequence[Line] | None, until: datetime.datetime) -> list[Judged]:
    """Return what is thought of each change, in the order of time; those that have to wait for the ledger are left out.

    ``applications``: client ids and object ids of service principals (lower case) with which the collection writes. ``lines``: of the ledger, None
    where there is none to compare with. ``until``: what is newer waits for a line. Each line tells one write, so it explains one change, and
    further entries of the same request within a minute. An id of a request never makes the change of another app one of ours, for a client may
    choose it.
    """
    ours = {change.id for change in changes if {change.application_id, change.service_principal_id} & set(applications) - {""}}
    explained: dict[str, Line] = {}
    for domain in {change.domain for change in changes if change.id in ours}:
        written = [change for change in changes if change.id in ours and change.domain == domain and change.result == "success"]
        explained.update(_explained(written, [line for line in lines or () if line.domain == domain]))
    judged = (_judged(change, change.id in ours, explained.get(change.id), lines is not None, change.at <= until) for change in changes)
    return [one for one in judged if one is not None]


def _explained(written: Sequence[Change], lines: Sequence[Line]) -> dict[str, Line]:
    """The line of each change of one domain that has one, by the change's id."""
    found: dict[str, Line] = {}
    left = list(lines)
    # What the id of a request shows comes first, so that no other change takes its line.
    for choose in (_by_request, _by_time):
        for change in written:
            line = found.get(change.id) or _same_write(change, written, found) or choose(change, left)
            if line is not None:
                found[change.id] = line
                left = [other for other in left if other is not line]
    return found


def _judged(change: Change, own: bool, line: Line | None, compared: bool, due: bool) -> Judged | None:
    if not own:
        return Judged(change, FOREIGN, f"{change.by} did it, not the app of the collection{_came_to(change)}.")
    if line is not None:
        return Judged(change, OWN, f"The ledger has it, in the run {line.run} at {format_time(line.time)}.")
    if change.result != "success":
        return Judged(change, OWN, f"The app of the collection tried it{_came_to(change)}. The ledger names a refusal only when it first comes.")
    if not compared:
        return Judged(change, OWN, "The app of the collection did it. There is no ledger to compare with.")
    if not due:
        return None
    return Judged(change, NOT_IN_LEDGER, "The app of the collection did it, and the ledger does not tell it: somebody else may hold the app's credential.")


def _same_write(change: Change, others: Sequence[Change], explained: Mapping[str, Line]) -> Line | None:
    """The line of another entry about the same request, as where Entra ID notes one write twice."""
    for other in others:
        if set(other.requests[:1]) & set(change.requests[:1]) and other.id in explained and abs(other.at - change.at) <= _ONE_WRITE:
            return explained[other.id]
    return None


def _by_request(change: Change, lines: Sequence[Line]) -> Line | None:
    return next((line for line in lines if line.request and line.request in change.requests), None)


def _by_time(change: Change, lines: Sequence[Line]) -> Line | None:
    fitting = [line for line in lines if line.begin <= change.at <= line.end]
    return min(fitting, key=lambda line: abs(line.time - change.at), default=None)


def _came_to(change: Change) -> str:
    return "" if change.result == "success" else f", and Entra ID says of it: {change.result}"
