# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the collection awx.awx, which the tests of awx_setup run, into build/awx-collection.

It comes out of PyPI's package ``ansible``, which has it up to version 13. Only that one collection is unpacked.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from playing import ROOT

PLACE = ROOT / "build" / "awx-collection"
_INSIDE = "ansible_collections/awx/awx/"


def awx_collection(seconds: float = 300) -> Path | None:
    """The folder to add to ANSIBLE_COLLECTIONS_PATH, or None where no package index has it within ``seconds``."""
    if (PLACE / _INSIDE / "MANIFEST.json").is_file():
        return PLACE
    with tempfile.TemporaryDirectory(prefix="awx-collection-") as folder:
        command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", folder, "ansible==13.*"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return None
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            return None
        with zipfile.ZipFile(wheels[0]) as wheel:
            # The manifest last: it says that all of it is there.
            wanted = [name for name in wheel.namelist() if name.startswith(_INSIDE)]
            wheel.extractall(PLACE, sorted(wanted, key=lambda name: name.endswith("/MANIFEST.json")))
    return PLACE
