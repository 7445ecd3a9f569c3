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

from ansible_collections.federation.adfs.plugins.module_utils._adfs import outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, one_line
from ansible_collections.federation.adfs.plugins.module_utils._adfs.script_reply import strict_json
from ansible_collections.federation.adfs.plugins.module_utils._renewal import ledger, ledger_told
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger_entries import end_of, with_end
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import day_or_time
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

DEFAULT_PATH = r"%ProgramData%\federation.adfs\journal.json"
POSIX_DEFAULT_PATH = "~/.local/state/federation.adfs/journal.json"
MAX_DIFF = 100_000
# Windows PowerShell 5.1 reads JSON of at most 2,097,152 characters. Base64 adds a third, and Ansible sends the script in the same text.
MAX_BYTES = 1_000_000
# A ledger is only read here, so it is sent one way only.
MAX_LEDGER_BYTES = 1_500_000
MOST_YEARS = 10


@dataclass(frozen=True)
class Store:
    """Where journals lie. ``read`` and ``write`` are what read_journal.ps1 and write_journal.ps1 do there, and answer alike.

    ``read(path, limit)`` returns ``found``, ``sha256``, ``content`` (base64), ``problem``, and by the clock of that host ``written_at`` and
    ``server_time``; of a file of more than ``limit`` bytes no content.
    ``write(path, expected_sha256, data, lines)`` replaces the file if it still has that hash (None: if there is none), and returns ``written``, the
    ``sha256`` that was read afterwards, ``problem``, the two times, and, as AdfsError or None, ``failure`` (what was reported) and ``unreadable`` (why
    nothing could be read afterwards). ``lines``: what is added to the ledger before, or None; ``ledger`` is then ``state`` (added, differs, failed) and
    ``failure``, and the journal was written only if they were added. ``problem`` is what ``explain(problem, path)`` puts into words.
    """

    read: t.Callable[[str, int], t.Mapping[str, t.Any]]
    write: t.Callable[[str, str | None, bytes, ledger.Addition | None], t.Mapping[str, t.Any]]
    explain: t.Callable[[str, str], str]


def keep(
    store: Store,
    path: str,
    content: t.Mapping[str, t.Any] | None,
    expected: str | None,
    check_mode: bool = False,
    diff: bool = False,
    entries: t.Sequence[t.Mapping[str, t.Any]] = (),
    since: str | None = None,
) -> dict[str, t.Any]:
    """Read the journal, or with a content write it by compare-and-swap, and return the result of the module rollover_journal.

    ``entries``: what is added to the ledger beside it. ``since``: read the ledger too, and tell its entries from then on. Raises AdfsError.
    """
    if content is None:
        if expected or entries:
            given = "expected_sha256" if expected else "ledger_entries"
            raise AdfsError(f"The option {given} is set without content.", "Give the content to write, or take it away.", "options")
        reply = store.read(path, MAX_BYTES)
        _must_be_a_path(store, reply, path)
        found = read(reply, path, explain=store.explain)
        evidence = {"evidence": _evidence(store, path, found, since)} if since else {}
        return {"changed": False, "journal": found, "written": False, **evidence}
    if since:
        raise AdfsError("The option ledger_since is set with content.", "Read the ledger with a task of its own.", "options")
    if expected is not None:
        expected = expected.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{64}", expected):
            raise AdfsError("The option expected_sha256 is no SHA-256 (64 hexadecimal digits).", "Take journal.sha256 of the last look.", "options")
    data = encode(content)
    if check_mode or (sha256(data) == expected and not entries):
        return _compare(store, path, expected, data, diff)
    return _write(store, path, expected, content, entries, diff)


def _evidence(store: Store, path: str, found: t.Mapping[str, t.Any], since: str) -> dict[str, t.Any]:
    """What the ledger tells since then. It informs only, so that it cannot be read is told and is no error. Raises AdfsError for a wrong time."""
    try:
        begin = format_time(day_or_time(since))
    except ValueError as exc:
        raise AdfsError(f"ledger_since: {exc}.", id="options") from None
    name = re.sub(r".*[\\/]", "", path)
    last = str(found["server_time"] or begin)[:4]
    years = range(int(begin[:4]), max(int(last), int(begin[:4])) + 1)
    if len(years) > MOST_YEARS:
        raise AdfsError(f"ledger_since: {since} is more than {MOST_YEARS} years ago.", id="options")
    try:
        files = [(file, _ledger_file(store, _beside(path, file))) for file in (ledger.file_name(name, f"{year:04d}") for year in years)]
    except AdfsError as exc:
        return ledger_told.failed(str(exc), begin)
    if found["error"]:
        return ledger_told.failed(found["error"], begin)
    end = end_of(found["content"])
    if end.file is not None and end.file < files[0][0]:
        end = ledger.End()  # nothing was entered since then
    return ledger_told.evidence(ledger_told.checked([(file, content) for file, content in files if content], end), begin)


