# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, assertions and tokens stay where they belong: not in results, errors, exceptions, reprs or the lab's log.

Every secret string that goes over the wire is collected where it is sent, so that the search looks for the very strings.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import pathlib
import re
import time
import traceback
import typing as t
from urllib.parse import parse_qs, quote, quote_plus

import jwt
import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import Wish, publish
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.secrets import MAX_CHARACTERS, Scrubber
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_certificate
from ansible_collections.federation.adfs.plugins.modules.entra_federation import described
from lab import keys
from lab.entra import FederatedCredential

from .conftest import CLIENT, SECRET, TENANT, WRITE, Entra, signing
from .player import Player, out

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


# --- an endpoint that repeats what it was sent


AWKWARD = 'p+l/a=n&t"e\\d <secret>%\u00fc~Zq8x'
FORMS = ("raw", "url", "json", "base64", "html")


def forms_of(secret: str) -> dict[str, str]:
    """Return what to look for, made here and not by the product: the secret raw, percent-encoded, escaped for JSON, in base64 (its inner part)."""
    inner = [base64.b64encode(b"x" * before + secret.encode())[4 : -4 or None].decode() for before in range(3)]
    return {
        "raw": secret,
        "url": quote(secret, safe=""),
        "plus": quote_plus(secret),
        "lower": quote(secret, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        "json": json.dumps(secret)[1:-1],
        "json twice": json.dumps(json.dumps(secret))[3:-3],
        "slashes": json.dumps(secret)[1:-1].replace("/", "\\/"),
        "html": html.escape(secret),
        **{f"base64 {number}": text for number, text in enumerate(inner)},
    }


def leaks(secret: str, text: str) -> list[str]:
    """Return the forms in which a secret, or a good half of it, shows in a text."""
    found = []
    for name, form in forms_of(secret).items():
        half = form[: max(len(form) * 2 // 3, 8)]
        if half in text or form[-max(len(form) * 2 // 3, 8) :] in text:
            found.append(name)
    return found


def echoing(surface: str, form: str) -> dict[str, t.Any]:
    """Return the fault that repeats what was sent. Not to OpenID discovery, which comes before any secret is sent, and would end the sign-in."""
    return {"surface": surface, "do": {"kind": "echo", "form": form}, **({"operation": "token"} if surface == "token" else {})}


def echoed(entra: Entra, surface: str) -> list[dict[str, t.Any]]:
    """Return the requests on one surface that reached the lab with a secret, and whose answer repeated it."""
    entries = [entry for entry in entra.log.entries() if entry["surface"] == surface and entry.get("fault") == "echo"]
    return [entry for entry in entries if surface != "token" or (entry["operation"] == "token" and entry.get("credential"))]


@pytest.mark.parametrize("method", ["client_secret", "client_certificate", "workload_identity", "access_token"])
@pytest.mark.parametrize("surface", ["token", "graph", "graph_item"])
@pytest.mark.parametrize("form", FORMS)
def test_an_endpoint_that_repeats_what_it_got_gives_nothing_away(
    entra: Entra, watched: Watched, tmp_path: pathlib.Path, method: str, surface: str, form: str
) -> None:
    names = entra.add_many(2)
    given = credentials(entra, tmp_path)[method]
    if method == "access_token" and surface == "token":
        pytest.skip("a token that is given is not asked for")
    if method == "client_secret":
        given = {"client_secret": AWKWARD}
        entra.server.register_application(CLIENT, secret=AWKWARD, roles=WRITE)
        watched.secrets.add(AWKWARD)
    entra.faults.add({**echoing(surface, form), "count": -1})
    settings = merge_options(entra.options(**given), {})
    client = connect(settings)
    texts: list[str] = []
    try:
        texts += [str(outcome.error) for outcome in publish(client, [Wish(name, parse_certificate(signing("new").der)) for name in names], False)]
        texts += [str(domain.error) for domain in read_domains(client, [], every=True)]
    except EntraError as exc:
        texts.append("".join(traceback.format_exception(exc)))
    shown = " ".join(texts)
    sent = {secret for secret in watched.secrets if len(secret) > 12}
    assert echoed(entra, surface), "a secret must have been sent, and repeated"
    assert "You sent" in shown or "WW91IHNlbnQ" in shown or "You%20sent" in shown or "HTTP 400" in shown, "the echo must be in what is looked at"
    assert {secret[:8]: found for secret in sent if (found := leaks(secret, shown))} == {}
    planted = " ".join(forms_of(AWKWARD).values())
    assert len(leaks(AWKWARD, planted)) == len(forms_of(AWKWARD)), "the search must find a planted one in each form"


@pytest.mark.parametrize("length", range(250, 330, 7))
def test_a_secret_is_removed_before_a_text_is_cut(length: int) -> None:
    """Cut first, most of it would stay, as no part of it is the secret."""
    scrubber = Scrubber([AWKWARD])
    whole = [base64.b64encode(b"x" * before + AWKWARD.encode() + b"y" * after).decode() for before in range(3) for after in range(3)]
    for form in [text for name, text in forms_of(AWKWARD).items() if "base64" not in name] + whole:
        shown = printable(scrubber.scrub("x" * length + form + " and more " * 50), 300)
        assert leaks(AWKWARD, shown) == []


def test_a_secret_at_the_end_of_what_is_searched_at_all_does_not_stay_in_part() -> None:
    scrubber = Scrubber([AWKWARD])
    for before in range(MAX_CHARACTERS - 60, MAX_CHARACTERS + 10, 3):
        assert leaks(AWKWARD, scrubber.scrub("x" * before + AWKWARD + "y" * 100_000)) == []
    flood = scrubber.scrub((AWKWARD + " ") * 20_000)
    assert leaks(AWKWARD, flood) == []


def test_words_that_are_no_secret_stay() -> None:
    scrubber = Scrubber([SECRET, "short"])
    text = "Invalid client secret provided. Ensure the secret being sent is the value, not the id; U2hvcnQ= is a word."
    assert scrubber.scrub(text) == text and repr(scrubber) == "Scrubber(2 secrets)"


def test_the_most_talkative_run_shows_no_secret_of_an_endpoint_that_repeats_it(player: Player) -> None:
    """ansible-playbook -vvvvv: lookup, info and writing module, the token endpoint and Graph repeat all they get, in every form."""
    entra = player.entra
    entra.server.register_application(CLIENT, secret=AWKWARD, roles=WRITE)
    wish = {"domains": [{"domain": "contoso.com", "clear_next": False, "next_signing_certificate": base64.b64encode(signing("new").der).decode()}]}
    report = "query('federation.adfs.entra_federation', all_domains=true, unreadable='report')"
    tasks: list[dict[str, t.Any]] = [
        {"name": "info", "federation.adfs.entra_federation_info": {}, "ignore_errors": True},
        {"name": "write", "federation.adfs.entra_federation": wish, "ignore_errors": True},
        {**out(x="{{ query('federation.adfs.entra_federation', all_domains=true) | length }}"), "name": "lookup", "ignore_errors": True},
        {**out(y="{{ [" + ", ".join([report] * 2 * len(FORMS)) + "] }}"), "name": "report"},
    ]
    shown = ""
    for surface in ("token", "graph", "graph_item"):
        entra.faults.clear()
        for form in FORMS * 20:
            entra.faults.add(echoing(surface, form))
        entra.log.clear()
        run = player.play(tasks, "-vvvvv", AZURE_TENANT=TENANT, AZURE_CLIENT_ID=CLIENT, AZURE_SECRET=AWKWARD)
        # Each answer takes the next form, so as many of them as there are forms went through all.
        sent = echoed(entra, surface)
        assert len(sent) >= len(FORMS), sent
        assert "HTTP 400" in run.output or "AADSTS900144" in run.output or "You sent" in run.output, run.output[-3000:]
        shown += run.output
    token = re.compile(r"eyJ[\w-]{20,}(?:\.|%2[eE])")
    assert leaks(AWKWARD, shown) == [] and not token.search(shown), "neither the secret nor a token"
    told = player.play([{"ansible.builtin.debug": {"msg": f"see {AWKWARD} {entra.server.issue_token(CLIENT)}"}}], "-vvvvv")
    assert leaks(AWKWARD, told.output) and token.search(told.output), "the search must find a planted secret"
