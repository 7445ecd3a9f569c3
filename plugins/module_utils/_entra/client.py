# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""A small client for Microsoft Graph: one token, lists page by page, everything else in batches of twenty."""

from __future__ import annotations

import json
import typing as t
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra import permissions
from ansible_collections.federation.adfs.plugins.module_utils._entra.credentials import Credential, credential_for, token_claims
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import GraphError
from ansible_collections.federation.adfs.plugins.module_utils._entra.libraries import require
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import Settings
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import PASSING, Answer, Transport, retry_after

BATCH_SIZE = 20
MAX_PAGES = 5000
_ADDRESS = "is graph_url right, and no proxy in the way?"


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


@dataclass(frozen=True)
class _ItemAnswer:
    status: int
    body: t.Any
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphClient:
    """Signs in once and talks to one tenant's Graph."""

    def __init__(self, settings: Settings, credential: Credential, transport: Transport) -> None:
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
        if self._token is None:
            self._token = self._credential.token(self._transport)
        return permissions.review(token_claims(self._token))

    def close(self) -> None:
        """Close the connections and forget the token."""
        self._token = None
        self._transport.close()

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._transport.pause(seconds)

    def pages(self, path: str, what: str, permission: str) -> list[t.Any]:
        """Return all entries of a list, following its links on the same host only. Raises GraphError."""
        url = self._url(path)
        seen: set[str] = set()
        entries: list[t.Any] = []
        while True:
            seen.add(url)
            answer = self._send("GET", url, what, permission, None)
            body = answer.json()
            if not isinstance(body, dict) or not isinstance(body.get("value"), list):
                raise GraphError(f"Microsoft Graph at {self._settings.graph_url} did not answer {what} with a list; {_ADDRESS}")
            entries += body["value"]
            link = body.get("@odata.nextLink")
            if link is None:
                return entries
            url = self._next_page(url, link, what)
            if url in seen or len(seen) >= MAX_PAGES:
                raise GraphError(f"Microsoft Graph at {self._settings.graph_url} never comes to the end of {what} ({len(seen)} pages read).")

    def batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Send the requests, twenty at a time, and return their replies in the same order.

        An error of one request is in its reply and touches no other. What Graph throttles, or fails to answer for the moment, is
        asked again, alone, as long as patience lasts. Raises GraphError or NetworkError only where a batch as a whole gets no answer.
        """
        answers: dict[int, _ItemAnswer] = {}
        waiting = list(range(len(requests)))
        patience = self._transport.patience()
        while waiting:
            for start in range(0, len(waiting), BATCH_SIZE):
                chunk = waiting[start : start + BATCH_SIZE]
                answers.update(self._post_batch({index: requests[index] for index in chunk}))
            expired = [index for index in waiting if answers[index].status == 401]
            renewing = bool(expired) and self._renew()
            passing = [index for index in waiting if answers[index].status in PASSING]
            if passing:
                asked = [seconds for index in passing if (seconds := retry_after(answers[index].headers)) is not None]
                if not patience.wait(max(asked) if asked else None):
                    passing = []
            waiting = sorted(passing + (expired if renewing else []))
        return [self._reply(request, answers[index]) for index, request in enumerate(requests)]

    def _post_batch(self, requests: Mapping[int, Request]) -> dict[int, _ItemAnswer]:
        items = []
        for index, request in requests.items():
            item: dict[str, t.Any] = {"id": str(index), "method": request.method, "url": request.path}
            if request.body is not None:
                item["headers"] = {"Content-Type": "application/json"}
                item["body"] = request.body
            items.append(item)
        first = next(iter(requests.values()))
        what = f"{first.what} (in a batch of {len(items)})"
        answer = self._send("POST", self._url("/$batch"), what, first.permission, {"requests": items})
        body = answer.json()
        responses = body.get("responses") if isinstance(body, dict) else None
        if not isinstance(responses, list):
            raise GraphError(f"Microsoft Graph at {self._settings.graph_url} did not answer {what} as a batch is answered; {_ADDRESS}")
        # An answer that Graph leaves out counts as one that did not come in time.
        result = {index: _ItemAnswer(504, None) for index in requests}
        for response in responses:
            if not isinstance(response, dict) or not isinstance(response.get("status"), int):
                continue
            number = str(response.get("id"))
            if number.isdecimal() and int(number) in result:
                headers = response.get("headers")
                plain = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
                result[int(number)] = _ItemAnswer(response["status"], response.get("body"), plain)
        return result

    def _reply(self, request: Request, answer: _ItemAnswer) -> Reply:
        if 200 <= answer.status < 300:
            return Reply(answer.status, answer.body)
        return Reply(answer.status, answer.body, self._error(request.what, request.permission, answer.status, answer.body, answer.headers))

    def _send(self, method: str, url: str, what: str, permission: str, body: t.Any) -> Answer:
        data = None if body is None else json.dumps(body).encode("utf-8")
        while True:
            if self._token is None:
                self._token = self._credential.token(self._transport)
            headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "client-request-id": str(uuid.uuid4())}
            if data is not None:
                headers["Content-Type"] = "application/json"
            answer = self._transport.request("Microsoft Graph", method, url, headers, data)
            if 200 <= answer.status < 300:
                return answer
            if answer.status == 401 and self._renew():
                continue
            named = {"client-request-id": headers["client-request-id"], **answer.headers}
            raise self._error(what, permission, answer.status, answer.json(), named)

    def _renew(self) -> bool:
        """Drop the token, so that the next request gets a new one; once, and only where that is possible."""
        if self._renewed or not self._credential.renewable:
            return False
        self._renewed = True
        self._token = None
        return True

    def _error(self, what: str, permission: str, status: int, body: t.Any, headers: Mapping[str, str]) -> GraphError:
        """Say in one sentence what Graph did not do, why, and what to do next: by the status first, the code second, never by the text."""
        error = body.get("error") if isinstance(body, dict) else None
        error = error if isinstance(error, dict) else {}
        code, message = error.get("code"), error.get("message")
        inner = error.get("innerError")
        inner = inner if isinstance(inner, dict) else {}
        words = [text for text in (code, message) if isinstance(text, str) and text]
        reason = ": ".join(" ".join(text.split())[:300].rstrip(". ") for text in words) or "no reason given"
        number = headers.get("request-id") or inner.get("request-id") or headers.get("client-request-id") or inner.get("client-request-id")
        reference = f" (request-id {number})" if isinstance(number, str) and number else ""
        if status == 401:
            if self._credential.renewable:
                advice = "The token is refused, also a new one; check that cloud and tenant_id belong to this Graph."
            else:
                advice = "The given access_token is refused; it may have expired. Get a new one for this cloud."
        elif status == 403:
            advice = permissions.advice(token_claims(self._token or ""), permission)
        elif status == 404:
            advice = "Check the name of the domain and the tenant."
        elif status == 429:
            asked = retry_after(headers)
            advice = "Graph asks to slow down" + (f" for {asked:g} s" if asked else "") + ", longer than this run waits; run again later."
        elif status >= 500:
            advice = "Graph is in trouble and stayed so; run again later."
        else:
            advice = "Nothing was changed by this request."
        verb = "failed at" if status >= 500 else "refused"
        text = f"Microsoft Graph at {self._settings.graph_url} {verb} {what}: HTTP {status}, {reason}{reference}. {advice}"
        return GraphError(self._clean(text), status)

    def _clean(self, text: str) -> str:
        text = self._settings.scrub(text)
        return text.replace(self._token, "********") if self._token else text

    def _url(self, path: str) -> str:
        return f"{self._settings.graph_url}/v1.0{path}"

    def _next_page(self, current: str, link: t.Any, what: str) -> str:
        url = urljoin(current, link) if isinstance(link, str) else ""
        if _origin(url) != _origin(self._settings.graph_url):
            host = urlsplit(url).netloc or "nowhere"
            raise GraphError(
                f"Microsoft Graph at {self._settings.graph_url} points to another host, {host}, for the rest of {what}; no token was sent there; {_ADDRESS}"
            )
        return url


def connect(settings: Settings) -> GraphClient:
    """Return a client for the settings, with the credential checked but nothing sent yet.

    Raises OptionsError for credentials that are incomplete or unusable, EntraError for a missing library.
    """
    require("requests", "cryptography")
    return GraphClient(settings, credential_for(settings), Transport(settings.timeout, settings.ca_path, settings.proxy))


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or 443
    except ValueError:
        return "", "", 0
