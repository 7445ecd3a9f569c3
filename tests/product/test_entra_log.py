# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in log and the administrators, read from the lab by the collection's own code."""

from __future__ import annotations

import pathlib
import typing as t
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from ansible_collections.federation.adfs.plugins.lookup import entra_administrator, entra_sign_in
from ansible_collections.federation.adfs.plugins.module_utils._entra.administrators import read_administrators
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import GraphError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.sign_in_log import read_sign_ins, span
from ansible_collections.federation.adfs.plugins.module_utils._entra.tenants import in_each_tenant
from ansible_collections.federation.adfs.plugins.modules import entra_sign_in_info
from lab.entra import Administrator
from lab.world import World

from .conftest import CLIENT, READ, SECRET, TENANT, Entra
from .player import OWN, Player, out

LOG = (*READ, "AuditLog.Read.All")
ROLES = ("RoleManagement.Read.Directory", "User.Read.All", "OnPremDirectorySynchronization.Read.All")
SIGN_INS, ASSIGNMENTS = "graph.list_sign_ins", "graph_item.list_role_assignments"


def allow(entra: Entra, *roles: str) -> None:
    entra.server.register_application(CLIENT, secret=SECRET, roles=roles)


def fill(entra: Entra, entries: t.Iterable[tuple[float, str, int]]) -> datetime:
    """Add sign-ins, each so many hours ago, without any lag of the log; return now."""
    entra.tenant.switches.change({"sign_in_log_lag_minutes": 0.0})
    now = entra.tenant.clock.now().replace(microsecond=0)
    for hours, domain, code in sorted(entries, reverse=True):
        entra.tenant.sign_in_log.add(now - timedelta(hours=hours), domain, code)
    return now


def read(entra: Entra, now: datetime, domains: frozenset[str] | None = None, **asked: t.Any) -> dict[str, t.Any]:
    client = connect(merge_options(entra.options(), {}))
    given = {"since": None, "until": None, "errors": None, "most": None, **asked}
    return read_sign_ins(client, span(now=now, **given), domains)


def test_exactly_the_lost_sign_ins_are_counted(tmp_path: pathlib.Path) -> None:
    """Against the oracle: counts, first and last time by domain, and nothing of a domain that lost none."""
    world = World("three-domains-one-broken")
    world.tenant.switches.change({"sign_in_log_lag_minutes": 0.0})
    world.start()
    try:
        world.advance(timedelta(hours=5))
        world.application.roles = list(LOG)
        ca = tmp_path / "ca.pem"
        ca.write_text(world.authority.pem)
        places = {"graph_url": world.entra.graph_url, "authority_url": world.entra.login_url, "ca_path": str(ca)}
        credentials = {"client_id": world.credentials.client_id, "client_secret": world.credentials.client_secret}
        client = connect(merge_options({"tenant_id": world.tenant.tenant_id, **places, **credentials}, {}))
        found = read_sign_ins(client, span(None, None, "certificate", None, world.clock.now() + timedelta(minutes=1)))
        report = world.oracle.report()
    finally:
        world.stop()
    lost = Counter(entry["domain"] for entry in report["refusals"])
    times = {name: sorted(entry["time"] for entry in report["refusals"] if entry["domain"] == name) for name in lost}
    counted: Counter[str] = Counter()
    for group in found["sign_ins"]:
        counted[group["domain"]] += group["count"]
    assert lost and counted == lost
    assert {name: min(g["first"] for g in found["sign_ins"] if g["domain"] == name) for name in lost} == {name: times[name][0] for name in lost}
    assert {name: max(g["last"] for g in found["sign_ins"] if g["domain"] == name) for name in lost} == {name: times[name][-1] for name in lost}
    assert found["status"] == "read" and found["newest"] is not None


