# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the page and the files beside it show, as plain values, from the plan's result. Pure: no I/O, no clock.

No fact is worded here a second time: sentences are those of the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.conditions import CONDITIONS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import natural
from ansible_collections.federation.adfs.plugins.module_utils._text import printable, printable_line
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

_LIFTED_BY = {"time": "time", "event": "an event outside, which runs look for", "operator": "an administrator"}
_VERY_LONG = timedelta(days=3 * 365 + 1)
_FEWEST_BITS = {"RSA": 2048, "ECC": 256}
_STAMP = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ")
_ELSEWHERE = ("inherited", "other_farm")
"""Verdicts of domains whose certificates are not this farm's to judge."""


def build(
    plan: Mapping[str, Any],
    certificates: Sequence[Mapping[str, Any]],
    mode: str,
    now: str,
    said: Sequence[str] = (),
    ledger: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what is shown. ``plan``: RV(plan) of rollover_plan, of the last step of a run, also of one that broke off.

    ``certificates``: those of the farm, as farm_info returns them. ``now``: the moment of the run, ISO 8601 UTC. ``said``: further lines
    of the summary, such as the ledger's head. ``ledger``: RV(evidence) of rollover_journal, where it was read.
    """
    summary = [printable_line(line) for line in (*(plan.get("summary") or ()), *said)]
    farm = plan.get("farm") or {}
    run = plan.get("run") or {}
    domains = sorted((_domain(d, farm) for d in plan.get("domains") or ()), key=lambda d: (d["well"], natural(d["domain"]), d["tenant"]))
    failures = [_sentence(f["reason"]) for f in run.get("failures") or ()]
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
        "must_act": [_sentence(m["reason"]) for m in plan.get("must_act") or ()],
        "alarms": [_sentence(a["reason"]) for a in run.get("alarms") or plan.get("alarms") or ()],
        "failures": failures,
        "done": [_sentence(a.get("said") or a.get("action")) for a in (plan.get("memory") or {}).get("done") or ()],
        "partners": [_partner(p) for p in plan.get("relying_parties") or ()],
        "certificates": _certificates(certificates, farm),
        "hygiene": hygiene(certificates, plan),
        "ledger": _ledger(ledger),
        "forecast": _forecast(plan.get("forecast")),
        "freezes": [{"start": f["start"], "end": f["end"]} for f in (plan.get("policy") or {}).get("freezes") or () if f.get("start") and f.get("end")],
    }


def _sentence(text: Any) -> str:
    """A sentence for people, with its times as the rest of the page writes them."""
    return _STAMP.sub(r"\1 \2 UTC", printable(text))


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
        "reason": _sentence(domain["reason"]),
        "signing": slots["signing"],
        "signing_is": _role(slots["signing"], farm),
        "next": slots["next"],
        "next_is": _role(slots["next"], farm),
        "row": row.get("row"),
        "to_do": _sentence(domain.get("to_do") or ""),
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
        "reason": _sentence(block["reason"]),
        "until": block["until"],
        "lifted_by": _LIFTED_BY.get(condition.lifted_by, condition.lifted_by) if condition else "",
    }


def _partner(partner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": printable(partner["name"]),
        "identifiers": [printable(i) for i in partner.get("identifiers") or ()],
        "risk": partner["risk"],
        "advice": _sentence(partner["advice"]),
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


def hygiene(certificates: Sequence[Mapping[str, Any]], plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what is weaker than it should be: of the certificates that sign, and of those that the domains accept and AD FS does not have.

    ``certificates``: of the farm. ``plan``: as for ``build``.
    """
    signing, domains = _signing(certificates), plan.get("domains") or ()
    found = [{"object": c["thumbprint"], "finding": finding} for c in signing for finding in _weaknesses(c)]
    issuers = {c.get("issuer") for c in signing} - {None}
    for c in plan.get("not_in_adfs") or ():
        where = _accepting(c["thumbprint"], domains)
        for finding in _weaknesses(c):
            found.append({"object": c["thumbprint"], "finding": f"{finding}; AD FS does not have it, and {where}"})
        if issuers and c["issuer"] not in issuers:
            whom = f"issued by {printable(c['issuer'], 200)}, unlike the farm's certificates"
            found.append({"object": c["thumbprint"], "finding": f"{whom}; {where}"})
    return [*found, *_two_tenants(domains)]


def _weaknesses(c: Mapping[str, Any]) -> Iterable[str]:
    kind, size = str(c.get("key_type") or "").upper(), c.get("key_size") or 0
    if kind in _FEWEST_BITS and 0 < size < _FEWEST_BITS[kind]:
        yield f"weak key: {kind} of {size} bits"
    if "sha1" in str(c.get("signature_algorithm") or "").lower().replace("-", ""):
        yield "signed with SHA-1"
    if (c.get("days_remaining") or 0) < 0:
        yield _sentence(f"expired {c['not_after']}")
    if parse_time(c["not_after"]) - parse_time(c["not_before"]) > _VERY_LONG:
        yield _sentence(f"valid for longer than three years, until {c['not_after']}")


def _accepting(thumbprint: str, domains: Iterable[Mapping[str, Any]]) -> str:
    names = [printable(d["domain"]) for d in domains if d["verdict"] not in _ELSEWHERE and thumbprint in (d["slots"]["signing"], d["slots"]["next"])]
    accept = "domain accepts" if len(names) == 1 else "domains accept"
    return f"{len(names)} {accept} it: {', '.join(sorted(names, key=natural))}" if names else "a domain accepts it"


def _two_tenants(domains: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, str]]:
    where: dict[str, set[str]] = {}
    for d in domains:
        for thumbprint in {d["slots"]["signing"], d["slots"]["next"]} - {None}:
            where.setdefault(thumbprint, set()).add(d["tenant_id"])
    for thumbprint, tenants in sorted(where.items()):
        if len(tenants) > 1:
            yield {"object": thumbprint, "finding": f"accepted in {len(tenants)} tenants: {', '.join(printable(t) for t in sorted(tenants))}"}


def _ledger(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the ledger tells, with all text that came from outside made fit to be shown."""
    if not found:
        return None
    groups = []
    for group in found.get("groups") or ():
        texts = ("time", "run", "job", "user", "change_number", "act", "result", "request_id", "before", "after", "safe")
        told = {name: _sentence(group[name]) if group.get(name) else "" for name in texts}
        groups.append({**told, "count": int(group["count"]), "objects": [printable(name) for name in group["objects"]]})
    return {
        "since": found["since"],
        "valid": bool(found["valid"]),
        "said": _sentence(found["said"]),
        "head": found.get("head"),
        "last_change": found.get("last_change"),
        "left_out": int(found.get("left_out") or 0),
        "groups": groups,
    }


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
