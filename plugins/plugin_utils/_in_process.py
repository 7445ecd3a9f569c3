# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The second door to a module that runs on the controller with the controller's own Python: the same function, without a new process.

Starting Python and loading the libraries costs more processor time than the work itself, and a run does it several times.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.parameters import remove_values


class Finished(Exception):
    """The module's function ended, as AnsibleModule would end the process."""


class InProcess:
    """What a module's function uses of AnsibleModule."""

    def __init__(self, params: dict[str, t.Any], secrets: t.Iterable[str], check_mode: bool, diff: bool) -> None:
        self.params = params
        self.no_log_values = set(secrets)
        self.check_mode = check_mode
        self._diff = diff
        self._warnings: list[str] = []
        self.result: dict[str, t.Any] = {}

    def warn(self, warning: str) -> None:
        """Show a warning with the result."""
        self._warnings.append(warning)

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        """End with a result."""
        if self._warnings:
            result["warnings"] = self._warnings
        self.result = t.cast("dict[str, t.Any]", remove_values({"changed": False, **result}, self.no_log_values))
        raise Finished

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        """End with an error."""
        self.exit_json(failed=True, msg=msg, **result)


def run(work: t.Callable[[t.Any], None], params: dict[str, t.Any], secrets: t.Iterable[str], check_mode: bool, diff: bool) -> dict[str, t.Any]:
    """Call the function of a module and return its result."""
    module = InProcess(params, secrets, check_mode, diff)
    try:
        work(module)
    except Finished:
        return module.result
    raise RuntimeError("the module ended without a result")
