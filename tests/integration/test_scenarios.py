# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main playbook against every scenario: check mode first, then a run, then a second run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from lab.running import Lab
from playing import AUDIT, RENEW, ROOT, Run, play

# Much like one of the others; `make test-long` plays them.
ALIKE = {"settled", "single-server", "three-domains-one-broken", "relying-parties", "sql-farm", "custom-certificate", "rollover-off", "expired"}
ALIKE |= {"foreign-and-expiring", "last-minute", "promotion-tonight", "secondary-lagging", "began-elsewhere"}

# What one run does, and what makes it fail. `waits`: something is under way, so a later run may note its look in the journal.
SCENARIOS: dict[str, dict[str, Any]] = {
    "in-sync": {"does": []},
    "settled": {"does": []},
    "single-server": {"does": []},
    "domains-of-all-kinds": {"does": []},
    "mismatch": {"does": ["repair"]},
    "three-domains-one-broken": {"does": ["repair"]},
    "expiring": {"does": ["generate", "publish"], "waits": True},
    "relying-parties": {"does": ["generate", "publish"], "waits": True},
    "sql-farm": {"does": ["generate", "publish"], "waits": True},
    "began-elsewhere": {"does": ["publish"], "waits": True},
    "custom-certificate": {"does": ["publish"], "waits": True},
    "promotion-tonight": {"does": ["suspend_auto_rollover", "publish"], "waits": True},
    "secondary-lagging": {"does": [], "waits": True},
    "last-minute": {"does": ["suspend_auto_rollover"], "fails": ["pace", "held", "deadline"]},
    "rollover-off": {"does": []},
    "expired": {"does": [], "fails": ["deadline"]},
    "foreign": {"does": [], "fails": ["unknown_certificate"]},
    "foreign-and-expiring": {"does": [], "fails": ["unknown_certificate"]},
}


def far_side(lab: Lab) -> list[dict[str, Any]]:
    """Requests that changed AD FS or Entra, without the journal, which is the run's own note."""
    return [entry for entry in lab.writes() if entry["operation"] != "write_journal"]


def acts(actions: list[dict[str, Any]], born: str | None) -> list[dict[str, Any]]:
    """What is compared between a plan and a run: acts, targets, certificates; ``born`` is named as a plan names it unborn."""
    text = json.dumps([{k: a.get(k) for k in ("action", "thumbprint", "certificate", "targets")} for a in actions], sort_keys=True)
    plain = json.loads(text.replace(born, "successor") if born else text)
    for action in plain:
        if action["thumbprint"] == "successor":
            action["thumbprint"], action["certificate"] = None, "successor"
    return list(plain)


def born_in(run: Run) -> str | None:
    """The thumbprint of the successor, if the run made one."""
    return run.plans[-1]["farm"]["successor"] if any(a["action"] == "generate" for a in run.done) else None


@pytest.mark.parametrize("scenario", [pytest.param(name, marks=[pytest.mark.long] if name in ALIKE else []) for name in SCENARIOS])
def test_check_then_run_then_run_again(scenario: str, start: Callable[..., Lab]) -> None:
    expected = SCENARIOS[scenario]
    code = 2 if "fails" in expected else 0
    lab = start(scenario)

    checked = play(lab, RENEW, "--check", "--diff")
    assert checked.code == code, checked.output
    assert lab.writes() == []
    assert [a["action"] for a in checked.result["planned"]] == expected["does"]
    assert checked.changed == (1 if expected["does"] else 0)
    if expected["does"]:
        assert "+++ after: after this plan" in checked.output

    first = play(lab)
    assert first.code == code, first.output
    assert acts(checked.result["planned"], None) == acts(first.done, born_in(first))
    assert first.changed == len(expected["does"])
    assert [f["fail_on"] for f in first.result["failures"]] == expected.get("fails", [])

    lab.clear_log()
    second = play(lab)
    assert second.code == code, second.output
    assert (second.changed, second.done) == (0, [])
    assert far_side(lab) == []
    if not expected.get("waits"):
        assert lab.writes() == []


