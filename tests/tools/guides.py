# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into the guides what their commands print: each is run against the lab. Called by `make guides`.

A guide holds, after a command, a comment ``.. LAB {...}`` with the scenario and what happens before, and ``.. LAB END``; what lies between is written.
The command is the code block before: either one line ``ansible-playbook federation.adfs.NAME ...``, whose summary is shown, or a list of tasks, whose
messages are. ``before`` is a list of steps: ["advance", {"hours": 2}], ["entra", {...}] and ["adfs", {...}] as the lab's control endpoint takes them, and
["run", {variables}]. THUMBPRINT in a command stands for that of the certificate that AD FS signs with. What differs only in numbers and thumbprints is left
as it is. With --check nothing is written, and the exit code is 1 if a guide differs.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from lab.running import Lab  # noqa: E402
from playing import Run, play  # noqa: E402

GUIDES = ROOT / "docs" / "docsite" / "rst"
WIDTH = 130
_BLOCK = re.compile(r"^\.\. LAB (?P<given>\{[^\n]*\})\n(?P<shown>.*?)^\.\. LAB END$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\.\. code-block:: (?:console|yaml)\n\n(?P<text>(?:   [^\n]*\n|\n)+)", re.MULTILINE)
_MOMENT = r"0-0-0(?: 0:0(?: \+0:0)?|T0:0:0Z)?"
_CERTIFICATE = re.compile(r"X is X, .*?valid until T ")
_RESULT = re.compile(r"=> (\{\n.*?\n\})", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One command of a guide, and where its output belongs."""

    guide: Path
    command: str
    scenario: str
    before: list[list[Any]]
    shown: str

    def run(self) -> str:
        """Run the command against a fresh lab and return the block to show."""
        with tempfile.TemporaryDirectory() as folder, Lab(self.scenario, Path(folder) / "lab") as lab:
            for step, given in self.before:
                _step(lab, step, given)
            lines = _messages(lab, self.command, Path(folder)) if self.command.startswith("- ") else _play(lab, self.command).summary
        if not lines:
            raise SystemExit(f"{self.guide.name}: nothing was shown by: {self.command}")
        wrapped = [part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)]
        return "\n.. code-block:: text\n\n" + "".join(f"   {line}\n" for line in wrapped) + "\n"


def examples(guide: Path) -> Iterator[Example]:
    """Yield the examples of a guide. Raises SystemExit for one without a command."""
    text = guide.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        commands = list(_COMMAND.finditer(text, 0, found.start()))
        given = json.loads(found["given"])
        if not commands or set(given) - {"scenario", "before"}:
            raise SystemExit(f"{guide.name}: an example lacks its command, or has an unknown key: {found['given']}")
        yield Example(guide, textwrap.dedent(commands[-1]["text"]).strip(), given["scenario"], given.get("before", []), found["shown"])


def alike(one: str, other: str) -> bool:
    """Whether two outputs differ in numbers, times, thumbprints and line breaks only."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    """The words, with one mark for each thumbprint, time or number. Where a span ends within the day it begins depends on the hour of the run."""
    marked = re.sub(r"\b(?:[0-9A-F]{40}|[0-9A-F]{8}|[0-9a-f]{8}-[0-9a-f-]{27})\b", "X", text)
    words = " ".join(re.sub(r"\d+", "0", marked).split())
    words = re.sub(f"{_MOMENT}(?: to (?:{_MOMENT}|0:0))?(?: \\+0:0)?", "T", words)
    # Certificates are told in the order of their thumbprints, which are new in every lab.
    return " ".join([_CERTIFICATE.sub("", words), *sorted(_CERTIFICATE.findall(words))])


def _step(lab: Lab, step: str, given: dict[str, Any]) -> None:
    if step == "advance":
        lab.advance(**given)
    elif step == "run":
        _wanted(play(lab, variables=given))
    else:
        lab.request("POST", f"/{step}", given)


def _play(lab: Lab, command: str) -> Run:
    program, playbook, *arguments = shlex.split(command.removeprefix("$ ").replace("THUMBPRINT", lab.addresses["certificates"]["current"]))
    if program != "ansible-playbook" or not playbook.startswith("federation.adfs."):
        raise SystemExit(f"not a command that a guide may show: {command}")
    return _wanted(play(lab, ROOT / "playbooks" / f"{playbook.removeprefix('federation.adfs.')}.yml", *arguments))


def _messages(lab: Lab, tasks: str, folder: Path) -> list[str]:
    book = folder / "tasks.yml"
    book.write_text("- hosts: adfs_primary\n  gather_facts: false\n  tasks:\n" + textwrap.indent(tasks, "    ") + "\n", encoding="utf-8")
    results = [json.loads(found) for found in _RESULT.findall(_wanted(play(lab, book)).output)]
    return [line for result in results for line in (result["msg"] if isinstance(result["msg"], list) else [str(result["msg"])])]


def _wanted(run: Run) -> Run:
    """A run may fail because of what it found, and still has a summary."""
    if run.code and not run.summary:
        raise SystemExit(run.output)
    return run


def main() -> None:
    """Write the guides, or compare them."""
    differing = []
    for guide in sorted(GUIDES.glob("guide_*.rst")):
        text = guide.read_text(encoding="utf-8")
        for example in examples(guide):
            now = example.run()
            if not alike(now, example.shown):
                differing.append(f"{guide.name}: {example.command.splitlines()[0]}")
                found = next(block for block in _BLOCK.finditer(text) if block["shown"] == example.shown and _is_of(block, example))
                text = text[: found.start("shown")] + now + text[found.end("shown") :]
        if "--check" not in sys.argv:
            guide.write_text(text, encoding="utf-8")
    print("\n".join(differing) or "all guides are as the lab answers")
    sys.exit(1 if differing and "--check" in sys.argv else 0)


def _is_of(block: re.Match[str], example: Example) -> bool:
    given = json.loads(block["given"])
    return bool(given["scenario"] == example.scenario and given.get("before", []) == example.before)


if __name__ == "__main__":
    main()
