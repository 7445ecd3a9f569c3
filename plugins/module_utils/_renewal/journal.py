# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The journal: what one run must tell the next. Lost, it makes a rollover slower, never unsafe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Observation, Slots
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

SCHEMA = 1
LOCK_LAPSE = timedelta(minutes=15)
KEPT_BACKUPS = 5
SCAN_SLACK = timedelta(hours=1)


class JournalError(ValueError):
    """The journal cannot be trusted; it is reported and ignored."""


@dataclass(frozen=True)
class Backup:
    """A domain's slots as they were until ``at``, when this collection replaced them."""

    at: datetime
    slots: Slots


@dataclass(frozen=True)
class Lock:
    run: str
    until: datetime


@dataclass(frozen=True)
class Rollback:
    """A rollback that the operator asked for: ``undone`` shall not sign. ``promoted``: it did when this began, so AD FS goes back to an earlier one."""

    undone: str
    promoted: bool
    begun: datetime


@dataclass(frozen=True)
class Emergency:
    """Stolen keys. ``keys``: their public keys (SHA-256, or empty) by thumbprint. ``evicted``: since when no domain of the farm was seen to
    accept one. ``gone``: since when no server of the farm was seen to have one.
    """

    declared: datetime
    priority: str
    keys: Mapping[str, str]
    evicted: datetime | None = None
    gone: datetime | None = None


@dataclass(frozen=True)
class Pin:
    """The last metadata document of an identity provider that was believed: who signed it (None: nobody), and the certificates in it."""

    signer: str | None
    certificates: frozenset[str]


@dataclass(frozen=True)
class Journal:
    """``first_seen``: per domain, since when each key was seen there without a gap. ``followed``: the primary that every server was
    seen to sign with, and since when. ``configured``: since when the farm's primary and certificates were seen to be as they are.
    """

    farm: str
    revision: int = 0
    last_scan: datetime | None = None
    first_seen: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    backups: Mapping[str, tuple[Backup, ...]] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    followed: tuple[str, datetime] | None = None
    configured: tuple[str, tuple[str, ...], datetime] | None = None
    pause: datetime | None = None
    auto_rollover_wanted: bool | None = None
    auto_rollover_suspended: bool = False
    history: frozenset[str] = frozenset()
    rollback: Rollback | None = None
    emergency: Emergency | None = None
    baseline: Mapping[str, Any] | None = None
    lock: Lock | None = None
    pin: Pin | None = None


def read_journal(content: Mapping[str, Any] | None, farm: str, now: datetime) -> Journal:
    """Read a journal's content; ``None`` gives an empty journal.

    Raises JournalError if it is of another schema or farm, malformed, or locked for longer than a run can be.
    """
    if content is None:
        return Journal(farm)
    try:
        if content["schema"] != SCHEMA:
            raise JournalError(f"its schema is {content['schema']}, this version knows {SCHEMA}")
        if content["farm"] != farm:
            raise JournalError(f"it belongs to the farm {content['farm']}")
        journal = Journal(
            farm=farm,
            revision=int(content["revision"]),
            last_scan=_time(content["last_scan"]),
            first_seen=_read_stamps(content["first_seen"]),
            backups=_read_backups(content["backups"]),
            bodies={str(k): str(v) for k, v in content["certificates"].items()},
            servers={str(n): (str(s["primary"]), tuple(str(k) for k in s["certificates"])) for n, s in content["servers"].items()},
            followed=(str(content["followed"]["primary"]), parse_time(content["followed"]["at"])) if content["followed"] else None,
            configured=_read_configured(content.get("configured")),
            pause=_time(content["pause"]),
            auto_rollover_wanted=_flag(content["auto_rollover"]["wanted"]),
            auto_rollover_suspended=bool(content["auto_rollover"]["suspended"]),
            history=frozenset(str(k) for k in content["history"]),
            rollback=_read_rollback(content.get("rollback")),
            emergency=_read_emergency(content.get("emergency")),
            baseline=_mapping(content.get("baseline")),
            lock=Lock(str(content["lock"]["run"]), parse_time(content["lock"]["until"])) if content["lock"] else None,
            pin=_read_pin(content.get("metadata")),
        )
    except JournalError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise JournalError(f"it is malformed ({type(exc).__name__}: {exc})") from exc
    if journal.lock and journal.lock.until > now + LOCK_LAPSE + timedelta(minutes=5):
        raise JournalError(f"its lock reaches until {format_time(journal.lock.until)}, longer than any run takes it")
    return journal


