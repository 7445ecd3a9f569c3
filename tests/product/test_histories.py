# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories: a fixed sample of them, the inputs that only have to be survived, and that the world, the shrinker and the judge work themselves."""

from __future__ import annotations

from typing import Any

import pytest
from loading import load_collection

load_collection()

from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_certificate  # noqa: E402
from histories import known, mutants, survive  # noqa: E402
from histories.certificates import make, text  # noqa: E402
from histories.dice import draw  # noqa: E402
from histories.history import DAY, HOUR, History, on_day  # noqa: E402
from histories.judge import Judge  # noqa: E402
from histories.losses import FOR_A_PERSON, LEADS_ELSEWHERE, NO_WINDOW  # noqa: E402
from histories.memory import WholeRun  # noqa: E402
from histories.run import Run  # noqa: E402
from histories.shrink import shrink  # noqa: E402
from histories.story import live  # noqa: E402
from histories.world import World  # noqa: E402

SAMPLE = 45
CHUNK = 15


def ran(day: float, **seen: Any) -> WholeRun:
    """A run of two minutes that was not cut off, and what it saw and said."""
    return WholeRun(round(day * DAY), round(day * DAY) + 2, **seen)


@pytest.mark.parametrize("first", range(1, SAMPLE, CHUNK))
def test_nothing_is_found_in_the_sample(first: int) -> None:
    found = {seed: [str(f) for f in live(draw(seed)).findings] for seed in range(first, first + CHUNK)}
    assert {seed: findings for seed, findings in found.items() if findings} == {}


def test_every_extreme_input_gives_a_plan() -> None:
    assert {name: wrong for name, given in survive.inputs() if (wrong := survive.survives(given))} == {}


def test_many_domains_give_a_plan() -> None:
    assert survive.survives(survive.large()) == ""


def test_a_seed_is_always_the_same_history() -> None:
    assert [draw(seed) for seed in range(50)] == [draw(seed) for seed in range(50)]
    assert live(draw(7)).story == live(draw(7)).story


def test_a_script_is_the_history() -> None:
    for seed in range(30):
        history = draw(seed)
        assert eval(history.script(), {"History": History, "on_day": on_day}) == history  # noqa: S307


def test_certificates_can_be_read() -> None:
    made = make("any", -400 * DAY, 30 * DAY, local=True, issued=True)
    read = parse_certificate(made.der)
    assert (read.thumbprint, read.self_signed, read.not_after.isoformat()) == (made.thumbprint, False, "2026-01-31T00:00:00+00:00")


def test_adfs_generates_promotes_and_removes_by_its_thresholds() -> None:
    world = World(History(left=21, length=30), acting=False)
    world.live()
    told = [line.split("AD FS: ")[1] for line in world.judge.story if "AD FS: " in line]
    assert told == ["primary 0-A, certificates [0-A, 0-N1]", "primary 0-N1, certificates [0-A, 0-N1]", "primary 0-N1, certificates [0-N1]"]
    assert world.farm.since == 6 * DAY


def test_the_twin_loses_every_domain_when_adfs_promotes_what_none_knows() -> None:
    world = World(History(left=21, length=10), acting=False)
    world.live()
    assert set(world.judge.lost) == {"d1.contoso.com", "d2.contoso.com", "d3.contoso.com"}


def test_the_oracle_counts_what_entra_may_still_serve() -> None:
    world = World(History())
    domain, farm = world.domains["d1.contoso.com"], world.farm
    coming = farm.new(0)
    world.write_domain(domain, (farm.primary, coming), "hand:test")
    assert not domain.accepts(coming, 1439)
    assert domain.accepts(coming, 1440)


def test_an_ordinary_renewal_is_judged_good() -> None:
    lived = live(History())
    assert (lived.findings, lived.acts["generate"], lived.acts["ours:publish"]) == ([], 1, 3)


def test_the_shrinker_leaves_what_is_needed() -> None:
    def shows(history: History) -> bool:
        return history.left == 31 and any(e.what == "stops" for e in history.events)

    history = History(seed=5, left=31, servers=5, partners=3, events=(on_day(1, "kill", 3), on_day(2.3, "stops", 1, 2.9), on_day(4, "generate")))
    smallest = shrink(history, "any", shows=shows)
    assert (smallest.servers, smallest.partners, smallest.seed, [e.what for e in smallest.events]) == (1, 0, 0, ["stops"])


@pytest.mark.parametrize("rule", mutants.SHOWN)
def test_a_rule_that_is_taken_out_is_missed(rule: str) -> None:
    history = known.KNOWN[mutants.SHOWN[rule]]
    before = live(history).kinds
    with mutants.without(rule):
        after = live(history).kinds
    assert after - before
    assert live(history).kinds == before


@pytest.mark.parametrize("rule", mutants.FOUND)
def test_a_rule_that_is_taken_out_is_missed_by_a_random_history(rule: str) -> None:
    seed, kind = mutants.FOUND[rule]
    assert kind not in live(draw(seed)).kinds
    with mutants.without(rule):
        assert kind in live(draw(seed)).kinds


# What must not pass for an excuse: a rule is missing, and beside it something goes on that has nothing to do with the loss.
NO_EXCUSE = {
    "protection is given up, and no window is closed": History(left=45, length=8, generation=40, promotion=0, policy={"protect": False}),
    "something is done to another domain after the last run": History(left=45, length=8, generation=40, promotion=0, events=(on_day(4.9, "settings", 1),)),
    "the domain refuses, long before the last call": History(left=45, length=8, generation=40, promotion=0, events=(on_day(3, "refuses", 0),)),
    "the domain is excluded, long before the last call": History(left=45, length=8, generation=40, promotion=0, policy={"domains_excluded": known.NAMED[:1]}),
}


@pytest.mark.parametrize("name", NO_EXCUSE)
def test_what_has_nothing_to_do_with_a_loss_does_not_excuse_it(name: str) -> None:
    assert live(NO_EXCUSE[name]).findings == []
    with mutants.without("holding"):
        found = live(NO_EXCUSE[name]).findings
    assert any(f.kind == "adfs_clock" and "d1.contoso.com" in f.what for f in found)


def _promoted_after_a_run(came: float, hand: str, domain: int = 0) -> World:
    """AD FS promotes a certificate on day 21.9, a run having come on days 12 and 21.5 and a hand on day 21; d1 does not hold it. The primary ends on day 22."""
    world = World(History(left=22, critical=1))
    world.judge.completed = [ran(12), ran(21.5)]
    world.now = round(came * DAY)
    world.farm.certificates.append(world.farm.new(world.now))
    world.farm_changed("hand:add")
    world.now = 21 * DAY
    world.hands.event(on_day(21, hand, domain))()
    world.now = round(21.9 * DAY)
    world.farm.promote(world.farm.certificates[-1], world.now, "adfs")
    return world


