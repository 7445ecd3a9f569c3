# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads all facts about an AD FS farm in one round trip."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import checks, custom, errors, events, farm, journal, partner_view, partners, trusts
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, format_time, parse_time
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction

TRUSTS: dict[str, t.Callable[[t.Any], list[dict[str, t.Any]]]] = {
    "relying_parties": trusts.relying_parties,
    "claims_providers": trusts.claims_providers,
    "applications": trusts.applications,
}
WITH_LIFETIME = ("relying_parties", "applications")
SUBSETS = ("certificates", "properties", "servers", *TRUSTS, "journal")
PARTS = {"servers": "nodes"}
"""Subsets that the script calls by another name."""
EVENTS = "events"
KEYS = "keys"
"""These two are no part of C(all): the first may be long, the second costs further round trips."""
_LEVEL_TOO_LOW = "PS0159"  # such a farm cannot have application groups


class ActionModule(AdfsAction):
    """The module federation.adfs.farm_info."""

    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "gather_subset": {"type": "list", "elements": "str", "choices": ["all", *SUBSETS, EVENTS, KEYS], "default": ["all"]},
        "events_since": {"type": "str"},
        "one_certificate_partners": {"type": "list", "elements": "str", "default": []},
        "journal_path": {"type": "str", "default": journal.DEFAULT_PATH},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        subsets = [name for name in SUBSETS if "all" in options["gather_subset"] or name in options["gather_subset"]]
        path = options["journal_path"]
        keys = KEYS in options["gather_subset"]
        wanted = {*(PARTS.get(name, name) for name in subsets), *(["certificates"] if keys else []), *([EVENTS] if EVENTS in options["gather_subset"] else [])}
        look = self.look(wanted, path, _moment(options["events_since"]))
        found: dict[str, t.Any] = {
            "role": "primary" if look.is_primary else "secondary",
            "is_primary": look.is_primary,
            "server": look.server,
            "primary_server": look.primary_server,
            "time": format_time(look.time),
            "read_at": format_time(datetime.datetime.now(UTC).replace(microsecond=0)),
            "host_name": None,
            "identifier": None,
            "farm_level": None,
            "auto_certificate_rollover": None,
            "thresholds": None,
            "sso_lifetime": None,
            "proxy_trust_lifetime": None,
            "poll_duration": look.sync["poll_duration"],
            "last_sync_time": look.sync["last_sync_time"],
            "last_sync_status": look.sync["last_sync_status"],
            "certificates": None,
            "servers": None,
            **dict.fromkeys(TRUSTS),
            **dict.fromkeys(f"{name}_cut" for name in TRUSTS),
            "max_token_lifetime": None,
            "unknown_lifetimes": None,
            "checks": [],
            "events": None,
            "events_cut": None,
            "journal": None,
        }
        if look.is_primary:
            self._primary(look, subsets, found, options["one_certificate_partners"])
            if keys:
                found["checks"] += self._keys(look)
        if EVENTS in wanted:
            found["checks"] += checks.of_unread(look, (EVENTS,))
            if look.parts[EVENTS]["ok"]:
                found["events"], found["events_cut"] = events.read(look.value(EVENTS))
        if "journal" in subsets:
            found["journal"] = self._journal(look, path, found["identifier"])
        return {"farm": found}

    def _keys(self, look: farm.Look) -> list[dict[str, t.Any]]:
        found: list[dict[str, t.Any]] = []
        for item in look.certificates():
            if item.certificate_type not in farm.ROLLOVER_TYPES:
                continue
            if item.store_location == "LocalMachine":
                _facts, checked = self.check_key(look, item.thumbprint, item.certificate_type)
            else:
                checked = [*custom.not_applicable(), *partner_view.not_applicable()]
            found += checks.of_one(item.thumbprint, checked)
        return found

    @staticmethod
    def _primary(look: farm.Look, subsets: list[str], found: dict[str, t.Any], one_certificate: list[str]) -> None:
        certificates = look.certificates() if "certificates" in subsets else []
        if "properties" in subsets:
            properties = look.value("properties")
            found["host_name"], found["identifier"] = farm.names(properties)
            found["farm_level"] = properties.get("CurrentFarmBehavior")
            found["auto_certificate_rollover"] = properties.get("AutoCertificateRollover")
            found["sso_lifetime"] = farm.lifetime(properties, "SsoLifetime")
            found["proxy_trust_lifetime"] = farm.lifetime(properties, "ProxyTrustTokenLifetime")
            found["thresholds"] = farm.thresholds(properties)
            found["checks"] += checks.of_members(look, properties)
            if "certificates" in subsets:
                found["checks"] += checks.of_properties(certificates, properties)
        if "certificates" in subsets:
            found["certificates"] = [item.shape(look.time) for item in certificates]
            found["checks"] += checks.of_certificates(certificates, look.time, farm.unread_types(look.value("certificates")))
        # Without these a renewal is still possible, so a server that refuses them is no failure.
        if "servers" in subsets and look.parts["nodes"]["ok"]:
            found["servers"] = farm.servers(look.value("nodes"))
            found["checks"].append(checks.of_servers(look.value("nodes")))
        for name, read in TRUSTS.items():
            value = _trusts(look, name) if name in subsets else None
            if value is not None:
                found[name], found[f"{name}_cut"] = read(value), trusts.cut(value)
        if found["relying_parties"] is not None:
            found["relying_parties"] = partners.with_risk(found["relying_parties"], one_certificate)
        found["max_token_lifetime"], found["unknown_lifetimes"] = _lifetimes(look, subsets, found)
        found["checks"] += checks.of_unread(look, ("nodes", *TRUSTS))
        found["checks"] += checks.of_trusts(found, TRUSTS)

    @staticmethod
    def _journal(look: farm.Look, path: str, identifier: str | None) -> dict[str, t.Any]:
        outcome = look.parts["journal"]
        if outcome["ok"]:
            return journal.read(outcome["value"], path, identifier)
        error = str(errors.from_record(outcome["error"], "read_farm (journal)"))
        return {"found": False, "sha256": None, "content": None, "error": error, "written_at": None, "server_time": None}


def _trusts(look: farm.Look, name: str) -> t.Any:
    """Return a list of trusts as the server gave it, or None where AD FS refused it."""
    outcome = look.parts[name]
    if name == "applications" and not outcome["ok"] and outcome["error"]["id"] == _LEVEL_TOO_LOW:
        return {"list": [], "total": 0, "longest": None, "unknown": [], "unknown_total": 0}
    return outcome["value"] if outcome["ok"] else None


def _lifetimes(look: farm.Look, subsets: list[str], found: dict[str, t.Any]) -> tuple[int | None, list[str] | None]:
    """Return the longest lifetime of a token, and the names of what may be longer because its lifetime could not be read."""
    asked = [name for name in WITH_LIFETIME if name in subsets]
    values = [value for value in (_trusts(look, name) for name in asked) if value is not None]
    unknown = [name for value in values for name in trusts.unknown_lifetimes(value)]
    if len(values) < len(asked):
        unknown.append(trusts.ALL)
    if "properties" in subsets:
        unknown += [member for member, shown in zip(farm.LIFETIMES, ("sso_lifetime", "proxy_trust_lifetime"), strict=True) if found[shown] is None]
    return trusts.longest_lifetime(values) if asked else None, list(dict.fromkeys(unknown)) if asked or "properties" in subsets else None


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(parse_time(text).timestamp())
    except ValueError as exc:
        raise errors.AdfsError(f"The option events_since cannot be read: {exc}.", id="options") from exc
