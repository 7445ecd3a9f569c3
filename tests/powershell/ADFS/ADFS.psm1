# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Stand-in cmdlets over a farm's state in the JSON file $env:ADFS_LAB_STATE: names, parameters, types and error ids as AD FS has them.
# Dates in the state are texts like 20260102030405 (UTC), because ConvertFrom-Json of PowerShell 7 turns ISO 8601 into DateTime by itself.
# Error ids other than PS0033, PS0137, PS0139 and PS0159 are inventions; the real ones are not documented.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not ('FederationAdfsLab.RevocationSetting' -as [type])) {
    Add-Type -TypeDefinition @'
namespace System.ServiceModel
{
    public class EndpointNotFoundException : System.SystemException
    {
        public EndpointNotFoundException(string message) : base(message) { }
    }
}
namespace FederationAdfsLab
{
    public static class Failure
    {
        public static System.Exception EndpointNotFound(string message) { return new System.ServiceModel.EndpointNotFoundException(message); }
    }
    public enum RevocationSetting
    {
        None, CheckEndCert, CheckEndCertCacheOnly, CheckChain, CheckChainCacheOnly, CheckChainExcludeRoot, CheckChainExcludeRootCacheOnly
    }
}
'@
}

$Commands = @{
    'Add-AdfsCertificate' = 'AddCertificateCommand'
    'Get-AdfsCertificate' = 'GetCertificateCommand'
    'Get-AdfsClaimsProviderTrust' = 'GetClaimsProviderTrustCommand'
    'Get-AdfsFarmInformation' = 'GetFarmInformationCommand'
    'Get-AdfsProperties' = 'GetServicePropertiesCommand'
    'Get-AdfsRelyingPartyTrust' = 'GetRelyingPartyTrustCommand'
    'Get-AdfsSslCertificate' = 'GetSslCertificateCommand'
    'Get-AdfsSyncProperties' = 'GetSyncPropertiesCommand'
    'Get-AdfsWebApiApplication' = 'GetWebApiApplicationCommand'
    'Remove-AdfsCertificate' = 'RemoveCertificateCommand'
    'Set-AdfsCertificate' = 'SetCertificateCommand'
    'Set-AdfsProperties' = 'SetServicePropertiesCommand'
    'Update-AdfsCertificate' = 'UpdateCertificateCommand'
}
$DateMembers = @('LastMonitoredTime', 'LastSyncTime', 'LastUpdateTime', 'PersistentSsoCutoffTime', 'TimeCreated')
$UriMembers = @('Identifier', 'MetadataUrl', 'WSFedEndpoint')

function Read-LabState {
    return (ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($env:ADFS_LAB_STATE)))
}

function Save-LabState {
    param($State)
    [IO.File]::WriteAllText($env:ADFS_LAB_STATE, (ConvertTo-Json -InputObject $State -Depth 12))
}

function ConvertTo-LabDate {
    param([string]$Text)
    $styles = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
    $date = [datetime]::ParseExact($Text, 'yyyyMMddHHmmss', [Globalization.CultureInfo]::InvariantCulture, $styles)
    # AD FS gives local times; the year 1 stays as it is.
    if ($date.Year -gt 1) { return $date.ToLocalTime() }
    return $date
}

function ConvertTo-LabOddValue {
    # What AD FS is not documented to give: a value of another type, which the state describes.
    param($Told)
    $value = $Told.'$type'
    if ($value -ceq 'System.TimeSpan') { return [timespan]::FromSeconds($Told.value) }
    if ($value -ceq 'System.Double') { return [double]$Told.value }
    if ($value -ceq 'System.UInt64') { return [uint64]$Told.value }
    if ($value -ceq 'System.Int64') { return [long]$Told.value }
    if ($value -ceq 'System.Object[]') { return , @('one', 'two') }
    return (New-Object -TypeName $value)
}

function Write-LabStray {
    # What a cmdlet puts out before its answer.
    param($State, [string]$Cmdlet)
    $lines = $State.stray.PSObject.Properties[$Cmdlet]
    if ($null -ne $lines) { $lines.Value }
}

