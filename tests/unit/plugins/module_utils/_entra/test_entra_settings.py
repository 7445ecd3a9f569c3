# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts about settings besides the certificates: addresses, issuers, protocol, subdomains."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.settings import compare_with_farm, find_faults, host_of

FARM = {"host_name": "STS.contoso.com", "identifier": "http://sts.contoso.com/adfs/services/trust", "display_name": "Contoso"}


def domain(name: str = "contoso.com", **changes: t.Any) -> dict[str, t.Any]:
    return {
        "domain": name,
        "tenant_id": "t",
        "is_root": True,
        "root": name,
        "error": None,
        "configuration_id": f"id-{name}",
        "display_name": "Contoso",
        "issuer_uri": f"http://{name}/adfs/services/trust/",
        "passive_sign_in_uri": "https://sts.contoso.com/adfs/ls/",
        "active_sign_in_uri": "https://sts.contoso.com/adfs/services/trust/2005/usernamemixed",
        "sign_out_uri": "https://sts.contoso.com/adfs/ls/",
        "metadata_exchange_uri": "https://sts.contoso.com/adfs/services/trust/mex",
        "password_reset_uri": None,
        "preferred_authentication_protocol": "wsFed",
        **changes,
    }


def kinds(*domains: dict[str, t.Any], farm: dict[str, t.Any] | None = FARM) -> list[tuple[str, str, str]]:  # pylint: disable=dangerous-default-value
    return [(fault["domain"], fault["kind"], fault["severity"]) for fault in find_faults(domains, farm)]


@pytest.mark.parametrize("farm", [FARM, None, {}])
def test_nothing_is_said_about_domains_as_the_former_cmdlets_set_them(farm: dict[str, t.Any] | None) -> None:
    single = domain("one.example", issuer_uri="http://sts.contoso.com/adfs/services/trust")
    folded = domain("a.b.fabrikam.com", issuer_uri="http://fabrikam.com/adfs/services/trust/")
    assert kinds(domain(), domain("example.com"), single, folded, farm=farm) == []


@pytest.mark.parametrize(
    "address",
    [
        "https:/sts.contoso.com/adfs/ls/",
        "https:sts.contoso.com/adfs/ls/",
        "sts.contoso.com/adfs/ls/",
        "http://sts.contoso.com/adfs/ls/",
        "https://",
        "https:///adfs",
        "https://[::1",
        "https://sts.contoso.com:99999/",
        "https://sts.contoso.com:x/",
        "https://a b.example/",
        " https://sts.contoso.com/",
        "\u202ehttps://x",
        "https://user@sts.contoso.com/adfs/ls/",
        "https://sts.contoso.com/\x1b[31m",
    ],
)
def test_a_sign_in_address_that_is_none_is_broken(address: str) -> None:
    (fault,) = find_faults([domain(passive_sign_in_uri=address)], FARM)
    assert (fault["kind"], fault["severity"], fault["member"], fault["found"]) == ("bad_address", "broken", "passive_sign_in_uri", address)
    assert fault["message"].isprintable() and fault["message"].startswith("contoso.com has '")
    assert host_of(address) is None


def test_another_address_that_is_none_is_a_warning() -> None:
    assert kinds(domain(metadata_exchange_uri="https:/sts.contoso.com/mex")) == [("contoso.com", "bad_address", "warning")]


@pytest.mark.parametrize("empty", [None, ""])
def test_what_is_missing_is_told(empty: str | None) -> None:
    found = kinds(domain(passive_sign_in_uri=empty, issuer_uri=empty, preferred_authentication_protocol=empty))
    assert found == [("contoso.com", "no_address", "broken"), ("contoso.com", "no_issuer", "broken"), ("contoso.com", "no_protocol", "warning")]


def test_everything_that_the_schema_lets_be_null_is_survived() -> None:
    nothing = {name: None for name in domain() if name not in ("domain", "tenant_id", "configuration_id")}
    assert {kind for _name, kind, _severity in kinds({**nothing, "domain": "x.example", "tenant_id": None, "configuration_id": "i"})} == {
        "no_address",
        "no_issuer",
        "no_protocol",
    }
    assert all(row["same"] in (None, False) for row in compare_with_farm({**nothing, "domain": "x.example"}, FARM))
    assert find_faults([{"domain": "x.example"}, {"domain": None, "error": "tenant"}, {"domain": "y", "configuration_id": "i", "error": "no"}]) == []


