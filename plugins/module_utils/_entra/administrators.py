# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Who could still administer the tenant if no federated user could sign in. One request, which only reads.

Sources: "List unifiedRoleAssignments" (graph/api/rbacapplication-list-roleassignments), whose principals show their names only to who may read users,
and "Get onPremisesDirectorySynchronization" (graph/api/onpremisesdirectorysynchronization-get), which by its text no application may ask although
there is a permission for it.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient, Reply, Request
from ansible_collections.federation.adfs.plugins.module_utils._entra.permissions import ROLES, SYNCHRONIZATION, USERS
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
"""The template ID of the role, the same in every tenant (entra/identity/role-based-access-control/permissions-reference)."""
_MOST_CHARACTERS = 200
_ASSIGNMENTS = f"/roleManagement/directory/roleAssignments?$filter=roleDefinitionId%20eq%20'{GLOBAL_ADMINISTRATOR}'&$expand=principal"


def read_administrators(client: GraphClient) -> dict[str, t.Any]:
    """Return an item of the lookup entra_administrator without its tenant. Raises EntraError where nothing can be read."""
    assigned, synchronized = client.batch(
        [
            Request("GET", _ASSIGNMENTS, "listing who is Global Administrator", ROLES),
            Request("GET", "/directory/onPremisesSynchronization", "asking whether Password Hash Sync is on", SYNCHRONIZATION),
        ]
    )
    hashes, hashes_reason = _password_hash_sync(synchronized)
    told = {"administrators": [], "groups": 0, "password_hash_sync": hashes, "password_hash_sync_reason": hashes_reason}
    body = assigned.body
    if assigned.error is not None:
        return {"status": "unknown", "reason": str(assigned.error), **told}
    if not isinstance(body, Mapping) or not isinstance(body.get("value"), list):
        return {"status": "unknown", "reason": "Microsoft Graph did not answer with a list of role assignments.", **told}
    principals = [found for entry in body["value"] if isinstance(entry, Mapping) and isinstance(found := entry.get("principal"), Mapping)]
    users = [found for found in principals if str(found.get("@odata.type")) == "#microsoft.graph.user"]
    told["groups"] = sum(str(found.get("@odata.type")) == "#microsoft.graph.group" for found in principals)
    told["administrators"] = [_user(found) for found in users if isinstance(found.get("userPrincipalName"), str)]
    if len(told["administrators"]) < len(users):
        reason = f"Microsoft Graph does not show who {len(users)} Global Administrators are; this needs the application permission {USERS} with admin consent."
        return {"status": "unknown", "reason": reason, **told}
    return {"status": "read", "reason": None, **told}


def _user(found: Mapping[str, t.Any]) -> dict[str, t.Any]:
    name = printable(found["userPrincipalName"].lower(), _MOST_CHARACTERS)
    return {"user": name, "domain": name.rpartition("@")[2], "enabled": found.get("accountEnabled") is True}


def _password_hash_sync(reply: Reply) -> tuple[bool | None, str | None]:
    if reply.error is not None:
        return None, str(reply.error)
    # The answer was seen both as the object itself and as a list of it.
    body = reply.body
    if isinstance(body, Mapping) and isinstance(body.get("value"), list) and body["value"]:
        body = body["value"][0]
    features = body.get("features") if isinstance(body, Mapping) else None
    found = features.get("passwordSyncEnabled") if isinstance(features, Mapping) else None
    return (found, None) if isinstance(found, bool) else (None, "Microsoft Graph does not say whether Password Hash Sync is on.")
