# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger as real playbook runs write it on the AD FS server."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.running import Lab
from playing import RENEW, ROOT, play

# What a line holds, in the words of the operator's guide.
FIELDS = (
    *("time", "run", "job", "user", "change_number", "act", "object", "before", "after", "rule_before", "rule_after"),
    *("request_id", "result", "previous"),
)
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


def verify_evidence(folder: Path | str, head: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("ansible-playbook")
    given = ["-e", f"verify_evidence_paths={folder}", "-e", f"verify_evidence_head={head}"]
    settings = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg")}
    command = [str(program), "-i", "localhost,", str(ROOT / "playbooks" / "verify_evidence.yml"), *given]
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.long
def test_the_playbook_says_what_it_has_to_be_told() -> None:
    run = verify_evidence("", "")
    assert run.returncode == 2 and "verify_evidence_paths is not set. Name the copies" in run.stdout, run.stdout


def lines(count: int) -> tuple[list[bytes], str]:
    """A ledger's lines, and the hash of the last one."""
    found: list[bytes] = []
    previous = None
    for number in range(count):
        entry = {"time": f"2026-03-0{number + 1}T10:00:00Z", "run": f"run-{number}", "act": "publish", "object": "contoso.com", "result": "done"}
        text = json.dumps({**dict.fromkeys(FIELDS), **entry, "previous": previous}).encode() + b"\n"
        found.append(text)
        previous = hashlib.sha256(text).hexdigest()
    return found, str(previous)


@pytest.mark.parametrize(
    "change", ["nothing", "the last line", *(pytest.param(name, marks=pytest.mark.long) for name in ("a byte", "a line in the middle", "the folder"))]
)
def test_the_playbook_finds_what_was_changed(change: str, tmp_path: Path) -> None:
    found, head = lines(4)
    if change == "a byte":
        found[1] = found[1].replace(b"contoso.com", b"contoso.con")
    elif change == "a line in the middle":
        del found[1]
    elif change == "the last line":
        del found[3]
    if change != "the folder":
        (tmp_path / "ledger-2026.jsonl").write_bytes(b"".join(found))
    run = verify_evidence(tmp_path, head)
    assert "Traceback" not in run.stdout + run.stderr
    if change == "nothing":
        assert run.returncode == 0, run.stdout
        assert f"The ledger's chain is whole: 4 entries, head {head}" in run.stdout
    else:
        assert run.returncode == 2, run.stdout
        assert ("has no ledger-*.jsonl" if change == "the folder" else "The ledger's chain is broken") in run.stdout
        where = {"a byte": "ledger-2026.jsonl, line 3", "a line in the middle": "ledger-2026.jsonl, line 2", "the last line": f"and not the head {head}"}
        assert where.get(change, "") in run.stdout


def killed_after_an_act(lab: Lab) -> str:
    """Run the playbook and kill it as soon as it has done one act; return which, or nothing where it came to its end without one."""

    def acts() -> list[str]:
        return [entry["operation"] for entry in lab.writes() if entry["operation"] != "write_journal"]

    before = len(acts())
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "-i", str(lab.inventory), str(RENEW), "-e", json.dumps({"renew_signing_cert_promote": "role"})]
    settings = {**lab.env(), "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg")}
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as run:
        end = time.monotonic() + 240
        while run.poll() is None and len(acts()) == before and time.monotonic() < end:
            time.sleep(0.02)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        output = (run.stdout.read() if run.stdout else b"").decode()
    assert run.returncode in (0, -signal.SIGKILL), output
    return acts()[before] if len(acts()) > before else ""


@pytest.mark.long
def test_a_run_killed_after_each_act_is_told_by_the_next_and_the_ledger_verifies(start: Callable[..., Lab], tmp_path: Path) -> None:
    """Its quick twin is in tests/product/test_ledger.py."""
    lab = start("expiring")
    killed: list[str] = []
    for _run in range(20):
        act = killed_after_an_act(lab)
        killed += [act] if act else []
        lab.advance(**({"minutes": 16} if act else {"hours": 8}))  # the lock of a run that is gone counts no longer
        if not act and "promote_certificate" in killed and killed.count("patch_configuration") >= 2:
            break
    journal = json.loads(lab.adfs("Get-File", path=FOLDER + "journal.json"))
    text = lab.adfs("Get-File", path=FOLDER + journal["ledger"]["file"])
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / journal["ledger"]["file"]).write_bytes(text.encode())
    checked = verify_evidence(tmp_path / "copies", journal["ledger"]["head"])
    assert checked.returncode == 0, checked.stdout
    told = [json.loads(line) for line in text.splitlines()]
    later = {line["act"] for line in told if line["result"].startswith("seen later by the run ") and line["result"].endswith(": done")}
    assert {"generate", "publish", "promote"} <= later, (killed, told)
    assert lab.signins()["refused"] == 0
