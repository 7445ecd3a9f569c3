# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Files that options name. Only plain files are read: a pipe or a device could keep a run waiting, or never end."""

from __future__ import annotations

import errno
import os
import stat


class SpecialFileError(OSError):
    """There is something at the path that is neither a file nor a folder."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "it is no file but a device, a pipe or a socket", path)


def read_regular(path: str, limit: int) -> bytes:
    """Return the file, up to one byte more than ``limit``, so that a caller sees that it is larger.

    Raises SpecialFileError, IsADirectoryError and what else OSError there is, each with words for people in ``strerror``. Never waits.
    """
    # Opening a pipe without O_NONBLOCK waits until something is written to it.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    with open(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise SpecialFileError(path)
        return file.read(limit + 1)


def refuse_special(path: str) -> None:
    """Raise OSError where there is nothing, and SpecialFileError where there is neither a file nor a folder. For what a library opens itself."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise SpecialFileError(path)
