# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every remote call of a run meets every fault, and ordinary runs follow: ``make sweep``."""
