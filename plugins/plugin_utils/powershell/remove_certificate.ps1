# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Takes one certificate out of the AD FS configuration (not out of the Windows store) and reads back.
function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    Import-AdfsModule
    $listed = @(Get-AdfsCertificate -CertificateType $Request.certificate_type -ErrorAction Stop)
    $target = @($listed | Where-Object { $_.Thumbprint -eq $Request.thumbprint })
    $failure = $null
    if ($target.Count -eq 1) {
        if (Confirm-Truth $target[0].IsPrimary 'IsPrimary') { throw 'The primary certificate is never removed.' }
        $failure = Get-Failure { Remove-AdfsCertificate -TargetCertificate $target[0] -Confirm:$false -ErrorAction Stop }
    }
    return [ordered]@{ failure = $failure; certificates = (Read-Part { , (Get-CertificateList $Request.certificate_type) }) }
}
