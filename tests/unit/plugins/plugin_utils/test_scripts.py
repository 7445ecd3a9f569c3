# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be known of the PowerShell files without PowerShell: that they parse, and that they keep to the dialect.

They must run in Windows PowerShell 5.1 and in 7, under strict mode, and pass ansible-test's pslint.
"""

from __future__ import annotations

import pathlib
import re

import pytest
import tree_sitter
import tree_sitter_powershell

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


@pytest.mark.parametrize("name", sorted(_powershell.READS))
def test_reads_know_no_check_mode(name):
    # Under WhatIf the ADFS module is imported without its aliases, and cmdlets only say what they would do.
    body = re.search(r"function Invoke-Task \{\n    param\(\$Request\)\n(?: *#[^\n]*\n)*(.*)", text_of(name), re.DOTALL)
    assert body
    assert body.group(1).startswith("    $WhatIfPreference = $false\n")


@pytest.mark.parametrize("name", sorted(_powershell.READS))
def test_an_error_of_any_cmdlet_ends_a_read(name):
    # A module may set $global:ErrorActionPreference, and half a list would be taken for the whole.
    for line in code_of(name).splitlines():
        for called in re.findall(r"\b(?:Get-Adfs\w+|Get-CimInstance|Get-Acl|Get-WinEvent)\b[^|)]*", line):
            if "Get-Command" not in line:
                assert "-ErrorAction Stop" in called, line


@pytest.mark.parametrize("name", sorted(_powershell.ACTS))
def test_cmdlets_that_change_something_never_ask(name):
    for line in code_of(name).splitlines():
        if re.search(r"\b(Update|Set|Add|Remove)-Adfs", line):
            assert "-Confirm:$false" in line, line


@pytest.mark.parametrize("name", SCRIPTS)
def test_whole_scripts_parse(name):
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    source = _powershell.compose(name).encode("ascii")
    wrong = []
    waiting = [parser.parse(source).root_node]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            wrong.append((node.start_point, source[node.start_byte : node.end_byte][:80]))
        waiting.extend(node.children)
    assert wrong == []


# All that the scripts may call and name; whatever is added here must exist in Windows PowerShell 5.1 with .NET Framework 4.6 and in PowerShell 7.
COMMANDS = {
    "Add-AdfsCertificate": {"-CertificateType", "-Confirm", "-ErrorAction", "-Thumbprint"},
    "ConvertFrom-Json": {"-InputObject"},
    "ConvertTo-Json": {"-Compress", "-Depth", "-InputObject"},
    "ForEach-Object": set(),
    "Get-Acl": {"-ErrorAction", "-LiteralPath"},
    "Get-AdfsCertificate": {"-CertificateType", "-ErrorAction"},
    "Get-AdfsClaimsProviderTrust": {"-ErrorAction"},
    "Get-AdfsFarmInformation": {"-ErrorAction"},
    "Get-AdfsProperties": {"-ErrorAction"},
    "Get-AdfsRelyingPartyTrust": {"-ErrorAction"},
    "Get-AdfsSslCertificate": {"-ErrorAction"},
    "Get-AdfsSyncProperties": {"-ErrorAction"},
    "Get-AdfsWebApiApplication": {"-ErrorAction"},
    "Get-CimInstance": {"-ClassName", "-ErrorAction", "-Filter"},
    "Get-Command": {"-ErrorAction", "-Name"},
    "Get-WinEvent": {"-ErrorAction", "-FilterHashtable", "-MaxEvents"},
    "Import-Module": {"-ErrorAction", "-Name"},
    "New-Object": set(),
    "Remove-AdfsCertificate": {"-Confirm", "-ErrorAction", "-TargetCertificate"},
    "Set-AdfsCertificate": {"-CertificateType", "-Confirm", "-ErrorAction", "-IsPrimary", "-Thumbprint"},
    "Set-AdfsProperties": {"-AutoCertificateRollover", "-Confirm", "-ErrorAction"},
    "Remove-TypeData": {"-ErrorAction", "-TypeName"},
    "Set-StrictMode": {"-Version"},
    "Start-Sleep": {"-Milliseconds"},
    "Update-AdfsCertificate": {"-CertificateType", "-Confirm", "-ErrorAction", "-Urgent"},
    "Where-Object": set(),
}
STATIC = {
    *("DateTimeOffset::FromUnixTimeSeconds", "Array::Copy", "Math::Ceiling", "Math::Max", "decimal::Truncate", "long::MaxValue", "long::MinValue"),
    "regex::Matches",
    *("BitConverter::ToString", "Convert::FromBase64String", "Convert::ToBase64String", "Environment::ExpandEnvironmentVariables", "Environment::OSVersion"),
    *("Globalization.CultureInfo::InvariantCulture", "IO.Directory::CreateDirectory", "IO.Directory::Exists", "IO.File::Exists", "IO.File::GetAttributes"),
    *("IO.File::Delete", "IO.File::GetLastWriteTimeUtc", "string::IsNullOrEmpty"),
    *("IO.File::Move", "IO.File::Open", "IO.File::ReadAllBytes", "IO.File::Replace", "IO.FileAccess::ReadWrite", "IO.FileAccess::Write"),
    *("IO.FileAttributes::ReparsePoint", "IO.FileMode::Append", "IO.FileMode::Create", "IO.FileMode::OpenOrCreate", "IO.FileShare::None"),
    # The first two in 7 only, the third in 5.1 only, and called there only.
    *("IO.FileSystemAclExtensions::CreateDirectory", "IO.FileSystemAclExtensions::SetAccessControl", "IO.File::SetAccessControl"),
    "Security.AccessControl.AccessControlSections::Access",
    *("IO.Path::Combine", "IO.Path::GetDirectoryName", "Net.NetworkInformation.IPGlobalProperties::GetIPGlobalProperties"),
    *("PlatformID::Win32NT", "Security.Cryptography.SHA256::Create", "datetime::UtcNow"),
    "Security.Cryptography.X509Certificates.RSACertificateExtensions::GetRSAPrivateKey",
    "Security.Cryptography.X509Certificates.X509RevocationFlag::ExcludeRoot",
}
# Kinds of syntax that the grammar knows and that a function library of these scripts has no need of, or that 5.1 does not have.
FORBIDDEN_SYNTAX = frozenset(
    {
        *("class_statement", "enum_statement", "data_statement", "inlinescript_statement", "parallel_statement", "sequence_statement", "trap_statement"),
        *("redirection", "switch_statement", "do_statement", "pipeline_chain_tail", "&&", "||"),
    }
)


def nodes_of(name):
    """Return all nodes of a whole script's tree, and its bytes."""
    source = _powershell.compose(name).encode("ascii")
    found = []
    waiting = [tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(source).root_node]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(node.children)
    return found


