# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading federated domains from the lab's Graph: requests used, trouble survived, trouble explained."""

from __future__ import annotations

import math
import socket
import time
import traceback
import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from lab import keys
from lab.entra import inheriting_domain, managed_domain

from .conftest import CLIENT, SECRET, TENANT, Entra, federated_domain, signing, started_entra

WAITS: list[float] = []


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are noted, not made; the lab's answers come at once."""
    WAITS.clear()
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (WAITS.append, time.monotonic))


def client(entra: Entra, **changes: t.Any) -> GraphClient:
    return connect(merge_options(entra.options(**changes), {}))


def read(entra: Entra, *names: str, **changes: t.Any) -> t.Any:
    return read_domains(client(entra, **changes), names, every=not names)


def refusal(entra: Entra, *names: str, **changes: t.Any) -> str:
    with pytest.raises(EntraError) as caught:
        read(entra, *names, **changes)
    text = str(caught.value)
    assert SECRET not in text and "Bearer" not in text and "\n" not in text
    return text


@pytest.mark.parametrize("count", [1, 20, 21, 200])
def test_requests_stay_within_the_budget(entra: Entra, count: int) -> None:
    names = entra.add_many(count)
    found = read(entra)
    assert [domain.name for domain in found] == names and not [domain for domain in found if domain.error]
    assert {domain.configuration.signing.thumbprint for domain in found} == {signing("old").thumbprint}
    counters = entra.log.counters()
    assert (counters["token.token"], counters["graph.list_domains"], counters["graph.batch"]) == (1, 1, math.ceil(count / 20))
    assert entra.writes() == [] and WAITS == []


def test_one_named_domain_costs_one_batch(entra: Entra) -> None:
    entra.add_many(50)
    assert [domain.name for domain in read(entra, "d0007.example")] == ["d0007.example"]
    assert entra.count("graph.batch") == 1 and entra.count("graph_item.get_configuration") == 1


def test_connections_are_used_again(entra: Entra) -> None:
    entra.add_many(45)
    read(entra)
    assert len({entry["connection"] for entry in entra.log.entries() if "connection" in entry}) == 1


def test_pages_of_one_are_followed(entra: Entra) -> None:
    entra.server.page_size = 1
    names = entra.add_many(5)
    assert [domain.name for domain in read(entra)] == names
    assert entra.count("graph.list_domains") == 5


def test_a_next_link_to_another_host_is_refused_and_gets_no_token(entra: Entra) -> None:
    entra.add_many(2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        other = f"https://127.0.0.1:{listener.getsockname()[1]}"
        entra.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "foreign_next_link", "url": f"{other}/v1.0/domains?x=1"}})
        text = refusal(entra)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert other.removeprefix("https://") in text and "no token was sent there" in text


def test_a_foreign_host_that_the_list_points_to_gets_neither_request_nor_token(entra: Entra, tmp_path: t.Any) -> None:
    """As the test before, but the other host is one that would answer, and logs whatever reaches it."""
    entra.add_many(2)
    folder = tmp_path / "other"
    folder.mkdir()
    with started_entra(folder) as other:
        for url in (f"{other.server.graph_url}/v1.0/domains", other.server.graph_url.replace("https://", "http://"), f"//127.0.0.1:{other.server.port}/x"):
            entra.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "foreign_next_link", "url": url}})
            assert "points to another host" in refusal(entra)
        assert other.log.entries() == []
    assert entra.count("graph.list_domains") == 3 and entra.count("graph.batch") == 0


def test_a_list_that_never_ends_is_left(entra: Entra) -> None:
    entra.add_many(2)
    link = f"{entra.server.graph_url}/v1.0/domains"
    entra.faults.add({"surface": "graph", "operation": "list_domains", "count": -1, "do": {"kind": "foreign_next_link", "url": link}})
    assert "never comes to the end of listing the domains" in refusal(entra)


