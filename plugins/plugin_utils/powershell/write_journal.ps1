# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Compare-and-swap of one small file. The content is base64 text that PowerShell never parses.
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

function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    $reply = [ordered]@{ problem = $null; written = $false; failure = $null; unreadable = $null; sha256 = $null; written_at = $null; server_time = $null }
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
        if ($null -eq $reply.problem -and $found -ceq $Request.expected_sha256) {
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
