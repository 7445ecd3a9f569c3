# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The journal as a file on a host without Windows: what read_journal.ps1 and write_journal.ps1 do on an AD FS server."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.journal import MAX_BYTES, Store, sha256

LOCK_SECONDS = 10.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def store() -> Store:
    """Return the store of the host that this runs on."""
    return Store(read, write, explain)


def read(path: str) -> dict[str, t.Any]:
    """Read the file at ``path``, a file or folder that others may use apart. Raises AdfsError if it cannot be opened."""
    folder, name = _split(path)
    try:
        with _folder(folder) as handle:
            return _answer(_content(handle, name))
    except _Problem as exc:
        return {"found": False, "sha256": None, "content": None, "problem": str(exc)}
    except FileNotFoundError:
        return _answer(None)
    except OSError as exc:
        raise _failed(path, exc) from exc


def write(path: str, expected: str | None, data: bytes) -> dict[str, t.Any]:
    """Replace the file if it still has the hash ``expected`` (None: if there is none). Raises AdfsError if it cannot be written."""
    folder, name = _split(path)
    try:
        _make(folder)
        with _folder(folder) as handle, _locked(handle, name, path):
            before = _content(handle, name)
            found = None if before is None else sha256(before)
            if found != expected:
                return {"written": False, "sha256": found, "problem": None}
            _replace(handle, name, data)
            after = _content(handle, name)
            return {"written": True, "sha256": None if after is None else sha256(after), "problem": None}
    except _Problem as exc:
        return {"written": False, "sha256": None, "problem": str(exc)}
    except OSError as exc:
        raise _failed(path, exc) from exc


def explain(problem: str, path: str) -> str:
    """Return what is wrong with a journal's folder or file, for people."""
    kind, _separator, detail = one_line(problem, 200).partition(" ")
    folder = os.path.dirname(_expanded(path))
    if kind == "size":
        return f"The journal {path} is larger than {MAX_BYTES} bytes, so it is none of ours. Look at it, and move it away."
    reasons = {
        "link": "is a link to another place, or no plain file or folder",
        "owner": f"belongs to the user with the number {detail}, who can change it at any time",
        "rights": f"may be used by other users (mode {detail})",
    }
    return (
        f"The journal {path} is not trusted: it or its folder {reasons.get(kind, kind)}. Only the account of the connection may own and use them. "
        f"See who made them; if that is known: chown -R $(id -u) '{folder}', then chmod -R go= '{folder}', as that account."
    )


class _Problem(Exception):
    """A folder or file that is not trusted; the text is a word, and a detail."""


def _expanded(path: str) -> str:
    return os.path.expanduser(path)


def _split(path: str) -> tuple[str, str]:
    folder, name = os.path.split(_expanded(path))
    if not os.path.isabs(folder) or not name:
        raise AdfsError(
            f"The path '{path}' of the journal is not that of a file.", "Give an absolute path, for example /var/lib/renewal/journal.json.", "options"
        )
    return folder, name


def _failed(path: str, exc: OSError) -> AdfsError:
    reason = exc.strerror or type(exc).__name__
    return AdfsError(
        f"The journal {path} cannot be used: {reason}.",
        "The account of the connection must be able to write to its folder, and the disk must not be full.",
        "access_denied" if isinstance(exc, PermissionError) else "journal_file",
    )


def _make(folder: str) -> None:
    parent = os.path.dirname(folder)
    os.makedirs(parent, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)


@contextlib.contextmanager
def _folder(folder: str) -> t.Iterator[int]:
    """Open the folder and hold it, so that what is checked is what is used."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise _Problem("link") from exc
        raise
    try:
        _check(os.fstat(handle))
        yield handle
    finally:
        os.close(handle)


def _check(found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise _Problem(f"owner {found.st_uid}")
    if found.st_mode & _OTHERS:
        raise _Problem(f"rights {stat.S_IMODE(found.st_mode):04o}")


def _content(folder: int, name: str) -> bytes | None:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.EMLINK):
            raise _Problem("link") from exc
        raise
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise _Problem("link")
        _check(found)
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _Problem("size")
    return data


@contextlib.contextmanager
def _locked(folder: int, name: str, path: str) -> t.Iterator[None]:
    """Hold the lock file beside the journal; the kernel lets go of it if this process dies."""
    handle = os.open(f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() >= until:
                    raise AdfsError(f"Another run has held the lock of the journal {path} for {LOCK_SECONDS:g} seconds.", "Run again.", "in_use") from exc
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _replace(folder: int, name: str, data: bytes) -> None:
    """Put the new file in place of the old one, whole or not at all, also where the power fails."""
    new = f"{name}.{secrets.token_hex(8)}.new"
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new, dir_fd=folder)
        raise
    os.fsync(folder)


def _answer(data: bytes | None) -> dict[str, t.Any]:
    if data is None:
        return {"found": False, "sha256": None, "content": None, "problem": None}
    return {"found": True, "sha256": sha256(data), "content": base64.b64encode(data).decode("ascii"), "problem": None}
