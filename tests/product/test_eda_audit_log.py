# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source on Entra ID's audit log, against the lab: other people's writes, our own, restarts, and what cannot be read."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loading import load

from ansible_collections.federation.adfs.plugins.module_utils._entra.audit_log import read_changes
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import Wish, publish
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import End, add
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from lab.entra import federated_domain
from lab.entra.audit_log import Initiator
from lab.entra.token import service_principal

from .conftest import CLIENT, READ, SECRET, TENANT, Entra, signing

ROOT = Path(__file__).resolve().parents[2]
EDA = ROOT / "extensions" / "eda"
source = load(EDA / "plugins" / "event_source" / "entra_audit_log.py", "entra_audit_log")
READER, READER_SECRET = "55555555-aaaa-bbbb-cccc-666666666666", "planted-reader-secret-Tk3v"
AUDITS = "graph.list_directory_audits"


@pytest.fixture
def tenant(entra: Entra) -> Entra:
    """Two domains, an app that may read the audit log, and no lag of the log."""
    entra.add(*(federated_domain(name, "sts.contoso.com", signing("old").der) for name in ("contoso.com", "example.com")))
    entra.server.register_application(READER, secret=READER_SECRET, roles=("AuditLog.Read.All",))
    entra.tenant.switches.change({"audit_log_lag_minutes": 0.0})
    return entra


def arguments(entra: Entra, **changes: Any) -> dict[str, Any]:
    given = {"applications": [service_principal(TENANT, CLIENT), CLIENT.upper()]}
    return {**entra.options(client_id=READER, client_secret=READER_SECRET), **given, **changes}


def later(entra: Entra, **step: float) -> datetime:
    """The lab's time, a second (or more) on, so that nothing is of the future."""
    entra.tenant.clock.advance(timedelta(**step) if step else timedelta(seconds=1))
    return entra.tenant.clock.now()


def look(started: Any, entra: Entra, **step: float) -> list[dict[str, Any]]:
    """One look and what comes of it, kept."""
    found = started.look(later(entra, **step))
    return [*found, *started.keep()]


def kinds(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["kind"], event["object"] if event["state"] == "happened" else f"{event['what']} {event['state']}") for event in events]


def write(entra: Entra, domain: str = "contoso.com") -> dict[str, Any]:
    """Let the collection's app write a domain; return the line of the ledger that tells it."""
    client = connect(merge_options(entra.options(), {}))
    (outcome,) = publish(client, [Wish(domain, settings={"display_name": f"Written {later(entra).timestamp()}"})], False)
    client.close()
    assert (outcome.changed, outcome.error) == (True, None)
    moment = entra.tenant.clock.now()
    slots = {"signing": "A" * 40, "next": None}
    told = {"time": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "run": f"{moment:%Y%m%dT%H%M%SZ}-1", "act": "publish", "object": domain, "result": "done"}
    return {**told, "before": slots, "after": slots, "request_id": outcome.request_id}


def keep_ledger(folder: Path, entries: list[dict[str, Any]]) -> Path:
    addition = add(End(), entries, "journal.json")
    assert addition is not None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / addition.file
    file.write_bytes(addition.data)
    return file


def test_writes_of_others_are_foreign_and_put_once(tenant: Entra) -> None:
    started = source.Source(arguments(tenant))
    assert look(started, tenant) == []
    tenant.tenant.set_slots("contoso.com", signing("stranger").der, None)
    write(tenant, "example.com")
    found = look(started, tenant)
    assert sorted(kinds(found)) == [("foreign", "contoso.com"), ("own", "example.com")]
    (foreign,) = [event for event in found if event["kind"] == "foreign"]
    assert (foreign["what"], foreign["by"], foreign["result"]) == ("Set federation settings on domain", "admin@contoso.onmicrosoft.com", "success")
    assert foreign["tenant_id"] == TENANT and foreign["at"] and foreign["state"] == "happened"
    assert look(started, tenant) == []
    tenant.tenant.set_settings("contoso.com", issuerUri="http://stranger.example/trust")
    assert [(event["kind"], event["members"]) for event in look(started, tenant)] == [("foreign", ["issuerUri"])]


