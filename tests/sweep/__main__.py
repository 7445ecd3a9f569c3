# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays every case and counts what is wrong, by kind of fault: ``make sweep``.

``--case NAME`` plays one and tells everything; a failing case prints the command that does so.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from loading import load_collection

SECONDS = 120  # for one case; the limits inside are a fraction of a second
STEP = 50
FEW = ("clock", "odd")
"""Kinds of which each is something of its own: they are played whole, whatever part of the others is."""


def main(arguments: list[str] | None = None) -> int:
    """0 if nothing is wrong."""
    parser = argparse.ArgumentParser(prog="sweep", description=__doc__)
    parser.add_argument("--case", help="play this case alone, and tell what was said")
    parser.add_argument("--start", action="append", help="only the cases of this start")
    parser.add_argument("--kind", action="append", help="only the cases of this kind")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth case, and all of the kinds that have few")
    parser.add_argument("--playbooks", action="store_true", help="the sixty cases of real playbook runs instead")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--file", type=Path, help="where results are kept, so that a sweep that was stopped goes on from there")
    options = parser.parse_args(arguments)
    load_collection()
    return _one(options.case) if options.case else _all(options)


def _one(name: str) -> int:
    from sweep.case import Case, Play, live, usual

    case = Case.of(name)
    expected = _in_child(lambda: usual(Play.at(case.start)).__dict__)
    from sweep.case import Usual

    verdict = live(Play.at(case.start), case, Usual(**expected))
    print("\n".join(verdict.said))
    for kind, text in verdict.wrong:
        print(f"WRONG {kind}: {text}")
    print(f"met: {verdict.met}; ordinary runs until the end: {verdict.days}")
    return 1 if verdict.wrong else 0


def _all(options: argparse.Namespace) -> int:
    begun = time.monotonic()
    kept = [json.loads(line) for line in options.file.read_text(encoding="utf-8").splitlines()] if options.file and options.file.exists() else []
    known = {verdict["case"]: verdict for verdict in kept}
    done: list[dict[str, Any]] = []
    totals: Counter[str] = Counter()
    for verdict in _verdicts(options, known, totals):
        if options.file and verdict["case"] not in known:
            with options.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(verdict) + "\n")
        done.append(verdict)
        _progress(verdict["case"].partition("/")[0], done, totals, begun)
    _table(done)
    print(f"{len(done)} cases in {time.monotonic() - begun:.0f} s")
    return 1 if any(v["wrong"] for v in done) else 0


def _progress(part: str, done: list[dict[str, Any]], totals: Counter[str], begun: float) -> None:
    """Draw a bar on a terminal; elsewhere a line for every STEP cases."""
    here, of = sum(v["case"].startswith(part + "/") for v in done), totals[part]
    seconds, wrong = time.monotonic() - begun, sum(bool(v["wrong"]) for v in done)
    said = f"{part}: {here} of {of}; {len(done)} cases in {seconds:.0f} s, {wrong} with something wrong"
    if sys.stderr.isatty():
        print(f"\r[{'#' * (20 * here // of):20}] {said}", end="\n" if here == of else "", file=sys.stderr, flush=True)
    elif len(done) % STEP == 0 or here == of:
        print(f"  {said}", file=sys.stderr, flush=True)


def _verdicts(options: argparse.Namespace, known: dict[str, dict[str, Any]], totals: Counter[str]) -> Iterator[dict[str, Any]]:
    """The verdict of each case: those that are known, and those of the others as they are played. ``totals`` is told how many each part has."""
    if options.playbooks:
        from sweep.playbooks import cases, play_all

        totals["playbook"] = len(cases())
        yield from (verdict for name, verdict in known.items() if name.startswith("playbook/"))
        yield from play_all(set(known), options.jobs)
        return
    from sweep.starts import STARTS

    for start in options.start or STARTS:
        yield from _of_start(start, options, known, totals)


