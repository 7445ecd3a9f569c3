# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: facts only. Every part is read on its own, so that one refused part (PS0033 on a secondary) does not hide the others.
function Invoke-Task {
    param($Request)
    # Nothing below changes anything; in check mode Get-AdfsFarmInformation would only say what it would do.
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
            $sync = Get-AdfsSyncProperties
            [ordered]@{
                role = [string](Get-MemberOrNull $sync 'Role')
                primary_server = Get-MemberOrNull $sync 'PrimaryComputerName'
                poll_duration = Get-MemberOrNull $sync 'PollDuration'
                last_sync_status = Get-MemberOrNull $sync 'LastSyncStatus'
                last_sync_time = ConvertTo-IsoUtc (Get-MemberOrNull $sync 'LastSyncTime')
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
            $properties = Get-AdfsProperties
            $values = [ordered]@{}
            foreach ($name in @($Request.properties)) {
                $value = Get-MemberOrNull $properties $name
                if ($value -is [datetime]) { $value = ConvertTo-IsoUtc $value }
                elseif ($value -is [enum] -or $value -is [uri] -or $value -is [timespan]) { $value = ConvertTo-PlainText $value }
                $values[$name] = $value
            }
            $values
        }
    }

    if ($wanted -contains 'nodes') {
        $parts.nodes = Read-Part {
            $list = New-Object 'Collections.Generic.List[object]'
            if (Get-Command -Name Get-AdfsFarmInformation -ErrorAction SilentlyContinue) {
                foreach ($node in @((Get-AdfsFarmInformation).FarmNodes)) { $list.Add([string](Get-MemberOrNull $node 'FQDN')) }
            }
            , $list.ToArray()
        }
    }

    if ($wanted -contains 'relying_parties') {
        $parts.relying_parties = Read-Part {
            $list = New-Object 'Collections.Generic.List[object]'
            foreach ($trust in @(Get-AdfsRelyingPartyTrust)) {
                $list.Add([ordered]@{
                    name = [string]$trust.Name
                    identifiers = @($trust.Identifier | ForEach-Object { [string]$_ })
                    enabled = [bool]$trust.Enabled
                    monitoring_enabled = [bool](Get-MemberOrNull $trust 'MonitoringEnabled')
                    auto_update_enabled = [bool](Get-MemberOrNull $trust 'AutoUpdateEnabled')
                    metadata_url = ConvertTo-PlainText (Get-MemberOrNull $trust 'MetadataUrl')
                    token_lifetime = Get-MemberOrNull $trust 'TokenLifetime'
                })
            }
            , $list.ToArray()
        }
    }

    if ($wanted -contains 'journal') {
        $parts.journal = Read-Part { Read-Journal $Request.journal_path $Request.journal_limit }
    }

    return $parts
}
