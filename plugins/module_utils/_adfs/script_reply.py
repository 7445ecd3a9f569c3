# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Checks what a script answered: the far end is untrusted input."""

from __future__ import annotations

import json
import math
import typing as t

Check = t.Callable[[t.Any, str], t.Any]
"""Takes a value and its place in the reply, returns the value, raises ReplyError."""

MAX_TEXT = 100_000


def strict_json(source: str) -> t.Any:
    """Return what a JSON text holds. Raises ValueError for what is no JSON, among it NaN, numbers beyond all limits and halves of characters."""
    decoded = json.loads(source, parse_constant=_no_constant, parse_float=_finite)
    json.dumps(decoded, ensure_ascii=False).encode("utf-8")
    return decoded


def _no_constant(constant: str) -> t.Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(source: str) -> float:
    found = float(source)
    if not math.isfinite(found):
        raise ValueError("a number is too large")
    return found


class ReplyError(ValueError):
    """The reply is not of the agreed form; the message names the place."""


def text(value: t.Any, place: str) -> str:
    """A text of up to MAX_TEXT characters."""
    if not isinstance(value, str):
        raise ReplyError(f"{place} is not a text")
    if len(value) > MAX_TEXT:
        raise ReplyError(f"{place} has {len(value)} characters, more than {MAX_TEXT}")
    return value


def long_text(value: t.Any, place: str) -> str:
    """A text that only the limit of the whole reply bounds."""
    if not isinstance(value, str):
        raise ReplyError(f"{place} is not a text")
    return value


