# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What an operator reads at the end of a run: first the answer, then what is not well, what was done or would be, what comes next.

What is, what this run did, what a run would do, and what happens by itself are never mixed: each line is in its own tense. What is well is
counted, what is not well is named, and equal reasons are one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal import adfs_clock, other_writers, report_recovery, settings, third_party
from ansible_collections.federation.adfs.plugins.module_utils._renewal.forecast import Forecast
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import Memory, doubts
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report_acts import FEW, listed, said_done, would
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report_forecast import coming, next_renewal, unattended
from ansible_collections.federation.adfs.plugins.module_utils._renewal.report_table import WELL, ends, own_domains, table, unread_tenants
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import DomainStatus, Situation
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import Clock, count, names, on_or_off
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

_MOST_LINES = 10
"""Where nothing is to be done. The forecast gives way."""
_STATES = {
    "generated": "AD FS has a successor that no domain accepts yet",
    "publishing": "some domains accept the successor, some do not yet",
    "published": "every domain accepts the successor; Entra may still serve earlier settings, or a server does not publish it yet",
    "ready": "every domain accepts the successor and every server publishes it; it can become primary",
    "promoting": "the successor is primary; not every server signs with it yet",
    "promoted": "{every_server} signs with the new certificate; it is not the first certificate of every domain yet",
    "complete": "{every_server} signs with the new certificate; the domains keep the previous one as the second",
}
_RISKS = {
    "one_certificate": "it can hold one certificate only: its owner has to switch at the very moment of the promotion",
    "no_metadata": "nothing shows that it reads the federation metadata: send its owner the new certificate",
}
_COUNTED = {
    "in_sync": "in sync",
    "ready": "ready for the successor",
    "successor_published": "with the successor",
    "successor_missing": "without the successor",
    "wrong_order": "in the wrong order",
    "broken": "broken",
    "compromised": "accepting a stolen key",
    "unknown_certificate": "with an unknown certificate",
    "settings_changed": "with changed settings",
    "wrong_settings": "with wrong settings",
    "unreadable": "unreadable",
}
_ELSEWHERE = {"inherited": "inherit their settings", "other_farm": "sign in elsewhere"}
# Alarms that say that sign-in does not work, or that nothing can be said of it.
_SERIOUS = frozenset({"no_domain", "entra_trust", "expired", "wrong_settings"})
# Told by the forecast, with dates.
_FORETOLD = frozenset({"due", "adfs_clock", "propagation"})


def must_act(s: Situation, shown: Mapping[str, Any], mode: str, not_done: Sequence[str] = ()) -> list[dict[str, str]]:
    """What must be done before the next scheduled run: every failure, and what would protect sign-in and was not done.

    A renewal that is merely due is not in it: the next run begins it. ``not_done``: why something that this run tried was not done.
    """
    found = [{"what": "refused", "reason": printable(reason)} for reason in not_done]
    found += [{"what": a["alarm"], "reason": printable(a["reason"])} for a in shown["alarms"] if a["alarm"] in _SERIOUS]
    found += [{"what": f["fail_on"], "reason": printable(f["reason"])} for f in shown["failures"]]
    unread = _unread(s)
    if unread and not any(f["what"] == "unreadable" for f in found):
        found.append({"what": "unreadable", "reason": _unread_text(s)})
    # What comes after an act that merely is due is no protection of what is now.
    protection = [] if mode == "apply" else list(takewhile(lambda act: act["protective"], shown["actions"]))
    if protection:
        found.append({"what": "run", "reason": f"start a run now; it would {listed(would(a) for a in protection)}"})
    return found


