# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are made to keep a run waiting, to fill the memory, or to confuse: each ends in one sentence, in time."""

from __future__ import annotations

import base64
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import typing as t
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import Transport
from lab import keys

from .conftest import SECRET, Entra, _authority

LIST = {"surface": "graph", "operation": "list_domains"}
HEAD = "HTTP/1.1 {} Whatever\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (lambda _seconds: None, time.monotonic))


def read(entra: Entra, **changes: t.Any) -> t.Any:
    return read_domains(connect(merge_options(entra.options(**changes), {})), [], every=True)


def refusal(entra: Entra, within: float = 10, **changes: t.Any) -> str:
    """Return the one sentence that the trouble ends in; ``within``: seconds."""
    begun = time.monotonic()
    with pytest.raises(EntraError) as caught:
        read(entra, **changes)
    assert time.monotonic() - begun < within
    text = str(caught.value)
    assert text.isprintable() and SECRET not in text and len(text) < 2000, text
    return text


def redirect(**more: t.Any) -> dict[str, t.Any]:
    return {"kind": "raw", **more}


# --- redirections


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308, 399])
def test_a_redirection_with_any_body_is_one_sentence(entra: Entra, status: int) -> None:
    page = base64.b64encode(gzip.compress(b"<html>please sign in</html>")).decode()
    head = HEAD.format(status) + "Content-Encoding: gzip\r\nLocation: https://proxy.example.com/login\r\nConnection: close\r\n\r\n"
    entra.faults.add({**LIST, "do": redirect(head=head, body_base64=page)})
    assert "answered with a redirection to proxy.example.com" in refusal(entra)


@pytest.mark.parametrize(
    "location", ["https://[::1", "https://[", "http://%zz:99999999/", "//", "", "https://a\x1b[31m.example/", "https://u:p@other.example/", "\u00ff"]
)
def test_a_redirection_to_any_address_is_one_sentence(entra: Entra, location: str) -> None:
    entra.faults.add({**LIST, "do": redirect(head=HEAD.format(302) + f"Location: {location}\r\nContent-Length: 0\r\n\r\n")})
    text = refusal(entra)
    assert "answered with a redirection to" in text and "u:p" not in text


@pytest.mark.parametrize("interval", [0.0, 0.05])
def test_the_body_of_a_redirection_is_not_read(entra: Entra, interval: float) -> None:
    head = HEAD.format(302) + "Location: https://proxy.example.com/\r\n\r\n"
    entra.faults.add({**LIST, "do": redirect(head=head, body="x" * 65536, repeat=True, interval=interval, limit_seconds=20)})
    tracemalloc.start()
    try:
        assert "a redirection to proxy.example.com" in refusal(entra, within=2)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


# --- answers that drip


def drip(name: str) -> dict[str, t.Any]:
    slow = {"kind": "raw", "interval": 0.3, "piece": 1, "limit_seconds": 30}
    heads = {
        "status line": {"head": "HTTP/1.1 200 " + "O" * 2000},
        "headers": {"head": HEAD.format(200) + "".join(f"X-{number}: a\r\n" for number in range(90))},
        "continue": {"head": "HTTP/1.1 100 Continue\r\n\r\n" * 2000, "piece": 25},
        "body": {"head": HEAD.format(200) + "\r\n", "body": '{"value":[', "repeat": True, "piece": 1000},
        "chunk size": {"head": HEAD.format(200) + "Transfer-Encoding: chunked\r\n\r\n", "body": "0" * 2000, "piece": 130},
        "trailer": {"head": HEAD.format(200) + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "body": "X: y\r\n", "repeat": True, "piece": 100},
        "body of an error": {"head": HEAD.format(400) + "\r\n", "body": "x", "repeat": True, "piece": 1000},
    }
    return {**slow, **heads[name]}


@pytest.mark.parametrize("name", ["status line", "headers", "continue", "body", "chunk size", "trailer", "body of an error"])
def test_an_answer_that_drips_has_an_end_in_every_phase(entra: Entra, name: str) -> None:
    entra.faults.add({**LIST, "count": -1, "do": drip(name)})
    text = refusal(entra, within=6, timeout=1)
    assert "did not answer within 1 s" in text or "did not finish its answer within 1 s" in text


