# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""One scan: what was seen is noted in the journal, and what the operator says of pauses, rollbacks and stolen keys takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import emergency, pace, rollback
from ansible_collections.federation.adfs.plugins.module_utils._renewal import journal as journals
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import LOCK_LAPSE, Journal, JournalError, Lock, Rollback
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time


@dataclass(frozen=True)
class Stored:
    """The journal as it was found. ``complaint``: why it is not used; ``keep``: it must not be replaced all the same. ``age``: of its file, by the
    server's own clock, None where it is not known.
    """

    journal: Journal
    complaint: str = ""
    keep: bool = False
    age: timedelta | None = None


@dataclass(frozen=True)
class Run:
    """``name`` names the run to the journal's lock. ``acts``: it may act, so its scans count. ``journal_closed``: why the journal cannot be written.

    ``ahead``: by how much the controller's clock is ahead of the server's, where both agree well enough and the server's is the run's.
    ``switching_off``: it told AD FS to switch automatic rollover off and does not know whether that was done, or still will be.
    """

    name: str
    acts: bool = True
    journal_closed: str = ""
    lock_age: timedelta | None = None
    switching_off: bool = False
    ahead: timedelta = timedelta(0)


def read_stored(given: Mapping[str, Any], farm: str) -> Stored:
    """Read RV(farm.journal) of farm_info, or RV(journal) of rollover_journal."""
    age = None
    try:
        age = parse_time(str(given["server_time"])) - parse_time(str(given["written_at"]))
    except (KeyError, ValueError):
        pass  # an older reading, or no file: where it matters, not known counts as just now
    if given.get("error"):
        # What was only not read whole, or is another farm's, is not replaced by a fresh one; what is no JSON at all is no journal.
        readable = "not JSON" not in str(given["error"]) and bool(given.get("sha256"))
        return Stored(Journal(farm), str(given["error"]), readable, age)
    try:
        return Stored(journals.read_journal(given.get("content"), farm), "", False, age)
    except JournalError as exc:
        return Stored(Journal(farm), str(exc), exc.keep, age)


def scanned(seen: Observation, stored: Journal, policy: Policy, now: datetime, run: Run) -> Situation:
    """Return the situation after this scan, with the journal that notes it."""

    def at(journal: Journal) -> Situation:
        return Situation(seen, journal, policy, now, run.journal_closed, run.lock_age, newly_promoted, run.ahead)

    newly_promoted = _newly_promoted(stored, seen)
    before = at(stored)
    journal = journals.scan(stored, seen, before.belongs, policy.propagation, before.noted_at)
    # A script that outlives its run may switch automatic rollover off after this scan, and the next run must know that it was this collection.
    if seen.farm.auto_rollover and not run.switching_off:
        journal = replace(journal, auto_rollover_suspended=False, suspended_for=None)
    journal = _paused(at, journal, stored, seen, policy, now)
    journal = _stolen(at, journal)
    s = at(journal)
    if journal.released is not None and journal.released not in s.promotable:
        s = at(replace(s.journal, released=None))
    if journal.left_to_adfs is not None and journal.left_to_adfs != seen.farm.primary:
        s = at(replace(s.journal, left_to_adfs=None))
    if run.acts and s.scans_count and journals.locked_by(stored, run.name, run.lock_age) is None:
        scans = pace.note(s.journal.scans, s.renewed_certificate, policy.run_interval, now, s.scans_kept_from)
        s = at(replace(s.journal, scans=scans))
    return s


def _newly_promoted(stored: Journal, seen: Observation) -> bool:
    last = journals.newest_primary(stored.own)
    return seen.farm.provider is None and last is not None and last != seen.farm.primary


def _paused(at: Any, journal: Journal, stored: Journal, seen: Observation, policy: Policy, now: datetime) -> Journal:
    """The operator's pause and rollback; a rollback that somebody did by hand counts as one."""
    if policy.pause is not None:
        journal = replace(journal, pause=(journal.pause or now) if policy.pause else None)
    if policy.pause is False and journal.rollback is not None:
        journal = replace(journal, rollback=replace(journal.rollback, lifted=True))
    begun = journal.rollback is not None and not journal.rollback.lifted
    last = journals.newest_primary(stored.own)
    of_adfs = seen.farm.provider is None
    undone = journal.rollback is not None and journal.rollback.undone == seen.farm.primary  # its pause is lifted, so it may sign
    if stored.rollback is not None and stored.rollback.lifted and _newly_promoted(stored, seen):
        # Another certificate signs since the pause was lifted: that renewal is over, and what was undone is no successor in the next one.
        journal = replace(journal, rollback=None)
    if of_adfs and not undone and not begun and last is not None and policy.pause is not False and journals.gone_back_by_hand(stored, seen.farm.primary):
        return replace(journal, rollback=Rollback(last, True, now), pause=journal.pause or now)
    if policy.rollback and not begun:
        return replace(journal, rollback=rollback.begin(at(journal)), pause=journal.pause or now)
    return journal


def _stolen(at: Any, journal: Journal) -> Journal:
    """Stolen keys stay revoked for good, also when the emergency is over."""
    found = emergency.note(at(journal))
    revoked = {**journal.revoked, **(journal.emergency.keys if journal.emergency else {}), **(found.keys if found else {})}
    return replace(journal, emergency=found, revoked=revoked)


def locked(s: Situation, run: str) -> Journal:
    """The journal with this run's lock, as it is before an act."""
    return replace(s.journal, lock=Lock(run))


def to_write(first: Situation, before_first_act: Journal | None, stored: Journal, run: str) -> tuple[Journal, bool]:
    """The journal as it must be before the next act, or as it stays if there is none (None); and whether it has to be written."""
    journal = before_first_act
    # A lock that has lapsed, or may while the act goes on, is taken again: who took it meanwhile wrote the journal, and this write fails.
    again = journal is not None and first.lock_age is not None and first.lock_age >= LOCK_LAPSE / 2
    if journal is None:
        mine = first.journal.lock is not None and first.journal.lock.run == run
        journal = replace(first.journal, lock=None) if mine else first.journal
    differs = journal != stored or again
    return (replace(journal, revision=stored.revision + 1) if differs else journal), differs
