# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Fetch metadata documents over HTTPS, also from one server of a farm by its own address, within a fixed time and size."""

from __future__ import annotations

import functools
import http.client
import os
import re
import socket
import ssl
import sys
import threading
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

try:
    from urllib3 import HTTPSConnectionPool, ProxyManager
    from urllib3.connection import HTTPSConnection
    from urllib3.exceptions import HTTPError, ReadTimeoutError
    from urllib3.util import SKIP_HEADER, Timeout
except ImportError:
    HAS_URLLIB3 = False
    HTTPSConnection = object
else:
    HAS_URLLIB3 = True

from ansible_collections.federation.adfs.plugins.module_utils._files import refuse_special
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

_MAX_SHOWN = 200  # characters of a text from elsewhere
_ACCEPT = {
    "xml": "application/samlmetadata+xml, text/xml, */*;q=0.5",
    "json": "application/json, */*;q=0.5",
    "calendar": "text/calendar, */*;q=0.5",
}
_WHAT = {
    "xml": ("federation metadata", "metadata is XML", "check the path, and that the metadata endpoint is enabled in AD FS"),
    "json": ("a list of keys", "a list of keys is JSON", "check the path, and that that endpoint is enabled in AD FS"),
    "calendar": ("a calendar", "a calendar is text/calendar", "check the address, and whether the calendar is still published there"),
}
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
    """One document at one server. With ``address`` that server is asked, whatever the name in ``url`` resolves to.

    ``kind``: a word in the content type of the right answer, ``xml``, ``json`` or ``calendar``. The address of a calendar is often a secret, so
    messages name its host only. ``read``: what to do with the document within the same
    time limit; its result takes the document's place, and so does a FetchError that it raises.
    """

    url: str
    address: str | None = None
    port: int | None = None
    kind: str = "xml"
    read: t.Callable[[Document], t.Any] | None = None