def report(
    s: Situation,
    shown: Mapping[str, Any],
    foretold: Forecast | None,
    clock: Clock,
    mode: str,
    memory: Memory,
    around: Sequence[str] = (),
) -> list[str]:
    """Return the lines. ``s``: what is seen now; ``shown``: the plan as the caller gets it; ``memory``: what this run did, and what came of it.

    ``around``: what there is to say of the sign-in log and the administrators.
    """
    done = memory.done
    answer = _answer(s, shown, foretold, clock, mode, done)
    lines = [
        answer,
        *_state(s),
        *_signer(s, shown),
        f"{_counts(s, shown)} {_notice(s, shown, foretold, clock, mode)}".rstrip(),
        *table(s, shown),
        *report_recovery.emergency(s, shown, mode),
        *report_recovery.rolled_back(s, mode),
        *_held(s, shown, clock),
        *_to_do(shown, mode, answer),
        *settings.differences(shown["domains"], s.seen.farm.title),
        *_partners(s, shown),
        *other_writers.managed_by_connect(s, mode),
        *_this_run(shown, mode, memory),
        *_waiting(shown, mode),
        *(printable(probe["said"]) for probe in shown["probes"]),
        *around,
    ]
    last = [*unattended(s, foretold, clock, mode), _next_run(shown, mode)]
    quiet = not (shown["must_act"] or shown["actions"] or shown["alarms"] or done or memory.refusals or memory.failed)
    room = _MOST_LINES - len(lines) - len(last) if quiet else None
    return [clock.localized(line) for line in [*lines, *coming(s, foretold, clock, mode, room), *last]]


def broken_off(cause: str, seen: Mapping[str, Any] | None, done: Sequence[Mapping[str, Any]], doubtful: Sequence[str] = ()) -> list[str]:
    """Lines where a run did not come to its end. ``seen``: the last scan, if there was one. What is the case now is not known.

    ``doubtful``: where an act that failed may have changed something.
    """
    last = f" At the last scan, the state was {seen['state']}." if seen else ""
    next_run = "Next run: as soon as the cause is fixed; it continues from what it finds."
    # Broken off while a certificate was brought to the servers, it may be in their stores.
    nothing = "This run changed neither AD FS nor Entra ID."
    return [f"Act: the run broke off: {_sentence(cause)}{last}", *said_done(done, doubtful, nothing), next_run]


def at_risk(s: Situation) -> list[dict[str, Any]]:
    """The enabled relying parties that a promotion may lock out, each with the reason; Entra's own trust is looked after here."""
    return [
        {"name": p.name, "identifiers": list(p.identifiers), "risk": p.risk, "advice": _RISKS.get(p.risk, "tell its owner")}
        for p in s.seen.farm.relying_parties
        if p.enabled and p.risk
    ]


# -- the answer ------------------------------------------------------------------------------------------------------------------


def _answer(s: Situation, shown: Mapping[str, Any], foretold: Forecast | None, clock: Clock, mode: str, done: Sequence[Mapping[str, Any]]) -> str:
    if s.clock_differs:
        return f"Act: {_sentence(s.clock_differs)}"
    ours, accepting = own_domains(s), _accepting(s)
    accept = "accepts" if len(accepting) == 1 else "accept"
    fine = f"{len(accepting)} of {count(len(ours), 'domain')} {accept} the certificate that {s.seen.farm.title} signs with"
    tenants = unread_tenants(s)
    if tenants:
        unknown = f"Which domains accept the certificate that {s.seen.farm.title} signs with is not known"
        fine = f"{fine}; of {listed(tenants)} nothing is known" if ours else unknown
    if s.broken:
        mended = {t["domain"] for a in shown["actions"] if a["action"] in ("repair", "evict") for t in a["targets"]}
        broken = [b.domain.name for b in s.broken]
        able = f" A run repairs {_all_of(len(mended & set(broken)), len(broken))}." if mode != "apply" and mended & set(broken) else ""
        return f"Act: sign-in fails for {len(broken)} of {count(len(ours), 'domain')}{_named(broken)}.{able}"
    if s.emergency:
        return _emergency_answer(s, shown, len(ours), mode)
    strange = [status.domain.name for status in s.unknown if status.unknown]
    if strange and any(f["what"] == "unknown_certificate" for f in shown["must_act"]):
        return f"Act: {len(strange)} of {count(len(ours), 'domain')} accept{'s' if len(strange) == 1 else ''} an unknown certificate{_named(strange)}. {fine}."
    if shown["must_act"]:
        first = shown["must_act"][0]
        return f"Act: {_sentence(_unread_text(s) if first['what'] == 'unreadable' else first['reason'])} {fine}."
    planned = [] if mode == "apply" else shown["actions"]
    if shown["actions"] and not planned:
        return f"Act: run it again; it stopped before it could {listed(would(a) for a in shown['actions'])}. {fine}."
    if planned:
        return f"A renewal step is due: a run would now {listed(would(a) for a in planned)}. {fine}."
    word = "Nothing more to do now" if done else "Nothing to do"
    if s.paused:
        return f"Paused: no renewal starts or continues until renew_signing_cert_pause is set to false. {fine}."
    needed = _only_operator(shown)
    if needed:
        by = f" by {clock.time(s.deadline)}" if s.deadline is not None and s.deadline > s.now else ""
        return f"Needed from you{by}: {_sentence(needed[0])} {fine}."
    if s.successor is not None or not s.following:
        return f"{word}. {fine}; a renewal is in progress."
    return f"{word}. {fine}; {next_renewal(s, foretold, clock)}."