def _of_start(start: str, options: argparse.Namespace, known: dict[str, dict[str, Any]], totals: Counter[str]) -> Iterator[dict[str, Any]]:
    """Play the cases of a start, each in a process of its own that begins as a copy of one that is there already."""
    from histories.product import without_forecast
    from sweep.case import Play, Usual, live, usual
    from sweep.cases import cases_of

    with without_forecast():
        play = Play.at(start)
        expected = Usual(**_in_child(lambda: usual(play).__dict__))
        cases = [case for n, case in enumerate(cases_of(start, expected)) if n % options.every == 0 or case.kind in FEW]
        cases = [case for case in cases if not options.kind or case.kind in options.kind]
        totals[start] = len(cases)
        yield from (known[case.name] for case in cases if case.name in known)
        left = [case for case in cases if case.name not in known]
        works = [(case.name, lambda case=case: live(play, case, expected).plain()) for case in left]
        yield from _in_children(works, options.jobs)


def _in_child(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    (found,) = _in_children([("usual", work)], 1)
    if found.get("died"):
        raise SystemExit(f"a run without a fault ends so: {found['wrong']}")
    return found


def _in_children(works: list[tuple[str, Callable[[], dict[str, Any]]]], jobs: int) -> Iterator[dict[str, Any]]:
    """Do each piece of work in a child of its own, so many at a time; one that dies or does not end is a verdict, too."""
    waiting, running = list(reversed(works)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            name, work = waiting.pop()
            reading, writing = os.pipe()
            sys.stdout.flush()
            child = os.fork()
            if not child:
                _be_child(work, writing)
            os.close(writing)
            running[reading] = (name, child, time.monotonic(), bytearray())
        ready, _writable, _wrong = select.select(list(running), [], [], 1)
        for reading in list(running):
            name, child, since, text = running[reading]
            if reading in ready:
                piece = os.read(reading, 1 << 20)
                text += piece
                if piece:
                    continue
            elif time.monotonic() - since < SECONDS:
                continue
            else:
                os.kill(child, signal.SIGKILL)
            os.close(reading)
            os.waitpid(child, 0)
            del running[reading]
            why = "no end" if time.monotonic() - since >= SECONDS else "died"
            yield json.loads(text) if text else {"case": name, "wrong": [["died", why]], "days": 0, "met": False, "said": [], "died": True}


def _be_child(work: Callable[[], dict[str, Any]], writing: int) -> None:
    try:
        with os.fdopen(writing, "w", encoding="utf-8") as out:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what modules print is none of ours
            json.dump(work(), out)
    except BaseException:  # noqa: BLE001 - the parent sees that there is no verdict; here only why
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


def _table(done: list[dict[str, Any]]) -> None:
    """Print how many cases there were, by fault and by where it was met, and what is wrong: a Markdown table, as docs/numbers.md has it."""
    counts: dict[str, Counter[str]] = {}
    for verdict in done:
        _start, kind, where, _call, fault, _lasting = verdict["case"].split("/")
        row = counts.setdefault(fault, Counter())
        place = where.partition(".")[0] if kind == "socket" else kind
        row.update([place, "all", *(["met"] if verdict["met"] else []), *(["wrong"] if verdict["wrong"] else [])])
    places_met = sorted({place for row in counts.values() for place in row} - {"all", "met", "wrong"})
    columns = [*places_met, "all", "met", "wrong"]
    print(f"| fault | {' | '.join(columns)} |\n|--|{'--:|' * len(columns)}")
    for fault, row in sorted(counts.items()):
        print(f"| {fault} | {' | '.join(str(row[name] or '') for name in columns[:-1])} | {row['wrong']} |")
    sums = Counter[str]()
    for row in counts.values():
        sums.update(row)
    print(f"| all | {' | '.join(str(sums[name]) for name in columns)} |\n")
    days = Counter(verdict["days"] for verdict in done)
    print("ordinary runs until the end: " + ", ".join(f"{number}: {days[number]}" for number in sorted(days)))
    kinds: dict[str, list[tuple[str, str]]] = {}
    for verdict in done:
        for kind in sorted({kind for kind, _text in verdict["wrong"]}):
            kinds.setdefault(kind, []).append((verdict["case"], next(text for k, text in verdict["wrong"] if k == kind)))
    for kind, found in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(found):6}  {kind}")
        for case, text in found[:5]:
            print(f"        python -m sweep --case '{case}'\n            {text[:300]}")
    print("nothing is wrong" if not kinds else f"{sum(bool(v['wrong']) for v in done)} cases with something wrong")


if __name__ == "__main__":
    sys.exit(main())
