# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the page and the files beside it show, as plain values, from the plan's result. Pure: no I/O, no clock.

No fact is worded here a second time: sentences are those of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.conditions import CONDITIONS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import natural
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

_LIFTED_BY = {"time": "time", "event": "an event outside, which runs look for", "operator": "an administrator"}
_VERY_LONG = timedelta(days=3 * 365 + 1)
_FEWEST_BITS = {"RSA": 2048, "EC": 256}


def build(plan: Mapping[str, Any], certificates: Sequence[Mapping[str, Any]], mode: str, now: str, said: Sequence[str] = ()) -> dict[str, Any]:
    """Return what is shown. ``plan``: RV(plan) of rollover_plan, of the last step of a run, also of one that broke off.

    ``certificates``: those of the farm, as farm_info returns them. ``now``: the moment of the run, ISO 8601 UTC. ``said``: further lines
    of the summary, such as the ledger's head.
    """
    summary = [str(line) for line in (*(plan.get("summary") or ()), *said)]
    farm = plan.get("farm") or {}
    run = plan.get("run") or {}
    domains = sorted((_domain(d, farm) for d in plan.get("domains") or ()), key=lambda d: (d["well"], natural(d["domain"]), d["tenant"]))
    failures = [printable(f["reason"]) for f in run.get("failures") or ()]
    return {
        "made_at": now,
        "mode": mode,
        "complete": bool(farm),
        "answer": printable(summary[0]) if summary else "",
        "tone": _tone(plan, failures),
        "summary": summary,
        "farm": {
            "name": printable(farm.get("host_name") or "unknown farm"),
            "identifier": printable(farm.get("identifier") or ""),
            "primary": farm.get("primary"),
            "successor": farm.get("successor"),
            "not_after": farm.get("not_after"),
            "days_remaining": farm.get("days_remaining"),
            "server": printable(farm.get("server") or ""),
            "auto_certificate_rollover": farm.get("auto_certificate_rollover"),
            "thresholds": farm.get("thresholds"),
        },
        "policy": dict(plan.get("policy") or {}),
        "state": plan.get("state"),
        "plan_id": plan.get("plan_id"),
        "deadline": plan.get("deadline"),
        "next_run_at": plan.get("next_run_at"),
        "domains": domains,
        "tenants": sorted({d["tenant"] for d in domains}),
        "servers": [_server(n, farm) for n in farm.get("servers") or ()],
        "blocked": [_blocked(b) for b in plan.get("blocked_by") or ()],
        "must_act": [printable(m["reason"]) for m in plan.get("must_act") or ()],
        "alarms": [printable(a["reason"]) for a in run.get("alarms") or plan.get("alarms") or ()],
        "failures": failures,
        "done": [printable(a.get("said") or a.get("action")) for a in (plan.get("memory") or {}).get("done") or ()],
        "partners": [_partner(p) for p in plan.get("relying_parties") or ()],
        "certificates": _certificates(certificates, farm),
        "hygiene": [*_hygiene(certificates), *_two_tenants(plan.get("domains") or ())],
        "forecast": _forecast(plan.get("forecast")),
        "freezes": [{"start": f["start"], "end": f["end"]} for f in (plan.get("policy") or {}).get("freezes") or () if f.get("start") and f.get("end")],
    }


def _tone(plan: Mapping[str, Any], failures: Sequence[str]) -> str:
    if failures or plan.get("must_act") or not plan.get("farm"):
        return "act"
    return "due" if plan.get("actions") or plan.get("alarms") else "well"


def _role(thumbprint: str | None, farm: Mapping[str, Any]) -> str:
    """Which of the farm's certificates it is: primary, successor, other, foreign or, where there is none, nothing."""
    if not thumbprint:
        return ""
    if thumbprint == farm.get("primary"):
        return "primary"
    if thumbprint == farm.get("successor"):
        return "successor"
    return "other" if thumbprint in (farm.get("certificates") or ()) else "foreign"


