# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the years, day by day in one process and as playbook runs: ``PYTHONPATH=tests python -m year``, or ``make year``."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from loading import load_collection

WORKERS = 2


def one_year(number: int) -> tuple[str, int]:
    """Live through one year in both forms. Returns what to print, and how many complaints there are."""
    from year.days import live_through
    from year.plays import PlayError, play_through
    from year.years import DAYS, YEARS, Record

    year = YEARS[number]

    def line(form: str, record: Record) -> list[str]:
        writes = ", ".join(f"{kind} {count}" for kind, count in record.far_writes.items())
        counted = f"{record.accepted} sign-ins accepted, {record.refused} refused"
        acts = "; ".join(f"day {day}: {', '.join(acts)}" for day, acts in record.acts.items())
        lines = [f"  {form:11s} {DAYS} days, {record.runs} runs; {counted}; writes: {writes}; journal {record.notes}", f"              {acts}"]
        return lines + [f"              WRONG: {complaint}" for complaint in record.complaints(year)]

    inside = live_through(year)
    complaints = len(inside.complaints(year))
    lines = [year.name, *line("in process", inside)]
    with tempfile.TemporaryDirectory(prefix="year-") as directory:
        try:
            played = play_through(year, {*inside.acts, *inside.hands}, Path(directory))
            complaints += len(played.complaints(year))
            lines += line("playbooks", played)
        except PlayError as exc:
            complaints += 1
            lines.append(f"  playbooks   WRONG: {exc}")
    return "\n".join(lines), complaints


def one_fact(name: str) -> tuple[str, int]:
    """A renewal with one open fact flipped, with automatic rollover on and off; with all of them flipped the whole years."""
    from year.days import live_through
    from year.facts import ALL, FIRST, FLIPPED, LAST
    from year.years import DAYS, YEARS

    lines, complaints = [], 0
    for year in YEARS if name == ALL else YEARS[:2]:
        record = live_through(year, DAYS, FLIPPED[name]) if name == ALL else live_through(year, LAST, FLIPPED[name], first=FIRST)
        wrong = record.lost(renewals=2 if name == ALL else 1)
        complaints += len(wrong)
        writes = ", ".join(f"{kind} {count}" for kind, count in record.far_writes.items())
        lines.append(f"{name}; {year}: {record.runs} runs, {record.accepted} sign-ins accepted, {record.refused} refused; writes: {writes}")
        lines += [f"  WRONG: {complaint}" for complaint in wrong]
    return "\n".join(lines), complaints


def main() -> int:
    """All years; 0 if no sign-in was refused and nothing was written that could be left out."""
    load_collection()
    from year.facts import FLIPPED
    from year.years import YEARS

    wrong = 0
    with ProcessPoolExecutor(WORKERS, initializer=load_collection) as pool:
        for text, complaints in pool.map(one_year, range(len(YEARS))):
            print(text, flush=True)
            wrong += complaints
        print("\nWhat nobody knows for sure, flipped alone and all at once:")
        for text, complaints in pool.map(one_fact, FLIPPED):
            print(text, flush=True)
            wrong += complaints
    print("\nno sign-in was refused, and nothing was written that could be left out" if not wrong else f"\n{wrong} things are not as they must be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
