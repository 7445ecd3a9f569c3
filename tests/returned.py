# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module returned, against what its documentation says."""

from __future__ import annotations

import typing as t

# What Ansible adds to every result.
OWN = ("changed", "failed", "warnings", "deprecations", "invocation", "diff", "msg")


def undocumented(result: dict[str, t.Any], documented: dict[str, t.Any], place: str) -> list[str]:
    """Return where the result has members that RETURN does not name, such as ["farm_info.farm.colour"]."""
    return _undocumented({key: value for key, value in result.items() if key not in OWN}, documented, place)


def missing(result: t.Any, documented: dict[str, t.Any], place: str = "") -> list[str]:
    """Return the names that RETURN promises after every success and that the result has not, such as ["farm.checks.advice"], each once."""
    problems: list[str] = []
    for item in result if isinstance(result, list) else [result]:
        for key, told in documented.items() if isinstance(item, dict) else ():
            if key not in item:
                problems += [f"{place}{key}"] if told.get("returned", "always") in ("always", "success") else []
            elif told.get("contains"):
                problems += missing(item[key], told["contains"], f"{place}{key}.")
    return sorted(set(problems))


def _undocumented(value: t.Any, documented: dict[str, t.Any], place: str) -> list[str]:
    problems = []
    for item in value if isinstance(value, list) else [value]:
        for key, inner in item.items() if isinstance(item, dict) else ():
            if key not in documented:
                problems.append(f"{place}.{key}")
            elif documented[key].get("contains"):
                problems += _undocumented(inner, documented[key]["contains"], f"{place}.{key}")
    return problems
