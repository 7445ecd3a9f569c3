# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies around the certificate: the sign-in log, administrators without federation, and other writers. Told, and decides nothing."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, Play, at, domain, farm, observe

from ansible_collections.federation.adfs.plugins.module_utils._renewal import break_glass, other_writers, sign_in_watch
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Backup, Journal, OwnKey, Rollback
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import Memory
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import _watched
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

SEEN = observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD"), domain("fabrikam.com", "NEW", "OLD"))
PROMOTED = Journal(FARM, own={"OLD": OwnKey(last_primary=at(-300)), "NEW": OwnKey(at(-3), "OLD", at(9))})
NOW = at(10)


def group(name: str | None, *times: datetime, code: int = 50008) -> dict[str, Any]:
    return {"domain": name, "error_code": code, "times": [format_time(t) for t in times]}


def log(*groups: dict[str, Any], newest: datetime | None = NOW, **more: Any) -> dict[str, Any]:
    return {"tenant_id": "tenant", "status": "read", "newest": format_time(newest) if newest else None, "sign_ins": list(groups), **more}


def alarm(watched: dict[str, Any], journal: Journal = PROMOTED, seen: Any = SEEN) -> str | None:
    found = [a.reason for a in sign_in_watch.alarms(watched, journal, seen)]
    return found[0] if found else None


def test_a_rise_after_a_promotion_is_told_with_counts_times_and_the_way_back() -> None:
    entry = log(group("contoso.com", at(8.5), at(9.2), at(9.3)), group("contoso.com", at(9.4), code=5000811), group("fabrikam.com", at(8.5)))
    watched = sign_in_watch.judge([entry], PROMOTED, SEEN, NOW)
    (row,) = watched["domains"]
    assert (row["domain"], row["before"], row["after"], row["first"], row["last"]) == ("contoso.com", 1, 3, format_time(at(9.2)), format_time(at(9.4)))
    reason = alarm(watched) or ""
    assert "contoso.com: 3 (AADSTS50008, AADSTS5000811) from" in reason and "before NEW became primary" in reason and "fabrikam.com" not in reason
    assert "ansible-playbook federation.adfs.rollback_signing_cert" in reason and "Nothing goes back by itself" in reason
    assert any("read up to " + format_time(NOW) in line and "it lags" in line for line in watched["lines"])


@pytest.mark.parametrize(
    "entry",
    [
        log(group("contoso.com", at(8.5), at(9.2))),  # no more than before
        log(group("other.example", at(9.2))),  # not of this farm
        log(group("contoso.com", at(9.2)), newest=at(8.9)),  # the log has not come to the act
        log(newest=None),
    ],
)
def test_no_alarm_without_a_rise_that_the_log_shows(entry: dict[str, Any]) -> None:
    watched = sign_in_watch.judge([entry], PROMOTED, SEEN, NOW)
    assert watched["domains"] == [] and alarm(watched) is None
    assert len(watched["lines"]) == 1


def test_only_what_happened_lately_is_watched() -> None:
    late = replace(PROMOTED, own={**PROMOTED.own, "NEW": OwnKey(at(-3), "OLD", at(7))})
    assert sign_in_watch.judge([log(group("contoso.com", at(9.2)))], late, SEEN, NOW) == {"domains": [], "lines": []}
    assert sign_in_watch.judge([log(group("contoso.com", at(9.2)))], Journal(FARM, own={"NEW": OwnKey(last_primary=at(9))}), SEEN, NOW)["domains"] == []


def test_a_write_counts_for_its_domain_and_for_those_that_inherit() -> None:
    child = domain("sub.contoso.com", None, configured=False, is_root=False, root="contoso.com")
    seen = replace(SEEN, domains=(*SEEN.domains, child))
    journal = Journal(FARM, backups={"tenant/contoso.com": (Backup(at(9.5), Slots("OLD", None)),)})
    entry = log(*(group(name, at(9.6)) for name in ("contoso.com", "fabrikam.com", "sub.contoso.com", None)))
    assert [row["domain"] for row in sign_in_watch.judge([entry], journal, seen, NOW)["domains"]] == ["contoso.com", "sub.contoso.com", None]


def test_the_way_back_is_named_only_where_there_is_one() -> None:
    watched = sign_in_watch.judge([log(group("contoso.com", at(9.2)))], PROMOTED, SEEN, NOW)
    assert "AD FS holds no other certificate" in (alarm(watched, seen=replace(SEEN, farm=farm("NEW"))) or "")
    assert "A rollback was asked for already" in (alarm(watched, replace(PROMOTED, rollback=Rollback("NEW", True, at(9.9)))) or "")


