# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Which certificate a key of a metadata document has. A view with a certificate missing would be worse than none, so doubt is an error."""

from __future__ import annotations

import base64

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from lxml import etree
except ImportError:
    pass  # _metadata.py reports it; nothing here is called then

from ansible_collections.federation.adfs.plugins.module_utils._metadata_xml import MetadataError, text_of
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, parse_certificate

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_MAX_CERTIFICATES = 6  # of one key; a chain has three or four


def certificates_of_key(descriptor: etree._Element, role: str, read: dict[str, Certificate]) -> list[Certificate]:
    """Return the certificates that hold the key of one KeyDescriptor, without the authorities that some products publish beside it.

    ``role`` names the place in messages; ``read`` keeps certificates by their text, as the same ones are published several times.
    Raises MetadataError where there is none, where one cannot be read, and where it is not clear which of them holds the key.
    """
    elements = descriptor.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    if not elements:
        raise MetadataError(
            f"a key in {role} comes without its certificate, and Entra needs the certificate; have the identity provider publish it (X509Certificate)"
        )
    if len(elements) > _MAX_CERTIFICATES:
        raise MetadataError(f"a key in {role} comes with {len(elements)} certificates; which of them holds the key is not told")
    found = {certificate.der: certificate for certificate in (_read(text_of(element), role, read) for element in elements)}
    return _holders(list(found.values()), role)


def _read(text: str, role: str, read: dict[str, Certificate]) -> Certificate:
    try:
        if text not in read:
            read[text] = parse_certificate(text)
        return read[text]
    except CertificateError as exc:
        raise MetadataError(f"a certificate in {role} cannot be read: {exc}") from exc


def _holders(certificates: list[Certificate], role: str) -> list[Certificate]:
    """Leave out those that issued another one of the same key; what is left must be of one kind."""
    if len(certificates) == 1:
        return certificates
    loaded = [x509.load_der_x509_certificate(base64.b64decode(certificate.der)) for certificate in certificates]
    left = [
        (certificate, one)
        for certificate, one in zip(certificates, loaded, strict=True)
        if not any(_issued(one, other) for other in loaded if other is not one)
    ]
    if not left:
        raise MetadataError(
            f"the certificates of a key in {role} name each other as their issuer, so which of them holds the key is not told;"
            " have the identity provider publish the one that signs, alone"
        )
    if len({certificate.public_key_sha256 for certificate, _one in left}) > 1 and len({_is_authority(one) for _certificate, one in left}) > 1:
        raise MetadataError(
            f"a key in {role} comes with several certificates, one of them that of an authority, and the chain between them is not complete;"
            " have the identity provider publish the one that signs, alone"
        )
    return [certificate for certificate, _one in left]


def _issued(issuer: x509.Certificate, other: x509.Certificate) -> bool:
    if other.issuer != issuer.subject or other.issuer == other.subject:
        return False
    try:
        other.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    except UnsupportedAlgorithm:
        return True  # what cannot be verified here is taken by its name
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError, TypeError):
        return False
