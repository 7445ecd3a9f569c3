# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A history as a value: how the world is at minute 0, and what happens to it when. It can be printed, kept as a test, and made smaller."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

HOUR, DAY = 60, 1440


class Event(NamedTuple):
    """Something that happens from outside. ``until``: the minute at which it ends, where it lasts."""

    at: int
    what: str
    about: Any = None
    until: int | None = None

    def __repr__(self) -> str:
        words = [f"{self.at / DAY:.4f}".rstrip("0").rstrip("."), repr(self.what)]
        if self.about is not None or self.until is not None:
            words.append(repr(self.about))
        if self.until is not None:
            words.append(f"{self.until / DAY:.4f}".rstrip("0").rstrip("."))
        return f"on_day({', '.join(words)})"


def on_day(day: float, what: str, about: Any = None, until: float | None = None) -> Event:
    """An event with its times in days."""
    return Event(round(day * DAY), what, about, None if until is None else round(until * DAY))


@dataclass(frozen=True)
class History:
    """Times are minutes unless a comment says days; the defaults are a plain farm with daily runs and nothing that disturbs them."""

    seed: int = 0
    # The farm.
    servers: int = 2
    first: str = "own"  # whose the first primary certificate is: AD FS' own, of an authority (ca), or an administrator's self-signed one (local)
    left: int = 40  # days until it ends
    duration: int = 365  # days
    generation: int = 20  # days
    promotion: int = 5  # days
    critical: int = 2  # days
    check: int = 720
    phase: int = 0  # at which minute of its interval AD FS checks
    auto: bool = True
    youngest: bool = False  # which of several certificates AD FS promotes; this is not documented
    lag: int = 5  # until another server has copied a change
    listed: bool = True  # whether Get-AdfsFarmInformation answers
    winrm: bool = False  # whether the other servers can be asked themselves
    partners: int = 0
    # Entra.
    domains: int = 3
    tenants: int = 1
    elsewhere: int = 0  # domains of another farm
    alias: int = 0  # domains that lead here by another host name
    second: str = ""  # what the domains hold besides: an earlier certificate that has ended (ended), or one that has not and is unknown (unknown)
    propagation: int = 1440
    updater: int = 0  # days before the end of a domain's current certificate from which Entra's own updater is at work; 0: never
    any_server: bool = False  # whether the updater may read any server's metadata
    equal_ok: bool = True
    null_ok: bool = True
    # The runs.
    length: int = 45  # days
    interval: int = 1440
    first_run: int = 540
    gap: int = 0  # between a look and its act
    clocks: tuple[int, ...] = (0,)  # by how many seconds the controllers' clocks are off, in turns
    approves: bool = False  # whether the operator approves each run's first plan, and the run is held to it
    policy: dict[str, Any] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    def __repr__(self) -> str:
        return self.script()

    def script(self) -> str:
        """The history as a short Python expression: only what differs from the plain one."""
        default = History()
        said = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.name != "events" and getattr(self, f.name) != getattr(default, f.name)]
        lines = [f"    {word}," for word in said]
        if self.events:
            lines += ["    events=(", *(f"        {event!r}," for event in self.events), "    ),"]
        return "History(\n" + "\n".join(lines) + "\n)" if lines else "History()"
