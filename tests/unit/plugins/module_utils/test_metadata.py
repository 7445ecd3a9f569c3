# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading metadata: what genuine documents say, and what becomes of edited and hostile ones."""

from __future__ import annotations

import copy
import datetime
import gzip
import json
import os
import pathlib
import resource
import textwrap

import pytest
from lxml import etree

from ansible_collections.federation.adfs.plugins.module_utils._metadata import (
    MAX_METADATA_BYTES,
    MetadataError,
    describe_metadata,
    read_metadata,
)
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

PRIMARY = make.make_keypair("ADFS Signing - old")
SUCCESSOR = make.make_keypair("ADFS Signing - new")
DECRYPTING = make.make_keypair("ADFS Encryption")
SIMPLE_KEYS = make.keys([PRIMARY.base64], [DECRYPTING.base64])
NOW = datetime.datetime(2026, 12, 1, tzinfo=make.UTC)

DS = "{http://www.w3.org/2000/09/xmldsig#}"
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"


def thumbprints(certificates: tuple) -> list[str]:
    return [certificate.thumbprint for certificate in certificates]


def refusal(data: bytes) -> str:
    with pytest.raises(MetadataError) as caught:
        read_metadata(data)
    return str(caught.value)


def signature_reason(data: bytes) -> str:
    """The reason for which the signature is invalid; fails if it is anything else."""
    signature = read_metadata(data).signature
    assert signature.status == "invalid"
    return signature.reason or ""


# --- what other identity providers publish


@pytest.mark.parametrize("sign", [True, False])
@pytest.mark.parametrize("prefix", ["fed", "q1"])
def test_wsfederation_with_the_address_for_browsers_alone(sign: bool, prefix: str) -> None:
    text = make.wsfed_document([PRIMARY.base64, SUCCESSOR.base64]).replace("fed:", f"{prefix}:").replace("xmlns:fed=", f"xmlns:{prefix}=")
    metadata = read_metadata(make.sign(text, PRIMARY) if sign else text.encode())
    assert metadata.entity_id == "http://www.okta.com/exk1"
    assert metadata.is_adfs is False
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint, SUCCESSOR.thumbprint]
    address = "https://contoso.okta.com/app/office365/exk1/sso/wsfed/passive"
    assert metadata.endpoints == {"passive_sign_in": address, "active_sign_in": None, "sign_out": address, "metadata_exchange": None}
    assert metadata.signature.status == ("valid" if sign else "absent")


def test_a_relying_party_with_the_address_for_browsers_alone_is_no_identity_provider() -> None:
    text = make.wsfed_document([PRIMARY.base64]).replace("SecurityTokenServiceType", "ApplicationServiceType")
    assert "describes no identity provider" in refusal(text.encode())


def test_keys_of_a_token_service_without_addresses_are_not_dropped() -> None:
    text = make.wsfed_document([SUCCESSOR.base64])
    start, end = text.index("<fed:PassiveRequestorEndpoint>"), text.index("</RoleDescriptor>")
    saml = make.saml_document([PRIMARY.base64])
    text = text[:start] + text[end:].replace("</EntityDescriptor>", saml[saml.index("<IDPSSODescriptor") :])
    metadata = read_metadata(text.encode())
    assert thumbprints(metadata.signing_certificates) == [SUCCESSOR.thumbprint, PRIMARY.thumbprint]
    assert metadata.endpoints["passive_sign_in"] == "https://idp.example.com/sso"


def test_blanks_around_identifier_and_addresses_are_left_out() -> None:
    text = make.wsfed_document([PRIMARY.base64], entity_id="\n  http://www.okta.com/exk1 ")
    text = text.replace("<Address>", "<Address>\n  ").replace("</Address>", "\n</Address>")
    metadata = read_metadata(text.encode())
    assert metadata.entity_id == "http://www.okta.com/exk1"
    assert metadata.endpoints["passive_sign_in"] == "https://contoso.okta.com/app/office365/exk1/sso/wsfed/passive"


@pytest.mark.parametrize("name", ["urn:a&#x202e;b", "urn:a&#x9b;2J", "urn:a&#x200b;", "x" * 1025, "urn:a  b"])
def test_an_identifier_that_does_not_show_as_it_is_read_is_refused(name: str) -> None:
    message = refusal(make.wsfed_document([PRIMARY.base64], entity_id=name).encode())
    assert "entityID" in message and message.isprintable()


