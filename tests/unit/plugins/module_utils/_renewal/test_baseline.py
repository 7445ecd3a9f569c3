# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approved settings: approved once, compared at every run, and changed only by somebody who saw what changed."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, Play, domain, farm, guards, observe

from ansible_collections.federation.adfs.plugins.module_utils._renewal.baseline import compare
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, read_journal, write_journal

SEEN = observe(farm(), domain("contoso.com", "OLD"), domain("fabrikam.com", "OLD"))


def items(**changed: Any) -> list[dict[str, Any]]:
    common = {"passive_sign_in_uri": "https://sts.contoso.com/adfs/ls/", "federated_idp_mfa_behavior": None}
    return [{"domain": name, "issuer_uri": f"http://{name}/trust", **common, **changed} for name in ("contoso.com", "fabrikam.com")]


def test_nothing_is_compared_before_somebody_approved() -> None:
    compared = compare(None, None, items(), SEEN)
    assert (compared.baseline, compared.seen) == (None, SEEN)


def test_the_first_is_approved_by_true_and_lives_in_the_journal() -> None:
    stored = compare(None, "true", items(), SEEN).baseline
    journal = read_journal(write_journal(Journal(FARM, baseline=stored)), FARM)
    assert compare(journal.baseline, None, items(), SEEN).seen == SEEN


def test_a_changed_setting_is_an_alarm_a_foreign_state_and_stops_a_renewal() -> None:
    stored = compare(None, "true", items(), SEEN).baseline
    compared = compare(stored, None, items(federated_idp_mfa_behavior="acceptIfMfaDoneByFederatedIdp"), SEEN)
    play = Play(compared.seen)
    made = play.run(baseline=stored)
    assert (play.done, made.first.state) == ([], "settings_changed")
    assert "baseline" in guards(made)
    (alarm,) = [a for a in made.alarms if a.alarm == "baseline"]
    assert "federated_idp_mfa_behavior is acceptIfMfaDoneByFederatedIdp, approved was not set" in alarm.reason


def test_another_one_is_approved_only_by_what_the_alarm_named() -> None:
    stored = compare(None, "true", items(), SEEN).baseline
    moved = items(issuer_uri="http://elsewhere/trust")
    again = compare(stored, "true", moved, SEEN)  # left in the variables, it must not approve what nobody saw
    assert again.baseline == stored
    mark = re.findall(r"baseline_approved: ([0-9a-f]{16})", again.seen.alarms[0].reason)[0]
    approved = compare(stored, mark, moved, SEEN)
    assert approved.seen == SEEN
    assert approved.baseline != stored
    assert compare(approved.baseline, None, moved, SEEN).seen == SEEN


def test_domains_that_come_or_go_are_said() -> None:
    stored = compare(None, "true", items()[:1], SEEN).baseline
    assert "nobody approved it" in compare(stored, None, items(), SEEN).seen.alarms[0].reason
    both = compare(None, "true", items(), SEEN).baseline
    assert "is not any more" in compare(both, None, items()[:1], SEEN).seen.alarms[0].reason


def test_hundreds_of_domains_are_kept_small() -> None:
    many = [{**items()[0], "domain": f"d{i}.example.com", "issuer_uri": f"http://d{i}.example.com/trust"} for i in range(900)]
    stored = compare(None, "true", many, SEEN).baseline
    assert len(str(write_journal(replace(Journal(FARM), baseline=stored)))) < 100_000
