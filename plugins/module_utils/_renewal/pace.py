# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""How often runs come: the reach, which is how far off the next scan may be. It is measured, because schedules are seldom what they are said to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import CLOCK_TOLERANCE, KEPT_SCANS, Scans

LONGEST_REACH = timedelta(days=45)
UNKNOWN_REACH = timedelta(days=10)
"""Counted where a step had to be left undone and no distance between scans is known yet: a job that runs every ten days needs no setting."""
_MOST_DISTANCES = KEPT_SCANS - 1
_COUNTED = 0.75


def always_counted(generation: timedelta) -> timedelta:
    """How long before the end of a certificate every scan counts for its renewal, whatever ``renew_before`` says: ten days before AD FS makes the next one."""
    return generation + timedelta(days=10)


def distances(scans: Scans | None, certificate: str, run_interval: timedelta) -> tuple[timedelta, ...]:
    """The last distances between counted scans of the renewal that replaces ``certificate``, oldest first.

    Those below three quarters of ``run_interval`` are runs by hand between two scheduled ones, and say nothing.
    """
    if scans is None or scans.certificate != certificate:
        return ()
    found = (later - earlier for earlier, later in zip(scans.at, scans.at[1:], strict=False))
    return tuple(d for d in found if d >= _COUNTED * run_interval)[-_MOST_DISTANCES:]


def reach(scans: Scans | None, certificate: str, run_interval: timedelta) -> timedelta:
    """How far off the next scan may be: the longest of the last distances, but at most three times the second longest; at least ``run_interval``."""
    found = sorted(distances(scans, certificate, run_interval))
    longest = found[-1] if found else timedelta(0)
    if len(found) > 1:
        longest = min(longest, 3 * found[-2])
    return max(run_interval, min(longest, LONGEST_REACH))


def note(scans: Scans | None, certificate: str, run_interval: timedelta, now: datetime, kept_from: datetime | None) -> Scans:
    """Return the counted scans with this one. A scan well before the last one begins anew: a clock was wrong. A run soon after the last one is left out.

    ``kept_from``: from when on scans of the renewal before count for this one, too; None where none do.
    """
    at = () if scans is None else scans.at
    if scans is not None and scans.certificate != certificate:
        at = tuple(t for t in at if kept_from is not None and t >= kept_from)
    if not at or now < at[-1] - 2 * CLOCK_TOLERANCE:
        return Scans(certificate, (now,))
    if now - at[-1] < _COUNTED * run_interval:
        return Scans(certificate, at)
    return Scans(certificate, (*at, now)[-KEPT_SCANS:])
