# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The plan: what a run would do from here, one act after the other, and what the journal must hold before the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import baseline as baselines
from ansible_collections.federation.adfs.plugins.module_utils._renewal import decrypting, emergency, probes, rollback, rules, third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal import journal as journals
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import moved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.decision import decide
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import LOCK_LAPSE, SCAN_SLACK, Journal, Lock, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_DECRYPTING, UNBORN, Alarm, Key, Observation, Server, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError, read_observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import behind_too_long
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation, names
from ansible_collections.federation.adfs.plugins.module_utils._renewal.summary import at_risk, failures, summary
from ansible_collections.federation.adfs.plugins.module_utils._renewal.verdict import decision_row, verdict
from ansible_collections.federation.adfs.plugins.module_utils._x509 import certificate_without_key, format_time, parse_time

MOST_ACTS = 10
_EVENTS = ("adfs_clock", "due", "lock")
_ON_SERVER = ("generate", "add", "promote", "restart", "remove_from_adfs", "suspend_auto_rollover", "restore_auto_rollover")


@dataclass(frozen=True)
class Step:
    """One act with the situation in which it is decided."""

    act: Act
    situation: Situation


@dataclass(frozen=True)
class Plan:
    """``first``: what is seen now. ``steps``: the acts in order. ``last``: how it would look after them."""

    first: Situation
    steps: tuple[Step, ...]
    last: Situation
    blocks: tuple[Block, ...]
    alarms: tuple[Alarm, ...]
    journal: Journal
    write_journal: bool


