# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login host: OpenID discovery and the token endpoint for client credentials.

Secrets are compared and assertions verified for real; tokens are signed JWTs in real time, and Graph verifies them. Nothing here
logs or keeps what a client sent as a credential.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .federation import load
from .tenant import Tenant
from .wire import JSON_TYPE, Request, Response

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRAPH_APPLICATION = "00000003-0000-0000-c000-000000000000"
_SKEW = 300  # seconds by which the clocks of client and login host may differ


@dataclass(frozen=True)
class FederatedCredential:
    """Trust in tokens of an outside issuer (workload identity): who issued them, for whom, and the key that verifies them."""

    issuer: str
    subject: str
    public_key: rsa.RSAPublicKey
    audience: str = "api://AzureADTokenExchange"


@dataclass
class Application:
    """A registered application. The fields may be changed while the server runs."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    certificates: list[bytes] = field(default_factory=list, repr=False)
    roles: list[str] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list, repr=False)
    secret_expired: bool = False
    tenant_id: str | None = None  # None: known in every tenant of the server


@dataclass(frozen=True)
class Issued:
    """What the login host knows of a token that it issued."""

    tenant_id: str
    client_id: str
    permissions: frozenset[str]
    audience: str


class TokenRefused(Exception):
    """A token that Graph does not take; the text is the message of its 401 answer."""


class LoginError(Exception):
    """An error answer of the login host."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.number, self.message = status, error, number, message


