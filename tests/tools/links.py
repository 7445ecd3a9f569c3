# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows every link of the documentation that leads into this repository: files, headings and labels. Links elsewhere are not looked at.

    python tests/tools/links.py [FOLDER]

Exit code 1, with file, line and link, if one leads nowhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

OWN = "https://github.com/federation-adfs/federation.adfs/"
LABELS = "ansible_collections.federation.adfs.docsite."
_MARKDOWN = re.compile(r"\]\(([^()\s]+)\)")
RAW = "https://raw.githubusercontent.com/federation-adfs/federation.adfs/"
_OWN = re.compile(rf"(?:{re.escape(OWN)}(?:blob|tree|raw)/|{re.escape(RAW)})" + r"main/([^\s<>`'\")\]#]+)(#[^\s<>`'\")\]]+)?")
_REFERENCE = re.compile(r":ref:`(?:[^`<]*<)?(" + re.escape(LABELS) + r"[^`>]+)>?`|R\([^,()]+,\s*(" + re.escape(LABELS) + r"[^)]+)\)")
_LABEL = re.compile(r"^\.\. _(" + re.escape(LABELS) + r"[^:]+):", re.MULTILINE)


def anchors(markdown: str) -> set[str]:
    """Return the anchors that GitHub makes of a Markdown text's headings (a repeated one gets -1, -2, …)."""
    found: set[str] = set()
    fenced = False
    for line in markdown.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced or not (heading := re.match(r"#{1,6}\s+(.+?)\s*#*$", line)):
            continue
        name = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
        name = re.sub(r"[^\w\- ]", "", name).replace(" ", "-")
        count = 0
        while (anchor := name if count == 0 else f"{name}-{count}") in found:
            count += 1
        found.add(anchor)
    return found


def dead(root: Path, names: list[str]) -> list[str]:
    """Return one line for each link in the named files that leads nowhere.

    root: the repository's folder. names: the files to read, relative to it; labels are looked for in all of them.
    """
    texts = {name: (root / name).read_text(encoding="utf-8") for name in names}
    labels = {label for text in texts.values() for label in _LABEL.findall(text)}
    lines: list[str] = []

    def file_is_there(source: Path, target: str, anchor: str) -> bool:
        path = (source / target).resolve() if target else source
        if not path.is_relative_to(root.resolve()) or not path.exists():
            return False
        return not anchor or path.suffix != ".md" or anchor.lower() in anchors(path.read_text(encoding="utf-8"))

    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            bad = [found[0] for found in _OWN.finditer(line) if not file_is_there(root, found[1].rstrip(".,;:"), (found[2] or "").strip("#"))]
            bad += [label for found in _REFERENCE.finditer(line) if (label := found[1] or found[2]) not in labels]
            if name.endswith(".md"):
                for link in _MARKDOWN.findall(line):
                    target, _mark, anchor = link.partition("#")
                    source = root / name if not target else (root / name).parent
                    if "://" not in link and not link.startswith("mailto:") and not file_is_there(source, target, anchor):
                        bad.append(link)
            lines += [f"{name}:{number}: {link} leads nowhere" for link in bad]
    return lines


def main() -> int:
    """Look at all files of the repository that hold documentation; return the exit code."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parents[2]
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "*.rst", "plugins/*.py", "roles/*.yml", "galaxy.yml"], cwd=root, check=True, capture_output=True, text=True, timeout=60
    ).stdout.split("\n")
    names = [name for name in listed if name and (root / name).is_file()]
    found = dead(root, names)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
