# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command shell (WinRS) that Ansible's ``winrm`` connection plugin talks to."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any, Final

from lab.winrm import envelope
from lab.winrm.envelope import Request, WSManFault
from lab.winrm.payload import PayloadError, encoded_script
from lab.winrm.remote import Execution, Machine, Output
from lab.winrm.spoil import Spoil

# Base64 of this many bytes plus the envelope stays below the 150 KiB that clients announce.
_PIECE: Final = 100_000
_MOST_INPUT: Final = 32 * 1024 * 1024


class CommandShell:
    """One open shell and its commands."""

    streams = ("stdin", "stdout stderr")

    def __init__(self, request: Request, machine: Machine) -> None:
        del request
        self.shell_id = str(uuid.uuid4()).upper()
        self._machine = machine
        self._commands: dict[str, _Command] = {}

    def detail(self, request: Request) -> dict[str, Any]:
        """What is known about the command that the request names."""
        command = self._commands.get(request.command_id)
        return command.detail if command else {}

    def command(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Start a command. It runs at once unless the client announced input."""
        line = " ".join([request.element("Command").text or "", *(argument.text or "" for argument in request.body.iter(f"{{{envelope.SHELL}}}Arguments"))])
        expects_input = request.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() == "FALSE"
        command = _Command(self._machine, line)
        command_id = str(uuid.uuid4()).upper()
        self._commands[command_id] = command
        if not expects_input:
            command.begin()
        return envelope.command_created(command_id), command.detail

    def send(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Collect standard input; the last piece starts the command."""
        command = self._find(request)
        stream = request.element("Stream")
        command.feed(_decoded(stream.text or ""))
        if stream.get("End", "").lower() == "true":
            command.begin()
        return "<rsp:SendResponse/>", command.detail

    def receive(self, request: Request, spoil: Spoil | None) -> tuple[str, dict[str, Any]]:
        """Hand out output, at most one piece per request; a time-out fault if there is none in time."""
        command = self._find(request)
        if spoil is not None:
            command.spoil = spoil
        return command.output(request.command_id, request.wait_seconds), command.detail

    def signal(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Forget the command; what it does already, it goes on doing."""
        command = self._find(request)
        del self._commands[request.command_id]
        return "<rsp:SignalResponse/>", command.detail

    def _find(self, request: Request) -> _Command:
        command = self._commands.get(request.command_id)
        if command is None:
            raise WSManFault(envelope.SHELL_NOT_FOUND, "The request names a command that this shell does not have.", "w:InvalidSelectors")
        return command


class _Command:
    def __init__(self, machine: Machine, line: str) -> None:
        self._machine = machine
        self._line = line
        self._input = bytearray()
        self._execution: Execution | None = None
        self._pieces: list[tuple[str, bytes]] | None = None
        self._exit_code = 0
        self.detail: dict[str, Any] = {}
        self.spoil: Spoil | None = None

    def feed(self, data: bytes) -> None:
        if self._execution is not None:
            raise WSManFault(envelope.INVALID_MESSAGE, "The input of this command was already closed.", "w:InvalidParameter")
        if len(self._input) + len(data) > _MOST_INPUT:
            raise WSManFault(envelope.INVALID_MESSAGE, "The input of this command is larger than 32 MiB.", "w:EncodingLimit")
        self._input += data

    def begin(self) -> None:
        if self._execution is not None:
            return
        try:
            line = encoded_script(" " + self._line) or self._line
        except PayloadError as error:
            line = f"{self._line[:80]} ({error})"
        task = self._machine.understand(line, bytes(self._input).decode("utf-8", "replace"))
        self._input.clear()
        self.detail = task.detail
        self._execution = self._machine.start(task)

    def output(self, command_id: str, wait_seconds: float) -> str:
        if self._pieces is None:
            output = self._execution.wait(wait_seconds) if self._execution else None
            if output is None:
                raise envelope.timed_out()
            output = self.spoil.apply(output) if self.spoil else output
            self._pieces, self._exit_code = _pieces(output), output.exit_code
        if len(self._pieces) > 1:
            return envelope.received(command_id, [_encoded(self._pieces.pop(0))], "Running")
        streams = [_encoded(piece) for piece in self._pieces]
        self._pieces = []
        return envelope.received(command_id, streams, "Done", self._exit_code)


def _pieces(output: Output) -> list[tuple[str, bytes]]:
    data = [("stdout", output.stdout.encode("utf-8")), ("stderr", output.stderr.encode("utf-8"))]
    return [(name, content[start : start + _PIECE]) for name, content in data for start in range(0, len(content), _PIECE)]


def _encoded(piece: tuple[str, bytes]) -> tuple[str, str]:
    return piece[0], base64.b64encode(piece[1]).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise WSManFault(envelope.INVALID_MESSAGE, f"The input is no base64: {error}.", "w:SchemaValidationError") from error
