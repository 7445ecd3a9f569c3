# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""All options for signing in to Entra ID, declared once; who calls us may be a module or a lookup.

The argument spec of the modules is made from this table, and a test compares the documentation fragment with it.
"""

from __future__ import annotations

import os
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._entra.clouds import Cloud, is_login_host, select_cloud
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.secrets import Scrubber
from ansible_collections.federation.adfs.plugins.module_utils._files import refuse_special

DEFAULT_TIMEOUT = 30
MAX_TIMEOUT = 600
DEFAULT_TIME_LIMIT = 600
MAX_TIME_LIMIT = 7200
METHODS = ("client_secret", "client_certificate", "managed_identity", "workload_identity", "access_token")


@dataclass(frozen=True)
class Option:
    """One option: its Ansible name and type, and the environment variables that may give it instead."""

    name: str
    type: str = "str"
    aliases: tuple[str, ...] = ()
    no_log: bool = False
    # Belongs to the identity, which is taken whole from one source.
    identity: bool = False
    # Names that other tools use for the same; read last.
    known_env: tuple[str, ...] = ()

    @property
    def env(self) -> str:
        """Return the collection's own environment variable; AWX refuses names that begin with ANSIBLE_."""
        return "ADFS_ENTRA_" + self.name.upper()

    @property
    def var(self) -> str:
        """Return the Ansible variable that the lookup reads."""
        return "adfs_entra_" + self.name


OPTIONS = (
    Option("tenant_id", aliases=("tenant",), identity=True, known_env=("AZURE_TENANT_ID", "AZURE_TENANT")),
    Option("client_id", identity=True, known_env=("AZURE_CLIENT_ID",)),
    Option("cloud", aliases=("cloud_environment",), known_env=("AZURE_CLOUD_ENVIRONMENT",)),
    # No choices in the spec, since an empty survey field must count as unset; merge_options checks.
    Option("auth_method"),
    Option("client_secret", aliases=("secret",), no_log=True, identity=True, known_env=("AZURE_CLIENT_SECRET", "AZURE_SECRET")),
    Option("client_certificate_path", type="path", identity=True, known_env=("AZURE_CLIENT_CERTIFICATE_PATH",)),
    Option("client_certificate", no_log=True, identity=True),
    Option("client_certificate_passphrase", no_log=True, identity=True, known_env=("AZURE_CLIENT_CERTIFICATE_PASSWORD",)),
    Option("federated_token_file", type="path", identity=True, known_env=("AZURE_FEDERATED_TOKEN_FILE",)),
    Option("access_token", no_log=True, identity=True),
    Option("graph_url"),
    Option("authority_url", known_env=("AZURE_AUTHORITY_HOST",)),
    Option("ca_path", type="path"),
    # The address of a proxy may hold its password.
    Option("proxy", no_log=True),
    # For each answer as a whole, and for all that one task does; both in seconds.
    Option("timeout", type="int"),
    Option("time_limit", type="int"),
)


def argument_spec() -> dict[str, dict[str, t.Any]]:
    """Return the options as an argument spec for a module."""
    spec: dict[str, dict[str, t.Any]] = {}
    for option in OPTIONS:
        entry: dict[str, t.Any] = {"type": option.type}
        if option.aliases:
            entry["aliases"] = list(option.aliases)
        if option.no_log:
            entry["no_log"] = True
        elif option.name in ("client_certificate_path", "federated_token_file"):
            entry["no_log"] = False  # a path, not a secret
        spec[option.name] = entry
    return spec


@dataclass(frozen=True)
class Settings:
    """What the options and the environment came to, checked. Text is never empty: what is not set is None."""

    identity: Mapping[str, str] = field(repr=False)
    identity_source: str
    auth_method: str | None
    cloud: Cloud
    graph_url: str
    authority_url: str
    ca_path: str | None
    timeout: int
    proxy: str | None = field(default=None, repr=False)
    time_limit: float = DEFAULT_TIME_LIMIT
    # Whether somebody named the sign-in service, rather than the cloud it belongs to.
    authority_given: bool = False
    scrubber: Scrubber = field(default_factory=Scrubber, repr=False, compare=False)

    @property
    def tenant_id(self) -> str | None:
        """Return the tenant as it was given, or None."""
        return self.identity.get("tenant_id")

    def secrets(self) -> list[str]:
        """Return every secret value known so far, tokens and assertions among them, for those who must keep them out of what they show."""
        return self.scrubber.values()

    def hide(self, secret: str) -> None:
        """Keep a secret that came up while signing in, such as a token, out of everything that is shown from now on."""
        self.scrubber.add(secret)

    def scrub(self, text: str) -> str:
        """Return the text without any of the secrets, in whatever form a server came to repeat one."""
        return self.scrubber.scrub(text)