def test_addresses_are_printable() -> None:
    text = make.wsfed_document([PRIMARY.base64]).replace("/sso/wsfed/passive", "/sso/\u202e\x9b2J")
    assert read_metadata(text.encode()).endpoints["passive_sign_in"] == "https://contoso.okta.com/app/office365/exk1/sso/\\u202e\\x9b2J"


@pytest.mark.parametrize("name", ["EntityDescriptor\u202e", "a\x9b", "b" * 5000])
def test_names_in_messages_are_printable_and_short(name: str) -> None:
    message = refusal(f"<{name}/>".encode() if name.isascii() else f"<a xmlns='{name}'/>".encode())
    assert message.isprintable() and len(message) < 400


def test_names_of_certificates_are_printable() -> None:
    keypair = make.make_keypair("evil\x1b[2J\u202eCN")
    shape = describe_metadata(read_metadata(make.adfs_document(keypair)), "content", NOW)
    for shown in (shape["signing_certificates"][0], shape["signature"]["certificate"]):
        assert shown["subject"] == shown["issuer"] == "CN=evil\\x1b[2J\\u202eCN"


# --- AD FS whose addresses of WS-Trust are switched off


def without_trust(text: str, leave: str) -> str:
    """Leave out the addresses of WS-Trust: the elements, the addresses in them, or have the address for browsers in their place."""
    for element in ("SecurityTokenServiceEndpoint", "ApplicationServiceEndpoint"):
        start, end = text.index(f"<fed:{element}>"), text.index(f"</fed:{element}>")
        inside = "<EndpointReference xmlns='http://www.w3.org/2005/08/addressing'><Address>https://sts.contoso.com/adfs/ls/</Address></EndpointReference>"
        kept = {"nothing": "", "empty": f"<fed:{element}/>", "passive": f"<fed:{element}>{inside}</fed:{element}>"}[leave]
        text = text[:start] + kept + text[end + len(f"</fed:{element}>") :]
    return text


@pytest.mark.parametrize("leave", ["nothing", "empty", "passive"])
def test_adfs_without_addresses_of_ws_trust_is_adfs(leave: str) -> None:
    metadata = read_metadata(make.sign(without_trust(make.document(make.keys([PRIMARY.base64, SUCCESSOR.base64], [])), leave), PRIMARY))
    assert metadata.is_adfs and metadata.signature.status == "valid"
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint, SUCCESSOR.thumbprint]
    passive = "https://sts.contoso.com/adfs/ls/"
    assert metadata.endpoints == {"passive_sign_in": passive, "active_sign_in": None, "sign_out": passive, "metadata_exchange": None}


def test_the_address_for_browsers_alone_is_not_enough_where_the_service_lies_elsewhere() -> None:
    text = make.document(SIMPLE_KEYS).replace("/adfs/services/trust/2005/certificatemixed", "/tenant/wstrust")
    assert read_metadata(text.encode()).is_adfs is False


# --- what a farm publishes


def test_two_signing_certificates_and_the_primary_signs_the_document() -> None:
    metadata = read_metadata(make.adfs_document(PRIMARY, SUCCESSOR))
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint, SUCCESSOR.thumbprint]
    assert thumbprints(metadata.encryption_certificates) == [DECRYPTING.thumbprint]
    assert metadata.signature.status == "valid" and metadata.signature.reason is None
    assert metadata.signature.certificate is not None and metadata.signature.certificate.thumbprint == PRIMARY.thumbprint


def test_the_primary_is_who_signed_and_not_who_comes_first() -> None:
    text = make.document(make.keys([SUCCESSOR.base64, PRIMARY.base64], []))
    metadata = read_metadata(make.sign(text, PRIMARY))
    assert thumbprints(metadata.signing_certificates) == [SUCCESSOR.thumbprint, PRIMARY.thumbprint]
    assert metadata.signature.certificate is not None and metadata.signature.certificate.thumbprint == PRIMARY.thumbprint


def test_shape() -> None:
    shape = describe_metadata(read_metadata(make.adfs_document(PRIMARY)), "content", NOW)
    assert set(shape) == {"entity_id", "source", "is_adfs", "signing_certificates", "encryption_certificates", "endpoints", "signature"}
    assert shape["entity_id"] == "http://sts.contoso.com/adfs/services/trust"
    assert shape["source"] == "content"
    assert shape["is_adfs"] is True
    assert shape["endpoints"] == {
        "passive_sign_in": "https://sts.contoso.com/adfs/ls/",
        "active_sign_in": "https://sts.contoso.com/adfs/services/trust/2005/usernamemixed",
        "sign_out": "https://sts.contoso.com/adfs/ls/",
        "metadata_exchange": "https://sts.contoso.com/adfs/services/trust/mex",
    }
    assert shape["signing_certificates"][0]["der"] == PRIMARY.base64
    assert shape["signing_certificates"][0]["days_remaining"] == 31
    assert shape["signature"]["status"] == "valid" and shape["signature"]["reason"] is None
    assert shape["signature"]["certificate"] == shape["signing_certificates"][0]
    json.dumps(shape)  # plain data only


