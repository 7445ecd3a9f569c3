# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its options to its result, with real servers and files."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import typing as t

import pytest
import yaml
from ansible.module_utils import basic

from ansible_collections.federation.adfs.plugins.modules import metadata_info
from ansible_collections.federation.adfs.tests.returned import missing, undocumented
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils import metadata_documents as make
from ansible_collections.federation.adfs.tests.unit.plugins.module_utils.tls_server import Authority, Server, answer

URL = "https://sts.contoso.com/FederationMetadata/2007-06/FederationMetadata.xml"
OLD = make.make_keypair("ADFS Signing - old")
NEW = make.make_keypair("ADFS Signing - new")


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
    """Run the module as Ansible does: arguments as JSON in, the result as JSON on standard output."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check_mode}}
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(arguments).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)  # exists since ansible-core 2.19
    with pytest.raises(SystemExit):
        metadata_info.main()
    result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return result


@pytest.fixture
def module(capsys, monkeypatch) -> t.Callable[..., dict[str, t.Any]]:
    return lambda **options: run(capsys, monkeypatch, **options)


def test_every_member_of_a_result_is_documented(module, tmp_path) -> None:
    path = tmp_path / "metadata.xml"
    path.write_bytes(make.adfs_document(OLD, NEW))
    documented = yaml.safe_load(metadata_info.RETURN)
    result = module(path=str(path))
    assert (missing(result, documented), undocumented(result, documented, "metadata_info")) == ([], [])
    assert undocumented({"metadata": {"colour": "red"}}, documented, "it") == ["it.metadata.colour"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_path(module, tmp_path, check_mode) -> None:
    path = tmp_path / "metadata.xml"
    path.write_bytes(make.adfs_document(OLD, NEW))
    result = module(path=str(path), check_mode=check_mode)
    assert result["changed"] is False
    metadata = result["metadata"]
    assert metadata["source"] == str(path)
    assert [certificate["thumbprint"] for certificate in metadata["signing_certificates"]] == [OLD.thumbprint, NEW.thumbprint]
    assert metadata["signature"]["status"] == "valid"
    assert metadata["signature"]["certificate"]["thumbprint"] == OLD.thumbprint
    assert "servers" not in result


def test_content_and_empty_options(module) -> None:
    result = module(content="\ufeff" + make.adfs_document(OLD).decode(), url="", path="", ca_path="")
    assert result["metadata"]["source"] == "content"
    assert result["metadata"]["signature"]["status"] == "valid"


def test_every_node_has_its_own_view(module, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    authority = Authority(tmp_path)
    documents = {"adfs1": make.adfs_document(NEW, OLD), "adfs2": make.adfs_document(OLD, NEW), "adfs3": b"<html>sign in</html>"}
    running = {name: Server(authority.context("sts.contoso.com"), answer(data)) for name, data in documents.items()}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    servers = [{"name": name, "address": "127.0.0.1", "port": server.port} for name, server in running.items()]
    servers.insert(1, {"name": "adfs4", "address": "127.0.0.1", "port": closed})
    try:
        result = module(url=URL, servers=servers, ca_path=str(authority.path), timeout=5)
    finally:
        for server in running.values():
            server.close()
    assert "metadata" not in result and result["changed"] is False
    views = {view["server"]: view for view in result["servers"]}
    assert [view["server"] for view in result["servers"]] == ["adfs1", "adfs4", "adfs2", "adfs3"]
    assert views["adfs1"]["metadata"]["signature"]["certificate"]["thumbprint"] == NEW.thumbprint
    assert views["adfs2"]["metadata"]["signature"]["certificate"]["thumbprint"] == OLD.thumbprint
    assert views["adfs2"]["metadata"]["signing_certificates"][1]["der"] == NEW.base64
    assert views["adfs1"]["error"] is None and views["adfs2"]["error"] is None
    assert views["adfs4"]["metadata"] is None and "refused" in views["adfs4"]["error"]
    assert views["adfs3"]["metadata"] is None and "web page" in views["adfs3"]["error"]
    assert f"from 127.0.0.1 port {running['adfs3'].port}" in views["adfs3"]["error"]


def test_the_certificate_of_the_endpoint_and_the_kind_of_failure(module, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    authority = Authority(tmp_path)
    servers = [Server(authority.context("127.0.0.1"), answer(data)) for data in (make.adfs_document(OLD), b"<html>sign in</html>")]
    try:
        good, page = (module(url=f"https://127.0.0.1:{server.port}/m.xml", ca_path=str(authority.path)) for server in servers)
        untrusted = module(url=f"https://127.0.0.1:{servers[0].port}/m.xml")
    finally:
        for server in servers:
            server.close()
    assert good["tls_certificate"]["subject"] == "CN=127.0.0.1" and "der" not in good["tls_certificate"]
    assert page["failed"] and page["error_kind"] == "not_metadata" and page["tls_certificate"]["thumbprint"]
    assert (untrusted["error_kind"], untrusted["tls_certificate"]) == ("tls", None)


def test_the_name_serves_as_address(module, monkeypatch) -> None:
    asked: list[str] = []

    def look_up(name: str, *_args: t.Any, **_options: t.Any) -> t.NoReturn:
        asked.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    result = module(url=URL, servers=[{"name": "adfs1.contoso.com"}, {"name": "adfs2.contoso.com", "address": ""}], ca_path="")
    assert sorted(asked) == ["adfs1.contoso.com", "adfs2.contoso.com"]
    assert all("cannot be resolved" in view["error"] for view in result["servers"])


def test_no_nodes_is_no_views(module) -> None:
    assert module(url=URL, servers=[])["servers"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one of url, path and content"),
        ({"url": "", "path": ""}, "exactly one of url, path and content"),
        ({"url": URL, "content": "<x/>"}, "exactly one of url, path and content"),
        ({"content": "<x/>", "servers": [{"name": "a"}]}, "servers can only be asked for a url"),
        ({"url": URL, "servers": [{"name": "a"}, {"name": "A"}]}, "'a' more than once"),
        ({"url": URL, "servers": [{"name": ""}]}, "empty name"),
        ({"url": URL, "servers": [{"name": "a", "port": 0}]}, "port 0 of 'a'"),
        ({"url": URL, "timeout": 0}, "timeout is 0"),
        ({"content": "<x/>", "jwks": True}, "jwks can only be read where a url says"),
        ({"content": "<x/>", "proxy": "http://proxy:3128"}, "proxy only serves to fetch a url"),
        ({"url": URL, "proxy": "proxy:3128"}, "is no proxy"),
        ({"url": "http://sts.contoso.com/"}, "not an https URL"),
        ({"url": "https://[::1/m.xml"}, "the URL of the metadata cannot be read"),
        ({"url": "https://[::1/m.xml", "jwks": True}, "the URL of the metadata cannot be read"),
        ({"url": "https://user:secret@sts.contoso.com/", "jwks": True}, "user name or password"),
        ({"url": URL, "ca_path": "/nonexistent/ca.pem"}, "/nonexistent/ca.pem (from ca_path) cannot be read"),
        ({"path": "/nonexistent/metadata.xml"}, "/nonexistent/metadata.xml: the file cannot be read (No such file or directory)"),
        ({"path": "/"}, "(Is a directory)"),
        ({"path": "/dev/null"}, "/dev/null: this is not a file but a device"),
        ({"content": "<note/>"}, "content: the document is XML, but not federation metadata"),
    ],
)
def test_one_clear_message(module, options, words) -> None:
    result = module(**options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert result["msg"].startswith("metadata_info: ")
    assert result["error_kind"] == ("not_metadata" if options == {"content": "<note/>"} else "options")
    assert "Traceback" not in json.dumps(result)


def test_a_pipe_is_refused_at_once(module, tmp_path) -> None:
    for name in ("pipe", "link to it"):
        if name == "pipe":
            os.mkfifo(tmp_path / name)
        else:
            (tmp_path / name).symlink_to(tmp_path / "pipe")
        before = time.monotonic()
        result = module(path=str(tmp_path / name))
        assert time.monotonic() - before < 5
        assert result["failed"] and "a device, a pipe or a socket" in result["msg"] and result["error_kind"] == "options"


def test_a_socket_is_refused(module, tmp_path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        result = module(path=str(tmp_path / "s"))
    assert result["failed"] and result["error_kind"] == "options"


def test_a_path_is_printable_in_messages(module, tmp_path) -> None:
    assert module(path=f"{tmp_path}/\u202e\x1b[2J")["msg"].isprintable()
    bad = tmp_path / "\x1b.xml"
    bad.write_text("<note/>")
    assert module(path=str(bad))["msg"].isprintable()


def test_content_is_text_whatever_its_declaration_says(module) -> None:
    text = make.sign(make.document(make.keys([OLD.base64], []), extra="<Organization><OrganizationName>B\u00e4ckerei</OrganizationName></Organization>"), OLD)
    content = "<?xml version='1.0' encoding='ISO-8859-1'?>" + text.decode("ascii").replace("&#228;", "\u00e4")
    assert "B\u00e4ckerei" in content
    assert module(content=content)["metadata"]["signature"]["status"] == "valid"


def test_one_entity_is_chosen(module) -> None:
    content = make.entities(make.saml_document([OLD.base64], "urn:one"), make.saml_document([NEW.base64], "urn:two"))
    chosen = module(content=content, entity_id="urn:two")["metadata"]
    assert (chosen["entity_id"], chosen["signing_certificates"][0]["thumbprint"]) == ("urn:two", NEW.thumbprint)
    assert "choose one with the option entity_id" in module(content=content, entity_id="")["msg"]


def test_a_document_that_has_ended(module) -> None:
    text = make.saml_document([OLD.base64], root=' validUntil="2019-01-01T00:00:00Z"')
    assert module(content=make.sign(text, OLD).decode())["metadata"]["signature"]["status"] == "expired"


def key_set(*keypairs: make.Keypair) -> bytes:
    return json.dumps({"keys": [{"kty": "RSA", "use": "sig", "kid": keypair.thumbprint, "x5c": [keypair.base64]} for keypair in keypairs]}).encode()


def both(metadata: bytes, keys: bytes | None) -> t.Callable[..., None]:
    """Answer for the metadata and for the keys, as AD FS does."""

    def handle(tls: t.Any, head: bytes) -> None:
        if b" /adfs/discovery/keys " not in head:
            answer(metadata)(tls, head)
        elif keys is None:
            answer(b"", "404 Not Found")(tls, head)
        else:
            answer(keys, headers="Content-Type: application/json; charset=utf-8\r\n")(tls, head)

    return handle


def test_keys_of_every_server(module, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    authority = Authority(tmp_path)
    served = {"adfs1": key_set(NEW, OLD), "adfs2": None, "adfs3": b"<html/>"}
    running = {name: Server(authority.context("sts.contoso.com"), both(make.adfs_document(OLD, NEW), keys)) for name, keys in served.items()}
    servers = [{"name": name, "address": "127.0.0.1", "port": server.port} for name, server in running.items()]
    try:
        views = module(url=URL, servers=servers, ca_path=str(authority.path), jwks=True)["servers"]
        without = module(url=URL, servers=servers[:1], ca_path=str(authority.path))["servers"]
    finally:
        for server in running.values():
            server.close()
    assert all(view["metadata"]["signature"]["status"] == "valid" for view in views)
    first, second, third = (view["jwks"] for view in views)
    assert first["url"] == "https://sts.contoso.com/adfs/discovery/keys" and first["error"] is None
    assert [certificate["thumbprint"] for certificate in first["signing_certificates"]] == [NEW.thumbprint, OLD.thumbprint]
    assert (second["error_kind"], second["signing_certificates"]) == ("status", []) and "404" in second["error"]
    assert third["error_kind"] == "not_metadata" and "not a list of keys" in third["error"]
    assert "jwks" not in without[0]


def test_keys_beside_one_document(module, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    authority = Authority(tmp_path)
    server = Server(authority.context("127.0.0.1"), both(make.adfs_document(OLD), key_set(OLD)))
    try:
        result = module(url=f"https://127.0.0.1:{server.port}/m.xml", ca_path=str(authority.path), jwks=True)
    finally:
        server.close()
    assert result["jwks"]["url"] == f"https://127.0.0.1:{server.port}/adfs/discovery/keys"
    assert [certificate["der"] for certificate in result["jwks"]["signing_certificates"]] == [OLD.base64]


def test_fetching_without_urllib3(module, monkeypatch) -> None:
    monkeypatch.setattr(metadata_info, "HAS_URLLIB3", False)
    assert "(urllib3)" in module(url=URL)["msg"]
    assert module(content=make.adfs_document(OLD).decode())["metadata"]["signature"]["status"] == "valid"


@pytest.mark.parametrize("library", ["signxml", "lxml", "cryptography"])
def test_missing_library(library) -> None:
    """Ansible's own interpreter, with the library made unfindable: one message with its name."""
    hide = f"""
import runpy, sys
sys.path.insert(0, {str(pathlib.Path(__file__).parents[2])!r})
sys.modules[{library!r}] = None
import conftest
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = b'{{"ANSIBLE_MODULE_ARGS": {{"content": "<x/>"}}}}'
basic._ANSIBLE_PROFILE = "legacy"
runpy.run_module("ansible_collections.federation.adfs.plugins.modules.metadata_info", run_name="__main__")
"""
    finished = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, timeout=60, check=False)
    result = json.loads(finished.stdout)
    assert result["failed"] is True
    assert f"({library})" in result["msg"]
    assert finished.stderr == ""
