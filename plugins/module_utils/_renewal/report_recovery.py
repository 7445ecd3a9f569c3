# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What an operator reads who goes back, or whose keys are stolen: how far it is, by what was seen, and the one next command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import rollback, rules
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report_table import own_domains
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count, names
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

_MINUTE, _HOUR = timedelta(minutes=2), timedelta(hours=2)


def emergency(s: Situation, shown: Mapping[str, Any], mode: str) -> Iterable[str]:
    """Return the lines about stolen keys. ``shown``: the plan as the caller gets it."""
    found = shown["emergency"]
    if not found:
        return
    declared = parse_time(found["declared_at"])
    begun = f"declared {found['declared_at']}" if mode == "apply" or declared < s.now else "not declared; a run would declare it now"
    yield f"Emergency: {begun}, {found['priority']} first; stolen: {names(found['stolen'])}."
    yield _containment(s, found)
    without = found["sign_in_gap"]["domains_without_sign_in"]
    yield f"Sign-in gap: {'now without sign-in: ' + names(without) if without else 'no domain is without sign-in now'}. {_servers(s)}".rstrip()
    yield _next_command(s, shown, mode)


def _containment(s: Situation, found: Mapping[str, Any]) -> str:
    ours = own_domains(s)
    clean = [status for status in ours if status.unreadable is None and not status.compromised]
    out = f"Containment: the stolen keys are out of {len(clean)} of {count(len(ours), 'domain')}"
    contained, gap = found["containment"], found["sign_in_gap"]
    if contained["contained_at"] is None:
        return f"{out}; planned are {contained['planned_hours']} h from the declaration, with {gap['planned_hours']} h without sign-in."
    took = _span(parse_time(found["evicted_at"]) - parse_time(found["declared_at"]))
    certain = "since" if parse_time(contained["contained_at"]) <= s.now else "by"
    everywhere = f"certainly everywhere {certain} {contained['contained_at']}, {contained['hours']} h after the declaration"
    return f"{out}, seen {found['evicted_at']}, {took} after the declaration; {everywhere}."


def _servers(s: Situation) -> str:
    servers = s.seen.farm.servers
    if not servers or s.seen.farm.provider is not None:
        return ""
    good = [server.name for server in servers if server.seen and server.primary is not None and server.primary not in s.compromised]
    others = [server.name for server in servers if server.name not in good]
    left = f"; not seen to: {names(others)}" if others else ""
    return f"{len(good)} of {count(len(servers), 'server')} sign with a certificate that is not stolen{left}."


def _next_command(s: Situation, shown: Mapping[str, Any], mode: str) -> str:
    """The one command that goes on. The thumbprints are the confirmation that the playbook asks for."""
    stolen = ",".join(sorted(s.policy.compromised) or shown["emergency"]["stolen"])
    first = " -e renew_signing_cert_emergency_priority=containment" if shown["emergency"]["priority"] == "containment" else ""
    when = f"at {shown['next_run_at']}" if mode == "apply" else "which carries this out"
    return f"Next command, {when}: ansible-playbook federation.adfs.emergency_rotation -e renew_signing_cert_compromised={stolen}{first}"


def _span(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    if time < _MINUTE:
        return f"{seconds} s"
    return f"{seconds // 60} min" if time < _HOUR else f"{seconds / 3600:.1f} h"


def rolled_back(s: Situation, mode: str) -> Iterable[str]:
    """Return the lines about a rollback: which of its steps are done, and whom it takes along."""
    asked = s.journal.rollback
    if asked is None or asked.lifted:
        return
    begun = f"since {format_time(asked.begun)}" if mode == "apply" or asked.begun < s.now else "which is not begun; a run would begin it now"
    if not asked.promoted:
        farm = s.seen.farm
        steps = {"AD FS does not renew by itself": farm.auto_rollover is False, "it is out of AD FS": asked.undone not in farm.certificates}
        yield f"Rollback of {asked.undone}, a certificate that did not sign, {begun}: {_progress(steps)}."
        return
    back = s.seen.farm.primary if s.seen.farm.primary != asked.undone else rollback.earlier_than(s, asked.undone)
    if back is None:
        yield f"Rollback of {asked.undone}, {begun}: AD FS holds no earlier certificate that is valid."
        return
    holds = all(status.unreadable is None and back in status.domain.slots.accepted for status in own_domains(s))
    servers = s.seen.farm.servers
    follow = s.seen.farm.primary == back and all(server.seen and server.primary == back for server in servers)
    steps = {"every domain holds it": holds, "it signs": s.seen.farm.primary == back, "every server signs with it": follow}
    yield f"Rollback to {back}, {begun}: {_progress(steps)}."
    switched = _switched(s)
    if switched:
        yield f"These partners may have switched to {asked.undone}, and need {back} as well: {names(switched)}."


def _progress(steps: Mapping[str, bool]) -> str:
    left = [step for step, done in steps.items() if not done]
    said = f"{len(steps) - len(left)} of {len(steps)} steps are done"
    still = f" (still to come: {'; '.join(left)})" if left else ""
    return f"{said}{still}; the renewal is held until renew_signing_cert_pause is set to false"


def _switched(s: Situation) -> list[str]:
    """The partners of which the operator said that they have the certificate that is taken back."""
    known = s.policy.relying_parties_acknowledged
    return [name for name in rules.other_relying_parties(s.seen.farm) if name.lower() in known or "*" in known]
