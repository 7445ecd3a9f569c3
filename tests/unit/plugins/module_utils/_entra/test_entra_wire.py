# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connecting takes no longer than it may, however many addresses a name has."""

from __future__ import annotations

import http.server
import socket
import threading
import time

import pytest
import requests

from ansible_collections.federation.adfs.plugins.module_utils._entra import wire

SECONDS = 0.6
RESOLVE = socket.getaddrinfo


@pytest.fixture
def silent():
    """A port of 127.0.0.1 that answers nobody who wants to connect: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = []
        for _caller in range(8):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
            callers.append(caller)
        with socket.socket() as probe, pytest.raises(TimeoutError):
            probe.settimeout(0.2)
            probe.connect(listener.getsockname())
        yield listener.getsockname()[1]
        for caller in callers:
            caller.close()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(name)))
        self.end_headers()
        self.wfile.write(name)

    def log_message(self, *_args):
        """Say nothing."""


@pytest.fixture
def resolve(monkeypatch):
    """Give one name these addresses: ``resolve([("127.0.0.1", port), ...])``."""

    def as_told(places):
        def answer(host, *args, **kwargs):
            if host != "graph.example.com":
                return RESOLVE(host, *args, **kwargs)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return as_told


def test_many_addresses_that_do_not_answer_share_one_limit(silent, resolve):
    resolve([("127.0.0.1", silent)] * 6)
    began = time.monotonic()
    with pytest.raises(requests.exceptions.ConnectTimeout):
        wire.session(trust_env=False).get(f"http://graph.example.com:{silent}/", timeout=(SECONDS, SECONDS))
    assert SECONDS * 0.8 < time.monotonic() - began < SECONDS * 1.8


def test_each_address_is_tried_and_the_server_is_asked_by_its_name(resolve):
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        port = server.server_address[1]
        resolve([("127.0.0.2", port), ("127.0.0.3", port), ("127.0.0.1", port)])  # nobody listens at the first two
        answer = wire.session(trust_env=False).get(f"http://graph.example.com:{port}/", timeout=(SECONDS, SECONDS))
        assert (answer.status_code, answer.text) == (200, f"graph.example.com:{port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_name_that_is_not_known_is_an_error_of_its_own(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(requests.exceptions.ConnectionError, match="not known"):
        wire.session(trust_env=False).get("http://graph.example.com/", timeout=(SECONDS, SECONDS))
