# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""How names, numbers and times are written in a text for operators."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, parse_time

_DIGITS = re.compile(r"(\d+)")
_STAMP = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EXACT = timedelta(days=14)
"""Nearer than this, a forecast is told with its time of day."""


class TimeZoneError(ValueError):
    """The time zone is not known; the message says what to set."""


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key: d2 comes before d10, and upper case beside lower case."""
    parts = [part for part in _DIGITS.split(name.lower()) if part]
    # By length and digits, not as numbers: Python refuses to read thousands of digits as one.
    return [(0, len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (1, 0, part) for part in parts]


def names(objects: Iterable[str]) -> str:
    """All names in natural order, each once."""
    return ", ".join(printable(name) for name in sorted(set(objects), key=natural))


def on_or_off(value: bool | None) -> str:
    """A switch in words; AD FS may not have said how it stands."""
    return "not known" if value is None else "on" if value else "off"


def count(number: int, noun: str) -> str:
    """For example ``1 domain`` or ``2 domains``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(frozen=True)
class Clock:
    """Writes times in one time zone, as seen at one moment."""

    now: datetime
    zone: tzinfo = UTC

    def time(self, moment: datetime) -> str:
        """For example ``2026-12-01 09:00 +00:00``."""
        return f"{self._local(moment):%Y-%m-%d %H:%M} {self._offset(moment)}"

    def day(self, moment: datetime) -> str:
        """For example ``2026-12-01``."""
        return f"{self._local(moment):%Y-%m-%d}"

    def span(self, earliest: datetime, latest: datetime) -> str:
        """When something happens: a moment, a span of hours, or days where it is far off. Seconds are rounded outwards."""
        latest = latest + timedelta(seconds=59) if latest < _LAST else latest
        if earliest - self.now > _EXACT:
            return self.day(earliest) if self.day(earliest) == self.day(latest) else f"{self.day(earliest)} to {self.day(latest)}"
        if latest - earliest < timedelta(minutes=2):
            return self.time(earliest)
        if self.day(earliest) == self.day(latest):
            return f"{self._local(earliest):%Y-%m-%d %H:%M} to {self._local(latest):%H:%M} {self._offset(latest)}"
        return f"{self._local(earliest):%Y-%m-%d %H:%M} to {self._local(latest):%Y-%m-%d %H:%M} {self._offset(latest)}"

    def localized(self, line: str) -> str:
        """The line with every time in ISO 8601 written like the others."""
        return _STAMP.sub(lambda found: self.time(parse_time(found.group())), line)

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self.zone)
        except OverflowError:
            return moment  # at the end of the calendar a zone makes no difference

    def _offset(self, moment: datetime) -> str:
        text = f"{self._local(moment):%z}"
        return f"{text[:3]}:{text[3:5]}"


_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)


def time_zone(name: object) -> tzinfo:
    """The zone that ``renew_signing_cert_timezone`` names; nothing means UTC. Raises TimeZoneError."""
    text = str(name or "").strip()
    if not text or text.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as exc:
        raise TimeZoneError(
            f"renew_signing_cert_timezone: this controller has no time zone '{printable(text, 60)}'; use a name such as Europe/Berlin, and install tzdata if it"
            " has none at all"
        ) from exc