def test_urn_entity_id_is_still_adfs() -> None:
    metadata = read_metadata(make.sign(make.document(SIMPLE_KEYS, entity_id="urn:contoso:sp1"), PRIMARY))
    assert metadata.entity_id == "urn:contoso:sp1"
    assert metadata.is_adfs


def test_host_comes_from_the_endpoints_with_its_port() -> None:
    metadata = read_metadata(make.document(SIMPLE_KEYS, entity_id="http://OLD.contoso.com/adfs/services/trust", host="Sts.contoso.com:444").encode())
    assert metadata.endpoints["active_sign_in"] == "https://sts.contoso.com:444/adfs/services/trust/2005/usernamemixed"


@pytest.mark.parametrize("host", ["user:pw@sts.contoso.com", "sts.contoso.com]", "sts.contoso.com:x/", "[", "a b"])
def test_odd_hosts_are_not_taken_for_adfs(host: str) -> None:
    metadata = read_metadata(make.document(SIMPLE_KEYS, host=host).encode())
    assert metadata.is_adfs is False
    assert metadata.endpoints["active_sign_in"] is None


def test_other_products_are_told_apart_by_their_endpoints() -> None:
    text = make.document(SIMPLE_KEYS).replace("/adfs/services/trust/2005/certificatemixed", "/tenant/wsfed").replace("/adfs/ls/", "/tenant/wsfed")
    metadata = read_metadata(make.sign(text, PRIMARY))
    assert metadata.entity_id.endswith("/adfs/services/trust")  # the identifier alone proves nothing
    assert metadata.is_adfs is False
    assert metadata.endpoints["passive_sign_in"] == "https://sts.contoso.com/tenant/wsfed"
    assert metadata.endpoints["active_sign_in"] is None


def test_saml_only_identity_provider() -> None:
    text = (
        f'<EntityDescriptor ID="{make.ID}" entityID="https://idp.example.com/saml" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{SIMPLE_KEYS}</IDPSSODescriptor></EntityDescriptor>'
    )
    metadata = read_metadata(make.sign(text, PRIMARY))
    assert metadata.is_adfs is False
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint]
    assert set(metadata.endpoints.values()) == {None}
    assert metadata.signature.status == "valid"


def saml_service(name: str, binding: str, location: str) -> str:
    return f'<{name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{location}"/>'


@pytest.mark.parametrize(
    ("services", "sign_in", "sign_out"),
    [
        (saml_service("SingleSignOnService", "HTTP-Redirect", "https://idp.example.com/r"), "https://idp.example.com/r", None),
        (
            saml_service("SingleLogoutService", "HTTP-Redirect", "https://idp.example.com/out")
            + saml_service("SingleSignOnService", "HTTP-Redirect", "https://idp.example.com/r")
            + saml_service("SingleSignOnService", "HTTP-POST", " https://idp.example.com/p "),
            "https://idp.example.com/p",
            "https://idp.example.com/out",
        ),
        (saml_service("SingleSignOnService", "SOAP", "https://idp.example.com/s") + saml_service("SingleSignOnService", "HTTP-POST", ""), None, None),
    ],
)
def test_addresses_of_a_saml_only_identity_provider(services: str, sign_in: str | None, sign_out: str | None) -> None:
    text = (
        f'<EntityDescriptor ID="{make.ID}" entityID="http://www.okta.com/exk1" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{SIMPLE_KEYS}{services}</IDPSSODescriptor></EntityDescriptor>'
    )
    endpoints = read_metadata(text.encode()).endpoints
    assert endpoints == {"passive_sign_in": sign_in, "active_sign_in": None, "sign_out": sign_out, "metadata_exchange": None}


def test_wsfed_addresses_come_before_those_of_saml() -> None:
    text = make.document(SIMPLE_KEYS).replace('Location="https://sts.contoso.com/adfs/ls/"', 'Location="https://sts.contoso.com/saml"')
    assert read_metadata(text.encode()).endpoints["passive_sign_in"] == "https://sts.contoso.com/adfs/ls/"


