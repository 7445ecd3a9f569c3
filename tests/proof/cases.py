# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is explored: cases in which no sign-in may be lost, and the same with one guard taken away, in which one must be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from ansible_collections.federation.adfs.plugins.module_utils._renewal import adfs_clock, decision, emergency, guards, rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from proof.facts import ALL, IMPOSSIBLE, MEANING, Facts, flipped
from proof.world import STRANGER, Case

KNOWN = frozenset({f"K{STRANGER}"})  # what another farm of ours signs with
US = Policy(promote="role")
RETIRE = Policy(promote="role", remove_old_from_entra=True)
ONE_SICK = ((0, None), (STRANGER, None))
OFF = Policy(promote="role", auto_rollover=False)
LEFT_SICK = replace(US, known_certificates=KNOWN, domains_excluded=frozenset({"d1"}))
# AD FS signs with its second certificate, and still holds the first, which has ended.
LEFTOVER: dict[str, Any] = {"farm": frozenset({0, 1}), "primary": 1, "expired": frozenset({0}), "rollovers": 2, "slots": ((1, 0), (1, 0))}
EARLIER: dict[str, Any] = {"farm": frozenset({1}), "primary": 1, "rollovers": 2, "slots": ((1, 0), (1, 0))}

SAFE: dict[str, Case] = {
    "AD FS promotes": Case(3, 2),
    "the role promotes": Case(3, 2, policy=US, clock="never"),
    "with Entra's updater": Case(2, 2, updater=True),
    "the role promotes, with Entra's updater": Case(2, 2, policy=US, clock="never", updater=True),
    "retirement": Case(3, 2, policy=RETIRE, clock="never"),
    "retirement, with Entra's updater": Case(2, 2, policy=RETIRE, clock="never", updater=True),
    "the old key in the second member": Case(2, 2, slots=((None, 0), (None, 0)), updater=True),
    "the old key in both members": Case(2, 2, slots=((0, 0), (0, 0)), updater=True, policy=US, clock="never"),
    "a stranger in the other member, stop": Case(2, 2, slots=((0, STRANGER), (0, None)), updater=True),
    "a stranger in the other member, replace": Case(2, 2, slots=((0, STRANGER), (0, None)), updater=True, policy=Policy(unknown_certificates="replace")),
    "one domain broken at the start": Case(2, 2, slots=ONE_SICK, policy=Policy(known_certificates=KNOWN)),
    "one domain broken, the role promotes": Case(3, 2, slots=((0, None), *ONE_SICK), policy=Policy(promote="role", known_certificates=KNOWN), clock="never"),
    "began by somebody else": Case(2, 2, farm=frozenset({0, 1}), updater=True),
    "a server that nobody listed": Case(2, 2, hidden=1, updater=True, policy=US, clock="never"),
    "a server that nobody listed, retirement": Case(2, 2, hidden=1, policy=Policy(remove_old_from_entra=True), clock="late"),
    "automatic rollover off": Case(2, 2, auto=False, policy=OFF, clock="never", updater=True),
    "custom certificates": Case(2, 2, auto=False, farm=frozenset({0, 1}), self_signed=False, policy=US, clock="never", updater=True),
    "rolled back by hand": Case(2, 2, rollback_by_hand=True, policy=US, clock="never"),
    "rolled back by hand, with Entra's updater": Case(2, 2, rollback_by_hand=True, updater=True),
    "two rollovers in a row": Case(2, 2, rollovers=2),
    "AD FS' clock held, promoting whenever it is on": Case(2, 2, auto=False, suspended=True, farm=frozenset({0, 1}), clock="any"),
    "a rollback at any time, AD FS promotes": Case(2, 2, rollback=True),
    "a rollback at any time, the role promotes": Case(2, 2, rollback=True, policy=US, clock="never"),
    "a rollback at any time, retirement": Case(2, 2, rollback=True, policy=RETIRE, clock="never"),
    "a rollback to an earlier certificate in the domains": Case(2, 2, rollback=True, auto=False, policy=OFF, clock="never", **EARLIER),
    "a rollback at any time, with Entra's updater": Case(1, 2, rollback=True, policy=US, clock="never", updater=True),
    "a stolen key, availability": Case(2, 2, theft="availability"),
    "a stolen key, availability, the role promotes": Case(2, 2, theft="availability", policy=US, clock="never"),
    "a stolen key, availability, with Entra's updater": Case(1, 2, theft="availability", updater=True),
    "a stolen key, containment": Case(2, 2, theft="containment"),
}
D1 = frozenset({"d1"})
EXCLUDED = replace(US, domains_excluded=D1)
# What the first form of the search did not have: evidence that is missing, keys that nobody noted, AD FS' own generation, more than one successor.
SAFE |= {
    "a domain is unreadable now and then": Case(2, 2, flickers=True),
    "a domain is unreadable now and then, the role promotes": Case(2, 2, flickers=True, policy=US, clock="never"),
    "a domain is unreadable now and then, retirement": Case(2, 2, flickers=True, policy=RETIRE, clock="never"),
    "AD FS makes its successor": Case(2, 2, generates=True),
    "AD FS makes its successor, the role promotes": Case(2, 2, generates=True, policy=US, clock="late"),
    "AD FS makes its successor, an administrator promotes": Case(2, 2, generates=True, policy=Policy(promote="never"), clock="late"),
    "an administrator promotes, AD FS' clock at any time": Case(2, 2, policy=Policy(promote="never"), clock="late"),
    "a certificate of a CA, rollover on": Case(2, 2, self_signed=False, generates=True),
    "several successors": Case(2, 2, several=True),
    "several successors, the role promotes": Case(2, 2, several=True, policy=US, clock="never"),
    "keys that nobody noted": Case(2, 2, journalled=False, rollovers=2, slots=((0, None), (0, None))),
    "keys that nobody noted, an administrator runs -Urgent": Case(1, 2, journalled=False, urgent_by_hand=True, rollovers=2),
    "a domain of another farm": Case(2, 2, elsewhere=frozenset({1}), slots=((0, None), (STRANGER, None))),
    "a stolen key, availability, an excluded domain": Case(2, 2, theft="availability", policy=EXCLUDED, clock="never"),
    "a stolen key, containment, an excluded domain": Case(2, 1, theft="containment", policy=EXCLUDED, clock="never"),
    "a stolen key in a domain of another farm": Case(2, 2, theft="availability", elsewhere=frozenset({1}), slots=((0, None), (0, STRANGER))),
    "a stolen key, availability, unreadable now and then": Case(1, 2, theft="availability", flickers=True, policy=US, clock="never"),
}
# More domains at once; minutes, so only in `make prove`. (Several successors with Entra's updater are not among them: where somebody makes a third
# certificate while a server lags, the updater may drop what that server signs with, and no run can help that. It is why a third one is an alarm.)
LARGE: dict[str, Case] = {
    "one domain broken at the start, with Entra's updater": Case(2, 2, slots=ONE_SICK, updater=True, policy=Policy(known_certificates=KNOWN)),
    "a stolen key, containment, the role promotes, with Entra's updater": Case(1, 2, theft="containment", policy=US, clock="never", updater=True),
    "3 domains, with Entra's updater": Case(3, 2, updater=True),
    "3 domains, the role promotes, with Entra's updater": Case(3, 2, policy=US, clock="never", updater=True),
    "2 domains, the old key in both members, AD FS promotes": Case(2, 2, slots=((0, 0), (0, 0)), updater=True),
    "3 domains, one broken, with Entra's updater": Case(3, 2, slots=((0, None), *ONE_SICK), updater=True, policy=Policy(known_certificates=KNOWN)),
    "two rollovers in a row, with Entra's updater": Case(2, 2, rollovers=2, updater=True),
    "3 servers, with Entra's updater": Case(2, 3, updater=True),
    "an expired leftover, with Entra's updater": Case(2, 2, updater=True, **LEFTOVER),
    "a rollback at any time, 2 domains, with Entra's updater": Case(2, 2, rollback=True, policy=US, clock="never", updater=True),
    "a stolen key, containment, with Entra's updater": Case(1, 2, theft="containment", updater=True),
    "a domain is unreadable now and then, with Entra's updater": Case(2, 2, flickers=True, updater=True),
    "a stolen key, availability, unreadable now and then, with Entra's updater": Case(1, 2, theft="availability", flickers=True, updater=True),
    "AD FS makes its successor, with Entra's updater": Case(2, 2, generates=True, updater=True),
    "3 domains, unreadable now and then, the role promotes": Case(3, 2, flickers=True, policy=US, clock="never"),
}

