# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a domain besides its certificates: told where they are wrong or differ, and no reason to do or to hold back anything."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import FARM, START, actions, domain, farm, guards, observe, plan

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Provider
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.settings import Judged, judge


def item(name: str, **changed: Any) -> dict[str, Any]:
    return {
        "tenant_id": "tenant",
        "domain": name,
        "configuration_id": f"id-{name}",
        "is_root": True,
        "root": None,
        "issuer_uri": f"http://{name}/adfs/services/trust/",
        "passive_sign_in_uri": "https://sts.contoso.com/adfs/ls/",
        "active_sign_in_uri": "https://sts.contoso.com/adfs/services/trust/2005/usernamemixed",
        "sign_out_uri": "https://STS.contoso.com/adfs/ls",
        "metadata_exchange_uri": "https://sts.contoso.com/adfs/services/trust/mex",
        "preferred_authentication_protocol": "wsFed",
        "display_name": "Contoso",
        **changed,
    }


def judged(*items: dict[str, Any], **of_domain: Any) -> Judged:
    where = {"sign_in_host": "sts.contoso.com", **of_domain}
    domains = [domain(i["domain"], "OLD", issuer_uri=i.get("issuer_uri"), sign_in_uri=i.get("passive_sign_in_uri"), **where) for i in items]
    return judge(items, observe(farm(), *domains))


def alarms(found: Judged) -> list[tuple[str, str]]:
    return [(a.alarm, a.object) for a in found.seen.alarms]


def told(found: Judged) -> dict[str, Any]:
    return show(plan(found.seen), {}, {}, rows=found.rows)


def test_settings_as_they_should_be_are_not_spoken_of() -> None:
    found = judged(item("contoso.com"), item("fabrikam.com"))
    assert alarms(found) == []
    shown = told(found)
    assert shown["summary"] == show(plan(observe(farm(), *found.seen.domains)), {}, {})["summary"]
    assert {row["name"]: row["same"] for row in shown["domains"][0]["settings"]} == {
        "passive_sign_in_uri": True,
        "active_sign_in_uri": True,
        "sign_out_uri": True,
        "metadata_exchange_uri": True,
        "issuer_uri": True,
        "preferred_authentication_protocol": True,
    }
    # Runners keep every plan, and there may be hundreds of domains: what is the same text on both sides is not told twice.
    assert {"name": "passive_sign_in_uri", "same": True} in shown["domains"][0]["settings"]


def test_both_sides_are_told_where_the_same_address_is_written_differently() -> None:
    shown = told(judged(item("contoso.com", passive_sign_in_uri="https://STS.contoso.com/adfs/ls")))
    rows = {row["name"]: row for row in shown["domains"][0]["settings"]}
    sides = {"entra": "https://STS.contoso.com/adfs/ls", "farm": "https://sts.contoso.com/adfs/ls/"}
    assert rows["passive_sign_in_uri"] == {"name": "passive_sign_in_uri", **sides, "same": True}


@pytest.mark.parametrize(
    ("changed", "of_domain"),
    [
        ({"passive_sign_in_uri": None}, {"sign_in_host": None}),
        ({"passive_sign_in_uri": "https:sts.contoso.com/adfs/ls/"}, {"sign_in_host": None}),
        ({"passive_sign_in_uri": "http://sts.contoso.com/adfs/ls/"}, {}),
        ({"issuer_uri": None}, {}),
    ],
)
def test_settings_that_let_nobody_in_are_a_verdict_and_the_answer_and_hold_nothing_back(changed: dict[str, Any], of_domain: dict[str, Any]) -> None:
    found = judged(item("contoso.com", **changed), **of_domain)
    assert alarms(found) == [("wrong_settings", "contoso.com")]
    unjudged = observe(farm(), *(replace(d, faults=()) for d in found.seen.domains))
    assert (actions(plan(found.seen)), guards(plan(found.seen))) == (actions(plan(unjudged)), guards(plan(unjudged)))
    shown = told(found)
    assert shown["domains"][0]["verdict"] == "wrong_settings"
    assert [m["what"] for m in shown["must_act"] if m["what"] == "wrong_settings"] == ["wrong_settings"]
    assert shown["failures"] == show(plan(unjudged), {}, {})["failures"]
    assert shown["summary"][0].startswith("Act: ")
    assert "contoso.com" in shown["summary"][0]


