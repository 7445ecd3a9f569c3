# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the certificates of an AD FS farm."""

from __future__ import annotations

import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs.farm import CERTIFICATE_TYPES
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction


class ActionModule(AdfsAction):
    """The module federation.adfs.certificate_info."""

    SPEC: t.ClassVar[dict[str, t.Any]] = {**AdfsAction.SPEC, "certificate_type": {"type": "str", "choices": list(CERTIFICATE_TYPES)}}

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        look = self.look(["certificates"])
        look.require_primary()
        return {"certificates": [item.shape(look.time) for item in look.certificates(options["certificate_type"])]}
