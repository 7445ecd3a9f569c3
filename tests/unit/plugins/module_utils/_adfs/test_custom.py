# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ansible_collections.federation.adfs.plugins.module_utils._adfs import custom
from ansible_collections.federation.adfs.plugins.module_utils._adfs.script_reply import REPLIES, ReplyError

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
ACCOUNT = "S-1-5-21-1-2-3-1604"
READ, FULL = 131209, 2032127
KEYS = {2048: rsa.generate_private_key(public_exponent=65537, key_size=2048), 1024: rsa.generate_private_key(public_exponent=65537, key_size=1024)}  # noqa: S505
ISSUER = ec.generate_private_key(ec.SECP256R1())


def certificate(bits=2048, self_signed=False, days=(-10, 700), points=("http://crl.example.com/a.crl",), key=None):
    key = key or KEYS[bits]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "token.contoso.com")])
    issuer = name if self_signed else x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Contoso CA")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOW + timedelta(days=days[0])).not_valid_after(NOW + timedelta(days=days[1]))
    if points:
        full = [x509.UniformResourceIdentifier(point) for point in points]
        builder = builder.add_extension(x509.CRLDistributionPoints([x509.DistributionPoint(full, None, None, None)]), critical=False)
    built = builder.sign(key if self_signed else ISSUER, hashes.SHA256())
    return base64.b64encode(built.public_bytes(serialization.Encoding.DER)).decode()


def good(value):
    return {"ok": True, "value": value}


BAD = {
    "ok": False,
    "error": {
        "id": "CommandNotFoundException",
        "full_id": "CommandNotFoundException",
        "category": "ObjectNotFound",
        "activity": "",
        "exceptions": [{"type": "System.Exception", "hresult": 1, "message": "nicht gefunden"}],
        "line": 3,
    },
}


def facts(der=None, key=None, readers=((ACCOUNT, True, READ),), status=(), bindings=(), instead=None):
    found = {
        "certificate": der or certificate(),
        "service_account": good({"name": "CONTOSO\\adfs$", "sid": ACCOUNT}),
        "key": good(
            {"has_private_key": True, "type": "RSACryptoServiceProvider", "provider": "P", "key_spec": 1, "unique_name": "u", "file": "C:\\k", **(key or {})}
        ),
        "readers": good([{"sid": sid, "allow": allow, "rights": rights} for sid, allow, rights in readers]),
        "chain": good({"built": not status, "status": list(status), "elements": []}),
        "bindings": good(list(bindings)),
    }
    return REPLIES["check_certificate"]({**found, **(instead or {})}, "the reply")


def results(found, kind="Token-Signing", service=frozenset(), **more):
    checks = custom.of_facts(found, kind, NOW, service, **more)
    assert [item["name"] for item in checks] == list(custom.NAMES)
    for item in checks:
        assert item["result"] in ("ok", "warn", "fail", "unknown", "not_applicable")
        assert bool(item["advice"]) == (item["result"] in ("warn", "fail", "unknown")), item
    return {item["name"]: item["result"] for item in checks}


def test_all_is_well():
    assert set(results(facts()).values()) == {"ok"}


def test_of_ad_fs_itself_nothing_applies():
    assert {item["result"] for item in custom.not_applicable()} == {"not_applicable"}
    assert [item["name"] for item in custom.not_applicable()] == list(custom.NAMES)


def test_absent():
    nothing = REPLIES["check_certificate"](dict.fromkeys(("certificate", "service_account", "key", "readers", "chain", "bindings")), "the reply")
    found = results(nothing)
    assert found.pop("certificate_in_store") == "fail"
    assert set(found.values()) == {"unknown"}


@pytest.mark.parametrize(
    ("changed", "name", "result"),
    [
        ({"key": {"has_private_key": False, "type": None, "key_spec": None, "file": None}, "readers": ()}, "private_key_present", "fail"),
        ({"key": {"has_private_key": False, "type": None, "key_spec": None, "file": None}, "readers": ()}, "private_key_readable", "fail"),
        ({"readers": ()}, "private_key_readable", "fail"),
        ({"key": {"type": "RSACng", "key_spec": None, "provider": "Microsoft Software Key Storage Provider"}}, "key_provider", "warn"),
        ({"key": {"key_spec": 2}}, "key_provider", "warn"),
        ({"key": {"type": None, "key_spec": None}}, "key_provider", "fail"),
        ({"der": certificate(1024)}, "key_size", "fail"),
        ({"der": certificate(key=ISSUER)}, "key_size", "fail"),
        ({"der": certificate(days=(-700, -1))}, "validity", "fail"),
        ({"der": certificate(days=(1, 700))}, "validity", "fail"),
        ({"der": certificate(days=(-700, 59))}, "validity", "warn"),
        ({"der": certificate(days=(-700, 61))}, "validity", "ok"),
        ({"status": ("UntrustedRoot",)}, "chain", "fail"),
        ({"status": ("PartialChain", "RevocationStatusUnknown")}, "chain", "fail"),
        ({"status": ("Revoked",)}, "chain", "fail"),
        ({"status": ("RevocationStatusUnknown", "OfflineRevocation")}, "chain", "ok"),
        ({"status": ("RevocationStatusUnknown", "OfflineRevocation")}, "crl_reachable_from_server", "warn"),
        ({"der": certificate(points=("ldap:///CN=x",))}, "crl_reachable_for_partners", "warn"),
        ({"der": certificate(points=("ldap:///CN=x", "http://crl.example.com/a.crl"))}, "crl_reachable_for_partners", "ok"),
        ({"der": certificate(points=())}, "crl_reachable_for_partners", "warn"),
    ],
)
def test_each_thing_that_can_be_wrong(changed, name, result):
    assert results(facts(**changed))[name] == result


