# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The plan: what a run would do from here, one act after the other, and what the journal must hold before the first."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import (
    approval,
    approval_terms,
    break_glass,
    emergency,
    forecast,
    hooks,
    ledger_entries,
    loop,
    probes,
    report_forecast,
    report_table,
    rules,
    settings,
    sign_in_watch,
    spans,
    third_party,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal import baseline as baselines
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, OnDomains
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import Approved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.decision import decide
from ansible_collections.federation.adfs.plugins.module_utils._renewal.failures import failures
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import CLOCK_TOLERANCE, Journal, write_journal
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import earlier, later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import TOKEN_DECRYPTING, UNBORN, Alarm, Observation, Server, Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import is_set
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, read_policy
from ansible_collections.federation.adfs.plugins.module_utils._renewal.preflight import preflight
from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError, read_observation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report import at_risk, broken_off, must_act, report
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run, locked, read_stored, scanned, to_write
from ansible_collections.federation.adfs.plugins.module_utils._renewal.servers import behind_too_long
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.verdict import decision_row, verdict
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import Clock, time_zone
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, CertificateError, describe, format_time, parse_certificate, parse_time

MOST_ACTS = 10
_MOST_STRANGE = 200
_EVENTS = ("adfs_clock", "due", "lock")


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
    metadata_info), ``domains``, ``metadata``, ``probes``, ``sign_ins``, ``administrators``, ``journal``, ``policy``, ``mode``, ``approved``,
    ``approval``, ``previous`` (``memory`` of the last plan of this run), ``outcome`` (what the tasks that it asked for returned), ``importable``,
    ``wait_for_servers`` (minutes), ``hosts`` (inventory hosts by server), ``hooks`` (as the memory keeps them, for the first step) and ``run``; what is
    left out counts as empty. ``now`` is a time in ISO 8601
    and has to be given: the core has no clock. ``step``: ``pass`` plans on a scan; ``begin`` is asked before the first scan, ``hear`` after a server
    answered, ``end`` where a task failed; ``preflight`` only judges whether a run has what it needs.

    Besides the plan itself: ``next``, what the caller does now, in order; ``ended``, whether the run ends with that; ``memory``, to be passed
    on; ``run``, what was done and what fails the run. Raises ReadingError, PolicyError, ApprovalError and LoopError, each with a sentence
    for the operator.
    """
    memory = loop.read_memory(given.get("previous"), str(given.get("run") or "rollover_plan"))
    outcome, importable = given.get("outcome") or {}, bool(given.get("importable"))
    mode, step = str(given.get("mode") or "plan"), given.get("step") or "pass"
    if step == "begin":
        read_policy(given.get("policy") or {})
        time_zone(given.get("timezone"))
        approval_terms.read_terms(given.get("approval") or {})
        return loop.begin(memory, str(given.get("source") or "adfs"), bool(given.get("probes")), given.get("hooks") or {})
    if step == "preflight":
        return preflight(outcome, read_policy(given.get("policy") or {}).host_names)
    if step == "hear":
        return {"memory": loop.show_memory(loop.heard(memory, outcome, importable)), "next": [], "ended": False}
    origin = given.get("origin") or {}
    base = ledger_entries.base_of(memory.run, str(given["now"]), origin)
    about = {"run": memory.run, "host": given.get("host"), **{name: origin.get(name) for name in ("change_number", "job")}}
    if step == "end":
        ended = _broken_off(memory, outcome, importable, str(given["now"]), base)
        return {**ended, "hook": hooks.told(ended, ended["memory"]["done"], about)} if memory.hooks else ended
    hosts = given.get("hosts")
    before = memory
    memory = loop.settled(loop.scanned(loop.heard(memory, outcome, importable)), given.get("farm"))
    memory = loop.shown_written(memory, given.get("domains") or ())
    shown = _planned(given, memory)
    memory = loop.tell(before, memory, outcome, loop.certificates(shown["farm"]), base)
    if hosts is not None:
        answered = loop.unanswerable(shown["asks"], hosts, memory, importable)
        if answered != memory:
            memory = answered
            shown = _planned(given, memory)
    noticed = loop.unfollowing(memory, shown["farm"])
    if noticed != memory:
        memory = noticed
        shown = _planned(given, memory)
    if mode == "apply":
        memory = _tell_ledger(given, shown, memory, base)
    return loop.carry_on(shown, memory, mode, hosts or {}, int(given.get("wait_for_servers") or 0), about)


def _tell_ledger(given: Mapping[str, Any], shown: dict[str, Any], memory: loop.Memory, base: Mapping[str, Any]) -> loop.Memory:
    """Add to the journal of the plan what it says of the ledger, and which entries travel with it; return the memory with all of this run."""
    found = given.get("journal") or (given.get("farm") or {}).get("journal") or {}
    content = found.get("content") if isinstance(found.get("content"), Mapping) else None
    stored = ledger_entries.state_of(content)
    memory = loop.tell_what_is_seen(memory, stored, given.get("farm"), shown, base)
    acts = bool(shown["actions"]) and not loop.stopped(memory)
    announced = ledger_entries.announce(shown["actions"][0], shown["farm"], memory.run, base) if acts else None
    state, entries = ledger_entries.noted(memory.entries, memory.told_entries, stored, memory.run, announced)
    memory = replace(memory, entries=tuple(entries), told_entries=state["count"])
    journal = shown["journal"]
    # An act is announced before it is tried, also where the journal would stay as it is otherwise.
    mine = ((content or {}).get("lock") or {}).get("run") == memory.run
    if acts and mine and not journal["write"] and not memory.closed and announced != stored["announced"]:
        journal["write"] = True
        journal["content"]["revision"] += 1
    journal["content"]["ledger"] = state
    journal["entries"] = entries if journal["write"] else []
    return memory


def _broken_off(memory: loop.Memory, outcome: Mapping[str, Any], importable: bool, now: str, base: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say of a run whose task failed: no plan, but what was done before, and the lock given back if it is held."""
    memory, cause, failed = loop.broken_off(memory, outcome, importable, base)
    failing = [{"fail_on": "error", "reason": cause}]
    written = outcome.get("written") or {}
    content = written.get("content") or {}
    held = (content.get("lock") or {}).get("run") == memory.run
    state, entries = ledger_entries.noted(memory.entries, memory.told_entries, ledger_entries.state_of(content), memory.run, None)
    return {
        "plan_id": None,
        "state": None,
        "farm": {"servers": []},
        "domains": [],
        "actions": [],
        "certificates": [],
        "not_in_adfs": [],
        "blocked_by": [],
        "deadline": None,
        "must_act": [{"what": "error", "reason": cause}],
        "forecast": None,
        "next_run_at": now,
        "emergency": None,
        "alarms": [],
        "probes": [],
        "failures": failing,
        "expected": {"state": None, "failures": failing, "deadline": None},
        "diff": {side: {"adfs": None, "domains": {}} for side in ("before", "after")},
        "policy": {},
        "asks": {"sync": [], "key_checks": None, "servers": [], "hosts": []},
        "relying_parties": [],
        "journal": {
            "write": held,
            "content": {**content, "lock": None, "ledger": state} if held else None,
            "entries": entries if held else [],
            "expected_sha256": written.get("sha256"),
        },
        "watched": memory.watched,
        "memory": loop.show_memory(memory),
        "next": ["unlock"] if held else [],
        "wait": None,
        "ended": True,
        "run": {
            "refused": list(memory.refusals),
            "failures": failing,
            "fail": None if failed else cause,
            "alarms": list(memory.noticed),
        },
        "summary": broken_off(cause, memory.seen, memory.done, loop.doubts(memory)),
    }