@pytest.mark.parametrize(
    ("came", "hand", "domain", "excused"),
    [(10, "drop_second", 0, False), (10, "drop_second", 1, False), (10, "rollover_on", 0, False), (21, "rollover_on", 0, True)],
)
def test_only_what_no_run_could_mend_any_more_is_a_hand_that_came_between(came: float, hand: str, domain: int, excused: bool) -> None:
    world = _promoted_after_a_run(came, hand, domain)
    world.judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "adfs")
    assert bool(world.judge.excused) is excused
    assert ([f.kind for f in world.judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("looked", "excused"), [("nowhere", True), ("there", False), ("elsewhere", True)])
def test_a_domain_that_comes_in_the_minute_of_a_run_is_excused_only_where_that_run_did_not_look_at_it(looked: str, excused: bool) -> None:
    world = World(History(left=22, critical=1))
    judge, farm = world.judge, world.farm
    farm.certificates.append(farm.new(0))
    world.came[farm.certificates[-1].thumbprint] = 0
    world.now = 20 * DAY
    world.hands.event(on_day(20, "new_domain"))()
    domain = next(d for d in world.domains.values() if d.since == world.now)
    at_it = {"nowhere": {}, "there": {domain.name: {0}}, "elsewhere": {"d1.contoso.com": {0}}}
    judge.completed = [ran(12), ran(20, looked=at_it[looked]), ran(21)]
    world.now = round(21.9 * DAY)
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.loss(domain, farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize("came_before_the_run", [True, False])
def test_a_primary_certificate_that_had_ended_excuses_only_what_the_run_could_not_see(came_before_the_run: bool) -> None:
    world = World(History(left=5))
    world.judge.completed, world.judge.ended_at_run = [ran(6)], 6 * DAY + 2
    world.now = (4 if came_before_the_run else 6) * DAY + HOUR
    world.farm.certificates.append(world.farm.new(world.now))
    world.farm_changed("adfs")
    world.now = 6 * DAY + 12 * HOUR
    world.farm.promote(world.farm.certificates[-1], world.now, "adfs")
    world.judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "adfs")
    assert ([f.kind for f in world.judge.findings] == ["adfs_clock"]) is came_before_the_run


@pytest.mark.parametrize(("saw", "looked", "excused"), [("old", 0, True), ("old", -DAY, False), ("new", 0, False)])
def test_a_write_is_excused_only_by_what_a_server_signs_with_since_the_look_before_it(saw: str, looked: int, excused: bool) -> None:
    world = World(History(left=40))
    farm, judge = world.farm, world.judge
    old, coming = farm.primary, farm.new(0)
    world.now = judge.planned_at = 3 * DAY
    judge.server_signers["s1"] = ((old if saw == "old" else coming).thumbprint, world.now + looked)
    farm.promote(coming, world.now, "hand:promote")
    world.farm_changed("hand:promote")
    judge.findings.clear()
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "ours:remove_from_entra")
    assert ([f.kind for f in judge.findings] == ["write"]) is not excused


@pytest.mark.parametrize(("listed", "named", "excused"), [(False, False, True), (True, False, False), (False, True, False)])
def test_a_write_is_excused_by_a_server_that_no_run_is_told_of(listed: bool, named: bool, excused: bool) -> None:
    """The second server signs with the former certificate and answers. Nobody asks it where AD FS lists no servers and the operator names none."""
    world = World(History(left=40, listed=listed, policy={"servers": [{"name": "s2.contoso.com"}]} if named else {}))
    farm, judge, run = world.farm, world.judge, Run(world, 1, 0)
    former, coming = farm.primary, farm.new(0)
    farm.promote(coming, 0, "hand:urgent")
    farm.servers[1].primary = former
    shown = {
        "state": "broken",
        "actions": [],
        "alarms": [],
        "farm": {"primary": coming.thumbprint},
        "failures": [],
        "run": {"failures": []},
        "deadline": None,
        "next_run_at": text(DAY),
    }
    judge.planned(run, {**shown, "blocked_by": []})
    judge.findings.clear()
    judge.loss(world.domains["d1.contoso.com"], farm.servers[1], "ours:repair")
    assert ([f.kind for f in judge.findings] == ["write"]) is not excused


@pytest.mark.parametrize(
    ("noted", "stolen", "priority", "excused"),
    [
        (True, "", "containment", False),
        (False, "", "containment", True),
        (True, "with it", "containment", True),
        (True, "with it", "availability", False),
        (True, "elsewhere", "containment", False),
    ],
)
def test_what_a_server_that_comes_back_signs_with_may_be_dropped_only_unnoted_or_stolen(noted: bool, stolen: str, priority: str, excused: bool) -> None:
    world = World(History(left=40, policy={"emergency_priority": priority}))
    farm, judge, domain = world.farm, world.judge, world.domains["d1.contoso.com"]
    farm.certificates.append(farm.new(0))
    if stolen:
        judge.stolen([farm.certificates[1] if stolen == "with it" else world.stranger("X")])
    judge.noted_signers = judge.noted_signers | ({"s2": farm.primary.thumbprint} if noted else {})
    judge.server_signers["s2"] = (farm.primary.thumbprint, 0)
    domain.write((farm.certificates[1], None), DAY, DAY, "ours:repair")
    world.now = 3 * DAY
    judge.loss(domain, farm.servers[1], "server_back")
    assert ([f.kind for f in judge.findings] == ["dropped_unseen"]) is not excused


@pytest.mark.parametrize(("came", "last", "left", "excused"), [(14, 14.375, 18, True), (13, 13.375, 18, False), (14, 14.375, 30, False)])
def test_a_promotion_that_is_too_early_is_excused_only_where_a_hand_left_no_time(came: float, last: float, left: int, excused: bool) -> None:
    world = World(History(left=left))
    farm, judge, domain = world.farm, world.judge, world.domains["d1.contoso.com"]
    judge.completed = [ran(last)]
    world.now = round(came * DAY)
    farm.certificates.append(farm.new(world.now))
    world.hands.event(on_day(came, "rollover_on"))()
    world.now = round(15.375 * DAY)
    judge.acted("promote", Run(world, 16, 0))
    farm.promote(farm.certificates[-1], world.now, "ours:promote")
    judge.loss(domain, farm.servers[0], "ours:promote")
    assert ([f.kind for f in judge.findings] == ["promotion"]) is not excused