@pytest.mark.parametrize("switches", [{}, {"audit_log_shows_client_id": True}, {"audit_log_correlates": True}])
def test_a_write_with_our_app_that_the_ledger_does_not_tell_is_an_alarm(tenant: Entra, tmp_path: Path, switches: dict[str, bool]) -> None:
    tenant.tenant.switches.change(switches)
    ledger = tmp_path / "ledgers"
    line = write(tenant)
    keep_ledger(ledger / "farm1", [line])
    started = source.Source(arguments(tenant, ledger=str(ledger), ledger_wait_hours=1))
    assert kinds(look(started, tenant)) == [("own", "contoso.com")]
    later(tenant, minutes=5)
    write(tenant)  # by whoever has the app's secret
    other = write(tenant, "example.com")
    assert look(started, tenant) == [], "both wait for the copy of the ledger"
    keep_ledger(ledger / "farm1", [line, other])
    assert kinds(look(started, tenant)) == [("own", "example.com")]
    assert kinds(look(started, tenant, minutes=61)) == [("not_in_ledger", "contoso.com")]
    assert look(started, tenant) == []


def test_a_restart_repeats_nothing_and_loses_nothing(tenant: Entra, tmp_path: Path) -> None:
    kept = arguments(tenant, state_path=str(tmp_path / "state.json"), window_hours=1, ledger_wait_hours=0)
    assert look(source.Source(kept), tenant) == []
    assert not tmp_path.joinpath("state.json.new").exists() and tmp_path.joinpath("state.json").stat().st_mode & 0o777 == 0o600

    def restarted() -> Any:
        started = source.Source(kept)
        started.remember()
        return started

    tenant.tenant.set_settings("contoso.com", displayName="One")
    assert kinds(restarted().look(later(tenant))) == [("foreign", "contoso.com")], "and before it is kept, the machine stops"
    assert kinds(look(restarted(), tenant)) == [("foreign", "contoso.com")], "so it is put again, rather than lost"
    assert look(restarted(), tenant) == []
    tenant.tenant.set_settings("example.com", displayName="Two")
    assert kinds(look(restarted(), tenant, days=6)) == [("foreign", "example.com")], "nothing is lost while it does not run"
    assert look(restarted(), tenant) == []
    without = source.Source(arguments(tenant, window_hours=168))
    assert kinds(look(without, tenant)) == [("foreign", "contoso.com"), ("foreign", "example.com")]


def test_what_the_log_shows_late_is_put_within_the_window(tenant: Entra) -> None:
    tenant.tenant.switches.change({"audit_log_lag_minutes": 600.0})
    started = source.Source(arguments(tenant))
    tenant.tenant.set_settings("contoso.com", displayName="One")
    assert look(started, tenant, hours=5) == []
    assert kinds(look(started, tenant, hours=6)) == [("foreign", "contoso.com")]


