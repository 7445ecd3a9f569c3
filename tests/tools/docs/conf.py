# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx shows the documentation; tests/tools/docs.sh puts this file beside the pages."""

from __future__ import annotations

import re

from docutils import nodes  # type: ignore[import-untyped]
from sphinx.application import Sphinx

project = "federation.adfs"
project_copyright = "the federation.adfs contributors"
html_title = "federation.adfs"
extensions = ["sphinx_antsibull_ext"]
antsibull_ext_color_scheme = "none"  # docs.css has them, after the theme's
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["docs.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
# References into Ansible's own documentation need its index from the network; without it they stay plain text.
suppress_warnings = ["ref.ref", "ref.any", "toc.no_title"]
default_role = "any"

_BREAKABLE = re.compile(r"(?<=[._])(?=\w)")


def _allow_contents(_app: Sphinx, doctree: nodes.document) -> None:
    """Let a page keep its own list of headings: Furo shows one too, but on wide screens only, and docs.css hides ours there."""
    for topic in doctree.findall(nodes.topic):
        if "contents" in topic["classes"]:
            topic["classes"].append("this-will-duplicate-information-and-it-is-still-useful-here")


def _break_names(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Let names such as federation.adfs.certificate_info break after dots and underscores in titles and tables: they are wider than a telephone."""
    wide = [title for title in doctree.findall(nodes.title) if isinstance(title.parent, nodes.section)]
    wide += [name for table in doctree.findall(nodes.table) for name in table.findall(nodes.strong)]
    for node in wide:
        for text in list(node.findall(nodes.Text)):
            parts = _BREAKABLE.split(text)
            if len(parts) > 1:
                broken = [found for part in parts for found in (nodes.raw("", "<wbr>", format="html"), nodes.Text(part))]
                text.parent.replace(text, broken[1:])


def _label_cells(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Repeat the column's heading in each cell but the first, for telephones, where docs.css puts the cells of a row below each other."""
    for table in doctree.findall(nodes.tgroup):
        heads = [[entry.astext() for entry in row] for head in table.findall(nodes.thead) for row in head]
        if len(heads) != 1 or "ansible-option-table" in table.parent["classes"]:
            continue
        table.parent["classes"].append("stacked")
        for body in table.findall(nodes.tbody):
            for row in body:
                for head, entry in list(zip(heads[0], row, strict=False))[1:]:
                    if entry.children and isinstance(entry[0], nodes.paragraph):
                        entry[0].insert(0, nodes.inline("", f"{head}: ", classes=["cell-label"]))


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("doctree-read", _allow_contents)
    app.connect("doctree-resolved", _break_names)
    app.connect("doctree-resolved", _label_cells)
