# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def small_keys(monkeypatch):
    """Make the lab's keys small here: nothing in these tests depends on their size, and each takes a while to find."""
    if "lab.keys" in sys.modules:
        monkeypatch.setattr("lab.keys.RSA_BITS", 1024)
