# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The memory of one run: what was done, refused and answered since it began, and what the caller is to do next.

A run is: begin, then pass after pass (scan, plan, perhaps ask servers, journal, act), until a plan says that it has ended. The caller
carries the memory from one plan to the next and says what its tasks returned; everything that follows from that is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import hooks, ledger_entries
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.emergency import FORMS
from ansible_collections.federation.adfs.plugins.module_utils._write_errors import ELSEWHERE, NOT_KNOWN, NOT_READ_BACK, NOT_TRIED, RACED, UNSEEN

MODES = ("apply", "check", "plan", "audit")
STEPS = ("begin", "pass", "hear", "end", "preflight")
MOST_PASSES = 10
"""Acts of one run. A run that needs more goes on at its next start."""
RESTART_MINUTES = 10
_SCAN, _ANSWERS, _ACT, _HOOK = "scan", "answers", "act", "hook"
_ANOTHER_RUN = "another_run"
_NOTHING = "nothing"
_SEEN_ONCE = ("first_use", "promoted_by_adfs", "another_writer")
"""Alarms about what changed since the last run: only its first scan raises them."""


class LoopError(ValueError):
    """What was given as previous is not the memory of a plan."""


@dataclass(frozen=True)
class Memory:
    """Plain values, so that it can be passed on as JSON. Empty at the beginning of a run.

    ``plans``, ``passes``: how many there were; a plan that only asks servers ends no pass. ``waiting``: what the last plan asked the caller
    for: a scan, answers of servers, an act, or (empty) nothing more. ``journalled``: the journal was to be written before that act.
    ``closed``: why it cannot be written, which holds back what can wait. ``done``: acts with what they changed. ``refused``: domains that Entra
    refused to write, or that cannot be seen after a write: none is written again. ``refusals``: its words; ``unclear``: those of them that are no
    plain refusal. ``unknown``: acts with the domains that no answer says were written or not. ``forms``: ways of evicting that it refused.
    ``raced``: domains that somebody else wrote between the last scan and our write. ``failed``: why no further act is done but
    protective ones. ``tried``: the acts that failed, ``doubtful``: those of them that may have changed something all the same, each as ``act`` with ``why``.
    ``told`` and ``checked``: what servers answered. ``noticed``: alarms that only one scan raises. ``seen``: the state at the last scan,
    which certificates there were, and the primary one. ``entries``: what this run has to tell its ledger, and ``told_entries``, how many it has told.
    ``moved``: why the approved plan is not carried out. An act that protects sign-in may bring back what the
    plan saw, and does not bring back the approval. ``inherited``: certificates made by the run before, which died. ``watched``: what was made
    of the sign-in log and the administrators, which a run reads once. ``hooks``: ``path`` and ``wrong`` of each that is set, by its event. ``hooked``:
    the one before the acts was called. ``hooks_failed``: why one of them failed or cannot be used.
    """

    run: str
    plans: int = 0
    passes: int = 0
    waiting: str = _SCAN
    journalled: bool = False
    closed: str = ""
    done: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    unknown: tuple[Mapping[str, Any], ...] = ()
    forms: tuple[str, ...] = ()
    raced: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    tried: tuple[Sequence[str | None], ...] = ()
    doubtful: tuple[Mapping[str, Any], ...] = ()
    restarted: tuple[str, ...] = ()
    told: tuple[Mapping[str, Any], ...] = ()
    checked: tuple[Mapping[str, Any], ...] = ()
    noticed: tuple[Mapping[str, Any], ...] = ()
    probes: tuple[Mapping[str, Any], ...] = ()
    seen: Mapping[str, Any] | None = None
    moved: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    watched: Mapping[str, Any] | None = None
    entries: tuple[Mapping[str, Any], ...] = ()
    told_entries: int = 0
    hooks: Mapping[str, Any] = field(default_factory=dict)
    hooked: bool = False
    hooks_failed: tuple[str, ...] = ()


def read_memory(given: Mapping[str, Any] | None, run: str) -> Memory:
    """Return the memory that the last plan of this run showed, or an empty one. Raises LoopError."""
    if not given:
        return Memory(run)
    try:
        known: dict[str, Any] = {f.name: given[f.name] for f in fields(Memory)}
        plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
        return Memory(**plain)
    except (KeyError, TypeError) as exc:
        raise LoopError(f"previous is not the memory of a plan ({type(exc).__name__}: {exc}); pass plan.memory of the last one, or nothing") from exc


