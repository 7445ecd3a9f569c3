# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What an operator has to look at, at every run, whatever the run does."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.federation.adfs.plugins.module_utils._renewal import decrypting, emergency, generation, guards, other_writers, rules, third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Alarm, Domain
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


def alarms(s: Situation) -> Iterator[Alarm]:
    """Everything that needs a look, about any identity provider."""
    yield from s.seen.alarms
    yield from decrypting.alarms(s)
    yield from emergency.alarms(s)
    yield from _domains(s)
    yield from other_writers.alarms(s)
    if s.seen.farm.provider is not None:
        yield from third_party.alarms(s)
        return
    yield from _keys(s)
    yield from _rollover(s)
    yield from _handed_back(s)


def _domains(s: Situation) -> Iterator[Alarm]:
    farm = s.seen.farm
    for status in s.statuses:
        if status.unknown:
            yield Alarm(
                "unknown_certificate",
                status.domain.name,
                f"{status.domain.name} accepts a certificate that is not this farm's ({names(status.unknown)}): find out whose it is; then list it in"
                " renew_signing_cert_known_certificates, or set renew_signing_cert_unknown_certificates to replace",
            )
    for status in s.unreadable:
        yield Alarm("unreadable", status.domain.title, f"could not read {status.domain.title}: {status.unreadable}")
    for status in s.unclaimed:
        yield Alarm("unclaimed", status.domain.name, f"{status.domain.name} {_claim(s, status.domain)}, but {_elsewhere(s, status.domain)}")
    if not any(status.belongs for status in s.statuses):
        yield Alarm(
            "no_domain",
            farm.host_name,
            f"no federated domain that could be read sends its users to {farm.host_name}; check renew_signing_cert_tenants, and that this is the right farm",
        )


def _handed_back(s: Situation) -> Iterator[Alarm]:
    """What nobody finishes any more once these runs end."""
    if not s.policy.hand_back:
        return
    farm = s.seen.farm
    unfinished = []
    lacking = [status.domain.title for status in s.lacking(s.successor)] if s.successor is not None else []
    if lacking:
        unfinished.append(f"{names(lacking)} lack the successor {s.successor}")
    if s.broken:
        unfinished.append(f"sign-in is broken for {names(b.domain.name for b in s.broken)}")
    if s.emergency:
        unfinished.append("the emergency is not over")
    if not s.following:
        unfinished.append("not every server signs with the primary certificate")
    left = f"unfinished: {'; '.join(unfinished)}" if unfinished else "nothing is unfinished"
    rollover = "on" if farm.auto_rollover else "off"
    yield Alarm("hand_back", farm.server, f"{left}. Automatic rollover is {rollover}. Without these runs nobody brings a new certificate to the domains")


def _claim(s: Situation, domain: Domain) -> str:
    named = s.policy.domains is not None and domain.name in s.policy.domains
    return "is named in renew_signing_cert_domains" if named else "accepts a certificate of this farm"


def _elsewhere(s: Situation, domain: Domain) -> str:
    if not domain.configured:
        return f"it inherits its settings from {domain.root or 'its root domain'}; name that one"
    if s.seen.farm.provider is not None:
        return f"its issuer is {domain.issuer_uri} and it sends its users to {domain.sign_in_uri}: neither is {s.seen.farm.identifier}'s"
    return (
        f"it sends its users to {domain.sign_in_host}, not to {s.seen.farm.host_name}: name it in the run of that farm, or list that host name in"
        " renew_signing_cert_host_names if it leads to this farm"
    )


def _keys(s: Situation) -> Iterator[Alarm]:
    farm, primary = s.seen.farm, s.seen.primary_key
    if not rules.entra_trust_works(farm):
        yield Alarm(
            "entra_trust",
            farm.server,
            f"AD FS has no relying party trust with the identifier {rules.ENTRA_IDENTIFIER} that is enabled, so no sign-in to Entra works through it:"
            " see Get-AdfsRelyingPartyTrust",
        )
    signing = rules.live_keys(farm) | s.only_seen
    if len(signing) > 2:
        yield Alarm(
            "too_many_signers",
            farm.host_name,
            f"the servers sign with {len(signing)} different certificates, a domain holds two; bring the servers named in the plan in step first",
        )
    for block in (*guards.several_successors(s), *guards.crowded(s), *guards.only_seen(s)):
        yield Alarm(block.condition, block.object, block.reason)
    if primary.expired(s.now):
        yield Alarm(
            "expired", farm.server, f"the primary certificate ended at {format_time(primary.not_after)}; whether Entra still accepts it is not documented"
        )
    if primary.not_before > s.now:
        yield Alarm(
            "not_yet_valid",
            farm.server,
            f"the primary certificate is not valid before {format_time(primary.not_before)}: the clock of a server was wrong when it was made. Generate a new"
            " one and promote it",
        )


def _room(s: Situation) -> Iterator[Alarm]:
    """Whose place the successor takes before the end: told from the first run on that sees a successor."""
    if not (s.gives_room and s.promotable):
        return
    unseen = rules.unseen_keys(s.seen.farm)
    for status in s.statuses:
        leaving = sorted(status.domain.slots.accepted & unseen) + list(status.unknown)
        if status.ours and leaving and s.unknown_to(status.domain):
            servers = names(x.name for x in s.unseen_servers if x.primary in leaving) or "whoever signs with it"
            yield Alarm(
                "making_room",
                status.domain.name,
                f"from {format_time(s.room_made_from)} on the successor takes the place of {names(leaving)} in {status.domain.name}: users of {servers} cannot"
                " sign in there then",
            )


def _rollover(s: Situation) -> Iterator[Alarm]:
    farm = s.seen.farm
    if s.custom and farm.auto_rollover:
        yield Alarm(
            "custom_with_auto_rollover",
            farm.server,
            "the primary certificate is not AD FS' own while automatic rollover is on: AD FS will replace it by a self-signed one. Name its successor in"
            " renew_signing_cert_successor, or set renew_signing_cert_auto_rollover",
        )
    if not s.custom and farm.auto_rollover is False and s.wanted_auto_rollover is None:
        yield Alarm(
            "auto_rollover_off",
            farm.server,
            "automatic rollover is off and the primary certificate is AD FS' own, so nothing renews it; set renew_signing_cert_auto_rollover to say what is"
            " wanted",
        )
    if farm.auto_rollover is None:
        block = guards.rollover_unknown(s)
        yield Alarm("auto_rollover_unknown", block.object, block.reason)
    yield from _room(s)
    for reason in generation.not_generated(s):
        yield Alarm("not_generated", farm.server, reason)
    if s.newly_promoted and farm.auto_rollover and (s.paused or s.window() is not None or list(guards.relying_parties(s))):
        yield Alarm(
            "promoted_by_adfs",
            farm.server,
            f"AD FS promoted {farm.primary} by itself since the last run, although the run's settings would have held it back: tell the owners of the other"
            " relying parties",
        )
