# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of a farm: a certificate from a file on each of them, servers that only their synchronisation shows, and restarts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from lab.running import Lab
from playing import RENEW, Run, play

PASSWORD = "the password of this file 8d21"


def done(run: Run) -> list[str]:
    assert run.code == 0, run.output
    return [action["action"] for action in run.done]


LEFT = r"C:\Users\ansible\AppData\Local\Temp\ansible.1a2b3c4d.5e6.federation.adfs\successor.pfx"


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def files(lab: Lab) -> list[str]:
    """What lies on the servers beside the journal and the ledger."""
    return [name for node in lab.state()["farms"][0]["nodes"] for name in node["files"] if not re.search(r"\\(journal\.json|ledger-\d{4}\.jsonl)$", name)]


def bought(folder: Path, now: datetime) -> tuple[Path, str]:
    """A PFX file as an authority would give it, and the thumbprint of its certificate."""
    authority, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _either in range(2))
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contoso Issuing CA")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token-signing.contoso.com")]))
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=730))
        .sign(authority, hashes.SHA256())
    )
    path = folder / "token-signing.pfx"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"token", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())))
    return path, certificate.fingerprint(hashes.SHA1()).hex().upper()


def without_successor(start: Callable[..., Lab]) -> Lab:
    """A farm whose primary certificate was bought and ends soon, and which has no successor."""
    lab = start("custom-certificate")
    lab.adfs("Remove-AdfsCertificate", certificate_type="Token-Signing", thumbprint=lab.addresses["certificates"]["following"])
    lab.clear_log()
    return lab


