# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same playbook over every transport, and the way AWX runs it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import ansible_runner
import pytest

from lab.running import Lab
from playing import RENEW, ROOT, play

# Inventory, what carries the module calls, how it logs on, and whether they run as another logon.
TRANSPORTS = {
    "inventory.yml": ("winrm", "basic", None),
    "inventory-ntlm.yml": ("winrm", "ntlm", None),
    "inventory-http.yml": ("winrm", "ntlm", None),
    "inventory-psrp.yml": ("psrp", "basic", None),
    "inventory-become.yml": ("winrm", "basic", "lab-administrator"),
    "inventory-become-listed.yml": ("winrm", "basic", "lab-administrator"),
}


@pytest.mark.matrix
@pytest.mark.parametrize("inventory", [pytest.param(name, marks=[pytest.mark.long] if name == "inventory-become-listed.yml" else []) for name in TRANSPORTS])
def test_a_repair_over_every_transport(inventory: str, start: Callable[..., Lab]) -> None:
    lab = start("three-domains-one-broken")
    transport, authentication, become = TRANSPORTS[inventory]
    run = play(lab, inventory=lab.directory / inventory)
    assert run.code == 0, run.output
    assert [a["action"] for a in run.done] == ["repair"]
    calls = [entry for entry in lab.log("winrm") if entry.get("module")]
    assert {entry["transport"] for entry in calls} == {transport}
    assert {entry["authentication"] for entry in calls} == {authentication}
    assert {entry.get("become_user") for entry in calls} == {become}
    if become is None and authentication == "basic":
        lab.clear_log()
        again = play(lab, inventory=lab.directory / inventory)
        assert (again.code, again.changed, lab.writes()) == (0, 0, []), again.output


def test_as_awx_runs_it_with_the_password_at_the_prompt_only(start: Callable[..., Lab]) -> None:
    lab = start("mismatch")
    password = lab.addresses["password"]
    private = lab.directory / "runner"
    shutil.rmtree(private, ignore_errors=True)
    private.mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, **lab.addresses["environment"], "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"), "AWX_PRIVATE_DATA_DIR": str(private)}
    run = ansible_runner.run(
        private_data_dir=str(private),
        playbook=str(RENEW),
        inventory=str(lab.directory / "inventory-prompt.yml"),
        cmdline="--ask-pass -vv",
        envvars=environment,
        passwords={r"SSH password:\s*?$": password},
        timeout=240,
        quiet=True,
    )
    output = run.stdout.read()
    assert run.rc == 0, output
    assert [e["operation"] for e in lab.writes()].count("patch_configuration") == 2
    kept = json.dumps(list(run.events), default=str)
    for secret in (password, lab.addresses["client_secret"]):
        assert secret not in output
        assert secret not in kept
