# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sixty faults met by real playbook runs: each transport, each kind of fault, and the kinds of call that a renewal makes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.running import Lab
from playing import Run, play

SCENARIO = "expiring"
MOST_DAYS = 4
_TRANSPORTS = ("winrm", "psrp")
_WINDOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "reset before": ("Command", {"kind": "drop"}),
    "reset after": ("Receive", {"kind": "drop", "when": "after"}),
    "401": ("Command", {"kind": "status", "status": 401}),
    "503": ("Receive", {"kind": "status", "status": 503}),
    "WSMan fault": ("Receive", {"kind": "fault"}),
    "garbage": ("Receive", {"kind": "garbage"}),
    "truncated": ("Receive", {"kind": "truncate"}),
}
_SCRIPTS = ("read_farm", "write_journal", "update_certificate")
_STATUS = {"kind": "status"}
_ENTRA: dict[str, dict[str, Any]] = {
    "token reset": {"surface": "token", "do": {"kind": "drop"}},
    "token 401": {"surface": "token", "do": {**_STATUS, "code": 401}},
    "token 500": {"surface": "token", "do": {**_STATUS, "code": 500}},
    "token garbage": {"surface": "token", "do": {"kind": "garbage"}},
    "list 403": {"surface": "graph", "operation": "list_domains", "do": {"kind": "forbid"}},
    "list 429": {"surface": "graph", "operation": "list_domains", "do": {"kind": "throttle"}, "count": 2},
    "list redirect": {"surface": "graph", "operation": "list_domains", "do": {**_STATUS, "code": 302, "headers": {"Location": "https://proxy.example.com/"}}},
    "list garbage": {"surface": "graph", "operation": "list_domains", "do": {"kind": "garbage"}},
    "list truncated": {"surface": "graph", "operation": "list_domains", "do": {"kind": "truncate"}},
    "list nested": {"surface": "graph", "operation": "list_domains", "do": {"kind": "nested"}},
    "list packed": {"surface": "graph", "operation": "list_domains", "do": {"kind": "packed"}},
    "batch reset": {"surface": "graph", "operation": "batch", "do": {"kind": "drop", "when": "after"}},
    "batch 503": {"surface": "graph", "operation": "batch", "do": {**_STATUS, "code": 503}},
    "batch garbage": {"surface": "graph", "operation": "batch", "do": {"kind": "garbage", "when": "after"}},
    "read 500": {"surface": "graph_item", "operation": "get_configuration", "do": {**_STATUS, "code": 500}},
    "read 404": {"surface": "graph_item", "operation": "get_configuration", "do": {**_STATUS, "code": 404}},
    "write 409": {"surface": "graph_item", "operation": "patch_configuration", "do": {**_STATUS, "code": 409}},
    "write 412": {"surface": "graph_item", "operation": "patch_configuration", "do": {**_STATUS, "code": 412}},
    "write 424": {"surface": "graph_item", "operation": "patch_configuration", "do": {**_STATUS, "code": 424}},
    "write 503 after": {"surface": "graph_item", "operation": "patch_configuration", "do": {**_STATUS, "code": 503, "when": "after"}},
    "write not done": {"surface": "graph_item", "operation": "patch_configuration", "do": {"kind": "skip_write"}},
    "write twice": {"surface": "graph_item", "operation": "patch_configuration", "do": {"kind": "twice"}},
    "metadata reset": {"surface": "metadata", "do": "drop"},
    "metadata 503": {"surface": "metadata", "do": {**_STATUS, "status": 503}},
    "metadata garbage": {"surface": "metadata", "do": "garbage"},
    "metadata endless": {"surface": "metadata", "do": "endless"},
}


@dataclass(frozen=True)
class Played:
    """One fault, and the transport by which the runs reach Windows."""

    transport: str
    name: str
    fault: dict[str, Any]