@pytest.mark.matrix  # each generation of ansible-core brings files to the server in its own way
def test_from_a_pfx_file_to_the_primary_certificate(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = without_successor(start)
    path, thumbprint = bought(tmp_path, datetime.now(timezone.utc))
    ours: dict[str, Any] = {
        "renew_signing_cert_successor": thumbprint.lower(),
        "renew_signing_cert_pfx_path": str(path),
        "renew_signing_cert_pfx_password": "{{ lookup('ansible.builtin.env', 'PFX_PASSWORD') }}",  # as -vvvv shows extra variables
    }
    shown = play(lab, RENEW, "--check", "--diff", variables=ours)
    assert shown.code == 0, shown.output
    assert [a["action"] for a in shown.result["planned"]] == ["add", "publish"], shown.output
    assert lab.writes() == []
    first = play(lab, RENEW, "-vvvv", variables=ours, environment={"PFX_PASSWORD": PASSWORD})
    assert done(first) == ["add", "publish"]
    assert PASSWORD not in first.output
    assert files(lab) == []
    imported = [entry["node"] for entry in lab.log("adfs") if entry["operation"] == "ansible.windows.win_certificate_store"]
    assert sorted(imported) == ["adfs1.contoso.com", "adfs2.contoso.com"]
    lab.advance(hours=24.5)
    lab.clear_log()
    assert done(play(lab, variables=ours)) == ["promote"]
    asked = [(entry["operation"], entry["node"].split(".")[0]) for entry in lab.log("adfs")]
    before = asked[: asked.index(("promote_certificate", "adfs1"))]
    # On each server for the decision, and then by the module that promotes, on its own.
    assert [who for what, who in before if what == "check_certificate"] == ["adfs1", "adfs2", "adfs1"], asked
    lab.advance(minutes=15)
    lab.clear_log()
    assert done(play(lab, variables=ours)) == ["reorder"]
    assert {node["signer"] for node in lab.state()["farms"][0]["nodes"]} == {thumbprint}
    lab.advance(days=3)
    assert refused(lab) == 0


@pytest.mark.parametrize("wrong", ["password", "thumbprint"])
def test_a_file_that_does_not_fit_adds_nothing_and_leaves_no_file(wrong: str, start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = without_successor(start)
    path, thumbprint = bought(tmp_path, datetime.now(timezone.utc))
    run = play(
        lab,
        variables={
            "renew_signing_cert_successor": "AB" * 20 if wrong == "thumbprint" else thumbprint,
            "renew_signing_cert_pfx_path": str(path),
            "renew_signing_cert_pfx_password": "not it" if wrong == "password" else PASSWORD,
        },
    )
    assert run.code == 2, run.output
    said = {"password": "network password is not correct", "thumbprint": f"holds {thumbprint}, and not {'AB' * 20}, which renew_signing_cert_successor names"}
    assert any(said[wrong] in message for message in run.messages), run.messages
    assert files(lab) == []
    assert [entry for entry in lab.log("adfs") if entry["operation"] == "add_certificate"] == []


@pytest.mark.long
def test_a_server_that_cannot_be_checked_holds_the_promotion_and_is_named(start: Callable[..., Lab]) -> None:
    lab = start("custom-certificate")
    lab.fault(surface="winrm", operation="Create", node="adfs2.contoso.com", do={"kind": "status", "status": 503}, count=-1)
    assert done(play(lab)) == ["publish"]
    lab.advance(hours=24.5)
    run = play(lab)
    assert done(run) == []
    [block] = [b for b in run.result["blocked_by"] if b["condition"] == "key_check"]
    assert block["object"] == "adfs2.contoso.com"
    assert "could not be checked" in block["reason"] and "503" in block["reason"]
    by_hand = play(
        lab,
        variables={
            "renew_signing_cert_servers": [
                {"name": n["name"], "address": "127.0.0.1", "port": n["metadata_port"], "key_checked": n["name"] == "adfs2.contoso.com"}
                for n in lab.addresses["farms"][0]["nodes"]
            ],
            "renew_signing_cert_mode": "plan",
        },
    )
    assert [a["action"] for a in by_hand.result["planned"]] == ["promote"], by_hand.summary


@pytest.mark.long
def test_a_run_that_dies_between_import_and_adding_is_finished_and_cleaned_up_by_the_next(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = without_successor(start)
    path, thumbprint = bought(tmp_path, datetime.now(timezone.utc))
    ours = {"renew_signing_cert_successor": thumbprint, "renew_signing_cert_pfx_path": str(path), "renew_signing_cert_pfx_password": PASSWORD}
    lab.fault(surface="winrm", operation="Receive", module="ansible.windows.win_file", do={"kind": "drop"}, count=-1)
    lab.fault(surface="winrm", operation="Create", node="adfs2.contoso.com", skip=6, do={"kind": "drop"}, count=-1)
    # What a run leaves that died before it could remove anything.
    for node in ("adfs1.contoso.com", "adfs2.contoso.com"):
        lab.adfs("Set-File", node, path=LEFT, text="a PFX file")
    died = play(lab, variables=ours)
    assert died.code != 0, died.output
    lab.clear_faults()
    lab.advance(minutes=16)  # the lock of a run that died has lapsed by then
    assert done(play(lab, variables=ours)) == ["add", "publish"]
    assert files(lab) == []


@pytest.mark.long
@pytest.mark.parametrize("tasks", [2, 5, 6, 7])
def test_a_server_that_goes_out_of_reach_during_an_import_leaves_summary_and_result(tasks: int, start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = without_successor(start)
    path, thumbprint = bought(tmp_path, datetime.now(timezone.utc))
    ours = {"renew_signing_cert_successor": thumbprint, "renew_signing_cert_pfx_path": str(path), "renew_signing_cert_pfx_password": PASSWORD}
    lab.fault(surface="winrm", operation="Create", node="adfs2.contoso.com", skip=tasks - 1, do={"kind": "drop"}, count=-1)
    run = play(lab, variables=ours)
    assert run.code != 0 and run.result["failures"] and run.summary[0].startswith("Act: the run broke off"), run.output
    assert run.summary[1] == "This run changed neither AD FS nor Entra ID."  # what was imported may be in the stores of the servers
    assert any("adfs2.contoso.com could" in f["message"] or "adfs2.contoso.com cannot" in f["message"] for f in run.kept["failures"]), run.messages
    assert "is undefined" not in run.output and "has no attribute" not in run.output, run.output


# -- servers that only their synchronisation shows ------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_server_without_metadata_is_seen_by_its_synchronisation(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    closed = {"renew_signing_cert_promote": "role", "renew_signing_cert_servers": nodes(lab)}
    first = play(lab, variables=closed)
    assert [a["action"] for a in first.done] == ["suspend_auto_rollover", "generate", "publish"]
    # AD FS' clock is held, and a server that is not seen could hold it for good: that fails a run at once.
    assert (first.code, [f["fail_on"] for f in first.result["failures"]]) == (2, ["held"]), first.output
    assert [(s["name"], s["seen"]) for s in first.result["servers"]] == [("adfs1.contoso.com", True), ("adfs2.contoso.com", False)]
    assert any(b["condition"] == "unseen_server" and "first seen as it is" in b["reason"] for b in first.result["blocked_by"])
    lab.advance(hours=24.5)
    second = play(lab, variables=closed)
    # It does not follow yet, which nobody can see; what is written meanwhile keeps both keys.
    assert done(second) == ["promote", "restore_auto_rollover", "reorder"]
    lab.advance(minutes=15)
    third = play(lab, variables=closed)
    assert done(third) == []
    [server] = [s for s in third.result["servers"] if s["name"] == "adfs2.contoso.com"]
    assert server["how"] == "sync" and server["last_sync_status"] == 0 and server["last_sync_time"]
    assert [server["primary"]] * 2 == signers(lab)
    assert done(play(lab, variables=closed)) == []  # notes that every server follows
    lab.clear_log()
    assert done(play(lab, variables=closed)) == []
    assert (lab.counters()["winrm.Command"], lab.writes()) == (1, [])
    lab.advance(days=3)
    assert refused(lab) == 0


def signers(lab: Lab) -> list[str]:
    return [node["signer"] for node in lab.state()["farms"][0]["nodes"]]


def nodes(lab: Lab) -> list[dict[str, Any]]:
    """Where the metadata of both servers is, if the controller could not reach that of the second one."""
    first, second = lab.addresses["farms"][0]["nodes"]
    return [{"name": first["name"], "address": "127.0.0.1", "port": first["metadata_port"]}, {"name": second["name"], "address": "127.0.0.1", "port": 1}]


@pytest.mark.long
def test_a_server_that_does_not_answer_is_named(start: Callable[..., Lab]) -> None:
    lab = start("began-elsewhere")
    lab.fault(surface="winrm", operation="Create", node="adfs2.contoso.com", do={"kind": "status", "status": 503}, count=-1)
    run = play(lab, variables={"renew_signing_cert_servers": nodes(lab)})
    assert done(run) == ["publish"]
    assert any("adfs2.contoso.com could not be seen" in b["reason"] and "did not answer" in b["reason"] for b in run.result["blocked_by"])


@pytest.mark.long
def test_a_server_that_is_listed_as_gone_and_answers_is_named_and_waited_for_no_more(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    first, second = [{"name": n["name"], "address": "127.0.0.1", "port": n["metadata_port"]} for n in lab.addresses["farms"][0]["nodes"]]
    run = play(lab, variables={"renew_signing_cert_servers": [{**first, "key_checked": True, "gone": False}, {**second, "gone": True}]})
    assert done(run) == []
    assert [s["name"] for s in run.result["servers"]] == ["adfs1.contoso.com"]
    assert [(a["alarm"], a["object"]) for a in run.result["alarms"]] == [("gone_answers", "adfs2.contoso.com")]


# -- restarts ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_servers_that_keep_signing_with_the_old_certificate_are_restarted_one_by_one(start: Callable[..., Lab]) -> None:
    lab = start("custom-certificate", switches={"farm": {"restart_needed_after_manual_promotion": True}})
    ours = {"renew_signing_cert_restart_servers": True}
    assert done(play(lab)) == ["publish"]
    lab.advance(hours=24.5)
    waited = play(lab, variables={"renew_signing_cert_wait_for_servers": 1})
    assert done(waited) == ["promote"]  # nobody followed within a minute, which is no failure
    assert [b["object"] for b in waited.result["blocked_by"] if b["condition"] == "sync"] == ["adfs1.contoso.com, adfs2.contoso.com"]
    lab.advance(minutes=25)
    late = play(lab)
    assert any(b["condition"] == "sync" and "restart adfssrv there" in b["reason"] for b in late.result["blocked_by"])
    assert done(late) == []
    frozen = {**ours, "renew_signing_cert_freezes": [{"start": "2020-01-01T00:00:00Z", "end": "2040-01-01T00:00:00Z"}]}
    assert done(play(lab, variables=frozen)) == []
    run = play(lab, variables=ours)
    assert done(run) == ["restart", "restart", "reorder"]
    assert [a["targets"] for a in run.done[:2]] == [["adfs1.contoso.com"], ["adfs2.contoso.com"]]
    lab.advance(days=3)
    assert refused(lab) == 0
