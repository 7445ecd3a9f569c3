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

from ansible_collections.federation.adfs.plugins.module_utils._federation.observation import Observation, Slots
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

SCHEMA = 1
LEASE = timedelta(minutes=15)
KEPT_BACKUPS = 5
LOOK_SLACK = timedelta(hours=1)


class JournalError(ValueError):
    """The journal cannot be trusted; it is reported and ignored."""


@dataclass(frozen=True)
class Backup:
    """A domain's slots as they were until ``at``, when this collection replaced them."""

    at: datetime
    slots: Slots


@dataclass(frozen=True)
class Lease:
    run: str
    until: datetime


@dataclass(frozen=True)
class Journal:
    """``first_seen``: per domain, since when each key was seen there without a gap."""

    farm: str
    revision: int = 0
    last_look: datetime | None = None
    first_seen: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    backups: Mapping[str, tuple[Backup, ...]] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    followed_at: datetime | None = None
    hold: datetime | None = None
    auto_rollover_wanted: bool | None = None
    auto_rollover_suspended: bool = False
    history: frozenset[str] = frozenset()
    lease: Lease | None = None


def read_journal(content: Mapping[str, Any] | None, farm: str, now: datetime) -> Journal:
    """Read a journal's content; ``None`` gives an empty journal.

    Raises JournalError if it is of another schema or farm, malformed, or written in the future.
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
            last_look=_time(content["last_look"]),
            first_seen={str(d): {str(k): parse_time(v) for k, v in seen.items()} for d, seen in content["first_seen"].items()},
            backups={
                str(d): tuple(Backup(parse_time(b["at"]), Slots(_text(b["signing"]), _text(b["next"]))) for b in kept) for d, kept in content["backups"].items()
            },
            bodies={str(k): str(v) for k, v in content["certificates"].items()},
            servers={str(n): (str(s["primary"]), tuple(str(k) for k in s["certificates"])) for n, s in content["servers"].items()},
            followed_at=_time(content["followed_at"]),
            hold=_time(content["hold"]),
            auto_rollover_wanted=_flag(content["auto_rollover"]["wanted"]),
            auto_rollover_suspended=bool(content["auto_rollover"]["suspended"]),
            history=frozenset(str(k) for k in content["history"]),
            lease=Lease(str(content["lease"]["run"]), parse_time(content["lease"]["until"])) if content["lease"] else None,
        )
    except JournalError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise JournalError(f"it is malformed ({type(exc).__name__}: {exc})") from exc
    if journal.last_look and journal.last_look > now + timedelta(minutes=5):
        raise JournalError(f"its last look ({format_time(journal.last_look)}) lies in the future")
    return journal


def write_journal(journal: Journal) -> dict[str, Any]:
    """Return the journal as the JSON value that ``read_journal`` reads."""
    return {
        "schema": SCHEMA,
        "farm": journal.farm,
        "revision": journal.revision,
        "last_look": _iso(journal.last_look),
        "first_seen": {d: {k: format_time(v) for k, v in sorted(seen.items())} for d, seen in sorted(journal.first_seen.items())},
        "backups": {
            d: [{"at": format_time(b.at), "signing": b.slots.signing, "next": b.slots.next} for b in kept] for d, kept in sorted(journal.backups.items())
        },
        "certificates": dict(sorted(journal.bodies.items())),
        "servers": {n: {"primary": s[0], "certificates": list(s[1])} for n, s in sorted(journal.servers.items())},
        "followed_at": _iso(journal.followed_at),
        "hold": _iso(journal.hold),
        "auto_rollover": {"wanted": journal.auto_rollover_wanted, "suspended": journal.auto_rollover_suspended},
        "history": sorted(journal.history),
        "lease": {"run": journal.lease.run, "until": format_time(journal.lease.until)} if journal.lease else None,
    }


def look(journal: Journal, seen: Observation, belongs: frozenset[str], run_interval: timedelta, now: datetime) -> Journal:
    """Return the journal after this look: stamps go on where there was no gap, and start afresh where there was.

    ``belongs`` names the farm's domains by ``Domain.key``.
    """
    gap = journal.last_look is None or now - journal.last_look > run_interval + LOOK_SLACK or now < journal.last_look
    ours = seen.farm.certificates
    stamps: dict[str, dict[str, datetime]] = {}
    for domain in seen.domains:
        if domain.key not in belongs or domain.error:
            continue
        before = {} if gap else journal.first_seen.get(domain.key, {})
        found = {k: before.get(k, now) for k in domain.slots.held if k in ours}
        if found:
            stamps[domain.key] = found
    servers = dict(journal.servers)
    for server in seen.farm.servers:
        if server.seen and server.primary:
            servers[server.name] = (server.primary, tuple(sorted(server.certificates)))
    known = {s.name for s in seen.farm.servers}
    follows = all(s.primary == seen.farm.primary for s in seen.farm.servers if s.seen)
    changed_signer = any(journal.servers[n][0] != seen.farm.primary for n in journal.servers if n in known)
    followed_at = journal.followed_at
    if not follows:
        followed_at = None
    elif changed_signer or followed_at is None:
        followed_at = now
    return replace(
        journal,
        last_look=now,
        first_seen=stamps,
        servers={n: s for n, s in servers.items() if n in known},
        followed_at=followed_at,
        history=journal.history | ours,
    )


def back_up(journal: Journal, key: str, slots: Slots, dropped: frozenset[str], now: datetime) -> Journal:
    """Return the journal before a write to one domain: its slots kept, the stamps of keys that the write drops erased."""
    kept = (*journal.backups.get(key, ()), Backup(now, slots))[-KEPT_BACKUPS:]
    stamps = {k: v for k, v in journal.first_seen.get(key, {}).items() if k not in dropped}
    return replace(journal, backups={**journal.backups, key: kept}, first_seen={**journal.first_seen, key: stamps})


def _time(value: Any) -> datetime | None:
    return None if value is None else parse_time(value)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else format_time(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)
