# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The types that the role's variables have: how each is declared to Ansible, and how the core reads its value.

The role's variables come from inventories, surveys and the command line, where a list may be text and a duration a number. Ansible
checks their form before anything is read; the core reads them once more, because it is also used without Ansible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import bounded, day_or_time, later
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, normalize_thumbprint, parse_time

_SHOWN = 80  # characters of a text that a user gave


class PolicyError(ValueError):
    """A policy value is wrong; the message names the role variable, what is wrong and what would be right."""


@dataclass(frozen=True)
class Span:
    """A maintenance window or a freeze: from ``start`` until before ``end``.

    ``name``: what people call it, or empty text. ``repeats``: it is the first of those that a recurrence rule makes; who reads calendars gives the others.
    """

    start: datetime
    end: datetime
    name: str = ""
    repeats: bool = False


@dataclass(frozen=True)
class Type:
    """One type of a role variable.

    ``form``: type, elements, choices and the like, in the words of an argument spec. ``entry``: the members of a mapping, or of
    each mapping of a list. ``read``: makes the core's value of one that is set; it is given the name of the variable for its messages, and
    raises PolicyError. ``unit``: of a number without one, for the documentation.
    """

    form: Mapping[str, Any]
    read: Callable[[str, Any], Any]
    entry: Mapping[str, Member] = field(default_factory=dict)
    unit: str = ""


@dataclass(frozen=True)
class Member:
    """One member of the entries of a list of mappings."""

    type: Type
    text: str
    required: bool = False
    default: Any = None


def variable(name: str) -> str:
    """Return the role variable's full name."""
    return f"renew_signing_cert_{name}"


def is_set(value: Any) -> bool:
    """Return whether a value counts as given: null and empty text, as an empty survey field gives it, do not."""
    return value is not None and not (isinstance(value, str) and not value.strip())


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|minutes?|hours?|days?)?")


def text() -> Type:
    """Free text."""
    return Type({"type": "str"}, lambda _name, value: str(value).strip())


def boolean() -> Type:
    """True or false, also as the words that Ansible takes for them."""
    return Type({"type": "bool"}, _read_boolean)


def number() -> Type:
    """A whole number."""
    return Type({"type": "int"}, _read_number)


def choice(*choices: str) -> Type:
    """One of some words."""

    def read(name: str, value: Any) -> str:
        found = str(value).strip()
        if found not in choices:
            raise PolicyError(f"{variable(name)} must be one of {', '.join(choices)}, not '{value}'")
        return found

    return Type({"type": "str", "choices": list(choices)}, read)


def duration(unit: str) -> Type:
    """A time span: a number of ``unit`` (``hours`` or ``days``), or text such as ``90m``, ``24h`` or ``30d``."""

    def read(name: str, value: Any) -> timedelta:
        match = None if isinstance(value, bool) else _DURATION.fullmatch(str(value).strip().lower())
        if not match:
            raise PolicyError(f"{variable(name)} must be a number of {unit}, or a text such as '90m', '24h' or '30d', not '{value}'")
        return bounded(float(match.group(1)), _UNITS[(match.group(2) or unit)[0]])

    return Type({"type": "str"}, read, unit=unit)


def moment(*, or_day: bool = False) -> Type:
    """A time in ISO 8601; read as text, for whoever takes it reads it again. ``or_day``: a day, such as ``2026-11-01``, is one too."""

    def read(name: str, value: Any) -> str:
        try:
            (day_or_time if or_day else parse_time)(str(value))
        except ValueError as exc:
            raise PolicyError(f"{variable(name)}: {exc}") from exc
        return str(value)

    return Type({"type": "str"}, read)


def thumbprint() -> Type:
    """The thumbprint of a certificate, in any of the ways in which Windows shows it."""
    return Type({"type": "str"}, _read_thumbprint)


def names(*, none_if_empty: bool = False) -> Type:
    """A list of names, without regard to case. ``none_if_empty``: an empty list restricts nothing, like one that is not set."""

    def read(name: str, value: Any) -> frozenset[str] | None:
        found = frozenset(str(item).strip().lower() for item in _items(name, value))
        return None if none_if_empty and not found else found

    return Type({"type": "list", "elements": "str"}, read)


def thumbprints() -> Type:
    """A list of thumbprints."""
    return Type({"type": "list", "elements": "str"}, lambda name, value: frozenset(_read_thumbprint(name, item) for item in _items(name, value)))