function ConvertTo-LabObject {
    # The members of a state object, with the types that AD FS gives them. What the state lacks, the object lacks.
    param($Members)
    $object = [ordered]@{}
    foreach ($member in $Members.PSObject.Properties) {
        $value = $member.Value
        if ($null -ne $value -and $value -is [string]) {
            if ($DateMembers -ccontains $member.Name) { $value = ConvertTo-LabDate $value }
            elseif ($UriMembers -ccontains $member.Name) { $value = [uri]$value }
            elseif ($member.Name -ceq 'ClientCertRevocationCheck') { $value = [FederationAdfsLab.RevocationSetting]$value }
        }
        elseif ($value -is [long]) { $value = [int]$value }
        elseif ($value -is [Management.Automation.PSCustomObject] -and $null -ne $value.PSObject.Properties['$type']) { $value = ConvertTo-LabOddValue $value }
        $object[$member.Name] = $value
    }
    return [pscustomobject]$object
}

function ConvertTo-LabCertificate {
    param($Item)
    [byte[]]$bytes = [Convert]::FromBase64String($Item.RawData)
    $certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes)
    return [pscustomobject]@{
        Certificate = $certificate
        CertificateType = [string]$Item.CertificateType
        IsPrimary = [bool]$Item.IsPrimary
        StoreLocation = [Security.Cryptography.X509Certificates.StoreLocation]$Item.StoreLocation
        StoreName = [Security.Cryptography.X509Certificates.StoreName]$Item.StoreName
        Thumbprint = [string]$certificate.Thumbprint
    }
}

function Get-LabThumbprint {
    param([string]$RawData)
    [byte[]]$bytes = [Convert]::FromBase64String($RawData)
    return [string][Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes).Thumbprint
}

function New-LabError {
    param(
        [string]$Cmdlet,
        [string]$Id,
        [string]$Message,
        [string]$Category = 'OpenError',
        [string]$Exception = 'System.InvalidOperationException',
        [int]$Depth = 0
    )
    $cause = $null
    for ($number = $Depth; $number -gt 0; $number--) {
        $text = 'cause ' + $number
        if ($null -eq $cause) { $cause = New-Object -TypeName System.InvalidOperationException -ArgumentList $text }
        else { $cause = New-Object -TypeName System.InvalidOperationException -ArgumentList $text, $cause }
    }
    # By its name PowerShell 7 might find the type of a library of its own.
    if ($Exception -ceq 'System.ServiceModel.EndpointNotFoundException') { $inner = [FederationAdfsLab.Failure]::EndpointNotFound($Message) }
    elseif ($null -ne $cause) { $inner = New-Object -TypeName $Exception -ArgumentList $Message, $cause }
    else { $inner = New-Object -TypeName $Exception -ArgumentList $Message }
    $fullId = 'Microsoft.IdentityServer.Management.Commands.' + $Commands[$Cmdlet]
    if ($Id -cne '') { $fullId = $Id + ',' + $fullId }
    return [Management.Automation.ErrorRecord]::new($inner, $fullId, [Management.Automation.ErrorCategory]$Category, $null)
}

function Get-LabRefusal {
    # What keeps a cmdlet from doing anything here; $null if nothing does.
    param($State, [string]$Cmdlet, [bool]$OnSecondary)
    $refusal = $State.refusals.PSObject.Properties[$Cmdlet]
    if ($null -ne $refusal) {
        $told = $refusal.Value
        $depth = 0
        if ($null -ne $told.PSObject.Properties['depth']) { $depth = [int]$told.depth }
        return (New-LabError -Cmdlet $Cmdlet -Id $told.id -Message $told.message -Category $told.category -Exception $told.exception -Depth $depth)
    }
    if (-not $State.running) {
        $text = ('Could not connect to net.tcp://localhost:1500/policy. The connection attempt lasted for a time span of 00:00:02.0470000. ' +
            'TCP error code 10061: No connection could be made because the target machine actively refused it 127.0.0.1:1500.')
        return (New-LabError -Cmdlet $Cmdlet -Id '' -Message $text -Exception 'System.ServiceModel.EndpointNotFoundException')
    }
    if ($State.secondary -and -not $OnSecondary) {
        $text = ('PS0033: This cmdlet cannot be executed from a secondary server in a local database farm.  The primary server is presently: ' +
            $State.primary_server + '.')
        return (New-LabError -Cmdlet $Cmdlet -Id 'PS0033' -Message $text)
    }
    return $null
}

