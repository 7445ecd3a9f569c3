# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forecast against the lab: random farms, what the summary foretells for them, and what the lab then does.

Runs come daily, but for days with no foretold event within six days: leaving out more would be another story, for the rules measure how often
runs come. A difference is an event outside the moments that were told for it, one that was told and did not come, or one that came and was not
told before the end of what the forecast speaks of.

``PYTHONPATH=tests python -m year.foretold [farms]``, or ``make forecast``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

FARMS = 200
INTERVAL = timedelta(days=1)
BESIDE = timedelta(days=1)
NEAR = timedelta(days=6)
# AD FS and the lab write whole seconds.
EXACT = timedelta(seconds=2)
BY_RUN = {
    "repair",
    "publish",
    "reorder",
    "remove_from_entra",
    "generate",
    "promote",
    "remove_from_adfs",
    "suspend_auto_rollover",
    "restore_auto_rollover",
}


@dataclass
class Difference:
    """``farms``: how many were played. ``foretold``: events that came when they were told, by kind. ``wrong``: what differs."""

    farms: int = 0
    foretold: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Difference) -> None:
        self.farms += other.farms
        self.foretold += other.foretold
        self.runs += other.runs
        self.wrong += other.wrong


@dataclass(frozen=True)
class Told:
    kind: str
    earliest: datetime
    latest: datetime


