# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing certificates through the lab's Graph: what is sent, what is not, and what is said when it goes wrong."""

from __future__ import annotations

import datetime
import math
import pathlib
import time
import typing as t

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._entra import transport
from ansible_collections.federation.adfs.plugins.module_utils._entra.client import connect
from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import READ_BACK_PAUSES, WRITABLE, Expected, Outcome, Wish, publish
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import SETTINGS
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError
from ansible_collections.federation.adfs.plugins.module_utils._entra.options import merge_options
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, parse_certificate
from ansible_collections.federation.adfs.plugins.modules.entra_federation import described, wishes_from
from lab.entra import Slots, inheriting_domain, managed_domain

from .conftest import CLIENT, READ, SECRET, Entra, federated_domain, signing

BOTH = ["nextSigningCertificate", "signingCertificate"]
WAITS: list[float] = []


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are noted, not made; the lab's answers come at once."""
    WAITS.clear()
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (WAITS.append, time.monotonic))


def cert(name: str) -> Certificate:
    return parse_certificate(signing(name).der)


JUNK = "cnViYmlzaA=="
JUNKS = [JUNK, "no base64 at all!", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", " ", "\u202e\x1b[31m", "x" * 200_000]


def slots_of(slots: Slots) -> str | None:
    return parse_certificate(slots.signing).thumbprint if slots.signing else None


def stored(certificate: Certificate, form: str) -> str:
    """Return the certificate as careless tools store it."""
    lines = "\r\n".join(certificate.der[start : start + 64] for start in range(0, len(certificate.der), 64))
    return {"pem": f"-----BEGIN CERTIFICATE-----\r\n{lines}\r\n-----END CERTIFICATE-----\r\n", "lines": lines, "blanks": f" {certificate.der} "}[form]


OLD, NEW, OTHER = (cert(name) for name in ("old", "new", "other"))


def write(entra: Entra, *wishes: Wish, check_mode: bool = False) -> list[Outcome]:
    client = connect(merge_options(entra.options(), {}))
    try:
        return publish(client, wishes, check_mode)
    finally:
        client.close()


def contoso(entra: Entra, signing_name: str | None = "old", next_name: str | None = None, **switches: t.Any) -> None:
    ders = [signing(name).der if name else None for name in (signing_name, next_name)]
    entra.add(federated_domain("contoso.com", "sts.contoso.com", ders[0], ders[1], settings={"federatedIdpMfaBehavior": "rejectMfaByFederatedIdp"}))
    entra.tenant.switches.change(switches)


def held(entra: Entra, name: str = "contoso.com") -> list[str]:
    return [parse_certificate(der).thumbprint for der in entra.tenant.domain(name).configured.certificates()]


def test_both_members_are_sent_in_one_patch_and_nothing_else_changes(entra: Entra) -> None:
    contoso(entra)
    before = dict(entra.tenant.domain("contoso.com").federation.settings)
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert (outcome.changed, outcome.error) == (True, None)
    assert held(entra) == [OLD.thumbprint, NEW.thumbprint]
    assert outcome.before.next.thumbprint is None and outcome.after.next.thumbprint == NEW.thumbprint
    assert [(entry["operation"], entry["members"]) for entry in entra.writes()] == [("patch_configuration", BOTH)]
    assert entra.tenant.domain("contoso.com").federation.settings == before


def test_the_second_run_writes_nothing_even_with_what_the_first_expected(entra: Entra) -> None:
    contoso(entra)
    wish = Wish("contoso.com", OLD, NEW, expected=Expected(OLD.thumbprint, None))
    assert write(entra, wish)[0].changed
    (again,) = write(entra, wish)
    assert (again.changed, again.error) == (False, None)
    assert len(entra.writes()) == 1


def test_check_mode_looks_and_foretells_but_writes_nothing(entra: Entra) -> None:
    contoso(entra)
    wish = Wish("contoso.com", NEW, OLD)
    (foretold,) = write(entra, wish, check_mode=True)
    assert entra.writes() == [] and foretold.changed
    (done,) = write(entra, wish)
    assert [foretold.after.signing.thumbprint, foretold.after.next.thumbprint] == [done.after.signing.thumbprint, done.after.next.thumbprint]
    assert foretold.after.configuration_id == done.after.configuration_id


def test_a_slot_left_alone_is_sent_along(entra: Entra) -> None:
    contoso(entra, "old", "new")
    assert write(entra, Wish("contoso.com", signing=OTHER))[0].changed
    assert held(entra) == [OTHER.thumbprint, NEW.thumbprint]
    assert write(entra, Wish("contoso.com", next=OLD))[0].changed
    assert held(entra) == [OTHER.thumbprint, OLD.thumbprint]
    assert [entry["members"] for entry in entra.writes()] == [BOTH, BOTH]


def test_an_empty_next_slot_is_neither_filled_nor_nulled(entra: Entra) -> None:
    contoso(entra, next_may_be_null=False)
    assert write(entra, Wish("contoso.com", signing=NEW))[0].error is None
    assert held(entra) == [NEW.thumbprint]
    assert [entry["members"] for entry in entra.writes()] == [["signingCertificate"]]


def test_next_is_emptied_only_by_clear_next(entra: Entra) -> None:
    contoso(entra, "old", "new")
    (outcome,) = write(entra, Wish("contoso.com", signing=OLD, clear_next=True))
    assert outcome.changed and outcome.after.next.raw is None and held(entra) == [OLD.thumbprint]
    assert entra.writes()[0]["members"] == BOTH
    assert not write(entra, Wish("contoso.com", clear_next=True))[0].changed


def test_nothing_asked_is_nothing_done(entra: Entra) -> None:
    contoso(entra)
    assert not write(entra, Wish("contoso.com"))[0].changed
    assert entra.writes() == []


def test_line_breaks_in_what_is_there_are_no_difference(entra: Entra) -> None:
    contoso(entra)
    text = "\r\n".join(OLD.der[start : start + 76] for start in range(0, len(OLD.der), 76))
    entra.tenant.set_slot_texts("contoso.com", Slots(text, None))
    assert not write(entra, Wish("contoso.com", signing=OLD))[0].changed


def test_a_look_that_is_not_as_expected_stops_that_domain_only(entra: Entra) -> None:
    contoso(entra, "old", "other")
    entra.add(federated_domain("example.com", "sts.contoso.com", signing("old").der))
    expected = Expected(OLD.thumbprint, None)
    stopped, done = write(entra, Wish("contoso.com", OLD, NEW, expected=expected), Wish("example.com", OLD, NEW, expected=expected))
    assert not stopped.changed and held(entra) == [OLD.thumbprint, OTHER.thumbprint]
    assert f"contoso.com is not as expected: signing is {OLD.thumbprint} (expected {OLD.thumbprint})" in stopped.error
    assert f"next is {OTHER.thumbprint} (expected none)" in stopped.error
    assert done.changed and done.error is None and len(entra.writes()) == 1


def test_rubbish_in_next_is_kept_or_replaced_but_never_a_crash(entra: Entra) -> None:
    contoso(entra, validates_certificates=False)
    entra.tenant.set_slot_texts("contoso.com", Slots(OLD.der, "cnViYmlzaA=="))
    (outcome,) = write(entra, Wish("contoso.com", signing=NEW))
    assert outcome.error is None and outcome.after.next.raw == "cnViYmlzaA==" and outcome.after.next.error
    (outcome,) = write(entra, Wish("contoso.com", next=OLD, expected=Expected(NEW.thumbprint, None)))
    assert outcome.error is None and held(entra) == [NEW.thumbprint, OLD.thumbprint]


def test_a_signing_member_that_cannot_be_read_is_not_sent_back_and_does_not_keep_the_other_from_being_set(entra: Entra) -> None:
    contoso(entra)
    entra.tenant.set_slot_texts("contoso.com", Slots(JUNK, None))
    (outcome,) = write(entra, Wish("contoso.com", next=NEW))
    assert (outcome.changed, outcome.error) == (True, None) and held(entra) == [NEW.thumbprint]
    assert [entry["members"] for entry in entra.writes()] == [["nextSigningCertificate"]]
    assert write(entra, Wish("contoso.com", OLD, NEW))[0].error is None


def test_the_only_certificate_that_can_be_read_is_not_replaced_beside_a_signing_member_that_cannot(entra: Entra) -> None:
    contoso(entra)
    entra.tenant.set_slot_texts("contoso.com", Slots(JUNK, OLD.der))
    for wish in (Wish("contoso.com", next=NEW), Wish("contoso.com", clear_next=True)):
        (outcome,) = write(entra, wish)
        assert "contoso.com has no signing certificate that can be read and kept; give signing_certificate too" in outcome.error
    assert entra.writes() == [] and held(entra) == [OLD.thumbprint]


@pytest.mark.parametrize("junk", JUNKS)
@pytest.mark.parametrize("switches", [{}, {"patch_moves_other": True}])
def test_what_cannot_be_read_in_one_member_never_keeps_the_other_from_being_mended(entra: Entra, junk: str, switches: dict[str, t.Any]) -> None:
    """Three domains with junk in both members, or in next alone: all get their signing certificate, in one batch."""
    names = entra.add_many(3)
    entra.tenant.switches.change(switches)
    texts = [Slots(junk, junk), Slots(None, junk), Slots(OTHER.der, junk)]
    for name, slots in zip(names, texts, strict=True):
        entra.tenant.set_slot_texts(name, slots)
    outcomes = write(entra, *(Wish(name, signing=OLD, expected=Expected(slots_of(slots), None)) for name, slots in zip(names, texts, strict=True)))
    assert [(outcome.changed, outcome.error) for outcome in outcomes] == [(True, None)] * 3
    assert all(held(entra, name)[0] == OLD.thumbprint for name in names)
    assert all(entry["status"] == 204 and entry["members"] == ["signingCertificate"] for entry in entra.writes())


@pytest.mark.parametrize("form", ["pem", "lines", "blanks"])
def test_what_can_be_read_is_always_sent_as_one_line_of_der(entra: Entra, form: str) -> None:
    contoso(entra)
    entra.tenant.set_slot_texts("contoso.com", Slots(OTHER.der, stored(OLD, form)))
    (outcome,) = write(entra, Wish("contoso.com", signing=NEW))
    assert outcome.error is None and held(entra) == [NEW.thumbprint, OLD.thumbprint]
    assert entra.tenant.domain("contoso.com").configured.next_text == OLD.der


def test_a_signing_certificate_that_is_stored_with_armour_is_not_in_order(entra: Entra) -> None:
    contoso(entra)
    entra.tenant.set_slot_texts("contoso.com", Slots(stored(OLD, "pem"), None))
    wish = Wish("contoso.com", signing=OLD, expected=Expected(OLD.thumbprint, None))
    (foretold,) = write(entra, wish, check_mode=True)
    assert foretold.changed and foretold.before.signing.shape(OLD.not_before, False)["in_order"] is False
    (outcome,) = write(entra, wish)
    assert (outcome.changed, outcome.error) == (True, None) and entra.tenant.domain("contoso.com").configured.signing_text == OLD.der
    assert not write(entra, wish)[0].changed and len(entra.writes()) == 1


def test_a_look_that_still_shows_the_armour_is_not_taken_for_the_write(entra: Entra) -> None:
    contoso(entra, lagging_reads=2)
    entra.tenant.set_slot_texts("contoso.com", Slots(stored(OLD, "pem"), None))
    (outcome,) = write(entra, Wish("contoso.com", signing=OLD))
    assert (outcome.changed, outcome.error) == (True, None)
    assert outcome.after.signing.raw == OLD.der and list(READ_BACK_PAUSES[:2]) == WAITS


def test_domains_without_settings_of_their_own_are_explained(entra: Entra) -> None:
    contoso(entra)
    entra.add(inheriting_domain("sub.contoso.com"), managed_domain("cloud.example"))
    names = ("sub.contoso.com", "cloud.example", "unknown.example")
    *failed, done = write(entra, *(Wish(name, OLD, NEW) for name in names), Wish("contoso.com", OLD, NEW))
    for name, outcome in zip(names, failed, strict=True):
        assert outcome.error.startswith(f"{name} has no federation configuration of its own") and outcome.before is None
    assert done.changed and len(entra.writes()) == 1


@pytest.mark.parametrize("count", [1, 20, 21, 60])
def test_requests_stay_within_the_budget(entra: Entra, count: int) -> None:
    names = entra.add_many(count)
    assert all(outcome.changed and not outcome.error for outcome in write(entra, *(Wish(name, OLD, NEW) for name in names)))
    counters = entra.log.counters()
    assert (counters["token.token"], counters["graph.batch"]) == (1, 3 * math.ceil(count / 20))
    assert "graph.list_domains" not in counters and counters["graph_item.patch_configuration"] == count


@pytest.mark.parametrize("switches", [{"patch_returns_object": True}, {"patch_returns_object": False}, {"patch_moves_other": True}])
def test_all_good_answers_to_a_patch_are_good(entra: Entra, switches: dict[str, t.Any]) -> None:
    contoso(entra, "old", "other", **switches)
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert (outcome.changed, outcome.error) == (True, None)


def test_lagging_reads_are_waited_for(entra: Entra) -> None:
    contoso(entra, lagging_reads=3)
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert outcome.error is None and outcome.after.next.thumbprint == NEW.thumbprint
    assert list(READ_BACK_PAUSES[:3]) == WAITS


def test_a_write_that_never_shows_is_an_error_in_bounded_time(entra: Entra) -> None:
    contoso(entra)
    entra.add(federated_domain("example.com", "sts.contoso.com", signing("old").der))
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "domain": "contoso.com", "do": "skip_write"})
    lost, done = write(entra, Wish("contoso.com", OLD, NEW), Wish("example.com", OLD, NEW))
    assert f"contoso.com was written, but after {sum(READ_BACK_PAUSES)} s Graph still does not show it" in lost.error
    assert lost.after.next.thumbprint is None and sum(WAITS) == sum(READ_BACK_PAUSES) <= 60
    assert done.changed and done.error is None


