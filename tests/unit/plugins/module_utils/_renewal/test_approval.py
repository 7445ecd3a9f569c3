# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An approved plan is carried out as it is, or refused with what moved; what protects sign-in waits for nobody."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, Play, actions, at, domain, farm, guards, key, observe, plan, remembered, server

from ansible_collections.federation.adfs.plugins.module_utils._renewal import acts
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError, Approved, compare, moved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval_terms import approvable, read_terms, refusals, token
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Applied, Journal, Lock, Scans, note_applied, read_journal, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import Memory
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Decrypting, KeyCheck, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import inherited_from, make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run

MOVED = Approved(("it moved",), ())
DUE = observe(farm(), domain("contoso.com", "OLD"), domain("fabrikam.com", "OLD"))


def shown(play: Play, policy_given: dict[str, Any] | None = None) -> dict[str, Any]:
    made = plan(play.seen, journal=play.journal, now=play.now)
    return json.loads(json.dumps(approvable(show(made, {k: k for k in play.seen.keys}, policy_given or {}), at(0), "")))


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
    (difference,) = moved(shown(play, {"servers": [{"name": "a"}]}), shown(play, {"servers": [{"name": "b"}]}))
    assert difference.startswith("renew_signing_cert_servers was sha256:")


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(ApprovalError, match=r"lacks made_at, farm.*renew_signing_cert_result\.plan"):
        moved({"plan_id": "x"}, shown(Play(DUE)))
    with pytest.raises(ApprovalError, match="is not a plan"):
        moved({"plan_id": "x", "made_at": "x", "farm": 1, "domains": [], "actions": [], "policy": {}}, shown(Play(DUE)))


def test_without_approval_only_protective_acts_are_done() -> None:
    broken = observe(farm(), domain("contoso.com", "EARLIER"))
    play = Play(broken)
    made = play.run(Policy(known_certificates=frozenset({"EARLIER"})), approved=MOVED)
    assert play.done == ["repair"]  # mending sign-in waits for nobody; making a successor does
    assert "approval" in guards(made)


def test_a_refused_plan_writes_no_journal_for_an_act_that_is_not_done() -> None:
    play = Play(DUE)
    made = make_plan(replace(DUE, farm=replace(DUE.farm, time=play.now)), play.journal, Policy(), play.now, Run("run-1"), None, MOVED)
    assert (made.steps, made.journal.lock, made.journal.backups) == ((), None, {})


# -- every kind of act, approved and carried out --------------------------------------------------------------------------------------

FAR = {"OLD": key("OLD", -10, 300)}
STORE = frozenset({"OLD"})
CHECKED = tuple(KeyCheck(name, where) for name in ("NEW", "OLD") for where in ("adfs1", "adfs2"))
HELD = Policy(auto_rollover=False, promote="role")
DECRYPTING = Policy(auto_rollover=False, decrypting=True, promote="role")
SEEN_LONG = Journal(FARM, first_seen={f"tenant/{d}": {k: at(-2) for k in ("OLD", "NEW")} for d in ("contoso.com", "fabrikam.com")})
SETTLED = replace(SEEN_LONG, followed=("NEW", at(-40)), configured=("NEW", ("NEW", "OLD"), at(-40)), own=remembered("OLD"))


def both(signing: str, second: str | None = None) -> tuple[Any, Any]:
    return domain("contoso.com", signing, second), domain("fabrikam.com", signing, second)


def decrypts(name: str, begins: float, ends: float, is_primary: bool) -> Decrypting:
    return Decrypting(name, at(begins), at(ends), is_primary)


