# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the proof: ``PYTHONPATH=tests python -m proof`` from the repository's root, or ``make prove``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from typing import Any

from loading import load_collection

WORKERS = 2


def safe(name: str) -> tuple[list[str], int]:
    """One case: no sign-in may be lost, and everything comes to an end. Returns lines to print, and 1 if it did not come out so."""
    from proof.cases import LARGE, SAFE
    from proof.explore import explore

    case = {**SAFE, **LARGE}[name]
    begin = time.monotonic()
    outcome = explore(case)
    verdict = "a sign-in is LOST" if outcome.lost else "something waits FOR EVER" if outcome.stuck else "safe, and comes to an end"
    lines = [f"{name:55s} {case.domains} x {case.servers} {outcome.states:8d} states {time.monotonic() - begin:6.1f} s  {verdict}"]
    return lines + [f"      {line}" for line in outcome.lost or outcome.stuck or ()], int(bool(outcome.lost or outcome.stuck))


def fact(name: str) -> tuple[list[str], int]:
    """One open fact flipped, in every flow."""
    from proof.cases import FLIPS, FLOWS, IMPOSSIBLE_FLIPS
    from proof.explore import explore
    from proof.facts import IMPOSSIBLE, MEANING

    facts = {**FLIPS, **IMPOSSIBLE_FLIPS}[name]
    outcomes = {flow: explore(replace(case, facts=facts)) for flow, case in FLOWS.items()}
    wrong = {flow: o for flow, o in outcomes.items() if o.lost or o.stuck}
    states = sum(o.states for o in outcomes.values())
    what = MEANING.get(name) or IMPOSSIBLE.get(name) or name
    if name in IMPOSSIBLE:
        lines = [f"{what}: a sign-in is lost in {len(wrong)} of {len(FLOWS)} flows, as it must be: no rollover can be without loss then, ours or anybody's"]
        return lines, int(len(wrong) < len(FLOWS) // 2)
    lines = [f"{what}: {len(FLOWS)} flows, {states} states, {'safe, and come to an end' if not wrong else 'NOT all safe'}"]
    for flow, outcome in wrong.items():
        lines += [f"      {flow}", *(f"      {line}" for line in outcome.lost or outcome.stuck or ())]
    return lines, len(wrong)


def in_depth(name: str) -> tuple[list[str], int]:
    """One guard taken away, another behind it still holds."""
    from proof.cases import IN_DEPTH
    from proof.explore import explore

    with IN_DEPTH[name].applied():
        outcome = explore(IN_DEPTH[name].case)
    return [f"{name:75s} {outcome.states:6d} states  {'a sign-in is LOST' if outcome.lost else 'safe'}"], int(outcome.lost is not None)


def broken(name: str) -> tuple[list[str], int]:
    """One guard taken away, so that a sign-in must be lost."""
    from proof.cases import BROKEN
    from proof.explore import explore

    with BROKEN[name].applied():
        outcome = explore(BROKEN[name].case)
    lines = [f"{name}: {'lost' if outcome.lost else 'NOT lost, so this proves nothing'}"]
    return lines + [f"      {line}" for line in outcome.lost or ()], int(outcome.lost is None)


def lived(names: tuple[str, str]) -> tuple[list[str], int]:
    """Every policy and incident with one schedule: no promise about time may be broken."""
    from proof.schedules import live, lives

    begin = time.monotonic()
    found = [(name, live(*life)) for name, *life in lives() if name.startswith(f"{names[0]}; {names[1]};")]
    lines = [f"{names[0] + '; ' + names[1]:75s} {len(found):4d} lives {sum(one.runs for _name, one in found):6d} runs {time.monotonic() - begin:6.1f} s"]
    broken = [(name, one) for name, one in found if one.broken]
    for name, one in broken:
        lines += [f"      {name}", *(f"      {line}" for line in (*one.broken, *one.trace))]
    return lines, len(broken)


def without_rule(name: str) -> tuple[list[str], int]:
    """A rule about time taken away: a promise must be broken."""
    from proof.schedules import WITHOUT

    kept, shown = WITHOUT[name].lived().broken, WITHOUT[name].without()
    good = not kept and any(WITHOUT[name].broken in line for line in shown)
    return [f"{name}: {'broken' if good else 'NOT broken, so this proves nothing'}", *(f"      {line}" for line in shown)], int(not good)


def promises() -> int:
    """Guards of policy and liveness: print what each one promises, and how that is broken without it. Returns how many did not come out so."""
    from proof.promises import PROMISES, SEARCHED, guards_in_the_code

    wrong = 0
    print("\nGuards of policy and of liveness; without each its promise is broken:")
    for promise in PROMISES:
        shown = promise.without()
        good = promise.kept() and shown is not None
        wrong += not good
        print(f"{promise.condition}: {promise.promise}\n      without it: {shown if good else 'NOTHING ELSE HAPPENS, so this proves nothing'}")
    nowhere = guards_in_the_code() - {promise.condition for promise in PROMISES} - set(SEARCHED)
    print(f"{len(guards_in_the_code())} guards in the code, {'each is shown above' if not nowhere else 'NOT shown: ' + ', '.join(sorted(nowhere))}")
    return wrong + len(nowhere)


def main() -> int:
    """Explore everything; 0 if every case came out as it must."""
    load_collection()
    from proof.cases import BROKEN, FLIPS, IMPOSSIBLE_FLIPS, IN_DEPTH, LARGE, SAFE
    from proof.facts import NO_MATTER
    from proof.schedules import POLICIES, SCHEDULES, WITHOUT

    with ProcessPoolExecutor(WORKERS, initializer=load_collection) as pool:
        wrong = _part(pool, "Every interleaving; no domain that works may break, and everything comes to an end:", safe, [*SAFE, *LARGE])
        wrong += _part(pool, "What nobody knows for sure, flipped alone and all at once:", fact, [*FLIPS, *IMPOSSIBLE_FLIPS])
        for question, why in NO_MATTER.items():
            print(f"{question}: cannot matter here, as {why}")
        wrong += _part(pool, "One guard taken away, another behind it still holds:", in_depth, list(IN_DEPTH))
        wrong += _part(pool, "Guards taken away; each must lose a sign-in:", broken, list(BROKEN))
        wrong += _part(pool, "Renewals lived through by the clock; every promise about time is kept:", lived, [(s, p) for s in SCHEDULES for p in POLICIES])
        wrong += _part(pool, "Rules about time taken away; each must break a promise:", without_rule, list(WITHOUT))
    wrong += promises()
    print("\nproved" if not wrong else f"\n{wrong} cases did not come out as they must")
    return 1 if wrong else 0


def _part(pool: Executor, title: str, work: Callable[[Any], tuple[list[str], int]], names: Sequence[Any]) -> int:
    print(f"\n{title}")
    wrong = 0
    for lines, missed in pool.map(work, names):
        print("\n".join(lines), flush=True)
        wrong += missed
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