def _named(found: Sequence[str]) -> str:
    """The names of a few; many are in the table, and the answer stays short."""
    return f": {names(found)}" if len(found) <= FEW else " (named below)"


def _unread(s: Situation) -> list[str]:
    """Domains, and tenants, that could not be read."""
    return [status.domain.title for status in s.unreadable]


def _unread_text(s: Situation) -> str:
    unread = [status.domain.name for status in s.unreadable if status.domain.name]
    domains = [f"{len(unread)} of {count(len(own_domains(s)), 'domain')} could not be read{_named(unread)}"] if unread else []
    tenants = unread_tenants(s)
    return listed([*domains, *([f"{listed(tenants)} could not be read"] if tenants else [])])


def _unread_count(s: Situation) -> str:
    tenants = unread_tenants(s)
    parts = ((len(_unread(s)) - len(tenants), "domain"), (len(tenants), "tenant"))
    return listed(count(number, what) for number, what in parts if number)


def _accepting(s: Situation) -> list[DomainStatus]:
    return [status for status in own_domains(s) if status.ours and not status.broken]


def _all_of(some: int, every: int) -> str:
    return ("it" if every == 1 else f"all {every}") if some == every else f"{some} of them"


def _only_operator(shown: Mapping[str, Any]) -> list[str]:
    """What holds the renewal and time does not lift."""
    return [_plain(b["object"], b["reason"]) for b in shown["blocked_by"] if b["until"] is None and b["condition"] != "pause"]


# -- what is ---------------------------------------------------------------------------------------------------------------------


def _state(s: Situation) -> Iterable[str]:
    states = _STATES if s.seen.farm.provider is None else third_party.STATES
    unseen = [server.name for server in s.unseen_servers]
    every_server = f"every server that was seen (all but {names(unseen)})" if unseen else "every server"
    if s.state in states and s.state not in ("steady", "complete"):
        yield f"State: {s.state}: {states[s.state].format(every_server=every_server)}."


def _signer(s: Situation, shown: Mapping[str, Any]) -> Iterable[str]:
    if s.seen.farm.provider is not None:
        yield from third_party.describe(s)
        return
    farm = shown["farm"]
    rollover = on_or_off(farm["auto_certificate_rollover"])
    valid = s.seen.primary_key.not_after > s.now
    until = f"valid until {farm['not_after']} ({count(farm['days_remaining'], 'day')})" if valid else f"EXPIRED {farm['not_after']}"
    yield f"AD FS {printable(farm['host_name'])} signs with {farm['primary']}, {until}; automatic rollover is {rollover}."
    if farm["successor"]:
        yield f"Successor: {farm['successor']}, valid until {ends(s, farm['successor'])}."


def _counts(s: Situation, shown: Mapping[str, Any]) -> str:
    tally: dict[str, int] = {}
    for domain in shown["domains"]:
        if domain["domain"]:
            tally[domain["verdict"]] = tally.get(domain["verdict"], 0) + 1
    ours = [f"{tally[word]} {_COUNTED.get(word, word.replace('_', ' '))}" for word in [*_COUNTED, *sorted(tally)] if word in tally and word not in _ELSEWHERE]
    elsewhere = [f"{tally[word]} {text}" for word, text in _ELSEWHERE.items() if word in tally]
    tenants = len({d["tenant_id"] for d in shown["domains"]})
    where = f" in {tenants} tenants" if tenants > 1 else ""
    total = sum(number for word, number in tally.items() if word not in _ELSEWHERE)
    line = f"{count(total, 'federated domain')}{where}: {', '.join(dict.fromkeys(ours)) or 'none that signs in here'}"
    elsewhere += [f"{count(len(unread_tenants(s)), 'tenant')} could not be read"] if unread_tenants(s) else []
    return f"{line} (besides, {' and '.join(elsewhere)})." if elsewhere else f"{line}."


