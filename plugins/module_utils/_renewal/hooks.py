# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the hooks of a run are told. A hook is a file of tasks that the operator names: before the acts, after them, and where the run fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BEFORE = "before"


def unusable(hooks: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return a sentence for each hook whose file cannot be used. ``hooks``: ``path`` and ``wrong`` of each, by its event."""
    return tuple(f"the hook '{event}' ({hook['path']}) cannot be used: {hook['wrong']}" for event, hook in hooks.items() if hook.get("wrong"))


def told(shown: Mapping[str, Any], acts: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a hook is told: names, thumbprints, times and the lines that a person reads, and nothing of what could hold a secret.

    ``shown``: RV(plan) of rollover_plan; of a run that broke off, it knows nothing of the farm. ``acts``: as plans show them. ``about``: ``run``,
    ``host``, ``change_number`` and ``job``.
    """
    farm = shown["farm"]
    return {
        **about,
        "farm": farm.get("identifier"),
        "host_name": farm.get("host_name"),
        "primary": farm.get("primary"),
        "successor": farm.get("successor"),
        "state": shown["state"],
        "acts": [_act(act) for act in acts],
        "deadline": shown["deadline"],
        "next_run_at": shown["next_run_at"],
    }


def _act(act: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "action": act["action"],
        "thumbprint": act["thumbprint"],
        "targets": [t if isinstance(t, str) else t["domain"] for t in act["targets"]],
        "protective": act["protective"],
        "said": act["said"],
    }