def test_pages_are_followed_and_more_than_the_limit_is_said(tenant: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant.server.page_size = 2
    for number in range(5):
        tenant.tenant.audit_log.add(tenant.tenant.clock.now(), f"d{number}.example", Initiator(user="somebody@contoso.com"))
    tenant.tenant.audit_log.add(tenant.tenant.clock.now(), "contoso.com", Initiator(user="x@contoso.com"), activity="Set domain authentication")
    tenant.tenant.audit_log.add(tenant.tenant.clock.now(), "contoso.com", Initiator(user="x@contoso.com"), activity="Update user")
    started = source.Source(arguments(tenant))
    assert len(look(started, tenant)) == 6 and tenant.count(AUDITS) == 4
    monkeypatch.setattr(source, "read_changes", lambda client, since: read_changes(client, since, 3))
    short = source.Source(arguments(tenant))
    found = look(short, tenant)
    assert (found[0]["kind"], found[0]["what"], found[0]["state"]) == ("unreadable", "audit_log", "begins") and "more than 3 entries" in found[0]["reason"]
    assert len(found) == 1 + 3 + 1


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"surface": "token", "operation": "token", "do": {"kind": "sign_in_error", "number": 7000222, "message": "expired {request}"}}, "AADSTS7000222"),
    ({"surface": "graph", "operation": "list_directory_audits", "do": "forbid"}, r"needs the application permission AuditLog\.Read\.All"),
    ({"surface": "graph", "operation": "list_directory_audits", "do": {"kind": "echo", "code": 400}}, "refused reading the audit log: HTTP 400"),
    ({"surface": "graph", "operation": "list_directory_audits", "do": {"kind": "endless", "interval": 0.2}}, "."),
    ({"surface": "graph", "operation": "list_directory_audits", "do": "garbage"}, "with a list"),
    ({"surface": "graph", "operation": "list_directory_audits", "do": "foreign_next_link"}, "points to another host"),
    ({"surface": "graph", "operation": "list_directory_audits", "do": {"kind": "throttle", "retry_after": 900}}, "Graph asks to slow down"),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=lambda value: str(value.get("do")) if isinstance(value, dict) else None)
def test_what_cannot_be_read_is_one_line_without_secrets_and_passes(tenant: Entra, fault: dict[str, Any], said: str) -> None:
    started = source.Source(arguments(tenant, timeout=1, time_limit=3))
    tenant.tenant.set_settings("contoso.com", displayName="One")
    tenant.faults.add({"count": -1, **fault})
    (begun,) = look(started, tenant)
    assert (begun["kind"], begun["what"], begun["state"]) == ("unreadable", "audit_log", "begins")
    assert "\n" not in begun["reason"] and READER_SECRET not in str(begun) and "eyJ" not in str(begun)
    assert re.search(said, begun["reason"]), begun["reason"]
    assert look(started, tenant) == [], "it is said once"
    tenant.faults.clear()
    assert kinds(look(started, tenant)) == [("unreadable", "audit_log ends"), ("foreign", "contoso.com")], "and nothing was lost meanwhile"


def test_no_right_and_no_licence_are_told(tenant: Entra) -> None:
    tenant.server.register_application(READER, secret=READER_SECRET, roles=READ)
    started = source.Source(arguments(tenant))
    (begun,) = look(started, tenant)
    assert "needs the application permission AuditLog.Read.All with admin consent" in begun["reason"]
    tenant.server.register_application(READER, secret=READER_SECRET, roles=("AuditLog.Read.All",))
    tenant.tenant.switches.change({"sign_in_log_licensed": False})
    (begun,) = look(source.Source(arguments(tenant)), tenant)
    assert "Microsoft Entra ID P1 or P2" in begun["reason"]


def test_one_token_serves_many_looks_and_a_dead_one_is_renewed(tenant: Entra) -> None:
    started = source.Source(arguments(tenant))
    for _dummy in range(3):
        assert look(started, tenant) == []
    assert tenant.count("token.token") == 1
    tenant.server.revoke_tokens()
    assert look(started, tenant) == [] and tenant.count("token.token") == 2


def test_a_ledger_that_cannot_be_used_is_said_and_hides_nothing(tenant: Entra, tmp_path: Path) -> None:
    ledger = tmp_path / "ledgers"
    started = source.Source(arguments(tenant, ledger=str(ledger), ledger_wait_hours=0))
    line = write(tenant)
    found = look(started, tenant)
    assert kinds(found) == [("unreadable", "ledger begins"), ("not_in_ledger", "contoso.com")]
    file = keep_ledger(ledger, [line, write(tenant, "example.com")])
    assert kinds(look(started, tenant)) == [("unreadable", "ledger ends"), ("own", "example.com")]
    file.write_bytes(file.read_bytes()[10:])
    found = look(started, tenant)
    assert kinds(found) == [("unreadable", "ledger begins")] and "chain is broken" in found[0]["reason"]
    file.unlink()
    os.mkfifo(file)
    assert look(started, tenant) == [], "a pipe is not waited for"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"put": {"x": "soon"}, "looked": "2026-01-01T00:00:00Z"}', "[" * 100_000])
