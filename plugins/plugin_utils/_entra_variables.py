# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The variables adfs_entra_...: what is read with them must be written with them."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS


def by_variables(variables: Mapping[str, t.Any], given: Collection[str], templar: t.Any) -> dict[str, t.Any]:
    """Return the options for signing in to Entra ID that variables of the host or the task give.

    ``given``: the names of the options that are given by other means, which win. ``templar``: evaluates what the variables hold.
    """
    return {o.name: templar.template(variables[o.var]) for o in OPTIONS if o.var in variables and not {o.name, *o.aliases}.intersection(given)}
