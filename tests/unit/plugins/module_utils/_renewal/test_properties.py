# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan, whatever is observed; and the decision table at every boundary day."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, KEYS, START, actions, at, domain, farm, key, observe, plan, server

from ansible_collections.federation.adfs.plugins.module_utils._renewal import plan as core
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm, Farm, Observation, Provider, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import MOST_ACTS, make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run

NAMES = ("OLD", "NEW", "EARLIER")
BODIES = {k: k for k in KEYS}


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    own = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    primary = draw(st.sampled_from(sorted(own)))
    servers = []
    for n in range(draw(st.integers(1, 3))):
        shown = draw(st.sets(st.sampled_from(sorted(own)), min_size=1))
        servers.append(server(f"adfs{n + 1}", draw(st.sampled_from(sorted(shown))), *shown))
    slots = st.sampled_from((None, "OLD", "NEW", "EARLIER", "STRANGER"))
    domains = [
        domain(f"d{n}.example.com", draw(slots), draw(slots), sign_in_host=draw(st.sampled_from(("sts.contoso.com",) * 4 + ("sts.tailspin.com", None))))
        for n in range(draw(st.integers(0, 4)))
    ]
    if draw(st.booleans()):
        provider = Provider("SIGNER", len(own) == 1 or draw(st.booleans()), draw(st.booleans()))
        domains = [replace(d, issuer_uri=draw(st.sampled_from((FARM, None)))) for d in domains]
        return observe(farm(primary, *own, auto_rollover=False, servers=(), provider=provider), *domains)
    where = farm(primary, *own, auto_rollover=draw(st.booleans()), servers=tuple(servers), servers_confirmed=draw(st.booleans()))
    return observe(where, *domains)


policies = st.builds(
    Policy,
    promote=st.sampled_from(("adfs", "role", "never")),
    unknown_certificates=st.sampled_from(("stop", "replace")),
    auto_rollover=st.sampled_from((None, True, False)),
    remove_old_from_entra=st.booleans(),
    pause=st.sampled_from((None, True, False)),
    known_certificates=st.sampled_from((frozenset(), frozenset({"STRANGER"}))),
)
days = st.sampled_from((0.0, 0.5, 2.0, 5.0, 24.0, 26.5, 28.9))


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_no_step_of_a_plan_drops_a_key_that_signs_and_every_write_has_a_certificate_to_sign_with(seen: Observation, policy: Policy, day: float) -> None:
    for step in plan(seen, policy, now=at(day)).steps:
        live = step.situation.live
        for write in step.act.writes:
            held = write.domain.slots.accepted
            assert write.slots.signing is not None
            assert live & held <= write.slots.accepted
            assert live & write.slots.accepted or not live
            assert write.domain.sign_in_host in ("sts.contoso.com", None) or write.domain.issuer_uri == seen.farm.identifier
        if step.act.action == "promote":
            assert step.situation.ready


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_a_plan_is_deterministic_and_nothing_is_left_to_do_after_it(seen: Observation, policy: Policy, day: float) -> None:
    first = plan(seen, policy, now=at(day))
    assert without_forecast(first, {}) == without_forecast(plan(seen, policy, now=at(day)), {})
    assert len(first.steps) < MOST_ACTS
    again = make_plan(first.last.seen, first.last.journal, policy, at(day), Run("run-1"))
    assert actions(again) == []


# Each forecast plays 400 days six times: what is foretold is the same each time for a quarter of the examples.
@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_a_forecast_is_deterministic(seen: Observation, policy: Policy, day: float) -> None:
    assert show(plan(seen, policy, now=at(day)), BODIES, {}) == show(plan(seen, policy, now=at(day)), BODIES, {})


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(observations(), policies, days, st.integers(1, 50))
def test_plan_id_changes_with_what_is_done_and_not_with_time(seen: Observation, policy: Policy, day: float, minutes: int) -> None:
    first, later = (without_forecast(plan(seen, policy, now=now), {}) for now in (at(day), at(day) + timedelta(minutes=minutes)))
    assert (first["plan_id"] == later["plan_id"]) == ([a["targets"] for a in first["actions"]] == [a["targets"] for a in later["actions"]])


