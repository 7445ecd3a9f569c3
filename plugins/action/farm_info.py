# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads all facts about an AD FS farm in one round trip."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import checks, custom, errors, farm, journal, partners
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction

SUBSETS = ("certificates", "properties", "servers", "relying_parties", "journal")
PARTS = {"servers": "nodes"}
"""Subsets that the script calls by another name."""
KEYS = "keys"
"""A subset that costs further round trips and is no part of C(all)."""


class ActionModule(AdfsAction):
    """The module federation.adfs.farm_info."""

    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "gather_subset": {"type": "list", "elements": "str", "choices": ["all", *SUBSETS, KEYS], "default": ["all"]},
        "one_certificate_partners": {"type": "list", "elements": "str", "default": []},
        "journal_path": {"type": "str", "default": journal.DEFAULT_PATH},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        subsets = [name for name in SUBSETS if "all" in options["gather_subset"] or name in options["gather_subset"]]
        path = options["journal_path"]
        keys = KEYS in options["gather_subset"]
        look = self.look([PARTS.get(name, name) for name in ([*subsets, "certificates"] if keys else subsets)], path)
        found: dict[str, t.Any] = {
            "role": "primary" if look.is_primary else "secondary",
            "is_primary": look.is_primary,
            "server": look.server,
            "primary_server": look.primary_server,
            "time": format_time(look.time),
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
            "relying_parties": None,
            "checks": [],
            "journal": None,
        }
        if look.is_primary:
            self._primary(look, subsets, found, options["one_certificate_partners"])
            if keys:
                found["checks"] += self._keys(look)
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
                checked = custom.not_applicable()
            found += checks.of_one(item.thumbprint, checked)
        return found

    @staticmethod
    def _primary(look: farm.Look, subsets: list[str], found: dict[str, t.Any], one_certificate: list[str]) -> None:
        certificates = look.certificates() if "certificates" in subsets else []
        if "properties" in subsets:
            properties = look.value("properties")
            found["host_name"] = properties.get("HostName")
            found["identifier"] = properties.get("Identifier")
            found["farm_level"] = properties.get("CurrentFarmBehavior")
            found["auto_certificate_rollover"] = properties.get("AutoCertificateRollover")
            found["sso_lifetime"] = properties.get("SsoLifetime")
            found["proxy_trust_lifetime"] = properties.get("ProxyTrustTokenLifetime")
            found["thresholds"] = farm.thresholds(properties)
            if "certificates" in subsets:
                found["checks"] += checks.of_properties(certificates, properties)
        if "certificates" in subsets:
            found["certificates"] = [item.shape(look.time) for item in certificates]
            found["checks"] += checks.of_certificates(certificates, look.time)
        # Without these two a renewal is still possible, so a server that refuses them is no failure.
        if "servers" in subsets and look.parts["nodes"]["ok"]:
            found["servers"] = farm.servers(look.value("nodes"))
        if "relying_parties" in subsets and look.parts["relying_parties"]["ok"]:
            found["relying_parties"] = partners.with_risk(farm.relying_parties(look.value("relying_parties")), one_certificate)
        found["checks"] += checks.of_unread(look, ("nodes", "relying_parties"))

    @staticmethod
    def _journal(look: farm.Look, path: str, identifier: str | None) -> dict[str, t.Any]:
        outcome = look.parts["journal"]
        if outcome["ok"]:
            return journal.read(outcome["value"], path, identifier)
        error = str(errors.from_record(outcome["error"], "read_farm (journal)"))
        return {"found": False, "sha256": None, "content": None, "error": error}
