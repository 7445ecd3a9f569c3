# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login host and Graph over their socket, asked by the clients that people use: msal and requests."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lab import keys
from lab.clock import Clock
from lab.entra import EntraServer, FederatedCredential, Slots, Tenant, federated_domain, inheriting_domain, managed_domain
from lab.faults import Faults
from lab.log import RequestLog

TENANT_ID = "0f1e2d3c-1111-4222-8333-444455556666"
SCOPE = ["https://graph.microsoft.com/.default"]
NOW = datetime.now(UTC)
OLD = keys.self_signed("ADFS Signing - old", NOW - timedelta(days=300), NOW + timedelta(days=65))
NEW = keys.self_signed("ADFS Signing - new", NOW - timedelta(days=1), NOW + timedelta(days=364))
CLIENT = keys.self_signed("client", NOW - timedelta(days=1), NOW + timedelta(days=90))
SECRET = "s3cret+with&signs=and/ü"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    authority = keys.lab_authority()
    ca = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca.write_text(authority.pem, encoding="ascii")
    return keys.server_context(authority, ("localhost", "127.0.0.1")), ca


@dataclass
class World:
    tenant: Tenant
    server: EntraServer
    log: RequestLog
    faults: Faults
    ca: Path
    session: requests.Session = field(default_factory=requests.Session)
    token: str = field(default="", repr=False)

    def msal(self, credential: Any, client_id: str = "app", tenant: str = TENANT_ID) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            client_id, client_credential=credential, authority=f"{self.server.login_url}/{tenant}", instance_discovery=False, verify=str(self.ca)
        )

    def call(self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> requests.Response:
        address = path if path.startswith("https:") else f"{self.server.graph_url}/v1.0{path}"
        given = {"Authorization": f"Bearer {self.token if token is None else token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.session.request(method, address, json=body, headers=given, verify=str(self.ca), timeout=10)

    def batch(self, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
        answer = self.call("POST", "/$batch", {"requests": list(items)})
        assert answer.status_code == 200, answer.text
        return {item["id"]: item for item in answer.json()["responses"]}

    def configuration_path(self, domain: str = "contoso.com") -> str:
        federation = self.tenant.domain(domain).federation
        assert federation is not None
        return f"/domains/{domain}/federationConfiguration/{federation.id}"

    def token_error(self, form: dict[str, str], tenant: str = TENANT_ID) -> tuple[int, str, int]:
        answer = self.session.post(f"{self.server.login_url}/{tenant}/oauth2/v2.0/token", data=form, verify=str(self.ca), timeout=10)
        body = answer.json()
        number = body["error_codes"][0]
        assert body["error_description"].startswith(f"AADSTS{number}: ")
        assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(body)
        return answer.status_code, body["error"], number


@pytest.fixture
def world(tls: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)  # msal hands its certificate file to a session, which these would override
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    tenant = Tenant(
        Clock(),
        TENANT_ID,
        [
            managed_domain("contoso.onmicrosoft.com", is_initial=True),
            federated_domain("contoso.com", "sts.contoso.com", OLD.der),
            federated_domain("fabrikam.com", "sts.contoso.com", OLD.der),
            inheriting_domain("eu.contoso.com"),
            managed_domain("unverified.example", is_root=False, is_verified=False),
        ],
        {"propagation_hours": 1},
    )
    log, faults = RequestLog(), Faults()
    server = EntraServer(tenant, tls[0], log, faults)
    server.start()
    server.register_application("app", SECRET, CLIENT.der, ["Domain.ReadWrite.All"])
    made = World(tenant, server, log, faults, tls[1])
    made.token = server.issue_token("app", ["Domain.ReadWrite.All"])
    yield made
    made.session.close()
    server.stop()


def texts(signing: keys.KeyedCertificate | None, following: keys.KeyedCertificate | None) -> dict[str, str | None]:
    slots = Slots.of(signing.der if signing else None, following.der if following else None)
    return {"signingCertificate": slots.signing_text, "nextSigningCertificate": slots.next_text}


def patch_item(identifier: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"id": identifier, "method": "PATCH", "url": path, "headers": {"Content-Type": "application/json"}, "body": body}


# --- tokens


def test_msal_gets_a_token_by_secret_and_graph_takes_it(world: World) -> None:
    answer = world.msal(SECRET).acquire_token_for_client(SCOPE)
    assert answer.get("token_type") == "Bearer", answer
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["tid"], claims["appid"], claims["aud"], claims["roles"]) == (TENANT_ID, "app", "https://graph.microsoft.com", ["Domain.ReadWrite.All"])
    assert 3500 < claims["exp"] - time.time() < 3700
    assert world.call("GET", "/domains", token=answer["access_token"]).status_code == 200
    assert world.log.counters() == {"graph.list_domains": 1, "token.discovery": 1, "token.token": 1}


@pytest.mark.parametrize("thumbprint", ["sha1", "sha256"])
def test_msal_gets_a_token_by_certificate(world: World, thumbprint: str) -> None:
    key = CLIENT.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    credential = {"private_key": key}
    if thumbprint == "sha1":
        credential["thumbprint"] = CLIENT.thumbprint
    else:
        credential["public_certificate"] = CLIENT.certificate.public_bytes(serialization.Encoding.PEM).decode()
    answer = world.msal(credential).acquire_token_for_client(SCOPE)
    assert "access_token" in answer, answer
    assert world.log.entries()[-1]["algorithm"] == ("RS256" if thumbprint == "sha1" else "PS256")
    other = keys.self_signed("other", NOW, NOW + timedelta(days=1))
    stolen = {**credential, "private_key": other.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())}
    refused = world.msal(stolen).acquire_token_for_client(SCOPE)
    assert (refused.get("error"), refused.get("error_codes")) == ("invalid_client", [700027])


def test_msal_finds_the_tenant_by_domain_name_too(world: World) -> None:
    assert "access_token" in world.msal(SECRET, tenant="contoso.com").acquire_token_for_client(SCOPE)
    with pytest.raises(ValueError, match="double check your tenant name"):
        world.msal(SECRET, tenant="unknown.example").acquire_token_for_client(SCOPE)
    assert (world.log.entries()[-1]["operation"], world.log.entries()[-1]["status"]) == ("discovery", 400)


def test_token_errors_have_the_numbers_of_the_real_login_host(world: World) -> None:
    good = {"client_id": "app", "client_secret": SECRET, "grant_type": "client_credentials", "scope": SCOPE[0]}
    assert world.token_error({**good, "client_secret": "wrong"}) == (401, "invalid_client", 7000215)
    assert world.token_error({**good, "client_id": "nobody"}) == (400, "unauthorized_client", 700016)
    assert world.token_error(good, tenant="99999999-0000-4000-8000-000000000000") == (400, "invalid_request", 90002)
    assert world.token_error({**good, "scope": "https://graph.microsoft.us/.default"}) == (400, "invalid_scope", 70011)
    assert world.token_error({**good, "scope": "https://graph.microsoft.com/User.Read"}) == (400, "invalid_scope", 70011)
    assert world.token_error({**good, "grant_type": "password"}) == (400, "unsupported_grant_type", 70003)
    assert world.token_error({"grant_type": "client_credentials"}) == (400, "invalid_request", 900144)
    without = {name: value for name, value in good.items() if name != "client_secret"}
    assert world.token_error(without) == (401, "invalid_client", 7000216)
    world.server.register_application("app", SECRET).secret_expired = True
    assert world.token_error(good) == (401, "invalid_client", 7000222)


def assertion(world: World, *, algorithm: str = "PS256", member: str = "x5t#S256", **changes: Any) -> str:
    digest = hashlib.sha256(CLIENT.der).digest()
    now = int(time.time())
    claims = {
        "aud": f"{world.server.login_url}/{TENANT_ID}/oauth2/v2.0/token",
        "iss": "app",
        "sub": "app",
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + 600,
        **changes,
    }
    return jwt.encode(claims, CLIENT.key, algorithm=algorithm, headers={member: base64.urlsafe_b64encode(digest).decode().rstrip("=")})


def test_an_assertion_is_looked_at_closely(world: World) -> None:
    form = {
        "client_id": "app",
        "grant_type": "client_credentials",
        "scope": SCOPE[0],
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }

    def number(text: str) -> int:
        return world.token_error({**form, "client_assertion": text})[2]

    address = f"{world.server.login_url}/{TENANT_ID}/oauth2/v2.0/token"
    good = world.session.post(address, data={**form, "client_assertion": assertion(world)}, verify=str(world.ca), timeout=10)
    assert good.status_code == 200, good.text
    now = int(time.time())
    assert number(assertion(world, exp=now - 3600)) == 700024
    assert number(assertion(world, nbf=now + 3600)) == 700024
    assert number(assertion(world, aud="https://login.example.com/token")) == 700023
    assert number(assertion(world, sub="somebody")) == 700021
    assert number(assertion(world, iss="somebody")) == 50027
    assert number(assertion(world, member="x5t")) == 700027
    assert number(assertion(world, algorithm="RS512")) == 700027
    assert number("no.jwt") == 50027
    header, _claims, signature = assertion(world).split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"aud": address, "iss": "app", "sub": "app", "exp": now + 600}).encode()).decode().rstrip("=")
    assert number(f"{header}.{forged}.{signature}") == 700027


