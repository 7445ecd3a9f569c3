# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Some domains before the others, and only so many at once: renew_signing_cert_first_domains and renew_signing_cert_domains_per_pass.

Each pass begins with a scan, so what the pass before wrote was read back. That a domain has its certificates is all that this shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Block, Write
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.pace import UNKNOWN_REACH
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names


def publishing(s: Situation, writes: Sequence[Write], blocks: list[Block]) -> Sequence[Write]:
    """The writes that this pass does of those that bring the successor: all where time is short, or where a domain lacks what signs already."""
    successor = s.successor
    if successor is None or not _has_time(s):
        return writes
    urgent = [w for w in writes if s.unknown_to(w.domain) - {successor}]
    others = [w for w in writes if w not in urgent]
    return [*urgent, *portion(s, others, blocks, lambda status: successor not in status.domain.slots.accepted)]


def portion(s: Situation, writes: Sequence[Write], blocks: list[Block], lacks: Callable[[DomainStatus], bool] | None = None) -> Sequence[Write]:
    """The writes that this pass does. ``lacks``: whether a domain that can be read still needs one; without it, only those of ``writes`` do."""
    first = s.policy.first_domains
    before = [w for w in writes if w.domain.name in first]
    pending = _pending(s, {w.domain.name for w in before}, lacks)
    if pending and writes and not before:
        reason = f"the first domains (renew_signing_cert_first_domains) are not written yet: {'; '.join(pending)}. The others come after them"
        blocks.append(Block("first_domains", names(w.domain.name for w in writes), None, reason))
    chosen = before if pending else writes
    return chosen[: s.policy.domains_per_pass] if s.policy.domains_per_pass else chosen


def _has_time(s: Situation) -> bool:
    """A run after the next one could still publish everywhere before AD FS' clock has to be held for it, or before the latest safe start."""
    if s.emergency or s.policy.hand_back or s.making_room or s.clock_held:
        return False
    if s.seen.farm.clock_runs and s.seen.farm.provider is None:
        # As long as it is not known how often runs come, what is left undone would have AD FS' clock held.
        return not s.promotes_too_early(2 * s.reach if s.distances else max(2 * s.reach, UNKNOWN_REACH))
    return s.deadline is None or later(s.now, 2 * s.reach) < s.deadline


def _pending(s: Situation, written_now: set[str], lacks: Callable[[DomainStatus], bool] | None) -> list[str]:
    """What is to be said of each first domain that has not what it needs."""
    found: dict[str, str] = {}
    for status in s.statuses:
        name = status.domain.name
        if name not in s.policy.first_domains:
            continue
        found.setdefault(name, "")
        if status.excluded or status.acknowledged:
            continue  # the operator said that it is not waited for
        if status.unreadable is not None:
            found[name] = f"{name} cannot be read"
        elif not status.ours:
            found[name] = f"{name} does not sign in here by settings of its own"
        elif name in written_now:
            found[name] = f"{name} is to be written"
        elif status.refused or (lacks is not None and lacks(status)):
            found[name] = f"{name} was not written"
    missing = {name: f"{name} is not among the domains" for name in s.policy.first_domains if name not in found}
    return [why for _name, why in sorted({**found, **missing}.items()) if why]
