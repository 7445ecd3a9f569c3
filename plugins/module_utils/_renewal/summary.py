# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What an operator reads at the end of a run, and what makes a run fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation, names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

_STATES = {
    "steady": "every domain accepts the certificate that AD FS signs with",
    "generated": "AD FS has a successor that no domain knows yet",
    "publishing": "some domains know the successor, some do not yet",
    "published": "every domain holds the successor; Entra may serve the earlier settings for a while",
    "ready": "every domain and every server knows the successor; it may be promoted",
    "promoting": "AD FS promoted the successor; not every server follows yet",
    "promoted": "every server signs with the new certificate; the domains hold both",
    "complete": "every server signs with the new certificate; the domains hold it first and keep the earlier one",
    "broken": "sign-in is broken",
    "unknown_certificate": "a domain accepts a certificate that is not this farm's",
    "settings_changed": "the settings of a domain are not the approved ones",
    "paused": "the rollover is paused",
    "emergency": "stolen keys are replaced and evicted",
}


_RISKS = {
    "one_certificate": "can hold one certificate only: its owner has to switch at the very moment of the promotion",
    "no_metadata": "nothing shows that it reads the farm's metadata: tell its owner",
}


def at_risk(s: Situation) -> list[dict[str, Any]]:
    """The enabled relying parties that a promotion may lock out, each with the reason; Entra's own trust is looked after here."""
    return [
        {"name": p.name, "identifiers": list(p.identifiers), "risk": p.risk, "advice": _RISKS.get(p.risk, "tell its owner")}
        for p in s.seen.farm.relying_parties
        if p.enabled and p.risk
    ]


def failures(s: Situation) -> list[dict[str, str]]:
    """What makes the run fail after its safe acts, by ``fail_on``; clocks that differ always do, for nothing can be judged by them."""
    if s.clock_differs:
        return [{"fail_on": "clock", "reason": s.clock_differs}]
    found = []
    compromised = [status.domain.name for status in s.statuses if status.compromised]
    if s.emergency and (compromised or s.compromised_in_farm):
        where = f"accepted by {names(compromised)}" if compromised else "in AD FS or on one of its servers"
        found.append({"fail_on": "emergency", "reason": f"stolen keys are still {where}"})
    if "broken" in s.policy.fail_on and s.broken:
        found.append({"fail_on": "broken", "reason": f"sign-in is broken for {names(b.domain.name for b in s.broken)}"})
    strange = [f.domain.name for f in s.unknown if f.unknown]
    if "unknown_certificate" in s.policy.fail_on and strange:
        found.append({"fail_on": "unknown_certificate", "reason": f"a certificate that is not this farm's is accepted by {names(strange)}"})
    changed = [f.domain.name for f in s.unknown if f.domain.deviations]
    if "settings_changed" in s.policy.fail_on and changed:
        found.append({"fail_on": "settings_changed", "reason": f"settings differ from the approved ones for {names(changed)}"})
    if "deadline" in s.policy.fail_on and s.deadline is not None and s.deadline - s.now < s.policy.deadline_days:
        found.append({"fail_on": "deadline", "reason": f"the deadline is near: the latest safe moment for the next step is {format_time(s.deadline)}"})
    return found


def summary(s: Situation, shown: Mapping[str, Any]) -> list[str]:
    """Lines for people: state, certificates, domains, what blocks and until when, deadline, next run."""
    states = _STATES if s.seen.farm.provider is None else {**_STATES, **third_party.STATES}
    lines = [f"State: {s.state} ({states[s.state]})", *(_farm(shown["farm"]) if s.seen.farm.provider is None else third_party.summary(s))]
    if shown["emergency"]:
        lines.extend(_emergency(shown["emergency"]))
    by_verdict: dict[str, list[str]] = {}
    for domain in shown["domains"]:
        by_verdict.setdefault(domain["verdict"], []).append(domain["domain"])
    lines.extend(f"Domains {word}: {names(found)}" for word, found in sorted(by_verdict.items()))
    lines.extend(f"Alarm ({a['alarm']}): {a['reason']}" for a in shown["alarms"])
    for block in shown["blocked_by"]:
        until = f" until {block['until']}" if block["until"] else ""
        lines.append(f"Waits ({block['condition']}{until}): {block['object']}: {block['reason']}")
    if s.successor is not None or s.now >= s.due_at:
        for risk, advice in _RISKS.items():
            partners = [p["name"] for p in shown["relying_parties"] if p["risk"] == risk]
            if partners:
                lines.append(f"Partners at risk ({risk}): {names(partners)}: {advice}")
    lines.append(f"Deadline: {shown['deadline'] or 'none; nothing is left to be done in time'}")
    lines.append(f"Next run: {shown['next_run_at']}")
    return lines


def _emergency(emergency: Mapping[str, Any]) -> list[str]:
    containment, gap = emergency["containment"], emergency["sign_in_gap"]
    done = f"complete at {containment['contained_at']} ({containment['hours']} h after the declaration)" if containment["contained_at"] else "not complete"
    without = gap["domains_without_sign_in"]
    return [
        f"Emergency: declared {emergency['declared_at']}, {emergency['priority']} first; stolen: {names(emergency['stolen'])}",
        f"Containment: {done}; planned are {containment['planned_hours']} h from the declaration",
        f"Sign-in gap: planned are {gap['planned_hours']} h; now without sign-in: {names(without) if without else 'no domain'}",
    ]


def _farm(farm: Mapping[str, Any]) -> list[str]:
    lines = [
        f"AD FS {farm['host_name']}: signs with {farm['primary']}, valid until {farm['not_after']} ({farm['days_remaining']} days); automatic rollover "
        + ("on" if farm["auto_certificate_rollover"] else "off"),
    ]
    if farm["successor"]:
        promotes = f", AD FS promotes it from {farm['adfs_promotes_at']}" if farm["adfs_promotes_at"] else ""
        lines.append(f"Successor: {farm['successor']}{promotes}")
    return lines
