# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what the summary says of each situation in each mode: ``python tests/tools/screens.py [--width 80] [words of a case or mode ...]``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "unit/plugins/module_utils/_renewal")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=120)
    parser.add_argument("--mode", action="append")
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args()
    from loading import load_collection

    load_collection()
    screens = import_module("screens")

    for name in screens.CASES:
        if asked.words and name not in asked.words:
            continue
        for mode in asked.mode or screens.MODES:
            lines = screens.summary(name, mode)
            print(f"\n=== {name}, {mode} ({len(lines)} lines)")
            for line in lines:
                # As a terminal breaks a long line.
                print("\n".join(line[i : i + asked.width] for i in range(0, len(line), asked.width)))


if __name__ == "__main__":
    main()
