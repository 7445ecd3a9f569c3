# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's audit log, as far as the federation of domains goes: who changed what, as Graph shows it some time later."""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SET_FEDERATION = "Set federation settings on domain"
_KEPT = 5_000
_RETENTION = timedelta(days=30)
_NAMESPACE = uuid.UUID("6f0c7d0e-52f4-4b1c-8d34-0f6a5d1f7c11")


@dataclass(frozen=True)
class Initiator:
    """Who changed something: a user, by name, or an app."""

    user: str = ""
    application: str = ""
    client_id: str = ""
    service_principal_id: str = ""


ADMINISTRATOR = Initiator(user="admin@contoso.onmicrosoft.com")
UPDATER = Initiator(application="Federation certificate updater of the lab")
"""What Entra's log says of its own updater is not documented."""


@dataclass(frozen=True)
class Audited:
    """One change. ``members``: names of what was changed. ``request``: the id of the request that did it, empty if there was none."""

    number: int
    at: datetime
    domain: str
    initiator: Initiator
    members: tuple[str, ...] = ()
    request: str = ""
    result: str = "success"
    activity: str = SET_FEDERATION


class FilterError(ValueError):
    """A $filter that the lab does not know."""


class AuditLog:
    """Changes in the order of time. It keeps the newest ones only, and those of thirty days."""

    def __init__(self) -> None:
        self._entries: deque[Audited] = deque(maxlen=_KEPT)
        self._number = 0

    def add(
        self,
        at: datetime,
        domain: str,
        initiator: Initiator,
        members: Iterable[str] = (),
        request: str = "",
        result: str = "success",
        activity: str = SET_FEDERATION,
    ) -> None:
        """Note a change."""
        self._number += 1
        self._entries.append(Audited(self._number, at, domain, initiator, tuple(members), request, result, activity))

    def shown(self, now: datetime, lag: timedelta) -> list[Audited]:
        """Return what Graph shows now, the newest first."""
        return [entry for entry in reversed(self._entries) if now - _RETENTION <= entry.at <= now - lag]


def to_graph(entry: Audited, shows_client_id: bool, correlates: bool) -> dict[str, Any]:
    """Return one entry as Graph shows it. ``shows_client_id``: of an app, which is often null. ``correlates``: the correlation id is the request's."""
    by = entry.initiator
    user = {"id": str(uuid.uuid5(_NAMESPACE, by.user)), "displayName": None, "userPrincipalName": by.user, "ipAddress": "203.0.113.7"}
    app = {
        "appId": (by.client_id or None) if shows_client_id else None,
        "displayName": by.application or None,
        "servicePrincipalId": by.service_principal_id or None,
        "servicePrincipalName": None,
    }
    return {
        "id": f"Directory_{uuid.uuid5(_NAMESPACE, f'audit {entry.number}')}_{entry.number}",
        "category": "DirectoryManagement",
        "correlationId": entry.request if correlates and entry.request else str(uuid.uuid5(_NAMESPACE, f"audited request {entry.number}")),
        "result": entry.result,
        "resultReason": "",
        "activityDisplayName": entry.activity,
        "activityDateTime": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z",
        "loggedByService": "Core Directory",
        "operationType": "Update",
        "initiatedBy": {"user": user if by.user else None, "app": None if by.user else app},
        "targetResources": [
            {
                "id": None,
                "displayName": entry.domain,
                "type": "Other",
                "userPrincipalName": None,
                "groupType": None,
                "modifiedProperties": [{"displayName": name, "oldValue": None, "newValue": None} for name in entry.members],
            }
        ],
        "additionalDetails": [],
    }


_TIME = re.compile(r"activityDateTime (ge|le|eq) (\S+)")
_ACTIVITY = re.compile(r"activityDisplayName eq '([^']*)'")


def filtered(entries: Iterable[Audited], text: str | None) -> list[Audited]:
    """Return the entries that a $filter lets through: what Graph's documents name, joined by ``and``. Raises FilterError."""
    found = list(entries)
    for part in (text or "").split(" and ") if text else []:
        found = [entry for entry in found if _passes(entry, part.strip())]
    return found


def _passes(entry: Audited, part: str) -> bool:
    time, activity = _TIME.fullmatch(part), _ACTIVITY.fullmatch(part)
    if time:
        bound = datetime.fromisoformat(time[2].replace("Z", "+00:00"))
        return {"ge": entry.at >= bound, "le": entry.at <= bound, "eq": entry.at == bound}[time[1]]
    if activity:
        return entry.activity == activity[1]
    raise FilterError(f"Invalid filter clause: {part}")
