# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: facts only. Every part is read on its own, so that one refused part (PS0033 on a secondary) does not hide the others,
# and within a part every object and every member, so that an odd one costs itself alone. What is odd, Python decides.
function ConvertTo-Fact {
    # Null, a truth value, a whole number or a text; a duration in seconds; of anything else its type.
    param($Value)
    if ($null -eq $Value -or $Value -is [bool]) { return $Value }
    if ($Value -is [string] -or $Value -is [uri] -or $Value -is [enum]) {
        $text = ConvertTo-PlainText $Value
        if ($text.Length -gt 2000) { return $text.Substring(0, 2000) }
        return $text
    }
    if ($Value -is [datetime]) { return (ConvertTo-IsoUtc $Value) }
    if ($Value -is [timespan]) { return [ordered]@{ seconds = [long][Math]::Ceiling($Value.TotalSeconds) } }
    if ($Value -is [ValueType]) {
        try { $number = [decimal]$Value }
        catch { $number = $null }
        if ($number -gt [long]::MaxValue) { $number = [long]::MaxValue }
        if ($null -ne $number -and $number -ge [long]::MinValue -and [decimal]::Truncate($number) -eq $number) { return [long]$number }
    }
    return [ordered]@{ type = [string]$Value.GetType().FullName }
}

function Get-Fact {
    param($Object, [string]$Name)
    try { return (ConvertTo-Fact (Get-MemberOrNull $Object $Name)) }
    catch { return [ordered]@{ type = [string]$_.Exception.GetType().FullName } }
}

function Get-OneObject {
    # A stray line of output beside the answer must not pass for it.
    param([object[]]$Found, [string]$Cmdlet)
    if ($Found.Length -ne 1 -or $null -eq $Found[0]) { throw ($Cmdlet + ' gave ' + $Found.Length + ' objects where exactly one is expected.') }
    return $Found[0]
}

function Get-TrustFact {
    param($Trust)
    $identifiers = New-Object 'Collections.Generic.List[object]'
    $total = 0
    try {
        foreach ($identifier in @(Get-MemberOrNull $Trust 'Identifier')) {
            if ($null -eq $identifier) { continue }
            $total = $total + 1
            $fact = ConvertTo-Fact $identifier
            if ($total -le 100 -or $fact -eq 'urn:federation:MicrosoftOnline') { $identifiers.Add($fact) }
        }
    }
    catch { $total = $null }
    # Of the claim rules of Entra ID's trust only the names: they show whether Microsoft Entra Connect manages it.
    $rules = $null
    if ($identifiers -contains 'urn:federation:MicrosoftOnline') {
        $names = New-Object 'Collections.Generic.List[object]'
        try {
            foreach ($match in [regex]::Matches([string](Get-MemberOrNull $Trust 'IssuanceTransformRules'), '@RuleName\s*=\s*"([^"]{1,200})"')) {
                if ($names.Count -lt 100) { $names.Add((ConvertTo-PlainText $match.Groups[1].Value)) }
            }
            $rules = $names.ToArray()
        }
        catch { $rules = $null }
    }
    $lifetime = Get-Fact $Trust 'TokenLifetime'
    if ($lifetime -is [Collections.IDictionary] -and $lifetime.Contains('seconds')) { $lifetime = [long][Math]::Ceiling($lifetime['seconds'] / 60) }
    return [ordered]@{
        name = Get-Fact $Trust 'Name'
        identifiers = $identifiers.ToArray()
        identifiers_total = $total
        enabled = Get-Fact $Trust 'Enabled'
        monitoring_enabled = Get-Fact $Trust 'MonitoringEnabled'
        auto_update_enabled = Get-Fact $Trust 'AutoUpdateEnabled'
        metadata_url = Get-Fact $Trust 'MetadataUrl'
        token_lifetime = $lifetime
        group = Get-Fact $Trust 'ApplicationGroupIdentifier'
        rule_names = $rules
    }
}

function Get-TrustList {
    # The longest lifetime, and who has none that can be read, are found among all, before the list is cut to the limit (in characters).
    # That of Entra ID comes first, then those that are on or do not say, so that the cut falls on those that are off.
    param([object[]]$Found, [long]$Limit, [long]$DefaultLifetime)
    $first = New-Object 'Collections.Generic.List[object]'
    $last = New-Object 'Collections.Generic.List[object]'
    $unknown = New-Object 'Collections.Generic.List[object]'
    $unknownTotal = 0
    $longest = $null
    foreach ($trust in $Found) {
        $facts = Get-TrustFact $trust
        $lifetime = $facts['token_lifetime']
        if ($lifetime -is [long] -and $lifetime -ge 0) {
            if ($lifetime -eq 0) { $lifetime = $DefaultLifetime }
            if ($null -eq $longest -or $lifetime -gt $longest) { $longest = $lifetime }
        }
        else {
            $unknownTotal = $unknownTotal + 1
            if ($unknownTotal -le 100) { $unknown.Add($facts['name']) }
        }
        if ($facts['identifiers'] -contains 'urn:federation:MicrosoftOnline') { $first.Insert(0, $facts) }
        elseif ($facts['enabled'] -is [bool] -and -not $facts['enabled']) { $last.Add($facts) }
        else { $first.Add($facts) }
    }
    $first.AddRange($last)
    $list = New-Object 'Collections.Generic.List[object]'
    $size = 0
    foreach ($facts in $first) {
        $size = $size + 400 + ([string]$facts['name']).Length + ([string]$facts['metadata_url']).Length
        foreach ($identifier in $facts['identifiers']) { $size = $size + 4 + ([string]$identifier).Length }
        if ($size -gt $Limit) { break }
        $list.Add($facts)
    }
    return [ordered]@{ list = $list.ToArray(); total = $first.Count; longest = $longest; unknown = $unknown.ToArray(); unknown_total = $unknownTotal }
}