def write_journal(journal: Journal) -> dict[str, Any]:
    """Return the journal as the JSON value that ``read_journal`` reads."""
    return {
        "schema": SCHEMA,
        "farm": journal.farm,
        "revision": journal.revision,
        "last_scan": _iso(journal.last_scan),
        "first_seen": _write_stamps(journal.first_seen),
        "backups": _write_backups(journal.backups),
        "certificates": dict(sorted(journal.bodies.items())),
        "servers": {n: {"primary": s[0], "certificates": list(s[1])} for n, s in sorted(journal.servers.items())},
        "followed": {"primary": journal.followed[0], "at": format_time(journal.followed[1])} if journal.followed else None,
        "configured": _write_configured(journal.configured),
        "pause": _iso(journal.pause),
        "auto_rollover": {"wanted": journal.auto_rollover_wanted, "suspended": journal.auto_rollover_suspended},
        "history": sorted(journal.history),
        "rollback": _write_rollback(journal.rollback),
        "emergency": _write_emergency(journal.emergency),
        "baseline": dict(journal.baseline) if journal.baseline else None,
        "lock": {"run": journal.lock.run, "until": format_time(journal.lock.until)} if journal.lock else None,
        "metadata": {"signer": journal.pin.signer, "certificates": sorted(journal.pin.certificates)} if journal.pin else None,
    }


def scan(journal: Journal, seen: Observation, belongs: frozenset[str], run_interval: timedelta, now: datetime) -> Journal:
    """Return the journal after this look: stamps go on where there was no gap, and start afresh where there was.

    ``belongs`` names the farm's domains by ``Domain.key``.
    """
    ours = seen.farm.certificates
    before = {} if gap(journal, run_interval, now) else journal.first_seen
    # While a rollover is under way, a domain that vanishes is remembered without a stamp, so that somebody notices.
    stamps: dict[str, dict[str, datetime]] = {key: {} for key in journal.first_seen} if len(ours) > 1 else {}
    for domain in seen.domains:
        stamps.pop(domain.key, None)
        if domain.key not in belongs or domain.error:
            continue
        known = before.get(domain.key, {})
        stamps[domain.key] = {k: known[k] if k in known and known[k] <= now else now for k in domain.slots.accepted if k in ours}
    servers = dict(journal.servers)
    for server in seen.farm.servers:
        if server.seen and server.primary:
            servers[server.name] = (server.primary, tuple(sorted(server.certificates)))
    known_servers = {s.name for s in seen.farm.servers}
    followed = journal.followed
    if not all(s.seen and s.primary == seen.farm.primary for s in seen.farm.servers):
        followed = None
    elif followed is None or followed[0] != seen.farm.primary or followed[1] > now:
        followed = (seen.farm.primary, now)
    return replace(
        journal,
        last_scan=now,
        first_seen=stamps,
        servers={n: s for n, s in servers.items() if n in known_servers},
        followed=followed,
        configured=_configured(journal, seen, now),
        history=journal.history | ours,
        pin=Pin(seen.farm.provider.signer, ours) if seen.farm.provider else journal.pin,
    )


def _configured(journal: Journal, seen: Observation, now: datetime) -> tuple[str, tuple[str, ...], datetime]:
    """Since when AD FS was seen to be configured as it is: what a server copied after that holds all of it."""
    present = (seen.farm.primary, tuple(sorted(seen.farm.certificates)))
    before = journal.configured
    return before if before is not None and before[:2] == present and before[2] <= now else (*present, now)


def gap(journal: Journal, run_interval: timedelta, now: datetime) -> bool:
    """Whether too long passed since the last look, so that what was seen before may have changed and changed back."""
    return journal.last_scan is None or now - journal.last_scan > run_interval + SCAN_SLACK or now < journal.last_scan


