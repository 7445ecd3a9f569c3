# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories in which a run said what was not so, or kept quiet: what the core says in each, with its siblings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Provider, Server, Slots, Thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, Span
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import _thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run

from .life import DAY, Life, ends, failing, reasons, three
from .world import FARM, START, actions, at, domain, farm, guards, key, observe, plan, remembered, server, written

FAR = {"OLD": key("OLD", -100, 265)}
INT32 = 2**31 - 1


def life(end: float = 60, slots: Slots = Slots("OLD", None), **more: object) -> Life:  # noqa: B008 - nobody changes it
    return Life(observe(farm(**more), *three(slots), **ends(end)))


# -- a state says what was seen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"error": "HTTP 403", "slots": Slots(None, None)}, {"configured": False, "slots": Slots(None, None)}])
def test_what_could_not_be_read_changes_no_state_and_is_named_with_its_reason_and_fails_the_run(change: dict[str, object]) -> None:
    seen = observe(farm(), *three()[:2], replace(three()[2], **change), **FAR)
    made = plan(seen)
    assert made.first.state == "steady"
    assert "unreadable" in failing(made) and "d3" in reasons(made, "unreadable")
    assert ("HTTP 403" if "error" in change else "federat") in reasons(made, "unreadable")
    assert [a.object for a in made.alarms if a.alarm == "unreadable"] == ["d3"]
    acknowledged = plan(seen, Policy(domains_acknowledged=frozenset({("d3", "OLD")})))
    assert "unreadable" not in failing(acknowledged)
    assert "unreadable" in failing(plan(seen, Policy(domains_acknowledged=frozenset({("d3", "STRANGER")}))))


def test_a_domain_whose_first_member_is_empty_is_told_as_it_is_and_written_in_order() -> None:
    made = plan(observe(farm(), *three()[:2], replace(three()[2], slots=Slots(None, "OLD")), **FAR))
    assert (made.first.state, actions(made)) == ("promoted", [])
    assert not made.first.broken
    broken = plan(observe(farm(), *three()[:2], replace(three()[2], slots=Slots(None, None)), **FAR))
    assert broken.first.state == "broken" and written(broken, "repair") == {"d3": ("OLD", None)}


def test_a_tenant_of_which_nothing_was_read_is_not_counted_as_a_domain() -> None:
    tenant = domain("", None, None, tenant_id="second", sign_in_host=None, error="the token was refused")
    with_others, alone = (show(plan(observe(farm(), *some, tenant, **FAR)), {"OLD": "x"}, {}, mode="apply")["summary"] for some in (three(), ()))
    assert any("3 of 3 domains accept" in line and "of tenant second nothing is known" in line for line in with_others), with_others
    assert any("3 federated domains" in line and "1 tenant could not be read" in line for line in with_others), with_others
    assert any("Which domains accept the certificate" in line for line in alone), alone
    assert not any("0 of 1 domain" in line or "1 of 1 domain" in line or "1 domain" in line for line in alone), alone


def test_a_tenant_of_which_nothing_was_read_is_one_failure_with_its_cause() -> None:
    tenant = domain("", None, None, tenant_id="second", sign_in_host=None, error="the token was refused")
    made = plan(observe(farm(), *three(), tenant, **FAR))
    assert reasons(made, "unreadable").count("the token was refused") == 1


HELD = Journal(FARM, auto_rollover_wanted=True, auto_rollover_suspended=True, suspended_for="OLD")


@pytest.mark.parametrize(("policy", "lets"), [(Policy(), True), (Policy(pause=True), False), (Policy(protect=False), False)])
def test_a_last_call_is_announced_only_where_it_comes(policy: Policy, lets: bool) -> None:
    """d3 is excluded, so the clock stays held; a pause, or protection that was given up, means that nobody gives it back by itself."""
    lasting = replace(policy, domains_excluded=frozenset({"d3"}), servers_complete=True)
    made = plan(observe(farm("OLD", "NEW", auto_rollover=False), *three(Slots("OLD", None))), lasting, HELD)
    told = reasons(made, "held")
    assert told.startswith("AD FS' clock is held because of ") and "unpublished (d3)" in told
    assert ("let sign all the same" in told) is lets


