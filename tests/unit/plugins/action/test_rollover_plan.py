# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action rollover_plan, from the results of the other modules to the plan."""

from __future__ import annotations

import functools
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.federation.adfs.plugins.action import rollover_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import read_observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import another_server
from ansible_collections.federation.adfs.plugins.module_utils._x509 import describe, format_time, parse_certificate
from ansible_collections.federation.adfs.plugins.modules import rollover_plan as documented
from ansible_collections.federation.adfs.tests.returned import missing, undocumented

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


@functools.lru_cache
def certificate(name: str, begins: int = -100, ends: int = 265) -> dict[str, object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"ADFS Signing - {name}")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begins))
        .not_valid_after(NOW + timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    return describe(parse_certificate(made.public_bytes(serialization.Encoding.DER)), NOW)


def farm(primary: dict[str, object], *others: dict[str, object], **more: object) -> dict[str, object]:
    listed = [{**primary, "certificate_type": "Token-Signing", "is_primary": True}]
    listed += [{**other, "certificate_type": "Token-Signing", "is_primary": False} for other in others]
    return {
        "role": "primary",
        "server": "adfs1.contoso.com",
        "primary_server": "adfs1.contoso.com",
        "host_name": "sts.contoso.com",
        "identifier": "http://sts.contoso.com/adfs/services/trust",
        "time": format_time(NOW),
        "auto_certificate_rollover": True,
        "thresholds": {
            "generation_days": 20,
            "promotion_days": 5,
            "critical_days": 2,
            "rollover_interval_minutes": 720,
            "threshold_multiplier_minutes": 1440,
            "duration_days": 365,
        },
        "certificates": listed,
        "servers": [{"name": "adfs1.contoso.com"}],
        "relying_parties": [],
        "journal": {"found": False, "sha256": None, "content": None, "error": None},
        **more,
    }


def entra(name: str, signing: object, second: object = None, **more: object) -> dict[str, object]:
    return {
        "domain": name,
        "tenant_id": "tenant",
        "is_root": True,
        "root": name,
        "error": None,
        "configuration_id": "id-of-" + name,
        "passive_sign_in_uri": "https://sts.contoso.com/adfs/ls/",
        "signing_certificate": signing,
        "next_signing_certificate": second,
        "signing_certificate_update_status": {"certificate_update_result": "Success"},
        **more,
    }


def view(
    node: str, primary: dict[str, object], *others: dict[str, object], status: str = "valid", entity: str = "http://sts.contoso.com/adfs/services/trust"
) -> dict[str, object]:
    return {
        "server": node,
        "error": None,
        "metadata": {"entity_id": entity, "is_adfs": True, "signing_certificates": [primary, *others], "signature": {"status": status, "certificate": primary}},
    }


def run(check_mode: bool = False, diff: bool = False, **arguments: object) -> dict[str, object]:
    given = {"now": format_time(NOW), **arguments}
    task = SimpleNamespace(args=given, check_mode=check_mode, diff=diff, async_val=0, action="federation.adfs.rollover_plan", environment=[])
    action = rollover_plan.ActionModule(
        task=task, connection=MagicMock(), play_context=MagicMock(), loader=MagicMock(), templar=MagicMock(), shared_loader_obj=MagicMock()
    )
    return action.run(None, {})


def test_a_broken_domain_gives_a_repair_with_bodies_and_a_ready_write() -> None:
    mine, earlier = certificate("mine"), certificate("earlier", -500, 10)
    result = run(
        farm=farm(mine),
        domains=[entra("contoso.com", earlier)],
        metadata=[view("adfs1.contoso.com", mine)],
        policy={"known_certificates": [earlier["thumbprint"]]},
    )
    plan = result["plan"]
    assert (result["changed"], plan["state"]) == (False, "broken")
    (action,) = plan["actions"]
    assert action["action"] == "repair"
    assert action["arguments"]["tenant"] == [
        {
            "domain": "contoso.com",
            "signing_certificate": mine["thumbprint"],
            "next_signing_certificate": earlier["thumbprint"],
            "clear_next": False,
            "expected": {"signing": earlier["thumbprint"], "next": ""},
        }
    ]
    assert {c["thumbprint"]: c["der"] for c in plan["certificates"]} == {c["thumbprint"]: c["der"] for c in (mine, earlier)}
    assert action["invariants"] == {"contoso.com": {"before": False, "after": False}}  # Entra may serve the old settings for a while
    assert plan["journal"]["content"]["certificates"] == {earlier["thumbprint"]: earlier["der"]}


def test_check_mode_tells_changed_and_the_diff() -> None:
    mine, earlier = certificate("mine"), certificate("earlier", -500, 10)
    result = run(check_mode=True, diff=True, farm=farm(mine), domains=[entra("contoso.com", earlier)])
    assert result["changed"] is True
    assert f"signing: {earlier['thumbprint']}" in result["diff"]["before"]
    assert f"signing: {mine['thumbprint']}" in result["diff"]["after"]


@pytest.mark.parametrize(
    ("policy", "facts", "condition", "hours"),
    [
        ({"remove_old_from_entra": True}, {}, "retire_interval", 24 + 1),
        (
            {"remove_old_from_entra": True},
            {"token_lifetime": 2880},
            "retire_interval",
            48 + 1 + 15 / 60,
        ),  # servers follow within ten minutes, clocks within five
        ({"remove_old_from_entra": True}, {"token_lifetime": 0}, "retire_interval", 24 + 1),
        ({"remove_old_from_adfs": True}, {}, "remove_interval", 15 * 24 + 1),
        ({"remove_old_from_adfs": True}, {"proxy_trust_lifetime": 1440, "sso_lifetime": 2880}, "remove_interval", 48 + 1),
    ],
)
def test_what_leaves_waits_for_what_the_farm_says_may_still_rest_on_it(
    policy: dict[str, object], facts: dict[str, object], condition: str, hours: float
) -> None:
    new, old = certificate("new", -1, 364), certificate("old", -330, 35)
    partner = {"name": "Portal", "identifiers": ["https://portal.example.com"], "token_lifetime": facts.get("token_lifetime"), "risk": "no_metadata"}
    adfs = farm(new, old, relying_parties=[partner], **{k: v for k, v in facts.items() if k != "token_lifetime"})
    plan = run(farm=adfs, domains=[entra("contoso.com", new, old)], metadata=[view("adfs1.contoso.com", new, old)], policy=policy)["plan"]
    (block,) = [b for b in plan["blocked_by"] if b["condition"] == condition]
    assert block["until"] == format_time(NOW + timedelta(hours=hours))


def test_a_server_that_shows_a_strangers_certificate_is_not_believed_and_fails_the_run() -> None:
    mine, stranger = certificate("mine"), certificate("stranger")
    plan = run(farm=farm(mine), domains=[entra("contoso.com", mine)], metadata=[view("adfs1.contoso.com", stranger)])["plan"]
    assert plan["actions"] == []
    assert plan["farm"]["live"] == [mine["thumbprint"]]
    assert [a["alarm"] for a in plan["alarms"]] == ["only_seen_key"]
    assert [f["fail_on"] for f in plan["failures"]] == ["only_seen_key"]


def test_another_farms_metadata_at_a_servers_address_counts_as_not_seen() -> None:
    mine, other = certificate("mine"), certificate("other")
    seen = [view("adfs1.contoso.com", other, entity="http://sts.tailspin.com/adfs/services/trust")]
    plan = run(farm=farm(mine), domains=[entra("contoso.com", mine)], metadata=seen, policy={"known_certificates": [other["thumbprint"]]})["plan"]
    assert plan["farm"]["live"] == [mine["thumbprint"]]
    assert "which is not this farm" in plan["farm"]["servers"][0]["reason"]


def test_a_server_that_is_listed_as_gone_counts_no_more_and_is_named_where_it_answers() -> None:
    mine, earlier = certificate("mine"), certificate("earlier", -500, 10)
    given = {"farm": farm(mine, servers=[{"name": "adfs1.contoso.com"}, {"name": "adfs2.contoso.com"}]), "domains": [entra("contoso.com", mine)]}
    policy = {"servers": [{"name": "adfs2.contoso.com", "gone": True}], "known_certificates": [earlier["thumbprint"]]}
    shown = view("adfs1.contoso.com", mine)
    silent = {"server": "adfs2.contoso.com", "metadata": None, "error": "no connection"}
    assert run(**given, metadata=[shown, silent], policy=policy)["plan"]["alarms"] == []
    plan = run(**given, metadata=[shown, view("adfs2.contoso.com", earlier)], policy=policy)["plan"]
    assert ([s["name"] for s in plan["farm"]["servers"]], plan["farm"]["live"]) == (["adfs1.contoso.com"], [mine["thumbprint"]])
    (alarm,) = plan["alarms"]
    assert (alarm["alarm"], alarm["object"]) == ("gone_answers", "adfs2.contoso.com")
    assert str(earlier["thumbprint"]) in alarm["reason"]


def test_an_address_that_is_none_makes_the_domain_nobodys() -> None:
    mine = certificate("mine")
    plan = run(farm=farm(mine), domains=[entra("contoso.com", mine), entra("odd.com", None, passive_sign_in_uri="https://[x")])["plan"]
    assert {d["domain"]: d["verdict"] for d in plan["domains"]} == {"contoso.com": "in_sync", "odd.com": "other_farm"}


@pytest.mark.parametrize("status", ["invalid", "absent"])
def test_metadata_without_a_valid_signature_counts_as_not_seen(status: str) -> None:
    mine = certificate("mine")
    plan = run(farm=farm(mine), domains=[entra("contoso.com", mine)], metadata=[view("adfs1.contoso.com", mine, status=status)])["plan"]
    unseen = {"seen": False, "how": None, "primary": None, "certificates": [], "last_sync_time": None, "last_sync_status": None}
    assert plan["farm"]["servers"] == [{"name": "adfs1.contoso.com", **unseen, "reason": f"the signature of its metadata is {status}"}]


def test_a_slot_with_garbage_is_an_alarm_and_no_crash() -> None:
    mine = certificate("mine")
    plan = run(farm=farm(mine), domains=[entra("contoso.com", mine, {"thumbprint": None, "der": None, "error": "not base64"})])["plan"]
    assert [a["alarm"] for a in plan["alarms"]] == ["unreadable_certificate"]
    assert plan["domains"][0]["verdict"] == "in_sync"


def test_an_unreadable_an_inherited_and_another_farms_domain_get_their_verdicts() -> None:
    mine, other = certificate("mine"), certificate("other")
    domains = [
        entra("contoso.com", mine),
        entra("down.com", None, error="Graph answered 503"),
        entra("sales.contoso.com", None, configuration_id=None, is_root=False, root="contoso.com", passive_sign_in_uri=None),
        entra("tailspin.com", other, passive_sign_in_uri="https://sts.tailspin.com/adfs/ls/"),
    ]
    plan = run(farm=farm(mine), domains=domains)["plan"]
    assert {d["domain"]: d["verdict"] for d in plan["domains"]} == {
        "contoso.com": "in_sync",
        "down.com": "unreadable",
        "sales.contoso.com": "inherited",
        "tailspin.com": "other_farm",
    }


@pytest.mark.parametrize(
    ("journal", "words"),
    [
        ({"found": True, "sha256": "ab", "content": None, "error": "it is no JSON"}, "it is no JSON"),
        ({"found": True, "sha256": "ab", "content": {"schema": 1, "farm": "another"}, "error": None}, "another"),
        ({"found": True, "sha256": "ab", "content": {"schema": 99}, "error": None}, "schema"),
    ],
)
def test_a_journal_that_cannot_be_trusted_is_reported_and_not_used(journal: dict[str, object], words: str) -> None:
    mine = certificate("mine")
    plan = run(farm=farm(mine, journal=journal), domains=[entra("contoso.com", mine)])["plan"]
    assert words in plan["alarms"][-1]["reason"]
    assert plan["journal"]["expected_sha256"] == "ab"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"farm": {"role": "secondary", "server": "adfs2", "primary_server": "adfs1.contoso.com"}}, "run the play on adfs1.contoso.com"),
        ({"farm": {"certificates": None, "identifier": "x"}}, "run federation.adfs.farm_info on the primary"),
        ({"policy": {"promte": "role"}}, "renew_signing_cert_promte is not known"),
        ({"now": "tomorrow"}, "renew_signing_cert_now"),
        ({"domains": [{"name": "contoso.com"}]}, "an entry of domains cannot be read"),
    ],
)
def test_what_cannot_be_planned_on_is_refused_in_one_sentence(change: dict[str, object], words: str) -> None:
    mine = certificate("mine")
    with pytest.raises(AnsibleActionFail, match=words):
        run(**{"farm": farm(mine), "domains": [entra("contoso.com", mine)], **change})


