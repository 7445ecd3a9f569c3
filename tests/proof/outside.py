# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can happen next: the tool's own acts, decided and sent apart, the operator, AD FS with its clock and servers, Entra with its updater."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import emergency, rollback
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act
from proof.facts import Facts
from proof.world import QUEUE, Case, Deciding, Pair, Pending, State, number

Step = tuple[str, State, bool]


def steps(state: State, deciding: Deciding) -> Iterator[Step]:
    """Yield (label, next state, is it a step that happens by itself if nothing else goes wrong)."""
    yield from _tool(state, deciding)
    yield from _operator(state, deciding)
    yield from _adfs(state, deciding.case)
    yield from _servers(state, deciding.case)
    yield from _entra(state, deciding.case)


def _tool(state: State, deciding: Deciding) -> Iterator[Step]:
    pending = state.pending
    if pending is None:
        act = deciding.act(state)
        if act is not None:
            yield f"decide {act.action}", state._replace(pending=_pending(state, act)), True
        return
    for n in range(max(len(pending.writes), 1)):
        where = f" to domain {pending.writes[n][0]}" if pending.writes else ""
        for sent in _send(state, deciding.case, n):
            yield f"send {pending.action}{where}", sent, True
    yield "the run dies", state._replace(pending=None), False
    other = deciding.act(state, "second")
    if other is not None:
        for sent in _send_all(state, _pending(state, other), deciding.case):
            yield f"a second run does {other.action}", sent, False


def _operator(state: State, deciding: Deciding) -> Iterator[Step]:
    case = deciding.case
    if state.rollback and state.pending is None:
        yield "the operator lifts the pause", state._replace(rollback=None, paused=False, lifted=state.rollback[0]), False
    if state.stolen and not state.watched and not _stolen_seen(state, case):
        later = state
        for d, queue in enumerate(state.queues):
            later = _arrived(later, d, queue[-1:])
        yield "a day passes in which no stolen key is seen", later._replace(watched=True), True
    if state.asked or state.pending is not None:
        return
    situation = deciding.situation(state)
    if case.rollback:
        begun = rollback.begin(situation)
        yield "the operator asks for a rollback", state._replace(asked=True, paused=True, rollback=(int(begun.undone[1:]), begun.promoted)), False
    if case.theft:
        policy = replace(case.policy, compromised=frozenset({f"K{state.primary}"}), emergency_priority=case.theft)
        theft = emergency.note(replace(situation, policy=policy))
        stolen = frozenset(int(key[1:]) for key in theft.keys) if theft else frozenset()
        yield "the operator says that the key is stolen", state._replace(asked=True, stolen=stolen), False


def _stolen_seen(state: State, case: Case) -> bool:
    """A stolen key is seen in a domain of the farm, or a server has one."""
    seen = (q for d, q in enumerate(state.queues) if d not in state.dark and d not in case.elsewhere)
    return any(state.stolen.intersection(q[-1]) for q in seen) or any(state.stolen & (c | {p}) for c, p in (*state.views, (state.farm, state.primary)))


def _pending(state: State, act: Act) -> Pending:
    writes = tuple((int(w.domain.name[1:]), (number(w.slots.signing), number(w.slots.next)), state.queues[int(w.domain.name[1:])][-1]) for w in act.writes)
    if act.toggles:
        return Pending("switch_on", then=(act.action, "switch_off"))
    return Pending(act.action, number(act.thumbprint) if act.action in ("promote", "remove_from_adfs") else None, writes)


def _send_all(state: State, pending: Pending, case: Case) -> list[State]:
    done: list[State] = []
    todo = [state._replace(pending=pending)]
    while todo:
        for sent in _send(todo.pop(), case):
            (done if sent.pending is None else todo).append(sent)
    return [sent._replace(pending=state.pending) for sent in done]


