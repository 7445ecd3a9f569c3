# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the role, as its tasks go: look, plan, write the journal, one act, and again. It is a generator that yields the minutes it waits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from histories.certificates import Certificate, text
from histories.entra import Domain
from histories.farm import IDENTIFIER, Server

if TYPE_CHECKING:
    from histories.world import World

MOST_PLANS = 40
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
        self.memory: dict[str, Any] | None = None
        self.seen: dict[str, Any] = {}
        self.looked: dict[str, set[int]] = {}  # how many changes of each domain came before each look
        self.steps = 0
        self.plans: list[dict[str, Any]] = []
        self.locked: tuple[dict[str, Any], str] | None = None
        self.ended = ""
        self.approved: dict[str, Any] | None = None
        self.raced: dict[str, int] = {}

    def go(self) -> Iterator[int]:
        """Live through the run. Says in ``ended`` how it came out: complete, died, or why it failed."""
        try:
            yield from self._steps()
            self.ended = "complete"
        except Died:
            self.ended = "died"
        except Failed as exc:
            self.ended = f"failed: {exc}"
            self._end(str(exc))
        self.world.judge.run_ended(self)

    def _steps(self) -> Iterator[int]:
        """Do what each plan says is next, in order, until one says that the run has ended."""
        world = self.world
        made = self._ask({"step": "begin"})
        for _plan in range(MOST_PLANS):
            outcome: dict[str, Any] = {}
            for step in made["next"]:
                if step == "journal":
                    self._step()
                    outcome["journal"] = self._write_journal(made["journal"]["content"], made["journal"].get("expected_sha256"))
                    if made["ended"] and outcome["journal"].get("failed"):
                        raise Failed(outcome["journal"]["msg"])
                elif step == "ask":
                    outcome["answers"] = self._answers(made)
                elif step.startswith("act_"):
                    outcome["of"] = made["actions"][0]
                    if not outcome.get("journal", {}).get("failed"):
                        self._step()
                        if world.history.gap:
                            yield world.history.gap
                        outcome["act"] = yield from self._act(made["actions"][0])
                    self._step()
                    yield 1
                elif step.startswith("scan_"):
                    if not world.main_answers():
                        raise Failed("the primary server does not answer")
                    self.seen = self.look()
            if made["ended"]:
                return
            self.memory = made["memory"]
            if world.history.approves and self.approved is None:
                self.approved = self._plan_to_approve()
            made = self._ask({**self.seen, "previous": self.memory, "outcome": outcome, "hosts": self._hosts(), **self._approved()})
            if "ask" not in made["next"]:
                self.plans.append(made)
                world.judge.planned(self, made)
        world.judge.wrong("without_end", f"a run makes more than {MOST_PLANS} plans")

    def _ask(self, given: dict[str, Any]) -> dict[str, Any]:
        now = text(self.world.now, self.skew)
        made = self.world.judge.ask({"now": now, "run": self.name, "mode": "apply", "policy": self.world.policy, **given})
        if made is None:
            raise Failed("no plan")
        return made

    def _plan_to_approve(self) -> dict[str, Any]:
        """What a run that only plans hands on: it asks the other servers first, as every run does."""
        memory = self.memory
        outcome: dict[str, Any] = {}
        for _dummy in range(MOST_PLANS):
            shown = self._ask({**self.seen, "previous": memory, "outcome": outcome, "mode": "plan", "hosts": self._hosts()})
            if "ask" not in shown["next"]:
                approvable: dict[str, Any] = shown["approvable"]
                return approvable
            memory, outcome = shown["memory"], {"answers": self._answers(shown)}
        raise Failed("a run that only plans does not end")

    def _approved(self) -> dict[str, Any]:
        return {"approved": self.approved} if self.approved is not None else {}

    def _hosts(self) -> dict[str, str]:
        names = [f"{s.name}.contoso.com" for s in self.world.farm.servers] if self.world.history.winrm else []
        return {name: name for name in names}

    def _end(self, cause: str) -> None:
        """What the role does where a task failed: one more plan, which gives the lock back."""
        written = {"content": self.locked[0], "sha256": self.locked[1]} if self.locked else {}
        outcome = {"tasks": {"scan": {"failed": True, "msg": cause}}, "written": written}
        made = self.world.judge.ask({"step": "end", "now": text(self.world.now), "run": self.name, "previous": self.memory, "outcome": outcome})
        if made is not None and "journal" in made["next"] and self.world.main_answers():
            self._write_journal(made["journal"]["content"], made["journal"]["expected_sha256"])

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.dies:
            raise Died

    def look(self) -> dict[str, Any]:
        """What the modules would return now."""
        world = self.world
        for domain in world.domains.values():
            self.looked.setdefault(domain.name, set()).add(len(domain.written))
        return {
            "farm": self.facts(),
            "domains": [shown for name in sorted(world.domains) if (shown := self._domain(name))],
            "metadata": [self._metadata(server) for server in world.farm.servers if server.listed or server.name in world.named_servers()],
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
            **domain.settings,
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

    def _answers(self, made: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"asked": asked, "result": self._answer(asked)} for asked in made["asks"]["hosts"]]

    def _answer(self, asked: dict[str, str]) -> dict[str, Any]:
        """What a module returns on another server."""
        return self._key(asked["thumbprint"], asked["server"]) if asked["what"] == "key" else self._facts_of(asked["server"])

    def _facts_of(self, name: str) -> dict[str, Any]:
        """What farm_info returns on another server."""
        world = self.world
        server = world.farm.server(name.partition(".")[0])
        if server is None or not server.up:
            return {"failed": True, "msg": "no connection"}
        main = server.name == world.farm.main
        told = {
            "role": "primary" if main else "secondary",
            "server": name,
            "primary_server": f"{world.farm.main}.contoso.com",
            "time": text(world.now),
            "last_sync_time": text(world.now - 2 if server.syncing else server.synced),
            "last_sync_status": 0,
            "poll_duration": 300,
        }
        return {"farm": {**self.facts(), **told} if main else told}

    def _key(self, thumbprint: str, name: str) -> dict[str, Any]:
        certificate = self.world.certificate(thumbprint)
        if certificate is None:
            return {"failed": True, "msg": "there is no such certificate"}
        return {"server": name, "certificate": _shape(certificate), "checks": [{"name": "certificate_in_store", "result": "ok", "advice": ""}]}

    def _seen_in(self, domain: Domain) -> set[str]:
        """The thumbprints that the run's last look showed in a domain."""
        shown = [d for d in self.seen["domains"] if d["domain"] == domain.name]
        return {member["thumbprint"] for d in shown for member in (d["signing_certificate"], d["next_signing_certificate"]) if member}

    def _write_journal(self, content: dict[str, Any], expected: str | None) -> dict[str, Any]:
        """What rollover_journal returns."""
        journal, now = self.world.journal, self.world.now + self.world.server_skew // 60
        before = journal.content
        if journal.unwritable:
            self.world.judge.journal_unwritten()
            return {"failed": True, "msg": "the disk is full", "error_id": "disk"}
        if not journal.write(content, expected or None, now):
            self.locked = None
            return {"failed": True, "msg": "another run wrote the journal", "error_id": "another_run"}
        self.locked = (content, journal.sha256) if content.get("lock") else None
        self.world.judge.journal_written(self, before or {}, content)
        return {"changed": True}

    def _act(self, act: dict[str, Any]) -> Any:
        """Carry out an act. Returns what its task returns."""
        world = self.world
        if not isinstance(act["targets"][0], dict):
            if not world.main_answers():
                return {"failed": True, "msg": "the primary server does not answer"}
            problem = world.hands.on_server(act, self)
            return {"failed": True, "msg": problem} if problem else {"changed": True}
        wishes = [(tenant, wish) for tenant, asked in sorted(act["arguments"].items()) for wish in asked]
        results: dict[str, list[dict[str, Any]]] = {}
        for number, (tenant, wish) in enumerate(wishes):
            if number and number % 20 == 0:
                yield 1
            if number == len(wishes) // 2:
                self._step()  # a run may die between two writes
            results.setdefault(tenant, []).append(self._write(act, wish))
        return {"results": [_task(tenant, domains) for tenant, domains in results.items()]}

    def _write(self, act: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
        world, domain = self.world, self.world.domains[wish["domain"]]
        world.hands.comes_between(domain)
        before = {"signing": _print(domain.members[0]), "next": _print(domain.members[1])}
        result = {"domain": domain.name, "changed": False, "before": before, "after": before, "error": None, "error_id": None}
        members = (world.certificate(wish["signing_certificate"]), world.certificate(wish["next_signing_certificate"]))
        if wish["next_signing_certificate"] is None and not wish["clear_next"]:
            members = (members[0], domain.members[1])
        error, kind = "", ""
        if domain.unreadable or domain.refuses or not domain.federated:
            error, kind = domain.unreadable or "Entra refused the write (403)", "refused"
        elif "expected" in wish and wish["expected"] != {"signing": before["signing"] or "", "next": before["next"] or ""}:
            error, kind = "its settings are not what they were when the plan was made", "not_as_expected"
            self.raced[domain.name] = world.now
        elif members[0] is members[1] and not world.history.equal_ok:
            error, kind = "Entra refused the write (400): both are the same", "refused"
        elif members[1] is None and domain.members[1] is not None and not world.history.null_ok:
            error, kind = "Entra refused the write (400): null", "refused"
        if error:
            if kind == "refused":
                world.judge.refused(domain, self)
            return {**result, "error": error, "error_id": kind}
        after = {"signing": _print(members[0]), "next": _print(members[1])}
        if members != domain.members:
            if unseen := {before["signing"], before["next"]} - {after["signing"], after["next"], *self._seen_in(domain)} - {None}:
                world.judge.wrong("unseen_dropped", f"{act['action']} drops {sorted(map(str, unseen))} from {domain.name}, which the run has not seen there")
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
        self.unwritable = False
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


def _task(tenant: str, domains: list[dict[str, Any]]) -> dict[str, Any]:
    """The module's result for one tenant."""
    errors = [d["error"] for d in domains if d["error"]]
    failed = {"failed_when_result": False, "msg": "; ".join(errors)} if errors else {}
    return {"item": tenant, "changed": any(d["changed"] for d in domains), "domains": domains, **failed}


def _print(certificate: Certificate | None) -> str | None:
    return certificate.thumbprint if certificate else None