def test_two_farms_are_renewed_apart_and_two_hosts_of_one_farm_are_refused(start: Callable[..., Lab]) -> None:
    lab = start("two-farms")
    both = play(lab)
    assert both.code == 0, both.output
    assert {host: [a["action"] for a in result["done"]] for host, result in both.kept["results"].items()} == {
        host: (["generate", "publish"] if host.startswith("fs") else []) for host in both.kept["results"]
    }
    assert len(both.kept["results"]) == 2

    twins = lab.directory / "twins.yml"
    text = lab.inventory.read_text(encoding="utf-8")
    host = next(iter(both.kept["results"]))
    twins.write_text(
        text.replace(f"        {host}:", f"        {host}-again: &twin\n          ansible_port: {_port(text, host)}\n        {host}:", 1), encoding="utf-8"
    )
    lab.clear_log()
    refused = play(lab, inventory=twins)
    assert refused.code == 2
    assert any("belong to the same farm" in message for message in refused.messages), refused.output
    assert far_side(lab) == []


def test_what_is_read_by_variables_of_the_host_is_written_by_them(start: Callable[..., Lab]) -> None:
    lab = start("mismatch")
    names = ("tenant_id", "client_id", "client_secret", "graph_url", "authority_url", "ca_path")
    taken = {f"ADFS_ENTRA_{name.upper()}": lab.env()[f"ADFS_ENTRA_{name.upper()}"] for name in names}
    inventory = yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))
    inventory["adfs"]["vars"] |= {name.lower(): value for name, value in taken.items()}
    path = lab.directory / "variables.yml"
    path.write_text(yaml.safe_dump(inventory), encoding="utf-8")
    run = play(lab, RENEW, "-vvvvv", inventory=path, environment=dict.fromkeys(taken, ""))
    assert run.code == 0, run.output
    assert [a["action"] for a in run.done] == ["repair"]
    assert lab.addresses["client_secret"] not in run.output


def _port(inventory: str, host: str) -> str:
    return inventory.split(f"{host}:", 1)[1].split("ansible_port: ", 1)[1].split("\n", 1)[0]


def test_audit_reports_and_never_writes(start: Callable[..., Lab]) -> None:
    lab = start("mismatch")
    audit = play(lab, AUDIT)
    assert audit.code == 2
    assert lab.writes() == []
    assert [f["fail_on"] for f in audit.result["failures"]] == ["broken"]
    assert "sign-in is broken for contoso.com, fabrikam.com" in " ".join(audit.messages)


def test_empty_survey_fields_mean_not_set_for_every_variable(start: Callable[..., Lab]) -> None:
    every = yaml.safe_load((ROOT / "roles" / "renew_signing_cert" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    lab = start("expiring")
    run = play(lab, variables=dict.fromkeys(every, ""))
    assert run.code == 0, run.output
    assert [a["action"] for a in run.done] == ["generate", "publish"]


def test_a_list_may_be_text_with_commas(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    run = play(lab, variables={"renew_signing_cert_domains": "contoso.com, fabrikam.com", "renew_signing_cert_domains_excluded": "fabrikam.com"})
    assert [a["action"] for a in run.done] == ["generate", "publish", "suspend_auto_rollover"], run.output
    assert [t["domain"] for t in run.done[1]["targets"]] == ["contoso.com"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("protect", "perhaps"), ("servers", "adfs1,adfs2"), ("windows", [{"start": "2026-12-01T00:00:00Z"}]), ("wait_for_servers", "soon"), ("fail_on", "brokn")],
)
def test_a_variable_of_the_wrong_form_is_refused_before_anything_is_read(name: str, value: Any, start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    run = play(lab, variables={f"renew_signing_cert_{name}": value})
    assert run.code == 2
    assert any(name in message for message in run.messages), run.output
    assert lab.log() == []
