# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials are checked without network, and texts about them hold no secret."""

from __future__ import annotations

import base64
import datetime
import functools
import json
import pathlib
import time
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from ansible_collections.federation.adfs.plugins.module_utils._entra.clouds import cloud_by_name
from ansible_collections.federation.adfs.plugins.module_utils._entra.credentials import credential_for, token_claims
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import Answer

TENANT = "aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb"
APP = {"tenant_id": TENANT, "client_id": "app"}
SECRET = "very-secret-value-0123"


@functools.cache
def rsa_key(which: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: t.Any, days: int = 30) -> x509.Certificate:
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    return builder.not_valid_before(now - datetime.timedelta(days=60)).not_valid_after(now + datetime.timedelta(days=days)).sign(key, hashes.SHA256())


def pem(key: t.Any, cert: x509.Certificate | None, passphrase: bytes | None = None) -> str:
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection).decode()
    return t.cast("str", text + (cert.public_bytes(serialization.Encoding.PEM).decode() if cert else ""))


def token(**claims: t.Any) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.sig"


def check(**given: t.Any) -> t.Any:
    return credential_for(merge_options(given, {}))


def refusal(**given: t.Any) -> str:
    with pytest.raises(OptionsError) as caught:
        check(**given)
    return str(caught.value)


def test_the_method_follows_from_what_is_set() -> None:
    both = pem(rsa_key(), certificate(rsa_key()))
    assert type(check(**APP, client_secret=SECRET)).__name__ == "ClientSecret"
    assert type(check(**APP, client_certificate=both)).__name__ == "ClientCertificate"
    assert type(check(access_token=token(tid=TENANT))).__name__ == "AccessToken"
    assert type(check(**APP, client_secret=SECRET, client_certificate=both, auth_method="client_secret")).__name__ == "ClientSecret"


def test_two_methods_are_refused_unless_one_is_chosen() -> None:
    text = refusal(**APP, client_secret=SECRET, access_token=token())
    assert "more than one credential, or parts of them (client_secret and access_token)" in text and "auth_method" in text
    assert SECRET not in text


def test_two_half_set_methods_are_refused_and_what_each_misses_is_named() -> None:
    text = refusal(client_id="app", client_certificate_passphrase="p", federated_token_file="/x")
    assert "client_certificate (tenant_id, client_certificate_path or client_certificate missing)" in text
    assert "workload_identity (tenant_id missing)" in text
    text = refusal(**APP, client_secret=SECRET, client_certificate_passphrase="p")
    assert "(client_secret and client_certificate (client_certificate_path or client_certificate missing))" in text and SECRET not in text


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"client_id": "app"}, "tenant_id, client_secret or client_certificate_path"),
        ({"tenant_id": TENANT, "client_secret": SECRET}, "missing client_id."),
        ({"client_secret": SECRET}, "missing tenant_id, client_id."),
        ({**APP, "client_secret": SECRET, "auth_method": "client_certificate"}, "missing client_certificate_path or client_certificate."),
        ({**APP, "auth_method": "workload_identity"}, "missing federated_token_file."),
        ({"federated_token_file": "/x"}, "missing tenant_id, client_id."),
        ({**APP, "client_certificate_passphrase": "p"}, "missing client_certificate_path or client_certificate."),
        ({**APP, "client_secret": SECRET, "auth_method": "access_token"}, "missing access_token."),
    ],
)
def test_what_is_missing_is_named(given: dict[str, str], missing: str) -> None:
    text = refusal(**given)
    assert missing in text and "came from the options" in text and SECRET not in text


def test_pem_and_pfx_are_read_by_path_and_as_text(tmp_path: pathlib.Path) -> None:
    key, cert = rsa_key(), certificate(rsa_key())
    plain, locked = tmp_path / "app.pem", tmp_path / "locked.pem"
    plain.write_text(pem(key, cert))
    locked.write_text(pem(key, cert, b"open sesame"))
    pfx = pkcs12.serialize_key_and_certificates(b"app", key, cert, None, serialization.BestAvailableEncryption(b"open sesame"))
    (tmp_path / "app.pfx").write_bytes(pfx)
    check(**APP, client_certificate_path=str(plain))
    check(**APP, client_certificate_path=str(plain), client_certificate_passphrase="not needed")
    check(**APP, client_certificate_path=str(locked), client_certificate_passphrase="open sesame")
    check(**APP, client_certificate_path=str(tmp_path / "app.pfx"), client_certificate_passphrase="open sesame")
    check(**APP, client_certificate=base64.b64encode(pfx).decode(), client_certificate_passphrase="open sesame")


