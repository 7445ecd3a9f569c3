# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Writes the files of a report into a folder, each replaced as a whole: a reader sees the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping


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
