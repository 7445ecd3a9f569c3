# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules and their guard as playbooks use them: the real ansible-playbook against the lab."""

from __future__ import annotations

import json
import socket
import sys
import typing as t

import pytest
import yaml

from ansible_collections.federation.adfs.plugins.modules import entra_federation, entra_federation_info
from lab import keys
from lab.entra import managed_domain

from .conftest import READ, WRITE, signing
from .player import INFO_TASK, OPTIONS, OWN, Player, out

WRITE_TASK = {
    "federation.adfs.entra_federation": {
        "certificates": "{{ entra.certificates }}",
        "domains": [
            {"domain": "contoso.com", "signing_certificate": signing("old").thumbprint, "next_signing_certificate": signing("new").thumbprint},
            {"domain": "example.com", "signing_certificate": "", "next_signing_certificate": None},
        ],
    },
    "register": "written",
}


def test_the_modules_check_write_and_then_rest(player: Player) -> None:
    tasks = [INFO_TASK, WRITE_TASK, out(info="{{ entra }}", written="{{ written }}")]
    defaults = {"module_defaults": {"group/federation.adfs.entra": OPTIONS}}
    player.entra.server.register_application(OPTIONS["client_id"], secret=OPTIONS["client_secret"], roles=READ)
    foretold = player.play(tasks, "--check", "--diff", play=defaults)
    assert foretold.code == 0, foretold.output
    assert "A run would be refused: the token lacks Domain-InternalFederation.ReadWrite.All." in " ".join(foretold.output.split())
    player.entra.server.register_application(OPTIONS["client_id"], secret=OPTIONS["client_secret"], roles=WRITE)
    assert player.entra.writes() == []
    assert f"+next:    {signing('new').thumbprint}  CN=ADFS Signing - new  from " in foretold.output
    done = player.play(tasks, play=defaults)
    assert done.code == 0, done.output
    assert [entry["domain"] for entry in player.entra.writes()] == ["contoso.com"]
    for run in (foretold, done):
        assert run.facts["info"]["changed"] is False and run.facts["written"]["changed"] is True
        assert [domain["domain"] for domain in run.facts["info"]["domains"]] == ["contoso.com", "example.com", "sub.contoso.com"]
        assert "der" not in run.facts["info"]["domains"][0]["signing_certificate"]
        assert all(entry["der"] for entry in run.facts["written"]["certificates"])
    numbers = [domain.pop("request_id") for domain in done.facts["written"]["domains"] if "request_id" in domain]
    assert numbers and all(numbers)  # of what was really written
    assert foretold.facts["written"]["domains"] == done.facts["written"]["domains"]
    again = player.play(tasks, play=defaults)
    assert again.facts["written"]["changed"] is False and len(player.entra.writes()) == 1


def test_a_failed_domain_fails_the_task_after_the_others(player: Player) -> None:
    entry = {"signing_certificate": signing("old").thumbprint, "next_signing_certificate": signing("new").thumbprint}
    arguments = {"certificates": "{{ entra.certificates }}", "domains": [{"domain": "sub.contoso.com", **entry}, {"domain": "contoso.com", **entry}]}
    task = {"federation.adfs.entra_federation": arguments, "register": "written", "ignore_errors": True}
    run = player.play([INFO_TASK, task, out(written="{{ written }}")], **OWN)
    written = run.facts["written"]
    assert written["failed"] and written["changed"]
    assert written["msg"].startswith("1 of 2 domains failed, 1 changed. sub.contoso.com has no federation configuration of its own")
    assert [domain["changed"] for domain in written["domains"]] == [False, True]


