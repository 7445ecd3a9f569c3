# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate from elsewhere shows of itself: names that do no harm, and reasons in our own words."""

from __future__ import annotations

import datetime
import time

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, describe, normalize_thumbprint, parse_certificate, parse_time
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

NOW = datetime.datetime(2026, 12, 1, tzinfo=make.UTC)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("evil\x1b[2J", "CN=evil\\x1b[2J"),
        ("a\nb", "CN=a b"),
        ("a\u202eb", "CN=a\\u202eb"),
        ("\u200b", "CN=\\u200b"),
        ("M\u00fcnchen", "CN=M\u00fcnchen"),
    ],
)
def test_names_are_printable_wherever_they_are_shown(name: str, shown: str) -> None:
    keypair = make.make_keypair(name)
    certificate = parse_certificate(keypair.der)
    assert certificate.subject == certificate.issuer == describe(certificate, NOW)["subject"] == shown
    assert certificate.self_signed and certificate.der == keypair.base64, "what is compared and written stays as it came"


@pytest.mark.parametrize("value", [b"0\x03\x02\x01\x05", "AAAA", b"", "MIIB", b"0" * 500])
def test_reasons_are_our_own(value: str | bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        parse_certificate(value)
    assert not any(word in str(caught.value) for word in ("ParseError", "asn1", "ASN.1 ", "kind", "rust", "Error("))


def test_a_version_that_does_not_exist_is_refused() -> None:
    der = make.make_keypair("x").der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1)
    with pytest.raises(CertificateError, match="not an X"):
        parse_certificate(der)


def test_pem_with_text_around_it_and_without_an_end() -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{make.make_keypair('x').base64}\n-----END CERTIFICATE-----\n"
    assert parse_certificate(f"subject=x\n{pem}trailer").der == make.make_keypair("x").base64
    with pytest.raises(CertificateError, match="holds 2 certificates"):
        parse_certificate(pem * 2)
    for broken in (pem.replace("END", "STOP"), pem.replace("BEGIN", "START"), pem + "-----BEGIN CERTIFICATE-----" * 10_000):
        begin = time.process_time()
        if broken.startswith("-----BEGIN") and "END CERT" in broken:
            assert parse_certificate(broken).self_signed
        else:
            with pytest.raises(CertificateError):
                parse_certificate(broken)
        assert time.process_time() - begin < 1


def test_what_was_given_is_printable_in_messages() -> None:
    for call, value in ((normalize_thumbprint, "\x1b[2J\u202e"), (parse_time, "\x1b[2J")):
        with pytest.raises(ValueError, match="is not") as caught:
            call(value)
        assert str(caught.value).isprintable()