def test_a_certificate_that_comes_after_a_theft_was_told_is_not_stolen_because_it_is_told_again() -> None:
    world = World(History())
    farm, judge = world.farm, world.judge
    judge.stolen([farm.primary])
    fresh = farm.new(0)
    farm.certificates.append(fresh)
    judge.stolen([farm.primary])
    assert fresh.thumbprint not in judge.stolen_keys
    judge.stolen([fresh])
    assert set(judge.stolen_own) == {farm.primary.thumbprint, fresh.thumbprint}


@pytest.mark.parametrize(("seen", "found"), [(True, True), (False, False)])
def test_what_lay_beside_a_stolen_key_counts_only_where_a_run_saw_that_key_in_adfs(seen: bool, found: bool) -> None:
    world = World(History())
    farm, judge = world.farm, world.judge
    named, beside = farm.primary, farm.new(0)
    farm.certificates.append(beside)
    judge.seen_by_runs = {named.thumbprint} if seen else set()
    judge.stolen([named])
    farm.promote(beside, 0, "adfs")
    farm.certificates.remove(named)
    for server in farm.servers:
        server.certificates = [beside]
    for domain in world.domains.values():
        domain.members = (beside, None)
    judge._emergency({"state": "steady"})
    assert ([f.kind for f in judge.findings] == ["emergency_ended"]) is found


@pytest.mark.parametrize(("gap", "excused"), [(0, False), (1, True)])
def test_a_run_whose_first_act_came_after_adfs_promoted_could_not_keep_it_from_that(gap: int, excused: bool) -> None:
    """A hand came before the run, which looked a minute before AD FS promoted."""
    world = World(History(left=40, gap=gap))
    judge, farm = world.judge, world.farm
    farm.certificates.append(farm.new(0))
    judge.completed = [ran(1), ran(3)]
    world.now = 2 * DAY
    world.hands.event(on_day(2, "rollover_on"))()
    world.now = 3 * DAY + 1
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize("usable", [True, False])
def test_a_run_notes_what_servers_sign_with_only_where_it_can_use_the_journal(usable: bool) -> None:
    noted = []
    world = World(History(length=2, events=() if usable else (on_day(0, "journal_corrupt"),)))
    world.at(2 * DAY - 1, lambda: noted.extend(world.judge.noted_signers))
    world.live()
    assert noted == (["s1", "s2"] if usable else [])


@pytest.mark.parametrize(("day", "excused"), [(9, False), (19.9, True), (21, True)])
def test_a_hand_excuses_an_end_only_if_no_run_came_since_or_the_certificate_had_ended_already(day: float, excused: bool) -> None:
    world = World(History(first="ca", left=20))
    world.judge.completed = [ran(n) for n in range(23 if day > 20 else 20)]
    world.farm.promote(world.farm.primary, round(day * DAY), "hand:restore")
    world.now = max(20, round(day)) * DAY
    world.judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "expiry")
    assert ([f.kind for f in world.judge.findings] == ["expiry"]) is not excused


def _stuck(day: float, **other: Any) -> History:
    """The operator promotes by hand, and does not; the runs fail for it from day 22.375 on. One server stops to copy, and AD FS promotes at the last call."""
    settings: dict[str, Any] = {"policy": {"promote": "never"}, "events": (on_day(day, "stuck", 1, 54),)}
    return History(**{"left": 32, "domains": 1, "updater": 35, "length": 32, **settings, **other})


@pytest.mark.parametrize(
    ("history", "excused"),
    [
        (_stuck(24), True),
        (_stuck(22), True),  # the run did not fail yet, and said what a person was to do
        (_stuck(24, events=(on_day(24, "stuck", 1, 54), on_day(20, "unreachable", 0))), False),  # a server could not be seen, which blocks too
        (_stuck(24, policy={"promote": "role", "freezes": [{"start": "2026-01-02T00:00:00Z", "end": "2026-01-30T12:00:00Z"}]}), False),
    ],
)
def test_a_server_that_stops_to_copy_is_a_persons_only_where_a_person_alone_was_awaited_and_told(history: History, excused: bool) -> None:
    lived = live(history)
    assert (f"expiry: {FOR_A_PERSON}" in lived.excused) is excused
    assert ("twin" in lived.kinds) is not excused


def _windows(hours: float, every: int = 7) -> list[dict[str, str]]:
    return [{"start": text(day * DAY + 534), "end": text(round(day * DAY + 534 + hours * HOUR))} for day in range(0, 32, every)]


@pytest.mark.parametrize(
    ("history", "excused"),
    [
        (_stuck(24, policy={"windows": _windows(2)}), True),
        (_stuck(24, policy={"windows": _windows(2)}, events=(on_day(24, "stuck", 1, 54), on_day(20, "unreachable", 0))), False),
        # One window alone, long over, is long enough: the clock was given back in none.
        (_stuck(24, policy={"windows": [*_windows(2)[1:], *_windows(14)[:1]]}), False),
        (_stuck(24, policy={"freezes": [{"start": "2026-01-07T00:00:00Z", "end": "2026-01-30T12:00:00Z"}]}), False),
    ],
    ids=["too short", "a server could not be seen", "long enough", "a freeze"],
)
def test_a_server_that_stops_to_copy_while_a_window_was_awaited_is_excused_only_where_none_holds_a_check(history: History, excused: bool) -> None:
    lived = live(history)
    assert (f"expiry: {NO_WINDOW}" in lived.excused) is excused
    assert ("twin" in lived.kinds) is not excused


def _elsewhere(*events: Any, **other: Any) -> History:
    """The clock is held for a domain that leads elsewhere, and one server does not copy when AD FS promotes at the last call."""
    settings: dict[str, Any] = {"left": 28, "domains": 1, "alias": 1, "updater": 400, "length": 29, "events": events}
    return History(**{**settings, **other})


@pytest.mark.parametrize(
    ("history", "excused"),
    [
        (_elsewhere(on_day(21, "stops", 1, 29)), True),
        (_elsewhere(on_day(21, "stuck", 1, 30)), True),
        (_elsewhere(on_day(21, "stops", 1, 29), on_day(20, "unreachable", 0)), False),
        (_elsewhere(on_day(21, "stops", 1, 29), on_day(0.1, "unreadable", 1), alias=0, domains=2), False),
    ],
    ids=["switched off", "stuck", "a server could not be seen", "a domain that cannot be read"],
)
def test_a_server_that_copies_late_is_excused_only_where_the_runs_failed_for_what_leads_elsewhere_alone(history: History, excused: bool) -> None:
    lived = live(history)
    assert (f"expiry: {LEADS_ELSEWHERE}" in lived.excused) is excused
    assert ("twin" in lived.kinds) is not excused