function Get-LabRolloverRefusal {
    param($State, [string]$Cmdlet, [string]$CertificateType)
    if (-not $State.properties.AutoCertificateRollover) { return $null }
    $text = $CertificateType + ' certificates cannot be changed while AutoCertificateRollover is enabled.'
    return (New-LabError -Cmdlet $Cmdlet -Id 'AutoCertificateRolloverEnabled' -Message $text)
}

function Find-LabCertificate {
    # The entry of the configuration, or $null.
    param($State, [string]$CertificateType, [string]$Thumbprint)
    foreach ($item in @($State.certificates)) {
        if ($item.CertificateType -ceq $CertificateType -and (Get-LabThumbprint $item.RawData) -eq $Thumbprint) { return $item }
    }
    return $null
}

function Set-LabPrimary {
    # Makes one entry the primary of its type. A service that cannot use the key of its primary certificate stops.
    param($State, $Target)
    foreach ($item in @($State.certificates)) {
        if ($item.CertificateType -ceq $Target.CertificateType) { $item.IsPrimary = ($item.RawData -ceq $Target.RawData) }
    }
    if ($Target.StoreLocation -ceq 'LocalMachine') {
        $usable = $false
        foreach ($entry in @($State.store)) {
            if ($entry.RawData -ceq $Target.RawData -and $entry.usable) { $usable = $true }
        }
        if (-not $usable) { $State.running = $false }
    }
}

function Complete-LabAct {
    # Saves what an act made of the state, in the way that the state's answers say; tests/lab/answers.py has the words. Gives the error to report, or $null.
    param($State, [string]$Cmdlet, [string]$CertificateType, [string]$Thumbprint, [string[]]$PropertyName)
    $told = $State.answers.PSObject.Properties[$Cmdlet]
    $answer = ''
    if ($null -ne $told) { $answer = [string]$told.Value }
    $before = Read-LabState
    $set = New-Object 'Collections.Generic.List[string]'
    foreach ($name in $PropertyName) {
        if ($null -ne $before.properties.PSObject.Properties[$name]) { $set.Add($name) }
    }
    $set.Sort([StringComparer]::Ordinal)
    if ($answer -ceq 'silent') {
        $State.certificates = $before.certificates
        $State.properties = $before.properties
    }
    elseif ($answer -ceq 'partly') {
        for ($index = 1; $index -lt $set.Count; $index++) { $State.properties.($set[$index]) = $before.properties.($set[$index]) }
    }
    elseif ($answer -ceq 'two_primaries') {
        $own = @($State.certificates | Where-Object { $_.CertificateType -ceq $CertificateType })
        for ($index = 0; $index -lt $own.Length; $index++) { $own[$index].IsPrimary = ($index -eq 0 -or $index -eq $own.Length - 1) }
    }
    elseif ($answer -ceq 'loses_another') {
        $others = @($before.certificates | Where-Object { $_.CertificateType -ceq $CertificateType -and (Get-LabThumbprint $_.RawData) -ne $Thumbprint })
        $kept = New-Object 'Collections.Generic.List[object]'
        foreach ($item in @($State.certificates)) {
            $lost = ($others.Length -gt 0 -and $item.CertificateType -ceq $CertificateType -and $item.RawData -ceq $others[0].RawData)
            if (-not $lost) { $kept.Add($item) }
        }
        $State.certificates = $kept.ToArray()
    }
    elseif ($answer -ceq 'null_after') {
        $State.answers | Add-Member -NotePropertyName 'Get-AdfsCertificate' -NotePropertyValue 'null_primary' -Force
        foreach ($name in $set) { $State.properties.$name = $null }
    }
    elseif ($answer -ceq 'stops_after') { $State.running = $false }
    Save-LabState $State
    if ($answer -ceq 'error_after') {
        return (New-LabError -Cmdlet $Cmdlet -Id 'ErrorAfterWork' -Message 'The configuration was changed, and then something went wrong.')
    }
    return $null
}

