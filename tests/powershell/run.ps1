# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the scripts of plugins/plugin_utils/powershell in a real PowerShell 7 (Linux or macOS) against stand-in cmdlets. Needs pwsh and nothing else:
#     pwsh -NoProfile -File tests/powershell/run.ps1
#     pwsh -NoProfile -File tests/powershell/run.ps1 -Case faults-stopped/read_farm
# Each file in cases holds the state of a server and cases with request, reply and state afterwards; an expected text * stands for any value.
[CmdletBinding()]
param([string]$Case = '')

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Cultures = @('en-US', 'de-DE', 'ja-JP', 'ar-SA', 'tr-TR', 'th-TH', 'fa-IR')
$Years = @{ 'ar-SA' = '1447'; 'th-TH' = '2569'; 'fa-IR' = '1404' }
$Root = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..'))
$Scripts = [IO.Path]::Combine($Root, 'plugins', 'plugin_utils', 'powershell')
$Work = [IO.Path]::Combine([IO.Path]::GetTempPath(), 'federation-adfs-' + [guid]::NewGuid().ToString('N'))
$Invariant = [Globalization.CultureInfo]::InvariantCulture
$Counts = [ordered]@{}
$Totals = @{ passed = 0; failed = 0; module = '' }

function Add-Outcome {
    param([string]$Name, [string[]]$Problems)
    if (@($Problems).Count -eq 0) {
        $Totals.passed = $Totals.passed + 1
        return
    }
    $Totals.failed = $Totals.failed + 1
    [Console]::Out.WriteLine('FAILED ' + $Name)
    foreach ($problem in $Problems) { [Console]::Out.WriteLine('    ' + $problem) }
}

function Get-ShortText {
    param($Value)
    if ($null -eq $Value) { return 'null' }
    $text = [string](ConvertTo-Json -InputObject $Value -Depth 12 -Compress)
    if ($text.Length -gt 400) { return $text.Substring(0, 400) + ' ...' }
    return $text
}

function ConvertFrom-CaseJson {
    # Without the change, ConvertFrom-Json of PowerShell 7 would make DateTime of our times, and equal ones could have been written differently.
    param([string]$Text)
    return (ConvertFrom-Json -InputObject $Text.Replace('Z"', 'Z~"'))
}

function Get-DifferenceText {
    param([string]$Place, $Expected, $Found)
    return ($Place + ': expected ' + (Get-ShortText $Expected) + ', found ' + (Get-ShortText $Found))
}

function Compare-Value {
    # Gives one text for each difference.
    param([string]$Place, $Expected, $Found)
    if ($Expected -is [string] -and $Expected -ceq '*') { return }
    if ($null -eq $Expected -and $null -eq $Found) { return }
    if ($null -eq $Expected -or $null -eq $Found) {
        Get-DifferenceText $Place $Expected $Found
        return
    }
    if ($Expected -is [object[]]) {
        if ($Found -isnot [object[]] -or $Found.Length -ne $Expected.Length) {
            Get-DifferenceText $Place $Expected $Found
            return
        }
        for ($index = 0; $index -lt $Expected.Length; $index++) {
            Compare-Value -Place ($Place + '[' + $index + ']') -Expected $Expected[$index] -Found $Found[$index]
        }
        return
    }
    if ($Expected -is [Management.Automation.PSCustomObject]) {
        if ($Found -isnot [Management.Automation.PSCustomObject]) {
            Get-DifferenceText $Place $Expected $Found
            return
        }
        foreach ($member in $Expected.PSObject.Properties) {
            $other = $Found.PSObject.Properties[$member.Name]
            if ($null -eq $other) { $Place + '.' + $member.Name + ': missing, expected ' + (Get-ShortText $member.Value) }
            else { Compare-Value -Place ($Place + '.' + $member.Name) -Expected $member.Value -Found $other.Value }
        }
        foreach ($member in $Found.PSObject.Properties) {
            if ($null -eq $Expected.PSObject.Properties[$member.Name]) { $Place + '.' + $member.Name + ': not expected, found ' + (Get-ShortText $member.Value) }
        }
        return
    }
    if ($Expected.GetType() -ne $Found.GetType() -or $Expected -cne $Found) { Get-DifferenceText $Place $Expected $Found }
}

function Get-ScriptText {
    param([string]$Name)
    $text = ''
    foreach ($part in 'header', $Name, 'footer') { $text = $text + [IO.File]::ReadAllText([IO.Path]::Combine($Scripts, $part + '.ps1')) }
    return $text
}

