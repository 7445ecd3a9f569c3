# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
$ErrorActionPreference = 'Stop'
Import-Module ADFS
$found = foreach ($entry in Get-AdfsCertificate -CertificateType Token-Signing) {
    [ordered]@{ primary = $entry.IsPrimary; certificate = [Convert]::ToBase64String($entry.Certificate.RawData) }
}
ConvertTo-Json -InputObject @($found) -Compress
