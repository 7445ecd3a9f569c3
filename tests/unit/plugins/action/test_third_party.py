# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identity providers that are known by their metadata alone: which documents are believed, and what is planned on them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.tests.unit.plugins.action.test_rollover_plan import NOW, certificate, entra, run

ENTITY = "http://www.okta.com/exk1fcia6d6EMsf331d8"
SIGN_IN = "https://contoso.okta.com/app/office365/exk1fcia6d6EMsf331d8/sso/wsfed/passive"
OLD = certificate("old", -300, 65)
NEW = certificate("new", -1, 364)
THIRD = certificate("third", 0, 365)
SIGNER = certificate("signs the metadata", -300, 3000)
OTHER = certificate("somebody else", -10, 300)


def thumbprint(shown: dict[str, object]) -> str:
    return str(shown["thumbprint"])


USUAL = "SIGNER"


def signed_by(signer: object) -> dict[str, object] | None:
    return SIGNER if signer == USUAL else signer


def document(*published: dict[str, object], signer: object = USUAL, status: str = "valid", adfs: bool = False) -> dict[str, object]:
    certificate = signed_by(signer)
    return {
        "entity_id": ENTITY,
        "is_adfs": adfs,
        "signing_certificates": list(published),
        "endpoints": {"passive_sign_in": SIGN_IN},
        "signature": {"status": status if certificate else "absent", "reason": None, "certificate": certificate},
    }


def domain(name: str = "contoso.com", signing: object = None, second: object = None, **more: object) -> dict[str, object]:
    return entra(name, signing, second, **{"issuer_uri": ENTITY, "passive_sign_in_uri": SIGN_IN, **more})


def pinned(*published: dict[str, object], signer: object = USUAL, **more: object) -> dict[str, object]:
    """A journal whose last document was this one."""
    first = run(provider=document(*published), domains=[])["plan"]["journal"]["content"]
    certificate = signed_by(signer)
    first["metadata"]["signer"] = thumbprint(certificate) if certificate else None
    return {"found": True, "sha256": "ab", "error": None, "content": {**first, "lock": None, **more}}


def remembered(*certificates: dict[str, object]) -> dict[str, object]:
    return {thumbprint(c): {"came": None, "under": None, "last_primary": None} for c in certificates}


def plan(provider: dict[str, object], *domains: dict[str, object], **more: object) -> dict[str, object]:
    return run(provider=provider, domains=list(domains), **more)["plan"]


def acts(made: dict[str, object]) -> list[str]:
    return [action["action"] for action in made["actions"]]


def slots(made: dict[str, object]) -> dict[str, tuple[str | None, str | None]]:
    return {t["domain"]: (t["slots"]["signing"], t["slots"]["next"]) for action in made["actions"] for t in action["targets"]}


def guards(made: dict[str, object]) -> set[str]:
    return {block["condition"] for block in made["blocked_by"]}


def refusal(provider: dict[str, object], **more: object) -> str:
    with pytest.raises(AnsibleActionFail) as caught:
        plan(provider, domain(signing=OLD), **more)
    return str(caught.value)


# --- which document is believed


def test_the_first_signer_is_pinned_and_named() -> None:
    made = plan(document(OLD), domain(signing=OLD))
    assert (made["state"], made["actions"]) == ("steady", [])
    assert [(a["alarm"], thumbprint(SIGNER) in a["reason"]) for a in made["alarms"]] == [("first_use", True)]
    assert made["journal"]["write"] is True
    assert made["journal"]["content"]["metadata"] == {"signer": thumbprint(SIGNER), "certificates": [thumbprint(OLD)]}


def test_a_steady_provider_with_a_pinned_signer_writes_nothing() -> None:
    first = plan(document(OLD), domain(signing=OLD), journal=pinned(OLD))["journal"]["content"]
    made = plan(document(OLD), domain(signing=OLD), journal={"found": True, "sha256": "ab", "error": None, "content": first})
    assert (made["actions"], made["alarms"], made["journal"]["write"]) == ([], [], False)


