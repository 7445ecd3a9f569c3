# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Single values that AD FS gives, judged one by one. Whatever is not of the expected kind is unknown (None), never a guess.

A fact is what ConvertTo-Fact of read_farm makes: null, a truth value, a whole number, a text, ``{"seconds": n}`` for a duration, or
``{"type": name}`` for anything else.
"""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import one_line

MOST_DAYS = 36_500
"""One hundred years. No larger time is believed, so that no sum of such times leaves the calendar."""
MOST_MINUTES = MOST_DAYS * 1440


def truth(fact: t.Any) -> bool | None:
    """Return a truth value; a text or a number is none."""
    return fact if isinstance(fact, bool) else None


def text(fact: t.Any) -> str | None:
    """Return a text that holds more than blanks."""
    return fact if isinstance(fact, str) and fact.strip() else None


def number(fact: t.Any, unit_seconds: int | None = None) -> int | None:
    """Return a whole number of 0 or more. With ``unit_seconds`` a duration counts too, in that unit, rounded up."""
    if isinstance(fact, dict) and unit_seconds is not None and "seconds" in fact:
        fact = -(-fact["seconds"] // unit_seconds)
    return fact if isinstance(fact, int) and not isinstance(fact, bool) and fact >= 0 else None


def bounded(value: int | None, most: int) -> int | None:
    """Return the number, or ``most`` if it is larger."""
    return None if value is None else min(value, most)


def told(fact: t.Any) -> str:
    """Return what AD FS gave, for a message."""
    if fact is None:
        return "nothing"
    if isinstance(fact, dict):
        return one_line(f"a value of the type {fact['type']}", 120) if "type" in fact else f"a duration of {fact['seconds']} seconds"
    return f"'{one_line(str(fact), 80)}'"
