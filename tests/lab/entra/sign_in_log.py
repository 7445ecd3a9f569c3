# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's sign-in log: what the oracle's sign-ins came to, as Graph shows it some time later."""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_KEPT = 20_000
_RETENTION = timedelta(days=30)
_NAMESPACE = uuid.UUID("6f0c7d0e-52f4-4b1c-8d34-0f6a5d1f7c11")
# The server that gave the token decides the application, so that there is more than one.
APPLICATIONS = (
    ("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"),
    ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams"),
)
WRONG_SIGNER = {"wsFed": 50008, "saml": 500081}
"""AADSTS numbers of a token that no certificate of the domain verifies, by protocol."""


@dataclass(frozen=True)
class SignIn:
    """One sign-in: ``error_code`` 0 is success."""

    number: int
    at: datetime
    domain: str
    error_code: int
    application: int = 0


class FilterError(ValueError):
    """A $filter that the lab does not know."""


class SignInLog:
    """Sign-ins in the order of time. It keeps the newest ones only, and those of thirty days."""

    def __init__(self) -> None:
        self._entries: deque[SignIn] = deque(maxlen=_KEPT)
        self._number = 0

    def add(self, at: datetime, domain: str, error_code: int = 0, application: int = 0) -> None:
        """Note a sign-in."""
        self._number += 1
        self._entries.append(SignIn(self._number, at, domain, error_code, application % len(APPLICATIONS)))

    def shown(self, now: datetime, lag: timedelta, failures: bool) -> list[SignIn]:
        """Return what Graph shows now, the newest first. ``failures``: whether failed sign-ins are in the log at all."""
        return [e for e in reversed(self._entries) if now - _RETENTION <= e.at <= now - lag and (failures or not e.error_code)]


def to_graph(entry: SignIn, names_failed_users: bool) -> dict[str, Any]:
    """Return one entry as Graph shows it. ``names_failed_users``: whether the user of a failed sign-in is known, whose token could not be believed."""
    application_id, application = APPLICATIONS[entry.application]
    named = not entry.error_code or names_failed_users
    return {
        "id": str(uuid.uuid5(_NAMESPACE, str(entry.number))),
        "createdDateTime": entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "userDisplayName": "User" if named else "",
        "userPrincipalName": f"user@{entry.domain}" if named else "",
        "userId": str(uuid.uuid5(_NAMESPACE, entry.domain)) if named else "00000000-0000-0000-0000-000000000000",
        "appId": application_id,
        "appDisplayName": application,
        "ipAddress": "203.0.113.7",
        "clientAppUsed": "Browser",
        "correlationId": str(uuid.uuid5(_NAMESPACE, f"correlation {entry.number}")),
        "conditionalAccessStatus": "notApplied",
        "isInteractive": True,
        "resourceDisplayName": application,
        "status": {
            "errorCode": entry.error_code,
            "failureReason": "Unable to verify token signature." if entry.error_code else "Other.",
            "additionalDetails": None,
        },
    }


_TIME = re.compile(r"createdDateTime (ge|gt|le|lt) (\S+)")
_CODE = re.compile(r"status/errorCode (eq|ne) (\d+)")


def filtered(entries: Iterable[SignIn], text: str | None) -> list[SignIn]:
    """Return the entries that a $filter lets through: bounds of time and one group of error codes, joined by ``and``. Raises FilterError."""
    found = list(entries)
    for part in (text or "").split(" and ") if text else []:
        found = [entry for entry in found if _passes(entry, part.strip())]
    return found


def _passes(entry: SignIn, part: str) -> bool:
    time = _TIME.fullmatch(part)
    if time:
        word, bound = time[1], datetime.fromisoformat(time[2].replace("Z", "+00:00"))
        return {"ge": entry.at >= bound, "gt": entry.at > bound, "le": entry.at <= bound, "lt": entry.at < bound}[word]
    codes = [_CODE.fullmatch(code.strip()) for code in part.removeprefix("(").removesuffix(")").split(" or ")]
    if not all(codes):
        raise FilterError(f"Invalid filter clause: {part}")
    return any((entry.error_code == int(code[2])) == (code[1] == "eq") for code in codes if code)