# What each open fact is flipped in, alone and with all the others.
FLOWS: dict[str, Case] = {
    "AD FS promotes, with Entra's updater": Case(2, 2, updater=True),
    "the role promotes, with Entra's updater": Case(2, 2, policy=US, clock="never", updater=True),
    "retirement, with Entra's updater": Case(2, 2, policy=RETIRE, clock="never", updater=True),
    "automatic rollover off": Case(2, 2, auto=False, policy=OFF, clock="late"),
    "AD FS' clock held": Case(2, 2, auto=False, suspended=True, farm=frozenset({0, 1}), clock="any"),
    "one domain broken": Case(2, 2, slots=ONE_SICK, policy=replace(US, known_certificates=KNOWN), clock="never"),
    "two rollovers in a row": Case(2, 2, rollovers=2),
    "an expired leftover": Case(2, 2, **LEFTOVER),
    "an expired leftover, automatic rollover off": Case(2, 2, auto=False, policy=OFF, clock="late", **LEFTOVER),
    "a rollback at any time": Case(2, 2, rollback=True, policy=US, clock="never"),
    "a stolen key, availability": Case(2, 2, theft="availability", policy=US, clock="never"),
    "a stolen key, containment": Case(1, 2, theft="containment"),
    "an administrator runs -Urgent": Case(1, 2, urgent_by_hand=True, rollovers=2),
    "the primary has expired, AD FS promotes": Case(2, 2, expired=frozenset({0})),
    "the primary has expired, the role promotes": Case(2, 2, expired=frozenset({0}), policy=US, clock="never"),
}
# For `make test`: what is explored in a moment, and what a fact is most about. `make prove` flips each fact in every flow.
QUICK = [name for name, case in FLOWS.items() if not (case.updater or case.urgent_by_hand or case.theft or case.rollback)]
_STOLEN = ["a stolen key, availability", "a stolen key, containment"]
CLOSEST: dict[str, list[str]] = {
    "updater_takes_any_two": ["AD FS promotes, with Entra's updater"],
    "urgent_keeps_old": ["an administrator runs -Urgent"],
    "members_never_equal": _STOLEN,
    "next_never_null": _STOLEN,
    "all of them": [*_STOLEN, "a rollback at any time"],
}
FLIPS: dict[str, Facts] = {**{name: flipped(name) for name in MEANING}, "all of them": ALL}
IMPOSSIBLE_FLIPS: dict[str, Facts] = {name: flipped(name) for name in IMPOSSIBLE}


