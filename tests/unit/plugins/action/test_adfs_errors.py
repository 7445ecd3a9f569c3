# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each error that AD FS is known to report, at each module: one clear message, and nothing written."""

from __future__ import annotations

import copy
import time

import pytest

from ansible_collections.federation.adfs.plugins.plugin_utils import _powershell
from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_SIGNING, World, cmdlet_error

READS = ("Get-AdfsCertificate", "Get-AdfsProperties", "Get-AdfsRelyingPartyTrust", "Get-AdfsFarmInformation", "Get-AdfsSyncProperties")
ACTS = ("Update-AdfsCertificate", "Add-AdfsCertificate", "Set-AdfsCertificate", "Remove-AdfsCertificate", "Set-AdfsProperties")
# Never matched by its text, so any language will do.
PS0033 = "PS0033: Dieses Cmdlet kann nicht auf einem sekundären Server ausgeführt werden. Der primäre Server ist derzeit: adfs7.contoso.com."

SIGNING = {"certificate_type": TOKEN_SIGNING}
# Options with which each module has something to do, on a farm with automatic rollover on or off.
MODULES = {
    "certificate_info": (True, lambda world: {}),
    "certificate_rollover": (True, lambda world: {}),
    "certificate_rollover urgent": (True, lambda world: {"urgent": True, "confirm_urgent": world.primary().thumbprint}),
    "certificate add": (False, lambda world: {**SIGNING, "thumbprint": world.in_store()}),
    "certificate promote": (False, lambda world: {**SIGNING, "thumbprint": world.staged(), "primary": True}),
    "certificate remove": (False, lambda world: {**SIGNING, "thumbprint": world.put(TOKEN_SIGNING, "old").thumbprint, "state": "absent"}),
    "farm_properties": (True, lambda world: {"auto_certificate_rollover": False, "certificate_duration": 730}),
    "farm_info": (True, lambda world: {}),
    "farm_info keys": (True, lambda world: {"gather_subset": ["all", "keys"]}),
    "certificate_key": (True, lambda world: {"thumbprint": world.in_store(), "grant_read": True}),
}
WRITING = [name for name in MODULES if name.split()[0] in ("certificate_rollover", "certificate", "farm_properties")]


def told(identifier, message, **more):
    return lambda cmdlet: cmdlet_error(cmdlet, identifier, message, **more)


ERRORS = {
    "PS0033": (told("PS0033", PS0033), ("secondary", "adfs7.contoso.com")),
    "PS0137": (told("PS0137", "PS0137: Kein Endpunkt '/adfs/none'"), ("PS0137", "Kein Endpunkt")),
    "PS0159": (told("PS0159", "PS0159: Ebene 1 statt 3"), ("behaviour level", "Invoke-AdfsFarmBehaviorLevelRaise")),
    "access denied": (
        told("Denied", "Zugriff verweigert", category="PermissionDenied", exception_type="System.UnauthorizedAccessException"),
        ("local administrator", "become"),
    ),
    "unknown": (told("PS9999", "PS9999: etwas Neues"), ("PS9999", "etwas Neues")),
}


def start(name):
    automatic, options = MODULES[name]
    world = World(properties={"AutoCertificateRollover": automatic})
    return world, name.split()[0], options(world)


def everything(world):
    return copy.deepcopy(world.farm.configuration.properties), [(c.thumbprint, c.is_primary) for c in world.farm.configuration.certificates]


def refuse(world, cmdlets, error):
    node = world.farm.nodes[0]
    node.refusals = {cmdlet: error(cmdlet) for cmdlet in cmdlets}


def failed(result, *words):
    assert result["failed"] is True
    assert "\n" not in result["msg"]
    assert "Traceback" not in result["msg"]
    assert len(result["msg"]) < 1200
    for word in words:
        assert word in result["msg"], result["msg"]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", MODULES)
def test_refused_at_every_cmdlet(name, error):
    world, module, options = start(name)
    before = everything(world)
    make, words = ERRORS[error]
    refuse(world, READS + ACTS, make)
    result = world.run(module, options)
    failed(result, *words)
    assert result["changed"] is False
    assert world.acts == []
    assert everything(world) == before


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", WRITING)
def test_refused_at_the_act(name, error):
    world, module, options = start(name)
    before = everything(world)
    make, words = ERRORS[error]
    refuse(world, ACTS, make)
    result = world.run(module, options)
    failed(result, *words)
    assert result["changed"] is False
    assert len(world.acts) == 1
    assert everything(world) == before


@pytest.mark.parametrize("name", MODULES)
def test_the_service_is_stopped(name):
    world, module, options = start(name)
    before = everything(world)
    world.farm.nodes[0].stop_service()
    result = world.run(module, options)
    failed(result, "adfssrv", "Start")
    assert result["error_id"] == "service_stopped"
    assert world.acts == []
    assert everything(world) == before


@pytest.mark.parametrize("name", MODULES)
def test_the_module_is_missing(name):
    world, module, options = start(name)
    world.farm.nodes[0].module_present = False
    failed(world.run(module, options), "no PowerShell module ADFS")
    assert world.acts == []