@pytest.mark.parametrize(("said", "removes", "excused"), [(2, False, True), (2, True, False), (1, False, False), (0, False, False)])
def test_a_certificate_that_nobody_removed_excuses_only_after_two_runs_failed_for_it(said: int, removes: bool, excused: bool) -> None:
    world = World(History(left=22, critical=1, policy={"remove_old_from_adfs": removes}))
    judge = world.judge
    judge.completed = [ran(n, no_room=20 - said <= n < 20) for n in range(21)]
    world.now = 20 * DAY + 12 * HOUR
    world.farm.certificates.append(world.farm.new(world.now))
    world.farm_changed("adfs")
    world.now = 21 * DAY
    world.farm.promote(world.farm.certificates[-1], world.now, "adfs")
    judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("saw", "excused"), [("the new one", True), ("the former one", False)])
def test_a_run_of_the_minute_in_which_adfs_promoted_came_before_it_only_if_it_saw_the_former_primary(saw: str, excused: bool) -> None:
    world = World(History(left=22))
    judge = world.judge
    former, new = world.farm.primary, world.farm.new(0)
    judge.completed = [ran(0, first_saw=(new if saw == "the new one" else former).thumbprint)]
    world.farm.certificates.append(new)
    world.farm.promote(new, 0, "adfs")
    judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("noted", "rollback", "excused"), [(True, False, True), (False, False, False), (True, True, False)])
def test_a_successor_is_not_dropped_for_another_only_where_a_run_noted_it_as_primary_and_no_rollback_took_it_back(
    noted: bool, rollback: bool, excused: bool
) -> None:
    world = World(History(left=40))
    judge, farm = world.judge, world.farm
    former, coming = farm.new(0), farm.new(DAY)
    farm.certificates += [former, coming]
    world.now = 2 * DAY
    world.domains["d1.contoso.com"].members = (farm.primary, former)
    judge.noted_primary = {former.thumbprint} if noted else set()
    world.journal.content = {"rollback": {"undone": former.thumbprint} if rollback else None}
    judge.writes(world.domains["d1.contoso.com"], (farm.primary, coming), "ours:publish", Run(world, 1, 0, 0))
    assert ([f.kind for f in judge.findings] == ["successor_dropped"]) is not excused


@pytest.mark.parametrize(("noted", "blocks", "excused"), [(True, "third_certificate", True), (False, "third_certificate", False), (True, "due", False)])
def test_a_former_primary_beside_a_successor_fails_no_run_only_where_it_is_said_to_stop_the_renewal(noted: bool, blocks: str, excused: bool) -> None:
    world = World(History(left=40))
    judge, farm = world.judge, world.farm
    former, coming = farm.new(0), farm.new(DAY)
    farm.certificates += [former, coming]
    world.now = 2 * DAY
    judge.noted_primary = {former.thumbprint} if noted else set()
    judge._state({"state": "generated", "run": {"failures": []}, "blocked_by": [{"condition": blocks}]})
    assert ([f.kind for f in judge.findings] == ["several_unsaid"]) is not excused


@pytest.mark.parametrize("seen", [False, True])
def test_what_is_taken_out_and_put_back_is_excused_only_where_no_look_came_between(seen: bool) -> None:
    """All of it in one minute, which is why looks and not times are compared."""
    world = World(History(left=25))
    judge, farm = world.judge, world.farm
    domain, coming = world.domains["d1.contoso.com"], farm.new(0)
    world.now = 3 * DAY
    world.write_domain(domain, (farm.primary, coming), "ours:publish")
    for step in ("look", "hand:stranger", "look again" if seen else "", "updater"):
        if step.startswith("look"):
            run = Run(world, 1, 0, 0)
            run.look()
            judge.completed.append(ran(1, looked=run.looked))
        elif step:
            world.write_domain(domain, (farm.primary, None if step.startswith("hand") else coming), step)
    assert judge._taken_and_put_back(domain, coming) is not seen
    world.now += DAY
    assert not judge._taken_and_put_back(domain, coming), "it has spread"


@pytest.mark.parametrize(("wanted", "local", "excused"), [(None, True, True), (True, True, False), (None, False, False)])
def test_a_clock_that_is_held_is_held_for_nobody_only_with_a_custom_primary_that_is_to_stay(wanted: Any, local: bool, excused: bool) -> None:
    world = World(History(left=40, policy={"auto_rollover": wanted}))
    judge, farm = world.judge, world.farm
    farm.auto, farm.switched_by = False, "ours"
    farm.certificates.append(farm.new(0, local=local, issued=local))
    farm.promote(farm.certificates[-1], 0, "hand:promote")
    run = Run(world, 1, 0, 0)
    blocks = [{"condition": "unseen_server", "until": None, "reason": ""}]
    shown = {
        "state": "complete",
        "actions": [],
        "alarms": [],
        "farm": {"primary": farm.primary.thumbprint},
        "failures": [],
        "run": {"failures": []},
        "deadline": None,
        "next_run_at": text(DAY),
    }
    judge.planned(run, {**shown, "blocked_by": blocks})
    assert ("held_silently" in {f.kind for f in judge.findings}) is not excused


@pytest.mark.parametrize(("restored", "excused"), [(14, True), (9, False), (None, False)])
def test_a_restored_journal_excuses_a_last_call_that_counts_the_way_to_its_last_look_as_the_distance_of_runs(restored: int | None, excused: bool) -> None:
    world = World(History(left=19))
    farm, judge, domain = world.farm, world.judge, world.domains["d1.contoso.com"]
    judge.completed = [ran(14.375)]
    if restored is not None:
        world.now = restored * DAY
        judge.forgets()
    world.now = 14 * DAY
    farm.certificates.append(farm.new(world.now))
    world.hands.event(on_day(14, "rollover_on"))()
    world.now = round(15.375 * DAY)
    judge.acted("promote", Run(world, 16, 0))
    farm.promote(farm.certificates[-1], world.now, "ours:promote")
    judge.loss(domain, farm.servers[0], "ours:promote")
    assert ([f.kind for f in judge.findings] == ["promotion"]) is not excused


