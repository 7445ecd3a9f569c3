# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets what is no unit test use their helpers, and the collection from this checkout."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent


def load(path: Path, name: str) -> Any:
    """Import a file by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_collection() -> None:
    """Make the collection importable, the same way that the unit tests take."""
    load(TESTS / "unit" / "conftest.py", "unit_conftest")
