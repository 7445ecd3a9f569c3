# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws a history from a seed. Most are quiet and have few troubles, since what is found among many troubles explains little; some have all of them."""

from __future__ import annotations

from random import Random
from typing import Any

from histories.certificates import text
from histories.history import DAY, HOUR, Event, History

# How often, and how long it lasts where it lasts: "no", "may" (short, long or for good), "must" (it always ends).
EVENTS: dict[str, tuple[int, str]] = {
    "generate": (4, "no"),
    "urgent": (3, "no"),
    "urgent_twice": (4, "no"),
    "promote": (5, "no"),
    "remove": (3, "no"),
    "add": (4, "no"),
    "rollover_on": (4, "no"),
    "rollover_off": (4, "no"),
    "restore_snapshot": (2, "no"),
    "thresholds": (2, "no"),
    "rename": (1, "no"),
    "stops": (7, "must"),
    "unreachable": (6, "may"),
    "stuck": (5, "must"),
    "new_server": (3, "no"),
    "dead_server": (3, "no"),
    "primary_moves": (3, "no"),
    "stranger": (6, "no"),
    "stranger_first": (2, "no"),
    "swap": (3, "no"),
    "drop_second": (3, "no"),
    "drop_first": (2, "no"),
    "garbage": (2, "no"),
    "by_hand": (4, "no"),
    "settings": (3, "may"),
    "unreadable": (6, "may"),
    "tenant_unreadable": (2, "may"),
    "refuses": (6, "may"),
    "managed": (3, "may"),
    "new_domain": (3, "no"),
    "kill": (8, "no"),
    "kill_and_again": (5, "no"),
    "not_yet_valid": (1, "no"),
    "extra_run": (7, "no"),
    "no_runs": (6, "must"),
    "server_clock": (3, "must"),
    "journal_lost": (4, "no"),
    "journal_old": (3, "no"),
    "journal_newer": (1, "no"),
    "journal_corrupt": (2, "may"),
    "journal_unwritable": (2, "must"),
    "policy": (8, "may"),
    "freeze": (4, "no"),
    "stolen": (5, "no"),
    "acknowledge": (5, "no"),
}
NUMBERED = {"promote", "remove", "stops", "unreachable", "stuck", "dead_server", "primary_moves", "stranger", "stranger_first", "swap", "drop_second"}
NUMBERED |= {"drop_first", "garbage", "by_hand", "unreadable", "tenant_unreadable", "refuses", "managed", "settings"}

# What goes together: where a history has a theme, its events come far more often, and the first is sure to come.
THEMES: dict[str, tuple[str, ...]] = {
    "theft": ("stolen", "unreadable", "unreachable", "refuses", "stuck", "stops", "kill", "stranger", "acknowledge", "promote"),
    "successors": ("add", "generate", "by_hand", "promote", "remove", "rollover_off", "rollover_on"),
    "servers": ("stuck", "urgent_twice", "stops", "unreachable", "urgent", "promote", "new_server", "dead_server", "primary_moves", "acknowledge"),
    "entra": ("unreadable", "refuses", "stranger", "drop_first", "swap", "managed", "new_domain", "tenant_unreadable", "acknowledge"),
    "runs": ("kill_and_again", "kill", "extra_run", "no_runs", "journal_lost", "journal_old", "server_clock"),
    "words": ("policy", "freeze", "rollover_off", "acknowledge", "rollover_on"),
}


