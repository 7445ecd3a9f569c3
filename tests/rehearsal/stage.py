# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of the random histories, furnished with a real farm: its certificates, servers, domains, clock and policy. What happens is written down."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NamedTuple

from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate as Parsed
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.plugins.plugin_utils._calendars import read_spans
from histories import certificates
from histories.certificates import Certificate, make
from histories.entra import Domain, Pair
from histories.farm import HOST, IDENTIFIER
from histories.history import DAY, History
from histories.judge import Judge
from histories.run import Run
from histories.world import World
from rehearsal.snapshot import Snapshot

PROMOTED = " promoted it"
TOGETHER = 15  # minutes
_OURS = ("rollback", "pause", "compromised", "hand_back", "approve_any_successor")


class Happened(NamedTuple):
    """One thing that happened, at a minute after the report. ``about``: the domains, where it is about some."""

    minute: int
    what: str
    about: tuple[str, ...] = ()


class Stage:
    """How the snapshot and the world call the same things. The world's servers and partners have names of their own."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        names = [s["name"] for s in snapshot.servers] or [snapshot.farm["server"]]
        main = next((n for n in names if n.lower() == snapshot.farm["server"].lower()), names[0])
        self.servers = [main, *(n for n in names if n != main)]
        self.to_world = {name.lower(): f"s{n + 1}.contoso.com" for n, name in enumerate(self.servers)}
        self.to_world.update({name.lower(): f"Partner {n}" for n, name in enumerate(snapshot.partners)})
        self.from_world = {f"s{n + 1}.contoso.com": name for n, name in enumerate(self.servers)}
        self.from_world.update({f"Partner {n}": name for n, name in enumerate(snapshot.partners)})
        self.from_world[IDENTIFIER] = snapshot.farm.get("identifier") or IDENTIFIER

    def policy(self) -> dict[str, Any]:
        """The farm's policy without what a rehearsal plays itself, in the names of the world."""
        kept = {name: value for name, value in self.snapshot.policy.items() if name not in _OURS}
        policy: dict[str, Any] = json.loads(_replaced(json.dumps(kept, ensure_ascii=False), self.to_world))
        return self._worked_out(policy)

    def _worked_out(self, policy: dict[str, Any]) -> dict[str, Any]:
        """The policy with the times that its recurrence rules make, from the moment of the report on."""
        found = read_spans(policy, [], format_time(self.snapshot.made_at))
        if found is None:
            return policy
        if found["unread"]:
            raise PolicyError("; ".join(found["unread"]))
        typed = read_policy(policy)
        for kind in ("windows", "freezes"):
            spans = [{"start": format_time(span.start), "end": format_time(span.end)} for span in getattr(typed, kind)]
            policy[kind] = [*spans, *found[kind]]
        return policy

    def said(self, text: str) -> str:
        """A text of the world in the names of the farm."""
        return _replaced(text, self.from_world)

    def history(self, phase: int, **more: Any) -> History:
        """The farm as a history whose minute 0 is the moment of the report."""
        limits, policy = self.snapshot.farm["thresholds"], self.policy()
        days = {name: max(1, round(limits[name] / DAY)) for name in ("generation", "promotion", "critical", "duration")}
        plain = {
            "servers": len(self.servers),
            "auto": self.snapshot.farm["auto_certificate_rollover"],
            "check": limits["check"],
            "phase": phase,
            "listed": bool(self.snapshot.servers),
            "partners": len(self.snapshot.partners),
            "domains": 0,
            "first_run": 1,
            "policy": policy,
        }
        return History(**{**plain, **days, **more})


def _replaced(text: str, names: dict[str, str]) -> str:
    if not names:
        return text
    found = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)), re.IGNORECASE)
    lower = {name.lower(): value for name, value in names.items()}
    return found.sub(lambda match: lower[match.group().lower()], text)


def begin_at(moment: datetime) -> None:
    """Minute 0 of the world is this moment."""
    certificates.START = moment


class _Listening(Judge):
    """Writes down how the product calls the state, whenever that changes. An emergency that is over ends the play."""

    world: Rehearsed

    def planned(self, run: Run, plan: dict[str, Any]) -> None:
        before = (self.last_plan or {}).get("state")
        super().planned(run, plan)
        if plan["state"] != before:
            self.world.note(f"the run finds the state {plan['state']}")
            if before == "emergency":
                self.world.skipped.append((self.world.now + 1, self.world.history.length * DAY))

    def journal_written(self, run: Run, before: dict[str, Any], content: dict[str, Any]) -> None:
        if before.get("emergency") == content.get("emergency"):  # with a run each hour, one comes where nothing but the end of an emergency is to be noted
            super().journal_written(run, before, content)


