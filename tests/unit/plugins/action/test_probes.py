# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What probes saw, as the plan reports it, and the column of the decision table that comes from them."""

from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.test_rollover_plan import certificate, entra, farm, run, view
from ansible_collections.federation.adfs.tests.unit.plugins.action.test_third_party import OLD, SIGNER, document, domain

MINE, NEXT, OTHER = certificate("mine"), certificate("next", -1), certificate("somebody else")
TLS = {"subject": "CN=sts.contoso.com", "not_after": "2026-12-01T00:00:00Z", "thumbprint": "AB" * 20, "issuer": "CN=CA"}
URL = "https://sts.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml"


def probe(where: str = "outside", **result: object) -> dict[str, object]:
    return {"name": "internet", "host": "probe.example.net", "where": where, "url": URL, "result": result}


def published(*certificates: dict[str, object], **more: object) -> dict[str, object]:
    return view("x", *certificates, **more)["metadata"]


def judged(*probes: dict[str, object], update: str = "Success", **facts: object) -> dict[str, object]:
    found = entra("contoso.com", MINE, signing_certificate_update_status={"certificate_update_result": update})
    return run(farm=farm(MINE, **facts), domains=[found], probes=list(probes))["plan"]


def public(plan: dict[str, object]) -> str:
    return plan["domains"][0]["decision_row"]["metadata_public"]


def test_a_probe_that_sees_what_adfs_reports() -> None:
    plan = judged(probe(metadata=published(MINE), tls_certificate=TLS))
    said = plan["probes"][0].pop("said")
    assert plan["probes"] == [
        {
            "name": "internet",
            "host": "probe.example.net",
            "where": "outside",
            "url": URL,
            "reachable": True,
            "kind": None,
            "reason": None,
            "tls_certificate": {"subject": "CN=sts.contoso.com", "not_after": "2026-12-01T00:00:00Z", "thumbprint": "AB" * 20},
            "same_content": True,
            "differences": [],
        }
    ]
    assert "reachable, the same as seen here" in said and "AB" * 20 in said


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (published(MINE, OTHER), f"it publishes {OTHER['thumbprint']}, which AD FS does not report"),
        (published(OTHER, MINE), f"it is signed by {OTHER['thumbprint']} instead of {MINE['thumbprint']}"),
        (published(MINE, status="invalid"), "its signature is not valid"),
        (published(MINE, status="absent"), f"it is signed by nobody instead of {MINE['thumbprint']}"),
    ],
    ids=["another certificate", "another signer", "invalid", "unsigned"],
)
def test_a_probe_that_sees_something_else(shown: dict[str, object], words: str) -> None:
    (seen,) = judged(probe(metadata=shown))["probes"]
    assert (seen["reachable"], seen["same_content"]) == (True, False)
    assert words in seen["differences"]
    assert words in seen["said"]


def test_a_probe_that_lacks_the_successor() -> None:
    plan = run(farm=farm(MINE, NEXT), domains=[], probes=[probe(metadata=published(MINE))])["plan"]
    assert plan["probes"][0]["differences"] == [f"it does not publish {NEXT['thumbprint']}"]


@pytest.mark.parametrize("kind", ["dns", "connect", "tls", "status", "not_metadata", "timeout"])
def test_a_probe_that_gets_nothing_says_why(kind: str) -> None:
    plan = judged(probe(msg="metadata_info: no such luck", error_kind=kind, tls_certificate=None))
    (seen,) = plan["probes"]
    assert (seen["reachable"], seen["kind"], seen["reason"], seen["same_content"]) == (False, kind, "metadata_info: no such luck", None)
    assert f"not reachable ({kind}): metadata_info: no such luck" in seen["said"]
    assert public(plan) == "no"
    assert (plan["failures"], plan["alarms"], plan["actions"]) == ([], [], [])


def test_another_farms_metadata_is_not_this_farms() -> None:
    (seen,) = judged(probe(metadata=published(MINE, entity="http://fs.fabrikam.com/adfs/services/trust")))["probes"]
    assert (seen["reachable"], seen["kind"]) == (False, "not_metadata")
    assert "fs.fabrikam.com" in seen["reason"]


@pytest.mark.parametrize("result", [{}, {"msg": "Failed to connect to the host via ssh", "unreachable": True}, {"msg": "no url", "error_kind": "options"}])
def test_a_probe_that_could_not_look_proves_nothing(result: dict[str, object]) -> None:
    plan = judged(probe(**result), update="couldNotAccessRemoteHost")
    assert plan["probes"][0]["kind"] == "probe"
    assert "could not look" in plan["probes"][0]["said"]
    assert public(plan) == "no"  # what Entra says


GOOD, BAD = {"metadata": published(MINE)}, {"msg": "x", "error_kind": "connect"}


@pytest.mark.parametrize(
    ("probes", "update", "expected"),
    [
        ([], "Success", "yes"),
        ([], "couldNotAccessRemoteHost", "no"),
        ([], "unknownError", "unknown"),
        ([probe(**GOOD)], "couldNotAccessRemoteHost", "yes"),
        ([probe(**BAD)], "Success", "no"),
        ([probe("inside", **GOOD)], "unknownError", "unknown"),
        ([probe("inside", **BAD)], "Success", "yes"),
        ([probe(**GOOD), probe(**BAD)], "unknownError", "unknown"),
        ([probe(**GOOD), probe(**BAD)], "Success", "yes"),
    ],
)
def test_whether_the_metadata_is_public(probes: list[dict[str, object]], update: str, expected: str) -> None:
    assert public(judged(*probes, update=update)) == expected


def test_the_row_of_the_table_follows_the_probe_outside() -> None:
    row = judged(probe(**GOOD), update="unknownError")["domains"][0]["decision_row"]
    assert (row["row"], row["action"]) == (1, "none")
    assert judged(probe(**BAD))["domains"][0]["decision_row"]["row"] is None


def test_probes_of_an_identity_provider_are_compared_with_its_document() -> None:
    shown = document(OLD)
    plan = run(provider=shown, domains=[domain(signing=OLD)], probes=[probe(metadata=shown), probe(metadata=document(OLD, signer=None))])["plan"]
    assert [p["same_content"] for p in plan["probes"]] == [True, False]
    assert plan["probes"][1]["differences"] == [f"it is signed by nobody instead of {SIGNER['thumbprint']}"]


def test_a_probe_counts_as_outside_only_where_the_operator_says_so() -> None:
    silent = {name: value for name, value in probe(**GOOD).items() if name != "where"}
    plan = judged(silent, update="unknownError")
    assert plan["probes"][0]["where"] == "inside"
    assert public(plan) == "unknown"
