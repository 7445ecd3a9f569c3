# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# First part of every script sent to a server: the parameter, strictness, and what all tasks share.
# A task is sent as header + task + footer, one text. It takes one JSON string and gives one JSON string back.
[CmdletBinding(SupportsShouldProcess)]
param([Parameter(Mandatory = $true)][string]$InputJson)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

function ConvertTo-IsoUtc {
    # Gregorian and culture-free; year-1 dates stay year 1; $null stays $null.
    param($Date)
    if ($null -eq $Date) { return $null }
    return ([datetime]$Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
}

function Get-MemberOrNull {
    # Strict mode throws on a member that an older AD FS does not have.
    param($Object, [string]$Name)
    if ($null -eq $Object) { return $null }
    $member = $Object.PSObject.Properties[$Name]
    if ($null -eq $member) { return $null }
    return $member.Value
}

function ConvertTo-PlainText {
    # An address as it was written: as text of its own it would lose letter case and escapes. $null becomes empty.
    param($Value)
    if ($Value -is [uri]) { return [string]$Value.OriginalString }
    return [string]$Value
}

function Get-ClippedText {
    param([string]$Text, [int]$Limit)
    if ($Text.Length -gt $Limit) { return $Text.Substring(0, $Limit) }
    return $Text
}

function ConvertFrom-ErrorRecord {
    # The id (before the first comma) and the type names are the same in every display language; the texts are not.
    # Of many exceptions inside each other the first seven count, and the last: it is the cause.
    param([Management.Automation.ErrorRecord]$Record)
    $chain = New-Object 'Collections.Generic.List[object]'
    $exception = $Record.Exception
    $depth = 0
    while ($null -ne $exception -and $depth -lt 1000) {
        $depth = $depth + 1
        if ($chain.Count -eq 8) { $chain.RemoveAt(7) }
        $message = Get-ClippedText $exception.Message 2000
        $chain.Add([ordered]@{ type = $exception.GetType().FullName; hresult = $exception.HResult; message = $message })
        $exception = $exception.InnerException
    }
    $fullId = [string]$Record.FullyQualifiedErrorId
    return [ordered]@{
        id = Get-ClippedText ($fullId.Split(',')[0]) 1000
        full_id = Get-ClippedText $fullId 1000
        category = [string]$Record.CategoryInfo.Category
        activity = Get-ClippedText $Record.CategoryInfo.Activity 1000
        exceptions = $chain.ToArray()
        line = Get-MemberOrNull $Record.InvocationInfo 'ScriptLineNumber'
    }
}

function Import-AdfsModule {
    Import-Module -Name ADFS -ErrorAction Stop
}

function Confirm-Truth {
    # [bool] takes the text False for true and $null for false: what is no truth value is an error, never a value.
    param($Value, [string]$Name)
    if ($Value -isnot [bool]) { throw "AD FS gave neither true nor false for $Name." }
    return $Value
}

function Get-CertificateList {
    # Plain text and truth values only; of the certificate its public part. An empty type means all types.
    param([string]$CertificateType)
    if ($CertificateType -eq '') { $found = @(Get-AdfsCertificate -ErrorAction Stop) }
    else { $found = @(Get-AdfsCertificate -CertificateType $CertificateType -ErrorAction Stop) }
    $list = New-Object 'Collections.Generic.List[object]'
    foreach ($item in $found) {
        # One for tokens cannot be done without. That of service communications may be missing from the store of this server, and signs no token.
        $content = ''
        if ($null -ne $item.Certificate) { $content = [Convert]::ToBase64String($item.Certificate.RawData) }
        elseif ($item.CertificateType -ne 'Service-Communications') { throw 'AD FS gave a certificate without its content.' }
        $list.Add([ordered]@{
            certificate_type = [string]$item.CertificateType
            is_primary = Confirm-Truth $item.IsPrimary 'IsPrimary'
            store_location = [string]$item.StoreLocation
            store_name = [string]$item.StoreName
            der = $content
        })
    }
    return , $list.ToArray()
}

function Read-Part {
    # One outcome, so that one refused part does not hide the others.
    param([scriptblock]$Read)
    try { return [ordered]@{ ok = $true; value = (& $Read) } }
    catch { return [ordered]@{ ok = $false; error = (ConvertFrom-ErrorRecord $_) } }
}

function Get-Failure {
    # What an act reported: $null, or the error. An error does not mean that nothing was done, so what AD FS holds afterwards is read apart from it.
    param([scriptblock]$Act)
    try { $null = & $Act }
    catch { return (ConvertFrom-ErrorRecord $_) }
    return $null
}

function Find-Certificate {
    # From the Windows store My; $null if it is not there.
    param([string]$StoreLocation, [string]$Thumbprint)
    $location = [Security.Cryptography.X509Certificates.StoreLocation]$StoreLocation
    $store = New-Object Security.Cryptography.X509Certificates.X509Store('My', $location)
    try {
        $store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly')
        $found = @($store.Certificates | Where-Object { $_.Thumbprint -eq $Thumbprint })
        if ($found.Count -eq 0) { return $null }
        return $found[0]
    }
    finally { $store.Dispose() }
}

function Get-ServiceAccount {
    $service = Get-CimInstance -ClassName Win32_Service -Filter 'Name = "adfssrv"' -ErrorAction Stop
    $name = [string]$service.StartName
    # These three have names of their own among services.
    if ($name -eq 'LocalSystem') { $sid = 'S-1-5-18' }
    elseif ($name -eq 'NT AUTHORITY\LocalService') { $sid = 'S-1-5-19' }
    elseif ($name -eq 'NT AUTHORITY\NetworkService') { $sid = 'S-1-5-20' }
    else {
        $account = New-Object Security.Principal.NTAccount($name)
        $sid = [string]$account.Translate([Security.Principal.SecurityIdentifier]).Value
    }
    return [ordered]@{ name = $name; sid = $sid }
}

function Get-KeyFact {
    # A CSP key opened through CNG also reports RSACng, with its file in the other folder: look in both.
    param($Certificate)
    $key = [ordered]@{ has_private_key = [bool]$Certificate.HasPrivateKey; type = $null; provider = $null; key_spec = $null; unique_name = $null; file = $null }
    if (-not $Certificate.HasPrivateKey) { return $key }
    $rsa = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
    if ($null -eq $rsa) { return $key }
    try {
        $key.type = [string]$rsa.GetType().Name
        if ($key.type -eq 'RSACng') {
            $key.provider = [string]$rsa.Key.Provider
            $key.unique_name = [string]$rsa.Key.UniqueName
        }
        elseif ($key.type -eq 'RSACryptoServiceProvider') {
            $key.provider = [string]$rsa.CspKeyContainerInfo.ProviderName
            $key.key_spec = [int]$rsa.CspKeyContainerInfo.KeyNumber
            $key.unique_name = [string]$rsa.CspKeyContainerInfo.UniqueKeyContainerName
        }
        if ($null -ne $key.unique_name) {
            foreach ($folder in 'Keys', 'RSA\MachineKeys', 'SystemKeys') {
                # Not Path.Combine, which throws on characters that a name from outside may hold; File.Exists says no.
                $path = $env:ProgramData + '\Microsoft\Crypto\' + $folder + '\' + $key.unique_name
                if ($null -eq $key.file -and [IO.File]::Exists($path)) { $key.file = $path }
            }
        }
    }
    finally { $rsa.Dispose() }
    return $key
}

function Get-ReaderList {
    param([string]$File)
    $list = New-Object 'Collections.Generic.List[object]'
    $rules = (Get-Acl -LiteralPath $File -ErrorAction Stop).GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])
    foreach ($rule in $rules) {
        $list.Add([ordered]@{
            sid = [string]$rule.IdentityReference.Value
            allow = ([string]$rule.AccessControlType -eq 'Allow')
            rights = [int]$rule.FileSystemRights
        })
    }
    return , $list.ToArray()
}

