# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What comes next, and when: the rules themselves, played forward against a small model of AD FS' own clock.

AD FS acts at one of its checks, whose times of day cannot be read, and a run comes at some time of the day. So everything is played with
each of them acting as early as it can and as late as it can. What all plays have in common is told, with its earliest and its latest moment;
where they part, the forecast ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import pace
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act
from ansible_collections.federation.adfs.plugins.module_utils._renewal.decision import decide
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier as _minus
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later as _plus
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_DECRYPTING, UNBORN, Domain, Farm, Key, Observation, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run, locked, scanned
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._server_names import among
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

HORIZON = timedelta(days=400)
ENTRA_LOOKS = timedelta(days=35)
"""Before the end of a domain's signing certificate from which Entra's own updater reads the federation metadata."""
_MOST_STEPS, _MOST_ACTS = 400, 10
_IDLE = timedelta(days=14)
_SHORTEST_STEP = timedelta(hours=6)
_REMOVES_AFTER = timedelta(days=1)
_RUN = "forecast"


@dataclass(frozen=True)
class Event:
    """Something that happens once between two moments.

    ``kind``: an act of a run, or ``adfs_generates``, ``adfs_promotes``, ``known`` (the successor, everywhere), ``fails`` (sign-in),
    ``expires`` (the primary certificate), ``entra_looks``. ``who``: ``run``, ``adfs``, ``entra`` or ``time``.
    """

    kind: str
    who: str
    earliest: datetime
    latest: datetime
    domains: tuple[str, ...] = ()
    thumbprint: str | None = None
    certificate_type: str = ""


@dataclass(frozen=True)
class Forecast:
    """``attended``: while the runs go on. ``unattended``: if nothing runs any more. Each with the moment up to which it is complete."""

    attended: tuple[Event, ...]
    unattended: tuple[Event, ...]
    attended_until: datetime
    unattended_until: datetime


def forecast(s: Situation, acts_now: bool) -> Forecast:
    """Play the next 400 days. ``s``: what is seen now. ``acts_now``: this run has done its acts; else they may be done now, or at the next run."""
    small, members = _representatives(s)
    if acts_now:
        small = replace(small, journal=replace(small.journal, lock=None))  # it is this run's own, and given back at its end
    end = _plus(s.now, HORIZON)

    plays = [_Play(small, members, adfs, runs).play(acts_now) for adfs in (0, 1) for runs in (0, 1)]
    if not acts_now and not s.distances:
        # The first run of all knows no distance to the next one, and may hold AD FS' clock for that: it makes a difference when it comes.
        plays += [_Play(small, members, adfs, 0, first_later=True).play(acts_now) for adfs in (0, 1)]
    attended, attended_until = _meet(plays, end)
    unattended, unattended_until = _meet([_Play(small, members, adfs, None).play(acts_now) for adfs in (0, 1)], end)
    looks = tuple(_entra_looks(s))
    return Forecast(_in_order([*attended, *looks]), _in_order([*unattended, *looks]), attended_until, unattended_until)


def show(made: Forecast) -> dict[str, Any]:
    """The events as plain values, times in ISO 8601. How many domains, not which: the plan has their names."""

    def plain(events: Iterable[Event]) -> list[dict[str, Any]]:
        return [{"kind": e.kind, "by": e.who, "earliest": format_time(e.earliest), "latest": format_time(e.latest), "domains": len(e.domains)} for e in events]

    return {
        "attended": plain(made.attended),
        "attended_until": format_time(made.attended_until),
        "unattended": plain(made.unattended),
        "unattended_until": format_time(made.unattended_until),
    }


def _in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda e: (e.earliest, e.latest)))


