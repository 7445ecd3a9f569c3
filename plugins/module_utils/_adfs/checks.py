# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Checks of a farm that can be made from what was read, each with a result and advice."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.federation.adfs.plugins.module_utils._adfs import facts
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import from_record, one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import (
    CERTIFICATE_TYPES,
    ROLLOVER_TYPES,
    SERVICE_COMMUNICATIONS,
    FarmCertificate,
    Look,
    out_of_range,
)
from ansible_collections.federation.adfs.plugins.module_utils._adfs.partner_view import weakness


def check(name: str, result: str, advice: str = "", thumbprint: str | None = None) -> dict[str, t.Any]:
    """Return the shape of a check; ``result`` is ok, warn, fail, unknown or not_applicable. ``thumbprint``: of the certificate that it is about."""
    return {"name": name, "result": result, "advice": advice, "thumbprint": thumbprint}


def of_one(thumbprint: str, found: t.Iterable[t.Mapping[str, str]]) -> list[dict[str, t.Any]]:
    """Return checks of one certificate as checks of a farm."""
    return [check(item["name"], item["result"], item["advice"], thumbprint) for item in found]


def of_certificates(certificates: t.Sequence[FarmCertificate], now: datetime, unread: t.Collection[str] = ()) -> list[dict[str, t.Any]]:
    """Return the checks that need the certificates only. ``unread``: the types of those that AD FS lists and that could not be read."""
    return [_one_primary(certificates, unread), _validity(certificates, now), _separate_key(certificates, unread), _strength(certificates)]


def of_properties(certificates: t.Sequence[FarmCertificate], properties: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the checks that need the service properties too."""
    automatic = properties.get("AutoCertificateRollover")
    tokens = [item for item in certificates if item.certificate_type in ROLLOVER_TYPES]
    custom = [item for item in tokens if item.store_location == "LocalMachine" or not item.certificate.self_signed]
    return [_custom(custom, automatic), _sharing_container(properties, any(item not in custom for item in tokens))]


def of_members(look: Look, properties: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the checks of the service properties themselves: whether each could be read, and whether the numbers can be meant."""
    found = [check("properties_readable", "ok")]
    if look.odd:
        told = ", ".join(f"{name} ({what})" for name, what in look.odd.items())
        found = [check("properties_readable", "unknown", f"These members of Get-AdfsProperties are not of the expected kind and count as unknown: {told}.")]
    large = ", ".join(f"{name} is {given}, reckoned with as {used}" for name, (given, used) in out_of_range(properties).items())
    if large:
        return [*found, check("properties_in_range", "warn", f"Larger than any time that can be meant: {large}. See Set-AdfsProperties.")]
    return [*found, check("properties_in_range", "ok")]


def of_servers(names: t.Iterable[t.Any]) -> dict[str, t.Any]:
    """Return the check whether every server that AD FS lists has a name."""
    nameless = [name for name in names if facts.text(name) is None]
    if not nameless:
        return check("servers_named", "ok")
    return check(
        "servers_named",
        "unknown",
        f"AD FS lists {len(nameless)} of its servers without a name, so nothing shows what they sign with. See (Get-AdfsFarmInformation).FarmNodes.",
    )


def of_trusts(found: t.Mapping[str, t.Any], names: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Return one check for each list that was read: whether it is whole, and every entry in it."""
    made = []
    for name in names:
        if found[name] is None:
            continue
        cut = found[f"{name}_cut"]
        advice = [f"The list is cut: {cut['listed']} of {cut['total']} are listed."] if cut else []
        odd = [item for item in found[name] if item["error"]]
        advice += [f"{one_line(item['name'], 100)}: {item['error']}." for item in odd[:10]]
        advice += [f"And {len(odd) - 10} more."] if len(odd) > 10 else []
        made.append(check(f"{name}_complete", "unknown" if advice else "ok", " ".join(advice)))
    return made


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


def _one_primary(certificates: t.Sequence[FarmCertificate], unread: t.Collection[str]) -> dict[str, t.Any]:
    primaries = {kind: len([i for i in certificates if i.certificate_type == kind and i.is_primary]) for kind in CERTIFICATE_TYPES}
    wrong = [kind for kind, count in primaries.items() if count > 1 or (count == 0 and kind not in unread)]
    if not wrong and unread:
        return check("one_primary_per_type", "unknown", f"A certificate could not be read: {', '.join(sorted(set(unread)))}. See Get-AdfsCertificate.")
    if wrong:
        return check("one_primary_per_type", "fail", f"There is not exactly one primary certificate of {', '.join(wrong)}. See Get-AdfsCertificate.")
    return check("one_primary_per_type", "ok")


def _validity(certificates: t.Sequence[FarmCertificate], now: datetime) -> dict[str, t.Any]:
    outside = [i for i in certificates if i.is_primary and not i.certificate.not_before <= now < i.certificate.not_after]
    if outside:
        named = ", ".join(f"{i.certificate_type} {i.thumbprint}" for i in outside)
        return check("primary_certificates_valid", "fail", f"Not valid at the server's present time: {named}. Renew them now.")
    return check("primary_certificates_valid", "ok")


def _separate_key(certificates: t.Sequence[FarmCertificate], unread: t.Collection[str]) -> dict[str, t.Any]:
    name = "keys_separate_from_service_communications"
    if SERVICE_COMMUNICATIONS in unread:
        return check(name, "unknown", "The service communications certificate could not be read. See Get-AdfsCertificate.")
    service = {i.certificate.public_key_sha256 for i in certificates if i.certificate_type == SERVICE_COMMUNICATIONS}
    if not service:
        return check(name, "not_applicable")
    shared = [i for i in certificates if i.certificate_type in ROLLOVER_TYPES and i.certificate.public_key_sha256 in service]
    if shared:
        named = ", ".join(f"{i.certificate_type} {i.thumbprint}" for i in shared)
        return check(name, "warn", f"The key of the service communications certificate is used for tokens too ({named}). Give tokens a key of their own.")
    return check(name, "ok")


def _strength(certificates: t.Sequence[FarmCertificate]) -> dict[str, t.Any]:
    found = [(item, weakness(item.certificate)) for item in certificates if item.certificate_type in ROLLOVER_TYPES]
    named = ", ".join(f"{item.certificate_type} {item.thumbprint} ({reason})" for item, reason in found if reason)
    if named:
        return check("token_certificates_strong", "warn", f"Weaker than they should be: {named}. Have shorter-lived ones of 2048 bits or more made.")
    return check("token_certificates_strong", "ok")


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