def test_key_of_a_service_provider_role_is_no_token_signing_certificate() -> None:
    head, tail = make.document(SIMPLE_KEYS).split("</SPSSODescriptor>")
    metadata = read_metadata(f"{head}{make.key_descriptor('signing', SUCCESSOR.base64)}</SPSSODescriptor>{tail}".encode())
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint]


def test_another_prefix_than_fed() -> None:
    metadata = read_metadata(make.sign(make.document(SIMPLE_KEYS, prefix="q1"), PRIMARY))
    assert metadata.is_adfs and thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint]


def test_prefix_fed_bound_to_something_else_is_no_token_service() -> None:
    text = make.document(SIMPLE_KEYS).replace("http://docs.oasis-open.org/wsfed/federation/200706", "urn:something:else")
    assert read_metadata(text.encode()).is_adfs is False


@pytest.mark.parametrize("use", [None, "both"])
def test_one_certificate_for_both_uses(use: str | None) -> None:
    keys = make.key_descriptor(None, PRIMARY.base64) if use is None else make.keys([PRIMARY.base64], [PRIMARY.base64])
    metadata = read_metadata(make.sign(make.document(keys), PRIMARY))
    assert thumbprints(metadata.signing_certificates) == thumbprints(metadata.encryption_certificates) == [PRIMARY.thumbprint]


def test_certificate_after_2050() -> None:
    keypair = make.make_keypair("far", datetime.datetime(2017, 1, 1, tzinfo=make.UTC), datetime.datetime(2117, 1, 1, tzinfo=make.UTC))
    metadata = read_metadata(make.adfs_document(keypair))
    assert metadata.signing_certificates[0].not_after.year == 2117
    assert metadata.signature.status == "valid"


@pytest.mark.parametrize(("first", "last"), [(2010, 2011), (2150, 2151)])
def test_signature_is_verified_whatever_the_dates_of_its_certificate(first: int, last: int) -> None:
    keypair = make.make_keypair(f"from {first}", datetime.datetime(first, 1, 1, tzinfo=make.UTC), datetime.datetime(last, 1, 1, tzinfo=make.UTC))
    assert read_metadata(make.adfs_document(keypair)).signature.status == "valid"


def test_authorities_beside_a_certificate_are_left_out() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    authority = make.make_keypair("Some CA")
    builder = x509.CertificateBuilder().subject_name(PRIMARY.certificate.subject).issuer_name(authority.certificate.subject)
    builder = builder.public_key(PRIMARY.key.public_key()).serial_number(7).not_valid_before(NOW).not_valid_after(NOW + datetime.timedelta(days=9))
    leaf = make.Keypair(builder.sign(authority.key, hashes.SHA256()), PRIMARY.key)
    assert leaf.certificate.public_bytes(serialization.Encoding.DER) == leaf.der
    chain = f"{authority.base64}</X509Certificate><X509Certificate>{leaf.base64}"
    metadata = read_metadata(make.document(make.key_descriptor("signing", chain)).encode())
    assert thumbprints(metadata.signing_certificates) == [leaf.thumbprint]


THIRD = make.make_keypair("accounts.accesscontrol.windows.net")