def test_self_signed_has_no_chain_and_no_revocation_list():
    found = results(facts(certificate(self_signed=True), status=("UntrustedRoot",)))
    assert [name for name, result in found.items() if result == "not_applicable"] == ["chain", "crl_reachable_from_server", "crl_reachable_for_partners"]


def test_keyspec_2_cannot_decrypt():
    assert results(facts(key={"key_spec": 2}), "Token-Decrypting")["key_provider"] == "fail"


def test_an_old_signature_is_a_warning():
    weak = custom.Certificate(*("A" * 40, "B" * 64, "CN=a", "CN=b", "01", NOW, NOW, False, "RSA", 2048, "sha1WithRSAEncryption", "C" * 64, ""))
    assert custom._algorithm(weak)["result"] == "warn"


def test_shared_with_service_communications_or_the_tls_binding():
    der = certificate()
    read = custom.read(facts(der))
    assert results(facts(der), service={read.public_key_sha256})["separate_from_service_communications"] == "warn"
    assert results(facts(der), service=None)["separate_from_service_communications"] == "unknown"
    assert results(facts(der, bindings=[read.thumbprint.lower()]))["separate_from_tls_binding"] == "warn"


def test_without_a_look_at_revocation_lists():
    assert results(facts(), revocation=False)["crl_reachable_from_server"] == "not_applicable"


def test_a_key_without_a_file_is_unknown():
    found = facts(key={"file": None})
    found["readers"] = None
    assert results(found)["private_key_readable"] == "unknown"


@pytest.mark.parametrize("part", ["service_account", "key", "readers", "chain", "bindings"])
def test_a_part_that_failed_is_unknown_and_hides_no_other(part):
    found = results(facts(instead={part: BAD}))
    assert "unknown" in found.values()
    assert found["validity"] == "ok"
    assert "nicht gefunden" in " ".join(item["advice"] for item in custom.of_facts(facts(instead={part: BAD}), "Token-Signing", NOW, frozenset()))


@pytest.mark.parametrize(
    ("readers", "expected"),
    [
        ([(ACCOUNT, True, READ)], True),
        ([(ACCOUNT, True, FULL)], True),
        ([(ACCOUNT, True, -2147483648)], True),  # GENERIC_READ
        ([(ACCOUNT, True, 0x10000000)], True),  # GENERIC_ALL
        ([("S-1-1-0", True, READ)], True),
        ([(custom.service_sid("adfssrv"), True, READ)], True),
        ([], False),
        ([(ACCOUNT, True, 1)], False),  # not all that Read means
        ([("S-1-5-32-544", True, FULL), ("S-1-5-18", True, FULL)], False),  # a service with its own account is no administrator
        ([("S-1-5-21-1-2-3-9999", True, READ)], None),  # a group that it may be in
        ([("S-1-5-21-1-2-3-9999", True, READ), (ACCOUNT, True, READ)], True),
        ([(ACCOUNT, False, READ), (ACCOUNT, True, READ)], False),
        ([("S-1-1-0", False, FULL), (ACCOUNT, True, READ)], False),
        ([("S-1-5-21-1-2-3-9999", False, READ), (ACCOUNT, True, READ)], True),
        ([(ACCOUNT, False, 2), (ACCOUNT, True, READ)], True),  # only writing is denied
    ],
)
def test_who_may_read(readers, expected):
    assert custom.may_read([{"sid": sid, "allow": allow, "rights": rights} for sid, allow, rights in readers], ACCOUNT) is expected


def test_the_sid_of_the_service_is_the_one_that_microsoft_documents():
    assert custom.service_sid("adfssrv") == "S-1-5-80-2246541699-21809830-3603976364-117610243-975697593"


@pytest.mark.parametrize("missing", ["service_account", "key", "chain", "bindings"])
def test_a_reply_with_half_of_the_facts_is_refused(missing):
    with pytest.raises(ReplyError):
        facts(instead={missing: None})


def test_a_reply_of_an_absent_certificate_with_facts_is_refused():
    with pytest.raises(ReplyError):
        REPLIES["check_certificate"]({**facts(), "certificate": None}, "the reply")