# -- what is not well ------------------------------------------------------------------------------------------------------------


def _to_do(shown: Mapping[str, Any], mode: str, answer: str) -> Iterable[str]:
    """Alarms, and what blocks something until an operator lifts it; each reason once, with all that it is about.

    ``answer``: the first line; what it says in full is not said again.
    """
    alarms = shown["run"]["alarms"]
    told = {(a["alarm"], a["object"]) for a in alarms}
    found = [("To do", a["alarm"], a["object"], a["reason"]) for a in alarms]
    # What blocks is known for the moment after the planned acts.
    word = "To do after that" if _planned(shown, mode) else "To do"
    # A clock that differs is the first line.
    left = (b for b in shown["blocked_by"] if b["until"] is None and b["condition"] != "clock" and (b["condition"], b["object"]) not in told)
    found += [(word, b["condition"], b["object"], b["reason"]) for b in left]
    in_table = {d["domain"] for d in shown["domains"] if d["verdict"] not in WELL}
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for when, kind, about, reason in found:
        if printable(reason) in answer:
            continue
        grouped.setdefault((when, kind, _without(about, reason)), []).append(about)
    for (when, kind, reason), about in grouped.items():
        if len(about) == 1 and reason in answer:
            continue
        who = f"{count(len(about), 'domain')} named above" if len(about) > FEW and in_table.issuperset(about) else names(about)
        yield f"{when} ({kind}): {who}: {_sentence(reason)}"


def _planned(shown: Mapping[str, Any], mode: str) -> bool:
    return mode != "apply" and bool(shown["actions"])


def _without(about: str, reason: str) -> str:
    """The reason without the name that it is about, so that equal reasons are equal."""
    text = printable(reason)
    about = printable(about)
    return text.removeprefix(f"{about} ").replace(f". {about}", ". It").replace(about, "it") if about and about in text and "," not in about else text


def _plain(about: str, reason: str) -> str:
    about, text = printable(about), printable(reason)
    return text if about in text else f"{about}: {text}"


# -- a theft, a held clock -------------------------------------------------------------------------------------------------------


def _emergency_answer(s: Situation, shown: Mapping[str, Any], total: int, mode: str) -> str:
    accepting = [status.domain.name for status in s.statuses if status.compromised]
    open_ = [f"accepted by {count(len(accepting), 'domain')} of {total} ({names(accepting)})"] if accepting else []
    open_ += ["in AD FS or on one of its servers"] if s.compromised_in_farm else []
    unread_text = f" {_sentence(_unread_text(s))}" if _unread(s) else ""
    if open_:
        now = f" A run would now {listed(would(a) for a in shown['actions'])}." if mode != "apply" and shown["actions"] else ""
        return f"Act: stolen keys are still {' and '.join(open_)}.{now}{unread_text}"
    since = shown["emergency"]["evicted_at"] if shown["emergency"] else None
    certain = shown["emergency"]["containment"]["contained_at"] if shown["emergency"] else None
    everywhere = "" if certain is None else f"; certainly everywhere {'since' if parse_time(certain) <= s.now else 'by'} {certain}"
    return f"Emergency: no domain that could be read accepts a stolen key (seen since {since}){everywhere}.{unread_text}"


def _held(s: Situation, shown: Mapping[str, Any], clock: Clock) -> Iterable[str]:
    """AD FS' clock, switched off by this collection."""
    needed = adfs_clock.needed_by(s)
    if needed is None:
        return
    was = "is" if needed > s.now else "was"
    ours = "this collection switched automatic rollover off"
    why = ours if s.journal.auto_rollover_suspended else "automatic rollover is off although renew_signing_cert_auto_rollover is true"
    line = f"AD FS' clock is held: {why}, so AD FS does not renew by itself; a run {was} needed by {clock.time(needed)}"
    told = any(failure["fail_on"] == "held" for failure in shown["failures"])
    if s.promotable and not s.ready and s.obliged and s.last_call_at > s.now and not told:
        cost = adfs_clock.losing(s)
        line += f". From {clock.time(s.last_call_at)}, the successor may sign even if something still blocks it"
        line += f", and sign-in may then fail for {names(cost)}" if cost else ""
    yield f"{line}."


