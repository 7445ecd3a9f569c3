# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Documentation that the modules for AD FS share."""

from __future__ import annotations


class ModuleDocFragment:
    """How the modules for AD FS reach it."""

    DOCUMENTATION = r"""
options:
  time_limit:
    description:
      - How many seconds one call of the server may take; a task has one to five of them. A call that takes longer is ended, and the task fails.
      - Strategies that run tasks in threads cannot end a call. There the limits of the connection apply.
    type: int
    default: 300
requirements:
  - The collection C(ansible.windows), 2.5.0 or later, on the controller.
  - Windows Server 2016 or later with AD FS on the managed host, and Windows PowerShell 5.1.
notes:
  - The task runs on the AD FS server itself, over the connection of the play (C(winrm), C(psrp) or C(ssh)). The account must be a local administrator
    of that server, or be delegated AD FS administration.
  - Where AD FS keeps its configuration in SQL Server, or needs Active Directory for an act, a logon over the network may be denied access.
    C(become=true) with C(become_method=runas) then makes a full logon.
  - AD FS lets only the primary server of a farm be managed. On a secondary one the task fails and names the primary.
  - An option that is null or an empty text counts as not set.
  - C(ANSIBLE_DEBUG=1) prints the arguments of the internal calls even with C(no_log=true).
"""
