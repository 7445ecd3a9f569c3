# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._adfs import script_reply as reply
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import from_record, restricted_language, without_source

DENIED = "System.UnauthorizedAccessException"
INVALID = "System.InvalidOperationException"


def record(identifier="", message="text", exception=INVALID, category="OpenError", hresult=-2146233079, activity="Get-AdfsCertificate"):
    return {
        "id": identifier,
        "full_id": f"{identifier},Some.Command",
        "category": category,
        "activity": activity,
        "exceptions": [{"type": exception, "hresult": hresult, "message": message}],
        "line": 1,
    }


@pytest.mark.parametrize(
    ("error", "identifier", "part"),
    [
        (record("PS0033", "PS0033: … is presently: adfs1.contoso.com."), "PS0033", "The primary is adfs1.contoso.com: run"),
        (record("PS0033", "PS0033: Der primäre Server ist zurzeit: adfs1.contoso.com. Führen Sie es dort aus."), "PS0033", "adfs1.contoso.com: run"),
        (record("PS0033", "PS0033: is presently ADFS1"), "PS0033", "Get-AdfsSyncProperties"),
        (record("PS0139"), "PS0139", "state: absent"),
        (record("PS0159", "level 1, required 3"), "PS0159", "level 1, required 3"),
        (record("x", exception="System.ServiceModel.EndpointNotFoundException"), "service_stopped", "Start-Service adfssrv"),
        (record("Modules_ModuleNotFound", category="ResourceUnavailable"), "Modules_ModuleNotFound", "not an AD FS server"),
        (record("CommandNotFoundException", category="ObjectNotFound"), "CommandNotFoundException", "Windows Server 2016"),
        (record("NamedParameterNotFound", category="InvalidArgument"), "NamedParameterNotFound", "Windows Server 2016"),
        (record("x", exception=DENIED), "access_denied", "become_method: runas"),
        (record("x", hresult=-2147024891), "access_denied", "local administrator"),
        (record("x", category="PermissionDenied"), "access_denied", "Get-AdfsCertificate"),
        (record("IOException", "in use", hresult=-2147024864), "in_use", "run again"),
        (record("PS9999", "strange"), "PS9999", "Get-AdfsCertificate failed: strange (identifier PS9999, script read_farm)"),
    ],
)
def test_each_error_says_what_to_do_next(error, identifier, part):
    found = from_record(error, "read_farm")
    assert found.id == identifier
    assert part in str(found)
    assert "\n" not in str(found)


def test_the_sync_part_knows_the_primary_better_than_the_text():
    found = from_record(record("PS0033", "… other.contoso.com"), "read_farm", "adfs1.contoso.com")
    assert found.primary_server == "adfs1.contoso.com"


def test_the_text_of_a_known_error_does_not_matter():
    one, other = record("PS0139", "english"), record("PS0139", "日本語")
    assert str(from_record(one, "s")) == str(from_record(other, "s"))


def test_an_inner_exception_is_found():
    error = record("FooException", exception="System.Management.Automation.MethodInvocationException")
    error["exceptions"].append({"type": DENIED, "hresult": -2147024891, "message": "Access to the path is denied."})
    assert from_record(error, "write_journal").id == "access_denied"


def test_hostile_text_is_tamed():
    found = from_record(record("bad\x1b]0;", "a\nb\x00\x1b[2J" + "x" * 100_000), "read_farm")
    assert len(str(found)) < 1500
    assert str(found).isprintable()


def test_an_error_without_exceptions():
    error = record("Odd")
    error["exceptions"] = []
    assert "Odd" in str(from_record(error, "read_farm"))


def test_the_text_of_a_fault_is_told_once():
    said = "MSIS7707: The configuration service is not available."
    found = from_record(record(said, said, exception="System.ServiceModel.FaultException`1[[Some.Type]]"), "update_certificate")
    assert found.id == "service_fault"
    assert str(found).count(said) == 1
    assert "329 and 331" in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "MethodInvocationNotSupportedInConstrainedLanguage",
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        '{"LanguageMode": "ConstrainedLanguage"}',
    ],
)
def test_a_restricted_language_is_recognised(text):
    message, advice = restricted_language(text)
    assert "language mode" in message
    assert "FullLanguage" in advice


def test_any_other_text_is_no_restricted_language():
    assert restricted_language("The language of this server is German; ParserError, UnexpectedToken") is None


@pytest.mark.parametrize("message", ["", " \n", "\x00"])
def test_an_error_that_says_nothing_is_told_by_its_kind(message):
    assert INVALID in str(from_record(record("PS9999", message), "read_farm"))


def test_what_was_thrown_as_a_text_is_said_once():
    error = record("The farm said no", "The farm said no")
    assert str(from_record(error, "read_farm")).count("The farm said no") == 1


@pytest.mark.parametrize("place", ["At line:3 char:5", "In Zeile:3 Zeichen:5", "発生場所 行:3 文字:5"])
def test_the_source_of_a_script_is_never_quoted(place):
    message = f"{place}\n+ $secret = Get-Thing -Name (\n+                          ~\nMissing an argument."
    for told in (str(from_record(record("ParserError", message), "read_farm")), without_source(message)):
        assert "Missing an argument." in told
        assert "$secret" not in told
        assert place not in told


def test_a_sum_in_a_sentence_is_no_source():
    assert without_source("1 + 1 is 2\nnot 3") == "1 + 1 is 2\nnot 3"


def test_an_error_without_a_place_in_a_script_is_told():
    checked = reply.ERROR({**record("PS9999", "strange"), "line": None}, "the reply")
    assert "strange" in str(from_record(checked, "read_farm"))
