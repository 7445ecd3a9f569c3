#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_federation_info
short_description: Read the settings of federated domains in Entra ID
version_added: 1.0.0
description:
  - Reads the federation settings of domains in Microsoft Entra ID (Azure AD) over Microsoft Graph, certificates included.
  - The app needs the application permission C(Domain.Read.All) and C(Domain-InternalFederation.Read.All). Where a tenant does not know
    the second one yet, C(Domain.Read.All) is enough.
options:
  domains:
    description:
      - The domains to read. A domain that the tenant does not have, or that is not federated, fails the task.
      - Without it, or with an empty list, all federated domains of the tenant.
    type: list
    elements: str
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._attributes
  - federation.adfs._attributes.info
attributes:
  async:
    support: full
  platform:
    support: full
    platforms: posix
    details:
      - Needs no AD FS server. Use C(delegate_to=localhost) in a play for Windows hosts.
seealso:
  - module: federation.adfs.entra_federation
  - plugin: federation.adfs.entra_federation
    plugin_type: lookup
author:
  - The federation.adfs contributors (@federation-adfs)
"""

EXAMPLES = r"""
- name: Read all federated domains
  federation.adfs.entra_federation_info:
    tenant_id: contoso.onmicrosoft.com
    client_id: 11111111-2222-3333-4444-555555555555
    client_certificate_path: /etc/federation/app.pem
  delegate_to: localhost
  register: entra

- name: Show until when each domain's certificate is good
  ansible.builtin.debug:
    msg: "{{ item.domain }}: {{ item.signing_certificate.not_after | default('no certificate') }}"
  loop: "{{ entra.domains }}"
  loop_control:
    label: "{{ item.domain }}"

- name: Read two domains, with credentials from the environment
  federation.adfs.entra_federation_info:
    domains:
      - contoso.com
      - example.com
  delegate_to: localhost
"""

RETURN = r"""
domains:
  description:
    - One entry for each domain, in the order of O(domains), else by name.
  type: list
  elements: dict
  returned: success
  contains:
    domain:
      description: The name of the domain.
      type: str
      sample: contoso.com
    tenant_id:
      description: The tenant, as given by O(tenant_id), else from the token.
      type: str
    is_root:
      description: Whether Entra ID calls it a root domain. A subdomain that was verified after its root inherits the root's settings.
      type: bool
    root:
      description: The root domain that it belongs to; itself, if it is one.
      type: str
    error:
      description:
        - Why the settings of this domain could not be read; everything else is null then.
        - A domain without a configuration of its own is no error; RV(domains[].configuration_id) is null then.
      type: str
    configuration_id:
      description: The ID of the federation configuration. Null where the domain has none of its own, as with a subdomain that inherits.
      type: str
    display_name:
      description: The name of the federation, once called the brand name.
      type: str
    issuer_uri:
      description: What tokens must name as their issuer.
      type: str
      sample: http://sts.contoso.com/adfs/services/trust
    passive_sign_in_uri:
      description: Where browsers sign in.
      type: str
      sample: https://sts.contoso.com/adfs/ls/
    active_sign_in_uri:
      description: Where rich clients sign in.
      type: str
    sign_out_uri:
      description: Where browsers sign out.
      type: str
    metadata_exchange_uri:
      description: Where rich clients find endpoints.
      type: str
    password_reset_uri:
      description: Where clients are sent to reset a password.
      type: str
    preferred_authentication_protocol:
      description: V(wsFed) or V(saml).
      type: str
    prompt_login_behavior:
      description: How a demand for a fresh sign-in reaches AD FS.
      type: str
    is_signed_authentication_request_required:
      description: Whether Entra ID signs its SAML requests.
      type: bool
    federated_idp_mfa_behavior:
      description: Whether a second factor that AD FS checked is accepted.
      type: str
    signing_certificate_update_status:
      description: What Entra ID's own daily update from the metadata came to last.
      type: dict
      contains:
        certificate_update_result:
          description: The result in a word, for example V(success).
          type: str
        last_run_date_time:
          description: When it ran last.
          type: str
    signing_certificate:
      description:
        - The certificate in C(signingCertificate); null if there is none.
        - If the member holds something that is no certificate, all members are null, and C(error) says why it cannot be read.
        - C(der) is left out here, see RV(certificates).
      type: dict
    next_signing_certificate:
      description: The certificate in C(nextSigningCertificate), which Entra ID accepts just as well, in the same form.
      type: dict
certificates:
  description:
    - Each certificate once, with its body.
  type: list
  elements: dict
  returned: success
  contains:
    thumbprint:
      description: SHA-1 thumbprint, upper-case hexadecimal.
      type: str
    thumbprint_sha256:
      description: SHA-256 thumbprint, upper-case hexadecimal.
      type: str
    subject:
      description: The subject.
      type: str
      sample: CN=ADFS Signing - sts.contoso.com
    issuer:
      description: The issuer.
      type: str
    serial_number:
      description: The serial number, hexadecimal.
      type: str
    not_before:
      description: Good from, ISO 8601 in UTC.
      type: str
      sample: "2026-01-31T12:00:00Z"
    not_after:
      description: Good until, ISO 8601 in UTC.
      type: str
    days_remaining:
      description: Whole days until it expires; negative once it has.
      type: int
    self_signed:
      description: Whether subject and issuer are the same.
      type: bool
    key_type:
      description: The type of the key.
      type: str
      sample: RSA
    key_size:
      description: The size of the key in bits.
      type: int
    signature_algorithm:
      description: How it is signed.
      type: str
      sample: sha256WithRSAEncryption
    der:
      description: The certificate in base64 DER, one line.
      type: str
"""

import datetime
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import Domain, bodies, domain_name, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import argument_spec, merge_options


def described(domains: list[Domain], tenant_id: str | None, now: datetime.datetime) -> dict[str, t.Any]:
    """Return the result for the domains; ``now`` is what remaining days are counted from."""
    configurations = [domain.configuration for domain in domains if domain.configuration]
    return {
        "domains": [domain.shape(tenant_id, now, with_der=False) for domain in domains],
        "certificates": bodies(configurations, now),
    }


def main() -> None:
    """Run the module."""
    spec = {**argument_spec(), "domains": {"type": "list", "elements": "str"}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        settings = merge_options(module.params, os.environ)
        module.no_log_values.update(settings.secrets())
        names = [domain_name(text) for text in module.params["domains"] or [] if text.strip()]
        client = connect(settings)
        try:
            domains = read_domains(client, names, every=not names)
            result = described(domains, client.tenant_id, datetime.datetime.now(datetime.timezone.utc))
        finally:
            client.close()
    except EntraError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
