# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant and its domains: what Graph shows, what sign-in accepts now, and what lies between the two.

Pure model, no sockets. It is not thread-safe by itself: callers hold the world's lock. Time is the lab's virtual clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..clock import Clock
from .audit_log import ADMINISTRATOR, UPDATER, AuditLog
from .federation import ConfigurationError, FederationConfiguration, Slots, changed, load, thumbprint
from .sign_in_log import SignInLog
from .switches import TenantSwitches

MetadataSource = Callable[[str], "list[bytes] | None"]


class NoSuchDomain(LookupError):
    """The tenant has no domain of that name."""


class NotFederated(LookupError):
    """The domain has no federation configuration of its own."""


@dataclass(frozen=True)
class PendingWrite:
    """A write that Graph shows already and sign-in follows at ``due``."""

    due: datetime
    slots: Slots


@dataclass
class Domain:
    """One domain. A federated subdomain without a configuration of its own inherits that of its nearest federated parent."""

    name: str
    authentication_type: str = "Managed"
    is_root: bool = True
    is_verified: bool = True
    is_default: bool = False
    is_initial: bool = False
    federation: FederationConfiguration | None = None
    effective_slots: Slots = field(default_factory=Slots)
    pending: list[PendingWrite] = field(default_factory=list)
    # What reads show while they lag behind a PATCH.
    stale: FederationConfiguration | None = None
    stale_reads: int = 0
    stale_until: datetime | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name.lower()
        if self.federation is not None:
            self.effective_slots = self.federation.slots

    @property
    def configured(self) -> Slots:
        """What Graph shows: ``.signing`` and ``.next`` as DER or None."""
        return self.federation.slots if self.federation else Slots()

    @property
    def effective(self) -> set[bytes]:
        """The certificates in the members that sign-in goes by now (before switches on expiry)."""
        return set(self.effective_slots.certificates())

    def to_graph(self) -> dict[str, Any]:
        """Return the domain as Graph shows it."""
        return {
            "id": self.name,
            "authenticationType": self.authentication_type,
            "availabilityStatus": None,
            "isAdminManaged": True,
            "isDefault": self.is_default,
            "isInitial": self.is_initial,
            "isRoot": self.is_root,
            "isVerified": self.is_verified,
            "supportedServices": ["Email", "OfficeCommunicationsOnline"] if self.is_verified else [],
            "passwordValidityPeriodInDays": 90 if self.is_verified else None,
            "passwordNotificationWindowInDays": 14 if self.is_verified else None,
            "manufacturer": None,
            "model": None,
            "state": None,
        }


def federated_domain(
    name: str,
    sign_in_host: str,
    signing: bytes | None,
    following: bytes | None = None,
    *,
    issuer_uri: str | None = None,
    is_root: bool = True,
    settings: Mapping[str, Any] | None = None,
) -> Domain:
    """Make a federated domain with a configuration of its own, as an AD FS farm at ``sign_in_host`` would have it.

    ``settings`` replaces single members by Graph's names (for example federatedIdpMfaBehavior).
    """
    base = f"https://{sign_in_host}/adfs"
    members: dict[str, Any] = {
        "displayName": name.split(".")[0].capitalize(),
        "issuerUri": issuer_uri or f"http://{name}/adfs/services/trust/",
        "metadataExchangeUri": f"{base}/services/trust/mex",
        "passiveSignInUri": f"{base}/ls/",
        "activeSignInUri": f"{base}/services/trust/2005/usernamemixed",
        "signOutUri": f"{base}/ls/",
        "passwordResetUri": None,
        "preferredAuthenticationProtocol": "wsFed",
        "promptLoginBehavior": None,
        "isSignedAuthenticationRequestRequired": None,
        "federatedIdpMfaBehavior": None,
    }
    unknown = sorted(set(settings or {}) - set(members))
    if unknown:
        raise ValueError(f"domain {name}: unknown federation settings {', '.join(unknown)}")
    members.update(settings or {})
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"federation-configuration:{name.lower()}"))
    configuration = FederationConfiguration(identifier, members, Slots.of(signing, following))
    return Domain(name, authentication_type="Federated", is_root=is_root, federation=configuration)


def inheriting_domain(name: str) -> Domain:
    """Make a federated subdomain that was verified after its root, so it has no configuration of its own."""
    return Domain(name, authentication_type="Federated", is_root=False)


def managed_domain(name: str, *, is_root: bool = True, is_verified: bool = True, is_default: bool = False, is_initial: bool = False) -> Domain:
    """Make a domain whose users sign in at Entra itself."""
    return Domain(name, is_root=is_root, is_verified=is_verified, is_default=is_default, is_initial=is_initial)