def test_a_state_that_cannot_be_used_is_said_and_counts_as_nothing(tenant: Entra, tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    tenant.tenant.set_settings("contoso.com", displayName="One")
    started = source.Source(arguments(tenant, state_path=str(state)))
    started.remember()
    assert kinds(look(started, tenant)) == [("unreadable", "state begins"), ("foreign", "contoso.com")]
    assert kinds(look(started, tenant)) == [("unreadable", "state ends")]
    assert json.loads(state.read_text())["put"]


def test_a_state_that_cannot_be_written_is_said_once(tenant: Entra, tmp_path: Path) -> None:
    started = source.Source(arguments(tenant, state_path=str(tmp_path / "missing" / "state.json")))
    assert kinds(look(started, tenant)) == [("unreadable", "state begins")]
    assert look(started, tenant) == []
    (tmp_path / "missing").mkdir()
    assert look(started, tenant) == [], "it could be written, which the next look knows"
    assert kinds(look(started, tenant)) == [("unreadable", "state ends")]


@pytest.mark.parametrize("looked", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_state_of_the_edge_of_the_calendar_ends_nothing(tenant: Entra, tmp_path: Path, looked: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"put": {"x": looked}, "looked": looked}))
    tenant.tenant.set_settings("contoso.com", displayName="One")
    started = source.Source(arguments(tenant, state_path=str(state)))
    started.remember()
    assert kinds(look(started, tenant)) == [("foreign", "contoso.com")]


def test_a_state_that_cannot_even_be_looked_for_is_said(tenant: Entra, tmp_path: Path) -> None:
    """As in a folder that this account may not enter."""
    started = source.Source(arguments(tenant, state_path=str(tmp_path / ("a" * 300))))
    started.remember()
    (event,) = look(started, tenant)
    assert (event["kind"], event["what"]) == ("unreadable", "state") and "File name too long" in event["reason"]


def test_what_lies_where_the_state_is_made_ready_is_neither_waited_for_nor_written_to(tenant: Entra, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state.json.new")
    started = source.Source(arguments(tenant, state_path=str(tmp_path / "state.json")))
    assert look(started, tenant) == []
    assert json.loads((tmp_path / "state.json").read_text())["looked"] and os.stat(tmp_path / "state.json").st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if "state" in path.name) == [".state.json.lock", "state.json", "state.json.new"]


def started(given: dict[str, Any]) -> None:
    """Start it, for a moment."""
    asyncio.run(asyncio.wait_for(source.main(asyncio.Queue(), given), 5))


@pytest.mark.parametrize("started_first", [True, False])
def test_a_state_that_another_source_uses_is_refused(tenant: Entra, tmp_path: Path, started_first: bool) -> None:
    """Each would replace what the other kept, and go on after a restart where the other one was."""
    state = tmp_path / "state.json"
    one = source.Source(arguments(tenant, state_path=str(state)))
    if started_first:
        one.remember()
    look(one, tenant)
    with pytest.raises(ValueError, match=rf"state_path: {state} is in use by another source\. Give each source a file of its own\."):
        started(arguments(tenant, state_path=str(state)))
    one.close()
    source.Source(arguments(tenant, state_path=str(state))).remember()


@pytest.mark.parametrize("other", [{"tenant_id": "fabrikam.onmicrosoft.com"}, {"cloud": "usgov"}])
def test_a_state_of_another_tenant_is_refused_and_stays(tenant: Entra, tmp_path: Path, other: dict[str, Any]) -> None:
    state = tmp_path / "state.json"
    look(source.Source(arguments(tenant, state_path=str(state))), tenant)
    before = state.read_bytes()
    given = arguments(tenant, state_path=str(state))
    given = {name: value for name, value in given.items() if name not in ("graph_url", "authority_url") or "cloud" not in other}
    with pytest.raises(ValueError, match=rf"state_path: {state} was kept by the source for tenant {TENANT} at https://.*Give each source a file of its own"):
        started({**given, **other})
    assert state.read_bytes() == before


