# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs import farm
from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_SIGNING, ServiceCertificate, World

FOLDER = "C:\\ProgramData\\federation.adfs"
SUBSETS = ("certificates", "properties", "servers", "relying_parties", "journal")


def check(farm, name):
    return next(item for item in farm["checks"] if item["name"] == name)


def test_everything_in_one_round_trip(monkeypatch):
    monkeypatch.setattr("lab.keys.RSA_BITS", 2048)  # one of the checks looks at the size
    world = World()
    result = world.run("farm_info")
    farm = result["farm"]
    assert world.calls == ["read_farm"]
    assert result["changed"] is False
    assert farm["role"] == "primary"
    assert farm["is_primary"] is True
    assert farm["server"] == farm["primary_server"] == "adfs1.contoso.com"
    assert farm["host_name"] == "sts.contoso.com"
    assert farm["identifier"] == "http://sts.contoso.com/adfs/services/trust"
    assert farm["auto_certificate_rollover"] is True
    assert farm["thresholds"] == {
        "generation_days": 20,
        "promotion_days": 5,
        "critical_days": 2,
        "rollover_interval_minutes": 720,
        "threshold_multiplier_minutes": 1440,
        "duration_days": 365,
    }
    assert farm["sso_lifetime"] == 480
    assert farm["certificates"] == world.run("certificate_info")["certificates"]
    assert [node["name"] for node in farm["servers"]] == ["adfs1.contoso.com", "adfs2.contoso.com"]
    assert farm["servers"][1] == {
        "name": "adfs2.contoso.com",
        "seen": False,
        "how": None,
        "primary": None,
        "certificates": [],
        "last_sync_time": None,
        "last_sync_status": None,
    }
    assert farm["relying_parties"][0]["identifiers"][0] == "urn:federation:MicrosoftOnline"
    assert farm["journal"] == {"found": False, "sha256": None, "content": None, "error": None, "written_at": None, "server_time": farm["time"]}
    assert {item["result"] for item in farm["checks"]} <= {"ok", "not_applicable"}


@pytest.mark.parametrize(("bits", "days", "word"), [(1024, 365, "1024 bits"), (2048, 3650, "10 years")])
def test_weak_certificates_for_tokens(monkeypatch, bits, days, word):
    monkeypatch.setattr("lab.keys.RSA_BITS", bits)
    found = check(World(properties={"CertificateDuration": days}).run("farm_info")["farm"], "token_certificates_strong")
    assert found["result"] == "warn"
    assert word in found["advice"]


def test_time_is_the_servers():
    world = World()
    world.clock.advance(timedelta(days=10))
    assert world.run("farm_info")["farm"]["time"].startswith(f"{world.clock.now():%Y-%m-%d}")


@pytest.mark.parametrize("subset", SUBSETS)
def test_reads_only_what_is_asked_for(subset):
    farm = World().run("farm_info", {"gather_subset": [subset]})["farm"]
    shown = {"certificates": "certificates", "properties": "thresholds", "servers": "servers", "relying_parties": "relying_parties", "journal": "journal"}
    for name, member in shown.items():
        assert (farm[member] is not None) == (name == subset)
    assert farm["role"] == "primary"


@pytest.mark.parametrize("empty", [[], [""], "", None])
def test_an_empty_subset_is_everything(empty):
    farm = World().run("farm_info", {"gather_subset": empty})["farm"]
    assert farm["certificates"]
    assert farm["journal"] is not None


def test_a_secondary_succeeds_and_names_the_primary():
    world = World()
    world.clock.advance(timedelta(minutes=10))
    world.farm.tick(world.clock.now())
    farm = world.run("farm_info", node=1)["farm"]
    assert farm["role"] == "secondary"
    assert farm["is_primary"] is False
    assert farm["server"] == "adfs2.contoso.com"
    assert farm["primary_server"] == "adfs1.contoso.com"
    assert farm["poll_duration"] == 300
    assert farm["last_sync_status"] == 0
    assert farm["last_sync_time"].endswith("Z")
    assert [farm[name] for name in ("certificates", "servers", "relying_parties", "identifier", "thresholds")] == [None] * 5
    assert farm["journal"]["found"] is False


def test_a_stopped_service_is_one_message():
    world = World()
    world.farm.primary_node.stop_service()
    result = world.run("farm_info")
    assert result["failed"] is True
    assert result["error_id"] == "service_stopped"


def test_check_mode_reads_as_well():
    assert World().run("farm_info", check_mode=True)["farm"]["certificates"]


