# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook awx_setup, by the real modules of awx.awx, against a stand-in of AWX's API."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from lab.controller import Controller
from playing import ROOT
from playing.awx_collection import awx_collection

SECRETS = ("the-password-of-the-tests", "the-client-secret-of-the-tests", "the-token-of-the-tests")
VARIABLES: dict[str, Any] = {
    "awx_setup_project_url": "https://git.example.com/adfs-renewal.git",
    "awx_setup_hosts": [{"name": "adfs1.contoso.com", "variables": {"renew_signing_cert_promote": "role"}}, {"name": "adfs1.example.com"}],
    "awx_setup_host_variables": {"ansible_connection": "psrp"},
    "awx_setup_execution_environment_image": "registry.example.com/adfs-ee:1.0.0",
    "awx_setup_instance_groups": ["default"],
    "awx_setup_windows_inputs": {"username": "svc-adfs-renewal", "password": SECRETS[0]},
    "awx_setup_entra_inputs": {"tenant_id": "contoso.onmicrosoft.com", "client_id": "11111111-2222", "client_secret": SECRETS[1]},
    "awx_setup_notifications": ["adfs_team"],
    "awx_setup_notification_templates": [
        {
            "name": "adfs_team",
            "organization": "Default",
            "notification_type": "webhook",
            "notification_configuration": {"url": "https://chat.example.com/hooks/adfs", "http_method": "POST", "headers": {"Authorization": SECRETS[2]}},
        }
    ],
}


def set_up(controller: Controller, collections: Path | None, *arguments: str, variables: dict[str, Any] | None = None) -> tuple[int, int, str]:
    """Exit code, number of tasks that changed something, and all output."""
    places = [ROOT / ".venv" / "collections", *([collections] if collections else [])]
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    # By a file: at this verbosity Ansible prints what stands on its command line.
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as given:
        json.dump(variables or VARIABLES, given)
        given.flush()
        command = [program, str(ROOT / "playbooks" / "awx_setup.yml"), "-vvvvv", "-e", f"@{given.name}", *arguments]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=_settings(controller, places), timeout=500, check=False)
    output = run.stdout + run.stderr
    recap = [line for line in output.splitlines() if "unreachable=" in line]
    return run.returncode, int(recap[0].partition("changed=")[2].split()[0]) if recap else -1, output


def _settings(controller: Controller, places: list[Path]) -> dict[str, str]:
    own = {"ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, places))}
    return {**os.environ, **controller.env(), **own}


@pytest.mark.parametrize("lacks", ["awx_setup_project_url", "modules"])
def test_what_is_missing_is_said_before_anything_is_made(lacks: str) -> None:
    with Controller() as controller:
        code, _changed, output = set_up(controller, None, variables={**VARIABLES, **({lacks: ""} if lacks != "modules" else {})})
        assert (code, controller.writes) == (2, [])
    said = {"modules": "Neither awx.awx (for AWX) nor ansible.controller", "awx_setup_project_url": "awx_setup_project_url is not set"}
    assert said[lacks] in output
    assert not [secret for secret in SECRETS if secret in output]


@pytest.mark.long
def test_everything_is_made_once_and_a_second_run_changes_nothing() -> None:
    collections = awx_collection()
    if collections is None:
        pytest.skip("no package index here has ansible 13, which brings awx.awx")
    with Controller() as controller:
        before = copy.deepcopy(controller.items)
        code, changed, output = set_up(controller, collections, "--check")
        assert (code, controller.writes, controller.items) == (0, [], before), output
        assert changed == output.count("TASK [federation.adfs.awx_setup : Make") + output.count("TASK [federation.adfs.awx_setup : Link"), output
        code, _changed, output = set_up(controller, collections)
        assert code == 0, output
        _look(controller)
        made = copy.deepcopy((controller.items, controller.links, controller.surveys))
        code, changed, again = set_up(controller, collections)
        assert (code, changed) == (0, 0), again
        assert (controller.items, controller.links, controller.surveys) == made
        assert not [secret for secret in SECRETS if secret in output + again]
        assert "[WARNING]: The field" not in again


def _look(controller: Controller) -> None:
    """What AWX has now is what people are told."""
    templates = controller.named("job_templates")
    assert len(templates) == 9
    for template in templates.values():
        assert (template["allow_simultaneous"], template["timeout"]) == (False, 7200)
        assert [one["name"] for one in controller.linked("job_templates", template["id"], "credentials")] in (
            ["adfs_windows", "adfs_entra"],
            ["adfs_entra", "adfs_windows"],
        )
        assert [one["name"] for one in controller.linked("job_templates", template["id"], "notification_templates_error")] == ["adfs_team"]
    assert [name for name, one in templates.items() if one["job_type"] == "check"] == ["adfs_renew_check"]
    injected = controller.named("credential_types")["adfs_entra_app"]["injectors"]["env"]
    assert injected["ADFS_ENTRA_CLIENT_SECRET"] == "{{ client_secret }}"
    assert {name: one["enabled"] for name, one in controller.named("schedules").items()} == {
        "adfs_audit_daily": True,
        "adfs_renew_daily": False,
        "adfs_change_daily": False,
    }
    workflows = controller.named("workflow_job_templates")
    assert json.loads(workflows["adfs_go_back"]["extra_vars"]) == {"renew_signing_cert_rollback": True}
    for workflow in workflows.values():
        nodes = {one["identifier"]: one for one in controller.items["workflow_job_template_nodes"].values() if one["workflow_job_template"] == workflow["id"]}
        links = {
            (name, when): [one["identifier"] for one in controller.linked("workflow_job_template_nodes", node["id"], f"{when}_nodes")]
            for name, node in nodes.items()
            for when in ("always", "success", "failure")
        }
        assert {where: found for where, found in links.items() if found} == {
            ("plan", "always"): ["approval"],
            ("approval", "success"): ["apply"],
            ("approval", "failure"): ["not_approved"],
            ("apply", "always"): ["verify"],
        }
        approval = controller.items["workflow_approval_templates"][nodes["approval"]["unified_job_template"]]
        assert (approval["name"], approval["timeout"]) == ("adfs_approval", 259200)
        assert nodes["verify"]["unified_job_template"] == templates["adfs_audit"]["id"]
