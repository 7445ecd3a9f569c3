# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_SIGNING, World


@pytest.fixture
def world():
    return World(properties={"AutoCertificateRollover": False})


def options(thumbprint, **more):
    return {"certificate_type": TOKEN_SIGNING, "thumbprint": thumbprint, **more}


def test_add_then_promote_then_remove_the_old_one(world):
    old, new = world.primary().thumbprint, world.in_store()

    added = world.run("certificate", options(new))
    assert added["changed"] is True
    assert world.listed() == [old, new]
    assert world.primary().thumbprint == old
    assert world.run("certificate", options(new))["changed"] is False

    promoted = world.run("certificate", options(new, primary=True))
    assert promoted["changed"] is True
    assert [c["thumbprint"] for c in promoted["certificates"] if c["is_primary"]] == [new]
    assert world.primary().thumbprint == new
    assert world.run("certificate", options(new, primary=True))["changed"] is False

    removed = world.run("certificate", options(old, state="absent"))
    assert removed["changed"] is True
    assert world.listed() == [new]
    assert world.run("certificate", options(old, state="absent"))["changed"] is False
    assert world.acts == ["add_certificate", "promote_certificate", "remove_certificate"]


def test_add_and_promote_in_one_task(world):
    new = world.in_store()
    result = world.run("certificate", options(new, primary=True))
    assert result["changed"] is True
    assert world.primary().thumbprint == new
    assert world.acts == ["add_certificate", "promote_certificate"]


@pytest.mark.parametrize(("more", "shown"), [({}, "secondary"), ({"primary": True}, "primary")])
def test_check_mode_sends_no_act_and_shows_what_would_be(world, more, shown):
    old, new = world.primary().thumbprint, world.in_store()
    result = world.run("certificate", options(new, **more), check_mode=True)
    assert result["changed"] is True
    assert f"{shown} {new}" in result["diff"]["after"]
    assert (f"Token-Signing secondary {old}" in result["diff"]["after"]) == bool(more)
    assert world.acts == []
    assert world.listed() == [old]


def test_check_mode_of_a_removal(world):
    extra = world.put(TOKEN_SIGNING, "extra").thumbprint
    result = world.run("certificate", options(extra, state="absent"), check_mode=True)
    assert result["changed"] is True
    assert extra in result["diff"]["before"]
    assert extra not in result["diff"]["after"]
    assert world.acts == []


def test_the_primary_is_never_removed(world):
    result = world.run("certificate", options(world.primary().thumbprint, state="absent"))
    assert result["error_id"] == "primary"
    assert "another one primary first" in result["msg"]
    assert world.acts == []


def test_the_primary_cannot_be_made_secondary(world):
    result = world.run("certificate", options(world.primary().thumbprint, primary=False))
    assert result["error_id"] == "primary"


@pytest.mark.parametrize("more", [{}, {"primary": True}, {"state": "absent"}])
def test_says_what_to_do_where_automatic_rollover_is_on(more):
    world = World()
    thumbprint = world.put(TOKEN_SIGNING, "extra").thumbprint if "state" in more else world.in_store()
    result = world.run("certificate", options(thumbprint, **more))
    assert result["error_id"] == "rollover_on"
    assert "farm_properties (auto_certificate_rollover: false)" in result["msg"]
    assert world.acts == []


def test_nothing_to_do_is_no_error_where_automatic_rollover_is_on():
    world = World()
    assert world.run("certificate", options(world.primary().thumbprint, primary=True))["changed"] is False


def test_an_expired_certificate_is_not_promoted(world):
    expired = world.put(TOKEN_SIGNING, "expired", born_days_ago=400, valid_days=365).thumbprint
    result = world.run("certificate", options(expired, primary=True))
    assert result["error_id"] == "not_valid"
    assert world.acts == []


def test_a_certificate_that_is_not_in_the_store_is_the_servers_error(world):
    result = world.run("certificate", options("AB" * 20))
    assert result["failed"] is True
    assert "was not found in the store" in result["msg"]
    assert "Add-AdfsCertificate" in result["msg"]
    assert result["changed"] is False


def test_bad_thumbprint_and_contradiction_are_found_before_anything_is_sent(world):
    assert "40 hexadecimal digits" in world.run("certificate", options("XYZ"))["msg"]
    assert "contradict" in world.run("certificate", options("AB" * 20, state="absent", primary=True))["msg"]
    assert world.calls == []


def test_refused_on_a_secondary(world):
    assert world.run("certificate", options("AB" * 20), node=1)["primary_server"] == "adfs1.contoso.com"


def test_unchanged_reply_after_an_act_is_no_success(world):
    extra = world.put(TOKEN_SIGNING, "extra")
    world.farm.drop = lambda item, now: None  # AD FS says nothing and does nothing
    result = world.run("certificate", options(extra.thumbprint, state="absent"))
    assert result["failed"] is True
    assert result["error_id"] == "not_done"


def test_a_failure_after_the_first_of_two_acts_says_that_something_changed(world):
    new = world.in_store()
    world.instead["promote_certificate"] = {"failed": True, "msg": "the line went dead"}
    result = world.run("certificate", options(new, primary=True))
    assert (result["failed"], result["changed"]) == (True, True)
    assert new in world.listed()

    del world.instead["promote_certificate"]
    again = world.run("certificate", options(new, primary=True))
    assert again["changed"] is True
    assert world.acts == ["add_certificate", "promote_certificate", "promote_certificate"]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda node, name: node.store.pop(name), "certificate_in_store"),
        (lambda node, name: setattr(node.store[name], "has_private_key", False), "private_key_present"),
        (lambda node, name: setattr(node.store[name], "service_account_may_read", False), "private_key_readable"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_certificate_that_would_stop_the_service_is_not_promoted(world, spoil, named, check_mode):
    new = world.staged()
    spoil(world.farm.nodes[0], new)
    result = world.run("certificate", options(new, primary=True), check_mode=check_mode)
    assert result["error_id"] == "key_not_usable"
    assert named in result["msg"]
    assert world.acts == []
    assert world.farm.nodes[0].service_running