function Get-AdfsCertificate {
    [CmdletBinding(DefaultParameterSetName = 'ByType')]
    param(
        [Parameter(ParameterSetName = 'ByType', Position = 0)]
        [ValidateSet('Service-Communications', 'Token-Decrypting', 'Token-Signing')]
        [string[]]$CertificateType,
        [Parameter(ParameterSetName = 'ByReference', Mandatory = $true)]
        [string[]]$Thumbprint
    )
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsCertificate' -OnSecondary $state.switches.secondary_answers_get_certificate
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    $answer = ''
    $told = $state.answers.PSObject.Properties['Get-AdfsCertificate']
    if ($null -ne $told) { $answer = [string]$told.Value }
    foreach ($item in @($state.certificates)) {
        $found = ConvertTo-LabCertificate $item
        if ($answer -ceq 'null_primary') { $found.IsPrimary = $null }
        elseif ($answer -ceq 'text_primary') { $found.IsPrimary = [string]$found.IsPrimary }
        elseif ($answer -ceq 'null_certificate') { $found.Certificate = $null }
        elseif ($answer -ceq 'null_service' -and $found.CertificateType -ceq 'Service-Communications') { $found.Certificate = $null }
        if ($PSBoundParameters.ContainsKey('CertificateType') -and $CertificateType -notcontains $found.CertificateType) { continue }
        if ($PSBoundParameters.ContainsKey('Thumbprint') -and $Thumbprint -notcontains $found.Thumbprint) { continue }
        $found
        if ($answer -ceq 'half') {
            # Not the end of it by itself: only a caller that says so takes half a list for an error.
            $PSCmdlet.WriteError((New-LabError -Cmdlet 'Get-AdfsCertificate' -Id 'HalfTheList' -Message 'The rest of the list could not be read.'))
            return
        }
    }
}

function Update-AdfsCertificate {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Position = 0)]
        [ValidateSet('Token-Decrypting', 'Token-Signing')]
        [string]$CertificateType,
        [switch]$Urgent,
        [switch]$PassThru
    )
    $name = 'Update-AdfsCertificate'
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet $name -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    if (-not $state.properties.AutoCertificateRollover) {
        $text = 'Certificates cannot be updated because automatic certificate rollover is disabled.'
        $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'AutoCertificateRolloverDisabled' -Message $text))
    }
    $types = @('Token-Signing', 'Token-Decrypting')
    if ($PSBoundParameters.ContainsKey('CertificateType')) { $types = @($CertificateType) }
    $now = ConvertTo-LabDate $state.now
    foreach ($type in $types) {
        $kept = New-Object 'Collections.Generic.List[object]'
        foreach ($item in @($state.certificates)) {
            $seen = ConvertTo-LabCertificate $item
            $mine = ($item.CertificateType -ceq $type)
            if ($mine -and -not $Urgent -and -not $item.IsPrimary) {
                if ($seen.Certificate.NotAfter -gt $now -or $state.switches.expired_secondary_refuses_update) {
                    $purpose = 'Encryption'
                    if ($type -ceq 'Token-Signing') { $purpose = 'Signing' }
                    $due = $seen.Certificate.NotBefore.AddDays($state.properties.CertificatePromotionThreshold).ToString('D')
                    $text = ("PS0139: A certificate of type '$purpose' already exists and is due to be promoted to primary at '$due'. " +
                        'To remove the current set and generate a new primary certificate, use the -Urgent option.')
                    $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'PS0139' -Message $text))
                }
                continue
            }
            if ($mine -and $Urgent) {
                if (-not $state.switches.urgent_keeps_old) { continue }
                $item.IsPrimary = $false
            }
            $kept.Add($item)
        }
        $waiting = @($state.newborn.$type)
        $born = [pscustomobject]@{
            CertificateType = $type
            IsPrimary = [bool]$Urgent
            StoreLocation = 'CurrentUser'
            StoreName = 'My'
            RawData = $waiting[0]
        }
        $kept.Add($born)
        $state.newborn.$type = @($waiting | Select-Object -Skip 1)
        $state.certificates = $kept.ToArray()
    }
    if ($PSCmdlet.ShouldProcess('AD FS')) {
        $failure = Complete-LabAct -State $state -Cmdlet $name -CertificateType $types[0]
        if ($null -ne $failure) { $PSCmdlet.ThrowTerminatingError($failure) }
    }
}

