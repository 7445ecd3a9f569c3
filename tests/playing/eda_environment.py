# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings ansible-rulebook, which the tests of the event sources run, into build/eda, an environment of its own.

It needs Java, which is never installed from here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playing import ROOT

PLACE = ROOT / "build" / "eda"
# What ansible-rulebook is run with, and what the sources import besides.
_PACKAGES = ("ansible-rulebook", "ansible-core", "cryptography", "msal", "requests")
_OLDEST_JAVA = 17


def java_version() -> int | None:
    """The version of the machine's Java, None without one."""
    program = shutil.which("java")
    if program is None:
        return None
    said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    return int(found[1]) if found else None


def missing() -> str:
    """Why ansible-rulebook cannot run here, empty if it can; installs it where that has not happened yet."""
    version = java_version()
    if version is None or version < _OLDEST_JAVA:
        return f"no Java {_OLDEST_JAVA} on this machine"
    return "" if rulebook_program() else "no package index here has ansible-rulebook"


def rulebook_program(seconds: float = 600) -> Path | None:
    """The program, or None where no package index has it within ``seconds``."""
    done, program = PLACE / "installed", PLACE / "bin" / "ansible-rulebook"
    if done.is_file():
        return program
    shutil.rmtree(PLACE, ignore_errors=True)
    for command in ([sys.executable, "-m", "venv", str(PLACE)], [str(PLACE / "bin" / "python"), "-m", "pip", "install", "-qq", *_PACKAGES]):
        try:
            if subprocess.run(command, capture_output=True, timeout=seconds, check=False).returncode:
                return None
        except subprocess.TimeoutExpired:
            return None
    done.touch()
    return program
