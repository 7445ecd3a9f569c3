# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the role in one process: the product's own modules against the lab's models, without sockets and without a play.

What the role's tasks do is repeated here, and nothing else: observe, decide, write the journal, one act, and again. That the tasks themselves do
so is shown by the same year as real playbook runs. The collection must be importable before this is.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import parse_qsl, urlsplit

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient
from ansible_collections.federation.adfs.plugins.module_utils._entra.credentials import credential_for
from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import publish
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import Answer, Transport
from ansible_collections.federation.adfs.plugins.module_utils._metadata import describe_metadata, read_metadata
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import plan
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.plugins.modules.entra_federation import described, wishes_from
from lab.entra.wire import Request, Response
from lab.farm import Node
from lab.metadata import document
from lab.world import World

GRAPH = "https://graph.example.com"
# Parts of Ansible that the actions are handed and make no use of.
UNUSED = MagicMock()
WINDOWS = SimpleNamespace(_shell=SimpleNamespace(_IS_WINDOWS=True, tmpdir="C:\\tmp"), transport="winrm")


class RunDied(Exception):
    """The run was killed, as a controller's job may be."""


class Death:
    """Kills a run at one of its remote calls, before or after the call is carried out. ``at`` 0: never."""

    def __init__(self) -> None:
        self.at, self.after, self._calls = 0, False, 0

    def plan(self, at: int, after: bool) -> None:
        """Die at this remote call, counted from now."""
        self.at, self.after, self._calls = at, after, 0

    def carry_out(self, call: Callable[[], Any]) -> Any:
        """Carry out a remote call, as far as the run lives to see it. Raises RunDied."""
        self._calls += 1
        if self._calls == self.at and not self.after:
            raise RunDied
        result = call()
        if self._calls == self.at:
            raise RunDied
        return result


class _Direct(Transport):
    """Hands a request to the lab's Graph in the same process; who waits, waits in the lab's time."""

    def __init__(self, world: World, death: Death) -> None:
        super().__init__(5, None, sleep=self.pass_time)
        self._world, self._death = world, death

    def request(self, what: str, method: str, url: str, headers: Any, data: bytes | None = None, params: Any = None) -> Answer:
        del what, params
        address = urlsplit(url)
        asked = Request(method, address.path, dict(parse_qsl(address.query)), {name.lower(): value for name, value in headers.items()}, data or b"")
        reply = self._death.carry_out(lambda: self._world.entra.handle(asked))
        if not isinstance(reply, Response):
            raise TypeError(f"{method} {url}: the lab answers with a fault, which only a socket can carry")
        return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body())

    def request_once(self, what: str, method: str, url: str, headers: Any, data: bytes | None = None) -> Answer:
        return self.request(what, method, url, headers, data)

    def pass_time(self, seconds: float) -> None:
        """Let the lab's time pass."""
        self._world.advance(timedelta(seconds=seconds))