KINDS: dict[str, tuple[Any, Policy, Journal]] = {
    "generate": (observe(farm(), *both("OLD")), Policy(), Journal(FARM)),
    "publish": (observe(farm("OLD", "NEW"), *both("OLD")), Policy(), Journal(FARM)),
    "repair": (observe(farm(), *both("EARLIER")), Policy(known_certificates=frozenset({"EARLIER"})), Journal(FARM)),
    "add": (
        observe(farm("OLD", auto_rollover=False, from_store=STORE, key_checks=CHECKED), *both("OLD"), NEW=key("NEW", 0, 365, False)),
        replace(HELD, successor="NEW"),
        Journal(FARM),
    ),
    "promote": (observe(farm("OLD", "NEW", auto_rollover=False), *both("OLD", "NEW")), HELD, SEEN_LONG),
    "suspend_auto_rollover": (observe(farm("OLD", "NEW"), *both("OLD", "NEW")), Policy(promote="role"), SEEN_LONG),
    "restore_auto_rollover": (
        observe(farm("OLD", auto_rollover=False), *both("OLD"), **FAR),
        Policy(),
        Journal(FARM, auto_rollover_wanted=True, auto_rollover_suspended=True),
    ),
    "restart": (
        observe(
            farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), replace(server("adfs2", "OLD", "NEW"), host="two", asked=True))), *both("NEW", "OLD")
        ),
        Policy(restart_servers=True),
        Journal(FARM, configured=("NEW", ("NEW", "OLD"), at(-0.1))),
    ),
    "reorder": (observe(farm("NEW", "OLD"), *both("OLD", "NEW")), Policy(), SETTLED),
    "remove_from_entra": (observe(farm("NEW"), *both("NEW", "OLD")), Policy(remove_old_from_entra=True), SETTLED),
    "remove_from_adfs": (observe(farm("NEW", "OLD", auto_rollover=False), *both("NEW", "OLD")), Policy(remove_old_from_adfs=True), SETTLED),
    "evict": (
        observe(farm("OLD", "NEW"), *both("OLD", "NEW")),
        Policy(compromised=frozenset({"OLD"}), emergency_priority="containment"),
        Journal(FARM),
    ),
    "generate for decrypting": (
        observe(farm(auto_rollover=False, decrypting=(decrypts("D1", -340, 25, True),)), *both("OLD"), **FAR),
        DECRYPTING,
        Journal(FARM),
    ),
    "promote for decrypting": (
        observe(farm(auto_rollover=False, decrypting=(decrypts("D1", -340, 25, True), decrypts("D2", -2, 365, False))), *both("OLD"), **FAR),
        DECRYPTING,
        Journal(FARM),
    ),
    "remove_from_adfs for decrypting": (
        observe(farm(auto_rollover=False, decrypting=(decrypts("D2", -340, 25, True), decrypts("D1", -700, -1, False))), *both("OLD"), **FAR),
        DECRYPTING,
        Journal(FARM),
    ),
}


def display(made: Any) -> dict[str, Any]:
    return json.loads(json.dumps(approvable(show(made, {k: k for k in made.first.seen.keys}, {}), at(0), "")))


@pytest.mark.parametrize("kind", KINDS)
def test_an_approved_plan_with_this_kind_of_act_goes_through_to_its_end(kind: str) -> None:
    seen, policy, journal = KINDS[kind]
    play = Play(seen, journal)
    plain = play.plan(policy)
    action, _space, certificate_type = kind.partition(" for ")
    assert action in actions(plain)
    if certificate_type:
        assert "Token-Decrypting" in [step.act.certificate_type for step in plain.steps if step.act.action == action]
    approved = display(plain)
    play.run(policy, approve=lambda made: compare(approved, display(made)))
    assert play.done == [a["action"] for a in approved["actions"]]
    last = play.plan(policy, approve=lambda made: compare(approved, display(made)))
    assert "approval" not in guards(last)


@pytest.mark.parametrize("by_us", [True, False])
def test_the_second_key_that_an_emergency_makes_in_the_run_is_no_difference_where_these_runs_made_it(by_us: bool) -> None:
    seen, policy, journal = KINDS["evict"]
    play = Play(seen, journal)
    approved = display(play.plan(policy))
    generate = next(a for a in approved["actions"] if a["action"] == "generate")
    promote = next(a for a in approved["actions"] if a["action"] == "promote")
    gone = [{**generate, "action": "remove_from_adfs", "thumbprint": old, "certificate": None} for old in ("OLD", "NEW")]
    done = [gone[1], generate, {**promote, "thumbprint": "N1", "certificate": None}, gone[0], generate]
    now = {**approved, "farm": {**approved["farm"], "primary": "N1", "certificates": ["N1", "N2"], "successor": "N2"}}
    found = compare(approved, now, lambda made: by_us or made != "N1", done)
    assert (found.moved == ()) is by_us, found.moved


def test_every_kind_of_act_is_among_them() -> None:
    assert {kind.partition(" ")[0] for kind in KINDS} == set(acts.KINDS)


