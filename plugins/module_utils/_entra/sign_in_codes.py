# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the numbers (AADSTS...) mean with which Entra ID refuses a token of a federated user. Pure data.

Those about an app's own sign-in are in sign_in_errors.py. Microsoft calls all of them subject to change, so they are counted and told, and
decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.federation.adfs.plugins.module_utils._entra.sign_in_errors import LOOKUP, REFERENCE


@dataclass(frozen=True)
class Code:
    """One number. ``certificate``: a signing certificate or an issuer that the domain does not know brings it about, among other causes."""

    number: int
    meaning: str
    certificate: bool = True
    source: str = REFERENCE


CODES = (
    Code(50008, "the token's signature is not of a certificate of the domain, or the token is damaged or missing"),
    Code(500081, "the token's signing key is none that the domain holds (SAML)", source=LOOKUP),
    Code(5000811, "the token's signing key is none that the domain holds", source=LOOKUP),
    Code(50107, "the token's issuer is that of no domain"),
    Code(50006, "the token's signature is not valid"),
    Code(50012, "a certificate could not be validated"),
    Code(50017, "a certificate could not be validated"),
    Code(20001, "the answer of the federation service holds an error", certificate=False),
    Code(20012, "the answer of the federation service is malformed", certificate=False),
    Code(51004, "no user has the token's immutable ID", certificate=False),
)
CERTIFICATE_CODES = tuple(code.number for code in CODES if code.certificate)
_BY_NUMBER = {code.number: code for code in CODES}


def meaning(number: int) -> str | None:
    """Return what a number means, None for one that is not about a federated user's token."""
    return _BY_NUMBER[number].meaning if number in _BY_NUMBER else None
