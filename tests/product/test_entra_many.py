# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very many domains: requests, time, trouble and the size of results."""

from __future__ import annotations

import datetime
import json
import math
import time
import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import Domain, bodies, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.modules.entra_federation_info import described
from lab.entra import federated_domain as lab_domain

from .conftest import TENANT, Entra, signing
from .entra_curve import curve, table

WAITS: list[float] = []
NOW = datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are noted, not made; the lab's answers come at once."""
    WAITS.clear()
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (WAITS.append, time.monotonic))


def read(entra: Entra) -> list[Domain]:
    client = connect(merge_options(entra.options(), {}))
    try:
        return read_domains(client, [], every=True)
    finally:
        client.close()


def fill(entra: Entra, count: int) -> list[str]:
    """Add domains with every setting set and both slots full: the longest answers there are."""
    names = [f"a-rather-long-name-{number:03}.contoso-holding.example" for number in range(count)]
    everything = {
        "passwordResetUri": "https://sts.contoso-holding.example/adfs/portal/updatepassword/",
        "promptLoginBehavior": "translateToFreshPasswordAuthentication",
        "isSignedAuthenticationRequestRequired": False,
        "federatedIdpMfaBehavior": "acceptIfMfaDoneByFederatedIdp",
    }
    for name in names:
        domain = lab_domain(name, "sts.contoso-holding.example", signing("old").der, signing("new").der, settings=everything)
        assert domain.federation is not None
        domain.federation.update_status = {"certificateUpdateResult": "Success", "lastRunDateTime": "2026-08-25T07:44:46.2616778Z"}
        entra.add(domain)
    return names


def test_nine_hundred_domains_are_read_within_the_budget_and_ten_percent_throttled(entra: Entra) -> None:
    names = entra.add_many(900)
    for name in names[::10]:
        entra.faults.add({"surface": "graph_item", "domain": name, "do": {"kind": "throttle", "retry_after": 2}})
    found = read(entra)
    assert [domain.name for domain in found] == names and not [domain for domain in found if domain.error or not domain.configuration]
    # The 90 throttled ones are asked again together: 5 batches more, after one wait.
    assert entra.count("token.token") == 1 and entra.count("graph.list_domains") == 1
    assert entra.count("graph.batch") == math.ceil(900 / 20) + math.ceil(90 / 20)
    assert entra.count("graph_item.get_configuration") == 990 and len(WAITS) == 1


def test_a_burst_of_errors_over_batches_and_items_is_outlived(entra: Entra) -> None:
    names = entra.add_many(100)
    entra.faults.add({"surface": "graph", "operation": "batch", "skip": 1, "count": 3, "do": {"kind": "status", "code": 503, "headers": {"Retry-After": "3"}}})
    for name in names[40:80]:
        entra.faults.add({"surface": "graph_item", "domain": name, "do": {"kind": "status", "code": 502}})
    assert all(domain.configuration for domain in read(entra))
    assert WAITS and all(wait <= 30 for wait in WAITS)


def test_pages_of_one_and_lagging_reads_hide_no_domain(entra: Entra) -> None:
    entra.server.page_size = 1
    names = entra.add_many(21)
    entra.tenant.switches.change({"lagging_reads": 2})
    assert [domain.name for domain in read(entra)] == names
    assert (entra.count("graph.list_domains"), entra.count("graph.batch")) == (21, 2)


@pytest.mark.parametrize(("count", "detail"), [(1, "full"), (200, "full"), (900, "shortest")])
def test_the_result_stays_short_enough_for_runners(entra: Entra, count: int, detail: str) -> None:
    names = fill(entra, count)
    domains = read(entra)
    shapes = [domain.shape(TENANT, NOW, with_der=False) for domain in domains]
    certificates = bodies([domain.configuration for domain in domains if domain.configuration], NOW)
    result: dict[str, t.Any] = described(shapes, certificates, {}, None)
    assert result["detail"] == detail and len(json.dumps(result)) < 700_000
    assert [entry["domain"] for entry in result["domains"]] == names
    last = result["domains"][-1]
    assert last["issuer_uri"] == f"http://{names[-1]}/adfs/services/trust/" and last["passive_sign_in_uri"].startswith("https://sts.")
    assert last["signing_certificate_update_status"]["certificate_update_result"] == "Success"
    assert last["signing_certificate"]["thumbprint"] == signing("old").thumbprint and "der" not in last["signing_certificate"]
    assert {entry["thumbprint"]: bool(entry["der"]) for entry in result["certificates"]} == {signing(name).thumbprint: True for name in ("old", "new")}


def test_batches_beat_one_get_for_each_domain(entra: Entra) -> None:
    entra.add_many(21)
    points = curve(entra, (1, 21))
    print(table(points))
    assert [point.batched_requests for point in points] == [2, 3] * 3
    assert [point.single_requests for point in points] == [2, 22] * 3
    ratios = {(point.count, point.latency): point.ratio for point in points}
    # Both sign in with two requests, so that 24 stand against 5.
    assert ratios[21, 0.1] > 3 and ratios[21, 0.02] > 1.5, table(points)
