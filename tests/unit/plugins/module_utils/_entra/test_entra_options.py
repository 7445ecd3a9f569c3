# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the identity and the other settings come from, and that spec, fragment and environment names agree."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.federation.adfs.plugins.doc_fragments._entra import ModuleDocFragment
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import METHODS, OPTIONS, argument_spec, merge_options

GIVEN = {"tenant_id": "contoso.com", "client_id": "app", "client_secret": "given-secret"}
OWN = {"ADFS_ENTRA_TENANT_ID": "own.example.com", "ADFS_ENTRA_CLIENT_ID": "own-app", "ADFS_ENTRA_CLIENT_SECRET": "own-secret"}
AZURE = {"AZURE_TENANT": "azure.example.com", "AZURE_CLIENT_ID": "azure-app", "AZURE_SECRET": "azure-secret"}


def test_the_first_source_with_any_of_the_identity_gives_all_of_it() -> None:
    assert merge_options(GIVEN, {**OWN, **AZURE}).identity == GIVEN
    assert merge_options({}, {**OWN, **AZURE}).identity["client_id"] == "own-app"
    assert merge_options({}, AZURE).identity == {"tenant_id": "azure.example.com", "client_id": "azure-app", "client_secret": "azure-secret"}


def test_a_part_in_the_options_keeps_the_environment_out() -> None:
    settings = merge_options({"client_id": "app"}, {**OWN, **AZURE})
    assert dict(settings.identity) == {"client_id": "app"}
    assert settings.identity_source == "the options"


def test_empty_text_is_unset() -> None:
    empty: dict[str, t.Any] = dict.fromkeys((option.name for option in OPTIONS), "")
    settings = merge_options({**empty, "tenant_id": "  "}, {**OWN, "ADFS_ENTRA_CLOUD": "", "ADFS_ENTRA_CA_PATH": "", "ADFS_ENTRA_TIMEOUT": ""})
    assert settings.identity["client_secret"] == "own-secret"
    assert (settings.cloud.name, settings.ca_path, settings.timeout, settings.auth_method) == ("public", None, 30, None)


def test_the_stock_azure_credential_of_awx_is_enough() -> None:
    settings = merge_options({}, {**AZURE, "AZURE_CLOUD_ENVIRONMENT": "AzureUSGovernment", "AZURE_SUBSCRIPTION_ID": "x"})
    assert settings.graph_url == "https://graph.microsoft.us"
    assert settings.authority_url == "https://login.microsoftonline.us"


def test_azure_settings_do_not_touch_an_identity_from_elsewhere() -> None:
    stray = {"AZURE_CLOUD_ENVIRONMENT": "AzureUSGovernment", "AZURE_AUTHORITY_HOST": "https://login.chinacloudapi.cn"}
    assert merge_options(GIVEN, stray).cloud.name == "public"
    assert merge_options({}, {**OWN, **stray}).authority_url == "https://login.microsoftonline.com"


def test_a_method_from_the_environment_does_not_touch_given_options() -> None:
    assert merge_options(GIVEN, {"ADFS_ENTRA_AUTH_METHOD": "client_certificate"}).auth_method is None
    assert merge_options({}, {**OWN, "ADFS_ENTRA_AUTH_METHOD": "client_secret"}).auth_method == "client_secret"


def test_a_managed_identity_is_an_identity_by_its_method_alone() -> None:
    settings = merge_options({"auth_method": "managed_identity"}, {**OWN, **AZURE})
    assert (dict(settings.identity), settings.identity_source) == ({}, "the options")
    settings = merge_options({}, {"ADFS_ENTRA_AUTH_METHOD": "managed_identity", "ADFS_ENTRA_CLIENT_ID": "mine", **AZURE})
    assert dict(settings.identity) == {"client_id": "mine"}


def test_a_workload_identity_is_known_by_the_names_that_kubernetes_sets() -> None:
    pod = {"AZURE_TENANT_ID": "t.example.com", "AZURE_CLIENT_ID": "x", "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token", "AZURE_AUTHORITY_HOST": ""}
    assert merge_options({}, pod).identity == {"tenant_id": "t.example.com", "client_id": "x", "federated_token_file": "/var/run/token"}


