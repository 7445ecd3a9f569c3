# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guards of policy and of liveness: what each one promises, and that without it the promise is broken.

Losing a sign-in is not what these are against: an operator's word would not count, a partner would be left behind, AD FS would be asked for
something that it refuses for ever, or something would wait and nobody would say for what. Which search shows the others is in SEARCHED.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from unit.plugins.module_utils._renewal.world import FARM, START, at, domain, farm, key, observe, remembered, server

from ansible_collections.federation.adfs.plugins.module_utils._renewal import (
    acts,
    adfs_clock,
    decision,
    domain_steps,
    emergency,
    gradual,
    guards,
    loop,
    removal,
    rollback,
    rules,
    server_steps,
    spans,
    third_party,
)
from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Block
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval import Approved
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Emergency, Journal, Lock, OwnKey, Rollback, Scans
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import KeyCheck, Observation, Provider, RelyingParty, Server, Thresholds
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import Plan, make_plan
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import Policy, Span
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from proof.cases import ANYTHING_ALLOWED, Patches, patched

WHERE = "contoso.com"
AT_ONCE = Thresholds(generation=timedelta(days=40), promotion=timedelta(0))
US = Policy(promote="role", auto_rollover=False)
HOUR = timedelta(hours=1)
# Every server and the domain have known the successor for two days.
KNOWN = Journal(FARM, first_seen={f"tenant/{WHERE}": {"OLD": at(-2), "NEW": at(-2)}}, own=remembered("OLD", "NEW"))


@dataclass(frozen=True)
class Promise:
    """``seen``, ``policy``, ``journal``: where the guard holds something back. ``patches`` take it away; ``broken`` then says how that shows."""

    condition: str
    promise: str
    seen: Observation
    broken: Callable[[Plan], str | None]
    patches: Patches
    policy: Policy = Policy()  # noqa: RUF009 - nobody changes it
    journal: Journal = Journal(FARM)  # noqa: RUF009
    approved: Approved | None = None
    journal_closed: str = ""
    memory: loop.Memory | None = None

    def plan(self) -> Plan:
        run = Run("this-run", journal_closed=self.journal_closed)
        return make_plan(self.seen, self.journal, self.policy, START, run, approved=self.approved, memory=self.memory)

    def kept(self) -> bool:
        """With the guard: it is named, and the promise holds."""
        made = self.plan()
        return self.condition in {block.condition for block in made.blocks} and self.broken(made) is None

    def without(self) -> str | None:
        """Without the guard: how the promise is broken, None if it is not."""
        with patched(self.patches):
            return self.broken(self.plan())


def _no_guard(*_args: Any) -> tuple[()]:
    """Holds nothing back."""
    return ()


def _does(*actions: str) -> Callable[[Plan], str | None]:
    def broken(made: Plan) -> str | None:
        done = [step.act for step in made.steps if not actions or step.act.action in actions]
        return f"{done[0].action}: {done[0].reason}" if done else None

    return broken


def _drops(name: str) -> Callable[[Plan], str | None]:
    def broken(made: Plan) -> str | None:
        writes = [w for step in made.steps for w in step.act.writes if name in w.domain.slots.accepted - w.slots.accepted]
        return f"{writes[0].domain.name} is written as {writes[0].slots.signing} and {writes[0].slots.next}: {name} is gone" if writes else None

    return broken


def _unsaid(guard: str) -> Callable[[Plan], str | None]:
    def broken(made: Plan) -> str | None:
        said = {block.condition for block in made.blocks}
        return None if guard in said else f"nothing is done, and what is said is: {', '.join(sorted(said)) or 'nothing'}"

    return broken


def _toggles(made: Plan) -> str | None:
    found = [step.act for step in made.steps if step.act.toggles]
    return "automatic rollover is switched on and off again, which nobody wanted" if found else None


def _two_of_three(where: Any, _seen: Any, live: frozenset[str], *_more: Any, **_others: Any) -> Any:
    return None if len(live) < 3 else rules.ordered(frozenset(sorted(live)[1:]), "OLD")


def _late(**keys: Any) -> Observation:
    return observe(farm(), domain(WHERE, "OLD"), **keys)


