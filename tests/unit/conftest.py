# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets plain pytest import the collection from this checkout, as ansible-test does."""

from __future__ import annotations

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _install_collection_loader() -> None:
    try:
        import ansible_collections.federation.adfs  # noqa: F401

        return  # ansible-test did it already
    except ImportError:
        for name in [n for n in sys.modules if n.split(".")[0] == "ansible_collections"]:
            del sys.modules[name]
    from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

    parent = pathlib.Path(tempfile.mkdtemp(prefix="federation-adfs-"))
    link = parent / "ansible_collections" / "federation" / "adfs"
    link.parent.mkdir(parents=True)
    link.symlink_to(ROOT)
    _AnsibleCollectionFinder(paths=[str(parent)])._install()


_install_collection_loader()