def choices(*allowed: str) -> Type:
    """A list of some words out of those allowed."""

    def read(name: str, value: Any) -> frozenset[str]:
        found = frozenset(str(item).strip().lower() for item in _items(name, value))
        if not found <= set(allowed):
            raise PolicyError(f"{variable(name)} may contain {', '.join(allowed)}, not {', '.join(sorted(found - set(allowed)))}")
        return found

    return Type({"type": "list", "elements": "str", "choices": list(allowed)}, read)


def entries(members: Mapping[str, Member], read: Callable[[str, list[dict[str, Any]]], Any] = lambda _name, found: found) -> Type:
    """A list of mappings; ``read`` makes the core's value of the entries, whose members are typed and filled with their defaults."""

    def read_all(name: str, value: Any) -> Any:
        return read(name, [_read_entry(name, members, item) for item in _mappings(name, value)])

    return Type({"type": "list", "elements": "dict"}, read_all, entry=members)


def mappings() -> Type:
    """A list of mappings whose members are checked where they are used."""

    def read(name: str, value: Any) -> list[Any]:
        found = list(_mappings(name, value))
        if not all(isinstance(item, Mapping) for item in found):
            raise PolicyError(f"{variable(name)} must be a list of mappings")
        return found

    return Type({"type": "list", "elements": "dict"}, read)


