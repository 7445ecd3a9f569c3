# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""A plan on its way from the run that made it to the run that applies it: what it holds, which farm it is for, how long it is good, and whose it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import CLOCK_TOLERANCE, Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import Type, boolean, duration, is_set
from ansible_collections.federation.adfs.plugins.module_utils._renewal.options import POLICY_OPTIONS
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

MAX_AGE = "7d"
_DIGEST = "sha256:"
_TYPES = {option.name: option.type for option in POLICY_OPTIONS}


@dataclass(frozen=True)
class Terms:
    """What an approval is held to. ``plans``: approved plans by farm identifier. ``required``: nothing that needs an approval is done without one.
    ``max_age``: how long a plan is good. ``two_people``: who made the plan must not be who approves it; ``planned_by`` and ``approved_by``: their
    names, as far as they are known, without regard to case. A run that plans writes its ``planned_by`` into the plan.
    """

    plans: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False
    max_age: timedelta = timedelta(days=7)
    two_people: bool = False
    planned_by: str = ""
    approved_by: str = ""

    def plan_for(self, identifier: str) -> Mapping[str, Any] | None:
        """The plan of this farm; an empty one where a plan is needed and there is none; None where no plan is needed."""
        found = self.plans.get(identifier)
        return found or ({} if self.plans or self.required else None)


def read_terms(given: Mapping[str, Any]) -> Terms:
    """Read the option ``approval`` of rollover_plan: C(plans), C(required), C(max_age), C(two_people), C(planned_by), C(approved_by),
    C(launched_by) and C(workflow).

    Who launched the job stands for whoever plans, and for whoever approves as well, but not in a workflow: there an approval node has its own
    approver, whom nobody but the workflow can name. Raises PolicyError.
    """
    launched_by = _name(given.get("launched_by"))
    in_workflow = boolean().read("workflow", given.get("workflow") or False)
    return Terms(
        plans=given.get("plans") or {},
        required=boolean().read("required", given.get("required") or False),
        max_age=duration("days").read("plan_max_age", given.get("max_age") if is_set(given.get("max_age")) else MAX_AGE),
        two_people=boolean().read("two_people", given.get("two_people") or False),
        planned_by=_name(given.get("planned_by")) or launched_by,
        approved_by=_name(given.get("approved_by")) or ("" if in_workflow else launched_by),
    )


def approvable(shown: Mapping[str, Any], made_at: datetime, planned_by: str) -> dict[str, Any]:
    """Return the plan as it is handed on: enough to say later what moved, and nothing but ids, thumbprints, names, times and plain values.

    ``shown``: RV(plan) of rollover_plan. What is neither a choice nor a number nor a boolean of the policy is there by its SHA-256 only.
    """
    farm = shown["farm"]
    return {
        "plan_id": shown["plan_id"],
        "made_at": format_time(made_at),
        "planned_by": planned_by,
        "farm": {name: farm[name] for name in ("identifier", "server", "primary", "successor", "certificates", "decrypting")},
        "domains": [{name: domain[name] for name in ("tenant_id", "domain", "slots")} for domain in shown["domains"]],
        "actions": [{name: act[name] for name in _OF_ACT if name in act} for act in shown["actions"]],
        "policy": plain_policy(shown["policy"]),
    }


_OF_ACT = ("action", "thumbprint", "certificate", "certificate_type", "targets", "protective", "toggles_auto_rollover")


def plain_policy(given: Mapping[str, Any]) -> dict[str, Any]:
    """The policy in the form of a plan that is handed on; a policy in that form stays as it is."""
    return {name: value if name in _TYPES and _is_plain(_TYPES[name]) else _digest(value) for name, value in given.items()}


def _is_plain(type_: Type) -> bool:
    form = type_.form
    return form["type"] in ("bool", "int") or "choices" in form or bool(type_.unit)


def _digest(value: Any) -> str:
    if isinstance(value, str) and value.startswith(_DIGEST):
        return value
    return _DIGEST + hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode("utf-8")).hexdigest()


def token(approved: Mapping[str, Any]) -> str:
    """What the journal calls the plan: two plans of the same state, made one after the other, are two approvals."""
    return f"{approved['plan_id']} {approved['made_at']}"


def refusals(approved: Mapping[str, Any], terms: Terms, journal: Journal, run: str, now: datetime) -> list[str]:
    """Return why the approval of this plan does not count, whatever is or is not as the plan saw it. Raises KeyError and ValueError for what is
    no plan.

    ``journal``: as it is stored. ``run``: this run.
    """
    made_at = parse_time(str(approved["made_at"]))
    found = []
    if later(made_at, terms.max_age) <= now:
        found.append(f"it was made at {format_time(made_at)} and was good until {format_time(later(made_at, terms.max_age))}")
    if made_at > later(now, CLOCK_TOLERANCE):
        found.append(f"it says that it was made at {format_time(made_at)}, and now is {format_time(now)}")
    applied = journal.applied.get(token(approved))
    if applied is not None and applied.run != run and (journal.lock is None or journal.lock.run != applied.run):
        found.append(f"it was applied at {format_time(applied.at)}, and a plan is good for one application")
    if terms.two_people:
        found.extend(_by_one_person(_name(approved.get("planned_by")) or terms.planned_by, terms.approved_by))
    return found


def _by_one_person(planned_by: str, approved_by: str) -> list[str]:
    if not planned_by:
        return ["it does not say who made it (renew_signing_cert_two_people): set renew_signing_cert_planned_by in the run that plans"]
    if not approved_by:
        return ["it is not known who approved it (renew_signing_cert_two_people): set renew_signing_cert_approved_by"]
    if planned_by.casefold() == approved_by.casefold():
        return [f"{approved_by} made it and approved it (renew_signing_cert_two_people)"]
    return []


def _name(value: Any) -> str:
    return str(value).strip() if is_set(value) else ""
