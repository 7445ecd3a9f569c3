# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management service: finds the shell that a request is for, plays faults, and records what was asked."""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lab.faults import Faults
from lab.log import RequestLog
from lab.winrm import envelope
from lab.winrm.envelope import Request, WSManFault
from lab.winrm.psrp import PowerShellShell
from lab.winrm.remote import Machine
from lab.winrm.spoil import Spoil
from lab.winrm.winrs import CommandShell

COMMAND_SHELL: Final = f"{envelope.SHELL}/cmd"
_OPERATIONS: Final = frozenset({"Create", "Command", "Send", "Receive", "Signal", "Delete"})
_MOST_SHELLS: Final = 100
_IDLE_SECONDS: Final = 900.0
_LONGEST_DELAY: Final = 120.0


class Shell(Protocol):
    """What both kinds of shell offer. The detail returned beside each body is what the log may tell about the command."""

    shell_id: str
    streams: tuple[str, str]

    def detail(self, request: Request) -> dict[str, Any]:
        """Return what the log may tell of a request."""

    def command(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Begin a command; return the body and the log detail."""

    def send(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Take input; return the body and the log detail."""

    def receive(self, request: Request, spoil: Spoil | None) -> tuple[str, dict[str, Any]]:
        """Return output so far; ``spoil`` damages it."""

    def signal(self, request: Request) -> tuple[str, dict[str, Any]]:
        """End a command; return the body and the log detail."""


@dataclass(frozen=True)
class Peer:
    """Who asks, and how the request came: proofs for tests that a connection was as safe as intended."""

    user: str
    authentication: str
    scheme: str
    sealed: bool


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; without a body where a fault asked for a bare status."""

    status: int
    body: bytes


class ConnectionDropped(Exception):
    """The connection shall end without an answer."""


class Service:
    """All shells of one node."""

    def __init__(self, machine: Machine, log: RequestLog, faults: Faults) -> None:
        self._machine = machine
        self._log = log
        self._faults = faults
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}
        self._used: dict[str, float] = {}
        self.latency = 0.0

    def handle(self, message: bytes, peer: Peer) -> Reply:
        """Answer one SOAP message of an authenticated peer. Raises ConnectionDropped where a fault wants that."""
        if self.latency:
            self._machine.pause(self.latency)
        reply = self._handle(message, peer)
        self._log.carried("winrm", len(message) + len(reply.body))
        return reply

    def _handle(self, message: bytes, peer: Peer) -> Reply:
        message_id = ""
        try:
            request = envelope.parse(message)
            message_id = request.message_id
            if request.operation not in _OPERATIONS:
                raise WSManFault(envelope.NOT_SUPPORTED, f"The lab's WS-Management service does not know the action {request.action}.", "a:ActionNotSupported")
            return self._answer(request, peer)
        except WSManFault as fault:
            return Reply(500, envelope.fault(fault, message_id, self._machine.node_name))
        except ConnectionDropped:
            raise
        except Exception as error:  # noqa: BLE001 - a test must see a fault and a log entry, not a hang
            self._log.record("winrm", "Error", write=False, node=self._machine.node_name, error=str(error), trace=traceback.format_exc())
            refusal = WSManFault(envelope.INTERNAL_ERROR, f"The lab itself failed: {type(error).__name__}: {error}")
            return Reply(500, envelope.fault(refusal, message_id, self._machine.node_name))

    def _answer(self, request: Request, peer: Peer) -> Reply:
        shell = self._find(request)
        known = shell.detail(request) if shell is not None else {}
        detail: dict[str, Any] = {"node": self._machine.node_name, "transport": request.transport, "user": peer.user}
        # The psrp plugin also receives while it opens its shell; a fault meant for a command's Receive must not be used up there.
        opening = request.operation == "Receive" and not request.command_id
        spoil = Spoil.of(self._faults.take("winrm", "Open" if opening else request.operation, **detail, **known), request.operation)
        detail.update(authentication=peer.authentication, scheme=peer.scheme, sealed=peer.sealed)
        if spoil is not None:
            detail["fault"] = spoil.kind
        try:
            early = self._play(spoil)
            if early is not None:
                return early
            body, found = self._carry_out(request, peer, shell, spoil)
            known = found
        finally:
            # Recorded before the answer leaves, so that whoever has the answer finds it in the log.
            self._log.record("winrm", request.operation, write=False, **detail, **known)
        if spoil is not None and spoil.kind == "drop":
            raise ConnectionDropped
        return Reply(200, envelope.reply(request, body))

    def _play(self, spoil: Spoil | None) -> Reply | None:
        if spoil is None:
            return None
        if spoil.kind == "drop" and not spoil.after:
            raise ConnectionDropped
        if spoil.kind == "status":
            return Reply(int(spoil.options.get("status", 503)), b"")
        if spoil.kind == "fault":
            raise WSManFault(int(spoil.options.get("code", envelope.INTERNAL_ERROR)), str(spoil.options.get("reason", "The lab plays a fault.")))
        if spoil.kind == "delay":
            self._machine.pause(min(float(spoil.options.get("seconds", 1)), _LONGEST_DELAY))
        return None

    def _carry_out(self, request: Request, peer: Peer, shell: Shell | None, spoil: Spoil | None) -> tuple[str, dict[str, Any]]:
        if request.operation == "Create":
            return self._create(request, peer), {}
        if shell is None:
            raise WSManFault(
                envelope.SHELL_NOT_FOUND,
                f"The request for the Windows Remote Shell with ShellId {request.shell_id or '(none)'} failed because the shell was not found on the server.",
                "w:InvalidSelectors",
            )
        if request.operation == "Delete":
            with self._lock:
                self._shells.pop(request.shell_id, None)
            return "", {}
        if request.operation == "Command":
            return shell.command(request)
        if request.operation == "Send":
            return shell.send(request)
        if request.operation == "Receive":
            return shell.receive(request, spoil)
        return shell.signal(request)

    def _create(self, request: Request, peer: Peer) -> str:
        shell: Shell
        if request.resource_uri == COMMAND_SHELL:
            shell = CommandShell(request, self._machine)
        elif request.transport == "psrp":
            shell = PowerShellShell(request, self._machine)
        else:
            raise WSManFault(envelope.NOT_SUPPORTED, f"There is no shell of the kind {request.resource_uri}.", "w:InvalidResourceURI")
        now = time.monotonic()
        with self._lock:
            # Clients whose connection was dropped never delete their shell.
            for shell_id in [name for name in self._shells if now - self._used[name] > _IDLE_SECONDS]:
                del self._shells[shell_id], self._used[shell_id]
            if len(self._shells) >= _MOST_SHELLS:
                raise WSManFault(envelope.QUOTA_SHELLS, f"This user already has {_MOST_SHELLS} shells.", "w:QuotaLimit")
            self._shells[shell.shell_id] = shell
            self._used[shell.shell_id] = now
        return envelope.shell_created(request, shell.shell_id, shell.streams, peer.user)

    def _find(self, request: Request) -> Shell | None:
        with self._lock:
            shell = self._shells.get(request.shell_id)
            if shell is not None:
                self._used[request.shell_id] = time.monotonic()
            return shell
