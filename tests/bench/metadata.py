# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes to read and verify metadata, and to fetch it from many servers: ``make bench-metadata``.

Ratios within one run, since machines differ. Two figures in seconds are printed and judged too: a genuine megabyte in less than 200 ms, and
the worst of hostile documents, each read in a process of its own that may not use more, in less than two seconds of processor time.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loading import TESTS, load, load_collection

HELPERS = TESTS / "unit" / "plugins" / "module_utils"
CLAIMS = (700, 7_000)  # a tenth of a megabyte, and almost a whole one
MOST_GROWTH = 15
MOST_SECONDS = 0.2
MOST_FOR_ANYTHING = 10  # a hostile megabyte, compared with a signed one
NODES = 16
SLOWEST = 0.5
MOST_FOR_MANY = 1.5
MOST_HOSTILE_SECONDS = 2.0
MOST_HOSTILE_MEBIBYTES = 200
CAP_SECONDS = 20
CAP_BYTES = 600 * 2**20


def main() -> int:
    """Print what was measured, and the verdict; 0 if it holds."""
    load_collection()
    reading = _reading(load(HELPERS / "metadata_documents.py", "bench_documents"))
    hostile = _hostile(load(HELPERS / "metadata_documents.py", "bench_documents"), load(HELPERS / "metadata_hostile.py", "bench_hostile"))
    fetching = _fetching(load(HELPERS / "tls_server.py", "bench_tls_server"))
    good = reading[0] and hostile[0] and fetching[0]
    print(f"{'holds' if good else 'DOES NOT HOLD'}: {reading[1]}; {hostile[1]}; {fetching[1]}")
    return 0 if good else 1


def _reading(make: Any) -> tuple[bool, str]:
    from ansible_collections.federation.adfs.plugins.module_utils._metadata import MetadataError, read_metadata

    def read(data: bytes) -> None:
        try:
            found = read_metadata(data)
        except MetadataError:
            return
        if data in signed and found.signature.status != "valid":
            raise SystemExit("the document to be measured is not validly signed")

    signed = [make.large_signed_document(number) for number in CLAIMS]
    seconds = [_cpu(lambda data=data: read(data)) for data in signed]
    for data, spent in zip(signed, seconds, strict=True):
        print(f"{len(data):9d} bytes, signed   {spent * 1000:8.1f} ms of CPU to parse and verify")
    worst = 0.0
    for name, filling in make.FILLINGS.items():
        data = make.filled(filling)
        spent = _cpu(lambda data=data: read(data), rounds=2)
        worst = max(worst, spent / seconds[-1])
        print(f"{len(data):9d} bytes, {name:10s} {spent * 1000:6.1f} ms of CPU")
    growth = seconds[1] / seconds[0]
    good = growth <= MOST_GROWTH and worst <= MOST_FOR_ANYTHING and seconds[1] < MOST_SECONDS
    return good, (
        f"a signed megabyte is read and verified in {seconds[1] * 1000:.0f} ms (less than {MOST_SECONDS * 1000:.0f}),"
        f" {growth:.1f} times what a tenth of it takes; a megabyte of anything takes at most {worst:.1f} times as long"
    )


def _hostile(make: Any, hostile: Any) -> tuple[bool, str]:
    from ansible_collections.federation.adfs.plugins.module_utils._metadata import MetadataError, read_metadata
    from ansible_collections.federation.adfs.plugins.module_utils._metadata_jwks import KeysError, read_keys

    def metadata(data: bytes) -> str:
        try:
            return str(read_metadata(data).signature.status)
        except MetadataError:
            return "refused"

    def keys(data: bytes) -> str:
        try:
            return f"{len(read_keys(data).signing_certificates)} keys"
        except KeysError:
            return "refused"

    cases = [(name, data, metadata) for name, data in hostile.documents(make)]
    cases += [(f"keys: {name}", data, keys) for name, data in hostile.key_sets(make)]
    print(f"{'hostile input':72} {'bytes':>9} {'CPU s':>7} {'MiB':>5}  result")
    worst_seconds, worst_memory, lost = 0.0, 0, []
    for name, data, read in cases:
        measured = _capped(lambda data=data, read=read: read(data))
        if measured is None:
            lost.append(name)
            print(f"{name:72} {len(data):9d} more than the process may use")
            continue
        seconds, memory, outcome = measured
        worst_seconds, worst_memory = max(worst_seconds, seconds), max(worst_memory, memory)
        print(f"{name:72} {len(data):9d} {seconds:7.2f} {memory:5d}  {outcome}")
    good = not lost and worst_seconds < MOST_HOSTILE_SECONDS and worst_memory < MOST_HOSTILE_MEBIBYTES
    return good, (
        f"the worst of {len(cases)} hostile inputs costs {worst_seconds:.2f} s of CPU (less than {MOST_HOSTILE_SECONDS:.0f})"
        f" and {worst_memory} MiB (less than {MOST_HOSTILE_MEBIBYTES})"
    )


def _capped(work: Callable[[], str]) -> tuple[float, int, str] | None:
    """Run ``work`` in a process that may use so much and no more; return CPU seconds, MiB and what it says, None if it died."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (CAP_SECONDS, CAP_SECONDS))
            resource.setrlimit(resource.RLIMIT_DATA, (CAP_BYTES, CAP_BYTES))
            before = _resident("VmRSS")
            begin = time.process_time()
            outcome = work()
            report = [time.process_time() - begin, max(0, _resident("VmHWM") - before) // 1024, outcome]
            os.write(writing, json.dumps(report).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        return None
    seconds, memory, outcome = json.loads(told)
    return float(seconds), int(memory), str(outcome)


def _resident(name: str) -> int:
    """Return a figure of this process in KiB, as Linux tells it."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))


def _fetching(servers: Any) -> tuple[bool, str]:
    from ansible_collections.federation.adfs.plugins.module_utils._metadata_fetch import Document, Target, fetch_all

    def slow(seconds: float) -> Callable[[Any, bytes], None]:
        reply = servers.answer(b"<x/>")

        def handle(tls: Any, head: bytes) -> None:
            time.sleep(seconds)
            reply(tls, head)

        return handle

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        authority = servers.Authority(Path(folder))
        started = [servers.Server(authority.context("sts.contoso.com"), slow(SLOWEST * (n + 1) / NODES)) for n in range(NODES)]
        targets = [Target("https://sts.contoso.com/", "127.0.0.1", server.port) for server in started]

        def fetch(which: list[Any]) -> None:
            answers = fetch_all(which, 30, 1000, str(authority.path))
            if not all(isinstance(answer, Document) for answer in answers):
                raise SystemExit(f"a server to be measured did not answer: {answers}")

        try:
            one_by_one = _wall(lambda: [fetch([target]) for target in targets])
            slowest = min(_wall(lambda: fetch(targets[-1:])) for _round in range(3))
            together = min(_wall(lambda: fetch(targets)) for _round in range(3))
        finally:
            for server in started:
                server.close()
    print(f"{NODES} servers: the slowest alone {slowest:.2f} s, all at once {together:.2f} s, one after the other {one_by_one:.2f} s")
    ratio = together / slowest
    return ratio <= MOST_FOR_MANY, f"{NODES} servers take {ratio:.2f} times as long as the slowest of them alone"


def _cpu(work: Callable[[], object], rounds: int = 5) -> float:
    return min(_measured(work, time.process_time) for _round in range(rounds))


def _wall(work: Callable[[], object]) -> float:
    return _measured(work, time.perf_counter)


def _measured(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begin = clock()
    work()
    return clock() - begin


if __name__ == "__main__":
    raise SystemExit(main())