def test_workload_identity_trusts_one_issuer_and_subject(world: World) -> None:
    outside = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    trusted = FederatedCredential("https://issuer.example.com", "system:serviceaccount:awx:job", outside.public_key())
    world.server.register_application("app", roles=["Domain.Read.All"], federated=[trusted])

    def ask(subject: str) -> dict[str, Any]:
        claims = {"iss": trusted.issuer, "sub": subject, "aud": trusted.audience, "exp": int(time.time()) + 600}
        answer: dict[str, Any] = world.msal({"client_assertion": lambda: jwt.encode(claims, outside, algorithm="RS256")}).acquire_token_for_client(SCOPE)
        return answer

    assert "access_token" in ask(trusted.subject)
    assert ask("system:serviceaccount:awx:other")["error_codes"] == [70021]


def test_the_log_holds_no_credential_and_no_token(world: World) -> None:
    token = world.msal(SECRET).acquire_token_for_client(SCOPE)["access_token"]
    signed = assertion(world)
    world.token_error({"client_id": "app", "grant_type": "client_credentials", "client_assertion": signed, "client_assertion_type": "x"})
    world.call("GET", "/domains", token=token)
    world.call("POST", "/$batch", {"requests": [patch_item("1", world.configuration_path(), texts(OLD, NEW))]}, token=token)
    shown = json.dumps(world.log.entries(), ensure_ascii=False)
    assert all(secret not in shown for secret in (SECRET, token, signed, signed.split(".")[2], token.split(".")[2]))
    patched = [entry for entry in world.log.entries() if entry["operation"] == "patch_configuration"]
    assert patched[0]["members"] == ["nextSigningCertificate", "signingCertificate"]
    bearers = [entry["host"] for entry in world.log.entries() if entry.get("authorization")]
    assert set(bearers) == {f"127.0.0.1:{world.server.port}"}


