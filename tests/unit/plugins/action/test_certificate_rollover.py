# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_DECRYPTING, TOKEN_SIGNING, World, cmdlet_error


@pytest.mark.parametrize("kind", [TOKEN_SIGNING, TOKEN_DECRYPTING])
def test_makes_a_successor_once(kind):
    world = World()
    primary = world.primary(kind).thumbprint
    first = world.run("certificate_rollover", {"certificate_type": kind})
    assert first["changed"] is True
    assert first["successor"]["thumbprint"] in world.listed(kind)
    assert first["successor"]["is_primary"] is False
    assert [c["thumbprint"] for c in first["certificates"]] == [primary, first["successor"]["thumbprint"]]
    assert first["successor"]["thumbprint"] in first["diff"]["after"]
    assert first["successor"]["thumbprint"] not in first["diff"]["before"]
    assert world.calls == ["read_farm", "update_certificate"]

    second = world.run("certificate_rollover", {"certificate_type": kind})
    assert second["changed"] is False
    assert "diff" not in second
    assert second["successor"]["thumbprint"] == first["successor"]["thumbprint"]
    assert world.acts == ["update_certificate"]
    assert world.primary(kind).thumbprint == primary


def test_check_mode_says_so_and_sends_nothing():
    world = World()
    before = world.listed()
    result = world.run("certificate_rollover", check_mode=True)
    assert result["changed"] is True
    assert result["successor"] is None
    assert "made by AD FS" in result["diff"]["after"]
    assert world.acts == []
    assert world.listed() == before


def test_check_mode_with_a_successor_is_unchanged():
    world = World()
    world.farm.generate(TOKEN_SIGNING, world.clock.now())
    assert world.run("certificate_rollover", check_mode=True)["changed"] is False


def test_no_diff_unless_asked_for():
    assert "diff" not in World().run("certificate_rollover", diff=False)


def test_somebody_else_was_faster():
    world = World()
    world.before_call["update_certificate"] = lambda: world.farm.generate(TOKEN_SIGNING, world.clock.now())
    result = world.run("certificate_rollover")
    assert not result.get("failed")
    assert result["changed"] is False
    assert result["successor"]["thumbprint"] == world.listed()[-1]


def test_a_leftover_in_the_way_is_named():
    world = World()
    world.put(TOKEN_SIGNING, "old", born_days_ago=500, valid_days=400)
    result = world.run("certificate_rollover")
    assert result["failed"] is True
    assert result["error_id"] == "PS0139"
    assert "state: absent" in result["msg"]
    assert "Urgent" not in result["msg"]


def test_three_certificates_without_a_successor_are_too_many():
    world = World()
    old = [world.put(TOKEN_SIGNING, name, born_days_ago=500, valid_days=600).thumbprint for name in ("a", "b")]
    result = world.run("certificate_rollover")
    assert result["error_id"] == "too_many_certificates"
    assert all(thumbprint in result["msg"] for thumbprint in old)
    assert world.acts == []


@pytest.mark.parametrize("arguments", [{}, {"urgent": True}])
def test_refused_where_automatic_rollover_is_off(arguments):
    world = World(properties={"AutoCertificateRollover": False})
    if arguments:
        arguments = {**arguments, "confirm_urgent": world.primary().thumbprint}
    result = world.run("certificate_rollover", arguments)
    assert result["error_id"] == "rollover_off"
    assert "farm_properties" in result["msg"]
    assert world.acts == []


def test_refused_on_a_secondary():
    world = World()
    result = world.run("certificate_rollover", node=1)
    assert result["error_id"] == "PS0033"
    assert world.acts == []


