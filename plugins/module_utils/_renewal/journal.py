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

from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import FIRST, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Observation, Slots
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

SCHEMA = 1
LOCK_LAPSE = timedelta(minutes=15)
"""How long after the journal's file was last written a lock in it still counts, by the server's own times."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the clocks of server and controller may be apart."""
KEPT_BACKUPS = 5
KEPT_SCANS = 6
KEPT_VALUES = 4
KEPT_KEYS = 20
KEPT_PLANS = 50


class JournalError(ValueError):
    """The journal cannot be used; it is reported. ``keep``: it is well formed, so it must not be replaced by a fresh one."""

    def __init__(self, message: str, keep: bool = False) -> None:
        super().__init__(message)
        self.keep = keep


@dataclass(frozen=True)
class Backup:
    """A domain's slots as they were until ``at``, when this collection replaced them."""

    at: datetime
    slots: Slots


@dataclass(frozen=True)
class Lock:
    """The run that works on this farm. It lapses by the age of the journal's file, so no controller's clock decides about it."""

    run: str


@dataclass(frozen=True)
class Applied:
    """The run that applied an approved plan, and when it began to."""

    run: str
    at: datetime


@dataclass(frozen=True)
class OwnKey:
    """What was seen of a certificate of the farm. ``came``: since when it is in AD FS' configuration, and ``under`` which primary it came there
    (None: it was there at the first scan). ``last_primary``: when it was last seen as the primary. Source: Get-AdfsCertificate at each scan.
    """

    came: datetime | None = None
    under: str | None = None
    last_primary: datetime | None = None


@dataclass(frozen=True)
class Scans:
    """The counted scans of the renewal that replaces ``certificate``, oldest first: how far off the next scan may be is read from them.

    Also those of the renewal before that already counted for this one.
    """

    certificate: str
    at: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Rollback:
    """A rollback that the operator asked for, or did by hand: ``undone`` shall not sign. ``promoted``: it did when this began, so AD FS goes back to
    an earlier one. ``lifted``: the pause that came with it was lifted, so that certificate is a successor again.
    """

    undone: str
    promoted: bool
    begun: datetime
    lifted: bool = False


@dataclass(frozen=True)
class Emergency:
    """Stolen keys. ``keys``: their public keys (SHA-256, or empty) by thumbprint. ``evicted``: since when no domain of the farm was seen to
    accept one. ``gone``: since when no server of the farm was seen to have one. ``clean``: since when every counted domain and every server
    was read, or not contradicted, without one; it ends only at a scan that reads all of them again, the propagation time later.
    """

    declared: datetime
    priority: str
    keys: Mapping[str, str]
    evicted: datetime | None = None
    gone: datetime | None = None
    clean: datetime | None = None


@dataclass(frozen=True)
class Pin:
    """The last metadata document of an identity provider that was believed: who signed it (None: nobody), and the certificates in it."""

    signer: str | None
    certificates: frozenset[str]


@dataclass(frozen=True)
class Journal:
    """``first_seen``: per domain, since when each key was seen there at every scan that could read it, all in the configuration named in
    ``configurations``. ``replaced``: what was seen in a domain and then replaced by somebody else, with when that was noticed: Entra may serve
    it still. ``followed``: the primary that every server was seen to sign with, and since when. ``configured``: since when the farm's
    primary and certificates were seen to be as they are. ``own``: the certificates that were ever the farm's; only these are known.
    ``suspended_for``: the primary certificate for which AD FS' clock is held. ``released``: the successor that the last call let sign.
    ``left_to_adfs``: the primary certificate for which AD FS got its clock back although there was no successor.
    ``revoked``: public keys (SHA-256, or empty) of stolen keys by thumbprint, for good. ``applied``: the approved plans that were applied.
    """

    farm: str
    revision: int = 0
    scans: Scans | None = None
    first_seen: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    configurations: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, tuple[tuple[datetime, frozenset[str]], ...]] = field(default_factory=dict)
    backups: Mapping[str, tuple[Backup, ...]] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    followed: tuple[str, datetime] | None = None
    configured: tuple[str, tuple[str, ...], datetime] | None = None
    pause: datetime | None = None
    auto_rollover_wanted: bool | None = None
    auto_rollover_suspended: bool = False
    suspended_for: str | None = None
    released: str | None = None
    left_to_adfs: str | None = None
    own: Mapping[str, OwnKey] = field(default_factory=dict)
    revoked: Mapping[str, str] = field(default_factory=dict)
    rollback: Rollback | None = None
    emergency: Emergency | None = None
    baseline: Mapping[str, Any] | None = None
    lock: Lock | None = None
    pin: Pin | None = None
    applied: Mapping[str, Applied] = field(default_factory=dict)

    @property
    def history(self) -> frozenset[str]:
        """The certificates that are or were the farm's, and were not stolen."""
        return frozenset(self.own) - self.revoked.keys()