def _meet(plays: list[list[Event]], end: datetime) -> tuple[list[Event], datetime]:
    """The events that all plays have in the same order, each from its earliest to its latest moment, and until when these are all."""
    found: list[Event] = []
    for same in zip_longest(*plays):
        there = [event for event in same if event is not None]
        if len(there) < len(plays) or len({(e.kind, e.certificate_type) for e in there}) > 1:
            return found, min(e.earliest for e in there)
        found.append(replace(there[0], earliest=min(e.earliest for e in there), latest=max(e.latest for e in there)))
    return found, min([end, *(e.earliest for e in found if e.kind == "expires")])


def _entra_looks(s: Situation) -> Iterable[Event]:
    """From when Entra's own updater reads the metadata, for the first of the domains."""
    ends: dict[datetime, list[str]] = {}
    for status in s.counted:
        signing = status.domain.slots.signing
        if status.ours and signing is not None and signing in s.seen.keys:
            ends.setdefault(s.seen.keys[signing].not_after, []).append(status.domain.name)
    if ends and s.seen.farm.provider is None:
        first = min(ends)
        at = _minus(first, ENTRA_LOOKS)
        if s.now < at <= _plus(s.now, HORIZON):
            yield Event("entra_looks", "entra", at, at, tuple(ends[first]))


def _representatives(s: Situation) -> tuple[Situation, dict[str, tuple[str, ...]]]:
    """The situation with one domain for all that are alike, and which ones each stands for: hundreds of domains make no difference to the rules."""
    groups: dict[tuple[Any, ...], list[Domain]] = {}
    # Where one run does not write all of them, it makes a difference how many there are.
    all_at_once = not s.policy.domains_per_pass or len(s.statuses) <= _MOST_ACTS * s.policy.domains_per_pass
    for status in s.statuses:
        domain = status.domain
        alike = (
            "" if all_at_once and domain.name not in s.policy.first_domains else domain.key,
            domain.slots,
            domain.is_root,
            domain.configured,
            status.belongs,
            status.ours,
            status.excluded,
            status.refused,
            status.acknowledged,
            status.unreadable is not None,
            domain.can_write,
            domain.in_order,
            domain.deviations,
            s.journal.replaced.get(domain.key, ()),
            tuple(sorted(s.journal.first_seen.get(domain.key, {}).items())),
            s.journal.backups.get(domain.key, ()),
        )
        groups.setdefault(alike, []).append(domain)
    dropped = {d.key for group in groups.values() for d in group[1:]}
    members = {group[0].key: tuple(d.name for d in group) for group in groups.values()}
    journal = replace(
        s.journal,
        first_seen={k: v for k, v in s.journal.first_seen.items() if k not in dropped},
        backups={k: v for k, v in s.journal.backups.items() if k not in dropped},
        replaced={k: v for k, v in s.journal.replaced.items() if k not in dropped},
    )
    seen = replace(s.seen, domains=tuple(group[0] for group in groups.values()), alarms=())
    return replace(s, seen=seen, journal=journal), members


