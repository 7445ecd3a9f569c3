# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An event source for ansible-rulebook: who changed the federation of a domain, as Entra ID's audit log tells it."""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import json
import os
import re
import sys
import tempfile
import weakref
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

try:
    importlib.import_module("ansible_collections.federation.adfs.plugins.module_utils._text")
except ImportError:
    # ansible-rulebook runs this file as it lies in ansible_collections/federation/adfs/extensions/eda/plugins/event_source, and finds no collection.
    sys.path.append(str(Path(os.path.abspath(__file__)).parents[7]))
from ansible_collections.federation.adfs.plugins.module_utils._entra.audit_log import MOST_DAYS, read_changes
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS, merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.own_changes import Judged, Line, judge, lines_of
from ansible_collections.federation.adfs.plugins.module_utils._files import LinkError, SpecialFileError, open_to_lock, read_regular
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import verify
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

DOCUMENTATION = r"""
---
short_description: Events from Entra ID's audit log when somebody changes the federation of a domain
description:
  - Asks Microsoft Graph for the audit log's entries C(Set federation settings on domain) and C(Set domain authentication), and puts an event for
    each, once.
  - Tells the collection's own writes from those of others by the app that did them, and, where a copy of the ledger is at hand, by its lines.
  - It reads only. The app needs the application permission C(AuditLog.Read.All), and the tenant Microsoft Entra ID P1 or P2. Microsoft's
    documentation names C(Directory.Read.All) besides. Use another app than the one that writes.
  - The log lags by minutes, at times by hours, and is not there in each national cloud.
options:
  applications:
    description:
      - The apps with which the collection writes, each by its application (client) ID or the object ID of its service principal. Entra ID does
        not always say both, so give both.
      - Without any, every change is somebody else's.
    type: list
  ledger:
    description:
      - A file with a copy of the ledger, or a folder whose files C(ledger-*.jsonl) are read, also those in its folders, one for each farm.
      - Without it the app alone decides what is our own.
    type: str
  ledger_minutes:
    description:
      - How many minutes the times of the ledger and of the audit log may lie apart, from 1 to 240.
    type: float
    default: 15
  ledger_wait_hours:
    description:
      - How many hours a change by one of O(applications) may wait for its line, until the copy has come, from 0 to 24. Less than O(window_hours).
    type: float
    default: 2
  interval:
    description:
      - How many seconds to wait between two looks, from 30 to 86400.
    type: float
    default: 300
  window_hours:
    description:
      - Each look goes back so many hours behind the one before, from 1 to 168. What the log shows later than that is missed.
    type: float
    default: 24
  state_path:
    description:
      - A file that keeps which entries were put. With it a restart goes on where the last look was, back to thirty days, and repeats nothing
        but what was put in the moment of the stop.
      - Each source needs a file of its own. One that another source uses, or that was kept for another tenant or cloud, is refused. Beside it lies a
        file that is locked as long as the source runs, C(.NAME.lock).
      - Without it a restart puts everything of the last O(window_hours) again, and what is older is missed.
    type: str
notes:
  - Besides, it takes the options with which modules sign in, such as O(tenant_id), O(client_id) and O(client_certificate_path). Leave them out, and
    they come from the environment, C(ADFS_ENTRA_...), where no rulebook shows them. O(time_limit) is for one look, 120 seconds unless it is given.
  - Each event has C(kind), C(what), C(object), C(reason), C(state) and C(at).
  - C(kind) is V(foreign) for somebody else's change, V(not_in_ledger) for one by an app of ours that the ledger does not tell, V(own), and
    V(unreadable) where the log, the ledger or the file of O(state_path) cannot be used.
  - C(state) is V(happened) for a change, and V(begins) or V(ends) for V(unreadable).
  - Of a change, C(what) is the activity and C(object) the domain. Besides there are C(by), C(user), C(application), C(application_id),
    C(service_principal_id), C(result), C(members) (names of what was changed, if Entra ID tells them), C(tenant_id) and C(id).
  - At most 2000 entries of each activity are read in one look; where there are more, that is V(unreadable).
"""

