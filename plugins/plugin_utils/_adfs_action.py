# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the actions for AD FS share: options, look at the server, errors as one message, censored results."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.federation.adfs.plugins.module_utils._adfs import custom, events, outcome, partner_view, trusts
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record, one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import (
    PROPERTIES,
    FarmCertificate,
    Look,
    read_certificates,
    read_look,
    service_communications_keys,
)
from ansible_collections.federation.adfs.plugins.module_utils._adfs.journal import DEFAULT_PATH, MAX_BYTES
from ansible_collections.federation.adfs.plugins.module_utils._adfs.script_reply import REPLIES, farm_parts
from ansible_collections.federation.adfs.plugins.plugin_utils._powershell import TIME_LIMIT, LostReplyError, connect_again, run_script
from ansible_collections.federation.adfs.plugins.plugin_utils._public_roots import public_roots

display = Display()

_SENTENCES = {
    "update_certificate": "Making a new {kind} certificate",
    "urgent_update": "Replacing the primary {kind} certificate",
    "add_certificate": "Adding the {kind} certificate {thumbprint}",
    "promote_certificate": "Making the {kind} certificate {thumbprint} the primary one",
    "remove_certificate": "Removing the {kind} certificate {thumbprint}",
}
"""The acts as the beginning of a sentence, by script and urgency."""


class AdfsAction(ActionBase):  # type: ignore[misc]
    """Base of the actions. A subclass has ``SPEC`` and ``work``; ``work`` returns the result and raises AdfsError for the user.

    ``ACTS`` says that the module changes something on the server; its result then has ``outcome``, also where it failed.
    """

    ACTS = False

    _supports_async = False
    _supports_check_mode = True
    _requires_connection = True

    SPEC: t.ClassVar[dict[str, t.Any]] = {"time_limit": {"type": "int", "default": TIME_LIMIT}}

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Validate the options, do the work, and return the result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        self._variables = task_vars or {}
        self._acted = False
        self._found: dict[str, t.Any] = {}
        self._time_limit = TIME_LIMIT
        self._task.args = given(self._task.args)
        validation, options = self.validate_argument_spec(argument_spec=self.SPEC)
        result["changed"] = False
        try:
            self._time_limit = _positive(options["time_limit"])
            result.update(self.work(options))
            found = outcome.DONE if self._acted else outcome.NOTHING
        except AdfsError as exc:
            result.update(failed=True, msg=str(exc), error_id=exc.id, **self._found)
            if exc.primary_server:
                result["primary_server"] = exc.primary_server
            found = self._outcome_of(exc)
            result["changed"] = found != outcome.NOTHING
        if self.ACTS:
            result["outcome"] = found
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

    def send(self, name: str, request: dict[str, t.Any]) -> tuple[dict[str, t.Any], outcome.Seen]:
        """Run an act. Return its reply, empty if it was lost, and what came back of it. Raises ActError where the act was not begun."""
        try:
            reply = t.cast("dict[str, t.Any]", self.script(name, request))
        except LostReplyError as exc:
            if not exc.ended:
                connect_again(self, self._time_limit)
            return {}, outcome.Seen(exc, lost=True, ended=exc.ended)
        except AdfsError as exc:
            raise outcome.refused(exc) from exc
        except AnsibleAuthenticationFailure:
            raise
        except AnsibleConnectionFailure as exc:
            connect_again(self, self._time_limit)
            return {}, outcome.Seen(AdfsError(f"The connection failed: {one_line(str(exc), 300)}.", id="connection"), lost=True, ended=False)
        return reply, outcome.Seen(from_record(reply["failure"], name) if reply["failure"] else None)

    def look_after(self, parts: t.Iterable[str], name: str, also: str = "") -> Look:
        """Read the farm again after a lost reply. Where the server is out of reach, say so, and that what the act did is not known."""
        try:
            return self.look(parts)
        except AnsibleConnectionFailure as exc:
            raise AnsibleConnectionFailure(
                f"{exc} The script {name} had been sent: whether it changed anything is not known. {also} {outcome.LOOK_AGAIN}".replace("  ", " ")
            ) from exc

    def act(self, name: str, certificate_type: str, before: list[FarmCertificate], look: Look, **request: t.Any) -> list[FarmCertificate]:
        """Run an act on the certificates of one type, and return those that AD FS lists afterwards, which differ by what was wanted only.

        Raises ActError otherwise: with what AD FS lists then, if it could be read, in the result.
        """
        reply, seen = self.send(name, {"certificate_type": certificate_type, **request})
        return self.judge_certificates(name, certificate_type, before, look, reply, seen, request)

    def judge_certificates(
        self,
        name: str,
        certificate_type: str,
        before: list[FarmCertificate],
        look: Look,
        reply: t.Mapping[str, t.Any],
        seen: outcome.Seen,
        request: t.Mapping[str, t.Any],
    ) -> list[FarmCertificate]:
        """Compare the certificates before and after an act, and return the latter. Raises ActError if that is not what was wanted."""
        after: list[FarmCertificate] = []
        try:
            if seen.lost:
                after = self.look_after(["certificates"], name).certificates(certificate_type)
            elif reply["certificates"]["ok"]:
                after = read_certificates(reply["certificates"]["value"], certificate_type)
            else:
                raise from_record(reply["certificates"]["error"], f"{name} (read back)")
        except AdfsError as exc:
            seen = replace(seen, unreadable=exc)
        else:
            self._found = {"certificates": [item.shape(look.time) for item in after]}
        kind = "urgent_update" if request.get("urgent") else name
        changed = not outcome.same(before, after)
        wrong = outcome.deviations(kind, before, after, request.get("thumbprint"), look.time)
        try:
            outcome.judge(_SENTENCES[kind].format(kind=certificate_type, **request), seen, changed, wrong)
        except outcome.ActError as exc:
            exc.certificates = after
            raise
        self._acted = True
        self._found = {}
        return after

    def _outcome_of(self, exc: AdfsError) -> str:
        found = exc.outcome if isinstance(exc, outcome.ActError) else outcome.NOTHING
        if not self._acted:
            return found
        return {outcome.NOTHING: outcome.PARTLY}.get(found, found) if isinstance(exc, outcome.ActError) else outcome.DONE

    @staticmethod
    def automatic_rollover(look: Look) -> bool:
        """Return whether automatic certificate rollover is on. Raises AdfsError where AD FS did not say."""
        found = look.value("properties").get("AutoCertificateRollover")
        if not isinstance(found, bool):
            raise AdfsError(
                "AD FS did not say whether automatic certificate rollover is on, so nothing that depends on it is done.",
                "See (Get-AdfsProperties).AutoCertificateRollover on this server.",
                "rollover_unknown",
            )
        return found

    def check_key(self, look: Look, thumbprint: str, certificate_type: str, revocation: bool = True) -> tuple[dict[str, t.Any], list[dict[str, str]]]:
        """Return what this server says of a certificate in its store, and the checks of that."""
        request = {"store_location": "LocalMachine", "thumbprint": thumbprint, "revocation_mode": "Online" if revocation else "NoCheck"}
        facts = self.script("check_certificate", request)
        return facts, self.checks_of(facts, look, certificate_type, revocation)

    @staticmethod
    def checks_of(facts: t.Mapping[str, t.Any], look: Look, certificate_type: str, revocation: bool) -> list[dict[str, str]]:
        """Return the checks of what a server says of a certificate in its store."""
        here = custom.of_facts(facts, certificate_type, look.time, service_communications_keys(look), revocation)
        return [*here, *partner_view.of_facts(facts, certificate_type, public_roots())]

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