def test_a_host_that_is_not_the_farms_is_told() -> None:
    other = domain(passive_sign_in_uri="https://login.other.example/adfs/ls/")
    assert kinds(other) == [("contoso.com", "other_host", "warning")]
    assert kinds(other, farm={**FARM, "host_names": ["login.other.example"]}) == []
    assert kinds(other, farm=None) == [], "the issuer names the domain, which says nothing about the host"
    named = domain(passive_sign_in_uri="https://login.other.example/adfs/ls/", issuer_uri="http://sts.contoso.com/adfs/services/trust")
    assert kinds(named, farm=None) == [("contoso.com", "other_host", "warning")]


def test_two_domains_with_one_issuer_are_told_each_with_the_other() -> None:
    same = "http://sts.contoso.com/adfs/services/trust"
    faults = find_faults([domain(issuer_uri=same), domain("example.com", issuer_uri=same), domain("third.example")], FARM)
    assert [(fault["domain"], fault["kind"]) for fault in faults] == [("contoso.com", "shared_issuer"), ("example.com", "shared_issuer")]
    assert "in common with example.com" in faults[0]["message"]
    # Another spelling is another issuer.
    assert kinds(domain(issuer_uri=same), domain("example.com", issuer_uri=same + "/")) == []


def test_a_thousand_domains_with_one_issuer_make_short_sentences() -> None:
    faults = find_faults([domain(f"d{number}.example", issuer_uri="http://x") for number in range(1000)])
    assert max(len(fault["message"]) for fault in faults) < 400


def test_a_child_with_a_configuration_of_its_own_is_told() -> None:
    child = domain("sub.contoso.com", is_root=False, root="contoso.com")
    assert kinds(domain(), child) == [("sub.contoso.com", "child_configuration", "warning")]
    assert kinds(domain(), {**child, "configuration_id": None}) == []


def test_a_protocol_that_ad_fs_was_not_set_up_for_is_told() -> None:
    assert kinds(domain(preferred_authentication_protocol="saml")) == [("contoso.com", "other_protocol", "warning")]
    assert kinds(domain(preferred_authentication_protocol="unknownFutureValue")) == [("contoso.com", "other_protocol", "warning")]
    assert kinds(domain(preferred_authentication_protocol="saml"), farm=None) == []


def test_both_sides_are_compared_as_the_former_cmdlet_did() -> None:
    rows = {row["member"]: row for row in compare_with_farm(domain(), FARM)}
    assert all(row["same"] for row in rows.values()) and set(rows) == {
        "passive_sign_in_uri",
        "active_sign_in_uri",
        "sign_out_uri",
        "metadata_exchange_uri",
        "issuer_uri",
        "display_name",
        "preferred_authentication_protocol",
    }
    moved = domain(passive_sign_in_uri="https://login.contoso.com/adfs/ls/", issuer_uri="http://elsewhere/trust", display_name="Other")
    different = {row["member"]: (row["entra"], row["farm"]) for row in compare_with_farm(moved, FARM) if not row["same"]}
    assert different == {
        "passive_sign_in_uri": ("https://login.contoso.com/adfs/ls/", "https://sts.contoso.com/adfs/ls/"),
        "issuer_uri": ("http://elsewhere/trust", FARM["identifier"]),
        "display_name": ("Other", "Contoso"),
    }
    assert all(row["same"] is None for row in compare_with_farm(domain(), {}))
    assert [row["same"] for row in compare_with_farm(domain(sign_out_uri="https://sts.contoso.com/adfs/ls"), FARM)] == [True] * 7


def test_endpoints_of_the_metadata_win_over_the_usual_paths() -> None:
    farm = {**FARM, "endpoints": {"passive_sign_in": "https://sts.contoso.com/other/ls/", "active_sign_in": None}}
    rows = {row["member"]: row["same"] for row in compare_with_farm(domain(), farm)}
    assert rows["passive_sign_in_uri"] is False and rows["active_sign_in_uri"] is True