@pytest.mark.parametrize(
    ("data", "entity_id", "is_adfs", "status", "signing"),
    [
        pytest.param(make.adfs_document(PRIMARY), "http://sts.contoso.com/adfs/services/trust", True, "valid", [PRIMARY], id="AD FS as it comes"),
        pytest.param(
            make.sign(make.document(SIMPLE_KEYS, entity_id="https://sts.contoso.com/adfs/services/trust"), PRIMARY),
            "https://sts.contoso.com/adfs/services/trust",
            True,
            "valid",
            [PRIMARY],
            id="https in the entity id",
        ),
        pytest.param(
            make.sign(make.document(SIMPLE_KEYS, entity_id="urn:contoso:pro:sp1"), PRIMARY), "urn:contoso:pro:sp1", True, "valid", [PRIMARY], id="a URN"
        ),
        pytest.param(
            make.sign(make.document(make.keys([PRIMARY.base64], [PRIMARY.base64])), PRIMARY),
            "http://sts.contoso.com/adfs/services/trust",
            True,
            "valid",
            [PRIMARY],
            id="one certificate for everything",
        ),
        pytest.param(
            make.adfs_document(PRIMARY, SUCCESSOR).replace(b"<KeyDescriptor", b"\n  <KeyDescriptor"),
            "http://sts.contoso.com/adfs/services/trust",
            True,
            "invalid",
            [PRIMARY, SUCCESSOR],
            id="two certificates, re-indented by hand",
        ),
        pytest.param(
            b"\xef\xbb\xbf" + make.entra_document(SUCCESSOR, PRIMARY, THIRD, signer=PRIMARY),
            "https://sts.windows.net/5f2d1c8e-0b7a-4c55-9a3b-2f5d7e9c1a10/",
            False,
            "valid",
            [SUCCESSOR, PRIMARY, THIRD],
            id="Entra's own, three keys and a byte order mark",
        ),
    ],
)
def test_documents_of_every_kind(data: bytes, entity_id: str, is_adfs: bool, status: str, signing: list[make.Keypair]) -> None:
    """Made here, for the same cases as the real ones below."""
    metadata = read_metadata(data)
    assert (metadata.entity_id, metadata.is_adfs, metadata.signature.status) == (entity_id, is_adfs, status)
    assert thumbprints(metadata.signing_certificates) == [keypair.thumbprint for keypair in signing]
    assert metadata.signature.certificate is not None and metadata.signature.certificate.thumbprint == PRIMARY.thumbprint


# --- texts as they come from files and mails


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte order mark"),
        pytest.param(lambda data: b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n" + data, id="mark and declaration"),
        pytest.param(lambda data: data.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(lambda data: ('<?xml version="1.0" encoding="utf-16"?>' + data.decode()).encode("utf-16"), id="UTF-16 with declaration"),
        pytest.param(lambda data: b"<?xml version='1.0' encoding='ISO-8859-1'?>\r\n" + data, id="Latin-1 without any letter of it"),
        pytest.param(lambda data: b"\r\n  " + data + b"\r\n", id="blank lines around"),
        pytest.param(lambda data: data.replace(b"><KeyDescriptor", b"><!-- note --><KeyDescriptor"), id="comments, which are not signed"),
    ],
)
def test_signature_stays_valid(edit) -> None:
    metadata = read_metadata(edit(make.adfs_document(PRIMARY, SUCCESSOR)))
    assert metadata.signature.status == "valid", metadata.signature.reason
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint, SUCCESSOR.thumbprint]


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "iso-8859-15", "Windows-1252", "UTF-8"])
def test_other_encodings_are_read_and_verified(encoding: str) -> None:
    """A signature is over the letters, in whatever encoding they are stored."""
    data = make.sign(make.document(SIMPLE_KEYS, extra="<Organization><OrganizationName>Bäckerei é</OrganizationName></Organization>"), PRIMARY)
    text = f"<?xml version='1.0' encoding='{encoding}'?>" + etree.tostring(etree.fromstring(data), encoding="unicode")
    assert "Bäckerei" in text
    metadata = read_metadata(text.encode(encoding))
    assert metadata.signature.status == "valid", metadata.signature.reason


def test_white_space_in_certificates() -> None:
    wrapped = "\n      " + "\n      ".join(textwrap.wrap(PRIMARY.base64, 64)) + "\n    "
    metadata = read_metadata(make.sign(make.document(make.keys([wrapped], [DECRYPTING.base64])), PRIMARY))
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint]
    assert metadata.signature.status == "valid"


def test_comment_inside_a_certificate_changes_nothing() -> None:
    cut = PRIMARY.base64[:40] + "<!-- x -->" + PRIMARY.base64[40:]
    unsigned = read_metadata(make.document(make.keys([cut], [])).encode())
    assert thumbprints(unsigned.signing_certificates) == [PRIMARY.thumbprint]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"Service Unavailable", "not XML"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"\n<HTML><HEAD></HEAD></HTML>", "web page"),
        (b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"/>', "web page"),
        (b"<note/>", "not federation metadata"),
        (b'<EntityDescriptor entityID="x"/>', "not federation metadata"),
        (b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', "EntitiesDescriptor"),
        (b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', "no entityID"),
        (b'<EntityDescriptor entityID="x" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>', "no identity provider"),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>", "not federation metadata"),
        (b"<?xml version='1.0' encoding='us-ascii'?><a>\xe9</a>", "not US-ASCII text"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "encoded as utf-7"),
        (b"<a>\xe9</a>", "not UTF-8"),
        (b"<a>\x00</a>", "not well-formed"),
        (gzip.compress(b"<a/>", mtime=0), "compressed"),
        (b"\xff\xfe<", "not UTF-8"),
    ],
)
def test_other_documents_get_a_telling_message(data: bytes, words: str) -> None:
    assert words in refusal(data)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.9999])
