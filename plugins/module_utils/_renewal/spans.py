# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Maintenance windows and freezes as spans of time: when a planned act may happen, and when AD FS may promote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, PolicyError, Span
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time


def closed_until(policy: Policy, moment: datetime) -> datetime | None:
    """Return None where windows and freezes allow a planned act at ``moment``, else when that is to be asked again.

    A calendar that could not be read may hold a freeze at any time.
    """
    if policy.unread_calendars:
        return later(moment, policy.run_interval)
    frozen = [f.end for f in policy.freezes if f.start <= moment < f.end]
    if frozen:
        return max(frozen)
    if not policy.windows or any(w.start <= moment < w.end for w in policy.windows):
        return None
    coming = [w.start for w in policy.windows if w.start > moment]
    return min(coming) if coming else later(moment, policy.run_interval)


def free(policy: Policy, start: datetime, length: timedelta) -> bool:
    """Whether a change that AD FS makes anywhere in this span meets no freeze and, where windows are named, lies in one."""
    end = later(start, length)
    if policy.unread_calendars or any(f.start <= end and start < f.end for f in policy.freezes):
        return False
    return not policy.windows or any(w.start <= start and end <= w.end for w in policy.windows)


def what_closes(policy: Policy, moment: datetime) -> str:
    """Return which freeze applies, or which window opens next, as far as it has a name; empty text where there is none to tell of."""
    if policy.unread_calendars:
        return "a calendar that cannot be read counts as a freeze"
    frozen = [f for f in policy.freezes if f.start <= moment < f.end]
    if frozen:
        last = max(frozen, key=lambda f: f.end)
        return f"freeze '{last.name}' until {format_time(last.end)}" if last.name else ""
    coming = [w for w in policy.windows if w.start > moment]
    if not coming:
        return ""
    first = min(coming, key=lambda w: w.start)
    return f"window '{first.name}' opens at {format_time(first.start)}" if first.name else ""


def resolve(policy: Policy, given: Mapping[str, Any] | None) -> Policy:
    """Return the policy with the times that its recurrence rules and calendars make.

    ``given``: C(windows) and C(freezes), each with C(start), C(end) and C(name), and C(unread), a sentence for each calendar that could not be
    read. Raises PolicyError where a rule of the policy was not worked out: a freeze that is not known must not be overlooked.
    """
    if given is None:
        if any(span.repeats for span in (*policy.windows, *policy.freezes)):
            raise PolicyError("the times that a recurrence rule of renew_signing_cert_windows or renew_signing_cert_freezes makes are not known here")
        return policy
    return replace(
        policy,
        windows=(*policy.windows, *_read(given.get("windows"))),
        freezes=(*policy.freezes, *_read(given.get("freezes"))),
        unread_calendars=tuple(str(reason) for reason in given.get("unread") or ()),
    )


def _read(given: Any) -> tuple[Span, ...]:
    return tuple(Span(parse_time(item["start"]), parse_time(item["end"]), str(item["name"])) for item in given or ())


def first_free(policy: Policy, start: datetime, end: datetime, delay: timedelta, length: timedelta) -> datetime | None:
    """Return the first moment in [start, end) that is allowed itself and after which, ``delay`` later, the span of ``length`` is free."""
    for moment in sorted({start, *_corners(policy, delay)}):
        if start <= moment < end and closed_until(policy, moment) is None and free(policy, later(moment, delay), length):
            return moment
    return None


def _corners(policy: Policy, delay: timedelta) -> Iterator[datetime]:
    for moment in (*(w.start for w in policy.windows), *(f.end for f in policy.freezes)):
        yield moment
        yield later(moment, -delay)
