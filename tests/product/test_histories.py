# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories: a fixed sample of them, the inputs that only have to be survived, and that the world, the shrinker and the judge work themselves."""

from __future__ import annotations

import pytest
from loading import load_collection

load_collection()

from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_certificate  # noqa: E402
from histories import known, mutants, survive  # noqa: E402
from histories.certificates import make, text  # noqa: E402
from histories.dice import draw  # noqa: E402
from histories.history import DAY, History, on_day  # noqa: E402
from histories.shrink import shrink  # noqa: E402
from histories.story import live  # noqa: E402
from histories.world import World  # noqa: E402

SAMPLE = 45
CHUNK = 15


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


def test_times_stay_in_the_calendar() -> None:
    assert (text(10**12), text(-(10**12))) == ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z")


@pytest.mark.parametrize("name", known.KNOWN)
def test_what_went_wrong_once_does_not_again(name: str) -> None:
    assert [str(f) for f in live(known.KNOWN[name]).findings] == []
