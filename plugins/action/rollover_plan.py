# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the next safe acts of a rollover; runs on the controller and connects to nothing."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.federation.adfs.plugins.module_utils._files import SpecialFileError, refuse_special
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import MODES, STEPS, LoopError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import plan as make_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError, check_run_options
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import TimeZoneError, natural, on_or_off
from ansible_collections.federation.adfs.plugins.module_utils._server_names import among
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, format_time, parse_time
from ansible_collections.federation.adfs.plugins.plugin_utils import _preload  # noqa: F401 - for the workers; pylint: disable=unused-import
from ansible_collections.federation.adfs.plugins.plugin_utils._calendars import check_rules, read_spans
from ansible_collections.federation.adfs.plugins.plugin_utils._hook_files import read_hooks
from ansible_collections.federation.adfs.plugins.plugin_utils._job import job, launched_by

ARGUMENT_SPEC: dict[str, t.Any] = {
    "step": {"type": "str", "choices": list(STEPS), "default": "pass"},
    "source": {"type": "str", "choices": ["adfs", "metadata"], "default": "adfs"},
    "mode": {"type": "str", "choices": list(MODES), "default": "plan"},
    "farm": {"type": "dict"},
    "provider": {"type": "dict"},
    "domains": {"type": "list", "elements": "dict", "default": []},
    "metadata": {"type": "list", "elements": "dict", "default": []},
    "probes": {"type": "list", "elements": "dict", "default": []},
    "sign_ins": {"type": "list", "elements": "dict"},
    "administrators": {"type": "list", "elements": "dict"},
    "journal": {"type": "dict"},
    "policy": {"type": "dict", "default": {}},
    "variables": {"type": "dict"},
    "refuse": {"type": "str"},
    "now": {"type": "str"},
    "previous": {"type": "dict"},
    "outcome": {"type": "dict", "default": {}},
    "approved": {"type": "dict"},
    "approval": {"type": "dict", "default": {}},
    "importable": {"type": "bool", "default": False},
    "wait_for_servers": {"type": "int", "default": 0},
    "farms": {"type": "dict", "default": {}},
    "timezone": {"type": "str"},
    "change_number": {"type": "str"},
    "ledger_users": {"type": "bool", "default": True},
    "calendars": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "ca_path": {"type": "str"},
    "proxy": {"type": "str", "no_log": True},
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
        _checked, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        given = json.loads(json.dumps(arguments))  # plain values: newer cores tag strings, and the core shall not see that
        refuse, variables = given.pop("refuse"), given.pop("variables")
        if refuse:
            raise AnsibleActionFail(refuse)
        if variables is not None:
            try:
                check_run_options(variables)
                check_rules(given["policy"])
            except PolicyError as exc:
                raise AnsibleActionFail(str(exc)) from None
            _refuse_pipe(variables.get("pfx_path"))
        task_vars = task_vars or {}
        now = datetime.datetime.now(UTC).replace(microsecond=0)
        given["run"] = f"{now:%Y%m%dT%H%M%SZ}-{secrets.randbelow(10**6)}"
        given["host"] = task_vars.get("inventory_hostname")
        given["origin"] = _origin(task_vars, given.pop("change_number"), given.pop("ledger_users"))
        if self._task.check_mode and given["mode"] == "apply":
            given["mode"] = "check"
        # A run that only looks calls no hook, and is not kept from looking by one.
        given["hooks"] = read_hooks((variables or {}).get("hooks"), self._loader) if given["mode"] in ("apply", "check") else {}
        try:
            # The clocks of server and controller are compared, so both are those of one moment: reading the domains may take long.
            given["now"] = _now(given["now"] or (given["farm"] or {}).get("read_at"), now)
            read = (given.pop("calendars"), given.pop("ca_path"), given.pop("proxy"))
            if given["step"] == "pass":
                given["spans"] = read_spans(given["policy"], read[0], given["now"], given["timezone"], *read[1:])
            plan = make_plan(given)
            if plan.get("asks", {}).get("sync") or plan.get("asks", {}).get("key_checks"):
                given["hosts"] = _inventory(plan["asks"], given, task_vars)
                plan = make_plan(given)
        except (ApprovalError, LoopError, PolicyError, ReadingError, TimeZoneError) as exc:
            # What the run remembers, and the act under way, for the step that ends it.
            under_way = [act for act in [given["outcome"].get("of")] if act]
            left = {"memory": given["previous"] or {}, "actions": under_way, "ended": False}
            # Not from exc: Ansible would say the same sentence again for each link of the chain.
            raise AnsibleActionFail(f"No plan can be made: {exc}", result={"plan": left}) from None
        diff = plan.pop("diff", None)
        result["plan"] = plan
        result["changed"] = bool(self._task.check_mode and plan.get("actions"))
        if self._task.diff and diff:
            result["diff"] = {"before": _readable(diff["before"]), "after": _readable(diff["after"]), "before_header": "now", "after_header": "after this plan"}
        return result


def _refuse_pipe(path: t.Any) -> None:
    """Copying from a pipe to a server would wait for ever. A relative path is looked for by the task that copies. Raises AnsibleActionFail."""
    try:
        refuse_special(os.path.expanduser(str(path or "")))
    except SpecialFileError as exc:
        raise AnsibleActionFail(f"renew_signing_cert_pfx_path is {path}, and {exc.strerror}; name a PFX file on the controller.") from None
    except OSError:  # the task that copies says so, once it is needed
        pass


def _origin(task_vars: dict[str, t.Any], change_number: str | None, users: bool) -> dict[str, t.Any]:
    """Which job of AWX or Automation Controller this is, who launched it, and under which change; each None where it is not known."""
    return {"job": job(task_vars), "user": launched_by(task_vars) if users else None, "change_number": change_number or None}


def _now(given: str | None, clock: datetime.datetime) -> str:
    """The moment that the plan is for, as text: the controller's clock unless one is given. Raises PolicyError."""
    if not given:
        return format_time(clock)
    try:
        return format_time(parse_time(given))
    except ValueError as exc:
        raise PolicyError(f"renew_signing_cert_now: {exc}") from exc


def _inventory(asks: dict[str, t.Any], given: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, str]:
    """The host of the inventory that each server is, by its name, its address, or one name that is the first part of the other.

    Its answer says whether it is the one.
    """
    listed = [str(name) for name in task_vars.get("groups", {}).get("all", [])]
    by_address: dict[str, str] = {}
    for name in listed:
        address = task_vars["hostvars"][name].get("ansible_host")
        if address:
            by_address[str(address).lower()] = name
    by_name = {name.lower(): name for name in listed}
    by_name[str((given["farm"] or {}).get("server")).lower()] = str(given["host"])
    entries = [entry for entry in given["policy"].get("servers") or [] if isinstance(entry, dict)]
    addresses = {str(entry.get("name")).lower(): str(entry.get("address") or "").lower() for entry in entries}

    def host(server: str) -> str:
        found = by_name.get(server) or by_address.get(server) or by_address.get(addresses.get(server, ""))
        return found or by_name.get(among(server, by_name) or "") or by_address.get(among(server, by_address) or "") or ""

    return {name: host(name) for name in {*asks["sync"], *asks["servers"]}}


def _readable(side: dict[str, t.Any]) -> str:
    lines = []
    if side["adfs"]:
        lines += [
            "AD FS:",
            f"  primary: {side['adfs']['primary']}",
            *(f"  certificate: {thumbprint}" for thumbprint in side["adfs"]["certificates"]),
            f"  automatic rollover: {on_or_off(side['adfs']['auto_certificate_rollover'])}",
        ]
    for name, slots in sorted(side["domains"].items(), key=lambda entry: natural(entry[0])):
        lines += [f"{name}:", f"  signing: {slots['signing']}", f"  next: {slots['next']}"]
    return "\n".join(lines) + "\n"
