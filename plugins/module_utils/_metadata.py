# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Federation metadata: bytes in, plain data out. Nothing here opens a file or a connection."""

from __future__ import annotations

import base64
import codecs
import dataclasses
import datetime
import re
import traceback
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

IMPORT_ERROR: str | None = None
"""What went wrong with the libraries that this file needs; if it is set, nothing here but the constants can be used."""
MISSING_LIBRARY = ""
try:
    from cryptography import x509
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import InvalidDigest, InvalidSignature
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, describe, parse_certificate
except ImportError as import_error:
    IMPORT_ERROR = traceback.format_exc()
    MISSING_LIBRARY = (import_error.name or "signxml").partition(".")[0]

MAX_METADATA_BYTES = 1024 * 1024
"""AD FS publishes 30 to 85 kB; more than this is something else."""

_MAX_DEPTH = 64  # AD FS nests 10 deep; libxml2 alone would allow 2048
_MAX_SIGNATURE_CERTIFICATES = 5

_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_FED = "{http://docs.oasis-open.org/wsfed/federation/200706}"
_WSA = "{http://www.w3.org/2005/08/addressing}"
_XINCLUDE = "{http://www.w3.org/2001/XInclude}"
_ROLES = (_MD + "RoleDescriptor", _MD + "IDPSSODescriptor", _MD + "SPSSODescriptor", _MD + "AttributeAuthorityDescriptor")

# The only transforms that SAML allows in metadata. The library skips those it doesn't know, so they are refused before.
_TRANSFORMS = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
)


class MetadataError(ValueError):
    """The bytes are not federation metadata that can be read; the message says why."""


@dataclass(frozen=True)
class Signature:
    """What became of the document's signature. ``certificate`` is the one it names; only ``valid`` proves that it signed."""

    status: str
    reason: str | None
    certificate: Certificate | None


@dataclass(frozen=True)
class Metadata:
    """What one metadata document says. With a valid signature, all of it was covered by that signature."""

    entity_id: str
    is_adfs: bool
    signing_certificates: tuple[Certificate, ...]
    encryption_certificates: tuple[Certificate, ...]
    endpoints: dict[str, str | None]
    signature: Signature


def read_metadata(data: bytes) -> Metadata:
    """Read one federation metadata document.

    A document without a signature, or with one that does not verify, is read too and says so in ``signature``.
    Raises MetadataError for anything that is not the metadata of one identity provider, and for hostile input.
    """
    body = _plain_utf8(data)
    root = _parse(body)
    signature, signed_root = _check_signature(root, body)
    if signed_root is not None:
        root = signed_root  # what is read is what was signed
    entity_id = root.get("entityID")
    if not entity_id:
        raise MetadataError("the EntityDescriptor has no entityID")
    sts_roles = [role for role in root if _is_token_service(role)]
    issuing_roles = [role for role in root if role.tag == _MD + "IDPSSODescriptor" or _is_token_service(role)]
    if not issuing_roles:
        raise MetadataError(
            "the document describes no identity provider (no security token service, no IDPSSODescriptor); give the metadata of the federation service"
        )
    all_roles = [role for role in root if role.tag in _ROLES]
    is_adfs, endpoints = _endpoints(sts_roles, [role for role in root if role.tag == _MD + "IDPSSODescriptor"])
    return Metadata(
        entity_id=entity_id,
        is_adfs=is_adfs,
        signing_certificates=_certificates(issuing_roles, "signing"),
        encryption_certificates=_certificates(all_roles, "encryption"),
        endpoints=endpoints,
        signature=signature,
    )


def describe_metadata(metadata: Metadata, source: str, now: datetime.datetime) -> dict[str, t.Any]:
    """Return the shape in which results of this collection show metadata. ``now`` only serves ``days_remaining``."""
    signer = metadata.signature.certificate
    return {
        "entity_id": metadata.entity_id,
        "source": source,
        "is_adfs": metadata.is_adfs,
        "signing_certificates": [describe(certificate, now) for certificate in metadata.signing_certificates],
        "encryption_certificates": [describe(certificate, now) for certificate in metadata.encryption_certificates],
        "endpoints": dict(metadata.endpoints),
        "signature": {
            "status": metadata.signature.status,
            "reason": metadata.signature.reason,
            "certificate": None if signer is None else describe(signer, now),
        },
    }


def _plain_utf8(data: bytes) -> bytes:
    """Return the document as UTF-8 without a byte order mark, after refusing what no XML parser should see.

    One known encoding means that the search for a DTD below cannot be fooled by another one.
    """
    if len(data) > MAX_METADATA_BYTES:
        raise MetadataError(f"the document is larger than {MAX_METADATA_BYTES} bytes; federation metadata is far smaller")
    if data.startswith(b"\x1f\x8b"):
        raise MetadataError("the document is compressed; give it uncompressed")
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    start = data.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:512].lower()
    if b"<html" in start or start.startswith(b"<!doctype html"):
        raise MetadataError("this is a web page (HTML), not federation metadata; check the address, and whether a proxy or a sign-in page answered")
    try:
        text = data.decode(encoding).lstrip("\ufeff \t\r\n")
    except UnicodeDecodeError as exc:
        raise MetadataError("the document is not UTF-8 text; federation metadata is XML in UTF-8") from exc
    if not text:
        raise MetadataError("the document is empty")
    if not text.startswith("<"):
        raise MetadataError("the document is not XML")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MetadataError("the document has a DTD or entities, which federation metadata never has; it is refused, because they are used for attacks")
    return text.encode("utf-8", errors="strict")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
    )


