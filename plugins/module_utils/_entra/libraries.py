# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The Python libraries that do not come with Ansible; who misses one is told its name."""

from __future__ import annotations

import importlib

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError


def require(*names: str) -> None:
    """Raise EntraError for the first library that cannot be imported."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as exc:
            raise EntraError(missing_required_lib(name)) from exc