def _compare(store: Store, path: str, expected: str | None, data: bytes, diff: bool) -> dict[str, t.Any]:
    """Look at what is there, and write nothing: in check mode, and where the file should hold this content already."""
    reply = store.read(path, MAX_BYTES)
    _must_be_usable(store, reply, path)
    found = read(reply, path, explain=store.explain)
    _must_match(found["sha256"], expected)
    changed = sha256(data) != found["sha256"]
    return _result(found, found, data, changed, False, diff)


def _write(
    store: Store, path: str, expected: str | None, content: t.Mapping[str, t.Any], entries: t.Sequence[t.Mapping[str, t.Any]], diff: bool
) -> dict[str, t.Any]:
    before = read(store.read(path, MAX_BYTES), path, explain=store.explain) if diff else None
    reply, data, told = _sent(store, path, expected, content, entries)
    _must_be_usable(store, reply, path)
    failure = reply["failure"]
    if not reply["written"] and failure is None and reply["unreadable"] is None:
        _must_match(reply["sha256"], expected)
    there = reply["sha256"] == sha256(data)
    wrong = [] if there else ["what is on disk now is not what was sent" if reply["sha256"] else "there is no journal now"]
    seen = outcome.Seen(failure, reply["unreadable"], lost=bool(reply.get("lost")), ended=bool(reply.get("ended", True)))
    outcome.judge(f"Writing the journal {path}", seen, reply["sha256"] != expected, wrong)
    return {**_result(before, reply, data, True, True, diff), **({"ledger": {**told, "said": ledger.said(told)}} if entries else {})}


def _sent(
    store: Store, path: str, expected: str | None, content: t.Mapping[str, t.Any], entries: t.Sequence[t.Mapping[str, t.Any]]
) -> tuple[t.Mapping[str, t.Any], bytes, dict[str, t.Any]]:
    """Send the journal with its lines for the ledger. Where these cannot be added, the journal is written all the same: it protects sign-in."""
    name, end = re.sub(r".*[\\/]", "", path), end_of(content)
    told: dict[str, t.Any] = {"file": end.file, "head": end.head, "added": 0, "broken": None, "failed": None}
    lines = ledger.add(end, entries, name)
    if lines is None:
        data = encode(content)
        return store.write(path, expected, data, None), data, told

    def send(now: ledger.End, lines: ledger.Addition | None) -> tuple[t.Mapping[str, t.Any], bytes]:
        data = encode(with_end(content, now, len(entries)))
        told.update(file=now.file, head=now.head, added=len(entries))
        return store.write(path, expected, data, lines), data

    reply, data = send(lines.end, lines)
    if _state(reply) == "differs":
        try:
            found = _ledger_file(store, _beside(path, lines.file))
        except AdfsError as exc:
            told["failed"] = str(exc)
        else:
            following, now, wrong = ledger.go_on(end, entries, name, found)
            told["broken"] = str(wrong) if wrong else None
            reply, data = send(now, following)
    if _state(reply) in ("differs", "failed"):
        failure = (reply["ledger"] or {}).get("failure")
        why = str(failure) if failure else "another process writes to it"
        told.update(file=end.file, head=end.head, added=0, broken=None, failed=told["failed"] or why)
        data = encode(content)
        reply = store.write(path, expected, data, None)
    return reply, data, told


def _state(reply: t.Mapping[str, t.Any]) -> str | None:
    return (reply.get("ledger") or {}).get("state")


def _beside(path: str, name: str) -> str:
    return path[: len(path) - len(re.sub(r".*[\\/]", "", path))] + name


