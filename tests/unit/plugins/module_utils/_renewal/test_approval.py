# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An approved plan is carried out as it is, or refused with what moved; what protects sign-in waits for nobody."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import Play, domain, farm, guards, observe, plan

from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError, moved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy

DUE = observe(farm(), domain("contoso.com", "OLD"), domain("fabrikam.com", "OLD"))


def shown(play: Play, policy_given: dict[str, Any] | None = None) -> dict[str, Any]:
    made = plan(play.seen, journal=play.journal, now=play.now)
    return json.loads(json.dumps(show(made, {k: k for k in play.seen.keys}, policy_given or {})))


def test_the_same_plan_is_the_approved_one() -> None:
    play = Play(DUE)
    assert moved(shown(play), shown(play)) == []


def test_what_is_left_of_it_after_some_acts_is_approved_too() -> None:
    play = Play(DUE)
    approved = shown(play)
    assert [a["action"] for a in approved["actions"]] == ["generate", "publish"]
    play._carry_out(plan(play.seen))  # the run died after the first act
    assert [a["action"] for a in shown(play)["actions"]] == ["publish"]
    assert moved(approved, shown(play)) == []
    play.run()
    assert moved(approved, shown(play)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: replace(s, farm=replace(s.farm, primary="NEW", certificates=frozenset({"NEW", "OLD"}))), "primary certificate was OLD and is NEW"),
        (lambda s: replace(s, farm=replace(s.farm, certificates=frozenset({"EARLIER", "OLD"}))), "AD FS held OLD and holds EARLIER, OLD"),
        (
            lambda s: replace(s, domains=(replace(s.domains[0], slots=Slots("OLD", "EARLIER")), s.domains[1])),
            "contoso.com held OLD and nothing and holds OLD and EARLIER",
        ),
        (lambda s: replace(s, domains=s.domains[:1]), "fabrikam.com held OLD and nothing and holds no settings"),
        (lambda s: replace(s, farm=replace(s.farm, identifier="http://other")), "is about the farm"),
    ],
)
def test_whatever_moved_is_named(change: Any, said: str) -> None:
    approved = shown(Play(DUE))
    differences = moved(approved, shown(Play(change(DUE))))
    assert said in "; ".join(differences)


def test_another_policy_is_another_plan() -> None:
    play = Play(DUE)
    assert moved(shown(play, {"promote": "adfs"}), shown(play, {"promote": "role"})) == ["renew_signing_cert_promote was adfs and is role"]


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(ApprovalError, match=r"lacks farm.*renew_signing_cert_result\.plan"):
        moved({"plan_id": "x"}, shown(Play(DUE)))
    with pytest.raises(ApprovalError, match="is not a plan"):
        moved({"plan_id": "x", "farm": 1, "domains": [], "actions": [], "policy": {}}, shown(Play(DUE)))


def test_without_approval_only_protective_acts_are_done() -> None:
    broken = observe(farm(), domain("contoso.com", "EARLIER"))
    play = Play(broken)
    made = play.run(Policy(known_certificates=frozenset({"EARLIER"})), not_approved="it moved")
    assert play.done == ["repair"]  # mending sign-in waits for nobody; making a successor does
    assert "approval" in guards(made)


def test_a_refused_plan_writes_no_journal_for_an_act_that_is_not_done() -> None:
    play = Play(DUE)
    made = make_plan(replace(DUE, farm=replace(DUE.farm, time=play.now)), play.journal, Policy(), play.now, "run-1", None, "it moved")
    assert (made.steps, made.write_journal) == ((), False)
