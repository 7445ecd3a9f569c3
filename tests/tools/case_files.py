# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files in tests/powershell/cases: states and replies as what differs from another one, long texts once. run.ps1 reads them by the same rules.

A book is ``like`` another one (or null: then everything is written out). Its ``state`` is a change of that book's state. Its ``cases`` are in order:
a name alone is the case of that name in the other book, word for word; an object with a name has what differs: ``script``, ``check_mode`` and
``windows`` (only Windows can answer) as they are, ``request`` and ``reply`` as they are, or ``request_change`` and ``reply_change`` for a change of the
other book's. ``after`` is a change of this book's own state, null where nothing changes. What is absent is as in the other book.

A change has ``set`` (paths with / and their new values) and ``drop`` (paths). A text that begins with @ stands in texts.json, there as a text or as
[text, how often].
"""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

Case = dict[str, Any]
Book = dict[str, Any]

TEXTS = "texts.json"
_LONG = 120
_WIDTH = 150
_PLAIN = ("script", "check_mode", "windows")
_DEFAULTS = {"check_mode": False, "windows": False}


def difference(old: Any, new: Any) -> Case | None:
    """Return the change that makes ``new`` of ``old``, both objects; None if they are alike."""
    change: Case = {"set": {}, "drop": []}
    _compare(old, new, "", change)
    found = {name: value for name, value in change.items() if value}
    return found or None


def _compare(old: Any, new: Any, path: str, change: Case) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old:
            if name not in new:
                change["drop"].append(f"{path}{name}")
        for name, value in new.items():
            if "/" in name:
                raise ValueError(f"a member may not be called {name}")
            if name in old:
                _compare(old[name], value, f"{path}{name}/", change)
            else:
                change["set"][f"{path}{name}"] = value
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and old:
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            _compare(one, other, f"{path}{number}/", change)
    elif type(old) is not type(new) or old != new:
        change["set"][path.rstrip("/")] = new


def changed(old: Any, change: Case | None) -> Any:
    """Return a copy of ``old`` with a change made."""
    found = copy.deepcopy(old)
    for path, value in (change or {}).get("set", {}).items():
        target, last = _target(found, path)
        target[last] = copy.deepcopy(value)
    for path in (change or {}).get("drop", []):
        target, last = _target(found, path)
        del target[last]
    return found


def _target(root: Any, path: str) -> tuple[Any, Any]:
    *steps, last = path.split("/")
    for step in steps:
        root = root[int(step) if isinstance(root, list) else step]
    return root, int(last) if isinstance(root, list) else last


def encode(books: dict[str, Book]) -> dict[str, str]:
    """Return the text of each file by its name."""
    texts: dict[str, Any] = {}
    files = {}
    for number, (name, book) in enumerate(books.items()):
        earlier = list(books.items())[:number]
        near = sorted(earlier, key=lambda item: _size(difference(item[1]["state"], book["state"])))[:4]
        written = min((_book(book, like, other) for like, other in near), key=_size, default=None)
        whole = _book(book, None, None)
        chosen = whole if written is None or _size(whole) < _size(written) else written
        files[f"{name}.json"] = _text(_shortened(chosen, texts)) + "\n"
    files[TEXTS] = _text(dict(sorted(texts.items()))) + "\n"
    return files


def _size(value: Any) -> int:
    return len(json.dumps(value))


def _book(book: Book, like: str | None, other: Book | None) -> Book:
    state = book["state"] if other is None else difference(other["state"], book["state"])
    named = {} if other is None else {item["name"]: item for item in other["cases"]}
    cases = [_case(item, named.get(item["name"]), book["state"], other["state"] if other else None) for item in book["cases"]]
    return {"like": like, "state": state, "cases": cases}


def _case(item: Case, base: Case | None, state: Any, base_state: Any) -> Any:
    found: Case = {"name": item["name"]}
    for name in _PLAIN:
        value, default = item.get(name, _DEFAULTS.get(name)), _DEFAULTS.get(name) if base is None else base.get(name, _DEFAULTS.get(name))
        if value != default:
            found[name] = value
    for name in ("request", "reply"):
        if base is None:
            found[name] = item[name]
        elif item[name] != base[name]:
            change = difference(base[name], item[name])
            found |= {f"{name}_change": change} if change and "" not in change.get("set", {}) and _size(change) < _size(item[name]) else {name: item[name]}
    after = None if item["after"] is None else difference(state, item["after"])
    if base is None or after != (None if base["after"] is None else difference(base_state, base["after"])):
        found["after"] = after
    return item["name"] if len(found) == 1 and base is not None else found


def _shortened(value: Any, texts: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(item, texts) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item, texts) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith("@"):
        raise ValueError(f"a text may not begin with @: {value}")
    if len(value) < _LONG:
        return value
    name = "@" + hashlib.sha256(value.encode()).hexdigest()[:8]
    texts[name] = [value[0], len(value)] if len(value) > 1000 and len(set(value)) == 1 else value
    return name


def _text(value: Any, indent: int = 0) -> str:
    """Return JSON with each part that is short enough on one line."""
    line = json.dumps(value)
    if len(line) + indent <= _WIDTH or not isinstance(value, (dict, list)) or not value:
        return line
    margin = " " * (indent + 1)
    if isinstance(value, dict):
        inner = [f"{margin}{json.dumps(name)}: {_text(item, indent + 1)}" for name, item in value.items()]
        return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(margin + _text(item, indent + 1) for item in value) + "\n" + " " * indent + "]"


def decode(files: dict[str, str]) -> dict[str, Book]:
    """Return the books that files hold, by name."""
    texts = {name: value if isinstance(value, str) else value[0] * value[1] for name, value in json.loads(files[TEXTS]).items()}
    raw = {name.removesuffix(".json"): _whole(json.loads(text), texts) for name, text in files.items() if name != TEXTS}
    found: dict[str, Book] = {}

    def book(name: str) -> Book:
        if name not in found:
            found[name] = _decoded(raw[name], book)
        return found[name]

    for name in raw:
        book(name)
    return dict(sorted(found.items()))


def _whole(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _whole(item, texts) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item, texts) for item in value]
    return texts[value] if isinstance(value, str) and value.startswith("@") else value


def _decoded(raw: Book, book: Any) -> Book:
    if raw["like"] is None:
        base, state = None, raw["state"]
    else:
        base = book(raw["like"])
        state = changed(base["state"], raw["state"])
    named = {} if base is None else {item["name"]: item for item in base["cases"]}
    cases = []
    for told in raw["cases"]:
        item: Case = {"name": told} if isinstance(told, str) else told
        other: Case = named.get(item["name"], {})
        found: Case = {"name": item["name"]}
        for name in _PLAIN:
            found[name] = item[name] if name in item else (other or _DEFAULTS)[name]
        for name in ("request", "reply"):
            found[name] = item[name] if name in item else changed(other[name], item.get(f"{name}_change"))
        if "after" in item:
            found["after"] = None if item["after"] is None else changed(state, item["after"])
        else:
            found["after"] = None if other["after"] is None else changed(state, difference((base or {})["state"], other["after"]))
        cases.append(found)
    return {"state": state, "cases": cases}


def read(folder: Path) -> dict[str, str]:
    """Return the text of each file of a folder by its name."""
    return {path.name: path.read_text(encoding="ascii") for path in sorted(folder.glob("*.json"))}
