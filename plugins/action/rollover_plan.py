# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the next safe acts of a rollover; runs on the controller and talks to nobody."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.emergency import FORMS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import plan as make_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError, check_run_options, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, format_time, parse_time

ARGUMENT_SPEC: dict[str, t.Any] = {
    "farm": {"type": "dict"},
    "provider": {"type": "dict"},
    "domains": {"type": "list", "elements": "dict"},
    "metadata": {"type": "list", "elements": "dict", "default": []},
    "probes": {"type": "list", "elements": "dict", "default": []},
    "journal": {"type": "dict"},
    "policy": {"type": "dict", "default": {}},
    "variables": {"type": "dict"},
    "refuse": {"type": "str"},
    "now": {"type": "str"},
    "run": {"type": "str", "default": "rollover_plan"},
    "refused": {"type": "list", "elements": "str", "default": []},
    "eviction_forms_refused": {"type": "list", "elements": "str", "choices": list(FORMS), "default": []},
    "approved": {"type": "dict"},
    "restarted": {"type": "list", "elements": "str", "default": []},
    "servers": {"type": "list", "elements": "dict", "default": []},
    "key_checks": {"type": "list", "elements": "dict", "default": []},
}


class ActionModule(ActionBase):
    """Reads its options, calls the pure core, and shows the plan."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the plan; in check mode C(changed) and the diff tell what a run would do."""
        result = super().run(tmp, task_vars)
        del tmp  # has no effect, the base class says
        _checked, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC, required_by={"farm": ["domains"], "provider": ["domains"]})
        arguments = json.loads(json.dumps(arguments))  # plain values: newer cores tag strings, and the core shall not see that
        refuse, variables = arguments.pop("refuse"), arguments.pop("variables")
        if refuse:
            raise AnsibleActionFail(refuse)
        if variables is not None:
            try:
                check_run_options(variables)
                read_policy(arguments["policy"])
            except PolicyError as exc:
                raise AnsibleActionFail(str(exc)) from exc
            if arguments["farm"] is None and arguments["provider"] is None:
                return result
        try:
            plan = make_plan({**arguments, "now": _now(arguments["now"])})
        except (ApprovalError, PolicyError, ReadingError) as exc:
            raise AnsibleActionFail(f"No plan can be made: {exc}") from exc
        diff = plan.pop("diff")
        result["plan"] = plan
        result["changed"] = bool(self._task.check_mode and plan["actions"])
        if self._task.diff:
            result["diff"] = {"before": _readable(diff["before"]), "after": _readable(diff["after"]), "before_header": "now", "after_header": "after this plan"}
        return result


def _now(given: str | None) -> str:
    """The moment that the plan is for, as text: the controller's clock unless one is given. Raises PolicyError."""
    if not given:
        return format_time(datetime.datetime.now(UTC).replace(microsecond=0))
    try:
        return format_time(parse_time(given))
    except ValueError as exc:
        raise PolicyError(f"renew_signing_cert_now: {exc}") from exc


def _readable(side: dict[str, t.Any]) -> str:
    lines = []
    if side["adfs"]:
        lines += [
            "AD FS:",
            f"  primary: {side['adfs']['primary']}",
            *(f"  certificate: {thumbprint}" for thumbprint in side["adfs"]["certificates"]),
            f"  automatic rollover: {'on' if side['adfs']['auto_certificate_rollover'] else 'off'}",
        ]
    for name, slots in sorted(side["domains"].items()):
        lines += [f"{name}:", f"  signing: {slots['signing']}", f"  next: {slots['next']}"]
    return "\n".join(lines) + "\n"
