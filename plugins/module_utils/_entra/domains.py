# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Federated domains as Graph shows them."""

from __future__ import annotations

import datetime
import functools
import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, Reply, Request
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, GraphError
from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import LIST_PERMISSION, READ_PERMISSION
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

try:
    from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, describe, parse_certificate
except ImportError:  # cryptography is missing; modules and lookup report it by libraries.require
    pass

SIGNING = "signingCertificate"
NEXT = "nextSigningCertificate"
# How results name what Graph has; all but the certificates, which are looked into. One is a switch, the others are text.
SETTINGS = {
    "display_name": "displayName",
    "issuer_uri": "issuerUri",
    "passive_sign_in_uri": "passiveSignInUri",
    "active_sign_in_uri": "activeSignInUri",
    "sign_out_uri": "signOutUri",
    "metadata_exchange_uri": "metadataExchangeUri",
    "password_reset_uri": "passwordResetUri",
    "preferred_authentication_protocol": "preferredAuthenticationProtocol",
    "prompt_login_behavior": "promptLoginBehavior",
    "is_signed_authentication_request_required": "isSignedAuthenticationRequestRequired",
    "federated_idp_mfa_behavior": "federatedIdpMfaBehavior",
}
MAX_NAME_CHARACTERS = 256
MAX_SLOT_CHARACTERS = 200_000
_SWITCHES = frozenset({"isSignedAuthenticationRequestRequired"})
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True)
class Slot:
    """What one certificate member of a domain holds: nothing, a certificate, or something that is none."""

    raw: str | None
    certificate: Certificate | None = None
    error: str | None = None

    @property
    def armoured(self) -> bool:
        """Tell whether the certificate is stored as PEM text. Graph documents base64 without the lines around it, so nobody knows whether it counts."""
        return self.certificate is not None and "-----BEGIN" in (self.raw or "")

    @property
    def thumbprint(self) -> str | None:
        """Return the certificate's thumbprint, None if there is no certificate that can be read."""
        return self.certificate.thumbprint if self.certificate else None

    def same_as(self, other: Slot) -> bool:
        """Tell whether both hold the same; line breaks in the text do not count."""
        if self.certificate and other.certificate:
            return self.certificate.der == other.certificate.der
        return self.raw == other.raw

    def shape(self, now: datetime.datetime, with_der: bool) -> dict[str, t.Any] | None:
        """Return the slot as results show it: null, a certificate, or a certificate of nulls with ``error``."""
        if self.certificate:
            shape = describe(self.certificate, now, with_der)
            return {**shape, "in_order": False} if self.armoured else shape
        if self.error is None:
            return None
        members = ["thumbprint", "thumbprint_sha256", "subject", "issuer", "serial_number", "not_before", "not_after", "days_remaining"]
        members += ["self_signed", "key_type", "key_size", "signature_algorithm"] + (["der"] if with_der else [])
        return {**dict.fromkeys(members), "error": self.error}


EMPTY = Slot(None)


def read_slot(value: t.Any) -> Slot:
    """Return the slot for what Graph sent in a certificate member."""
    if value is None or value == "":
        return EMPTY
    if not isinstance(value, str):
        return Slot(None, error="Graph sent something else than text")
    if len(value) > MAX_SLOT_CHARACTERS:
        return Slot(value, error=f"longer than {MAX_SLOT_CHARACTERS} characters, which no certificate is")
    return _read_text(value)


@functools.lru_cache(maxsize=4096)
def _read_text(value: str) -> Slot:
    # Hundreds of domains share two certificates.
    try:
        return Slot(value, parse_certificate(value))
    except CertificateError as exc:
        return Slot(value, error=printable(exc, 200))


def slot_for(certificate: Certificate) -> Slot:
    """Return the slot that holds this certificate, as one line of base64, the only form that Graph takes."""
    return Slot(certificate.der, certificate)


@dataclass(frozen=True)
class Configuration:
    """One domain's federation configuration."""

    configuration_id: str
    signing: Slot
    next: Slot
    members: Mapping[str, t.Any] = field(default_factory=dict)

    def settings(self) -> dict[str, t.Any]:
        """Return the settings besides the certificates under the names that results use."""
        status = self.members.get("signingCertificateUpdateStatus")
        shape = None
        if isinstance(status, dict):
            shape = {"certificate_update_result": _text(status.get("certificateUpdateResult")), "last_run_date_time": _text(status.get("lastRunDateTime"))}
        return {**{ours: self.members.get(theirs) for ours, theirs in SETTINGS.items()}, "signing_certificate_update_status": shape}


