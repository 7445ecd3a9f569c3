# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shape of an answer that is documented for Graph, fed to the client as it would arrive."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra.client import GraphClient
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import Configuration, list_domains, read_configurations, read_domains
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, GraphError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._entra.transport import MAX_ATTEMPTS, Answer, Patience

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
ID = "2f1d1c9a-0000-4000-8000-123456789abc"
# Certificates are cut short in documents, so that they cannot be read.
CUT = "MIIC0DCCAbigAwIBAgIQcut"
ENTITY = {
    "@odata.type": "#microsoft.graph.internalDomainFederation",
    "id": ID,
    "displayName": "Example",
    "issuerUri": "http://sts.example.com/adfs/services/trust",
    "metadataExchangeUri": "https://sts.example.com/adfs/services/trust/mex",
    "signingCertificate": CUT,
    "passiveSignInUri": "https://sts.example.com/adfs/ls",
    "preferredAuthenticationProtocol": "wsFed",
    "activeSignInUri": "https://sts.example.com/adfs/services/trust/2005/usernamemixed",
    "signOutUri": "https://sts.example.com/adfs/ls",
    "promptLoginBehavior": "nativeSupport",
    "isSignedAuthenticationRequestRequired": True,
    "nextSigningCertificate": CUT,
    "federatedIdpMfaBehavior": "rejectMfaByFederatedIdp",
    "signingCertificateUpdateStatus": {"certificateUpdateResult": "Success", "lastRunDateTime": "2026-02-03T04:05:06.7777777Z"},
}
INNER = {"date": "2026-02-03T04:05:06", "request-id": "the-request-id", "client-request-id": "the-client-request-id"}


