# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Last part of every script: runs the task and hands over exactly one JSON string, also when it failed.
$reply = $null
try { $reply = [ordered]@{ ok = $true; data = (Invoke-Task (ConvertFrom-Json -InputObject $InputJson)) } }
catch { $reply = [ordered]@{ ok = $false; error = (ConvertFrom-ErrorRecord $_) } }
# Windows PowerShell 5.1 gives arrays a member Count of its own, and ConvertTo-Json then writes some of them as objects.
Remove-TypeData -TypeName System.Array -ErrorAction Ignore
$Ansible.Changed = $false
$Ansible.Result = @{ json = (ConvertTo-Json -InputObject $reply -Depth 12 -Compress) }