function Get-Sha256 {
    param([byte[]]$Bytes)
    $sha = [Security.Cryptography.SHA256]::Create()
    try { return [BitConverter]::ToString($sha.ComputeHash($Bytes)).Replace('-', '').ToLowerInvariant() } finally { $sha.Dispose() }
}

function Get-JournalPlace {
    # The full path and its folder, or the word for what is wrong, before anything is done there. .NET Framework throws on some of these characters.
    param([string]$Path)
    $place = [ordered]@{ full = $null; folder = $null; problem = $null }
    $full = [Environment]::ExpandEnvironmentVariables($Path)
    # A drive or a share on Windows; what only begins with a drive's letter or with one separator depends on where the process is.
    $rooted = '^([A-Za-z]:[\\/]|[\\/]{2}[^\\/.?]+[\\/])[^\\/]'
    if ([Environment]::OSVersion.Platform -ne [PlatformID]::Win32NT) { $rooted = '^/[^/]' }
    if ($full -match '%') { $place.problem = 'variable' }
    elseif ($full -match '[<>|"*?\x00-\x1f]') { $place.problem = 'characters' }
    elseif ($full -notmatch $rooted) { $place.problem = 'relative' }
    elseif ($full.IndexOf(':', 2) -ge 0 -or $full -match '[\\/]\.{1,2}([\\/]|$)' -or $full -match '[\\/. ]$') { $place.problem = 'name' }
    # With the five characters of .lock, the longest name beside it, 259 at most.
    elseif ($full.Length -gt 254) { $place.problem = 'long' }
    elseif ([IO.Directory]::Exists($full)) { $place.problem = 'folder' }
    if ($null -ne $place.problem) { return $place }
    $place.full = $full
    $place.folder = [IO.Path]::GetDirectoryName($full)
    $above = $place.folder
    while (-not [string]::IsNullOrEmpty($above)) {
        if ([IO.File]::Exists($above)) { $place.problem = 'file' }
        $above = [IO.Path]::GetDirectoryName($above)
    }
    return $place
}

