# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small observations for tests of the core: certificates are single letters, time is days from a fixed start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import Approved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, OwnKey
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import (
    UNBORN,
    Domain,
    Farm,
    Key,
    Observation,
    Server,
    Slots,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan, make_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
FARM = "http://sts.contoso.com/adfs/services/trust"


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def remembered(*names: str) -> dict[str, OwnKey]:
    """Certificates of the farm that the journal remembers, of which it saw neither when they came nor that they signed."""
    return {name: OwnKey() for name in names}


def key(name: str, begins: float, ends: float, self_signed: bool = True) -> Key:
    return Key(name, at(begins), at(ends), self_signed)


# old: valid for another 29 days; new: its successor; earlier: what AD FS signed with before; stranger: somebody else's
KEYS = {
    "OLD": key("OLD", -336, 29),
    "NEW": key("NEW", 0, 365),
    "EARLIER": key("EARLIER", -700, 20),
    "STRANGER": key("STRANGER", -100, 300),
}


def domain(name: str, signing: str | None, second: str | None = None, **more: object) -> Domain:
    return replace(Domain("tenant", name, Slots(signing, second), sign_in_host="sts.contoso.com"), **more)


def server(name: str, primary: str, *others: str) -> Server:
    return Server(name, True, "", primary, frozenset({primary, *others}))


def farm(primary: str = "OLD", *others: str, **more: object) -> Farm:
    base = Farm(
        identifier=FARM,
        host_name="sts.contoso.com",
        server="adfs1",
        time=START,
        auto_rollover=True,
        primary=primary,
        certificates=frozenset({primary, *others}),
        servers=(server("adfs1", primary, *others), server("adfs2", primary, *others)),
        servers_confirmed=True,
    )
    return replace(base, **more)


def observe(where: Farm, *domains: Domain, **keys: Key) -> Observation:
    return Observation(where, domains, {**KEYS, **keys})


def plan(seen: Observation, policy: Policy | None = None, journal: Journal | None = None, now: datetime = START, run: str = "run-1") -> Plan:
    seen = replace(seen, farm=replace(seen.farm, time=now))
    return make_plan(seen, journal or Journal(FARM), policy or Policy(), now, Run(run))


def actions(made: Plan) -> list[str]:
    return [step.act.action for step in made.steps]


def written(made: Plan, action: str) -> dict[str, tuple[str | None, str | None]]:
    return {w.domain.name: (w.slots.signing, w.slots.next) for step in made.steps if step.act.action == action for w in step.act.writes}


def guards(made: Plan) -> set[str]:
    return {b.condition for b in made.blocks}


class Play:
    """Runs one after the other on a farm and its domains that do exactly what is asked: acts take effect at once, servers follow when told to."""

    def __init__(self, seen: Observation, journal: Journal | None = None, now: datetime = START) -> None:
        self.seen, self.journal, self.now = seen, journal or Journal(FARM), now
        self.born = 0

    def plan(self, policy: Policy | None = None, approve: Callable[[Plan], Approved] | None = None, **more: object) -> Plan:
        """What a run would do. ``approve``: what is left of an approved plan, as the plan without it tells."""
        seen = replace(self.seen, farm=replace(self.seen.farm, time=self.now))
        given = (seen, self.journal, policy or Policy(), self.now, Run("run-1"))
        return make_plan(*given, **more) if approve is None else make_plan(*given, approved=approve(make_plan(*given)), **more)

    def run(self, policy: Policy | None = None, **more: object) -> Plan:
        """One run: act after act with a new look before each. Returns the last plan; ``self.done`` holds the acts."""
        self.done: list[str] = []
        for _round in range(12):
            made = self.plan(policy, **more)
            if made.write_journal:
                self.journal = made.journal
            if not made.steps:
                return made
            self.done.append(made.steps[0].act.action)
            self._carry_out(made)
        raise AssertionError(f"a run that does not end: {self.done}")

    def _carry_out(self, made: Plan) -> None:
        after = made.steps[0].act.after(made.first.seen, self.now)
        farm, keys = after.farm, dict(after.keys)
        if UNBORN in farm.certificates:
            self.born += 1
            name = f"BORN{self.born}"
            farm = replace(farm, certificates=farm.certificates - {UNBORN} | {name})
            keys[name] = replace(keys[UNBORN], thumbprint=name, public_key=f"P-{name}")
        decrypting = tuple(replace(d, thumbprint="BORN-D") if d.thumbprint == UNBORN else d for d in farm.decrypting)
        self.seen = replace(after, farm=replace(farm, decrypting=decrypting), keys=keys)

    def servers_follow(self, *names: str) -> None:
        where = self.seen.farm
        servers = tuple(replace(s, primary=where.primary, certificates=where.certificates) if not names or s.name in names else s for s in where.servers)
        self.seen = replace(self.seen, farm=replace(where, servers=servers))

    def wait(self, days: float, policy: Policy | None = None) -> Plan:
        """Days pass with a run every twelve hours; returns the last run's plan."""
        end, acts, made = self.now + timedelta(days=days), [], None
        while self.now < end:
            self.now += timedelta(hours=12)
            made = self.run(policy)
            acts.extend(self.done)
        self.done = acts
        if made is None:
            raise AssertionError("nothing was waited for")
        return made

    @property
    def slots(self) -> dict[str, tuple[str | None, str | None]]:
        return {d.name: (d.slots.signing, d.slots.next) for d in self.seen.domains}
