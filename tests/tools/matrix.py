# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the unit tests and the integration tests marked `matrix` with every ansible-core from 2.16 to the one in .venv.

    .venv/bin/python tests/tools/matrix.py [2.16 2.19 ...]

Unit tests run inside each environment; playbooks are those of each environment, driven from .venv, where the lab runs.
A core for which the machine has no Python is skipped and named; where CI is set, that fails. The exit code is 1 if anything failed.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from core_environment import FLOOR, ROOT, VENV, NoPython, environment, newest_core

sys.path.insert(0, str(ROOT / "tests"))

from skips import refused

LIMIT = 1800  # seconds for one run of pytest


def main() -> int:
    """Run the cores named on the command line, or all, and print a table."""
    lines = []
    failed = False
    for core in sys.argv[1:] or all_cores():
        try:
            venv = environment(core)
        except NoPython as error:
            problem = refused(f"no Python for ansible-core {core}")
            failed = failed or bool(problem)
            lines.append(f"{core:6} {'FAILED' if problem else 'SKIPPED'}: {error}")
            continue
        python = next(venv.glob("lib/python3.*")).name.removeprefix("python")
        results = {"unit tests": unit_tests(core, venv), "playbooks": playbooks(core, venv)}
        failed = failed or not all(results.values())
        lines.append(f"{core:6} Python {python:5} " + ", ".join(f"{what} {'passed' if passed else 'FAILED'}" for what, passed in results.items()))
    print("\nansible-core")
    print("\n".join(lines))
    return 1 if failed else 0


def all_cores() -> list[str]:
    """Return the versions from the floor to the newest, such as ["2.16", "2.17"]."""
    first, last = int(FLOOR.split(".")[1]), int(newest_core().split(".")[1])
    return [f"2.{number}" for number in range(first, last + 1)]


def unit_tests(core: str, venv: pathlib.Path) -> bool:
    """Run tests/unit with the Python and the ansible-core of the environment."""
    return run(f"unit tests, ansible-core {core}", [str(venv / "bin" / "python"), "-m", "pytest", "-q", "-n", "2", "tests/unit"], {})


def playbooks(core: str, venv: pathlib.Path) -> bool:
    """Run the marked integration tests with the ansible-playbook of the environment."""
    command = [str(VENV / "bin" / "python"), "-m", "pytest", "-q", "-n", "2", "-m", "matrix", "tests/integration"]
    return run(f"playbooks, ansible-core {core}", command, {"PLAYING_ANSIBLE_PLAYBOOK": str(venv / "bin" / "ansible-playbook")})


def run(title: str, command: list[str], environment_changes: dict[str, str]) -> bool:
    """Run pytest, say for what, and return whether it passed. No test at all counts as failed."""
    print(f"\n== {title}", flush=True)
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment_changes}, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