@dataclass(frozen=True)
class Administrator:
    """Who holds the role Global Administrator. ``kind``: user, group or servicePrincipal."""

    name: str
    enabled: bool = True
    kind: str = "user"


class Tenant:
    """One Entra tenant."""

    def __init__(
        self,
        clock: Clock,
        tenant_id: str,
        domains: Iterable[Domain] = (),
        switches: TenantSwitches | Mapping[str, Any] | None = None,
        *,
        graph_hosts: Iterable[str] = ("graph.microsoft.com",),
    ) -> None:
        """``graph_hosts``: the Graph hosts that tokens may be asked for, so the cloud of the tenant; the lab's own address always counts."""
        self.clock = clock
        self.tenant_id = tenant_id.lower()
        self.graph_hosts = tuple(graph_hosts)
        self.switches = switches if isinstance(switches, TenantSwitches) else TenantSwitches.from_mapping(switches or {})
        self.metadata_source: MetadataSource | None = None
        self.sign_in_log = SignInLog()
        self.audit_log = AuditLog()
        self.administrators = [Administrator("break-glass@contoso.onmicrosoft.com")]
        self._domains: dict[str, Domain] = {}
        self._ticked = clock.now()
        self._updater_next = self._ticked + timedelta(hours=3)
        # Asked for at every sign-in, so kept until anything that it depends on changes.
        self._revision = 0
        self._next: tuple[tuple[object, ...], datetime | None] = ((), None)
        for domain in domains:
            self.add_domain(domain)

    # --- domains

    @property
    def domains(self) -> list[Domain]:
        """All domains, in the order in which they were added."""
        return list(self._domains.values())

    def add_domain(self, domain: Domain) -> None:
        """Add a domain. Raises ValueError if there is one of that name."""
        if domain.name in self._domains:
            raise ValueError(f"tenant {self.tenant_id} already has the domain {domain.name}")
        self._domains[domain.name] = domain
        self._revision += 1

    def domain(self, name: str) -> Domain:
        """Return the domain of that name, in any letter case. Raises NoSuchDomain."""
        try:
            return self._domains[name.lower()]
        except KeyError:
            raise NoSuchDomain(name) from None

    def has_domain(self, name: str) -> bool:
        """Say whether the tenant has a domain of that name."""
        return name.lower() in self._domains

    def root_of(self, name: str) -> Domain | None:
        """Return the verified root domain above a subdomain (the domain itself if it is one), None if the tenant has none."""
        domain = self.domain(name)
        if domain.is_root:
            return domain
        labels = domain.name.split(".")
        for start in range(1, len(labels) - 1):
            parent = self._domains.get(".".join(labels[start:]))
            if parent is not None and parent.is_root:
                return parent
        return None

    def governing(self, name: str) -> Domain | None:
        """Return the domain whose configuration sign-in uses: itself, the nearest federated parent, or None where users do not sign in at AD FS."""
        domain = self.domain(name)
        if domain.authentication_type != "Federated":
            return None
        if domain.federation is not None:
            return domain
        labels = domain.name.split(".")
        for start in range(1, len(labels) - 1):
            parent = self._domains.get(".".join(labels[start:]))
            if parent is not None and parent.authentication_type == "Federated" and parent.federation is not None:
                return parent
        return None

    # --- sign-in

    def accepted(self, name: str) -> list[bytes]:
        """Return the certificates (DER) whose signature sign-in accepts now for users of the domain; none where it is not federated."""
        domain = self.governing(name)
        if domain is None:
            return []
        now = self.clock.now()
        self.tick(now)
        slots = domain.effective_slots
        usable = slots.certificates()
        if self.switches.next_role == "only_after_expiry" and slots.signing is not None and not _expired(slots.signing, now):
            usable = [slots.signing]
        if not self.switches.expired_keys_accepted:
            usable = [der for der in usable if not _expired(der, now)]
        return usable

    def accepts(self, name: str, der: bytes) -> bool:
        """Say whether sign-in accepts now what this certificate's key signed, for users of the domain."""
        return der in self.accepted(name)

    # --- what Graph does

    def read_configuration(self, name: str) -> FederationConfiguration:
        """Return what a read of Graph shows now, which may lag behind the last PATCH. Raises NoSuchDomain, NotFederated."""
        domain = self.domain(name)
        if domain.federation is None and self.switches.child_settings_readable and not domain.is_root:
            domain = self.governing(name) or domain
        if domain.federation is None:
            raise NotFederated(name)
        if domain.stale is not None:
            if domain.stale_reads > 0:
                domain.stale_reads -= 1
                return domain.stale.copy()
            if domain.stale_until is not None and self.clock.now() < domain.stale_until:
                return domain.stale.copy()
            domain.stale = None
        return domain.federation.copy()

    def patch_configuration(self, name: str, body: Mapping[str, Any]) -> FederationConfiguration:
        """Change a domain's own configuration as Graph's PATCH does and return it.

        Raises NoSuchDomain, NotFederated, or ConfigurationError where Graph answers 400.
        """
        domain = self.domain(name)
        if domain.federation is None:
            raise NotFederated(name)
        now = self.clock.now()
        self.tick(now)
        former = domain.federation
        wanted = changed(former, body, self.switches, now)
        issuer = wanted.settings.get("issuerUri")
        if issuer != former.settings.get("issuerUri") and any(
            other is not domain and other.federation is not None and other.federation.settings.get("issuerUri") == issuer for other in self._domains.values()
        ):
            raise ConfigurationError("The value of property 'issuerUri' is already used by another domain.")
        domain.stale = former.copy()
        domain.stale_reads = self.switches.lagging_reads
        domain.stale_until = now + timedelta(seconds=self.switches.lagging_read_seconds)
        domain.federation = wanted
        self._follow(domain, former.slots, "graph", now, members=sorted(body))
        return wanted.copy()

    # --- for tests and the control endpoint

    def set_slots(self, name: str, signing: bytes | None, following: bytes | None, effective_now: bool = True) -> None:
        """Set both members as some other administrator would. Raises NoSuchDomain, NotFederated."""
        self.set_slot_texts(name, Slots.of(signing, following), effective_now)

    def set_slot_texts(self, name: str, slots: Slots, effective_now: bool = True) -> None:
        """Set both members to any texts, so also to some that are no certificate. Raises NoSuchDomain, NotFederated."""
        domain = self.domain(name)
        if domain.federation is None:
            raise NotFederated(name)
        now = self.clock.now()
        self.tick(now)
        former, domain.federation.slots, domain.federation.set_by = domain.federation.slots, slots, "graph"
        domain.stale = None
        self._revision += 1
        self.audit_log.add(now, domain.name, ADMINISTRATOR)
        if effective_now:
            domain.pending.clear()
            domain.effective_slots = slots
            self._note(domain, former, slots, "control", now, effective=now)
        else:
            self._follow(domain, former, "control", now)

    def set_settings(self, name: str, **members: Any) -> None:
        """Set members other than the certificates, by Graph's names, without any check. Raises NoSuchDomain, NotFederated."""
        domain = self.domain(name)
        if domain.federation is None:
            raise NotFederated(name)
        domain.stale = None
        domain.federation.settings.update(members)
        self.audit_log.add(self.clock.now(), domain.name, ADMINISTRATOR, sorted(members))

    def settled(self) -> bool:
        """Say whether sign-in follows what Graph shows, for every domain."""
        return not any(domain.pending for domain in self._domains.values())

    def describe(self) -> dict[str, Any]:
        """Return the whole state as plain data, certificates by thumbprint."""
        return {
            "tenant_id": self.tenant_id,
            "switches": self.switches.describe(),
            "domains": [self._describe_domain(domain) for domain in self._domains.values()],
        }

    def _describe_domain(self, domain: Domain) -> dict[str, Any]:
        federation = domain.federation
        return {
            "domain": domain.name,
            "authentication_type": domain.authentication_type,
            "is_root": domain.is_root,
            "is_verified": domain.is_verified,
            "configuration_id": federation.id if federation else None,
            "configured": domain.configured.describe(),
            "effective": domain.effective_slots.describe(),
            "accepted": [thumbprint(der) for der in self.accepted(domain.name)],
            "pending": [{"due": _text(write.due), **write.slots.describe()} for write in domain.pending],
            "settings": dict(federation.settings) if federation else None,
            "set_by": federation.set_by if federation else None,
            "update_status": federation.update_status if federation else None,
            "history": list(domain.history),
        }

    # --- time

    def next_event(self) -> datetime | None:
        """Return when something changes by itself next: a write takes effect, the updater runs, a certificate expires. None if nothing will."""
        key = (self._revision, self.metadata_source, *vars(self.switches).values())
        if self._next[0] != key:
            self._next = (key, self._find_next_event())
        return self._next[1]

    def _find_next_event(self) -> datetime | None:
        moments = [write.due for domain in self._domains.values() for write in domain.pending]
        if self.switches.updater and self.metadata_source is not None:
            moments.append(self._updater_next)
        if self.switches.next_role != "equal" or not self.switches.expired_keys_accepted:
            moments += [expiry for domain in self._domains.values() for expiry in _expiries(domain) if expiry > self._ticked]
        return min(moments, default=None)

    def tick(self, now: datetime) -> None:
        """Let everything happen that is due by ``now``, in order of time.

        The updater reads metadata as it is when this is called: a caller that leaps over days ticks at each ``next_event`` on the way.
        """
        while (moment := self.next_event()) is not None and moment <= now:
            for domain in self._domains.values():
                self._take_effect(domain, moment)
            if moment >= self._updater_next:
                self._updater_next += timedelta(days=1)
                self._run_updater(moment)
            if self.switches.next_role == "moves_up_at_expiry":
                for domain in self._domains.values():
                    self._move_up(domain, moment)
            self._ticked = max(self._ticked, moment)
            self._revision += 1
        while self._updater_next <= now:  # days on which it was switched off
            self._updater_next += timedelta(days=1)
            self._revision += 1
        self._ticked = max(self._ticked, now)

    def _take_effect(self, domain: Domain, moment: datetime) -> None:
        while domain.pending and domain.pending[0].due <= moment:
            domain.effective_slots = domain.pending.pop(0).slots

    def _follow(self, domain: Domain, former: Slots, by: str, now: datetime, **detail: Any) -> None:
        """Queue what the configuration holds now for sign-in to follow; writes never overtake one another."""
        self._revision += 1
        slots = domain.configured
        due = now + timedelta(hours=self.switches.propagation_hours)
        if slots != former:
            if domain.pending:
                due = max(due, domain.pending[-1].due)
            domain.pending.append(PendingWrite(due, slots))
        self._note(domain, former, slots, by, now, effective=due, **detail)
        self._take_effect(domain, now)

    def _note(self, domain: Domain, former: Slots, slots: Slots, by: str, now: datetime, *, effective: datetime, **detail: Any) -> None:
        domain.history.append({"time": _text(now), "by": by, "before": former.describe(), "after": slots.describe(), "effective": _text(effective), **detail})

    def _move_up(self, domain: Domain, now: datetime) -> None:
        """Let next replace an expired signing certificate; Entra does it itself, so sign-in follows at once."""
        federation = domain.federation
        if federation is None or federation.slots.signing is None or federation.slots.next is None or not _expired(federation.slots.signing, now):
            return
        former = federation.slots
        if former.signing == former.next:
            return
        kept = None if self.switches.next_may_be_null else former.next_text
        federation.slots, federation.set_by = Slots(former.next_text, kept), "expiry"
        domain.pending.clear()
        domain.effective_slots = federation.slots
        self._note(domain, former, federation.slots, "expiry", now, effective=now)

    # --- Entra's own updater

    def _run_updater(self, now: datetime) -> None:
        if not self.switches.updater or self.metadata_source is None:
            return
        for domain in self._domains.values():
            federation = domain.federation
            if federation is None or domain.authentication_type != "Federated" or not self._updater_looks_at(federation, now):
                continue
            published = self.metadata_source(domain.name)
            if published is None:
                outcome = "couldNotAccessRemoteHost"
            elif not published:
                outcome = "noNewCertificateFound"
            else:
                former, slots = federation.slots, self._updater_slots(federation.slots, published)
                outcome = "success" if slots != former else "noNewCertificateFound"
                if slots != former:
                    federation.slots, federation.set_by = slots, "updater"
                    self.audit_log.add(now, domain.name, UPDATER)
                    self._follow(domain, former, "updater", now)
            federation.update_status = {"certificateUpdateResult": outcome, "lastRunDateTime": now.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"}

    def _updater_looks_at(self, federation: FederationConfiguration, now: datetime) -> bool:
        if not self.switches.updater_overwrites_hand_set and federation.set_by == "graph":
            return False
        signing = federation.slots.signing
        if not self.switches.updater_only_near_expiry or signing is None:
            return True
        return load(signing).not_valid_after_utc - now <= timedelta(days=self.switches.updater_days)

    def _updater_slots(self, slots: Slots, published: list[bytes]) -> Slots:
        """Choose two of what the metadata lists, in document order; with one only, the other member becomes empty where that is possible."""
        found = list(dict.fromkeys(published))
        if self.switches.updater_takes == "newest":
            newest = sorted(found, key=lambda der: load(der).not_valid_before_utc)[-2:]
            found = [der for der in found if der in newest]
        elif self.switches.updater_takes == "last":
            found = found[-2:]
        else:
            found = found[:2]
        if self.switches.updater_reverses_order:
            found.reverse()
        wanted = Slots.of(found[0], found[1] if len(found) > 1 else None)
        if wanted.next_text is None and not self.switches.next_may_be_null:
            kept = slots.next_text if slots.next_text not in (None, wanted.signing_text) else slots.signing_text
            wanted = Slots(wanted.signing_text, kept)
        return wanted


def _expired(der: bytes, now: datetime) -> bool:
    return load(der).not_valid_after_utc <= now


def _expiries(domain: Domain) -> list[datetime]:
    return [load(der).not_valid_after_utc for slots in (domain.configured, domain.effective_slots) for der in slots.certificates()]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