def test_a_named_domain_that_is_not_there_is_told_and_keeps_nothing_from_the_others() -> None:
    mine, earlier = certificate("mine"), certificate("earlier")
    plan = run(farm=farm(mine), domains=[entra("contoso.com", earlier)], policy={"domains": ["contoso.com", "managed.com"]})["plan"]
    assert [(a["action"], [t["domain"] for t in a["targets"]]) for a in plan["actions"]] == [("repair", ["contoso.com"])]
    assert any("managed.com, which is not a federated domain" in a["reason"] for a in plan["alarms"])
    assert "unclaimed" in [f["fail_on"] for f in plan["failures"]]


def test_every_member_of_a_result_is_documented() -> None:
    mine, earlier = certificate("mine"), certificate("earlier")
    result = run(farm=farm(mine), domains=[entra("contoso.com", earlier)])
    results = yaml.safe_load(documented.RETURN)
    assert (missing(result, results), undocumented(result, results, "rollover_plan")) == ([], [])


def test_documented_options_are_the_accepted_ones() -> None:
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    assert {n: (o["type"], o.get("elements"), o.get("required", False), o.get("default")) for n, o in options.items()} == {
        n: (o["type"], o.get("elements"), o.get("required", False), o.get("default")) for n, o in rollover_plan.ARGUMENT_SPEC.items()
    }