def _ready(*more: Any, **changes: Any) -> Observation:
    return observe(farm("OLD", "NEW", **{"auto_rollover": False, **changes}), domain(WHERE, "OLD", "NEW"), *more)


_SETTLED = observe(farm("NEW", "OLD", auto_rollover=False), domain(WHERE, "NEW", "OLD"), NEW=key("NEW", 0, 300))
_FOLLOWED = replace(KNOWN, followed=("NEW", at(-0.05)))
_ALWAYS_US = property(lambda _policy: "role", lambda _policy, _value: None)
_SELF_SIGNED = property(lambda seen: replace(seen.keys[seen.farm.primary], self_signed=True))
_READABLE_ONES = property(lambda s: tuple(d for d in s.lacking(s.successor) if d.unreadable is None))
_THEFT = Emergency(at(-2), "availability", {"OLD": ""}, at(-0.05), at(-0.05))
_AFTER_THEFT = observe(farm("NEW"), domain(WHERE, "NEW"))

PROMISES = (
    Promise(
        "clock",
        "nothing that has to wait for its time is done while the clocks differ",
        observe(farm(time=START + HOUR), domain(WHERE, "OLD")),
        _does("generate"),
        ((Situation, "clock_differs", ""),),
    ),
    Promise(
        "lock",
        "a second run does nothing beside the first",
        _late(),
        _does(),
        ((decision, "_locked", _no_guard),),
        journal=Journal(FARM, lock=Lock("another-run")),
    ),
    Promise("due", "no renewal before it is due", _late(OLD=key("OLD", -100, 200)), _does("generate"), ((Situation, "due_at", START),)),
    Promise(
        "window",
        "in a freeze nothing is begun",
        _late(),
        _does("generate"),
        ((spans, "closed_until", lambda *_args: None),),
        policy=Policy(freezes=(Span(at(-1), at(1)),)),
    ),
    Promise(
        "approval",
        "what was not approved is not done",
        _late(),
        _does("generate"),
        ((Approved, "keeps_back", lambda *_args: None),),
        approved=Approved(("the domains moved since the approval",), ()),
    ),
    Promise("pause", "no promotion while the operator holds it", _ready(), _does("promote"), ((Situation, "paused", False),), US, replace(KNOWN, pause=at(-1))),
    Promise(
        "unknown_certificate",
        "a certificate that is not ours is not overwritten unasked",
        observe(farm("OLD", "NEW"), domain(WHERE, "OLD", "STRANGER")),
        _drops("STRANGER"),
        ((rules, "unknown_keys", lambda *_args: []),),
    ),
    Promise(
        "baseline",
        "nothing is begun while a domain's settings are not the approved ones",
        observe(farm(), domain(WHERE, "OLD", deviations=("issuer_uri changed",))),
        _does("generate"),
        ((Situation, "unknown", ()),),
    ),
    Promise(
        "custom_certificate",
        "AD FS is never asked to follow a certificate of a CA by one of its own",
        _late(OLD=key("OLD", -336, 29, self_signed=False)),
        _does("generate"),
        ((Observation, "primary_key", _SELF_SIGNED),),
    ),
    Promise(
        "room",
        "no third certificate on AD FS",
        observe(farm("OLD", "EARLIER"), domain(WHERE, "OLD")),
        _does("generate"),
        ((guards, "room_for_successor", _no_guard),),
    ),
    Promise(
        "critical_threshold",
        "automatic rollover is not given back where AD FS would make and promote a certificate at once",
        # Not due before the next run, so that nothing else keeps it from AD FS.
        observe(farm(auto_rollover=False, thresholds=AT_ONCE), domain(WHERE, "OLD"), OLD=key("OLD", -320, 45)),
        _does("restore_auto_rollover"),
        ((rules, "adfs_promotes_at", lambda *_args: at(300)),),
        Policy(renew_before=timedelta(days=1), auto_rollover=True),
        Journal(FARM, auto_rollover_wanted=True, auto_rollover_suspended=True),
    ),
    Promise(
        "critical_threshold",
        "automatic rollover is not switched on for a successor where AD FS would promote it at once",
        observe(farm(auto_rollover=False), domain(WHERE, "OLD"), OLD=key("OLD", -362, 2.5)),
        _does("generate"),
        ((guards, "generation_by_switch", _no_guard),),
        US,
    ),
    Promise(
        "auto_rollover",
        "automatic rollover is not switched on, not even for one act, where nobody said what is wanted",
        observe(farm(auto_rollover=False), domain(WHERE, "OLD")),
        _toggles,
        ((guards, "generation_by_switch", _no_guard),),
    ),
    Promise(
        "promote_policy",
        "nothing is promoted by a role that was not told to",
        _ready(),
        _does("promote"),
        ((Policy, "promote", _ALWAYS_US),),
        Policy(promote="never", auto_rollover=False),
        KNOWN,
    ),
    Promise(
        "relying_parties",
        "no promotion before the partners were told",
        _ready(relying_parties=(RelyingParty("Payroll", ("urn:payroll",)),)),
        _does("promote"),
        ((rules, "other_relying_parties", lambda _farm: []),),
        US,
        KNOWN,
    ),
    Promise(
        "validity",
        "no promotion of a certificate that is not valid yet",
        replace(_ready(), keys={**_ready().keys, "NEW": key("NEW", 1, 365)}),
        _does("promote"),
        ((guards, "validity", _no_guard),),
        US,
        KNOWN,
    ),
    Promise(
        "unreadable",
        "no promotion while nobody knows what a domain holds",
        _ready(domain("fabrikam.com", None, None, error="HTTP 503")),
        _does("promote"),
        ((Situation, "not_ready", _READABLE_ONES),),
        US,
        KNOWN,
    ),
    Promise(
        "missing_domain",
        "no promotion while a domain of this rollover has vanished",
        _ready(),
        _does("promote"),
        ((Situation, "missing", ()),),
        US,
        replace(KNOWN, first_seen={**KNOWN.first_seen, "tenant/fabrikam.com": {"OLD": at(-2)}}),
    ),
    Promise(
        "unseen_server",
        "no promotion while a server cannot be seen",
        _ready(servers=(server("adfs1", "OLD", "NEW"), Server("adfs2", False, "no answer"))),
        _does("promote"),
        ((Situation, "unseen_servers", ()), (Situation, "servers_not_showing", ())),
        US,
        KNOWN,
    ),
    Promise(
        "servers_unconfirmed",
        "no promotion while nobody said which servers there are",
        _ready(servers_confirmed=False),
        _does("promote"),
        ((guards, "unconfirmed_servers", _no_guard), (Situation, "ready", True)),
        US,
        KNOWN,
    ),
    Promise(
        "key_check",
        "a certificate from elsewhere is not promoted while nobody knows whether each server can use its key",
        _ready(from_store=frozenset({"NEW"})),
        _does("promote"),
        ((server_steps, "key_checks", _no_guard),),
        US,
        KNOWN,
    ),
    Promise(
        "successor",
        "what was taken out of AD FS is not put back",
        observe(farm(auto_rollover=False, key_checks=(KeyCheck("NEW", "adfs1"), KeyCheck("NEW", "adfs2"))), domain(WHERE, "OLD")),
        _does("add"),
        ((server_steps, "unfit", _no_guard),),
        replace(US, successor="NEW"),
        KNOWN,
    ),
    Promise(
        "unmended",
        "nothing is begun while sign-in is broken somewhere",
        observe(farm(), domain(WHERE, "OLD"), domain("fabrikam.com", "EARLIER")),
        _does("generate"),
        ((Situation, "broken", ()),),
        Policy(domains_excluded=frozenset({"fabrikam.com"}), known_certificates=frozenset({"EARLIER"})),
    ),
    Promise(
        "too_many_signers",
        "of three certificates that servers sign with none is thrown out",
        observe(farm("OLD", "NEW", "EARLIER", servers=tuple(server(f"adfs-{k}", k) for k in ("OLD", "NEW", "EARLIER"))), domain(WHERE, "EARLIER", "OLD")),
        _drops("EARLIER"),
        ((rules, "wanted_slots", _two_of_three), ANYTHING_ALLOWED),
    ),
    Promise("no_domain", "no successor that could be published nowhere", observe(farm()), _does("generate"), ((guards, "no_domain", _no_guard),)),
    Promise(
        "retire_interval",
        "the old certificate stays in the domains as long as a token signed with it may arrive",
        _SETTLED,
        _does("remove_from_entra"),
        ((domain_steps, "retire_interval", lambda _s: timedelta(0)),),
        replace(US, remove_old_from_entra=True),
        _FOLLOWED,
    ),
    Promise(
        "remove_interval",
        "the old certificate stays in AD FS as long as a session may rest on it",
        _SETTLED,
        _does("remove_from_adfs"),
        ((removal, "LONGEST", timedelta(0)),),
        replace(US, remove_old_from_adfs=True),
        _FOLLOWED,
    ),
    Promise(
        "adfs_clock",
        "a wait for AD FS' own clock says so",
        _ready(auto_rollover=True),
        _unsaid("adfs_clock"),
        ((decision, "_waiting", _no_guard),),
        journal=KNOWN,
    ),
    Promise(
        "provider_renews",
        "a wait for another identity provider says so",
        observe(
            farm(auto_rollover=False, servers=(), provider=Provider("OLD", True, False, None)), domain(WHERE, "OLD", sign_in_uri="https://idp.example.com/")
        ),
        _unsaid("provider_renews"),
        ((third_party, "waiting", _no_guard),),
        Policy(domains=frozenset({WHERE})),
    ),
    Promise(
        "rollback",
        "a rollback that has nothing to go back to says so",
        _late(),
        _unsaid("rollback"),
        ((rollback, "roll_back", lambda *_args: None),),
        journal=Journal(FARM, pause=at(-1), rollback=Rollback("OLD", True, at(-1))),
    ),
    Promise(
        "unevicted",
        "a domain that may still accept a stolen key is named",
        observe(farm("NEW"), domain(WHERE, "NEW", "OLD")),
        _unsaid("unevicted"),
        ((emergency, "_unevicted", lambda where, *_why: Block("sync", where, at(1), "")),),
        Policy(domains_excluded=frozenset({WHERE})),
        Journal(FARM, emergency=_THEFT),
    ),
    Promise(
        "eviction_watch",
        "the watch for a stolen key that Entra's updater brings back is named until it ends",
        _AFTER_THEFT,
        _unsaid("eviction_watch"),
        ((Situation, "emergency", False),),
        journal=Journal(FARM, emergency=_THEFT),
    ),
)

