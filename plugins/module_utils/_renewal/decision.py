# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Decides the one act that is safe and useful now, and says for everything that waits which guard holds it and until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ansible_collections.federation.adfs.plugins.module_utils._renewal import decrypting, emergency, guards, rollback, rules, server_steps, third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, Decision, Write, act_on_domains, checked_write
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import UNBORN, Alarm, Domain, RelyingParty, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.publishing import writes_with
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation, names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

SKEW = timedelta(minutes=5)


def decide(s: Situation, run: str) -> Decision:
    """Return the one act to do now, if any. ``run`` names this run to the journal's lock."""
    alarms = tuple(_alarms(s))
    closed = list(_closed(s, run))
    if closed:
        return Decision(None, tuple(closed), alarms)
    blocks: list[Block] = []
    if s.emergency:
        act = emergency.respond(s, blocks) or _restore(s, blocks)
        return Decision(act, tuple(blocks), alarms)
    # Holding AD FS' clock comes even before a repair: whatever happens to the run afterwards, nothing is promoted meanwhile.
    on_server = (
        _hold_clock,
        _repair,
        rollback.roll_back,
        _respect_wanted_off,
        _publish,
        _remove_old,
        _restore,
        _remove_expired,
        server_steps.add,
        _generate,
        _take_over,
        _promote,
        server_steps.restart,
        _settle,
        _retire,
        decrypting.renew,
    )
    for step in on_server if s.seen.farm.provider is None else (_repair, _publish, _settle, _retire):
        act = step(s, blocks)
        if act is not None:
            return Decision(act, tuple(blocks), alarms)
    blocks.extend(_waiting(s))
    return Decision(None, tuple(blocks), alarms)


def _closed(s: Situation, run: str) -> Iterable[Block]:
    """Guards that hold back every write."""
    if s.clock_differs:
        yield Block("clock", s.seen.farm.server, None, s.clock_differs)
    lock = s.journal.lock
    if lock is not None and lock.run != run and lock.until > s.now:
        yield Block(
            "lock", s.seen.farm.server, lock.until, f"another run ({lock.run}) works on this farm or died less than 15 minutes ago; nothing is done beside it"
        )


def _alarms(s: Situation) -> Iterable[Alarm]:
    farm, provider = s.seen.farm, s.seen.farm.provider
    yield from s.seen.alarms
    yield from decrypting.alarms(s)
    if not rules.entra_trust_works(farm):
        yield Alarm(
            "entra_trust",
            farm.server,
            f"AD FS has no relying party trust with the identifier {rules.ENTRA_IDENTIFIER} that is enabled, so nobody can sign in to Entra through it:"
            " see Get-AdfsRelyingPartyTrust",
        )
    yield from emergency.alarms(s)
    for status in s.statuses:
        if status.unknown:
            yield Alarm(
                "unknown_certificate",
                status.domain.name,
                f"{status.domain.name} accepts a certificate that is not this farm's ({names(status.unknown)}): find out whose it is; then list it in"
                " renew_signing_cert_known_certificates, or set renew_signing_cert_unknown_certificates to replace",
            )
    if len(s.live) > 2 and provider is None:
        yield Alarm(
            "too_many_signers",
            farm.host_name,
            f"the servers sign with {len(s.live)} different certificates, a domain holds two; bring the servers named in the plan in step first",
        )
    if not any(status.belongs for status in s.statuses):
        yield Alarm(
            "no_domain",
            farm.host_name,
            f"no federated domain that could be read sends its users to {farm.host_name}; check renew_signing_cert_tenants, and that this is the right farm",
        )
    if len(s.successors) > 1 and provider is None:
        yield Alarm(
            "several_successors",
            farm.server,
            "AD FS holds several certificates that are younger than the primary, and a domain has room for one: remove all but one of"
            f" {names(s.successors)} with federation.adfs.certificate",
        )
    if s.seen.primary_key.expired(s.now) and provider is None:
        yield Alarm(
            "expired",
            farm.server,
            f"the primary certificate ended at {format_time(s.seen.primary_key.not_after)}; whether Entra still accepts it is not documented",
        )
    named = s.policy.domains or frozenset()
    for status in s.statuses:
        if status.domain.name in named and not status.ours and status.unreadable is None:
            yield Alarm("not_ours", status.domain.name, f"{status.domain.name} is named in renew_signing_cert_domains, but {_elsewhere(s, status.domain)}")
    if provider is not None:
        yield from third_party.alarms(s)
        return
    custom = not s.seen.primary_key.self_signed
    if custom and farm.auto_rollover:
        yield Alarm(
            "custom_with_auto_rollover",
            farm.server,
            "the primary certificate was issued by a CA while automatic rollover is on: AD FS will replace it by a self-signed one;"
            " switch it off with federation.adfs.farm_properties",
        )
    if not custom and not farm.auto_rollover and s.wanted_auto_rollover is None:
        yield Alarm(
            "auto_rollover_off",
            farm.server,
            "automatic rollover is off and the primary certificate is self-signed: nobody renews it; set"
            " renew_signing_cert_auto_rollover to say what is wanted",
        )