Patches = tuple[tuple[Any, str, Any], ...]
"""Target, name, and what stands there instead."""


@dataclass(frozen=True)
class Removed:
    """A case without one guard."""

    case: Case
    patches: Patches = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        with patched(self.patches):
            yield


@contextmanager
def patched(patches: Patches) -> Iterator[None]:
    """Without what the patches take away."""
    started = [patch.object(target, attribute, replacement) for target, attribute, replacement in patches]
    try:
        for one in started:
            one.start()
        yield
    finally:
        for one in started:
            one.stop()


def _forgetful(domain: Any, seen: Any, live: Any, successor: Any, *_more: Any, **_others: Any) -> Slots | None:
    """Writes what is new over what is there, as a script does that was told one certificate."""
    key = successor or seen.farm.primary
    return None if domain.slots.signing == key else Slots(key, None)


NOTHING_UNKNOWN = (Situation, "not_ready", ())
CONFIGURED_ONLY = (Situation, "not_ready", property(lambda s: tuple(d for d in s.counted if s.successor not in d.domain.slots.accepted)))
READABLE_ONLY = (Situation, "not_ready", property(lambda s: tuple(d for d in s.lacking(s.successor) if d.unreadable is None)))
NO_SERVER_GUARD = (Situation, "servers_not_showing", ())
NO_UNIT_OF_DOMAINS = (Situation, "not_ready", property(lambda s: () if any(rules.broken(d.domain, s.live) for d in s.counted) else s.counted))
ANYTHING_ALLOWED = (rules, "write_allowed", lambda *_args: (True, True, True))
NO_LIVE_KEYS = (rules, "wanted_slots", _forgetful)
NO_LOCK = (decision, "_locked", lambda _s, _run: ())
ALL_FOLLOW = (Situation, "following", True)
NO_CONFIRMATION = (guards, "unconfirmed_servers", lambda _s: ())
ALWAYS_READY = (Situation, "ready", property(lambda s: s.successor is not None))
NOTHING_BROKEN = (Situation, "broken", ())
EVICTS_AT_ONCE = (emergency, "_still_signing", lambda _s: ())
KNOWN_ANYWHERE = (guards, "not_known_everywhere", lambda _s, _key, _what="", _but=(): ())
ONE_LIVE_KEY = (rules, "live_keys", lambda farm: frozenset({farm.primary}))

