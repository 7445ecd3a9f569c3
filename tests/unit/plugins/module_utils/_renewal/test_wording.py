# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of names."""

from __future__ import annotations

from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import natural


def test_names_come_in_the_order_of_their_numbers_however_long_these_are() -> None:
    assert sorted(["e", "d" + "9" * 5000, "d10", "d2", "d1" + "0" * 5000, "d1"], key=natural) == ["d1", "d2", "d10", "d" + "9" * 5000, "d1" + "0" * 5000, "e"]


def test_leading_zeros_and_case_do_not_count() -> None:
    assert natural("D007") == natural("d7")
