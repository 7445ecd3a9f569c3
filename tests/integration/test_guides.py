# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides say that a command prints is what it prints, but for numbers, times and thumbprints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from guides import GUIDES, Example, alike, examples

EXAMPLES = [example for guide in sorted(GUIDES.glob("guide_*.rst")) for example in examples(guide)]


def test_every_example_was_written() -> None:
    assert len(EXAMPLES) >= 10
    assert [f"{example.guide.name}: {example.command}" for example in EXAMPLES if not example.shown.strip()] == []


def test_words_count_and_numbers_do_not() -> None:
    assert alike("30 days, B14F35C6AA0D1B9C2E4F5A6B7C8D9E0F1A2B3C4D\n  in sync", "29 days, 0000000000000000000000000000000000000000 in sync")
    certificates = [
        "ABCDEF01 is ABCDEF0123456789ABCDEF0123456789ABCDEF01, old, valid until 2026-01-01 10:00 +00:00",
        "12345678 is " + "1" * 40 + ", new, valid until ",
    ]
    certificates[1] += "2026-12-31"
    assert alike(f"{certificates[0]} {certificates[1]} end", f"{certificates[1]} {certificates[0]} end")
    assert not alike("2 domains in sync", "2 domains broken")


@pytest.mark.long
@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{example.guide.stem}-{number}" for number, example in enumerate(EXAMPLES)])
def test_a_command_prints_what_its_guide_says(example: Example) -> None:
    now = example.run()
    assert alike(now, example.shown), now
