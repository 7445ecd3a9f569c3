# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not known for sure about Entra, or differs between tenants: one switch each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

_CHOICES: dict[str, tuple[str, ...]] = {
    "next_role": ("equal", "moves_up_at_expiry", "only_after_expiry"),
    "no_configuration_answer": ("not_found", "empty_list"),
    "updater_takes": ("first", "last", "newest"),
}


class SwitchError(ValueError):
    """A switch that does not exist, or a value that it does not take."""


@dataclass
class TenantSwitches:
    """Switches of one tenant. All values are plain JSON, times are virtual."""

    # How long a write takes until sign-in follows it. Microsoft gives no figure; 24 hours is the longest that was reported.
    propagation_hours: float = 1.0
    # After a PATCH, this many reads of the domain, and all reads for this many seconds, still show the former value.
    lagging_reads: int = 0
    lagging_read_seconds: float = 0.0

    # What PATCH takes and answers.
    next_may_be_null: bool = True
    equal_members_allowed: bool = True
    # A PATCH of signingCertificate alone pushes the former one into next; of nextSigningCertificate alone, the former next into signing.
    patch_moves_other: bool = False
    patch_returns_object: bool = False
    validates_certificates: bool = True
    expired_certificates_writable: bool = True

    # What sign-in accepts. next_role: "equal" (both members count alike), "moves_up_at_expiry" (next replaces signing once that
    # has expired), "only_after_expiry" (next counts only from then on).
    next_role: str = "equal"
    expired_keys_accepted: bool = True

    # The shapes of what Graph answers.
    no_configuration_answer: str = "not_found"
    single_get_wrapped: bool = False
    odata_annotations: bool = True
    child_settings_readable: bool = False
    # Domain-InternalFederation.* came in October 2025; before, and perhaps still in national clouds, only Domain.* existed.
    domain_read_reads_federation: bool = True
    internal_federation_permissions_known: bool = True

    # Entra's own updater: once a day, from this many days before the expiry of the certificate in signingCertificate.
    updater: bool = False
    updater_days: float = 35.0
    updater_only_near_expiry: bool = True
    updater_overwrites_hand_set: bool = True
    updater_takes: str = "first"
    updater_reverses_order: bool = False

    # The sign-in log: how far it lags, whether the tenant has the licence for it, whether failed federated sign-ins are in it and name
    # their users (Microsoft's text names only successful ones), and whether reading it needs Directory.Read.All besides, as its documents say.
    sign_in_log_lag_minutes: float = 30.0
    sign_in_log_licensed: bool = True
    sign_in_log_failures: bool = True
    sign_in_log_names_failed_users: bool = True
    sign_in_log_needs_directory_read: bool = False
    # The audit log: how far it lags, whether an app's entry has its client id (often null), and whether its correlation id is that of the request.
    audit_log_lag_minutes: float = 5.0
    audit_log_shows_client_id: bool = False
    audit_log_correlates: bool = False
    # Microsoft's document says that no application may read this, although there is a permission for it.
    application_reads_synchronization: bool = True
    password_hash_sync: bool = False

    def __post_init__(self) -> None:
        self._check()

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> TenantSwitches:
        """Make switches from scenario data. Raises SwitchError for an unknown name or an unusable value."""
        switches = cls()
        switches.change(values)
        return switches

    def change(self, values: Mapping[str, Any]) -> None:
        """Set some switches. All or none: raises SwitchError, and changes nothing, if one of them cannot be set."""
        before = asdict(self)
        unknown = sorted(set(values) - set(before))
        if unknown:
            raise SwitchError(f"unknown tenant switch {', '.join(unknown)}; known are {', '.join(sorted(before))}")
        for name, value in values.items():
            setattr(self, name, value)
        try:
            self._check()
        except SwitchError:
            for name, value in before.items():
                setattr(self, name, value)
            raise

    def describe(self) -> dict[str, Any]:
        """Return all switches as plain data."""
        return asdict(self)

    def _check(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool):
                usable = isinstance(value, bool)
            elif isinstance(field.default, str):
                usable = value in _CHOICES[field.name]
            else:
                whole = isinstance(field.default, int)
                usable = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool) and value >= 0
            if not usable:
                wanted = " | ".join(_CHOICES.get(field.name, ())) or f"a {type(field.default).__name__}, not negative"
                raise SwitchError(f"tenant switch {field.name}: {value!r} is not usable, wanted {wanted}")
