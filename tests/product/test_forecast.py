# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the summary foretells is what the lab then does."""

from __future__ import annotations

import pytest

from year.foretold import FARMS, Difference, compare

QUICK = 10


def compared(numbers: range) -> Difference:
    total = Difference()
    for number in numbers:
        total.add(compare(number))
    return total


def test_what_is_foretold_comes_when_it_was_foretold() -> None:
    total = compared(range(QUICK))
    assert total.wrong == []
    assert total.foretold["adfs_promotes"] > QUICK / 2
    assert total.foretold["reorder"] > QUICK / 2
    assert total.foretold["fails"] > QUICK / 2


@pytest.mark.long
@pytest.mark.parametrize("first", range(QUICK, FARMS, 10))
def test_what_is_foretold_for_many_farms_comes_when_it_was_foretold(first: int) -> None:
    assert compared(range(first, first + 10)).wrong == []
