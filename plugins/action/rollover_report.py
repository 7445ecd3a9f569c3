# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a report of a plan, and writes it on the controller; connects to nothing."""

from __future__ import annotations

import datetime
import json
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import MODES
from ansible_collections.federation.adfs.plugins.module_utils._report import folder, partners, texts, view
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, format_time, parse_time
from ansible_collections.federation.adfs.plugins.plugin_utils._job import job
from ansible_collections.federation.adfs.plugins.plugin_utils._report_page import page

ARGUMENT_SPEC: dict[str, t.Any] = {
    "plan": {"type": "dict", "required": True},
    "certificates": {"type": "list", "elements": "dict", "default": []},
    "lines": {"type": "list", "elements": "str", "default": []},
    "mode": {"type": "str", "choices": list(MODES), "default": "plan"},
    "now": {"type": "str"},
    "path": {"type": "path", "required": True},
}


class ActionModule(ActionBase):
    """Writes in check mode too: a report changes nothing of what it reports, so it is not counted as a change."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the names of the files."""
        result = super().run(tmp, task_vars)
        del tmp  # has no effect, the base class says
        _checked, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        given = json.loads(json.dumps(arguments))  # plain values: newer cores tag strings
        if job(task_vars or {}):
            raise AnsibleActionFail(
                "The report cannot lie on the controller here: AWX and Automation Controller delete a job's folders when it ends. Leave the path unset"
                " (for the role: renew_signing_cert_report_path) and hand renew_signing_cert_result on with ansible.builtin.set_stats, or run the audit"
                " with ansible-playbook where the report shall lie."
            )
        mode = "check" if self._task.check_mode and given["mode"] == "apply" else given["mode"]
        try:
            now = format_time(parse_time(given["now"])) if given["now"] else format_time(datetime.datetime.now(UTC))
        except ValueError as exc:
            raise AnsibleActionFail(f"now: {exc}") from None
        files = contents(given["plan"], given["certificates"], mode, now, given["lines"])
        path = os.path.abspath(given["path"])
        try:
            folder.write(path, files)
        except OSError as exc:
            raise AnsibleActionFail(
                f"The report could not be written to {path} on the controller ({exc.strerror or exc}). Name a folder that this account may write to."
            ) from None
        return {**result, "changed": False, "path": path, "files": sorted(files)}


def contents(plan: dict[str, t.Any], certificates: list[dict[str, t.Any]], mode: str, now: str, lines: list[str]) -> dict[str, bytes]:
    """Return the content of each file of the report by its path below the folder."""
    shown = view.build(plan, certificates, mode, now, lines)
    made = {
        "index.html": page(shown),
        "report.json": json.dumps(shown, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
        "report.md": texts.markdown(shown),
        "matrix.csv": texts.matrix(shown),
        "dates.ics": texts.calendar(shown),
        "metrics.prom": texts.metrics(shown),
    }
    return {
        **{name: text.encode("utf-8", "backslashreplace") for name, text in made.items()},
        **{f"partners/{name}": content for name, content in partners.pack(shown).items()},
    }
