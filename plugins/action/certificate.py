# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings one certificate of AD FS into the wanted state."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import ROLLOVER_TYPES, FarmCertificate, Look
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, normalize_thumbprint
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction

NEEDED = ("certificate_in_store", "private_key_present", "private_key_readable")
"""Checks of a custom certificate without which AD FS does not run."""


class ActionModule(AdfsAction):
    """The module federation.adfs.certificate."""

    ACTS = True
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "certificate_type": {"type": "str", "choices": list(ROLLOVER_TYPES), "required": True},
        "thumbprint": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "primary": {"type": "bool"},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        kind: str = options["certificate_type"]
        try:
            thumbprint = normalize_thumbprint(options["thumbprint"])
        except CertificateError as exc:
            raise AdfsError(f"thumbprint: {exc}.", id="options") from exc
        absent = options["state"] == "absent"
        if absent and options["primary"]:
            raise AdfsError("The options state: absent and primary: true contradict each other.", "Take one of them away.", "options")
        look = self.look(["certificates", "properties"])
        look.require_primary()
        before = look.certificates(kind)
        target = next((item for item in before if item.thumbprint == thumbprint), None)
        acts = self._removal(kind, target) if absent else self._addition(kind, thumbprint, target, options["primary"], look)
        if not acts:
            return self._result(look, before, before)
        if self.automatic_rollover(look):
            raise AdfsError(
                f"Automatic certificate rollover is on, so AD FS looks after its {kind} certificates itself and refuses changes to them.",
                "Turn it off first with farm_properties (auto_certificate_rollover: false), and on again afterwards where it is wanted.",
                "rollover_on",
            )
        if "promote_certificate" in acts and (target is None or target.store_location == "LocalMachine"):
            self._must_be_usable(look, kind, thumbprint)
        if self.check_mode:
            return self._planned(look, kind, before, thumbprint, acts)
        after = before
        for act in acts:
            try:
                after = self.act(act, kind, after, look, thumbprint=thumbprint)
            except outcome.ActError as exc:
                if after is before:
                    raise
                self._found = {"certificates": [item.shape(look.time) for item in exc.certificates or after]}
                raise exc.after(f"{thumbprint} was added to AD FS, and then") from exc
        return self._result(look, before, after)

    @staticmethod
    def _removal(kind: str, target: FarmCertificate | None) -> list[str]:
        if target is None:
            return []
        if target.is_primary:
            raise AdfsError(
                f"{target.thumbprint} is the primary {kind} certificate, which is never removed.",
                "Make another one primary first (primary: true), when all partners know it.",
                "primary",
            )
        return ["remove_certificate"]

    @staticmethod
    def _addition(kind: str, thumbprint: str, target: FarmCertificate | None, primary: bool | None, look: Look) -> list[str]:
        if target is not None and target.is_primary:
            if primary is False:
                raise AdfsError(f"{thumbprint} is the primary {kind} certificate.", "Only making another one primary changes that.", "primary")
            return []
        if primary and target is not None and not target.certificate.not_before <= look.time < target.certificate.not_after:
            raise AdfsError(
                f"{thumbprint} cannot become primary: it is valid from {target.certificate.not_before:%Y-%m-%d} to {target.certificate.not_after:%Y-%m-%d}.",
                "Use a certificate that is valid now.",
                "not_valid",
            )
        return (["add_certificate"] if target is None else []) + (["promote_certificate"] if primary else [])

    def _must_be_usable(self, look: Look, kind: str, thumbprint: str) -> None:
        """Raise AdfsError where this server cannot use the key: AD FS would promote the certificate all the same, and stop."""
        _facts, checks = self.check_key(look, thumbprint, kind, revocation=False)
        wrong = [item for item in checks if item["name"] in NEEDED and item["result"] == "fail"]
        if wrong:
            raise AdfsError(
                f"{thumbprint} cannot become primary: with it, the AD FS service of this server would stop ({wrong[0]['name']}).",
                wrong[0]["advice"],
                "key_not_usable",
            )

    def _planned(self, look: Look, kind: str, before: list[FarmCertificate], thumbprint: str, acts: list[str]) -> dict[str, t.Any]:
        promoted = "promote_certificate" in acts
        lines = []
        if "add_certificate" in acts:
            lines.append(f"{kind} {'primary' if promoted else 'secondary'} {thumbprint} (from the store of this server)")
        for item in before:
            if item.thumbprint != thumbprint:
                lines.append(item.line().replace(" primary ", " secondary ", 1) if promoted else item.line())
            elif promoted:
                lines.append(item.line().replace(" secondary ", " primary ", 1))
        result = {"changed": True, "certificates": [item.shape(look.time) for item in before]}
        return self.with_diff(result, [item.line() for item in before], lines, "AD FS configuration")

    def _result(self, look: Look, before: list[FarmCertificate], after: list[FarmCertificate]) -> dict[str, t.Any]:
        result = {"changed": after is not before, "certificates": [item.shape(look.time) for item in after]}
        return self.with_diff(result, [item.line() for item in before], [item.line() for item in after], "AD FS configuration")
