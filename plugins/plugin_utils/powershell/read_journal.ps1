# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
# Task: facts only. One small file as base64 text, with its hash; AD FS is not needed for it.
function Invoke-Task {
    param($Request)
    $WhatIfPreference = $false
    return Read-Journal $Request.path $Request.limit
}
