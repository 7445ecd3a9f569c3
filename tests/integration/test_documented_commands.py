# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the README and of the guide to the first run, in their order, against the lab."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.running import Lab
from playing import ROOT, play


def _commands(path: Path) -> list[list[str]]:
    """Return the arguments after `ansible-playbook` of every command that names an inventory, which the lab's takes the place of."""
    text = path.read_text(encoding="utf-8")
    return [shlex.split(found) for found in re.findall(r"^ *ansible-playbook -i inventory\.yml --ask-pass ([^\n]+)$", text, re.MULTILINE)]


@pytest.mark.long
@pytest.mark.parametrize("name", ["README.md", "docs/docsite/rst/guide_getting_started.rst"])
def test_they_end_well_where_all_is_well(name: str, start: Callable[..., Lab]) -> None:
    commands = _commands(ROOT / name)
    assert len(commands) >= 2
    lab = start("in-sync")
    for playbook, *arguments in commands:
        run = play(lab, Path(playbook), *arguments)
        assert run.code == 0 and run.output, f"{playbook} {arguments}: {run.output}"
        if "--check" in arguments or "preflight" in playbook or "audit" in playbook:
            assert lab.writes() == [], playbook
