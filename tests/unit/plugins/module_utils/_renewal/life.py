# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A farm as time goes on: AD FS makes and promotes certificates by its own clock, servers follow, Entra serves former settings for a day, certificates end.

It knows nothing of the rules. Runs are made on it by the real planner, and after every event each domain is asked whether every server's tokens are
accepted wherever Entra may still serve an earlier value. What is lost is kept in ``lost``, with the time and the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, OnDomains
from ansible_collections.federation.adfs.plugins.module_utils._renewal.failures import failures
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN, Domain, Farm, Key, Observation, Server, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan, make_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation

from .world import FARM, START, at

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PROPAGATION = DAY
MOST_ROUNDS = 12


class Life:
    """``seen`` is the truth at the start. ``phase``: how long after the start AD FS checks its certificates first."""

    def __init__(self, seen: Observation, journal: Journal | None = None, now: datetime = START, phase: timedelta = 3 * HOUR) -> None:
        self.farm, self.keys = seen.farm, dict(seen.keys)
        self.domains = {d.name: d for d in seen.domains}
        self.journal = journal or Journal(FARM)
        self.written_at = now
        self.now = now
        self.unreadable: dict[str, str] = {}
        self.unseen: set[str] = set()
        self.stuck: set[str] = set()
        self.refusing: set[str] = set()
        self.races: dict[str, Callable[[], None]] = {}
        self.closed = ""  # why no run can write the journal, if none can
        self.newer = False  # and none can read it either: another version of the collection wrote it
        self.values = {name: [(datetime.min.replace(tzinfo=now.tzinfo), d.slots.accepted)] for name, d in self.domains.items()}
        self.lost: list[tuple[float, str, str]] = []
        self.acts: list[tuple[float, str]] = []
        self.done: list[str] = []
        self.plans: list[Plan] = []
        self.on_plan: Callable[[Life, Plan], None] | None = None
        self.writes: dict[str, int] = {}
        self._runs = 0
        self._born = 0
        self._next_check = now + phase
        self._follow_at: datetime | None = None
        self._well = frozenset(name for name in self.domains if self._works(name))
        self._ended = False

    # -- the world ---------------------------------------------------------------------------------------------------------------

    @property
    def day(self) -> float:
        return round((self.now - START) / DAY, 3)

    def advance(self, days: float) -> None:
        """Time passes; AD FS and its servers do what they do."""
        self.until(self.now + days * DAY)

    def until(self, end: datetime) -> None:
        """As ``advance``, to a moment."""
        while True:
            ends = self.keys[self.farm.primary].not_after
            events = [self._next_check, *([self._follow_at] if self._follow_at else []), *([ends] if ends > self.now and not self._ended else [])]
            coming = min(events)
            if coming > end:
                self.now = end
                return
            self.now = coming
            if coming == self._follow_at:
                self._follow_at = None
                self._servers_follow()
            elif coming == self._next_check:
                self._next_check = later(coming, max(self.farm.thresholds.check, MINUTE))
                self._check()
            if self.now >= self.keys[self.farm.primary].not_after and not self._ended:
                self._ended = True
                self.lost.extend((self.day, name, "the primary certificate ended") for name in sorted(self.domains) if self._ours(name))
            self._look("AD FS")

    def make(self, name: str = "", days: float = 365) -> str:
        """AD FS gets another certificate, as if it were made now."""
        self._born += 1
        name = name or f"BORN{self._born}"
        self.keys[name] = Key(name, self.now, self.now + days * DAY, True, f"P-{name}")
        self.configure(certificates=self.farm.certificates | {name})
        return name

    def configure(self, **changes: object) -> None:
        """Somebody changes AD FS' configuration; servers follow within two intervals of synchronisation."""
        before = (self.farm.primary, self.farm.certificates)
        self.farm = replace(self.farm, **changes)
        if (self.farm.primary, self.farm.certificates) != before:
            self._ended = self._ended and self.farm.primary == before[0]
            self._follow_at = self.now + 2 * self.farm.poll
            primary_server = self.farm.server
            self.farm = replace(self.farm, servers=tuple(self._followed(s) if s.name == primary_server else s for s in self.farm.servers))
        self._look("somebody")

    def put(self, name: str, signing: str | None, second: str | None = None, by: str = "somebody") -> None:
        """A domain's settings are written."""
        self.domains[name] = replace(self.domains[name], slots=Slots(signing, second))
        self.values[name].append((self.now, self.domains[name].slots.accepted))
        self._look(by)

    def _check(self) -> None:
        """AD FS looks at its certificates, as it does every ``check``."""
        farm, primary = self.farm, self.keys[self.farm.primary]
        if not farm.auto_rollover:
            return
        ended = {k for k in farm.certificates if k != farm.primary and self.keys[k].expired(self.now)}
        if ended:
            self.configure(certificates=farm.certificates - ended)
        waiting = self._younger()
        if not waiting and self.now >= earlier(primary.not_after, farm.thresholds.generation):
            waiting = [self.keys[self.make()]]
        critical = self.now >= earlier(primary.not_after, farm.thresholds.critical)
        due = [k for k in waiting if critical or self.now >= later(k.not_before, farm.thresholds.promotion)]
        if due:
            self.acts.append((self.day, "AD FS promotes"))
            self.configure(primary=max(due, key=lambda k: (k.not_before, k.thumbprint)).thumbprint)

    def _younger(self) -> list[Key]:
        primary = self.keys[self.farm.primary]
        return [self.keys[k] for k in self.farm.certificates if self.keys[k].not_before > primary.not_before and not self.keys[k].expired(self.now)]

    def _followed(self, server: Server) -> Server:
        return replace(server, primary=self.farm.primary, certificates=self.farm.certificates)

    def _servers_follow(self) -> None:
        self.farm = replace(self.farm, servers=tuple(s if s.name in self.stuck else self._followed(s) for s in self.farm.servers))

    def _ours(self, name: str) -> bool:
        return self.domains[name].sign_in_host in {self.farm.host_name, *self.farm.host_names}

    def _works(self, name: str) -> bool:
        since = self.now - PROPAGATION
        history = self.values[name]
        served = [accepted for n, (_start, accepted) in enumerate(history) if n + 1 == len(history) or history[n + 1][0] > since]
        signers = {s.primary for s in self.farm.servers} | {self.farm.primary}
        return not self._ours(name) or signers <= frozenset.intersection(*served)

    def _look(self, cause: str) -> None:
        well = frozenset(name for name in self.domains if self._works(name))
        self.lost.extend((self.day, name, cause) for name in sorted(self._well - well))
        self._well = well

    # -- runs --------------------------------------------------------------------------------------------------------------------

    def seen(self) -> Observation:
        """What a run sees now."""
        known = self.farm.certificates | self.journal.own.keys()
        servers = []
        for s in self.farm.servers:
            if s.name in self.unseen:
                primary, certificates = self.journal.servers.get(s.name, (None, ()))
                servers.append(Server(s.name, False, "no answer", primary, frozenset(certificates)))
            else:
                servers.append(replace(s, stranger=s.primary not in known))
        where: Farm = replace(self.farm, time=self.now, servers=tuple(servers))
        domains = tuple(replace(d, slots=Slots(None, None), error=self.unreadable[d.name]) if d.name in self.unreadable else d for d in self.domains.values())
        return Observation(where, domains, self.keys)

    def run(self, policy: Policy | None = None, acts: bool = True, controller: timedelta = timedelta(0)) -> Plan:
        """One run of the role, or (``acts`` false) a look that changes nothing. ``controller``: how far its clock is ahead of the server's."""
        policy = policy or Policy()
        self._runs += 1
        name, self.done = f"run-{self._runs}", []
        for _round in range(MOST_ROUNDS):
            age = self.now - self.written_at
            journal = Journal(FARM) if self.newer else self.journal
            made = make_plan(self.seen(), journal, policy, self._clock(controller), Run(name, acts, journal_closed=self.closed, lock_age=age))
            if not self.done:
                self.plans.append(made)
                if self.on_plan is not None:
                    self.on_plan(self, made)
            if not acts:
                return made
            if made.write_journal:
                self.journal, self.written_at = made.journal, self.now
            if not made.steps:
                return made
            act = made.steps[0].act
            policy = self._carry_out(act, policy)
            self.done.append(act.action)
            self.acts.append((self.day, act.action))
        raise AssertionError(f"a run that does not end, day {self.day}: {self.done}")

    def _clock(self, controller: timedelta) -> datetime:
        # As the planner does: the server's clock where both agree well enough.
        return self.now if abs(controller) <= 5 * MINUTE else self.now + controller

    def _carry_out(self, act: Act, policy: Policy) -> Policy:
        if isinstance(act, OnDomains):
            for write in act.writes:
                name = write.domain.name
                if name in self.races:
                    self.races.pop(name)()  # somebody writes between our last look and the PATCH, which is not sent then
                    continue
                if name in self.refusing:
                    policy = replace(policy, refused=policy.refused | {name})
                    continue
                slots = Slots(*(self._named(k) for k in (write.slots.signing, write.slots.next)))
                self.writes[name] = self.writes.get(name, 0) + 1
                self.put(name, slots.signing, slots.next, f"our {act.action}")
            return policy
        after = act.after(Observation(self.farm, tuple(self.domains.values()), self.keys), self.now)
        if UNBORN in after.farm.certificates:
            self.make()
        else:
            self.keys = dict(after.keys)
            self.configure(primary=after.farm.primary, certificates=after.farm.certificates, auto_rollover=after.farm.auto_rollover)
            self._look(f"our {act.action}")
        return policy

    def _named(self, key: str | None) -> str | None:
        return f"BORN{self._born}" if key == UNBORN else key

    def runs(self, moments: Iterable[float], policy: Policy | None = None, **more: object) -> list[Plan]:
        """Runs on these days (from START); returns their first plans."""
        before = len(self.plans)
        for day in moments:
            self.until(at(day))
            self.run(policy, **more)
        return self.plans[before:]

    def daily(self, days: float, policy: Policy | None = None, every: float = 1.0) -> list[Plan]:
        """A run now and then one ``every`` so many days."""
        first = self.day
        return self.runs((first + every * n for n in range(int(days / every) + 1)), policy)


def failing(made: Plan | Situation) -> set[str]:
    """What fails the run that was planned so."""
    return {f["fail_on"] for f in failures(made if isinstance(made, Situation) else made.first)}


def reasons(made: Plan, kind: str) -> str:
    """The reasons of one kind of failure."""
    return " ".join(f["reason"] for f in failures(made.first) if f["fail_on"] == kind)


def ends(days: float, **more: object) -> dict[str, Key]:
    """OLD, valid for so many days more."""
    return {"OLD": Key("OLD", at(days - 365), at(days), **{"self_signed": True, "public_key": "P-OLD", **more})}


def three(slots: Slots = Slots("OLD", None)) -> tuple[Domain, ...]:  # noqa: B008 - nobody changes it
    """Three domains of the farm."""
    return tuple(Domain("tenant", f"d{n}", slots, sign_in_host="sts.contoso.com") for n in (1, 2, 3))