# -- several successors --------------------------------------------------------------------------------------------------------------


def test_of_several_successors_the_published_one_stays_nothing_more_is_published_and_the_run_says_and_fails() -> None:
    keys = {"YOUNG": key("YOUNG", 1, 366), **ends(29)}
    seen = observe(farm("OLD", "NEW", "YOUNG"), *three(Slots("OLD", "NEW"))[:2], domain("d3", "OLD"), **keys)
    it = Life(seen)
    made = it.daily(3)
    assert {d.slots for d in list(it.domains.values())[:2]} == {Slots("OLD", "NEW")} and it.domains["d3"].slots == Slots("OLD", None)
    assert all("several_successors" in failing(p) and "several_successors" in guards(p) for p in made)
    assert it.farm.auto_rollover is False
    it.configure(certificates=frozenset({"OLD", "NEW"}))
    it.daily(10)
    assert it.lost == []


def test_a_published_successor_is_not_rewritten_to_a_younger_one() -> None:
    it = life(29)
    it.run()
    it.make("YOUNG")
    it.daily(2)
    assert {d.slots for d in it.domains.values()} == {Slots("OLD", "BORN1")}


# -- a third certificate -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["primary server", "secondary server"])
def test_a_third_certificate_is_an_alarm_and_keeps_the_successor_from_being_ready_and_the_clock_from_being_given_back(where: str) -> None:
    it = Life(observe(farm("OLD", "NEW"), *three(Slots("OLD", "NEW")), **ends(29)))
    it.daily(2)
    assert it.plans[-1].first.ready
    if where == "primary server":
        it.configure(certificates=frozenset({"OLD", "NEW", "EARLIER"}))
    else:
        it.farm = replace(it.farm, servers=(it.farm.servers[0], server("adfs2", "OLD", "NEW", "EARLIER")))
    it.run()
    made = it.plans[-1]
    assert not made.first.ready and "third_certificate" in {a.alarm for a in made.alarms} and "third_certificate" in guards(made)
    assert "restore_auto_rollover" not in it.done and "promote" not in it.done
    it.daily(2, Policy(promote="role"))
    assert it.farm.primary == "OLD"


# -- numbers that AD FS may return ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["generation", "promotion", "critical", "check", "duration", "poll"])
@pytest.mark.parametrize("size", [0, 1, INT32])
def test_no_threshold_that_adfs_may_return_ends_a_run(name: str, size: int) -> None:
    unit = DAY * size if size < INT32 else timedelta(days=36525)
    changes = {"poll": unit} if name == "poll" else {"thresholds": replace(Thresholds(), **{name: unit})}
    for keys in (ends(29), FAR):
        for certificates in (("OLD",), ("OLD", "NEW")):
            made = plan(observe(farm(*certificates, **changes), *three(), **keys))
            show(made, {k: k for k in made.first.seen.keys}, {})


@pytest.mark.parametrize("multiplier", [0, 1, 1440, INT32])
def test_thresholds_as_they_are_read_saturate(multiplier: int) -> None:
    names = ("generation_days", "promotion_days", "critical_days", "rollover_interval_minutes", "duration_days")
    read = _thresholds({**dict.fromkeys(names, INT32), "threshold_multiplier_minutes": multiplier}, "adfs1", [])
    assert max(read.generation, read.promotion, read.critical, read.check, read.duration) <= timedelta(days=36525)


def test_certificates_that_end_with_the_calendar_end_no_run() -> None:
    for_ever = {"OLD": replace(key("OLD", -100, 1), not_after=START.replace(year=9999, month=12, day=31))}
    made = plan(observe(farm(), *three(), **for_ever))
    assert actions(made) == [] and show(made, {"OLD": "x"}, {})["state"] == "steady"


# -- now, would, will ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["plan", "audit", "check"])
def test_what_a_run_that_changes_nothing_says_is_of_today_and_its_deadline_and_failures_agree(mode: str) -> None:
    it = life(10)
    made = it.run(acts=False)
    shown = show(made, {k: k for k in it.keys}, {}, mode=mode)
    assert "every domain holds the successor" not in "\n".join(shown["summary"]) and shown["state"] == "steady"
    assert "deadline" in failing(made) and made.first.deadline is not None and made.last.deadline is None
    assert it.acts == [] and it.journal.scans is None