def show_memory(memory: Memory) -> dict[str, Any]:
    """Return the memory as plain values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(memory).items()}


# -- what the caller's tasks returned --------------------------------------------------------------------------------------------------


def heard(memory: Memory, outcome: Mapping[str, Any], importable: bool) -> Memory:
    """Judge what came of what the last plan asked for.

    ``outcome``: results of tasks as Ansible registers them: ``act``, with ``of``, the first of the plan's actions; ``answers``, each the
    ``result`` with the entry of the plan's asks that it answers as ``asked``; ``probes``, each a ``result`` with the probe as ``asked``.
    ``hooks``: why hooks of this run failed. ``importable``: the run has the certificate that is asked about in a file.
    """
    memory = replace(memory, probes=(*memory.probes, *(_probe(p["asked"], p["result"]) for p in outcome.get("probes") or ())))
    if memory.waiting == _ANSWERS:
        answers = [(a["asked"], a["result"]) for a in outcome.get("answers") or ()]
        told = [_told(asked, r) for asked, r in answers if not asked.get("thumbprint")]
        checked = [_checked(asked, r, importable) for asked, r in answers if asked.get("thumbprint")]
        return replace(memory, told=(*memory.told, *told), checked=(*memory.checked, *checked))
    if memory.waiting == _HOOK:
        return replace(memory, hooks_failed=(*memory.hooks_failed, *map(str, outcome.get("hooks") or ())))
    if memory.waiting == _ACT and outcome.get("of"):
        journal = outcome.get("journal") or {}
        if memory.journalled and _failed(journal):
            # The act was not tried. Another run wrote in between: the next scan sees that. Anything else will not be better the next time.
            return memory if journal.get("error_id") == _ANOTHER_RUN else replace(memory, closed=_message(journal))
        act = {name: value for name, value in outcome["of"].items() if name not in ("arguments", "module")}
        return _acted(memory, act, outcome.get("act") or {})
    return memory


def _acted(memory: Memory, act: Mapping[str, Any], task: Mapping[str, Any]) -> Memory:
    memory = replace(memory, raced=())
    if not task or task.get("skipped"):
        return _failing(memory, act, "it was not done")
    return _acted_on_server(memory, act, task) if isinstance(act["targets"][0], str) else _acted_on_domains(memory, act, task)


def _acted_on_server(memory: Memory, act: Mapping[str, Any], task: Mapping[str, Any]) -> Memory:
    if _failed(task):
        told = "outcome" in task
        why = _message(task) if told else f"whether it was done is not known. {_message(task)}"
        memory = _failing(memory, act, why)
        # An error, or no answer, does not say that nothing was done; only the module does, which looked. The next scan shows what is there.
        return memory if told and task["outcome"] == _NOTHING else replace(memory, doubtful=(*memory.doubtful, {"act": act, "why": why}))
    restarted = act["targets"] if act["action"] == "restart" else ()
    return replace(memory, done=(*memory.done, act), restarted=(*memory.restarted, *restarted))


def _failing(memory: Memory, act: Mapping[str, Any], why: str) -> Memory:
    target = act["targets"][0] if act["action"] == "restart" else act["thumbprint"] or act.get("certificate")
    return replace(memory, failed=(*memory.failed, _said_failed(act, why)), tried=(*memory.tried, [act["action"], target]))


def _said_failed(act: Mapping[str, Any], why: str) -> str:
    return f"{act['said']}: {why}"


def settled(memory: Memory, farm: Mapping[str, Any] | None) -> Memory:
    """What failed and was done all the same, as AD FS shows now, counts as done. ``farm``: RV(farm) of farm_info, None where there is none."""
    left, done, failed = [], list(memory.done), list(memory.failed)
    for entry in memory.doubtful:
        act, why = entry["act"], entry["why"]
        if farm is None or not _shows(farm, act, (memory.seen or {}).get("certificates") or ()):
            left.append(entry)
            continue
        done.append(act)
        said = _said_failed(act, why)
        failed = [f"{act['said']}: AD FS shows now that it was done, but this was reported: {why}" if text == said else text for text in failed]
    return replace(memory, doubtful=tuple(left), done=tuple(done), failed=tuple(failed))


def in_doubt(memory: Memory, action: str) -> bool:
    """Whether an act of this kind failed in this run and may have been done all the same."""
    return any(entry["act"]["action"] == action for entry in memory.doubtful)


def _shows(farm: Mapping[str, Any], act: Mapping[str, Any], before: Sequence[str]) -> bool:
    """Whether the farm is as the act was to make it. ``before``: the certificates that there were."""
    action, thumbprint = act["action"], act["thumbprint"]
    roles = {c.get("thumbprint"): c.get("is_primary") for c in farm.get("certificates") or () if c.get("certificate_type") == act.get("certificate_type")}
    rollover = farm.get("auto_certificate_rollover")
    shows = {
        "generate": bool(before) and bool(roles.keys() - set(before)),
        "add": thumbprint in roles,
        "promote": roles.get(thumbprint) is True,
        "remove_from_adfs": bool(roles) and thumbprint not in roles,
        "suspend_auto_rollover": rollover is False,
        "restore_auto_rollover": rollover is True,
    }
    return shows.get(action, False)


def _acted_on_domains(memory: Memory, act: Mapping[str, Any], task: Mapping[str, Any]) -> Memory:
    errors: dict[tuple[str, str], Mapping[str, Any]] = {}
    messages: list[str] = []
    unclear: list[str] = []
    answered = {_tenant(r) for r in _results(task)}
    if any(t["tenant_id"] not in answered for t in act["targets"]):  # the task ended before it came so far, or on the way
        errors.update({_place(t): {"error": _message(task), "error_id": NOT_KNOWN} for t in act["targets"] if t["tenant_id"] not in answered})
        messages.append(_message(task))
        unclear.append(_message(task))
    for r in _results(task):
        if not _failed(r):
            continue
        messages.append(_message(r))
        if r.get("domains") is not None:
            found = {(_tenant(r), str(d["domain"])): d for d in r["domains"] if d.get("error")}
            errors.update(found)
            unclear += [_message(r)] if any(d.get("error_id") in UNSEEN for d in found.values()) else []
        else:  # it is about the whole tenant
            errors.update({_place(t): {"error": _message(r), "error_id": NOT_TRIED} for t in act["targets"] if t["tenant_id"] == _tenant(r)})
            unclear.append(_message(r))
    kinds = {place: found.get("error_id") for place, found in errors.items()}
    raced = tuple(sorted(name for (_id, name), kind in kinds.items() if kind == RACED))
    unseen = tuple(sorted(name for (_id, name), kind in kinds.items() if kind in UNSEEN))
    elsewhere = tuple(sorted(name for (_id, name), kind in kinds.items() if kind in ELSEWHERE.values()))
    refused = tuple(sorted(name for (_id, name), kind in kinds.items() if kind not in (RACED, *UNSEEN, *ELSEWHERE.values())))
    written = [t for t in act["targets"] if _place(t) not in kinds or kinds[_place(t)] == NOT_READ_BACK]
    unknown = [t for t in act["targets"] if kinds.get(_place(t)) == NOT_KNOWN]
    memory = replace(memory, raced=raced, done=(*memory.done, {**act, "targets": written}) if written else memory.done)
    memory = replace(memory, unknown=(*memory.unknown, {**act, "targets": unknown}) if unknown else memory.unknown)
    form = _form(act["targets"][0]["slots"])
    if refused and ((act["action"] == "evict" and form != FORMS[-1]) or (act["action"] == "remove_from_entra" and form == "empty")):
        # What Entra refuses in one form is planned in the next one; only then the domain counts as one that refused. Who may not write, or is told to come
        # later, would be told so for every form.
        memory, refused = replace(memory, forms=(*memory.forms, form)), ()
    refused = (*refused, *elsewhere)
    if not refused and not unseen:
        return memory
    said = tuple(dict.fromkeys((*memory.refusals, *messages)))
    return replace(memory, refused=(*memory.refused, *refused, *unseen), refusals=said, unclear=(*memory.unclear, *unclear))


def shown_written(memory: Memory, domains: Sequence[Mapping[str, Any]]) -> Memory:
    """What no answer said was written, and the domains show now, counts as done. ``domains``: as the lookup gives them."""
    if not memory.unknown:
        return memory
    held = {(str(d.get("tenant_id")), str(d.get("domain"))): ledger_entries.slots_of(d) for d in domains if not d.get("error")}
    done, left = list(memory.done), []
    for act in memory.unknown:
        shows = [t for t in act["targets"] if held.get(_place(t)) == dict(t["slots"])]
        hidden = [t for t in act["targets"] if t not in shows]
        done += [{**act, "targets": shows}] if shows else []
        left += [{**act, "targets": hidden}] if hidden else []
    return replace(memory, done=tuple(done), unknown=tuple(left))


def doubts(memory: Memory) -> tuple[str, ...]:
    """Where an act that failed may have changed something all the same."""
    return tuple(where for where, found in (("AD FS", memory.doubtful), ("Entra ID", memory.unknown)) if found)


def _place(target: Mapping[str, Any]) -> tuple[str, str]:
    return str(target["tenant_id"]), str(target["domain"])


def _form(slots: Mapping[str, Any]) -> str:
    return "empty" if slots["next"] is None else "equal" if slots["next"] == slots["signing"] else "second"


def _told(asked: Mapping[str, Any], r: Mapping[str, Any]) -> dict[str, Any]:
    return {"server": asked["server"], "host": asked["host"], "farm": r.get("farm") or {}, "error": "" if r.get("farm") else _message(r)}


def _checked(asked: Mapping[str, Any], r: Mapping[str, Any], importable: bool) -> dict[str, Any]:
    answer = {"answered_by": r.get("server") or "", "certificate": r.get("certificate") or {}, "checks": r.get("checks") or []}
    error = "" if r.get("checks") is not None else _message(r)
    return {**{name: asked[name] for name in ("server", "host", "thumbprint")}, **answer, "importable": importable, "error": error}


def _probe(asked: Mapping[str, Any], r: Mapping[str, Any]) -> dict[str, Any]:
    return {**asked, "result": {name: r.get(name) for name in ("metadata", "tls_certificate", "error_kind", "msg")}}


def _results(task: Any) -> Sequence[Mapping[str, Any]]:
    """The results of a loop; none where there was no loop."""
    found = task.get("results") if isinstance(task, Mapping) else None
    return [r for r in found if isinstance(r, Mapping) and not r.get("skipped")] if isinstance(found, list) else []


def _tenant(r: Mapping[str, Any]) -> str:
    return str(r.get(str(r.get("ansible_loop_var") or "item")))


def _failed(r: Mapping[str, Any]) -> bool:
    # Tasks whose failure is judged here do not fail themselves (failed_when: false), which leaves the message alone.
    return bool(r.get("failed") or r.get("unreachable") or ("failed_when_result" in r and r.get("msg")))


def _message(r: Mapping[str, Any]) -> str:
    return str(r.get("msg") or "no answer")


# -- what the ledger is told ----------------------------------------------------------------------------------------------------------


def tell(before: Memory, after: Memory, outcome: Mapping[str, Any], now: Sequence[str], base: Mapping[str, Any]) -> Memory:
    """Return the memory ``after`` with the entries for the act that was tried since ``before``, if one was.

    ``outcome``: as heard gets it. ``now``: the certificates of the farm. ``base``: of ledger_entries.base_of.
    """
    act, journal, task = outcome.get("of") or {}, outcome.get("journal") or {}, outcome.get("act") or {}
    wrong = before.waiting == _ACT and before.journalled and (journal.get("ledger") or {})
    if wrong and (wrong["broken"] or wrong["failed"]):
        alarm = {"alarm": "ledger", "object": wrong["file"] or "ledger", "reason": wrong["broken"] or wrong["failed"]}
        after = replace(after, noticed=(*after.noticed, alarm))
    if before.waiting != _ACT or not act or (before.journalled and _failed(journal)) or not task or task.get("skipped"):
        return after
    if isinstance(act["targets"][0], Mapping):
        entries = ledger_entries.of_domains(act, _of_each(act, task), base)
    else:
        why = ""
        if len(after.done) == len(before.done):
            sure = not in_doubt(after, act["action"])
            why = f"{ledger_entries.REFUSED}: {_message(task)}" if sure else f"whether it was done is not known: {_message(task)}"
        entries = [ledger_entries.of_server(act, why, before.seen, now, base)]
    return replace(after, entries=(*after.entries, *entries))


def _of_each(act: Mapping[str, Any], task: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What the module returned of each domain; of a tenant that failed as a whole, its error for each."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for r in _results(task):
        if r.get("domains") is not None:
            found.update({(_tenant(r), str(d["domain"])): d for d in r["domains"]})
        elif _failed(r):
            found.update({_place(t): {"error": _message(r)} for t in act["targets"] if str(t["tenant_id"]) == _tenant(r)})
    return found


def tell_what_is_seen(memory: Memory, stored: Mapping[str, Any], farm: Mapping[str, Any] | None, shown: Mapping[str, Any], base: Mapping[str, Any]) -> Memory:
    """Return the memory with the entries for what earlier runs left open, as the first scan of this run shows it.

    ``stored``: of ledger_entries.state_of. ``farm``: RV(farm) of farm_info. ``shown``: the plan.
    """
    if memory.plans or memory.entries:
        return memory
    entries: list[dict[str, Any]] = []
    announced = stored["announced"]
    slots = {d["domain"]: d["slots"] for d in shown["domains"]}
    if announced is not None and announced.get("run") != memory.run:
        like = {"action": announced.get("act"), **{name: announced.get(name) for name in ("thumbprint", "certificate_type")}}
        shows = farm is not None and _shows(farm, like, announced.get("certificates") or ())
        entries += ledger_entries.seen_later(announced, shows, certificates(shown["farm"]), slots, base)
    planned = [(a["action"], t["domain"] if isinstance(t, Mapping) else t) for a in shown["actions"] for t in a["targets"]]
    entries += ledger_entries.ended(stored, planned, base)
    return replace(memory, entries=(*memory.entries, *entries))


# -- what comes next -------------------------------------------------------------------------------------------------------------------


def begin(memory: Memory, source: str, probes: bool, called: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The first plan of a run: nothing was seen yet. ``called``: the hooks of the run; without any, nothing is different."""
    memory = replace(memory, hooks=called, hooks_failed=hooks.unusable(called))
    check = ["check_metadata"] if source == "metadata" else []
    return {"memory": show_memory(memory), "next": [*check, f"scan_{source}", *(["probe"] if probes else []), "pass"], "ended": False}


