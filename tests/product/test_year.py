# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""More than a year of daily runs in one process (``make year`` plays the same years with real playbooks)."""

from __future__ import annotations

import pytest

from year.days import live_through
from year.years import DAYS, YEARS, Year


# The years differ in who renews; `make test-long` and `make year` live through all four.
@pytest.mark.parametrize(
    "year", [pytest.param(year, marks=[] if n == 0 else pytest.mark.long) for n, year in enumerate(YEARS)], ids=[year.name for year in YEARS]
)
def test_no_sign_in_is_refused_in_400_days_and_nothing_is_written_that_could_be_left_out(year: Year) -> None:
    record = live_through(year)
    assert record.runs == DAYS + 1
    assert record.complaints(year) == []
    assert len(record.hands) == len(year.by_hand)


@pytest.mark.parametrize("year", [YEARS[0], YEARS[3]], ids=lambda year: year.name)
def test_in_a_year_without_runs_sign_ins_are_refused(year: Year) -> None:
    record = live_through(year, days=50, runs=False)
    assert record.refused > 0
    assert "sign-ins were refused" in record.complaints(year)[0]
