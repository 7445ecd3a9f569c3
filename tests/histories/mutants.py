# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is it able to find? Rules that are taken out of the core, one at a time: what histories do not notice, they do not prove.

Each function gets ``put(module, name, replacement)``, which lasts until the history is over. The modules are the core's own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from histories.dice import draw
from histories.story import live

CORE = "ansible_collections.federation.adfs.plugins.module_utils._renewal"
Put = Callable[[Any, str, Any], None]


def module(name: str) -> Any:
    return importlib.import_module(f"{CORE}.{name}")


def order_of_places(put: Put) -> None:
    """The successor goes before what servers sign with."""
    rules = module("rules")
    real = rules.wanted_slots

    def mutant(domain: Any, seen: Any, live: Any, successor: Any, *more: Any, **named: Any) -> Any:
        if successor:
            live = frozenset({seen.farm.primary}) & live
        return real(domain, seen, live, successor, *more, **named)

    put(rules, "wanted_slots", mutant)
    put(rules, "write_allowed", lambda *_a, **_n: (True, True, True))


def general_rule(put: Put) -> None:
    """Every write is allowed."""
    put(module("rules"), "write_allowed", lambda *_a, **_n: (True, True, True))


def holding_obliges(put: Put) -> None:
    """Who holds AD FS' clock owes nothing: the gates stop the successor as ever."""
    put(module("generation"), "is_owed", lambda _s: False)


def holding(put: Put) -> None:
    """AD FS' clock is never held because it is too early."""
    put(module("situation").Situation, "promotes_too_early", lambda _s, _reach: False)


def last_call(put: Put) -> None:
    """Nothing is let sign while something blocks, however near the end is."""
    put(module("adfs_clock"), "last_call", lambda _s, _blocks: None)
    decision = module("decision")
    for name in ("last_call",):
        if hasattr(decision, name):
            put(decision, name, lambda _s, _blocks: None)


def evidence_at_the_end(put: Put) -> None:
    """What could not be read counts as clean when an emergency ends."""
    put(module("emergency"), "_read_whole", lambda _s: True)


def reach(put: Put) -> None:
    """The next look is believed to come after run_interval, however rare the looks are."""
    put(module("pace"), "reach", lambda _scans, _certificate, run_interval: run_interval)
    put(module("pace"), "UNKNOWN_REACH", timedelta(0))


def several_successors(put: Put) -> None:
    """Several successors block nothing: the youngest is published."""
    situation = module("situation").Situation
    put(module("guards"), "several_successors", lambda _s: iter(()))
    real = situation.__dict__["successors"].func
    one = cached_property(lambda s: real(s)[-1:])
    one.__set_name__(situation, "successors")
    put(situation, "successors", one)


def race(put: Put) -> None:
    """A write does not say what the domain held when the plan was made."""
    write = module("acts").Write
    real = write.arguments.fget
    put(write, "arguments", property(lambda self: {name: value for name, value in real(self).items() if name != "expected"}))


def raced_is_refused(put: Put) -> None:
    """A domain that another writer changed between scan and write counts as one that Entra refused."""
    put(module("loop"), "RACED", "never")


def omnipresence(put: Put) -> None:
    """What Graph shows is believed to be what every sign-in is judged by."""
    put(module("rules"), "omnipresent", lambda key, domain, *_more: key in domain.slots.accepted)


def only_seen(put: Put) -> None:
    """A key that a server signs with, and that is not known as the farm's, may be dropped."""
    rules = module("rules")
    put(rules, "only_seen_keys", lambda _farm: frozenset())
    real = rules.live_keys
    put(rules, "live_keys", lambda farm: real(farm) & (farm.certificates | {farm.primary}))


def unseen_servers(put: Put) -> None:
    """A server that cannot be seen counts no more, whatever it was last seen to sign with."""
    real = module("rules").live_keys
    put(module("rules"), "live_keys", lambda farm: real(replace(farm, servers=tuple(s for s in farm.servers if s.seen))))


def the_lock(put: Put) -> None:
    """Two runs may work beside each other."""
    put(module("journal"), "locked_by", lambda *_a, **_n: None)


def history_of_keys(put: Put) -> None:
    """The journal does not remember which keys were the farm's."""
    journal = module("journal")
    real = journal.scan

    def mutant(*a: Any, **n: Any) -> Any:
        return replace(real(*a, **n), own={})

    put(journal, "scan", mutant)


MUTANTS: dict[str, Callable[[Put], None]] = {
    f.__name__: f
    for f in (
        order_of_places,
        general_rule,
        holding_obliges,
        holding,
        last_call,
        evidence_at_the_end,
        reach,
        several_successors,
        race,
        raced_is_refused,
        omnipresence,
        only_seen,
        unseen_servers,
        the_lock,
        history_of_keys,
    )
}


# The history of known.py in which each is missed, so that a test need not look for one.
SHOWN = {
    "order_of_places": "two certificates by hand before a server synchronises",
    "holding_obliges": "the clock is held in a freeze that outlasts the certificate",
    "holding": "weekly runs and a freeze around the moment when AD FS makes a successor",
    "last_call": "the role promotes, and partners are not acknowledged",
    "evidence_at_the_end": "an emergency, containment first, and a domain cannot be read",
    "reach": "weekly runs, no run_interval, and a freeze",
    "several_successors": "several successors",
    "race": "a certificate of unknown origin comes between the scan and the write",
    "raced_is_refused": "another writer comes between the scan and the write",
    "omnipresence": "the role promotes, and there is a freeze",
    "unseen_servers": "a server comes back after two certificates by hand",
    "the_lock": "a second controller works inside the lock",
}

# The first seed whose history misses the rule, and the kind of what it finds: what random histories can find, and not only those that were written for it.
FOUND = {
    "order_of_places": (14, "write"),
    "holding_obliges": (145, "adfs_clock"),
    "last_call": (6, "expiry"),
    "evidence_at_the_end": (490, "emergency_ended"),
    "reach": (105, "expiry"),
    "several_successors": (78, "successor_dropped"),
    "race": (93, "unseen_dropped"),
}


@contextmanager
def without(name: str) -> Iterator[None]:
    """The core without one of its rules."""
    undo: list[tuple[Any, str, Any]] = []

    def put(where: Any, what: str, mutant: Any) -> None:
        was = vars(where)[what]
        undo.append((where, what, was))
        setattr(where, what, mutant)
        # What other modules of the core imported by name is the same thing.
        for other in list(importlib.sys.modules.values()):
            if getattr(other, "__name__", "").startswith(CORE) and other is not where and vars(other).get(what) is was:
                undo.append((other, what, was))
                setattr(other, what, mutant)

    try:
        MUTANTS[name](put)
        yield
    finally:
        for where, what, was in reversed(undo):
            setattr(where, what, was)


def find(name: str, first: int, most: int) -> tuple[int, int, str] | None:
    """How many histories it took to find that the rule is missing, the seed, and by what; None if none did."""
    for number, seed in enumerate(range(first, first + most), 1):
        history = draw(seed)
        with without(name):
            found = live(history)
        if found.findings:
            known = live(history).kinds
            new = [f for f in found.findings if f.kind not in known]
            if new:
                return number, seed, str(new[0])
    return None
