# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world that the decision function is put into: small enough to explore whole, and it decides nothing itself.

One farm with a configuration (certificates, primary, automatic rollover) and servers with a lagging copy each; domains with a
queue of slot pairs, of which the first is what sign-in accepts now, the last what Graph shows, and those between are under
way. Certificates are small numbers: 0 is the old primary, 1 its successor, 2 the one after that, 3 a stranger.

Time enters through real values: a key whose stamp is old in the model gets a journal entry that is older than the propagation
time, any other a fresh one. A stamp becomes old only together with the whole queue arriving, which is what the propagation time
promises. Whoever drops a key from a domain is seen by the next look, so its stamp is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._federation.acts import Act
from ansible_collections.federation.adfs.plugins.module_utils._federation.decision import decide
from ansible_collections.federation.adfs.plugins.module_utils._federation.journal import Journal, Lease
from ansible_collections.federation.adfs.plugins.module_utils._federation.observation import Domain, Farm, Key, Observation, Server, Slots
from ansible_collections.federation.adfs.plugins.module_utils._federation.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._federation.situation import Situation

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
QUEUE = 3  # slot pairs under way per domain
STRANGER = 3
Pair = tuple[int | None, int | None]
View = tuple[frozenset[int], int]


def name(key: int | None) -> str | None:
    return None if key is None else f"K{key}"


def number(key: str | None) -> int | None:
    return None if key is None else int(key[1:])


@dataclass(frozen=True)
class Pending:
    """An act that was decided and is not (wholly) sent yet."""

    action: str
    key: int | None = None
    writes: tuple[tuple[int, Pair, Pair], ...] = ()  # domain, new, expected


@dataclass(frozen=True)
class State:
    farm: frozenset[int]
    primary: int
    auto: bool
    suspended: bool
    views: tuple[View, ...]
    queues: tuple[tuple[Pair, ...], ...]
    old: tuple[frozenset[int], ...]
    pending: Pending | None
    sick: frozenset[int]
    held: bool = False

    @property
    def live(self) -> frozenset[int]:
        return frozenset({self.primary} | {primary for _certs, primary in self.views})


@dataclass(frozen=True)
class Case:
    """What is explored. ``hidden``: servers at the end of the list that nobody knows of. ``listed``: whether the tool is told that it knows all."""

    domains: int = 2
    servers: int = 2
    slots: tuple[Pair, ...] | None = None
    farm: frozenset[int] = frozenset({0})
    hidden: int = 0
    listed: bool = True
    updater: bool = False
    clock: str = "late"  # AD FS' own clock: never, late (when everything is in place), any
    rollovers: int = 1
    auto: bool = True
    policy: Policy = field(default_factory=Policy)
    second_look: bool = True
    suspended: bool = False
    unnoticed: bool = False  # the journal says that every server follows, whatever they do
    rollback_by_hand: bool = False
    self_signed: bool = True

    def start(self) -> State:
        slots = self.slots or ((0, None),) * self.domains
        view = (self.farm, 0)
        return State(
            self.farm,
            0,
            self.auto,
            self.suspended,
            (view,) * self.servers,
            tuple((pair,) for pair in slots),
            tuple(frozenset(k for k in pair if k is not None) for pair in slots),
            None,
            frozenset(d for d in range(len(slots)) if 0 not in slots[d]),
        )

    def keys(self) -> dict[str, Key]:
        """Each younger than the one before. All but the last are due for renewal, none ends so soon that AD FS' clock is near."""
        return {
            f"K{k}": Key(f"K{k}", NOW - timedelta(hours=4 - k), NOW + timedelta(days=28 if k < self.rollovers else 300), self.self_signed, f"P{k}")
            for k in range(STRANGER + 1)
        }


def look(state: State, case: Case) -> Situation:
    """What a run sees, as the real values that it decides on. While an act is pending, the lease of its run is in the journal."""
    seen = state.views[: len(state.views) - case.hidden] if case.hidden else state.views
    farm = Farm(
        identifier="farm",
        host_name="sts",
        server="s0",
        time=NOW,
        auto_rollover=state.auto,
        primary=f"K{state.primary}",
        certificates=frozenset(f"K{k}" for k in state.farm),
        servers=tuple(Server(f"s{i}", True, "", f"K{p}", frozenset(f"K{k}" for k in certs)) for i, (certs, p) in enumerate(seen)),
        servers_confirmed=not case.hidden or not case.listed,
    )
    domains = tuple(Domain("t", f"d{i}", Slots(name(q[-1][0]), name(q[-1][1])), sign_in_host="sts") for i, q in enumerate(state.queues))
    stamps = {f"t/d{i}": {f"K{k}": NOW - timedelta(hours=30 if k in state.old[i] else 1) for k in q[-1] if k is not None} for i, q in enumerate(state.queues)}
    # Everything that was ever the farm's is remembered, a stranger is not.
    own = frozenset(f"K{k}" for k in range(case.rollovers + 1))
    journal = Journal(
        "farm",
        last_look=NOW - timedelta(hours=1),
        first_seen=stamps,
        history=own,
        auto_rollover_wanted=case.auto or case.suspended,
        auto_rollover_suspended=state.suspended,
        hold=NOW if state.held else None,
        followed=(f"K{state.primary}", NOW - timedelta(hours=30)) if case.unnoticed or all(p == state.primary for _c, p in seen) else None,
        lease=Lease("first", NOW + timedelta(minutes=10)) if state.pending else None,
    )
    return Situation(Observation(farm, domains, case.keys()), journal, case.policy, NOW)


