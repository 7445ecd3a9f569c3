# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as playbooks use it, its documented examples, and secrets: the real ansible-playbook against the lab."""

from __future__ import annotations

import typing as t

import yaml

from ansible_collections.federation.adfs.plugins.lookup import entra_federation
from lab.entra import managed_domain

from .conftest import CLIENT, READ, SECRET, TENANT, signing
from .player import AWX, OPTIONS, OWN, Player, out

LOOKUP = "'federation.adfs.entra_federation'"


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


def test_every_documented_example_of_the_lookup_runs(player: Player) -> None:
    """With set_fact, in a loop, and with variables for options, as they stand in the documentation."""
    player.entra.add(managed_domain("contoso.onmicrosoft.com", is_initial=True))
    player.entra.server.register_application("11111111-2222-3333-4444-555555555555", secret=SECRET, roles=READ)
    examples = yaml.safe_load(entra_federation.EXAMPLES)
    assert ["loop" in task for task in examples] == [False, True, False, False] and "vars" in examples[2]
    run = player.play([*examples, out(domains="{{ entra_domains }}")], play={"vars": {"vault_client_secret": SECRET}}, **OWN)
    assert run.code == 0, run.output
    assert [item["domain"] for item in run.facts["domains"]] == ["contoso.com", "example.com"]
    assert "example.com: 20" in run.output and "sub.contoso.com: no certificate" in run.output
    assert "http://contoso.com/adfs/services/trust/" in run.output
    assert SECRET not in run.output


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


def test_no_secret_shows_in_the_most_talkative_run(player: Player) -> None:
    # Through variables: of a task that fails Ansible itself shows the lines in the playbook.
    token = player.entra.server.issue_token(CLIENT, roles=("Domain.Read.All",))
    planted = {"TOKEN": token, "WRONG": "another-planted-value", "PROXY": "http://x:planted-in-proxy@127.0.0.1:9", "PHRASE": "planted-phrase"}
    options = {**OPTIONS, "client_secret": "{{ lookup('ansible.builtin.env', 'AZURE_SECRET') }}"}

    def given(**names: str) -> dict[str, t.Any]:
        return {name: f"{{{{ lookup('ansible.builtin.env', '{variable}') }}}}" for name, variable in names.items()}

    tasks = [
        {"federation.adfs.entra_federation_info": options},
        {"federation.adfs.entra_federation_info": given(access_token="TOKEN")},
        {"federation.adfs.entra_federation_info": {**options, **given(client_secret="WRONG")}, "ignore_errors": True},
        {"federation.adfs.entra_federation_info": {**options, **given(proxy="PROXY")}, "ignore_errors": True},
        {"federation.adfs.entra_federation_info": {**options, **given(client_certificate_passphrase="PHRASE")}, "ignore_errors": True},
        out(x=f"{{{{ query({LOOKUP}, all_domains=true) | length }}}}"),
    ]
    run = player.play(tasks, "-vvvvv", **{**AWX, "AZURE_SECRET": SECRET, **planted})
    assert run.code == 0, run.output
    assert "Create a new client secret" in run.output and CLIENT in run.output, "the test must see what the run says"
    assert "cannot be reached through the proxy" in run.output and "more than one credential, or parts of them" in run.output
    shown = [secret for secret in (SECRET, token, "another-planted-value", "planted-in-proxy", "planted-phrase", "Bearer ") if secret in run.output]
    assert shown == []
    told = player.play([{"ansible.builtin.debug": {"msg": f"see {SECRET}"}}], "-vvvvv")
    assert SECRET in told.output, "the search must find a planted secret"
