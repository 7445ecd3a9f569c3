#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# The action plugin of the same name does the work; this file holds the documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_info
short_description: Read the certificates of an AD FS farm
version_added: 1.0.0
description:
  - Returns the certificates that AD FS lists, with their dates, keys and contents.
  - Runs on the primary server of the farm.
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._adfs
  - federation.adfs._attributes
  - federation.adfs._attributes.adfs
  - federation.adfs._attributes.info
options:
  certificate_type:
    description:
      - Return certificates of this type only.
      - By default all are returned.
    type: str
    choices:
      - Token-Signing
      - Token-Decrypting
      - Service-Communications
seealso:
  - module: federation.adfs.farm_info
  - module: federation.adfs.certificate_rollover
"""

EXAMPLES = r"""
- name: Read the token-signing certificates
  federation.adfs.certificate_info:
    certificate_type: Token-Signing
  register: signing

- name: Show when the primary one expires
  ansible.builtin.debug:
    msg: "{{ (signing.certificates | selectattr('is_primary') | first).not_after }}"
"""

RETURN = r"""
certificates:
  description: The certificates, by type, the primary one of each type first, then the youngest first.
  returned: success
  type: list
  elements: dict
  contains:
    certificate_type:
      description: V(Token-Signing), V(Token-Decrypting) or V(Service-Communications).
      type: str
      returned: always
      sample: Token-Signing
    is_primary:
      description: Whether AD FS uses this certificate now. The others of its type are only published.
      type: bool
      returned: always
      sample: true
    store_location:
      description: V(CurrentUser) for certificates that AD FS made itself, V(LocalMachine) for those from elsewhere.
      type: str
      returned: always
      sample: CurrentUser
    store_name:
      description: The Windows certificate store.
      type: str
      returned: always
      sample: My
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
"""
