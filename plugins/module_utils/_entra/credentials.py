# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Ways to get a token for Graph, one small class each. validate() needs no network; token() asks for a new token."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import os
import re
import typing as t
from urllib.parse import urlencode, urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra import sign_in_errors
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.libraries import require
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import Settings
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import NetworkError, Transport
from ansible_collections.federation.adfs.plugins.module_utils._files import read_regular
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError:  # modules and lookup report it by libraries.require
    pass

_MAX_FILE_BYTES = 256 * 1024
MAX_REASON = 300
# Tokens with all groups and roles that Entra ID puts into one have some ten thousand.
MAX_TOKEN_CHARACTERS = 64 * 1024
_TOKEN = re.compile(r"[!-~]+")
_PEM_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Credential(t.Protocol):
    """What every method offers."""

    renewable: bool

    def validate(self) -> None:
        """Raise OptionsError if something is missing or unusable; nothing is sent."""

    def token(self, transport: Transport) -> str:
        """Return a new access token for Graph. Raises EntraError if Entra ID gives none."""


def credential_for(settings: Settings) -> Credential:
    """Return the credential that the settings describe, checked without network.

    Raises OptionsError where nothing is complete, or two methods are set and none is chosen; the text names what is missing.
    """
    identity = settings.identity
    chosen = [settings.auth_method] if settings.auth_method else [method for method, marks in _MARKS.items() if marks & set(identity)]
    if len(chosen) > 1:
        states = [f"{method} ({', '.join(absent)} missing)" if (absent := _absent(settings, method)) else method for method in chosen]
        raise OptionsError(
            f"{settings.identity_source} hold more than one credential, or parts of them ({' and '.join(states)}); "
            "remove what is not meant, or choose by auth_method."
        )
    if not chosen:
        absent = [name for name in ("tenant_id", "client_id") if name not in identity]
        _missing(settings, [*absent, "client_secret or client_certificate_path (or only access_token)"])
    absent = _absent(settings, chosen[0])
    if absent:
        _missing(settings, absent)
    credential = _CLASSES[chosen[0]](settings)
    credential.validate()
    return credential


# Which options speak of which method. A managed identity has none of its own; it is chosen by auth_method alone.
_MARKS = {
    "client_secret": {"client_secret"},
    "client_certificate": {"client_certificate", "client_certificate_path", "client_certificate_passphrase"},
    "workload_identity": {"federated_token_file"},
    "access_token": {"access_token"},
}
# What each method needs; several names in one are alternatives.
_NEEDS = {
    "client_secret": (("tenant_id",), ("client_id",), ("client_secret",)),
    "client_certificate": (("tenant_id",), ("client_id",), ("client_certificate_path", "client_certificate")),
    "managed_identity": (),
    "workload_identity": (("tenant_id",), ("client_id",), ("federated_token_file",)),
    "access_token": (("access_token",),),
}


def _absent(settings: Settings, method: str) -> list[str]:
    return [" or ".join(names) for names in _NEEDS[method] if not set(names) & set(settings.identity)]