def read_journal(content: Mapping[str, Any] | None, farm: str) -> Journal:
    """Read a journal's content; ``None`` gives an empty journal.

    Raises JournalError if it is of another schema or farm, or malformed.
    """
    if content is None:
        return Journal(farm)
    try:
        if content["schema"] != SCHEMA:
            newer = isinstance(content["schema"], int) and content["schema"] > SCHEMA
            raise JournalError(
                f"its schema is {content['schema']}, and this version of the collection knows {SCHEMA}"
                + ("; update the collection on this controller" if newer else ""),
                keep=newer,
            )
        if content["farm"] != farm:
            raise JournalError(f"it belongs to the farm {content['farm']}", keep=True)
        journal = Journal(
            farm=farm,
            revision=int(content["revision"]),
            scans=_read_scans(content["scans"]),
            first_seen=_read_stamps(content["first_seen"]),
            configurations={str(d): str(c) for d, c in content["configurations"].items()},
            replaced=_read_replaced(content["replaced"]),
            backups=_read_backups(content["backups"]),
            bodies={str(k): str(v) for k, v in content["certificates"].items()},
            servers={str(n): (str(s["primary"]), tuple(str(k) for k in s["certificates"])) for n, s in content["servers"].items()},
            followed=(str(content["followed"]["primary"]), parse_time(content["followed"]["at"])) if content["followed"] else None,
            configured=_read_configured(content.get("configured")),
            pause=_time(content["pause"]),
            auto_rollover_wanted=_flag(content["auto_rollover"]["wanted"]),
            auto_rollover_suspended=bool(content["auto_rollover"]["suspended"]),
            suspended_for=_text(content["auto_rollover"]["suspended_for"]),
            released=_text(content["auto_rollover"]["released"]),
            left_to_adfs=_text(content["auto_rollover"].get("left_to_adfs")),
            own=_read_own(content["history"]),
            revoked={str(k): str(v) for k, v in content["revoked"].items()},
            rollback=_read_rollback(content.get("rollback")),
            emergency=_read_emergency(content.get("emergency")),
            baseline=_mapping(content.get("baseline")),
            lock=Lock(str(content["lock"]["run"])) if content["lock"] else None,
            pin=_read_pin(content.get("metadata")),
            applied=_read_applied(content.get("applied") or {}),
        )
    except JournalError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise JournalError(f"it is malformed ({type(exc).__name__}: {exc})") from exc
    return journal