def _planned(given: Mapping[str, Any], memory: loop.Memory) -> dict[str, Any]:
    """Plan on one scan with what the run remembers."""
    farm, provider = given.get("farm"), given.get("provider")
    if (farm is None) == (provider is None):
        raise ReadingError("give either farm, the facts of an AD FS farm, or provider, the metadata of another identity provider")
    now = parse_time(str(given["now"]))
    domains = list(given.get("domains") or ())
    refused_forms = frozenset(memory.forms)
    policy_given = given.get("policy") or {}
    policy = replace(
        spans.resolve(read_policy(policy_given), given.get("spans")),
        refused=frozenset(name.lower() for name in memory.refused),
        restarted=frozenset(name.lower() for name in memory.restarted),
        eviction_forms_refused=refused_forms,
    )
    if farm is None:
        server = str((provider or {}).get("entity_id"))
        _only_one_host(given, server)
        found = given.get("journal") or {}
        stored = read_stored(found, server)
        reading = third_party.read_provider(provider or {}, domains, stored.journal, policy, now, first_use=not stored.complaint)
    else:
        if farm.get("role") == "secondary":
            where = farm.get("primary_server") or "the primary server, which Get-AdfsSyncProperties names"
            raise ReadingError(
                f"{farm.get('server') or 'this host'} is a secondary server of its farm and changes nothing; run the play on {where}: name that host in"
                " the group of the inventory"
            )
        server = farm.get("server") or ""
        identifier = str(farm.get("identifier")).strip()
        _only_one_host(given, identifier)
        found = given.get("journal") or farm.get("journal") or {}
        stored = read_stored(found, identifier)
        reading = read_observation(farm, domains, given.get("metadata") or (), stored.journal, policy, memory.told, memory.checked)
    probed = probes.judge(given.get("probes") or memory.probes, reading.observation.farm)
    seen = replace(reading.observation, seen_from_outside=probes.seen_from_outside(probed))
    # One clock for all controllers that work on a farm: what has to be waited for must not end early because two of them differ.
    ahead = timedelta(0)
    if seen.farm.provider is None and abs(seen.farm.time - now) <= CLOCK_TOLERANCE:
        now, ahead = seen.farm.time, now - seen.farm.time
    if stored.complaint:
        alarm = Alarm("journal", server, f"the journal is not used: {stored.complaint}; waiting times start afresh")
        seen = replace(seen, alarms=(*seen.alarms, alarm))
    watched = _watched(given, memory, stored.journal, seen, now)
    if watched and watched["sign_ins"]:
        seen = replace(seen, alarms=(*seen.alarms, *sign_in_watch.alarms(watched["sign_ins"], stored.journal, seen)))
    memory = replace(memory, watched=watched)
    judged = settings.judge(domains, seen, (provider or {}).get("endpoints"))
    compared = baselines.compare(stored.journal.baseline, policy.baseline_approved, domains, judged.seen)
    bodies = {**stored.journal.bodies, **reading.bodies}
    closed = f"the journal cannot be written: {memory.closed}" if memory.closed else ""
    if stored.keep:
        closed = closed or f"the journal cannot be written: {stored.complaint}. What is replaced is only in this result; acts that can wait do"
    mode = str(given.get("mode") or "plan")
    run = Run(memory.run, mode == "apply", closed, stored.age, loop.in_doubt(memory, "suspend_auto_rollover"), ahead)
    zone = time_zone(given.get("timezone"))
    terms = approval_terms.read_terms(given.get("approval") or {})
    stopped = mode == "apply" and loop.stopped(memory)

    def planned(approved: Approved | None = None) -> dict[str, Any]:
        made = make_plan(compared.seen, stored.journal, policy, now, run, compared.baseline, approved, memory, stopped)
        return show(made, bodies, policy_given, mode, memory, probed, zone, judged.rows)

    shown = planned()
    moved: tuple[str, ...] = ()
    inherited = inherited_from(memory, stored.journal, seen)
    approved = given.get("approved") or (terms.plan_for(seen.farm.identifier) if mode in ("apply", "check") else None)
    if approved is not None:

        def refused(chosen: Mapping[str, Any]) -> list[str]:
            return approval_terms.refusals(chosen, terms, stored.journal, memory.run, now)

        what_is_left = approval.compare(approved, shown, lambda key: _made_by_us(key, memory, inherited), memory.done, refused, memory.refused)
        what_is_left = replace(what_is_left, moved=memory.moved or what_is_left.moved)
        moved = what_is_left.moved
        shown = planned(what_is_left)
    if mode == "plan":
        shown["approvable"] = approval_terms.approvable(shown, now, terms.planned_by)
    shown["moved"] = moved
    shown["inherited"] = inherited
    shown["journal"]["expected_sha256"] = found.get("sha256")
    return shown


