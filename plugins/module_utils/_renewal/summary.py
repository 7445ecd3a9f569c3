# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What an operator reads at the end of a run, and what makes a run fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation, names

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


def summary(s: Situation, shown: Mapping[str, Any], mode: str, done: Sequence[Mapping[str, Any]], refused: Sequence[str]) -> list[str]:
    """Lines for people: state, certificates, domains, what blocks and until when, deadline, next run, what was done and what is left.

    ``mode``: apply, check, plan or audit. ``done``: the acts of this run. ``refused``: what Entra said to writes that it refused.
    """
    states = _STATES if s.seen.farm.provider is None else {**_STATES, **third_party.STATES}
    lines = [f"State: {s.state} ({states[s.state]})", *(_farm(shown["farm"]) if s.seen.farm.provider is None else third_party.summary(s))]
    if shown["emergency"]:
        lines.extend(_emergency(shown["emergency"]))
    by_verdict: dict[str, list[str]] = {}
    for domain in shown["domains"]:
        by_verdict.setdefault(domain["verdict"], []).append(domain["domain"])
    lines.extend(f"Domains {word}: {names(found)}" for word, found in sorted(by_verdict.items()))
    lines.extend(f"Alarm ({a['alarm']}): {a['reason']}" for a in shown["run"]["alarms"])
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
    lines.extend(probe["said"] for probe in shown["probes"])
    return lines + acts_said(done, shown["actions"])


def acts_said(done: Sequence[Mapping[str, Any]], planned: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was done, and what would be next."""
    if not done and not planned:
        return ["Done: nothing had to be done"]
    return [*(f"Done: {act['said']}" for act in done), *(f"Not done, planned: {act['said']}" for act in planned)]


def broken_off(cause: str, seen: Mapping[str, Any] | None, done: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines for people where a run did not come to its end: what was done, and that the next run looks again."""
    last = f"; at the last look it was {seen['state']}" if seen else ""
    return [f"State: not known, because the run was broken off{last}", f"Broken off: {cause}", *acts_said(done, ()), "The next run goes on from what it finds."]


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