@pytest.mark.parametrize("name", ["headers", "continue", "body"])
def test_the_answer_of_the_token_endpoint_has_an_end_too(entra: Entra, name: str) -> None:
    entra.faults.add({"surface": "token", "count": -1, "do": drip(name)})
    assert "Entra ID's sign-in service" in refusal(entra, within=6, timeout=1)


class Dripping:
    """A server on loopback that does with each connection what it is told."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self._serve, self._open = serve, True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._open:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._serve(connection)
        except OSError:
            pass

    def close(self) -> None:
        self._open = False
        self.listener.close()


def slowly(connection: socket.socket, data: bytes, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    for number in range(len(data)):
        if time.monotonic() > end:
            return
        connection.sendall(data[number : number + 1])
        time.sleep(0.2)


@pytest.fixture
def proxy() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    made: list[Dripping] = []

    def start(serve: Callable[[socket.socket], None]) -> str:
        made.append(Dripping(serve))
        return made[-1].address

    yield start
    for server in made:
        server.close()


def test_a_proxy_whose_answer_drips_has_an_end(entra: Entra, proxy: Callable[..., str]) -> None:
    address = proxy(lambda connection: (connection.recv(4096), slowly(connection, b"HTTP/1.1 200 " + b"O" * 3000))[1])
    told = refusal(entra, within=6, timeout=1, proxy=f"http://{address}")
    assert "did not answer within 1 s" in told or "through the proxy" in told


def test_a_handshake_that_drips_has_an_end(entra: Entra, proxy: Callable[..., str]) -> None:
    address = proxy(lambda connection: slowly(connection, b"\x16\x03\x03\x40\x00" + b"\x02" * 3000))
    refusal(entra, within=6, timeout=1, graph_url=f"https://{address}", authority_url=f"https://{address}")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (407, "the proxy wants a user name and password"),
        (403, "the proxy refuses the connection (HTTP 403)"),
        (502, "the proxy refuses the connection (HTTP 502)"),
    ],
)
def test_a_proxy_that_refuses_says_what_it_wants(entra: Entra, proxy: Callable[..., str], status: int, words: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 {status} No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n".encode())

    text = refusal(entra, proxy=f"http://somebody:planted-password@{proxy(serve)}")
    assert words in text and "planted-password" not in text


# --- the time limit of a whole task


def test_the_whole_task_has_a_limit(entra: Entra) -> None:
    entra.add_many(3)
    entra.faults.add({**LIST, "count": -1, "do": {"kind": "delay", "seconds": 30}})
    text = refusal(entra, within=4, timeout=30, time_limit=2)
    assert "the 2 s that this task may take are over" in text and "option time_limit" in text


def test_a_wait_that_graph_asks_for_counts_in_the_limit(entra: Entra) -> None:
    waits: list[float] = []
    entra.add_many(1)
    entra.faults.add({**LIST, "count": -1, "do": {"kind": "throttle", "retry_after": 50}})
    settings = merge_options(entra.options(time_limit=20), {})
    graph = connect(settings)
    graph._transport._sleep = waits.append  # type: ignore[attr-defined]
    with pytest.raises(EntraError, match="slow down for 50 s, longer than this run waits"):
        read_domains(graph, [], every=True)
    assert waits == [] and entra.count("graph.list_domains") == 1


def test_the_limit_holds_over_many_answers(entra: Entra) -> None:
    """Each of the pages is in time, but there are too many of them."""
    entra.add_many(60)
    entra.server.page_size = 1
    entra.server.latency = 0.1
    assert "may take are over" in refusal(entra, within=5, time_limit=2)


def test_retry_after_that_is_no_number_does_no_harm(entra: Entra) -> None:
    for text in ("nan", "inf", "-1", "1e999", "\u0663", "soon", "Fri, 31 Feb 99999 25:61:61 GMT", ""):
        entra.faults.add(
            {**LIST, "do": {"kind": "throttle", "retry_after": text}} if text.isascii() else {**LIST, "do": {"kind": "throttle", "retry_after": 0}}
        )
        assert read(entra) == []


# --- packed answers


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "bare-deflate"])
@pytest.mark.parametrize("surface", ["graph", "token"])
def test_an_answer_that_comes_packed_is_unpacked(entra: Entra, surface: str, encoding: str) -> None:
    entra.add_many(21)
    entra.faults.add({"surface": surface, "count": -1, "do": {"kind": "packed", "encoding": encoding}})
    assert [domain.error for domain in read(entra)] == [None] * 21


def test_a_small_body_does_not_unpack_into_a_huge_one(entra: Entra) -> None:
    entra.faults.add({**LIST, "do": {"kind": "packed", "size": 40_000_000}})
    assert "sent more than 16 MB" in refusal(entra)


@pytest.mark.parametrize(
    "body",
    [b"no gzip at all", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") * 100_000, b"\x1f\x8b\x08\x00" + b"\xff" * 1000, gzip.compress(b"") * 3000],
    ids=["not packed", "cut off", "many members", "damaged", "many empty members"],
)
def test_what_does_not_unpack_is_one_sentence(entra: Entra, body: bytes) -> None:
    head = HEAD.format(200) + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    entra.faults.add({**LIST, "do": {"kind": "raw", "head": head, "body_base64": base64.b64encode(body).decode()}})
    assert "cannot be unpacked" in refusal(entra)


def test_an_unknown_packing_is_one_sentence(entra: Entra) -> None:
    for encoding in ("br", "zstd", "compress", "gzip, gzip"):
        entra.faults.add({**LIST, "do": {"kind": "packed", "encoding": encoding}})
        assert "cannot be unpacked" in refusal(entra)


# --- bodies


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"value":'])
@pytest.mark.parametrize("operation", ["list_domains", "batch", "token"])
def test_json_that_is_nested_without_end_is_one_sentence(entra: Entra, operation: str, opening: str) -> None:
    entra.add_many(1)
    surface = "token" if operation == "token" else "graph"
    entra.faults.add({"surface": surface, "operation": operation, "count": -1, "do": {"kind": "nested", "opening": opening}})
    text = refusal(entra)
    assert "did not answer" in text or "something else than JSON" in text


def test_a_body_in_tiny_pieces_is_left(entra: Entra) -> None:
    head = HEAD.format(200) + "Transfer-Encoding: chunked\r\n\r\n"
    entra.faults.add({**LIST, "do": {"kind": "raw", "head": head, "body": "1\r\nx\r\n" * 10_000, "repeat": True, "limit_seconds": 30}})
    text = refusal(entra, within=31, timeout=30)
    assert "too many small pieces" in text or "did not finish" in text


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: " + "9" * 5000 + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 300 + "\r\n",
        "HTTP/1.1 200 OK\r\nX: " + "y" * 70_000 + "\r\n\r\n",
        "HTTP/1.1 999999999999 OK\r\n\r\n",
        "NONSENSE\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "",
    ],
)
def test_a_head_that_is_none_is_one_sentence(entra: Entra, head: str) -> None:
    entra.faults.add({**LIST, "count": -1, "do": {"kind": "raw", "head": head, "body": ""}})
    assert "Microsoft Graph" in refusal(entra, timeout=2)


def test_a_list_of_endless_pages_has_a_limit_in_size(entra: Entra) -> None:
    entries = [{"id": f"d{number}.example", "authenticationType": "Managed", "padding": "x" * 10_000} for number in range(1000)]
    entra.add_many(40)
    entra.server.page_size = 1
    entra.faults.add({**LIST, "count": -1, "do": {"kind": "more_entries", "entries": entries}})
    assert "listing the domains of the tenant is larger than" in refusal(entra, within=30)


def test_a_list_of_too_many_entries_is_left(entra: Entra) -> None:
    entries = [{"id": f"d{number}.example", "authenticationType": "Managed"} for number in range(50_001)]
    entra.faults.add({**LIST, "count": -1, "do": {"kind": "more_entries", "entries": entries}})
    assert "has more than 50000 entries" in refusal(entra, within=30)


def test_cookies_are_not_kept(entra: Entra) -> None:
    made = Transport(5, entra.ca_path, None)
    entra.faults.add({**LIST, "do": {"kind": "status", "code": 401, "headers": {"Set-Cookie": "a=b; Path=/"}, "body": {}}})
    made.request("Graph", "GET", f"{entra.server.graph_url}/v1.0/domains", {})
    assert list(made._session.cookies) == []
    made.close()


def test_the_dripping_server_of_these_tests_drips() -> None:
    """Without limits of our own such an answer lasts; else the tests above would prove nothing."""
    context = keys.server_context(_authority(), ("127.0.0.1",))
    assert isinstance(context, ssl.SSLContext)
    server = Dripping(lambda connection: slowly(connection, b"x" * 100))
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        begun = time.monotonic()
        while time.monotonic() - begun < 1.5:
            assert connection.recv(10)
    server.close()