def _ledger_file(store: Store, path: str) -> bytes:
    """Return what a ledger's file holds; nothing where there is none. Raises AdfsError."""
    reply = store.read(path, MAX_LEDGER_BYTES)
    if reply["problem"]:
        if reply["problem"] == "size":
            raise AdfsError(f"The ledger {path} is larger than {MAX_LEDGER_BYTES} bytes, which are not read from here.", "Fetch the file and check it there.")
        raise AdfsError(store.explain(reply["problem"], path))
    try:
        data = base64.b64decode(reply["content"] or "", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if reply["found"] and sha256(data) != reply["sha256"]:
        raise AdfsError(f"The ledger {path} did not arrive whole.", "Run again.")
    return data


def _must_be_a_path(store: Store, reply: t.Mapping[str, t.Any], path: str) -> None:
    """Raise AdfsError for a path that no journal can have."""
    kind = (reply["problem"] or "").partition(" ")[0]
    if kind in PATHS:
        raise AdfsError(store.explain(reply["problem"], path), id="journal_path")


def _must_be_usable(store: Store, reply: t.Mapping[str, t.Any], path: str) -> None:
    """Raise AdfsError where the journal can be neither compared nor written."""
    _must_be_a_path(store, reply, path)
    kind = (reply["problem"] or "").partition(" ")[0]
    if kind:
        raise AdfsError(store.explain(reply["problem"], path), id={"in_use": "in_use", "leftover": "journal_lost"}.get(kind, "journal_folder"))


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


def _result(found: dict[str, t.Any] | None, times: t.Mapping[str, t.Any], data: bytes, changed: bool, written: bool, diff: bool) -> dict[str, t.Any]:
    content = json.loads(data)
    shape = {"found": True, "sha256": sha256(data), "content": content, "error": None, **_times(times)}
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
    """Return the shape of a journal: ``found``, ``sha256``, ``content``, ``error``, which says why a content is to be ignored, and two times.

    ``written_at``: when the file was last written, ``server_time``: when it was read, both by the clock of the host where it lies.
    ``farm``: the identifier of the farm that it must belong to, where known.
    """
    shape: dict[str, t.Any] = {"found": reply["found"], "sha256": reply["sha256"], "content": None, "error": None, **_times(reply)}
    if reply["problem"]:
        shape["error"] = (explain or problem)(reply["problem"], path)
    elif reply["found"]:
        shape["content"], shape["error"] = _parse(reply, farm)
    return shape


def problem(word: str, path: str) -> str:
    """Return what is wrong with a journal's folder or file on a Windows server, for people."""
    kind, _separator, account = one_line(word, 200).partition(" ")
    folder = re.sub(r"[\\/][^\\/]*$", "", path)
    known = common_problem(kind, account, one_line(path, 300))
    if known:
        return known
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


PATHS = {
    "variable": "it holds a percent sign, or names an environment variable that is not set there",
    "characters": "it holds a character that no path may have",
    "relative": "it is not absolute",
    "name": "it does not name a file (a second colon, a part that is . or .., or an end that is a separator, a full stop or a blank)",
    "long": "with the environment variables replaced, it is longer than 254 characters, and Windows takes 259 with the names beside it",
    "folder": "there is a folder of that name",
    "file": "a part of its folder is a file",
}
"""Words for a path that no journal can have."""


def common_problem(kind: str, detail: str, path: str) -> str | None:
    """Return what is wrong with a journal's path or file in the same words for every host, or None for another kind of problem."""
    if kind in PATHS:
        return f"The journal cannot lie at '{path}': {PATHS[kind]}. Nothing was done. Give an absolute path, or leave it out for the default."
    if kind == "size":
        return f"The journal {path} is larger than {MAX_BYTES} bytes, so it is none of ours. Look at it, and move it away."
    if kind == "leftover":
        name = re.sub(r".*[\\/]", "", path) + detail
        return (
            f"There is no journal at {path}, but a file {name} lies beside it: a write was broken off, or the journal was taken away. Nothing is written "
            f"there until this is looked at. If {name} is whole, rename it to the journal's name (of .new and .old the younger whole one); "
            "if there never was a journal, remove it."
        )
    if kind == "in_use":
        return f"The journal {path} is in use by another process. Another run may be writing it just now; run again."
    return None


def _times(reply: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"written_at": reply["written_at"], "server_time": reply["server_time"]}


def _parse(reply: t.Mapping[str, t.Any], farm: str | None) -> tuple[dict[str, t.Any] | None, str | None]:
    try:
        data = base64.b64decode(reply["content"] or "", validate=True)
    except (binascii.Error, ValueError):
        return None, "corrupt: it did not arrive whole"
    if len(data) > MAX_BYTES or sha256(data) != reply["sha256"]:
        return None, "corrupt: it did not arrive whole"
    try:
        content = strict_json(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, "corrupt: it is not JSON"
    if not isinstance(content, dict):
        return None, "corrupt: it is not a JSON object"
    if farm is not None and isinstance(content.get("farm"), str) and content["farm"] != farm:
        return None, f"foreign: it belongs to the farm {one_line(content['farm'], 200)}"
    return content, None
