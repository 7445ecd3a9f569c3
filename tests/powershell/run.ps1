# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the scripts of plugins/plugin_utils/powershell in a real PowerShell against stand-in cmdlets. Needs PowerShell and nothing else:
#     pwsh -NoProfile -File tests/powershell/run.ps1
#     powershell.exe -NoProfile -File tests\powershell\run.ps1
#     pwsh -NoProfile -File tests/powershell/run.ps1 -Case faults-stopped/read_farm
# Each file in cases holds the state of a server and cases with request, reply and state afterwards, as far as they differ from another file's;
# README.md says how. An expected text * stands for any value, *time for a time.
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
$OnWindows = ([Environment]::OSVersion.Platform -eq [PlatformID]::Win32NT)
$TypeDataLine = 'Remove-TypeData -TypeName System.Array -ErrorAction Ignore'
$Counts = [ordered]@{}
$Totals = @{ passed = 0; failed = 0; module = '' }
$Skipped = @{}
$Texts = @{}
$Books = @{}

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
    if ($Expected -is [string] -and $Expected -ceq '*time' -and $Found -is [string] -and $Found -cmatch '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z~$') { return }
    if ($null -eq $Expected -and $null -eq $Found) { return }
    if ($null -eq $Expected -or $null -eq $Found) {
        Get-DifferenceText -Place $Place -Expected $Expected -Found $Found
        return
    }
    if ($Expected -is [object[]]) {
        if ($Found -isnot [object[]] -or $Found.Length -ne $Expected.Length) {
            Get-DifferenceText -Place $Place -Expected $Expected -Found $Found
            return
        }
        for ($index = 0; $index -lt $Expected.Length; $index++) {
            Compare-Value -Place ($Place + '[' + $index + ']') -Expected $Expected[$index] -Found $Found[$index]
        }
        return
    }
    if ($Expected -is [Management.Automation.PSCustomObject]) {
        if ($Found -isnot [Management.Automation.PSCustomObject]) {
            Get-DifferenceText -Place $Place -Expected $Expected -Found $Found
            return
        }
        foreach ($member in $Expected.PSObject.Properties) {
            $other = $Found.PSObject.Properties[$member.Name]
            if ($null -eq $other) { $Place + '.' + $member.Name + ': missing, expected ' + (Get-ShortText $member.Value) }
            else { Compare-Value -Place ($Place + '.' + $member.Name) -Expected $member.Value -Found $other.Value }
        }
        foreach ($member in $Found.PSObject.Properties) {
            if ($null -ne $Expected.PSObject.Properties[$member.Name]) { continue }
            $Place + '.' + $member.Name + ': not expected, found ' + (Get-ShortText $member.Value)
        }
        return
    }
    if ($Expected.GetType() -ne $Found.GetType() -or $Expected -cne $Found) { Get-DifferenceText -Place $Place -Expected $Expected -Found $Found }
}

function Get-ScriptText {
    param([string]$Name)
    $text = ''
    foreach ($part in 'header', $Name, 'footer') { $text = $text + [IO.File]::ReadAllText([IO.Path]::Combine($Scripts, $part + '.ps1')) }
    return $text
}

function Set-ArrayTypeData {
    # What Windows PowerShell 5.1 has by itself, and what makes its ConvertTo-Json write an array that a cmdlet wrote as an object.
    Update-TypeData -TypeName System.Array -MemberType AliasProperty -MemberName Count -Value Length -Force
}

# The rules of the files: tests/tools/case_files.py writes them.

function Read-CaseFile {
    # As it is, or with the marks of ConvertFrom-CaseJson.
    param([string]$Name, [bool]$Marked)
    $text = [IO.File]::ReadAllText([IO.Path]::Combine($PSScriptRoot, 'cases', $Name + '.json'))
    if ($Marked) { return (ConvertFrom-CaseJson $text) }
    return (ConvertFrom-Json -InputObject $text)
}

function Copy-Value {
    # A copy of its own, with the long texts in their places.
    param($Value, [hashtable]$Table)
    if ($Value -is [string]) {
        if (-not $Value.StartsWith('@', [StringComparison]::Ordinal)) { return $Value }
        return $Table[$Value]
    }
    if ($Value -is [object[]]) {
        $list = New-Object 'Collections.Generic.List[object]'
        foreach ($item in $Value) { $list.Add((Copy-Value -Value $item -Table $Table)) }
        return , $list.ToArray()
    }
    if ($Value -is [Management.Automation.PSCustomObject]) {
        $members = [ordered]@{}
        foreach ($member in $Value.PSObject.Properties) { $members[$member.Name] = Copy-Value -Value $member.Value -Table $Table }
        return [pscustomobject]$members
    }
    return $Value
}

