# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether ansible-builder finds what the collection needs, and makes an execution environment's build context with it. Called by `make ee` with the archive.

Nothing is built: that needs a container engine. ansible-builder lives in an environment of its own, .venv/tools/ansible-builder.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from core_environment import ROOT, VENV

WORK = ROOT / "build" / "ee"
TOOLS = VENV / "tools" / "ansible-builder"
TIMEOUT = 900  # seconds for one command


def main() -> int:
    """Introspect and create; the exit code is 1 if something is wrong."""
    archive = Path(sys.argv[1]).resolve()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    builder = _builder()
    # By force: the checkout's link in .venv counts as installed.
    _run([str(VENV / "bin" / "ansible-galaxy"), "collection", "install", "--force", "--no-deps", "-p", str(WORK / "collections"), str(archive)])
    found = yaml.safe_load(_run([builder, "introspect", str(WORK / "collections")]))
    problems = []
    for kind, name in (("python", "ee-requirements.txt"), ("system", "ee-bindep.txt")):
        said = sorted(line.split("  #")[0].strip() for line in found[kind])
        wanted = sorted(_lines((ROOT / "meta" / name).read_text(encoding="utf-8")))
        if said != wanted:
            problems.append(f"meta/{name} says {wanted}, and ansible-builder finds {said}")
    # ansible-builder copies additional_build_files to _build, which the recipe finds at /build.
    galaxy = {"collections": [{"name": f"/build/archives/{archive.name}", "type": "file"}]}
    definition = {
        "version": 3,
        "images": {"base_image": {"name": "registry.example.com/python:3.12"}},
        "dependencies": {"ansible_core": {"package_pip": "ansible-core>=2.16"}, "ansible_runner": {"package_pip": "ansible-runner"}, "galaxy": galaxy},
        "additional_build_files": [{"src": str(archive), "dest": "archives"}],
    }
    (WORK / "execution-environment.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    _run([builder, "create", "-f", str(WORK / "execution-environment.yml"), "-c", str(WORK / "context"), "--output-filename", "Containerfile"])
    recipe = (WORK / "context" / "Containerfile").read_text(encoding="utf-8")
    if "ansible-galaxy collection install" not in recipe or not (WORK / "context" / "_build" / "archives" / archive.name).is_file():
        problems.append("the recipe in build/ee/context does not install the collection, or the archive is not there")
    for problem in problems:
        print(f"ee: {problem}", file=sys.stderr)
    if not problems:
        print(f"ee: {len(found['python'])} Python libraries and {len(found['system'])} system packages found in {archive.name}; build context made")
    return 1 if problems else 0


def _builder() -> str:
    """Return the path of ansible-builder, installed if need be."""
    program = TOOLS / "bin" / "ansible-builder"
    if not program.is_file():
        print(f"Installing ansible-builder into {TOOLS.relative_to(ROOT)}", flush=True)
        _run([sys.executable, "-m", "venv", str(TOOLS)])
        _run([str(TOOLS / "bin" / "python"), "-m", "pip", "install", "-qq", "ansible-builder>=3.1.0"])
    return str(program)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SystemExit(f"ee: {' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
