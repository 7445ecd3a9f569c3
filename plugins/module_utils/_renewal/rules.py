# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The safety rules: who can sign now, what Entra may still accept, what a write may do. No policy in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, OwnKey
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import LONGEST, earlier, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Farm, Key, Observation, RelyingParty, Slots


def live_keys(farm: Farm) -> frozenset[str]:
    """Every known key that some server can sign with now: the configured primary, and the primary of each server's own copy.

    A server that could not be seen keeps its last known key live. Of an identity provider that is known by its metadata alone, everything that
    it publishes.
    """
    if farm.provider is not None:
        return farm.certificates
    return frozenset({farm.primary} | {s.primary for s in farm.servers if s.primary and not s.stranger})


def only_seen_keys(farm: Farm) -> frozenset[str]:
    """Keys that a server of the farm shows in a valid document of it, and that the farm is not known to have.

    A domain that holds one keeps it; it is never added to a domain.
    """
    # Also of a server that is not seen now: it keeps what it was last seen to sign with.
    return frozenset(s.primary for s in farm.servers if s.stranger and s.primary)


def unseen_keys(farm: Farm) -> frozenset[str]:
    """The last known keys of servers that could not be seen, and that no other server signs with."""
    return live_keys(farm) - {farm.primary} - {s.primary for s in farm.servers if s.seen}


def successors(seen: Observation, own: Mapping[str, OwnKey], undone: frozenset[str], now: datetime) -> list[Key]:
    """The unexpired certificates of AD FS that are to sign after the primary, oldest first. More than one is somebody's handwork.

    ``own``: what the journal saw of the farm's certificates. ``undone``: certificates that a rollback took back and whose pause was lifted.
    Where the journal saw a certificate sign, or come beside the primary, that decides; else the later one of two is the successor.
    """
    primary = seen.primary_key
    # Of what came between the same two scans as the primary, nobody saw which came first.
    came_with = own.get(primary.thumbprint, OwnKey()).came
    found = []
    for key in (seen.keys[k] for k in seen.farm.certificates if k != primary.thumbprint):
        if key.expired(now) or key.not_before >= earlier(primary.not_after, seen.farm.thresholds.critical):
            continue
        known = own.get(key.thumbprint, OwnKey())
        if key.thumbprint in undone:
            found.append(key)
        elif known.last_primary is not None:
            continue
        elif known.came is not None and known.came != came_with:
            if known.under == primary.thumbprint:
                found.append(key)
        elif key.not_before > primary.not_before or primary.not_before > now:
            found.append(key)
    return sorted(found, key=lambda k: (k.not_before, k.thumbprint))


def promotable(seen: Observation, following: Sequence[Key], now: datetime) -> list[Key]:
    """What AD FS' own clock may promote: every successor, and every other unexpired certificate that is younger than the primary."""
    primary = seen.primary_key
    younger = [seen.keys[k] for k in seen.farm.certificates if k != primary.thumbprint and seen.keys[k].not_before > primary.not_before]
    found = {k.thumbprint: k for k in (*following, *younger) if not k.expired(now)}
    return sorted(found.values(), key=lambda k: (k.not_before, k.thumbprint))


def served_values(domain: Domain, journal: Journal, propagation: timedelta, now: datetime, all_of_them: bool = False) -> list[frozenset[str]]:
    """Every value that Entra may still serve: what is configured, and what was replaced less than ``propagation`` ago, by us or by others.

    ``all_of_them``: the clocks differ, so that no replaced value is old enough.
    """
    ours = [b.slots.accepted for b in journal.backups.get(domain.key, ()) if all_of_them or now - b.at < propagation]
    others = [accepted for at, accepted in journal.replaced.get(domain.key, ()) if all_of_them or now - at < propagation]
    return [domain.slots.accepted, *ours, *others]


def accepted_in_worst_case(values: list[frozenset[str]]) -> frozenset[str]:
    """The keys that are in every value that may be served."""
    return frozenset.intersection(*values)


def omnipresent(key: str, domain: Domain, journal: Journal, propagation: timedelta, now: datetime) -> bool:
    """Seen in the domain at every scan for as long as a change may take to reach all of Entra."""
    since = journal.first_seen.get(domain.key, {}).get(key)
    return key in domain.slots.accepted and since is not None and now - since >= propagation