def token_claims(token: str) -> dict[str, t.Any]:
    """Return the claims inside a token, unverified (Graph checks it, we only look), or nothing if it is opaque."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


class ClientSecret:
    """An app registration with a client secret."""

    renewable = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def validate(self) -> None:
        """Make sure that the library is there."""
        require("msal")

    def token(self, transport: Transport) -> str:
        """Return a new token."""
        secret = self._settings.identity["client_secret"]
        return _token_by_msal(self._settings, transport, secret, "client secret")


class ClientCertificate:
    """An app registration with a certificate: PEM (certificate and private key) or PFX, by path or as text."""

    renewable = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._msal_credential: dict[str, str] = {}
        self._thumbprint = ""

    def validate(self) -> None:
        """Read the certificate, open the key with the passphrase, and see that the two belong together."""
        identity = self._settings.identity
        if "client_certificate" in identity and "client_certificate_path" in identity:
            raise OptionsError(f"{self._settings.identity_source} hold both client_certificate and client_certificate_path; give one of them.")
        require("msal")
        where, data = self._data()
        certificate, key = self._load(where, data)
        self._check(where, certificate, key)
        self._thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()
        # With the certificate and without a thumbprint msal signs with PS256 and names the certificate by SHA-256.
        self._msal_credential = {
            "private_key": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode("ascii"),
            "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        }

    def token(self, transport: Transport) -> str:
        """Return a new token."""
        return _token_by_msal(self._settings, transport, self._msal_credential, f"client certificate {self._thumbprint}")

    def _data(self) -> tuple[str, bytes]:
        path = self._settings.identity.get("client_certificate_path")
        if path is None:
            text = self._settings.identity["client_certificate"]
            if "-----BEGIN" in text:
                return "client_certificate", text.encode("utf-8")
            try:
                return "client_certificate", base64.b64decode("".join(text.split()), validate=True)
            except (binascii.Error, ValueError) as exc:
                raise OptionsError("client_certificate is neither PEM text nor a PFX file in base64.") from exc
        try:
            data = read_regular(path, _MAX_FILE_BYTES)
        except OSError as exc:
            raise OptionsError(f"client_certificate_path {path} cannot be read on this machine: {exc.strerror}.") from exc
        if len(data) > _MAX_FILE_BYTES:
            raise OptionsError(f"client_certificate_path {path} is larger than {_MAX_FILE_BYTES // 1024} kB, which no certificate with its key is.")
        return f"client_certificate_path {path}", data

    def _load(self, where: str, data: bytes) -> tuple[x509.Certificate, t.Any]:
        passphrase = self._settings.identity.get("client_certificate_passphrase")
        secret = passphrase.encode("utf-8") if passphrase is not None else None
        try:
            if b"-----BEGIN" not in data:
                key, certificate, _others = pkcs12.load_key_and_certificates(data, secret)
                if key is None or certificate is None:
                    raise OptionsError(f"{where}: the PFX file needs both a certificate and its private key.")
                return certificate, key
            found = _PEM_CERTIFICATE.search(data)
            if found is None or b"PRIVATE KEY-----" not in data:
                raise OptionsError(f"{where}: the PEM text needs both the certificate and its private key.")
            if secret is not None and b"ENCRYPTED" not in data:
                secret = None  # an unencrypted key wants no passphrase
            return x509.load_pem_x509_certificate(found.group(0)), serialization.load_pem_private_key(data, secret)
        except OptionsError:
            raise
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            # The library's own text differs between its releases; what people can do about it does not.
            hint = "is client_certificate_passphrase the right one?" if secret else "if the key is encrypted, set client_certificate_passphrase"
            raise OptionsError(f"{where} cannot be read as PEM or PFX with a private key; {hint}.") from exc

    def _check(self, where: str, certificate: x509.Certificate, key: t.Any) -> None:
        if not isinstance(key, rsa.RSAPrivateKey):
            raise OptionsError(f"{where}: Entra ID takes RSA keys only.")
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
            raise OptionsError(f"{where}: the private key does not belong to the first certificate; put the app's own certificate first.")
        # cryptography before 42 has only the name without _utc, and it holds naive UTC.
        end = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
        if end < datetime.datetime.now(datetime.timezone.utc):
            client = self._settings.identity.get("client_id")
            raise OptionsError(
                f"{where}: the certificate expired on {end:%Y-%m-%d}. Make a new one, upload it to app {client} "
                "(Entra admin center > App registrations > Certificates & secrets), and give that."
            )


class AccessToken:
    """A token that somebody else got; it cannot be renewed."""

    renewable = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def validate(self) -> None:
        """Look at the token: it must be of the right tenant and not have expired, as far as it can be read."""
        token = self._settings.identity["access_token"]
        if not token.isascii() or any(character.isspace() for character in token):
            raise OptionsError("access_token holds spaces, line breaks or other characters that no token has.")
        expires = token_claims(token).get("exp")
        _check_tenant(self._settings, token, "access_token")
        if isinstance(expires, (int, float)) and 0 < expires < datetime.datetime.now(datetime.timezone.utc).timestamp():
            moment = datetime.datetime.fromtimestamp(expires, datetime.timezone.utc)
            raise OptionsError(f"access_token expired at {moment:%Y-%m-%dT%H:%M:%SZ}; get a new one.")

    def token(self, transport: Transport) -> str:
        """Return the token as given."""
        return self._settings.identity["access_token"]


class WorkloadIdentity:
    """An app registration that trusts the tokens of another issuer, such as a Kubernetes cluster; they lie in a file that is renewed."""

    renewable = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.identity["federated_token_file"]

    def validate(self) -> None:
        """See that the file holds a token now."""
        require("msal")
        self._read()

    def token(self, transport: Transport) -> str:
        """Return a new token, got with what the file holds at this moment."""
        assertion = self._read()
        self._settings.hide(assertion)
        return _token_by_msal(self._settings, transport, {"client_assertion": lambda: assertion}, "federated token")

    def _read(self) -> str:
        path = self._path
        try:
            data = read_regular(path, _MAX_FILE_BYTES)
        except OSError as exc:
            raise OptionsError(f"federated_token_file {path} cannot be read on this machine: {exc.strerror}.") from exc
        text = data.decode("ascii", errors="replace").strip()
        if len(data) > _MAX_FILE_BYTES or not re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", text):
            raise OptionsError(f"federated_token_file {path} does not hold a token (three parts in base64url, separated by dots); is it the right file?")
        return text


class ManagedIdentity:
    """The identity that Azure gives a machine, an app service or a server connected by Azure Arc; ``client_id`` chooses a user-assigned one."""

    renewable = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def validate(self) -> None:
        """Refuse the one kind of endpoint that cannot be used."""
        require("msal")
        if {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"} <= set(os.environ):
            raise OptionsError("the managed identity of Service Fabric is not supported; use workload_identity or client_certificate there.")

    def token(self, transport: Transport) -> str:
        """Return a new token from the endpoint of this machine, past every proxy."""
        import msal  # validate() has made sure that it is there

        settings = self._settings
        client = settings.identity.get("client_id")
        chosen = msal.UserAssignedManagedIdentity(client_id=client) if client else msal.SystemAssignedManagedIdentity()
        who = f"managed identity {client}" if client else "system-assigned managed identity"
        try:
            found = msal.ManagedIdentityClient(chosen, http_client=_LocalHttp(settings, transport, who)).acquire_token_for_client(
                resource=settings.cloud.scope.removesuffix("/.default")
            )
        except EntraError:
            raise
        except OSError as exc:
            raise EntraError(
                f"no token for the {who}: the key file {exc.filename} of the Azure Arc agent cannot be read: {exc.strerror}. "
                "Add the user that runs Ansible to the group himds."
            ) from exc
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as exc:
            # Without the cause, here and below: Ansible prints the texts of all causes, and msal's own are not free of what was sent.
            raise EntraError(f"no token for the {who}: its endpoint answered with something unexpected ({type(exc).__name__} in msal).") from None
        token = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(token, str) or not token:
            answer = found if isinstance(found, dict) else {}
            reason = settings.scrub(str(answer.get("error_description") or answer.get("error") or "no reason given"))
            reason = printable(reason, MAX_REASON).rstrip(". ")
            raise EntraError(f"no token for the {who}: {reason}. Is that identity assigned to this machine? Else choose another auth_method.")
        _check_tenant(settings, token, f"the {who}")
        return _usable(settings, token)


_CLASSES: dict[str, t.Callable[[Settings], Credential]] = {
    "client_secret": ClientSecret,
    "client_certificate": ClientCertificate,
    "managed_identity": ManagedIdentity,
    "workload_identity": WorkloadIdentity,
    "access_token": AccessToken,
}


def _check_tenant(settings: Settings, token: str, whose: str) -> None:
    tenant, wanted = token_claims(token).get("tid"), settings.tenant_id or ""
    if isinstance(tenant, str) and re.fullmatch(r"[0-9a-fA-F-]{36}", wanted) and tenant.lower() != wanted.lower():
        raise OptionsError(f"{whose} is for tenant {tenant}, but tenant_id is {wanted}.")


def _missing(settings: Settings, missing: list[str]) -> t.NoReturn:
    raise OptionsError(
        f"the credentials for Entra ID are incomplete: missing {', '.join(missing)}. "
        f"{', '.join(settings.identity) or 'auth_method'} came from {settings.identity_source}, "
        "and the rest is not looked for elsewhere, so that no two identities are mixed; set everything in one place."
    )


def _token_by_msal(settings: Settings, transport: Transport, credential: t.Any, kind: str) -> str:
    import msal  # validate() has made sure that it is there

    authority = f"{settings.authority_url}/{settings.tenant_id}"
    http = _MsalHttp(settings, transport)
    try:
        # Without instance discovery msal asks nobody but the authority given; False keeps it from guessing a region.
        app = msal.ConfidentialClientApplication(
            settings.identity["client_id"],
            client_credential=credential,
            authority=authority,
            instance_discovery=False,
            azure_region=False,
            http_client=http,
        )
        result = app.acquire_token_for_client(scopes=[settings.cloud.scope])
    except EntraError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as exc:
        raise EntraError(settings.scrub(f"no token from {authority}: {type(exc).__name__} in msal. Check authority_url and tenant_id.")) from None
    token = result.get("access_token") if isinstance(result, dict) else None
    if isinstance(token, str) and token:
        return _usable(settings, token)
    raise EntraError(settings.scrub(_refusal(settings, result if isinstance(result, dict) else {}, kind)))


def _usable(settings: Settings, token: str) -> str:
    """Return the token, hidden from now on. Raises EntraError for a text that cannot be sent as one."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise EntraError("the sign-in service answered with a token that is larger than any token is; is a proxy in the way?")
    settings.hide(token)
    if not _TOKEN.fullmatch(token):
        raise EntraError("the sign-in service answered with a token that holds spaces or characters that no token has; is a proxy in the way?")
    return token


