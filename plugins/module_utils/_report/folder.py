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
import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._files import LinkError, SpecialFileError, open_to_lock, read_regular
from ansible_collections.federation.adfs.plugins.module_utils._report import farms
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

MOST_BYTES = 10_000_000
"""The largest report.json that is read; one of 900 domains has 320,000 bytes."""
MOST_TOGETHER = 100_000_000
MOST_FARMS = 1000
_LOCK_SECONDS = 10.0
_TRIES = 20
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY
"""How a folder is opened that serves as a place only: with O_PATH, where there is one, it need not be readable."""

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def keep(
    ask: Ask, path: str, part: str, several: bool, files: Mapping[str, bytes], page: Callable[[Sequence[Mapping[str, Any]]], bytes], now: str
) -> dict[str, Any]:
    """Write a report into the folder ``path``, and return where and what.

    ``ask``: ``answer`` here, or what carries a request to ``answer`` on another host and its reply back. ``part``: the name of the farm's subfolder,
    empty for none. ``several``: write there in any case; otherwise only where a summary of several farms lies already. ``page``: makes the page over
    all farms from a line for each. ``now``: the moment of the run, ISO 8601 UTC.
    Returns ``path``, the folder as it is there; ``where``, the subfolder or nothing; ``joined``: the files over all farms were written, which they are
    not where others wrote all the while; ``unlocked``: why they were written without a lock, else nothing; and ``replaced``: the identifier of another
    farm whose report this one replaced, else nothing.
    Raises OSError, and ValueError for a name that leads out of the folder and for a link in it.
    """
    encoded = {name: base64.b64encode(content).decode("ascii") for name, content in files.items()}
    found = ask({"do": "write", "path": path, "now": now, "part": part, "several": several, "files": encoded})
    unlocked, replaced = "", found["replaced"]
    for _try in range(_TRIES):
        if found["rows"] is None:
            break
        encoded = {"index.html": base64.b64encode(page(found["rows"])).decode("ascii")}
        found = ask({"do": "join", "path": path, "now": now, "of": found["of"], "files": encoded, "where": found["where"]})
        unlocked = found["unlocked"]
    joined = found["where"] != "" and found["rows"] is None
    return {"path": found["path"], "where": found["where"], "joined": joined, "unlocked": unlocked, "replaced": replaced}


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what ``keep`` asks for, on this host. ``rows``: what the page over all farms shall say, None if there is none to write."""
    path, now = os.path.abspath(str(request["path"])), parse_time(str(request["now"]))
    files = {str(name): base64.b64decode(content) for name, content in request["files"].items()}
    if request["do"] == "write":
        part = str(request["part"])
        if part and not _PART.fullmatch(part):
            raise ValueError(f"the name {part!r} of the farm's folder has other characters than letters, digits, full stops, hyphens and underscores")
        os.makedirs(path, exist_ok=True)
        with _place(path) as base:
            there = b"" if request["several"] else _there(base, path)
            where = part if part and (request["several"] or farms.is_summary(there)) else ""
            _write(base, path, {f"{where}/{name}" if where else name: content for name, content in files.items()})
            parts = _parts(base) if where else []
        before, after = "" if where else farms.identifier_of(there), farms.identifier_of(files["report.json"])
        replaced = before if after and before != after else ""
        return {"path": path, "where": where, "rows": farms.join(parts, now)[0] if where else None, "of": _hash(parts), "replaced": replaced}
    with _place(path) as base, _locked(base) as unlocked:
        parts = _parts(base)
        as_asked = _hash(parts) == request["of"]
        if as_asked:
            _write(base, path, {**files, **farms.files(parts, now)})
    rows = None if as_asked else farms.join(parts, now)[0]
    return {"path": path, "where": request["where"], "rows": rows, "of": _hash(parts), "unlocked": unlocked}


@contextlib.contextmanager
def _place(path: str) -> Iterator[int]:
    """A descriptor of the folder of reports, which the user names, so it may be a link. What is below it is reached from here, and no link is followed."""
    base = os.open(path, _FOLDER)
    try:
        yield base
    finally:
        os.close(base)


def why(exc: OSError) -> str:
    """Return what was wrong, and with which file, for people."""
    words = exc.strerror or str(exc)
    return printable(f"{words}: {exc.filename}" if exc.filename else words, 1000)


def _hash(parts: Sequence[farms.Part]) -> str:
    """One hash of all parts: it tells whether they are the same still."""
    state = hashlib.sha256()
    for name, content in parts:
        told = content if isinstance(content, str) else hashlib.sha256(content).hexdigest()
        state.update(json.dumps([name, told]).encode("ascii"))
    return state.hexdigest()


def _parts(base: int) -> list[farms.Part]:
    """The name of each subfolder that has a report, with the content of its report.json, or with why that was not read."""
    with_report = []
    listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=base)
    try:
        for name in sorted(filter(_PART.fullmatch, os.listdir(listed))):  # runs make no other names
            # What is no folder, a link to one, a folder that this account may not enter, or one without a report, such as the packs for partners.
            with contextlib.suppress(OSError), _below(base, name) as folder:
                os.stat("report.json", dir_fd=folder, follow_symlinks=False)
                with_report.append(name)
    finally:
        os.close(listed)
    found: list[farms.Part] = []
    left = MOST_TOGETHER
    for name in with_report[:MOST_FARMS]:
        try:
            with _below(base, name) as folder:
                content = read_regular("report.json", min(MOST_BYTES, left), folder)
        except OSError as exc:
            found.append((name, str(exc.strerror or exc)))
            continue
        if len(content) > MOST_BYTES:
            found.append((name, f"it is larger than {MOST_BYTES} bytes"))
        elif len(content) > left:
            found.append((name, f"with it, all farms' are larger than {MOST_TOGETHER} bytes"))
        else:
            left -= len(content)
            found.append((name, content))
    more = with_report[MOST_FARMS:]
    return [*found, *((name, f"no more than {MOST_FARMS} farms' are, and this is one of {len(more)} more") for name in more[:1])]


def _there(base: int, path: str) -> bytes:
    """The report.json that is there. Raises OSError where it cannot be read: it may tell of all farms, so the report of one is not to replace it."""
    try:
        return read_regular("report.json", MOST_BYTES, base)
    except (FileNotFoundError, LinkError, SpecialFileError, IsADirectoryError):
        return b""
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, os.path.join(path, "report.json")) from exc


@contextlib.contextmanager
def _locked(base: int) -> Iterator[str]:
    """One at a time writes what is over all farms. Where there is no lock, it is written all the same: as the parts are then.

    Yields why there is none, and what to do; nothing where there is one, or where the file system has no locks.
    """
    handle, unlocked = None, ""
    try:
        handle = open_to_lock(".lock", base)
    except (LinkError, SpecialFileError, IsADirectoryError) as exc:
        unlocked = f"{exc.strerror}; remove it"
    except OSError as exc:
        unlocked = f"{exc.strerror}; let this account read it, or remove it"
    try:
        end = time.monotonic() + _LOCK_SECONDS
        while handle is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    unlocked = f"it was held for {_LOCK_SECONDS:g} seconds; see which process holds it"
                    break
                time.sleep(0.05)
            except OSError:
                break
        yield unlocked
    finally:
        if handle is not None:
            os.close(handle)


@contextlib.contextmanager
def _below(base: int, *names: str) -> Iterator[int]:
    """A descriptor of a folder that is there, by the names on the way to it. Raises OSError, also for a link."""
    handle = os.dup(base)
    try:
        for name in names:
            above, handle = handle, os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            os.close(above)
        yield handle
    finally:
        os.close(handle)


def _write(base: int, path: str, files: Mapping[str, bytes]) -> None:
    """Write each file by its path below the folder, names parted by a slash. ``base``: the folder's descriptor. ``path``: the same, for messages.

    Raises OSError that names the file, or ValueError for a path that leaves the folder, also by way of a link; then nothing was written.
    """
    ways = {tuple(name.split("/")): content for name, content in files.items()}
    for way in ways:
        if not all(way) or any(name in (".", "..") or os.sep in name or "\0" in name for name in way):
            raise ValueError(f"the name {'/'.join(way)!r} leads out of the folder")
    for folder in sorted({way[:-1] for way in ways}):
        _make(base, path, folder)
    for way, content in sorted(ways.items()):
        try:
            with _below(base, *way[:-1]) as folder_of:
                _replace(folder_of, way[-1], content)
        except OSError as exc:
            raise OSError(exc.errno, exc.strerror, os.path.join(path, *way)) from exc


def _make(base: int, path: str, way: Sequence[str]) -> None:
    """Make the folders on the way that are not there, for others to read, as what is in them. Raises OSError, and ValueError for a link."""
    for length in range(1, len(way) + 1):
        name, shown = way[length - 1], os.path.join(path, *way[:length])
        with _below(base, *way[: length - 1]) as above:
            try:
                os.mkdir(name, dir_fd=above)
            except FileExistsError:
                mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
                if stat.S_ISLNK(mode):
                    raise ValueError(f"{shown!r} is a symbolic link, and may lead out of the folder of reports; remove it") from None
                if not stat.S_ISDIR(mode):
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), shown) from None
            except OSError as exc:
                raise OSError(exc.errno, exc.strerror, shown) from exc
            else:
                made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
                try:
                    with contextlib.suppress(OSError):  # some file systems have no modes
                        os.fchmod(made, stat.S_IMODE(os.fstat(made).st_mode) | 0o055)
                finally:
                    os.close(made)


def _replace(folder: int, name: str, data: bytes) -> None:
    temporary = f".{secrets.token_hex(8)}.new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), 0o644)  # reports are read by others; they hold no secret
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise
