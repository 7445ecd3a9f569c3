# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong at people's sites: one clear message with the next step, nothing written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.running import Lab
from playing import RENEW, Run, play


@dataclass(frozen=True)
class Case:
    """``says``: words that the one message must hold: what, where, and what to do next."""

    says: tuple[str, ...]
    prepare: Callable[[Lab], Any] = field(default=lambda lab: None)
    variables: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    unreachable: bool = False
    noted: bool = False
    """AD FS could be read, so the journal notes what was seen there; what cannot be read of Entra is told by the plan."""


def _stop_service(lab: Lab) -> None:
    lab.adfs("Stop-Service")


CASES = {
    "wrong Windows password": Case(says=("credentials were rejected",), variables={"ansible_password": "not-the-password"}, unreachable=True),
    "unknown host": Case(says=("adfs.invalid",), variables={"ansible_host": "adfs.invalid"}, unreachable=True),
    "a secondary server": Case(says=("secondary", "adfs1.contoso.com"), variables={"renew_signing_cert_hosts": "adfs_secondary"}),
    "the AD FS service is stopped": Case(says=("adfssrv", "start"), prepare=_stop_service),
    "wrong client secret": Case(
        noted=True, says=("client secret", "5f0d2c0e-1d2b-4a59-9a7e-9c1f6b1f4d21"), environment={"ADFS_ENTRA_CLIENT_SECRET": "not-the-secret"}
    ),
    "no credentials": Case(noted=True, says=("client_secret",), environment={"ADFS_ENTRA_CLIENT_SECRET": ""}),
    "no right to list domains": Case(noted=True, says=("Domain.Read.All",), prepare=lambda lab: lab.entra(permissions=["User.Read.All"])),
    "no right to write": Case(
        says=("Domain-InternalFederation.ReadWrite.All",),
        prepare=lambda lab: lab.entra(permissions=["Domain.Read.All", "Domain-InternalFederation.Read.All"]),
    ),
    "a domain that is not federated": Case(
        noted=True, says=("contoso.onmicrosoft.com", "renew_signing_cert_domains"), variables={"renew_signing_cert_domains": ["contoso.onmicrosoft.com"]}
    ),
    "Graph cannot be reached": Case(noted=True, says=("127.0.0.1:9", "proxy"), environment={"ADFS_ENTRA_GRAPH_URL": "https://127.0.0.1:9"}),
    "Graph's certificate is not trusted": Case(noted=True, says=("ca_path",), environment={"ADFS_ENTRA_CA_PATH": ""}),
    "the login host cannot be reached": Case(noted=True, says=("127.0.0.1:9",), environment={"ADFS_ENTRA_AUTHORITY_URL": "https://127.0.0.1:9"}),
    "a wrong policy": Case(says=("renew_signing_cert_renew_before", "soon"), variables={"renew_signing_cert_renew_before": "soon"}),
    "a wrong clock": Case(says=("clocks of adfs1", "Windows Time"), variables={"renew_signing_cert_now": "2035-01-01T00:00:00Z"}),
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_message_and_nothing_written(name: str, start: Callable[..., Lab]) -> None:
    case = CASES[name]
    lab = start("expiring")
    before = _both_sides(lab)
    case.prepare(lab)
    lab.clear_log()
    run = play(lab, variables=case.variables, environment=case.environment)
    assert run.code != 0, run.output
    # A host out of reach is told by Ansible, which goes on, and by the role, which fails for it.
    assert len(run.messages) == (2 if case.unreachable else 1), run.messages
    [message] = set(run.messages)
    for words in case.says:
        assert words.lower() in message.lower(), message
    assert bool(run.kept["unreachable"]) is case.unreachable
    assert "Traceback" not in run.output
    assert len(message) < 2000, message  # with two domains named, each with its request-id
    _nothing_else_changed(name, lab, before, run)


def _both_sides(lab: Lab) -> Any:
    state = lab.state()
    return [[node["certificates"] for node in farm["nodes"]] for farm in state["farms"]], state["domains"]


def _nothing_else_changed(name: str, lab: Lab, before: Any, run: Run) -> None:
    if name == "no right to write":
        # A successor that nobody could publish is not made.
        assert [entry["operation"] for entry in lab.writes()] == ["write_journal"]
        assert _both_sides(lab) == before
        return
    if name == "a wrong clock":
        # By one of the clocks AD FS could promote at once, so its own clock is held; no certificate and no domain is touched.
        assert [a["action"] for a in run.done] == ["suspend_auto_rollover"]
        assert _both_sides(lab) == before
        return
    noted = ["write_journal"] if CASES[name].noted else []
    assert [entry["operation"] for entry in lab.writes()] in ([], noted), run.output
    assert _both_sides(lab) == before


def test_no_secret_is_shown_at_the_highest_verbosity(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    tenant = {
        "tenant_id": lab.addresses["tenant_id"],
        "client_id": lab.addresses["client_id"],
    }

    def run_with(secret: str, *more: str) -> Run:
        variables = lab.directory / "tenants.json"  # a secret on a command line is seen by everybody on the machine
        variables.write_text(json.dumps({"renew_signing_cert_tenants": [{**tenant, "client_secret": secret}]}), encoding="utf-8")
        return play(lab, RENEW, "-vvvvv", *more, "-e", f"@{variables}", environment={"ADFS_ENTRA_CLIENT_SECRET": ""})

    good = run_with(lab.addresses["client_secret"], "--diff")
    assert good.code == 0, good.output
    assert [a["action"] for a in good.done] == ["generate", "publish"]
    wrong = run_with("a-wrong-but-secret-value")
    assert wrong.code != 0
    for run, secrets in ((good, (lab.addresses["client_secret"], lab.addresses["password"])), (wrong, ("a-wrong-but-secret-value", lab.addresses["password"]))):
        for secret in secrets:
            assert secret not in run.output, f"{secret} was shown"
        assert not re.search(r"eyJ[\w-]+\.eyJ[\w-]+\.", run.output), "a token was shown"
