# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recurrence rules and calendars as spans of time: time zones, clocks that change, and files that mean no good."""

from __future__ import annotations

import os
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError
from ansible_collections.federation.adfs.plugins.plugin_utils import _calendars
from ansible_collections.federation.adfs.plugins.plugin_utils._calendars import check_rules, read_spans
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils.tls_server import Authority, Server, answer

NOW = "2026-03-20T12:00:00Z"
NIGHT = {"rrule": "FREQ=WEEKLY;BYDAY=SA", "start": "2026-01-03T22:00:00", "duration": "8h", "timezone": "Europe/Berlin"}


def calendar(*events: str, head: str = "") -> str:
    """An iCalendar file."""
    lines = [line for one in events for line in one.split("\n")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.com//EN", *head.split(), *lines, "END:VCALENDAR", ""])


def event(*lines: str, uid: str = "one", summary: str = "Freeze") -> str:
    """One event of it."""
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{summary}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"))


def read(tmp_path: pathlib.Path, text: str | bytes, **options: Any) -> dict[str, Any]:
    """What a file with this text gives."""
    path = tmp_path / "freezes.ics"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_spans({}, [str(path)], NOW, **options)
    assert found is not None
    return found


def times(found: dict[str, Any], kind: str = "freezes") -> list[tuple[str, str]]:
    """Start and end of each span."""
    return [(span["start"], span["end"]) for span in found[kind]]


def test_a_run_without_rules_and_calendars_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calendars, "_library", lambda: pytest.fail("the library was loaded"))
    plain = {"windows": [{"start": "2026-03-20T00:00:00Z", "end": "2026-03-21T00:00:00Z"}], "freezes": []}
    assert read_spans(plain, [], NOW) is None
    check_rules(plain)


def test_a_recurring_window_keeps_its_local_time_and_its_length_where_clocks_change() -> None:
    found = read_spans({"windows": [{**NIGHT, "name": "Saturday night"}]}, [], NOW)
    around = [span for span in times(found, "windows") if "2026-03-2" in span[0] or "2026-10-2" in span[0] or "2026-04-04" in span[0]]
    # 28 March to 29 March: the clock goes from 02:00 to 03:00, and eight hours are eight hours; in October the other way.
    assert ("2026-03-21T21:00:00Z", "2026-03-22T05:00:00Z") in around
    assert ("2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z") in around
    assert ("2026-04-04T20:00:00Z", "2026-04-05T04:00:00Z") in around
    assert ("2026-10-24T20:00:00Z", "2026-10-25T04:00:00Z") in around
    assert {span["name"] for span in found["windows"]} == {"Saturday night"}
    assert 61 <= len(found["windows"]) <= 63


def test_a_rule_that_has_ended_makes_no_spans_and_a_wrong_one_is_refused() -> None:
    assert read_spans({"windows": [{**NIGHT, "rrule": "FREQ=WEEKLY;COUNT=2"}]}, [], NOW) == {"windows": [], "freezes": [], "unread": []}
    for wrong, words in (
        ({"rrule": "FREQ=SOMETIMES"}, "no recurrence rule"),
        ({"rrule": "every day"}, "no recurrence rule"),
        ({"rrule": "FREQ=SECONDLY"}, "more often than 24 times a day"),
        ({"rrule": "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5"}, "more often than 24 times a day"),
        ({"timezone": "Europe/Nowhere"}, "no time zone"),
        ({"timezone": "../../etc/passwd"}, "no time zone"),
        ({"timezone": None}, "needs 'start'"),
        ({"duration": None}, "needs 'start'"),
        ({"duration": "0h"}, "needs 'start'"),
        ({"end": "2026-01-04T00:00:00Z"}, "has no 'end'"),
        ({"start": "2026-01-03T22:00:00Z"}, "a local time without offset"),
        ({"start": "0001-01-01T00:00:00"}, "no sensible start"),
        ({"start": "2026-02-30T00:00:00"}, "no time"),
    ):
        with pytest.raises(PolicyError, match=words):
            check_rules({"freezes": [{**NIGHT, **wrong}]})
    with pytest.raises(PolicyError, match="need 'rrule'"):
        check_rules({"freezes": [{"start": "2026-03-20T00:00:00Z", "end": "2026-03-21T00:00:00Z", "duration": "1h"}]})


