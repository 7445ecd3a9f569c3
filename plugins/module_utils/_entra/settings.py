# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Verdicts about a domain's settings besides its certificates. Pure functions on domains in the shape of the lookup's items.

With a wrong address or issuer users cannot sign in, whatever the certificate. Nothing here leads to a write: the module entra_federation
sets such members, and only those that its options name.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._text import printable

ADDRESSES = ("passive_sign_in_uri", "active_sign_in_uri", "sign_out_uri", "metadata_exchange_uri", "password_reset_uri")
# Where AD FS has its endpoints below its host name; a farm's metadata may say otherwise.
_PATHS = {
    "passive_sign_in_uri": "/adfs/ls/",
    "active_sign_in_uri": "/adfs/services/trust/2005/usernamemixed",
    "sign_out_uri": "/adfs/ls/",
    "metadata_exchange_uri": "/adfs/services/trust/mex",
}
# The same in the endpoints that metadata_info returns.
_ENDPOINTS = {
    "passive_sign_in_uri": "passive_sign_in",
    "active_sign_in_uri": "active_sign_in",
    "sign_out_uri": "sign_out",
    "metadata_exchange_uri": "metadata_exchange",
}
_SHOWN = 200


def find_faults(domains: Sequence[Mapping[str, t.Any]], farm: Mapping[str, t.Any] | None = None) -> list[dict[str, t.Any]]:
    """Return what in the settings of the domains keeps users from signing in, or looks like a mistake.

    ``farm`` has ``host_name`` and perhaps ``host_names``, the names of the federation service; without it hosts are compared with the issuer
    only. Each entry: ``domain``, ``tenant_id``, ``kind``, ``severity`` (``broken``: nobody signs in like this; ``warning``), ``member``,
    ``found`` (the value as it came, for the program) and ``message`` (one printable sentence). Kinds: ``no_address``, ``bad_address``,
    ``other_host``, ``no_issuer``, ``shared_issuer``, ``child_configuration``, ``no_protocol``, ``other_protocol``.
    """
    read = [item for item in domains if item.get("configuration_id") and not item.get("error")]
    names = _host_names(farm)
    found: list[dict[str, t.Any]] = []
    for item in read:
        found += _of_addresses(item)
        found += _of_hosts(item, names)
        found += _of_the_rest(item, bool(names))
    return [*found, *_of_shared_issuers(read)]


