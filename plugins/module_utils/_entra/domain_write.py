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

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import BATCH_SIZE, GraphClient, Reply, Request
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
from ansible_collections.federation.adfs.plugins.module_utils._write_errors import ELSEWHERE, NOT_KNOWN, NOT_READ_BACK, NOT_TRIED, RACED

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
    # It may have been written: no answer says so or not, and it does not show.
    unclear: bool = False
    # A write was sent, whatever came of it.
    tried: bool = False
    # The HTTP status of the last answer to a write.
    status: int = 0
    # The names of the settings that were asked for.
    settings: Sequence[str] = ()
    # Graph's number of the last request that wrote to it.
    request_id: str | None = None

    @property
    def error_id(self) -> str | None:
        """What kind of error it is; None without one, and where Graph refused the values."""
        if self.raced:
            return RACED
        if self.error and self.changed:
            return NOT_READ_BACK
        if self.error and not self.tried:
            return NOT_TRIED
        if self.unclear:
            return NOT_KNOWN
        return ELSEWHERE.get(self.status) if self.error else None


class NotAsExpected(EntraError):
    """A domain differs from what the caller saw when it decided to write."""


@dataclass(frozen=True)
class _Write:
    """What is sent to one domain, and what it must then show (None: whatever it is)."""

    body: Mapping[str, t.Any]
    signing: Slot | None
    next: Slot | None

    def done(self, now: Configuration) -> bool:
        certificates = all(wanted is None or _holds(held, wanted, asked=True) for wanted, held in ((self.signing, now.signing), (self.next, now.next)))
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
    _carry_out(client, {wish.domain: wish for wish in wishes}, writes, outcomes)
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
    if signing.certificate is None and (wish.clear_next or (now.next.certificate and not following.same_as(now.next))):
        raise EntraError(f"{wish.domain} has no signing certificate that can be read and kept; give signing_certificate too. Nothing was written there.")
    # What holds no certificate is left out: junk cannot be sent back, it would keep the other one from being written, and a null where there
    # is nothing would erase what Entra's own updater puts there meanwhile.
    body: dict[str, t.Any] = {name: slot.certificate.der for name, slot in ((SIGNING, signing), (NEXT, following)) if slot.certificate}
    if wish.clear_next:
        body[NEXT] = None
    return _Write({**body, **settings}, signing if SIGNING in body else None, following if NEXT in body else None)


def _certificates_for(wish: Wish, now: Configuration) -> tuple[Slot, Slot] | None:
    """Return what both slots shall hold, None if they do already."""
    signing = slot_for(wish.signing) if wish.signing else now.signing
    following = EMPTY if wish.clear_next else slot_for(wish.next) if wish.next else now.next
    as_wished = _holds(now.signing, signing, wish.signing is not None) and _holds(now.next, following, wish.next is not None)
    return None if as_wished else (signing, following)


def _holds(now: Slot, wanted: Slot, asked: bool) -> bool:
    """Tell whether a slot holds what it shall. A certificate that is asked for and stored as PEM text is to be stored as Graph documents it."""
    return wanted.same_as(now) and not (asked and now.armoured)


def _check_expected(wish: Wish, now: Configuration) -> None:
    if wish.expected is None or (wish.expected.signing == now.signing.thumbprint and wish.expected.next == now.next.thumbprint):
        return
    raise NotAsExpected(
        f"{wish.domain} is not as expected: signing is {now.signing.thumbprint or 'none'} (expected {wish.expected.signing or 'none'}), "
        f"next is {now.next.thumbprint or 'none'} (expected {wish.expected.next or 'none'}). "
        "It was changed since, perhaps by Entra's own updater; nothing was written over that. Look again and decide again."
    )


def _carry_out(client: GraphClient, wishes: Mapping[str, Wish], writes: Mapping[str, _Write], outcomes: Mapping[str, Outcome]) -> None:
    """Send the writes, and see what came of each one that was not plainly refused.

    What may be tried again is looked at again before: somebody else may have changed it during the wait.
    """
    patience = client.patience()
    waiting = dict(writes)
    written: dict[str, _Write] = {}
    doubtful: dict[str, _Write] = {}
    throttled: dict[str, _Write] = {}
    while waiting:
        replies = _send(client, waiting, outcomes)
        again = {name: reply for name, reply in replies.items() if reply.error is not None and reply.again}
        for name, reply in replies.items():
            outcome = outcomes[name]
            outcome.request_id = reply.request_id or outcome.request_id
            outcome.tried = outcome.tried or reply.unclear or bool(reply.status)
            outcome.status = reply.status
            if reply.error is None:
                outcome.changed, outcome.error = True, None
                written[name] = waiting[name]
                continue
            outcome.error = str(reply.error)
            if reply.unclear:
                doubtful[name] = waiting[name]
                if not reply.status:
                    outcome.error = f"writing the {waiting[name].what} of {name} had no clear answer: {reply.error}"
        throttled = {name: waiting[name] for name in again}
        untried = [name for name in waiting if name not in replies]
        asked = max((reply.asked for reply in again.values() if reply.asked is not None), default=None)
        if not (again or untried) or not patience.wait(asked):
            break
        waiting = _looked_at_again(client, wishes, {**again, **dict.fromkeys(untried)}, doubtful, throttled, outcomes)
    _look_once(client, {name: write for name, write in throttled.items() if outcomes[name].error and name not in doubtful}, outcomes)
    _read_back(client, {**{name: write for name, write in doubtful.items() if outcomes[name].error}, **written}, outcomes)
    for name in doubtful:
        outcomes[name].unclear = bool(outcomes[name].error) and not outcomes[name].changed


