# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of entities: which one is read, and whose signature covers it."""

from __future__ import annotations

import datetime

import pytest
from lxml import etree

from ansible_collections.federation.adfs.plugins.module_utils._metadata import Metadata, MetadataError, describe_metadata, read_metadata
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

ONE = make.make_keypair("one")
TWO = make.make_keypair("two")
NOW = datetime.datetime(2026, 12, 1, tzinfo=make.UTC)
FIRST = make.saml_document([ONE.base64], entity_id="urn:one", document_id="_one")
SECOND = make.saml_document([TWO.base64], entity_id=" urn:two ", document_id="_two")


def signer(metadata: Metadata) -> str | None:
    return metadata.signature.certificate.thumbprint if metadata.signature.certificate else None


def signing(metadata: Metadata) -> list[str]:
    return [certificate.thumbprint for certificate in metadata.signing_certificates]


def refusal(data: bytes, entity_id: str | None = None) -> str:
    with pytest.raises(MetadataError) as caught:
        read_metadata(data, entity_id)
    return str(caught.value)


@pytest.mark.parametrize("entity_id", [None, "", "urn:one"])
def test_the_only_entity_is_taken(entity_id: str | None) -> None:
    for text in (make.entities(FIRST), make.entities(make.entities(FIRST)), make.entities(make.entities(), FIRST)):
        metadata = read_metadata(text.encode(), entity_id)
        assert (metadata.entity_id, signing(metadata), metadata.signature.status) == ("urn:one", [ONE.thumbprint], "absent")


def test_of_several_one_is_chosen() -> None:
    data = make.entities(FIRST, make.entities(SECOND)).encode()
    assert signing(read_metadata(data, "urn:one")) == [ONE.thumbprint]
    assert signing(read_metadata(data, " urn:two")) == [TWO.thumbprint]
    assert "a list of 2 services (urn:one, urn:two); choose one with the option entity_id" in refusal(data)
    assert "no entity with the entity id urn:TWO; it holds urn:one, urn:two" in refusal(data, "urn:TWO")


def test_one_entity_id_twice_is_no_choice() -> None:
    assert "holds 2 entities with the entity id urn:one" in refusal(make.entities(FIRST, FIRST).encode(), "urn:one")


def test_a_document_of_one_entity_has_to_be_the_chosen_one() -> None:
    assert read_metadata(FIRST.encode(), "urn:one").entity_id == "urn:one"
    assert "no entity with the entity id urn:two" in refusal(FIRST.encode(), "urn:two")


def test_names_in_messages_are_few_and_printable() -> None:
    many = make.entities(*[f'<EntityDescriptor entityID="urn:{n}&#x202e;{"x" * 200}"/>' for n in range(2000)])
    message = refusal(many.encode())
    assert "and 1990 more" in message and len(message) < 1600 and message.isprintable()


def test_the_signature_of_the_list_covers_its_members() -> None:
    data = make.sign(make.entities(FIRST, SECOND, root=f' ID="{make.ID}"'), TWO)
    metadata = read_metadata(data, "urn:one")
    assert (metadata.signature.status, signer(metadata), signing(metadata)) == ("valid", TWO.thumbprint, [ONE.thumbprint])
    changed = read_metadata(data.replace(b"https://idp.example.com/sso", b"https://evil.example.com/s"), "urn:one")
    assert changed.signature.status == "invalid"


def test_the_signature_of_a_member_covers_that_member_alone() -> None:
    signed = make.sign(FIRST, ONE, id_value="_one")
    data = make.entities(signed, SECOND).encode()
    metadata = read_metadata(data, "urn:one")
    assert (metadata.signature.status, signer(metadata), signing(metadata)) == ("valid", ONE.thumbprint, [ONE.thumbprint])
    assert read_metadata(data, "urn:two").signature.status == "absent"
    forged = data.replace(b"https://idp.example.com/sso", b"https://evil.example.com/s", 1)
    assert read_metadata(forged, "urn:one").signature.status == "invalid"


@pytest.mark.parametrize("place", ["before", "inside"])
def test_a_signed_member_does_not_lend_its_signature_to_another(place: str) -> None:
    """The classical wrapping: a genuine member, and a forged one with its name, its ID and its signature."""
    genuine = make.sign(FIRST, ONE, id_value="_one")
    forged = etree.fromstring(make.saml_document([TWO.base64], entity_id="urn:evil", document_id="_one").encode())
    forged.insert(0, etree.fromstring(genuine).find("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    if place == "inside":
        etree.SubElement(forged, "{urn:oasis:names:tc:SAML:2.0:metadata}Extensions").append(etree.fromstring(genuine))
    data = make.entities(genuine, etree.tostring(forged)).encode() if place == "before" else make.entities(etree.tostring(forged)).encode()
    assert read_metadata(data, "urn:evil").signature.status == "invalid"


def test_an_entity_inside_another_is_no_member_of_the_list() -> None:
    outer = FIRST.replace("<IDPSSODescriptor", f"<Extensions>{SECOND}</Extensions><IDPSSODescriptor")
    assert read_metadata(make.entities(outer).encode()).entity_id == "urn:one"
    assert "no entity with the entity id urn:two" in refusal(make.entities(outer).encode(), "urn:two")


@pytest.mark.parametrize("where", ["list", "member"])
def test_the_end_of_the_list_ends_its_members(where: str) -> None:
    ends = ' validUntil="2026-11-30T12:00:00Z"'
    member = make.sign(FIRST.replace("<EntityDescriptor", "<EntityDescriptor" + (ends if where == "member" else ""), 1), ONE, id_value="_one")
    metadata = read_metadata(make.entities(member, root=ends if where == "list" else "").encode())
    assert describe_metadata(metadata, "content", NOW)["signature"]["status"] == "expired"
    assert describe_metadata(metadata, "content", NOW - datetime.timedelta(days=2))["signature"]["status"] == "valid"


def test_a_member_of_another_kind_is_no_identity_provider() -> None:
    assert "no identity provider" in refusal(make.entities('<EntityDescriptor entityID="urn:x"/>').encode())
