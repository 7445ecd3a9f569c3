# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the modules of Entra ID have in common on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.plugin_utils._controller_action import ControllerAction
from ansible_collections.federation.adfs.plugins.plugin_utils._entra_variables import by_variables


class EntraAction(ControllerAction):
    """Runs a module with the options for signing in to Entra ID; those that the task does not give may be variables, as for the lookups."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module as ControllerAction does."""
        self._task.args = {**by_variables(task_vars or {}, self._task.args, self._templar), **self._task.args}
        return super().run(tmp, task_vars)
