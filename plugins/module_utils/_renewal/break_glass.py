# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Whether somebody could still administer the tenants if no federated user could sign in. A warning, which holds nothing back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count, names, on_or_off
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

_RISKY = ("promote", "evict")
_MOST = 20
ADVICE = "make one with a name in a domain that is not federated, such as one of onmicrosoft.com, before this goes on"


def judge(entries: Sequence[Mapping[str, Any]], seen: Observation) -> list[dict[str, Any]]:
    """Return one plain entry for each tenant with a domain that was read: ``status`` (yes, no or unknown), who, and ``reason``.

    ``entries``: items of the lookup entra_administrator. Whoever's domain is federated, with this farm or another one, does not count.
    """
    federated = {domain.name for domain in seen.domains if domain.name}
    unread = {domain.tenant_id for domain in seen.domains if not domain.name}
    return [_judged(entry, federated, entry.get("tenant_id") in unread) for entry in entries]


def _judged(entry: Mapping[str, Any], federated: set[str], unread: bool) -> dict[str, Any]:
    users = [a["user"] for a in entry.get("administrators") or () if a["enabled"] and a["domain"] not in federated]
    told = {"tenant_id": entry.get("tenant_id"), "users": sorted(users)[:_MOST], "total": len(users), "password_hash_sync": entry.get("password_hash_sync")}
    if unread:
        return {**told, "status": "unknown", "reason": "the tenant's domains could not be read, so nobody knows which of them are federated"}
    if users:
        return {**told, "status": "yes", "reason": None}
    if entry.get("status") != "read":
        return {**told, "status": "unknown", "reason": printable(entry.get("reason"))}
    groups = int(entry.get("groups") or 0)
    if groups:
        return {**told, "status": "unknown", "reason": f"no user has the role Global Administrator without federation, but {count(groups, 'group')} have it"}
    return {**told, "status": "no", "reason": None}


def risky(s: Situation, shown: Mapping[str, Any], done: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a promotion by the role or an eviction was done, is planned, or is to come."""
    acts = [act for act in (*shown["actions"], *done) if act["action"] in _RISKY and act.get("certificate_type") != "Token-Decrypting"]
    return bool(acts) or s.emergency or (s.successor is not None and s.policy.promote == "role")


def lines(judged: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is known, a line for each tenant."""
    said = []
    for entry in judged:
        where = f"Break-glass, tenant {printable(entry['tenant_id'] or 'of the environment', 100)}"
        if entry["status"] == "yes":
            verb = "signs" if entry["total"] == 1 else "sign"
            said.append(f"{where}: {count(entry['total'], 'enabled Global Administrator')} {verb} in without federation: {names(entry['users'])}.")
        elif entry["status"] == "unknown":
            said.append(f"{where}: unknown whether an administrator signs in without federation: {printable(entry['reason'])}")
    return said


def alarms(judged: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """An alarm for each tenant that nobody could administer."""
    found = []
    for entry in judged:
        if entry["status"] != "no":
            continue
        tenant = printable(entry["tenant_id"] or "of the environment", 100)
        hashes = on_or_off(entry["password_hash_sync"])
        reason = f"no enabled Global Administrator of tenant {tenant} signs in without federation (Password Hash Sync is {hashes}): {ADVICE}"
        found.append({"alarm": "break_glass", "object": tenant, "reason": reason})
    return found
