# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scenario can be built, and looks as its name says."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from lab import scenario
from lab.clock import Clock
from lab.farm import TOKEN_SIGNING
from lab.oracle import sign_in
from lab.scenario import Built, ScenarioError

BROKEN_AT_THE_START = {
    "mismatch": {"contoso.com", "fabrikam.com"},
    "three-domains-one-broken": {"fabrikam.com"},
    "provider-signed": {"fabrikam.com"},
}


def build(name: str) -> Built:
    return scenario.build(name, scenario.load(name), Clock())


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_is_built_and_only_the_broken_ones_are_broken(name: str) -> None:
    built = build(name)
    now = built.tenant.clock.now()
    broken = {
        domain
        for domain, farm in built.farm_of_domain.items()
        for node in farm.nodes
        if sign_in(node, domain, built.tenant.accepted(domain), now) != "accepted"
    }
    assert broken == BROKEN_AT_THE_START.get(name, set())
    assert scenario.load(name)["description"].endswith(".")


def test_names_stand_for_thumbprints_in_variables() -> None:
    built = build("mismatch")
    assert built.variables == {"renew_signing_cert_known_certificates": [built.certificates["older"].thumbprint]}
    assert built.certificates["older"].thumbprint == hashlib.sha1(built.certificates["older"].der, usedforsecurity=False).hexdigest().upper()


def test_expiring_ends_in_a_little_less_than_thirty_days() -> None:
    built = build("expiring")
    left = built.certificates["current"].not_after - built.tenant.clock.now()
    assert timedelta(days=29, hours=22) < left < timedelta(days=30)
    assert len(built.farms[0].nodes) == 2 and len(built.farm_of_domain) == 2


def test_custom_certificates_are_issued_by_an_authority_and_stand_in_every_server_s_store() -> None:
    built = build("custom-certificate")
    for item in built.farms[0].configuration.of_type(TOKEN_SIGNING):
        assert item.store_location == "LocalMachine"
        assert item.keyed.certificate.issuer != item.keyed.certificate.subject
        assert all(item.thumbprint in node.store for node in built.farms[0].nodes)
    assert not built.farms[0].auto_certificate_rollover


def test_self_signed_ones_look_like_those_of_adfs() -> None:
    certificate = build("in-sync").certificates["current"].certificate
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=ADFS Signing - sts.contoso.com"


def test_the_lagging_secondary_signs_with_the_former_certificate() -> None:
    built = build("secondary-lagging")
    first, second = (node.signer for node in built.farms[0].nodes)
    assert first is not None and second is not None
    assert (first.thumbprint, second.thumbprint) == (built.certificates["current"].thumbprint, built.certificates["former"].thumbprint)


def test_repeat_makes_many_domains() -> None:
    assert len(build("many-domains").farm_of_domain) == 120


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surprise": 1}, "unknown keys surprise"),
        ({"domains": [{"name": "contoso.com", "signing": "nobody"}]}, "nobody"),
        ({"domains": [{"name": "contoso.com", "kind": "odd"}]}, "odd"),
        ({"farms": [{"host_name": "sts.contoso.com", "nodes": ["a.b"], "token_signing": {"primary": "current"}, "colour": "red"}]}, "colour"),
        ({"tenant": {"switches": {"no_such_switch": True}}}, "no_such_switch"),
    ],
)
def test_mistakes_in_a_scenario_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario.build("broken", {**scenario.load("in-sync"), **change}, Clock())


def test_a_scenario_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ScenarioError, match="mismatch"):
        scenario.load("no-such-scenario")
