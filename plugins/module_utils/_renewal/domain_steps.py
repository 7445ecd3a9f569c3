# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What is written to domains: repair, publishing the successor, the order of the two certificates, and removing one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal import emergency, gradual, guards, rules, third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import (
    Act,
    Block,
    Publish,
    RemoveFromEntra,
    Reorder,
    Repair,
    SuspendAutoRollover,
    Write,
    act_on_domains,
    checked_write,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import LONGEST, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import RelyingParty, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names

SKEW = timedelta(minutes=5)


def repair(s: Situation, blocks: list[Block]) -> Act | None:
    """Sign-in that is broken is repaired, domain by domain, also over an unknown certificate."""
    successor = None if s.paused or len(s.successors) != 1 else s.successor
    writes: list[Write] = []
    for status in s.statuses:
        if not status.broken:
            continue
        name = status.domain.name
        if not status.writable:
            why = "it is not written again in this run" if status.refused else "the domain is excluded from writing: include it, or repair it by hand"
            if status.domain.can_write is False:
                why = "the application has no permission to write it"
            blocks.append(Block("unmended", name, None, f"sign-in of {name} is broken, and {why}"))
            continue
        slots = _wanted(s, status, successor)
        if slots is None:
            blocks.append(_too_many(s, name))
            continue
        writes.extend(checked_write(s, status.domain, slots, blocks))
    drops = any(s.successor in w.domain.slots.accepted - w.slots.accepted for w in writes)
    if drops and s.seen.farm.auto_rollover is None:
        blocks.append(guards.rollover_unknown(s))
        writes = [w for w in writes if s.successor not in w.domain.slots.accepted - w.slots.accepted]
    elif drops and s.seen.farm.auto_rollover and s.journal.released is None:
        reason = "the repair takes the successor out of a domain, so AD FS must not promote it meanwhile"
        return guards.gated(s, blocks, SuspendAutoRollover(reason, protective=True))
    reason = f"{s.seen.farm.title} signs with a certificate that these domains do not accept: sign-in is broken there now"
    return guards.gated(s, blocks, act_on_domains(Repair, writes, reason, protective=True))


def publish(s: Situation, blocks: list[Block]) -> Act | None:
    """Every domain learns the successor before it signs."""
    several = list(guards.several_successors(s))
    if several or s.successor is None or s.paused:
        blocks.extend(several)
        return None
    unknowing = (status for status in s.statuses if status.writable and not status.broken and s.unknown_to(status.domain))
    writes = gradual.publishing(s, writes_with(s, s.successor, unknowing, blocks), blocks)
    reason = f"{s.seen.farm.title} has a successor that these domains do not accept yet"
    return guards.gated(s, blocks, act_on_domains(Publish, writes, reason, thumbprint=s.successor, protective=True))


def writes_with(s: Situation, key: str, statuses: Iterable[DomainStatus], blocks: list[Block]) -> list[Write]:
    """The writes after which these domains accept ``key`` beside what signs. An unknown certificate in the way goes only if it may."""
    writes: list[Write] = []
    for status in statuses:
        slots = _wanted(s, status, key)
        if slots is None or key not in slots.accepted:
            if s.seen.farm.provider is None and key not in status.domain.slots.accepted:
                blocks.append(_too_many(s, status.domain.name))
            continue
        if set(status.unknown) - slots.accepted and not guards.may_drop(s, status.unknown):
            blocks.append(guards.unknown_certificate(status))
            continue
        writes.extend(checked_write(s, status.domain, slots, blocks))
    return writes


def _wanted(s: Situation, status: DomainStatus, successor: str | None) -> Slots | None:
    """What the domain should hold. A stolen key that does not sign is not kept."""
    domain = status.domain
    live = s.live_for(domain)
    slots = rules.wanted_slots(domain, s.seen, live, successor, s.trusted, s.surely_past, s.making_room, unwanted=s.compromised - live)
    if slots is not None and s.emergency and len(slots.accepted) == 1 and domain.slots.accepted & s.compromised:
        return emergency.alone(s, next(iter(slots.accepted)))
    return slots


def _too_many(s: Situation, name: str) -> Block:
    if s.seen.farm.provider is not None:
        return third_party.too_many(s, name)
    signing = rules.live_keys(s.seen.farm) | s.only_seen
    behind = [f"{x.name} ({x.primary})" for x in s.seen.farm.servers if x.primary and x.primary != s.seen.farm.primary]
    return Block(
        "too_many_signers",
        name,
        None,
        f"{len(signing)} certificates sign and a domain holds two. Bring these servers in step first, or list them with gone: true in"
        f" renew_signing_cert_servers: {names(behind)}",
    )


