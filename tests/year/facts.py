# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody knows for sure of the real systems, as the lab's switches: each flipped alone, and all that go together."""

from __future__ import annotations

from typing import Any

Switches = dict[str, dict[str, Any]]
ALL = "all of them"
# The days of a renewal in the years.
FIRST, LAST = 29, 39

ENTRA: dict[str, dict[str, Any]] = {
    "1. nextSigningCertificate may not be null": {"next_may_be_null": False},
    "1. the members may not be equal": {"equal_members_allowed": False},
    "2. PATCH of one member moves the other": {"patch_moves_other": True},
    "3. Entra's updater at work": {"updater": True},
    "3. the updater at any time, not only near expiry": {"updater": True, "updater_only_near_expiry": False},
    "3. the updater takes the last two": {"updater": True, "updater_only_near_expiry": False, "updater_takes": "last"},
    "3. the updater takes the newest two, in reverse": {"updater": True, "updater_takes": "newest", "updater_reverses_order": True},
    "3. the updater spares what was set by hand": {"updater": True, "updater_overwrites_hand_set": False},
    "6. PATCH answers 200 with the object": {"patch_returns_object": True},
    "9. child domains show settings": {"child_settings_readable": True},
    "10. an expired certificate is not accepted": {"expired_keys_accepted": False},
    "10. an expired certificate cannot be written": {"expired_certificates_writable": False},
    "12. the second member moves up at expiry": {"next_role": "moves_up_at_expiry"},
    "a write takes a day": {"propagation_hours": 24.0},
    "reads lag behind a write": {"lagging_reads": 2, "lagging_read_seconds": 20.0},
    "no configuration is an empty list": {"no_configuration_answer": "empty_list"},
    "one configuration comes wrapped": {"single_get_wrapped": True},
    "no OData annotations": {"odata_annotations": False},
    "certificates are not checked": {"validates_certificates": False},
    "Domain.Read.All does not read federation": {"domain_read_reads_federation": False},
}
ADFS: dict[str, dict[str, Any]] = {
    "4. Update-AdfsCertificate replaces an expired second certificate": {"expired_secondary_refuses_update": False},
    "5. -Urgent keeps the former certificate": {"urgent_keeps_old": True},
    "7. a secondary answers Get-AdfsCertificate": {"secondary_answers_get_certificate": True},
    "8. switching automatic rollover on checks at once": {"enabling_rollover_checks_at_once": True},
    "11. a restart is needed after a manual promotion": {"restart_needed_after_manual_promotion": True},
    "a promotion is allowed while automatic rollover is on": {"promotion_allowed_while_rollover_on": True},
    "metadata lists the primary last": {"metadata_lists_primary_last": True},
    "the metadata shows no addresses of WS-Trust": {"ws_trust_published": False},
    "AD FS removes the old certificate late": {"old_removed_after_days": 30},
}
FLIPPED: dict[str, Switches] = {
    **{name: {"tenant": switches} for name, switches in ENTRA.items()},
    **{name: {"farm": switches} for name, switches in ADFS.items()},
    ALL: {
        "tenant": {name: value for switches in ENTRA.values() for name, value in switches.items()},
        "farm": {name: value for switches in ADFS.values() for name, value in switches.items()},
    },
}
