# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Which relying parties a rollover puts at risk, as far as AD FS' own list of them can tell."""

from __future__ import annotations

import fnmatch
import typing as t

ENTRA_IDENTIFIER = "urn:federation:MicrosoftOnline"

# Services believed to hold one certificate of an identity provider at a time, so that they must be changed at the very moment of the promotion.
ONE_CERTIFICATE = (
    "google.com",
    "google.com/a/*",
    "https://*.my.salesforce.com",
    "https://saml.salesforce.com",
    "https://slack.com",
)

# Names of claim rules that Microsoft Entra Connect sets on Entra ID's trust, whatever was chosen in its wizard. Source: Microsoft Learn, "Manage AD FS
# trust with Microsoft Entra ID using Microsoft Entra Connect".
CONNECT_RULES = frozenset(
    {
        "issue accounttype for domain-joined computers",
        "issue accounttype with the value user when it is not a computer account",
        "issue issuerid for dj computer auth",
        "issue issuerid when it is not a computer account",
        "issue nameidentifier",
        "issue onpremobjectguid for domain-joined computers",
        "issue password expiry claims",
        "pass through claim - alternateloginid",
        "pass through claim - insidecorporatenetwork",
        "pass through claim - multifactorauthenticationinstant",
        "pass through primary sid",
    }
)
_ENOUGH_RULES = 3


def managed_by(rule_names: t.Collection[str] | None) -> str | None:
    """Return ``entra_connect`` where the names of the trust's claim rules are those that Microsoft Entra Connect gives; None where nothing shows that.

    ``rule_names``: None where they are not known. An administrator may have written one or two of the same name.
    """
    names = {" ".join(name.lower().replace("\u2013", "-").split()) for name in rule_names or ()}
    return "entra_connect" if len(names & CONNECT_RULES) >= _ENOUGH_RULES else None


def is_entra(trust: t.Mapping[str, t.Any]) -> bool:
    """Return whether this is the trust of Microsoft Entra ID, which is known by its identifier; its name can be changed."""
    return any(item.lower() == ENTRA_IDENTIFIER.lower() for item in trust["identifiers"])


def risk(trust: t.Mapping[str, t.Any], one_certificate: t.Iterable[str] = ()) -> str | None:
    """Return why a rollover puts this partner at risk, or None.

    ``entra``: none, since the role looks after that one itself. ``one_certificate``: patterns of names and identifiers besides ONE_CERTIFICATE.
    The words: ``one_certificate`` (it must be changed at the moment of the promotion) and ``no_metadata`` (nothing shows that it reads metadata:
    its owner has to be told).
    """
    if not trust["enabled"] or is_entra(trust):
        return None
    names = [item.rstrip("/").lower() for item in (trust["name"], *trust["identifiers"])]
    patterns = [item.rstrip("/").lower() for item in (*ONE_CERTIFICATE, *one_certificate)]
    if any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns):
        return "one_certificate"
    # The flags concern the partner's metadata, not ours; a partner that publishes metadata is likely to read ours as well.
    if not (trust["monitoring_enabled"] and trust["metadata_url"]):
        return "no_metadata"
    return None


def with_risk(trusts: t.Iterable[t.Mapping[str, t.Any]], one_certificate: t.Iterable[str] = ()) -> list[dict[str, t.Any]]:
    """Return the trusts, each with ``risk``."""
    patterns = list(one_certificate)
    return [{**trust, "risk": risk(trust, patterns)} for trust in trusts]
