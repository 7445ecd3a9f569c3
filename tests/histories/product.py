# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where histories touch the product: ``plan(given)``, and what a run hands from one of its passes to the next."""

from __future__ import annotations

import functools
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import plan as core
from ansible_collections.federation.adfs.plugins.module_utils._renewal import reading
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError

REFUSES = (ApprovalError, PolicyError, ReadingError)
WRONG_POLICY = PolicyError

# The same few certificates are read again at every look; parsing them once changes nothing but the time that it takes.
reading.parse_certificate = functools.lru_cache(maxsize=50_000)(reading.parse_certificate)


def plan(given: dict[str, Any]) -> dict[str, Any]:
    """The product's plan for what was seen."""
    return core.plan(given)


class Memory:
    """What the passes of one run hand on."""

    def __init__(self) -> None:
        self._refused: list[str] = []
        self._restarted: list[str] = []
        self._forms: list[str] = []

    def given(self) -> dict[str, Any]:
        """The options of the next plan that are about the run itself."""
        return {"refused": self._refused, "restarted": self._restarted, "eviction_forms_refused": self._forms}

    def note(self, plan: dict[str, Any], outcome: dict[str, Any]) -> None:
        """Note what the task of the plan's first act returned."""
        act = plan["actions"][0]
        errors = [d["domain"] for d in outcome.get("domains", ()) if d["error"]]
        if act["action"] == "restart":
            self._restarted = [*self._restarted, *act["targets"]]
        if not errors:
            return
        slots = act["targets"][0]["slots"]
        form = "empty" if slots["next"] is None else "equal" if slots["next"] == slots["signing"] else "unusable"
        if act["action"] == "evict" and form != "unusable":
            self._forms = [*self._forms, form]
        else:
            self._refused = [*self._refused, *errors]
