# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The guards that several acts share, each with what it waits for. A guard that holds nothing back yields nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal import rules, spans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import not_following
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names


def gated(s: Situation, blocks: list[Block], act: Act | None) -> Act | None:
    """Protective acts obey no window, unless the operator gave up that protection."""
    if act is None or s.policy.protect:
        return act
    reason = f"{act.action} would keep sign-in working, but renew_signing_cert_protect is false and no window allows it now"
    closed = [*window(s, s.seen.farm.host_name, reason)]
    blocks.extend(closed)
    return None if closed else act


def promotion_blocks(s: Situation) -> list[Block]:
    """Everything that keeps the role from promoting the successor, each with what it waits for."""
    farm = s.seen.farm
    held_back = [*timed(s), *unmended(s), *no_domain(s), *unknown_or_changed(s), *paused(s), *several_successors(s), *crowded(s)]
    held_back.extend(not_known_everywhere(s, s.successor))
    if s.successor is not None:
        held_back.extend([*not_accepted_everywhere(s, s.successor), *validity(s, s.successor)])
    held_back.extend([*relying_parties(s), *unknown_lifetimes(s)])
    return [*held_back, *window(s, farm.server, "neither freezes nor the maintenance windows allow a promotion now")]


def relying_parties(s: Situation) -> Iterable[Block]:
    known = s.policy.relying_parties_acknowledged
    waits = [n for n in rules.other_relying_parties(s.seen.farm) if n.lower() not in known and "*" not in known]
    if waits:
        yield Block(
            "relying_parties",
            names(waits),
            None,
            "these partners need the successor too: send it to them, then list them in renew_signing_cert_relying_parties_acknowledged",
        )


def unknown_lifetimes(s: Situation) -> Iterable[Block]:
    """How long tokens of a partner are valid could not be read, so it is not known how long the old certificate is needed."""
    known = s.policy.relying_parties_acknowledged
    unread = {p.name for p in s.seen.farm.relying_parties if p.enabled and p.token_lifetime is None} | set(s.seen.farm.unknown_lifetimes)
    waits = sorted(name for name in unread if name.lower() not in known and "*" not in known)
    if waits:
        yield Block(
            "unknown_lifetime",
            names(waits),
            None,
            "the token lifetime of these relying parties could not be read: set it (Set-AdfsRelyingPartyTrust -TokenLifetime), or list them in"
            " renew_signing_cert_relying_parties_acknowledged",
        )


def timed(s: Situation) -> Iterable[Block]:
    """Where clocks differ, nothing is done that has to wait for its time. A journal that cannot be written holds the same acts back."""
    yield from clocks(s)
    if s.journal_closed:
        yield Block("journal", s.seen.farm.server, None, s.journal_closed)


def clocks(s: Situation) -> Iterable[Block]:
    if s.clock_differs:
        yield Block("clock", s.seen.farm.server, None, s.clock_differs)


def rollover_unknown(s: Situation) -> Block:
    return Block(
        "auto_rollover",
        s.seen.farm.server,
        None,
        "AD FS did not say whether automatic rollover is on; see Get-AdfsProperties. Nothing is done that depends on it",
    )


def several_successors(s: Situation) -> Iterable[Block]:
    """A domain has room for one successor: nothing more is published of several, and none is dropped for another."""
    if len(s.successors) > 1 and s.seen.farm.provider is None and not s.signs_with_stolen:
        yield Block(
            "several_successors",
            s.seen.farm.server,
            None,
            f"AD FS holds {len(s.successors)} certificates that could follow the primary ({names(s.successors)}): remove all but one with"
            " federation.adfs.certificate",
        )


def no_successor(s: Situation) -> Iterable[Block]:
    """AD FS may promote a certificate that is not to follow the primary: its clock is held, and nothing is published. A pause holds it anyway."""
    if s.promotable and not s.successors and s.seen.farm.provider is None and not s.paused:
        yield Block(
            "no_successor",
            names(s.promotable),
            None,
            "AD FS may promote this certificate, which is not taken for the successor, because it signed before or came under another primary. If it is to"
            " sign, promote it; if not, remove it from AD FS with federation.adfs.certificate, or set renew_signing_cert_pause to true",
        )


def crowded(s: Situation) -> Iterable[Block]:
    if s.crowded and s.seen.farm.provider is None:
        yield Block(
            "third_certificate",
            names(s.crowded),
            None,
            "there are more than two token-signing certificates, and Entra's own updater may take any two of them: remove the one that is not needed with"
            " federation.adfs.certificate",
        )


