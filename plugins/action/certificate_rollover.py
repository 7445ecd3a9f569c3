# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes sure that a successor of the primary certificate exists."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import ROLLOVER_TYPES, TOKEN_SIGNING, FarmCertificate, Look, primary_of, successor_of
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, normalize_thumbprint
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction


class ActionModule(AdfsAction):
    """The module federation.adfs.certificate_rollover."""

    ACTS = True
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "certificate_type": {"type": "str", "choices": list(ROLLOVER_TYPES), "default": TOKEN_SIGNING},
        "urgent": {"type": "bool", "default": False},
        "confirm_urgent": {"type": "str"},
        "keep_rollover_off": {"type": "bool", "default": False},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        kind: str = options["certificate_type"]
        if options["confirm_urgent"] and not options["urgent"]:
            raise AdfsError("The option confirm_urgent is set without urgent: true.", "Take it away, or set urgent too.", "options")
        keep_off: bool = options["keep_rollover_off"]
        if keep_off and options["urgent"]:
            raise AdfsError("The options urgent and keep_rollover_off exclude each other.", "Take one of them away.", "options")
        look = self.look(["certificates", "properties"])
        look.require_primary()
        before = look.certificates(kind)
        primary = primary_of(before, kind)
        if options["urgent"]:
            return self._urgent(look, kind, before, primary, options["confirm_urgent"])
        if keep_off:
            self._need_rollover_off(look)
        successor = successor_of(before, kind, look.time)
        if successor:
            return self._result(look, kind, before, before, False)
        if not keep_off:
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
        return self._update(look, kind, before, keep_off)

    def _update(self, look: Look, kind: str, before: list[FarmCertificate], keep_off: bool) -> dict[str, t.Any]:
        request = {"urgent": False, "keep_rollover_off": keep_off}
        reply, seen = self.send("update_certificate", {"certificate_type": kind, **request})
        left_on = self._switch_off(look, reply, seen) if keep_off else None
        try:
            after = self.judge_certificates("update_certificate", kind, before, look, reply, seen, request)
        except outcome.ActError as exc:
            if left_on:
                found = left_on.outcome if exc.outcome == outcome.NOTHING else exc.outcome
                raise outcome.ActError(f"{exc.message} {left_on.message}", left_on.advice, left_on.id, found) from exc
            # AD FS' own clock, or an administrator, may have been faster.
            if exc.id != "PS0139" or exc.outcome != outcome.DONE:
                raise
            self._found = {}
            self._acted = keep_off
            return self._result(look, kind, before if keep_off else exc.certificates, exc.certificates, keep_off)
        if left_on:
            self._found = {"certificates": [item.shape(look.time) for item in after]}
            raise left_on
        return self._result(look, kind, before, after, True)

    def _switch_off(self, look: Look, reply: t.Mapping[str, t.Any], seen: outcome.Seen) -> outcome.ActError | None:
        """Make sure that automatic rollover, on for the length of the request, is off again. Return what is to be said if it is not, or not surely."""
        if not seen.lost and reply["auto_certificate_rollover"] and reply["auto_certificate_rollover"].get("value") is False:
            return None
        told = f" {from_record(reply['left_on'], 'update_certificate').message}" if reply.get("left_on") else ""
        try:
            # A reply that was lost says nothing of its end; switching off once more does no harm.
            self.send("set_properties", {"properties": {"AutoCertificateRollover": False}})
            found = (
                self.look_after(["properties"], "update_certificate", "Automatic rollover may still be on.").value("properties").get("AutoCertificateRollover")
            )
        except AdfsError as exc:
            found, told = None, f"{told} {exc.message}"
        if found is False:
            return None
        state = "is still on" if found is True else "may still be on: AD FS did not say"
        return outcome.ActError(
            f"Automatic certificate rollover was switched on for this request, and {state}.{told}",
            "Switch it off with farm_properties (auto_certificate_rollover: false); until then AD FS promotes the new certificate by its own clock.",
            "rollover_left_on",
            outcome.PARTLY if found is True else outcome.UNKNOWN,
        )

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
        after = self.act("update_certificate", kind, before, look, urgent=True, keep_rollover_off=False)
        return self._result(look, kind, before, after, True)

    def _need_automatic_rollover(self, look: Look) -> None:
        if not self.automatic_rollover(look):
            raise AdfsError(
                "Automatic certificate rollover is off in this farm, and AD FS makes certificates only while it is on.",
                "Set keep_rollover_off: true to have it on for the length of the request only, or turn it on with farm_properties "
                "(auto_certificate_rollover: true); a certificate of your own is added with the module certificate.",
                "rollover_off",
            )

    def _need_rollover_off(self, look: Look) -> None:
        if self.automatic_rollover(look):
            raise AdfsError(
                "Automatic certificate rollover is on in this farm, so keep_rollover_off is refused: it would switch off what it did not switch on.",
                "Leave keep_rollover_off out, or turn rollover off first with farm_properties (auto_certificate_rollover: false).",
                "rollover_on",
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
