# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_DECRYPTING, TOKEN_SIGNING, World


def test_all_certificates_in_one_call_primary_first():
    world = World()
    successor = world.farm.generate(TOKEN_SIGNING, world.clock.now())
    result = world.run("certificate_info")
    assert [(c["certificate_type"], c["is_primary"]) for c in result["certificates"]] == [
        ("Token-Signing", True),
        ("Token-Signing", False),
        ("Token-Decrypting", True),
        ("Service-Communications", True),
    ]
    assert result["certificates"][1]["thumbprint"] == successor.thumbprint
    assert result["changed"] is False
    assert world.calls == ["read_farm"]


def test_days_remaining_are_counted_by_the_servers_clock():
    world = World(age_days=300)
    world.clock.advance(timedelta(hours=1))
    assert world.run("certificate_info")["certificates"][0]["days_remaining"] == 64


@pytest.mark.parametrize("empty", ["", None, "  "])
def test_an_empty_type_means_all(empty):
    assert len(World().run("certificate_info", {"certificate_type": empty})["certificates"]) == 3


def test_one_type():
    result = World().run("certificate_info", {"certificate_type": "Token-Decrypting"})
    assert [c["certificate_type"] for c in result["certificates"]] == [TOKEN_DECRYPTING]


def test_check_mode_reads_as_well():
    assert World().run("certificate_info", check_mode=True)["certificates"]


def test_a_secondary_names_the_primary():
    result = World().run("certificate_info", node=1)
    assert result["failed"] is True
    assert result["error_id"] == "PS0033"
    assert result["primary_server"] == "adfs1.contoso.com"
    assert "The primary is adfs1.contoso.com" in result["msg"]


def test_a_secondary_that_answers_is_still_no_primary():
    result = World(switches={"secondary_answers_get_certificate": True}).run("certificate_info", node=1)
    assert result["failed"] is True
    assert result["error_id"] == "PS0033"


def test_a_stopped_service_says_how_to_start_it():
    world = World()
    world.farm.primary_node.stop_service()
    result = world.run("certificate_info")
    assert result["error_id"] == "service_stopped"
    assert "Start-Service adfssrv" in result["msg"]
    assert "\n" not in result["msg"]


def test_a_server_without_the_module():
    world = World()
    world.farm.primary_node.module_present = False
    result = world.run("certificate_info")
    assert result["error_id"] == "Modules_ModuleNotFound"
    assert "is not an AD FS server" in result["msg"]