def decided(state: State, case: Case, run: str = "first") -> Act | None:
    return decide(look(state, case), run).act


def steps(state: State, case: Case) -> Iterator[tuple[str, State, bool]]:
    """Yield (label, next state, is it a step that happens by itself if nothing else goes wrong)."""
    yield from _tool(state, case)
    yield from _adfs(state, case)
    yield from _entra(state, case)


def _tool(state: State, case: Case) -> Iterator[tuple[str, State, bool]]:
    if state.pending is None:
        act = decided(state, case)
        if act is not None:
            yield f"decide {act.action}", replace(state, pending=_pending(state, act)), True
        return
    yield f"send {state.pending.action}", _send(state, case), True
    yield "the run dies", replace(state, pending=None), False
    other = decided(state, case, "second")
    if other is not None:
        yield f"a second run does {other.action}", _send_all(state, _pending(state, other), case), False


def _pending(state: State, act: Act) -> Pending:
    writes = tuple((int(w.domain.name[1:]), (number(w.slots.signing), number(w.slots.next)), state.queues[int(w.domain.name[1:])][-1]) for w in act.writes)
    return Pending(act.action, number(act.thumbprint) if act.action == "promote" else None, writes)


def _send_all(state: State, pending: Pending, case: Case) -> State:
    kept, state = state.pending, replace(state, pending=pending)
    while state.pending is not None:
        state = _send(state, case)
    return replace(state, pending=kept)


def _send(state: State, case: Case) -> State:
    """Carry out the next part of the pending act: one domain, or the one change on AD FS."""
    pending = state.pending
    if pending is None:
        return state
    if pending.writes:
        (domain, value, expected), rest = pending.writes[0], pending.writes[1:]
        state = replace(state, pending=replace(pending, writes=rest) if rest else None)
        if case.second_look and state.queues[domain][-1] != expected:
            return state  # looked again just before: the plan no longer fits
        return write(state, domain, value)
    state = replace(state, pending=None)
    if pending.action == "generate":
        return state if len(state.farm) > 1 else replace(state, farm=state.farm | {max(state.farm) + 1})
    if pending.action == "promote" and pending.key in state.farm and not state.auto:
        return replace(state, primary=pending.key)
    if pending.action == "suspend_auto_rollover":
        return replace(state, auto=False, suspended=True)
    if pending.action == "restore_auto_rollover":
        return replace(state, auto=True, suspended=False)
    return state


def write(state: State, domain: int, value: Pair) -> State:
    """A new value for a domain is under way. A full queue moves on first, as nothing waits for ever."""
    queue = state.queues[domain]
    if value == queue[-1]:
        return state
    queue = (*(queue if len(queue) < QUEUE else queue[1:]), value)
    old = state.old[domain] & frozenset(k for k in value if k is not None)
    return replace(state, queues=_put(state.queues, domain, queue), old=_put(state.old, domain, old))


def _adfs(state: State, case: Case) -> Iterator[tuple[str, State, bool]]:
    coming = max(state.farm)
    if coming != state.primary and coming > state.primary:
        everywhere = all(coming in pair for d, q in enumerate(state.queues) if d not in state.sick for pair in q) and all(coming in c for c, _p in state.views)
        if state.auto and (case.clock == "any" or (case.clock == "late" and everywhere)):
            yield "AD FS promotes by itself", replace(state, primary=coming), True
    if case.rollback_by_hand and len(state.farm) > 1:
        for key in state.farm - {state.primary}:
            # An administrator goes back by hand where that is safe, and says hold.
            if key < state.primary and all(key in pair for q in state.queues for pair in q) and all(key in c for c, _p in state.views):
                yield "rolled back by hand", replace(state, primary=key, auto=False, held=True), False
    if case.rollovers > 1 and len(state.farm) > 1 and state.auto and min(state.farm) < state.primary and all(p == state.primary for _c, p in state.views):
        yield "AD FS removes the expired one", replace(state, farm=state.farm - {min(state.farm)}), True
    for i, view in enumerate(state.views):
        if view != (state.farm, state.primary):
            followed = replace(state, views=_put(state.views, i, (state.farm, state.primary)))
            yield f"server {i} follows", followed, i < len(state.views) - case.hidden


def _entra(state: State, case: Case) -> Iterator[tuple[str, State, bool]]:
    for d, queue in enumerate(state.queues):
        if len(queue) > 1:
            yield f"domain {d} moves on", replace(state, queues=_put(state.queues, d, queue[1:])), True
        settled = replace(state, queues=_put(state.queues, d, queue[-1:]), old=_put(state.old, d, frozenset(k for k in queue[-1] if k is not None)))
        if settled != state:
            yield f"a day passes for domain {d}", settled, True
        if case.updater:
            for certs, primary in set(state.views):
                rest = sorted(certs - {primary}, reverse=True)
                copied = write(state, d, (primary, rest[0] if rest else None))
                if copied != state:
                    yield f"Entra's updater copies {primary} into domain {d}", copied, False


def _put(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])
