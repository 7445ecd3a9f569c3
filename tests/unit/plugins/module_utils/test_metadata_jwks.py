# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of OpenID Connect: what AD FS publishes, and what is not believed."""

from __future__ import annotations

import base64
import datetime
import json

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._metadata_jwks import KeysError, describe_keys, keys_address, read_keys
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

OLD = make.make_keypair("ADFS Signing - old")
NEW = make.make_keypair("ADFS Signing - new")
NOW = datetime.datetime(2026, 12, 1, tzinfo=make.UTC)


def url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key(keypair: make.Keypair, **change: object) -> dict[str, object]:
    """One key as AD FS publishes it."""
    numbers = keypair.key.public_key().public_numbers()
    thumbprint = url_safe(bytes.fromhex(keypair.thumbprint))
    member: dict[str, object] = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": thumbprint,
        "x5t": thumbprint,
        "n": url_safe(numbers.n.to_bytes(256, "big")),
        "e": "AQAB",
        "x5c": [keypair.base64],
    }
    return {name: value for name, value in {**member, **change}.items() if value is not None}


def key_set(*members: object) -> bytes:
    return json.dumps({"keys": list(members)}).encode()


def refusal(data: bytes) -> str:
    with pytest.raises(KeysError) as caught:
        read_keys(data)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_two_keys_in_their_order() -> None:
    keys = read_keys(key_set(key(NEW), key(OLD)))
    assert [certificate.thumbprint for certificate in keys.signing_certificates] == [NEW.thumbprint, OLD.thumbprint]
    shape = describe_keys(keys, NOW)
    assert shape["signing_certificates"][1]["der"] == OLD.base64 and shape["without_certificate"] == []


def test_a_byte_order_mark_and_a_missing_use() -> None:
    assert len(read_keys(b"\xef\xbb\xbf" + key_set(key(OLD, use=None))).signing_certificates) == 1


def test_keys_that_encrypt_are_left_out_and_those_without_certificate_are_named() -> None:
    keys = read_keys(key_set(key(NEW, use="enc"), key(OLD, x5c=None, x5t=None, kid="one\x1b"), key(OLD, x5c=[], kid=None, x5t=None)))
    assert keys.signing_certificates == ()
    assert keys.without_certificate == ("one\\x1b", "a key without a name")


def test_the_first_of_a_chain_holds_the_key() -> None:
    assert [c.thumbprint for c in read_keys(key_set(key(OLD, x5c=[OLD.base64, NEW.base64]))).signing_certificates] == [OLD.thumbprint]


@pytest.mark.parametrize("change", [{"x5t": "AAAA"}, {"x5t": 7}, {"n": "AQAB"}, {"n": None, "x5t": "!"}, {"e": "Aw"}, {"n": 5}])
def test_a_key_that_says_something_else_than_its_certificate(change: dict[str, object]) -> None:
    assert "is not the one in its certificate" in refusal(key_set(key(NEW), key(OLD, **change)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a list of keys"),
        (b"<html/>", "not a list of keys"),
        (b"\xff\xfe", "not a list of keys"),
        (b"[" * 200_000, "not a list of keys"),
        (b'{"keys":' * 40_000, "larger than"),
        (b'{"a":' * 40_000, "not a list of keys"),
        (b'{"keys": [' + b"9" * 100_000 + b"]}", "not a list of keys"),
        (b"[]", "has no member 'keys'"),
        (b'{"keys": {}}', "has no member 'keys'"),
        (b'{"keys": [1]}', "has no member 'keys'"),
        (b'{"keys": [' + b",".join([b"{}"] * 51) + b"]}", "holds 51 keys"),
        (b" " * 300_000, "larger than 262144 bytes"),
        (key_set(key(OLD, x5c="MII")), "is not text"),
        (key_set(key(OLD, x5c=[7])), "is not text"),
        (key_set(key(OLD, x5c=["AAAA"], kid="\u202ekid")), "key \\u202ekid cannot be read"),
    ],
)
def test_what_is_no_list_of_keys(data: bytes, words: str) -> None:
    assert words in refusal(data)


def test_the_address_is_on_the_host_of_the_metadata() -> None:
    assert keys_address("https://sts.contoso.com:444/FederationMetadata/x.xml?a=b") == "https://sts.contoso.com:444/adfs/discovery/keys"
