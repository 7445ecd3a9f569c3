# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Results that runners keep: they cut what is longer than 700,000 characters, so a result for very many domains is told more shortly."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Mapping, Sequence

# What is left is for what Ansible adds.
MAX_CHARACTERS = 620_000
MAX_ERROR_CHARACTERS = 200
DETAILS = ("full", "short", "shortest")
_SHORT_SLOT = ("thumbprint", "subject", "not_before", "not_after", "error")
_SHORTEST_SLOT = ("thumbprint", "error")


def within_limit(build: Callable[[str], dict[str, t.Any]], repeated: t.Any, details: Sequence[str] = DETAILS) -> dict[str, t.Any]:
    """Return the result that ``build`` makes with the first detail that fits, else with the last; ``detail`` tells which.

    ``repeated``: options that Ansible repeats in a full result.
    """
    result: dict[str, t.Any] = {}
    for detail in details:
        result = {**build(detail), "detail": detail}
        if characters(result) + (characters(repeated) if detail == "full" else 0) <= MAX_CHARACTERS:
            break
    return result


def characters(value: t.Any) -> int:
    """Return how long a plain value is as JSON."""
    return len(json.dumps(value))


def without_options(params: Mapping[str, t.Any], *names: str) -> dict[str, t.Any]:
    """Return what a result that is not told in full says of its own task: the options, the long ones only counted."""
    counted = {name: f"({len(params[name])} entries)" for name in names if params[name]}
    return {"module_args": {**params, **counted}}


def slot_in(detail: str, slot: Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Return a certificate slot in that detail."""
    if slot is None or detail == "full":
        return None if slot is None else dict(slot)
    return _only(slot, _SHORT_SLOT if detail == "short" else _SHORTEST_SLOT)


def text_in(detail: str, text: str | None) -> str | None:
    """Return an error of one domain in that detail; hundreds of domains may have the same."""
    if text is None or detail != "shortest" or len(text) <= MAX_ERROR_CHARACTERS:
        return text
    return text[: MAX_ERROR_CHARACTERS - 3] + "..."


def warning(result: Mapping[str, t.Any]) -> str | None:
    """Return what the user must know if the result is not told in full."""
    if result["detail"] == "full":
        return None
    text = f"The result is for {len(result['domains'])} domains; details are left out (detail={result['detail']}), because runners cut what is too long."
    if characters(result) > MAX_CHARACTERS:
        text += " It is still too long for them."
    return text + " Name fewer domains in each task to get everything."


def _only(shape: Mapping[str, t.Any], members: Sequence[str]) -> dict[str, t.Any]:
    return {name: shape[name] for name in members if name in shape}
