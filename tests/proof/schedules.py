# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewals lived through by the clock: how often runs come, who promotes, and what goes wrong on the way.

The search of all interleavings has no dates. Here days are steps: AD FS makes and promotes certificates by its thresholds, jobs run when they run, and
after every run and at the end the promises about time are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from unit.plugins.module_utils._renewal.life import DAY, HOUR, Life, ends, failing, three
from unit.plugins.module_utils._renewal.world import START, at, farm, observe

from ansible_collections.federation.adfs.plugins.module_utils._renewal import adfs_clock, generation, guards
from ansible_collections.federation.adfs.plugins.module_utils._renewal import failures as failing_runs
from ansible_collections.federation.adfs.plugins.module_utils._renewal.failures import failures
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, Span
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from proof.cases import Patches, patched

END = 60.0
"""On this day the old certificate ends."""
CONTROLLERS = (4 * timedelta(minutes=1), -4 * timedelta(minutes=1))


@dataclass(frozen=True)
class Schedule:
    """When runs come. ``interval``: what the operator says of it, in days; None: the default. ``renews``: without a word from an operator."""

    days: tuple[float, ...]
    interval: float | None = None
    renews: bool = True
    controllers: int = 1
    audits: bool = False


def _every(days: float, first: float = 0.3, until: float = END) -> tuple[float, ...]:
    return tuple(round(first + days * n, 4) for n in range(int((until - first) / days) + 1))


def _without(days: tuple[float, ...], begin: float, end: float) -> tuple[float, ...]:
    return tuple(d for d in days if not begin < d < end)


def _schedules() -> dict[str, Schedule]:
    found = {
        "every day": Schedule(_every(1)),
        "every day, with audits between": Schedule(_every(1), audits=True),
        "every day, by two controllers": Schedule(_every(1), controllers=2),
        "every 12 hours": Schedule(_every(0.5)),
        "every 25 hours": Schedule(_every(25 / 24)),
        "Monday to Friday": Schedule(tuple(d for d in _every(1) if int(d) % 7 < 5)),
        "every 3 days": Schedule(_every(3)),
        "weekly": Schedule(_every(7)),
        "weekly, as declared": Schedule(_every(7), 7),
        "weekly, with one by hand between": Schedule(tuple(sorted((*_every(7), 33.1, 40.4)))),
        "every 10 days": Schedule(_every(10)),
        "every 10 days, as declared": Schedule(_every(10), 10),
        "every 13 days, as declared": Schedule(_every(13, 4.3), 13),
        "every 13 days": Schedule(_every(13, 4.3), renews=False),
        "every 20 days, as declared": Schedule(_every(20, 1.3), 20, renews=False),
        "every 20 days": Schedule(_every(20, 1.3), renews=False),
    }
    for begin in (25, 29, 31, 35, 40, 45, 50):
        found[f"every day, but for ten from day {begin}"] = Schedule(_without(_every(1), begin, begin + 10))
    for first in (1.3, 2.3, 3.3, 4.3, 5.3, 6.3):
        found[f"weekly from day {first:.0f}"] = Schedule(_every(7, first))
    for first in (2.3, 4.3, 6.3, 8.3):
        found[f"every 10 days from day {first:.0f}"] = Schedule(_every(10, first))
    return found


SCHEDULES = _schedules()
POLICIES: dict[str, Policy] = {
    "AD FS promotes": Policy(),
    "the role promotes": Policy(promote="role"),
    "an administrator promotes": Policy(promote="never"),
    "AD FS makes its own first": Policy(renew_before=15 * DAY),
    "a freeze over AD FS' time": Policy(freezes=(Span(at(28), at(44)),)),
    "windows at weekends": Policy(windows=tuple(Span(at(n), at(n) + 2 * DAY) for n in range(0, 60, 7))),
    "windows too short for AD FS": Policy(windows=tuple(Span(at(n) + 6 * HOUR, at(n) + 9 * HOUR) for n in range(60)), promote="role"),
    "the role promotes, rollover off": Policy(promote="role", auto_rollover=False),
}


@dataclass(frozen=True)
class Incident:
    """What goes wrong on a day, and whether that ends by itself. ``costs``: domains that may lose their sign-in by it, though not by a write of ours."""

    day: float = 0.0
    begin: Callable[[Life], None] | None = None
    after: float = 0.0
    ends: Callable[[Life], None] | None = None
    costs: frozenset[str] = frozenset()
    policy: Callable[[Policy], Policy] | None = None
    repairs: int = 0
    lasts: bool = False


def _third(it: Life) -> None:
    it.configure(certificates=it.farm.certificates | {"EARLIER"})


