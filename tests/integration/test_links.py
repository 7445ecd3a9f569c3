# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/tools/links.py finds dead, and what it lets stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import links

LABEL = links.LABELS + "guide_here"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "here.rst").write_text(f".. _{LABEL}:\n\nHere\n====\n", encoding="utf-8")
    (tmp_path / "other.md").write_text("# Same\n\n```shell\n# no heading\n```\n\n## Same\n\n## What it costs: `make`, [and](x) more\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("[a](other.md)", True),
        ("[a](other.md#same-1)", True),
        ("[a](other.md#what-it-costs-make-and-more)", True),
        ("[a](other.md#no-heading)", False),
        ("[a](other.md#same-2)", False),
        ("[a](another.md)", False),
        ("[a](../outside.md)", False),
        ("[a](#own)\n# Own", True),
        ("[a](#own)", False),
        (f"[a]({links.OWN}blob/main/docs/here.rst)", True),
        (f"see {links.OWN}tree/main/docs.", True),
        (f"[a]({links.OWN}blob/main/docs/gone.rst)", False),
        (f"![a]({links.RAW}main/docs/here.rst)", True),
        (f"![a]({links.RAW}main/docs/gone.png)", False),
        (f"[a]({links.OWN}blob/main/other.md#gone)", False),
        (f":ref:`{LABEL}`, :ref:`the guide <{LABEL}>`, R(the guide, {LABEL})", True),
        (f":ref:`{links.LABELS}guide_gone`", False),
        (f":ref:`the guide <{links.LABELS}guide_gone>`", False),
        (f"R(the guide, {links.LABELS}guide_gone)", False),
        ("[a](https://example.com/gone)", True),
    ],
)
def test_a_link_inside_leads_somewhere(root: Path, text: str, good: bool) -> None:
    (root / "page.md").write_text(text + "\n", encoding="utf-8")
    found = links.dead(root, ["page.md", "other.md", "docs/here.rst"])
    found = [line for line in found if line.startswith("page.md:")]
    assert (found == []) is good, found
