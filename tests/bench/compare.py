# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection beside other ways to do the same: ``make bench-compare``.

Six arms in turns against the same lab: A by hand, B stock modules, C a straight script, D this collection, L the fewest calls, 0 an empty playbook.
After each run the lab is looked at: every domain holds what it shall, and no sign-in was refused. Raw rows go to a file (CSV); a run that is started
again with the same file goes on. Table and plot are written beside it. What the lab does not cost is Windows' own time.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.farms import farms
from bench.shown import CASE, COLUMNS, NAMES, Row, extrapolated, plot, summary, table
from bench.targets import as_table, targets
from bench.watched import Watched, watch

from lab.running import Lab

ROOT = Path(__file__).resolve().parents[2]
ARMS = Path(__file__).resolve().parent / "arms"
SCRIPTS = {"A": "by_hand.py", "C": "script.py", "L": "bound.py"}
BOOKS = {"B": ARMS / "stock.yml", "D": ROOT / "playbooks" / "renew-signing-cert.yml", "0": ARMS / "empty.yml"}
TASKS = ("nothing", "publish", "one", "throttled", "crash")
NUMBERS, LATENCIES, WRITTEN = (1, 50, 200, 900), (0, 20, 150), 50
# Several farms in one run, each with so many domains and a tenant of its own: the collection alone.
MANY = (4, 16)
# A and B would take hours with more domains than this.
MOST = 200
# A crash needs writes that take their time.
CRASH_LATENCY = 150
# The collection leaves the lock of a run that died alone for fifteen minutes of the server's time; the lab's clock is moved on for every arm.
LOCKED = 16
RUNS, LONG_RUNS, LONG = 10, 3, 10.0
PATCHES = ("graph.patch_configuration", "graph_item.patch_configuration")


@dataclass(frozen=True)
class Case:
    """What is to be done, for how many domains, at which latency (ms) of Graph and WinRM."""

    task: str
    domains: int
    latency: int
    farms: int = 1


def scenario(case: Case) -> dict[str, Any]:
    """One farm. Nothing to do: a certificate with 230 days left. Else: its successor is made and is to be published."""
    busy = case.task != "nothing"
    certificates = {"current": {"days_left": 20 if busy else 230}, **({"successor": {"days_left": 364}} if busy else {})}
    pattern = {"name": "domain{n}.example.com", "signing": "current", "next": None, "repeat": case.domains}
    if case.task == "one":
        pattern = {**pattern, "next": "successor", "repeat": case.domains - 1}
    domains = [pattern, *([{"name": "last.example.com", "signing": "current", "next": None}] if case.task == "one" else [])]
    return {
        "description": "A farm for the comparison.",
        "certificates": certificates,
        "farms": [
            {
                "host_name": "sts.example.com",
                "nodes": ["adfs1.example.com"],
                "token_signing": {"primary": "current", "others": ["successor"] if busy else []},
            }
        ],
        "domains": domains,
    }