EXAMPLES = r"""
- federation.adfs.entra_audit_log:
    applications: [00000000-0000-0000-0000-000000000000]
    ledger: /var/lib/adfs/ledgers
    state_path: /var/lib/adfs/audit-log-state.json
"""

_LIMITS = {
    "ledger_minutes": (15.0, 1.0, 240.0),
    "ledger_wait_hours": (2.0, 0.0, 24.0),
    "interval": (300.0, 30.0, 86400.0),
    "window_hours": (24.0, 1.0, 168.0),
}
_TEXTS = ("ledger", "state_path")
_NAMES = {name: option.name for option in OPTIONS for name in (option.name, *option.aliases)}
_TIME_LIMIT = 120
_LEDGER = re.compile(r"(?P<ledger>(?:.+-)?ledger-)[0-9]{4}\.jsonl")
_MAX_FILES = 1000
_MAX_BYTES = 64 * 1024 * 1024

Event = dict[str, Any]


class Queue(Protocol):
    """As ansible-rulebook gives it."""

    async def put(self, item: Any) -> None:
        """Hand one event over."""


async def main(queue: Queue, args: dict[str, Any]) -> None:
    """Look for ever. Raises ValueError for arguments that cannot be used; what cannot be read is an event."""
    source = Source(args)
    try:
        await asyncio.to_thread(source.remember)
        while True:
            for event in await asyncio.to_thread(source.look, datetime.now(timezone.utc)):
                await queue.put(event)
            # Only now: what was not put is put after a restart.
            for event in await asyncio.to_thread(source.keep):
                await queue.put(event)
            await asyncio.sleep(source.interval)
    finally:
        source.close()