def fetch_all(targets: t.Sequence[Target], timeout: float, max_bytes: int, ca_path: str | None = None, proxy: str | None = None) -> list[t.Any]:
    """Fetch all targets at the same time; the answers come in the order of ``targets``: a Document, what ``read`` made of it, or a FetchError.

    ``timeout`` is the limit in seconds for everything together, from looking up the name to the last byte; who has not
    finished by then gets a FetchError in its place, as does any other server that cannot be read.
    ``ca_path`` (a file or folder of PEM certificates) comes before the environment's REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE,
    and these before the system's store. No redirect is followed. ``proxy`` (an http URL) is asked for a tunnel to each target; none is taken from
    the environment, since the servers of a farm are inside.
    Raises FetchError if an address or the certificates of ``ca_path`` cannot be used at all.
    """
    if not HAS_URLLIB3:
        raise FetchError(f"nothing can be fetched without the Python library urllib3: install it for {sys.executable}")
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
    """One download. A thread, because no time limit of a library covers name look-ups or a server that sends a byte now and then."""

    def __init__(self, target: Target, context: ssl.SSLContext, timeout: float, max_bytes: int, proxy: tuple[str, int] | None = None) -> None:
        super().__init__(daemon=True)  # a name server that hangs must not keep the process from ending
        self.host, self.url_port, self.path = _split(target.url)
        self.address = (target.address or self.host).strip("[]")
        self.port = target.port or self.url_port
        self.shown = f"a calendar at {self.host}" if target.kind == "calendar" else target.url
        self.kind = target.kind
        self.context = context
        self.timeout = timeout
        self.max_bytes = max_bytes
        self.proxy = proxy
        self.read = target.read
        self.stage = "looking up the name"
        self.sock: socket.socket | None = None
        self.certificate: bytes | None = None
        self.result: t.Any = None

    def run(self) -> None:
        try:
            document = self._fetch()
            self.stage = "reading the document"
            self.result = document if self.read is None else self.read(document)
        except FetchError as exc:
            self.result = exc
        except Exception as exc:  # noqa: BLE001 - a thread has no caller who would see it otherwise
            self.result = self.error("connect", f"it failed while {self.stage} ({_reason(exc)})")

    def outcome(self) -> t.Any:
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
        return self.error("timeout", f"no complete answer within {self.timeout:g} seconds (still {stage}); check the address and firewalls, or allow more time")

    def error(self, kind: str, why: str) -> FetchError:
        return FetchError(f"{self.shown} cannot be read from {self.address} port {self.port}: {why}", kind, self.certificate)

    def _fetch(self) -> Document:
        host, port = self.proxy or (self.address, self.port)
        addresses = self._look_up(host, port)
        failure = self.error("dns", f"the name '{host}' has no address; check its spelling and the name servers")
        for address in addresses:
            # An unreachable first address must leave time for the second.
            pool = self._pool(address, Timeout(connect=self.timeout / len(addresses), read=self.timeout))
            try:
                return self._get(pool)
            except _NoConnection as exc:
                failure = exc
            finally:
                pool.close()
        raise failure

    def _look_up(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as exc:
            raise self.error("dns", f"the name '{host}' cannot be resolved ({_reason(exc)}); check its spelling and the name servers") from exc
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def _pool(self, address: str, timeout: Timeout) -> HTTPSConnectionPool:
        """Return a pool for one address, of the server or of the proxy.

        It keeps to the name of the service, not to the address: AD FS picks its certificate by it, and the certificate must bear it.
        """
        options: dict[str, t.Any] = {"ssl_context": self.context, "server_hostname": self.host, "retries": False, "timeout": timeout}
        if self.proxy is None:
            pool = HTTPSConnectionPool(address, self.port, **options)
        else:
            place = f"[{address}]:{self.proxy[1]}" if ":" in address else f"{address}:{self.proxy[1]}"
            tunnel = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
            manager = ProxyManager(f"http://{place}", proxy_headers={"Host": tunnel})
            pool = t.cast(HTTPSConnectionPool, manager.connection_from_host(self.address, self.port, "https", options))
        pool.ConnectionCls = t.cast(t.Any, functools.partial(_Connection, fetch=self))
        return pool

    def _get(self, pool: HTTPSConnectionPool) -> Document:
        port = "" if self.url_port == 443 else f":{self.url_port}"
        headers = {
            "Host": (f"[{self.host}]" if ":" in self.host else self.host) + port,
            "Accept": _ACCEPT[self.kind],
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": SKIP_HEADER,
        }
        response = None
        try:
            response = pool.request("GET", self.path, headers=headers, redirect=False, assert_same_host=False, preload_content=False, decode_content=False)
            self._check_status(response)
            self.stage = "reading the answer"
            body = bytearray()
            while chunk := response.read(self.max_bytes + 1 - len(body), decode_content=False):
                body += chunk
                if len(body) > self.max_bytes:
                    raise self.error("not_metadata", f"the answer is larger than {self.max_bytes} bytes; {self._what()} is far smaller: check the address")
        except (OSError, http.client.HTTPException, HTTPError) as exc:
            kind = "timeout" if isinstance(exc, (TimeoutError, ReadTimeoutError)) else "connect"
            raise self.error(kind, f"the answer broke off or is not HTTP ({_reason(exc)}); try again, and check what listens on that port") from exc
        finally:
            if response is not None:
                response.close()
        document = Document(body)
        document.certificate = self.certificate
        return document

    def _what(self) -> str:
        return _WHAT[self.kind][0]

    def _check_status(self, response: t.Any) -> None:
        status = f"{response.status} {printable(response.reason or '', _MAX_SHOWN)}".strip()
        if 300 <= response.status < 400:
            place = "another address" if self.kind == "calendar" else printable(response.headers.get("Location") or "nowhere", _MAX_SHOWN)
            raise self.error(
                "status", f"the server redirects ({status}) to {place}; redirects are not followed: if that is the right place, give it as the address"
            )
        if response.status == 503 and self.kind != "calendar":
            raise self.error("status", f"the server answered {status}; the AD FS service is probably stopped or starting: check it there")
        if response.status != 200:
            raise self.error("status", f"the server answered {status}; {_WHAT[self.kind][2]}")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise self.error("not_metadata", f"the answer is compressed ({printable(encoding, _MAX_SHOWN)}) although that was not asked for; it is refused")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind and kind not in _UNTYPED and self.kind not in kind:
            raise self.error(
                "not_metadata",
                f"the answer is of the type {printable(kind, _MAX_SHOWN)}, and {_WHAT[self.kind][1]}; check the address, and whether a proxy or a sign-in page"
                " answered",
            )


class _NoConnection(FetchError):
    """One address of a name does not answer; another may."""


class _Connection(HTTPSConnection):
    """The library's connection, which tells its download how far it is, what it reached, and in which step it failed."""

    def __init__(self, *args: t.Any, fetch: _Fetch, **options: t.Any) -> None:
        super().__init__(*args, **options)
        self._fetch = fetch

    def _new_conn(self) -> socket.socket:
        fetch = self._fetch
        fetch.stage = "connecting"
        try:
            connection: socket.socket = super()._new_conn()
        except (OSError, HTTPError) as exc:
            cause = exc.__cause__ or exc
            if isinstance(cause, ConnectionRefusedError):
                why = "the connection was refused; nothing listens there, or a firewall rejects it: check address, port, and that AD FS is running"
            else:
                why = f"no connection ({_reason(cause)}); check address, port and firewalls"
            kind = "timeout" if isinstance(cause, TimeoutError) else "connect"
            error = fetch.error(kind, why)
            raise _NoConnection(str(error), error.kind) from exc
        connection.settimeout(fetch.timeout)  # only connecting has to leave time for other addresses
        fetch.sock = connection
        fetch.stage = "agreeing on TLS"
        return connection

    def _tunnel(self) -> None:
        self._fetch.stage = "asking the proxy"
        try:
            super()._tunnel()
        except TimeoutError as exc:
            raise self._fetch.error("timeout", f"the proxy does not answer ({_reason(exc)}); check the proxy") from exc
        except (OSError, http.client.HTTPException, UnicodeError) as exc:
            raise self._refused(_reason(exc)) from exc
        self._fetch.stage = "agreeing on TLS"

    def send(self, data: t.Any) -> None:
        """Send; the proxy is asked in HTTP/1.1, also by Python before 3.12, since some proxies serve no other."""
        if self._fetch.stage == "asking the proxy" and isinstance(data, bytes):
            data = data.replace(b" HTTP/1.0\r\n", b" HTTP/1.1\r\n", 1)
        super().send(data)

    def connect(self) -> None:
        """Connect, and keep the server's certificate. Raises FetchError."""
        fetch = self._fetch
        try:
            super().connect()
        except ssl.SSLCertVerificationError as exc:
            if exc.verify_code in (_WRONG_NAME, _WRONG_ADDRESS):
                why = f"its TLS certificate is not made out to '{fetch.host}'; check that this server belongs to the federation service"
            else:
                why = f"its TLS certificate is not trusted ({exc.verify_message}); give the certificate authority with ca_path, or renew the certificate"
            raise fetch.error("tls", why) from exc
        except (OSError, HTTPError) as exc:  # ssl.SSLError is one
            if fetch.proxy is not None and isinstance(exc, (ssl.SSLEOFError, ConnectionError)):
                raise self._refused("it closed the connection, or the server behind it did") from exc
            kind = "timeout" if isinstance(exc, TimeoutError) else "tls"
            raise fetch.error(kind, f"TLS failed ({_reason(exc)}); check that the port speaks HTTPS and serves the name '{fetch.host}'") from exc
        tls = t.cast(ssl.SSLSocket, self.sock)
        fetch.sock = tls
        fetch.certificate = tls.getpeercert(binary_form=True)
        fetch.stage = "waiting for the answer"

    def _refused(self, why: str) -> FetchError:
        return self._fetch.error("connect", f"the proxy refuses to connect to it ({why}); check the proxy, and what it lets through")


def _tls_context(ca_path: str | None) -> ssl.SSLContext:
    place = ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not place:
        return ssl.create_default_context()
    path = os.path.expanduser(place)
    try:
        refuse_special(path)
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
        raise FetchError("the URL of the metadata cannot be read: its host or port is malformed") from exc
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
        raise FetchError("the URL of the proxy cannot be read: its host or port is malformed") from exc
    if parts.username is not None or parts.password is not None:
        raise FetchError("the URL of the proxy contains a user name or password, which is not supported; use a proxy that knows this host")
    if parts.scheme.lower() != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise FetchError(f"'{printable(url, _MAX_SHOWN)}' is no proxy; give it as http://proxy.example.com:3128")
    return parts.hostname, port


def _reason(exc: BaseException) -> str:
    """Return what went wrong in words for people: those of the system, of TLS, or of HTTP, without what a library puts around them."""
    seen = exc
    for _step in range(5):
        inner = next((item for item in reversed(seen.args) if isinstance(item, BaseException)), None)
        if inner is None:
            break
        seen = inner
    if isinstance(seen, (TimeoutError, ReadTimeoutError)):
        return "timed out"
    if isinstance(seen, ssl.SSLError) and seen.reason:
        return printable(seen.reason.replace("_", " ").lower(), _MAX_SHOWN)
    if isinstance(seen, (ssl.SSLEOFError, http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return "the other side closed the connection"
    return printable(getattr(seen, "strerror", None) or str(seen) or type(seen).__name__, _MAX_SHOWN)