@contextmanager
def prepared(case: Case, directory: Path) -> Iterator[Lab]:
    """A lab that is ready to be measured."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "scenario.json"
    path.write_text(json.dumps(scenario(case)), encoding="utf-8")
    with Lab(str(path), directory / "lab", seconds=7200) as lab:
        yield lab


def command(arm: str, lab: Lab, case: Case) -> tuple[list[str], dict[str, str]]:
    """Return what is run for an arm, and in which environment."""
    environment = {**lab.env(), "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg")}
    if arm in SCRIPTS:
        return [sys.executable, str(ARMS / SCRIPTS[arm]), str(lab.directory / "lab.json")], environment
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    # The lab's inventory takes the time from the lab over HTTP; a user's does not, and needs it here only where the lab's clock is moved.
    clock = [] if case.task == "crash" else ["-e", json.dumps({"renew_signing_cert_now": ""})]
    return [program, "-i", str(lab.inventory), str(BOOKS[arm]), *clock], environment


def _spoil(lab: Lab, case: Case) -> None:
    """Throttle the first read and the first write of every tenth domain."""
    for name in lab.addresses["domains"][::10]:
        for surface in ("graph", "graph_item"):
            for operation in ("get_configuration", "patch_configuration"):
                lab.fault(surface=surface, operation=operation, domain=name, count=1, do={"kind": "throttle", "retry_after": 1})


def measured(arm: str, case: Case, lab: Lab) -> tuple[Watched, dict[str, float]]:
    """Do the task once and look at what came of it. Raises SystemExit where a run failed or left another state than it shall."""
    lab.clear_signins()
    if case.task == "throttled":
        _spoil(lab, case)
    latency = (CRASH_LATENCY if case.task == "crash" else case.latency) / 1000
    lab.entra(latency=latency)
    lab.request("POST", "/winrm", {"latency": latency})
    lab.clear_log()
    words, environment = command(arm, lab, case)
    walls = processor = lines = 0.0
    if case.task == "crash" and arm != "0":
        first = watch(words, environment, lab.directory, until=lambda: 5 * sum(lab.counters().get(name, 0) for name in PATCHES) >= case.domains)
        if first.code >= 0:
            raise SystemExit(f"arm {arm} was to be killed in the middle, but ended by itself:\n{first.output[-4000:]}")
        if sum(lab.counters().get(name, 0) for name in PATCHES) >= case.domains:
            raise SystemExit(f"arm {arm} was to be killed in the middle, but had written everything by then")
        lab.advance(minutes=LOCKED)
        walls, processor, lines = first.wall, first.processor, len(first.output.splitlines())
    done = watch(words, environment, lab.directory)
    if done.code:
        raise SystemExit(f"arm {arm} failed at {case}:\n{done.output[-6000:]}")
    counted = _counted([lab])
    lab.clear_faults()
    lab.sign_in()
    refused = lab.signins()["refused"]
    if arm != "0":
        _check(arm, case, lab, refused)
    return done, {
        "wall_s": done.wall + walls,
        "processor_s": done.processor + processor,
        "memory_mb": done.memory / 1e6,
        **counted,
        "refused": refused,
        "lines": len(done.output.splitlines()) + lines,
    }


def _counted(labs: Sequence[Lab]) -> dict[str, float]:
    """What the servers of the labs were asked since their logs were cleared."""
    counters: Counter[str] = Counter()
    for lab in labs:
        counters.update(lab.counters())
    return {
        "graph_requests": sum(count for name, count in counters.items() if name.split(".")[0] in ("graph", "token")),
        "winrm_commands": counters["winrm.Command"],
        "winrm_requests": sum(count for name, count in counters.items() if name.startswith("winrm.") and name != "winrm.Error"),
        "bytes": sum(sum(lab.request("GET", "/traffic").values()) for lab in labs),
        "writes": sum(counters[name] for name in PATCHES),
    }


def of_farms(case: Case, labs: Sequence[Lab], inventory: Path) -> dict[str, float]:
    """One run with nothing to do over several farms. Raises SystemExit where it failed or somebody was turned away."""
    for lab in labs:
        lab.clear_signins()
        lab.clear_log()
    words, environment = command("D", labs[0], case)
    words[words.index("-i") + 1] = str(inventory)
    done = watch([*words, "--forks", str(case.farms)], environment, labs[0].directory)
    counted = _counted(labs)
    for lab in labs:
        lab.sign_in()
    refused = sum(lab.signins()["refused"] for lab in labs)
    if done.code or refused:
        raise SystemExit(f"{case}: code {done.code}, {refused} sign-ins were refused:\n{done.output[-6000:]}")
    spent = {"wall_s": done.wall, "processor_s": done.processor, "memory_mb": done.memory / 1e6}
    return {**spent, **counted, "refused": refused, "lines": len(done.output.splitlines())}


def _check(arm: str, case: Case, lab: Lab, refused: int) -> None:
    """Every arm ends in the same state: the signing certificate untouched, the successor where it belongs, nobody turned away."""
    state = lab.state()
    names = state["certificates"]
    wanted = (names["current"], names.get("successor"))
    wrong = [item["domain"] for item in state["domains"] if (item["configured"]["signing"], item["configured"]["next"]) != wanted]
    if wrong or refused:
        raise SystemExit(f"arm {arm} at {case}: {len(wrong)} domains differ ({wrong[:3]}), {refused} sign-ins were refused")


def cases(tasks: Sequence[str], numbers: Sequence[int], latencies: Sequence[int], many: Sequence[int] = ()) -> list[Case]:
    """Nothing to do at every number of domains and latency, and with ``many`` farms; the other tasks at one number, 50 domains where they are among them."""
    written = WRITTEN if WRITTEN in numbers else max(numbers)
    found = [Case("nothing", number, latency) for number in numbers for latency in latencies] if "nothing" in tasks else []
    found += [Case("nothing", written, 0, count) for count in many] if "nothing" in tasks else []
    return found + [Case(task, written, CRASH_LATENCY if task == "crash" else latencies[0]) for task in tasks if task != "nothing"]


def run(arms: Sequence[str], wanted: Sequence[Case], runs: int, path: Path) -> None:
    """Measure what the file does not have yet, the arms in turns, and add each row to the file as soon as it is there."""
    rows = _rows(path)
    done = {(*(row[name] for name in CASE), row["arm"], row["run"]) for row in rows}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip() or "no commit"
    for at, case in enumerate(wanted, start=1):
        with tempfile.TemporaryDirectory(prefix="bench-compare-") as name:
            _case(arms, case, runs, path, done, commit, Path(name), f"{at} of {len(wanted)}")


def _case(arms: Sequence[str], case: Case, runs: int, path: Path, done: set[tuple[str, ...]], commit: str, directory: Path, at: str) -> None:
    if case.farms > 1:
        _case_of_farms(arms, case, runs, path, done, commit, directory, at)
        return
    own = [arm for arm in arms if arm not in "AB" or case.domains <= MOST]
    longest = 0.0
    kept: list[Lab] = []
    with prepared(case, directory / "shared") as shared:
        for number in range(1, runs + 1):
            if number > LONG_RUNS and longest > LONG:
                break
            for arm in own:
                key = (case.task, str(case.domains), str(case.latency), str(case.farms), arm, str(number))
                if key in done:
                    longest = max(longest, next(float(row["wall_s"]) for row in _rows(path) if tuple(row[n] for n in (*CASE, "arm", "run")) == key))
                    continue
                if case.task == "nothing":
                    if arm == "D" and not kept:
                        words, environment = command(arm, shared, case)  # the first run of all notes the farm's keys in the journal
                        watch(words, environment, shared.directory)
                        kept.append(shared)
                    values = measured(arm, case, shared)[1]
                else:
                    with prepared(case, directory / f"{arm}{number}") as lab:
                        values = measured(arm, case, lab)[1]
                longest = max(longest, values["wall_s"])
                _keep(path, key, values, commit, at)


def _case_of_farms(arms: Sequence[str], case: Case, runs: int, path: Path, done: set[tuple[str, ...]], commit: str, directory: Path, at: str) -> None:
    left = [n for n in range(1, min(runs, LONG_RUNS) + 1) if (case.task, str(case.domains), str(case.latency), str(case.farms), "D", str(n)) not in done]
    if "D" not in arms or not left:
        return
    with farms(case.farms, directory / "farms", case.domains) as (labs, inventory):
        of_farms(case, labs, inventory)  # makes the successors and publishes them
        for number in left:
            key = (case.task, str(case.domains), str(case.latency), str(case.farms), "D", str(number))
            _keep(path, key, of_farms(case, labs, inventory), commit, at)


def _keep(path: Path, key: tuple[str, ...], values: dict[str, float], commit: str, at: str) -> None:
    """Add a row to the file and say so."""
    row = dict(zip((*CASE, "arm", "run"), key, strict=True))
    shown = {name: f"{value:.3f}".rstrip("0").rstrip(".") for name, value in values.items()}
    _add(path, {**row, **shown, "commit": commit, "load": f"{os.getloadavg()[0]:.1f}"})
    about = f"{row['task']}, {row['domains']} domains, {row['latency_ms']} ms" + (f", {row['farms']} farms" if row["farms"] != "1" else "")
    print(f"{at}: {about}, run {row['run']}, arm {row['arm']}: {values['wall_s']:.2f} s", file=sys.stderr)


def _rows(path: Path) -> list[Row]:
    """Return the rows of the file. Raises SystemExit where it is another file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise SystemExit(f"{path} is no file of this benchmark, or of another version of it. Name another file: FILE=build/compare.csv")
    return [row for row in rows if row["load"] is not None]  # the last line may have been cut


