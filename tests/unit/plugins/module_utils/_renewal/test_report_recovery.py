# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollback and an emergency tell: counts of what was seen, times apart, the one next command, and nothing that was not done."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from screens import CASES, screen
from world import Play, domain, farm, observe

from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run

STOLEN = [name for name in CASES if CASES[name]().policy.compromised]


def line(shown: dict[str, Any], begins: str) -> str:
    """The one line of the summary that begins so."""
    (found,) = [text for text in shown["summary"] if text.startswith(begins)]
    return found


def test_there_are_cases_with_stolen_keys() -> None:
    assert len(STOLEN) >= 2


@pytest.mark.parametrize("name", STOLEN)
@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_an_emergency_counts_domains_and_servers_and_gives_one_next_command(name: str, mode: str) -> None:
    case = CASES[name]()
    shown = screen(case, mode)
    if shown["emergency"] is None:  # it is over
        return
    assert re.match(r"Containment: the stolen keys are out of \d+ of \d+ domains?[,;] ", line(shown, "Containment: "))
    assert re.search(r"\d of \d servers? sign with a certificate that is not stolen", line(shown, "Sign-in gap: "))
    command = line(shown, "Next command, ")
    assert f"renew_signing_cert_compromised={','.join(sorted(case.policy.compromised))}" in command
    assert ("emergency_priority=containment" in command) == (shown["emergency"]["priority"] == "containment")
    assert ("which carries this out" in command) == (mode == "plan")


@pytest.mark.parametrize("name", [name for name in STOLEN if screen(CASES[name](), "plan")["state"] == "emergency"])
def test_what_is_left_to_people_names_all_and_the_summary_counts(name: str) -> None:
    shown = screen(CASES[name](), "plan")
    acts = {act["act"]: act for act in shown["emergency"]["next_acts"]}
    ours = sorted(d["domain"] for d in shown["domains"] if d["domain"] and d["verdict"] not in ("inherited", "other_farm"))
    assert sorted(acts["revoke_refresh_tokens"]["objects"]) == ours
    said = line(shown, "To do (emergency): ")
    assert said.index("revoke the refresh tokens") < said.index("replace the TLS certificates") < said.index("look through the sign-in logs")


def test_a_drill_declares_nothing() -> None:
    seen = observe(farm("OLD"), domain("contoso.com", "OLD"))
    play = Play(seen)
    policy = Policy(compromised=frozenset({"OLD"}))
    made = make_plan(play.seen, play.journal, policy, play.seen.farm.time, Run("run-1", False))
    told = show(made, {}, {}, "plan")["summary"]
    assert any(text.startswith("Emergency: not declared; a run would declare it now") for text in told)
    assert not [text for text in told if text.startswith("Done:")]


def told_after(play: Play, policy: Policy, mode: str = "apply") -> list[str]:
    made = make_plan(play.seen, play.journal, policy, play.seen.farm.time, Run("run-1", mode == "apply"))
    return [str(text) for text in show(made, {}, {}, mode)["summary"]]


def test_a_rollback_counts_its_steps_and_names_those_to_come() -> None:
    back = Policy(rollback=True, relying_parties_acknowledged=frozenset({"*"}))
    play = Play(observe(farm("NEW", "OLD"), domain("contoso.com", "NEW", "OLD")))
    (planned,) = [text for text in told_after(play, back, "plan") if text.startswith("Rollback")]
    assert "which is not begun; a run would begin it now: 1 of 3 steps are done (still to come: it signs; every server signs with it)" in planned
    play.run(back)
    play.servers_follow()
    play.wait(2, back)
    (done,) = [text for text in told_after(play, back) if text.startswith("Rollback")]
    assert "2 of 3 steps are done (still to come: every server signs with it); the renewal is held until renew_signing_cert_pause is set to false" in done
    play.servers_follow()
    (followed,) = [text for text in told_after(play, back) if text.startswith("Rollback")]
    assert re.match(r"Rollback to OLD, since .*: 3 of 3 steps are done; the renewal is held", followed)
