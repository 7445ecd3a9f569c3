# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the role in one process that reach Entra and the servers' metadata over the lab's sockets, with the limits set to a fraction of a second.

What the role's tasks do with what fails is repeated here: a task that fails ends the run by the step end, a host out of reach does so by the
plan that follows, and what comes of an act or of the journal is for the next plan to judge.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.federation.adfs.plugins.module_utils._entra import options, transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.tenants import read_tenants
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import ApprovalError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import LoopError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.plugins.modules import entra_federation, metadata_info
from lab import powershell
from lab.world import World
from year.inside import Inside

LIMIT = 0.2  # seconds for one answer


class Killed(BaseException):
    """The controller's process is gone. No handler of the product may see it."""


class TaskFailed(Exception):
    """A task of the role failed, which ends the run."""


class _Returned(BaseException):
    """What a module returned."""


class _Module(basic.AnsibleModule):
    def exit_json(self, **result: Any) -> None:  # type: ignore[override]
        raise _Returned(remove_values(result, self.no_log_values))

    def fail_json(self, msg: str, **result: Any) -> None:  # type: ignore[override]
        raise _Returned(remove_values({**result, "failed": True, "msg": msg}, self.no_log_values))


class Swept(Inside):
    """Runs on a world whose servers for Entra and metadata are started.

    ``call(name, work)`` carries out a remote call: whoever plays faults puts a function of its own there. ``name`` is graph, metadata, or the
    name of a script, with the server that it goes to.
    """

    def __init__(self, world: World, policy: dict[str, Any], mode: str = "apply", skew: int = 0) -> None:
        super().__init__(world, policy)
        self.mode, self.skew = mode, timedelta(minutes=skew)
        self.call: Callable[[str, Callable[[], Any]], Any] = lambda _name, work: work()
        self.approved: dict[str, Any] | None = None
        self.changed = False
        self.messages: list[str] = []
        self.last = ""
        self.blocked: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def connected(self, ca_path: Path) -> Iterator[None]:
        """Let everything that goes to Entra go by way of ``call``, with limits that cost little; a pause passes in the lab's time alone."""
        tried, fetched = transport.Transport._once, metadata_info.fetch_all
        kept = (tried, transport.Transport.__init__.__defaults__, options.DEFAULT_TIMEOUT)
        paused = [0.0]

        def pause(seconds: float) -> None:
            paused[0] += seconds
            self.pass_time(seconds)

        transport.Transport._once = lambda *given: self.call("graph", lambda: tried(*given))  # type: ignore[method-assign,assignment]
        transport.Transport.__init__.__defaults__ = (None, pause, lambda: time.monotonic() + paused[0])
        options.DEFAULT_TIMEOUT = LIMIT  # type: ignore[assignment]
        metadata_info.fetch_all = lambda targets, _timeout, *more: fetched(targets, LIMIT, *more)
        given = self.world.credentials
        self._entra = {
            "tenant_id": self.world.tenant.tenant_id,
            "client_id": given.client_id,
            "client_secret": given.client_secret,
            "graph_url": self.world.entra.graph_url,
            "authority_url": self.world.entra.login_url,
            "ca_path": str(ca_path),
        }
        self._ca_path = str(ca_path)
        try:
            yield
        finally:
            transport.Transport._once, transport.Transport.__init__.__defaults__ = kept[:2]  # type: ignore[method-assign]
            options.DEFAULT_TIMEOUT, metadata_info.fetch_all = kept[2], fetched

    def pass_time(self, seconds: float) -> None:
        """Let the lab's time pass."""
        self.world.advance(timedelta(seconds=seconds), looks_every=timedelta(hours=12))

    def run(self) -> tuple[list[str], dict[str, Any]]:
        """One run of the role: what it did, and its last plan. ``messages``: what its failed tasks said; ``blocked``: what it waits for. Raises Killed."""
        self._runs += 1
        self.changed, self.messages, self._tasks, self._outcome = False, [], {}, {}
        self.last = f"run-{self._runs}-{id(self)}"
        made: dict[str, Any] = {}
        try:
            made = self._plan(step="begin")
            while not made["ended"]:
                made = self._pass(made)
            if "journal" in made["next"] or "unlock" in made["next"]:
                written = self._write_journal(made)
                if "unlock" not in made["next"] and _went_wrong(written):
                    raise TaskFailed(written["msg"])
        except TaskFailed as failed:
            made = self._close(str(failed))
        if made["run"]["fail"]:
            self.messages.append(made["run"]["fail"])
        self.blocked = made["blocked_by"]
        return [act["action"] for act in made["memory"]["done"]], made

    def _pass(self, made: dict[str, Any]) -> dict[str, Any]:
        """Do what the last plan asked for, look, and plan again. Raises TaskFailed."""
        self._outcome = self._carry_out(made)
        if "ask" not in made["next"]:
            farm = self._tasks["scan"] = self._result("farm_info")
            if farm.get("unreachable"):
                return self._end(made, self._outcome)
            self._seen(self._must(farm))
        return self._plan(made["memory"], self._outcome, **self._read)

    def _seen(self, farm: dict[str, Any]) -> None:
        shown = self._tasks["metadata"] = self._module(
            metadata_info,
            "metadata",
            url=f"https://{farm['farm']['host_name']}/FederationMetadata/2007-06/FederationMetadata.xml",
            servers=[{"name": n.name, "address": "127.0.0.1", "port": self.world.metadata[n.name].port} for n in self.world.farms[0].listed_nodes],
            ca_path=self._ca_path,
        )
        metadata = self._must(shown)["servers"]
        domains = read_tenants([self._entra], {}, [], True, True, self.world.clock.now())
        self._read = {"farm": farm["farm"], "domains": domains, "metadata": metadata}

    def _plan(self, previous: dict[str, Any] | None = None, outcome: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        given = {"policy": self.policy, "mode": self.mode, "run": self.last, "now": self._now(), "approved": self.approved, **more}
        if previous is not None:
            given.update(previous=previous, outcome=outcome, hosts={node.name: node.name for node in self.world.farms[0].nodes})
        try:
            return plan(json.loads(json.dumps(given)))
        except (ApprovalError, LoopError, PolicyError, ReadingError) as exc:
            under_way = [act for act in [(outcome or {}).get("of")] if act]
            self._tasks["plan"] = {"failed": True, "msg": f"No plan can be made: {exc}", "plan": {"memory": previous or {}, "actions": under_way}}
            self._memory = previous
            raise TaskFailed(self._tasks["plan"]["msg"]) from None

    def _now(self) -> str:
        return format_time(self.world.clock.now() + self.skew)

    def _end(self, made: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
        broken = {"tasks": self._tasks, "written": (self._tasks.get("journal") or {}).get("journal") or {}}
        return self._plan(made.get("memory"), {**outcome, **broken}, step="end")

    def _close(self, why: str) -> dict[str, Any]:
        """What the role does where a task failed: one more plan, which gives the lock back."""
        self.messages.append(why)
        made = self._end({"memory": self._memory}, self._outcome)
        if made["journal"]["write"]:
            self._write_journal(made)
        return made

    def _carry_out(self, made: dict[str, Any]) -> dict[str, Any]:
        self._memory = made["memory"]
        outcome: dict[str, Any] = {}
        written: dict[str, Any] = {}
        for step in made["next"]:
            if step == "journal":
                written = self._write_journal(made)
                outcome["journal"] = written
            elif step == "ask":
                outcome["answers"] = [{"asked": asked, "result": self._answer(asked)} for asked in made["asks"]["hosts"]]
            elif step.startswith("act_"):
                act = made["actions"][0]
                self._outcome = outcome
                outcome.update(of=act, act={"skipped": True} if _went_wrong(written) else self._act(act, made["certificates"]))
        return outcome

    def _write_journal(self, made: dict[str, Any]) -> dict[str, Any]:
        notes = made["journal"]
        given = {"content": notes["content"], "expected_sha256": notes["expected_sha256"] or "", "ledger_entries": notes.get("entries") or []}
        written = self._result("rollover_journal", **given)
        self._tasks["journal"] = written
        return written

    def _answer(self, asked: dict[str, str]) -> dict[str, Any]:
        if asked["what"] == "key":
            return self._result("certificate_key", on=asked["host"], thumbprint=asked["thumbprint"])
        return self._result("farm_info", on=asked["host"], gather_subset=["certificates"])

    def _act(self, act: dict[str, Any], certificates: list[dict[str, Any]]) -> dict[str, Any]:
        if act["module"] == "entra_federation":
            given = {**self._entra, "certificates": certificates}
            results = [{**self._module(entra_federation, "", domains=wanted, **given), "item": tenant} for tenant, wanted in act["arguments"].items()]
            self.changed = self.changed or any(r.get("changed") for r in results)
            return {"results": results}
        result = self._result(act["module"], **act["arguments"])
        self.changed = self.changed or bool(result.get("changed"))
        return result

    def _module(self, module: Any, name: str, **arguments: Any) -> dict[str, Any]:
        """Run a module of the controller; ``name``: of the call that it is as a whole, empty where its requests are calls of their own."""
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": {name: value for name, value in arguments.items() if value is not None}}).encode()
        basic._ANSIBLE_PROFILE = "legacy"  # type: ignore[attr-defined]

        def work() -> dict[str, Any]:
            try:
                module.work(_Module(argument_spec=module.SPEC, supports_check_mode=True))
            except _Returned as returned:
                result: dict[str, Any] = returned.args[0]
                return result
            raise AssertionError(f"{module.__name__} returned nothing")

        return self.call(name, work) if name else work()  # type: ignore[no-any-return]

    def _must(self, result: dict[str, Any]) -> dict[str, Any]:
        if result.get("failed") or result.get("unreachable"):
            raise TaskFailed(result["msg"])
        return result

    def _execute(self, server: str, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        name = f"{powershell.script_name(arguments) or module} {server}"
        result: dict[str, Any] = self.call(name, lambda: super(Swept, self)._execute(server, module, arguments))
        return result


def _went_wrong(result: dict[str, Any]) -> bool:
    return bool(result.get("failed") or result.get("unreachable"))


def quiet_environment() -> None:
    """Variables that lead elsewhere have no say here."""
    for name in list(os.environ):
        if name.startswith(("ADFS_ENTRA_", "AZURE_")):
            del os.environ[name]
