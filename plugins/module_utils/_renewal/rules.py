# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The safety rules: who can sign now, what Entra may still accept, what a write may do. No policy in here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Farm, Key, Observation, Slots


def live_keys(farm: Farm) -> frozenset[str]:
    """Every key that some server can sign with now: the configured primary, and the primary of each server's own copy.

    Of an identity provider that is known by its metadata alone, everything that it publishes.
    """
    if farm.provider is not None:
        return farm.certificates
    return frozenset({farm.primary} | {s.primary for s in farm.servers if s.primary})


def successors(seen: Observation, now: datetime) -> list[Key]:
    """The unexpired certificates of AD FS that are younger than the primary, oldest first. More than one is somebody's handwork."""
    primary = seen.primary_key
    others = (seen.keys[k] for k in seen.farm.certificates if k != primary.thumbprint)
    return sorted((k for k in others if not k.expired(now) and k.not_before > primary.not_before), key=lambda k: (k.not_before, k.thumbprint))


def served_values(domain: Domain, journal: Journal, propagation: timedelta, now: datetime) -> list[Slots]:
    """Every value that Entra may still serve: what is configured, and what we replaced less than ``propagation`` ago."""
    return [domain.slots, *(b.slots for b in journal.backups.get(domain.key, ()) if now - b.at < propagation)]


def accepted_in_worst_case(values: list[Slots]) -> frozenset[str]:
    """The keys that are in every value that may be served."""
    return frozenset.intersection(*(v.accepted for v in values))


def omnipresent(key: str, domain: Domain, journal: Journal, propagation: timedelta, now: datetime) -> bool:
    """Seen in the domain without a gap for as long as a change may take to reach all of Entra."""
    since = journal.first_seen.get(domain.key, {}).get(key)
    return key in domain.slots.accepted and since is not None and now - since >= propagation


def wanted_slots(domain: Domain, seen: Observation, live: frozenset[str], successor: str | None, trusted: frozenset[str], now: datetime) -> Slots | None:
    """What the domain's two members should hold, or None where nothing has to change.

    All live keys, and the successor if there is room; the other member keeps the better of what it has: the farm's own
    first, known before unknown, later expiry before earlier. ``trusted`` are the farm's own, remembered and operator-listed keys.
    None also where three live keys do not fit: then nothing is written and the caller raises an alarm.
    """
    want = set(live)
    if successor and len(live) < 2:
        want.add(successor)
    if len(want) > 2 or want <= domain.slots.accepted:
        return None
    if len(want) == 1:
        spare = [seen.keys[k] for k in domain.slots.accepted - want if k in seen.keys]
        if spare:
            want.add(
                max(
                    spare, key=lambda k: (not k.expired(now), k.thumbprint in seen.farm.certificates, k.thumbprint in trusted, k.not_after, k.thumbprint)
                ).thumbprint
            )
    return ordered(frozenset(want), seen.farm.primary)


def ordered(keys: frozenset[str], primary: str) -> Slots:
    """``signing`` holds the primary, ``next`` the other one if there is one."""
    others = sorted(keys - {primary})
    return Slots(primary, others[0] if others else None) if primary in keys else Slots(others[0], others[1] if len(others) > 1 else None)


def write_allowed(domain: Domain, after: Slots, live: frozenset[str], journal: Journal, propagation: timedelta, now: datetime) -> tuple[bool, bool, bool]:
    """The general rule for one write to one domain: (allowed, sign-in safe before, sign-in safe after), in the worst case.

    A write is allowed if sign-in is safe after it, or if it is not safe now and no live key loses acceptance.
    """
    values = served_values(domain, journal, propagation, now)
    before = live <= accepted_in_worst_case(values)
    then = live <= accepted_in_worst_case([*values, after])
    loses = (live & domain.slots.accepted) - after.accepted
    return then or (not before and not loses), before, then


def broken(domain: Domain, live: frozenset[str]) -> bool:
    """Some server signs with a key that the domain's settings do not hold."""
    return not live <= domain.slots.accepted


def surely_broken(domain: Domain, farm: Farm, live: frozenset[str]) -> bool:
    """As ``broken``. Where nobody knows which of several keys signs, it is sure only for a domain that holds none of them."""
    if farm.provider is None:
        return broken(domain, live)
    return domain.slots.accepted.isdisjoint({farm.primary} if farm.provider.certain else live)


def signs_in_here(domain: Domain, farm: Farm, named: bool) -> bool:
    """Whether the domain's users are sent to this farm. ``named``: the operator listed the domain for this run.

    Other products share their host among customers or applications, so there the issuer counts, or the whole address, or the operator's word.
    """
    provider = farm.provider
    if provider is None or provider.adfs:
        return domain.sign_in_host == farm.host_name
    if domain.issuer_uri == farm.identifier or same_address(domain.sign_in_uri, provider.sign_in_uri):
        return True
    return named and domain.sign_in_host == farm.host_name


def same_address(one: str | None, other: str | None) -> bool:
    """Compare addresses of endpoints: case of the host and trailing slashes differ between documents. (Issuers are compared exactly.)"""
    if not one or not other:
        return False
    (head, path), (other_head, other_path) = _head_and_path(one), _head_and_path(other)
    return head.lower() == other_head.lower() and path.rstrip("/") == other_path.rstrip("/")


def _head_and_path(address: str) -> tuple[str, str]:
    scheme, separator, rest = address.strip().partition("://")
    host, _slash, path = rest.partition("/")
    return scheme + separator + host, path


def unknown_keys(domain: Domain, keys: Mapping[str, Key], trusted: frozenset[str], now: datetime) -> list[str]:
    """Unexpired keys in the domain's members that are neither the farm's, nor remembered, nor listed by the operator."""
    return sorted(k for k in domain.slots.accepted if k not in trusted and k in keys and not keys[k].expired(now))


def publication_interval(farm: Farm, propagation: timedelta, safety: timedelta) -> timedelta:
    """How long a successor must be published before it may sign: sync of the servers, then the slowest reader, then safety.

    AD FS partners read metadata once a day, which counts where there is any trust besides Entra's.
    """
    partners = timedelta(hours=24) if other_relying_parties(farm) else timedelta(0)
    return 2 * farm.poll + max(propagation, partners) + safety


def adfs_promotes_at(seen: Observation, now: datetime) -> datetime:
    """When AD FS' own clock makes another certificate primary, at the earliest (its checks run on a grid that cannot be read)."""
    farm = seen.farm
    critical = seen.primary_key.not_after - farm.thresholds.critical
    return min([critical, *(k.not_before + farm.thresholds.promotion for k in successors(seen, now))])


ENTRA_IDENTIFIER = "urn:federation:MicrosoftOnline"


def entra_trust_works(farm: Farm) -> bool:
    """Whether AD FS has a trust for Entra that is switched on, as far as its trusts are known. It is known by its identifier: its name can be changed."""
    return not farm.relying_parties or any(p.enabled and ENTRA_IDENTIFIER.lower() in (i.lower() for i in p.identifiers) for p in farm.relying_parties)


def other_relying_parties(farm: Farm) -> list[str]:
    """Names of the enabled trusts besides Entra's own."""
    return [p.name for p in farm.relying_parties if p.enabled and ENTRA_IDENTIFIER.lower() not in (i.lower() for i in p.identifiers)]