def test_certificates_that_cannot_work_are_refused(tmp_path: pathlib.Path) -> None:
    key, cert = rsa_key(), certificate(rsa_key())
    elliptic = ec.generate_private_key(ec.SECP256R1())
    locked = pem(key, cert, b"open sesame")
    assert "is client_certificate_passphrase the right one?" in refusal(**APP, client_certificate=locked, client_certificate_passphrase="wrong-phrase")
    assert "if the key is encrypted, set client_certificate_passphrase" in refusal(**APP, client_certificate=locked)
    assert "needs both the certificate and its private key" in refusal(**APP, client_certificate=pem(key, None))
    assert "does not belong to the first certificate" in refusal(**APP, client_certificate=pem(rsa_key(1), cert))
    assert "RSA keys only" in refusal(**APP, client_certificate=pem(elliptic, certificate(elliptic)))
    assert "the certificate expired on" in refusal(**APP, client_certificate=pem(key, certificate(key, days=-1)))
    assert "neither PEM text nor a PFX file in base64" in refusal(**APP, client_certificate="rubbish!")
    assert "cannot be read as PEM or PFX" in refusal(**APP, client_certificate=base64.b64encode(b"0rubbish").decode())
    assert "give one of them" in refusal(**APP, client_certificate=locked, client_certificate_path="/x")
    missing = str(tmp_path / "missing.pem")
    assert f"client_certificate_path {missing} cannot be read on this machine: No such file" in refusal(**APP, client_certificate_path=missing)


def test_a_managed_identity_needs_nothing_and_service_fabric_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(check(auth_method="managed_identity")).__name__ == "ManagedIdentity"
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"):
        monkeypatch.setenv(name, "x")
    assert "Service Fabric is not supported" in refusal(auth_method="managed_identity")


def test_the_file_of_a_workload_identity_is_looked_at_before_use(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "token"
    given = {**APP, "federated_token_file": str(path)}
    assert f"federated_token_file {path} cannot be read on this machine: No such file" in refusal(**given)
    path.write_text("not a token")
    assert "does not hold a token" in refusal(**given)
    path.write_text(token(sub="somebody") + "\n")
    assert type(check(**given)).__name__ == "WorkloadIdentity"


def test_a_wrong_passphrase_is_not_repeated() -> None:
    text = refusal(**APP, client_certificate=pem(rsa_key(), certificate(rsa_key()), b"open sesame"), client_certificate_passphrase="wrong-phrase")
    assert "wrong-phrase" not in text and "PRIVATE KEY" not in text


def test_an_access_token_is_looked_into_before_use() -> None:
    stale = token(tid=TENANT, exp=time.time() - 60)
    assert "access_token expired at" in refusal(access_token=stale)
    other = refusal(access_token=token(tid="cccccccc-1111-2222-3333-bbbbbbbbbbbb"), tenant_id=TENANT)
    assert f"is for tenant cccccccc-1111-2222-3333-bbbbbbbbbbbb, but tenant_id is {TENANT}" in other
    assert "spaces, line breaks" in refusal(access_token="a b")
    check(access_token="opaque")


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.!!.c", "a.bnVsbA.c", "a.WzFd.c"])
def test_claims_of_an_opaque_token_are_empty(text: str) -> None:
    assert token_claims(text) == {}


class _Fixed:
    """Stands for the transport and answers from a list."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str, dict[str, str], bytes | None]] = []

    def request(self, what: str, method: str, url: str, headers: t.Any, data: bytes | None = None, params: t.Any = None) -> Answer:
        self.sent.append((method, url, dict(headers), data))
        return self.answers.pop(0)


def _json(status: int, **body: t.Any) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())


def _token_error(answer: Answer, **given: str) -> str:
    credential = check(**APP, **(given or {"client_secret": SECRET}))
    with pytest.raises(EntraError) as caught:
        credential.token(_Fixed(answer))
    return str(caught.value)


def test_a_token_is_asked_for_without_telemetry_and_from_the_tenants_own_endpoint() -> None:
    transport = _Fixed(_json(200, token_type="Bearer", expires_in=3599, access_token="the.token.itself"))
    assert check(**APP, client_secret=SECRET).token(transport) == "the.token.itself"
    # The endpoints of the clouds are known, so that nothing else is asked for.
    assert [(method, url) for method, url, _headers, _data in transport.sent] == [("POST", f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")]
    assert not [name for _method, _url, headers, _data in transport.sent for name in headers if "telemetry" in name]
    assert transport.sent[0][3] is not None and b"scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in transport.sent[0][3]


@pytest.mark.parametrize("cloud", ["public", "usgov", "usgov_dod", "china", "bleu", "delos", "govsg"])
@pytest.mark.parametrize("given", [{}, {"authority_url": "own"}, {"authority_url": "own/"}, {"authority_url": "own/v2.0"}])
def test_no_discovery_is_asked_for_where_a_known_cloud_signs_in(cloud: str, given: dict[str, str]) -> None:
    """Also where the environment names the cloud's own address, as AZURE_AUTHORITY_HOST does."""
    host = cloud_by_name(cloud).login_host
    options = {name: text.replace("own", f"https://{host}") for name, text in given.items()}
    transport = _Fixed(_json(200, token_type="Bearer", expires_in=3599, access_token="t"))
    assert check(**APP, client_secret=SECRET, cloud=cloud, **options).token(transport) == "t"
    assert [url for _method, url, _headers, _data in transport.sent] == [f"https://{host}/{TENANT}/oauth2/v2.0/token"]


@pytest.mark.parametrize("address", ["https://login.example.com", "https://login.microsoftonline.com:8443", "https://login.microsoftonline.com/private"])
def test_an_authority_given_by_hand_is_asked_for_its_endpoints(address: str) -> None:
    endpoint = "https://sts.example.com/token"
    transport = _Fixed(_json(200, token_endpoint=endpoint, authorization_endpoint="https://x"), _json(200, access_token="t", expires_in=3599))
    check(**APP, client_secret=SECRET, authority_url=address).token(transport)
    assert [(method, url) for method, url, _headers, _data in transport.sent] == [
        ("GET", f"{address}/{TENANT}/v2.0/.well-known/openid-configuration"),
        ("POST", endpoint),
    ]


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "umlaut-\u00fc", "\x00"])
def test_a_token_that_cannot_be_one_is_refused(text: str) -> None:
    message = _token_error(_json(200, token_type="Bearer", expires_in=3599, access_token=text))
    assert "characters that no token has" in message and text not in message


