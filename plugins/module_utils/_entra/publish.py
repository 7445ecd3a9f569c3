# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Writing to federated domains: look again, compare, PATCH both certificates (and what else is asked for), read back.

Only certificates and the members in WRITABLE are ever sent, and a configuration is never made or deleted.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import BATCH_SIZE, GraphClient, Request
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import (
    EMPTY,
    NEXT,
    SETTINGS,
    SIGNING,
    Configuration,
    Slot,
    read_configurations,
    slot_for,
)
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, GraphError
from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import WRITE_PERMISSION

if t.TYPE_CHECKING:
    from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate

# Seconds between looks while Graph still shows the former certificates; about a minute in all.
READ_BACK_PAUSES = (1, 2, 4, 8, 15, 15, 15)
# What may be set besides the certificates, each only where it is asked for. The issuer is not among them, because a wrong one stops
# every sign-in at once, nor is federatedIdpMfaBehavior, which cannot be taken back.
WRITABLE = (
    "display_name",
    "passive_sign_in_uri",
    "active_sign_in_uri",
    "sign_out_uri",
    "metadata_exchange_uri",
    "password_reset_uri",
    "preferred_authentication_protocol",
    "prompt_login_behavior",
)


@dataclass(frozen=True)
class Expected:
    """The thumbprints that a plan was made on; None stands for a slot without a certificate that can be read."""

    signing: str | None
    next: str | None