def test_another_signer_stops_with_both_thumbprints_and_the_variable() -> None:
    message = refusal(document(NEW, signer=OTHER), journal=pinned(OLD))
    assert thumbprint(SIGNER) in message and thumbprint(OTHER) in message
    assert "renew_signing_cert_known_certificates" in message


def test_another_signer_that_the_operator_lists_is_pinned_instead() -> None:
    made = plan(document(OLD, signer=OTHER), domain(signing=OLD), journal=pinned(OLD), policy={"known_certificates": [thumbprint(OTHER)]})
    assert made["journal"]["content"]["metadata"]["signer"] == thumbprint(OTHER)
    assert made["alarms"] == []


def test_a_signer_that_the_last_document_published_is_known() -> None:
    """AD FS signs its document with its primary, so the signer changes with every renewal."""
    made = plan(document(OLD, NEW, signer=NEW, adfs=True), domain(signing=OLD, second=NEW), journal=pinned(OLD, NEW, signer=OLD))
    assert made["journal"]["content"]["metadata"]["signer"] == thumbprint(NEW)


def test_a_signer_that_was_published_long_ago_is_not_known_any_more() -> None:
    journal = pinned(NEW, history=remembered(OLD, NEW))
    assert thumbprint(OLD) in refusal(document(NEW, signer=OLD), journal=journal)


@pytest.mark.parametrize("signer", [SIGNER, None])
def test_an_invalid_signature_is_never_believed(signer: dict[str, object] | None) -> None:
    spoilt = {**document(OLD), "signature": {"status": "invalid", "reason": "the document was changed", "certificate": signer}}
    known = {"known_certificates": [thumbprint(OLD), thumbprint(SIGNER)]}
    assert "the document was changed" in refusal(spoilt, policy=known, journal=pinned(OLD))


def test_an_unsigned_document_needs_every_certificate_confirmed() -> None:
    unsigned = document(OLD, NEW, signer=None)
    message = refusal(unsigned, policy={"known_certificates": [thumbprint(OLD)]})
    assert "is not signed" in message and thumbprint(NEW) in message and thumbprint(OLD) not in message
    made = plan(unsigned, domain(signing=OLD), policy={"known_certificates": [thumbprint(OLD), thumbprint(NEW)]})
    assert acts(made) == ["publish"]
    assert made["journal"]["content"]["metadata"]["signer"] is None


WEAK = "the document is signed with SHA-1"


def weak(*published: dict[str, object]) -> dict[str, object]:
    return {**document(*published), "signature": {"status": "weak", "reason": WEAK, "certificate": SIGNER}}


def test_a_weak_signature_is_treated_like_none() -> None:
    message = refusal(weak(OLD, NEW), policy={"known_certificates": [thumbprint(OLD), thumbprint(SIGNER)]})
    assert WEAK in message and thumbprint(NEW) in message and thumbprint(OLD) not in message
    made = plan(weak(OLD, NEW), domain(signing=OLD), policy={"known_certificates": [thumbprint(OLD), thumbprint(NEW)]})
    assert acts(made) == ["publish"]
    assert made["journal"]["content"]["metadata"]["signer"] is None


def test_a_weak_signature_of_the_pinned_signer_proves_nothing() -> None:
    assert WEAK in refusal(weak(OLD), journal=pinned(OLD))


def test_a_weakly_signed_adfs_document_does_not_say_who_signs() -> None:
    spoilt = {**weak(OLD, NEW), "is_adfs": True, "signature": {"status": "weak", "reason": WEAK, "certificate": NEW}}
    made = plan(spoilt, domain(signing=OLD), policy={"known_certificates": [thumbprint(OLD), thumbprint(NEW)]})
    assert made["state"] != "broken"


def test_a_document_that_has_ended_is_refused_whatever_is_confirmed() -> None:
    old = {**document(OLD), "signature": {"status": "expired", "reason": "the document was valid until 2019-01-01T00:00:00Z", "certificate": SIGNER}}
    known = {"known_certificates": [thumbprint(OLD), thumbprint(SIGNER)]}
    message = refusal(old, policy=known, journal=pinned(OLD))
    assert "out of date" in message and "2019-01-01T00:00:00Z" in message


