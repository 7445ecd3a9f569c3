# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real X.509 certificates: those of AD FS in virtual time, the lab's own TLS certificates in real time."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

UTC = timezone.utc  # datetime.UTC is younger than Python 3.10

RSA_BITS = 2048


@dataclass(frozen=True, eq=False)
class KeyedCertificate:
    """A certificate together with its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @cached_property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @cached_property
    def thumbprint(self) -> str:
        """SHA-1 of the DER bytes in upper-case hex, as Windows shows it."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()

    @property
    def not_before(self) -> datetime:
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        return self.certificate.not_valid_after_utc


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before.replace(microsecond=0))
        .not_valid_after(not_after.replace(microsecond=0))
    )


def self_signed(common_name: str, not_before: datetime, not_after: datetime) -> KeyedCertificate:
    """Make a certificate like those that AD FS makes for itself: issuer equals subject, no extensions, RSA 2048, SHA-256."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    name = _name(common_name)
    return KeyedCertificate(_builder(name, name, key, not_before, not_after).sign(key, hashes.SHA256()), key)


class Authority:
    """A certification authority of the lab."""

    def __init__(self, common_name: str, not_before: datetime, not_after: datetime) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        name = _name(common_name)
        subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        certificate = (
            _builder(name, name, key, not_before, not_after)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificate_authority=True), critical=True)
            .add_extension(subject_key, critical=False)
            .sign(key, hashes.SHA256())
        )
        self.root = KeyedCertificate(certificate, key)

    @property
    def pem(self) -> str:
        return self.root.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        common_name: str,
        not_before: datetime,
        not_after: datetime,
        names: tuple[str, ...] = (),
        *,
        server: bool = False,
        key: rsa.RSAPrivateKey | None = None,
    ) -> KeyedCertificate:
        """Issue a certificate; ``names`` become subject alternative names (addresses as such), ``server`` makes it fit for TLS.

        Without ``key`` a new one is made.
        """
        key = key or rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        builder = (
            _builder(_name(common_name), self.root.certificate.subject, key, not_before, not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificate_authority=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.key.public_key()), critical=False)
        )
        if server:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        return KeyedCertificate(builder.sign(self.root.key, hashes.SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(certificate_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificate_authority,
        content_commitment=False,
        key_encipherment=not certificate_authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificate_authority,
        crl_sign=certificate_authority,
        encipher_only=False,
        decipher_only=False,
    )


def lab_authority() -> Authority:
    """Return a new authority for the lab's TLS servers, valid in real time."""
    now = datetime.now(UTC)
    return Authority("federation.adfs lab CA", now - timedelta(days=1), now + timedelta(days=30))


@lru_cache(maxsize=1)
def _tls_key() -> rsa.RSAPrivateKey:
    """One key for all of the lab's TLS servers: making keys is slow, and nothing depends on theirs."""
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def server_context(authority: Authority, names: tuple[str, ...]) -> ssl.SSLContext:
    """Return a TLS server context with a fresh certificate for the names and addresses, valid in real time."""
    now = datetime.now(UTC)
    issued = authority.issue(names[0], now - timedelta(days=1), now + timedelta(days=29), names, server=True, key=_tls_key())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # ssl loads keys from files only; this one is gone as soon as it is read.
    with tempfile.TemporaryDirectory(prefix="lab-tls-") as folder:
        path = Path(folder) / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(
            issued.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + issued.certificate.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(path)
    return context
