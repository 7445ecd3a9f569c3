# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AD FS farm: servers with their own, lagging copies of the configuration, cmdlets, and AD FS' own rollover clock.

A pure model: no sockets, no threads. ``Farm.tick`` processes everything that was due, in the order of time. Error ids other than
PS0033 and PS0139 are the lab's own; the real ones are not documented.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from lab import answers
from lab.clock import Clock
from lab.keys import KeyedCertificate, self_signed

UTC = timezone.utc  # datetime.UTC is younger than Python 3.10

TOKEN_SIGNING = "Token-Signing"
TOKEN_DECRYPTING = "Token-Decrypting"
SERVICE_COMMUNICATIONS = "Service-Communications"
CERTIFICATE_TYPES = (SERVICE_COMMUNICATIONS, TOKEN_DECRYPTING, TOKEN_SIGNING)
ROLLOVER_TYPES = (TOKEN_SIGNING, TOKEN_DECRYPTING)

ENTRA_IDENTIFIER = "urn:federation:MicrosoftOnline"

# What is not known for sure about the real AD FS. Each can be flipped by a scenario; README.md says what each one means.
SWITCHES: dict[str, object] = {
    "expired_secondary_refuses_update": True,
    "urgent_keeps_old": False,
    "secondary_answers_get_certificate": False,
    "enabling_rollover_checks_at_once": False,
    "restart_needed_after_manual_promotion": False,
    "promotion_allowed_while_rollover_on": False,
    "metadata_lists_primary_last": False,
    "ws_trust_published": True,
    "sql_role": "PrimaryComputer",
    "old_removed_after_days": 1,
}

_DEFAULT_PROPERTIES: dict[str, object] = {
    "AutoCertificateRollover": True,
    "CertificateDuration": 365,
    "CertificateGenerationThreshold": 20,
    "CertificatePromotionThreshold": 5,
    "CertificateCriticalThreshold": 2,
    "CertificateRolloverInterval": 720,
    "CertificateThresholdMultiplier": 1440,
    "CertificateSharingContainer": "",
    "HostName": "",
    "Identifier": "",
    "DisplayName": "",
    "FederationPassiveAddress": "/adfs/ls/",
    "HttpPort": 80,
    "HttpsPort": 443,
    "TlsClientPort": 49443,
    "NetTcpPort": 1501,
    "MonitoringInterval": 1440,
    "CurrentFarmBehavior": 4,
    "ClientCertRevocationCheck": "None",
    "ArtifactDbConnection": "",
    "LogLevel": ["Errors", "Information", "Verbose", "Warnings"],
    "AuditLevel": ["Basic"],
    "SsoLifetime": 480,
    "ProxyTrustTokenLifetime": 21600,
    "PersistentSsoCutoffTime": datetime(1, 1, 1, tzinfo=UTC),
}
_SETTABLE = frozenset(_DEFAULT_PROPERTIES) - {"CurrentFarmBehavior", "CertificateSharingContainer", "ArtifactDbConnection", "PersistentSsoCutoffTime"}

_COMMAND_TYPES = {
    "Get-AdfsCertificate": "GetCertificateCommand",
    "Update-AdfsCertificate": "UpdateCertificateCommand",
    "Set-AdfsCertificate": "SetCertificateCommand",
    "Add-AdfsCertificate": "AddCertificateCommand",
    "Remove-AdfsCertificate": "RemoveCertificateCommand",
    "Get-AdfsProperties": "GetServicePropertiesCommand",
    "Set-AdfsProperties": "SetServicePropertiesCommand",
    "Get-AdfsSyncProperties": "GetSyncPropertiesCommand",
    "Get-AdfsFarmInformation": "GetFarmInformationCommand",
    "Get-AdfsRelyingPartyTrust": "GetRelyingPartyTrustCommand",
    "Get-AdfsClaimsProviderTrust": "GetClaimsProviderTrustCommand",
    "Get-AdfsWebApiApplication": "GetWebApiApplicationCommand",
    "Get-AdfsSslCertificate": "GetSslCertificateCommand",
}
CMDLETS = frozenset(_COMMAND_TYPES)


class CmdletError(Exception):
    """What a cmdlet's error record holds."""

    def __init__(
        self,
        cmdlet: str,
        identifier: str,
        message: str,
        *,
        category: str = "OpenError",
        exception_type: str = "System.InvalidOperationException",
        full_id: str | None = None,
        depth: int = 0,
    ) -> None:
        """``depth``: how many further exceptions are inside the first one, each inside the one before."""
        super().__init__(message)
        self.depth = depth
        self.cmdlet = cmdlet
        self.id = identifier
        self.message = message
        self.category = category
        self.exception_type = exception_type
        self.command_type = _COMMAND_TYPES.get(cmdlet, "")
        self._full_id = full_id

    @property
    def full_id(self) -> str:
        """The FullyQualifiedErrorId."""
        if self._full_id is not None:
            return self._full_id
        return f"{self.id},Microsoft.IdentityServer.Management.Commands.{self.command_type},{self.cmdlet}"


