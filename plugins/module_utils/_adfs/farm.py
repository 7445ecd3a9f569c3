# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What one look at an AD FS server found, in the shapes that the modules return. No I/O and no clock: the time is the server's own."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record, one_line, secondary
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, describe, parse_certificate, parse_time

TOKEN_SIGNING = "Token-Signing"
TOKEN_DECRYPTING = "Token-Decrypting"
SERVICE_COMMUNICATIONS = "Service-Communications"
ROLLOVER_TYPES = (TOKEN_SIGNING, TOKEN_DECRYPTING)
CERTIFICATE_TYPES = (TOKEN_SIGNING, TOKEN_DECRYPTING, SERVICE_COMMUNICATIONS)

PROPERTIES = (
    "AutoCertificateRollover",
    "CertificateDuration",
    "CertificateGenerationThreshold",
    "CertificatePromotionThreshold",
    "CertificateCriticalThreshold",
    "CertificateRolloverInterval",
    "CertificateThresholdMultiplier",
    "CertificateSharingContainer",
    "CurrentFarmBehavior",
    "HostName",
    "Identifier",
    "ProxyTrustTokenLifetime",
    "SsoLifetime",
)
"""Members of Get-AdfsProperties that are read."""


@dataclass(frozen=True)
class FarmCertificate:
    """One certificate of the AD FS configuration."""

    certificate_type: str
    is_primary: bool
    store_location: str
    store_name: str
    certificate: Certificate

    @property
    def thumbprint(self) -> str:
        return self.certificate.thumbprint

    def shape(self, now: datetime) -> dict[str, t.Any]:
        """Return the shape that the modules give out."""
        return {
            "certificate_type": self.certificate_type,
            "is_primary": self.is_primary,
            "store_location": self.store_location,
            "store_name": self.store_name,
            **describe(self.certificate, now),
        }

    def line(self) -> str:
        """Return one line for a diff."""
        role = "primary" if self.is_primary else "secondary"
        found = self.certificate
        return f"{self.certificate_type} {role} {found.thumbprint} {found.subject} {found.not_before:%Y-%m-%d} to {found.not_after:%Y-%m-%d}"


@dataclass(frozen=True)
class Look:
    """The reply of read_farm. ``time`` is the server's clock, ``parts`` the checked outcome of each part that was asked for."""

    time: datetime
    server: str
    is_primary: bool
    primary_server: str | None
    sync: t.Mapping[str, t.Any]
    parts: t.Mapping[str, t.Mapping[str, t.Any]] = field(repr=False)

    def value(self, part: str) -> t.Any:
        """Return what a part holds. Raises AdfsError where the server refused it."""
        found = self.parts[part]
        if found["ok"]:
            return found["value"]
        raise from_record(found["error"], f"read_farm ({part})", None if self.is_primary else self.primary_server)

    def require_primary(self) -> None:
        """Raise AdfsError, naming the primary server, on a secondary one."""
        if not self.is_primary:
            raise secondary(self.primary_server)

    def certificates(self, certificate_type: str | None = None) -> list[FarmCertificate]:
        """Return the certificates of one type or of all."""
        return read_certificates(self.value("certificates"), certificate_type)


def read_look(reply: t.Mapping[str, t.Any]) -> Look:
    """Read a checked reply of read_farm that holds at least the parts host and sync.

    Raises AdfsError where AD FS does not answer, and for a server that is too old.
    """
    host = _must(reply["host"], "host")
    if not host["knows_farm_information"]:
        raise AdfsError(
            f"The AD FS of this server ({one_line(host['name'], 64)}) is older than that of Windows Server 2016, which is the oldest supported one.",
            "Bring the farm to Windows Server 2016 or later; what an older farm publishes can be read with metadata_info.",
            "too_old",
        )
    sync = _must(reply["sync"], "sync")
    is_primary = sync["role"] != "SecondaryComputer"
    name = host["name"] if "." not in host["dns_domain"] else f"{host['name'].lower()}.{host['dns_domain'].lower()}"
    try:
        time = parse_time(host["time"])
    except ValueError as exc:
        raise AdfsError(f"The server reports a time that cannot be read: {exc}", id="no_reply") from exc
    server = _as_listed(name, reply)
    return Look(time, server, is_primary, server if is_primary else sync["primary_server"] or None, sync, reply)


