# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Stolen keys. Whoever has one signs in without AD FS, so only taking it out of both certificates of every domain contains anything.

Source of the order of the acts: Microsoft's article "Emergency rotation of the AD FS certificates", made safe for sign-in where the
operator puts availability first. These are steps beside the others: domains are repaired and the successor is published all the same. An
emergency ends only on evidence: every domain and every server of the farm was read without a stolen key, twice, the propagation time apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards, rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import (
    Act,
    Block,
    Evict,
    Generate,
    Promote,
    RemoveFromAdfs,
    Write,
    act_on_domains,
    checked_write,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Emergency
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN, Alarm, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count, names, natural
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

MOST_NAMED = 5
FORMS = ("equal", "empty", "second")
"""How a domain may hold good keys alone, in the order in which it is tried: one twice, one with an empty member, or two new ones."""


def note(s: Situation) -> Emergency | None:
    """What the journal remembers of the theft after this scan: which keys, since when they are evicted and gone, and since when that was seen whole.

    If the key was AD FS' own, everything in AD FS lay in one place with it, and an unknown key in a domain may be the thief's: all
    count as stolen. A key that is not the farm's is none of its emergencies. None where there is no theft, or where it is over.
    """
    known, named = s.journal.emergency, s.policy.compromised
    own = _own(s)
    emergency = known
    revoked = {**s.journal.revoked, **(known.keys if known else {})}
    new = (named & own) - revoked.keys()
    if new:
        strangers = {k for status in s.statuses if status.ours for k in status.domain.slots.accepted if k not in s.trusted}
        public = {k: s.seen.keys[k].public_key if k in s.seen.keys else "" for k in new | s.seen.farm.certificates | strangers}
        emergency = Emergency(s.now, s.policy.emergency_priority, {**(known.keys if known else {}), **public})
    elif known is None and _seen_again(s):
        emergency = Emergency(s.now, s.policy.emergency_priority, dict(s.journal.revoked))
    if emergency is None:
        return None
    if named and emergency.priority != s.policy.emergency_priority:
        emergency = replace(emergency, priority=s.policy.emergency_priority)
    s = replace(s, journal=replace(s.journal, emergency=emergency))
    accepted = any(status.compromised for status in s.statuses if status.ours and not _accepted_loss(s, status))
    clean = None if accepted or s.compromised_in_farm else emergency.clean or (s.noted_at if _read_whole(s) else None)
    if clean is not None and _read_whole(s) and not s.clock_differs and s.now - clean >= s.policy.propagation:
        return None
    return replace(
        emergency,
        evicted=None if accepted else emergency.evicted or s.noted_at,
        gone=None if s.compromised_in_farm else emergency.gone or s.noted_at,
        clean=clean,
    )


def _own(s: Situation) -> frozenset[str]:
    """What is or was the farm's. A key that merely a server shows is not known to be."""
    farm = s.seen.farm
    shown = (server.certificates for server in farm.servers if not server.stranger)
    own = frozenset.union(farm.certificates, frozenset(s.journal.own), *shown)
    # A certificate that was renewed with the same key is the same to a thief.
    public = {s.seen.keys[k].public_key for k in own if k in s.seen.keys} - {""}
    return own | {k.thumbprint for k in s.seen.keys.values() if k.public_key in public}


def _seen_again(s: Situation) -> bool:
    """A key that was stolen once is in a domain of the farm or on one of its servers again."""
    return s.compromised_in_farm or any(status.compromised and not _accepted_loss(s, status) for status in s.statuses if status.ours)


def _accepted_loss(s: Situation, status: DomainStatus) -> bool:
    """The operator acknowledged the domain with a stolen key: it keeps no emergency open."""
    stolen = _stolen(s)
    if status.unreadable is not None:
        return s.accepted_loss(status.domain, status.unreadable, stolen)
    # One that was read and could be written counts again, whatever was acknowledged.
    return not status.writable and any(name == status.domain.name and key in stolen for name, key in s.policy.domains_acknowledged)


def _stolen(s: Situation) -> frozenset[str]:
    return s.compromised | (s.journal.emergency.keys.keys() if s.journal.emergency else frozenset())


def not_seen(s: Situation) -> list[str]:
    """Which domains and servers were not seen free of stolen keys, because they were not seen at all. No acknowledgement counts but one with a stolen key."""
    unread = [status.domain.title for status in s.statuses if status.unreadable is not None and not _accepted_loss(s, status)]
    unlisted = [] if s.seen.farm.servers_confirmed else [f"the list of the servers of {s.seen.farm.host_name}"]
    return [*unread, *s.vanished(_stolen(s)), *(server.name for server in s.unseen_servers), *unlisted]


def _read_whole(s: Situation) -> bool:
    """Every domain of the farm was read, and every server seen: what was not read is not known to be clean."""
    return not not_seen(s)


def alarms(s: Situation) -> Iterable[Alarm]:
    """What an operator has to know or do besides."""
    known = s.journal.emergency.keys.keys() if s.journal.emergency else frozenset()
    held = frozenset(k for status in s.statuses for k in status.domain.slots.accepted)
    nowhere = s.policy.compromised - known - s.journal.revoked.keys() - held
    if nowhere:
        yield Alarm(
            "compromised_unknown",
            s.seen.farm.host_name,
            f"neither AD FS nor a domain holds {names(sorted(nowhere))} (renew_signing_cert_compromised): nothing is done about it; check the thumbprint",
        )
    for status in s.statuses:
        stolen = sorted(status.domain.slots.accepted & (s.compromised | s.to_remove))
        if stolen and status.unreadable is None and not status.ours:
            yield Alarm(
                "compromised_elsewhere",
                status.domain.name,
                f"{status.domain.name} accepts {names(stolen)}, which is stolen. It signs in elsewhere, so the run of that farm, or its"
                " administrator, has to remove it",
            )
    if s.emergency:
        yield Alarm(
            "emergency",
            s.seen.farm.host_name,
            f"keys of this farm are stolen. Next acts, once they are evicted: {'; '.join(act['said'] for act in next_acts(s))}",
        )


def next_acts(s: Situation) -> list[dict[str, Any]]:
    """What the runs do not do, in the order in which it helps, each with what it is about. How each is done is in the operator's guide."""
    domains = sorted((status.domain.name for status in s.statuses if (status.ours or status.unreadable is not None) and status.domain.name), key=natural)
    pair = [d.thumbprint for d in s.seen.farm.decrypting]
    partners = rules.other_relying_parties(s.seen.farm)
    whose = names(domains) if len(domains) <= MOST_NAMED else count(len(domains), "domain")
    acts = [("revoke_refresh_tokens", domains, f"revoke the refresh tokens of all users of {whose}")]
    acts += [("renew_token_decrypting", pair, f"renew the token-decrypting certificate {names(pair)}")] if pair else []
    acts += [("tell_partners", partners, f"tell the other relying parties ({len(partners)})")] if partners else []
    acts += [
        ("replace_tls", [server.name for server in s.seen.farm.servers], "replace the TLS certificates of the servers if these were taken too"),
        ("look_through_logs", [], "look through the sign-in logs since the theft"),
    ]
    return [{"act": act, "objects": list(objects), "said": said} for act, objects, said in acts]


def contain(s: Situation, blocks: list[Block]) -> Act | None:
    """Containment first: stolen keys leave the domains at once, and sign-in stands still until the servers follow."""
    if not s.emergency or not _contains_first(s):
        return None
    fresh = _fresh(s)
    return None if fresh is None else _evict(s, fresh, blocks, whatever_it_costs=True)


def evict(s: Situation, blocks: list[Block]) -> Act | None:
    """Availability first: stolen keys leave the domains once no server signs with one."""
    fresh = _fresh(s)
    if not s.emergency or _contains_first(s) or fresh is None or s.signs_with_stolen:
        return None
    if any(status.compromised and status.ours for status in s.statuses):
        behind = list(_still_signing(s))
        if behind:
            blocks.extend(behind)
            return None
    return _evict(s, fresh, blocks, whatever_it_costs=False)


def replace_keys(s: Situation, blocks: list[Block]) -> Act | None:
    """A new key, its promotion, and the stolen ones out of AD FS."""
    if not s.emergency:
        return None
    if s.seen.farm.clock_runs and s.seen.farm.certificates & s.compromised:
        blocks.append(guards.rollover_unknown(s))
        return None
    fresh = _fresh(s)
    if fresh is None:
        return _make_fresh(s, blocks)
    if s.signs_with_stolen:
        return _promote(s, fresh, blocks)
    return _remove_stolen(s, blocks) or _make_second(s, fresh, blocks)


def _contains_first(s: Situation) -> bool:
    return s.journal.emergency is not None and s.journal.emergency.priority == "containment"


def _fresh(s: Situation) -> str | None:
    """The key that replaces the stolen ones: the primary where it is not stolen, else a certificate of AD FS that is not."""
    return s.successor if s.signs_with_stolen else s.seen.farm.primary


def _make_fresh(s: Situation, blocks: list[Block]) -> Act | None:
    farm, primary = s.seen.farm, s.seen.primary_key
    others = sorted(farm.certificates - {farm.primary})
    behind = [server.name for server in farm.servers if server.primary in others]
    if behind and not _contains_first(s):
        # What Entra's updater reads must go on showing their key: it would take it out of the domains.
        blocks.extend(guards.until_they_follow(s, behind, "these servers sign with an earlier certificate, which stays until they follow"))
        return None
    held_back = list(guards.timed(s))
    if held_back:
        blocks.extend(held_back)
        return None
    if others:
        return RemoveFromAdfs("it was stolen with the others, or has ended, and AD FS makes no new one beside it", thumbprint=others[0], protective=True)
    if s.custom:
        blocks.append(
            Block(
                "custom_certificate",
                farm.server,
                None,
                f"the primary certificate ({primary.thumbprint}) is stolen and is not AD FS' own: get one with a new key issued, import it on every server,"
                " and add it with federation.adfs.certificate",
            )
        )
        return None
    # From when on it has to be made to be known before the end, waiting keeps no domain's sign-in, and contains nothing.
    taken_from = s.room_made_from
    if guards.promotes_at_once(s) and not _contains_first(s) and s.now < taken_from:
        blocks.append(
            Block(
                "critical_threshold",
                farm.server,
                None,
                "AD FS might promote a new certificate as soon as it is made; renew_signing_cert_emergency_priority: containment takes that risk. From"
                f" {format_time(taken_from)} on it is made all the same, because the stolen one ends at {format_time(primary.not_after)}",
            )
        )
        return None
    return Generate("the farm needs a key that is not stolen", thumbprint=UNBORN, protective=True, toggles=True)


def _promote(s: Situation, fresh: str, blocks: list[Block]) -> Act | None:
    held_back = [*guards.timed(s), *guards.validity(s, fresh)]
    if not _contains_first(s):
        held_back.extend([*guards.no_domain(s), *guards.not_known_everywhere(s, fresh), *guards.not_accepted_everywhere(s, fresh)])
    if held_back:
        blocks.extend(held_back)
        return None
    why = (
        "the stolen keys are evicted, and sign-in stands still until the servers follow"
        if _contains_first(s)
        else "every domain and every server knows the fresh key"
    )
    return Promote(why, thumbprint=fresh, protective=True)


def _still_signing(s: Situation) -> Iterable[Block]:
    """Availability: who may still sign with a stolen key, and so keeps it in the domains."""
    farm = s.seen.farm
    behind = [server for server in farm.servers if server.primary in s.compromised]
    seen = [server.name for server in behind if server.seen]
    yield from guards.until_they_follow(s, seen, "these servers still sign with a stolen key; it is evicted once they follow")
    if not all(server.seen for server in farm.servers) or not farm.servers_confirmed:
        yield from guards.unconfirmed_servers(s)


def _evict(s: Situation, fresh: str, blocks: list[Block], whatever_it_costs: bool) -> Act | None:
    """The domains hold the fresh key and no stolen one. This act is exempt from the general rule where containment goes first."""
    writes: list[Write] = []
    for status in s.statuses:
        domain = status.domain
        if status.unreadable is not None:
            if not _accepted_loss(s, status):
                blocks.append(_unevicted(status))
        elif not status.compromised or not status.ours:
            continue
        elif not status.writable:
            if not _accepted_loss(s, status):
                blocks.append(_unevicted(status))
        else:
            slots = alone(s, fresh)
            if slots is None:
                blocks.append(_no_form(domain.name))
            elif whatever_it_costs:
                _allowed, before, after = rules.write_allowed(domain, slots, s.live, s.journal, s.policy.propagation, s.waited_until)
                writes.append(Write(domain, slots, before, after))
            else:
                writes.extend(checked_write(s, domain, slots, blocks))
    return act_on_domains(Evict, writes, "stolen keys are accepted there", thumbprint=fresh, protective=True)


def alone(s: Situation, fresh: str) -> Slots | None:
    """The certificates of a domain that accepts good keys only, in the first form that Entra was not seen to refuse in this run.

    With a successor they are both wanted, and nothing has to be tried.
    """
    good = s.seen.farm.certificates - s.compromised - {fresh}
    second = s.successor if s.successor in good else (sorted(good)[0] if good else None)
    if second is not None and (len(s.successors) == 1 or s.policy.eviction_forms_refused >= {"equal", "empty"}):
        return Slots(fresh, second)
    if "equal" not in s.policy.eviction_forms_refused:
        return Slots(fresh, fresh)
    return Slots(fresh, None) if "empty" not in s.policy.eviction_forms_refused else None


def _no_form(name: str) -> Block:
    reason = f"Entra refused to hold one certificate alone in {name}; stolen keys are evicted there once AD FS has made a second new one"
    return Block("eviction_form", name, None, reason)


def _unevicted(status: DomainStatus) -> Block:
    name = status.domain.title
    why = f"it could not be read ({status.unreadable})" if status.unreadable is not None else "it is excluded from writing"
    if status.refused:
        why = "it is not written again in this run"
    elif status.domain.can_write is False:
        why = "the application has no permission to write it"
    reason = (
        f"{name} may still accept a stolen key: {why}; whoever has the key can sign in there. The emergency stays open until this is solved, or acknowledged"
        " with the stolen thumbprint in renew_signing_cert_domains_acknowledged"
    )
    return Block("unevicted", name, None, reason)


def _remove_stolen(s: Situation, blocks: list[Block]) -> Act | None:
    """The stolen keys leave AD FS, so that no server's metadata shows them and Entra's updater cannot copy them back."""
    farm = s.seen.farm
    stolen = sorted((farm.certificates & s.compromised) - s.live)
    if stolen:
        held_back = list(guards.timed(s))
        if held_back:
            blocks.extend(held_back)
            return None
        # Availability waits with it until the domains are rid of the key and no server needs it in the metadata.
        if not _contains_first(s) and any(status.compromised and status.writable and not status.broken for status in s.statuses) and not _forms_refused(s):
            return None
        return RemoveFromAdfs("its key is stolen, and Entra's own updater could copy it back from the metadata", thumbprint=stolen[0], protective=True)
    emergency = s.journal.emergency
    until = later(emergency.clean, s.policy.propagation) if emergency is not None and emergency.clean is not None else s.now
    showing = [server.name for server in farm.servers if server.certificates & s.compromised]
    if showing:
        blocks.extend(guards.until_they_follow(s, showing, "these servers still publish a stolen key"))
    elif s.now < until:
        reason = "Entra's own updater may copy a stolen key back from what it read before; every run looks until then"
        blocks.append(Block("eviction_watch", farm.host_name, until, reason))
    blocks.extend(guards.unconfirmed_servers(s))
    for name in s.vanished(_stolen(s)):
        reason = f"{name} was seen earlier and is not listed any more: find out why, or acknowledge it in renew_signing_cert_domains_acknowledged"
        blocks.append(Block("missing_domain", name, None, f"{reason} with the stolen thumbprint; the emergency stays open until then"))
    return None


def _forms_refused(s: Situation) -> bool:
    return s.policy.eviction_forms_refused >= {"equal", "empty"}


def _make_second(s: Situation, fresh: str, blocks: list[Block]) -> Act | None:
    """Entra refuses to hold one certificate alone: a second new one stands beside the first, as in Microsoft's procedure."""
    farm = s.seen.farm
    waiting = any(status.compromised and status.writable for status in s.statuses)
    if not waiting or not _forms_refused(s) or farm.certificates != {fresh} or s.custom:
        return None
    held_back = [*guards.timed(s), *guards.generation_by_switch(s)] if not farm.auto_rollover else list(guards.timed(s))
    if held_back:
        blocks.extend(held_back)
        return None
    return Generate(
        "Entra holds no certificate alone, so a second new one evicts the stolen keys", thumbprint=UNBORN, protective=True, toggles=not farm.auto_rollover
    )


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
        "next_acts": next_acts(s),
        "containment": {
            "planned_hours": _hours(contained_in),
            "contained_at": format_time(evicted + s.policy.propagation) if evicted else None,
            "hours": _hours(evicted + s.policy.propagation - emergency.declared) if evicted else None,
        },
        "sign_in_gap": {
            "planned_hours": _hours(max(follow, s.policy.propagation)) if contains_first else 0.0,
            "domains_without_sign_in": sorted(d.domain.name for d in s.statuses if d.ours and rules.broken(d.domain, s.live)),
        },
    }


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 1)
