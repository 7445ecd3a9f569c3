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
  baseline:
    description:
      - The approved settings, to compare with. Then RV(deviations) tells what differs.
      - Issuer, addresses, protocol, the behaviour for a second factor and the certificates are compared, strictly. A federated domain that is
        not in the baseline is a deviation too, also where O(domains) does not name it.
    type: dict
    suboptions:
      domains:
        description:
          - One entry for each domain, as in RV(domains) of an earlier task with RV(detail=full), or as items of
            P(federation.adfs.entra_federation#lookup). The rest of an entry is ignored, and what an entry leaves out is not compared.
        type: list
        elements: dict
        required: true
      certificates:
        description:
          - The thumbprints (SHA-1) of certificates that may be in a domain besides those in O(baseline.domains), for example AD FS' own.
          - If no certificate is known at all, certificates are not compared.
        type: list
        elements: str
extends_documentation_fragment:
  - federation.adfs._entra
  - federation.adfs._attributes
  - federation.adfs._attributes.controller
  - federation.adfs._attributes.info
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

- name: See what changed since the domains were approved, and what the app may do
  federation.adfs.entra_federation_info:
    baseline:
      domains: "{{ lookup('ansible.builtin.file', 'approved-domains.json') | from_json }}"
  delegate_to: localhost
  register: entra
  failed_when: entra.deviations | length > 0 or entra.permissions.read.excessive | length > 0
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
      description:
        - The name of the domain. A federated domain under a name that cannot be asked for, or without one (null), has an C(error).
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
        - Why the settings of this domain could not be read; everything else that is not known is null then.
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
        - A certificate that is stored as PEM text, which Microsoft does not document, has C(in_order) with the value V(false) besides.
        - With RV(detail=short) it has C(thumbprint), C(subject), C(not_before) and C(not_after) only, with RV(detail=shortest) only C(thumbprint).
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
    # BEGIN GENERATED certificate, from tests/tools/certificate_return.yml by `make generate`
    thumbprint:
      description: SHA-1 of the certificate, in upper-case hexadecimal digits.
      type: str
      returned: always
      sample: 9451EE6D3918E256163BB8C4A589CACF23CA2527
    thumbprint_sha256:
      description: SHA-256 of the certificate, in upper-case hexadecimal digits.
      type: str
      returned: always
      sample: 2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE
    subject:
      description: The name of the subject.
      type: str
      returned: always
      sample: CN=ADFS Signing - sts.contoso.com
    issuer:
      description: The name of the issuer.
      type: str
      returned: always
      sample: CN=ADFS Signing - sts.contoso.com
    serial_number:
      description: The serial number in hexadecimal digits.
      type: str
      returned: always
      sample: 7E8963
    not_before:
      description: When the certificate becomes valid, in UTC.
      type: str
      returned: always
      sample: "2026-02-03T10:11:12Z"
    not_after:
      description: When the certificate expires, in UTC.
      type: str
      returned: always
      sample: "2027-02-03T10:11:12Z"
    days_remaining:
      description: Whole days until the certificate expires, negative afterwards.
      type: int
      returned: always
      sample: 73
    self_signed:
      description: Whether subject and issuer are the same.
      type: bool
      returned: always
      sample: true
    key_type:
      description: The kind of key.
      type: str
      returned: always
      sample: RSA
    key_size:
      description: The size of the key in bits.
      type: int
      returned: always
      sample: 2048
    signature_algorithm:
      description: The algorithm by which the certificate is signed.
      type: str
      returned: always
      sample: sha256WithRSAEncryption
    der:
      description: The certificate, base64 of its DER form on one line.
      type: str
      returned: always
      sample: MIIC3jCCAcag...
    # END GENERATED certificate
detail:
  description:
    - V(full), or V(short) or V(shortest) for so many domains that a runner, which cuts results above 700,000 characters, would lose some of them.
    - Then the settings that stand after RV(domains[].passive_sign_in_uri) are left out, except RV(domains[].signing_certificate_update_status),
      and certificates in domains are shorter. The task warns. Name fewer domains in each task, or use the lookup, to get everything.
  type: str
  returned: success
permissions:
  description:
    - What the token says about the permissions of the app, so before any request is refused.
  type: dict
  returned: when there was a token
  contains:
    kind:
      description: V(application), V(delegated) for a token of a user, V(unknown) for a token that cannot be read.
      type: str
    granted:
      description: The permissions in the token.
      type: list
      elements: str
    read:
      description: What this module, the lookup and audits need.
      type: dict
      contains: &purpose
        enough:
          description: Whether the permissions are enough; null where the token cannot be read.
          type: bool
        missing:
          description: The permissions that are missing.
          type: list
          elements: str
        perhaps_missing:
          description: The permissions that only an older tenant does without.
          type: list
          elements: str
        excessive:
          description: The permissions that are more than needed.
          type: list
          elements: str
    write:
      description: What M(federation.adfs.entra_federation) and a renewal need.
      type: dict
      contains: *purpose
faults:
  description:
    - What in the settings, the certificates aside, keeps users from signing in, or looks like a mistake. With wrong addresses or a shared issuer
      nobody can sign in, whatever the certificate.
  type: list
  elements: dict
  returned: success
  contains:
    domain:
      description: The name of the domain.
      type: str
    tenant_id:
      description: The tenant.
      type: str
    kind:
      description:
        - V(no_address), V(bad_address) for a text that is no address with https, V(other_host) for a sign-in address of another host than the issuer,
          V(no_issuer), V(shared_issuer) for the issuer of another domain, V(child_configuration) for a subdomain with a configuration of its own,
          or V(no_protocol).
      type: str
    severity:
      description: V(broken) where users cannot sign in like this, else V(warning).
      type: str
    member:
      description: The setting, under its name in RV(domains); null where it is the domain itself.
      type: str
    found:
      description: What is there now.
      type: raw
    message:
      description: All this as a sentence.
      type: str
deviations:
  description:
    - What differs from O(baseline). The same difference in several domains is one entry. It is plain data that can be kept.
  type: list
  elements: dict
  returned: with O(baseline)
  contains:
    kind:
      description:
        - V(changed_setting), V(unknown_certificate) for one that is not approved, V(unreadable_certificate), V(unlisted_domain) for one that is
          federated and not in the baseline, V(missing_domain) for the opposite, or V(not_compared) for one that could not be read.
      type: str
    domains:
      description: The domains.
      type: list
      elements: str
    member:
      description: The setting or certificate, under its name in RV(domains); null where the domain itself deviates.
      type: str
    expected:
      description: What the baseline has.
      type: raw
    found:
      description: What is there now; for a certificate its thumbprint.
      type: raw
    message:
      description: All this as a sentence, with what to do next.
      type: str
"""

import datetime
import os
import typing as t
from collections.abc import Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._entra.baseline import SLOTS, find_deviations
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import bodies, domain_name, list_domains, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.libraries import require
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import argument_spec, merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.settings import find_faults
from ansible_collections.federation.adfs.plugins.module_utils._entra.sizes import slot_in, text_in, warning, within_limit, without_options

try:
    from ansible_collections.federation.adfs.plugins.module_utils._x509 import CertificateError, normalize_thumbprint
except ImportError:  # cryptography is missing; main() says so
    pass


# What a domain has however many there are; the certificates are shortened besides.
ALWAYS = ("domain", "tenant_id", "is_root", "root", "error", "configuration_id", "issuer_uri", "passive_sign_in_uri", "signing_certificate_update_status")


def described(
    shapes: Sequence[Mapping[str, t.Any]], certificates: Sequence[Mapping[str, t.Any]], more: Mapping[str, t.Any], repeated: t.Any
) -> dict[str, t.Any]:
    """Return the result for the domains, short enough for runners. ``repeated``: the options that Ansible adds to it."""

    def build(detail: str) -> dict[str, t.Any]:
        return {"domains": [_told(shape, detail) for shape in shapes], "certificates": list(certificates), **more}

    return within_limit(build, repeated)


def _told(shape: Mapping[str, t.Any], detail: str) -> dict[str, t.Any]:
    told = dict(shape) if detail == "full" else {name: shape[name] for name in ALWAYS}
    return {**told, "error": text_in(detail, shape["error"]), **{name: slot_in(detail, shape[name]) for name in SLOTS}}


def _baseline(given: Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    """Return the option with names and thumbprints in the form in which they are compared. Raises OptionsError."""
    if given is None:
        return None
    entries = [{**entry, "domain": domain_name(entry.get("domain"))} for entry in given["domains"]]
    try:
        return {"domains": entries, "certificates": [normalize_thumbprint(text) for text in given["certificates"] or [] if text.strip()]}
    except CertificateError as exc:
        raise OptionsError(f"baseline.certificates: {exc}.") from exc


def main() -> None:
    """Run the module."""
    approved = {"domains": {"type": "list", "elements": "dict", "required": True}, "certificates": {"type": "list", "elements": "str"}}
    spec = {**argument_spec(), "domains": {"type": "list", "elements": "str"}, "baseline": {"type": "dict", "options": approved}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    told: dict[str, t.Any] = {}
    try:
        require("cryptography")
        settings = merge_options(module.params, os.environ)
        module.no_log_values.update(settings.secrets())
        names = [domain_name(text) for text in module.params["domains"] or [] if text.strip()]
        baseline = _baseline(module.params["baseline"])
        client = connect(settings)
        try:
            told["permissions"] = client.permissions()
            listing = list_domains(client)
            domains = read_domains(client, names, every=not names, listing=listing)
            tenant_id = client.tenant_id
        finally:
            # Tokens and assertions came up meanwhile.
            module.no_log_values.update(settings.secrets())
            client.close()
    except EntraError as exc:
        module.fail_json(msg=str(exc), **told)
    shapes = [domain.shape(tenant_id, now, with_der=False) for domain in domains]
    told["faults"] = find_faults(shapes)
    if baseline is not None:
        told["deviations"] = find_deviations(baseline, shapes, listing.federated)
    certificates = bodies([domain.configuration for domain in domains if domain.configuration], now)
    result = described(shapes, certificates, told, module.params["baseline"])
    shortened = warning(result)
    if shortened:
        module.warn(shortened)
        result["invocation"] = without_options(module.params, "baseline", "domains")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
