# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs that only have to be survived: at the ends of what AD FS, Entra and the calendar can return, a plan comes out, with the same shape as ever."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from histories import product
from histories.certificates import make
from histories.history import DAY, History
from histories.run import Run
from histories.world import World

LEAST, MOST = -(2**31), 2**31 - 1
THRESHOLDS = ("generation_days", "promotion_days", "critical_days", "rollover_interval_minutes", "threshold_multiplier_minutes", "duration_days")
YEAR = 365 * DAY
MANY_DOMAINS, MANY_TENANTS = 10_000, 300


def inputs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each input with its name. All but the large ones."""
    for value in (LEAST, -1, 0, 1, MOST):
        for name in THRESHOLDS:
            given = _given(History())
            given["farm"]["thresholds"][name] = value
            yield f"{name} is {value}", given
        given = _given(History())
        given["farm"]["thresholds"] = dict.fromkeys(THRESHOLDS, value)
        yield f"every threshold is {value}", given
    for first, second in itertools.product((-2025 * YEAR, -100 * YEAR, 0, 30 * DAY, 100 * YEAR, 8000 * YEAR), repeat=2):
        yield f"the primary is valid from {first // YEAR} to {second // YEAR} years from now", _with_primary(first, second)
    for now in ("0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z", "1969-12-31T23:59:59Z", "2038-01-19T03:14:08Z", "9999-12-30T00:00:00Z", "9999-12-31T23:59:59Z"):
        given = _given(History())
        given["now"] = given["farm"]["time"] = now
        yield f"it is {now}", given
        yield f"the controller says {now}, the server does not", {**_given(History()), "now": now}
    for text in ("1d", "36500d", "99999d", "0h"):
        for name in ("renew_before", "propagation", "safety", "run_interval", "deadline_days"):
            yield f"{name} is {text}", {**_given(History()), "policy": {name: text}}
    for days in (-400, -7, -1, 1, 7, 400):
        given = _given(History())
        given["farm"]["time"] = _text(days * DAY)
        yield f"the server's clock is off by {days} days", given
    for empty in (("domains",), ("metadata",), ("domains", "metadata"), ("servers",)):
        yield f"without {' and '.join(empty)}", {**_given(History()), **{name: [] for name in empty}}
    given = _given(History())
    given["farm"].update(servers=[], relying_parties=[], journal=None)
    yield "a farm that says nothing of its servers, partners and journal", given
    given = _given(History())
    for domain in given["domains"]:
        domain.update(configuration_id=None, signing_certificate=None, next_signing_certificate=None, passive_sign_in_uri=None, issuer_uri=None)
    yield "every domain without a configuration", given
    given = _given(History())
    for domain in given["domains"]:
        domain.update(error="500")
    yield "no domain can be read", given
    for content in ({}, {"schema": 1}, {"schema": 99}, {"schema": None}, {"schema": 1, "farm": 7}, [], "text", {"schema": MOST}):
        given = _given(History())
        given["farm"]["journal"].update(found=True, sha256="0" * 64, content=content)
        yield f"the journal is {content!r}", given
    many = _given(History(tenants=MANY_TENANTS, domains=MANY_TENANTS))
    yield f"{MANY_TENANTS} tenants", many


def large() -> dict[str, Any]:
    """A farm with very many domains whose successor is to be published."""
    world = World(History(domains=MANY_DOMAINS, left=20))
    world.farm.generate(0)
    world.farm_changed("adfs")
    return _look(world)


def survives(given: dict[str, Any]) -> str:
    """Empty if a plan came out, else what did instead."""
    try:
        plan = product.plan(given)
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is what is looked for
        return f"{type(exc).__name__}: {exc}"
    return "" if isinstance(plan["state"], str) and isinstance(plan["actions"], list) and plan["next_run_at"] else "the plan has another shape"


def _with_primary(begins: int, ends: int) -> dict[str, Any]:
    world = World(History(domains=1))
    made = make("odd", begins, ends)
    world.farm.certificates = [made]
    world.farm.promote(made, 0, "hand")
    world.farm_changed("hand")
    return _look(world)


def _given(history: History) -> dict[str, Any]:
    return _look(World(history))


def _look(world: World) -> dict[str, Any]:
    previous = product.plan({"step": "begin", "run": "run-1", "now": _text(0), "mode": "apply"})["memory"]
    return {**Run(world, 1, 0).look(), "run": "run-1", "mode": "apply", "previous": previous, "outcome": {}, "policy": world.policy}


def _text(minute: int) -> str:
    from histories.certificates import text

    return text(minute)
