# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures that verify and are still not to be believed as they are: weak, of another time, or re-formatted."""

from __future__ import annotations

import datetime

import pytest
from lxml import etree

from ansible_collections.federation.adfs.plugins.module_utils._metadata import MetadataError, describe_metadata, read_metadata
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils.metadata_hostile import with_prefixes

PRIMARY = make.make_keypair("ADFS Signing - old")
SUCCESSOR = make.make_keypair("ADFS Signing - new")
KEYS = make.keys([PRIMARY.base64], [])
NOW = datetime.datetime(2026, 12, 1, tzinfo=make.UTC)
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def signature(data: bytes, now: datetime.datetime = NOW) -> tuple[str, str]:
    """Status and reason as results show them."""
    shown = describe_metadata(read_metadata(data), "content", now)["signature"]
    assert (shown["reason"] is None) == (shown["status"] == "valid")
    return shown["status"], shown["reason"] or ""


# --- weak


def test_sha1_is_weak() -> None:
    data = make.sign(make.document(KEYS), PRIMARY, sha1=True)
    status, reason = signature(data)
    assert status == "weak" and "SHA-1" in reason
    shown = read_metadata(data)
    assert shown.signature.certificate is not None and shown.signature.certificate.thumbprint == PRIMARY.thumbprint


@pytest.mark.parametrize("algorithm", ["SignatureMethod", "DigestMethod"])
def test_sha1_in_one_place_is_weak_too(algorithm: str) -> None:
    assert signature(make.sign(make.document(KEYS), PRIMARY, sha1=True, only=algorithm))[0] == "weak"


def test_a_short_key_is_weak() -> None:
    status, reason = signature(make.adfs_document(make.make_keypair("short", bits=1024)))
    assert status == "weak" and "1024 bits" in reason


def test_sha1_that_does_not_verify_is_invalid() -> None:
    data = make.sign(make.document(KEYS), PRIMARY, sha1=True)
    assert signature(data.replace(b"/trust/mex", b"/trust/mox"))[0] == "invalid"
    assert signature(make.sign(make.document(KEYS), PRIMARY, sha1=True, key_info_certificate=SUCCESSOR))[0] == "invalid"


def test_a_host_that_forbids_sha1_says_weak_and_not_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the policy of some distributions does."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from signxml.verifier import XMLVerifier

    def refuse(*_args: object, **_options: object) -> None:
        raise UnsupportedAlgorithm("sha1 is not supported by this backend for RSA signing.")

    monkeypatch.setattr(XMLVerifier, "_verify_signature_with_pubkey", refuse)
    status, reason = signature(make.sign(make.document(KEYS), PRIMARY, sha1=True))
    assert status == "weak" and "does not verify such signatures" in reason
    assert signature(make.adfs_document(PRIMARY))[0] == "invalid"


