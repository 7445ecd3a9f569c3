# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Takes a certificate from the Windows store of this server into the AD FS configuration, never as primary, and reads back.
function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    Import-AdfsModule
    $failure = Get-Failure { Add-AdfsCertificate -CertificateType $Request.certificate_type -Thumbprint $Request.thumbprint -Confirm:$false -ErrorAction Stop }
    return [ordered]@{ failure = $failure; certificates = (Read-Part { , (Get-CertificateList $Request.certificate_type) }) }
}
