# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole renewals with the sign-in oracle watching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play


def done(run: Run) -> list[str]:
    assert run.code == 0, run.output
    return [action["action"] for action in run.done]


def signing(lab: Lab) -> list[str]:
    """The primary token-signing certificate of each server's own copy."""
    return [
        c["thumbprint"]
        for farm in lab.state()["farms"]
        for node in farm["nodes"]
        for c in node["certificates"]
        if c["is_primary"] and c["certificate_type"] == "Token-Signing"
    ]


def auto_rollover(lab: Lab) -> bool:
    return bool(lab.state()["farms"][0]["auto_certificate_rollover"])


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def test_adfs_promotes_in_the_night_and_no_sign_in_is_refused(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    assert done(play(lab)) == ["generate", "publish"]
    lab.advance(days=1)
    assert done(play(lab)) == []
    before = signing(lab)
    lab.advance(days=5)
    after = signing(lab)
    assert len(set(after)) == 1
    assert set(after) != set(before)
    assert done(play(lab)) == ["reorder"]
    lab.clear_log()
    assert done(play(lab)) == []
    assert lab.writes() == []
    lab.advance(days=20)
    assert refused(lab) == 0


@pytest.mark.long
def test_promotion_by_the_role_waits_for_everybody_and_gives_automatic_rollover_back(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    ours: dict[str, Any] = {"renew_signing_cert_promote": "role"}
    # AD FS' clock is held before there is a certificate that it might promote.
    assert done(play(lab, variables=ours)) == ["suspend_auto_rollover", "generate", "publish"]
    lab.advance(hours=23)
    assert done(play(lab, variables=ours)) == []
    lab.advance(hours=2)
    assert done(play(lab, variables=ours)) == ["promote"]
    lab.advance(minutes=15)
    assert done(play(lab, variables=ours)) == ["restore_auto_rollover", "reorder"]
    assert auto_rollover(lab)
    lab.advance(days=3)
    assert refused(lab) == 0


@pytest.mark.long
def test_a_custom_certificate_is_promoted_by_the_role(start: Callable[..., Lab]) -> None:
    lab = start("custom-certificate")
    assert done(play(lab)) == ["publish"]
    lab.advance(hours=24.5)
    assert done(play(lab)) == ["promote"]
    lab.advance(minutes=15)
    assert done(play(lab)) == ["reorder"]
    assert not auto_rollover(lab)
    lab.advance(days=3)
    assert refused(lab) == 0


@pytest.mark.long
def test_a_clock_that_would_promote_too_early_is_held_and_given_back(start: Callable[..., Lab]) -> None:
    lab = start("promotion-tonight")
    assert done(play(lab)) == ["suspend_auto_rollover", "publish"]
    lab.advance(hours=24.5)
    assert done(play(lab)) == ["restore_auto_rollover"]
    lab.advance(days=2)
    assert len(set(signing(lab))) == 1
    assert done(play(lab)) == ["reorder"]
    assert refused(lab) == 0


@pytest.mark.long
def test_automatic_rollover_stays_off_where_that_is_wanted(start: Callable[..., Lab]) -> None:
    lab = start("rollover-off")
    wanted = {"renew_signing_cert_auto_rollover": False, "renew_signing_cert_promote": "role"}
    assert done(play(lab, variables=wanted)) == ["generate", "publish"]
    assert not auto_rollover(lab)
    lab.advance(hours=24.5)
    assert done(play(lab, variables=wanted)) == ["promote"]
    lab.advance(minutes=15)
    assert done(play(lab, variables=wanted)) == ["reorder"]
    lab.advance(days=2)
    assert refused(lab) == 0

    # The certificate for decrypting is older now than the one for signing, and due by this policy while that is not.
    both = {**wanted, "renew_signing_cert_decrypting": True, "renew_signing_cert_renew_before": "300d"}
    before = decrypting(lab)
    assert [(a["action"], a["certificate_type"]) for a in play(lab, variables=both).done] == [("generate", "Token-Decrypting")]
    assert decrypting(lab) == before
    lab.advance(hours=2)
    assert [(a["action"], a["certificate_type"]) for a in play(lab, variables=both).done] == [("promote", "Token-Decrypting")]
    assert decrypting(lab) != before
    assert done(play(lab, variables=both)) == []
    assert not auto_rollover(lab)
    assert refused(lab) == 0


def decrypting(lab: Lab) -> str:
    """The primary token-decrypting certificate of the primary server."""
    return next(
        str(c["thumbprint"]) for c in lab.state()["farms"][0]["nodes"][0]["certificates"] if c["is_primary"] and c["certificate_type"] == "Token-Decrypting"
    )


@pytest.mark.long
def test_a_domain_that_refuses_its_write_does_not_keep_the_others_waiting(start: Callable[..., Lab]) -> None:
    lab = start("mismatch")
    lab.fault(surface="graph_item", operation="patch_configuration", domain="contoso.com", do={"kind": "status", "code": 409}, count=-1)
    run = play(lab)
    assert run.code == 2, run.output
    assert [f["fail_on"] for f in run.result["failures"]] == ["refused", "broken"]
    assert [[t["domain"] for t in a["targets"]] for a in run.done] == [["fabrikam.com"]]
    assert len(run.messages) == 1
    assert "contoso.com" in run.messages[0]
    lab.clear_faults()
    assert done(play(lab)) == ["repair"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"surface": "graph_item", "operation": "patch_configuration", "do": {"kind": "status", "code": 503}, "count": -1}, marks=pytest.mark.long),
        pytest.param(
            {"surface": "graph_item", "operation": "patch_configuration", "domain": "fabrikam.com", "do": {"kind": "skip_write"}, "count": -1},
            marks=pytest.mark.long,  # for a minute the run goes on reading back what was lost
        ),
        {"surface": "winrm", "operation": "Receive", "script": "update_certificate", "do": {"kind": "garbage"}},
        pytest.param({"surface": "winrm", "operation": "Receive", "script": "write_journal", "do": {"kind": "drop"}}, marks=pytest.mark.long),
    ],
    ids=["graph-down", "write-lost", "reply-spoilt", "journal-dropped"],
)
def test_a_run_that_fails_on_the_way_is_finished_by_the_next(fault: dict[str, Any], start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    lab.fault(**fault)
    broken = play(lab)
    assert broken.code != 0, broken.output
    assert broken.messages
    lab.clear_faults()
    lab.advance(minutes=20)  # a lock that could not be given back has lapsed by then
    done(play(lab))
    lab.advance(days=6)
    assert done(play(lab)) == ["reorder"]
    assert refused(lab) == 0