def cases() -> list[Played]:
    """Return all cases: each fault of a transport at each kind of script, each fault of Entra or of metadata once."""
    found = []
    for transport in _TRANSPORTS:
        for fault, (operation, do) in _WINDOWS.items():
            # Before Windows starts a script, its name is not known to the service: the first call of the run is met.
            scripts = _SCRIPTS if operation == "Receive" else ("",)
            for script in scripts:
                which = {"script": script} if script else {}
                wanted = {"surface": "winrm", "operation": operation, "transport": transport, "do": do, **which}
                found.append(Played(transport, f"{fault} {script or 'first call'}", wanted))
    return found + [Played(_TRANSPORTS[n % 2], name, fault) for n, (name, fault) in enumerate(_ENTRA.items())]


def live(case: Played) -> list[str]:
    """Play a case; return what is wrong."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder, Lab(SCENARIO, Path(folder) / "lab") as lab:
        lab.fault(**{"count": 1, **case.fault})
        inventory = lab.directory / ("inventory-psrp.yml" if case.transport == "psrp" else "inventory.yml")
        before = _seen(lab)
        run = play(lab, inventory=inventory)
        wrong = [] if not lab.request("GET", "/fault") else ["the fault was not met"]
        wrong += _judge(lab, run, before)
        lab.clear_faults()
        for _day in range(MOST_DAYS):
            if _is_published(lab):
                break
            lab.advance(days=1)
            before = _seen(lab)
            run = play(lab, inventory=inventory)
            wrong += _judge(lab, run, before)
        if not _is_published(lab):
            wrong.append(f"not published after {MOST_DAYS} more runs: {run.summary}")
        lab.advance(days=3)
        refused = lab.signins()["refused"]
        if refused:
            wrong.append(f"{refused} sign-ins were refused")
        return wrong


def _judge(lab: Lab, run: Run, before: Any) -> list[str]:
    wrong = []
    after = _seen(lab)
    if "Traceback" in run.output:
        wrong.append("a traceback: " + run.output[run.output.index("Traceback") :][:600])
    if any(secret in run.output for secret in (lab.addresses["client_secret"], lab.addresses["password"])):
        wrong.append("a secret is in the output")
    if not any(line.startswith("Next run: ") for line in run.summary):
        wrong.append(f"no summary: {run.output[-600:]}")
    if run.code and len(run.messages) != 1:
        wrong.append(f"{len(run.messages)} messages: {run.messages}")
    if after != before and any("changed nothing" in line or "changed neither" in line for line in run.summary):
        wrong.append(f"something was changed, and the summary says that nothing was: {run.summary}")
    if after != before and not run.changed and not run.messages:
        wrong.append("something was changed, and no task says so")
    return wrong


def _seen(lab: Lab) -> Any:
    state = lab.state()
    farm = state["farms"][0]
    return [(c["thumbprint"], c["is_primary"]) for c in farm["nodes"][0]["certificates"]], farm["auto_certificate_rollover"], _configured(state)


def _configured(state: dict[str, Any]) -> dict[str, dict[str, str | None]]:
    """Both certificates of each federated domain."""
    return {d["domain"]: d["configured"] for d in state["domains"] if d["authentication_type"] == "Federated"}


def _is_published(lab: Lab) -> bool:
    """Whether AD FS has a successor and every domain accepts both certificates."""
    state = lab.state()
    signing = {c["thumbprint"] for c in state["farms"][0]["nodes"][0]["certificates"] if c["certificate_type"] == "Token-Signing"}
    return len(signing) == 2 and all(signing == set(slots.values()) for slots in _configured(state).values())


def play_all(known: set[str], jobs: int) -> Iterator[dict[str, Any]]:
    """Play all cases but those that are ``known``; each with what is wrong."""
    left = [case for case in cases() if _name(case) not in known]
    with ThreadPoolExecutor(jobs) as pool:
        for case, wrong in zip(left, pool.map(live, left), strict=True):
            yield {"case": _name(case), "wrong": [["playbook", text] for text in wrong], "days": 0, "met": "the fault was not met" not in wrong, "said": []}


def _name(case: Played) -> str:
    return "/".join(["playbook", case.transport, case.fault["surface"], "0", case.name, "once"])