@pytest.mark.parametrize("address", ["https://[sts.example.com/ls/", "https://[::1/ls", "https://\u2100.example.com/", "https://[sts]\x1b[2J/"])
def test_a_sign_in_address_that_cannot_be_read_is_named(address: str) -> None:
    message = refusal({**document(OLD), "endpoints": {"passive_sign_in": address}})
    assert ENTITY in message and message.isprintable() and "is not an address" in message


def test_a_signed_provider_that_is_suddenly_unsigned_is_not_believed() -> None:
    assert "is not signed" in refusal(document(OLD, signer=None), journal=pinned(OLD))


def test_an_unsigned_provider_that_is_suddenly_signed_is_asked_about() -> None:
    message = refusal(document(OLD), journal=pinned(OLD, signer=None))
    assert "until now it was not signed" in message


@pytest.mark.parametrize(
    "journal",
    [
        {"found": True, "sha256": "ab", "content": None, "error": "corrupt: it is not JSON"},
        {"found": True, "sha256": "ab", "content": {"schema": 1, "farm": "http://www.okta.com/another"}, "error": None},
    ],
)
def test_a_journal_that_cannot_be_used_is_no_first_use(journal: dict[str, object]) -> None:
    """Else who can change the document's name, or spoil the journal, would be believed at once."""
    message = refusal(document(OLD), journal=journal)
    assert "the journal that would tell whom to believe cannot be used" in message
    made = plan(document(OLD), domain(signing=OLD), journal=journal, policy={"known_certificates": [thumbprint(SIGNER)]})
    assert [a["alarm"] for a in made["alarms"]] == ["journal"]


