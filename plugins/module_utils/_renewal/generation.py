# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Making a successor: AD FS' own, or one from elsewhere that the operator named. Nothing starts AD FS' clock unless the rest of the way is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards, rules, server_steps, spans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, Generate, RemoveFromAdfs, SuspendAutoRollover
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

add = server_steps.add


def generate(s: Situation, blocks: list[Block]) -> Act | None:
    """Make sure that a successor exists, early enough to publish it."""
    farm, primary = s.seen.farm, s.seen.primary_key
    before_adfs = _is_made_before_adfs(s)
    owed = is_owed(s) or before_adfs
    if s.promotable or s.signs_with_stolen or (s.now < s.due_at and not owed) or s.journal.left_to_adfs == farm.primary:
        return None  # left to AD FS, it is not begun again: that would go to and fro
    if s.policy.successor is not None and s.policy.successor not in farm.certificates:
        return None  # what keeps that one away is said already
    held_back = [] if owed else [*guards.unmended(s), *guards.unknown_or_changed(s)]
    # What the holding owes protects sign-in, as does what goes on while the journal is closed.
    held_back += [*(guards.clocks(s) if owed else guards.timed(s)), *guards.paused(s), *obstacles(s)]
    wait = None if owed or held_back or not farm.auto_rollover else _better_moment(s)
    if not owed:
        closed = "the successor is due, but neither freezes nor the maintenance windows allow it now"
        held_back.extend(guards.window(s, farm.server, closed))
    if wait is not None:
        held_back.append(
            Block("window", farm.server, wait, "AD FS would promote the successor within a freeze or outside the maintenance windows; it is made then")
        )
    if held_back:
        blocks.extend(held_back)
        return None
    if farm.auto_rollover and only_adfs_can(s):
        blocks.extend(what_stops(s))
        return None  # held now, its clock would have to be given back at once
    hold = reason_to_hold_first(s, s.now, s.reach) if farm.auto_rollover and not before_adfs else None
    if hold is not None:
        return SuspendAutoRollover(hold, protective=owed)
    reason = f"the primary certificate ends at {format_time(primary.not_after)} and AD FS has no successor"
    if before_adfs:
        reason += (
            f"; from {format_time(s.adfs_promotes_at)} on AD FS would promote one of its own, which no run is sure to have published by then, and nothing"
            " could note that its clock is held"
        )
    return Generate(
        reason,
        thumbprint=UNBORN,
        toggles=not farm.auto_rollover,
        protective=owed,
    )


def obstacles(s: Situation) -> list[Block]:
    """What keeps a successor from being made, due or not, and cannot be put off."""
    found = [*guards.room_for_successor(s)]
    if not is_owed(s):  # AD FS would have made it whoever can write the domains, and Entra's own updater may bring it to them
        found += [*guards.no_domain(s), *guards.way_is_open(s)]
    if s.policy.successor is not None and s.policy.successor not in s.seen.farm.certificates:
        found += [*server_steps.unfit(s, s.policy.successor), *server_steps.key_checks(s, s.policy.successor)]
    if s.custom and not adfs_may_follow(s):
        found.append(_custom(s))
    elif s.seen.farm.auto_rollover is None:
        found.append(guards.rollover_unknown(s))
    elif not s.seen.farm.auto_rollover:
        found.extend(guards.generation_by_switch(s))
    return found


def what_stops(s: Situation) -> list[Block]:
    """As ``obstacles``, what no time lifts, also as it would be with AD FS' clock held."""
    found = obstacles(s)
    if s.seen.farm.auto_rollover and (not s.custom or adfs_may_follow(s)):
        found.extend(guards.generation_by_switch(s))
    return [b for b in found if b.until is None]


def adfs_may_follow(s: Situation) -> bool:
    """AD FS' own certificate may follow an administrator's: the operator wants automatic rollover, and AD FS would make one before the next run.

    Until then an administrator may name the successor. From then on who holds the clock owes the one that AD FS would have made.
    """
    return s.policy.auto_rollover is True and later(s.now, s.reach) >= earlier(s.seen.primary_key.not_after, s.seen.farm.thresholds.generation)


def last_look_from(s: Situation) -> datetime:
    """From when on, by the reach, no later run is sure to come before AD FS' last check of its certificates before the primary ends."""
    return earlier(s.seen.primary_key.not_after, s.one_check, s.reach)


def only_adfs_can(s: Situation) -> bool:
    """No successor can be made beforehand, and no later run comes before AD FS' last check: only what AD FS does by itself is left."""
    wanted = not s.custom or s.policy.auto_rollover is True
    return wanted and not s.promotable and s.now >= last_look_from(s) and bool(what_stops(s))


def made_by_adfs(s: Situation) -> list[str]:
    """What AD FS may promote and has made itself."""
    return [k for k in s.promotable if s.seen.keys[k].self_signed and k not in s.seen.farm.from_store]