def _refusal(settings: Settings, result: dict[str, t.Any], kind: str) -> str:
    """Say in one sentence why there is no token; the codes are those of the OAuth 2.0 standard, the numbers only help with the advice."""
    client, tenant = settings.identity.get("client_id"), settings.tenant_id
    error = str(result.get("error") or "unknown error")
    codes = result.get("error_codes")
    # Cut only what has no secret in it any more: one that is cut in two cannot be recognised.
    reason = settings.scrub(str(result.get("error_description") or error))
    # What comes after the reason repeats ids and times.
    reason = printable(re.split(r"\s+Trace ID:|[\r\n]", reason.strip(), maxsplit=1)[0], MAX_REASON).rstrip(". ")
    correlation = result.get("correlation_id")
    ids = f" (correlation id {printable(settings.scrub(correlation), 64)})" if isinstance(correlation, str) else ""
    advice = sign_in_errors.advice(
        codes if isinstance(codes, list) else [],
        client=client,
        tenant=tenant,
        cloud=settings.cloud.name,
        scope=settings.cloud.scope,
        audience=settings.cloud.audience,
        source=settings.identity_source,
    )
    text = f"Entra ID gives no token to app {client} in tenant {tenant} with its {kind}: {printable(settings.scrub(error), 100)}: {reason}{ids}."
    return f"{text} {advice or _advice_by_word(settings, error, kind)}"