def test_a_credential_of_awx_in_a_pod_is_not_disturbed_by_what_the_cluster_sets() -> None:
    pod = {**AZURE, "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token"}
    assert merge_options({}, pod).identity["client_secret"] == "azure-secret"
    assert "federated_token_file" not in merge_options({}, pod).identity
    assert merge_options({"auth_method": "workload_identity"}, pod).identity["federated_token_file"] == "/var/run/token"


def test_the_password_of_a_proxy_is_a_secret() -> None:
    settings = merge_options({**GIVEN, "proxy": "http://somebody:proxy-pass@proxy.example.com:8080/"}, {"ADFS_ENTRA_PROXY": "http://other.example.com"})
    assert settings.proxy == "http://somebody:proxy-pass@proxy.example.com:8080"
    assert "proxy-pass" in settings.secrets() and "proxy-pass" not in repr(settings)


def test_own_settings_join_given_credentials() -> None:
    settings = merge_options(GIVEN, {"ADFS_ENTRA_GRAPH_URL": "https://graph.example.com/", "ADFS_ENTRA_TIMEOUT": "7", "ADFS_ENTRA_CLOUD": "china"})
    assert (settings.graph_url, settings.timeout, settings.cloud.name) == ("https://graph.example.com", 7, "china")


def test_an_authority_host_may_lack_the_scheme_and_chooses_the_cloud() -> None:
    settings = merge_options({}, {**AZURE, "AZURE_AUTHORITY_HOST": "login.partner.microsoftonline.cn/"})
    assert settings.graph_url == "https://microsoftgraph.chinacloudapi.cn"


def test_addresses_lose_what_people_copy_along() -> None:
    settings = merge_options({**GIVEN, "graph_url": "https://g.example.com/v1.0", "authority_url": "https://l.example.com/contoso.com/v2.0"}, {})
    assert settings.graph_url == "https://g.example.com"
    assert settings.authority_url == "https://l.example.com"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"AZURE_TENANT_ID": "a.example.com", "AZURE_TENANT": "b.example.com", "AZURE_CLIENT_ID": "x"}, "AZURE_TENANT_ID and AZURE_TENANT differ"),
        ({**AZURE, "AZURE_CLIENT_SECRET": "another"}, "AZURE_CLIENT_SECRET and AZURE_SECRET differ"),
        ({"AZURE_AD_USER": "user@example.com", "AZURE_PASSWORD": "pass", "AZURE_TENANT": "x.example.com"}, "user name and password"),
        ({}, "no credentials for Entra ID"),
        ({**OWN, "ADFS_ENTRA_GRAPH_URL": "http://graph.example.com"}, "graph_url must be an address such as"),
        ({**OWN, "ADFS_ENTRA_AUTHORITY_URL": "https://user:pass@login.example.com"}, "authority_url must be an address"),
        ({**OWN, "ADFS_ENTRA_TENANT_ID": "common"}, "'common' from the environment .* names no tenant"),
        ({**OWN, "ADFS_ENTRA_TENANT_ID": "a/../b"}, "neither a tenant's id nor a domain name"),
        ({**OWN, "ADFS_ENTRA_CA_PATH": "/no/such/file.pem"}, "ca_path /no/such/file.pem does not exist"),
        ({**OWN, "ADFS_ENTRA_TIMEOUT": "0"}, "timeout must be a whole number of seconds from 1 to 600"),
        ({**OWN, "ADFS_ENTRA_TIMEOUT": "soon"}, "timeout must be a whole number"),
        ({**OWN, "ADFS_ENTRA_AUTH_METHOD": "password"}, f"auth_method 'password' is unknown; use one of {', '.join(METHODS)}"),
        ({**OWN, "ADFS_ENTRA_CLOUD": "Germany"}, "2021-10-29"),
        ({**OWN, "ADFS_ENTRA_PROXY": "proxy.example.com:8080"}, "proxy must be an address such as"),
        ({**OWN, "ADFS_ENTRA_PROXY": "http://user:pass@"}, "proxy must be an address such as"),
    ],
)
def test_what_does_not_fit_is_said(environ: dict[str, str], words: str) -> None:
    with pytest.raises(OptionsError, match=words) as caught:
        merge_options({}, environ)
    assert "own-secret" not in str(caught.value) and "pass@" not in str(caught.value)


