# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.module_utils._adfs.facts import MOST_MINUTES
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import (
    lifetime,
    names,
    out_of_range,
    primary_of,
    read_certificates,
    read_look,
    servers,
    thresholds,
)

NO_SYNC = {"primary_server": None, "poll_duration": None, "last_sync_status": None, "last_sync_time": None}


def look(host=None, sync=None, **parts):
    return {
        "host": {
            "ok": True,
            "value": {
                "time": "2026-11-22T01:27:48Z",
                "name": "ADFS1",
                "dns_domain": "contoso.com",
                "powershell": "5.1",
                "os": "10.0",
                "knows_farm_information": True,
                **(host or {}),
            },
        },
        "sync": {
            "ok": True,
            "value": {"role": "PrimaryComputer", **NO_SYNC, **(sync or {})},
        },
        **parts,
    }


@pytest.mark.parametrize(
    ("host", "listed", "expected"),
    [
        ({}, ["ADFS1.contoso.com"], "ADFS1.contoso.com"),
        ({}, ["other.contoso.com"], "adfs1.contoso.com"),
        ({"dns_domain": ""}, ["adfs1.emea.contoso.com"], "adfs1.emea.contoso.com"),
        ({"dns_domain": "(none)"}, [], "ADFS1"),
    ],
)
def test_the_server_is_called_as_the_farm_calls_it(host, listed, expected):
    found = read_look(look(host, nodes={"ok": True, "value": listed}))
    assert found.server == expected
    assert found.primary_server == expected


def test_a_secondary_by_its_role():
    found = read_look(look(sync={"role": "SecondaryComputer", "primary_server": "ADFS0"}))
    assert found.is_primary is False
    assert found.primary_server == "ADFS0"
    with pytest.raises(AdfsError, match="ADFS0"):
        found.require_primary()


def test_a_server_that_is_too_old_is_refused():
    with pytest.raises(AdfsError, match="Windows Server 2016"):
        read_look(look({"knows_farm_information": False}))


def test_a_time_that_cannot_be_read():
    with pytest.raises(AdfsError, match="time"):
        read_look(look({"time": "22.11.2026"}))


def test_a_certificate_that_cannot_be_read():
    item = {"certificate_type": "Token-Signing", "is_primary": True, "store_location": "x", "store_name": "My", "der": "AAAA"}
    with pytest.raises(AdfsError, match="Token-Signing certificate that cannot be read"):
        read_certificates([item])


def test_nodes_are_listed_once():
    assert [node["name"] for node in servers(["ADFS1.contoso.com", "adfs1.contoso.com", "adfs2.contoso.com"])] == ["adfs1.contoso.com", "adfs2.contoso.com"]


@pytest.mark.parametrize("nameless", ["", " ", None, {"type": "System.Object[]"}, 5])
def test_a_node_without_a_name_is_a_server_that_was_not_seen(nameless):
    found = servers(["adfs1.contoso.com", nameless, "adfs2.contoso.com"])
    assert [node["name"] for node in found] == ["adfs1.contoso.com", "unnamed-server-2", "adfs2.contoso.com"]
    assert not any(node["seen"] for node in found)


@pytest.mark.parametrize(("role", "primary"), [("PRIMARYCOMPUTER", True), ("primaryComputer", True), ("secondarycomputer", False)])
def test_the_role_in_any_letters(role, primary):
    assert read_look(look(sync={"role": role})).is_primary is primary


@pytest.mark.parametrize("role", ["", " PrimaryComputer", "Primary", "PrimaryComputer SecondaryComputer", None, True, 0, {"type": "System.Object[]"}])
def test_any_other_role_is_an_error(role):
    with pytest.raises(AdfsError, match="does not say whether it is the primary one") as caught:
        read_look(look(sync={"role": role}))
    assert caught.value.id == "role"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"poll_duration": 300}, ("poll_duration", 300)),
        ({"poll_duration": {"seconds": 90}}, ("poll_duration", 90)),
        ({"poll_duration": 2**63 - 1}, ("poll_duration", MOST_MINUTES * 60)),
        ({"poll_duration": -1}, ("poll_duration", None)),
        ({"poll_duration": "soon"}, ("poll_duration", None)),
        ({"last_sync_time": "2026-11-22T01:25:00Z"}, ("last_sync_time", "2026-11-22T01:25:00Z")),
        ({"last_sync_time": "0001-01-01T00:00:00Z"}, ("last_sync_time", None)),
        ({"last_sync_time": "9999-12-31T23:59:59Z"}, ("last_sync_time", "9999-12-31T23:59:59Z")),
        ({"last_sync_time": "22.11.2026"}, ("last_sync_time", None)),
        ({"last_sync_status": -2147467259}, ("last_sync_status", -2147467259)),
        ({"last_sync_status": True}, ("last_sync_status", None)),
        ({"primary_server": {"type": "System.Object[]"}}, ("primary_server", None)),
        ({"primary_server": ""}, ("primary_server", None)),
    ],
)
def test_each_member_of_the_synchronization_by_itself(given, expected):
    found = read_look(look(sync={"role": "SecondaryComputer", **given}))
    assert found.sync[expected[0]] == expected[1]