@dataclass(frozen=True)
class Domain:
    """One federated domain: where it stands, and its configuration, the lack of one, or why it could not be read.

    ``name`` is None for an entry of the list that has no name; ``is_root`` and ``root`` are None where that is not known.
    """

    name: str | None
    is_root: bool | None
    root: str | None
    configuration: Configuration | None = None
    error: str | None = None

    def shape(self, tenant_id: str | None, now: datetime.datetime, with_der: bool) -> dict[str, t.Any]:
        """Return the domain as entra_federation_info and the lookup show it, the lookup with ``can_write`` besides."""
        configuration = self.configuration
        empty = Configuration("", EMPTY, EMPTY)
        return {
            "domain": self.name,
            "tenant_id": tenant_id,
            "is_root": self.is_root,
            "root": self.root,
            "error": self.error,
            "configuration_id": configuration.configuration_id if configuration else None,
            **(configuration or empty).settings(),
            "signing_certificate": (configuration or empty).signing.shape(now, with_der),
            "next_signing_certificate": (configuration or empty).next.shape(now, with_der),
        }


def _text(value: t.Any) -> str | None:
    return value if isinstance(value, str) else None


def domain_name(text: t.Any) -> str:
    """Return the name as Graph uses it: lower case, no dot at the end. Raises EntraError if it is no domain name."""
    name = str(text).strip().rstrip(".").lower()
    if not isinstance(text, str) or not _NAME.fullmatch(name):
        raise EntraError(f"'{printable(text, 80)}' is not a domain name; write it like contoso.com, with letters beyond ASCII in the xn-- form.")
    return name


@dataclass(frozen=True)
class Listing:
    """The domains that the tenant lists, by name, and which of them are federated. ``odd``: federated ones that cannot be asked for, with the reason."""

    entries: Mapping[str, Mapping[str, t.Any]]
    odd: Sequence[Domain] = ()

    @property
    def federated(self) -> list[str]:
        """Return the names of the verified federated domains, sorted."""
        return sorted(name for name, entry in self.entries.items() if _is_federated(entry))


def read_domains(client: GraphClient, names: Sequence[str] | None, every: bool, listing: Listing | None = None) -> list[Domain]:
    """Return federated domains with their configurations: the named ones, in their order, or every one of the tenant, by name.

    With ``every`` the named ones must be among them. ``listing`` saves asking for the list again.
    Raises EntraError for a named domain that the tenant does not have or that is not federated, and where nothing could be read
    at all; an error of one domain is in that domain.
    """
    listing = listing or list_domains(client)
    listed = listing.entries
    wanted = list(names or [])
    _check_wanted(wanted, listing, client.tenant_id)
    chosen = listing.federated if every else list(dict.fromkeys(wanted))
    places = {name: _root(name, listed) for name in chosen}
    configurations = _without_inherited(client, read_configurations(client, chosen), places)
    result: dict[str, Domain] = {}
    for name in chosen:
        found = configurations[name]
        is_root, root = places[name]
        if isinstance(found, GraphError):
            result[name] = Domain(name, is_root, root, error=str(found))
        else:
            result[name] = Domain(name, is_root, root, found)
    return [*(result[name] for name in chosen), *listing.odd] if every else [result[name] for name in wanted]


def read_configurations(client: GraphClient, names: Sequence[str]) -> dict[str, Configuration | GraphError | None]:
    """Return each domain's configuration, None where it has none of its own, or the error for that domain alone.

    Raises GraphError if every single one is refused for lack of permission: that is one error, not many.
    """
    requests = [Request("GET", f"/domains/{name}/federationConfiguration", f"reading the federation settings of {name}", READ_PERMISSION) for name in names]
    replies = client.batch(requests)
    refused = [reply.error for reply in replies if reply.error and reply.status == 403]
    if refused and len(refused) == len(replies):
        raise refused[0]
    return {name: _configuration(name, reply) for name, reply in zip(names, replies, strict=True)}


def _without_inherited(
    client: GraphClient, found: Mapping[str, Configuration | GraphError | None], places: Mapping[str, tuple[bool, str]]
) -> dict[str, Configuration | GraphError | None]:
    """Return what was found, but None for a subdomain that only shows the configuration of its root."""
    children = [name for name, (is_root, root) in places.items() if not is_root and root != name and isinstance(found[name], Configuration)]
    others = sorted({places[name][1] for name in children} - set(found))
    roots = {**found, **(read_configurations(client, others) if others else {})}
    result = dict(found)
    for name in children:
        own, above = found[name], roots[places[name][1]]
        if isinstance(own, Configuration) and isinstance(above, Configuration) and own.configuration_id == above.configuration_id:
            result[name] = None
    return result