@pytest.mark.parametrize(("tokens", "sessions", "parts"), [(0, 480, (60, 480)), (600, 60, (600, 60)), (None, None, (None, 480))])
def test_lifetimes_and_risks_of_partners_are_read(tokens: object, sessions: object, parts: tuple[int | None, int]) -> None:
    partner = {"name": "Payroll", "identifiers": ["urn:payroll"], "enabled": True, "token_lifetime": tokens, "risk": "one certificate"}
    facts = farm(certificate("a"), relying_parties=[partner], sso_lifetime=sessions)
    seen = read_observation(facts, [entra("contoso.com", certificate("a"))], [], Journal(str(facts["identifier"])), Policy()).observation.farm
    (party,) = seen.relying_parties
    assert (party.token_lifetime, seen.sso_lifetime) == tuple(None if part is None else timedelta(minutes=part) for part in parts)
    assert party.risk == "one certificate"


def test_why_no_plan_can_be_made_is_said_once() -> None:
    with pytest.raises(AnsibleActionFail) as failed:
        run(farm=farm(certificate("mine")), domains=[], timezone="Mars/Olympus")
    assert str(failed.value).count("renew_signing_cert_timezone") == 1
    assert failed.value.__cause__ is None and failed.value.__suppress_context__


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ({"adfs1.b.example.com": {}, "adfs1.a.example.com": {}}, {"adfs1.a.example.com": "adfs1.a.example.com", "adfs1.b.example.com": "adfs1.b.example.com"}),
        ({"adfs1.b.example.com": {}}, {"adfs1.a.example.com": "", "adfs1.b.example.com": "adfs1.b.example.com"}),
        ({"adfs1": {}}, {"adfs1.a.example.com": "adfs1", "adfs1.b.example.com": "adfs1"}),  # its answer says which one it is
        ({"one": {"ansible_host": "ADFS1.B.example.com"}}, {"adfs1.a.example.com": "", "adfs1.b.example.com": "one"}),
    ],
)
def test_a_server_is_looked_up_by_its_full_name_before_its_short_one(listed: dict[str, dict[str, str]], found: dict[str, str]) -> None:
    asks = {"sync": list(found), "servers": []}
    given = {"farm": {"server": "adfs0.example.com"}, "host": "primary", "policy": {}}
    assert rollover_plan._inventory(asks, given, {"groups": {"all": list(listed)}, "hostvars": listed}) == found