def test_one_refused_patch_hides_no_other(entra: Entra) -> None:
    names = entra.add_many(25)
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "domain": names[2], "do": {"kind": "status", "code": 400}})
    outcomes = write(entra, *(Wish(name, OLD, NEW) for name in names))
    assert [outcome.domain for outcome in outcomes if outcome.error] == [names[2]]
    assert "HTTP 400" in outcomes[2].error and outcomes[2].after.next.thumbprint is None
    assert sum(outcome.changed for outcome in outcomes) == 24


def test_a_throttled_patch_is_sent_again_alone(entra: Entra) -> None:
    names = entra.add_many(3)
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "domain": names[1], "do": {"kind": "throttle", "retry_after": 2}})
    assert all(outcome.changed and not outcome.error for outcome in write(entra, *(Wish(name, OLD, NEW) for name in names)))
    assert [entry["status"] for entry in entra.writes()] == [204, 429, 204, 204] and 2 <= WAITS[0] <= 3


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("done", [True, False])
def test_a_write_that_is_put_off_until_time_is_up_is_looked_at_once_more(entra: Entra, done: bool, readable: bool) -> None:
    contoso(entra)
    put_off = {"kind": "throttle", "retry_after": 600, "when": "after" if done else "before"}
    entra.faults.add({"surface": "graph", "operation": "batch", "skip": 1, "count": 1 if readable else -1, "do": put_off})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert outcome.changed is (done and readable)
    assert outcome.error_id == (("throttled" if not done else None) if readable else "not_known")
    assert readable or "it was not seen that nothing was written there" in outcome.error