def way_is_open(s: Situation) -> Iterable[Block]:
    """Before a successor is made: it can be written to the domains, and there is somebody who may promote it."""
    ours = [d for d in s.statuses if d.ours]
    if ours and all(d.domain.can_write is False for d in ours):
        yield Block(
            "permission",
            s.seen.farm.host_name,
            None,
            "the application may read the domains and not write them: grant it the permission Domain-InternalFederation.ReadWrite.All with admin consent",
        )
    elif ours and not any(d.writable for d in ours):
        yield Block(
            "no_writable_domain",
            names(d.domain.name for d in ours),
            None,
            "every domain of the farm is excluded or refuses, so a successor could not be published",
        )
    if s.wanted_auto_rollover is False and s.policy.promote == "adfs" and not s.custom:
        yield Block(
            "promote_policy",
            s.seen.farm.server,
            None,
            "automatic rollover is off, so AD FS would not promote a successor: set renew_signing_cert_promote to role, or to never if you promote it yourself",
        )


def window(s: Situation, where: str, reason: str) -> Iterable[Block]:
    """What is planned, and not protective, waits for freezes to end and for a maintenance window."""
    until = s.window()
    if until is not None:
        which = spans.what_closes(s.policy, s.now)
        yield Block("window", where, until, f"{reason} ({which})" if which else reason)


def not_accepted_everywhere(s: Situation, key: str) -> Iterable[Block]:
    """Domains that know ``key`` and yet would lose a sign-in if it became primary, because another server's key is not safe there."""
    signers = s.live | {key}
    for status in s.asked(key):
        if status.unreadable is None and not signers <= rules.accepted_in_worst_case(s.served(status.domain)) and s.omnipresent(key, status.domain):
            name = status.domain.name
            yield Block("sign_in", name, None, f"{name} does not accept every certificate that a server signs with, wherever Entra serves earlier settings")


def validity(s: Situation, key: str) -> Iterable[Block]:
    """The certificate that shall sign is valid now, and for longer than AD FS' own critical threshold."""
    target = s.seen.keys[key]
    if target.not_before > s.now or earlier(target.not_after, s.seen.farm.thresholds.critical) <= s.now:
        until = target.not_before if target.not_before > s.now else None
        yield Block("validity", target.thumbprint, until, "the certificate that shall sign is not valid now, or ends too soon")


def not_known_everywhere(s: Situation, key: str | None, what: str = "the successor", but: frozenset[str] = frozenset()) -> Iterable[Block]:
    """Which domains and which servers are missing until ``key`` may sign. ``but``: domains, by their keys, that have nothing to lose."""
    if key is None:
        return
    by_time: dict[datetime, list[str]] = {}
    for status in s.not_ready if key == s.successor else s.lacking(key):
        if status.domain.key in but:
            continue
        stamps = s.journal.first_seen.get(status.domain.key, {})
        required = {key} if s.seen.farm.provider is None else s.required
        if status.unreadable is not None or required - status.domain.slots.accepted:
            yield _without(status, what)
        else:
            by_time.setdefault(later(max(stamps.get(k, s.now) for k in required), s.policy.propagation, s.now - s.waited_until), []).append(status.domain.name)
    for until, waiting in sorted(by_time.items()):
        yield Block("propagation", names(waiting), until, f"{what} was published, and Entra may serve the earlier settings until then")
    for name in s.missing:
        yield Block(
            "missing_domain",
            name,
            None,
            f"{name} was seen earlier in this rollover and is not listed any more: find out why, or acknowledge it in renew_signing_cert_domains_acknowledged",
        )
    yield from unconfirmed_servers(s)
    not_showing = s.servers_not_showing if key == s.successor else s.not_showing(key)
    lacking = [server for server in not_showing if server.seen and not server.stranger]
    yield from until_they_follow(s, [server.name for server in lacking], f"these servers do not publish {what} yet")


def in_the_way_of_any(s: Situation) -> Iterable[Block]:
    """What keeps whichever successor there will be from signing, and no time lifts: known before there is one."""
    for status in s.out_of_reach:
        yield _without(status, "the successor")
    yield from unconfirmed_servers(s)
    yield from unknown_or_changed(s)


def _without(status: DomainStatus, what: str) -> Block:
    """Why a domain does not accept a certificate that it has to."""
    name, acknowledge = status.domain.title, "acknowledge it in renew_signing_cert_domains_acknowledged"
    if status.unreadable is not None:
        reason = f"could not read {name} ({status.unreadable}). Fix the cause, or {acknowledge} with the thumbprint of {what}"
        return Block("unreadable", name, None, reason)
    why = f"does not hold {what} yet"
    if status.domain.can_write is False:
        why = "cannot be written with the permissions of the application"
    elif status.refused:
        why = "is not written again in this run"
    elif status.excluded:
        why = "is excluded from writing"
    elif not status.ours:
        why = "signs in elsewhere and holds a certificate of this farm"
    return Block("unpublished", name, None, f"{name} {why}: its users could not sign in after the promotion; {acknowledge} if that is meant")


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


