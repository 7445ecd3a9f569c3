# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoints for managed identities: of an Azure virtual machine (IMDS), of App Service, and of Azure Arc.

All three are plain HTTP on the machine itself. They hand out tokens of the lab's Entra server and log under the surface "identity".
Faults of the kinds status, throttle, drop, delay and garbage are played.
"""

from __future__ import annotations

import json
import pathlib
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..faults import Faults
from ..log import RequestLog
from .server import EntraServer
from .wire import Fault, Request, Response

VM_PATH, APP_SERVICE_PATH, ARC_PATH = "/metadata/identity/oauth2/token", "/msi/token", "/arc/metadata/identity/oauth2/token"
_LIFETIME = 3599


class IdentityEndpoint:
    """One machine with identities: ``roles`` by client id, None for the system-assigned one.

    ``secret`` is App Service's header. ``key_folder`` is where Azure Arc leaves its challenge, a file that proves local rights.
    """

    def __init__(self, entra: EntraServer, log: RequestLog, faults: Faults, roles: dict[str | None, tuple[str, ...]], key_folder: pathlib.Path) -> None:
        self.entra, self.log, self.faults, self.roles, self.key_folder = entra, log, faults, roles, key_folder
        self.secret = uuid.uuid4().hex
        self._challenge = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Handler", (_Handler,), {"endpoint": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="lab-identity", daemon=True)

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environment(self, kind: str) -> dict[str, str]:
        """Return what a machine of that kind (vm, app_service, arc) has in its environment."""
        if kind == "app_service":
            return {"IDENTITY_ENDPOINT": self.url + APP_SERVICE_PATH, "IDENTITY_HEADER": self.secret}
        if kind == "arc":
            return {"IDENTITY_ENDPOINT": self.url + ARC_PATH, "IMDS_ENDPOINT": self.url}
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.url}

    def answer(self, request: Request) -> Response | None:
        """Carry out one request; None closes the connection without an answer."""
        operation = {VM_PATH: "vm", APP_SERVICE_PATH: "app_service", ARC_PATH: "arc"}.get(request.path, "unknown")
        fault = Fault.of(self.faults.take("identity", operation))
        if fault is not None:
            time.sleep(fault.delay)
        replaced = fault.instead(request) if fault else None
        response = replaced if isinstance(replaced, Response) else None if replaced else self._carry_out(operation, request)
        shown = {name: request.query[name] for name in ("resource", "client_id", "api-version") if name in request.query}
        self.log.record("identity", operation, False, status=response.status if response else None, proxied="://" in request.path, **shown)
        return response

    def _carry_out(self, operation: str, request: Request) -> Response:
        if operation == "unknown":
            return Response(404, {"error": "not_found"})
        if operation != "app_service" and request.headers.get("metadata") != "true":
            return Response(400, {"error": "bad_request_102", "error_description": "Required metadata header not specified"})
        if operation == "app_service" and request.headers.get("x-identity-header") != self.secret:
            return Response(401, {"statusCode": 401, "message": "The identity header is missing or wrong."})
        if operation == "arc" and request.headers.get("authorization") != f"Basic {self._challenge}":
            return self._challenged()
        resource, client = request.query.get("resource", ""), request.query.get("client_id")
        tenant = self.entra.tenants[0]
        if resource.removeprefix("https://").rstrip("/") not in tenant.graph_hosts:
            return Response(400, {"error": "invalid_resource", "error_description": f"AADSTS500011: The resource principal named {resource} was not found."})
        if client not in self.roles:
            return Response(400, {"error": "invalid_request", "error_description": "Identity not found"})
        token = self.entra.issue_token(client or "the machine", self.roles[client], lifetime=_LIFETIME)
        # Numbers are texts here, unlike at the login host.
        body: dict[str, Any] = {
            "access_token": token,
            "refresh_token": "",
            "expires_in": str(_LIFETIME),
            "expires_on": str(int(time.time()) + _LIFETIME),
            "resource": resource,
            "token_type": "Bearer",
        }
        if client:
            body["client_id"] = client
        return Response(200, body)

    def _challenged(self) -> Response:
        self._challenge = uuid.uuid4().hex
        path = self.key_folder / f"{uuid.uuid4().hex}.key"
        path.write_text(self._challenge)
        return Response(401, None, {"WWW-Authenticate": f"Basic realm={path}"})


class _Handler(BaseHTTPRequestHandler):
    endpoint: IdentityEndpoint

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing on stderr: the request log has it."""

    def do_GET(self) -> None:
        """Answer one request."""
        address = urlsplit(self.path)
        # A proxy is sent the whole address; keep it, so that the log tells.
        path = self.path.split("?")[0] if address.scheme else address.path
        request = Request("GET", path, dict(parse_qsl(address.query)), {name.lower(): value for name, value in self.headers.items()})
        response = self.endpoint.answer(request)
        if response is None:
            self.close_connection = True
            return
        body = response.data if isinstance(response.data, bytes) else b"" if response.data is None else json.dumps(response.data).encode()
        self.send_response(response.status)
        for name, value in {"Content-Type": "application/json", **response.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
