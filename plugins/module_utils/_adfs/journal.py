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
from dataclasses import dataclass

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, one_line

DEFAULT_PATH = r"%ProgramData%\federation.adfs\journal.json"
POSIX_DEFAULT_PATH = "~/.local/state/federation.adfs/journal.json"
MAX_DIFF = 100_000
# Windows PowerShell 5.1 may read JSON of no more than two million characters, and base64 adds a third.
MAX_BYTES = 1_500_000


@dataclass(frozen=True)
class Store:
    """Where journals lie. ``read`` and ``write`` are what read_journal.ps1 and write_journal.ps1 do there, and answer alike.

    ``read(path)`` returns ``found``, ``sha256``, ``content`` (base64) and ``problem``. ``write(path, expected_sha256, data)`` replaces the file
    if it still has that hash (None: if there is none), and returns ``written``, ``sha256`` and ``problem``. ``problem`` is what ``explain(problem, path)``
    puts into words.
    """

    read: t.Callable[[str], t.Mapping[str, t.Any]]
    write: t.Callable[[str, str | None, bytes], t.Mapping[str, t.Any]]
    explain: t.Callable[[str, str], str]


def keep(
    store: Store, path: str, content: t.Mapping[str, t.Any] | None, expected: str | None, check_mode: bool = False, diff: bool = False
) -> dict[str, t.Any]:
    """Read the journal, or with a content write it by compare-and-swap, and return the result of the module rollover_journal. Raises AdfsError."""
    if content is None:
        if expected:
            raise AdfsError("The option expected_sha256 is set without content.", "Give the content to write, or take it away.", "options")
        return {"changed": False, "journal": read(store.read(path), path, explain=store.explain), "written": False}
    if expected is not None:
        expected = expected.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{64}", expected):
            raise AdfsError("The option expected_sha256 is no SHA-256 (64 hexadecimal digits).", "Take journal.sha256 of the last look.", "options")
    data = encode(content)
    if check_mode or sha256(data) == expected:
        return _compare(store, path, expected, data, diff)
    return _write(store, path, expected, data, diff)


def _compare(store: Store, path: str, expected: str | None, data: bytes, diff: bool) -> dict[str, t.Any]:
    """Look at what is there, and write nothing: in check mode, and where the file should hold this content already."""
    found = read(store.read(path), path, explain=store.explain)
    if found["sha256"] is None and found["error"]:
        raise AdfsError(found["error"], id="journal_folder")
    _must_match(found["sha256"], expected)
    changed = sha256(data) != found["sha256"]
    return _result(found, data, changed, False, diff)


def _write(store: Store, path: str, expected: str | None, data: bytes, diff: bool) -> dict[str, t.Any]:
    before = read(store.read(path), path, explain=store.explain) if diff else None
    reply = store.write(path, expected, data)
    if reply["problem"]:
        raise AdfsError(store.explain(reply["problem"], path), id="journal_folder")
    if not reply["written"]:
        _must_match(reply["sha256"], expected)
        raise AdfsError("The server did not write the journal and did not say why.", "Run again.", "not_done")
    if reply["sha256"] != sha256(data):
        raise AdfsError(
            "The journal was written, but what is on disk now is something else.",
            "See whether the disk is full or another program writes there.",
            "not_done",
        )
    return _result(before, data, True, True, diff)


def _must_match(found: str | None, expected: str | None) -> None:
    if found == expected:
        return
    if expected is None:
        what = f"there is one already (SHA-256 {found})"
    elif found is None:
        what = "it is gone"
    else:
        what = f"it has the SHA-256 {found} where {expected} was expected"
    raise AdfsError(
        f"Another run has changed the journal since it was read: {what}. Nothing was written.",
        "Run again: it starts from what is there now. If this repeats, see which schedule runs twice.",
        "another_run",
    )


def _result(found: dict[str, t.Any] | None, data: bytes, changed: bool, written: bool, diff: bool) -> dict[str, t.Any]:
    content = json.loads(data)
    shape = {"found": True, "sha256": sha256(data), "content": content, "error": None}
    result: dict[str, t.Any] = {"changed": changed, "written": written, "journal": found if found is not None and not written else shape}
    if diff and changed and len(data) <= MAX_DIFF:
        before = found["content"] if found else None
        result["diff"] = {"before": _pretty(before), "after": _pretty(content), "before_header": "journal", "after_header": "journal"}
    return result


def _pretty(content: t.Any) -> str:
    return "" if content is None else json.dumps(content, indent=2, sort_keys=True) + "\n"


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


def read(reply: t.Mapping[str, t.Any], path: str, farm: str | None = None, explain: t.Callable[[str, str], str] | None = None) -> dict[str, t.Any]:
    """Return the shape of a journal: ``found``, ``sha256``, ``content`` and ``error``, which says why a content is to be ignored.

    ``farm``: the identifier of the farm that it must belong to, where known.
    """
    shape: dict[str, t.Any] = {"found": reply["found"], "sha256": reply["sha256"], "content": None, "error": None}
    if reply["problem"]:
        shape["error"] = (explain or problem)(reply["problem"], path)
    elif reply["found"]:
        shape["content"], shape["error"] = _parse(reply, farm)
    return shape


def problem(word: str, path: str) -> str:
    """Return what is wrong with a journal's folder or file on a Windows server, for people."""
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
