# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the archive holds, and whether it works where nothing else is.

    .venv/bin/python tests/tools/archive.py contents ARCHIVE   compares its files with the list below and with what git knows
    .venv/bin/python tests/tools/archive.py try ARCHIVE        installs it into an empty folder, beside the oldest ansible-core and the oldest
                                                               libraries that it allows, and audits the lab over winrm and over psrp

The environment with the oldest libraries is kept in build/archive/floors; the lab runs with .venv as always.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from core_environment import FLOOR, ROOT, python_for

sys.path.insert(0, str(ROOT / "tests"))

from lab.running import Lab
from playing import play

WORK = ROOT / "build" / "archive"
REQUIREMENTS = ROOT / "meta" / "ee-requirements.txt"
ANSIBLE = "9"  # the package `ansible` of that core: it alone brings ansible.windows from the package index
TIMEOUT = 900  # seconds for one command

# Whatever belongs into the archive. A new kind of file is added here, or to build_ignore in galaxy.yml.
WANTED = [
    r"(CHANGELOG\.(md|rst)|CODE_OF_CONDUCT\.md|CONTRIBUTING\.md|LICENSE|MAINTAINERS|README\.md|REUSE\.toml)",
    r"(FILES|MANIFEST)\.json",
    r"LICENSES/GPL-3\.0-or-later\.txt",
    r"changelogs/(changelog\.yaml|config\.yaml|fragments/[^/]+\.yml)",
    r"docs/([^/]+|decisions/[^/]+)\.md",
    r"docs/numbers\.svg",
    r"docs/docsite/[^/]+\.yml",
    r"docs/examples/.+\.yml",
    r"docs/docsite/rst/.+\.(rst|png|svg)",
    r"extensions/eda/.+\.(md|py|yml)",
    r"meta/[^/]+\.(yml|txt)",
    r"playbooks/([^/]+|vars/[^/]+)\.yml",
    r"plugins/.+\.py",
    r"plugins/plugin_utils/powershell/[^/]+\.ps1",
    r"plugins/plugin_utils/report/[a-z]+\.(css|html\.j2|js)",
    r"roles/[a-z_]+/(README\.md|(defaults|meta|tasks|vars|handlers)/[^/]+\.yml|(files|templates)/.+)",
    r"tests/(config\.yml|sanity/ignore-[0-9.]+\.txt)",
]
NEEDED = ("meta", "playbooks", "plugins", "roles")


