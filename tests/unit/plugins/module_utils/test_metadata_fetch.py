# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching: the right server under the right name, limits that hold, and messages that tell failures apart."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import typing as t

import pytest
from cryptography import x509

from ansible_collections.federation.adfs.plugins.module_utils._metadata_fetch import Document, FetchError, Target, fetch_all
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils.tls_server import Authority, Handler, Server, answer

look_up = socket.getaddrinfo
NAME = "sts.contoso.com"  # never resolved here: servers are reached by their address
URL = f"https://{NAME}/FederationMetadata/2007-06/FederationMetadata.xml?x=1"
LIMIT = 1024 * 1024


@pytest.fixture
def authority(tmp_path, monkeypatch) -> Authority:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    return Authority(tmp_path)


@pytest.fixture
def serve(authority) -> t.Iterator[t.Callable[..., Server]]:
    servers: list[Server] = []

    def start(handler: Handler, *names: str, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(context or authority.context(*(names or (NAME,))), handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def fetch(port: int, authority: Authority | None = None, timeout: float = 5, url: str = URL, address: str | None = "127.0.0.1") -> bytes | FetchError:
    ca_path = str(authority.path) if authority else None
    return fetch_all([Target(url, address, port)], timeout, LIMIT, ca_path)[0]


def failure(*args, **options) -> str:
    outcome = fetch(*args, **options)
    assert isinstance(outcome, FetchError), outcome
    assert "\n" not in str(outcome)
    return str(outcome)


def test_node_is_asked_at_its_address_under_the_name_of_the_service(serve, authority) -> None:
    server = serve(answer(b"<x/>"))
    assert fetch(server.port, authority) == b"<x/>"
    assert server.server_names == [NAME]
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /FederationMetadata/2007-06/FederationMetadata.xml?x=1 HTTP/1.1"
    assert f"Host: {NAME}" in lines
    assert "Accept-Encoding: identity" in lines


def test_url_alone_is_asked_at_its_own_host_and_port(serve, authority) -> None:
    server = serve(answer(b"<x/>"), "127.0.0.1")
    url = f"https://127.0.0.1:{server.port}/m.xml"
    assert fetch_all([Target(url)], 5, LIMIT, str(authority.path)) == [b"<x/>"]
    assert f"Host: 127.0.0.1:{server.port}" in server.requests[0].decode()


def test_chunked_answer(serve, authority) -> None:
    server = serve(lambda tls, _head: tls.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<x/\r\n1\r\n>\r\n0\r\n\r\n"))
    assert fetch(server.port, authority) == b"<x/>"


def test_ca_path_wins_over_the_environment(serve, authority, tmp_path, monkeypatch) -> None:
    server = serve(answer(b"<x/>"))
    other = Authority(tmp_path, "Other CA")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.path))
    assert fetch(server.port, authority) == b"<x/>"
    assert "not trusted" in failure(server.port)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    assert fetch(server.port) == b"<x/>"
    assert "not trusted" in failure(server.port, other)


def test_system_store_does_not_trust_the_test_authority(serve) -> None:
    assert "not trusted" in failure(serve(answer(b"<x/>")).port)


def test_unusable_ca_path(tmp_path) -> None:
    for place in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        if "empty" in place.name:
            place.write_text("")
        with pytest.raises(FetchError, match="from ca_path"):
            fetch_all([Target(URL)], 1, LIMIT, str(place))


def test_certificate_for_another_name(serve, authority) -> None:
    server = serve(answer(b"<x/>"), "www.contoso.com", "127.0.0.1")  # the address is in the certificate, and must not count
    assert f"not made out to '{NAME}'" in failure(server.port, authority)
    assert server.requests == []


def test_expired_certificate(serve, authority) -> None:
    server = serve(answer(b"<x/>"), context=authority.context(NAME, expired=True))
    assert "certificate has expired" in failure(server.port, authority)
    assert server.requests == []


def test_server_without_tls(authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=speak, daemon=True).start()
        message = failure(listener.getsockname()[1], authority)
    assert "TLS failed" in message


def test_connection_refused(authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    message = failure(port, authority)
    assert f"{URL} cannot be read from 127.0.0.1 port {port}: the connection was refused" in message


def test_unknown_name(authority, monkeypatch) -> None:
    def no_such_name(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    assert "'adfs9.contoso.com' cannot be resolved" in failure(443, authority, address="adfs9.contoso.com")


def test_name_server_that_hangs(authority, monkeypatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(5))
    assert "within 0.3 seconds (still looking up the name)" in failure(443, authority, timeout=0.3)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("404 Not Found", "answered 404 Not Found; check the path"),
        ("503 Service Unavailable", "503 Service Unavailable; the AD FS service is probably stopped"),
        ("500 x\x1b[31m", "answered 500 x\\x1b[31m;"),
        ("204 No Content", "answered 204 No Content"),
    ],
)
def test_other_status(serve, authority, status, words) -> None:
    assert words in failure(serve(answer(b"", status)).port, authority)


REDIRECTS = {
    "to another scheme": "http://sts.contoso.com/",
    "to a private address": "https://10.0.0.1/",
    "to the address of a cloud's metadata service": "http://169.254.169.254/metadata/identity/oauth2/token",
    "to the host itself": "https://127.0.0.1/",
    "to a file": "file:///etc/passwd",
    "to another path": "/adfs/ls/",
}


@pytest.mark.parametrize("place", REDIRECTS.values(), ids=REDIRECTS)
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
def test_redirect_is_told_and_not_followed(serve, authority, place, status) -> None:
    server = serve(answer(b"", status, f"Location: {place}\r\n"))
    assert f"redirects ({status}) to {place}; redirects are not followed" in failure(server.port, authority)
    assert len(server.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_gzip_bomb_is_refused_unpacked(serve, authority, encoding) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert f"compressed ({encoding})" in failure(serve(answer(bomb, headers=f"Content-Encoding: {encoding}\r\n")).port, authority)


def test_gzip_bomb_that_does_not_say_so_stays_packed(serve, authority) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert fetch(serve(answer(bomb)).port, authority) == bomb  # the reader refuses it, see test_metadata.py


@pytest.mark.parametrize("kind", ["application/samlmetadata+xml", "text/xml; charset=utf-8", "application/xml", "text/plain", "application/octet-stream"])
def test_types_that_metadata_is_sent_as(serve, authority, kind) -> None:
    assert fetch(serve(answer(b"<x/>", headers=f"Content-Type: {kind}\r\n")).port, authority) == b"<x/>"


@pytest.mark.parametrize("kind", ["text/html; charset=us-ascii", "application/json", "image/png"])
def test_wrong_content_type_is_refused_unread(serve, authority, kind) -> None:
    assert "of the type" in failure(serve(answer(b"<x/>", headers=f"Content-Type: {kind}\r\n")).port, authority)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    ],
    ids=["without a length", "with a huge length", "in chunks"],
)
def test_endless_answer(serve, authority, start, piece) -> None:
    def endless(tls: ssl.SSLSocket, _head: bytes) -> None:
        tls.sendall(start)
        while True:
            tls.sendall(piece)

    server = serve(endless)
    assert "larger than 1048576 bytes" in failure(server.port, authority)
    assert server.client_left.wait(5)


