# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that die at each call to Graph. It takes minutes, so `make test-long` runs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.running import Lab
from playing.dying import renew_dying


@pytest.mark.long
def test_the_next_run_goes_on_where_one_died(start: Callable[..., Lab]) -> None:
    renew_dying(start("expiring"), "graph", "batch")
