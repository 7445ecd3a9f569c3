# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The federation metadata document of each AD FS server, as that server knows the farm, and the HTTPS server that shows it."""

from __future__ import annotations

import base64
import json
import ssl
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from lab.farm import Node
from lab.faults import Faults
from lab.keys import KeyedCertificate
from lab.log import RequestLog
from lab.provider import Provider

PATH = "/FederationMetadata/2007-06/FederationMetadata.xml"
KEYS_PATH = "/adfs/discovery/keys"

# More than any client may wish to read; a never-ending document stops here.
_ENDLESS_BYTES = 200_000_000
_CLIENT_TIMEOUT = 30.0

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_WSA = "http://www.w3.org/2005/08/addressing"
_MEX = "http://schemas.xmlsoap.org/ws/2004/09/mex"
_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:"
_FED_ROLE = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" '
    'protocolSupportEnumeration="http://docs.oasis-open.org/ws-sx/ws-trust/200512 http://schemas.xmlsoap.org/ws/2005/02/trust '
    'http://docs.oasis-open.org/wsfed/federation/200706"'
)
_CLAIMS = (
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "E-Mail Address"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "UPN"),
    ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "Role"),
)


def document(node: Node) -> bytes:
    """Return the signed metadata document of one server. Raises ValueError if it has nothing to sign with."""
    signer = node.signer
    if signer is None:
        raise ValueError(f"{node.name} has no token-signing certificate in use")
    identifier = f"_{uuid.uuid4()}"
    return _signed(_unsigned(node, identifier), identifier, signer.keyed)


class _Signer(XMLSigner):
    def check_deprecated_methods(self) -> None:
        """Allow SHA-1, with which some products sign and which the library refuses to make."""


def _signed(text: str, identifier: str, signer: KeyedCertificate, hash_name: str = "sha256") -> bytes:
    weak = hash_name == "sha1"
    signed = _Signer(
        signature_algorithm=SignatureMethod.RSA_SHA1 if weak else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA1 if weak else DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    ).sign(etree.fromstring(text.encode()), key=signer.key, key_info=_key_info(signer), reference_uri=f"#{identifier}", id_attribute="ID")
    return etree.tostring(signed, encoding="utf-8")


def _key_info(keyed: KeyedCertificate) -> Any:
    return etree.fromstring(_key_info_text(keyed))


def _key_info_text(keyed: KeyedCertificate) -> str:
    body = base64.b64encode(keyed.der).decode()
    return f'<KeyInfo xmlns="{_DS}"><X509Data><X509Certificate>{body}</X509Certificate></X509Data></KeyInfo>'


def _keys(use: str, certificates: list[KeyedCertificate]) -> str:
    return "".join(f'<KeyDescriptor use="{use}">{_key_info_text(keyed)}</KeyDescriptor>' for keyed in certificates)


def _endpoint(address: str, inside: str = "") -> str:
    return f'<EndpointReference xmlns="{_WSA}"><Address>{address}</Address>{inside}</EndpointReference>'


def _claim_types(wrapper: str) -> str:
    claims = "".join(
        f'<auth:ClaimType xmlns:auth="http://docs.oasis-open.org/wsfed/authorization/200706" Uri="{uri}" Optional="true">'
        f"<auth:DisplayName>{name}</auth:DisplayName></auth:ClaimType>"
        for uri, name in _CLAIMS
    )
    return f"<fed:{wrapper}>{claims}</fed:{wrapper}>"


