# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The keys with which tokens of OpenID Connect and OAuth are signed (a JSON Web Key Set): bytes in, plain data out.

AD FS signs those tokens with its token-signing certificate too, and publishes it at ``/adfs/discovery/keys`` of each server.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError:
    pass  # _metadata.py reports it; nothing here is called then

from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, describe, parse_certificate

PATH = "/adfs/discovery/keys"
_MAX_BYTES = 256 * 1024  # AD FS publishes some 2 kB for each certificate
_MAX_KEYS = 50
_MAX_NAME = 200


class KeysError(ValueError):
    """The bytes are not a list of keys that can be read; the message says why."""


@dataclass(frozen=True)
class Keys:
    """What a list of keys says: the certificates of the keys that sign, and the names (``kid``) of those that come without one."""

    signing_certificates: tuple[Certificate, ...]
    without_certificate: tuple[str, ...]


def keys_address(url: str) -> str:
    """Return the address of the keys on the host of a metadata address; an address that cannot be read comes back as it is."""
    try:
        return f"https://{urlsplit(url).netloc}{PATH}"
    except ValueError:
        return url


def read_keys(data: bytes) -> Keys:
    """Read a list of keys. Keys that only encrypt are left out.

    Raises KeysError for anything else, and for a key that says something else than its certificate.
    """
    if len(data) > _MAX_BYTES:
        raise KeysError(f"the list of keys is larger than {_MAX_BYTES} bytes; that of AD FS is far smaller")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise KeysError("this is not a list of keys (JSON); check the address, and whether a proxy or a sign-in page answered") from exc
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise KeysError("this is JSON, but not a list of keys: it has no member 'keys' with objects in it")
    if len(members) > _MAX_KEYS:
        raise KeysError(f"the list holds {len(members)} keys; that of AD FS holds one or two")
    certificates: dict[str, Certificate] = {}
    bare: list[str] = []
    for member in members:
        if member.get("use") not in (None, "sig"):
            continue
        name = printable(member.get("kid") or member.get("x5t") or "a key without a name", _MAX_NAME)
        certificate = _certificate(member, name)
        if certificate is None:
            bare.append(name)
        else:
            certificates.setdefault(certificate.der, certificate)
    return Keys(tuple(certificates.values()), tuple(bare))


def describe_keys(keys: Keys, now: datetime.datetime) -> dict[str, t.Any]:
    """Return the shape in which results show a list of keys."""
    return {
        "signing_certificates": [describe(certificate, now) for certificate in keys.signing_certificates],
        "without_certificate": list(keys.without_certificate),
    }


def _certificate(member: dict[str, t.Any], name: str) -> Certificate | None:
    """Return the certificate that holds the key: the first of its chain. Raises KeysError where they do not belong together."""
    chain = member.get("x5c")
    if chain is None or chain == []:
        return None
    if not isinstance(chain, list) or not isinstance(chain[0], str):
        raise KeysError(f"the certificate of the key {name} is not text")
    try:
        certificate = parse_certificate(chain[0])
    except CertificateError as exc:
        raise KeysError(f"the certificate of the key {name} cannot be read: {exc}") from exc
    if _contradicts(member, certificate):
        raise KeysError(f"the key {name} is not the one in its certificate {certificate.thumbprint}; nothing in the list is believed")
    return certificate


def _contradicts(member: dict[str, t.Any], certificate: Certificate) -> bool:
    hashed = member.get("x5t")
    if hashed is not None and _bytes(hashed) != bytes.fromhex(certificate.thumbprint):
        return True
    key = x509.load_der_x509_certificate(base64.b64decode(certificate.der)).public_key()
    if not isinstance(key, rsa.RSAPublicKey) or "n" not in member:
        return False
    numbers = key.public_numbers()
    return _number(member["n"]) != numbers.n or _number(member.get("e")) != numbers.e


def _bytes(text: object) -> bytes:
    """Return the bytes of base64 for addresses; nothing for any other text, so that it equals nothing."""
    if not isinstance(text, str):
        return b""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _number(text: object) -> int:
    return int.from_bytes(_bytes(text), "big")
