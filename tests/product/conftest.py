# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the product's own code run against the lab, in one process: a tenant, its server, and settings that lead there."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import typing as t
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from loading import load_collection

from lab import keys
from lab.clock import Clock
from lab.entra import Domain, EntraServer, Tenant, federated_domain, inheriting_domain, managed_domain
from lab.faults import Faults
from lab.log import RequestLog

if t.TYPE_CHECKING:
    from .player import Player

ROOT = pathlib.Path(__file__).resolve().parents[2]

load_collection()

TENANT = "11111111-aaaa-bbbb-cccc-222222222222"
CLIENT = "22222222-aaaa-bbbb-cccc-333333333333"
SECRET = "planted-client-secret-Zq8x"
READ = ("Domain.Read.All", "Domain-InternalFederation.Read.All")
WRITE = ("Domain.Read.All", "Domain-InternalFederation.ReadWrite.All")


@cache
def signing(name: str, born: int = -300, dies: int = 65) -> keys.KeyedCertificate:
    """Return a token-signing certificate that is born and dies that many days from now."""
    now = datetime.now(UTC)
    return keys.self_signed(f"ADFS Signing - {name}", now + timedelta(days=born), now + timedelta(days=dies))


@cache
def _authority() -> keys.Authority:
    return keys.lab_authority()


@dataclasses.dataclass
class Entra:
    """A started Entra server with one tenant."""

    tenant: Tenant
    server: EntraServer
    log: RequestLog
    faults: Faults
    ca_path: str

    def options(self, **changes: t.Any) -> dict[str, t.Any]:
        """Return options of a task that signs in with the secret."""
        given = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        places = {"graph_url": self.server.graph_url, "authority_url": self.server.login_url, "ca_path": self.ca_path, "timeout": 5}
        return {**given, **places, **changes}

    def add(self, *domains: Domain) -> None:
        """Add domains to the tenant."""
        for domain in domains:
            self.tenant.add_domain(domain)

    def add_many(self, count: int) -> list[str]:
        """Add that many federated domains and return their names in order."""
        names = [f"d{number:04}.example" for number in range(count)]
        self.add(*(federated_domain(name, "sts.contoso.com", signing("old").der) for name in names))
        return names

    def count(self, key: str) -> int:
        """Return how often an operation was asked for."""
        return self.log.counters().get(key, 0)

    def writes(self) -> list[dict[str, t.Any]]:
        """Return the log entries of writes."""
        return [entry for entry in self.log.entries() if entry["write"]]


@contextlib.contextmanager
def started_entra(folder: pathlib.Path, *tenants: Tenant) -> Iterator[Entra]:
    """Start an Entra server with the tenants, or with an empty one; the file with its authority goes into the folder."""
    log, faults = RequestLog(), Faults()
    served = list(tenants) or [Tenant(Clock(), TENANT)]
    server = EntraServer(served, keys.server_context(_authority(), ("127.0.0.1", "localhost")), log, faults)
    server.start()
    server.register_application(CLIENT, secret=SECRET, roles=WRITE)
    ca_path = folder / "ca.pem"
    ca_path.write_text(_authority().pem)
    try:
        yield Entra(served[0], server, log, faults, str(ca_path))
    finally:
        server.stop()


@pytest.fixture
def entra(tmp_path: pathlib.Path) -> Iterator[Entra]:
    """An Entra server with an empty tenant."""
    with started_entra(tmp_path) as started:
        yield started


@pytest.fixture
def player(entra: Entra, tmp_path: pathlib.Path) -> Player:
    """Playbooks against a tenant with two federated domains, a subdomain that inherits, and a managed domain."""
    from .player import Player

    entra.add(
        federated_domain("contoso.com", "sts.contoso.com", signing("old").der),
        federated_domain("example.com", "sts.contoso.com", signing("old").der, signing("new").der),
        inheriting_domain("sub.contoso.com"),
        managed_domain("cloud.example"),
    )
    return Player(tmp_path, entra)
