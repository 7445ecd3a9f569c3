# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small observations for tests of the core: certificates are single letters, time is days from a fixed start."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ansible_collections.federation.adfs.plugins.module_utils._federation.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._federation.observation import (
    Domain,
    Farm,
    Key,
    Observation,
    Server,
    Slots,
)
from ansible_collections.federation.adfs.plugins.module_utils._federation.plan import Plan, make_plan
from ansible_collections.federation.adfs.plugins.module_utils._federation.policy import Policy

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
FARM = "http://sts.contoso.com/adfs/services/trust"


def at(days: float) -> datetime:
    return START + timedelta(days=days)


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
    return make_plan(seen, journal or Journal(FARM), policy or Policy(), now, run)


def actions(made: Plan) -> list[str]:
    return [step.act.action for step in made.steps]


def written(made: Plan, action: str) -> dict[str, tuple[str | None, str | None]]:
    return {w.domain.name: (w.slots.signing, w.slots.next) for step in made.steps if step.act.action == action for w in step.act.writes}


def guards(made: Plan) -> set[str]:
    return {b.guard for b in made.blocks}
