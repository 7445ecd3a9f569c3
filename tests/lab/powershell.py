# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the project's PowerShell scripts answer on a lab server, in the form that ansible.windows.win_powershell gives it.

A script is known by the hash of its whole text, so that a script that was changed on the way, or that nobody taught the lab, fails. The
files are read as data; nothing is imported from the product.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from lab import windows
from lab.farm import CmdletError, Node, ServiceCertificate, StoreEntry

UTC = timezone.utc  # datetime.UTC is younger than Python 3.10

MODULE = "ansible.windows.win_powershell"
FOLDER = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils" / "powershell"
ACTS = frozenset({"update_certificate", "add_certificate", "promote_certificate", "remove_certificate", "set_properties", "write_journal", "grant_read"})
READS = frozenset({"read_farm", "read_journal", "check_certificate"})
PROGRAM_DATA = "C:\\ProgramData"

_LOG = logging.getLogger(__name__)
_TRUSTED = ("S-1-5-32-544", "S-1-5-18")
_SHARING_VIOLATION = -2147024864
_READ = 131209  # ReadData, ReadAttributes, ReadExtendedAttributes, ReadPermissions
_FULL_CONTROL = 2032127

Request = dict[str, Any]


def script_name(arguments: dict[str, Any]) -> str | None:
    """Return the name of the script in a win_powershell call's arguments, or None if it is none of the project's own."""
    text = arguments.get("script")
    if not isinstance(text, str):
        return None
    return _known_scripts().get(hashlib.sha256(text.encode()).hexdigest())


def is_write(name: str | None) -> bool:
    """Return whether a script changes anything; one that is not known might."""
    return name not in READS


