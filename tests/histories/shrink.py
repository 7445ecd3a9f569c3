# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a history smaller for as long as the same kind of finding comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from histories.history import DAY, Event, History
from histories.story import live


def shrink(history: History, kind: str, most: int = 600, shows: Callable[[History], bool] | None = None) -> History:
    """The smallest history found that still shows ``kind``, after at most ``most`` lives."""

    def shows_it(smaller: History) -> bool:
        return any(f.kind == kind for f in live(smaller).findings)

    if shows is None:
        shows = shows_it
        found = [f.minute for f in live(history).findings if f.kind == kind and f.kind != "twin"]
        if found:  # what comes later explains nothing
            history = replace(history, length=min(history.length, found[0] // DAY + 2), events=tuple(e for e in history.events if e.at <= found[0]))
    lives = 0
    smaller = True
    while smaller and lives < most:
        smaller = False
        for candidate in _candidates(history):
            if candidate == history:
                continue
            lives += 1
            if lives > most:
                break
            try:
                good = shows(candidate)
            except Exception:  # noqa: BLE001 - a history that makes no sense is no smaller one
                good = False
            if good:
                history, smaller = candidate, True
                break
    return history


def _candidates(history: History) -> Iterator[History]:
    """Simpler histories, the boldest changes first."""
    yield History(
        seed=0,
        domains=history.domains,
        servers=history.servers,
        left=history.left,
        length=history.length,
        policy=history.policy,
        events=history.events,
        interval=history.interval,
        auto=history.auto,
    )
    if len(history.events) > 1:
        yield replace(history, events=())
    events = history.events
    size = len(events) // 2
    while size >= 1:
        for start in range(0, len(events), size):
            yield replace(history, events=events[:start] + events[start + size :])
        size //= 2
    if history.policy:
        yield replace(history, policy={})
        for name in history.policy:
            yield replace(history, policy={k: v for k, v in history.policy.items() if k != name})
    default = History()
    for f in fields(history):
        if f.name not in ("events", "policy", "seed", "length", "left", "domains", "servers") and getattr(history, f.name) != getattr(default, f.name):
            yield replace(history, **{f.name: getattr(default, f.name)})
    if history.seed:
        yield replace(history, seed=0)
    for name in ("domains", "servers"):
        for smaller in range(1, getattr(history, name)):
            yield replace(history, **{name: smaller})
    for length in (history.length // 2, history.length - 10, history.length - 3, history.length - 1):
        if 0 < length < history.length:
            yield replace(history, length=length)
    for n, event in enumerate(events):
        for other in _simpler(event):
            yield replace(history, events=(*events[:n], other, *events[n + 1 :]))


def _simpler(event: Event) -> Iterator[Event]:
    if (
        isinstance(event.about, int)
        and not isinstance(event.about, bool)
        and event.about > 0
        and event.what not in ("server_clock", "restore_snapshot", "journal_old", "freeze")
    ):
        yield event._replace(about=event.about - 1)
    if isinstance(event.about, dict) and len(event.about) > 1:
        for name in event.about:
            yield event._replace(about={k: v for k, v in event.about.items() if k != name})
    for grid in (DAY, 60):
        if event.at % grid:
            yield event._replace(at=event.at // grid * grid)
            yield event._replace(at=-(-event.at // grid) * grid)
        if event.until is not None and event.until % grid:
            yield event._replace(until=-(-event.until // grid) * grid)
