# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as real playbook runs write it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.running import Lab
from playing import AUDIT, ROOT, play


def test_a_run_writes_its_report_which_is_no_change(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    run = play(lab, variables={"renew_signing_cert_report_path": str(tmp_path / "reports")})
    assert run.code == 0 and "changed=0" in run.output, run.output
    report = json.loads((tmp_path / "reports" / "report.json").read_text(encoding="utf-8"))
    assert report["answer"].startswith("Nothing to do.") and report["answer"] in run.output
    assert report["domains"] and report["certificates"]
    page = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert report["domains"][0]["domain"] in page


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["in-sync", "mismatch", "promotion-tonight"])
def test_the_report_of_an_audit_can_be_rehearsed(scenario: str, start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start(scenario)
    audit = play(lab, AUDIT, variables={"renew_signing_cert_report_path": str(tmp_path)})
    assert audit.plans, audit.output
    command = [sys.executable, "-m", "rehearsal", str(tmp_path / "report.json")]
    rehearsed = subprocess.run(command, env={**os.environ, "PYTHONPATH": "tests"}, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert (rehearsed.returncode, rehearsed.stderr) == (0, "")
    assert rehearsed.stdout.count("promoted it") >= 3 and "objects" not in rehearsed.stdout, rehearsed.stdout
    secrets = [value for name, value in lab.env().items() if "SECRET" in name]
    assert secrets and not [s for s in secrets if s in (tmp_path / "report.json").read_text(encoding="utf-8")]


@pytest.mark.long
def test_a_run_that_fails_and_cannot_write_its_report_says_both(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    run = play(lab, variables={"renew_signing_cert_report_path": str(tmp_path / "reports"), "awx_job_id": 41, "renew_signing_cert_now": "2020-01-01T00:00:00Z"})
    assert run.code == 2 and "delete a job's folders" in run.output and "clock" in run.output.lower(), run.output
    assert not (tmp_path / "reports").exists()
