# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The partner pack: for each relying party at risk a folder with the certificates and a text to send. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

_UNSAFE = re.compile(r"[^a-z0-9]+")
_LONGEST = 40


def folder_name(name: str, identifiers: list[str]) -> str:
    """A name that every file system takes and that no other partner has: a readable part, and a hash of all that names the partner."""
    readable = _UNSAFE.sub("-", name.lower())[:_LONGEST].strip("-")
    identity = hashlib.sha256("\0".join([name, *identifiers]).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{readable}-{identity}" if readable else identity


def pack(view: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the content of each file by its path below the folder ``partners``."""
    bodies = {c["thumbprint"]: base64.b64decode(c["der"]) for c in view["certificates"] if c["der"] and c["is"] in ("primary", "successor")}
    files: dict[str, bytes] = {}
    for partner in view["partners"] if bodies else ():
        folder = folder_name(partner["name"], partner["identifiers"])
        for thumbprint, body in bodies.items():
            files[f"{folder}/{thumbprint}.cer"] = body
        files[f"{folder}/message.txt"] = _message(view, partner).encode("utf-8")
    return files


def _message(view: Mapping[str, Any], partner: Mapping[str, Any]) -> str:
    farm = view["farm"]
    lines = [
        f"To the owner of {partner['name']}",
        "",
        f"The token-signing certificate of {farm['name']} ({farm['identifier']}) is being renewed, or will be.",
        f"What we know of {partner['name']}: {partner['advice']}.",
        "",
    ]
    for c in view["certificates"]:
        if c["is"] in ("primary", "successor"):
            which = "It signs now" if c["is"] == "primary" else "It will sign next"
            lines.append(f"{which}: {c['thumbprint']} (SHA-1), valid from {c['not_before']} until {c['not_after']}. File: {c['thumbprint']}.cer")
    if not farm["successor"]:
        lines.append("There is no successor yet. You will be told when there is one.")
    else:
        lines.append("Please accept both certificates until you are told that the first one is not used any more, and confirm that you do.")
    switch = next((e for e in view["forecast"]["attended"] if e["kind"] in ("promote", "adfs_promotes")), None)
    if switch:
        lines.append(f"The change is expected between {switch['earliest']} and {switch['latest']}.")
    return "\n".join(lines) + "\n"