@pytest.mark.parametrize(("code", "error_id"), [(400, None), (403, "denied"), (404, "not_found"), (409, "conflict"), (412, "conflict"), (429, "throttled")])
def test_what_graph_refuses_is_told_apart_from_that_it_refuses_at_all(entra: Entra, code: int, error_id: str | None) -> None:
    contoso(entra)
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "count": -1, "do": {"kind": "status", "code": code}})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert outcome.error and (outcome.changed, outcome.error_id) == (False, error_id)


def test_a_patch_whose_answer_got_lost_counts_once_it_shows(entra: Entra) -> None:
    contoso(entra)
    lost = {"kind": "status", "code": 504, "when": "after"}
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "count": -1, "do": lost})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert (outcome.changed, outcome.error) == (True, None) and held(entra) == [OLD.thumbprint, NEW.thumbprint]


def test_a_patch_that_fails_for_good_is_an_error_and_no_change(entra: Entra) -> None:
    contoso(entra)
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "count": -1, "do": {"kind": "status", "code": 500}})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert not outcome.changed and "failed at writing the certificates of contoso.com: HTTP 500" in outcome.error
    assert outcome.after.next.thumbprint is None and outcome.unclear  # a server that fails may have written all the same


def test_when_graph_goes_away_in_the_middle_every_domain_says_so(entra: Entra) -> None:
    names = entra.add_many(45)
    # 3 batches to look, then the first to write passes, and the second finds nobody.
    entra.faults.add({"surface": "graph", "operation": "batch", "skip": 4, "count": -1, "do": "drop"})
    outcomes = write(entra, *(Wish(name, OLD, NEW) for name in names))
    assert all(outcome.changed and "could not be read back" in outcome.error and not outcome.unclear for outcome in outcomes[:20])
    assert all(not outcome.changed and "had no clear answer" in outcome.error and outcome.unclear for outcome in outcomes[20:40])
    assert all(not outcome.changed and "was not tried" in outcome.error and not outcome.unclear for outcome in outcomes[40:])
    assert entra.count("graph_item.patch_configuration") == 20


