# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world that the decision function is put into: small enough to explore whole, and it decides nothing itself.

One farm with a configuration (certificates, primary, automatic rollover) and servers with a lagging copy each; domains with a
queue of slot pairs, of which the first is what sign-in accepts now, the last what Graph shows, and those between are under
way. Certificates are small numbers: 0 is the old primary, 1 its successor, 2 the one after that, 3 a stranger.

Time enters through real values: a key whose stamp is old in the model gets a journal entry that is older than the propagation
time, any other a fresh one. A stamp becomes old only together with the whole queue arriving, which is what the propagation time
promises. Whoever drops a key from a domain is seen by the next look, so its stamp is gone.

What is the same but for the names of domains and servers is explored once, and what a run sees alike is decided once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Decision
from ansible_collections.federation.adfs.plugins.module_utils._renewal.decision import decide
from ansible_collections.federation.adfs.plugins.module_utils._renewal.emergency import note
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Backup, Emergency, Journal, Lock, OwnKey, Rollback, Scans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Farm, Key, Observation, Server, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from proof.facts import Facts

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
QUEUE = 3  # slot pairs under way per domain
YOUNGEST = 4  # more certificates than these AD FS never makes here
STRANGER = 8
Pair = tuple[int | None, int | None]
View = tuple[frozenset[int], int]


def name(key: int | None) -> str | None:
    return None if key is None else f"K{key}"


def number(key: str | None) -> int | None:
    return None if key is None else int(key[1:])


class Pending(NamedTuple):
    """An act that was decided and is not (wholly) sent yet. Its writes may arrive in any order; ``then`` comes after it in the same act."""

    action: str
    key: int | None = None
    writes: tuple[tuple[int, Pair, Pair], ...] = ()  # domain, new, expected
    then: tuple[str, ...] = ()


class State(NamedTuple):
    farm: frozenset[int]
    primary: int
    auto: bool
    suspended: int | None  # the primary for which AD FS' clock is held
    views: tuple[View, ...]
    queues: tuple[tuple[Pair, ...], ...]
    old: tuple[frozenset[int], ...]
    pending: Pending | None
    sick: frozenset[int]
    paused: bool = False
    by_hand: bool = False  # the last promotion was no doing of AD FS' own clock
    made: int = 0  # the youngest certificate that AD FS ever had
    asked: bool = False  # the operator asked for a rollback, or said that keys are stolen
    rollback: tuple[int, bool] | None = None  # what the journal says is to be undone, and whether it had been promoted
    lifted: int | None = None  # what was undone, once the operator lifted the pause
    backups: tuple[Pair | None, ...] = ()  # what the tool replaced last, where a rollback may want it
    stolen: frozenset[int] = frozenset()
    watched: bool = False  # no stolen key was seen anywhere for the propagation time
    forms: frozenset[str] = frozenset()  # of an eviction, that Entra refused
    dark: frozenset[int] = frozenset()  # domains that cannot be read now

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
    one_member: bool = False  # a write sends only the member that it changes
    suspended: bool = False
    unnoticed: bool = False  # the journal says that every server follows, whatever they do
    rollback_by_hand: bool = False
    urgent_by_hand: bool = False  # an administrator may run Update-AdfsCertificate -Urgent
    self_signed: bool = True
    rollback: bool = False  # the operator may ask for a rollback, and lift the hold again
    theft: str = ""  # the operator may say that the primary's key is stolen; what goes first then
    primary: int = 0
    expired: frozenset[int] = frozenset()
    flickers: bool = False  # a domain cannot be read in one look and can in the next
    generates: bool = False  # AD FS makes its successor by itself
    several: bool = False  # somebody makes a further certificate
    journalled: bool = True  # whether the journal knows of certificates that AD FS does not hold any more
    elsewhere: frozenset[int] = frozenset()  # domains that sign in at another farm
    facts: Facts = field(default_factory=Facts)

    def start(self) -> State:
        slots = self.slots or ((self.primary, None),) * self.domains
        view = (self.farm, self.primary)
        return State(
            self.farm,
            self.primary,
            self.auto,
            self.primary if self.suspended else None,
            (view,) * self.servers,
            tuple((pair,) for pair in slots),
            tuple(frozenset(k for k in pair if k is not None) for pair in slots),
            None,
            frozenset(d for d in range(len(slots)) if self.primary not in self.accepted(slots[d]) and d not in self.elsewhere),
            made=max(self.farm),
            backups=(None,) * len(slots) if self.rollback else (),
        )

    def accepted(self, pair: Pair) -> frozenset[int | None]:
        """What sign-in goes by where a domain's members are these."""
        if self.facts.next_only_after_expiry and pair[0] not in self.expired:
            return frozenset({pair[0]})
        return frozenset(pair) - self.expired if self.facts.entra_checks_expiry else frozenset(pair)

    @property
    def interchangeable(self) -> bool:
        """Whether no domain differs from another but in what it holds: the policy names none."""
        policy = self.policy
        return not self.elsewhere and not (policy.domains or policy.domains_excluded or policy.domains_acknowledged or policy.refused)

    def keys(self) -> dict[str, Key]:
        """Each younger than the one before. All but the last are due for renewal, none ends so soon that AD FS' clock is near, some have ended."""
        numbers = (*range(YOUNGEST + 1), STRANGER)
        left = {k: timedelta(hours=-1) if k in self.expired else timedelta(days=28 if k < self.rollovers else 300) for k in numbers}
        return {f"K{k}": Key(f"K{k}", NOW - timedelta(hours=12 - k), NOW + left[k], self.self_signed, f"P{k}") for k in left}


