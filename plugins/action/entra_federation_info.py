# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module entra_federation_info, but not on a Windows host."""

from __future__ import annotations

from ansible_collections.federation.adfs.plugins.plugin_utils._entra_action import EntraAction


class ActionModule(EntraAction):
    """The module of the same name holds the documentation."""