def test_an_answer_of_a_server_with_the_same_first_name_is_not_taken() -> None:
    assert another_server("adfs1.a.example.com", "adfs1.b.example.com") == "the host that was asked is adfs1.b.example.com"
    assert another_server("adfs1.a.example.com", "ADFS1") is None


def test_a_pipe_is_no_pfx_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AnsibleActionFail, match=r"renew_signing_cert_pfx_path is .*/pipe, and it is no file"):
        run(step="begin", variables={"pfx_path": str(tmp_path / "pipe")})
    (tmp_path / "file").write_bytes(b"")
    for path in (str(tmp_path / "file"), "relative.pfx", ""):
        assert run(step="begin", variables={"pfx_path": path})["plan"]["next"] == ["scan_adfs", "pass"]


def test_a_change_number_that_does_not_match_is_refused_before_anything_is_read() -> None:
    pattern = {"change_number_pattern": "CHG[0-9]{7}", "mode": "apply"}
    for number, words in (
        ("", "is not set, and must match CHG"),
        ("CHG1", "is 'CHG1', which does not match"),
        ("CHG00312345", "is 'CHG00312345', which does not match"),
    ):
        with pytest.raises(AnsibleActionFail, match=f"renew_signing_cert_change_number {words}"):
            run(step="begin", variables={**pattern, "change_number": number})
    with pytest.raises(AnsibleActionFail, match="change_number_pattern is no regular expression"):
        run(step="begin", variables={"change_number_pattern": "CHG["})
    for fine in ({**pattern, "change_number": "CHG0031234"}, {**pattern, "mode": "audit"}, {"change_number": "anything"}):
        assert run(step="begin", variables=fine)["plan"]["next"] == ["scan_adfs", "pass"]


