# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three short plays against the lab: a broken federation repaired, a renewal carried through, and what the naive way costs."""
