# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations that an operator may find, for what the summary says of each, in every mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from world import FARM, KEYS, START, Play, at, domain, farm, key, observe, server

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import Memory
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Key, Observation, RelyingParty, Server
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, Span
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run

MODES = ("audit", "plan", "check", "apply")


def _thumbprint(name: str) -> str:
    return name.encode().hex().upper().ljust(40, "0")[:40]


# As in world.py, with thumbprints as long as real ones.
LONG = {name: replace(k, thumbprint=_thumbprint(name)) for name, k in KEYS.items()}
OLD, NEW, EARLIER, STRANGER = (LONG[name].thumbprint for name in ("OLD", "NEW", "EARLIER", "STRANGER"))
FAR = {"OLD": key(OLD, -100, 265)}


@dataclass(frozen=True)
class Case:
    seen: Observation
    policy: Policy = field(default_factory=Policy)
    journal: Journal = field(default_factory=lambda: Journal(FARM))
    now: datetime = START
    skewed: bool = False


def _seen(where: Any, domains: list[Domain], **keys: Key) -> Observation:
    made = observe(where, *domains)
    known = {k.thumbprint: k for k in (*LONG.values(), *keys.values())}
    return replace(made, keys=known)


def _domains(number: int, signing: str | None, second: str | None = None, **more: object) -> list[Domain]:
    return [domain(f"d{n}.example.com", signing, second, **more) for n in range(1, number + 1)]


def _published() -> Case:
    return Case(_seen(farm(OLD, NEW), _domains(40, OLD, NEW)))


def _ready() -> Case:
    first = _published()
    stamped = make_plan(first.seen, first.journal, first.policy, START, Run("run")).journal
    return Case(first.seen, journal=stamped, now=at(1))


def _held() -> Case:
    servers = (server("adfs1", OLD, NEW), Server("adfs2", False, "port 443 is closed"))
    seen = _seen(farm(OLD, NEW, auto_rollover=False, servers=servers), _domains(3, OLD, NEW))
    return Case(seen, journal=Journal(FARM, auto_rollover_wanted=True, auto_rollover_suspended=True))


def _many() -> Case:
    domains = [domain(f"d{n}.example.com", EARLIER if n % 30 == 0 else OLD) for n in range(1, 901)]
    return Case(_seen(farm(OLD), domains, **FAR), Policy(known_certificates=frozenset({EARLIER})))


def _emergency(**more: Any) -> Case:
    policy = Policy(compromised=frozenset({OLD}), **more)
    return Case(_seen(farm(OLD), [*_domains(3, OLD), domain("lost.example.com", None, error="403 Forbidden")], **FAR), policy)


def _evicted() -> Case:
    """A day after the stolen key left the domains and AD FS, watched still."""
    play = Play(_seen(farm(OLD), _domains(3, OLD), **FAR))
    policy = Policy(compromised=frozenset({OLD}), emergency_priority="containment")
    play.run(policy)
    play.servers_follow()
    play.now += timedelta(hours=1)
    play.run(policy)
    play.servers_follow()
    play.now += timedelta(hours=1)
    return Case(play.seen, policy, play.journal, play.now)


