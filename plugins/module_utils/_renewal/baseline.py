# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The approved settings of the domains, as the journal keeps them: what a domain trusts and where it sends its users must not change unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._entra.baseline import approve, find_deviations
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm, Observation

_CHANGED = "changed_setting"


@dataclass(frozen=True)
class Compared:
    """``baseline``: what the journal shall hold from now on. ``seen``: the observation with what differs from it."""

    baseline: Mapping[str, Any] | None
    seen: Observation


def compare(stored: Mapping[str, Any] | None, approval: str | None, items: Sequence[Mapping[str, Any]], seen: Observation) -> Compared:
    """Compare the domains (items of the lookup entra_federation) with the approved settings, or approve what they are.

    ``approval``: C(true) approves the first baseline only; another one is approved by its digest, so that nobody approves what nobody saw.
    Certificates are not compared here: which ones are the farm's is the core's own question.
    """
    if stored is None and approval is None:
        return Compared(None, seen)
    now = _compact(approve(items)["domains"])
    mark = digest(now)
    if approval == mark or (approval == "true" and stored is None):
        return Compared(now, seen)
    if stored is None:
        return Compared(None, seen)
    found = find_deviations({"domains": _expand(stored), "certificates": []}, items)
    # What nobody approved and what could not be read is said; only settings that changed are held against a domain.
    alarms = [Alarm("baseline", ", ".join(entry["domains"][:5]), _said(entry["message"], mark)) for entry in found if entry["kind"] != "unreadable_certificate"]
    changed: dict[str, list[str]] = {}
    for entry in found:
        if entry["kind"] == _CHANGED:
            for name in entry["domains"]:
                changed.setdefault(name, []).append(f"{entry['member']} changed")
    domains = tuple(replace(d, deviations=tuple(changed.get(d.name, ()))) for d in seen.domains)
    return Compared(stored, replace(seen, domains=domains, alarms=(*seen.alarms, *alarms)))


def digest(baseline: Mapping[str, Any]) -> str:
    """Names a baseline by 16 characters: what the operator says to approve exactly this one."""
    return hashlib.sha256(json.dumps(baseline, sort_keys=True).encode("utf-8")).hexdigest()[:16]


def _said(message: str, mark: str) -> str:
    return f"{message} If all domains are as they should be, approve them with renew_signing_cert_baseline_approved: {mark}"


def _compact(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Hundreds of domains differ in their issuer only, so what they share is written once."""
    groups: dict[str, dict[str, Any]] = {}
    for entry in entries:
        settings = {name: value for name, value in entry.items() if name not in ("domain", "issuer_uri")}
        group = groups.setdefault(json.dumps(settings, sort_keys=True), {"settings": settings, "issuers": {}})
        group["issuers"][str(entry["domain"])] = entry["issuer_uri"]
    return {"groups": [groups[key] for key in sorted(groups)]}


def _expand(baseline: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"domain": name, "issuer_uri": issuer, **group["settings"]} for group in baseline["groups"] for name, issuer in group["issuers"].items()]
