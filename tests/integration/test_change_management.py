# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned by one playbook run, approved, applied by another, with the sign-in oracle watching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from loading import load_collection

from lab.running import Lab
from playing import ROOT, Run, play, with_thumbprints

load_collection()
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import KINDS  # noqa: E402 - only now it can be found

PLAN = ROOT / "playbooks" / "plan_signing_cert.yml"
APPLY = ROOT / "playbooks" / "apply_signing_cert.yml"
BACK = ROOT / "playbooks" / "rollback_signing_cert.yml"
EMERGENCY = ROOT / "playbooks" / "emergency_rotation.yml"
HAND_BACK = ROOT / "playbooks" / "hand_back.yml"


def planned(lab: Lab, **variables: Any) -> dict[str, Any]:
    """Plan with the playbook; what it hands on."""
    run = play(lab, PLAN, variables=variables or None)
    assert run.done == [], run.output
    plans = run.kept["stats"].get("renew_signing_cert_plans")
    assert plans, run.output
    return {"renew_signing_cert_plans": plans}


def done(run: Run) -> list[str]:
    return [action["action"] for action in run.done]


def failing(run: Run) -> list[str]:
    return [f["fail_on"] for f in run.result["failures"]]


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def test_what_was_planned_is_applied_hours_later_and_only_once(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    plans = planned(lab)
    assert lab.writes() == []
    lab.advance(hours=6)
    applied = play(lab, APPLY, variables=plans)
    assert (applied.code, done(applied)) == (0, ["generate", "publish"]), applied.output
    again = play(lab, APPLY, variables=plans)
    assert (again.code, done(again), failing(again)) == (2, [], ["approval"])
    assert "it was applied at" in again.messages[-1]
    assert refused(lab) == 0


EARLY = {"renew_signing_cert_renew_before": "300d"}  # so early that nothing is owed yet, and a renewal waits for its approval


@pytest.mark.long
def test_after_eight_days_a_plan_is_refused(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    plans = planned(lab, **EARLY)
    lab.advance(days=8)
    late = play(lab, APPLY, variables={**plans, **EARLY})
    assert (late.code, done(late), failing(late)) == (2, [], ["approval"])
    assert "was good until" in late.messages[-1]
    assert refused(lab) == 0


@pytest.mark.long
def test_one_domain_changed_and_only_what_protects_sign_in_is_done_and_named(start: Callable[..., Lab]) -> None:
    lab = start("foreign")
    lab.entra(domain="fabrikam.com", next=None)
    plans = planned(lab, **EARLY)
    assert "generate" in [a["action"] for plan in plans["renew_signing_cert_plans"].values() for a in plan["actions"]]
    lab.entra(domain="contoso.com", signing="stranger")
    moved = play(lab, APPLY, variables={**plans, **EARLY})
    assert (moved.code, done(moved), "approval" in failing(moved)) == (2, ["repair"], True)
    assert "contoso.com held" in moved.messages[-1]
    assert [a["reason"].partition(" (")[0] for a in moved.result["alarms"] if a["alarm"] == "not_in_plan"] == ["repair: contoso.com"]


@pytest.mark.long
def test_somebody_elses_successor_is_named_and_what_needs_an_approval_is_not_done(start: Callable[..., Lab]) -> None:
    lab = start("rollover-off")
    ours = {"renew_signing_cert_auto_rollover": False, "renew_signing_cert_promote": "role"}
    plans = planned(lab, **ours)
    lab.adfs("Set-AdfsProperties", AutoCertificateRollover=True)
    lab.adfs("Update-AdfsCertificate", certificate_type="Token-Signing", urgent=False)
    lab.adfs("Set-AdfsProperties", AutoCertificateRollover=False)
    first = play(lab, APPLY, variables={**plans, **ours})
    assert (first.code, done(first), failing(first)) == (2, ["publish"], ["approval"]), first.output
    assert "was made by somebody else" in first.messages[-1]
    lab.advance(hours=24.5)
    later = play(lab, APPLY, variables={**plans, **ours})
    assert (later.code, done(later), failing(later)) == (2, [], ["approval"])
    assert refused(lab) == 0


def test_a_farm_without_a_plan_of_its_own_is_refused(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    run = play(lab, APPLY)
    assert (run.code, done(run), failing(run)) == (2, [], ["approval"])
    assert "has none for the farm http://sts.contoso.com/adfs/services/trust" in run.messages[-1]


# -- every kind of act ---------------------------------------------------------------------------------------------------------------

OFF = {"renew_signing_cert_auto_rollover": False, "renew_signing_cert_promote": "role"}
DECRYPTING = {**OFF, "renew_signing_cert_decrypting": True, "renew_signing_cert_renew_before": "300d"}
BOUGHT = {"renew_signing_cert_successor": "certificate:following"}
RESTARTS = {"renew_signing_cert_restart_servers": True}
CLEANED = {"renew_signing_cert_remove_old_from_entra": True}
REMOVED = {**OFF, "renew_signing_cert_remove_old_from_adfs": True}
GOING_BACK = {"renew_signing_cert_rollback": True}
STOLEN = {"renew_signing_cert_compromised": ["certificate:current"]}


@dataclass(frozen=True)
class Step:
    """``variables`` of plan and application, the time that ``passes`` before them, the ``acts``, and what the application ``fails`` for all the same."""

    acts: list[str]
    variables: dict[str, Any] = field(default_factory=dict)
    passes: dict[str, float] = field(default_factory=dict)
    fails: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """``removed``: what somebody takes out of AD FS before. ``broken``: the domains in which nobody can sign in before."""

    scenario: str
    steps: list[Step]
    switches: dict[str, Any] = field(default_factory=dict)
    removed: str = ""
    broken: tuple[str, ...] = ()


STORIES: dict[str, Story] = {
    "a clock held and given back": Story(
        "promotion-tonight",
        [
            Step(["suspend_auto_rollover", "publish"]),
            Step(["restore_auto_rollover"], passes={"hours": 24.5}),
            Step(["reorder"], passes={"days": 2}),
        ],
    ),
    "promoted by the role, removed, then the decrypting one": Story(
        "rollover-off",
        [
            Step(["generate", "publish"], OFF),
            Step(["promote"], OFF, {"hours": 24.5}),
            Step(["reorder"], OFF, {"minutes": 15}),
            Step(["remove_from_adfs"], REMOVED, {"days": 16}),
            Step(["generate Token-Decrypting"], DECRYPTING, {"days": 2}),
            Step(["promote Token-Decrypting"], DECRYPTING, {"hours": 2}),
        ],
    ),
    "a decrypting one that ended stands in the way": Story(
        "decrypting-ended", [Step(["remove_from_adfs Token-Decrypting", "generate Token-Decrypting"], {**OFF, "renew_signing_cert_decrypting": True})]
    ),
    "a certificate from elsewhere": Story("custom-certificate", [Step(["add", "publish"], BOUGHT)], removed="following"),
    "servers that keep signing with the old certificate": Story(
        "custom-certificate",
        [
            Step(["publish"]),
            Step(["promote"], passes={"hours": 24.5}),
            Step(["restart", "restart", "reorder"], RESTARTS, {"minutes": 40}),
        ],
        switches={"farm": {"restart_needed_after_manual_promotion": True}},
    ),
    "a broken domain": Story("mismatch", [Step(["repair"])], broken=("contoso.com", "fabrikam.com")),
    "what is not needed any more": Story(
        "settled",
        [
            Step([], CLEANED),
            Step(["remove_from_entra"], CLEANED, {"hours": 30}),
        ],
    ),
    "a successor that is taken back": Story("expiring", [Step(["generate", "publish"]), Step(["suspend_auto_rollover", "remove_from_adfs"], GOING_BACK)]),
    "stolen keys": Story(
        "in-sync",
        [
            Step(["suspend_auto_rollover", "generate", "publish"], STOLEN, fails=["emergency"]),
            Step(["promote"], STOLEN, {"hours": 24.5}, fails=["emergency"]),
            Step(["evict", "remove_from_adfs", "restore_auto_rollover"], STOLEN, {"minutes": 15}, fails=["emergency"]),
        ],
    ),
}
QUICK = "a certificate from elsewhere"


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name == QUICK else [pytest.mark.long]) for name in STORIES])
def test_every_kind_of_act_is_planned_and_applied(name: str, start: Callable[..., Lab]) -> None:
    story = STORIES[name]
    lab = start(story.scenario, switches=story.switches)
    if story.removed:
        lab.adfs("Remove-AdfsCertificate", certificate_type="Token-Signing", thumbprint=lab.addresses["certificates"][story.removed])
    lab.clear_signins()
    lab.sign_in()
    assert refused_at(lab) == set(story.broken)
    for step in story.steps:
        if step.passes:
            lab.advance(**step.passes)
        variables = with_thumbprints(step.variables, lab)
        plans = planned(lab, **variables)
        (plan,) = plans["renew_signing_cert_plans"].values()
        assert said(plan["actions"]) == step.acts
        applied = play(lab, APPLY, variables={**plans, **variables})
        assert (said(applied.done), failing(applied)) == (step.acts, step.fails), applied.output
    if story.broken:  # what was refused before the repair is no fault of it
        lab.advance(hours=1)
        lab.clear_signins()
    lab.advance(days=2)
    assert refused_at(lab) == set()


