# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A renewal with each open fact of the real systems flipped: nothing that the role relies on may be one of them."""

from __future__ import annotations

import pytest

from lab.entra.switches import TenantSwitches
from lab.farm import SWITCHES
from year.days import live_through
from year.facts import ALL, FIRST, FLIPPED, LAST
from year.years import YEARS, Year

# What these leave out is tested where it belongs: permissions, the role on SQL, the reading under which no rollover is without loss, and what is only
# read when it is asked for: the sign-in log, what administrators sign in with, and the audit log.
SIGN_INS = {
    *("sign_in_log_failures", "sign_in_log_lag_minutes", "sign_in_log_licensed", "sign_in_log_names_failed_users", "sign_in_log_needs_directory_read"),
    *("application_reads_synchronization", "password_hash_sync"),
}
AUDIT_LOG = {"audit_log_correlates", "audit_log_lag_minutes", "audit_log_shows_client_id"}
ELSEWHERE = {"internal_federation_permissions_known", "sql_role", "updater_days", *SIGN_INS, *AUDIT_LOG}


# `make year` flips each in both years. Here are those that the collection itself meets; AD FS alone, or Entra's updater, meets the others.
ASKED = [fact for fact in FLIPPED if fact[0].isdigit() and not fact.startswith(("3.", "5."))]


@pytest.mark.parametrize(("year", "fact"), [*((YEARS[1], fact) for fact in ASKED), (YEARS[0], ALL), (YEARS[1], ALL)], ids=str)
def test_a_renewal_loses_no_sign_in_and_comes_to_its_end(year: Year, fact: str) -> None:
    record = live_through(year, days=LAST, switches=FLIPPED[fact], first=FIRST)
    assert record.lost(renewals=1) == []


def test_every_switch_of_the_lab_is_flipped_somewhere() -> None:
    flipped = {name for switches in FLIPPED.values() for side in switches.values() for name in side}
    assert set(SWITCHES) | set(TenantSwitches().describe()) == flipped | ELSEWHERE