# -- the farm's own stolen key -------------------------------------------------------------------------------------------------------


def test_a_stolen_key_of_the_farm_is_never_called_somebody_elses_nor_listed_as_one_that_might_be_known() -> None:
    it = life(300, Slots("OLD", "EARLIER"))
    it.journal = replace(it.journal, own=remembered("OLD", "EARLIER"))
    it.daily(20, Policy(compromised=frozenset({"OLD"}), domains_excluded=frozenset({"d1"})))
    alarms = [a for p in it.plans for a in p.alarms]
    assert not [a for a in alarms if a.alarm == "unknown_certificate"]
    assert not [a for a in alarms if "not this farm's" in a.reason]
    assert all("emergency" in failing(p) for p in it.plans)


# -- an unknown certificate on a steady farm -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["replace", "compromised"])
def test_an_unknown_certificate_on_a_steady_farm_goes_by_the_operators_word_and_is_no_emergency(word: str) -> None:
    it = Life(observe(farm(), *three(Slots("OLD", "STRANGER")), **FAR))
    policy = Policy(unknown_certificates="replace") if word == "replace" else Policy(compromised=frozenset({"STRANGER"}))
    it.run(policy)
    assert {d.slots for d in it.domains.values()} == {Slots("OLD", None)} and it.done == ["remove_from_entra"]
    assert all(p.first.state != "emergency" for p in it.plans) and it.journal.revoked == {}
    it.daily(3, policy)
    assert it.lost == [] and it.writes == {"d1": 1, "d2": 1, "d3": 1}


def test_a_stolen_certificate_that_is_not_the_farms_is_removed_although_it_has_ended() -> None:
    """Nothing is known of the farm's past, and the certificate that was stolen from it has left AD FS by itself."""
    ended = {"EARLIER": key("EARLIER", -400, -1)}
    it = Life(observe(farm(), *three(Slots("EARLIER", None)), **ends(300), **ended))
    it.daily(3, Policy(compromised=frozenset({"EARLIER"})))
    assert all(d.slots.accepted == {"OLD"} for d in it.domains.values())


def test_without_that_word_it_stays_and_fails_every_run() -> None:
    it = Life(observe(farm(), *three(Slots("OLD", "STRANGER")), **FAR))
    assert all("unknown_certificate" in failing(p) for p in it.daily(3))
    assert it.acts == []


@pytest.mark.parametrize(
    "policy", [Policy(unknown_certificates="replace", domains_excluded=frozenset({"d1"})), Policy(unknown_certificates="replace", pause=True)]
)
def test_an_unknown_certificate_is_not_removed_where_nothing_may_be_written(policy: Policy) -> None:
    it = Life(observe(farm(), *three(Slots("OLD", "STRANGER")), **FAR))
    it.run(policy)
    assert "STRANGER" in it.domains["d1"].slots.accepted


@pytest.mark.parametrize("word", ["replace", "compromised"])
@pytest.mark.parametrize("why", ["excluded", "refuses"])
def test_an_unknown_certificate_leaves_although_sign_in_of_another_domain_is_broken_and_cannot_be_repaired(word: str, why: str) -> None:
    it = Life(observe(farm(), *three(Slots("OLD", "STRANGER")), **FAR))
    it.put("d1", "EARLIER", "STRANGER")
    it.refusing = {"d1"} if why == "refuses" else set()
    policy = Policy(unknown_certificates="replace") if word == "replace" else Policy(compromised=frozenset({"STRANGER"}))
    it.run(replace(policy, known_certificates=frozenset({"EARLIER"}), domains_excluded=frozenset({"d1"} if why == "excluded" else ())))
    assert {name: d.slots for name, d in it.domains.items()} == {
        "d1": Slots("EARLIER", "STRANGER"),
        "d2": Slots("OLD", None),
        "d3": Slots("OLD", None),
    }