@pytest.mark.parametrize(("closed", "wanted", "excused"), [(True, None, True), (False, None, False), (True, True, False)])
def test_a_domain_that_refuses_excuses_a_loss_before_the_last_call_only_where_nothing_notes_that_the_clock_is_held(
    closed: bool, wanted: Any, excused: bool
) -> None:
    world = World(History(left=40, policy={"auto_rollover": wanted}))
    judge, farm, domain = world.judge, world.farm, world.domains["d1.contoso.com"]
    domain.refuses = True
    judge.completed = [ran(1)]
    judge.last_plan = {"blocked_by": [{"condition": "journal", "until": None}] if closed else [], "run": {"failures": []}}
    farm.certificates.append(farm.new(0))
    world.now = DAY + 3 * HOUR
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.loss(domain, farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("blocks", "wanted", "excused"), [(["journal"], None, True), (["journal"], True, False), ([], None, False)])
def test_a_clock_is_left_running_only_where_the_journal_is_closed_and_nobody_said_what_is_wanted(blocks: list[str], wanted: Any, excused: bool) -> None:
    world = World(History(left=40, policy={"promote": "never", "auto_rollover": wanted}))
    judge, farm = world.judge, world.farm
    farm.certificates.append(farm.new(0))
    where = {"adfs_promotes_at": None, "primary": farm.primary.thumbprint, "certificates": [c.thumbprint for c in farm.certificates]}
    judge.last_plan = {"farm": where, "blocked_by": [{"condition": b} for b in blocks]}
    judge.completed = [ran(1)]
    world.now = 2 * DAY
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.adfs_changed()
    assert ([f.kind for f in judge.findings] == ["clock_not_held"]) is not excused


@pytest.mark.parametrize(("when", "wanted", "excused"), [("its plan's", None, True), ("the plan's before", None, False), ("its plan's", True, False)])
def test_a_clock_is_left_running_where_the_last_plan_itself_could_not_be_noted(when: str, wanted: Any, excused: bool) -> None:
    """AD FS promotes in the minute between the act that a closed journal kept from being done and the run's next plan."""
    world = World(History(left=40, policy={"promote": "never", "auto_rollover": wanted}))
    judge, farm = world.judge, world.farm
    farm.certificates.append(farm.new(0))
    judge.completed = [ran(1)]
    where = {"adfs_promotes_at": None, "primary": farm.primary.thumbprint, "certificates": [c.thumbprint for c in farm.certificates]}
    judge.last_plan, judge.planned_at = {"farm": where, "blocked_by": []}, 2 * DAY
    world.now = 2 * DAY if when == "its plan's" else 2 * DAY - 1
    world.journal.unwritable = True
    Run(world, 2, 0)._write_journal({}, None)
    world.now = 2 * DAY + 1
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.adfs_changed()
    assert ([f.kind for f in judge.findings] == ["clock_not_held"]) is not excused


@pytest.mark.parametrize("promoted", [True, False])
def test_a_clock_that_one_run_gives_back_and_holds_again_goes_to_and_fro_unless_adfs_promoted_in_between(promoted: bool) -> None:
    world = World(History(left=5))
    run = Run(world, 1, 0, 0)
    world.judge.acted("restore_auto_rollover", run)
    world.now += 1
    world.farm.certificates.append(world.farm.new(world.now))
    if promoted:
        world.farm.promote(world.farm.certificates[-1], world.now, "adfs")
    world.judge.adfs_changed()
    world.judge.acted("suspend_auto_rollover", run)
    assert [f.kind for f in world.judge.findings] == ([] if promoted else ["flapping"])


@pytest.mark.parametrize(("refused", "excused"), [("after it", True), ("before it", False), ("to an earlier run, too", False), ("never", False)])
def test_a_clock_that_two_runs_move_to_and_fro_is_excused_only_by_a_domain_that_refused_first_after_it_was_given_back(refused: str, excused: bool) -> None:
    world = World(History(left=25))
    judge, domain = world.judge, world.domains["d1.contoso.com"]
    first, second, third = (Run(world, n, 0) for n in (1, 2, 3))
    second.begun, third.begun = DAY, 2 * DAY
    if refused == "to an earlier run, too":
        judge.refused(domain, first)
    world.now = DAY
    if refused == "before it":
        judge.refused(domain, second)
    judge.acted("restore_auto_rollover", second)
    world.now += 1
    if refused in ("after it", "to an earlier run, too"):
        judge.refused(domain, second)
    judge.completed = [ran(1)]
    world.now = 2 * DAY
    judge.acted("suspend_auto_rollover", third)
    assert ([f.kind for f in judge.findings] == ["flapping"]) is not excused


@pytest.mark.parametrize(("blocks", "excused"), [(["clock"], True), (["window"], True), (["due", "journal"], True), (["due"], False)])
def test_an_unknown_certificate_that_is_to_be_replaced_stays_only_while_something_is_said_to_keep_it(blocks: list[str], excused: bool) -> None:
    world = World(History(left=300, policy={"unknown_certificates": "replace"}))
    judge, domain = world.judge, world.domains["d1.contoso.com"]
    domain.members = (world.farm.primary, world.stranger("X1"))
    world.now, judge.completed = 9 * DAY, [ran(n) for n in range(9)]
    judge._strangers({"state": "unknown_certificate", "actions": [], "blocked_by": [{"condition": b} for b in blocks]}, set())
    assert ([f.kind for f in judge.findings] == ["unknown_stays"]) is not excused


@pytest.mark.parametrize(("saw", "excused"), [("first", True), ("other", False)])
def test_a_broken_domain_stays_only_for_what_an_unseen_server_was_last_seen_to_sign_with_and_the_domain_holds(saw: str, excused: bool) -> None:
    """s1 signs with the newest, s2 with the one before it, and s3 cannot be seen."""
    world = World(History(servers=3, left=40))
    judge, farm, domain = world.judge, world.farm, world.domains["d1.contoso.com"]
    first, second, newest = farm.primary, farm.new(0), farm.new(0)
    farm.certificates = [first, second, newest]
    farm.promote(newest, 0, "hand:urgent")
    farm.servers[0].primary, farm.servers[1].primary, farm.servers[2].reachable = newest, second, False
    judge.server_signers["s3"] = ((first if saw == "first" else second).thumbprint, 0)
    for one in world.domains.values():
        one.members = (newest, second)
    domain.members = (second, first)
    world.now = DAY
    run = Run(world, 1, 0, 0)
    shown = {"primary": newest.thumbprint, "certificates": [c.thumbprint for c in farm.certificates]}
    run.ended, run.plans = "complete", [{"farm": shown, "state": "broken", "blocked_by": [], "run": {"failures": []}, "actions": []}]
    run.begun = DAY - 2
    judge.run_ended(run)
    assert ([f.kind for f in judge.findings] == ["unrepaired"]) is not excused