def test_a_missing_permission_to_write_is_named_for_each_domain(entra: Entra) -> None:
    names = entra.add_many(2)
    entra.server.register_application(CLIENT, secret=SECRET, roles=READ)
    for name, outcome in zip(names, write(entra, *(Wish(name, OLD, NEW) for name in names)), strict=True):
        assert f"writing the certificates of {name}: HTTP 403" in outcome.error
        assert "Domain-InternalFederation.ReadWrite.All (in tenants that do not know it yet: Domain.ReadWrite.All)" in outcome.error


def test_a_missing_permission_to_look_is_one_error_and_nothing_is_written(entra: Entra) -> None:
    names = entra.add_many(2)
    entra.server.register_application(CLIENT, secret=SECRET, roles=())
    with pytest.raises(EntraError, match=r"Domain-InternalFederation\.Read\.All"):
        write(entra, *(Wish(name, OLD, NEW) for name in names))
    assert entra.writes() == []


def test_a_token_that_dies_while_writing_is_renewed(entra: Entra) -> None:
    contoso(entra)
    entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "do": "revoke"})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert (outcome.changed, outcome.error) == (True, None) and entra.count("token.token") == 2


# --- trouble while writing: look again before sending again


PATCH: dict[str, t.Any] = {"surface": "graph_item", "operation": "patch_configuration"}
# What Graph answers instead of carrying a write out, or after it. A batch may fail as a whole, too.
TROUBLES: dict[str, dict[str, t.Any]] = {
    "429": {**PATCH, "do": {"kind": "throttle", "retry_after": 3}},
    "424": {**PATCH, "do": {"kind": "status", "code": 424}},
    "500": {**PATCH, "do": {"kind": "status", "code": 500}},
    "503": {**PATCH, "do": {"kind": "status", "code": 503}},
    "409": {**PATCH, "do": {"kind": "status", "code": 409}},
    "412": {**PATCH, "do": {"kind": "status", "code": 412}},
    "401": {**PATCH, "do": "revoke"},
    "left out": {**PATCH, "do": "omit"},
    "twice": {**PATCH, "do": "twice"},
    "batch 429": {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "throttle", "retry_after": 3}},
    "batch 424": {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "status", "code": 424}},
    "batch 503": {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "status", "code": 503}},
    "batch 401": {"surface": "graph", "operation": "batch", "skip": 1, "do": "revoke"},
    "batch dropped": {"surface": "graph", "operation": "batch", "skip": 1, "do": "drop"},
    "batch garbled": {"surface": "graph", "operation": "batch", "skip": 1, "do": "garbage"},
    "batch nested": {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "nested"}},
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_write_that_failed_for_the_moment_is_made_after_a_fresh_look(entra: Entra, trouble: str) -> None:
    contoso(entra)
    entra.faults.add(TROUBLES[trouble])
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW, expected=Expected(OLD.thumbprint, None)))
    assert (outcome.changed, outcome.error) == (True, None) and held(entra) == [OLD.thumbprint, NEW.thumbprint]
    kinds = [entry["operation"] for entry in entra.log.entries() if entry["surface"] == "graph_item"]
    assert "patch_configuration,patch_configuration" not in ",".join(kinds), "between two writes there is a look"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_somebody_else_wrote_during_the_wait_is_not_written_over(entra: Entra, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contoso(entra)
    entra.faults.add(TROUBLES[trouble])

    def meanwhile(seconds: float) -> None:
        WAITS.append(seconds)
        entra.tenant.set_slots("contoso.com", signing("old").der, signing("other").der)

    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (meanwhile, time.monotonic))
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW, expected=Expected(OLD.thumbprint, None)))
    assert held(entra) == [OLD.thumbprint, OTHER.thumbprint] and not outcome.changed
    assert f"contoso.com is not as expected: signing is {OLD.thumbprint}" in outcome.error
    assert outcome.after.next.thumbprint == OTHER.thumbprint and outcome.before.next.thumbprint is None