def test_every_kind_of_act_is_among_the_stories() -> None:
    told = {act for story in STORIES.values() for step in story.steps for act in step.acts}
    assert {act.partition(" ")[0] for act in told} == set(KINDS)
    assert {act for act in told if " " in act} == {f"{kind} Token-Decrypting" for kind in ("generate", "promote", "remove_from_adfs")}


def refused_at(lab: Lab) -> set[str]:
    """The domains in which a sign-in was refused since the oracle counts."""
    return {domain for domain, tally in lab.signins()["by_domain"].items() if tally["refused"]}


def said(actions: list[dict[str, Any]]) -> list[str]:
    return [f"{a['action']} {a['certificate_type']}" if a.get("certificate_type") == "Token-Decrypting" else str(a["action"]) for a in actions]


# -- going back, stolen keys, and the last day ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_playbooks_that_roll_back_and_hand_back(start: Callable[..., Lab]) -> None:
    lab = start("promotion-tonight")
    assert done(play(lab)) == ["suspend_auto_rollover", "publish"]
    waits = play(lab, HAND_BACK)
    assert (waits.code, done(waits), "hand_back" in failing(waits)) == (2, [], True)
    lab.advance(hours=24.5)
    handed = play(lab, HAND_BACK)
    assert (done(handed), "hand_back" in failing(handed)) == (["restore_auto_rollover"], False), handed.output
    assert "nothing is unfinished" in next(a["reason"] for a in handed.result["alarms"] if a["alarm"] == "hand_back")
    back = play(lab, BACK)
    assert done(back) == ["suspend_auto_rollover", "remove_from_adfs"]
    assert back.result["state"] == "paused"
    assert refused(lab) == 0