def _elsewhere(s: Situation, domain: Domain) -> str:
    if not domain.configured:
        return f"it inherits its settings from {domain.root or 'its root domain'}; name that one"
    if s.seen.farm.provider is not None:
        return f"its issuer is {domain.issuer_uri} and it sends its users to {domain.sign_in_uri}: neither is {s.seen.farm.identifier}'s"
    return f"it sends its users to {domain.sign_in_host}, not to {s.seen.farm.host_name}; name it in the run of that farm"


def _repair(s: Situation, blocks: list[Block]) -> Act | None:
    """X: mend what is broken, domain by domain."""
    writes: list[Write] = []
    for status in s.statuses:
        if not status.broken:
            continue
        name = status.domain.name
        if not status.writable:
            why = "Entra refused the write" if status.refused else "the domain is excluded from writing: include it, or mend it by hand"
            blocks.append(Block("unmended", name, None, f"sign-in of {name} is broken, and {why}"))
            continue
        slots = rules.wanted_slots(status.domain, s.seen, s.live, None if s.paused else s.successor, s.trusted, s.now)
        if slots is None:
            crowded = Block("too_many_signers", name, None, f"{len(s.live)} certificates sign and a domain holds two: bring the servers in step first")
            blocks.append(crowded if s.seen.farm.provider is None else third_party.too_many(s, name))
            continue
        writes.extend(checked_write(s, status.domain, slots, blocks))
    drops = any(s.successor in w.domain.slots.accepted - w.slots.accepted for w in writes)
    if drops and s.seen.farm.auto_rollover and s.seen.primary_key.self_signed:
        reason = "mending takes the successor out of a domain, so AD FS must not promote it meanwhile"
        return _gated(s, blocks, Act("suspend_auto_rollover", reason, protective=True))
    return _gated(
        s,
        blocks,
        act_on_domains(
            "repair", writes, f"{s.seen.farm.title} signs with a certificate that these domains do not accept: sign-in is broken there now", protective=True
        ),
    )


def _publish(s: Situation, blocks: list[Block]) -> Act | None:
    """T2: every domain learns the successor before it signs."""
    if s.successor is None or s.paused:
        return None
    unknowing = (status for status in s.statuses if status.writable and not status.broken and s.unknown_to(status.domain))
    writes = writes_with(s, s.successor, unknowing, blocks)
    act = act_on_domains("publish", writes, f"{s.seen.farm.title} has a successor that these domains do not know yet", thumbprint=s.successor, protective=True)
    return _gated(s, blocks, act)


def _respect_wanted_off(s: Situation, blocks: list[Block]) -> Act | None:
    """A run that died between switching automatic rollover on for one act and off again, or somebody's hand: off is wanted."""
    if s.policy.auto_rollover is False and s.seen.farm.auto_rollover:
        return _gated(s, blocks, Act("suspend_auto_rollover", "automatic rollover is on although renew_signing_cert_auto_rollover is false", protective=True))
    return None


def _hold_clock(s: Situation, blocks: list[Block]) -> Act | None:
    """T4a: AD FS would promote before everybody knows the successor."""
    if not s.seen.farm.auto_rollover or not s.clock_is_near or not s.seen.primary_key.self_signed:
        return None
    what = "make a certificate and promote it at once" if s.successor is None else "promote the successor"
    reason = f"AD FS would {what} at {format_time(s.adfs_promotes_at)}, before it is known everywhere"
    return _gated(s, blocks, Act("suspend_auto_rollover", reason, protective=True))


def _take_over(s: Situation, blocks: list[Block]) -> Act | None:
    """T4a: the promotion is ours and everything is ready."""
    if s.policy.promote == "role" and s.seen.farm.auto_rollover and s.ready and not guards.promotion_blocks(s):
        return Act("suspend_auto_rollover", "the promotion is ours (renew_signing_cert_promote: role) and needs automatic rollover off")
    return None


