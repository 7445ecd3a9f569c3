# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What comes next in words, from the events of the forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import forecast
from ansible_collections.federation.adfs.plugins.module_utils._renewal.forecast import Event, Forecast
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_DECRYPTING
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report_table import own_domains
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import Clock, count, natural

_BY_RUN = {
    "repair": "a run repairs sign-in for {where}",
    "publish": "a run adds the successor to {where}",
    "reorder": "a run puts the new certificate first in {where}",
    "remove_from_entra": "a run removes the previous certificate from {where}",
    "evict": "a run removes the stolen keys from {where}",
    "generate": "a run has AD FS create the successor",
    "add": "a run adds the successor to AD FS",
    "promote": "a run makes the successor primary",
    "restart": "a run restarts a server that does not follow",
    "remove_from_adfs": "a run removes a certificate from AD FS",
    "suspend_auto_rollover": "a run switches automatic rollover off",
    "restore_auto_rollover": "a run switches automatic rollover on",
}
_BY_ITSELF = {
    "adfs_generates": "AD FS creates its next certificate",
    "adfs_promotes": "AD FS starts to sign with its next certificate",
    "known": "every domain accepts the successor everywhere",
    "fails": "sign-in fails for {where}",
    "expires": "{certificate} expires, and sign-in may stop",
    "entra_looks": "Entra starts to look at the federation metadata by itself",
}
_LESSER = ("entra_looks", "known")
"""Nothing is to be done at these: they give way first."""


def next_renewal(s: Situation, foretold: Forecast | None, clock: Clock) -> str:
    starts = next((e for e in (foretold.attended if foretold else ()) if e.kind in ("generate", "add") and e.certificate_type != TOKEN_DECRYPTING), None)
    if starts is not None:
        return f"the next renewal starts {clock.day(starts.earliest)}"
    return f"the next renewal is due {clock.day(s.due_at)}" if s.due_at > s.now else f"the next renewal has been due since {clock.day(s.due_at)}"


def show(s: Situation, foretold: Forecast) -> dict[str, Any]:
    """The forecast as plain values, each event with what the summary says of it."""
    shown = forecast.show(foretold)
    for name, events in (("attended", foretold.attended), ("unattended", foretold.unattended)):
        for event, plain in zip(events, shown[name], strict=True):
            plain["said"] = _event(event, s)
    return shown


def coming(s: Situation, foretold: Forecast | None, clock: Clock, mode: str, room: int | None) -> list[str]:
    """What comes while the runs go on, one line for each moment; ``room``: how many lines there may be."""
    if foretold is None or not foretold.attended:
        return []
    events = _next_ones(foretold.attended)
    lines: list[str] = []
    for left_out in ((), _LESSER[:1], _LESSER):
        shown = [e for e in events if e.kind not in left_out]
        lines = [f"  {when}: {'; '.join(texts)}" for when, texts in _by_time(s, shown, clock, mode).items()]
        if room is None or len(lines) < room:
            break
    return ["What comes next, with the runs going on:", *lines][: None if room is None else max(room, 2)]


def unattended(s: Situation, foretold: Forecast | None, clock: Clock, mode: str) -> Iterable[str]:
    if foretold is None:
        return
    alone = _next_ones(e for e in foretold.unattended if e.kind != "entra_looks")
    if alone:
        yield f"If nothing is run any more: {'; '.join(f'{when} ' + ' and '.join(texts) for when, texts in _by_time(s, alone, clock, mode).items())}."
    elif s.seen.farm.provider is None and not s.seen.primary_key.expired(s.now):
        yield "If nothing is run any more: nothing changes by itself in the next 400 days."


def _next_ones(events: Iterable[Event]) -> list[Event]:
    """Up to the end of the next renewal: what belongs to the one after it is too far off to help."""
    found: list[Event] = []
    for event in events:
        found.append(event)
        if event.kind in ("reorder", "fails", "expires"):
            break
    return found


def _by_time(s: Situation, events: Sequence[Event], clock: Clock, mode: str) -> dict[str, list[str]]:
    """What happens at each moment. What happens to several groups of domains at once is told once, with all of them."""
    together: dict[str, dict[tuple[str, str, str], Event]] = {}
    for event in events:
        same = together.setdefault(_when(event, s.now, clock, mode), {})
        kind = (event.kind, event.who, event.certificate_type)
        before = same.get(kind)
        same[kind] = event if before is None else replace(before, domains=tuple(sorted({*before.domains, *event.domains}, key=natural)))
    return {when: list(dict.fromkeys(_event(event, s) for event in same.values())) for when, same in together.items()}


def _when(event: Event, now: datetime, clock: Clock, mode: str) -> str:
    if event.who == "run" and event.earliest <= now and mode != "apply":
        return "now, if you run it"
    return clock.span(event.earliest, event.latest)


def _event(event: Event, s: Situation) -> str:
    if event.kind not in _BY_ITSELF:
        text = _BY_RUN.get(event.kind, f"a run does: {event.kind.replace('_', ' ')}")
        if event.certificate_type == TOKEN_DECRYPTING:
            text = text.replace("the successor", "the token-decrypting successor")
    else:
        text = _BY_ITSELF.get(event.kind, event.kind)
    certificate = "the certificate that AD FS signs with" if s.seen.farm.provider is None else "the last certificate that the identity provider publishes"
    if event.kind == "fails":
        after = ", unless Entra has fetched the new certificate from the metadata by then" if event.who == "adfs" else ""
        return text.format(where=f"{len(event.domains)} of {count(len(own_domains(s)), 'domain')}") + after
    return text.format(where=count(len(event.domains), "domain"), certificate=certificate)