function Test-Syntax {
    param([string]$Name, [string]$Text)
    $tokens = $null
    $errors = $null
    [void][Management.Automation.Language.Parser]::ParseInput($Text, [ref]$tokens, [ref]$errors)
    Add-Outcome ('parse ' + $Name) @($errors | ForEach-Object { 'line ' + $_.Extent.StartLineNumber + ': ' + $_.Message })
}

function Set-ModulePath {
    # present: the stand-in; older: the same without Get-AdfsFarmInformation; absent: none.
    param([string]$Module)
    if ($Totals.module -ceq $Module) { return }
    $Totals.module = $Module
    Get-Module -Name ADFS | Remove-Module -Force
    $own = @()
    if ($Module -ceq 'present') { $own = @($PSScriptRoot) }
    if ($Module -ceq 'older') { $own = @([IO.Path]::Combine($Work, 'older')) }
    $env:PSModulePath = (@($own) + @([IO.Path]::Combine($PSHOME, 'Modules'))) -join [IO.Path]::PathSeparator
}

function Get-FileTable {
    # The files in the journal's folder as name and base64, without the lock.
    param([string]$Folder)
    $table = [ordered]@{}
    if ([IO.Directory]::Exists($Folder)) {
        foreach ($path in @([IO.Directory]::GetFiles($Folder) | Sort-Object)) {
            if ([IO.Path]::GetExtension($path) -cne '.lock') { $table[[IO.Path]::GetFileName($path)] = [Convert]::ToBase64String([IO.File]::ReadAllBytes($path)) }
        }
    }
    return $table
}

function Set-UserStore {
    # Puts the state's certificates of the current user into the real store, or takes them out again.
    param($State, [bool]$Present)
    $own = @($State.store | Where-Object { $_.StoreLocation -ceq 'CurrentUser' })
    if ($own.Count -eq 0) { return }
    $location = [Security.Cryptography.X509Certificates.StoreLocation]::CurrentUser
    $store = New-Object Security.Cryptography.X509Certificates.X509Store('My', $location)
    try {
        $store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadWrite')
        foreach ($item in $own) {
            [byte[]]$bytes = [Convert]::FromBase64String($item.RawData)
            $certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes)
            if ($Present) { $store.Add($certificate) } else { $store.Remove($certificate) }
        }
    }
    finally { $store.Dispose() }
}

function Invoke-Case {
    # Runs one case as win_powershell would, and gives one text for each difference.
    param($State, $Item, $ExpectedItem)
    $folder = [IO.Path]::Combine($Work, [guid]::NewGuid().ToString('N'))
    $journals = [IO.Path]::Combine($folder, 'federation.adfs')
    [void][IO.Directory]::CreateDirectory($folder)
    $env:ADFS_LAB_STATE = [IO.Path]::Combine($folder, 'state.json')
    $env:ProgramData = $folder
    $before = [string](ConvertTo-Json -InputObject $State -Depth 12)
    [IO.File]::WriteAllText($env:ADFS_LAB_STATE, $before)
    foreach ($file in $State.files.PSObject.Properties) {
        [void][IO.Directory]::CreateDirectory($journals)
        [IO.File]::WriteAllBytes([IO.Path]::Combine($journals, $file.Name), [Convert]::FromBase64String($file.Value))
    }
    Set-ModulePath $State.module
    Set-UserStore $State $true
    $Ansible = [pscustomobject]@{ CheckMode = [bool]$Item.check_mode; Changed = $true; Result = @{} }
    $block = [scriptblock]::Create((Get-ScriptText $Item.script))
    $json = [string](ConvertTo-Json -InputObject $Item.request -Depth 12 -Compress)
    try {
        if ($Item.check_mode) { $noise = @(& $block -InputJson $json -WhatIf) }
        else { $noise = @(& $block -InputJson $json) }
    }
    catch {
        'the script did not catch its own error: ' + $_.FullyQualifiedErrorId + ': ' + $_.Exception.Message
        return
    }
    finally { Set-UserStore $State $false }
    if ($noise.Count -ne 0) { 'the script wrote output: ' + (Get-ShortText $noise) }
    if ($Ansible.Changed) { 'the script left Changed set' }
    if (-not $Ansible.Result.ContainsKey('json')) {
        'the script gave no reply'
        return
    }
    Compare-Value -Place 'reply' -Expected $ExpectedItem.reply -Found (ConvertFrom-CaseJson $Ansible.Result.json)
    $after = ConvertFrom-CaseJson ([IO.File]::ReadAllText($env:ADFS_LAB_STATE))
    $after.files = ConvertFrom-CaseJson ([string](ConvertTo-Json -InputObject (Get-FileTable $journals) -Compress))
    $expectedAfter = $ExpectedItem.after
    if ($null -eq $expectedAfter) { $expectedAfter = ConvertFrom-CaseJson $before }
    Compare-Value -Place 'state after' -Expected $expectedAfter -Found $after
    [IO.Directory]::Delete($folder, $true)
}