@dataclass(frozen=True)
class Wish:
    """What one domain shall hold. None leaves a slot alone; only ``clear_next`` empties the next one. ``settings``: names of WRITABLE."""

    domain: str
    signing: Certificate | None = None
    next: Certificate | None = None
    clear_next: bool = False
    expected: Expected | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of a wish. ``before`` is the backup; ``after`` is what was read back, in check mode what would be there."""

    domain: str
    changed: bool = False
    before: Configuration | None = None
    after: Configuration | None = None
    error: str | None = None
    # Somebody else wrote since the caller looked: nothing was tried, and nothing refused.
    raced: bool = False
    # The names of the settings that were asked for.
    settings: Sequence[str] = ()


class NotAsExpected(EntraError):
    """A domain differs from what the caller saw when it decided to write."""


@dataclass(frozen=True)
class _Write:
    """What is sent to one domain, and what it must then show (None: whatever it is)."""

    body: Mapping[str, t.Any]
    signing: Slot | None
    next: Slot | None

    def done(self, now: Configuration) -> bool:
        certificates = (self.signing is None or self.signing.same_as(now.signing)) and (self.next is None or self.next.same_as(now.next))
        return certificates and all(now.members.get(name) == value for name, value in self.body.items() if name not in (SIGNING, NEXT))

    @property
    def what(self) -> str:
        return "certificates" if SIGNING in self.body else "federation settings"

    def upon(self, now: Configuration) -> Configuration:
        """Return what the domain would hold."""
        return Configuration(now.configuration_id, self.signing or now.signing, self.next or now.next, {**now.members, **self.body})


def publish(client: GraphClient, wishes: Sequence[Wish], check_mode: bool) -> list[Outcome]:
    """Carry the wishes out and return one outcome for each, in order; an error of one domain stops no other.

    Raises EntraError only before anything was written, where the domains cannot be looked at at all.
    """
    outcomes = {wish.domain: Outcome(wish.domain, settings=tuple(wish.settings)) for wish in wishes}
    found = read_configurations(client, [wish.domain for wish in wishes])
    writes: dict[str, _Write] = {}
    for wish in wishes:
        outcome = outcomes[wish.domain]
        try:
            outcome.before = outcome.after = _usable(wish.domain, found[wish.domain])
            write = _write_for(wish, outcome.before)
        except EntraError as exc:
            outcome.error, outcome.raced = str(exc), isinstance(exc, NotAsExpected)
            continue
        if write is None:
            continue
        if check_mode:
            outcome.changed = True
            outcome.after = write.upon(outcome.before)
        else:
            writes[wish.domain] = write
    _send(client, writes, outcomes)
    return [outcomes[wish.domain] for wish in wishes]


def _usable(domain: str, found: Configuration | GraphError | None) -> Configuration:
    if isinstance(found, GraphError):
        raise found
    if found is None:
        raise EntraError(
            f"{domain} has no federation configuration of its own: it is not federated, not in this tenant, or a subdomain that inherits from its root. "
            "Nothing was written; name the root domain, or check the name and tenant_id."
        )
    return found


def _write_for(wish: Wish, now: Configuration) -> _Write | None:
    """Return what has to be sent, None if the domain holds what it shall. Raises EntraError if nothing may be sent."""
    settings = {SETTINGS[name]: value for name, value in wish.settings.items() if now.members.get(SETTINGS[name]) != value}
    certificates = _certificates_for(wish, now)
    if not settings and certificates is None:
        return None
    _check_expected(wish, now)
    if certificates is None:
        return _Write(settings, None, None)
    signing, following = certificates
    if signing.certificate is None:
        raise EntraError(f"{wish.domain} has no signing certificate that can be read and kept; give signing_certificate too. Nothing was written there.")
    body: dict[str, t.Any] = {SIGNING: signing.certificate.der, NEXT: following.raw, **settings}
    if following.raw is None and not wish.clear_next:
        # There is no next certificate and none is wished for. A null would erase one that Entra's own updater puts there meanwhile.
        del body[NEXT]
        return _Write(body, signing, None)
    return _Write(body, signing, following)


def _certificates_for(wish: Wish, now: Configuration) -> tuple[Slot, Slot] | None:
    """Return what both slots shall hold, None if they do already."""
    signing = slot_for(wish.signing) if wish.signing else now.signing
    following = EMPTY if wish.clear_next else slot_for(wish.next) if wish.next else now.next
    return None if signing.same_as(now.signing) and following.same_as(now.next) else (signing, following)


def _check_expected(wish: Wish, now: Configuration) -> None:
    if wish.expected is None or (wish.expected.signing == now.signing.thumbprint and wish.expected.next == now.next.thumbprint):
        return
    raise NotAsExpected(
        f"{wish.domain} is not as expected: signing is {now.signing.thumbprint or 'none'} (expected {wish.expected.signing or 'none'}), "
        f"next is {now.next.thumbprint or 'none'} (expected {wish.expected.next or 'none'}). "
        "Somebody, perhaps Entra's own updater, changed it since; nothing was written there. Look again and decide again."
    )


def _send(client: GraphClient, writes: Mapping[str, _Write], outcomes: Mapping[str, Outcome]) -> None:
    """Send the writes, twenty at a time, and see what came of each one that was not plainly refused."""
    doubtful: set[str] = set()
    names = list(writes)
    for start in range(0, len(names), BATCH_SIZE):
        chunk = names[start : start + BATCH_SIZE]
        try:
            replies = client.batch([_patch(name, writes[name], outcomes[name]) for name in chunk])
        except EntraError as exc:
            for name in chunk:
                outcomes[name].error = f"writing the {writes[name].what} of {name} had no clear answer: {exc}"
                doubtful.add(name)
            for name in names[start + BATCH_SIZE :]:
                outcomes[name].error = f"writing the {writes[name].what} of {name} was not tried, because it failed for domains before it: {exc}"
            names = names[: start + BATCH_SIZE]
            break
        for name, reply in zip(chunk, replies, strict=True):
            outcomes[name].changed = reply.error is None
            outcomes[name].error = str(reply.error) if reply.error else None
            if reply.error and reply.status >= 500:
                doubtful.add(name)
    _read_back(client, {name: writes[name] for name in names if outcomes[name].changed or name in doubtful}, outcomes)


def _patch(name: str, write: _Write, outcome: Outcome) -> Request:
    identifier = outcome.before.configuration_id if outcome.before else ""
    return Request("PATCH", f"/domains/{name}/federationConfiguration/{identifier}", f"writing the {write.what} of {name}", WRITE_PERMISSION, write.body)


def _read_back(client: GraphClient, writes: Mapping[str, _Write], outcomes: Mapping[str, Outcome]) -> None:
    """Read until Graph shows what was written, or time is up. A write without a clear answer counts as done once it shows."""
    waiting = dict(writes)
    for pause in (0, *READ_BACK_PAUSES):
        if not waiting:
            return
        if pause:
            client.pause(pause)
        try:
            found = read_configurations(client, list(waiting))
        except EntraError as exc:
            for name in waiting:
                _add_error(outcomes[name], f"{name} was written but could not be read back: {exc}")
            return
        for name, configuration in found.items():
            if not isinstance(configuration, Configuration):
                continue
            outcomes[name].after = configuration
            if waiting[name].done(configuration):
                outcomes[name].changed, outcomes[name].error = True, None
                del waiting[name]
        # Where nothing but doubtful writes is left, one more look is enough: they may have been carried out late.
        if pause and not any(outcomes[name].changed for name in waiting):
            return
    for name in waiting:
        if outcomes[name].changed:
            _add_error(
                outcomes[name],
                f"{name} was written, but after {sum(READ_BACK_PAUSES)} s Graph still does not show it. Run again later; what holds now is in 'after'.",
            )


def _add_error(outcome: Outcome, text: str) -> None:
    outcome.error = outcome.error or text
