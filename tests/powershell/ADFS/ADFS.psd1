# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in for the module ADFS of Windows Server, for tests only.
@{
    RootModule = 'ADFS.psm1'
    ModuleVersion = '1.0.0'
    GUID = '6f0b1c52-7c7e-4d39-9a35-0f4f6f1d8b21'
    Author = 'The federation.adfs contributors'
    Description = 'Stand-in cmdlets over a JSON file, for tests only'
    FunctionsToExport = @(
        'Get-AdfsFarmInformation',
        'Add-AdfsCertificate',
        'Get-AdfsCertificate',
        'Get-AdfsClaimsProviderTrust',
        'Get-AdfsProperties',
        'Get-AdfsRelyingPartyTrust',
        'Get-AdfsSslCertificate',
        'Get-AdfsSyncProperties',
        'Get-AdfsWebApiApplication',
        'Get-WinEvent',
        'Remove-AdfsCertificate',
        'Set-AdfsCertificate',
        'Set-AdfsProperties',
        'Update-AdfsCertificate'
    )
    CmdletsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
}
