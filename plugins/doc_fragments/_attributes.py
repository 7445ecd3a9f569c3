# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Documentation that all modules share: what they support."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments for attributes. The plain one describes them, a module fills in C(support)."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  async:
    description: Supports use with the C(async) keyword.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
  platform:
    description: Where the module can be run.
"""

    # For modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module does not modify anything.
  diff_mode:
    support: N/A
    details:
      - This module does not modify anything.
  idempotent:
    support: full
    details:
      - This module does not modify anything.
"""

    # For modules that run in Python, by default on the host of the task.
    CONTROLLER = r"""
options: {}
attributes:
  async:
    support: full
  platform:
    support: full
    platforms: posix
    details:
      - Needs no AD FS server. Use C(delegate_to=localhost) in a play for Windows hosts.
"""

    # For modules that run on an AD FS server, by an action plugin and PowerShell.
    ADFS = r"""
options: {}
attributes:
  async:
    support: none
    details:
      - One task makes several calls to the server. The keyword C(timeout) limits its time.
  platform:
    support: full
    platforms: windows
"""
