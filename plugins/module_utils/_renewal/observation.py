# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What one look at both sides saw, as plain values. Nothing here reads, writes or knows the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

TOKEN_SIGNING = "Token-Signing"
TOKEN_DECRYPTING = "Token-Decrypting"
UNBORN = "successor"
"""Stands for the thumbprint of a successor that a planned act will make."""


@dataclass(frozen=True)
class Key:
    """One certificate with its key, named by its thumbprint (or UNBORN)."""

    thumbprint: str
    not_before: datetime
    not_after: datetime
    self_signed: bool = True
    public_key: str = ""

    def expired(self, now: datetime) -> bool:
        return self.not_after <= now


@dataclass(frozen=True)
class Thresholds:
    """AD FS' own rollover clock (Get-AdfsProperties), read and never assumed."""

    generation: timedelta = timedelta(days=20)
    promotion: timedelta = timedelta(days=5)
    critical: timedelta = timedelta(days=2)
    check: timedelta = timedelta(minutes=720)
    duration: timedelta = timedelta(days=365)


@dataclass(frozen=True)
class Server:
    """One AD FS server: what it was itself seen to publish, or that it could not be seen and why.

    ``primary`` and ``certificates`` are its own lagging copy, or what the journal last knew of it. ``how`` it was seen: metadata or sync.
    ``host``: its name in the inventory, if it is there. ``last_sync_time`` and ``last_sync_status``: what it said itself, if it was asked.
    ``stranger``: it shows a key, in a valid document of the farm, that the farm's primary server does not know. ``signed_with``: what a server that
    cannot be seen last signed with, where that certificate is nowhere at hand any more: it cannot be brought into a domain, and is not forgotten.
    """

    name: str
    seen: bool
    reason: str = ""
    primary: str | None = None
    certificates: frozenset[str] = frozenset()
    how: str | None = None
    host: str | None = None
    asked: bool = False
    last_sync_time: datetime | None = None
    last_sync_status: int | None = None
    stranger: bool = False
    signed_with: str | None = None


@dataclass(frozen=True)
class KeyCheck:
    """What one server said of one certificate from elsewhere: each failed check with its advice, or why it could not be asked.

    ``importable``: the run has the certificate with its key in a file, and brings it to the server and lets AD FS read it, if need be.
    """

    thumbprint: str
    server: str
    failed: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    importable: bool = False


@dataclass(frozen=True)
class Decrypting:
    """One token-decrypting certificate. ``from_store``: its key is in the Windows store of each server, so AD FS did not make it."""

    thumbprint: str
    not_before: datetime
    not_after: datetime
    is_primary: bool
    from_store: bool = False


@dataclass(frozen=True)
class RelyingParty:
    """A trust of AD FS. ``token_lifetime``: None where AD FS did not say it in a way that can be read."""

    name: str
    identifiers: tuple[str, ...]
    enabled: bool = True
    token_lifetime: timedelta | None = timedelta(minutes=60)
    risk: str | None = None


@dataclass(frozen=True)
class Provider:
    """An identity provider that is known by its metadata alone. Nobody says which of its certificates signs now.

    ``signer``: who signed the document; None where it is unsigned and the operator confirmed each certificate. ``certain``: whether
    ``Farm.primary`` is sure to sign tokens, because there is no other, or because it is an AD FS, which signs its document with it.
    """

    signer: str | None
    certain: bool
    adfs: bool
    sign_in_uri: str | None = None


@dataclass(frozen=True)
class Farm:
    """The configuration of one AD FS farm, as its primary server reports it; or of another identity provider, as far as its metadata tells.

    ``auto_rollover``: None where AD FS did not say. ``host_names``: further names of the service, that the operator lists.
    ``longest_token``: the longest token lifetime among trusts that are not listed here one by one. ``unknown_lifetimes``: whose lifetimes could
    not be read.
    """

    identifier: str
    host_name: str
    server: str
    time: datetime
    auto_rollover: bool | None
    primary: str
    certificates: frozenset[str]
    thresholds: Thresholds = Thresholds()
    servers: tuple[Server, ...] = ()
    servers_confirmed: bool = False
    relying_parties: tuple[RelyingParty, ...] = ()
    poll: timedelta = timedelta(seconds=300)
    sso_lifetime: timedelta = timedelta(minutes=480)
    proxy_trust_lifetime: timedelta = timedelta(minutes=21600)
    provider: Provider | None = None
    from_store: frozenset[str] = frozenset()
    """The token-signing certificates whose keys are in the Windows store of each server, and not in AD FS' own configuration."""
    key_checks: tuple[KeyCheck, ...] = ()
    decrypting: tuple[Decrypting, ...] = ()
    host_names: frozenset[str] = frozenset()
    longest_token: timedelta = timedelta(0)
    unknown_lifetimes: tuple[str, ...] = ()
    managed_by_connect: bool = False
    """Microsoft Entra Connect manages the trust of Entra ID, as the names of its claim rules show."""

    @property
    def clock_runs(self) -> bool:
        """Whether AD FS may make or promote a certificate by itself. Where it did not say, it may."""
        return self.auto_rollover is not False

    @property
    def title(self) -> str:
        """How messages call it."""
        return "AD FS" if self.provider is None else "the identity provider"


@dataclass(frozen=True)
class Slots:
    """The two certificate members of a domain's federation settings, by thumbprint."""

    signing: str | None
    next: str | None

    @property
    def accepted(self) -> frozenset[str]:
        return frozenset(k for k in (self.signing, self.next) if k)


@dataclass(frozen=True)
class Domain:
    """One federated domain of one tenant; without a name it stands for a tenant of which nothing could be read.

    ``error`` says why its settings could not be read, ``deviations`` what differs from the baseline,
    ``faults`` settings with which nobody can sign in, whatever the certificate. ``configuration``: the id of its federation
    configuration. ``can_write``: what the token shows of the
    permission to write it; None where it does not show it. ``in_order``: every certificate in it is stored as Graph documents it.
    """

    tenant_id: str
    name: str
    slots: Slots
    is_root: bool = True
    root: str | None = None
    configured: bool = True
    issuer_uri: str | None = None
    sign_in_host: str | None = None
    sign_in_uri: str | None = None
    update_result: str | None = None
    error: str | None = None
    deviations: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    configuration: str = ""
    can_write: bool | None = None
    in_order: bool = True

    @property
    def key(self) -> str:
        """Names the domain in the journal."""
        return f"{self.tenant_id}/{self.name}"

    @property
    def title(self) -> str:
        """How messages call it."""
        return self.name or f"tenant {self.tenant_id or 'of the environment'}"


@dataclass(frozen=True)
class Observation:
    """Both sides at one moment, and what a person must look at in what was read.

    ``seen_from_outside``: ``yes`` or ``no`` where probes told whether the metadata is publicly accessible.
    """

    farm: Farm
    domains: tuple[Domain, ...]
    keys: Mapping[str, Key]
    alarms: tuple[Alarm, ...] = ()
    seen_from_outside: str | None = None

    @property
    def primary_key(self) -> Key:
        return self.keys[self.farm.primary]


@dataclass(frozen=True)
class Alarm:
    """Something that a person must look at; it may or may not block an act."""

    alarm: str
    object: str
    reason: str
