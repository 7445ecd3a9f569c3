# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management messages: reading requests, writing replies and faults."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL: Final = "http://schemas.microsoft.com/powershell"
FAULT: Final = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
WMI_ERROR: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"

ANONYMOUS: Final = f"{ADDRESSING}/role/anonymous"
_LONGEST_WAIT: Final = 60.0
_DEFAULT_WAIT: Final = 20.0

# Error codes, as Windows numbers them (the small ones are plain Win32 errors).
OPERATION_TIMED_OUT: Final = 2150858793
SHELL_NOT_FOUND: Final = 2150858843
QUOTA_OPERATIONS: Final = 2150859174
QUOTA_SHELLS: Final = 2150859173
NOT_SUPPORTED: Final = 50
INVALID_MESSAGE: Final = 87
INTERNAL_ERROR: Final = 1359


class WSManFault(Exception):
    """A refusal in the words of WS-Management; sent as HTTP 500 with a fault body."""

    def __init__(self, code: int, reason: str, subcode: str = "w:InternalError") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.subcode = subcode


def timed_out() -> WSManFault:
    """The fault that says "nothing yet, ask again"; clients do so for ever."""
    return WSManFault(OPERATION_TIMED_OUT, "The WS-Management service cannot complete the operation within the time specified.", "w:TimedOut")


@dataclass(frozen=True)
class Request:
    """One WS-Management request, taken apart."""

    action: str
    operation: str
    message_id: str
    resource_uri: str
    shell_id: str
    options: dict[str, str]
    wait_seconds: float
    body: ElementTree.Element

    @property
    def transport(self) -> str:
        """Which of Ansible's connection plugins speaks so: ``psrp`` opens PowerShell shells, ``winrm`` command shells."""
        return "psrp" if self.resource_uri.startswith(f"{POWERSHELL}/") else "winrm"

    @property
    def command_id(self) -> str:
        """The command or pipeline that a Send, Receive or Signal names, or an empty string."""
        return next((element.get("CommandId", "") for element in self.body.iter() if element.get("CommandId")), "")

    def element(self, name: str) -> ElementTree.Element:
        """Return the element of the body with that name in the shell namespace; a fault if it isn't there."""
        found = self.body.find(f".//{{{SHELL}}}{name}")
        if found is None:
            raise WSManFault(INVALID_MESSAGE, f"The {self.operation} request holds no {name} element.", "w:SchemaValidationError")
        return found


def parse(message: bytes) -> Request:
    """Take a SOAP message apart; raises WSManFault if it isn't one."""
    try:
        root = ElementTree.fromstring(message)  # noqa: S314 - loopback only, from clients that the tests start
    except ElementTree.ParseError as error:
        raise WSManFault(INVALID_MESSAGE, f"The request is no well-formed XML: {error}.", "w:SchemaValidationError") from error
    header = root.find(f"{{{SOAP}}}Header")
    body = root.find(f"{{{SOAP}}}Body")
    if header is None or body is None:
        raise WSManFault(INVALID_MESSAGE, "The request is no SOAP envelope with a header and a body.", "w:SchemaValidationError")
    action = (header.findtext(f"{{{ADDRESSING}}}Action") or "").strip()
    return Request(
        action=action,
        operation=action.rsplit("/", 1)[-1],
        message_id=(header.findtext(f"{{{ADDRESSING}}}MessageID") or "").strip(),
        resource_uri=(header.findtext(f"{{{WSMAN}}}ResourceURI") or "").strip(),
        shell_id=_named(header, "Selector").get("ShellId", ""),
        options=_named(header, "Option"),
        wait_seconds=_seconds(header.findtext(f"{{{WSMAN}}}OperationTimeout") or ""),
        body=body,
    )


def _named(header: ElementTree.Element, tag: str) -> dict[str, str]:
    return {element.get("Name", ""): (element.text or "").strip() for element in header.iter(f"{{{WSMAN}}}{tag}")}


def _seconds(duration: str) -> float:
    """Read the durations that clients send (PT20S, PT1M30S); anything else counts as the usual 20 seconds."""
    match = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", duration.strip())
    if match is None or not any(match.groups()):
        return _DEFAULT_WAIT
    return min(int(match[1] or 0) * 60 + float(match[2] or 0), _LONGEST_WAIT)


def reply(request: Request, body: str) -> bytes:
    """Wrap the body of a successful answer to the request."""
    return _envelope(f"{request.action}Response", request.message_id, body)


def fault(fault_: WSManFault, message_id: str, machine: str) -> bytes:
    """Write a fault. Clients read the decimal Code; Ansible reads the quota fault from MSFT_WmiError."""
    reason = escape(fault_.reason)
    wmi = ""
    if fault_.code in (QUOTA_OPERATIONS, QUOTA_SHELLS):
        wmi = f'<e:MSFT_WmiError xmlns:e="{WMI_ERROR}"><e:error_Code>{fault_.code}</e:error_Code></e:MSFT_WmiError>'
    body = (
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{escape(fault_.subcode)}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault xmlns:f="{FAULT}" Code="{fault_.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{reason}</f:Message></f:WSManFault>{wmi}</s:Detail></s:Fault>"
    )
    return _envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", message_id, body)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" xmlns:w="{WSMAN}" xmlns:rsp="{SHELL}">'
        f"<s:Header><a:Action>{escape(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def shell_created(request: Request, shell_id: str, streams: tuple[str, str], owner: str) -> str:
    """Body of the answer to Create; psrp loses its shell without the SelectorSet."""
    return (
        f"<x:ResourceCreated><a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{escape(request.resource_uri)}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{escape(request.resource_uri)}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(owner)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
        f"<rsp:InputStreams>{streams[0]}</rsp:InputStreams><rsp:OutputStreams>{streams[1]}</rsp:OutputStreams></rsp:Shell>"
    )


def command_created(command_id: str) -> str:
    """Body of the answer to Command."""
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def received(command_id: str, streams: list[tuple[str, str]], state: str, exit_code: int | None = None) -> str:
    """Body of the answer to Receive: (stream name, base64 text) pairs and the state Running or Done."""
    identity = f" CommandId={quoteattr(command_id)}" if command_id else ""
    parts = [f"<rsp:Stream Name={quoteattr(name)}{identity}>{text}</rsp:Stream>" for name, text in streams]
    if command_id:
        code = "" if exit_code is None else f"<rsp:ExitCode>{exit_code}</rsp:ExitCode>"
        parts.append(f'<rsp:CommandState{identity} State="{SHELL}/CommandState/{state}">{code}</rsp:CommandState>')
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"
