# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Stolen keys. Whoever has one signs in without AD FS, so only taking it out of both members of every domain contains anything.

Source of the order of the acts: Microsoft's article "Emergency rotation of the AD FS certificates", made safe for sign-in where the
operator puts availability first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards, rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, Write, act_on_domains, checked_write
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Emergency
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN, Alarm, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation, names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

FORMS = ("equal", "empty", "unusable")
"""How a domain may hold one good key alone, in the order in which it is tried: twice, with an empty member, or beside a key that nobody has."""


def note(s: Situation) -> Emergency | None:
    """What the journal remembers of the theft after this look: which keys, and since when they are evicted and gone.

    If the key was AD FS' own, everything in AD FS lay in one place with it, and an unknown key in a domain may be the thief's: all
    count as stolen. A key that only a domain holds, of another farm for example, is evicted and nothing else.
    """
    known, named = s.journal.emergency, s.policy.compromised
    if known is None and not named:
        return None
    emergency = known
    unheard = named - (known.keys.keys() if known else set())
    own = _own(s)
    if unheard & (own | _accepted(s)):
        strangers = {k for status in s.statuses if status.ours for k in status.domain.slots.accepted if k not in s.trusted}
        stolen = (named & (own | _accepted(s))) | (s.seen.farm.certificates | strangers if unheard & own else set())
        public = {k: s.seen.keys[k].public_key if k in s.seen.keys else "" for k in stolen}
        emergency = Emergency(s.now, s.policy.emergency_priority, {**(known.keys if known else {}), **public})
    if emergency is None:
        return None
    if named and emergency.priority != s.policy.emergency_priority:
        emergency = replace(emergency, priority=s.policy.emergency_priority)
    now_known = replace(s, journal=replace(s.journal, emergency=emergency))
    accepted = any(status.compromised for status in now_known.statuses)
    return replace(
        emergency,
        evicted=None if accepted else emergency.evicted or s.now,
        gone=None if now_known.compromised_in_farm else emergency.gone or s.now,
    )


def _own(s: Situation) -> frozenset[str]:
    farm = s.seen.farm
    return frozenset.union(farm.certificates, s.journal.history, *(server.certificates for server in farm.servers))


def _accepted(s: Situation) -> frozenset[str]:
    return frozenset(k for status in s.statuses if status.belongs for k in status.domain.slots.accepted)


def alarms(s: Situation) -> Iterable[Alarm]:
    """What a person must know or do besides."""
    nowhere = s.policy.compromised - (s.journal.emergency.keys.keys() if s.journal.emergency else set())
    if nowhere:
        yield Alarm(
            "compromised_unknown",
            s.seen.farm.host_name,
            f"neither AD FS nor a domain holds {names(sorted(nowhere))} (renew_signing_cert_compromised): nothing is done about it; check the thumbprint",
        )
    if s.emergency:
        yield Alarm(
            "emergency",
            s.seen.farm.host_name,
            "keys of this farm are stolen. When they are evicted: revoke the refresh tokens of all users, renew the token-decrypting certificate, tell"
            " the other relying parties, replace the TLS certificates of the servers, and look through the sign-in logs",
        )


def respond(s: Situation, blocks: list[Block]) -> Act | None:
    """The next act: a fresh key, everywhere known or at once alone, then every stolen one out of the domains and out of AD FS."""
    farm = s.seen.farm
    signs_with_stolen = farm.primary in s.compromised
    contains_first = s.journal.emergency is not None and s.journal.emergency.priority == "containment"
    if signs_with_stolen and farm.auto_rollover:
        return _suspend("stolen keys are replaced: AD FS must neither promote a certificate nor make one by itself")
    fresh = s.successor if signs_with_stolen else farm.primary
    if not contains_first:
        act = _spread(s, fresh, blocks)
        if act is not None:
            return act
    if fresh is None:
        return _make_fresh(s, blocks, contains_first)
    if contains_first:
        act = _evict(s, fresh, blocks, whatever_it_costs=True)
        if act is not None:
            return act
    if signs_with_stolen:
        return _promote(s, fresh, blocks, contains_first)
    if not contains_first:
        behind = list(_still_signing(s))
        if behind:
            blocks.extend(behind)
            return None
        act = _evict(s, fresh, blocks, whatever_it_costs=False)
        if act is not None:
            return act
    return _remove_stolen(s, blocks)


