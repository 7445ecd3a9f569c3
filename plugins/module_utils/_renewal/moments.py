# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Sums of times that saturate: thresholds and dates come from AD FS and from certificates, and none of them may end a run."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

FIRST = datetime(1, 1, 2, tzinfo=timezone.utc)
LAST = datetime(9999, 12, 30, tzinfo=timezone.utc)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
LONGEST = timedelta(days=36525)
"""A century. No threshold, lifetime or interval that means anything is longer."""


def later(moment: datetime, *spans: timedelta) -> datetime:
    """Return ``moment`` plus the spans (negative ones too), at the ends of the calendar the end itself."""
    for span in spans:
        try:
            moment = moment + span
        except OverflowError:
            moment = LAST if span > timedelta(0) else FIRST
    return min(max(moment, FIRST), LAST)


def earlier(moment: datetime, *spans: timedelta) -> datetime:
    """Return ``moment`` minus the spans, at the ends of the calendar the end itself."""
    return later(moment, *(-span for span in spans))


def bounded(amount: float, unit: timedelta) -> timedelta:
    """Return ``amount`` times ``unit``, at least nothing and at most a century."""
    if amount <= 0 or unit <= timedelta(0):
        return timedelta(0)
    return LONGEST if amount >= LONGEST / unit else amount * unit


def day_or_time(text: str) -> datetime:
    """Read a day, such as ``2026-11-01`` (its beginning in UTC), or a time in ISO 8601. Raises ValueError."""
    return parse_time(f"{text.strip()}T00:00:00Z" if _DAY.fullmatch(text.strip()) else text)
