# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long deciding takes, and how much memory, as the number of domains grows: ``make bench-core``.

Ratios within one run, since machines differ: ten times the domains may take at most fifteen times the time.
"""

from __future__ import annotations

import itertools
import time
import tracemalloc

from loading import TESTS, load, load_collection

SIZES = (10, 100, 1_000, 10_000)
MOST_GROWTH = 15
MOST_SECONDS = 1.0


def main() -> int:
    """Print the curve and the verdict; 0 if it holds."""
    load_collection()
    world = load(TESTS / "unit" / "plugins" / "module_utils" / "_renewal" / "world.py", "bench_world")
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.decision import decide
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation

    seconds, memory = [], []
    for size in SIZES:
        domains = [world.domain(f"d{n}.example.com", "OLD") for n in range(size)]
        seen = world.observe(world.farm("OLD", "NEW"), *domains)

        def once(seen: object = seen) -> object:
            return decide(Situation(seen, Journal(world.FARM), Policy(), world.START), "bench").act

        act = once()
        if act is None or len(act.writes) != size:
            raise SystemExit("the decision to be measured did not come out as expected")
        best = min(_timed(once) for _round in range(5))
        tracemalloc.start()
        once()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        seconds.append(best)
        memory.append(peak)
        print(f"{size:7d} domains  {best * 1000:9.2f} ms  {peak / 1024:10.0f} KiB")
    growth = max(b / a for a, b in itertools.pairwise(seconds[1:]))
    heap = max(b / a for a, b in itertools.pairwise(memory[1:]))
    good = growth <= MOST_GROWTH and heap <= MOST_GROWTH and seconds[-1] < MOST_SECONDS
    print(
        f"{'holds' if good else 'DOES NOT HOLD'}: ten times the domains take at most {growth:.1f} times the time and {heap:.1f} times the memory;"
        f" {SIZES[-1]} domains are decided in {seconds[-1]:.2f} s"
    )
    return 0 if good else 1


def _timed(work: object) -> float:
    # Deciding waits for nothing, so its own processor time is what it takes; the clock on the wall would count what else runs here.
    begin = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - begin


if __name__ == "__main__":
    raise SystemExit(main())
