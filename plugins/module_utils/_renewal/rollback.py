# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Rollback: the certificate that came is taken back out, or an earlier one signs again. A hold keeps the renewal from beginning anew."""

from __future__ import annotations

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards, rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import (
    Act,
    Block,
    Promote,
    Publish,
    RemoveFromAdfs,
    SuspendAutoRollover,
    Write,
    act_on_domains,
    checked_write,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.domain_steps import writes_with
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Rollback
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier as before
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Key, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def begin(s: Situation) -> Rollback:
    """What the operator's word means at this moment: before the promotion the successor goes, after it AD FS goes back to an earlier certificate."""
    return Rollback(s.successor, False, s.now) if s.successor is not None else Rollback(s.seen.farm.primary, True, s.now)


def roll_back(s: Situation, blocks: list[Block]) -> Act | None:
    """The next act of a rollback, if one was asked for and is not done yet."""
    asked = s.journal.rollback
    if asked is None or asked.lifted or s.emergency:
        return None
    if s.seen.farm.primary == asked.undone:
        return _go_back(s, asked.undone, blocks)
    if asked.promoted:
        return None  # an earlier certificate signs again; the other one stays beside it until the hold is lifted
    if asked.undone in s.seen.farm.certificates:
        return _take_out(s, asked.undone, blocks)
    return _write_backups(s, asked.undone, blocks)


def _take_out(s: Situation, undone: str, blocks: list[Block]) -> Act | None:
    """Before the promotion: AD FS' clock is held, and the successor, with which no server signs yet, leaves AD FS."""
    farm = s.seen.farm
    if undone in s.live:
        behind = [server.name for server in farm.servers if server.primary == undone]
        blocks.extend(guards.until_they_follow(s, behind, f"it signs with {undone}, which is to be taken back; that waits until it follows the primary"))
        return None
    if farm.auto_rollover:
        return SuspendAutoRollover("the successor is taken back, so AD FS must neither promote it nor make another", protective=True)
    held_back = list(guards.timed(s))
    blocks.extend(held_back)
    if held_back or _closed_window(s, farm.server, blocks):
        return None
    return RemoveFromAdfs("the rollback takes the successor back; no server signs with it yet", thumbprint=undone)


def _write_backups(s: Situation, undone: str, blocks: list[Block]) -> Act | None:
    """The members as they were before the successor came, where they held two certificates that may still be used.

    Where the second member was empty, the successor stays in it: it does no harm, and an empty member is not written.
    """
    writes: list[Write] = []
    for status in s.statuses:
        if status.writable and undone in status.domain.slots.accepted:
            earlier = _backup(s, status, undone)
            if earlier is not None:
                writes.extend(checked_write(s, status.domain, earlier, blocks))
    if writes and _closed_window(s, names(w.domain.name for w in writes), blocks):
        return None
    return act_on_domains(Publish, writes, "the rollback writes back what these domains held before the successor came", protective=False)


def _backup(s: Situation, status: DomainStatus, undone: str) -> Slots | None:
    for backup in reversed(s.journal.backups.get(status.domain.key, ())):
        slots = backup.slots
        if undone not in slots.accepted:
            usable = slots.next is not None and slots.accepted <= s.trusted and s.live <= slots.accepted and not slots.accepted & s.journal.revoked.keys()
            return slots if usable and not any(k in s.seen.keys and s.seen.keys[k].expired(s.now) for k in slots.accepted) else None
    return None


def _go_back(s: Situation, undone: str, blocks: list[Block]) -> Act | None:
    """After the promotion: the earlier certificate is published again where it is missing, and promoted once it is known everywhere."""
    farm = s.seen.farm
    earlier = _earlier(s, undone)
    if earlier is None:
        blocks.append(
            Block(
                "rollback",
                farm.server,
                None,
                f"AD FS holds no valid certificate that is older than {undone}, so there is nothing to go back to; set renew_signing_cert_pause to false"
                " to go on, or add one with federation.adfs.certificate",
            )
        )
        return None
    if before(earlier.not_after, farm.thresholds.critical, 2 * farm.poll) <= s.now:
        blocks.append(Block("validity", earlier.thumbprint, None, f"it ends at {format_time(earlier.not_after)}, too soon to sign with it again"))
        return None
    republish = _republish(s, earlier.thumbprint, blocks)
    if republish is not None:
        return republish
    held_back = [
        *guards.timed(s),
        *guards.only_seen(s),
        *guards.crowded(s),
        # Not asked: whether what signs now is accepted everywhere. Where it is not, going back helps, and a domain that has had the earlier
        # certificate for as long as a change takes loses nothing by it.
        *guards.not_known_everywhere(s, earlier.thumbprint, "the earlier certificate", _nothing_to_lose(s)),
    ]
    if held_back:
        blocks.extend(held_back)
        return None
    if _closed_window(s, farm.server, blocks):
        return None
    if farm.auto_rollover:
        return SuspendAutoRollover("going back is ours and needs automatic rollover off; it stays off while the rollover is held", protective=True)
    return Promote("the rollback: every domain and every server knows the earlier certificate", thumbprint=earlier.thumbprint)


def _nothing_to_lose(s: Situation) -> frozenset[str]:
    """Domains that were read and that accept nothing that a server signs with now, in no value that Entra may still serve."""
    live = rules.live_keys(s.seen.farm)  # also of servers that could not be seen
    read = (status.domain for status in s.statuses if status.unreadable is None)
    return frozenset(d.key for d in read if all(live.isdisjoint(accepted) for accepted in s.served(d)))


def earlier_than(s: Situation, undone: str) -> str | None:
    """Return the certificate that a rollback of ``undone`` goes back to, or None where there is none."""
    found = _earlier(s, undone)
    return found.thumbprint if found is not None else None


def _earlier(s: Situation, undone: str) -> Key | None:
    """The certificate of AD FS that signed before the one to be undone; where that was not seen, the youngest valid one that is older."""
    others = [s.seen.keys[k] for k in s.seen.farm.certificates if k != undone and k not in s.compromised and k not in s.journal.revoked]
    valid = [k for k in others if not k.expired(s.now)]
    signed = [(seen.last_primary, k.thumbprint, k) for k in valid if (seen := s.journal.own.get(k.thumbprint)) is not None and seen.last_primary is not None]
    if signed:
        return max(signed, key=lambda found: found[:2])[2]
    older = [k for k in valid if k.not_before <= s.seen.keys[undone].not_before]
    return max(older, key=lambda k: (k.not_before, k.thumbprint)) if older else None


def _republish(s: Situation, earlier: str, blocks: list[Block]) -> Act | None:
    unknowing = (status for status in s.statuses if status.writable and earlier not in status.domain.slots.accepted)
    writes = writes_with(s, earlier, unknowing, blocks)
    if writes and _closed_window(s, names(w.domain.name for w in writes), blocks):
        return None
    return act_on_domains(Publish, writes, "the rollback needs these domains to know the earlier certificate again", thumbprint=earlier, protective=False)


def _closed_window(s: Situation, where: str, blocks: list[Block]) -> bool:
    closed = [*guards.window(s, where, "the rollback was asked for, but neither freezes nor the maintenance windows allow it now")]
    blocks.extend(closed)
    return bool(closed)
