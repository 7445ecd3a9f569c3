# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is handed to AWX names only what there is: playbooks, options and choices of the role, variables of the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "extensions" / "awx"
SETUP = ROOT / "roles" / "awx_setup"


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's tag for text that is no template."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))  # type: ignore[no-untyped-call,arg-type]


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader with one tag more


DATA = load(SETUP / "vars" / "main.yml")
TEMPLATES = {one["name"]: one for one in DATA["__awx_setup_playbooks"]}
QUESTIONS = [value for name, value in DATA.items() if name.startswith("__awx_setup_ask_")]
OPTIONS = load(ROOT / "roles" / "renew_signing_cert" / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]


def test_each_playbook_of_the_project_imports_one_of_the_collection() -> None:
    wrappers = [path for path in PROJECT.glob("*.yml") if path.name != "execution-environment.yml"]
    for path in wrappers:
        (play,) = load(path)
        assert play["ansible.builtin.import_playbook"] == f"federation.adfs.{path.stem}"
        assert (ROOT / "playbooks" / path.name).is_file()
    assert {path.name for path in wrappers} == {one["playbook"] for one in TEMPLATES.values()}
    # A playbook that is new needs a wrapper and a template, or a reason here.
    without = {"awx_setup.yml", "renew-signing-cert.yml", "verify_evidence.yml"}  # the last one reads copies of files where people keep evidence
    assert {path.name for path in (ROOT / "playbooks").glob("*.yml")} - without == {path.name for path in wrappers}


def test_the_execution_environment_is_one_of_version_3() -> None:
    environment = load(PROJECT / "execution-environment.yml")
    assert environment["version"] == 3
    assert (PROJECT / environment["dependencies"]["galaxy"]).is_file()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question["variable"]))
def test_a_survey_asks_for_options_of_the_role(question: dict[str, Any]) -> None:
    option = OPTIONS[question["variable"]]
    if question["type"] == "multiplechoice":
        assert set(question["choices"]) == (set(option["choices"]) - {""} if "choices" in option else {"true", "false"})
        assert question["default"] in question["choices"]


def test_an_emergency_is_a_drill_unless_somebody_says_otherwise() -> None:
    spec = TEMPLATES["adfs_emergency"]["survey_spec"]["spec"]
    asked = [DATA[re.sub(r"[{} ]", "", question)] for question in spec]
    assert {one["variable"]: one["default"] for one in asked if one["required"]} == {
        "renew_signing_cert_compromised": "",
        "renew_signing_cert_emergency_priority": "availability",
        "renew_signing_cert_drill": "true",
    }


def test_the_credential_type_sets_variables_that_the_lookup_reads() -> None:
    (kind,) = DATA["awx_setup_data"]["controller_credential_types"]
    fragment = (ROOT / "plugins" / "doc_fragments" / "_entra.py").read_text(encoding="utf-8")
    fields = {field["id"] for field in kind["inputs"]["fields"]}
    for name, template in kind["injectors"]["env"].items():
        assert f"- name: {name}\n" in fragment
        assert f"ADFS_ENTRA_{template.strip('{} ').upper()}" == name
    assert {template.strip("{} ") for template in kind["injectors"]["env"].values()} == fields


def test_plans_and_deeds_of_one_person_are_never_sliced() -> None:
    sliced = {name for name, one in TEMPLATES.items() if "job_slice_count" in one}
    assert sliced == {"adfs_preflight", "adfs_audit", "adfs_renew", "adfs_renew_check"}


def test_the_defaults_are_those_of_the_argument_spec() -> None:
    spec = load(SETUP / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    assert load(SETUP / "defaults" / "main.yml") == {name: option["default"] for name, option in spec.items()}
    readme = (SETUP / "README.md").read_text(encoding="utf-8")
    assert [name for name in spec if f"`{name}`" not in readme] == []
