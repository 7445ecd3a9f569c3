# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: small data files that say how the world looks at the start. README.md beside this file describes the format."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from lab.clock import Clock
from lab.entra.tenant import Domain, Tenant, federated_domain, inheriting_domain, managed_domain
from lab.farm import SERVICE_COMMUNICATIONS, TOKEN_DECRYPTING, TOKEN_SIGNING, Farm, Node, ServiceCertificate, StoreEntry
from lab.keys import Authority, KeyedCertificate, self_signed
from lab.provider import Provider

FOLDER = Path(__file__).parent / "scenarios"
REFERENCE = "certificate:"


class ScenarioError(ValueError):
    """A scenario that cannot be built, and why."""


@dataclass
class Built:
    """What a scenario describes, built."""

    name: str
    farms: list[Farm]
    tenant: Tenant
    farm_of_domain: dict[str, Farm | Provider]
    certificates: dict[str, KeyedCertificate]
    variables: dict[str, Any]
    updater_reads: str | None = None
    permissions: list[str] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)


def names() -> list[str]:
    """Return the names of all scenarios that come with the lab."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    """Read a scenario by name, or by path where the name ends in .json. Raises ScenarioError."""
    path = Path(name) if name.endswith(".json") else FOLDER / f"{name}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(f"no scenario {name!r}; there are: {', '.join(names())}") from None
    except json.JSONDecodeError as error:
        raise ScenarioError(f"scenario {path}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise ScenarioError(f"scenario {path}: not an object")
    return data


def build(name: str, data: dict[str, Any], clock: Clock, overrides: dict[str, Any] | None = None) -> Built:
    """Build a scenario at the clock's present. ``overrides``: switches of farms and tenant by name. Raises ScenarioError."""
    try:
        return _Builder(name, data, clock, overrides or {}).build()
    except (KeyError, TypeError, ValueError) as error:
        raise ScenarioError(f"scenario {name}: {error!r}") from error