def test_a_state_that_became_another_sources_is_not_replaced(tenant: Entra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system has no locks, two that begin together find out at the first look."""

    def no_locks(*_given: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(source.fcntl, "flock", no_locks)
    state = tmp_path / "state.json"
    one = source.Source(arguments(tenant, state_path=str(state)))
    one.remember()
    state.write_text(json.dumps({"of": ["fabrikam.onmicrosoft.com", "https://graph.microsoft.com"], "looked": "2026-01-01T00:00:00Z", "put": {}}))
    (event,) = look(one, tenant)
    assert event["what"] == "state" and "was kept by the source for tenant fabrikam.onmicrosoft.com" in event["reason"]
    assert "fabrikam" in state.read_text()
    state.unlink()
    look(one, tenant)
    assert kinds(look(one, tenant)) == [("unreadable", "state ends")] and TENANT in state.read_text()


def test_a_state_from_before_is_taken_over(tenant: Entra, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"looked": format_time(later(tenant)), "put": {}}))
    one = source.Source(arguments(tenant, state_path=str(state)))
    one.remember()
    assert look(one, tenant) == [] and TENANT in state.read_text()


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_where_the_state_is_locked_is_refused(tenant: Entra, tmp_path: Path, kind: str) -> None:
    lock = tmp_path / ".state.json.lock"
    if kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=rf"state_path: {lock} cannot be locked \(it is .*\)\. Remove it\."):
        started(arguments(tenant, state_path=str(tmp_path / "state.json")))
    assert not (tmp_path / "elsewhere").exists()


def test_more_ledgers_than_are_read_are_said(tenant: Entra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_MAX_FILES", 1)
    lines = [write(tenant), write(tenant, "example.com")]
    for number, line in enumerate(lines):
        keep_ledger(tmp_path / f"farm{number}", [line])
    found = look(source.Source(arguments(tenant, ledger=str(tmp_path))), tenant)
    assert "there are 2 files" in found[0]["reason"] and kinds(found)[0] == ("unreadable", "ledger begins")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state_path": "~nobody-of-this-name/state.json"}, "state_path must be the path of a file"),
        ({"ledger": "ledgers/a\0b"}, "ledger must be the path of a file or folder"),
        ({"intervall": 5}, "There is no argument intervall"),
        ({"interval": 1}, "interval must be a number from 30 to 86400"),
        ({"window_hours": "long"}, "window_hours must be a number from 1 to 168"),
        ({"ledger_wait_hours": 2, "window_hours": 2}, "ledger_wait_hours must be less than window_hours"),
        ({"applications": {"a": 1}}, "applications must be a list of ids"),
        ({"ledger": 7}, "ledger must be the path"),
        ({"tenant_id": "common"}, "names no tenant"),
        ({"auth_method": "password"}, "auth_method 'password' is unknown"),
    ],
)
def test_a_wrong_argument_is_said_before_anything_is_asked(tenant: Entra, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        asyncio.run(source.main(None, arguments(tenant, **changes)))
    assert READER_SECRET not in str(refused.value) and tenant.count("token.token") == 0


def test_main_puts_what_happened_and_keeps_it(tenant: Entra, tmp_path: Path) -> None:
    tenant.tenant.set_settings("contoso.com", displayName="One")
    state = tmp_path / "state.json"
    events: list[dict[str, Any]] = []

    class Queue:
        async def put(self, item: dict[str, Any]) -> None:
            assert not state.exists(), "an event is kept after it was put"
            events.append(item)

    async def live() -> None:
        task = asyncio.create_task(source.main(Queue(), arguments(tenant, state_path=str(state))))
        for _dummy in range(100):
            await asyncio.sleep(0.1)
            if state.exists():
                break
        task.cancel()

    asyncio.run(live())
    assert kinds(events) == [("foreign", "contoso.com")]
    assert list(json.loads(state.read_text())["put"]) == [events[0]["id"]]
    assert not [secret for secret in (READER_SECRET, SECRET) if secret in str(events) + state.read_text()]
