# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for AD FS by themselves, over a real connection: what each costs, and what a spoilt answer leads to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play

OLD = "{{ lookup('ansible.builtin.env', 'TEST_THUMBPRINT') }}"

# Module, options, WinRM commands with a change and without one.
COSTS: dict[str, tuple[str, dict[str, Any], int, int]] = {
    "certificate_info": ("expiring", {}, 1, 1),
    "certificate_rollover": ("expiring", {}, 2, 1),
    "farm_info": ("expiring", {}, 1, 1),
    "farm_properties": ("expiring", {"certificate_promotion_threshold": 7}, 2, 1),
    "rollover_journal": ("expiring", {}, 1, 1),
    "certificate": ("custom-certificate", {"certificate_type": "Token-Signing", "thumbprint": OLD, "primary": True}, 3, 1),
    "certificate_key": ("custom-certificate", {"thumbprint": OLD}, 2, 2),
}


def run(lab: Lab, module: str, options: dict[str, Any], hosts: str = "adfs_primary", *arguments: str) -> Run:
    """Run one module in a playbook of its own."""
    path = Path(lab.directory) / f"{module}.yml"
    task = {"name": "The task", f"federation.adfs.{module}": options}
    path.write_text(json.dumps([{"name": "The play", "hosts": hosts, "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    waiting = [c["thumbprint"] for c in lab.state()["farms"][0]["nodes"][0]["certificates"] if not c["is_primary"]]
    lab.clear_log()
    return play(lab, path, *arguments, environment={"TEST_THUMBPRINT": waiting[0] if waiting else ""})


@pytest.mark.parametrize("module", [pytest.param(name, marks=[] if name in ("certificate_rollover", "farm_info") else [pytest.mark.long]) for name in COSTS])
def test_round_trips(module: str, start: Callable[..., Lab]) -> None:
    scenario, options, changing, unchanged = COSTS[module]
    lab = start(scenario)
    if changing > 1 and module != "certificate_key":
        tried = run(lab, module, options, "adfs_primary", "--check", "--diff")
        assert tried.code == 0, tried.output
        assert tried.changed == 1
        assert lab.writes() == []
    first = run(lab, module, options)
    assert first.code == 0, first.output
    counted = [lab.counters()["winrm.Command"]]
    if module == "certificate":
        options = {**options, "thumbprint": next(c["thumbprint"] for c in lab.state()["farms"][0]["nodes"][0]["certificates"] if c["is_primary"])}
    second = run(lab, module, options)
    assert second.code == 0, second.output
    assert second.changed == 0
    assert lab.writes() == []
    counted.append(lab.counters()["winrm.Command"])
    print(f"{module}: {counted[0]} WinRM commands with a change, {counted[1]} without")
    assert counted == [changing, unchanged]


def test_odd_answers_and_long_lists_cost_what_is_odd_or_too_long(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    long = [
        {
            "Name": f"partner {number}",
            "Identifier": [f"https://partner{number}.example.com/{'x' * 60}/{item}" for item in range(20)],
            "Enabled": number % 2 == 0,
            "TokenLifetime": number % 500,
        }
        for number in range(2000)
    ]
    odd = [{"Name": "odd", "Identifier": ["urn:odd"], "Enabled": True, "TokenLifetime": {"$type": "System.Double", "value": 0.5}}]
    lab.adfs(
        "Set-Answers",
        stray={"Get-AdfsRelyingPartyTrust": ["a line of a profile"]},
        servers=["adfs1.contoso.com", None],
        properties={"SsoLifetime": {"$type": "System.TimeSpan", "value": 28_800}, "CertificateDuration": 2**31 - 1},
        relying_parties=odd,
    )
    for begin in range(0, len(long), 400):
        lab.adfs("Set-Answers", relying_parties=long[begin : begin + 400])
    lab.adfs("Set-Answers", events=[{"Id": 385, "TimeCreated": "2026-01-02T03:04:05Z", "Level": 3, "Message": "A certificate expires soon."}])
    path = Path(lab.directory) / "odd.yml"
    read = {"federation.adfs.farm_info": {"gather_subset": ["all", "events"]}, "register": "found"}
    kept = {"ansible.builtin.copy": {"content": "{{ found.farm }}", "dest": str(lab.directory / "found.json"), "mode": "0600"}, "delegate_to": "localhost"}
    tasks = [{"name": "Read", **read}, {"name": "Keep", **kept, "vars": {"ansible_connection": "local"}}]
    path.write_text(json.dumps([{"name": "The play", "hosts": "adfs_primary", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    done = play(lab, path)
    assert done.code == 0, done.output
    farm = json.loads((lab.directory / "found.json").read_text(encoding="utf-8"))
    assert farm["relying_parties_cut"]["total"] == 2003
    assert farm["max_token_lifetime"] == 499
    assert set(farm["unknown_lifetimes"]) == {"odd", "(without a name)"}
    assert (farm["sso_lifetime"], farm["thresholds"]["duration_days"]) == (480, 36_500)
    assert [server["name"] for server in farm["servers"]] == ["adfs1.contoso.com", "unnamed-server-2"]
    assert [event["id"] for event in farm["events"]] == [385]
    assert {check["name"] for check in farm["checks"] if check["result"] in ("warn", "unknown")} == {
        "properties_in_range",
        "relying_parties_complete",
        "servers_named",
    }


def test_a_key_is_checked_and_granted_on_a_secondary_server(start: Callable[..., Lab]) -> None:
    lab = start("custom-certificate")
    found = run(lab, "certificate_key", {"thumbprint": OLD, "grant_read": True}, "adfs_secondary")
    assert found.code == 0, found.output
    assert found.changed == 0  # it may already
    assert lab.writes() == []


@pytest.mark.parametrize(
    "spoilt",
    [{"kind": "garbage", "text": "<html>proxy</html>"}, {"kind": "garbage", "text": ""}, {"kind": "truncate"}, {"kind": "garbage", "text": "x" * 500_000}],
    ids=["garbage", "nothing", "half", "long"],
)
@pytest.mark.parametrize("module", ["certificate_rollover", pytest.param("farm_info", marks=pytest.mark.long)])
def test_a_spoilt_answer_is_one_clear_message(module: str, spoilt: dict[str, Any], start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    lab.fault(surface="winrm", operation="Receive", do=spoilt, count=-1)
    result = run(lab, module, COSTS[module][1])
    assert result.code != 0
    (message,) = result.messages
    assert "read_farm" in message
    assert "Traceback" not in message
    assert len(message) < 1500
    assert lab.writes() == []


@pytest.mark.parametrize("transport", ["winrm", pytest.param("psrp", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param({"kind": "garbage", "text": ""}, "done, but its reply was lost", marks=pytest.mark.long),
        pytest.param({"kind": "drop", "when": "after"}, "done, but its reply was lost", marks=pytest.mark.long),
        ({"kind": "delay", "seconds": 60}, "done, but its reply was lost: The server did not answer"),
    ],
    ids=["nothing", "drop", "slow"],
)
def test_an_act_whose_reply_is_lost_is_looked_for_over_a_new_connection(fault: dict[str, Any], said: str, transport: str, start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    lab.fault(surface="winrm", operation="Receive", script="update_certificate", do=fault)
    result = run(lab, "certificate_rollover", {"time_limit": 15}, "adfs_primary", "-e", f"ansible_connection={transport}")
    assert result.code != 0
    (message,) = result.messages
    assert said in message, message
    assert "Making a new Token-Signing certificate" in message


def test_a_service_that_stops_after_the_act_is_no_unchanged_farm(start: Callable[..., Lab]) -> None:
    lab = start("custom-certificate")
    lab.adfs("Set-Answers", cmdlets={"Set-AdfsCertificate": "stops_after"})
    result = run(lab, "certificate", {"certificate_type": "Token-Signing", "thumbprint": OLD, "primary": True})
    assert result.code != 0
    (message,) = result.messages
    assert "done, and could not be read back" in message, message
