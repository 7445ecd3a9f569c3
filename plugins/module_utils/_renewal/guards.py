# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The guards that several acts share, each with what it waits for. A guard that holds nothing back yields nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal import rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation, names


def promotion_blocks(s: Situation) -> list[Block]:
    """Every guard of T4, each with what it waits for."""
    farm = s.seen.farm
    held_back = [*unmended(s), *no_domain(s), *unknown_or_paused(s), *not_known_everywhere(s, s.successor)]
    if s.successor is not None:
        held_back.extend([*not_accepted_everywhere(s, s.successor), *validity(s, s.successor)])
    waits = [
        n
        for n in rules.other_relying_parties(farm)
        if n.lower() not in s.policy.relying_parties_acknowledged and "*" not in s.policy.relying_parties_acknowledged
    ]
    if waits:
        held_back.append(
            Block(
                "relying_parties",
                names(waits),
                None,
                "these partners must know the successor too: tell them, then list them in renew_signing_cert_relying_parties_acknowledged",
            )
        )
    return [*held_back, *window(s, farm.server, "neither freezes nor the maintenance windows allow a promotion now")]


def window(s: Situation, where: str, reason: str) -> Iterable[Block]:
    """What is planned, and not protective, waits for freezes to end and for a maintenance window."""
    until = s.window()
    if until is not None:
        yield Block("window", where, until, reason)


def not_accepted_everywhere(s: Situation, key: str) -> Iterable[Block]:
    """Domains that know ``key`` and yet would lose a sign-in if it became primary, because another server's key is not safe there."""
    signers = s.live | {key}
    for status in s.counted:
        served = rules.served_values(status.domain, s.journal, s.policy.propagation, s.now)
        if not status.unreadable and not signers <= rules.accepted_in_worst_case(served) and s.omnipresent(key, status.domain):
            name = status.domain.name
            yield Block("sign_in", name, None, f"{name} does not accept every certificate that a server signs with, wherever Entra serves earlier settings")


def validity(s: Situation, key: str) -> Iterable[Block]:
    """The certificate that shall sign is valid now, and for longer than AD FS' own critical threshold."""
    target = s.seen.keys[key]
    if target.not_before > s.now or target.not_after <= s.now + s.seen.farm.thresholds.critical:
        until = target.not_before if target.not_before > s.now else None
        yield Block("validity", target.thumbprint, until, "the certificate that shall sign is not valid now, or ends too soon")


def not_known_everywhere(s: Situation, key: str | None, what: str = "the successor") -> Iterable[Block]:
    """S4 is not reached for ``key``: which domains and which servers are missing."""
    if key is None:
        return
    by_time: dict[datetime, list[str]] = {}
    for status in s.not_ready if key == s.successor else s.lacking(key):
        name, stamps = status.domain.name, s.journal.first_seen.get(status.domain.key, {})
        asked = {key} if s.seen.farm.provider is None else s.required
        if status.unreadable is not None:
            yield Block(
                "unreadable",
                name,
                None,
                f"{name} could not be read ({status.unreadable}): mend that, or acknowledge it with the thumbprint of {what} in"
                " renew_signing_cert_domains_acknowledged",
            )
        elif asked - status.domain.slots.accepted:
            why = f"does not hold {what} yet"
            if not status.writable:
                why = (
                    "refused the write"
                    if status.refused
                    else "is excluded from writing"
                    if status.excluded
                    else "signs in elsewhere and holds a certificate of this farm"
                )
            yield Block(
                "unpublished",
                name,
                None,
                f"{name} {why}: its users could not sign in after the promotion; acknowledge it in renew_signing_cert_domains_acknowledged if that is meant",
            )
        else:
            by_time.setdefault(max(stamps.get(k, s.now) for k in asked) + s.policy.propagation, []).append(name)
    for until, waiting in sorted(by_time.items()):
        yield Block("propagation", names(waiting), until, f"{what} was published, and Entra may serve the earlier settings until then")
    for name in s.missing:
        yield Block(
            "missing_domain",
            name,
            None,
            f"{name} was seen earlier in this rollover and is not there any more: find out why, or acknowledge it in renew_signing_cert_domains_acknowledged",
        )
    yield from unconfirmed_servers(s)
    not_showing = s.servers_not_showing if key == s.successor else s.not_showing(key)
    lacking = [server for server in not_showing if server.seen]
    if lacking:
        yield Block("sync", names(server.name for server in lacking), s.now + 2 * s.seen.farm.poll, f"these servers do not publish {what} yet")