@pytest.mark.parametrize("name", MODULES)
def test_an_ad_fs_of_before_2016(name):
    world, module, options = start(name)
    before = everything(world)
    world.farm.nodes[0].knows_farm_information = False
    result = world.run(module, options)
    failed(result, "Windows Server 2016", "adfs1")
    assert result["error_id"] == "too_old"
    assert world.acts == []
    assert everything(world) == before


@pytest.mark.parametrize("name", [name for name in MODULES if name.split()[0] not in ("farm_info", "certificate_key")])
def test_a_secondary_names_the_primary(name):
    world, module, options = start(name)
    before = everything(world)
    result = world.run(module, options, node=1)
    failed(result, "secondary", "adfs1.contoso.com")
    assert result["primary_server"] == "adfs1.contoso.com"
    assert world.acts == []
    assert everything(world) == before


@pytest.mark.parametrize("name", ["certificate_rollover", "certificate_rollover urgent"])
def test_rollover_off_is_found_before_the_act_and_told_by_the_act_too(name):
    world, module, options = start(name)
    world.farm.configuration.properties["AutoCertificateRollover"] = False
    failed(world.run(module, options), "Automatic certificate rollover is off", "farm_properties")
    assert world.acts == []
    # Somebody turns it off between look and act.
    world, module, options = start(name)
    world.before_call["update_certificate"] = lambda: world.farm.configuration.properties.update(AutoCertificateRollover=False)
    before = everything(world)[1]
    failed(world.run(module, options), "automatic certificate rollover is disabled")
    assert everything(world)[1] == before


def test_ps0139_never_reaches_the_user_while_a_successor_waits():
    world = World()
    world.farm.generate(TOKEN_SIGNING, world.clock.now())
    result = world.run("certificate_rollover")
    assert not result.get("failed")
    assert result["changed"] is False
    assert world.acts == []


@pytest.mark.parametrize("answer", ["garbage", '{"ok":true,"data":{"ho', "", "x" * 50_000_000], ids=["garbage", "half", "nothing", "50 MB"])
@pytest.mark.parametrize("name", MODULES)
def test_a_script_that_answers_badly_at_the_look(name, answer):
    world, module, options = start(name)
    before = everything(world)
    world.instead["read_farm"] = {"changed": False, "result": {"json": answer}}
    failed(world.run(module, options), "read_farm")
    assert world.acts == []
    assert everything(world) == before


@pytest.mark.parametrize("answer", ["garbage", '{"ok":true,"data":{"ce', "", "x" * 50_000_000], ids=["garbage", "half", "nothing", "50 MB"])
@pytest.mark.parametrize("name", WRITING)
def test_a_script_that_answers_badly_at_the_act(name, answer):
    world, module, options = start(name)
    for script in ("update_certificate", "add_certificate", "promote_certificate", "remove_certificate", "set_properties"):
        world.instead[script] = {"changed": False, "result": {"json": answer}}
    failed(world.run(module, options), world.acts[0])
    assert len(world.acts) == 1


ROUND_TRIPS = {
    "certificate_info": 1,
    "certificate_rollover": 2,
    "certificate_rollover urgent": 2,
    "certificate add": 2,
    "certificate promote": 3,  # the second one: whether this server can use the key
    "certificate remove": 2,
    "farm_properties": 2,
    "farm_info": 1,
    "farm_info keys": 1,
    "certificate_key": 2,
}


@pytest.mark.parametrize("name", MODULES)
def test_round_trips_with_a_change_and_without(name):
    world, module, options = start(name)
    assert not world.run(module, options).get("failed")
    assert len(world.calls) == ROUND_TRIPS[name]
    if name == "certificate_rollover urgent":
        return  # its confirmation names the certificate that is gone
    world.calls.clear()
    assert world.run(module, options)["changed"] is False
    assert len(world.calls) == (2 if name == "certificate_key" else 1)


@pytest.mark.parametrize(("name", "where"), [*((name, "look") for name in MODULES), *((name, "act") for name in WRITING)])
def test_a_script_that_never_ends(name, where, monkeypatch):
    world, module, options = start(name)
    real = _powershell._time_limit
    monkeypatch.setattr(_powershell, "_time_limit", lambda seconds: real(0.2))
    scripts = ["read_farm"] if where == "look" else sorted(_powershell.ACTS)
    for script in scripts:
        world.before_call[script] = lambda: time.sleep(30)
    begun = time.monotonic()
    result = world.run(module, options)
    assert time.monotonic() - begun < 10
    failed(result, "did not answer the script")
    assert result["error_id"] == "time_limit"
    assert ("not known" in result["msg"]) is (where == "act")


def test_the_time_limit_of_a_call_is_an_option():
    world, module, options = start("certificate_info")
    world.before_call["read_farm"] = lambda: time.sleep(30)
    begun = time.monotonic()
    result = world.run(module, {**options, "time_limit": 1})
    assert time.monotonic() - begun < 10
    failed(result, "did not answer the script read_farm within 1 seconds", "time_limit")
    assert result["error_id"] == "time_limit"
    refused = world.run(module, {**options, "time_limit": 0})
    assert refused["failed"] and "1 or more" in refused["msg"]
