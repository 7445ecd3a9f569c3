# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No document below the size limit costs more than two seconds of processor time; ``make bench-metadata`` shows how much each costs."""

from __future__ import annotations

import time

from ansible_collections.federation.adfs.plugins.module_utils._metadata import MAX_METADATA_BYTES, MetadataError, read_metadata
from ansible_collections.federation.adfs.plugins.module_utils._metadata_jwks import KeysError, read_keys
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_hostile

MOST_SECONDS = 2.0


def test_nothing_below_the_limit_costs_more_than_two_seconds_of_processor_time() -> None:
    slow = {}
    for name, data in metadata_hostile.documents(make):
        assert MAX_METADATA_BYTES // 2 < len(data) <= MAX_METADATA_BYTES, name
        before = time.process_time()
        try:
            assert read_metadata(data).entity_id
        except MetadataError as exc:
            assert str(exc).isprintable() and len(str(exc)) < 1600
        spent = time.process_time() - before
        if spent > MOST_SECONDS:
            slow[name] = round(spent, 1)
    assert slow == {}


def test_the_same_for_lists_of_keys() -> None:
    before = time.process_time()
    for _name, data in metadata_hostile.key_sets(make):
        try:
            read_keys(data)
        except KeysError as exc:
            assert str(exc).isprintable() and len(str(exc)) < 600
    assert time.process_time() - before < MOST_SECONDS
