# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's virtual clock."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

UTC = timezone.utc  # datetime.UTC is younger than Python 3.10


class Clock:
    """Virtual time: runs at the pace of real time, from a start, with an offset that only grows.

    It is driven by the monotonic clock, so it never runs backwards, even when the machine's time is set.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._origin = time.monotonic()
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Return the virtual time, aware, in UTC."""
        with self._lock:
            return self._start + timedelta(seconds=time.monotonic() - self._origin) + self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move the clock forward and return the new time. Raises ValueError for a negative step."""
        if by < timedelta(0):
            raise ValueError("the lab's clock moves forward only")
        with self._lock:
            self._offset += by
        return self.now()

    def advance_to(self, moment: datetime) -> datetime:
        """Move the clock forward to a moment; a moment already past moves nothing."""
        return self.advance(max(moment - self.now(), timedelta(0)))