class Inside:
    """One farm and its tenant, and the runs on it."""

    def __init__(self, world: World, policy: dict[str, Any]) -> None:
        self.world = world
        self.policy = policy
        self.death = Death()
        self._metadata: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._runs = 0
        self._read: dict[str, Any] = {}
        token = world.entra.issue_token(world.credentials.client_id, world.built.permissions)
        settings = merge_options({"access_token": token, "tenant_id": world.tenant.tenant_id, "graph_url": GRAPH}, {})
        self._graph = GraphClient(settings, credential_for(settings), _Direct(world, self.death))

    def run(self) -> tuple[list[str], dict[str, Any]]:
        """One run of the role: what it did, and its last plan."""
        self._runs += 1
        made = self._plan(step="begin")
        while not made["ended"]:
            made = self._plan(made["memory"], self._carry_out(made), **({"again": self._read} if made["next"][0] == "ask" else {}))
        self._carry_out(made)
        return [act["action"] for act in made["memory"]["done"]], made

    def foretell(self) -> dict[str, Any]:
        """What an audit now says will come. Nothing is written."""
        given = {"policy": self.policy, "mode": "audit", "run": "audit", **self._scan()}
        forecast: dict[str, Any] = plan(given)["forecast"]
        return forecast

    def _plan(self, previous: dict[str, Any] | None = None, outcome: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Plan on a fresh scan; ``again``: on the one before, with what servers answered."""
        given = {"policy": self.policy, "mode": "apply", "run": f"run-{self._runs}", "now": format_time(self.world.clock.now())}
        if previous is None:
            return plan({**given, **more})
        self._read = more.get("again") or self._scan()
        hosts = {node.name: node.name for node in self.world.farms[0].nodes}
        return plan({**given, **self._read, "previous": previous, "outcome": outcome, "hosts": hosts})

    def _scan(self) -> dict[str, Any]:
        farm = self._adfs("farm_info")["farm"]
        moment = self.world.clock.now()
        domains = [domain.shape(self._graph.tenant_id, moment, with_der=True) for domain in read_domains(self._graph, None, every=True)]
        metadata = [self._asked(node, moment) for node in self.world.farms[0].listed_nodes]
        return {"farm": farm, "domains": domains, "metadata": metadata, "now": format_time(moment)}

    def _carry_out(self, made: dict[str, Any]) -> dict[str, Any]:
        """What the plan says is next, up to the next scan; returns what the tasks returned."""
        outcome: dict[str, Any] = {}
        for step in made["next"]:
            if step == "journal":
                notes = made["journal"]
                self._adfs("rollover_journal", content=notes["content"], expected_sha256=notes["expected_sha256"], ledger_entries=notes["entries"])
            elif step == "ask":
                outcome["answers"] = [{"asked": asked, "result": self._answer(asked)} for asked in made["asks"]["hosts"]]
            elif step.startswith("act_"):
                outcome.update(of=made["actions"][0], act=self._act(made["actions"][0], made["certificates"]))
        return outcome

    def _answer(self, asked: dict[str, str]) -> dict[str, Any]:
        """What a server says of a certificate that is to sign; all of them are seen by their metadata."""
        return self._adfs("certificate_key", on=asked["host"], thumbprint=asked["thumbprint"])

    def _asked(self, node: Node, now: datetime) -> dict[str, Any]:
        """What comes of asking a server for its metadata. A server without a certificate that signs has none."""
        if node.signer is None:
            return {"server": node.name, "metadata": None, "error": f"{node.name} does not answer"}
        return {"server": node.name, "metadata": self._shown(node, now), "error": None}

    def _shown(self, node: Node, now: datetime) -> dict[str, Any]:
        """What a server's metadata says. It is signed and verified once for each thing that it can say."""
        published = tuple(item.thumbprint for item in node.published_signing_certificates)
        says = (node.name, node.signer.thumbprint, published, node.published_encryption_certificate)
        if says not in self._metadata:
            self._metadata[says] = describe_metadata(read_metadata(document(node)), f"https://{node.name}/", now)
        return self._metadata[says]

    def _act(self, act: dict[str, Any], certificates: list[dict[str, Any]]) -> dict[str, Any]:
        if act["module"] != "entra_federation":
            return self._adfs(act["module"], **act["arguments"])
        outcomes = publish(self._graph, wishes_from(act["arguments"][self._graph.tenant_id], certificates), check_mode=False)
        errors = [outcome.error for outcome in outcomes if outcome.error]
        if errors:
            raise RuntimeError("; ".join(errors))
        told = described(outcomes, self._graph.tenant_id, self.world.clock.now())
        return {"results": [{"item": self._graph.tenant_id, "changed": True, "domains": told["domains"]}]}

    def _adfs(self, module: str, on: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Run one action on a server, by default the primary one. Raises RuntimeError with its message where it fails."""
        result = self._result(module, on, **arguments)
        if result.get("failed") or result.get("unreachable"):
            raise RuntimeError(f"{module}: {result['msg']}")
        return result

    def _result(self, module: str, on: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Run one action and return what a task would register, failed or not."""
        plugin = importlib.import_module(f"ansible_collections.federation.adfs.plugins.action.{module}").ActionModule
        task = SimpleNamespace(args=arguments, check_mode=False, diff=False, async_val=0, action=f"federation.adfs.{module}", environment=[])
        action = plugin(task=task, connection=WINDOWS, play_context=UNUSED, loader=UNUSED, templar=UNUSED, shared_loader_obj=UNUSED)
        action._load_name = module
        server = self.world.node(on).name
        action._execute_module = lambda module_name, module_args, task_vars: self.death.carry_out(lambda: self._execute(server, module_name, module_args))
        try:
            result: dict[str, Any] = action.run(None, {})
        except AnsibleConnectionFailure as lost:
            # As ansible-core's own executor does.
            return {"unreachable": True, "msg": str(lost)}
        return result

    def _execute(self, server: str, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a Windows module on a server of the lab."""
        return self.world.run_on(server, module, arguments)