BROKEN: dict[str, Removed] = {
    "promote first, publish afterwards": Removed(Case(2, 2, policy=US, clock="never"), (NOTHING_UNKNOWN,)),
    "promote when Graph shows it": Removed(Case(2, 2, policy=US, clock="never"), (CONFIGURED_ONLY,)),
    "promote without looking at each server, with Entra's updater": Removed(Case(2, 2, policy=US, clock="never", updater=True), (NO_SERVER_GUARD,)),
    "a server that nobody listed, promoted all the same, with Entra's updater": Removed(
        Case(2, 2, hidden=1, listed=False, policy=US, clock="never", updater=True)
    ),
    "a server that nobody listed, retired all the same": Removed(Case(2, 2, hidden=1, policy=Policy(remove_old_from_entra=True)), (NO_CONFIRMATION,)),
    "one domain is broken, so anything is allowed": Removed(
        Case(2, 2, farm=frozenset({0, 1}), auto=False, self_signed=False, slots=ONE_SICK, policy=LEFT_SICK, clock="never"),
        (NO_UNIT_OF_DOMAINS, NOTHING_BROKEN),
    ),
    "the live key is overwritten": Removed(Case(2, 2), (NO_LIVE_KEYS, ANYTHING_ALLOWED)),
    "one member written at a time, with Entra's updater": Removed(Case(1, 2, updater=True, one_member=True, second_look=False)),
    "two runs at once, no lock and no second look": Removed(
        Case(1, 2, slots=((None, STRANGER),), policy=Policy(known_certificates=KNOWN), second_look=False), (NO_LOCK,)
    ),
    "retired before every server follows": Removed(Case(2, 2, policy=RETIRE, clock="never", unnoticed=True), (ALL_FOLLOW, ONE_LIVE_KEY)),
    "back to an earlier certificate that is not known everywhere": Removed(Case(2, 2, rollback=True, policy=RETIRE, clock="never"), (KNOWN_ANYWHERE,)),
    "a fresh key promoted before it is known everywhere": Removed(Case(2, 2, theft="availability", policy=US, clock="never"), (KNOWN_ANYWHERE,)),
    "stolen keys evicted while a server still signs with one": Removed(
        Case(2, 2, theft="availability", policy=US, clock="never"), (EVICTS_AT_ONCE, ONE_LIVE_KEY)
    ),
    "AD FS' clock at any time": Removed(Case(2, 2, clock="any")),
    "an emergency that ends although a domain could not be read": Removed(
        Case(1, 2, theft="availability", flickers=True, policy=US, clock="never"), ((emergency, "_read_whole", lambda _s: True),)
    ),
    "a domain that cannot be read counts as one that knows": Removed(Case(2, 2, flickers=True, policy=US, clock="never"), (READABLE_ONLY,)),
    "AD FS' clock not held where an administrator promotes": Removed(
        Case(2, 2, generates=True, policy=Policy(promote="never"), clock="any"),
        ((adfs_clock, "hold", lambda *_args: None), (guards, "way_is_open", lambda _s: ())),
    ),
    "AD FS' clock given back too early": Removed(Case(2, 2, auto=False, suspended=True, farm=frozenset({0, 1}), clock="any"), (ALWAYS_READY,)),
}
# One guard taken away, and the one behind it still holds: both have to fail before a sign-in is lost.
IN_DEPTH: dict[str, Removed] = {
    "the live key is left out of the write; the general rule refuses it": Removed(Case(2, 2), (NO_LIVE_KEYS,)),
    "the general rule is gone; the write itself holds every live key": Removed(Case(2, 2, updater=True), (ANYTHING_ALLOWED,)),
    "no lock; the second look refuses what no longer fits": Removed(Case(1, 2, slots=((None, STRANGER),), policy=Policy(known_certificates=KNOWN)), (NO_LOCK,)),
    "stolen keys are evicted at once; the general rule waits for the servers": Removed(
        Case(2, 2, theft="availability", policy=US, clock="never"), (EVICTS_AT_ONCE,)
    ),
    "retiring asks no more whether servers follow; their keys are live": Removed(Case(2, 2, policy=RETIRE, clock="never", unnoticed=True), (ALL_FOLLOW,)),
    "their keys are forgotten too; the interval begins only when all follow": Removed(Case(2, 2, policy=RETIRE, clock="never"), (ALL_FOLLOW, ONE_LIVE_KEY)),
}

__all__ = ["BROKEN", "CLOSEST", "FLIPS", "FLOWS", "IMPOSSIBLE_FLIPS", "IN_DEPTH", "LARGE", "QUICK", "SAFE", "Patches", "Removed", "patched"]
