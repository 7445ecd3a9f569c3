# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes certificates and federation metadata for tests: built like those of AD FS, signed with fresh keys."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import functools
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, XMLSigner, methods

UTC = datetime.timezone.utc
ID = "_0f5ed2b7-3ac1-4d2e-9d67-5c0a0b6f9a11"
HOST = "sts.contoso.com"


class _Signer(XMLSigner):
    def check_deprecated_methods(self) -> None:
        """Allow SHA-1, which one test needs and the library refuses to make."""


@dataclasses.dataclass(frozen=True)
class Keypair:
    """A self-signed certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def base64(self) -> str:
        return base64.b64encode(self.der).decode("ascii")

    @property
    def thumbprint(self) -> str:
        return hashlib.sha1(self.der).hexdigest().upper()  # noqa: S324 - the name that Windows gives a certificate


@functools.cache
def make_keypair(
    name: str,
    not_before: datetime.datetime = datetime.datetime(2026, 1, 1, tzinfo=UTC),
    not_after: datetime.datetime = datetime.datetime(2027, 1, 1, tzinfo=UTC),
    bits: int = 2048,
) -> Keypair:
    """Return the certificate for ``name``; asked again, the same one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(not_before).not_valid_after(not_after)
    return Keypair(builder.sign(key, hashes.SHA256()), key)