class TestJournal:
    def put(self, world, data, folder=FOLDER):
        world.farm.primary_node.folder_security[folder] = {"owner": "S-1-5-32-544", "allowed": ["S-1-5-18", "S-1-5-32-544"], "link": False}
        world.farm.primary_node.files[folder + "\\journal.json"] = data
        return hashlib.sha256(data).hexdigest()

    def read(self, world, **options):
        return world.run("farm_info", options)["farm"]["journal"]

    def test_found_in_the_same_call(self):
        world = World()
        content = {"schema": 1, "farm": "http://sts.contoso.com/adfs/services/trust", "note": "Zürich"}
        sha256 = self.put(world, json.dumps(content).encode())
        found = self.read(world)
        assert found.pop("written_at") <= found.pop("server_time")
        assert found == {"found": True, "sha256": sha256, "content": content, "error": None}
        assert world.calls == ["read_farm"]

    @pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff\xfe{}", b"[" * 100_000])
    def test_a_corrupt_one_is_reported_not_parsed(self, data):
        world = World()
        sha256 = self.put(world, data)
        journal = self.read(world)
        assert (journal["found"], journal["sha256"], journal["content"]) == (True, sha256, None)
        assert journal["error"].startswith("corrupt")

    def test_a_foreign_one(self):
        world = World()
        self.put(world, b'{"schema": 1, "farm": "http://other.example.com/adfs/services/trust"}')
        journal = self.read(world)
        assert journal["content"] is None
        assert journal["error"].startswith("foreign")
        assert "other.example.com" in journal["error"]

    def test_one_that_is_too_large(self):
        world = World()
        self.put(world, b" " * 1_500_001)
        journal = self.read(world)
        assert journal["found"] is True
        assert "larger than" in journal["error"]

    @pytest.mark.parametrize(
        ("rights", "word"),
        [({"owner": "S-1-5-21-1-2-3-1000"}, "S-1-5-21-1-2-3-1000"), ({"allowed": ["S-1-5-18", "S-1-1-0"]}, "S-1-1-0"), ({"link": True}, "link")],
    )
    def test_a_folder_that_others_may_use_is_not_trusted(self, rights, word):
        world = World()
        self.put(world, b'{"schema": 1}')
        world.farm.primary_node.folder_security[FOLDER].update(rights)
        journal = self.read(world)
        assert journal["content"] is None
        assert word in journal["error"]
        assert "icacls" in journal["error"]

    def test_another_path(self):
        world = World()
        self.put(world, b'{"schema": 7}', "D:\\state")
        assert self.read(world, journal_path="D:\\state\\journal.json")["content"] == {"schema": 7}

    def test_a_path_that_is_not_absolute(self):
        assert self.read(World(), journal_path="journal.json")["error"].startswith("The journal cannot lie at 'journal.json': it is not absolute. ")


class TestChecks:
    def test_custom_certificate_with_automatic_rollover_on(self):
        world = World()
        custom = world.put(TOKEN_SIGNING, "token.contoso.com")
        found = check(world.run("farm_info")["farm"], "custom_certificates_without_automatic_rollover")
        assert found["result"] == "warn"
        assert custom.thumbprint in found["advice"]

    def test_custom_certificate_with_automatic_rollover_off(self):
        world = World(properties={"AutoCertificateRollover": False})
        world.put(TOKEN_SIGNING, "token.contoso.com")
        assert check(world.run("farm_info")["farm"], "custom_certificates_without_automatic_rollover")["result"] == "ok"

    def test_key_shared_with_service_communications(self):
        world = World()
        service = world.primary("Service-Communications")
        world.farm.put(ServiceCertificate(TOKEN_SIGNING, False, "LocalMachine", "My", service.keyed), replace_primary=False)
        found = check(world.run("farm_info")["farm"], "keys_separate_from_service_communications")
        assert found["result"] == "warn"
        assert service.thumbprint in found["advice"]

    def test_sharing_container_that_cannot_be_seen(self):
        found = check(World(properties={"CertificateSharingContainer": ""}).run("farm_info")["farm"], "certificate_sharing_container")
        assert found["result"] == "unknown"
        assert "Set-AdfsCertSharingContainer" in found["advice"]

    def test_expired_primary(self):
        farm = World(age_days=400, properties={"AutoCertificateRollover": False}).run("farm_info")["farm"]
        assert check(farm, "primary_certificates_valid")["result"] == "fail"
        assert farm["certificates"][0]["days_remaining"] < 0

    def test_no_primary(self):
        world = World()
        world.farm.drop(world.primary(), world.clock.now())
        assert check(world.run("farm_info")["farm"], "one_primary_per_type")["result"] == "fail"


@pytest.mark.parametrize(
    ("name", "nodes", "listed"),
    [
        ("adfs1.b.example.com", ["adfs1.a.example.com", "adfs1.b.example.com"], "adfs1.b.example.com"),
        ("ADFS1", ["adfs1.a.example.com", "adfs1.b.example.com"], "ADFS1"),
        ("ADFS1", ["adfs2.a.example.com", "adfs1.a.example.com"], "adfs1.a.example.com"),
        ("adfs1.corp.example.com", ["adfs2.example.com", "adfs1.example.com"], "adfs1.example.com"),  # its DNS suffix is not that of the farm
    ],
)
def test_a_server_is_named_as_the_farm_lists_it_and_never_as_another_one(name, nodes, listed):
    assert farm._as_listed(name, {"nodes": {"ok": True, "value": nodes}}) == listed