def mapping() -> Type:
    """A mapping whose members are checked where it is used."""

    def read(name: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise PolicyError(f"{variable(name)} must be a mapping")
        return value

    return Type({"type": "dict"}, read)


def record(declared: Mapping[str, Member]) -> Type:
    """A mapping with some members, each of which may be left out."""

    def read(name: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise PolicyError(f"{variable(name)} must be a mapping with {', '.join(declared)}")
        unknown = sorted(str(member) for member in value if member not in declared)
        if unknown:
            raise PolicyError(f"{variable(name)} may have {', '.join(declared)}, not {', '.join(unknown)}")
        return {member: declared[member].type.read(f"{name}.{member}", item) for member, item in value.items() if is_set(item)}

    return Type({"type": "dict"}, read, entry=declared)


def texts() -> Type:
    """A list of texts."""
    return Type({"type": "list", "elements": "str"}, lambda name, value: tuple(str(item).strip() for item in _items(name, value)))


def spans() -> Type:
    """A list of times from ``start`` to ``end``, or of times that recur by a rule."""
    members = {
        "start": Member(
            text(), "Begin, in ISO 8601 with V(Z) or an offset. With C(rrule), of the first one, in local time, such as V(2026-01-03T22:00:00).", required=True
        ),
        "end": Member(text(), "End, in the same form. Not with C(rrule)."),
        "name": Member(text(), "What it is called in the summary."),
        "rrule": Member(text(), "Instead of an end, a recurrence rule of RFC 5545, such as V(FREQ=WEEKLY;BYDAY=SA), with C(duration) and C(timezone)."),
        "duration": Member(
            duration("hours"), "How long each one is, as elapsed time, also where clocks change: a number of hours, or text such as V(90m) or V(4h)."
        ),
        "timezone": Member(text(), "The time zone of C(start), such as V(Europe/Berlin) or V(UTC)."),
    }
    return entries(members, _read_spans)


def acknowledgements() -> Type:
    """A list of acknowledged domains, or of whole tenants, each for one certificate; read as (domain or ``tenant:``id, thumbprint)."""
    members = {
        "domain": Member(text(), "The domain."),
        "tenant_id": Member(text(), "Instead of a domain, the ID of a tenant, for every domain of it: where the tenant cannot be read at all."),
        "thumbprint": Member(thumbprint(), "The primary certificate or the successor that the acknowledgement is about.", required=True),
    }

    def read(name: str, found: list[dict[str, Any]]) -> frozenset[tuple[str, str]]:
        for item in found:
            if (item["domain"] is None) == (item["tenant_id"] is None):
                raise PolicyError(f"{variable(name)} must be a list of entries with 'thumbprint' and one of 'domain' and 'tenant_id'")
        return frozenset((item["domain"].lower() if item["domain"] is not None else tenant_key(item["tenant_id"]), item["thumbprint"]) for item in found)

    return entries(members, read)


def tenant_key(tenant_id: str) -> str:
    """Return how a whole tenant stands among acknowledged domains."""
    return f"tenant:{tenant_id.lower()}"


def baseline_approval() -> Type:
    """True, or the digest that the alarm about changed settings names; false counts as not set."""

    def read(name: str, value: Any) -> str | None:
        found = str(value).strip().lower()
        if found == "false":
            return None
        if found == "true" or re.fullmatch(r"[0-9a-f]{16}", found):
            return found
        raise PolicyError(f"{variable(name)} must be true, or the 16 characters that an alarm of the kind 'baseline' named, not '{value}'")

    return Type({"type": "str"}, read)


def _read_boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = str(value).strip().lower()
    if found in ("true", "yes", "on", "1", "y", "t"):
        return True
    if found in ("false", "no", "off", "0", "n", "f"):
        return False
    raise PolicyError(f"{variable(name)} must be true or false, not '{value}'")


def _read_number(name: str, value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,9}", str(value).strip()):
        raise PolicyError(f"{variable(name)} must be a whole number, not '{value}'")
    return int(value)


def _read_thumbprint(name: str, value: Any) -> str:
    try:
        return normalize_thumbprint(str(value))
    except CertificateError as exc:
        raise PolicyError(f"{variable(name)}: {exc}") from exc


def _items(name: str, value: Any) -> list[Any]:
    """Return the items of a list; text is one that a survey or the command line gave, with commas or line breaks between them."""
    if isinstance(value, str):
        value = [item.strip() for item in re.split(r"[,\n]", value)]
    if not isinstance(value, Sequence):
        raise PolicyError(f"{variable(name)} must be a list")
    return [item for item in value if is_set(item)]


def _mappings(name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise PolicyError(f"{variable(name)} must be a list of mappings")
    return [item for item in value if is_set(item)]


def _read_entry(name: str, members: Mapping[str, Member], item: Any) -> dict[str, Any]:
    required = [member for member, declared in members.items() if declared.required]
    if not isinstance(item, Mapping) or any(not is_set(item.get(member)) for member in required):
        others = [member for member in members if member not in required]
        more = f" and, where they are needed, {', '.join(map(repr, others))}" if others else ""
        raise PolicyError(f"{variable(name)} must be a list of entries with {' and '.join(map(repr, required))}{more}")
    unknown = sorted(str(member) for member in item if member not in members)
    if unknown:
        raise PolicyError(f"{variable(name)}: an entry may have {', '.join(members)}, not {', '.join(unknown)}")
    return {
        member: declared.type.read(f"{name}[].{member}", item[member]) if is_set(item.get(member)) else declared.default for member, declared in members.items()
    }


def _read_spans(name: str, found: list[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(_recurring(name, item) if item["rrule"] else _plain(name, item) for item in found)


def _plain(name: str, item: Mapping[str, Any]) -> Span:
    if item["duration"] is not None or item["timezone"] is not None:
        raise PolicyError(f"{variable(name)}: 'duration' and 'timezone' of an entry need 'rrule'; without it, give 'start' and 'end'")
    try:
        span = Span(parse_time(item["start"]), parse_time(item["end"] or ""), printable(item["name"] or "", _SHOWN))
    except (TypeError, ValueError) as exc:
        raise PolicyError(f"{variable(name)} must be a list of entries with 'start' and 'end' in ISO 8601 ({exc})") from exc
    if span.end <= span.start:
        raise PolicyError(f"{variable(name)}: an entry ends at or before its start ({item['start']} to {item['end']})")
    return span


def _recurring(name: str, item: Mapping[str, Any]) -> Span:
    if item["end"] is not None or not item["duration"] or item["timezone"] is None:
        raise PolicyError(f"{variable(name)}: an entry with 'rrule' needs 'start', a 'duration' of more than nothing and 'timezone', and has no 'end'")
    start = local_start(name, item)
    return Span(start, later(start, item["duration"]), printable(item["name"] or item["rrule"], _SHOWN), repeats=True)


def local_start(name: str, item: Mapping[str, Any]) -> datetime:
    """Return when the first of a recurring entry begins, in its own time zone. Raises PolicyError."""
    try:
        zone = ZoneInfo(item["timezone"])
    except (OSError, ValueError, ZoneInfoNotFoundError) as exc:
        raise PolicyError(f"{variable(name)}: '{printable(item['timezone'], _SHOWN)}' is no time zone known here; give one such as Europe/Berlin") from exc
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", item["start"]):
        found = printable(item["start"], _SHOWN)
        raise PolicyError(f"{variable(name)}: with 'rrule', 'start' is a local time without offset, such as 2026-01-03T22:00:00, not '{found}'")
    try:
        start = datetime.fromisoformat(item["start"])
    except ValueError as exc:
        raise PolicyError(f"{variable(name)}: {printable(item['start'], _SHOWN)} is no time ({exc})") from exc
    if not 1970 <= start.year <= 9000:
        raise PolicyError(f"{variable(name)}: {item['start']} is no sensible start; give the first one that matters")
    return start.replace(tzinfo=zone)
