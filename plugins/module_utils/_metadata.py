# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Federation metadata: bytes in, plain data out. Nothing here opens a file or a connection."""

from __future__ import annotations

import dataclasses
import datetime
import re
import traceback
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._metadata_keys import certificates_of_key
from ansible_collections.federation.adfs.plugins.module_utils._metadata_signature import Signature, check_signature
from ansible_collections.federation.adfs.plugins.module_utils._metadata_xml import MAX_METADATA_BYTES, MetadataError, parse, plain_utf8, text_of
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, describe, format_time, parse_time

IMPORT_ERROR: str | None = None
"""What went wrong with the libraries that this file needs; if it is set, nothing here but the constants can be used."""
MISSING_LIBRARY = ""
try:
    import cryptography  # noqa: F401 - the files below need it, and pass over a missing one; pylint: disable=unused-import
    import signxml  # noqa: F401 - pylint: disable=unused-import
    from lxml import etree
except ImportError as import_error:
    IMPORT_ERROR = traceback.format_exc()
    MISSING_LIBRARY = (import_error.name or "signxml").partition(".")[0]

__all__ = ["IMPORT_ERROR", "MAX_METADATA_BYTES", "MISSING_LIBRARY", "Metadata", "MetadataError", "Signature", "describe_metadata", "read_metadata"]

_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_FED = "{http://docs.oasis-open.org/wsfed/federation/200706}"
_WSA = "{http://www.w3.org/2005/08/addressing}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ROLES = (_MD + "RoleDescriptor", _MD + "IDPSSODescriptor", _MD + "SPSSODescriptor", _MD + "AttributeAuthorityDescriptor")

_MAX_ENTITY_ID = 1024  # characters, by SAML
_MOST_NAMED = 10  # entities in a message


@dataclass(frozen=True)
class Metadata:
    """What one metadata document says. With a valid signature, all of it was covered by that signature.

    ``valid_until``: when the document itself ends, None if it does not.
    """

    entity_id: str
    is_adfs: bool
    signing_certificates: tuple[Certificate, ...]
    encryption_certificates: tuple[Certificate, ...]
    endpoints: dict[str, str | None]
    signature: Signature
    valid_until: datetime.datetime | None = None

    def signature_at(self, now: datetime.datetime) -> Signature:
        """Return the signature as it counts at ``now``: that of a document that has ended is ``expired``, unless it is ``invalid``."""
        if self.valid_until is None or self.valid_until > now or self.signature.status == "invalid":
            return self.signature
        reason = f"the document was valid until {format_time(self.valid_until)}, and an old one can be sent again by anybody; fetch the present one"
        return dataclasses.replace(self.signature, status="expired", reason=reason)


def read_metadata(data: bytes, entity_id: str | None = None) -> Metadata:
    """Read one federation metadata document.

    ``entity_id`` chooses one entity of a list of several; of a list of one, that one is read. A document without a signature, or with one
    that does not verify, is read too and says so in ``signature``.
    Raises MetadataError for anything that is not the metadata of one identity provider, and for hostile input.
    """
    body = plain_utf8(data)
    root = parse(body)
    if root.tag not in (_MD + "EntityDescriptor", _MD + "EntitiesDescriptor"):
        raise MetadataError(
            f"the document is XML, but not federation metadata: its root is {printable(root.tag, 120)}, not a SAML 2.0 EntityDescriptor or EntitiesDescriptor"
        )
    signature, signed_root = check_signature(root, body)
    if signed_root is not None:
        root = signed_root  # what is read is what was signed
    entity = _choose(root, entity_id)
    ends = _ends([*entity.iterancestors(), entity])
    if entity is not root and signature.status == "absent":
        # The list is not signed, so its member's own signature counts. As a document of its own it lends that to nothing around it.
        body = etree.tostring(entity, with_tail=False)
        entity = parse(body)
        signature, signed_entity = check_signature(entity, body)
        if signed_entity is not None:
            entity = signed_entity
    return _read_entity(entity, signature, ends)


