# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The signature of a metadata document: whether it covers the whole document, and whether the certificate that it names made it."""

from __future__ import annotations

import base64
import dataclasses
import typing as t
from dataclasses import dataclass

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import InvalidDigest, InvalidSignature
    from signxml.verifier import SignatureConfiguration, XMLVerifier
except ImportError:
    pass  # _metadata.py reports it; nothing here is called then

from ansible_collections.federation.adfs.plugins.module_utils._metadata_xml import parser, text_of
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, parse_certificate

DS = "{http://www.w3.org/2000/09/xmldsig#}"
_EXCLUSIVE = "{http://www.w3.org/2001/10/xml-exc-c14n#}"

_MAX_CERTIFICATES = 5
_MAX_ELEMENTS = 200  # of a signature; AD FS needs 13
_MAX_TRANSFORMS = 2  # SAML knows no more
_MAX_PREFIXES = 20  # each of them is looked up for each element
_MAX_PREFIX_LIST = 500  # characters
_STRONG_KEY_BITS = 2048

# The only transforms that SAML allows in metadata. The library skips those it doesn't know, so they are refused before.
_TRANSFORMS = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
)
_STRONG_METHODS = ("RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512")
_STRONG_DIGESTS = ("SHA256", "SHA384", "SHA512")
# Hash functions for which collisions are made, or are in reach: whoever may have a part of the document signed could forge another.
_WEAK_METHODS = ("RSA_SHA1", "ECDSA_SHA1", "DSA_SHA1", "RSA_SHA224", "ECDSA_SHA224")
_WEAK_DIGESTS = ("SHA1", "SHA224")


@dataclass(frozen=True)
class Signature:
    """What became of the document's signature. ``certificate`` is the one it names; only ``valid`` proves that it signed.

    ``status``: ``valid``, ``weak`` (it verifies, with an algorithm or a key that no longer proves anything), ``invalid``, ``absent``, or
    ``expired`` (set by describe_metadata, as it depends on the time). ``reason``: why it is not valid, None if it is.
    """

    status: str
    reason: str | None
    certificate: Certificate | None


def check_signature(root: etree._Element, body: bytes) -> tuple[Signature, etree._Element | None]:
    """Verify the signature of the whole document against the certificate it names; the tree that was signed comes only if it verifies.

    ``root`` is the tree of ``body``. The certificate may have expired: AD FS keeps signing, and its dates are reported elsewhere.
    """
    signatures = root.findall(DS + "Signature")
    if not signatures:
        inner = next(root.iter(DS + "Signature"), None) is not None
        return Signature("absent", "only parts of the document are signed" if inner else "the document is not signed", None), None
    signature = signatures[0]
    try:
        named = _named_certificates(signature)
    except CertificateError as exc:
        return Signature("invalid", f"the certificate in the signature cannot be read: {exc}", None), None
    shown = named[0] if named else None
    method, digest = _algorithms(signature)
    problem = _unacceptable(root, signatures) or _unknown_algorithm(method, digest)
    if problem:
        return Signature("invalid", problem, shown), None
    weakness = _weakness(method, digest)
    problem = "the signature names no certificate to verify it with"
    fits_none = False
    for certificate in named:
        try:
            signed = _verified(root, body, certificate, weakness is not None)
        except InvalidDigest:
            problem = "the document was changed after it was signed (edited, re-formatted, re-indented or cut); fetch it again, and keep it as it comes"
            break
        except InvalidSignature:
            fits_none = True
        except UnsupportedAlgorithm:
            if weakness is not None:  # the policy of this host forbids it, which is right
                return Signature("weak", f"{weakness}, and this host does not verify such signatures", certificate), None
            problem = "the kind of key or algorithm with which the document is signed is not supported here"
        except Exception:  # noqa: BLE001 - the library lets many types escape on malformed input; each means "not valid"
            problem = "the signature cannot be verified: its parts do not follow the standard, or do not belong together"
        else:
            weakness = weakness or _weak_key(certificate)
            return Signature("weak" if weakness else "valid", weakness, certificate), signed
    else:
        if fits_none:
            problem = _why_it_does_not_fit(body, named, weakness is not None)
    return Signature("invalid", problem, shown), None


def _verified(root: etree._Element, body: bytes, certificate: Certificate, weak: bool) -> etree._Element:
    """Return the tree that ``certificate`` signed, as rebuilt from the signed bytes. Raises an exception of signxml, or ValueError."""
    signed = _verify(body, certificate, weak)
    if signed is None or signed.tag != root.tag or signed.get("ID") != root.get("ID") or signed.get("entityID") != root.get("entityID"):
        raise ValueError("it covers another element than the document")
    return signed


def _verify(body: bytes, certificate: Certificate, weak: bool) -> etree._Element | None:
    loaded = x509.load_der_x509_certificate(base64.b64decode(certificate.der))
    result = XMLVerifier().verify(body, x509_cert=loaded, parser=parser(), id_attribute="ID", expect_config=_demands(certificate, weak))
    return t.cast("etree._Element | None", getattr(result, "signed_xml", None))