@pytest.mark.parametrize(("users", "user"), [(True, "alice"), (False, None)])
def test_the_ledger_names_the_job_the_change_and_who_launched_it(users: bool, user: str | None) -> None:
    told = rollover_plan._origin({"tower_job_id": 41, "awx_user_name": "alice"}, "CHG0031234", users)
    assert told == {"job": "41", "user": user, "change_number": "CHG0031234"}
    assert rollover_plan._origin({}, None, True) == {"job": None, "user": None, "change_number": None}


def test_an_unreadable_calendar_holds_what_is_gated_fails_the_run_and_lets_protective_acts_be_done(tmp_path: Path) -> None:
    mine, earlier = certificate("mine", ends=29), certificate("earlier", -500, 10)
    seen = {"farm": farm(mine), "metadata": [view("adfs1.contoso.com", mine)], "policy": {"known_certificates": [earlier["thumbprint"]]}}
    missing_file = [str(tmp_path / "freezes.ics")]
    healthy = run(**seen, domains=[entra("contoso.com", mine)])["plan"]
    assert healthy["actions"][0]["action"] == "generate"
    held = run(**seen, domains=[entra("contoso.com", mine)], calendars=missing_file)["plan"]
    assert not held["actions"]
    (block,) = [b for b in held["blocked_by"] if b["condition"] == "window"]
    assert block["reason"].endswith("(a calendar that cannot be read counts as a freeze)")
    assert [f["fail_on"] for f in held["failures"]] == ["calendar"] and "No such file" in held["failures"][0]["reason"]
    broken = run(**seen, domains=[entra("contoso.com", earlier)], calendars=missing_file)["plan"]
    assert [act["action"] for act in broken["actions"]] == ["repair"]
    assert "calendar" in [f["fail_on"] for f in broken["failures"]]


def test_a_plan_names_the_freeze_that_holds_and_the_window_that_comes(tmp_path: Path) -> None:
    mine = certificate("mine", ends=29)
    seen = {"farm": farm(mine), "metadata": [view("adfs1.contoso.com", mine)], "domains": [entra("contoso.com", mine)]}
    path = tmp_path / "freezes.ics"
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "SUMMARY:Quarter end", "DTSTART:20260228T000000Z", "DTEND:20260302T000000Z", "END:VEVENT"]
    path.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), encoding="ascii")
    night = {"name": "Tuesday night", "rrule": "FREQ=WEEKLY;BYDAY=TU", "start": "2026-01-06T22:00:00", "duration": "30h", "timezone": "Europe/Berlin"}
    for policy, calendars, words in (
        ({}, [str(path)], "(freeze 'Quarter end' until 2026-03-02T00:00:00Z)"),
        ({"windows": [night]}, [], "(window 'Tuesday night' opens at 2026-03-03T21:00:00Z)"),
    ):
        plan = run(**seen, policy=policy, calendars=calendars)["plan"]
        assert not plan["actions"]
        assert any(b["reason"].endswith(words) for b in plan["blocked_by"]), plan["blocked_by"]
    within = run(**{**seen, "farm": farm(mine, time="2026-03-03T22:00:00Z")}, policy={"windows": [night]}, now="2026-03-03T22:00:00Z")["plan"]
    # The window is open, and what AD FS would do five days later lies in none.
    assert within["actions"][0]["action"] == "suspend_auto_rollover" and not within["actions"][0]["protective"]
    ids = [run(**seen, policy={"windows": [night]}, now=f"2026-03-01T0{n}:00:00Z")["plan"]["plan_id"] for n in range(2)]
    assert ids[0] == ids[1]
