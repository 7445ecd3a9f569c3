# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity providers without AD FS: the same playbook on their metadata alone."""

from __future__ import annotations

import json
import ssl
import stat
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.running import Lab
from playing import RENEW, Run, play

HOSTS = {"renew_signing_cert_hosts": "state_hosts"}


def run(lab: Lab, *arguments: str, **variables: Any) -> Run:
    return play(lab, RENEW, *arguments, variables={**HOSTS, **variables})


def done(finished: Run) -> list[str]:
    assert finished.code == 0, finished.output
    return [action["action"] for action in finished.done]


def slots(lab: Lab) -> dict[str, tuple[str | None, str | None]]:
    return {d["domain"]: (d["configured"]["signing"], d["configured"]["next"]) for d in lab.state()["domains"] if d["configured"]["signing"]}


@pytest.mark.matrix
def test_a_rotation_without_a_signed_document_refuses_no_sign_in(start: Callable[..., Lab]) -> None:
    lab = start("okta")
    old, new = lab.provider("publish")["published"]

    unconfirmed = run(lab)
    assert unconfirmed.code == 2
    assert new in unconfirmed.messages[0] and old not in unconfirmed.messages[0]
    assert lab.writes() == []

    confirmed = {"renew_signing_cert_known_certificates": [old, new]}
    assert done(run(lab, **confirmed)) == ["publish"]
    lab.advance(hours=25)
    lab.provider("switch")
    lab.advance(days=1)
    lab.provider("withdraw")
    assert done(run(lab, **confirmed)) == ["reorder"]
    lab.advance(days=3)
    assert slots(lab) == {"contoso.com": (new, old), "fabrikam.com": (new, old)}
    assert lab.signins()["refused"] == 0
    assert lab.log("winrm") == []
    # The journal is nobody else's business.
    (journal,) = (lab.directory / "state").glob("*.json")
    assert (stat.S_IMODE(journal.stat().st_mode), stat.S_IMODE(journal.parent.stat().st_mode)) == (0o600, 0o700)


def saved_document(lab: Lab) -> Path:
    """The provider's document as a file, as somebody would download it."""
    (provider,) = lab.addresses["providers"]
    trust = ssl.create_default_context(cafile=lab.addresses["ca_path"])
    path = lab.directory / "metadata.xml"
    with urllib.request.urlopen(f"https://localhost:{provider['metadata_port']}{provider['metadata_path']}", timeout=30, context=trust) as answer:
        path.write_bytes(answer.read())
    return path


@pytest.mark.long
def test_a_signed_document_mends_and_its_signer_stays_the_same(start: Callable[..., Lab]) -> None:
    lab = start("provider-signed")
    planned = run(lab, "--check", "--diff", renew_signing_cert_metadata_url="", renew_signing_cert_metadata_path=str(saved_document(lab)))
    assert planned.code == 0, planned.output
    assert [a["action"] for a in planned.result["planned"]] == ["repair"]
    assert not (lab.directory / "state").exists()

    first = run(lab)
    assert done(first) == ["repair"]
    assert [a["alarm"] for a in first.result["alarms"]] == ["first_use"]
    assert "To do (first_use): " in first.output and "its metadata is signed with" in first.output
    (path,) = (lab.directory / "state").glob("*.json")
    certificates = lab.addresses["certificates"]
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["signer"] == certificates["metadata"]
    before = path.read_bytes()

    lab.provider(metadata_signer="other")
    lab.clear_log()
    refused = run(lab)
    assert refused.code == 2
    assert certificates["metadata"] in refused.messages[0] and certificates["other"] in refused.messages[0]
    assert (lab.writes(), path.read_bytes()) == ([], before)