def test_a_certificate_signs_with_ps256_and_names_itself_by_sha256() -> None:
    transport = _Fixed(_json(200, token_type="Bearer", expires_in=3599, access_token="t"))
    check(**APP, client_certificate=pem(rsa_key(), certificate(rsa_key()))).token(transport)
    body = transport.sent[0][3] or b""
    assertion = body.decode().split("client_assertion=")[1].split("&")[0]
    header = json.loads(base64.urlsafe_b64decode(assertion.split(".")[0] + "=="))
    assert header["alg"] == "PS256" and "x5t#S256" in header and "x5t" not in header


def test_a_wrong_secret_names_the_app_and_where_to_renew_it() -> None:
    description = f"AADSTS7000215: Invalid client secret {SECRET} provided.\r\nTrace ID: 1\r\nCorrelation ID: 2"
    text = _token_error(_json(401, error="invalid_client", error_description=description, error_codes=[7000215], correlation_id="c-1"))
    assert "no token to app app in tenant" in text and "AADSTS7000215" in text and "c-1" in text
    assert "Create a new client secret for app app" in text and "Certificates & secrets" in text
    assert "Trace ID" not in text and SECRET not in text and "\n" not in text


def test_the_documented_shapes_of_token_errors_are_understood() -> None:
    single_line = "AADSTS70011: The scope https://foo.microsoft.com/.default is not valid.  Trace ID: 255d Timestamp: 2016"
    text = _token_error(
        _json(400, error="invalid_scope", error_description=single_line, error_codes=[70011], error_uri="https://login.microsoftonline.com/error")
    )
    assert text.endswith("Check the cloud: 'public' asks for https://graph.microsoft.com/.default.") and "Trace ID" not in text
    assert "is the app registered in that tenant" in _token_error(_json(400, error="unauthorized_client", error_codes=[700016]))
    assert "Check tenant_id" in _token_error(_json(400, error="invalid_request", error_codes=[90002]))
    assert "Entra ID gives no token" in _token_error(_json(400, unexpected=True))


def test_a_sign_in_service_that_is_none_is_said() -> None:
    page = Answer(200, {"content-type": "text/html"}, b"<html>Welcome to the proxy</html>")
    assert "answered with something else than JSON" in _token_error(page)
    assert "is out of order or overloaded (HTTP 503)" in _token_error(Answer(503, {}, b"<html>"))


def test_an_unknown_tenant_is_said() -> None:
    with pytest.raises(EntraError, match=f"https://login.example.com does not know tenant {TENANT} .HTTP 400."):
        check(**APP, client_secret=SECRET, authority_url="https://login.example.com").token(_Fixed(_json(400, error="invalid_tenant")))


def test_a_token_endpoint_without_tls_gets_no_secret() -> None:
    transport = _Fixed(_json(200, token_endpoint="http://login.example.com/token", authorization_endpoint="https://x"))
    with pytest.raises(EntraError, match="without TLS; nothing was sent"):
        check(**APP, client_secret=SECRET, authority_url="https://login.example.com").token(transport)
    assert len(transport.sent) == 1
