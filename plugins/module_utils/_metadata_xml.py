# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""From the bytes of a metadata document to its XML tree: one known encoding, and nothing that makes work grow faster than the document."""

from __future__ import annotations

import codecs
import re
import typing as t

try:
    from lxml import etree
except ImportError:
    pass  # _metadata.py reports it; nothing here is called then

from ansible_collections.federation.adfs.plugins.module_utils._text import printable

MAX_METADATA_BYTES = 1024 * 1024
"""AD FS publishes 30 to 85 kB; more than this is something else."""

_MAX_DEPTH = 64  # AD FS nests 10 deep; libxml2 alone would allow 2048
# Sorting attributes and looking up prefixes takes time in proportion to their square, so the limits are far below what would be felt, and far
# above what products publish (less than 20 of each).
_MAX_ATTRIBUTES = 64
_MAX_NAMESPACES = 64

_XINCLUDE = "{http://www.w3.org/2001/XInclude}"
_ENCODINGS = ("utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252")
_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_TOKEN_OF_TAG = re.compile(r""""[^"]*"|'[^']*'|[>=]""")


class MetadataError(ValueError):
    """The bytes are not federation metadata that can be read; the message says why."""


def plain_utf8(data: bytes) -> bytes:
    """Return the document as UTF-8 without a byte order mark, after refusing what no XML parser should see.

    One known encoding means that the search for a DTD below cannot be fooled by another one. Raises MetadataError.
    """
    if len(data) > MAX_METADATA_BYTES:
        raise MetadataError(f"the document is larger than {MAX_METADATA_BYTES} bytes; federation metadata is far smaller")
    if data.startswith(b"\x1f\x8b"):
        raise MetadataError("the document is compressed; give it uncompressed")
    start = data.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:512].lower()
    if b"<html" in start or start.startswith(b"<!doctype html"):
        raise MetadataError("this is a web page (HTML), not federation metadata; check the address, and whether a proxy or a sign-in page answered")
    text = _decoded(data).lstrip("\ufeff \t\r\n")
    if not text:
        raise MetadataError("the document is empty")
    if not text.startswith("<"):
        raise MetadataError("the document is not XML")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MetadataError("the document has a DTD or entities, which federation metadata never has; it is refused, because they are used for attacks")
    _refuse_long_tags(text)
    return text.encode("utf-8", errors="strict")


def parse(body: bytes) -> etree._Element:
    """Return the root of a document that ``plain_utf8`` returned. Raises MetadataError for what is not well-formed, too deep, or includes others."""
    try:
        root = etree.fromstring(body, parser())
    except etree.XMLSyntaxError as exc:
        if "depth" in str(exc).lower():
            raise MetadataError("the document is nested too deeply for federation metadata") from exc
        line, column = exc.position
        raise MetadataError(f"the document is not well-formed XML (line {line}, column {column}); it may be cut off or edited: fetch it again") from exc
    if _depth_exceeds(root, _MAX_DEPTH):
        raise MetadataError("the document is nested too deeply for federation metadata")
    if next(root.iter(_XINCLUDE + "*"), None) is not None:
        raise MetadataError("the document includes other documents (XInclude), which federation metadata never does; it is refused")
    if _namespaces_exceed(root, _MAX_NAMESPACES):
        raise MetadataError(f"an element has more than {_MAX_NAMESPACES} namespaces, which federation metadata never has; the document is refused")
    return root


def parser() -> etree.XMLParser:
    """Return a parser that reads nothing but the text it is given."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
    )


def text_of(element: etree._Element) -> str:
    """Return the text directly inside an element; ``element.text`` alone would end at the first comment."""
    return "".join([element.text or "", *(child.tail or "" for child in element)])


def _decoded(data: bytes) -> str:
    encoding = _encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        if encoding in ("utf-8", "utf-16"):
            raise MetadataError("the document is not UTF-8 text; federation metadata is XML in UTF-8") from exc
        raise MetadataError(f"the document is not {encoding.upper()} text, as which it begins; fetch it again") from exc


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    declared = _DECLARED.match(data.lstrip(b" \t\r\n")[:200])
    if declared is None:
        return "utf-8"
    name = declared.group(1).decode("ascii").lower()
    if name not in _ENCODINGS:
        raise MetadataError(f"the document is encoded as {printable(name)}, which is not read; save it as UTF-8, or fetch it again")
    return name


def _refuse_long_tags(text: str) -> None:
    """Refuse a tag with very many attributes or namespaces before a parser sees it: some compare each with each."""
    for piece in text.split("<")[1:]:
        if piece.count("=") > _MAX_ATTRIBUTES and not piece.startswith(("!", "?")):
            attributes = 0
            for token in _TOKEN_OF_TAG.finditer(piece):
                attributes += token.group() == "="
                if token.group() == ">":
                    break
                if attributes > _MAX_ATTRIBUTES:
                    raise MetadataError(f"an element has more than {_MAX_ATTRIBUTES} attributes, which federation metadata never has; the document is refused")


def _depth_exceeds(root: etree._Element, limit: int) -> bool:
    level = [root]
    for _step in range(limit):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _namespaces_exceed(root: etree._Element, limit: int) -> bool:
    """Whether more than ``limit`` namespaces are declared on the way from the root to any element."""
    declared = 0
    for event, _what in t.cast("t.Iterable[tuple[str, t.Any]]", etree.iterwalk(root, events=("start-ns", "end-ns"))):
        declared += 1 if event == "start-ns" else -1
        if declared > limit:
            return True
    return False
