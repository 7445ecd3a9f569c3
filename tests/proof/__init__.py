# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exhaustive check of the real decision function: every interleaving of its acts with everything that happens outside."""
