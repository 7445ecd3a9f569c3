# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every server shows its own signed metadata document."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from lxml import etree
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.verifier import XMLVerifier

from lab.clock import Clock
from lab.farm import TOKEN_DECRYPTING, TOKEN_SIGNING, Farm, Node, ServiceCertificate
from lab.faults import Faults
from lab.keys import Authority, lab_authority, self_signed, server_context
from lab.log import RequestLog
from lab.metadata import PATH, MetadataServer, document

NAMES = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "fed": "http://docs.oasis-open.org/wsfed/federation/200706",
    "wsa": "http://www.w3.org/2005/08/addressing",
}
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@pytest.fixture
def farm() -> Farm:
    clock = Clock()
    now = clock.now()
    farm = Farm(clock, "sts.contoso.com", ["adfs1.contoso.com", "adfs2.contoso.com"])
    farm.install(
        [
            ServiceCertificate(TOKEN_SIGNING, True, "CurrentUser", "My", self_signed("ADFS Signing - sts.contoso.com", now, now + timedelta(days=100))),
            ServiceCertificate(TOKEN_DECRYPTING, True, "CurrentUser", "My", self_signed("ADFS Encryption", now, now + timedelta(days=100))),
        ]
    )
    return farm


def signer_of(xml: bytes) -> bytes:
    """Return the certificate in the document's signature."""
    body = etree.fromstring(xml).findtext("ds:Signature/ds:KeyInfo/ds:X509Data/ds:X509Certificate", namespaces=NAMES)
    assert body is not None and "\n" not in body
    return base64.b64decode(body)


def verify(xml: bytes, node: Node) -> None:
    assert node.signer is not None
    XMLVerifier().verify(xml, x509_cert=node.signer.keyed.certificate, id_attribute="ID")


def test_the_document_has_the_structure_of_adfs_and_a_valid_signature(farm: Farm) -> None:
    xml = document(farm.primary_node)
    root = etree.fromstring(xml)
    assert root.get("entityID") == farm.identifier
    assert [etree.QName(child).localname for child in root] == [
        "Signature", "RoleDescriptor", "RoleDescriptor", "SPSSODescriptor", "IDPSSODescriptor", "ContactPerson",
    ]  # fmt: skip
    assert [child.get(XSI_TYPE) for child in root.findall("md:RoleDescriptor", NAMES)] == ["fed:ApplicationServiceType", "fed:SecurityTokenServiceType"]
    uses = [[key.get("use") for key in child.findall("md:KeyDescriptor", NAMES)] for child in list(root)[1:5]]
    assert uses == [["encryption"], ["signing"], ["encryption", "signing"], ["encryption", "signing"]]
    reference = root.find("ds:Signature/ds:SignedInfo/ds:Reference", NAMES)
    assert reference is not None and reference.get("URI") == f"#{root.get('ID')}"
    algorithms = {str(item.get("Algorithm")).rsplit("#", 1)[-1] for item in root.iterfind("ds:Signature//*[@Algorithm]", NAMES)}
    assert algorithms == {"rsa-sha256", "sha256", "enveloped-signature", ""}, "the last one is exclusive canonicalization"
    assert root.findtext(".//fed:SecurityTokenServiceEndpoint//wsa:Address", namespaces=NAMES) == (
        "https://sts.contoso.com/adfs/services/trust/2005/certificatemixed"
    )
    verify(xml, farm.primary_node)


def test_a_changed_document_does_not_verify(farm: Farm) -> None:
    xml = document(farm.primary_node)
    with pytest.raises((InvalidDigest, InvalidSignature)):
        verify(xml.replace(b"/adfs/ls/", b"/adfs/xx/", 1), farm.primary_node)


def test_both_signing_certificates_are_shown_while_two_exist(farm: Farm) -> None:
    farm.primary_node.update_adfs_certificate()
    root = etree.fromstring(document(farm.primary_node))
    for descriptor in ("md:RoleDescriptor[2]", "md:SPSSODescriptor", "md:IDPSSODescriptor"):
        keys = root.findall(f"{descriptor}/md:KeyDescriptor[@use='signing']", NAMES)
        shown = [base64.b64decode(key.findtext(".//ds:X509Certificate", namespaces=NAMES) or "") for key in keys]
        assert shown == [item.der for item in farm.primary_node.published_signing_certificates] and len(shown) == 2
    assert len(root.findall("md:IDPSSODescriptor/md:KeyDescriptor[@use='encryption']", NAMES)) == 1
    assert signer_of(document(farm.primary_node)) == farm.primary_node.published_signing_certificates[0].der
    farm.switches["metadata_lists_primary_last"] = True
    assert farm.primary_node.published_signing_certificates[1].is_primary


