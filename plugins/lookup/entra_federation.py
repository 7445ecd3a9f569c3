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
      - A domain that the tenant does not have, or that is not federated, is an error.
      - No domain at all is an error too, unless O(all_domains=true).
    type: list
    elements: str
  all_domains:
    description:
      - Returns all federated domains of the tenant. Domains that are named besides must be among them.
    type: bool
    default: false
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._entra.plugin
notes:
  - Variables C(adfs_entra_...) count as options.
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
"""

RETURN = r"""
_raw:
  description:
    - One entry for each name, in the order given; with O(all_domains=true) one for each federated domain, by name.
    - The entries are those that M(federation.adfs.entra_federation_info) returns in its C(domains), except that a certificate's C(der)
      (base64 DER, one line) is right in C(signing_certificate) and C(next_signing_certificate).
    - C(error) says why the settings of one domain could not be read; its settings are null then.
  type: list
  elements: dict
"""

import datetime
import os
import typing as t
from collections.abc import Iterator, Mapping

from ansible.errors import AnsibleLookupError, AnsibleOptionsError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.lookup import LookupBase

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import domain_name, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS, merge_options


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: t.Any, variables: Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        """Return the settings of the named domains. Raises AnsibleOptionsError and AnsibleLookupError."""
        try:
            given = self._given(variables or {}, kwargs)
            names = [domain_name(name) for name in _flat(terms)]
            every = _yes_or_no(kwargs.get("all_domains"))
            if not names and not every:
                raise OptionsError("no domain is named; name at least one, or set all_domains=true to read every federated domain of the tenant.")
            settings = merge_options(given, os.environ)
            client = connect(settings)
            try:
                domains = read_domains(client, names, every=every)
                now = datetime.datetime.now(datetime.timezone.utc)
                return [domain.shape(client.tenant_id, now, with_der=True) for domain in domains]
            finally:
                client.close()
        except OptionsError as exc:
            raise AnsibleOptionsError(str(exc)) from exc
        except EntraError as exc:
            raise AnsibleLookupError(str(exc)) from exc

    def _given(self, variables: Mapping[str, t.Any], arguments: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the options that were given as arguments or as variables, one by one.

        set_options and get_option are of no use here: they look into the environment option by option, and so could mix two
        identities, they leave templates in variables as they are, and they refuse empty numbers.
        """
        known = {"all_domains", "wantlist", *(name for option in OPTIONS for name in (option.name, *option.aliases))}
        unknown = sorted(set(arguments) - known)
        if unknown:
            raise OptionsError(f"unknown option {', '.join(unknown)}; known are {', '.join(sorted(known - {'wantlist'}))}.")
        given: dict[str, t.Any] = {}
        for option in OPTIONS:
            names = [name for name in (option.name, *option.aliases) if name in arguments]
            if len(names) > 1:
                raise OptionsError(f"{' and '.join(names)} are the same option; give one of them.")
            if names:
                given[option.name] = arguments[names[0]]
            elif option.var in variables:
                given[option.name] = self._templar.template(variables[option.var])
        return given


def _yes_or_no(value: t.Any) -> bool:
    if value is None or value == "":
        return False
    try:
        return bool(boolean(value))
    except TypeError as exc:
        raise OptionsError("all_domains must be true or false.") from exc


def _flat(terms: t.Any) -> Iterator[str]:
    """Yield the names in the terms, lists in lists taken apart, empty text left out."""
    for term in terms if isinstance(terms, (list, tuple)) else [terms]:
        if isinstance(term, (list, tuple)):
            yield from _flat(term)
        elif term is not None and not (isinstance(term, str) and not term.strip()):
            yield term