def test_a_run_that_died_in_the_middle_of_an_act_on_domains_goes_on() -> None:
    seen, policy, journal = KINDS["reorder"]
    approved = display(Play(seen, journal).plan(policy))
    halfway = Play(replace(seen, domains=(both("NEW", "OLD")[0], seen.domains[1])), journal)
    halfway.run(policy, approve=lambda made: compare(approved, display(made)))
    assert halfway.done == ["reorder"] and halfway.slots == {"contoso.com": ("NEW", "OLD"), "fabrikam.com": ("NEW", "OLD")}


# -- what the approved plan did not know -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [False, True])
def test_a_successor_that_somebody_else_made_is_named_and_published_and_promoted_only_if_any_was_approved(allowed: bool) -> None:
    policy = replace(HELD, renew_before=timedelta(days=60))
    planned = Play(observe(farm(auto_rollover=False), *both("OLD"))).plan(policy)
    approved = display(planned)
    approved["policy"] = {"approve_any_successor": allowed}
    assert [a["action"] for a in approved["actions"]] == ["generate", "publish"]
    there = Play(observe(farm("OLD", "NEW", auto_rollover=False), *both("OLD")))
    judged = compare(approved, display(there.plan(policy)), ours=lambda _key: False)
    made = there.run(policy, approve=lambda now: compare(approved, display(now), ours=lambda _key: False))
    assert there.done == ["publish"]  # protective
    assert ("NEW was made by somebody else" in "; ".join(judged.moved)) is not allowed
    assert ("another_successor" in {a.alarm for a in made.alarms}) is allowed
    assert ("approval" in guards(made)) is not allowed


def test_gated_acts_that_time_added_wait_for_the_next_plan() -> None:
    seen, policy, journal = KINDS["promote"]
    approved = display(Play(seen, journal).plan(policy))
    assert [a["action"] for a in approved["actions"]] == ["promote"]
    play = Play(seen, journal)
    play.run(policy, approve=lambda made: compare(approved, display(made)))
    play.servers_follow()
    made = play.run(policy, approve=lambda now: compare(approved, display(now)))
    assert play.done == []
    (waits,) = [b for b in made.blocks if b.condition == "next_plan"]
    assert "reorder: contoso.com, fabrikam.com" in waits.reason and "approval" not in guards(made)


def test_what_protects_sign_in_is_done_beside_the_approved_plan_and_named_and_the_rest_of_the_plan_goes_on() -> None:
    seen, policy, journal = KINDS["generate"]
    approved = display(Play(seen, journal).plan(policy))
    # Sign-in of a third domain, which is part of the plan as it was, broke since.
    late = domain("late.com", "OLD")
    approved["domains"].append({"tenant_id": "tenant", "domain": "late.com", "slots": {"signing": "EARLIER", "next": None}})
    play = Play(replace(seen, domains=(*seen.domains, replace(late, slots=Slots("EARLIER", None)))), journal)
    policy = replace(policy, known_certificates=frozenset({"EARLIER"}))
    done: list[dict[str, Any]] = []

    def approve(made: Any) -> Approved:
        return compare(approved, display(made), done=done)

    first = play.plan(policy, approve=approve)
    assert actions(first)[0] == "repair"
    assert next(a.reason for a in first.alarms if a.alarm == "not_in_plan").startswith("repair: late.com")
    done.append(display(first)["actions"][0])
    play._carry_out(first)
    assert actions(play.plan(policy, approve=approve))[0] == "generate"


# -- what an approval is held to -------------------------------------------------------------------------------------------------------

MADE = shown(Play(DUE))
LAUNCHED = {"two_people": "true", "planned_by": "", "launched_by": "bob"}


EMPTY = Journal(FARM)


def refused(approved: dict[str, Any] = MADE, journal: Journal = EMPTY, run: str = "run-2", days: float = 0, **terms: Any) -> str:
    return "; ".join(refusals(approved, read_terms(terms), journal, run, at(days)))


@pytest.mark.parametrize(("terms", "good"), [({}, 7), ({"max_age": "12h"}, 0.5), ({"max_age": 30}, 30), ({"max_age": ""}, 7)])
def test_a_plan_is_good_for_a_while(terms: dict[str, Any], good: float) -> None:
    assert refused(days=good - 0.01, **terms) == ""
    assert "was good until" in refused(days=good, **terms)


def test_a_plan_of_the_future_is_none() -> None:
    assert "it says that it was made at" in refused(days=-1)


