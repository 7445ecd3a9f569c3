# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""One verdict per domain, and the row of Microsoft's decision table that applies to it.

Source of the table: Microsoft's article "Renew federation certificates for Microsoft 365 and Microsoft Entra ID". The
preset 2025 is its current form (15 and 35 days), 2017 the earlier one (15 and 30 days).
"""

from __future__ import annotations

from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

_ROLLOVER_OFF_DAYS = {"2025": 35, "2017": 30}
_ROLLOVER_ON_DAYS = 15
_UNREACHABLE = {"couldnotaccessremotehost", "connectionerror", "notfound", "forbidden", "unauthorized", "providererror", "nostsauthurlfound"}


def verdict(s: Situation, status: DomainStatus) -> tuple[str, str]:
    """Return (verdict, a sentence for the operator)."""
    domain, farm = status.domain, s.seen.farm
    if status.unreadable is not None:
        return "unreadable", f"its federation settings could not be read: {status.unreadable}"
    if not domain.configured:
        return "inherited", f"it has no settings of its own and follows {domain.root or 'its root domain'}"
    if s.emergency and status.compromised:
        return "compromised", f"it accepts {names(status.compromised)}, which is stolen: anyone who has the key can sign in as any of its users"
    if domain.faults and not status.ours:  # it is meant for this farm, and perhaps has no address that would show it
        return _wrong_settings(domain)
    if not status.ours and farm.provider is not None:
        where = f"its issuer is {domain.issuer_uri} and it sends its users to {domain.sign_in_uri}"
        return "other_farm", f"{where}; neither is {farm.identifier}'s, so it is not updated here"
    if not status.ours:
        return "other_farm", f"it sends its users to {domain.sign_in_host or 'an unknown address'}, not to {farm.host_name}, so it is not updated here"
    if status.broken:
        lacking = names(sorted(s.live - domain.slots.accepted))
        return "broken", f"sign-in fails: {farm.title} signs with {lacking}, which the domain does not accept" + (
            "; it is excluded from writing" if status.excluded else ""
        )
    if domain.faults:
        return _wrong_settings(domain)
    if status.unknown:
        return "unknown_certificate", f"it also accepts {names(status.unknown)}, an unknown certificate: find out whose it is"
    if domain.deviations:
        return "settings_changed", f"its settings are not the approved ones: {'; '.join(domain.deviations)}"
    if farm.provider is not None and s.unknown_to(domain):
        return "successor_missing", f"sign-in fails, or would fail, where {farm.title} signs with {names(sorted(s.unknown_to(domain)))}" + (
            "; it is excluded from writing" if status.excluded else ""
        )
    if s.successor is not None and s.successor not in domain.slots.accepted:
        moment = f"at {format_time(s.adfs_promotes_at)} or soon after" if s.adfs_promotes_at > s.now else "at its next check"
        when = f" {moment}" if farm.auto_rollover else ""
        return "successor_missing", f"sign-in works, and would break when AD FS promotes {s.successor}{when}" + (
            "; it is excluded from writing" if status.excluded else ""
        )
    if s.successor is not None:
        if all(s.omnipresent(k, domain) for k in s.required):
            return "ready", f"it has accepted the successor {s.successor} for long enough"
        return "successor_published", f"it accepts the successor {s.successor}; Entra may still serve the earlier settings"
    if domain.slots.signing != farm.primary:
        return "wrong_order", f"sign-in works; what {farm.title} signs with is its next signing certificate and becomes its signing certificate"
    return "in_sync", f"it accepts what {farm.title} signs with"


def _wrong_settings(domain: Domain) -> tuple[str, str]:
    return "wrong_settings", f"users cannot sign in with its settings, whatever the certificate: {' '.join(domain.faults)}"


def decision_row(s: Situation, status: DomainStatus) -> dict[str, Any] | None:
    """Return the row of the decision table for one of the farm's domains, with the action that the table asks for.

    ``row`` is 1 to 3 as in the article, or null for the cases that the article leaves out. The table is about AD FS alone.
    """
    if not status.ours or s.seen.farm.provider is not None:
        return None
    domain = status.domain
    on = s.seen.farm.auto_rollover
    in_sync = not status.broken
    public = s.seen.seen_from_outside or metadata_public(domain.update_result)
    days = (s.seen.primary_key.not_after - s.now).days
    row, action = None, "none"
    if on and in_sync and public == "yes":
        row = 1
    elif on and not in_sync and days < _ROLLOVER_ON_DAYS:
        row, action = 2, "update_now"
    elif not on and days < _ROLLOVER_OFF_DAYS[s.policy.preset]:
        row, action = 3, "update_now"
    if action == "none" and (not in_sync or (s.successor is not None and s.successor not in domain.slots.accepted)):
        action = "update_now"  # not in the article: broken already, or at the next promotion
    return {
        "preset": s.policy.preset,
        "row": row,
        "automatic_rollover": on,
        "in_sync": in_sync,
        "metadata_public": public,
        "days_left": days,
        "action": action,
    }


def metadata_public(update_result: str | None) -> str:
    """yes, no or unknown, from what Entra's own updater last reported (lower-case certificateUpdateResult)."""
    if update_result in ("success", "nonewcertificatefound", "novalidexistingcertfound"):
        return "yes"
    return "no" if update_result in _UNREACHABLE else "unknown"