def _one_more(it: Life) -> None:
    it.make("ONE")


def _two_more(it: Life) -> None:
    it.make("ONE")
    it.make("TWO")


def _strangers(it: Life) -> None:
    for name in it.domains:
        it.put(name, "OLD", "STRANGER")


D1 = frozenset({"d1"})
INCIDENTS: dict[str, Incident] = {
    "nothing goes wrong": Incident(),
    "a domain cannot be read for a day": Incident(32.1, lambda it: it.unreadable.update(d1="HTTP 503"), 1.0, lambda it: it.unreadable.clear()),
    "a domain cannot be read for a week": Incident(33.1, lambda it: it.unreadable.update(d1="HTTP 503"), 7.0, lambda it: it.unreadable.clear()),
    "a domain cannot be read any more": Incident(20.1, lambda it: it.unreadable.update(d1="HTTP 403"), costs=D1, lasts=True),
    "a domain is excluded": Incident(policy=lambda p: replace(p, domains_excluded=D1), costs=D1, lasts=True),
    "a domain refuses": Incident(20.1, lambda it: it.refusing.add("d1"), costs=D1, lasts=True),
    "a server cannot be seen for a week": Incident(33.1, lambda it: it.unseen.add("adfs2"), 7.0, lambda it: it.unseen.clear()),
    "a server cannot be seen any more": Incident(20.1, lambda it: it.unseen.add("adfs2"), lasts=True),
    "a stranger's certificate in a domain": Incident(20.1, lambda it: it.put("d1", "OLD", "STRANGER"), lasts=True),
    "a stranger's certificate in every domain": Incident(20.1, _strangers, lasts=True),
    "a third certificate": Incident(37.1, _third, 3.0, lambda it: it.configure(certificates=it.farm.certificates - {"EARLIER"})),
    "several successors": Incident(36.1, _two_more, 4.0, lambda it: it.configure(certificates=it.farm.certificates - {"TWO"}), repairs=1),
    "somebody makes the successor": Incident(31.1, _one_more),
}


@dataclass
class Lived:
    """``broken``: promises that were not kept, each with its day. ``runs``: how many states were asked. ``finals``: the last plan of each run.
    ``paid``: domains that a last call cost their sign-in, as the run before had said."""

    it: Life
    broken: list[str] = field(default_factory=list)
    runs: int = 0
    finals: list[Plan] = field(default_factory=list)
    paid: set[str] = field(default_factory=set)

    @property
    def trace(self) -> list[str]:
        """What happened, for whoever has to understand a broken promise."""
        return [f"day {day}: {act}" for day, act in self.it.acts] + [f"day {day}: {name} lost its sign-in: {why}" for day, name, why in self.it.lost]


def live(schedule: Schedule, policy: Policy, incident: Incident, phase: timedelta = 3 * HOUR) -> Lived:
    """One renewal, from two months before the old certificate's end to that end, with every promise asked on the way."""
    policy = incident.policy(policy) if incident.policy is not None else policy
    if schedule.interval is not None:
        policy = replace(policy, run_interval=schedule.interval * DAY)
    off = policy.auto_rollover is False
    it = Life(observe(farm(auto_rollover=not off), *three(Slots("OLD", None)), **ends(END)), phase=phase)
    lived = Lived(it)
    before: Plan | None = None
    events = sorted([(d, "run") for d in schedule.days] + ([(incident.day, "begin")] if incident.begin else []))
    events = sorted([*events, *([(incident.day + incident.after, "end")] if incident.ends else [])])
    for number, (day, what) in enumerate(events):
        it.until(at(day))
        if what == "begin" and incident.begin is not None:
            incident.begin(it)
        elif what == "end" and incident.ends is not None:
            incident.ends(it)
        elif what == "run":
            if schedule.audits:
                it.run(policy, acts=False)
                _quiet(lived)
            final = it.run(policy, controller=CONTROLLERS[number % 2] if schedule.controllers == 2 else timedelta(0))
            lived.finals.append(final)
            _asked_after_a_run(lived, before)
            before = final
    it.until(at(END) + HOUR)
    _asked_at_the_end(lived, schedule, policy, incident)
    return lived


def _quiet(lived: Lived) -> None:
    if lived.it.done:
        lived.broken.append(f"day {lived.it.day}: an audit acted")