class _Builder:
    def __init__(self, name: str, data: dict[str, Any], clock: Clock, overrides: dict[str, Any]) -> None:
        _only(data, "description", "certificates", "farms", "providers", "tenant", "domains", "variables")
        self.name = name
        self.data = data
        self.clock = clock
        self.now = clock.now()
        self.overrides = overrides
        self.authority = Authority("Contoso Issuing CA", self.now - timedelta(days=3650), self.now + timedelta(days=7300))
        self.certificates: dict[str, KeyedCertificate] = {}
        self.custom: set[str] = set()

    def build(self) -> Built:
        farms_data, providers_data = self.data.get("farms", []), self.data.get("providers", [])
        first_host = (farms_data or providers_data)[0]["host_name"]
        for name, item in self.data.get("certificates", {}).items():
            self.certificates[name] = self._certificate(name, item, first_host)
        farms = [self._farm(item) for item in farms_data]
        providers = [self._provider(item) for item in providers_data]
        by_host: dict[str, Farm | Provider] = {}
        by_host.update({farm.host_name: farm for farm in farms})
        by_host.update({provider.host_name: provider for provider in providers})
        tenant_data = self.data.get("tenant", {})
        _only(tenant_data, "tenant_id", "switches", "updater_reads", "permissions")
        tenant = Tenant(
            self.clock,
            tenant_data.get("tenant_id", "8a1c5e0f-3b52-4c0d-9d2e-6f1f0c7b9a11"),
            switches={**tenant_data.get("switches", {}), **self.overrides.get("tenant", {})},
        )
        farm_of_domain: dict[str, Farm | Provider] = {}
        for item in _repeated(self.data.get("domains", [])):
            _only(item, "name", "kind", "farm", "signing", "next", "issuer_uri", "is_root", "settings", "effective")
            farm = by_host[item.get("farm", first_host)]
            domain = self._domain(item, farm)
            tenant.add_domain(domain)
            if domain.authentication_type == "Federated":
                farm_of_domain[domain.name] = farm
        return Built(
            self.name,
            farms,
            tenant,
            farm_of_domain,
            self.certificates,
            self._resolve(self.data.get("variables", {})),
            tenant_data.get("updater_reads"),
            tenant_data.get("permissions", ["Domain.Read.All", "Domain-InternalFederation.Read.All", "Domain-InternalFederation.ReadWrite.All"]),
            providers,
        )

    def _certificate(self, name: str, data: dict[str, Any], first_host: str) -> KeyedCertificate:
        _only(data, "kind", "days_left", "days_old", "farm", "subject")
        kind, host = data.get("kind", "signing"), data.get("farm", first_host)
        not_before = self.now - timedelta(days=float(data.get("days_old", 365 - float(data["days_left"]))))
        not_after = self.now + timedelta(days=float(data["days_left"]))
        if kind == "custom":
            self.custom.add(name)
            return self.authority.issue(data.get("subject", f"{host} token signing"), not_before, not_after)
        subjects = {"signing": f"ADFS Signing - {host}", "encryption": f"ADFS Encryption - {host}", "stranger": "ADFS Signing - sts.stranger.example"}
        return self_signed(data.get("subject", subjects[kind]), not_before, not_after)

    def _farm(self, data: dict[str, Any]) -> Farm:
        _only(
            data,
            *("host_name", "nodes", "identifier", "database", "poll_duration", "checks_at", "properties", "relying_parties", "switches", "entra_connect"),
            *("claims_providers", "applications"),
            *("token_signing", "token_decrypting", "unlisted_nodes"),
        )
        nodes: list[dict[str, Any]] = [{"name": item} if isinstance(item, str) else item for item in data["nodes"]]
        hours, minutes = str(data.get("checks_at", "23:00")).split(":")
        farm = Farm(
            self.clock,
            data["host_name"],
            [item["name"] for item in nodes],
            identifier=data.get("identifier"),
            database=data.get("database", "wid"),
            properties=data.get("properties"),
            relying_parties=data.get("relying_parties"),
            entra_connect=bool(data.get("entra_connect", False)),
            claims_providers=data.get("claims_providers"),
            applications=data.get("applications"),
            switches={**data.get("switches", {}), **self.overrides.get("farm", {})},
            poll_duration=int(data.get("poll_duration", 300)),
            checks_at=timedelta(hours=int(hours), minutes=int(minutes)),
        )
        unlisted = set(data.get("unlisted_nodes", []))
        farm.listed_nodes = [node for node in farm.nodes if node.name not in unlisted]
        communications = self.authority.issue(farm.host_name, self.now - timedelta(days=100), self.now + timedelta(days=300), (farm.host_name,), server=True)
        decrypting = data.get("token_decrypting")
        if decrypting is None:
            automatic = f"decrypting {farm.host_name}"
            self.certificates[automatic] = self_signed(f"ADFS Encryption - {farm.host_name}", self.now - timedelta(days=100), self.now + timedelta(days=265))
            decrypting = {"primary": automatic}
        initial = [
            *self._role(TOKEN_SIGNING, data["token_signing"]),
            *self._role(TOKEN_DECRYPTING, decrypting),
            ServiceCertificate(SERVICE_COMMUNICATIONS, True, "LocalMachine", "My", communications),
        ]
        for node, item in zip(farm.nodes, nodes, strict=True):
            self._store(node, item.get("store", {}), communications)
        farm.install(initial)
        for node, item in zip(farm.nodes, nodes, strict=True):
            self._node(node, item)
        return farm

    def _provider(self, data: dict[str, Any]) -> Provider:
        _only(data, "host_name", "identifier", "signing", "metadata_signer", "document")
        signer = self.certificates[data["metadata_signer"]] if data.get("metadata_signer") else None
        try:
            return Provider(self.clock, data["host_name"], data["identifier"], self.certificates[data["signing"]], signer, data.get("document"))
        except (TypeError, ValueError) as error:
            raise ScenarioError(f"document of {data['host_name']}: {error}") from None

    def _role(self, certificate_type: str, data: dict[str, Any]) -> list[ServiceCertificate]:
        _only(data, "primary", "others")
        wanted = [(data["primary"], True), *((name, False) for name in data.get("others", []))]
        return [
            ServiceCertificate(certificate_type, primary, "LocalMachine" if name in self.custom else "CurrentUser", "My", self.certificates[name])
            for name, primary in wanted
        ]

    def _store(self, node: Node, data: dict[str, Any], communications: KeyedCertificate) -> None:
        _only(data, "missing", "unreadable", "without_key", "chain_status")
        chain = (self.authority.root.der,)
        node.store[communications.thumbprint] = StoreEntry(communications, chain=chain)
        for name in sorted(self.custom - set(data.get("missing", []))):
            keyed = self.certificates[name]
            node.store[keyed.thumbprint] = StoreEntry(
                keyed,
                has_private_key=name not in data.get("without_key", []),
                service_account_may_read=name not in data.get("unreadable", []),
                chain=chain,
                chain_status=tuple(data.get("chain_status", [])),
            )

    def _node(self, node: Node, data: dict[str, Any]) -> None:
        _only(data, "name", "store", "synchronizes", "service", "module_present", "files", "copy")
        if "copy" in data:
            _only(data["copy"], "token_signing")
            stale = node.configuration.copied()
            stale.certificates = [item for item in stale.certificates if item.certificate_type != TOKEN_SIGNING]
            stale.certificates += self._role(TOKEN_SIGNING, data["copy"]["token_signing"])
            stale.revision = -1
            node.farm.every_certificate += stale.of_type(TOKEN_SIGNING)
            node.take_copy(stale)
        node.synchronizes = bool(data.get("synchronizes", True))
        node.module_present = bool(data.get("module_present", True))
        node.files = {path: str(text).encode() for path, text in data.get("files", {}).items()}
        if data.get("service", "running") == "stopped":
            node.stop_service()

    def _domain(self, data: dict[str, Any], farm: Farm | Provider) -> Domain:
        kind = data.get("kind", "federated")
        if kind == "inheriting":
            return inheriting_domain(data["name"])
        if kind in ("managed", "unverified"):
            return managed_domain(data["name"], is_root=data.get("is_root", True), is_verified=kind == "managed")
        if kind != "federated":
            raise ScenarioError(f"unknown kind of domain {kind!r}")
        issuer_uri, settings = data.get("issuer_uri"), data.get("settings", {})
        if isinstance(farm, Provider):
            issuer_uri = issuer_uri or farm.identifier
            addresses = {"passiveSignInUri": farm.sign_in_uri, "signOutUri": farm.sign_in_uri, "activeSignInUri": None, "metadataExchangeUri": None}
            protocol = "wsFed" if farm.shape.protocol == "wsfed" else "saml"
            settings = {**addresses, "preferredAuthenticationProtocol": protocol, **settings}
        domain = federated_domain(
            data["name"],
            farm.host_name,
            self._der(data.get("signing")),
            self._der(data.get("next")),
            issuer_uri=issuer_uri,
            is_root=data.get("is_root", True),
            settings=settings,
        )
        if "effective" in data:
            _only(data["effective"], "signing", "next")
            domain.effective_slots = type(domain.effective_slots).of(self._der(data["effective"].get("signing")), self._der(data["effective"].get("next")))
        return domain

    def _der(self, name: str | None) -> bytes | None:
        return None if name is None else self.certificates[name].der

    def _resolve(self, value: Any) -> Any:
        """Replace ``certificate:NAME`` by the thumbprint, wherever it stands."""
        if isinstance(value, str) and value.startswith(REFERENCE):
            return self.certificates[value.removeprefix(REFERENCE)].thumbprint
        if isinstance(value, list):
            return [self._resolve(item) for item in value]
        if isinstance(value, dict):
            return {key: self._resolve(item) for key, item in value.items()}
        return value


def _repeated(domains: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Unfold entries with ``repeat``: N domains, with {n} in the name standing for 1 to N."""
    for item in domains:
        if "repeat" not in item:
            yield item
            continue
        rest = {key: value for key, value in item.items() if key != "repeat"}
        for number in range(1, int(item["repeat"]) + 1):
            yield {**rest, "name": str(item["name"]).replace("{n}", str(number))}


def _only(data: dict[str, Any], *known: str) -> None:
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ScenarioError(f"unknown keys {', '.join(unknown)}; known are {', '.join(known)}")
