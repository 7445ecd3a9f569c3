# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lives through one history, and where it is called for through its twin: the same history, with nothing done by the runs."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass

from histories import product
from histories.history import History
from histories.losses import FOR_A_PERSON, LEADS_ELSEWHERE, NO_WINDOW
from histories.memory import Finding
from histories.world import World

# Where runs fail to come, a held clock is what loses: every summary says until when one is needed.
OUR_ABSENCE = {"too few runs", "too few runs, and said so", "runs were missed", "the run was late", "the journal was lost just before"}
OUR_ABSENCE |= {"clocks differ", "the primary server is off", "the operator was asked what is wanted"}

# Without protection there is no last call: what is held until the end was the operator's choice. Whatever else is lost then is compared as ever.
GIVEN_UP = {"protect is off"}

FORETOLD = 50  # the forecast takes about twenty times as long as all the rest


@dataclass
class Lived:
    """How a history came out."""

    history: History
    findings: list[Finding]
    excused: Counter[str]
    story: list[str]
    runs: int
    plans: int
    acts: Counter[str]

    @property
    def kinds(self) -> set[str]:
        return {f.kind for f in self.findings}


def live(history: History) -> Lived:
    """Live through a history and judge it. What comes next is foretold in some, so that it is seen to survive all this."""
    with nullcontext() if history.seed % FORETOLD == 1 else product.without_forecast():
        return _live(history)


def _live(history: History) -> Lived:
    world = World(history)
    judge = world.live()
    if judge.lost and _comparable(history):
        twin = World(history, acting=False).live()
        for name in sorted(set(judge.lost) - set(twin.lost)):
            # A domain that came later was federated with what AD FS signed with then, which is another certificate in the twin's life.
            if judge.lost[name] in OUR_ABSENCE | GIVEN_UP | {FOR_A_PERSON, LEADS_ELSEWHERE, NO_WINDOW} or world.domains[name].since:
                continue
            judge.wrong("twin", f"{name} lost sign-ins ({judge.lost[name]}) that it would have kept without the runs")
    acts = Counter(action for _at, action, _run in judge.acts)
    acts.update(cause for d in world.domains.values() for _at, cause, _members in d.written if cause.startswith("ours"))
    return Lived(history, judge.findings, judge.excused, judge.story, world.runs, judge.plans, acts)


def _comparable(history: History) -> bool:
    """Whether the twin says anything: where an operator pauses, goes back or declares a theft, it lives another life on purpose."""
    words = {"pause", "rollback", "compromised"}
    policies = [history.policy, *(e.about for e in history.events if e.what == "policy")]
    hands = {
        "stolen",
        "promote",
        "remove",
        "urgent",
        "urgent_twice",
        "generate",
        "add",
        "restore_snapshot",
        "primary_moves",
        "acknowledge",
        "rollover_off",
        "rollover_on",
    }
    hands |= {"stranger", "stranger_first", "swap", "drop_first", "drop_second", "by_hand", "garbage", "managed"}
    wanted_off = any(str(p.get("auto_rollover")).lower() == "false" for p in policies)
    return not wanted_off and history.first == "own" and not any(words & p.keys() for p in policies) and not any(e.what in hands for e in history.events)
