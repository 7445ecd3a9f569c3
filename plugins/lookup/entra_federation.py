# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks up the federation settings of domains in Entra ID."""

from __future__ import annotations

DOCUMENTATION = r"""
name: entra_federation
author:
  - The federation.adfs contributors (@federation-adfs)
short_description: Look up the settings of federated domains in Entra ID
version_added: 1.0.0
description:
  - Reads the federation settings of domains in Microsoft Entra ID (Azure AD) over Microsoft Graph, certificates included.
  - It runs on the controller, where the template is evaluated. One evaluation signs in once and reads all its domains together, so use one
    lookup for many domains rather than one in a loop, and keep its result by M(ansible.builtin.set_fact).
  - The app needs the application permissions C(Domain.Read.All) and C(Domain-InternalFederation.Read.All). Where a tenant does not know
    the second one yet, C(Domain.Read.All) is enough.
options:
  _terms:
    description:
      - The names of the domains. Lists are taken apart, empty names are left out.
      - A domain that the tenant does not have, or that is not federated, cannot be read; see O(unreadable).
      - No domain at all is an error too, unless O(all_domains=true).
    type: list
    elements: str
  all_domains:
    description:
      - Returns all federated domains of the tenant. Domains that are named besides must be among them.
    type: bool
    default: false
  tenants:
    description:
      - Several tenants to read in one call, each with the options below under their names or aliases. What an entry leaves out is taken from
        the options given besides, then as for one tenant, from variables and the environment.
      - With more than one entry each needs its O(tenant_id). Domains that are named are looked for in all of them.
      - O(time_limit) holds for all of them together, and each has a fair share of it.
    type: list
    elements: dict
  unreadable:
    description:
      - What to do about a domain, or a whole tenant, that cannot be read.
      - With V(fail) the lookup fails.
      - With V(report) it is an entry with C(error), and the others are returned as ever. A tenant that cannot be read at all, because the
        sign-in is refused or Microsoft Graph cannot be reached, is one entry, with C(domain) null and its C(tenant_id).
      - Options that are unknown or contradict each other make the lookup fail in any case.
    type: str
    choices: [fail, report]
    default: fail
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._entra.plugin
seealso:
  - module: federation.adfs.entra_federation
  - module: federation.adfs.entra_federation_info
"""

EXAMPLES = r"""
- name: Read two domains, with credentials from the environment
  ansible.builtin.set_fact:
    entra_domains: "{{ query('federation.adfs.entra_federation', 'contoso.com', 'example.com') }}"

- name: Show until when each federated domain's certificate is good
  ansible.builtin.debug:
    msg: "{{ item.domain }}: {{ item.signing_certificate.not_after | default('no certificate') }}"
  loop: "{{ query('federation.adfs.entra_federation', all_domains=true) }}"
  loop_control:
    label: "{{ item.domain }}"

- name: Read one domain of another tenant, with credentials from variables
  ansible.builtin.debug:
    msg: "{{ (query('federation.adfs.entra_federation', 'contoso.com') | first).issuer_uri }}"
  vars:
    adfs_entra_tenant_id: contoso.onmicrosoft.com
    adfs_entra_client_id: 11111111-2222-3333-4444-555555555555
    adfs_entra_client_secret: "{{ vault_client_secret }}"

- name: Read all federated domains of two tenants, and go on if one of them cannot be read
  ansible.builtin.set_fact:
    all_tenants: "{{ query('federation.adfs.entra_federation', all_domains=true, tenants=entra_tenants, unreadable='report') }}"
  vars:
    entra_tenants:
      - tenant_id: contoso.onmicrosoft.com
        client_id: 11111111-2222-3333-4444-555555555555
        client_secret: "{{ vault_client_secret }}"
      - tenant_id: fabrikam.onmicrosoft.com
        client_id: 66666666-7777-8888-9999-000000000000
        client_certificate_path: /etc/federation/app.pem
"""

RETURN = r"""
_raw:
  description:
    - One entry for each name, in the order given; with O(all_domains=true) one for each federated domain, by name, one tenant after the other.
    - The entries are those that M(federation.adfs.entra_federation_info) returns in its C(domains), except that a certificate's C(der)
      (base64 DER, one line) is right in C(signing_certificate) and C(next_signing_certificate).
    - C(can_write) tells whether the token shows the permission to write the domain. It is null where the token cannot be read.
    - C(error) says why the settings of a domain could not be read; everything else that is not known is null then. Such entries come with
      O(unreadable=report) only. In that of a whole tenant C(domain) is null, too.
  type: list
  elements: dict
"""

import datetime
import os
import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleLookupError, AnsibleOptionsError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import domain_name
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.tenants import read_tenants
from ansible_collections.federation.adfs.plugins.plugin_utils._entra_lookup import EntraLookup, flat


class LookupModule(EntraLookup):
    """The lookup."""

    OWN: t.ClassVar[tuple[str, ...]] = ("all_domains", "unreadable")

    def run(self, terms: t.Any, variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        """Return the settings of the named domains. Raises AnsibleOptionsError and AnsibleLookupError."""
        try:
            tenants = self.given_tenants(variables or {}, kwargs)
            names = [domain_name(name) for name in flat(terms)]
            every = _yes_or_no(kwargs.get("all_domains"))
            if not names and not every:
                raise OptionsError("no domain is named; name at least one, or set all_domains=true to read every federated domain of the tenant.")
            report = _report(kwargs.get("unreadable"))
            return read_tenants(tenants, os.environ, names, every, report, datetime.datetime.now(datetime.timezone.utc))
        except OptionsError as exc:
            raise AnsibleOptionsError(str(exc)) from exc
        except EntraError as exc:
            raise AnsibleLookupError(str(exc)) from exc


def _yes_or_no(value: t.Any) -> bool:
    if value is None or value == "":
        return False
    try:
        return bool(boolean(value))
    except TypeError as exc:
        raise OptionsError("all_domains must be true or false.") from exc


def _report(value: t.Any) -> bool:
    if value in (None, ""):
        return False
    if value not in ("fail", "report"):
        raise OptionsError("unreadable must be fail or report.")
    return bool(value == "report")