def draw(seed: int) -> History:
    """The history of a seed."""
    dice = Random(seed)
    years = dice.random() < 0.06
    left = dice.choice((40, 36, 34, 32, 31, 28, 25, 23, 21, 18))
    duration = dice.choice((45, 60, 90)) if years else dice.choice((365, 365, 365, 730, 3650))
    length = dice.randrange(120, 260) if years else left + dice.choice((4, 8, 8, 20))
    interval = _weighted(dice, {DAY: 74, 12 * HOUR: 4, 2 * DAY: 6, 3 * DAY: 4, 7 * DAY: 8, 10 * DAY: 2, 14 * DAY: 2})
    setup: dict[str, Any] = {
        "seed": seed,
        "left": left,
        "duration": duration,
        "length": length,
        "interval": interval,
        "first_run": dice.choice((540, 540, 0, 719, 1439, dice.randrange(1440))),
        "phase": dice.choice((0, 539, 541, dice.randrange(720))),
        "servers": _weighted(dice, {1: 20, 2: 45, 3: 25, 5: 10}),
        "domains": _weighted(dice, {1: 12, 2: 24, 3: 44, 5: 15, 22: 4, 40: 1}),
        "first": _weighted(dice, {"own": 90, "ca": 6, "local": 4}),
        "auto": dice.random() < 0.9,
        "youngest": dice.random() < 0.3,
        "lag": dice.choice((5, 5, 1, 9)),
        "winrm": dice.random() < 0.25,
        "partners": _weighted(dice, {0: 85, 1: 10, 3: 5}),
        "tenants": _weighted(dice, {1: 85, 2: 15}),
        "elsewhere": _weighted(dice, {0: 85, 1: 10, 3: 5}),
        "alias": 1 if dice.random() < 0.04 else 0,
        "second": _weighted(dice, {"": 70, "ended": 22, "unknown": 8}),
        "propagation": _weighted(dice, {1440: 60, 1439: 10, 600: 15, 30: 15}),
        "updater": _weighted(dice, {0: 70, 35: 22, 400: 8}),
        "any_server": dice.random() < 0.5,
        "equal_ok": dice.random() < 0.8,
        "null_ok": dice.random() < 0.8,
        "gap": _weighted(dice, {0: 60, 1: 25, 3: 15}),
        "clocks": _weighted(dice, {(0,): 84, (240, -200): 8, (200, -60): 6, (-290,): 2}),
        "listed": dice.random() < 0.95,
        "approves": dice.random() < 0.04,
    }
    if dice.random() < 0.1:
        setup |= {"generation": dice.choice((5, 10, 30, 40, 60)), "promotion": dice.choice((0, 1, 5, 10)), "critical": dice.choice((0, 1, 2, 5))}
    if dice.random() < 0.08:
        setup |= {"check": dice.choice((60, 360, 1440, 2880))}
    setup["policy"] = _policy(dice, setup)
    events = (*_events(dice, setup), *_race(setup))
    if any(e.what == "stolen" for e in events) and dice.random() < 0.4:
        setup["policy"] = {**setup["policy"], "emergency_priority": "containment"}
    return History(**setup, events=events)


def _policy(dice: Random, setup: dict[str, Any]) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    if dice.random() < 0.4:
        policy["promote"] = dice.choice(("role", "role", "never"))
    if setup["interval"] > DAY and dice.random() < 0.6:
        policy["run_interval"] = f"{setup['interval'] // HOUR}h"
    if dice.random() < 0.12:
        policy["renew_before"] = dice.choice(("20d", "25d", "45d", "60d"))
    if dice.random() < (0.2 if setup["auto"] else 0.75):
        policy["auto_rollover"] = dice.random() < 0.85
    if dice.random() < 0.08:
        opens = dice.randrange(DAY)
        hours = dice.choice((2, 4, 14))
        policy["windows"] = [
            {"start": text(day * DAY + opens), "end": text(day * DAY + opens + hours * HOUR)} for day in range(0, setup["length"], dice.choice((1, 7)))
        ]
    if dice.random() < 0.12:
        start = dice.randrange(max(1, setup["left"] - 36), setup["left"]) * DAY
        policy["freezes"] = [{"start": text(start), "end": text(start + dice.choice((2, 7, 16, 30)) * DAY)}]
    for name, odds in {"remove_old_from_entra": 0.1, "remove_old_from_adfs": 0.06, "restart_servers": 0.05}.items():
        if dice.random() < odds:
            policy[name] = True
    if dice.random() < 0.12:
        policy["unknown_certificates"] = "replace"
    if dice.random() < 0.02:
        policy["protect"] = False
    if dice.random() < 0.1:
        policy["domains"] = [f"d{n + 1}.contoso.com" for n in range(setup["domains"])]
    if dice.random() < 0.04:
        policy["domains_excluded"] = ["d1.contoso.com"]
    if setup["partners"] and dice.random() < 0.6:
        policy["relying_parties_acknowledged"] = ["*"]
    if not setup["listed"] and dice.random() < 0.8:
        policy |= {"servers_complete": True, "servers": [{"name": f"s{n + 1}.contoso.com"} for n in range(setup["servers"])]}
    return policy


