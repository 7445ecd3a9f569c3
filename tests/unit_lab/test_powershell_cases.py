# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of tests/powershell: that the lab gives their replies, that none is missing, and, where there is a PowerShell, that it gives them too."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from lab import answers, cmdlet_state, powershell, scenario

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "tools"))

import case_files  # noqa: E402 - tools, not packages
import powershell_cases  # noqa: E402

FOLDER = TESTS / "powershell"
BOOKS: dict[str, dict[str, Any]] = case_files.decode(case_files.read(FOLDER / "cases"))
CASES = [(name, case) for name, book in BOOKS.items() for case in book["cases"]]
ALL = sorted(powershell.READS | powershell.ACTS)
# Of AD FS by its table of errors; a stopped service and the console's ADMIN0017 have no id of a cmdlet.
ERROR_IDS = ("PS0033", "PS0139", "PS0137", "PS0159", "AutoCertificateRolloverDisabled", "AutoCertificateRolloverEnabled")
CULTURES = ("en-US", "de-DE", "ja-JP", "ar-SA", "tr-TR", "th-TH", "fa-IR")
LIMIT = 1800  # seconds for the whole suite in PowerShell


def pwsh() -> str | None:
    """Return the PowerShell 7 of this machine, if it has one."""
    return os.environ.get("PWSH") or shutil.which("pwsh")


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_the_lab_gives_the_replies_of_the_cases(name: str) -> None:
    state = BOOKS[name]["state"]
    for case in BOOKS[name]["cases"]:
        reply, after = powershell_cases.play(state, case["script"], case["request"], case["check_mode"])
        told = f"{name}/{case['name']}: run `make powershell-cases` if this is meant, and see what changes"
        assert reply == case["reply"], told
        assert after == (case["after"] or state), told


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_a_state_survives_the_lab(name: str) -> None:
    node, newborn = cmdlet_state.load(json.loads(json.dumps(BOOKS[name]["state"])))
    assert json.loads(json.dumps(cmdlet_state.dump(node, newborn))) == BOOKS[name]["state"]


def test_writing_the_cases_again_changes_nothing() -> None:
    books = json.loads(json.dumps(powershell_cases.books()))
    assert books == BOOKS
    assert case_files.encode(powershell_cases.books()) == case_files.read(FOLDER / "cases")


def test_every_script_has_cases(record_property: Any) -> None:
    counted = Counter(case["script"] for _name, case in CASES)
    for script in ALL:
        record_property(script, counted[script])
    print("cases: " + ", ".join(f"{script} {counted[script]}" for script in ALL))
    assert [script for script in ALL if not counted[script]] == []
    assert set(counted) == set(ALL)


def test_every_script_meets_every_scenario_and_fault_of_the_lab() -> None:
    with_adfs = {name for name in scenario.names() if scenario.load(name).get("farms")}
    states = {*with_adfs, *(name for name in BOOKS if name.startswith(("faults-", "certificates-", "members-", "lists-")))}
    for name in states:
        assert {case["script"] for case in BOOKS[name]["cases"]} == set(ALL), name


def _errors(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in _errors(item)]
    if not isinstance(value, dict):
        return []
    own = [value] if {"full_id", "exceptions"} <= set(value) else []
    return own + [found for item in value.values() for found in _errors(item)]


@pytest.mark.parametrize("identifier", ERROR_IDS)
def test_every_error_id_has_a_case(identifier: str) -> None:
    assert any(error["id"] == identifier for _name, case in CASES for error in _errors(case["reply"]))


@pytest.mark.parametrize(
    "exception", ["System.ServiceModel.EndpointNotFoundException", "System.UnauthorizedAccessException", "System.IO.FileNotFoundException"]
)
def test_every_error_without_an_id_has_a_case(exception: str) -> None:
    assert any(item["type"] == exception for _name, case in CASES for error in _errors(case["reply"]) for item in error["exceptions"])


def test_every_act_has_a_refusal_in_check_mode_and_every_read_an_answer() -> None:
    found = {case["script"]: case["reply"]["ok"] for _name, case in CASES if case["check_mode"]}
    assert found == {script: script in powershell.READS for script in ALL}


def test_numbers_of_certificates_and_what_is_not_ascii() -> None:
    listed = {
        len(part["value"])
        for _name, case in CASES
        if case["script"] == "read_farm"
        for part in [case["reply"].get("data", {}).get("certificates", {})]
        if part.get("ok")
    }
    assert {0, 1, 3, 5} <= listed
    signing = {sum(item["CertificateType"] == "Token-Signing" for item in book["state"]["certificates"]) for book in BOOKS.values()}
    assert {0, 1, 2, 3} <= signing
    assert not json.dumps(BOOKS["members-absent"], ensure_ascii=False).isascii()
    assert b"\xe7\xbd\xb2\xe5\x90\x8d" in b"".join(
        item.der for item in cmdlet_state.load(BOOKS["certificates-non-ascii"]["state"])[0].configuration.certificates
    )


@pytest.mark.parametrize("path", [FOLDER / "run.ps1", FOLDER / "ADFS" / "ADFS.psm1", FOLDER / "ADFS" / "ADFS.psd1"], ids=lambda path: path.name)
def test_the_suite_itself_parses(path: Path) -> None:
    source = path.read_bytes()
    assert source.isascii()
    waiting = [tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(source).root_node]
    wrong = []
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            wrong.append((node.start_point, source[node.start_byte : node.end_byte][:80]))
        waiting.extend(node.children)
    assert wrong == []


