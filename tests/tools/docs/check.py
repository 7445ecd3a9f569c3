# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks through the built pages for what Sphinx does not tell: headings with nothing under them, pages without a title, pictures and links that lead nowhere.

    python tests/tools/docs/check.py build/docs/html

Exit code 1, with a line for each, if there are any.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import html


def found(page: Path) -> list[str]:
    """Return what is wrong on one page, a line each."""
    tree: Any = html.fromstring(page.read_text(encoding="utf-8"))
    lines = []
    for heading in tree.xpath("//article//*[self::h1 or self::h2 or self::h3 or self::h4]"):
        name = heading.xpath("string()").rstrip("¶").strip()
        below = [each for each in heading.itersiblings() if each.tag != "span"]
        if not name or (heading.getparent().tag == "section" and not any(each.xpath("string()").strip() or each.xpath(".//img") for each in below)):
            lines.append(f"a heading with nothing in it or under it: {name}")
    if not tree.xpath("//article//h1") and page.name not in ("search.html", "genindex.html"):
        lines.append("no title")
    lines += [f"a link without a title to {link.get('href')}" for link in tree.xpath("//a[contains(., '<no title>')]")]
    for place in tree.xpath("//img/@src | //a/@href"):
        target, _mark, anchor = place.partition("#")
        if "://" in place or place.startswith(("mailto:", "data:")):
            continue
        file = (page.parent / unquote(target)).resolve() if target else page
        if not file.is_file():
            lines.append(f"{place} leads nowhere")
        elif anchor and file.suffix == ".html" and f'id="{unquote(anchor)}"' not in file.read_text(encoding="utf-8"):
            lines.append(f"{place} leads to no place on its page")
    return lines


def main() -> int:
    """Look at every page in the folder that is given; return the exit code."""
    folder = Path(sys.argv[1])
    pages = [page for page in sorted(folder.rglob("*.html")) if "_static" not in page.parts]
    lines = [f"{page.relative_to(folder)}: {line}" for page in pages for line in found(page)]
    print("\n".join(lines) or f"{len(pages)} pages looked through, nothing found")
    return 1 if lines or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
