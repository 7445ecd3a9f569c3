# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Recurrence rules and iCalendar files (RFC 5545) as spans of time, read by the library recurring-ical-events. The core gets nothing but spans."""

from __future__ import annotations

import datetime
import importlib
import os
import re
import sys
import threading
import time
import typing as t
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ansible_collections.federation.adfs.plugins.module_utils._files import read_regular
from ansible_collections.federation.adfs.plugins.module_utils._metadata_fetch import FetchError, Target, fetch_all
from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import PolicyError, is_set, local_start
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import read_policy
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, format_time, parse_time

BACK = datetime.timedelta(days=31)
AHEAD = datetime.timedelta(days=400)
"""How far back and ahead of now spans are worked out: runs come again, and a forecast looks ahead about a year."""

MAX_CALENDARS = 20
MAX_BYTES = 2_000_000
MAX_SPANS = 1_000
SECONDS = 20.0
_A_DAY = 24  # occurrences of one rule
_SHOWN = 80
_OFTEN = ("BYHOUR", "BYMINUTE", "BYSECOND")
_TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS")
_FIRST = datetime.datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime.datetime(9999, 12, 30, tzinfo=UTC)


class CalendarError(Exception):
    """A calendar cannot be used; the message says why and what to do."""


class Occurrence(t.NamedTuple):
    """One span. ``name``: for people."""

    start: datetime.datetime
    end: datetime.datetime
    name: str


def check_rules(policy: t.Mapping[str, t.Any]) -> None:
    """Work out the recurrence rules of the policy. Raises PolicyError where one is no rule; says nothing where the library is missing."""
    _rules(policy, datetime.datetime.now(UTC), [])


def read_spans(
    policy: t.Mapping[str, t.Any],
    calendars: t.Any,
    now: str,
    timezone: str | None = None,
    ca_path: str | None = None,
    proxy: str | None = None,
    seconds: float = SECONDS,
) -> dict[str, t.Any] | None:
    """Return C(windows) and C(freezes), each with C(start), C(end) and C(name), and C(unread): a sentence for each calendar that cannot be read.

    None where the policy names neither rules nor calendars. ``policy``: of the role. ``calendars``: paths and https addresses. ``timezone``: of times
    that name none. ``seconds``: the limit for all of them. Raises PolicyError for an unusable option of the operator's own.
    """
    names = [str(item).strip() for item in ([calendars] if isinstance(calendars, str) else calendars or ()) if is_set(item)]
    if len(names) > MAX_CALENDARS:
        raise PolicyError(f"renew_signing_cert_calendars names {len(names)} calendars, and a run reads {MAX_CALENDARS} at most; join some of them")
    if not names and not _recurring(policy):
        return None
    moment = parse_time(now)
    unread: list[str] = []
    found = _rules(policy, moment, unread)
    zone = _zone(timezone)
    try:
        _library()
    except CalendarError as exc:
        if names:
            unread.append(f"the calendars of renew_signing_cert_calendars cannot be read: {exc}")
    else:
        found["freezes"] += _read_all(names, moment, zone, ca_path, proxy, seconds, unread)
    merged = {kind: _merged(spans) for kind, spans in found.items()}
    if len(merged["freezes"]) > MAX_SPANS:
        unread.append(f"the calendars and rules name more than {MAX_SPANS} freezes in {(BACK + AHEAD).days} days: name fewer of them")
        merged["freezes"] = merged["freezes"][:MAX_SPANS]
    if len(merged["windows"]) > MAX_SPANS:
        raise PolicyError(f"renew_signing_cert_windows has rules with more than {MAX_SPANS} windows in {(BACK + AHEAD).days} days; give fewer, longer ones")
    shown = {kind: [{"start": format_time(o.start), "end": format_time(o.end), "name": o.name} for o in spans] for kind, spans in merged.items()}
    # Plain lists: this is handed to the core, which knows no class of this file.
    return {**shown, "unread": list(dict.fromkeys(unread))}


def _recurring(policy: t.Mapping[str, t.Any]) -> bool:
    typed = read_policy(policy)
    return any(span.repeats for span in (*typed.windows, *typed.freezes))


def _rules(policy: t.Mapping[str, t.Any], now: datetime.datetime, unread: list[str]) -> dict[str, list[Occurrence]]:
    found: dict[str, list[Occurrence]] = {"windows": [], "freezes": []}
    typed = read_policy(policy)
    for kind, into in found.items():
        entries = [item for item in policy.get(kind) or () if is_set(item) and is_set(item.get("rrule"))]
        recurring = [span for span in getattr(typed, kind) if span.repeats]
        for item, first in zip(entries, recurring, strict=True):
            try:
                into.extend(_work_out(f"renew_signing_cert_{kind}", item, first, now))
            except CalendarError as exc:
                unread.append(f"the rule '{first.name}' of renew_signing_cert_{kind} cannot be worked out: {exc}")
    return found