function Get-FolderProblem {
    # Any user may make a folder under ProgramData before we do, so a folder is trusted only if Administrators (S-1-5-32-544)
    # or SYSTEM (S-1-5-18) own it and nobody else may use it. Returns $null if that is so. Folders have such rights on Windows only.
    param([string]$Folder)
    if ([Environment]::OSVersion.Platform -ne [PlatformID]::Win32NT) { return $null }
    if (([int][IO.File]::GetAttributes($Folder) -band [int][IO.FileAttributes]::ReparsePoint) -ne 0) { return 'link' }
    $trusted = @('S-1-5-32-544', 'S-1-5-18')
    $security = Get-Acl -LiteralPath $Folder -ErrorAction Stop
    $owner = [string]$security.GetOwner([Security.Principal.SecurityIdentifier]).Value
    if ($trusted -notcontains $owner) { return "owner $owner" }
    foreach ($rule in $security.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
        $account = [string]$rule.IdentityReference.Value
        if ([string]$rule.AccessControlType -eq 'Allow' -and $trusted -notcontains $account) { return "rights $account" }
    }
    return $null
}

function Get-LeftoverProblem {
    # Where a journal is replaced, .new and .old lie beside it for a moment. Without a journal they are all that is left of one: never "no journal".
    param([string]$Path)
    for ($try = 0; $try -lt 2; $try++) {
        $left = @('.new', '.old' | Where-Object { [IO.File]::Exists($Path + $_) })
        if ($left.Count -eq 0 -or [IO.File]::Exists($Path)) { return $null }
        if ($try -eq 0) { Start-Sleep -Milliseconds 200 }
    }
    return 'leftover ' + $left[0]
}

function Get-WriteTime {
    # By this server's clock, as is server_time; $null where there is no file.
    param([string]$Path)
    if (-not [IO.File]::Exists($Path)) { return $null }
    return (ConvertTo-IsoUtc ([IO.File]::GetLastWriteTimeUtc($Path)))
}

function Read-Journal {
    # PowerShell never parses the content: ConvertFrom-Json of PowerShell 7 turns dates into DateTime, that of 5.1 does not.
    param([string]$Path, [long]$Limit)
    $journal = [ordered]@{ found = $false; sha256 = $null; content = $null; problem = $null; written_at = $null; server_time = $null }
    $journal.server_time = ConvertTo-IsoUtc ([datetime]::UtcNow)
    $place = Get-JournalPlace $Path
    $journal.problem = $place.problem
    if ($null -ne $journal.problem -or -not [IO.Directory]::Exists($place.folder)) { return $journal }
    $journal.problem = Get-FolderProblem $place.folder
    if ($null -ne $journal.problem) { return $journal }
    if (-not [IO.File]::Exists($place.full)) {
        $journal.problem = Get-LeftoverProblem $place.full
        if ($null -ne $journal.problem -or -not [IO.File]::Exists($place.full)) { return $journal }
    }
    $journal.found = $true
    $journal.written_at = Get-WriteTime $place.full
    if ((New-Object IO.FileInfo($place.full)).Length -gt $Limit) {
        $journal.problem = 'size'
        return $journal
    }
    $bytes = [IO.File]::ReadAllBytes($place.full)
    $journal.sha256 = Get-Sha256 $bytes
    $journal.content = [Convert]::ToBase64String($bytes)
    return $journal
}