def _parse(body: bytes) -> etree._Element:
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as exc:
        if "depth" in str(exc).lower():
            raise MetadataError("the document is nested too deeply for federation metadata") from exc
        raise MetadataError(f"the document is not well-formed XML ({exc}); it may be cut off or edited: fetch it again") from exc
    if root.tag == _MD + "EntitiesDescriptor":
        raise MetadataError("the document is an EntitiesDescriptor, a list of many services; give that of the one federation service (EntityDescriptor)")
    if root.tag != _MD + "EntityDescriptor":
        raise MetadataError(f"the document is XML, but not federation metadata: its root is {_short(str(root.tag), 120)}, not a SAML 2.0 EntityDescriptor")
    if _depth_exceeds(root, _MAX_DEPTH):
        raise MetadataError("the document is nested too deeply for federation metadata")
    if next(root.iter(_XINCLUDE + "*"), None) is not None:
        raise MetadataError("the document includes other documents (XInclude), which federation metadata never does; it is refused")
    return root


def _depth_exceeds(root: etree._Element, limit: int) -> bool:
    level = [root]
    for _step in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _check_signature(root: etree._Element, body: bytes) -> tuple[Signature, etree._Element | None]:
    """Verify the signature of the whole document against the certificate it names; returns the signed tree only if it is valid.

    The certificate may have expired: AD FS keeps signing, and its dates are reported elsewhere.
    """
    signatures = root.findall(_DS + "Signature")
    if not signatures:
        inner = next(root.iter(_DS + "Signature"), None) is not None
        return Signature("absent", "only parts of the document are signed" if inner else "the document is not signed", None), None
    try:
        named = _named_certificates(signatures[0])
    except CertificateError as exc:
        return Signature("invalid", f"the certificate in the signature cannot be read: {exc}", None), None
    shown = named[0] if named else None
    problem = _unacceptable(root, signatures)
    if problem:
        return Signature("invalid", problem, shown), None
    problem = "the signature names no certificate to verify it with"
    for certificate in named:
        try:
            return Signature("valid", None, certificate), _verify(root, body, certificate)
        except InvalidDigest:
            problem = "the document was changed after it was signed (edited, re-indented or cut)"
            break
        except InvalidSignature:
            problem = "the signature does not fit the certificate that it names"
        except Exception as exc:  # noqa: BLE001 - the library lets many types escape on malformed input; each means "not valid"
            problem = f"the signature cannot be verified: {_short(str(exc) or type(exc).__name__)}"
    return Signature("invalid", problem, shown), None


def _verify(root: etree._Element, body: bytes, certificate: Certificate) -> etree._Element:
    """Return the tree that ``certificate`` signed, as rebuilt from the signed bytes. Raises an exception of signxml, or ValueError."""
    loaded = x509.load_der_x509_certificate(base64.b64decode(certificate.der))
    result = XMLVerifier().verify(body, x509_cert=loaded, parser=_parser(), id_attribute="ID", expect_config=_demands(certificate))
    signed = t.cast("etree._Element | None", getattr(result, "signed_xml", None))
    if signed is None or signed.tag != root.tag or signed.get("ID") != root.get("ID") or signed.get("entityID") != root.get("entityID"):
        raise ValueError("it covers another element than the document")
    return signed


def _demands(certificate: Certificate) -> SignatureConfiguration:
    methods = {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}
    methods |= {SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512}
    demands: dict[str, t.Any] = {
        "location": "./",
        "expect_references": 1,
        "signature_methods": frozenset(methods),
        "digest_algorithms": frozenset((DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512)),
    }
    # Releases of the library before 5.1 don't look at the certificate's dates, and don't know the setting.
    if "verification_time" in {field.name for field in dataclasses.fields(SignatureConfiguration)}:
        demands["verification_time"] = certificate.not_before
    return SignatureConfiguration(**demands)


def _unacceptable(root: etree._Element, signatures: list[etree._Element]) -> str | None:
    """Say why a signature may not be taken for one of the whole document, whatever its mathematics says."""
    if len(signatures) > 1:
        return "the document has several signatures"
    references = signatures[0].findall(f"{_DS}SignedInfo/{_DS}Reference")
    if len(references) != 1:
        return "the signature must refer to exactly one thing, the document"
    uri = references[0].get("URI")
    document_id = root.get("ID")
    if uri != "" and (not document_id or uri != "#" + document_id):
        return "the signature covers another element than the document"
    for transform in references[0].findall(f"{_DS}Transforms/{_DS}Transform"):
        if transform.get("Algorithm") not in _TRANSFORMS:
            return f"the signature uses a transform that is not allowed in metadata: {_short(str(transform.get('Algorithm')))}"
    return None