def _commands(path: Path) -> list[Any]:
    tree_sitter = pytest.importorskip("tree_sitter")
    language = pytest.importorskip("tree_sitter_powershell")
    waiting = [tree_sitter.Parser(tree_sitter.Language(language.language())).parse(path.read_bytes()).root_node]
    found = []
    while waiting:
        node = waiting.pop()
        found += [node] if node.type == "command" else []
        waiting.extend(node.children)
    return found


SUITE = [FOLDER / "run.ps1", FOLDER / "ADFS" / "ADFS.psm1", FOLDER / "ADFS" / "ADFS.psd1"]
NOT_IN_5_1 = (
    r"\?\?|\?\.|&&|\|\||-Parallel\b|-AsHashtable|-NoEnumerate|-AsArray|-AsByteStream|utf8NoBOM|\$Is(Windows|Linux|MacOS|CoreCLR)\b|Join-String|Test-Json"
)


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.name)
def test_the_suite_itself_keeps_to_what_5_1_has_and_to_the_layout_of_the_scripts(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    assert [number for number, line in enumerate(text.splitlines(), start=1) if len(line) > 160 or line != line.rstrip() or "\t" in line] == []
    code = re.sub(r"'[^'\n]*'", "''", re.sub(r"(?m)(^|\s)#.*$", "", text))
    assert re.findall(NOT_IN_5_1, code) == []
    assert not re.search(r"ConvertFrom-Json\b[^\n]*-Depth", code)


@pytest.mark.parametrize("path", [*SUITE, *sorted(powershell.FOLDER.glob("*.ps1"))], ids=lambda path: path.name)
def test_three_arguments_or_more_have_names(path: Path) -> None:
    """PSAvoidUsingPositionalParameters of PSScriptAnalyzer."""
    for command in _commands(path):
        elements = [node for part in command.children if part.type == "command_elements" for node in part.children if node.type != "command_argument_sep"]
        named = [node for node in elements if node.type == "command_parameter"]
        name = command.child_by_field_name("command_name")
        if name is not None and "-" in name.text.decode():
            assert named or len(elements) < 3, command.text.decode()


@pytest.mark.parametrize("path", [path for path in SUITE if path.suffix == ".psm1"], ids=lambda path: path.name)
def test_names_that_only_the_real_cmdlets_excuse_say_so(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    for name, body in re.findall(r"(?m)^function (\S+) \{\n((?:    .*\n|\n)*?)^\}", text):
        if name.endswith("s"):
            assert "SuppressMessageAttribute('PSUseSingularNouns'" in body, name
        if "SupportsShouldProcess" in body:
            assert "$PSCmdlet.ShouldProcess(" in body, name


def test_the_cases_run_with_the_type_data_of_5_1_and_without_the_line_that_takes_it_away() -> None:
    text = (FOLDER / "run.ps1").read_text(encoding="ascii")
    line = "Remove-TypeData -TypeName System.Array -ErrorAction Ignore"
    assert "Update-TypeData -TypeName System.Array -MemberType AliasProperty -MemberName Count -Value Length -Force" in text
    assert f"$TypeDataLine = '{line}'" in text
    assert ".Replace($TypeDataLine, '')" in text
    assert f"\n{line}\n" in (powershell.FOLDER / "footer.ps1").read_text(encoding="ascii")


def test_what_only_windows_can_answer_is_marked() -> None:
    marked = {f"{name}/{case['name']}" for name, case in CASES if case["windows"]}
    assert {"journal-loose/read", "journal-loose/write", "journal-paths/read-no-drive-but-root"} <= marked
    assert "store-user/check-absent-in-the-store-of-the-machine" in marked
    assert len(marked) < len(CASES) / 50


@pytest.mark.parametrize("answer", [*answers.ACTS, *answers.READS])
def test_every_odd_answer_of_a_cmdlet_has_cases(answer: str) -> None:
    played = {case["script"] for book in BOOKS.values() for case in book["cases"] if answer in book["state"]["answers"].values()}
    assert {"update_certificate", "add_certificate", "promote_certificate", "remove_certificate", "set_properties"} <= played


def test_the_suite_runs_in_every_culture() -> None:
    text = (FOLDER / "run.ps1").read_text(encoding="ascii")
    assert "$Cultures = @(" + ", ".join(f"'{culture}'" for culture in CULTURES) + ")" in text


def test_the_stand_in_has_the_cmdlets_of_the_lab_and_of_the_scripts() -> None:
    manifest = (FOLDER / "ADFS" / "ADFS.psd1").read_text(encoding="ascii")
    scripts = "".join(path.read_text(encoding="ascii") for path in powershell.FOLDER.glob("*.ps1"))
    for cmdlet in powershell_cases.CMDLETS:
        assert f"'{cmdlet}'" in manifest
        assert cmdlet in scripts


@pytest.mark.skipif(pwsh() is None, reason="no PowerShell on this machine (pwsh on PATH, or PWSH): tests/powershell/run.ps1 was not run")
def test_real_powershell_gives_the_replies_of_the_cases() -> None:
    done = subprocess.run([str(pwsh()), "-NoProfile", "-File", str(FOLDER / "run.ps1")], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-20_000:]
    assert done.stdout.strip().splitlines()[-1].endswith(" passed, 0 failed")
