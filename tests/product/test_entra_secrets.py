# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, assertions and tokens stay where they belong: not in results, errors, exceptions, reprs or the lab's log.

Every secret string that goes over the wire is collected where it is sent, so that the search looks for the very strings.
"""

from __future__ import annotations

import json
import logging
import pathlib
import time
import traceback
import typing as t
from urllib.parse import parse_qs

import jwt
import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import Wish, publish
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_certificate
from ansible_collections.federation.adfs.plugins.modules.entra_federation import described
from lab import keys
from lab.entra import FederatedCredential

from .conftest import CLIENT, SECRET, TENANT, WRITE, Entra, signing

ISSUER, SUBJECT = "https://oidc.example.com/cluster", "somebody"
PASSPHRASE, PROXY_PASSWORD = "planted-passphrase-Kx7", "planted-proxy-password-Lm3"


class Watched:
    """What was sent, and everything that a person or a log could see of it."""

    def __init__(self) -> None:
        self.secrets: set[str] = {SECRET, PASSPHRASE, PROXY_PASSWORD}
        self.seen: list[str] = []

    def note_sent(self, headers: t.Mapping[str, str], data: bytes | None) -> None:
        authorization = headers.get("Authorization", "")
        if authorization:
            self.secrets.add(authorization.split(" ")[1])
        form = parse_qs((data or b"").decode("utf-8", "replace")) if data and not data.startswith(b"{") else {}
        for name in ("client_assertion", "client_secret"):
            self.secrets.update(form.get(name, []))

    def found(self) -> dict[str, str]:
        """Return each secret that shows, with the beginning of the text around it."""
        return {secret[:12]: text[max(0, text.index(secret) - 60) :][:100] for secret in self.secrets for text in self.seen if secret in text}


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Watched:
    watched = Watched()
    once = transport.Transport._once

    def sending(self: t.Any, session: t.Any, connecting: float, what: str, method: str, url: str, headers: t.Any, data: t.Any, params: t.Any) -> t.Any:
        watched.note_sent(headers, data)
        answer = once(self, session, connecting, what, method, url, headers, data, params)
        if url.endswith("/token"):
            watched.secrets.update(filter(None, [(answer.json() or {}).get("access_token")]))
            watched.seen.append(repr(answer))
        return answer

    monkeypatch.setattr(transport.Transport, "_once", sending)
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (lambda _seconds: None, time.monotonic))
    caplog.set_level(logging.DEBUG)
    return watched


def credentials(entra: Entra, folder: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    """Return options for each way to sign in that the login host plays a part in."""
    app, now = signing("the app"), int(time.time())
    trusted = FederatedCredential(ISSUER, SUBJECT, signing("cluster").key.public_key())
    entra.server.register_application(CLIENT, secret=SECRET, certificate_der=app.der, roles=WRITE, federated=[trusted])
    form = keys.serialization.Encoding.PEM, keys.serialization.PrivateFormat.PKCS8, keys.serialization.BestAvailableEncryption(PASSPHRASE.encode())
    pem = app.key.private_bytes(*form).decode() + app.certificate.public_bytes(keys.serialization.Encoding.PEM).decode()
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "iat": now, "exp": now + 600}
    (folder / "token").write_text(jwt.encode(claims, signing("cluster").key, algorithm="RS256"))
    return {
        "client_secret": {},
        "client_certificate": {"client_secret": None, "client_certificate": pem, "client_certificate_passphrase": PASSPHRASE},
        "workload_identity": {"client_secret": None, "federated_token_file": str(folder / "token")},
        "access_token": {"client_secret": None, "client_id": None, "access_token": entra.server.issue_token(CLIENT, roles=WRITE)},
    }


@pytest.mark.parametrize("method", ["client_secret", "client_certificate", "workload_identity", "access_token"])
def test_no_secret_assertion_or_token_shows_anywhere(
    entra: Entra, watched: Watched, method: str, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = entra.add_many(3)
    given = credentials(entra, tmp_path)[method]
    old, new = (parse_certificate(signing(name).der) for name in ("old", "new"))
    troubles: list[dict[str, t.Any]] = [
        {},
        {"surface": "graph", "operation": "batch", "do": {"kind": "status", "code": 400}},
        {"surface": "graph", "operation": "batch", "count": -1, "do": "drop"},
        {"surface": "graph", "operation": "batch", "do": {"kind": "garbage", "body": "<html>"}},
        {"surface": "graph_item", "operation": "patch_configuration", "count": -1, "do": {"kind": "status", "code": 400}},
        {"surface": "token", "operation": "token", "count": -1, "do": {"kind": "status", "code": 500}},
        {"surface": "token", "operation": "token", "do": {"kind": "status", "code": 401, "body": {"error": "invalid_client", "error_description": "no"}}},
        {"surface": "graph", "operation": "batch", "count": -1, "do": "revoke"},
    ]
    failures = 0
    for trouble in troubles:
        entra.faults.clear()
        if trouble:
            entra.faults.add(trouble)
        settings = merge_options(entra.options(**given), {})
        watched.seen.append(repr(settings))
        client = connect(settings)
        watched.seen += [repr(client), repr(vars(client)["_credential"])]
        try:
            read_domains(client, [], every=True)
            outcomes = publish(client, [Wish(name, old, new) for name in names], check_mode=False)
            result = described(outcomes, client.tenant_id, old.not_before)
            watched.seen += [json.dumps({**result, "permissions": client.permissions()}), repr(outcomes)]
        except EntraError as exc:
            failures += 1
            watched.seen += [str(exc), repr(exc), "".join(traceback.format_exception(exc))]
        finally:
            client.close()
    watched.seen += [json.dumps(entry) for entry in entra.log.entries()] + [record.getMessage() for record in caplog.records]
    assert failures >= 3 and len(watched.secrets) > 3, "there must be something to look for, and errors to look into"
    assert watched.found() == {}
    # The search finds a planted one, of each kind.
    for secret in watched.secrets:
        planted = Watched()
        planted.secrets, planted.seen = watched.secrets, [f"a text with {secret} in it"]
        assert planted.found(), "a planted secret must be found"


def test_a_proxys_password_shows_nowhere(entra: Entra, watched: Watched) -> None:
    settings = merge_options(entra.options(proxy=f"http://somebody:{PROXY_PASSWORD}@127.0.0.1:9"), {})
    with pytest.raises(EntraError) as caught:
        read_domains(connect(settings), [], every=True)
    watched.seen += [repr(settings), str(caught.value), repr(caught.value)]
    assert watched.found() == {} and settings.tenant_id == TENANT
