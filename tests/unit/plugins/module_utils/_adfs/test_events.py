# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs.events import LIMIT, MEANINGS, read

THUMBPRINT = "9451EE6D3918E256163BB8C4A589CACF23CA2527"


def event(**members):
    return {"id": 335, "time": "2026-11-22T01:25:00Z", "level": 4, "message": f"MSIS10005: '{THUMBPRINT}' wurde hinzugef\u00fcgt.\r\n", **members}


def test_known_by_number_and_code_in_any_language():
    (found,), more = read([event()])
    assert more is False
    assert found == {
        "id": 335,
        "time": "2026-11-22T01:25:00Z",
        "level": "information",
        "code": "MSIS10005",
        "meaning": "Automatic rollover added a successor.",
        "thumbprints": [THUMBPRINT],
        "message": f"MSIS10005: '{THUMBPRINT}' wurde hinzugef\u00fcgt.",
    }


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"id": 385, "message": ""}, {"meaning": MEANINGS[385], "code": None, "message": ""}),
        ({"message": "MSIS7707: ..."}, {"meaning": MEANINGS[335], "code": "MSIS7707"}),
        ({"id": None}, {"id": None, "meaning": ""}),
        ({"id": 4711}, {"id": 4711, "meaning": ""}),
        ({"level": None}, {"level": None}),
        ({"level": {"type": "System.Object[]"}}, {"level": None}),
        ({"time": "0001-01-01T00:00:00Z"}, {"time": "0001-01-01T00:00:00Z"}),
        ({"time": "yesterday"}, {"time": None}),
        ({"message": None}, {"message": "", "thumbprints": []}),
        ({"message": "\x1b[2J" + "x" * 5000}, {"message": "[2J" + "x" * 997 + " ..."}),
    ],
)
def test_an_odd_member_costs_that_member(members, expected):
    (found,), _more = read([event(**members)])
    assert {name: found[name] for name in expected} == expected


def test_more_than_the_limit_is_told():
    found, more = read([event()] * (LIMIT + 1))
    assert (len(found), more) == (LIMIT, True)


def test_the_filter_of_windows_takes_no_more_numbers():
    assert len(MEANINGS) <= 20
