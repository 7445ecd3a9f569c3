# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The operator's policy: the role's variables without their prefix, checked and typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, normalize_thumbprint, parse_time


class PolicyError(ValueError):
    """A policy value is wrong; the message names the role variable, what is wrong and what would be right."""


@dataclass(frozen=True)
class Span:
    """A maintenance window or a freeze: from ``start`` until before ``end``."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Policy:
    """See the role's README for the meaning of each variable. The last four are the run's own: domains that Entra let it not
    write, forms of an eviction that it refused, a certificate whose key nobody has, and servers whose service it restarted.
    """

    domains: frozenset[str] | None = None
    domains_excluded: frozenset[str] = frozenset()
    domains_acknowledged: frozenset[tuple[str, str]] = frozenset()
    preset: str = "2025"
    renew_before: timedelta = timedelta(days=30)
    promote: str = "adfs"
    protect: bool = True
    unknown_certificates: str = "stop"
    known_certificates: frozenset[str] = frozenset()
    auto_rollover: bool | None = None
    servers: tuple[str, ...] = ()
    servers_gone: frozenset[str] = frozenset()
    servers_complete: bool = False
    relying_parties_acknowledged: frozenset[str] = frozenset()
    propagation: timedelta = timedelta(hours=24)
    safety: timedelta = timedelta(hours=1)
    run_interval: timedelta = timedelta(hours=24)
    remove_old_from_entra: bool = False
    remove_old_from_adfs: bool = False
    pause: bool | None = None
    rollback: bool = False
    compromised: frozenset[str] = frozenset()
    emergency_priority: str = "availability"
    baseline_approved: str | None = None
    windows: tuple[Span, ...] = ()
    freezes: tuple[Span, ...] = ()
    fail_on: frozenset[str] = frozenset({"broken", "unknown_certificate", "settings_changed", "deadline"})
    deadline_days: timedelta = timedelta(days=7)
    successor: str | None = None
    servers_checked: frozenset[str] = frozenset()
    restart_servers: bool = False
    decrypting: bool = False
    refused: frozenset[str] = frozenset()
    eviction_forms_refused: frozenset[str] = frozenset()
    unusable: str = ""
    restarted: frozenset[str] = frozenset()


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=36525)  # a century: more is a slip of the hand, and would leave the calendar
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|minutes?|hours?|days?)?")
FAIL_ON = frozenset({"broken", "unknown_certificate", "settings_changed", "deadline"})
_CHOICES = {
    "preset": ("2025", "2017"),
    "promote": ("adfs", "role", "never"),
    "unknown_certificates": ("stop", "replace"),
    "emergency_priority": ("availability", "containment"),
}


def read_policy(given: Mapping[str, Any]) -> Policy:
    """Check and type the policy. Null and empty text mean "not given".

    Raises PolicyError for an unknown name or an unusable value.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or value == "":
            continue
        reader = _READERS.get(name)
        if reader is None:
            raise PolicyError(f"{_variable(name)} is not known to this version; remove it, or see the role's README for the variables there are")
        values.update(reader(name, value) if name == "servers" else {name: reader(name, value)})
    policy = Policy(**values)
    _refuse_contradictions(policy)
    return policy


def _refuse_contradictions(policy: Policy) -> None:
    if policy.rollback and policy.pause is False:
        raise PolicyError(f"{_variable('rollback')} sets a hold and {_variable('hold')}: false lifts it; give one of them")
    if policy.rollback and policy.compromised:
        raise PolicyError(
            f"{_variable('rollback')} goes back to an earlier key, and {_variable('compromised')} says that the farm's keys are stolen; give one of them"
        )
    if policy.compromised and policy.pause:
        raise PolicyError(f"{_variable('hold')} stops what {_variable('compromised')} needs; give one of them")


def _variable(name: str) -> str:
    return f"renew_signing_cert_{name}"


def _duration(default_unit: str) -> Any:
    def read(name: str, value: Any) -> timedelta:
        match = None if isinstance(value, bool) else _DURATION.fullmatch(str(value).strip().lower())
        if not match:
            raise PolicyError(
                f"{_variable(name)} must be a number of {'days' if default_unit == 'd' else 'hours'}, or a text such as '90m', '24h' or '30d', not '{value}'"
            )
        amount = float(match.group(1)) * _UNITS[(match.group(2) or default_unit)[0]] if float(match.group(1)) < 100_000 else _LONGEST
        return min(amount, _LONGEST)

    return read


def _choice(name: str, value: Any) -> str:
    if str(value) not in _CHOICES[name]:
        raise PolicyError(f"{_variable(name)} must be one of {', '.join(_CHOICES[name])}, not '{value}'")
    return str(value)


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "yes", "on", "1"):
        return True
    if text in ("false", "no", "off", "0"):
        return False
    raise PolicyError(f"{_variable(name)} must be true or false, not '{value}'")