def _add(path: Path, row: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def report(path: Path, words: Sequence[str]) -> str:
    """Return the text for docs/numbers.md out of the file, and write the plot beside it."""
    rows = _rows(path)
    if not rows:
        raise SystemExit(f"{path} has no rows yet.")
    shown = summary(rows)
    shown += extrapolated(shown)
    path.with_suffix(".svg").write_text(plot(shown), encoding="utf-8")
    commits = ", ".join(sorted({row["commit"] for row in rows}))
    loads = [float(row["load"]) for row in rows]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    head = [
        f"Machine: {machine}; load {min(loads):.1f} to {max(loads):.1f}. Commit: {commits}. Command: `{' '.join(words)}`.",
        "Windows' own time is in no figure: the lab answers a cmdlet at once.",
        "After a crash, this collection waits until the lock of the dead run is fifteen minutes old: the lab's clock was moved, no wall time has this wait.",
        "Each figure is the median of the runs. Wall times depend on the machine and on what else it does: compare them within one case only.",
        "",
    ]
    text = "\n".join([*head, as_table(targets(shown)), table(shown)])
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, then show."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description="The collection beside other ways to do the same.")
    parser.add_argument("--file", type=Path, default=ROOT / "build" / "compare.csv", help="raw rows; a run with a file that exists goes on")
    parser.add_argument("--arms", default=" ".join(NAMES), help="which arms, by their letters")
    parser.add_argument("--tasks", default=" ".join(TASKS), help="which tasks")
    parser.add_argument("--domains", default=" ".join(map(str, NUMBERS)), help="how many domains, for nothing to do")
    parser.add_argument("--latencies", default=" ".join(map(str, LATENCIES)), help="latencies in milliseconds, for nothing to do")
    parser.add_argument("--farms", default=" ".join(map(str, MANY)), help="how many farms in one run, for nothing to do by this collection; empty for none")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each arm in each case; three where one takes longer than ten seconds")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what the file has")
    options = parser.parse_args(arguments)
    arms, tasks = options.arms.split(), options.tasks.split()
    unknown = [word for word in arms if word not in NAMES] + [word for word in tasks if word not in TASKS]
    if unknown:
        parser.error(f"not known: {', '.join(unknown)}; arms are {' '.join(NAMES)}, tasks are {' '.join(TASKS)}")
    if not options.show:
        numbers, latencies, many = ([int(n) for n in text.split()] for text in (options.domains, options.latencies, options.farms))
        run(arms, cases(tasks, numbers, latencies, many), options.runs, options.file)
    print(report(options.file, ["python -m bench.compare", *(arguments if arguments is not None else sys.argv[1:])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