def test_without_expected_the_write_is_made_anew_from_what_is_there_now(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    contoso(entra)
    entra.faults.add(TROUBLES["429"])
    monkeypatch.setattr(
        transport.Transport.__init__,
        "__defaults__",
        (lambda _seconds: entra.tenant.set_slots("contoso.com", signing("old").der, signing("other").der), time.monotonic),
    )
    (outcome,) = write(entra, Wish("contoso.com", signing=NEW))
    assert outcome.error is None and held(entra) == [NEW.thumbprint, OTHER.thumbprint]
    assert outcome.before.next.thumbprint == OTHER.thumbprint, "the backup is what was written over"


def test_what_somebody_else_did_in_the_meantime_is_not_told_as_ours(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    contoso(entra)
    entra.faults.add(TROUBLES["429"])
    both = (signing("old").der, signing("new").der)
    monkeypatch.setattr(transport.Transport.__init__, "__defaults__", (lambda _seconds: entra.tenant.set_slots("contoso.com", *both), time.monotonic))
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW, expected=Expected(OLD.thumbprint, None)))
    assert (outcome.changed, outcome.error) == (False, None) and len(entra.writes()) == 1


@pytest.mark.parametrize(
    "lost",
    [
        {**PATCH, "do": {"kind": "status", "code": 504, "when": "after"}},
        {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "drop", "when": "after"}},
        {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "nested", "when": "after"}},
        {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "nested", "when": "after", "opening": '{"responses":['}},
        {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "status", "code": 424, "when": "after"}},
        {"surface": "graph", "operation": "batch", "skip": 1, "do": {"kind": "garbage", "when": "after"}},
        {"surface": "graph", "operation": "batch", "skip": 1, "do": "truncate"},
        {
            "surface": "graph",
            "operation": "batch",
            "skip": 1,
            "do": {"kind": "raw", "head": "HTTP/1.1 302 Found\r\nLocation: https://[::1\r\n\r\n", "when": "after"},
        },
    ],
)
def test_a_write_that_was_carried_out_without_a_clear_answer_is_seen_and_not_repeated(entra: Entra, lost: dict[str, t.Any]) -> None:
    contoso(entra)
    entra.faults.add(lost)
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW, expected=Expected(OLD.thumbprint, None)))
    assert (outcome.changed, outcome.error) == (True, None) and len(entra.writes()) == 1
    assert outcome.before.next.thumbprint is None and outcome.after.next.thumbprint == NEW.thumbprint


