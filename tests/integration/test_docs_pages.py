# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools around the web pages of the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.docs import check, pages

INDEX = """\
Federation.Adfs
===============

Guides
------

.. toctree::
    :maxdepth: 1

    docsite/guide_one

Modules
~~~~~~~

* a module

.. toctree::
    :maxdepth: 1
    :hidden:

    farm_info_module
"""


def test_lists_of_pages_have_headings_and_short_names() -> None:
    text = pages.index(INDEX)
    assert text.startswith("federation.adfs\n====")
    assert "    :maxdepth: 1\n    :caption: Guides\n\n    docsite/guide_one\n" in text
    assert "    :maxdepth: 1\n    :caption: Modules\n    :hidden:\n\n    farm_info <farm_info_module>\n" in text


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("<h1>A<a href='#a'>¶</a></h1><p id='a'>text</p>", 0),
        ("<h1>A</h1><section><span></span><h2>B</h2></section>", 1),
        ("<h1>A</h1><h2>¶</h2><p>text</p>", 1),
        ("<p>text</p>", 1),
        ("<h1>A</h1><p><a href='gone.html'>x</a><a href='page.html#gone'>y</a><img src='gone.png'></p>", 3),
        ("<h1>A</h1><p><a href='https://example.com/gone'>x</a></p>", 0),
    ],
)
def test_what_sphinx_does_not_tell_is_found(tmp_path: Path, body: str, wrong: int) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<html><body><article>{body}</article></body></html>".replace("'", '"'), encoding="utf-8")
    assert len(check.found(page)) == wrong
