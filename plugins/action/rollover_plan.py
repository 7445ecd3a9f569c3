# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the next safe acts of a rollover; runs on the controller and talks to nobody."""

from __future__ import annotations

import datetime
import json
import typing as t
from dataclasses import replace

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.federation.adfs.plugins.module_utils._renewal import baseline as baselines
from ansible_collections.federation.adfs.plugins.module_utils._renewal import probes
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError, moved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.emergency import FORMS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, JournalError, read_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError, read_observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.third_party import read_provider
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, certificate_without_key, parse_time

ARGUMENT_SPEC: dict[str, t.Any] = {
    "farm": {"type": "dict"},
    "provider": {"type": "dict"},
    "domains": {"type": "list", "elements": "dict", "required": True},
    "metadata": {"type": "list", "elements": "dict", "default": []},
    "probes": {"type": "list", "elements": "dict", "default": []},
    "journal": {"type": "dict"},
    "policy": {"type": "dict", "default": {}},
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
        _checked, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        arguments = json.loads(json.dumps(arguments))  # plain values: newer cores tag strings, and the core shall not see that
        try:
            plan = _plan(arguments)
        except (ApprovalError, PolicyError, ReadingError) as exc:
            raise AnsibleActionFail(f"No plan can be made: {exc}") from exc
        diff = plan.pop("diff")
        result["plan"] = plan
        result["changed"] = bool(self._task.check_mode and plan["actions"])
        if self._task.diff:
            result["diff"] = {"before": _readable(diff["before"]), "after": _readable(diff["after"]), "before_header": "now", "after_header": "after this plan"}
        return result


def _plan(arguments: dict[str, t.Any]) -> dict[str, t.Any]:
    farm, provider = arguments["farm"], arguments["provider"]
    if (farm is None) == (provider is None):
        raise ReadingError("give either farm, the facts of an AD FS farm, or provider, the metadata of another identity provider")
    now = _now(arguments["now"])
    refused_forms = frozenset(arguments["eviction_forms_refused"])
    # Only Entra's own refusals of everything else bring this about: a member that must be filled gets a key that nobody has.
    unusable = certificate_without_key(now) if refused_forms >= {"equal", "empty"} else None
    policy = replace(
        read_policy(arguments["policy"]),
        refused=frozenset(name.lower() for name in arguments["refused"]),
        restarted=frozenset(name.lower() for name in arguments["restarted"]),
        eviction_forms_refused=refused_forms,
        unusable=unusable.thumbprint if unusable else "",
    )
    if farm is None:
        server = str(provider.get("entity_id"))
        given = arguments["journal"] or {}
        journal, complaint = _journal(given, server, now)
        reading = read_provider(provider, arguments["domains"], journal, policy, now, first_use=not complaint)
    else:
        if farm.get("role") == "secondary":
            where = farm.get("primary_server") or "the primary server, which Get-AdfsSyncProperties names"
            raise ReadingError(f"{farm.get('server') or 'this host'} is a secondary server of its farm and changes nothing; run the play on {where}")
        server = farm.get("server") or ""
        given = arguments["journal"] or farm.get("journal") or {}
        journal, complaint = _journal(given, str(farm.get("identifier")), now)
        reading = read_observation(farm, arguments["domains"], arguments["metadata"], journal, policy, arguments["servers"], arguments["key_checks"])
    probed = probes.judge(arguments["probes"], reading.observation.farm)
    seen = replace(reading.observation, seen_from_outside=probes.seen_from_outside(probed))
    if complaint:
        alarm = Alarm("journal", server, f"the journal is not used: {complaint}; waiting times start afresh")
        seen = replace(seen, alarms=(*seen.alarms, alarm))
    compared = baselines.compare(journal.baseline, policy.baseline_approved, arguments["domains"], seen)
    bodies = {**journal.bodies, **reading.bodies, **({unusable.thumbprint: unusable.der} if unusable else {})}

    def planned(not_approved: str = "") -> dict[str, t.Any]:
        made = make_plan(compared.seen, journal, policy, now, arguments["run"], compared.baseline, not_approved)
        return show(made, bodies, arguments["policy"])

    plan = planned()
    if arguments["approved"]:
        differences = moved(arguments["approved"], plan)
        if differences:
            plan = planned(
                f"it is not the approved plan any more, so only what protects sign-in is done: {'; '.join(differences)}. Look at the new plan, and approve that"
            )
    plan["journal"]["expected_sha256"] = given.get("sha256")
    plan["probes"] = probed
    return plan


def _journal(given: dict[str, t.Any], farm: str, now: datetime.datetime) -> tuple[Journal, str]:
    """Return the journal, and why what was found is not used."""
    if given.get("error"):
        return Journal(farm), str(given["error"])
    try:
        return read_journal(given.get("content"), farm, now), ""
    except JournalError as exc:
        return Journal(farm), str(exc)


def _now(given: str | None) -> datetime.datetime:
    if not given:
        return datetime.datetime.now(UTC).replace(microsecond=0)
    try:
        return parse_time(given)
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
