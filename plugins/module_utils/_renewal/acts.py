# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""An act, what it writes, and what holds one back: the values that a decision is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.federation.adfs.plugins.module_utils._renewal import rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_SIGNING, Alarm, Domain, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation


@dataclass(frozen=True)
class Write:
    """Both members of one domain as they shall be; ``before`` and ``after`` say whether sign-in is safe in the worst case."""

    domain: Domain
    slots: Slots
    before: bool
    after: bool


@dataclass(frozen=True)
class Act:
    """One change. ``writes`` for acts on domains, else the act is on the primary AD FS server, or on ``server``.

    ``toggles``: automatic rollover is off by policy and must be on for just this act.
    """

    action: str
    reason: str
    writes: tuple[Write, ...] = ()
    thumbprint: str | None = None
    protective: bool = False
    toggles: bool = False
    server: str | None = None
    certificate_type: str = TOKEN_SIGNING


@dataclass(frozen=True)
class Block:
    """A guard that holds something back, what it is about, and when to ask again (None: only a person can lift it).

    ``certificate``: the one that a server must be able to use, where that is what it is about.
    """

    condition: str
    object: str
    until: datetime | None
    reason: str
    certificate: str | None = None


@dataclass(frozen=True)
class Decision:
    act: Act | None
    blocks: tuple[Block, ...]
    alarms: tuple[Alarm, ...]


def checked_write(s: Situation, domain: Domain, slots: Slots, blocks: list[Block]) -> Sequence[Write]:
    """The general rule, for every write to a domain: what it forbids is not written, and said."""
    allowed, before, after = rules.write_allowed(domain, slots, s.live, s.journal, s.policy.propagation, s.now)
    if not allowed:
        blocks.append(Block("sign_in", domain.name, None, f"the write would make {domain.name} lose a certificate that a server may still sign with"))
        return []
    return [Write(domain, slots, before, after)]


def act_on_domains(action: str, writes: Sequence[Write], reason: str, thumbprint: str | None = None, protective: bool = False) -> Act | None:
    return Act(action, reason, tuple(writes), thumbprint, protective) if writes else None
