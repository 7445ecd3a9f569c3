# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab server does for modules that are not about AD FS, and the answers of cmdlets that a test may ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab import answers, windows
from lab.clock import Clock
from lab.control import ControlServer
from lab.farm import Farm, Node
from lab.world import World


@pytest.fixture
def node() -> Node:
    return Farm(Clock(), "sts.contoso.com", ["adfs1.contoso.com"]).nodes[0]


def run(node: Node, module: str, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    found = windows.run(node, f"ansible.windows.{module}", arguments, check_mode)
    assert found is not None
    return found


def test_a_folder_for_a_file_has_another_name_each_time_and_goes_with_what_is_in_it(node: Node) -> None:
    first, second = (run(node, "win_tempfile", state="directory")["path"] for _time in range(2))
    assert first != second
    assert first.startswith(windows.TEMP + "\\")
    node.files[f"{first}\\token-signing.pfx"] = b"pfx"
    assert run(node, "win_file", path=first, state="absent", check_mode=True)["changed"] is True
    assert list(node.files) == [f"{first}\\token-signing.pfx"]
    assert run(node, "win_file", path=first, state="absent")["changed"] is True
    assert node.files == {}
    assert run(node, "win_file", path=first, state="absent")["changed"] is False
    assert run(node, "win_file", path=second, state="absent")["changed"] is True


def test_a_file_is_made_at_once_but_not_in_check_mode(node: Node) -> None:
    assert run(node, "win_tempfile", suffix=".pfx", check_mode=True)["path"].endswith(".pfx")
    assert node.files == {}
    assert run(node, "win_tempfile")["path"] in node.files


def test_a_test_may_ask_for_each_answer_of_a_cmdlet() -> None:
    world = World("single-server")
    control = ControlServer(world)

    def ask(told: dict[str, str]) -> int:
        status, _answer = control.answer("POST", "/adfs", json.dumps({"cmdlet": "Set-Answers", "cmdlets": told}).encode())
        return status

    for word in (*answers.ACTS, *answers.READS):
        assert ask({"Update-AdfsCertificate": word}) == 200
        assert world.node(None).answers == {"Update-AdfsCertificate": word}
    assert ask({"Update-AdfsCertificate": "nonsense"}) == 400
    assert ask({}) == 200
    assert world.node(None).answers == {}