def key_descriptor(use: str | None, certificate: str) -> str:
    """Return one KeyDescriptor around a certificate in Base64."""
    attribute = f' use="{use}"' if use is not None else ""
    return (
        f'<KeyDescriptor{attribute}><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
        f"<X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    )


def keys(signing: list[str], encryption: list[str]) -> str:
    """Return KeyDescriptors in the order of AD FS: encryption first."""
    return "".join(key_descriptor("encryption", text) for text in encryption) + "".join(key_descriptor("signing", text) for text in signing)


def document(
    sts_keys: str,
    other_keys: str | None = None,
    entity_id: str = f"http://{HOST}/adfs/services/trust",
    host: str = HOST,
    prefix: str = "fed",
    extra: str = "",
    extra_in_root: str = "",
) -> str:
    """Return an unsigned document with the roles and endpoints that AD FS publishes."""
    other = sts_keys if other_keys is None else other_keys
    wsfed = "http://docs.oasis-open.org/wsfed/federation/200706"
    fed = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:{prefix}="{wsfed}"'
    wsa = 'xmlns="http://www.w3.org/2005/08/addressing"'
    passive = (
        f"<{prefix}:PassiveRequestorEndpoint><EndpointReference {wsa}>"
        f"<Address>https://{host}/adfs/ls/</Address></EndpointReference></{prefix}:PassiveRequestorEndpoint>"
    )
    mex = "http://schemas.xmlsoap.org/ws/2004/09/mex"
    return (
        f'<EntityDescriptor ID="{ID}" entityID="{entity_id}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"{extra_in_root}>'
        f'<RoleDescriptor xsi:type="{prefix}:ApplicationServiceType" protocolSupportEnumeration="{wsfed}" {fed}>'
        f"{other}<{prefix}:ApplicationServiceEndpoint><EndpointReference {wsa}>"
        f"<Address>https://{host}/adfs/services/trust/2005/issuedtokenmixedasymmetricbasic256</Address>"
        f"</EndpointReference></{prefix}:ApplicationServiceEndpoint>"
        f"{passive}</RoleDescriptor>"
        f'<RoleDescriptor xsi:type="{prefix}:SecurityTokenServiceType" protocolSupportEnumeration="{wsfed}" {fed}>'
        f"{sts_keys}<{prefix}:SecurityTokenServiceEndpoint><EndpointReference {wsa}>"
        f"<Address>https://{host}/adfs/services/trust/2005/certificatemixed</Address>"
        f'<Metadata><Metadata xmlns="{mex}"><MetadataSection Dialect="{mex}" xmlns=""><MetadataReference>'
        f"<Address {wsa}>https://{host}/adfs/services/trust/mex</Address></MetadataReference></MetadataSection></Metadata></Metadata>"
        f"</EndpointReference></{prefix}:SecurityTokenServiceEndpoint>{passive}</RoleDescriptor>"
        f'<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{other}</SPSSODescriptor>'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{other}'
        f'<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://{host}/adfs/ls/"/></IDPSSODescriptor>'
        f"{extra}</EntityDescriptor>"
    )


def sign(
    text: str, signer: Keypair, sha1: bool = False, id_value: str | None = ID, key_info_certificate: Keypair | None = None, only: str | None = None
) -> bytes:
    """Sign the document as AD FS does: enveloped, exclusive canonicalization, the signature as the first child.

    ``only``: with ``sha1``, the one place that has it, ``SignatureMethod`` or ``DigestMethod``.
    """
    root = etree.fromstring(text.encode("utf-8"))
    placeholder = etree.Element(
        "{http://www.w3.org/2000/09/xmldsig#}Signature", attrib={"Id": "placeholder"}, nsmap={"ds": "http://www.w3.org/2000/09/xmldsig#"}
    )
    root.insert(0, placeholder)
    machine = (_Signer if sha1 else XMLSigner)(
        method=methods.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA1 if sha1 and only != "DigestMethod" else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA1 if sha1 and only != "SignatureMethod" else DigestAlgorithm.SHA256,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    signed = machine.sign(root, key=signer.key, cert=[(key_info_certificate or signer).certificate], reference_uri=f"#{id_value}" if id_value else None)
    return etree.tostring(signed)


def adfs_document(primary: Keypair, successor: Keypair | None = None, decrypting: Keypair | None = None) -> bytes:
    """Return a signed document of a farm with these token-signing certificates."""
    signing = [primary.base64] + ([successor.base64] if successor else [])
    return sign(document(keys(signing, [(decrypting or make_keypair("ADFS Encryption")).base64])), primary)


def entra_document(*published: Keypair, signer: Keypair) -> bytes:
    """Return a signed document like that of Microsoft Entra ID itself: a token service that is no AD FS, the same keys in each role."""
    tenant = "5f2d1c8e-0b7a-4c55-9a3b-2f5d7e9c1a10"
    text = document(keys([keypair.base64 for keypair in published], []), entity_id=f"https://sts.windows.net/{tenant}/", host="login.microsoftonline.com")
    for path in ("/adfs/services/trust/2005/certificatemixed", "/adfs/services/trust/2005/issuedtokenmixedasymmetricbasic256", "/adfs/ls/"):
        text = text.replace(path, f"/{tenant}/wsfed")
    return sign(text, signer)


def wsfed_document(published: list[str], entity_id: str = "http://www.okta.com/exk1", root: str = "") -> str:
    """Return an unsigned document as Okta and Auth0 publish it for WS-Federation: a token service that has the address for browsers alone."""
    wsfed = "http://docs.oasis-open.org/wsfed/federation/200706"
    descriptors = "".join(key_descriptor("signing", text) for text in published)
    return (
        f'<EntityDescriptor ID="{ID}" entityID="{entity_id}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"{root}>'
        '<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="fed:SecurityTokenServiceType"'
        f' protocolSupportEnumeration="{wsfed}" xmlns:fed="{wsfed}">{descriptors}'
        '<fed:TokenTypesOffered><fed:TokenType Uri="urn:oasis:names:tc:SAML:1.0:assertion"/></fed:TokenTypesOffered>'
        '<fed:PassiveRequestorEndpoint><EndpointReference xmlns="http://www.w3.org/2005/08/addressing">'
        "<Address>https://contoso.okta.com/app/office365/exk1/sso/wsfed/passive</Address></EndpointReference></fed:PassiveRequestorEndpoint>"
        "</RoleDescriptor></EntityDescriptor>"
    )


def saml_document(published: list[str], entity_id: str = "https://idp.example.com/saml", document_id: str | None = ID, root: str = "") -> str:
    """Return an unsigned document of an identity provider that speaks SAML alone."""
    identifier = f' ID="{document_id}"' if document_id else ""
    return (
        f'<EntityDescriptor{identifier} entityID="{entity_id}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"{root}>'
        f'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys(published, [])}'
        '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )


def entities(*members: bytes | str, root: str = "") -> str:
    """Return a list of entities, as Keycloak and federations of universities publish it."""
    inside = "".join(member.decode() if isinstance(member, bytes) else member for member in members)
    return f'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"{root}>{inside}</EntitiesDescriptor>'


def issue(name: str, issuer: str, issuer_key: Keypair, key: Keypair, authority: bool | None = None) -> Keypair:
    """Return a certificate for the key of ``key``, issued in the name ``issuer`` with the key of ``issuer_key``."""
    subject, signer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    start = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(signer).public_key(key.key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(start + datetime.timedelta(days=365))
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return Keypair(builder.sign(issuer_key.key, hashes.SHA256()), key.key)


# A megabyte of something that costs a reader more than text does.
FILLINGS = {
    "elements": "<x/>" * 200_000,
    "roles": "<RoleDescriptor/>" * 55_000,
    "attributes": "<x " + " ".join(f'a{n}=""' for n in range(80_000)) + "/>",
    "namespaces": "<x " + " ".join(f'xmlns:n{n}="u"' for n in range(40_000)) + "/>",
    "keys": key_descriptor("signing", make_keypair("ADFS Signing - old").base64) * 550,
}


def filled(filling: str) -> bytes:
    """Return an unsigned document with the filling in it."""
    keypair = make_keypair("ADFS Signing - old")
    return document(keys([keypair.base64], []), extra=filling if filling.startswith("<Role") else f"<Extensions>{filling}</Extensions>").encode()


def large_signed_document(claims: int) -> bytes:
    """Return a signed document with a long list of claims; 7,000 make almost a megabyte."""
    keypair = make_keypair("ADFS Signing - old")
    claim = '<x:ClaimType Optional="true" Uri="http://schemas.example.com/claims/{}" xmlns:x="urn:x"><x:DisplayName>Some claim</x:DisplayName></x:ClaimType>'
    text = "".join(claim.format(n) for n in range(claims))
    return sign(document(keys([keypair.base64], []), extra=f"<Extensions>{text}</Extensions>"), keypair)
