# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the rules say of one observation: who is live, what each domain lacks, which state the rollover is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ansible_collections.federation.adfs.plugins.module_utils._renewal import rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import SCAN_SLACK, Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Observation, Server
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class DomainStatus:
    """One domain as the rules see it. ``belongs``: it signs in here, or holds a certificate of ours. ``ours``: it signs in here.

    ``counted``: it decides about the state and may block a promotion. ``refused``: Entra refused a write to it in this run.
    ``compromised``: stolen keys that it accepts.
    """

    domain: Domain
    belongs: bool
    ours: bool
    excluded: bool
    refused: bool
    acknowledged: bool
    broken: bool
    unknown: tuple[str, ...]
    unreadable: str | None
    compromised: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        return (self.belongs or self.unreadable is not None) and not self.acknowledged

    @property
    def writable(self) -> bool:
        """Only a domain whose users sign in here is ever written: holding a certificate of ours is not enough."""
        return self.ours and not self.excluded and not self.refused


@dataclass(frozen=True)
class Situation:
    """One observation with its journal, policy and time. Everything on it is derived."""

    seen: Observation
    journal: Journal
    policy: Policy
    now: datetime

    @cached_property
    def live(self) -> frozenset[str]:
        return rules.live_keys(self.seen.farm)

    @cached_property
    def successors(self) -> tuple[str, ...]:
        """The certificates of AD FS that may become primary, oldest first. After a theft, whatever is not stolen may."""
        if self.seen.farm.primary in self.compromised:
            keys = (self.seen.keys[k] for k in self.seen.farm.certificates - self.compromised)
            return tuple(k.thumbprint for k in sorted(keys, key=lambda k: (k.not_before, k.thumbprint)) if not k.expired(self.now))
        return tuple(k.thumbprint for k in rules.successors(self.seen, self.now) if k.thumbprint not in self.compromised)

    @cached_property
    def successor(self) -> str | None:
        """The youngest certificate of AD FS after the primary. After promotion the old one is a leftover, no successor."""
        return self.successors[-1] if self.successors else None

    @cached_property
    def compromised(self) -> frozenset[str]:
        """Every key that was seen now and is stolen, by certificate or by public key."""
        emergency = self.journal.emergency
        if emergency is None:
            return frozenset()
        public = {p for p in emergency.keys.values() if p}
        return frozenset(k.thumbprint for k in self.seen.keys.values() if k.thumbprint in emergency.keys or k.public_key in public)

    @cached_property
    def emergency(self) -> bool:
        """Stolen keys are somewhere still, or may be copied back by Entra's own updater from what a server published a short while ago."""
        known = self.journal.emergency
        if known is None:
            return False
        watched = known.gone is not None and known.evicted is not None and self.now - max(known.gone, known.evicted) >= self.policy.propagation
        return not watched or self.compromised_in_farm or any(status.compromised for status in self.statuses)

    @cached_property
    def compromised_in_farm(self) -> bool:
        """AD FS or one of its servers has a stolen key."""
        farm = self.seen.farm
        return bool(self.compromised & frozenset.union(farm.certificates, self.live, *(server.certificates for server in farm.servers)))

    @cached_property
    def required(self) -> frozenset[str]:
        """What every domain must hold before the signer changes: the successor; where nobody knows who signs, all that may."""
        provider = self.seen.farm.provider
        if provider is not None and not provider.certain:
            return self.live
        return frozenset({self.successor}) if self.successor else frozenset()

    def unknown_to(self, domain: Domain) -> frozenset[str]:
        """What the domain does not hold of what is required."""
        return self.required - domain.slots.accepted

    @cached_property
    def trusted(self) -> frozenset[str]:
        return (self.seen.farm.certificates | self.journal.history | self.policy.known_certificates) - self.compromised

    @cached_property
    def paused(self) -> bool:
        """The operator said hold, or a rollback did. A theft goes before it."""
        if self.emergency:
            return False
        return self.policy.pause if self.policy.pause is not None else self.journal.pause is not None

    @cached_property
    def wanted_auto_rollover(self) -> bool | None:
        """Policy first, then on as it is found on, then what the journal recorded before this collection switched it off."""
        if self.policy.auto_rollover is not None:
            return self.policy.auto_rollover
        if self.seen.farm.auto_rollover:
            return True
        return self.journal.auto_rollover_wanted if self.journal.auto_rollover_suspended else None

    @cached_property
    def clock_differs(self) -> str:
        """Empty where the server's clock and the controller's agree well enough, else what to say."""
        farm = self.seen.farm
        skew = abs(farm.time - self.now)
        if skew <= CLOCK_TOLERANCE:
            return ""
        return (
            f"the clock of {farm.server} ({format_time(farm.time)}) and the controller's ({format_time(self.now)}) differ by"
            f" {int(skew.total_seconds() // 60)} minutes; nothing is written until they agree within 5 minutes: mend time synchronisation"
        )

    @cached_property
    def statuses(self) -> tuple[DomainStatus, ...]:
        return tuple(self._status(d) for d in self.seen.domains)

    @cached_property
    def counted(self) -> tuple[DomainStatus, ...]:
        return tuple(s for s in self.statuses if s.counted)

    @cached_property
    def belongs(self) -> frozenset[str]:
        return frozenset(s.domain.key for s in self.statuses if s.belongs)

    @cached_property
    def broken(self) -> tuple[DomainStatus, ...]:
        return tuple(s for s in self.counted if s.broken)

    @cached_property
    def unknown(self) -> tuple[DomainStatus, ...]:
        return tuple(s for s in self.counted if s.unknown or (s.ours and s.domain.deviations))

    @cached_property
    def unseen_servers(self) -> tuple[Server, ...]:
        return tuple(s for s in self.seen.farm.servers if not s.seen)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Domains that an earlier look of this rollover saw and this one did not, by name, unless they are acknowledged."""
        seen = {d.key for d in self.seen.domains}
        gone = (key.partition("/")[2] for key in self.journal.first_seen if key not in seen)
        return tuple(sorted(name for name in gone if not self._acknowledged(name)))

    @cached_property
    def following(self) -> bool:
        """Every server that was seen signs with the configured primary."""
        return all(s.primary == self.seen.farm.primary for s in self.seen.farm.servers if s.seen)

    @cached_property
    def published(self) -> bool:
        """The successor is in the settings of every counted domain."""
        return self.successor is not None and not any(self.unknown_to(s.domain) for s in self.counted)

    @cached_property
    def not_ready(self) -> tuple[DomainStatus, ...]:
        """Counted domains where Entra may somewhere still serve a value without the successor."""
        if self.seen.farm.provider is None:
            return self.lacking(self.successor)
        return tuple(s for s in self.counted if self.successor is None or not all(self.omnipresent(k, s.domain) for k in self.required))

    @cached_property
    def servers_not_showing(self) -> tuple[Server, ...]:
        """Servers that were not seen to publish both the primary and the successor."""
        return self.not_showing(self.successor)

    @cached_property
    def ready(self) -> bool:
        """S4: the successor may sign without losing one sign-in."""
        return (
            self.successor is not None
            and len(self.successors) == 1
            and bool(self.counted)
            and not self.not_ready
            and not self.missing
            and not self.servers_not_showing
            and self.seen.farm.servers_confirmed
        )

    @cached_property
    def publication_interval(self) -> timedelta:
        return rules.publication_interval(self.seen.farm, self.policy.propagation, self.policy.safety)

    @cached_property
    def adfs_promotes_at(self) -> datetime:
        return rules.adfs_promotes_at(self.seen, self.now)

    @cached_property
    def publication_left(self) -> timedelta:
        """What is left of the publication interval in the slowest domain."""
        if self.ready:
            return timedelta(0)
        if not self.published or not self.counted:
            return self.publication_interval
        since = max(self.journal.first_seen.get(s.domain.key, {}).get(str(self.successor), self.now) for s in self.counted)
        return max(self.publication_interval - (self.now - since), timedelta(0))

    @cached_property
    def clock_is_near(self) -> bool:
        """AD FS would promote before the successor is known everywhere, counting that the next run comes one interval later.

        Without a successor it makes one and promotes it in the same moment, at its critical threshold.
        """
        if not self.seen.farm.auto_rollover or self.ready:
            return False
        return self.adfs_promotes_at - self.now < self.publication_left + self.policy.run_interval + SCAN_SLACK

    @cached_property
    def ends_at(self) -> datetime:
        """The end of the certificate that the next renewal is about."""
        farm = self.seen.farm
        if farm.provider is None or (self.successor is not None and not self.published):
            return self.seen.primary_key.not_after
        return max(self.seen.keys[k].not_after for k in farm.certificates)

    @cached_property
    def due_at(self) -> datetime:
        return self.ends_at - self.policy.renew_before

    @cached_property
    def deadline(self) -> datetime | None:
        """Until when the next step must have begun: publishing counted backwards from expiry, then the promotion where it is not AD FS' own."""
        critical = self.ends_at - self.seen.farm.thresholds.critical
        if not self.published or self.seen.farm.provider is not None:
            return critical - self.publication_interval - timedelta(days=3)
        return None if self.seen.farm.auto_rollover and not self.paused else critical

    @cached_property
    def state(self) -> str:
        """The words of the state table, for what is seen now."""
        if self.emergency:
            return "emergency"
        if self.broken:
            return "broken"
        if self.unknown:
            return "unknown_certificate" if any(status.unknown for status in self.unknown) else "settings_changed"
        if self.paused:
            return "paused"
        if not self.following:
            return "promoting"
        if self.successor is not None:
            if self.ready:
                return "ready"
            if self.published:
                return "published" if self.counted else "generated"
            return "publishing" if any(self.successor in s.domain.slots.accepted for s in self.counted) else "generated"
        if any(s.domain.slots.signing != self.seen.farm.primary for s in self.counted):
            return "promoted"
        return "complete" if any(len(s.domain.slots.accepted) > 1 for s in self.counted) else "steady"

    def lacking(self, key: str | None) -> tuple[DomainStatus, ...]:
        """Counted domains where Entra may somewhere still serve a value without ``key``."""
        return tuple(s for s in self.counted if key is None or not self.omnipresent(key, s.domain))

    def not_showing(self, key: str | None) -> tuple[Server, ...]:
        """Servers that were not seen to publish both the primary and ``key``."""
        both = {self.seen.farm.primary, key}
        return tuple(s for s in self.seen.farm.servers if not s.seen or not both <= s.certificates)

    def omnipresent(self, key: str, domain: Domain) -> bool:
        return rules.omnipresent(key, domain, self.journal, self.policy.propagation, self.now)

    def window(self) -> datetime | None:
        """None where acts that windows and freezes gate may happen now, else when that is to be asked again."""
        frozen = [f.end for f in self.policy.freezes if f.start <= self.now < f.end]
        if frozen:
            return max(frozen)
        if not self.policy.windows or any(w.start <= self.now < w.end for w in self.policy.windows):
            return None
        later = [w.start for w in self.policy.windows if w.start > self.now]
        return min(later) if later else self.now + self.policy.run_interval

    def _acknowledged(self, name: str) -> bool:
        return any((name, key) in self.policy.domains_acknowledged for key in (self.seen.farm.primary, self.successor) if key)

    def _status(self, domain: Domain) -> DomainStatus:
        farm = self.seen.farm
        unreadable = domain.error
        if unreadable is None and not domain.configured and domain.is_root:
            unreadable = "Entra shows no federation settings for it although it is federated"
        holds = bool(domain.slots.accepted & farm.certificates)
        named = self.policy.domains is not None and domain.name in self.policy.domains
        ours = unreadable is None and domain.configured and (rules.signs_in_here(domain, farm, named) or (domain.sign_in_host is None and holds))
        return DomainStatus(
            domain=domain,
            belongs=ours or (unreadable is None and domain.configured and holds),
            ours=ours,
            excluded=domain.name in self.policy.domains_excluded or (self.policy.domains is not None and domain.name not in self.policy.domains),
            refused=domain.name in self.policy.refused,
            acknowledged=self._acknowledged(domain.name),
            broken=ours and rules.surely_broken(domain, farm, self.live),
            unknown=tuple(rules.unknown_keys(domain, self.seen.keys, self.trusted, self.now)) if ours else (),
            unreadable=unreadable,
            compromised=tuple(sorted(domain.slots.accepted & self.compromised)),
        )


def names(objects: Iterable[str], most: int = 5) -> str:
    """A list for people: the first few, and how many more."""
    found = list(objects)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")
