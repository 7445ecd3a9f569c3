# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody knows for sure of the real AD FS and Entra, as switches of the explored world; the lab has the same, and more, for real runs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Facts:
    """All false: the world as the documentation lets one expect it. Each true: the opposite, or the worst that it could be."""

    next_never_null: bool = False
    members_never_equal: bool = False
    patch_moves_other: bool = False
    updater_takes_any_two: bool = False
    update_replaces_expired: bool = False
    urgent_keeps_old: bool = False
    enabling_acts_at_once: bool = False
    entra_checks_expiry: bool = False
    restart_needed: bool = False
    next_moves_up_at_expiry: bool = False
    next_only_after_expiry: bool = False


# What a flipped switch means, with the number of the open question.
MEANING = {
    "next_never_null": "1. a PATCH that empties nextSigningCertificate is refused",
    "members_never_equal": "1. a PATCH with equal members is refused",
    "patch_moves_other": "2. a PATCH of signingCertificate alone pushes the former one into the other member",
    "updater_takes_any_two": "3. Entra's updater takes any two of what a server publishes, in any order",
    "update_replaces_expired": "4. Update-AdfsCertificate replaces an expired second certificate instead of refusing",
    "urgent_keeps_old": "5. -Urgent, run by an administrator, keeps the former certificate",
    "enabling_acts_at_once": "8. switching automatic rollover on makes a missing successor, or promotes a waiting one, at once",
    "entra_checks_expiry": "10. Entra does not accept an expired certificate",
    "restart_needed": "11. a server signs with a certificate promoted by hand only after a restart, which somebody makes",
    "next_moves_up_at_expiry": "12. nextSigningCertificate moves up when the first member expires",
}
# Under this reading no successor can be accepted before the old certificate has ended, so no rollover that publishes first can be without
# loss, ours or anybody's: the checker must find the loss.
IMPOSSIBLE = {"next_only_after_expiry": "12. nextSigningCertificate counts only once the first member has expired"}
# Why the others cannot matter to what is decided. The lab has a switch for each, and real runs are tested with it.
NO_MATTER = {
    "3. the updater spares values set by hand, or works only near expiry": "the explored updater writes at any time over anything, which includes that",
    "6. PATCH answers 200 with the object, or 204": "the answer's body is not used: every write is read back",
    "7. a secondary answers Get-AdfsCertificate": "a server is judged by its own metadata, and a run on a secondary is refused by its role",
    "9. child domains' settings are readable, or inherited only": "what shows the root's own configuration counts as inherited, and is not written",
}


def flipped(*names: str) -> Facts:
    """The world with these switches flipped."""
    return replace(Facts(), **dict.fromkeys(names, True))


ALL = flipped(*MEANING)


def unnamed() -> set[str]:
    """Switches that no question is about."""
    return {f.name for f in fields(Facts)} - set(MEANING) - set(IMPOSSIBLE)
