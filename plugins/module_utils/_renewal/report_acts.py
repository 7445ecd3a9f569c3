# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What was done, and what would be done, act by act: each in its own tense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_DECRYPTING
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count, names

FEW = 5
# (what was done, what would be done) by action; {where} is filled in.
_ACTS = {
    "repair": ("repaired sign-in for {where}", "repair sign-in for {where}"),
    "publish": ("added the successor to {where}", "add the successor to {where}"),
    "reorder": ("put the new certificate first in {where}", "put the new certificate first in {where}"),
    "remove_from_entra": ("removed the previous certificate from {where}", "remove the previous certificate from {where}"),
    "evict": ("removed the stolen keys from {where}", "remove the stolen keys from {where}"),
    "generate": ("created a successor in AD FS", "create a successor in AD FS"),
    "add": ("added the successor {thumbprint} to AD FS", "add the successor {thumbprint} to AD FS"),
    "promote": ("made {thumbprint} the primary certificate of AD FS", "make {thumbprint} the primary certificate of AD FS"),
    "restart": ("restarted the federation service on {where}", "restart the federation service on {where}"),
    "remove_from_adfs": ("removed {thumbprint} from AD FS", "remove {thumbprint} from AD FS"),
    "suspend_auto_rollover": ("switched automatic rollover off", "switch automatic rollover off"),
    "restore_auto_rollover": ("switched automatic rollover on", "switch automatic rollover on"),
}


def said_done(done: Sequence[Mapping[str, Any]], doubts: Sequence[str] = (), nothing: str = "This run changed nothing.") -> Iterable[str]:
    """``doubts``: where an act that failed may have changed something. ``nothing``: what to say where no act was done."""
    for act in done:
        yield f"Done: {_spoken(act, 0)}."
    if doubts:
        yield f"An act of this run failed and may have changed {listed(doubts)} all the same; run again: a run first reads what is there."
    elif not done:
        yield nothing


def would(act: Mapping[str, Any]) -> str:
    return _spoken(act, 1)


def _spoken(act: Mapping[str, Any], tense: int) -> str:
    texts = _ACTS.get(act["action"])
    text = act["action"].replace("_", " ") if texts is None else texts[tense]
    where = [t if isinstance(t, str) else t["domain"] for t in act["targets"]]
    thumbprint = act.get("thumbprint") or "the successor"
    if act.get("certificate_type") == TOKEN_DECRYPTING:
        text = text.replace("a successor", "a token-decrypting certificate").replace("the primary certificate", "the primary token-decrypting certificate")
    # Whom a repair was for is told where it was done; before, the table names them.
    return text.format(where=_where(where, by_name=tense == 0 and act["action"] == "repair"), thumbprint=thumbprint)


def _where(found: Sequence[str], by_name: bool) -> str:
    """Names of a few, or of what was not well; else how many."""
    if len(found) == 1 or (found and by_name):
        return names(found)
    listed = f" ({names(found)})" if 0 < len(found) <= FEW else ""
    return f"{count(len(found), 'domain')}{listed}"


def listed(texts: Iterable[str]) -> str:
    found = list(dict.fromkeys(texts))
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 2 else found)
