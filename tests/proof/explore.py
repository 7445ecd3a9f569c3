# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explores every reachable state of a case, and says where sign-in is lost or where nothing goes on any more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from ansible_collections.federation.adfs.plugins.module_utils._federation.decision import decide
from proof.world import Case, State, look, steps


@dataclass(frozen=True)
class Outcome:
    """``lost``: the way to a lost sign-in. ``stuck``: the way to a state from which nothing leads to the end although nobody said so."""

    states: int
    lost: tuple[str, ...] | None
    stuck: tuple[str, ...] | None


def explore(case: Case, most: int = 400_000) -> Outcome:
    """Breadth first, so that a trace is as short as can be. Raises RuntimeError beyond ``most`` states."""
    start = case.start()
    parent: dict[State, tuple[State, str] | None] = {start: None}
    back: dict[State, list[State]] = {}
    todo, goals = deque([start]), []
    while todo:
        state = todo.popleft()
        well = frozenset(d for d, q in enumerate(state.queues) if state.live <= frozenset(q[0]))
        if frozenset(range(len(state.queues))) - well - state.sick:
            return Outcome(len(parent), _trace(parent, state), None)
        if state.sick & well:
            # Mended: from now on it is held to the same promise as the others.
            state_mended = replace(state, sick=state.sick - well)
            if state_mended not in parent:
                parent[state_mended] = (state, "mended")
                todo.append(state_mended)
            back.setdefault(state_mended, []).append(state)
            continue
        if _finished(state, case) or _named(state, case):
            goals.append(state)
        for label, following, by_itself in steps(state, case):
            if following not in parent:
                if len(parent) >= most:
                    raise RuntimeError(f"more than {most} states")
                parent[following] = (state, label)
                todo.append(following)
            if by_itself:
                back.setdefault(following, []).append(state)
    reached, todo = set(goals), deque(goals)
    while todo:
        for before in back.get(todo.popleft(), ()):
            if before not in reached:
                reached.add(before)
                todo.append(before)
    for state in parent:
        if state not in reached:
            return Outcome(len(parent), None, _trace(parent, state))
    return Outcome(len(parent), None, None)


def _finished(state: State, case: Case) -> bool:
    """Every server signs with the last certificate and every domain accepts it."""
    last = case.rollovers
    return state.primary == last and all(p == last for _c, p in state.views) and all(len(q) == 1 and last in q[0] for q in state.queues)


def _named(state: State, case: Case) -> bool:
    """Nothing is done, and what waits for a person says so by naming a guard that no time lifts."""
    if state.pending is not None:
        return False
    decision = decide(look(state, case), "run")
    return decision.act is None and any(block.until is None for block in decision.blocks)


def _trace(parent: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    lines = [_show(state)]
    step = parent[state]
    while step is not None:
        lines.append(f"  {step[1]}")
        lines.append(_show(step[0]))
        step = parent[step[0]]
    return tuple(reversed(lines))


def _show(state: State) -> str:
    views = " ".join(f"{{{','.join(map(str, sorted(c)))}}}/{p}" for c, p in state.views)
    queues = " ".join("→".join(f"{a}{'-' if b is None else b}" for a, b in q) for q in state.queues)
    return f"farm {{{','.join(map(str, sorted(state.farm)))}}}/{state.primary} {'auto' if state.auto else 'off'} servers {views} domains {queues}"