def _list(name: str, value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise PolicyError(f"{_variable(name)} must be a list")
    return [item for item in value if item is not None and item != ""]


def _names(name: str, value: Any) -> frozenset[str]:
    return frozenset(str(item).strip().lower() for item in _list(name, value))


def _named_domains(name: str, value: Any) -> frozenset[str] | None:
    return _names(name, value) or None  # an empty list restricts nothing, as everywhere where empty means unset


def _fail_on(name: str, value: Any) -> frozenset[str]:
    found = _names(name, value)
    if not found <= FAIL_ON:
        raise PolicyError(f"{_variable(name)} may contain {', '.join(sorted(FAIL_ON))}, not {', '.join(sorted(found - FAIL_ON))}")
    return found


def _thumbprint(name: str, value: Any) -> str:
    try:
        return normalize_thumbprint(str(value))
    except CertificateError as exc:
        raise PolicyError(f"{_variable(name)}: {exc}") from exc


def _thumbprints(name: str, value: Any) -> frozenset[str]:
    return frozenset(_thumbprint(name, item) for item in _list(name, value))


def _approval(name: str, value: Any) -> str | None:
    text = str(value).strip().lower()
    if text == "false":
        return None
    if text == "true" or re.fullmatch(r"[0-9a-f]{16}", text):
        return text
    raise PolicyError(f"{_variable(name)} must be true, or the 16 characters that an alarm of the kind 'baseline' named, not '{value}'")


def _acknowledged(name: str, value: Any) -> frozenset[tuple[str, str]]:
    found = set()
    for item in _list(name, value):
        if not isinstance(item, Mapping) or not item.get("domain") or not item.get("thumbprint"):
            raise PolicyError(f"{_variable(name)} must be a list of entries with 'domain' and 'thumbprint'")
        found.add((str(item["domain"]).lower(), _thumbprint(name, item["thumbprint"])))
    return frozenset(found)


def _servers(name: str, value: Any) -> dict[str, Any]:
    """The servers of the farm that the operator lists, and apart which of them are gone, and on which the key was checked by hand."""
    names: list[str] = []
    marked: dict[str, set[str]] = {"gone": set(), "key_checked": set()}
    for item in _list(name, value):
        if not isinstance(item, Mapping) or not item.get("name"):
            raise PolicyError(
                f"{_variable(name)} must be a list of entries with 'name' and, where they are needed, 'address', 'port', 'gone' and 'key_checked'"
            )
        server = str(item["name"]).strip().lower()
        names.append(server)
        for mark, marked_servers in marked.items():
            if item.get(mark) not in (None, "") and _boolean(name, item[mark]):
                marked_servers.add(server)
    return {"servers": tuple(names), "servers_gone": frozenset(marked["gone"]), "servers_checked": frozenset(marked["key_checked"])}


def _spans(name: str, value: Any) -> tuple[Span, ...]:
    spans = []
    for item in _list(name, value):
        try:
            span = Span(parse_time(str(item["start"])), parse_time(str(item["end"])))
        except (KeyError, TypeError, ValueError) as exc:
            raise PolicyError(f"{_variable(name)} must be a list of entries with 'start' and 'end' in ISO 8601 ({exc})") from exc
        if span.end <= span.start:
            raise PolicyError(f"{_variable(name)}: an entry ends at or before its start ({item['start']} to {item['end']})")
        spans.append(span)
    return tuple(spans)


_READERS: dict[str, Any] = {
    "domains": _named_domains,
    "domains_excluded": _names,
    "domains_acknowledged": _acknowledged,
    "preset": _choice,
    "renew_before": _duration("d"),
    "promote": _choice,
    "protect": _boolean,
    "unknown_certificates": _choice,
    "known_certificates": _thumbprints,
    "auto_rollover": _boolean,
    "servers": _servers,
    "servers_complete": _boolean,
    "relying_parties_acknowledged": _names,
    "propagation": _duration("h"),
    "safety": _duration("h"),
    "run_interval": _duration("h"),
    "remove_old_from_entra": _boolean,
    "remove_old_from_adfs": _boolean,
    "pause": _boolean,
    "rollback": _boolean,
    "compromised": _thumbprints,
    "emergency_priority": _choice,
    "baseline_approved": _approval,
    "windows": _spans,
    "freezes": _spans,
    "fail_on": _fail_on,
    "deadline_days": _duration("d"),
    "successor": _thumbprint,
    "restart_servers": _boolean,
    "decrypting": _boolean,
}
