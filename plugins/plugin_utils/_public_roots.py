# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The public authorities, as far as the library certifi knows them: those that browsers and most systems trust."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

try:
    import certifi
except ImportError:
    HAS_CERTIFI = False
else:
    HAS_CERTIFI = True

_MOST_BYTES = 4 * 1024 * 1024
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@cache
def public_roots() -> frozenset[str] | None:
    """Return SHA-256 of each certificate in upper-case hexadecimal digits, or None if there is no such list on the controller."""
    if not HAS_CERTIFI:
        return None
    try:
        with open(certifi.where(), encoding="utf-8", errors="replace") as file:
            found = _PEM.findall(file.read(_MOST_BYTES))
        return frozenset(hashlib.sha256(base64.b64decode(item)).hexdigest().upper() for item in found) or None
    except (OSError, ValueError):
        return None