def test_two_domains_with_one_issuer_are_named_both() -> None:
    found = judged(item("contoso.com", issuer_uri=FARM), item("fabrikam.com", issuer_uri=FARM))
    assert alarms(found) == [("wrong_settings", "contoso.com"), ("wrong_settings", "fabrikam.com")]


def test_a_child_with_a_configuration_of_its_own_is_said() -> None:
    found = judged(item("contoso.com"), item("eu.contoso.com", is_root=False, root="contoso.com"))
    assert alarms(found) == [("settings", "eu.contoso.com")]
    assert {d["verdict"] for d in told(found)["domains"]} == {"in_sync"}


def test_a_domain_with_our_issuer_that_signs_in_elsewhere_is_said_and_one_of_another_farm_is_not() -> None:
    elsewhere = {"passive_sign_in_uri": "https://login.example.com/adfs/ls/"}
    ours, theirs = (
        item("contoso.com", issuer_uri=FARM, **elsewhere),
        item("example.com", issuer_uri="http://login.example.com/adfs/services/trust", **elsewhere),
    )
    domains = [domain(i["domain"], "STRANGER", issuer_uri=i["issuer_uri"], sign_in_host="login.example.com") for i in (ours, theirs)]
    found = judge([ours, theirs], observe(farm(), *domains))
    assert alarms(found) == [("settings", "contoso.com")]
    assert list(found.rows) == ["tenant/contoso.com"]


def test_what_differs_from_the_farm_is_one_line_for_all_that_have_it() -> None:
    other = {"active_sign_in_uri": "https://old.contoso.com/adfs/services/trust/2005/usernamemixed", "sign_out_uri": None}
    shown = told(judged(item("contoso.com", **other), item("fabrikam.com", **other)))
    lines = [line for line in shown["summary"] if line.startswith("Differs from AD FS")]
    assert len(lines) == 1
    assert "active_sign_in_uri of contoso.com and fabrikam.com is https://old.contoso.com/" in lines[0].replace(", fabrikam", " and fabrikam")
    rows = {row["name"]: row for row in shown["domains"][0]["settings"]}
    assert rows["sign_out_uri"] == {"name": "sign_out_uri", "entra": None, "farm": "https://sts.contoso.com/adfs/ls/", "same": False}


def test_what_was_not_read_is_not_spoken_of() -> None:
    assert alarms(judged({"tenant_id": "tenant", "domain": "contoso.com", "configuration_id": "1"})) == []
    assert alarms(judged(item("contoso.com", passive_sign_in_uri=None, error="could not be read"), error="could not be read")) == []


def test_an_identity_provider_whose_issuer_has_another_host_is_no_fault() -> None:
    entity = "http://www.okta.com/exk1"
    given = item("contoso.com", issuer_uri=entity, passive_sign_in_uri="https://contoso.okta.com/app/office365/sso/wsfed/passive")
    where = replace(farm(), identifier=entity, provider=Provider(None, True, False, given["passive_sign_in_uri"]), time=START)
    seen = observe(where, domain("contoso.com", "OLD", issuer_uri=entity, sign_in_host="contoso.okta.com", sign_in_uri=given["passive_sign_in_uri"]))
    found = judge([given], seen, {"passive_sign_in": given["passive_sign_in_uri"]})
    assert alarms(found) == []
    assert {row["name"] for row in found.rows["tenant/contoso.com"]} == {"passive_sign_in_uri", "issuer_uri"}