def _restore(s: Situation, blocks: list[Block]) -> Act | None:
    """T4b: automatic rollover back as it is wanted, when that cannot promote too early."""
    farm = s.seen.farm
    if farm.auto_rollover or s.wanted_auto_rollover is not True or s.paused or not s.seen.primary_key.self_signed:
        return None
    if s.emergency and farm.certificates & s.compromised:
        return None  # a stolen key would be promoted
    if not (s.journal.auto_rollover_suspended or s.policy.auto_rollover):
        return None
    if s.successor is None:
        left = s.adfs_promotes_at - s.now
        if left < s.publication_interval + s.policy.run_interval:
            blocks.append(
                Block(
                    "critical_threshold",
                    farm.server,
                    None,
                    "with automatic rollover on, AD FS would now make and promote a certificate at once; it stays off until a person decides",
                )
            )
            return None
        if s.now >= s.due_at:
            return None  # the clock is held for the renewal that is due
    elif not s.ready or s.policy.promote != "adfs":
        return None
    if not s.following:
        return None
    return Act("restore_auto_rollover", "automatic rollover is wanted and nothing can be promoted too early any more", protective=True)


def _remove_expired(s: Situation, blocks: list[Block]) -> Act | None:
    """T1 needs room: an expired leftover that AD FS, its rollover being off, does not remove by itself."""
    farm = s.seen.farm
    others = sorted(farm.certificates - {farm.primary})
    expired = [k for k in others if s.seen.keys[k].expired(s.now) and k not in s.live]
    if farm.auto_rollover or len(others) != 1 or not expired or s.now < s.due_at or s.broken or s.paused or s.window() is not None:
        return None
    return Act("remove_from_adfs", f"it ended at {format_time(s.seen.keys[expired[0]].not_after)} and stands in the way of a successor", thumbprint=expired[0])


def _generate(s: Situation, blocks: list[Block]) -> Act | None:
    """T1: make sure that a successor exists, early enough to publish it."""
    farm, primary = s.seen.farm, s.seen.primary_key
    if s.successor is not None or s.now < s.due_at:
        return None
    if s.policy.successor is not None and s.policy.successor not in farm.certificates:
        return None  # what keeps that one away is said already
    held_back = [
        *guards.unmended(s),
        *guards.unknown_or_paused(s),
        *guards.room_for_successor(s),
        *guards.no_domain(s),
    ]
    if not primary.self_signed:
        held_back.append(
            Block(
                "custom_certificate",
                farm.server,
                None,
                f"the primary certificate ({primary.thumbprint}) was issued by a CA and ends at {format_time(primary.not_after)}: get its"
                " successor issued and name it in renew_signing_cert_successor (with renew_signing_cert_pfx_path the role imports it on every"
                " server), or add it with federation.adfs.certificate",
            )
        )
    elif not farm.auto_rollover:
        held_back.extend(guards.generation_by_switch(s))
    held_back.extend(guards.window(s, farm.server, "the successor is due, but neither freezes nor the maintenance windows allow it now"))
    if held_back:
        blocks.extend(held_back)
        return None
    promotes = min(s.now + farm.thresholds.promotion, primary.not_after - farm.thresholds.critical)
    if farm.auto_rollover and promotes - s.now < s.publication_interval + s.policy.run_interval:
        reason = f"AD FS would promote a new certificate at {format_time(promotes)}, before it is known everywhere; its clock is held first"
        return Act("suspend_auto_rollover", reason)
    return Act(
        "generate",
        f"the primary certificate ends at {format_time(primary.not_after)} and AD FS has no successor",
        thumbprint=UNBORN,
        toggles=not farm.auto_rollover,
    )


def _promote(s: Situation, blocks: list[Block]) -> Act | None:
    """T4: the successor signs; only ours where the operator said so."""
    farm = s.seen.farm
    if s.policy.promote != "role" or s.successor is None or farm.auto_rollover:
        return None
    held_back = guards.promotion_blocks(s)
    if not held_back and s.ready and s.successor in farm.from_store:
        held_back = server_steps.key_checks(s, s.successor)
    if held_back or not s.ready:
        blocks.extend(held_back)
        return None
    return Act("promote", "every domain and every server knows the successor", thumbprint=s.successor)


def _settle(s: Situation, blocks: list[Block]) -> Act | None:
    """T6: the same two certificates with the primary first, so that Entra's own updater rests."""
    if s.successor is not None or s.paused or not s.following or s.broken:
        return None
    writes: list[Write] = []
    for status in s.statuses:
        slots, primary = status.domain.slots, s.seen.farm.primary
        if status.writable and not status.unknown and slots.signing != primary and len(slots.accepted) == 2 and primary in slots.accepted:
            writes.extend(checked_write(s, status.domain, rules.ordered(slots.accepted, primary), blocks))
    where = names(w.domain.name for w in writes)
    closed = [*guards.window(s, where, "the members are in the old order, which is safe; neither freezes nor the maintenance windows allow writing now")]
    if writes and closed:
        blocks.extend(closed)
        return None
    return act_on_domains("reorder", writes, f"{s.seen.farm.title} signs with the certificate in the second member; it belongs into the first")


