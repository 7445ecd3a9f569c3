# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The servers of a farm beyond their metadata: what their own synchronisation says, and whether each can use a certificate from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_SIGNING, Farm, Server
from ansible_collections.federation.adfs.plugins.module_utils._server_names import same_server
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

OLDEST_SYNC = timedelta(hours=1)
CLOCK_SLACK = timedelta(minutes=5)
FOLLOW_AFTER = 4
"""Intervals of synchronisation (two of them may pass before a server follows) after which a server that does not follow is no mere latecomer."""


def seen_by_sync(server: Server, told: Mapping[str, Any], farm: Mapping[str, Any], journal: Journal) -> Server:
    """Return the server as its own answer shows it: it holds the farm's configuration if it copied that after its last change, with status 0.

    ``told``: what farm_info returned on that server, with ``time`` (its own clock), or ``error``. ``farm``: the facts of the primary server.
    When the configuration changed is taken from the journal; without it, nothing can be later than the change.
    """
    status = told.get("last_sync_status")
    server = replace(server, asked=True, last_sync_status=None if status is None else int(status))

    def unseen(reason: str) -> Server:
        return replace(server, reason=f"{server.reason}; asked directly, {reason}")

    present = _configuration(farm)
    error = told.get("error") or another_server(server.name, told.get("server"))
    if error:
        return unseen(f"it did not answer: {error}")
    if told.get("role") == "primary":
        # Servers of a farm with SQL Server copy nothing: each reads the one database.
        return _as_configured(server, present) if _configuration(told) == present else unseen("it shows another configuration than the server of this run")
    try:
        copied, clock = parse_time(str(told["last_sync_time"])), parse_time(str(told["time"]))
    except (KeyError, ValueError):
        return unseen("it does not say when it last copied the configuration")
    server = replace(server, last_sync_time=copied)
    if not same_server(told.get("primary_server"), farm.get("server")):
        return unseen(f"it copies from {told.get('primary_server')}, which is not the primary server of this run")
    if server.last_sync_status != 0:
        return unseen(f"its last synchronisation failed (LastSyncStatus {server.last_sync_status})")
    # AD FS does not say in which time zone it gives the time: a time that is no recent one by the server's own clock is not believed.
    if not -CLOCK_SLACK <= clock - copied <= OLDEST_SYNC:
        return unseen(f"it last copied the configuration at {format_time(copied)}, which by its own clock ({format_time(clock)}) is not just now")
    configured = journal.configured
    if configured is None or configured[:2] != present or copied <= configured[2]:
        since = f"at {format_time(configured[2])}" if configured is not None and configured[:2] == present else "just now"
        return unseen(f"it last copied the configuration at {format_time(copied)}, and that was first seen as it is {since}")
    return _as_configured(server, present)


def _as_configured(server: Server, present: tuple[str, tuple[str, ...]]) -> Server:
    return replace(server, seen=True, reason="", primary=present[0], certificates=frozenset(present[1]), how="sync")


def another_server(name: str, answered_by: object) -> str | None:
    """Return what to say where the host of the inventory that answered is not the server of that name."""
    return None if same_server(answered_by, name) else f"the host that was asked is {answered_by}"


def _configuration(farm: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    signing = [c for c in farm.get("certificates") or () if c.get("certificate_type") == TOKEN_SIGNING]
    primary = next((str(c["thumbprint"]) for c in signing if c.get("is_primary")), "")
    return primary, tuple(sorted(str(c["thumbprint"]) for c in signing))


def unusable(farm: Farm, thumbprint: str, checked_by_hand: frozenset[str]) -> list[tuple[str, str]]:
    """Return (server, what is wrong there) for each server that cannot use a certificate from elsewhere, or that nobody could ask."""
    answers = {c.server: c for c in farm.key_checks if c.thumbprint == thumbprint}
    found: list[tuple[str, str]] = []
    for server in farm.servers:
        if server.name in checked_by_hand:
            continue
        answer = answers.get(server.name)
        if answer is None or answer.error:
            why = answer.error if answer is not None else "it was not asked yet"
            by_hand = "put it into the inventory, or check it by hand and list it with key_checked: true in renew_signing_cert_servers"
            found.append((server.name, f"it could not be checked ({why}): {by_hand}"))
            continue
        mended = {"certificate_in_store", "private_key_readable"} if answer.importable else set()
        found.extend((server.name, f"{name}: {advice}") for name, advice in answer.failed if name not in mended)
    return found


def behind_too_long(farm: Farm, journal: Journal, now: datetime) -> list[Server]:
    """The servers that still sign with an earlier certificate although synchronising should long have reached them."""
    return [s for s in farm.servers if s.seen and s.primary != farm.primary] if _long_unchanged(farm, journal, now) else []


def not_following(farm: Farm, journal: Journal, now: datetime) -> frozenset[str]:
    """The names of the servers that show another configuration than the primary server although synchronising should long have reached them."""
    shown = (s for s in farm.servers if s.seen and (s.primary, s.certificates) != (farm.primary, farm.certificates))
    return frozenset(s.name for s in shown) if _long_unchanged(farm, journal, now) else frozenset()


def _long_unchanged(farm: Farm, journal: Journal, now: datetime) -> bool:
    """Whether the configuration of the primary server has been as it is for so long that every server should have copied it."""
    known = journal.configured is not None and journal.configured[:2] == (farm.primary, tuple(sorted(farm.certificates)))
    return known and journal.configured is not None and now - journal.configured[2] >= FOLLOW_AFTER * farm.poll
