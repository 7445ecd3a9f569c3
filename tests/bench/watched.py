# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one command and measures it with all of its children: wall time, processor time, memory, lines. Memory needs Linux."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Watched:
    """One command that ended. ``memory``: the greatest sum of the proportional set sizes (bytes) of it and its children."""

    code: int
    wall: float
    processor: float
    memory: int
    output: str


def watch(
    command: Sequence[str], environment: Mapping[str, str], directory: Path, *, seconds: float = 1200, until: Callable[[], bool] | None = None
) -> Watched:
    """Run a command to its end, or kill it and its children as soon as ``until`` says so. Raises TimeoutError after ``seconds``."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=dict(environment), cwd=directory, start_new_session=True
        )
        ended = threading.Event()
        peak = [0]
        looking = threading.Thread(target=_look, args=(process.pid, ended, peak), daemon=True)
        looking.start()
        guard = threading.Thread(target=_guard, args=(process.pid, ended, began + seconds, until), daemon=True)
        guard.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        looking.join()
        guard.join()
        if wall > seconds:
            raise TimeoutError(f"{command[0]} did not end within {seconds:.0f} seconds")
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Watched(process.returncode, wall, usage.ru_utime + usage.ru_stime, peak[0] or usage.ru_maxrss * 1024, text)


def _guard(root: int, ended: threading.Event, deadline: float, until: Callable[[], bool] | None) -> None:
    while not ended.wait(0.01 if until else 0.2):
        if time.monotonic() > deadline or (until and until()):
            _kill(root)
            return


def _kill(root: int) -> None:
    """Kill a process and all of its descendants: the workers of ansible-playbook have sessions of their own and would go on alone."""
    for number in _below(root):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(number), signal.SIGKILL)


def _look(root: int, ended: threading.Event, peak: list[int]) -> None:
    while not ended.is_set():
        peak[0] = max(peak[0], sum(map(_size, _below(root))))
        ended.wait(0.05)


def _below(root: int) -> list[str]:
    """The numbers of a process and of all of its descendants."""
    children: dict[str, list[str]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(process.name)
    found = [str(root)]
    for number in found:
        found += children.get(number, [])
    return found


def _size(number: str) -> int:
    try:
        lines = Path("/proc", number, "smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
