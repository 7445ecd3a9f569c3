# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Who else writes the certificates of a domain: Entra ID's own updater, Entra Connect, Microsoft365DSC, or a person."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def managed_by_connect(s: Situation, mode: str) -> Iterator[str]:
    """What to know where Microsoft Entra Connect manages the trust: in an audit and a plan, and while a renewal is in progress."""
    if s.seen.farm.managed_by_connect and (mode in ("audit", "plan") or s.promotable):
        yield (
            "Microsoft Entra Connect manages AD FS' trust with Entra ID: resetting the trust in its wizard renews the token-signing certificate at once and"
            " rewrites the domains. Do not start it while a renewal is in progress; see the guide Other tools beside this collection."
        )


def alarms(s: Situation) -> Iterator[Alarm]:
    """One alarm for each domain out of which somebody else took a certificate since the last scan that read it, as long as Entra may serve it still."""
    for status in s.statuses:
        values = s.journal.replaced.get(status.domain.key, ())
        if not status.ours or not values:
            continue
        noticed, before = values[-1]
        taken = sorted(before - status.domain.slots.accepted)
        if taken:
            wizard = "; Microsoft Entra Connect manages AD FS' trust, so it may have been its wizard"
            connect = wizard if s.seen.farm.managed_by_connect else ""
            updater = "; Entra ID's own updater says that it was successful, so it may have been that" if status.domain.update_result == "success" else ""
            yield Alarm(
                "another_writer",
                status.domain.name,
                f"{status.domain.name} lost {names(taken)} by another writer, noticed at {format_time(noticed)}{updater}{connect}. Entra ID's audit log names"
                " who did it (Set federation settings on domain). Let only one tool write these certificates: the guide Other tools beside this collection"
                " says how",
            )
