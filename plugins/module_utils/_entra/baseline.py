# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Tampering: what differs from the baseline that somebody approved. Pure functions on domains in the shape of the lookup's items.

Who can add a certificate to a domain, or point it to another issuer, can sign in as anybody in it; so these are compared strictly.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping, Sequence

from ansible_collections.federation.adfs.plugins.module_utils._text import printable

COMPARED = (
    "issuer_uri",
    "passive_sign_in_uri",
    "active_sign_in_uri",
    "sign_out_uri",
    "metadata_exchange_uri",
    "password_reset_uri",
    "preferred_authentication_protocol",
    "federated_idp_mfa_behavior",
)
SLOTS = ("signing_certificate", "next_signing_certificate")
_AUDIT = "look in the audit log of Entra ID for 'Set federation settings on domain' and 'Set domain authentication'"


def approve(domains: Sequence[Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Return the baseline that says: what these domains hold now is right. It is plain data without certificate bodies."""
    entries = [{"domain": item["domain"], **{name: item.get(name) for name in COMPARED}} for item in domains if not item.get("error")]
    return {"domains": sorted(entries, key=lambda entry: str(entry["domain"])), "certificates": sorted(_held(domains))}


def find_deviations(baseline: Mapping[str, t.Any], domains: Sequence[Mapping[str, t.Any]], federated: Collection[str] | None = None) -> list[dict[str, t.Any]]:
    """Return what differs from the baseline, equal differences of several domains together in one entry.

    ``baseline``: what ``approve`` returned, or ``domains`` with entries of the lookup or of entra_federation_info, and
    ``certificates``, known thumbprints. Members that an entry leaves out are not compared; without any known certificate, certificates
    are not. ``federated``: the names of all federated domains of the tenant, if ``domains`` are not all of them.
    """
    # An entry that could not be read when it was approved lists its domain and says no more.
    approved = {str(entry["domain"]).lower(): {} if entry.get("error") else entry for entry in baseline.get("domains") or []}
    known = {str(thumbprint).upper() for thumbprint in baseline.get("certificates") or []} | _held(list(approved.values()))
    present = {str(name).lower() for name in (federated if federated is not None else [item["domain"] for item in domains]) if name}
    found = _Findings()
    for name in sorted(present - set(approved)):
        found.add(name, "unlisted_domain", None, None, "federated", f"is federated, but nobody approved it; {_AUDIT}")
    for name in sorted(set(approved) - present):
        found.add(name, "missing_domain", None, "federated", None, f"was approved as federated and is not any more; {_AUDIT}")
    for item in domains:
        name = str(item["domain"] or "(no name)").lower()
        if item.get("error"):
            found.add(name, "not_compared", None, None, None, "could not be read and so was not compared; see its error")
            continue
        _compare(name, approved.get(name, {}), item, known, found)
    return found.entries()


def _compare(name: str, entry: Mapping[str, t.Any], item: Mapping[str, t.Any], known: set[str], found: _Findings) -> None:
    for member in COMPARED:
        if member in entry and entry[member] != item.get(member):
            expected, now = entry[member], item.get(member)
            found.add(name, "changed_setting", member, expected, now, f"{member} is {_word(now)}, approved was {_word(expected)}; {_AUDIT}")
    for member in SLOTS:
        slot = item.get(member)
        if not slot:
            continue
        thumbprint = slot.get("thumbprint")
        if thumbprint is None:
            found.add(name, "unreadable_certificate", member, None, None, f"{member} holds something that is no certificate")
        elif known and str(thumbprint).upper() not in known:
            found.add(
                name,
                "unknown_certificate",
                member,
                None,
                thumbprint,
                f"{member} holds {thumbprint}, which nobody approved; whoever has its key can sign in as anybody. If it is not yours, remove it, and {_AUDIT}",
            )


class _Findings:
    """Collects differences; what is the same in many domains becomes one entry with many domains."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, t.Any, t.Any, str], list[str]] = {}

    def add(self, domain: str, kind: str, member: str | None, expected: t.Any, now: t.Any, text: str) -> None:
        self._found.setdefault((kind, member, expected, now, text), []).append(domain)

    def entries(self) -> list[dict[str, t.Any]]:
        return [
            {"kind": kind, "domains": domains, "member": member, "expected": expected, "found": now, "message": f"{_some(domains)}: {text}."}
            for (kind, member, expected, now, text), domains in self._found.items()
        ]


def _held(domains: Sequence[Mapping[str, t.Any]]) -> set[str]:
    slots = [item.get(member) for item in domains for member in SLOTS]
    return {str(slot["thumbprint"]).upper() for slot in slots if isinstance(slot, Mapping) and slot.get("thumbprint")}


def _word(value: t.Any) -> str:
    return "not set" if value is None else printable(value, 200)


def _some(domains: Sequence[str]) -> str:
    return ", ".join(domains[:5]) + (f" and {len(domains) - 5} more" if len(domains) > 5 else "")
