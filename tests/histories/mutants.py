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


def put_derived(put: Put, name: str, derive: Callable[[Any], Any]) -> None:
    """Put another derivation in the place of a cached property of the situation."""
    situation = module("situation").Situation
    mutant = cached_property(derive)
    mutant.__set_name__(situation, name)
    put(situation, name, mutant)


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
    put(module("guards"), "several_successors", lambda _s: iter(()))
    real = module("situation").Situation.__dict__["successors"].func
    put_derived(put, "successors", lambda s: real(s)[-1:])


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


def nothing_remembered(put: Put) -> None:
    """Whose hand switched automatic rollover off is not looked up in the journal."""

    def mutant(s: Any) -> Any:
        return s.policy.auto_rollover if s.policy.auto_rollover is not None else (s.seen.farm.auto_rollover or None)

    put_derived(put, "wanted_auto_rollover", mutant)


def the_journals_sum(put: Put) -> None:
    """The journal is to be written over one that it is not."""
    plans = module("plan")
    real = plans.plan

    def mutant(given: Any) -> Any:
        made = real(given)
        if made["journal"].get("expected_sha256"):
            made["journal"]["expected_sha256"] = "f" * 64
        return made

    put(plans, "plan", mutant)


def lock_lapses(put: Put) -> None:
    """A lock holds for a month."""
    put(module("journal"), "LOCK_LAPSE", timedelta(days=30))


def servers_show(put: Put) -> None:
    """No server ever shows the successor."""
    put_derived(put, "servers_not_showing", lambda s: s.seen.farm.servers)


def acknowledged_partners(put: Put) -> None:
    """Partners that are acknowledged block all the same."""
    block, rules = module("acts").Block, module("rules")
    put(
        module("guards"),
        "relying_parties",
        lambda s: iter(block("relying_parties", name, None, "needs it, too") for name in rules.other_relying_parties(s.seen.farm)),
    )


def back_or_on(put: Put) -> None:
    """Whatever a hand lets sign counts as gone back to."""
    journal = module("journal")
    put(journal, "gone_back_by_hand", lambda kept, primary: journal.newest_primary(kept.own) not in (None, primary))


def custom_successor(put: Put) -> None:
    """The successor of an administrator's certificate is not published."""
    steps = module("domain_steps")
    real = steps.publish
    put(steps, "publish", lambda s, blocks: None if s.custom else real(s, blocks))


def acknowledged_is_written(put: Put) -> None:
    """A domain that is acknowledged is not written any more."""
    steps = module("domain_steps")
    real = steps.writes_with

    def mutant(s: Any, key: Any, statuses: Any, blocks: Any) -> Any:
        named = {name for name, _key in s.policy.domains_acknowledged}
        return real(s, key, [status for status in statuses if status.domain.name not in named], blocks)

    put(steps, "writes_with", mutant)


def eviction(put: Put) -> None:
    """No stolen key leaves a domain."""
    put(module("emergency"), "evict", lambda _s, _blocks: None)


def new_keys(put: Put) -> None:
    """No certificate is made for a stolen one."""
    put(module("emergency"), "replace_keys", lambda _s, _blocks: None)


def reordering(put: Put) -> None:
    """Domains stay in the order of before the promotion."""
    put(module("domain_steps"), "reorder", lambda _s, _blocks: None)


def old_leaves_adfs(put: Put) -> None:
    """The old certificate stays in AD FS."""
    put(module("removal"), "remove_old", lambda _s, _blocks: None)


def held_without_need(put: Put) -> None:
    """AD FS' clock is held before every certificate that is made."""
    put(module("generation"), "reason_to_hold_first", lambda _s, _moment, _reach: "it is held first")


def lifted_is_over(put: Put) -> None:
    """What a rollback took back stays a successor for good, once its pause was lifted."""
    put(module("scanning"), "_newly_promoted", lambda _stored, _seen: False)


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
        nothing_remembered,
        the_journals_sum,
        lock_lapses,
        servers_show,
        acknowledged_partners,
        back_or_on,
        custom_successor,
        acknowledged_is_written,
        eviction,
        new_keys,
        reordering,
        old_leaves_adfs,
        held_without_need,
        lifted_is_over,
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
    "nothing_remembered": "the role promotes, and all partners are acknowledged",
    "the_journals_sum": "a renewal with nothing in its way",
    "lock_lapses": "a run is killed between two acts",
    "servers_show": "a renewal with nothing in its way",
    "acknowledged_partners": "the role promotes, and all partners are acknowledged",
    "back_or_on": "an administrator promotes what the runs prepared, and the next renewal comes",
    "custom_successor": "an administrator's certificate gets a successor by hand, and the role promotes",
    "acknowledged_is_written": "an acknowledged domain can be read again before AD FS promotes",
    "eviction": "an emergency with nothing in its way",
    "new_keys": "an emergency with nothing in its way",
    "reordering": "a renewal with nothing in its way",
    "old_leaves_adfs": "a renewal with nothing in its way, and the old certificate leaves AD FS",
    "held_without_need": "a renewal with nothing in its way",
    "lifted_is_over": "a rollback's pause was lifted, the renewal was done after all, and the next one comes; AD FS promotes",
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