def _send(state: State, case: Case, which: int = 0) -> list[State]:
    """Carry out a part of the pending act: one domain, or the one change on AD FS. More than one where it may come out in several ways."""
    pending = state.pending
    if pending is None:
        return [state]
    if pending.writes:
        (domain, value, expected), rest = pending.writes[which], pending.writes[:which] + pending.writes[which + 1 :]
        state = state._replace(pending=pending._replace(writes=rest) if rest else None)
        now = state.queues[domain][-1]
        if case.second_look and now != expected:
            return [state]  # looked again just before: the plan no longer fits
        if _refused(value, now, case.facts):
            return [state._replace(forms=state.forms | {_form(value)}) if pending.action == "evict" else state]
        if case.one_member:
            value = (value[0] if value[0] != expected[0] else now[0], value[1] if value[1] != expected[1] else now[1])
        elif case.facts.patch_moves_other and value[1] is None and now[1] is None:
            value = (value[0], now[0])  # a member that is empty and stays so is not sent
        if state.backups:
            state = state._replace(backups=_put(state.backups, domain, now))
        return [write(state, domain, value)]
    state = state._replace(pending=Pending(pending.then[0], then=pending.then[1:]) if pending.then else None)
    return _on_adfs(state, pending, case)


def _refused(value: Pair, now: Pair, facts: Facts) -> bool:
    empties = value[1] is None and now[1] is not None
    return (facts.next_never_null and empties) or (facts.members_never_equal and value[0] == value[1])


def _form(value: Pair) -> str:
    return "equal" if value[0] == value[1] else "empty" if value[1] is None else "second"


def _on_adfs(state: State, pending: Pending, case: Case) -> list[State]:
    key, action = pending.key, pending.action
    if action == "generate":
        leftover = state.farm - {state.primary}
        if leftover and case.facts.update_replaces_expired and leftover <= case.expired:
            return [_with_new(state._replace(farm=frozenset({state.primary})))]
        return [state if leftover else _with_new(state)]
    if action == "promote" and key in state.farm and not state.auto:
        return [state._replace(primary=key, by_hand=True)]
    if action == "remove_from_adfs" and key in state.farm - {state.primary} and not state.auto:
        return [state._replace(farm=state.farm - {key})]
    if action == "suspend_auto_rollover":
        return [state._replace(auto=False, suspended=state.primary)]
    if action == "switch_off":
        return [state._replace(auto=False)]
    if action == "restore_auto_rollover":
        return _switched_on(state._replace(auto=True, suspended=None), case)
    if action == "switch_on":
        return _switched_on(state._replace(auto=True), case)
    return [state]


def _switched_on(state: State, case: Case) -> list[State]:
    """Automatic rollover is on; AD FS may look at its certificates at once."""
    found, successor = [state], max(state.farm)
    if case.facts.enabling_acts_at_once:
        if successor > state.primary:
            found.append(state._replace(primary=successor, by_hand=False))
        elif state.made < case.rollovers:
            found.append(_with_new(state))
    return found


def _with_new(state: State) -> State:
    return state._replace(farm=state.farm | {state.made + 1}, made=state.made + 1)


def write(state: State, domain: int, value: Pair) -> State:
    """A new value for a domain is under way. A full queue moves on first, as nothing waits for ever."""
    queue = state.queues[domain]
    if value == queue[-1]:
        return state
    queue = (*(queue if len(queue) < QUEUE else queue[1:]), value)
    old = state.old[domain] & frozenset(k for k in value if k is not None)
    # A stolen key that comes back is seen by the next look, and the watch begins anew.
    watched = state.watched and (domain in state.dark or not state.stolen.intersection(value))
    return state._replace(queues=_put(state.queues, domain, queue), old=_put(state.old, domain, old), watched=watched)


