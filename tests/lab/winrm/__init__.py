# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loopback WinRM endpoint for Ansible's own ``winrm`` and ``psrp`` connection plugins."""

from __future__ import annotations

from lab.winrm.server import WinRMServer

__all__ = ["WinRMServer"]
