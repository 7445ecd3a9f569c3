# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line of the summary, in every state and every mode: what it may say, and what it must."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from screens import CASES, MODES, NEW, OLD, STRANGER, Case, applied, screen
from test_properties import days, observations, policies
from world import START, at, domain

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report import broken_off
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import Clock, TimeZoneError, names, time_zone

WITHOUT_WRITES = tuple(mode for mode in MODES if mode != "apply")
QUIET = ("in sync", "published and waiting", "ready", "promoting", "complete", "several tenants")
# Words of one tense only.
PAST = re.compile(r"^Done\b|^Refused\b|\bwas done\b|^Every act", re.MULTILINE)
WOULD = re.compile(r"^(Would|Planned|A run would now): ", re.MULTILINE)


@cache
def shown(name: str, mode: str) -> dict[str, object]:
    case = CASES[name]()
    return applied(case) if mode == "apply" else screen(case, mode)


def summary(name: str, mode: str) -> list[str]:
    return shown(name, mode)["summary"]


def text(name: str, mode: str) -> str:
    return "\n".join(summary(name, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_every_line_in_every_state_and_mode_is_in_its_tense(name: str, mode: str) -> None:
    made = shown(name, mode)
    lines = made["summary"]
    for line in lines:
        assert line == line.rstrip() and line.isprintable(), line
        assert "None" not in line and "{" not in line and "()" not in line, line
        assert ".." not in line.replace("...", ""), line
    whole = "\n".join(lines)
    if mode == "apply":
        assert not WOULD.search(whole)
    else:
        assert not PAST.search(whole), "a run that writes nothing has no line about something done"
        assert bool(WOULD.search(whole)) == bool(made["actions"])
        assert sum("this run changed nothing" in line for line in lines) == 1
    answers = [line for line in lines if re.match(r"(Nothing|Act:|Emergency: no|Paused|Needed from you|A renewal step is due)", line)]
    assert answers[:1] == lines[:1], "the first line is the answer"
    assert lines[-1].startswith("Next run: "), "the last line says when to come back"
    assert whole.count("Next run: ") == 1
    if made["must_act"]:
        assert lines[0].startswith(("Act:", "Emergency:"))
    if lines[0].startswith("Nothing"):
        assert not made["must_act"] and not made["failures"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", QUIET)
def test_twelve_lines_are_enough_where_nothing_is_to_be_done(name: str, mode: str) -> None:
    lines = summary(name, mode)
    assert lines[0].startswith("Nothing to do. ")
    assert len(lines) <= 12


def test_the_first_line_is_the_answer() -> None:
    assert summary("in sync", "audit")[0] == (
        "Nothing to do. 40 of 40 domains accept the certificate that AD FS signs with; the next renewal starts 2026-08-24."
    )
    assert summary("broken", "audit")[0] == (
        "Act: sign-in fails for 4 of 40 domains: b1.example.com, b2.example.com, b3.example.com, b10.example.com. A run repairs all 4."
    )
    assert summary("900 domains with 30 broken", "plan")[0] == "Act: sign-in fails for 30 of 900 domains (named below). A run repairs all 30."
    assert summary("due", "check")[0].startswith("A renewal step is due: a run would now create a successor in AD FS and add the successor to 40 domains.")
    assert summary("due", "apply")[0].startswith("Nothing more to do now. ")
    assert summary("paused", "apply")[0].startswith("Paused: no renewal starts or continues")
    assert summary("clocks differ", "audit")[0].startswith("Act: The clocks of adfs1 ")
    assert summary("unreadable domain", "audit")[0].startswith("Act: 2 of 5 domains could not be read: u1.example.com, u2.example.com.")


def test_the_present_deadline_and_what_it_would_be_are_told_apart() -> None:
    """Rule 1."""
    for mode in WITHOUT_WRITES:
        made = shown("due", mode)
        assert made["deadline"] is not None
        assert made["expected"]["deadline"] != made["deadline"]
        assert made["summary"][-1].endswith("(after these steps it would be none).")
    assert "would" not in summary("due", "apply")[-1]


def test_what_would_be_published_tomorrow_is_not_told_as_published() -> None:
    """Rule 1: an audit does not wait for what it did not do."""
    for mode in WITHOUT_WRITES:
        whole = text("due", mode)
        assert "Waiting until" not in whole and "was published" not in whole
        assert "State: published" not in whole


def test_what_entra_refused_is_not_told_as_done() -> None:
    """Rule 2."""
    case = CASES["broken and refused"]()
    done = [{"action": "repair", "targets": [{"domain": "contoso.com"}], "reason": "r", "thumbprint": None}]
    refused = ["fabrikam.com: 403 no \x1b[2J", "fabrikam.com: 403 no \x1b[2J"]
    made = screen(case, "apply", done, refused)
    lines = made["summary"]
    assert "Done: repaired sign-in for contoso.com." in lines
    assert [line for line in lines if line.startswith("Refused")] == ["Refused: fabrikam.com: 403 no \\x1b[2J."]
    assert made["must_act"][0]["what"] == "refused"
    assert not any(line.startswith("Done") and "fabrikam.com" in line for line in lines)


def test_what_is_not_well_is_named_in_natural_order_and_what_is_well_is_counted() -> None:
    """Rule 5."""
    lines = summary("900 domains with 30 broken", "audit")
    named = [line for line in lines if "d30.example.com" in line and "d900.example.com" in line]
    assert len(named) == 1
    assert named[0].endswith(", ".join(f"d{n}.example.com" for n in range(30, 901, 30)))
    assert any(line.startswith("900 federated domains: 870 in sync, 30 broken.") for line in lines)
    assert "d1.example.com" not in text("900 domains with 30 broken", "audit")


def test_equal_reasons_are_one_line_with_all_names() -> None:
    """Rule 5: twelve domains with the same unknown certificate are one row and one thing to do."""
    lines = summary("unknown certificate", "audit")
    assert sum("find out whose it is" in line for line in lines) == 2
    assert [line for line in lines if line.startswith("To do (unknown_certificate): 12 domains named above: ")]
    assert sum(", ".join(f"x{n}.example.com" for n in range(1, 13)) in line for line in lines) == 1


def test_the_table_says_what_both_sides_hold_and_what_to_do() -> None:
    lines = summary("broken", "audit")
    head = next(i for i, line in enumerate(lines) if line.startswith("Not well, 4 of 40 domains"))
    assert lines[head + 1].split() == ["AD", "FS", "Entra", "signing", "Entra", "next", "Row", "What", "to", "do", "Domains"]
    row = lines[head + 2]
    assert row.split()[:5] == [OLD[:8], STRANGER[:8], "-", "\u2260", "-"]
    assert "run: would repair" in row
    assert any(line.startswith(f"  {STRANGER[:8]} is {STRANGER}, an unknown certificate, valid until ") for line in lines)
    assert "  =  " in next(line for line in summary("unknown certificate", "audit") if "x1.example.com" in line and STRANGER[:8] in line)


def test_columns_stand_below_their_heads() -> None:
    for name in ("broken", "unknown certificate", "unreadable domain", "emergency"):
        lines = summary(name, "audit")
        head = next(line for line in lines if line.rstrip().endswith("  Domains"))
        where = head.index("Domains")
        rows = [line for line in lines if re.match(rf"  {OLD[:8]}  ", line)]
        assert rows
        for row in rows:
            assert row[where - 2 : where] == "  " and row[where] != " "


def test_text_from_outside_is_made_printable() -> None:
    """Rule 7."""
    case = CASES["in sync"]()
    evil = domain("evil\u202e.example.com", None, error="\x1b]0;title\x07 no\nNext run: now", is_root=True)
    seen = replace(case.seen, domains=(*case.seen.domains, evil))
    lines = screen(Case(seen), "audit")["summary"]
    assert all(line.isprintable() for line in lines)
    assert any("evil\\u202e.example.com" in line for line in lines)
    assert any("\\x1b]0;title\\x07 no Next run: now" in line for line in lines)


def test_a_run_says_whether_microsofts_mail_asks_for_anything() -> None:
    notice = "Microsoft's renewal notice: "
    for name in CASES:
        assert text(name, "audit").count(notice) == 1, name
    assert f"{notice}no action needed." in text("in sync", "audit")
    assert f"{notice}it applies to 4 domains; act as the first line says." in text("broken", "audit")
    assert "(row 3 of its table); the next run does what it asks for." in text("rollover off", "audit")
    assert "not known for 2 domains that could not be read" in text("unreadable domain", "audit")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("in sync", []),
        ("due", []),
        ("published and waiting", []),
        ("ready", []),
        ("promoted", []),
        ("complete", []),
        ("frozen", []),
        ("paused", []),
        ("custom certificate", ["successor_missing"]),
        ("broken", ["broken", "unknown_certificate", "run"]),
        ("broken and excluded", ["broken"]),
        ("unknown certificate", ["unknown_certificate"]),
        ("settings changed", ["settings_changed"]),
        ("unreadable domain", ["unreadable"]),
        ("no domain", ["no_domain"]),
        ("clocks differ", ["clock"]),
        ("rollback", ["run"]),
    ],
)
def test_an_audit_says_what_must_be_done_before_the_next_run(name: str, what: list[str]) -> None:
    must = shown(name, "audit")["must_act"]
    assert [item["what"] for item in must] == what
    assert all(item["reason"] for item in must)


def test_partners_are_named_while_a_renewal_is_due() -> None:
    assert "Partners at risk (one_certificate): Payroll: " in text("due with partners", "audit")
    assert "Partners at risk" not in text("in sync", "audit")


def test_several_tenants_are_counted() -> None:
    assert "5 federated domains in 2 tenants: 5 in sync." in text("several tenants", "apply")


def test_a_held_clock_says_that_a_run_is_needed_and_by_when() -> None:
    assert "AD FS' clock is held" in text("held clock", "audit")
    assert "a run is needed by 2026-01-28 00:00 +00:00" in text("held clock", "audit")


def test_if_nothing_is_run_any_more_is_said() -> None:
    whole = text("in sync", "audit")
    assert "If nothing is run any more: 2026-09-03 AD FS creates its next certificate; 2026-09-08 to 2026-09-09 AD FS starts to sign" in whole
    assert "sign-in fails for 40 of 40 domains, unless Entra has fetched the new certificate" in whole


def test_times_are_written_in_the_operators_time_zone() -> None:
    lines = screen(CASES["in sync"](), "audit", zone=time_zone("Europe/Berlin"))["summary"]
    assert "valid until 2026-09-23 02:00 +02:00" in lines[1]
    assert lines[-1].startswith("Next run: 2026-01-02 01:00 +01:00.")
    assert not [line for line in lines if "+00:00" in line]
    whole = "\n".join(summary("due", "audit"))
    assert not re.search(r"\dT\d\d:\d\d", whole), "every time is written in one way"


def test_a_time_zone_that_the_controller_does_not_know_is_said() -> None:
    assert time_zone("") is time_zone(None) is time_zone("utc")
    for wrong in ("Mars/Olympus", "../../etc/passwd", "\x00"):
        with pytest.raises(TimeZoneError, match="renew_signing_cert_timezone"):
            time_zone(wrong)


def test_a_moment_is_told_as_exactly_as_it_can_be() -> None:
    clock = Clock(START, ZoneInfo("Europe/Berlin"))
    assert clock.span(at(1), at(1)) == "2026-01-02 01:00 +01:00"
    assert clock.span(at(1), at(1.5)) == "2026-01-02 01:00 to 13:00 +01:00"
    assert clock.span(at(1), at(2)) == "2026-01-02 01:00 to 2026-01-03 01:00 +01:00"
    assert clock.span(at(100), at(100.1)) == "2026-04-11"
    assert clock.span(at(100), at(102)) == "2026-04-11 to 2026-04-13"
    last = datetime.max.replace(tzinfo=timezone.utc)
    assert clock.span(last, last).startswith("9999-12-31")


def test_names_come_in_natural_order_once_and_all() -> None:
    assert names(["d10", "d9", "D2", "d9"]) == "D2, d9, d10"
    assert names(f"d{n}" for n in range(20)).count(",") == 19


def test_the_forecast_dates_what_runs_do_apart_from_what_happens_by_itself() -> None:
    made = shown("due", "audit")["forecast"]
    assert [(e["kind"], e["by"]) for e in made["attended"]][:5] == [
        ("generate", "run"),
        ("publish", "run"),
        ("known", "time"),
        ("adfs_promotes", "adfs"),
        ("reorder", "run"),
    ]
    promotes = made["attended"][3]
    # Five days after a run that comes now or in a day, at one of AD FS' checks, twelve hours apart.
    assert (promotes["earliest"], promotes["latest"]) == ("2026-01-06T00:00:00Z", "2026-01-07T12:00:00Z")
    assert [e["kind"] for e in made["unattended"]][:3] == ["adfs_generates", "adfs_promotes", "fails"]


def test_a_forecast_is_no_reason_to_fail() -> None:
    """Thresholds and lifetimes near the end of the calendar."""
    case = CASES["in sync"]()
    far = timedelta(days=999_999)
    for thresholds in ({"check": far}, {"promotion": far}, {"duration": far}):
        farm = replace(case.seen.farm, thresholds=replace(case.seen.farm.thresholds, **thresholds))
        assert screen(Case(replace(case.seen, farm=farm)), "audit")["summary"], thresholds


def test_a_policy_of_long_waits_makes_no_endless_forecast() -> None:
    case = CASES["due"]()
    century = timedelta(days=36525)
    for policy in (Policy(propagation=century), Policy(run_interval=timedelta(minutes=1)), Policy(run_interval=century), Policy(renew_before=century)):
        assert screen(Case(case.seen, policy), "audit")["summary"]


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(observations(), policies, days, hypothesis.strategies.sampled_from(MODES))
def test_whatever_is_observed_has_an_answer_a_forecast_and_a_next_run(seen: Observation, policy: Policy, day: float, mode: str) -> None:
    made = screen(Case(seen, policy, now=at(day)), mode)
    assert not [a for a in made["alarms"] if a["alarm"] == "forecast"]
    lines = made["summary"]
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert re.match(r"(Nothing|Act:|Emergency: no|Paused|Needed from you|A renewal step is due)", lines[0])
    assert lines[-1].startswith("Next run: ")


def test_successor_is_named_in_full() -> None:
    assert f"Successor: {NEW}, valid until 2027-01-01 00:00 +00:00." in summary("ready", "audit")


def test_a_run_that_broke_off_says_what_it_did_and_what_is_not_known() -> None:
    """Rule 3."""
    done = [{"action": "generate", "targets": ["adfs1"], "reason": "r", "thumbprint": None}]
    assert broken_off("adfs1 is unreachable", {"state": "steady"}, done) == [
        "Act: the run broke off: adfs1 is unreachable. At the last scan, the state was steady.",
        "Done: created a successor in AD FS.",
        "Next run: as soon as the cause is fixed; it continues from what it finds.",
    ]
    assert broken_off("no answer", None, ())[1] == "This run changed neither AD FS nor Entra ID."


@pytest.mark.parametrize(("said", "told"), [(True, "is on"), (False, "is off"), (None, "is not known")])
def test_automatic_rollover_is_told_as_adfs_said_it(said: bool | None, told: str) -> None:
    case = CASES["in sync"]()
    seen = replace(case.seen, farm=replace(case.seen.farm, auto_rollover=said))
    lines = screen(replace(case, seen=seen), "audit")["summary"]
    assert any(line.endswith(f"automatic rollover {told}.") for line in lines), lines


def test_who_switched_automatic_rollover_off_is_said_only_where_it_was_this_collection() -> None:
    case = CASES["in sync"]()
    seen = replace(case.seen, farm=replace(case.seen.farm, auto_rollover=False))
    whole = "\n".join(screen(replace(case, seen=seen, policy=Policy(auto_rollover=True)), "audit")["summary"])
    assert "this collection switched automatic rollover off" not in whole
    assert "automatic rollover is off although renew_signing_cert_auto_rollover is true" in whole