def describe_metadata(metadata: Metadata, source: str, now: datetime.datetime) -> dict[str, t.Any]:
    """Return the shape in which results of this collection show metadata.

    ``now`` serves ``days_remaining``, and tells whether the document itself has ended.
    """
    signature = metadata.signature_at(now)
    signer = signature.certificate
    return {
        "entity_id": metadata.entity_id,
        "source": source,
        "is_adfs": metadata.is_adfs,
        "signing_certificates": [describe(certificate, now) for certificate in metadata.signing_certificates],
        "encryption_certificates": [describe(certificate, now) for certificate in metadata.encryption_certificates],
        "endpoints": dict(metadata.endpoints),
        "signature": {
            "status": signature.status,
            "reason": signature.reason,
            "certificate": None if signer is None else describe(signer, now),
        },
    }


def _read_entity(entity: etree._Element, signature: Signature, ends: datetime.datetime | None) -> Metadata:
    name = _entity_id(entity)
    sts_roles = [role for role in entity if _is_token_service(role)]
    saml_roles = [role for role in entity if role.tag == _MD + "IDPSSODescriptor"]
    issuing_roles = [role for role in entity if role.tag == _MD + "IDPSSODescriptor" or _is_token_service(role)]
    if not issuing_roles:
        raise MetadataError(
            "the document describes no identity provider (no security token service, no IDPSSODescriptor); give the metadata of the federation service"
        )
    all_roles = [role for role in entity if role.tag in _ROLES]
    is_adfs, endpoints = _endpoints(sts_roles, saml_roles)
    read: dict[str, Certificate] = {}
    return Metadata(
        entity_id=name,
        is_adfs=is_adfs,
        signing_certificates=_certificates(issuing_roles, "signing", read),
        encryption_certificates=_certificates(all_roles, "encryption", read),
        endpoints=endpoints,
        signature=signature,
        valid_until=min((end for end in (ends, _ends(issuing_roles)) if end is not None), default=None),
    )