def only_seen(s: Situation) -> Iterable[Block]:
    """A server signs with a key that the farm is not known to have: nothing is promoted or removed before that is understood."""
    for server in s.seen.farm.servers:
        if server.stranger and server.primary in s.only_seen:
            yield Block(
                "only_seen_key",
                server.name,
                None,
                f"{server.name} signs with {server.primary}, which the primary server does not know. Domains that hold it keep it; find out why, and let that"
                " server synchronize, or list it with gone: true in renew_signing_cert_servers",
            )


def unmended(s: Situation) -> Iterable[Block]:
    """Broken sign-in goes first, until the deadline; from then on it must not cost the other domains theirs."""
    if s.broken and not _past_deadline(s):
        where = names(status.domain.name for status in s.broken)
        yield Block(
            "unmended",
            where,
            None,
            f"sign-in is broken there and could not be repaired; no renewal is begun before that, or before it is acknowledged with {s.seen.farm.primary}",
        )


def unknown_or_changed(s: Situation) -> Iterable[Block]:
    """What is not understood in a domain goes first, until the deadline."""
    if _past_deadline(s):
        return
    for status in s.unknown:
        # What may be replaced is: by the write that publishes the successor, so that must not wait for it.
        if status.unknown and not (may_drop(s, status.unknown) and status.writable):
            yield unknown_certificate(status)
        for deviation in status.domain.deviations:
            yield Block("baseline", status.domain.name, None, f"its settings are not the approved ones: {deviation}")


def may_drop(s: Situation, keys: Iterable[str]) -> bool:
    """Whether unknown certificates may give way: by policy, because the operator named them as stolen, or when room is made."""
    return s.policy.unknown_certificates == "replace" or s.making_room or set(keys) <= s.to_remove


def _past_deadline(s: Situation) -> bool:
    # A scan after which the next one may come too late counts as past it.
    return s.seen.farm.provider is None and s.deadline is not None and later(s.now, s.reach) >= s.deadline


def paused(s: Situation) -> Iterable[Block]:
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
    """A domain holds two certificates: with three in AD FS, Entra's own updater may take any two."""
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
    # Near the last call the successor goes first: a server that does not follow shows what it showed before, and keeps what it signs with in every domain.
    crowded = [] if s.owed and s.now >= s.room_made_from else [n.name for n in s.seen.farm.servers if n.seen and len(n.certificates) > 1]
    yield from until_they_follow(s, crowded, "these servers still publish two certificates; a third must not appear beside them")


def until_they_follow(s: Situation, behind: Sequence[str], reason: str) -> Iterable[Block]:
    """What waits for servers, by their names, to follow the primary server. Of those that should long have done so nobody knows when: a person has to look.

    Source: rollover.md, T5 (a server that does not follow is named, and restarted only where that is asked for).
    """
    late = not_following(s.seen.farm, s.journal, s.now)
    seen = {server.name for server in s.seen.farm.servers if server.seen}
    waiting = [n for n in behind if n in seen - late]
    stuck = [n for n in behind if n not in waiting]
    if waiting:
        yield Block("sync", names(waiting), later(s.now, 2 * s.seen.farm.poll), reason)
    if stuck:
        yield Block("sync", names(stuck), None, reason + _advice(s, [n for n in stuck if n in late]))


def _advice(s: Situation, late: Sequence[str]) -> str:
    """What to do about servers that should long have followed."""
    if not late:
        return ""
    advice = "restart adfssrv there, one server at a time (renew_signing_cert_restart_servers does it for hosts of the inventory)"
    if s.policy.restarted.issuperset(late):
        advice = "restarting did not help, look at their event log"
    return f". {names(late)} should long have followed: {advice}"


def no_domain(s: Situation) -> Iterable[Block]:
    if not any(status.belongs for status in s.statuses):
        yield Block("no_domain", s.seen.farm.host_name, None, "no federated domain of this farm was found, so a successor could not be published")


def promotes_at_once(s: Situation) -> bool:
    """AD FS might promote a new certificate as soon as it is made, or as soon as automatic rollover is on."""
    thresholds = s.seen.farm.thresholds
    return thresholds.promotion < timedelta(hours=1) or earlier(s.seen.primary_key.not_after, thresholds.critical, timedelta(days=1)) <= s.now


def generation_by_switch(s: Situation) -> Iterable[Block]:
    """Automatic rollover is off: it is switched on for the request alone, where that is wanted and AD FS has no time to do more."""
    farm = s.seen.farm
    if s.wanted_auto_rollover is None:
        yield Block(
            "auto_rollover",
            farm.server,
            None,
            "automatic rollover is off and it is not known what is wanted: set renew_signing_cert_auto_rollover to true or false",
        )
    elif promotes_at_once(s):
        yield Block(
            "critical_threshold",
            farm.server,
            None,
            "AD FS might promote a new certificate as soon as automatic rollover is on: renew by hand now and run this again",
        )
