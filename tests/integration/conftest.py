# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs for the integration tests: each test has its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.running import Lab

Start = Callable[..., Lab]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a lab: ``start("mismatch")``; it ends with the test."""
    with ExitStack() as stack:

        def begin(scenario: str, **more: Any) -> Lab:
            lab = stack.enter_context(Lab(scenario, tmp_path / scenario, **more))
            lab.clear_log()
            return lab

        yield begin
