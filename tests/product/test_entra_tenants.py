# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup's options tenants and unreadable: several tenants in one call, and what cannot be read told as an entry."""

from __future__ import annotations

import pathlib
import socket
import time
import typing as t
from collections.abc import Iterator

import pytest
from ansible.errors import AnsibleLookupError, AnsibleOptionsError

from ansible_collections.federation.adfs.plugins.lookup.entra_federation import LookupModule
from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from lab.clock import Clock
from lab.entra import Tenant, managed_domain

from .conftest import CLIENT, READ, SECRET, TENANT, WRITE, Entra, federated_domain, signing, started_entra
from .player import OWN, Player, out

OTHER = "44444444-aaaa-bbbb-cccc-555555555555"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (lambda seconds: None, time.monotonic))


@pytest.fixture
def two(tmp_path: pathlib.Path) -> Iterator[Entra]:
    """An Entra server with two tenants; ``tenant`` is the first one."""
    clock = Clock()
    first, second = Tenant(clock, TENANT), Tenant(clock, OTHER)
    for tenant, names in ((first, ("a.example", "b.example")), (second, ("c.example",))):
        for name in names:
            tenant.add_domain(federated_domain(name, "sts.contoso.com", signing("old").der))
    second.add_domain(managed_domain("cloud.example"))
    with started_entra(tmp_path, first, second) as started:
        yield started


def look(entra: Entra, *names: str, **given: t.Any) -> list[dict[str, t.Any]]:
    places = {name: value for name, value in entra.options().items() if name.endswith(("_url", "_path")) or name == "timeout"}
    return LookupModule().run(list(names), {}, **{**places, **given})


def tenants(*entries: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    own = entries or ({"tenant_id": TENANT}, {"tenant": OTHER})
    return [{"client_id": CLIENT, "client_secret": SECRET, **entry} for entry in own]


def names_of(entries: list[dict[str, t.Any]]) -> list[t.Any]:
    return [(entry["tenant_id"], entry["domain"]) for entry in entries]


def test_all_domains_of_several_tenants_come_in_one_call(two: Entra) -> None:
    found = look(two, tenants=tenants(), all_domains=True)
    assert names_of(found) == [(TENANT, "a.example"), (TENANT, "b.example"), (OTHER, "c.example")]
    assert all(entry["error"] is None and entry["signing_certificate"]["der"] for entry in found)
    assert two.count("token.token") == 2 and two.count("graph.batch") == 2


def test_names_are_looked_for_in_all_tenants(two: Entra) -> None:
    found = look(two, "c.example", "a.example", tenants=tenants())
    assert names_of(found) == [(OTHER, "c.example"), (TENANT, "a.example")]


def test_a_name_that_no_tenant_has_fails_or_is_told(two: Entra) -> None:
    with pytest.raises(AnsibleLookupError, match=r"none of the tenants that could be read has a federated domain d\.example"):
        look(two, "a.example", "d.example", tenants=tenants())
    told, missing = look(two, "a.example", "d.example", tenants=tenants(), unreadable="report")
    assert told["error"] is None and missing["domain"] == "d.example" and "none of the tenants" in missing["error"]


def test_what_is_not_federated_is_told_beside_the_others(two: Entra) -> None:
    entries = look(two, "cloud.example", "c.example", tenants=tenants({"tenant_id": OTHER}), unreadable="report")
    assert [entry["domain"] for entry in entries] == ["cloud.example", "c.example"]
    assert "cloud.example (Managed)" in entries[0]["error"] and entries[1]["error"] is None
    with pytest.raises(AnsibleLookupError, match=r"not federated in tenant .*cloud\.example"):
        look(two, "cloud.example", "c.example", tenants=tenants({"tenant_id": OTHER}))


@pytest.mark.parametrize("every", [True, False])
def test_a_refused_tenant_is_one_entry_and_the_other_is_read(two: Entra, every: bool) -> None:
    wrong = tenants({"tenant_id": TENANT, "client_secret": "some-wrong-value"}, {"tenant_id": OTHER})
    names = [] if every else ["a.example", "c.example"]
    found = look(two, *names, tenants=wrong, all_domains=every, unreadable="report")
    refused = [entry for entry in found if entry["domain"] is None]
    assert len(refused) == 1 and refused[0]["tenant_id"] == TENANT and refused[0]["signing_certificate"] is None
    assert refused[0]["error"].count("Create a new client secret") == 1 and "some-wrong-value" not in str(found)
    assert [entry["error"] for entry in found if entry["domain"] == "c.example"] == [None]
    assert {member for entry in found for member in entry} == set(refused[0])
    with pytest.raises(AnsibleLookupError, match="Create a new client secret"):
        look(two, *names, tenants=wrong, all_domains=every)


def test_a_tenant_that_cannot_be_reached_is_one_entry(two: Entra) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"https://127.0.0.1:{listener.getsockname()[1]}"
    found = look(two, tenants=tenants({"tenant_id": TENANT}, {"tenant_id": OTHER, "graph_url": closed}), all_domains=True, unreadable="report")
    assert names_of(found) == [(TENANT, "a.example"), (TENANT, "b.example"), (OTHER, None)]
    assert "cannot be reached" in found[-1]["error"]


def test_incomplete_credentials_of_one_tenant_are_its_entry(two: Entra) -> None:
    found = look(two, tenants=[*tenants({"tenant_id": TENANT}), {"tenant_id": OTHER, "client_id": CLIENT}], all_domains=True, unreadable="report")
    assert found[-1]["tenant_id"] == OTHER and found[-1]["domain"] is None and "incomplete" in found[-1]["error"]


def test_one_tenant_without_the_option_tenants_is_reported_alike(two: Entra) -> None:
    (entry,) = look(two, tenant_id=TENANT, client_id=CLIENT, client_secret="some-wrong-value", all_domains=True, unreadable="report")
    assert entry["domain"] is None and entry["tenant_id"] == TENANT and "Create a new client secret" in entry["error"]


def test_a_domain_that_cannot_be_read_fails_the_lookup_or_is_told(two: Entra) -> None:
    def spoil() -> None:
        status = {"kind": "status", "code": 403}
        two.faults.add({"surface": "graph_item", "domain": "a.example", "do": status})

    spoil()
    given = {"tenants": tenants(), "all_domains": True}
    found = look(two, unreadable="report", **given)
    assert [bool(entry["error"]) for entry in found] == [True, False, False]
    spoil()
    with pytest.raises(AnsibleLookupError, match=r"settings of 1 domain could not be read\. a\.example: .*set unreadable=report"):
        look(two, unreadable="", **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tenants": []}, "tenants must be a list of mappings"),
        ({"tenants": "contoso.com"}, "tenants must be a list of mappings"),
        ({"tenants": [{"tenant_id": "x", "tenat": "y"}]}, "entry 1 of tenants has the unknown option tenat"),
        ({"tenants": [{"tenant_id": "x", "tenant": "y"}]}, "entry 1 of tenants gives tenant_id twice"),
        ({"tenants": [{"tenant_id": "x"}, {"client_id": "y"}]}, "entry 2 of tenants has no tenant_id"),
        ({"tenants": [{"tenant_id": "x"}, {"tenant": "X"}]}, "tenants names x twice"),
        ({"unreadable": "ignore"}, "unreadable must be fail or report"),
    ],
)
def test_options_that_make_no_sense_fail_in_any_case(two: Entra, given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(AnsibleOptionsError, match=words):
        look(two, "a.example", **{"unreadable": "report", **given})
    assert two.log.entries() == []


def test_empty_tenants_of_a_survey_are_not_set_and_a_mapping_is_one_tenant(two: Entra) -> None:
    assert look(two, "a.example", tenants="", tenant_id=TENANT, client_id=CLIENT, client_secret=SECRET)[0]["error"] is None
    assert look(two, "a.example", tenants=tenants()[0])[0]["error"] is None


@pytest.mark.parametrize("name", ["contoso.example.", "münchen.example", "a b.example", "", None])
def test_a_federated_domain_under_an_odd_name_is_an_entry_with_its_error(two: Entra, name: str | None) -> None:
    entry = {"id": name, "authenticationType": "Federated", "isVerified": True, "isRoot": True}
    two.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "more_entries", "entries": [entry]}})
    found = look(two, tenants=tenants({"tenant_id": TENANT}), all_domains=True, unreadable="report")
    assert [item["error"] for item in found[:2]] == [None, None]
    assert found[2]["domain"] == (name or None) and ("is not a name" in found[2]["error"] or "without a name" in found[2]["error"])