def _retire(s: Situation, blocks: list[Block]) -> Act | None:
    """T6r, only if asked for: the old certificate leaves the domains."""
    if not s.policy.remove_old_from_entra or s.successor is not None or s.paused or not s.following or s.broken:
        return None
    leaving = [
        status
        for status in s.statuses
        if status.writable
        and status.domain.slots.signing == s.seen.farm.primary
        and status.domain.slots.next in (s.seen.farm.certificates | s.journal.history) - s.live
    ]
    if not leaving:
        return None
    where = names(status.domain.name for status in leaving)
    interval = _retire_interval(s)
    since = s.journal.followed[1] if s.journal.followed else None
    held_back = list(guards.unconfirmed_servers(s))
    if since is None or s.now - since < interval:
        held_back.append(
            Block("retire_interval", where, (since or s.now) + interval, "the old certificate stays until no token signed with it can arrive any more")
        )
    held_back.extend(guards.window(s, where, "neither freezes nor the maintenance windows allow retiring now"))
    if held_back:
        blocks.extend(held_back)
        return None
    writes = [w for status in leaving for w in checked_write(s, status.domain, Slots(s.seen.farm.primary, None), blocks)]
    return act_on_domains("remove_from_entra", writes, "no server signs with the old certificate any more (renew_signing_cert_remove_old_from_entra)")


def _retire_interval(s: Situation) -> timedelta:
    """Iret: until no server and no token can need the old key any more."""
    longest = max((party.token_lifetime for party in s.seen.farm.relying_parties), default=RelyingParty.token_lifetime)
    return max(2 * s.seen.farm.poll + longest + SKEW, s.policy.propagation) + s.policy.safety


def _remove_old(s: Situation, blocks: list[Block]) -> Act | None:
    """T7, only if asked for: the old certificate leaves AD FS, once neither a session nor a proxy's trust can rest on it."""
    farm = s.seen.farm
    leaving = sorted(farm.certificates - {farm.primary} - s.live)
    if not s.policy.remove_old_from_adfs or not leaving or s.successor is not None or s.paused or not s.following or s.broken:
        return None
    interval = max(_retire_interval(s), max(farm.sso_lifetime, farm.proxy_trust_lifetime) + s.policy.safety)
    since = s.journal.followed[1] if s.journal.followed else None
    held_back = [*guards.unconfirmed_servers(s)]
    if since is None or s.now - since < interval:
        held_back.append(
            Block("remove_interval", names(leaving), (since or s.now) + interval, "the old certificate stays in AD FS until no session can rest on it any more")
        )
    held_back.extend(guards.window(s, names(leaving), "neither freezes nor the maintenance windows allow removing it now"))
    if held_back:
        blocks.extend(held_back)
        return None
    if farm.auto_rollover:
        return Act(
            "suspend_auto_rollover", "the old certificate is taken out of AD FS (renew_signing_cert_remove_old_from_adfs), which needs automatic rollover off"
        )
    return Act("remove_from_adfs", "no server signs with the old certificate any more (renew_signing_cert_remove_old_from_adfs)", thumbprint=leaving[0])


def _waiting(s: Situation) -> Iterable[Block]:
    """What a run that has nothing more to do is waiting for."""
    farm = s.seen.farm
    if farm.provider is not None:
        yield from third_party.waiting(s)
        return
    if not s.following:
        behind = [server.name for server in farm.servers if server.seen and server.primary != farm.primary]
        reason = "these servers still sign with their earlier certificate; the domains keep both until they follow" + server_steps.late_servers(s)
        yield Block("sync", names(behind), s.now + 2 * farm.poll, reason)
        return
    if s.successor is None:
        if s.now < s.due_at:
            yield Block(
                "due", farm.server, s.due_at, f"the primary certificate is valid until {format_time(s.seen.primary_key.not_after)}; renewal is due from then on"
            )
        return
    if s.policy.promote == "role":
        if farm.auto_rollover:
            yield from guards.promotion_blocks(s)
        return
    yield from guards.unmended(s)
    yield from guards.no_domain(s)
    yield from guards.unknown_or_paused(s)
    yield from guards.not_known_everywhere(s, s.successor)
    if farm.auto_rollover:
        yield Block("adfs_clock", farm.server, s.adfs_promotes_at, "AD FS promotes the successor by itself at one of its checks from then on")
    elif s.wanted_auto_rollover is not True or s.policy.promote == "never":
        yield Block("promote_policy", farm.server, None, "automatic rollover is off, so AD FS will not promote: set renew_signing_cert_promote to role")


def _gated(s: Situation, blocks: list[Block], act: Act | None) -> Act | None:
    """Protective acts obey no window, unless the operator gave up that protection."""
    if act is None or s.policy.protect:
        return act
    reason = f"{act.action} would keep sign-in alive, but renew_signing_cert_protect is false and no window allows it now"
    closed = [*guards.window(s, s.seen.farm.host_name, reason)]
    blocks.extend(closed)
    return None if closed else act
