# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Compare-and-swap of one small file, and before it lines for the end of another. Both are base64 text that PowerShell never parses.
function Initialize-Folder {
    # A new folder is closed to everybody else from its first moment on: no inherited rights, never open in between.
    param([string]$Folder)
    if ([IO.Directory]::Exists($Folder)) { return }
    if ([Environment]::OSVersion.Platform -ne [PlatformID]::Win32NT) {
        [void][IO.Directory]::CreateDirectory($Folder)
        return
    }
    $security = New-Object Security.AccessControl.DirectorySecurity
    $security.SetAccessRuleProtection($true, $false)
    $security.SetOwner((New-Object Security.Principal.SecurityIdentifier('S-1-5-32-544')))
    foreach ($sid in 'S-1-5-32-544', 'S-1-5-18') {
        $account = New-Object Security.Principal.SecurityIdentifier($sid)
        $rule = New-Object Security.AccessControl.FileSystemAccessRule($account, 'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow')
        $security.AddAccessRule($rule)
    }
    # .NET Framework and .NET have this call in different places.
    if ($PSVersionTable.PSVersion.Major -lt 6) { [void][IO.Directory]::CreateDirectory($Folder, $security) }
    else { [void][IO.FileSystemAclExtensions]::CreateDirectory($security, $Folder) }
}

function Open-Lock {
    # One writer at a time, also across sessions: the handle is exclusive and is gone with the process. $null where another one holds it, which is
    # an IOException itself, none of the kinds derived from it; its number is not the same everywhere.
    param([string]$Path)
    try { return [IO.File]::Open($Path, [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None) }
    catch {
        if ([string]$_.Exception.GetBaseException().GetType().FullName -ceq 'System.IO.IOException') { return $null }
        throw
    }
}

function Save-Content {
    # The new file whole, then in place of the old one. The first has a name of its own: .new without a journal means that one was lost.
    param([string]$Path, [byte[]]$Bytes, [bool]$IsFirst)
    $new = $Path + '.new'
    $old = $Path + '.old'
    if ($IsFirst) { $new = $Path + '.first' }
    try {
        $stream = New-Object IO.FileStream($new, [IO.FileMode]::Create, [IO.FileAccess]::Write, [IO.FileShare]::None)
        try { $stream.Write($Bytes, 0, $Bytes.Length); $stream.Flush($true) } finally { $stream.Dispose() }
        if ($IsFirst) { [IO.File]::Move($new, $Path) }
        else {
            [IO.File]::Delete($old)
            [IO.File]::Replace($new, $Path, $old)
        }
    }
    catch {
        # Windows documents a failure of Replace that leaves the old file under the backup's name.
        if (-not $IsFirst -and -not [IO.File]::Exists($Path) -and [IO.File]::Exists($old)) { [IO.File]::Move($old, $Path) }
        if ($IsFirst -or [IO.File]::Exists($Path)) { [IO.File]::Delete($new) }
        throw
    }
    $null = Get-Failure { [IO.File]::Delete($old) }
}

function Get-LedgerEnd {
    # How many bytes the ledger has, and the hash of the last of them; $null where there are none.
    param([string]$Path, [int]$Length)
    $end = [ordered]@{ size = 0; sha256 = $null }
    if (-not [IO.File]::Exists($Path)) { return $end }
    [byte[]]$bytes = [IO.File]::ReadAllBytes($Path)
    $end.size = $bytes.Length
    if ($bytes.Length -eq 0) { return $end }
    $from = [Math]::Max(0, $bytes.Length - $Length)
    [byte[]]$last = New-Object byte[] ($bytes.Length - $from)
    [Array]::Copy($bytes, $from, $last, 0, $last.Length)
    $end.sha256 = Get-Sha256 $last
    return $end
}

function Add-LedgerLine {
    # Only to a file that ends as the caller knows it, so that no line is written twice. Gives a word for what became of it, and an error.
    param([string]$Path, $Ledger)
    $told = [ordered]@{ state = 'failed'; failure = $null }
    $told.failure = Get-Failure {
        $bytes = [Convert]::FromBase64String($Ledger.content)
        $end = Get-LedgerEnd -Path $Path -Length $Ledger.last
        if ($end.size -ne $Ledger.size -or $end.sha256 -cne $Ledger.sha256) { $told.state = 'differs' }
        else {
            $stream = New-Object IO.FileStream($Path, [IO.FileMode]::Append, [IO.FileAccess]::Write, [IO.FileShare]::None)
            try { $stream.Write($bytes, 0, $bytes.Length); $stream.Flush($true) } finally { $stream.Dispose() }
            $told.state = 'added'
        }
    }
    return $told
}

function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    $reply = [ordered]@{ problem = $null; written = $false; failure = $null; unreadable = $null; sha256 = $null; written_at = $null; server_time = $null }
    $reply.ledger = $null
    $bytes = [Convert]::FromBase64String($Request.content)
    $place = Get-JournalPlace $Request.path
    $reply.problem = $place.problem
    if ($null -ne $reply.problem) { return $reply }
    $path = $place.full
    Initialize-Folder $place.folder
    $reply.problem = Get-FolderProblem $place.folder
    if ($null -ne $reply.problem) { return $reply }
    $lock = Open-Lock ($path + '.lock')
    if ($null -eq $lock) {
        $reply.problem = 'in_use'
        return $reply
    }
    try {
        $found = $null
        if ([IO.File]::Exists($path)) {
            if ((New-Object IO.FileInfo($path)).Length -gt $Request.limit) { $reply.problem = 'size' }
            else { $found = Get-Sha256 ([IO.File]::ReadAllBytes($path)) }
        }
        else { $reply.problem = Get-LeftoverProblem $path }
        $expected = ($null -eq $reply.problem -and $found -ceq $Request.expected_sha256)
        if ($expected -and $null -ne $Request.ledger) {
            # The lines first: what the journal names as their end is there then. A write that stops between them leaves lines that are known again.
            $reply.ledger = Add-LedgerLine -Path ([IO.Path]::Combine($place.folder, $Request.ledger.name)) -Ledger $Request.ledger
            $expected = ($reply.ledger.state -ceq 'added')
        }
        if ($expected) {
            $reply.failure = Get-Failure { Save-Content -Path $path -Bytes $bytes -IsFirst ($null -eq $found) }
            $reply.written = ($null -eq $reply.failure)
            $found = $null
            $reply.unreadable = Get-Failure {
                if ([IO.File]::Exists($path)) { $reply.sha256 = Get-Sha256 ([IO.File]::ReadAllBytes($path)) }
            }
        }
        else { $reply.sha256 = $found }
        $null = Get-Failure { $reply.written_at = Get-WriteTime $path }
        $reply.server_time = ConvertTo-IsoUtc ([datetime]::UtcNow)
        return $reply
    }
    finally { $lock.Dispose() }
}
