# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What makes a run fail after its safe acts, each with the reason and what to do. The operator chooses among them with renew_signing_cert_fail_on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.federation.adfs.plugins.module_utils._renewal import adfs_clock, emergency, generation, guards
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def failures(s: Situation) -> list[dict[str, str]]:
    """Return what fails the run, each as ``fail_on`` and ``reason``; what must never go unseen fails it whatever the operator chose."""
    chosen = ((kind, reason) for kind, reason in _chosen(s) if kind in s.policy.fail_on)
    return [{"fail_on": kind, "reason": reason} for kind, reason in (*_always(s), *chosen)]


def _always(s: Situation) -> Iterator[tuple[str, str]]:
    if s.clock_differs:
        yield "clock", s.clock_differs
    for alarm in s.seen.alarms:
        if alarm.alarm == "journal":
            yield "journal", alarm.reason
    if s.journal_closed:
        yield "journal", s.journal_closed
    for reason in s.policy.unread_calendars:
        yield "calendar", reason
    yield from _emergency(s)
    if s.seen.farm.provider is not None:
        return
    primary = s.seen.primary_key
    if primary.not_before > s.now:
        yield "not_yet_valid", f"the primary certificate {primary.thumbprint} is not valid before {format_time(primary.not_before)}"
    for block in guards.only_seen(s):
        yield "only_seen_key", block.reason
    named = s.policy.successor in s.seen.farm.certificates - {s.seen.farm.primary}  # the one that was named for the renewal before is none
    if s.custom and not s.promotable and s.now >= s.due_at and not named:
        until = format_time(primary.not_after)
        yield "successor_missing", f"AD FS does not renew its certificate, which ends at {until}: name its successor in renew_signing_cert_successor"
    elif s.custom and generation.made_by_adfs(s) and s.policy.auto_rollover is not True and not named:
        yield (
            "successor_missing",
            (
                "AD FS made a successor of its own beside a certificate that is not its own: name the successor in renew_signing_cert_successor, or set"
                " renew_signing_cert_auto_rollover to true to let AD FS have it"
            ),
        )
    if not s.custom and s.seen.farm.auto_rollover is False and s.wanted_auto_rollover is None:
        yield (
            "auto_rollover",
            "automatic rollover is off and it is not known what is wanted: set renew_signing_cert_auto_rollover to true or false",
        )
    if s.seen.farm.auto_rollover is None:
        yield "auto_rollover", guards.rollover_unknown(s).reason
    if s.policy.hand_back and s.clock_held:
        yield "hand_back", f"AD FS' clock is not handed back yet: {_why_not_handed_back(s)}. Run this again until it is"
    yield from _pace(s)
    yield from _no_window(s)


def _why_not_handed_back(s: Situation) -> str:
    if s.seen.farm.certificates & s.compromised:
        return "AD FS holds stolen keys"
    return "; ".join(b.reason for b in adfs_clock.what_blocks(s)) or "this run did not do it"


def _emergency(s: Situation) -> Iterator[tuple[str, str]]:
    if s.emergency:
        where = [d.domain.title for d in s.statuses if d.compromised and d.ours]
        where += ["AD FS or one of its servers"] if s.compromised_in_farm else []
        unread = emergency.not_seen(s)
        if where:
            yield "emergency", f"stolen keys are still accepted by or present in {names(where)}"
        if unread:
            yield "emergency", f"it was not seen that {names(unread)} is free of stolen keys"
    elsewhere = [d.domain.name for d in s.statuses if d.compromised and d.unreadable is None and not d.ours]
    if elsewhere:
        yield "emergency", f"{names(elsewhere)} sign in elsewhere and accept a stolen key"


def _pace(s: Situation) -> Iterator[tuple[str, str]]:
    """No further run comes in time."""
    waits = s.clock_held or (s.policy.promote == "role" and bool(s.promotable))
    let_sign = s.released or (s.seen.farm.auto_rollover and s.ready)
    if waits and not let_sign and not s.paused and later(s.now, s.reach) >= s.last_safe_moment and s.seen.primary_key.not_after > s.now:
        measured = f" (the last runs were {names(_days(d) for d in s.distances)} apart)" if s.distances else ""
        yield (
            "pace",
            f"no further run is sure to come before {format_time(s.last_safe_moment)}{measured}: run it more often, and set renew_signing_cert_run_interval",
        )
    one_more = adfs_clock.one_more_at(s)
    if one_more is not None:
        role = "" if s.policy.promote == "role" else ", or set renew_signing_cert_promote to role for the next time"
        yield (
            "pace",
            (
                f"no further run is sure to come before {format_time(one_more)}, when AD FS would have made one more certificate and let it sign, which no"
                f" domain knows: run this again shortly before then{role}"
            ),
        )


