# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Windows machine behind the endpoint does with a command: it runs modules, and nothing else."""

from __future__ import annotations

import json
import re
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.log import RequestLog
from lab.winrm.payload import ModuleCall, PayloadError, bare_script, decode, file_transfer

Run = Callable[[str, str, dict[str, Any], bool], dict[str, Any]]
Describe = Callable[[str, dict[str, Any]], dict[str, Any]]

_SERVICE_ACCOUNTS = frozenset({"system", "local system", "localservice", "local service", "networkservice", "network service"})
_SECRET_NAME = re.compile(r"passw|secret|token|credential|key", re.IGNORECASE)


@dataclass(frozen=True)
class Output:
    """What a remote process left behind."""

    stdout: str
    stderr: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Task:
    """A command with its whole input, understood: a module call, or the reason why it is none."""

    call: ModuleCall | None
    problem: str
    detail: dict[str, Any]


class Machine:
    """Runs module calls for one node; every other command fails as an unknown command does."""

    def __init__(self, node_name: str, users: Mapping[str, str], run: Run, log: RequestLog, describe: Describe | None = None) -> None:
        self.node_name = node_name
        self._passwords = {_account(name): password for name, password in users.items()}
        self._run = run
        self._log = log
        self._describe = describe
        self.changed = threading.Condition()
        self.stopping = False

    def understand(self, command: str, text: str) -> Task:
        """Decode what arrived, without running it. The detail is fit for the log: no passwords, no arguments."""
        try:
            call = file_transfer(command, text) or self._known_script(command, text) or decode(text)
        except PayloadError as error:
            return Task(None, f"{error} (command: {' '.join(command.split())[:120]})", {"module": None})
        detail: dict[str, Any] = {"module": call.module, "payload": call.generation, "check_mode": call.check_mode}
        if call.become_user is not None:
            detail["become_user"] = call.become_user
        if call.environment:
            detail["environment"] = {name: "(hidden)" if _SECRET_NAME.search(name) else value for name, value in call.environment.items()}
        if self._describe is not None:
            detail.update(self._describe(call.module, call.arguments))
        return Task(call, "", detail)

    def _known_script(self, command: str, text: str) -> ModuleCall | None:
        """A script without input that this server knows, as pypsrp and plain WinRS send it; None for all else."""
        call = bare_script(command)
        known = self._describe is not None and self._describe(call.module, call.arguments).get("known") is True
        return call if known and not text.strip() else None

    def perform(self, task: Task) -> Output:
        """Run the task and return its output; an error of the lab itself is logged and fails the remote process."""
        call = task.call
        if call is None:
            return Output("", f"The lab runs Ansible modules only, not this command: {task.problem}.\r\n", 1)
        if call.asynchronous:
            return _module_output({"failed": True, "msg": "The lab runs no asynchronous tasks."}, 1)
        if refusal := self._become_refusal(call):
            return _module_output({"failed": True, "msg": refusal}, 1)
        try:
            return _module_output(self._run(self.node_name, call.module, call.arguments, call.check_mode), 0)
        except Exception as error:  # noqa: BLE001 - the far end must answer, whatever the model did
            self._log.record("winrm", "Error", write=False, node=self.node_name, error=str(error), trace=traceback.format_exc())
            return Output("", f"The lab itself failed: {type(error).__name__}: {error}\r\n", 1)

    def start(self, task: Task) -> Execution:
        """Run the task in a thread of its own; Windows, too, answers the Send before the process has ended."""
        return Execution(self, task)

    def pause(self, seconds: float) -> None:
        """Wait that long, or until the server stops."""
        with self.changed:
            self.changed.wait_for(lambda: self.stopping, timeout=seconds)

    def stop(self) -> None:
        """Wake everybody who waits for an execution."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()

    def _become_refusal(self, call: ModuleCall) -> str | None:
        if call.become_user is None or _account(call.become_user) in _SERVICE_ACCOUNTS:
            return None
        expected = self._passwords.get(_account(call.become_user))
        if expected is not None and call.become_password in (None, "", expected):
            return None
        return (
            f"internal error: failed to become user '{call.become_user}': LogonUser failed "
            "(The user name or password is incorrect, Win32ErrorCode 1326 - 0x0000052E)"
        )


class Execution:
    """One running or finished task."""

    def __init__(self, machine: Machine, task: Task) -> None:
        self.task = task
        self._machine = machine
        self._output: Output | None = None
        threading.Thread(target=self._work, name=f"winrm-run-{machine.node_name}", daemon=True).start()

    def wait(self, seconds: float) -> Output | None:
        """Return the output as soon as it is there; None if the time is over first or the server stops."""
        with self._machine.changed:
            self._machine.changed.wait_for(lambda: self._output is not None or self._machine.stopping, timeout=seconds)
            return self._output

    def _work(self) -> None:
        output = self._machine.perform(self.task)
        with self._machine.changed:
            self._output = output
            self._machine.changed.notify_all()


def _module_output(result: dict[str, Any], exit_code: int) -> Output:
    if set(result) == {"stdout"}:
        return Output(result["stdout"], "", exit_code)
    return Output(json.dumps(result) + "\r\n", "", exit_code)


def _account(name: str) -> str:
    return name.removeprefix(".\\").removeprefix("NT AUTHORITY\\").casefold()