def without_forecast(made: core.Plan, given: dict[str, object]) -> dict[str, Any]:
    """The plan as the caller gets it, without what is foretold: that takes nearly all of the time, and nothing else is made of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "foretell", lambda *_given: (None, ""))
        return show(made, BODIES, given)


def plan_id(seen: Observation, policy: Policy, day: float, given: dict[str, object] | None = None) -> str:
    return str(without_forecast(plan(seen, policy, now=at(day)), given or {})["plan_id"])


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(observations(), policies, days, st.randoms(use_true_random=False))
def test_plan_id_does_not_depend_on_order_or_texts(seen: Observation, policy: Policy, day: float, random: Random) -> None:
    domains = [replace(d, update_result=random.choice((None, "success", "notfound"))) for d in seen.domains]
    random.shuffle(domains)
    servers = list(seen.farm.servers)
    random.shuffle(servers)
    told = replace(seen, domains=tuple(domains), farm=replace(seen.farm, servers=tuple(servers)), alarms=(Alarm("told", "somebody", "something else"),))
    assert plan_id(told, policy, day) == plan_id(seen, policy, day)


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(observations(), policies, days, st.data())
def test_plan_id_depends_on_farm_certificates_primary_slots_and_policy(seen: Observation, policy: Policy, day: float, data: st.DataObject) -> None:
    where, before = seen.farm, plan_id(seen, policy, day)
    others = [farm_of for farm_of in _moved(where) if farm_of != where]
    assert before != plan_id(replace(seen, farm=data.draw(st.sampled_from(others))), policy, day)
    assert before != plan_id(seen, policy, day, {"promote": "role"})
    if seen.domains:
        n = data.draw(st.integers(0, len(seen.domains) - 1))
        slots = seen.domains[n].slots
        other = Slots(slots.next, slots.signing) if slots.signing != slots.next else Slots("OLD", "STRANGER")
        moved = (*seen.domains[:n], replace(seen.domains[n], slots=other), *seen.domains[n + 1 :])
        assert before != plan_id(replace(seen, domains=moved), policy, day)
        renamed = (*seen.domains[:n], replace(seen.domains[n], tenant_id="another"), *seen.domains[n + 1 :])
        assert before != plan_id(replace(seen, domains=renamed), policy, day)


def _moved(where: Farm) -> list[Farm]:
    """The same farm with one thing changed that a plan depends on."""
    return [
        replace(where, identifier="http://sts.fabrikam.com/adfs/services/trust"),
        *(replace(where, certificates=where.certificates ^ {k}) for k in NAMES if k != where.primary),
        *(replace(where, primary=k) for k in where.certificates),
    ]


MARKS = (" ", ":", "-", "\u200e", "")


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.binary(min_size=20, max_size=20), st.sampled_from(MARKS), st.booleans())
def test_a_thumbprint_is_the_same_in_every_form(digits: bytes, mark: str, upper: bool) -> None:
    plain = digits.hex().upper()
    form = mark.join(plain[n : n + 2] for n in range(0, 40, 2))
    written = f"{mark}{form if upper else form.lower()} "
    policy = read_policy(
        {"known_certificates": [written], "compromised": [written], "domains_acknowledged": [{"domain": "Contoso.COM", "thumbprint": written}]}
    )
    assert policy.known_certificates == policy.compromised == {plain}
    assert policy.domains_acknowledged == {("contoso.com", plain)}


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.integers(0, 400 * 86400), st.integers(-14 * 60, 14 * 60), st.sampled_from(("", ".5", ".1234567")))
def test_a_time_is_the_same_in_every_form(seconds: int, offset: int, fraction: str) -> None:
    moment = START + timedelta(seconds=seconds)
    there = moment.astimezone(timezone(timedelta(minutes=offset)))
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    local = f"{there:%Y-%m-%dT%H:%M:%S}{fraction}{sign}{minutes // 60:02}:{minutes % 60:02}"
    utc = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    later = f"{moment + timedelta(days=1):%Y-%m-%dT%H:%M:%S}Z"
    spans = [read_policy({"freezes": [{"start": start, "end": later}]}).freezes for start in (local, utc)]
    assert spans[0] == spans[1]
    # A freeze that begins at this moment counts at this moment, whatever form it was written in, and not a second before.
    seen = observe(farm(), domain("contoso.com", "OLD"), OLD=key("OLD", -300, seconds / 86400 + 29))
    frozen, free = (actions(plan(seen, Policy(freezes=spans[0]), now=now)) for now in (moment, moment - timedelta(seconds=1)))
    assert (frozen, free) == ([], ["generate", "publish"])


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_what_waits_says_guard_object_and_reason(seen: Observation, policy: Policy, day: float) -> None:
    made = plan(seen, policy, now=at(day))
    shown = without_forecast(made, {})
    for block in shown["blocked_by"]:
        assert block["condition"]
        assert block["object"]
        assert block["reason"]
    done = seen.farm.provider is not None and made.first.ready  # it is the provider's turn, whenever it likes
    if not made.steps and made.first.successor is not None and not done:
        assert shown["blocked_by"], "something waits and nothing says for what"


BOUNDARY_DAYS = (14, 15, 16, 29, 30, 31, 34, 35, 36)
OFF_2025 = dict.fromkeys((14, 15, 16, 29, 30, 31, 34), 3)
OFF_2017 = dict.fromkeys((14, 15, 16, 29), 3)


@pytest.mark.parametrize("left", BOUNDARY_DAYS)
@pytest.mark.parametrize(
    ("preset", "on", "in_sync", "public", "rows"),
    [
        ("2025", True, True, "success", dict.fromkeys(BOUNDARY_DAYS, 1)),
        ("2017", True, True, "success", dict.fromkeys(BOUNDARY_DAYS, 1)),
        ("2025", True, True, "connectionerror", {}),
        ("2025", True, True, None, {}),
        ("2025", True, False, "success", {14: 2}),
        ("2017", True, False, None, {14: 2}),
        ("2025", False, True, "success", OFF_2025),
        ("2025", False, False, None, OFF_2025),
        ("2017", False, True, None, OFF_2017),
        ("2017", False, False, "success", OFF_2017),
    ],
)
def test_the_decision_table_at_every_boundary_day(preset: str, on: bool, in_sync: bool, public: str | None, rows: dict[int, int], left: int) -> None:
    where = replace(domain("contoso.com", "OLD" if in_sync else "STRANGER"), update_result=public)
    seen = observe(farm(auto_rollover=on), where, OLD=key("OLD", -300, left))
    row = show(plan(seen, Policy(preset=preset)), BODIES, {})["domains"][0]["decision_row"]
    assert row["row"] == rows.get(left)
    assert row["days_left"] == left
    assert row["action"] == ("update_now" if rows.get(left) in (2, 3) or not in_sync else "none")