@pytest.mark.parametrize(
    ("provider", "words"),
    [({}, "is incomplete"), ({"entity_id": "x"}, "is incomplete"), (document(), "publishes no signing certificate")],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(provider: dict[str, object], words: str) -> None:
    assert words in refusal(provider)


@pytest.mark.parametrize("policy", [{"rollback": True}, {"remove_old_from_adfs": True}, {"compromised": ["AB" * 20]}])
def test_what_only_a_farm_can_do_is_refused(policy: dict[str, object]) -> None:
    assert f"renew_signing_cert_{next(iter(policy))} changes what an AD FS farm signs with" in refusal(document(OLD), policy=policy)


@pytest.mark.parametrize("both", [True, False])
def test_exactly_one_of_farm_and_provider(both: bool) -> None:
    given = {"farm": {"identifier": "x"}, "provider": document(OLD)} if both else {}
    with pytest.raises(AnsibleActionFail, match="give either farm"):
        run(domains=[], **given)


# --- what is planned


def test_a_certificate_that_is_published_beside_the_other_is_told_to_every_domain() -> None:
    made = plan(document(OLD, NEW), domain("contoso.com", OLD), domain("fabrikam.com", OLD, NEW), journal=pinned(OLD))
    assert made["state"] == "publishing"
    assert acts(made) == ["publish"]
    assert slots(made) == {"contoso.com": (thumbprint(OLD), thumbprint(NEW))}
    assert [d["verdict"] for d in made["domains"]] == ["successor_missing", "successor_published"]
    assert made["failures"] == []


@pytest.mark.parametrize("held", [OLD, NEW])
def test_a_domain_that_holds_one_of_two_is_not_called_broken(held: dict[str, object]) -> None:
    """Which of the two signs is not known; either way the domain gets both and loses none."""
    made = plan(document(OLD, NEW), domain(signing=held), journal=pinned(OLD))
    assert made["state"] != "broken"
    assert acts(made) == ["publish"]
    assert slots(made) == {"contoso.com": (thumbprint(OLD), thumbprint(NEW))}


@pytest.mark.parametrize("published", [(OLD,), (OLD, NEW)])
def test_a_domain_that_holds_none_is_broken_and_mended(published: tuple[dict[str, object], ...]) -> None:
    made = plan(document(*published), domain(signing=OTHER), journal=pinned(OLD))
    assert (made["state"], acts(made)) == ("broken", ["repair"])
    kept = NEW if len(published) == 2 else OTHER
    assert slots(made) == {"contoso.com": (thumbprint(OLD), thumbprint(kept))}


def test_a_provider_that_switched_at_once_is_mended_and_the_earlier_one_is_no_stranger() -> None:
    made = plan(document(NEW), domain(signing=OLD), journal=pinned(OLD))
    assert (made["state"], acts(made)) == ("broken", ["repair"])
    assert slots(made) == {"contoso.com": (thumbprint(NEW), thumbprint(OLD))}
    after = plan(document(NEW), domain(signing=NEW, second=OLD), journal=made_journal(made))
    assert (after["state"], after["actions"], after["failures"]) == ("complete", [], [])


def made_journal(made: dict[str, object], **more: object) -> dict[str, object]:
    return {"found": True, "sha256": "ab", "error": None, "content": {**made["journal"]["content"], "lock": None, **more}}


def test_known_everywhere_after_the_propagation_time() -> None:
    both = (thumbprint(OLD), thumbprint(NEW))
    stamps = [{"since": dict.fromkeys(both, format_time(NOW - timedelta(hours=25))), "domains": ["tenant/contoso.com"]}]
    journal = pinned(OLD, NEW, first_seen=stamps, last_scan=format_time(NOW - timedelta(hours=20)))
    made = plan(document(OLD, NEW), domain(signing=OLD, second=NEW), journal=journal)
    assert (made["state"], made["actions"], guards(made)) == ("ready", [], set())
    fresh = plan(document(OLD, NEW), domain(signing=OLD, second=NEW), journal=pinned(OLD, NEW))
    assert (fresh["state"], guards(fresh)) == ("published", {"propagation"})


def test_an_adfs_document_says_who_signs() -> None:
    made = plan(document(OLD, NEW, signer=NEW, adfs=True), domain(signing=OLD), journal=pinned(OLD, NEW, signer=OLD))
    assert made["state"] == "broken"
    assert slots(made) == {"contoso.com": (thumbprint(NEW), thumbprint(OLD))}


def test_the_first_member_is_the_published_one_in_the_end() -> None:
    made = plan(document(NEW), domain(signing=OLD, second=NEW), journal=pinned(OLD, NEW))
    assert (made["state"], acts(made)) == ("promoted", ["reorder"])
    assert slots(made) == {"contoso.com": (thumbprint(NEW), thumbprint(OLD))}


def test_what_is_published_no_more_leaves_only_if_asked_and_after_the_interval() -> None:
    followed = {"primary": thumbprint(NEW), "at": format_time(NOW - timedelta(hours=26))}
    journal = pinned(NEW, followed=followed, history=remembered(OLD, NEW))
    held = domain(signing=NEW, second=OLD)
    assert acts(plan(document(NEW), held, journal=journal)) == []
    assert slots(plan(document(NEW), held, journal=journal, policy={"remove_old_from_entra": True})) == {"contoso.com": (thumbprint(NEW), None)}
    early = {**followed, "at": format_time(NOW - timedelta(hours=20))}
    waits = plan(document(NEW), held, journal=pinned(NEW, followed=early, history=remembered(OLD)), policy={"remove_old_from_entra": True})
    assert (acts(waits), "retire_interval" in guards(waits)) == ([], True)


def test_three_certificates_find_no_room_and_nothing_is_written() -> None:
    made = plan(document(OLD, NEW, THIRD), domain(signing=OTHER), journal=pinned(OLD))
    assert made["actions"] == []
    assert "too_many_signers" in guards(made)
    assert "too_many_signers" in {a["alarm"] for a in made["alarms"]}


def test_an_expired_third_one_gives_way() -> None:
    expired = certificate("expired", -400, -1)
    made = plan(document(expired, OLD, NEW), domain(signing=OLD), journal=pinned(OLD))
    assert slots(made) == {"contoso.com": (thumbprint(OLD), thumbprint(NEW))}
    beside = plan(document(expired, OLD), domain(signing=expired), journal=pinned(expired))
    assert slots(beside) == {"contoso.com": (thumbprint(expired), thumbprint(OLD))}


def test_near_its_end_the_provider_is_asked_for_the_next_one() -> None:
    ending = certificate("ending", -340, 20)
    made = plan(document(ending), domain(signing=ending), journal=pinned(ending))
    assert (made["actions"], guards(made)) == ([], {"provider_renews"})
    assert made["deadline"] == format_time(NOW + timedelta(days=20 - 3) - timedelta(hours=25, minutes=10))
    late = certificate("late", -340, 9)
    assert [f["fail_on"] for f in plan(document(late), domain(signing=late), journal=pinned(late))["failures"]] == ["deadline"]


def test_nothing_is_ever_done_on_a_server() -> None:
    ending = certificate("ending", -340, 1)
    policy = {"promote": "role", "auto_rollover": True, "renew_before": "300d"}
    for published in ((ending,), (ending, NEW)):
        made = plan(document(*published), domain(signing=OTHER), journal=pinned(ending), policy=policy)
        assert set(acts(made)) <= {"repair", "publish", "reorder", "remove_from_entra"}


def test_a_hold_keeps_the_next_certificate_back_but_not_a_repair() -> None:
    assert acts(plan(document(OLD, NEW), domain(signing=OLD), journal=pinned(OLD), policy={"pause": True})) == []
    assert acts(plan(document(OLD, NEW), domain(signing=OTHER), journal=pinned(OLD), policy={"pause": True})) == ["repair"]


def test_a_strangers_certificate_stops_the_publication() -> None:
    made = plan(document(OLD, NEW), domain(signing=OLD, second=OTHER), journal=pinned(OLD))
    assert (made["state"], acts(made), "unknown_certificate" in guards(made)) == ("unknown_certificate", [], True)


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        ({}, True),
        ({"passive_sign_in_uri": "https://elsewhere.example.com/"}, True),  # the issuer counts
        ({"issuer_uri": "urn:contoso", "passive_sign_in_uri": SIGN_IN.replace("contoso.okta", "CONTOSO.okta") + "/"}, True),
        ({"issuer_uri": ENTITY + "/", "passive_sign_in_uri": "https://contoso.okta.com/app/office365/another/sso/wsfed/passive"}, False),
        ({"issuer_uri": None, "passive_sign_in_uri": "https://sts.contoso.com/adfs/ls/"}, False),
    ],
)
def test_a_host_alone_does_not_make_a_domain_the_providers(change: dict[str, object], ours: bool) -> None:
    """Products share one host among applications and customers."""
    made = plan(document(OLD), domain(signing=OTHER, **change), journal=pinned(OLD))
    assert (acts(made) == ["repair"]) is ours
    assert (made["domains"][0]["verdict"] == "other_farm") is not ours


def test_the_operator_may_name_a_domain_at_the_same_host() -> None:
    other_application = {"issuer_uri": "urn:contoso", "passive_sign_in_uri": "https://contoso.okta.com/app/another"}
    made = plan(document(OLD), domain(signing=OTHER, **other_application), journal=pinned(OLD), policy={"domains": ["contoso.com"]})
    assert acts(made) == ["repair"]


def test_the_summary_speaks_of_the_identity_provider() -> None:
    made = plan(document(OLD, NEW), domain("contoso.com", OLD), domain("fabrikam.com", OTHER), journal=pinned(OLD))
    text = "\n".join([*made["summary"], *(d["reason"] for d in made["domains"])])
    assert "AD FS" not in text
    assert f"Identity provider {ENTITY}: publishes 2 certificates" in text
    assert f"Metadata: signed with {thumbprint(SIGNER)}" in text
    assert made["farm"]["source"] == "metadata"