def test_events_with_zones_whole_days_exceptions_and_cancelled_ones(tmp_path: pathlib.Path) -> None:
    text = calendar(
        event("DTSTART;TZID=America/New_York:20260401T080000", "DTEND;TZID=America/New_York:20260401T100000"),
        event("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", uid="two", summary="Year end"),
        event("DTSTART:20260501T000000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260502T000000Z", uid="three"),
        event("DTSTART:20260601T000000Z", "DTEND:20260602T000000Z", "STATUS:CANCELLED", uid="four"),
        event("DTSTART:20260701T000000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=2", uid="five"),
        event("DTSTART:20260710T000000Z", "DURATION:PT2H", "RECURRENCE-ID:20260702T000000Z", uid="five"),
        event("DTSTART:20200101T000000Z", "DTEND:20200102T000000Z", uid="past"),
    )
    found = read(tmp_path, text)
    assert not found["unread"]
    assert times(found) == [
        ("2026-04-01T12:00:00Z", "2026-04-01T14:00:00Z"),
        ("2026-05-01T00:00:00Z", "2026-05-01T02:00:00Z"),
        ("2026-05-03T00:00:00Z", "2026-05-03T02:00:00Z"),
        ("2026-07-01T00:00:00Z", "2026-07-01T02:00:00Z"),
        ("2026-07-10T00:00:00Z", "2026-07-10T02:00:00Z"),
        ("2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z"),
    ]
    assert found["freezes"][-1]["name"] == "Year end"
    # Times without a zone, such as whole days, are those of the run.
    assert times(read(tmp_path, text, timezone="Europe/Berlin"))[-1] == ("2026-12-23T23:00:00Z", "2026-12-26T23:00:00Z")


def test_a_calendar_behind_an_address_is_read_over_https_and_messages_keep_the_address_to_themselves(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    text = calendar(event("DTSTART:20260401T080000Z", "DTEND:20260401T100000Z")).encode()
    answers = [
        (answer(text, headers="Content-Type: text/calendar; charset=utf-8\r\n"), ""),
        (answer(b"<html>", headers="Content-Type: text/html\r\n"), "of the type text/html"),
        (answer(b"", "302 Found", "Location: https://elsewhere.example.com/a-secret\r\n"), "redirects are not followed"),
        (answer(b"", "404 Not Found"), "404 Not Found"),
        (answer(b" " * (_calendars.MAX_BYTES + 1), headers="Content-Type: text/plain\r\n"), "larger than"),
        (lambda tls, _request: time.sleep(2), "within 1 seconds"),
    ]
    for handler, words in answers:
        server = Server(authority.context("127.0.0.1"), handler)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "no-such-file"))  # what ca_path names comes first
        found = read_spans({}, [f"https://127.0.0.1:{server.port}/a-secret?key=a-secret"], NOW, ca_path=str(authority.path), seconds=1)
        server.close()
        assert found is not None and "a-secret" not in str(found)
        if words:
            assert words in found["unread"][0] and not found["freezes"]
        else:
            assert times(found) == [("2026-04-01T08:00:00Z", "2026-04-01T10:00:00Z")] and not found["unread"]
    found = read_spans({}, ["https://127.0.0.1:1/a-secret"], NOW, seconds=1)
    assert found is not None and "REQUESTS_CA_BUNDLE" in found["unread"][0] and "a-secret" not in str(found)


def test_a_zone_of_the_calendar_counts_where_an_event_names_none(tmp_path: pathlib.Path) -> None:
    text = calendar(event("DTSTART:20260401T080000", "DTEND:20260401T100000"), head="X-WR-TIMEZONE:America/New_York")
    assert times(read(tmp_path, text, timezone="Europe/Berlin")) == [("2026-04-01T12:00:00Z", "2026-04-01T14:00:00Z")]


def test_freezes_that_touch_are_one_with_both_names(tmp_path: pathlib.Path) -> None:
    found = read(
        tmp_path,
        calendar(
            event("DTSTART;VALUE=DATE:20261224", summary="Eve"), event("DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227", uid="two", summary="Feast")
        ),
    )
    assert found["freezes"] == [{"start": "2026-12-24T00:00:00Z", "end": "2026-12-27T00:00:00Z", "name": "Eve, Feast"}]


