# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in which an act fails: the summary is shown, the result set, and the lock given back, whatever kind of act it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from loading import load_collection

from lab.running import Lab
from playing import play, with_thumbprints

load_collection()
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import KINDS  # noqa: E402 - only now it can be found

Fail = Callable[[Lab], None]

JOURNAL = "C:\\ProgramData\\federation.adfs\\journal.json"

OFF = {"renew_signing_cert_auto_rollover": False, "renew_signing_cert_promote": "role"}
STOLEN = {"renew_signing_cert_compromised": ["certificate:current"]}
RESTARTS = {"renew_signing_cert_restart_servers": True}


def entra_refuses(lab: Lab) -> None:
    """Entra refuses every write."""
    lab.fault(surface="graph_item", operation="patch_configuration", do={"kind": "status", "code": 409}, count=-1)


def entra_is_in_trouble(lab: Lab) -> None:
    """Entra answers no write; whether one was done is not known."""
    lab.fault(surface="graph_item", operation="patch_configuration", do={"kind": "status", "code": 503}, count=-1)


def silent(cmdlet: str) -> Fail:
    """The cmdlet reports no error and does nothing, which only its module's second look shows."""
    return lambda lab: lab.adfs("Set-Answers", cmdlets={cmdlet: "silent"})


def reply_spoilt(lab: Lab) -> None:
    """What the server answers to the restart of its service cannot be read."""
    lab.fault(surface="winrm", operation="Receive", module="ansible.windows.win_service", do={"kind": "garbage"}, count=-1)


def cut_off(lab: Lab) -> None:
    """The connection to the server breaks while its service restarts."""
    lab.fault(surface="winrm", operation="Receive", module="ansible.windows.win_service", do={"kind": "status", "status": 503}, count=-1)


@dataclass(frozen=True)
class Case:
    """``fails``: what makes the act fail. ``earlier``: runs before, each with what passes after it. ``done``: what the failing run does all the same.

    ``removed``: what somebody takes out of AD FS before. ``variables``: of the run that fails, and the next one.
    """

    scenario: str
    fails: Fail
    done: tuple[str, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict)
    earlier: tuple[tuple[dict[str, Any], dict[str, float]], ...] = ()
    switches: dict[str, Any] = field(default_factory=dict)
    removed: str = ""


BEFORE_EVICTION = ((STOLEN, {"hours": 24.5}), (STOLEN, {"minutes": 15}))
CASES = {
    "generate": Case("expiring", silent("Update-AdfsCertificate")),
    "add": Case("custom-certificate", silent("Add-AdfsCertificate"), variables={"renew_signing_cert_successor": "certificate:following"}, removed="following"),
    # AD FS must not promote what no domain accepts, so its clock is held.
    "publish": Case("expiring", entra_refuses, done=("generate", "suspend_auto_rollover")),
    "repair": Case("mismatch", entra_refuses),
    "suspend_auto_rollover": Case("promotion-tonight", silent("Set-AdfsProperties"), done=("publish",)),
    "restore_auto_rollover": Case("promotion-tonight", silent("Set-AdfsProperties"), earlier=(({}, {"hours": 24.5}),)),
    "promote": Case("custom-certificate", silent("Set-AdfsCertificate"), earlier=(({}, {"hours": 24.5}),)),
    "restart": Case(
        "custom-certificate",
        cut_off,
        variables=RESTARTS,
        earlier=(({}, {"hours": 24.5}), ({}, {"minutes": 40})),
        switches={"farm": {"restart_needed_after_manual_promotion": True}},
    ),
    "reorder": Case("custom-certificate", entra_refuses, earlier=(({}, {"hours": 24.5}), ({}, {"minutes": 15}))),
    "remove_from_entra": Case(
        "settled",
        entra_refuses,
        variables={"renew_signing_cert_remove_old_from_entra": True},
        earlier=(({"renew_signing_cert_remove_old_from_entra": True}, {"hours": 30}),),
    ),
    "remove_from_adfs": Case(
        "expiring",
        silent("Remove-AdfsCertificate"),
        done=("suspend_auto_rollover",),
        variables={"renew_signing_cert_rollback": True},
        earlier=(({}, {}),),
    ),
    # In AD FS, the stolen key goes all the same, since no server signs with it.
    "evict": Case("in-sync", entra_is_in_trouble, done=("remove_from_adfs", "restore_auto_rollover"), variables=STOLEN, earlier=BEFORE_EVICTION),
}
QUICK = ("repair", "generate")


def test_every_kind_of_act_is_among_them() -> None:
    assert set(CASES) == set(KINDS)


@pytest.mark.parametrize("act", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.long]) for name in CASES])
def test_the_run_ends_with_summary_result_and_without_the_lock(act: str, start: Callable[..., Lab]) -> None:
    case = CASES[act]
    lab = start(case.scenario, switches=case.switches)
    if case.removed:
        lab.adfs("Remove-AdfsCertificate", certificate_type="Token-Signing", thumbprint=lab.addresses["certificates"][case.removed])
    for variables, passes in case.earlier:
        earlier = play(lab, variables=with_thumbprints(variables, lab))
        assert act not in [a["action"] for a in earlier.done], earlier.output
        if passes:
            lab.advance(**passes)
    ours = with_thumbprints(case.variables, lab)
    case.fails(lab)
    run = play(lab, variables=ours)
    assert run.code == 2, run.output
    assert [a["action"] for a in run.done] == list(case.done), run.output
    assert "Next run: " in run.output
    # What breaks the connection of a task that is not ours is Ansible's to show, and the run's to tell.
    assert len(run.messages) == (2 if case.fails is cut_off else 1) and "refused" in [f["fail_on"] for f in run.result["failures"]], run.output
    assert json.loads(lab.adfs("Get-File", path=JOURNAL))["lock"] is None
    lab.clear_faults()
    lab.adfs("Set-Answers", cmdlets={})
    # Nobody has to wait for a lock: the next run, right after, does what this one could not.
    following = play(lab, variables=ours)
    assert act in [a["action"] for a in following.done], following.output