def test_graph_refuses_tokens_that_are_not_good(world: World) -> None:
    header, claims, signature = world.token.split(".")
    flipped = claims[:-2] + ("A" if claims[-2] != "A" else "B") + claims[-1]
    expired = world.server.issue_token("app", ["Domain.Read.All"], lifetime=-10)
    foreign = jwt.encode({"tid": TENANT_ID, "exp": time.time() + 60}, CLIENT.key, algorithm="RS256")
    for token in ("", "nonsense", f"{header}.{flipped}.{signature}", expired, foreign):
        answer = world.call("GET", "/domains", token=token)
        assert answer.status_code == 401, token
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert world.call("GET", "/domains").status_code == 200
    world.tenant.graph_hosts = ("graph.microsoft.us",)
    assert "Invalid audience" in world.call("GET", "/domains").json()["error"]["message"]
    world.tenant.graph_hosts = ("graph.microsoft.com",)
    world.server.revoke_tokens()
    assert world.call("GET", "/domains").status_code == 401


# --- reading


def test_domains_come_in_pages_that_follow_one_another(world: World) -> None:
    world.server.page_size = 2
    names, address, requests_made = [], "/domains?$select=id,authenticationType", 0
    while address:
        body = world.call("GET", address).json()
        names += [domain["id"] for domain in body["value"]]
        assert all(set(domain) == {"id", "authenticationType"} for domain in body["value"])
        address, requests_made = body.get("@odata.nextLink", ""), requests_made + 1
    assert names == [domain.name for domain in world.tenant.domains]
    assert requests_made == 3
    world.server.page_size = 5
    assert "@odata.nextLink" not in world.call("GET", "/domains").json()
    assert len(world.call("GET", "/domains?$top=1").json()["value"]) == 1
    assert world.call("GET", "/domains?$filter=isRoot eq true").status_code == 400
    assert world.call("GET", "/domains?$top=0").status_code == 400


