# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the world meet, and time passes in the right order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from lab.control import ControlServer
from lab.farm import TOKEN_SIGNING
from lab.keys import self_signed
from lab.world import World


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    world = World(getattr(request, "param", "expiring"))
    with world.lock:
        world.changed()
    return world


def publish(world: World) -> None:
    """Put everything that AD FS holds into both slots of every domain, as a renewal does."""
    certificates = world.farms[0].configuration.of_type(TOKEN_SIGNING)
    primary = next(item for item in certificates if item.is_primary)
    other = next((item.der for item in certificates if not item.is_primary), None)
    for domain in world.built.farm_of_domain:
        world.tenant.set_slots(domain, primary.der, other, effective_now=False)
    world.changed()


def test_nobody_there_and_nothing_published_breaks_sign_in_when_adfs_promotes(world: World) -> None:
    world.advance(timedelta(days=14))
    report = world.oracle.report()
    assert report["refused"] == 0 and report["accepted"] > 14 * 24 * 4
    world.advance(timedelta(days=3))
    report = world.oracle.report()
    assert report["refused"] > 0
    assert set(report["last"]["contoso.com"].values()) == {"refused"}
    (generated, promoted) = [event for event in world.farms[0].events if event["node"] == "adfs1.contoso.com"][:2]
    assert str(generated["text"]).startswith("MSIS10005") and str(promoted["text"]).startswith("MSIS10004")
    first = report["refusals"][0]
    assert first["time"] >= str(promoted["time"])


def test_a_published_successor_costs_no_sign_in_from_first_to_last(world: World) -> None:
    world.farms[0].primary_node.update_adfs_certificate(TOKEN_SIGNING)
    publish(world)
    world.advance(timedelta(days=8))
    report = world.oracle.report()
    assert report["refused"] == 0
    assert world.farms[0].events[-1]["text"].startswith("MSIS10004")  # type: ignore[attr-defined]
    assert len({node.signer.thumbprint if node.signer else None for node in world.nodes}) == 1


def test_the_naive_way_costs_sign_ins_until_entra_follows(world: World) -> None:
    world.farms[0].primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    world.changed()
    publish(world)
    world.advance(timedelta(hours=6))
    report = world.oracle.report()
    assert report["refused"] > 0
    assert set(report["last"]["contoso.com"].values()) == {"accepted"}


def test_the_oracle_looks_every_hour_and_at_each_change(world: World) -> None:
    world.oracle.clear()
    world.advance(timedelta(hours=10, minutes=30))
    assert world.oracle.report()["looks"] == {"hour": 10}
    world.farms[0].primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    world.changed()
    world.advance(timedelta(minutes=10))
    assert world.oracle.report()["looks"] == {"hour": 10, "change": 2}, "the primary changed, then the secondary followed"


def test_a_write_takes_effect_after_its_propagation(world: World) -> None:
    now = world.clock.now()
    stranger = self_signed("stranger", now, now + timedelta(days=1)).der
    world.tenant.set_slots("contoso.com", stranger, None, effective_now=False)
    world.changed()
    world.advance(timedelta(minutes=50))
    assert world.oracle.report()["refused"] == 0
    world.advance(timedelta(minutes=20))
    assert set(world.oracle.report()["last"]["contoso.com"].values()) == {"refused"}
    assert set(world.oracle.report()["last"]["fabrikam.com"].values()) == {"accepted"}


def test_entra_s_own_updater_reads_the_server_it_is_told_to() -> None:
    world = World("expiring", {"tenant": {"updater": True}})
    world.farms[0].primary_node.update_adfs_certificate(TOKEN_SIGNING)
    world.advance(timedelta(days=1, hours=1))
    (slots,) = {(item["configured"]["signing"], item["configured"]["next"]) for item in world.state()["domains"] if item["configuration_id"]}
    assert set(slots) == {item.thumbprint for item in world.farms[0].configuration.of_type(TOKEN_SIGNING)}


