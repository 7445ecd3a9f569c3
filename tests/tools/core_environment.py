# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments with other versions of ansible-core than the one in .venv, kept under .venv/cores/.

`python tests/tools/core_environment.py 2.16` makes that environment, if it is not there yet, and prints its folder.
Each has the oldest Python of the machine that this ansible-core runs on, since the newest one is tried with the newest core.
Exit code 3: this machine has no Python on which that ansible-core runs.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
FLOOR = "2.16"
REQUIREMENTS = ROOT / "tests" / "requirements"
INSTALL_TIMEOUT = 1200  # seconds

# Oldest and newest Python that a controller with this ansible-core runs on, from the package's metadata.
CONTROLLER_PYTHONS = {
    "2.16": ("3.10", "3.12"),
    "2.17": ("3.10", "3.12"),
    "2.18": ("3.11", "3.13"),
    "2.19": ("3.11", "3.13"),
    "2.20": ("3.12", "3.14"),
    "2.21": ("3.12", "3.14"),
}


class NoPython(Exception):
    """No Python of this machine fits."""


def newest_core() -> str:
    """Return the version in .venv, such as "2.21"; run this with the Python of .venv."""
    return minor(importlib.metadata.version("ansible-core"))


def minor(version: str) -> str:
    """Return "2.21" for "2.21.5"."""
    return ".".join(version.split(".")[:2])


def environment(core: str) -> pathlib.Path:
    """Return the folder of the environment with this ansible-core, made if need be.

    The newest one is .venv itself. Raises NoPython where the machine has no Python for it.
    """
    if core == newest_core():
        return VENV
    folder = VENV / "cores" / core
    stamp = folder / ".installed"
    wanted = hashlib.sha256(b"".join((REQUIREMENTS / name).read_bytes() for name in ("runtime.txt", "test.txt"))).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder
    python = python_for(core)
    print(f"Installing ansible-core {core} into {folder.relative_to(ROOT)} with {python}", file=sys.stderr, flush=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=INSTALL_TIMEOUT)
    # The package `ansible` N holds the collections of the time of ansible-core 2.(N + 7): ansible 9 came with 2.16.
    packages = [f"ansible-core=={core}.*", f"ansible=={int(core.split('.')[1]) - 7}.*", "-r", str(REQUIREMENTS / "test.txt")]
    install = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--no-compile", *packages]
    subprocess.run(install, check=True, timeout=INSTALL_TIMEOUT, stdout=sys.stderr)
    stamp.write_text(wanted)
    return folder


def python_for(core: str) -> str:
    """Return the path of the oldest Python of this machine on which that ansible-core runs. Raises NoPython."""
    if core not in CONTROLLER_PYTHONS:
        raise NoPython(f"it is not known on which Pythons ansible-core {core} runs; add it to CONTROLLER_PYTHONS in {pathlib.Path(__file__).relative_to(ROOT)}")
    oldest, newest = CONTROLLER_PYTHONS[core]
    search = [str(ROOT / "tests" / "tools" / "pythons.sh"), "--oldest", "--min", oldest, "--max", newest]
    found = subprocess.run(search, capture_output=True, text=True, timeout=60, check=False)
    if found.returncode != 0:
        raise NoPython(f"ansible-core {core} needs a Python from {oldest} to {newest}, and this machine has none that runs")
    return found.stdout.strip()


if __name__ == "__main__":
    try:
        print(environment(sys.argv[1]))
    except NoPython as error:
        print(error, file=sys.stderr)
        raise SystemExit(3) from None