def _watched(given: Mapping[str, Any], memory: loop.Memory, journal: Journal, seen: Observation, now: datetime) -> dict[str, Any] | None:
    """What is made of the sign-in log and the administrators, if they were read now; else what the run remembers of them. Raises ReadingError."""
    entries, administrators = given.get("sign_ins"), given.get("administrators")
    if entries is None and administrators is None:
        return dict(memory.watched) if memory.watched else None
    try:
        return {
            "sign_ins": None if entries is None else sign_in_watch.judge(entries, journal, seen, now),
            "administrators": None if administrators is None else break_glass.judge(administrators, seen),
        }
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise ReadingError(
            f"an entry of sign_ins or administrators cannot be read ({type(exc).__name__}: {exc}); pass the items of the lookups"
            " federation.adfs.entra_sign_in and federation.adfs.entra_administrator"
        ) from exc


def _made_by_us(key: str, memory: loop.Memory, inherited: Sequence[str]) -> bool:
    """Whether a certificate that the approved plan did not know was made by this run, or by the one before it."""
    return key in inherited or any(act["action"] == "generate" for act in memory.done)


def inherited_from(memory: loop.Memory, journal: Journal, seen: Observation) -> tuple[str, ...]:
    """The certificates made by the run before, which died and left its lock. Remembered, because the first journal of this run takes that lock."""
    if journal.lock is None or journal.lock.run == memory.run or journal.scans is None or not journal.scans.at:
        return memory.inherited
    since = earlier(journal.scans.at[-1], CLOCK_TOLERANCE)
    return tuple(sorted(key for key in seen.farm.certificates if key in seen.keys and seen.keys[key].not_before >= since))