def _suspend(reason: str) -> Act:
    return Act("suspend_auto_rollover", reason, protective=True)


def _make_fresh(s: Situation, blocks: list[Block], contains_first: bool) -> Act | None:
    farm, primary = s.seen.farm, s.seen.primary_key
    others = sorted(farm.certificates - {farm.primary})
    behind = [server.name for server in farm.servers if server.primary in others]
    if behind and not contains_first:
        # What Entra's updater reads must go on showing their key: it would take it out of the domains.
        blocks.append(Block("sync", names(behind), s.now + 2 * farm.poll, "these servers sign with an earlier certificate, which stays until they follow"))
        return None
    if others:
        return Act(
            "remove_from_adfs", "it was stolen with the others, or has ended, and AD FS makes no new one beside it", thumbprint=others[0], protective=True
        )
    if not primary.self_signed:
        blocks.append(
            Block(
                "custom_certificate",
                farm.server,
                None,
                f"the primary certificate ({primary.thumbprint}) is stolen and was issued by a CA: get one with a new key issued, import it on every node,"
                " and add it with federation.adfs.certificate",
            )
        )
        return None
    if not contains_first and primary.not_after - s.now <= farm.thresholds.critical + timedelta(days=1):
        blocks.append(
            Block(
                "critical_threshold",
                farm.server,
                None,
                "so near to its end AD FS might promote a new certificate at once; renew_signing_cert_emergency_priority: containment takes that risk",
            )
        )
        return None
    return Act("generate", "the farm needs a key that nobody has stolen", thumbprint=UNBORN, protective=True, toggles=True)


def _spread(s: Situation, fresh: str | None, blocks: list[Block]) -> Act | None:
    """Availability: every domain holds what signs now and, once there is one, the fresh key, and no other stolen one."""
    writes: list[Write] = []
    for status in s.statuses:
        if not status.writable:
            continue
        slots = rules.wanted_slots(status.domain, s.seen, s.live, fresh, s.trusted, s.now)
        if slots is None:
            continue
        if (slots.accepted & s.compromised) - s.live:
            slots = alone(s, fresh or s.seen.farm.primary)
        writes.extend(checked_write(s, status.domain, slots, blocks))
    if fresh is None or fresh in s.live:
        return act_on_domains("repair", writes, "AD FS signs with a certificate that these domains do not accept", protective=True)
    return act_on_domains("publish", writes, "these domains do not know the key that replaces the stolen one", thumbprint=fresh, protective=True)


def _promote(s: Situation, fresh: str, blocks: list[Block], contains_first: bool) -> Act | None:
    held_back = [*guards.validity(s, fresh)]
    if not contains_first:
        held_back.extend([*guards.no_domain(s), *guards.not_known_everywhere(s, fresh), *guards.not_accepted_everywhere(s, fresh)])
    if held_back:
        blocks.extend(held_back)
        return None
    why = (
        "the stolen keys are evicted, and sign-in stands still until the servers follow"
        if contains_first
        else "every domain and every server knows the fresh key"
    )
    return Act("promote", why, thumbprint=fresh, protective=True)


def _still_signing(s: Situation) -> Iterable[Block]:
    """Availability: who may still sign with a stolen key, and so keeps it in the domains."""
    farm = s.seen.farm
    behind = [server for server in farm.servers if server.primary in s.compromised]
    seen = [server.name for server in behind if server.seen]
    if seen:
        yield Block("sync", names(seen), s.now + 2 * farm.poll, "these servers still sign with a stolen key; it is evicted once they follow")
    if not all(server.seen for server in farm.servers) or not farm.servers_confirmed:
        yield from guards.unconfirmed_servers(s)


