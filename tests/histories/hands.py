# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every hand but AD FS' own: what the product's acts do on the servers, and what operators, strangers and accidents do, each by its name in a history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from histories.certificates import make, text
from histories.entra import Domain
from histories.farm import Server
from histories.history import DAY, Event

if TYPE_CHECKING:
    from histories.run import Run
    from histories.world import World


OF_ONE_DOMAIN = {"stranger", "stranger_first", "swap", "drop_second", "drop_first", "garbage", "settings", "by_hand", "unreadable", "refuses", "managed"}


class Hands:
    """``touched``: the minute of the last event, after which nothing that the world does counts as foreseeable."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.touched = -1
        self._elsewhere = -1  # the last event that is not about one domain
        self._domains: dict[str, int] = {}
        self.racing = ""
        self.log: list[tuple[int, str]] = []

    # The product's own acts on AD FS.

    def on_server(self, act: dict[str, Any], run: Run) -> str:
        """Carry out an act on AD FS. Returns why it failed, or nothing."""
        world, farm, action = self.world, self.world.farm, act["action"]
        if act.get("certificate_type", "Token-Signing") != "Token-Signing":
            return ""
        target = next((c for c in farm.certificates if c.thumbprint == act["thumbprint"]), None)
        world.judge.acted(action, run, target)
        if action in ("suspend_auto_rollover", "restore_auto_rollover"):
            farm.auto, farm.switched_by = action == "restore_auto_rollover", "ours"
        elif action == "generate":
            toggles = act.get("toggles_auto_rollover")
            if not farm.auto and not toggles:
                return "automatic rollover is off"
            was, farm.auto = farm.auto, True
            farm.generate(world.now)
            farm.auto = False if toggles else was
        elif action == "add":
            added = world.certificate(act["thumbprint"])
            if farm.auto or added is None:
                return "AD FS takes no certificate from elsewhere now"
            farm.certificates.append(added)
        elif action == "promote":
            if farm.auto or target is None:
                return "AD FS does not promote that now"
            farm.promote(target, world.now, "ours:promote")
        elif action == "remove_from_adfs":
            if farm.auto or target is None or target is farm.primary:
                return "AD FS does not remove that now"
            farm.certificates.remove(target)
        elif action == "restart":
            server = farm.server(str(act["targets"][0]).partition(".")[0])
            if server is not None and server.up and server.syncing:
                world.sync_soon(server)
        else:
            return f"an act that is not known here: {action}"
        world.farm_changed(f"ours:{action}")
        return ""

    # Events.

    def event(self, event: Event) -> Callable[[], None]:
        """What happens at the event's minute."""

        def happen() -> None:
            self._touch(event)
            self.log.append((self.world.now, event.what))
            getattr(self, event.what)(event.about)
            if event.until is not None:
                self.world.at(event.until, lambda: self._end(event))

        return happen

    def _touch(self, event: Event) -> None:
        self.touched = self.world.now
        if event.what in OF_ONE_DOMAIN:
            self._domains[self._domain(event.about).name] = self.world.now
        else:
            self._elsewhere = self.world.now

    def touched_for(self, domain: Domain) -> int:
        """The minute of the last event that can matter to this domain: what is done to another one alone does not."""
        return max(self._elsewhere, self._domains.get(domain.name, -1))

    def _end(self, event: Event) -> None:
        self._touch(event)
        self.log.append((self.world.now, f"{event.what} ends"))
        getattr(self, f"{event.what}_ends")(event.about)

    def _farm_changed(self, what: str) -> None:
        self.world.farm.remember(self.world.now)
        self.world.farm_changed(f"hand:{what}")

    # Operators at AD FS.

    def generate(self, _about: Any) -> None:
        if self.world.farm.generate(self.world.now):
            self._farm_changed("generate")

    def urgent(self, _about: Any) -> None:
        farm = self.world.farm
        if farm.auto:
            # Two cmdlets take their time: what is made right after this one is the younger of both, and AD FS can tell.
            made = farm.new(self.world.now - 1)
            farm.certificates = [made]
            farm.promote(made, self.world.now, "hand:urgent")
            self._farm_changed("urgent")

    def urgent_twice(self, about: Any) -> None:
        self.urgent(about)
        self.generate(about)

    def promote(self, number: Any) -> None:
        farm = self.world.farm
        others = [c for c in farm.certificates if c is not farm.primary]
        if others:
            farm.promote(others[(number or 0) % len(others)], self.world.now, "hand:promote")
            self._farm_changed("promote")

    def remove(self, number: Any) -> None:
        farm = self.world.farm
        others = [c for c in farm.certificates if c is not farm.primary]
        if others:
            farm.certificates.remove(others[(number or 0) % len(others)])
            self._farm_changed("remove")

    def add(self, about: Any) -> None:
        """An administrator adds a certificate of an authority (``ca``) or one made by hand (``local``), as the successor."""
        farm = self.world.farm
        farm.certificates.append(farm.new(self.world.now - 30, local=True, issued=about == "ca"))
        self._farm_changed("add")

    def not_yet_valid(self, years: Any) -> None:
        """The clock was wrong when the primary was made: it begins years from now."""
        farm = self.world.farm
        made = make(f"{self.world.history.seed}-F{self.world.now}", self.world.now + years * 365 * DAY, self.world.now + (years + 1) * 365 * DAY)
        farm.certificates.append(made)
        farm.promote(made, self.world.now, "hand:not_yet_valid")
        self._farm_changed("not_yet_valid")

    def rollover_on(self, _about: Any) -> None:
        farm = self.world.farm
        if not farm.auto:
            farm.auto, farm.switched_by, farm.switched_on = True, "hand", self.world.now
        self._farm_changed("rollover_on")

    def rollover_off(self, _about: Any) -> None:
        self.world.farm.auto, self.world.farm.switched_by = False, "hand"
        self._farm_changed("rollover_off")

    def restore_snapshot(self, days: Any) -> None:
        """The primary server as it was so many days ago, its journal with it."""
        world = self.world
        before = world.now - int(days * DAY)
        if world.farm.restore(before, world.now):
            self._put_journal_of(before)
            self._farm_changed("restore")

    def thresholds(self, about: Any) -> None:
        self.world.farm.thresholds = {**self.world.farm.thresholds, **about}
        self._farm_changed("thresholds")

    def rename(self, name: Any) -> None:
        """The federation service gets another name. The domains are told, all but the last."""
        world = self.world
        old, world.farm.host = world.farm.host, name
        for domain in sorted(world.domains.values(), key=lambda d: d.name)[:-1]:
            if domain.host == old:
                domain.host, domain.since = name, world.now
        self._farm_changed("rename")

    # Servers.

    def _server(self, number: Any) -> Server:
        servers = self.world.farm.servers
        return servers[(number or 0) % len(servers)]

    def stops(self, number: Any) -> None:
        server = self._server(number)
        server.stopped = server.stopped if not server.up else self.world.now
        server.up = False

    def stops_ends(self, number: Any) -> None:
        server = self._server(number)
        server.up = True
        self.world.look("server_back")
        if server.name != self.world.farm.main:
            self.world.sync_soon(server)

    def unreachable(self, number: Any) -> None:
        self._server(number).reachable = False

    def unreachable_ends(self, number: Any) -> None:
        self._server(number).reachable = True

    def stuck(self, number: Any) -> None:
        server = self._server(number)
        server.stuck = server.stuck if not server.syncing else self.world.now
        server.syncing = False

    def stuck_ends(self, number: Any) -> None:
        self._server(number).syncing = True
        if self._server(number).name != self.world.farm.main:
            self.world.sync_soon(self._server(number))

    def new_server(self, listed: Any) -> None:
        farm = self.world.farm
        farm.servers.append(Server(f"s{len(farm.servers) + 1}", tuple(farm.certificates), farm.primary, listed=listed is not False))
        self.world.look("hand:new_server")  # where a domain is broken already, it is for this server too, and not by what we write next

    def dead_server(self, number: Any) -> None:
        """Switched off for good, and still in the farm's list."""
        if self._server(number).name != self.world.farm.main:
            self._server(number).up = False

    def primary_moves(self, number: Any) -> None:
        """Another server becomes the primary one, with the copy of the configuration that it has."""
        farm = self.world.farm
        server = self._server(number)
        if not server.up or server.name == farm.main:
            return
        farm.main = server.name
        self.world.judge.forgets()  # the journal stays where the runs wrote it
        farm.certificates = list(server.certificates)
        if server.primary is not farm.primary:
            farm.promote(server.primary, self.world.now, "hand:primary_moves")
        self._farm_changed("primary_moves")

    # Entra.

    def _domain(self, number: Any) -> Domain:
        ours = sorted(self.world.domains)
        return self.world.domains[ours[(number or 0) % len(ours)]]

    def stranger(self, number: Any) -> None:
        """A certificate of unknown origin is put into the second member."""
        domain, certificate = self._domain(number), self.world.stranger(f"X{self.world.now}")
        self.world.write_domain(domain, (domain.members[0], certificate), "hand:stranger")
        other = self.world.domains.get("e1.contoso.com")
        if other is not None and (number or 0) % 2:  # in a domain of another farm too
            self.world.write_domain(other, (other.members[0], certificate), "hand:stranger")

    def stranger_first(self, number: Any) -> None:
        """A certificate of unknown origin is put into the first member, and what was there into the second."""
        domain = self._domain(number)
        self.world.write_domain(domain, (self.world.stranger(f"X{self.world.now}"), domain.members[0]), "hand:stranger")

    def swap(self, number: Any) -> None:
        domain = self._domain(number)
        if domain.members[1] is not None:
            self.world.write_domain(domain, (domain.members[1], domain.members[0]), "hand:swap")

    def drop_second(self, number: Any) -> None:
        domain = self._domain(number)
        self.world.write_domain(domain, (domain.members[0], None), "hand:drop")

    def drop_first(self, number: Any) -> None:
        domain = self._domain(number)
        self.world.write_domain(domain, (domain.members[1], None), "hand:drop")

    def garbage(self, number: Any) -> None:
        domain = self._domain(number)
        self.world.write_domain(domain, (domain.members[0], None), "hand:garbage")
        domain.garbage = "bm90IGEgY2VydGlmaWNhdGU="

    def settings(self, number: Any) -> None:
        """A setting that a rollover never touches is changed."""
        self._domain(number).settings = {"federated_idp_mfa_behavior": "acceptIfMfaDoneByFederatedIdp"}

    def settings_ends(self, number: Any) -> None:
        self._domain(number).settings = {}

    def by_hand(self, number: Any) -> None:
        """An operator writes what AD FS has, as the article says."""
        farm, domain = self.world.farm, self._domain(number)
        others = [c for c in farm.certificates if c is not farm.primary]
        self.world.write_domain(domain, (farm.primary, others[-1] if others else domain.members[1]), "hand:by_hand")

    def unreadable(self, number: Any) -> None:
        self._domain(number).unreadable = "403 Insufficient privileges to complete the operation."

    def unreadable_ends(self, number: Any) -> None:
        self._domain(number).unreadable = ""

    def tenant_unreadable(self, number: Any) -> None:
        for domain in self.world.domains.values():
            if domain.tenant == f"tenant-{(number or 0) % self.world.history.tenants + 1}":
                domain.unreadable = "401 The token was refused."

    def tenant_unreadable_ends(self, number: Any) -> None:
        for domain in self.world.domains.values():
            if domain.tenant == f"tenant-{(number or 0) % self.world.history.tenants + 1}":
                domain.unreadable = ""

    def refuses(self, number: Any) -> None:
        self._domain(number).refuses = True

    def refuses_ends(self, number: Any) -> None:
        self._domain(number).refuses = False

    def managed(self, number: Any) -> None:
        self._domain(number).federated = False

    def managed_ends(self, number: Any) -> None:
        """Federated again: a new configuration with what AD FS signs with now."""
        domain, farm = self._domain(number), self.world.farm
        domain.federated, domain.since = True, self.world.now
        domain.configuration += 1
        self.world.write_domain(domain, (farm.primary, None), "hand:federated")

    def new_domain(self, _about: Any) -> None:
        world = self.world
        name = f"n{world.now}.contoso.com"
        world.domains[name] = Domain(name, "tenant-1", world.farm.host, (world.farm.primary, None), since=world.now)
        world.look("hand:new_domain")

    def race(self, what: Any) -> None:
        """The next write of a run has another hand between its look and itself: it does ``what`` to the domain that the run is about to write."""
        self.racing = str(what)

    def comes_between(self, domain: Domain) -> None:
        """A run is about to write the domain."""
        what, self.racing = self.racing, ""
        if what:
            self.touched = self._domains[domain.name] = self.world.now
            self.log.append((self.world.now, f"race: {what}"))
            getattr(self, what)(sorted(self.world.domains).index(domain.name))

    # Runs, journals, policies.

    def kill(self, step: Any) -> None:
        """The next run is killed before its step of this number."""
        self.world.dies = step or 1

    def kill_and_again(self, step: Any) -> None:
        """A run now is killed before its step of this number, and two minutes later another one begins."""
        self.world.dies = step or 1
        self.extra_run(None)
        self.world.at(self.world.now + 2, lambda: self.extra_run(None))

    def extra_run(self, _about: Any) -> None:
        if self.world.acting:
            self.world.start_run()

    def no_runs(self, _about: Any) -> None:
        self.world.skipped.append((self.world.now, 1 << 60))

    def no_runs_ends(self, _about: Any) -> None:
        self.world.skipped = [(a, min(b, self.world.now)) for a, b in self.world.skipped]

    def server_clock(self, seconds: Any) -> None:
        self.world.server_skew = seconds

    def server_clock_ends(self, _about: Any) -> None:
        self.world.server_skew = 0

    def journal_lost(self, _about: Any) -> None:
        self.world.judge.forgets()
        self.world.journal.put(None, self.world.now)

    def journal_old(self, days: Any) -> None:
        self._put_journal_of(self.world.now - int(days * DAY))

    def journal_newer(self, _about: Any) -> None:
        self.world.judge.forgets()
        if self.world.journal.content is not None:
            self.world.journal.put({**self.world.journal.content, "schema": 99}, self.world.now)

    def journal_corrupt(self, _about: Any) -> None:
        self.world.judge.forgets()
        self.world.journal.error = "the file is no JSON"

    def journal_corrupt_ends(self, _about: Any) -> None:
        self.world.journal.error = None

    def journal_unwritable(self, _about: Any) -> None:
        self.world.journal.unwritable = True

    def journal_unwritable_ends(self, _about: Any) -> None:
        for journal in self.world.journals.values():
            journal.unwritable = False

    def _put_journal_of(self, before: int) -> None:
        journal = self.world.journal
        kept = [content for at, content in journal.kept if at <= before]
        self.world.judge.forgets()
        journal.put(kept[-1] if kept else None, self.world.now)

    def policy(self, about: Any) -> None:
        """The operator changes variables; None unsets one."""
        changed = {k: v for k, v in {**self.world.policy, **about}.items() if v is not None}
        if changed.get("compromised"):  # refused beside these
            changed = {k: v for k, v in changed.items() if k not in ("pause", "rollback")}
        self.world.policy = changed
        self.world.judge.policy_changed(about)

    def policy_ends(self, about: Any) -> None:
        before = self.world.history.policy
        self.policy({k: before.get(k) for k in about})

    def freeze(self, days: Any) -> None:
        span = {"start": text(self.world.now), "end": text(self.world.now + int(days * DAY))}
        self.policy({"freezes": [*(self.world.policy.get("freezes") or []), span]})

    def stolen(self, about: Any) -> None:
        """The operator declares the primary's key (``primary``), the successor's, or a stranger's in a domain stolen."""
        farm = self.world.farm
        if about == "stranger":
            own = set(farm.certificates)
            named = [
                c for d in self.world.domains.values() if d.here for c in d.members if c is not None and c not in own and c.name.partition("-")[2][0] == "X"
            ]
        elif about == "successor":
            named = farm.candidates(self.world.now)
        else:
            named = [farm.primary]
        if named:
            self.world.judge.stolen(named[:1])
            self.policy({"compromised": [*(self.world.policy.get("compromised") or []), named[0].thumbprint], "pause": None, "rollback": None})

    def acknowledge(self, _about: Any) -> None:
        """The operator does what the last plan asks for: acknowledges domains and declares servers gone that were named as in the way."""
        plan = self.world.judge.last_plan
        if plan is None:
            return
        farm = self.world.farm
        thumbprints = {c.thumbprint for c in (farm.primary, *farm.candidates(self.world.now))}
        wanted = [
            {"domain": b["object"], "thumbprint": t}
            for b in plan["blocked_by"]
            if b["until"] is None and b["object"] in self.world.domains
            for t in sorted(thumbprints)
        ]
        gone = [{"name": b["object"], "gone": True} for b in plan["blocked_by"] if b["condition"] == "unseen_server"]
        if wanted:
            self.policy({"domains_acknowledged": [*(self.world.policy.get("domains_acknowledged") or []), *wanted]})
        if gone:
            self.policy({"servers": [*(self.world.policy.get("servers") or []), *gone]})
