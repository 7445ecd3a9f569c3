# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for histories: real X.509 structures, put together byte by byte, so that they cost nothing and the same history has the same thumbprints.

The signature in them is none: whether a token verifies is not computed in a history but told by which certificate signed it. Everything else can be
parsed: names, times from year 1 to 9999, and a public key of its own.
"""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
FIRST, LAST = datetime(1, 1, 1, tzinfo=timezone.utc), datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
_SHA256_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
_COMMON_NAME = bytes.fromhex("0603550403")


@dataclass(frozen=True)
class Certificate:
    """What the world knows of a certificate. Times are minutes of the history. ``local``: an administrator put it into LocalMachine."""

    name: str
    begins: int
    ends: int
    local: bool
    issued: bool
    thumbprint: str
    der: str

    def __repr__(self) -> str:
        return self.name


def moment(minute: int) -> datetime:
    """The time of a minute of the history, within the calendar."""
    try:
        return START + timedelta(minutes=minute)
    except OverflowError:
        return LAST if minute > 0 else FIRST


def text(minute: int, seconds: int = 0) -> str:
    """ISO 8601 in UTC. ``seconds``: how much a clock is off."""
    try:
        when = moment(minute) + timedelta(seconds=seconds)
    except OverflowError:
        when = moment(minute)
    return when.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def make(name: str, begins: int, ends: int, local: bool = False, issued: bool = False) -> Certificate:
    """Make a certificate. ``issued``: by an authority, so not self-signed."""
    subject = _name(f"ADFS Signing - {name}")
    issuer = _name("Contoso Issuing CA") if issued else subject
    serial = hashlib.sha1(name.encode()).digest()  # noqa: S324 - a number, not a protection
    inside = _tlv(
        0x30,
        _tlv(0xA0, _tlv(0x02, b"\x02"))
        + _tlv(0x02, b"\x01" + serial[1:])
        + _SHA256_RSA
        + issuer
        + _tlv(0x30, _time(begins) + _time(ends))
        + subject
        + _tlv(0x30, _RSA + _tlv(0x03, b"\x00" + _public_key(name))),
    )
    der = _tlv(0x30, inside + _SHA256_RSA + _tlv(0x03, b"\x00" + bytes(256)))
    thumbprint = hashlib.sha1(der).hexdigest().upper()  # noqa: S324 - the name Windows gives a certificate
    return Certificate(name, begins, ends, local, issued, thumbprint, base64.b64encode(der).decode())


def _public_key(name: str) -> bytes:
    modulus = random.Random(name).randbytes(256)
    modulus = bytes([modulus[0] | 0x80]) + modulus[1:-1] + bytes([modulus[-1] | 1])
    return _tlv(0x30, _tlv(0x02, b"\x00" + modulus) + _tlv(0x02, b"\x01\x00\x01"))


def _name(common: str) -> bytes:
    return _tlv(0x30, _tlv(0x31, _tlv(0x30, _COMMON_NAME + _tlv(0x0C, common.encode()))))


def _time(minute: int) -> bytes:
    when = moment(minute)
    if 1950 <= when.year < 2050:
        return _tlv(0x17, when.strftime("%y%m%d%H%M%SZ").encode())
    return _tlv(0x18, f"{when.year:04d}{when:%m%d%H%M%S}Z".encode())


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