def test_a_plan_is_good_for_one_application_and_a_run_that_died_in_it_is_continued() -> None:
    applied = note_applied(Journal(FARM), token(MADE), "run-1", at(0))
    assert refused(journal=applied, run="run-1") == ""
    assert "it was applied at" in refused(journal=applied)
    died = replace(applied, lock=Lock("run-1"))
    assert refused(journal=died) == ""
    went_on = note_applied(died, token(MADE), "run-2", at(1))
    assert went_on.applied == {token(MADE): Applied("run-2", at(0))}
    assert "it was applied at" in refused(journal=replace(went_on, lock=Lock("run-3")), run="run-3")
    anew = json.loads(json.dumps(approvable(show(plan(DUE), {}, {}), at(1), "")))  # the same state planned again is another approval
    assert anew["plan_id"] == MADE["plan_id"]
    assert refused(anew, applied, days=1) == ""


def test_what_a_run_made_that_died_is_known_as_ours_also_after_its_lock_was_taken() -> None:
    seen = observe(farm("OLD", "NEW", "STRANGER"), domain("contoso.com", "OLD"))
    left = replace(EMPTY, lock=Lock("run-1"), scans=Scans("OLD", (at(0),)))
    memory = Memory("run-2", inherited=inherited_from(Memory("run-2"), left, seen))
    assert memory.inherited == ("NEW",)
    assert inherited_from(memory, replace(left, lock=Lock("run-2")), seen) == ("NEW",)
    assert inherited_from(memory, replace(left, lock=None), seen) == ("NEW",)
    assert inherited_from(Memory("run-2"), replace(left, lock=Lock("run-2")), seen) == ()


def test_the_journal_keeps_which_plans_were_applied() -> None:
    applied = note_applied(Journal(FARM), token(MADE), "run-1", at(0))
    assert read_journal(json.loads(json.dumps(write_journal(applied))), FARM) == applied


@pytest.mark.parametrize(
    ("plan_says", "terms", "said"),
    [
        ("alice", LAUNCHED, ""),
        ("Bob", LAUNCHED, "bob made it and approved it"),
        ("bob", {**LAUNCHED, "approved_by": "alice"}, ""),
        ("alice", {**LAUNCHED, "workflow": True}, "it is not known who approved it"),
        ("alice", {**LAUNCHED, "workflow": True, "approved_by": "carol"}, ""),
        ("", {"two_people": True, "approved_by": "carol"}, "does not say who made it"),
        ("bob", {**LAUNCHED, "two_people": False}, ""),
    ],
)
def test_two_people(plan_says: str, terms: dict[str, Any], said: str) -> None:
    found = refused({**MADE, "planned_by": plan_says}, **terms)
    assert said in found and bool(said) == bool(found)


def test_a_farm_without_a_plan_does_only_what_protects_sign_in() -> None:
    assert read_terms({}).plan_for(FARM) is None
    assert read_terms({"required": "True"}).plan_for(FARM) == read_terms({"plans": {"other": MADE}}).plan_for(FARM) == {}
    nothing = compare({}, shown(Play(DUE)))
    play = Play(observe(farm(), domain("contoso.com", "EARLIER")))
    made = play.run(Policy(known_certificates=frozenset({"EARLIER"})), approved=nothing)
    assert play.done == ["repair"]
    assert f"has none for the farm {FARM}" in next(b.reason for b in made.blocks if b.condition == "approval")


def test_only_the_first_gated_act_of_the_plan_applies_it() -> None:
    play = Play(DUE)
    judged = compare(MADE, shown(play))
    generate, publish = (step.act for step in plan(play.seen).steps)
    assert token(MADE) in judged.note(Journal(FARM), generate, "run-1", at(0)).applied
    assert judged.note(Journal(FARM), publish, "run-1", at(0)).applied == {}
    assert replace(judged, refused=("why",)).note(Journal(FARM), generate, "run-1", at(0)).applied == {}


def test_a_plan_that_is_handed_on_holds_no_texts_and_no_lists_of_the_policy() -> None:
    given = {"promote": "role", "renew_before": "30d", "fail_on": ["broken"], "servers": [{"name": "secret.example.com"}]}
    made = shown(Play(DUE), given)
    assert {name: made["policy"][name] for name in ("promote", "renew_before", "fail_on")} == {"promote": "role", "renew_before": "30d", "fail_on": ["broken"]}
    assert "secret.example.com" not in json.dumps(made)
    assert not {"reason", "said", "settings"} & {name for entry in (*made["actions"], *made["domains"]) for name in entry}
