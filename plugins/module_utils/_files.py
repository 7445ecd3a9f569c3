# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Files that options name, or that lie where others write, too. Only plain files are used: a pipe or a device could keep a run waiting, or never end."""

from __future__ import annotations

import contextlib
import errno
import os
import stat


class SpecialFileError(OSError):
    """There is something at the path that is neither a file nor a folder."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "it is no file but a device, a pipe or a socket", path)


class LinkError(OSError):
    """There is a symbolic link at the path, in a folder in which none is followed."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.ELOOP, "it is a symbolic link", path)


# Opening a pipe without O_NONBLOCK waits until something is written to it.
_NEVER_WAITS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def read_regular(path: str, limit: int, folder: int | None = None) -> bytes:
    """Return the file, up to one byte more than ``limit``, so that a caller sees that it is larger.

    ``folder``: a descriptor of the folder in which ``path`` is a name; then no link is followed.
    Raises LinkError, SpecialFileError, IsADirectoryError and what else OSError there is, each with words for people in ``strerror``. Never waits.
    """
    handle = _opened(path, os.O_RDONLY, folder)
    with open(handle, "rb") as file:
        _refuse_other(os.fstat(handle).st_mode, path)
        return file.read(limit + 1)


def open_to_lock(path: str, folder: int | None = None) -> int:
    """Return a descriptor of a file that serves to be locked, which the caller closes. It is made where there is none. Follows no link, never waits.

    ``folder``: a descriptor of the folder in which ``path`` is a name. Raises as read_regular.
    """
    for _try in range(2):
        try:
            _refuse_other(os.stat(path, dir_fd=folder, follow_symlinks=False).st_mode, path)
        except FileNotFoundError:
            try:
                handle = _opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, folder)
            except FileExistsError:
                continue  # somebody else was faster
            with contextlib.suppress(OSError):  # other accounts lock it, too; some file systems have no modes
                os.fchmod(handle, 0o644)
            return handle
        # Where it belongs to another account, it may only be read; and in a folder with the sticky bit, Linux refuses O_CREAT.
        try:
            handle = _opened(path, os.O_RDWR, folder)
        except PermissionError:
            handle = _opened(path, os.O_RDONLY, folder)
        try:
            _refuse_other(os.fstat(handle).st_mode, path)
        except OSError:
            os.close(handle)
            raise
        return handle
    raise FileExistsError(errno.EEXIST, "somebody makes and removes it all the time", path)


def _opened(path: str, access: int, folder: int | None) -> int:
    """Open the path without waiting; in a folder, or to write, without following a link."""
    follow = 0 if folder is None and access == os.O_RDONLY else os.O_NOFOLLOW
    try:
        return os.open(path, access | follow | _NEVER_WAITS, 0o644, dir_fd=folder)
    except OSError as exc:
        if follow and exc.errno in (errno.ELOOP, errno.EMLINK):
            raise LinkError(path) from None
        raise


def _refuse_other(mode: int, path: str) -> None:
    """Raise OSError for what is no plain file."""
    if stat.S_ISLNK(mode):
        raise LinkError(path)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(mode):
        raise SpecialFileError(path)


def refuse_special(path: str) -> None:
    """Raise OSError where there is nothing, and SpecialFileError where there is neither a file nor a folder. For what a library opens itself."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise SpecialFileError(path)
