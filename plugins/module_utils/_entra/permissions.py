# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Which permissions a token for Graph holds, which are missing, and which are more than needed. Pure functions."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.federation.adfs.plugins.module_utils._text import printable

LIST = "Domain.Read.All"
READ = "Domain-InternalFederation.Read.All"
WRITE = "Domain-InternalFederation.ReadWrite.All"
# What errors name; the newer permissions came in October 2025, and a tenant in a national cloud may not know them yet.
LIST_PERMISSION = LIST
READ_PERMISSION = f"{READ} (in tenants that do not know it yet: {LIST})"
WRITE_PERMISSION = f"{WRITE} (in tenants that do not know it yet: Domain.ReadWrite.All)"

# Optional ones, each for one purpose besides. Graph's own documents name them; see sign_in_log.py and administrators.py.
SIGN_IN_LOG = "AuditLog.Read.All"
AUDIT_LOG = SIGN_IN_LOG
ROLES = "RoleManagement.Read.Directory"
USERS = "User.Read.All"
SYNCHRONIZATION = "OnPremDirectorySynchronization.Read.All"
OPTIONAL = frozenset({SIGN_IN_LOG, ROLES, USERS, SYNCHRONIZATION})

_LISTS = frozenset({LIST, "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
_READS = frozenset({READ, WRITE, "Domain.ReadWrite.All"})
_WRITES = frozenset({WRITE, "Domain.ReadWrite.All"})
_READS_IN_OLDER_TENANTS = frozenset({LIST})
# What every token of a person has besides.
_HARMLESS = frozenset({"openid", "profile", "email", "offline_access", "User.Read"})
_ROLES_FOR_PEOPLE = "Hybrid Identity Administrator, Domain Name Administrator, External Identity Provider Administrator or Security Administrator"


def review(claims: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what a token with these claims may do, in the shape of RV(permissions) of entra_federation_info.

    Application permissions are in ``roles``, delegated ones in ``scp``. A token without readable claims is of kind "unknown",
    and nothing is said about it.
    """
    kind, granted = _granted(claims)
    if kind == "unknown":
        nothing: dict[str, t.Any] = {"enough": None, "missing": [], "perhaps_missing": [], "excessive": []}
        return {"kind": kind, "granted": [], "read": nothing, "write": dict(nothing)}
    return {"kind": kind, "granted": sorted(granted), "read": _for_reading(granted), "write": _for_writing(granted)}


def advice(claims: Mapping[str, t.Any], permission: str) -> str:
    """Return what to do about a 403: ``permission`` is one of the texts above, the claims are those of the refused token."""
    found = review(claims)
    if permission in OPTIONAL:
        held = f" The token has {printable(', '.join(found['granted']), 500) or 'no permission at all'}." if found["kind"] != "unknown" else ""
        return f"This needs the {'delegated' if found['kind'] == 'delegated' else 'application'} permission {permission} with admin consent.{held}"
    purpose = found["write"] if permission == WRITE_PERMISSION else found["read"]
    if found["kind"] == "delegated":
        first = f"Give the app the delegated permission {permission} in Entra ID, and sign in as a user with the role {_ROLES_FOR_PEOPLE}."
    else:
        first = f"Give the app the application permission {permission} in Entra ID and grant admin consent."
    if found["kind"] == "unknown":
        return first
    texts = [first, f"The token has {printable(', '.join(found['granted']), 500) or 'no permission at all'}."]
    missing = purpose["missing"] or purpose["perhaps_missing"]
    if missing:
        texts.append(f"Missing: {', '.join(missing)}.")
    else:
        texts.append("That should be enough: what was granted just now may take some minutes, or the domain belongs to another tenant.")
    if purpose["excessive"]:
        texts.append(f"More than needed: {printable(', '.join(purpose['excessive']), 500)}.")
    return " ".join(texts)


def _granted(claims: Mapping[str, t.Any]) -> tuple[str, set[str]]:
    roles, scopes = claims.get("roles"), claims.get("scp")
    if isinstance(scopes, str):
        return "delegated", set(scopes.split())
    if isinstance(roles, list):
        return "application", {role for role in roles if isinstance(role, str)}
    # A token of an app that was given nothing has neither claim.
    return ("application", set()) if isinstance(claims.get("tid"), str) else ("unknown", set())


def _for_reading(granted: set[str]) -> dict[str, t.Any]:
    missing = [] if granted & _LISTS else [LIST]
    perhaps: list[str] = []
    if not granted & _READS:
        (perhaps if granted & _READS_IN_OLDER_TENANTS else missing).append(READ)
    return _purpose(granted, {LIST, READ}, missing, perhaps)


def _for_writing(granted: set[str]) -> dict[str, t.Any]:
    missing = [] if granted & _LISTS else [LIST]
    if not granted & _WRITES:
        missing.append(WRITE)
    # The one for reading is contained in the one for writing, and so does no harm beside it.
    return _purpose(granted, {LIST, READ, WRITE}, missing, [])


def _purpose(granted: set[str], least: set[str], missing: list[str], perhaps: list[str]) -> dict[str, t.Any]:
    return {"enough": not missing, "missing": missing, "perhaps_missing": perhaps, "excessive": sorted(granted - least - _HARMLESS)}
