# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import World


def test_sets_only_what_differs_and_once():
    world = World()
    wanted = {"auto_certificate_rollover": False, "certificate_generation_threshold": 35, "certificate_promotion_threshold": 5}
    first = world.run("farm_properties", wanted)
    assert first["changed"] is True
    assert first["properties"]["auto_certificate_rollover"] is False
    assert world.farm.auto_certificate_rollover is False
    assert world.farm.configuration.properties["CertificateGenerationThreshold"] == 35
    assert "certificate_generation_threshold: 35" in first["diff"]["after"]
    assert "certificate_generation_threshold: 20" in first["diff"]["before"]

    second = world.run("farm_properties", wanted)
    assert second["changed"] is False
    assert "diff" not in second
    assert world.acts == ["set_properties"]


def test_check_mode_sends_no_act():
    world = World()
    result = world.run("farm_properties", {"certificate_duration": 730}, check_mode=True)
    assert result["changed"] is True
    assert result["properties"]["certificate_duration"] == 365
    assert world.acts == []
    assert world.farm.configuration.properties["CertificateDuration"] == 365


@pytest.mark.parametrize("nothing", [{}, {"certificate_duration": "", "auto_certificate_rollover": None}])
def test_nothing_named_changes_nothing(nothing):
    world = World()
    result = world.run("farm_properties", nothing)
    assert result["changed"] is False
    assert result["properties"]["certificate_critical_threshold"] == 2
    assert world.acts == []


@pytest.mark.parametrize("days", [0, -1])
def test_days_are_positive(days):
    world = World()
    result = world.run("farm_properties", {"certificate_critical_threshold": days})
    assert result["error_id"] == "options"
    assert world.calls == []


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("certificate_generation_threshold", 3_650),
        ("certificate_promotion_threshold", 3_650),
        ("certificate_critical_threshold", 3_650),
        ("certificate_duration", 36_500),
    ],
)
def test_numbers_that_nobody_can_mean_are_refused(name, most):
    world = World()
    for value in (most + 1, 800_000, 2**31 - 1, 2**64):
        result = world.run("farm_properties", {name: value})
        assert result["error_id"] == "options"
        assert f"from 1 to {most}" in result["msg"]
    assert world.calls == []
    assert world.run("farm_properties", {name: most})["properties"][name] == most


def test_refused_on_a_secondary():
    assert World().run("farm_properties", {"certificate_duration": 1}, node=1)["error_id"] == "PS0033"


def test_a_value_that_was_not_taken_over_is_no_success():
    world = World()
    reply = {"ok": True, "data": {"failure": None, "properties": {"ok": True, "value": {"CertificateDuration": 365}}}}
    world.instead["set_properties"] = {"changed": False, "result": {"json": json.dumps(reply)}}
    result = world.run("farm_properties", {"certificate_duration": 730})
    assert result["error_id"] == "not_done"
    assert "certificate_duration" in result["msg"]


class Number(int):
    """What a number in a playbook is from ansible-core 2.19 on: of a type of its own, which remembers where it was written."""


def test_a_number_of_a_playbook_is_the_number_that_ad_fs_gives_back():
    result = World().run("farm_properties", {"certificate_duration": Number(730)})
    assert not result.get("failed"), result
    assert result["changed"] is True and result["properties"]["certificate_duration"] == 730
