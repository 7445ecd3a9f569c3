# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""AD FS' own clock: when it is held so that it promotes nothing too early, and when AD FS gets it back.

Whoever holds the clock owes a successor in time, and an end to holding: the last call lets the successor sign although something still blocks,
because the primary certificate ends otherwise and every domain is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ansible_collections.federation.adfs.plugins.module_utils._renewal import generation, guards, rules, spans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, Promote, RestoreAutoRollover, SuspendAutoRollover
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def hold(s: Situation, blocks: list[Block]) -> Act | None:
    """AD FS would promote a certificate before it may sign: its clock is held."""
    if not s.seen.farm.clock_runs or s.seen.farm.provider is not None:
        return None
    reason = _reason_to_hold(s)
    if reason is None:
        return None
    if s.seen.farm.auto_rollover is None:
        blocks.append(guards.rollover_unknown(s))
        return None
    return _held(s, blocks, reason)


def _held(s: Situation, blocks: list[Block], reason: str) -> Act | None:
    if s.clock_cannot_be_held:
        advice = "nothing could note that the clock of AD FS is held, so it is not: set renew_signing_cert_auto_rollover to true, or mend the journal"
        blocks.append(Block("journal", s.seen.farm.server, None, f"{reason}; {advice}"))
        return None
    return guards.gated(s, blocks, SuspendAutoRollover(reason, protective=True))


def _reason_to_hold(s: Situation) -> str | None:
    stolen = s.seen.farm.certificates & s.compromised
    if s.emergency and stolen:
        return "AD FS holds stolen keys, and must neither promote a certificate nor make one by itself"
    if s.paused and s.promotable:
        return "the rollover is paused, and AD FS could promote a certificate"
    if _gives_back(s):
        return None
    if s.policy.promote != "adfs" and s.promotable:
        who = "the role promotes" if s.policy.promote == "role" else "an administrator promotes"
        return f"{who} (renew_signing_cert_promote: {s.policy.promote}), so AD FS' own clock must not decide"
    if s.promotes_too_early(s.reach) and not generation.only_adfs_can(s) and not _waits_in_vain(s):
        return _too_early(s)
    if s.ready and s.successor and len(s.promotable) == 1 and _goes_on(s, s.successor):
        return f"after the successor {_why_not_adfs(s, s.successor)}"
    return None


def _gives_back(s: Situation) -> bool:
    """Whether AD FS, its clock held now, would have to get it back at once. The journal says so after a last call; none does while it is closed."""
    return s.released or _nothing_else_is_left(s) or bool(s.journal_closed and (_let_sign(s) or generation.only_adfs_can(s)))


def _waits_in_vain(s: Situation) -> bool:
    """Every domain accepts what AD FS may promote, and no later run would know since when: the journal is closed, so a wait for Entra would never end."""
    accepted = (d.unreadable is None and d.domain.slots.accepted.issuperset(s.promotable) for d in s.counted)
    return bool(s.journal_closed and s.promotable and s.counted) and all(accepted)


def _too_early(s: Situation) -> str:
    what = "promote the successor" if s.promotable else "make a certificate and promote it"
    return f"AD FS would {what} from {format_time(s.adfs_promotes_at)} on, before it is known everywhere"


def hold_unfinished(s: Situation, blocks: list[Block]) -> Act | None:
    """How often runs come is not known yet, and this run leaves something undone: the next one may come late."""
    if not s.seen.farm.auto_rollover or s.seen.farm.provider is not None or s.distances or _gives_back(s) or _waits_in_vain(s):
        return None
    unpublished = bool(s.promotable) and not s.published
    # Without a successor AD FS makes and promotes one in its own time, whether or not the operator's renewal is due.
    if not (not s.promotable or unpublished or s.unreadable) or not s.promotes_too_early(s.unsure_reach):
        return None
    return _held(s, blocks, _too_early(s))


def respect_wanted_off(s: Situation, blocks: list[Block]) -> Act | None:
    """A run that died between switching automatic rollover on for one act and off again, or an administrator's hand: off is wanted."""
    if s.policy.auto_rollover is False and s.seen.farm.auto_rollover:
        reason = "automatic rollover is on although renew_signing_cert_auto_rollover is false"
        return guards.gated(s, blocks, SuspendAutoRollover(reason, protective=True))
    return None