def scanned(memory: Memory) -> Memory:
    """A new pass begins, unless the last plan only asked for answers. What servers said belongs to the scan before."""
    if memory.waiting == _ANSWERS:
        return memory
    return replace(memory, passes=memory.passes + (memory.waiting != _HOOK), told=())


def stopped(memory: Memory) -> bool:
    """Whether no further act is done in this run."""
    return memory.passes > MOST_PASSES


def keeps_back(memory: Memory, act: Act, server: str) -> Block | None:
    """After an act on AD FS or a hook failed, only what protects sign-in is done in this run, and not the same act again."""
    if memory.hooks_failed and not act.protective:
        return Block("hook", server, None, f"{act.said(server)}: not done, because {memory.hooks_failed[0]}")
    if not memory.failed or (act.protective and [act.action, act.server or act.thumbprint] not in memory.tried):
        return None
    reason = f"{act.said(server)}: not done, because an act of this run failed"
    return Block("failed_act", server, None, reason)


def unfollowing(memory: Memory, farm: Mapping[str, Any]) -> Memory:
    """A server that does not sign with the primary after its restart: no other one is restarted."""
    primary = farm["primary"]
    late = [server["name"] for server in farm["servers"] if server["name"] in memory.restarted and server["primary"] != primary]
    said = tuple(
        f"{name} does not sign with {primary} {RESTART_MINUTES} minutes after its service was restarted. No other server was restarted."
        " Look at its event log (AD FS/Admin)."
        for name in late
    )
    return replace(memory, failed=(*memory.failed, *(text for text in said if text not in memory.failed)))