def wanted_slots(
    domain: Domain,
    seen: Observation,
    live: frozenset[str],
    successor: str | None,
    trusted: frozenset[str],
    now: datetime,
    room: bool = False,
    unwanted: frozenset[str] = frozenset(),
) -> Slots | None:
    """What the domain's two members should hold, or None where nothing has to change.

    Wanted are all ``live`` keys and the successor. Places are given in this order: the primary; what a seen server signs with and the domain
    holds; other live keys of seen servers; last known keys of unseen servers; the successor (``room``: before those); then what the domain
    holds besides, of which ``trusted`` keys go first, and later expiry before earlier. ``unwanted`` keys are not kept.
    """
    held, farm = domain.slots.accepted, seen.farm
    want = set(live) | ({successor} if successor else set())
    if want <= held or (farm.provider is not None and len(want) > 2):
        return None
    unseen = unseen_keys(farm) & live
    signing = (live - unseen) | (only_seen_keys(farm) & held)
    primary = [farm.primary] if farm.primary in live else []
    waiting = [*([successor] if successor and room else []), *sorted(unseen), *([successor] if successor and not room else [])]
    spare = sorted(
        (seen.keys[k] for k in held - unwanted if k in seen.keys),
        key=lambda k: (not k.expired(now), k.thumbprint in farm.certificates, k.thumbprint in trusted, k.not_after, k.thumbprint),
        reverse=True,
    )
    order = [*primary, *sorted(signing & held), *sorted(signing - held), *waiting, *(k.thumbprint for k in spare)]
    places = list(dict.fromkeys(order))[:2]
    if frozenset(places) == held and (domain.slots.signing or not held):
        return None
    return ordered(frozenset(places), farm.primary)


def ordered(keys: frozenset[str], primary: str) -> Slots:
    """``signing`` holds the primary, ``next`` the other one if there is one."""
    others = sorted(keys - {primary})
    return Slots(primary, others[0] if others else None) if primary in keys else Slots(others[0], others[1] if len(others) > 1 else None)


def write_allowed(
    domain: Domain,
    after: Slots,
    live: frozenset[str],
    journal: Journal,
    propagation: timedelta,
    now: datetime,
    only_seen: frozenset[str] = frozenset(),
    all_served: bool = False,
) -> tuple[bool, bool, bool]:
    """The general rule for one write to one domain: (allowed, sign-in safe before, sign-in safe after), in the worst case.

    A write is allowed if sign-in is safe after it, or if it is not safe now and no live key loses acceptance. ``only_seen``: keys that a server
    signs with although the farm is not known to have them; a domain that holds one keeps it. ``all_served``: see served_values.
    """
    values = served_values(domain, journal, propagation, now, all_served)
    before = live <= accepted_in_worst_case(values)
    then = live <= accepted_in_worst_case([*values, after.accepted])
    lost = domain.slots.accepted - after.accepted
    return (then or (not before and not live & lost)) and not only_seen & lost, before, then


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
        return domain.sign_in_host is not None and domain.sign_in_host in {farm.host_name, *farm.host_names}
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


def unknown_keys(domain: Domain, keys: Mapping[str, Key], trusted: frozenset[str], now: datetime, stolen: frozenset[str] = frozenset()) -> list[str]:
    """Unexpired keys in the domain's members that are neither the farm's, nor remembered, nor listed by the operator.

    ``stolen``: keys that are not the farm's and that the operator named. An expired one counts: whether Entra looks at the end is not known.
    """
    return sorted(k for k in domain.slots.accepted if k not in trusted and k in keys and (k in stolen or not keys[k].expired(now)))


def publication_interval(farm: Farm, propagation: timedelta, safety: timedelta) -> timedelta:
    """How long a successor must be published before it may sign: sync of the servers, then the slowest reader, then safety.

    AD FS partners read metadata once a day, which counts where there is any trust besides Entra's.
    """
    partners = timedelta(hours=24) if other_relying_parties(farm) else timedelta(0)
    return min(2 * farm.poll + max(propagation, partners) + safety, LONGEST)


def adfs_promotes_at(seen: Observation, candidates: Sequence[Key], now: datetime) -> datetime:
    """When AD FS' own clock makes another certificate primary, at the earliest; the latest is one check interval after it.

    ``candidates``: what AD FS may promote. Without one, AD FS makes one at its generation threshold and promotes it the promotion threshold
    later. Whatever happens, it acts at the critical threshold.
    """
    thresholds, ends = seen.farm.thresholds, seen.primary_key.not_after
    critical = earlier(ends, thresholds.critical)
    if candidates:
        return min([critical, *(later(k.not_before, thresholds.promotion) for k in candidates)])
    return min(critical, later(max(now, earlier(ends, thresholds.generation)), thresholds.promotion))


ENTRA_IDENTIFIER = "urn:federation:MicrosoftOnline"


def entra_trust_works(farm: Farm) -> bool:
    """Whether AD FS has a trust for Entra that is switched on, as far as its trusts are known. It is known by its identifier: its name can be changed."""
    return not farm.relying_parties or any(p.enabled and _is_entra(p) for p in farm.relying_parties)


def other_relying_parties(farm: Farm) -> list[str]:
    """Names of the enabled trusts besides Entra's own."""
    return [p.name for p in farm.relying_parties if p.enabled and not _is_entra(p)]


def _is_entra(party: RelyingParty) -> bool:
    return ENTRA_IDENTIFIER.lower() in (i.lower() for i in party.identifiers)
