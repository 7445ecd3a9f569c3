# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AD FS answers an act in an odd way: the summary stays true, the lock is given back, the next run goes on, and nobody is refused sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.running import Lab
from playing import Run, play

OURS: dict[str, Any] = {"renew_signing_cert_promote": "role"}
# To wait after: generating and publishing, the stamps, one more look.
WAITS: tuple[dict[str, float], ...] = ({"hours": 20}, {"hours": 8}, {"hours": 1}, {"minutes": 20})
WORDS = ("silent", "error_after", "stops_after", "null_after", "two_primaries", "lost_reply", "partly")
CMDLETS = {
    # cmdlet: (its script, the act that uses it first)
    "Update-AdfsCertificate": ("update_certificate", "generate"),
    "Set-AdfsProperties": ("set_properties", "suspend_auto_rollover"),
    "Set-AdfsCertificate": ("promote_certificate", "promote"),
}
# What a cmdlet cannot do in this way.
NOT = {("Set-AdfsProperties", "two_primaries"), ("Update-AdfsCertificate", "partly"), ("Set-AdfsCertificate", "partly")}


def farm_of(lab: Lab) -> dict[str, Any]:
    """What AD FS holds on its primary server."""
    farm = lab.state()["farms"][0]
    signing = {c["thumbprint"]: c["is_primary"] for c in farm["nodes"][0]["certificates"] if c["certificate_type"] == "Token-Signing"}
    return {"signing": signing, "auto_certificate_rollover": farm["auto_certificate_rollover"]}


def spoil(lab: Lab, cmdlet: str, how: str) -> None:
    if how == "lost_reply":
        lab.fault(surface="winrm", operation="Receive", script=CMDLETS[cmdlet][0], do={"kind": "drop"}, count=-1)
    else:
        lab.adfs("Set-Answers", cmdlets={cmdlet: how})


def heal(lab: Lab, cmdlet: str, how: str) -> None:
    """What an administrator would do, who reads the summary."""
    lab.clear_faults()
    lab.adfs("Set-Answers", cmdlets={})
    lab.adfs("Start-Service")
    if (cmdlet, how) == ("Set-AdfsProperties", "null_after"):
        lab.adfs("Set-AdfsProperties", AutoCertificateRollover=True)


def assert_true(run: Run, before: dict[str, Any], after: dict[str, Any]) -> None:
    """What the summary says was done was done, and where it says that nothing was, nothing is different."""
    told = run.output
    assert "Traceback" not in told
    assert "Next run: " in told, told
    for act in run.done:
        if act["action"] == "generate":
            assert set(after["signing"]) - set(before["signing"]), told
        elif act["action"] == "promote":
            assert after["signing"][act["thumbprint"]], told
    if "This run changed nothing." in told or "This run changed neither" in told:
        assert after == before, told


@pytest.mark.parametrize("cmdlet", [*CMDLETS])
@pytest.mark.parametrize("how", WORDS)
@pytest.mark.long
def test_the_summary_is_true_and_the_next_run_goes_on(cmdlet: str, how: str, start: Callable[..., Lab]) -> None:
    if (cmdlet, how) in NOT:
        pytest.skip("this cmdlet cannot do that")
    judge(cmdlet, how, start)


def test_an_error_after_the_work_is_told_as_work_that_was_done(start: Callable[..., Lab]) -> None:
    judge("Update-AdfsCertificate", "error_after", start)


def judge(cmdlet: str, how: str, start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    _script, act = CMDLETS[cmdlet]
    spoil(lab, cmdlet, how)
    for wait in WAITS:
        before = farm_of(lab)
        odd = play(lab, variables=OURS)
        if odd.code:
            break
        lab.advance(**wait)
    print("\n".join(odd.summary))
    assert odd.code == 2, odd.output
    assert len(odd.messages) == 1 and odd.result["failures"], odd.output
    assert_true(odd, before, farm_of(lab))
    was_done = act in [a["action"] for a in odd.done]
    heal(lab, cmdlet, how)
    # Right after: nobody has to wait for a lock.
    following = play(lab, variables=OURS)
    assert "another run" not in "".join(following.messages), following.output
    if how == "two_primaries":  # nobody but an administrator can say which; the run says so, and where to look
        assert "2 primary token-signing certificates" in "".join(following.messages), following.output
        assert following.done == []
        return
    assert following.code == 0, following.output
    assert was_done or act in [a["action"] for a in following.done] or farm_of(lab) != before, following.output
    lab.advance(days=3)
    play(lab, variables=OURS)
    assert lab.signins()["refused"] == 0, following.output
