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

from ansible_collections.federation.adfs.plugins.module_utils._adfs import facts
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record, one_line, secondary
from ansible_collections.federation.adfs.plugins.module_utils._adfs.facts import MOST_MINUTES
from ansible_collections.federation.adfs.plugins.module_utils._server_names import among
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, describe, format_time, parse_certificate, parse_time

TOKEN_SIGNING = "Token-Signing"
TOKEN_DECRYPTING = "Token-Decrypting"
SERVICE_COMMUNICATIONS = "Service-Communications"
ROLLOVER_TYPES = (TOKEN_SIGNING, TOKEN_DECRYPTING)
CERTIFICATE_TYPES = (TOKEN_SIGNING, TOKEN_DECRYPTING, SERVICE_COMMUNICATIONS)

_TRUTHS = ("AutoCertificateRollover",)
# With the unit, in seconds, in which AD FS counts, for those that may also come as a duration.
_NUMBERS: dict[str, int | None] = {
    "CertificateDuration": None,
    "CertificateGenerationThreshold": None,
    "CertificatePromotionThreshold": None,
    "CertificateCriticalThreshold": None,
    "CertificateRolloverInterval": 60,
    "CertificateThresholdMultiplier": 60,
    "CurrentFarmBehavior": None,
    "ProxyTrustTokenLifetime": 60,
    "SsoLifetime": 60,
}
_TEXTS = ("CertificateSharingContainer", "HostName", "Identifier")
PROPERTIES = (*_TRUTHS, *_NUMBERS, *_TEXTS)
"""Members of Get-AdfsProperties that are read."""
LIFETIMES = ("SsoLifetime", "ProxyTrustTokenLifetime")
"""Those that say how long what AD FS signed is used."""
_THRESHOLDS = {
    "generation_days": "CertificateGenerationThreshold",
    "promotion_days": "CertificatePromotionThreshold",
    "critical_days": "CertificateCriticalThreshold",
    "rollover_interval_minutes": "CertificateRolloverInterval",
    "threshold_multiplier_minutes": "CertificateThresholdMultiplier",
    "duration_days": "CertificateDuration",
}
_ROLES = {"primarycomputer": True, "secondarycomputer": False}


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
    """The reply of read_farm. ``time`` is the server's clock, ``parts`` the checked outcome of each part that was asked for.

    ``odd``: members of Get-AdfsProperties that are not of the kind that AD FS documents, with what it gave instead; their values are None.
    """

    time: datetime
    server: str
    is_primary: bool
    primary_server: str | None
    sync: t.Mapping[str, t.Any]
    parts: t.Mapping[str, t.Mapping[str, t.Any]] = field(repr=False)
    odd: t.Mapping[str, str] = field(default_factory=dict)

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
    sync = _sync(_must(reply["sync"], "sync"))
    is_primary = _is_primary(_must(reply["sync"], "sync")["role"])
    name = host["name"] if "." not in host["dns_domain"] else f"{host['name'].lower()}.{host['dns_domain'].lower()}"
    try:
        time = parse_time(host["time"])
    except ValueError as exc:
        raise AdfsError(f"The server reports a time that cannot be read: {exc}", id="no_reply") from exc
    server = _as_listed(name, reply)
    parts, odd = dict(reply), {}
    if "properties" in reply and reply["properties"]["ok"]:
        properties, odd = read_properties(reply["properties"]["value"])
        parts["properties"] = {"ok": True, "value": properties}
    return Look(time, server, is_primary, server if is_primary else sync["primary_server"], sync, parts, odd)


def read_properties(found: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], dict[str, str]]:
    """Return the members of Get-AdfsProperties, those that are not of their kind as None; and what AD FS gave for these.

    The numbers are as AD FS gives them, without bounds: they are compared with what somebody wants set.
    """
    values: dict[str, t.Any] = {}
    for name, fact in found.items():
        if name in _TRUTHS:
            values[name] = facts.truth(fact)
        elif name in _NUMBERS:
            values[name] = facts.number(fact, _NUMBERS[name])
        else:
            values[name] = facts.text(fact)
    return values, {name: facts.told(fact) for name, fact in found.items() if values[name] is None and name != "CertificateSharingContainer"}


def names(properties: t.Mapping[str, t.Any]) -> tuple[str, str]:
    """Return the name of the federation service and its identifier. Raises AdfsError where AD FS does not give both."""
    host_name, identifier = properties.get("HostName"), properties.get("Identifier")
    missing = [name for name, value in (("HostName", host_name), ("Identifier", identifier)) if not value]
    if missing or host_name is None or identifier is None:
        raise AdfsError(
            f"AD FS on this server does not say what the federation service is called: Get-AdfsProperties gives no {' and no '.join(missing)}.",
            "See the event log 'AD FS/Admin', and run again when Get-AdfsProperties shows both.",
            "no_farm_name",
        )
    return host_name, identifier


def read_certificates(value: t.Iterable[t.Mapping[str, t.Any]], certificate_type: str | None = None) -> list[FarmCertificate]:
    """Read certificates as a script gives them; by type, the primary first, then the youngest first.

    Raises AdfsError for one that cannot be read, if it is for tokens. Others sign nothing: they are left out.
    """
    found = []
    for item in value:
        if certificate_type is not None and item["certificate_type"] != certificate_type:
            continue
        try:
            certificate = parse_certificate(item["der"])
        except CertificateError as exc:
            if item["certificate_type"] not in ROLLOVER_TYPES:
                continue
            raise AdfsError(
                f"AD FS lists a {one_line(item['certificate_type'], 60)} certificate that cannot be read: {exc}.", "Look at it with Get-AdfsCertificate."
            ) from exc
        found.append(FarmCertificate(item["certificate_type"], item["is_primary"], item["store_location"], item["store_name"], certificate))
    return sorted(found, key=_order)


