# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Turns the results of farm_info, entra_federation and metadata_info into one observation, and refuses what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import bounded
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import (
    TOKEN_DECRYPTING,
    TOKEN_SIGNING,
    Alarm,
    Decrypting,
    Domain,
    Farm,
    Key,
    KeyCheck,
    Observation,
    RelyingParty,
    Server,
    Slots,
    Thresholds,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import another_server, seen_by_sync
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, parse_certificate, parse_time


class ReadingError(ValueError):
    """What was read cannot be planned on; the message says which side, why, and what to do next."""


@dataclass(frozen=True)
class Reading:
    """The observation, and the body (base64 DER) of each certificate in it by thumbprint."""

    observation: Observation
    bodies: Mapping[str, str]


class Certificates:
    """Parses each certificate once; hundreds of domains share two."""

    def __init__(self) -> None:
        self.parsed: dict[str, Certificate] = {}

    def read(self, der: str) -> Certificate:
        """Return the certificate. Raises CertificateError."""
        if not isinstance(der, str):
            raise CertificateError("it is no text")
        if der not in self.parsed:
            self.parsed[der] = parse_certificate(der)
        return self.parsed[der]

    def add(self, der: str) -> str:
        """Return its thumbprint. Raises CertificateError."""
        return self.read(der).thumbprint


def read_observation(
    farm: Mapping[str, Any],
    domains: Sequence[Mapping[str, Any]],
    metadata: Sequence[Mapping[str, Any]],
    journal: Journal,
    policy: Policy,
    nodes: Sequence[Mapping[str, Any]] = (),
    key_checks: Sequence[Mapping[str, Any]] = (),
) -> Reading:
    """Build the observation.

    ``farm``: RV(farm) of farm_info. ``domains``: items of the lookup entra_federation. ``metadata``: entries with
    ``server``, ``metadata`` and ``error`` as metadata_info returns them. ``nodes``: what farm_info returned on single servers, entries with ``server``,
    ``host``, ``farm`` and ``error``. ``key_checks``: what certificate_key returned on them, with ``server``, ``thumbprint``, ``checks``,
    ``certificate``, ``error`` and ``importable``. Raises ReadingError.
    """
    certificates = Certificates()
    alarms: list[Alarm] = []
    signing = _signing_certificates(farm, certificates)
    primaries = [thumbprint for thumbprint, is_primary in signing if is_primary]
    if len(primaries) != 1:
        raise ReadingError(
            f"AD FS on {farm.get('server')} reports {len(primaries)} primary token-signing certificates instead of one; look at Get-AdfsCertificate there"
        )
    seen_domains = read_domains(domains, policy, certificates, alarms)
    own = frozenset(thumbprint for thumbprint, _primary in signing)
    servers = _servers(farm, metadata, nodes, journal, policy, certificates, own | journal.own.keys())
    alarms.extend(_gone(farm, metadata, policy, certificates))
    try:
        built = Farm(
            identifier=_named(farm, "identifier"),
            host_name=_named(farm, "host_name").lower(),
            server=str(farm.get("server") or ""),
            time=parse_time(str(farm["time"])),
            auto_rollover=farm["auto_certificate_rollover"] if isinstance(farm["auto_certificate_rollover"], bool) else None,
            primary=primaries[0],
            certificates=own,
            thresholds=_thresholds(farm["thresholds"], str(farm.get("server") or ""), alarms),
            servers=servers,
            servers_confirmed=bool(servers) and (policy.servers_complete or bool(farm.get("servers"))),
            relying_parties=tuple(
                RelyingParty(
                    name=str(p["name"]),
                    identifiers=tuple(str(i) for i in p["identifiers"]),
                    enabled=bool(p.get("enabled", True)),
                    token_lifetime=_token_lifetime(p),
                    risk=p.get("risk"),
                )
                for p in farm.get("relying_parties") or ()
            ),
            sso_lifetime=_minutes(farm.get("sso_lifetime"), Farm.sso_lifetime),
            proxy_trust_lifetime=_minutes(farm.get("proxy_trust_lifetime"), Farm.proxy_trust_lifetime),
            poll=bounded(int(farm.get("poll_duration") or 300), timedelta(seconds=1)),
            host_names=policy.host_names,
            managed_by_connect=any(p.get("managed_by") == "entra_connect" for p in farm.get("relying_parties") or ()),
            unknown_lifetimes=tuple(str(name) for name in farm.get("unknown_lifetimes") or ()),
            longest_token=bounded(int(farm.get("max_token_lifetime") or 0), timedelta(minutes=1)),
            from_store=frozenset(
                certificates.add(c["der"]) for c in farm["certificates"] if c["certificate_type"] == TOKEN_SIGNING and c.get("store_location") == "LocalMachine"
            ),
            decrypting=_decrypting(farm, alarms),
            key_checks=tuple(_key_check(item, certificates) for item in key_checks),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise ReadingError(f"the facts of the farm are incomplete ({type(exc).__name__}: {exc}); pass the whole result of federation.adfs.farm_info") from exc
    return put_together(built, seen_domains, certificates, alarms)


def read_domains(domains: Sequence[Mapping[str, Any]], policy: Policy, certificates: Certificates, alarms: list[Alarm]) -> tuple[Domain, ...]:
    """Read the items of the lookup entra_federation. Raises ReadingError for what is no item of it.

    A domain that the operator names and that is not there is an alarm: it must not keep the others from what they need.
    """
    found = tuple(_domain(item, certificates, alarms) for item in domains)
    for name in sorted((policy.domains or frozenset()) - {d.name for d in found}):
        alarms.append(
            Alarm(
                "unclaimed",
                name,
                f"renew_signing_cert_domains names {name}, which is not a federated domain of the tenants that were read: it is managed, not verified,"
                " misspelled or of another tenant. Correct or remove the name",
            )
        )
    return found


def _named(farm: Mapping[str, Any], member: str) -> str:
    """The farm's name; without one nothing may be written for it."""
    value = farm[member]
    if not isinstance(value, str) or not value.strip():
        raise ReadingError(
            f"AD FS on {farm.get('server')} does not report its {member.replace('_', ' ')} (Get-AdfsProperties), so the farm cannot be told apart from"
            " others; nothing is planned for it"
        )
    return value.strip()


def _token_lifetime(trust: Mapping[str, Any]) -> timedelta | None:
    """0 stands for AD FS' default of 60 minutes; null for a value that could not be read."""
    if "token_lifetime" in trust and trust["token_lifetime"] is None:
        return None
    return _minutes(trust.get("token_lifetime"), timedelta(minutes=60))


def put_together(farm: Farm, domains: tuple[Domain, ...], certificates: Certificates, alarms: list[Alarm]) -> Reading:
    """Return both sides with every certificate that was read."""
    parsed = certificates.parsed.values()
    keys = {c.thumbprint: Key(c.thumbprint, c.not_before, c.not_after, c.self_signed, c.public_key_sha256) for c in parsed}
    return Reading(Observation(farm, domains, keys, tuple(alarms)), {c.thumbprint: c.der for c in parsed})


def _signing_certificates(farm: Mapping[str, Any], certificates: Certificates) -> list[tuple[str, bool]]:
    found = farm.get("certificates")
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise ReadingError("the facts of the farm hold no certificates; run federation.adfs.farm_info on the primary AD FS server")
    try:
        return [(certificates.add(c["der"]), bool(c["is_primary"])) for c in found if c["certificate_type"] == TOKEN_SIGNING]
    except (KeyError, TypeError, CertificateError) as exc:
        raise ReadingError(f"a token-signing certificate of the farm cannot be read ({exc})") from exc


def _minutes(value: Any, otherwise: timedelta) -> timedelta:
    """A time that AD FS gives in minutes. 0, and what an older server does not know, stand for AD FS' own default."""
    return bounded(int(value), timedelta(minutes=1)) if value else otherwise


_DEFAULT_THRESHOLDS = {"generation_days": 20, "promotion_days": 5, "critical_days": 2, "rollover_interval_minutes": 720, "duration_days": 365}
"""What AD FS documents for Get-AdfsProperties."""


def _thresholds(given: Mapping[str, Any], server: str, alarms: list[Alarm]) -> Thresholds:
    unread = sorted(name for name in _DEFAULT_THRESHOLDS if name in given and given[name] is None)
    if unread:
        reason = f"AD FS did not say {', '.join(unread)} (Get-AdfsProperties); the documented defaults are reckoned with, so check them by hand"
        alarms.append(Alarm("thresholds_unknown", server, reason))
    given = {**given, **{name: _DEFAULT_THRESHOLDS[name] for name in unread}}
    # One "day" of AD FS' thresholds is CertificateThresholdMultiplier minutes; only labs change it.
    minutes = int(given.get("threshold_multiplier_minutes") or 0)
    day = bounded(minutes if minutes > 0 else 1440, timedelta(minutes=1))
    return Thresholds(
        generation=bounded(int(given["generation_days"]), day),
        promotion=bounded(int(given["promotion_days"]), day),
        critical=bounded(int(given["critical_days"]), day),
        check=bounded(int(given["rollover_interval_minutes"]), timedelta(minutes=1)),
        duration=bounded(int(given["duration_days"]), timedelta(days=1)),
    )


def _domain(item: Mapping[str, Any], certificates: Certificates, alarms: list[Alarm]) -> Domain:
    try:
        name = str(item["domain"] or "").lower()
        members = []
        in_order = True
        for member in ("signing_certificate", "next_signing_certificate"):
            value = item.get(member)
            thumbprint = None
            if value:
                try:
                    thumbprint = certificates.add(value["der"])
                    in_order = in_order and value.get("in_order") is not False
                except (KeyError, TypeError, CertificateError):
                    alarms.append(
                        Alarm(
                            "unreadable_certificate",
                            name,
                            f"{member.replace('_', ' ')} of {name} holds something that is not a certificate; no sign-in can be verified with it",
                        )
                    )
            members.append(thumbprint)
        status = item.get("signing_certificate_update_status") or {}
        return Domain(
            tenant_id=str(item.get("tenant_id") or ""),
            name=name,
            slots=Slots(members[0], members[1]),
            is_root=bool(item.get("is_root", True)),
            root=str(item["root"]).lower() if item.get("root") else None,
            configured=bool(item.get("configuration_id")),
            issuer_uri=item.get("issuer_uri"),
            sign_in_host=host_of(str(item.get("passive_sign_in_uri") or "")),
            sign_in_uri=str(item["passive_sign_in_uri"]) if item.get("passive_sign_in_uri") else None,
            update_result=str(status.get("certificate_update_result") or "").lower() or None,
            error=str(item["error"]) if item.get("error") else None,
            configuration=str(item.get("configuration_id") or ""),
            can_write=item["can_write"] if isinstance(item.get("can_write"), bool) else None,
            in_order=in_order,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ReadingError(
            f"an entry of domains cannot be read ({type(exc).__name__}: {exc}); pass the items of the lookup federation.adfs.entra_federation"
        ) from exc


def host_of(uri: str) -> str | None:
    """Return the host of an address in lower case; None where there is none."""
    try:
        return (urlsplit(uri).hostname or "").lower() or None
    except ValueError:
        return uri  # no address at all, and so nobody's


def _servers(
    farm: Mapping[str, Any],
    metadata: Sequence[Mapping[str, Any]],
    nodes: Sequence[Mapping[str, Any]],
    journal: Journal,
    policy: Policy,
    certificates: Certificates,
    known: frozenset[str],
) -> tuple[Server, ...]:
    names = {str(n["name"]).lower() for n in farm.get("servers") or ()} | {server.name for server in policy.servers}
    views = {str(entry.get("server") or "").lower(): entry for entry in metadata}
    entity = str(farm.get("identifier"))
    answers = {str(entry.get("server") or "").lower(): entry for entry in nodes}
    found = []
    for name in sorted(names - policy.servers_gone):
        server = _server(name, views.get(name), entity, journal, certificates, known)
        answer = answers.get(name)
        if answer is not None:
            server = replace(server, asked=True, host=answer.get("host") or None)
            if not server.seen:
                # What answers under a name or an address of the inventory need not be the server that was meant.
                server = seen_by_sync(server, {**(answer.get("farm") or {}), "error": answer.get("error")}, farm, journal)
        found.append(server)
    return tuple(found)


def _gone(farm: Mapping[str, Any], metadata: Sequence[Mapping[str, Any]], policy: Policy, certificates: Certificates) -> Iterator[Alarm]:
    """What the operator listed as gone counts no more, even while it answers; that it does is said, for users may still sign in there."""
    for entry in metadata:
        name = str(entry.get("server") or "").lower()
        if name not in policy.servers_gone:
            continue
        server = _server(name, entry, str(farm.get("identifier")), Journal(""), certificates, frozenset())
        if server.seen:
            yield Alarm(
                "gone_answers",
                name,
                f"{name} is listed with gone: true in renew_signing_cert_servers, so nothing waits for it, and it answers and signs with {server.primary}:"
                " switch it off, or take gone: true away",
            )


def _decrypting(farm: Mapping[str, Any], alarms: list[Alarm]) -> tuple[Decrypting, ...]:
    """Whatever is wrong with these is said and holds nothing back."""
    found = []
    for item in farm["certificates"]:
        if item.get("certificate_type") != TOKEN_DECRYPTING:
            continue
        try:
            begins, ends = parse_time(str(item["not_before"])), parse_time(str(item["not_after"]))
            found.append(Decrypting(str(item["thumbprint"]), begins, ends, bool(item["is_primary"]), item.get("store_location") == "LocalMachine"))
        except (KeyError, ValueError) as exc:
            alarms.append(Alarm("decrypting_unreadable", str(farm.get("server")), f"a token-decrypting certificate of the farm cannot be read ({exc})"))
    return tuple(found)


def _key_check(item: Mapping[str, Any], certificates: Certificates) -> KeyCheck:
    certificate = item.get("certificate") or {}
    if certificate.get("der"):
        certificates.add(certificate["der"])
    failed = tuple((str(c["name"]), str(c["advice"])) for c in item.get("checks") or () if c["result"] == "fail")
    error = str(item["error"]) if item.get("error") else another_server(str(item["server"]), item.get("answered_by"))
    return KeyCheck(str(item["thumbprint"]).upper(), str(item["server"]).lower(), failed, error, bool(item.get("importable")))


def _server(
    name: str,
    view: Mapping[str, Any] | None,
    entity: str,
    journal: Journal,
    certificates: Certificates,
    known: frozenset[str],
) -> Server:
    def unseen(reason: str) -> Server:
        last = journal.servers.get(name)
        # Only a key that is the farm's own may end up in Entra for it; another one is only not taken out of a domain.
        if last and any(c.thumbprint == last[0] for c in certificates.parsed.values()):
            return Server(name, False, reason, last[0], frozenset(last[1]), stranger=last[0] not in known)
        return Server(name, False, reason, signed_with=last[0] if last else None)

    if view is None:
        return unseen("its metadata was not read")
    document = view.get("metadata")
    if not document:
        return unseen(str(view.get("error") or "its metadata could not be read"))
    if str(document.get("entity_id")).lower() != entity.lower():
        return unseen(f"at its address answers {str(document.get('entity_id'))[:200]}, which is not this farm")
    signature = document.get("signature") or {}
    if not document.get("is_adfs") or signature.get("status") != "valid":
        return unseen(
            "its metadata is not that of an AD FS server" if not document.get("is_adfs") else f"the signature of its metadata is {signature.get('status')}"
        )
    try:
        shown = frozenset(certificates.add(c["der"]) for c in document["signing_certificates"])
        primary = certificates.add(signature["certificate"]["der"])
    except (KeyError, TypeError, CertificateError) as exc:
        return unseen(f"its metadata cannot be used ({exc})")
    if primary not in known:
        # Whoever's key it is: what a server of this farm is seen to sign with is not taken out of a domain.
        return Server(name, True, "", primary, shown & known | {primary}, "metadata", stranger=True)
    return Server(name, True, "", primary, shown & known | {primary}, "metadata")