class Source:
    """One tenant's audit log. Its state: when the last good look was, which entries were put, and what could not be read."""

    def __init__(self, args: Mapping[str, Any]) -> None:
        """Raises ValueError, which says what is wrong with the arguments."""
        known = {"applications", *_TEXTS, *_LIMITS, *_NAMES, "eda_feedback_queue"}
        strange = sorted(set(args) - known)
        if strange:
            raise ValueError(f"There is no argument {strange[0]}. Arguments are applications, {', '.join((*_TEXTS, *_LIMITS))}, and those to sign in.")
        self._numbers = {name: _number(name, args) for name in _LIMITS}
        if self._numbers["ledger_wait_hours"] >= self._numbers["window_hours"]:
            raise ValueError("ledger_wait_hours must be less than window_hours.")
        self.interval = self._numbers["interval"]
        self._window = timedelta(hours=self._numbers["window_hours"])
        self._ledger, self._state = (_path(name, args) for name in _TEXTS)
        self._applications = _applications(args.get("applications"))
        given = {_NAMES[name]: value for name, value in args.items() if name in _NAMES and value not in (None, "")}
        self._options = {"time_limit": _TIME_LIMIT, **given}
        try:
            settings = merge_options(self._options, os.environ)
        except EntraError as error:
            raise ValueError(str(error)) from None
        self._of = [(settings.tenant_id or "").lower(), settings.graph_url]
        self._unlock: weakref.finalize[Any, Any] | None = None
        self._tokens: dict[str, str] = {}
        self._looked: datetime | None = None
        self._put: dict[str, str] = {}
        self._new: dict[str, str] = {}
        self._kept = True
        self._unreadable: dict[str, str] = {}
        self._trouble: dict[str, str] = {}

    def remember(self) -> None:
        """Read what a former process kept. Something unusable counts as nothing, and the first look says so. Raises ValueError for another source's."""
        if self._state is None:
            return
        others = self._others(self._state)
        if others:
            raise ValueError(f"state_path: {others}")
        try:
            kept = json.loads(read_regular(str(self._state), _MAX_BYTES))
            self._put = {str(name): format_time(parse_time(at)) for name, at in kept["put"].items()}
            self._looked = parse_time(kept["looked"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._put, self._looked = {}, None
            self._trouble["state"] = f"{self._state} cannot be used, so what it kept counts as nothing ({_words(error)})."

    def look(self, now: datetime) -> list[Event]:
        """Read once, within the time limit, and return what is new."""
        trouble, self._trouble = self._trouble, {}
        # A state may hold any time: the subtraction comes last, of one that has a day before it, and nothing is looked for in the future only.
        since = min(max(self._looked or now, now - timedelta(days=MOST_DAYS) + self._window), now) - self._window
        events: list[Event] = []
        try:
            settings = merge_options(self._options, os.environ)
            client = connect(settings, self._tokens)
            try:
                found = read_changes(client, since)
                tenant = client.tenant_id
            finally:
                client.close()
        except EntraError as error:
            trouble["audit_log"] = printable(error, 1000)
        else:
            missing = [found.missing] if found.missing else []
            missing += [f"{found.unusable} entries say no id or no time"] if found.unusable else []
            if missing:
                trouble["audit_log"] = printable(f"The audit log was read in part: {'; '.join(missing)}.", 1000)
            lines = self._lines(trouble)
            until = now - timedelta(hours=self._numbers["ledger_wait_hours"])
            judged = judge(found.changes, self._applications, lines, until)
            events = [_event(one, tenant) for one in judged if one.change.id not in self._put]
            self._new = {one.change.id: format_time(one.change.at) for one in judged}
            # What a later look cannot see any more need not be kept.
            self._put = {name: at for name, at in self._put.items() if parse_time(at) >= since}
            self._kept, self._looked = False, now
        return [*self._changes_of(trouble, now), *events]

    def keep(self) -> list[Event]:
        """Keep that the events of the last look were put; what is wrong with that is an event."""
        self._put.update(self._new)
        self._new = {}
        if self._state is None or self._kept or self._looked is None:
            return []
        reason = self._others(self._state)
        try:
            if not reason:
                _replace(self._state, json.dumps({"of": self._of, "looked": format_time(self._looked), "put": self._put}))
        except OSError as error:
            reason = f"{self._state} cannot be written, so a restart puts again what was put since ({_words(error)})."
        if reason:
            trouble = {**self._unreadable, "state": reason}
            self._trouble["state"] = reason
            return self._changes_of(trouble, datetime.now(timezone.utc))
        self._kept = True
        return []

    def close(self) -> None:
        """Let another source have the file of state_path."""
        if self._unlock is not None:
            self._unlock()

    def _others(self, path: Path) -> str:
        """Why the file of state_path is another source's, which would replace what the other one keeps, or nothing. Locks it until this source ends."""
        own = "Give each source a file of its own."
        lock = path.parent / f".{path.name}.lock"
        if self._unlock is None:
            try:
                handle = open_to_lock(str(lock))
            except (LinkError, SpecialFileError, IsADirectoryError) as error:
                return f"{lock} cannot be locked ({_words(error)}). Remove it."
            except OSError:
                pass  # as in a folder that is not there; that nothing can be kept is told when it is tried
            else:
                unlock = weakref.finalize(self, os.close, handle)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    unlock()
                    return f"{path} is in use by another source. {own}"
                except OSError:
                    pass  # there are no locks
                self._unlock = unlock
        try:
            of = json.loads(read_regular(str(path), _MAX_BYTES)).get("of")
        except (OSError, ValueError, AttributeError, RecursionError):
            return ""
        if of is None or of == self._of:
            return ""
        tenant, graph = (printable(text, 200) for text in of) if isinstance(of, list) and len(of) == 2 else ("", "")
        return f"{path} was kept by the source for tenant {tenant or 'unknown'} at {graph or 'unknown'}. {own} If it is the same tenant, remove the file."

    def _changes_of(self, trouble: dict[str, str], now: datetime) -> list[Event]:
        """Events about what cannot be read: what begins, then what ends."""
        events = [
            {"kind": "unreadable", "what": what, "object": "", "reason": reasons[what], "state": state, "at": format_time(now)}
            for state, reasons, others in (("begins", trouble, self._unreadable), ("ends", self._unreadable, trouble))
            for what in sorted(set(reasons) - set(others))
        ]
        self._unreadable = trouble
        return events

    def _lines(self, trouble: dict[str, str]) -> list[Line] | None:
        """The ledgers' writes to domains; None without a ledger. What is wrong with one goes into ``trouble``, and the lines that are there count."""
        if self._ledger is None:
            return None
        slack = timedelta(minutes=self._numbers["ledger_minutes"])
        lines: list[Line] = []
        wrong: list[str] = []
        try:
            ledgers, number = _ledgers(self._ledger)
        except OSError as error:
            ledgers, number, wrong = [], 0, [f"{self._ledger}: {_words(error)}"]
        if number > _MAX_FILES:
            wrong.append(f"there are {number} files ledger-*.jsonl in {self._ledger}, of which {_MAX_FILES} are read")
        if not ledgers and not wrong:
            wrong = [f"there is no file ledger-*.jsonl in {self._ledger}"]
        for files in ledgers:
            read = []
            for file in files:
                try:
                    content = read_regular(str(file), _MAX_BYTES)
                except OSError as error:
                    wrong.append(f"{file}: {_words(error)}")
                    continue
                if len(content) > _MAX_BYTES:
                    wrong.append(f"{file} is larger than {_MAX_BYTES // 1024 // 1024} MB")
                else:
                    read.append((file.name, content))
            verdict = verify(read)
            wrong += [f"{files[0].parent}: {verdict.said}"] if verdict.breaks else []
            lines += lines_of(verdict.lines, slack)
        if wrong:
            trouble["ledger"] = printable(f"The ledger cannot be used as it should: {'; '.join(wrong)}.", 1000)
        return lines


def _ledgers(path: Path) -> tuple[list[list[Path]], int]:
    """The files of each ledger, in the order of their years, of one file, or of a folder and the folders in it; and how many files there are."""
    if not path.is_dir():
        path.stat()
        return [[path]], 1
    named = [(file, name) for file in (*path.glob("*.jsonl"), *path.glob("*/*.jsonl")) if (name := _LEDGER.fullmatch(file.name))]
    groups: dict[tuple[Path, str], list[Path]] = {}
    for file, name in sorted(named, key=lambda one: one[0])[:_MAX_FILES]:
        groups.setdefault((file.parent, name["ledger"]), []).append(file)
    return list(groups.values()), len(named)


def _replace(path: Path, text: str) -> None:
    """Write the file as a whole, by way of one that nothing else has the name of. Only its owner may read it."""
    handle, beside = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".new", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _event(judged: Judged, tenant: str | None) -> Event:
    change = judged.change
    return {
        "kind": judged.kind,
        "what": change.activity,
        "object": change.domain,
        "reason": judged.reason,
        "state": "happened",
        "at": format_time(change.at),
        "by": change.by,
        "user": change.user,
        "application": change.application,
        "application_id": change.application_id,
        "service_principal_id": change.service_principal_id,
        "result": change.result,
        "members": list(change.members),
        "tenant_id": tenant or "",
        "id": change.id,
    }


def _number(name: str, args: Mapping[str, Any]) -> float:
    default, least, most = _LIMITS[name]
    try:
        number = float(args.get(name, default))
    except (TypeError, ValueError):
        number = float("nan")
    if not least <= number <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}.")
    return number


def _path(name: str, args: Mapping[str, Any]) -> Path | None:
    value = args.get(name)
    wrong = ValueError(f"{name} must be the path of a file{' or folder' if name == 'ledger' else ''}.")
    if value is not None and (not isinstance(value, str) or "\0" in value):
        raise wrong
    try:
        return Path(value).expanduser() if value else None
    except RuntimeError:  # the home of somebody whom this machine does not know
        raise wrong from None


def _applications(value: Any) -> frozenset[str]:
    items = [value] if isinstance(value, str) else value or []
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("applications must be a list of ids, as texts.")
    return frozenset(item.strip().lower() for item in items if item.strip())


def _words(error: Exception) -> str:
    return printable(error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}", 300)
