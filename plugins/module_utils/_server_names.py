# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Names of servers, of which some places give the full one and others only its first part. Pure functions.

Two full names are compared as a whole: C(adfs1.a.example.com) and C(adfs1.b.example.com) are two servers.
"""

from __future__ import annotations

import typing as t


def same_server(one: object, other: object) -> bool:
    """Whether two names may be those of one server: the same, or one of them the first part of the other. Letter case does not count."""
    first, second = _plain(one), _plain(other)
    if not first or not second:
        return False
    return first == second or (("." not in first or "." not in second) and first.partition(".")[0] == second.partition(".")[0])


def among(name: object, names: t.Iterable[str]) -> str | None:
    """Return which of the names is that of the server: the same one if it is there, else the only one that may be. None if that is not sure."""
    found = [other for other in names if same_server(name, other)]
    same = [other for other in found if _plain(other) == _plain(name)]
    if same:
        return same[0]
    return found[0] if len(found) == 1 else None


def _plain(name: object) -> str:
    return str(name or "").strip().lower().rstrip(".")
