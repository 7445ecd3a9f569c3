# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's identity provider without AD FS: what it publishes, and that the oracle notices what it signs with."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from lxml import etree
from signxml.verifier import XMLVerifier

from lab.control import ControlServer
from lab.metadata import provider_document
from lab.world import World

DS = "{http://www.w3.org/2000/09/xmldsig#}"


def published(document: bytes) -> list[bytes]:
    return [base64.b64decode(text) for text in re.findall(rb'use="signing".*?<X509Certificate>(.*?)</X509Certificate>', document, re.DOTALL)]


@pytest.mark.parametrize("scenario", ["okta", "provider-signed"])
def test_the_document_shows_what_is_published_and_is_signed_where_it_should_be(scenario: str) -> None:
    provider = World(scenario).provider()
    provider.publish()
    document = provider_document(provider)
    assert published(document) == [keyed.der for keyed in provider.published]
    root = etree.fromstring(document)
    assert root.get("entityID") == provider.identifier
    signer = provider.metadata_signer
    assert (root.find(DS + "Signature") is not None) == (signer is not None)
    if signer is not None:
        XMLVerifier().verify(document, x509_cert=signer.certificate, id_attribute="ID")


def test_a_switch_that_entra_does_not_know_of_is_refused_and_a_published_one_is_not() -> None:
    world = World("okta")
    world.changed()
    assert (world.oracle.report()["accepted"], world.oracle.report()["refused"]) == (2, 0)
    provider = world.provider()
    first, second = provider.signer, provider.publish()
    world.tenant.set_slots("contoso.com", first.der, second.der, True)
    provider.switch()
    world.changed()
    report = world.oracle.report()
    assert {domain: outcome for domain, nodes in report["last"].items() for outcome in nodes.values()} == {"contoso.com": "accepted", "fabrikam.com": "refused"}


def test_the_control_endpoint_plays_the_administrator() -> None:
    world = World("provider-signed")
    control = ControlServer(world)
    status, answer = control.answer("POST", "/provider", b'{"do": ["publish", "switch", "withdraw"], "metadata_signer": "other"}')
    assert status == 200
    assert answer["published"] == [answer["signer"]]
    assert world.state()["providers"][0]["metadata_signer"] == world.built.certificates["other"].thumbprint
    assert control.answer("POST", "/provider", b'{"do": ["resign"]}')[0] == 400
    assert control.answer("POST", "/provider", b'{"host_name": "nobody"}')[0] == 400


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(
    ("change", "root_name"),
    [
        ({"protocol": "wsfed"}, "EntityDescriptor"),
        ({"hash": "sha1"}, "EntityDescriptor"),
        ({"others": 0}, "EntitiesDescriptor"),
        ({"others": 3, "valid_days": -1}, "EntitiesDescriptor"),
        ({"layout": "CRLF"}, "EntityDescriptor"),
        ({"encoding": "iso-8859-1", "bare_key": True}, "EntityDescriptor"),
    ],
)
def test_the_document_takes_every_shape(change: dict[str, object], root_name: str, signed: bool) -> None:
    world = World("provider-signed")
    provider = world.provider()
    provider.shape = replace(provider.shape, **change)
    if not signed:
        provider.metadata_signer = None
    root = etree.fromstring(provider_document(provider))
    assert etree.QName(root).localname == root_name
    assert len(root.findall(".//{*}X509Certificate")) == 1 + signed
    assert len(root.findall(".//{*}KeyDescriptor")) == 1 + bool(change.get("bare_key"))
    assert (root.find(".//{*}RSAKeyValue") is not None) is bool(change.get("bare_key"))
    entity = root if root_name == "EntityDescriptor" else root[0]
    assert (entity.get("validUntil") is not None) is ("valid_days" in change)
    assert len(root.findall("{*}EntityDescriptor")) == (0 if root_name == "EntityDescriptor" else 1 + int(str(change["others"])))
    address = entity.findtext(".//{*}PassiveRequestorEndpoint//{*}Address")
    assert address == (provider.sign_in_uri if change.get("protocol") == "wsfed" else None)


def test_an_unknown_shape_is_refused() -> None:
    control = ControlServer(World("provider-signed"))
    assert control.answer("POST", "/provider", b'{"document": {"hash": "md5"}}')[0] == 400
    assert control.answer("POST", "/provider", b'{"document": {"colour": "red"}}')[0] == 400
    assert control.answer("POST", "/provider", b'{"document": {"valid_days": 3}}')[0] == 200
