# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the role, as its tasks go: look, plan, write the journal, one act, and again. It is a generator that yields the minutes it waits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from histories import product
from histories.certificates import Certificate, text
from histories.farm import IDENTIFIER, Server

if TYPE_CHECKING:
    from histories.world import World

MOST_ROUNDS = 10
MOST_ASKED = 5
APPROVED = ("plan_id", "farm", "domains", "actions", "policy")
TYPE = "Token-Signing"


class Died(Exception):
    """The run was killed."""


class Failed(Exception):
    """A task of the run failed, and the run ends there."""


class Run:
    """One run. ``dies``: before which of its steps it is killed, counted from 1; 0: never. ``skew``: by how many seconds its controller's clock is off."""

    def __init__(self, world: World, number: int, skew: int, dies: int = 0) -> None:
        self.world, self.number, self.skew, self.dies = world, number, skew, dies
        self.begun = world.now
        self.name = f"run-{number}"
        self.memory = product.Memory()
        self.steps = 0
        self.done: list[dict[str, Any]] = []
        self.plans: list[dict[str, Any]] = []
        self.locked: tuple[dict[str, Any], str] | None = None
        self.ended = ""
        self.approved: dict[str, Any] | None = None
        self.raced: dict[str, int] = {}

    def go(self) -> Iterator[int]:
        """Live through the run. Says in ``ended`` how it came out: complete, died, or why it failed."""
        try:
            yield from self._rounds()
            self.ended = "complete"
        except Died:
            self.ended = "died"
        except Failed as exc:
            self.ended = f"failed: {exc}"
            if self.locked:
                content, sha = self.locked
                self._write_journal({**content, "lock": None}, sha, quiet=True)
        self.world.judge.run_ended(self)

    def _rounds(self) -> Iterator[int]:
        world = self.world
        for number in range(1, MOST_ROUNDS + 2):
            plan = self._plan()
            self.plans.append(plan)
            if world.history.approves and self.approved is None:
                self.approved = {name: plan[name] for name in APPROVED}
            self.world.judge.planned(self, plan)
            self._step()
            if plan["journal"]["write"]:
                self._write_journal(plan["journal"]["content"], plan["journal"].get("expected_sha256"))
            if not plan["actions"] or number > MOST_ROUNDS:
                return
            self._step()
            if self.world.history.gap:
                yield self.world.history.gap
            outcome = yield from self._act(plan)
            self.memory.note(plan, outcome)
            self._step()
            yield 1

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.dies:
            raise Died

    def _plan(self) -> dict[str, Any]:
        world = self.world
        if not world.main_answers():
            raise Failed("the primary server does not answer")
        given: dict[str, Any] = {**self.look(), **self.memory.given(), "run": self.name, "policy": world.policy}
        if self.approved is not None:
            given["approved"] = self.approved
        for _asked in range(MOST_ASKED):
            plan = world.judge.ask(given)
            if plan is None:
                raise Failed("no plan")
            sync = [name for name in plan["asks"]["sync"] if name not in {a["server"] for a in given["servers"]}]
            key = plan["asks"]["key_checks"]
            if not sync and (key is None or key in {c["thumbprint"] for c in given["key_checks"]}):
                return plan
            given["servers"] = [*given["servers"], *(self._answer(name) for name in sync)]
            if key is not None:
                given["key_checks"] = [*given["key_checks"], *(self._key(key, s["name"]) for s in plan["farm"]["servers"])]
        world.judge.wrong("asks_without_end", f"the plan asks again and again: {plan['asks']}")
        return plan

    def look(self) -> dict[str, Any]:
        """What the modules would return now."""
        world = self.world
        return {
            "farm": self.facts(),
            "domains": [shown for name in sorted(world.domains) if (shown := self._domain(name))],
            "metadata": [self._metadata(server) for server in world.farm.servers if server.listed or server.name in world.named_servers()],
            "servers": [],
            "key_checks": [],
            "now": text(world.now, self.skew),
        }

    def facts(self) -> dict[str, Any]:
        """The result of farm_info on the primary server."""
        world, farm = self.world, self.world.farm
        limits = farm.thresholds
        return {
            "role": "primary",
            "server": f"{farm.main}.contoso.com",
            "primary_server": f"{farm.main}.contoso.com",
            "host_name": farm.host,
            "identifier": IDENTIFIER,
            "time": text(world.now, world.server_skew),
            "auto_certificate_rollover": farm.auto,
            "thresholds": {
                "generation_days": limits["generation"],
                "promotion_days": limits["promotion"],
                "critical_days": limits["critical"],
                "rollover_interval_minutes": limits["check"],
                "threshold_multiplier_minutes": limits.get("multiplier", 1440),
                "duration_days": limits["duration"],
            },
            "certificates": [
                {
                    **_shape(c),
                    "certificate_type": TYPE,
                    "is_primary": c is farm.primary,
                    "store_location": "LocalMachine" if c.local else "CurrentUser",
                    "store_name": "My",
                }
                for c in farm.certificates
            ],
            "poll_duration": 300,
            "sso_lifetime": 480,
            "proxy_trust_lifetime": 21600,
            "servers": [{"name": f"{s.name}.contoso.com"} for s in farm.servers if s.listed] if world.history.listed else [],
            "relying_parties": [
                {"name": "Entra", "identifiers": ["urn:federation:MicrosoftOnline"], "enabled": True, "token_lifetime": 0},
                *({"name": f"Partner {n}", "identifiers": [f"urn:partner:{n}"], "enabled": True, "token_lifetime": 0} for n in range(world.history.partners)),
            ],
            "checks": [],
            "journal": world.journal.shown(world.now + world.server_skew // 60),
        }

    def _domain(self, name: str) -> dict[str, Any] | None:
        domain = self.world.domains[name]
        if not domain.federated:
            return None
        empty: dict[str, Any] = dict.fromkeys(("configuration_id", "issuer_uri", "passive_sign_in_uri", "signing_certificate", "next_signing_certificate"))
        shown = {"domain": name, "tenant_id": domain.tenant, "is_root": True, "root": name, "error": None, **empty}
        if domain.unreadable:
            return {**shown, "error": domain.unreadable}
        if not domain.configuration:
            return shown
        signing, second = (_shape(c) if c else None for c in domain.members)
        if domain.garbage is not None:
            second = {"thumbprint": None, "der": domain.garbage, "error": "not a certificate"}
        return {
            **shown,
            "configuration_id": f"{name}-{domain.configuration}",
            "issuer_uri": IDENTIFIER if domain.host == self.world.farm.host else f"http://{domain.host}/adfs/services/trust",
            "passive_sign_in_uri": f"https://{domain.host}/adfs/ls/",
            "preferred_authentication_protocol": "wsFed",
            "signing_certificate": signing,
            "next_signing_certificate": second,
            "signing_certificate_update_status": None,
        }

    def _metadata(self, server: Server) -> dict[str, Any]:
        if not (server.up and server.reachable):
            return {"server": f"{server.name}.contoso.com", "metadata": None, "error": "no connection"}
        metadata = {
            "entity_id": IDENTIFIER,
            "is_adfs": True,
            "signature": {"status": "valid", "certificate": _shape(server.primary)},
            "signing_certificates": [_shape(c) for c in server.certificates],
            "encryption_certificates": [],
        }
        return {"server": f"{server.name}.contoso.com", "metadata": metadata, "error": None}

    def _answer(self, name: str) -> dict[str, Any]:
        """What farm_info returns on another server, where the inventory has it."""
        world = self.world
        server = world.farm.server(name.partition(".")[0])
        if not world.history.winrm or server is None or not server.up:
            return {"server": name, "host": None, "farm": None, "error": "it is not in the inventory"}
        told = {
            "role": "primary" if server.name == world.farm.main else "secondary",
            "server": name,
            "primary_server": f"{world.farm.main}.contoso.com",
            "time": text(world.now),
            "last_sync_time": text(world.now - 2 if server.syncing else server.synced),
            "last_sync_status": 0,
            "poll_duration": 300,
        }
        return {"server": name, "host": name, "farm": told, "error": None}

    def _key(self, thumbprint: str, name: str) -> dict[str, Any]:
        certificate = self.world.certificate(thumbprint)
        shown = _shape(certificate) if certificate else None
        return {"server": name, "thumbprint": thumbprint, "answered_by": name, "certificate": shown, "checks": [], "error": "" if shown else "not there"}

    def _write_journal(self, content: dict[str, Any], expected: str | None, quiet: bool = False) -> None:
        before = self.world.journal.content
        written = self.world.journal.write(content, expected or None, self.world.now + self.world.server_skew // 60)
        if written:
            self.locked = (content, self.world.journal.sha256) if content.get("lock") else None
            self.world.judge.journal_written(self, before or {}, content)
        elif not quiet:
            self.locked = None
            raise Failed("another run wrote the journal")

    def _act(self, plan: dict[str, Any]) -> Any:
        """Carry out the plan's first act. Returns what its task returned."""
        act, world = plan["actions"][0], self.world
        if not isinstance(act["targets"][0], dict):
            if not world.main_answers():
                raise Failed("the primary server does not answer")
            problem = world.hands.on_server(act, self)
            if problem:
                raise Failed(problem)
            self.done.append(act)
            return {"failed": False}
        results = []
        for number, target in enumerate(act["targets"]):
            if number and number % 20 == 0:
                yield 1
            if number == len(act["targets"]) // 2:
                self._step()  # a run may die between two writes
            results.append(self._write(act, target["write"], target["tenant_id"]))
        if any(not r["error"] for r in results):
            self.done.append({**act, "targets": [t for t, r in zip(act["targets"], results, strict=True) if not r["error"]]})
        return {"failed": any(r["error"] for r in results), "msg": "; ".join(r["error"] for r in results if r["error"]), "domains": results}

    def _write(self, act: dict[str, Any], wish: dict[str, Any], tenant: str) -> dict[str, Any]:
        world, domain = self.world, self.world.domains[wish["domain"]]
        before = {"signing": _print(domain.members[0]), "next": _print(domain.members[1])}
        result = {"domain": domain.name, "tenant_id": tenant, "changed": False, "before": before, "after": before, "error": None, "error_kind": None}
        members = (world.certificate(wish["signing_certificate"]), world.certificate(wish["next_signing_certificate"]))
        if wish["next_signing_certificate"] is None and not wish["clear_next"]:
            members = (members[0], domain.members[1])
        error, kind = "", ""
        if domain.unreadable or domain.refuses or not domain.federated:
            error, kind = domain.unreadable or "Entra refused the write (403)", "refused"
        elif wish["expected"] != {"signing": before["signing"] or "", "next": before["next"] or ""}:
            error, kind = "its settings are not what they were when the plan was made", "changed"
            self.raced[domain.name] = world.now
        elif members[0] is members[1] and not world.history.equal_ok:
            error, kind = "Entra refused the write (400): both are the same", "refused"
        elif members[1] is None and domain.members[1] is not None and not world.history.null_ok:
            error, kind = "Entra refused the write (400): null", "refused"
        if error:
            return {**result, "error": error, "error_kind": kind}
        after = {"signing": _print(members[0]), "next": _print(members[1])}
        if members != domain.members:
            world.write_domain(domain, members, f"ours:{act['action']}", self)
        elif domain.garbage is None:
            world.judge.wrong("needless_write", f"{act['action']} writes {domain.name} what it holds already")
        return {**result, "changed": members != domain.members, "after": after}


class JournalFile:
    """The journal's file on the primary server."""

    def __init__(self) -> None:
        self.content: dict[str, Any] | None = None
        self.sha256 = ""
        self.at = 0
        self.error: str | None = None
        self.kept: list[tuple[int, dict[str, Any]]] = []

    def shown(self, server_now: int) -> dict[str, Any]:
        """As farm_info shows it."""
        if self.error:
            return {"found": True, "sha256": "0" * 64, "content": None, "error": self.error}
        found = self.content is not None
        times = {"written_at": text(self.at) if found else None, "server_time": text(server_now) if found else None}
        return {"found": found, "sha256": self.sha256 or None, "content": json.loads(json.dumps(self.content)), "error": None, **times}

    def put(self, content: dict[str, Any] | None, now: int) -> None:
        """Put something there, by whatever hand."""
        self.content, self.at, self.error = content, now, None
        self.sha256 = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest() if content is not None else ""

    def write(self, content: dict[str, Any], expected: str | None, now: int) -> bool:
        """Compare and swap."""
        if self.error is None and (expected or "") != self.sha256:
            return False
        self.put(json.loads(json.dumps(content)), now)
        self.kept.append((now, content))
        del self.kept[:-40]
        return True


def _shape(certificate: Certificate) -> dict[str, Any]:
    return {
        "thumbprint": certificate.thumbprint,
        "not_before": text(certificate.begins),
        "not_after": text(certificate.ends),
        "self_signed": not certificate.issued,
        "der": certificate.der,
    }


def _print(certificate: Certificate | None) -> str | None:
    return certificate.thumbprint if certificate else None