def unread_types(value: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the types of the certificates that read_certificates leaves out."""
    found = []
    for item in value:
        try:
            parse_certificate(item["der"])
        except CertificateError:
            found.append(str(item["certificate_type"]))
    return found


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
    """Return AD FS' own rollover clock. A "day" of the first three is ``threshold_multiplier_minutes`` long.

    Each time, the days with their length, is at most MOST_MINUTES: see out_of_range.
    """
    found = {name: properties.get(member) for name, member in _THRESHOLDS.items()}
    found["threshold_multiplier_minutes"] = facts.bounded(found["threshold_multiplier_minutes"], MOST_MINUTES)
    found["rollover_interval_minutes"] = facts.bounded(found["rollover_interval_minutes"], MOST_MINUTES)
    found["duration_days"] = facts.bounded(found["duration_days"], facts.MOST_DAYS)
    day = found["threshold_multiplier_minutes"] or 1440
    for name in ("generation_days", "promotion_days", "critical_days"):
        found[name] = facts.bounded(found[name], MOST_MINUTES // day)
    return found


def lifetime(properties: t.Mapping[str, t.Any], member: str) -> int | None:
    """Return one of LIFETIMES in minutes, at most MOST_MINUTES; None if AD FS did not say."""
    return facts.bounded(properties.get(member), MOST_MINUTES)


def out_of_range(properties: t.Mapping[str, t.Any]) -> dict[str, tuple[int, int]]:
    """Return the members that are larger than any time that is believed: what AD FS gave, and what is reckoned with."""
    bounds = thresholds(properties)
    used = {**{member: bounds[name] for name, member in _THRESHOLDS.items()}, **{member: lifetime(properties, member) for member in LIFETIMES}}
    return {member: (properties[member], value) for member, value in used.items() if value is not None and value != properties[member]}


def servers(names: t.Iterable[t.Any]) -> list[dict[str, t.Any]]:
    """Return the servers that AD FS lists, none of them seen yet: only their own metadata can show what they know.

    One that AD FS lists without a name is there all the same, under a name that no server has: it must not count as seen.
    """
    unique: dict[str, str] = {}
    for fact in names:
        name = facts.text(fact) or f"unnamed-server-{len(unique) + 1}"
        unique[name.lower()] = name
    return [
        {"name": name, "seen": False, "how": None, "primary": None, "certificates": [], "last_sync_time": None, "last_sync_status": None}
        for name in unique.values()
    ]


def service_communications_keys(look: Look) -> frozenset[str] | None:
    """Return the public keys (SHA-256) of the service communications certificates, or None where the server does not show them."""
    if "certificates" not in look.parts or not look.parts["certificates"]["ok"]:
        return None
    if SERVICE_COMMUNICATIONS in unread_types(look.value("certificates")):
        return None
    return frozenset(item.certificate.public_key_sha256 for item in look.certificates(SERVICE_COMMUNICATIONS))


def _must(part: t.Mapping[str, t.Any], name: str) -> t.Any:
    if part["ok"]:
        return part["value"]
    raise from_record(part["error"], f"read_farm ({name})")


def _is_primary(role: t.Any) -> bool:
    """What is not clearly said is an error: a server that is taken for the primary one by mistake would be written to."""
    known = _ROLES.get(role.lower()) if isinstance(role, str) else None
    if known is None:
        raise AdfsError(
            f"This server does not say whether it is the primary one of its farm: for the role Get-AdfsSyncProperties gives {facts.told(role)}.",
            "Run Get-AdfsSyncProperties on it; the role must be PrimaryComputer or SecondaryComputer.",
            "role",
        )
    return known


def _sync(found: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what the server says about its synchronization, members that cannot be read as None."""
    time = None
    try:
        moment = parse_time(facts.text(found["last_sync_time"]) or "")
        time = format_time(moment) if moment.year > 1 else None  # how .NET writes "never"
    except ValueError:
        pass
    status = found["last_sync_status"]
    return {
        "primary_server": facts.text(found["primary_server"]),
        "poll_duration": facts.bounded(facts.number(found["poll_duration"], 1), MOST_MINUTES * 60),
        "last_sync_status": status if isinstance(status, int) and not isinstance(status, bool) else None,
        "last_sync_time": time,
    }


def _as_listed(name: str, reply: t.Mapping[str, t.Any]) -> str:
    """Return the server's name as the farm lists it, if it does."""
    listed = reply.get("nodes", {})
    nodes = [node for node in (listed.get("value") or [] if listed.get("ok") else []) if isinstance(node, str)]
    # A server that answers is one of the farm, so where only one has its first name, that is the one, whatever its DNS suffix.
    return among(name, nodes) or among(name.partition(".")[0], nodes) or name


def _order(item: FarmCertificate) -> tuple[int, str, bool, float, str]:
    known = CERTIFICATE_TYPES.index(item.certificate_type) if item.certificate_type in CERTIFICATE_TYPES else len(CERTIFICATE_TYPES)
    return known, item.certificate_type, not item.is_primary, -item.certificate.not_before.timestamp(), item.thumbprint
