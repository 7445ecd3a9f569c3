# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Reading Entra ID's audit log: who changed the federation of which domain, and when.

Sources: "directoryAudit resource type" and "List directoryAudits" of Microsoft Graph v1.0 (graph/api/resources/directoryaudit,
graph/api/directoryaudit-list); the names of the activities from "Monitor changes to federation configuration in your Microsoft Entra ID"
(entra/identity/hybrid/connect/how-to-connect-monitor-federation-changes). Everything in an entry may be null.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, TooLargeError
from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import AUDIT_LOG
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

LIST = "/auditLogs/directoryAudits"
ACTIVITIES = ("Set federation settings on domain", "Set domain authentication")
MOST_ENTRIES = 2000
"""Of one activity in one look; the rest is said to be missing."""
MOST_DAYS = 30
"""Entra ID keeps entries no longer, without a licence seven days."""
_MOST_NAMES = 200
_MOST_DETAILS = 50


@dataclass(frozen=True)
class Change:
    """One entry of the log. ``domain``: empty where the entry does not name one. ``requests``: what may be the id of the request that did it."""

    id: str
    at: datetime.datetime
    activity: str
    domain: str
    result: str
    user: str
    application: str
    application_id: str
    service_principal_id: str
    members: tuple[str, ...]
    requests: tuple[str, ...]

    @property
    def by(self) -> str:
        """Who did it, by the best name that there is."""
        return self.user or self.application or self.application_id or self.service_principal_id or "somebody whom the audit log does not name"


@dataclass(frozen=True)
class Found:
    """What was read: the changes in the order of time, how many entries could not be used, and why some were not read (empty: all were)."""

    changes: tuple[Change, ...]
    unusable: int = 0
    missing: str = ""


def read_changes(client: GraphClient, since: datetime.datetime, most: int = MOST_ENTRIES) -> Found:
    """Return the changes of federation settings from ``since`` on. ``most``: entries of each activity. Raises EntraError."""
    changes: dict[str, Change] = {}
    unusable = 0
    missing = []
    for activity in ACTIVITIES:
        read = 0
        try:
            for entry in _entries(client, activity, since):
                if read >= most:
                    missing.append(f"there are more than {most} entries '{activity}' since {format_time(since)}, of which the others were not read")
                    break
                read += 1
                change = change_of(entry, activity)
                if change is None:
                    unusable += 1
                else:
                    changes[change.id] = change
        except TooLargeError as exc:
            missing.append(str(exc))
    return Found(tuple(sorted(changes.values(), key=lambda change: (change.at, change.id))), unusable, "; ".join(missing))


def _entries(client: GraphClient, activity: str, since: datetime.datetime) -> t.Iterator[t.Any]:
    # One request for each activity: the documents promise eq and ge, and no "or" between them.
    wanted = f"activityDisplayName eq '{activity}' and activityDateTime ge {format_time(since)}"
    for page in client.each_page(f"{LIST}?$filter={quote(wanted)}", "reading the audit log", AUDIT_LOG):
        yield from page


def change_of(entry: t.Any, activity: str) -> Change | None:
    """Return what an entry says; None for one without an id or a time."""
    if not isinstance(entry, Mapping):
        return None
    identifier, moment = entry.get("id"), entry.get("activityDateTime")
    if not isinstance(identifier, str) or not identifier or not isinstance(moment, str):
        return None
    try:
        at = parse_time(moment)
    except ValueError:
        return None
    initiated = _mapping(entry.get("initiatedBy"))
    user, app = _mapping(initiated.get("user")), _mapping(initiated.get("app"))
    targets = [_mapping(target) for target in _list(entry.get("targetResources"))]
    names = [_text(target, "displayName").lower() for target in targets]
    members = {_text(_mapping(member), "displayName") for target in targets for member in _list(target.get("modifiedProperties"))}
    details = [_text(_mapping(detail), "value") for detail in _list(entry.get("additionalDetails"))]
    return Change(
        id=printable(identifier, _MOST_NAMES),
        at=at,
        activity=activity,
        domain=next((name for name in names if name), ""),
        result=_text(entry, "result").lower() or "unknown",
        user=_text(user, "userPrincipalName") or _text(user, "displayName") or _text(user, "id"),
        application=_text(app, "displayName"),
        application_id=_text(app, "appId").lower(),
        service_principal_id=_text(app, "servicePrincipalId").lower(),
        members=tuple(sorted(member for member in members if member)),
        requests=tuple(value.lower() for value in (_text(entry, "correlationId"), *details) if value),
    )


def _mapping(value: t.Any) -> Mapping[str, t.Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: t.Any) -> list[t.Any]:
    return value[:_MOST_DETAILS] if isinstance(value, list) else []


def _text(mapping: Mapping[str, t.Any], name: str) -> str:
    value = mapping.get(name)
    return printable(value, _MOST_NAMES).strip() if isinstance(value, str) else ""