@pytest.mark.parametrize(
    "algorithm", ["http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "urn:made:up\u202e", "", "http://www.w3.org/2007/05/xmldsig-more#md5-rsa-MGF1"]
)
def test_an_algorithm_that_is_not_accepted_is_named_in_own_words(algorithm: str) -> None:
    root = etree.fromstring(make.adfs_document(PRIMARY))
    root.find(f"{DS}Signature/{DS}SignedInfo/{DS}SignatureMethod").set("Algorithm", algorithm)
    status, reason = signature(etree.tostring(root))
    assert status == "invalid" and "algorithm that is not accepted" in reason and reason.isprintable()


# --- expired


ENDS = ' validUntil="2026-11-30T12:00:00Z"'


def expiring(where: str, ends: str = ENDS) -> str:
    text = make.document(KEYS)
    tag = {"document": "<EntityDescriptor", "token service": '<RoleDescriptor xsi:type="fed:SecurityTokenServiceType"', "saml": "<IDPSSODescriptor"}[where]
    return text.replace(tag, tag + ends)


@pytest.mark.parametrize("where", ["document", "token service", "saml"])
def test_a_document_that_has_ended_is_expired(where: str) -> None:
    data = make.sign(expiring(where), PRIMARY)
    status, reason = signature(data)
    assert status == "expired" and "valid until 2026-11-30T12:00:00Z" in reason
    assert signature(data, NOW - datetime.timedelta(days=1))[0] == "valid"


@pytest.mark.parametrize("sha1", [True, None])
def test_an_old_document_is_expired_however_it_is_signed(sha1: bool | None) -> None:
    text = expiring("document")
    assert signature(make.sign(text, PRIMARY, sha1=True) if sha1 else text.encode())[0] == "expired"


def test_an_old_document_that_was_changed_is_invalid() -> None:
    assert signature(make.sign(expiring("document"), PRIMARY).replace(b"/trust/mex", b"/trust/mox"))[0] == "invalid"


def test_the_end_of_a_relying_party_beside_it_does_not_count() -> None:
    assert signature(make.sign(make.document(KEYS).replace("<SPSSODescriptor", "<SPSSODescriptor" + ENDS), PRIMARY))[0] == "valid"


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ("2026-11-30T12:00:00.1234567Z", "expired"),
        ("2026-11-30T12:00:00", "expired"),
        (" 2026-11-30T12:00:00+01:00 ", "expired"),
        ("2026-12-01T00:00:00Z", "expired"),
        ("2026-12-01T00:00:01Z", "valid"),
        ("2026-12-01T00:30:00+01:00", "expired"),
        ("9999-12-31T23:59:59.9999999Z", "valid"),
        ("9999-12-31T23:59:59-12:00", "valid"),
        ("12026-01-01T00:00:00Z", "valid"),
    ],
)
def test_times(ends: str, status: str) -> None:
    assert signature(make.sign(expiring("document", f' validUntil="{ends}"'), PRIMARY))[0] == status


@pytest.mark.parametrize(
    "ends", ["", "soon", "2026-13-01T00:00:00Z", "2026-12-01", "2026-11-30T12:00:00Z\u202e", "0000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z"]
)
def test_an_end_that_is_no_time_is_refused(ends: str) -> None:
    with pytest.raises(MetadataError, match="validUntil is no time") as caught:
        read_metadata(expiring("document", f' validUntil="{ends}"').encode())
    assert str(caught.value).isprintable()


# --- re-formatted on the way


def line_breaks(data: bytes, mark: bytes) -> bytes:
    return data.replace(b"><", b">" + mark + b"<")


def pretty(data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data, etree.XMLParser(remove_blank_text=True)), pretty_print=True)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda data: line_breaks(data, b"\r\n"), id="CRLF"),
        pytest.param(lambda data: line_breaks(data, b"\n"), id="LF"),
        pytest.param(lambda data: line_breaks(data, b"\n\t"), id="tabs"),
        pytest.param(pretty, id="re-indented"),
    ],
)
@pytest.mark.parametrize("sha1", [False, True])
def test_a_reformatted_document_is_said_to_be_one(edit, sha1: bool) -> None:
    status, reason = signature(edit(make.sign(make.document(KEYS), PRIMARY, sha1=sha1)))
    assert status == "invalid" and "was edited or re-formatted on the way" in reason and "does not fit" not in reason


def test_a_reformatted_document_with_the_certificate_of_another_says_both() -> None:
    data = line_breaks(make.sign(make.document(KEYS), PRIMARY, key_info_certificate=SUCCESSOR), b"\r\n")
    status, reason = signature(data)
    assert status == "invalid" and "does not fit the certificate" in reason and "re-formatted" in reason


def test_line_breaks_that_were_signed_are_no_fault_in_any_form() -> None:
    """XML knows one kind of line break; a system that stores them in its own way changes nothing."""
    data = make.sign(line_breaks(make.document(KEYS).encode(), b"\n").decode(), PRIMARY)
    assert signature(data)[0] == signature(data.replace(b"\n", b"\r\n"))[0] == "valid"


# --- lists of namespaces


def test_a_signature_with_a_short_list_of_namespaces_is_valid() -> None:
    assert signature(with_prefixes(make.adfs_document(PRIMARY), PRIMARY, ["xs", "xsi"])) == ("valid", "")


@pytest.mark.parametrize("prefixes", [[f"p{n}" for n in range(21)], ["x" * 501]])
def test_a_long_list_is_refused_before_anything_is_canonicalized(prefixes: list[str]) -> None:
    status, reason = signature(with_prefixes(make.adfs_document(PRIMARY), PRIMARY, prefixes))
    assert status == "invalid" and "more than 20 namespaces" in reason
