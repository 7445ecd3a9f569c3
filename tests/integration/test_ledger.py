# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger as real playbook runs write it on the AD FS server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from lab.running import Lab
from playing import play

FOLDER = "C:\\ProgramData\\federation.adfs\\"


def test_a_run_that_acts_writes_its_ledger_and_shows_the_head(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    job = {"awx_job_id": 41, "awx_user_name": "alice"}
    run = play(lab, variables={**job, "renew_signing_cert_change_number": "CHG0031234", "renew_signing_cert_ledger_users": False})
    assert run.code == 0 and run.done, run.output
    journal = json.loads(lab.adfs("Get-File", path=FOLDER + "journal.json"))
    text = lab.adfs("Get-File", path=FOLDER + journal["ledger"]["file"])
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["act"] for line in lines} == {act["action"] for act in run.done}
    assert {(line["job"], line["user"], line["change_number"], line["result"]) for line in lines} == {("41", None, "CHG0031234", "done")}
    assert all(line["request_id"] for line in lines if line["act"] == "publish")
    head = hashlib.sha256(text.splitlines(keepends=True)[-1].encode()).hexdigest()
    assert journal["ledger"]["head"] == head
    assert f"head {head}" in run.output
    # Neither the secret that signs in nor a certificate's body is in it.
    secrets = [value for name, value in lab.addresses["environment"].items() if "SECRET" in name]
    assert secrets and not any(secret in text for secret in secrets) and "MII" not in text
