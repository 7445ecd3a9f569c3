# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The folder of reports: writes a farm's files, each replaced as a whole, and the files over all farms where there are several.

Runs of several farms write there side by side, also from other machines. A farm's part is written first; what is over all of them is made from the
parts that are there, and written only if they still are the same then. So whoever writes last has seen every part.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._files import read_regular
from ansible_collections.federation.adfs.plugins.module_utils._report import farms
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

MOST_BYTES = 50_000_000
_LOCK_SECONDS = 10.0
_TRIES = 20
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def keep(
    ask: Ask, path: str, part: str, several: bool, files: Mapping[str, bytes], page: Callable[[Sequence[Mapping[str, Any]]], bytes], now: str
) -> dict[str, Any]:
    """Write a report into the folder ``path``, and return where and what.

    ``ask``: ``answer`` here, or what carries a request to ``answer`` on another host and its reply back. ``part``: the name of the farm's subfolder,
    empty for none. ``several``: write there in any case; otherwise only where a summary of several farms lies already. ``page``: makes the page over
    all farms from a line for each. ``now``: the moment of the run, ISO 8601 UTC.
    Returns ``where``, the subfolder or nothing, and ``joined``: the files over all farms were written. They are not where others wrote all the while.
    Raises OSError, and ValueError for a name that leads out of the folder.
    """
    encoded = {name: base64.b64encode(content).decode("ascii") for name, content in files.items()}
    found = ask({"do": "write", "path": path, "now": now, "part": part, "several": several, "files": encoded})
    for _try in range(_TRIES):
        if found["rows"] is None:
            break
        encoded = {"index.html": base64.b64encode(page(found["rows"])).decode("ascii")}
        found = ask({"do": "join", "path": path, "now": now, "of": found["of"], "files": encoded, "where": found["where"]})
    return {"where": found["where"], "joined": found["where"] != "" and found["rows"] is None}


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what ``keep`` asks for, on this host. ``rows``: what the page over all farms shall say, None if there is none to write."""
    path, now = str(request["path"]), parse_time(str(request["now"]))
    files = {str(name): base64.b64decode(content) for name, content in request["files"].items()}
    if request["do"] == "write":
        part = str(request["part"])
        if part and not _PART.fullmatch(part):
            raise ValueError(f"the name {part!r} of the farm's folder has other characters than letters, digits, full stops, hyphens and underscores")
        where = part if part and (request["several"] or _is_summary(path)) else ""
        folder = os.path.join(path, where) if where else path
        if where and os.path.islink(folder):
            raise ValueError(f"the farm's folder {folder!r} is a symbolic link, and may lead out of the folder of reports; remove it, or name another one")
        write(folder, files)
        parts = _parts(path) if where else []
        return {"where": where, "rows": farms.join(parts, now)[0] if where else None, "of": _hash(parts)}
    with _locked(path):
        parts = _parts(path)
        as_asked = _hash(parts) == request["of"]
        if as_asked:
            write(path, {**files, **farms.files(parts, now)})
    return {"where": request["where"], "rows": None if as_asked else farms.join(parts, now)[0], "of": _hash(parts)}


def _hash(parts: Sequence[tuple[str, bytes]]) -> str:
    """One hash of all parts: it tells whether they are the same still."""
    state = hashlib.sha256()
    for name, content in parts:
        state.update(json.dumps([name, hashlib.sha256(content).hexdigest()]).encode("ascii"))
    return state.hexdigest()


def _parts(path: str) -> list[tuple[str, bytes]]:
    """The name of each subfolder that has a report, with the content of its report.json."""
    found = []
    for name in sorted(os.listdir(path)):
        if os.path.islink(os.path.join(path, name)):
            continue  # runs make none, and it may lead anywhere
        with contextlib.suppress(OSError):  # no folder, or one without a report, such as the packs for partners
            content = read_regular(os.path.join(path, name, "report.json"), MOST_BYTES)
            found.append((name, content if len(content) <= MOST_BYTES else b""))
    return found


def _is_summary(path: str) -> bool:
    try:
        return farms.is_summary(read_regular(os.path.join(path, "report.json"), MOST_BYTES))
    except OSError:
        return False


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """One at a time writes what is over all farms. Where there are no locks, or one is held for long, it is written all the same: as the parts are then."""
    handle = _opened(os.path.join(path, ".lock"))
    try:
        end = time.monotonic() + _LOCK_SECONDS
        while handle is not None and time.monotonic() < end:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                break
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _opened(path: str) -> int | None:
    """Open the file to lock, which another account may have made; None where it cannot be opened. A pipe in its place keeps nobody waiting."""
    for access in (os.O_RDWR, os.O_RDONLY):
        with contextlib.suppress(OSError):
            return os.open(path, access | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY, 0o644)
    return None


def write(folder: str, files: Mapping[str, bytes]) -> None:
    """Write each file by its path below the folder, parts parted by a slash. Raises OSError, or ValueError for a path that leaves the folder."""
    for name, content in sorted(files.items()):
        parts = name.split("/")
        if not all(parts) or any(part in (".", "..") or os.sep in part for part in parts):
            raise ValueError(f"the name {name!r} leads out of the folder")
        path = os.path.join(folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _replace(path, content)


def _replace(path: str, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".new", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)  # reports are read by others; they hold no secret
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