def _asked_after_a_run(lived: Lived, before: Plan | None) -> None:
    it, day = lived.it, lived.it.day
    lived.runs += 1
    made, final, done = it.plans[-1], lived.finals[-1], it.done
    s, last = made.first, final.first
    if {"suspend_auto_rollover", "restore_auto_rollover"} <= set(done) and "promote" not in done:
        lived.broken.append(f"day {day}: one run holds and restores AD FS' clock: {done}")
    if not final.blocks and last.state not in ("complete", "promoted", "steady"):
        lived.broken.append(f"day {day}: it waits in {last.state} and says for nothing")
    if last.clock_held and not last.promotable and it.now >= last.seen.primary_key.not_after - it.farm.thresholds.generation:
        stopped = [*generation.obstacles(last), *guards.paused(last), *guards.timed(last)]
        if not stopped:
            lived.broken.append(f"day {day}: the clock is held and the successor that is owed was not made")
    if last.clock_held and last.promotable and not last.ready and not failing(final) and [b for b in adfs_clock.what_blocks(last) if b.until is None]:
        lived.broken.append(f"day {day}: the clock is held by an obstacle and the run does not fail")
    called = [step.act for step in made.steps if "last call" in step.act.reason]
    if called:
        gaps = [b.first.now - a.first.now for a, b in pairwise(lived.finals)]
        if at(END) - it.now > it.farm.thresholds.critical + 3 * max(gaps, default=DAY) + DAY:
            lived.broken.append(f"day {day}: a last call before its time")
        named = " ".join(f["reason"] for f in failures(before.first)) if before is not None else ""
        unnamed = [name for name in adfs_clock.losing(s) if name not in named]
        lived.paid |= {name for name in adfs_clock.losing(s) if name in named}
        if unnamed:
            lived.broken.append(f"day {day}: the last call costs {unnamed}, which the run before did not name")


def _asked_at_the_end(lived: Lived, schedule: Schedule, policy: Policy, incident: Incident) -> None:
    it = lived.it
    for day, name, why in it.lost:
        if name in incident.costs | lived.paid:
            continue
        if why.startswith("our "):
            lived.broken.append(f"day {day}: {name} lost its sign-in by a write of ours ({why})")
        elif why != "the primary certificate ended" and not _beyond_any_run(lived, day):
            lived.broken.append(f"day {day}: {name} lost its sign-in: {why}")
    ended = [x for x in it.lost if x[2] == "the primary certificate ended"]
    last = lived.finals[-1].first
    # A pause at the very end that is longer than any before could not be foreseen.
    expected = not _longer_than_any(lived, START + END * DAY - max(it.farm.thresholds.critical, DAY))
    # With several successors, and where nothing but an operator lets sign, the runs have failed and said the one command.
    by_itself = schedule.renews and expected and policy.promote != "never" and policy.auto_rollover is not False
    by_itself = by_itself and (not incident.lasts or policy.promote == "adfs") and (len(last.successors) == 1 or not last.clock_held)
    if ended and by_itself:
        lived.broken.append("the certificate ended, although runs came often enough")
    red = [p for p in lived.finals if failing(p) and p.first.now < START + (END - 1) * DAY]
    looks = [p.first for p in lived.finals if at(END - 30) <= p.first.now < at(END)]
    # The first look of a renewal knows no distance, and what an operator chose to do by hand is asked for some days before the last call.
    warned = len(looks) > 1 and looks[-1].now >= looks[-1].last_call_at - policy.deadline_days
    if ended and not red and warned:
        lived.broken.append("the certificate ended, and no run had failed before")
    if ended:
        _end_of_holding(lived, policy)
    most = 2 + incident.repairs
    if not ended and any(n > most for n in it.writes.values()) and not incident.lasts and incident.begin is None:
        lived.broken.append(f"more writes than needed: {it.writes}")
    holds = [a for _d, a in it.acts].count("suspend_auto_rollover")
    longest = max(b - a for a, b in pairwise(schedule.days))
    if holds and incident.begin is None and policy == Policy() and longest <= 3.1:
        lived.broken.append("a job that runs every day held AD FS' clock although nothing was in the way")


def _beyond_any_run(lived: Lived, day: float) -> bool:
    """AD FS promoted what was made since the last run: by somebody, or by AD FS in a pause between runs that is longer than any before."""
    it = lived.it
    before = [p for p in lived.finals if p.first.now < at(day)]
    born = [it.keys[k].not_before for k in it.keys if k not in ("OLD", "NEW", "EARLIER", "STRANGER") and it.keys[k].not_before <= at(day)]
    if not before or not born or max(born) <= before[-1].first.now:
        return False
    by_somebody = any(it.keys[k].not_before == max(born) for k in ("ONE", "TWO") if k in it.keys)
    return by_somebody or _longer_than_any(lived, at(day))