def merge_options(given: Mapping[str, t.Any], environ: Mapping[str, str]) -> Settings:
    """Return the settings from the options of a task or lookup and from the environment.

    The identity (tenant, client and credential) comes whole from the first source that has any of it: options, then
    ADFS_ENTRA_..., then the well-known AZURE_... names. The other settings come one by one from options, then ADFS_ENTRA_...;
    AZURE_CLOUD_ENVIRONMENT and AZURE_AUTHORITY_HOST count only for an identity that comes from AZURE_... too.
    Empty text is unset. Raises OptionsError where things conflict or do not make sense.
    """
    options = {option.name: _text(given.get(option.name)) for option in OPTIONS}
    own = {option.name: _text(environ.get(option.env)) for option in OPTIONS}
    identity, source = _identity(options, own, environ)
    known = _known(environ) if source == _AZURE else {}

    def setting(name: str) -> str | None:
        return options[name] or own[name] or known.get(name)

    # A method from the environment says nothing about an identity that the options bring.
    method = options["auth_method"] if source == _GIVEN else setting("auth_method")
    if method is not None and method not in METHODS:
        raise OptionsError(f"auth_method '{method[:60]}' is unknown; use one of {', '.join(METHODS)}, or leave it out.")
    authority_url = _url("authority_url", setting("authority_url"))
    graph_url = _url("graph_url", setting("graph_url"))
    cloud = select_cloud(setting("cloud"), authority_url, graph_url)
    proxy = _proxy(setting("proxy"))
    tenant = identity.get("tenant_id")
    if tenant is not None:
        _check_tenant(tenant, source)
    return Settings(
        identity=identity,
        identity_source=source,
        auth_method=method,
        cloud=cloud,
        graph_url=_without_ending(graph_url, ("v1.0", "beta")) or f"https://{cloud.graph_host}",
        authority_url=_without_ending(authority_url, ("v2.0", tenant or "")) or f"https://{cloud.login_host}",
        ca_path=_ca_path(setting("ca_path")),
        timeout=_seconds("timeout", setting("timeout"), DEFAULT_TIMEOUT, MAX_TIMEOUT),
        proxy=proxy,
        time_limit=_seconds("time_limit", setting("time_limit"), DEFAULT_TIME_LIMIT, MAX_TIME_LIMIT),
        authority_given=authority_url is not None and not _is_known(authority_url, tenant),
        scrubber=Scrubber(_secrets(identity, proxy)),
    )


def _is_known(authority_url: str, tenant: str | None) -> bool:
    """Tell whether the address is that of a known cloud's sign-in service, as some environments set it (AZURE_AUTHORITY_HOST)."""
    parts = urlsplit(_without_ending(authority_url, ("v2.0", tenant or "")) or "")
    return is_login_host(parts.hostname or "") and parts.port in (None, 443) and parts.path in ("", "/")


def _secrets(identity: Mapping[str, str], proxy: str | None) -> list[str]:
    values = [identity[option.name] for option in OPTIONS if option.no_log and option.name in identity]
    password = urlsplit(proxy).password if proxy else None
    # In the address of a proxy special characters of a password are percent-encoded.
    return values + ([password, unquote(password)] if password else [])


_GIVEN = "the options"
_OWN = "the environment (ADFS_ENTRA_...)"
_AZURE = "the environment (AZURE_...)"
_CREDENTIALS_FILE = (
    "The file ~/.azure/credentials exists but is not read: it belongs to the azure.azcollection collection, its profiles are chosen per Azure "
    "subscription, and a renewal must not depend on who runs it. Copy tenant, client_id and secret from it into one of these places."
)