def is_owed(s: Situation) -> bool:
    """Who holds AD FS' clock owes the successor that AD FS would have made: nothing that gates a planned act stops it."""
    return s.owed


def promotes_if_made(s: Situation, moment: datetime) -> datetime:
    """When AD FS' clock would promote a successor that is made at ``moment``, at the earliest."""
    thresholds = s.seen.farm.thresholds
    return min(later(moment, thresholds.promotion), earlier(s.seen.primary_key.not_after, thresholds.critical))


def _is_made_before_adfs(s: Situation) -> bool:
    """AD FS' clock cannot be held, and no run is sure to publish in time what AD FS would make and promote; what is made now can be."""
    in_time = promotes_if_made(s, s.now) - s.now >= s.publication_interval
    cannot = s.clock_cannot_be_held and s.seen.farm.auto_rollover is True and s.gives_room and not s.promotable and not s.custom
    return cannot and in_time and s.promotes_too_early(s.unsure_reach)


def reason_to_hold_first(s: Situation, moment: datetime, reach: timedelta) -> str | None:
    """Why AD FS' clock has to be held before a successor is made at ``moment``, the next run coming ``reach`` later; None where it need not be."""
    promotes = promotes_if_made(s, moment)
    if s.policy.promote != "adfs":
        return f"AD FS' own clock must not promote the new certificate (renew_signing_cert_promote: {s.policy.promote}); it is held before one is made"
    if promotes - moment < s.publication_interval + reach:
        return f"AD FS would promote a new certificate at {format_time(promotes)}, before it is known everywhere; its clock is held first"
    if not spans.free(s.policy, promotes, s.seen.farm.thresholds.check):
        return "AD FS would promote a new certificate within a freeze or outside the maintenance windows; its clock is held first"
    return None


def _better_moment(s: Situation) -> datetime | None:
    """A later moment that is early enough and after which AD FS promotes at an allowed time; None where now is as good, or none is better."""
    thresholds = s.seen.farm.thresholds
    if s.policy.promote != "adfs" or not s.policy.gated:
        return None
    if s.policy.windows and not any(w.end - w.start >= thresholds.check for w in s.policy.windows):
        return None
    latest = earlier(s.seen.primary_key.not_after, thresholds.generation)
    end = min(latest, s.deadline) if s.deadline is not None else latest
    first = spans.first_free(s.policy, s.now, end, thresholds.promotion, thresholds.check)
    return None if first is None or first == s.now else first


def _custom(s: Situation) -> Block:
    primary = s.seen.primary_key
    from_then_on = ""
    if s.policy.auto_rollover is True:
        begins = earlier(primary.not_after, s.seen.farm.thresholds.generation)
        from_then_on = f". Without one, AD FS' own follows it from {format_time(begins)} on (renew_signing_cert_auto_rollover: true)"
    return Block(
        "custom_certificate",
        s.seen.farm.server,
        None,
        f"AD FS does not renew the primary certificate ({primary.thumbprint}), which ends at {format_time(primary.not_after)}: get its successor"
        " issued and name it in renew_signing_cert_successor (with renew_signing_cert_pfx_path the role imports it on every server), or add it with"
        " federation.adfs.certificate" + from_then_on,
    )


def remove_expired(s: Situation, blocks: list[Block]) -> Act | None:
    """A successor needs room: expired leftovers that AD FS, its rollover being off, does not remove by itself.

    What a server that cannot be seen was last seen to sign with goes too once it ended, as AD FS would take it out: with it nobody signs in any more.
    """
    farm = s.seen.farm
    others = sorted(farm.certificates - {farm.primary})
    signing = rules.live_keys(farm) - rules.unseen_keys(farm)
    expired = [k for k in others if s.seen.keys[k].expired(s.now) and k not in signing]
    if farm.auto_rollover is not False or not expired or len(expired) < len(others) or s.paused or s.clock_differs:
        return None
    # Who holds AD FS' clock owes the successor and what makes room for it: no other domain stops that, as little as it stops making the successor.
    if not is_owed(s) and (s.broken or s.now < s.due_at or s.window() is not None):
        return None
    reason = f"it ended at {format_time(s.seen.keys[expired[0]].not_after)} and stands in the way of a successor"
    return RemoveFromAdfs(reason, thumbprint=expired[0], protective=is_owed(s))


def not_generated(s: Situation) -> Iterator[str]:
    """What to say where AD FS should have made its successor by itself and did not."""
    farm = s.seen.farm
    since = later(earlier(s.seen.primary_key.not_after, farm.thresholds.generation), farm.thresholds.check, timedelta(hours=1))
    if farm.auto_rollover and not s.promotable and not s.custom and s.now > since:
        yield (
            f"AD FS should have made a successor by {format_time(since)} and did not: see the event log AD FS/Admin on {farm.server} (events 331 and 385),"
            " and the container of the shared keys"
        )
