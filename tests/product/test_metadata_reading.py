# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product makes of the documents that the lab publishes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._metadata import MetadataError, describe_metadata, read_metadata
from ansible_collections.federation.adfs.plugins.module_utils._metadata_jwks import read_keys
from lab.metadata import discovery_keys, document, provider_document
from lab.world import World


def read(change: dict[str, Any], signed: bool = True) -> dict[str, Any]:
    provider = World("provider-signed").provider()
    provider.shape = replace(provider.shape, **change)
    if not signed:
        provider.metadata_signer = None
    shown = describe_metadata(read_metadata(provider_document(provider)), "content", provider.clock.now())
    assert shown["entity_id"] == provider.identifier
    assert [certificate["thumbprint"] for certificate in shown["signing_certificates"]] == [item.thumbprint for item in provider.published]
    assert shown["endpoints"]["passive_sign_in"].startswith("https://idp.example.com/")
    return dict(shown["signature"])


@pytest.mark.parametrize(
    ("change", "signed", "unsigned"),
    [
        ({}, "valid", "absent"),
        ({"hash": "sha1"}, "weak", "absent"),
        ({"valid_days": 1}, "valid", "absent"),
        ({"valid_days": -1}, "expired", "expired"),
        ({"valid_days": -1, "hash": "sha1"}, "expired", "expired"),
        ({"others": 0}, "valid", "absent"),
        ({"layout": "CRLF"}, "invalid", "absent"),
        ({"layout": "indented"}, "invalid", "absent"),
        ({"encoding": "iso-8859-1"}, "valid", "absent"),
    ],
)
@pytest.mark.parametrize("protocol", ["saml", "wsfed"])
def test_every_shape(change: dict[str, Any], signed: str, unsigned: str, protocol: str) -> None:
    signature = read({**change, "protocol": protocol})
    assert signature["status"] == signed
    assert ("re-formatted" in (signature["reason"] or "")) is (signed == "invalid")
    assert read({**change, "protocol": protocol}, signed=False)["status"] == unsigned


@pytest.mark.parametrize(("change", "words"), [({"bare_key": True}, "without its certificate"), ({"others": 2}, "choose one with the option entity_id")])
def test_shapes_that_leave_a_doubt(change: dict[str, Any], words: str) -> None:
    with pytest.raises(MetadataError, match=words):
        read(change)


@pytest.mark.parametrize("published", [True, False])
def test_a_farm_is_told_with_and_without_ws_trust(published: bool) -> None:
    world = World("in-sync")
    (farm,) = world.farms
    farm.switches["ws_trust_published"] = published
    metadata = read_metadata(document(farm.primary_node))
    assert metadata.is_adfs and metadata.signature.status == "valid"
    assert (metadata.endpoints["active_sign_in"] is not None) is published
    keys = read_keys(discovery_keys(farm.primary_node))
    assert keys.signing_certificates == metadata.signing_certificates and keys.without_certificate == ()
