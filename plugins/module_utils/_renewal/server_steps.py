# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The steps that are about single servers: a certificate from elsewhere that each must be able to use, and those that do not follow."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.federation.adfs.plugins.module_utils._renewal import guards
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Add, Block, Restart
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import behind_too_long, unusable
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation


def add(s: Situation, blocks: list[Block]) -> Act | None:
    """A certificate from elsewhere that the operator named: on every server first, then into the configuration."""
    farm, wanted = s.seen.farm, s.policy.successor
    if wanted is None or wanted in farm.certificates or s.promotable or s.signs_with_stolen:
        return None
    held_back = [] if s.owed else [*guards.unmended(s), *guards.unknown_or_changed(s)]
    held_back += [*guards.timed(s), *guards.paused(s), *guards.room_for_successor(s)]
    held_back += [*guards.no_domain(s), *guards.way_is_open(s), *unfit(s, wanted)]
    if farm.auto_rollover is not False:
        held_back.append(
            Block(
                "auto_rollover",
                farm.server,
                None,
                "AD FS takes a certificate from elsewhere only while automatic rollover is off: set renew_signing_cert_auto_rollover to false",
            )
        )
    if not s.owed:
        held_back.extend(guards.window(s, farm.server, "neither freezes nor the maintenance windows allow adding the successor now"))
    held_back = held_back or key_checks(s, wanted)
    if held_back:
        blocks.extend(held_back)
        return None
    return Add("it is the successor that renew_signing_cert_successor names, and every server can use it", thumbprint=wanted, protective=s.owed)


def unfit(s: Situation, wanted: str) -> Iterable[Block]:
    """What was taken out of AD FS is not put back, and what is no successor is not added."""
    key = s.seen.keys.get(wanted)
    if wanted in s.journal.history:
        yield Block(
            "successor", wanted, None, "it was this farm's before and was taken out of AD FS; name another one in renew_signing_cert_successor, or none"
        )
    elif key is not None and (key.expired(s.now) or key.not_before <= s.seen.primary_key.not_before):
        yield Block("successor", wanted, None, "it is not younger than the primary certificate, or ended already; name another one, or none")


def key_checks(s: Situation, thumbprint: str) -> list[Block]:
    """Who cannot use a certificate whose key AD FS does not hand out itself: that server's service would stop at the promotion."""
    return [
        Block("key_check", server, None, f"{thumbprint} on {server}: {wrong}", certificate=thumbprint)
        for server, wrong in unusable(s.seen.farm, thumbprint, s.policy.servers_checked)
    ]


def restart(s: Situation, blocks: list[Block]) -> Act | None:
    """Only if asked for: one server after the other that does not follow by itself."""
    if not s.policy.restart_servers or s.paused or s.broken or s.clock_differs or s.journal_closed:
        return None
    late = behind_too_long(s.seen.farm, s.journal, s.now)
    able = [server for server in late if server.host is not None and server.name not in s.policy.restarted]
    if not able:
        return None
    closed = [*guards.window(s, able[0].name, "its service is to be restarted; neither freezes nor the maintenance windows allow it now")]
    if closed:
        blocks.extend(closed)
        return None
    return Restart("it still signs with its earlier certificate although it should long have followed", server=able[0].name)