def back_up(journal: Journal, replaced: Mapping[str, tuple[Slots, frozenset[str]]], now: datetime) -> Journal:
    """Return the journal before a write: what is replaced is kept, and the stamps of keys that the write drops are erased.

    ``replaced``: per ``Domain.key``, the slots as they are and the keys that the write drops.
    """
    backups = {**journal.backups, **{key: (*journal.backups.get(key, ()), Backup(now, slots))[-KEPT_BACKUPS:] for key, (slots, _dropped) in replaced.items()}}
    stamps = {
        **journal.first_seen,
        **{key: {k: v for k, v in journal.first_seen.get(key, {}).items() if k not in dropped} for key, (_slots, dropped) in replaced.items()},
    }
    return replace(journal, backups=backups, first_seen=stamps)


def _write_stamps(first_seen: Mapping[str, Mapping[str, datetime]]) -> list[dict[str, Any]]:
    """Hundreds of domains share their stamps, so each set of stamps is written once with its domains."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for domain, seen in sorted(first_seen.items()):
        groups.setdefault(tuple((k, format_time(v)) for k, v in sorted(seen.items())), []).append(domain)
    return [{"since": dict(stamps), "domains": domains} for stamps, domains in groups.items()]


def _read_stamps(groups: Any) -> dict[str, dict[str, datetime]]:
    return {str(d): {str(k): parse_time(v) for k, v in group["since"].items()} for group in groups for d in group["domains"]}


def _write_backups(backups: Mapping[str, tuple[Backup, ...]]) -> list[dict[str, Any]]:
    groups: dict[tuple[Backup, ...], list[str]] = {}
    for domain, kept in sorted(backups.items()):
        groups.setdefault(kept, []).append(domain)
    return [
        {"was": [{"until": format_time(b.at), "signing": b.slots.signing, "next": b.slots.next} for b in kept], "domains": domains}
        for kept, domains in groups.items()
    ]


def _read_backups(groups: Any) -> dict[str, tuple[Backup, ...]]:
    return {
        str(d): tuple(Backup(parse_time(b["until"]), Slots(_text(b["signing"]), _text(b["next"]))) for b in group["was"])
        for group in groups
        for d in group["domains"]
    }


def _read_rollback(value: Any) -> Rollback | None:
    return Rollback(str(value["undone"]), bool(value["promoted"]), parse_time(value["begun"])) if value else None


def _write_rollback(rollback: Rollback | None) -> dict[str, Any] | None:
    return {"undone": rollback.undone, "promoted": rollback.promoted, "begun": format_time(rollback.begun)} if rollback else None


def _read_emergency(value: Any) -> Emergency | None:
    if not value:
        return None
    keys = {str(k): str(v) for k, v in value["keys"].items()}
    return Emergency(parse_time(value["declared"]), str(value["priority"]), keys, _time(value["evicted"]), _time(value["gone"]))


def _write_emergency(emergency: Emergency | None) -> dict[str, Any] | None:
    if emergency is None:
        return None
    return {
        "declared": format_time(emergency.declared),
        "priority": emergency.priority,
        "keys": dict(sorted(emergency.keys.items())),
        "evicted": _iso(emergency.evicted),
        "gone": _iso(emergency.gone),
    }


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return dict(value) if value else None


def _read_pin(value: Any) -> Pin | None:
    return Pin(_text(value["signer"]), frozenset(str(k) for k in value["certificates"])) if value else None


def _write_configured(configured: tuple[str, tuple[str, ...], datetime] | None) -> dict[str, Any] | None:
    return {"primary": configured[0], "certificates": list(configured[1]), "at": format_time(configured[2])} if configured else None


def _read_configured(value: Any) -> tuple[str, tuple[str, ...], datetime] | None:
    # Journals of before this member was there have none: then the present moment is when the configuration was first seen.
    return (str(value["primary"]), tuple(str(k) for k in value["certificates"]), parse_time(value["at"])) if value else None


def _time(value: Any) -> datetime | None:
    return None if value is None else parse_time(value)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else format_time(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)
