# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Sessions of requests that cannot be made to wait, to unpack or to go elsewhere by what the other side answers.

Timeouts of requests and urllib3 hold for each single read of a socket, so a byte now and then keeps an answer going for ever. Here a whole
answer has an end: its head too, and that of a proxy. Redirections are not looked at, and no cookie is kept.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
import typing as t
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy

try:
    import requests
    import requests.adapters
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import HTTPError
    from urllib3.poolmanager import ProxyManager
except ImportError:  # modules and lookup report it by libraries.require
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

_BLOCK = 64 * 1024
# An answer of the greatest size allowed, in pieces of a hundred bytes; smaller ones only serve to keep us busy.
MAX_PIECES = 160_000
_MAX_GZIP_PARTS = 64
# zlib's numbers for gzip or zlib, whichever it is, and for the bare form that some servers send as deflate.
_GZIP_OR_ZLIB, _BARE_DEFLATE = 47, -15
# How long the answer that is being waited for may still take; called with nothing, it returns seconds.
_REMAINING: ContextVar[Callable[[], float] | None] = ContextVar("federation_adfs_remaining", default=None)


class TooLarge(Exception):
    """An answer, packed or unpacked, is larger than it may be."""


class TooManyPieces(Exception):
    """An answer comes in so many small pieces that it only serves to keep us busy."""


class UnknownEncoding(Exception):
    """An answer is packed in a way that was not asked for and is not known, or does not unpack."""


@contextlib.contextmanager
def within(remaining: Callable[[], float]) -> Iterator[None]:
    """Let every answer that is read inside end in time. ``remaining`` returns the seconds left; TimeoutError is raised when there are none."""
    token = _REMAINING.set(remaining)
    try:
        yield
    finally:
        _REMAINING.reset(token)


def read_body(response: requests.Response, limit: int, remaining: Callable[[], float]) -> bytes:
    """Return the whole body, unpacked if it came packed, of at most ``limit`` bytes in either form.

    Raises TooLarge, TooManyPieces, UnknownEncoding and TimeoutError, and what requests and urllib3 raise.
    """
    body = bytearray()
    for _piece in range(MAX_PIECES):
        # read1 returns what has arrived, so that the clock is looked at however slowly the bytes drip.
        part = response.raw.read1(_BLOCK)
        if not part:
            return _unpacked(bytes(body), response.headers.get("Content-Encoding", ""), limit)
        body += part
        if len(body) > limit:
            raise TooLarge
        if remaining() <= 0:
            raise TimeoutError
    raise TooManyPieces


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    names = [name.strip().lower() for name in encoding.split(",")]
    packings = [name for name in names if name not in ("", "identity")]
    if not packings or not body:
        return body
    if len(packings) > 1 or packings[0] not in ("gzip", "x-gzip", "deflate"):
        raise UnknownEncoding
    for window in (_GZIP_OR_ZLIB, _BARE_DEFLATE) if packings == ["deflate"] else (_GZIP_OR_ZLIB,):
        with contextlib.suppress(zlib.error):
            return _inflated(body, window, limit)
    raise UnknownEncoding


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    result = bytearray()
    for _part in range(_MAX_GZIP_PARTS):
        packed = zlib.decompressobj(window)
        result += packed.decompress(body, limit + 1 - len(result))
        if len(result) > limit:
            raise TooLarge
        if not packed.eof:
            raise zlib.error("the end is missing")
        # What is packed by gzip may consist of several parts; after deflate nothing follows.
        body = packed.unused_data.lstrip(b"\0") if window == _GZIP_OR_ZLIB else b""
        if not body:
            return bytes(result)
    raise zlib.error("too many parts")


class _TimedSocketFile(io.RawIOBase):
    """Reads from a socket, each time with no more patience than what is left of the whole answer's time."""

    def __init__(self, sock: t.Any, raw: t.Any, remaining: Callable[[], float]) -> None:
        super().__init__()
        self._sock, self._raw, self._remaining = sock, raw, remaining

    def readable(self) -> bool:
        """Say that it can be read from."""
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        """Read into the buffer what has arrived. Raises TimeoutError once the time is used up."""
        remaining = self._remaining()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(remaining)
        return t.cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        """Close the socket's file as well."""
        try:
            self._raw.close()
        finally:
            super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        remaining = _REMAINING.get()
        if remaining is not None:
            self.fp = io.BufferedReader(_TimedSocketFile(sock, self.fp.detach(), remaining))


def _addresses(name: str, port: int) -> list[str]:
    """The addresses of a name; none where it cannot be looked up, which urllib3 then finds itself."""
    try:
        found = socket.getaddrinfo(name.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(place[0]) for *_kind, place in found]


if HAS_REQUESTS:

    class _Connecting:
        """All addresses of a name share the time for connecting; urllib3 gives each of them the whole of it."""

        def _new_conn(self) -> t.Any:
            """Connect to the first address that answers. Raises what urllib3 raises, of the last address that was tried."""
            here = t.cast("HTTPConnection", self)
            name, limit = here.host, here.timeout
            addresses = _addresses(name, here.port) if isinstance(limit, (int, float)) else []
            if len(addresses) < 2:
                return super()._new_conn()  # type: ignore[misc]
            end = time.monotonic() + limit
            try:
                for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
                    here.host, here.timeout = address, max((end - time.monotonic()) / left, 0.001)
                    try:
                        return super()._new_conn()  # type: ignore[misc]
                    except HTTPError:
                        if left == 1:
                            raise
            finally:
                here.host, here.timeout = name, limit

    class _Connection(_Connecting, HTTPConnection):
        response_class = _TimedResponse

    class _SecureConnection(_Connecting, HTTPSConnection):
        response_class = _TimedResponse

    class _Pool(HTTPConnectionPool):
        ConnectionCls = _Connection

    class _SecurePool(HTTPSConnectionPool):
        ConnectionCls = _SecureConnection

    _POOLS = {"http": _Pool, "https": _SecurePool}

    class _Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = _POOLS

        def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
            manager = super().proxy_manager_for(proxy, **kwargs)
            if manager.__class__ is ProxyManager:  # SOCKS has connections of its own
                manager.pool_classes_by_scheme = _POOLS
            return manager

    class _Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            """Say that there is none. Also where redirections are not followed, requests would read the body and the address of one."""


def session(trust_env: bool = True) -> requests.Session:
    """Return a session; ``trust_env``: whether the environment may name proxies."""
    made = _Session()
    made.trust_env = trust_env
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter())
    return made
