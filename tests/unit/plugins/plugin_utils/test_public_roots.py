# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.plugin_utils import _public_roots


@pytest.fixture(autouse=True)
def forget():
    _public_roots.public_roots.cache_clear()
    yield
    _public_roots.public_roots.cache_clear()


def test_public_authorities_are_known_by_their_certificates():
    pytest.importorskip("certifi")
    found = _public_roots.public_roots()
    assert len(found) > 50
    assert all(len(item) == 64 for item in found)


def test_without_the_library_nothing_is_said(monkeypatch):
    monkeypatch.setattr(_public_roots, "HAS_CERTIFI", False)
    assert _public_roots.public_roots() is None


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----"])
def test_a_list_that_cannot_be_read_is_none(monkeypatch, tmp_path, content):
    path = tmp_path / "cacert.pem"
    if content is not None:
        path.write_text(content)
    certifi = pytest.importorskip("certifi")
    monkeypatch.setattr(certifi, "where", lambda: str(path))
    assert _public_roots.public_roots() is None
