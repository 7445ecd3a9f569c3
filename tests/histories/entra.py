# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entra: what each domain holds, and every value that it may still serve until a change has spread."""

from __future__ import annotations

from dataclasses import dataclass, field

from histories.certificates import Certificate

Pair = tuple[Certificate | None, Certificate | None]


@dataclass
class Domain:
    """One federated domain. ``here``: its users reach this farm. ``dropped``: who took a certificate out of it, and when. ``since``: when it became one."""

    name: str
    tenant: str
    host: str
    members: Pair
    here: bool = True
    federated: bool = True
    unreadable: str = ""
    refuses: bool = False
    garbage: str | None = None  # what the second member holds if it is no certificate
    configuration: int = 1
    since: int = 0
    settings: dict[str, str] = field(default_factory=dict)  # settings that were changed from outside
    earlier: list[tuple[int, Pair]] = field(default_factory=list)
    dropped: dict[str, tuple[int, str]] = field(default_factory=dict)
    written: list[tuple[int, str, Pair]] = field(default_factory=list)

    def holds(self, certificate: Certificate) -> bool:
        return certificate in self.members

    def write(self, members: Pair, now: int, spread: int, cause: str) -> None:
        """Replace both members. What they were may be served until ``now + spread``."""
        for gone in {c for c in self.members if c is not None} - set(members):
            self.dropped[gone.thumbprint] = (now, cause)
        self.earlier.append((now + spread, self.members))
        self.members, self.garbage = members, None
        self.written.append((now, cause, members))

    def served(self, now: int) -> list[Pair]:
        """Every value that a sign-in may be judged by now."""
        self.earlier = [(until, pair) for until, pair in self.earlier if until > now]
        return [self.members, *(pair for _until, pair in self.earlier)]

    def accepts(self, certificate: Certificate, now: int) -> bool:
        """Whether sign-in works with it wherever Entra is asked. An ended certificate is counted as one that does not work."""
        return certificate.ends > now and all(certificate in pair for pair in self.served(now))
