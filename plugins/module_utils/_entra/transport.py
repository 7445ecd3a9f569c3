# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""HTTP for Entra ID and Graph: every wait and every body has a limit, and trouble has a sentence."""

from __future__ import annotations

import datetime
import email.utils
import json
import random
import ssl
import time
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError

try:
    import requests
    import urllib3
except ImportError:  # modules and lookup report it by libraries.require
    pass

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 120.0
# What is worth asking again: throttling, and trouble that passes.
PASSING = frozenset({429, 500, 502, 503, 504})
# The endpoint for managed identities of Azure's machines answers 404 and 410 while it is being updated.
LOCAL_PASSING = PASSING | {404, 410}
LOCAL_CONNECT_SECONDS = 3.0
_BLOCK = 64 * 1024


class NetworkError(EntraError):
    """There was no usable answer. ``again`` tells whether asking again may help."""

    def __init__(self, message: str, again: bool) -> None:
        super().__init__(message)
        self.again = again


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> t.Any:
        """Return the body as parsed JSON, or None if it is something else, such as a proxy's HTML page."""
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except ValueError:
            return None


class Transport:
    """Sends single requests over kept connections.

    ``timeout`` (seconds) limits connecting, waiting for the answer, and reading it, each. ``ca_path`` wins over the environment's
    certificate bundles, and ``proxy`` over its proxies and over NO_PROXY. ``sleep`` and ``clock`` are the seam for tests.
    """

    def __init__(
        self,
        timeout: float,
        ca_path: str | None,
        proxy: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout = timeout
        self._proxies = {"http": proxy, "https": proxy} if proxy else None
        # requests prefers REQUESTS_CA_BUNDLE to Session.verify, but not to a path given with the request itself.
        self._verify: str | bool = ca_path or True
        self._sleep = sleep
        self._clock = clock
        if not hasattr(urllib3.HTTPResponse, "read1"):
            raise EntraError("the Python library urllib3 is too old to read answers within limits; install urllib3 2.2 or later.")
        self._session = requests.Session()
        # For addresses of this machine: no proxy, whatever the environment says.
        self._local = requests.Session()
        self._local.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._local.close()

    def request(
        self, what: str, method: str, url: str, headers: Mapping[str, str], data: bytes | None = None, params: Mapping[str, t.Any] | None = None
    ) -> Answer:
        """Send one request, again if the trouble may pass, and return the last answer, whatever its status.

        Everything that is sent this way may safely be sent twice. ``what`` names the other side in errors.
        Raises NetworkError if no answer came.
        """
        return self._patiently(PASSING, 2, lambda: self._once(self._session, self._timeout, what, method, url, headers, data, params))

    def request_local(self, what: str, url: str, headers: Mapping[str, str], params: Mapping[str, t.Any] | None = None) -> Answer:
        """GET from a token endpoint of this machine: past every proxy, and with a short limit for connecting, as it is there at once or not at all.

        Raises NetworkError if no answer came.
        """
        connecting = min(self._timeout, LOCAL_CONNECT_SECONDS)
        return self._patiently(LOCAL_PASSING, 1, lambda: self._once(self._local, connecting, what, "GET", url, headers, None, params))

    def _patiently(self, passing: frozenset[int], again: int, send: Callable[[], Answer]) -> Answer:
        patience = Patience(self._sleep)
        while True:
            try:
                answer = send()
            except NetworkError as exc:
                if not exc.again or patience.attempts >= again or not patience.wait(None):
                    raise
                continue
            if answer.status not in passing or not patience.wait(retry_after(answer.headers)):
                return answer

    def patience(self) -> Patience:
        """Return a fresh limit for asking again, for those who repeat parts of a request."""
        return Patience(self._sleep)

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def _once(
        self,
        session: requests.Session,
        connecting: float,
        what: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None,
        params: Mapping[str, t.Any] | None,
    ) -> Answer:
        # identity: what is counted is what was sent; a small body cannot unpack into a huge one.
        sent = {"Accept-Encoding": "identity", **headers}
        host = urlsplit(url).netloc
        try:
            response = session.request(
                method,
                url,
                headers=sent,
                params=params,
                data=data,
                timeout=(connecting, self._timeout),
                verify=self._verify,
                proxies=self._proxies if session is self._session else None,
                allow_redirects=False,
                stream=True,
                auth=_no_netrc,
            )
            try:
                body = self._read(what, response)
            finally:
                response.close()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
            limit = connecting if isinstance(exc, requests.exceptions.ConnectTimeout) else self._timeout
            raise _network_error(what, host, limit, exc) from exc
        if 300 <= response.status_code < 400:
            target = urlsplit(response.headers.get("Location", "")).hostname or "nowhere"
            raise NetworkError(f"{what} ({host}) answered with a redirection to {target}; a proxy or a wrong address is in the way.", again=False)
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)

    def _read(self, what: str, response: requests.Response) -> bytes:
        end = self._clock() + self._timeout
        host = urlsplit(response.url).netloc
        parts: list[bytes] = []
        size = 0
        while True:
            # read1 returns what has arrived, so that the clock is looked at however slowly the bytes drip.
            part = response.raw.read1(_BLOCK)
            if not part:
                return b"".join(parts)
            size += len(part)
            parts.append(part)
            if size > MAX_BODY_BYTES:
                raise NetworkError(
                    f"{what} ({host}) sent more than {MAX_BODY_BYTES // 1024 // 1024} MB, which no answer of it should be; the rest was not read.", again=False
                )
            if self._clock() > end:
                raise NetworkError(
                    f"{what} ({host}) did not finish its answer within {self._timeout:g} s; try again, or raise the option timeout.", again=False
                )