def _work_out(variable: str, item: t.Mapping[str, t.Any], first: t.Any, now: datetime.datetime) -> list[Occurrence]:
    icalendar, _events = _library()
    start = local_start(variable.removeprefix("renew_signing_cert_"), item)
    event = icalendar.Event()
    event.add("uid", "rule")
    event.add("dtstart", start)
    event.add("duration", datetime.timedelta(minutes=1))
    try:
        rule = icalendar.vRecur.from_ical(str(item["rrule"]).strip().removeprefix("RRULE:"))
        if "FREQ" not in rule:
            raise CalendarError("it has no FREQ")
        event.add("rrule", rule)
        calendar = icalendar.Calendar()
        calendar.add_component(event)
        found = in_time(lambda: _occurrences(calendar, now, UTC), SECONDS)
    except Exception as exc:
        why = str(exc) if isinstance(exc, CalendarError) else _reason(exc)
        raise PolicyError(f"{variable}: '{printable(item['rrule'], _SHOWN)}' is no recurrence rule that can be used ({why})") from exc
    # The length is elapsed time: the end of a night of four hours is not moved by clocks that change in it.
    length = first.end - first.start
    return [Occurrence(o.start, o.start + length, first.name) for o in found]


def _library() -> tuple[t.Any, t.Any]:
    """The library, which is loaded only where somebody needs it. Raises CalendarError."""
    try:
        return importlib.import_module("icalendar"), importlib.import_module("recurring_ical_events")
    except ImportError as exc:
        raise CalendarError(f"that needs the Python library recurring-ical-events: install it for {sys.executable}") from exc


def _zone(name: str | None) -> datetime.tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (OSError, ValueError, KeyError):
        return UTC  # the core refuses it with its own words


def _read_all(
    names: t.Sequence[str],
    now: datetime.datetime,
    zone: datetime.tzinfo,
    ca_path: str | None,
    proxy: str | None,
    seconds: float,
    unread: list[str],
) -> list[Occurrence]:
    found: list[Occurrence] = []
    targets = []
    deadline = time.monotonic() + seconds
    for number, name in enumerate(names, 1):
        which = f"calendar {number} of renew_signing_cert_calendars"
        try:
            if "://" in name:
                _check_address(name)
                targets.append((which, Target(name, kind="calendar", read=lambda document: _spans(bytes(document), now, zone))))
            else:
                found += _read_file(name, now, zone, max(0.1, deadline - time.monotonic()))
        except CalendarError as exc:
            unread.append(f"{which} cannot be read: {exc}")
    try:
        answers = fetch_all([target for _which, target in targets], seconds, MAX_BYTES, ca_path, proxy) if targets else []
    except FetchError as exc:
        answers = [exc] * len(targets)
    for (which, _target), answer in zip(targets, answers, strict=True):
        if isinstance(answer, (FetchError, CalendarError)):
            unread.append(f"{which} cannot be read: {answer}")
        else:
            found += answer
    return found