def _only_one_host(given: Mapping[str, Any], identifier: str) -> None:
    """Two hosts of one play that are the same farm would work beside each other. Raises ReadingError."""
    here = given.get("host")
    twins = [name for name, farm in (given.get("farms") or {}).items() if farm == identifier and name != here]
    if twins:
        raise ReadingError(
            f"{here} and {', '.join(twins)} belong to the same farm ({identifier}). Run the play with one host for each farm, its primary server;"
            " for an identity provider without AD FS, with the one host that keeps its journal"
        )


def make_plan(
    seen: Observation,
    journal: Journal,
    policy: Policy,
    now: datetime,
    run: Run,
    baseline: Mapping[str, Any] | None = None,
    approved: Approved | None = None,
    memory: loop.Memory | None = None,
    stopped: bool = False,
) -> Plan:
    """Decide, imagine the act done, decide again, until nothing more is allowed now.

    ``run`` names this run to the lock. ``baseline``: the approved settings that the journal shall hold. ``approved``: what is left of an
    approved plan; without one, any act may be done. ``memory``: what failed in this run before, if anything did. ``stopped``: this run does
    nothing more, so the journal is left without its lock.
    """
    first = scanned(seen, replace(journal, baseline=baseline), policy, now, run)
    s = first
    steps: list[Step] = []
    server = first.seen.farm.server

    def keeps_back(act: Act) -> Block | None:
        block = loop.keeps_back(memory, act, server) if memory is not None else None
        return block or (approved.keeps_back(act, server) if approved is not None else None)

    decision = decide(s, run.name, keeps_back)
    alarms = decision.alarms
    closed = bool(run.journal_closed) or any(b.condition == "lock" for b in decision.blocks)
    refusal = approved.refusal(server) if approved is not None else None
    blocks = [refusal] if refusal else []
    while decision.act is not None and len(steps) < MOST_ACTS:
        blocks.extend(b for b in decision.blocks if b not in blocks)
        steps.append(Step(decision.act, s))
        s = scanned(decision.act.after(s.seen, now), _before(s, decision.act, run, approved), policy, now, run)
        decision = decide(s, run.name, keeps_back)
    blocks = [*decision.blocks, *(b for b in blocks if b not in decision.blocks and _still_holds(b, s))]
    if approved is not None:
        alarms = (*alarms, *approved.alarms((step.act for step in steps), memory.done if memory is not None else (), server))
    going_on = [] if stopped else steps
    before = _before(first, going_on[0].act, run, approved) if going_on else None
    if closed:
        return Plan(first, tuple(steps), s, tuple(blocks), alarms, before or first.journal, False)
    written, must_write = to_write(first, before, journal, run.name)
    return Plan(first, tuple(steps), s, tuple(blocks), alarms, written, must_write)


def _still_holds(block: Block, s: Situation) -> bool:
    # A step that was held back before another act may be free after it; only what is about a person's choice stays true.
    if block.condition in ("approval", "next_plan", "failed_act", "hook"):
        return True
    return block.condition in ("unknown_certificate", "unmended", "sign_in") and bool(s.counted)


def _before(s: Situation, act: Act, run: Run, approved: Approved | None) -> Journal:
    """What the journal must hold before the act: the lock, what the act itself says, and that the plan it belongs to is applied."""
    journal = act.before(s, locked(s, run.name))
    return approved.note(journal, act, run.name, s.now) if approved is not None else journal