_HELD = Journal(FARM, auto_rollover_wanted=True, auto_rollover_suspended=True, suspended_for="OLD", first_seen=KNOWN.first_seen, own=KNOWN.own)
_SEVERAL = observe(farm("OLD", "NEW", "NEWER", auto_rollover=False), domain(WHERE, "OLD"), NEWER=key("NEWER", 0.5, 365))
_STRANGE = Server("adfs2", True, "", "STRANGER", frozenset({"STRANGER"}), "metadata", stranger=True)
_ENDING = {"OLD": key("OLD", -362, 2.5, self_signed=False)}

PROMISES = (
    *PROMISES,
    Promise(
        "next_plan",
        "what time alone added to an approved plan waits for the next one",
        _late(),
        _does("generate"),
        ((Approved, "keeps_back", lambda *_args: None),),
        approved=Approved((), ()),
    ),
    Promise(
        "failed_act",
        "an act that failed in this run is not tried again",
        _late(),
        _does("generate"),
        ((loop, "keeps_back", lambda *_args: None),),
        memory=replace(loop.Memory("this-run"), failed=("generate: it was refused",)),
    ),
    Promise(
        "hook",
        "after a hook that failed nothing is begun",
        _late(),
        _does("generate"),
        ((loop, "keeps_back", lambda *_args: None),),
        memory=replace(loop.Memory("this-run"), hooks_failed=("the hook 'before' failed",)),
    ),
    Promise(
        "first_domains",
        "while there is time, a successor is published to no domain before those that are to come first",
        observe(farm("OLD", "NEW"), domain(WHERE, "OLD"), domain("refuses.example.com", "OLD")),
        _does("publish"),
        ((gradual, "publishing", lambda _s, writes, _blocks: writes),),
        Policy(first_domains=frozenset({"refuses.example.com"}), refused=frozenset({"refuses.example.com"})),
        Journal(FARM, scans=Scans("OLD", (at(-3), at(-2), at(-1)))),
    ),
    Promise(
        "permission",
        "AD FS is not asked for a successor that cannot be written to any domain",
        observe(farm(), domain(WHERE, "OLD", can_write=False)),
        _does("generate"),
        ((guards, "way_is_open", _no_guard),),
    ),
    Promise(
        "no_writable_domain",
        "AD FS is not asked for a successor where every domain is excluded",
        observe(farm(), domain(WHERE, "OLD")),
        _does("generate"),
        ((guards, "way_is_open", _no_guard),),
        Policy(domains_excluded=frozenset({WHERE})),
    ),
    Promise(
        "several_successors",
        "of several successors none is published",
        _SEVERAL,
        _does("publish"),
        ((guards, "several_successors", _no_guard),),
        US,
    ),
    Promise(
        "no_successor",
        "a wait for a certificate that AD FS may promote and that is not to follow says so",
        observe(farm("OLD", "NEW", auto_rollover=False), domain(WHERE, "OLD")),
        _unsaid("no_successor"),
        ((guards, "no_successor", _no_guard),),
        journal=Journal(FARM, own={"OLD": OwnKey(None, None, at(-1)), "NEW": OwnKey(None, None, at(-2))}),
    ),
    Promise(
        "third_certificate",
        "no promotion while Entra's updater may take any two of three certificates",
        observe(farm("OLD", "NEW", "EARLIER", auto_rollover=False), domain(WHERE, "OLD", "NEW")),
        _does("promote"),
        ((Situation, "crowded", ()),),
        US,
        replace(KNOWN, own=remembered("OLD", "NEW", "EARLIER")),
    ),
    Promise(
        "only_seen_key",
        "no promotion while a server signs with a key that the farm is not known to have",
        _ready(servers=(server("adfs1", "OLD", "NEW"), _STRANGE)),
        _does("promote"),
        ((Situation, "only_seen", frozenset()), (Situation, "servers_not_showing", ())),
        US,
        KNOWN,
    ),
    Promise(
        "unknown_lifetime",
        "no promotion while it is not known how long a partner's tokens are valid",
        _ready(relying_parties=(RelyingParty("Payroll", ("urn:federation:MicrosoftOnline",), token_lifetime=None),)),
        _does("promote"),
        ((guards, "unknown_lifetimes", _no_guard),),
        US,
        KNOWN,
    ),
    Promise(
        "journal",
        "what can wait is not done while nothing can be noted",
        _ready(),
        _does("promote"),
        ((guards, "timed", _no_guard),),
        US,
        KNOWN,
        journal_closed="the disk is full",
    ),
    Promise(
        "last_call",
        "the one command that is left is named before the certificate ends",
        observe(farm("OLD", "NEW", auto_rollover=False, servers_confirmed=False), domain(WHERE, "OLD", "NEW"), **_ENDING),
        _unsaid("last_call"),
        ((adfs_clock, "last_call", lambda *_args: None),),
        Policy(auto_rollover=True, promote="never"),
        _HELD,
    ),
    Promise(
        "eviction_form",
        "a domain that holds no certificate alone is named until a second new one is there",
        observe(farm("NEW", auto_rollover=False), domain(WHERE, "NEW", "OLD")),
        _unsaid("eviction_form"),
        ((emergency, "_no_form", lambda where: Block("sync", where, at(1), "")),),
        Policy(promote="role", eviction_forms_refused=frozenset({"equal", "empty"})),
        Journal(FARM, emergency=_THEFT),
    ),
)

# Guards that a search of all interleavings is needed for, and the case without them (cases.BROKEN).
SEARCHED = {
    "propagation": "promote when Graph shows it",
    "unpublished": "promote first, publish afterwards",
    "sync": "promote without looking at each server, with Entra's updater",
    "servers_unconfirmed": "a server that nobody listed, retired all the same",
    "sign_in": "the live key is overwritten",
    "unmended": "one domain is broken, so anything is allowed",
    "lock": "two runs at once, no lock and no second look",
}


def guards_in_the_code() -> set[str]:
    """Every guard that the core can name, found in its source."""
    return set(_named(Path(str(acts.__file__)).parent))


def _named(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Block":
                guard = node.args[0]
                if not isinstance(guard, ast.Constant):
                    raise TypeError(f"{path.name}, line {node.lineno}: the name of a guard is no plain text, so nobody can tell which there are")
                yield str(guard.value)
