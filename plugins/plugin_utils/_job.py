# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Which job of AWX or Automation Controller this is, by the variables that it gives to every job (AWX, user guide, "Extra variables")."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping


def job(task_vars: Mapping[str, t.Any]) -> str | None:
    """Return the number of the job, or None outside of AWX and Automation Controller."""
    return _first(task_vars, "awx_job_id", "tower_job_id")


def launched_by(task_vars: Mapping[str, t.Any]) -> str | None:
    """Return the user who launched the job, or None where that is not known."""
    return _first(task_vars, "awx_user_name", "tower_user_name")


def _first(task_vars: Mapping[str, t.Any], *names: str) -> str | None:
    return next((str(task_vars[name]) for name in names if task_vars.get(name)), None)