def _identity(options: Mapping[str, str | None], own: Mapping[str, str | None], environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    members = [option.name for option in OPTIONS if option.identity]
    for source, values in ((_GIVEN, options), (_OWN, own)):
        found = {name: value for name in members if (value := values[name])}
        # A managed identity belongs to the machine, so that the method alone is a whole identity.
        if found or values["auth_method"] == "managed_identity":
            return found, source
    known = _known(environ)
    found = {name: known[name] for name in members if name in known}
    # Kubernetes sets the file in every pod of some clusters; whoever adds a credential of AWX to the job means that one.
    if {"client_secret", "client_certificate_path"} & set(found) and "workload_identity" not in (options["auth_method"], own["auth_method"]):
        found.pop("federated_token_file", None)
    credential = {"client_secret", "client_certificate_path", "federated_token_file"} & set(found)
    if not credential and _text(environ.get("AZURE_AD_USER")) and _text(environ.get("AZURE_PASSWORD")):
        raise OptionsError(
            "the environment holds a user name and password (AZURE_AD_USER, AZURE_PASSWORD); signing in with them is not supported, "
            "because Entra ID demands a second factor of users. Use an app registration: tenant, client id and secret or certificate."
        )
    if not found:
        home = _text(environ.get("HOME")) or os.path.expanduser("~")
        beside = f" {_CREDENTIALS_FILE}" if os.path.isfile(os.path.join(home, ".azure", "credentials")) else ""
        raise OptionsError(
            "no credentials for Entra ID: set tenant_id, client_id and client_secret or client_certificate_path "
            "(or access_token, or auth_method=managed_identity) as options, "
            "or as ADFS_ENTRA_TENANT_ID, ADFS_ENTRA_CLIENT_ID, ADFS_ENTRA_CLIENT_SECRET and so on in the environment, "
            "or attach a Microsoft Azure credential (AZURE_TENANT, AZURE_CLIENT_ID, AZURE_SECRET) to the job template." + beside
        )
    return found, _AZURE


def _known(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the well-known names hold; two names for one thing must agree."""
    result: dict[str, str] = {}
    for option in OPTIONS:
        values = {name: value for name in option.known_env if (value := _text(environ.get(name)))}
        if len(set(values.values())) > 1:
            raise OptionsError(f"the environment variables {' and '.join(values)} differ; unset one of them, or set {option.name} itself.")
        for value in values.values():
            result[option.name] = value
    host = result.get("authority_url")
    if host and "://" not in host:
        result["authority_url"] = f"https://{host}"
    return result


def _text(value: t.Any) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    return text or None


def _proxy(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        usable = usable and parts.path in ("", "/") and not parts.query and not parts.fragment
    except ValueError:
        usable = False
    if not usable:
        raise OptionsError("proxy must be an address such as http://proxy.example.com:8080.")
    return value.rstrip("/")


def _url(option: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        usable = usable and not (parts.query or parts.fragment or parts.username or parts.password)
    except ValueError:
        usable = False
    if not usable:
        raise OptionsError(f"{option} must be an address such as https://graph.example.com, with https and without query or user name.")
    return value.rstrip("/")


def _without_ending(url: str | None, endings: tuple[str, ...]) -> str | None:
    """Return the address without an API version or a tenant that people copy along with it."""
    if url is None:
        return None
    for ending in endings:
        if ending and url.lower().endswith("/" + ending.lower()):
            url = url[: -len(ending) - 1]
    return url


def _check_tenant(tenant: str, source: str) -> None:
    if tenant.lower() in ("common", "organizations", "consumers"):
        raise OptionsError(f"tenant_id '{tenant}' from {source} names no tenant; give the tenant's id or one of its domain names.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,253}", tenant):
        raise OptionsError(f"tenant_id from {source} is neither a tenant's id nor a domain name.")


def _ca_path(value: str | None) -> str | None:
    if value is None:
        return None
    path = os.path.expanduser(os.path.expandvars(value))
    expected = "it must be a file with CA certificates in PEM format, or a folder of such files"
    if not os.path.exists(path):
        raise OptionsError(f"ca_path {path} does not exist on this machine; {expected}.")
    try:
        refuse_special(path)
    except OSError as exc:
        raise OptionsError(f"ca_path {path} cannot be used ({exc.strerror}); {expected}.") from exc
    return path


def _seconds(option: str, value: str | None, default: int, most: int) -> int:
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 1 <= int(value) <= most:
        raise OptionsError(f"{option} must be a whole number of seconds from 1 to {most}.")
    return int(value)
