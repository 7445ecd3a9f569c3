# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The writes that bring one certificate into domains: what a renewal publishes, and what a rollback publishes again."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards, rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Block, Write, checked_write
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation


def writes_with(s: Situation, key: str, statuses: Iterable[DomainStatus], blocks: list[Block]) -> list[Write]:
    """The writes after which these domains hold ``key`` beside what signs. A foreign certificate in the way goes only if the policy says so."""
    writes: list[Write] = []
    for status in statuses:
        slots = rules.wanted_slots(status.domain, s.seen, s.live, key, s.trusted, s.now)
        if slots is None:
            continue
        if set(status.unknown) - slots.accepted and s.policy.unknown_certificates != "replace":
            blocks.append(guards.unknown_certificate(status))
            continue
        writes.extend(checked_write(s, status.domain, slots, blocks))
    return writes