def unconfirmed_servers(s: Situation) -> Iterable[Block]:
    for server in s.unseen_servers:
        yield Block(
            "unseen_server",
            server.name,
            None,
            f"{server.name} could not be seen ({server.reason}): make its metadata reachable (renew_signing_cert_servers), put it into the"
            " inventory so that it can be asked, or list it with gone: true in renew_signing_cert_servers",
        )
    if not s.seen.farm.servers_confirmed:
        yield Block(
            "servers_unconfirmed",
            s.seen.farm.host_name,
            None,
            "AD FS did not list the servers of the farm: name them in renew_signing_cert_servers and set renew_signing_cert_servers_complete",
        )


def unmended(s: Situation) -> Iterable[Block]:
    if s.broken:
        where = names(status.domain.name for status in s.broken)
        yield Block(
            "unmended",
            where,
            None,
            f"sign-in is broken there and could not be mended; nothing else is begun before that, or before it is acknowledged with {s.seen.farm.primary}",
        )


def unknown_or_paused(s: Situation) -> Iterable[Block]:
    for status in s.unknown:
        # What may be replaced is: by the write that publishes the successor, so that must not wait for it.
        if status.unknown and not (s.policy.unknown_certificates == "replace" and status.writable):
            yield unknown_certificate(status)
        for deviation in status.domain.deviations:
            yield Block("baseline", status.domain.name, None, f"its settings are not the approved ones: {deviation}")
    if s.paused:
        yield Block("pause", s.seen.farm.host_name, None, "the rollover is paused; set renew_signing_cert_pause to false to go on")


def unknown_certificate(status: DomainStatus) -> Block:
    return Block(
        "unknown_certificate",
        status.domain.name,
        None,
        f"{status.domain.name} holds {names(status.unknown)}, which is not this farm's: list it in"
        " renew_signing_cert_known_certificates, or set renew_signing_cert_unknown_certificates to replace",
    )


def room_for_successor(s: Situation) -> Iterable[Block]:
    """I2: with three certificates Entra's own updater may take any two."""
    others = s.seen.farm.certificates - {s.seen.farm.primary}
    if others:
        expired = all(s.seen.keys[k].expired(s.now) for k in others)
        yield Block(
            "room",
            names(sorted(others)),
            None,
            "AD FS still holds an earlier certificate beside the primary; "
            + ("it removes it at one of its next checks" if expired and s.seen.farm.auto_rollover else "remove it with federation.adfs.certificate first"),
        )
        return
    crowded = [server.name for server in s.seen.farm.servers if server.seen and len(server.certificates) > 1]
    if crowded:
        yield Block("sync", names(crowded), s.now + 2 * s.seen.farm.poll, "these servers still publish two certificates; a third must not appear beside them")


def no_domain(s: Situation) -> Iterable[Block]:
    if not any(status.belongs for status in s.statuses):
        yield Block("no_domain", s.seen.farm.host_name, None, "no federated domain of this farm was found, so a successor could be published nowhere")


def generation_by_switch(s: Situation) -> Iterable[Block]:
    farm = s.seen.farm
    if s.wanted_auto_rollover is None:
        yield Block(
            "auto_rollover",
            farm.server,
            None,
            "automatic rollover is off and nobody said what is wanted: set renew_signing_cert_auto_rollover to true or false",
        )
    elif s.wanted_auto_rollover and not s.journal.auto_rollover_suspended:
        yield Block("auto_rollover", farm.server, None, "automatic rollover is wanted but off: switch it on with federation.adfs.farm_properties")
    elif s.seen.primary_key.not_after - s.now <= farm.thresholds.critical + timedelta(days=1):
        yield Block(
            "critical_threshold",
            farm.server,
            None,
            "so near to the end AD FS might promote a new certificate at once: renew by hand now and run this again",
        )