def test_success_without_a_successor_is_no_success():
    world = World()
    listed = world.run("certificate_info", {"certificate_type": TOKEN_SIGNING})["certificates"]
    kept = [{key: c[key] for key in ("certificate_type", "is_primary", "store_location", "store_name", "der")} for c in listed]
    world.instead["update_certificate"] = win_powershell_reply(
        {"ok": True, "data": {"failure": None, "left_on": None, "auto_certificate_rollover": None, "certificates": {"ok": True, "value": kept}}}
    )
    result = world.run("certificate_rollover")
    assert result["failed"] is True
    assert result["error_id"] == "not_done"


def win_powershell_reply(reply):
    import json

    return {"changed": False, "result": {"json": json.dumps(reply)}}


class TestUrgent:
    def test_needs_the_thumbprint_that_goes(self):
        world = World()
        result = world.run("certificate_rollover", {"urgent": True})
        assert result["error_id"] == "confirm_urgent"
        assert f"confirm_urgent: {world.primary().thumbprint}" in result["msg"]
        assert "refuses sign-ins" in result["msg"]
        assert world.acts == []

    @pytest.mark.parametrize("wrong", ["0" * 40, "nonsense"])
    def test_refuses_another_thumbprint(self, wrong):
        world = World()
        result = world.run("certificate_rollover", {"urgent": True, "confirm_urgent": wrong})
        assert result["error_id"] == "confirm_urgent"
        assert world.acts == []

    def test_replaces_the_primary_and_warns(self, monkeypatch):
        from ansible_collections.federation.adfs.plugins.plugin_utils import _adfs_action

        warnings = []
        monkeypatch.setattr(_adfs_action.display, "warning", warnings.append)
        world = World()
        old = world.primary().thumbprint
        pasted = "\u200e" + " ".join(old[i : i + 2] for i in range(0, 40, 2)).lower()
        result = world.run("certificate_rollover", {"urgent": True, "confirm_urgent": pasted})
        assert result["changed"] is True
        assert world.primary().thumbprint != old
        assert old not in world.listed()
        assert result["successor"] is None
        assert len(warnings) == 1
        assert old in warnings[0]

        again = world.run("certificate_rollover", {"urgent": True, "confirm_urgent": old})
        assert again["failed"] is True
        assert "nothing left to do" in again["msg"]
        assert world.acts == ["update_certificate"]

    def test_check_mode_sends_nothing(self):
        world = World()
        old = world.primary().thumbprint
        result = world.run("certificate_rollover", {"urgent": True, "confirm_urgent": old}, check_mode=True)
        assert result["changed"] is True
        assert old not in result["diff"]["after"]
        assert world.acts == []

    def test_confirmation_without_urgent_is_a_mistake(self):
        world = World()
        result = world.run("certificate_rollover", {"confirm_urgent": "0" * 40})
        assert result["error_id"] == "options"
        assert world.calls == []

    def test_empty_answers_of_a_survey_mean_a_plain_rollover(self):
        result = World().run("certificate_rollover", {"urgent": "", "confirm_urgent": "", "certificate_type": None})
        assert result["successor"] is not None