def _named_certificates(signature: etree._Element) -> list[Certificate]:
    found = signature.findall(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")
    return [parse_certificate(_text(element)) for element in found[:_MAX_SIGNATURE_CERTIFICATES]]


def _is_token_service(role: etree._Element) -> bool:
    # The endpoint decides, not the prefix in xsi:type: exclusive canonicalization leaves the meaning of that prefix unsigned.
    return role.tag == _MD + "RoleDescriptor" and role.find(_FED + "SecurityTokenServiceEndpoint") is not None


def _certificates(roles: t.Iterable[etree._Element], use: str) -> tuple[Certificate, ...]:
    """Return the certificates of ``roles`` for ``use``, each once, in the order in which they are published."""
    found: dict[str, Certificate] = {}
    for role in roles:
        for descriptor in role.findall(_MD + "KeyDescriptor"):
            published_use = descriptor.get("use")
            if published_use not in (None, "signing", "encryption"):
                raise MetadataError(f"a KeyDescriptor has the unknown use '{_short(published_use)}'")
            if published_use not in (None, use):
                continue
            for data in descriptor.findall(f"{_DS}KeyInfo/{_DS}X509Data"):
                for certificate in _without_issuers(_read_certificates(data, role)):
                    found.setdefault(certificate.der, certificate)
    return tuple(found.values())


def _read_certificates(data: etree._Element, role: etree._Element) -> list[Certificate]:
    try:
        return [parse_certificate(_text(element)) for element in data.findall(_DS + "X509Certificate")]
    except CertificateError as exc:
        # A view with one certificate missing would be worse than none.
        raise MetadataError(f"a certificate in {etree.QName(role).localname} cannot be read: {exc}") from exc


def _without_issuers(certificates: list[Certificate]) -> list[Certificate]:
    """Drop the authorities that some products publish beside the one certificate that holds the key."""
    issuers = {certificate.issuer for certificate in certificates if certificate.issuer != certificate.subject}
    return [certificate for certificate in certificates if certificate.subject not in issuers]


def _endpoints(sts_roles: list[etree._Element], saml_roles: list[etree._Element]) -> tuple[bool, dict[str, str | None]]:
    """Tell AD FS by where its token service lives (the entityID can be any text), and find the addresses that Entra wants to know.

    Those of WS-Federation come first; an identity provider that speaks SAML alone has others.
    """
    reference = f"{_WSA}EndpointReference/"
    service = _first_address(sts_roles, f"{_FED}SecurityTokenServiceEndpoint/{reference}{_WSA}Address")
    passive = _first_address(sts_roles, f"{_FED}PassiveRequestorEndpoint/{reference}{_WSA}Address")
    exchange = _first_address(sts_roles, f"{_FED}SecurityTokenServiceEndpoint/{reference}{_WSA}Metadata//{_WSA}Address")
    is_adfs = _path(service).startswith("/adfs/services/trust/") and _path(passive).rstrip("/") == "/adfs/ls"
    active = None
    if is_adfs and passive is not None:
        # Not in the document; Windows clients use this address on the host of the others.
        active = f"https://{urlsplit(passive).netloc.lower()}/adfs/services/trust/2005/usernamemixed"
    sign_out = passive
    if passive is None:
        passive, sign_out = _saml_location(saml_roles, "SingleSignOnService"), _saml_location(saml_roles, "SingleLogoutService")
    return is_adfs, {"passive_sign_in": passive, "active_sign_in": active, "sign_out": sign_out, "metadata_exchange": exchange}


def _saml_location(roles: list[etree._Element], service: str) -> str | None:
    """Return the address for the binding that Entra uses to ask for sign-in, HTTP-POST, else for HTTP-Redirect."""
    for binding in ("HTTP-POST", "HTTP-Redirect"):
        for role in roles:
            for element in role.findall(_MD + service):
                location = (element.get("Location") or "").strip()
                if location and element.get("Binding") == f"urn:oasis:names:tc:SAML:2.0:bindings:{binding}":
                    return location
    return None


def _first_address(roles: list[etree._Element], query: str) -> str | None:
    for role in roles:
        for element in role.iterfind(query):
            address = _text(element).strip()
            if address:
                return address
    return None


def _path(address: str | None) -> str:
    """Return the path of an https address in lower case; nothing for any other text, so that it matches nothing."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return ""
    if parts.scheme != "https" or not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?", parts.netloc):
        return ""
    return parts.path.lower()


def _text(element: etree._Element) -> str:
    # element.text would end at the first comment
    return "".join(t.cast("list[str]", element.xpath("text()")))


def _short(text: str, limit: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