def _why_it_does_not_fit(body: bytes, named: list[Certificate], weak: bool) -> str:
    """Tell a document that was re-formatted, its signature with it, from one that another certificate signed."""
    plain = "the signature does not fit the certificate that it names"
    root = etree.fromstring(body, parser())
    info = root.find(f"{DS}Signature/{DS}SignedInfo")
    if info is None or not _without_blanks(info):
        return plain
    body = etree.tostring(root)
    for certificate in named:
        try:
            _verify(body, certificate, weak)
            break
        except InvalidDigest:
            break
        except Exception:  # noqa: BLE001, S112 - this only looks for a better explanation
            continue
    else:
        return plain + ": another one signed, or the document was edited or re-formatted on the way"
    return (
        "the document was edited or re-formatted on the way (line breaks or indentation were changed, in the signature too); fetch it again, and keep it"
        " as it comes"
    )


def _without_blanks(info: etree._Element) -> bool:
    """Remove the line breaks and blanks between elements; says whether there were any."""
    changed = False
    for element in info.iter():
        if element.text and not element.text.strip():
            element.text, changed = None, True
        if element is not info and element.tail and not element.tail.strip():
            element.tail, changed = None, True
    return changed


def _demands(certificate: Certificate, weak: bool) -> SignatureConfiguration:
    demands: dict[str, t.Any] = {
        "location": "./",
        "expect_references": 1,
        "signature_methods": frozenset(_known(SignatureMethod, _STRONG_METHODS + (_WEAK_METHODS if weak else ()))),
        "digest_algorithms": frozenset(_known(DigestAlgorithm, _STRONG_DIGESTS + (_WEAK_DIGESTS if weak else ()))),
    }
    # Releases of the library before 5.1 don't look at the certificate's dates, and don't know the setting.
    if "verification_time" in {field.name for field in dataclasses.fields(SignatureConfiguration)}:
        demands["verification_time"] = certificate.not_before
    return SignatureConfiguration(**demands)


def _known(algorithms: t.Any, names: tuple[str, ...]) -> list[t.Any]:
    return [getattr(algorithms, name) for name in names if hasattr(algorithms, name)]


def _algorithms(signature: etree._Element) -> tuple[str, str]:
    """Return the library's names for the algorithms that the signature says it uses; a name it does not know comes as it stands."""
    method = signature.find(f"{DS}SignedInfo/{DS}SignatureMethod")
    digest = signature.find(f"{DS}SignedInfo/{DS}Reference/{DS}DigestMethod")
    return _name(SignatureMethod, method), _name(DigestAlgorithm, digest)


def _name(algorithms: t.Any, element: etree._Element | None) -> str:
    address = "" if element is None else element.get("Algorithm") or ""
    try:
        return str(algorithms(address).name)
    except Exception:  # noqa: BLE001 - the library has its own exception for a name it does not know
        return address


def _unknown_algorithm(method: str, digest: str) -> str | None:
    if method.startswith("HMAC"):
        return "the signature is a message authentication code (HMAC), which anybody can make who knows the certificate"
    if method not in _STRONG_METHODS + _WEAK_METHODS:
        return f"the document is signed with an algorithm that is not accepted: {printable(method, 120) or 'none is named'}"
    if digest not in _STRONG_DIGESTS + _WEAK_DIGESTS:
        return f"the signature uses a hash function that is not accepted: {printable(digest, 120) or 'none is named'}"
    return None


def _weakness(method: str, digest: str) -> str | None:
    for name in (method, digest):
        if name in _WEAK_METHODS + _WEAK_DIGESTS:
            hashing = "SHA-224" if name.endswith("224") else "SHA-1"
            return f"the document is signed with {hashing}, for which forged documents can be made; such a signature proves nothing"
    return None


def _weak_key(certificate: Certificate) -> str | None:
    if certificate.key_type in ("RSA", "DSA") and (certificate.key_size or 0) < _STRONG_KEY_BITS:
        return f"the document is signed with a key of {certificate.key_size} bits, which is too short to prove anything"
    return None


def _unacceptable(root: etree._Element, signatures: list[etree._Element]) -> str | None:
    """Say why a signature may not be taken for one of the whole document, whatever its mathematics says."""
    if len(signatures) > 1:
        return "the document has several signatures"
    signature = signatures[0]
    if sum(1 for _element in signature.iter()) > _MAX_ELEMENTS:
        return f"the signature has more than {_MAX_ELEMENTS} elements"
    if any(_too_many_prefixes(element.get("PrefixList") or "") for element in signature.iter(_EXCLUSIVE + "InclusiveNamespaces")):
        return f"the signature lists more than {_MAX_PREFIXES} namespaces"
    references = signature.findall(f"{DS}SignedInfo/{DS}Reference")
    if len(references) != 1:
        return "the signature must refer to exactly one thing, the document"
    uri = references[0].get("URI")
    document_id = root.get("ID")
    if uri != "" and (not document_id or uri != "#" + document_id):
        return "the signature covers another element than the document"
    transforms = references[0].findall(f"{DS}Transforms/{DS}Transform")
    for transform in transforms:
        if transform.get("Algorithm") not in _TRANSFORMS:
            return f"the signature uses a transform that is not allowed in metadata: {printable(transform.get('Algorithm'), 200)}"
    if len(transforms) > _MAX_TRANSFORMS:
        return f"the signature uses more than {_MAX_TRANSFORMS} transforms"
    return None


def _too_many_prefixes(listed: str) -> bool:
    return len(listed) > _MAX_PREFIX_LIST or len(listed.split(" ")) > _MAX_PREFIXES


def _named_certificates(signature: etree._Element) -> list[Certificate]:
    found = signature.findall(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate")
    return [parse_certificate(text_of(element)) for element in found[:_MAX_CERTIFICATES]]
