# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exhaustive check with the open facts of the real systems flipped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proof.cases import CLOSEST, FLIPS, FLOWS, QUICK
from proof.explore import explore


# Each alone is long; `make prove` prints them all.
@pytest.mark.parametrize("fact", [pytest.param(fact, marks=[] if fact == "all of them" else pytest.mark.long) for fact in FLIPS])
def test_no_sign_in_is_lost_whatever_the_open_facts_are(fact: str) -> None:
    for name in [*QUICK, *CLOSEST.get(fact, [])]:
        outcome = explore(replace(FLOWS[name], facts=FLIPS[fact]))
        assert outcome.lost is None, "\n".join((name, *outcome.lost))
        assert outcome.stuck is None, "\n".join((name, *outcome.stuck))
