# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What a Windows server reported, told to a person: what happened, and what to do next.

Errors are known by their identifiers and exception types, never by their texts, which come in the server's language.
"""

from __future__ import annotations

import re
import typing as t

_ACCESS_DENIED_HRESULT = -2147024891
_SHARING_VIOLATION_HRESULT = -2147024864
_ACCESS_DENIED_TYPES = frozenset(
    {
        "System.UnauthorizedAccessException",
        "System.Security.SecurityException",
        "System.ServiceModel.Security.SecurityAccessDeniedException",
        "System.ServiceModel.Security.SecurityNegotiationException",
    }
)


class AdfsError(Exception):
    """One clear message for the user.

    ``id`` is the server's own identifier of the error, or a word of ours in lower case. ``primary_server`` is the server to go to instead, if known.
    """

    def __init__(self, message: str, advice: str = "", id: str = "", primary_server: str | None = None) -> None:  # noqa: A002 - the name that users know
        super().__init__(" ".join(part for part in (message, advice) if part))
        self.message = message
        self.advice = advice
        self.id = id
        self.primary_server = primary_server


def one_line(text: str, limit: int = 500) -> str:
    """Return untrusted text fit for a message: one line, no control characters, not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[:limit] + " ..."


def without_source(text: str) -> str:
    """Return what PowerShell says without the lines that quote the script: those that begin with +, and the place before them."""
    kept: list[str] = []
    for line in text.splitlines():
        if not line.lstrip().startswith("+"):
            kept.append(line)
        elif kept and re.fullmatch(r".*:\d+ .*:\d+\s*", kept[-1]):
            kept.pop()
    return "\n".join(kept)


def from_record(error: t.Mapping[str, t.Any], script: str, primary_server: str | None = None) -> AdfsError:
    """Return the message for an error record in the form of the script's footer."""
    identifier = one_line(error["id"], 200)
    chain = error["exceptions"]
    types = {item["type"] for item in chain}
    said = _said(chain) or identifier or "no reason was given"
    what = one_line(error["activity"], 100) or f"the script {script}"

    if identifier == "PS0033":
        return secondary(primary_server or _server_in(said))
    if "System.ServiceModel.EndpointNotFoundException" in types:
        return AdfsError(
            "The AD FS service (adfssrv) of this server does not answer: it is stopped or still starting.",
            "Start it (Start-Service adfssrv); if it does not stay up, the event log 'AD FS/Admin' says why. Then run again.",
            "service_stopped",
        )
    if identifier == "Modules_ModuleNotFound":
        return AdfsError(
            "This host has no PowerShell module ADFS, so it is not an AD FS server.",
            "Run the task on an AD FS server, Windows Server 2016 or later.",
            identifier,
        )
    if identifier == "PS0159":
        return AdfsError(f"The behaviour level of this farm is too low: {said}", "Raise it (Invoke-AdfsFarmBehaviorLevelRaise), then run again.", identifier)
    if identifier == "PS0139":
        return AdfsError(
            "AD FS makes no new certificate while another one besides the primary is listed.",
            "Wait until AD FS has promoted or removed that one, or remove it with the module certificate (state: absent).",
            identifier,
        )
    if identifier in ("CommandNotFoundException", "NamedParameterNotFound"):
        return AdfsError(
            f"PowerShell on this server does not know what {what} needs: {said}", "Windows Server 2016 or later is needed on the AD FS servers.", identifier
        )
    if error["category"] == "OperationStopped" and error["id"] == error["full_id"]:
        return AdfsError(said, id="script_stopped")  # our script's own words
    denied = types & _ACCESS_DENIED_TYPES or any(item["hresult"] == _ACCESS_DENIED_HRESULT for item in chain)
    if denied or error["category"] in ("PermissionDenied", "SecurityError"):
        return AdfsError(
            f"Access denied at {what}: {said}",
            "The account of the connection must be a local administrator of this server, or be delegated AD FS administration. "
            "Where it is and a second machine is involved (SQL Server, Active Directory), set become: true with become_method: runas.",
            "access_denied",
        )
    if any(item["hresult"] == _SHARING_VIOLATION_HRESULT for item in chain):
        return AdfsError(f"A file is in use by another process: {said}", "Another run may be writing the journal just now; run again.", "in_use")
    failed = f"{what[:1].upper()}{what[1:]} failed: {said}"
    if any(name.startswith("System.ServiceModel.FaultException") for name in types):
        # The identifier of these is their text.
        return AdfsError(
            f"{failed} (script {script}).",
            "That came from the AD FS service, and the event log 'AD FS/Admin' of this server says why (farm_info with gather_subset: events reads it). "
            "Its events 329 and 331 are about the container in Active Directory that protects the keys of AD FS.",
            "service_fault",
        )
    # Of what was thrown as a text, the text is the identifier too: it is said once.
    named = "" if identifier == said or " " in identifier else f"identifier {identifier or 'none'}, "
    return AdfsError(f"{failed} ({named}script {script}).", id=identifier)


def restricted_language(text: str) -> tuple[str, str] | None:
    """Return message and advice for what PowerShell says where it allows only a part of its language, or None for any other text.

    The words are those of identifiers and of names of modes, which no language of the server changes.
    """
    if not re.search(r"ConstrainedLanguage|RestrictedLanguage|NoLanguage|InConstrainedLanguage|no-language mode|this language mode", text):
        return None
    advice = (
        "Ansible's modules for Windows need FullLanguage: connect to the usual endpoint instead of one of Just Enough Administration, and let application "
        "control (AppLocker, App Control for Business) allow the scripts of the connection's account. "
        "$ExecutionContext.SessionState.LanguageMode shows the mode."
    )
    return "PowerShell on this server allows this account only a part of its language (a language mode other than FullLanguage).", advice


def secondary(primary_server: str | None) -> AdfsError:
    """Return the message for a server that is not the primary one."""
    where = f"The primary is {primary_server}: run" if primary_server else "Find the primary with Get-AdfsSyncProperties and run"
    return AdfsError(
        "This server is a secondary of its AD FS farm, and AD FS can be managed on the primary server only.",
        f"{where} the task there (for the playbooks: put it, and only it, into the group adfs_primary).",
        "PS0033",
        primary_server,
    )


def _said(chain: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return what the cause says, or if it says nothing, what kind of error it is."""
    if not chain:
        return ""
    return one_line(without_source(chain[-1]["message"])) or one_line(chain[-1]["type"], 200)


def _server_in(said: str) -> str | None:
    # The wording is localized; a name with dots stands out in any language.
    names = re.findall(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", said)
    return names[0] if names else None
