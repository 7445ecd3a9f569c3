# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random farms, domains, clocks and deaths against the lab's models: whatever they are, no domain that works breaks, and all is done in the end."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lab.cmdlet_state import StandingClock
from lab.world import World
from year.days import START
from year.inside import Inside, RunDied

DAYS = 10
SLOTS = (("current", None), ("current", None), ("current", "stranger"), ("stranger", "current"), (None, "current"), ("current", "current"), ("stranger", None))


@dataclass(frozen=True)
class Story:
    """A scenario, the role's policy, and for each run how long after the one before it begins and at which remote call it dies (0: it does not)."""

    scenario: dict[str, Any]
    policy: dict[str, Any]
    hour: float
    runs: list[tuple[float, int, bool]]

    def broken_at_first(self) -> set[str]:
        return {d["name"] for d in self.scenario["domains"] if "current" not in (d["signing"], d["next"])}


@st.composite
def stories(draw: st.DrawFn) -> Story:
    auto = draw(st.booleans())
    nodes = [f"adfs{n + 1}.contoso.com" for n in range(draw(st.integers(1, 3)))]
    farm = {
        "host_name": "sts.contoso.com",
        "nodes": nodes,
        "poll_duration": draw(st.sampled_from((300, 3600))),
        "token_signing": {"primary": "current"},
        "properties": {"AutoCertificateRollover": auto},
        "checks_at": f"{draw(st.integers(0, 23)):02}:{draw(st.integers(0, 59)):02}",
    }
    domains = []
    for n in range(draw(st.integers(1, 3))):
        signing, following = draw(st.sampled_from(SLOTS))
        domains.append({"name": f"d{n}.example.com", "signing": signing, "next": following})
    tenant = {
        "propagation_hours": draw(st.sampled_from((0.1, 6.0, 23.9))),
        "updater": draw(st.booleans()),
        "updater_takes": draw(st.sampled_from(("first", "newest"))),
    }
    scenario = {
        "description": "random",
        "certificates": {"current": {"days_left": draw(st.floats(17, 30))}, "stranger": {"days_left": 200, "kind": "stranger"}},
        "farms": [farm],
        "tenant": {"switches": tenant, "updater_reads": draw(st.sampled_from(nodes))},
        "domains": domains,
    }
    policy: dict[str, Any] = {
        "promote": draw(st.sampled_from(("adfs", "role"))) if auto else "role",
        "auto_rollover": auto,
        "remove_old_from_entra": draw(st.booleans()),
    }
    policy["unknown_certificates"] = "replace"
    runs = [(draw(st.sampled_from((0.1, 4.0, 23.0, 24.1))), 0, False) for _run in range(10)]
    for _death in range(draw(st.integers(0, 3))):
        where = draw(st.integers(0, 5))
        runs[where] = (runs[where][0], draw(st.integers(1, 40)), draw(st.booleans()))
    return Story(scenario, policy, draw(st.floats(0, 24)), runs)


# Each story costs a second or two; a failing one is small enough to read as it is.
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(stories())
def test_no_domain_that_works_breaks_and_the_renewal_comes_to_its_end(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.json"
        path.write_text(json.dumps(story.scenario), encoding="utf-8")
        world = World(str(path), None, StandingClock(START + timedelta(hours=story.hour)))
    world.changed()
    inside = Inside(world, story.policy)
    end = world.clock.now() + timedelta(days=DAYS)
    began = str(world.state()["farms"][0]["nodes"][0]["signer"])
    for after, dies_at, dies_after in story.runs:
        world.advance(timedelta(hours=after), looks_every=timedelta(hours=12))
        inside.death.plan(dies_at, dies_after)
        try:
            inside.run()
        except RunDied:
            pass
        world.changed()
    while world.clock.now() < end:
        world.advance(timedelta(hours=24), looks_every=timedelta(hours=12))
        inside.death.plan(0, False)
        inside.run()
        world.changed()
    report = world.oracle.report()
    refused = {name for name, tally in report["by_domain"].items() if tally["refused"]}
    assert refused <= story.broken_at_first(), report["refusals"]
    assert {outcome for nodes in report["last"].values() for outcome in nodes.values()} == {"accepted"}
    signers = {node["signer"] for node in world.state()["farms"][0]["nodes"]}
    assert len(signers) == 1
    assert began not in signers
