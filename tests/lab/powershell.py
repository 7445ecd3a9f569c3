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
from functools import cache, partial
from pathlib import Path
from typing import Any

from lab import windows
from lab.farm import ENTRA_IDENTIFIER, SERVICE_COMMUNICATIONS, TOKEN_SIGNING, CmdletError, Node, ServiceCertificate, StoreEntry

UTC = timezone.utc  # datetime.UTC is younger than Python 3.10

MODULE = "ansible.windows.win_powershell"
RAW = "(script)"
"""Not a module, but a script that was sent as it is, over psrp or as an encoded command."""
FOLDER = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils" / "powershell"
ACTS = frozenset({"update_certificate", "add_certificate", "promote_certificate", "remove_certificate", "set_properties", "write_journal", "grant_read"})
STOCK_FOLDER = Path(__file__).resolve().parents[1] / "bench" / "arms"
STOCK = frozenset({"read_certificates"})
"""Scripts of the benchmark: what a person or a straight script would send, not the product."""
READS = frozenset({"read_farm", "read_journal", "check_certificate"})
PROGRAM_DATA = "C:\\ProgramData"

_LOG = logging.getLogger(__name__)
_TRUSTED = ("S-1-5-32-544", "S-1-5-18")
_READ = 131209  # ReadData, ReadAttributes, ReadExtendedAttributes, ReadPermissions
_FULL_CONTROL = 2032127

Request = dict[str, Any]


def script_name(arguments: dict[str, Any]) -> str | None:
    """Return the name of the script in a win_powershell call's arguments, or None if it is none of the project's."""
    text = arguments.get("script")
    if not isinstance(text, str):
        return None
    return _known_scripts().get(hashlib.sha256(text.encode()).hexdigest())


def is_write(name: str | None) -> bool:
    """Return whether a script changes anything; one that is not known might."""
    return name not in READS | STOCK


