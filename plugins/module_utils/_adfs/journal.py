# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The journal file as the modules hand it out and take it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, one_line

DEFAULT_PATH = r"%ProgramData%\federation.adfs\journal.json"
# Windows PowerShell 5.1 may read JSON of no more than two million characters, and base64 adds a third.
MAX_BYTES = 1_500_000


def encode(content: t.Mapping[str, t.Any]) -> bytes:
    """Return the file for a content: always the same bytes for the same content, one line, ASCII. Raises AdfsError if it cannot be a journal."""
    try:
        data = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
    except (TypeError, ValueError, RecursionError) as exc:
        raise AdfsError(
            f"The content cannot be written as JSON: {one_line(str(exc), 200)}.", "Give texts, numbers, truth values, lists and dictionaries only.", "content"
        ) from exc
    if len(data) > MAX_BYTES:
        raise AdfsError(f"The content has {len(data)} bytes as JSON; a journal has at most {MAX_BYTES}.", id="content")
    return data


def sha256(data: bytes) -> str:
    """Return the hash by which a journal is known: SHA-256 in lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read(reply: t.Mapping[str, t.Any], path: str, farm: str | None = None) -> dict[str, t.Any]:
    """Return the shape of a journal: ``found``, ``sha256``, ``content`` and ``error``, which says why a content is to be ignored.

    ``farm``: the identifier of the farm that it must belong to, where known.
    """
    shape: dict[str, t.Any] = {"found": reply["found"], "sha256": reply["sha256"], "content": None, "error": None}
    if reply["problem"]:
        shape["error"] = problem(reply["problem"], path)
    elif reply["found"]:
        shape["content"], shape["error"] = _parse(reply, farm)
    return shape


def problem(word: str, path: str) -> str:
    """Return what is wrong with a journal's folder or file, for people."""
    kind, _separator, account = one_line(word, 200).partition(" ")
    folder = re.sub(r"[\\/][^\\/]*$", "", path)
    if kind == "size":
        return f"The journal {path} is larger than {MAX_BYTES} bytes, so it is none of ours. Look at it, and move it away."
    reasons = {
        "link": "it is a link to another place",
        "owner": f"it belongs to the account {account}, who can open it to anybody",
        "rights": f"the account {account} may use it too",
    }
    return (
        f"The journal's folder {folder} is not trusted: {reasons.get(kind, kind)}. Only Administrators and SYSTEM may own and use it. "
        "See who made it; if it is known, move the folder away so that it is made anew, or run: "
        f'icacls "{folder}" /setowner *S-1-5-32-544, then: icacls "{folder}" /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F '
        "and take away what is left."
    )


def _parse(reply: t.Mapping[str, t.Any], farm: str | None) -> tuple[dict[str, t.Any] | None, str | None]:
    try:
        data = base64.b64decode(reply["content"] or "", validate=True)
    except (binascii.Error, ValueError):
        return None, "corrupt: it did not arrive whole"
    if len(data) > MAX_BYTES or sha256(data) != reply["sha256"]:
        return None, "corrupt: it did not arrive whole"
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, "corrupt: it is not JSON"
    if not isinstance(content, dict):
        return None, "corrupt: it is not a JSON object"
    if farm is not None and isinstance(content.get("farm"), str) and content["farm"] != farm:
        return None, f"foreign: it belongs to the farm {one_line(content['farm'], 200)}"
    return content, None