function Get-EventList {
    # The newest first, one more than the limit if there are more. The texts are in the server's language.
    param($Since, [int[]]$Ids, [long]$Limit)
    $filter = @{ LogName = 'AD FS/Admin'; Id = $Ids }
    if ($null -ne $Since) { $filter['StartTime'] = [DateTimeOffset]::FromUnixTimeSeconds([long]$Since).LocalDateTime }
    $list = New-Object 'Collections.Generic.List[object]'
    try { $found = @(Get-WinEvent -FilterHashtable $filter -ErrorAction Stop -MaxEvents ($Limit + 1)) }
    catch {
        if (([string]$_.FullyQualifiedErrorId).Split(',')[0] -cne 'NoMatchingEventsFound') { throw }
        $found = @()
    }
    foreach ($item in $found) {
        $list.Add([ordered]@{
            id = Get-Fact $item 'Id'
            time = Get-Fact $item 'TimeCreated'
            level = Get-Fact $item 'Level'
            message = Get-Fact $item 'Message'
        })
    }
    return , $list.ToArray()
}

function Invoke-Task {
    param($Request)
    # Nothing below changes anything. Under WhatIf the module would be imported without its aliases, and Get-AdfsFarmInformation would only say what it does.
    $WhatIfPreference = $false
    Import-AdfsModule
    $wanted = @($Request.parts)
    $parts = [ordered]@{}

    if ($wanted -contains 'host') {
        $parts.host = Read-Part {
            $network = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
            [ordered]@{
                time = ConvertTo-IsoUtc ([datetime]::UtcNow)
                name = [string]$network.HostName
                dns_domain = [string]$network.DomainName
                powershell = [string]$PSVersionTable.PSVersion
                os = [string][Environment]::OSVersion.Version
                knows_farm_information = ($null -ne (Get-Command -Name Get-AdfsFarmInformation -ErrorAction SilentlyContinue))
            }
        }
    }

    if ($wanted -contains 'sync') {
        $parts.sync = Read-Part {
            $sync = Get-OneObject @(Get-AdfsSyncProperties -ErrorAction Stop) 'Get-AdfsSyncProperties'
            [ordered]@{
                role = Get-Fact $sync 'Role'
                primary_server = Get-Fact $sync 'PrimaryComputerName'
                poll_duration = Get-Fact $sync 'PollDuration'
                last_sync_status = Get-Fact $sync 'LastSyncStatus'
                last_sync_time = Get-Fact $sync 'LastSyncTime'
            }
        }
    }

    if ($wanted -contains 'certificates') {
        $parts.certificates = Read-Part {
            $certificates = Get-CertificateList ''
            , $certificates
        }
    }

    if ($wanted -contains 'properties') {
        $parts.properties = Read-Part {
            $properties = Get-OneObject @(Get-AdfsProperties -ErrorAction Stop) 'Get-AdfsProperties'
            $values = [ordered]@{}
            foreach ($name in @($Request.properties)) { $values[$name] = Get-Fact $properties $name }
            $values
        }
    }

    if ($wanted -contains 'nodes') {
        $parts.nodes = Read-Part {
            $list = New-Object 'Collections.Generic.List[object]'
            if (Get-Command -Name Get-AdfsFarmInformation -ErrorAction SilentlyContinue) {
                $farm = Get-OneObject @(Get-AdfsFarmInformation -ErrorAction Stop) 'Get-AdfsFarmInformation'
                foreach ($node in @($farm.FarmNodes)) {
                    if ($node -is [string]) { $list.Add((ConvertTo-Fact $node)) }
                    else { $list.Add((Get-Fact $node 'FQDN')) }
                }
            }
            , $list.ToArray()
        }
    }

    if ($wanted -contains 'relying_parties') {
        $parts.relying_parties = Read-Part {
            $trusts = @(Get-AdfsRelyingPartyTrust -ErrorAction Stop)
            Get-TrustList -Found $trusts -Limit $Request.list_limit -DefaultLifetime $Request.default_lifetime
        }
    }

    if ($wanted -contains 'claims_providers') {
        $parts.claims_providers = Read-Part {
            $trusts = @(Get-AdfsClaimsProviderTrust -ErrorAction Stop)
            Get-TrustList -Found $trusts -Limit $Request.list_limit -DefaultLifetime $Request.default_lifetime
        }
    }

    if ($wanted -contains 'applications') {
        $parts.applications = Read-Part {
            $trusts = @(Get-AdfsWebApiApplication -ErrorAction Stop)
            Get-TrustList -Found $trusts -Limit $Request.list_limit -DefaultLifetime $Request.default_lifetime
        }
    }

    if ($wanted -contains 'events') {
        $parts.events = Read-Part {
            $events = Get-EventList -Since $Request.events_since -Ids $Request.event_ids -Limit $Request.events_limit
            , $events
        }
    }

    if ($wanted -contains 'journal') {
        $parts.journal = Read-Part { Read-Journal $Request.journal_path $Request.journal_limit }
    }

    return $parts
}
