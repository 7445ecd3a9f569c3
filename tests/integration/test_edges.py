# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewals off the ordinary path, by real runs and with the sign-in oracle watching; the unit tests test_edges_* have many more of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play, with_thumbprints

pytestmark = pytest.mark.long

Start = Callable[..., Lab]
JOURNAL = "C:\\ProgramData\\federation.adfs\\journal.json"


def did(run: Run) -> list[str]:
    return [act["action"] for act in run.done]


def fails(run: Run) -> set[str]:
    """What failed the run, which says so once."""
    assert run.code == 2 and len(run.messages) == 1, run.output
    return {failure["fail_on"] for failure in run.result["failures"]}


def blocked(run: Run) -> set[str]:
    return {block["condition"] for block in run.result["blocked_by"]}


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def hide(lab: Lab, domain: str) -> None:
    lab.fault(surface="graph_item", operation="get_configuration", domain=domain, do={"kind": "status", "code": 403}, count=-1)


def test_an_emergency_stays_open_while_a_domain_cannot_be_read_and_ends_when_it_was_seen_clean(start: Start) -> None:
    lab = start("in-sync")
    stolen = with_thumbprints({"renew_signing_cert_compromised": ["certificate:current"]}, lab)
    assert play(lab).code == 0
    hide(lab, "contoso.com")
    for _day in range(3):
        run = play(lab, variables=stolen)
        assert "emergency" in fails(run) and run.result["state"] == "emergency"
        assert "contoso.com" in " ".join(run.summary)
        lab.advance(hours=25)
    lab.clear_faults()
    for _day in range(8):  # Entra's own updater may bring the stolen key back for a week
        run = play(lab, variables=stolen)
        lab.advance(hours=25)
    assert run.code == 0 and run.result["state"] != "emergency", run.output
    assert lab.addresses["certificates"]["current"] not in json.dumps([d["configured"] for d in lab.state()["domains"]])
    assert refused(lab) == 0


def test_a_stolen_key_is_never_called_somebody_elses(start: Start) -> None:
    lab = start("in-sync")
    run = play(lab, variables=with_thumbprints({"renew_signing_cert_compromised": ["certificate:current"]}, lab))
    assert "unknown_certificate" not in {a["alarm"] for a in run.result["alarms"]} and "known_certificates" not in run.output


def test_a_server_that_lags_after_a_renewal_by_hand_keeps_its_certificate_in_every_domain(start: Start) -> None:
    lab = start("in-sync")
    assert play(lab).code == 0
    lab.adfs("Set-Synchronization", node="adfs2.contoso.com", enabled=False)
    lab.adfs("Update-AdfsCertificate", certificate_type="Token-Signing", urgent=True)
    lab.adfs("Update-AdfsCertificate", certificate_type="Token-Signing")
    lab.clear_signins()
    run = play(lab)
    assert did(run) == ["repair"], run.output
    old, [domain] = lab.addresses["certificates"]["current"], [d["configured"] for d in lab.state()["domains"] if d["domain"] == "contoso.com"]
    assert old in {domain["signing"], domain["next"]}, run.output
    lab.advance(hours=4)  # Entra follows
    lab.clear_signins()
    lab.sign_in()
    assert refused(lab) == 0


def test_a_domain_that_is_named_and_not_there_fails_the_run_and_keeps_nobody_from_the_renewal(start: Start) -> None:
    lab = start("expiring")
    named = {"renew_signing_cert_domains": ["contoso.com", "fabrikam.com", "gone.example.com"]}
    run = play(lab, variables=named)
    assert did(run) == ["generate", "publish"] and fails(run) == {"unclaimed"}
    assert "gone.example.com" in run.messages[0]
    lab.advance(days=6)
    play(lab, variables=named)
    assert refused(lab) == 0


def test_an_application_that_may_only_read_starts_no_renewal_and_says_which_permission_is_missing(start: Start) -> None:
    lab = start("expiring")
    lab.entra(permissions=["Domain.Read.All"])
    run = play(lab)
    assert did(run) == [] and run.code == 2
    assert {write["operation"] for write in lab.writes()} <= {"write_journal"}
    assert "Domain-InternalFederation.ReadWrite.All" in " ".join([*run.messages, *run.summary]), run.output