def test_secrets_are_scrubbed_and_not_in_the_repr() -> None:
    settings = merge_options(GIVEN, {})
    assert settings.secrets() == ["given-secret"]
    assert settings.scrub("the secret given-secret is wrong") == "the secret ******** is wrong"
    assert "given-secret" not in repr(settings)


# --- declared once


def _fragment(half: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", yaml.safe_load(getattr(ModuleDocFragment, half))["options"])


def test_the_fragment_documents_the_spec() -> None:
    compared = ("type", "aliases", "choices", "default", "required")
    documented = {name: {key: entry[key] for key in compared if key in entry} for name, entry in _fragment("DOCUMENTATION").items()}
    spec = {name: {key: value for key, value in entry.items() if key != "no_log"} for name, entry in argument_spec().items()}
    assert documented == spec


def test_the_fragment_names_the_environment_and_the_variables() -> None:
    documented = {name: ([env["name"] for env in entry["env"]], [var["name"] for var in entry["vars"]]) for name, entry in _fragment("PLUGIN").items()}
    assert documented == {option.name: ([option.env], [option.var]) for option in OPTIONS}


def test_the_fragment_names_the_well_known_variables_and_every_method() -> None:
    for name in (name for option in OPTIONS for name in option.known_env):
        assert f"E({name})" in ModuleDocFragment.DOCUMENTATION, name
    text = " ".join(_fragment("DOCUMENTATION")["auth_method"]["description"])
    assert [method for method in METHODS if f"V({method})" in text] == list(METHODS)


def test_secret_options_are_no_log() -> None:
    hidden = {name for name, entry in argument_spec().items() if entry.get("no_log")}
    assert hidden == {"client_secret", "client_certificate", "client_certificate_passphrase", "access_token", "proxy"}


@pytest.mark.parametrize(
    "path",
    [
        *("modules/entra_federation.py", "modules/entra_federation_info.py", "modules/entra_sign_in_info.py"),
        *("lookup/entra_federation.py", "lookup/entra_sign_in.py", "lookup/entra_administrator.py"),
    ],
)
def test_everybody_uses_the_fragment(path: str) -> None:
    plugins = pathlib.Path(__file__).resolve().parents[5] / "plugins"
    text = (plugins / path).read_text(encoding="utf-8")
    assert "  - federation.adfs._entra\n" in text
    assert ("  - federation.adfs._entra.plugin\n" in text) == path.startswith("lookup/")


@pytest.mark.parametrize("text", ["0", "7201", "-1", "1.5", "ten", "9" * 50])
def test_a_time_limit_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(OptionsError, match="time_limit must be a whole number of seconds from 1 to 7200"):
        merge_options({**GIVEN, "time_limit": text}, {})


def test_the_time_limit_is_ten_minutes_unless_set() -> None:
    assert merge_options(GIVEN, {}).time_limit == 600
    assert merge_options(GIVEN, {"ADFS_ENTRA_TIME_LIMIT": "60"}).time_limit == 60


@pytest.mark.parametrize("option", ["graph_url", "authority_url"])
def test_an_address_that_is_none_is_one_sentence(option: str) -> None:
    for text in ("https://[::1", "https://", "http://graph.example.com", "https://x:99999", "https://x:y"):
        with pytest.raises(OptionsError, match=f"{option} must be an address"):
            merge_options({**GIVEN, option: text}, {})


def test_the_file_of_azures_ansible_collection_is_named_if_there_is_nothing_else(tmp_path: pathlib.Path) -> None:
    home = {"HOME": str(tmp_path)}
    with pytest.raises(OptionsError) as caught:
        merge_options({}, home)
    assert "~/.azure/credentials" not in str(caught.value)
    (tmp_path / ".azure").mkdir()
    (tmp_path / ".azure" / "credentials").write_text("[default]\nsecret=planted-in-file\n")
    with pytest.raises(OptionsError, match=r"~/\.azure/credentials exists but is not read: .*Copy tenant, client_id and secret") as caught:
        merge_options({}, home)
    assert "planted" not in str(caught.value)
    assert merge_options({}, {**home, **AZURE}).identity["client_id"] == "azure-app"
