# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Maintenance windows and freezes as spans of time: when a planned act may happen, and when AD FS may promote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy


def closed_until(policy: Policy, moment: datetime) -> datetime | None:
    """Return None where windows and freezes allow a planned act at ``moment``, else when that is to be asked again."""
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
    if any(f.start <= end and start < f.end for f in policy.freezes):
        return False
    return not policy.windows or any(w.start <= start and end <= w.end for w in policy.windows)


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
