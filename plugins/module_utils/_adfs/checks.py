# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Checks of a farm that can be made from what was read, each with a result and advice."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import from_record
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import (
    CERTIFICATE_TYPES,
    ROLLOVER_TYPES,
    SERVICE_COMMUNICATIONS,
    FarmCertificate,
    Look,
)


def check(name: str, result: str, advice: str = "", thumbprint: str | None = None) -> dict[str, t.Any]:
    """Return the shape of a check; ``result`` is ok, warn, fail, unknown or not_applicable. ``thumbprint``: of the certificate that it is about."""
    return {"name": name, "result": result, "advice": advice, "thumbprint": thumbprint}


def of_one(thumbprint: str, found: t.Iterable[t.Mapping[str, str]]) -> list[dict[str, t.Any]]:
    """Return checks of one certificate as checks of a farm."""
    return [check(item["name"], item["result"], item["advice"], thumbprint) for item in found]


def of_certificates(certificates: t.Sequence[FarmCertificate], now: datetime) -> list[dict[str, t.Any]]:
    """Return the checks that need the certificates only."""
    return [_one_primary(certificates), _validity(certificates, now), _separate_key(certificates)]


def of_properties(certificates: t.Sequence[FarmCertificate], properties: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the checks that need the service properties too."""
    automatic = properties.get("AutoCertificateRollover")
    tokens = [item for item in certificates if item.certificate_type in ROLLOVER_TYPES]
    custom = [item for item in tokens if item.store_location == "LocalMachine" or not item.certificate.self_signed]
    return [_custom(custom, automatic), _sharing_container(properties, any(item not in custom for item in tokens))]


def of_unread(look: Look, parts: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Return one check for each of these parts: whether the server let it be read."""
    found = []
    for part in parts:
        if part not in look.parts:
            continue
        outcome = look.parts[part]
        advice = "" if outcome["ok"] else str(from_record(outcome["error"], f"read_farm ({part})"))
        found.append(check(f"{part}_readable", "ok" if outcome["ok"] else "unknown", advice))
    return found


def _one_primary(certificates: t.Sequence[FarmCertificate]) -> dict[str, t.Any]:
    wrong = [kind for kind in CERTIFICATE_TYPES if len([i for i in certificates if i.certificate_type == kind and i.is_primary]) != 1]
    if wrong:
        return check("one_primary_per_type", "fail", f"There is not exactly one primary certificate of {', '.join(wrong)}. See Get-AdfsCertificate.")
    return check("one_primary_per_type", "ok")


def _validity(certificates: t.Sequence[FarmCertificate], now: datetime) -> dict[str, t.Any]:
    outside = [i for i in certificates if i.is_primary and not i.certificate.not_before <= now < i.certificate.not_after]
    if outside:
        named = ", ".join(f"{i.certificate_type} {i.thumbprint}" for i in outside)
        return check("primary_certificates_valid", "fail", f"Not valid at the server's present time: {named}. Renew them now.")
    return check("primary_certificates_valid", "ok")


def _separate_key(certificates: t.Sequence[FarmCertificate]) -> dict[str, t.Any]:
    name = "keys_separate_from_service_communications"
    service = {i.certificate.public_key_sha256 for i in certificates if i.certificate_type == SERVICE_COMMUNICATIONS}
    if not service:
        return check(name, "not_applicable")
    shared = [i for i in certificates if i.certificate_type in ROLLOVER_TYPES and i.certificate.public_key_sha256 in service]
    if shared:
        named = ", ".join(f"{i.certificate_type} {i.thumbprint}" for i in shared)
        return check(name, "warn", f"The key of the service communications certificate is used for tokens too ({named}). Give tokens a key of their own.")
    return check(name, "ok")


def _custom(custom: t.Sequence[FarmCertificate], automatic: t.Any) -> dict[str, t.Any]:
    name = "custom_certificates_without_automatic_rollover"
    if not custom:
        return check(name, "not_applicable")
    if automatic is False:
        return check(name, "ok")
    if automatic is not True:
        return check(name, "unknown", "AD FS did not say whether automatic rollover is on.")
    named = ", ".join(f"{i.certificate_type} {i.thumbprint}" for i in custom)
    return check(
        name,
        "warn",
        f"Automatic rollover is on, though these certificates come from elsewhere: {named}. AD FS will replace them by self-signed ones. "
        "Turn it off with farm_properties (auto_certificate_rollover: false) if they are meant to stay.",
    )


def _sharing_container(properties: t.Mapping[str, t.Any], has_own_certificates: bool) -> dict[str, t.Any]:
    name = "certificate_sharing_container"
    if properties.get("AutoCertificateRollover") is not True and not has_own_certificates:
        return check(name, "not_applicable")
    if properties.get("CertificateSharingContainer"):
        return check(name, "ok")
    return check(
        name,
        "unknown",
        "This account cannot see the container in Active Directory that protects the private keys. If AD FS cannot either, it makes no new certificate; "
        "Set-AdfsCertSharingContainer repairs it.",
    )