_PARTNERS = (
    RelyingParty("Entra", ("urn:federation:MicrosoftOnline",)),
    RelyingParty("Payroll", ("urn:payroll",), risk="one_certificate"),
    RelyingParty("Canteen", ("urn:canteen",), risk="no_metadata"),
)
_INHERITING = domain("eu.d1.example.com", None, configured=False, is_root=False, root="d1.example.com")
CASES: dict[str, Callable[[], Case]] = {
    "in sync": lambda: Case(_seen(farm(OLD), [*_domains(40, OLD), _INHERITING], **FAR)),
    "due": lambda: Case(_seen(farm(OLD), _domains(40, OLD))),
    "due with partners": lambda: Case(_seen(farm(OLD, relying_parties=_PARTNERS), _domains(2, OLD))),
    "published and waiting": _published,
    "ready": _ready,
    "promoting": lambda: Case(_seen(farm(NEW, OLD, servers=(server("adfs1", NEW, OLD), server("adfs2", OLD, NEW))), _domains(2, OLD, NEW)), now=at(6)),
    "promoted": lambda: Case(_seen(farm(NEW, OLD), _domains(2, OLD, NEW)), now=at(6)),
    "complete": lambda: Case(_seen(farm(NEW, OLD), _domains(2, NEW, OLD)), now=at(6)),
    "broken": lambda: Case(_seen(farm(OLD), [*_domains(36, OLD), *(domain(f"b{n}.example.com", STRANGER) for n in (10, 2, 1, 3))], **FAR)),
    "broken and excluded": lambda: Case(
        _seen(farm(OLD), [domain("contoso.com", OLD), domain("fabrikam.com", EARLIER)], **FAR),
        Policy(known_certificates=frozenset({EARLIER}), domains_excluded=frozenset({"fabrikam.com"})),
    ),
    "broken and refused": lambda: Case(
        _seen(farm(OLD), [domain("contoso.com", OLD), domain("fabrikam.com", EARLIER)], **FAR),
        Policy(known_certificates=frozenset({EARLIER}), refused=frozenset({"fabrikam.com"})),
    ),
    "unknown certificate": lambda: Case(_seen(farm(OLD), [*_domains(12, OLD), *(domain(f"x{n}.example.com", OLD, STRANGER) for n in range(1, 13))], **FAR)),
    "settings changed": lambda: Case(_seen(farm(OLD), [*_domains(2, OLD), domain("c.example.com", OLD, deviations=("issuer_uri changed",))], **FAR)),
    "held clock": _held,
    "paused": lambda: Case(_seen(farm(OLD), _domains(3, OLD)), Policy(pause=True)),
    "frozen": lambda: Case(_seen(farm(OLD), _domains(3, OLD)), Policy(freezes=(Span(at(-1), at(4)),))),
    "rollback": lambda: Case(_seen(farm(OLD, NEW), _domains(3, OLD, NEW)), Policy(rollback=True)),
    "emergency": _emergency,
    "emergency, containment": lambda: _emergency(emergency_priority="containment"),
    "evicted": _evicted,
    "unreadable domain": lambda: Case(
        _seen(farm(OLD), [*_domains(3, OLD), *(domain(f"u{n}.example.com", None, error="403 Forbidden \x1b[31m") for n in (1, 2))], **FAR)
    ),
    "several tenants": lambda: Case(
        _seen(farm(OLD), [*_domains(3, OLD), *(replace(domain(f"t{n}.example.com", OLD), tenant_id="other") for n in range(2))], **FAR)
    ),
    "900 domains with 30 broken": _many,
    "rollover off": lambda: Case(_seen(farm(OLD, auto_rollover=False), _domains(3, OLD)), Policy(auto_rollover=False, promote="role")),
    "rollover off, nobody decided": lambda: Case(_seen(farm(OLD, auto_rollover=False), _domains(3, OLD))),
    "custom certificate": lambda: Case(
        _seen(farm(OLD, auto_rollover=False), _domains(3, OLD), OLD=key(OLD, -336, 29, False)), Policy(auto_rollover=False, promote="role")
    ),
    "expired": lambda: Case(_seen(farm(OLD), _domains(3, OLD)), now=at(31)),
    "clocks differ": lambda: Case(_seen(farm(OLD, time=at(0.1)), _domains(3, OLD)), skewed=True),
    "no domain": lambda: Case(_seen(farm(OLD), [], **FAR)),
}


def screen(case: Case, mode: str, done: Any = (), refusals: Any = (), **more: Any) -> dict[str, Any]:
    """The plan of a case as the caller gets it; clocks agree unless the case says otherwise."""
    seen = case.seen if case.skewed else replace(case.seen, farm=replace(case.seen.farm, time=case.now))
    made = make_plan(seen, case.journal, case.policy, case.now, Run("run"))
    memory = Memory("run", done=tuple(done), refusals=tuple(refusals))
    return show(made, {k: k for k in seen.keys}, {}, mode, memory, **more)


def applied(case: Case) -> dict[str, Any]:
    """The last plan of a run that acts, with what it did."""
    play = Play(case.seen, case.journal, case.now)
    if case.skewed:
        return screen(case, "apply")
    done: list[dict[str, Any]] = []
    for _pass in range(12):
        now = Case(play.seen, case.policy, play.journal, play.now)
        shown = screen(now, "apply", done)
        if not shown["actions"]:
            return shown
        done.append(shown["actions"][0])
        made = make_plan(replace(play.seen, farm=replace(play.seen.farm, time=play.now)), play.journal, case.policy, play.now, Run("run"))
        play.journal = made.journal
        play._carry_out(made)
    raise AssertionError("a run that does not end")


def summary(name: str, mode: str) -> list[str]:
    case = CASES[name]()
    return (applied(case) if mode == "apply" else screen(case, mode))["summary"]
