# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AD FS answers otherwise than documented: what one odd answer costs, and that nothing that AD FS may answer ends a run without a word."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import World, cmdlet_error

UTC = timezone.utc
TWO = {"$type": "System.Object[]"}
PARTNER = "https://partner.example.com"
HUNDRED_YEARS = 36_500 * 1440


def span(seconds):
    return {"$type": "System.TimeSpan", "value": seconds}


def double(value):
    return {"$type": "System.Double", "value": value}


def primary(world):
    return world.farm.primary_node


def properties(world, **members):
    world.farm.configuration.properties.update(members)


def read(world, **options):
    result = world.run("farm_info", options)
    assert not result.get("failed"), result
    return result["farm"]


def check(farm, name):
    return next(item for item in farm["checks"] if item["name"] == name)


def with_partner(**members):
    return World(relying_parties=[{"name": "Partner", "identifiers": [PARTNER], **members}])


def partner(farm):
    return next(item for item in farm["relying_parties"] if item["name"] == "Partner")


class TestRole:
    @pytest.mark.parametrize("role", ["PRIMARYCOMPUTER", "primarycomputer"])
    def test_in_any_letters(self, role):
        world = World()
        primary(world).sync_members = {"Role": role}
        assert read(world)["is_primary"] is True

    @pytest.mark.parametrize("module", ["farm_info", "certificate_info", "farm_properties", "certificate_rollover"])
    @pytest.mark.parametrize("role", ["", None, TWO, "Primary", 1])
    def test_anything_else_is_no_primary(self, module, role):
        world = World()
        primary(world).sync_members = {"Role": role}
        arguments = {"certificate_rollover": {"certificate_type": "Token-Signing"}, "farm_properties": {"certificate_duration": 400}}.get(module)
        result = world.run(module, arguments)
        assert (result["failed"], result["error_id"]) == (True, "role")
        assert "PrimaryComputer or SecondaryComputer" in result["msg"]
        assert world.acts == []

    @pytest.mark.parametrize("cmdlet", ["Get-AdfsSyncProperties", "Get-AdfsProperties"])
    def test_a_stray_line_before_the_answer(self, cmdlet):
        world = World()
        primary(world).stray = {cmdlet: ["a line of a profile"]}
        result = world.run("farm_info")
        assert result["failed"] is True
        assert result["msg"] == f"{cmdlet} gave 2 objects where exactly one is expected."

    def test_a_stray_line_before_the_servers(self):
        world = World()
        primary(world).stray = {"Get-AdfsFarmInformation": ["a line of a profile"]}
        farm = read(world)
        assert farm["servers"] is None
        assert check(farm, "nodes_readable")["result"] == "unknown"


