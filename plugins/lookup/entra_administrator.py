# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks up who administers a tenant of Entra ID."""

from __future__ import annotations

DOCUMENTATION = r"""
name: entra_administrator
author:
  - The federation.adfs contributors (@federation-adfs)
short_description: Look up the Global Administrators of Entra ID, to see who can sign in without federation
version_added: 1.0.0
description:
  - Reads who has the role Global Administrator in Microsoft Entra ID (Azure AD), and whether Password Hash Sync is on, over Microsoft Graph, of
    one tenant or several. An administrator of a domain that is not federated can sign in whatever happens to the federation.
  - It runs on the controller, where the template is evaluated. One evaluation asks once for each tenant.
  - A tenant that cannot be read is an entry that says why, and never an error.
  - The app needs the application permissions C(RoleManagement.Read.Directory) and C(User.Read.All). For Password Hash Sync there is
    C(OnPremDirectorySynchronization.Read.All); Microsoft's documentation says that no application may ask for it, though, so that it may stay unknown.
  - Roles that somebody could activate (Privileged Identity Management) and members of groups that have the role are not looked at.
options:
  _terms:
    description:
      - None are taken.
    type: list
    elements: str
  tenants:
    description:
      - Several tenants to read in one call, each with the options below under their names or aliases. What an entry leaves out is taken from
        the options given besides, then as for one tenant, from variables and the environment.
      - With more than one entry each needs its O(tenant_id).
      - O(time_limit) holds for all of them together, and each has a fair share of it.
    type: list
    elements: dict
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._entra.plugin
seealso:
  - plugin: federation.adfs.entra_federation
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show the administrators, with credentials from the environment
  ansible.builtin.debug:
    msg: "{{ query('federation.adfs.entra_administrator') | map(attribute='administrators', default=[]) | flatten | map(attribute='user') | list }}"
"""

RETURN = r"""
_raw:
  description:
    - One entry for each tenant, with C(tenant_id), C(status) (C(read) or C(unknown)) and, where it is unknown, the C(reason).
    - C(administrators) lists the users with the role, each with C(user), its C(domain), and whether it is C(enabled).
    - C(groups) is the number of groups that have the role.
    - C(password_hash_sync) tells whether it is on. It is null where that is not known, and C(password_hash_sync_reason) says why.
  type: list
  elements: dict
"""

import os
import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleLookupError, AnsibleOptionsError

from ansible_collections.federation.adfs.plugins.module_utils._entra.administrators import read_administrators
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.tenants import in_each_tenant
from ansible_collections.federation.adfs.plugins.plugin_utils._entra_lookup import TOKENS, EntraLookup, flat


class LookupModule(EntraLookup):
    """The lookup."""

    def run(self, terms: t.Any, variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        """Return the administrators of each tenant. Raises AnsibleOptionsError and AnsibleLookupError."""
        try:
            if list(flat(terms)):
                raise OptionsError("entra_administrator takes no terms; name tenants in the option tenants.")
            return in_each_tenant(self.given_tenants(variables or {}, kwargs), os.environ, TOKENS, read_administrators)
        except OptionsError as exc:
            raise AnsibleOptionsError(str(exc)) from exc
        except EntraError as exc:
            raise AnsibleLookupError(str(exc)) from exc