function Edit-Value {
    # A copy of the value with a change made.
    param($Value, $Change, [hashtable]$Table)
    $copy = Copy-Value -Value $Value -Table $Table
    if ($null -eq $Change) { return $copy }
    foreach ($kind in 'set', 'drop') {
        $wanted = $Change.PSObject.Properties[$kind]
        if ($null -eq $wanted) { continue }
        $paths = @($wanted.Value)
        if ($kind -ceq 'set') { $paths = @($wanted.Value.PSObject.Properties | ForEach-Object { $_.Name }) }
        foreach ($path in $paths) {
            $steps = $path.Split('/')
            $last = $steps[$steps.Length - 1]
            $target = $copy
            for ($index = 0; $index -lt $steps.Length - 1; $index++) {
                if ($target -is [object[]]) { $target = $target[[int]$steps[$index]] }
                else { $target = $target.PSObject.Properties[$steps[$index]].Value }
            }
            if ($kind -ceq 'drop') { $target.PSObject.Properties.Remove($last) }
            elseif ($target -is [object[]]) { $target[[int]$last] = Copy-Value -Value $wanted.Value.PSObject.Properties[$path].Value -Table $Table }
            else {
                $new = Copy-Value -Value $wanted.Value.PSObject.Properties[$path].Value -Table $Table
                Add-Member -InputObject $target -MemberType NoteProperty -Name $last -Value $new -Force
            }
        }
    }
    return $copy
}

function Get-TextTable {
    param([bool]$Marked)
    if (-not $Texts.ContainsKey($Marked)) {
        $table = @{}
        foreach ($member in (Read-CaseFile -Name 'texts' -Marked $Marked).PSObject.Properties) {
            if ($member.Value -is [string]) { $table[$member.Name] = $member.Value }
            else { $table[$member.Name] = [string]$member.Value[0] * [int]$member.Value[1] }
        }
        $Texts[$Marked] = $table
    }
    return $Texts[$Marked]
}