def list_domains(client: GraphClient) -> Listing:
    """Return what the tenant lists. Raises EntraError."""
    listed: dict[str, Mapping[str, t.Any]] = {}
    odd: list[Domain] = []
    for entry in client.pages("/domains", "listing the domains of the tenant", LIST_PERMISSION):
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            odd.append(Domain(None, None, None, error="Microsoft Graph lists a domain without a name; nothing is known about it."))
        elif _NAME.fullmatch(name.lower()):
            listed[name.lower()] = entry
        elif _is_federated(entry):
            shown = printable(name, MAX_NAME_CHARACTERS)
            reason = f"Microsoft Graph lists the federated domain '{shown}', which is not a name that it can be asked for; its settings were not read."
            odd.append(Domain(shown, None, None, error=reason))
    return Listing(listed, odd)


def _is_federated(entry: Mapping[str, t.Any]) -> bool:
    return str(entry.get("authenticationType")).lower() == "federated" and entry.get("isVerified") is not False


def _check_wanted(names: Sequence[str], listing: Listing, tenant: str | None) -> None:
    unknown = sorted({name for name in names if name not in listing.entries})
    other = sorted({name for name in names if name in listing.entries} - set(listing.federated))
    if unknown:
        raise EntraError(f"tenant {tenant} has no domain {', '.join(unknown)}; {_known(listing)}. Check the name, and that tenant_id is the right tenant.")
    if other:
        raise EntraError(
            f"not federated in tenant {tenant}: {', '.join(f'{name} ({_kind(listing.entries[name])})' for name in other)}. Users of such a domain do not "
            "sign in through AD FS, so there is no certificate to read or renew; leave it out of the list."
        )


def not_readable(name: str, listing: Listing, tenant: str | None) -> Domain | None:
    """Return the entry that says why a named domain is not among the federated domains of the tenant, None if it is."""
    try:
        _check_wanted([name], listing, tenant)
    except EntraError as exc:
        return Domain(name, None, None, error=str(exc))
    return None


def _known(listing: Listing) -> str:
    names = listing.federated
    if not names:
        return "it has no federated domain at all"
    return f"it has the federated domains {', '.join(names[:10])}" + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _kind(entry: Mapping[str, t.Any]) -> str:
    return "not verified" if entry.get("isVerified") is False else printable(entry.get("authenticationType"), 40)


def _root(name: str, listed: Mapping[str, Mapping[str, t.Any]]) -> tuple[bool, str]:
    """Return whether Entra calls the domain a root, and the root that it belongs to (itself, if it is one)."""
    parents = [".".join(name.split(".")[start:]) for start in range(1, name.count(".") + 1)]
    above = [parent for parent in parents if parent in listed and listed[parent].get("isVerified") is not False]
    is_root = listed[name].get("isRoot")
    if not isinstance(is_root, bool):
        is_root = not above
    if is_root:
        return True, name
    roots = [parent for parent in above if listed[parent].get("isRoot") is not False]
    return False, (roots or above or [name])[0]


def _configuration(name: str, reply: Reply) -> Configuration | GraphError | None:
    """Return the configuration in a reply; 404 and an empty list both mean that there is none."""
    if reply.status == 404:
        return None
    if reply.error:
        return reply.error
    # A list of one is documented for the list, an object in "value" for the single one, and a plain object is normal in OData.
    body = reply.body
    if isinstance(body, dict) and "value" in body:
        body = body["value"]
    if isinstance(body, list):
        if not body:
            return None
        body = body[0] if len(body) == 1 else None
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not _ID.fullmatch(body["id"]):
        return GraphError(f"Microsoft Graph answered with something else than one federation configuration for {name}; nothing is known about that domain.")
    odd = [member for member in SETTINGS.values() if not isinstance(body.get(member), (bool if member in _SWITCHES else str, type(None)))]
    if odd:
        return GraphError(f"Microsoft Graph answered for {name} with {', '.join(odd)} of an unexpected kind; nothing of that answer is used.")
    return Configuration(body["id"], read_slot(body.get(SIGNING)), read_slot(body.get(NEXT)), body)


def bodies(configurations: Iterable[Configuration], now: datetime.datetime) -> list[dict[str, t.Any]]:
    """Return every certificate of the configurations once, with its body, by thumbprint."""
    slots = [slot for configuration in configurations for slot in (configuration.signing, configuration.next)]
    found = {slot.certificate.thumbprint: slot.certificate for slot in slots if slot.certificate}
    return [describe(found[thumbprint], now) for thumbprint in sorted(found)]
