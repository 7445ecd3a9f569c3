# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where histories touch the product: ``plan(given)`` of the core, and what it refuses to plan on."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import plan as core
from ansible_collections.federation.adfs.plugins.module_utils._renewal import reading
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import LoopError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError

REFUSES = (ApprovalError, LoopError, PolicyError, ReadingError)
WRONG_POLICY = PolicyError

# The same few certificates are read again at every look; parsing them once changes nothing but the time that it takes.
reading.parse_certificate = functools.lru_cache(maxsize=50_000)(reading.parse_certificate)


def plan(given: dict[str, Any]) -> dict[str, Any]:
    """The product's plan for what was seen."""
    return core.plan(given)


@contextmanager
def without_forecast() -> Iterator[None]:
    """Plans without what the summary foretells: nothing that is judged reads it, and it takes nearly all of the time."""
    real = core.foretell
    core.foretell = lambda *_given: (None, "")
    try:
        yield
    finally:
        core.foretell = real
