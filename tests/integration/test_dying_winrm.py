# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that die at each call to Windows. A file of its own, since it takes minutes."""

from __future__ import annotations

from collections.abc import Callable

from lab.running import Lab
from playing.dying import renew_dying


def test_the_next_run_goes_on_where_one_died(start: Callable[..., Lab]) -> None:
    renew_dying(start("expiring"), "winrm", "Receive")
