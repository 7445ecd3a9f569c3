# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three plays, each several times with AD FS checking at other moments, and what comes of it as lines with dates and intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import natural
from histories import product
from histories.certificates import moment
from histories.history import DAY, HOUR, Event
from rehearsal.snapshot import Snapshot
from rehearsal.stage import Happened, Rehearsed, Stage

PHASES = 3
LONGEST = 800  # days
DRILL_EVERY = HOUR  # in an emergency somebody runs it again and again
NAMED = 5


@dataclass(frozen=True)
class Line:
    """What happens between ``first`` and ``last``, in ``plays`` of the plays."""

    first: int
    last: int
    what: str
    about: tuple[str, ...]
    plays: int


@dataclass(frozen=True)
class Play:
    """A play as it came out. ``refused``: domains whose sign-in failed in any of them. ``found``: what the judge of the histories objects to."""

    title: str
    lines: tuple[Line, ...]
    refused: tuple[str, ...]
    found: tuple[str, ...]


def rehearse(snapshot: Snapshot) -> list[Play]:
    """Play the next renewal, going back from it, and a stolen key by both priorities."""
    stage = Stage(snapshot)
    with product.without_forecast():
        renewal = [_renewal(stage, phase) for phase in _phases(snapshot)]
        plays = [_told("The next renewal, with daily runs", renewal)]
        promoted = [at for world in renewal if (at := world.promoted()) is not None]
        if len(promoted) == len(renewal):
            back = [_rollback(stage, phase, at + DAY + 2 * HOUR) for phase, at in zip(_phases(snapshot), promoted, strict=True)]
            plays.append(_told("Going back, a day after the promotion", back, "the operator asks for a rollback"))
        for priority in ("availability", "containment"):
            worlds = [_emergency(stage, phase, priority) for phase in _phases(snapshot)]
            plays.append(_told(f"A stolen key, and a run each hour; emergency_priority: {priority}", worlds, "the operator declares the key stolen"))
    return plays


def _phases(snapshot: Snapshot) -> list[int]:
    check = snapshot.farm["thresholds"]["check"]
    return sorted({1 + n * check // PHASES for n in range(PHASES)})


def _left(stage: Stage) -> int:
    """Minutes until the primary certificate ends."""
    shot = stage.snapshot
    ends = next(c.not_after for c, _der, _local in shot.certificates if c.thumbprint == shot.farm["primary"])
    return int((ends - shot.made_at).total_seconds() // 60)


def _silent(stage: Stage, until: int) -> tuple[int, int] | None:
    """Long before anything is due no run does anything, and how far runs are apart counts only from ten days before."""
    early = until - 60 * DAY
    return (2 * DAY, early) if early > 3 * DAY else None


def _renewal(stage: Stage, phase: int) -> Rehearsed:
    left = _left(stage)
    length = min(LONGEST, max(60, left // DAY + 30))
    return _lived(Rehearsed(stage, stage.history(phase, length=length), _silent(stage, left)))


def _rollback(stage: Stage, phase: int, at: int) -> Rehearsed:
    events = (Event(at, "policy", {"rollback": True}),)
    return _lived(Rehearsed(stage, stage.history(phase, length=at // DAY + 12, events=events), _silent(stage, _left(stage))))


def _emergency(stage: Stage, phase: int, priority: str) -> Rehearsed:
    history = stage.history(phase, length=12, interval=DRILL_EVERY, events=(Event(HOUR, "stolen", "primary"),))
    history.policy["emergency_priority"] = priority
    return _lived(Rehearsed(stage, history))


def _lived(world: Rehearsed) -> Rehearsed:
    world.live()
    return world


def _told(title: str, worlds: Sequence[Rehearsed], begins: str = "") -> Play:
    """The same things of all plays as one line with the earliest and the latest moment. ``begins``: the operator's act, before which nothing is told."""
    of = [_numbered(w, begins) for w in worlds]
    keys = list(dict.fromkeys(key for happened in of for key in happened))
    lines = []
    for key in keys:
        found = [happened[key] for happened in of if key in happened]
        about = tuple(dict.fromkeys(name for h in found for name in h.about))
        lines.append(Line(min(h.minute for h in found), max(h.minute for h in found), found[0].what, about, len(found)))
    refused = tuple(sorted({name for w in worlds for name in w.judge.lost}))
    objections = tuple(dict.fromkeys(w.stage.said(f.what) for w in worlds for f in w.judge.findings))
    return Play(title, tuple(sorted(lines, key=lambda line: (line.first, line.last))), refused, objections)


def _numbered(world: Rehearsed, begins: str) -> dict[tuple[str, int], Happened]:
    seen: dict[str, int] = {}
    found = {}
    start = world.hands.log[0][0] if begins else 0
    told = [Happened(start, begins)] if begins else []
    for h in (*told, *(h for h in world.happened if h.minute >= start)):
        number = seen[h.what] = seen.get(h.what, 0) + 1
        found[h.what, number] = h
    return found


def lines(play: Play, say: Callable[[str], str], domains: int) -> list[str]:
    """The play as it is printed."""
    said = [play.title, "-" * len(play.title)]
    before: Line | None = None
    for line in play.lines:
        when = f"{moment(line.first):%Y-%m-%d %H:%M}" + (f" to {moment(line.last):%m-%d %H:%M}" if line.last > line.first else "")
        after = f"+{_span(line.first - before.first)}" if before else ""
        some = f" [in {line.plays} of {PHASES} plays]" if line.plays < PHASES else ""
        said.append(f"  {when:31s} {after:>9s}  {say(line.what)}{_names(line.about, domains)}{some}")
        before = line
    if not play.lines:
        said.append("  Nothing happens.")
    refused = f"Sign-in fails for {len(play.refused)} of {domains}{_names(play.refused, domains)}." if play.refused else "No sign-in fails."
    return [*said, f"  {refused}", *(f"  The judge of the histories objects: {text}" for text in play.found), ""]


def _span(minutes: int) -> str:
    if minutes < 2 * HOUR:
        return f"{minutes} min"
    return f"{minutes / HOUR:.1f} h" if minutes < 2 * DAY else f"{minutes / DAY:.1f} d"


def _names(names: tuple[str, ...], domains: int) -> str:
    if not names:
        return ""
    if len(names) == domains and domains > 1:
        return f": all {domains} domains"
    shown = sorted(names, key=natural)
    return f": {', '.join(shown)}" if len(names) <= NAMED else f": {', '.join(shown[:NAMED])} and {len(names) - NAMED} more"
