# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damages documents at random: nothing but a clear refusal or an honest reading may come of it, in little memory."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.federation.adfs.plugins.module_utils._metadata import Metadata, MetadataError, read_metadata
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make

NAME = "ansible_collections.federation.adfs.tests.unit.plugins.module_utils.test_metadata_fuzz"
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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def damage_large_documents(data: st.DataObject) -> None:
    """The same with documents of up to a megabyte, parts of which are repeated, moved or nested; run in a process of its own."""
    text = make.filled(make.FILLINGS[data.draw(st.sampled_from(sorted(make.FILLINGS)))]) if data.draw(st.booleans()) else GENUINE
    start = data.draw(st.integers(0, len(text)))
    part = text[start : start + data.draw(st.sampled_from((1, 10, 1_000, 60_000)))]
    place = data.draw(st.integers(0, len(text)))
    piece = data.draw(st.sampled_from((part * 20, b"<x>" * 100_000, b"<!--" * 50_000, b"&#65;" * 100_000, b" " * 900_000, *PIECES)))
    try:
        read_metadata(text[:place] + piece + text[place:])
    except MetadataError as exc:
        assert str(exc)


def test_no_crash_no_hang_and_no_more_than_200_megabytes() -> None:
    """A process that may have no more data than that runs all of it; where it needed more, it would die here."""
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (200 * 2**20, 200 * 2**20))
sys.path.insert(0, {str(pathlib.Path(__file__).parents[2])!r})
import conftest
from {NAME} import damage_large_documents, test_damage_is_refused_or_seen, test_noise_is_refused
for fuzz in (damage_large_documents, test_damage_is_refused_or_seen, test_noise_is_refused):
    fuzz()
# Of this program alone: what getrusage tells includes the process that started it.
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")] if sys.platform == "linux" else ["0"]
print("all of it,", int(peak[0]) // 1024, "MiB at most")
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, finished.stderr[-3000:]
    said = finished.stdout.splitlines()[-1]
    assert said.startswith("all of it")
    assert int(said.split(", ")[1].split()[0]) < 200
