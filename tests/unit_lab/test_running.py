# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as a process: what ``python -m lab up`` writes, and that its servers answer."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
import yaml
from lxml import etree

from lab.metadata import PATH
from lab.running import Lab, LabError


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab("mismatch", tmp_path_factory.mktemp("lab"), seconds=300) as lab:
        yield lab


def read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def test_it_writes_what_playbooks_need_for_its_owner_only(lab: Lab) -> None:
    group = read(lab.inventory)["adfs"]
    primary = group["children"]["adfs_primary"]["hosts"]
    assert list(primary) == ["adfs1"] and list(group["children"]["adfs_secondary"]["hosts"]) == ["adfs2"]
    assert [node["name"] for node in primary["adfs1"]["renew_signing_cert_servers"]] == ["adfs1.contoso.com", "adfs2.contoso.com"]
    assert group["vars"]["ansible_winrm_transport"] == group["vars"]["ansible_psrp_auth"] == "basic"
    assert group["vars"]["renew_signing_cert_known_certificates"] == [lab.state()["certificates"]["older"]]
    written = [path for path in lab.directory.iterdir() if path.is_file() and path.name != "lab.err"]
    assert {"inventory.yml", "env", "lab.json", "ca.pem"} < {path.name for path in written}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    collection = lab.directory / "collections" / "ansible_collections" / "federation" / "adfs"
    assert (collection / "plugins").is_dir()


def test_the_variants_differ_where_they_should(lab: Lab) -> None:
    password = lab.addresses["password"]
    assert password not in (lab.directory / "inventory-prompt.yml").read_text(encoding="utf-8")
    http = read(lab.directory / "inventory-http.yml")["adfs"]
    assert (http["vars"]["ansible_winrm_scheme"], http["vars"]["ansible_winrm_transport"]) == ("http", "ntlm")
    assert http["children"]["adfs_primary"]["hosts"]["adfs1"]["ansible_port"] == lab.addresses["farms"][0]["nodes"][0]["winrm_http_port"]
    assert read(lab.directory / "inventory-psrp.yml")["adfs"]["vars"]["ansible_connection"] == "psrp"
    assert read(lab.directory / "inventory-become-listed.yml")["all"]["hosts"] == {"localhost": {}}
    become = read(lab.directory / "inventory-become.yml")["all"]
    assert "hosts" not in become
    assert (become["vars"]["ansible_connection"], become["vars"]["ansible_become_method"]) == ("winrm", "runas")


def test_env_can_be_sourced_by_a_shell(lab: Lab) -> None:
    shell = f'. "{lab.directory}/env"; echo "$ADFS_ENTRA_CLIENT_SECRET $LAB_CONTROL $ANSIBLE_COLLECTIONS_PATH"'
    environment = {"PATH": os.environ["PATH"], "ANSIBLE_COLLECTIONS_PATH": "/somewhere"}
    out = subprocess.run(["sh", "-euc", shell], env=environment, capture_output=True, text=True, timeout=20, check=True).stdout.split()
    assert out == [lab.addresses["client_secret"], lab.addresses["control"], f"{lab.directory}/collections:/somewhere"]


def test_a_token_opens_graph_and_a_patch_repairs_sign_in(lab: Lab) -> None:
    env, ca = lab.env(), lab.addresses["ca_path"]
    lab.clear_log()
    form = {
        "grant_type": "client_credentials",
        "client_id": env["ADFS_ENTRA_CLIENT_ID"],
        "client_secret": env["ADFS_ENTRA_CLIENT_SECRET"],
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = requests.post(f"{env['ADFS_ENTRA_AUTHORITY_URL']}/{env['ADFS_ENTRA_TENANT_ID']}/oauth2/v2.0/token", data=form, verify=ca, timeout=20)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    root = f"{env['ADFS_ENTRA_GRAPH_URL']}/v1.0/domains/contoso.com/federationConfiguration"
    (configuration,) = requests.get(root, headers=headers, verify=ca, timeout=20).json()["value"]

    assert set(lab.signins()["last"]["contoso.com"].values()) == {"refused"}
    signing = etree.fromstring(fetch_metadata(lab)).findtext("{*}Signature/{*}KeyInfo/{*}X509Data/{*}X509Certificate")
    body = {"signingCertificate": signing, "nextSigningCertificate": configuration["signingCertificate"]}
    assert requests.patch(f"{root}/{configuration['id']}", json=body, headers=headers, verify=ca, timeout=20).status_code in (200, 204)
    lab.advance(hours=2)
    assert set(lab.signins()["last"]["contoso.com"].values()) == {"accepted"}
    assert set(lab.signins()["last"]["fabrikam.com"].values()) == {"refused"}
    assert [(entry["surface"], entry["operation"]) for entry in lab.writes()] == [("graph", "patch_configuration")]
    assert lab.counters()["token.token"] == 1
    assert env["ADFS_ENTRA_CLIENT_SECRET"] not in str(lab.log())


def fetch_metadata(lab: Lab, node: int = 0) -> bytes:
    port = lab.addresses["farms"][0]["nodes"][node]["metadata_port"]
    name = lab.addresses["farms"][0]["host_name"]
    # No DNS knows the name of the service: connect to the address, and ask for and check the name.
    pool = urllib3.HTTPSConnectionPool("127.0.0.1", port, ca_certs=lab.addresses["ca_path"], server_hostname=name, assert_hostname=name, timeout=20)
    answer = pool.request("GET", PATH, headers={"Host": name})
    assert answer.status == 200
    return bytes(answer.data)


def test_the_clock_moves_by_the_control_endpoint(lab: Lab) -> None:
    before = lab.now()
    assert timedelta(days=1) <= lab.advance(days=1) - before < timedelta(days=1, minutes=2)
    with pytest.raises(LabError, match="forward only"):
        lab.advance(days=-1)


def test_faults_and_other_people_s_work_go_through_it(lab: Lab) -> None:
    lab.fault(surface="metadata", do={"kind": "status", "status": 500})
    with pytest.raises(AssertionError):
        fetch_metadata(lab)
    lab.adfs("Update-AdfsCertificate", certificate_type="Token-Signing", urgent=True)
    assert lab.state()["farms"][0]["nodes"][0]["signer"] != lab.state()["certificates"]["current"]
    lab.entra(domain="fabrikam.com", signing=lab.state()["farms"][0]["nodes"][0]["signer"])
    assert lab.signins()["last"]["fabrikam.com"]["adfs1.contoso.com"] == "accepted"


def test_a_lab_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no scenario 'no-such-one'"), Lab("no-such-one", tmp_path):
        pass
