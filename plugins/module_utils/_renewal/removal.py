# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What leaves AD FS, if the operator asks for it: the old certificate, once neither a session nor a proxy's trust can rest on it."""

from __future__ import annotations

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, RemoveFromAdfs, SuspendAutoRollover
from ansible_collections.federation.adfs.plugins.module_utils._renewal.domain_steps import retire_interval
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import LONGEST, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names


def remove_old(s: Situation, blocks: list[Block]) -> Act | None:
    """The old certificate leaves AD FS. Automatic rollover is off while it does."""
    farm = s.seen.farm
    leaving = sorted(farm.certificates - {farm.primary} - s.live - set(s.promotable))
    if not s.policy.remove_old_from_adfs or not leaving or s.promotable or s.paused or not s.following or s.broken:
        return None
    interval = min(max(retire_interval(s), max(farm.sso_lifetime, farm.proxy_trust_lifetime) + s.policy.safety), LONGEST)
    since = s.journal.followed[1] if s.journal.followed else None
    held_back = [*guards.timed(s), *guards.only_seen(s), *guards.unknown_lifetimes(s), *guards.unconfirmed_servers(s)]
    if farm.auto_rollover is None:
        held_back.append(guards.rollover_unknown(s))
    if since is None or s.now - since < interval:
        until = later(since or s.now, interval)
        held_back.append(Block("remove_interval", names(leaving), until, "the old certificate stays in AD FS until no session can rest on it any more"))
    held_back.extend(guards.window(s, names(leaving), "neither freezes nor the maintenance windows allow removing it now"))
    if held_back:
        blocks.extend(held_back)
        return None
    if farm.auto_rollover:
        reason = "the old certificate is removed from AD FS (renew_signing_cert_remove_old_from_adfs), which needs automatic rollover off"
        return SuspendAutoRollover(reason, protective=False)
    return RemoveFromAdfs("no server signs with the old certificate any more (renew_signing_cert_remove_old_from_adfs)", thumbprint=leaving[0])