def test_throttled_items_are_asked_again_alone(entra: Entra) -> None:
    names = entra.add_many(40)
    for name in names[::10]:
        entra.faults.add({"surface": "graph_item", "domain": name, "do": {"kind": "throttle", "retry_after": 3}})
    found = read(entra)
    assert [domain.name for domain in found if domain.configuration] == names
    assert entra.count("graph.batch") == 3 and entra.count("graph_item.get_configuration") == 44
    assert len(WAITS) == 1 and 3 <= WAITS[0] <= 4


def test_a_throttled_batch_waits_as_long_as_graph_asks(entra: Entra) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "batch", "do": {"kind": "throttle", "retry_after": 7}})
    assert read(entra)[0].configuration
    assert len(WAITS) == 1 and 7 <= WAITS[0] <= 8


def test_throttling_longer_than_patience_is_given_up_at_once(entra: Entra) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "list_domains", "count": -1, "do": {"kind": "throttle", "retry_after": 900}})
    assert "slow down for 900 s, longer than this run waits" in refusal(entra)
    assert WAITS == [] and entra.count("graph.list_domains") == 1


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_burst_of_trouble_is_outlived(entra: Entra, code: int) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "list_domains", "count": 3, "do": {"kind": "status", "code": code}})
    assert read(entra)[0].configuration
    assert len(WAITS) == 3 and WAITS[0] <= 1 and WAITS[2] >= 2


def test_trouble_that_stays_is_said_with_the_request_id(entra: Entra) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "list_domains", "count": -1, "do": {"kind": "status", "code": 503}})
    text = refusal(entra)
    assert "failed at listing the domains of the tenant: HTTP 503, no reason given (request-id " in text and text.endswith("run again later.")
    assert "<html>" not in text and entra.count("graph.list_domains") == transport.MAX_ATTEMPTS


def test_one_failing_item_hides_no_other(entra: Entra) -> None:
    names = entra.add_many(25)
    entra.faults.add({"surface": "graph_item", "domain": names[3], "count": -1, "do": {"kind": "status", "code": 500}})
    entra.faults.add({"surface": "graph_item", "domain": names[4], "do": {"kind": "forbid"}})
    entra.faults.add({"surface": "graph_item", "domain": names[5], "do": "omit"})
    found = {domain.name: domain for domain in read(entra)}
    assert [name for name in names if found[name].error] == names[3:5]
    assert "HTTP 500" in found[names[3]].error and "Domain-InternalFederation.Read.All" in found[names[4]].error
    assert found[names[5]].configuration


def test_a_token_that_dies_is_renewed_once(entra: Entra) -> None:
    entra.add_many(3)
    entra.faults.add({"surface": "graph", "operation": "batch", "do": "revoke"})
    assert all(domain.configuration for domain in read(entra))
    assert entra.count("token.token") == 2


def test_a_token_that_dies_inside_a_batch_is_renewed_once(entra: Entra) -> None:
    entra.add_many(3)
    entra.faults.add({"surface": "graph_item", "domain": "d0001.example", "do": "revoke"})
    assert all(domain.configuration for domain in read(entra))
    assert entra.count("token.token") == 2


def test_a_new_token_that_is_refused_too_is_said(entra: Entra) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "list_domains", "count": -1, "do": "revoke"})
    assert "The token is refused, also a new one" in refusal(entra)
    assert entra.count("token.token") == 2


def test_a_given_token_works_and_is_not_renewed(entra: Entra) -> None:
    entra.add_many(2)
    given = {"tenant_id": None, "client_id": None, "client_secret": None}
    token = entra.server.issue_token(CLIENT, roles=("Domain.Read.All",))
    graph = client(entra, **given, access_token=token)
    assert len(read_domains(graph, [], every=True)) == 2
    assert graph.tenant_id == TENANT and entra.count("token.token") == 0
    entra.server.revoke_tokens()
    text = refusal(entra, **given, access_token=token)
    assert "The given access_token is refused" in text and token not in text


