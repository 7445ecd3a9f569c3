# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab answers to scripts: the forms of win_powershell, and the error records of a real PowerShell."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from lab import powershell
from lab.clock import Clock
from lab.farm import TOKEN_DECRYPTING, TOKEN_SIGNING, Farm

REQUESTS: dict[str, dict[str, Any]] = {
    "read_farm": {"parts": ["sync"], "properties": [], "journal_path": "C:\\j\\journal.json", "journal_limit": 100},
    "read_journal": {"path": "C:\\j\\journal.json", "limit": 100},
    "update_certificate": {"certificate_type": TOKEN_SIGNING, "urgent": False, "keep_rollover_off": False},
    "add_certificate": {"certificate_type": TOKEN_SIGNING, "thumbprint": "AB" * 20},
    "promote_certificate": {"certificate_type": TOKEN_SIGNING, "thumbprint": "AB" * 20},
    "remove_certificate": {"certificate_type": TOKEN_SIGNING, "thumbprint": "AB" * 20},
    "set_properties": {"properties": {"CertificateDuration": 730}},
    "check_certificate": {"store_location": "LocalMachine", "thumbprint": "AB" * 20, "revocation_mode": "NoCheck"},
    "grant_read": {"store_location": "LocalMachine", "thumbprint": "AB" * 20},
    "write_journal": {"path": "C:\\j\\journal.json", "expected_sha256": None, "content": base64.b64encode(b"{}").decode(), "limit": 100, "ledger": None},
}
ALL = sorted(powershell.READS | powershell.ACTS)


@pytest.fixture
def farm() -> Farm:
    clock = Clock()
    farm = Farm(clock, "sts.contoso.com", ["adfs1.contoso.com", "adfs2.contoso.com"])
    for kind in (TOKEN_SIGNING, TOKEN_DECRYPTING):
        farm.promote(farm.generate(kind, clock.now() - timedelta(days=100)), clock.now(), by_hand=False)
    return farm


