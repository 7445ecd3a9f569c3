# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lives through histories and counts what it finds, by kind: ``make histories COUNT=2000 SEED=1``.

``--story SEED`` tells one history, ``--shrink SEED KIND`` makes it as small as it gets and prints it as a script.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from loading import load_collection

CHUNK = 25


def live_through(seeds: list[int]) -> list[tuple[int, list[tuple[str, str]], Counter[str], Counter[str], int, int]]:
    """Live through the histories of some seeds: for each its findings, what was excused, what was done, and how many runs and plans."""
    from histories.dice import draw
    from histories.story import live

    found = []
    for seed in seeds:
        lived = live(draw(seed))
        found.append((seed, [(f.kind, str(f)) for f in lived.findings], lived.excused, lived.acts, lived.runs, lived.plans))
    return found


def main(arguments: list[str] | None = None) -> int:
    """0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="histories", description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--file", type=Path, help="where results are kept, so that a run that was stopped goes on from there")
    parser.add_argument("--shown", type=int, default=3, help="how many seeds of each kind are named")
    parser.add_argument("--excused", action="store_true", help="count what was excused, too")
    parser.add_argument("--story", type=int)
    parser.add_argument("--shrink", nargs=2, metavar=("SEED", "KIND"))
    parser.add_argument("--without", nargs="*", metavar="RULE", help="take a rule out of the core, and see how soon it is missed; without a name all")
    options = parser.parse_args(arguments)
    load_collection()
    if options.story is not None:
        return tell(options.story)
    if options.shrink:
        return make_smaller(int(options.shrink[0]), options.shrink[1])
    if options.without is not None:
        return miss(options.without, options.seed, options.count)
    return count(options)


def tell(seed: int) -> int:
    """Print a history and how it went."""
    from histories.dice import draw
    from histories.story import live

    lived = live(draw(seed))
    print(lived.history.script())
    print("\n".join(lived.story))
    for finding in lived.findings:
        print(f"FOUND {finding}")
    return 1 if lived.findings else 0


def make_smaller(seed: int, kind: str) -> int:
    """Print the smallest history that shows what the one of ``seed`` shows."""
    from histories.dice import draw
    from histories.shrink import shrink
    from histories.story import live

    smallest = shrink(draw(seed), kind)
    lived = live(smallest)
    print(smallest.script())
    print("\n".join(line[:260] for line in lived.story))
    for finding in lived.findings:
        print(f"FOUND {finding}")
    return 1 if lived.findings else 0


def miss(names: list[str], first: int, most: int) -> int:
    """Say how soon each rule that is taken out of the core is missed; 0 if all are."""
    from histories.mutants import MUTANTS, find

    wrong = 0
    for name in names or MUTANTS:
        found = find(name, first, most)
        wrong += found is None
        said = f"missed after {found[0]} histories (seed {found[1]}): {found[2][:230]}" if found else f"NOT MISSED in {most} histories"
        print(f"without {name}: {said}", flush=True)
    return 1 if wrong else 0


def count(options: argparse.Namespace) -> int:
    """Live through many and print the counts."""
    begin, done, runs, plans = time.monotonic(), 0, 0, 0
    kinds: dict[str, list[tuple[int, str]]] = {}
    excused: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    seeds = range(options.seed, options.seed + options.count)
    for results in _results(seeds, options.jobs, options.file):
        for seed, found, passed, did, ran, planned in results:
            done, runs, plans = done + 1, runs + ran, plans + planned
            excused.update(passed)
            acts.update(did)
            for kind in sorted({kind for kind, _text in found}):
                kinds.setdefault(kind, []).append((seed, next(text for k, text in found if k == kind)))
        if done % (20 * CHUNK) < CHUNK and done < options.count:
            print(f"  {done} histories, {time.monotonic() - begin:.0f} s, {sum(len(v) for v in kinds.values())} findings", flush=True)
    print(f"{done} histories (seeds {seeds[0]} to {seeds[-1]}), {runs} runs, {plans} plans, {time.monotonic() - begin:.0f} s")
    print("acts: " + ", ".join(f"{name} {number}" for name, number in acts.most_common()))
    if options.excused:
        print("excused: " + "; ".join(f"{name} {number}" for name, number in excused.most_common()))
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):6d}  {kind}")
        for seed, text in found[: options.shown]:
            print(f"        seed {seed}: {text[:400]}")
    print("nothing found" if not kinds else f"{len(kinds)} kinds in {len({s for v in kinds.values() for s, _t in v})} histories")
    return 1 if kinds else 0


def _results(seeds: range, jobs: int, file: Path | None) -> Iterator[list[Any]]:
    """The results of all seeds, in chunks: those that ``file`` has, then the others, which are added to it.

    A file of another version of the collection would say nothing of this one: who changes the collection takes another file.
    """
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file and file.exists() else []
    known = [[result for result in results if result[0] in seeds] for results in kept]
    yield from known
    have = {result[0] for results in known for result in results}
    missing = [seed for seed in seeds if seed not in have]
    for results in _map([missing[n : n + CHUNK] for n in range(0, len(missing), CHUNK)], jobs):
        if file:
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(results) + "\n")
        yield results


def _map(chunks: list[list[int]], jobs: int) -> Iterable[Any]:
    if jobs < 2:
        return map(live_through, chunks)
    return ProcessPoolExecutor(jobs, initializer=load_collection).map(live_through, chunks)


if __name__ == "__main__":
    sys.exit(main())
