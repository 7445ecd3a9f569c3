# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible sends on the standard input of PowerShell to run a module.

These formats are private to ansible-core and change without notice; that is why their decoders live here, one per generation, and
nowhere in the product. A new ansible-core then breaks a test, not a user.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

_SEPARATOR = "\0\0\0\0"


class PayloadError(Exception):
    """The text isn't a module call in any known form; the message says why."""


@dataclass(frozen=True)
class ModuleCall:
    """One module as Ansible asks Windows to run it."""

    generation: str
    module: str
    arguments: dict[str, Any] = field(repr=False)
    environment: dict[str, str]
    become_user: str | None = None
    become_password: str | None = field(default=None, repr=False)
    asynchronous: bool = False

    @property
    def check_mode(self) -> bool:
        """Whether the task runs in check mode."""
        return bool(self.arguments.get("_ansible_check_mode", False))


def decode(text: str) -> ModuleCall:
    """Decode standard input of any known generation; raises PayloadError."""
    text = text.lstrip("\ufeff")
    head, separator, tail = text.partition(_SEPARATOR)
    if not separator:
        raise PayloadError("the input holds no line of four NUL characters")
    if head.lstrip().startswith("{"):
        return decode_2_19(head, tail)
    return decode_2_16(tail)


def decode_2_16(tail: str) -> ModuleCall:
    """ansible-core 2.16 to 2.18: text of the exec wrapper, four NULs, then one JSON object."""
    payload = _object(tail, "the part after the four NUL characters")
    arguments = payload.get("module_args")
    if not isinstance(arguments, dict):
        raise PayloadError("the payload holds no module_args")
    actions = payload.get("actions") or []
    become = "become_wrapper" in actions
    return ModuleCall(
        generation="2.16",
        module=_module_name(arguments, ""),
        arguments=arguments,
        environment=_environment(payload.get("environment")),
        become_user=str(payload.get("become_user") or "SYSTEM") if become else None,
        become_password=_optional_text(payload.get("become_password")) if become else None,
        asynchronous="async_wrapper" in actions,
    )


def decode_2_19(head: str, tail: str) -> ModuleCall:
    """ansible-core 2.19 and later: bootstrap JSON, a line of four NULs, then the manifest with its actions."""
    _object(head, "the bootstrap part")
    actions = _object(tail, "the manifest").get("actions")
    if not isinstance(actions, list) or not actions or not all(isinstance(action, dict) for action in actions):
        raise PayloadError("the manifest holds no actions")
    by_name = {str(action.get("name", "")): action for action in actions}
    parameters = actions[-1].get("params") or {}
    arguments = next((entry.get("Value") for entry in parameters.get("Variables") or [] if entry.get("Name") == "complex_args"), None)
    if not isinstance(arguments, dict):
        raise PayloadError(f"the manifest runs {actions[-1].get('name')}, which is no module")
    become = by_name.get("become_wrapper.ps1")
    return ModuleCall(
        generation="2.19",
        module=_module_name(arguments, str(parameters.get("Script") or "")),
        arguments=arguments,
        environment=_environment(parameters.get("Environment")),
        become_user=str((become.get("params") or {}).get("BecomeUser") or "SYSTEM") if become else None,
        become_password=_optional_text((become.get("secure_params") or {}).get("BecomePassword")) if become else None,
        asynchronous="async_wrapper.ps1" in by_name,
    )


def file_transfer(command: str, text: str) -> ModuleCall | None:
    """Return what Ansible runs by itself to bring a file to the server, as calls of (mkdtemp), (put_file) and (remove); None for all else.

    2.16 to 2.18 send each as a script of its own; from 2.19 the first two are scripts named in a manifest.
    """
    found = re.search(r"^\s*Remove-Item (?:'([^']+)'|([A-Za-z]:\S+)) -Force", command, re.MULTILINE)
    if found:
        return ModuleCall("raw", "(remove)", {"path": found[1] or found[2]}, {})
    found = re.search(r"ExpandEnvironmentVariables\('([^']+)'\)\s+\$tmp = New-Item -Type Directory -Path \$tmp_path -Name '([^']+)'", command)
    if found:
        return ModuleCall("raw", "(mkdtemp)", {"path": f"{found[1]}\\{found[2]}"}, {})
    found = re.search(r"begin \{\s+\$path = '([^']+)'", command)
    if found:
        return ModuleCall("raw", "(put_file)", {"path": found[1], "data": _lines(text)}, {})
    parts = text.lstrip("\ufeff").split(_SEPARATOR)
    if len(parts) < 2 or not parts[0].lstrip().startswith("{"):
        return None
    actions = _object(parts[1], "the manifest").get("actions")
    action = actions[-1] if isinstance(actions, list) and actions else {}
    parameters = action.get("params") or {}
    if action.get("name") == "powershell_mkdtemp.ps1":
        return ModuleCall("manifest", "(mkdtemp)", {"path": f"{parameters['Directory']}\\{parameters['Name']}"}, {})
    if action.get("name") == "winrm_put_file.ps1":
        return ModuleCall("manifest", "(put_file)", {"path": parameters["Path"], "data": _lines(parts[2] if len(parts) > 2 else "")}, {})
    return None


def bare_script(command: str) -> ModuleCall:
    """Return a script without any input, as pypsrp and plain WinRS send it; whether it is known is not asked here."""
    return ModuleCall("bare", "(script)", {"script": command}, {})


def _lines(text: str) -> bytes:
    """The content of a file, which is sent as lines of base64."""
    try:
        return b"".join(base64.b64decode(line, validate=True) for line in text.split())
    except ValueError as error:
        raise PayloadError(f"the content of the file is no base64: {error}") from error


def encoded_script(command_line: str) -> str | None:
    """Return the script in a command line's -EncodedCommand (innermost, as older plugins encode twice), or None without one."""
    script = None
    while match := re.search(r"\s-EncodedCommand\s+'?([A-Za-z0-9+/=]+)", command_line, re.IGNORECASE):
        try:
            script = base64.b64decode(match[1], validate=True).decode("utf-16-le")
        except ValueError as error:
            raise PayloadError(f"-EncodedCommand is no base64 of UTF-16 text: {error}") from error
        command_line = " " + script
    return script


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise PayloadError(f"{what} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise PayloadError(f"{what} is no JSON object")
    return value


def _module_name(arguments: dict[str, Any], script: str) -> str:
    """Return the full name (namespace.collection.module); Ansible's own argument may carry the short name that the task used."""
    match = re.fullmatch(r"ansible_collections\.(\w+\.\w+)\.plugins\.modules\.(\w+)\.ps1", script)
    if match:
        return f"{match[1]}.{match[2]}"
    name = str(arguments.get("_ansible_module_name") or script.removesuffix(".ps1"))
    return f"ansible.windows.{name}" if name.startswith("win_") else name


def _environment(value: object) -> dict[str, str]:
    """Environment is an object, in some releases a list of objects."""
    sources = value if isinstance(value, list) else [value]
    return {str(key): str(entry) for source in sources if isinstance(source, dict) for key, entry in source.items()}


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)
