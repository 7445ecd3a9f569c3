# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The guard in front of modules that are written in Python and cannot run on a Windows host."""

from __future__ import annotations

import sys
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

from ansible_collections.federation.adfs.plugins.plugin_utils._in_process import run as run_in_process


class ControllerAction(ActionBase):
    """Runs the module of the action's own name, but refuses a connection to Windows before anything is sent over it.

    Most plays of this collection address an AD FS server, so a task that lacks C(delegate_to) would otherwise end in a
    PowerShell error about Python.
    """

    _supports_check_mode = True
    _supports_async = True

    SPEC: t.ClassVar[dict[str, t.Any]] = {}
    """The options, where the work may be done in this process too."""

    def work(self, module: t.Any) -> None:
        """The function of the module, which takes what AnsibleModule offers."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module over the task's connection; raise AnsibleActionFail where that leads to Windows."""
        result = super().run(tmp, task_vars)
        del tmp  # has no effect, the base class says
        if getattr(self._connection._shell, "_IS_WINDOWS", False):
            raise AnsibleActionFail(self._refusal())
        if self.SPEC and self._at_home(task_vars or {}):
            validation, options = self.validate_argument_spec(argument_spec=self.SPEC)
            secrets = getattr(validation, "_no_log_values", ())
            return merge_hash(result, run_in_process(self.work, options, secrets, bool(self._task.check_mode), bool(self._task.diff)))
        wrap_async = bool(self._task.async_val) and not getattr(self._connection, "has_native_async", False)
        result = merge_hash(result, self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _at_home(self, task_vars: dict[str, t.Any]) -> bool:
        """Whether the module would run on the controller, as the same user, with the same Python and environment."""
        if self._connection.transport != "local" or self._connection.become is not None or self._task.async_val:
            return False
        if any(self._task.environment or ()):
            return False
        return bool(self._templar.template(task_vars.get("ansible_python_interpreter")) == sys.executable)

    def _refusal(self) -> str:
        transport = getattr(self._connection, "transport", None) or "this"
        task = f"{self._task.action} runs in Python and cannot run on a Windows host, but the task's connection ({transport}) leads to one"
        if self._task.delegate_to:
            return (
                f"{task}, although it is delegated to {self._task.delegate_to}. "
                f"Set 'ansible_connection: local' in the vars of the task, or for {self._task.delegate_to} in the inventory. "
                "If it is set there, an extra variable sets ansible_connection (-e, a survey, or a credential type of AWX): it wins over both."
            )
        return f"{task}. Add 'delegate_to: localhost' to the task (and 'vars: {{ansible_connection: local}}' if the inventory sets a connection for all hosts)."