function Add-AdfsCertificate {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateSet('Token-Decrypting', 'Token-Signing')]
        [string]$CertificateType,
        [Parameter(Mandatory = $true, Position = 1)]
        [string]$Thumbprint,
        [switch]$IsPrimary,
        [switch]$PassThru
    )
    $name = 'Add-AdfsCertificate'
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet $name -OnSecondary $false
    if ($null -eq $refusal) { $refusal = Get-LabRolloverRefusal -State $state -Cmdlet $name -CertificateType $CertificateType }
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    $entry = $null
    foreach ($item in @($state.store)) {
        if ((Get-LabThumbprint $item.RawData) -eq $Thumbprint) { $entry = $item }
    }
    if ($null -eq $entry) {
        $text = "The certificate '$Thumbprint' was not found in the store My of the local machine."
        $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'CertificateNotInStore' -Message $text))
    }
    if ($null -ne (Find-LabCertificate -State $state -CertificateType $CertificateType -Thumbprint $Thumbprint)) {
        $text = "The certificate '" + $Thumbprint.ToUpperInvariant() + "' is already in the $CertificateType collection."
        $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'CertificateExists' -Message $text))
    }
    $added = [pscustomobject]@{
        CertificateType = $CertificateType
        IsPrimary = $false
        StoreLocation = 'LocalMachine'
        StoreName = 'My'
        RawData = $entry.RawData
    }
    $state.certificates = @(@($state.certificates) + $added)
    if ($IsPrimary) { Set-LabPrimary $state $added }
    if ($PSCmdlet.ShouldProcess('AD FS')) {
        $failure = Complete-LabAct -State $state -Cmdlet $name -CertificateType $CertificateType -Thumbprint $Thumbprint
        if ($null -ne $failure) { $PSCmdlet.ThrowTerminatingError($failure) }
    }
}

function Set-AdfsCertificate {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateSet('Service-Communications', 'Token-Decrypting', 'Token-Signing')]
        [string]$CertificateType,
        [Parameter(Mandatory = $true, Position = 1)]
        [string]$Thumbprint,
        [switch]$IsPrimary,
        [switch]$PassThru
    )
    $name = 'Set-AdfsCertificate'
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet $name -OnSecondary $false
    if ($null -eq $refusal -and -not $state.switches.promotion_allowed_while_rollover_on) {
        $refusal = Get-LabRolloverRefusal -State $state -Cmdlet $name -CertificateType $CertificateType
    }
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    $target = Find-LabCertificate -State $state -CertificateType $CertificateType -Thumbprint $Thumbprint
    if ($null -eq $target) {
        $text = "The certificate '$Thumbprint' is not in the $CertificateType collection."
        $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'CertificateNotFound' -Message $text))
    }
    if ($IsPrimary -and -not $target.IsPrimary) { Set-LabPrimary $state $target }
    if ($PSCmdlet.ShouldProcess('AD FS')) {
        $failure = Complete-LabAct -State $state -Cmdlet $name -CertificateType $CertificateType -Thumbprint $Thumbprint
        if ($null -ne $failure) { $PSCmdlet.ThrowTerminatingError($failure) }
    }
}