def unanswerable(asks: Mapping[str, Any], hosts: Mapping[str, str], memory: Memory, importable: bool) -> Memory:
    """Note servers that are to be asked and are not in the inventory. ``hosts``: inventory hosts by server."""
    nowhere = "it is no host of the inventory"
    told = [{"server": name, "host": "", "farm": {}, "error": nowhere} for name in asks["sync"] if not hosts.get(name)]
    key = asks["key_checks"]
    nobody = [] if asks["servers"] else [{"server": "", "thumbprint": key, "error": "no server was asked"}]
    checked = [{"server": name, "thumbprint": key, "error": nowhere} for name in asks["servers"] if not hosts.get(name)] + nobody if key else []
    checked = [{"host": "", "answered_by": "", "certificate": {}, "checks": [], "importable": importable, **entry} for entry in checked]
    return replace(memory, told=(*memory.told, *told), checked=(*memory.checked, *checked))


def carry_on(shown: dict[str, Any], memory: Memory, mode: str, hosts: Mapping[str, str], wait: int, about: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a plan what the caller does next, in the order of its task files, and what it shall remember.

    ``hosts``: inventory hosts by server. ``wait``: minutes to wait for servers after a promotion. ``about``: what hooks.told is given of the run.
    """
    asks, actions = shown["asks"], shown["actions"]
    seen = {"state": shown["state"], "certificates": certificates(shown["farm"]), "primary": shown["farm"]["primary"]}
    memory = replace(memory, plans=memory.plans + 1, seen=seen, watched=shown["watched"])
    memory = replace(memory, noticed=(*memory.noticed, *(a for a in shown["alarms"] if a["alarm"] in _SEEN_ONCE and a not in memory.noticed)))
    memory = replace(memory, moved=tuple(shown.pop("moved")), inherited=tuple(shown.pop("inherited")))
    key = asks["key_checks"]
    asks["hosts"] = [{"what": "sync", "server": name, "host": hosts[name]} for name in asks["sync"] if hosts.get(name)]
    if key:
        asks["hosts"] += [{"what": "key", "server": name, "host": hosts[name], "thumbprint": key} for name in asks["servers"] if hosts.get(name)]
    journal = ["journal"] if mode == "apply" and shown["journal"]["write"] else []
    if asks["hosts"]:
        return _with(shown, replace(memory, waiting=_ANSWERS), ["ask", "pass"], None)
    if mode != "apply" or not actions or stopped(memory):
        at_end = {"hook": hooks.told(shown, memory.done, about)} if memory.hooks else {}
        return _with({**shown, **at_end}, replace(memory, waiting=""), journal, None)
    scan = f"scan_{shown['farm']['source']}"
    if hooks.BEFORE in memory.hooks and not memory.hooked and not memory.hooks_failed:
        # Before the lock is taken: a hook may wait for a person, and what it was told is looked at afresh.
        shown["hook"] = hooks.told(shown, actions, about)
        return _with(shown, replace(memory, waiting=_HOOK, hooked=True), ["hook_before", scan, "pass"], None)
    act = actions[0]
    waits = _waits_for(act, shown["farm"], wait)
    imports = _imports(act, memory)
    files = [*journal, *(["import"] if imports else []), f"act_{act['module']}", *(["wait"] if waits else []), scan, "pass"]
    shown["imports"] = imports
    return _with(shown, replace(memory, waiting=_ACT, journalled=bool(journal)), files, waits)


def certificates(farm: Mapping[str, Any]) -> list[str]:
    """The certificates of a plan's farm, those that decrypt tokens too."""
    return [*farm["certificates"], *(entry["thumbprint"] for entry in farm["decrypting"])]


def _with(shown: dict[str, Any], memory: Memory, files: list[str], waits: Mapping[str, Any] | None) -> dict[str, Any]:
    ended = "pass" not in files
    if not ended:  # the next plan tells of the domains; runners keep every result, and there may be hundreds of domains
        shown = {name: value for name, value in shown.items() if name not in ("domains", "not_in_adfs", "summary", "approvable")}
        shown["actions"] = shown["actions"][:1]
    else:  # what is left to tell the ledger goes with the journal, and no further plan asks for it
        memory = replace(memory, entries=())
    return {**shown, "memory": show_memory(memory), "next": files, "wait": waits, "ended": ended}


def _waits_for(act: Mapping[str, Any], farm: Mapping[str, Any], minutes: int) -> dict[str, Any] | None:
    """Which servers are looked at after the act until they sign with the certificate, and for how many minutes at most."""
    if act["action"] == "restart":
        return {"servers": act["targets"], "thumbprint": farm["primary"], "minutes": RESTART_MINUTES}
    servers = [server["name"] for server in farm["servers"] if server["how"] == "metadata"]
    if act["action"] == "promote" and act["certificate_type"] == "Token-Signing" and minutes > 0 and servers:
        return {"servers": servers, "thumbprint": act["thumbprint"], "minutes": minutes}
    return None


def _imports(act: Mapping[str, Any], memory: Memory) -> list[dict[str, Any]]:
    """The servers that get the certificate out of the file before AD FS takes it. ``lacking``: it is not in the store there yet."""
    if act["action"] != "add":
        return []
    entries = [c for c in memory.checked if c["thumbprint"] == act["thumbprint"] and c["host"] and c["importable"]]
    return [{"server": c["server"], "host": c["host"], "lacking": not _in_store(c["checks"])} for c in entries]


def _in_store(checks: Sequence[Mapping[str, Any]]) -> bool:
    return all(check["result"] == "ok" for check in checks if check["name"] == "certificate_in_store")


# -- how it ends -----------------------------------------------------------------------------------------------------------------------


def told(shown: Mapping[str, Any], memory: Memory, mode: str) -> dict[str, Any]:
    """What the run comes to so far: what was done, what was refused, and what fails it."""
    found = failures(shown, memory, mode)
    alarms = [*memory.noticed, *(a for a in shown["alarms"] if a not in memory.noticed)]
    if mode == "apply" and shown["actions"] and memory.passes > MOST_PASSES:
        why = f"{MOST_PASSES} acts were done in this run and more are left; run it again"
        alarms.append({"alarm": "passes", "object": shown["farm"]["server"], "reason": why})
    return {"refused": list(memory.refusals), "failures": found, "fail": message(found, mode), "alarms": alarms}


def failures(shown: Mapping[str, Any], memory: Memory, mode: str) -> list[dict[str, str]]:
    """What makes the run fail: what was refused in it, and what is left at its end; of a run that only plans, what would be left."""
    left = shown["failures"] if mode in ("apply", "audit") else shown["expected"]["failures"]
    if mode == "audit" and not left:
        left = [{"fail_on": must["what"], "reason": must["reason"]} for must in shown["must_act"] if must["what"] != "refused"]
    elif mode != "audit":  # an audit needs no right to write
        left = [*left, *({"fail_on": "permission", "reason": b["reason"]} for b in shown["blocked_by"] if b["condition"] == "permission")]
    hooked = [{"fail_on": "hook", "reason": reason} for reason in memory.hooks_failed]
    return [*({"fail_on": "refused", "reason": reason} for reason in not_done(memory)), *hooked, *left]


def not_done(memory: Memory) -> list[str]:
    """Why something that this run tried was not done: what was refused or failed, and what somebody else's writes kept it from."""
    refused = "; ".join((*memory.refusals, *memory.failed))
    raced = f"somebody else wrote {', '.join(memory.raced)} between each scan and the write, {MOST_PASSES} times" if memory.passes > MOST_PASSES else ""
    return [text for text in (refused, raced if memory.raced else "") if text]


def message(found: Sequence[Mapping[str, str]], mode: str) -> str | None:
    """What a run that fails says, or None."""
    if not found:
        return None
    reasons = "; ".join(dict.fromkeys(f["reason"] for f in found))
    ends = {
        "apply": "Every act that is safe now was done. The summary above says what is left and why",
        "audit": "This must be done before the next run; the summary above says how",
    }
    if mode == "apply" and any(f["fail_on"] in ("refused", "hook") for f in found):
        ends["apply"] = "The summary above says what was done, and what is left and why"  # after what failed, other acts were held back
    end = ends.get(mode, "This would be left after the planned acts; the summary above says why")
    return f"{reasons}. {end} (renew_signing_cert_fail_on decides what fails a run)."


def broken_off(memory: Memory, outcome: Mapping[str, Any], importable: bool, base: Mapping[str, Any]) -> tuple[Memory, str, bool]:
    """A run that did not come to its end: what is known to be done, why it ended, and whether its task failed as Ansible sees it.

    ``outcome``: besides what a pass gets, ``tasks``: what the other tasks of the run returned, in the order of a pass. ``base``: of tell.
    """
    tasks = [(name, r) for name, r in (outcome.get("tasks") or {}).items() if isinstance(r, Mapping)]
    nothing: Mapping[str, Any] = {}
    name, cause = next(((n, r) for n, r in reversed(tasks) if r.get("failed") or r.get("unreachable")), ("", nothing))
    act = outcome.get("act") or nothing
    if not name and memory.waiting == _ACT and act.get("failed"):  # an exception of its connection or of Ansible, which asks no failed_when
        name, cause = _ACT, act
    # Only what comes after the act shows that it was tried; the result of another act may still lie there.
    if name in ("document", "scan", "metadata", "plan", _ACT):
        memory = tell(memory, heard(memory, outcome, importable), outcome, (), base)
    return replace(memory, waiting=""), _message(cause) if cause else "a task of the run failed", not cause.get("unreachable")