class _Play:
    """One play of what may come. ``lag`` is AD FS' (0: as early as it can, 1: as late as it can), ``run_lag`` the runs' (None: there are none).

    ``first_later``: the first run comes up to one interval from now, until when nothing is done.
    """

    def __init__(self, s: Situation, members: Mapping[str, tuple[str, ...]], lag: int, run_lag: int | None, first_later: bool = False) -> None:
        self._members, self._lag, self._run_lag = members, lag, run_lag
        self._policy = s.policy
        self._start, self._now = s.now, s.now
        self._seen, self._journal = s.seen, s.journal
        self._rollover_on_since = s.now
        self._changed_at = _minus(s.now, s.seen.farm.poll * 2)
        self._wakes: list[datetime] = []
        self._pending: datetime | None = None
        self._born = 0
        self._known = {s.successor} if s.successor is not None and s.published and not s.lacking(s.successor) else set()
        self._failing = frozenset(self._names(b.domain for b in s.broken))
        self._first_later = first_later
        self.events: list[Event] = []

    def play(self, acted: bool) -> list[Event]:
        """Let the days pass. ``acted``: what can be done at this moment is done. Returns what happens, in order."""
        end = _plus(self._start, HORIZON)
        for step in range(_MOST_STEPS):
            if self._run_lag is None:
                self._look()
            elif self._first_later and step == 0:
                self._wakes = [_plus(self._now, self._policy.run_interval)]
            else:
                self._run(delayed=bool(self._run_lag) and not (acted and step == 0))
            if self._over() or (self._run_lag is not None and self._second_renewal()):
                break
            following = self._next()
            if following is None or following > end:
                break
            self._now = following
            self._adfs()
        return self.events

    def _second_renewal(self) -> bool:
        """What the runs do for the one after the next is the same once more."""
        return sum(e.kind in ("generate", "add", "adfs_generates") and e.certificate_type != TOKEN_DECRYPTING for e in self.events) > 1

    # -- time ----------------------------------------------------------------------------------------------------------------

    def _next(self) -> datetime | None:
        """The next moment at which something may happen."""
        seen = self._seen
        moments = [*([self._pending] if self._pending else []), *(seen.keys[k].not_after for k in seen.farm.certificates)]
        moments += [moment for _kind, moment in self._adfs_moments()]
        if self._run_lag is not None:
            # A certificate that a domain holds may stand in the way until it has ended.
            ends = [seen.keys[k].not_after for domain in seen.domains for k in domain.slots.accepted if k in seen.keys]
            moments += [self._regular(), *self._wakes, *ends]
        if not self._following():
            moments.append(_plus(self._changed_at, self._lag * seen.farm.poll * 2))
        return min((m for m in moments if m > self._now), default=None)

    def _regular(self) -> datetime:
        """The next run. Long before anything can become due it makes no difference when that is."""
        step = max(self._policy.run_interval, _SHORTEST_STEP)
        farm = self._seen.farm
        calm = len(farm.certificates) == 1 or all(self._seen.keys[k].expired(self._now) for k in farm.certificates - {farm.primary})
        quiet = _minus(self._seen.primary_key.not_after, max(self._policy.renew_before, pace.always_counted(farm.thresholds.generation)))
        idle = self._now - max([self._start, *(e.latest for e in self.events)]) > _IDLE
        if (calm or idle) and self._pending is None and not self._wakes_before(quiet):
            return max(_minus(quiet, step * 2), _plus(self._now, step))
        return _plus(self._now, step)

    def _wakes_before(self, moment: datetime) -> bool:
        return any(self._now < wake < moment for wake in self._wakes)

    def _over(self) -> bool:
        """An expired primary certificate is where the forecast ends: what Entra does then is not documented."""
        farm, keys = self._seen.farm, self._seen.keys
        # An identity provider may sign with any certificate that it publishes.
        last = self._seen.primary_key if farm.provider is None else max((keys[k] for k in farm.certificates), key=lambda k: k.not_after)
        if last.not_after > self._now:
            return False
        if last.not_after > self._start:
            self._add(Event("expires", "time", last.not_after, last.not_after, thumbprint=last.thumbprint))
        return True

    # -- a run ---------------------------------------------------------------------------------------------------------------

    def _look(self) -> Situation:
        farm = self._seen.farm
        if not self._following() and self._now >= _plus(self._changed_at, self._lag * farm.poll * 2):
            servers = tuple(replace(n, primary=farm.primary, certificates=farm.certificates) if n.seen else n for n in farm.servers)
            farm = replace(farm, servers=servers)
        self._seen = replace(self._seen, farm=replace(farm, time=self._now))
        journal, scans = self._journal, self._journal.scans
        step = max(self._policy.run_interval, _SHORTEST_STEP)
        if scans is not None and scans.at and self._now > self._start and self._now - scans.at[-1] > step:
            # However far apart the scans of this play are, the real ones are not.
            journal = replace(journal, scans=replace(scans, at=(*scans.at[:-1], _minus(self._now, step))))
        return scanned(self._seen, journal, self._policy, self._now, Run(_RUN))

    def _run(self, delayed: bool) -> None:
        """A run at this moment. ``delayed``: what has become possible is done one interval later only."""
        for _pass in range(_MOST_ACTS):
            s = self._look()
            decision = decide(s, _RUN)
            self._journal = s.journal
            if decision.act is None:
                self._pending = None
                self._wakes = [b.until for b in decision.blocks if b.until is not None and b.until > self._now]
                if not any(b.condition in ("clock", "lock") for b in decision.blocks):
                    self._note_known(s, [b.until for b in decision.blocks if b.condition == "propagation" and b.until is not None])
                break
            if delayed and (self._pending is None or self._now < self._pending):
                self._pending = self._pending or _plus(self._now, self._policy.run_interval)
                return
            self._act(s, decision.act)
        else:
            self._wakes = [_plus(self._now, self._policy.run_interval)]  # more is left than one run does
        self._pending, self._first_later = None, False
        if self._journal.lock is not None and self._journal.lock.run == _RUN:
            self._journal = replace(self._journal, lock=None)

    def _act(self, s: Situation, act: Act) -> None:
        self._journal = act.before(s, locked(s, _RUN))
        was_on, primary = self._seen.farm.auto_rollover, self._seen.farm.primary
        self._seen = self._with_name(act.after(s.seen, self._now))
        farm = self._seen.farm
        if farm.auto_rollover and not was_on:
            self._rollover_on_since = self._now
        if act.action in ("generate", "add", "promote", "remove_from_adfs"):
            self._changed_at = self._now
            self._server_of_run_follows()
        domains = [name for w in act.writes for name in self._names([w.domain])]
        earliest = self._start if self._first_later else self._now
        self._add(Event(act.action, "run", earliest, self._now, tuple(domains), act.thumbprint, act.certificate_type))
        if primary != farm.primary or act.action == "evict":
            self._fails("run")

    def _server_of_run_follows(self) -> None:
        """The primary server has no copy that could lag."""
        farm = self._seen.farm
        own = among(farm.server, [n.name for n in farm.servers])
        servers = tuple(replace(n, primary=farm.primary, certificates=farm.certificates) if n.seen and n.name == own else n for n in farm.servers)
        self._seen = replace(self._seen, farm=replace(farm, servers=servers))

    def _with_name(self, seen: Observation) -> Observation:
        """A certificate that an act made, under a name of its own: there may be another one next year."""
        if UNBORN in seen.keys:
            self._born += 1
            seen = _renamed(seen, f"{UNBORN}{self._born}")
        decrypting = tuple(replace(d, thumbprint=f"{UNBORN}-d") if d.thumbprint == UNBORN else d for d in seen.farm.decrypting)
        return replace(seen, farm=replace(seen.farm, decrypting=decrypting))

    def _note_known(self, s: Situation, untils: list[datetime]) -> None:
        if s.successor is None or not s.published or s.successor in self._known or not s.counted:
            return
        self._known.add(s.successor)
        at = max(untils, default=self._now)
        self._add(Event("known", "time", at, at, tuple(self._names(status.domain for status in s.counted)), s.successor))

    # -- AD FS ---------------------------------------------------------------------------------------------------------------

    def _adfs_moments(self) -> list[tuple[str, datetime]]:
        """What AD FS does by itself next, and when in this play."""
        seen, farm = self._seen, self._seen.farm
        if farm.provider is not None or not farm.clock_runs:
            return []
        primary, thresholds = seen.primary_key, farm.thresholds
        critical = _minus(primary.not_after, thresholds.critical)
        others = [seen.keys[k] for k in farm.certificates - {farm.primary}]
        younger = [k for k in others if not k.expired(self._now) and k.not_before > primary.not_before]
        found: list[tuple[str, datetime]] = []
        if younger:
            newest = max(younger, key=lambda k: (k.not_before, k.thumbprint))
            found.append(("adfs_promotes", min(critical, _plus(newest.not_before, thresholds.promotion))))
        else:
            found.append(("adfs_generates", min(critical, _minus(primary.not_after, thresholds.generation))))
        found += [("adfs_removes", _plus(k.not_after, _REMOVES_AFTER * self._lag)) for k in others if k.not_after <= _plus(self._start, HORIZON)]
        return [(kind, _plus(max(moment, self._rollover_on_since), self._lag * thresholds.check)) for kind, moment in found]

    def _adfs(self) -> None:
        for kind, moment in sorted(self._adfs_moments(), key=lambda found: found[1]):
            if moment <= self._now:
                self._adfs_acts(kind)

    def _adfs_acts(self, kind: str) -> None:
        seen, farm = self._seen, self._seen.farm
        primary = seen.primary_key
        self._changed_at = self._now
        if kind == "adfs_removes":
            gone = {k for k in farm.certificates - {farm.primary} if seen.keys[k].expired(self._now)}
            self._seen = replace(seen, farm=replace(farm, certificates=farm.certificates - gone))
        elif kind == "adfs_generates":
            self._born += 1
            born = Key(f"{UNBORN}{self._born}", self._now, _plus(self._now, farm.thresholds.duration))
            certificates = farm.certificates | {born.thumbprint}
            self._seen = replace(seen, farm=replace(farm, certificates=certificates), keys={**seen.keys, born.thumbprint: born})
            self._add(Event(kind, "adfs", self._now, self._now, thumbprint=born.thumbprint))
        else:
            younger = [seen.keys[k] for k in farm.certificates if not seen.keys[k].expired(self._now) and seen.keys[k].not_before > primary.not_before]
            if not younger:
                return
            newest = max(younger, key=lambda k: (k.not_before, k.thumbprint)).thumbprint
            self._seen = replace(seen, farm=replace(farm, primary=newest))
            self._add(Event(kind, "adfs", self._now, self._now, thumbprint=newest))
        self._server_of_run_follows()
        if kind == "adfs_promotes":
            self._fails("adfs")

    def _fails(self, by: str) -> None:
        """Which domains do not accept what AD FS signs with since this moment."""
        s = scanned(self._seen, self._journal, self._policy, self._now, Run(_RUN, acts=False))
        broken = frozenset(self._names(status.domain for status in s.statuses if status.broken))
        if broken - self._failing:
            self._add(Event("fails", by, self._now, self._now, tuple(sorted(broken - self._failing))))
        self._failing = broken

    def _following(self) -> bool:
        farm = self._seen.farm
        return all(n.primary == farm.primary and n.certificates == farm.certificates for n in farm.servers if n.seen)

    def _names(self, domains: Iterable[Domain]) -> list[str]:
        return [name for domain in domains for name in self._members.get(domain.key, (domain.name,))]

    def _add(self, event: Event) -> None:
        self.events.append(event)


def _renamed(seen: Observation, name: str) -> Observation:
    """The observation with another name for the certificate that an act made."""

    def other(thumbprint: str | None) -> str | None:
        return name if thumbprint == UNBORN else thumbprint

    def others(thumbprints: frozenset[str]) -> frozenset[str]:
        return frozenset(name if k == UNBORN else k for k in thumbprints)

    farm: Farm = seen.farm
    servers = tuple(replace(n, primary=other(n.primary), certificates=others(n.certificates)) for n in farm.servers)
    domains = tuple(replace(d, slots=Slots(other(d.slots.signing), other(d.slots.next))) for d in seen.domains)
    keys = {name if k == UNBORN else k: replace(v, thumbprint=name) if k == UNBORN else v for k, v in seen.keys.items()}
    farm = replace(farm, primary=other(farm.primary) or "", certificates=others(farm.certificates), servers=servers)
    return replace(seen, farm=farm, domains=domains, keys=keys)
