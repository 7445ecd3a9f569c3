# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs import facts
from ansible_collections.federation.adfs.plugins.module_utils._adfs.script_reply import ReplyError, fact

ODD = {"type": "System.Object[]"}


@pytest.mark.parametrize("value", [True, False])
def test_only_a_truth_value_is_one(value):
    assert facts.truth(value) is value
    assert [facts.truth(other) for other in (str(value), int(value), None, ODD)] == [None] * 4


@pytest.mark.parametrize("value", ["", "  ", "\n", None, 5, True, ODD])
def test_what_is_no_text(value):
    assert facts.text(value) is None


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, None, 0),
        (480, 60, 480),
        (-1, 60, None),
        (True, 60, None),
        ("480", 60, None),
        (None, 60, None),
        (ODD, 60, None),
        ({"seconds": 3600}, 60, 60),
        ({"seconds": 3601}, 60, 61),
        ({"seconds": 0}, 60, 0),
        ({"seconds": -1}, 1, None),
        ({"seconds": 3600}, None, None),
    ],
)
def test_whole_numbers_and_durations(value, unit, expected):
    assert facts.number(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "nothing"), (ODD, "a value of the type System.Object[]"), ({"seconds": 5}, "a duration of 5 seconds"), ("x\x1b" * 500, "'x x x")],
)
def test_what_was_given_is_told(value, words):
    assert facts.told(value).startswith(words)
    assert len(facts.told(value)) < 150
    assert facts.told(value).isprintable()


@pytest.mark.parametrize("value", [{}, {"type": 5}, {"seconds": "5"}, {"seconds": True}, {"seconds": 1, "type": "x"}, {"other": 1}, [1], 1.5])
def test_a_reply_holds_nothing_else(value):
    with pytest.raises(ReplyError):
        fact(value, "the reply")