def _advice_by_word(settings: Settings, error: str, kind: str) -> str:
    """Return what to do where no number is known, by the standard's word for the error."""
    client, where = settings.identity.get("client_id"), sign_in_errors.SECRETS
    if error == "unauthorized_client":
        return f"Check client_id and tenant_id: is the app registered in that tenant, or approved there, and is the cloud right ('{settings.cloud.name}')?"
    if error == "invalid_client" or (error == "invalid_request" and kind == "federated token"):
        if kind == "client secret":
            return f"Create a new client secret for app {client} ({where}) and store its value, not its id, where {settings.identity_source} take it from."
        if kind == "federated token":
            return (
                f"Add a federated credential with the issuer, subject and audience of the token in federated_token_file to app {client} ({where}), "
                "or see why the file is not renewed."
            )
        return f"Upload the certificate to app {client} ({where}), or give the one that is there."
    if error == "invalid_scope":
        return f"Check the cloud: '{settings.cloud.name}' asks for {settings.cloud.scope}."
    return "Look the reason up in the sign-in log of the app (Entra admin center > Sign-in logs > Service principal sign-ins)."


class _TextAnswer:
    """What msal wants of an answer."""

    def __init__(self, status_code: int, text: str, headers: dict[str, str]) -> None:
        self.status_code = status_code
        self.text = text
        self.headers = headers

    def raise_for_status(self) -> None:
        """Do nothing: what is not a usable answer was raised before msal saw it."""


def _endpoints(settings: Settings) -> dict[str, str]:
    """Return what the discovery document of a tenant in a known cloud says, as far as it is needed for a token."""
    base = f"{settings.authority_url}/{settings.tenant_id}"
    return {"issuer": f"{base}/v2.0", "token_endpoint": f"{base}/oauth2/v2.0/token", "authorization_endpoint": f"{base}/oauth2/v2.0/authorize"}


