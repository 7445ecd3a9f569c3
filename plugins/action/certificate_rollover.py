# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes sure that a successor of the primary certificate exists."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import ROLLOVER_TYPES, TOKEN_SIGNING, FarmCertificate, Look, primary_of, successor_of
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, normalize_thumbprint
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction


class ActionModule(AdfsAction):
    """The module federation.adfs.certificate_rollover."""

    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "certificate_type": {"type": "str", "choices": list(ROLLOVER_TYPES), "default": TOKEN_SIGNING},
        "urgent": {"type": "bool", "default": False},
        "confirm_urgent": {"type": "str"},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        kind: str = options["certificate_type"]
        if options["confirm_urgent"] and not options["urgent"]:
            raise AdfsError("The option confirm_urgent is set without urgent: true.", "Take it away, or set urgent too.", "options")
        look = self.look(["certificates", "properties"])
        look.require_primary()
        before = look.certificates(kind)
        primary = primary_of(before, kind)
        if options["urgent"]:
            return self._urgent(look, kind, before, primary, options["confirm_urgent"])
        successor = successor_of(before, kind, look.time)
        if successor:
            return self._result(look, kind, before, before, False)
        self._need_automatic_rollover(look)
        if len(before) > 2:
            named = ", ".join(item.thumbprint for item in before if item is not primary)
            raise AdfsError(
                f"AD FS lists {len(before)} {kind} certificates and none of them is a successor; with a further one there would be too many.",
                f"Remove what is no longer needed with the module certificate (state: absent): {named}.",
                "too_many_certificates",
            )
        if self.check_mode:
            return self._planned(look, kind, before, before)
        try:
            after = self.act("update_certificate", kind, urgent=False)
        except AdfsError as exc:
            # AD FS' own clock, or somebody else, may have been faster than we were.
            if exc.id != "PS0139":
                raise
            fresh = self.look(["certificates"])
            after = fresh.certificates(kind)
            if not successor_of(after, kind, fresh.time):
                raise
            return self._result(look, kind, after, after, False)
        if not successor_of(after, kind, look.time):
            raise AdfsError(
                f"AD FS reported no error, but lists no new {kind} certificate.",
                "See the event log 'AD FS/Admin' on this server (the certificate sharing container may be out of reach), then run again.",
                "not_done",
            )
        return self._result(look, kind, before, after, True)

    def _urgent(self, look: Look, kind: str, before: list[FarmCertificate], primary: FarmCertificate, confirmed: str | None) -> dict[str, t.Any]:
        breaks = (
            f"urgent makes AD FS replace the primary {kind} certificate {primary.thumbprint} at once and remove it: "
            "every partner that does not know the new one yet refuses sign-ins from that moment on, Microsoft Entra ID included."
        )
        if not confirmed:
            raise AdfsError(breaks, f"If that is what you want, set confirm_urgent: {primary.thumbprint}.", "confirm_urgent")
        try:
            thumbprint = normalize_thumbprint(confirmed)
        except CertificateError as exc:
            raise AdfsError(f"confirm_urgent: {exc}.", id="confirm_urgent") from exc
        if thumbprint != primary.thumbprint:
            raise AdfsError(
                f"confirm_urgent names {thumbprint}, but the primary {kind} certificate is {primary.thumbprint}. Nothing was changed.",
                "If an earlier run has replaced the one that you named, there is nothing left to do.",
                "confirm_urgent",
            )
        self._need_automatic_rollover(look)
        self.warn(breaks[0].upper() + breaks[1:])
        if self.check_mode:
            return self._planned(look, kind, before, [])
        after = self.act("update_certificate", kind, urgent=True)
        if primary_of(after, kind).thumbprint == primary.thumbprint:
            raise AdfsError(
                f"AD FS reported no error, but {primary.thumbprint} is still the primary {kind} certificate.",
                "See the event log 'AD FS/Admin' on this server, then run again.",
                "not_done",
            )
        return self._result(look, kind, before, after, True)

    @staticmethod
    def _need_automatic_rollover(look: Look) -> None:
        if look.value("properties").get("AutoCertificateRollover") is not True:
            raise AdfsError(
                "Automatic certificate rollover is off in this farm, and AD FS makes certificates only while it is on.",
                "Add a certificate of your own with the module certificate, or turn rollover on with farm_properties (auto_certificate_rollover: true).",
                "rollover_off",
            )

    def _planned(self, look: Look, kind: str, before: list[FarmCertificate], kept: list[FarmCertificate]) -> dict[str, t.Any]:
        role = "secondary" if kept else "primary"
        result = self._result(look, kind, before, before, True)
        return self.with_diff(result, _lines_of(before), [*_lines_of(kept), f"{kind} {role} (a new certificate, made by AD FS)"], "AD FS configuration")

    def _result(self, look: Look, kind: str, before: list[FarmCertificate], after: list[FarmCertificate], changed: bool) -> dict[str, t.Any]:
        successor = successor_of(after, kind, look.time)
        result = {
            "changed": changed,
            "certificates": [item.shape(look.time) for item in after],
            "successor": successor.shape(look.time) if successor else None,
        }
        return self.with_diff(result, _lines_of(before), _lines_of(after), "AD FS configuration")


def _lines_of(certificates: list[FarmCertificate]) -> list[str]:
    return [item.line() for item in certificates]
