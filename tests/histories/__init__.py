# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random histories: a world of its own that lives through years and tries to break the promises of the core."""
