# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small, honest copy of the outside world on loopback: an AD FS farm, Entra ID, and the sign-ins between them.

Nothing in this package imports from ``plugins/``: the lab shares no code with the product that it judges.
"""