def _send(client: GraphClient, writes: Mapping[str, _Write], outcomes: Mapping[str, Outcome]) -> dict[str, Reply]:
    """Send the writes once, twenty at a time, and return the replies; those after a batch that as a whole failed are not tried."""
    replies: dict[str, Reply] = {}
    names = list(writes)
    for start in range(0, len(names), BATCH_SIZE):
        chunk = names[start : start + BATCH_SIZE]
        found = client.write([_patch(name, writes[name], outcomes[name]) for name in chunk])
        replies.update(zip(chunk, found, strict=True))
        if all(reply.error and (not reply.status or reply.again) for reply in found) and len({str(reply.error) for reply in found}) == 1:
            for name in names[start + BATCH_SIZE :]:
                outcomes[name].error = f"writing the {writes[name].what} of {name} was not tried, because it failed for domains before it: {found[0].error}"
            break
    return replies


def _looked_at_again(
    client: GraphClient,
    wishes: Mapping[str, Wish],
    replies: Mapping[str, Reply | None],
    doubtful: dict[str, _Write],
    throttled: dict[str, _Write],
    outcomes: Mapping[str, Outcome],
) -> dict[str, _Write]:
    """Return what is still to be written, decided afresh on what each domain holds now. ``replies``: what the last attempt came to, if made.

    What is seen leaves ``throttled``, and ``doubtful`` where it shows what became of it.
    """
    try:
        found = read_configurations(client, list(replies))
    except EntraError:  # what is known about each stays as it is
        return {}
    writes: dict[str, _Write] = {}
    for name, reply in replies.items():
        outcome, before = outcomes[name], outcomes[name].before
        try:
            now = _usable(name, found[name])
            write = _write_for(wishes[name], now)
        except EntraError as exc:
            if isinstance(found[name], Configuration):
                # It was changed by somebody else; whatever the attempt before came to, nothing more is written.
                outcome.after = t.cast("Configuration", found[name])
                doubtful.pop(name, None)
                throttled.pop(name, None)
                outcome.error = str(exc)
            elif found[name] is None:
                outcome.error = str(exc)
            continue
        outcome.after = now
        throttled.pop(name, None)
        if write is None:
            # The attempt without a clear answer was carried out; else somebody else has done the same.
            outcome.changed = name in doubtful
            outcome.error = None
            doubtful.pop(name, None)
        elif reply is not None and reply.status == 404 and before is not None and _same(before, now):
            continue  # the same answer would come again
        else:
            writes[name] = write
            if before is None or not _same(before, now):
                outcome.before = now
    return writes


def _look_once(client: GraphClient, throttled: Mapping[str, _Write], outcomes: Mapping[str, Outcome]) -> None:
    """See that what was put off, by the last answer, was not carried out all the same. What cannot be read then is not known."""
    if not throttled:
        return
    try:
        found = read_configurations(client, list(throttled))
    except EntraError:
        found = {}
    for name, write in throttled.items():
        outcome, now = outcomes[name], found.get(name)
        if not isinstance(now, Configuration):
            outcome.unclear = True
            outcome.error = f"{outcome.error} {name} could not be read after that, so it was not seen that nothing was written there."
            continue
        outcome.after = now
        if write.done(now):
            outcome.changed, outcome.error = True, None


def _same(one: Configuration, other: Configuration) -> bool:
    slots = one.signing.same_as(other.signing) and one.next.same_as(other.next)
    settings = all(one.members.get(member) == other.members.get(member) for member in SETTINGS.values())
    return slots and settings and one.configuration_id == other.configuration_id


def _patch(name: str, write: _Write, outcome: Outcome) -> Request:
    identifier = outcome.before.configuration_id if outcome.before else ""
    return Request("PATCH", f"/domains/{name}/federationConfiguration/{identifier}", f"writing the {write.what} of {name}", WRITE_PERMISSION, write.body)


def _read_back(client: GraphClient, writes: Mapping[str, _Write], outcomes: Mapping[str, Outcome]) -> None:
    """Read until Graph shows what was written, or time is up. A write without a clear answer counts as done once it shows."""
    waiting = dict(writes)
    troubles: dict[str, str] = {}
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
                troubles[name] = "there is no federation configuration any more" if configuration is None else str(configuration)
                continue
            troubles.pop(name, None)
            outcomes[name].after = configuration
            if waiting[name].done(configuration):
                outcomes[name].changed, outcomes[name].error = True, None
                del waiting[name]
        # Where nothing but doubtful writes is left, one more look is enough: they may have been carried out late.
        if pause and not any(outcomes[name].changed for name in waiting):
            return
    for name in waiting:
        if not outcomes[name].changed:
            continue
        if name in troubles:
            _add_error(outcomes[name], f"{name} was written but could not be read back: {troubles[name]}")
        else:
            _add_error(
                outcomes[name],
                f"{name} was written, but after {sum(READ_BACK_PAUSES)} s Graph still does not show it. Run again later; what holds now is in 'after'.",
            )


def _add_error(outcome: Outcome, text: str) -> None:
    outcome.error = outcome.error or text