def farm(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A random scenario of the lab and the role's policy for it."""
    random = Random(number)
    on = random.random() < 0.75
    nodes = [f"adfs{n + 1}.contoso.com" for n in range(random.choice((1, 2, 2, 3)))]
    properties: dict[str, Any] = {"AutoCertificateRollover": on}
    if random.random() < 0.3:
        properties["CertificateRolloverInterval"] = random.choice((60, 360, 720, 1440))
    if random.random() < 0.3:
        properties["CertificateGenerationThreshold"] = random.choice((15, 20, 25))
    alone = ("current", None)
    slots = random.choice(((alone,), (alone, ("current", "earlier")), (("earlier", "current"), alone), (("current", "current"),)))
    domains = [
        {"name": f"d{n}.example.com", "signing": signing, "next": following}
        for n, (signing, following) in enumerate(random.choice(slots) for _domain in range(random.randint(1, 3)))
    ]
    if random.random() < 0.15:
        domains[0] |= {"signing": "earlier", "next": None}
    left = random.choice((random.uniform(21, 29), random.uniform(30, 60), random.uniform(60, 370)))
    scenario = {
        "description": "random",
        "certificates": {"current": {"days_left": left}, "earlier": {"days_left": random.choice((-100, -30, 5))}},
        "farms": [
            {
                "host_name": "sts.contoso.com",
                "nodes": nodes,
                "poll_duration": random.choice((3600, 14400)),
                "token_signing": {"primary": "current"},
                "properties": properties,
                "checks_at": f"{random.randint(0, 23):02}:{random.randint(0, 59):02}",
            }
        ],
        "tenant": {"switches": {"propagation_hours": random.choice((0.1, 6.0, 23.9))}},
        "domains": domains,
    }
    policy: dict[str, Any] = {
        "promote": random.choice(("adfs", "adfs", "role")) if on else "role",
        "auto_rollover": on,
        "remove_old_from_entra": random.random() < 0.2,
        "renew_before": random.choice(("25d", "30d", "45d")),
        "unknown_certificates": "replace",
    }
    return scenario, policy


def compare(number: int) -> Difference:
    """Foretell a random farm's next renewal, and let it happen: once with runs, once with none."""
    from lab.cmdlet_state import StandingClock
    from lab.world import World
    from year.days import START
    from year.inside import Inside

    scenario, policy = farm(number)
    random = Random(-number - 1)
    found = Difference(farms=1)
    for attended in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "random.json"
            path.write_text(json.dumps(scenario), encoding="utf-8")
            world = World(str(path), None, StandingClock(START + timedelta(hours=random.uniform(0, 24))))
        world.changed()
        inside = Inside(world, policy)
        told = inside.foretell()
        name = "attended" if attended else "unattended"
        events = [Told(e["kind"], _time(e["earliest"]), _time(e["latest"])) for e in told[name]]
        until = _time(told[f"{name}_until"])
        # The renewal after the next is the same once more.
        last = next((e.latest for e in events if e.kind in ("reorder", "expires", "fails") and e.earliest > world.clock.now()), until)
        until = min(until, last + BESIDE)
        came, runs = _live(world, inside, events, until, random, attended)
        found.runs += runs
        found.wrong += [f"farm {number}, {name}: {text}" for text in _judge(events, came, until, found.foretold)]
    return found


def _live(world: Any, inside: Any, events: list[Told], until: datetime, random: Random, attended: bool) -> tuple[list[tuple[str, datetime]], int]:
    """What comes until then, and how many runs there were."""
    start = world.clock.now()
    broken = {name for name, nodes in world.oracle.report()["last"].items() if "refused" in nodes.values()}
    run_at = start + random.uniform(0, 1) * INTERVAL
    came: list[tuple[str, datetime]] = []
    run_times: set[str] = set()
    runs = 0
    watched = [e for e in events if e.kind != "entra_looks"]
    while attended and run_at <= until:
        if any(e.earliest - NEAR <= run_at <= e.latest + NEAR for e in watched):
            world.advance(run_at - world.clock.now(), looks_every=INTERVAL)
            done, _plan = inside.run()
            world.changed()
            runs += 1
            came += [(act, run_at) for act in done]
            run_times.add(run_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        run_at += INTERVAL - timedelta(minutes=random.choice((0, 0, 5, 60)))
    if until > world.clock.now():
        world.advance(until - world.clock.now(), looks_every=INTERVAL)
    came += _by_adfs(world, run_times)
    came += _by_time(world, start, until, broken)
    return sorted((event for event in came if event[1] <= until), key=lambda event: event[1]), runs


def _by_adfs(world: Any, run_times: set[str]) -> list[tuple[str, datetime]]:
    """What AD FS did at one of its own checks, by its event log."""
    signing = {item.thumbprint for item in world.farms[0].every_certificate if item.certificate_type == "Token-Signing"}
    words = {"added": "adfs_generates", "set as primary": "adfs_promotes"}
    return [
        (kind, _time(event["time"]))
        for event in world.farms[0].events
        for word, kind in words.items()
        if word in event["text"] and event["time"] not in run_times and any(thumbprint in event["text"] for thumbprint in signing)
    ]


def _by_time(world: Any, start: datetime, until: datetime, broken: set[str]) -> list[tuple[str, datetime]]:
    """The first refused sign-in of each wave, and the end of the primary certificate."""
    came = []
    refused = sorted(_time(r["time"]) for r in world.oracle.report()["refusals"] if r["domain"] not in broken)
    came += [("fails", refused[0])] if refused else []
    primary = world.farms[0].configuration.primary("Token-Signing")
    if start < primary.not_after <= until:
        came.append(("expires", primary.not_after))
    return came


def _judge(events: list[Told], came: list[tuple[str, datetime]], until: datetime, right: Counter[str]) -> list[str]:
    wrong = []
    by_kind: dict[str, list[datetime]] = {}
    for kind, moment in came:
        by_kind.setdefault(kind, []).append(moment)
    for event in events:
        if event.kind in ("entra_looks", "known") or event.latest > until:
            continue
        moments = by_kind.get(event.kind, [])
        if not moments:
            wrong.append(f"{event.kind} was told from {event.earliest} to {event.latest} and did not come; there came {_list(came)}")
            continue
        moment = moments.pop(0)
        if not event.earliest - EXACT <= moment <= event.latest + EXACT:
            wrong.append(f"{event.kind} was told from {event.earliest} to {event.latest} and came at {moment}")
        right[event.kind] += 1
    # What is told with an end after the last day watched may have come already.
    open_kinds = Counter(event.kind for event in events if event.latest > until)
    for kind, moments in by_kind.items():
        for moment in moments[open_kinds[kind] :]:
            if moment < until and (kind in BY_RUN or kind in ("adfs_generates", "adfs_promotes", "fails")):
                wrong.append(f"{kind} came at {moment} and was not told; told until {until} was {[(e.kind, str(e.earliest)) for e in events]}")
    return wrong


def _list(came: list[tuple[str, datetime]]) -> str:
    return ", ".join(f"{kind} {moment}" for kind, moment in came) or "nothing"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def compare_all(numbers: range, workers: int = 2) -> Difference:
    """Compare many farms, and say how far it is. What differs is in the result."""
    from loading import load_collection

    total = Difference()
    with ProcessPoolExecutor(workers, initializer=load_collection) as pool:
        for found in pool.map(compare, numbers):
            total.add(found)
            if total.farms % 20 == 0:
                print(f"{total.farms} farms, {sum(total.foretold.values())} events foretold, {len(total.wrong)} wrong", flush=True)
    return total


def main() -> int:
    total = compare_all(range(int(sys.argv[1]) if len(sys.argv) > 1 else FARMS))
    print(f"{total.farms} farms, {total.runs} runs; foretold and came: " + ", ".join(f"{kind} {number}" for kind, number in sorted(total.foretold.items())))
    print("\n".join(f"WRONG: {text}" for text in total.wrong) or "no difference")
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