def test_a_freeze_holds_removing_an_unknown_certificate_by_policy_and_not_one_that_was_named_as_stolen() -> None:
    frozen = (Span(at(-1), at(9)),)
    seen = observe(farm(), *three(Slots("OLD", "STRANGER")), **FAR)
    assert actions(plan(seen, Policy(unknown_certificates="replace", freezes=frozen))) == []
    assert actions(plan(seen, Policy(compromised=frozenset({"STRANGER"}), freezes=frozen))) == ["remove_from_entra"]


# -- equal input, equal plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forms", [frozenset(), frozenset({"equal"}), frozenset({"equal", "empty"})])
@pytest.mark.parametrize("priority", ["availability", "containment"])
def test_an_eviction_in_any_form_is_the_same_plan_for_the_same_input_and_makes_at_most_one_further_key(forms: frozenset[str], priority: str) -> None:
    policy = Policy(compromised=frozenset({"OLD"}), emergency_priority=priority, eviction_forms_refused=forms)
    it = life(300)
    it.run(policy)
    first, second = (show(it.run(policy, acts=False), {k: k for k in it.keys}, {}) for _n in (1, 2))
    assert first["plan_id"] == second["plan_id"]
    it.daily(15, policy)
    assert all("OLD" not in d.slots.accepted for d in it.domains.values())
    assert [a for _d, a in it.acts].count("generate") <= (2 if len(forms) == 2 else 1)
    if len(forms) == 2:
        assert {d.slots.accepted for d in it.domains.values()} == {frozenset({"BORN1", "BORN2"})}
    assert [x for x in it.lost if priority == "availability"] == []


# -- more than two live keys ---------------------------------------------------------------------------------------------------------


def test_of_three_live_keys_what_helps_is_written_where_only_a_dead_certificate_gives_way_and_the_alarm_names_servers_and_keys() -> None:
    keys = {"THIRD": key("THIRD", -5, 360), **FAR}
    where = farm("NEW", "OLD", "THIRD", servers=(server("adfs1", "NEW", "OLD"), server("adfs2", "OLD", "NEW"), server("adfs3", "THIRD", "OLD")))
    seen = observe(where, domain("d1", "OLD", "EARLIER"), domain("d2", "OLD", "THIRD"), domain("d3", "NEW", "OLD"), **keys)
    made = plan(seen, Policy(known_certificates=frozenset({"EARLIER"})))
    assert written(made, "repair") == {"d1": ("NEW", "OLD")}
    [alarm] = [a for a in made.alarms if a.alarm == "too_many_signers"]
    assert "3" in alarm.reason
    block = next(b for b in made.blocks if b.condition == "too_many_signers")
    assert "adfs2" in block.reason and "adfs3" in block.reason and "THIRD" in block.reason


def test_the_last_known_key_of_an_unseen_server_gives_way_to_no_dead_certificate_and_to_a_key_that_signs() -> None:
    gone = Server("adfs3", False, "no answer", "THIRD", frozenset({"THIRD"}))
    where = farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), server("adfs2", "NEW", "OLD"), gone))
    made = plan(observe(where, domain("d1", "THIRD", "EARLIER"), THIRD=key("THIRD", -5, 360), **FAR), Policy(known_certificates=frozenset({"EARLIER"})))
    assert written(made, "repair") == {"d1": ("NEW", "THIRD")}


def test_the_same_scan_gives_the_same_words() -> None:
    it = life(25)
    it.daily(2)
    one, two = (make_plan(it.seen(), it.journal, Policy(), it.now, Run("run-x")) for _n in (1, 2))
    assert show(one, {}, {}) == show(two, {}, {})
    assert one.first.seen.farm.identifier == FARM


# -- what an emergency waits for --------------------------------------------------------------------------------------------------------


def stolen(priority: str = "availability", **more: object) -> Policy:
    return Policy(compromised=frozenset({"OLD"}), emergency_priority=priority, **more)


def nearly_over(priority: str = "availability") -> Life:
    """An emergency of which everything was seen clean once: it needs the last look."""
    it = life(200)
    while it.journal.emergency is None or it.journal.emergency.clean is None:
        it.daily(0, stolen(priority))
        it.advance(0.25)
        assert it.day < 8
    return it


