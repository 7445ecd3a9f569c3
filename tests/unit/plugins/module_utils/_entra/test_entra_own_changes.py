# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose change it was: by the app, the ledger's times, and the id of the request where it is there."""

from __future__ import annotations

import datetime
import time
import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.audit_log import Change, change_of
from ansible_collections.federation.adfs.plugins.module_utils._entra.own_changes import judge, lines_of

NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.timezone.utc)
APP, PRINCIPAL, OTHER = "11111111-app", "22222222-principal", "33333333-other"
SLACK = datetime.timedelta(minutes=15)
SLOTS = {"signing": "A" * 40, "next": None}


def change(minutes: float = 0, **members: t.Any) -> Change:
    given: dict[str, t.Any] = {
        "id": f"entry {minutes} {sorted(members.items())}",
        "at": NOON + datetime.timedelta(minutes=minutes),
        "activity": "Set federation settings on domain",
        "domain": "contoso.com",
        "result": "success",
        "user": "",
        "application": "Renewal",
        "application_id": "",
        "service_principal_id": PRINCIPAL,
        "members": (),
        "requests": (f"request {minutes}",),
    }
    return Change(**{**given, **members})


def entry(minutes: float = 0, **members: t.Any) -> dict[str, t.Any]:
    time = NOON + datetime.timedelta(minutes=minutes)
    given = {"time": f"{time:%Y-%m-%dT%H:%M:%SZ}", "run": f"{time:%Y%m%dT%H%M%SZ}-7", "object": "contoso.com", "before": SLOTS, "after": SLOTS}
    return {**given, "act": "publish", "request_id": None, "result": "done", **members}


def kinds(changes: list[Change], entries: list[dict[str, t.Any]] | None, until: float = 600) -> list[str]:
    lines = None if entries is None else lines_of(entries, SLACK)
    return [one.kind for one in judge(changes, {APP, PRINCIPAL}, lines, NOON + datetime.timedelta(minutes=until))]


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        ({"service_principal_id": PRINCIPAL}, "own"),
        ({"service_principal_id": "", "application_id": APP}, "own"),
        ({"service_principal_id": "", "application_id": OTHER}, "foreign"),
        ({"service_principal_id": ""}, "foreign"),
        ({"service_principal_id": "", "application": "", "user": "admin@contoso.com"}, "foreign"),
    ],
)
def test_without_a_ledger_the_app_decides(by: dict[str, str], kind: str) -> None:
    assert kinds([change(**by)], None) == [kind]


def test_without_apps_every_change_is_somebody_elses() -> None:
    assert [one.kind for one in judge([change(service_principal_id="")], (), None, NOON)] == ["foreign"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({}, "own"),
        ({"minutes": 15}, "own"),
        ({"minutes": 16}, "not_in_ledger"),
        ({"object": "example.com"}, "not_in_ledger"),
        ({"object": "CONTOSO.com"}, "own"),
        ({"result": "refused: HTTP 403"}, "not_in_ledger"),
        ({"result": "not done: it was changed meanwhile"}, "not_in_ledger"),
        ({"result": "done, and not seen afterwards: lag"}, "own"),
        ({"object": "adfs1.contoso.com", "before": "A", "after": "B", "act": "promote"}, "not_in_ledger"),
        ({"minutes": 300, "request_id": "REQUEST 0"}, "own"),
        ({"time": "soon"}, "not_in_ledger"),
    ],
)
def test_the_ledger_has_to_tell_a_change_of_our_app(line: dict[str, t.Any], kind: str) -> None:
    assert kinds([change()], [entry(**line)]) == [kind]


def test_a_run_that_died_is_told_by_the_next_one() -> None:
    later = entry(1200, run=entry(-5)["run"], result=f"seen later by the run {entry(1200)['run']}: done")
    assert kinds([change()], [later]) == ["own"]
    assert kinds([change(-30)], [later]) == ["not_in_ledger"], "before that run began"
    assert kinds([change()], [{**later, "result": later["result"].replace("done", "not done")}]) == ["not_in_ledger"]


def test_a_line_explains_one_change_and_its_double() -> None:
    assert kinds([change(0), change(5)], [entry(1)]) == ["own", "not_in_ledger"]
    assert kinds([change(0), change(0.1, requests=("request 0",))], [entry(1)]) == ["own", "own"], "one write that Entra ID noted twice"
    assert kinds([change(0), change(5, requests=("request 0",))], [entry(1)]) == ["own", "not_in_ledger"], "a client may send an old id again"
    assert kinds([change(0), change(5)], [entry(4, request_id="request 5"), entry(1)]) == ["own", "own"]
    assert kinds([change(0), change(2)], [entry(1, request_id="request 2")]) == ["not_in_ledger", "own"], "the id decides, not the nearest time"


