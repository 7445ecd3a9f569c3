# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tests/requirements/lock.txt: the versions in .venv, with which the gates passed. Called by `make lock`."""

from __future__ import annotations

import importlib.metadata
import re
import sys

from core_environment import REQUIREMENTS

LOCK = REQUIREMENTS / "lock.txt"
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"  # another Python may need other versions, and takes the newest
HEAD = """\
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by `make lock`: constraints for .venv, so that the gates repeat, with the Python that is named. When .venv is made anew, `make LOCK= test` takes
# the newest versions instead.
"""


def lines() -> list[str]:
    """Return a constraint for each distribution that is installed here, but for pip itself."""
    found = {re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(): each.version for each in importlib.metadata.distributions()}
    return [f'{name}=={version} ; python_version == "{PYTHON}"' for name, version in sorted(found.items()) if name not in ("pip", "setuptools", "wheel")]


if __name__ == "__main__":
    LOCK.write_text(HEAD + "\n".join(lines()) + "\n", encoding="utf-8")
    print(f"{len(lines())} versions written to {LOCK.name}; look at the difference before committing it")
