# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests, answers, and the ways in which a fault spoils an answer.

What a fault does stands under its key ``do``: a word, or a mapping with ``kind`` and the options named here.

===================  ==================================================================================================
kind                 plays
===================  ==================================================================================================
status               an answer of ``code`` with ``headers`` and ``body`` (a mapping for JSON, a text for anything else; without one,
                     an HTML page from 500 on, else an empty error object)
throttle             429, with ``retry_after`` (seconds, a date, or null for none; default 1)
forbid               403 Authorization_RequestDenied
revoke               401, and the token sent is dead from then on
drop                 the connection closes without an answer
delay                waits ``seconds`` (at most 120), then goes on as usual
garbage              200 with a body that is no JSON (or ``body``)
truncate             the true answer, cut in the middle, with the length of the whole announced
huge                 200 with a JSON body of ``size`` bytes (default 50 MB)
endless              200 and a body that does not end: ``chunk`` bytes (default 65536) every ``interval`` seconds (default 0) until
                     ``limit_bytes`` (default 256 MB) or ``limit_seconds`` (default 60)
raw                  ``head`` (a text with the status line and headers) and then ``body``, just
                     as they are, in pieces of ``piece`` bytes every ``interval`` seconds; with ``repeat`` the body comes again and
                     again until ``limit_seconds`` (default 60) are over. ``body_base64`` for bytes
packed               the true answer packed as ``encoding`` says: gzip, deflate, bare-deflate or something that no client knows.
                     With ``size`` not the true answer but that many blanks inside JSON
nested               200 with a JSON body of lists, ``depth`` levels deep (default 100000), of ``opening`` brackets (default "[")
foreign_next_link    the true list of domains with a next link to ``url``
more_entries         the true list of domains with ``entries`` besides
skip_write           a PATCH is answered as if it had been done, and is not
sign_in_error        the login host's answer with the AADSTS ``number``, the OAuth word ``error`` (default invalid_client) and ``message``; in
                     the place of ``{request}`` the message repeats the whole form that was sent, as it came
echo                 an error of ``code`` (default 400) that repeats what was sent: authorization header and body, in the ``form`` raw, url,
                     json, base64 or html; for the token endpoint in its shape, else in Graph's
twice                one item of a batch is not carried out, and is answered twice, in contradiction
omit                 the answer to one item of a batch is left out
===================  ==================================================================================================

status, throttle, forbid, drop, garbage, raw and nested take ``when: after``: the request is carried out first, its answer is lost.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, quote

JSON_TYPE = "application/json"
GRAPH_JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
KINDS = frozenset(
    (
        "status",
        "throttle",
        "forbid",
        "revoke",
        "drop",
        "delay",
        "garbage",
        "truncate",
        "huge",
        "endless",
        "foreign_next_link",
        "more_entries",
        "skip_write",
        "omit",
        "twice",
        "sign_in_error",
        "echo",
        "raw",
        "packed",
        "nested",
    )
)
ITEM_KINDS = KINDS - {"drop", "truncate", "endless", "foreign_next_link", "more_entries", "garbage", "raw", "packed", "nested"}
_HTML = "<html><head><title>Service Unavailable</title></head><body><h2>Our services aren't available right now</h2></body></html>"


class FaultError(ValueError):
    """A fault that asks for something that the server cannot play."""


@dataclass
class Request:
    """One request, or one item of a batch."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes = b""
    connection: int = 0

    @property
    def host(self) -> str:
        """The Host header."""
        return self.headers.get("host", "")

    @property
    def client_request_id(self) -> str | None:
        """The client-request-id header."""
        return self.headers.get("client-request-id")


@dataclass
class Response:
    """One answer. ``data`` is JSON, or text for anything else; None is an empty body."""

    status: int
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the bytes to send."""
        if self.data is None:
            return b""
        if isinstance(self.data, bytes):
            return self.data
        text = self.data if isinstance(self.data, str) else json.dumps(self.data, separators=(",", ":"))
        return text.encode("utf-8")


@dataclass
class Dropped:
    """Close the connection, without an answer."""


@dataclass
class Truncated:
    """Send the first half of an answer, then close the connection."""

    response: Response


@dataclass
class Stream:
    """A long body: JSON that ``size`` bytes complete, or that nothing completes if ``size`` is None."""

    size: int | None
    chunk: int = 65536
    interval: float = 0.0
    limit_bytes: int = 256 * 1024 * 1024
    limit_seconds: float = 60.0


@dataclass
class Raw:
    """Bytes that are sent as they are, piece by piece."""

    head: bytes
    body: bytes
    piece: int = 1 << 20
    interval: float = 0.0
    repeat: bool = False
    limit_seconds: float = 60.0


Reply = Response | Dropped | Truncated | Stream | Raw


