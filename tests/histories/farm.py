# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AD FS as it behaves: one configuration on the primary server, copies that lag on the others, and its own checks, which make and promote certificates."""

from __future__ import annotations

from dataclasses import dataclass, field

from histories.certificates import Certificate, make
from histories.history import DAY, History

IDENTIFIER = "http://sts.contoso.com/adfs/services/trust"
HOST = "sts.contoso.com"


@dataclass
class Server:
    """One server with its own copy of the configuration."""

    name: str
    certificates: tuple[Certificate, ...]
    primary: Certificate
    up: bool = True
    reachable: bool = True  # whether its port 443 is open to the runs
    syncing: bool = True
    stuck: int = -1  # since when it does not copy, or did not last
    stopped: int = -1  # since when it is switched off, or was last
    listed: bool = True  # whether Get-AdfsFarmInformation names it
    synced: int = 0
    sees: frozenset[str] = frozenset()


@dataclass
class Farm:
    """``cause`` and ``since``: who made the present primary so, and when. ``former``: the one before it."""

    history: History
    certificates: list[Certificate]
    primary: Certificate
    servers: list[Server]
    auto: bool
    host: str = HOST
    main: str = "s1"
    cause: str = "begin"
    since: int = 0
    switched_by: str = "begin"
    switched_on: int = -1  # when a hand switched rollover on, that was off
    made: int = 0
    former: Certificate | None = None
    thresholds: dict[str, int] = field(default_factory=dict)
    past: list[tuple[int, tuple[Certificate, ...], Certificate, bool]] = field(default_factory=list)

    @classmethod
    def begin(cls, history: History) -> Farm:
        """The farm at minute 0: one certificate, known by every server."""
        ends = history.left * DAY
        first = make(f"{history.seed}-A", ends - history.duration * DAY, ends, history.first != "own", history.first == "ca")
        servers = [Server(f"s{n + 1}", (first,), first) for n in range(history.servers)]
        thresholds = {name: getattr(history, name) for name in ("generation", "promotion", "critical", "check", "duration")}
        return cls(history, [first], first, servers, history.auto, thresholds=thresholds)

    def span(self, threshold: str) -> int:
        """A threshold in minutes."""
        return self.thresholds[threshold] * (1 if threshold == "check" else DAY)

    def server(self, name: str) -> Server | None:
        return next((s for s in self.servers if s.name == name), None)

    def candidates(self, now: int) -> list[Certificate]:
        """What AD FS may promote: unexpired, not the primary, and younger than it."""
        found = [c for c in self.certificates if c is not self.primary and c.ends > now and c.begins > self.primary.begins]
        return sorted(found, key=lambda c: (c.begins, c.thumbprint), reverse=self.history.youngest)

    def new(self, now: int, local: bool = False, issued: bool = False) -> Certificate:
        """A new certificate, not configured anywhere yet."""
        self.made += 1
        return make(f"{self.history.seed}-N{self.made}", now, now + self.thresholds["duration"] * DAY, local, issued)

    def generate(self, now: int) -> Certificate | None:
        """Update-AdfsCertificate without -Urgent. None where it refuses (PS0139, or automatic rollover is off)."""
        if not self.auto or self.candidates(now):
            return None
        made = self.new(now)
        self.certificates.append(made)
        return made

    def promote(self, certificate: Certificate, now: int, cause: str) -> None:
        self.former, self.primary, self.cause, self.since = self.primary, certificate, cause, now

    def check(self, now: int) -> bool:
        """One check of automatic rollover. Returns whether it changed anything."""
        if not self.auto:
            return False
        before = (tuple(self.certificates), self.primary)
        self.certificates = [c for c in self.certificates if c is self.primary or c.ends > now]
        if not self.candidates(now) and now >= self.primary.ends - self.span("generation"):
            self.certificates.append(self.new(now))
        critical = now >= self.primary.ends - self.span("critical")
        due = [c for c in self.candidates(now) if critical or now >= c.begins + self.span("promotion")]
        if due:
            self.promote(due[0], now, "adfs")
        return before != (tuple(self.certificates), self.primary)

    def remember(self, now: int) -> None:
        """Keep the configuration as a backup of the server would."""
        self.past.append((now, tuple(self.certificates), self.primary, self.auto))

    def restore(self, before: int, now: int) -> bool:
        """A snapshot of the primary server comes back."""
        kept = [p for p in self.past if p[0] <= before]
        if not kept:
            return False
        _when, certificates, primary, self.auto = kept[-1]
        self.certificates = list(certificates)
        self.promote(primary, now, "hand:restore")
        return True
