# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many farms cost in one run: ``make bench-farms``.

Sixteen farms, each with a tenant of its own and 200 domains, against one such farm, in turns: a run with nothing to do, and one that makes the
successor and publishes it to every domain. Each farm is a lab with servers of its own on this machine, so the labs' time is in the wall time. Memory is
that of the run and all of its workers together, shared pages counted once. Then one farm of the sixteen cannot be reached: the others are renewed.
The last line is the verdict.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.running import Lab
from playing import RENEW, ROOT, Run, play

FARMS, DOMAINS, TIMES = 16, 200, 3
# Sixteen farms cost at most so many times what one costs. On two cores sixteen runs at once cannot be faster than eight one after the other.
WALL, MEMORY = 16.0, 16.0
SETTINGS = {
    "adfs_entra_tenant_id": "tenant_id",
    "adfs_entra_client_id": "client_id",
    "adfs_entra_client_secret": "client_secret",
    "adfs_entra_graph_url": "graph_url",
    "adfs_entra_authority_url": "login_url",
    "adfs_entra_ca_path": "ca_path",
}
# The lab's inventory asks the lab for the time; a user's does not.
CLOCK = {"renew_signing_cert_now": ""}


@dataclass
class Cost:
    """What runs of one kind cost: seconds on the wall, bytes at the peak."""

    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    @property
    def wall(self) -> float:
        return statistics.median(self.seconds)

    @property
    def peak(self) -> float:
        return statistics.median(self.memory)


def scenario(number: int, directory: Path, domains: int = DOMAINS) -> Path:
    """One farm whose renewal is due, with domains and a tenant of its own."""
    host = f"sts{number:02}.example.com"
    data = {
        "description": "One of many farms; its renewal is due.",
        "certificates": {"current": {"days_left": 28, "days_old": 337}},
        "farms": [{"host_name": host, "nodes": [f"adfs{number:02}.example.com"], "token_signing": {"primary": "current"}}],
        "tenant": {"tenant_id": f"00000000-0000-4000-8000-0000000000{number:02}"},
        "domains": [{"name": f"farm{number:02}-domain{{n}}.example.com", "signing": "current", "next": None, "repeat": domains}],
    }
    path = directory / f"farm{number:02}.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@contextmanager
def farms(count: int, directory: Path, domains: int = DOMAINS) -> Iterator[tuple[list[Lab], Path]]:
    """So many labs, and one inventory of all of their farms."""
    directory.mkdir()
    with ExitStack() as stack:
        labs = [stack.enter_context(Lab(str(scenario(number, directory, domains)), directory / f"lab{number:02}")) for number in range(count)]
        hosts: dict[str, Any] = {}
        for lab in labs:
            group = yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))["adfs"]
            shared = {**group["vars"], **{name: lab.addresses[value] for name, value in SETTINGS.items()}}
            for name, host in group["children"]["adfs_primary"]["hosts"].items():
                hosts[name] = {**shared, **host}
        inventory = directory / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"adfs_primary": {"hosts": hosts}}), encoding="utf-8")
        yield labs, inventory


class Memory:
    """The greatest sum of the proportional set sizes of a process's descendants, looked at ten times a second."""

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, sum(map(_size, _of_the_run())))


def _of_the_run() -> list[Path]:
    """The processes of ansible-playbook, which has its workers in its session or below it; the labs are not among them."""
    found: list[Path] = []
    below: set[str] = set()
    for process in sorted((p for p in Path("/proc").iterdir() if p.name.isdigit()), key=lambda p: int(p.name)):
        try:
            parent = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            if parent in below or b"ansible-playbook" in (process / "cmdline").read_bytes():
                below.add(process.name)
                found.append(process)
        except OSError:
            continue  # it has ended
    return found


def _size(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def run(labs: list[Lab], inventory: Path, cost: Cost, *forks: str) -> Run:
    """Run once and note what it cost."""
    with Memory() as memory:
        began = time.monotonic()
        finished = play(labs[0], RENEW, *forks, inventory=inventory, variables=CLOCK, seconds=1200)
        cost.seconds.append(time.monotonic() - began)
    cost.memory.append(memory.peak)
    return finished


def whole(finished: Run, count: int) -> Run:
    """A run in which every farm came to its end. Raises SystemExit with its output."""
    if finished.code or len(finished.kept["results"]) != count:
        raise SystemExit(f"a run that was to be measured failed:\n{finished.output[-8000:]}")
    return finished


def measure(count: int, directory: Path, idle: Cost, busy: Cost) -> None:
    """Renew, then run again with nothing to do."""
    with farms(count, directory) as (labs, inventory):
        whole(run(labs, inventory, busy, "--forks", str(FARMS)), count)
        whole(run(labs, inventory, idle, "--forks", str(FARMS)), count)
        refused = sum(lab.signins()["refused"] for lab in labs)
        if refused:
            raise SystemExit(f"{refused} sign-ins were refused")


def one_fails(directory: Path) -> str:
    """One farm cannot be reached; every other one is renewed. Returns what was seen."""
    with farms(FARMS, directory) as (labs, inventory):
        labs[0].fault(surface="winrm", operation="Command", count=-1, do={"kind": "drop"})
        finished = run(labs, inventory, Cost(), "--forks", str(FARMS))
        writes = [sum(entry["operation"] == "patch_configuration" for entry in lab.log("graph_item")) for lab in labs]
    told = [host for host, result in finished.kept["recap"].items() if result.get("failures") or result.get("unreachable")]
    if writes[0] or any(count < DOMAINS for count in writes[1:]) or len(told) != 1 or not finished.code:
        raise SystemExit(f"with one farm unreachable: writes {writes}, told {told}, code {finished.code}\n{finished.output[-8000:]}")
    return f"one of {FARMS} farms could not be reached: it alone failed, and the other {FARMS - 1} published to {DOMAINS} domains each"


def main() -> int:
    """Measure and compare with the limits."""
    costs = {count: (Cost(), Cost()) for count in (1, FARMS)}
    with tempfile.TemporaryDirectory(prefix="bench-farms-") as name:
        directory = Path(name)
        for number in range(TIMES):
            for count, (idle, busy) in costs.items():
                measure(count, directory / f"{count}-{number}", idle, busy)
        failing = one_fails(directory / "failing")
    print(f"{DOMAINS} domains in each farm; {TIMES} runs of each kind, the one in the middle; {ROOT.name}")
    print(f"{'':42}{'one farm':>12}{f'{FARMS} farms':>12}{'times':>8}")
    exceeded = []
    for index, what in enumerate(("nothing to do", "a successor, published")):
        one, many = costs[1][index], costs[FARMS][index]
        wall = (f"{what}: wall time (s)", one.wall, many.wall, WALL, 1.0)
        memory = (f"{what}: memory (MB)", one.peak, many.peak, MEMORY, 1e6)
        for text, first, second, limit, unit in (wall, memory):
            print(f"{text:42}{first / unit:12.1f}{second / unit:12.1f}{second / first:8.2f}   at most {limit:g}")
            if second > limit * first:
                exceeded.append(text)
    print(failing)
    print(f"exceeded: {', '.join(exceeded)}" if exceeded else "every limit is kept")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
