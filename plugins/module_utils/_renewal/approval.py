# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""An approved plan: is what would be done now what somebody approved, or the rest of it? Both are plans as rollover_plan shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN

MEMBERS = ("plan_id", "farm", "domains", "actions", "policy")


class ApprovalError(ValueError):
    """The approved plan is none; the message says what is missing and where to get one."""


def moved(approved: Mapping[str, Any], plan: Mapping[str, Any]) -> list[str]:
    """Return what is not as the approved plan saw it, or nothing where the plan is the approved one or what is left of it.

    A run that died after some of the approved acts is continued: each state on the way is one that was approved.
    """
    missing = [name for name in MEMBERS if name not in approved]
    if missing:
        raise ApprovalError(
            f"renew_signing_cert_approved_plan lacks {', '.join(missing)}: pass renew_signing_cert_result.plan of a run with renew_signing_cert_mode: plan"
        )
    try:
        if approved["plan_id"] == plan["plan_id"]:
            return []
        ways = [_differences(_after(approved, done), approved["actions"][done:], plan, approved) for done in range(len(approved["actions"]) + 1)]
    except (KeyError, TypeError, AttributeError) as exc:
        raise ApprovalError(f"renew_signing_cert_approved_plan is not a plan ({type(exc).__name__}: {exc})") from exc
    return min(ways, key=len)


def _after(approved: Mapping[str, Any], done: int) -> dict[str, Any]:
    """The primary, the certificates and the members after the first ``done`` approved acts."""
    primary, certificates = approved["farm"]["primary"], set(approved["farm"]["certificates"])
    slots = {_domain(d): dict(d["slots"]) for d in approved["domains"]}
    for act in approved["actions"][:done]:
        key = act["thumbprint"] or act.get("certificate")
        if act["action"] == "generate":
            certificates.add(UNBORN)
        elif act["action"] == "promote":
            primary = key
        elif act["action"] == "remove_from_adfs":
            certificates.discard(key)
        for target in act["targets"]:
            if isinstance(target, Mapping):
                slots[_domain(target)] = dict(target["slots"])
    return {"primary": primary, "certificates": certificates, "slots": slots}


def _differences(expected: dict[str, Any], left: list[Any], plan: Mapping[str, Any], approved: Mapping[str, Any]) -> list[str]:
    born = set(plan["farm"]["certificates"]) - expected["certificates"]
    # The approved plan could not know the thumbprint of a certificate that did not exist.
    name = born.pop() if UNBORN in expected["certificates"] and len(born) == 1 else UNBORN

    def real(key: Any) -> Any:
        return name if key == UNBORN else key

    found = []
    if approved["farm"]["identifier"] != plan["farm"]["identifier"]:
        found.append(f"it is about the farm {approved['farm']['identifier']}, this is {plan['farm']['identifier']}")
    if real(expected["primary"]) != plan["farm"]["primary"]:
        found.append(f"the primary certificate was {real(expected['primary'])} and is {plan['farm']['primary']}")
    certificates = {real(key) for key in expected["certificates"]}
    if certificates != set(plan["farm"]["certificates"]):
        found.append(f"AD FS held {_list(certificates)} and holds {_list(plan['farm']['certificates'])}")
    now = {_domain(d): d["slots"] for d in plan["domains"]}
    for domain in sorted(set(expected["slots"]) | set(now)):
        was = {member: real(key) for member, key in expected["slots"].get(domain, {}).items()}
        if was != dict(now.get(domain, {})):
            found.append(f"{domain.partition('/')[2]} held {_slots(was)} and holds {_slots(now.get(domain, {}))}")
    for variable in sorted(set(approved["policy"]) | set(plan["policy"])):
        if approved["policy"].get(variable) != plan["policy"].get(variable):
            found.append(f"renew_signing_cert_{variable} was {approved['policy'].get(variable)} and is {plan['policy'].get(variable)}")
    before, after = [_act(a, real) for a in left], [_act(a, real) for a in plan["actions"]]
    if before != after and not found:
        found.append(f"approved was {_acts(left)}, and now it would be {_acts(plan['actions'])}")
    return found


def _act(act: Mapping[str, Any], real: Any) -> list[Any]:
    targets = [t if isinstance(t, str) else [_domain(t), *({m: real(k) for m, k in t[part].items()} for part in ("slots", "expected"))] for t in act["targets"]]
    return [act["action"], real(act["thumbprint"] or act.get("certificate")), targets]


def _domain(entry: Mapping[str, Any]) -> str:
    return f"{entry['tenant_id']}/{entry['domain']}"


def _slots(slots: Mapping[str, Any]) -> str:
    return f"{slots.get('signing') or 'nothing'} and {slots.get('next') or 'nothing'}" if slots else "no settings"


def _list(keys: Any) -> str:
    return ", ".join(sorted(keys)) or "nothing"


def _acts(acts: list[Any]) -> str:
    return ", ".join(act["action"] for act in acts) or "nothing"