def _events(dice: Random, setup: dict[str, Any]) -> tuple[Event, ...]:
    count = min(12, int(dice.expovariate(1 / 2.2)))
    if setup["length"] > 100:
        count += dice.randrange(4)
    theme = THEMES[dice.choice(list(THEMES))] if dice.random() < 0.5 else ()
    names = list(EVENTS)
    weights = [EVENTS[n][0] * (6 if n in theme else 1) for n in names]
    chosen = [*theme[:1], *dice.choices(names, weights, k=count)]
    found = [_event(dice, name, setup) for name in chosen]
    return tuple(sorted(found, key=lambda e: (e.at, e.what)))


def _race(setup: dict[str, Any]) -> tuple[Event, ...]:
    """Another hand between a run's look and its write. By chance that would hardly ever be; and it has dice of its own, so that other histories stay."""
    dice = Random(f"race {setup['seed']}")
    if dice.random() >= 0.04:
        return ()
    first = max(0, setup["left"] - 34)
    return (Event(dice.randrange(first * DAY, setup["left"] * DAY), "race", dice.choice(("stranger", "stranger_first", "by_hand", "drop_second", "swap"))),)


def _event(dice: Random, what: str, setup: dict[str, Any]) -> Event:
    last = setup["length"] * DAY
    near = dice.random() < 0.75 and setup["length"] < 100
    first = max(0, (setup["left"] - 34) * DAY) if near else 0
    at = dice.randrange(first, max(first + 1, min(last, (setup["left"] + 1) * DAY) if near else last))
    if dice.random() < 0.35:  # around a run
        number = max(0, (at - setup["first_run"]) // setup["interval"])
        at = max(0, setup["first_run"] + number * setup["interval"] + dice.choice((-3, -1, 0, 1, 2, 3, 30)))
    if what in ("urgent", "urgent_twice", "promote") and dice.random() < 0.5:  # before the other servers have copied it
        number = max(0, (at - setup["first_run"]) // setup["interval"])
        at = max(0, setup["first_run"] + number * setup["interval"] - dice.randrange(1, 5))
    lasts = EVENTS[what][1]
    spans = [dice.randrange(20, 3 * HOUR), dice.randrange(3 * HOUR, 2 * DAY), dice.randrange(2 * DAY, 9 * DAY), dice.randrange(9 * DAY, 40 * DAY)]
    until = None if lasts == "no" else at + dice.choice(spans)
    if lasts == "may" and dice.random() < 0.35:
        until = None
    about: Any = None
    if what in NUMBERED:
        about = dice.randrange(4)
    elif what == "stops":
        about = dice.randrange(setup["servers"])
    elif what == "add":
        about = dice.choice(("ca", "local"))
    elif what == "restore_snapshot":
        about = dice.choice((1, 3, 10))
    elif what == "thresholds":
        about = dice.choice(({"generation": 40}, {"promotion": 0}, {"critical": 10}, {"generation": 10, "promotion": 2}, {"duration": 50}))
    elif what == "rename":
        about = "login.contoso.com"
    elif what == "new_server":
        about = dice.random() < 0.85
    elif what == "not_yet_valid":
        about = 25
    elif what in ("kill", "kill_and_again"):
        about = dice.randrange(1, 12)
    elif what == "server_clock":
        about = dice.choice((250, -250, 280, -900, 900, 86400, -3 * 86400))
    elif what == "journal_old":
        about = dice.choice((1, 2, 5, 15))
    elif what == "freeze":
        about = dice.choice((1, 5, 14))
    elif what == "stolen":
        about = dice.choice(("primary", "primary", "successor", "stranger"))
    elif what == "policy":
        about, until = _change(dice, until)
    return Event(at, what, about, until)


def _change(dice: Random, until: int | None) -> tuple[dict[str, Any], int | None]:
    """A change of policy, and until when."""
    change: dict[str, Any] = dice.choice(
        (
            {"pause": True},
            {"rollback": True},
            {"promote": "role"},
            {"promote": "never"},
            {"promote": "adfs"},
            {"auto_rollover": True},
            {"auto_rollover": False},
            {"unknown_certificates": "replace"},
            {"domains_excluded": ["d1.contoso.com"]},
            {"renew_before": "60d"},
            {"remove_old_from_entra": True},
            {"run_interval": "168h"},
        )
    )
    return change, until


def _weighted(dice: Random, odds: dict[Any, float]) -> Any:
    return dice.choices(list(odds), list(odds.values()))[0]
