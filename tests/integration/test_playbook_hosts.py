# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts the playbooks run on, and that none is an error, not a success with nothing done. Needs no lab: nothing is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playing import ROOT

PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
INVENTORY = """\
[adfs_primary]
adfs1 ansible_connection=local
[web]
web1
"""


def hosts_of(playbook: Path, folder: Path, *arguments: str, inventory: str = INVENTORY) -> tuple[int, str]:
    (folder / "inventory.ini").write_text(inventory, encoding="utf-8")
    program = os.environ.get("PLAYING_ANSIBLE_PLAYBOOK") or str(Path(sys.executable).with_name("ansible-playbook"))
    settings = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH") or str(ROOT / ".venv" / "collections"),
    }
    done = subprocess.run(
        [program, "-i", "inventory.ini", str(playbook), *arguments], cwd=folder, env=settings, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


# Those that reach no server of the inventory.
ON_THE_CONTROLLER = {"awx_setup.yml", "verify_evidence.yml"}
MISSED = (
    ((), "[web]\nweb1\n", "The inventory has no host that matches adfs_primary."),
    (("--limit", "web"), INVENTORY, "The inventory with --limit web has no host that matches adfs_primary."),
    (("--limit", "all:!adfs1"), INVENTORY, "The inventory with --limit all:!adfs1 has no host that matches adfs_primary."),
    (("-e", "renew_signing_cert_hosts=adfs_secondary"), INVENTORY, "has no host that matches adfs_secondary."),
)
# All playbooks take their hosts from one file, so one playbook is tried in every way, and the others in one.
TRIED = [
    pytest.param(playbook, number, marks=[] if number == 0 or playbook.stem == "renew_signing_cert" else pytest.mark.long, id=f"{playbook.name}-{number}")
    for playbook in PLAYBOOKS
    if playbook.name not in ON_THE_CONTROLLER
    for number in range(len(MISSED))
]


@pytest.mark.matrix
@pytest.mark.parametrize(("playbook", "number"), TRIED)
def test_a_playbook_that_reaches_no_host_fails_and_names_the_group(playbook: Path, number: int, tmp_path: Path) -> None:
    arguments, inventory, where = MISSED[number]
    code, output = hosts_of(playbook, tmp_path, *arguments, inventory=inventory)
    assert code == 2, output
    assert where in output, output
    assert "Scan" not in output.partition("TASK [")[2].replace("Scan, plan and act", "")


def test_the_syntax_of_the_playbooks_can_be_checked_without_an_inventory(tmp_path: Path) -> None:
    first, *others = PLAYBOOKS
    code, output = hosts_of(first, tmp_path, *map(str, others), "--syntax-check", inventory="")
    assert code == 0, output
    assert [name for name in output.split() if name.endswith(".yml")] == [str(playbook) for playbook in PLAYBOOKS], output


@pytest.mark.parametrize(
    ("arguments", "host"),
    [
        ((), "adfs1"),
        (("-e", "renew_signing_cert_hosts="), "adfs1"),
        (("-e", "renew_signing_cert_hosts=web1"), "web1"),
        (("-e", "renew_signing_cert_hosts= renew_signing_cert_state_host=web1"), "web1"),
        (("--limit", "adfs1"), "adfs1"),
        (("--limit", "@chosen"), "adfs1"),
        (("-e", "renew_signing_cert_hosts=localhost"), "localhost"),
    ],
)
def test_empty_text_chooses_no_hosts_and_a_limit_is_kept(arguments: tuple[str, ...], host: str, tmp_path: Path) -> None:
    (tmp_path / "chosen").write_text("adfs1\n", encoding="utf-8")
    code, output = hosts_of(ROOT / "playbooks" / "renew_signing_cert.yml", tmp_path, "--list-hosts", *arguments)
    assert code == 0, output
    assert output.endswith(f"hosts (1): {host}")
