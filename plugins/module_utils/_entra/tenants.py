# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Reading the federated domains of one or several tenants in one call, and telling what could not be read."""

from __future__ import annotations

import dataclasses
import datetime
import time
import typing as t
from collections.abc import Callable, Mapping, MutableMapping, Sequence

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import Domain, Listing, list_domains, not_readable, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import Settings, merge_options

Entry = dict[str, t.Any]
MAX_TOLD = 5


def read_tenants(
    tenants: Sequence[Mapping[str, t.Any]], environ: Mapping[str, str], names: Sequence[str], every: bool, report: bool, now: datetime.datetime
) -> list[Entry]:
    """Return one entry for each named domain, in order, or for every federated domain of each tenant, in the shape of ``Domain.shape`` with ``der``
    and ``can_write``.

    ``tenants``: the options of each. With ``report`` what cannot be read is an entry with ``error``: a domain, or, with ``domain`` None, a
    whole tenant, once. Without it EntraError is raised (OptionsError for options that do not fit).
    """
    groups: list[list[Entry]] = []
    found: dict[str, Entry] = {}
    missing: dict[str, Entry] = {}
    begun = time.monotonic()
    for number, given in enumerate(tenants):
        tenant_id: str | None = str(given.get("tenant_id") or "") or None
        try:
            settings = _with_share(merge_options(given, environ), begun, len(tenants) - number)
            tenant_id = settings.tenant_id
            client = connect(settings)
            try:
                listing = list_domains(client)
                alone = len(tenants) == 1
                here = list(names) if alone and not report else [name for name in names if name in listing.federated]
                domains = read_domains(client, here, every, listing)
                tenant_id, can_write = client.tenant_id, client.permissions()["write"]["enough"]
            finally:
                client.close()
        except EntraError as exc:
            if not report:
                raise
            groups.append([_entry(Domain(None, None, None, error=str(exc)), tenant_id, now, None)])
            continue
        entries = [_entry(domain, tenant_id, now, can_write) for domain in domains]
        groups.append(entries if every else [])
        found.update({entry["domain"]: entry for entry in entries})
        for name in names:
            missing.setdefault(name, _absent(name, listing, tenant_id, now, alone))
    entries = [entry for group in groups for entry in group]
    if every:
        entries += [missing[name] for name in dict.fromkeys(names) if name in missing and name not in found]
    else:
        entries = [found.get(name) or missing[name] for name in names if name in found or name in missing] + entries
    if not report:
        _fail_for([entry for entry in entries if entry["error"]])
    return entries


def in_each_tenant(
    tenants: Sequence[Mapping[str, t.Any]], environ: Mapping[str, str], kept: MutableMapping[str, str], read: Callable[[GraphClient], Entry]
) -> list[Entry]:
    """Return what ``read`` returns of each tenant, with its ``tenant_id``; where that fails, ``status`` unknown with the ``reason``.

    ``kept``: tokens to share between calls of one process. Raises OptionsError for options that do not fit.
    """
    entries: list[Entry] = []
    begun = time.monotonic()
    for number, given in enumerate(tenants):
        settings = _with_share(merge_options(given, environ), begun, len(tenants) - number)
        tenant_id = settings.tenant_id
        try:
            client = connect(settings, kept)
            try:
                found = read(client)
                tenant_id = client.tenant_id
            finally:
                client.close()
        except OptionsError:
            raise
        except EntraError as exc:
            found = {"status": "unknown", "reason": str(exc)}
        entries.append({"tenant_id": tenant_id, **found})
    return entries


def _with_share(settings: Settings, begun: float, left: int) -> Settings:
    """The limit is for the whole call: a tenant that does not answer takes no more than its share. ``left``: tenants from this one on."""
    share = (settings.time_limit - (time.monotonic() - begun)) / left
    return dataclasses.replace(settings, time_limit=max(share, 1.0))


def _entry(domain: Domain, tenant_id: str | None, now: datetime.datetime, can_write: bool | None) -> Entry:
    """Return what the lookup shows of a domain. ``can_write``: whether the token shows the permission to write; None where it shows none at all."""
    return {**domain.shape(tenant_id, now, with_der=True), "can_write": can_write}


def _absent(name: str, listing: Listing, tenant_id: str | None, now: datetime.datetime, alone: bool) -> Entry:
    domain = not_readable(name, listing, tenant_id)
    if not alone and (domain is None or name not in listing.entries):
        error = f"none of the tenants that could be read has a federated domain {name}. Check the name, and that its tenant is among tenants."
        return _entry(Domain(name, None, None, error=error), None, now, None)
    return _entry(domain or Domain(name, None, None), tenant_id, now, None)


def _fail_for(entries: Sequence[Entry]) -> None:
    if not entries:
        return
    texts = [f"{entry['domain'] or 'an entry without a name'}: {entry['error']}" for entry in entries[:MAX_TOLD]]
    more = f" And {len(entries) - MAX_TOLD} more." if len(entries) > MAX_TOLD else ""
    raise EntraError(
        f"the federation settings of {len(entries)} domain{'s' if len(entries) > 1 else ''} could not be read. {' '.join(texts)}{more} "
        "To go on with the others, set unreadable=report; these are entries with error then."
    )


def options_of(tenants: t.Any, common: Mapping[str, t.Any], known: Mapping[str, str]) -> list[dict[str, t.Any]]:
    """Return the options of each tenant: those of its entry, over those that hold for all.

    ``known`` maps every name and alias of an option to its name. Raises OptionsError.
    """
    if isinstance(tenants, Mapping):
        tenants = [tenants]
    if not isinstance(tenants, (list, tuple)) or not tenants or not all(isinstance(entry, Mapping) for entry in tenants):
        raise OptionsError("tenants must be a list of mappings, one for each tenant, with options such as tenant_id, client_id and client_secret.")
    result: list[dict[str, t.Any]] = []
    for number, entry in enumerate(tenants, 1):
        unknown = sorted(str(name) for name in entry if name not in known)
        if unknown:
            raise OptionsError(f"entry {number} of tenants has the unknown option {', '.join(unknown)}; known are {', '.join(sorted(known))}.")
        own: dict[str, t.Any] = {}
        for name, value in entry.items():
            if value is None or value == "":
                continue
            if known[name] in own:
                raise OptionsError(f"entry {number} of tenants gives {known[name]} twice, under two names; give it once.")
            own[known[name]] = value
        result.append({**common, **own})
    named = [str(options.get("tenant_id") or "").strip().lower() for options in result]
    if len(named) > 1 and "" in named:
        raise OptionsError(f"entry {named.index('') + 1} of tenants has no tenant_id; with several tenants each needs its own.")
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise OptionsError(f"tenants names {', '.join(twice)} twice; give one entry for each tenant.")
    return result