@dataclass
class Fault:
    """What a fault does to one request."""

    kind: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, taken: Mapping[str, Any] | None, item: bool = False) -> Fault | None:
        """Read a fault as ``Faults.take`` returns it. Raises FaultError for a kind that does not exist, or not for an item of a batch."""
        if taken is None:
            return None
        do = taken.get("do")
        options: Mapping[str, Any] = do if isinstance(do, Mapping) else {"kind": do}
        kind = options.get("kind")
        if kind not in (ITEM_KINDS if item else KINDS):
            raise FaultError(f"the lab cannot play the fault {kind!r} here; it knows {', '.join(sorted(ITEM_KINDS if item else KINDS))}")
        return cls(str(kind), options)

    @property
    def delay(self) -> float:
        """Seconds to wait before anything else."""
        return min(float(self.options.get("seconds", 1)), 120.0) if self.kind == "delay" else 0.0

    def instead(self, request: Request) -> Reply | None:
        """Return what takes the place of carrying the request out; None if it shall be carried out."""
        if self.options.get("when") == "after":
            return None
        return self._replacement(request)

    def afterwards(self, request: Request, response: Response) -> Reply:
        """Return what takes the place of the answer to a request that was carried out."""
        if self.kind == "truncate":
            return Truncated(response)
        if self.kind == "packed":
            return self._packed(response)
        if self.options.get("when") == "after":
            return self._replacement(request) or response
        return response

    def _replacement(self, request: Request) -> Reply | None:
        if self.kind == "drop":
            return Dropped()
        if self.kind == "status":
            return self._status(request)
        if self.kind == "throttle":
            retry_after = self.options.get("retry_after", 1)
            headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
            return graph_error(request, 429, "TooManyRequests", "Too many requests. Please retry later.", headers)
        if self.kind == "forbid":
            return denied(request)
        if self.kind == "garbage":
            body = self.options.get("body", '{"value":[{"id":"contoso.co\x00')
            return Response(200, str(body).encode("utf-8"), {"Content-Type": GRAPH_JSON_TYPE})
        if self.kind == "raw":
            return self._raw()
        if self.kind == "sign_in_error":
            number, message = int(self.options["number"]), str(self.options.get("message", "The lab refuses."))
            text = f"AADSTS{number}: {message.replace('{request}', request.body.decode('utf-8', 'replace'))}"
            return _sign_in_error(int(self.options.get("code", 401)), str(self.options.get("error", "invalid_client")), number, text)
        if self.kind == "echo":
            sent = request.headers.get("authorization", "") + " " + _decoded_form(request)
            text = "You sent " + _as_form(sent, str(self.options.get("form", "raw")))
            code = int(self.options.get("code", 400))
            if request.path.endswith("/token"):
                return _sign_in_error(code, "invalid_request", 900144, text)
            return graph_error(request, code, "Request_BadRequest", text)
        if self.kind == "nested":
            depth, opening = int(self.options.get("depth", 100_000)), str(self.options.get("opening", "["))
            closing = "".join({"[": "]", "{": "}"}.get(character, "") for character in reversed(opening))
            return Response(200, (opening * depth + "1" + closing * depth).encode(), {"Content-Type": GRAPH_JSON_TYPE})
        if self.kind == "huge":
            return Stream(int(self.options.get("size", 50_000_000)))
        if self.kind == "endless":
            given = {name: self.options[name] for name in ("chunk", "interval", "limit_bytes", "limit_seconds") if name in self.options}
            return Stream(None, **given)
        return None

    def _raw(self) -> Raw:
        head = str(self.options.get("head", "HTTP/1.1 200 OK\r\n\r\n")).encode("latin-1")
        body = base64.b64decode(self.options["body_base64"]) if "body_base64" in self.options else str(self.options.get("body", "")).encode("utf-8")
        return Raw(head, body, **{name: self.options[name] for name in ("piece", "interval", "repeat", "limit_seconds") if name in self.options})

    def _packed(self, response: Response) -> Response:
        encoding = str(self.options.get("encoding", "gzip"))
        body = response.body() if "size" not in self.options else b'{"value":[' + b" " * int(self.options["size"]) + b"]}"
        if encoding == "gzip":
            body = gzip.compress(body)
        elif encoding == "deflate":
            body = zlib.compress(body)
        elif encoding == "bare-deflate":
            packer = zlib.compressobj(wbits=-15)
            body, encoding = packer.compress(body) + packer.flush(), "deflate"
        return Response(response.status, body, {**response.headers, "Content-Encoding": encoding})

    def _status(self, request: Request) -> Response:
        code = int(self.options.get("code", 503))
        headers = {str(name): str(value) for name, value in self.options.get("headers", {}).items()}
        body = self.options.get("body", _HTML if code >= 500 else None)
        if body is None and code >= 400:
            response = graph_error(request, code, "", "The request failed.")
            response.headers.update(headers)
            return response
        content_type = GRAPH_JSON_TYPE if isinstance(body, (Mapping, list)) else "text/html; charset=utf-8"
        return Response(code, body, {"Content-Type": content_type, **headers})


def _sign_in_error(status: int, error: str, number: int, text: str) -> Response:
    identifier = str(uuid.uuid4())
    stamp = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
    body = {
        "error": error,
        "error_description": f"{text} Trace ID: {identifier} Correlation ID: {identifier} Timestamp: {stamp}",
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": identifier,
        "correlation_id": identifier,
    }
    return Response(status, body, {"Content-Type": JSON_TYPE + "; charset=utf-8"})


def _decoded_form(request: Request) -> str:
    """Return the values of a form, else the body, as text."""
    text = request.body.decode("utf-8", "replace")
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return text
    return " ".join(f"{name}={value}" for name, value in parse_qsl(text, keep_blank_values=True))


def _as_form(text: str, form: str) -> str:
    """Return the text as servers repeat what they got."""
    if form == "url":
        return quote(text, safe="")
    if form == "json":
        return json.dumps(json.dumps(text)).replace("/", "\\/")
    if form == "base64":
        return base64.b64encode(text.encode()).decode("ascii")
    return html.escape(text) if form == "html" else text


def request_id() -> str:
    """Return a new request-id."""
    return str(uuid.uuid4())


def graph_error(request: Request, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error in Graph's shape, with ids that the headers repeat."""
    identifier = request_id()
    client_identifier = request.client_request_id or identifier
    inner = {"date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"), "request-id": identifier, "client-request-id": client_identifier}
    return Response(
        status,
        {"error": {"code": code, "message": message, "innerError": inner}},
        {"Content-Type": GRAPH_JSON_TYPE, "request-id": identifier, "client-request-id": client_identifier, **(headers or {})},
    )


def denied(request: Request) -> Response:
    """Return Graph's answer to a token without the permission."""
    return graph_error(request, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
