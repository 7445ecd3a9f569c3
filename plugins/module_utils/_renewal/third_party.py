# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Identity providers that are known by their metadata alone: which document is believed, and what differs from an AD FS farm.

Nobody tells which of several published certificates signs now. So all of them may: no write drops one of them, every domain shall hold
all of them, and a domain is called broken only if it holds none. What is done on an AD FS server is never done here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm, Farm, Provider, Thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import Certificates, Reading, ReadingError, put_together, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, format_time

MOST_KEYS = 2  # that a domain holds
_ADFS_ONLY = ("rollback", "compromised", "remove_old_from_adfs")

STATES = {
    "steady": "every domain accepts the certificate that the identity provider publishes",
    "generated": "the identity provider publishes a certificate that no domain accepts yet",
    "publishing": "some domains accept every published certificate, some do not yet",
    "published": "every domain accepts every published certificate; Entra may still serve earlier settings",
    "ready": "every domain accepts every published certificate everywhere; the identity provider may sign with any of them",
    "promoted": "every domain accepts the certificate that the identity provider publishes; it is not the first certificate of every domain yet",
    "complete": "every domain accepts the certificate that the identity provider publishes, and keeps the previous one as the second",
}


def read_provider(
    document: Mapping[str, Any], domains: Sequence[Mapping[str, Any]], journal: Journal, policy: Policy, now: datetime, first_use: bool = True
) -> Reading:
    """Build the observation from a metadata document, as far as it is to be believed.

    ``document``: RV(metadata) of metadata_info. ``first_use``: whether a document may be believed because none was seen before.
    Raises ReadingError.
    """
    for name in _ADFS_ONLY:
        if getattr(policy, name):
            raise ReadingError(
                f"renew_signing_cert_{name} changes what an AD FS farm signs with, and this identity provider is known by its metadata alone."
                " Do that at the identity provider; domains follow what it publishes"
            )
    certificates = Certificates()
    try:
        entity = str(document["entity_id"])
        published = [certificates.read(c["der"]) for c in document["signing_certificates"]]
        signature = document["signature"]
        shown = signature.get("certificate")
        signer = certificates.read(shown["der"]).thumbprint if shown else None
        status = str(signature["status"])
        sign_in_uri = document["endpoints"].get("passive_sign_in")
    except (KeyError, TypeError, AttributeError, CertificateError) as exc:
        raise ReadingError(
            f"the metadata of the identity provider is incomplete ({type(exc).__name__}: {exc}); pass the result of federation.adfs.metadata_info"
        ) from exc
    if not published:
        raise ReadingError(f"the metadata of {entity} publishes no signing certificate; look at the document, and whether it is the right one")
    alarms: list[Alarm] = []
    believed = _believed(entity, published, status, signature.get("reason"), signer, journal, policy, first_use, alarms)
    adfs = bool(document.get("is_adfs")) and believed is not None
    kept = _kept(published, now)
    primary = believed if adfs and believed in {c.thumbprint for c in kept} else kept[0].thumbprint
    farm = Farm(
        identifier=entity,
        host_name=_host_name(str(sign_in_uri), entity) if sign_in_uri else entity,
        server=entity,
        time=now,
        auto_rollover=False,
        primary=str(primary),
        certificates=frozenset(c.thumbprint for c in kept),
        thresholds=Thresholds(critical=timedelta(0)),
        servers_confirmed=True,
        provider=Provider(believed, len(kept) == 1 or (adfs and primary == believed), adfs, str(sign_in_uri) if sign_in_uri else None),
    )
    return put_together(farm, read_domains(domains, policy, certificates, alarms), certificates, alarms)


def _host_name(sign_in_uri: str, entity: str) -> str:
    try:
        parts = urlsplit(sign_in_uri)
        if "[" in parts.netloc:  # Python before 3.11.4 takes any text in brackets
            IPv6Address(parts.hostname or "")
        return (parts.hostname or "").lower()
    except ValueError as exc:
        raise ReadingError(
            f"the metadata of {entity} gives {printable(sign_in_uri, 200)} as the address at which users sign in, and that is not an address that can be read."
            " Have the identity provider correct it"
        ) from exc


def _kept(published: list[Certificate], now: datetime) -> list[Certificate]:
    """The oldest first. Expired ones may still sign; they give way only where a domain has no room for all."""
    in_order = sorted(published, key=lambda c: (c.not_before, c.thumbprint))
    valid = [c for c in in_order if c.not_after > now]
    return valid if valid and len(in_order) > MOST_KEYS else in_order