function Remove-AdfsCertificate {
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'ByObject')]
    param(
        [Parameter(ParameterSetName = 'ByObject', Mandatory = $true, Position = 0)]
        $TargetCertificate,
        [Parameter(ParameterSetName = 'ByReference', Mandatory = $true)]
        [ValidateSet('Token-Decrypting', 'Token-Signing')]
        [string]$CertificateType,
        [Parameter(ParameterSetName = 'ByReference', Mandatory = $true)]
        [string]$Thumbprint,
        [switch]$PassThru
    )
    $name = 'Remove-AdfsCertificate'
    if ($PSCmdlet.ParameterSetName -ceq 'ByObject') {
        $CertificateType = $TargetCertificate.CertificateType
        $Thumbprint = $TargetCertificate.Thumbprint
    }
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet $name -OnSecondary $false
    if ($null -eq $refusal) { $refusal = Get-LabRolloverRefusal -State $state -Cmdlet $name -CertificateType $CertificateType }
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    $target = Find-LabCertificate -State $state -CertificateType $CertificateType -Thumbprint $Thumbprint
    if ($null -eq $target) {
        $text = "The certificate '$Thumbprint' is not in the $CertificateType collection."
        $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'CertificateNotFound' -Message $text))
    }
    if ($target.IsPrimary) {
        $text = "The certificate '$Thumbprint' is the primary $CertificateType certificate."
        $PSCmdlet.ThrowTerminatingError((New-LabError -Cmdlet $name -Id 'PrimaryCertificate' -Message $text))
    }
    $kept = New-Object 'Collections.Generic.List[object]'
    foreach ($item in @($state.certificates)) {
        if ($item.CertificateType -cne $CertificateType -or $item.RawData -cne $target.RawData) { $kept.Add($item) }
    }
    $state.certificates = $kept.ToArray()
    if ($PSCmdlet.ShouldProcess('AD FS')) {
        $failure = Complete-LabAct -State $state -Cmdlet $name -CertificateType $CertificateType -Thumbprint $Thumbprint
        if ($null -ne $failure) { $PSCmdlet.ThrowTerminatingError($failure) }
    }
}

function Get-AdfsProperties {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'The name of the real cmdlet')]
    [CmdletBinding()]
    param()
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsProperties' -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    Write-LabStray $state 'Get-AdfsProperties'
    ConvertTo-LabObject $state.properties
}

function Set-AdfsProperties {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'The name of the real cmdlet')]
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [bool]$AutoCertificateRollover,
        [int]$CertificateCriticalThreshold,
        [int]$CertificateDuration,
        [int]$CertificateGenerationThreshold,
        [int]$CertificatePromotionThreshold,
        [int]$CertificateRolloverInterval,
        [int]$CertificateThresholdMultiplier,
        [string]$DisplayName,
        [int]$MonitoringInterval,
        [int]$SsoLifetime,
        [switch]$Force,
        [switch]$PassThru
    )
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Set-AdfsProperties' -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    foreach ($name in @($PSBoundParameters.Keys)) {
        if ($null -ne $state.properties.PSObject.Properties[$name]) { $state.properties.$name = $PSBoundParameters[$name] }
    }
    if ($PSCmdlet.ShouldProcess('AD FS')) {
        $failure = Complete-LabAct -State $state -Cmdlet 'Set-AdfsProperties' -PropertyName @($PSBoundParameters.Keys)
        if ($null -ne $failure) { $PSCmdlet.ThrowTerminatingError($failure) }
    }
}

function Get-AdfsSyncProperties {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'The name of the real cmdlet')]
    [CmdletBinding()]
    param()
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsSyncProperties' -OnSecondary $true
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    Write-LabStray $state 'Get-AdfsSyncProperties'
    ConvertTo-LabObject $state.sync
}