def _evict(s: Situation, fresh: str, blocks: list[Block], whatever_it_costs: bool) -> Act | None:
    """Both members of every domain hold the fresh key alone. This act is exempt from the general rule where containment goes first."""
    writes: list[Write] = []
    for status in s.statuses:
        domain = status.domain
        if status.unreadable is not None or (status.compromised and not status.writable):
            blocks.append(_unevicted(status.domain.name, status.unreadable, status.refused, status.ours))
        elif status.writable and (status.compromised or fresh not in domain.slots.accepted):
            slots = alone(s, fresh)
            if whatever_it_costs:
                _allowed, before, after = rules.write_allowed(domain, slots, s.live, s.journal, s.policy.propagation, s.now)
                writes.append(Write(domain, slots, before, after))
            else:
                writes.extend(checked_write(s, domain, slots, blocks))
    return act_on_domains("evict", writes, "stolen keys are accepted there, or the fresh one is not", thumbprint=fresh, protective=True)


def alone(s: Situation, fresh: str) -> Slots:
    """The members of a domain that accepts one key only, in the first form that Entra was not seen to refuse in this run."""
    form = next((f for f in FORMS if f not in s.policy.eviction_forms_refused), FORMS[-1])
    return Slots(fresh, {"equal": fresh, "empty": None, "unusable": s.policy.unusable or None}[form])


def _unevicted(name: str, unreadable: str | None, refused: bool, ours: bool) -> Block:
    if unreadable is not None:
        why = f"it could not be read ({unreadable})"
    elif refused:
        why = "Entra refused the write"
    elif not ours:
        why = "its users sign in elsewhere, so the run of that farm, or a person, must take it out"
    else:
        why = "it is excluded from writing"
    return Block("unevicted", name, None, f"{name} may still accept a stolen key: {why}; whoever has the key can sign in there")


def _remove_stolen(s: Situation, blocks: list[Block]) -> Act | None:
    """The stolen keys leave AD FS, so that no server's metadata shows them and Entra's updater cannot copy them back."""
    farm = s.seen.farm
    stolen = sorted((farm.certificates & s.compromised) - s.live)
    if stolen:
        if farm.auto_rollover:
            return _suspend("stolen certificates are taken out of AD FS, which needs automatic rollover off")
        return Act("remove_from_adfs", "its key is stolen, and Entra's own updater could copy it back from the metadata", thumbprint=stolen[0], protective=True)
    emergency = s.journal.emergency
    showing = [server.name for server in farm.servers if server.certificates & s.compromised]
    if showing:
        blocks.append(Block("sync", names(showing), s.now + 2 * farm.poll, "these servers still publish a stolen key"))
    elif emergency is not None and emergency.gone is not None and emergency.evicted is not None:
        until = max(emergency.gone, emergency.evicted) + s.policy.propagation
        blocks.append(
            Block(
                "eviction_watch", farm.host_name, until, "Entra's own updater may copy a stolen key back from what it read before; every run looks until then"
            )
        )
    return None


def show(s: Situation) -> dict[str, Any] | None:
    """RV(plan.emergency): when stolen keys are out of what Entra accepts, and how long sign-in may stand still, reported apart."""
    emergency = s.journal.emergency
    if emergency is None or not s.emergency:
        return None
    follow = 2 * s.seen.farm.poll
    contains_first = emergency.priority == "containment"
    # What the plan must expect: publication, promotion and the servers come before the eviction, or after it.
    contained_in = s.policy.propagation if contains_first else s.publication_interval + follow + s.policy.propagation
    evicted = emergency.evicted
    return {
        "declared_at": format_time(emergency.declared),
        "priority": emergency.priority,
        "stolen": sorted(emergency.keys),
        "evicted_at": format_time(evicted) if evicted else None,
        "gone_at": format_time(emergency.gone) if emergency.gone else None,
        "containment": {
            "planned_hours": _hours(contained_in),
            "contained_at": format_time(evicted + s.policy.propagation) if evicted else None,
            "hours": _hours(evicted + s.policy.propagation - emergency.declared) if evicted else None,
        },
        "sign_in_gap": {
            "planned_hours": _hours(max(follow, s.policy.propagation)) if contains_first else 0.0,
            "domains_without_sign_in": sorted(b.domain.name for b in s.broken),
        },
    }


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 1)
