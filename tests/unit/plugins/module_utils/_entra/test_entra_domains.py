# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph may answer about a domain, in every shape that is documented or was seen."""

from __future__ import annotations

import base64
import datetime
import functools
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import Reply, Request
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import Configuration, bodies, domain_name, read_domains, read_slot
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, GraphError

NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.timezone.utc)
CONFIGURATION_ID = "6601d14b-0000-1111-2222-333344445555"


@functools.cache
def certificate(name: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(7)
    signed = builder.not_valid_before(NOW - datetime.timedelta(days=10)).not_valid_after(NOW + datetime.timedelta(days=20)).sign(key, hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.DER)).decode()


def configuration(**members: t.Any) -> dict[str, t.Any]:
    base = {"id": CONFIGURATION_ID, "issuerUri": "http://sts.example.com/adfs/services/trust", "signingCertificate": certificate("one")}
    return {**base, "nextSigningCertificate": None, **members}


def entry(name: str, **members: t.Any) -> dict[str, t.Any]:
    return {"id": name, "authenticationType": "Federated", "isRoot": True, "isVerified": True, **members}


class Graph:
    """Stands for the client: a list of domains and one reply for each."""

    tenant_id = "tenant"

    def __init__(self, domains: list[t.Any], replies: dict[str, Reply]) -> None:
        self.domains, self.replies, self.asked = domains, replies, list[str]()

    def pages(self, path: str, what: str, permission: str) -> list[t.Any]:
        return self.domains

    def batch(self, requests: t.Sequence[Request]) -> list[Reply]:
        names = [request.path.split("/")[2] for request in requests]
        self.asked += names
        return [self.replies[name] for name in names]


def read(domains: list[t.Any], replies: dict[str, Reply], names: t.Sequence[str] = (), every: bool = True) -> list[dict[str, t.Any]]:
    return [domain.shape("tenant", NOW, with_der=True) for domain in read_domains(t.cast("t.Any", Graph(domains, replies)), names, every)]


def one(reply: Reply) -> dict[str, t.Any]:
    return read([entry("example.com")], {"example.com": reply})[0]


@pytest.mark.parametrize(
    "body",
    [
        {"value": [configuration()]},
        {"value": configuration()},
        configuration(),
        {"@odata.context": "x", "value": [{"@odata.type": "#microsoft.graph.internalDomainFederation", **configuration(futureMember={"a": 1})}]},
    ],
)
def test_every_shape_of_a_configuration_is_read(body: t.Any) -> None:
    domain = one(Reply(200, body))
    assert domain["error"] is None and domain["configuration_id"] == CONFIGURATION_ID
    assert domain["issuer_uri"] == "http://sts.example.com/adfs/services/trust"
    assert domain["signing_certificate"]["subject"] == "CN=one" and domain["signing_certificate"]["der"] == certificate("one")
    assert domain["signing_certificate"]["days_remaining"] == 20
    assert domain["next_signing_certificate"] is None


@pytest.mark.parametrize("reply", [Reply(404, None, GraphError("not found", 404)), Reply(200, {"value": []})])
def test_not_found_and_an_empty_list_both_mean_none(reply: Reply) -> None:
    domain = one(reply)
    assert domain["error"] is None and domain["configuration_id"] is None and domain["signing_certificate"] is None


@pytest.mark.parametrize("body", [None, "text", [1, 2], {"value": [configuration(), configuration()]}, {"value": "x"}, {"id": 7}, configuration(id="../x")])
def test_a_shape_that_is_none_is_an_error_of_that_domain(body: t.Any) -> None:
    domain = one(Reply(200, body))
    assert "something else than one federation configuration for example.com" in domain["error"]
    assert domain["configuration_id"] is None and domain["issuer_uri"] is None


def test_the_result_of_entras_own_update_is_shown() -> None:
    status = {"certificateUpdateResult": "Success", "lastRunDateTime": "2026-02-03T04:05:06.1234567Z"}
    shown = one(Reply(200, configuration(signingCertificateUpdateStatus=status)))["signing_certificate_update_status"]
    assert shown == {"certificate_update_result": "Success", "last_run_date_time": "2026-02-03T04:05:06.1234567Z"}
    assert one(Reply(200, configuration(signingCertificateUpdateStatus="odd")))["signing_certificate_update_status"] is None


@pytest.mark.parametrize("rubbish", ["MIIE3jCCAsagAwIBAgIQQcyDaZz3MI", "-----BEGIN NOTHING-----", base64.b64encode(b"0" * 400).decode(), 7, {"a": 1}])
def test_a_slot_with_rubbish_is_reported_and_hides_nothing(rubbish: t.Any) -> None:
    domain = one(Reply(200, configuration(nextSigningCertificate=rubbish)))
    slot = domain["next_signing_certificate"]
    assert slot["thumbprint"] is None and slot["der"] is None and slot["error"]
    assert set(slot) == {*domain["signing_certificate"], "error"}
    assert domain["signing_certificate"]["subject"] == "CN=one" and domain["error"] is None


def test_line_breaks_in_a_slot_do_not_matter() -> None:
    text = certificate("one")
    broken = "\r\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    assert read_slot(broken).same_as(read_slot(text))
    assert not read_slot(certificate("two")).same_as(read_slot(text))
    assert read_slot("").same_as(read_slot(None)) and not read_slot("rubbish").same_as(read_slot(None))


