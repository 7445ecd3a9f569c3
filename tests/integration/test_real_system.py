# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests for a real system, pointed at the lab: they pass, and they write nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from lab.running import Lab
from playing import ROOT

REAL = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "real", "tests/real"]


@pytest.mark.long
def test_they_read_and_check_and_write_nothing(start: Callable[..., Lab]) -> None:
    lab = start("mismatch")
    environment = {**lab.env(), "FEDERATION_ADFS_REAL_INVENTORY": str(lab.inventory), "CI": "true"}
    done = subprocess.run(REAL, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0 and " passed" in done.stdout and "skipped" not in done.stdout, done.stdout + done.stderr
    assert lab.writes() == [] and lab.log("winrm") != [] and lab.log("graph") != []


def test_without_an_inventory_they_are_skipped() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "FEDERATION_ADFS_REAL_INVENTORY")}
    done = subprocess.run(REAL, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0 and " skipped" in done.stdout and " passed" not in done.stdout, done.stdout + done.stderr