def write_journal(journal: Journal) -> dict[str, Any]:
    """Return the journal as the JSON value that ``read_journal`` reads."""
    return {
        "schema": SCHEMA,
        "farm": journal.farm,
        "revision": journal.revision,
        "scans": {"certificate": journal.scans.certificate, "at": [format_time(t) for t in journal.scans.at]} if journal.scans else None,
        "first_seen": _write_stamps(journal.first_seen),
        "configurations": dict(sorted(journal.configurations.items())),
        "replaced": _write_replaced(journal.replaced),
        "backups": _write_backups(journal.backups),
        "certificates": dict(sorted(journal.bodies.items())),
        "servers": {n: {"primary": s[0], "certificates": list(s[1])} for n, s in sorted(journal.servers.items())},
        "followed": {"primary": journal.followed[0], "at": format_time(journal.followed[1])} if journal.followed else None,
        "configured": _write_configured(journal.configured),
        "pause": _iso(journal.pause),
        "auto_rollover": {
            "wanted": journal.auto_rollover_wanted,
            "suspended": journal.auto_rollover_suspended,
            "suspended_for": journal.suspended_for,
            "released": journal.released,
            "left_to_adfs": journal.left_to_adfs,
        },
        "history": {k: {"came": _iso(seen.came), "under": seen.under, "last_primary": _iso(seen.last_primary)} for k, seen in sorted(journal.own.items())},
        "revoked": dict(sorted(journal.revoked.items())),
        "rollback": _write_rollback(journal.rollback),
        "emergency": _write_emergency(journal.emergency),
        "baseline": dict(journal.baseline) if journal.baseline else None,
        "lock": {"run": journal.lock.run} if journal.lock else None,
        "metadata": {"signer": journal.pin.signer, "certificates": sorted(journal.pin.certificates)} if journal.pin else None,
        "applied": {plan: {"run": applied.run, "at": format_time(applied.at)} for plan, applied in sorted(journal.applied.items())},
    }


def scan(journal: Journal, seen: Observation, belongs: frozenset[str], propagation: timedelta, now: datetime) -> Journal:
    """Return the journal after this scan.

    A key's stamp in a domain goes on at every scan that sees it there, in the same configuration; a scan that could not read the domain says
    nothing. ``belongs`` names the farm's domains by ``Domain.key``; ``propagation``: how long a change may take to reach all of Entra.
    """
    journal = _without_future(journal, now)
    stamps, configurations, replaced = _domains(journal, seen, belongs, propagation, now)
    servers = dict(journal.servers)
    for server in seen.farm.servers:
        if server.seen and server.primary:
            servers[server.name] = (server.primary, tuple(sorted(server.certificates)))
    known_servers = {s.name for s in seen.farm.servers}
    followed = journal.followed
    if not all(s.seen and s.primary == seen.farm.primary for s in seen.farm.servers):
        followed = None
    elif followed is None or followed[0] != seen.farm.primary:
        followed = (seen.farm.primary, now)
    return replace(
        journal,
        first_seen=stamps,
        configurations=configurations,
        replaced=replaced,
        servers={n: s for n, s in servers.items() if n in known_servers},
        followed=followed,
        configured=_configured(journal, seen, now),
        own=_own_keys(journal, seen, now),
        pin=Pin(seen.farm.provider.signer, seen.farm.certificates) if seen.farm.provider else journal.pin,
    )


def _without_future(journal: Journal, now: datetime) -> Journal:
    """What is noted as later than now was noted by a clock that was wrong. It happened by now, and no wait that counts from it lasts until then."""
    usable, emergency, followed, configured = _usable(now), journal.emergency, journal.followed, journal.configured
    if followed is not None and followed[1] > usable:
        journal = replace(journal, followed=(followed[0], now))
    if configured is not None and configured[2] > usable:
        journal = replace(journal, configured=(*configured[:2], now))
    if any(backup.at > usable for kept in journal.backups.values() for backup in kept):
        backups = {key: tuple(replace(b, at=min(b.at, now)) for b in kept) for key, kept in journal.backups.items()}
        journal = replace(journal, backups=backups)
    if any(at > usable for values in journal.replaced.values() for at, _accepted in values):
        replaced = {key: tuple((min(at, now), accepted) for at, accepted in values) for key, values in journal.replaced.items()}
        journal = replace(journal, replaced=replaced)
    if emergency is not None:
        found = {name: getattr(emergency, name) for name in ("declared", "evicted", "gone", "clean")}
        ahead: dict[str, Any] = {name: now for name, moment in found.items() if moment is not None and moment > usable}
        journal = replace(journal, emergency=replace(emergency, **ahead)) if ahead else journal
    return journal