def _waits(s: Situation) -> bool:
    leftover = s.policy.remove_old_from_entra and any(len(status.domain.slots.accepted) > 1 for status in s.counted)
    leftover = leftover or (s.policy.remove_old_from_adfs and len(s.seen.farm.certificates) > 1)
    return s.successor is not None or s.paused or s.emergency or leftover or bool(s.unseen_followers) or not s.following


def show(
    plan: Plan,
    bodies: Mapping[str, str],
    policy_given: Mapping[str, Any],
    mode: str = "plan",
    memory: loop.Memory | None = None,
    probed: Sequence[Mapping[str, Any]] = (),
    zone: tzinfo = UTC,
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Return RV(plan) of rollover_plan. ``bodies``: base64 DER by thumbprint. ``policy_given``: the policy as the caller passed it.

    ``memory``: of the run that this plan belongs to. ``probed``: how the metadata looks from elsewhere. ``zone``: of the times in
    the summary. ``rows``: both sides of each domain's settings, by its key.
    """
    memory = memory or loop.Memory("")
    s, last = plan.first, plan.last
    actions = [_show_step(step) for step in plan.steps]
    if actions:  # what comes after it is planned anew before it is done
        actions[0]["arguments"] = plan.steps[0].act.arguments
    used = sorted({k for step in plan.steps for w in step.act.writes for k in w.slots.accepted if k != UNBORN})
    # What is left of the journal's backups must be restorable from the journal alone.
    kept = {k for backups in plan.journal.backups.values() for b in backups for k in b.slots.accepted}
    journal = replace(plan.journal, bodies={k: bodies.get(k, plan.journal.bodies.get(k, "")) for k in sorted(kept) if k in bodies or k in plan.journal.bodies})
    refused = [{"fail_on": "approval", "reason": b.reason} for b in plan.blocks if b.condition == "approval"]
    shown: dict[str, Any] = {
        "plan_id": _plan_id(s, actions, policy_given),
        "state": s.state,
        "farm": _show_farm(s),
        "domains": [_show_domain(s, i, rows or {}) for i in range(len(s.statuses))],
        "actions": actions,
        # A successor that is still a file has no body yet; it is written only after it was added and looked at.
        "certificates": [{"thumbprint": k, "der": bodies[k]} for k in used if k in bodies],
        "not_in_adfs": _not_in_adfs(s, bodies),
        "blocked_by": [_show_block(b) for b in plan.blocks],
        "deadline": format_time(s.deadline) if s.deadline else None,
        "next_run_at": format_time(_next_run(plan)),
        "emergency": emergency.show(s),
        "alarms": [{"alarm": a.alarm, "object": a.object, "reason": a.reason} for a in plan.alarms],
        "probes": list(probed),
        "failures": [*failures(s), *refused],
        "expected": {"state": last.state, "failures": [*failures(last), *refused], "deadline": format_time(last.deadline) if last.deadline else None},
        "diff": {"before": _snapshot(plan, s), "after": _snapshot(plan, last)},
        "policy": _set(policy_given),
        "asks": {**asks(plan), "servers": _to_check(s)},
        "relying_parties": at_risk(s),
        "journal": {"write": plan.write_journal, "content": write_journal(journal)},
        "watched": memory.watched,
    }
    guarded = (memory.watched or {}).get("administrators") or () if break_glass.risky(s, shown, memory.done) else ()
    shown["alarms"] += break_glass.alarms(guarded)
    # In the middle of a run that acts, the next scan says it better.
    acting = mode == "apply" and bool(plan.steps) and not loop.stopped(memory)
    foretold, complaint = (None, "") if acting else foretell(s, mode)
    if complaint:
        shown["alarms"].append({"alarm": "forecast", "object": s.seen.farm.server, "reason": complaint})
    shown["must_act"] = must_act(s, shown, mode, loop.not_done(memory))
    shown["forecast"] = report_forecast.show(s, foretold) if foretold else None
    report_table.note_what_to_do(s, shown, mode)
    shown["run"] = loop.told(shown, memory, mode)
    around = [*((memory.watched or {}).get("sign_ins") or {}).get("lines", ()), *break_glass.lines(guarded)]
    shown["summary"] = report(s, shown, foretold, Clock(s.now, zone), mode, memory, around)
    return shown


def foretell(s: Situation, mode: str) -> tuple[forecast.Forecast | None, str]:
    """What comes, or why nothing can be said of it: what only informs must not keep a run from protecting sign-in.

    ``mode``: of the run. Without a forecast and without a complaint, the summary says what it can without one.
    """
    if s.clock_differs:
        return None, ""  # the first line says so
    try:
        return forecast.forecast(s, acts_now=mode == "apply"), ""
    except (ArithmeticError, LookupError, TypeError, ValueError) as exc:
        return None, f"what comes next cannot be said ({type(exc).__name__}: {exc}); the rest of this summary holds. Please report it"


def _show_farm(s: Situation) -> dict[str, Any]:
    primary = s.seen.primary_key
    return {
        "source": "adfs" if s.seen.farm.provider is None else "metadata",
        "identifier": s.seen.farm.identifier,
        "host_name": s.seen.farm.host_name,
        "server": s.seen.farm.server,
        "primary": primary.thumbprint,
        "certificates": sorted(s.seen.farm.certificates),
        "decrypting": [{"thumbprint": d.thumbprint, "is_primary": d.is_primary} for d in s.seen.farm.decrypting],
        "not_after": format_time(primary.not_after),
        "days_remaining": (primary.not_after - s.now).days,
        "successor": s.successor,
        "live": sorted(s.live),
        "auto_certificate_rollover": s.seen.farm.auto_rollover if s.seen.farm.provider is None else None,
        "adfs_promotes_at": format_time(s.adfs_promotes_at) if s.seen.farm.auto_rollover and s.successor else None,
        "thresholds": {name: int(span.total_seconds() // 60) for name, span in asdict(s.seen.farm.thresholds).items()},
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


def _not_in_adfs(s: Situation, bodies: Mapping[str, str]) -> list[dict[str, Any]]:
    """The certificates that domains of the farm accept and AD FS does not have, without bodies; those that cannot be read are told elsewhere."""
    found = []
    strange = {k for status in s.statuses if status.ours for k in status.domain.slots.accepted} - s.seen.farm.certificates
    for thumbprint in sorted(strange)[:_MOST_STRANGE]:
        with contextlib.suppress(CertificateError, KeyError):
            found.append(describe(parse_certificate(bodies[thumbprint]), s.now, with_der=False))
    return found


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


def _to_check(s: Situation) -> list[str]:
    """The servers that a certificate from elsewhere is checked on; the others were checked by hand."""
    servers = [n.name for n in s.seen.farm.servers] or [s.seen.farm.server.lower()]
    return [name for name in servers if name not in s.policy.servers_checked]


def _show_domain(s: Situation, index: int, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
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
        "settings": list(rows.get(domain.key, ())),
    }


def _show_step(step: Step) -> dict[str, Any]:
    act, s = step.act, step.situation
    shown: dict[str, Any] = {
        "action": act.action,
        "thumbprint": None if act.thumbprint == UNBORN else act.thumbprint,
        "reason": act.reason,
        "protective": act.protective,
        "said": act.said(s.seen.farm.server),
        "module": act.module,
        **({"host": next((n.host for n in s.seen.farm.servers if n.name == act.server), None)} if act.server else {}),
    }
    if act.thumbprint == UNBORN:
        shown["certificate"] = UNBORN
    if not isinstance(act, OnDomains):
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
        }
        for w in act.writes
    ]
    shown["invariants"] = {w.domain.name: {"before": w.before, "after": w.after} for w in act.writes}
    return shown


def _promotion_invariants(s: Situation, act: Act) -> dict[str, Any]:
    if act.action != "promote" or act.thumbprint is None or act.certificate_type == TOKEN_DECRYPTING:
        return {}
    found = {}
    for status in s.counted:
        accepted = rules.accepted_in_worst_case(s.served(status.domain))
        found[status.domain.name] = {"before": s.live <= accepted, "after": s.live | {act.thumbprint} <= accepted}
    return found


def _show_block(block: Block) -> dict[str, Any]:
    return {"condition": block.condition, "object": block.object, "until": format_time(block.until) if block.until else None, "reason": block.reason}


def _next_run(plan: Plan) -> datetime:
    """When something can go on: at the first event outside, or when the last of the guards that hold the next act lifts."""
    now, interval = plan.first.now, plan.first.policy.run_interval
    events = [b.until for b in plan.blocks if b.until is not None and b.until > now and b.condition in _EVENTS]
    guards = [b.until for b in plan.blocks if b.until is not None and b.until > now and b.condition not in _EVENTS]
    return min([later(now, interval), *events, *([max(guards)] if guards else [])])


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
    """What the caller set."""
    return {k: v for k, v in policy_given.items() if is_set(v)}


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
