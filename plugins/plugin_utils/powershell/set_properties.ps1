# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: one act. Sets the named service properties, and reads the same ones back apart from that.
function Invoke-Task {
    param($Request)
    if ($Ansible.CheckMode) { throw 'An act was sent in check mode.' }
    Import-AdfsModule
    # Members arrive as Int64 in PowerShell 7 and Int32 in 5.1; the cmdlet's parameters convert both.
    $arguments = @{}
    foreach ($member in $Request.properties.PSObject.Properties) { $arguments[$member.Name] = $member.Value }
    $failure = Get-Failure { Set-AdfsProperties @arguments -Confirm:$false -ErrorAction Stop }
    $properties = Read-Part {
        $found = Get-AdfsProperties -ErrorAction Stop
        $values = [ordered]@{}
        foreach ($name in $arguments.Keys) { $values[$name] = Get-MemberOrNull $found $name }
        $values
    }
    return [ordered]@{ failure = $failure; properties = $properties }
}
