# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full and short names of servers: what may be one server, and what never is."""

from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._server_names import among, same_server

A, B = "adfs1.a.example.com", "adfs1.b.example.com"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A.upper(), True),
        (A, A + ".", True),
        ("ADFS1", A, True),
        (A, "adfs1", True),
        (A, B, False),
        ("adfs1", "adfs10.a.example.com", False),
        (A, None, False),
        ("", "", False),
    ],
)
def test_two_full_names_are_compared_as_a_whole(one: object, other: object, same: bool) -> None:
    assert same_server(one, other) is same


@pytest.mark.parametrize(
    ("name", "names", "found"),
    [
        (B, [A, B], B),
        (B.upper(), [A, B], B),
        (B, [A], None),
        ("adfs1", [A], A),
        ("adfs1", [A, B], None),
        ("adfs1", [A, "adfs1", B], "adfs1"),
        (A, ["ADFS1", B], "ADFS1"),
    ],
)
def test_the_full_name_wins_and_a_short_one_has_to_be_the_only_one(name: str, names: list[str], found: str | None) -> None:
    assert among(name, names) == found