class Wire:
    """Stands for the transport; each request gets the next answer."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def request(self, what: str, method: str, url: str, headers: t.Any, data: bytes | None = None, params: t.Any = None) -> Answer:
        return self.answers.pop(0)

    def request_once(self, what: str, method: str, url: str, headers: t.Any, data: bytes | None = None) -> Answer:
        return self.answers.pop(0)

    def patience(self) -> Patience:
        return Patience(lambda _seconds: None)


class Signed:
    renewable = False

    def token(self, transport: t.Any) -> str:
        return "opaque-token"


def client(*answers: Answer) -> GraphClient:
    settings = merge_options({"access_token": "opaque-token", "tenant_id": "contoso.com"}, {})
    return GraphClient(settings, Signed(), t.cast("t.Any", Wire(*answers)))


def answer(status: int, body: t.Any, **headers: str) -> Answer:
    return Answer(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def batched(status: int, body: t.Any) -> Answer:
    item = {"id": "0", "status": status, "headers": {"Content-Type": "application/json"}}
    return answer(200, {"responses": [item if body is None else {**item, "body": body}]})


def configuration(status: int, body: t.Any) -> Configuration | GraphError | None:
    # As often as it may be asked for.
    return read_configurations(client(*[batched(status, body)] * MAX_ATTEMPTS), ["example.com"])["example.com"]


@pytest.mark.parametrize("body", [{"value": [ENTITY]}, {"value": ENTITY}, ENTITY, {"@odata.context": "https://x/$metadata", **ENTITY}])
def test_lists_and_single_entities_wrapped_and_plain_are_read_alike(body: t.Any) -> None:
    found = configuration(200, body)
    assert isinstance(found, Configuration)
    assert (found.configuration_id, found.settings()["prompt_login_behavior"]) == (ID, "nativeSupport")
    assert found.settings()["signing_certificate_update_status"]["certificate_update_result"] == "Success"
    assert found.signing.error and found.next.error, "a certificate that is cut short is told, not fatal"


@pytest.mark.parametrize(("status", "body"), [(404, {"error": {"code": "Request_ResourceNotFound", "message": "no"}}), (200, {"value": []})])
def test_not_found_and_an_empty_list_both_mean_none(status: int, body: t.Any) -> None:
    assert configuration(status, body) is None


@pytest.mark.parametrize(
    "member", ["issuerUri", "passiveSignInUri", "preferredAuthenticationProtocol", "federatedIdpMfaBehavior", "isSignedAuthenticationRequestRequired"]
)
def test_a_member_of_an_unexpected_kind_is_an_error_of_that_domain(member: str) -> None:
    found = configuration(200, {"value": [{**ENTITY, member: 7}]})
    assert isinstance(found, GraphError) and f"{member} of an unexpected kind" in str(found)


def test_unknown_members_and_values_of_the_future_are_tolerated() -> None:
    found = configuration(200, {"value": [{**ENTITY, "somethingNew": {"a": [1]}, "federatedIdpMfaBehavior": "unknownFutureValue"}]})
    assert isinstance(found, Configuration) and found.settings()["federated_idp_mfa_behavior"] == "unknownFutureValue"


@pytest.mark.parametrize("members", [{"Id": ID, "IssuerUri": "x"}, {"id": 3}, {"id": ""}])
def test_objects_as_powershell_shows_them_are_no_answers_of_graph(members: t.Any) -> None:
    assert isinstance(configuration(200, members), GraphError)


def test_a_list_of_domains_with_placeholders_and_without_isverified_is_read() -> None:
    entry = {"authenticationType": "authenticationType-value", "availabilityStatus": "availabilityStatus-value", "isRoot": True, "id": "contoso.com"}
    assert list_domains(client(answer(200, {"value": [entry]}))).federated == []
    federated = {**entry, "authenticationType": "Federated", "availabilityStatus": None, "state": None, "model": None}
    found = read_domains(client(answer(200, {"@odata.context": "x", "value": [federated]}), batched(200, {"value": [ENTITY]})), [], every=True)
    assert [domain.name for domain in found] == ["contoso.com"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges.", "innerError": INNER}}, "(request-id the-request-id)"),
        (403, {"error": {"code": "", "message": "You do not have the permission."}}, "HTTP 403, You do not have the permission."),
        (405, {"error": {"code": "Request_BadRequest", "message": "Specified HTTP method is not allowed."}}, "HTTP 405, Request_BadRequest: Specified"),
        (400, {"error": {"code": "invalidRange", "message": "No.", "innerError": {"request-id": "other-id", "date": "x"}}}, "(request-id other-id)"),
        (400, {"error": {"code": "x", "message": "y", "innerError": {"code": "z", "innerError": {"code": "deep"}}}}, "HTTP 400, x: y"),
        (400, {"error": {"message": "Domain already has Federation Configuration set."}}, "Domain already has Federation Configuration set."),
        (424, {"error": {"code": "FailedDependency", "message": "z"}}, "HTTP 424"),
        (400, {"error": "a text"}, "no reason given"),
        (400, None, "no reason given"),
        (409, "<html>conflict</html>", "HTTP 409, no reason given"),
    ],
)
def test_every_documented_error_is_told_with_its_status_and_number(status: int, body: t.Any, words: str) -> None:
    if status == 403:
        with pytest.raises(GraphError) as caught:  # the only domain: no permission at all
            configuration(status, body)
        text = str(caught.value)
    else:
        text = str(configuration(status, body))
    assert words in text and "example.com" in text and "\n" not in text


@pytest.mark.parametrize("body", [b"<html>Service Unavailable</html>", b"", b"\xff\xfe", b"[]", b"null"])
def test_a_whole_batch_that_fails_with_anything_but_json_is_told(body: bytes) -> None:
    with pytest.raises(EntraError, match=r"HTTP 500, no reason given \(request-id "):
        read_configurations(client(answer(500, body, **{"request-id": "r"})), ["example.com"])
    with pytest.raises(EntraError, match="did not answer"):
        read_configurations(client(answer(200, body)), ["example.com"])


@pytest.mark.parametrize(("status", "body"), [(204, None), (200, ENTITY)])
def test_both_documented_answers_to_a_patch_are_good(status: int, body: t.Any) -> None:
    from ansible_collections.federation.adfs.plugins.module_utils._entra.client import Request

    (reply,) = client(batched(status, body)).batch([Request("PATCH", "/domains/example.com/federationConfiguration/x", "writing", "", {"a": 1})])
    assert (reply.status, reply.error) == (status, None)


def test_items_that_are_missing_doubled_or_odd_do_not_touch_the_others() -> None:
    odd: list[t.Any] = ["x", {"id": "9", "status": 200}, {"id": "1"}, {"id": "0", "status": 200, "body": {"value": [ENTITY]}}, {"id": None, "status": 200}]
    # The second request has no usable answer; it is asked again alone, and answered.
    again = answer(200, {"responses": [{"id": "1", "status": 404}]})
    found = read_configurations(client(answer(200, {"responses": odd}), again), ["a.example", "b.example"])
    assert isinstance(found["a.example"], Configuration) and found["b.example"] is None


# --- Graph's published schema (microsoftgraph/msgraph-metadata, schemas/v1.0-*.csdl), property by property


NULLABLE_TEXTS = (
    *("activeSignInUri", "nextSigningCertificate", "passwordResetUri", "signOutUri", "issuerUri", "metadataExchangeUri", "passiveSignInUri"),
    *("signingCertificate", "displayName"),
)
ENUMS = {
    "preferredAuthenticationProtocol": ("wsFed", "saml", "unknownFutureValue"),
    "federatedIdpMfaBehavior": ("acceptIfMfaDoneByFederatedIdp", "enforceMfaByFederatedIdp", "rejectMfaByFederatedIdp", "unknownFutureValue"),
    "promptLoginBehavior": ("translateToFreshPasswordAuthentication", "nativeSupport", "disabled", "unknownFutureValue"),
}
NULLABLE = (*NULLABLE_TEXTS, *ENUMS, "isSignedAuthenticationRequestRequired", "signingCertificateUpdateStatus")


@pytest.mark.parametrize("member", NULLABLE)
@pytest.mark.parametrize("absent", [True, False])
def test_every_property_may_be_null_or_left_out(member: str, absent: bool) -> None:
    """Left out as well: USNat and USSec have no passwordResetUri."""
    entity = {name: value for name, value in ENTITY.items() if name != member} if absent else {**ENTITY, member: None}
    found = configuration(200, {"value": [entity]})
    assert isinstance(found, Configuration)
    told = found.settings()
    assert set(told) == set(configuration(200, {"value": [ENTITY]}).settings())  # type: ignore[union-attr]
    if member in ("signingCertificate", "nextSigningCertificate"):
        slot = found.signing if member == "signingCertificate" else found.next
        assert slot.shape(NOW, True) is None


def test_all_of_it_may_be_null_at_once() -> None:
    found = configuration(200, {"value": [{"id": ID, **dict.fromkeys(NULLABLE)}]})
    assert isinstance(found, Configuration) and set(found.settings().values()) == {None}
    assert isinstance(configuration(200, {"value": [{"id": ID}]}), Configuration)


@pytest.mark.parametrize(("member", "value"), [(member, value) for member, values in ENUMS.items() for value in (*values, "aValueOfTomorrow", "")])
def test_every_member_of_an_enumeration_is_told_as_it_is(member: str, value: str) -> None:
    found = configuration(200, {"value": [{**ENTITY, member: value}]})
    assert isinstance(found, Configuration) and value in found.settings().values()


@pytest.mark.parametrize("status", [{}, {"certificateUpdateResult": None}, {"lastRunDateTime": 5}, {"certificateUpdateResult": ["x"]}, "Success", [], 7])
def test_an_update_status_of_any_shape_is_survived(status: t.Any) -> None:
    found = configuration(200, {"value": [{**ENTITY, "signingCertificateUpdateStatus": status}]})
    assert isinstance(found, Configuration)
    told = found.settings()["signing_certificate_update_status"]
    assert told is None or all(value is None or isinstance(value, str) for value in told.values())


@pytest.mark.parametrize(
    "entry", [{"authenticationType": None}, {"isRoot": None, "isVerified": None}, {"supportedServices": []}, {"rootDomain": {"id": "example.com"}}]
)
def test_a_domain_with_any_of_its_properties_null_is_read(entry: dict[str, t.Any]) -> None:
    domain = {"id": "example.com", "authenticationType": "Federated", "isVerified": True, "isRoot": True, **entry}
    listing = list_domains(client(answer(200, {"value": [domain]})))
    assert listing.federated == ([] if entry.get("authenticationType", 1) is None else ["example.com"])
    assert listing.odd == []


# --- answers to a batch


def test_a_batch_that_answers_424_is_read_item_by_item() -> None:
    items = {"responses": [{"id": "0", "status": 200, "body": {"value": [ENTITY]}}, {"id": "1", "status": 404}]}
    found = read_configurations(client(answer(424, items)), ["a.example", "b.example"])
    assert isinstance(found["a.example"], Configuration) and found["b.example"] is None


def test_a_batch_that_answers_424_and_nothing_else_is_asked_again() -> None:
    again = answer(200, {"responses": [{"id": "0", "status": 200, "body": {"value": [ENTITY]}}]})
    found = read_configurations(client(answer(424, {"error": {"code": "FailedDependency"}}), again), ["a.example"])
    assert isinstance(found["a.example"], Configuration)


def test_of_two_answers_with_one_id_neither_is_believed() -> None:
    twice = [{"id": "0", "status": 404}, {"id": "0", "status": 200, "body": {"value": [ENTITY]}}]
    again = answer(200, {"responses": [{"id": "0", "status": 200, "body": {"value": [ENTITY]}}]})
    assert isinstance(read_configurations(client(answer(200, {"responses": twice}), again), ["a.example"])["a.example"], Configuration)


@pytest.mark.parametrize("status", [True, "200", None, 0, 99, 600, 10**30, -200])
def test_a_status_that_is_none_is_no_answer(status: t.Any) -> None:
    again = answer(200, {"responses": [{"id": "0", "status": 200, "body": {"value": [ENTITY]}}]})
    odd = {"responses": [{"id": "0", "status": status, "body": {"value": []}}]}
    assert isinstance(read_configurations(client(answer(200, odd), again), ["a.example"])["a.example"], Configuration)


def test_a_second_batch_that_fails_does_not_take_the_first_away() -> None:
    names = [f"d{number}.example" for number in range(25)]
    first = {"responses": [{"id": str(number), "status": 200, "body": {"value": [ENTITY]}} for number in range(20)]}
    found = read_configurations(client(answer(200, first), answer(400, {"error": {"code": "x", "message": "y"}})), names)
    assert [isinstance(found[name], Configuration) for name in names] == [True] * 20 + [False] * 5
    assert all("HTTP 400" in str(found[name]) for name in names[20:])


@pytest.mark.parametrize(
    ("status", "words"),
    [(407, "option proxy"), (404, "Check the name of the domain"), (409, "run again"), (412, "changed since it was read"), (424, "throttles")],
)
def test_the_advice_fits_the_status(status: int, words: str) -> None:
    from ansible_collections.federation.adfs.plugins.module_utils._entra.client import Request

    answers = [batched(status, {"error": {"code": "x\x1b[31m", "message": "y\u202e"}})] * MAX_ATTEMPTS
    (reply,) = client(*answers).batch([Request("GET", "/domains/example.com", "reading", "")])
    text = str(reply.error)
    assert words in text and text.isprintable() and "nothing was changed" not in text.lower()