def reorder(s: Situation, blocks: list[Block]) -> Act | None:
    """The same two certificates with the primary first, so that Entra's own updater rests. What is stored in an odd form is written as documented."""
    if s.successor is not None or s.paused or not s.following or s.broken or s.journal_closed:
        return None
    writes: list[Write] = []
    for status in s.statuses:
        slots, primary = status.domain.slots, s.seen.farm.primary
        if not status.writable or status.unknown or primary not in slots.accepted or status.compromised:
            continue
        if (slots.signing != primary and len(slots.accepted) == 2) or not status.domain.in_order:
            writes.extend(checked_write(s, status.domain, rules.ordered(slots.accepted, primary), blocks))
    where = names(w.domain.name for w in writes)
    closed = [*guards.window(s, where, "the certificates are in the old order, which is safe; neither freezes nor the maintenance windows allow writing now")]
    if writes and closed:
        blocks.extend(closed)
        return None
    chosen = gradual.portion(s, writes, blocks)
    return act_on_domains(Reorder, chosen, f"{s.seen.farm.title} signs with the next signing certificate; it belongs into the first place")


def remove_unknown(s: Situation, blocks: list[Block]) -> Act | None:
    """Unknown certificates leave the domains, where the policy or the operator's word says so. Where a successor is published, that replaces them.

    A domain that is broken is repaired first, and one that cannot be repaired keeps none in the others.
    """
    replaced = s.successor is not None and not list(guards.several_successors(s))
    if replaced or s.paused or s.clock_differs or s.journal_closed or s.only_seen:
        return None
    writes: list[Write] = []
    named = False
    for status in s.statuses:
        leaving = set(status.unknown) if s.policy.unknown_certificates == "replace" else set(status.unknown) & s.to_remove
        kept = status.domain.slots.accepted - leaving
        if leaving and kept and status.writable and not status.broken:
            named = named or bool(leaving & s.to_remove)
            writes.extend(checked_write(s, status.domain, _only(s, rules.ordered(kept, s.seen.farm.primary)), blocks))
    if writes and not named:
        unseen = list(guards.unconfirmed_servers(s))
        if unseen:
            blocks.extend(unseen)
            return None
    closed = [] if named else [*guards.window(s, names(w.domain.name for w in writes), "neither freezes nor the maintenance windows allow removing it now")]
    if writes and closed:
        blocks.extend(closed)
        return None
    why = "renew_signing_cert_compromised" if named else "renew_signing_cert_unknown_certificates: replace"
    return act_on_domains(RemoveFromEntra, writes, f"these domains accept a certificate that is not this farm's ({why})", protective=True if named else None)


def remove_from_entra(s: Situation, blocks: list[Block]) -> Act | None:
    """Only if asked for: the old certificate leaves the domains."""
    if not s.policy.remove_old_from_entra or s.successor is not None or s.paused or not s.following or s.broken:
        return None
    leaving = [
        status
        for status in s.statuses
        if status.writable
        and status.domain.slots.signing == s.seen.farm.primary
        and status.domain.slots.next in (s.seen.farm.certificates | s.journal.history) - {s.seen.farm.primary}
    ]
    if not leaving:
        return None
    if any(status.domain.slots.next in s.live for status in leaving):
        blocks.extend(guards.unconfirmed_servers(s))
        return None
    where = names(status.domain.name for status in leaving)
    interval = retire_interval(s)
    since = s.journal.followed[1] if s.journal.followed else None
    held_back = [*guards.timed(s), *guards.only_seen(s), *guards.unknown_lifetimes(s), *guards.unconfirmed_servers(s), *_may_be_promoted(s)]
    if since is None or s.now - since < interval:
        held_back.append(
            Block("retire_interval", where, later(since or s.now, interval), "the old certificate stays until no token signed with it can arrive any more")
        )
    held_back.extend(guards.window(s, where, "neither freezes nor the maintenance windows allow removing it now"))
    if held_back:
        blocks.extend(held_back)
        return None
    writes = [w for status in leaving for w in checked_write(s, status.domain, _only(s, Slots(s.seen.farm.primary, None)), blocks)]
    chosen = gradual.portion(s, writes, blocks)
    return act_on_domains(RemoveFromEntra, chosen, "no server signs with the old certificate any more (renew_signing_cert_remove_old_from_entra)")


def _only(s: Situation, slots: Slots) -> Slots:
    """One certificate alone: with an empty second place, or twice where Entra refused that in this run."""
    return Slots(slots.signing, slots.signing) if slots.next is None and "empty" in s.policy.eviction_forms_refused else slots


def _may_be_promoted(s: Situation) -> Iterable[Block]:
    if s.promotable:
        yield Block("adfs_clock", names(s.promotable), None, "AD FS may still promote this certificate, so nothing is removed")


def retire_interval(s: Situation) -> timedelta:
    """How long after the last server followed the old key may still be needed: by a server, a token, or Entra's own copies."""
    known = [p.token_lifetime for p in s.seen.farm.relying_parties if p.token_lifetime is not None]
    longest = max([*known, s.seen.farm.longest_token] if known or s.seen.farm.longest_token else [RelyingParty.token_lifetime or timedelta(0)])
    return min(max(2 * s.seen.farm.poll + longest + SKEW, s.policy.propagation) + s.policy.safety, LONGEST)
