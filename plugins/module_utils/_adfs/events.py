# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the event log AD FS/Admin says about certificates and trusts. Known by numbers and codes: the texts come in the server's language."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import facts
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import one_line
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

LIMIT = 100
"""Events that are returned at most, the newest ones."""
_CHAIN = "The chain or the revocation list of a certificate of a partner or a client could not be checked."
MEANINGS: dict[int, str] = {
    102: "The service could not start.",
    133: "The private key of a token-signing certificate cannot be used; the service does not start.",
    174: "The automatic update of a trust was skipped.",
    249: "A configured certificate is not in the certificate store of this server.",
    329: "The container in Active Directory that protects the private keys cannot be read.",
    331: "The keys in the container in Active Directory that protects the private keys cannot be decrypted.",
    335: "Automatic rollover changed a certificate.",
    **dict.fromkeys((315, 316, 317, 319, 374), _CHAIN),
    381: "The chain of a configured certificate cannot be built.",
    385: "A certificate expired or expires soon and has to be replaced by hand.",
    387: "The service account cannot use the private key of a certificate.",
    389: "A certificate of a trust expires soon and has to be replaced by hand.",
}
"""What each event means; these are read. Twenty at most: more make the filter of Get-WinEvent too long."""
_ROLLOVER = {
    "MSIS10004": "Automatic rollover made a certificate the primary one.",
    "MSIS10005": "Automatic rollover added a successor.",
    "MSIS10006": "Automatic rollover removed a certificate.",
}
_LEVELS: dict[int | None, str] = {1: "critical", 2: "error", 3: "warning", 4: "information", 0: "information"}


def read(value: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[list[dict[str, t.Any]], bool]:
    """Return the newest events, the newest first, and whether there are more."""
    return [_event(item) for item in value[:LIMIT]], len(value) > LIMIT


def _event(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    number, message = facts.number(item["id"]), facts.text(item["message"]) or ""
    code = re.search(r"\bMSIS\d{4,5}\b", message)
    meaning = MEANINGS.get(number, "") if number is not None else ""
    if number == 335 and code is not None:
        meaning = _ROLLOVER.get(code.group(0), meaning)
    thumbprints = dict.fromkeys(found.upper() for found in re.findall(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{40}(?![0-9A-Fa-f])", message))
    return {
        "id": number,
        "time": _time(item["time"]),
        "level": _LEVELS.get(facts.number(item["level"])),
        "code": code.group(0) if code else None,
        "meaning": meaning,
        "thumbprints": list(thumbprints)[:20],
        "message": one_line(message, 1000),
    }


def _time(fact: t.Any) -> str | None:
    try:
        return format_time(parse_time(facts.text(fact) or ""))
    except ValueError:
        return None