def compare_with_farm(item: Mapping[str, t.Any], farm: Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return both sides of each setting, as Get-MsolFederationProperty showed them: ``member``, ``entra``, ``farm``, ``same``.

    ``farm``: ``host_name``, ``identifier``, ``display_name``, and ``endpoints`` as metadata_info returns them, each where known. ``farm``
    and ``same`` of a member are None where nothing is known of the farm. Addresses are the same without regard to the case of their host
    and a slash at the end; the issuer must be the same text. An issuer that names the domain, as with several domains of one farm, is right.
    """
    rows = []
    endpoints = farm.get("endpoints") or {}
    host = farm.get("host_name")
    for member, path in _PATHS.items():
        expected = endpoints.get(_ENDPOINTS[member]) or (f"https://{str(host).lower()}{path}" if host else None)
        rows.append(_row(member, item.get(member), expected, lambda one, other: _normal(one) == _normal(other)))
    identifier = farm.get("identifier")
    issuer, domain = item.get("issuer_uri"), item.get("domain")
    expected = issuer if identifier and issuer in _issuers_of(str(domain)) else identifier
    rows.append(_row("issuer_uri", issuer, expected, lambda one, other: one == other))
    rows.append(_row("display_name", item.get("display_name"), farm.get("display_name"), lambda one, other: one == other))
    protocol = "wsFed" if host else None
    rows.append(_row("preferred_authentication_protocol", item.get("preferred_authentication_protocol"), protocol, lambda one, other: one == other))
    return rows


def _row(member: str, entra: t.Any, farm: t.Any, same: t.Callable[[t.Any, t.Any], bool]) -> dict[str, t.Any]:
    return {"member": member, "entra": entra, "farm": farm, "same": None if farm is None else same(entra, farm)}


def host_of(address: t.Any) -> str | None:
    """Return the host of a sign-in address in lower case, None if the text is no address that a browser could go to by https."""
    if not isinstance(address, str) or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        usable = parts.scheme == "https" and bool(parts.hostname) and not parts.username and (parts.port is None or parts.port > 0)
        return (parts.hostname or "").lower().rstrip(".") if usable else None
    except ValueError:
        return None


def _of_addresses(item: Mapping[str, t.Any]) -> Iterable[dict[str, t.Any]]:
    if not item.get("passive_sign_in_uri"):
        yield _fault(item, "no_address", "broken", "passive_sign_in_uri", "has no sign-in address, so that browsers are sent nowhere")
    for member in ADDRESSES:
        address = item.get(member)
        if address and host_of(address) is None:
            severity = "broken" if member == "passive_sign_in_uri" else "warning"
            reason = f"has {_shown(address)} as {member}, which is no address with https, so that clients cannot go there"
            yield _fault(item, "bad_address", severity, member, reason)


def _of_hosts(item: Mapping[str, t.Any], names: set[str]) -> Iterable[dict[str, t.Any]]:
    host = host_of(item.get("passive_sign_in_uri"))
    if host is None:
        return
    if names:
        if host not in names:
            reason = f"signs in at {_shown(host)}, and the farm's name is {', '.join(sorted(names))}"
            yield _fault(item, "other_host", "warning", "passive_sign_in_uri", reason)
        return
    try:
        issuer = (urlsplit(str(item.get("issuer_uri") or "")).hostname or "").lower()
    except ValueError:
        issuer = ""
    domain = str(item.get("domain") or "").lower()
    # With several domains of one farm the issuer names the domain, or its root, instead of the farm.
    if issuer and issuer != host and issuer != domain and not domain.endswith("." + issuer):
        yield _fault(item, "other_host", "warning", "passive_sign_in_uri", f"signs in at {_shown(host)}, but its issuer is of the host {_shown(issuer)}")


def _of_the_rest(item: Mapping[str, t.Any], adfs: bool) -> Iterable[dict[str, t.Any]]:
    if not item.get("issuer_uri"):
        yield _fault(item, "no_issuer", "broken", "issuer_uri", "has no issuer, so that no token can name it")
    protocol = item.get("preferred_authentication_protocol")
    if not protocol:
        reason = "has no preferred authentication protocol; browsers need one, wsFed for AD FS"
        yield _fault(item, "no_protocol", "warning", "preferred_authentication_protocol", reason)
    elif adfs and str(protocol).lower() != "wsfed":
        reason = f"asks for the protocol {_shown(protocol)}, and AD FS was set up for wsFed"
        yield _fault(item, "other_protocol", "warning", "preferred_authentication_protocol", reason)
    if item.get("is_root") is False:
        reason = f"is a subdomain of {_shown(item.get('root'))} and has a configuration of its own, so its certificates have to be renewed on their own"
        yield _fault(item, "child_configuration", "warning", None, reason)


def _of_shared_issuers(items: Sequence[Mapping[str, t.Any]]) -> Iterable[dict[str, t.Any]]:
    by_issuer: dict[str, list[Mapping[str, t.Any]]] = {}
    for item in items:
        if item.get("issuer_uri"):
            by_issuer.setdefault(str(item["issuer_uri"]), []).append(item)
    for issuer, sharing in by_issuer.items():
        if len({(item.get("configuration_id"), item.get("tenant_id")) for item in sharing}) < 2:
            continue
        names = [str(item.get("domain")) for item in sharing]
        for item in sharing:
            others = [name for name in names if name != item.get("domain")]
            listed = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
            reason = f"has the issuer {_shown(issuer)} in common with {printable(listed)}; Entra ID cannot tell whose token it is"
            yield _fault(item, "shared_issuer", "broken", "issuer_uri", reason)


def _fault(item: Mapping[str, t.Any], kind: str, severity: str, member: str | None, reason: str) -> dict[str, t.Any]:
    return {
        "domain": item.get("domain"),
        "tenant_id": item.get("tenant_id"),
        "kind": kind,
        "severity": severity,
        "member": member,
        "found": item.get(member) if member else None,
        "message": f"{printable(item.get('domain'), _SHOWN)} {reason}.",
    }


def _host_names(farm: Mapping[str, t.Any] | None) -> set[str]:
    given = farm or {}
    return {str(name).lower().rstrip(".") for name in [given.get("host_name"), *(given.get("host_names") or [])] if name}


def _issuers_of(domain: str) -> set[str]:
    """Return the issuers that the former multi-domain switch gave a domain: its own name, or that of a domain above it."""
    labels = domain.lower().split(".")
    above = [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]
    return {f"http://{name}/adfs/services/trust{end}" for name in above for end in ("/", "")}


def _normal(address: t.Any) -> t.Any:
    if not isinstance(address, str):
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts.scheme.lower(), parts.netloc.lower().removesuffix(":443"), parts.path.rstrip("/").lower(), parts.query


def _shown(text: t.Any) -> str:
    return f"'{printable(text, _SHOWN)}'"
