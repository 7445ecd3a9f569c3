# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entra ID as the lab plays it: a tenant with federated domains, its token endpoint, and Microsoft Graph."""

from .federation import Slots
from .server import EntraServer
from .switches import SwitchError, TenantSwitches
from .tenant import Administrator, Domain, NoSuchDomain, NotFederated, Tenant, federated_domain, inheriting_domain, managed_domain
from .token import Application, FederatedCredential

__all__ = [
    "Administrator",
    "Application",
    "Domain",
    "EntraServer",
    "FederatedCredential",
    "NoSuchDomain",
    "NotFederated",
    "Slots",
    "SwitchError",
    "Tenant",
    "TenantSwitches",
    "federated_domain",
    "inheriting_domain",
    "managed_domain",
]
