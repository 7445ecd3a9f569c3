# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_DECRYPTING, TOKEN_SIGNING, World


def results(result):
    return {item["name"]: item["result"] for item in result["checks"]}


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("node", [0, 1])
def test_checks_on_any_server(world, node):
    name = world.in_store()
    result = world.run("certificate_key", {"thumbprint": name}, node=node)
    assert result["changed"] is False
    assert result["server"] == f"adfs{node + 1}.contoso.com"
    assert result["certificate"]["thumbprint"] == name
    found = results(result)
    assert found["private_key_readable"] == "ok"
    assert found["separate_from_service_communications"] == ("ok" if node == 0 else "unknown")
    assert world.calls == ["read_farm", "check_certificate"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_grants_the_missing_right_once_and_only_where_asked(world, check_mode):
    name = world.in_store()
    entry = world.farm.nodes[1].store[name]
    entry.service_account_may_read = False
    seen = world.run("certificate_key", {"thumbprint": name}, node=1)
    assert results(seen)["private_key_readable"] == "fail"
    assert "grant_read" in next(item["advice"] for item in seen["checks"] if item["name"] == "private_key_readable")
    assert entry.service_account_may_read is False

    world.calls.clear()
    result = world.run("certificate_key", {"thumbprint": name, "grant_read": True}, node=1, check_mode=check_mode)
    assert world.calls == ["read_farm", "check_certificate", *([] if check_mode else ["grant_read"])]
    assert result["changed"] is True
    assert "may read" in result["diff"]["after"]
    assert entry.service_account_may_read is not check_mode
    assert world.acts == ([] if check_mode else ["grant_read"])
    if not check_mode:
        assert results(result)["private_key_readable"] == "ok"
        assert world.run("certificate_key", {"thumbprint": name, "grant_read": True}, node=1)["changed"] is False
        assert world.acts == ["grant_read"]


def test_absent_is_a_check_but_an_error_where_a_right_is_to_be_granted(world):
    result = world.run("certificate_key", {"thumbprint": "AB" * 20})
    assert not result.get("failed")
    assert result["certificate"] is None
    assert results(result)["certificate_in_store"] == "fail"
    refused = world.run("certificate_key", {"thumbprint": "AB" * 20, "grant_read": True})
    assert refused["error_id"] == "not_in_store"
    assert world.acts == []


def test_a_key_without_a_file_cannot_be_granted(world):
    name = world.in_store()
    world.farm.nodes[0].store[name].key_has_file = False
    assert results(world.run("certificate_key", {"thumbprint": name}))["private_key_readable"] == "unknown"
    assert world.run("certificate_key", {"thumbprint": name, "grant_read": True})["error_id"] == "no_key_file"
    assert world.acts == []


def test_granted_but_still_not_allowed_is_no_success(world):
    name = world.in_store()
    world.farm.nodes[0].store[name].service_account_may_read = False
    reply = '{"ok":true,"data":{"service_account":{"name":"a","sid":"S-1-5-21-1-2-3-4"},"failure":null,"readers":{"ok":true,"value":[]}}}'
    world.instead["grant_read"] = {"changed": False, "result": {"json": reply}}
    result = world.run("certificate_key", {"thumbprint": name, "grant_read": True})
    assert (result["error_id"], result["changed"]) == ("not_done", True)


def test_wrong_thumbprint_is_found_before_anything_is_sent(world):
    assert world.run("certificate_key", {"thumbprint": "XYZ"})["failed"] is True
    assert world.calls == []


def test_keyspec_of_a_decrypting_certificate(world):
    name = world.in_store()
    world.farm.nodes[0].store[name].key_spec = 2
    assert results(world.run("certificate_key", {"thumbprint": name}))["key_provider"] == "warn"
    assert results(world.run("certificate_key", {"thumbprint": name, "certificate_type": TOKEN_DECRYPTING}))["key_provider"] == "fail"


class TestFarmInfo:
    def test_certificates_of_ad_fs_itself_cost_nothing_and_need_nothing(self, world):
        farm = world.run("farm_info", {"gather_subset": ["all", "keys"]})["farm"]
        own = [item for item in farm["checks"] if item["thumbprint"]]
        assert {item["result"] for item in own} == {"not_applicable"}
        assert {item["thumbprint"] for item in own} == {world.primary().thumbprint, world.primary(TOKEN_DECRYPTING).thumbprint}
        assert world.calls == ["read_farm"]

    def test_keys_are_no_part_of_all(self, world):
        name = world.staged()
        farm = world.run("farm_info")["farm"]
        assert [item for item in farm["checks"] if item["thumbprint"]] == []
        assert world.calls == ["read_farm"]
        world.calls.clear()
        farm = world.run("farm_info", {"gather_subset": ["keys"]})["farm"]
        assert farm["certificates"] is None
        assert {item["name"]: item["result"] for item in farm["checks"] if item["thumbprint"] == name}["private_key_present"] == "ok"
        assert world.calls == ["read_farm", "check_certificate"]

    @pytest.mark.parametrize("kind", [TOKEN_SIGNING, TOKEN_DECRYPTING])
    def test_of_both_types(self, world, kind):
        name = world.staged(kind)
        world.farm.nodes[0].store[name].service_account_may_read = False
        checks = world.run("farm_info", {"gather_subset": ["keys"]})["farm"]["checks"]
        assert {item["name"]: item["result"] for item in checks if item["thumbprint"] == name}["private_key_readable"] == "fail"

    def test_a_secondary_names_none(self, world):
        world.staged()
        farm = world.run("farm_info", {"gather_subset": ["keys"]}, node=1)["farm"]
        assert farm["checks"] == []
        assert farm["role"] == "secondary"

    def test_relying_parties_at_risk(self):
        world = World(relying_parties=[{"name": "Payroll", "identifiers": ["urn:payroll"]}])
        found = {item["name"]: item["risk"] for item in world.run("farm_info")["farm"]["relying_parties"]}
        assert found == {"Microsoft Office 365 Identity Platform": None, "Payroll": "no_metadata"}
        told = world.run("farm_info", {"one_certificate_partners": ["urn:pay*"]})["farm"]["relying_parties"]
        assert {item["name"]: item["risk"] for item in told}["Payroll"] == "one_certificate"