def test_roots_are_told(world: World) -> None:
    child = world.call("GET", "/domains/eu.contoso.com").json()
    assert (child["isRoot"], child["isVerified"], child["authenticationType"]) == (False, True, "Federated")
    assert world.call("GET", "/domains/eu.contoso.com/rootDomain").json()["id"] == "contoso.com"
    shown = {domain["id"]: domain["rootDomain"] for domain in world.call("GET", "/domains?$expand=rootDomain").json()["value"]}
    assert shown["eu.contoso.com"]["id"] == "contoso.com" and shown["contoso.com"] is None
    assert world.call("GET", "/domains/nowhere.example").json()["error"]["code"] == "Request_ResourceNotFound"


def test_a_configuration_is_read_as_a_collection_and_by_id(world: World) -> None:
    listed = world.call("GET", "/domains/CONTOSO.com/federationConfiguration").json()["value"]
    assert len(listed) == 1 and listed[0]["@odata.type"] == "#microsoft.graph.internalDomainFederation"
    assert base64.b64decode(listed[0]["signingCertificate"]) == OLD.der
    assert listed[0]["passiveSignInUri"] == "https://sts.contoso.com/adfs/ls/"
    single = world.call("GET", world.configuration_path()).json()
    assert {name: value for name, value in single.items() if name != "@odata.context"} == listed[0]
    beta = world.call("GET", f"{world.server.graph_url}/beta{world.configuration_path()}").json()
    assert beta["id"] == single["id"]
    world.tenant.switches.change({"single_get_wrapped": True, "odata_annotations": False})
    assert world.call("GET", world.configuration_path()).json() == {"value": {name: value for name, value in listed[0].items() if name[0] != "@"}}
    assert world.call("GET", "/domains/contoso.com/federationConfiguration/" + str(uuid.uuid4())).status_code == 404


@pytest.mark.parametrize("domain", ["contoso.onmicrosoft.com", "eu.contoso.com"])
def test_no_configuration_is_404_or_an_empty_list(world: World, domain: str) -> None:
    answer = world.call("GET", f"/domains/{domain}/federationConfiguration")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    world.tenant.switches.change({"no_configuration_answer": "empty_list"})
    assert world.call("GET", f"/domains/{domain}/federationConfiguration").json() == {"value": []}


def test_errors_carry_the_ids(world: World) -> None:
    answer = world.call("GET", "/domains/nowhere.example", client_request_id="11111111-2222-4333-8444-555555555555")
    inner = answer.json()["error"]["innerError"]
    assert inner["client-request-id"] == answer.headers["client-request-id"] == "11111111-2222-4333-8444-555555555555"
    assert inner["request-id"] == answer.headers["request-id"] == world.log.entries()[-1]["request_id"]


@pytest.mark.parametrize(
    ("permission", "lists", "reads", "writes"),
    [
        ("Domain.Read.All", 200, 200, 403),
        ("Domain.ReadWrite.All", 200, 200, 204),
        ("Domain-InternalFederation.Read.All", 403, 200, 403),
        ("Domain-InternalFederation.ReadWrite.All", 403, 200, 204),
        ("User.Read.All", 403, 403, 403),
    ],
)
def test_permissions(world: World, permission: str, lists: int, reads: int, writes: int) -> None:
    for token in (world.server.issue_token("app", [permission]), world.server.issue_token("app", scopes=[permission])):
        answers = [
            world.call("GET", "/domains", token=token),
            world.call("GET", "/domains/contoso.com/federationConfiguration", token=token),
            world.call("PATCH", world.configuration_path(), {"displayName": "Contoso"}, token=token),
        ]
        assert [answer.status_code for answer in answers] == [lists, reads, writes]
        for answer in answers:
            if answer.status_code == 403:
                assert answer.json()["error"]["code"] == "Authorization_RequestDenied"