def restore(s: Situation, blocks: list[Block]) -> Act | None:
    """Automatic rollover back as it is wanted: after a promotion, after a renewal that was taken back, or when AD FS may promote."""
    farm = s.seen.farm
    if farm.auto_rollover is not False or s.wanted_auto_rollover is not True or s.paused or farm.provider is not None:
        return None
    if farm.certificates & s.compromised or not (s.journal.auto_rollover_suspended or s.policy.auto_rollover):
        return None
    if s.custom and s.policy.auto_rollover is not True:
        return None  # AD FS would replace an administrator's certificate by one of its own
    if s.promotable:
        if s.policy.promote != "adfs" or not s.ready:
            return None
        if not _promotion_fits(s, blocks):
            return None
        if s.successor and _goes_on(s, s.successor):
            return Promote(f"every domain and every server has the successor; {_why_not_adfs(s, s.successor)}", thumbprint=s.successor, protective=True)
        return RestoreAutoRollover("every domain and every server has the successor, so AD FS may promote it", protective=True)
    # For an administrator's certificate no successor is made while it is held: the longer it is held, the less time is left to publish AD FS' own.
    if not s.following or (s.clock_held and s.journal.suspended_for == farm.primary and not _taken_back(s) and not s.custom):
        return None
    reach = s.unsure_reach
    next_run = later(s.now, reach)
    comes_after = reach if s.out_of_reach else s.reach
    if next_run >= s.due_at and any(generation.reason_to_hold_first(s, moment, comes_after) is not None for moment in (s.now, next_run)):
        return None  # this run or the next one would hold it again, for the renewal that is due then
    # Counted from the next run on, which would hold it again where it is too late then.
    if rules.adfs_promotes_at(s.seen, [], s.now) - next_run < s.publication_interval + reach:
        blocks.append(
            Block(
                "critical_threshold",
                farm.server,
                None,
                "with automatic rollover on, AD FS would make and promote a certificate too early; it stays off until the renewal is done",
            )
        )
        return None
    return RestoreAutoRollover("automatic rollover is wanted and nothing can be promoted too early any more", protective=True)


def _taken_back(s: Situation) -> bool:
    """The renewal for which the clock is held was rolled back, and the pause is lifted."""
    rollback = s.journal.rollback
    return rollback is not None and rollback.lifted and rollback.undone not in s.seen.farm.certificates


def _promotion_fits(s: Situation, blocks: list[Block]) -> bool:
    """Once its clock runs again, AD FS promotes at its own time or within one check interval: that must meet no freeze, and lie in a window."""
    if not s.policy.gated or s.now >= s.last_call_at or promotes_freely(s, s.now):
        return True
    until = first_free_return(s) or s.last_call_at
    blocks.append(
        Block("window", s.seen.farm.server, until, "AD FS would promote the successor within a freeze or outside the maintenance windows; its clock stays held")
    )
    return False


def promotes_freely(s: Situation, moment: datetime) -> bool:
    """Whether AD FS, given its clock back at ``moment``, promotes where neither a freeze nor the lack of a window forbids it."""
    return spans.free(s.policy, max(moment, s.adfs_promotes_at), s.seen.farm.thresholds.check)


def first_free_return(s: Situation) -> datetime | None:
    """The first moment before the last call at which AD FS' clock can be given back so; None where there is none."""
    corners = {s.now, *(w.start for w in s.policy.windows), *(f.end for f in s.policy.freezes)}
    return next((m for m in sorted(corners) if s.now <= m < s.last_call_at and promotes_freely(s, m)), None)


def last_call(s: Situation, blocks: list[Block]) -> Act | None:
    """The successor is let sign although something still blocks, where a domain accepts it and waiting would lose every domain."""
    if not s.obliged or s.released or s.clock_differs or s.now < s.last_call_at or (s.ready and s.policy.promote == "adfs" and not s.custom):
        return None
    if not s.promotable:
        return _without_successor(s)
    if not _proven(s):
        return _unproven(s)
    able = _let_sign(s)
    if not able:
        return None
    key = s.successor if s.successor in able else able[-1]
    reason = f"the primary certificate ends at {format_time(s.seen.primary_key.not_after)} and no later run comes in time; {cost(s)}"
    in_time = later(max(s.now, s.adfs_promotes_at), s.one_check) <= s.seen.primary_key.not_after
    goes_on, left_to_adfs = _goes_on(s, key), _left_to_adfs(s)
    by_the_role = goes_on if s.policy.promote == "adfs" else s.policy.promote == "role" and (goes_on or not in_time)
    if left_to_adfs and not by_the_role:
        may_be_late = "" if in_time else ". AD FS may do so only after the end: with renew_signing_cert_promote set to role it would be done at once"
        one_more = f". {_why_not_adfs(s, key)}: run this again shortly before then" if goes_on else ""
        return RestoreAutoRollover(f"last call: AD FS gets its clock back, because {reason}{may_be_late}{one_more}", thumbprint=key, protective=True)
    if s.policy.promote == "role" or s.signs_with_stolen or left_to_adfs:
        why = f"; {_why_not_adfs(s, key)}" if left_to_adfs and s.policy.promote == "adfs" else ""
        return Promote(f"last call: {reason}{why}", thumbprint=key, protective=True)
    blocks.append(
        Block(
            "last_call",
            s.seen.farm.server,
            None,
            f"{reason}. Run on {s.seen.farm.server}: Set-AdfsCertificate -CertificateType Token-Signing -Thumbprint {key} -IsPrimary, or set"
            " renew_signing_cert_promote to role",
        )
    )
    return None


