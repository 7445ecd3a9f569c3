# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of awx.awx take, read from their sources without running them, and what configuration as code takes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

# Of the lab's controller: the endpoint that a module works on.
MODULES = {
    "credential_type": "credential_types",
    "credential": "credentials",
    "execution_environment": "execution_environments",
    "notification_template": "notification_templates",
    "project": "projects",
    "inventory": "inventories",
    "host": "hosts",
    "group": "groups",
    "job_template": "job_templates",
    "workflow_job_template": "workflow_job_templates",
    "workflow_job_template_node": "workflow_job_template_nodes",
    "schedule": "schedules",
}

_NOTIFIED = "notification_templates_started notification_templates_success notification_templates_error"
_ALL = "name new_name description organization state"
_PROMPTED = "limit job_tags skip_tags scm_branch inventory extra_vars labels"
# The members that the roles of infra.aap_configuration 3.0.0 read of each item (roles/controller_*/tasks/main.yml); those of
# infra.controller_configuration have the same names. Only whole words of a role's tasks are here.
CONFIGURATION_AS_CODE = {
    "controller_credential_types": "name new_name description kind inputs injectors state",
    "controller_credentials": f"{_ALL} copy_from credential_type inputs team update_secrets user",
    "controller_execution_environments": f"{_ALL} image credential pull",
    "controller_notifications": f"{_ALL} copy_from messages notification_configuration notification_type",
    "controller_projects": f"{_ALL} {_NOTIFIED} allow_override copy_from credential custom_virtualenv default_environment interval job_timeout local_path"
    " related scm_branch scm_clean scm_credential scm_delete_on_update scm_refspec scm_track_submodules scm_type scm_update_cache_timeout scm_update_on_launch"
    " scm_url signature_validation_credential timeout update_project wait",
    "controller_inventories": f"{_ALL} copy_from host_filter input_inventories instance_groups kind prevent_instance_group_fallback variables",
    "controller_hosts": "name new_name description state enabled inventory variables",
    "controller_groups": "name new_name description state children hosts inventory preserve_existing_children preserve_existing_hosts variables",
    "controller_templates": f"{_ALL} {_NOTIFIED} {_PROMPTED} allow_simultaneous ask_limit_on_launch ask_variables_on_launch ask_diff_mode_on_launch"
    " ask_job_type_on_launch become_enabled copy_from credentials diff_mode execution_environment force_handlers forks instance_groups job_slice_count"
    " job_type playbook prevent_instance_group_fallback project related start_at_task survey survey_enabled survey_spec timeout use_fact_cache verbosity",
    "controller_workflows": f"{_ALL} {_NOTIFIED} {_PROMPTED} notification_templates_approvals allow_simultaneous ask_inventory_on_launch ask_limit_on_launch"
    " ask_variables_on_launch copy_from destroy_current_nodes related survey survey_enabled survey_spec webhook_credential webhook_service workflow_nodes",
    "controller_schedules": f"{_ALL} credentials diff_mode enabled execution_environment extra_data forks instance_groups inventory job_slice_count job_tags"
    " job_type labels limit related rrule scm_branch skip_tags timeout unified_job_template verbosity",
}


def options(collections: Path, module: str) -> dict[str, dict[str, Any]]:
    """The argument spec of a module: of each option what is written down in ``dict(...)``, as far as it is plain."""
    source = (collections / "ansible_collections" / "awx" / "awx" / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "argument_spec" for target in node.targets):
            assert isinstance(node.value, ast.Call), module
            return {str(option.arg): _plain(option.value) for option in node.value.keywords}
    raise AssertionError(f"{module} has no argument_spec")


def _plain(call: ast.expr) -> dict[str, Any]:
    assert isinstance(call, ast.Call)
    found: dict[str, Any] = {}
    for keyword in call.keywords:
        try:
            found[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except ValueError:
            found[str(keyword.arg)] = None
    return found
