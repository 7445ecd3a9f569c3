# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan, whatever is observed; and the decision table at every boundary day."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, KEYS, actions, at, domain, farm, key, observe, plan, server

from ansible_collections.federation.adfs.plugins.module_utils._federation.observation import Observation, Provider
from ansible_collections.federation.adfs.plugins.module_utils._federation.plan import MOST_ACTS, make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._federation.policy import Policy

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

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
    promote=st.sampled_from(("adfs", "us", "never")),
    foreign=st.sampled_from(("stop", "replace")),
    auto_rollover=st.sampled_from((None, True, False)),
    retire=st.booleans(),
    hold=st.sampled_from((None, True, False)),
    known_certificates=st.sampled_from((frozenset(), frozenset({"STRANGER"}))),
)
days = st.sampled_from((0.0, 0.5, 2.0, 5.0, 24.0, 26.5, 28.9))


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_no_step_of_a_plan_drops_a_key_that_signs_and_every_write_has_a_certificate_to_sign_with(seen: Observation, policy: Policy, day: float) -> None:
    for step in plan(seen, policy, now=at(day)).steps:
        live = step.situation.live
        for write in step.act.writes:
            held = write.domain.slots.held
            assert write.slots.signing is not None
            assert live & held <= write.slots.held
            assert not live <= held or live <= write.slots.held
            assert write.domain.sign_in_host in ("sts.contoso.com", None) or write.domain.issuer_uri == seen.farm.identifier
        if step.act.action == "promote":
            assert step.situation.ready


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_a_plan_is_deterministic_and_nothing_is_left_to_do_after_it(seen: Observation, policy: Policy, day: float) -> None:
    first = plan(seen, policy, now=at(day))
    assert show(first, BODIES, {}) == show(plan(seen, policy, now=at(day)), BODIES, {})
    assert len(first.steps) < MOST_ACTS
    again = make_plan(first.last.seen, first.last.journal, policy, at(day), "run-1")
    assert actions(again) == []


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(observations(), policies, days, st.integers(1, 50))
def test_plan_id_changes_with_what_is_done_and_not_with_time(seen: Observation, policy: Policy, day: float, minutes: int) -> None:
    first, later = (show(plan(seen, policy, now=now), BODIES, {}) for now in (at(day), at(day) + timedelta(minutes=minutes)))
    assert (first["plan_id"] == later["plan_id"]) == ([a["targets"] for a in first["actions"]] == [a["targets"] for a in later["actions"]])


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(observations(), policies, days)
def test_what_waits_says_guard_object_and_reason(seen: Observation, policy: Policy, day: float) -> None:
    made = plan(seen, policy, now=at(day))
    shown = show(made, BODIES, {})
    for block in shown["blocked_by"]:
        assert block["guard"]
        assert block["object"]
        assert block["reason"]
    done = seen.farm.provider is not None and made.first.ready  # it is the provider's turn, whenever it likes
    if not made.steps and made.first.coming is not None and not done:
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
