# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in without a secret: managed identities and workload identities; and the way through a proxy."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import socket
import threading
import time
import typing as t
from collections.abc import Iterator

import jwt
import msal.managed_identity
import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from lab.entra import FederatedCredential
from lab.entra.identity import IdentityEndpoint

from .conftest import CLIENT, READ, SECRET, TENANT, Entra, signing, started_entra

WAITS: list[float] = []
USER_ASSIGNED = "55555555-aaaa-bbbb-cccc-666666666666"
ENVIRONMENT = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
NOTHING = {"tenant_id": None, "client_id": None, "client_secret": None}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are noted, not made; the lab's answers come at once."""
    WAITS.clear()
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (WAITS.append, time.monotonic))
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def machine(entra: Entra, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    """A machine with a system-assigned identity that may read, and a user-assigned one that may do nothing."""
    # Where the agent of Azure Arc keeps its challenges on Linux is fixed in msal; nobody may write there in a test.
    monkeypatch.setattr(msal.managed_identity, "_supported_arc_platforms_and_their_prefixes", {"linux": str(tmp_path), "darwin": str(tmp_path)})
    endpoint = IdentityEndpoint(entra.server, entra.log, entra.faults, {None: READ, USER_ASSIGNED: ()}, tmp_path)
    endpoint.start()
    entra.add_many(2)
    yield endpoint
    endpoint.stop()


def client(entra: Entra, **changes: t.Any) -> GraphClient:
    return connect(merge_options(entra.options(**{**NOTHING, **changes}), {}))


def managed(entra: Entra, **changes: t.Any) -> GraphClient:
    return client(entra, auth_method="managed_identity", **changes)


def refusal(graph: GraphClient) -> str:
    with pytest.raises(EntraError) as caught:
        read_domains(graph, [], every=True)
    return str(caught.value)


def use(machine: IdentityEndpoint, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in machine.environment(kind).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("kind", ["vm", "app_service", "arc"])
def test_a_managed_identity_signs_in_past_every_proxy(entra: Entra, machine: IdentityEndpoint, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, kind, monkeypatch)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    graph = managed(entra)
    token = graph._credential.token(graph._transport)
    assert jwt.decode(token, options={"verify_signature": False})["roles"] == list(READ)
    asked = [entry for entry in entra.log.entries() if entry["surface"] == "identity"]
    assert [entry["operation"] for entry in asked] == [kind] * (2 if kind == "arc" else 1)
    assert not [entry for entry in asked if entry["proxied"]] and asked[-1]["resource"] == "https://graph.microsoft.com"


@pytest.mark.parametrize("kind", ["vm", "app_service", "arc"])
def test_a_managed_identity_reads_the_domains(entra: Entra, machine: IdentityEndpoint, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, kind, monkeypatch)
    graph = managed(entra)
    assert [domain.error for domain in read_domains(graph, [], every=True)] == [None, None]
    assert graph.tenant_id == TENANT and entra.count("token.token") == 0


@pytest.mark.parametrize("kind", ["vm", "app_service", "arc"])
def test_client_id_chooses_a_user_assigned_identity(entra: Entra, machine: IdentityEndpoint, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, kind, monkeypatch)
    assert "HTTP 403" in refusal(managed(entra, client_id=USER_ASSIGNED))
    text = refusal(managed(entra, client_id="99999999-0000-0000-0000-000000000000"))
    assert "no token for the managed identity 99999999-0000-0000-0000-000000000000" in text and "choose another auth_method" in text


def test_a_managed_identity_is_renewed_once(entra: Entra, machine: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, "vm", monkeypatch)
    entra.faults.add({"surface": "graph", "operation": "batch", "do": "revoke"})
    assert len(read_domains(managed(entra), [], every=True)) == 2
    assert entra.count("identity.vm") == 2


def test_an_endpoint_that_repeats_the_key_of_the_machine_shows_it_nowhere(entra: Entra, machine: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, "app_service", monkeypatch)
    entra.faults.add({"surface": "identity", "do": {"kind": "status", "code": 401, "body": {"statusCode": 401, "message": f"no such key: {machine.secret}"}}})
    text = refusal(managed(entra))
    assert "no such key" in text and machine.secret not in text


def test_an_endpoint_that_is_being_updated_is_asked_again(entra: Entra, machine: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, "vm", monkeypatch)
    for code in (404, 410, 429, 500):
        entra.faults.add({"surface": "identity", "do": {"kind": "status", "code": code, "body": {"error": "busy"}}})
    assert len(read_domains(managed(entra), [], every=True)) == 2
    assert entra.count("identity.vm") == 5 and len(WAITS) == 4


def test_an_endpoint_that_is_none_is_said_in_bounded_time(entra: Entra, machine: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, "vm", monkeypatch)
    entra.faults.add({"surface": "identity", "do": {"kind": "garbage", "body": "<html>a proxy</html>"}})
    assert "answered with something else than JSON" in refusal(managed(entra))
    entra.faults.add({"surface": "identity", "count": -1, "do": {"kind": "delay", "seconds": 20}})
    start = time.monotonic()
    text = refusal(managed(entra, timeout=1))
    assert "does not answer. Is this a machine in Azure" in text and time.monotonic() - start < 8
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", closed)
    assert f"({closed.removeprefix('http://')}) does not answer" in refusal(managed(entra))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "file:///etc")
    assert "is not an address such as" in refusal(managed(entra))


def test_a_managed_identity_of_another_tenant_is_refused(entra: Entra, machine: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    use(machine, "vm", monkeypatch)
    text = refusal(managed(entra, tenant_id="99999999-0000-0000-0000-000000000000"))
    assert f"the system-assigned managed identity is for tenant {TENANT}, but tenant_id is 99999999" in text


def test_the_key_of_azure_arc_that_cannot_be_read_is_named(
    entra: Entra, machine: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    use(machine, "arc", monkeypatch)
    monkeypatch.setattr(msal.managed_identity, "_supported_arc_platforms_and_their_prefixes", {"linux": str(tmp_path / "other")})
    text = refusal(managed(entra))
    assert "of the Azure Arc agent cannot be read: No such file" in text and "group himds" in text


# --- workload identity


ISSUER, SUBJECT = "https://oidc.example.com/cluster", "system:serviceaccount:awx:renewal"


def assertion(number: int, **changes: t.Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "iat": now, "exp": now + 600, "jti": str(number), **changes}
    return jwt.encode(claims, signing("cluster").key, algorithm="RS256")


def trust(entra: Entra) -> None:
    entra.server.register_application(CLIENT, roles=READ, federated=[FederatedCredential(ISSUER, SUBJECT, signing("cluster").key.public_key())])
    entra.add_many(2)


def test_a_workload_identity_reads_its_file_again_for_each_token(entra: Entra, tmp_path: pathlib.Path) -> None:
    trust(entra)
    path = tmp_path / "token"
    path.write_text(assertion(1, exp=int(time.time()) + 600) + "\n")
    graph = client(entra, tenant_id=TENANT, client_id=CLIENT, federated_token_file=str(path))
    assert len(read_domains(graph, [], every=True)) == 2
    # The first token dies, and what the file held then would not do any more.
    path.write_text(assertion(2, exp=int(time.time()) - 3600))
    entra.server.revoke_tokens()
    text = refusal(graph)
    assert "is not within its valid time range" in text and "or see why the file is not renewed" in text
    path.write_text(assertion(3))
    assert len(read_domains(graph, [], every=True)) == 2
    assert [entry["credential"] for entry in entra.log.entries() if entry["operation"] == "token"] == ["client_assertion"] * 3


def test_a_workload_identity_that_is_not_trusted_names_the_app_and_hides_the_token(entra: Entra, tmp_path: pathlib.Path) -> None:
    trust(entra)
    path = tmp_path / "token"
    stranger = assertion(1, sub="system:serviceaccount:other:other")
    path.write_text(stranger)
    text = refusal(client(entra, tenant_id=TENANT, client_id=CLIENT, federated_token_file=str(path)))
    assert f"Add a federated credential with the issuer, subject and audience of the token in federated_token_file to app {CLIENT}" in text
    assert stranger not in text


# --- proxies


class Proxy:
    """A proxy that only tunnels; ``tunnels`` holds where to."""

    def __init__(self) -> None:
        self.tunnels: list[str] = []
        self.headers: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(connection,), daemon=True).start()

    def _tunnel(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (part := near.recv(4096)):
            head += part
        target = head.split(b" ")[1].decode()
        self.tunnels.append(target)
        self.headers.append(head.decode())
        host, _colon, port = target.partition(":")
        far = socket.create_connection((host, int(port)), timeout=10)
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=_pump, args=(far, near), daemon=True).start()
        _pump(near, far)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            target.sendall(part)
    except OSError:
        pass
    finally:
        source.close()
        target.close()


def test_the_option_proxy_and_ca_path_win_over_the_environment(entra: Entra, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "empty.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    proxy = Proxy()
    try:
        entra.add_many(2)
        given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        graph = client(entra, **given, proxy=f"http://somebody:proxy-password@127.0.0.1:{proxy.port}")
        assert len(read_domains(graph, [], every=True)) == 2
        assert set(proxy.tunnels) == {f"127.0.0.1:{entra.server.port}"}
        assert all("Proxy-Authorization: Basic " in head for head in proxy.headers)
    finally:
        proxy.stop()
    text = refusal(client(entra, **given, proxy=f"http://somebody:proxy-password@127.0.0.1:{proxy.port}"))
    assert "cannot be reached through the proxy" in text and "proxy-password" not in text


def test_without_the_option_the_environment_decides(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy()
    try:
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        entra.add_many(1)
        given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        assert read_domains(client(entra, **given), [], every=True)
        assert proxy.tunnels
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        proxy.tunnels.clear()
        assert read_domains(client(entra, **given), [], every=True)
        assert proxy.tunnels == []
    finally:
        proxy.stop()


# --- clouds


def test_two_clouds_in_one_run_each_with_its_own_scope(tmp_path: pathlib.Path) -> None:
    hosts = {
        "public": "graph.microsoft.com",
        "AzureUSGovernment": "graph.microsoft.us",
        "MoonCake": "microsoftgraph.chinacloudapi.cn",
        "dod": "dod-graph.microsoft.us",
    }
    with contextlib.ExitStack() as stack:
        for number, (cloud, host) in enumerate(hosts.items()):
            folder = tmp_path / str(number)
            folder.mkdir()
            entra = stack.enter_context(started_entra(folder))
            entra.tenant.graph_hosts = (host,)
            entra.add_many(number + 1)
            given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
            assert len(read_domains(client(entra, **given, cloud=cloud), [], every=True)) == number + 1
            wrong = "china" if cloud != "MoonCake" else "public"
            assert f"Check the cloud: '{wrong}' asks for https://" in refusal(client(entra, **given, cloud=wrong))


def test_the_stock_credential_of_awx_needs_no_other_setting(entra: Entra) -> None:
    entra.add_many(2)
    credential = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT": TENANT, "AZURE_SECRET": SECRET, "AZURE_SUBSCRIPTION_ID": "x"}
    credential["AZURE_CLOUD_ENVIRONMENT"] = "AzureCloud"
    places = {"graph_url": entra.server.graph_url, "authority_url": entra.server.login_url, "ca_path": entra.ca_path}
    assert len(read_domains(connect(merge_options(places, credential)), [], every=True)) == 2


@pytest.mark.parametrize(
    ("number", "code", "error", "words"),
    [
        (900382, 400, "invalid_request", "belongs to another cloud than 'public'. Set cloud"),
        (7000112, 401, "unauthorized_client", f"App {CLIENT} is disabled. Enable it"),
        (65001, 400, "invalid_grant", "grant admin consent"),
        (7000222, 401, "invalid_client", "The client secret has expired"),
        (53003, 400, "access_denied", "Conditional Access policy for workload identities"),
        (500011, 400, "invalid_resource", "check the cloud and graph_url"),
        (999999999, 400, "invalid_scope", "Check the cloud: 'public' asks for"),
    ],
)
def test_what_the_sign_in_service_says_comes_with_what_to_do(entra: Entra, number: int, code: int, error: str, words: str) -> None:
    fault = {"kind": "sign_in_error", "number": number, "code": code, "error": error, "message": "No.\x1b[31m \u202e{request}"}
    entra.faults.add({"surface": "token", "operation": "token", "do": fault})
    text = refusal(connect(merge_options(entra.options(), {})))
    assert words in text and f"AADSTS{number}" in text and text.isprintable() and SECRET not in text


def test_where_the_cloud_is_known_a_run_costs_a_token_a_list_and_batches(entra: Entra) -> None:
    names = entra.add_many(21)
    settings = dataclasses.replace(merge_options(entra.options(), {}), authority_given=False)
    assert [domain.name for domain in read_domains(connect(settings), [], every=True)] == names
    counted = {name: count for name, count in entra.log.counters().items() if not name.startswith("graph_item")}
    assert counted == {"token.token": 1, "graph.list_domains": 1, "graph.batch": 2}


def test_a_renewed_token_costs_one_request_too(entra: Entra) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "batch", "do": "revoke"})
    settings = dataclasses.replace(merge_options(entra.options(), {}), authority_given=False)
    assert read_domains(connect(settings), [], every=True)[0].error is None
    assert entra.count("token.token") == 2 and entra.count("token.discovery") == 0