function Get-Book {
    # The state of a file, and its cases by name, each with script, check_mode, windows, request, reply and after (a change of the state, or $null).
    param([string]$Name, [bool]$Marked)
    $key = $Name + '/' + $Marked
    if ($Books.ContainsKey($key)) { return $Books[$key] }
    $table = Get-TextTable $Marked
    $file = Read-CaseFile -Name $Name -Marked $Marked
    $book = @{ state = $null; cases = [ordered]@{} }
    $like = $null
    if ($null -eq $file.like) { $book.state = Copy-Value -Value $file.state -Table $table }
    else {
        $like = Get-Book -Name $file.like -Marked $Marked
        $book.state = Edit-Value -Value $like.state -Change $file.state -Table $table
    }
    foreach ($told in $file.cases) {
        $item = @{ script = $null; check_mode = $false; windows = $false; request = $null; reply = $null; after = $null }
        $caseName = $told
        if ($told -isnot [string]) { $caseName = $told.name }
        if ($null -ne $like -and $like.cases.Contains($caseName)) {
            foreach ($member in @($item.Keys)) { $item[$member] = $like.cases[$caseName][$member] }
        }
        if ($told -isnot [string]) {
            foreach ($member in 'script', 'check_mode', 'windows', 'after') {
                if ($null -ne $told.PSObject.Properties[$member]) { $item[$member] = $told.PSObject.Properties[$member].Value }
            }
            foreach ($member in 'request', 'reply') {
                $whole = $told.PSObject.Properties[$member]
                $change = $told.PSObject.Properties[$member + '_change']
                if ($null -ne $whole) { $item[$member] = Copy-Value -Value $whole.Value -Table $table }
                elseif ($null -ne $change) { $item[$member] = Edit-Value -Value $item[$member] -Change $change.Value -Table $table }
            }
        }
        $book.cases[$caseName] = $item
    }
    $Books[$key] = $book
    return $book
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
            if ([IO.Path]::GetExtension($path) -ceq '.lock') { continue }
            $table[[IO.Path]::GetFileName($path)] = [Convert]::ToBase64String([IO.File]::ReadAllBytes($path))
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

function Initialize-JournalFolder {
    # On Windows the scripts take a folder only if Administrators own it, and they and SYSTEM alone may use it; a loose one is as it comes.
    param([string]$Folder, [string]$Kind)
    [void][IO.Directory]::CreateDirectory($Folder)
    if (-not $OnWindows -or $Kind -ceq 'loose') { return }
    $administrators = New-Object Security.Principal.SecurityIdentifier('S-1-5-32-544')
    $security = New-Object Security.AccessControl.DirectorySecurity
    $security.SetAccessRuleProtection($true, $false)
    $security.SetOwner($administrators)
    foreach ($sid in 'S-1-5-32-544', 'S-1-5-18') {
        $account = New-Object Security.Principal.SecurityIdentifier($sid)
        $rule = New-Object Security.AccessControl.FileSystemAccessRule($account, 'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow')
        $security.AddAccessRule($rule)
    }
    Set-Acl -LiteralPath $Folder -AclObject $security
}

function Invoke-Script {
    # Runs a script's text as win_powershell would. Gives one text for each thing that no script may do.
    param($Ansible, [string]$Text, [string]$InputText, [bool]$CheckMode)
    $block = [scriptblock]::Create($Text)
    try {
        if ($CheckMode) { $noise = @(& $block -InputJson $InputText -WhatIf) }
        else { $noise = @(& $block -InputJson $InputText) }
    }
    catch { return ('the script did not catch its own error: ' + $_.FullyQualifiedErrorId + ': ' + $_.Exception.Message) }
    if ($noise.Length -ne 0) { 'the script wrote output: ' + (Get-ShortText $noise) }
    if ($Ansible.Changed) { 'the script left Changed set' }
    if (-not $Ansible.Result.ContainsKey('json')) { 'the script gave no reply' }
}

function Invoke-Case {
    # Runs one case, and gives one text for each difference.
    param($State, [hashtable]$Item, $ExpectedState, [hashtable]$ExpectedItem, [string]$Text)
    $folder = [IO.Path]::Combine($Work, [guid]::NewGuid().ToString('N'))
    $journals = [IO.Path]::Combine($folder, 'federation.adfs')
    [void][IO.Directory]::CreateDirectory($folder)
    $env:ADFS_LAB_STATE = [IO.Path]::Combine($folder, 'state.json')
    $env:ProgramData = $folder
    [IO.File]::WriteAllText($env:ADFS_LAB_STATE, [string](ConvertTo-Json -InputObject $State -Depth 12))
    $files = @($State.files.PSObject.Properties)
    if ($files.Length -gt 0) { Initialize-JournalFolder -Folder $journals -Kind $State.journal_folder }
    foreach ($file in $files) { [IO.File]::WriteAllBytes([IO.Path]::Combine($journals, $file.Name), [Convert]::FromBase64String($file.Value)) }
    Set-ModulePath $State.module
    Set-UserStore $State $true
    $held = $null
    if ($State.journal_folder -ceq 'locked') {
        $lock = [IO.Path]::Combine($journals, 'journal.json.lock')
        $held = [IO.File]::Open($lock, [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None)
    }
    $Ansible = [pscustomobject]@{ CheckMode = [bool]$Item.check_mode; Changed = $true; Result = @{} }
    $json = [string](ConvertTo-Json -InputObject $Item.request -Depth 12 -Compress)
    try { $problems = @(Invoke-Script -Ansible $Ansible -Text $Text -InputText $json -CheckMode $Item.check_mode) }
    finally {
        if ($null -ne $held) { $held.Dispose() }
        Set-UserStore $State $false
    }
    $problems
    if ($problems.Length -eq 0) {
        Compare-Value -Place 'reply' -Expected $ExpectedItem.reply -Found (ConvertFrom-CaseJson $Ansible.Result.json)
        $after = ConvertFrom-CaseJson ([IO.File]::ReadAllText($env:ADFS_LAB_STATE))
        $after.files = ConvertFrom-CaseJson ([string](ConvertTo-Json -InputObject (Get-FileTable $journals) -Compress))
        $expectedAfter = $ExpectedState
        if ($null -ne $ExpectedItem.after) { $expectedAfter = Edit-Value -Value $ExpectedState -Change $ExpectedItem.after -Table (Get-TextTable $true) }
        Compare-Value -Place 'state after' -Expected $expectedAfter -Found $after
    }
    [IO.Directory]::Delete($folder, $true)
}

function Test-ErrorRecord {
    # An error without a place in a script, as one that another thread reports.
    $Record = New-Object Management.Automation.ErrorRecord((New-Object InvalidOperationException('boom')), 'Boom,There', 'OpenError', $null)
    $Ansible = [pscustomobject]@{ CheckMode = $false; Changed = $false; Result = @{} }
    $task = '$Ansible.Result = @{ json = (ConvertTo-Json -InputObject (ConvertFrom-ErrorRecord $Record) -Depth 12 -Compress) }'
    $text = [IO.File]::ReadAllText([IO.Path]::Combine($Scripts, 'header.ps1')) + $task
    $problems = @(Invoke-Script -Ansible $Ansible -Text $text -InputText '{}' -CheckMode $false)
    if ($problems.Length -eq 0) {
        $found = ConvertFrom-CaseJson $Ansible.Result.json
        if ($null -ne $found.line) { $problems += 'line: expected null, found ' + (Get-ShortText $found.line) }
        if ($found.id -cne 'Boom') { $problems += 'id: expected Boom, found ' + (Get-ShortText $found.id) }
        if ($found.exceptions[0].message -cne 'boom') { $problems += 'message: expected boom, found ' + (Get-ShortText $found.exceptions[0].message) }
    }
    Add-Outcome 'an error without a place' $problems
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

function Test-TypeDataLine {
    # That the type data is in force at all, and that the footer takes it away: else the cases would show nothing of it.
    Set-ArrayTypeData
    $problems = @()
    $array = New-Object object[] 2
    $text = [string](ConvertTo-Json -InputObject $array -Depth 3 -Compress) + [string](ConvertTo-Json -InputObject @{ list = $array } -Depth 3 -Compress)
    if (-not $text.Contains('"Count"')) { $problems += 'an array that a cmdlet wrote is expected with Count, found ' + $text }
    $footer = [IO.File]::ReadAllText([IO.Path]::Combine($Scripts, 'footer.ps1'))
    if (-not $footer.Contains($TypeDataLine)) { $problems += 'the footer has no line ' + $TypeDataLine }
    Add-Outcome 'type data of arrays' $problems
}

function Invoke-OneCase {
    param([string]$Name, [string]$Place, $Book, $Expected, [string]$CaseName, [string]$Text)
    $item = $Book.cases[$CaseName]
    $problems = @()
    try { $problems = @(Invoke-Case -State $Book.state -Item $item -ExpectedState $Expected.state -ExpectedItem $Expected.cases[$CaseName] -Text $Text) }
    catch { $problems = @('the case could not be run: ' + $_.Exception.Message + ' (line ' + $_.InvocationInfo.ScriptLineNumber + ')') }
    Add-Outcome ($Name + ' ' + $Place) $problems
}

function Invoke-Suite {
    $found = @([IO.Directory]::GetFiles([IO.Path]::Combine($PSScriptRoot, 'cases'), '*.json'))
    $names = @($found | ForEach-Object { [IO.Path]::GetFileNameWithoutExtension($_) } | Sort-Object)
    Set-ArrayTypeData
    $sources = @{}
    $whole = @{}
    foreach ($culture in $Cultures) {
        [Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::GetCultureInfo($culture)
        Test-Culture $culture
        foreach ($bookName in $names) {
            if ($bookName -ceq 'texts' -or ($Case -cne '' -and -not $Case.StartsWith($bookName + '/', [StringComparison]::Ordinal))) { continue }
            $book = Get-Book -Name $bookName -Marked $false
            $expected = Get-Book -Name $bookName -Marked $true
            foreach ($caseName in @($book.cases.Keys)) {
                $name = $bookName + '/' + $caseName
                if ($Case -cne '' -and $Case -cne $name) { continue }
                $item = $book.cases[$caseName]
                if ($item.windows -and -not $OnWindows) {
                    $Skipped[$name] = $true
                    continue
                }
                if (-not $Counts.Contains($item.script)) { $Counts[$item.script] = 0 }
                $Counts[$item.script] = $Counts[$item.script] + 1
                if (-not $sources.ContainsKey($item.script)) { $sources[$item.script] = (Get-ScriptText $item.script).Replace($TypeDataLine, '') }
                Invoke-OneCase -Name $name -Place ('in ' + $culture) -Book $book -Expected $expected -CaseName $caseName -Text $sources[$item.script]
                if ($whole.ContainsKey($item.script)) { continue }
                # One of each script as it is sent, with the line that takes the type data away.
                $whole[$item.script] = $true
                $sent = Get-ScriptText $item.script
                Invoke-OneCase -Name $name -Place 'as it is sent' -Book $book -Expected $expected -CaseName $caseName -Text $sent
                Set-ArrayTypeData
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
    if ($Case -ceq '') {
        Test-TypeDataLine
        Test-ErrorRecord
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
if ($Skipped.Count -gt 0) { [Console]::Out.WriteLine([string]::Format($Invariant, '{0} cases not run, which only Windows can answer', $Skipped.Count)) }
if ($Totals.passed + $Totals.failed -eq 0) { $Totals.failed = 1 }
[Console]::Out.WriteLine([string]::Format($Invariant, '{0} passed, {1} failed', $Totals.passed, $Totals.failed))
if ($Totals.failed -gt 0) { exit 1 }
exit 0
