# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of one history: AD FS, Entra, the runs and every other hand, minute by minute, and an oracle that is asked whenever anything changed."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from typing import Any

from histories.certificates import Certificate, make
from histories.entra import Domain, Pair
from histories.farm import HOST, Farm, Server
from histories.hands import Hands
from histories.history import DAY, History
from histories.judge import Judge
from histories.run import JournalFile, Run

ALIAS = "login.example.com"


class World:
    """One history as it is lived. ``acting`` false: the runs only pass by, which is how the twin lives."""

    def __init__(self, history: History, acting: bool = True) -> None:
        self.history, self.acting = history, acting
        self.now = 0
        self.farm = Farm.begin(history)
        self.journals: dict[str, JournalFile] = {}
        self.policy: dict[str, Any] = dict(history.policy)
        self.server_skew = 0  # seconds
        self.dice = random.Random(history.seed)
        self.known: dict[str, Certificate] = {}
        self.judge = Judge(self)
        self.hands = Hands(self)
        self.domains: dict[str, Domain] = {}
        self.lost: dict[tuple[str, str], str] = {}
        self.runs = 0
        self.dies = 0
        self.skipped: list[tuple[int, int]] = []
        self.came: dict[str, int] = {}  # when each certificate that AD FS has came into it
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._begin()

    # Time.

    def at(self, minute: int, what: Callable[[], None]) -> None:
        """Do something at a minute, after what was planned for it before."""
        self._order += 1
        heapq.heappush(self._queue, (max(minute, self.now), self._order, what))

    def live(self) -> Judge:
        """Live through the history. Returns what was judged."""
        end = self.history.length * DAY
        while self._queue and self._queue[0][0] <= end:
            self.now, _order, what = heapq.heappop(self._queue)
            what()
        self.now = end
        self.judge.over()
        return self.judge

    # Where things stand.

    @property
    def journal(self) -> JournalFile:
        """The journal on the server that is the primary one now."""
        return self.journals.setdefault(self.farm.main, JournalFile())

    def certificate(self, thumbprint: str | None) -> Certificate | None:
        """The certificate of this thumbprint that the world has seen."""
        for c in (*self.farm.certificates, *(c for d in self.domains.values() for c in d.members if c)):
            self.known.setdefault(c.thumbprint, c)
        return self.known.get(thumbprint or "")

    def main_answers(self) -> bool:
        server = self.farm.server(self.farm.main)
        return server is not None and server.up

    def named_servers(self) -> set[str]:
        return {str(s["name"]).partition(".")[0] for s in self.policy.get("servers") or ()}

    def gone_servers(self) -> set[str]:
        return {str(s["name"]).partition(".")[0] for s in self.policy.get("servers") or () if s.get("gone")}

    # What happens.

    def farm_changed(self, cause: str) -> None:
        """The configuration changed: the primary server has it at once, the others copy it."""
        farm = self.farm
        self.came = {c.thumbprint: self.came.get(c.thumbprint, self.now) for c in farm.certificates}
        for c in farm.certificates:
            if c.thumbprint not in self.known:
                self.known[c.thumbprint] = c
                self.at(c.ends, lambda: self.look("expiry"))
        main = farm.server(farm.main)
        if main is not None:
            self._copy(main)
        for n, server in enumerate(farm.servers):
            if server is not main:
                self.at(self.now + max(1, self.history.lag - n), self._sync(server))
        self.look(cause)

    def _copy(self, server: Server) -> None:
        server.certificates, server.primary, server.synced = tuple(self.farm.certificates), self.farm.primary, self.now

    def _sync(self, server: Server, cause: str = "") -> Callable[[], None]:
        def sync() -> None:
            main = self.farm.server(self.farm.main)
            if server in self.farm.servers and server.up and server.syncing and main is not None and main.up:
                self._copy(server)
                self.look(cause or self.farm.cause)

        return sync

    def sync_soon(self, server: Server, cause: str = "") -> None:
        """A server copies the configuration at its next poll."""
        self.at(self.now + self.history.lag, self._sync(server, cause))

    def write_domain(self, domain: Domain, members: Pair, cause: str, run: Run | None = None) -> None:
        """Both members of a domain are replaced."""
        self.judge.writes(domain, members, cause, run)
        domain.write(members, self.now, self.history.propagation, cause)
        self.look(cause)

    def look(self, cause: str) -> None:
        """The oracle: at which server and which domain does a sign-in fail now that worked before?"""
        lost: dict[tuple[str, str], str] = {}
        for domain in self.domains.values():
            if not (domain.here and domain.federated):
                continue
            served = domain.served(self.now)
            for server in self.farm.servers:
                if not server.up:
                    continue
                signer = server.primary
                why = "expiry" if signer.ends <= self.now else "" if all(signer in pair for pair in served) else cause.replace("expiry", "time")
                if why:
                    pair = (domain.name, server.name)
                    lost[pair] = self.lost.get(pair, why)
                    if pair not in self.lost or (why == "expiry" != self.lost[pair]):
                        lost[pair] = why
                        self.judge.loss(domain, server, why)
        self.lost = lost

    def _begin(self) -> None:
        history = self.history
        self._found()
        self.farm.remember(0)
        self.farm_changed("begin")
        self.at(history.phase % history.check, self._check)
        for number in range((history.length * DAY - history.first_run) // history.interval + 1):
            self.at(history.first_run + number * history.interval, self._scheduled)
        for event in history.events:
            self.at(event.at, self.hands.event(event))
        if history.updater:
            for n, name in enumerate(sorted(self.domains)):
                self.at((97 * n + 211) % DAY, self._update(name))

    def _found(self) -> None:
        """What there is at minute 0."""
        history, farm = self.history, self.farm
        first = farm.primary
        ends = {"": 0, "ended": -9 * DAY, "unknown": 300 * DAY}[history.second]
        second = make(f"{history.seed}-O", -400 * DAY, ends) if history.second else None
        for n in range(history.domains):
            name = f"d{n + 1}.contoso.com"
            self.domains[name] = Domain(name, f"tenant-{n % history.tenants + 1}", HOST, (first, second))
        for n in range(history.elsewhere):
            name = f"e{n + 1}.contoso.com"
            self.domains[name] = Domain(name, "tenant-1", "sts.fabrikam.com", (self.stranger(f"other-{n}"), None), here=False)
        for n in range(history.alias):
            name = f"a{n + 1}.contoso.com"
            self.domains[name] = Domain(name, "tenant-1", ALIAS, (first, None))

    def stranger(self, name: str) -> Certificate:
        """A certificate that is not the farm's."""
        made = make(f"{self.history.seed}-{name}", self.now - DAY, self.now + 700 * DAY)
        self.known[made.thumbprint] = made
        return made

    def _check(self) -> None:
        if self.main_answers() and self.farm.check(self.now):
            self.judge.adfs_changed()
            self.farm_changed("adfs")
        self.at(self.now + max(1, self.farm.thresholds["check"]), self._check)

    def _update(self, name: str) -> Callable[[], None]:
        """Entra's own updater reads the metadata of one server and writes what it shows."""

        def update() -> None:
            domain = self.domains.get(name)
            self.at(self.now + DAY, update)
            if domain is None or not (domain.federated and domain.here and domain.configuration and domain.host == self.farm.host):
                return
            if domain.members[0] is not None and domain.members[0].ends - self.now > self.history.updater * DAY:
                return
            able = [s for s in self.farm.servers if s.up]
            if not able:
                return
            server = able[self.now // DAY % len(able)] if self.history.any_server else able[0]
            others = [c for c in server.certificates if c is not server.primary and c.ends > self.now]
            kept = next((c for c in domain.members if c is not None and c is not server.primary), None)
            members = (server.primary, others[-1] if others else kept)
            if set(members) != set(domain.members):
                self.write_domain(domain, members, "updater")

        return update

    def _scheduled(self) -> None:
        if self.acting and not any(a <= self.now < b for a, b in self.skipped):
            self.start_run()

    def start_run(self) -> None:
        """A run begins now."""
        self.runs += 1
        clocks = self.history.clocks
        run = Run(self, self.runs, clocks[self.runs % len(clocks)], self.dies)
        self.dies = 0
        self._go_on(run.go())

    def _go_on(self, running: Iterator[int]) -> None:
        for minutes in running:
            self.at(self.now + minutes, lambda: self._go_on(running))
            return
