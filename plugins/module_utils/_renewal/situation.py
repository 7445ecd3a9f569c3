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

from ansible_collections.federation.adfs.plugins.module_utils._renewal import pace, rules, spans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import CLOCK_TOLERANCE, Journal, ever_primary
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Domain, Observation, Server
from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import tenant_key
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time


@dataclass(frozen=True)
class DomainStatus:
    """One domain as the rules see it. ``belongs``: it signs in here, or accepts a certificate of ours. ``ours``: it signs in here.

    ``refused``: a write to it in this run was refused, or could not be seen afterwards; it is not written again. ``acknowledged``: the
    operator accepts that it may lack what AD FS signs with. ``broken``: it does not accept a key that signs. ``compromised``: stolen keys that it accepts.
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
    def relevant(self) -> bool:
        """It is the farm's, or may be: what could not be read is not known to be somebody else's."""
        return self.belongs or self.unreadable is not None

    @property
    def counted(self) -> bool:
        """It decides about the state."""
        return self.relevant and not self.acknowledged

    @property
    def writable(self) -> bool:
        """Only a domain whose users sign in here is ever written: accepting a certificate of ours is not enough."""
        return self.ours and not self.excluded and not self.refused and self.domain.can_write is not False


@dataclass(frozen=True)
class Situation:
    """One observation with its journal, policy and time. Everything on it is derived.

    ``journal_closed``: why the journal cannot be written, empty where it can. ``lock_age``: how long ago its file was written, by the server's clock.
    ``ahead``: by how much the controller's clock is ahead of ``now``, which is the server's where both agree well enough.
    ``newly_promoted``: the primary certificate is another one than at the last scan.
    """

    seen: Observation
    journal: Journal
    policy: Policy
    now: datetime
    journal_closed: str = ""
    lock_age: timedelta | None = None
    newly_promoted: bool = False
    ahead: timedelta = timedelta(0)

    # Keys

    @cached_property
    def live(self) -> frozenset[str]:
        """Every known key that can sign now. When room is made for the successor, servers that could not be seen do not count any more."""
        live = rules.live_keys(self.seen.farm)
        return live - rules.unseen_keys(self.seen.farm) if self.making_room and len(live) > 1 else live

    @cached_property
    def only_seen(self) -> frozenset[str]:
        """Keys that servers sign with and that the farm is not known to have. Stolen ones are not protected."""
        return rules.only_seen_keys(self.seen.farm) - self.compromised - self.journal.revoked.keys()

    @cached_property
    def compromised(self) -> frozenset[str]:
        """Every key that was seen now and is stolen, by certificate or by public key."""
        stolen = dict(self.journal.revoked)
        if self.journal.emergency is not None:
            stolen.update(self.journal.emergency.keys)
        if not stolen:
            return frozenset()
        public = {p for p in stolen.values() if p}
        return frozenset(k.thumbprint for k in self.seen.keys.values() if k.thumbprint in stolen or k.public_key in public)

    @cached_property
    def emergency(self) -> bool:
        """Stolen keys of the farm are somewhere still, or it was not seen that they are gone."""
        return self.journal.emergency is not None

    @cached_property
    def signs_with_stolen(self) -> bool:
        return self.emergency and self.seen.farm.primary in self.compromised

    @cached_property
    def compromised_in_farm(self) -> bool:
        """AD FS or one of its servers has a stolen key."""
        farm = self.seen.farm
        keys = frozenset.union(farm.certificates, rules.live_keys(farm), *(server.certificates for server in farm.servers))
        return bool(self.compromised & keys)

    @cached_property
    def successors(self) -> tuple[str, ...]:
        """The certificates of AD FS that are to become primary, oldest first."""
        return self._following_by_origin or self._left_over

    @cached_property
    def _following_by_origin(self) -> tuple[str, ...]:
        """What is to follow by when and under which certificate it came. After a theft, whatever is not stolen may."""
        seen = self.seen
        if self.signs_with_stolen:
            keys = (seen.keys[k] for k in seen.farm.certificates - self.compromised)
            return tuple(k.thumbprint for k in sorted(keys, key=lambda k: (k.not_before, k.thumbprint)) if not k.expired(self.now))
        if seen.farm.provider is not None:
            primary = seen.primary_key
            others = (seen.keys[k] for k in seen.farm.certificates if k != primary.thumbprint)
            later_ones = (k for k in others if not k.expired(self.now) and k.not_before >= primary.not_before)
            return tuple(k.thumbprint for k in sorted(later_ones, key=lambda k: (k.not_before, k.thumbprint)))[-1:]
        return tuple(k.thumbprint for k in rules.successors(seen, self.journal.own, self._undone, self.now) if k.thumbprint not in self.compromised)

    @cached_property
    def _left_over(self) -> tuple[str, ...]:
        """Where nothing else is to follow: what AD FS would promote if its clock were not held, and what never signed, from when on room is made for it.

        Until then somebody may say what it is for. Held any longer, every domain would lose its sign-in at the end; so would it where it cannot be held.
        """
        by_itself = self.clock_held or self.seen.farm.auto_rollover is True
        if not by_itself or not self._looks_after_renewal or self.emergency:
            return ()
        keys = rules.promotable(self.seen, (), self.now)
        if self.now < self._room_before(self._signs_at_latest(rules.adfs_promotes_at(self.seen, keys, self.now))):
            return ()
        return tuple(k.thumbprint for k in keys if k.thumbprint not in ever_primary(self.journal.own).keys() | self.compromised)

    @cached_property
    def _undone(self) -> frozenset[str]:
        """What a rollback took back, once its pause is lifted."""
        rollback = self.journal.rollback
        return frozenset({rollback.undone}) if rollback is not None and rollback.lifted else frozenset()

    @cached_property
    def successor(self) -> str | None:
        """The certificate that is to sign next. Of several, the one that most domains accept already."""
        if not self.successors:
            return None
        return max(self.successors, key=lambda k: (sum(k in s.domain.slots.accepted for s in self.statuses if s.belongs), self.successors.index(k)))

    @cached_property
    def promotable(self) -> tuple[str, ...]:
        """What AD FS' own clock may promote, stolen keys included."""
        if self.seen.farm.provider is not None:
            return ()
        following = [self.seen.keys[k] for k in self.successors]
        return tuple(k.thumbprint for k in rules.promotable(self.seen, following, self.now))

    @cached_property
    def required(self) -> frozenset[str]:
        """What every domain must accept before the signer changes: the successor; where it is not known who signs, all that may."""
        provider = self.seen.farm.provider
        if provider is not None and not provider.certain:
            return frozenset(k for k in self.live if not self.seen.keys[k].expired(self.now)) or self.live
        return frozenset({self.successor}) if self.successor else frozenset()

    def unknown_to(self, domain: Domain) -> frozenset[str]:
        """What the domain does not accept of what is required."""
        return self.required - domain.slots.accepted

    @cached_property
    def trusted(self) -> frozenset[str]:
        return (self.seen.farm.certificates | self.journal.history | self.policy.known_certificates) - self.compromised

    @cached_property
    def to_remove(self) -> frozenset[str]:
        """Keys that the operator named as stolen and that are not the farm's: consent to take them out of its domains, and nothing else."""
        return self.policy.compromised - self.journal.own.keys() - self.seen.farm.certificates

    @cached_property
    def custom(self) -> bool:
        """The primary certificate is an administrator's own: AD FS does not renew it. What lies in LocalMachine is, self-signed or not."""
        return self.seen.farm.primary in self.seen.farm.from_store or not self.seen.primary_key.self_signed

    # Policy and pauses

    @cached_property
    def paused(self) -> bool:
        """The operator said pause, or a rollback did. A theft goes before it."""
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
    def clock_held(self) -> bool:
        """Automatic rollover is off although it is wanted on: this collection holds AD FS' clock, or does not give it back."""
        return self.seen.farm.auto_rollover is False and (self.journal.auto_rollover_suspended or self.policy.auto_rollover is True)

    @cached_property
    def clock_differs(self) -> str:
        """Empty where the server's clock and the controller's agree well enough, else what to say."""
        farm = self.seen.farm
        skew = abs(farm.time - self.now)
        if skew <= CLOCK_TOLERANCE:
            return ""
        return (
            f"The clocks of {farm.server} ({format_time(farm.time)}) and the controller ({format_time(self.now)}) differ by"
            f" {int(skew.total_seconds() // 60)} minutes. Only acts that protect sign-in are done until they agree within 5 minutes; check Windows Time"
            " (w32tm /query /status)"
        )

    @cached_property
    def noted_at(self) -> datetime:
        """The time that is noted in the journal. Where the clocks differ it is the later one, so that nothing is waited for too short."""
        return max(self.now, self.seen.farm.time) if self.clock_differs else later(self.now, max(self.ahead, timedelta(0)))

    @cached_property
    def surely_past(self) -> datetime:
        """The time up to which something surely ended: where the clocks differ the earlier one."""
        return min(self.now, self.seen.farm.time) if self.clock_differs else self.now

    @cached_property
    def waited_until(self) -> datetime:
        """The time up to which something was waited for: the earlier of both clocks. One that was set meanwhile must not end a wait too early."""
        return later(self.now, min(self.ahead, timedelta(0)))

    # Domains and servers

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
    def unreadable(self) -> tuple[DomainStatus, ...]:
        """Domains, and whole tenants, that could not be read and that the operator did not acknowledge."""
        return tuple(s for s in self.counted if s.unreadable is not None)

    @cached_property
    def out_of_reach(self) -> tuple[DomainStatus, ...]:
        """Domains in which no run can publish anything, because they cannot be read or written."""
        return tuple(s for s in self.counted if s.unreadable is not None or not s.writable)

    @cached_property
    def unclaimed(self) -> tuple[DomainStatus, ...]:
        """Domains that sign in elsewhere and accept a certificate of the farm, or that the operator named."""
        named = self.policy.domains or frozenset()
        return tuple(s for s in self.statuses if s.unreadable is None and not s.ours and not s.acknowledged and (s.belongs or s.domain.name in named))

    @cached_property
    def unseen_servers(self) -> tuple[Server, ...]:
        return tuple(s for s in self.seen.farm.servers if not s.seen)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Domains that an earlier scan of this rollover saw and this one did not, by name, unless they are acknowledged."""
        return self.vanished((self.successor or self.seen.farm.primary,))

    def vanished(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Domains that an earlier scan saw and this one did not, by name, but for those that the operator acknowledged with one of these keys."""
        seen = {d.name for d in self.seen.domains}  # not by tenant: a domain moves to another one, and is in one alone
        unread = {d.tenant_id for d in self.seen.domains if not d.name}
        noted = ((name, tenant) for tenant, _slash, name in (key.partition("/") for key in self.journal.first_seen))
        gone = ((name, tenant) for name, tenant in noted if name not in seen and tenant not in unread)
        return tuple(sorted({name for name, tenant in gone if not self._named(name, tenant, keys)}))

    @cached_property
    def following(self) -> bool:
        """Every server that was seen signs with the configured primary."""
        return all(s.primary == self.seen.farm.primary for s in self.seen.farm.servers if s.seen)

    @cached_property
    def unseen_followers(self) -> tuple[Server, ...]:
        """Servers that cannot be seen and were last seen to sign with another certificate than the primary."""
        return tuple(s for s in self.unseen_servers if (s.primary or s.signed_with) not in (None, self.seen.farm.primary))

    @cached_property
    def published(self) -> bool:
        """The successor is in the settings of every domain that is asked about it."""
        return self.successor is not None and not any(self.unknown_to(s.domain) for s in self.asked(self.successor))

    @cached_property
    def not_ready(self) -> tuple[DomainStatus, ...]:
        """Domains where Entra may somewhere still serve a value without the successor."""
        if self.seen.farm.provider is None:
            return self.lacking(self.successor)
        return tuple(s for s in self.counted if self.successor is None or not all(self.omnipresent(k, s.domain) for k in self.required))

    @cached_property
    def servers_not_showing(self) -> tuple[Server, ...]:
        """Servers that were not seen to publish both the primary and the successor."""
        return self.not_showing(self.successor)

    @cached_property
    def crowded(self) -> tuple[str, ...]:
        """Where more than two token-signing certificates are: Entra's updater may take any two of them."""
        farm = self.seen.farm
        where = [farm.server] if len(farm.certificates) > 2 else []
        return (*where, *(s.name for s in farm.servers if s.seen and len(s.certificates) > 2 and s.name != farm.server))

    @cached_property
    def ready(self) -> bool:
        """The successor may sign without losing one sign-in."""
        return (
            self.successor is not None
            and len(self.successors) == 1
            and any(s.relevant for s in self.statuses)
            and not self.not_ready
            and not self.missing
            and not self.servers_not_showing
            and not self.only_seen
            and (not self.crowded or self.seen.farm.provider is not None)
            and self.seen.farm.servers_confirmed
        )

    # Times

    @cached_property
    def publication_interval(self) -> timedelta:
        return rules.publication_interval(self.seen.farm, self.policy.propagation, self.policy.safety)

    @cached_property
    def adfs_promotes_at(self) -> datetime:
        """The earliest moment at which AD FS' clock promotes a certificate; the latest is one check interval later."""
        return rules.adfs_promotes_at(self.seen, [self.seen.keys[k] for k in self.promotable], self.now)

    @cached_property
    def publication_left(self) -> timedelta:
        """What is left of the publication interval in the slowest domain."""
        if self.ready:
            return timedelta(0)
        asked = self.asked(self.successor)
        if not self.published or not asked or len(self.successors) != 1:
            return self.publication_interval
        since = max(self.journal.first_seen.get(s.domain.key, {}).get(str(self.successor), self.now) for s in asked)
        return max(self.publication_interval - (self.now - since), timedelta(0))

    @cached_property
    def renewed_certificate(self) -> str:
        """The certificate that the renewal under way replaces: the primary, or the earlier one while servers still follow or it is to be removed."""
        scans, primary = self.journal.scans, self.seen.farm.primary
        if scans is None or scans.certificate == primary or self._following_by_origin:
            return primary
        leaving = self.policy.remove_old_from_adfs and scans.certificate in self.seen.farm.certificates
        leaving = leaving or (
            self.policy.remove_old_from_entra
            and any(
                scans.certificate in d.slots.accepted and d.name not in self.policy.domains_excluded and rules.signs_in_here(d, self.seen.farm, False)
                for d in self.seen.domains
            )
        )
        return scans.certificate if not self.following or leaving else primary

    @cached_property
    def distances(self) -> tuple[timedelta, ...]:
        """The last distances between scans of the renewal under way."""
        return pace.distances(self.journal.scans, self.renewed_certificate, self.policy.run_interval)

    @cached_property
    def reach(self) -> timedelta:
        """How far off the next scan may be."""
        return pace.reach(self.journal.scans, self.renewed_certificate, self.policy.run_interval)

    @cached_property
    def unsure_reach(self) -> timedelta:
        """As ``reach``, for what a run leaves undone: as long as no distance is known, the next run may come late."""
        return self.reach if self.distances else max(self.reach, pace.UNKNOWN_REACH)

    @cached_property
    def scans_kept_from(self) -> datetime | None:
        """From when on scans that were noted for the renewal which brought this primary count for its own renewal, too; None where none do.

        Whatever ``renew_before`` says, every one counts from then on: none came in between that was not noted.
        """
        scans, own = self.journal.scans, self.journal.own.get(self.seen.farm.primary)
        if scans is None or own is None or own.under != scans.certificate:
            return None
        return earlier(self.seen.primary_key.not_after, pace.always_counted(self.seen.farm.thresholds.generation))

    @cached_property
    def scans_count(self) -> bool:
        """A renewal is near or under way, so that how often runs come matters."""
        if self.seen.farm.provider is not None:
            return False
        begins = earlier(self.seen.primary_key.not_after, max(self.policy.renew_before, pace.always_counted(self.seen.farm.thresholds.generation)))
        return self.now >= begins or bool(self.promotable) or self.renewed_certificate != self.seen.farm.primary

    def promotes_too_early(self, reach: timedelta) -> bool:
        """AD FS would promote before the successor is known everywhere, counting that the next run comes ``reach`` later."""
        if not self.seen.farm.clock_runs or self.ready or self.seen.farm.provider is not None:
            return False
        late = max(self.now, self.seen.farm.time) if self.clock_differs else self.now
        return self.adfs_promotes_at - late < self.publication_left + reach

    @cached_property
    def last_safe_moment(self) -> datetime:
        """The last moment at which a successor can be let sign so that every server still follows before the primary ends."""
        return earlier(self.seen.primary_key.not_after, max(self.seen.farm.thresholds.critical, self.one_check))

    @cached_property
    def one_check(self) -> timedelta:
        """How long it takes at most until AD FS does what its thresholds say, and every server follows."""
        return self.seen.farm.thresholds.check + 2 * self.seen.farm.poll + self.policy.safety

    @cached_property
    def last_call_at(self) -> datetime:
        """From when on the successor is let sign although something still blocks: the last scan that is sure to come before it is too late."""
        return earlier(self.last_safe_moment, self.reach)

    @cached_property
    def room_made_from(self) -> datetime:
        """From when on the successor gets its place in every domain, also in that of servers that cannot be seen and of unknown certificates."""
        return self._room_before(self._signs_at_latest(self.adfs_promotes_at))

    def _signs_at_latest(self, by_adfs: datetime) -> datetime:
        """When the successor signs at the latest: at the last call, or earlier, ``by_adfs``, where nobody keeps AD FS from promoting it."""
        return min(self.last_call_at, by_adfs) if self.clock_cannot_be_held and self.seen.farm.auto_rollover else self.last_call_at

    def _room_before(self, moment: datetime) -> datetime:
        """When the last run that is sure to come before ``moment`` still has time to publish."""
        return earlier(moment, self.publication_interval, self.reach)

    @cached_property
    def clock_cannot_be_held(self) -> bool:
        """Nobody would know later who held AD FS' clock, and that automatic rollover is wanted: then no run could give it back."""
        return bool(self.journal_closed) and self.policy.auto_rollover is None and not self.emergency

    @cached_property
    def released(self) -> bool:
        """The last call gave AD FS its clock back: for this successor, or where there could be none, for this primary certificate."""
        return self.journal.released in self.promotable or self.journal.left_to_adfs == self.seen.farm.primary

    @cached_property
    def _looks_after_renewal(self) -> bool:
        return not self.paused and self.policy.protect and self.seen.farm.provider is None and self.policy.auto_rollover is not False

    @cached_property
    def obliged(self) -> bool:
        """Who holds AD FS' clock owes a successor in time. Not where the operator paused, gave up protection, or switched rollover off."""
        return (self.clock_held or self.released) and self._looks_after_renewal

    @cached_property
    def owed(self) -> bool:
        """Who holds AD FS' clock owes the successor that AD FS would have made, and who sees that AD FS makes it too late: nothing that gates it stops it."""
        if self.obliged:
            return self.now >= self.due_at or self.now >= earlier(self.seen.primary_key.not_after, self.seen.farm.thresholds.generation)
        return self.adfs_comes_too_late and self.deadline is not None and later(self.now, self.reach) >= self.deadline

    @cached_property
    def adfs_comes_too_late(self) -> bool:
        """AD FS, left alone, makes its successor so late that it may promote it only after the primary's end. Then nobody but a run prevents that."""
        thresholds = self.seen.farm.thresholds
        late = max(thresholds.critical, thresholds.generation - thresholds.promotion - thresholds.check) < self.one_check
        return late and self.gives_room and not self.promotable and not self.custom and self.policy.promote != "role"

    @cached_property
    def making_room(self) -> bool:
        """The successor goes before the last known keys of servers that cannot be seen, and before unknown certificates."""
        return self.gives_room and not self.clock_differs and self.now >= self.room_made_from and bool(self.promotable)

    @cached_property
    def gives_room(self) -> bool:
        """Near the end the successor goes before others: who holds the clock owes it, and AD FS, whose clock runs, lets it sign by itself."""
        return self._looks_after_renewal and (self.clock_held or self.released or self.seen.farm.auto_rollover is True)

    @cached_property
    def ends_at(self) -> datetime:
        """The end of the certificate that the next renewal is about."""
        farm = self.seen.farm
        if farm.provider is None or (self.successor is not None and not self.published):
            return self.seen.primary_key.not_after
        return max(self.seen.keys[k].not_after for k in farm.certificates)

    @cached_property
    def due_at(self) -> datetime:
        return earlier(self.ends_at, self.policy.renew_before)

    @cached_property
    def deadline(self) -> datetime | None:
        """Until when the next step must have begun: publishing counted backwards from expiry, then the promotion where it is not AD FS' own."""
        thresholds = self.seen.farm.thresholds
        critical = earlier(self.ends_at, thresholds.critical)
        latest = earlier(critical, self.publication_interval, timedelta(days=3))
        if self.seen.farm.provider is not None:
            return latest
        if not self.promotable and self.policy.promote != "role" and thresholds.critical < self.one_check:
            # AD FS' check at its critical threshold may come after the end, so it has to promote by the age of the successor.
            latest = min(latest, earlier(self.last_safe_moment, thresholds.promotion))
        if not self.published:
            if not self.seen.farm.clock_runs:
                return latest
            latest = min(latest, earlier(self.ends_at, thresholds.generation - thresholds.promotion, self.publication_interval, self.reach))
            # Nobody keeps AD FS from promoting what is there already, so it has to be published before.
            return min(latest, self._room_before(self.adfs_promotes_at)) if self.clock_cannot_be_held and self.promotable else latest
        if not self.seen.farm.clock_runs or self.paused:
            return critical
        # After a last call AD FS promotes although something still blocks: until then that can be mended.
        return self.adfs_promotes_at if self.released and not self.ready else None

    @cached_property
    def state(self) -> str:
        """The words of the state table, for what was seen now. What could not be read is counted beside it."""
        if self.emergency:
            return "emergency"
        if self.broken:
            return "broken"
        if self.unknown:
            return "unknown_certificate" if any(status.unknown for status in self.unknown) else "settings_changed"
        if self.paused:
            return "paused"
        if not self.following or self.unseen_followers:
            return "promoting"
        read = [s for s in self.counted if s.unreadable is None]
        if self.successor is not None:
            if self.ready:
                return "ready"
            if read and all(not self.unknown_to(s.domain) for s in read) and len(self.successors) == 1:
                return "published"
            return "publishing" if any(self.successor in s.domain.slots.accepted for s in read) else "generated"
        if any(s.domain.slots.signing != self.seen.farm.primary for s in read if s.ours):
            return "promoted"
        return "complete" if any(len(s.domain.slots.accepted) > 1 for s in read) else "steady"

    def asked(self, key: str | None) -> tuple[DomainStatus, ...]:
        """The domains that decide whether ``key`` may sign: the farm's and those that could not be read, but for those acknowledged with it."""
        return tuple(s for s in self.statuses if s.relevant and not (key is not None and self.accepted_loss(s.domain, s.unreadable, (key,))))

    def lacking(self, key: str | None) -> tuple[DomainStatus, ...]:
        """Asked domains where Entra may somewhere still serve a value without ``key``."""
        return tuple(s for s in self.asked(key) if key is None or s.unreadable is not None or not self.omnipresent(key, s.domain))

    def not_showing(self, key: str | None) -> tuple[Server, ...]:
        """Servers that were not seen to publish both the primary and ``key``."""
        both = {self.seen.farm.primary, key}
        return tuple(s for s in self.seen.farm.servers if not s.seen or not both <= s.certificates)

    def omnipresent(self, key: str, domain: Domain) -> bool:
        return rules.omnipresent(key, domain, self.journal, self.policy.propagation, self.waited_until)

    def served(self, domain: Domain) -> list[frozenset[str]]:
        """Every value that Entra may still serve."""
        return rules.served_values(domain, self.journal, self.policy.propagation, self.waited_until, bool(self.clock_differs))

    def live_for(self, domain: Domain) -> frozenset[str]:
        """What the domain has to accept. A stolen key is not brought into a domain again from which it was evicted; that one waits for the servers."""
        emergency = self.journal.emergency
        if emergency is None or not self.live & self.compromised:
            return self.live
        held = [b.slots.accepted for b in self.journal.backups.get(domain.key, ()) if b.at >= emergency.declared]
        evicted = any(accepted & self.compromised for accepted in held) and not domain.slots.accepted & self.compromised
        if not evicted and emergency.priority == "availability" and emergency.evicted is None:
            return self.live
        return frozenset(k for k in self.live if k not in self.compromised or k in domain.slots.accepted)

    def window(self) -> datetime | None:
        """None where acts that windows and freezes gate may happen now, else when that is to be asked again."""
        return spans.closed_until(self.policy, self.now)

    def accepted_loss(self, domain: Domain, unreadable: str | None, keys: Iterable[str | None]) -> bool:
        """The operator acknowledged that the domain may lack one of these keys, and it does, or cannot be read."""
        lacked = [k for k in keys if k and (unreadable is not None or k not in domain.slots.accepted)]
        return self._named(domain.name, domain.tenant_id, lacked)

    def _named(self, name: str, tenant: str, keys: Iterable[str | None]) -> bool:
        marks = {name, tenant_key(tenant)} if tenant else {name}
        return any((mark, key) in self.policy.domains_acknowledged for mark in marks for key in keys if key)

    def _status(self, domain: Domain) -> DomainStatus:
        farm = self.seen.farm
        unreadable = domain.error
        if unreadable is None and not domain.configured and domain.is_root:
            unreadable = "Entra shows no federation settings for it although it is federated"
        holds = bool(domain.slots.accepted & farm.certificates)
        named = self.policy.domains is not None and domain.name in self.policy.domains
        ours = unreadable is None and domain.configured and rules.signs_in_here(domain, farm, named)
        unreadable_keys = (farm.primary, *self.successors) if unreadable is not None else (farm.primary,)
        strange = rules.unknown_keys(domain, self.seen.keys, self.trusted, self.surely_past, self.to_remove) if ours else []
        return DomainStatus(
            domain=domain,
            belongs=ours or (unreadable is None and domain.configured and holds),
            ours=ours,
            excluded=domain.name in self.policy.domains_excluded or (self.policy.domains is not None and domain.name not in self.policy.domains),
            refused=domain.name in self.policy.refused,
            acknowledged=self.accepted_loss(domain, unreadable, unreadable_keys),
            broken=ours and rules.surely_broken(domain, farm, self.live_for(domain)),
            unknown=tuple(k for k in strange if k not in self.compromised),
            unreadable=unreadable,
            compromised=tuple(sorted(domain.slots.accepted & self.compromised)),
        )
