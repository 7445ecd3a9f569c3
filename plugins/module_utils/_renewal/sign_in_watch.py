# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Whether more sign-ins failed because of a certificate after an act than before it, as far as Entra ID's sign-in log tells.

It decides nothing: anybody can bring about failures in that log, and it may not hold every one that happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, ever_primary, newest_primary
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm, Observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.rules import signs_in_here
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

WATCHED = timedelta(days=2)
"""How long after an act its sign-ins are looked at; the role reads twice as much of the log, to compare with what was before."""
_FEW = 5
_BACK = "ansible-playbook federation.adfs.rollback_signing_cert"
_LIMITS = "it lags, and Microsoft does not say that it holds every federated sign-in that failed"


@dataclass(frozen=True)
class Act:
    """What was done last that users of a domain may notice, and when: a write of this collection, or a promotion, by whomever."""

    what: str
    at: datetime


def judge(entries: Sequence[Mapping[str, Any]], journal: Journal, seen: Observation, now: datetime) -> dict[str, Any]:
    """Return as plain values the ``domains`` with more failures after the last act than in the same time before it, and the ``lines`` to say.

    ``entries``: items of the lookup entra_sign_in, with the ``times``. ``journal``: as the last run left it.
    """
    acts = {name: act for name, act in _acts(journal, seen).items() if now - WATCHED <= act.at <= now}
    tenants = {d.name: d.tenant_id for d in seen.domains}
    lines = [f"Sign-in log: unknown for tenant {_tenant(e)}: {printable(e.get('reason'))}" for e in entries if e.get("status") == "unknown"]
    risen: list[dict[str, Any]] = []
    for entry in entries:
        if entry.get("status") == "unknown":
            continue
        here = {name: act for name, act in acts.items() if len(entries) == 1 or tenants[name] == entry.get("tenant_id")}
        if not here:
            continue
        found = list(_risen(entry, here, now))
        risen += found
        lines += _lines(entry, here, bool(found))
    return {"domains": risen, "lines": lines}


def alarms(watched: Mapping[str, Any], journal: Journal, seen: Observation) -> Iterator[Alarm]:
    """One alarm for all domains with a rise, with the one command that goes back."""
    risen = watched["domains"]
    if not risen:
        return
    told = "; ".join(_told(row) for row in risen[:_FEW]) + (f"; and {len(risen) - _FEW} more" if len(risen) > _FEW else "")
    if journal.rollback is not None:
        back = "A rollback was asked for already"
    elif seen.farm.provider is None and len(seen.farm.certificates) > 1:
        back = f"If that comes from the renewal, this goes back: {_BACK}"
    else:
        back = "AD FS holds no other certificate to go back to; what the domains held before is in the journal (federation.adfs.rollover_journal)"
    reason = f"more sign-ins failed because of a certificate than before: {told}. {back}. Nothing goes back by itself, as anybody can cause such failures"
    yield Alarm("sign_ins", seen.farm.host_name, reason)


def _told(row: Mapping[str, Any]) -> str:
    codes = ", ".join(f"AADSTS{code}" for code in row["error_codes"])
    who = row["domain"] or "users whom Entra does not name"
    return f"{who}: {row['after']} ({codes}) from {row['first']} to {row['last']}, {row['before']} in the same time before {row['act']} at {row['at']}"


def _acts(journal: Journal, seen: Observation) -> dict[str, Act]:
    """The last act by domain, also of domains that inherit from one."""
    came = journal.own[seen.farm.primary].last_primary if len(ever_primary(journal.own)) > 1 and newest_primary(journal.own) == seen.farm.primary else None
    promoted = [Act(f"{seen.farm.primary} became primary", came)] if came is not None else []
    acts: dict[str, Act] = {}
    for domain in seen.domains:
        if domain.error is None and domain.configured and signs_in_here(domain, seen.farm, False):
            written = [Act("the last write to it", backup.at) for backup in journal.backups.get(domain.key, ())[-1:]]
            found = [*promoted, *written]
            if found:
                acts[domain.name] = max(found, key=lambda act: act.at)
    acts.update({d.name: acts[d.root] for d in seen.domains if not d.configured and d.root in acts and d.name})
    return acts


def _risen(entry: Mapping[str, Any], acts: Mapping[str, Act], now: datetime) -> Iterator[dict[str, Any]]:
    newest = parse_time(entry["newest"]) if entry.get("newest") else None
    if newest is None:
        return
    failed: dict[str | None, list[tuple[datetime, int]]] = {}
    for group in entry.get("sign_ins") or ():
        failed.setdefault(group["domain"], []).extend((parse_time(at), group["error_code"]) for at in group["times"])
    # Of users without a name nobody knows the domain: they are compared around the last act of all.
    asked: list[tuple[str | None, Act]] = [*acts.items(), (None, max(acts.values(), key=lambda act: act.at))]
    for name, act in asked:
        reached = min(newest, now)
        span = min(reached - act.at, WATCHED)
        after = sorted((at, code) for at, code in failed.get(name, ()) if act.at < at <= act.at + WATCHED)
        before = [at for at, _code in failed.get(name, ()) if act.at - span <= at <= act.at]
        if reached > act.at and len(after) > len(before):
            yield {
                "domain": name,
                "tenant_id": entry.get("tenant_id"),
                "act": act.what,
                "at": format_time(act.at),
                "before": len(before),
                "after": len(after),
                "first": format_time(after[0][0]),
                "last": format_time(after[-1][0]),
                "error_codes": sorted({code for _at, code in after}),
                "read_until": format_time(reached),
            }


def _lines(entry: Mapping[str, Any], acts: Mapping[str, Act], risen: bool) -> Iterator[str]:
    last = max(acts.values(), key=lambda act: act.at)
    newest = entry.get("newest")
    where = f"Sign-in log of tenant {_tenant(entry)}"
    if newest is None or parse_time(newest) <= last.at:
        state = f"its newest entry is of {newest}" if newest else "it shows no sign-in at all"
        yield f"{where}: {state}, and the last act was at {format_time(last.at)}: the next run looks again."
        return
    part = f" {printable(entry.get('reason'))}." if entry.get("status") == "partial" else ""
    found = "more certificate errors than before, see below" if risen else "no more certificate errors than before"
    yield f"{where}: read up to {newest}; {found} the last act at {format_time(last.at)}. This is no proof: {_LIMITS}.{part}"


def _tenant(entry: Mapping[str, Any]) -> str:
    return printable(entry.get("tenant_id") or "of the environment", 100)