def test_permissions_as_they_were_and_as_they_may_become(world: World) -> None:
    world.tenant.switches.change({"internal_federation_permissions_known": False})
    new = world.server.issue_token("app", ["Domain-InternalFederation.ReadWrite.All"])
    assert world.call("GET", "/domains/contoso.com/federationConfiguration", token=new).status_code == 403
    world.tenant.switches.change({"domain_read_reads_federation": False})
    old = world.server.issue_token("app", ["Domain.Read.All"])
    assert world.call("GET", "/domains/contoso.com/federationConfiguration", token=old).status_code == 403


# --- writing


def test_a_patch_shows_at_once_and_counts_later(world: World) -> None:
    answer = world.call("PATCH", world.configuration_path(), texts(OLD, NEW))
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    shown = world.call("GET", "/domains/contoso.com/federationConfiguration").json()["value"][0]
    assert {name: shown[name] for name in texts(OLD, NEW)} == texts(OLD, NEW)
    assert world.tenant.accepted("contoso.com") == [OLD.der]
    world.tenant.clock.advance(timedelta(hours=1, seconds=1))
    assert world.tenant.accepted("contoso.com") == [OLD.der, NEW.der]
    assert world.tenant.accepted("fabrikam.com") == [OLD.der]
    write = [entry for entry in world.log.entries() if entry["write"]]
    assert [(entry["surface"], entry["operation"], entry["domain"]) for entry in write] == [("graph", "patch_configuration", "contoso.com")]


def test_a_patch_may_answer_with_the_object(world: World) -> None:
    world.tenant.switches.change({"patch_returns_object": True})
    answer = world.call("PATCH", world.configuration_path(), texts(NEW, OLD))
    assert answer.status_code == 200
    assert answer.json()["signingCertificate"] == texts(NEW, None)["signingCertificate"]


def test_bad_patches_are_refused(world: World) -> None:
    path, before = world.configuration_path(), world.tenant.describe()
    for body in ({"signingCertificate": None}, {"signingCertificate": "x"}, {"unknownMember": 1}, [1], "text"):
        answer = world.call("PATCH", path, body)
        assert answer.status_code == 400, body
        assert answer.json()["error"]["message"]
    raw = world.session.patch(
        f"{world.server.graph_url}/v1.0{path}", data="{}", headers={"Authorization": f"Bearer {world.token}"}, verify=str(world.ca), timeout=10
    )
    assert raw.status_code == 400
    assert world.call("PATCH", "/domains/contoso.com/federationConfiguration", texts(OLD, NEW)).status_code == 405
    assert world.call("PATCH", "/domains/contoso.com/federationConfiguration/" + str(uuid.uuid4()), texts(OLD, NEW)).status_code == 404
    assert world.tenant.describe() == before


def test_creating_and_deleting_is_refused_and_seen(world: World) -> None:
    before = world.tenant.describe()
    assert world.call("POST", "/domains/contoso.com/federationConfiguration", texts(OLD, NEW)).status_code == 405
    assert world.call("DELETE", world.configuration_path()).status_code == 405
    assert [(entry["operation"], entry["write"]) for entry in world.log.entries()] == [("create_configuration", True), ("delete_configuration", True)]
    assert world.tenant.describe() == before


def test_the_world_is_told_of_each_change(world: World, tls: tuple[Any, Path]) -> None:
    seen: list[list[bytes]] = []
    lock = threading.RLock()
    server = EntraServer(world.tenant, tls[0], world.log, world.faults, lock, on_change=lambda: seen.append(world.tenant.accepted("contoso.com")))
    server.start()
    try:
        token = server.issue_token("app", ["Domain.ReadWrite.All"])
        world.tenant.switches.change({"propagation_hours": 0})
        address = f"{server.graph_url}/v1.0{world.configuration_path()}"
        assert world.call("PATCH", address, texts(OLD, NEW), token=token).status_code == 204
        assert world.call("PATCH", address, {"signingCertificate": None}, token=token).status_code == 400
        assert world.call("GET", address, token=token).status_code == 200
    finally:
        server.stop()
    assert seen == [[OLD.der, NEW.der]]


