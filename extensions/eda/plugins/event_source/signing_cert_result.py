# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An event source for ansible-rulebook: what the last audit or renewal of each farm found, whenever that becomes something else."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

DOCUMENTATION = r"""
---
short_description: Events from the results of audits and renewals of AD FS token-signing certificates
description:
  - Reads the files in which playbooks keep C(renew_signing_cert_result), one file for each farm, and puts an event whenever something in one of
    them begins, and whenever it ends.
  - What is seen in the first look counts as begun. What begins and ends between two looks is missed, and so is everything while no
    audit runs, for this source looks at no server and no tenant itself.
options:
  path:
    description:
      - A file, or a folder whose files with the ending C(.json) are read. Each holds one result.
    type: str
    required: true
  interval:
    description:
      - How many seconds to wait between two looks, from 1 to 86400.
    type: float
    default: 60
  deadline_days:
    description:
      - From how many days before the deadline of a farm on it is an event, from 0 to 365.
    type: float
    default: 7
  stale_hours:
    description:
      - After how many hours without a newer result it is an event that no run looks after the farm any more, from 1 to 8760.
    type: float
    default: 48
notes:
  - Each event has C(kind) (V(must_act), V(alarm), V(deadline), V(stale) or V(unreadable)), C(what), C(object), C(reason), C(state) (V(begins) or
    V(ends)), C(farm) (the name of the file without its ending) and C(at).
"""

EXAMPLES = r"""
- federation.adfs.signing_cert_result:
    path: /var/lib/adfs/results
    interval: 60
"""

_LIMITS = {"interval": (60.0, 1.0, 86400.0), "deadline_days": (7.0, 0.0, 365.0), "stale_hours": (48.0, 1.0, 8760.0)}
_MAX_FILES = 1000
_MAX_BYTES = 20_000_000

Key = tuple[str, str, str, str]  # farm, kind, what, object


class Queue(Protocol):
    """As ansible-rulebook gives it."""

    async def put(self, item: Any) -> None:
        """Hand one event over."""


async def main(queue: Queue, args: dict[str, Any]) -> None:
    """Look for ever. Raises ValueError for arguments that cannot be used; a file that cannot be read is an event."""
    path, interval, deadline_days, stale_hours = arguments(args)
    known: dict[Key, str] = {}
    while True:
        now = datetime.now(timezone.utc)
        found = await asyncio.to_thread(look, path, now, timedelta(days=deadline_days), timedelta(hours=stale_hours))
        for event in changes(known, found, now):
            await queue.put(event)
        known = found
        await asyncio.sleep(interval)


def arguments(args: dict[str, Any]) -> tuple[Path, float, float, float]:
    """Path, interval, days and hours. Raises ValueError, which says what is wrong."""
    strange = sorted(set(args) - {"path", *_LIMITS})
    if strange:
        raise ValueError(f"There is no argument {strange[0]}. Arguments are path, {', '.join(_LIMITS)}.")
    if not isinstance(args.get("path"), str) or not args["path"]:
        raise ValueError("path is missing: a file with a result, or a folder of such files.")
    numbers = []
    for name, (default, least, most) in _LIMITS.items():
        try:
            number = float(args.get(name, default))
        except (TypeError, ValueError):
            number = float("nan")
        if not least <= number <= most:
            raise ValueError(f"{name} must be a number from {least:g} to {most:g}.")
        numbers.append(number)
    return Path(args["path"]), numbers[0], numbers[1], numbers[2]


def look(path: Path, now: datetime, before: timedelta, stale: timedelta) -> dict[Key, str]:
    """What is the matter now, with the reason of each. Nothing of it is kept from an earlier look."""
    found: dict[Key, str] = {}
    try:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    except OSError as error:
        return {(path.stem, "unreadable", "folder", path.name): str(error.strerror)}
    if not files:
        return {(path.stem, "unreadable", "folder", path.name): "There is no file with the ending .json in it."}
    if len(files) > _MAX_FILES:
        found[path.stem, "unreadable", "folder", path.name] = f"There are {len(files)} files with the ending .json in it; the first {_MAX_FILES} are read."
    for file in files[:_MAX_FILES]:
        try:
            told = file.stat()
            if not stat.S_ISREG(told.st_mode):
                raise ValueError("it is no file")  # reading a pipe would wait for ever
            if told.st_size > _MAX_BYTES:
                raise ValueError("it is larger than 20 MB")
            result = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(result, dict):
                raise ValueError("it holds no result")
            written = datetime.fromtimestamp(told.st_mtime, timezone.utc)
            found.update(_matters(file.stem, result, now, before))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            found[file.stem, "unreadable", "file", file.name] = f"{type(error).__name__}: {error}"
            continue
        if now - written > stale:
            found[file.stem, "stale", "result", file.name] = f"No run has reported since {written.isoformat(timespec='seconds')}."
    return found


def _matters(farm: str, result: dict[str, Any], now: datetime, before: timedelta) -> dict[Key, str]:
    found = {(farm, "must_act", str(one["what"]), str(one.get("domain") or "")): str(one["reason"]) for one in result["must_act"]}
    found.update({(farm, "alarm", str(one["alarm"]), str(one["object"])): str(one["reason"]) for one in result["alarms"]})
    if result.get("deadline"):
        deadline = datetime.fromisoformat(str(result["deadline"]).replace("Z", "+00:00"))
        if deadline <= now + before:
            found[farm, "deadline", "deadline", deadline.isoformat()] = f"The deadline is {result['deadline']}."
    return found


def changes(known: dict[Key, str], found: dict[Key, str], now: datetime) -> list[dict[str, Any]]:
    """Events: what begins, then what ends, each in the order of its farm."""
    return [
        {"farm": farm, "kind": kind, "what": what, "object": thing, "reason": reasons[farm, kind, what, thing], "state": state, "at": now.isoformat()}
        for state, reasons, others in (("begins", found, known), ("ends", known, found))
        for farm, kind, what, thing in sorted(set(reasons) - set(others))
    ]
