# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of entra_federation mean, and what its results look like."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ansible_collections.federation.adfs.plugins.module_utils._entra.domain_write import WRITABLE, Expected, Outcome
from ansible_collections.federation.adfs.plugins.module_utils._entra.domains import Configuration, read_slot, slot_for
from ansible_collections.federation.adfs.plugins.module_utils._entra.errors import EntraError, OptionsError
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, parse_certificate
from ansible_collections.federation.adfs.plugins.modules.entra_federation import described, differences, failure, warnings_for, wishes_from

NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def make(name: str, dies: int) -> tuple[Certificate, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(7)
    signed = builder.not_valid_before(NOW - 400 * DAY).not_valid_after(NOW + dies * DAY).sign(key, hashes.SHA256())
    return parse_certificate(signed.public_bytes(serialization.Encoding.DER)), signed.public_bytes(serialization.Encoding.PEM).decode()


OLD, OLD_PEM = make("old", 20)
NEW, NEW_PEM = make("new", 400)
DEAD, DEAD_PEM = make("dead", -1)


def wish(certificates: t.Sequence[dict[str, t.Any]] = (), **entry: t.Any) -> t.Any:
    return wishes_from([{"domain": "contoso.com", **entry}], certificates)[0]


def test_every_form_of_a_certificate_is_the_same(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "old.pem"
    path.write_text(OLD_PEM)
    known = [{"thumbprint": OLD.thumbprint.lower(), "der": OLD.der, "subject": "ignored", "days_remaining": 3}]
    lines = "\n".join(OLD.der[start : start + 64] for start in range(0, len(OLD.der), 64))
    pasted = "\u200e" + " ".join(OLD.thumbprint[start : start + 2] for start in range(0, 40, 2))
    for text in (OLD_PEM, OLD.der, lines, str(path), OLD.thumbprint, pasted):
        assert wish(known, signing_certificate=text).signing == OLD, text[:30]


def test_null_and_empty_leave_a_slot_alone() -> None:
    for nothing in (None, "", "  \n"):
        found = wish(signing_certificate=nothing, next_signing_certificate=nothing)
        assert (found.signing, found.next, found.clear_next, found.expected) == (None, None, False, None)


def test_expected_compares_both_and_null_means_none() -> None:
    assert wish(expected={"signing": OLD.thumbprint.lower(), "next": ""}).expected == Expected(OLD.thumbprint, None)
    assert wish(expected={"signing": None, "next": None}).expected == Expected(None, None)


@pytest.mark.parametrize(
    ("entry", "certificates", "words"),
    [
        ({"signing_certificate": "rubbish"}, [], "contoso.com: signing_certificate cannot be used: neither a PEM"),
        ({"next_signing_certificate": OLD_PEM + NEW_PEM}, [], "contoso.com: next_signing_certificate cannot be used: the text holds 2 certificates"),
        ({"signing_certificate": "0" * 40}, [], "is the thumbprint 0000000000000000000000000000000000000000, but the option certificates has no entry"),
        ({"next_signing_certificate": NEW_PEM, "clear_next": True}, [], "contradict each other"),
        ({"expected": {"signing": "xyz", "next": None}}, [], "contoso.com: expected.signing: 'xyz' is not a certificate thumbprint"),
        ({"domain": "not a name"}, [], "'not a name' is not a domain name"),
        ({}, [{"thumbprint": OLD.thumbprint}], "needs 'thumbprint' and 'der'"),
        ({}, [{"thumbprint": OLD.thumbprint, "der": NEW.der}], f"the entry {OLD.thumbprint} holds another certificate, {NEW.thumbprint}"),
        ({}, [{"thumbprint": OLD.thumbprint, "der": "rubbish"}], f"the entry {OLD.thumbprint} cannot be used"),
        ({"display_name": "  x " * 200}, [], "contoso.com: display_name is longer than 256 characters"),
        ({"passive_sign_in_uri": "http://sts.contoso.com/adfs/ls/"}, [], "contoso.com: passive_sign_in_uri must be an address such as https://"),
        ({"sign_out_uri": "https://sts.contoso.com/a b"}, [], "contoso.com: sign_out_uri must be an address such as https://"),
        ({"preferred_authentication_protocol": "oauth"}, [], "contoso.com: preferred_authentication_protocol is 'oauth'; use one of wsFed, saml"),
        ({"prompt_login_behavior": "no"}, [], "use one of translateToFreshPasswordAuthentication, nativeSupport, disabled"),
    ],
    ids=range(14),
)
def test_what_makes_no_sense_is_refused(entry: dict[str, t.Any], certificates: list[dict[str, t.Any]], words: str) -> None:
    with pytest.raises(EntraError) as caught:
        wish(certificates, **entry)
    assert words in str(caught.value)


def test_settings_are_asked_for_one_by_one_and_never_emptied() -> None:
    found = wish(display_name=" Contoso ", passive_sign_in_uri="", sign_out_uri=None, preferred_authentication_protocol="WSFED", password_reset_uri=" ")
    assert found.settings == {"display_name": "Contoso", "preferred_authentication_protocol": "wsFed"}
    assert not {"issuer_uri", "federated_idp_mfa_behavior"} & set(WRITABLE)


def test_a_domain_named_twice_is_refused() -> None:
    with pytest.raises(OptionsError, match=r"names contoso\.com twice"):
        wishes_from([{"domain": "contoso.com"}, {"domain": "Contoso.com."}], [])


def test_expired_and_equal_certificates_are_warned_about_once() -> None:
    entries = [{"domain": name, "signing_certificate": DEAD_PEM, "next_signing_certificate": DEAD_PEM} for name in ("a.example", "b.example")]
    found = warnings_for(wishes_from(entries, []), NOW)
    assert len(found) == 3 and all("(domains: a.example, b.example)" in text for text in found)
    assert sum("expired on 2026-02-28" in text for text in found) == 2 and any("are the same" in text for text in found)
    assert warnings_for([wish(signing_certificate=OLD_PEM, next_signing_certificate=NEW_PEM)], NOW) == []


BEFORE = Configuration("id", slot_for(OLD), read_slot("rubbish"))
AFTER = Configuration("id", slot_for(OLD), slot_for(NEW))


def test_results_hold_slots_by_thumbprint_and_bodies_once() -> None:
    outcomes = [Outcome("a.example", True, BEFORE, AFTER), Outcome("b.example", True, BEFORE, AFTER), Outcome("c.example", error="no")]
    result = described(outcomes, "tenant", NOW)
    assert result["changed"] is True and result["tenant_id"] == "tenant"
    first = result["domains"][0]
    assert first["before"]["signing_certificate"] == {
        "thumbprint": OLD.thumbprint,
        "subject": "CN=old",
        "not_before": "2025-01-25T12:00:00Z",
        "not_after": "2026-03-21T12:00:00Z",
    }
    assert first["before"]["next_signing_certificate"]["thumbprint"] is None and first["before"]["next_signing_certificate"]["error"]
    assert first["after"]["next_signing_certificate"]["thumbprint"] == NEW.thumbprint
    assert result["domains"][2] == {"domain": "c.example", "changed": False, "before": None, "after": None, "error": "no", "error_id": "not_tried"}
    assert sorted(entry["der"] for entry in result["certificates"]) == sorted([OLD.der, NEW.der])


def test_the_diff_shows_changed_domains_by_thumbprint_subject_and_expiry() -> None:
    shown = differences([Outcome("a.example", True, BEFORE, AFTER), Outcome("b.example", False, AFTER, AFTER)])
    assert [entry["before_header"] for entry in shown] == ["a.example (Entra ID)"]
    assert shown[0]["before"].splitlines()[0] == f"signing: {OLD.thumbprint}  CN=old  from 2025-01-25T12:00:00Z until 2026-03-21T12:00:00Z"
    assert shown[0]["before"].splitlines()[1].startswith("next:    unreadable (")
    assert shown[0]["after"].splitlines()[1] == f"next:    {NEW.thumbprint}  CN=new  from 2025-01-25T12:00:00Z until 2027-04-05T12:00:00Z"


def test_the_diff_of_many_equal_changes_is_one_entry_and_shows_settings_asked_for() -> None:
    named = [Configuration("id", slot_for(OLD), slot_for(NEW), {"displayName": name, "issuerUri": "http://x"}) for name in ("Old", "New")]
    (entry,) = differences([Outcome(f"d{number}.example", True, named[0], named[1], settings=("display_name",)) for number in range(3)])
    assert entry["before_header"] == "d0.example, d1.example, d2.example (Entra ID)"
    assert entry["before"].splitlines()[2:] == ["display_name: Old"] and entry["after"].splitlines()[2:] == ["display_name: New"]


def test_nine_hundred_domains_stay_short_with_their_options() -> None:
    name = "a-rather-long-name-of-a-domain-{}.example.com"
    outcomes = [Outcome(name.format(number), True, Configuration("id", slot_for(OLD), read_slot(None)), AFTER) for number in range(900)]
    options = {"domain": name, "signing_certificate": OLD.thumbprint, "next_signing_certificate": NEW.thumbprint, "expected": {"signing": OLD.thumbprint}}
    few = described(outcomes[:100], "tenant", NOW, [options] * 100)
    assert few["detail"] == "full" and few["domains"][0]["after"]["next_signing_certificate"]["subject"] == "CN=new"
    many = described(outcomes, "tenant", NOW, [options] * 900)
    assert many["detail"] == "shortest" and len(json.dumps(many)) < 600_000
    failed = [Outcome(name.format(number), False, BEFORE, BEFORE, error="x" * 700) for number in range(900)]
    assert len(json.dumps(described(failed, "tenant", NOW, [options] * 900))) < 700_000
    assert many["domains"][899]["before"] == {"signing_certificate": {"thumbprint": OLD.thumbprint}, "next_signing_certificate": None}


def test_the_failure_names_the_domains_and_what_was_done() -> None:
    assert failure([Outcome("a.example", True, BEFORE, AFTER)]) is None
    failed = [Outcome(f"d{number}.example", error=f"d{number}.example did not work.") for number in range(8)]
    text = failure([Outcome("a.example", True, BEFORE, AFTER), *failed]) or ""
    assert text.startswith("8 of 9 domains failed, 1 changed. d0.example did not work. | d1.example")
    assert text.endswith("| and 3 more: d5.example, d6.example, d7.example")