def test_pages_throttling_and_kinds_of_errors(entra: Entra) -> None:
    allow(entra, *LOG)
    now = fill(entra, [(2, "contoso.com", 50008), (3, "contoso.com", 0), (4, "contoso.com", 50126), (5, "contoso.com", 5000811), (30, "contoso.com", 50008)])
    entra.server.page_size = 1
    entra.faults.add({"surface": "graph", "operation": "list_sign_ins", "do": {"kind": "throttle", "retry_after": 0}})
    found = read(entra, now)
    assert [(g["error_code"], g["count"]) for g in found["sign_ins"]] == [(50008, 1), (5000811, 1)]
    assert entra.count(SIGN_INS) == 4, "one that is throttled, the newest, and two pages"
    assert sum(g["count"] for g in read(entra, now, errors="failed")["sign_ins"]) == 3
    assert sum(g["count"] for g in read(entra, now, errors="all")["sign_ins"]) == 4
    early = (now - timedelta(hours=31)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sum(g["count"] for g in read(entra, now, since=early)["sign_ins"]) == 3
    assert read(entra, now, frozenset({"example.com"}))["sign_ins"] == []


def test_too_many_entries_are_read_in_part(entra: Entra) -> None:
    allow(entra, *LOG)
    now = fill(entra, [(hours, "contoso.com", 50008) for hours in range(1, 9)])
    entra.server.page_size = 3
    found = read(entra, now, most="4")
    assert found["status"] == "partial" and found["sign_ins"][0]["count"] + found["sign_ins"][-1]["count"] * (len(found["sign_ins"]) > 1) == 4
    assert found["since"] == (now - timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M:%SZ") and "newest 4" in found["reason"]
    assert entra.count(SIGN_INS) == 3


def test_the_log_lags_and_a_user_may_be_unknown(entra: Entra) -> None:
    allow(entra, *LOG)
    now = fill(entra, [(0.1, "contoso.com", 50008), (2, "example.com", 50008)])
    entra.tenant.switches.change({"sign_in_log_lag_minutes": 30.0, "sign_in_log_names_failed_users": False})
    found = read(entra, now, frozenset({"contoso.com"}))
    assert [(g["domain"], g["count"]) for g in found["sign_ins"]] == [(None, 1)]
    assert found["newest"] == (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    entra.tenant.switches.change({"sign_in_log_failures": False})
    assert read(entra, now)["newest"] is None


def test_no_right_and_no_licence_are_told(entra: Entra) -> None:
    now = fill(entra, [])
    with pytest.raises(GraphError, match=r"needs the application permission AuditLog\.Read\.All with admin consent") as refused:
        read(entra, now)
    assert refused.value.status == 403
    allow(entra, *LOG)
    entra.tenant.switches.change({"sign_in_log_licensed": False})
    with pytest.raises(GraphError, match="Microsoft Entra ID P1 or P2"):
        read(entra, now)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"since": "yesterday"}, "since: 'yesterday' is not a time"),
        ({"until": "2026-01-01"}, "until: '2026-01-01' is not a time"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "must be before until"),
        ({"errors": "some"}, "errors must be one of certificate, failed, all"),
        ({"most": 50001}, "limit must be a whole number from 1 to 50000"),
        ({"days": "x"}, "days must be a whole number from 1 to 30"),
    ],
)
def test_wrong_options_are_one_sentence(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionsError, match=words):
        span(**{"since": None, "until": None, "errors": None, "most": None, **given}, now=datetime.now(UTC))


@pytest.mark.parametrize("body", ['{"value":[7,{},{"createdDateTime":"x","status":{"errorCode":1}},{"createdDateTime":"2026-01-01T00:00:00Z","status":null}]}'])
def test_odd_entries_are_counted_as_unusable(entra: Entra, body: str) -> None:
    allow(entra, *LOG)
    entra.faults.add({"surface": "graph", "operation": "list_sign_ins", "count": 2, "do": {"kind": "garbage", "body": body}})
    found = read(entra, datetime.now(UTC))
    assert (found["sign_ins"], found["unusable"], found["newest"]) == ([], 4, None)


