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
  - With O(farm) and O(several), these files go into a subfolder of O(path) for each farm, and O(path) itself gets the same kinds of files over all farms
    whose parts lie there, C(index.html) with a line and a link for each. Runs may write their parts side by side, also from several machines.
  - Writes on the controller, whatever the connection of the task, or with O(where=host) on the host of the task. The controller is refused in jobs of
    AWX and Automation Controller, which delete a job's folders when it ends.
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
  ledger:
    description:
      - What the ledger tells, RV(federation.adfs.rollover_journal#module:evidence).
    type: dict
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
      - The folder to write to. It is made if it does not exist. Other files in it are left alone. It may be a symbolic link; below it, none is followed.
      - Without it nothing is written, and only RV(short) is returned.
    type: path
  farm:
    description:
      - The name of the farm's own folder below O(path), of letters, digits, C(.), C(-) and C(_).
    type: str
  several:
    description:
      - Whether O(path) is that of several farms, so that the report goes to the folder O(farm) below it.
      - If V(false), it goes to O(path) itself, unless a summary of several farms lies there already.
    type: bool
    default: false
  where:
    description:
      - Where the folder is. V(controller) is the controller. V(host) is the host of the task, or the one that it is delegated to, which needs Python.
    type: str
    choices:
      - controller
      - host
    default: controller
  bundle:
    description:
      - Only for the action plugin, which sends what is to be written to O(where=host) as a file.
    type: path
seealso:
  - module: federation.adfs.rollover_plan
"""

EXAMPLES = r"""
- name: Write a report on the controller
  federation.adfs.rollover_report:
    plan: "{{ planned['plan'] }}"
    certificates: "{{ adfs['farm']['certificates'] }}"
    path: /var/www/adfs

- name: Write the part of one farm of many on a host that stays, from a job of AWX
  federation.adfs.rollover_report:
    plan: "{{ planned['plan'] }}"
    certificates: "{{ adfs['farm']['certificates'] }}"
    path: /var/www/adfs
    farm: "{{ inventory_hostname }}"
    several: true
    where: host
  delegate_to: reports.example.com
"""

RETURN = r"""
path:
  description: The folder that the report was written to, O(path) or the one of the farm below it.
  type: str
  returned: success, with O(path)
  sample: /var/www/adfs
files:
  description: The files that were written, by their paths below that folder.
  type: list
  elements: str
  returned: success, with O(path)
  sample:
    - index.html
    - report.json
joined:
  description: Whether the files over all farms were written into O(path) too.
  type: bool
  returned: success, with O(path)
  sample: false
short:
  description:
    - The report in short form, to be handed on, for example by M(ansible.builtin.set_stats). It holds words of this collection, numbers, thumbprints, times,
      and names of at most 50 domains that need something; a name with characters that no host name has is left out.
  type: dict
  returned: success
  sample:
    farm: sts.contoso.com
    tone: well
    state: steady
    domains: 40
    well: 40
    attention: []
"""

import json
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import MODES
from ansible_collections.federation.adfs.plugins.module_utils._report import folder

ARGUMENT_SPEC: dict[str, t.Any] = {
    "plan": {"type": "dict", "required": True},
    "certificates": {"type": "list", "elements": "dict", "default": []},
    "ledger": {"type": "dict"},
    "lines": {"type": "list", "elements": "str", "default": []},
    "mode": {"type": "str", "choices": list(MODES), "default": "plan"},
    "now": {"type": "str"},
    "path": {"type": "path"},
    "farm": {"type": "str"},
    "several": {"type": "bool", "default": False},
    "where": {"type": "str", "choices": ["controller", "host"], "default": "controller"},
    "bundle": {"type": "path"},
}


def main() -> None:
    """On the host of the task: the action plugin of the same name makes the report, and sends here what is to be written."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    if not module.params["bundle"]:
        module.fail_json(msg="rollover_report: this part is called by the action plugin of the same name only.")
    try:
        with open(module.params["bundle"], encoding="utf-8") as file:
            # The path as this host expands it.
            module.exit_json(changed=False, reply=folder.answer({**json.load(file), "path": module.params["path"]}))
    except OSError as exc:
        module.fail_json(msg=folder.why(exc))
    except ValueError as exc:
        module.exit_json(changed=False, refused=str(exc))


if __name__ == "__main__":
    main()
