# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of conditions and the core name the same ones; the proof makes each of them appear (test_proof.py)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ansible_collections.federation.adfs.plugins.module_utils._renewal.conditions import CONDITIONS, EVENT, OPERATOR, TIME
from proof.promises import guards_in_the_code


def test_every_condition_of_the_code_is_in_the_table_and_no_other() -> None:
    assert set(CONDITIONS) == guards_in_the_code()


def test_every_condition_says_who_lifts_it_why_it_is_there_and_what_to_do() -> None:
    for condition in CONDITIONS.values():
        assert condition.lifted_by in (TIME, EVENT, OPERATOR)
        assert condition.why.endswith(".") and condition.advice.endswith("."), condition.name