def plan(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan: the one entry of the core. The same input gives the same plan.

    ``given``: the options of the module rollover_plan as plain values: ``farm`` (RV(farm) of farm_info) or ``provider`` (RV(metadata) of
    metadata_info), ``domains``, ``metadata``, ``probes``, ``journal``, ``policy``, ``servers``, ``key_checks``, ``approved``, ``run``,
    ``refused``, ``restarted``, ``eviction_forms_refused``; what is left out counts as empty. ``now`` is a time in ISO 8601 and has to be
    given: the core has no clock. Raises ReadingError, PolicyError and ApprovalError, each with a sentence for the operator.
    """
    farm, provider = given.get("farm"), given.get("provider")
    if (farm is None) == (provider is None):
        raise ReadingError("give either farm, the facts of an AD FS farm, or provider, the metadata of another identity provider")
    now = parse_time(str(given["now"]))
    domains = list(given.get("domains") or ())
    refused_forms = frozenset(given.get("eviction_forms_refused") or ())
    # Only Entra's own refusals of everything else bring this about: a member that must be filled gets a key that nobody has.
    unusable = certificate_without_key(now) if refused_forms >= {"equal", "empty"} else None
    policy_given = given.get("policy") or {}
    policy = replace(
        read_policy(policy_given),
        refused=frozenset(str(name).lower() for name in given.get("refused") or ()),
        restarted=frozenset(str(name).lower() for name in given.get("restarted") or ()),
        eviction_forms_refused=refused_forms,
        unusable=unusable.thumbprint if unusable else "",
    )
    if farm is None:
        server = str((provider or {}).get("entity_id"))
        stored = given.get("journal") or {}
        journal, complaint = _journal(stored, server, now)
        reading = third_party.read_provider(provider or {}, domains, journal, policy, now, first_use=not complaint)
    else:
        if farm.get("role") == "secondary":
            where = farm.get("primary_server") or "the primary server, which Get-AdfsSyncProperties names"
            raise ReadingError(f"{farm.get('server') or 'this host'} is a secondary server of its farm and changes nothing; run the play on {where}")
        server = farm.get("server") or ""
        stored = given.get("journal") or farm.get("journal") or {}
        journal, complaint = _journal(stored, str(farm.get("identifier")), now)
        reading = read_observation(farm, domains, given.get("metadata") or (), journal, policy, given.get("servers") or (), given.get("key_checks") or ())
    probed = probes.judge(given.get("probes") or (), reading.observation.farm)
    seen = replace(reading.observation, seen_from_outside=probes.seen_from_outside(probed))
    if complaint:
        alarm = Alarm("journal", server, f"the journal is not used: {complaint}; waiting times start afresh")
        seen = replace(seen, alarms=(*seen.alarms, alarm))
    compared = baselines.compare(journal.baseline, policy.baseline_approved, domains, seen)
    bodies = {**journal.bodies, **reading.bodies, **({unusable.thumbprint: unusable.der} if unusable else {})}
    run = str(given.get("run") or "rollover_plan")

    def planned(not_approved: str = "") -> dict[str, Any]:
        made = make_plan(compared.seen, journal, policy, now, run, compared.baseline, not_approved)
        return show(made, bodies, policy_given)

    shown = planned()
    if given.get("approved"):
        differences = moved(given["approved"], shown)
        if differences:
            shown = planned(
                f"it is not the approved plan any more, so only what protects sign-in is done: {'; '.join(differences)}. Look at the new plan, and approve that"
            )
    shown["journal"]["expected_sha256"] = stored.get("sha256")
    shown["probes"] = probed
    return shown


def _journal(given: Mapping[str, Any], farm: str, now: datetime) -> tuple[Journal, str]:
    """Return the journal, and why what was found is not used."""
    if given.get("error"):
        return Journal(farm), str(given["error"])
    try:
        return journals.read_journal(given.get("content"), farm, now), ""
    except journals.JournalError as exc:
        return Journal(farm), str(exc)


def make_plan(
    seen: Observation,
    journal: Journal,
    policy: Policy,
    now: datetime,
    run: str,
    baseline: Mapping[str, Any] | None = None,
    not_approved: str = "",
) -> Plan:
    """Decide, imagine the act done, decide again, until nothing more is allowed now.

    ``run`` names this run to the lock. ``baseline``: the approved settings that the journal shall hold. ``not_approved``: why only
    protective acts may be done; empty where any may.
    """
    first = _situation(seen, replace(journal, baseline=baseline), policy, now)
    s = first
    steps: list[Step] = []
    decision = decide(s, run)
    alarms = (*decision.alarms, *_late(first, journal))
    closed = any(b.condition in ("clock", "lock") for b in decision.blocks)
    blocks = [Block("approval", first.seen.farm.server, None, not_approved)] if not_approved else []
    while decision.act is not None and len(steps) < MOST_ACTS:
        if not_approved and not decision.act.protective:
            break
        blocks.extend(b for b in decision.blocks if b not in blocks)
        steps.append(Step(decision.act, s))
        s = _situation(_after(s, decision.act), _before(s, decision.act, run), policy, now)
        decision = decide(s, run)
    blocks = [*decision.blocks, *(b for b in blocks if b not in decision.blocks and _still_holds(b, s))]
    written, must_write = _journal_to_write(first, steps, journal, run, closed)
    return Plan(first, tuple(steps), s, tuple(blocks), alarms, written, must_write)


def _late(s: Situation, stored: Journal) -> tuple[Alarm, ...]:
    if stored.last_scan is None or s.successor is None or not journals.gap(stored, s.policy.run_interval, s.now):
        return ()
    when = format_time(stored.last_scan)
    return (
        Alarm(
            "late_run",
            s.seen.farm.server,
            f"the last look was at {when}, longer ago than renew_signing_cert_run_interval: waiting times start afresh; run more often",
        ),
    )


def _still_holds(block: Block, s: Situation) -> bool:
    # A step that was held back before another act may be free after it; only what is about a person's choice stays true.
    return block.condition == "approval" or (block.condition in ("unknown_certificate", "unmended", "sign_in") and bool(s.counted))


def _situation(seen: Observation, journal: Journal, policy: Policy, now: datetime) -> Situation:
    belongs = Situation(seen, journal, policy, now).belongs
    looked = journals.scan(journal, seen, belongs, policy.run_interval, now)
    if seen.farm.auto_rollover:
        looked = replace(looked, auto_rollover_suspended=False)
    if policy.pause is not None:
        looked = replace(looked, pause=(looked.pause or now) if policy.pause else None)
    if policy.pause is False:
        looked = replace(looked, rollback=None)
    if policy.rollback and looked.rollback is None:
        looked = replace(looked, rollback=rollback.begin(Situation(seen, looked, policy, now)), pause=looked.pause or now)
    return Situation(seen, replace(looked, emergency=emergency.note(Situation(seen, looked, policy, now))), policy, now)


def _before(s: Situation, act: Act, run: str) -> Journal:
    """What the journal must hold before the act: the lock, the slots that the act replaces, what was wanted."""
    journal = replace(s.journal, lock=Lock(run, s.now + LOCK_LAPSE))
    if act.writes:
        journal = journals.back_up(journal, {w.domain.key: (w.domain.slots, w.domain.slots.accepted - w.slots.accepted) for w in act.writes}, s.now)
    if act.action == "evict" and s.policy.unusable:
        journal = replace(journal, history=journal.history | {s.policy.unusable})
    if act.action == "suspend_auto_rollover":
        journal = replace(journal, auto_rollover_wanted=s.wanted_auto_rollover, auto_rollover_suspended=s.wanted_auto_rollover is not False)
    return journal


def _after(s: Situation, act: Act) -> Observation:
    """The observation as it would be once the act is done and read back."""
    seen, farm = s.seen, s.seen.farm
    if act.certificate_type == TOKEN_DECRYPTING:
        return replace(seen, farm=replace(farm, decrypting=decrypting.after(s, act)))
    if act.action == "generate":
        born = Key(UNBORN, s.now, s.now + farm.thresholds.duration)
        return replace(seen, farm=replace(farm, certificates=farm.certificates | {UNBORN}), keys={**seen.keys, UNBORN: born})
    if act.action == "add" and act.thumbprint:
        # Validity of a successor that is still a file is known only once it is imported.
        added = seen.keys.get(act.thumbprint) or Key(act.thumbprint, s.now, s.now + farm.thresholds.duration, False)
        ours = farm.certificates | {act.thumbprint}
        return replace(seen, farm=replace(farm, certificates=ours, from_store=farm.from_store | {act.thumbprint}), keys={**seen.keys, act.thumbprint: added})
    if act.action == "restart":
        servers = tuple(replace(n, primary=farm.primary, certificates=farm.certificates) if n.name == act.server else n for n in farm.servers)
        return replace(seen, farm=replace(farm, servers=servers))
    if act.action == "promote" and act.thumbprint:
        return replace(seen, farm=replace(farm, primary=act.thumbprint))
    if act.action == "suspend_auto_rollover":
        return replace(seen, farm=replace(farm, auto_rollover=False))
    if act.action == "remove_from_adfs" and act.thumbprint:
        return replace(seen, farm=replace(farm, certificates=farm.certificates - {act.thumbprint}))
    if act.action == "restore_auto_rollover":
        return replace(seen, farm=replace(farm, auto_rollover=True))
    written = {w.domain.key: w.slots for w in act.writes}
    return replace(seen, domains=tuple(replace(d, slots=written[d.key]) if d.key in written else d for d in seen.domains))


def _journal_to_write(first: Situation, steps: list[Step], stored: Journal, run: str, closed: bool) -> tuple[Journal, bool]:
    """The journal as it must be before the next act, or as it shall stay if there is none; and whether it differs from what is stored."""
    if closed:
        return stored, False
    if steps:
        journal = _before(first, steps[0].act, run)
    elif _waits(first):
        journal = first.journal
    else:
        # In a steady state nothing is written, not even that somebody looked.
        kept = first.journal
        journal = replace(
            stored,
            pause=kept.pause,
            rollback=kept.rollback,
            emergency=kept.emergency,
            baseline=kept.baseline,
            auto_rollover_suspended=kept.auto_rollover_suspended,
            servers=_signers(first, stored),
        )
        if kept.pin != stored.pin:
            journal = replace(journal, pin=kept.pin, history=kept.history)
    if not steps and journal.lock is not None and journal.lock.run == run:
        journal = replace(first.journal, lock=None)
    # Calling early writes nothing: a look is noted again only after half of what a late run may be late.
    fresh = stored.last_scan is not None and first.now - stored.last_scan < SCAN_SLACK / 2
    differs = journal != stored and not (fresh and not steps and replace(journal, last_scan=stored.last_scan) == stored)
    return (replace(journal, revision=stored.revision + 1) if differs else journal), differs


def _waits(s: Situation) -> bool:
    leftover = s.policy.remove_old_from_entra and any(len(status.domain.slots.accepted) > 1 for status in s.counted)
    leftover = leftover or (s.policy.remove_old_from_adfs and len(s.seen.farm.certificates) > 1)
    # A server that cannot be seen may still sign with the certificate that it was last seen with.
    lost = any(not n.seen and n.primary not in (None, s.seen.farm.primary) for n in s.seen.farm.servers)
    return s.successor is not None or s.paused or s.emergency or leftover or lost or not s.following


def _signers(s: Situation, stored: Journal) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """What the journal holds of the servers, anew where one was seen to sign with another key: an old one would count as live once it cannot be seen."""
    changed = any(s.journal.servers.get(name, kept)[0] != kept[0] for name, kept in stored.servers.items())
    return {name: s.journal.servers.get(name, kept) for name, kept in stored.servers.items()} if changed else stored.servers


def show(plan: Plan, bodies: Mapping[str, str], policy_given: Mapping[str, Any]) -> dict[str, Any]:
    """Return RV(plan) of rollover_plan. ``bodies``: base64 DER by thumbprint. ``policy_given``: the policy as the caller passed it."""
    s, last = plan.first, plan.last
    actions = [_show_step(step) for step in plan.steps]
    used = sorted({k for step in plan.steps for w in step.act.writes for k in w.slots.accepted if k != UNBORN})
    # What is left of the journal's backups must be restorable from the journal alone.
    kept = {k for backups in plan.journal.backups.values() for b in backups for k in b.slots.accepted}
    journal = replace(plan.journal, bodies={k: bodies.get(k, plan.journal.bodies.get(k, "")) for k in sorted(kept) if k in bodies or k in plan.journal.bodies})
    refused = [{"fail_on": "approval", "reason": b.reason} for b in plan.blocks if b.condition == "approval"]
    shown: dict[str, Any] = {
        "plan_id": _plan_id(s, actions, policy_given),
        "state": s.state,
        "farm": _show_farm(s),
        "domains": [_show_domain(s, i) for i in range(len(s.statuses))],
        "actions": actions,
        # A successor that is still a file has no body yet; it is written only after it was added and looked at.
        "certificates": [{"thumbprint": k, "der": bodies[k]} for k in used if k in bodies],
        "blocked_by": [_show_block(b) for b in plan.blocks],
        "deadline": format_time(last.deadline) if last.deadline else None,
        "next_run_at": format_time(_next_run(plan)),
        "emergency": emergency.show(s),
        "alarms": [{"alarm": a.alarm, "object": a.object, "reason": a.reason} for a in plan.alarms],
        "failures": [*failures(s), *refused],
        "expected": {"state": last.state, "failures": [*failures(last), *refused]},
        "diff": {"before": _snapshot(plan, s), "after": _snapshot(plan, last)},
        "policy": _set(policy_given),
        "asks": asks(plan),
        "relying_parties": at_risk(s),
        "journal": {"write": plan.write_journal, "content": write_journal(journal)},
    }
    shown["summary"] = summary(s, shown)
    return shown


def _show_farm(s: Situation) -> dict[str, Any]:
    primary = s.seen.primary_key
    return {
        "source": "adfs" if s.seen.farm.provider is None else "metadata",
        "identifier": s.seen.farm.identifier,
        "host_name": s.seen.farm.host_name,
        "server": s.seen.farm.server,
        "primary": primary.thumbprint,
        "certificates": sorted(s.seen.farm.certificates),
        "not_after": format_time(primary.not_after),
        "days_remaining": (primary.not_after - s.now).days,
        "successor": s.successor,
        "live": sorted(s.live),
        "auto_certificate_rollover": s.seen.farm.auto_rollover if s.seen.farm.provider is None else None,
        "adfs_promotes_at": format_time(s.adfs_promotes_at) if s.seen.farm.auto_rollover and s.successor else None,
        "servers": [_show_server(n) for n in s.seen.farm.servers],
    }


def _show_server(server: Server) -> dict[str, Any]:
    return {
        "name": server.name,
        "seen": server.seen,
        "how": server.how,
        "primary": server.primary,
        "certificates": sorted(server.certificates),
        "last_sync_time": format_time(server.last_sync_time) if server.last_sync_time else None,
        "last_sync_status": server.last_sync_status,
        "reason": server.reason,
    }


def asks(plan: Plan) -> dict[str, Any]:
    """What more the role should find out before it acts on this plan, if it can: the servers to ask, and the certificate to check on each.

    Nothing is asked twice, and nothing while it makes no difference.
    """
    s = plan.first
    sync = [n.name for n in s.unseen_servers if not n.asked] if _waits(s) else []
    if s.policy.restart_servers:
        sync += [n.name for n in behind_too_long(s.seen.farm, s.journal, s.now) if not n.asked]
    wanted = next((step.act.thumbprint for step in plan.steps if step.act.action == "add"), None)
    wanted = wanted or next((b.certificate for b in plan.blocks if b.condition == "key_check"), None)
    answered = {c.thumbprint for c in s.seen.farm.key_checks}
    return {"sync": sync, "key_checks": wanted if wanted not in answered else None}


def _show_domain(s: Situation, index: int) -> dict[str, Any]:
    status = s.statuses[index]
    domain, slots = status.domain, status.domain.slots
    word, reason = verdict(s, status)
    return {
        "domain": domain.name,
        "tenant_id": domain.tenant_id,
        "verdict": word,
        "reason": reason,
        "decision_row": decision_row(s, status),
        "slots": _slots(slots),
        "matrix": {
            "primary": {"signing": slots.signing == s.seen.farm.primary, "next": slots.next == s.seen.farm.primary},
            "successor": {"signing": s.successor is not None and slots.signing == s.successor, "next": s.successor is not None and slots.next == s.successor},
        },
        "excluded": status.excluded,
        "acknowledged": status.acknowledged,
    }


def _show_step(step: Step) -> dict[str, Any]:
    act, s = step.act, step.situation
    shown: dict[str, Any] = {
        "action": act.action,
        "thumbprint": None if act.thumbprint == UNBORN else act.thumbprint,
        "reason": act.reason,
        "protective": act.protective,
        "said": _said(step),
    }
    if act.thumbprint == UNBORN:
        shown["certificate"] = UNBORN
    if act.action in _ON_SERVER:
        shown["targets"] = [act.server or s.seen.farm.server]
        shown["toggles_auto_rollover"] = act.toggles
        shown["certificate_type"] = act.certificate_type
        shown["invariants"] = _promotion_invariants(s, act)
        return shown
    shown["targets"] = [
        {
            "tenant_id": w.domain.tenant_id,
            "domain": w.domain.name,
            "slots": _slots(w.slots),
            "expected": _slots(w.domain.slots),
            "write": {
                "domain": w.domain.name,
                "signing_certificate": w.slots.signing,
                "next_signing_certificate": w.slots.next,
                "clear_next": w.slots.next is None and w.domain.slots.next is not None,
                "expected": {"signing": w.domain.slots.signing or "", "next": w.domain.slots.next or ""},
            },
        }
        for w in act.writes
    ]
    shown["invariants"] = {w.domain.name: {"before": w.before, "after": w.after} for w in act.writes}
    return shown


def _said(step: Step) -> str:
    act = step.act
    where = names(w.domain.name for w in act.writes) or act.server or step.situation.seen.farm.server
    return f"{act.action.replace('_', ' ')}: {where} ({act.reason})"


def _promotion_invariants(s: Situation, act: Act) -> dict[str, Any]:
    if act.action != "promote" or act.thumbprint is None or act.certificate_type == TOKEN_DECRYPTING:
        return {}
    found = {}
    for status in s.counted:
        accepted = rules.accepted_in_worst_case(rules.served_values(status.domain, s.journal, s.policy.propagation, s.now))
        found[status.domain.name] = {"before": s.live <= accepted, "after": s.live | {act.thumbprint} <= accepted}
    return found


def _show_block(block: Block) -> dict[str, Any]:
    return {"condition": block.condition, "object": block.object, "until": format_time(block.until) if block.until else None, "reason": block.reason}


def _next_run(plan: Plan) -> datetime:
    """When something can go on: at the first event outside, or when the last of the guards that hold the next act lifts."""
    now, interval = plan.first.now, plan.first.policy.run_interval
    events = [b.until for b in plan.blocks if b.until is not None and b.until > now and b.condition in _EVENTS]
    guards = [b.until for b in plan.blocks if b.until is not None and b.until > now and b.condition not in _EVENTS]
    return min([now + interval, *events, *([max(guards)] if guards else [])])


def _plan_id(s: Situation, actions: list[dict[str, Any]], policy_given: Mapping[str, Any]) -> str:
    """SHA-256 of what the plan depends on: no times, no texts. It changes if and only if one of these changes."""
    depends_on = {
        "farm": s.seen.farm.identifier,
        "primary": s.seen.farm.primary,
        "certificates": sorted(s.seen.farm.certificates),
        "slots": sorted([d.tenant_id, d.name, d.slots.signing or "", d.slots.next or ""] for d in s.seen.domains),
        "policy": _set(policy_given),
        "actions": [[a["action"], a["thumbprint"], a.get("certificate"), _plain_targets(a["targets"])] for a in actions],
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True, default=str).encode("utf-8")).hexdigest()


def _set(policy_given: Mapping[str, Any]) -> dict[str, Any]:
    """What the caller set: null and empty text mean "not given"."""
    return {k: v for k, v in policy_given.items() if v not in (None, "")}


def _plain_targets(targets: list[Any]) -> list[Any]:
    """Targets without texts, in an order of their own: in which order domains were read says nothing."""
    plain = [t if isinstance(t, str) else [t["tenant_id"], t["domain"], t["slots"], t["expected"]] for t in targets]
    return sorted(plain, key=lambda t: t if isinstance(t, str) else (t[0], t[1]))


def _snapshot(plan: Plan, s: Situation) -> dict[str, Any]:
    """The farm, and the domains that the plan changes, for a diff."""
    touched = {w.domain.key for step in plan.steps for w in step.act.writes}
    return {
        "adfs": {"primary": s.seen.farm.primary, "certificates": sorted(s.seen.farm.certificates), "auto_certificate_rollover": s.seen.farm.auto_rollover}
        if s.seen.farm.provider is None
        else None,
        "domains": {d.name: _slots(d.slots) for d in s.seen.domains if d.key in touched},
    }


def _slots(slots: Slots) -> dict[str, str | None]:
    return {"signing": slots.signing, "next": slots.next}
