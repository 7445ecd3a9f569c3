# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection is to reach in the comparison, and whether it did. Pure: what was measured in, a table out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.shown import Shown

SLOWEST = 1.5  # times the bound and an empty playbook together, for one farm with nothing to do
FEWER = 10  # times fewer Graph requests than a person and stock modules need, at FEWER_AT domains
FEWER_AT = 200
FLAT = 1.5  # the dearest domain to the cheapest, between FLAT_FROM and the most domains
FLAT_FROM = 200  # with fewer, what they cost is less than what two runs differ by
MEMORY, MEMORY_AT = 150, 900  # MB, domains
Case = tuple[str, int, int, int]
Arms = Mapping[str, Mapping[str, float]]
Target = tuple[str, str, bool]


def targets(shown: Sequence[Shown]) -> list[Target]:
    """Each target, what was measured, and whether that reaches it. A target of which nothing was measured is left out."""
    cases = {case: {item.arm: item.values for item in shown if item.case == case} for case in sorted({item.case for item in shown})}
    return [*_counts(cases), *_times(cases), *_sizes(cases)]


def _counts(cases: Mapping[Case, Arms]) -> Iterator[Target]:
    for name, title in (("graph_requests", "Graph requests"), ("winrm_commands", "WinRM commands")):
        for quiet in (True, False):
            which = "nothing to do" if quiet else "the other tasks"
            own = {c: (a["D"][name], a["L"][name]) for c, a in cases.items() if {"D", "L"} <= a.keys() and (c[0] == "nothing") is quiet}
            yield from _worst(f"as many {title} as the bound: {which}", own, lambda pair: pair[0] - pair[1], lambda pair: f"{pair[0]:.0f} to {pair[1]:.0f}", 0)


def _times(cases: Mapping[Case, Arms]) -> Iterator[Target]:
    quiet = {c: a for c, a in cases.items() if c[0] == "nothing" and c[3] == 1 and "D" in a}
    bound = {c: (a["D"]["wall_s"] / (a["L"]["wall_s"] + a["0"]["wall_s"]),) for c, a in quiet.items() if {"L", "0"} <= a.keys()}
    yield from _worst(f"at most {SLOWEST} times the wall time of the bound and an empty playbook", bound, _first, _times_of, SLOWEST)
    stock = {c: (a["D"]["wall_s"] / a["B"]["wall_s"],) for c, a in quiet.items() if "B" in a}
    yield from _worst("faster than stock modules from one domain on", stock, _first, _times_of, 1)
    for latency in sorted({c[2] for c in quiet}):
        # Less an empty playbook of the same minutes: a machine is not equally fast all the time.
        own = {c[1]: a["D"]["wall_s"] - a["0"]["wall_s"] for c, a in quiet.items() if c[2] == latency and "0" in a}
        costs = {number: 1000 * (wall - own[1]) / (number - 1) for number, wall in own.items() if 1 in own and number >= FLAT_FROM}
        if len(costs) > 1:
            said = ", ".join(f"{cost:.2f} ms at {number}" for number, cost in sorted(costs.items()))
            met = 0 < max(costs.values()) <= FLAT * max(min(costs.values()), 0)
            yield f"a domain costs the same from {FLAT_FROM} to {max(costs)} domains, at {latency} ms", said, met or max(costs.values()) <= 0


def _sizes(cases: Mapping[Case, Arms]) -> Iterator[Target]:
    for arm in ("A", "B"):
        at = {c: a for c, a in cases.items() if c[0] == "nothing" and c[1] == FEWER_AT and {arm, "D"} <= a.keys()}
        own = {c: (a["D"]["graph_requests"] / a[arm]["graph_requests"],) for c, a in at.items()}
        yield from _worst(f"{FEWER} times fewer Graph requests than arm {arm} at {FEWER_AT} domains", own, _first, lambda v: f"{1 / v[0]:.1f} times", 1 / FEWER)
    own = {c: (a["D"]["memory_mb"],) for c, a in cases.items() if c[0] == "nothing" and c[1] == MEMORY_AT and c[3] == 1 and "D" in a}
    yield from _worst(f"under {MEMORY} MB at {MEMORY_AT} domains", own, _first, lambda v: f"{v[0]:.0f} MB", MEMORY)


def _worst(
    title: str,
    measured: Mapping[Case, tuple[float, ...]],
    size: Callable[[tuple[float, ...]], float],
    say: Callable[[tuple[float, ...]], str],
    most: float,
) -> Iterator[Target]:
    """The case that is farthest from the target, where there is any."""
    if measured:
        case = max(measured, key=lambda c: size(measured[c]))
        task, domains, latency, farms = case
        where = f"{task}, {domains} domains, {latency} ms" + (f", {farms} farms" if farms > 1 else "")
        yield title, f"{say(measured[case])} ({where})", size(measured[case]) <= most


def _first(values: tuple[float, ...]) -> float:
    return values[0]


def _times_of(values: tuple[float, ...]) -> str:
    return f"{values[0]:.2f} times"


def as_table(found: Sequence[Target]) -> str:
    """Return the targets as a Markdown table; each row has the worst case that was measured."""
    rows = [f"| {title} | {measured} | {'met' if met else 'missed'} |" for title, measured, met in found]
    return "\n".join(["| target | worst case measured | |", "|--|--|--|", *rows, ""])