def test_exactly_the_limit_is_read(serve, authority) -> None:
    assert fetch(serve(answer(b"x" * LIMIT)).port, authority) == b"x" * LIMIT
    assert "larger than" in failure(serve(answer(b"x" * (LIMIT + 1))).port, authority)


def drip(start: bytes) -> Handler:
    def handler(tls: ssl.SSLSocket, _head: bytes) -> None:
        tls.sendall(start)
        while True:
            tls.sendall(b"x")
            time.sleep(0.05)

    return handler


@pytest.mark.parametrize(
    ("start", "stage"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "reading the answer"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", "waiting for the answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n", "reading the answer"),
    ],
)
def test_dripping_answer_ends_at_the_deadline(serve, authority, start, stage) -> None:
    server = serve(drip(start))
    assert f"within 0.5 seconds (still {stage})" in failure(server.port, authority, timeout=0.5)
    assert server.client_left.wait(5)  # nothing goes on in the background


def test_silent_server_in_the_tls_handshake(authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        message = failure(listener.getsockname()[1], authority, timeout=0.5)
    assert "TLS" in message


BROKEN_HTTP = {
    "nothing": b"",
    "nonsense": b"nonsense\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "a huge header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    "truncated": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<half",
    "truncated in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<ha",
    "no chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("raw", BROKEN_HTTP.values(), ids=BROKEN_HTTP)
def test_broken_http(serve, authority, raw) -> None:
    assert "broke off or is not HTTP" in failure(serve(lambda tls, _head: tls.sendall(raw)).port, authority)


def test_many_nodes_are_asked_at_the_same_time_and_answer_in_their_order(serve, authority) -> None:
    """None of the slow ones answers before all are asked. How long that takes is shown by ``make bench-metadata``."""
    all_asked = threading.Barrier(15, timeout=60)

    def slow(tls: ssl.SSLSocket, head: bytes) -> None:
        all_asked.wait()
        answer(b"<slow/>")(tls, head)

    servers = [serve(slow) for _number in range(15)]
    quick = serve(answer(b"<quick/>"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    ports = [server.port for server in servers[:8]] + [quick.port, closed] + [server.port for server in servers[8:]]
    answers = fetch_all([Target(URL, "127.0.0.1", port) for port in ports], 60, LIMIT, str(authority.path))
    assert answers[:9] == [b"<slow/>"] * 8 + [b"<quick/>"]
    assert isinstance(answers[9], FetchError)
    assert answers[10:] == [b"<slow/>"] * 7


def test_the_second_address_of_a_name_is_asked_where_the_first_refuses(serve, authority, monkeypatch) -> None:
    server = serve(answer(b"<x/>"))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port)) for address in ("127.0.0.2", "127.0.0.1")]

    def resolve(name, *args, **options):
        return found if name == "adfs1.contoso.com" else look_up(name, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert fetch(server.port, authority, address="adfs1.contoso.com") == b"<x/>"
    assert server.server_names == [NAME]


def test_only_connecting_is_divided_among_the_addresses(authority, monkeypatch) -> None:
    """The time for TLS and the answer is the whole one, however many addresses a name has."""
    context = authority.context(NAME)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def hesitate() -> None:
            connection, _address = listener.accept()
            time.sleep(1.5)
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(4096)
                answer(b"<x/>")(tls, b"")

        threading.Thread(target=hesitate, daemon=True).start()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", port)) for number in (5, 4, 3, 2, 1)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda name, *args, **options: found if name == "adfs1" else look_up(name, *args, **options))
        assert fetch(port, authority, timeout=5, address="adfs1") == b"<x/>"


def test_what_is_done_with_the_document_is_inside_the_time_limit(serve, authority) -> None:
    server = serve(answer(b"<x/>"))
    read = Target(URL, "127.0.0.1", server.port, read=len)
    assert fetch_all([read], 5, LIMIT, str(authority.path)) == [4]
    released = threading.Event()
    slow = Target(URL, "127.0.0.1", server.port, read=lambda _document: released.wait(20))
    outcomes = fetch_all([slow, read], 1, LIMIT, str(authority.path))
    released.set()
    assert outcomes[1] == 4
    assert isinstance(outcomes[0], FetchError) and outcomes[0].kind == "timeout"
    assert "still reading the document" in str(outcomes[0])


def test_a_list_of_keys_is_json(serve, authority) -> None:
    def ask(kind: str, content_type: str) -> bytes | FetchError:
        server = serve(answer(b"{}", headers=f"Content-Type: {content_type}\r\n"))
        outcome = fetch_all([Target(URL, "127.0.0.1", server.port, kind)], 5, LIMIT, str(authority.path))[0]
        assert f"Accept: {'application/json' if kind == 'json' else 'application/samlmetadata+xml'}" in server.requests[0].decode()
        return outcome

    assert ask("json", "application/json; charset=utf-8") == b"{}"
    assert isinstance(ask("xml", "application/json"), FetchError)
    assert "JSON" in str(ask("json", "text/xml"))


def test_reasons_are_not_those_of_a_library(serve, authority) -> None:
    messages = [failure(serve(lambda tls, _head, raw=raw: tls.sendall(raw)).port, authority) for raw in BROKEN_HTTP.values()]
    messages.append(failure(serve(answer(b"<x/>")).port))
    for message in messages:
        assert not any(word in message for word in ("urllib3", "Errno", "_ssl.c", "object at", "Connection aborted", "('", "Pool"))


# --- what went wrong, as one word


def kind_of(*args, **options) -> tuple[str, bool]:
    """The kind, and whether the certificate of the server is known."""
    outcome = fetch(*args, **options)
    assert isinstance(outcome, FetchError), outcome
    return outcome.kind, outcome.certificate is not None


def test_kinds_of_failure(serve, authority, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    assert kind_of(closed, authority) == ("connect", False)
    assert kind_of(serve(answer(b"<x/>")).port) == ("tls", False)
    assert kind_of(serve(answer(b"<x/>"), "www.contoso.com").port, authority) == ("tls", False)
    assert kind_of(serve(answer(b"", "404 Not Found")).port, authority) == ("status", True)
    assert kind_of(serve(answer(b"", "302 Found", "Location: https://10.0.0.1/\r\n")).port, authority) == ("status", True)
    assert kind_of(serve(answer(b"x" * (LIMIT + 1))).port, authority) == ("not_metadata", True)
    assert kind_of(serve(lambda tls, _head: tls.sendall(b"nonsense\r\n\r\n")).port, authority) == ("connect", True)
    assert kind_of(serve(drip(b"HTTP/1.1 200 OK\r\n\r\n")).port, authority, timeout=0.5) == ("timeout", True)

    def no_such_name(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    assert kind_of(443, authority, address="adfs9.contoso.com") == ("dns", False)


def test_the_certificate_of_the_server_comes_with_the_document(serve, authority) -> None:
    document = fetch(serve(answer(b"<x/>")).port, authority)
    assert isinstance(document, Document) and document.certificate is not None
    names = x509.load_der_x509_certificate(document.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == [NAME]


# --- through a proxy


class Proxy:
    """A proxy that connects every tunnel to one port here, or refuses with the given answer."""

    def __init__(self, port: int, refusal: bytes = b"") -> None:
        self.asked: list[bytes] = []
        self._port, self._refusal = port, refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _address = self._listener.accept()
        with connection, self._listener:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.asked.append(head)
            if self._refusal:
                connection.sendall(self._refusal)
                return
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")
                back = threading.Thread(target=self._copy, args=(server, connection), daemon=True)
                back.start()
                self._copy(connection, server)
                back.join(10)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of them left


def test_a_proxy_is_asked_for_a_tunnel_and_tls_is_with_the_server(serve, authority) -> None:
    server = serve(answer(b"<x/>"))
    proxy = Proxy(server.port)
    assert fetch_all([Target(URL)], 5, LIMIT, str(authority.path), proxy.url) == [b"<x/>"]
    assert proxy.asked[0].startswith(f"CONNECT {NAME}:443 HTTP/1.1\r\nHost: {NAME}:443\r\n".encode())
    assert server.server_names == [NAME]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication Required"),
        (b"HTTP/1.1 200 OK\r\n", "refuses to connect"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "SSH-2.0"),
        (b"x" * 100_000, "refuses to connect"),
    ],
)
def test_a_proxy_that_refuses(authority, refusal, words) -> None:
    outcome = fetch_all([Target(URL)], 5, LIMIT, str(authority.path), Proxy(1, refusal).url)[0]
    assert isinstance(outcome, FetchError)
    assert outcome.kind == "connect" and words in str(outcome) and len(str(outcome)) < 600


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_not_used(serve, authority, monkeypatch, name) -> None:
    """The servers of a farm are inside, and asked at their own addresses."""
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(serve(answer(b"<x/>")).port, authority) == b"<x/>"


@pytest.mark.parametrize("proxy", ["https://proxy:3128", "proxy:3128", "http://proxy/x", "http://user:secret@proxy:3128", "http://proxy:x"])
def test_unusable_proxy(proxy) -> None:
    with pytest.raises(FetchError, match="proxy") as caught:
        fetch_all([Target(URL)], 1, LIMIT, proxy=proxy)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://sts.contoso.com/", "not an https URL"),
        ("file:///etc/passwd", "not an https URL"),
        ("sts.contoso.com", "not an https URL"),
        ("https://", "not an https URL"),
        ("https://sts.contoso.com:x/", "cannot be read"),
        ("https://sts.contoso.com/a b", "blanks"),
        ("https://sts.contoso.com/\r\nX: y", "blanks"),
        ("https://user:secret@sts.contoso.com/", "user name or password"),
    ],
)
def test_unusable_url(url, words) -> None:
    with pytest.raises(FetchError, match=words) as caught:
        fetch_all([Target(url)], 1, LIMIT)
    assert "secret" not in str(caught.value)
