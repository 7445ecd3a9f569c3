# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata documents that stay below the size limit and are made to cost a reader as much as possible."""

from __future__ import annotations

import base64
import codecs
import json
import typing as t

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

MOST_BYTES = 1024 * 1024
ROOM = 16_000  # for the document around the filling
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"'


def _fill(piece: str, room: int = MOST_BYTES - ROOM) -> str:
    return piece * (room // len(piece))


def _names(count: int, form: str) -> str:
    return " ".join(form.format(n) for n in range(count))


def documents(make: t.Any) -> t.Iterator[tuple[str, bytes]]:
    """Yield name and document, one after the other; ``make`` is the module metadata_documents."""
    keypair = make.make_keypair("ADFS Signing - old")
    body = keypair.base64
    key = make.keys([body], [])

    def plain(filling: str, sts_keys: str = key) -> bytes:
        return bytes(make.document(sts_keys, key, extra=f"<Extensions>{filling}</Extensions>" if filling else "").encode())

    def signed(filling: str) -> bytes:
        return bytes(make.sign(plain(filling).decode(), keypair))

    def late(filling: str) -> bytes:
        """Filled after it was signed: the reader notices only after canonicalizing, and making it takes no time."""
        return signed("<x/>").replace(b"<x/>", filling.encode())

    genuine = make.adfs_document(keypair)
    for name, filling in make.FILLINGS.items():
        yield f"full of {name}", make.filled(filling)
    yield "empty comments in a certificate", plain("", make.keys([body[:40] + _fill("<!---->") + body[40:]], []))
    yield "letters between comments in a certificate", plain("", make.keys([_fill("A<!---->")], []))
    yield "blanks between comments in a certificate", plain("", make.keys([body[:40] + _fill(" <!---->") + body[40:]], []))
    yield "instructions in a certificate", plain("", make.keys([body[:40] + _fill(" <?a?>") + body[40:]], []))
    yield "blanks in a certificate", plain("", make.keys([body[:40] + _fill(" ") + body[40:]], []))
    yield "a certificate that begins again and again", plain("", make.keys([_fill("-----BEGIN CERTIFICATE-----")], []))
    yield "a certificate that ends again and again", plain("", make.keys(["-----BEGIN CERTIFICATE-----" + _fill("-----END CERTIFICATE-----")], []))
    yield "many keys, written differently", plain("", make.keys([body[:n] + " " + body[n:] for n in range(1, 550)], []))
    yield "empty comments in an address", plain("").replace(b"/adfs/ls/</Address>", b"/adfs/ls/" + _fill("<!---->a").encode() + b"</Address>", 1)
    yield "ascending attributes", plain("<x " + _names(75_000, 'a{:06}=""') + "/>")
    yield "descending attributes", plain("<x " + " ".join(f'a{n:06}=""' for n in range(75_000, 0, -1)) + "/>")
    yield "ascending attributes, signed", late("<x " + _names(75_000, 'a{:06}=""') + "/>")
    yield "descending attributes, signed", late("<x " + " ".join(f'a{n:06}=""' for n in range(75_000, 0, -1)) + "/>")
    yield "2,000 ascending attributes on each element, signed", late(("<x " + _names(2_000, 'a{:04}=""') + "/>") * 50)
    yield "63 attributes on each element", signed(_fill("<x " + _names(63, 'a{:02}=""') + "/>"))
    yield "many declarations on one element", plain("<x " + _names(40_000, 'xmlns:n{}="urn:x"') + "/>")
    yield "many declarations on one element, signed", late("<x " + _names(30_000, 'xmlns:n{0:05}="urn:{0}"') + "/>")
    used = " ".join(f'xmlns:n{n}="urn:{n}" n{n}:a=""' for n in range(25_000))
    yield "many declarations that are used, signed", late(f"<x {used}/>")
    declared = _names(30, 'xmlns:n{0}="urn:{0}"')
    yield "30 declarations on each element", signed(_fill(f"<x {declared}/>"))
    yield "elements of many namespaces", signed(f"<x {declared}>" + _fill("".join(f"<n{n}:x/>" for n in range(30))) + "</x>")
    nested = 50
    yield "nested declarations", signed("".join(f'<x xmlns:m{n}="urn:{n}">' for n in range(nested)) + _fill("<m0:x/>") + "</x>" * nested)
    levels = [_names(60, 'xmlns:a%dx{0}="urn:{0}"' % level) for level in range(50)]  # noqa: UP031 - braces are for _names
    yield "declarations on every level", late("".join(f"<x {level}>" for level in levels) + _fill("<x/>", 850_000) + "</x>" * 50)
    yield "signed elements", signed(_fill("<x/>"))
    yield "signed comments", signed(_fill("<!---->"))
    yield "references to characters", plain(_fill("&#65;"))
    for count in (20, 60, 10_000):
        yield f"a signature with {count} prefixes", with_prefixes(signed(_fill("<x/>", 900_000)), keypair, [f"p{n}" for n in range(count)])
    deep = "".join(f'<x xmlns:m{n}="urn:{n}">' for n in range(nested)) + _fill("<x/>") + "</x>" * nested
    yield "a signature with 20 prefixes, looked up on every level", with_prefixes(signed(deep), keypair, [f"p{n}" for n in range(20)])
    for count in (40, 20_000):
        prefixes = _names(count, "p{}").encode()
        listed = EXCLUSIVE + b'><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="' + prefixes + b'"/></ds:Transform>'
        yield f"{count} prefixes in a signature that does not fit", signed(_fill("<x/>", 700_000)).replace(EXCLUSIVE + b"/>", listed)
    yield "undeclared prefixes", plain(_fill("<a:x/>"))
    yield "undeclared prefixes of attributes", plain(_fill('<x b:c=""/>'))
    yield "the same attribute twice", plain(_fill('<x a="" a=""/>'))
    yield "comments that do not end", plain(_fill("<!--"))
    yield "CDATA that does not end", plain(_fill("<![CDATA["))
    yield "quotes that do not end", plain("<x " + _fill("a='"))
    yield "equals signs in text", plain(_fill('="'))
    yield "equals signs in an attribute", plain(f"""<x a='{_fill('="')}'/>""")
    yield "nested as deep as allowed", plain(_fill("<x>" * 55 + "</x>" * 55))
    yield (
        "token services",
        plain("")[: -len("</EntityDescriptor>")]
        + _fill('<RoleDescriptor xmlns:f="http://docs.oasis-open.org/wsfed/federation/200706"><f:SecurityTokenServiceEndpoint/></RoleDescriptor>').encode()
        + b"</EntityDescriptor>",
    )
    yield "blanks in the signature's value", genuine.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>" + b" " * 900_000)
    yield "comments in the signature", genuine.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>" + _fill("<!---->").encode())
    certificate = f"<ds:X509Certificate>{body}</ds:X509Certificate>".encode()
    yield "certificates in the signature", genuine.replace(b"<ds:X509Data>", b"<ds:X509Data>" + certificate * 600)
    other = make.make_keypair("somebody else")
    wrong = f"<ds:X509Certificate>{other.base64}</ds:X509Certificate>".encode()
    yield "a large document, and the certificate that signed it the last of five", signed(_fill("<x/>")).replace(b"<ds:X509Data>", b"<ds:X509Data>" + wrong * 4)
    yield "a large document that none of five certificates signed", signed(_fill("<x/>")).replace(certificate, wrong * 5)
    saml = b'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
    yield "a list of many entities", saml + b'<EntityDescriptor entityID="x"/>' * 31_000 + b"</EntitiesDescriptor>"
    yield "a list with one large entity", saml + signed(_fill("<x/>", 1_000_000)) + b"</EntitiesDescriptor>"
    yield "lists in lists", saml * 60 + _fill("<EntitiesDescriptor/>").encode() + b"</EntitiesDescriptor>" * 60
    yield "UTF-16", codecs.BOM_UTF16_LE + plain(_fill("<x/>", 480_000)).decode().encode("utf-16-le")


def key_sets(make: t.Any) -> t.Iterator[tuple[str, bytes]]:
    """Yield name and text of lists of keys (JSON), below the limit of a download."""
    body = make.make_keypair("ADFS Signing - old").base64
    one = json.dumps({"use": "sig", "x5c": [body]})
    yield "nested lists", b"[" * 250_000
    yield "nested objects", b'{"a":' * 50_000
    yield "a long number", b'{"keys": [' + b"9" * 250_000 + b"]}"
    yield "the same member again and again", b'{"keys": [], ' + b'"a": 1, ' * 30_000 + b'"b": 1}'
    yield "many keys", ('{"keys": [' + ", ".join([one] * 49) + "]}").encode()
    yield "too many keys", ('{"keys": [' + ", ".join(["{}"] * 60_000) + "]}").encode()
    yield "a long name", json.dumps({"keys": [{"kid": "\u202e" * 40_000}]}).encode()
    yield "a long modulus", json.dumps({"keys": [{"x5c": [body], "n": "A" * 250_000}]}).encode()
    yield "a chain of many", json.dumps({"keys": [{"x5c": [body] * 150}]}).encode()
    yield "larger than a list may be", b" " * MOST_BYTES


def with_prefixes(document: bytes, keypair: t.Any, prefixes: list[str]) -> bytes:
    """Sign again, with prefixes in the list that are looked up for every element; as none of them is declared, the digest stays."""
    root = etree.fromstring(document)
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    transform = list(info.iter(f"{{{DS}}}Transform"))[-1]
    etree.SubElement(transform, "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces", PrefixList=" ".join(prefixes))
    value = keypair.key.sign(etree.tostring(info, method="c14n", exclusive=True), padding.PKCS1v15(), hashes.SHA256())
    next(root.iter(f"{{{DS}}}SignatureValue")).text = base64.b64encode(value).decode()
    return etree.tostring(root)
