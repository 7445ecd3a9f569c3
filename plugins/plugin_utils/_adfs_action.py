# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the actions for AD FS share: options, look at the server, errors as one message, censored results."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.federation.adfs.plugins.module_utils._adfs import custom, events, partner_view, trusts
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import (
    PROPERTIES,
    FarmCertificate,
    Look,
    read_certificates,
    read_look,
    service_communications_keys,
)
from ansible_collections.federation.adfs.plugins.module_utils._adfs.journal import DEFAULT_PATH, MAX_BYTES
from ansible_collections.federation.adfs.plugins.module_utils._adfs.reply import REPLIES, farm_parts
from ansible_collections.federation.adfs.plugins.plugin_utils._powershell import TIME_LIMIT, run_script
from ansible_collections.federation.adfs.plugins.plugin_utils._public_roots import public_roots

display = Display()


class AdfsAction(ActionBase):  # type: ignore[misc]
    """Base of the actions. A subclass has ``SPEC`` and ``work``; ``work`` returns the result and raises AdfsError for the user."""

    _supports_async = False
    _supports_check_mode = True
    _requires_connection = True

    SPEC: t.ClassVar[dict[str, t.Any]] = {"time_limit": {"type": "int", "default": TIME_LIMIT}}

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Validate the options, do the work, and return the result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        self._variables = task_vars or {}
        self._acted = False
        self._time_limit = TIME_LIMIT
        self._task.args = given(self._task.args)
        validation, options = self.validate_argument_spec(argument_spec=self.SPEC)
        result["changed"] = False
        try:
            self._time_limit = _positive(options["time_limit"])
            result.update(self.work(options))
        except AdfsError as exc:
            result.update(changed=self._acted, failed=True, msg=str(exc), error_id=exc.id)
            if exc.primary_server:
                result["primary_server"] = exc.primary_server
        return t.cast("dict[str, t.Any]", remove_values(result, getattr(validation, "_no_log_values", set())))

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        """Do what the module is for and return its result."""
        raise NotImplementedError

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be changed."""
        return bool(self._task.check_mode)

    def look(self, parts: t.Iterable[str], journal_path: str = DEFAULT_PATH, events_since: int | None = None) -> Look:
        """Read these parts of the farm, and always host and sync, in one call. ``events_since``: seconds since 1970."""
        wanted = sorted({"host", "sync", *parts})
        request = {
            "parts": wanted,
            "properties": list(PROPERTIES),
            "journal_path": journal_path,
            "journal_limit": MAX_BYTES,
            "list_limit": trusts.LIST_LIMIT,
            "default_lifetime": trusts.DEFAULT_LIFETIME,
            "events_since": events_since,
            "event_ids": list(events.MEANINGS),
            "events_limit": events.LIMIT,
        }
        return read_look(run_script(self, self._variables, "read_farm", request, farm_parts(wanted), self._time_limit))

    def script(self, name: str, request: dict[str, t.Any]) -> t.Any:
        """Run a script other than read_farm and return the data of its reply."""
        return run_script(self, self._variables, name, request, REPLIES[name], self._time_limit)

    def act(self, name: str, certificate_type: str, **request: t.Any) -> list[FarmCertificate]:
        """Run an act on the certificates of one type and return those that AD FS lists afterwards."""
        reply = self.script(name, {"certificate_type": certificate_type, **request})
        self._acted = True
        return read_certificates(reply["certificates"], certificate_type)

    def check_key(self, look: Look, thumbprint: str, certificate_type: str, revocation: bool = True) -> tuple[dict[str, t.Any], list[dict[str, str]]]:
        """Return what this server says of a certificate in its store, and the checks of that."""
        request = {"store_location": "LocalMachine", "thumbprint": thumbprint, "revocation_mode": "Online" if revocation else "NoCheck"}
        facts = self.script("check_certificate", request)
        here = custom.of_facts(facts, certificate_type, look.time, service_communications_keys(look), revocation)
        return facts, [*here, *partner_view.of_facts(facts, certificate_type, public_roots())]

    def with_diff(self, result: dict[str, t.Any], before: list[str], after: list[str], header: str) -> dict[str, t.Any]:
        """Add a diff of two lists of lines where the user asked for one."""
        if self._task.diff and result.get("changed"):
            result["diff"] = {"before": _lines(before), "after": _lines(after), "before_header": header, "after_header": header}
        return result

    def warn(self, message: str) -> None:
        """Show a warning."""
        display.warning(message)


def given(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the options that are set. An unanswered question of a survey arrives as an empty text, an undefined value as null: neither sets anything."""
    found = {}
    for name, value in arguments.items():
        kept = [item for item in value if not _empty(item)] if isinstance(value, list) else value
        if not _empty(kept) and kept != []:
            found[name] = kept
    return found


def _positive(seconds: int) -> int:
    if seconds < 1:
        raise AdfsError(f"The option time_limit is {seconds}; it takes a number of seconds, 1 or more.", id="options")
    return seconds


def _empty(value: t.Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _lines(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)
