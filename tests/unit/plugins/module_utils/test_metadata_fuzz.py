# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damages a genuine document at random: nothing but a clear refusal or an honest reading may come of it."""

from __future__ import annotations

import pytest

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.federation.adfs.plugins.module_utils._metadata import Metadata, MetadataError, read_metadata
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

GENUINE = make.adfs_document(make.make_keypair("ADFS Signing - old"), make.make_keypair("ADFS Signing - new"))
PIECES = [b"", b"<", b">", b"<!--", b"-->", b"</x>", b"&amp;", b"&x;", b"<![CDATA[", b"]]>", b"<?x?>", b"\x00", b"\xff\xfe"]


def content(metadata: Metadata) -> tuple:
    return (metadata.entity_id, metadata.is_adfs, metadata.signing_certificates, metadata.encryption_certificates, metadata.endpoints)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damage_is_refused_or_seen(data: st.DataObject) -> None:
    """No exception but MetadataError, and never a valid signature over another content."""
    start = data.draw(st.integers(0, len(GENUINE)))
    end = data.draw(st.integers(start, min(len(GENUINE), start + 400)))
    piece = data.draw(st.one_of(st.binary(max_size=40), st.sampled_from(PIECES), st.just(GENUINE[start:end] * 2)))
    try:
        found = read_metadata(GENUINE[:start] + piece + GENUINE[end:])
    except MetadataError as exc:
        assert str(exc)
        return
    if found.signature.status == "valid":
        assert content(found) == content(read_metadata(GENUINE))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=2000), st.text(alphabet="<>/!?&;[]-=\"' aDOCTYPE:x\n", max_size=400).map(lambda text: text.encode())))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(MetadataError):
        read_metadata(noise)
