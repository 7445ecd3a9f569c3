# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools for archive and release decide; `make archive` and `make release-rehearsal` run them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

TOOLS = Path(__file__).resolve().parents[1] / "tools"
sys.path.insert(0, str(TOOLS))

import archive  # noqa: E402
import release  # noqa: E402

ROOT = TOOLS.parents[1]


def test_strangers_in_an_archive_are_told(tmp_path: Path) -> None:
    path = tmp_path / "it.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for name in ("README.md", "plugins/modules/farm_info.py", "plugins/modules/farm_info.pyc", "tests/lab/farm.py", "notes.md"):
            opened.addfile(tarfile.TarInfo(name), io.BytesIO())
    problems = archive.contents(path)
    for stranger in ("plugins/modules/farm_info.pyc", "tests/lab/farm.py", "notes.md"):
        assert any(problem.startswith("not on the list") and problem.endswith(f": {stranger}") for problem in problems)
    assert [problem for problem in problems if problem.startswith("git does not know")] != []
    assert "missing: plugins/modules/metadata_info.py" in problems
    assert not any(problem.endswith((": README.md", ": plugins/modules/farm_info.py")) for problem in problems)


def test_every_file_belongs_into_the_archive_or_is_left_out_of_it() -> None:
    """What `make galaxy` finds in the built archive, found at once."""
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    held = {name for name in listed if not any(fnmatch(str(path), pattern) for path in [Path(name), *Path(name).parents] for pattern in ignored)}
    assert archive.unwanted(held) == ["galaxy.yml"]  # it becomes MANIFEST.json
    assert "README.md" in held and len(held) > 100


def test_floors() -> None:
    assert archive.floors("# a\nrequests>=2.31.0\n\npypsrp[credssp,kerberos]>=0.8.0\n") == {"requests": "2.31.0", "pypsrp": "0.8.0"}
    for line in ("requests", "requests==2.31.0", "requests>=2.31.0,<3"):
        with pytest.raises(ValueError, match="not a floor"):
            archive.floors(line)


def test_the_tests_run_with_the_floors_that_are_documented() -> None:
    documented = archive.floors((ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8"))
    used = archive.floors((ROOT / "tests/requirements/runtime.txt").read_text(encoding="utf-8"))
    assert {name: used.get(name) for name in documented} == documented


@pytest.mark.parametrize(
    ("version", "now", "said"),
    [
        ("1.0.0", "1.0.0-dev", ""),
        ("1.1.0", "1.0.0", ""),
        ("1.10.0", "1.9.3", ""),
        ("1.0.0", "1.0.0", "does not come after"),
        ("1.0.0", "1.1.0-dev", "does not come after"),
        ("1.2", "1.0.0", "three numbers"),
        ("", "1.0.0", "three numbers"),
        ("1.2.0-dev", "1.0.0", "three numbers"),
        ("1.2.0", "one", "not understood"),
    ],
)
def test_which_version_may_follow(version: str, now: str, said: str) -> None:
    problem = release.not_next(version, now)
    assert said in problem if said else problem == ""


def test_the_version_that_comes_next_may() -> None:
    now = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert release.not_next(release.next_version(now), now) == ""
    assert release.next_version("1.2.3") == "1.2.4"


def test_the_lock_has_every_tool_and_fits_the_floors() -> None:
    folder = ROOT / "tests/requirements"
    text = (folder / "lock.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r'^([a-z0-9-]+)==([0-9.]+)\S* ; python_version == "3\.\d+"$', text, re.MULTILINE))
    assert len(locked) == len([line for line in text.splitlines() if not line.startswith("#")])
    wanted = {name.lower(): floor for path in ("runtime.txt", "test.txt", "lint.txt") for name, floor in archive.floors(_own_lines(folder / path)).items()}
    assert set(wanted) - set(locked) == set()
    numbers = {name: [tuple(int(part) for part in version.strip(".").split(".")) for version in (locked[name], floor)] for name, floor in wanted.items()}
    assert {name: pair for name, pair in numbers.items() if pair[0] < pair[1]} == {}


def _own_lines(path: Path) -> str:
    return "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("-r "))
