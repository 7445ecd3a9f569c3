# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""A small client for Microsoft Graph: one token, lists page by page, everything else in batches of twenty."""

from __future__ import annotations

import hashlib
import json
import typing as t
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra import permissions
from ansible_collections.federation.adfs.plugins.module_utils._entra.credentials import Credential, credential_for, token_claims
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, GraphError
from ansible_collections.federation.adfs.plugins.module_utils._entra.libraries import require
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import Settings
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import PASSING, Answer, NetworkError, Patience, Transport, retry_after
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

BATCH_SIZE = 20
MAX_PAGES = 5000
# Of all pages of a list together; five thousand domains, the most that a tenant may have, are some five million bytes.
MAX_ENTRIES = 50_000
MAX_LIST_BYTES = 64 * 1024 * 1024
# Documented for items whose dependency failed, and seen where Graph throttles a batch.
_DEPENDENT = 424
_PASSING_ITEMS = PASSING | {_DEPENDENT}
UNLICENSED = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
"""Graph's code for a tenant without the licence. It was also seen for a moment in tenants that have it (microsoft-graph-docs issues 11986, 14118)."""
NO_LICENCE = (
    "Graph shows this log only to tenants with Microsoft Entra ID P1 or P2. The tenant has neither, or the app lacks Directory.Read.All, "
    "which Graph needs to see the licence (a known issue in Microsoft's documentation)."
)
_ADDRESS = "is graph_url right, and no proxy in the way?"


class TooLargeError(GraphError):
    """A list is larger than anything that is read at once."""


@dataclass(frozen=True)
class Request:
    """One request inside a batch. ``path`` is relative to the API version; ``permission`` is what a 403 means."""

    method: str
    path: str
    what: str
    permission: str
    body: Mapping[str, t.Any] | None = None


@dataclass(frozen=True)
class Reply:
    """The answer to one request of a batch: a good status with its body, or the error. 204 comes without a body."""

    status: int
    body: t.Any = None
    error: GraphError | None = None
    # Of requests that write, where there is an error: whether it may be tried again after a fresh look, how long to wait before (seconds),
    # and whether it may have been carried out.
    again: bool = False
    asked: float | None = None
    unclear: bool = False
    # Of requests that write: by what Microsoft finds the request again.
    request_id: str | None = None


