# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The domains that are not well, one row for all of which the same is to be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count, names
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time

WELL = frozenset({"in_sync", "inherited", "other_farm", "ready", "successor_published"})
"""Verdicts of domains that need nothing."""
_SHORT = 8


def own_domains(s: Situation) -> list[DomainStatus]:
    """The domains whose users sign in here, as far as is known. A tenant that could not be read is none of them."""
    return [status for status in s.statuses if status.domain.name and (status.ours or status.unreadable is not None)]


def unread_tenants(s: Situation) -> list[str]:
    """The tenants of which nothing could be read."""
    return [status.domain.title for status in s.statuses if not status.domain.name]


def table(s: Situation, shown: Mapping[str, Any]) -> Iterable[str]:
    """One row for all domains of which the same is to be said, their names last: a long list must not tear the columns apart.

    ``shown``: the plan after note_what_to_do.
    """
    rows: dict[tuple[str, ...], list[str]] = {}
    used: set[str] = set()
    own = s.seen.farm.provider is None
    for status, domain in zip(s.statuses, shown["domains"], strict=True):
        if "to_do" not in domain:
            continue
        slots, row = domain["slots"], domain["decision_row"] or {}
        unreadable = domain["verdict"] == "unreadable"
        sign = "?" if unreadable else "\u2260" if status.broken else "="
        signs = shown["farm"]["primary"]
        cells = (
            _short(signs),
            "?" if unreadable else _short(slots["signing"]),
            "?" if unreadable else _short(slots["next"]),
            sign,
            str(row.get("row") or "-"),
            domain["to_do"],
        )
        used |= {k for k in (signs, slots["signing"], slots["next"]) if k and not unreadable}
        rows.setdefault(cells, []).append(status.domain.title)
    if not rows:
        return
    heads = ("AD FS" if own else "Signs", "Entra signing", "Entra next", " ", "Row", "What to do")
    widths = [max(len(heads[i]), *(len(cells[i]) for cells in rows)) for i in range(len(heads))]
    key = " (Row: of Microsoft's decision table)" if own else ""
    tenants = unread_tenants(s)
    besides = f" and {count(len(tenants), 'tenant')}" if tenants else ""
    yield f"Not well, {sum(map(len, rows.values())) - len(tenants)} of {count(len(own_domains(s)), 'domain')}{besides}{key}:"
    yield "  " + "  ".join(text.ljust(width) for text, width in zip(heads, widths, strict=True)) + "  Domains"
    row_cells: tuple[str, ...]
    for row_cells, found in sorted(rows.items(), key=lambda item: (-len(item[1]), item[0])):
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(row_cells, widths, strict=True)) + f"  {names(found)}"
    for thumbprint in sorted(used):
        yield f"  {_short(thumbprint)} is {thumbprint}, {_whose(s, thumbprint)}"


def note_what_to_do(s: Situation, shown: Mapping[str, Any], mode: str) -> None:
    """Put into ``shown`` what is to be done about each domain that is not well, in the words of the table."""
    for status, domain in zip(s.statuses, shown["domains"], strict=True):
        if domain["verdict"] not in WELL and (domain["verdict"] != "wrong_order" or s.following):
            domain["to_do"] = _what_to_do(status, domain, shown, mode)


def _short(thumbprint: str | None) -> str:
    return thumbprint[:_SHORT] if thumbprint else "-"


def _whose(s: Situation, thumbprint: str) -> str:
    farm = s.seen.farm
    if thumbprint in s.compromised:
        who = "stolen"
    elif thumbprint == farm.primary and (farm.provider is None or farm.provider.certain):
        who = f"what {farm.title} signs with"
    elif thumbprint == s.successor:
        who = "the successor"
    elif thumbprint in farm.certificates:
        who = f"another certificate of {farm.title}"
    elif thumbprint in s.trusted:
        who = "an earlier certificate, or one that is listed as known"
    else:
        who = "an unknown certificate"
    return f"{who}, valid until {ends(s, thumbprint)}"


def ends(s: Situation, thumbprint: str) -> str:
    key = s.seen.keys.get(thumbprint)
    return "an unknown time" if key is None else format_time(key.not_after)


def _what_to_do(status: DomainStatus, domain: Mapping[str, Any], shown: Mapping[str, Any], mode: str) -> str:
    for act in shown["actions"]:
        for target in act["targets"]:
            if not isinstance(target, str) and target["domain"] == domain["domain"] and target["tenant_id"] == domain["tenant_id"]:
                verb = {"repair": "repair", "publish": "add the successor", "reorder": "reorder", "evict": "remove the stolen key"}.get(act["action"], "update")
                return f"{'not done: ' if mode == 'apply' else 'run: would '}{verb}"
    if status.unreadable is not None:
        return f"fix: {printable(status.unreadable, 160)}"
    if status.refused:
        return "not written again in this run, see below"
    if status.excluded and domain["verdict"] in ("broken", "successor_missing", "compromised"):
        return "excluded: include or update it"
    return {
        "broken": "see what blocks it below",
        "unknown_certificate": "find out whose it is",
        "settings_changed": "compare with what was approved",
        "wrong_settings": "correct its settings, see below",
        "successor_missing": "see what blocks it below",
        "compromised": "see what blocks it below",
        "wrong_order": "nothing; a run reorders it",
    }.get(domain["verdict"], printable(domain["reason"], 160))
