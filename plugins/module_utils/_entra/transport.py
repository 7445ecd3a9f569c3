# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""HTTP for Entra ID and Graph: every wait and every body has a limit, and trouble has a sentence."""

from __future__ import annotations

import datetime
import email.utils
import functools
import http.client
import json
import math
import os
import random
import re
import ssl
import time
import typing as t
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra import wire
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._files import SpecialFileError, refuse_special
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

try:
    import requests
    import urllib3
except ImportError:  # modules and lookup report it by libraries.require
    pass

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 120.0
DEFAULT_TIME_LIMIT = 600.0
# What is worth asking again: throttling, and trouble that passes.
PASSING = frozenset({429, 500, 502, 503, 504})
# The endpoint for managed identities of Azure's machines answers 404 and 410 while it is being updated.
LOCAL_PASSING = PASSING | {404, 410}
LOCAL_CONNECT_SECONDS = 3.0


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
        return self._parsed

    @functools.cached_property
    def _parsed(self) -> t.Any:
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):  # the second one: nested thousands of levels deep
            return None


class Transport:
    """Sends single requests over kept connections.

    ``timeout`` (seconds) limits connecting, and, apart from that, each answer as a whole, head and body; ``time_limit`` (seconds) limits all
    that is done by this object, waits included. ``ca_path`` wins over the environment's certificate bundles, and ``proxy`` over its proxies
    and over NO_PROXY. ``sleep`` and ``clock`` are the seam for tests.
    """

    def __init__(
        self,
        timeout: float,
        ca_path: str | None,
        proxy: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        *,
        time_limit: float = DEFAULT_TIME_LIMIT,
    ) -> None:
        self._timeout = timeout
        self._proxies = {"http": proxy, "https": proxy} if proxy else None
        # requests prefers REQUESTS_CA_BUNDLE to Session.verify, but not to a path given with the request itself.
        self._verify: str | bool = ca_path or True
        if not ca_path:
            _check_bundle()
        self._sleep = sleep
        self._clock = clock
        self._time_limit = time_limit
        self._end = clock() + time_limit
        if not hasattr(urllib3.HTTPResponse, "read1"):
            raise EntraError("the Python library urllib3 is too old to read answers within limits; install urllib3 2.2 or later.")
        self._session = wire.session()
        # For addresses of this machine: no proxy, whatever the environment says.
        self._local = wire.session(trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._local.close()

    @property
    def remaining(self) -> float:
        """Return the seconds that are left of the time limit, negative once it is used up."""
        return self._end - self._clock()

    def request(
        self, what: str, method: str, url: str, headers: Mapping[str, str], data: bytes | None = None, params: Mapping[str, t.Any] | None = None
    ) -> Answer:
        """Send one request, again if the trouble may pass, and return the last answer, whatever its status.

        What is sent this way must be safe to send twice. ``what`` names the other side in errors. Raises NetworkError if no answer came.
        """
        return self._patiently(PASSING, 2, lambda: self._once(self._session, self._timeout, what, method, url, headers, data, params))

    def request_once(self, what: str, method: str, url: str, headers: Mapping[str, str], data: bytes | None = None) -> Answer:
        """Send one request, for example one that writes, and return its answer, whatever its status. Raises NetworkError if no answer came."""
        return self._once(self._session, self._timeout, what, method, url, headers, data, None)

    def request_local(self, what: str, url: str, headers: Mapping[str, str], params: Mapping[str, t.Any] | None = None) -> Answer:
        """GET from a token endpoint of this machine: past every proxy, and with a short limit for connecting, as it is there at once or not at all.

        Raises NetworkError if no answer came.
        """
        connecting = min(self._timeout, LOCAL_CONNECT_SECONDS)
        return self._patiently(LOCAL_PASSING, 1, lambda: self._once(self._local, connecting, what, "GET", url, headers, None, params))

    def _patiently(self, passing: frozenset[int], again: int, send: Callable[[], Answer]) -> Answer:
        patience = self.patience()
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
        return Patience(self._sleep, lambda: self.remaining)

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than the time limit allows."""
        self._sleep(max(0.0, min(seconds, self.remaining)))

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
        host = _host(url)
        if self.remaining <= 0:
            raise self._out_of_time(what, host)
        limit = min(self._timeout, self.remaining)
        end = self._clock() + limit
        response = None
        try:
            with wire.within(lambda: end - self._clock()):
                response = session.request(
                    method,
                    url,
                    # identity: a small body cannot unpack into a huge one. A server that packs it nevertheless is understood.
                    headers={"Accept-Encoding": "identity", **headers},
                    params=params,
                    data=data,
                    timeout=(min(connecting, limit), limit),
                    verify=self._verify,
                    proxies=self._proxies if session is self._session else None,
                    allow_redirects=False,
                    stream=True,
                    auth=_no_netrc,
                )
                answered = {name.lower(): value for name, value in response.headers.items()}
                if 300 <= response.status_code < 400:
                    raise _redirection(what, host, answered)
                return Answer(response.status_code, answered, wire.read_body(response, MAX_BODY_BYTES, lambda: end - self._clock()))
        except NetworkError:
            raise
        except wire.TooLarge as exc:
            megabytes = MAX_BODY_BYTES // 1024 // 1024
            raise NetworkError(f"{what} ({host}) sent more than {megabytes} MB, which no answer of it should be; the rest was not read.", again=False) from exc
        except wire.TooManyPieces as exc:
            raise NetworkError(f"{what} ({host}) sent its answer in too many small pieces; the rest was not read.", again=False) from exc
        except wire.UnknownEncoding as exc:
            raise NetworkError(
                f"{what} ({host}) answered in an encoding that was not asked for and cannot be unpacked; is a proxy in the way?", again=False
            ) from exc
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError, RuntimeError) as exc:
            # Without the cause: Ansible prints the texts of all causes, and the library's own may hold the password of a proxy.
            if self.remaining <= 0:
                raise self._out_of_time(what, host) from None
            if response is not None and _timed_out(exc):
                raise NetworkError(
                    f"{what} ({host}) did not finish its answer within {limit:.3g} s; try again, or raise the option timeout.", again=False
                ) from None
            waited = min(connecting, limit) if isinstance(exc, requests.exceptions.ConnectTimeout) else limit
            raise _network_error(what, host, waited, exc) from None
        finally:
            if response is not None:
                response.close()

    def _out_of_time(self, what: str, host: str) -> NetworkError:
        return NetworkError(
            f"{what} ({host}) was not waited for any longer, because the {self._time_limit:.3g} s that this task may take are over; "
            "run again, or raise the option time_limit.",
            again=False,
        )


class Patience:
    """How often, and how long in all, something is asked again."""

    def __init__(self, sleep: Callable[[float], None], remaining: Callable[[], float] = lambda: math.inf) -> None:
        self._sleep = sleep
        self._remaining = remaining
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
        if self.attempts >= MAX_ATTEMPTS or self.waited + seconds > MAX_WAIT_SECONDS or seconds >= self._remaining():
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
        seconds = float(text)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        seconds = (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _no_netrc(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from putting a password out of ~/.netrc over our own Authorization header."""
    return prepared


def _host(url: str) -> str:
    """Return host and port of an address, for texts."""
    try:
        parts = urlsplit(url)
        return printable(parts.netloc.rpartition("@")[2], 100) or "nowhere"
    except ValueError:
        return "an address that is none"


def _check_bundle() -> None:
    """Raise EntraError where the environment names something as a bundle of certificates that requests would wait for."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = os.environ.get(name)
        if path:
            try:
                refuse_special(path)
            except SpecialFileError as exc:
                raise EntraError(f"{name} names {printable(path, 500)}: {exc.strerror}. Let it name a file with CA certificates, or set ca_path.") from exc
            except OSError:  # requests says that it is not there
                pass
            return


def _redirection(what: str, host: str, headers: Mapping[str, str]) -> NetworkError:
    target = _host(headers["location"]) if headers.get("location") else "nowhere"
    return NetworkError(f"{what} ({host}) answered with a redirection to {target}; a proxy or a wrong address is in the way.", again=False)


def _timed_out(exc: BaseException) -> bool:
    kinds = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    # A connection that is refused is a kind of timeout for urllib3.
    return any(isinstance(part, kinds) and not isinstance(part, urllib3.exceptions.NewConnectionError) for part in _inside(exc))


def _network_error(what: str, host: str, timeout: float, exc: BaseException) -> NetworkError:
    """Say what happened without the exception's own text, which may hold a proxy's password."""
    where = f"{what} ({host})"
    refused = _refused_by_proxy(exc)
    if refused == 407:
        return NetworkError(
            f"{where} cannot be reached: the proxy wants a user name and password, or refuses those it got (HTTP 407). Put them into the option proxy, "
            "or into HTTPS_PROXY in the environment, as in http://user:password@proxy.example.com:8080, special characters percent-encoded.",
            again=False,
        )
    if refused is not None:
        return NetworkError(
            f"{where} cannot be reached: the proxy refuses the connection (HTTP {refused}). Ask for {host} to be allowed there, "
            "or choose another one by the option proxy or HTTPS_PROXY.",
            again=refused >= 500,
        )
    if isinstance(exc, requests.exceptions.ProxyError):
        return NetworkError(f"{where} cannot be reached through the proxy; check HTTPS_PROXY and NO_PROXY in the environment, or the option proxy.", again=True)
    if isinstance(exc, (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)):
        return NetworkError(
            f"{where} cannot be trusted: {_reason(exc) or 'TLS failed'}. If a proxy inspects TLS, or for a private endpoint, "
            "set ca_path to a file with the CA's certificate.",
            again=False,
        )
    if _timed_out(exc):
        return NetworkError(
            f"{where} did not answer within {timeout:.3g} s; check the network and the proxy (option proxy, HTTPS_PROXY, NO_PROXY), "
            "or raise the option timeout.",
            again=True,
        )
    if isinstance(exc, OSError) and not isinstance(exc, requests.RequestException) and exc.filename:
        return NetworkError(f"the file {exc.filename} that is needed to talk to {where} cannot be used: {exc.strerror}.", again=False)
    if isinstance(exc, OSError) and "CA certificate" in str(exc):  # requests: the path it got does not exist
        return NetworkError(f"the CA file for {where} does not exist; check ca_path and REQUESTS_CA_BUNDLE.", again=False)
    if isinstance(exc, (requests.exceptions.InvalidURL, requests.exceptions.InvalidProxyURL, UnicodeError)):
        return NetworkError(f"{where} cannot be reached: its address, or that of the proxy, is not usable.", again=False)
    return NetworkError(
        f"{where} cannot be reached: {_reason(exc) or 'the connection was cut'}. "
        "Check the name, the network and the proxy (option proxy, HTTPS_PROXY, NO_PROXY).",
        again=True,
    )


def _refused_by_proxy(exc: BaseException) -> int | None:
    """Return the status with which a proxy refused to open a way, None if none did. The standard library has it in a text only."""
    for part in _inside(exc):
        found = re.match(r"Tunnel connection failed: (\d{3})\b", str(part)) if part.__class__ is OSError else None
        if found:
            return int(found.group(1))
    return None


def _reason(exc: BaseException) -> str | None:
    """Return the operating system's or the TLS library's own words from somewhere inside the exception."""
    for part in _inside(exc):
        if isinstance(part, ssl.SSLCertVerificationError):
            return f"its certificate is refused ({printable(part.verify_message, 200)})"
        if isinstance(part, ssl.SSLError) and part.reason:
            return part.reason.replace("_", " ").lower()
        if isinstance(part, OSError) and isinstance(part.strerror, str) and not isinstance(part, requests.RequestException):
            return printable(part.strerror, 200)
    return None


def _inside(exc: BaseException) -> Iterator[BaseException]:
    """Yield the exception and all that it was made from."""
    seen: set[int] = set()
    queue: list[object] = [exc]
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        queue += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
