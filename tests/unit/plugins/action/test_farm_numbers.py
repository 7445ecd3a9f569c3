# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What farm_info bounds, the plan can add up: no number and no date that AD FS may give ends a run."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from cryptography import x509

from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import plan
from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_SIGNING, World, self_signed

UTC = timezone.utc
DAYS = ("CertificateDuration", "CertificateGenerationThreshold", "CertificatePromotionThreshold", "CertificateCriticalThreshold")
MINUTES = ("CertificateThresholdMultiplier", "CertificateRolloverInterval", "SsoLifetime", "ProxyTrustTokenLifetime")
SIZES = (0, 1, 800_000, 2**31 - 1, 2**63 - 1)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
DATES = ((datetime(1950, 1, 1, tzinfo=UTC), LAST), (None, datetime(2060, 1, 1, tzinfo=UTC)), (None, LAST))
"""First and last moment of validity; None for the year 1."""


def dated(begins, ends):
    """Return a certificate with these dates. Nobody makes one of the year 1, so that is written into a finished one."""
    keyed = self_signed("ADFS Signing - sts.contoso.com", begins or datetime(2051, 1, 1, tzinfo=UTC), ends or datetime(2052, 1, 1, tzinfo=UTC))
    der = keyed.der
    for year, moment in (("2051", begins), ("2052", ends)):
        if moment is None:
            der = der.replace(f"{year}0101000000Z".encode(), b"00010101000000Z")
    return replace(keyed, certificate=x509.load_der_x509_certificate(der))


def planned(world):
    world.farm.tick = lambda now: None  # the lab's own rollover clock does not keep up with such numbers
    result = world.run("farm_info")
    assert not result.get("failed"), result
    farm = result["farm"]
    held = next(item["der"] for item in farm["certificates"] if item["is_primary"])
    domain = {"domain": "contoso.com", "tenant_id": "t", "issuer_uri": farm["identifier"], "signing_certificate": held, "next_signing_certificate": None}
    return plan({"farm": farm, "domains": [{**domain, "settings": {}}], "metadata": [], "now": farm["time"], "policy": {}})


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("names", [*((name,) for name in (*DAYS, *MINUTES)), *itertools.combinations(("days", "multiplier", "lifetimes"), 2)])
def test_any_number(names, size):
    world = World(relying_parties=[{"name": "Partner", "identifiers": ["urn:partner"], "TokenLifetime": size if "lifetimes" in names else 0}])
    groups = {"days": DAYS, "multiplier": ("CertificateThresholdMultiplier",), "lifetimes": ("SsoLifetime", "ProxyTrustTokenLifetime")}
    members = [member for name in names for member in groups.get(name, (name,))]
    world.farm.configuration.properties.update(dict.fromkeys(members, size))
    assert planned(world)["summary"]


@pytest.mark.parametrize(("begins", "ends"), DATES)
def test_dates_at_the_ends_of_the_calendar(begins, ends):
    world = World()
    certificates = world.farm.configuration.certificates
    primary = next(item for item in certificates if item.is_primary and item.certificate_type == TOKEN_SIGNING)
    odd = replace(primary, keyed=dated(begins, ends))
    world.farm.configuration.certificates = [odd if item is primary else item for item in certificates]
    assert planned(world)["summary"]