def test_administrators_take_one_request_and_one_token(entra: Entra) -> None:
    allow(entra, *LOG, *ROLES)
    entra.tenant.administrators = [Administrator("A@contoso.com", enabled=False), Administrator("g", kind="group"), Administrator("b@x.onmicrosoft.com")]
    kept: dict[str, str] = {}
    (found,) = in_each_tenant([entra.options()], {}, kept, read_administrators)
    assert found["tenant_id"] == TENANT and found["status"] == "read" and found["groups"] == 1 and found["password_hash_sync"] is False
    users = [("a@contoso.com", "contoso.com", False), ("b@x.onmicrosoft.com", "x.onmicrosoft.com", True)]
    assert [(a["user"], a["domain"], a["enabled"]) for a in found["administrators"]] == users
    assert entra.count("graph.batch") == 1
    in_each_tenant([entra.options()], {}, kept, lambda client: read_sign_ins(client, span(None, None, None, None, datetime.now(UTC))))
    assert entra.count("token.token") == 1
    entra.server.revoke_tokens()
    (again,) = in_each_tenant([entra.options()], {}, kept, read_administrators)
    assert again["status"] == "read" and entra.count("token.token") == 2


def test_administrators_without_rights_are_unknown(entra: Entra) -> None:
    allow(entra, "RoleManagement.Read.Directory")
    (found,) = in_each_tenant([entra.options()], {}, {}, read_administrators)
    assert found["status"] == "unknown" and "User.Read.All" in found["reason"] and found["password_hash_sync"] is None
    allow(entra, "User.Read.All", ROLES[2])
    entra.tenant.switches.change({"password_hash_sync": True})
    (found,) = in_each_tenant([entra.options()], {}, {}, read_administrators)
    assert found["status"] == "unknown" and "RoleManagement.Read.Directory" in found["reason"] and found["password_hash_sync"] is True
    (found,) = in_each_tenant([entra.options(client_secret="wrong")], {}, {}, read_administrators)
    assert found["status"] == "unknown" and "Create a new client secret" in found["reason"]


def test_module_and_lookups_in_a_play(player: Player) -> None:
    """With their documented examples, but for those with times."""
    allow(player.entra, *LOG, *ROLES)
    player.entra.server.register_application("11111111-2222-3333-4444-555555555555", secret=SECRET, roles=LOG)
    fill(player.entra, [(1, "contoso.com", 50008), (1, "sub.contoso.com", 50107), (1, "cloud.example", 50008)])
    tasks = yaml.safe_load(entra_sign_in_info.EXAMPLES)
    for name in ("tenant_id", "client_id", "client_certificate_path"):
        tasks[0]["federation.adfs.entra_sign_in_info"].pop(name)
    tasks += yaml.safe_load(entra_sign_in.EXAMPLES) + yaml.safe_load(entra_administrator.EXAMPLES)
    run = player.play([*tasks, out(log="{{ log }}")], **OWN)
    assert run.code == 0, run.output
    assert [(g["domain"], g["error_code"]) for g in run.facts["log"]["sign_ins"]] == [("contoso.com", 50008), ("sub.contoso.com", 50107)]
    assert "contoso.com: 1 times 50008 in Office 365 Exchange Online, from" in run.output
    assert "cloud.example: 1 times 50008, the last time at" in run.output and "break-glass@contoso.onmicrosoft.com" in run.output
    assert SECRET not in run.output
    allow(player.entra, *READ)
    task = {"federation.adfs.entra_sign_in_info": {}, "register": "log"}
    unknown = player.play([task, out(log="{{ log }}", looked="{{ query('federation.adfs.entra_sign_in') }}")], **OWN)
    assert unknown.code == 0, unknown.output
    for entry in (unknown.facts["log"], unknown.facts["looked"][0]):
        assert entry["status"] == "unknown" and "AuditLog.Read.All" in entry["reason"]
