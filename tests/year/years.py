# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The years: what the world is like, what the operator wants and does, and the fewest writes that a year can do with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

DAYS = 400
# From one run to the next: a run takes a few seconds, and no look may come a moment less than 24 hours after the one before.
DAY = timedelta(days=1, minutes=1)
SCENARIOS = Path(__file__).parent / "scenarios"
PREFIX = "renew_signing_cert_"
# The run's own note is no change of AD FS or Entra.
OWN_NOTES = "write_journal"


@dataclass(frozen=True)
class Year:
    """``writes``: the fewest of each kind. ``freeze``: its first and last day. ``by_hand``: certificates that the operator adds, in order."""

    name: str
    scenario: str
    writes: Mapping[str, int]
    freeze: tuple[int, int] | None = None
    by_hand: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return str(SCENARIOS / f"{self.scenario}.json")

    def policy(self, start: datetime, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The role's variables without their prefix: of the scenario, and of this year."""
        policy = {name.removeprefix(PREFIX): value for name, value in {**variables, **self.variables}.items()}
        if self.freeze:
            policy["freezes"] = [{"start": _text(start + self.freeze[0] * DAY), "end": _text(start + self.freeze[1] * DAY)}]
        return policy


# In 400 days the certificate is renewed twice, and there are two domains. Each domain takes two writes a renewal, and with fewer it cannot be
# done: the successor has to be there before it signs, when nobody can tell yet that it ever will (one), and once it signs it belongs into the first
# member, or the old one there would expire and call Entra's own updater (two).
DOMAIN_WRITES = {"patch_configuration": 2 * 2 * 2}

YEARS = (
    # AD FS is asked for each successor, promotes it and removes the expired one by itself.
    Year("automatic rollover on", "rollover-on", {"update_certificate": 2, **DOMAIN_WRITES}),
    # AD FS makes a certificate only with automatic rollover on, which it is for the length of that request alone. Nobody else promotes it, and
    # before the second one the first has to go, which AD FS removes only with automatic rollover on.
    Year(
        "automatic rollover off",
        "rollover-off",
        {"update_certificate": 2, "promote_certificate": 2, "remove_certificate": 1, **DOMAIN_WRITES},
    ),
    # The operator adds each successor when told to; the first has to go before the third comes.
    Year("custom certificates", "custom", {"promote_certificate": 2, "remove_certificate": 1, **DOMAIN_WRITES}, by_hand=("second", "third")),
    # AD FS makes and promotes its own successor in the freeze (days 40 and 45); only the second one is asked for.
    Year("a freeze over AD FS' own rollover", "rollover-on", {"update_certificate": 1, **DOMAIN_WRITES}, freeze=(20, 80)),
)


@dataclass
class Record:
    """How a year went. ``acts``: what was done on each day that saw something done, ``hands``: days on which the operator was needed."""

    runs: int = 0
    acts: dict[int, list[str]] = field(default_factory=dict)
    hands: list[int] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)
    primaries: list[str] = field(default_factory=list)
    slots: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0

    @property
    def notes(self) -> int:
        return self.writes[OWN_NOTES]

    @property
    def far_writes(self) -> dict[str, int]:
        """Writes to AD FS and Entra, by kind."""
        return {kind: count for kind, count in sorted(self.writes.items()) if kind != OWN_NOTES}

    def lost(self, renewals: int) -> list[str]:
        """What is not as it must be whoever else writes: a sign-in, or a renewal that did not come to its end."""
        found = []
        if self.refused or self.unanswered or not self.accepted:
            found.append(f"{self.refused} sign-ins were refused, {self.unanswered} unanswered, {self.accepted} accepted")
        if len(self.primaries) != renewals + 1:
            found.append(f"AD FS signed with {len(self.primaries)} certificates one after the other, not {renewals + 1}")
        found += [f"{domain} ends with {slots[0]} in front" for domain, slots in self.slots.items() if slots[0] != self.primaries[-1]]
        return found

    def complaints(self, year: Year) -> list[str]:
        """What is not as it must be; empty if all is well."""
        found = self.lost(renewals=2)
        if self.far_writes != dict(sorted(year.writes.items())):
            found.append(f"writes {self.far_writes}, and {dict(sorted(year.writes.items()))} are enough")
        in_order = (self.primaries[-1], self.primaries[-2]) if len(self.primaries) > 1 else None
        for domain, slots in self.slots.items():
            if slots != in_order:
                found.append(f"{domain} ends with {slots}, not with the last certificate and the one before")
        if year.freeze:
            in_freeze = {act for day, acts in self.acts.items() if year.freeze[0] <= day < year.freeze[1] for act in acts}
            if in_freeze != {"publish"}:
                found.append(f"in the freeze was done: {', '.join(sorted(in_freeze)) or 'nothing'}; it must be publish alone")
        return found


def kinds(entries: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How often each kind of write is in the lab's log."""
    return Counter(str(entry["operation"]) for entry in entries if entry["write"])


def needs_a_hand(plan: Mapping[str, Any]) -> bool:
    """Whether the operator is told to get a certificate issued."""
    return any(block["condition"] == "custom_certificate" for block in plan["blocked_by"])


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
