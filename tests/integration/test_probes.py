# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes in a real run: from a host outside, from the controller, and from a host that is not there."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from lab.running import Lab
from playing import RENEW, play


@contextlib.contextmanager
def tunnel(port: int) -> Iterator[str]:
    """A proxy that leads every tunnel to one port here: the service's name is known to no name server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def copy(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _address = listener.accept()
                with connection, socket.create_connection(("127.0.0.1", port)) as server:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=copy, args=(server, connection), daemon=True)
                    back.start()
                    copy(connection, server)
                    back.join(20)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.matrix
def test_probes_report_and_never_fail_a_run(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    port = lab.addresses["farms"][0]["nodes"][0]["metadata_port"]
    python = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    others: dict[str, Any] = {
        "outside": {"ansible_connection": "local", **python},
        "nowhere": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
    }
    extra = lab.directory / "probes.yml"
    extra.write_text(yaml.safe_dump({"probing": {"hosts": others}}), encoding="utf-8")
    with tunnel(port) as proxy:
        probes = [
            {"name": "internet", "host": "outside", "where": "outside", "proxy": proxy, "ca_path": lab.addresses["ca_path"]},
            {"name": "here", "where": "inside", "url": "https://127.0.0.1:1/"},
            {"name": "gone", "host": "nowhere"},
            {"name": "never heard of", "host": "no.such.host.invalid"},
        ]
        run = play(lab, RENEW, "-i", str(extra), variables={"renew_signing_cert_probes": probes})
    assert run.code == 0, run.output
    seen = {probe["name"]: probe for probe in run.result["probes"]}
    assert {name: (probe["reachable"], probe["kind"]) for name, probe in seen.items()} == {
        "internet": (True, None),
        "here": (False, "connect"),
        "gone": (False, "probe"),
        "never heard of": (False, "probe"),
    }
    assert seen["internet"]["same_content"] is True
    assert seen["internet"]["tls_certificate"]["subject"] == "CN=sts.contoso.com"
    assert {d["decision_row"]["metadata_public"] for d in run.result["domains"] if d["decision_row"]} == {"yes"}
    assert "Probe internet (outside, from outside): reachable, the same as seen here" in run.output
    assert [entry["operation"] for entry in lab.writes()] == ["write_journal"]  # the first run of all notes the farm's keys