class TestProperties:
    @pytest.mark.parametrize("member", ["HostName", "Identifier"])
    @pytest.mark.parametrize("value", [None, "", TWO])
    def test_a_farm_without_a_name_is_no_farm(self, member, value):
        world = World()
        properties(world, **{member: value})
        result = world.run("farm_info")
        assert (result["failed"], result["error_id"]) == (True, "no_farm_name")
        assert member in result["msg"]

    @pytest.mark.parametrize("value", [None, "False", "True", 1, TWO])
    def test_a_switch_that_did_not_answer_is_unknown(self, value):
        world = World()
        properties(world, AutoCertificateRollover=value)
        farm = read(world)
        assert farm["auto_certificate_rollover"] is None
        assert check(farm, "properties_readable")["result"] == "unknown"
        assert "AutoCertificateRollover" in check(farm, "properties_readable")["advice"]

    @pytest.mark.parametrize("largest", [2**31 - 1, 2**63 - 1])
    def test_numbers_at_their_limits(self, largest):
        world = World()
        names = ("Duration", "GenerationThreshold", "PromotionThreshold", "CriticalThreshold", "ThresholdMultiplier", "RolloverInterval")
        properties(world, **{f"Certificate{name}": largest for name in names}, SsoLifetime={"$type": "System.UInt64", "value": str(2**64 - 1)})
        farm = read(world)
        multiplier = farm["thresholds"]["threshold_multiplier_minutes"]
        assert all(farm["thresholds"][f"{name}_days"] * multiplier <= HUNDRED_YEARS for name in ("generation", "promotion", "critical"))
        assert farm["thresholds"]["duration_days"] == 36_500
        assert farm["sso_lifetime"] == HUNDRED_YEARS
        assert timedelta(minutes=farm["sso_lifetime"]) + timedelta(days=farm["thresholds"]["duration_days"])
        found = check(farm, "properties_in_range")
        assert found["result"] == "warn"
        assert f"CertificateDuration is {largest}, reckoned with as 36500" in found["advice"]

    def test_a_lifetime_that_could_not_be_read_is_named(self):
        world = World()
        properties(world, SsoLifetime=double(0.5), ProxyTrustTokenLifetime=None)
        farm = read(world)
        assert (farm["sso_lifetime"], farm["proxy_trust_lifetime"]) == (None, None)
        assert farm["unknown_lifetimes"] == ["SsoLifetime", "ProxyTrustTokenLifetime"]

    def test_other_types_that_mean_a_number(self):
        world = World()
        properties(world, SsoLifetime=span(28_800), ProxyTrustTokenLifetime=double(21_600.0), CertificateDuration=double(365.0))
        farm = read(world)
        assert (farm["sso_lifetime"], farm["proxy_trust_lifetime"], farm["thresholds"]["duration_days"]) == (480, 21_600, 365)
        assert farm["unknown_lifetimes"] == []
        assert check(farm, "properties_readable")["result"] == "ok"

    @pytest.mark.parametrize(
        ("poll", "expected"),
        [(span(300), 300), (double(480.0), 480), (double(0.5), None), ("soon", None), (TWO, None), (2**63 - 1, 3_153_600_000)],
    )
    def test_poll_duration(self, poll, expected):
        world = World()
        world.farm.nodes[1].sync_members = {"PollDuration": poll}
        assert world.run("farm_info", node=1)["farm"]["poll_duration"] == expected

    @pytest.mark.parametrize(
        ("time", "expected"), [(datetime(1, 1, 1, tzinfo=UTC), None), (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59Z")]
    )
    def test_times_at_the_ends_of_the_calendar(self, time, expected):
        world = World()
        world.farm.nodes[1].sync_members = {"LastSyncTime": time}
        assert world.run("farm_info", node=1)["farm"]["last_sync_time"] == expected


class TestServers:
    @pytest.mark.parametrize("nameless", [None, "", TWO])
    def test_one_without_a_name_is_there_all_the_same(self, nameless):
        world = World()
        primary(world).farm_nodes = ["adfs1.contoso.com", nameless]
        farm = read(world)
        assert [(node["name"], node["seen"]) for node in farm["servers"]] == [("adfs1.contoso.com", False), ("unnamed-server-2", False)]
        assert check(farm, "servers_named")["result"] == "unknown"


class TestTrusts:
    @pytest.mark.parametrize("lifetime", [None, "60", -1, double(0.5), TWO])
    def test_a_lifetime_that_is_no_number_costs_its_own_entry(self, lifetime):
        farm = read(with_partner(TokenLifetime=lifetime))
        assert partner(farm)["token_lifetime"] is None
        assert partner(farm)["error"]
        assert farm["relying_parties"][0]["error"] is None
        assert farm["unknown_lifetimes"] == ["Partner"]
        assert farm["max_token_lifetime"] == 60
        assert check(farm, "relying_parties_complete")["result"] == "unknown"

    @pytest.mark.parametrize(("lifetime", "minutes"), [(0, 0), (480, 480), (span(3601), 61), (double(480.0), 480), (2**31 - 1, HUNDRED_YEARS)])
    def test_a_lifetime_that_can_be_read(self, lifetime, minutes):
        farm = read(with_partner(TokenLifetime=lifetime))
        assert partner(farm)["token_lifetime"] == minutes
        assert farm["max_token_lifetime"] == max(minutes, 60)
        assert farm["unknown_lifetimes"] == []
        assert check(farm, "relying_parties_complete")["result"] == "ok"

    def test_a_very_long_name(self):
        world = World(relying_parties=[{"name": "n" * 100_001, "identifiers": [PARTNER]}])
        assert [len(item["name"]) for item in read(world)["relying_parties"]] == [38, 2000]

    def test_a_stray_line_is_an_entry_that_is_not_understood(self):
        world = World()
        primary(world).stray = {"Get-AdfsRelyingPartyTrust": ["a line of a profile"]}
        farm = read(world)
        assert [item["name"] for item in farm["relying_parties"]] == ["Microsoft Office 365 Identity Platform", "(without a name)"]
        assert farm["unknown_lifetimes"] == ["(without a name)"]

    def test_a_trust_that_does_not_say_whether_it_is_on_is_at_risk(self):
        found = partner(read(with_partner(Enabled="False")))
        assert (found["enabled"], found["risk"]) == (True, "no_metadata")

    def test_three_thousand_trusts_with_long_identifiers(self):
        parties = [
            {
                "name": f"partner {number}",
                "identifiers": [f"https://partner{number}.example.com/{'x' * 100}/{item}" for item in range(20)],
                "Enabled": number % 3 != 0,
                "TokenLifetime": "?" if number == 2999 else number % 700,
            }
            for number in range(3000)
        ]
        world = World(relying_parties=parties)
        farm = read(world)
        listed = farm["relying_parties"]
        assert farm["relying_parties_cut"] == {"listed": len(listed), "total": 3001}
        assert 100 < len(listed) < 3000
        assert listed[0]["identifiers"][0] == "urn:federation:MicrosoftOnline"
        assert all(item["enabled"] for item in listed)  # the cut falls on those that are off
        assert farm["max_token_lifetime"] == 699
        assert farm["unknown_lifetimes"] == ["partner 2999"]
        assert check(farm, "relying_parties_complete")["advice"].startswith(f"The list is cut: {len(listed)} of 3001")
        assert world.calls == ["read_farm"]

    def test_a_list_that_was_refused_may_hold_any_lifetime(self):
        world = World()
        primary(world).refusals["Get-AdfsRelyingPartyTrust"] = cmdlet_error("Get-AdfsRelyingPartyTrust", "PS9999", "not now")
        farm = read(world)
        assert farm["relying_parties"] is None
        assert farm["unknown_lifetimes"] == ["*"]
        assert check(farm, "relying_parties_readable")["result"] == "unknown"


class TestWhoElseTrusts:
    def test_claims_providers_and_applications(self):
        world = World(
            claims_providers=[{"name": "Fabrikam", "identifier": "https://idp.fabrikam.example.com"}],
            applications=[{"name": "Payroll", "identifiers": ["https://payroll.example.com"], "TokenLifetime": 600}],
        )
        farm = read(world)
        assert [item["name"] for item in farm["claims_providers"]] == ["Active Directory", "Fabrikam"]
        assert farm["applications"][0]["group"] == "Payroll"
        assert farm["max_token_lifetime"] == 600
        assert world.calls == ["read_farm"]

    def test_an_application_with_an_unknown_lifetime(self):
        farm = read(World(applications=[{"name": "Payroll", "identifiers": [], "TokenLifetime": None}]))
        assert farm["unknown_lifetimes"] == ["Payroll"]

    def test_a_farm_of_a_level_without_application_groups(self):
        world = World()
        primary(world).refusals["Get-AdfsWebApiApplication"] = cmdlet_error("Get-AdfsWebApiApplication", "PS0159", "PS0159: The level is 1, and 3 is required.")
        farm = read(world)
        assert farm["applications"] == []
        assert farm["unknown_lifetimes"] == []


class TestEvents:
    def world(self):
        world = World()
        now = world.clock.now()
        primary(world).logged = [
            {"Id": 385, "TimeCreated": now - timedelta(days=2), "Level": 3, "Message": "x"},
            {"Id": 4711, "TimeCreated": now, "Level": 4, "Message": "of no interest"},
        ]
        return world

    def test_only_if_asked_for(self):
        world = self.world()
        assert read(world)["events"] is None
        farm = read(world, gather_subset=["events"])
        assert {item["id"] for item in farm["events"]} == {335, 385}
        assert farm["events_cut"] is False
        assert check(farm, "events_readable")["result"] == "ok"

    def test_since(self):
        world = self.world()
        since = (world.clock.now() - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        farm = read(world, gather_subset=["events"], events_since=since)
        assert [item["id"] for item in farm["events"]] == [385]

    def test_a_moment_that_is_none(self):
        world = self.world()
        result = world.run("farm_info", {"gather_subset": ["events"], "events_since": "yesterday"})
        assert (result["error_id"], world.calls) == ("options", [])

    def test_on_a_secondary_server_too(self):
        farm = self.world().run("farm_info", {"gather_subset": ["events"]}, node=1)["farm"]
        assert farm["events"] == []

    def test_a_log_that_may_not_be_read(self):
        world = self.world()
        primary(world).refusals["Get-WinEvent"] = cmdlet_error(
            "Get-WinEvent", "", "Attempted to perform an unauthorized operation.", category="NotSpecified", exception_type="System.UnauthorizedAccessException"
        )
        farm = read(world, gather_subset=["events"])
        assert farm["events"] is None
        assert "Access denied" in check(farm, "events_readable")["advice"]


def test_of_a_long_error_the_cause_is_told():
    world = World()
    primary(world).refusals["Get-AdfsCertificate"] = cmdlet_error("Get-AdfsCertificate", "i" * 5000, "m" * 1_000_000, depth=30)
    result = world.run("farm_info")
    assert "Get-AdfsCertificate failed: cause 30 (" in result["msg"]
    assert len(result["msg"]) < 1000


def test_an_error_without_a_line_is_told():
    world = World()
    exceptions = [{"type": "X", "hresult": 1, "message": "it broke"}]
    error = {"id": "X", "full_id": "X", "category": "NotSpecified", "activity": "", "exceptions": exceptions, "line": None}
    world.instead["read_farm"] = {"changed": False, "result": {"json": json.dumps({"ok": False, "error": error})}}
    assert "it broke" in world.run("farm_info")["msg"]


def test_a_service_communications_certificate_that_is_not_shown():
    world = World()
    primary(world).answers = {"Get-AdfsCertificate": "null_service"}
    farm = read(world)
    assert {item["certificate_type"] for item in farm["certificates"]} == {"Token-Signing", "Token-Decrypting"}
    assert check(farm, "one_primary_per_type")["result"] == "unknown"
    assert check(farm, "keys_separate_from_service_communications")["result"] == "unknown"
    thumbprint = world.in_store()
    checks = world.run("certificate_key", {"thumbprint": thumbprint})["checks"]
    assert next(item["result"] for item in checks if item["name"] == "separate_from_service_communications") == "unknown"


def test_a_token_certificate_that_is_not_shown():
    world = World()
    primary(world).answers = {"Get-AdfsCertificate": "null_certificate"}
    assert "without its content" in world.run("farm_info")["msg"]