def main() -> int:
    """Run the asked part; the exit code is 1 if something is wrong."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("contents", "try"):
        print(__doc__, file=sys.stderr)
        return 2
    archive = Path(sys.argv[2]).resolve()
    problems = contents(archive) if sys.argv[1] == "contents" else tried(archive)
    for problem in problems:
        print(f"archive: {problem}", file=sys.stderr)
    return 1 if problems else 0


def contents(archive: Path) -> list[str]:
    """Return what is wrong with the archive's files."""
    with tarfile.open(archive) as opened:
        held = {member.name for member in opened.getmembers() if member.isfile()}
        odd = [member.name for member in opened.getmembers() if not member.isfile() and not member.isdir()]
    known = set(subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout.split("\0"))
    listed = subprocess.run(["git", "ls-files", "-z", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    known |= set(listed.stdout.split("\0"))  # a new file that is about to be added
    made = {"MANIFEST.json", "FILES.json"}
    missing = {name for name in known if name.split("/")[0] in NEEDED and (ROOT / name).is_file()} - held
    return [
        *(f"neither file nor folder: {name}" for name in odd),
        *(f"not on the list of what belongs there (WANTED in tests/tools/archive.py, or build_ignore in galaxy.yml): {name}" for name in unwanted(held)),
        *(f"git does not know it, so build_ignore in galaxy.yml is incomplete: {name}" for name in sorted(held - known - made)),
        *(f"missing: {name}" for name in sorted(missing)),
    ]


def unwanted(names: set[str]) -> list[str]:
    """Return the names that no line of WANTED covers, in order."""
    return sorted(name for name in names if not any(re.fullmatch(wanted, name) for wanted in WANTED))


def floors(text: str) -> dict[str, str]:
    """Return the lowest version of each library, without extras: {"requests": "2.31.0"}. Raises ValueError for a line that is no floor."""
    found = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        told = re.fullmatch(r"([a-zA-Z0-9_.-]+)(?:\[[a-z,]+\])?>=([0-9.]+)", line.strip())
        if not told:
            raise ValueError(f"not a floor such as requests>=2.31.0: {line}")
        found[told[1]] = told[2]
    return found


def tried(archive: Path) -> list[str]:
    """Install the archive beside the floors and audit the lab with it. Return what went wrong."""
    venv = floor_environment()
    collections = WORK / "collections"
    shutil.rmtree(collections, ignore_errors=True)
    collections.mkdir(parents=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(WORK / "home")}
    # Galaxy is not asked for ansible.windows: it is in the environment, and its version is compared below.
    install = [str(venv / "bin" / "ansible-galaxy"), "collection", "install", "--no-deps", "-p", str(collections), str(archive)]
    subprocess.run(install, check=True, timeout=TIMEOUT, env={**clean, **environment}, cwd=WORK, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    problems = []
    wanted = json.loads((collections / "ansible_collections/federation/adfs/MANIFEST.json").read_text())["collection_info"]["dependencies"]["ansible.windows"]
    windows = next(venv.glob("lib/python3*/site-packages/ansible_collections/ansible/windows/MANIFEST.json"))
    given = json.loads(windows.read_text())["collection_info"]["version"]
    if f">={given}" != wanted:
        problems.append(f"ansible.windows is tried in version {given}, and galaxy.yml says {wanted}")
    os.environ["PLAYING_ANSIBLE_PLAYBOOK"] = str(venv / "bin" / "ansible-playbook")
    for connection, inventory in (("winrm", "inventory.yml"), ("psrp", "inventory-psrp.yml")):
        with Lab("in-sync", WORK / f"lab-{connection}") as lab:
            lab.clear_log()
            run = play(lab, Path("federation.adfs.audit_signing_cert"), inventory=lab.directory / inventory, environment=environment)
            used = {entry["transport"] for entry in lab.log("winrm") if entry.get("module")}
            well = run.code == 0 and used == {connection} and run.summary and not lab.writes()
            if not well:
                counts = f"used {sorted(used)}, wrote {len(lab.writes())} times"
                problems.append(f"the audit over {connection} ended with {run.code}, {counts}, and said:\n{run.output}")
            else:
                print(f"archive: audit over {connection}: {run.summary[0]}")
    return problems


def floor_environment() -> Path:
    """Return the folder of an environment with the oldest ansible-core and libraries that the collection allows, made if need be."""
    venv = WORK / "floors"
    wanted = {"ansible-core": f"{FLOOR}.0", **floors(REQUIREMENTS.read_text(encoding="utf-8"))}
    pinned = sorted(f"{name}=={version}" for name, version in wanted.items())
    stamp = venv / ".installed"
    if not stamp.is_file() or stamp.read_text().split() != pinned:
        shutil.rmtree(venv, ignore_errors=True)
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([python_for(FLOOR), "-m", "venv", str(venv)], check=True, timeout=TIMEOUT)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-qq", "--no-compile"]
        subprocess.run([*pip, *pinned], check=True, timeout=TIMEOUT)
        # Without what it needs: its newest releases want a newer patch of the core.
        subprocess.run([*pip, "--no-deps", f"ansible=={ANSIBLE}.*"], check=True, timeout=TIMEOUT)
        stamp.write_text("\n".join(pinned))
    site = str(next(venv.glob("lib/python3*/site-packages")))
    installed = {found.metadata["Name"].lower().replace("_", "-"): found.version for found in importlib.metadata.distributions(path=[site])}
    print("archive: tried with " + ", ".join(f"{name} {installed[name]}" for name in sorted(wanted)), flush=True)
    return venv


if __name__ == "__main__":
    sys.exit(main())
