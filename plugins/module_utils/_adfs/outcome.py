# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What an act did, judged from two answers: what its cmdlet reported, and what could be read afterwards.

A cmdlet that reports an error may have done its work before; one that reports none may have done nothing. So the certificates of the
whole type are compared before and after. No I/O.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError

if t.TYPE_CHECKING:
    from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import FarmCertificate

DONE, PARTLY, NOTHING, UNKNOWN = "done", "partly", "nothing", "unknown"
"""The values of the result's member ``outcome``."""

LOOK_AGAIN = "Run again: a run first reads what AD FS holds now."
EVENT_LOG = "See the event log 'AD FS/Admin' on this server, then run again."


class ActError(AdfsError):
    """An act that did not go as wanted. ``outcome`` is one of the four words; ``certificates`` are those read afterwards, if any were."""

    def __init__(self, message: str, advice: str, id: str, outcome: str) -> None:  # noqa: A002 - the name that users know
        super().__init__(message, advice, id)
        self.outcome = outcome
        self.certificates: list[FarmCertificate] = []

    def after(self, first: str) -> ActError:
        """Return the same error of a second act, with what was done before it as the beginning of its sentence."""
        error = ActError(f"{first}: {self.message}", self.advice, self.id, self.outcome)
        error.primary_server = self.primary_server
        return error


@dataclass(frozen=True)
class Seen:
    """What came back of an act. ``failure``: what was reported, or None. ``unreadable``: why nothing could be read afterwards, or None.

    ``lost``: no reply came, so ``failure`` is about the way to the server. ``ended``: the script no longer runs, so what was read stays so.
    """

    failure: AdfsError | None = None
    unreadable: AdfsError | None = None
    lost: bool = False
    ended: bool = True


def judge(what: str, seen: Seen, changed: bool, deviations: t.Sequence[str]) -> None:
    """Return where an act was done as wanted, and nothing but that; raise ActError otherwise.

    ``what``: the act as the beginning of a sentence. ``changed``: whether what was read differs from before. ``deviations``: how what was
    read differs from what was wanted, each as a part of a sentence; both are ignored where nothing could be read.
    """
    failure = seen.failure
    if seen.unreadable is not None:
        why = seen.unreadable
        if failure is None:
            raise ActError(f"{what}: done, and could not be read back. {why.message}", f"{why.advice} {LOOK_AGAIN}".strip(), why.id, DONE)
        raise ActError(
            f"{what}: whether it changed anything is not known. {failure.message} What the server holds now could not be read: {why.message}",
            f"{why.advice} {LOOK_AGAIN}".strip(),
            failure.id,
            UNKNOWN,
        )
    if failure is None:
        if not deviations:
            return
        if not changed:
            raise ActError(f"{what}: no error was reported, but nothing changed: {'; '.join(deviations)}.", EVENT_LOG, "not_done", NOTHING)
        raise ActError(f"{what}: no error was reported, but {'; '.join(deviations)}.", EVENT_LOG, "not_done", PARTLY)
    reported = f"its reply was lost: {failure.message}" if seen.lost else f"an error was reported: {failure.message}"
    if not deviations:
        raise ActError(f"{what}: done, but {reported}", LOOK_AGAIN, failure.id, DONE)
    if changed:
        raise ActError(f"{what}: only partly done ({'; '.join(deviations)}), and {reported}", failure.advice, failure.id, PARTLY)
    if not seen.ended:
        raise ActError(
            f"{what}: whether it changed anything is not known. {failure.message} "
            "Nothing had changed when the server was read again, but the script may still be at work.",
            failure.advice or LOOK_AGAIN,
            failure.id,
            UNKNOWN,
        )
    if seen.lost:
        raise ActError(f"{what}: nothing was changed. {failure.message}", failure.advice, failure.id, NOTHING)
    raise refused(failure)


def refused(failure: AdfsError) -> ActError:
    """Return the same error as that of an act of which nothing was done."""
    error = ActError(failure.message, failure.advice, failure.id, NOTHING)
    error.primary_server = failure.primary_server
    return error


def same(before: t.Iterable[FarmCertificate], after: t.Iterable[FarmCertificate]) -> bool:
    """Return whether two lists hold the same certificates in the same places and roles."""
    return sorted(map(_place, before)) == sorted(map(_place, after))


def deviations(act: str, before: t.Sequence[FarmCertificate], after: t.Sequence[FarmCertificate], thumbprint: str | None, now: datetime) -> list[str]:
    """Return how the certificates of one type differ from what an act should have made of them, as parts of a sentence; none if they do not.

    ``act``: the script's name, with ``urgent_update`` for an update that replaces the primary. ``thumbprint``: the certificate it was about.
    ``now``: the server's time; AD FS may drop what has expired when it makes a new certificate.
    """
    held, found = {item.thumbprint: item for item in before}, {item.thumbprint: item for item in after}
    lost, came = set(held) - set(found), set(found) - set(held)
    primaries = sorted(item.thumbprint for item in after if item.is_primary)
    wrong: list[str] = []
    if len(primaries) != 1:
        wrong.append(f"it lists {len(primaries)} primary certificates where there must be one" + (f" ({', '.join(primaries)})" if primaries else ""))
    stay = next((item.thumbprint for item in before if item.is_primary), None)
    if act == "add_certificate" and thumbprint not in came:
        wrong.append(f"{thumbprint} is not listed")
    elif act == "promote_certificate":
        stay = thumbprint
    elif act == "remove_certificate" and thumbprint not in lost:
        wrong.append(f"{thumbprint} is still listed")
    elif act == "update_certificate" and not came:
        wrong.append("no new certificate is listed")
    if act == "urgent_update":
        if stay in primaries:
            wrong.append(f"{stay} is still the primary certificate")
        elif len(primaries) == 1 and primaries[0] in held:
            wrong.append(f"the primary certificate is now {primaries[0]}, which is no new one")
    elif stay not in primaries:
        wrong.append(f"{stay} is not the primary certificate")
    wrong += [f"{name} is gone" for name in sorted(lost) if not _may_go(act, held[name], thumbprint, now)]
    if act in ("update_certificate", "urgent_update"):
        wrong += [f"{len(came)} new certificates are listed where one was wanted ({', '.join(sorted(came))})"] if len(came) > 1 else []
    else:
        wrong += [f"{name} was added" for name in sorted(came) if act != "add_certificate" or name != thumbprint]
    wrong += [f"{name} is now in another store" for name in sorted(set(held) & set(found)) if _store(held[name]) != _store(found[name])]
    wrong += [f"{name} is listed twice" for name in sorted(found) if sum(item.thumbprint == name for item in after) > 1]
    return wrong


def _may_go(act: str, item: FarmCertificate, thumbprint: str | None, now: datetime) -> bool:
    if act == "remove_certificate":
        return item.thumbprint == thumbprint
    return act == "urgent_update" or (act == "update_certificate" and not item.is_primary and item.certificate.not_after <= now)


def _store(item: FarmCertificate) -> tuple[str, str]:
    return item.store_location, item.store_name


def _place(item: FarmCertificate) -> tuple[str, bool, str, str]:
    return item.thumbprint, item.is_primary, item.store_location, item.store_name
