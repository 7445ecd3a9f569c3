# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entra ID as the lab plays it: a tenant with federated domains, its token endpoint, and Microsoft Graph."""
