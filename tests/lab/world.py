# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running world: farms, tenant, their servers, the oracle, and the passing of virtual time."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from lab import powershell, scenario, windows
from lab.clock import Clock
from lab.entra.server import EntraServer
from lab.entra.sign_in_log import WRONG_SIGNER
from lab.farm import Farm, Node
from lab.faults import Faults
from lab.keys import lab_authority, server_context
from lab.log import RequestLog
from lab.metadata import MetadataServer
from lab.oracle import Oracle, Trust
from lab.provider import Provider
from lab.winrm import WinRMServer

LOOPBACK = ("127.0.0.1", "localhost")
HOUR = timedelta(hours=1)
_NEVER = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Credentials:
    """Made anew for each run, recognisable, so that a test can search outputs for them."""

    windows_user: str = "lab-administrator"
    windows_password: str = field(default_factory=lambda: f"lab-windows-password-{secrets.token_hex(8)}")
    client_id: str = "5f0d2c0e-1d2b-4a59-9a7e-9c1f6b1f4d21"
    client_secret: str = field(default_factory=lambda: f"lab-client-secret-{secrets.token_hex(16)}")


class World:
    """Everything outside the product. ``lock`` guards all models; every server takes it before it touches one."""

    def __init__(self, name: str, overrides: dict[str, Any] | None = None, clock: Clock | None = None) -> None:
        """``name``: a scenario; ``overrides``: switches, ``{"farm": {...}, "tenant": {...}}``. Without ``clock`` time begins now. Raises ScenarioError."""
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.log = RequestLog(self.clock.now)
        self.faults = Faults()
        self.credentials = Credentials()
        self.built = scenario.build(name, scenario.load(name), self.clock, overrides)
        self.farms = self.built.farms
        self.providers = self.built.providers
        self.tenant = self.built.tenant
        self.tenant.metadata_source = self._metadata_for_updater
        names = [*(node.name for node in self.nodes), *(provider.name for provider in self.providers)]
        self._numbers = {server: number for number, server in enumerate(names)}
        self.oracle = Oracle([self._trust(domain, farm) for domain, farm in self.built.farm_of_domain.items()], self._log_sign_in)
        self._seen: tuple[object, ...] = ()
        self._next_hour = self.clock.now() + HOUR

        self.authority = lab_authority()
        users = {self.credentials.windows_user: self.credentials.windows_password}
        self.winrm = {
            node.name: WinRMServer(
                node.name, server_context(self.authority, (*LOOPBACK, node.name)), users, self.run_on, self.log, self.faults, self._describe_script
            )
            for node in self.nodes
        }
        self.metadata = {
            node.name: MetadataServer(node, server_context(self.authority, (node.farm.host_name,)), self.lock, self.settle, self.log, self.faults)
            for node in self.nodes
        }
        self.metadata.update(
            {
                provider.name: MetadataServer(provider, server_context(self.authority, LOOPBACK), self.lock, self.settle, self.log, self.faults)
                for provider in self.providers
            }
        )
        self.entra = EntraServer(self.tenant, server_context(self.authority, LOOPBACK), self.log, self.faults, self.lock, on_change=self.changed)
        self.application = self.entra.register_application(self.credentials.client_id, self.credentials.client_secret, roles=self.built.permissions)

    @property
    def nodes(self) -> list[Node]:
        return [node for farm in self.farms for node in farm.nodes]

    def node(self, name: str | None = None) -> Node:
        """Return a server by its full name or the first part of it; without a name the first farm's primary. Raises KeyError."""
        if name is None:
            return self.farms[0].primary_node
        for node in self.nodes:
            if name in (node.name, node.name.split(".")[0]):
                return node
        raise KeyError(f"no server {name!r}; there are: {', '.join(node.name for node in self.nodes)}")

    def start(self) -> None:
        """Start all servers, and sign in once everywhere."""
        with self.lock:
            self.changed()
        for server in self._servers():
            server.start()

    def stop(self) -> None:
        """Stop all servers."""
        for server in self._servers():
            server.stop()

    def _servers(self) -> list[WinRMServer | MetadataServer | EntraServer]:
        return [*self.winrm.values(), *self.metadata.values(), self.entra]

    # -- time ----------------------------------------------------------------------------------------------------------------

    def advance(self, by: timedelta, looks_every: timedelta = HOUR) -> datetime:
        """Move the clock, letting everything on the way happen at its own moment; the oracle looks every hour and after each change."""
        with self.lock:
            self.settle()
            start = self.clock.now()
            target = start + by
            self._next_hour = start + looks_every
            while (moment := min(self._next_event(), self._next_hour)) <= target:
                self.clock.advance_to(moment)
                self.settle()
                if moment >= self._next_hour:
                    self.oracle.look(self.clock.now(), "hour")
                    self._next_hour += looks_every
            self.clock.advance_to(target)
            self.settle()
            return self.clock.now()

    def settle(self) -> None:
        """Let everything happen that is due by now, in the order of time. Called under the lock."""
        now = self.clock.now()
        while (moment := self._next_event()) <= now:
            self._tick(moment)
            self.changed()
        self._tick(now)
        self.changed()

    def changed(self) -> None:
        """Let the oracle look if what is signed with, or what is accepted, differs from the last time. Called under the lock."""
        seen = (
            *(None if (signer := node.signer) is None else signer.thumbprint for node in self.nodes),
            *(provider.signer.thumbprint for provider in self.providers),
            *(None if (domain := self.tenant.governing(name)) is None else domain.effective_slots for name in self.built.farm_of_domain),
        )
        if seen != self._seen:
            self._seen = seen
            self.oracle.look(self.clock.now(), "change")

    def _tick(self, moment: datetime) -> None:
        for farm in self.farms:
            farm.tick(moment)
        self.tenant.tick(moment)

    def _next_event(self) -> datetime:
        moments = [farm.next_event() for farm in self.farms]
        tenant = self.tenant.next_event()
        return min([*moments, *([] if tenant is None else [tenant])], default=_NEVER)

    # -- how the parts meet --------------------------------------------------------------------------------------------------

    def provider(self, name: str | None = None) -> Provider:
        """Return an identity provider by its host; without a name the first. Raises KeyError."""
        for provider in self.providers:
            if name in (None, provider.name):
                return provider
        raise KeyError(f"no identity provider {name!r}; there are: {', '.join(provider.name for provider in self.providers)}")

    def _trust(self, domain: str, farm: Farm | Provider) -> Trust:
        return Trust(domain, farm, lambda: self.tenant.accepted(domain))

    def _log_sign_in(self, now: datetime, domain: str, node: Node | Provider, outcome: str) -> None:
        """What Entra notes of a sign-in. Where a server gave no token, Entra heard nothing."""
        if outcome == "unanswered":
            return
        governing = self.tenant.governing(domain)
        protocol = governing.federation.settings["preferredAuthenticationProtocol"] if governing and governing.federation else "wsFed"
        code = 0 if outcome == "accepted" else WRONG_SIGNER.get(str(protocol), WRONG_SIGNER["wsFed"])
        self.tenant.sign_in_log.add(now, domain, code, self._numbers[node.name])

    def run_on(self, node_name: str, module: str, arguments: dict[str, Any], check_mode: bool = False) -> dict[str, Any]:
        """Run a module on a server, as its WinRM endpoint is told to."""
        with self.lock:
            self.settle()
            name = powershell.script_name(arguments)
            operation = name or (module if windows.knows(module) else "unknown")
            self.log.record("adfs", operation, powershell.is_write(name), node=node_name, module=module, check_mode=check_mode)
            result = powershell.run_module(self.node(node_name), module, arguments, check_mode)
            self.changed()
            return result

    @staticmethod
    def _describe_script(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        name = powershell.script_name(arguments)
        return {"script": name or "unknown", **({"known": name in powershell.STOCK} if module == powershell.RAW else {})}

    def _metadata_for_updater(self, domain: str) -> list[bytes] | None:
        """What Entra's own updater reads: the metadata of one server, which may lag behind; None where it gets no answer."""
        farm = self.built.farm_of_domain[domain]
        if isinstance(farm, Provider):
            return [item.der for item in farm.published]
        wanted = self.built.updater_reads
        node = farm.primary_node if wanted is None else self.node(wanted)
        if not node.service_running:
            return None
        return [item.der for item in node.published_signing_certificates]

    # -- for assertions ------------------------------------------------------------------------------------------------------

    def find_certificate(self, name: str | None) -> bytes | None:
        """Return a certificate (DER) by its name in the scenario or by thumbprint. Raises KeyError."""
        if name is None:
            return None
        if name in self.built.certificates:
            return self.built.certificates[name].der
        known = [
            *self.built.certificates.values(),
            *(item.keyed for farm in self.farms for item in farm.every_certificate),
            *(item for provider in self.providers for item in provider.published),
        ]
        for keyed in known:
            if keyed.thumbprint == name.upper():
                return keyed.der
        raise KeyError(f"no certificate {name!r}")

    def state(self) -> dict[str, Any]:
        """Return both sides as plain data, certificates by thumbprint."""
        with self.lock:
            self.settle()
            tenant = self.tenant.describe()
            return {
                "now": _text(self.clock.now()),
                "certificates": {name: item.thumbprint for name, item in self.built.certificates.items()},
                "farms": [_describe_farm(farm) for farm in self.farms],
                "providers": [_describe_provider(provider) for provider in self.providers],
                "tenant_id": tenant["tenant_id"],
                "tenant_switches": tenant["switches"],
                "domains": tenant["domains"],
            }


def _describe_farm(farm: Farm) -> dict[str, Any]:
    return {
        "host_name": farm.host_name,
        "identifier": farm.identifier,
        "database": farm.database,
        "auto_certificate_rollover": farm.auto_certificate_rollover,
        "next_check": _text(farm.next_check()),
        "switches": dict(farm.switches),
        "nodes": [_describe_node(node) for node in farm.nodes],
        "events": list(farm.events),
    }


def _describe_provider(provider: Provider) -> dict[str, Any]:
    return {
        "host_name": provider.host_name,
        "identifier": provider.identifier,
        "signer": provider.signer.thumbprint,
        "published": [item.thumbprint for item in provider.published],
        "metadata_signer": provider.metadata_signer.thumbprint if provider.metadata_signer else None,
    }


def _describe_node(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "is_primary": node.is_primary,
        "service_running": node.service_running,
        "module_present": node.module_present,
        "signer": None if node.signer is None else node.signer.thumbprint,
        "last_sync_time": None if node.last_sync_time is None else _text(node.last_sync_time),
        "last_sync_status": node.last_sync_status,
        "files": sorted(node.files),
        "certificates": [
            {
                "certificate_type": item.certificate_type,
                "thumbprint": item.thumbprint,
                "is_primary": item.is_primary,
                "store_location": item.store_location,
                "not_before": _text(item.not_before),
                "not_after": _text(item.not_after),
            }
            for item in node.configuration.certificates
        ],
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