class Deciding:
    """The real decision function on a case, asked once for each thing that a run can see."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._keys = case.keys()
        self._known: dict[tuple[Any, ...], Decision] = {}

    def decision(self, state: State, run: str = "first") -> Decision:
        """What a run decides. The key holds everything that ``look`` uses."""
        seen = state.views[: len(state.views) - self.case.hidden]
        stamps = tuple((q[-1], old.intersection(q[-1])) for q, old in zip(state.queues, state.old, strict=True))
        word = (state.paused, state.rollback, state.lifted, state.backups, state.stolen, state.watched, state.forms, state.dark)
        key = (run, state.farm, state.made, state.primary, state.auto, state.suspended, seen, stamps, state.pending is None, *word)
        if key not in self._known:
            self._known[key] = decide(self.situation(state), run)
        return self._known[key]

    def situation(self, state: State) -> Situation:
        """What a run sees now."""
        return look(state, self.case, self._keys)

    def act(self, state: State, run: str = "first") -> Act | None:
        return self.decision(state, run).act


def look(state: State, case: Case, keys: dict[str, Key]) -> Situation:
    """What a run sees, as the real values that it decides on. While an act is pending, the lock of its run is in the journal."""
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
    domains = tuple(
        Domain("t", f"d{i}", Slots(None, None), error="HTTP 503")
        if i in state.dark
        else Domain("t", f"d{i}", Slots(name(q[-1][0]), name(q[-1][1])), sign_in_host="elsewhere" if i in case.elsewhere else "sts")
        for i, q in enumerate(state.queues)
    )
    stamps = {f"t/d{i}": {f"K{k}": NOW - timedelta(hours=30 if k in state.old[i] else 1) for k in q[-1] if k is not None} for i, q in enumerate(state.queues)}
    # Everything that was ever the farm's is remembered, a stranger is not.
    own = {f"K{k}": OwnKey() for k in (range(state.made + 1) if case.journalled else state.farm)}
    farm = replace(farm, servers=tuple(replace(s, stranger=s.primary not in {*own, *farm.certificates}) for s in farm.servers))
    undone = state.rollback or (None if state.lifted is None else (state.lifted, True))
    journal = Journal(
        "farm",
        scans=Scans(f"K{state.primary}", tuple(NOW - timedelta(days=d) for d in (2, 1, 0))),
        first_seen=stamps,
        own=own,
        auto_rollover_wanted=case.auto or case.suspended,
        auto_rollover_suspended=state.suspended is not None,
        suspended_for=None if state.suspended is None else f"K{state.suspended}",
        revoked={f"K{k}": f"P{k}" for k in state.stolen},
        pause=NOW if state.paused else None,
        followed=(f"K{state.primary}", NOW - timedelta(hours=30)) if case.unnoticed or all(p == state.primary for _c, p in seen) else None,
        lock=Lock("first") if state.pending else None,
        rollback=Rollback(f"K{undone[0]}", undone[1], NOW, state.rollback is None) if undone else None,
        backups={f"t/d{i}": (Backup(NOW - timedelta(hours=30), Slots(name(b[0]), name(b[1]))),) for i, b in enumerate(state.backups) if b},
    )
    policy = replace(case.policy, eviction_forms_refused=state.forms) if state.stolen else case.policy
    situation = Situation(Observation(farm, domains, keys), journal, policy, NOW)
    if not state.stolen:
        return situation
    since = NOW - timedelta(hours=30 if state.watched else 1)
    theft = Emergency(NOW - timedelta(hours=40), case.theft, {f"K{k}": f"P{k}" for k in state.stolen}, since, since, since)
    return replace(situation, journal=replace(journal, emergency=note(replace(situation, journal=replace(journal, emergency=theft)))))


def canonical(state: State, case: Case) -> State:
    """The one state that stands for all that differ from this one only in which domain and which server is which."""
    split = len(state.views) - case.hidden
    if split > 1 or case.hidden > 1:
        state = state._replace(views=(*sorted(state.views[:split], key=_view_order), *sorted(state.views[split:], key=_view_order)))
    if not case.interchangeable or len(state.queues) < 2:
        return state
    writes = {w[0]: w[1:] for w in state.pending.writes} if state.pending else {}

    def order(d: int) -> tuple[Any, ...]:
        pending = tuple(_pair_order(pair) for pair in writes.get(d, ()))
        backup = _pair_order(state.backups[d] or (None, None)) if state.backups else ()
        return tuple(_pair_order(pair) for pair in state.queues[d]), sorted(state.old[d]), d in state.sick, pending, backup, d in state.dark

    places = sorted(range(len(state.queues)), key=order)
    if places == list(range(len(places))):
        return state
    if state.pending and writes:
        state = state._replace(pending=state.pending._replace(writes=tuple((n, *writes[d]) for n, d in enumerate(places) if d in writes)))
    return state._replace(
        queues=tuple(state.queues[d] for d in places),
        old=tuple(state.old[d] for d in places),
        sick=frozenset(n for n, d in enumerate(places) if d in state.sick),
        dark=frozenset(n for n, d in enumerate(places) if d in state.dark),
        backups=tuple(state.backups[d] for d in places) if state.backups else (),
    )


def _view_order(view: View) -> tuple[int, list[int]]:
    return view[1], sorted(view[0])


def _pair_order(pair: Pair) -> tuple[int, int]:
    return -1 if pair[0] is None else pair[0], -1 if pair[1] is None else pair[1]
