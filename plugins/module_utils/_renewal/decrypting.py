# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Token-decrypting certificates: Entra ignores them, but an expired one stops AD FS itself. They never hold anything about signing back.

Claims providers encrypt to the primary one, and AD FS decrypts with each that it holds. So a younger one may become primary once every
server has it, and the older one stays until it ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, Generate, Promote, RemoveFromAdfs
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_DECRYPTING, UNBORN, Alarm, Decrypting
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def alarms(s: Situation) -> Iterable[Alarm]:
    """What a person must look at, at every run. With automatic rollover on, AD FS renews its own ones by itself."""
    farm, primary = s.seen.farm, _primary(s)
    if primary is None:
        return
    what = f"the primary token-decrypting certificate ({primary.thumbprint})"
    if primary.not_after <= s.now:
        yield Alarm(
            "decrypting_expired", farm.server, f"{what} ended at {format_time(primary.not_after)}: AD FS may stop, or refuse encrypted tokens. {_advice(s)}"
        )
    elif _due(s, primary) and _younger(s) is None and (primary.from_store or not farm.auto_rollover):
        yield Alarm("decrypting_expiring", farm.server, f"{what} ends at {format_time(primary.not_after)}, and AD FS does not renew it. {_advice(s)}")


def renew(s: Situation, blocks: list[Block]) -> Act | None:
    """The one thing to do about decrypting now, if the operator asked for it. Only what AD FS makes itself, only where its own rollover is off for good."""
    farm, primary = s.seen.farm, _primary(s)
    if not s.policy.decrypting or primary is None or primary.from_store or farm.auto_rollover is not False or s.policy.auto_rollover is not False:
        return None
    # Signing comes first; and while automatic rollover is on for a moment, it must find nothing to do about signing. What a domain lacks is no matter of it.
    if s.promotable or s.now >= s.due_at or not s.following or s.paused or s.emergency or s.clock_differs or s.journal_closed:
        return None
    act = _next(s, primary)
    closed = [*guards.window(s, farm.server, "neither freezes nor the maintenance windows allow renewing the decrypting certificate now")]
    if act is not None and closed:
        blocks.extend(closed)
        return None
    return act


def _next(s: Situation, primary: Decrypting) -> Act | None:
    younger = _younger(s)
    if younger is not None:
        if s.policy.promote != "role" or younger.from_store or s.now - younger.not_before < 2 * s.seen.farm.poll + s.policy.safety:
            return None
        return Promote("every server had time to get it", thumbprint=younger.thumbprint, certificate_type=TOKEN_DECRYPTING)
    if not _due(s, primary):
        return None
    others = [d for d in s.seen.farm.decrypting if not d.is_primary]
    if others:
        ended = next((d for d in others if d.not_after <= s.now), None)
        if ended is None:
            return None
        reason = f"it ended at {format_time(ended.not_after)} and stands in the way of a new one"
        return RemoveFromAdfs(reason, thumbprint=ended.thumbprint, certificate_type=TOKEN_DECRYPTING)
    reason = f"the primary token-decrypting certificate ends at {format_time(primary.not_after)}"
    return Generate(reason, thumbprint=UNBORN, toggles=True, certificate_type=TOKEN_DECRYPTING)


def _primary(s: Situation) -> Decrypting | None:
    return next((d for d in s.seen.farm.decrypting if d.is_primary), None)


def _younger(s: Situation) -> Decrypting | None:
    primary = _primary(s)
    waiting = [d for d in s.seen.farm.decrypting if primary is not None and not d.is_primary and d.not_after > s.now and d.not_before > primary.not_before]
    return max(waiting, key=lambda d: d.not_before, default=None)


def _due(s: Situation, primary: Decrypting) -> bool:
    return primary.not_after - s.now <= max(s.policy.renew_before, timedelta(0))


def _advice(s: Situation) -> str:
    primary = _primary(s)
    if primary is not None and primary.from_store:
        return "Get its successor issued, bring it to every server, and put it in its place with federation.adfs.certificate"
    if s.seen.farm.auto_rollover:
        return "See why AD FS did not renew it (event 385, and the certificate sharing container), or renew it with federation.adfs.certificate_rollover"
    by_hand = "renew it with federation.adfs.certificate_rollover (certificate_type: Token-Decrypting)"
    if not s.policy.decrypting:
        return f"Set renew_signing_cert_decrypting, or {by_hand}"
    if s.policy.auto_rollover is not False:
        return f"renew_signing_cert_decrypting takes effect where renew_signing_cert_auto_rollover is false: set that, too, or {by_hand}"
    return f"A run renews it while nothing about signing is under way (renew_signing_cert_decrypting). Where that comes too late, {by_hand}"
