# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands and tasks of the README and of all guides, in their order, against the lab. Those whose output a guide shows are run by test_guides."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.running import Lab
from playing import ROOT, Run, play

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs/docsite/rst").glob("*.rst")), *sorted((ROOT / "roles").glob("*/README.md"))]
# Where a command or a play is run instead, or what keeps it from being run here.
ELSEWHERE = {
    "federation.adfs.awx_setup": "tests/integration/test_awx_setup.py, which needs awx.awx",
    "Make in AWX what the renewal needs": "tests/integration/test_awx_setup.py, which needs awx.awx",
    "Compare with what was approved": "needs a file of what was approved; tests/product/test_entra_modules.py compares with one",
    "Audit, and keep the result": "keeps files on another machine; tests/product/test_eda_source.py reads such files",
    "Copy the ledger to the machine of the rulebook": "needs that machine",
    "Hand the data on": "needs infra.aap_configuration; tests/integration/test_awx_setup.py takes the same data",
    "Renew a certificate that was bought": "needs a PFX file on Windows; tests/integration/test_scenarios.py renews such a farm in the lab",
    "Bring the certificate to every server": "needs a PFX file on Windows",
    "Restart AD FS server by server": "restarts a Windows service; tests/integration/test_servers.py does by the role",
}
SCENARIOS = {"guide_identity_providers": "okta", "guide_aadsts50008": "three-domains-one-broken", "guide_emergency": "in-sync"}
FOLDER = "C:\\ProgramData\\federation.adfs\\"


@dataclass(frozen=True)
class Step:
    """One command, as the arguments after ``ansible-playbook``, or the tasks or plays of one example."""

    arguments: tuple[str, ...] = ()
    plays: str = ""

    @property
    def name(self) -> str:
        return self.arguments[0] if self.arguments else str(yaml.safe_load(self.plays)[0]["name"])


def _blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, text and what follows, of every block of code."""
    for found in re.finditer(r"^```(\S+)\n(.*?)^```|^( *)\.\. code-block:: (\S+)\n\n((?:\3   [^\n]*\n|\n)+)", text, re.MULTILINE | re.DOTALL):
        yield found[1] or found[4], found[2] or textwrap.dedent(found[5]), text[found.end() : found.end() + 8]


def _steps(path: Path) -> list[Step]:
    """What a document has people run, but for what is shown with its output."""
    steps = []
    for kind, block, after in _blocks(path.read_text(encoding="utf-8")):
        if ".. LAB" in after:
            continue
        if kind in ("shell", "console"):
            for line in re.findall(r"^(?:\$ )?(?:[A-Z_]+=\S+ )?ansible-playbook (.*)$", block, re.MULTILINE):
                arguments = [word for word in shlex.split(re.sub(r"-i inventory\.yml|--ask-pass", "", line)) if word]
                steps.append(Step(arguments=tuple(arguments)))
        elif kind.startswith("yaml") and block.startswith("- name:") and ("federation.adfs." in block or "\n  hosts:" in block):
            steps.append(Step(plays=block))
    return steps


STEPS = {path: [step for step in _steps(path) if step.name not in ELSEWHERE] for path in DOCUMENTS}


def test_nothing_is_left_out_unsaid() -> None:
    everything = [step.name for path in DOCUMENTS for step in _steps(path)]
    assert len(everything) >= 30
    assert [name for name in ELSEWHERE if name not in everything] == []
    for said in ELSEWHERE.values():
        for test in re.findall(r"tests/\S+\.py", said):
            assert (ROOT / test).is_file(), test


def _given(lab: Lab, argument: str, last: Run | None) -> str:
    """Put in the place of a placeholder what the lab has, or what the command before left."""
    folder = lab.directory / "evidence"
    known = {
        "THUMBPRINT": lab.addresses["certificates"]["current"],
        "/srv/evidence": str(folder),
        "/var/lib/adfs/report": str(lab.directory / "report"),
        "renew_signing_cert_state_host=bastion.example.com": "renew_signing_cert_hosts=state_hosts",
    }
    for word, value in known.items():
        argument = argument.replace(word, value)
    if str(folder) in argument:
        folder.mkdir(exist_ok=True)
        if not list(folder.iterdir()):
            lab.entra(domain="contoso.com", signing=None, next=None)
            play(lab)
            ledger = json.loads(lab.adfs("Get-File", path=FOLDER + "journal.json"))["ledger"]
            (folder / ledger["file"]).write_text(lab.adfs("Get-File", path=FOLDER + ledger["file"]), encoding="utf-8")
    if argument == "@plans.json":
        assert last is not None
        plan = last.result["plan"]
        (lab.directory / "plans.json").write_text(json.dumps({"renew_signing_cert_plans": {plan["farm"]["identifier"]: plan}}), encoding="utf-8")
    return "" if argument.startswith("verify_evidence_head=") else argument


def _run(lab: Lab, step: Step, last: Run | None) -> Run:
    if step.arguments:
        arguments = [_given(lab, argument, last) for argument in step.arguments[1:]]
        while "" in arguments:
            at = arguments.index("")
            del arguments[at - 1 : at + 1]
        return play(lab, Path(f"{ROOT}/playbooks/{step.name.removeprefix('federation.adfs.')}.yml"), *arguments)
    book = lab.directory / "example.yml"
    value = yaml.safe_load(step.plays)
    plays = value if "hosts" in value[0] else [{"hosts": "adfs_primary", "gather_facts": False, "tasks": value}]
    book.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    return play(lab, book)


@pytest.mark.long
@pytest.mark.parametrize("path", [path for path, steps in STEPS.items() if steps], ids=lambda path: "_".join(path.parts[-2:]))
def test_they_do_what_is_said(path: Path, start: Callable[..., Lab]) -> None:
    lab = start(SCENARIOS.get(path.stem, "in-sync"))
    last: Run | None = None
    for step in STEPS[path]:
        before = len(lab.writes())
        last = _run(lab, step, last)
        stolen = "emergency" in step.name
        assert last.code == 0 or (stolen and last.summary), f"{step}: {last.output}"
        if "--check" in step.arguments or any(word in step.name for word in ("preflight", "audit", "plan")) or "drill=true" in " ".join(step.arguments):
            assert len(lab.writes()) == before, step