def _choose(root: etree._Element, wanted: str | None) -> etree._Element:
    """Return the one entity that is meant. Raises MetadataError if that cannot be told."""
    entities = _entities(root)
    if not entities:
        raise MetadataError("the document is an EntitiesDescriptor, a list of services, and it is empty; give the metadata of the federation service")
    wanted = (wanted or "").strip()
    if wanted:
        found = [entity for entity in entities if (entity.get("entityID") or "").strip() == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            raise MetadataError(f"the document holds {len(found)} entities with the entity id {printable(wanted, 200)}; which is meant cannot be told")
        raise MetadataError(f"the document holds no entity with the entity id {printable(wanted, 200)}; it holds {_names(entities)}")
    if len(entities) > 1:
        raise MetadataError(
            f"the document is an EntitiesDescriptor, a list of {len(entities)} services ({_names(entities)}); choose one with the option entity_id,"
            " or give the metadata of the one federation service"
        )
    return entities[0]


def _entities(root: etree._Element) -> list[etree._Element]:
    """Return the entities of a list and of the lists in it; what stands elsewhere, in an extension or a signature, is none of them."""
    found: list[etree._Element] = []
    rest = [root]
    while rest:
        element = rest.pop()
        if element.tag == _MD + "EntityDescriptor":
            found.append(element)
        elif element.tag == _MD + "EntitiesDescriptor":
            rest.extend(reversed(element))
    return found


def _names(entities: list[etree._Element]) -> str:
    named = ", ".join(printable(entity.get("entityID") or "one without entityID", 100) for entity in entities[:_MOST_NAMED])
    return named + (f" and {len(entities) - _MOST_NAMED} more" if len(entities) > _MOST_NAMED else "")


def _entity_id(entity: etree._Element) -> str:
    """Return the entityID without blanks around it. It is compared letter by letter, so one that does not show as it is read is refused."""
    name = (entity.get("entityID") or "").strip()
    if not name:
        raise MetadataError("the EntityDescriptor has no entityID")
    if len(name) > _MAX_ENTITY_ID:
        raise MetadataError(f"the entityID has more than {_MAX_ENTITY_ID} characters, which SAML does not allow")
    if printable(name) != name:
        raise MetadataError(f"the entityID has characters that do not show, or several blanks together, and is refused: {printable(name, 200)}")
    return name


def _ends(elements: t.Iterable[etree._Element]) -> datetime.datetime | None:
    """Return the earliest ``validUntil``, None if none has one. Raises MetadataError for one that is no time."""
    ends = [end for end in (_end(element.get("validUntil")) for element in elements) if end is not None]
    return min(ends, default=None)


def _end(text: str | None) -> datetime.datetime | None:
    if text is None:
        return None
    text = text.strip()
    if re.match(r"\+?(9999|\d{5,})-", text):
        return None  # how products write "never"
    try:
        # SAML demands UTC; a text without a zone can mean nothing else.
        return parse_time(text if re.search(r"(Z|[+-]\d\d:\d\d)$", text) else text + "Z")
    except ValueError as exc:
        raise MetadataError(f"the document's validUntil is no time: {printable(text, 80)}; nothing tells whether it has ended, so it is refused") from exc


def _is_token_service(role: etree._Element) -> bool:
    """Tell a security token service: by its type, or by the endpoint that only such a service has.

    Of xsi:type only the part after the prefix counts: exclusive canonicalization leaves the meaning of that prefix unsigned.
    """
    if role.tag != _MD + "RoleDescriptor":
        return False
    if role.find(_FED + "SecurityTokenServiceEndpoint") is not None:
        return True
    named = (role.get(_XSI_TYPE) or "").strip().rpartition(":")[2]
    return named == "SecurityTokenServiceType"


def _certificates(roles: t.Iterable[etree._Element], use: str, read: dict[str, Certificate]) -> tuple[Certificate, ...]:
    """Return the certificates of ``roles`` for ``use``, each once, in the order in which they are published."""
    found: dict[str, Certificate] = {}
    for role in roles:
        for descriptor in role.findall(_MD + "KeyDescriptor"):
            published_use = descriptor.get("use")
            if published_use not in (None, "signing", "encryption"):
                raise MetadataError(f"a KeyDescriptor has the unknown use '{printable(published_use, 200)}'")
            if published_use in (None, use):
                for certificate in certificates_of_key(descriptor, etree.QName(role).localname, read):
                    found.setdefault(certificate.der, certificate)
    return tuple(found.values())


def _endpoints(sts_roles: list[etree._Element], saml_roles: list[etree._Element]) -> tuple[bool, dict[str, str | None]]:
    """Tell AD FS by where its users sign in (the entityID can be any text), and find the addresses that Entra wants to know.

    Those of WS-Federation come first; an identity provider that speaks SAML alone has others. AD FS publishes addresses of WS-Trust only if
    they are switched on, so they need not be there; one that is there must lead to AD FS too.
    """
    reference = f"{_WSA}EndpointReference/"
    service = _first_address(sts_roles, f"{_FED}SecurityTokenServiceEndpoint/{reference}{_WSA}Address")
    passive = _first_address(sts_roles, f"{_FED}PassiveRequestorEndpoint/{reference}{_WSA}Address")
    exchange = _first_address(sts_roles, f"{_FED}SecurityTokenServiceEndpoint/{reference}{_WSA}Metadata//{_WSA}Address")
    has_trust = _path(service).startswith("/adfs/services/trust/")
    is_adfs = _path(passive).rstrip("/") == "/adfs/ls" and (service is None or has_trust or _path(service).rstrip("/") == "/adfs/ls")
    active = None
    if is_adfs and has_trust and passive is not None:
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
                location = printable(element.get("Location") or "").strip()
                if location and element.get("Binding") == f"urn:oasis:names:tc:SAML:2.0:bindings:{binding}":
                    return location
    return None


def _first_address(roles: list[etree._Element], query: str) -> str | None:
    for role in roles:
        for element in role.iterfind(query):
            address = printable(text_of(element)).strip()
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