class Client:
    """Speaks to the control endpoint without a socket."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._control = ControlServer(world)

    def __call__(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        return self._control.answer(method, path, json.dumps(body).encode() if body else b"")


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    yield Client(world)


def test_control_moves_the_clock(client: Client) -> None:
    before = client.world.clock.now()
    status, answer = client("POST", "/clock", days=1, hours=2)
    assert status == 200 and answer["now"] == client("GET", "/clock")[1]["now"]
    assert timedelta(hours=26) <= client.world.clock.now() - before < timedelta(hours=26, minutes=1)
    assert client("POST", "/clock", to="2020-01-01T00:00:00Z")[0] == 400
    assert client("POST", "/clock", advance=-5)[0] == 400
    assert client("POST", "/clock")[0] == 400
    target = (client.world.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert client("POST", "/clock", to=target)[1]["now"] == target


def test_control_shows_the_state_by_thumbprint(client: Client) -> None:
    state = client("GET", "/state")[1]
    current = state["certificates"]["current"]
    (farm,) = state["farms"]
    assert [node["signer"] for node in farm["nodes"]] == [current, current]
    assert [(item["domain"], item["configured"]["signing"]) for item in state["domains"][:2]] == [("contoso.com", current), ("fabrikam.com", current)]
    assert client("GET", "/signins")[1]["refused"] == 0


def test_control_plays_the_administrator(client: Client) -> None:
    assert client("POST", "/adfs", cmdlet="Update-AdfsCertificate", certificate_type=TOKEN_SIGNING)[0] == 200
    status, answer = client("POST", "/adfs", cmdlet="Update-AdfsCertificate", certificate_type=TOKEN_SIGNING)
    assert (status, answer["id"]) == (409, "PS0139")
    assert client("POST", "/adfs", cmdlet="Update-AdfsCertificate", node="adfs2")[1]["id"] == "PS0033"
    assert client("POST", "/adfs", cmdlet="Stop-Service", node="adfs1")[0] == 200
    assert client("GET", "/signins")[1]["last"]["contoso.com"]["adfs1.contoso.com"] == "unanswered"
    assert client("POST", "/adfs", cmdlet="Start-Service", node="adfs1")[0] == 200
    assert client("POST", "/adfs", cmdlet="Set-AdfsProperties", AutoCertificateRollover=False)[0] == 200
    state = client("GET", "/state")[1]["farms"][0]
    successor = next(item for item in state["nodes"][0]["certificates"] if item["certificate_type"] == TOKEN_SIGNING and not item["is_primary"])
    arguments = {"certificate_type": TOKEN_SIGNING, "thumbprint": successor["thumbprint"]}
    assert client("POST", "/adfs", cmdlet="Set-AdfsCertificate", **arguments)[0] == 200
    assert client("GET", "/state")[1]["farms"][0]["nodes"][0]["signer"] == successor["thumbprint"]
    assert client("POST", "/adfs", cmdlet="Format-Disk")[0] == 400
    assert client("POST", "/adfs", cmdlet="Stop-Service", node="nobody")[0] == 400
    assert client("POST", "/adfs", switches={"urgent_keeps_old": True})[1]["result"]["urgent_keeps_old"] is True


def test_control_plays_somebody_else_in_entra(client: Client) -> None:
    assert client("POST", "/entra", domain="contoso.com", next="current")[0] == 200
    contoso = client("GET", "/state")[1]["domains"][0]
    assert contoso["configured"]["next"] == client("GET", "/state")[1]["certificates"]["current"]
    assert client("POST", "/entra", domain="nobody.example", next=None)[0] == 400
    assert client("POST", "/entra", domain="contoso.com", signing="0" * 40)[0] == 400
    assert client("POST", "/entra", permissions=["Domain.Read.All"])[0] == 200
    assert client.world.application.roles == ["Domain.Read.All"]


def test_control_keeps_faults_and_the_log(client: Client) -> None:
    assert client("POST", "/fault", surface="graph", do="drop")[0] == 200
    assert len(client("GET", "/fault")[1]) == 1
    assert client("POST", "/fault", do="drop")[0] == 400
    assert client("DELETE", "/fault")[0] == 200 and client("GET", "/fault")[1] == []
    client.world.log.record("metadata", "get", False)
    assert client("GET", "/counters")[1] == {"metadata.get": 1}
    assert client("POST", "/log/clear")[0] == 200 and client("GET", "/log")[1] == []
    status, answer = client("GET", "/nonsense")
    assert status == 404 and "/signins" in answer["error"]