@pytest.mark.parametrize("priority", ["availability", "containment"])
@pytest.mark.parametrize("hidden", ["server", "domain", "gone_domain", "list"])
def test_an_emergency_that_stays_open_names_what_was_not_seen_waits_for_nothing_that_is_past_and_fails_the_run(hidden: str, priority: str) -> None:
    it = nearly_over(priority)
    if hidden == "server":
        it.unseen.add("adfs2")
    elif hidden == "domain":
        it.unreadable["d3"] = "HTTP 503"
    elif hidden == "gone_domain":
        del it.domains["d3"]
    else:
        it.farm = replace(it.farm, servers_confirmed=False)
    made = it.daily(3, stolen(priority))[-1]
    said = {"server": "unseen_server", "domain": "unevicted", "gone_domain": "missing_domain", "list": "servers_unconfirmed"}
    assert made.first.state == "emergency"
    assert said[hidden] in guards(made)
    assert [b for b in made.blocks if b.until is not None and b.until < it.now] == []
    assert "emergency" in failing(made)
    assert {"server": "adfs2", "domain": "d3", "gone_domain": "d3", "list": "servers"}[hidden] in reasons(made, "emergency")


def test_a_domain_that_vanishes_keeps_an_emergency_open_until_it_is_acknowledged_with_a_stolen_thumbprint() -> None:
    it = nearly_over()
    del it.domains["d3"]
    it.daily(3, stolen(domains_acknowledged=frozenset({("d3", it.farm.primary)})))
    assert it.journal.emergency is not None
    it.daily(2, stolen(domains_acknowledged=frozenset({("d3", "OLD")})))
    assert it.journal.emergency is None


# -- what is said of what nobody saw, or of another time or place ---------------------------------------------------------------------------


def test_a_state_says_every_server_only_where_every_server_was_seen() -> None:
    def state(*servers: Server) -> list[str]:
        seen = observe(farm("NEW", "OLD", servers=(server("adfs1", "NEW", "OLD"), *servers)), domain("contoso.com", "OLD", "NEW"))
        return [line for line in show(plan(seen), {}, {}, "apply")["summary"] if line.startswith("State: promoted")]

    assert state(server("adfs2", "NEW", "OLD"))[0].startswith("State: promoted: every server signs with the new certificate;")
    assert state(Server("adfs2", False, "no answer"))[0].startswith("State: promoted: every server that was seen (all but adfs2) signs with")


def test_a_domain_that_moves_to_another_tenant_is_there_as_before() -> None:
    it = Life(observe(farm("OLD", "NEW"), *three(Slots("OLD", "NEW")), **ends(25)))
    it.run()
    it.domains["d1"] = replace(it.domains["d1"], tenant_id="another")
    assert it.run().first.missing == ()
    del it.domains["d1"]
    assert it.run().first.missing == ("d1",)


@pytest.mark.parametrize("named", [None, "OLD", "STRANGER"])
def test_the_name_of_the_present_certificate_names_no_successor_of_it(named: str | None) -> None:
    seen = observe(farm("OLD", auto_rollover=False), *three(), OLD=key("OLD", -336, 20, self_signed=False))
    policy = Policy(auto_rollover=False, promote="role", successor=named)
    assert "successor_missing" in failing(plan(seen, policy))


def provider(**more: object) -> object:
    return farm("OLD", "NEW", provider=Provider("OLD", False, False, "https://sts.contoso.com/sso"), servers=(), auto_rollover=False, **more)


def test_two_certificates_of_one_moment_are_both_published() -> None:
    made = plan(observe(provider(), domain("contoso.com", "OLD", issuer_uri=FARM), OLD=key("OLD", -10, 300), NEW=key("NEW", -10, 300)))
    assert written(made, "publish") == {"contoso.com": ("OLD", "NEW")}


def test_an_ended_certificate_in_the_metadata_is_asked_of_no_domain() -> None:
    made = plan(observe(provider(), domain("contoso.com", "OLD", issuer_uri=FARM), OLD=key("OLD", -10, 300), NEW=key("NEW", -5, -1)))
    assert actions(made) == [] and not made.first.unknown_to(made.first.statuses[0].domain)
