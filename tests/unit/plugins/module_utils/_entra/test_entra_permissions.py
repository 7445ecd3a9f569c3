# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token's claims say about its permissions."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import LIST, READ, READ_PERMISSION, WRITE, WRITE_PERMISSION, advice, review

TENANT = {"tid": "11111111-aaaa-bbbb-cccc-222222222222"}


@pytest.mark.parametrize(
    ("roles", "read", "write"),
    [
        # Granted; then (missing, perhaps missing, excessive) for reading, (missing, excessive) for writing.
        ([LIST, READ], ([], [], []), ([WRITE], [])),
        ([LIST, WRITE], ([], [], [WRITE]), ([], [])),
        ([LIST, READ, WRITE], ([], [], [WRITE]), ([], [])),
        ([LIST], ([], [READ], []), ([WRITE], [])),
        (["Domain.ReadWrite.All"], ([], [], ["Domain.ReadWrite.All"]), ([], ["Domain.ReadWrite.All"])),
        ([READ], ([LIST], [], []), ([LIST, WRITE], [])),
        (["Directory.Read.All", READ], ([], [], ["Directory.Read.All"]), ([WRITE], ["Directory.Read.All"])),
        (["Mail.Send", LIST, READ], ([], [], ["Mail.Send"]), ([WRITE], ["Mail.Send"])),
        ([], ([LIST, READ], [], []), ([LIST, WRITE], [])),
    ],
)
def test_missing_and_excessive_permissions_are_told(roles: list[str], read: t.Any, write: t.Any) -> None:
    found = review({**TENANT, "roles": roles})
    assert (found["kind"], found["granted"]) == ("application", sorted(roles))
    assert tuple(found["read"][name] for name in ("missing", "perhaps_missing", "excessive")) == read
    assert tuple(found["write"][name] for name in ("missing", "excessive")) == write
    assert (found["read"]["enough"], found["write"]["enough"]) == (not read[0], not write[0])


def test_a_token_of_a_person_has_delegated_permissions() -> None:
    found = review({**TENANT, "scp": f"openid profile User.Read {LIST} {WRITE}"})
    assert found["kind"] == "delegated" and found["write"] == {"enough": True, "missing": [], "perhaps_missing": [], "excessive": []}


def test_a_token_without_any_permission_and_one_that_cannot_be_read_are_told_apart() -> None:
    assert review(TENANT)["read"]["missing"] == [LIST, READ]
    unknown = review({})
    assert (unknown["kind"], unknown["read"]["enough"], unknown["write"]["missing"]) == ("unknown", None, [])
    assert review({"tid": "x", "roles": "odd"})["granted"] == []


def test_the_advice_for_a_403_names_what_is_there_missing_and_too_much() -> None:
    text = advice({**TENANT, "roles": [LIST, "Mail.Send"]}, WRITE_PERMISSION)
    assert text == (
        f"Give the app the application permission {WRITE} (in tenants that do not know it yet: Domain.ReadWrite.All) in Entra ID and grant admin consent. "
        f"The token has {LIST}, Mail.Send. Missing: {WRITE}. More than needed: Mail.Send."
    )
    assert f"Missing: {READ}." in advice({**TENANT, "roles": [LIST]}, READ_PERMISSION)
    assert "The token has no permission at all." in advice(TENANT, READ_PERMISSION)
    assert "That should be enough" in advice({**TENANT, "roles": [LIST, READ]}, READ_PERMISSION)
    person = advice({**TENANT, "scp": "User.Read"}, READ_PERMISSION)
    assert "the delegated permission" in person and "Hybrid Identity Administrator" in person
    assert advice({}, READ_PERMISSION).endswith("grant admin consent.")
