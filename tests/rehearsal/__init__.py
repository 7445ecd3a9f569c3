# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the next renewal, a rollback and an emergency of a real farm, as a report describes it, in the world of the random histories."""
