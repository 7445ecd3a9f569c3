# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup, modules and guard as playbooks use them: the real ansible-playbook against the lab."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import sys
import typing as t

import pytest
import yaml

from lab.entra import inheriting_domain, managed_domain

from .conftest import CLIENT, ROOT, SECRET, TENANT, Entra, federated_domain, signing

LOOKUP = "'federation.adfs.entra_federation'"


@dataclasses.dataclass
class Run:
    """One run of ansible-playbook."""

    code: int
    output: str
    facts: dict[str, t.Any]


class Player:
    """Writes playbooks and runs them."""

    def __init__(self, folder: pathlib.Path, entra: Entra) -> None:
        self.folder, self.entra = folder, entra
        link = folder / "collections" / "ansible_collections" / "federation" / "adfs"
        link.parent.mkdir(parents=True)
        link.symlink_to(ROOT)

    def environment(self) -> dict[str, str]:
        """Return what sets the connection to the lab, credentials left out."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ADFS_ENTRA_", "AZURE_", "ANSIBLE_"))}
        places = {"ADFS_ENTRA_GRAPH_URL": self.entra.server.graph_url, "ADFS_ENTRA_AUTHORITY_URL": self.entra.server.login_url}
        ansible = {"ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"), "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "1"}
        return {**kept, **places, **ansible, "ADFS_ENTRA_CA_PATH": self.entra.ca_path, "ADFS_ENTRA_TIMEOUT": "5", "HOME": str(self.folder)}

    def play(self, tasks: list[dict[str, t.Any]], *arguments: str, inventory: str = "", play: dict[str, t.Any] | None = None, **environ: str) -> Run:
        """Run the tasks on localhost; what they set as facts, and keep in ``out``, comes back."""
        out = self.folder / "out.json"
        out.unlink(missing_ok=True)
        save = {
            "name": "Save",
            "ansible.builtin.copy": {"content": "{{ out | default({}) | to_json }}", "dest": str(out), "mode": "0600"},
            "delegate_to": "localhost",
            "check_mode": False,
            "diff": False,
            "vars": {"ansible_connection": "local"},
        }
        book = [{"hosts": "all" if inventory else "localhost", "gather_facts": False, "tasks": [*tasks, save], **(play or {})}]
        (self.folder / "play.yml").write_text(yaml.safe_dump(book, sort_keys=False))
        (self.folder / "hosts").write_text(inventory or f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n")
        command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.folder / "hosts"), str(self.folder / "play.yml"), *arguments]
        done = subprocess.run(command, env={**self.environment(), **environ}, capture_output=True, text=True, timeout=120, check=False, cwd=self.folder)
        facts = json.loads(out.read_text()) if out.exists() else {}
        return Run(done.returncode, done.stdout + done.stderr, facts)


@pytest.fixture
def player(entra: Entra, tmp_path: pathlib.Path) -> Player:
    entra.add(
        federated_domain("contoso.com", "sts.contoso.com", signing("old").der),
        federated_domain("example.com", "sts.contoso.com", signing("old").der, signing("new").der),
        inheriting_domain("sub.contoso.com"),
        managed_domain("cloud.example"),
    )
    return Player(tmp_path, entra)


AWX = {"AZURE_TENANT": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_SECRET": SECRET, "AZURE_SUBSCRIPTION_ID": "x"}
OWN = {"ADFS_ENTRA_TENANT_ID": TENANT, "ADFS_ENTRA_CLIENT_ID": CLIENT, "ADFS_ENTRA_CLIENT_SECRET": SECRET}
OPTIONS = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}


def out(**values: str) -> dict[str, t.Any]:
    return {"ansible.builtin.set_fact": {"out": values}}


def test_the_lookup_in_templates(player: Player) -> None:
    run = player.play(
        [
            out(
                one=f"{{{{ query({LOOKUP}, 'contoso.com') }}}}",
                plain=f"{{{{ lookup({LOOKUP}, 'Contoso.COM.') }}}}",
                many=f"{{{{ query({LOOKUP}, ['example.com', 'contoso.com'], '', 'sub.contoso.com') | map(attribute='domain') | list }}}}",
                every=f"{{{{ query({LOOKUP}, all_domains=true) | map(attribute='domain') | list }}}}",
                both=f"{{{{ query({LOOKUP}, 'example.com', all_domains='yes') | length }}}}",
            )
        ],
        **AWX,
    )
    assert run.code == 0, run.output
    (one,) = run.facts["one"]
    assert one["tenant_id"] == TENANT and one["error"] is None and one["signing_certificate"]["der"]
    assert one["signing_certificate"]["thumbprint"] == signing("old").thumbprint and one["next_signing_certificate"] is None
    assert run.facts["plain"]["domain"] == "contoso.com"
    assert run.facts["many"] == ["example.com", "contoso.com", "sub.contoso.com"]
    assert run.facts["every"] == ["contoso.com", "example.com", "sub.contoso.com"]
    assert int(run.facts["both"]) == 3
    assert player.entra.writes() == [] and player.entra.count("token.token") == 5


def test_the_lookup_takes_variables_as_options(player: Player) -> None:
    variables = {
        "the_secret": SECRET,
        "adfs_entra_tenant_id": TENANT,
        "adfs_entra_client_id": CLIENT,
        "adfs_entra_client_secret": "{{ the_secret }}",
        "adfs_entra_timeout": "{{ 2 + 3 }}",
        "adfs_entra_cloud": "",
    }
    run = player.play([out(one=f"{{{{ query({LOOKUP}, 'contoso.com') }}}}")], play={"vars": variables}, ADFS_ENTRA_CLIENT_ID="somebody-else")
    assert run.code == 0, run.output
    assert run.facts["one"][0]["domain"] == "contoso.com"


def _check_refusals(player: Player, calls: dict[str, str], **environ: str) -> None:
    """Evaluate the lookup with each text of arguments, in one run, and look for the words in what each says."""
    tasks: list[dict[str, t.Any]] = []
    for number, arguments in enumerate(calls):
        tasks.append({"name": f"try {number}", **out(x=f"{{{{ query({LOOKUP}{arguments}) }}}}"), "register": f"try{number}", "ignore_errors": True})
    said = "{{ [" + ", ".join(f"try{number}.msg" for number in range(len(calls))) + "] }}"
    run = player.play([*tasks, out(said=said)], **environ)
    assert run.code == 0, run.output
    for (arguments, words), text in zip(calls.items(), run.facts["said"], strict=True):
        assert words in text, f"{arguments}: {text}"
    assert "Traceback" not in run.output and SECRET not in run.output and "some-wrong-value" not in run.output
    assert player.entra.writes() == []


def test_the_lookup_says_in_one_sentence_what_is_wrong(player: Player) -> None:
    calls = {
        "": "no domain is named; name at least one, or set all_domains=true",
        ", ''": "no domain is named",
        ", 'cloud.example'": f"not federated in tenant {TENANT}: cloud.example (Managed)",
        ", 'unknown.example', all_domains=true": f"tenant {TENANT} has no domain unknown.example",
        ", 'a/b'": "'a/b' is not a domain name",
        ", 'contoso.com', tenat_id='x'": "unknown option tenat_id; known are access_token, all_domains",
        ", 'contoso.com', tenant='x', tenant_id='y'": "tenant_id and tenant are the same option",
        ", 'contoso.com', all_domains='perhaps'": "all_domains must be true or false",
        ", 'contoso.com', client_id='x'": "missing tenant_id, client_secret or client_certificate_path",
        ", 'contoso.com', graph_url='https://127.0.0.1:9'": "Microsoft Graph (127.0.0.1:9) cannot be reached: Connection refused",
    }
    _check_refusals(player, calls, **OWN)


def test_the_lookup_without_or_with_wrong_credentials(player: Player) -> None:
    _check_refusals(player, {", 'contoso.com'": "no credentials for Entra ID"})
    _check_refusals(player, {", 'contoso.com'": f"Create a new client secret for app {CLIENT}"}, **{**OWN, "ADFS_ENTRA_CLIENT_SECRET": "some-wrong-value"})


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
INFO_TASK: dict[str, t.Any] = {"federation.adfs.entra_federation_info": {}, "register": "entra"}


def test_the_modules_check_write_and_then_rest(player: Player) -> None:
    tasks = [INFO_TASK, WRITE_TASK, out(info="{{ entra }}", written="{{ written }}")]
    defaults = {"module_defaults": {"group/federation.adfs.entra": OPTIONS}}
    foretold = player.play(tasks, "--check", "--diff", play=defaults)
    assert foretold.code == 0, foretold.output
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


def test_no_secret_shows_in_the_most_talkative_run(player: Player) -> None:
    token = player.entra.server.issue_token(CLIENT, roles=("Domain.Read.All",))
    tasks = [
        {"federation.adfs.entra_federation_info": OPTIONS},
        {"federation.adfs.entra_federation_info": {"access_token": token}},
        {"federation.adfs.entra_federation_info": {**OPTIONS, "client_secret": "another-planted-value"}, "ignore_errors": True},
        out(x=f"{{{{ query({LOOKUP}, all_domains=true) | length }}}}"),
    ]
    run = player.play(tasks, "-vvvvv", **{**AWX, "AZURE_SECRET": SECRET})
    assert run.code == 0, run.output
    assert "Create a new client secret" in run.output and CLIENT in run.output, "the test must see what the run says"
    # The play's own arguments pass the command line of no process here, so whatever shows comes from the product or from Ansible.
    shown = [secret for secret in (SECRET, token, "another-planted-value", "Bearer ") if secret in run.output]
    assert shown == []
    planted = player.play([{"ansible.builtin.debug": {"msg": f"see {SECRET}"}}], "-vvvvv")
    assert SECRET in planted.output, "the search must find a planted secret"


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