@dataclass(frozen=True, eq=False)
class ServiceCertificate:
    """One certificate of the AD FS configuration."""

    certificate_type: str
    is_primary: bool
    store_location: str
    store_name: str
    keyed: KeyedCertificate

    @property
    def der(self) -> bytes:
        return self.keyed.der

    @property
    def key(self) -> rsa.RSAPrivateKey:
        return self.keyed.key

    @property
    def thumbprint(self) -> str:
        return self.keyed.thumbprint

    @property
    def not_before(self) -> datetime:
        return self.keyed.not_before

    @property
    def not_after(self) -> datetime:
        return self.keyed.not_after


@dataclass
class StoreEntry:
    """A certificate in the store My of one server, of the machine or (in ``location``) of the user that asks."""

    keyed: KeyedCertificate
    has_private_key: bool = True
    service_account_may_read: bool = True
    key_spec: int | None = None
    key_has_file: bool = True
    location: str = "LocalMachine"
    chain: tuple[bytes, ...] = ()
    chain_status: tuple[str, ...] = ()


@dataclass
class Configuration:
    """What the configuration database holds; every WID server has its own copy."""

    certificates: list[ServiceCertificate] = field(default_factory=list)
    properties: dict[str, object] = field(default_factory=dict)
    relying_parties: list[dict[str, object]] = field(default_factory=list)
    claims_providers: list[dict[str, object]] = field(default_factory=list)
    applications: list[dict[str, object]] = field(default_factory=list)
    # Thumbprint of the primary that an administrator promoted by hand, if the last promotion was one.
    promoted_by_hand: str | None = None
    revision: int = 0

    def copied(self) -> Configuration:
        return replace(
            self,
            certificates=list(self.certificates),
            properties=copy.deepcopy(self.properties),
            relying_parties=copy.deepcopy(self.relying_parties),
            claims_providers=copy.deepcopy(self.claims_providers),
            applications=copy.deepcopy(self.applications),
        )

    def of_type(self, certificate_type: str) -> list[ServiceCertificate]:
        return [item for item in self.certificates if item.certificate_type == certificate_type]

    def primary(self, certificate_type: str) -> ServiceCertificate | None:
        return next((item for item in self.of_type(certificate_type) if item.is_primary), None)

    def successor(self, certificate_type: str, now: datetime) -> ServiceCertificate | None:
        """Return the youngest unexpired certificate that is not primary and was made after the primary."""
        primary = self.primary(certificate_type)
        waiting = [
            item
            for item in self.of_type(certificate_type)
            if not item.is_primary and item.not_after > now and (primary is None or item.not_before > primary.not_before)
        ]
        return max(waiting, key=lambda item: item.not_before, default=None)

    def threshold(self, name: str) -> timedelta:
        """Return a threshold in the length of days that the farm uses, a thousand years at most."""
        return timedelta(minutes=min(self.number(name) * self.number("CertificateThresholdMultiplier"), 365_000 * 1440))

    def number(self, name: str) -> int:
        value = self.properties[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} is not a number")
        return value


