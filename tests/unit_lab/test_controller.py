# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in of AWX refuses what AWX 24.6.1 refuses."""

from __future__ import annotations

from typing import Any

import pytest

from lab.controller import Controller

SURVEY = {"name": "", "description": "", "spec": [{"question_name": "Drill", "variable": "drill", "type": "text", "required": False}]}


@pytest.fixture
def controller() -> Controller:
    controller = Controller()
    for endpoint, body in (
        ("inventories", {"name": "adfs", "organization": 1}),
        ("projects", {"name": "adfs", "organization": 1, "scm_type": "git"}),
    ):
        assert controller.answer("POST", f"/api/v2/{endpoint}/", body)[0] == 201
    return controller


def template(controller: Controller, **more: Any) -> tuple[int, Any]:
    ids = {what: next(iter(controller.items[endpoint])) for what, endpoint in (("inventory", "inventories"), ("project", "projects"))}
    return controller.answer("POST", "/api/v2/job_templates/", {"name": "adfs_audit", "playbook": "audit.yml", **ids, **more})


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time_out": 5}, "time_out"),  # a name that AWX does not have
        ({"timeout": "soon"}, "timeout"),  # a type
        ({"job_type": "scan"}, "job_type"),  # a choice
        ({"playbook": ""}, "playbook"),  # a required member
        ({"inventory": 99}, "inventory"),  # an object that is not there
    ],
)
def test_a_template_with_a_wrong_field_is_refused(wrong: dict[str, Any], field: str, controller: Controller) -> None:
    status, answer = template(controller, **wrong)
    assert (status, list(answer)) == (400, [field])
    assert controller.items["job_templates"] == {}
    assert template(controller)[0] == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "choice"},
        {"required": "no"},
        {"type": "multiplechoice"},
        {"type": "multiplechoice", "choices": ["true", "false"], "default": "perhaps"},
        {"type": "integer", "default": "5"},
    ],
)
def test_a_survey_with_a_wrong_question_is_refused(wrong: dict[str, Any], controller: Controller) -> None:
    url = f"/api/v2/job_templates/{template(controller)[1]['id']}/survey_spec/"
    assert controller.answer("POST", url, {**SURVEY, "spec": [{**SURVEY["spec"][0], **wrong}]})[0] == 400  # type: ignore[dict-item]
    assert controller.surveys == {}
    assert controller.answer("POST", url, SURVEY)[0] == 200


@pytest.mark.parametrize(
    "rule", ["RRULE:FREQ=DAILY;INTERVAL=1", "DTSTART:20270101T040000 RRULE:FREQ=DAILY;INTERVAL=1", "DTSTART:20270101T040000Z RRULE:FREQ=DAILY"]
)
def test_a_schedule_with_a_wrong_rule_is_refused(rule: str, controller: Controller) -> None:
    identity = template(controller)[1]["id"]
    body = {"name": "daily", "unified_job_template": identity, "rrule": rule}
    assert controller.answer("POST", "/api/v2/schedules/", body)[0] == 400
    assert controller.answer("POST", "/api/v2/schedules/", {**body, "rrule": "DTSTART:20270101T040000Z RRULE:FREQ=DAILY;INTERVAL=1"})[0] == 201


@pytest.mark.parametrize("env", [{"ANSIBLE_HOST_KEY_CHECKING": "{{ tenant_id }}"}, {"ADFS_ENTRA_TENANT_ID": "{{ tenant }}"}])
def test_a_credential_type_with_a_wrong_injector_is_refused(env: dict[str, str], controller: Controller) -> None:
    body = {"name": "adfs", "kind": "cloud", "inputs": {"fields": [{"id": "tenant_id", "label": "Tenant"}]}, "injectors": {"env": env}}
    assert controller.answer("POST", "/api/v2/credential_types/", body)[0] == 400
    right = {**body, "injectors": {"env": {"ADFS_ENTRA_TENANT_ID": "{{ tenant_id }}"}}}
    assert controller.answer("POST", "/api/v2/credential_types/", right)[0] == 201


def test_two_credentials_of_one_type_are_refused(controller: Controller) -> None:
    identity = template(controller)[1]["id"]
    statuses = []
    for name in ("one", "two"):
        made = controller.answer("POST", "/api/v2/credentials/", {"name": name, "organization": 1, "credential_type": 2, "inputs": {}})[1]
        statuses.append(controller.answer("POST", f"/api/v2/job_templates/{identity}/credentials/", {"id": made["id"]})[0])
    assert statuses == [204, 400]


def test_a_credential_with_an_input_that_its_type_does_not_have_is_refused(controller: Controller) -> None:
    machine = next(number for number, kind in controller.items["credential_types"].items() if kind["name"] == "Machine")
    body = {"name": "adfs_windows", "organization": 1, "credential_type": machine}
    status, answer = controller.answer("POST", "/api/v2/credentials/", {**body, "inputs": {"user": "svc"}})
    assert status == 400 and "'user' was unexpected" in answer["inputs"][0]
    assert controller.answer("POST", "/api/v2/credentials/", {**body, "inputs": {"username": "svc"}})[0] == 201
