# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Before the first run: whether everything that a run needs is there, and for each thing that is not, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import CLOCK_TOLERANCE
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import host_of
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

Finding = tuple[str, str]
"""What was looked at, and how to mend it; empty where all is well."""


def preflight(found: Mapping[str, Any], host_names: Iterable[str] = ()) -> dict[str, Any]:
    """Return C(checks), C(summary), and as C(run.fail) what a run would lack, or None.

    ``found``: the results of tasks as Ansible registers them, failed or not: ``scan`` of farm_info, ``metadata`` of metadata_info, ``tenants`` of
    entra_federation_info in a loop. ``host_names``: further names of the farm's service.
    """
    scan, metadata, tenants = (found.get(name) or {} for name in ("scan", "metadata", "tenants"))
    results = [r for r in tenants.get("results") or [] if isinstance(r, Mapping)]
    findings = [*_farm(scan), *_servers(scan, metadata), *_tenants(results, _names_of(scan, host_names))]
    lacking = [what for what, mend in findings if mend]
    return {
        "checks": [{"check": what, "result": "fail" if mend else "ok", "advice": mend} for what, mend in findings],
        "summary": [f"{'MEND' if mend else 'ok  '}  {what}{': ' + mend if mend else ''}" for what, mend in findings],
        "run": {"fail": f"{len(lacking)} of {len(findings)} checks need a hand: {names(lacking)}. The lines above say how" if lacking else None},
    }


def _names_of(scan: Mapping[str, Any], host_names: Iterable[str]) -> set[str]:
    own = str((scan.get("farm") or {}).get("host_name") or "").lower()
    return {own, *host_names} if own else set()


def _farm(scan: Mapping[str, Any]) -> Iterator[Finding]:
    farm = scan.get("farm")
    yield "PowerShell, and the rights on the primary AD FS server", "" if farm else _message(scan)
    if not farm:
        return
    where = farm.get("primary_server") or "the one that Get-AdfsSyncProperties names"
    yield "the host is the primary server", "" if farm["role"] != "secondary" else f"it is a secondary one; put {where} into the inventory instead"
    apart = abs(parse_time(farm["time"]) - parse_time(farm["read_at"]))
    yield (
        "the clocks of controller and server",
        f"they are {int(apart.total_seconds() // 60)} minutes apart; correct time synchronization (w32tm /query /status)" if apart > CLOCK_TOLERANCE else "",
    )
    journal = farm.get("journal") or {}
    yield "the journal", str(journal.get("error") or "")
    for check in farm.get("checks") or []:
        if check["result"] == "fail":
            yield f"AD FS: {check['name']}", str(check["advice"] or "look at it")


def _servers(scan: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Finding]:
    if not scan.get("farm"):
        return
    servers = metadata.get("servers")
    if servers is None:
        yield "the metadata of the servers", _message(metadata)
    for server in servers or []:
        mend = f"{server['error']}. Open port 443 to it from the controller, or give its address in renew_signing_cert_servers" if server["error"] else ""
        yield f"metadata of {server['server']}", mend


def _tenants(results: Sequence[Mapping[str, Any]], hosts: set[str]) -> Iterator[Finding]:
    if not results:
        yield "Entra ID", "no tenant was read"
    ours = 0
    for number, result in enumerate(results, 1):
        tenant = f"tenant {number}" if len(results) > 1 else "the tenant"
        yield f"sign-in to Microsoft Graph, and reading {tenant}", "" if result.get("domains") is not None else _message(result)
        permissions = result.get("permissions") or {}
        if permissions.get("kind") not in (None, "unknown"):
            write = permissions["write"]
            missing = [*write["missing"], *write["perhaps_missing"]]
            yield f"the permissions of the app in {tenant}", f"grant {names(missing)} with admin consent" if missing else ""
            excessive = write["excessive"]
            yield f"no more permissions than needed in {tenant}", f"take away {names(excessive)}" if excessive else ""
        for domain in result.get("domains") or []:
            if domain.get("error"):
                yield f"the settings of {domain['domain']}", str(domain["error"])
            ours += host_of(str(domain.get("passive_sign_in_uri") or "")) in hosts
    if hosts and results:
        nobody = f"no domain that was read sends its users to {names(sorted(hosts))}: is it the right farm, and are all tenants in renew_signing_cert_tenants?"
        yield "the trust of Entra ID in this farm", "" if ours else nobody


def _message(result: Mapping[str, Any]) -> str:
    return str(result.get("msg") or "it could not be read, and nothing says why: run it again with -vvv")