def test_truncated_file(share: float) -> None:
    data = make.adfs_document(PRIMARY)
    assert "cut off" in refusal(data[: int(len(data) * share)])


def test_unreadable_certificate_is_not_passed_over() -> None:
    text = make.document(make.keys([PRIMARY.base64, "TUlJQ05vQ2VydGlmaWNhdGU="], []))
    assert "certificate in RoleDescriptor cannot be read" in refusal(text.encode())


def test_unknown_use_is_not_passed_over() -> None:
    assert "unknown use 'Signing'" in refusal(make.document(make.key_descriptor("Signing", PRIMARY.base64)).encode())


# --- signatures that do not hold


def test_absent_signature() -> None:
    metadata = read_metadata(make.document(SIMPLE_KEYS).encode())
    assert (metadata.signature.status, metadata.signature.certificate) == ("absent", None)
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint]


def test_changed_after_signing() -> None:
    data = make.adfs_document(PRIMARY).replace(b"/adfs/services/trust/mex", b"/adfs/services/trust/mox")
    assert "changed after it was signed" in signature_reason(data)


def test_signing_certificate_exchanged_after_signing() -> None:
    data = make.adfs_document(PRIMARY)
    position = data.index(b"<RoleDescriptor")
    forged = data[:position] + data[position:].replace(PRIMARY.base64.encode(), SUCCESSOR.base64.encode())
    assert "changed after it was signed" in signature_reason(forged)


def test_named_certificate_is_not_the_one_that_signed() -> None:
    data = make.sign(make.document(SIMPLE_KEYS), PRIMARY, key_info_certificate=SUCCESSOR)
    assert "does not fit the certificate" in signature_reason(data)
    claimed = read_metadata(data).signature.certificate
    assert claimed is not None and claimed.thumbprint == SUCCESSOR.thumbprint


def edited_signature(edit) -> bytes:
    root = etree.fromstring(make.adfs_document(PRIMARY))
    edit(root, root.find(DS + "Signature"))
    return etree.tostring(root)


def test_signature_without_certificate() -> None:
    data = edited_signature(lambda root, signature: signature.remove(signature.find(DS + "KeyInfo")))
    assert "names no certificate" in signature_reason(data)