def _days(span: object) -> str:
    seconds = span.total_seconds() if hasattr(span, "total_seconds") else 0.0
    return f"{seconds / 86400:.1f} days"


def _no_window(s: Situation) -> Iterator[tuple[str, str]]:
    farm = s.seen.farm
    if s.policy.promote != "adfs" or not s.clock_held or not s.promotable or not s.policy.gated or s.policy.unread_calendars:
        return
    if later(s.now, s.policy.deadline_days) < s.last_call_at:
        return
    if adfs_clock.first_free_return(s) is None:
        yield (
            "no_window",
            (
                f"no maintenance window before {format_time(s.last_call_at)} is free for {farm.thresholds.check}, within which AD FS promotes: set"
                " renew_signing_cert_promote to role, or add a window"
            ),
        )


def _chosen(s: Situation) -> Iterator[tuple[str, str]]:
    if s.broken:
        yield "broken", f"sign-in is broken for {names(b.domain.name for b in s.broken)}"
    strange = [f.domain.name for f in s.unknown if f.unknown]
    if strange:
        yield "unknown_certificate", f"a certificate that is not this farm's is accepted by {names(strange)}"
    changed = [f.domain.name for f in s.unknown if f.domain.deviations]
    if changed:
        yield "settings_changed", f"settings differ from the approved ones for {names(changed)}"
    if s.unreadable:
        yield "unreadable", "; ".join(f"could not read {d.domain.title}: {d.unreadable}" for d in s.unreadable)
    unclaimed = [d.domain.name for d in s.unclaimed] + [a.object for a in s.seen.alarms if a.alarm == "unclaimed"]
    if unclaimed:
        yield "unclaimed", f"{names(unclaimed)} are named in renew_signing_cert_domains, or accept a certificate of this farm, and do not sign in here"
    for block in guards.several_successors(s):
        yield "several_successors", block.reason
    yield from _held(s)
    if s.deadline is not None and s.deadline - s.now < s.policy.deadline_days:
        yield "deadline", f"the latest safe moment for the next step is {format_time(s.deadline)}"


def _held(s: Situation) -> Iterator[tuple[str, str]]:
    """AD FS' clock is held by us: at once for an obstacle that time does not lift, and before the last call for what the operator chose."""
    waits: list[Block] = []
    if s.clock_held and not s.promotable:
        for_it = generation.is_owed(s) or s.journal.suspended_for == s.seen.farm.primary
        # What stands in the way of any successor holds the clock as much as what keeps one from being made.
        waits = generation.obstacles(s) if for_it else []
        waits = [*waits, *guards.in_the_way_of_any(s)] if for_it and not any(b.until is None for b in waits) else waits
    elif s.clock_held and not s.ready:
        waits = [*adfs_clock.what_blocks(s), *guards.unknown_or_changed(s)]
    elif s.clock_held and s.policy.promote == "role" and s.successor is not None:
        waits = [*guards.unknown_lifetimes(s), *guards.not_accepted_everywhere(s, s.successor), *guards.validity(s, s.successor)]
    obstacle = [b for b in waits if b.until is None]
    chosen = s.clock_held and bool(s.promotable) and (s.policy.promote == "never" or s.paused or bool(list(guards.relying_parties(s))))
    if obstacle:
        yield "held", _held_by(s, obstacle)
    elif chosen and later(s.now, s.policy.deadline_days) >= s.last_call_at:
        by = format_time(s.last_call_at)
        why = f"by the run's settings, and the last call for the successor is {by}"
        yield "held", f"AD FS' clock is held {f'while the rollover is paused; the deadline for ending the pause is {by}' if s.paused else why}"


def _held_by(s: Situation, obstacle: Sequence[Block]) -> str:
    if not s.promotable:
        what = "cannot be made" if set(obstacle) <= set(generation.obstacles(s)) else "could not be let sign"
        return f"AD FS' clock is held, and a successor {what}: {'; '.join(b.reason for b in obstacle)}"
    held = f"AD FS' clock is held because of {names(f'{b.condition} ({b.object})' for b in obstacle)}"
    if not s.obliged:  # nobody gives it back by himself
        return held
    return f"{held}. {adfs_clock.end_of_holding(s)}"
