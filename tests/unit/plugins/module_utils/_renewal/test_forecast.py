# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forecast foretells what runs that come from now on do; year/foretold.py holds it against the lab."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, START, at, domain, farm, key, observe

from ansible_collections.federation.adfs.plugins.module_utils._renewal.forecast import forecast
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run, scanned


@pytest.mark.parametrize(("acts", "between"), [(False, (0, 2.5)), (True, (1.5, 2.5))])
def test_the_first_run_of_all_may_come_too_late_to_do_without_a_held_clock(acts: bool, between: tuple[float, float]) -> None:
    """It knows no distance to the next one yet, and holds AD FS' clock if ten days later would be too late: not now, but in a day."""
    seen = observe(farm("OLD"), domain("a.com", "OLD"), OLD=key("OLD", -336, 26.5))
    s = scanned(seen, Journal(FARM), Policy(promote="role", renew_before=timedelta(days=25)), START, Run("run-1", acts=acts))
    held = next(e for e in forecast(s, acts).attended if e.kind == "suspend_auto_rollover")
    assert (held.earliest, held.latest) == tuple(map(at, between))


def test_a_first_run_that_may_come_later_comes_within_one_interval_however_far_the_renewal_is() -> None:
    s = scanned(observe(farm("OLD"), domain("a.com", "EARLIER"), OLD=key("OLD", -65, 300)), Journal(FARM), Policy(), START, Run("run-1", acts=False))
    repaired = next(e for e in forecast(s, False).attended if e.kind == "repair")
    assert (repaired.earliest, repaired.latest) == (START, at(1))
