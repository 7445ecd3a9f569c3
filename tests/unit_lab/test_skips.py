# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A skip fails where CI is set, unless it is named as allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import skips

TESTS = Path(__file__).resolve().parents[1]
FILE = """
import pytest
def test_passes():
    pass
def test_skips():
    pytest.skip(REASON)
@pytest.mark.skipif(True, reason=REASON)
def test_is_skipped():
    pass
"""


@pytest.mark.parametrize(("value", "strict"), [(None, False), ("", False), ("0", False), ("false", False), ("False", False), ("true", True), ("1", True)])
def test_ci_is_set_or_not(value: str | None, strict: bool) -> None:
    assert skips.strict({} if value is None else {"CI": value}) is strict


def test_a_reason_is_named_by_a_line_and_not_by_a_comment() -> None:
    table = "# because\n^no PowerShell\n"
    assert skips.allowed("no PowerShell on this machine", table)
    assert not skips.allowed("because", table)
    assert not skips.allowed("there is no PowerShell", table)


def _pytest(text: str, ci: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one file of tests with tests/conftest.py."""
    (folder / "test_it.py").write_text(text)
    environment = {**{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}, "CI": ci, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "conftest", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("ci", "reason", "code", "line"),
    [
        ("", "nobody knows why", 0, "1 passed, 2 skipped"),
        ("true", "nobody knows why", 1, "1 failed, 1 passed, 1 error"),
        ("true", "this cmdlet cannot do that", 0, "1 passed, 2 skipped"),
    ],
)
def test_a_run_of_pytest(ci: str, reason: str, code: int, line: str, tmp_path: Path) -> None:
    run = _pytest(f"REASON = {reason!r}\n{FILE}", ci, tmp_path)
    assert (run.returncode, line in run.stdout, reason in run.stdout) == (code, True, True), run.stdout + run.stderr


def test_a_file_that_is_skipped_as_a_whole(tmp_path: Path) -> None:
    run = _pytest("import pytest\npytest.skip('nobody knows why', allow_module_level=True)\n", "1", tmp_path)
    assert "1 error" in run.stdout and "may not be where CI is set: nobody knows why" in run.stdout, run.stdout + run.stderr
