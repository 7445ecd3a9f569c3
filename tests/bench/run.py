# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs on the controller and on the screen, against an empty playbook in the same minute.

Counts task headings and lines of the default callback, processor time as a ratio, and the size of the job events that a runner keeps.
Exit code 1 where a limit is exceeded. The last line is the verdict.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import ansible_runner

from lab.running import Lab
from playing import RENEW, ROOT, Run, play

TIMES = 5
EMPTY = [{"name": "Nothing", "hosts": "adfs_primary", "gather_facts": False, "tasks": []}]
# The lab's inventory takes the time from the lab over TLS; a user's does not. The clocks agree where nothing moves the lab's.
CLOCK = {"renew_signing_cert_now": ""}
# Limits of a run: headings, lines and lines of the summary with nothing to do, headings of each further pass, processor time, bytes of job events.
HEADINGS, LINES, SUMMARY, PASS, IDLE, TWO_ACTS, EVENTS = 10, 50, 12, 8, 1.6, 3.0, 300_000


@dataclass
class Cost:
    """What runs of one kind cost."""

    headings: int = 0
    lines: int = 0
    summary: int = 0
    passes: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return statistics.median(self.seconds)


def measured(run: Callable[[], Run], cost: Cost) -> Cost:
    """Run once more and note what it cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if finished.code:
        raise SystemExit(f"a run that was to be measured failed:\n{finished.output}")
    cost.seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    lines = finished.output.splitlines()
    cost.headings = sum(line.startswith("TASK [") for line in lines)
    cost.lines = len(lines)
    cost.passes = len(finished.done)
    cost.summary = _summary(lines)
    return cost


def _summary(lines: list[str]) -> int:
    """How many lines the summary has, between the brackets that the debug task puts around it."""
    shown = [n for n, line in enumerate(lines) if line.strip() == '"msg": [']
    return next(n for n, line in enumerate(lines[shown[-1] + 1 :]) if line.strip() == "]") if shown else 0


def times(directory: Path) -> tuple[Cost, Cost, Cost]:
    """An empty playbook, a run with nothing to do and one with two acts, in turns."""
    empty, idle, busy = Cost(), Cost(), Cost()
    book = directory / "empty.yml"
    book.write_text(json.dumps(EMPTY), encoding="utf-8")
    for number in range(TIMES):
        with Lab("in-sync", directory / f"idle{number}") as lab:
            measured(lambda lab=lab: play(lab, book), empty)
            play(lab)  # the first run of all notes the farm's keys in the journal
            measured(lambda lab=lab: play(lab, variables=CLOCK), idle)
        with Lab("expiring", directory / f"busy{number}") as lab:
            measured(lambda lab=lab: play(lab, variables=CLOCK), busy)
    return empty, idle, busy


def job_events(directory: Path, domains: int) -> int:
    """The size of everything that a runner keeps of a renewal with this many domains."""
    with Lab(str(_renewal_of(domains, directory)), directory / "events") as lab:
        private = directory / "runner"
        private.mkdir()
        environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            **lab.addresses["environment"],
            "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
        }
        run = ansible_runner.run(private_data_dir=str(private), playbook=str(RENEW), inventory=str(lab.inventory), envvars=environment, quiet=True, timeout=240)
        if run.rc:
            raise SystemExit(f"the run whose events were to be measured failed:\n{run.stdout.read()}")
        return sum(len(json.dumps(event, default=str)) for event in run.events)


def _renewal_of(domains: int, directory: Path) -> Path:
    """The scenario expiring, with more domains."""
    scenario = json.loads((ROOT / "tests" / "lab" / "scenarios" / "expiring.json").read_text(encoding="utf-8"))
    pattern = scenario["domains"][0]
    scenario["domains"] = [{**pattern, "name": f"domain{number:03}.example.com"} for number in range(domains)]
    path = directory / "renewal.json"
    path.write_text(json.dumps(scenario), encoding="utf-8")
    return path


def main() -> int:
    """Measure and compare with the limits."""
    with tempfile.TemporaryDirectory(prefix="bench-run-") as name:
        directory = Path(name)
        empty, idle, busy = times(directory)
        events = job_events(directory, 40)
    further = (busy.headings - idle.headings) / busy.passes if busy.passes else 0.0
    rows = [
        ("task headings, nothing to do", idle.headings, HEADINGS),
        ("lines, nothing to do", idle.lines, LINES),
        ("lines of the summary", idle.summary, SUMMARY),
        ("task headings, two acts", busy.headings, HEADINGS + 2 * PASS),
        ("task headings for each further pass", further, PASS),
        ("lines, two acts", busy.lines, None),
        ("processor time, empty playbook (s)", empty.middle, None),
        ("processor time, nothing to do (times an empty playbook)", idle.middle / empty.middle, IDLE),
        ("processor time, two acts (times an empty playbook)", busy.middle / empty.middle, TWO_ACTS),
        ("job events of a renewal with 40 domains (bytes)", events, EVENTS),
    ]
    exceeded = []
    for what, found, limit in rows:
        print(f"{what:58} {found:>10.2f}" + (f"   at most {limit}" if limit is not None else ""))
        if limit is not None and found > limit:
            exceeded.append(what)
    print(f"exceeded: {', '.join(exceeded)}" if exceeded else "every limit is kept")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
