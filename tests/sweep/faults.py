# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong at a remote call, by where the call goes to.

Entra and metadata are played by the lab's servers on their sockets; what comes of a WinRM or PSRP connection is played where Ansible hands it to
an action, and by the real connection plugins in the playbook part.
"""

from __future__ import annotations

from typing import Any

from lab import answers

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLOW = 0.25  # seconds, more than a run has
_DRIP = {"kind": "raw", "interval": 0.05, "piece": 1, "limit_seconds": 3}
_ANY: dict[str, dict[str, Any]] = {
    "reset before": {"kind": "drop"},
    "reset after": {"kind": "drop", "when": "after"},
    "no answer in time": {"kind": "delay", "seconds": SLOW},
    "401": {"kind": "status", "code": 401},
    "403": {"kind": "status", "code": 403},
    "404": {"kind": "status", "code": 404},
    "409": {"kind": "status", "code": 409},
    "412": {"kind": "status", "code": 412},
    "424": {"kind": "status", "code": 424},
    "429": {"kind": "throttle", "retry_after": 1},
    "429 without a time": {"kind": "throttle", "retry_after": None},
    "429 after": {"kind": "throttle", "when": "after"},
    "500": {"kind": "status", "code": 500},
    "503": {"kind": "status", "code": 503},
    "503 after": {"kind": "status", "code": 503, "when": "after"},
}
_WHOLE: dict[str, dict[str, Any]] = {
    "redirect": {"kind": "raw", "head": "HTTP/1.1 302 Found\r\nLocation: https://proxy.example.com/\r\nContent-Length: 0\r\n\r\n"},
    "garbage": {"kind": "garbage"},
    "garbage after": {"kind": "garbage", "when": "after"},
    "truncated": {"kind": "truncate"},
    "slow head": {**_DRIP, "head": HEAD + "X-Slow: " + "a" * 4000},
    "slow body": {**_DRIP, "head": HEAD + "\r\n", "body": '{"value":[', "repeat": True},
    "gzip": {"kind": "packed"},
    "gzip bomb": {"kind": "packed", "size": 60_000_000},
    "deep nesting": {"kind": "nested", "depth": 20_000},
    "empty object": {"kind": "garbage", "body": "{}"},
    "list": {"kind": "garbage", "body": "[]"},
}
_ITEM: dict[str, dict[str, Any]] = {"left out": {"kind": "omit"}, "twice": {"kind": "twice"}, "not done": {"kind": "skip_write"}}
_METADATA: dict[str, Any] = {
    "reset before": "drop",
    "no answer in time": {"kind": "slow", "seconds": SLOW},
    "404": {"kind": "status", "status": 404},
    "503": {"kind": "status", "status": 503},
    "redirect": {"kind": "status", "status": 302},
    "garbage": "garbage",
    "endless": "endless",
}
ON_SOCKETS: dict[str, dict[str, Any]] = {
    "graph": {**_ANY, **_WHOLE},
    "token": {name: do for name, do in {**_ANY, **_WHOLE}.items() if name not in ("409", "412", "424")},
    "graph_item": {name: do for name, do in {**_ANY, **_ITEM}.items() if not name.startswith("reset")},
    "metadata": _METADATA,
}
# What the connection to Windows, or PowerShell behind it, makes of a call.
ON_WINDOWS = (
    "unreachable",
    "reset after",
    "timed out",
    "401",
    "garbage",
    "truncated",
    "no reply",
    "null reply",
    "twice",
    "late",
    "away from now on",
    "away after it",
)
STALE = "stale"  # a read that shows what the one before showed
CMDLETS: dict[str, tuple[str, ...]] = {
    "update_certificate": ("Update-AdfsCertificate",),
    "add_certificate": ("Add-AdfsCertificate",),
    "promote_certificate": ("Set-AdfsCertificate",),
    "remove_certificate": ("Remove-AdfsCertificate",),
    "set_properties": ("Set-AdfsProperties",),
    "read_farm": ("Get-AdfsCertificate",),
}
ODD = {**dict.fromkeys(CMDLETS, ("refused", "silent", "error_after", "stops_after", "null_after")), "read_farm": tuple(answers.READS)}
# What others do meanwhile.
EVENTS = ("another run", "updater", "administrator generates", "administrator promotes", "administrator toggles rollover", "role moves", "service stops")
CLOCKS = (-10, 10)  # minutes by which the controller's clock is wrong