class _MsalHttp:
    """Lets msal use our connections, limits and error texts."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._what = f"Entra ID's sign-in service for tenant {settings.tenant_id}"

    def get(self, url: str, params: t.Any = None, headers: dict[str, str] | None = None, **_ignored: t.Any) -> _TextAnswer:
        """Read the tenant's endpoints: from the service only where somebody gave its address; those of the clouds are known."""
        if not self._settings.authority_given:
            return _TextAnswer(200, json.dumps(_endpoints(self._settings)), {"content-type": "application/json"})
        return self._answer("GET", url, params, headers or {}, None)

    def post(self, url: str, params: t.Any = None, data: t.Any = None, headers: dict[str, str] | None = None, **_ignored: t.Any) -> _TextAnswer:
        """Ask for a token."""
        form = urlencode(data or {}).encode("ascii")
        for name in ("client_secret", "client_assertion"):
            secret = (data or {}).get(name)
            self._settings.hide(secret.decode("ascii", "replace") if isinstance(secret, bytes) else str(secret or ""))
        return self._answer("POST", url, params, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, form)

    def close(self) -> None:
        """Do nothing: the connections belong to the transport."""

    def _answer(self, method: str, url: str, params: t.Any, headers: dict[str, str], data: bytes | None) -> _TextAnswer:
        # msal's counters of its own calls are of no use to anybody here.
        headers = {name: value for name, value in headers.items() if not name.lower().endswith("-telemetry")}
        answer = self._transport.request(self._what, method, url, headers, data, params)
        body = answer.json()
        settings = self._settings
        if method == "GET" and 400 <= answer.status < 500 and answer.status != 429:
            raise EntraError(
                f"{settings.authority_url} does not know tenant {settings.tenant_id} (HTTP {answer.status}). "
                f"Check tenant_id, and the cloud ('{settings.cloud.name}') or authority_url."
            )
        if answer.status >= 500 or answer.status == 429:
            raise EntraError(f"{self._what} at {settings.authority_url} is out of order or overloaded (HTTP {answer.status}) and stayed so; run again later.")
        complete = isinstance(body, dict) and (method == "POST" or {"token_endpoint", "authorization_endpoint"} <= set(body))
        if not complete:
            raise EntraError(
                f"{self._what} at {settings.authority_url} answered with something else than JSON of the expected kind (HTTP {answer.status}); "
                "is that the right address, and no proxy in the way?"
            )
        if method == "GET" and not str(body["token_endpoint"]).startswith("https://"):
            raise EntraError(f"{settings.authority_url} names a token endpoint without TLS; nothing was sent to it.")
        return _TextAnswer(answer.status, answer.body.decode("utf-8-sig"), dict(answer.headers))


_MACHINE_KEYS = ("x-identity-header", "secret", "authorization")
"""Headers in which msal sends the key of App Service, of Azure Machine Learning and of Azure Arc."""


class _LocalHttp:
    """Lets msal ask the token endpoint of this machine with our limits and error texts, and never through a proxy."""

    def __init__(self, settings: Settings, transport: Transport, who: str) -> None:
        self._settings = settings
        self._transport = transport
        self._who = who

    def get(self, url: str, params: t.Any = None, headers: dict[str, str] | None = None, **_ignored: t.Any) -> _TextAnswer:
        """Ask for a token. The keys of this machine that msal sends are hidden from now on."""
        for name, value in (headers or {}).items():
            if name.lower() in _MACHINE_KEYS:
                self._settings.hide(value.removeprefix("Basic "))
        what = f"The token endpoint for the {self._who}"
        if urlsplit(url).scheme not in ("http", "https"):
            raise EntraError("IDENTITY_ENDPOINT (or AZURE_POD_IDENTITY_AUTHORITY_HOST) in the environment is not an address such as http://169.254.169.254.")
        try:
            answer = self._transport.request_local(what, url, headers or {}, params)
        except NetworkError as exc:
            if not exc.again:
                raise
            raise EntraError(
                f"{what} ({urlsplit(url).netloc}) does not answer. Is this a machine in Azure, or connected to it by Azure Arc, with a managed identity? "
                "Else choose another auth_method."
            ) from exc
        # 401 with a challenge is how Azure Arc begins.
        if answer.status != 401 and not isinstance(answer.json(), dict):
            raise EntraError(f"{what} at {urlsplit(url).netloc} answered with something else than JSON of the expected kind (HTTP {answer.status}).")
        return _TextAnswer(answer.status, answer.body.decode("utf-8-sig", errors="replace"), dict(answer.headers))

    def close(self) -> None:
        """Do nothing: the connections belong to the transport."""
