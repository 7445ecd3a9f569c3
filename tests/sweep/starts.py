# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a run that meets a fault may begin: a farm, a tenant and a policy, so many days into a renewal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Start:
    """``days``: healthy daily runs before the one that meets the fault. ``later``: what its policy and that of the runs after it have besides.

    In ``policy`` and ``later``, ``{current}`` and ``{following}`` stand for the thumbprints of these certificates.
    """

    scenario: dict[str, Any]
    policy: dict[str, Any] = field(default_factory=dict)
    days: int = 0
    later: dict[str, Any] = field(default_factory=dict)
    mode: str = "apply"
    broken: bool = False  # whether somebody cannot sign in when it begins


def scenario(current: dict[str, Any], auto: bool, domains: list[dict[str, Any]] | None = None, **certificates: dict[str, Any]) -> dict[str, Any]:
    """A farm of two servers, and two domains; ``auto``: automatic rollover; ``certificates``: further ones by their names."""
    farm = {
        "host_name": "sts.contoso.com",
        "nodes": ["adfs1.contoso.com", "adfs2.contoso.com"],
        "token_signing": {"primary": "current"},
        "properties": {"AutoCertificateRollover": auto},
    }
    held = domains or [{"name": name, "signing": "current", "next": None} for name in ("contoso.com", "fabrikam.com")]
    return {"description": "A renewal is due.", "certificates": {"current": current, **certificates}, "farms": [farm], "domains": held}


DUE = {"days_left": 29.9, "days_old": 335}
OURS = {"promote": "role", "remove_old_from_adfs": True, "remove_old_from_entra": True}
ROLLOVER_OFF = {**OURS, "auto_rollover": False}
NOT_PUBLISHED = [{"name": "contoso.com", "signing": "former", "next": None}, {"name": "fabrikam.com", "signing": "current", "next": None}]

STARTS = {
    "audit": Start(scenario(DUE, True), mode="audit"),
    "plan": Start(scenario(DUE, True), mode="plan"),
    "nothing to do": Start(scenario({"days_left": 200}, True)),
    "generate and publish": Start(scenario(DUE, True)),
    "repair": Start(scenario({"days_left": 200}, True, NOT_PUBLISHED, former={"days_left": 20, "days_old": 345}), broken=True),
    "promote": Start(scenario(DUE, True), OURS, days=1),
    "promote, rollover off": Start(scenario(DUE, False), ROLLOVER_OFF, days=1),
    "restore and reorder": Start(scenario(DUE, True), OURS, days=2),
    "remove from Entra": Start(scenario(DUE, False), ROLLOVER_OFF, days=4),
    "remove from AD FS": Start(scenario(DUE, False), ROLLOVER_OFF, days=18),
    "add": Start(
        scenario({"kind": "custom", **DUE}, False, following={"kind": "custom", "days_left": 700, "days_old": 1}), {**ROLLOVER_OFF, "successor": "{following}"}
    ),
    "rollback before": Start(scenario(DUE, True), OURS, days=1, later={"rollback": True}),
    "rollback after": Start(scenario(DUE, True), OURS, days=3, later={"rollback": True}),
    "emergency": Start(scenario({"days_left": 200}, True), OURS, later={"compromised": ["{current}"]}),
    "hand back": Start(scenario(DUE, True), OURS, days=1, later={"hand_back": True}),
    "decrypting": Start(scenario(DUE, True), {**OURS, "decrypting": True}),
}
