#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# The action plugin of the same name does the work; this file holds the documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_key
short_description: Check key and chain of a certificate on an AD FS server
version_added: 1.0.0
description:
  - Checks whether one AD FS server can use a token certificate that did not come from AD FS itself. It must be in the store C(LocalMachine\My) of that server.
  - Run it on every server of the farm, secondary ones too, before the certificate becomes primary. A server that cannot use the key of the primary certificate
    stops its service.
  - Bad news are checks with the result V(fail), no failure of the task. With O(grant_read=true) the task fails where nothing can be granted.
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._adfs
  - federation.adfs._attributes
  - federation.adfs._attributes.adfs
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  thumbprint:
    description:
      - The SHA-1 thumbprint of the certificate. Spaces, colons and the invisible marks that certificate dialogs add are ignored.
    type: str
    required: true
  certificate_type:
    description: What AD FS is to use the certificate for.
    type: str
    choices:
      - Token-Signing
      - Token-Decrypting
    default: Token-Signing
  revocation:
    description:
      - Whether the server looks for revocation lists over the network, up to 10 seconds for each address.
    type: bool
    default: true
  grant_read:
    description:
      - Whether to let the service account of AD FS read the private key on this server, if it may not, or if that depends on its groups.
      - Nothing else is changed in the rights of the key file.
    type: bool
    default: false
notes:
  - Unlike the other modules, it works on secondary servers. AD FS tells there nothing about the service communications certificate.
seealso:
  - module: federation.adfs.certificate
  - module: ansible.windows.win_certificate_store
  - ref: ansible_collections.federation.adfs.docsite.guide_custom_certificates
    description: Certificates from an authority, from request to promotion.
"""

EXAMPLES = r"""
- name: See on every server whether it can use the certificate, and let AD FS read the key
  federation.adfs.certificate_key:
    thumbprint: 89B2FC196803FC1ED51A94BDFA14520D4B7FE852
    grant_read: true
  register: key

- name: Stop before anything is promoted if it cannot
  ansible.builtin.assert:
    that: key.checks | selectattr('result', 'eq', 'fail') | length == 0
    fail_msg: "{{ key.checks | selectattr('result', 'eq', 'fail') | map(attribute='advice') | join(' ') }}"
"""

RETURN = r"""
server:
  description: The name of this server.
  returned: success
  type: str
  sample: adfs1.contoso.com
checks:
  description: The checks, always the same ones in the same order. In check mode those of before.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description:
        - What was checked.
        - V(certificate_in_store), V(private_key_present), V(private_key_readable) (by the service account of AD FS, group managed or not),
          V(key_provider) (KeySpec 1 of a provider that AD FS documents), V(key_size), V(signature_algorithm), V(validity), V(chain),
          V(crl_reachable_from_server), V(crl_reachable_for_partners) (an address over HTTP), V(separate_from_service_communications),
          V(separate_from_tls_binding).
        - As partners see it, V(key_usage) and V(extended_key_usage) (whether they allow what it is for), V(validity_period) (five years at most),
          V(issuer_reachable_for_partners) (whether it says over HTTP where the certificates between it and the root are) and V(root_known_to_partners)
          (whether the root is one of the public authorities that the Python library C(certifi) on the controller knows).
      type: str
      returned: always
      sample: private_key_readable
    result:
      description: V(ok), V(warn), V(fail), V(unknown) or V(not_applicable).
      type: str
      returned: always
      sample: ok
    advice:
      description: What to do about it; empty if nothing.
      type: str
      returned: always
certificate:
  description: The certificate; null if it is not in the store of this server.
  returned: success
  type: dict
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
# BEGIN GENERATED act, from tests/tools/act_return.yml by `make generate`
outcome:
  description:
    - What was done on the server. V(done) is all that was asked for, V(partly) only a part of it or something else, V(nothing) nothing.
    - V(unknown) means that no reply came, or an error, and that the server could not be read afterwards. The next run reads first what is there.
    - A task that failed with V(done) did its work, and then got an error or could not read back. On failure, C(changed) is false with V(nothing) only.
  type: str
  returned: always
  sample: done
error_id:
  description:
    - The identifier of the error, from AD FS or PowerShell (for example V(PS0033) on a secondary server), or a word of this collection
      (for example V(service_stopped), V(access_denied), V(no_reply)).
  type: str
  returned: on failure
  sample: PS0033
primary_server:
  description: The server to run the task on instead.
  type: str
  returned: on failure, if the host is a secondary server and the primary is known
  sample: adfs1.contoso.com
# END GENERATED act
"""
