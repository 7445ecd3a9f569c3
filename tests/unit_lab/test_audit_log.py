# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log names who wrote to a domain, later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.entra.audit_log import ADMINISTRATOR, AuditLog, FilterError, Initiator, filtered, to_graph
from playing import eda_environment

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
APP = Initiator(application="Renewal", client_id="the-client", service_principal_id="the-principal")


def test_the_log_lags_and_forgets() -> None:
    log = AuditLog()
    for age in (timedelta(days=31), timedelta(hours=2), timedelta(minutes=3)):
        log.add(NOW - age, "contoso.com", ADMINISTRATOR)
    assert [NOW - entry.at for entry in log.shown(NOW, timedelta(minutes=5))] == [timedelta(hours=2)]
    assert [NOW - entry.at for entry in log.shown(NOW, timedelta(0))] == [timedelta(minutes=3), timedelta(hours=2)]


def test_filters_bound_time_and_choose_an_activity() -> None:
    log = AuditLog()
    log.add(NOW - timedelta(hours=2), "contoso.com", APP)
    log.add(NOW, "contoso.com", APP, activity="Set domain authentication")
    shown = log.shown(NOW, timedelta(0))
    assert [entry.number for entry in filtered(shown, "activityDisplayName eq 'Set federation settings on domain'")] == [1]
    assert [entry.number for entry in filtered(shown, "activityDateTime ge 2026-05-01T11:00:00Z and activityDateTime le 2026-05-01T12:00:00Z")] == [2]
    with pytest.raises(FilterError):
        filtered(shown, "initiatedBy/app/appId eq 'x'")


def test_an_app_is_named_by_its_principal_and_perhaps_by_its_id() -> None:
    log = AuditLog()
    log.add(NOW, "contoso.com", APP, ["signingCertificate"], "the-request")
    (entry,) = log.shown(NOW, timedelta(0))
    little, all_of_it = to_graph(entry, shows_client_id=False, correlates=False), to_graph(entry, shows_client_id=True, correlates=True)
    assert (little["initiatedBy"]["app"]["appId"], all_of_it["initiatedBy"]["app"]["appId"]) == (None, "the-client")
    assert little["initiatedBy"]["app"]["servicePrincipalId"] == "the-principal" and little["initiatedBy"]["user"] is None
    assert little["correlationId"] != "the-request" == all_of_it["correlationId"]
    assert little["id"] == all_of_it["id"]


@pytest.mark.parametrize(("said", "version"), [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_392"', 1), ("nothing", None)])
def test_an_old_java_is_none(said: str, version: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert eda_environment.java_version() == version
    if version != 17:
        assert eda_environment.missing() == "no Java 17 on this machine"
