# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Reading Entra ID's sign-in log: how many sign-ins of which domain came to what, between two times.

Source: "List signIns" of Microsoft Graph v1.0 (graph/api/signin-list): the newest come first, a page has at most a thousand, and only $filter,
$top and $skiptoken are taken. By that text the log holds interactive sign-ins and *successful* federated ones, so that a log without failures
proves nothing.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, TooLargeError
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import SIGN_IN_LOG
from ansible_collections.federation.adfs.plugins.module_utils._entra.sign_in_codes import CERTIFICATE_CODES, meaning
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

LIST = "/auditLogs/signIns"
DEFAULT_ENTRIES = 10_000
MOST_ENTRIES = 50_000
MOST_DAYS = 30
"""Entra ID keeps sign-ins no longer."""
_MOST_NAMES = 200
ERRORS = ("certificate", "failed", "all")
_FILTERS = {"certificate": " or ".join(f"status/errorCode eq {number}" for number in CERTIFICATE_CODES), "failed": "status/errorCode ne 0", "all": ""}


@dataclass(frozen=True)
class Span:
    """What is asked for: sign-ins from ``since`` until ``until``, of the kind ``errors``, and at most ``most`` of them, the newest."""

    since: datetime.datetime
    until: datetime.datetime
    errors: str = "certificate"
    most: int = DEFAULT_ENTRIES


def span(since: str | None, until: str | None, errors: str | None, most: t.Any, now: datetime.datetime, days: t.Any = None) -> Span:
    """Read what was given as text. What is not given is the day (or ``days``) up to ``now``, certificate errors, and ten thousand entries.

    Raises OptionsError.
    """
    end = _moment("until", until) or now
    begin = _moment("since", since) or end - datetime.timedelta(days=_whole("days", days, 1, MOST_DAYS))
    if not begin < end:
        raise OptionsError(f"since ({format_time(begin)}) must be before until ({format_time(end)}).")
    if errors not in (None, "", *ERRORS):
        raise OptionsError(f"errors must be one of {', '.join(ERRORS)}.")
    return Span(begin, end, errors or ERRORS[0], _whole("limit", most, DEFAULT_ENTRIES, MOST_ENTRIES))


def _whole(option: str, value: t.Any, default: int, most: int) -> int:
    text = str(default if value in (None, "") else value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise OptionsError(f"{option} must be a whole number from 1 to {most}.")
    return int(text)


def _moment(option: str, text: str | None) -> datetime.datetime | None:
    if text is None or not str(text).strip():
        return None
    try:
        # YAML makes a time of one without quotes, and Ansible a text of that, with a blank in the place of the T.
        return parse_time(str(text).strip().replace(" ", "T", 1))
    except ValueError as exc:
        raise OptionsError(f"{option}: {exc}.") from exc


@dataclass
class _Group:
    application: str
    times: list[datetime.datetime] = field(default_factory=list)


def read_sign_ins(client: GraphClient, span: Span, domains: Collection[str] | None = None, with_times: bool = False) -> dict[str, t.Any]:
    """Return what the log holds, as RV(tenant) of entra_sign_in_info without the tenant. Raises EntraError.

    ``domains``: count the users of these only, and those without a name. ``with_times``: when each sign-in was, besides.
    """
    newest = _newest(client)
    groups: dict[tuple[str | None, str, int], _Group] = {}
    read = unusable = 0
    oldest, cut = span.since, False
    try:
        for entry in _entries(client, span):
            if read >= span.most:
                cut = True
                break
            read += 1
            found = _sign_in(entry)
            if found is None:
                unusable += 1
                continue
            at, domain, application_id, application, code = found
            oldest = at
            if span.since <= at <= span.until and (domains is None or domain is None or domain in domains):
                groups.setdefault((domain, application_id, code), _Group(application)).times.append(at)
    except TooLargeError:
        cut = True
        if not read:
            raise
    since = max(oldest, span.since) if cut else span.since
    reason = f"only the newest {read} sign-ins were read, back to {format_time(since)}; ask for a shorter time, or for more entries" if cut else None
    return {
        "status": "partial" if cut else "read",
        "reason": reason,
        "since": format_time(since),
        "until": format_time(span.until),
        "newest": format_time(newest) if newest else None,
        "unusable": unusable,
        "sign_ins": [_shape(key, group, with_times) for key, group in sorted(groups.items(), key=lambda item: (item[0][0] or "", *item[0][1:]))],
    }


def _entries(client: GraphClient, span: Span) -> Iterator[t.Any]:
    for page in client.each_page(f"{LIST}?$filter={quote(_filter(span))}", "reading the sign-in log", SIGN_IN_LOG):
        yield from page


def _newest(client: GraphClient) -> datetime.datetime | None:
    """When the newest sign-in was that the log shows, of whatever kind; None where it shows none at all."""
    page = next(client.each_page(f"{LIST}?$top=1", "reading the newest sign-in of the sign-in log", SIGN_IN_LOG))
    found = _sign_in(page[0]) if page else None
    return found[0] if found else None


def _filter(span: Span) -> str:
    bounds = f"createdDateTime ge {format_time(span.since)} and createdDateTime le {format_time(span.until)}"
    return f"{bounds} and ({_FILTERS[span.errors]})" if _FILTERS[span.errors] else bounds


def _sign_in(entry: t.Any) -> tuple[datetime.datetime, str | None, str, str, int] | None:
    """Return time, domain, application and error code of an entry; None for one that does not say when it was or what came of it."""
    if not isinstance(entry, Mapping):
        return None
    status, created = entry.get("status"), entry.get("createdDateTime")
    code = status.get("errorCode") if isinstance(status, Mapping) else None
    if not isinstance(code, int) or isinstance(code, bool) or not isinstance(created, str):
        return None
    try:
        at = parse_time(created)
    except ValueError:
        return None
    user = entry.get("userPrincipalName")
    # A user who is not known has no name, or their ID in its place.
    domain = printable(user.rpartition("@")[2].lower(), _MOST_NAMES) if isinstance(user, str) and "@" in user else None
    application_id, application = (printable(str(entry.get(name) or ""), _MOST_NAMES) for name in ("appId", "appDisplayName"))
    return at, domain or None, application_id, application, code


def _shape(key: tuple[str | None, str, int], group: _Group, with_times: bool) -> dict[str, t.Any]:
    domain, application_id, code = key
    shape: dict[str, t.Any] = {
        "domain": domain,
        "application_id": application_id,
        "application": group.application,
        "error_code": code,
        "meaning": meaning(code),
        "count": len(group.times),
        "first": format_time(min(group.times)),
        "last": format_time(max(group.times)),
    }
    if with_times:
        shape["times"] = [format_time(at) for at in sorted(group.times)]
    return shape
