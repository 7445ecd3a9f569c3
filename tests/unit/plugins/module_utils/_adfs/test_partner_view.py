# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ansible_collections.federation.adfs.plugins.module_utils._adfs import partner_view

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def usage(*allowed):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in allowed for name in (*names, *more)})


def issuers(*addresses):
    method = AuthorityInformationAccessOID.CA_ISSUERS
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, x509.UniformResourceIdentifier(address)) for address in addresses])


def made(*extensions, subject="token.contoso.com", issuer="Contoso CA", days=700, algorithm=None):
    builder = x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer)).public_key(KEY.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=days))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, algorithm or hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def text(der):
    return base64.b64encode(der).decode()


ROOT = made(subject="Root", issuer="Root")
BETWEEN = made(subject="Contoso CA", issuer="Root")
PUBLIC = frozenset({hashlib.sha256(ROOT).hexdigest().upper()})
HTTP = issuers("http://ca.example.com/a.cer")


def results(der, kind="Token-Signing", chain=None, roots=PUBLIC):
    elements = [text(der), text(BETWEEN), text(ROOT)] if chain is None else [text(item) for item in chain]
    facts = {"certificate": text(der), "chain": {"ok": True, "value": {"built": True, "status": [], "elements": elements}}}
    checks = partner_view.of_facts(facts, kind, roots)
    assert [item["name"] for item in checks] == list(partner_view.NAMES)
    assert all(bool(item["advice"]) == (item["result"] in ("warn", "unknown")) for item in checks)
    return {item["name"]: item["result"] for item in checks}


def test_all_is_well():
    usual = (usage("digital_signature"), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), HTTP)
    assert set(results(made(*usual)).values()) == {"ok"}


def test_of_ad_fs_itself_nothing_applies():
    assert [(item["name"], item["result"]) for item in partner_view.not_applicable()] == [(name, "not_applicable") for name in partner_view.NAMES]


def test_a_self_signed_one_needs_no_authority():
    found = results(made(issuer="token.contoso.com"))
    assert (found["issuer_reachable_for_partners"], found["root_known_to_partners"]) == ("not_applicable", "not_applicable")


@pytest.mark.parametrize(
    ("extensions", "kind", "name", "result"),
    [
        ((), "Token-Signing", "key_usage", "ok"),
        ((usage("key_encipherment"),), "Token-Signing", "key_usage", "warn"),
        ((usage("key_encipherment"),), "Token-Decrypting", "key_usage", "ok"),
        ((usage("digital_signature"),), "Token-Decrypting", "key_usage", "warn"),
        ((), "Token-Signing", "extended_key_usage", "ok"),
        ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),), "Token-Signing", "extended_key_usage", "warn"),
        ((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),), "Token-Signing", "extended_key_usage", "ok"),
        ((), "Token-Signing", "issuer_reachable_for_partners", "warn"),
        ((issuers("ldap:///CN=CA"),), "Token-Signing", "issuer_reachable_for_partners", "warn"),
        ((issuers("ldap:///CN=CA", "http://ca.example.com/a.cer"),), "Token-Signing", "issuer_reachable_for_partners", "ok"),
    ],
)
def test_what_the_certificate_says(extensions, kind, name, result):
    assert results(made(*extensions), kind)[name] == result


@pytest.mark.parametrize(("days", "result"), [(365, "ok"), (1827, "ok"), (3652, "warn"), (36_500, "warn")])
def test_validity(days, result):
    assert results(made(days=days))["validity_period"] == result


def test_the_root():
    certificate = made(HTTP)
    assert results(certificate, roots=frozenset())["root_known_to_partners"] == "warn"
    assert results(certificate, roots=None)["root_known_to_partners"] == "unknown"
    assert results(certificate, chain=())["root_known_to_partners"] == "unknown"
    assert results(certificate, chain=(certificate, BETWEEN))["root_known_to_partners"] == "unknown"
    assert results(certificate, chain=(certificate, b"0"))["root_known_to_partners"] == "unknown"
    assert results(made(issuer="Root"), chain=(made(issuer="Root"), ROOT))["issuer_reachable_for_partners"] == "ok"


def test_absent():
    facts = {"certificate": None, "chain": None}
    assert {item["result"] for item in partner_view.of_facts(facts, "Token-Signing", PUBLIC)} == {"unknown"}