def _without_successor(s: Situation) -> Act | None:
    """No successor can be made beforehand: what AD FS does by itself can be repaired, the end cannot."""
    if (
        s.seen.farm.auto_rollover is not False
        or s.wanted_auto_rollover is not True
        or s.seen.farm.certificates & s.compromised
        or not generation.only_adfs_can(s)
    ):
        return None
    reason = (
        "last call: AD FS gets its clock back, because no successor can be made beforehand and the primary certificate ends at"
        f" {format_time(s.seen.primary_key.not_after)}; when AD FS promotes its own, sign-in fails until the next run"
    )
    return RestoreAutoRollover(reason, thumbprint=s.seen.farm.primary, protective=True)


def _promotes_another(s: Situation, key: str) -> datetime:
    """When AD FS, its clock running, would have let ``key`` sign, made the certificate after it, and let that one sign, too."""
    promoted = max(s.now, s.adfs_promotes_at)
    return rules.adfs_promotes_at(replace(s.seen, farm=replace(s.seen.farm, primary=key)), [], promoted)


def _goes_on(s: Situation, key: str) -> bool:
    """No later run is sure to come before AD FS, its clock running, would let a certificate sign that no domain can know."""
    return _promotes_another(s, key) <= later(s.now, s.reach)


def one_more_at(s: Situation) -> datetime | None:
    """After a last call, when AD FS lets a certificate sign that no domain can know. None where a later run is sure to come before."""
    if not s.released or not s.seen.farm.auto_rollover or len(s.promotable) > 1:
        return None
    signs = _promotes_another(s, s.promotable[0]) if s.promotable else s.adfs_promotes_at  # without a successor AD FS makes it, too
    return signs if signs <= later(s.now, s.reach) else None


def _why_not_adfs(s: Situation, key: str) -> str:
    return f"AD FS, its clock running, would make one more and let it sign from {format_time(_promotes_another(s, key))} on, before a later run is sure to come"


def _left_to_adfs(s: Situation) -> bool:
    """At the last call AD FS may have its clock back: there is one certificate that it may promote, and the primary is its own to renew."""
    its_own = not s.custom or (s.policy.auto_rollover is True and s.policy.promote == "adfs")
    return len(s.promotable) == 1 and its_own and not s.seen.farm.certificates & s.compromised


def _let_sign(s: Situation) -> list[str]:
    """What AD FS may promote and the last call lets sign; nothing before it, or where a later look in time comes after what still blocks."""
    if s.now < s.last_call_at or any(b.until is not None and later(b.until, s.reach) <= s.last_safe_moment for b in what_blocks(s)):
        return []
    return _proven(s)


def _proven(s: Situation) -> list[str]:
    """What AD FS may promote and a domain that was read accepts wherever Entra is asked.

    Where no later run is sure to come before the end, it is enough that the domain does so within one check of AD FS, the time in which that promotes.
    Where the journal is closed, it is enough that the domain accepts it: no later run would know more.
    """
    last_look = s.now >= generation.last_look_from(s)
    by = later(s.waited_until, s.seen.farm.thresholds.check) if last_look else s.waited_until
    read = [d.domain for d in s.counted if d.unreadable is None]
    wanted = [k for k in s.promotable if k not in s.compromised]
    if s.journal_closed:
        return [k for k in wanted if any(k in domain.slots.accepted for domain in read)]
    return [k for k in wanted if any(rules.omnipresent(k, domain, s.journal, s.policy.propagation, by) for domain in read)]


