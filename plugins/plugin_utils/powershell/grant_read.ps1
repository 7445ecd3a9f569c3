# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Lets the service account of AD FS read the private key of one certificate on this server, adds nothing else, and reads back.
function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    $certificate = Find-Certificate $Request.store_location $Request.thumbprint
    if ($null -eq $certificate) { throw 'The certificate is not in the store My of this server.' }
    $file = (Get-KeyFact $certificate).file
    if ($null -eq $file) { throw 'The private key of the certificate has no file on this server.' }
    $account = Get-ServiceAccount
    $sid = New-Object Security.Principal.SecurityIdentifier($account.sid)
    $rule = New-Object Security.AccessControl.FileSystemAccessRule($sid, 'Read', 'Allow')
    # Only the access rules: Set-Acl would write the owner and the group too, which takes more rights.
    $sections = [Security.AccessControl.AccessControlSections]::Access
    $security = New-Object Security.AccessControl.FileSecurity($file, $sections)
    $security.AddAccessRule($rule)
    # .NET Framework and .NET have this call in different places.
    $failure = Get-Failure {
        if ($PSVersionTable.PSVersion.Major -lt 6) { [IO.File]::SetAccessControl($file, $security) }
        else { [IO.FileSystemAclExtensions]::SetAccessControl((New-Object IO.FileInfo($file)), $security) }
    }
    return [ordered]@{ failure = $failure; service_account = $account; readers = (Read-Part { , (Get-ReaderList $file) }) }
}
