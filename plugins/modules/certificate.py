#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# The action plugin of the same name does the work; this file holds the documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Add, promote or remove a certificate of AD FS
version_added: 1.0.0
description:
  - Brings one token certificate of AD FS into the wanted state (C(Add-AdfsCertificate), C(Set-AdfsCertificate), C(Remove-AdfsCertificate)).
  - The certificate with its private key must be in the store C(LocalMachine\My) of every server of the farm before it is added.
  - Runs on the primary server of the farm. AD FS allows this only while automatic certificate rollover is off.
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
  certificate_type:
    description: What AD FS uses the certificate for.
    type: str
    choices:
      - Token-Signing
      - Token-Decrypting
    required: true
  thumbprint:
    description:
      - The SHA-1 thumbprint of the certificate. Spaces, colons and the invisible marks that certificate dialogs add are ignored.
    type: str
    required: true
  state:
    description:
      - With V(present) AD FS lists the certificate.
      - With V(absent) it does not. The certificate stays in the Windows store. A primary certificate is never removed.
    type: str
    choices:
      - present
      - absent
    default: present
  primary:
    description:
      - With V(true) the certificate becomes the primary one, with which AD FS signs or decrypts from then on. Partners that do not know it yet refuse
        sign-ins; this module does not look whether they do.
      - A certificate that is not from AD FS itself is refused if this server lacks it, its private key, or the right of the service account to read that key,
        because AD FS would stop. See M(federation.adfs.certificate_key) for the other servers, which this module cannot see.
      - With V(false) the task fails if the certificate is the primary one, as only the promotion of another one changes that.
      - By default this does not matter.
    type: bool
seealso:
  - module: federation.adfs.certificate_key
  - module: federation.adfs.certificate_rollover
  - module: federation.adfs.farm_properties
"""

EXAMPLES = r"""
- name: List a certificate that was bought, beside the primary one
  federation.adfs.certificate:
    certificate_type: Token-Signing
    thumbprint: 89B2FC196803FC1ED51A94BDFA14520D4B7FE852

- name: Sign with it from now on
  federation.adfs.certificate:
    certificate_type: Token-Signing
    thumbprint: 89B2FC196803FC1ED51A94BDFA14520D4B7FE852
    primary: true

- name: Take the old one out
  federation.adfs.certificate:
    certificate_type: Token-Signing
    thumbprint: 9451EE6D3918E256163BB8C4A589CACF23CA2527
    state: absent
"""

RETURN = r"""
certificates:
  description: The certificates of this type as AD FS lists them now, the primary one first. In check mode those of before.
  returned: success, and on failure if they were read after the request
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