function Test-Culture {
    # That the culture is in force at all: without its data, the cases would show nothing.
    param([string]$Name)
    $problems = @()
    $year = '2026'
    if ($Years.ContainsKey($Name)) { $year = $Years[$Name] }
    $date = [datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
    if ([Globalization.CultureInfo]::CurrentCulture.Name -cne $Name) { $problems += 'it is not the current culture' }
    if ($date.ToString('yyyy') -cne $year) { $problems += 'the year 2026 is expected to be written ' + $year + ', found ' + $date.ToString('yyyy') }
    Add-Outcome ('culture ' + $Name) $problems
}

function Invoke-Suite {
    $files = @([IO.Directory]::GetFiles([IO.Path]::Combine($PSScriptRoot, 'cases'), '*.json') | Sort-Object)
    foreach ($culture in $Cultures) {
        [Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::GetCultureInfo($culture)
        Test-Culture $culture
        foreach ($path in $files) {
            $text = [IO.File]::ReadAllText($path)
            $file = ConvertFrom-Json -InputObject $text
            $expected = ConvertFrom-CaseJson $text
            for ($index = 0; $index -lt $file.cases.Length; $index++) {
                $item = $file.cases[$index]
                $name = [IO.Path]::GetFileNameWithoutExtension($path) + '/' + $item.name
                if ($Case -cne '' -and $Case -cne $name) { continue }
                if (-not $Counts.Contains($item.script)) { $Counts[$item.script] = 0 }
                $Counts[$item.script] = $Counts[$item.script] + 1
                $problems = @()
                try { $problems = @(Invoke-Case $file.state $item $expected.cases[$index]) }
                catch { $problems = @('the case could not be run: ' + $_.Exception.Message + ' (line ' + $_.InvocationInfo.ScriptLineNumber + ')') }
                Add-Outcome ($name + ' in ' + $culture) $problems
            }
        }
    }
}

$paths = @{ module = $env:PSModulePath; data = $env:ProgramData; culture = [Threading.Thread]::CurrentThread.CurrentCulture }
try {
    [void][IO.Directory]::CreateDirectory([IO.Path]::Combine($Work, 'older', 'ADFS'))
    foreach ($name in 'ADFS.psd1', 'ADFS.psm1') {
        $text = [IO.File]::ReadAllText([IO.Path]::Combine($PSScriptRoot, 'ADFS', $name))
        [IO.File]::WriteAllText([IO.Path]::Combine($Work, 'older', 'ADFS', $name), $text.Replace("'Get-AdfsFarmInformation',", ''))
        Test-Syntax $name $text
    }
    foreach ($path in @([IO.Directory]::GetFiles($Scripts, '*.ps1') | Sort-Object)) {
        $name = [IO.Path]::GetFileNameWithoutExtension($path)
        if ($name -cne 'header' -and $name -cne 'footer') { Test-Syntax $name (Get-ScriptText $name) }
    }
    Invoke-Suite
    foreach ($path in @([IO.Directory]::GetFiles($Scripts, '*.ps1') | Sort-Object)) {
        $name = [IO.Path]::GetFileNameWithoutExtension($path)
        if ($name -ceq 'header' -or $name -ceq 'footer' -or $Case -cne '') { continue }
        if ($Counts.Contains($name)) { [Console]::Out.WriteLine($name + ': ' + $Counts[$name] + ' runs of cases') }
        else { Add-Outcome ('cases of ' + $name) @('there is none') }
    }
}
finally {
    [Threading.Thread]::CurrentThread.CurrentCulture = $paths.culture
    $env:PSModulePath = $paths.module
    $env:ProgramData = $paths.data
    if ([IO.Directory]::Exists($Work)) { [IO.Directory]::Delete($Work, $true) }
}
if ($Totals.passed + $Totals.failed -eq 0) { $Totals.failed = 1 }
[Console]::Out.WriteLine([string]::Format($Invariant, '{0} passed, {1} failed', $Totals.passed, $Totals.failed))
if ($Totals.failed -gt 0) { exit 1 }
exit 0