@pytest.mark.long
def test_an_emergency_is_confirmed_by_thumbprint_and_can_be_drilled(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    stolen = lab.addresses["certificates"]["current"]
    unconfirmed = play(lab, EMERGENCY)
    assert unconfirmed.code == 2
    assert "Confirm with renew_signing_cert_compromised" in unconfirmed.messages[0]
    odd = play(lab, EMERGENCY, variables={"renew_signing_cert_compromised": stolen, "renew_signing_cert_drill": "ture"})
    assert "renew_signing_cert_drill must be true or false" in odd.messages[0]
    assert lab.log("adfs") == []
    drill = play(lab, EMERGENCY, variables={"renew_signing_cert_compromised": stolen, "renew_signing_cert_drill": True, "renew_signing_cert_mode": "apply"})
    assert (done(drill), lab.writes()) == ([], [])
    assert [a["action"] for a in drill.result["planned"]] == ["suspend_auto_rollover", "generate", "publish"]
    real = play(lab, EMERGENCY, variables={"renew_signing_cert_compromised": stolen})
    assert done(real) == ["suspend_auto_rollover", "generate", "publish"]
    assert refused(lab) == 0


@pytest.mark.long
@pytest.mark.parametrize("priority", ["availability", "containment"])
def test_a_drill_tells_the_times_that_the_real_emergency_then_takes(priority: str, start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    stolen = lab.addresses["certificates"]["current"]
    theft = {"renew_signing_cert_compromised": stolen, "renew_signing_cert_emergency_priority": priority}
    drill = play(lab, EMERGENCY, variables={**theft, "renew_signing_cert_drill": True}).result["emergency"]
    assert drill["containment"]["contained_at"] is None
    run = play(lab, EMERGENCY, variables=theft)
    first = run.result["emergency"]
    assert ("contoso.com" in first["sign_in_gap"]["domains_without_sign_in"]) == (priority == "containment")
    for _run in range(8):  # the next command, at the time that the summary names
        if run.result["emergency"]["containment"]["contained_at"] is not None:
            break
        lab.advance_to(datetime.fromisoformat(run.result["next_run_at"].replace("Z", "+00:00")))
        run = play(lab, EMERGENCY, variables=theft)
    took = run.result["emergency"]["containment"]
    # What is planned counts the safety margin and the servers in full: the runs, each at the time that is named, are not later and not much earlier.
    assert drill["containment"]["planned_hours"] - 2 <= took["hours"] <= drill["containment"]["planned_hours"], (drill, took)
    lab.advance_to(datetime.fromisoformat(took["contained_at"].replace("Z", "+00:00")))
    assert not [d["domain"] for d in lab.state()["domains"] if stolen in str([d["configured"], d["accepted"]])]
    if priority == "containment":  # sign-in stood still, on purpose
        assert refused(lab) > 0
        lab.clear_signins()
    lab.sign_in()
    assert refused(lab) == 0


# -- the first day ---------------------------------------------------------------------------------------------------------------------

PREFLIGHT = ROOT / "playbooks" / "preflight.yml"


@pytest.mark.long
def test_a_preflight_finds_nothing_where_all_is_well_and_says_how_to_mend_what_is_not(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    well = play(lab, PREFLIGHT)
    assert (well.code, [line[:4] for line in well.summary]) == (0, ["ok  "] * len(well.summary)), well.output
    lab.entra(permissions=["Domain.Read.All", "Domain-InternalFederation.Read.All", "Directory.ReadWrite.All"])
    lab.fault(surface="metadata", node="adfs2.contoso.com", do={"kind": "status", "status": 503}, count=-1)
    ill = play(lab, PREFLIGHT)
    assert ill.code == 2
    mends = [line for line in ill.summary if line.startswith("MEND")]
    assert [
        "metadata of adfs2.contoso.com" in mends[0],
        "grant Domain-InternalFederation.ReadWrite.All" in mends[1],
        "take away Directory.ReadWrite.All" in mends[2],
    ]
    assert lab.writes() == []
    lab.fault(surface="winrm", operation="Create", do={"kind": "status", "status": 503}, count=-1)
    far = play(lab, PREFLIGHT)
    assert far.code in (2, 4) and far.messages
