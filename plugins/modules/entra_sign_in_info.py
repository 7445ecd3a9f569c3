#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_sign_in_info
short_description: Count sign-ins of federated users in Entra ID's sign-in log
version_added: 1.0.0
description:
  - Counts the sign-ins of users of federated domains between two times, by domain, application and error code, from the sign-in log of
    Microsoft Entra ID (Azure AD), over Microsoft Graph.
  - So it tells since when, and for which domains, sign-in fails with the errors of a certificate or an issuer that does not fit, such as
    AADSTS50008, AADSTS500081, AADSTS5000811 and AADSTS50107.
  - The log lags by minutes, at times by hours; RV(newest) says how far it had come. By Microsoft's description it holds the federated sign-ins
    that succeeded; whether it holds every one that failed is not documented. So a log without failures does not show that there were none.
  - Anybody can bring about failures in that log, by sending a token that is not signed rightly. They show that something should be looked at,
    and not what happened.
  - The app needs the application permissions C(Domain.Read.All) and C(AuditLog.Read.All), and the tenant Microsoft Entra ID P1 or P2.
    Microsoft's documentation names C(Directory.Read.All) besides, which Graph may need to see the licence. Without the right or the licence
    the task does not fail; RV(status) is V(unknown) then.
options:
  since:
    description:
      - Count sign-ins from this time on, in ISO 8601 with C(Z) or an offset.
      - Without it, from 24 hours before O(until). Entra ID keeps them for thirty days at most.
    type: str
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
  domains:
    description:
      - Count users of these domains only.
      - Without it, or with an empty list, users of all federated domains of the tenant.
    type: list
    elements: str
  limit:
    description:
      - How many entries of the log are read at most, the newest first, from 1 to 50000. Where there are more, RV(status) is V(partial).
      - More than 64 MB are not read either.
    type: int
    default: 10000
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._attributes
  - federation.adfs._attributes.controller
  - federation.adfs._attributes.info
seealso:
  - plugin: federation.adfs.entra_sign_in
    plugin_type: lookup
author:
  - The federation.adfs contributors (@federation-adfs)
"""

EXAMPLES = r"""
- name: Count what failed in the last day because of a certificate
  federation.adfs.entra_sign_in_info:
    tenant_id: contoso.onmicrosoft.com
    client_id: 11111111-2222-3333-4444-555555555555
    client_certificate_path: /etc/federation/app.pem
  delegate_to: localhost
  register: log

- name: Show them, domain by domain
  ansible.builtin.debug:
    msg: "{{ item.domain }}: {{ item.count }} times {{ item.error_code }} in {{ item.application }}, from {{ item.first }} to {{ item.last }}"
  loop: "{{ log.sign_ins }}"
  loop_control:
    label: "{{ item.domain }}"

- name: Compare the hour before a change with the hour after it, for one domain
  federation.adfs.entra_sign_in_info:
    domains: [contoso.com]
    errors: all
    since: 2026-03-01T09:00:00Z
    until: 2026-03-01T11:00:00Z
  delegate_to: localhost
"""

RETURN = r"""
status:
  description:
    - V(read) where all entries were read, V(partial) where there are more than O(limit), or V(unknown) where the log cannot be read.
  type: str
  returned: success
  sample: read
reason:
  description: Why the log is not known, or only in part, and what to do about it. Null otherwise.
  type: str
  returned: success
tenant_id:
  description: The tenant, as given by O(tenant_id), else from the token.
  type: str
  returned: success
since:
  description: From when on the log was read. With RV(status) V(partial), that of the oldest entry that was read.
  type: str
  returned: unless RV(status) is V(unknown)
until:
  description: Up to when sign-ins were asked for.
  type: str
  returned: unless RV(status) is V(unknown)
newest:
  description:
    - When the newest sign-in of the whole log was, of any user. What is later than this may still be missing. Null where the log is empty.
  type: str
  returned: unless RV(status) is V(unknown)
unusable:
  description: How many entries did not say when they were, or what came of them.
  type: int
  returned: unless RV(status) is V(unknown)
sign_ins:
  description: The counts, by domain.
  type: list
  elements: dict
  returned: unless RV(status) is V(unknown)
  contains:
    domain:
      description: The domain of the user's name. Null where Entra ID does not say who the user was, as it may be if the token could not be believed.
      type: str
      sample: contoso.com
    application_id:
      description: The application (client) ID that the user signed in to.
      type: str
    application:
      description: Its name.
      type: str
      sample: Office 365 Exchange Online
    error_code:
      description: The number of the error (AADSTS); 0 is success.
      type: int
      sample: 50008
    meaning:
      description: What the number means; null for one that is not about a federated user's token.
      type: str
    count:
      description: How many sign-ins.
      type: int
    first:
      description: When the first of them was.
      type: str
      sample: '2026-03-01T10:02:11Z'
    last:
      description: When the last of them was.
      type: str
"""

import datetime
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import domain_name, list_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, GraphError
from ansible_collections.federation.adfs.plugins.module_utils._entra.libraries import require
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import argument_spec, merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.sign_in_log import DEFAULT_ENTRIES, ERRORS, read_sign_ins, span

SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "since": {"type": "str"},
    "until": {"type": "str"},
    "errors": {"type": "str", "choices": list(ERRORS), "default": ERRORS[0]},
    "domains": {"type": "list", "elements": "str"},
    "limit": {"type": "int", "default": DEFAULT_ENTRIES},
}


def work(module: AnsibleModule) -> None:
    """Read, and end with the result."""
    now = datetime.datetime.now(datetime.timezone.utc)
    params = module.params
    result: dict[str, t.Any] = {}
    try:
        require("cryptography")
        settings = merge_options(params, os.environ)
        module.no_log_values.update(settings.secrets())
        asked = span(params["since"], params["until"], params["errors"], params["limit"], now)
        names = [domain_name(text) for text in params["domains"] or [] if text.strip()]
        client = connect(settings)
        try:
            domains = names or list_domains(client).federated
            try:
                result = read_sign_ins(client, asked, frozenset(domains))
            except GraphError as exc:
                if exc.status != 403:
                    raise
                result = {"status": "unknown", "reason": str(exc)}
            tenant_id = client.tenant_id
        finally:
            # Tokens and assertions came up meanwhile.
            module.no_log_values.update(settings.secrets())
            client.close()
    except EntraError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, tenant_id=tenant_id, **result)


def main() -> None:
    """Run the module."""
    work(AnsibleModule(argument_spec=SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
