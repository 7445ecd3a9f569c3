# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run needs is looked at before the first one, and each thing that is missing comes with its mend."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.preflight import preflight

ENOUGH: dict[str, Any] = {"missing": [], "perhaps_missing": [], "excessive": []}
WELL: dict[str, Any] = {
    "scan": {
        "farm": {
            "role": "primary",
            "host_name": "sts.contoso.com",
            "time": "2026-07-01T08:00:00Z",
            "read_at": "2026-07-01T08:01:00Z",
            "checks": [{"name": "service", "result": "ok", "advice": ""}, {"name": "chain", "result": "unknown", "advice": "x"}],
            "journal": {},
        }
    },
    "metadata": {"servers": [{"server": "adfs1", "error": None}]},
    "tenants": {
        "results": [
            {
                "domains": [{"domain": "contoso.com", "passive_sign_in_uri": "https://STS.contoso.com/adfs/ls/", "error": None}],
                "permissions": {"kind": "application", "read": ENOUGH, "write": ENOUGH},
            }
        ]
    },
}


def lacking(found: dict[str, Any], host_names: tuple[str, ...] = ()) -> list[str]:
    judged = preflight(found, host_names)
    assert (judged["run"]["fail"] is None) == all(c["result"] == "ok" for c in judged["checks"])
    assert all(bool(c["advice"]) == (c["result"] == "fail") for c in judged["checks"])
    return [line for line in judged["summary"] if line.startswith("MEND")]


def test_where_all_is_well_nothing_is_to_mend() -> None:
    assert lacking(WELL) == []


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = to

    return change


TENANT = ("tenants", "results", 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("scan", to={"unreachable": True, "msg": "no route to adfs1"}), "no route to adfs1"),
        (_set("scan", "farm", "role", to="secondary"), "put the one that Get-AdfsSyncProperties names into the inventory"),
        (_set("scan", "farm", "read_at", to="2026-07-01T08:06:00Z"), "6 minutes apart"),
        (_set("scan", "farm", "journal", to={"error": "it is not JSON"}), "it is not JSON"),
        (_set("scan", "farm", "checks", 0, "result", to="fail"), "AD FS: service: look at it"),
        (_set("metadata", "servers", 0, "error", to="timed out"), "Open port 443"),
        (_set("metadata", to={"failed": True, "msg": "pip install lxml"}), "pip install lxml"),
        (_set(*TENANT, to={"failed": True, "msg": "pip install msal"}), "pip install msal"),
        (_set(*TENANT, "permissions", "write", to={**ENOUGH, "missing": ["Domain.Read.All"]}), "grant Domain.Read.All with admin consent"),
        (_set(*TENANT, "permissions", "write", to={**ENOUGH, "excessive": ["Mail.Read"]}), "take away Mail.Read"),
        (_set(*TENANT, "domains", 0, "error", to="403"), "the settings of contoso.com: 403"),
        (_set(*TENANT, "domains", 0, "passive_sign_in_uri", to="https://other.example.com/"), "no domain that was read sends its users to sts.contoso.com"),
        (_set("tenants", to={}), "no tenant was read"),
    ],
)
def test_what_is_missing_is_said_with_its_mend(change: Callable[[dict[str, Any]], None], said: str) -> None:
    found = copy.deepcopy(WELL)
    change(found)
    assert any(said in line for line in lacking(found)), lacking(found)


def test_a_further_name_of_the_service_counts() -> None:
    found = copy.deepcopy(WELL)
    _set(*TENANT, "domains", 0, "passive_sign_in_uri", to="https://old.contoso.com/adfs/ls/")(found)
    assert lacking(found) != [] and lacking(found, ("old.contoso.com",)) == []