def _believed(
    entity: str,
    published: list[Certificate],
    status: str,
    reason: Any,
    signer: str | None,
    journal: Journal,
    policy: Policy,
    first_use: bool,
    alarms: list[Alarm],
) -> str | None:
    """Return who signed the document, or None where the operator confirmed each certificate of an unsigned one. Raises ReadingError.

    A weak signature proves as much as none.

    Whoever may sign the next document was published in the last one that was believed, or is listed by the operator.
    """
    if status == "expired":
        raise ReadingError(
            f"the metadata of {entity} is out of date: {reason or 'its validity has ended'}. Nothing in it is believed, since an old document may list"
            " certificates that are no longer used. Get the current document from the identity provider"
        )
    if status in ("absent", "weak"):
        unknown = [c.thumbprint for c in published if c.thumbprint not in policy.known_certificates]
        if unknown:
            raise ReadingError(
                f"the metadata of {entity} is {_unproven(status, reason)}, so it cannot be trusted by itself."
                " Compare the thumbprints of its certificates with what the identity provider shows, and list them in"
                f" renew_signing_cert_known_certificates: {', '.join(unknown)}"
            )
        return None
    if status != "valid" or signer is None:
        raise ReadingError(
            f"the signature of the metadata of {entity} is not valid ({reason or 'it names no certificate'}); nothing in it is used."
            " Fetch the document again, unedited"
        )
    pin = journal.pin
    if signer in policy.known_certificates or (pin is not None and signer in {pin.signer, *pin.certificates}):
        return signer
    if pin is None and first_use:
        alarms.append(
            Alarm(
                "first_use",
                entity,
                f"its metadata is signed with {signer}, which is trusted from now on because no signer was known before: compare this thumbprint with what"
                " the identity provider shows",
            )
        )
        return signer
    if pin is None:
        raise ReadingError(
            f"the metadata of {entity} is signed with {signer}, and the journal that would tell whom to believe cannot be used. If that thumbprint is the"
            f" identity provider's, add {signer} to renew_signing_cert_known_certificates"
        )
    earlier = f"was signed with {pin.signer}" if pin.signer else "was not signed"
    raise ReadingError(
        f"the metadata of {entity} is signed with {signer}; until now it {earlier}. Nothing in it is used: the document may have been"
        " replaced. Ask the identity provider's administrators whether they changed that certificate; if so, add"
        f" {signer} to renew_signing_cert_known_certificates"
    )


def _unproven(status: str, reason: Any) -> str:
    return "not signed" if status == "absent" else f"signed with a method that is no longer secure ({reason or 'SHA-1'})"


def alarms(s: Situation) -> Iterable[Alarm]:
    """What a person must look at, besides what concerns every farm."""
    farm, keys = s.seen.farm, s.seen.keys
    if len(s.live) > MOST_KEYS:
        yield Alarm("too_many_signers", farm.host_name, _crowded(s))
    if all(keys[k].expired(s.now) for k in farm.certificates):
        yield Alarm(
            "expired",
            farm.server,
            f"every certificate that it publishes has ended, the last at {format_time(s.ends_at)}; whether Entra still accepts one is not documented",
        )


def too_many(s: Situation, name: str) -> Block:
    """Why nothing is written to a domain."""
    return Block("too_many_signers", name, None, _crowded(s))


def waiting(s: Situation) -> Iterable[Block]:
    """What a run that has nothing more to do is waiting for."""
    farm = s.seen.farm
    yield from guards.unmended(s)
    yield from guards.no_domain(s)
    yield from guards.unknown_or_changed(s)
    yield from guards.paused(s)
    if s.successor is not None:
        yield from guards.not_known_everywhere(s, s.successor)
    elif s.now < s.due_at:
        yield Block("due", farm.server, s.due_at, f"its certificate is valid until {format_time(s.ends_at)}; by then it should publish the next one")
    else:
        yield Block(
            "provider_renews",
            farm.server,
            None,
            f"its certificate ends at {format_time(s.ends_at)}, and its metadata shows no later one: have the identity provider publish the next certificate"
            " beside this one before it signs with it, and run this again",
        )


def describe(s: Situation) -> list[str]:
    """Lines about the identity provider."""
    farm, keys = s.seen.farm, s.seen.keys
    lines = [f"Identity provider {farm.identifier}: publishes {len(farm.certificates)} certificate{'s' if len(farm.certificates) > 1 else ''}"]
    for thumbprint in sorted(farm.certificates, key=lambda k: (keys[k].not_before, k)):
        ends = keys[thumbprint].not_after
        lines.append(f"Certificate: {thumbprint}, valid until {format_time(ends)} ({(ends - s.now).days} days)")
    signer = farm.provider.signer if farm.provider else None
    lines.append(
        f"Metadata: signed with {signer}" if signer else "Metadata: not signed; each certificate is confirmed in renew_signing_cert_known_certificates"
    )
    return lines


def _crowded(s: Situation) -> str:
    return (
        f"the identity provider publishes {len(s.live)} certificates ({names(sorted(s.live))}) and a domain holds two: have it publish only those that it signs"
        " with, now or next"
    )