class Node:
    """One AD FS server. Its methods are the cmdlets run on it."""

    def __init__(self, farm: Farm, name: str, is_primary: bool, poll_duration: int = 300) -> None:
        self.farm = farm
        self.name = name
        self.is_primary = is_primary
        self.poll_duration = poll_duration
        self.clock = farm.clock
        self.module_present = True
        self.synchronizes = True
        self.files: dict[str, bytes] = {}
        # Empty folders that somebody made.
        self.folders: set[str] = set()
        # When a file was last written, by this server's clock.
        self.file_times: dict[str, datetime] = {}
        self.folder_security: dict[str, dict[str, Any]] = {}
        self.store: dict[str, StoreEntry] = {}
        # Errors that cmdlets report instead of doing anything, by the cmdlet's name.
        self.refusals: dict[str, CmdletError] = {}
        # What a cmdlet does and says other than its work or a refusal, by the cmdlet's name: a word of lab.answers.
        self.answers: dict[str, str] = {}
        # What cmdlets that read put out before their answer, by the cmdlet's name: texts, or further objects.
        self.stray: dict[str, list[object]] = {}
        # Members of Get-AdfsSyncProperties that are other than AD FS documents, and what Get-AdfsFarmInformation lists as servers instead of names.
        self.sync_members: dict[str, object] = {}
        self.farm_nodes: list[object] | None = None
        # Entries of the event log AD FS/Admin besides those of the farm's own acts: Id, TimeCreated, Level, Message.
        self.logged: list[dict[str, Any]] = []
        # False: an AD FS of before Windows Server 2016, which has no Get-AdfsFarmInformation.
        self.knows_farm_information = True
        self.service_account = "CONTOSO\\adfs-service$"
        self.service_account_sid = "S-1-5-21-1004336348-1177238915-682003330-1604"
        self.last_sync_time: datetime | None = None
        self.last_sync_status = 0
        self.next_sync = farm.clock.now() + timedelta(seconds=poll_duration)
        self._running = True
        self._configuration = Configuration()
        self._loaded_signer: str | None = None

    # -- the service ---------------------------------------------------------------------------------------------------------

    @property
    def service_running(self) -> bool:
        return self._running

    def stop_service(self) -> None:
        """Stop adfssrv: cmdlets fail, nothing is signed, nothing is synchronized."""
        self._running = False

    def start_service(self) -> None:
        """Start adfssrv, which loads the primary certificate; it stays stopped where this server lacks the key."""
        self._running = not self._missing_key()
        self._loaded_signer = None
        self._load_signer(by_hand=False)

    def restart_service(self) -> None:
        """Restart adfssrv."""
        self.stop_service()
        self.start_service()

    @property
    def configuration(self) -> Configuration:
        """This server's own copy (on the primary, and on every server of a SQL farm, the farm's configuration itself)."""
        return self.farm.configuration if self.is_primary else self._configuration

    @property
    def signer(self) -> ServiceCertificate | None:
        """The certificate that this server signs tokens with now, or None while its service does not run."""
        if not self._running:
            return None
        loaded = self._loaded_signer
        known = {item.thumbprint: item for item in self.farm.every_certificate if item.certificate_type == TOKEN_SIGNING}
        return known.get(loaded) if loaded is not None else self.configuration.primary(TOKEN_SIGNING)

    @property
    def published_signing_certificates(self) -> list[ServiceCertificate]:
        """The signing certificates in this server's federation metadata, in the order of the document."""
        primary_last = bool(self.farm.switches["metadata_lists_primary_last"])
        return sorted(self.configuration.of_type(TOKEN_SIGNING), key=lambda item: item.is_primary is not primary_last, reverse=True)

    @property
    def published_encryption_certificate(self) -> ServiceCertificate | None:
        """The one encryption certificate in this server's federation metadata."""
        return self.configuration.primary(TOKEN_DECRYPTING)

    def _missing_key(self) -> str | None:
        for certificate_type in ROLLOVER_TYPES:
            primary = self.configuration.primary(certificate_type)
            if primary is None or primary.store_location != "LocalMachine":
                continue
            entry = self.store.get(primary.thumbprint)
            if entry is None or not entry.has_private_key or not entry.service_account_may_read:
                return primary.thumbprint
        return None

    def take_copy(self, configuration: Configuration) -> None:
        """Replace this server's copy, as a synchronization does. A server without the new primary's key stops."""
        self._configuration = configuration
        self.configuration_changed()

    def configuration_changed(self) -> None:
        """React to a configuration that is new to this server."""
        missing = self._missing_key()
        if self._running and missing is not None:
            self._running = False
            self.farm.record_event(self.name, 133, f"The private key of the certificate '{missing}' cannot be accessed; the service stops.")
        self._load_signer(by_hand=self.configuration.promoted_by_hand is not None)

    def _load_signer(self, by_hand: bool) -> None:
        primary = self.configuration.primary(TOKEN_SIGNING)
        if by_hand and self.farm.switches["restart_needed_after_manual_promotion"] and self._loaded_signer is not None:
            return
        self._loaded_signer = None if primary is None else primary.thumbprint

    # -- cmdlets -------------------------------------------------------------------------------------------------------------

    def import_module(self) -> None:
        """Import-Module ADFS. Raises CmdletError where the module is not installed."""
        if not self.module_present:
            raise CmdletError(
                "Import-Module",
                "Modules_ModuleNotFound",
                "The specified module 'ADFS' was not loaded because no valid module file was found in any module directory.",
                category="ResourceUnavailable",
                exception_type="System.IO.FileNotFoundException",
                full_id="Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
            )

    def get_adfs_certificate(self, certificate_type: str | None = None) -> list[ServiceCertificate]:
        """Get-AdfsCertificate."""
        self._begin("Get-AdfsCertificate", on_secondary=bool(self.farm.switches["secondary_answers_get_certificate"]))
        if certificate_type is None:
            return answers.listed(self, self.configuration.certificates)
        self._check_type("Get-AdfsCertificate", certificate_type, CERTIFICATE_TYPES)
        return answers.listed(self, self.configuration.of_type(certificate_type))

    def update_adfs_certificate(self, certificate_type: str | None = None, urgent: bool = False) -> None:
        """Update-AdfsCertificate: make a successor, or with ``urgent`` replace everything at once."""
        cmdlet = "Update-AdfsCertificate"
        self._begin(cmdlet)
        if certificate_type is not None:
            self._check_type(cmdlet, certificate_type, ROLLOVER_TYPES)
        if not self.farm.auto_certificate_rollover:
            raise CmdletError(cmdlet, "AutoCertificateRolloverDisabled", "Certificates cannot be updated because automatic certificate rollover is disabled.")
        for wanted in ROLLOVER_TYPES if certificate_type is None else (certificate_type,):
            answers.carry_out(self, cmdlet, lambda wanted=wanted: self.farm.update(wanted, urgent, cmdlet), kind=wanted)  # type: ignore[misc]

    def set_adfs_certificate(self, certificate_type: str, thumbprint: str, is_primary: bool = True) -> None:
        """Set-AdfsCertificate -IsPrimary: promote a certificate that the configuration holds."""
        cmdlet = "Set-AdfsCertificate"
        self._begin(cmdlet)
        self._check_type(cmdlet, certificate_type, CERTIFICATE_TYPES)
        if certificate_type == SERVICE_COMMUNICATIONS:
            self.farm.put(self._from_store(cmdlet, certificate_type, thumbprint, True), replace_primary=True)
            return
        if not self.farm.switches["promotion_allowed_while_rollover_on"]:
            self._refuse_while_rollover_on(cmdlet, certificate_type)
        target = self._find(cmdlet, certificate_type, thumbprint)

        def work() -> None:
            if is_primary and not target.is_primary:
                self.farm.promote(target, self.clock.now(), by_hand=True)

        answers.carry_out(self, cmdlet, work, kind=certificate_type, thumbprint=thumbprint)

    def add_adfs_certificate(self, certificate_type: str, thumbprint: str, is_primary: bool = False) -> None:
        """Add-AdfsCertificate: take a certificate from this server's LocalMachine\\My into the configuration."""
        cmdlet = "Add-AdfsCertificate"
        self._begin(cmdlet)
        self._check_type(cmdlet, certificate_type, ROLLOVER_TYPES)
        self._refuse_while_rollover_on(cmdlet, certificate_type)
        entry = self._from_store(cmdlet, certificate_type, thumbprint, False)
        if any(item.thumbprint == entry.thumbprint for item in self.configuration.of_type(certificate_type)):
            raise CmdletError(cmdlet, "CertificateExists", f"The certificate '{entry.thumbprint}' is already in the {certificate_type} collection.")
        answers.carry_out(self, cmdlet, lambda: self.farm.put(entry, replace_primary=False), kind=certificate_type, thumbprint=thumbprint)
        if is_primary:
            self.farm.promote(entry, self.clock.now(), by_hand=True)

    def remove_adfs_certificate(self, certificate_type: str, thumbprint: str) -> None:
        """Remove-AdfsCertificate: take a certificate out of the configuration; the primary stays."""
        cmdlet = "Remove-AdfsCertificate"
        self._begin(cmdlet)
        self._check_type(cmdlet, certificate_type, ROLLOVER_TYPES)
        self._refuse_while_rollover_on(cmdlet, certificate_type)
        target = self._find(cmdlet, certificate_type, thumbprint)
        if target.is_primary:
            raise CmdletError(cmdlet, "PrimaryCertificate", f"The certificate '{target.thumbprint}' is the primary {certificate_type} certificate.")
        answers.carry_out(self, cmdlet, lambda: self.farm.drop(target, self.clock.now()), kind=certificate_type, thumbprint=thumbprint)

    def get_adfs_properties(self) -> dict[str, object]:
        """Get-AdfsProperties: a subset of the real members."""
        self._begin("Get-AdfsProperties")
        return copy.deepcopy(self.configuration.properties)

    def set_adfs_properties(self, **members: object) -> None:
        """Set-AdfsProperties."""
        cmdlet = "Set-AdfsProperties"
        self._begin(cmdlet)
        for name, value in members.items():
            if name not in _SETTABLE:
                raise _binding_error(
                    cmdlet,
                    "NamedParameterNotFound",
                    "InvalidArgument",
                    "ParameterBindingException",
                    f"A parameter cannot be found that matches parameter name '{name}'.",
                )
            if type(value) is not type(_DEFAULT_PROPERTIES[name]):
                raise _binding_error(
                    cmdlet,
                    "ParameterArgumentTransformationError",
                    "InvalidData",
                    "ParameterBindingArgumentTransformationException",
                    f"Cannot process argument transformation on parameter '{name}'. Cannot convert the value.",
                )
        answers.carry_out(self, cmdlet, lambda: self.farm.set_properties(members), names=tuple(members))

    def get_adfs_sync_properties(self) -> dict[str, object]:
        """Get-AdfsSyncProperties; works on secondaries too."""
        self._begin("Get-AdfsSyncProperties", on_secondary=True)
        return {**self._sync_properties(), **self.sync_members}

    def _sync_properties(self) -> dict[str, object]:
        if self.farm.database == "sql":
            return {"Role": self.farm.switches["sql_role"]}
        if self.is_primary:
            return {"Role": "PrimaryComputer"}
        primary = self.farm.primary_node.name
        return {
            "LastSyncFromPrimaryComputerName": primary,
            "LastSyncStatus": self.last_sync_status,
            "LastSyncTime": self.last_sync_time,
            "PollDuration": self.poll_duration,
            "PrimaryComputerName": primary,
            "PrimaryComputerPort": 80,
            "Role": "SecondaryComputer",
        }

    def get_adfs_farm_information(self) -> dict[str, object]:
        """Get-AdfsFarmInformation."""
        self._begin("Get-AdfsFarmInformation")
        listed: list[object] = [node.name for node in self.farm.listed_nodes] if self.farm_nodes is None else self.farm_nodes
        return {"CurrentFarmBehavior": self.configuration.properties["CurrentFarmBehavior"], "FarmNodes": listed}

    def get_adfs_ssl_certificate(self) -> list[str]:
        """Get-AdfsSslCertificate: the hashes of the TLS bindings, here those of the service communications certificate."""
        self._begin("Get-AdfsSslCertificate", on_secondary=True)
        return [item.thumbprint for item in self.configuration.of_type(SERVICE_COMMUNICATIONS)]

    def get_adfs_relying_party_trust(self) -> list[dict[str, object]]:
        """Get-AdfsRelyingPartyTrust: a subset of the real members."""
        self._begin("Get-AdfsRelyingPartyTrust")
        return copy.deepcopy(self.configuration.relying_parties)

    def get_adfs_claims_provider_trust(self) -> list[dict[str, object]]:
        """Get-AdfsClaimsProviderTrust: a subset of the real members."""
        self._begin("Get-AdfsClaimsProviderTrust")
        return copy.deepcopy(self.configuration.claims_providers)

    def get_adfs_web_api_application(self) -> list[dict[str, object]]:
        """Get-AdfsWebApiApplication: a subset of the real members."""
        self._begin("Get-AdfsWebApiApplication")
        return copy.deepcopy(self.configuration.applications)

    def get_win_event(self, ids: list[int], since: datetime | None, most: int) -> list[dict[str, Any]]:
        """Get-WinEvent on the log AD FS/Admin, the newest first. It needs no running service."""
        if "Get-WinEvent" in self.refusals:
            raise self.refusals["Get-WinEvent"]
        own = [
            {"Id": item["id"], "TimeCreated": datetime.fromisoformat(str(item["time"]).replace("Z", "+00:00")), "Level": 4, "Message": item["text"]}
            for item in self.farm.events
            if item["node"] == self.name
        ]
        found = [item for item in (*self.logged, *own) if item["Id"] in ids and (since is None or item["TimeCreated"] >= since)]
        return sorted(found, key=lambda item: item["TimeCreated"], reverse=True)[:most]

    # -- what all cmdlets share ----------------------------------------------------------------------------------------------

    def _begin(self, cmdlet: str, on_secondary: bool = False) -> None:
        self.farm.tick(self.clock.now())
        self.import_module()
        if cmdlet in self.refusals:
            raise self.refusals[cmdlet]
        if not self._running:
            raise CmdletError(
                cmdlet,
                "",
                "Could not connect to net.tcp://localhost:1500/policy. The connection attempt lasted for a time span of 00:00:02.0470000. "
                "TCP error code 10061: No connection could be made because the target machine actively refused it 127.0.0.1:1500.",
                exception_type="System.ServiceModel.EndpointNotFoundException",
                full_id=f"Microsoft.IdentityServer.Management.Commands.{_COMMAND_TYPES[cmdlet]},{cmdlet}",
            )
        if not self.is_primary and not on_secondary:
            raise CmdletError(
                cmdlet,
                "PS0033",
                "PS0033: This cmdlet cannot be executed from a secondary server in a local database farm.  "
                f"The primary server is presently: {self.farm.primary_node.name}.",
            )

    @staticmethod
    def _check_type(cmdlet: str, certificate_type: str, allowed: tuple[str, ...]) -> None:
        if certificate_type not in allowed:
            raise _binding_error(
                cmdlet,
                "ParameterArgumentValidationError",
                "InvalidData",
                "ParameterBindingValidationException",
                f"Cannot validate argument on parameter 'CertificateType'. The argument \"{certificate_type}\" does not belong to the set "
                f'"{",".join(allowed)}" specified by the ValidateSet attribute.',
            )

    def _refuse_while_rollover_on(self, cmdlet: str, certificate_type: str) -> None:
        if self.farm.auto_certificate_rollover:
            raise CmdletError(
                cmdlet, "AutoCertificateRolloverEnabled", f"{certificate_type} certificates cannot be changed while AutoCertificateRollover is enabled."
            )

    def _find(self, cmdlet: str, certificate_type: str, thumbprint: str) -> ServiceCertificate:
        for item in self.configuration.of_type(certificate_type):
            if item.thumbprint == thumbprint.upper():
                return item
        raise CmdletError(cmdlet, "CertificateNotFound", f"The certificate '{thumbprint}' is not in the {certificate_type} collection.")

    def _from_store(self, cmdlet: str, certificate_type: str, thumbprint: str, is_primary: bool) -> ServiceCertificate:
        entry = self.store.get(thumbprint.upper())
        if entry is None:
            raise CmdletError(cmdlet, "CertificateNotInStore", f"The certificate '{thumbprint}' was not found in the store My of the local machine.")
        return ServiceCertificate(certificate_type, is_primary, "LocalMachine", "My", entry.keyed)