def test_an_unknown_log_is_said_once_for_each_tenant() -> None:
    unknown = {"tenant_id": "tenant", "status": "unknown", "reason": "no licence"}
    assert sign_in_watch.judge([unknown], PROMOTED, SEEN, NOW) == {"domains": [], "lines": ["Sign-in log: unknown for tenant tenant: no licence"]}


@pytest.mark.parametrize(
    "given",
    [
        {"sign_ins": [log({"domain": "contoso.com", "error_code": 50008, "count": 1})]},
        {"administrators": [{"administrators": [{"user": "a@contoso.com", "enabled": True}]}]},
    ],
)
def test_what_is_no_item_of_a_lookup_is_refused_in_a_sentence(given: dict[str, Any]) -> None:
    with pytest.raises(ReadingError, match="pass the items of the lookups"):
        _watched(given, Memory("run"), PROMOTED, SEEN, NOW)


def admins(*users: tuple[str, bool], **more: Any) -> dict[str, Any]:
    found = [{"user": name, "domain": name.rpartition("@")[2], "enabled": enabled} for name, enabled in users]
    return {"tenant_id": "tenant", "status": "read", "reason": None, "administrators": found, "groups": 0, "password_hash_sync": None, **more}


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (admins(("a@contoso.com", True), ("b@x.onmicrosoft.com", True)), "yes"),
        (admins(("a@contoso.com", True), ("b@x.onmicrosoft.com", False)), "no"),
        (admins(), "no"),
        (admins(groups=1), "unknown"),
        (admins(status="unknown", reason="no right"), "unknown"),
        (admins(("b@x.onmicrosoft.com", True), status="unknown", reason="not all"), "yes"),
    ],
)
def test_an_enabled_administrator_of_a_domain_that_is_not_federated_counts(entry: dict[str, Any], status: str) -> None:
    (judged,) = break_glass.judge([entry], SEEN)
    assert judged["status"] == status
    assert (len(break_glass.lines([judged])), len(break_glass.alarms([judged]))) == ((0, 1) if status == "no" else (1, 0))


def test_where_the_domains_could_not_be_read_nobody_is_safe() -> None:
    unread = replace(SEEN, domains=(domain("", None, error="refused"),))
    (judged,) = break_glass.judge([admins(("b@x.onmicrosoft.com", True))], unread)
    assert judged["status"] == "unknown" and "could not be read" in judged["reason"]


def test_a_certificate_that_somebody_else_took_out_is_an_alarm_for_a_day_and_our_own_write_is_none() -> None:
    play = Play(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW"), domain("fabrikam.com", "OLD")))
    first = play.run()
    assert play.done and not [a for a in first.alarms if a.alarm == "another_writer"], "publishing to fabrikam.com is ours"
    names = {d.name: d for d in play.seen.domains}
    play.seen = replace(play.seen, domains=(replace(names["contoso.com"], slots=Slots("OLD", None), update_result="success"), names["fabrikam.com"]))
    play.now = at(0.5)
    assert not [a for a in play.run().alarms if a.alarm == "another_writer"], "the run has put it back, so that nothing is missing"
    journal = replace(play.journal, lock=None)
    play.seen = replace(play.seen, domains=(replace(names["contoso.com"], slots=Slots("OLD", None), update_result="success"), names["fabrikam.com"]))
    made = Play(play.seen, journal, at(0.6)).plan()
    (found,) = [a for a in made.alarms if a.alarm == "another_writer"]
    assert found.object == "contoso.com" and "lost NEW by another writer" in found.reason and "Entra ID's own updater" in found.reason


def test_entra_connect_is_told_where_it_matters_and_named_where_a_certificate_was_taken_out() -> None:
    steady = observe(farm(managed_by_connect=True), domain("contoso.com", "OLD"))
    renewing = observe(farm("OLD", "NEW", managed_by_connect=True), domain("contoso.com", "OLD", "NEW"))

    def told(seen: Any, mode: str) -> list[str]:
        return list(other_writers.managed_by_connect(Play(seen).plan().first, mode))

    assert [bool(told(steady, mode)) for mode in ("audit", "plan", "check", "apply")] == [True, True, False, False]
    (line,) = told(renewing, "apply")
    assert "Microsoft Entra Connect manages" in line and "resetting the trust in its wizard renews" in line
    assert told(observe(farm("OLD", "NEW"), domain("contoso.com", "OLD", "NEW")), "audit") == []

    play = Play(renewing)
    play.run()
    play.seen = replace(play.seen, domains=(replace(play.seen.domains[0], slots=Slots("OLD", None)),))
    (found,) = [a for a in Play(play.seen, replace(play.journal, lock=None), at(0.6)).plan().alarms if a.alarm == "another_writer"]
    assert "it may have been its wizard" in found.reason
