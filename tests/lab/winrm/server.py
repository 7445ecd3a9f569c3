# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side of the WinRM endpoint: two loopback ports, keep-alive, one thread per connection."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import urlsplit

from lab.faults import Faults
from lab.log import RequestLog
from lab.winrm.authentication import Accounts, Authentication, SealError, is_sealed
from lab.winrm.remote import Describe, Machine, Run
from lab.winrm.service import ConnectionDropped, Peer, Service

_MOST_BYTES: Final = 32 * 1024 * 1024
_MOST_CONNECTIONS: Final = 128
_SOCKET_SECONDS: Final = 300.0
_HANDSHAKE_SECONDS: Final = 10.0
_ACCEPT_SECONDS: Final = 1.0
_SOAP_TYPE: Final = "application/soap+xml;charset=UTF-8"


class WinRMServer:
    """The WinRM service of one node, on 127.0.0.1.

    ``run(node_name, module, arguments, check_mode)`` gives the JSON result of a module; it is called from threads of this server.
    ``describe(module, arguments)``, where given, gives further keys for the log and for matching faults (``spoil.py`` lists all).
    ``users`` maps account names (plain, ``DOMAIN\\name`` or ``name@domain``) to passwords.
    """

    def __init__(
        self,
        node_name: str,
        tls_context: ssl.SSLContext,
        users: Mapping[str, str],
        run: Run,
        log: RequestLog,
        faults: Faults,
        describe: Describe | None = None,
    ) -> None:
        self.node_name = node_name
        self._tls_context = tls_context
        self._accounts = Accounts(users)
        self._machine = Machine(node_name, users, run, log, describe)
        self._service = Service(self._machine, log, faults)
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._listeners: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def latency(self) -> float:
        """Seconds, in real time, by which every answer comes later; may be changed at any time."""
        return self._service.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._service.latency = seconds

    @property
    def port(self) -> int:
        """Port of the HTTPS listener."""
        return self._port(0)

    @property
    def http_port(self) -> int:
        """Port of the plain HTTP listener, which wants sealed messages."""
        return self._port(1)

    def start(self) -> None:
        """Open both ports and begin to serve."""
        for context in (self._tls_context, None):
            listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            listener.settimeout(_ACCEPT_SECONDS)
            self._listeners.append(listener)
            thread = threading.Thread(target=self._accept, args=(listener, context), name=f"winrm-{self.node_name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Close both ports and all connections; returns within seconds even while clients wait."""
        self._machine.stop()
        for listener in self._listeners:
            _shut(listener)
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _shut(connection)
        for thread in self._threads:
            thread.join(timeout=2 * _ACCEPT_SECONDS)

    def _port(self, index: int) -> int:
        if not self._listeners:
            raise RuntimeError("the WinRM server has not been started")
        return int(self._listeners[index].getsockname()[1])

    def _accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        with listener:
            while not self._machine.stopping:
                try:
                    connection, _address = listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                with self._lock:
                    welcome = len(self._connections) < _MOST_CONNECTIONS and not self._machine.stopping
                    if welcome:
                        self._connections.add(connection)
                if not welcome:
                    connection.close()
                    continue
                threading.Thread(target=self._serve, args=(connection, context), name=f"winrm-{self.node_name}", daemon=True).start()

    def _serve(self, connection: socket.socket, context: ssl.SSLContext | None) -> None:
        stream = connection
        try:
            connection.settimeout(_SOCKET_SECONDS)
            if context is not None:
                stream = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                with self._lock:
                    self._connections.add(stream)
                stream.settimeout(_HANDSHAKE_SECONDS)
                stream.do_handshake()
                stream.settimeout(_SOCKET_SECONDS)
            _Connection(stream, self._service, Authentication(self._accounts, secure=context is not None))
        except OSError:
            # The client went away, or does not trust the certificate: it knows best why, and reports it.
            pass
        finally:
            with self._lock:
                self._connections -= {connection, stream}
            stream.close()


class _Connection(BaseHTTPRequestHandler):
    """One connection; the base class reads requests until the connection ends."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, stream: socket.socket, service: Service, authentication: Authentication) -> None:
        self._service = service
        self._authentication = authentication
        self._scheme = "https" if isinstance(stream, ssl.SSLSocket) else "http"
        super().__init__(stream, stream.getpeername(), None)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing on the terminal; the request log tells it better."""

    def do_POST(self) -> None:
        """Answer one WS-Management request."""
        body = self._body()
        if body is None:
            return
        if urlsplit(self.path).path.rstrip("/") != "/wsman":
            self._send(404)
            return
        sealed = is_sealed(self.headers.get("Content-Type", ""))
        verdict = self._authentication.check(self.headers.get("Authorization"))
        if sealed:
            # Sealed for another connection's security context: Windows says 400, not 401.
            try:
                body = self._authentication.unseal(body)
            except SealError:
                self._send(400, close=True)
                return
        if verdict.user is None:
            self._send(401, headers=verdict.headers)
        elif not body:
            self._send(200, headers=verdict.headers)
        elif self._scheme == "http" and not sealed:
            # As with AllowUnencrypted=false, the default of Windows.
            self._send(500, headers=verdict.headers)
        else:
            self._answer(body, Peer(verdict.user, verdict.method, self._scheme, sealed), verdict.headers)

    def _answer(self, message: bytes, peer: Peer, headers: tuple[str, ...]) -> None:
        try:
            reply = self._service.handle(message, peer)
        except ConnectionDropped:
            self.close_connection = True
            _shut(self.connection)
            return
        content_type, body = _SOAP_TYPE, reply.body
        if peer.sealed and body:
            content_type, body = self._authentication.seal(body)
        self._send(reply.status, body, content_type, headers)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self._send(411, close=True)
            return None
        if int(length) > _MOST_BYTES:
            self._send(413, close=True)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _send(self, status: int, body: bytes = b"", content_type: str = _SOAP_TYPE, headers: tuple[str, ...] = (), close: bool = False) -> None:
        self.send_response(status)
        for header in headers:
            self.send_header("WWW-Authenticate", header)
        if body:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _shut(endpoint: socket.socket) -> None:
    """Wake whoever is blocked on the socket; closing alone would not."""
    try:
        endpoint.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Already gone, which is all that was wanted.
        pass
