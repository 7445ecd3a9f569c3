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
import yaml

from lab.controller import ASSOCIATIONS, FIELDS, Controller
from playing import ROOT
from playing.awx_collection import awx_collection
from playing.awx_options import CONFIGURATION_AS_CODE, MODULES, options

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


def _settings(controller: Controller | None, places: list[Path]) -> dict[str, str]:
    own = {"ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, places))}
    return {**os.environ, **(controller.env() if controller else {}), **own}


def _modules() -> Path:
    collections = awx_collection()
    if collections is None:
        pytest.skip("no package index here has ansible 13, which brings awx.awx")
    return collections


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"awx_setup_project_url": ""}, "awx_setup_project_url is not set"),
        ({}, "Neither awx.awx (for AWX) nor ansible.controller"),
        # AWX's own answer to this one would not be seen, because what makes credentials shows nothing.
        (
            {"awx_setup_windows_inputs": {"user": "svc", "password": SECRETS[0]}, "awx_setup_entra_inputs": {"secret": SECRETS[1]}},
            "awx_setup_windows_inputs.user",
        ),
    ],
    ids=["awx_setup_project_url", "modules", "inputs"],
)
def test_what_is_missing_or_wrong_is_said_before_anything_is_made(wrong: dict[str, Any], said: str) -> None:
    with Controller() as controller:
        code, _changed, output = set_up(controller, None, variables={**VARIABLES, **wrong})
        assert (code, controller.writes) == (2, [])
    assert said in output
    assert "secret" not in wrong.get("awx_setup_entra_inputs", {}) or "awx_setup_entra_inputs.secret" in output
    assert not [secret for secret in SECRETS if secret in output]


@pytest.mark.long
def test_everything_is_made_once_and_a_second_run_changes_nothing() -> None:
    collections = _modules()
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


def test_the_data_are_in_the_form_of_configuration_as_code(tmp_path: Path) -> None:
    """As the guide hands them on: nothing is made, and each item has only members that infra.aap_configuration takes."""
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {"ansible.builtin.import_role": {"name": "federation.adfs.awx_setup", "tasks_from": "data"}},
                {"ansible.builtin.copy": {"content": "{{ awx_setup_data | to_json }}", "dest": str(tmp_path / "data.json"), "mode": "0600"}},
            ],
        }
    ]
    (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    given = {**VARIABLES, "awx_setup_job_slice_count": "4", "awx_setup_instance_groups": ["emea", "apac"]}
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, str(tmp_path / "play.yml"), "-e", json.dumps(given)]
    run = subprocess.run(command, capture_output=True, text=True, env=_settings(None, [ROOT / ".venv" / "collections"]), timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    data = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert set(data) == set(CONFIGURATION_AS_CODE)
    for kind, items in data.items():
        assert items, kind
        for item in items:
            assert set(item) <= set(CONFIGURATION_AS_CODE[kind].split()), (kind, item["name"])
    # More farms than one job wants go over AWX's own means, and a plan is never sliced.
    sliced = {item["name"]: item["job_slice_count"] for item in data["controller_templates"] if "job_slice_count" in item}
    assert sliced == dict.fromkeys(("adfs_preflight", "adfs_audit", "adfs_renew", "adfs_renew_check"), 4)
    assert {tuple(item["instance_groups"]) for item in data["controller_templates"]} == {("emea", "apac")}


# How the stand-in says a type, and how an argument spec does. The modules turn a name into the number of what it names, and a mapping into JSON.
_TYPES = {"number": {"int"}, "boolean": {"bool"}, "mapping": {"dict"}, "json": {"dict"}, "inputs": {"dict"}, "injectors": {"dict"}, "secrets": {"dict"}}


# Options that a module makes requests of its own from, or finds an object by.
_MODULES_OWN = {"survey_spec", "organization", "lookup_organization", "approval_node", "update_secrets"}


@pytest.mark.long
@pytest.mark.parametrize("module", MODULES)
def test_the_stand_in_agrees_with_the_modules_of_awx(module: str) -> None:
    taken = options(_modules(), module)
    taken.update({alias: taken[name] for name in list(taken) for alias in taken[name].get("aliases") or ()})
    fields = FIELDS[MODULES[module]]
    # What the table has beyond the module is AWX's alone.
    for name in set(fields) & set(taken):
        kind, option = fields[name].rstrip("!"), taken[name]
        if "|" in kind and option.get("choices"):
            # The module writes a project without source control as "manual", the API as an empty text.
            assert set(option["choices"]) - {"manual"} <= set(kind.split("|")), (module, name)
        elif kind in _TYPES:
            assert option.get("type", "str") in _TYPES[kind], (module, name)
        else:
            assert option.get("type", "str") == "str", (module, name)
    # Each option that the role gives is known to both.
    given = _given(module)
    assert given and given <= set(taken), (module, given - set(taken))
    known = {*fields, *ASSOCIATIONS.get(MODULES[module], {}), *_MODULES_OWN}
    assert given <= known, (module, given - known)


def _given(module: str) -> set[str]:
    tasks = yaml.safe_load((ROOT / "roles" / "awx_setup" / "tasks" / "main.yml").read_text(encoding="utf-8"))
    return {name for task in tasks if str(task.get("action", "")).endswith(f".{module}") for name in task["args"]}


@pytest.mark.long
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"awx_setup_first_day": "tomorrow"}, "rrule"),
        ({"awx_setup_instance_groups": ["nowhere"]}, "nowhere"),
        ({"awx_setup_notifications": ["nobody"], "awx_setup_notification_templates": []}, "nobody"),
        ({"awx_setup_daily": "weekly"}, "awx_setup_daily"),
        ({"awx_setup_job_timeout": "soon"}, "awx_setup_job_timeout"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_wrong_value_fails_the_playbook_with_the_name_of_what_is_wrong(wrong: dict[str, Any], said: str) -> None:
    collections = _modules()
    with Controller() as controller:
        code, _changed, output = set_up(controller, collections, variables={**VARIABLES, **wrong})
    failed = "\n".join(line for line in output.splitlines() if line.startswith(("fatal:", "failed:", "[ERROR]")) or '"msg"' in line)
    assert code == 2 and said in failed, output[-6000:]
    assert not [secret for secret in SECRETS if secret in output]