# --- batches


def test_a_batch_answers_each_item_for_itself_in_any_order(world: World) -> None:
    items = [{"id": str(number), "method": "GET", "url": "/domains/contoso.com/federationConfiguration"} for number in range(15)]
    items += [
        {"id": "missing", "method": "GET", "url": "domains/nowhere.example/federationConfiguration"},
        patch_item("write", world.configuration_path("fabrikam.com"), texts(OLD, NEW)),
        patch_item("bad", world.configuration_path(), {"signingCertificate": None}),
        {"id": "versioned", "method": "GET", "url": "/v1.0/domains"},
        {"id": "absolute", "method": "GET", "url": f"{world.server.graph_url}/v1.0/domains"},
    ]
    raw = world.call("POST", "/$batch", {"requests": items}).json()["responses"]
    assert [item["id"] for item in raw] != [item["id"] for item in items]
    answers = {item["id"]: item for item in raw}
    assert {identifier: answer["status"] for identifier, answer in answers.items()} == {
        **{str(number): 200 for number in range(15)},
        "missing": 404,
        "write": 204,
        "bad": 400,
        "versioned": 400,
        "absolute": 400,
    }
    assert "body" not in answers["write"] and answers["0"]["body"]["value"][0]["id"]
    counters = world.log.counters()
    assert (counters["graph.batch"], counters["graph_item.get_configuration"], counters["graph_item.patch_configuration"]) == (1, 16, 2)
    written = [(entry["surface"], entry["domain"], entry["status"]) for entry in world.log.entries() if entry["write"]]
    assert sorted(written) == [("graph_item", "contoso.com", 400), ("graph_item", "fabrikam.com", 204)]
    assert world.tenant.domain("fabrikam.com").configured == Slots.of(OLD.der, NEW.der)


@pytest.mark.parametrize(
    "items",
    [
        [{"id": str(number), "method": "GET", "url": "/domains"} for number in range(21)],
        [{"id": "1", "method": "GET", "url": "/domains"}] * 2,
        [{"id": "1", "method": "GET"}],
        [{"method": "GET", "url": "/domains"}],
        [],
        "text",
    ],
)
def test_a_malformed_batch_is_refused_whole(world: World, items: Any) -> None:
    answer = world.call("POST", "/$batch", {"requests": items})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert world.log.counters() == {"graph.batch": 1}


def test_a_batch_item_needs_rights_and_a_content_type(world: World) -> None:
    world.token = world.server.issue_token("app", ["Domain.Read.All"])
    assert world.batch(patch_item("1", world.configuration_path(), texts(OLD, NEW)))["1"]["status"] == 403
    world.token = world.server.issue_token("app", ["Domain.ReadWrite.All"])
    untyped = {**patch_item("1", world.configuration_path(), texts(OLD, NEW)), "headers": {}}
    nested = {"id": "2", "method": "POST", "url": "/$batch", "headers": {"Content-Type": "application/json"}, "body": {"requests": [untyped]}}
    answers = world.batch(untyped, nested)
    assert (answers["1"]["status"], answers["2"]["status"]) == (400, 400)
    assert world.call("POST", "/$batch", {"requests": []}, token="bad").status_code == 401
    assert world.tenant.domain("contoso.com").configured == Slots.of(OLD.der)


def test_what_depends_on_a_failed_item_fails(world: World) -> None:
    good = {"id": "good", "method": "GET", "url": "/domains/contoso.com"}
    bad = {"id": "bad", "method": "GET", "url": "/domains/nowhere.example"}
    answers = world.batch(good, bad, {**good, "id": "after good", "dependsOn": ["good"]}, {**good, "id": "after bad", "dependsOn": ["bad"]})
    assert (answers["after good"]["status"], answers["after bad"]["status"]) == (200, 424)


# --- faults