@pytest.mark.parametrize(
    ("roles", "permission"),
    [((), "Domain.Read.All"), (("Domain-InternalFederation.Read.All",), "Domain.Read.All")],
)
def test_a_missing_permission_to_list_is_named(entra: Entra, roles: tuple[str, ...], permission: str) -> None:
    entra.add_many(2)
    entra.server.register_application(CLIENT, secret=SECRET, roles=roles)
    assert "HTTP 403, Authorization_RequestDenied: Insufficient privileges to complete the operation (request-id " in refusal(entra)
    assert f"Give the app the application permission {permission} in Entra ID and grant admin consent." in refusal(entra)


def test_a_missing_permission_to_read_is_one_error(entra: Entra) -> None:
    entra.add_many(30)
    entra.tenant.switches.change({"domain_read_reads_federation": False})
    entra.server.register_application(CLIENT, secret=SECRET, roles=("Domain.Read.All",))
    assert "Domain-InternalFederation.Read.All (in tenants that do not know it yet: Domain.Read.All)" in refusal(entra)


def test_a_wrong_secret_names_the_app(entra: Entra) -> None:
    text = refusal(entra, client_secret="another-secret-value")
    assert CLIENT in text and "Create a new client secret" in text and "another-secret-value" not in text
    assert entra.log.counters().keys() == {"token.discovery", "token.token"}


def test_an_unknown_tenant_and_an_unknown_app_are_said(entra: Entra) -> None:
    assert "does not know tenant 99999999-0000-0000-0000-000000000000" in refusal(entra, tenant_id="99999999-0000-0000-0000-000000000000")
    assert "is the app registered in that tenant" in refusal(entra, client_id="99999999-0000-0000-0000-000000000000")


def test_a_certificate_signs_in(entra: Entra) -> None:
    entra.add_many(1)
    app = signing("the app")
    entra.server.register_application(CLIENT, certificate_der=app.der, roles=("Domain.Read.All",))
    form = keys.serialization.Encoding.PEM, keys.serialization.PrivateFormat.PKCS8, keys.serialization.NoEncryption()
    both = app.key.private_bytes(*form).decode() + app.certificate.public_bytes(keys.serialization.Encoding.PEM).decode()
    assert read(entra, client_secret=None, client_certificate=both)[0].configuration
    entra.server.register_application(CLIENT, certificate_der=signing("another").der, roles=("Domain.Read.All",))
    text = refusal(entra, client_secret=None, client_certificate=both)
    assert f"client certificate {app.thumbprint}" in text and f"Upload the certificate to app {CLIENT}" in text and "PRIVATE" not in text


def test_a_body_of_fifty_megabytes_is_cut_off(entra: Entra) -> None:
    entra.faults.add({"surface": "graph", "operation": "list_domains", "do": "huge"})
    assert "sent more than 16 MB" in refusal(entra)


def test_an_answer_that_never_ends_is_cut_off_in_time(entra: Entra) -> None:
    entra.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "endless", "chunk": 1, "interval": 0.05}})
    start = time.monotonic()
    assert "did not finish its answer within 1 s" in refusal(entra, timeout=1)
    assert time.monotonic() - start < 10


def test_no_answer_at_all_has_a_limit(entra: Entra) -> None:
    entra.faults.add({"surface": "graph", "operation": "list_domains", "count": -1, "do": {"kind": "delay", "seconds": 30}})
    start = time.monotonic()
    assert "did not answer within 1 s" in refusal(entra, timeout=1)
    assert time.monotonic() - start < 10


def test_a_dropped_connection_and_a_cut_answer_are_asked_for_again(entra: Entra) -> None:
    entra.add_many(1)
    entra.faults.add({"surface": "graph", "operation": "list_domains", "do": "drop"})
    entra.faults.add({"surface": "graph", "operation": "batch", "do": "truncate"})
    assert read(entra)[0].configuration


def test_rubbish_instead_of_json_is_said(entra: Entra) -> None:
    entra.faults.add({"surface": "graph", "operation": "list_domains", "do": "garbage"})
    assert "did not answer listing the domains of the tenant with a list" in refusal(entra)
    page = {"kind": "garbage", "body": "<html>Please sign in to the proxy</html>"}
    entra.faults.add({"surface": "graph", "operation": "list_domains", "do": page})
    assert "no proxy in the way?" in refusal(entra)