def _unsigned(node: Node, identifier: str) -> str:
    properties = node.configuration.properties
    host = str(properties["HostName"]).lower()
    passive = f"https://{host}/adfs/ls/"
    trust = f"https://{host}/adfs/services/trust"
    display = quoteattr(str(properties["DisplayName"]))
    encryption_certificate = node.published_encryption_certificate
    encryption = _keys("encryption", [encryption_certificate.keyed] if encryption_certificate else [])
    signing = _keys("signing", [item.keyed for item in node.published_signing_certificates])
    mex = (
        f'<Metadata><Metadata xmlns="{_MEX}"><wsx:MetadataSection xmlns:wsx="{_MEX}" xmlns="" Dialect="{_MEX}"><wsx:MetadataReference>'
        f'<Address xmlns="{_WSA}">{trust}/mex</Address></wsx:MetadataReference></wsx:MetadataSection></Metadata></Metadata>'
    )
    mixed = f"{trust}/2005/issuedtokenmixedasymmetricbasic256"
    trusts = bool(node.farm.switches["ws_trust_published"])
    scopes = (_endpoint(mixed) if trusts else "") + _endpoint(passive) + _endpoint(escape(str(properties["Identifier"])))
    application_service = f"<fed:ApplicationServiceEndpoint>{_endpoint(mixed)}</fed:ApplicationServiceEndpoint>" if trusts else ""
    certificate_mixed = _endpoint(f"{trust}/2005/certificatemixed", mex)
    token_service = f"<fed:SecurityTokenServiceEndpoint>{certificate_mixed}</fed:SecurityTokenServiceEndpoint>" if trusts else ""
    logout = "".join(f'<SingleLogoutService Binding="{_BINDING}{name}" Location="{passive}"/>' for name in ("HTTP-Redirect", "HTTP-POST"))
    sign_on = "".join(f'<SingleSignOnService Binding="{_BINDING}{name}" Location="{passive}"/>' for name in ("HTTP-Redirect", "HTTP-POST"))
    consumers = "".join(
        f'<AssertionConsumerService Binding="{_BINDING}{name}" Location="{passive}" index="{index}"{default}/>'
        for index, (name, default) in enumerate((("HTTP-POST", ' isDefault="true"'), ("HTTP-Artifact", ""), ("HTTP-Redirect", "")))
    )
    attributes = "".join(
        f'<Attribute xmlns="urn:oasis:names:tc:SAML:2.0:assertion" Name="{uri}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" '
        f'FriendlyName="{name}"/>'
        for uri, name in _CLAIMS
    )
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" ID="{identifier}" entityID={quoteattr(str(properties["Identifier"]))}>'
        f'<ds:Signature xmlns:ds="{_DS}" Id="placeholder"/>'
        f'<RoleDescriptor {_FED_ROLE} xsi:type="fed:ApplicationServiceType" ServiceDisplayName={display}>{encryption}'
        f"{_claim_types('ClaimTypesRequested')}"
        f"<fed:TargetScopes>{scopes}</fed:TargetScopes>{application_service}"
        f"<fed:PassiveRequestorEndpoint>{_endpoint(passive)}</fed:PassiveRequestorEndpoint></RoleDescriptor>"
        f'<RoleDescriptor {_FED_ROLE} xsi:type="fed:SecurityTokenServiceType" ServiceDisplayName={display}>{signing}'
        f'<fed:TokenTypesOffered><fed:TokenType Uri="urn:oasis:names:tc:SAML:2.0:assertion"/></fed:TokenTypesOffered>'
        f"{_claim_types('ClaimTypesOffered')}"
        f"{token_service}"
        f"<fed:PassiveRequestorEndpoint>{_endpoint(passive)}</fed:PassiveRequestorEndpoint></RoleDescriptor>"
        '<SPSSODescriptor WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{encryption}{signing}{logout}{consumers}</SPSSODescriptor>"
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{encryption}{signing}{logout}{sign_on}{attributes}</IDPSSODescriptor>"
        '<ContactPerson contactType="support"/></EntityDescriptor>'
    )


