#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rollover_report
version_added: 1.0.0
short_description: Write a report of a token-signing rollover
description:
  - Writes what a plan says into a folder, as one page for browsers and printers and as files for other programs.
  - The files are C(index.html), C(report.json), C(report.md), C(matrix.csv), C(dates.ics) and C(metrics.prom). C(partners/) has a folder for each
    relying party that a promotion may lock out, with the certificates and a text to send. Each file is replaced as a whole.
  - Writes on the controller, whatever the connection of the task. This is refused in jobs of AWX and Automation Controller, which delete a job's
    folders when it ends.
  - Writes in check mode too. A report changes nothing of what it reports, so RV(ignore:changed) is always V(false).
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode the report is written too.
  diff_mode:
    support: none
  idempotent:
    support: full
  async:
    support: none
  platform:
    support: full
    platforms: posix
options:
  plan:
    description:
      - The plan, RV(federation.adfs.rollover_plan#module:plan).
    type: dict
    required: true
  certificates:
    description:
      - The certificates of the farm, as in RV(federation.adfs.farm_info#module:farm). Their lives are drawn, and the folders for partners have them.
    type: list
    elements: dict
    default: []
  lines:
    description:
      - Further lines for the end of the summary.
    type: list
    elements: str
    default: []
  mode:
    description:
      - The mode of the run, as for M(federation.adfs.rollover_plan).
    type: str
    choices:
      - apply
      - check
      - plan
      - audit
    default: plan
  now:
    description:
      - The moment of the run, in ISO 8601. Without it, the controller's clock.
    type: str
  path:
    description:
      - The folder to write to. It is made if it does not exist. Other files in it are left alone.
    type: path
    required: true
seealso:
  - module: federation.adfs.rollover_plan
"""

EXAMPLES = r"""
- name: Write a report on the controller
  federation.adfs.rollover_report:
    plan: "{{ planned['plan'] }}"
    certificates: "{{ adfs['farm']['certificates'] }}"
    path: /var/www/adfs
"""

RETURN = r"""
path:
  description: The folder.
  type: str
  returned: success
  sample: /var/www/adfs
files:
  description: The files that were written, by their paths below the folder.
  type: list
  elements: str
  returned: success
  sample:
    - index.html
    - report.json
"""
