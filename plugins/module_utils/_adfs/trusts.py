# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Relying party trusts, claims provider trusts and applications as AD FS lists them, each judged by itself. No I/O and no clock."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import facts, partners
from ansible_collections.federation.adfs.plugins.module_utils._adfs.facts import MOST_MINUTES

DEFAULT_LIFETIME = 60
"""Minutes that a token is valid where the trust says 0."""
LIST_LIMIT = 500_000
"""Characters of one list that the server sends; it cuts the list there."""
ALL = "*"
"""Stands in a list of names for those that cannot be named."""
NAMELESS = "(without a name)"
_MOST_NAMES = 100

Trust = t.Mapping[str, t.Any]


def relying_parties(value: Trust) -> list[dict[str, t.Any]]:
    """Return the relying party trusts."""
    members = ("monitoring_enabled", "auto_update_enabled", "metadata_url", "token_lifetime")
    return [{**_shape(item, members), "managed_by": partners.managed_by(item["rule_names"])} for item in value["list"]]


def claims_providers(value: Trust) -> list[dict[str, t.Any]]:
    """Return the claims provider trusts."""
    return [_shape(item, ("monitoring_enabled", "auto_update_enabled", "metadata_url")) for item in value["list"]]


def applications(value: Trust) -> list[dict[str, t.Any]]:
    """Return the Web APIs of the application groups: AD FS signs access tokens for them."""
    return [_shape(item, ("group", "token_lifetime")) for item in value["list"]]


def cut(value: Trust) -> dict[str, int] | None:
    """Return how many entries there are and how many of them are listed, or None if all are."""
    return {"listed": len(value["list"]), "total": value["total"]} if value["total"] > len(value["list"]) else None


def longest_lifetime(values: t.Iterable[Trust]) -> int:
    """Return the longest lifetime of a token in minutes, as far as lifetimes could be read; also of entries that the server cut off."""
    return min(max((value["longest"] for value in values if value["longest"] is not None), default=DEFAULT_LIFETIME), MOST_MINUTES)


def unknown_lifetimes(value: Trust) -> list[str]:
    """Return the names of those whose lifetime could not be read; ALL stands for those that are too many to name."""
    names = list(dict.fromkeys(facts.text(name) or NAMELESS for name in value["unknown"][:_MOST_NAMES]))
    return [*names, ALL] if value["unknown_total"] > _MOST_NAMES else names


def _shape(item: Trust, members: t.Collection[str]) -> dict[str, t.Any]:
    odd: list[str] = []
    listed = [name for name in map(facts.text, item["identifiers"]) if name is not None]
    shape = {"name": facts.text(item["name"]) or NAMELESS, "identifiers": listed, "enabled": facts.truth(item["enabled"])}
    if shape["name"] == NAMELESS:
        odd.append(f"for its name AD FS gave {facts.told(item['name'])}")
    if item["identifiers_total"] is None:
        odd.append("its identifiers could not be read")
    elif item["identifiers_total"] > len(listed):
        odd.append(f"of its {item['identifiers_total']} identifiers only {len(listed)} are listed")
    if shape["enabled"] is None:
        shape["enabled"] = True  # what may be in use is treated as in use
        odd.append(f"whether it is on AD FS did not say ({facts.told(item['enabled'])}), so it counts as on")
    for member in members:
        fact = item[member]
        if member == "token_lifetime":
            shape[member] = facts.bounded(facts.number(fact, 60), MOST_MINUTES)
            if shape[member] is None:
                odd.append(f"its token lifetime is not known (AD FS gave {facts.told(fact)})")
        elif member in ("metadata_url", "group"):
            shape[member] = facts.text(fact)
        else:
            shape[member] = facts.truth(fact) is True
            if fact is not None and facts.truth(fact) is None:
                odd.append(f"{member} counts as false (AD FS gave {facts.told(fact)})")
    return {**shape, "error": "; ".join(odd) or None}
