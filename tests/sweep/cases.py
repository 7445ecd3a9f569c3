# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All cases: every call of the run of each start, with everything that may go wrong there."""

from __future__ import annotations

from collections import Counter

from lab import powershell
from sweep.case import Case, Usual
from sweep.faults import CLOCKS, EVENTS, ODD, ON_SOCKETS, ON_WINDOWS, STALE


def cases_of(start: str, usual: Usual) -> list[Case]:
    """Return the cases of a start, in the order of the calls."""
    found = [Case(start, "clock", str(minutes)) for minutes in CLOCKS]
    for number, call in enumerate(usual.calls):
        script = call.partition(" ")[0]
        found += [Case(start, "kill", when, number) for when in ("before", "after")]
        found += [Case(start, "event", event, number) for event in EVENTS]
        if script in ("graph", "metadata"):
            continue
        stale = () if powershell.is_write(script) else (STALE,)
        found += [Case(start, "windows", fault, number) for fault in (*ON_WINDOWS, *stale)]
        found += [Case(start, "odd", word, number) for word in ODD.get(script, ())]
    counted: Counter[tuple[str, str]] = Counter()
    for surface, operation in usual.requests:
        number = counted[surface, operation]
        counted[surface, operation] += 1
        for fault in ON_SOCKETS[surface]:
            found += [Case(start, "socket", fault, number, surface, operation, lasting) for lasting in (False, True)]
    return found