@pytest.mark.parametrize(("day", "excused"), [(39, True), (20, False)])
def test_one_successor_may_be_dropped_for_another_that_came_when_adfs_promotes_anything_at_once(day: int, excused: bool) -> None:
    world = World(History(left=40))
    judge, farm, domain = world.judge, world.farm, world.domains["d1.contoso.com"]
    coming, late = farm.new(DAY), farm.new(day * DAY)
    farm.certificates += [coming, late]
    world.now = day * DAY + HOUR
    domain.members = (farm.primary, late)
    judge.writes(domain, (farm.primary, coming), "ours:publish", Run(world, 1, 0, 0))
    assert ([f.kind for f in judge.findings] == ["successor_dropped"]) is not excused


def _lost_at_the_last_call() -> World:
    """A hand brought a certificate on day 10, which AD FS promoted on day 21.9; d1 does not hold it."""
    world = _promoted_after_a_run(10, "drop_second", 1)
    world.judge.completed = [ran(n) for n in range(22)]
    return world


@pytest.mark.parametrize(("asked", "excused"), [(20.9, True), (15, False)])
def test_a_last_call_just_after_the_operator_was_asked_what_is_wanted_is_excused(asked: float, excused: bool) -> None:
    world = _lost_at_the_last_call()
    world.judge.asked_at = round(asked * DAY)
    world.judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "adfs")
    assert ([f.kind for f in world.judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("ended", "day", "excused"), [(True, 20, True), (False, 20, False), (True, 12, False)])
def test_what_signs_and_ends_at_once_excuses_only_right_after_a_primary_certificate_that_had_ended(ended: bool, day: int, excused: bool) -> None:
    world = _lost_at_the_last_call()
    world.judge.completed = [ran(n, found_ended=ended and n == day) for n in range(22)]
    world.judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "adfs")
    assert ([f.kind for f in world.judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("runs", "pace", "excused"), [((9.5,), True, True), ((9.5, 11), True, False), ((9.5,), False, False)])
def test_an_end_after_a_theft_is_excused_only_where_one_run_came_since_and_said_that_no_other_would(runs: tuple[float, ...], pace: bool, excused: bool) -> None:
    world = World(History(left=15, interval=10 * DAY))
    judge, farm = world.judge, world.farm
    world.now = 9 * DAY
    judge.stolen([farm.primary])
    judge.completed = [ran(day) for day in (0, *runs)]
    judge.last_plan = {"state": "emergency", "run": {"failures": [{"fail_on": "pace" if pace else "held"}]}}
    world.now = 15 * DAY
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "expiry")
    assert ([f.kind for f in judge.findings] == ["expiry"]) is not excused


@pytest.mark.parametrize(("pace", "said", "excused"), [(True, True, True), (True, False, False), (False, True, False)])
def test_an_end_is_excused_by_a_certificate_that_nobody_removed_only_where_the_runs_said_both(pace: bool, said: bool, excused: bool) -> None:
    world = World(History(left=45, interval=10 * DAY))
    judge, farm = world.judge, world.farm
    judge.completed = [ran(n, no_room=said and n in (20, 30)) for n in (10, 20, 30, 40)]
    judge.last_plan = {"state": "published", "run": {"failures": [{"fail_on": "pace"}] if pace else []}}
    world.now = 45 * DAY
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "expiry")
    assert ([f.kind for f in judge.findings] == ["expiry"]) is not excused


@pytest.mark.parametrize(("closed", "last", "excused"), [(True, 8.375, True), (False, 8.375, False), (True, 7.2, False)])
def test_what_a_hand_brought_just_before_adfs_promotes_excuses_only_where_nothing_notes_that_the_clock_is_held(
    closed: bool, last: float, excused: bool
) -> None:
    world = World(History(left=40, promotion=0, policy={"run_interval": "48h"}))
    judge, farm = world.judge, world.farm
    world.now = 7 * DAY
    world.hands.event(on_day(7, "generate"))()
    judge.completed = [ran(last)]
    judge.last_plan = {"blocked_by": [{"condition": "journal"}] if closed else [], "run": {"failures": []}}
    world.now = round(8.25 * DAY) if last < 8 else round(8.5 * DAY)
    came = farm.certificates[-1]
    world.came[came.thumbprint] = 7 * DAY
    farm.promote(came, world.now + (5 if last < 8 else 0), "adfs")
    world.now += 5
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(
    ("was_on", "closed", "last", "excused"), [(False, True, 8.1, True), (True, True, 8.1, False), (False, False, 8.1, False), (False, True, 7.2, False)]
)
def test_a_hand_that_switched_rollover_on_excuses_only_where_it_was_off_no_run_had_time_since_and_nothing_notes_that_the_clock_is_held(
    was_on: bool, closed: bool, last: float, excused: bool
) -> None:
    world = World(History(left=40, auto=was_on, policy={"run_interval": "48h"}))
    judge, farm, came = world.judge, world.farm, world.farm.new(0)
    farm.certificates.append(came)
    world.came[came.thumbprint] = 0
    world.now = 7 * DAY
    world.hands.event(on_day(7, "rollover_on"))()
    judge.completed = [ran(last)]
    judge.last_plan = {"blocked_by": [{"condition": "journal"}] if closed else [], "run": {"failures": []}}
    world.now = round(8.5 * DAY)
    farm.promote(came, world.now, "adfs")
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(
    ("by", "other", "last", "closed", "excused"),
    [
        ("ours:repair", "N", 8.1, True, True),
        ("ours:publish", "N", 8.1, True, False),
        ("ours:repair", "X", 8.1, True, False),
        ("ours:repair", "N", 7.2, True, False),
        ("ours:repair", "N", 8.1, False, False),
    ],
)
def test_what_a_repair_took_out_is_excused_only_where_a_hand_left_one_place_for_two_and_nothing_notes_that_the_clock_is_held(
    by: str, other: str, last: float, closed: bool, excused: bool
) -> None:
    world = World(History(left=40, policy={"run_interval": "48h"}))
    judge, farm, domain = world.judge, world.farm, world.domains["d1.contoso.com"]
    came, second = farm.new(0), farm.new(1)
    farm.certificates += [came, second]
    world.came[came.thumbprint] = 0
    domain.members = (came, second)
    world.now = 7 * DAY
    former = farm.primary
    farm.promote(second, 5 * DAY, "adfs")
    world.hands.event(on_day(7, "promote", 0))()
    domain.write((former, second if other == "N" else world.stranger("X1")), 7 * DAY + 1, DAY, by)
    judge.completed = [ran(last)]
    judge.last_plan = {"blocked_by": [{"condition": "journal"}] if closed else [], "run": {"failures": []}}
    world.now = round(8.5 * DAY)
    farm.promote(came, world.now, "adfs")
    judge.loss(domain, farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("holds", "brings", "excused"), [("both", "primary", True), ("one", "primary", False), ("both", "other", False)])
