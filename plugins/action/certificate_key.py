# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks key and chain of one certificate on one server, and lets the service account read the key if that was asked for."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.federation.adfs.plugins.module_utils._adfs import custom, outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import ROLLOVER_TYPES, TOKEN_SIGNING, Look
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, describe, normalize_thumbprint
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction


class ActionModule(AdfsAction):
    """The module federation.adfs.certificate_key."""

    ACTS = True
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "thumbprint": {"type": "str", "required": True},
        "certificate_type": {"type": "str", "choices": list(ROLLOVER_TYPES), "default": TOKEN_SIGNING},
        "revocation": {"type": "bool", "default": True},
        "grant_read": {"type": "bool", "default": False},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            thumbprint = normalize_thumbprint(options["thumbprint"])
        except CertificateError as exc:
            raise AdfsError(f"thumbprint: {exc}.", id="options") from exc
        kind, revocation = options["certificate_type"], options["revocation"]
        look = self.look(["certificates"])
        facts, before = self.check_key(look, thumbprint, kind, revocation)
        after = before
        changed = options["grant_read"] and custom.missing_read(before) and self._grantable(facts, thumbprint)
        if changed and not self.check_mode:
            facts = self._grant(facts, thumbprint, kind, revocation, look)
            after = self.checks_of(facts, look, kind, revocation)
        certificate = describe(custom.read(facts), look.time) if facts["certificate"] else None
        result = {"changed": changed, "server": look.server, "certificate": certificate, "checks": after}
        right = f"{thumbprint} on {look.server}: the service account of AD FS may "
        return self.with_diff(result, [f"{right}not read the private key"], [f"{right}read the private key"], "private key")

    def _grant(self, facts: dict[str, t.Any], thumbprint: str, kind: str, revocation: bool, look: Look) -> dict[str, t.Any]:
        """Let the service account read the key, and return the facts as they are then: the script of the act reads back who may read the key.

        Raises ActError where the account may not read it afterwards, or where that could not be seen.
        """
        reply, seen = self.send("grant_read", {"store_location": "LocalMachine", "thumbprint": thumbprint})
        account, readers = facts["service_account"]["value"]["sid"], None
        now = facts
        try:
            if seen.lost:
                now = self._facts_after(look, thumbprint, kind, revocation)
            else:
                now = {**facts, "service_account": {"ok": True, "value": reply["service_account"]}, "readers": reply["readers"]}
                account = reply["service_account"]["sid"]
            readers = now["readers"]
            if readers is None or not readers["ok"]:
                raise from_record(readers["error"], "grant_read (read back)") if readers else AdfsError("The key has no file any more.", id="no_key_file")
        except AdfsError as exc:
            seen = replace(seen, unreadable=exc)
        found = readers["value"] if readers and readers["ok"] else []
        before = facts["readers"]["value"] if facts["readers"] and facts["readers"]["ok"] else []
        # An entry that denies access comes before all that allow it: a right that was granted may show no effect.
        wrong = [] if custom.may_read(found, account) else ["the service account still may not read the key; look for an entry of the key file that denies it"]
        outcome.judge(f"Letting the service account of AD FS read the private key of {thumbprint}", seen, found != before, wrong)
        self._acted = True
        return now

    def _facts_after(self, look: Look, thumbprint: str, kind: str, revocation: bool) -> dict[str, t.Any]:
        try:
            return self.check_key(look, thumbprint, kind, revocation)[0]
        except AnsibleConnectionFailure as exc:
            raise AnsibleConnectionFailure(f"{exc} Whether the right to read the private key was granted is not known. {outcome.LOOK_AGAIN}") from exc

    @staticmethod
    def _grantable(facts: t.Mapping[str, t.Any], thumbprint: str) -> bool:
        """Raise AdfsError where there is nothing that a right could be granted on."""
        key = facts["key"]
        if facts["certificate"] is None:
            raise AdfsError(
                f"The certificate {thumbprint} is not in LocalMachine\\My of this server, so no right to its key can be granted.",
                "Import it with its private key first (ansible.windows.win_certificate_store).",
                "not_in_store",
            )
        if not key["ok"] or not facts["service_account"]["ok"] or key["value"]["file"] is None:
            raise AdfsError(
                f"The right to read the private key of {thumbprint} cannot be granted here: "
                + ("the service account of AD FS is not known." if key["ok"] and not facts["service_account"]["ok"] else "no file of the key was found."),
                "See the checks of this module without grant_read.",
                "no_key_file",
            )
        return True
