# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Graph, as far as domains and their federation configurations go: v1.0, and beta alike."""

from __future__ import annotations

import base64
import binascii
import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from ..faults import Faults
from ..log import RequestLog
from . import directory
from .audit_log import Initiator
from .federation import ODATA_TYPE, ConfigurationError, FederationConfiguration
from .switches import TenantSwitches
from .tenant import Domain, NoSuchDomain, NotFederated, Tenant
from .token import Issued, TokenIssuer, TokenRefused, service_principal
from .wire import GRAPH_JSON_TYPE, Fault, FaultError, Request, Response, Stream, denied, graph_error, request_id

MAX_BATCH = 20
_MAX_TOP = 999
_HUGE_ITEM = 100_000_000  # bytes at most, when a fault asks for a huge answer to one item

_LIST_ROLES = frozenset({"Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})


@dataclass(frozen=True)
class Route:
    """What a request asks for. ``operation`` is the word that log and faults use."""

    operation: str
    write: bool
    version: str
    domain: str | None = None
    configuration_id: str | None = None

    def detail(self) -> dict[str, Any]:
        """Return what identifies the request in the log and to faults."""
        return {name: value for name, value in (("domain", self.domain), ("configuration_id", self.configuration_id)) if value is not None}


def route(request: Request) -> Route:
    """Recognise a request by its method and path; what Graph has not, or the lab has not, is the operation "unknown"."""
    parts = [unquote(part) for part in request.path.strip("/").split("/")]
    version, parts = parts[0].lower(), parts[1:]
    write = request.method not in ("GET", "HEAD")
    unknown = Route("unknown", write, version)
    words = [part.lower() for part in parts]
    if version not in ("v1.0", "beta") or not words:
        return unknown
    if words == ["$batch"]:
        # Its items are logged one by one, each with its own write flag.
        return Route("batch", False, version) if request.method == "POST" else unknown
    if tuple(words) in directory.OPERATIONS:
        return Route(directory.OPERATIONS[tuple(words)], write, version) if request.method == "GET" else unknown
    if words[0] != "domains":
        return unknown
    if len(words) <= 2:
        name = "list_domains" if len(words) == 1 else "get_domain"
        return Route(name if request.method == "GET" else "unknown", write, version, words[1] if len(words) == 2 else None)
    if words[2] == "rootdomain" and len(words) == 3 and request.method == "GET":
        return Route("get_root_domain", False, version, words[1])
    if words[2] == "federationconfiguration" and len(words) <= 4:
        operation = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}.get(request.method)
        if operation:
            return Route(f"{operation}_configuration", write, version, words[1], words[3] if len(words) == 4 else None)
    return unknown


class Graph:
    """Answers requests to Graph. Model state is touched only while ``lock`` is held."""

    def __init__(
        self,
        tenants: Sequence[Tenant],
        issuer: TokenIssuer,
        audiences: Callable[[Tenant], list[str]],
        log: RequestLog,
        faults: Faults,
        lock: threading.RLock,
        wait: Callable[[float], object],
        page_size: int,
        seed: int,
    ) -> None:
        self._tenants = {tenant.tenant_id: tenant for tenant in tenants}
        self._issuer, self._audiences = issuer, audiences
        self._log, self._faults, self._lock, self._wait = log, faults, lock, wait
        self._random = random.Random(seed)
        self.page_size = page_size
        self.graph_url = ""
        self.on_change: Callable[[], None] | None = None

    def answer(self, asked: Route, request: Request, fault: Fault | None) -> Response:
        """Carry out one request; the fault was taken for it and may change how."""
        try:
            issued, tenant = self._authenticate(request)
        except TokenRefused as refused:
            return graph_error(request, 401, "InvalidAuthenticationToken", str(refused), {"WWW-Authenticate": "Bearer"})
        if asked.operation == "batch":
            return self._batch(asked, request)
        with self._lock:
            response = self._finish(request, self._single(asked, request, issued, tenant, fault))
            written = asked.operation == "patch_configuration" and response.status < 300 and not (fault is not None and fault.kind == "skip_write")
            if written:
                self._audit(asked, request, issued, tenant, response)
        return response

    def _audit(self, asked: Route, request: Request, issued: Issued, tenant: Tenant, response: Response) -> None:
        """Note in the tenant's audit log which app did what."""
        principal = service_principal(tenant.tenant_id, issued.client_id)
        by = Initiator(application=f"App {issued.client_id[:8]}", client_id=issued.client_id, service_principal_id=principal)
        tenant.audit_log.add(tenant.clock.now(), asked.domain or "", by, _members(request), response.headers["request-id"])

    def _authenticate(self, request: Request) -> tuple[Issued, Tenant]:
        token = bearer(request)
        if not token:
            raise TokenRefused("Access token is empty.")
        issued = self._issuer.verify(token)
        tenant = self._tenants.get(issued.tenant_id)
        if tenant is None or issued.audience not in self._audiences(tenant):
            raise TokenRefused("Access token validation failure. Invalid audience.")
        return issued, tenant

    @staticmethod
    def _finish(request: Request, response: Response) -> Response:
        identifier = response.headers.setdefault("request-id", request_id())
        response.headers.setdefault("client-request-id", request.client_request_id or identifier)
        if response.data is not None:
            response.headers.setdefault("Content-Type", GRAPH_JSON_TYPE)
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    # --- single requests

    def _single(self, asked: Route, request: Request, issued: Issued, tenant: Tenant, fault: Fault | None) -> Response:
        if asked.operation == "unknown":
            return graph_error(request, 400, "BadRequest", f"Resource not found for the segment '{request.path}'.")
        if asked.operation in directory.OPERATIONS.values():
            return directory.refusal(asked.operation, request, issued, tenant) or self._directory(asked, request, issued, tenant, fault)
        if not issued.permissions & _permissions(asked, tenant.switches):
            return denied(request)
        if asked.operation == "list_domains":
            return self._list_domains(asked, request, tenant, fault)
        name = asked.domain or ""
        if not tenant.has_domain(name):
            return _not_found(request, name)
        if asked.operation == "get_domain":
            return self._get_domain(asked, request, tenant.domain(name))
        if asked.operation == "get_root_domain":
            root = tenant.root_of(name)
            return _not_found(request, name) if root is None else self._get_domain(asked, request, root)
        if asked.operation in ("create_configuration", "delete_configuration"):
            # The lab's answer: nothing that it serves may ever federate a domain or end its federation.
            return _not_allowed(request)
        if asked.operation == "patch_configuration":
            return self._patch(asked, request, tenant, fault)
        return self._get_configuration(asked, request, tenant)

    def _list_domains(self, asked: Route, request: Request, tenant: Tenant, fault: Fault | None) -> Response:
        options = request.query
        refused = sorted(name for name in options if name.startswith("$") and name not in ("$select", "$top", "$skiptoken", "$expand"))
        if refused or options.get("$expand", "rootDomain") != "rootDomain":
            return graph_error(request, 400, "Request_UnsupportedQuery", f"Unsupported query option {', '.join(refused) or '$expand'}.")
        place = self._place(request, _MAX_TOP)
        if isinstance(place, Response):
            return place
        start, size = place
        page = []
        for domain in tenant.domains[start : start + size]:
            shown = domain.to_graph()
            if "$expand" in options:
                root = tenant.root_of(domain.name)
                shown["rootDomain"] = root.to_graph() if root and root is not domain else None
            page.append(_selected(shown, options))
        data: dict[str, Any] = {"value": page}
        if tenant.switches.odata_annotations:
            data = {"@odata.context": f"{self.graph_url}/{asked.version}/$metadata#domains", **data}
        return self._page(asked, request, data, start + size if start + size < len(tenant.domains) else None, fault)

    def _directory(self, asked: Route, request: Request, issued: Issued, tenant: Tenant, fault: Fault | None) -> Response:
        """Answer about the tenant itself: its logs, administrators and synchronization."""
        if asked.operation == "get_synchronization":
            return Response(200, {"value": [directory.synchronization(tenant)]})
        if asked.operation == "list_role_assignments":
            found = directory.role_assignments(request, tenant, issued.permissions)
        else:
            found = (directory.sign_ins if asked.operation == "list_sign_ins" else directory.directory_audits)(request, tenant)
        if isinstance(found, Response):
            return found
        place = self._place(request, _MAX_TOP + 1)
        if isinstance(place, Response):
            return place
        start, size = place
        return self._page(asked, request, {"value": found[start : start + size]}, start + size if start + size < len(found) else None, fault)

    def _place(self, request: Request, most: int) -> tuple[int, int] | Response:
        """Return where a page of a list begins and how long it may be, or the answer to options that say neither."""
        start, size = 0, self.page_size
        try:
            if "$top" in request.query:
                size = min(size, int(request.query["$top"]))
            if "$skiptoken" in request.query:
                start = int(base64.urlsafe_b64decode(request.query["$skiptoken"]))
        except (ValueError, binascii.Error):
            return graph_error(request, 400, "Request_BadRequest", "Invalid value for $top or $skiptoken.")
        if not 1 <= size <= most:
            return graph_error(request, 400, "Request_BadRequest", f"Invalid page size specified. Must be between 1 and {most} inclusive.")
        return start, size

    def _page(self, asked: Route, request: Request, data: dict[str, Any], following: int | None, fault: Fault | None) -> Response:
        """Return a page of a list, with the link to the one that begins at ``following``."""
        if following is not None:
            token = base64.urlsafe_b64encode(str(following).encode()).decode("ascii")
            kept = {name: value for name, value in request.query.items() if name in ("$select", "$top", "$expand", "$filter")}
            data["@odata.nextLink"] = f"{self.graph_url}{request.path}?{urlencode({**kept, '$skiptoken': token}, safe='$')}"
        if fault is not None and fault.kind == "more_entries":
            data["value"] += fault.options["entries"]
        if fault is not None and fault.kind == "foreign_next_link":
            data["@odata.nextLink"] = str(fault.options.get("url", f"https://graph.example.com{request.path}?$skiptoken=AA"))
        return Response(200, data)

    def _get_domain(self, asked: Route, request: Request, domain: Domain) -> Response:
        return Response(200, {"@odata.context": f"{self.graph_url}/{asked.version}/$metadata#domains/$entity", **_selected(domain.to_graph(), request.query)})

    def _get_configuration(self, asked: Route, request: Request, tenant: Tenant) -> Response:
        name, switches = asked.domain or "", tenant.switches
        try:
            found = tenant.read_configuration(name)
        except (NoSuchDomain, NotFederated):
            if asked.configuration_id is None and switches.no_configuration_answer == "empty_list":
                return Response(200, {"value": []})
            return _not_found(request, asked.configuration_id or name)
        if asked.configuration_id is None:
            return Response(200, {**self._context(asked, switches), "value": [_shown(found, switches)]})
        if asked.configuration_id != found.id:
            return _not_found(request, asked.configuration_id)
        if switches.single_get_wrapped:
            return Response(200, {"value": _shown(found, switches)})
        return Response(200, {**self._context(asked, switches), **_shown(found, switches)})

    def _patch(self, asked: Route, request: Request, tenant: Tenant, fault: Fault | None) -> Response:
        if asked.configuration_id is None:
            return _not_allowed(request)
        domain = tenant.domain(asked.domain or "")
        if domain.federation is None or domain.federation.id != asked.configuration_id:
            return _not_found(request, asked.configuration_id)
        if not request.headers.get("content-type", "").lower().startswith("application/json"):
            return graph_error(request, 400, "Request_BadRequest", "A Content-Type header with the value application/json is required.")
        try:
            body = json.loads(request.body)
        except ValueError:
            return graph_error(request, 400, "BadRequest", "Unable to read JSON request payload.")
        if not isinstance(body, dict):
            return graph_error(request, 400, "BadRequest", "Unable to read JSON request payload: an object is wanted.")
        if fault is not None and fault.kind == "skip_write":
            return self._patched(asked, tenant, domain.federation)
        try:
            result = tenant.patch_configuration(domain.name, body)
        except ConfigurationError as error:
            return graph_error(request, 400, "Request_BadRequest", str(error))
        if self.on_change is not None:
            self.on_change()
        return self._patched(asked, tenant, result)

    def _patched(self, asked: Route, tenant: Tenant, result: FederationConfiguration) -> Response:
        if not tenant.switches.patch_returns_object:
            return Response(204)
        return Response(200, {**self._context(asked, tenant.switches), **_shown(result, tenant.switches)})

    def _context(self, asked: Route, switches: TenantSwitches) -> dict[str, str]:
        if not switches.odata_annotations:
            return {}
        entity = "/$entity" if asked.configuration_id else ""
        return {"@odata.context": f"{self.graph_url}/{asked.version}/$metadata#domains('{asked.domain}')/federationConfiguration{entity}"}

    # --- batches

    def _batch(self, asked: Route, request: Request) -> Response:
        try:
            items = _batch_items(request)
        except ValueError as error:
            return self._finish(request, graph_error(request, 400, "BadRequest", str(error)))
        answers: dict[str, dict[str, Any]] = {}
        failed: set[str] = set()
        contradictions: list[dict[str, Any]] = []
        for item in items:
            identifier = item["id"]
            waits_for = item.get("dependsOn") or []
            if any(other in failed or other not in answers for other in waits_for):
                failed.add(identifier)
                answers[identifier] = _item_answer(identifier, graph_error(request, 424, "FailedDependency", "A request that this one depends on has failed."))
                continue
            response = self._item(asked, item, request, contradictions)
            if response is None:
                continue
            if response.status >= 400:
                failed.add(identifier)
            answers[identifier] = _item_answer(identifier, response)
        shuffled = [*answers.values(), *contradictions]
        with self._lock:
            self._random.shuffle(shuffled)
        return self._finish(request, Response(200, {"responses": shuffled}))

    def _item(self, batch: Route, item: Mapping[str, Any], request: Request, contradictions: list[dict[str, Any]]) -> Response | None:
        """Carry out one item of a batch; None leaves its answer out. A second answer to it goes into ``contradictions``."""
        inner = _inner_request(batch, item, request)
        asked = route(inner)
        detail = asked.detail()
        taken = self._faults.take("graph_item", asked.operation, **detail)
        try:
            fault = Fault.of(taken, item=True)
        except FaultError as error:
            return Response(500, str(error))
        if fault is not None:
            self._wait(fault.delay)
        if fault is not None and fault.kind == "revoke":
            self._issuer.revoke(bearer(inner))
        replaced = fault.instead(inner) if fault else None
        response: Response | None
        if asked.operation == "batch":
            response = graph_error(inner, 400, "BadRequest", "A batch request must not contain another one.")
        elif isinstance(replaced, Stream):
            response = Response(200, {"padding": "x" * min(replaced.size or 0, _HUGE_ITEM)}, {"Content-Type": GRAPH_JSON_TYPE})
        elif isinstance(replaced, Response):
            response = replaced
        elif fault is not None and fault.kind == "twice":
            response = Response(204 if asked.write else 404)
            contradictions.append(_item_answer(str(item["id"]), graph_error(inner, 400, "BadRequest", "No.")))
        else:
            response = self.answer(asked, inner, fault)
            if fault is not None:
                late = fault.afterwards(inner, response)
                response = late if isinstance(late, Response) else response
        if asked.operation == "patch_configuration":
            detail["members"] = _members(inner)
        if fault is not None:
            detail["fault"] = fault.kind
            if fault.kind == "omit":
                response = None
        self._log.record(
            "graph_item", asked.operation, asked.write, method=inner.method, path=inner.path, status=response.status if response else None, **detail
        )
        return response


def bearer(request: Request) -> str:
    """Return the token of a request, empty if it has none."""
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _permissions(asked: Route, switches: TenantSwitches) -> frozenset[str]:
    """Return the permissions any one of which is enough."""
    if asked.operation in ("list_domains", "get_domain", "get_root_domain"):
        return _LIST_ROLES
    wanted = {"Domain.ReadWrite.All"}
    if switches.internal_federation_permissions_known:
        wanted.add("Domain-InternalFederation.ReadWrite.All")
    if not asked.write:
        if switches.domain_read_reads_federation:
            wanted.add("Domain.Read.All")
        if switches.internal_federation_permissions_known:
            wanted.add("Domain-InternalFederation.Read.All")
    return frozenset(wanted)


def _not_found(request: Request, name: str) -> Response:
    message = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    return graph_error(request, 404, "Request_ResourceNotFound", message)


def _not_allowed(request: Request) -> Response:
    return graph_error(request, 405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


def _shown(configuration: FederationConfiguration, switches: TenantSwitches) -> dict[str, Any]:
    shown = configuration.to_graph()
    return {"@odata.type": ODATA_TYPE, **shown} if switches.odata_annotations else shown


def _selected(shown: dict[str, Any], options: Mapping[str, str]) -> dict[str, Any]:
    if not options.get("$select"):
        return shown
    wanted = {name.strip().lower() for name in options["$select"].split(",")} | {"rootdomain"}
    return {name: value for name, value in shown.items() if name.lower() in wanted}


def _batch_items(request: Request) -> list[dict[str, Any]]:
    """Return the items of a batch. Raises ValueError with the message of the 400 answer."""
    try:
        body = json.loads(request.body)
        items = body["requests"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("Invalid batch payload format.") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("Invalid batch payload format.")
    if not items:
        raise ValueError("A batch request must contain at least one request.")
    if len(items) > MAX_BATCH:
        raise ValueError(f"Number of batch request steps exceeds the maximum value of {MAX_BATCH}.")
    seen: set[str] = set()
    for item in items:
        identifier = item.get("id")
        if not isinstance(identifier, str) or not identifier or identifier in seen:
            raise ValueError("Each request of a batch needs an id of its own, a text.")
        if not isinstance(item.get("method"), str) or not isinstance(item.get("url"), str):
            raise ValueError(f"The request '{identifier}' of the batch needs a method and a url.")
        seen.add(identifier)
    return items


def _inner_request(batch: Route, item: Mapping[str, Any], request: Request) -> Request:
    address = urlsplit(item["url"])
    given = item.get("headers")
    headers = {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, Mapping) else {}
    # An item acts with the token of its batch unless it brings its own.
    for name in ("authorization", "client-request-id", "host"):
        if name in request.headers:
            headers.setdefault(name, request.headers[name])
    body = b"" if item.get("body") is None else json.dumps(item["body"]).encode("utf-8")
    # An absolute address ends up below an unknown segment, as a path that repeats the version does.
    prefix = f"{address.scheme}:{address.netloc}/" if address.scheme or address.netloc else ""
    path = f"/{batch.version}/{prefix}{address.path.lstrip('/')}"
    return Request(item["method"].upper(), path, dict(parse_qsl(address.query)), headers, body, request.connection)


def _item_answer(identifier: str, response: Response) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": identifier, "status": response.status, "headers": dict(response.headers)}
    if response.data is not None:
        answer["body"] = response.data
    return answer


def _members(request: Request) -> list[str]:
    """Return the names of the members that a PATCH sends, for the log; never their values."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return []
    return sorted(body) if isinstance(body, dict) else []
