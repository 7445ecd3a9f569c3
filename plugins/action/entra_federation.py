# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module entra_federation, on the controller in the same process where that is the same, and not on a Windows host."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.modules.entra_federation import SPEC, work
from ansible_collections.federation.adfs.plugins.plugin_utils._entra_action import EntraAction


class ActionModule(EntraAction):
    """The module of the same name holds the documentation."""

    SPEC: t.ClassVar[dict[str, t.Any]] = SPEC

    def work(self, module: t.Any) -> None:
        work(module)