def test_fault_status_throttle_and_forbid(world: World) -> None:
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "status", "code": 503, "headers": {"Retry-After": "7"}}})
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "status", "code": 403, "body": {"error": {"code": ""}}}})
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "throttle", "retry_after": 3}})
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "throttle", "retry_after": None}})
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": "forbid"})
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": "nonsense"})
    html, empty, slow, plain, forbidden, unknown = [world.call("GET", "/domains") for _request in range(6)]
    assert (html.status_code, html.headers["Retry-After"], html.text[:6]) == (503, "7", "<html>")
    assert empty.json() == {"error": {"code": ""}}
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "3")
    assert plain.status_code == 429 and "Retry-After" not in plain.headers
    assert forbidden.json()["error"]["code"] == "Authorization_RequestDenied"
    assert unknown.status_code == 500 and "cannot play the fault 'nonsense'" in unknown.text
    assert world.call("GET", "/domains").status_code == 200
    assert [entry.get("fault") for entry in world.log.entries()] == ["status", "status", "throttle", "throttle", "forbid", None, None]


def test_fault_on_one_item_of_a_batch(world: World) -> None:
    world.faults.add({"surface": "graph_item", "domain": "contoso.com", "do": {"kind": "throttle", "retry_after": 2}})
    world.faults.add({"surface": "graph_item", "domain": "fabrikam.com", "skip": 1, "do": "omit"})
    items = [{"id": name, "method": "GET", "url": f"/domains/{name}/federationConfiguration"} for name in ("contoso.com", "fabrikam.com")]
    first, second = world.batch(*items), world.batch(*items)
    assert (first["contoso.com"]["status"], first["contoso.com"]["headers"]["Retry-After"], first["fabrikam.com"]["status"]) == (429, "2", 200)
    assert set(second) == {"contoso.com"}


def test_fault_before_or_after_the_write(world: World) -> None:
    path = world.configuration_path()
    world.faults.add({"surface": "graph", "operation": "patch_configuration", "do": "drop"})
    with pytest.raises(requests.ConnectionError):
        world.call("PATCH", path, texts(OLD, NEW))
    assert world.tenant.domain("contoso.com").configured == Slots.of(OLD.der)
    world.faults.add({"surface": "graph", "operation": "patch_configuration", "do": {"kind": "drop", "when": "after"}})
    with pytest.raises(requests.ConnectionError):
        world.call("PATCH", path, texts(OLD, NEW))
    assert world.tenant.domain("contoso.com").configured == Slots.of(OLD.der, NEW.der)
    world.faults.add({"surface": "graph_item", "operation": "patch_configuration", "do": "skip_write"})
    assert world.batch(patch_item("1", path, texts(NEW, None)))["1"]["status"] == 204
    assert world.tenant.domain("contoso.com").configured == Slots.of(OLD.der, NEW.der)


def test_fault_revoke_kills_the_token_and_a_new_one_works(world: World) -> None:
    world.faults.add({"surface": "graph", "operation": "batch", "do": "revoke"})
    item = {"requests": [{"id": "1", "method": "GET", "url": "/domains/contoso.com"}]}
    assert [world.call("POST", "/$batch", item).status_code for _try in range(2)] == [401, 401]
    world.token = world.server.issue_token("app", ["Domain.Read.All"])
    assert world.call("POST", "/$batch", item).status_code == 200