def truth(value: t.Any, place: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ReplyError(f"{place} is neither true nor false")
    return value


def number(value: t.Any, place: str) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ReplyError(f"{place} is not a whole number")
    return value


def scalar(value: t.Any, place: str) -> t.Any:
    """A text, a whole number, a truth value or nothing."""
    if value is None or isinstance(value, (bool, int)):
        return value
    return text(value, place)


def fact(value: t.Any, place: str) -> t.Any:
    """What ConvertTo-Fact gives: see the module facts."""
    if isinstance(value, dict):
        return record({"seconds": number} if "seconds" in value else {"type": text})(value, place)
    return scalar(value, place)


def nothing(value: t.Any, place: str) -> None:
    """Nothing."""
    if value is not None:
        raise ReplyError(f"{place} is not null")


def optional(check: Check) -> Check:
    """Nothing, or what ``check`` allows."""

    def run(value: t.Any, place: str) -> t.Any:
        return None if value is None else check(value, place)

    return run


def list_of(check: Check) -> Check:
    """A list of what ``check`` allows."""

    def run(value: t.Any, place: str) -> list[t.Any]:
        if not isinstance(value, list):
            raise ReplyError(f"{place} is not a list")
        return [check(item, f"{place}[{index}]") for index, item in enumerate(value)]

    return run


def record(members: t.Mapping[str, Check]) -> t.Callable[[t.Any, str], dict[str, t.Any]]:
    """An object with exactly these members."""

    def run(value: t.Any, place: str) -> dict[str, t.Any]:
        found = _object(value, place)
        missing = sorted(set(members) - set(found))
        strange = sorted(set(found) - set(members))
        if missing:
            raise ReplyError(f"{place} lacks {', '.join(missing)}")
        if strange:
            raise ReplyError(f"{place} holds the unknown {', '.join(strange)[:200]}")
        return {name: check(found[name], f"{place}.{name}") for name, check in members.items()}

    return run


def table(check: Check) -> Check:
    """An object with any members, each as ``check`` allows."""

    def run(value: t.Any, place: str) -> dict[str, t.Any]:
        return {name: check(item, f"{place}.{name[:100]}") for name, item in _object(value, place).items()}

    return run


def outcome(check: Check) -> Check:
    """What Read-Part and the footer give: ``ok`` with a value, or not ok with an error."""

    def run(value: t.Any, place: str) -> dict[str, t.Any]:
        found = _object(value, place)
        members = {"value": check} if truth(found.get("ok"), f"{place}.ok") else {"error": ERROR}
        return record({"ok": truth, **members})(found, place)

    return run


def _object(value: t.Any, place: str) -> dict[str, t.Any]:
    if not isinstance(value, dict):
        raise ReplyError(f"{place} is not an object")
    return value


ERROR = record(
    {
        "id": text,
        "full_id": text,
        "category": text,
        "activity": text,
        "exceptions": list_of(record({"type": text, "hresult": number, "message": text})),
        "line": optional(number),
    }
)
CERTIFICATE = record({"certificate_type": text, "is_primary": truth, "store_location": text, "store_name": text, "der": text})
JOURNAL = record(
    {"found": truth, "sha256": optional(text), "content": optional(long_text), "problem": optional(text), "written_at": optional(text), "server_time": text}
)
_TRUST = record(
    {
        "name": fact,
        "identifiers": list_of(fact),
        "identifiers_total": optional(number),
        "enabled": fact,
        "monitoring_enabled": fact,
        "auto_update_enabled": fact,
        "metadata_url": fact,
        "token_lifetime": fact,
        "group": fact,
        "rule_names": optional(list_of(text)),
    }
)
_TRUSTS = record({"list": list_of(_TRUST), "total": number, "longest": optional(number), "unknown": list_of(fact), "unknown_total": number})
FARM_PARTS: dict[str, Check] = {
    "host": record(
        {"time": text, "name": text, "dns_domain": text, "powershell": text, "os": text, "knows_farm_information": truth},
    ),
    "sync": record(
        {
            "role": fact,
            "primary_server": fact,
            "poll_duration": fact,
            "last_sync_status": fact,
            "last_sync_time": fact,
        }
    ),
    "certificates": list_of(CERTIFICATE),
    "properties": table(fact),
    "nodes": list_of(fact),
    "relying_parties": _TRUSTS,
    "claims_providers": _TRUSTS,
    "applications": _TRUSTS,
    "events": list_of(record({"id": fact, "time": fact, "level": fact, "message": fact})),
    "journal": JOURNAL,
}
_READERS = list_of(record({"sid": text, "allow": truth, "rights": number}))
_SERVICE_ACCOUNT = record({"name": text, "sid": text})
_KEY = record(
    {
        "has_private_key": truth,
        "type": optional(text),
        "provider": optional(text),
        "key_spec": optional(number),
        "unique_name": optional(text),
        "file": optional(text),
    }
)
_CHAIN = record({"built": truth, "status": list_of(text), "elements": list_of(text)})
_ACT = record({"failure": optional(ERROR), "certificates": outcome(list_of(CERTIFICATE))})


_FACTS_ABSENT = record(dict.fromkeys(("certificate", "service_account", "key", "readers", "chain", "bindings"), nothing))
_FACTS_PRESENT = record(
    {
        "certificate": text,
        "service_account": outcome(_SERVICE_ACCOUNT),
        "key": outcome(_KEY),
        "readers": optional(outcome(_READERS)),
        "chain": outcome(_CHAIN),
        "bindings": outcome(list_of(text)),
    }
)


def _certificate_facts(value: t.Any, place: str) -> t.Any:
    """The reply of check_certificate: all or nothing."""
    absent = isinstance(value, dict) and value.get("certificate") is None
    return (_FACTS_ABSENT if absent else _FACTS_PRESENT)(value, place)


def farm_parts(parts: t.Iterable[str]) -> Check:
    """The reply of read_farm to a request for these parts."""
    return record({name: outcome(FARM_PARTS[name]) for name in parts})


REPLIES: dict[str, Check] = {
    "update_certificate": record(
        {
            "failure": optional(ERROR),
            "left_on": optional(ERROR),
            "auto_certificate_rollover": optional(outcome(truth)),
            "certificates": outcome(list_of(CERTIFICATE)),
        }
    ),
    "add_certificate": _ACT,
    "promote_certificate": _ACT,
    "remove_certificate": _ACT,
    "set_properties": record({"failure": optional(ERROR), "properties": outcome(table(scalar))}),
    "read_journal": JOURNAL,
    "check_certificate": _certificate_facts,
    "grant_read": record({"failure": optional(ERROR), "service_account": _SERVICE_ACCOUNT, "readers": outcome(_READERS)}),
    "write_journal": record(
        {
            "problem": optional(text),
            "written": truth,
            "failure": optional(ERROR),
            "unreadable": optional(ERROR),
            "sha256": optional(text),
            "written_at": optional(text),
            "server_time": optional(text),
            "ledger": optional(record({"state": text, "failure": optional(ERROR)})),
        }
    ),
}