KNOWN = {
    "AutoCertificateRollover": True,
    "CertificateDuration": 365,
    "CertificateGenerationThreshold": 20,
    "CertificatePromotionThreshold": 5,
    "CertificateCriticalThreshold": 2,
    "CertificateRolloverInterval": 720,
    "CertificateThresholdMultiplier": 1440,
    "SsoLifetime": 480,
    "ProxyTrustTokenLifetime": 21600,
    "HostName": "sts.contoso.com",
    "Identifier": "http://sts.contoso.com/adfs/services/trust",
}


class TestProperties:
    def read(self, **members):
        return read_look(look(properties={"ok": True, "value": {**KNOWN, **members}}))

    def test_as_documented(self):
        found = self.read()
        assert found.value("properties") == KNOWN
        assert found.odd == {}
        assert out_of_range(KNOWN) == {}

    @pytest.mark.parametrize("value", [None, "True", "False", "", 0, 1, {"type": "System.Object[]"}])
    def test_a_switch_that_did_not_answer_is_unknown(self, value):
        found = self.read(AutoCertificateRollover=value)
        assert found.value("properties")["AutoCertificateRollover"] is None
        assert "AutoCertificateRollover" in found.odd

    @pytest.mark.parametrize("value", ["480", -1, True, {"type": "System.Double"}])
    def test_what_is_no_number_costs_that_number(self, value):
        found = self.read(SsoLifetime=value)
        assert found.value("properties") == {**KNOWN, "SsoLifetime": None}
        assert list(found.odd) == ["SsoLifetime"]

    def test_a_duration_is_read_in_the_unit_of_the_member(self):
        assert self.read(SsoLifetime={"seconds": 28_800}).value("properties")["SsoLifetime"] == 480
        assert self.read(SsoLifetime={"seconds": 1}).value("properties")["SsoLifetime"] == 1
        assert self.read(CertificateDuration={"seconds": 86_400}).value("properties")["CertificateDuration"] is None

    @pytest.mark.parametrize("multiplier", [1, 1440, 2**31 - 1, 2**63 - 1])
    def test_no_time_is_longer_than_a_hundred_years(self, multiplier):
        largest = dict.fromkeys((name for name in KNOWN if name.startswith("Certificate")), 2**31 - 1)
        found = thresholds({**largest, "CertificateThresholdMultiplier": multiplier})
        for name in ("generation_days", "promotion_days", "critical_days"):
            assert 0 < found[name] * found["threshold_multiplier_minutes"] <= MOST_MINUTES
        assert found["duration_days"] == 36_500
        assert found["rollover_interval_minutes"] == MOST_MINUTES
        assert lifetime({"SsoLifetime": 2**64 - 1}, "SsoLifetime") == MOST_MINUTES
        assert lifetime({"SsoLifetime": None}, "SsoLifetime") is None

    def test_what_was_given_is_told(self):
        assert out_of_range({**KNOWN, "CertificateDuration": 2**31 - 1, "CertificateCriticalThreshold": 800_000}) == {
            "CertificateDuration": (2**31 - 1, 36_500),
            "CertificateCriticalThreshold": (800_000, 36_500),
        }

    @pytest.mark.parametrize("member", ["HostName", "Identifier"])
    @pytest.mark.parametrize("value", [None, "", " ", 5, {"type": "System.Object[]"}])
    def test_a_farm_without_a_name_is_no_farm(self, member, value):
        with pytest.raises(AdfsError, match=f"gives no {member}") as caught:
            names(self.read(**{member: value}).value("properties"))
        assert caught.value.id == "no_farm_name"


def test_a_service_communications_certificate_that_cannot_be_read_does_not_hide_the_others():
    item = {"certificate_type": "Service-Communications", "is_primary": True, "store_location": "LocalMachine", "store_name": "My", "der": ""}
    assert read_certificates([item]) == []


def test_no_primary():
    with pytest.raises(AdfsError, match="0 primary"):
        primary_of([], "Token-Signing")