def call(farm: Farm, name: str, request: dict[str, Any] | None = None, node: int = 0, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    sent = {
        "script": "".join((powershell.FOLDER / f"{part}.ps1").read_text(encoding="ascii") for part in ("header", name, "footer")),
        "parameters": {"InputJson": json.dumps(REQUESTS[name] if request is None else request)},
        "error_action": "stop",
        "depth": 2,
        **arguments,
    }
    return powershell.run_module(farm.nodes[node], powershell.MODULE, sent, check_mode)


def reply(result: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(result["result"]["json"])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ALL)
def test_result_has_the_form_of_win_powershell(farm: Farm, name: str) -> None:
    result = call(farm, name)
    assert set(result) == {"changed", "debug", "error", "host_err", "host_out", "information", "output", "result", "verbose", "warning"}
    assert result["changed"] is False
    assert set(result["result"]) == {"json"}


def test_knows_every_file_and_only_whole_scripts(farm: Farm) -> None:
    assert {path.stem for path in powershell.FOLDER.glob("*.ps1")} == {"header", "footer", *ALL}
    changed = call(farm, "read_farm", script="Get-AdfsCertificate")
    assert changed["failed"] is True
    assert "does not know this script" in changed["msg"]
    assert powershell.script_name({"script": (powershell.FOLDER / "read_farm.ps1").read_text()}) is None
    assert powershell.script_name({}) is None


def test_another_module_or_call_fails(farm: Farm) -> None:
    assert powershell.run_module(farm.nodes[0], "ansible.windows.win_ping", {}, False)["failed"] is True
    assert call(farm, "read_farm", error_action="continue")["failed"] is True
    assert call(farm, "read_farm", parameters={})["failed"] is True


def test_which_scripts_write() -> None:
    assert [name for name in ALL if not powershell.is_write(name)] == ["check_certificate", "read_farm", "read_journal"]
    assert powershell.is_write(None)


@pytest.mark.parametrize("name", sorted(powershell.ACTS))
def test_an_act_refuses_in_check_mode(farm: Farm, name: str) -> None:
    before = [item.thumbprint for item in farm.configuration.certificates]
    found = reply(call(farm, name, check_mode=True))
    assert found["ok"] is False
    assert found["error"]["id"] == "An act was sent in check mode."
    assert found["error"]["category"] == "OperationStopped"
    assert [item.thumbprint for item in farm.configuration.certificates] == before
    assert farm.nodes[0].files == {}


@pytest.mark.parametrize("name", [name for name in ALL if "Adfs" in (powershell.FOLDER / f"{name}.ps1").read_text() and name not in powershell.READS])
def test_a_secondary_refuses_with_the_cmdlets_record(farm: Farm, name: str) -> None:
    found = reply(call(farm, name, node=1))
    # What comes before the act fails the script; what the act itself reports stands apart from what could be read afterwards.
    error = found["data"]["failure"] if found["ok"] else found["error"]
    assert error["id"] == "PS0033"
    assert re.fullmatch(r"PS0033,Microsoft\.IdentityServer\.Management\.Commands\.\w+Command,[A-Z][a-z]+-Adfs\w+", error["full_id"])
    assert error["category"] == "OpenError"
    assert error["activity"] == error["full_id"].split(",")[2]
    assert error["exceptions"][0]["type"] == "System.InvalidOperationException"
    assert error["exceptions"][0]["hresult"] == -2146233079
    source = "".join((powershell.FOLDER / f"{part}.ps1").read_text() for part in ("header", name, "footer")).splitlines()
    assert error["activity"] in source[error["line"] - 1]


def test_a_stopped_service_has_no_number(farm: Farm) -> None:
    farm.nodes[0].stop_service()
    error = reply(call(farm, "read_farm"))["data"]["sync"]["error"]
    assert error["exceptions"][0]["type"] == "System.ServiceModel.EndpointNotFoundException"
    assert not error["id"].startswith("PS")


def test_a_refused_part_does_not_hide_the_others(farm: Farm) -> None:
    request = {**REQUESTS["read_farm"], "parts": ["host", "sync", "certificates", "properties", "nodes", "relying_parties", "journal"]}
    data = reply(call(farm, "read_farm", request, node=1))["data"]
    assert {part: found["ok"] for part, found in data.items()} == {
        "host": True,
        "sync": True,
        "certificates": False,
        "properties": False,
        "nodes": False,
        "relying_parties": False,
        "journal": True,
    }


def test_without_the_module_nothing_is_read(farm: Farm) -> None:
    farm.nodes[0].module_present = False
    error = reply(call(farm, "read_farm"))["error"]
    assert error["full_id"] == "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand"
    assert error["category"] == "ResourceUnavailable"


def test_members_that_are_absent_are_null(farm: Farm) -> None:
    request = {**REQUESTS["read_farm"], "parts": ["properties"], "properties": ["PersistentSsoCutoffTime", "NoSuchMember"]}
    data = reply(call(farm, "read_farm", request))["data"]
    assert data == {"properties": {"ok": True, "value": {"PersistentSsoCutoffTime": "0001-01-01T00:00:00Z", "NoSuchMember": None}}}


def test_journal_is_swapped_only_as_expected(farm: Farm) -> None:
    first = reply(call(farm, "write_journal"))["data"]
    assert first["written"] is True
    refused = reply(call(farm, "write_journal"))["data"]
    told = {name: refused[name] for name in ("written", "sha256", "problem", "failure", "unreadable")}
    assert told == {"written": False, "sha256": first["sha256"], "problem": None, "failure": None, "unreadable": None}
    again = reply(call(farm, "write_journal", {**REQUESTS["write_journal"], "expected_sha256": first["sha256"]}))["data"]
    assert again["written"] is True
    found = reply(call(farm, "read_journal"))["data"]
    assert again["written_at"] == found.pop("written_at")
    assert found.pop("server_time") >= again["written_at"]
    assert found == {"found": True, "sha256": first["sha256"], "content": "e30=", "problem": None}


def test_bad_base64_is_a_dotnet_error(farm: Farm) -> None:
    error = reply(call(farm, "write_journal", {**REQUESTS["write_journal"], "content": "%%%"}))["error"]
    assert error["id"] == error["full_id"] == "FormatException"
    assert [item["type"] for item in error["exceptions"]] == ["System.Management.Automation.MethodInvocationException", "System.FormatException"]
    assert farm.nodes[0].files == {}
