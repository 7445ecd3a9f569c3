# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be known of the PowerShell files without PowerShell: that they parse, and that they keep to the dialect.

They must run in Windows PowerShell 5.1 and in 7, under strict mode, and pass ansible-test's pslint.
"""

from __future__ import annotations

import pathlib
import re

import pytest

from ansible_collections.federation.adfs.plugins.plugin_utils import _powershell

FOLDER = pathlib.Path(_powershell.__file__).parent / "powershell"
FILES = sorted(path.stem for path in FOLDER.glob("*.ps1"))
SCRIPTS = sorted(_powershell.READS | _powershell.ACTS)

# Pattern and what is wrong with it. Comments and texts in single quotes are taken out before.
FORBIDDEN = {
    r"\?\?|\?\.|\?\[": "null operators are not in 5.1",
    r"&&|\|\|": "pipeline chains are not in 5.1",
    r"(?<![%\w])\? [^}]*: ": "the ternary operator is not in 5.1",
    r"-Parallel\b": "not in 5.1",
    r"-AsHashtable|-NoEnumerate|-AsArray|-EscapeHandling|-EnumsAsStrings|-AsByteStream|utf8NoBOM": "parameters of 7",
    r"ConvertFrom-Json\b[^\n]*-Depth": "ConvertFrom-Json has no depth in 5.1",
    r"\b(Join-String|Test-Json|ToHexString|Get-Error)\b": "not in 5.1",
    r"\$(IsWindows|IsLinux|IsMacOS|IsCoreCLR)\b": "not in 5.1, and an error in strict mode",
    r"\b(Add-PSSnapin|Get-WmiObject)\b": "not in 7",
    r"\b(Invoke-Expression|iex|Start-Process|Invoke-WebRequest|Invoke-RestMethod|Write-Host)\b": "no business of these scripts",
    r"::new\(": "New-Object is what all versions have",
    r"\bclass \w|\benum \w|\busing (namespace|module|assembly)": "beyond a function library",
    r";\s*$": "no semicolons at line ends",
    r"\t": "spaces only",
    r"\.ToUpper\(\)|\.ToLower\(\)": "depends on the culture: ToUpperInvariant, ToLowerInvariant",
    r"Get-Date\b": "depends on the culture and the time zone: [datetime]::UtcNow",
}


def text_of(name):
    return (FOLDER / f"{name}.ps1").read_bytes().decode("ascii")


def code_of(name):
    """Return the file without comments and without the texts in single quotes; lines stay lines."""
    return re.sub(r"'[^'\n]*'", "''", re.sub(r"(?m)(^|\s)#.*$", "", text_of(name)))


def test_there_is_a_file_for_each_script_and_no_other():
    assert set(FILES) == {"header", "footer", *SCRIPTS}


@pytest.mark.parametrize("name", FILES)
def test_layout(name):
    text = text_of(name)
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for number, line in enumerate(text.splitlines(), start=1):
        assert len(line) <= 160, number
        assert line == line.rstrip(), number
        assert (len(line) - len(line.lstrip(" "))) % 4 == 0, number
    head = text.splitlines()[:4]
    # REUSE-IgnoreStart
    assert head[1] == "# SPDX-License-Identifier: " + "GPL-3.0-or-later"
    # REUSE-IgnoreEnd
    assert "GNU General Public License v3.0+" in head[2]


@pytest.mark.parametrize("name", FILES)
def test_dialect(name):
    code = code_of(name)
    found = [f"{reason}: {match.group(0)!r}" for pattern, reason in FORBIDDEN.items() for match in re.finditer(pattern, code, re.MULTILINE)]
    assert found == []


@pytest.mark.parametrize("name", FILES)
def test_one_space_around_assignments_and_no_alignment(name):
    for line in code_of(name).splitlines():
        for match in re.finditer(r"(?<![=!<>+*/-])=(?!=)", line):
            before, after = line[: match.start()], line[match.end() :]
            assert re.search(r"\S $", before), line
            assert not after or re.match(r" \S", after), line


def test_the_dialect_check_finds_what_it_looks_for():
    for sample in ("$a ?? $b", "a && b", "$x ? 1 : 2", "ConvertFrom-Json $x -Depth 5", "[Foo]::new(1)", "$IsWindows", "foo;", "$a.ToUpper()"):
        assert any(re.search(pattern, sample, re.MULTILINE) for pattern in FORBIDDEN), sample


def test_header_is_strict_and_runs_in_check_mode():
    header = code_of("header")
    assert "Set-StrictMode -Version Latest" in header
    assert re.search(r"\$ErrorActionPreference = ''", header)
    # This form is the one that ansible.windows recognizes also where it may only look at the text.
    assert re.search(r"\[CmdletBinding\(SupportsShouldProcess\)\]", text_of("header"))


@pytest.mark.parametrize("name", sorted(_powershell.ACTS))
def test_each_act_refuses_in_check_mode_before_anything_else(name):
    body = re.search(r"function Invoke-Task \{\n    param\(\$Request\)\n(.*)", text_of(name), re.DOTALL)
    assert body
    assert body.group(1).lstrip().startswith("if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }")


@pytest.mark.parametrize("name", sorted(_powershell.READS))
def test_reads_call_nothing_that_changes_anything(name):
    called = set(re.findall(r"\b([A-Z][a-z]+)-Adfs\w+", code_of(name)))
    assert called <= {"Get", "Import"}
    assert not re.search(r"\b(Set|New|Remove|Add|Out|Move|Copy)-\w+|WriteAll|CreateDirectory|FileMode", code_of(name).replace("New-Object", ""))


@pytest.mark.parametrize("name", sorted(_powershell.ACTS))
def test_cmdlets_that_change_something_never_ask(name):
    for line in code_of(name).splitlines():
        if re.search(r"\b(Update|Set|Add|Remove)-Adfs", line):
            assert "-Confirm:$false" in line, line


@pytest.mark.parametrize("name", SCRIPTS)
def test_whole_scripts_parse(name):
    tree_sitter = pytest.importorskip("tree_sitter")
    language = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(language.language()))
    source = _powershell.compose(name).encode("ascii")
    wrong = []
    waiting = [parser.parse(source).root_node]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            wrong.append((node.start_point, source[node.start_byte : node.end_byte][:80]))
        waiting.extend(node.children)
    assert wrong == []
