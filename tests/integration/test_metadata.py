# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata as other products and other farms publish it: what the playbook believes, and how it tells AD FS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.running import Lab
from playing import RENEW, Run, play

HOSTS = {"renew_signing_cert_hosts": "state_hosts"}


def run(lab: Lab, *arguments: str, **variables: Any) -> Run:
    return play(lab, RENEW, *arguments, variables={**HOSTS, **variables})


def test_wsfederation_signed_with_sha1_needs_each_certificate_confirmed(start: Callable[..., Lab]) -> None:
    lab = start("wsfed-weak")
    old, new = lab.provider("publish")["published"]
    refused = run(lab)
    assert refused.code == 2
    assert new in refused.messages[0] and old not in refused.messages[0] and "SHA-1" in refused.messages[0]
    assert lab.writes() == []
    confirmed = run(lab, renew_signing_cert_known_certificates=[old, new])
    assert confirmed.code == 0, confirmed.output
    assert [action["action"] for action in confirmed.done] == ["publish"]
    assert lab.signins()["refused"] == 0


@pytest.mark.long
def test_documents_that_are_refused_say_why(start: Callable[..., Lab]) -> None:
    lab = start("provider-signed")
    certificates = list(lab.addresses["certificates"].values())
    for change, words in (
        ({"valid_days": -1}, "out of date"),
        ({"valid_days": None, "bare_key": True}, "without its certificate"),
        ({"bare_key": False, "others": 2}, "choose one with the option entity_id"),
        ({"others": None, "layout": "CRLF"}, "re-formatted on the way"),
    ):
        lab.provider(document=change)
        refused = run(lab, renew_signing_cert_known_certificates=certificates)
        assert refused.code == 2 and words in refused.messages[0], (change, refused.output)
    assert lab.writes() == []
    lab.provider(document={"layout": "as signed", "others": 0})
    assert [action["action"] for action in run(lab).done] == ["repair"]


def test_a_farm_without_ws_trust_is_seen_on_every_server(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    lab.request("POST", "/adfs", {"switches": {"ws_trust_published": False}})
    finished = play(lab, RENEW, "--check")
    assert finished.code == 0, finished.output
    assert [(server["seen"], server["how"]) for server in finished.result["servers"]] == [(True, "metadata")] * 2, finished.result["servers"]
