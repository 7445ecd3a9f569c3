# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What can go wrong with Entra ID, said in one sentence for the person who runs the playbook."""

from __future__ import annotations


class EntraError(Exception):
    """Something went wrong; the text says what, where, why and what to do next, and holds no secret."""


class OptionsError(EntraError):
    """The options or environment variables do not fit together; nothing was sent."""


class GraphError(EntraError):
    """Microsoft Graph answered with an error.

    ``status`` is the HTTP status; 0 where there was no usable answer at all, so that nobody knows whether a write took effect.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
