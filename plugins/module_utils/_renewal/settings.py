# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The settings of the farm's domains besides their certificates: what looks wrong in them, and both sides compared. Nothing is written for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._entra.settings import ADDRESSES, compare_with_farm, find_faults
from ansible_collections.federation.adfs.plugins.module_utils._renewal import rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm, Domain, Observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

_SHOWN = 200


@dataclass(frozen=True)
class Judged:
    """``seen``: the observation with the faults of each domain and their alarms. ``rows``: both sides of each setting, by ``Domain.key``."""

    seen: Observation
    rows: Mapping[str, Sequence[Mapping[str, Any]]]


def judge(items: Sequence[Mapping[str, Any]], seen: Observation, endpoints: Mapping[str, Any] | None = None) -> Judged:
    """Judge the settings of the domains that are the farm's, or look as if they were meant to be.

    ``items``: of the lookup entra_federation. ``endpoints``: of another identity provider, as its metadata names them; AD FS has them below
    its host name. What an item does not hold was not read, and nothing is said of it.
    """
    farm = seen.farm
    ours = {d.key for d in seen.domains if d.error is None and d.configured and _meant_for(d, seen)}
    if farm.provider is None:
        known: dict[str, Any] = {"host_name": farm.host_name, "host_names": sorted(farm.host_names), "identifier": farm.identifier}
    else:
        known = {"identifier": farm.identifier, "endpoints": endpoints or {}}
    read = {_key(item): item for item in items}
    faults = [f for f in find_faults(items, known) if _key(f) in ours and (f["member"] is None or f["member"] in read[_key(f)])]
    if farm.provider is not None:  # others have hosts and issuers that are not alike
        faults = [f for f in faults if f["kind"] != "other_host"]
    broken: dict[str, list[str]] = {}
    for fault in faults:
        # Which settings others need is theirs to say: an issuer of several domains stays an alarm, and the certificates are told of.
        if fault["severity"] == "broken" and (farm.provider is None or fault["kind"] != "shared_issuer"):
            broken.setdefault(_key(fault), []).append(fault["message"])
    alarms = [_alarm(fault) for fault in faults if not (fault["kind"] == "other_host" and _accepts(_key(fault), seen))]
    domains = tuple(replace(d, faults=tuple(broken.get(d.key, ()))) for d in seen.domains)
    rows = {key: [_small(row) for row in compare_with_farm(read[key], known) if row["farm"] is not None] for key in sorted(ours) if key in read}
    return Judged(replace(seen, domains=domains, alarms=(*seen.alarms, *alarms)), rows)


def differences(domains: Sequence[Mapping[str, Any]], title: str) -> list[str]:
    """Return one line for each setting that differs from the farm's in the same way. ``domains``: those of the plan."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for domain in domains:
        for row in domain["settings"]:
            # What Entra does not have set was perhaps never wanted; both sides are in the result.
            if row["same"] is False and row["entra"]:
                found.setdefault((row["name"], printable(row["entra"], _SHOWN), printable(row["farm"], _SHOWN)), []).append(domain["domain"])
    return [f"Differs from {title}: {name} of {names(of)} is {entra} in Entra, and {title} has {farm}." for (name, entra, farm), of in found.items()]


def _meant_for(domain: Domain, seen: Observation) -> bool:
    """Its users sign in here, or it names this farm as its issuer, or it accepts a certificate of this farm."""
    farm = seen.farm
    return rules.signs_in_here(domain, farm, False) or domain.issuer_uri == farm.identifier or bool(domain.slots.accepted & farm.certificates)


def _accepts(key: str, seen: Observation) -> bool:
    """A domain that accepts a certificate of this farm and sends its users elsewhere is told of as unclaimed."""
    return any(d.key == key and d.slots.accepted & seen.farm.certificates for d in seen.domains)


def _alarm(fault: Mapping[str, Any]) -> Alarm:
    kind = "wrong_settings" if fault["severity"] == "broken" else "settings"
    advice = " Correct it with federation.adfs.entra_federation; a renewal does not touch it" if fault["member"] in (*ADDRESSES, "issuer_uri") else ""
    return Alarm(kind, str(fault["domain"]), f"{fault['message']}{advice}")


def _key(item: Mapping[str, Any]) -> str:
    return f"{item.get('tenant_id') or ''}/{str(item.get('domain') or '').lower()}"


def _small(row: Mapping[str, Any]) -> dict[str, Any]:
    """Both sides only where they are not the same text: for hundreds of domains, these are most of what a runner keeps of a plan."""
    sides = {} if row["same"] and row["entra"] == row["farm"] else {"entra": row["entra"], "farm": row["farm"]}
    return {"name": row["member"], **sides, "same": row["same"]}
