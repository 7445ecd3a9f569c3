# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Reads the operator's policy: the role's variables that decide, without their prefix, by the table in options.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import PolicyError, Span, Type, is_set, variable
from ansible_collections.federation.adfs.plugins.module_utils._renewal.options import POLICY_OPTIONS, RUN_OPTIONS, GivenServer, Policy
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

__all__ = ["GivenServer", "Policy", "PolicyError", "Span", "check_run_options", "read_policy"]

_TYPES = {option.name: option.type for option in POLICY_OPTIONS}
_RUN_TYPES = {option.name: option.type for option in RUN_OPTIONS}


def read_policy(given: Mapping[str, Any]) -> Policy:
    """Check and type the policy. Null and empty text mean "not set".

    Raises PolicyError for an unknown name or an unusable value.
    """
    policy = Policy(**_read(given, _TYPES))
    _refuse_contradictions(policy)
    return replace(policy, promote="adfs", pause=False) if policy.hand_back else policy


def check_run_options(given: Mapping[str, Any]) -> None:
    """Check the role's other variables, which say how and where a run works. Raises PolicyError like read_policy."""
    _check_change_number(_read(given, _RUN_TYPES))


def _check_change_number(given: Mapping[str, Any]) -> None:
    number, pattern = given.get("change_number", ""), given.get("change_number_pattern", "")
    if not pattern or given.get("mode", "apply") != "apply":
        return
    try:
        matches = re.fullmatch(pattern, number) is not None
    except re.error as exc:
        raise PolicyError(f"{variable('change_number_pattern')} is no regular expression: {exc}") from exc
    if not matches:
        found = f"is '{printable(number, 60)}', which does not match" if number else "is not set, and must match"
        raise PolicyError(
            f"{variable('change_number')} {found} {pattern} ({variable('change_number_pattern')}); nothing was read. Give the number of the change"
        )


def _read(given: Mapping[str, Any], types: Mapping[str, Type]) -> dict[str, Any]:
    for name in given:
        if name not in types:
            raise PolicyError(f"{variable(name)} is not known to this version; remove it, or see the role's README for the variables there are")
    return {name: types[name].read(name, value) for name, value in given.items() if is_set(value)}


def _refuse_contradictions(policy: Policy) -> None:
    if policy.domains_per_pass < 0:
        raise PolicyError(f"{variable('domains_per_pass')} must be 0, which stands for all, or more, not {policy.domains_per_pass}")
    if policy.rollback and policy.pause is False:
        raise PolicyError(f"{variable('rollback')} pauses the rollover and {variable('pause')}: false lifts a pause; give one of them")
    if policy.rollback and policy.compromised:
        raise PolicyError(
            f"{variable('rollback')} goes back to an earlier key, and {variable('compromised')} says that the farm's keys are stolen; give one of them"
        )
    for other in ("pause", "rollback", "compromised"):
        if policy.hand_back and getattr(policy, other):
            raise PolicyError(f"{variable('hand_back')} ends every hold and begins nothing, and {variable(other)} asks for one; give one of them")
    if policy.compromised and policy.pause:
        raise PolicyError(f"{variable('pause')} stops what {variable('compromised')} needs; give one of them")
