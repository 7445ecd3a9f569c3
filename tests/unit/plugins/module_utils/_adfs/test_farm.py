# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import nodes, read_certificates, read_look, relying_parties

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
    assert [node["name"] for node in nodes(["ADFS1.contoso.com", "adfs1.contoso.com", "", "adfs2.contoso.com"])] == ["adfs1.contoso.com", "adfs2.contoso.com"]


def test_an_empty_metadata_address_is_null():
    assert relying_parties([{"name": "x", "metadata_url": ""}]) == [{"name": "x", "metadata_url": None}]
