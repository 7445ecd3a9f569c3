# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays small playbooks against the lab's Entra, with the real ansible-playbook."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import typing as t

import yaml

from .conftest import CLIENT, ROOT, SECRET, TENANT, Entra


@dataclasses.dataclass
class Run:
    """One run of ansible-playbook."""

    code: int
    output: str
    facts: dict[str, t.Any]
    tasks: dict[str, dict[str, t.Any]]


class Player:
    """Writes playbooks and runs them."""

    def __init__(self, folder: pathlib.Path, entra: Entra) -> None:
        self.folder, self.entra = folder, entra
        link = folder / "collections" / "ansible_collections" / "federation" / "adfs"
        link.parent.mkdir(parents=True)
        link.symlink_to(ROOT)
        (folder / "callback_plugins").mkdir()
        (folder / "callback_plugins" / "kept.py").write_text(CALLBACK)

    def environment(self) -> dict[str, str]:
        """Return what sets the connection to the lab, credentials left out."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ADFS_ENTRA_", "AZURE_", "ANSIBLE_"))}
        places = {"ADFS_ENTRA_GRAPH_URL": self.entra.server.graph_url, "ADFS_ENTRA_AUTHORITY_URL": self.entra.server.login_url}
        ansible = {"ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"), "ANSIBLE_LOCALHOST_WARNING": "false"}
        ansible.update(ANSIBLE_NOCOLOR="1", ANSIBLE_PIPELINING="1")
        return {**kept, **places, **ansible, "ADFS_ENTRA_CA_PATH": self.entra.ca_path, "ADFS_ENTRA_TIMEOUT": "5", "HOME": str(self.folder)}

    def play(self, tasks: list[dict[str, t.Any]], *arguments: str, inventory: str = "", play: dict[str, t.Any] | None = None, **environ: str) -> Run:
        """Run the tasks on localhost; what they keep in ``out`` comes back, and how long each task's result was."""
        kept = self.folder / "kept.jsonl"
        kept.unlink(missing_ok=True)
        book = [{"hosts": "all" if inventory else "localhost", "gather_facts": False, "tasks": tasks, **(play or {})}]
        (self.folder / "play.yml").write_text(yaml.safe_dump(book, sort_keys=False))
        (self.folder / "hosts").write_text(inventory or f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n")
        command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.folder / "hosts"), str(self.folder / "play.yml"), *arguments]
        done = subprocess.run(
            command, env={**self.environment(), "KEPT": str(kept), **environ}, capture_output=True, text=True, timeout=120, check=False, cwd=self.folder
        )
        lines = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
        facts = next((line["out"] for line in reversed(lines) if line["out"] is not None), {})
        return Run(done.returncode, done.stdout + done.stderr, facts, {line["task"]: line for line in lines})


# What a runner's own callback would get, without running one more task for it.
CALLBACK = """
import json, os
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "aggregate", "kept"

    def v2_runner_on_ok(self, result):
        found = json.loads(json.dumps(result._result, default=str))
        line = {"task": result._task.get_name(), "size": len(json.dumps(found)), "members": sorted(found), "out": found.get("ansible_facts", {}).get("out")}
        with open(os.environ["KEPT"], "a") as handle:
            handle.write(json.dumps(line) + "\\n")
"""

AWX = {"AZURE_TENANT": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_SECRET": SECRET, "AZURE_SUBSCRIPTION_ID": "x"}
OWN = {"ADFS_ENTRA_TENANT_ID": TENANT, "ADFS_ENTRA_CLIENT_ID": CLIENT, "ADFS_ENTRA_CLIENT_SECRET": SECRET}
OPTIONS = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
INFO_TASK: dict[str, t.Any] = {"federation.adfs.entra_federation_info": {}, "register": "entra"}


def out(**values: str) -> dict[str, t.Any]:
    """Return a task that keeps values for the test."""
    return {"ansible.builtin.set_fact": {"out": values}}
