# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Checks of a certificate as a partner sees it, who has nothing but the certificate and authorities of its own. No I/O and no clock."""

from __future__ import annotations

import base64
import typing as t
from datetime import timedelta

from ansible_collections.federation.adfs.plugins.module_utils._adfs.custom import check, read
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import TOKEN_DECRYPTING
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, parse_certificate

try:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
except ImportError:  # then _x509 reads no certificate at all, and says so
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

NAMES = ("key_usage", "extended_key_usage", "validity_period", "issuer_reachable_for_partners", "root_known_to_partners")
"""The checks, in the order in which they are given out."""

LONGEST_VALIDITY = timedelta(days=5 * 366)
"""The validity from which on a certificate is said to be valid for too long: a stolen key is of use as long as it."""
_WEAK = ("md2", "md4", "md5", "sha1")


def not_applicable() -> list[dict[str, str]]:
    """Return the checks of a certificate that AD FS made itself: partners are given the certificate and check nothing else."""
    return [check(name, "not_applicable") for name in NAMES]


def of_facts(facts: t.Mapping[str, t.Any], certificate_type: str, public_roots: t.Collection[str] | None) -> list[dict[str, str]]:
    """Return all checks, in the order of NAMES.

    ``facts``: the reply of the script check_certificate. ``public_roots``: SHA-256 (upper-case hexadecimal digits) of the certificates of public
    authorities; None if no list of them is at hand.
    """
    if facts["certificate"] is None:
        return [check(name, "unknown", "The certificate is not on this server.") for name in NAMES]
    certificate = read(facts)
    extensions = _extensions(certificate)
    if extensions is None:
        return [check(name, "unknown", "The extensions of the certificate cannot be read.") for name in NAMES]
    return [
        _key_usage(extensions, certificate_type),
        _extended_key_usage(extensions),
        _validity_period(certificate),
        _issuer_reachable(certificate, extensions, facts["chain"]),
        _root(certificate, facts["chain"], public_roots),
    ]


def weakness(certificate: Certificate) -> str | None:
    """Return why a certificate is weaker than it should be, as part of a sentence, or None."""
    if certificate.key_type == "RSA" and (certificate.key_size or 0) < 2048:
        return f"its RSA key has {certificate.key_size} bits"
    if any(weak in certificate.signature_algorithm.lower() for weak in _WEAK) and not certificate.self_signed:
        return f"it is signed with {certificate.signature_algorithm}"
    if certificate.not_after - certificate.not_before > LONGEST_VALIDITY:
        return f"it is valid for {(certificate.not_after - certificate.not_before).days // 365} years"
    return None


def _extensions(certificate: Certificate) -> t.Any:
    if not HAS_CRYPTOGRAPHY:
        return None
    try:
        return x509.load_der_x509_certificate(base64.b64decode(certificate.der)).extensions
    except ValueError:
        return None


def _value(extensions: t.Any, kind: t.Any) -> t.Any:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _key_usage(extensions: t.Any, certificate_type: str) -> dict[str, str]:
    name = "key_usage"
    usage = _value(extensions, x509.KeyUsage)
    if usage is None:
        return check(name, "ok")  # without the extension all uses are allowed
    if certificate_type == TOKEN_DECRYPTING:
        if usage.key_encipherment:
            return check(name, "ok")
        return check(name, "warn", "Its key usage lacks key encipherment, so partners may refuse to encrypt with it. Ask for one with it (KeyUsage 0x20).")
    if usage.digital_signature:
        return check(name, "ok")
    return check(name, "warn", "Its key usage lacks digital signature, so partners may refuse what it signs. Ask for one with it (KeyUsage 0x80).")


def _extended_key_usage(extensions: t.Any) -> dict[str, str]:
    name = "extended_key_usage"
    usage = _value(extensions, x509.ExtendedKeyUsage)
    # Authorities issue token certificates from their templates for servers and clients; there is no purpose of its own for tokens.
    usual = {ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    if usage is None or usual & set(usage):
        return check(name, "ok")
    named = one_line(", ".join(getattr(item, "_name", item.dotted_string) for item in usage), 200)
    return check(name, "warn", f"It is issued for other purposes only ({named}), so partners that look at them refuse it for tokens.")


def _validity_period(certificate: Certificate) -> dict[str, str]:
    name = "validity_period"
    if certificate.not_after - certificate.not_before <= LONGEST_VALIDITY:
        return check(name, "ok")
    years = (certificate.not_after - certificate.not_before).days // 365
    return check(name, "warn", f"It is valid for {years} years; if its key is stolen, that is of use as long. Ask for one of at most two or three years.")


def _issuer_reachable(certificate: Certificate, extensions: t.Any, chain: t.Mapping[str, t.Any]) -> dict[str, str]:
    name = "issuer_reachable_for_partners"
    if certificate.self_signed:
        return check(name, "not_applicable")
    elements = chain["value"]["elements"] if chain["ok"] else []
    if len(elements) == 2:
        return check(name, "ok")  # issued by the root itself: there is nothing in between to be fetched
    access = _value(extensions, x509.AuthorityInformationAccess)
    addresses = [str(item.access_location.value) for item in access or () if item.access_method == AuthorityInformationAccessOID.CA_ISSUERS]
    if any(address.lower().startswith(("http://", "https://")) for address in addresses):
        return check(name, "ok")
    advice = "partners that check the chain must be given the certificates of the authorities in between"
    if addresses:
        return check(name, "warn", f"The certificate of its issuer is published over LDAP only, where partners outside cannot reach it: {advice}.")
    return check(name, "warn", f"It does not say where the certificate of its issuer is: {advice}.")


def _root(certificate: Certificate, chain: t.Mapping[str, t.Any], public_roots: t.Collection[str] | None) -> dict[str, str]:
    name = "root_known_to_partners"
    if certificate.self_signed:
        return check(name, "not_applicable")
    root = _last(chain["value"]["elements"] if chain["ok"] else [])
    if root is None:
        return check(name, "unknown", "This server did not show a chain up to a root authority.")
    if public_roots is None:
        return check(name, "unknown", "Whether the root authority is a public one is not known: the controller lacks the Python library certifi.")
    if root.thumbprint_sha256 in public_roots:
        return check(name, "ok")
    return check(
        name,
        "warn",
        f"Its root, {one_line(root.subject, 200)}, is none of the public authorities: partners that check the chain must be given it before the promotion.",
    )


def _last(elements: t.Sequence[str]) -> Certificate | None:
    try:
        root = parse_certificate(elements[-1]) if elements else None
    except CertificateError:
        return None
    return root if root is not None and root.self_signed else None