def run_module(node: Node, module: str, arguments: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Return the whole result that the module would print for this call on this server."""
    if module == RAW and script_name(arguments) in STOCK:
        try:
            return {"stdout": stock_output(node)}
        except CmdletError as exc:
            return _refused(exc.message)
    if module != MODULE:
        return windows.run(node, module, arguments, check_mode) or _refused(f"The lab does not run the module {module}.")
    name = script_name(arguments)
    if name is None:
        return _refused("The lab does not know this script: its hash is that of no file of the project.")
    if name in STOCK:
        try:
            return _result({}, output=[stock_output(node)])
        except CmdletError as exc:
            return _refused(exc.message)
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


def stock_output(node: Node) -> str:
    """Return what read_certificates.ps1 writes. Raises CmdletError."""
    node.import_module()
    found = [{"primary": item["is_primary"], "certificate": item["der"]} for item in _certificates(node, TOKEN_SIGNING)]
    return json.dumps(found, separators=(",", ":"))


# -- the tasks -------------------------------------------------------------------------------------------------------------------


def _read_farm(node: Node, request: Request) -> dict[str, Any]:
    node.import_module()
    readers: dict[str, Callable[[], Any]] = {
        "host": lambda: _host(node),
        "sync": lambda: _sync(node),
        "certificates": lambda: _certificates(node, None),
        "properties": lambda: _property_facts(node, request["properties"]),
        "nodes": lambda: _nodes(node),
        "relying_parties": lambda: _trusts(node, "Get-AdfsRelyingPartyTrust", node.get_adfs_relying_party_trust, request),
        "claims_providers": lambda: _trusts(node, "Get-AdfsClaimsProviderTrust", node.get_adfs_claims_provider_trust, request),
        "applications": lambda: _trusts(node, "Get-AdfsWebApiApplication", node.get_adfs_web_api_application, request),
        "events": lambda: _events(node, request),
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
        raise _thrown("Automatic certificate rollover is on already.")
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
    failure = _failure_of(partial(node.set_adfs_properties, **request["properties"]), "set_properties")
    return {"failure": failure, "properties": _part_of(lambda: _properties(node, list(request["properties"])), "set_properties")}


def _read_journal(node: Node, request: Request) -> dict[str, Any]:
    return _journal(node, request["path"], request["limit"])


def _write_journal(node: Node, request: Request) -> dict[str, Any]:
    reply: dict[str, Any] = dict.fromkeys(("problem", "written", "failure", "unreadable", "sha256", "written_at", "server_time", "ledger"))
    reply["written"] = False
    try:
        data = base64.b64decode(request["content"], validate=True)
    except binascii.Error:
        text = (
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, "
            "or an illegal character among the padding characters."
        )
        raise _dotnet("System.FormatException", f'Exception calling "FromBase64String" with "1" argument(s): "{text}"') from None
    path, reply["problem"] = _journal_place(node, request["path"])
    if reply["problem"]:
        return reply
    folder = path.rpartition("\\")[0]
    node.folder_security.setdefault(folder, {"owner": _TRUSTED[0], "allowed": list(_TRUSTED), "link": False})
    reply["problem"] = _folder_problem(node, folder)
    if not reply["problem"] and node.folder_security[folder].get("locked"):
        reply["problem"] = "in_use"  # another process holds the lock file
    if reply["problem"]:
        return reply
    found = node.files.get(path)
    if found is None:
        reply["problem"] = _leftover(node, path)
    elif len(found) > request["limit"]:
        reply["problem"], found = "size", None
    reply["sha256"] = None if found is None else hashlib.sha256(found).hexdigest()
    expected = not reply["problem"] and reply["sha256"] == request["expected_sha256"]
    if expected and request["ledger"] is not None:
        reply["ledger"] = _add_ledger_line(node, f"{folder}\\{request['ledger']['name']}", request["ledger"])
        expected = reply["ledger"]["state"] == "added"
    if expected:
        node.files[path] = data
        node.file_times[path] = node.clock.now()
        node.files.pop(f"{path}.old", None)
        reply.update(written=True, sha256=hashlib.sha256(data).hexdigest())
        for left in (".new",) if found is not None else (".first",):
            node.files.pop(path + left, None)
    reply.update(written_at=_written_at(node, path), server_time=_iso(node.clock.now()))
    return reply


def _add_ledger_line(node: Node, path: str, ledger: Request) -> dict[str, Any]:
    found = node.files.get(path, b"")
    last = found[max(0, len(found) - ledger["last"]) :]
    if len(found) != ledger["size"] or (hashlib.sha256(last).hexdigest() if found else None) != ledger["sha256"]:
        return {"state": "differs", "failure": None}
    node.files[path] = found + base64.b64decode(ledger["content"])
    node.file_times[path] = node.clock.now()
    return {"state": "added", "failure": None}


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
    found = _only(node, "Get-AdfsSyncProperties", node.get_adfs_sync_properties)
    members = {
        "role": "Role",
        "primary_server": "PrimaryComputerName",
        "poll_duration": "PollDuration",
        "last_sync_status": "LastSyncStatus",
        "last_sync_time": "LastSyncTime",
    }
    return {name: _fact(found.get(member)) for name, member in members.items()}


def _only(node: Node, cmdlet: str, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    found = read()
    if node.stray.get(cmdlet):
        raise _thrown(f"{cmdlet} gave {1 + len(node.stray[cmdlet])} objects where exactly one is expected.")
    return found


def _fact(value: object) -> Any:
    """What ConvertTo-Fact of read_farm makes of a member. A mapping with $type stands for an object of that type."""
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, (list, tuple)):
        return _fact(value[0] if value else None) if len(value) < 2 else {"type": "System.Object[]"}
    if isinstance(value, dict):
        return _odd(value)
    if isinstance(value, Enum):
        return str(value)
    return value[:2000] if isinstance(value, str) else value


def _odd(value: dict[str, Any]) -> Any:
    kind = value["$type"]
    if kind == "System.TimeSpan":
        return {"seconds": value["value"]}
    if kind in ("System.Double", "System.UInt64", "System.Int64") and float(value["value"]).is_integer():
        return min(int(value["value"]), 2**63 - 1)
    return {"type": kind}


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
    content: bytes | None = item.der
    if content is None and item.certificate_type == SERVICE_COMMUNICATIONS:
        return b""
    if content is None:
        raise _thrown("AD FS gave a certificate without its content.")
    return content


def _properties(node: Node, names: list[str]) -> dict[str, Any]:
    found = node.get_adfs_properties()
    return {name: _plain(found.get(name)) for name in names}


def _property_facts(node: Node, names: list[str]) -> dict[str, Any]:
    found = _only(node, "Get-AdfsProperties", node.get_adfs_properties)
    return {name: _fact(found.get(name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return _iso(value)
    return str(value) if isinstance(value, Enum) else value


def _trust(trust: dict[str, Any]) -> dict[str, Any]:
    listed = [item for item in _as_list(trust.get("Identifier")) if item is not None]
    lifetime = _fact(trust.get("TokenLifetime"))
    if isinstance(lifetime, dict) and "seconds" in lifetime:
        lifetime = -(-lifetime["seconds"] // 60)
    return {
        "name": _fact(trust.get("Name")),
        "identifiers": [_fact(item) for number, item in enumerate(listed) if number < 100 or str(item).lower() == ENTRA_IDENTIFIER.lower()],
        "identifiers_total": len(listed),
        "enabled": _fact(trust.get("Enabled")),
        "monitoring_enabled": _fact(trust.get("MonitoringEnabled")),
        "auto_update_enabled": _fact(trust.get("AutoUpdateEnabled")),
        "metadata_url": _fact(trust.get("MetadataUrl")),
        "token_lifetime": lifetime,
        "group": _fact(trust.get("ApplicationGroupIdentifier")),
        "rule_names": _rule_names(trust) if any(str(item).lower() == ENTRA_IDENTIFIER.lower() for item in listed) else None,
    }


def _rule_names(trust: dict[str, Any]) -> list[str]:
    text = str(trust.get("IssuanceTransformRules") or "")
    return re.findall(r'@RuleName\s*=\s*"([^"]{1,200})"', text)[:100]


def _trusts(node: Node, cmdlet: str, read: Callable[[], list[dict[str, Any]]], request: Request) -> dict[str, Any]:
    answered = read()
    # A text has none of the members.
    found = [_trust(item if isinstance(item, dict) else {}) for item in (*node.stray.get(cmdlet, []), *answered)]
    known = [item["token_lifetime"] or request["default_lifetime"] for item in found if _is_lifetime(item["token_lifetime"])]
    unknown = [item["name"] for item in found if not _is_lifetime(item["token_lifetime"])]
    first: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    for item in found:
        if any(str(identifier).lower() == ENTRA_IDENTIFIER.lower() for identifier in item["identifiers"]):
            first.insert(0, item)
        else:
            (last if item["enabled"] is False else first).append(item)
    listed: list[dict[str, Any]] = []
    size = 0
    for item in (*first, *last):
        size += 400 + _length(item["name"]) + _length(item["metadata_url"]) + sum(4 + _length(identifier) for identifier in item["identifiers"])
        if size > request["list_limit"]:
            break
        listed.append(item)
    return {"list": listed, "total": len(found), "longest": max(known, default=None), "unknown": unknown[:100], "unknown_total": len(unknown)}


def _is_lifetime(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _length(fact: object) -> int:
    # As UTF-16; of what is no text the script takes the length of its type's name in PowerShell.
    if isinstance(fact, dict):
        return len("System.Collections.Specialized.OrderedDictionary")
    return len(str(fact).encode("utf-16-le")) // 2 if fact is not None else 0


def _events(node: Node, request: Request) -> list[dict[str, Any]]:
    since = request["events_since"]
    moment = None if since is None else datetime.fromtimestamp(since, UTC)
    found = node.get_win_event(request["event_ids"], moment, request["events_limit"] + 1)
    return [{name: _fact(item.get(member)) for name, member in _EVENT_MEMBERS.items()} for item in found]


_EVENT_MEMBERS = {"id": "Id", "time": "TimeCreated", "level": "Level", "message": "Message"}


def _journal(node: Node, path: str, limit: int) -> dict[str, Any]:
    reply: dict[str, Any] = {"found": False, "sha256": None, "content": None, "problem": None, "written_at": None, "server_time": _iso(node.clock.now())}
    full, reply["problem"] = _journal_place(node, path)
    if reply["problem"]:
        return reply
    folder = full.rpartition("\\")[0]
    if folder in node.folder_security:
        reply["problem"] = _folder_problem(node, folder)
        if not reply["problem"] and full not in node.files:
            reply["problem"] = _leftover(node, full)
    if reply["problem"] or full not in node.files:
        return reply
    data = node.files[full]
    reply["found"], reply["written_at"] = True, _written_at(node, full)
    if len(data) > limit:
        reply["problem"] = "size"
        return reply
    reply["sha256"] = hashlib.sha256(data).hexdigest()
    reply["content"] = base64.b64encode(data).decode("ascii")
    return reply


def _written_at(node: Node, path: str) -> str | None:
    return _iso(node.file_times.setdefault(path, node.clock.now())) if path in node.files else None


def _leftover(node: Node, path: str) -> str | None:
    return next((f"leftover {end}" for end in (".new", ".old") if path + end in node.files), None)


def _folder_problem(node: Node, folder: str) -> str | None:
    security = node.folder_security[folder]
    if security.get("link"):
        return "link"
    if security["owner"] not in _TRUSTED:
        return f"owner {security['owner']}"
    strangers = [account for account in security["allowed"] if account not in _TRUSTED]
    return f"rights {strangers[0]}" if strangers else None


def _nodes(node: Node) -> list[Any]:
    if not node.knows_farm_information:
        return []
    return [_fact(name) for name in _as_list(_only(node, "Get-AdfsFarmInformation", node.get_adfs_farm_information)["FarmNodes"])]


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


def _journal_place(node: Node, path: str) -> tuple[str, str | None]:
    """Return the full path, and the word for what is wrong with it."""
    full = re.sub("%ProgramData%", lambda match: PROGRAM_DATA, path, flags=re.IGNORECASE)
    rules = {
        "variable": "%" in full,
        "characters": re.search(r'[<>|"*?\x00-\x1f]', full),
        "relative": not re.match(r"([A-Za-z]:[\\/]|[\\/]{2}[^\\/.?]+[\\/])[^\\/]", full),
        "name": ":" in full[2:] or re.search(r"[\\/]\.{1,2}([\\/]|$)|[\\/. ]$", full),
        "long": len(full) > 254,
    }
    full = full.replace("/", "\\")
    above = [full[: match.start()] for match in re.finditer(r"\\", full)]
    rules["folder"] = full in node.folder_security or any(name.startswith(full + "\\") for name in node.files)
    rules["file"] = any(folder in node.files for folder in above)
    return full, next((word for word, wrong in rules.items() if wrong), None)


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
    chain = [*chain, *(_cause(number) for number in range(1, error.depth + 1))]
    if len(chain) > 8:
        chain = [*chain[:7], chain[-1]]
    return {
        "id": error.full_id.split(",")[0][:1000],
        "full_id": error.full_id[:1000],
        "category": error.category,
        "activity": error.cmdlet,
        "exceptions": [{**item, "message": item["message"][:2000]} for item in chain],
        "line": _line(script, mark or error.cmdlet or error.message),
    }


def _cause(number: int) -> dict[str, Any]:
    return {"type": "System.InvalidOperationException", "hresult": _HRESULTS["System.InvalidOperationException"], "message": f"cause {number}"}


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
    own = {name: _compose(name) for name in sorted(ACTS | READS)}
    stock = {name: (STOCK_FOLDER / f"{name}.ps1").read_text(encoding="ascii") for name in sorted(STOCK)}
    return {hashlib.sha256(text.encode()).hexdigest(): name for name, text in {**own, **stock}.items()}
