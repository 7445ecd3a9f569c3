# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies around the certificate, in real runs: the sign-in log against the oracle, break-glass, other writers, and what each costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play

RIGHTS = ["Domain.Read.All", "Domain-InternalFederation.Read.All", "Domain-InternalFederation.ReadWrite.All"]
AROUND = [*RIGHTS, "AuditLog.Read.All", "RoleManagement.Read.Directory", "User.Read.All"]
BOTH: dict[str, Any] = {"renew_signing_cert_sign_in_log": True, "renew_signing_cert_break_glass": True}
ROLE: dict[str, Any] = {"renew_signing_cert_promote": "role"}


def headings(run: Run) -> int:
    return sum(line.startswith("TASK [") for line in run.output.splitlines())


def said(run: Run, beginning: str) -> list[str]:
    return [line for line in run.summary if line.startswith(beginning)]


def spent(lab: Lab, variables: dict[str, Any]) -> tuple[Run, Counter[str]]:
    lab.clear_log()
    run = play(lab, variables=variables)
    assert run.code == 0, run.output
    return run, Counter(lab.request("GET", "/counters"))


def test_what_the_options_cost(start: Callable[..., Lab]) -> None:
    """Unset, they cost nothing; set, one token, two requests for the log and one for the administrators, and no heading."""
    lab = start("in-sync")
    lab.request("POST", "/entra", {"permissions": AROUND})
    play(lab)
    without, plain = spent(lab, {})
    both, more = spent(lab, BOTH)
    assert not [name for name in plain if "sign_ins" in name or "role_assignments" in name or "synchronization" in name]
    assert more - plain == Counter(
        {
            "token.discovery": 1,
            "token.token": 1,
            "graph.list_sign_ins": 2,
            "graph.batch": 1,
            "graph_item.list_role_assignments": 1,
            "graph_item.get_synchronization": 1,
        }
    )
    assert headings(both) == headings(without)
    lab.request("POST", "/entra", {"permissions": RIGHTS})
    refused = play(lab, variables=BOTH)
    assert refused.code == 0, refused.output
    (line,) = said(refused, "Sign-in log: unknown")
    assert "AuditLog.Read.All" in line and not said(refused, "Break-glass")


@pytest.mark.long
def test_exactly_the_domains_that_lost_sign_ins_are_told(start: Callable[..., Lab]) -> None:
    """After a write of ours somebody overwrites one domain; the next run repairs it, and tells what failed, when, and how to go back."""
    lab = start("expiring")
    lab.request("POST", "/entra", {"permissions": AROUND})
    first = play(lab, variables=BOTH)
    assert [a["action"] for a in first.done] == ["generate", "publish"]
    lab.advance(hours=2)
    clean = play(lab, variables=BOTH)
    assert not clean.done and not said(clean, "To do (sign_ins)"), clean.output
    (line,) = said(clean, "Sign-in log of tenant")
    assert "no more certificate errors than before" in line and "This is no proof" in line
    stranger = lab.state()["farms"][0]["nodes"][0]["certificates"]
    decrypting = next(c["thumbprint"] for c in stranger if c["certificate_type"] == "Token-Decrypting")
    lab.request("POST", "/entra", {"domain": "fabrikam.com", "signing": decrypting, "next": decrypting})
    lab.advance(hours=2)
    report = lab.request("GET", "/signins")
    assert report["by_domain"]["contoso.com"]["refused"] == 0
    # What is not older than half an hour is not in the log yet.
    reached = (lab.now() - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lost = sorted(entry["time"] for entry in report["refusals"] if entry["domain"] == "fabrikam.com" and entry["time"] <= reached)
    assert 0 < len(lost) < report["by_domain"]["fabrikam.com"]["refused"]
    after = play(lab, variables=BOTH)
    (row,) = after.plans[-1]["watched"]["sign_ins"]["domains"]
    assert (row["domain"], row["before"], row["after"], row["first"], row["last"]) == ("fabrikam.com", 0, len(lost), lost[0], lost[-1])
    assert row["error_codes"] == [50008]
    (told,) = said(after, "To do (sign_ins)")
    assert " fabrikam.com: " in told and " contoso.com: " not in told and "federation.adfs.rollback_signing_cert" in told
    assert any(line.startswith("To do (another_writer): fabrikam.com") for line in after.summary), after.output


@pytest.mark.long
def test_a_clean_renewal_raises_no_alarm_and_says_who_could_help(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    lab.request("POST", "/entra", {"permissions": AROUND})
    variables = {**BOTH, **ROLE}
    runs = []
    for hours in (0, 25, 2, 24):
        lab.advance(hours=hours)
        runs.append(play(lab, variables=variables))
        assert runs[-1].code == 0, runs[-1].output
    assert runs[1].done[-1]["action"] == "promote"
    assert all("break-glass@contoso.onmicrosoft.com" in said(run, "Break-glass")[0] for run in runs[:2])
    assert not [line for run in runs for line in said(run, "To do (sign_ins)")]
    assert "no more certificate errors" in said(runs[2], "Sign-in log of tenant")[0]


@pytest.mark.long
def test_a_tenant_without_break_glass_is_warned_and_the_promotion_goes_on(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    lab.request("POST", "/entra", {"permissions": AROUND, "administrators": [{"name": "admin@contoso.com"}]})
    play(lab, variables=ROLE)
    lab.advance(hours=25)
    run = play(lab, variables={**BOTH, **ROLE})
    assert run.done[-1]["action"] == "promote"
    (told,) = said(run, "To do (break_glass)")
    assert "no enabled Global Administrator of" in told and "Password Hash Sync is not known" in told