def _check_address(url: str) -> None:
    """Raise CalendarError, which never repeats the address: it is often all that keeps a calendar private."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() == "https" and bool(parts.hostname) and parts.port != 0 and re.fullmatch(r"[\x21-\x7e]+", url) is not None
    except ValueError:
        raise CalendarError("its address is malformed; give it as https://calendar.example.com/freezes.ics") from None
    if not usable:
        raise CalendarError("its address is no https URL; give it as https://calendar.example.com/freezes.ics")
    if parts.username is not None or parts.password is not None:
        raise CalendarError("its address contains a user name or password, which is not supported; publish it at an address of its own, or give a file")


def _read_file(path: str, now: datetime.datetime, zone: datetime.tzinfo, seconds: float) -> list[Occurrence]:
    full = os.path.expanduser(path)
    if not os.path.isabs(full):
        raise CalendarError(f"give the whole path of the file instead of {printable(path, _SHOWN)}, or an address that begins with https://")
    try:
        body = read_regular(full, MAX_BYTES)
    except (OSError, ValueError) as exc:
        raise CalendarError(f"{printable(full, 200)}: {getattr(exc, 'strerror', None) or exc}") from exc
    if len(body) > MAX_BYTES:
        raise CalendarError(f"{printable(full, 200)} is larger than {MAX_BYTES} bytes; publish the freezes alone")
    found = in_time(lambda: _spans(body, now, zone), seconds)
    if isinstance(found, CalendarError):
        raise CalendarError(f"{printable(full, 200)}: {found}")
    return found


def in_time(work: t.Callable[[], t.Any], seconds: float) -> t.Any:
    """Return what ``work`` returns; what it raises is raised. Raises CalendarError after ``seconds``; no library has a limit of its own."""
    outcome: list[tuple[t.Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((work(), None))
        except BaseException as exc:  # noqa: BLE001 - a thread has no caller who would see it otherwise
            outcome.append((None, exc))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise CalendarError(f"its recurrences are not worked out within {round(seconds, 1):g} seconds; simplify it")
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


def _spans(body: bytes, now: datetime.datetime, zone: datetime.tzinfo) -> list[Occurrence] | CalendarError:
    """Return the spans of the events, or why there are none: a download hands back what this returns."""
    icalendar, _events = _library()
    try:
        text = body.decode("utf-8-sig")
        if "BEGIN:VCALENDAR" not in text.upper() or "END:VCALENDAR" not in text.upper():
            return CalendarError("it is no iCalendar file, or only the beginning of one; check what is published there")
        found: list[Occurrence] = []
        for calendar in icalendar.Calendar.from_ical(text, multiple=True):
            if calendar.name != "VCALENDAR":
                return CalendarError("it holds something that is no calendar; check what is published there")
            found += _occurrences(calendar, now, zone)
            if len(found) > 10 * MAX_SPANS:
                return CalendarError(f"it has more than {10 * MAX_SPANS} events in {(BACK + AHEAD).days} days; publish the freezes alone")
        return found
    except CalendarError as exc:
        return exc
    except Exception as exc:  # noqa: BLE001 - the library raises whatever a file leads to
        return CalendarError(f"it cannot be read as iCalendar ({_reason(exc)}); check what is published there")


def _occurrences(calendar: t.Any, now: datetime.datetime, zone: datetime.tzinfo) -> list[Occurrence]:
    icalendar, events = _library()
    series: dict[str, t.Any] = {}
    for event in calendar.walk("VEVENT"):
        _check_event(event)
        alone = series.setdefault(str(event.get("UID") or f"event {len(series)}"), icalendar.Calendar())
        alone.add_component(event)
        if "X-WR-TIMEZONE" in calendar and "X-WR-TIMEZONE" not in alone:
            alone.add("X-WR-TIMEZONE", str(calendar["X-WR-TIMEZONE"]))
    found: list[Occurrence] = []
    begin, end = _moved(now, -BACK), _moved(now, AHEAD)
    for alone in series.values():  # one series after the other, so that none of them can make endlessly many
        for event in events.of(alone).between(begin, end):
            if str(event.get("STATUS") or "").upper() != "CANCELLED":
                found.append(Occurrence(_moment(event.start, zone), _moment(event.end, zone), printable(str(event.get("SUMMARY") or "without a name"), _SHOWN)))
        if len(found) > 10 * MAX_SPANS:
            raise CalendarError(f"it has more than {10 * MAX_SPANS} events in {(BACK + AHEAD).days} days; publish the freezes alone")
    return [o for o in found if o.start < o.end]


def _check_event(event: t.Any) -> None:
    """Raise CalendarError where the library passes over something that says when an event is, and where a rule makes too many."""
    named = printable(str(event.get("SUMMARY") or "without a name"), _SHOWN)
    wrong = [name for name, _why in event.errors if name is None or str(name).upper() in _TIMES]
    if wrong or "DTSTART" not in event:
        raise CalendarError(f"the event '{named}' has no time that can be read ({', '.join(map(str, wrong)) or 'DTSTART'}); correct it")
    rules = event.get("RRULE") or ()
    for rule in rules if isinstance(rules, list) else [rules] if rules else ():
        often = 1
        for part in _OFTEN:
            given = rule.get(part, [])
            often *= max(1, len(given) if isinstance(given, list) else 1)
        frequency = str((rule.get("FREQ") or [""])[0]).upper()
        if frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") or often > _A_DAY:
            raise CalendarError(f"'{named}' recurs {frequency or 'without FREQ'}, more often than {_A_DAY} times a day; give longer events, daily at most")


def _moment(value: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """The moment of a time or, for a whole day, of its beginning; in ``zone`` where it names no time zone."""
    local = value if isinstance(value, datetime.datetime) else datetime.datetime(value.year, value.month, value.day)
    try:
        return (local if local.tzinfo is not None else local.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return _FIRST if local.year < 5000 else _LAST


def _moved(moment: datetime.datetime, span: datetime.timedelta) -> datetime.datetime:
    try:
        return moment + span
    except OverflowError:
        return _FIRST if span < datetime.timedelta(0) else _LAST


def _merged(spans: t.Iterable[Occurrence]) -> list[Occurrence]:
    """Spans that overlap or touch as one, with the names of all."""
    merged: list[Occurrence] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            last = merged[-1]
            names = last.name if span.name in last.name.split(", ") or len(last.name) > _SHOWN else f"{last.name}, {span.name}"
            merged[-1] = Occurrence(last.start, max(last.end, span.end), names)
        else:
            merged.append(span)
    return merged


def _reason(exc: BaseException) -> str:
    return printable(" ".join(str(exc).split()) or type(exc).__name__, 200)
