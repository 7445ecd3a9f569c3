# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forecast plays one domain for all that are alike, and tells what happens to several groups of them at once in one sentence."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, START, domain, farm, observe

from ansible_collections.federation.adfs.plugins.module_utils._renewal.forecast import Event, _representatives
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report_forecast import _by_time
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run, scanned
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import Clock


def situation(*domains: object, journal: Journal | None = None) -> Situation:
    return scanned(observe(farm("OLD"), *domains), journal or Journal(FARM), Policy(), START, Run("run-1"))  # type: ignore[arg-type]


def test_domains_that_differ_in_nothing_but_their_names_are_one_group() -> None:
    _small, members = _representatives(situation(domain("a.com", "OLD"), domain("b.com", "OLD")))
    assert sorted(map(sorted, members.values())) == [["a.com", "b.com"]]


@pytest.mark.parametrize("more", [{"can_write": False}, {"in_order": False}])
def test_domains_that_the_rules_treat_differently_are_apart(more: dict[str, bool]) -> None:
    _small, members = _representatives(situation(domain("a.com", "OLD"), domain("b.com", "OLD", **more)))
    assert sorted(members.values()) == [("a.com",), ("b.com",)]


def test_what_entra_may_still_serve_is_a_difference() -> None:
    served = Journal(FARM, replaced={"tenant/b.com": ((START - timedelta(hours=1), frozenset({"OTHER"})),)})
    _small, members = _representatives(situation(domain("a.com", "OLD"), domain("b.com", "OLD"), journal=served))
    assert sorted(members.values()) == [("a.com",), ("b.com",)]


def test_the_same_for_several_groups_at_one_moment_is_told_once_with_all_of_them() -> None:
    at = START + timedelta(days=2)
    first, second = (Event("publish", "run", at, at, names) for names in (("d10.com", "d2.com"), ("d3.com",)))
    told = _by_time(situation(domain("d2.com", "OLD")), [first, second, Event("promote", "run", at, at)], Clock(START), "apply")
    assert list(told.values()) == [["a run adds the successor to 3 domains", "a run makes the successor primary"]]