def test_a_server_that_nobody_can_see_fails_the_run_that_holds_the_clock_at_once(start: Start) -> None:
    lab = start("promotion-tonight")
    lab.fault(surface="metadata", node="adfs2.contoso.com", do={"kind": "status", "status": 503}, count=-1)
    lab.fault(surface="winrm", operation="Create", node="adfs2.contoso.com", do={"kind": "status", "status": 503}, count=-1)
    run = play(lab)
    # What Ansible shows of the server that it cannot reach stands beside the run's own message.
    assert run.code == 2 and "held" in {failure["fail_on"] for failure in run.result["failures"]}
    assert set(did(run)) == {"publish", "suspend_auto_rollover"} and "adfs2.contoso.com" in run.messages[0]
    lab.clear_faults()
    lab.advance(hours=25)
    assert did(play(lab)) == ["restore_auto_rollover"]
    lab.advance(days=1)
    assert refused(lab) == 0


@pytest.mark.parametrize("said", [True, None])
def test_a_journal_that_is_lost_while_the_clock_is_held_makes_it_slower_and_is_told(said: bool | None, start: Start) -> None:
    lab = start("promotion-tonight")
    policy = {} if said is None else {"renew_signing_cert_auto_rollover": said}
    assert "suspend_auto_rollover" in did(play(lab, variables=policy))
    lab.adfs("Remove-File", path=JOURNAL)
    lab.advance(hours=25)
    run = play(lab, variables=policy)
    lab.advance(hours=25)
    run = play(lab, variables=policy)
    if said:
        assert did(run) == ["restore_auto_rollover"] and run.code == 0, run.output
    else:
        assert run.code == 2 and "renew_signing_cert_auto_rollover" in run.messages[0], run.output
    assert refused(lab) == 0


def test_a_steady_farm_with_a_domain_that_cannot_be_read_says_so_and_claims_nothing_of_it(start: Start) -> None:
    lab = start("in-sync")
    hide(lab, "contoso.com")
    run = play(lab)
    assert "unreadable" in fails(run) and "contoso.com" in run.messages[0]
    assert not any(line.startswith("State: promoted") for line in run.summary), run.summary


def with_certificates(tmp_path: Path, others: list[str], domains: list[dict[str, Any]], **certificates: dict[str, Any]) -> str:
    farm = {"host_name": "sts.contoso.com", "nodes": ["adfs1.contoso.com", "adfs2.contoso.com"], "token_signing": {"primary": "current", "others": others}}
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"description": "A story.", "certificates": certificates, "farms": [farm], "domains": domains}), encoding="utf-8")
    return str(path)


def test_of_several_successors_none_is_dropped_for_another_and_the_run_says_so(tmp_path: Path) -> None:
    certificates = {"current": {"days_left": 30, "days_old": 335}, "first": {"days_left": 363, "days_old": 2}, "second": {"days_left": 364, "days_old": 1}}
    domains = [{"name": "contoso.com", "signing": "current", "next": "first"}, {"name": "fabrikam.com", "signing": "current", "next": None}]
    with Lab(with_certificates(tmp_path, ["first", "second"], domains, **certificates), tmp_path / "lab") as lab:
        run = play(lab)
        assert "several_successors" in blocked(run) and "publish" not in did(run) and run.code == 2
        held = {d["domain"]: d["configured"] for d in lab.state()["domains"]}
        assert held["contoso.com"]["next"] == lab.addresses["certificates"]["first"] and held["fabrikam.com"]["next"] is None


def test_thresholds_at_the_ends_of_their_type_end_no_run(start: Start) -> None:
    lab = start("expiring")
    lab.adfs("Set-Answers", properties={"CertificateGenerationThreshold": 2147483647, "CertificatePromotionThreshold": 2147483647})
    run = play(lab)
    assert "publish" in did(run) and "Traceback" not in run.output, run.output


def test_an_unknown_certificate_is_replaced_where_the_operator_says_so(start: Start) -> None:
    lab = start("foreign")
    stranger = lab.addresses["certificates"]["stranger"]
    kept = play(lab)
    assert "unknown_certificate" in fails(kept) and stranger in json.dumps(lab.state()["domains"])
    play(lab, variables={"renew_signing_cert_unknown_certificates": "replace"})
    assert stranger not in json.dumps([d["configured"] for d in lab.state()["domains"]])