def test_an_id_of_a_request_does_not_make_a_foreign_change_ours() -> None:
    assert kinds([change(service_principal_id=OTHER)], [entry(request_id="request 0")]) == ["foreign"]


def test_a_change_waits_for_its_line() -> None:
    assert kinds([change()], [], until=-1) == []
    assert kinds([change(service_principal_id=OTHER)], [], until=-1) == ["foreign"], "what is not ours waits for nothing"
    assert kinds([change(result="failure")], [], until=600) == ["own"]


@pytest.mark.parametrize("odd", [7, {}, {"id": 1, "activityDateTime": "2026-01-01T00:00:00Z"}, {"id": "x", "activityDateTime": "soon"}, {"id": "x"}])
def test_an_entry_without_id_or_time_is_none(odd: t.Any) -> None:
    assert change_of(odd, "x") is None


def test_everything_else_may_be_null_or_odd() -> None:
    least = {"id": "x", "activityDateTime": "2026-05-01T12:00:00.1234567Z"}
    for name in ("initiatedBy", "targetResources", "additionalDetails", "correlationId", "result"):
        for value in (None, 7, "x", [], [None, 7], {}, {"app": 7, "user": []}):
            found = change_of({**least, name: value}, "x")
            assert found is not None and found.at == NOON and found.by
    told = change_of({**least, "initiatedBy": {"user": {"userPrincipalName": "a\x1b[31m\nb"}}, "targetResources": [{"displayName": "Contoso.com"}]}, "x")
    assert told is not None and (told.by, told.domain) == ("a\\x1b[31m b", "contoso.com")


@pytest.mark.parametrize("result", ["timeout", "unknown", "unknownfuturevalue"])
def test_what_entra_id_does_not_call_a_failure_may_have_been_done(result: str) -> None:
    """Whoever stole the credential is not to hide behind a result that the log leaves open."""
    assert kinds([change(result=result)], []) == ["not_in_ledger"]
    assert kinds([change(result=result)], [], until=-1) == [], "it waits for its line"
    assert kinds([change(result=result)], [entry()]) == ["own"]
    assert kinds([change(result=result)], [entry(result="refused: HTTP 504")]) == ["own"], "a write of ours that did not come to an end"
    assert kinds([change(result=result)], [entry(result="not tried: a line before it failed")]) == ["not_in_ledger"]
    assert kinds([change(result=result), change(1)], [entry(1, result="refused: HTTP 504")]) == ["own", "not_in_ledger"]
    assert kinds([change(result=result)], None) == ["own"]


@pytest.mark.parametrize("result", ["failure", "timeout"])
@pytest.mark.parametrize("principal", [PRINCIPAL, OTHER])
def test_nobody_is_said_to_have_done_what_did_not_succeed(principal: str, result: str) -> None:
    (judged,) = judge([change(result=result, service_principal_id=principal)], {PRINCIPAL}, [], NOON + SLACK)
    assert "did it" not in judged.reason and "tried it" in judged.reason and result in judged.reason


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("run", ["00010101T000000Z-1", "99991231T235959Z-1"])
@pytest.mark.parametrize("result", ["done", "seen later by the run x: done"])
def test_a_line_at_the_edge_of_the_calendar_ends_nothing(moment: str, run: str, result: str) -> None:
    assert kinds([change()], [entry(time=moment, run=run, result=result), entry()]) == ["own"]


def test_many_changes_and_a_long_ledger_take_little_time() -> None:
    """Each pair of one domain's changes was compared, and each line with each domain."""
    number = 4000
    changes = [change(n / 1000, id=f"c{n}", requests=(f"r{n}",)) for n in range(number)]
    changes += [change(n / 1000, id=f"d{n}", requests=(f"s{n}",), domain=f"d{n}.example.com") for n in range(number)]
    lines = [entry(n / 1000, request_id=f"r{n}") for n in range(number)] + [entry(n / 1000, object=f"d{n}.example.com") for n in range(number)]
    before = time.process_time()
    assert set(kinds(changes, lines)) == {"own"}
    assert time.process_time() - before < 5