function Get-AdfsFarmInformation {
    # The real one supports -WhatIf, and then only says what it would do; it also sees the caller's preference, as cmdlets do.
    [CmdletBinding(SupportsShouldProcess = $true)]
    param()
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsFarmInformation' -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    if ($PSCmdlet.SessionState.PSVariable.GetValue('WhatIfPreference') -or -not $PSCmdlet.ShouldProcess('AD FS')) { return }
    $nodes = New-Object 'Collections.Generic.List[object]'
    foreach ($name in @($state.farm_nodes)) { $nodes.Add([pscustomobject]@{ FQDN = $name }) }
    Write-LabStray $state 'Get-AdfsFarmInformation'
    [pscustomobject]@{ CurrentFarmBehavior = [int]$state.properties.CurrentFarmBehavior; FarmNodes = $nodes.ToArray() }
}

function Get-AdfsSslCertificate {
    [CmdletBinding()]
    param()
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsSslCertificate' -OnSecondary $true
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    # The real module, imported under WhatIf, lacks its aliases, and this gives nothing.
    if ($PSCmdlet.SessionState.PSVariable.GetValue('WhatIfPreference')) { return }
    foreach ($item in @($state.certificates)) {
        if ($item.CertificateType -cne 'Service-Communications') { continue }
        [pscustomobject]@{
            HostName = [string]$state.properties.HostName
            PortNumber = 443
            CertificateHash = Get-LabThumbprint $item.RawData
            AppId = [guid]'5d89a20c-beab-4389-9447-324788eb944a'
        }
    }
}

function Get-AdfsRelyingPartyTrust {
    [CmdletBinding(DefaultParameterSetName = 'All')]
    param(
        [Parameter(ParameterSetName = 'Identifier')]
        [string[]]$Identifier,
        [Parameter(ParameterSetName = 'Name', Position = 0)]
        [string[]]$Name
    )
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsRelyingPartyTrust' -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    Write-LabStray $state 'Get-AdfsRelyingPartyTrust'
    foreach ($trust in @($state.relying_parties)) {
        if ($PSBoundParameters.ContainsKey('Name') -and $Name -notcontains $trust.Name) { continue }
        if ($PSBoundParameters.ContainsKey('Identifier') -and @($trust.Identifier | Where-Object { $Identifier -contains $_ }).Count -eq 0) { continue }
        ConvertTo-LabObject $trust
    }
}

function Get-AdfsClaimsProviderTrust {
    [CmdletBinding()]
    param()
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsClaimsProviderTrust' -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    foreach ($trust in @($state.claims_providers)) { ConvertTo-LabObject $trust }
}

function Get-AdfsWebApiApplication {
    [CmdletBinding()]
    param()
    $state = Read-LabState
    $refusal = Get-LabRefusal -State $state -Cmdlet 'Get-AdfsWebApiApplication' -OnSecondary $false
    if ($null -ne $refusal) { $PSCmdlet.ThrowTerminatingError($refusal) }
    foreach ($application in @($state.applications)) { ConvertTo-LabObject $application }
}

function Get-WinEvent {
    # That of Windows, on the log AD FS/Admin.
    [CmdletBinding()]
    param([hashtable]$FilterHashtable, [long]$MaxEvents)
    $found = New-Object 'Collections.Generic.List[object]'
    foreach ($item in @((Read-LabState).events)) {
        if ($found.Count -ge $MaxEvents -or $FilterHashtable.Id -notcontains $item.Id) { continue }
        if ($FilterHashtable.ContainsKey('StartTime') -and (ConvertTo-LabDate $item.TimeCreated) -lt $FilterHashtable.StartTime) { continue }
        $found.Add((ConvertTo-LabObject $item))
    }
    if ($found.Count -eq 0) {
        $none = New-Object -TypeName Exception -ArgumentList 'No events were found that match the specified selection criteria.'
        $fullId = 'NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand'
        $PSCmdlet.WriteError([Management.Automation.ErrorRecord]::new($none, $fullId, [Management.Automation.ErrorCategory]::ObjectNotFound, $null))
    }
    $found.ToArray()
}

Export-ModuleMember -Function '*-Adfs*', 'Get-WinEvent'
