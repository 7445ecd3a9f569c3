# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that a test asks the lab's servers to play."""

from __future__ import annotations

import threading
from typing import Any

# Keys of a fault that say what to do, not when; each server documents those that it understands.
_CONTROL = frozenset({"surface", "operation", "count", "skip", "do"})


class Faults:
    """Thread-safe list of faults waiting to be taken.

    A fault is a mapping: ``surface`` (required), ``operation`` (optional), ``do`` (what the server shall do: a mapping or a word),
    ``count`` (how often; default 1; -1 for ever), ``skip`` (matching requests to let pass first; default 0). Every other key must
    equal the detail of the request, a key that the request does not carry never matches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[dict[str, Any]] = []

    def add(self, fault: dict[str, Any]) -> None:
        """Add a fault. Raises ValueError if it names no surface or its count or skip is no usable number."""
        if not isinstance(fault.get("surface"), str):
            raise ValueError("a fault needs a surface, for example graph")
        count, skip = fault.get("count", 1), fault.get("skip", 0)
        if not isinstance(count, int) or count == 0 or count < -1:
            raise ValueError("count of a fault is a positive number, or -1 for ever")
        if not isinstance(skip, int) or skip < 0:
            raise ValueError("skip of a fault is a number, zero or more")
        with self._lock:
            self._faults.append({**fault, "count": count, "skip": skip})

    def take(self, surface: str, operation: str, **detail: Any) -> dict[str, Any] | None:
        """Return a copy of the first fault that matches the request, using it up once, or None."""
        with self._lock:
            for fault in self._faults:
                if not self._matches(fault, surface, operation, detail):
                    continue
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                if fault["count"] > 0:
                    fault["count"] -= 1
                    if fault["count"] == 0:
                        self._faults = [other for other in self._faults if other is not fault]
                return dict(fault)
        return None

    def pending(self) -> list[dict[str, Any]]:
        """Return copies of the faults not yet used up."""
        with self._lock:
            return [dict(fault) for fault in self._faults]

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    @staticmethod
    def _matches(fault: dict[str, Any], surface: str, operation: str, detail: dict[str, Any]) -> bool:
        if fault["surface"] != surface or fault.get("operation", operation) != operation:
            return False
        return all(detail.get(key) == value for key, value in fault.items() if key not in _CONTROL)
