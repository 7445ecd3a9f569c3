# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: facts about one custom certificate on this server: its key, who may read that, its chain, the bindings of AD FS. No verdicts: those are Python's.
function Get-ChainFact {
    param($Certificate, [string]$RevocationMode)
    $chain = New-Object Security.Cryptography.X509Certificates.X509Chain
    try {
        $chain.ChainPolicy.RevocationMode = [Security.Cryptography.X509Certificates.X509RevocationMode]$RevocationMode
        $chain.ChainPolicy.RevocationFlag = [Security.Cryptography.X509Certificates.X509RevocationFlag]::ExcludeRoot
        $chain.ChainPolicy.UrlRetrievalTimeout = New-Object TimeSpan(0, 0, 10)
        $built = $chain.Build($Certificate)
        return [ordered]@{
            built = [bool]$built
            status = @($chain.ChainStatus | ForEach-Object { [string]$_.Status })
            elements = @($chain.ChainElements | ForEach-Object { [Convert]::ToBase64String($_.Certificate.RawData) })
        }
    }
    finally { $chain.Dispose() }
}

function Invoke-Task {
    param($Request)
    # Nothing below changes anything, and under WhatIf the ADFS module would be imported without its aliases: the bindings would come back empty.
    $WhatIfPreference = $false
    $parts = [ordered]@{ certificate = $null; service_account = $null; key = $null; readers = $null; chain = $null; bindings = $null }
    $certificate = Find-Certificate $Request.store_location $Request.thumbprint
    if ($null -eq $certificate) { return $parts }
    $parts.certificate = [Convert]::ToBase64String($certificate.RawData)
    $parts.service_account = Read-Part { Get-ServiceAccount }
    $parts.key = Read-Part { Get-KeyFact $certificate }
    $file = $null
    if ($parts.key.ok) { $file = $parts.key.value.file }
    if ($null -ne $file) { $parts.readers = Read-Part { , (Get-ReaderList $file) } }
    $parts.chain = Read-Part { Get-ChainFact $certificate $Request.revocation_mode }
    $parts.bindings = Read-Part {
        Import-AdfsModule
        $list = New-Object 'Collections.Generic.List[object]'
        foreach ($binding in @(Get-AdfsSslCertificate -ErrorAction Stop)) { $list.Add([string]$binding.CertificateHash) }
        , $list.ToArray()
    }
    return $parts
}