def _domain(domain: Mapping[str, Any], farm: Mapping[str, Any]) -> dict[str, Any]:
    slots = domain["slots"]
    row = domain.get("decision_row") or {}
    return {
        "domain": printable(domain["domain"]),
        "tenant": printable(domain["tenant_id"]),
        "verdict": domain["verdict"],
        "well": "to_do" not in domain,  # as in the summary's table
        "reason": printable(domain["reason"]),
        "signing": slots["signing"],
        "signing_is": _role(slots["signing"], farm),
        "next": slots["next"],
        "next_is": _role(slots["next"], farm),
        "row": row.get("row"),
        "to_do": printable(domain.get("to_do") or ""),
    }


def _server(server: Mapping[str, Any], farm: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": printable(server["name"]),
        "seen": bool(server["seen"]),
        "how": printable(server.get("how") or ""),
        "primary": server.get("primary"),
        "primary_is": _role(server.get("primary"), farm),
        "has_successor": bool(farm.get("successor")) and farm.get("successor") in (server.get("certificates") or ()),
        "last_sync_time": server.get("last_sync_time"),
        "reason": printable(server.get("reason") or ""),
    }


def _blocked(block: Mapping[str, Any]) -> dict[str, Any]:
    condition = CONDITIONS.get(block["condition"])
    return {
        "condition": block["condition"],
        "object": printable(block["object"]),
        "reason": printable(block["reason"]),
        "until": block["until"],
        "lifted_by": _LIFTED_BY.get(condition.lifted_by, condition.lifted_by) if condition else "",
    }


def _partner(partner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": printable(partner["name"]),
        "identifiers": [printable(i) for i in partner.get("identifiers") or ()],
        "risk": partner["risk"],
        "advice": printable(partner["advice"]),
    }


def _certificates(certificates: Sequence[Mapping[str, Any]], farm: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [
        {
            "thumbprint": c["thumbprint"],
            "is": _role(c["thumbprint"], farm),
            "der": c.get("der"),
            **{name: c[name] for name in ("not_before", "not_after")},
            **{name: c.get(name) for name in ("self_signed", "store_location")},
        }
        for c in _signing(certificates)
    ]
    order = ["primary", "successor", "other", "foreign"]
    return sorted(found, key=lambda c: (order.index(c["is"]), c["not_before"], c["thumbprint"]))


def _signing(certificates: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [c for c in certificates if c.get("certificate_type", "Token-Signing") == "Token-Signing"]


def _hygiene(certificates: Sequence[Mapping[str, Any]]) -> Iterable[dict[str, str]]:
    """What makes a certificate that signs weaker than it should be."""
    for c in _signing(certificates):
        kind, size = str(c.get("key_type") or "").upper(), c.get("key_size") or 0
        if kind in _FEWEST_BITS and 0 < size < _FEWEST_BITS[kind]:
            yield {"object": c["thumbprint"], "finding": f"weak key: {kind} of {size} bits"}
        if "sha1" in str(c.get("signature_algorithm") or "").lower().replace("-", ""):
            yield {"object": c["thumbprint"], "finding": "signed with SHA-1"}
        if (c.get("days_remaining") or 0) < 0:
            yield {"object": c["thumbprint"], "finding": f"expired {c['not_after']}"}
        if parse_time(c["not_after"]) - parse_time(c["not_before"]) > _VERY_LONG:
            yield {"object": c["thumbprint"], "finding": f"valid for longer than three years, until {c['not_after']}"}


def _two_tenants(domains: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, str]]:
    where: dict[str, set[str]] = {}
    for d in domains:
        for thumbprint in {d["slots"]["signing"], d["slots"]["next"]} - {None}:
            where.setdefault(thumbprint, set()).add(d["tenant_id"])
    for thumbprint, tenants in sorted(where.items()):
        if len(tenants) > 1:
            yield {"object": thumbprint, "finding": f"accepted in {len(tenants)} tenants: {', '.join(printable(t) for t in sorted(tenants))}"}


def _forecast(forecast: Mapping[str, Any] | None) -> dict[str, Any]:
    found = forecast or {}
    return {
        "attended": [_event(e) for e in found.get("attended") or ()],
        "attended_until": found.get("attended_until"),
        "unattended": [_event(e) for e in found.get("unattended") or ()],
        "unattended_until": found.get("unattended_until"),
    }


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    said = printable(event.get("said") or event["kind"].replace("_", " "))
    return {"kind": event["kind"], "by": event["by"], "earliest": event["earliest"], "latest": event["latest"], "said": said[:1].upper() + said[1:]}