@pytest.mark.parametrize("module", ["entra_federation", "entra_federation_info"])
def test_a_windows_host_is_refused_before_anything_is_sent(player: Player, module: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        login = f"ansible_connection=winrm ansible_host=127.0.0.1 ansible_port={port} ansible_user=u ansible_password=p ansible_winrm_transport=basic"
        task = {f"federation.adfs.{module}": {**OPTIONS, **({"domains": []} if module == "entra_federation" else {})}}
        run = player.play([task], inventory=f"adfs1 {login}\n")
        with pytest.raises(TimeoutError):
            listener.accept()
    assert run.code == 2 and "cannot run on a Windows host" in run.output and "Add 'delegate_to: localhost'" in run.output, run.output
    assert "UNREACHABLE" not in run.output and player.entra.log.entries() == []


def test_a_windows_host_delegates_to_localhost(player: Player) -> None:
    login = "ansible_connection=winrm ansible_host=127.0.0.1 ansible_port=9 ansible_user=u ansible_password=p"
    local = {"delegate_to": "localhost", "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}
    run = player.play([{**INFO_TASK, **local}, out(count="{{ entra.domains | length }}")], inventory=f"adfs1 {login}\n", **OWN)
    assert run.code == 0, run.output
    assert int(run.facts["count"]) == 3


def test_localhost_listed_with_a_windows_connection_is_told_how_to_leave_it(player: Player) -> None:
    login = "ansible_connection=winrm ansible_user=u ansible_password=p"
    inventory = f"adfs1 {login}\nlocalhost {login} ansible_host=127.0.0.1 ansible_port=9\n"
    run = player.play([{**INFO_TASK, "delegate_to": "localhost"}], "--limit", "adfs1", inventory=inventory, **OWN)
    assert run.code == 2 and "although it is delegated to localhost. Set 'ansible_connection: local'" in run.output, run.output


def test_deviations_and_permissions_are_told_in_a_play(player: Player) -> None:
    """What info returned is kept as the baseline; then somebody tampers."""
    keep = out(domains="{{ entra.domains }}", deviations="{{ entra.deviations is defined }}", permissions="{{ entra.permissions }}")
    first = player.play([INFO_TASK, keep], **OWN)
    assert first.facts["deviations"] in (False, "False")
    assert first.facts["permissions"]["write"]["enough"] is True and first.facts["permissions"]["read"]["excessive"] == [WRITE[1]]
    (player.folder / "approved.json").write_text(json.dumps(first.facts["domains"]))
    baseline = "{{ lookup('ansible.builtin.file', '" + str(player.folder / "approved.json") + "') | from_json }}"
    task = {"federation.adfs.entra_federation_info": {"baseline": {"domains": baseline}}, "register": "entra"}
    named = {"federation.adfs.entra_federation_info": {"domains": ["contoso.com"], "baseline": {"domains": baseline}}, "register": "named"}
    tenant = player.entra.tenant
    tenant.set_settings("example.com", issuerUri="http://evil.example/adfs/services/trust", federatedIdpMfaBehavior="acceptIfMfaDoneByFederatedIdp")
    tenant.set_slots("contoso.com", signing("old").der, signing("stranger").der)
    player.entra.add_many(1)
    run = player.play([task, named, out(deviations="{{ entra.deviations }}", named="{{ named.deviations }}", changed="{{ entra.changed }}")], **OWN)
    assert run.code == 0, run.output
    found = {(entry["kind"], entry["member"]): entry for entry in run.facts["deviations"]}
    assert set(found) == {
        ("unlisted_domain", None),
        ("changed_setting", "issuer_uri"),
        ("changed_setting", "federated_idp_mfa_behavior"),
        ("unknown_certificate", "next_signing_certificate"),
    }
    assert found["unlisted_domain", None]["domains"] == ["d0000.example"]
    assert found["unknown_certificate", "next_signing_certificate"]["found"] == signing("stranger").thumbprint
    assert found["changed_setting", "issuer_uri"]["expected"] == "http://example.com/adfs/services/trust/"
    assert {entry["kind"] for entry in run.facts["named"]} == {"unlisted_domain", "unknown_certificate"}
    assert player.entra.writes() == []


def test_nine_hundred_domains_stay_short_in_what_a_runner_gets(player: Player) -> None:
    """Both modules, with what Ansible adds, the diff included, as a callback such as a runner's sees the results."""
    names = player.entra.add_many(900)
    old, new = signing("old").thumbprint, signing("new").thumbprint
    options = {"signing_certificate": old, "next_signing_certificate": new, "expected": {"signing": old}}
    (player.folder / "domains.json").write_text(json.dumps([{"domain": name, **options} for name in names]))
    domains = "{{ lookup('ansible.builtin.file', '" + str(player.folder / "domains.json") + "') | from_json }}"
    task = {"name": "write", "federation.adfs.entra_federation": {"domains": domains, "certificates": "{{ entra.certificates }}"}, "register": "written"}
    summary = out(count="{{ written.domains | length }}", details="{{ entra.detail }} {{ written.detail }}", first="{{ written.domains[0] }}")
    # Older releases of ansible-core always repeat the options in a result, newer ones if asked to.
    run = player.play([{**INFO_TASK, "name": "read"}, task, summary], "--diff", ANSIBLE_INJECT_INVOCATION="1", **OWN)
    assert run.code == 0, run.output[-3000:]
    sizes = {name: run.tasks[name]["size"] for name in ("read", "write")}
    print(sizes)
    assert all(size < 700_000 for size in sizes.values())
    assert {"diff", "invocation"} <= set(run.tasks["write"]["members"])
    assert int(run.facts["count"]) == 900 and run.facts["details"] == "short shortest"
    assert run.facts["first"]["after"]["next_signing_certificate"] == {"thumbprint": signing("new").thumbprint}
    assert "because runners cut what is too long" in run.output
    assert len(player.entra.writes()) == 900


@pytest.mark.long
def test_every_documented_example_of_the_modules_runs(player: Player) -> None:
    """The examples as they are, but for the places of files, and thumbprints that exist."""
    folder, app = player.folder, signing("the app")
    form = keys.serialization.Encoding.PEM, keys.serialization.PrivateFormat.PKCS8, keys.serialization.NoEncryption()
    (folder / "app.pem").write_bytes(app.key.private_bytes(*form) + app.certificate.public_bytes(keys.serialization.Encoding.PEM))
    (folder / "primary.cer").write_bytes(signing("old").der)
    (folder / "successor.cer").write_bytes(signing("new").der)
    player.entra.add(managed_domain("contoso.onmicrosoft.com", is_initial=True))

    def examples(module: t.Any) -> list[dict[str, t.Any]]:
        text = module.EXAMPLES.replace("/etc/federation", str(folder))
        text = text.replace("0123456789ABCDEF0123456789ABCDEF01234567", signing("old").thumbprint)
        text = text.replace("89ABCDEF0123456789ABCDEF0123456789ABCDEF", signing("new").thumbprint)
        return list(yaml.safe_load(text))

    def allow(roles: t.Sequence[str]) -> None:
        for client in (OWN["ADFS_ENTRA_CLIENT_ID"], "11111111-2222-3333-4444-555555555555"):
            player.entra.server.register_application(client, secret=OWN["ADFS_ENTRA_CLIENT_SECRET"], certificate_der=app.der, roles=roles)

    allow(READ)
    before = player.play([INFO_TASK, out(adfs="{{ {'certificates': entra.certificates} }}", domains="{{ entra.domains }}")], **OWN)
    (folder / "approved-domains.json").write_text(json.dumps(before.facts["domains"]))
    run = player.play(examples(entra_federation_info), **OWN)
    assert run.code == 0 and "ok=4 " in run.output, run.output
    allow(WRITE)
    run = player.play(examples(entra_federation), play={"vars": {"adfs": before.facts["adfs"]}}, **OWN)
    assert run.code == 0, run.output
    held = {name: player.entra.tenant.domain(name).federation for name in ("contoso.com", "example.com")}
    assert held["contoso.com"].slots.next == signing("new").der and held["example.com"].slots.next is None
    assert held["example.com"].settings["displayName"] == "Example Corporation"