def test_a_successor_is_dropped_only_for_what_signs_where_two_wait_in_a_domain_that_lacks_it(holds: str, brings: str, excused: bool) -> None:
    world = World(History(left=40))
    judge, farm, domain = world.judge, world.farm, world.domains["d1.contoso.com"]
    one, two, three = farm.new(0), farm.new(DAY), farm.new(DAY + 1)
    farm.certificates += [one, two, three]
    world.now = 2 * DAY
    domain.members = (one, two if holds == "both" else world.stranger("X1"))
    judge.writes(domain, (farm.primary if brings == "primary" else three, two), "ours:repair", Run(world, 1, 0, 0))
    assert ([f.kind for f in judge.findings] == ["successor_dropped"]) is not excused


def _lost_what_came_on_day(came: float, promoted: float, runs: list[WholeRun], closed: bool) -> Judge:
    """AD FS promoted it, and d1 does not hold it. ``closed``: the last run could not use the journal."""
    world = World(History(left=80))
    judge, farm = world.judge, world.farm
    judge.completed = runs
    judge.last_plan = {"state": "promoting", "deadline": None, "next_run_at": None, "run": {"failures": []}}
    judge.last_plan["blocked_by"] = [{"condition": "journal", "until": None}] if closed else []
    new = farm.new(round(came * DAY))
    world.came[new.thumbprint] = round(came * DAY)
    farm.certificates.append(new)
    world.now = round(promoted * DAY)
    farm.promote(new, world.now, "adfs")
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "adfs")
    return judge


@pytest.mark.parametrize(
    ("closed", "several", "excused"),
    [
        (True, (7, 8), True),
        (True, (7, 8, 9), True),
        (False, (7, 8), False),
        (True, (8,), False),
        (True, (6, 8), False),
        (True, (8, 9), False),
    ],
    ids=["told twice", "told to the end", "the clock could be held", "told once", "told before it came", "a run had time"],
)
def test_one_of_several_that_adfs_promotes_is_excused_only_where_runs_failed_for_it_and_nothing_notes_that_the_clock_is_held(
    closed: bool, several: tuple[int, ...], excused: bool
) -> None:
    judge = _lost_what_came_on_day(6.5, 9.5, [ran(n, several=n in several) for n in (6, 7, 8, 9)], closed)
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(
    ("closed", "full", "excused"), [(True, (True, True), True), (False, (True, True), False), (True, (False, True), False), (True, (True, False), False)]
)
def test_what_found_no_place_in_a_domain_is_excused_only_where_every_run_since_said_so_and_nothing_notes_that_the_clock_is_held(
    closed: bool, full: tuple[bool, bool], excused: bool
) -> None:
    runs = [ran(n, full=frozenset({"d1.contoso.com"} if said else ())) for n, said in zip((7, 8), full, strict=True)]
    judge = _lost_what_came_on_day(6.5, 8.5, [ran(6), *runs], closed)
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(("signs", "says", "full"), [(True, True, True), (False, True, False), (True, False, False)])
def test_a_domain_is_full_only_of_what_servers_were_seen_to_sign_with_and_only_where_the_run_says_so(signs: bool, says: bool, full: bool) -> None:
    world = World(History(left=80))
    judge, farm, domain = world.judge, world.farm, world.domains["d1.contoso.com"]
    other = farm.new(0)
    domain.members = (farm.primary, other)
    farm.servers[1].primary = other if signs else farm.primary
    run = Run(world, 1, 0)
    run.ended, blocks = "complete", [{"condition": "too_many_signers", "object": domain.name, "until": None}] if says else []
    run.plans = [{"state": "promoting", "farm": {"primary": farm.primary.thumbprint, "certificates": []}, "run": {"failures": []}, "blocked_by": blocks}]
    judge.server_signers = {s.name: (s.primary.thumbprint, 0) for s in farm.servers[:2]}
    judge.run_ended(run)
    assert (domain.name in judge.completed[-1].full) is full


@pytest.mark.parametrize("federated", [True, False])
def test_a_domain_that_leads_elsewhere_with_our_certificate_fails_the_run_unless_it_is_managed_now(federated: bool) -> None:
    world = World(History(alias=1, left=60))
    world.domains["a1.contoso.com"].federated = federated
    world.judge._state({"state": "steady", "run": {"failures": []}, "blocked_by": []})
    assert ([f.kind for f in world.judge.findings] == ["unclaimed_unsaid"]) is federated


@pytest.mark.parametrize(
    ("named", "last", "again", "declared", "excused"),
    [
        (True, 16, [21], None, True),
        (False, 16, [21], None, False),
        (True, 19, [21], None, False),
        (True, 20, [21], None, False),
        (True, 16, [20, 21], None, False),
        (True, 16, [17], "120h", True),
        (True, 16, [17], "24h", False),
    ],
    ids=["runs were missed", "not named", "a run when room was made", "no run was missed", "another run came", "a longer distance is declared", "as before"],
)
@pytest.mark.parametrize("ours", [False, True])
def test_a_run_that_came_too_late_to_make_room_excuses_a_last_call_only_where_the_one_before_named_the_unknown_certificate(
    named: bool, last: int, again: list[int], declared: str | None, ours: bool, excused: bool
) -> None:
    world = _promoted_after_a_run(2, "settings", 1)
    judge, came = world.judge, again[-1] * DAY
    if declared:
        world.now = last * DAY + HOUR
        world.hands.policy({"run_interval": declared})
    runs = [*range(last + 1), *again]
    judge.completed = [ran(n) for n in (runs[:-1] if ours else runs)]
    judge.strange_at = {"d1.contoso.com": last * DAY + 2} if named else {}
    world.now = world.farm.since = came + (1 if ours else HOUR)
    if ours:
        world.now = came
        run = Run(world, 22, 0)
        world.now = came + 1
        judge.acted("promote", run)
    judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "ours:promote" if ours else "adfs")
    assert ([f.kind for f in judge.findings] == ["promotion" if ours else "adfs_clock"]) is not excused