def service_principal(tenant_id: str, client_id: str) -> str:
    """Return the object id of an app's service principal in a tenant."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant_id}/{client_id}"))


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    """Return the login host's key: one per process, as Entra signs for all tenants with the same keys."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TokenIssuer:
    """Makes access tokens and verifies them again."""

    def __init__(self) -> None:
        self._key = _signing_key()
        public = self._key.public_key()
        self._kid = base64.urlsafe_b64encode(
            hashlib.sha256(public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).digest()
        ).decode("ascii")[:27]
        self._issued: dict[str, Issued] = {}

    def issue(self, tenant_id: str, client_id: str, audience: str, roles: Iterable[str] = (), *, scopes: Iterable[str] = (), lifetime: float = 3599) -> str:
        """Return a signed access token with application permissions (``roles``) or delegated ones (``scopes``), good for ``lifetime`` seconds from now."""
        now, identifier = int(time.time()), str(uuid.uuid4())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": int(now + lifetime),
            "appid": client_id,
            "idtyp": "app",
            "oid": service_principal(tenant_id, client_id),
            "tid": tenant_id,
            "uti": identifier,
            "ver": "1.0",
        }
        role_list, scope_list = list(roles), list(scopes)
        if role_list:
            claims["roles"] = role_list
        if scope_list:
            claims.update(scp=" ".join(scope_list), idtyp="user")
        self._issued[identifier] = Issued(tenant_id, client_id, frozenset(role_list + scope_list), audience)
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._kid, "x5t": self._kid})

    def verify(self, token: str) -> Issued:
        """Return what is known of a token. Raises TokenRefused if it is forged, expired, revoked or not from here."""
        try:
            claims = jwt.decode(token, self._key.public_key(), algorithms=["RS256"], options={"verify_aud": False, "verify_iat": False})
        except jwt.ExpiredSignatureError:
            raise TokenRefused("Lifetime validation failed, the token is expired.") from None
        except jwt.InvalidSignatureError:
            raise TokenRefused("Access token validation failure. Signature validation failed.") from None
        except jwt.InvalidTokenError:
            raise TokenRefused("CompactToken parsing failed: the access token is not a valid JSON web token.") from None
        issued = self._issued.get(str(claims.get("uti")))
        if issued is None:
            raise TokenRefused("Access token has expired or is not yet valid.")
        return issued

    def revoke(self, token: str) -> None:
        """Make one token worthless; a token that is none already is left as it is."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return
        self._issued.pop(str(claims.get("uti")), None)

    def revoke_all(self) -> None:
        """Make all tokens issued so far worthless."""
        self._issued.clear()

    def keys(self) -> dict[str, Any]:
        """Return the public key as a JSON web key set."""
        numbers = self._key.public_key().public_numbers()
        return {"keys": [{"kty": "RSA", "use": "sig", "kid": self._kid, "n": _base64url_number(numbers.n), "e": _base64url_number(numbers.e)}]}


class LoginHost:
    """Answers what is below ``/<tenant>/`` at the login host."""

    def __init__(self, tenants: Sequence[Tenant], issuer: TokenIssuer) -> None:
        self._tenants = tenants
        self._issuer = issuer
        self.applications: dict[str, Application] = {}
        self.login_url = ""
        self.graph_url = ""
        self.token_lifetime = 3599.0

    @staticmethod
    def operation(request: Request) -> str | None:
        """Return which operation a request is, None if it is not for the login host."""
        parts = request.path.strip("/").split("/")
        if parts[-1] == "openid-configuration":
            return "discovery"
        if parts[1:] == ["oauth2", "v2.0", "token"]:
            return "token"
        if parts[1:] == ["discovery", "v2.0", "keys"]:
            return "keys"
        if parts == ["common", "discovery", "instance"]:
            return "instance_discovery"
        return None

    def detail(self, request: Request) -> dict[str, Any]:
        """Return what the log may hold of a token request: who asks and by which kind of credential, never the credential."""
        form = _form(request)
        detail: dict[str, Any] = {"tenant": request.path.strip("/").split("/")[0]}
        if "client_id" in form:
            detail["client_id"] = form["client_id"]
        if "client_assertion" in form:
            detail["credential"] = "client_assertion"
            try:
                detail["algorithm"] = str(jwt.get_unverified_header(form["client_assertion"]).get("alg"))
            except jwt.InvalidTokenError:
                detail["algorithm"] = "unreadable"
        elif "client_secret" in form:
            detail["credential"] = "client_secret"
        return detail

    def answer(self, operation: str, request: Request) -> Response:
        """Carry out one request."""
        try:
            if operation == "keys":
                return Response(200, self._issuer.keys(), {"Content-Type": JSON_TYPE})
            if operation == "instance_discovery":
                endpoint = request.query.get("authorization_endpoint", "")
                return Response(200, {"tenant_discovery_endpoint": endpoint, "metadata": []}, {"Content-Type": JSON_TYPE})
            tenant = self._tenant(request.path.strip("/").split("/")[0])
            data = self._discovery(tenant) if operation == "discovery" else self._token(tenant, request)
        except LoginError as error:
            return self._error(error, request)
        return Response(200, data, {"Content-Type": JSON_TYPE + "; charset=utf-8", "Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})

    def _tenant(self, name: str) -> Tenant:
        for tenant in self._tenants:
            if name.lower() == tenant.tenant_id or (tenant.has_domain(name) and tenant.domain(name).is_verified):
                return tenant
        raise LoginError(400, "invalid_request", 90002, f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID.")

    def _discovery(self, tenant: Tenant) -> dict[str, Any]:
        base = f"{self.login_url}/{tenant.tenant_id}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "cloud_graph_host_name": urlsplit(self.graph_url).netloc,
            "msgraph_host": urlsplit(self.graph_url).netloc,
        }

    def _token(self, tenant: Tenant, request: Request) -> dict[str, Any]:
        if request.method != "POST":
            raise LoginError(400, "invalid_request", 900561, "The endpoint only accepts POST requests.")
        form = _form(request)
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                raise LoginError(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
        if form["grant_type"] != "client_credentials":
            raise LoginError(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{form['grant_type']}'.")
        application = self.applications.get(form["client_id"])
        if application is None or application.tenant_id not in (None, tenant.tenant_id):
            raise LoginError(
                400, "unauthorized_client", 700016, f"Application with identifier '{form['client_id']}' was not found in the directory '{tenant.tenant_id}'."
            )
        self._authenticate(application, form, tenant)
        audience = self._audience(form.get("scope", ""), tenant)
        token = self._issuer.issue(tenant.tenant_id, application.client_id, audience, application.roles, lifetime=self.token_lifetime)
        return {"token_type": "Bearer", "expires_in": int(self.token_lifetime), "ext_expires_in": int(self.token_lifetime), "access_token": token}

    def resources(self, tenant: Tenant) -> list[str]:
        """Return the addresses of Graph that tokens of the tenant may be asked for."""
        port = urlsplit(self.graph_url).port
        own = {self.graph_url, f"https://127.0.0.1:{port}", f"https://localhost:{port}"}
        return [*(f"https://{host}" for host in tenant.graph_hosts), *sorted(own), GRAPH_APPLICATION]

    def _audience(self, scope: str, tenant: Tenant) -> str:
        resource, separator, rest = scope.strip().rpartition("/.default")
        if separator and not rest and resource.rstrip("/") in self.resources(tenant):
            return resource.rstrip("/")
        raise LoginError(400, "invalid_scope", 70011, f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.")

    def _authenticate(self, application: Application, form: dict[str, str], tenant: Tenant) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise LoginError(400, "invalid_request", 900144, f"The parameter 'client_assertion_type' must be '{ASSERTION_TYPE}'.")
            self._check_assertion(application, form["client_assertion"], tenant)
        elif "client_secret" in form:
            if application.secret is None or not hmac.compare_digest(form["client_secret"].encode(), application.secret.encode()):
                raise LoginError(
                    401,
                    "invalid_client",
                    7000215,
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
                    f"not the client secret ID, for a secret added to app '{application.client_id}'.",
                )
            if application.secret_expired:
                raise LoginError(401, "invalid_client", 7000222, f"The provided client secret keys for app '{application.client_id}' are expired.")
        else:
            raise LoginError(
                401, "invalid_client", 7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
            )

    def _check_assertion(self, application: Application, assertion: str, tenant: Tenant) -> None:
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise LoginError(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from None
        if claims.get("iss") != application.client_id and application.federated:
            self._check_federated(application, assertion, claims)
            return
        der = _registered(application, header)
        algorithm = str(header.get("alg"))
        if der is None or algorithm not in ("RS256", "PS256"):
            raise LoginError(
                401, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application."
            )
        key = load(der).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise LoginError(401, "invalid_client", 700027, "Client assertion contains an invalid signature: the registered certificate has no RSA key.")
        # The login host is addressed by the id of the tenant or by one of its domains.
        names = [tenant.tenant_id, *(domain.name for domain in tenant.domains)]
        self._decode(assertion, key, algorithm, [f"{self.login_url}/{name}/oauth2/v2.0/token" for name in names], application.client_id, application.client_id)

    def _check_federated(self, application: Application, assertion: str, claims: dict[str, Any]) -> None:
        for trusted in application.federated:
            if (claims.get("iss"), claims.get("sub")) == (trusted.issuer, trusted.subject):
                self._decode(assertion, trusted.public_key, "RS256", [trusted.audience], trusted.issuer, trusted.subject)
                return
        raise LoginError(401, "invalid_client", 70021, "No matching federated identity record found for presented assertion issuer, subject and audience.")

    @staticmethod
    def _decode(assertion: str, key: rsa.RSAPublicKey, algorithm: str, audience: list[str], issuer: str, subject: str) -> None:
        try:
            claims = jwt.decode(
                assertion, key, algorithms=[algorithm], audience=audience, issuer=issuer, leeway=_SKEW, options={"require": ["exp", "iss", "sub", "aud"]}
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            raise LoginError(401, "invalid_client", 700024, "Client assertion is not within its valid time range.") from None
        except jwt.InvalidAudienceError:
            raise LoginError(401, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer.") from None
        except jwt.InvalidSignatureError:
            raise LoginError(401, "invalid_client", 700027, "Client assertion failed signature validation.") from None
        except jwt.InvalidTokenError:
            raise LoginError(401, "invalid_client", 50027, "JWT token is invalid or malformed.") from None
        if claims["sub"] != subject:
            raise LoginError(401, "invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.")

    def _error(self, error: LoginError, request: Request) -> Response:
        trace, correlation = str(uuid.uuid4()), request.client_request_id or str(uuid.uuid4())
        stamp = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
        body = {
            "error": error.error,
            "error_description": f"AADSTS{error.number}: {error.message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [error.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.login_url}/error?code={error.number}",
        }
        return Response(error.status, body, {"Content-Type": JSON_TYPE + "; charset=utf-8", "x-ms-request-id": trace})


def _registered(application: Application, header: dict[str, Any]) -> bytes | None:
    """Return the registered certificate that an assertion's header names by SHA-256 or SHA-1; some clients keep the padding."""
    for member, digest in (("x5t#S256", "sha256"), ("x5t", "sha1")):
        named = header.get(member)
        if isinstance(named, str):
            for der in application.certificates:
                if base64.urlsafe_b64encode(hashlib.new(digest, der).digest()).decode("ascii").rstrip("=") == named.rstrip("="):
                    return der
    return None


def _form(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _base64url_number(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode("ascii").rstrip("=")
