# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks up failed sign-ins in the sign-in log of Entra ID."""

from __future__ import annotations

DOCUMENTATION = r"""
name: entra_sign_in
author:
  - The federation.adfs contributors (@federation-adfs)
short_description: Look up sign-ins that failed because of a certificate in Entra ID's sign-in log
version_added: 1.0.0
description:
  - Counts sign-ins in the sign-in log of Microsoft Entra ID (Azure AD), over Microsoft Graph, as M(federation.adfs.entra_sign_in_info) does, of one
    tenant or several.
  - It runs on the controller, where the template is evaluated. One evaluation asks twice, and once more for each further page.
  - A tenant whose log cannot be read is an entry that says why, and never an error.
  - The app needs the application permission C(AuditLog.Read.All), and the tenant Microsoft Entra ID P1 or P2.
options:
  _terms:
    description:
      - Count users of these domains, and those whose name Entra ID does not know. Lists are taken apart, empty names are left out.
      - Without any, users of all domains.
    type: list
    elements: str
  since:
    description:
      - Count sign-ins from this time on, in ISO 8601 with C(Z) or an offset.
      - Without it, from O(days) before O(until).
    type: str
  days:
    description:
      - How many days to look back, from 1 to 30, where O(since) is not given.
    type: int
    default: 1
  until:
    description:
      - Count sign-ins up to this time, in ISO 8601 with C(Z) or an offset.
      - Without it, up to now.
    type: str
  errors:
    description:
      - V(certificate) counts failures that a signing certificate or an issuer brings about that does not fit, V(failed) all failures, and V(all)
        successful sign-ins too.
    type: str
    choices: [certificate, failed, all]
    default: certificate
  limit:
    description:
      - How many entries of each tenant's log are read at most, the newest first, from 1 to 50000.
    type: int
    default: 10000
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
  - module: federation.adfs.entra_sign_in_info
"""

EXAMPLES = r"""
- name: Show which domains lost sign-ins in the last two days, with credentials from the environment
  ansible.builtin.debug:
    msg: "{{ item.domain }}: {{ item.count }} times {{ item.error_code }}, the last time at {{ item.last }}"
  loop: "{{ query('federation.adfs.entra_sign_in', days=2) | map(attribute='sign_ins', default=[]) | flatten }}"
  loop_control:
    label: "{{ item.domain }}"
"""

RETURN = r"""
_raw:
  description:
    - One entry for each tenant, with what M(federation.adfs.entra_sign_in_info) returns of it. C(status) is C(unknown) where it cannot be read, and
      C(reason) says why.
    - Each of its C(sign_ins) has besides the C(times), a list.
  type: list
  elements: dict
"""

import datetime
import os
import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleLookupError, AnsibleOptionsError

from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import domain_name
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.sign_in_log import read_sign_ins, span
from ansible_collections.federation.adfs.plugins.module_utils._entra.tenants import in_each_tenant
from ansible_collections.federation.adfs.plugins.plugin_utils._entra_lookup import TOKENS, EntraLookup, flat


class LookupModule(EntraLookup):
    """The lookup."""

    OWN: t.ClassVar[tuple[str, ...]] = ("since", "days", "until", "errors", "limit")

    def run(self, terms: t.Any, variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        """Return what each tenant's log holds. Raises AnsibleOptionsError and AnsibleLookupError."""
        try:
            tenants = self.given_tenants(variables or {}, kwargs)
            names = frozenset(domain_name(name) for name in flat(terms))
            now = datetime.datetime.now(datetime.timezone.utc)
            asked = span(*(kwargs.get(name) for name in ("since", "until", "errors", "limit")), now, kwargs.get("days"))
            return in_each_tenant(tenants, os.environ, TOKENS, lambda client: read_sign_ins(client, asked, names or None, with_times=True))
        except OptionsError as exc:
            raise AnsibleOptionsError(str(exc)) from exc
        except EntraError as exc:
            raise AnsibleLookupError(str(exc)) from exc