# -- questions -------------------------------------------------------------------------------------------------------------------


def _notice(s: Situation, shown: Mapping[str, Any], foretold: Forecast | None, clock: Clock, mode: str) -> str:
    """Whether Microsoft's mail about an expiring certificate asks for anything. Its decision table is about AD FS alone."""
    if s.seen.farm.provider is not None:
        return ""
    asked = [d for d in shown["domains"] if d["decision_row"] and d["decision_row"]["action"] != "none"]
    if not asked:
        unread = f" (not known for {_unread_count(s)} that could not be read)" if _unread(s) else ""
        return f"Microsoft's renewal notice: no action needed{unread}."
    rows = sorted({str(d["decision_row"]["row"]) for d in asked if d["decision_row"]["row"]})
    row = f" ({'rows' if len(rows) > 1 else 'row'} {' and '.join(rows)} of its table)" if rows else ""
    about = f"Microsoft's renewal notice: it applies to {count(len(asked), 'domain')}{row};"
    if shown["must_act"] or (_only_operator(shown) and not _planned(shown, mode)):
        return f"{about} act as the first line says."
    if mode != "apply" and shown["actions"]:
        return f"{about} the next run does what it asks for."
    if s.successor is not None:
        return f"{about} the renewal in progress does what it asks for."
    return f"{about} no action needed now, {next_renewal(s, foretold, clock)}."


def _partners(s: Situation, shown: Mapping[str, Any]) -> Iterable[str]:
    """The relying parties that a promotion may lock out, while a renewal is due or under way."""
    if s.successor is None and s.now < s.due_at:
        return
    for risk, advice in _RISKS.items():
        partners = [p["name"] for p in shown["relying_parties"] if p["risk"] == risk]
        if partners:
            yield f"Partners at risk ({risk}): {names(partners)}: {advice}."


# -- what was done, and what would be --------------------------------------------------------------------------------------------


def _this_run(shown: Mapping[str, Any], mode: str, memory: Memory) -> Iterable[str]:
    if memory.done or mode == "apply":
        yield from said_done(memory.done, doubts(memory))
    else:
        yield {
            "check": "Check mode: this run changed nothing.",
            "plan": "Plan: this run changed nothing.",
            "audit": "Audit: this run changed nothing.",
        }[mode]
    yield from (f"{'Failed' if text in memory.unclear else 'Refused'}: {_sentence(text)}" for text in dict.fromkeys(memory.refusals))
    yield from (f"Failed: {_sentence(text)}" for text in dict.fromkeys(memory.failed))
    word = {"apply": "Not done", "check": "Would", "plan": "Planned", "audit": "A run would now"}[mode]
    for act in shown["actions"]:
        yield f"{word}: {would(act)}, because {_sentence(act['reason'])}"


def _waiting(shown: Mapping[str, Any], mode: str) -> Iterable[str]:
    planned = _planned(shown, mode)
    skipped = _FORETOLD | {"sync"} if planned else _FORETOLD
    word = "It would then wait until" if planned else "Waiting until"
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for block in shown["blocked_by"]:
        if block["until"] is not None and block["condition"] not in skipped:
            grouped.setdefault((block["until"], block["condition"], _without(block["object"], block["reason"])), []).append(block["object"])
    for (until, condition, reason), about in sorted(grouped.items()):
        yield f"{word} {until} ({condition}): {names(about)}: {_sentence(reason)}"


# -- what comes ------------------------------------------------------------------------------------------------------------------


def _next_run(shown: Mapping[str, Any], mode: str) -> str:
    """When to come back, and the present deadline; what it would be after the plan is told apart."""
    present, expected = shown["deadline"], shown["expected"]["deadline"]
    line = f"Next run: {'now' if mode != 'apply' and shown['must_act'] else shown['next_run_at']}"
    if present is None:
        return f"{line}."
    after = f" (after these steps it would be {expected or 'none'})" if _planned(shown, mode) and expected != present else ""
    return f"{line}. Deadline, the latest safe start of the next step: {present}{after}."


def _sentence(text: str) -> str:
    text = printable(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."