def test_a_lagging_server_shows_and_signs_with_its_own_copy(farm: Farm) -> None:
    first, second = farm.nodes
    before = second.signer
    first.update_adfs_certificate(TOKEN_SIGNING, urgent=True)
    assert before is not None and signer_of(document(second)) == before.der != signer_of(document(first))
    verify(document(second), second)
    verify(document(first), first)


def test_a_farm_without_ws_trust_shows_the_address_for_browsers_alone(farm: Farm) -> None:
    farm.switches["ws_trust_published"] = False
    xml = document(farm.primary_node)
    addresses = {str(item.text) for item in etree.fromstring(xml).iterfind(".//wsa:Address", NAMES)}
    assert addresses == {"https://sts.contoso.com/adfs/ls/", farm.identifier}
    verify(xml, farm.primary_node)


class Service:
    """A metadata server and a client that trusts the lab's CA."""

    def __init__(self, node: Node, authority: Authority) -> None:
        self.node, self.log, self.faults = node, RequestLog(), Faults()
        self.server = MetadataServer(node, server_context(authority, ("sts.contoso.com",)), threading.RLock(), lambda: None, self.log, self.faults)
        self._trust = ssl.create_default_context(cadata=authority.pem)

    def get(self, path: str = PATH, host: str = "sts.contoso.com", timeout: float = 5) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        connection.connect()
        connection.sock = self._trust.wrap_socket(connection.sock, server_hostname="sts.contoso.com")
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read(1_000_000)
        finally:
            connection.close()


@pytest.fixture
def service(farm: Farm) -> Iterator[Service]:
    service = Service(farm.primary_node, lab_authority())
    service.server.start()
    yield service
    service.server.stop()


def test_the_server_answers_for_the_service_name_in_any_letter_case(service: Service) -> None:
    for path, host in ((PATH, "sts.contoso.com"), (PATH.lower(), "STS.contoso.com:443")):
        status, body = service.get(path, host)
        assert status == 200
        verify(body, service.node)
    assert service.get(host="127.0.0.1")[0] == 404
    assert service.get("/adfs/ls/")[0] == 404
    assert service.log.counters() == {"metadata.get": 4}
    assert {entry["node"] for entry in service.log.entries()} == {"adfs1.contoso.com"}


def test_the_keys_of_openid_connect_are_those_of_the_metadata(service: Service) -> None:
    service.node.update_adfs_certificate()
    status, body = service.get("/adfs/discovery/keys")
    assert status == 200
    shown = [base64.b64decode(key["x5c"][0]) for key in json.loads(body)["keys"]]
    assert shown == [item.der for item in service.node.published_signing_certificates] and len(shown) == 2
    service.faults.add({"surface": "metadata", "operation": "keys", "do": {"kind": "status", "status": 404}})
    assert service.get()[0] == 200
    assert service.get("/adfs/discovery/keys")[0] == 404
    assert service.log.counters() == {"metadata.keys": 2, "metadata.get": 1}


def test_a_stopped_service_answers_503(service: Service) -> None:
    service.node.stop_service()
    assert service.get()[0] == 503


def test_faults(service: Service) -> None:
    service.faults.add({"surface": "metadata", "node": "adfs2.contoso.com", "do": "down"})
    assert service.get()[0] == 200, "a fault of another server"
    service.faults.clear()
    service.faults.add({"surface": "metadata", "do": "down"})
    with pytest.raises((http.client.HTTPException, OSError)):
        service.get()
    service.faults.add({"surface": "metadata", "do": "garbage"})
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(service.get()[1])
    service.faults.add({"surface": "metadata", "do": {"kind": "status", "status": 404}})
    assert service.get()[0] == 404
    service.faults.add({"surface": "metadata", "do": {"kind": "slow", "seconds": 2}})
    with pytest.raises(TimeoutError):
        service.get(timeout=0.5)
    service.faults.add({"surface": "metadata", "do": "endless"})
    assert len(service.get()[1]) == 1_000_000
    assert service.get()[0] == 200, "each fault is used up"
