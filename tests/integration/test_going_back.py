# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback, stolen keys, approved plans and approved settings, with real runs and the sign-in oracle watching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play

BACK = {"renew_signing_cert_rollback": True}


def done(run: Run) -> list[str]:
    assert run.code == 0, run.output
    return [action["action"] for action in run.done]


def signing(lab: Lab) -> set[str]:
    """What the servers sign with."""
    return {
        c["thumbprint"]
        for node in lab.state()["farms"][0]["nodes"]
        for c in node["certificates"]
        if c["is_primary"] and c["certificate_type"] == "Token-Signing"
    }


def auto_rollover(lab: Lab) -> bool:
    return bool(lab.state()["farms"][0]["auto_certificate_rollover"])


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def test_a_successor_is_taken_back_and_stays_away_until_the_hold_is_lifted(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    before = signing(lab)
    assert done(play(lab)) == ["generate", "publish"]
    assert done(play(lab, variables=BACK)) == ["suspend_auto_rollover", "remove_from_adfs"]
    lab.advance(days=6)
    again = play(lab)
    assert (done(again), again.result["state"]) == ([], "paused")
    assert not auto_rollover(lab)
    assert signing(lab) == before
    assert refused(lab) == 0


@pytest.mark.long
def test_the_earlier_certificate_signs_again(start: Callable[..., Lab]) -> None:
    lab = start("settled")
    before = signing(lab)
    waiting = play(lab, variables=BACK)
    assert done(waiting) == []
    assert "propagation" in [b["condition"] for b in waiting.result["blocked_by"]]
    lab.advance(hours=24.5)
    second = play(lab, variables=BACK)
    assert [a["action"] for a in second.done] == ["suspend_auto_rollover", "promote"]
    assert (second.code, second.result["state"]) == (2, "paused")  # the earlier certificate ends in eight days, and nobody may forget that
    assert "deadline" in second.messages[-1]
    lab.advance(hours=12)
    assert signing(lab) & before == set()
    assert play(lab, variables=BACK).done == []
    assert refused(lab) == 0


def test_stolen_keys_are_evicted_without_losing_a_sign_in(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    (stolen,) = signing(lab)
    theft: dict[str, Any] = {"renew_signing_cert_compromised": [stolen]}
    first = play(lab, variables=theft)
    assert [a["action"] for a in first.done] == ["suspend_auto_rollover", "generate", "publish"]
    assert (first.code, first.result["state"]) == (2, "emergency")  # until the key is out, somebody has to look
    assert "stolen keys are still accepted by" in first.messages[-1]
    assert "contoso.com" in first.messages[-1]
    lab.advance(hours=24.5)
    assert [a["action"] for a in play(lab, variables=theft).done] == ["promote"]
    lab.advance(minutes=15)
    third = play(lab, variables=theft)
    assert [a["action"] for a in third.done] == ["evict", "remove_from_adfs", "restore_auto_rollover"]
    lab.advance(minutes=15)
    last = play(lab, variables=theft)
    assert done(last) == []
    assert [b["condition"] for b in last.result["blocked_by"]] == ["eviction_watch", "due"]
    assert last.result["emergency"]["sign_in_gap"] == {"planned_hours": 0.0, "domains_without_sign_in": []}
    lab.advance(hours=2)
    assert not [d["domain"] for d in lab.state()["domains"] if stolen in str([d["configured"], d["accepted"]])]
    assert auto_rollover(lab)
    assert refused(lab) == 0


@pytest.mark.long
def test_containment_first_tries_each_form_that_entra_may_accept(start: Callable[..., Lab]) -> None:
    lab = start("in-sync", switches={"tenant": {"equal_members_allowed": False, "next_may_be_null": False}})
    (stolen,) = signing(lab)
    theft = {"renew_signing_cert_compromised": [stolen], "renew_signing_cert_emergency_priority": "containment"}
    first = play(lab, variables=theft)
    assert [a["action"] for a in first.done if a["targets"]] == ["suspend_auto_rollover", "generate", "evict", "promote"]
    slots = next(a for a in first.done if a["action"] == "evict" and a["targets"])["targets"][0]["slots"]
    assert len({slots["signing"], slots["next"], stolen}) == 3
    lab.advance(hours=2)
    second = play(lab, variables=theft)
    assert [a["action"] for a in second.done] == ["remove_from_adfs", "restore_auto_rollover"]
    assert "stolen keys are still accepted by or present in AD FS or one of its servers" in second.messages[-1]
    assert second.result["alarms"]
    assert "unknown_certificate" not in [a["alarm"] for a in second.result["alarms"]]
    assert signing(lab) & {stolen} == set()
    lab.clear_signins()
    lab.sign_in()
    assert refused(lab) == 0


def test_an_approved_plan_is_refused_once_something_moved(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    planned = play(lab, variables={"renew_signing_cert_mode": "plan"})
    assert done(planned) == []
    assert [a["action"] for a in planned.result["plan"]["actions"]] == ["generate", "publish"]
    approved = {"renew_signing_cert_approved_plan": planned.result["plan"]}
    lab.adfs("Update-AdfsCertificate", certificate_type="Token-Signing", urgent=True)
    lab.clear_log()
    moved = play(lab, variables=approved)
    assert moved.code == 2
    assert "it is not the approved plan any more" in moved.messages[-1]
    assert "the primary certificate was" in moved.messages[-1]
    # Somebody else renewed with -Urgent, and sign-in was broken: mending it waits for no approval.
    assert [a["action"] for a in moved.done] == ["repair"]


@pytest.mark.long  # test_change_management plays it hours later, in the quick tests
def test_an_approved_plan_is_carried_out_once(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    planned = play(lab, variables={"renew_signing_cert_mode": "plan"})
    approved = {"renew_signing_cert_approved_plan": planned.result["plan"]}
    assert done(play(lab, variables=approved)) == ["generate", "publish"] == [a["action"] for a in planned.result["plan"]["actions"]]
    lab.adfs("Update-AdfsCertificate", certificate_type="Token-Signing", urgent=True)
    again = play(lab, variables=approved)
    assert again.code == 2
    assert "it was applied at" in again.messages[-1]
    assert [a["action"] for a in again.done] == ["repair"]


@pytest.mark.long
def test_settings_that_differ_from_the_approved_ones_fail_the_run(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    approving = {"renew_signing_cert_baseline_approved": True}
    assert done(play(lab, variables=approving)) == []
    lab.entra(domain="contoso.com", settings={"federatedIdpMfaBehavior": "acceptIfMfaDoneByFederatedIdp"})
    tampered = play(lab, variables=approving)
    assert (tampered.code, tampered.result["state"]) == (2, "settings_changed")
    (alarm,) = [a for a in tampered.result["alarms"] if a["alarm"] == "baseline"]
    assert "federated_idp_mfa_behavior is acceptIfMfaDoneByFederatedIdp" in alarm["reason"]
