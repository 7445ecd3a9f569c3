# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test on the files of this checkout, with the newest ansible-core or another one.

    .venv/bin/python tests/tools/ansible_test.py --core newest|floor|2.19 sanity|units [arguments for ansible-test]

ansible-test refuses a linked collection folder and only looks at files that git knows. So the files of this checkout (tracked,
and untracked unless ignored) are copied to build/ansible-test/<core>/ansible_collections/federation/adfs and committed there.
Its HOME is a folder beside that, so that nothing outside the checkout is touched. A core for which the machine has no Python is
skipped with a line that says so. Where CI is set, what is skipped fails unless tests/allowed_skips.txt names it.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

from core_environment import FLOOR, ROOT, VENV, NoPython, environment, newest_core

sys.path.insert(0, str(ROOT / "tests"))

from skips import refused

BUILD = ROOT / "build" / "ansible-test"
LIMIT = 3000  # seconds for one run

# ansible-test gets pip into its environments by a script from a host of its own, which closed networks do not let through.
# Python ships a pip that can do the same: it replaces itself by the version that ansible-test asks for, from the usual index.
BOOTSTRAP = """\
import os
import ssl
import subprocess
import sys

import ensurepip

packages = [argument for argument in sys.argv[1:] if '==' in argument]
environment = {name: value for name, value in os.environ.items() if name not in ('GET_PIP', 'PIP_CONFIG_FILE')}
# ansible-test drops pip's settings for certificates; the authorities that Python itself trusts are the right ones.
authorities = ssl.get_default_verify_paths().cafile
if authorities:
    with open(os.path.join(sys.prefix, 'pip.conf'), 'w') as config:
        config.write('[global]\\ncert = %s\\n' % authorities)
ensurepip.bootstrap(default_pip=True)
subprocess.run([sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'] + packages, env=environment, check=True)
"""


def main() -> int:
    """Run it; the exit code is that of ansible-test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", default="newest", help="newest, floor or a version such as 2.19")
    parser.add_argument("command", choices=["sanity", "units"])
    options, arguments = parser.parse_known_args()
    core = {"newest": newest_core(), "floor": FLOOR}.get(options.core, options.core)
    try:
        venv = environment(core)
    except NoPython as error:
        print(f"SKIPPED: ansible-test {options.command} with ansible-core {core}: {error}")
        return _judge([f"no Python for ansible-core {core}"])
    work = BUILD / core
    checkout = work / "ansible_collections" / "federation" / "adfs"
    copy_checkout(checkout)
    home = work / "home"
    seed_bootstrap(venv, home)
    print(f"ansible-test {options.command} with ansible-core {core}", flush=True)
    # Packages are those of the environment above (--local): ansible-test makes further environments only for its sanity tests.
    if options.command == "units":
        arguments = ["--python", next(venv.glob("lib/python3.*")).name.removeprefix("python"), *arguments]
    command = [str(venv / "bin" / "ansible-test"), options.command, "--local", "--color", "no", *arguments]
    code, skipped = _run(command, checkout, clean_environment(venv, home))
    return code or _judge(skipped)


def _run(command: list[str], folder: pathlib.Path, variables: dict[str, str]) -> tuple[int, list[str]]:
    """Run a command, show what it prints, and return its exit code and what it says that it skipped. Ends it after LIMIT."""
    skipped: dict[str, None] = {}
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        watch = threading.Timer(LIMIT, process.kill)
        watch.start()
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                found = re.match(r"WARNING: ((?:Skipping|Required program) .*)", line)
                if found:
                    skipped[found[1]] = None
        finally:
            watch.cancel()
    return process.returncode, list(skipped)


def _judge(skipped: list[str]) -> int:
    """List what was skipped, and return 1 if some of it may not be."""
    for reason in skipped:
        print(f"SKIPPED: {reason}")
    problems = [problem for problem in map(refused, skipped) if problem]
    for problem in problems:
        print(f"ERROR: {problem}", file=sys.stderr)
    return 1 if problems else 0


def copy_checkout(checkout: pathlib.Path) -> None:
    """Bring the copy to the state of this checkout, and commit it there in a repository of its own."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    wanted = {name for name in listed if name and (ROOT / name).is_file()}
    if (checkout / ".git").is_dir():
        for name in set(git(checkout, "ls-files", "-z").split("\0")) - wanted - {""}:
            (checkout / name).unlink(missing_ok=True)
    else:
        checkout.mkdir(parents=True, exist_ok=True)
        git(checkout, "init", "--quiet")
    for name in sorted(wanted):
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    git(checkout, "add", "--all")
    identity = ["-c", "user.name=ansible-test", "-c", "user.email=ansible-test@example.com", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"]
    git(checkout, *identity, "commit", "--quiet", "--allow-empty", "--message", "The files under test")


def git(folder: pathlib.Path, *arguments: str) -> str:
    """Run git in a folder and return what it printed."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=300).stdout


def seed_bootstrap(venv: pathlib.Path, home: pathlib.Path) -> None:
    """Put our own script to bootstrap pip where this ansible-test looks for a downloaded one."""
    sources = list(venv.glob("lib/python3*/site-packages/ansible_test/_internal/python_requirements.py"))
    versions = sorted({found for source in sources for found in re.findall(r"""\bpip['"]?\s*[=:]\s*['"]([0-9.]+)['"]""", source.read_text())})
    if not versions:
        raise SystemExit(f"Which pip ansible-test wants is not said where it was ({sources}): look at its get_venv_packages and mend seed_bootstrap.")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in versions:
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP)


def clean_environment(venv: pathlib.Path, home: pathlib.Path) -> dict[str, str]:
    """Return the environment for ansible-test: its own home, no Ansible settings of the caller, and Pythons that really run first on PATH."""
    found = subprocess.run([str(ROOT / "tests" / "tools" / "pythons.sh")], capture_output=True, text=True, timeout=60, check=True).stdout
    folders = [str(venv / "bin"), str(VENV / "bin"), *(str(pathlib.Path(line.split(" ", 1)[1]).parent) for line in found.splitlines())]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"))}
    return {**kept, "HOME": str(home), "PATH": os.pathsep.join([*folders, os.environ.get("PATH", os.defpath)])}


if __name__ == "__main__":
    sys.exit(main())