def parameters_of(command):
    found = []
    for child in command.children:
        if child.type == "command_parameter":
            found.append(child.text.decode().rstrip(":"))
        elif child.type == "command_elements":
            found += parameters_of(child)
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_calls_only_commands_and_parameters_that_5_1_has(name):
    nodes = nodes_of(name)
    own = {node.children[1].text.decode() for node in nodes if node.type == "function_statement"}
    called = [node for node in nodes if node.type == "command"]
    assert len(called) > 20
    for command in called:
        told = command.child_by_field_name("command_name").text.decode()
        if told in own or told in ("$Act", "$Read"):
            continue
        assert told in COMMANDS, told
        assert set(parameters_of(command)) <= COMMANDS[told], command.text


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_cmdlet_that_may_report_an_error_and_go_on_is_told_to_stop(name):
    # Whatever a module made of $global:ErrorActionPreference.
    for command in [node for node in nodes_of(name) if node.type == "command"]:
        told = command.child_by_field_name("command_name").text.decode()
        if "-ErrorAction" in COMMANDS.get(told, ()):
            wanted = {"Get-Command": b"-ErrorAction SilentlyContinue", "Remove-TypeData": b"-ErrorAction Ignore"}.get(told, b"-ErrorAction Stop")
            assert wanted in command.text, command.text


@pytest.mark.parametrize("name", SCRIPTS)
def test_names_only_types_and_members_that_both_have(name):
    code = re.sub(r"(?m)(^|\s)#.*$", "", _powershell.compose(name))
    found = {f"{kind}::{member}" for kind, member in re.findall(r"\[([\w.]+)\]::(\w+)", code)}
    assert found
    assert found - STATIC == set()


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_syntax_that_5_1_lacks(name):
    nodes = nodes_of(name)
    assert sorted({node.type for node in nodes} & FORBIDDEN_SYNTAX) == []


@pytest.mark.parametrize("sample", ["$a ? 1 : 2", "$a ?? 2", "a && b", "$a?.b", "class A { }", "enum A { B }"])
def test_newer_syntax_is_found_or_does_not_parse(sample, monkeypatch):
    monkeypatch.setattr(_powershell, "compose", lambda name: sample + "\n")
    nodes = nodes_of("any")
    broken = any(node.is_error or node.is_missing for node in nodes)  # which test_whole_scripts_parse finds
    assert broken or {node.type for node in nodes} & FORBIDDEN_SYNTAX


def test_every_forbidden_kind_is_known_to_the_grammar():
    language = tree_sitter.Language(tree_sitter_powershell.language())
    assert FORBIDDEN_SYNTAX.issubset(language.node_kind_for_id(number) for number in range(language.node_kind_count))