def run_module(node: Node, module: str, arguments: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Return the whole result that the module would print for this call on this server."""
    if module != MODULE:
        return windows.run(node, module, arguments, check_mode) or _refused(f"The lab does not run the module {module}.")
    name = script_name(arguments)
    if name is None:
        return _refused("The lab does not know this script: its hash is that of no file of the project.")
    parameters = arguments.get("parameters")
    text = parameters.get("InputJson") if isinstance(parameters, dict) else None
    if not isinstance(text, str) or arguments.get("error_action") != "stop":
        return _refused(f"The lab expects the script {name} with error_action stop and the parameter InputJson.")
    return _result({"json": json.dumps(answer(node, name, json.loads(text), check_mode), ensure_ascii=False, separators=(",", ":"))})


def answer(node: Node, name: str, request: Request, check_mode: bool = False) -> dict[str, Any]:
    """Return the reply of a script to a request, as the footer makes it: ok with data, or not ok with an error."""
    try:
        if name in ACTS and check_mode:
            raise _thrown("An act was sent in check mode.")
        return {"ok": True, "data": _TASKS[name](node, request)}
    except CmdletError as exc:
        return {"ok": False, "error": _error(exc, name)}


# -- the tasks -------------------------------------------------------------------------------------------------------------------


def _read_farm(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    readers: dict[str, Callable[[], Any]] = {
        "host": lambda: _host(node),
        "sync": lambda: _sync(node),
        "certificates": lambda: _certificates(node, None),
        "properties": lambda: _properties(node, request["properties"]),
        "nodes": lambda: _nodes(node),
        "relying_parties": lambda: [_relying_party(trust) for trust in node.get_adfs_relying_party_trust()],
        "journal": lambda: _journal(node, request["journal_path"], request["journal_limit"]),
    }
    parts: dict[str, Any] = {}
    for name, read in readers.items():
        if name not in request["parts"]:
            continue
        parts[name] = _part_of(read, "read_farm")
    return parts


def _update_certificate(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    kind, toggle = request["certificate_type"], bool(request["keep_rollover_off"])
    if toggle and _rollover_switch(node):
        raise _thrown("Automatic certificate rollover is on, so it is not switched off here.")
    name = "update_certificate"
    failure = left_on = None
    if toggle:
        failure = _failure_of(lambda: node.set_adfs_properties(AutoCertificateRollover=True), name, "AutoCertificateRollover $true")
    if failure is None:
        failure = _failure_of(lambda: node.update_adfs_certificate(kind, urgent=bool(request["urgent"])), name)
    if toggle:
        left_on = _failure_of(lambda: node.set_adfs_properties(AutoCertificateRollover=False), name, "AutoCertificateRollover $false")
    return {
        "failure": failure,
        "left_on": left_on,
        "auto_certificate_rollover": _part_of(lambda: _rollover_switch(node), name) if toggle else None,
        "certificates": _part_of(lambda: _certificates(node, kind), name),
    }


def _rollover_switch(node: Node) -> bool:
    return _truth(node.get_adfs_properties().get("AutoCertificateRollover"), "AutoCertificateRollover")


def _add_certificate(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    kind, thumbprint = request["certificate_type"], request["thumbprint"]
    return _act(node, "add_certificate", kind, lambda: node.add_adfs_certificate(kind, thumbprint))


def _promote_certificate(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    kind, thumbprint = request["certificate_type"], request["thumbprint"]
    return _act(node, "promote_certificate", kind, lambda: node.set_adfs_certificate(kind, thumbprint, is_primary=True))


def _remove_certificate(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    kind, thumbprint = request["certificate_type"], request["thumbprint"]
    target = [item for item in node.get_adfs_certificate(kind) if item.thumbprint == thumbprint]
    if len(target) == 1 and _truth(target[0].is_primary, "IsPrimary"):
        raise _thrown("The primary certificate is never removed.")
    return _act(node, "remove_certificate", kind, lambda: node.remove_adfs_certificate(kind, thumbprint) if len(target) == 1 else None)


def _set_properties(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    failure = _failure_of(lambda: node.set_adfs_properties(**request["properties"]), "set_properties")
    return {"failure": failure, "properties": _part_of(lambda: _properties(node, list(request["properties"])), "set_properties")}


def _read_journal(node: Node, request: Request) -> dict[str, Any]:
    return _journal(node, request["path"], request["limit"])


def _write_journal(node: Node, request: Request) -> dict[str, Any]:
    path = _full_path(request["path"])
    try:
        data = base64.b64decode(request["content"], validate=True)
    except binascii.Error:
        text = (
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, "
            "or an illegal character among the padding characters."
        )
        raise _dotnet("System.FormatException", f'Exception calling "FromBase64String" with "1" argument(s): "{text}"') from None
    folder = path.rpartition("\\")[0]
    node.folder_security.setdefault(folder, {"owner": _TRUSTED[0], "allowed": list(_TRUSTED), "link": False})
    problem = _folder_problem(node, folder)
    if problem:
        return {"written": False, "sha256": None, "problem": problem}
    if node.folder_security[folder].get("locked"):
        # Another process holds the lock file.
        raise _dotnet("System.IO.IOException", "The process cannot access the file because it is being used by another process.", _SHARING_VIOLATION)
    found = node.files.get(path)
    sha256 = None if found is None else hashlib.sha256(found).hexdigest()
    if sha256 != request["expected_sha256"]:
        return {"written": False, "sha256": sha256, "problem": None}
    node.files[path] = data
    return {"written": True, "sha256": hashlib.sha256(data).hexdigest(), "problem": None}


def _check_certificate(node: Node, request: Request) -> dict[str, Any]:
    parts: dict[str, Any] = dict.fromkeys(("certificate", "service_account", "key", "readers", "chain", "bindings"))
    entry = _in_store(node, request)
    if entry is None:
        return parts
    parts["certificate"] = base64.b64encode(entry.keyed.der).decode("ascii")
    parts["service_account"] = {"ok": True, "value": _service_account(node)}
    parts["key"] = {"ok": True, "value": _key(node, entry)}
    if parts["key"]["value"]["file"] is not None:
        parts["readers"] = {"ok": True, "value": _readers(node, entry)}
    elements = [base64.b64encode(der).decode("ascii") for der in (entry.keyed.der, *entry.chain)]
    parts["chain"] = {"ok": True, "value": {"built": not entry.chain_status, "status": list(entry.chain_status), "elements": elements}}
    parts["bindings"] = _part_of(node.get_adfs_ssl_certificate, "check_certificate")
    return parts


def _grant_read(node: Node, request: Request) -> dict[str, Any]:
    entry = _in_store(node, request)
    if entry is None:
        raise _thrown("The certificate is not in the store My of this server.")
    if _key(node, entry)["file"] is None:
        raise _thrown("The private key of the certificate has no file on this server.")
    entry.service_account_may_read = True
    return {"failure": None, "service_account": _service_account(node), "readers": {"ok": True, "value": _readers(node, entry)}}


def _in_store(node: Node, request: Request) -> StoreEntry | None:
    entry = node.store.get(request["thumbprint"])
    return entry if entry is not None and entry.location == request["store_location"] else None


_TASKS: dict[str, Callable[[Node, Request], dict[str, Any]]] = {
    "read_farm": _read_farm,
    "update_certificate": _update_certificate,
    "add_certificate": _add_certificate,
    "promote_certificate": _promote_certificate,
    "remove_certificate": _remove_certificate,
    "set_properties": _set_properties,
    "read_journal": _read_journal,
    "write_journal": _write_journal,
    "check_certificate": _check_certificate,
    "grant_read": _grant_read,
}


# -- what the tasks read ---------------------------------------------------------------------------------------------------------


def _host(node: Node) -> dict[str, Any]:
    name, _dot, domain = node.name.partition(".")
    return {
        "time": _iso(node.clock.now()),
        "name": name,
        "dns_domain": domain,
        "powershell": "5.1.20348.2849",
        "os": "10.0.20348.0",
        "knows_farm_information": node.knows_farm_information,
    }


def _sync(node: Node) -> dict[str, Any]:
    found = node.get_adfs_sync_properties()
    return {
        "role": str(found["Role"]),
        "primary_server": found.get("PrimaryComputerName"),
        "poll_duration": found.get("PollDuration"),
        "last_sync_status": found.get("LastSyncStatus"),
        "last_sync_time": _iso(found.get("LastSyncTime")),
    }


def _certificates(node: Node, certificate_type: str | None) -> list[dict[str, Any]]:
    return [_certificate(item) for item in node.get_adfs_certificate(certificate_type)]


def _certificate(item: ServiceCertificate) -> dict[str, Any]:
    return {
        "certificate_type": item.certificate_type,
        "is_primary": _truth(item.is_primary, "IsPrimary"),
        "store_location": item.store_location,
        "store_name": item.store_name,
        "der": base64.b64encode(_content(item)).decode("ascii"),
    }


def _content(item: ServiceCertificate) -> bytes:
    if item.keyed is None:
        raise _thrown("AD FS gave a certificate without its content.")
    return item.der


def _properties(node: Node, names: list[str]) -> dict[str, Any]:
    found = node.get_adfs_properties()
    return {name: _plain(found.get(name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return _iso(value)
    return str(value) if isinstance(value, Enum) else value


def _relying_party(trust: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": str(trust["Name"]),
        "identifiers": [str(item) for item in _as_list(trust["Identifier"])],
        "enabled": bool(trust["Enabled"]),
        "monitoring_enabled": bool(trust.get("MonitoringEnabled")),
        "auto_update_enabled": bool(trust.get("AutoUpdateEnabled")),
        "metadata_url": str(trust.get("MetadataUrl") or ""),
        "token_lifetime": trust.get("TokenLifetime"),
    }


def _journal(node: Node, path: str, limit: int) -> dict[str, Any]:
    full = _full_path(path)
    folder = full.rpartition("\\")[0]
    reply: dict[str, Any] = {"found": False, "sha256": None, "content": None, "problem": None}
    if folder in node.folder_security:
        reply["problem"] = _folder_problem(node, folder)
    if reply["problem"] or full not in node.files:
        return reply
    data = node.files[full]
    reply["found"] = True
    if len(data) > limit:
        reply["problem"] = "size"
        return reply
    reply["sha256"] = hashlib.sha256(data).hexdigest()
    reply["content"] = base64.b64encode(data).decode("ascii")
    return reply


def _folder_problem(node: Node, folder: str) -> str | None:
    security = node.folder_security[folder]
    if security.get("link"):
        return "link"
    if security["owner"] not in _TRUSTED:
        return f"owner {security['owner']}"
    strangers = [account for account in security["allowed"] if account not in _TRUSTED]
    return f"rights {strangers[0]}" if strangers else None


def _nodes(node: Node) -> list[str]:
    return [str(name) for name in _as_list(node.get_adfs_farm_information()["FarmNodes"])] if node.knows_farm_information else []


def _act(node: Node, script: str, certificate_type: str, act: Callable[[], object]) -> dict[str, Any]:
    return {"failure": _failure_of(act, script), "certificates": _part_of(lambda: _certificates(node, certificate_type), script)}


def _failure_of(act: Callable[[], object], script: str, mark: str = "") -> dict[str, Any] | None:
    try:
        act()
    except CmdletError as exc:
        return _error(exc, script, mark)
    return None


def _truth(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise _thrown(f"AD FS gave neither true nor false for {name}.")
    return value


def _part_of(read: Callable[[], Any], script: str) -> dict[str, Any]:
    try:
        return {"ok": True, "value": read()}
    except CmdletError as exc:
        return {"ok": False, "error": _error(exc, script)}


def _key(node: Node, entry: StoreEntry) -> dict[str, Any]:
    key: dict[str, Any] = dict.fromkeys(("has_private_key", "type", "provider", "key_spec", "unique_name", "file"))
    key["has_private_key"] = entry.has_private_key
    if not entry.has_private_key:
        return key
    key["unique_name"] = f"{entry.keyed.thumbprint[:32].lower()}_{node.name}"
    if entry.key_spec is None:
        key.update(type="RSACng", provider="Microsoft Software Key Storage Provider")
    else:
        key.update(type="RSACryptoServiceProvider", provider="Microsoft Enhanced RSA and AES Cryptographic Provider", key_spec=entry.key_spec)
    if entry.key_has_file:
        folder = "Keys" if entry.key_spec is None else "RSA\\MachineKeys"
        key["file"] = f"{PROGRAM_DATA}\\Microsoft\\Crypto\\{folder}\\{key['unique_name']}"
    return key


def _readers(node: Node, entry: StoreEntry) -> list[dict[str, Any]]:
    readers = [{"sid": sid, "allow": True, "rights": _FULL_CONTROL} for sid in reversed(_TRUSTED)]
    if entry.service_account_may_read:
        readers.append({"sid": node.service_account_sid, "allow": True, "rights": _READ})
    return readers


def _service_account(node: Node) -> dict[str, Any]:
    return {"name": node.service_account, "sid": node.service_account_sid}


def _full_path(path: str) -> str:
    full = re.sub("%ProgramData%", lambda match: PROGRAM_DATA, path, flags=re.IGNORECASE)
    if not re.match(r"[A-Za-z]:[\\/]|[\\/]", full):
        raise _thrown("The path of the journal is not absolute.")
    return full.replace("/", "\\")


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _iso(moment: object) -> str | None:
    # Not strftime: it does not pad the year 1, which PowerShell does.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z" if isinstance(moment, datetime) else None


# -- errors and results as PowerShell gives them ---------------------------------------------------------------------------------


class _DotNetError(CmdletError):
    """An exception that a .NET call threw, or our own ``throw``; PowerShell names these after their type or their text."""

    def __init__(self, identifier: str, category: str, chain: list[dict[str, Any]]) -> None:
        super().__init__("", identifier, str(chain[-1]["message"]), category=category, exception_type=str(chain[-1]["type"]), full_id=identifier)
        self.chain = chain


def _thrown(text: str) -> CmdletError:
    return _DotNetError(text, "OperationStopped", [{"type": "System.Management.Automation.RuntimeException", "hresult": -2146233087, "message": text}])


def _dotnet(exception_type: str, message: str, hresult: int = -2146233033) -> CmdletError:
    outer = {"type": "System.Management.Automation.MethodInvocationException", "hresult": -2146233087, "message": message}
    inner = {"type": exception_type, "hresult": hresult, "message": message.partition(': "')[2].rstrip('"') or message}
    return _DotNetError(exception_type.rpartition(".")[2], "NotSpecified", [outer, inner])


_HRESULTS = {
    "System.InvalidOperationException": -2146233079,
    "System.IO.FileNotFoundException": -2147024894,
    "System.UnauthorizedAccessException": -2147024891,
}


def _error(error: CmdletError, script: str, mark: str = "") -> dict[str, Any]:
    chain = error.chain if isinstance(error, _DotNetError) else [_exception(error), *_INSIDE.get(error.exception_type, [])]
    return {
        "id": error.full_id.split(",")[0],
        "full_id": error.full_id,
        "category": error.category,
        "activity": error.cmdlet,
        "exceptions": chain,
        "line": _line(script, mark or error.cmdlet or error.message),
    }


def _inner(exception_type: str, hresult: int = -2146233087) -> dict[str, Any]:
    return {"type": exception_type, "hresult": hresult, "message": "(in the words of PowerShell)"}


# What PowerShell's own errors about parameters hold inside.
_INSIDE = {
    "System.Management.Automation.ParameterBindingValidationException": [_inner("System.Management.Automation.ValidationMetadataException")],
    "System.Management.Automation.ParameterBindingArgumentTransformationException": [
        _inner("System.Management.Automation.ArgumentTransformationMetadataException"),
        _inner("System.Management.Automation.PSInvalidCastException", -2147467262),
        _inner("System.FormatException", -2146233033),
    ],
}


def _exception(error: CmdletError) -> dict[str, Any]:
    return {"type": error.exception_type, "hresult": _HRESULTS.get(error.exception_type, -2146233087), "message": error.message}


def _line(script: str, mark: str) -> int:
    """Return the first line of the script, from its task on, that holds the mark: where PowerShell would have stopped."""
    lines = _compose(script).splitlines()
    task = len(_part("header").splitlines())
    for number, line in enumerate(lines, start=1):
        if mark in line and not line.lstrip().startswith("#") and (number > task or mark not in "".join(lines[task:])):
            return number
    return task


def _result(result: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "changed": False,
        "debug": [],
        "error": [],
        "host_err": "",
        "host_out": "",
        "information": [],
        "output": [],
        "result": result,
        "verbose": [],
        "warning": [],
        **members,
    }


def _refused(reason: str) -> dict[str, Any]:
    _LOG.error("%s", reason)
    return _result({}, failed=True, msg=reason)


# -- the files -------------------------------------------------------------------------------------------------------------------


@cache
def _part(name: str) -> str:
    return (FOLDER / f"{name}.ps1").read_text(encoding="ascii")


def _compose(name: str) -> str:
    return _part("header") + _part(name) + _part("footer")


@cache
def _known_scripts() -> dict[str, str]:
    return {hashlib.sha256(_compose(name).encode()).hexdigest(): name for name in sorted(ACTS | READS)}
