# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket of the login host and of Graph: one TLS port on loopback, HTTP/1.1 with connections that stay open."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..faults import Faults
from ..log import RequestLog
from .graph import Graph, bearer, route
from .tenant import Tenant
from .token import Application, FederatedCredential, LoginHost, TokenIssuer
from .wire import GRAPH_JSON_TYPE, Dropped, Fault, FaultError, Raw, Reply, Request, Response, Stream, Truncated

_MAX_BODY = 4 * 1024 * 1024
_IDLE = 60.0  # seconds after which an idle connection, or one that stalls, is closed
_HANDSHAKE = 10.0


class EntraServer:
    """Login host and Graph of one or more tenants.

    ``latency`` (seconds, real time) delays every answer and may be changed at any time. ``on_change`` is called, with the lock
    held, after each PATCH that Graph carried out.
    """

    def __init__(
        self,
        tenants: Tenant | Sequence[Tenant],
        tls_context: ssl.SSLContext,
        log: RequestLog,
        faults: Faults,
        lock: threading.RLock | None = None,
        *,
        page_size: int = 999,
        latency: float = 0.0,
        host: str = "127.0.0.1",
        seed: int = 0,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.tenants = [tenants] if isinstance(tenants, Tenant) else list(tenants)
        self.latency = latency
        self._tls_context, self._log, self._faults, self._host = tls_context, log, faults, host
        self._lock = lock or threading.RLock()
        self._stopping = threading.Event()
        self._issuer = TokenIssuer()
        self._login = LoginHost(self.tenants, self._issuer)
        self._graph = Graph(self.tenants, self._issuer, self._login.resources, log, faults, self._lock, self._stopping.wait, page_size=page_size, seed=seed)
        self._graph.on_change = on_change
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    # --- life

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._stopping.clear()
        self._listener = _Listener(self._tls_context, self)
        self._login.login_url = self.login_url
        self._login.graph_url = self._graph.graph_url = self.graph_url
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, name="lab-entra", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close all connections."""
        self._stopping.set()
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener.close_connections()
            self._listener = None
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    @property
    def port(self) -> int:
        """The port. Raises RuntimeError before ``start``."""
        if self._listener is None:
            raise RuntimeError("the Entra server of the lab has not been started")
        return int(self._listener.server_address[1])

    @property
    def login_url(self) -> str:
        """The address that stands for https://login.microsoftonline.com."""
        return f"https://{self._host}:{self.port}"

    @property
    def graph_url(self) -> str:
        """The address that stands for https://graph.microsoft.com."""
        return f"https://{self._host}:{self.port}"

    # --- applications and tokens

    def register_application(
        self,
        client_id: str,
        secret: str | None = None,
        certificate_der: bytes | None = None,
        roles: Iterable[str] = (),
        *,
        federated: Iterable[FederatedCredential] = (),
        tenant_id: str | None = None,
    ) -> Application:
        """Register an application with application permissions ``roles``; registering it again replaces it. The result may be changed later."""
        application = Application(
            client_id, secret, [certificate_der] if certificate_der else [], list(roles), list(federated), tenant_id=tenant_id.lower() if tenant_id else None
        )
        self._login.applications[client_id] = application
        return application

    def issue_token(
        self, client_id: str, roles: Iterable[str] = (), *, scopes: Iterable[str] = (), lifetime: float = 3599, tenant: Tenant | None = None
    ) -> str:
        """Return an access token for Graph without asking for a credential, for tests of tokens that are given."""
        chosen = tenant or self.tenants[0]
        return self._issuer.issue(chosen.tenant_id, client_id, self._login.resources(chosen)[0], roles, scopes=scopes, lifetime=lifetime)

    def revoke_tokens(self) -> None:
        """Make all tokens issued so far worthless."""
        self._issuer.revoke_all()

    @property
    def page_size(self) -> int:
        """Domains per page; may be changed at any time."""
        return self._graph.page_size

    @page_size.setter
    def page_size(self, size: int) -> None:
        self._graph.page_size = size

    @property
    def token_lifetime(self) -> float:
        """Seconds that issued tokens are good for; may be changed at any time."""
        return self._login.token_lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: float) -> None:
        self._login.token_lifetime = seconds

    # --- requests

    def wait(self, seconds: float) -> None:
        """Wait in real time, at most until the server stops."""
        if seconds > 0:
            self._stopping.wait(seconds)

    @property
    def stopping(self) -> bool:
        """Whether the server is being stopped."""
        return self._stopping.is_set()

    def record_handshake(self, error: str) -> None:
        """Log that a client turned away while TLS was being set up, as one does that does not trust the lab's authority."""
        self._log.record("tls", "handshake_failed", False, error=error)

    def handle(self, request: Request) -> Reply:
        """Carry out one request, spoil it as the faults ask, and log it."""
        detail: dict[str, Any] = {"method": request.method, "path": request.path, "host": request.host, "connection": request.connection}
        detail["authorization"] = "Bearer" if bearer(request) else ("other" if "authorization" in request.headers else None)
        if request.client_request_id:
            detail["client_request_id"] = request.client_request_id
        asked, login = route(request), self._login.operation(request)
        surface, operation, write = ("token", login, False) if login else ("graph", asked.operation, asked.write)
        known = self._login.detail(request) if login else asked.detail()
        detail.update(known)

        def carry_out(fault: Fault | None) -> Response:
            if login is None:
                return self._graph.answer(asked, request, fault)
            with self._lock:
                return self._login.answer(login, request)

        self.wait(self.latency)
        reply: Reply
        try:
            fault = Fault.of(self._faults.take(surface, operation, **known))
            reply = self._reply(request, carry_out, fault)
            if fault is not None:
                detail["fault"] = fault.kind
        except FaultError as error:
            reply = Response(500, str(error), {"Content-Type": "text/plain; charset=utf-8"})
        answered = reply.response if isinstance(reply, Truncated) else reply
        if isinstance(answered, Response):
            detail["status"] = answered.status
            detail["request_id"] = answered.headers.get("request-id")
        self._log.record(surface, operation, write, **detail)
        self._log.carried(surface, len(request.body) + (len(answered.body()) if isinstance(answered, Response) else 0))
        return reply

    def _reply(self, request: Request, carry_out: Callable[[Fault | None], Response], fault: Fault | None) -> Reply:
        if fault is None:
            return carry_out(None)
        self.wait(fault.delay)
        if fault.kind == "revoke":
            self._issuer.revoke(bearer(request))
        instead = fault.instead(request)
        return instead if instead is not None else fault.afterwards(request, carry_out(fault))


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, tls_context: ssl.SSLContext, entra: EntraServer) -> None:
        self.tls_context, self.entra = tls_context, entra
        self.numbers = itertools.count(1)
        self._open: set[ssl.SSLSocket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Set up TLS in the connection's own thread, so that a slow client holds nobody else up."""
        request.settimeout(_HANDSHAKE)
        try:
            secured = self.tls_context.wrap_socket(request, server_side=True)
        except (OSError, ValueError) as error:
            if not self.entra.stopping:
                self.entra.record_handshake(getattr(error, "reason", None) or type(error).__name__)
            return
        with self._open_lock:
            self._open.add(secured)
        try:
            secured.settimeout(_IDLE)
            super().finish_request(secured, client_address)
        finally:
            with self._open_lock:
                self._open.discard(secured)
            secured.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that clients cut are part of the lab's life; errors of the lab itself are answered by the handler."""

    def close_connections(self) -> None:
        with self._open_lock:
            for secured in self._open:
                with contextlib.suppress(OSError):
                    secured.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Microsoft-HTTPAPI/2.0", ""
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.number = next(self.server.numbers)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing on stderr: the request log has it."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        try:
            reply = self.server.entra.handle(request)
        except Exception as error:  # noqa: BLE001 - a bug of the lab must show as an answer, never as a silent hang
            reply = Response(500, f"the lab itself failed: {type(error).__name__}: {error}", {"Content-Type": "text/plain; charset=utf-8"})
        if isinstance(reply, Response):
            self._send(reply.status, reply.headers, reply.body())
        elif isinstance(reply, Truncated):
            body = reply.response.body()
            self._send(reply.response.status, reply.response.headers, body[: len(body) // 2], length=len(body))
            self.close_connection = True
        elif isinstance(reply, Stream):
            self._stream(reply)
        elif isinstance(reply, Raw):
            self._raw(reply)
        else:
            assert isinstance(reply, Dropped)
            self.close_connection = True

    def _read(self) -> Request | None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            length = -1
        if length < 0 or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(411, {}, b"")
            return None
        if length > _MAX_BODY:
            self.close_connection = True
            self._send(413, {}, b"")
            return None
        body = self.rfile.read(length) if length else b""
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, address.path, dict(parse_qsl(address.query, keep_blank_values=True)), headers, body, self.number)

    def _send(self, status: int, headers: dict[str, str], body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _raw(self, raw: Raw) -> None:
        """Send bytes as they are. The client may turn away at any time, which ends it."""
        self.close_connection = True
        deadline = time.monotonic() + raw.limit_seconds
        with contextlib.suppress(OSError):
            for part in itertools.chain((raw.head, raw.body), itertools.repeat(raw.body) if raw.repeat else ()):
                for start in range(0, len(part), raw.piece):
                    if time.monotonic() > deadline or self.server.entra.stopping:
                        return
                    self.wfile.write(part[start : start + raw.piece])
                    self.wfile.flush()
                    self.server.entra.wait(raw.interval)

    def _stream(self, stream: Stream) -> None:
        """Send a long body, made on the way. The client may turn away at any time, which ends it."""
        start, end = b'{"value":[],"padding":"', b'"}'
        self.send_response(200)
        self.send_header("Content-Type", GRAPH_JSON_TYPE)
        if stream.size is not None:
            self.send_header("Content-Length", str(max(stream.size, len(start) + len(end))))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        limit = stream.limit_bytes if stream.size is None else max(stream.size - len(start) - len(end), 0)
        deadline = time.monotonic() + stream.limit_seconds
        with contextlib.suppress(OSError):
            self._chunk(start, stream)
            sent = 0
            while sent < limit and time.monotonic() < deadline and not self.server.entra.stopping:
                piece = b"x" * min(stream.chunk, limit - sent)
                self._chunk(piece, stream)
                sent += len(piece)
                self.server.entra.wait(stream.interval)
            if stream.size is not None:
                self._chunk(end, stream)

    def _chunk(self, piece: bytes, stream: Stream) -> None:
        self.wfile.write(piece if stream.size is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()
