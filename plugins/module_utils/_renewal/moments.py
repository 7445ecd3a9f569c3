# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Sums of times that saturate: thresholds and dates come from AD FS and from certificates, and none of them may end a run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

FIRST = datetime(1, 1, 2, tzinfo=timezone.utc)
LAST = datetime(9999, 12, 30, tzinfo=timezone.utc)
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
