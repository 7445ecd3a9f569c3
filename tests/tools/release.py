# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the files of a release, or rehearses that on a copy.

    .venv/bin/python tests/tools/release.py 1.0.0        writes galaxy.yml, the only place of the version, and the changelog from its fragments
    .venv/bin/python tests/tools/release.py --rehearse   the same in build/release, for the version that comes next, and looks at what came out

Nothing is committed, tagged or published: the last lines say how.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from core_environment import ROOT, VENV

COPY = ROOT / "build" / "release" / "ansible_collections" / "federation" / "adfs"
TIMEOUT = 600  # seconds for one command
_VERSION = re.compile(r"^version: (\S+)$", re.MULTILINE)


class Refused(Exception):
    """The release cannot be made; the text says why and what to do."""


def main() -> int:
    """Make or rehearse it; the exit code is 1 if it cannot be."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if sys.argv[1] == "--rehearse":
            rehearse()
        else:
            release(ROOT, sys.argv[1])
            print(f"release: {sys.argv[1]} is written. Look at it, and then:")
            for step in (
                f"git add --all && git commit --message 'Release {sys.argv[1]}'",
                "make gates",
                f"git tag {sys.argv[1]} && git push && git push --tags",
                f"make build && ansible-galaxy collection publish build/federation-adfs-{sys.argv[1]}.tar.gz",
            ):
                print(f"    {step}")
    except Refused as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def release(folder: Path, version: str) -> None:
    """Write version and changelog in a checkout without changes. Raises Refused."""
    galaxy = folder / "galaxy.yml"
    text = galaxy.read_text(encoding="utf-8")
    now = _VERSION.findall(text)
    if len(now) != 1:
        raise Refused("galaxy.yml has no line, or several, with the version")
    problem = not_next(version, now[0])
    if problem:
        raise Refused(problem)
    if _run(folder, "git", "status", "--porcelain"):
        raise Refused("there are changes that are not committed: commit or stash them first")
    if _run(folder, "git", "tag", "--list", version, f"v{version}"):
        raise Refused(f"there is a tag {version} already")
    fragments = sorted((folder / "changelogs" / "fragments").glob("*.yml"))
    if not any("release_summary" in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) for path in fragments):
        raise Refused(f"no fragment has a release_summary: write changelogs/fragments/{version}.yml with it")
    galaxy.write_text(_VERSION.sub(f"version: {version}", text), encoding="utf-8")
    _run(folder, str(VENV / "bin" / "antsibull-changelog"), "release")


def not_next(version: str, now: str) -> str:
    """Return why this version cannot follow the one in galaxy.yml, or nothing if it can. A version is preceded by its own -dev."""
    new, old = (re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(-dev)?", text) for text in (version, now))
    if not new or new[4]:
        return f"VERSION is to be three numbers, such as 1.2.0, and it is {version!r}"
    if not old:
        return f"the version in galaxy.yml is not understood: {now}"
    numbers = [tuple(int(found[part]) for part in (1, 2, 3)) for found in (new, old)]
    if numbers[0] < numbers[1] or (numbers[0] == numbers[1] and not old[4]):
        return f"{version} does not come after {now}, which galaxy.yml says"
    return ""


def rehearse() -> None:
    """Release a committed copy of the files that git knows, and look at what came out. Raises Refused."""
    shutil.rmtree(COPY.parents[2], ignore_errors=True)
    for name in _run(ROOT, "git", "ls-files").splitlines():
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    identity = ["-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.com", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"]
    _run(COPY, "git", "init", "--quiet")
    _run(COPY, "git", "add", "--all")
    _run(COPY, "git", *identity, "commit", "--quiet", "--message", "The files to release")
    version = next_version(_VERSION.findall((COPY / "galaxy.yml").read_text(encoding="utf-8"))[0])
    told = len(list((COPY / "changelogs" / "fragments").glob("*.yml")))
    release(COPY, version)
    left = list((COPY / "changelogs" / "fragments").glob("*.yml"))
    if left:
        raise Refused(f"fragments were left: {[path.name for path in left]}")
    for name in ("CHANGELOG.md", "CHANGELOG.rst"):
        # Markdown comes with its dots escaped.
        if version not in (COPY / name).read_text(encoding="utf-8").replace("\\", ""):
            raise Refused(f"{name} does not tell of {version}")
    _run(COPY, str(VENV / "bin" / "antsibull-changelog"), "lint")
    _run(COPY, str(VENV / "bin" / "ansible-galaxy"), "collection", "build", "--force", "--output-path", str(COPY.parents[2]))
    if not (COPY.parents[2] / f"federation-adfs-{version}.tar.gz").is_file():
        raise Refused(f"the archive does not carry the version {version}")
    print(f"release: {version} rehearsed in {COPY.relative_to(ROOT)}: {told} fragments became its changelog, and the archive was built")


def next_version(now: str) -> str:
    """Return the version that follows: the one that a -dev goes before, or the next patch."""
    if now.endswith("-dev"):
        return now.removesuffix("-dev")
    major, minor, patch = now.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise Refused(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}".strip())
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