def _adfs(state: State, case: Case) -> Iterator[Step]:
    successor = max(state.farm)
    if case.generates and state.auto and successor == state.primary and len(state.farm) == 1 and state.made < case.rollovers:
        yield "AD FS makes a successor", _with_new(state), True
    if case.several and len(state.farm) == 2 and state.made < case.rollovers + 1:
        yield "somebody makes a further certificate", _with_new(state), False
    if case.several and len(state.farm) == 3:
        for key in state.farm - state.live:
            yield f"somebody removes {key}", state._replace(farm=state.farm - {key}), False
    if successor > state.primary:
        everywhere = all(successor in pair for d, q in enumerate(state.queues) if d not in state.sick | case.elsewhere for pair in q) and all(
            successor in c and len(c) <= 2 for c, _p in state.views
        )
        if state.auto and (case.clock == "any" or (case.clock == "late" and everywhere)):
            yield "AD FS promotes by itself", state._replace(primary=successor, by_hand=False), True
    if case.rollback_by_hand and len(state.farm) > 1:
        for key in state.farm - {state.primary}:
            # An administrator goes back by hand where that is safe, and says hold.
            if key < state.primary and all(key in pair for q in state.queues for pair in q) and all(key in c for c, _p in state.views):
                yield "rolled back by hand", state._replace(primary=key, auto=False, paused=True, by_hand=True, rollback=(state.primary, True)), False
    if case.urgent_by_hand and state.auto and state.farm == {0}:
        # Sign-in breaks at once, and nobody can help that; from then on it is to be mended and kept.
        urgent = state._replace(farm=frozenset({0, 1} if case.facts.urgent_keeps_old else {1}), primary=1, by_hand=False, made=1)
        yield "an administrator runs -Urgent", urgent._replace(sick=frozenset(range(len(state.queues)))), False
    oldest = min(state.farm)
    if (case.rollovers > 1 or oldest in case.expired) and state.auto and oldest < state.primary and all(p == state.primary for _c, p in state.views):
        yield "AD FS removes the expired one", state._replace(farm=state.farm - {oldest}), True


def _servers(state: State, case: Case) -> Iterator[Step]:
    for i, view in enumerate(state.views):
        by_itself = i < len(state.views) - case.hidden
        known = (state.farm, state.primary)
        if view == known:
            continue
        waits = case.facts.restart_needed and state.by_hand and view[1] != state.primary
        if waits and view[0] == state.farm:
            yield f"server {i} is restarted", state._replace(views=_put(state.views, i, known)), by_itself
        else:
            followed = (state.farm, view[1]) if waits else known
            yield f"server {i} follows", state._replace(views=_put(state.views, i, followed)), by_itself


def _entra(state: State, case: Case) -> Iterator[Step]:
    for d, queue in enumerate(state.queues):
        if len(queue) > 1:
            yield f"domain {d} moves on", state._replace(queues=_put(state.queues, d, queue[1:])), True
        if case.flickers and d in state.dark:
            # What was not read was not seen to be clean, so the watch for stolen keys begins anew.
            yield f"domain {d} can be read again", state._replace(dark=state.dark - {d}, watched=False), True
        elif case.flickers:
            yield f"domain {d} cannot be read", state._replace(dark=state.dark | {d}), False
        settled = _arrived(state, d, queue[-1:])
        if settled != state:
            yield f"a day passes for domain {d}", settled, True
        if case.updater:
            for certificates, primary in set(state.views):
                for pair in _copies(certificates, primary, queue[-1], case.facts):
                    copied = write(state, d, pair)
                    if copied != state:
                        yield f"Entra's updater copies {_shown(pair)} into domain {d}", copied, False
        first, second = queue[-1]
        # It ends weeks later, so not while somebody is about to go back to it: that is only done to one that is valid for longer.
        wanted_back = state.rollback is not None or (state.pending is not None and state.pending.key == first)
        ended = first is not None and first not in state.live and first < state.primary and not wanted_back
        if case.facts.next_moves_up_at_expiry and ended and second not in (None, first):
            pair = (second, second if case.facts.next_never_null and not case.facts.members_never_equal else None)
            yield f"the first certificate of domain {d} ends", _arrived(state, d, (pair,)), False


def _copies(certificates: frozenset[int], primary: int, now: Pair, facts: Facts) -> Iterator[Pair]:
    """What Entra's updater makes of one server's metadata."""
    if len(certificates) == 1:
        kept = now[1] if now[1] != primary else now[0]
        yield (primary, kept if facts.next_never_null and kept is not None and kept != primary else None)
    elif facts.updater_takes_any_two:
        yield from permutations(sorted(certificates), 2)
    else:
        yield primary, max(certificates - {primary})


def _arrived(state: State, d: int, queue: tuple[Pair, ...]) -> State:
    """Nothing is under way for a domain any more, and what it holds is old."""
    return state._replace(queues=_put(state.queues, d, queue), old=_put(state.old, d, frozenset(k for k in queue[-1] if k is not None)))


def _shown(pair: Pair) -> str:
    return f"{pair[0]}{'-' if pair[1] is None else pair[1]}"


def _put(values: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    return (*values[:index], value, *values[index + 1 :])