def test_fault_bodies_that_are_no_answer(world: World) -> None:
    world.faults.add({"surface": "graph", "do": "garbage"})
    with pytest.raises(ValueError):
        world.call("GET", "/domains").json()
    world.faults.add({"surface": "graph", "do": "truncate"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        world.call("GET", "/domains")
    world.faults.add({"surface": "graph", "do": {"kind": "huge", "size": 3_000_000}})
    huge = world.call("GET", "/domains")
    assert len(huge.content) == 3_000_000 and huge.json()["value"] == []
    world.faults.add({"surface": "graph_item", "do": {"kind": "huge", "size": 100_000}})
    assert len(world.batch({"id": "1", "method": "GET", "url": "/domains"})["1"]["body"]["padding"]) == 100_000


def test_fault_endless_has_its_own_end_and_stops_with_the_client(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.token}"}
    world.faults.add({"surface": "graph", "do": {"kind": "endless", "chunk": 1000, "limit_bytes": 10_000}})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        world.call("GET", "/domains")
    world.faults.add({"surface": "graph", "do": {"kind": "endless"}})
    with requests.get(f"{world.server.graph_url}/v1.0/domains", headers=headers, verify=str(world.ca), timeout=10, stream=True) as answer:
        assert len(next(answer.iter_content(100_000))) > 0
    world.faults.add({"surface": "graph", "do": {"kind": "endless", "chunk": 1, "interval": 0.05, "limit_seconds": 0.3}})
    started = time.monotonic()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        world.call("GET", "/domains")
    assert 0.2 < time.monotonic() - started < 5


def test_fault_foreign_next_link_and_delay(world: World) -> None:
    world.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "foreign_next_link", "url": "https://graph.example.com/next"}})
    assert world.call("GET", "/domains").json()["@odata.nextLink"] == "https://graph.example.com/next"
    world.faults.add({"surface": "graph", "do": {"kind": "delay", "seconds": 0.3}})
    started = time.monotonic()
    assert world.call("GET", "/domains").status_code == 200
    assert time.monotonic() - started >= 0.3
    world.faults.add({"surface": "token", "operation": "token", "do": {"kind": "status", "code": 503}})
    answer = world.session.post(f"{world.server.login_url}/{TENANT_ID}/oauth2/v2.0/token", data={}, verify=str(world.ca), timeout=10)
    assert answer.status_code == 503


# --- the socket


def test_connections_stay_open_and_are_counted(world: World) -> None:
    for _request in range(3):
        world.call("GET", "/domains")
    assert {entry["connection"] for entry in world.log.entries()} == {1}


def test_a_client_that_does_not_trust_the_authority_is_logged(world: World) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(world.server.graph_url, timeout=10)
    deadline = time.monotonic() + 5
    while "tls.handshake_failed" not in world.log.counters() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert world.log.counters() == {"tls.handshake_failed": 1}


def test_two_tenants_on_one_port_do_not_mix(world: World, tls: tuple[Any, Path]) -> None:
    other_domain = federated_domain("other.example", "sts.other.example", NEW.der)
    other = Tenant(Clock(), "22222222-1111-4222-8333-444455556666", [other_domain], graph_hosts=["graph.microsoft.us"])
    server = EntraServer([world.tenant, other], tls[0], world.log, world.faults)
    server.start()
    try:
        server.register_application("app", SECRET, roles=["Domain.Read.All"])
        server.register_application("only", SECRET, roles=["Domain.Read.All"], tenant_id=other.tenant_id)
        made = World(world.tenant, server, world.log, world.faults, world.ca)
        gov = made.msal(SECRET, "only", other.tenant_id).acquire_token_for_client(["https://graph.microsoft.us/.default"])
        assert [domain["id"] for domain in made.call("GET", "/domains", token=gov["access_token"]).json()["value"]] == ["other.example"]
        assert made.msal(SECRET, "app", other.tenant_id).acquire_token_for_client(SCOPE)["error_codes"] == [70011]
        assert made.msal(SECRET, "only").acquire_token_for_client(SCOPE)["error_codes"] == [700016]
        assert made.call("GET", "/domains/contoso.com", token=gov["access_token"]).status_code == 404
        own = made.msal(SECRET).acquire_token_for_client([f"{server.graph_url}/.default"])
        assert made.call("GET", "/domains/contoso.com", token=own["access_token"]).status_code == 200
    finally:
        server.stop()


def test_stop_ends_open_connections_at_once(world: World) -> None:
    world.call("GET", "/domains")
    world.faults.add({"surface": "graph", "do": {"kind": "delay", "seconds": 60}})
    failed: list[Exception] = []

    def slow() -> None:
        try:
            requests.get(f"{world.server.graph_url}/v1.0/domains", verify=str(world.ca), timeout=30)
        except requests.RequestException as error:
            failed.append(error)

    thread = threading.Thread(target=slow)
    thread.start()
    time.sleep(0.2)
    started = time.monotonic()
    world.server.stop()
    thread.join(timeout=10)
    assert not thread.is_alive() and time.monotonic() - started < 5
