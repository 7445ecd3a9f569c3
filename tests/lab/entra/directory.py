# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph shows of the tenant besides its domains: the logs, administrators, and what is synchronized."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import audit_log, sign_in_log
from .tenant import Administrator, Tenant
from .token import Issued
from .wire import Request, Response, denied, graph_error

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
_USERS = frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
_ROLES = frozenset({"RoleManagement.Read.Directory", "RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory", "Directory.Read.All"})
_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_SYNCHRONIZATION = frozenset({"OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"})
OPERATIONS = {
    ("auditlogs", "signins"): "list_sign_ins",
    ("auditlogs", "directoryaudits"): "list_directory_audits",
    ("rolemanagement", "directory", "roleassignments"): "list_role_assignments",
    ("directory", "onpremisessynchronization"): "get_synchronization",
}


def refusal(operation: str, request: Request, issued: Issued, tenant: Tenant) -> Response | None:
    """Return the answer to a token without the right, or for a tenant without the licence; None where all is well."""
    held, switches = issued.permissions, tenant.switches
    if operation in ("list_sign_ins", "list_directory_audits"):
        if "AuditLog.Read.All" not in held or (switches.sign_in_log_needs_directory_read and not held & _DIRECTORY):
            return denied(request)
        if not switches.sign_in_log_licensed:
            text = "Neither tenant is B2C or tenant doesn't have premium license"
            return graph_error(request, 403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", text)
        return None
    if operation == "list_role_assignments":
        return None if held & _ROLES else denied(request)
    allowed = switches.application_reads_synchronization and held & _SYNCHRONIZATION
    return None if allowed else denied(request)


def sign_ins(request: Request, tenant: Tenant) -> list[dict[str, Any]] | Response:
    """Return the entries that the request asks for, all pages of them, or the answer to one that cannot be carried out."""
    odd = sorted(name for name in request.query if name.startswith("$") and name not in ("$filter", "$top", "$skiptoken"))
    if odd:
        return graph_error(request, 400, "BadRequest", f"Query option '{odd[0]}' is not supported.")
    switches = tenant.switches
    shown = tenant.sign_in_log.shown(tenant.clock.now(), timedelta(minutes=switches.sign_in_log_lag_minutes), switches.sign_in_log_failures)
    try:
        found = sign_in_log.filtered(shown, request.query.get("$filter"))
    except ValueError as error:
        return graph_error(request, 400, "BadRequest", str(error))
    return [sign_in_log.to_graph(entry, switches.sign_in_log_names_failed_users) for entry in found]


def directory_audits(request: Request, tenant: Tenant) -> list[dict[str, Any]] | Response:
    """Return the entries that the request asks for, all pages of them, or the answer to one that cannot be carried out."""
    odd = sorted(name for name in request.query if name.startswith("$") and name not in ("$filter", "$top", "$skiptoken"))
    if odd:
        return graph_error(request, 400, "BadRequest", f"Query option '{odd[0]}' is not supported.")
    switches = tenant.switches
    shown = tenant.audit_log.shown(tenant.clock.now(), timedelta(minutes=switches.audit_log_lag_minutes))
    try:
        found = audit_log.filtered(shown, request.query.get("$filter"))
    except ValueError as error:
        return graph_error(request, 400, "BadRequest", str(error))
    return [audit_log.to_graph(entry, switches.audit_log_shows_client_id, switches.audit_log_correlates) for entry in found]


def role_assignments(request: Request, tenant: Tenant, held: frozenset[str]) -> list[dict[str, Any]] | Response:
    """Return the assignments of the one role that the lab knows."""
    if request.query.get("$filter") != f"roleDefinitionId eq '{GLOBAL_ADMINISTRATOR}'" or request.query.get("$expand", "principal") != "principal":
        return graph_error(request, 400, "Request_UnsupportedQuery", "Unsupported query.")
    return [_assignment(administrator, bool(held & _USERS)) for administrator in tenant.administrators]


def _assignment(administrator: Administrator, visible: bool) -> dict[str, Any]:
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, administrator.name))
    principal: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{administrator.kind}", "id": identifier}
    if administrator.kind == "user":
        # Without the right to read users, what is of a user is null.
        told: Mapping[str, Any] = {"userPrincipalName": administrator.name, "accountEnabled": administrator.enabled}
        principal.update(told if visible else dict.fromkeys(told))
    return {
        "id": f"{identifier}-1",
        "principalId": identifier,
        "directoryScopeId": "/",
        "roleDefinitionId": GLOBAL_ADMINISTRATOR,
        "principal": principal,
    }


def synchronization(tenant: Tenant) -> dict[str, Any]:
    """Return the tenant's settings of directory synchronization."""
    return {"id": tenant.tenant_id, "features": {"passwordSyncEnabled": tenant.switches.password_hash_sync}}
