# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Fetch metadata documents over HTTPS, also from one server of a farm by its own address, within a fixed time and size."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import threading
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK = 64 * 1024
_MAX_PROXY_ANSWER = 16 * 1024
_UNTYPED = ("application/octet-stream", "text/plain")  # how plain file servers send XML
_WRONG_NAME = 62  # X509_V_ERR_HOSTNAME_MISMATCH
_WRONG_ADDRESS = 64  # X509_V_ERR_IP_ADDRESS_MISMATCH


KINDS = ("dns", "connect", "tls", "status", "not_metadata", "timeout")


class FetchError(Exception):
    """The document could not be fetched; the message says from where, why, and what to do next.

    ``kind`` is one of KINDS, or ``options`` where nothing could be asked. ``certificate``: that of the server (DER), if TLS got so far.
    """

    def __init__(self, message: str, kind: str = "options", certificate: bytes | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.certificate = certificate


class Document(bytes):
    """What a server answered, and the TLS certificate (DER) with which it did."""

    certificate: bytes | None = None


@dataclass(frozen=True)
class Target:
    """One document at one server. With ``address`` that server is asked, whatever the name in ``url`` resolves to."""

    url: str
    address: str | None = None
    port: int | None = None


def fetch_all(targets: t.Sequence[Target], timeout: float, max_bytes: int, ca_path: str | None = None, proxy: str | None = None) -> list[Document | FetchError]:
    """Fetch all targets at the same time; the answers come in the order of ``targets``.

    ``timeout`` is the limit in seconds for everything together, from looking up the name to the last byte; who has not
    finished by then gets a FetchError in its place, as does any other server that cannot be read.
    ``ca_path`` (a file or folder of PEM certificates) comes before the environment's REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE,
    and these before the system's store. No redirect is followed. ``proxy`` (an http URL) is asked for a tunnel to each target; none is taken from
    the environment, since the servers of a farm are inside.
    Raises FetchError if an address or the certificates of ``ca_path`` cannot be used at all.
    """
    context = _tls_context(ca_path)
    through = _split_proxy(proxy) if proxy else None
    fetches = [_Fetch(target, context, timeout, max_bytes, through) for target in targets]
    deadline = time.monotonic() + timeout
    for fetch in fetches:
        fetch.start()
    for fetch in fetches:
        fetch.join(max(0.0, deadline - time.monotonic()))
    return [fetch.outcome() for fetch in fetches]


class _Fetch(threading.Thread):
    """One download. A thread, because no time limit of a socket covers name look-ups or a server that sends a byte now and then."""

    def __init__(self, target: Target, context: ssl.SSLContext, timeout: float, max_bytes: int, proxy: tuple[str, int] | None = None) -> None:
        super().__init__(daemon=True)  # a name server that hangs must not keep the process from ending
        self.host, self.url_port, self.path = _split(target.url)
        self.address = (target.address or self.host).strip("[]")
        self.port = target.port or self.url_port
        self.url = target.url
        self.context = context
        self.timeout = timeout
        self.max_bytes = max_bytes
        self.proxy = proxy
        self.stage = "looking up the name"
        self.sock: socket.socket | None = None
        self.certificate: bytes | None = None
        self.result: Document | FetchError | None = None

    def run(self) -> None:
        try:
            self.result = self._fetch()
        except FetchError as exc:
            self.result = exc
        except Exception as exc:  # noqa: BLE001 - a thread has no caller who would see it otherwise
            self.result = self._error("connect", f"it failed while {self.stage} ({_reason(exc)})")
        finally:
            if self.sock is not None:
                self.sock.close()

    def outcome(self) -> Document | FetchError:
        """Return what has been fetched, or why not; ends a download that still runs."""
        result = self.result
        if result is not None:
            return result
        stage = self.stage  # before the connection ends, which moves the reading thread on
        if self.sock is not None:
            try:
                # The class's own method: SSLSocket.shutdown would swap the state from under the reading thread.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                pass  # closed in the meantime
        return self._error(
            "timeout", f"no complete answer within {self.timeout:g} seconds (still {stage}); check the address and firewalls, or allow more time"
        )

    def _error(self, kind: str, why: str) -> FetchError:
        return FetchError(f"{self.url} cannot be read from {self.address} port {self.port}: {why}", kind, self.certificate)

    def _fetch(self) -> Document:
        host, port = self.proxy or (self.address, self.port)
        addresses = self._look_up(host, port)
        self.sock = self._connect(addresses)
        if self.proxy is not None:
            self._ask_proxy(self.sock)
        self.sock = self._start_tls(self.sock)
        document = Document(self._get(self.sock))
        document.certificate = self.certificate
        return document

    def _look_up(self, host: str, port: int) -> list[t.Any]:
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as exc:
            raise self._error("dns", f"the name '{host}' cannot be resolved ({_reason(exc)}); check its spelling and the name servers") from exc

    def _connect(self, addresses: list[t.Any]) -> socket.socket:
        self.stage = "connecting"
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _name, address in addresses:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(self.timeout / len(addresses))  # an unreachable first address must leave time for the second
            try:
                connection.connect(address)
                connection.settimeout(self.timeout)
                return connection
            except OSError as exc:
                connection.close()
                failure = exc
        if isinstance(failure, ConnectionRefusedError):
            why = "the connection was refused; nothing listens there, or a firewall rejects it: check address, port, and that AD FS is running"
        else:
            why = f"no connection ({_reason(failure)}); check address, port and firewalls"
        raise self._error(_kind(failure), why) from failure

    def _ask_proxy(self, connection: socket.socket) -> None:
        """Have the proxy connect to the server. Its answer is read byte by byte, as what follows it belongs to TLS."""
        self.stage = "asking the proxy"
        place = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        try:
            connection.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode("ascii", errors="strict"))
            head = b""
            while not head.endswith(b"\r\n\r\n") and len(head) < _MAX_PROXY_ANSWER:
                byte = connection.recv(1)
                if not byte:
                    break
                head += byte
        except (OSError, UnicodeError) as exc:
            raise self._error(_kind(exc), f"the proxy does not answer ({_reason(exc)}); check the proxy") from exc
        status = _printable(head.split(b"\r\n", 1)[0].decode("latin-1"))
        if not re.match(r"HTTP/1\.[01] 2\d\d( |$)", status) or not head.endswith(b"\r\n\r\n"):
            raise self._error("connect", f"the proxy refuses to connect to it ({status or 'no answer'}); check the proxy, and what it lets through")

    def _start_tls(self, connection: socket.socket) -> ssl.SSLSocket:
        self.stage = "agreeing on TLS"
        # The name of the service, not the address of the server: AD FS picks its certificate by it, and the certificate must bear it.
        tls = self.context.wrap_socket(connection, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = tls
        try:
            tls.do_handshake()
            self.certificate = tls.getpeercert(binary_form=True)
            return tls
        except ssl.SSLCertVerificationError as exc:
            if exc.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
                why = f"its TLS certificate is not made out to '{self.host}'; check that this server belongs to the federation service"
            else:
                why = f"its TLS certificate is not trusted ({exc.verify_message}); give the certificate authority with ca_path, or renew the certificate"
            raise self._error("tls", why) from exc
        except OSError as exc:  # ssl.SSLError is one
            why = f"TLS failed ({_reason(exc)}); check that the port speaks HTTPS and serves the name '{self.host}'"
            raise self._error(_kind(exc, "tls"), why) from exc

    def _get(self, tls: ssl.SSLSocket) -> bytes:
        self.stage = "waiting for the answer"
        connection = http.client.HTTPSConnection(self.host, self.url_port, timeout=self.timeout, context=self.context)
        connection.sock = tls
        try:
            connection.request("GET", self.path, headers={"Accept": "application/samlmetadata+xml, text/xml, */*;q=0.5", "Connection": "close"})
            with connection.getresponse() as response:
                self._check_status(response)
                self.stage = "reading the answer"
                return self._read_body(response)
        except (OSError, http.client.HTTPException) as exc:
            raise self._error(_kind(exc), f"the answer broke off or is not HTTP ({_reason(exc)}); try again, and check what listens on that port") from exc

    def _check_status(self, response: http.client.HTTPResponse) -> None:
        status = f"{response.status} {_printable(response.reason)}".strip()
        if 300 <= response.status < 400:
            place = _printable(response.headers.get("Location") or "nowhere")
            raise self._error(
                "status", f"the server redirects ({status}) to {place}; redirects are not followed: if that is the right place, give it as the address"
            )
        if response.status == 503:
            raise self._error("status", f"the server answered {status}; the AD FS service is probably stopped or starting: check it there")
        if response.status != 200:
            raise self._error("status", f"the server answered {status}; check the path, and that the metadata endpoint is enabled in AD FS")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise self._error("not_metadata", f"the answer is compressed ({_printable(encoding)}) although that was not asked for; it is refused")
        kind = response.headers.get_content_type() if "Content-Type" in response.headers else ""
        if kind and "xml" not in kind and kind not in _UNTYPED:
            raise self._error(
                "not_metadata",
                f"the answer is of the type {_printable(kind)}, and metadata is XML; check the address, and whether a proxy or a sign-in page answered",
            )

    def _read_body(self, response: http.client.HTTPResponse) -> bytes:
        body = bytearray()
        while len(body) <= self.max_bytes:
            chunk = response.read1(min(_CHUNK, self.max_bytes + 1 - len(body)))
            if not chunk:
                if response.length:  # with read1 the library does not complain itself
                    raise http.client.IncompleteRead(bytes(body), response.length)
                return bytes(body)
            body += chunk
        raise self._error("not_metadata", f"the answer is larger than {self.max_bytes} bytes; federation metadata is far smaller: check the address")


def _tls_context(ca_path: str | None) -> ssl.SSLContext:
    place = ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not place:
        return ssl.create_default_context()
    path = os.path.expanduser(place)
    try:
        if os.path.isdir(path):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as exc:
        origin = "ca_path" if ca_path else "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
        raise FetchError(f"the certificate authorities in {place} (from {origin}) cannot be read ({_reason(exc)}); give a PEM file or folder") from exc


def _split(url: str) -> tuple[str, int, str]:
    """Return host, port and path with query of an https URL. Raises FetchError, without repeating a password in the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as exc:
        raise FetchError(f"the URL of the metadata cannot be read ({exc})") from exc
    if parts.username is not None or parts.password is not None:
        raise FetchError("the URL of the metadata contains a user name or password; metadata is public, leave them out")
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        raise FetchError("the URL of the metadata contains blanks or characters that a URL may not have; encode them")
    if parts.scheme.lower() != "https" or not parts.hostname:
        raise FetchError(f"'{url}' is not an https URL; give it as https://sts.example.com/FederationMetadata/2007-06/FederationMetadata.xml")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port, path


def _split_proxy(url: str) -> tuple[str, int]:
    """Return host and port of an http proxy. Raises FetchError, without repeating a password in the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or 3128
    except ValueError as exc:
        raise FetchError(f"the URL of the proxy cannot be read ({exc})") from exc
    if parts.username is not None or parts.password is not None:
        raise FetchError("the URL of the proxy contains a user name or password, which is not supported; use a proxy that knows this host")
    if parts.scheme.lower() != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise FetchError(f"'{_printable(url)}' is no proxy; give it as http://proxy.example.com:3128")
    return parts.hostname, port


def _kind(exc: BaseException, otherwise: str = "connect") -> str:
    return "timeout" if isinstance(exc, TimeoutError) else otherwise


def _reason(exc: BaseException) -> str:
    return _printable(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__)


def _printable(text: str, limit: int = 200) -> str:
    """Return text from elsewhere as one short line that can do no harm on a terminal."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= limit else line[: limit - 3] + "..."
