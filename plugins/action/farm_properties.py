# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets the properties that steer AD FS' own renewal of certificates."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.federation.adfs.plugins.module_utils._adfs import outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record, one_line
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction

MEMBERS = {
    "auto_certificate_rollover": "AutoCertificateRollover",
    "certificate_generation_threshold": "CertificateGenerationThreshold",
    "certificate_promotion_threshold": "CertificatePromotionThreshold",
    "certificate_critical_threshold": "CertificateCriticalThreshold",
    "certificate_duration": "CertificateDuration",
}
"""Options and the members of Set-AdfsProperties behind them."""
MOST_DAYS = {
    "certificate_generation_threshold": 3_650,
    "certificate_promotion_threshold": 3_650,
    "certificate_critical_threshold": 3_650,
    "certificate_duration": 36_500,
}
"""AD FS documents no limits and takes any number. Certificates of a hundred years have been seen; larger ones are taken for mistakes."""


class ActionModule(AdfsAction):
    """The module federation.adfs.farm_properties."""

    ACTS = True
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        **{name: {"type": "bool" if name == "auto_certificate_rollover" else "int"} for name in MEMBERS},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        # Plain numbers: from ansible-core 2.19 on those of a playbook are of a type of their own, and what is read back is compared with its type.
        given = {name: options[name] for name in MEMBERS if options[name] is not None}
        wanted = {name: value if isinstance(value, bool) else int(value) for name, value in given.items()}
        for name, value in wanted.items():
            if name in MOST_DAYS and not 1 <= value <= MOST_DAYS[name]:
                raise AdfsError(f"The option {name} is {value}; it takes a number of days from 1 to {MOST_DAYS[name]}.", id="options")
        look = self.look(["properties"])
        look.require_primary()
        before = _read(look.value("properties"))
        unknown = [name for name in wanted if before[name] is None]
        if unknown:
            raise AdfsError(
                f"AD FS on this server does not say what it has for: {', '.join(unknown)}.",
                "See Get-AdfsProperties on it; Windows Server 2016 or later is needed.",
                "too_old",
            )
        different = {name: value for name, value in wanted.items() if before[name] != value}
        after = {**before, **different}
        if different and not self.check_mode:
            after = self._set(before, different)
        result = {"changed": bool(different), "properties": before if self.check_mode else after}
        return self.with_diff(result, _lines(before), _lines(after), "AD FS properties")

    def _set(self, before: dict[str, t.Any], different: dict[str, t.Any]) -> dict[str, t.Any]:
        """Set what differs, and return all properties as they are then. Raises ActError if that is not what was wanted."""
        reply, seen = self.send("set_properties", {"properties": {MEMBERS[name]: value for name, value in different.items()}})
        found: t.Mapping[str, t.Any] = {}
        try:
            if seen.lost:
                found = self.look_after(["properties"], "set_properties").value("properties")
            elif reply["properties"]["ok"]:
                found = reply["properties"]["value"]
            else:
                raise from_record(reply["properties"]["error"], "set_properties (read back)")
        except AdfsError as exc:
            seen = replace(seen, unreadable=exc)
        after = {**before, **{name: found.get(MEMBERS[name]) for name in different}}
        silent = [name for name in different if after[name] is None]
        if silent and seen.unreadable is None:
            seen = replace(seen, unreadable=AdfsError(f"AD FS did not say what {', '.join(silent)} is now.", id="no_reply"))
        if seen.unreadable is None:
            self._found = {"properties": after}
        wrong = [f"{name} is {_word(after[name])} where {_word(value)} was wanted" for name, value in different.items() if not _same(after[name], value)]
        outcome.judge(f"Setting {', '.join(different)}", seen, any(not _same(after[name], before[name]) for name in different), wrong)
        self._acted = True
        self._found = {}
        return after


def _read(properties: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: properties.get(member) for name, member in MEMBERS.items()}


def _lines(properties: dict[str, t.Any]) -> list[str]:
    return [f"{name}: {_word(value)}" for name, value in properties.items()]


def _word(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "not known" if value is None else one_line(str(value), 100)


def _same(one: t.Any, other: t.Any) -> bool:
    return type(one) is type(other) and one == other
