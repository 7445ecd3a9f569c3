# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in log holds what the oracle's sign-ins came to, later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lab.entra.sign_in_log import FilterError, SignInLog, filtered, to_graph
from lab.world import World

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_the_log_lags_and_forgets() -> None:
    log = SignInLog()
    for age in (timedelta(days=31), timedelta(hours=2), timedelta(minutes=10)):
        log.add(NOW - age, "contoso.com", 50008 if age == timedelta(hours=2) else 0)
    assert [NOW - entry.at for entry in log.shown(NOW, timedelta(minutes=30), failures=True)] == [timedelta(hours=2)]
    assert [NOW - entry.at for entry in log.shown(NOW, timedelta(0), failures=True)] == [timedelta(minutes=10), timedelta(hours=2)]
    assert [entry.error_code for entry in log.shown(NOW, timedelta(0), failures=False)] == [0]


def test_filters_bound_time_and_choose_codes() -> None:
    log = SignInLog()
    for hours, code in ((3, 50008), (2, 0), (1, 50107)):
        log.add(NOW - timedelta(hours=hours), "contoso.com", code)
    shown = log.shown(NOW, timedelta(0), failures=True)

    def codes(text: str) -> list[int]:
        return [entry.error_code for entry in filtered(shown, text)]

    assert codes("createdDateTime ge 2026-05-01T10:00:00Z and createdDateTime lt 2026-05-01T11:00:00Z") == [0]
    assert codes("createdDateTime gt 2026-05-01T09:00:00Z and (status/errorCode eq 50008 or status/errorCode eq 50107)") == [50107]
    assert codes("status/errorCode ne 0") == [50107, 50008]
    with pytest.raises(FilterError):
        filtered(shown, "startsWith(userPrincipalName,'user')")


def test_a_failed_sign_in_may_come_without_its_user() -> None:
    log = SignInLog()
    log.add(NOW, "contoso.com", 50008)
    (entry,) = log.shown(NOW, timedelta(0), failures=True)
    assert to_graph(entry, names_failed_users=True)["userPrincipalName"] == "user@contoso.com"
    assert to_graph(entry, names_failed_users=False)["userPrincipalName"] == ""


def test_the_world_logs_what_its_oracle_sees() -> None:
    world = World("three-domains-one-broken")
    world.changed()
    world.advance(timedelta(hours=3))
    report = world.oracle.report()
    shown = world.tenant.sign_in_log.shown(world.clock.now(), timedelta(0), failures=True)
    assert report["refused"] and len(shown) == report["refused"] + report["accepted"]
    refused = {(entry["domain"], entry["time"]) for entry in report["refusals"]}
    assert {(entry.domain, entry.at.strftime("%Y-%m-%dT%H:%M:%SZ")) for entry in shown if entry.error_code} == refused
    assert {entry.error_code for entry in shown} == {0, 50008}
