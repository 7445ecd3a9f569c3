# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token-decrypting certificates: named when they end, renewed only if asked for, and never in the way of signing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Decrypting
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, Span

from .world import KEYS, actions, at, domain, farm, guards, key, observe, plan

ASKED = Policy(auto_rollover=False, decrypting=True, promote="role")
FAR = {"OLD": key("OLD", -10, 300)}


def one(name: str, begins: float, ends: float, is_primary: bool = True, from_store: bool = False) -> Decrypting:
    return Decrypting(name, at(begins), at(ends), is_primary, from_store)


def made(*held: Decrypting, policy: Policy = ASKED, auto: bool = False, keys: object = None, **more: object) -> Plan:
    return plan(observe(farm("OLD", auto_rollover=auto, decrypting=held, **more), domain("contoso.com", "OLD"), **(keys or FAR)), policy)


def alarms(seen: Plan) -> set[str]:
    return {a.alarm for a in seen.alarms if a.alarm.startswith("decrypting")}


def test_an_ending_one_is_named_where_adfs_does_not_renew_it() -> None:
    ending = one("D1", -340, 25)
    quiet = Policy()
    assert alarms(made(ending, policy=quiet)) == {"decrypting_expiring"}
    assert alarms(made(ending, policy=quiet, auto=True)) == set()
    assert alarms(made(replace(ending, from_store=True), policy=quiet, auto=True)) == {"decrypting_expiring"}
    assert alarms(made(one("D1", -300, 65), policy=quiet)) == set()
    assert alarms(made(ending, one("D2", -1, 364, False), policy=quiet)) == set()
    assert alarms(made(one("D1", -366, -1), policy=quiet, auto=True)) == {"decrypting_expired"}
    assert alarms(made(policy=quiet)) == set()


@pytest.mark.parametrize("auto", [False, True])
def test_a_broken_one_never_keeps_signing_from_being_mended_or_renewed(auto: bool) -> None:
    expired = one("D1", -366, -1)
    broken = plan(observe(farm("OLD", auto_rollover=auto, decrypting=(expired,)), domain("contoso.com", "EARLIER")), ASKED)
    assert "repair" in actions(broken)
    due = plan(observe(farm("OLD", auto_rollover=False, decrypting=(expired,)), domain("contoso.com", "OLD")), ASKED)
    assert actions(due)[:2] == ["generate", "publish"] and due.steps[0].act.certificate_type == "Token-Signing"


def test_it_is_renewed_only_if_asked_for_and_with_automatic_rollover_off_for_good() -> None:
    ending = one("D1", -340, 25)
    asked = made(ending)
    assert actions(asked) == ["generate"]
    act = show(asked, {k: k for k in KEYS}, {})["actions"][0]
    assert (act["certificate_type"], act["toggles_auto_rollover"], act["invariants"]) == ("Token-Decrypting", True, {})
    assert actions(made(ending, policy=Policy(auto_rollover=False))) == []
    assert actions(made(ending, policy=Policy(decrypting=True))) == []
    assert actions(made(ending, auto=True, policy=Policy(decrypting=True))) == []
    assert actions(made(replace(ending, from_store=True))) == []
    assert actions(made(one("D1", -300, 65))) == []


def test_signing_comes_first_and_windows_are_obeyed() -> None:
    ending = one("D1", -340, 25)
    assert {s.act.certificate_type for s in made(ending, keys={"OLD": KEYS["OLD"]}).steps} == {"Token-Signing"}
    frozen = made(ending, policy=replace(ASKED, freezes=(Span(at(-1), at(1)),)))
    assert actions(frozen) == [] and "window" in guards(frozen)


def test_the_new_one_becomes_primary_once_every_server_had_time_to_get_it() -> None:
    def waiting(hours: float, policy: Policy = ASKED) -> list[str]:
        younger = Decrypting("D2", at(0) - timedelta(hours=hours), at(365), False)
        return actions(made(one("D1", -340, 25), younger, policy=policy))

    assert waiting(1) == []
    assert waiting(1.5) == ["promote"]
    assert waiting(1.5, replace(ASKED, promote="adfs")) == []


def test_an_ended_older_one_makes_room_first_and_one_that_is_valid_stays() -> None:
    assert actions(made(one("D2", -340, 25), one("D1", -700, -1, False))) == ["remove_from_adfs", "generate"]
    assert actions(made(one("D2", -340, 25), one("D1", -700, 5, False))) == []


@pytest.mark.parametrize(
    "more",
    [
        {"d1": domain("d1", "OLD", "STRANGER")},
        {"d1": domain("d1", "OLD", deviations=("federated_idp_mfa_behavior changed",))},
        {"d1": domain("d1", "EARLIER"), "excluded": frozenset({"d1"})},
    ],
)
def test_what_one_domain_holds_or_lacks_never_switches_the_renewal_off(more: dict[str, object]) -> None:
    policy = replace(ASKED, domains_excluded=more.get("excluded", frozenset()))
    where = farm("OLD", auto_rollover=False, decrypting=(one("D1", -340, 25),))
    assert actions(plan(observe(where, more["d1"], domain("d2", "OLD"), **FAR), policy)) == ["generate"]


@pytest.mark.parametrize(
    ("policy", "advice"),
    [
        (Policy(), "Set renew_signing_cert_decrypting, or renew it with"),
        (Policy(decrypting=True), "takes effect where renew_signing_cert_auto_rollover is false: set that, too, or renew it with"),
        (ASKED, "A run renews it while nothing about signing is under way (renew_signing_cert_decrypting)"),
    ],
)
def test_what_is_to_be_done_about_an_ending_one_is_said_by_what_is_set(policy: Policy, advice: str) -> None:
    assert [advice in a.reason for a in made(one("D1", -340, 25), policy=policy).alarms if a.alarm.startswith("decrypting")] == [True]
