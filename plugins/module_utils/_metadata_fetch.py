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
_WRONG_NAME = 62  # X509_V_ERR_HOSTNAME_MISMATCH
_WRONG_ADDRESS = 64  # X509_V_ERR_IP_ADDRESS_MISMATCH


class FetchError(Exception):
    """The document could not be fetched; the message says from where, why, and what to do next."""


@dataclass(frozen=True)
class Target:
    """One document at one server. With ``address`` that server is asked, whatever the name in ``url`` resolves to."""

    url: str
    address: str | None = None
    port: int | None = None


def fetch_all(targets: t.Sequence[Target], timeout: float, max_bytes: int, ca_path: str | None = None) -> list[bytes | FetchError]:
    """Fetch all targets at the same time; the answers come in the order of ``targets``.

    ``timeout`` is the limit in seconds for everything together, from looking up the name to the last byte; who has not
    finished by then gets a FetchError in its place, as does any other server that cannot be read.
    ``ca_path`` (a file or folder of PEM certificates) comes before the environment's REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE,
    and these before the system's store. No proxy is used and no redirect is followed.
    Raises FetchError if an address or the certificates of ``ca_path`` cannot be used at all.
    """
    context = _tls_context(ca_path)
    fetches = [_Fetch(target, context, timeout, max_bytes) for target in targets]
    deadline = time.monotonic() + timeout
    for fetch in fetches:
        fetch.start()
    for fetch in fetches:
        fetch.join(max(0.0, deadline - time.monotonic()))
    return [fetch.outcome() for fetch in fetches]


class _Fetch(threading.Thread):
    """One download. A thread, because no time limit of a socket covers name look-ups or a server that sends a byte now and then."""

    def __init__(self, target: Target, context: ssl.SSLContext, timeout: float, max_bytes: int) -> None:
        super().__init__(daemon=True)  # a name server that hangs must not keep the process from ending
        self.host, self.url_port, self.path = _split(target.url)
        self.address = (target.address or self.host).strip("[]")
        self.port = target.port or self.url_port
        self.url = target.url
        self.context = context
        self.timeout = timeout
        self.max_bytes = max_bytes
        self.stage = "looking up the name"
        self.sock: socket.socket | None = None
        self.result: bytes | FetchError | None = None

    def run(self) -> None:
        try:
            self.result = self._fetch()
        except FetchError as exc:
            self.result = exc
        except Exception as exc:  # noqa: BLE001 - a thread has no caller who would see it otherwise
            self.result = self._error(f"it failed while {self.stage} ({_reason(exc)})")
        finally:
            if self.sock is not None:
                self.sock.close()

    def outcome(self) -> bytes | FetchError:
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
        return self._error(f"no complete answer within {self.timeout:g} seconds (still {stage}); check the address and firewalls, or allow more time")

    def _error(self, why: str) -> FetchError:
        return FetchError(f"{self.url} cannot be read from {self.address} port {self.port}: {why}")

    def _fetch(self) -> bytes:
        addresses = self._look_up()
        self.sock = self._connect(addresses)
        self.sock = self._start_tls(self.sock)
        return self._get(self.sock)

    def _look_up(self) -> list[t.Any]:
        try:
            return socket.getaddrinfo(self.address, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as exc:
            raise self._error(f"the name '{self.address}' cannot be resolved ({_reason(exc)}); check its spelling and the name servers") from exc

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
        raise self._error(why) from failure

    def _start_tls(self, connection: socket.socket) -> ssl.SSLSocket:
        self.stage = "agreeing on TLS"
        # The name of the service, not the address of the server: AD FS picks its certificate by it, and the certificate must bear it.
        tls = self.context.wrap_socket(connection, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = tls
        try:
            tls.do_handshake()
            return tls
        except ssl.SSLCertVerificationError as exc:
            if exc.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
                why = f"its TLS certificate is not made out to '{self.host}'; check that this server belongs to the federation service"
            else:
                why = f"its TLS certificate is not trusted ({exc.verify_message}); give the certificate authority with ca_path, or renew the certificate"
            raise self._error(why) from exc
        except OSError as exc:  # ssl.SSLError is one
            why = f"TLS failed ({_reason(exc)}); check that the port speaks HTTPS and serves the name '{self.host}'"
            raise self._error(why) from exc

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
            raise self._error(f"the answer broke off or is not HTTP ({_reason(exc)}); try again, and check what listens on that port") from exc

    def _check_status(self, response: http.client.HTTPResponse) -> None:
        status = f"{response.status} {_printable(response.reason)}".strip()
        if 300 <= response.status < 400:
            place = _printable(response.headers.get("Location") or "nowhere")
            raise self._error(f"the server redirects ({status}) to {place}; redirects are not followed: if that is the right place, give it as the address")
        if response.status == 503:
            raise self._error(f"the server answered {status}; the AD FS service is probably stopped or starting: check it there")
        if response.status != 200:
            raise self._error(f"the server answered {status}; check the path, and that the metadata endpoint is enabled in AD FS")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise self._error(f"the answer is compressed ({_printable(encoding)}) although that was not asked for; it is refused")

    def _read_body(self, response: http.client.HTTPResponse) -> bytes:
        body = bytearray()
        while len(body) <= self.max_bytes:
            chunk = response.read1(min(_CHUNK, self.max_bytes + 1 - len(body)))
            if not chunk:
                if response.length:  # with read1 the library does not complain itself
                    raise http.client.IncompleteRead(bytes(body), response.length)
                return bytes(body)
            body += chunk
        raise self._error(f"the answer is larger than {self.max_bytes} bytes; federation metadata is far smaller: check the address")


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


def _reason(exc: BaseException) -> str:
    return _printable(getattr(exc, "strerror", None) or str(exc) or type(exc).__name__)


def _printable(text: str, limit: int = 200) -> str:
    """Return text from elsewhere as one short line that can do no harm on a terminal."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= limit else line[: limit - 3] + "..."
