# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Asks AD FS for a successor, and reads back apart from that. Urgent replaces the primary at once.
# With keep_rollover_off, automatic rollover is on for the length of that request only.
function Get-RolloverSwitch {
    return (Confirm-Truth (Get-MemberOrNull (Get-AdfsProperties -ErrorAction Stop) 'AutoCertificateRollover') 'AutoCertificateRollover')
}

function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    Import-AdfsModule
    if ($Request.keep_rollover_off -and (Get-RolloverSwitch)) { throw 'Automatic certificate rollover is on already.' }
    $failure = $null
    $left_on = $null
    $rollover = $null
    try {
        if ($Request.keep_rollover_off) { $failure = Get-Failure { Set-AdfsProperties -AutoCertificateRollover $true -Confirm:$false -ErrorAction Stop } }
        if ($null -eq $failure) {
            $failure = Get-Failure {
                if ($Request.urgent) { Update-AdfsCertificate -CertificateType $Request.certificate_type -Urgent -Confirm:$false -ErrorAction Stop }
                else { Update-AdfsCertificate -CertificateType $Request.certificate_type -Confirm:$false -ErrorAction Stop }
            }
        }
    }
    finally {
        # Also where the pipeline is stopped, and where switching on reported an error: it may have been done all the same.
        if ($Request.keep_rollover_off) { $left_on = Get-Failure { Set-AdfsProperties -AutoCertificateRollover $false -Confirm:$false -ErrorAction Stop } }
    }
    if ($Request.keep_rollover_off) { $rollover = Read-Part { Get-RolloverSwitch } }
    return [ordered]@{
        failure = $failure
        left_on = $left_on
        auto_certificate_rollover = $rollover
        certificates = (Read-Part { , (Get-CertificateList $Request.certificate_type) })
    }
}
