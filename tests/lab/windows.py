# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab server does for modules of ansible.windows that are not about AD FS, and for Ansible's own transfer of files.

Only what a PFX file on its way into the store of the machine, and a restart of the service, need. Anything else is refused.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from fnmatch import fnmatch
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from lab.farm import Node, StoreEntry
from lab.keys import KeyedCertificate

TEMP = "C:\\Users\\ansible\\AppData\\Local\\Temp"
MKDTEMP, PUT_FILE, REMOVE = "(mkdtemp)", "(put_file)", "(remove)"
"""Not modules, but what the connection and shell plugins run themselves to bring a file to the server."""

Arguments = dict[str, Any]


def knows(module: str) -> bool:
    """Return whether this server does something for the module."""
    return module in _TASKS


def run(node: Node, module: str, arguments: Arguments, check_mode: bool) -> dict[str, Any] | None:
    """Return the result of a module call, or None for a module that is not known here."""
    task = _TASKS.get(module)
    if task is None:
        return None
    try:
        return task(node, arguments, check_mode)
    except _Refusal as exc:
        return {"failed": True, "changed": False, "msg": str(exc)}


class _Refusal(Exception):
    """What the module would say."""


def _full(path: str) -> str:
    expanded = re.sub("%TEMP%", lambda match: TEMP, path, flags=re.IGNORECASE).replace("/", "\\")
    if not re.match(r"[A-Za-z]:\\", expanded):
        raise _Refusal(f"The lab does not know the path {path}.")
    return expanded.removesuffix("\\.").rstrip("\\")


def _put_file(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    del check_mode
    data: bytes = arguments["data"]
    node.files[_full(arguments["path"])] = data
    return {"sha1": hashlib.sha1(data).hexdigest()}  # noqa: S324 - what the plugin compares


def _mkdtemp(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    del node, check_mode
    return {"stdout": _full(arguments["path"]) + "\r\n"}


def _remove(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    del check_mode
    folder = _full(arguments["path"])
    for path in [path for path in node.files if path == folder or path.startswith(folder + "\\")]:
        del node.files[path]
    return {"stdout": ""}


def _win_copy(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    mode = arguments.get("_copy_mode")
    folder = _full(arguments["dest"])
    if mode == "query":
        if arguments.get("directories") or arguments.get("symlinks"):
            raise _Refusal("The lab copies single files only.")
        there = {item["dest"]: node.files.get(f"{folder}\\{item['dest']}") for item in arguments["files"]}
        wanted = [item for item in arguments["files"] if there[item["dest"]] is None or _sha1(there[item["dest"]]) != item["checksum"]]
        return {"changed": False, "files": wanted, "directories": [], "symlinks": []}
    if mode != "single":
        raise _Refusal(f"The lab does not know the mode {mode} of win_copy.")
    source = _full(arguments["src"])
    if source not in node.files:
        raise _Refusal(f"Cannot copy src file: '{source}' as it does not exist")
    if not check_mode:
        node.files[folder] = node.files[source]
    return {"changed": True, "dest": folder}


def _sha1(data: bytes | None) -> str:
    return hashlib.sha1(data or b"").hexdigest()  # noqa: S324 - what the plugin compares


def _win_file(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    if arguments.get("state") != "absent":
        raise _Refusal("The lab only removes files.")
    path = _full(arguments["path"])
    found = [name for name in node.files if name == path or name.startswith(path + "\\")]
    made = path in node.folders
    if not check_mode:
        for name in found:
            del node.files[name]
        node.folders.discard(path)
    return {"changed": bool(found) or made}


def _win_find(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    del check_mode
    if arguments.get("file_type") != "directory":
        raise _Refusal("The lab only finds folders.")
    paths = {_full(path).lower() for path in _texts(arguments["paths"])}
    patterns = _texts(arguments.get("patterns") or "*")
    folders = {*node.folders, *(name.rpartition("\\")[0] for name in node.files)}
    found = [path for path in sorted(folders) if path.rpartition("\\")[0].lower() in paths]
    found = [path for path in found if any(fnmatch(path.rpartition("\\")[2].lower(), pattern.lower()) for pattern in patterns)]
    return {"changed": False, "files": [{"path": path, "filename": path.rpartition("\\")[2], "isdir": True} for path in found]}


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value]


def _win_tempfile(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    folder = _full(arguments.get("path") or "%TEMP%")
    name = f"{arguments.get('prefix') or 'ansible.'}{secrets.token_hex(4)}.{secrets.token_hex(2)[:3]}{arguments.get('suffix') or ''}"
    path = f"{folder}\\{name}"
    if not check_mode:
        if arguments.get("state") == "directory":
            node.folders.add(path)
        else:
            node.files[path] = b""
    return {"changed": True, "path": path, "state": arguments.get("state") or "file"}


def _win_certificate_store(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    place = (arguments.get("state", "present"), arguments.get("store_location", "LocalMachine"), arguments.get("store_name", "My"))
    if place != ("present", "LocalMachine", "My"):
        raise _Refusal(f"The lab only imports into LocalMachine\\My, not {place}.")
    path = _full(arguments["path"])
    if path not in node.files:
        raise _Refusal(f"File at '{path}' either does not exist or is not a file")
    password = arguments.get("password")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(node.files[path], password.encode() if password else None)
    except ValueError:
        wrong = 'Exception calling "Import" with "3" argument(s): "The specified network password is not correct.\r\n"'
        raise _Refusal(f"Failed to load cert from file: {wrong}") from None
    if certificate is None or not isinstance(key, rsa.RSAPrivateKey):
        raise _Refusal("The lab imports files with one RSA key and its certificate.")
    imported = KeyedCertificate(certificate, key)
    changed = imported.thumbprint not in node.store
    if changed and not check_mode:
        # A key in the machine's folder can be read by SYSTEM and Administrators only; without that the key would be this user's own.
        in_file = arguments.get("key_storage") == "machine"
        chain = tuple(other.public_bytes(Encoding.DER) for other in others)
        node.store[imported.thumbprint] = StoreEntry(imported, service_account_may_read=False, key_spec=1, key_has_file=in_file, chain=chain)
    return {"changed": changed, "thumbprints": [imported.thumbprint, *(KeyedCertificate(other, key).thumbprint for other in others)]}


def _win_service(node: Node, arguments: Arguments, check_mode: bool) -> dict[str, Any]:
    if arguments.get("name") != "adfssrv" or arguments.get("state") != "restarted":
        raise _Refusal("The lab only restarts the service adfssrv.")
    if not check_mode:
        node.restart_service()
    return {"changed": True, "exists": True, "state": "running" if node.service_running else "stopped"}


_TASKS: dict[str, Callable[[Node, Arguments, bool], dict[str, Any]]] = {
    MKDTEMP: _mkdtemp,
    PUT_FILE: _put_file,
    REMOVE: _remove,
    "ansible.windows.win_certificate_store": _win_certificate_store,
    "ansible.windows.win_copy": _win_copy,
    "ansible.windows.win_file": _win_file,
    "ansible.windows.win_find": _win_find,
    "ansible.windows.win_service": _win_service,
    "ansible.windows.win_tempfile": _win_tempfile,
}
