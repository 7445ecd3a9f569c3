# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daily runs over more than a year in the lab, with its oracle signing in all the time and every write counted."""
