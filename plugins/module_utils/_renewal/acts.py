# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The acts, one class for each kind, and what a decision is made of besides.

A class states once what there is to say of its kind: which module carries it out and with which arguments, what it changes, what the
journal must hold before it, and whether permission is needed. Planning, approval, the role and the tests use that one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from ansible_collections.federation.adfs.plugins.module_utils._renewal import rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, back_up
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import (
    TOKEN_DECRYPTING,
    TOKEN_SIGNING,
    UNBORN,
    Alarm,
    Decrypting,
    Domain,
    Key,
    Observation,
    Slots,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.pace import UNKNOWN_REACH
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import names


@dataclass(frozen=True)
class Write:
    """Both members of one domain as they shall be; ``before`` and ``after`` say whether sign-in is safe in the worst case."""

    domain: Domain
    slots: Slots
    before: bool
    after: bool

    @property
    def arguments(self) -> dict[str, Any]:
        """The entry of the module's option ``domains``."""
        was, shall = self.domain.slots, self.slots
        return {
            "domain": self.domain.name,
            "signing_certificate": shall.signing,
            "next_signing_certificate": shall.next,
            "clear_next": shall.next is None and was.next is not None,
            "expected": {"signing": was.signing or "", "next": was.next or ""},
        }


@dataclass(frozen=True)
class Act:
    """One change: on the primary AD FS server, on ``server``, or (``writes``) on domains.

    ``protective``: it keeps sign-in alive, so it needs no window, no end of a freeze and no approval. What a kind is by itself says
    ``gated``; an act says otherwise where it belongs to a larger change: switching rollover off for a promotion, or a planned rollback.
    ``toggles``: automatic rollover is off by policy and must be on for just this act. The kinds add no field, so they are no dataclasses of
    their own: making one costs each run a millisecond.
    """

    action: ClassVar[str]
    module: ClassVar[str]
    gated: ClassVar[bool] = False

    reason: str
    writes: tuple[Write, ...] = ()
    thumbprint: str | None = None
    protective: bool | None = None
    toggles: bool = False
    server: str | None = None
    certificate_type: str = TOKEN_SIGNING

    def __post_init__(self) -> None:
        if self.protective is None:
            object.__setattr__(self, "protective", not self.gated)

    @property
    def arguments(self) -> dict[str, Any]:
        """The options of ``module``; for domains its option ``domains`` by tenant, because each tenant has its own call."""
        return {}

    def after(self, seen: Observation, now: datetime) -> Observation:
        """The observation as it would be once the act is done and read back."""
        raise NotImplementedError

    def before(self, s: Situation, journal: Journal) -> Journal:
        """What the journal must hold before the act, besides the lock."""
        return journal

    def said(self, primary_server: str) -> str:
        """One line for people: what, where, why."""
        where = names(w.domain.name for w in self.writes) or self.server or primary_server
        return f"{self.action.replace('_', ' ')}: {where} ({self.reason})"


# -- on the AD FS server -------------------------------------------------------------------------------------------------------------


class Generate(Act):
    """AD FS makes a successor."""

    action = "generate"
    module = "certificate_rollover"
    gated = True

    @property
    def arguments(self) -> dict[str, Any]:
        return {"certificate_type": self.certificate_type, "keep_rollover_off": self.toggles}

    def after(self, seen: Observation, now: datetime) -> Observation:
        ends = later(now, seen.farm.thresholds.duration)
        if self.certificate_type == TOKEN_DECRYPTING:
            return _with_decrypting(seen, (*seen.farm.decrypting, Decrypting(UNBORN, now, ends, False)))
        born = Key(UNBORN, now, ends)
        return replace(seen, farm=replace(seen.farm, certificates=seen.farm.certificates | {UNBORN}), keys={**seen.keys, UNBORN: born})


class Add(Act):
    """AD FS takes a certificate from elsewhere as the successor."""

    action = "add"
    module = "certificate"
    gated = True

    @property
    def arguments(self) -> dict[str, Any]:
        return {"certificate_type": self.certificate_type, "thumbprint": self.thumbprint, "state": "present"}

    def after(self, seen: Observation, now: datetime) -> Observation:
        farm, key = seen.farm, str(self.thumbprint)
        # Validity of a successor that is still a file is known only once it is imported.
        added = seen.keys.get(key) or Key(key, now, later(now, farm.thresholds.duration), False)
        farm = replace(farm, certificates=farm.certificates | {key}, from_store=farm.from_store | {key})
        return replace(seen, farm=farm, keys={**seen.keys, key: added})


class Promote(Act):
    """Another certificate of AD FS becomes primary."""

    action = "promote"
    module = "certificate"
    gated = True

    @property
    def arguments(self) -> dict[str, Any]:
        return {"certificate_type": self.certificate_type, "thumbprint": self.thumbprint, "state": "present", "primary": True}

    def after(self, seen: Observation, now: datetime) -> Observation:
        if self.certificate_type == TOKEN_DECRYPTING:
            return _with_decrypting(seen, (replace(d, is_primary=d.thumbprint == self.thumbprint) for d in seen.farm.decrypting))
        farm, key = seen.farm, str(self.thumbprint)
        # The primary server reads the configuration itself; the others copy it later.
        servers = tuple(replace(x, primary=key) if x.seen and x.name == farm.server.lower() else x for x in farm.servers)
        return replace(seen, farm=replace(farm, primary=key, servers=servers))


class RemoveFromAdfs(Act):
    """A certificate with which no server signs leaves AD FS."""

    action = "remove_from_adfs"
    module = "certificate"
    gated = True

    @property
    def arguments(self) -> dict[str, Any]:
        return {"certificate_type": self.certificate_type, "thumbprint": self.thumbprint, "state": "absent"}

    def after(self, seen: Observation, now: datetime) -> Observation:
        if self.certificate_type == TOKEN_DECRYPTING:
            return _with_decrypting(seen, (d for d in seen.farm.decrypting if d.thumbprint != self.thumbprint))
        return replace(seen, farm=replace(seen.farm, certificates=seen.farm.certificates - {str(self.thumbprint)}))


class SuspendAutoRollover(Act):
    """AD FS' own clock is stopped. What was wanted is in the journal before, so that a run that dies leaves no riddle."""

    action = "suspend_auto_rollover"
    module = "farm_properties"

    @property
    def arguments(self) -> dict[str, Any]:
        return {"auto_certificate_rollover": False}

    def after(self, seen: Observation, now: datetime) -> Observation:
        return replace(seen, farm=replace(seen.farm, auto_rollover=False))

    def before(self, s: Situation, journal: Journal) -> Journal:
        held = s.wanted_auto_rollover is not False
        # Only what is held for a renewal stays held until that is done; whether one is near, clocks that differ do not tell.
        renewal = held and not s.clock_differs and (bool(s.promotable) or s.now >= s.due_at or s.promotes_too_early(max(s.reach, UNKNOWN_REACH)))
        primary = s.seen.farm.primary if renewal else None
        return replace(
            journal, auto_rollover_wanted=s.wanted_auto_rollover, auto_rollover_suspended=held, suspended_for=primary, released=None, left_to_adfs=None
        )


class RestoreAutoRollover(Act):
    """AD FS' own clock runs again."""

    action = "restore_auto_rollover"
    module = "farm_properties"

    @property
    def arguments(self) -> dict[str, Any]:
        return {"auto_certificate_rollover": True}

    def after(self, seen: Observation, now: datetime) -> Observation:
        return replace(seen, farm=replace(seen.farm, auto_rollover=True))

    def before(self, s: Situation, journal: Journal) -> Journal:
        # With a thumbprint it is the last call: that certificate is let sign, and the clock is not held for it again.
        if self.thumbprint is None:
            return journal
        if self.thumbprint == s.seen.farm.primary:
            return replace(journal, left_to_adfs=self.thumbprint)
        return replace(journal, released=self.thumbprint)


class Restart(Act):
    """The service of one server is restarted, so that it follows."""

    action = "restart"
    module = "win_service"
    gated = True

    @property
    def arguments(self) -> dict[str, Any]:
        return {"name": "adfssrv", "state": "restarted", "force_dependent_services": True}

    def after(self, seen: Observation, now: datetime) -> Observation:
        farm = seen.farm
        servers = tuple(replace(x, primary=farm.primary, certificates=farm.certificates) if x.name == self.server else x for x in farm.servers)
        return replace(seen, farm=replace(farm, servers=servers))


# -- on domains ----------------------------------------------------------------------------------------------------------------------


class OnDomains(Act):
    """Both members of domains are written, each after a fresh look. What is replaced is in the journal before."""

    module = "entra_federation"

    @property
    def arguments(self) -> dict[str, Any]:
        calls: dict[str, Any] = {}
        for write in self.writes:
            calls.setdefault(write.domain.tenant_id, []).append(write.arguments)
        return calls

    def after(self, seen: Observation, now: datetime) -> Observation:
        written = {w.domain.key: w.slots for w in self.writes}
        return replace(seen, domains=tuple(replace(d, slots=written[d.key]) if d.key in written else d for d in seen.domains))

    def before(self, s: Situation, journal: Journal) -> Journal:
        return back_up(journal, {w.domain.key: (w.domain.slots, w.domain.slots.accepted - w.slots.accepted) for w in self.writes}, s.noted_at)


class Publish(OnDomains):
    """Domains learn a certificate before it signs."""

    action = "publish"


class Repair(OnDomains):
    """Domains whose sign-in is broken learn what signs."""

    action = "repair"


class Reorder(OnDomains):
    """The same two certificates, with the primary first."""

    action = "reorder"
    gated = True


class RemoveFromEntra(OnDomains):
    """The old certificate leaves domains."""

    action = "remove_from_entra"
    gated = True


class Evict(OnDomains):
    """Stolen keys leave domains, whatever else stands in them."""

    action = "evict"


KINDS: Mapping[str, type[Act]] = {
    kind.action: kind
    for kind in (
        *(Generate, Add, Promote, RemoveFromAdfs, SuspendAutoRollover, RestoreAutoRollover, Restart),
        *(Publish, Repair, Reorder, RemoveFromEntra, Evict),
    )
}


def read_act(shown: Mapping[str, Any]) -> Act:
    """Return the act that RV(plan.actions) of rollover_plan shows, as far as its effect goes. Raises KeyError and TypeError for what is none."""
    kind = KINDS[shown["action"]]
    key = shown["thumbprint"] or shown.get("certificate")
    if not issubclass(kind, OnDomains):
        server, certificate_type = shown["targets"][0], shown.get("certificate_type", TOKEN_SIGNING)
        return kind("", thumbprint=key, protective=shown.get("protective"), server=server, certificate_type=certificate_type)
    held = [(Domain(x["tenant_id"], x["domain"], Slots(**x["expected"])), Slots(**x["slots"])) for x in shown["targets"]]
    return kind("", tuple(Write(domain, slots, False, False) for domain, slots in held), key, shown.get("protective"))


def _with_decrypting(seen: Observation, found: Iterable[Decrypting]) -> Observation:
    return replace(seen, farm=replace(seen.farm, decrypting=tuple(found)))


# -- what a decision is made of besides -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A guard that holds something back, what it is about, and when to ask again (None: only a person can lift it).

    ``certificate``: the one that a server must be able to use, where that is what it is about.
    """

    condition: str
    object: str
    until: datetime | None
    reason: str
    certificate: str | None = None


@dataclass(frozen=True)
class Decision:
    act: Act | None
    blocks: tuple[Block, ...]
    alarms: tuple[Alarm, ...]


def checked_write(s: Situation, domain: Domain, slots: Slots, blocks: list[Block]) -> Sequence[Write]:
    """The general rule, for every write to a domain: what it forbids is not written, and said."""
    live = s.live_for(domain)
    allowed, before, after = rules.write_allowed(domain, slots, live, s.journal, s.policy.propagation, s.waited_until, s.only_seen, bool(s.clock_differs))
    if not allowed:
        blocks.append(Block("sign_in", domain.name, None, f"the write would make {domain.name} lose a certificate that a server may still sign with"))
        return []
    return [Write(domain, slots, before, after)]


def act_on_domains(kind: type[OnDomains], writes: Sequence[Write], reason: str, thumbprint: str | None = None, protective: bool | None = None) -> Act | None:
    """The act of this kind on these domains, or none where there is nothing to write."""
    return kind(reason, tuple(writes), thumbprint, protective) if writes else None
