# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Decides the one act that is safe and useful now, and says for everything that waits which condition holds it and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ansible_collections.federation.adfs.plugins.module_utils._renewal import (
    adfs_clock,
    decrypting,
    domain_steps,
    emergency,
    generation,
    guards,
    removal,
    rollback,
    server_steps,
    third_party,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, Decision, Promote
from ansible_collections.federation.adfs.plugins.module_utils._renewal.alarms import alarms
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import LOCK_LAPSE, locked_by
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def decide(s: Situation, run: str, keeps_back: Callable[[Act], Block | None] | None = None) -> Decision:
    """Return the one act to do now, if any. ``run`` names this run to the journal's lock.

    ``keeps_back``: what holds back an act that the rules allow, such as an approval that it has not; the next one in order is done then.
    """
    found = tuple(alarms(s))
    closed = list(_locked(s, run))
    if closed:
        return Decision(None, tuple(closed), found)
    blocks: list[Block] = []
    # Holding AD FS' clock comes even before a repair: whatever happens to the run afterwards, nothing is promoted meanwhile.
    steps: tuple[Callable[[Situation, list[Block]], Act | None], ...] = (
        adfs_clock.hold,
        emergency.contain,
        domain_steps.repair,
        rollback.roll_back,
        adfs_clock.respect_wanted_off,
        domain_steps.publish,
        emergency.evict,
        emergency.replace_keys,
        removal.remove_old,
        _restore,
        generation.remove_expired,
        generation.add,
        generation.generate,
        adfs_clock.hold_unfinished,
        _promote,
        adfs_clock.last_call,
        server_steps.restart,
        domain_steps.reorder,
        domain_steps.remove_unknown,
        domain_steps.remove_from_entra,
        decrypting.renew,
    )
    of_providers: tuple[Callable[[Situation, list[Block]], Act | None], ...] = (
        domain_steps.repair,
        domain_steps.publish,
        domain_steps.reorder,
        domain_steps.remove_unknown,
        domain_steps.remove_from_entra,
    )
    handing_back = (
        _hold_unpublished,
        emergency.contain,
        domain_steps.repair,
        adfs_clock.respect_wanted_off,
        domain_steps.publish,
        emergency.evict,
        emergency.replace_keys,
        adfs_clock.hand_back,
    )
    if s.policy.hand_back:
        steps, of_providers = handing_back, (domain_steps.repair, domain_steps.publish)
    for step in steps if s.seen.farm.provider is None else of_providers:
        act = _permitted(step(s, blocks), blocks, keeps_back)
        if act is not None:
            return Decision(act, tuple(_once(blocks)), found)
    blocks.extend(guards.timed(s))
    blocks.extend(_waiting(s))
    return Decision(None, tuple(_once(blocks)), found)


def _permitted(act: Act | None, blocks: list[Block], keeps_back: Callable[[Act], Block | None] | None) -> Act | None:
    block = keeps_back(act) if act is not None and keeps_back is not None else None
    if block is not None:
        blocks.append(block)
    return act if block is None else None


def _once(blocks: Iterable[Block]) -> list[Block]:
    return list(dict.fromkeys(blocks))


def _locked(s: Situation, run: str) -> Iterable[Block]:
    """Another run works on this farm: nothing is done beside it."""
    other = locked_by(s.journal, run, s.lock_age)
    if other is not None:
        yield Block(
            "lock",
            s.seen.farm.server,
            later(s.now, LOCK_LAPSE - (s.lock_age or LOCK_LAPSE * 0)),
            f"another run ({other}) works on this farm, or ended less than 15 minutes ago without giving the lock back; nothing is done beside it",
        )


def _hold_unpublished(s: Situation, blocks: list[Block]) -> Act | None:
    # Who hands back begins no hold but for a successor for which the clock would not be given back at once.
    return adfs_clock.hold(s, blocks) if s.emergency or adfs_clock.waits_to_hand_back(s) else None


def _restore(s: Situation, blocks: list[Block]) -> Act | None:
    # A journal that cannot be written does not stop it: with the successor everywhere, AD FS may promote.
    return None if s.clock_differs else adfs_clock.restore(s, blocks)


def _promote(s: Situation, blocks: list[Block]) -> Act | None:
    """The successor signs; by the role only where the operator said so."""
    farm = s.seen.farm
    if s.policy.promote != "role" or s.successor is None or farm.auto_rollover is not False or s.signs_with_stolen:
        return None
    held_back = guards.promotion_blocks(s)
    if not held_back and s.ready and s.successor in farm.from_store:
        held_back = server_steps.key_checks(s, s.successor)
    if held_back or not s.ready:
        blocks.extend(held_back)
        return None
    return Promote("every domain and every server has the successor", thumbprint=s.successor)


def _waiting(s: Situation) -> Iterable[Block]:
    """What a run that has nothing more to do is waiting for."""
    farm = s.seen.farm
    if farm.provider is not None:
        yield from third_party.waiting(s)
        return
    yield from guards.only_seen(s)
    if not s.following:
        behind = [server.name for server in farm.servers if server.seen and server.primary != farm.primary and not server.stranger]
        reason = "these servers still sign with the previous certificate; the domains keep both until they have synchronized"
        yield from guards.until_they_follow(s, behind, reason)
        return
    if s.unseen_followers:
        yield from guards.unconfirmed_servers(s)
    if not s.promotable:
        if s.released:
            yield _promotes_by_itself(s, "makes its next certificate and promotes it", "; sign-in may fail from then on until the next run repairs it")
        elif s.now < s.due_at:
            yield Block(
                "due", farm.server, s.due_at, f"the primary certificate is valid until {format_time(s.seen.primary_key.not_after)}; renewal is due from then on"
            )
        return
    if s.policy.promote == "role" and not (farm.auto_rollover and s.released):
        yield from guards.no_successor(s)
        if farm.auto_rollover:
            yield from guards.promotion_blocks(s)
            yield _promotes_by_itself(s)
        return
    if s.custom and s.policy.auto_rollover is not True and farm.auto_rollover is False:
        reason = (
            "AD FS made a successor of its own beside a certificate that is not its own, and its clock is held: name the successor in"
            " renew_signing_cert_successor, or set renew_signing_cert_auto_rollover to true to let AD FS promote its own"
        )
        yield Block("custom_certificate", farm.server, None, reason)
    yield from guards.unmended(s)
    yield from guards.no_domain(s)
    yield from guards.unknown_or_changed(s)
    yield from guards.paused(s)
    yield from guards.several_successors(s)
    yield from guards.no_successor(s)
    yield from guards.crowded(s)
    yield from guards.not_known_everywhere(s, s.successor)
    if farm.auto_rollover:
        yield _promotes_by_itself(s)
    elif s.policy.promote == "never" or s.wanted_auto_rollover is not True:
        reason = "automatic rollover is off, so AD FS does not promote: set renew_signing_cert_promote to role, or promote it with federation.adfs.certificate"
        yield Block("promote_policy", farm.server, None, reason)


def _promotes_by_itself(s: Situation, what: str = "promotes the successor", then: str = "") -> Block:
    """What AD FS could have done before now, because its clock was held or it has not checked since, it does at its next check."""
    farm, begins = s.seen.farm, s.adfs_promotes_at
    ends = later(max(begins, s.now), farm.thresholds.check)
    when = f"between {format_time(begins)} and {format_time(ends)}" if begins > s.now else f"at its next check, by {format_time(ends)} at the latest"
    return Block("adfs_clock", farm.server, begins if begins > s.now else ends, f"AD FS {what} by itself, {when}{then}")
