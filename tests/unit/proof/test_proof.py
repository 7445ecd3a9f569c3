# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exhaustive check, without the cases that take minutes (``make prove`` runs those too)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
if str(TESTS) not in sys.path:
    sys.path.append(str(TESTS))  # ansible-test knows only tests/unit

from proof.cases import BROKEN, FLOWS, IMPOSSIBLE_FLIPS, IN_DEPTH, SAFE  # noqa: E402 - found only after the lines above
from proof.explore import explore  # noqa: E402
from proof.facts import unnamed  # noqa: E402
from proof.promises import PROMISES, SEARCHED, Promise, guards_in_the_code  # noqa: E402
from proof.world import State  # noqa: E402


@pytest.mark.parametrize("name", SAFE)
def test_no_sign_in_is_lost_and_everything_comes_to_an_end(name: str) -> None:
    outcome = explore(SAFE[name])
    assert outcome.lost is None, "\n".join(outcome.lost or ())
    assert outcome.stuck is None, "\n".join(outcome.stuck or ())


@pytest.mark.parametrize("name", BROKEN)
def test_without_the_guard_a_sign_in_is_lost(name: str) -> None:
    with BROKEN[name].applied():
        assert explore(BROKEN[name].case).lost is not None


@pytest.mark.parametrize("name", IN_DEPTH)
def test_behind_the_guard_stands_another(name: str) -> None:
    with IN_DEPTH[name].applied():
        assert explore(IN_DEPTH[name].case).lost is None


@pytest.mark.parametrize("name", ["the role promotes, with Entra's updater", "a server that nobody listed", "one domain broken, the role promotes"])
def test_domains_and_servers_that_only_differ_in_name_are_explored_once_and_nothing_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reduced = explore(SAFE[name])
    monkeypatch.setattr("proof.explore.canonical", lambda state, _case: state)
    whole = explore(SAFE[name])
    assert reduced.states < whole.states
    assert (reduced.lost, reduced.stuck) == (whole.lost, whole.stuck) == (None, None)


def brought_back(label: str, before: State, after: State) -> bool:
    """Entra's updater copies a stolen key into a domain that it had been evicted from."""
    back = any(after.stolen.intersection(b[-1]) and not before.stolen.intersection(a[-1]) for a, b in zip(before.queues, after.queues, strict=True))
    return "updater" in label and back and before.primary not in before.stolen


class Happened(Exception):
    """Ends a search that has seen enough."""


# What a case is about has to happen in it.
HAPPENS: dict[str, tuple[str, Callable[[str, State, State], bool]]] = {
    "rollback before promotion": ("a rollback at any time, retirement", lambda label, _b, a: "asks for a rollback" in label and a.rollback == (1, False)),
    "rollback after promotion": ("a rollback at any time, retirement", lambda label, _b, a: "asks for a rollback" in label and a.rollback == (1, True)),
    "rollback after retirement": (
        "a rollback at any time, retirement",
        lambda label, _b, a: "asks for a rollback" in label and a.rollback == (1, True) and all(0 not in q[-1] for q in a.queues),
    ),
    "the old one signs again": ("a rollback at any time, retirement", lambda label, b, a: label == "send promote" and (b.primary, a.primary) == (1, 0)),
    "the successor leaves AD FS": ("a rollback at any time, AD FS promotes", lambda label, b, a: label == "send remove_from_adfs" and bool(b.rollback)),
    "a backup is written": (
        "a rollback to an earlier certificate in the domains",
        lambda label, b, a: label.startswith("send publish") and bool(b.rollback) and any(q[-1] == (1, 0) for q in a.queues),
    ),
    "stolen keys are evicted": ("a stolen key, containment", lambda label, _b, _a: label.startswith("send evict")),
    "a stolen key is brought back": ("a stolen key, availability, with Entra's updater", brought_back),
    "the watch ends": ("a stolen key, availability, with Entra's updater", lambda label, _b, _a: label.startswith("a day passes in which")),
}


@pytest.mark.parametrize("what", HAPPENS)
def test_what_a_case_is_about_happens_in_it(what: str) -> None:
    name, happens = HAPPENS[what]

    def note(label: str, before: State, after: State) -> None:
        if happens(label, before, after):
            raise Happened

    with pytest.raises(Happened):
        explore(SAFE[name], note=note)


@pytest.mark.parametrize("fact", IMPOSSIBLE_FLIPS)
def test_where_no_rollover_can_be_without_loss_the_loss_is_found(fact: str) -> None:
    assert explore(replace(FLOWS["the role promotes, with Entra's updater"], facts=IMPOSSIBLE_FLIPS[fact])).lost is not None


def test_every_switch_of_the_explored_world_says_which_question_it_is_about() -> None:
    assert unnamed() == set()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.condition)
def test_what_a_guard_promises_is_kept_with_it_and_broken_without_it(promise: Promise) -> None:
    assert promise.kept(), [str(block) for block in promise.plan().blocks]
    assert promise.without()


def test_every_guard_of_the_code_is_shown_to_be_needed() -> None:
    assert guards_in_the_code() == {promise.condition for promise in PROMISES} | set(SEARCHED)
    assert set(SEARCHED.values()) <= set(BROKEN)
