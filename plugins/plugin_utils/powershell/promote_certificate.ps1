# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Makes one certificate primary and reads back; suspending automatic rollover is the caller's separate, journalled act.
function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    Import-AdfsModule
    $failure = Get-Failure {
        Set-AdfsCertificate -CertificateType $Request.certificate_type -Thumbprint $Request.thumbprint -IsPrimary -Confirm:$false -ErrorAction Stop
    }
    return [ordered]@{ failure = $failure; certificates = (Read-Part { , (Get-CertificateList $Request.certificate_type) }) }
}
