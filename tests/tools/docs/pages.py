# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the pages that antsibull-docs writes ready for a site of their own. Called by tests/tools/docs.sh.

    python tests/tools/docs/pages.py build/docs/rst

Puts conf.py and the style beside them, and the pictures of the guides; gives the lists of pages headings and short names; and puts CHANGELOG.rst in the
place of an empty changelog, which antsibull-docs writes without a title as long as nothing is released.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
_PAGE = re.compile(r"^    (?P<page>(?P<name>\w+)_(?:module|lookup|role))$", re.MULTILINE)
_HEADING = re.compile(r"^(?P<title>\S.*)\n(?:-+|~+)$", re.MULTILINE)
_LIST = ".. toctree::\n    :maxdepth: 1\n"


def index(text: str) -> str:
    """Return the first page with the collection's name as it is written, a heading over each list, and pages by their short names."""
    text = text.replace("Federation.Adfs\n===============", "federation.adfs\n===============", 1)
    blocks = text.split(_LIST)
    caption = ""
    for number, block in enumerate(blocks):
        if number:
            blocks[number] = f"    :caption: {caption}\n" + _PAGE.sub(r"    \g<name> <\g<page>>", block)
        if headings := _HEADING.findall(block):
            caption = headings[-1].removesuffix(" Index")
    return _LIST.join(blocks)


def main() -> None:
    """Change the pages in the folder that is given."""
    folder = Path(sys.argv[1])
    shutil.copy(HERE / "conf.py", folder)
    shutil.copytree(HERE / "static", folder / "static", dirs_exist_ok=True)
    for kind in ("*.png", "*.svg"):
        for picture in (ROOT / "docs/docsite/rst").glob(kind):
            shutil.copy(picture, folder / "docsite")
    first = folder / "index.rst"
    first.write_text(index(first.read_text(encoding="utf-8")), encoding="utf-8")
    changelog = folder / "changelog.rst"
    if "===" not in (written := changelog.read_text(encoding="utf-8")):
        label = written.split("\n", 1)[0]
        changelog.write_text(f"{label}\n\n{(ROOT / 'CHANGELOG.rst').read_text(encoding='utf-8')}", encoding="utf-8")


if __name__ == "__main__":
    main()
