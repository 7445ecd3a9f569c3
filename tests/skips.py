# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is skipped must be known: where CI is set, a skip that tests/allowed_skips.txt does not name fails."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


def strict(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether skips must be allowed: CI is set, and not to nothing, 0 or false. ``environment``: by default that of this process."""
    return (os.environ if environment is None else environment).get("CI", "").strip().lower() not in ("", "0", "false")


def allowed(reason: str, table: str | None = None) -> bool:
    """Return whether the table, or tests/allowed_skips.txt, names this reason."""
    lines = (ALLOWED.read_text(encoding="utf-8") if table is None else table).splitlines()
    return any(re.search(line, reason) for line in lines if line.strip() and not line.startswith("#"))


def refused(reason: str) -> str:
    """Return what to say of a skip that may not be, or nothing if it may."""
    if not strict() or allowed(reason):
        return ""
    return f"skipped, which may not be where CI is set: {reason} (if it may be, name it in tests/allowed_skips.txt and say why)"