def test_unreadable_certificate_in_the_signature() -> None:
    def edit(root, signature):
        signature.find(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate").text = "AAAA"

    assert "certificate in the signature cannot be read" in signature_reason(edited_signature(edit))


def test_two_signatures() -> None:
    assert "several signatures" in signature_reason(edited_signature(lambda root, signature: root.insert(1, copy.deepcopy(signature))))


def test_mac_under_the_public_key_is_no_signature() -> None:
    def edit(root, signature):
        signature.find(f"{DS}SignedInfo/{DS}SignatureMethod").set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")

    assert "HMAC" in signature_reason(edited_signature(edit))


@pytest.mark.parametrize(
    "algorithm", ["http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/2000/09/xmldsig#base64", "http://www.w3.org/TR/1999/REC-xslt-19991116"]
)
def test_transform_that_could_leave_parts_unsigned(algorithm: str) -> None:
    def edit(root, signature):
        etree.SubElement(signature.find(f"{DS}SignedInfo/{DS}Reference/{DS}Transforms"), DS + "Transform", Algorithm=algorithm)

    assert "transform that is not allowed" in signature_reason(edited_signature(edit))


@pytest.mark.parametrize("value", ["", None, "not base64!", "AAAA"])
def test_nonsense_as_signature_value(value: str | None) -> None:
    def edit(root, signature):
        signature.find(DS + "SignatureValue").text = value

    assert signature_reason(edited_signature(edit))


# --- wrapping: a genuine signature, moved so that it seems to cover a forged document


def forged_root(document_id: str | None) -> etree._Element:
    forged = make.document(make.keys([SUCCESSOR.base64], [DECRYPTING.base64]))
    root = etree.fromstring(forged.encode())
    if document_id is None:
        del root.attrib["ID"]
    else:
        root.set("ID", document_id)
    return root


def wrapped(document_id: str | None, signature_stays_inside: bool) -> bytes:
    genuine = etree.fromstring(make.adfs_document(PRIMARY))
    signature = genuine.find(DS + "Signature")
    root = forged_root(document_id)
    if not signature_stays_inside:
        genuine.remove(signature)
        root.insert(0, signature)
    extensions = etree.Element(MD + "Extensions")
    extensions.append(genuine)
    root.insert(1, extensions)
    return etree.tostring(root)


@pytest.mark.parametrize("document_id", ["_evil", None, make.ID])
def test_wrapped_genuine_document_does_not_lend_its_signature(document_id: str | None) -> None:
    metadata = read_metadata(wrapped(document_id, signature_stays_inside=False))
    assert metadata.signature.status == "invalid"


@pytest.mark.parametrize("document_id", ["_evil", None, make.ID])
def test_signature_that_stayed_inside_is_none_of_the_document(document_id: str | None) -> None:
    metadata = read_metadata(wrapped(document_id, signature_stays_inside=True))
    assert metadata.signature.status == "absent"
    assert metadata.signature.certificate is None


def test_genuine_document_hidden_inside_the_signature() -> None:
    genuine = etree.fromstring(make.adfs_document(PRIMARY))
    signature = genuine.find(DS + "Signature")
    genuine.remove(signature)
    etree.SubElement(signature, DS + "Object").append(genuine)
    for document_id in ("_evil", make.ID, None):
        root = forged_root(document_id)
        root.insert(0, copy.deepcopy(signature))
        assert read_metadata(etree.tostring(root)).signature.status == "invalid", document_id


def test_key_added_after_signing() -> None:
    data = make.adfs_document(PRIMARY).replace(b"</IDPSSODescriptor>", make.key_descriptor("signing", SUCCESSOR.base64).encode() + b"</IDPSSODescriptor>")
    assert "changed after it was signed" in signature_reason(data)


def test_rebinding_the_unsigned_prefix_of_xsi_type_hides_no_key() -> None:
    """Exclusive canonicalization does not sign what the prefix in an attribute's value stands for, so it must not matter."""
    fed = "http://docs.oasis-open.org/wsfed/federation/200706"
    text = make.adfs_document(PRIMARY, SUCCESSOR).decode()
    start = text.rindex("<RoleDescriptor", 0, text.index("SecurityTokenServiceType"))
    end = text.index("</RoleDescriptor>", start)
    role = text[start:end].replace(f'xmlns:fed="{fed}"', 'xmlns:fed="urn:other"', 1)
    for element in ("SecurityTokenServiceEndpoint", "PassiveRequestorEndpoint"):
        role = role.replace(f"<fed:{element}>", f'<fed:{element} xmlns:fed="{fed}">')
    metadata = read_metadata((text[:start] + role + text[end:]).encode())
    assert metadata.signature.status == "valid"
    assert metadata.is_adfs
    assert thumbprints(metadata.signing_certificates) == [PRIMARY.thumbprint, SUCCESSOR.thumbprint]


# --- attacks on the parser


ENTITY = '<!DOCTYPE EntityDescriptor [<!ENTITY a "lol">{}]>'


@pytest.mark.parametrize(
    "dtd",
    [
        pytest.param('<!DOCTYPE EntityDescriptor SYSTEM "http://127.0.0.1:9/evil.dtd">', id="external DTD"),
        pytest.param('<!DOCTYPE EntityDescriptor [<!ENTITY x SYSTEM "file:///etc/passwd">]>', id="XXE"),
        pytest.param('<!DOCTYPE EntityDescriptor [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>', id="parameter entity"),
        pytest.param("<!DOCTYPE EntityDescriptor>", id="DTD alone"),
        pytest.param(ENTITY.format("".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "&a;" * 10}">' for n in range(12))), id="billion laughs"),
        pytest.param(ENTITY.format(f'<!ENTITY q "{"q" * 100_000}">'), id="quadratic blow-up"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_dtd_is_refused_unread(dtd: str, encoding: str) -> None:
    data = (dtd + make.document(SIMPLE_KEYS, entity_id="&l11;" if "l11" in dtd else "x")).encode(encoding)
    assert "has a DTD or entities" in refusal(data)


@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-32", "utf-16-le"])
def test_dtd_hidden_in_another_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + '<!DOCTYPE EntityDescriptor [<!ENTITY x "y">]>' + make.document(SIMPLE_KEYS, entity_id="&x;")
    if encoding == "utf-7":
        text = text.replace("<!DOCTYPE", "+ADw-!DOCTYPE").replace("<!ENTITY", "+ADw-!ENTITY")
    refusal(text.encode("ascii" if encoding == "utf-7" else encoding))


def test_undeclared_entity() -> None:
    assert "not well-formed" in refusal(make.document(SIMPLE_KEYS, entity_id="&nbsp;").encode())


def test_xinclude() -> None:
    include = '<Extensions><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/></Extensions>'
    assert "XInclude" in refusal(make.document(SIMPLE_KEYS, extra=include).encode())


def test_gzip_bomb_is_refused_unpacked() -> None:
    assert "compressed" in refusal(gzip.compress(make.document(SIMPLE_KEYS).encode().ljust(50_000_000), mtime=0))


def test_stylesheet_instruction_is_ignored() -> None:
    data = b'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?>' + make.adfs_document(PRIMARY)
    assert read_metadata(data).signature.status == "valid"


def test_one_byte_too_large() -> None:
    assert "larger than 1048576 bytes" in refusal(make.adfs_document(PRIMARY).ljust(MAX_METADATA_BYTES + 1))
    assert read_metadata(make.adfs_document(PRIMARY).ljust(MAX_METADATA_BYTES)).signature.status == "valid"


@pytest.mark.parametrize("depth", [100, 1_000, 40_000])
def test_deeply_nested(depth: int) -> None:
    assert "nested too deeply" in refusal(make.document(SIMPLE_KEYS, extra="<x>" * depth + "</x>" * depth).encode())


@pytest.mark.parametrize("filling", make.FILLINGS.values(), ids=make.FILLINGS)
def test_a_full_megabyte_of_anything_needs_little_memory(filling: str) -> None:
    """That it is quick too is shown by ``make bench-metadata``."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = make.filled(filling)
    assert MAX_METADATA_BYTES // 2 < len(data) < MAX_METADATA_BYTES
    try:
        read_metadata(data)
    except MetadataError:
        pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB


# --- real documents, where they are at hand


def _real_documents() -> pathlib.Path | None:
    named = os.environ.get("FEDERATION_ADFS_METADATA_SAMPLES")
    place = pathlib.Path(named) if named else pathlib.Path(__file__).resolve().parents[4].parent / "shared" / "data" / "metadata"
    return place if (place / "expected.json").is_file() else None


REAL = _real_documents()
EXPECTED = json.loads((REAL / "expected.json").read_text()) if REAL else {}


@pytest.mark.skipif(REAL is None, reason="no real documents here; FEDERATION_ADFS_METADATA_SAMPLES can name their folder")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_real_document(name: str) -> None:
    assert REAL is not None
    data = (REAL / name).read_bytes()
    expected = EXPECTED[name]
    if not expected["well_formed"]:
        assert refusal(data)
        return
    metadata = read_metadata(data)
    assert metadata.entity_id == expected["entityID"]
    assert metadata.is_adfs is (expected["kind"] != "not-adfs")
    assert sorted(thumbprints(metadata.signing_certificates)) == expected["signing_thumbprints"]
    assert sorted(thumbprints(metadata.encryption_certificates)) == expected["encryption_thumbprints"]
    assert metadata.signature.status == ("valid" if expected["signature"] == "digest_ok=True sig_ok=True" else "invalid")
    assert metadata.signature.certificate is not None
    assert metadata.signature.certificate.thumbprint == expected["signature_certificate"]
    sts = next(role for role in expected["roles"] if role["type"] == "SecurityTokenServiceType")
    passive, *_others = sts["endpoints"]["PassiveRequestorEndpoint"]
    _service, *exchange = sts["endpoints"]["SecurityTokenServiceEndpoint"]
    assert metadata.endpoints == {
        "passive_sign_in": passive,
        "active_sign_in": passive.replace("/adfs/ls/", "/adfs/services/trust/2005/usernamemixed") if metadata.is_adfs else None,
        "sign_out": passive,
        "metadata_exchange": exchange[0] if exchange else None,
    }
    published = [thumbprint for use, thumbprint in sts["keys"] if use == "signing"]
    assert thumbprints(metadata.signing_certificates) == list(dict.fromkeys(published))
    for certificate in metadata.signing_certificates + metadata.encryption_certificates:
        known = expected["certificates"][certificate.thumbprint]
        assert certificate.thumbprint_sha256.lower() == known["sha256"]
        assert certificate.not_before.isoformat() == known["not_before"]
        assert certificate.not_after.isoformat() == known["not_after"]
        assert int(certificate.serial_number, 16) == int(known["serial"], 16)
        assert certificate.key_size == known["key_bits"]
        assert certificate.self_signed is known["self_issued"]
        assert certificate.subject == known["subject"]
