# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell shell (PSRP over WS-Management) that Ansible's ``psrp`` connection plugin talks to."""

from __future__ import annotations

import base64
import binascii
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from psrpcore import CreatePipelineEvent, EndOfPipelineInputEvent, PipelineInputEvent, PSRPEvent, PSRPPayload, ServerPipeline, ServerRunspacePool, StreamType
from psrpcore.types import ErrorCategory, ErrorCategoryInfo, HostMethodIdentifier, NETException

from lab.winrm import envelope
from lab.winrm.envelope import Request, WSManFault
from lab.winrm.remote import Execution, Machine, Output
from lab.winrm.spoil import Spoil

# Base64 of this many bytes plus the envelope stays below the 150 KiB that clients announce; fragments are never split.
_PIECE: Final = 100_000
_MOST_INPUT: Final = 32 * 1024 * 1024


@dataclass
class _Pipeline:
    """One pipeline: its script, the input so far, and what it gave."""

    server: ServerPipeline
    script: str = ""
    lines: list[str] = field(default_factory=list)
    size: int = 0
    execution: Execution | None = None
    written: bool = False
    detail: dict[str, Any] = field(default_factory=dict)
    spoil: Spoil | None = None


class PowerShellShell:
    """One runspace pool and its pipelines."""

    streams = ("stdin pr", "stdout")

    def __init__(self, request: Request, machine: Machine) -> None:
        self._machine = machine
        self._lock = threading.Lock()
        self._pool = ServerRunspacePool()
        self._pipelines: dict[uuid.UUID, _Pipeline] = {}
        self._outgoing: dict[uuid.UUID | None, list[bytes]] = {}
        shell = request.element("Shell")
        self.shell_id = (shell.get("ShellId") or str(uuid.uuid4())).upper()
        creation = request.body.find(f".//{{{envelope.POWERSHELL}}}creationXml")
        if creation is None:
            raise WSManFault(envelope.INVALID_MESSAGE, "The request to create a PowerShell shell holds no creationXml.", "w:SchemaValidationError")
        self._feed(creation.text or "", None)

    def detail(self, request: Request) -> dict[str, Any]:
        """What is known about the pipeline that the request names."""
        with self._lock:
            pipeline = self._pipelines.get(_command_id(request) or uuid.UUID(int=0))
            return pipeline.detail if pipeline else {}

    def command(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Create a pipeline. It must exist before its first message is read."""
        line = request.element("CommandLine")
        try:
            identifier = uuid.UUID(line.get("CommandId") or str(uuid.uuid4()))
        except ValueError as error:
            raise WSManFault(envelope.INVALID_MESSAGE, "The CommandId is no GUID.", "w:InvalidParameter") from error
        with self._lock:
            self._pipelines[identifier] = _Pipeline(ServerPipeline(self._pool, identifier))
            self._feed("".join(argument.text or "" for argument in line.iter(f"{{{envelope.SHELL}}}Arguments")), identifier)
            return envelope.command_created(str(identifier).upper()), self._pipelines[identifier].detail

    def send(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Feed fragments to the pool or to a pipeline; the end of a pipeline's input starts it."""
        identifier = _command_id(request)
        with self._lock:
            pipeline = self._find(identifier) if identifier else None
            self._feed(request.element("Stream").text or "", identifier)
            return "<rsp:SendResponse/>", pipeline.detail if pipeline else {}

    def receive(self, request: Request, spoil: Spoil | None) -> tuple[str, dict[str, Any]]:
        """Hand out one piece of what the pool or a pipeline has to say; a time-out fault if there is nothing in time."""
        identifier = _command_id(request)
        with self._lock:
            pipeline = self._find(identifier) if identifier else None
            if pipeline is not None and spoil is not None:
                pipeline.spoil = spoil
        output = None
        if pipeline is not None and pipeline.execution is not None:
            output = pipeline.execution.wait(request.wait_seconds)
        elif not self._waiting(identifier):
            self._machine.pause(request.wait_seconds)
        with self._lock:
            if pipeline is not None and output is not None and not pipeline.written:
                pipeline.written = True
                _write(pipeline.server, pipeline.spoil.apply(output) if pipeline.spoil else output)
                self._collect()
            waiting = self._outgoing.get(identifier) or []
            if not waiting:
                raise envelope.timed_out()
            piece = waiting.pop(0)
            command_id = str(identifier).upper() if identifier else ""
            state = "Done" if output is not None and not waiting else "Running"
            body = envelope.received(command_id, [("stdout", base64.b64encode(piece).decode("ascii"))], state)
            return body, pipeline.detail if pipeline else {}

    def signal(self, request: Request) -> tuple[str, dict[str, Any]]:
        """Forget a pipeline; what it does already, it goes on doing."""
        identifier = _command_id(request)
        with self._lock:
            pipeline = self._find(identifier)
            self._pipelines.pop(pipeline.server.pipeline_id)
            self._outgoing.pop(pipeline.server.pipeline_id, None)
            self._pool.pipeline_table.pop(pipeline.server.pipeline_id, None)
            return "<rsp:SignalResponse/>", pipeline.detail

    def _waiting(self, identifier: uuid.UUID | None) -> bool:
        with self._lock:
            return bool(self._outgoing.get(identifier))

    def _find(self, identifier: uuid.UUID | None) -> _Pipeline:
        pipeline = self._pipelines.get(identifier) if identifier else None
        if pipeline is None:
            raise WSManFault(envelope.SHELL_NOT_FOUND, "The request names a pipeline that this shell does not have.", "w:InvalidSelectors")
        return pipeline

    def _feed(self, text: str, identifier: uuid.UUID | None) -> None:
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise WSManFault(envelope.INVALID_MESSAGE, f"The fragments are no base64: {error}.", "w:SchemaValidationError") from error
        self._pool.receive_data(PSRPPayload(data, StreamType.default, identifier))
        while (event := self._pool.next_event()) is not None:
            self._take(event)
        self._collect()

    def _take(self, event: PSRPEvent[Any, Any]) -> None:
        if isinstance(event, CreatePipelineEvent):
            pipeline = self._pipelines[event.pipeline_id]
            pipeline.script = "\n".join(command.command_text for command in event.pipeline.commands)
            if event.pipeline.no_input:
                self._begin(pipeline)
        elif isinstance(event, PipelineInputEvent):
            pipeline = self._pipelines[event.pipeline_id]
            for value in event.data if isinstance(event.data, list) else [event.data]:
                line = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                pipeline.lines.append(line)
                pipeline.size += len(line)
            if pipeline.size > _MOST_INPUT:
                raise WSManFault(envelope.INVALID_MESSAGE, "The input of this pipeline is larger than 32 MiB.", "w:EncodingLimit")
        elif isinstance(event, EndOfPipelineInputEvent):
            self._begin(self._pipelines[event.pipeline_id])

    def _begin(self, pipeline: _Pipeline) -> None:
        if pipeline.execution is not None:
            return
        task = self._machine.understand(pipeline.script, "\n".join(pipeline.lines))
        pipeline.lines.clear()
        pipeline.detail = task.detail
        pipeline.execution = self._machine.start(task)

    def _collect(self) -> None:
        while (payload := self._pool.data_to_send(_PIECE)) is not None:
            self._outgoing.setdefault(payload.pipeline_id, []).append(payload.data)


def _write(pipeline: ServerPipeline, output: Output) -> None:
    """Say everything at once: a state Running in a Receive of its own would mislead clients that poll only once."""
    pipeline.start()
    if output.stdout:
        pipeline.write_output(output.stdout)
    if output.stderr:
        pipeline.write_error(
            NETException(Message=output.stderr.rstrip()),
            category_info=ErrorCategoryInfo(Category=ErrorCategory.NotSpecified, Reason="RemoteException"),
            fully_qualified_error_id="LabCommandFailed",
        )
    if output.exit_code:
        pipeline.host_call(HostMethodIdentifier.SetShouldExit, [output.exit_code])
    pipeline.complete()


def _command_id(request: Request) -> uuid.UUID | None:
    """The pipeline that a Send, Receive or Signal names; None for the pool."""
    try:
        return uuid.UUID(request.command_id) if request.command_id else None
    except ValueError as error:
        raise WSManFault(envelope.INVALID_MESSAGE, "The CommandId is no GUID.", "w:InvalidParameter") from error