def read_certificates(value: t.Iterable[t.Mapping[str, t.Any]], certificate_type: str | None = None) -> list[FarmCertificate]:
    """Read certificates as a script gives them; by type, the primary first, then the youngest first."""
    found = []
    for item in value:
        if certificate_type is not None and item["certificate_type"] != certificate_type:
            continue
        try:
            certificate = parse_certificate(item["der"])
        except CertificateError as exc:
            raise AdfsError(
                f"AD FS lists a {one_line(item['certificate_type'], 60)} certificate that cannot be read: {exc}.", "Look at it with Get-AdfsCertificate."
            ) from exc
        found.append(FarmCertificate(item["certificate_type"], item["is_primary"], item["store_location"], item["store_name"], certificate))
    return sorted(found, key=_order)


def primary_of(certificates: t.Iterable[FarmCertificate], certificate_type: str) -> FarmCertificate:
    """Return the one primary certificate of a type. Raises AdfsError where there is none, or more than one."""
    primaries = [item for item in certificates if item.certificate_type == certificate_type and item.is_primary]
    if len(primaries) != 1:
        raise AdfsError(
            f"AD FS lists {len(primaries)} primary {certificate_type} certificates where there must be one.",
            "Look at them with Get-AdfsCertificate and mend that by hand first.",
            "primary",
        )
    return primaries[0]


def successor_of(certificates: t.Iterable[FarmCertificate], certificate_type: str, now: datetime) -> FarmCertificate | None:
    """Return the certificate that waits to become primary: not expired, and valid from a later time on than the primary.

    After a promotion the old certificate is a leftover and no successor.
    """
    listed = [item for item in certificates if item.certificate_type == certificate_type]
    primary = primary_of(listed, certificate_type)
    waiting = [
        item for item in listed if not item.is_primary and item.certificate.not_after > now and item.certificate.not_before > primary.certificate.not_before
    ]
    return max(waiting, key=lambda item: item.certificate.not_before, default=None)


def thresholds(properties: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return AD FS' own rollover clock. A "day" of the first three is ``threshold_multiplier_minutes`` long."""
    return {
        "generation_days": properties.get("CertificateGenerationThreshold"),
        "promotion_days": properties.get("CertificatePromotionThreshold"),
        "critical_days": properties.get("CertificateCriticalThreshold"),
        "rollover_interval_minutes": properties.get("CertificateRolloverInterval"),
        "threshold_multiplier_minutes": properties.get("CertificateThresholdMultiplier"),
        "duration_days": properties.get("CertificateDuration"),
    }


def servers(names: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Return the servers that AD FS lists, none of them seen yet: only their own metadata can show what they know."""
    unique = {name.lower(): name for name in names if name}
    return [
        {"name": name, "seen": False, "how": None, "primary": None, "certificates": [], "last_sync_time": None, "last_sync_status": None}
        for name in unique.values()
    ]


def relying_parties(value: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the relying party trusts."""
    return [{**item, "metadata_url": item["metadata_url"] or None} for item in value]


def service_communications_keys(look: Look) -> frozenset[str] | None:
    """Return the public keys (SHA-256) of the service communications certificates, or None where the server does not show them."""
    if "certificates" not in look.parts or not look.parts["certificates"]["ok"]:
        return None
    return frozenset(item.certificate.public_key_sha256 for item in look.certificates(SERVICE_COMMUNICATIONS))


def _must(part: t.Mapping[str, t.Any], name: str) -> t.Any:
    if part["ok"]:
        return part["value"]
    raise from_record(part["error"], f"read_farm ({name})")


def _as_listed(name: str, reply: t.Mapping[str, t.Any]) -> str:
    """Return the server's name as the farm lists it, if it does."""
    listed = reply.get("nodes", {})
    for node in listed.get("value") or [] if listed.get("ok") else []:
        if node.lower() == name.lower() or node.lower().split(".")[0] == name.lower().split(".")[0]:
            return str(node)
    return name


def _order(item: FarmCertificate) -> tuple[int, str, bool, float, str]:
    known = CERTIFICATE_TYPES.index(item.certificate_type) if item.certificate_type in CERTIFICATE_TYPES else len(CERTIFICATE_TYPES)
    return known, item.certificate_type, not item.is_primary, -item.certificate.not_before.timestamp(), item.thumbprint
