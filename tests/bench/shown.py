# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the raw rows of the comparison say: a table, ratios to the bound, and a plot. Pure: rows in, text out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

CASE = ("task", "domains", "latency_ms", "farms")
COUNTED = ("graph_requests", "winrm_commands", "winrm_requests", "bytes", "writes", "refused", "lines")
MEASURED = ("wall_s", "processor_s", "memory_mb")
COLUMNS = (*CASE, "arm", "run", *MEASURED, *COUNTED, "commit", "load")
NAMES = {
    "A": "by hand, call by call",
    "B": "stock modules",
    "C": "straight script",
    "D": "this collection",
    "L": "the bound",
    "0": "empty playbook",
}
_HEADINGS = (
    *("arm", "wall p50 (s)", "worst", "to L", "Graph requests", "WinRM commands", "WinRM requests", "bytes"),
    *("processor (s)", "memory (MB)", "writes", "refused", "lines", "runs"),
)
_COLOURS = {"A": "#b33", "B": "#d80", "C": "#27c", "D": "#183", "L": "#555", "0": "#aaa"}
_DASHED = "BL"
"""Lines that another one may lie under."""
Row = dict[str, str]


@dataclass(frozen=True)
class Shown:
    """All runs of one arm in one case. ``extrapolated``: nobody ran it; a straight line through the two greatest numbers of domains."""

    case: tuple[str, int, int, int]
    arm: str
    values: dict[str, float]
    worst: float
    runs: int
    extrapolated: bool = False


def summary(rows: Iterable[Row]) -> list[Shown]:
    """Bring the rows together: the median of each value, and the worst wall time."""
    groups: dict[tuple[tuple[str, int, int, int], str], list[Row]] = {}
    for row in rows:
        case = (row["task"], int(row["domains"]), int(row["latency_ms"]), int(row["farms"]))
        groups.setdefault((case, row["arm"]), []).append(row)
    return [
        Shown(
            case,
            arm,
            {name: statistics.median(float(row[name]) for row in group) for name in (*MEASURED, *COUNTED)},
            max(float(row["wall_s"]) for row in group),
            len(group),
        )
        for (case, arm), group in groups.items()
    ]


def extrapolated(shown: Sequence[Shown]) -> list[Shown]:
    """What A and B would cost where others ran with more domains, on the line through the two greatest numbers that they ran with."""
    found = []
    for arm in ("A", "B"):
        own = {item.case: item for item in shown if item.arm == arm}
        for case in sorted({item.case for item in shown} - set(own)):
            known = sorted((item for item in own.values() if (item.case[0], *item.case[2:]) == (case[0], *case[2:])), key=lambda item: item.case[1])[-2:]
            if len(known) < 2 or case[1] <= known[-1].case[1]:
                continue
            low, high = known
            steps = (case[1] - low.case[1]) / (high.case[1] - low.case[1])
            values = {name: low.values[name] + steps * (high.values[name] - low.values[name]) for name in low.values}
            found.append(Shown(case, arm, values, values["wall_s"], 0, extrapolated=True))
    return found


def table(shown: Sequence[Shown]) -> str:
    """Return a Markdown table, one part for each case; the ratio is the wall time's to that of the bound in the same case."""
    text = []
    for case in sorted({item.case for item in shown}):
        own = {item.arm: item for item in shown if item.case == case}
        bound = own["L"].values["wall_s"] if "L" in own else None
        task, domains, latency, farms = case
        text += [
            f"**{task}**, {domains} domains, {latency} ms" + (f", {farms} farms" if farms > 1 else ""),
            "",
            f"| {' | '.join(_HEADINGS)} |",
            "|--|" + "--:|" * (len(_HEADINGS) - 1),
        ]
        for arm in (arm for arm in NAMES if arm in own):
            item = own[arm]
            value = item.values
            ratio = f"{value['wall_s'] / bound:.2f}" if bound else ""
            counts = [f"{value[name]:.0f}" for name in ("graph_requests", "winrm_commands", "winrm_requests", "bytes")]
            rest = [f"{value[name]:.0f}" for name in ("writes", "refused", "lines")]
            cells = [f"{arm} {NAMES[arm]}", f"{value['wall_s']:.2f}", f"{item.worst:.2f}", ratio, *counts, f"{value['processor_s']:.2f}"]
            cells += [f"{value['memory_mb']:.0f}", *rest, "extrapolated" if item.extrapolated else str(item.runs)]
            text.append(f"| {' | '.join(cells)} |")
        text.append("")
    return "\n".join(text)


def plot(shown: Sequence[Shown]) -> str:
    """Return an SVG: wall time and Graph requests against the number of domains, nothing to do, at the least latency; both axes logarithmic."""
    latency = min((item.case[2] for item in shown if item.case[0] == "nothing"), default=0)
    own = [item for item in shown if item.case[0] == "nothing" and item.case[2] == latency and item.case[3] == 1]
    panels = [_panel(own, "wall_s", "wall time (s)", 0), _panel(own, "graph_requests", "Graph requests", 480)]
    legend = [
        f'<text x="{60 + 150 * n}" y="350" fill="{_COLOURS[arm]}">{escape(f"{arm} {NAMES[arm]}")}</text>'
        for n, arm in enumerate(arm for arm in NAMES if any(item.arm == arm for item in own))
    ]
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="980" height="370" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="980" height="370" fill="#fff"/>', *panels, *legend, "</svg>", ""])


def _panel(shown: Sequence[Shown], name: str, title: str, left: int) -> str:
    points = [(item.case[1], item.values[name]) for item in shown if item.values[name] > 0]
    if not points:
        return ""
    numbers, values = sorted({x for x, y in points}), sorted({y for x, y in points})
    across = _scale(numbers, left + 60, left + 440)
    upwards = _scale(values, 290, 40)
    parts = [f'<text x="{left + 60}" y="22">{escape(title)}; across: domains; hollow: extrapolated</text>']
    for y in (10.0**n for n in range(math.floor(math.log10(values[0])), math.ceil(math.log10(values[-1])) + 1)):
        if values[0] <= y <= values[-1]:
            at_y = f"{upwards(y):.0f}"
            parts.append(f'<line x1="{left + 60}" x2="{left + 440}" y1="{at_y}" y2="{at_y}" stroke="#ddd"/>')
            parts.append(f'<text x="{left + 54}" y="{upwards(y) + 4:.0f}" text-anchor="end">{y:g}</text>')
    parts += [f'<text x="{across(x):.0f}" y="308" text-anchor="middle">{x}</text>' for x in numbers]
    for arm in NAMES:
        line = sorted((item for item in shown if item.arm == arm and item.values[name] > 0), key=lambda item: item.case[1])
        at = [f"{across(item.case[1]):.1f},{upwards(item.values[name]):.1f}" for item in line]
        dashes = ' stroke-dasharray="7 5"' if arm in _DASHED else ""
        parts += [f'<polyline points="{" ".join(at)}" fill="none" stroke="{_COLOURS[arm]}" stroke-width="2"{dashes}/>'] if at else []
        for item, place in zip(line, at, strict=True):
            x, y = place.split(",")
            filled = "#fff" if item.extrapolated else _COLOURS[arm]
            parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{filled}" stroke="{_COLOURS[arm]}"/>')
    return "\n".join(parts)


def _scale(values: Sequence[float], start: int, end: int) -> Callable[[float], float]:
    low, high = math.log(min(values)), math.log(max(values))
    return lambda value: start + (end - start) * ((math.log(value) - low) / (high - low) if high > low else 0.5)