class TestKeepRolloverOff:
    """With keep_rollover_off, rollover is on for the length of the request only."""

    def off(self):
        return World(properties={"AutoCertificateRollover": False})

    @pytest.mark.parametrize("kind", [TOKEN_SIGNING, TOKEN_DECRYPTING])
    def test_makes_a_successor_and_leaves_rollover_off(self, kind):
        world = self.off()
        primary = world.primary(kind).thumbprint
        result = world.run("certificate_rollover", {"certificate_type": kind, "keep_rollover_off": True})
        assert (result["changed"], result["outcome"]) == (True, "done")
        assert result["successor"]["thumbprint"] in world.listed(kind)
        assert world.primary(kind).thumbprint == primary
        assert world.farm.auto_certificate_rollover is False
        assert world.calls == ["read_farm", "update_certificate"]
        again = world.run("certificate_rollover", {"certificate_type": kind, "keep_rollover_off": True})
        assert (again["changed"], again["outcome"]) == (False, "nothing")
        assert world.acts == ["update_certificate"]

    def test_check_mode_sends_nothing(self):
        world = self.off()
        result = world.run("certificate_rollover", {"keep_rollover_off": True}, check_mode=True)
        assert (result["changed"], result["outcome"]) == (True, "nothing")
        assert "made by AD FS" in result["diff"]["after"]
        assert world.acts == []

    def test_refused_where_rollover_is_on(self):
        world = World()
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert (result["error_id"], result["changed"]) == ("rollover_on", False)
        assert "farm_properties" in result["msg"]
        assert world.acts == []
        assert world.farm.auto_certificate_rollover is True

    def test_refused_on_the_server_where_rollover_came_on_since_the_look(self):
        world = self.off()
        world.before_call["update_certificate"] = lambda: world.farm.set_properties({"AutoCertificateRollover": True})
        before = world.listed()
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "nothing")
        assert world.farm.auto_certificate_rollover is True
        assert world.listed() == before

    @pytest.mark.parametrize("value", [None, "False", 1])
    @pytest.mark.parametrize("keep", [True, False])
    def test_a_switch_that_did_not_answer_is_unknown(self, value, keep):
        world = World(properties={"AutoCertificateRollover": value})
        result = world.run("certificate_rollover", {"keep_rollover_off": keep})
        assert (result["error_id"], result["changed"]) == ("rollover_unknown", False)
        assert world.acts == []

    def test_urgent_excludes_it(self):
        world = self.off()
        result = world.run("certificate_rollover", {"keep_rollover_off": True, "urgent": True, "confirm_urgent": world.primary().thumbprint})
        assert result["error_id"] == "options"
        assert world.calls == []

    def test_a_refusal_leaves_it_off(self):
        world = self.off()
        world.farm.nodes[0].refusals["Update-AdfsCertificate"] = cmdlet_error("Update-AdfsCertificate", "PS0137", "no")
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert (result["error_id"], result["changed"], result["outcome"]) == ("PS0137", False, "nothing")
        assert world.farm.auto_certificate_rollover is False

    def test_a_leftover_in_the_way_is_named_and_leaves_it_off(self):
        world = self.off()
        world.put(TOKEN_SIGNING, "old", born_days_ago=500, valid_days=600)
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert (result["error_id"], result["changed"]) == ("PS0139", False)
        assert world.farm.auto_certificate_rollover is False

    def test_ad_fs_own_check_that_switching_on_starts_may_make_it(self):
        world = World(age_days=350, properties={"AutoCertificateRollover": False}, switches={"enabling_rollover_checks_at_once": True})
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert not result.get("failed"), result
        assert (result["changed"], result["outcome"]) == (True, "done")
        assert result["successor"]["thumbprint"] == world.listed()[-1]
        assert world.farm.auto_certificate_rollover is False

    def test_a_lost_reply_never_leaves_it_on(self):
        world = self.off()

        def lose():
            world.farm.set_properties({"AutoCertificateRollover": True})
            world.instead["update_certificate"] = {"changed": False, "result": {}}

        world.before_call["update_certificate"] = lose
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert (result["failed"], result["error_id"]) == (True, "no_reply")
        assert world.farm.auto_certificate_rollover is False
        assert world.acts == ["update_certificate", "set_properties"]

    def test_switching_off_that_is_refused_is_said_with_what_was_done(self, monkeypatch):
        world = self.off()
        node = world.farm.nodes[0]
        plain = node.set_adfs_properties

        def refuse_off(**members):
            if members["AutoCertificateRollover"] is False:
                raise cmdlet_error("Set-AdfsProperties", "Other", "not now")
            plain(**members)

        monkeypatch.setattr(node, "set_adfs_properties", refuse_off)
        result = world.run("certificate_rollover", {"keep_rollover_off": True})
        assert (result["failed"], result["changed"], result["error_id"]) == (True, True, "rollover_left_on")
        assert "is still on" in result["msg"]
        assert "not now" in result["msg"]
        assert world.farm.auto_certificate_rollover is True