def _usable(now: datetime) -> datetime:
    """The latest time that may stand in the journal: later ones are another controller's clock, or a clock that was wrong."""
    return later(now, 2 * CLOCK_TOLERANCE)


def _domains(
    journal: Journal, seen: Observation, belongs: frozenset[str], propagation: timedelta, now: datetime
) -> tuple[dict[str, Mapping[str, datetime]], dict[str, str], dict[str, tuple[tuple[datetime, frozenset[str]], ...]]]:
    """The stamps, the configurations and what others replaced, after this scan."""
    # While a rollover is under way, a domain that vanishes is remembered, so that the operator is told.
    watched = len(seen.farm.certificates) > 1 or journal.emergency is not None
    stamps: dict[str, Mapping[str, datetime]] = dict(journal.first_seen) if watched else {}
    configurations: dict[str, str] = {d: c for d, c in journal.configurations.items() if d in stamps}
    replaced = {d: values for d, values in journal.replaced.items() if d in stamps}

    def keep(key: str) -> None:
        stamps[key] = journal.first_seen[key]
        if key in journal.configurations:
            configurations[key] = journal.configurations[key]
        if key in journal.replaced:
            replaced[key] = journal.replaced[key]

    unread = {d.tenant_id for d in seen.domains if not d.name}
    for key in journal.first_seen:
        if key.partition("/")[0] in unread:
            keep(key)
    for domain in seen.domains:
        key = domain.key
        before = journal.first_seen.get(key)
        if domain.error:
            if before is not None:
                keep(key)
            continue
        for kept in (stamps, configurations, replaced):
            kept.pop(key, None)
        if key not in belongs:
            continue
        same = before is not None and journal.configurations.get(key, domain.configuration) == domain.configuration
        known = before if before is not None and same else {}
        stamps[key] = {k: known[k] if k in known and known[k] <= _usable(now) else now for k in domain.slots.accepted}
        if domain.configuration:
            configurations[key] = domain.configuration
        values = tuple(v for v in journal.replaced.get(key, ()) if now - v[0] < propagation + 2 * CLOCK_TOLERANCE)
        # What a write of ours drops lost its stamp before, so what is missing now was taken out by somebody else.
        if before and frozenset(before) - domain.slots.accepted:
            values = (*values, (now, frozenset(before)))[-KEPT_VALUES:]
        if values:
            replaced[key] = values
    return stamps, configurations, replaced


def _own_keys(journal: Journal, seen: Observation, now: datetime) -> dict[str, OwnKey]:
    """The farm's certificates with what was seen of them. The first scan of a farm did not see any of them come."""
    first = not journal.own
    primary = seen.farm.primary
    own = dict(journal.own)
    for key in sorted(seen.farm.certificates):
        known = own.get(key)
        if known is None:
            known = OwnKey() if first else OwnKey(now, None if key == primary else primary)
        if key == primary and (known.last_primary is None or newest_primary(own) not in (key, None)):
            # It matters only against the others, so a steady farm is not written about for it; and no two are alike, whatever a clock says.
            latest = max(ever_primary(own).values(), default=None)
            known = replace(known, last_primary=now if latest is None else max(now, later(latest, timedelta(seconds=1))))
        own[key] = known
    if len(own) > KEPT_KEYS:
        old = sorted((k for k in own if k not in seen.farm.certificates), key=lambda k: (own[k].last_primary or own[k].came or FIRST, k))
        for key in old[: len(own) - KEPT_KEYS]:
            del own[key]
    return own


def ever_primary(own: Mapping[str, OwnKey]) -> dict[str, datetime]:
    """The certificates that were seen as the primary, and when last."""
    return {k: seen.last_primary for k, seen in own.items() if seen.last_primary is not None}


def newest_primary(own: Mapping[str, OwnKey]) -> str | None:
    """The certificate that was primary at the last scan, as far as is known."""
    ever = ever_primary(own)
    return max(ever, key=lambda k: (ever[k], k)) if ever else None


