# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as this server understands them.

The key ``do`` of a fault is a word or a mapping with ``kind`` and the options of that kind:

- ``drop``: close the connection without an answer. ``when: before`` (default) does not carry out the request, ``when: after`` does.
- ``status``: answer with the HTTP status ``status`` (default 503) and no body; not carried out.
- ``delay``: wait ``seconds`` (default 1, at most 120), then go on as usual.
- ``fault``: answer with the WSMan fault ``code`` (default 1359, an internal error) and ``reason``; not carried out.
- ``garbage``: on Receive, replace standard output by ``text``.
- ``truncate``: on Receive, cut standard output to ``length`` characters (default: half of it).

``operation`` is Create, Command, Send, Receive, Signal or Delete, as in the log; the Receive with which psrp opens its shell, before
there is any command, is matched as Open.

Keys to match, besides ``operation``: ``node``, ``transport`` (``winrm`` or ``psrp``), ``user``, and, on Receive and Signal, what is
known about the module: ``module``, ``check_mode``, ``become_user`` and whatever the server's ``describe`` adds, such as ``script``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final

from lab.winrm.remote import Output

KINDS: Final = frozenset({"drop", "status", "delay", "fault", "garbage", "truncate"})


@dataclass(frozen=True)
class Spoil:
    """One fault to play on one request."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, fault: dict[str, Any] | None, operation: str) -> Spoil | None:
        """Read a fault as the fault list hands it out; raises ValueError for a kind that isn't known or can't be played on this operation."""
        if fault is None:
            return None
        do = fault.get("do", "drop")
        options = dict(do) if isinstance(do, dict) else {"kind": do}
        kind = str(options.pop("kind", ""))
        if kind not in KINDS:
            raise ValueError(f"the WinRM endpoint knows no fault {kind!r}, only {', '.join(sorted(KINDS))}")
        if kind in ("garbage", "truncate") and operation != "Receive":
            raise ValueError(f"the WinRM endpoint can play {kind} on Receive only, not on {operation}")
        return cls(kind, options)

    @property
    def after(self) -> bool:
        """Whether the request is carried out before the connection is dropped."""
        return bool(self.options.get("when", "before") == "after")

    def apply(self, output: Output) -> Output:
        """Return the output as the client shall see it."""
        if self.kind == "garbage":
            return dataclasses.replace(output, stdout=str(self.options.get("text", "This is not what the module printed.\r\n")))
        if self.kind == "truncate":
            return dataclasses.replace(output, stdout=output.stdout[: int(self.options.get("length", len(output.stdout) // 2))])
        return output
