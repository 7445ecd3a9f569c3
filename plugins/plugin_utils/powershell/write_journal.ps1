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

function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    $path = Get-JournalPath $Request.path
    $bytes = [Convert]::FromBase64String($Request.content)
    $folder = [IO.Path]::GetDirectoryName($path)
    Initialize-Folder $folder
    $problem = Get-FolderProblem $folder
    if ($null -ne $problem) { return [ordered]@{ written = $false; sha256 = $null; problem = $problem } }
    # One writer at a time, also across sessions: the handle is exclusive and is gone with the process.
    $lock = [IO.File]::Open("$path.lock", [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None)
    try {
        $found = $null
        if ([IO.File]::Exists($path)) { $found = Get-Sha256 ([IO.File]::ReadAllBytes($path)) }
        if ($found -cne $Request.expected_sha256) { return [ordered]@{ written = $false; sha256 = $found; problem = $null } }
        $new = "$path.new"
        $stream = New-Object IO.FileStream($new, [IO.FileMode]::Create, [IO.FileAccess]::Write, [IO.FileShare]::None)
        try { $stream.Write($bytes, 0, $bytes.Length); $stream.Flush($true) } finally { $stream.Dispose() }
        # Replace is atomic but needs a target; a plain $null would reach .NET as an empty string.
        if ($null -eq $found) { [IO.File]::Move($new, $path) } else { [IO.File]::Replace($new, $path, [NullString]::Value) }
        return [ordered]@{ written = $true; sha256 = (Get-Sha256 ([IO.File]::ReadAllBytes($path))); problem = $null }
    }
    finally { $lock.Dispose() }
}