class Rehearsed(World):
    """A real farm in the world. ``happened``: what there is to tell. ``silent``: from and until which minute no run comes, as none would do anything."""

    def __init__(self, stage: Stage, history: History, silent: tuple[int, int] | None = None) -> None:
        self.stage = stage
        self.happened: list[Happened] = []
        self.failing: set[str] = set()
        self.invented: dict[str, str] = {}
        self._farm_was: tuple[Any, ...] = ()
        self._stolen: set[str] = set()
        super().__init__(history)
        if silent:
            self.skipped.append(silent)

    def note(self, what: str, *about: str) -> None:
        """Write down what happens now. Domains that the same thing happens to belong together."""
        for n, before in enumerate(self.happened[-4:], len(self.happened[-4:]) * -1):
            if before.what == what and self.now - before.minute < TOGETHER:
                self.happened[n] = Happened(before.minute, what, (*before.about, *about))
                return
        self.happened.append(Happened(self.now, what, about))

    def _found(self) -> None:
        self.judge = _Listening(self)
        shot, farm = self.stage.snapshot, self.farm
        held = {c.thumbprint: self._held(c, der, local) for c, der, local in shot.certificates}
        farm.certificates, farm.primary = list(held.values()), held[shot.farm["primary"]]
        farm.host = HOST
        self.known.update(held)
        self._farm_was = (tuple(farm.certificates), farm.primary, farm.auto)

        def member(thumbprint: str | None) -> Certificate | None:
            if thumbprint is None or thumbprint in held:
                return held.get(thumbprint or "")
            made = make(f"unknown {thumbprint}", -100 * DAY, 265 * DAY)
            self.invented[made.thumbprint] = thumbprint
            return self.known.setdefault(made.thumbprint, made)

        for d in shot.domains:
            here = d["verdict"] != "other_farm"
            members = (member(d["signing"]) or farm.primary, member(d["next"]))
            domain = Domain(d["domain"], d["tenant"], HOST if here else "sts.fabrikam.com", members, here=here)
            domain.unreadable = "it could not be read when the report was made" if d["verdict"] == "unreadable" else ""
            self.domains[d["domain"]] = domain
        for shown in shot.servers:
            server = farm.server(self.stage.to_world[shown["name"].lower()].partition(".")[0])
            if server is not None:
                server.reachable = shown["seen"]
                server.certificates = tuple(farm.certificates)
                server.primary = held.get(shown["primary"] or "", farm.primary)

    def _held(self, c: Parsed, der: str, local: bool) -> Certificate:
        return Certificate(c.thumbprint, self._minute(c.not_before), self._minute(c.not_after), local, not c.self_signed, c.thumbprint, der)

    def _minute(self, moment: datetime) -> int:
        return int((moment - self.stage.snapshot.made_at).total_seconds() // 60)

    # What is written down.

    def promoted(self) -> int | None:
        """The minute at which another certificate began to sign, if one did."""
        return next((h.minute for h in self.happened if h.what.endswith(PROMOTED)), None)

    def farm_changed(self, cause: str) -> None:
        farm = self.farm
        certificates_before, primary, auto = self._farm_was
        who = "the run" if cause.startswith("ours") else "AD FS"
        for c in farm.certificates:
            if c not in certificates_before and cause != "begin":
                self.note(f"{who} makes {self.called(c)}" if who == "AD FS" else f"the run has AD FS make {self.called(c)}")
        if farm.primary is not primary:
            self.note(f"{self.called(farm.primary)} signs; {who}{PROMOTED}")
        for c in certificates_before:
            if c not in farm.certificates:
                self.note(f"{who} removes {self.called(c)} from AD FS")
        if farm.auto != auto:
            self.note(f"{who} switches automatic rollover {'on' if farm.auto else 'off'}")
        self._farm_was = (tuple(farm.certificates), farm.primary, farm.auto)
        super().farm_changed(cause)

    def write_domain(self, domain: Domain, members: Pair, cause: str, run: Run | None = None) -> None:
        super().write_domain(domain, members, cause, run)
        held = " and ".join(self.called(c) for c in members if c is not None)
        self.note(f"{'the run' if run else 'Entra'} writes {held} ({cause.partition(':')[2] or cause})", domain.name)
        self.at(self.now + self.history.propagation, lambda: self.look("time"))

    def look(self, cause: str) -> None:
        super().look(cause)
        failing = {domain for domain, _server in self.lost}
        if failing - self.failing:
            self.note("SIGN-IN FAILS", *sorted(failing - self.failing))
        if self.failing - failing:
            self.note("sign-in works again", *sorted(self.failing - failing))
        self.failing = failing
        stolen = {c.thumbprint for c in self.farm.past[0][1]} if self.judge.stolen_keys and self.farm.past else set()
        accepted = any(c is not None and c.thumbprint in stolen for d in self.domains.values() if d.here for pair in d.served(self.now) for c in pair)
        if stolen and not accepted and not self._stolen:
            self._stolen = stolen
            self.note("no domain accepts a stolen key any more, wherever Entra is asked")

    def called(self, certificate: Certificate) -> str:
        """How a certificate is called: its thumbprint, or that it is made in the play."""
        if certificate.thumbprint in self.invented:
            return f"{self.invented[certificate.thumbprint]} (not this farm's)"
        return certificate.thumbprint if certificate.name == certificate.thumbprint else f"new certificate {certificate.name.partition('-N')[2]}"