def _binding_error(cmdlet: str, identifier: str, category: str, exception: str, message: str) -> CmdletError:
    """Return what PowerShell itself reports when it cannot bind the parameters of a cmdlet."""
    return CmdletError(
        cmdlet, identifier, message, category=category, exception_type=f"System.Management.Automation.{exception}", full_id=f"{identifier},{cmdlet}"
    )


class Farm:
    """A farm: its configuration, its servers, and the clock by which AD FS renews its own certificates."""

    def __init__(
        self,
        clock: Clock,
        host_name: str,
        node_names: list[str],
        *,
        identifier: str | None = None,
        database: str = "wid",
        properties: dict[str, object] | None = None,
        relying_parties: list[dict[str, Any]] | None = None,
        entra_connect: bool = False,
        claims_providers: list[dict[str, Any]] | None = None,
        applications: list[dict[str, Any]] | None = None,
        switches: dict[str, object] | None = None,
        poll_duration: int = 300,
        checks_at: timedelta = timedelta(hours=23),
    ) -> None:
        """``node_names``: FQDNs, the primary first. ``checks_at``: a time of day (UTC) at which a rollover check falls."""
        unknown = sorted(set(switches or {}) - set(SWITCHES))
        if unknown:
            raise ValueError(f"unknown switches of a farm: {', '.join(unknown)}")
        unknown = sorted(set(properties or {}) - set(_DEFAULT_PROPERTIES))
        if unknown:
            raise ValueError(f"unknown AD FS properties: {', '.join(unknown)}")
        self.clock = clock
        self.database = database
        self.switches: dict[str, object] = {**SWITCHES, **(switches or {})}
        self.events: list[dict[str, object]] = []
        self.every_certificate: list[ServiceCertificate] = []
        self.configuration = Configuration(
            properties={
                **copy.deepcopy(_DEFAULT_PROPERTIES),
                "HostName": host_name,
                "Identifier": identifier or f"http://{host_name}/adfs/services/trust",
                "DisplayName": host_name,
                "CertificateSharingContainer": f"CN={uuid.uuid4()},CN=ADFS,CN=Microsoft,CN=Program Data,DC=contoso,DC=com",
                "ArtifactDbConnection": "Data Source=np:\\\\.\\pipe\\microsoft##wid\\tsql\\query;Initial Catalog=AdfsArtifactStore;Integrated Security=True"
                if database == "wid"
                else "Data Source=sql.contoso.com;Initial Catalog=AdfsArtifactStore;Integrated Security=True",
                **(properties or {}),
            },
            relying_parties=[entra_trust(entra_connect), *(relying_party(**item) for item in relying_parties or [])],
            claims_providers=[claims_provider("Active Directory", "AD AUTHORITY"), *(claims_provider(**item) for item in claims_providers or [])],
            applications=[web_api(**item) for item in applications or []],
        )
        self.nodes = [Node(self, name, is_primary=database == "sql" or number == 0, poll_duration=poll_duration) for number, name in enumerate(node_names)]
        # Servers that exist but that Get-AdfsFarmInformation does not list (restored snapshots): a scenario shortens this list.
        self.listed_nodes = list(self.nodes)
        # How a new certificate comes about: common name, first and last moment of validity. Tests put ready ones here.
        self.make_certificate: Callable[[str, datetime, datetime], KeyedCertificate] = self_signed
        midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self._grid = midnight + checks_at - timedelta(days=1)
        self._last_check = clock.now()

    @property
    def primary_node(self) -> Node:
        return self.nodes[0]

    @property
    def host_name(self) -> str:
        return str(self.configuration.properties["HostName"])

    @property
    def identifier(self) -> str:
        return str(self.configuration.properties["Identifier"])

    @property
    def auto_certificate_rollover(self) -> bool:
        return bool(self.configuration.properties["AutoCertificateRollover"])

    # -- time ----------------------------------------------------------------------------------------------------------------

    def next_check(self) -> datetime:
        """Return when AD FS looks at its certificates next."""
        interval = timedelta(minutes=min(self.configuration.number("CertificateRolloverInterval"), 365_000 * 1440))
        passed = (self._last_check - self._grid) // interval
        return self._grid + (passed + 1) * interval

    def next_event(self) -> datetime:
        """Return the moment of the next check or synchronization."""
        return min([self.next_check(), *(node.next_sync for node in self.nodes if not node.is_primary)])

    def tick(self, now: datetime) -> None:
        """Process all checks and synchronizations that were due up to ``now``, in the order of time."""
        while self.next_event() <= now:
            moment = self.next_event()
            if self.next_check() == moment:
                self._last_check = moment
                self._check(moment)
            for node in self.nodes:
                if not node.is_primary and node.next_sync == moment:
                    self.synchronize(node, moment)

    def synchronize(self, node: Node, now: datetime) -> None:
        """Let a secondary fetch the configuration from the primary, if both are able to."""
        node.next_sync = now + timedelta(seconds=node.poll_duration)
        if node.is_primary or not node.service_running:
            return
        if not node.synchronizes or not self.primary_node.service_running:
            node.last_sync_status = 1
            return
        if node.configuration.revision != self.configuration.revision:
            node.take_copy(self.configuration.copied())
        node.last_sync_status = 0
        node.last_sync_time = now.replace(microsecond=0)

    def _check(self, now: datetime) -> None:
        """AD FS' own rollover clock: remove what is past, promote what is due, generate what is missing."""
        if not self.auto_certificate_rollover or not any(node.is_primary and node.service_running for node in self.nodes):
            return
        keep = timedelta(days=float(str(self.switches["old_removed_after_days"])))
        for certificate_type in ROLLOVER_TYPES:
            for item in self.configuration.of_type(certificate_type):
                if not item.is_primary and now >= item.not_after + keep:
                    self.drop(item, now)
            primary = self.configuration.primary(certificate_type)
            if primary is None:
                continue
            left = primary.not_after - now
            critical = left <= self.configuration.threshold("CertificateCriticalThreshold")
            successor = self.configuration.successor(certificate_type, now)
            if successor is None and (critical or left <= self.configuration.threshold("CertificateGenerationThreshold")):
                successor = self.generate(certificate_type, now)
            if successor is None:
                continue
            if critical or now >= successor.not_before + self.configuration.threshold("CertificatePromotionThreshold"):
                self.promote(successor, now, by_hand=False)

    def install(self, certificates: list[ServiceCertificate]) -> None:
        """Set the certificates that the farm starts with, on every server."""
        self.every_certificate += certificates
        self._set_certificates(certificates)
        for node in self.nodes:
            if not node.is_primary:
                node.take_copy(self.configuration.copied())
                node.last_sync_time = self.clock.now().replace(microsecond=0)

    # -- changes of the configuration ----------------------------------------------------------------------------------------

    def put(self, item: ServiceCertificate, replace_primary: bool) -> None:
        """Add a certificate to the configuration; ``replace_primary`` takes out the primary of its type."""
        self.every_certificate.append(item)
        if replace_primary:
            self._set_certificates([other for other in self.configuration.certificates if not self._same_role(other, item)] + [item])
        else:
            self._set_certificates([*self.configuration.certificates, item])

    def generate(self, certificate_type: str, now: datetime) -> ServiceCertificate:
        """Make a new self-signed certificate and add it as a secondary."""
        purpose = "Signing" if certificate_type == TOKEN_SIGNING else "Encryption"
        born = now.replace(microsecond=0)
        keyed = self.make_certificate(f"ADFS {purpose} - {self.host_name}", born, born + timedelta(days=self.configuration.number("CertificateDuration")))
        item = ServiceCertificate(certificate_type, False, "CurrentUser", "My", keyed)
        self.put(item, replace_primary=False)
        self.record_event(self.primary_node.name, 335, f"MSIS10005: certificate '{item.thumbprint}' added to the '{purpose}' collection.", now)
        return item

    def promote(self, item: ServiceCertificate, now: datetime, by_hand: bool) -> None:
        """Make a certificate of the configuration the primary of its type."""
        if item.certificate_type == TOKEN_SIGNING:
            self.configuration.promoted_by_hand = item.thumbprint if by_hand else None
        self._set_certificates(
            [
                replace(other, is_primary=other.thumbprint == item.thumbprint) if other.certificate_type == item.certificate_type else other
                for other in self.configuration.certificates
            ]
        )
        self.record_event(self.primary_node.name, 335, f"MSIS10004: certificate '{item.thumbprint}' set as primary.", now)

    def drop(self, item: ServiceCertificate, now: datetime) -> None:
        """Take a certificate out of the configuration."""
        self._set_certificates(
            [other for other in self.configuration.certificates if (other.certificate_type, other.thumbprint) != (item.certificate_type, item.thumbprint)]
        )
        self.record_event(self.primary_node.name, 335, f"MSIS10006: certificate '{item.thumbprint}' removed.", now)

    def update(self, certificate_type: str, urgent: bool, cmdlet: str) -> None:
        """Carry out Update-AdfsCertificate for one type. Raises CmdletError PS0139 where a second certificate is in the way."""
        now = self.clock.now()
        others = [item for item in self.configuration.of_type(certificate_type) if not item.is_primary]
        if urgent:
            before = self.configuration.of_type(certificate_type)
            self.promote(self.generate(certificate_type, now), now, by_hand=False)
            for item in [] if self.switches["urgent_keeps_old"] else before:
                self.drop(item, now)
            return
        blocking = [item for item in others if item.not_after > now or self.switches["expired_secondary_refuses_update"]]
        if blocking:
            purpose = "Signing" if certificate_type == TOKEN_SIGNING else "Encryption"
            due = blocking[0].not_before + self.configuration.threshold("CertificatePromotionThreshold")
            raise CmdletError(
                cmdlet,
                "PS0139",
                f"PS0139: A certificate of type '{purpose}' already exists and is due to be promoted to primary at '{due:%A, %B} {due.day}, {due.year}'. "
                "To remove the current set and generate a new primary certificate, use the -Urgent option.",
            )
        for item in others:
            self.drop(item, now)
        self.generate(certificate_type, now)

    def set_properties(self, members: dict[str, object]) -> None:
        """Set service properties that were checked before."""
        was_on = self.auto_certificate_rollover
        now = self.clock.now()
        self.configuration.properties.update(members)
        self.configuration.revision += 1
        self._last_check = max(self._last_check, now)
        if self.switches["enabling_rollover_checks_at_once"] and self.auto_certificate_rollover and not was_on:
            self._check(now)

    def record_event(self, node: str, number: int, text: str, now: datetime | None = None) -> None:
        """Write an entry into the event log AD FS/Admin."""
        self.events.append({"time": (now or self.clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ"), "node": node, "id": number, "text": text})

    def _set_certificates(self, certificates: list[ServiceCertificate]) -> None:
        self.configuration.certificates = certificates
        self.configuration.revision += 1
        for node in self.nodes:
            if node.is_primary:
                node.configuration_changed()

    @staticmethod
    def _same_role(one: ServiceCertificate, other: ServiceCertificate) -> bool:
        return one.certificate_type == other.certificate_type and one.is_primary == other.is_primary


def relying_party(name: str, identifiers: list[str], **members: object) -> dict[str, object]:
    """Return a relying party trust with the real cmdlet's member names."""
    trust: dict[str, object] = {
        "Name": name,
        "Identifier": list(identifiers),
        "Enabled": True,
        "MonitoringEnabled": False,
        "AutoUpdateEnabled": False,
        "MetadataUrl": None,
        "LastMonitoredTime": None,
        "LastUpdateTime": None,
        "TokenLifetime": 0,
        "NotBeforeSkew": 0,
        "SignatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "EncryptClaims": True,
        "Notes": "",
        "WSFedEndpoint": None,
        "IssuanceTransformRules": "",
    }
    unknown = sorted(set(members) - set(trust))
    if unknown:
        raise ValueError(f"unknown members of a relying party trust: {', '.join(unknown)}")
    return {**trust, **members}


# Names that Microsoft Entra Connect gives to claim rules; what the rules say is of no use to the lab.
_CONNECT_RULES = (
    "Issue UPN",
    "Query objectguid and msdsconsistencyguid for custom ImmutableId claim",
    "Issue nameidentifier",
    "Issue issuerid when it is not a computer account",
    "Issue Password Expiry Claims",
    "Pass through claim - insideCorporateNetwork",
)


def entra_trust(entra_connect: bool = False) -> dict[str, object]:
    """Return the trust of Microsoft Entra ID; ``entra_connect``: as Microsoft Entra Connect leaves it."""
    names = _CONNECT_RULES if entra_connect else ("User principal name", "Immutable ID")
    return relying_party(
        "Microsoft Office 365 Identity Platform",
        [ENTRA_IDENTIFIER, "https://login.microsoftonline.com/extSTS.srf"],
        MonitoringEnabled=True,
        AutoUpdateEnabled=True,
        MetadataUrl="https://nexus.microsoftonline-p.com/federationmetadata/2007-06/federationmetadata.xml",
        WSFedEndpoint="https://login.microsoftonline.com/login.srf",
        IssuanceTransformRules="".join(f'\r\n@RuleName = "{name}"\r\nc:[]\r\n => issue(claim = c);\r\n' for name in names),
    )


def claims_provider(name: str, identifier: str, **members: object) -> dict[str, object]:
    """Return a claims provider trust with the real cmdlet's member names."""
    trust: dict[str, object] = {
        "Name": name,
        "Identifier": identifier,
        "Enabled": True,
        "MonitoringEnabled": False,
        "AutoUpdateEnabled": False,
        "MetadataUrl": None,
    }
    return {**trust, **members}


def web_api(name: str, identifiers: list[str], **members: object) -> dict[str, object]:
    """Return a Web API of an application group with the real cmdlet's member names."""
    application: dict[str, object] = {
        "Name": name,
        "Identifier": list(identifiers),
        "ApplicationGroupIdentifier": name,
        "Enabled": True,
        "TokenLifetime": 0,
        "NotBeforeSkew": 0,
    }
    return {**application, **members}