class Patience:
    """How often, and how long in all, something is asked again."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self.attempts = 0
        self.waited = 0.0

    def wait(self, asked: float | None) -> bool:
        """Wait before the next attempt: as long as the other side asked for (seconds), else longer each time, with jitter.

        Return False, at once, if the attempts or the time are used up.
        """
        self.attempts += 1
        backoff = min(30.0, 2.0 ** (self.attempts - 1))
        jitter = random.random()  # noqa: S311 - spreads load, guards nothing
        seconds = backoff * (0.5 + jitter / 2) if asked is None else asked + jitter * min(1.0, asked / 4)
        if self.attempts >= MAX_ATTEMPTS or self.waited + seconds > MAX_WAIT_SECONDS:
            return False
        self.waited += seconds
        self._sleep(seconds)
        return True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a Retry-After header asks for (it may also hold a date), or None."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return max(0.0, (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds())


def _no_netrc(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from putting a password out of ~/.netrc over our own Authorization header."""
    return prepared


def _network_error(what: str, host: str, timeout: float, exc: BaseException) -> NetworkError:
    """Say what happened without the exception's own text, which may hold a proxy's password."""
    where = f"{what} ({host})"
    if isinstance(exc, requests.exceptions.ProxyError):
        return NetworkError(f"{where} cannot be reached through the proxy; check HTTPS_PROXY and NO_PROXY in the environment, or the option proxy.", again=True)
    if isinstance(exc, (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)):
        return NetworkError(
            f"{where} cannot be trusted: {_reason(exc) or 'TLS failed'}. If a proxy inspects TLS, or for a private endpoint, "
            "set ca_path to a file with the CA's certificate.",
            again=False,
        )
    if isinstance(exc, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return NetworkError(
            f"{where} did not answer within {timeout:g} s; check the network and the proxy (option proxy, HTTPS_PROXY, NO_PROXY), or raise the option timeout.",
            again=True,
        )
    if isinstance(exc, OSError) and not isinstance(exc, requests.RequestException) and exc.filename:
        return NetworkError(f"the file {exc.filename} that is needed to talk to {where} cannot be used: {exc.strerror}.", again=False)
    if isinstance(exc, OSError) and "CA certificate" in str(exc):  # requests: the path it got does not exist
        return NetworkError(f"the CA file for {where} does not exist; check ca_path and REQUESTS_CA_BUNDLE.", again=False)
    return NetworkError(
        f"{where} cannot be reached: {_reason(exc) or 'the connection was cut'}. "
        "Check the name, the network and the proxy (option proxy, HTTPS_PROXY, NO_PROXY).",
        again=True,
    )


def _reason(exc: BaseException) -> str | None:
    """Return the operating system's or the TLS library's own words from somewhere inside the exception."""
    seen: set[int] = set()
    queue: list[object] = [exc]
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, ssl.SSLCertVerificationError):
            return f"its certificate is refused ({current.verify_message})"
        if isinstance(current, ssl.SSLError) and current.reason:
            return current.reason.replace("_", " ").lower()
        if isinstance(current, OSError) and isinstance(current.strerror, str) and not isinstance(current, requests.RequestException):
            return current.strerror
        queue += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
    return None
