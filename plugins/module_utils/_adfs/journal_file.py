# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The journal as a file on a host without Windows: what read_journal.ps1 and write_journal.ps1 do on an AD FS server.

The folder belongs to the account of the connection alone, so once that was checked nobody else can change what lies in it.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import os
import stat
import time
import typing as t
from datetime import datetime, timezone

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.journal import MAX_BYTES, Store, common_problem, sha256
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import Addition

LOCK_SECONDS = 10.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def store() -> Store:
    """Return the store of the host that this runs on."""
    return Store(read, write, explain)


def read(path: str, limit: int = MAX_BYTES) -> dict[str, t.Any]:
    """Read the file at ``path``, of at most ``limit`` bytes. Raises AdfsError if it cannot be opened."""
    full = _full(path)
    reply: dict[str, t.Any] = {"found": False, "sha256": None, "content": None, "problem": None, "written_at": None, "server_time": _iso(time.time())}
    try:
        _check_place(full)
        data = _content(full, limit)
        if data is not None:
            reply.update(found=True, sha256=sha256(data), content=base64.b64encode(data).decode("ascii"), written_at=_iso(os.stat(full).st_mtime))
    except _Problem as exc:
        reply["problem"] = str(exc)
    except FileNotFoundError:
        pass
    except OSError as exc:
        raise _failed(path, exc) from exc
    return reply


def write(path: str, expected: str | None, data: bytes, lines: Addition | None = None) -> dict[str, t.Any]:
    """Replace the file if it still has the hash ``expected`` (None: if there is none), and add ``lines`` to the ledger beside it before.

    Raises AdfsError if nothing could be begun.
    """
    full = _full(path)
    reply: dict[str, t.Any] = dict.fromkeys(("problem", "failure", "unreadable", "sha256", "written_at", "server_time", "ledger"))
    reply["written"] = False
    try:
        _make(os.path.dirname(full))
        _check_place(full)
        with _locked(f"{full}.lock"):
            found = _hash(full)
            if found == expected and lines is not None:
                reply["ledger"] = _added(path, os.path.join(os.path.dirname(full), lines.file), lines)
            if found == expected and (lines is None or reply["ledger"]["state"] == "added"):
                reply["failure"] = _reported(path, lambda: _save(full, data, found is None))
                reply["written"] = reply["failure"] is None
                reply["unreadable"] = _reported(path, lambda: reply.update(sha256=_hash(full)))
            else:
                reply["sha256"] = found
            reply.update(written_at=_iso(os.stat(full).st_mtime) if os.path.exists(full) else None, server_time=_iso(time.time()))
    except _Problem as exc:
        reply["problem"] = str(exc)
    except OSError as exc:
        raise _failed(path, exc) from exc
    return reply


def explain(problem: str, path: str) -> str:
    """Return what is wrong with a journal's path, folder or file, for people."""
    kind, _separator, detail = one_line(problem, 200).partition(" ")
    folder = os.path.dirname(os.path.expanduser(path))
    reasons = {
        "link": "is a link to another place, or no plain file or folder",
        "owner": f"belongs to the user with the number {detail}, who can change it at any time",
        "rights": f"may be used by other users (mode {detail})",
    }
    return common_problem(kind, detail, path) or (
        f"The journal {path} is not trusted: it or its folder {reasons.get(kind, kind)}. Only the account of the connection may own and use them. "
        f"See who made them; if that is known: chown -R $(id -u) '{folder}', then chmod -R go= '{folder}', as that account."
    )


class _Problem(Exception):
    """A path, folder or file that cannot be used or is not trusted; the text is a word, and a detail."""


def _full(path: str) -> str:
    full = os.path.expanduser(path)
    if not os.path.isabs(full) or "\0" in full or os.path.basename(full) in ("", ".", ".."):
        raise AdfsError(
            f"The path '{one_line(path, 300)}' of the journal is not that of a file.",
            "Give an absolute path, for example /var/lib/renewal/journal.json.",
            "journal_path",
        )
    return full


def _failed(path: str, exc: OSError) -> AdfsError:
    return AdfsError(
        f"The journal {path} cannot be used: {exc.strerror or type(exc).__name__}.",
        "The account of the connection must be able to write to its folder, and the disk must not be full.",
        "access_denied" if isinstance(exc, PermissionError) else "journal_file",
    )


def _reported(path: str, work: t.Callable[[], t.Any]) -> AdfsError | None:
    try:
        work()
    except _Problem as exc:
        return AdfsError(explain(str(exc), path), id="journal_folder")
    except OSError as exc:
        return _failed(path, exc)
    return None


def _make(folder: str) -> None:
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
    except (FileExistsError, NotADirectoryError) as exc:
        raise _Problem("file") from exc


def _check_place(full: str) -> None:
    if os.path.isdir(full) and not os.path.islink(full):
        raise _Problem("folder")
    try:
        found = os.lstat(os.path.dirname(full))
    except NotADirectoryError as exc:
        raise _Problem("file") from exc
    if not stat.S_ISDIR(found.st_mode):
        raise _Problem("file" if stat.S_ISREG(found.st_mode) else "link")
    _check(found)


def _check(found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise _Problem(f"owner {found.st_uid}")
    if found.st_mode & _OTHERS:
        raise _Problem(f"rights {stat.S_IMODE(found.st_mode):04o}")


def _content(full: str, limit: int = MAX_BYTES) -> bytes | None:
    """Return what the file holds, or None. What is left over of a journal that is gone is a problem, and never "no journal"."""
    try:
        handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        left = [end for end in (".new", ".old") if os.path.lexists(full + end)]
        if left:
            raise _Problem(f"leftover {left[0]}") from None
        return None
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.EMLINK):
            raise _Problem("link") from exc
        raise
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise _Problem("link")
        _check(found)
        with open(handle, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise _Problem("size")
    return data


def _hash(full: str) -> str | None:
    data = _content(full)
    return None if data is None else sha256(data)


@contextlib.contextmanager
def _locked(path: str) -> t.Iterator[None]:
    """Hold the lock file beside the journal; the kernel lets go of it if this process dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() >= until:
                    raise _Problem("in_use") from exc
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _added(path: str, full: str, lines: Addition) -> dict[str, t.Any]:
    """Add lines to a file that ends as expected, so that none is written twice. Returns a word for what became of it, and an error."""
    told: dict[str, t.Any] = {"state": "failed"}

    def add() -> None:
        handle = os.open(full, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        with open(handle, "r+b") as stream:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                raise _Problem("link")
            _check(found)
            stream.seek(max(0, found.st_size - lines.expected.last))
            last = stream.read() if found.st_size else b""
            if found.st_size != lines.expected.size or (sha256(last) if last else None) != lines.expected.head:
                told["state"] = "differs"
                return
            stream.seek(0, os.SEEK_END)
            stream.write(lines.data)
            stream.flush()
            os.fsync(handle)
            told["state"] = "added"

    told["failure"] = _reported(path, add)
    return told


def _save(full: str, data: bytes, is_first: bool) -> None:
    """Put the new file in place of the old one, also where the power fails. The first has another name: .new without a journal means that one was lost."""
    new = f"{full}.{'first' if is_first else 'new'}"
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, full)  # Not atomic_move of Ansible: that gives a file that it makes the rights of the umask.
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
    folder = os.open(os.path.dirname(full), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