def _may_cost_nobody(s: Situation) -> bool:
    """What AD FS promotes may be accepted where nobody could look, or no domain is the farm's."""
    return bool(s.unreadable) or not s.counted


def _nothing_else_is_left(s: Situation) -> bool:
    """No domain that was read accepts the successor, one that could not be read may (Entra reads AD FS' metadata by itself), and no later run is in time.

    The end costs every domain its sign-in, and the farm's other relying parties theirs, also where no domain is the farm's. So AD FS is let do what it
    would have done without this collection.
    """
    return _may_cost_nobody(s) and s.now >= generation.last_look_from(s) and _left_to_adfs(s) and not _proven(s)


def _unproven(s: Situation) -> Act | None:
    if s.seen.farm.auto_rollover is not False or not _nothing_else_is_left(s):
        return None
    unknown = f"whether {names(d.domain.title for d in s.unreadable)} accepts the successor could not be read; {cost(s)}"
    reason = (
        f"last call: AD FS gets its clock back, because the primary certificate ends at {format_time(s.seen.primary_key.not_after)}, no later run comes in"
        f" time, and {unknown if s.unreadable else 'no federated domain of this farm was found that the successor could cost its sign-in'}"
    )
    return RestoreAutoRollover(reason, thumbprint=s.promotable[0], protective=True)


def end_of_holding(s: Situation) -> str:
    """How the holding of AD FS' clock ends, as things are now, as a sentence."""
    ends = format_time(s.seen.primary_key.not_after)
    one = len(s.successors) == 1
    if any(d.unreadable is None and (d.domain.slots.accepted & set(s.promotable) or (one and d.writable)) for d in s.counted):
        return f"At {format_time(s.last_call_at)} the successor is let sign all the same, and {cost(s)}"
    nobody = "No domain that was read accepts the successor, or can be written"
    if _left_to_adfs(s) and _may_cost_nobody(s):
        from_then_on = f"From {format_time(generation.last_look_from(s))} on"
        by_itself = f"{from_then_on} AD FS gets its clock back all the same, as it would promote the successor without this collection"
        return f"{nobody}. {by_itself}, and {cost(s)}" if s.counted else by_itself
    return f"{nobody}, so it is not let sign: the primary certificate ends at {ends}, and sign-in with it"


def what_blocks(s: Situation) -> Iterator[Block]:
    """What keeps the successor from signing."""
    yield from guards.several_successors(s)
    yield from guards.no_successor(s)
    yield from guards.no_domain(s)
    yield from guards.not_known_everywhere(s, s.successor)
    yield from guards.crowded(s)


def losing(s: Situation) -> list[str]:
    """The domains whose sign-in is not sure to work when the last call lets the successor sign, as far as can be told now."""
    key = s.successor or (s.promotable[-1] if s.promotable else None)
    at = max(s.now, s.last_call_at)
    found = []
    for status in s.lacking(key):
        since = s.journal.first_seen.get(status.domain.key, {}).get(str(key))
        published = key in status.domain.slots.accepted and since is not None and later(since, s.policy.propagation) <= at
        if status.unreadable is not None or not published:
            found.append(status.domain.title)
    return found


def cost(s: Situation) -> str:
    """Whom the last call costs, as the end of a sentence."""
    names_of = losing(s)
    return f"sign-in may then fail for {names(names_of)}" if names_of else "every domain that was read accepts it by then"


def waits_to_hand_back(s: Situation) -> bool:
    """AD FS would promote the successor too early, and what keeps that from signing lifts with time, or AD FS alone would not have promoted it by now."""
    if not s.promotable or s.ready or s.now >= s.last_call_at:
        return False
    without_us = later(s.seen.primary_key.not_after, -s.seen.farm.thresholds.generation, s.seen.farm.thresholds.promotion)
    return s.now < without_us or any(b.until is not None for b in what_blocks(s))


def hand_back(s: Situation, blocks: list[Block]) -> Act | None:
    """The operator stops using these runs: AD FS gets its clock back, at once where it could promote nothing too early."""
    if not s.clock_held or s.wanted_auto_rollover is not True or s.seen.farm.certificates & s.compromised:
        return None
    if waits_to_hand_back(s):
        blocks.extend(what_blocks(s))
        return None
    return RestoreAutoRollover("handed back: from now on AD FS makes and promotes its certificates by itself", protective=True)


def needed_by(s: Situation) -> datetime | None:
    """Until when a run is needed, because the clock is held and nothing is promoted without one; None where it is not held."""
    return s.last_safe_moment if s.clock_held and s.seen.farm.provider is None else None
