# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of everything that reached the lab's sockets."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any


class RequestLog:
    """Thread-safe list of requests with counters per operation.

    Callers never pass secrets, tokens or passwords. Counters are kept apart from the entries, so that reading the one never
    depends on the other.
    """

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._entries: list[dict[str, Any]] = []
        self._counters: Counter[str] = Counter()
        self._traffic: Counter[str] = Counter()
        self._number = 0

    def record(self, surface: str, operation: str, write: bool, **detail: Any) -> None:
        """Add one request: where it arrived, what it asked for, whether it changes (or would change) anything, and details fit for JSON."""
        with self._lock:
            self._number += 1
            entry: dict[str, Any] = {"number": self._number, "surface": surface, "operation": operation, "write": write}
            if self._now is not None:
                entry["time"] = self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
            entry.update({key: value for key, value in detail.items() if key not in entry})
            self._entries.append(entry)
            self._counters[f"{surface}.{operation}"] += 1

    def entries(self) -> list[dict[str, Any]]:
        """Return copies of all entries, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def counters(self) -> dict[str, int]:
        """Return how often each ``surface.operation`` was recorded."""
        with self._lock:
            return dict(sorted(self._counters.items()))

    def carried(self, surface: str, count: int) -> None:
        """Count the bytes of a request's body and of its answer's; headers and TLS are not in it."""
        with self._lock:
            self._traffic[surface] += count

    def traffic(self) -> dict[str, int]:
        """Return the bytes of all bodies, by surface."""
        with self._lock:
            return dict(sorted(self._traffic.items()))

    def clear(self) -> None:
        """Forget entries, counters and bytes; numbering goes on."""
        with self._lock:
            self._entries.clear()
            self._traffic.clear()
            self._counters.clear()