def gone_back_by_hand(journal: Journal, primary: str) -> bool:
    """Whether the primary certificate was the primary before, after another one: somebody rolled back. ``journal``: as it was before this scan."""
    last = newest_primary(journal.own)
    before = journal.own.get(primary)
    return last is not None and last != primary and before is not None and before.last_primary is not None


def locked_by(journal: Journal, run: str, age: timedelta | None) -> str | None:
    """Return the other run that works on this farm, None where there is none.

    ``age``: how long ago the journal's file was written, both times by the server's own clock; None where it is not known, which counts as just now.
    """
    if journal.lock is None or journal.lock.run == run:
        return None
    return None if age is not None and not -LOCK_LAPSE < age < LOCK_LAPSE else journal.lock.run


def _configured(journal: Journal, seen: Observation, now: datetime) -> tuple[str, tuple[str, ...], datetime]:
    """Since when AD FS was seen to be configured as it is: what a server copied after that holds all of it."""
    present = (seen.farm.primary, tuple(sorted(seen.farm.certificates)))
    before = journal.configured
    return before if before is not None and before[:2] == present else (*present, now)


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


def note_applied(journal: Journal, plan: str, run: str, now: datetime) -> Journal:
    """Return the journal before an act of an approved plan. ``plan``: what the journal calls it. A run that goes on for one that died takes it over."""
    before = journal.applied.get(plan)
    if before is not None and before.run == run:
        return journal
    kept = {**journal.applied, plan: Applied(run, before.at if before is not None else now)}
    newest = sorted(kept, key=lambda name: (kept[name].at, name))[-KEPT_PLANS:]
    return replace(journal, applied={name: kept[name] for name in newest})


def _read_applied(value: Mapping[str, Any]) -> dict[str, Applied]:
    return {str(plan): Applied(str(entry["run"]), parse_time(entry["at"])) for plan, entry in value.items()}


def _read_scans(value: Any) -> Scans | None:
    return Scans(str(value["certificate"]), tuple(parse_time(t) for t in value["at"])[-KEPT_SCANS:]) if value else None


def _read_own(value: Mapping[str, Any]) -> dict[str, OwnKey]:
    return {str(k): OwnKey(_time(v["came"]), _text(v["under"]), _time(v["last_primary"])) for k, v in value.items()}


def _write_replaced(replaced: Mapping[str, tuple[tuple[datetime, frozenset[str]], ...]]) -> list[dict[str, Any]]:
    groups: dict[tuple[tuple[datetime, frozenset[str]], ...], list[str]] = {}
    for domain, values in sorted(replaced.items()):
        groups.setdefault(values, []).append(domain)
    return [{"was": [{"until": format_time(t), "accepted": sorted(k)} for t, k in values], "domains": domains} for values, domains in groups.items()]


def _read_replaced(groups: Any) -> dict[str, tuple[tuple[datetime, frozenset[str]], ...]]:
    return {
        str(d): tuple((parse_time(v["until"]), frozenset(str(k) for k in v["accepted"])) for v in group["was"]) for group in groups for d in group["domains"]
    }


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
    return Rollback(str(value["undone"]), bool(value["promoted"]), parse_time(value["begun"]), bool(value.get("lifted"))) if value else None


def _write_rollback(rollback: Rollback | None) -> dict[str, Any] | None:
    if rollback is None:
        return None
    return {"undone": rollback.undone, "promoted": rollback.promoted, "begun": format_time(rollback.begun), "lifted": rollback.lifted}


def _read_emergency(value: Any) -> Emergency | None:
    if not value:
        return None
    keys = {str(k): str(v) for k, v in value["keys"].items()}
    return Emergency(parse_time(value["declared"]), str(value["priority"]), keys, _time(value["evicted"]), _time(value["gone"]), _time(value.get("clean")))


def _write_emergency(emergency: Emergency | None) -> dict[str, Any] | None:
    if emergency is None:
        return None
    return {
        "declared": format_time(emergency.declared),
        "priority": emergency.priority,
        "keys": dict(sorted(emergency.keys.items())),
        "evicted": _iso(emergency.evicted),
        "gone": _iso(emergency.gone),
        "clean": _iso(emergency.clean),
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