HOSTILE = {
    "each second": calendar(event("DTSTART:20260301T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")),
    "a million": calendar(event("DTSTART:20260301T000000Z", "DURATION:PT1S", "RRULE:FREQ=MINUTELY;COUNT=1000000")),
    "each second of a day": calendar(event("DTSTART:20260301T000000Z", "DURATION:PT1S", "RRULE:FREQ=DAILY;BYSECOND=" + ",".join(map(str, range(60))))),
    "many series": calendar(*(event("DTSTART:20260301T000000Z", "DURATION:PT1S", "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8", uid=f"{n}") for n in range(300))),
    "not ics": "<html>Sign in</html>",
    "empty": "",
    "cut off": calendar(event("DTSTART:20260401T080000Z"))[:-40],
    "binary": bytes(range(256)) * 10,
    "no time": calendar(event("LOCATION:here")),
    "a time that is none": calendar(event("DTSTART:yesterday", "DTEND:20260401T100000Z")),
    "an end that is none": calendar(event("DTSTART:20260401T080000Z", "DTEND:tomorrow")),
    "a rule that is none": calendar(event("DTSTART:20260401T080000Z", "DURATION:PT1H", "RRULE:FREQ=NEVER")),
    "only a piece": event("DTSTART:20260401T080000Z", "DURATION:PT1H"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_calendar_that_means_no_good_is_unread_in_time(tmp_path: pathlib.Path, name: str) -> None:
    begun = time.monotonic()
    found = read(tmp_path, HOSTILE[name], seconds=8.0)
    assert len(found["unread"]) == 1 and found["unread"][0].startswith("calendar 1 of renew_signing_cert_calendars cannot be read: ")
    assert "Traceback" not in found["unread"][0] and len(found["unread"][0]) < 700
    assert not found["freezes"]
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:99991231"),
        ("DTSTART;TZID=Europe/Berlin:00010101T000000", "DTEND;TZID=America/New_York:99991231T235959"),
        ("DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:99991231"),
        ("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY"),
        ("DTSTART;VALUE=DATE:20260301", "RRULE:FREQ=DAILY;UNTIL=99991231"),
        ("DTSTART:20260301T000000Z", "DURATION:P1D", "RRULE:FREQ=DAILY;COUNT=1000000"),
    ],
)
def test_a_freeze_to_the_ends_of_time_is_one_or_is_unread_but_never_missed(tmp_path: pathlib.Path, lines: tuple[str, ...]) -> None:
    found = read(tmp_path, calendar(event(*lines)), timezone="Europe/Berlin")
    assert found["unread"] or any(start < NOW < end for start, end in times(found))


def test_an_event_after_all_others_is_no_freeze_now(tmp_path: pathlib.Path) -> None:
    found = read(tmp_path, calendar(event("DTSTART;VALUE=DATE:90001231")))
    assert found == {"windows": [], "freezes": [], "unread": []}


def test_size_places_and_pipes_have_limits(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "larger than" in read(tmp_path, calendar() + " " * _calendars.MAX_BYTES)["unread"][0]
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "pipe", "it is no file"),
        (tmp_path, "directory"),
        (tmp_path / "missing", "No such file"),
        ("freezes.ics", "whole path"),
        ("http://calendar.example.com/a-secret", "no https URL"),
        ("https://calendar.example.com/a-secret and blank", "no https URL"),
        ("https://me:a-secret@calendar.example.com/", "user name or password"),
        ("https://[a-secret", "malformed"),
    ):
        found = read_spans({}, [str(path)], NOW)
        assert found is not None and words in found["unread"][0], found
        assert "a-secret" not in str(found)
    with pytest.raises(PolicyError, match="20 at most"):
        read_spans({}, ["/a.ics"] * 21, NOW)
    monkeypatch.setattr(_calendars, "_spans", lambda *_arguments: time.sleep(1))
    found = read(tmp_path, calendar(), seconds=0.2)
    assert "within 0.2 seconds" in found["unread"][0]


def test_without_the_library_calendars_and_rules_are_unread_and_the_package_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(_calendars.importlib, "import_module", missing)
    found = read_spans({"windows": [NIGHT]}, [str(tmp_path / "a.ics")], NOW)
    assert found is not None and len(found["unread"]) == 2
    assert all("needs the Python library recurring-ical-events: install it for " in reason for reason in found["unread"])