def provider_document(provider: Provider) -> bytes:
    """Return the metadata document of an identity provider without AD FS in its shape, signed if it has something to sign with."""
    shape = provider.shape
    identifier = f"id{uuid.uuid4().int}"
    signature = f'<ds:Signature xmlns:ds="{_DS}" Id="placeholder"/>' if provider.metadata_signer else ""
    ends = ""
    if shape.valid_days is not None:
        ends = f' validUntil="{provider.clock.now() + timedelta(days=shape.valid_days):%Y-%m-%dT%H:%M:%SZ}"'
    text = (
        f'<md:EntityDescriptor xmlns:md="{_MD}" ID="{identifier}" entityID={quoteattr(provider.identifier)}{ends}>'
        f"{signature}{_wsfed_role(provider) if shape.protocol == 'wsfed' else _saml_role(provider)}</md:EntityDescriptor>"
    )
    if provider.metadata_signer is not None:
        text = _signed(text, identifier, provider.metadata_signer, shape.hash).decode()
    if shape.layout != "as signed":
        text = text.replace("><", ">\r\n<" if shape.layout == "CRLF" else ">\n  <")
    if shape.others is not None:
        others = "".join(_relying_party(number) for number in range(shape.others))
        text = f'<md:EntitiesDescriptor xmlns:md="{_MD}" Name="urn:{provider.host_name}">{text}{others}</md:EntitiesDescriptor>'
    return f'<?xml version="1.0" encoding="{shape.encoding.upper()}"?>'.encode() + text.encode(shape.encoding)


def _provider_keys(provider: Provider) -> str:
    keys = "".join(f'<md:KeyDescriptor use="signing">{_key_info_text(keyed)}</md:KeyDescriptor>' for keyed in provider.published)
    if not provider.shape.bare_key:
        return keys
    bare = "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>"
    return keys + f'<md:KeyDescriptor use="signing"><KeyInfo xmlns="{_DS}">{bare}</KeyInfo></md:KeyDescriptor>'


def _saml_role(provider: Provider) -> str:
    sign_on = "".join(
        f'<md:SingleSignOnService Binding="{_BINDING}{name}" Location={quoteattr(provider.sign_in_uri)}/>' for name in ("HTTP-POST", "HTTP-Redirect")
    )
    return (
        '<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{_provider_keys(provider)}<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>{sign_on}</md:IDPSSODescriptor>"
    )


def _wsfed_role(provider: Provider) -> str:
    return (
        f'<md:RoleDescriptor {_FED_ROLE} xsi:type="fed:SecurityTokenServiceType">{_provider_keys(provider)}'
        f"<fed:PassiveRequestorEndpoint>{_endpoint(escape(provider.sign_in_uri))}</fed:PassiveRequestorEndpoint></md:RoleDescriptor>"
    )


def _relying_party(number: int) -> str:
    address = f"https://app{number}.example.com/saml"
    return (
        f'<md:EntityDescriptor entityID="{address}"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'<md:AssertionConsumerService Binding="{_BINDING}HTTP-POST" Location="{address}" index="0"/></md:SPSSODescriptor></md:EntityDescriptor>'
    )


def discovery_keys(node: Node) -> bytes:
    """Return the keys that a server publishes for OpenID Connect: those of the certificates in its metadata."""
    return json.dumps({"keys": [_json_web_key(item.keyed) for item in node.published_signing_certificates]}).encode()


def _json_web_key(keyed: KeyedCertificate) -> dict[str, Any]:
    numbers = keyed.key.public_key().public_numbers()
    thumbprint = _url_safe(bytes.fromhex(keyed.thumbprint))
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": thumbprint,
        "x5t": thumbprint,
        "n": _url_safe(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": _url_safe(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
        "x5c": [base64.b64encode(keyed.der).decode()],
    }