def test_a_failed_domain_does_not_hide_the_others() -> None:
    replies = {"a.example": Reply(200, configuration()), "b.example": Reply(500, None, GraphError("Graph failed at b.example", 500))}
    first, second = read([entry("a.example"), entry("b.example")], replies)
    assert first["error"] is None and first["signing_certificate"]["subject"] == "CN=one"
    assert second["error"] == "Graph failed at b.example" and second["signing_certificate"] is None


def test_no_permission_at_all_is_one_error() -> None:
    refused = Reply(403, None, GraphError("give the app Domain-InternalFederation.Read.All", 403))
    with pytest.raises(GraphError, match=r"Domain-InternalFederation\.Read\.All"):
        read([entry("a.example"), entry("b.example")], {"a.example": refused, "b.example": refused})
    mixed = read([entry("a.example"), entry("b.example")], {"a.example": refused, "b.example": Reply(200, configuration())})
    assert [bool(domain["error"]) for domain in mixed] == [True, False]


def test_only_verified_federated_domains_are_read() -> None:
    domains = [entry("a.example"), entry("m.example", authenticationType="Managed"), entry("u.example", isVerified=False), "odd", {"id": 7}, entry("A B")]
    found = read(domains, {"a.example": Reply(200, configuration())})
    assert [domain["domain"] for domain in found if not domain["error"]] == ["a.example"]
    # A federated domain that cannot be asked for, and an entry that is no domain, are told rather than left out.
    assert [domain["domain"] for domain in found if domain["error"]] == [None, None, "A B"]


def test_named_domains_keep_their_order_and_are_asked_for_once() -> None:
    graph = Graph([entry("a.example"), entry("b.example")], {name: Reply(200, configuration()) for name in ("a.example", "b.example")})
    found = read_domains(t.cast("t.Any", graph), ["b.example", "a.example", "b.example"], every=False)
    assert [domain.name for domain in found] == ["b.example", "a.example", "b.example"]
    assert graph.asked == ["b.example", "a.example"]


def test_an_unknown_domain_is_named_with_those_that_exist() -> None:
    with pytest.raises(EntraError, match=r"tenant tenant has no domain c.example; it has the federated domains a.example. Check the name"):
        read([entry("a.example")], {}, ["c.example"], every=False)
    with pytest.raises(EntraError, match="it has no federated domain at all"):
        read([entry("a.example", authenticationType="Managed")], {}, ["c.example"], every=False)


@pytest.mark.parametrize("every", [True, False])
def test_a_managed_domain_is_named(every: bool) -> None:
    with pytest.raises(EntraError, match=r"not federated in tenant tenant: m.example \(Managed\)"):
        read([entry("m.example", authenticationType="Managed")], {}, ["m.example"], every)


def test_subdomains_tell_their_root_and_inheriting_is_no_error() -> None:
    domains = [entry("example.com"), entry("sub.example.com", isRoot=False), entry("own.example.com", isRoot=True), entry("x.own.example.com", isRoot=False)]
    none = Reply(404, None, GraphError("not found", 404))
    replies = {
        "example.com": Reply(200, configuration()),
        "sub.example.com": none,
        "own.example.com": Reply(200, configuration(id="other-id")),
        "x.own.example.com": none,
    }
    shown = {domain["domain"]: domain for domain in read(domains, replies)}
    assert (shown["sub.example.com"]["is_root"], shown["sub.example.com"]["root"]) == (False, "example.com")
    assert shown["sub.example.com"]["configuration_id"] is None and shown["sub.example.com"]["error"] is None
    assert (shown["own.example.com"]["is_root"], shown["own.example.com"]["root"]) == (True, "own.example.com")
    assert shown["x.own.example.com"]["root"] == "own.example.com"


def test_a_subdomain_that_shows_its_roots_settings_has_none_of_its_own() -> None:
    domains = [entry("example.com"), entry("sub.example.com", isRoot=False)]
    same = {"example.com": Reply(200, configuration()), "sub.example.com": Reply(200, configuration())}
    assert [domain["configuration_id"] for domain in read(domains, same)] == [CONFIGURATION_ID, None]
    assert read(domains, same, ["sub.example.com"], every=False)[0]["configuration_id"] is None
    own = {**same, "sub.example.com": Reply(200, configuration(id="its-own"))}
    assert read(domains, own, ["sub.example.com"], every=False)[0]["configuration_id"] == "its-own"


@pytest.mark.parametrize(("text", "name"), [(" Contoso.COM. ", "contoso.com"), ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example")])
def test_domain_names_are_written_as_graph_does(text: str, name: str) -> None:
    assert domain_name(text) == name


@pytest.mark.parametrize("text", ["", "a/b", "a b.com", "../x", "münchen.example", "contoso.com?x", "a" * 64 + ".com", 7, None])
def test_what_is_no_domain_name_is_refused(text: t.Any) -> None:
    with pytest.raises(EntraError, match="is not a domain name"):
        domain_name(text)


def test_bodies_hold_each_certificate_once() -> None:
    a, b = read_slot(certificate("one")), read_slot(certificate("two"))
    listed = bodies([Configuration("x", a, b), Configuration("y", b, read_slot("rubbish")), Configuration("z", a, read_slot(None))], NOW)
    assert sorted(entry["subject"] for entry in listed) == ["CN=one", "CN=two"]
    assert {entry["der"] for entry in listed} == {certificate("one"), certificate("two")}