def _longer_than_any(lived: Lived, moment: datetime) -> bool:
    """No run comes before ``moment`` for longer than between any two runs of the month before."""
    times = [p.first.now for p in lived.finals if p.first.now <= moment]
    gaps = [b - a for a, b in pairwise(times) if b > moment - 40 * DAY]
    return not gaps or moment - times[-1] > max(gaps)


def _end_of_holding(lived: Lived, policy: Policy) -> None:
    """Of holding (2): no certificate ends in AD FS' hold where a run could have given it back."""
    it = lived.it
    held = it.farm.auto_rollover is False and it.journal.auto_rollover_suspended and policy.auto_rollover is not False and policy.pause is not True
    runs = [p for p in lived.finals if p.first.last_call_at <= p.first.now <= at(END) - it.farm.thresholds.check]
    if not held or not runs or (policy.promote == "never" and len(runs[-1].first.promotable) != 1):
        return
    s = runs[-1].first
    able = [k for k in s.promotable if any(s.omnipresent(k, d.domain) for d in s.counted if d.unreadable is None)]
    if len(s.promotable) == 1 and able and not s.custom:
        lived.broken.append("the certificate ended while the clock was held, although a run could have given AD FS its clock back")


PHASES = (timedelta(0), 3 * HOUR, 7 * HOUR, 11 * HOUR)


def lives(quick: bool = False) -> Iterator[tuple[str, Schedule, Policy, Incident, timedelta]]:
    """What is lived through, each with its name. ``quick``: what `make test` has time for."""
    for n, (schedule_name, schedule) in enumerate(SCHEDULES.items()):
        for p, (policy_name, policy) in enumerate(POLICIES.items()):
            for i, (incident_name, incident) in enumerate(INCIDENTS.items()):
                if quick and (n * 7 + p * 5 + i) % 19:
                    continue
                phase = PHASES[(n + p + i) % len(PHASES)]
                yield f"{schedule_name}; {policy_name}; {incident_name}", schedule, policy, incident, phase


@dataclass(frozen=True)
class WithoutRule:
    """A life, and the rule without which one of its promises is broken."""

    schedule: str
    policy: str
    incident: str
    patches: Patches
    broken: str

    def lived(self) -> Lived:
        return live(SCHEDULES[self.schedule], POLICIES[self.policy], INCIDENTS[self.incident])

    def without(self) -> list[str]:
        """The promises that are broken without the rule, and how that came about."""
        with patched(self.patches):
            try:
                found = self.lived()
            except AssertionError as exc:
                return [str(exc)]
        return [line for line in (*found.broken, *found.trace) if found.broken]


def _nothing(*_args: object) -> None:
    """Stands for a step that does nothing."""


_EXPIRES = "although runs came often enough"
WITHOUT: dict[str, WithoutRule] = {
    "holding AD FS' clock": WithoutRule(
        "every day",
        "AD FS promotes",
        "a stranger's certificate in a domain",
        ((adfs_clock, "hold", _nothing), (adfs_clock, "hold_unfinished", _nothing)),
        "lost its sign-in",
    ),
    "holding where runs may come late": WithoutRule(
        "every 10 days from day 6", "a freeze over AD FS' time", "nothing goes wrong", ((adfs_clock, "hold_unfinished", _nothing),), "lost its sign-in"
    ),
    "holding obliges": WithoutRule(
        "weekly, as declared", "a freeze over AD FS' time", "nothing goes wrong", ((generation, "is_owed", lambda _s: False),), "owed"
    ),
    "the last call": WithoutRule("every day", "AD FS promotes", "a server cannot be seen any more", ((adfs_clock, "last_call", _nothing),), "could have given"),
    "the last call has its time": WithoutRule(
        "every day",
        "AD FS promotes",
        "a domain is excluded",
        ((Situation, "last_call_at", property(lambda s: s.last_safe_moment - 15 * DAY)),),
        "a last call before its time",
    ),
    "making room": WithoutRule("every day", "AD FS promotes", "a stranger's certificate in every domain", ((Situation, "making_room", False),), _EXPIRES),
    "the reach is measured": WithoutRule(
        "weekly", "AD FS promotes", "a domain is excluded", ((Situation, "reach", property(lambda s: s.policy.run_interval)),), _EXPIRES
    ),
    "a held clock fails the run": WithoutRule(
        "every day", "AD FS promotes", "a server cannot be seen for a week", ((failing_runs, "_held", lambda _s: ()),), "the run does not fail"
    ),
}

__all__ = ["INCIDENTS", "POLICIES", "SCHEDULES", "WITHOUT", "Lived", "WithoutRule", "live", "lives"]