def test_a_configuration_that_was_made_anew_is_written_under_its_new_id(entra: Entra) -> None:
    contoso(entra)
    federation = entra.tenant.domain("contoso.com").federation
    former, federation.id = federation.id, "2f1d1c9a-0000-4000-8000-123456789abc"
    look = {"value": [{**federation.to_graph(), "id": former}]}
    entra.faults.add({"surface": "graph_item", "operation": "get_configuration", "do": {"kind": "status", "code": 200, "body": look}})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert (outcome.changed, outcome.error) == (True, None) and held(entra) == [OLD.thumbprint, NEW.thumbprint]
    assert [entry["status"] for entry in entra.writes()] == [404, 204]


@pytest.mark.parametrize(("code", "attempts"), [(404, 1), (409, transport.MAX_ATTEMPTS), (412, transport.MAX_ATTEMPTS)])
def test_a_refusal_that_stays_is_left_and_says_what_to_do(entra: Entra, code: int, attempts: int) -> None:
    contoso(entra)
    entra.faults.add({**PATCH, "count": -1, "do": {"kind": "status", "code": code}})
    (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
    assert not outcome.changed and f"HTTP {code}" in outcome.error and len(entra.writes()) == attempts
    assert "run again" in outcome.error.lower()


def test_no_error_of_a_batch_of_writes_says_that_nothing_was_changed(entra: Entra) -> None:
    contoso(entra)
    for trouble in TROUBLES.values():
        entra.faults.clear()
        entra.faults.add({**trouble, "count": -1})
        (outcome,) = write(entra, Wish("contoso.com", OLD, NEW))
        # An answer that is left out belongs to a write that was carried out, and that shows.
        assert outcome.changed or "nothing was changed" not in outcome.error.lower(), trouble
        assert outcome.changed == (trouble["do"] in ("omit",)), trouble
        entra.tenant.set_slots("contoso.com", signing("old").der, None)


# --- other settings, each only where it is asked for


NEW_ADDRESSES = {
    "passive_sign_in_uri": "https://login.contoso.com/adfs/ls/",
    "active_sign_in_uri": "https://login.contoso.com/adfs/services/trust/2005/usernamemixed",
    "sign_out_uri": "https://login.contoso.com/adfs/ls/?wa=wsignout1.0",
    "metadata_exchange_uri": "https://login.contoso.com/adfs/services/trust/mex",
    "password_reset_uri": "https://login.contoso.com/adfs/portal/updatepassword/",
    "display_name": "Contoso & Söhne",
    "preferred_authentication_protocol": "saml",
    "prompt_login_behavior": "nativeSupport",
}


def settings(entra: Entra, name: str = "contoso.com") -> dict[str, t.Any]:
    return dict(entra.tenant.domain(name).federation.settings)


def test_everything_that_the_former_cmdlets_set_can_be_set_and_the_issuers_of_many_domains_stay(entra: Entra) -> None:
    names = ["contoso.com", "example.com", "one-issuer.example"]
    contoso(entra)
    entra.add(federated_domain("example.com", "sts.contoso.com", signing("old").der))
    entra.add(federated_domain("one-issuer.example", "sts.contoso.com", signing("old").der, issuer_uri="http://sts.contoso.com/adfs/services/trust"))
    kept = {name: {member: settings(entra, name)[member] for member in ("issuerUri", "federatedIdpMfaBehavior")} for name in names}
    assert len({entry["issuerUri"] for entry in kept.values()}) == 3
    outcomes = write(entra, *(Wish(name, OLD, NEW, settings=NEW_ADDRESSES) for name in names))
    assert [(outcome.changed, outcome.error) for outcome in outcomes] == [(True, None)] * 3
    for name in names:
        now = settings(entra, name)
        assert {SETTINGS[ours]: value for ours, value in NEW_ADDRESSES.items()}.items() <= now.items()
        assert {member: now[member] for member in kept[name]} == kept[name]
        assert held(entra, name) == [OLD.thumbprint, NEW.thumbprint]
    sent = [entry["members"] for entry in entra.writes()]
    assert sent == [sorted([*BOTH, *(SETTINGS[ours] for ours in NEW_ADDRESSES)])] * 3, "one PATCH for each domain"


def test_only_settings_that_differ_are_sent_and_certificates_only_if_one_differs(entra: Entra) -> None:
    contoso(entra, "old", "new")
    before = settings(entra)
    wish = Wish("contoso.com", OLD, NEW, settings={"display_name": "Other", "sign_out_uri": before["signOutUri"]})
    (outcome,) = write(entra, wish)
    assert outcome.changed and outcome.after.members["displayName"] == "Other"
    assert [entry["members"] for entry in entra.writes()] == [["displayName"]]
    assert settings(entra) == {**before, "displayName": "Other"}
    assert not write(entra, wish)[0].changed and len(entra.writes()) == 1


def test_a_setting_can_be_written_where_the_certificate_cannot_be_read(entra: Entra) -> None:
    contoso(entra)
    entra.tenant.set_slot_texts("contoso.com", Slots("cnViYmlzaA==", None))
    (outcome,) = write(entra, Wish("contoso.com", settings={"display_name": "Other"}))
    assert (outcome.changed, outcome.error) == (True, None) and entra.writes()[0]["members"] == ["displayName"]


def test_settings_obey_check_mode_lag_and_what_was_expected(entra: Entra) -> None:
    contoso(entra, lagging_reads=2)
    wish = Wish("contoso.com", settings={"display_name": "Other"}, expected=Expected(OLD.thumbprint, None))
    (foretold,) = write(entra, wish, check_mode=True)
    assert foretold.changed and foretold.after.members["displayName"] == "Other" and entra.writes() == []
    (done,) = write(entra, wish)
    assert done.error is None and done.after.members["displayName"] == "Other" and list(READ_BACK_PAUSES[:2]) == WAITS
    (stopped,) = write(entra, Wish("contoso.com", settings={"display_name": "Third"}, expected=Expected(NEW.thumbprint, None)))
    assert "contoso.com is not as expected" in stopped.error and len(entra.writes()) == 1


def test_the_result_is_a_backup_that_restores_what_was(entra: Entra) -> None:
    contoso(entra, "old", "other")
    former = settings(entra)
    now = datetime.datetime.now(datetime.timezone.utc)
    # What was not set at all cannot be restored: null leaves a setting alone.
    asked = {name: value for name, value in NEW_ADDRESSES.items() if former[SETTINGS[name]] is not None}
    backup = described(write(entra, Wish("contoso.com", NEW, OLD, settings=asked)), "tenant", now)
    assert held(entra) == [NEW.thumbprint, OLD.thumbprint]
    before = dict(backup["domains"][0]["before"])
    slots = {name: before.pop(name)["thumbprint"] for name in ("signing_certificate", "next_signing_certificate")}
    expected = {"signing": NEW.thumbprint, "next": OLD.thumbprint}
    (wish,) = wishes_from([{"domain": "contoso.com", **slots, **before, "expected": expected}], backup["certificates"])
    assert write(entra, wish)[0].error is None
    assert held(entra) == [OLD.thumbprint, OTHER.thumbprint] and settings(entra) == former


def test_every_form_of_a_certificate_is_sent_as_one_line_of_base64(entra: Entra, tmp_path: pathlib.Path) -> None:
    one_line = NEW.der
    lines = "\r\n".join(one_line[start : start + 64] for start in range(0, len(one_line), 64))
    (tmp_path / "new.cer").write_bytes(signing("new").der)
    pem = f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
    contoso(entra)
    for text in (pem, lines, one_line, str(tmp_path / "new.cer")):
        entra.tenant.set_slots("contoso.com", signing("old").der, None)
        (outcome,) = write(entra, *wishes_from([{"domain": "contoso.com", "next_signing_certificate": text}], []))
        assert outcome.error is None and entra.tenant.domain("contoso.com").configured.next_text == one_line


def test_nothing_but_get_and_patch_is_ever_sent(entra: Entra) -> None:
    contoso(entra)
    entra.add(managed_domain("cloud.example"), inheriting_domain("sub.contoso.com"))
    write(entra, *(Wish(name, NEW, clear_next=True, settings=NEW_ADDRESSES) for name in ("contoso.com", "cloud.example", "sub.contoso.com")))
    asked = {(entry["operation"], entry["method"]) for entry in entra.log.entries() if entry["surface"] == "graph_item"}
    assert asked == {("get_configuration", "GET"), ("patch_configuration", "PATCH")}
    sent = {member for entry in entra.writes() for member in entry["members"]}
    assert sent == {*BOTH, *(SETTINGS[name] for name in WRITABLE)} and not sent & {"issuerUri", "federatedIdpMfaBehavior", "id"}


# --- many domains, and trouble


def test_nine_hundred_domains_are_written_within_the_budget(entra: Entra) -> None:
    names = entra.add_many(900)
    outcomes = write(entra, *(Wish(name, OLD, NEW) for name in names))
    assert all(outcome.changed and not outcome.error for outcome in outcomes)
    counters = entra.log.counters()
    assert (counters["token.token"], counters["graph.batch"], counters["graph_item.patch_configuration"]) == (1, 3 * 45, 900)


def test_ten_percent_throttled_and_a_burst_of_errors_while_writing_lose_nothing(entra: Entra) -> None:
    names = entra.add_many(200)
    for name in names[::10]:
        entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "domain": name, "do": {"kind": "throttle", "retry_after": 1}})
    for name in names[5::20]:
        entra.faults.add({"surface": "graph_item", "operation": "patch_configuration", "domain": name, "count": 2, "do": {"kind": "status", "code": 503}})
    outcomes = write(entra, *(Wish(name, OLD, NEW) for name in names))
    assert all(outcome.changed and not outcome.error for outcome in outcomes)
    assert all(held(entra, name) == [OLD.thumbprint, NEW.thumbprint] for name in names)
    assert entra.count("graph_item.patch_configuration") == 200 + 20 + 2 * 10
