# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real ansible-playbook against a lab and keeps what it left, for the demo and the integration tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.running import Lab

ROOT = Path(__file__).resolve().parents[2]
RENEW = ROOT / "playbooks" / "renew-signing-cert.yml"
AUDIT = ROOT / "playbooks" / "audit_signing_cert.yml"


@dataclass(frozen=True)
class Run:
    """One finished run. ``result``: the role's own result on the only host, empty if the role did not get that far."""

    code: int
    output: str
    kept: dict[str, Any]

    @property
    def result(self) -> dict[str, Any]:
        return next(iter(self.kept["results"].values()), {})

    @property
    def plans(self) -> list[dict[str, Any]]:
        return next(iter(self.kept["plans"].values()), [])

    @property
    def summary(self) -> list[str]:
        """What the run said at its end."""
        plans = self.plans
        return list(plans[-1].get("summary", [])) if plans else []

    @property
    def changed(self) -> int:
        return sum(host["changed"] for host in self.kept["recap"].values())

    @property
    def messages(self) -> list[str]:
        return [f["message"] for f in self.kept["failures"] + self.kept["unreachable"]]

    @property
    def done(self) -> list[dict[str, Any]]:
        return list(self.result.get("done", []))


def play(
    lab: Lab,
    playbook: Path = RENEW,
    *arguments: str,
    variables: dict[str, Any] | None = None,
    inventory: Path | None = None,
    environment: dict[str, str] | None = None,
    seconds: float = 240,
    watched: bool = False,
) -> Run:
    """Run a playbook. ``watched`` lets the output through while it runs. Raises TimeoutExpired after ``seconds``."""
    handle, path = tempfile.mkstemp(prefix="playing-", suffix=".json")
    os.close(handle)
    program = os.environ.get("PLAYING_ANSIBLE_PLAYBOOK") or str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "-i", str(inventory or lab.inventory), str(playbook), *arguments]
    if variables:
        command += ["-e", json.dumps(variables)]
    settings = {
        **lab.env(),
        "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "playing" / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "keep_results",
        "PLAYING_RESULT": path,
        **(environment or {}),
    }
    try:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=settings, cwd=lab.directory) as process:
            try:
                output = _read(process, watched, seconds)
            except BaseException:
                process.kill()
                raise
        kept = json.loads(Path(path).read_text(encoding="utf-8") or "null")
    finally:
        os.unlink(path)
    return Run(process.returncode, output, kept or {"results": {}, "plans": {}, "failures": [], "unreachable": [], "tasks": [], "recap": {}})


def with_thumbprints(value: Any, lab: Lab) -> Any:
    """Return the same variables, with the thumbprint for each ``certificate:NAME``, as in scenarios."""
    if isinstance(value, dict):
        return {key: with_thumbprints(item, lab) for key, item in value.items()}
    if isinstance(value, list):
        return [with_thumbprints(item, lab) for item in value]
    return lab.addresses["certificates"][value.removeprefix("certificate:")] if str(value).startswith("certificate:") else value


def _read(process: subprocess.Popen[bytes], watched: bool, seconds: float) -> str:
    if not watched:
        return process.communicate(timeout=seconds)[0].decode("utf-8", "replace")
    lines = []
    for line in process.stdout or ():
        text = line.decode("utf-8", "replace")
        lines.append(text)
        sys.stdout.write("    " + text)
        sys.stdout.flush()
    process.wait(timeout=seconds)
    return "".join(lines)
