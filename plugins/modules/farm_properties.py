#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# The action plugin of the same name does the work; this file holds the documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: farm_properties
short_description: Set automatic certificate rollover and its thresholds in AD FS
version_added: 1.0.0
description:
  - Sets the service properties that steer AD FS' own renewal of certificates (C(Set-AdfsProperties)). Properties that are not named stay as they are.
  - Runs on the primary server of the farm.
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
  auto_certificate_rollover:
    description:
      - Whether AD FS generates, promotes and removes certificates by itself.
      - It must be off to add, promote or remove certificates with M(federation.adfs.certificate). Turned on while certificates from elsewhere are in use,
        AD FS replaces these in the end.
    type: bool
  certificate_generation_threshold:
    description: How many days before the primary certificate expires AD FS generates the successor, from 1 to 3650.
    type: int
  certificate_promotion_threshold:
    description: How many days the successor waits before AD FS makes it primary, from 1 to 3650.
    type: int
  certificate_critical_threshold:
    description: How many days before the primary certificate expires AD FS generates and promotes at once, partners or not, from 1 to 3650.
    type: int
  certificate_duration:
    description: How many days the certificates that AD FS generates from now on are valid, from 1 to 36500.
    type: int
seealso:
  - module: federation.adfs.farm_info
"""

EXAMPLES = r"""
- name: Suspend AD FS' own renewal
  federation.adfs.farm_properties:
    auto_certificate_rollover: false

- name: Leave more time between generation and promotion
  federation.adfs.farm_properties:
    certificate_generation_threshold: 35
    certificate_promotion_threshold: 15
"""

RETURN = r"""
properties:
  description: All properties that this module knows, as they are now. In check mode as they were before.
  returned: success, and on failure if they were read after the request
  type: dict
  contains:
    auto_certificate_rollover:
      description: Whether automatic certificate rollover is on.
      type: bool
      returned: always
      sample: true
    certificate_generation_threshold:
      description: Days before expiry when the successor is generated.
      type: int
      returned: always
      sample: 20
    certificate_promotion_threshold:
      description: Days that the successor waits.
      type: int
      returned: always
      sample: 5
    certificate_critical_threshold:
      description: Days before expiry when AD FS generates and promotes at once.
      type: int
      returned: always
      sample: 2
    certificate_duration:
      description: Days that newly generated certificates are valid.
      type: int
      returned: always
      sample: 365
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
