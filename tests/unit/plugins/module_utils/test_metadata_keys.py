# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No certificate is dropped without a word, and no authority counts as one that signs."""

from __future__ import annotations

import base64
import itertools

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._metadata import MetadataError, read_metadata
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

FIRST = make.make_keypair("first")
SECOND = make.make_keypair("second")
THIRD = make.make_keypair("third")
ROOT = make.issue("Root", "Root", FIRST, FIRST, authority=True)
MIDDLE = make.issue("Middle", "Root", ROOT, SECOND, authority=True)
LEAF = make.issue("idp.example.com", "Middle", MIDDLE, THIRD)


def key(*certificates: make.Keypair, apart: bool = False, use: str = "signing") -> str:
    between = "</X509Certificate></X509Data><X509Data><X509Certificate>" if apart else "</X509Certificate><X509Certificate>"
    return make.key_descriptor(use, between.join(keypair.base64 for keypair in certificates))


def document(descriptors: str) -> bytes:
    return make.document(descriptors, "").encode()


def signing(descriptors: str) -> list[str]:
    return [certificate.thumbprint for certificate in read_metadata(document(descriptors)).signing_certificates]


def refusal(data: bytes) -> str:
    with pytest.raises(MetadataError) as caught:
        read_metadata(data)
    return str(caught.value)


@pytest.mark.parametrize("apart", [False, True], ids=["in one X509Data", "each in its own"])
@pytest.mark.parametrize("order", list(itertools.permutations((LEAF, MIDDLE, ROOT))))
def test_of_a_chain_only_the_holder_counts(order: tuple[make.Keypair, ...], apart: bool) -> None:
    assert signing(key(*order, apart=apart)) == [LEAF.thumbprint]


@pytest.mark.parametrize("apart", [False, True])
def test_certificates_that_name_each_other_are_refused(apart: bool) -> None:
    one, other = make.issue("one", "other", SECOND, FIRST), make.issue("other", "one", FIRST, SECOND)
    assert "name each other as their issuer" in refusal(document(key(one, other, apart=apart)))


def test_certificates_that_only_say_so_are_both_kept() -> None:
    """The names fit, the signatures do not: neither issued the other."""
    one, other = make.issue("one", "other", THIRD, FIRST), make.issue("other", "one", THIRD, SECOND)
    assert signing(key(one, other)) == [one.thumbprint, other.thumbprint]


@pytest.mark.parametrize("order", [(LEAF, ROOT), (ROOT, LEAF)])
@pytest.mark.parametrize("apart", [False, True])
def test_an_authority_whose_chain_is_not_complete_is_refused(order: tuple[make.Keypair, ...], apart: bool) -> None:
    assert "one of them that of an authority" in refusal(document(key(*order, apart=apart)))


def test_several_that_may_sign_are_all_kept() -> None:
    assert signing(key(FIRST, SECOND, apart=True)) == [FIRST.thumbprint, SECOND.thumbprint]


def test_an_authority_alone_is_a_certificate_like_any_other() -> None:
    """OpenSSL makes self-signed certificates that say they are one."""
    assert signing(key(ROOT)) == [ROOT.thumbprint]


def test_a_certificate_issued_by_that_of_another_key_is_kept_with_it() -> None:
    assert signing(key(LEAF) + key(MIDDLE)) == [LEAF.thumbprint, MIDDLE.thumbprint]


def test_the_same_certificate_twice_is_one() -> None:
    assert signing(key(FIRST, FIRST)) == [FIRST.thumbprint]


def test_an_extension_twice_is_no_traceback() -> None:
    """The library refuses to read the extensions of such a certificate, and reads the rest."""
    der = ROOT.der
    position = der.index(b"\x06\x03\x55\x1d\x13") - 2
    extension = der[position : position + 2 + der[position + 1]]
    twice = der[:position] + extension * 2 + der[position + len(extension) :]
    grown = len(extension)
    # The lengths of everything around it: the list of extensions, its tag, the certificate's content, and the whole.
    data = bytearray(twice)
    data[position - 1] += grown
    data[position - 3] += grown
    for place in (2, 6):
        data[place : place + 2] = (int.from_bytes(data[place : place + 2], "big") + grown).to_bytes(2, "big")
    body = base64.b64encode(bytes(data)).decode()
    pair = f"{body}</X509Certificate><X509Certificate>{SECOND.base64}"
    assert len(signing(make.key_descriptor("signing", pair))) == 2


WITHOUT = {
    "KeyValue": "<KeyInfo xmlns='{ds}'><KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue></KeyInfo>",
    "KeyName": "<KeyInfo xmlns='{ds}'><KeyName>idp</KeyName></KeyInfo>",
    "subject": "<KeyInfo xmlns='{ds}'><X509Data><X509SubjectName>CN=idp</X509SubjectName></X509Data></KeyInfo>",
    "identifier": "<KeyInfo xmlns='{ds}'><X509Data><X509SKI>AAAA</X509SKI></X509Data></KeyInfo>",
    "elsewhere": "<KeyInfo xmlns='{ds}'><RetrievalMethod URI='#x'/></KeyInfo>",
    "empty": "<KeyInfo xmlns='{ds}'/>",
    "nothing": "",
    "another namespace": "<KeyInfo><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo>",
}


@pytest.mark.parametrize("inside", WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize("use", ["signing", "encryption", None])
@pytest.mark.parametrize("first", [True, False])
def test_a_key_without_its_certificate_is_refused(inside: str, use: str | None, first: bool) -> None:
    attribute = f' use="{use}"' if use else ""
    bare = f"<KeyDescriptor{attribute}>{inside.format(ds='http://www.w3.org/2000/09/xmldsig#')}</KeyDescriptor>"
    message = refusal(document(bare + key(FIRST) if first else key(FIRST) + bare))
    assert "a key in RoleDescriptor comes without its certificate" in message


def test_more_certificates_for_one_key_than_a_chain_has() -> None:
    assert "comes with 11 certificates" in refusal(document(key(*[FIRST] * 11)))
