# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Certificates as this collection reads, compares and shows them."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import os
import re
import sys
import typing as t
from dataclasses import dataclass

from ansible_collections.federation.adfs.plugins.module_utils._files import read_regular
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True


UTC = datetime.timezone.utc
MAX_SHOWN_NAME = 1024
MAX_CERTIFICATE_BYTES = 64 * 1024
_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"
_HEX_PAIRS = re.compile(r"[0-9A-F]{40}")


class CertificateError(ValueError):
    """The text is not one certificate that can be read; the message says why."""


@dataclass(frozen=True)
class Certificate:
    """One certificate. Two are the same exactly if their DER bytes are the same. Its names are made printable: they serve to be shown."""

    thumbprint: str
    thumbprint_sha256: str
    subject: str
    issuer: str
    serial_number: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    self_signed: bool
    key_type: str
    key_size: int | None
    signature_algorithm: str
    public_key_sha256: str
    der: str


def parse_certificate(value: str | bytes) -> Certificate:
    """Read one certificate from PEM, from base64 DER with or without line breaks, or from DER bytes.

    Raises CertificateError for anything else, also for a PEM text that holds more than one certificate.
    """
    if not HAS_CRYPTOGRAPHY:
        raise CertificateError(f"certificates cannot be read without the Python library cryptography: install it for {sys.executable}")
    der = value if isinstance(value, bytes) else _der_from_text(value)
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise CertificateError(f"the certificate is larger than {MAX_CERTIFICATE_BYTES} bytes")
    try:
        loaded = x509.load_der_x509_certificate(der)
        public_key = loaded.public_key()
        spki = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return Certificate(
            thumbprint=hashlib.sha1(der).hexdigest().upper(),  # noqa: S324 - the name Windows gives a certificate, not a protection
            thumbprint_sha256=hashlib.sha256(der).hexdigest().upper(),
            subject=printable(loaded.subject.rfc4514_string(), MAX_SHOWN_NAME),
            issuer=printable(loaded.issuer.rfc4514_string(), MAX_SHOWN_NAME),
            serial_number=_hex_serial(loaded.serial_number),
            not_before=_utc(loaded, "not_valid_before"),
            not_after=_utc(loaded, "not_valid_after"),
            self_signed=loaded.subject == loaded.issuer,
            key_type=_key_type(public_key),
            key_size=getattr(public_key, "key_size", None),
            signature_algorithm=getattr(loaded.signature_algorithm_oid, "_name", loaded.signature_algorithm_oid.dotted_string),
            public_key_sha256=hashlib.sha256(spki).hexdigest().upper(),
            der=base64.b64encode(der).decode("ascii"),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as exc:
        raise CertificateError("this is not an X.509 certificate that can be read") from exc


def read_certificate_input(value: str) -> Certificate:
    """Read one certificate from what a user may give: PEM, base64 DER, or the path of a file with PEM or DER."""
    text = value.strip()
    if _pem_body(text) is not None or _looks_like_der(text):
        return parse_certificate(text)
    path = os.path.expanduser(text)
    if "\n" in text or not os.path.exists(path) or os.path.isdir(path):
        raise CertificateError("neither a PEM or base64 DER certificate nor the path of a file that exists")
    try:
        data = read_regular(path, MAX_CERTIFICATE_BYTES)
    except OSError as exc:
        raise CertificateError(f"the certificate file {printable(path, 500)} cannot be read ({exc.strerror})") from exc
    if data.startswith(b"0"):  # 0x30, an ASN.1 SEQUENCE: DER
        return parse_certificate(data)
    return parse_certificate(data.decode("ascii", errors="replace"))


def describe(certificate: Certificate, now: datetime.datetime, with_der: bool = True) -> dict[str, t.Any]:
    """Return the shape that every result of this collection uses for a certificate.

    ``days_remaining`` counts whole days from ``now`` until ``not_after``; it is negative once expired.
    """
    shape: dict[str, t.Any] = {
        "thumbprint": certificate.thumbprint,
        "thumbprint_sha256": certificate.thumbprint_sha256,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial_number": certificate.serial_number,
        "not_before": format_time(certificate.not_before),
        "not_after": format_time(certificate.not_after),
        "days_remaining": (certificate.not_after - now).days,
        "self_signed": certificate.self_signed,
        "key_type": certificate.key_type,
        "key_size": certificate.key_size,
        "signature_algorithm": certificate.signature_algorithm,
    }
    if with_der:
        shape["der"] = certificate.der
    return shape


def normalize_thumbprint(value: str) -> str:
    """Return 40 upper-case hexadecimal digits; certificate dialogs add spaces, colons and invisible marks.

    Raises CertificateError if what is left is not a SHA-1 thumbprint.
    """
    text = re.sub(r"[\s:\u200e\u200f\u202a-\u202e\ufeff-]", "", value).upper()
    if not _HEX_PAIRS.fullmatch(text):
        raise CertificateError(f"'{printable(value, 80)}' is not a certificate thumbprint (40 hexadecimal digits)")
    return text


def format_time(moment: datetime.datetime) -> str:
    """Return ISO 8601 in UTC with ``Z`` and whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> datetime.datetime:
    """Read ISO 8601 with ``Z`` or an offset, with any number of fractional digits. Raises ValueError otherwise."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", text.strip())
    if not match:
        raise ValueError(f"'{printable(text, 80)}' is not a time in ISO 8601 with 'Z' or an offset, such as 2026-01-31T12:00:00Z")
    moment = datetime.datetime.fromisoformat(match.group(1) + ("+00:00" if match.group(2) == "Z" else match.group(2)))
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError(f"{printable(text, 80)} lies outside the calendar") from exc


def _der_from_text(text: str) -> bytes:
    number = min(text.count(_BEGIN), text.count(_END))
    if number > 1:
        raise CertificateError(f"the text holds {number} certificates; give exactly one")
    body = _pem_body(text) or text
    if len(body) > 2 * MAX_CERTIFICATE_BYTES:
        raise CertificateError("the certificate text is too long")
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise CertificateError("this is neither PEM nor base64 DER") from exc


def _pem_body(text: str) -> str | None:
    """Return what stands between the first marks; None without a pair of them. No pattern: its time would grow with the square of the text."""
    begin = text.find(_BEGIN)
    end = text.find(_END, begin + len(_BEGIN)) if begin >= 0 else -1
    return text[begin + len(_BEGIN) : end] if end >= 0 else None


def _looks_like_der(text: str) -> bool:
    # base64 of an ASN.1 SEQUENCE with a two-byte length always begins with "MI"; no shorter certificate exists.
    joined = "".join(text.split())
    return len(joined) > 200 and re.fullmatch(r"MI[A-Za-z0-9+/]+={0,2}", joined) is not None


def _hex_serial(number: int) -> str:
    text = f"{number:X}"
    return text if len(text) % 2 == 0 else "0" + text


def _utc(loaded: x509.Certificate, name: str) -> datetime.datetime:
    # cryptography before 42 has only the names without _utc, and those hold naive UTC.
    aware = getattr(loaded, name + "_utc", None)
    if aware is None:
        aware = getattr(loaded, name).replace(tzinfo=UTC)
    return t.cast(datetime.datetime, aware)


def _key_type(key: t.Any) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ECC"
    return type(key).__name__.replace("PublicKey", "").lstrip("_")
