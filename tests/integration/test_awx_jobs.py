# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX runs them, by ansible-runner: the project's own playbooks, a folder that is deleted after each job, the password at the prompt,
survey answers as text, artifacts that go from the plan to its application, and cancelled jobs."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
from loading import load_collection

from lab.running import Lab
from playing import ROOT

load_collection()
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import verify  # noqa: E402 - only now it can be found

FOLDER = "C:\\ProgramData\\federation.adfs\\"
SURVEY = {"renew_signing_cert_change_number": "CHG0031234", "renew_signing_cert_approved_by": ""}
STRIPES = 3  # of the headings after which a job is cancelled, so that they can be tried side by side


@dataclass
class Job:
    """One job. ``after``: cancel it after so many task headings, 0 for never."""

    after: int = 0
    headings: int = 0
    artifacts: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    code: int | None = None
    output: str = ""

    def event(self, event: dict[str, Any]) -> bool:
        """Look at one event; False: no file is kept of it."""
        if event["event"] == "playbook_on_task_start":
            self.headings += 1
        if event["event"] == "playbook_on_stats":
            self.artifacts = event["event_data"].get("artifact_data", {})
        return False

    def is_cancelled(self) -> bool:
        return bool(self.after) and self.headings >= self.after


class Awx:
    """Launches jobs of the project against one lab, each in a folder of its own that is gone afterwards."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.last = 0

    def launch(self, playbook: str, variables: dict[str, Any] | None = None, after: int = 0) -> Job:
        self.last += 1
        private = self.lab.directory / "jobs" / f"awx_{self.last}"
        shutil.copytree(ROOT / "extensions" / "awx", private / "project")
        job = Job(after)
        environment = {
            **self.lab.addresses["environment"],
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
            "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"),
            "AWX_PRIVATE_DATA_DIR": str(private),
        }
        about = {"awx_job_id": self.last, "awx_user_name": "alice", "awx_workflow_job_id": 7}
        try:
            run = ansible_runner.run(
                private_data_dir=str(private),
                playbook=playbook,
                inventory=str(self.lab.directory / "inventory-prompt.yml"),
                cmdline="--ask-pass",
                envvars=environment,
                extravars={**about, **(variables or {})},
                passwords={r"SSH password:\s*?$": self.lab.addresses["password"]},
                settings={"pexpect_timeout": 0.05 if after else 5},
                timeout=400,
                quiet=True,
                event_handler=job.event,
                cancel_callback=job.is_cancelled,
            )
            job.status, job.code, job.output = run.status, run.rc, run.stdout.read()
        finally:
            shutil.rmtree(private)
        return job


def plan(awx: Awx, **variables: Any) -> dict[str, Any]:
    """Plan; what the workflow gives its next node: the artifacts, and the answers of the survey, which win."""
    planned = awx.launch("plan_signing_cert.yml", {**SURVEY, **variables})
    assert (planned.status, planned.code) == ("successful", 0), planned.output
    assert awx.lab.writes() == []
    assert set(planned.artifacts) == {"renew_signing_cert_plans"}
    return {**planned.artifacts, **SURVEY, **variables}


def settle(lab: Lab) -> None:
    """Wait until nothing comes any more: without a container, a module that was under way outlives its job by some seconds."""
    seen = -1
    while seen != (seen := sum(lab.counters().values())):
        time.sleep(3)


def look(lab: Lab) -> list[str]:
    """Nobody was refused and the ledger is whole; the acts in it."""
    assert lab.signins()["refused"] == 0
    files = sorted(name for node in lab.state()["farms"][0]["nodes"] for name in node["files"] if "ledger-" in name)
    read = [(name, lab.adfs("Get-File", path=name).encode()) for name in files]
    assert read and not verify(read).breaks
    text = b"".join(content for _name, content in read).decode()
    return [act for act in ("generate", "publish") if f'"{act}"' in text]


@pytest.mark.long
def test_a_workflow_from_the_plan_to_its_verification(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    awx = Awx(lab)
    given = plan(awx)
    applied = awx.launch("apply_signing_cert.yml", given)
    assert (applied.status, applied.code) == ("successful", 0), applied.output
    writes = len(lab.writes())
    assert writes > 0
    verified = awx.launch("audit_signing_cert.yml", SURVEY)
    assert (verified.status, len(lab.writes())) == ("successful", writes), verified.output
    assert look(lab) == ["generate", "publish"]
    password, secret = lab.addresses["password"], lab.addresses["client_secret"]
    assert not [one for one in (password, secret) if one in applied.output + verified.output + str(given)]


@pytest.mark.long
def test_a_drill_of_an_emergency_by_the_answers_of_its_survey_changes_nothing(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    answers = {
        "renew_signing_cert_compromised": lab.addresses["certificates"]["current"],
        "renew_signing_cert_emergency_priority": "availability",
        "renew_signing_cert_drill": "true",
        "renew_signing_cert_change_number": "",
    }
    drill = Awx(lab).launch("emergency_rotation.yml", answers)
    assert "Plan: this run changed nothing." in drill.output, drill.output
    assert lab.writes() == []
    nothing = Awx(lab).launch("emergency_rotation.yml", {**answers, "renew_signing_cert_compromised": ""})
    assert (nothing.status, nothing.code) == ("failed", 2)
    assert "Nothing was done. Confirm with renew_signing_cert_compromised" in nothing.output


@pytest.mark.long
@pytest.mark.parametrize("stripe", range(STRIPES))
def test_a_job_cancelled_after_any_heading_is_finished_by_the_next_one(stripe: int, tmp_path: Path) -> None:
    tried = 0
    for after in count(1 + stripe, STRIPES):
        with Lab("expiring", tmp_path / str(after)) as lab:
            awx = Awx(lab)
            given = plan(awx)
            cancelled = awx.launch("apply_signing_cert.yml", given, after)
            if cancelled.status != "canceled":
                assert cancelled.status == "successful", cancelled.output
                break
            tried += 1
            settle(lab)
            lab.advance(hours=1)  # the lock of a run that is gone counts no longer
            before = [entry["operation"] for entry in lab.writes()]
            finished = awx.launch("apply_signing_cert.yml", given)
            if "patch_configuration" in before and before[-1] == "write_journal":
                # Everything was done and the lock given back before it was cancelled: a plan is good for one application. The refusal is noted.
                assert [entry["operation"] for entry in lab.writes()] in (before, [*before, "write_journal"]), (after, finished.output)
                assert "a plan is good for one application" in finished.output
            else:
                assert (finished.status, finished.code) == ("successful", 0), (after, finished.output)
            assert look(lab) == ["generate", "publish"], after
    assert tried >= 5