def test_a_redirection_is_not_followed(entra: Entra) -> None:
    moved = {"kind": "status", "code": 302, "headers": {"Location": "https://other.example/"}, "body": ""}
    entra.faults.add({"surface": "graph", "operation": "list_domains", "do": moved})
    assert "a redirection to other.example" in refusal(entra)


def test_an_unreachable_graph_names_the_address_and_the_proxy(entra: Entra) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"127.0.0.1:{listener.getsockname()[1]}"
    text = refusal(entra, graph_url=f"https://{closed}")
    assert f"Microsoft Graph ({closed}) cannot be reached: Connection refused" in text and "HTTPS_PROXY, NO_PROXY" in text
    text = refusal(entra, graph_url="https://graph.invalid")
    assert "Microsoft Graph (graph.invalid) cannot be reached" in text


@pytest.mark.parametrize("written", ["proxy-password", "proxy-password/with a slash", "proxy-password/"])
def test_no_cause_of_an_error_tells_the_password_of_a_proxy(entra: Entra, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    """Ansible prints the texts of all causes, and the library's own text may hold the address as it stands in the environment."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://somebody:{written}@127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EntraError) as caught:
        read(entra)
    assert "proxy-password" not in "".join(traceback.format_exception(caught.value))


def test_a_proxy_that_does_not_work_is_named_without_its_password(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://somebody:proxy-password@127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    text = refusal(entra)
    assert "cannot be reached through the proxy; check HTTPS_PROXY and NO_PROXY" in text and "proxy-password" not in text


def test_an_untrusted_certificate_names_ca_path(entra: Entra) -> None:
    text = refusal(entra, ca_path=None)
    assert "certificate verify failed" in text or "its certificate is refused" in text
    assert "set ca_path" in text
    assert {entry["surface"] for entry in entra.log.entries()} <= {"tls"}


def test_ca_path_wins_over_the_environment(entra: Entra, monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text(keys.lab_authority().pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(wrong))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(wrong))
    entra.add_many(1)
    assert read(entra)[0].configuration


def test_a_password_in_netrc_does_not_replace_the_token(entra: Entra, monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    entra.add_many(1)
    assert read(entra)[0].configuration
    assert {entry["authorization"] for entry in entra.log.entries() if entry["surface"] == "graph"} == {"Bearer"}


def test_each_request_has_an_id_of_its_own(entra: Entra) -> None:
    entra.add_many(21)
    read(entra)
    ids = [entry["client_request_id"] for entry in entra.log.entries() if entry["surface"] == "graph"]
    assert len(ids) == 3 and len(set(ids)) == 3


def test_wrong_names_are_told_apart(entra: Entra) -> None:
    entra.add(federated_domain("contoso.com", "sts.contoso.com", signing("old").der), managed_domain("cloud.example"), inheriting_domain("sub.contoso.com"))
    assert f"tenant {TENANT} has no domain unknown.example; it has the federated domains contoso.com, sub.contoso.com" in refusal(entra, "unknown.example")
    assert "cloud.example (Managed)" in refusal(entra, "contoso.com", "cloud.example")
    assert entra.count("graph_item.get_configuration") == 0
    (sub,) = read(entra, "sub.contoso.com")
    assert (sub.root, sub.configuration, sub.error) == ("contoso.com", None, None)


@pytest.mark.parametrize(
    "switches",
    [{"no_configuration_answer": "empty_list"}, {"odata_annotations": False}, {"child_settings_readable": True}],
)
def test_the_switches_of_what_is_unknown_make_no_difference(entra: Entra, switches: dict[str, t.Any]) -> None:
    entra.tenant.switches.change(switches)
    entra.add(federated_domain("contoso.com", "sts.contoso.com", signing("old").der), inheriting_domain("sub.contoso.com"))
    root, sub = read(entra)
    assert root.configuration.signing.thumbprint == signing("old").thumbprint
    assert (sub.configuration, sub.error) == (None, None)
