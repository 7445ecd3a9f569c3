# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oracle signs and verifies for real, and counts what happened."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

import lab
from lab.clock import Clock
from lab.farm import TOKEN_DECRYPTING, TOKEN_SIGNING, Farm, ServiceCertificate
from lab.keys import KeyedCertificate, self_signed
from lab.oracle import Oracle, Trust, sign_in


@pytest.fixture
def farm() -> Farm:
    clock = Clock()
    now = clock.now()
    farm = Farm(clock, "sts.contoso.com", ["adfs1.contoso.com", "adfs2.contoso.com"])
    farm.install(
        [
            ServiceCertificate(kind, True, "CurrentUser", "My", self_signed(f"ADFS {kind}", now, now + timedelta(days=100)))
            for kind in (TOKEN_SIGNING, TOKEN_DECRYPTING)
        ]
    )
    return farm


def signer(farm: Farm) -> bytes:
    item = farm.primary_node.signer
    assert item is not None
    return item.der


def test_accepted_refused_and_unanswered(farm: Farm) -> None:
    now = farm.clock.now()
    node = farm.primary_node
    stranger = self_signed("stranger", now, now + timedelta(days=1)).der
    assert sign_in(node, "contoso.com", [signer(farm)], now) == "accepted"
    assert sign_in(node, "contoso.com", [stranger, signer(farm)], now) == "accepted", "either slot will do"
    assert sign_in(node, "contoso.com", [stranger], now) == "refused"
    assert sign_in(node, "contoso.com", [], now) == "refused"
    known = signer(farm)
    node.stop_service()
    assert sign_in(node, "contoso.com", [known], now) == "unanswered"


def test_a_key_that_does_not_belong_to_the_certificate_is_found_out(farm: Farm) -> None:
    """The verdict comes from the signature, not from comparing certificates."""
    now = farm.clock.now()
    item = farm.configuration.primary(TOKEN_SIGNING)
    assert item is not None
    other = self_signed("other", now, now + timedelta(days=1))
    forged = ServiceCertificate(TOKEN_SIGNING, True, "CurrentUser", "My", KeyedCertificate(item.keyed.certificate, other.key))
    farm.install([forged])
    farm.every_certificate = [forged]
    assert sign_in(farm.primary_node, "contoso.com", [item.der], now) == "refused"


def test_it_counts_per_node_and_domain_and_keeps_the_refused_moments(farm: Farm) -> None:
    accepted = {"contoso.com": [signer(farm)], "fabrikam.com": [signer(farm)]}
    oracle = Oracle([Trust(name, farm, lambda name=name: accepted[name]) for name in accepted])  # type: ignore[misc]
    oracle.look(farm.clock.now(), "change")
    old = signer(farm)
    farm.primary_node.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    accepted["contoso.com"] = [signer(farm)]
    oracle.look(farm.clock.now(), "change")

    report = oracle.report()
    assert (report["accepted"], report["refused"], report["unanswered"]) == (6, 2, 0)
    assert report["last"] == {
        "contoso.com": {"adfs1.contoso.com": "accepted", "adfs2.contoso.com": "refused"},
        "fabrikam.com": {"adfs1.contoso.com": "refused", "adfs2.contoso.com": "accepted"},
    }
    assert report["by_domain_and_node"]["contoso.com"]["adfs2.contoso.com"] == {"accepted": 1, "refused": 1, "unanswered": 0}
    assert report["by_domain"]["fabrikam.com"]["refused"] == report["by_node"]["adfs1.contoso.com"]["refused"] == 1
    assert len(report["refusals"]) == 2
    assert old != signer(farm)

    oracle.clear()
    assert (oracle.report()["accepted"], oracle.report()["refusals"]) == (0, [])


def test_the_lab_shares_no_code_with_the_product() -> None:
    folder = Path(lab.__file__).parent
    imported = set()
    for path in folder.rglob("*.py"):
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(item, ast.Import):
                imported |= {name.name for name in item.names}
            elif isinstance(item, ast.ImportFrom) and item.level == 0:
                imported.add(str(item.module))
    assert imported, "nothing was looked at"
    assert not [name for name in imported if name.startswith(("ansible", "plugins"))]