def _url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class MetadataServer:
    """The HTTPS endpoint of one AD FS server, or of another identity provider.

    Faults (surface ``metadata``, operation ``get`` or ``keys``, ``node`` to choose the server); ``do`` is a word, or a mapping with ``kind`` and
    options: ``down`` or ``drop`` (the connection breaks), ``slow`` (waits ``seconds``, default 5, then answers), ``status`` (answers ``status``,
    default 503), ``garbage`` (no XML), ``endless`` (bytes without end).
    """

    def __init__(
        self, node: Node | Provider, context: ssl.SSLContext, lock: AbstractContextManager[Any], settle: Callable[[], None], log: RequestLog, faults: Faults
    ) -> None:
        """``lock`` guards the farm's state; ``settle`` brings it up to the present and is called under the lock."""
        self.node = node
        self._lock = lock
        self._settle = settle
        self._log = log
        self._faults = faults
        self._stopping = threading.Event()
        self._server = _Server(self, context)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name=f"metadata {node.name}", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close the port."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def answer(self, handler: _Handler) -> None:
        """Answer one GET."""
        host = handler.headers.get("Host", "")
        path = handler.path.split("?", 1)[0]
        operation = "keys" if path.lower() == KEYS_PATH else "get"
        fault = self._faults.take("metadata", operation, node=self.node.name)
        with self._lock:
            self._settle()
            status, body = _provider_answer(self.node, path) if isinstance(self.node, Provider) else _node_answer(self.node, path, host)
        told = None if fault is None else fault.get("do")
        self._log.record("metadata", operation, False, node=self.node.name, host=host, path=path, status=status, fault=told)
        if fault is not None and self._play(handler, fault):
            return
        if status == 200 and body is not None:
            handler.reply(200, "application/json;charset=UTF-8" if operation == "keys" else "application/samlmetadata+xml", body)
        else:
            handler.reply(status, "text/html; charset=us-ascii", f"<html><body><h2>HTTP Error {status}.</h2></body></html>".encode())

    def _play(self, handler: _Handler, fault: dict[str, Any]) -> bool:
        """Play a fault; say whether the request is answered by that."""
        do = fault.get("do")
        options: dict[str, Any] = do if isinstance(do, dict) else {"kind": do}
        kind = options.get("kind")
        if kind == "slow":
            self._stopping.wait(float(options.get("seconds", 5)))
            return False
        if kind in ("down", "drop"):
            handler.close_connection = True
        elif kind == "status":
            handler.reply(int(options.get("status", 503)), "text/html", b"<html><body>Service Unavailable</body></html>")
        elif kind == "garbage":
            handler.reply(200, "application/samlmetadata+xml", b"<EntityDescriptor><not closed")
        elif kind == "endless":
            self._endless(handler)
        else:
            raise ValueError(f"unknown fault of the metadata server: {kind!r}")
        return True

    def _endless(self, handler: _Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/samlmetadata+xml")
        handler.end_headers()
        handler.close_connection = True
        block, sent, until = b" " * 65536, 0, time.monotonic() + _CLIENT_TIMEOUT
        handler.wfile.write(b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">')
        while sent < _ENDLESS_BYTES and time.monotonic() < until and not self._stopping.is_set():
            handler.wfile.write(block)
            sent += len(block)


def _node_answer(node: Node, path: str, host: str) -> tuple[int, bytes | None]:
    wanted = str(node.configuration.properties["HostName"])
    if host.rsplit(":", 1)[0].lower() != wanted.lower() or path.lower() not in (PATH.lower(), KEYS_PATH):
        return 404, None
    if not node.service_running or node.signer is None:
        return 503, None
    return 200, discovery_keys(node) if path.lower() == KEYS_PATH else document(node)


def _provider_answer(provider: Provider, path: str) -> tuple[int, bytes | None]:
    return (200, provider_document(provider)) if path == provider.metadata_path else (404, None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: MetadataServer, context: ssl.SSLContext) -> None:
        self.owner = owner
        self._context = context
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket, Any]:
        """Accept without the handshake, which the connection's own thread does: a silent client must not block the others."""
        connection, address = self.socket.accept()
        connection.settimeout(_CLIENT_TIMEOUT)
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away, or do not trust us, are part of what is tested; anything else is shown."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self.server.owner.answer(self)

    def reply(self, status: int, content_type: str, body: bytes) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Requests are in the request log, not on the terminal."""
