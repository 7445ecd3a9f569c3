#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# The action plugin of the same name does the work; this file holds the documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_rollover
short_description: Make sure that AD FS has a successor for its certificate
version_added: 1.0.0
description:
  - Makes AD FS generate a new self-signed certificate, which waits beside the primary one until AD FS promotes it (C(Update-AdfsCertificate)).
  - If a successor waits already, nothing is done.
  - Runs on the primary server of the farm, and only where automatic certificate rollover is on, or with O(keep_rollover_off=true).
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
    support: partial
    details:
      - With O(urgent=true) the primary certificate that O(confirm_urgent) names is replaced. Another run with the same name fails, as that certificate is gone.
options:
  certificate_type:
    description: Which certificate is renewed.
    type: str
    choices:
      - Token-Signing
      - Token-Decrypting
    default: Token-Signing
  urgent:
    description:
      - Replace the primary certificate at once, and remove the earlier ones.
      - This breaks the sign-in to every partner that does not know the new certificate yet, Microsoft Entra ID included. A planned renewal does not need it.
    type: bool
    default: false
  confirm_urgent:
    description:
      - The thumbprint of the present primary certificate, the one that goes. Needed with O(urgent=true), and refused without.
    type: str
  keep_rollover_off:
    description:
      - Switch automatic certificate rollover on for the length of the request only, and off again whatever comes of it.
        AD FS then does not promote the new certificate by its own clock.
      - Refused where automatic certificate rollover is on already, and together with O(urgent=true).
    type: bool
    default: false
seealso:
  - module: federation.adfs.certificate
  - module: federation.adfs.farm_properties
"""

EXAMPLES = r"""
- name: Make sure that a successor of the token-signing certificate exists
  federation.adfs.certificate_rollover:

- name: The same for token decryption
  federation.adfs.certificate_rollover:
    certificate_type: Token-Decrypting

- name: Make a successor, but keep AD FS from promoting it by its own clock
  federation.adfs.certificate_rollover:
    keep_rollover_off: true

- name: Replace a certificate at once, whatever it breaks
  federation.adfs.certificate_rollover:
    urgent: true
    confirm_urgent: 9451EE6D3918E256163BB8C4A589CACF23CA2527
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
successor:
  description: The certificate that waits to become primary; null if there is none (in check mode, or after O(urgent=true)).
  returned: success
  type: dict
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
