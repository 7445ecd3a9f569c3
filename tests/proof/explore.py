# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explores every reachable state of a case, and says where sign-in is lost or where nothing goes on any more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from proof.outside import steps
from proof.world import Case, Deciding, State, canonical


@dataclass(frozen=True)
class Outcome:
    """``lost``: the way to a lost sign-in. ``stuck``: the way to a state from which nothing leads to the end although nobody said so."""

    states: int
    lost: tuple[str, ...] | None
    stuck: tuple[str, ...] | None


def explore(case: Case, most: int = 400_000, note: Callable[[str, State, State], None] | None = None) -> Outcome:
    """Breadth first, so that a trace is as short as can be. Raises RuntimeError beyond ``most`` states.

    ``note`` is told of every step: what happens, the state before and the state after it.
    """
    deciding = Deciding(case)
    start = canonical(case.start(), case)
    parent: dict[State, State | None] = {start: None}
    back: dict[State, list[State]] = {}
    todo, goals = deque([start]), []
    while todo:
        state = todo.popleft()
        well = _well(state, case)
        given_up = case.theft == "containment" and bool(state.stolen) and not state.watched
        if (frozenset(range(len(state.queues))) - well - state.sick - case.elsewhere and not given_up) or _uncontained(state, deciding):
            return Outcome(len(parent), _trace(parent, state, deciding), None)
        if state.sick & well:
            # Mended: from now on it is held to the same promise as the others.
            mended = canonical(_mended(state, case), case)
            if mended not in parent:
                parent[mended] = state
                todo.append(mended)
            back.setdefault(mended, []).append(state)
            continue
        if _finished(state, case) or _named(state, deciding):
            goals.append(state)
        for label, step, by_itself in steps(state, deciding):
            if note is not None:
                note(label, state, step)
            following = canonical(step, case)
            if following not in parent:
                if len(parent) >= most:
                    raise RuntimeError(f"more than {most} states")
                parent[following] = state
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
            return Outcome(len(parent), None, _trace(parent, state, deciding))
    return Outcome(len(parent), None, None)


def _well(state: State, case: Case) -> frozenset[int]:
    """The domains where every server's sign-in is accepted now."""
    live = state.live
    return frozenset(d for d, q in enumerate(state.queues) if live <= case.accepted(q[0]))


def _mended(state: State, case: Case) -> State:
    return state._replace(sick=state.sick - _well(state, case))


def _uncontained(state: State, deciding: Deciding) -> bool:
    """The emergency is over, and yet Entra may serve a stolen key."""
    ours = (q for d, q in enumerate(state.queues) if d not in deciding.case.elsewhere)
    served = any(state.stolen.intersection(pair) for q in ours for pair in q)
    return state.watched and served and not deciding.situation(state).emergency


def _finished(state: State, case: Case) -> bool:
    """Every server signs with the last certificate and every domain accepts it; stolen keys are gone and were watched for."""
    last = max(state.farm) if case.several else max(case.rollovers, state.made)
    ours = [q for d, q in enumerate(state.queues) if d not in case.elsewhere]
    if state.stolen and (not state.watched or state.farm & state.stolen):
        return False
    return (
        state.made >= case.rollovers and state.primary == last and all(p == last for _c, p in state.views) and all(len(q) == 1 and last in q[0] for q in ours)
    )


def _named(state: State, deciding: Deciding) -> bool:
    """Nothing is done, and what waits for a person says so by naming a guard that no time lifts. A rollback ends so once it is done."""
    if state.pending is not None:
        return False
    decision = deciding.decision(state)
    if decision.act is not None:
        return False
    named = {block.condition for block in decision.blocks if block.until is None}
    if state.rollback is None:
        return bool(named)
    undone, promoted = state.rollback
    return state.primary != undone and (promoted or undone not in state.farm) if named <= {"pause"} else True


def _trace(parent: dict[State, State | None], last: State, deciding: Deciding) -> tuple[str, ...]:
    """The way from the start, gone again step by step, so that every domain and server keeps its place in it."""
    way: list[State] = []
    step: State | None = last
    while step is not None:
        way.insert(0, step)
        step = parent[step]
    state = deciding.case.start()
    lines = [_show(state)]
    for wanted in way[1:]:
        label, state = _step_to(wanted, state, deciding)
        lines += [f"  {label}", _show(state)]
    return tuple(lines)


def _step_to(wanted: State, state: State, deciding: Deciding) -> tuple[str, State]:
    if state.sick & _well(state, deciding.case):
        return "mended", _mended(state, deciding.case)
    for label, following, _by_itself in steps(state, deciding):
        if canonical(following, deciding.case) == wanted:
            return label, following
    raise RuntimeError("domains or servers are not interchangeable after all")


def _show(state: State) -> str:
    views = " ".join(f"{{{','.join(map(str, sorted(c)))}}}/{p}" for c, p in state.views)
    queues = " ".join("→".join(f"{a}{'-' if b is None else b}" for a, b in q) for q in state.queues)
    return f"farm {{{','.join(map(str, sorted(state.farm)))}}}/{state.primary} {'auto' if state.auto else 'off'} servers {views} domains {queues}"