@dataclass(frozen=True)
class _ItemAnswer:
    status: int
    body: t.Any
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphClient:
    """Signs in once and talks to one tenant's Graph."""

    def __init__(self, settings: Settings, credential: Credential, transport: Transport, kept: MutableMapping[str, str] | None = None) -> None:
        """``kept``: where tokens lie that clients of the same identity in this process share."""
        self._kept = {} if kept is None else kept
        place = (sorted(settings.identity.items()), settings.auth_method, settings.graph_url, settings.authority_url)
        self._place = hashlib.sha256(repr(place).encode("utf-8", "surrogatepass")).hexdigest()
        self._settings = settings
        self._credential = credential
        self._transport = transport
        self._token: str | None = None
        self._renewed = False

    @property
    def tenant_id(self) -> str | None:
        """Return the tenant as it was given, else the one that the token is for (None before the first request)."""
        if self._settings.tenant_id is not None:
            return self._settings.tenant_id
        tenant = token_claims(self._token or "").get("tid")
        return tenant if isinstance(tenant, str) else None

    def permissions(self) -> dict[str, t.Any]:
        """Return what the token may do, what is missing and what is more than needed. Signs in if that has not happened yet."""
        return permissions.review(token_claims(self._signed_in()))

    def _signed_in(self) -> str:
        if self._token is None:
            self._token = self._kept.get(self._place) or self._credential.token(self._transport)
            self._kept[self._place] = self._token
            self._settings.hide(self._token)
        return self._token

    def close(self) -> None:
        """Close the connections and forget the token."""
        self._token = None
        self._transport.close()

    def patience(self) -> Patience:
        """Return a fresh limit for trying something again."""
        return self._transport.patience()

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._transport.pause(seconds)

    def pages(self, path: str, what: str, permission: str) -> list[t.Any]:
        """Return all entries of a list, following its links on the same host only. Raises GraphError."""
        entries: list[t.Any] = []
        for page in self.each_page(path, what, permission):
            entries += page
            if len(entries) > MAX_ENTRIES:
                raise GraphError(f"Microsoft Graph at {self._settings.graph_url}: {what} has more than {MAX_ENTRIES} entries, which no tenant has.")
        return entries

    def each_page(self, path: str, what: str, permission: str) -> Iterator[list[t.Any]]:
        """Yield the entries of a list page by page, following its links on the same host only. Raises GraphError."""
        url = self._url(path)
        seen: set[str] = set()
        size = 0
        while True:
            seen.add(url)
            answer = self._send("GET", url, what, permission, None)
            size += len(answer.body)
            if size > MAX_LIST_BYTES:
                raise TooLargeError(
                    f"Microsoft Graph at {self._settings.graph_url}: {what} is larger than {MAX_LIST_BYTES // 1024 // 1024} MB, "
                    "which no tenant needs; the rest was not read."
                )
            body = answer.json()
            if not isinstance(body, dict) or not isinstance(body.get("value"), list):
                raise GraphError(f"Microsoft Graph at {self._settings.graph_url} did not answer {what} with a list; {_ADDRESS}")
            yield body["value"]
            link = body.get("@odata.nextLink")
            if link is None:
                return
            url = self._next_page(url, link, what)
            if url in seen or len(seen) >= MAX_PAGES:
                raise GraphError(f"Microsoft Graph at {self._settings.graph_url} never comes to the end of {what} ({len(seen)} pages read).")

    def batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Send requests that only read, twenty at a time, and return their replies in the same order.

        An error of one request is in its reply and touches no other. What Graph throttles, or fails to answer for the moment, is
        asked again, alone, as long as patience lasts. Raises GraphError or NetworkError only where nothing at all could be read.
        """
        answers: dict[int, _ItemAnswer] = {}
        failed: dict[int, EntraError] = {}
        waiting = list(range(len(requests)))
        patience = self._transport.patience()
        while waiting:
            for start in range(0, len(waiting), BATCH_SIZE):
                chunk = {index: requests[index] for index in waiting[start : start + BATCH_SIZE]}
                try:
                    answers.update(self._read_batch(chunk))
                except EntraError as exc:
                    failed.update(dict.fromkeys(waiting[start:], exc))
                    break
            waiting = [index for index in waiting if index not in failed]
            expired = [index for index in waiting if answers[index].status == 401]
            renewing = bool(expired) and self._renew()
            passing = [index for index in waiting if answers[index].status in _PASSING_ITEMS]
            if passing and not patience.wait(_longest(answers[index] for index in passing)):
                passing = []
            waiting = sorted(passing + (expired if renewing else []))
        if failed and len(failed) == len(requests):
            raise failed[0]
        return [
            Reply(0, error=_as_graph_error(failed[index])) if index in failed else self._reply(request, answers[index])
            for index, request in enumerate(requests)
        ]

    def write(self, requests: Sequence[Request]) -> list[Reply]:
        """Send up to twenty requests that write, once, and return their replies in the same order.

        None is sent a second time here, because what it was meant for may have changed meanwhile: ``again`` in a reply tells that it
        may be tried again after a fresh look, and ``asked`` how long Graph wants that to wait; ``unclear`` that it may have been carried
        out. A reply that Graph leaves out, or gives twice, is unclear.
        """
        if len(requests) > BATCH_SIZE:
            raise ValueError(f"a batch holds {BATCH_SIZE} requests, not {len(requests)}")
        numbered = dict(enumerate(requests))
        what = self._batch_name(numbered)
        try:
            self._signed_in()
        except EntraError as exc:  # nothing was sent
            return [Reply(0, error=_as_graph_error(exc)) for _request in requests]
        try:
            answer, headers = self._post("POST", self._url("/$batch"), self._items(numbered), once=True)
        except NetworkError as exc:
            # Whether it may be tried again is for the fresh look to say; it fails too if there is no way to Graph.
            return [Reply(0, error=_as_graph_error(exc), again=True, unclear=True) for _request in requests]
        answers = self._answers(answer, numbered)
        if answers is not None:
            # An item has a number of its own where Graph gives one; else that of the whole batch finds it.
            number = answer.headers.get("request-id") or headers["client-request-id"]
            return [replace(self._write_reply(request, answers[index]), request_id=_request_id(answers[index], number)) for index, request in numbered.items()]
        renewed = answer.status == 401 and self._renew()
        error = (
            GraphError(f"Microsoft Graph at {self._settings.graph_url} did not answer {what} as a batch is answered; {_ADDRESS}")
            if 200 <= answer.status < 300
            else self._error(what, requests[0].permission, answer.status, answer.json(), {**headers, **answer.headers})
        )
        again = renewed or 200 <= answer.status < 300 or answer.status in _PASSING_ITEMS
        unclear = not 400 <= answer.status < 500 or answer.status == _DEPENDENT
        return [Reply(answer.status, error=error, again=again, unclear=unclear, asked=retry_after(answer.headers)) for _request in requests]

    def _read_batch(self, requests: Mapping[int, Request]) -> dict[int, _ItemAnswer]:
        what = self._batch_name(requests)
        permission = next(iter(requests.values())).permission
        answer = self._send("POST", self._url("/$batch"), what, permission, self._items(requests), readable=_is_batch)
        answers = self._answers(answer, requests)
        if answers is None and answer.status == _DEPENDENT:
            answers = dict.fromkeys(requests, _ItemAnswer(_DEPENDENT, None, answer.headers))
        if answers is None:
            raise GraphError(f"Microsoft Graph at {self._settings.graph_url} did not answer {what} as a batch is answered; {_ADDRESS}")
        return answers

    @staticmethod
    def _batch_name(requests: Mapping[int, Request]) -> str:
        return f"{next(iter(requests.values())).what} (in a batch of {len(requests)})"

    @staticmethod
    def _items(requests: Mapping[int, Request]) -> dict[str, t.Any]:
        items = []
        for index, request in requests.items():
            item: dict[str, t.Any] = {"id": str(index), "method": request.method, "url": request.path}
            if request.body is not None:
                item["headers"] = {"Content-Type": "application/json"}
                item["body"] = request.body
            items.append(item)
        return {"requests": items}

    @staticmethod
    def _answers(answer: Answer, requests: Mapping[int, Request]) -> dict[int, _ItemAnswer] | None:
        """Return what the answer to a batch holds for each request, None if it is none; whatever its own status says, the items count."""
        responses = _responses(answer)
        if responses is None:
            return None
        # An answer that Graph leaves out counts as one that did not come in time.
        nothing = _ItemAnswer(504, None)
        result = dict.fromkeys(requests, nothing)
        told: set[int] = set()
        for response in responses:
            if not isinstance(response, dict) or not _is_status(response.get("status")):
                continue
            number = str(response.get("id"))
            if not (number.isascii() and number.isdecimal() and len(number) < 10 and int(number) in result):
                continue
            index = int(number)
            headers = response.get("headers")
            plain = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
            # Of two answers to one request nobody knows which is true.
            result[index] = nothing if index in told else _ItemAnswer(response["status"], response.get("body"), plain)
            told.add(index)
        return result

    def _reply(self, request: Request, answer: _ItemAnswer) -> Reply:
        if 200 <= answer.status < 300:
            return Reply(answer.status, answer.body)
        return Reply(answer.status, answer.body, self._error(request.what, request.permission, answer.status, answer.body, answer.headers))

    def _write_reply(self, request: Request, answer: _ItemAnswer) -> Reply:
        reply = self._reply(request, answer)
        if reply.error is None:
            return reply
        # 404, 409 and 412: the configuration may have been made anew, or is being written by somebody else.
        again = answer.status in (*_PASSING_ITEMS, 404, 409, 412) or (answer.status == 401 and self._renew_for_item())
        unclear = not 400 <= answer.status < 500 or answer.status == _DEPENDENT
        return replace(reply, again=again, unclear=unclear, asked=retry_after(answer.headers))

    def _renew_for_item(self) -> bool:
        """Renew the token for the first item that is refused; the others of the same batch have the same one."""
        return self._renew() or (self._renewed and self._token is None)

    def _send(self, method: str, url: str, what: str, permission: str, body: t.Any, readable: Callable[[Answer], bool] = lambda _answer: False) -> Answer:
        """Send a request that only reads, and return the good answer, or one that ``readable`` accepts. Raises GraphError, NetworkError."""
        while True:
            answer, headers = self._post(method, url, body, once=False)
            if 200 <= answer.status < 300 or readable(answer):
                return answer
            if answer.status == 401 and self._renew():
                continue
            raise self._error(what, permission, answer.status, answer.json(), {**headers, **answer.headers})

    def _post(self, method: str, url: str, body: t.Any, once: bool) -> tuple[Answer, dict[str, str]]:
        """Return the answer, and the id that was sent along. ``once``: do not send it again where the trouble may pass."""
        data = None if body is None else json.dumps(body).encode("utf-8")
        identifier = str(uuid.uuid4())
        headers = {"Authorization": f"Bearer {self._signed_in()}", "Accept": "application/json", "client-request-id": identifier}
        if data is not None:
            headers["Content-Type"] = "application/json"
        send = self._transport.request_once if once else self._transport.request
        return send("Microsoft Graph", method, url, headers, data), {"client-request-id": identifier}

    def _renew(self) -> bool:
        """Drop the token, so that the next request gets a new one; once, and only where that is possible."""
        if self._renewed or not self._credential.renewable:
            return False
        self._renewed = True
        self._token = None
        self._kept.pop(self._place, None)
        return True

    def _error(self, what: str, permission: str, status: int, body: t.Any, headers: Mapping[str, str]) -> GraphError:
        """Say in one sentence what Graph did not do, why, and what to do next: by the status first, the code second, never by the text."""
        error = body.get("error") if isinstance(body, dict) else None
        error = error if isinstance(error, dict) else {}
        code, message = error.get("code"), error.get("message")
        inner = error.get("innerError")
        inner = inner if isinstance(inner, dict) else {}
        # Cut only what has no secret in it any more: one that is cut in two cannot be recognised.
        words = [self._settings.scrub(text) for text in (code, message) if isinstance(text, str) and text]
        reason = ": ".join(printable(text, 300).rstrip(". ") for text in words) or "no reason given"
        number = headers.get("request-id") or inner.get("request-id") or headers.get("client-request-id") or inner.get("client-request-id")
        reference = f" (request-id {printable(self._settings.scrub(number), 64)})" if isinstance(number, str) and number else ""
        verb = "failed at" if status >= 500 else "refused"
        advice = NO_LICENCE if code == UNLICENSED else self._advice(status, permission, headers)
        text = f"Microsoft Graph at {self._settings.graph_url} {verb} {what}: HTTP {status}, {reason}{reference}. {advice}"
        return GraphError(self._settings.scrub(text), status)

    def _advice(self, status: int, permission: str, headers: Mapping[str, str]) -> str:
        """Say what to do next."""
        if status == 401:
            if self._credential.renewable:
                return "The token is refused, also a new one; check that cloud and tenant_id belong to this Graph."
            return "The given access_token is refused; it may have expired. Get a new one for this cloud."
        if status == 403:
            return permissions.advice(token_claims(self._token or ""), permission)
        if status == 404:
            return "Check the name of the domain and the tenant. If the federation configuration was made anew since it was read, run again."
        if status == 407:
            return "A proxy wants a user name and password; put them into the option proxy, or into HTTPS_PROXY."
        if status == 409:
            return "Somebody else is changing the same object; run again."
        if status == 412:
            return "The object has been changed since it was read; run again, which looks at it afresh."
        if status == 429:
            asked = retry_after(headers)
            return "Graph asks to slow down" + (f" for {asked:g} s" if asked else "") + ", longer than this run waits; run again later."
        if status == _DEPENDENT:
            return "Graph did not get to it, as it throttles the whole batch; run again later."
        if status >= 500:
            return "Graph is in trouble and stayed so; run again later."
        return "Look the code up in Microsoft's list of Graph errors, or give the request-id to their support."

    def _url(self, path: str) -> str:
        return f"{self._settings.graph_url}/v1.0{path}"

    def _next_page(self, current: str, link: t.Any, what: str) -> str:
        try:
            url = urljoin(current, link) if isinstance(link, str) else ""
        except ValueError:
            url = ""
        if _origin(url) != _origin(self._settings.graph_url):
            host = _host(url)
            raise GraphError(
                f"Microsoft Graph at {self._settings.graph_url} points to another host, {host}, for the rest of {what}; no token was sent there; {_ADDRESS}"
            )
        return url


def connect(settings: Settings, kept: MutableMapping[str, str] | None = None) -> GraphClient:
    """Return a client for the settings, with the credential checked but nothing sent yet. ``kept``: tokens to share with other clients.

    Raises OptionsError for credentials that are incomplete or unusable, EntraError for a missing library.
    """
    require("requests", "cryptography")
    transport = Transport(settings.timeout, settings.ca_path, settings.proxy, time_limit=settings.time_limit)
    return GraphClient(settings, credential_for(settings), transport, kept)


def _responses(answer: Answer) -> list[t.Any] | None:
    body = answer.json()
    found = body.get("responses") if isinstance(body, dict) else None
    return found if isinstance(found, list) else None


def _request_id(answer: _ItemAnswer, otherwise: str) -> str:
    return printable(answer.headers.get("request-id") or answer.headers.get("client-request-id") or otherwise, 64)


def _is_batch(answer: Answer) -> bool:
    """Tell whether the answer can be read item by item, or was given because of throttling, whatever its own status is."""
    return answer.status == _DEPENDENT or _responses(answer) is not None


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def _longest(answers: Iterable[_ItemAnswer]) -> float | None:
    """Return the longest time that an answer asks to wait for, None if none asks."""
    return max((seconds for answer in answers if (seconds := retry_after(answer.headers)) is not None), default=None)


def _as_graph_error(exc: EntraError) -> GraphError:
    return exc if isinstance(exc, GraphError) else GraphError(str(exc))


def _host(url: str) -> str:
    try:
        return printable(urlsplit(url).netloc.rpartition("@")[2], 100) or "nowhere"
    except ValueError:
        return "nowhere"


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or 443
    except ValueError:
        return "", "", 0