def test_a_managed_domain_under_an_odd_name_is_no_matter(two: Entra) -> None:
    entry = {"id": "münchen.example", "authenticationType": "Managed", "isVerified": True}
    two.faults.add({"surface": "graph", "operation": "list_domains", "do": {"kind": "more_entries", "entries": [entry]}})
    assert len(look(two, tenants=tenants({"tenant_id": TENANT}), all_domains=True)) == 2


def test_in_a_playbook_with_the_identity_of_one_tenant_from_the_environment(player: Player) -> None:
    call = "query('federation.adfs.entra_federation', all_domains=true, tenants=[{}, {'tenant_id': 'other.example', 'client_id': 'x'}], unreadable='report')"
    run = player.play([out(found=f"{{{{ {call} }}}}")], **OWN)
    assert run.code != 0 and "entry 1 of tenants has no tenant_id" in run.output
    call = call.replace("[{}, {", "[{").replace("'other.example', 'client_id': 'x'", f"'{TENANT}', 'client_id': '{CLIENT}', 'client_secret': 'wrong'")
    run = player.play([out(found=f"{{{{ {call} }}}}")], **OWN)
    assert run.code == 0, run.output
    assert [entry["domain"] for entry in run.facts["found"]] == [None] and "client secret" in run.facts["found"][0]["error"]


@pytest.mark.parametrize(("roles", "expected"), [(WRITE, True), (READ, False)])
def test_an_entry_tells_whether_the_token_may_write(two: Entra, roles: tuple[str, ...], expected: bool) -> None:
    two.server.register_application(CLIENT, secret=SECRET, roles=roles)
    assert [entry["can_write"] for entry in look(two, tenants=tenants(), all_domains=True)] == [expected] * 3


def test_a_tenant_that_does_not_answer_takes_no_more_than_its_share_of_the_time(two: Entra) -> None:
    two.faults.add({"surface": "token", "do": {"kind": "delay", "seconds": 60}})
    begun = time.monotonic()
    found = look(two, tenants=tenants(), all_domains=True, unreadable="report", time_limit=12, timeout=30)
    assert time.monotonic() - begun < 12
    assert names_of(found) == [(TENANT, None), (OTHER, "c.example")] and "time_limit" in found[0]["error"]
