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
import yaml

from lab.running import Lab
from playing import AUDIT, ROOT, play


def test_a_run_writes_its_report_which_is_no_change(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    run = play(lab, variables={"renew_signing_cert_report_path": str(tmp_path / "reports"), "renew_signing_cert_since": "2026-01-01"})
    assert run.code == 0 and "changed=0" in run.output, run.output
    assert "Ledger since 2026-01-01: 0 entries." in run.output
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


@pytest.mark.long
def test_an_audit_tells_what_was_done_since_and_the_page_has_it(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    job = {"awx_job_id": 41, "awx_user_name": "alice", "renew_signing_cert_change_number": "CHG0031234"}
    assert play(lab, variables=job).done
    audit = play(lab, AUDIT, variables={"renew_signing_cert_since": "2025-06-01", "renew_signing_cert_report_path": str(tmp_path)})
    assert "Ledger since 2025-06-01" in audit.output and "The ledger's chain is whole" in audit.output, audit.output
    assert "by alice, job 41, change CHG0031234" in audit.output and "sign-in safe before and after; done" in audit.output
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["ledger"]
    assert told["valid"] and {group["act"] for group in told["groups"]} >= {"generate", "publish"}
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "CHG0031234" in page and told["head"] in page


@pytest.mark.long
def test_several_farms_write_one_page_over_all_also_one_at_a_time_and_on_another_host(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("two-farms")
    hosts = sorted(yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))["adfs"]["children"]["adfs_primary"]["hosts"])
    assert len(hosts) == 2
    keeper = tmp_path / "keeper.yml"
    given = {"all": {"hosts": {"keeper": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}
    keeper.write_text(json.dumps(given), encoding="utf-8")
    both = {"renew_signing_cert_report_path": str(tmp_path / "both")}
    run = play(lab, AUDIT, variables=both)
    names = [farm["name"] for farm in json.loads((tmp_path / "both" / "report.json").read_text(encoding="utf-8"))["farms"]]
    assert len(names) == 2, run.output
    page = (tmp_path / "both" / "index.html").read_text(encoding="utf-8")
    parts = sorted(path.parent for path in (tmp_path / "both").glob("*/index.html"))
    assert len(parts) == 2 and all(f"{part.name}/index.html" in page for part in parts)
    # A run of one farm leaves the page over all as it is; and on another host, both at the same time.
    one = play(lab, AUDIT, "--limit", hosts[0], variables=both)
    assert "2 farms:" in (tmp_path / "both" / "index.html").read_text(encoding="utf-8"), one.output
    elsewhere = {"renew_signing_cert_report_path": str(tmp_path / "there"), "renew_signing_cert_report_host": "keeper"}
    there = play(lab, AUDIT, "-i", str(keeper), variables={**elsewhere, "renew_signing_cert_hosts": "adfs_primary"})
    told = json.loads((tmp_path / "there" / "report.json").read_text(encoding="utf-8"))
    assert [farm["name"] for farm in told["farms"]] == names, there.output


@pytest.mark.long
def test_a_job_hands_the_short_form_on_and_is_told_what_to_do_instead_of_a_path(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    audit = play(lab, AUDIT, variables={"awx_job_id": 41}, environment={"ANSIBLE_SHOW_CUSTOM_STATS": "true"})
    assert audit.code == 0 and "renew_signing_cert_reports" in audit.output and '"tone": "well"' in audit.output, audit.output
    refused = play(
        lab, AUDIT, variables={"awx_job_id": 41, "renew_signing_cert_report_path": str(tmp_path / "no")}, environment={"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    )
    assert refused.code == 2 and "renew_signing_cert_report_host" in refused.output and "renew_signing_cert_reports" in refused.output
    assert not (tmp_path / "no").exists()