@pytest.mark.parametrize(
    ("under", "noted", "day", "excused"),
    [("earlier", 1, 2, True), ("primary", 1, 2, False), ("", 1, 2, False), ("earlier", 0, 2, False), ("earlier", 1, 38, False)],
    ids=["under an earlier one", "under the primary", "not known", "in one run with the primary", "near the end"],
)
def test_a_successor_is_not_dropped_only_where_a_run_noted_that_it_came_under_an_earlier_primary(under: str, noted: int, day: int, excused: bool) -> None:
    world = World(History(left=45))
    judge, farm = world.judge, world.farm
    former, coming = farm.new(0), farm.new(DAY)
    farm.certificates += [former, coming]
    world.now = day * DAY
    world.domains["d1.contoso.com"].members = (farm.primary, former)
    judge.noted_came = {
        farm.primary.thumbprint: ("", 0),
        former.thumbprint: ({"earlier": "another", "primary": farm.primary.thumbprint}.get(under, ""), noted),
    }
    judge.writes(world.domains["d1.contoso.com"], (farm.primary, coming), "ours:publish", Run(world, 1, 0, 0))
    assert ([f.kind for f in judge.findings] == ["successor_dropped"]) is not excused


@pytest.mark.parametrize(
    ("promote", "awaited", "said", "excused"), [("never", 1, 1, True), ("adfs", 1, 1, False), ("never", 0, 1, False), ("never", 1, 0, False)]
)
def test_one_more_that_adfs_lets_sign_is_excused_only_where_a_person_was_awaited_and_the_last_call_said_so(
    promote: str, awaited: int, said: int, excused: bool
) -> None:
    world = World(History(left=32, interval=7 * DAY, policy={"promote": promote}))
    judge, farm = world.judge, world.farm
    judge.completed = [*(ran(n, awaited_person=bool(awaited)) for n in (7, 14, 21)), ran(28)]
    judge.last_plan = {"state": "ready", "run": {"failures": [{"fail_on": "pace"}] if said else []}, "blocked_by": [], "deadline": None, "next_run_at": None}
    world.now = 29 * DAY
    farm.certificates.append(farm.new(world.now))
    world.now = 34 * DAY
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


@pytest.mark.parametrize(
    ("waited", "said", "apart", "by_the_role", "excused"),
    [
        ((True, True), True, 0, None, True),
        ((True, False), True, 0, None, False),
        ((True, True), False, 0, None, False),
        ((True, True), True, 2, None, False),
        ((True, True), True, 0, 357, True),
        ((True, False), True, 0, 357, False),
    ],
)
def test_windows_excuse_one_more_only_where_two_certificates_end_together_and_the_runs_said_so(
    waited: tuple[bool, bool], said: bool, apart: int, by_the_role: int | None, excused: bool
) -> None:
    """``by_the_role``: when a run let the second one sign, which a later one follows that gives AD FS its clock back."""
    world = World(History(left=365 + apart, interval=7 * DAY, policy={"promote": "role"}))
    judge, farm = world.judge, world.farm
    farm.certificates.append(farm.new(0))
    judge.completed = [*(ran(n, awaited_window=awaited) for n, awaited in zip((346, 353), waited, strict=True)), ran(360)]
    if by_the_role:
        world.now = by_the_role * DAY
        judge.acted("promote", Run(world, 1, 0))
        judge.completed.insert(-1, ran(by_the_role))
    judge.last_plan = {
        "state": "promoting",
        "run": {"failures": [{"fail_on": "pace"}] if said else []},
        "blocked_by": [],
        "deadline": None,
        "next_run_at": None,
    }
    world.now = round(360.5 * DAY)
    farm.certificates.append(farm.new(world.now))
    world.now = 364 * DAY
    farm.promote(farm.certificates[-1], world.now, "adfs")
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "adfs")
    assert ([f.kind for f in judge.findings] == ["adfs_clock"]) is not excused


def test_times_stay_in_the_calendar() -> None:
    assert (text(10**12), text(-(10**12))) == ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z")


@pytest.mark.parametrize("name", known.KNOWN)
def test_what_went_wrong_once_does_not_again(name: str) -> None:
    assert [str(f) for f in live(known.KNOWN[name]).findings] == []


@pytest.mark.parametrize(("seen_on", "hand", "excused"), [(True, True, True), (False, True, False), (True, False, False)])
def test_an_end_is_excused_by_a_hand_that_switched_rollover_off_only_if_the_last_look_saw_it_on(seen_on: bool, hand: bool, excused: bool) -> None:
    world = World(History(left=45, interval=10 * DAY, policy={"auto_rollover": True}))
    judge, farm = world.judge, world.farm
    judge.completed = [ran(n) for n in (15, 25, 35)]
    judge.last_plan = {"state": "ready", "farm": {"auto_certificate_rollover": seen_on}, "run": {"failures": []}}
    farm.auto, farm.switched_by = False, "hand" if hand else "ours"
    world.now = 45 * DAY
    judge.loss(world.domains["d1.contoso.com"], farm.servers[0], "expiry")
    assert ([f.kind for f in judge.findings] == ["expiry"]) is not excused


_HINDERED: dict[str, Any] = {"servers": 1, "left": 18, "domains": 1, "second": "unknown", "length": 18, "interval": 10 * DAY}


@pytest.mark.parametrize(
    ("given", "hindered", "excused"),
    [({}, True, True), ({}, False, False), ({"interval": 10 * DAY, "policy": {"run_interval": "10d"}}, True, False), ({"left": 28, "length": 28}, True, False)],
    ids=["not declared", "not hindered", "declared", "a third run"],
)
def test_an_end_is_excused_by_an_obstacle_to_the_first_of_two_runs_only_where_nobody_declared_how_seldom(
    given: dict[str, Any], hindered: bool, excused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hindered:
        monkeypatch.setattr("histories.judge.OBSTACLES", set())
    world = World(History(**{**_HINDERED, **given}))
    judge = world.judge
    world.live()
    judge.last_plan = {"state": "published", "farm": {}, "run": {"failures": [{"fail_on": "pace"}]}}
    judge.findings.clear()
    judge.loss(world.domains["d1.contoso.com"], world.farm.servers[0], "expiry")
    assert ([f.kind for f in judge.findings] == ["expiry"]) is not excused
