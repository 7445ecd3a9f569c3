# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a history while it is lived: whose fault a lost sign-in is, and whether what the plan said and did was true and needed.

A finding has a kind. What a kind excuses is written beside it; whatever is excused is counted too, so that an excuse that swallows everything shows.
"""

from __future__ import annotations

import copy
import json
import traceback
from collections import Counter
from collections.abc import Set
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from histories import product
from histories.certificates import Certificate, text
from histories.entra import Domain, Pair
from histories.farm import Server
from histories.history import DAY, HOUR

if TYPE_CHECKING:
    from histories.run import Run
    from histories.world import World

WAITING = {"generated", "publishing", "published", "ready", "promoting"}
AT_REST = {"steady", "promoted", "complete"}
OBSTACLES = {"unseen_server", "unreadable", "unpublished", "unknown_certificate", "several_successors", "missing_domain", "servers_unconfirmed"}
TOO_LATE_FOR_ROOM = "a certificate of unknown origin was to give way, and the first run that could have seen to that was the last one in time"
FOR_A_PERSON = "a person was to promote, and the server copied while the run said so"
NO_WINDOW = "no window holds a check of AD FS, and the server copied while the run waited for one and said so"
LEADS_ELSEWHERE = "a domain that leads elsewhere held AD FS' clock alone, and the server copied while the run failed for it"
ASKED_TWICE = 7  # every so many plans are made twice


class Finding(NamedTuple):
    """Something that ought not to be. ``minute``: when it came to light."""

    kind: str
    minute: int
    what: str

    def __str__(self) -> str:
        return f"{self.kind} on day {self.minute / DAY:.2f} ({text(self.minute)}): {self.what}"


def _minutes(span: dict[str, str]) -> float:
    """How long a window is."""
    return (datetime.fromisoformat(span["end"]) - datetime.fromisoformat(span["start"])).total_seconds() / 60


def _failures(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What fails the run, so far."""
    return plan["run"]["failures"]


class Judge:
    """What is found, what is excused, and what the judging needs to remember."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.findings: list[Finding] = []
        self.excused: Counter[str] = Counter()
        self.lost: dict[str, str] = {}  # domains that lost a sign-in, and by which cause first, hands' and the updater's left out
        self.last_plan: dict[str, Any] | None = None
        self.completed: list[tuple[int, int]] = []  # begin and end of each run that was not cut off
        self.looks: dict[str, set[int]] = {}  # how many changes of each domain came before each look of a run that was not cut off
        self.plans = 0
        self.stolen_keys: dict[str, int] = {}
        self.stolen_own: dict[str, set[str]] = {}  # what was the farm's when it was told, and with which it was stolen
        self.story: list[str] = []
        self.seen_by_runs: set[str] = set()
        self.noted_primary: set[str] = set()  # what a run that was not cut off saw as primary, and noted
        self.noted_came: dict[str, tuple[str, int]] = {}  # under which primary a run noted that each certificate came (empty: not known), and which run
        self.server_signers: dict[str, tuple[str, int]] = {}
        self.noted_signers: dict[str, str] = {}  # what a run that was not cut off saw each server sign with, and could note
        self.acts: list[tuple[int, str, Run]] = []
        self.blocked: set[str] = set()  # domains that the last run could not write
        self.blocked_at: dict[str, int] = {}
        self.declared: list[tuple[int, int]] = [(-1, self._declared())]  # since when which distance of runs is declared
        self.strange_at: dict[str, int] = {}  # when the last run ended that named a certificate of unknown origin in a domain, and left it there
        self.at_promotion: dict[str, Any] | None = None
        self.adfs_at = -1
        self.updater_at = -1
        self.policy_at = -1
        self.journal_quiet = 0
        self.unwritten_at = -1  # when a run could not write the journal
        self.forgot_at = -100 * DAY
        self.planned_at = -1
        self.no_room: list[tuple[int, bool]] = []  # of each run: whether an earlier certificate alone stood in the way, and it failed for it
        self.first_saw: dict[tuple[int, int], str] = {}  # by its beginning and end, what a run saw as primary first
        self.left_to_person: list[tuple[int, bool]] = []  # of each run: whether a person alone was awaited, and the run said so
        self.waited_for_window: list[tuple[int, bool]] = []  # of each run: whether it waited for a window alone
        self.led_elsewhere: list[tuple[int, bool]] = []  # of each run: whether only domains that lead elsewhere lacked the successor, and it failed for them
        self.full: list[tuple[int, set[str]]] = []  # of each run: which domains it said to be full, both of whose certificates servers were seen to sign with
        self.first_refused: dict[str, tuple[int, Run]] = {}  # when and in which run each domain refused a write first
        self.asked_at = -100 * DAY  # when a run last failed because it is not known whether automatic rollover is wanted
        self.found_ended: list[tuple[int, bool]] = []  # of each run: whether the primary certificate had ended
        self.hindered: list[bool] = []  # of each run: whether an obstacle blocked, and it failed
        self.ended_at_run = -1  # when the last run ended, if the primary certificate had ended by then

    def wrong(self, kind: str, what: str) -> None:
        """Note a finding."""
        if not any(f.kind == kind and f.minute == self.world.now for f in self.findings):
            self.findings.append(Finding(kind, self.world.now, what))

    def tell(self, what: str) -> None:
        self.story.append(f"{self.world.now / DAY:8.3f}  {what}")

    # What is asked of the product.

    def ask(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """The product's plan. None where it makes none, which is a finding: what is read here is what the modules return."""
        self.plans += 1
        try:
            made = product.plan(given)
            if self.plans % ASKED_TWICE == 0:
                again = product.plan(copy.deepcopy(given))
                if json.dumps(made, sort_keys=True) != json.dumps(again, sort_keys=True):
                    self.wrong("not_the_same", "the same input gave another plan")
        except product.WRONG_POLICY as exc:
            self.wrong("policy_refused", str(exc))
            return None
        except product.REFUSES as exc:
            self.wrong("no_plan", str(exc)[:300])
            return None
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is what is looked for
            where = traceback.extract_tb(exc.__traceback__)[-1]
            self.wrong("crash", f"{type(exc).__name__}: {str(exc)[:200]} at {where.name}:{where.lineno}")
            return None
        return made

    # Lost sign-ins.

    def loss(self, domain: Domain, server: Server, cause: str) -> None:
        """A sign-in fails that worked. ``cause``: what changed."""
        self.tell(f"LOST {domain.name} at {server.name} signing with {server.primary}: {cause}; {domain.members}")
        if not self.world.acting:
            self.lost.setdefault(domain.name, cause)
            return
        kind, excuse = self._whose(domain, server, cause)
        if kind and excuse:
            self.excused[f"{kind}: {excuse}"] += 1
        elif kind:
            plan = self.last_plan or {}
            said = f"the last plan: state {plan.get('state')}, deadline {plan.get('deadline')}, next run {plan.get('next_run_at')}"
            self.wrong(kind, f"{domain.name} does not accept {server.primary} of {server.name} ({cause}); it holds {domain.members}; {said}")
            if kind == "adfs_clock" and plan.get("deadline") and plan["deadline"] > text(self.world.now):
                self.wrong("deadline_after_loss", f"the last plan's deadline is {plan['deadline']}")
        if not cause.startswith(("hand", "updater")):
            self.lost.setdefault(domain.name, excuse or kind or cause)

    def _whose(self, domain: Domain, server: Server, cause: str) -> tuple[str, str]:
        world = self.world
        if server.name in world.gone_servers():
            return "gone_server", "declared gone"
        if cause == "expiry":
            return "expiry", self._excuse_for_expiry(server)
        if cause == "adfs":
            return "adfs_clock", self._excuse_for_clock(domain, server)
        if cause == "ours:promote":
            return "promotion", self._excuse_for_promotion(domain, server)
        if cause == "ours:evict":
            return "eviction", "containment first" if world.policy.get("emergency_priority") == "containment" else ""
        if cause.startswith("ours:"):
            return "write", self._excuse_for_write(domain, server)
        if cause == "server_back":
            by = domain.dropped.get(server.primary.thumbprint, (0, "hand"))
            if by[1].startswith("ours:"):
                return "dropped_unseen", self._excuse_for_drop(domain, server)
            return "server_back", "not by our hand"
        return "", ""

    def _excuse_for_write(self, domain: Domain, server: Server) -> str:
        if server.primary.thumbprint in self.stolen_keys:
            return "a stolen key" if self.world.policy.get("emergency_priority") == "containment" or not server.up or not server.reachable else ""
        known = self.server_signers.get(server.name)
        if known is None or known[0] != server.primary.thumbprint:
            if not (server.up and server.reachable and server.listed):
                return "never seen to sign with it"
            # The write tells Entra what the domain must hold, and cannot tell it what AD FS must sign with. Only the server's own change lies between
            # the look, which saw another signer, and the write; the next look of the same run repairs it.
            return "signs with it only since the run's look" if known is not None and known[1] == self.planned_at else ""
        return self._room(server)

    def _excuse_for_drop(self, domain: Domain, server: Server) -> str:
        """A server comes back that signs with what was taken out while nobody could see it: its last known key counts, and what nobody noted does not."""
        signer = server.primary.thumbprint
        if signer not in self.stolen_keys and self.noted_signers.get(server.name) != signer:
            return "no run noted that it signs with it"
        return self._excuse_for_write(domain, server)

    def _room(self, server: Server) -> str:
        """Near the last call, keys of unseen servers give way."""
        now = self.world.now
        publication = self._publication()
        if not (server.up and server.reachable) and now >= self._last_call() - publication - self._pace():
            return "making room before the last call"
        return ""

    def _excuse_for_promotion(self, domain: Domain, server: Server) -> str:
        del server
        farm, policy = self.world.farm, self.world.policy
        if self._acknowledged(domain):
            return "acknowledged"
        if farm.cause == "ours:promote" and policy.get("emergency_priority") == "containment" and self.stolen_keys:
            return "containment first"
        if self._unwritable(domain) and self.world.now >= self._last_call():
            return "last call"
        several = self.at_promotion is not None and any(f["fail_on"] == "several_successors" for f in _failures(self.at_promotion))
        if several and self.world.now >= self._last_call():
            return "several successors at the last call"
        if self.world.hands.touched_for(domain) >= self.acts[-1][2].begun:
            return "a hand in the same run"
        # A hand brought it so late that this run, the last one in time, found it not yet accepted everywhere in Entra.
        if self._undone_too_late(domain, self.world.now, self.world.now):
            return "a hand came between, and no run could mend it before the last call"
        at_last = bool(self.completed) and self.world.now >= self._last_call()
        if at_last and self._came_too_late_to_make_room(domain, self.completed[-1], self.acts[-1][2].begun, self.world.now):
            return TOO_LATE_FOR_ROOM
        return ""

    def _excuse_for_clock(self, domain: Domain, server: Server) -> str:
        world, farm = self.world, self.world.farm
        promoted = farm.since
        del server
        if not self.completed:
            return "no run before"
        if self._acknowledged(domain):
            return "acknowledged"
        # A run that began after the promotion cannot keep the other servers from following it, and as little one whose first act came after it.
        acts_after = world.history.gap
        before = [
            run
            for run in self.completed
            if run[0] + acts_after < promoted or (run[0] == promoted and not acts_after and self.first_saw.get(run) != farm.primary.thumbprint)
        ]
        if not before:
            return "no run before"
        begun, ended = before[-1]
        if world.hands.touched_for(domain) >= begun:
            return "a hand since the last run"
        if self._taken_and_put_back(domain, farm.primary):
            return "taken out and put back between two looks"
        # Before the last call the clock is held for a domain that cannot be written, excluded ones too; not for one whose users are sent elsewhere.
        if self._unwritable(domain) and (promoted >= self._last_call() or domain.host not in self._hosts()):
            return "could not be written"
        if self._unwritable(domain) and self._nothing_notes_the_clock():
            return "could not be written, and nothing could note that the clock is held"
        if self._nothing_notes_the_clock() and self._brought_too_late(domain):
            return "a hand brought it or switched rollover on, no run since had time to publish it, and nothing could note that the clock is held"
        if self._nothing_notes_the_clock() and self._a_repair_left_no_place(domain):
            return "a hand let another one sign, whose repair left one place for two, and nothing could note that the clock is held"
        if self._nothing_notes_the_clock() and self._had_no_place(domain):
            return "at each look since it came servers signed with both that the domain holds, and nothing could note that the clock is held"
        if promoted - begun > self._pace() + 30:
            return "the run was late"
        if len(before) == 1 and max(10 * DAY, self._declared()) < world.history.interval and self.last_plan and _failures(self.last_plan):
            # Before a distance between runs is known, 10 days are counted with where something is left undone. A job that runs up to every 14 days is
            # promised its renewal where nothing blocks; this one was told what does.
            return "slower than every 10 days, not declared, and something blocked"
        if self._given_up() and self.last_plan and any(b["condition"] in ("window", "approval") for b in self.last_plan["blocked_by"]):
            return "protect is off"
        if self.last_plan and any(b["condition"] in ("lock",) for b in self.last_plan["blocked_by"]):
            return "locked"
        if self.ended_at_run >= begun and world.came.get(farm.primary.thumbprint, 0) > self.ended_at_run:
            # The run found the primary certificate ended, so nothing worked. AD FS let another sign, and at its next check the one that it made then,
            # before any further run could see that: a while of working sign-in is lost again, and there is nothing that the run could have kept.
            return "the primary certificate had ended before the last run"
        if promoted >= self._last_call():
            if self.asked_at >= begun - self._publication() - self._pace():
                return "the operator was asked what is wanted"
            if self._found_ended_and_ends_too_soon(begun):
                return "the primary certificate had ended, and what signed instead ended too soon"
            if farm.primary.begins >= begun and self._a_person_left_it_to_adfs(begun):
                return "a person was to promote, and the last call said that one more would sign before the next run"
            if farm.primary.begins >= begun and self._windows_left_it_to_adfs(begun):
                return "windows kept the second of two certificates that end together from signing, and the last call said so"
            if self._undone_too_late(domain, ended, promoted):
                return "a hand came between, and no run could mend it before the last call"
            if len(farm.candidates(begun)) > 1:
                return "several successors at the last call"
            if farm.primary.begins >= begun and self._none_could_be_made():
                return "no successor could be made before the last call"
            if farm.primary.begins >= begun and self._no_room_was_made(max(begun, self.planned_at)):
                return "an earlier certificate kept a successor from being made, and two runs failed for it"
            if promoted - self.blocked_at.get(domain.name, -100 * DAY) < self._publication() + 3 * self._pace():
                return "could not be written before the last call"
            if len(before) > 1 and self._came_too_late_to_make_room(domain, before[-2], begun, promoted):
                return TOO_LATE_FOR_ROOM
        return ""

    def _came_too_late_to_make_room(self, domain: Domain, before: tuple[int, int], came: int, promoted: int) -> bool:
        """A certificate of unknown origin keeps its place until room is made (rollover.md, section 5), and no run came then.

        The run ``before`` named it, earlier than that. The next one, which began at ``came``, was late or found a longer distance of runs declared, so that
        it was the last one in time; and what it wrote had no time to reach all of Entra.
        """
        begun, ended = before
        pace = max(self.world.history.interval, next(declared for at, declared in reversed(self.declared) if at <= begun))
        room_made_from = self._last_call() + 3 * self._pace() - 2 * pace - self._publication()
        late = came - begun > pace + 30 or self._pace() > pace
        return late and came + self._publication() > promoted and begun < room_made_from and self.strange_at.get(domain.name) == ended

    def _a_run_had_time(self, since: int, until: int) -> bool:
        """Whether what a run wrote that began at ``since`` or later had reached all of Entra by ``until``."""
        return any(begin >= since and begin + self._publication() <= until for begin, _end in self.completed)

    def _brought_too_late(self, domain: Domain) -> bool:
        """A hand made what AD FS promoted, or switched rollover on, and no run that began since had time to write it into all of Entra."""
        farm, came = self.world.farm, self.world.came.get(self.world.farm.primary.thumbprint, 0)
        if farm.auto and farm.switched_by == "hand" and farm.switched_on >= came:
            return not self._a_run_had_time(farm.switched_on, farm.since)
        by_hand = self.world.hands.touched_for(domain) == came
        return by_hand and not self._a_run_had_time(came, farm.since)

    def _a_repair_left_no_place(self, domain: Domain) -> bool:
        """A hand let a certificate sign that the domain lacked. A run brought it there, so that of two more in AD FS one had no place any more.

        No run since the hand had time to publish anything else, and AD FS, its clock running, promoted the one that had to go.
        """
        farm, touched = self.world.farm, self.world.hands.touched_for(domain)
        dropped, by = domain.dropped.get(farm.primary.thumbprint, (-1, ""))
        left = [members for at, cause, members in domain.written if (at, cause) == (dropped, "ours:repair")]
        full = bool(left) and None not in left[-1] and set(left[-1]) <= set(farm.certificates)
        return by == "ours:repair" and 0 <= touched <= dropped and full and not self._a_run_had_time(touched, farm.since)

    def _had_no_place(self, domain: Domain) -> bool:
        """A domain holds two certificates, and a run takes out neither while a server signs with it: what AD FS promoted found no place there before.

        Every run since it came found that so, and said it.
        """
        since = [names for at, names in self.full if at >= self.world.came.get(self.world.farm.primary.thumbprint, 0)]
        return bool(since) and all(domain.name in names for names in since)

    def _found_ended_and_ends_too_soon(self, begun: int) -> bool:
        """The run before the last one found no sign-in that worked, and when the last one let another sign, no successor of it could be made any more."""
        farm = self.world.farm
        soon = min(c.ends for c in farm.certificates) - begun <= farm.span("critical") + DAY
        return soon and any(ended for at, ended in self.found_ended if begun - 3 * self._pace() <= at < begun)

    def _none_could_be_made(self) -> bool:
        """While AD FS' clock is held, T1 needs promo of an hour and more, and more than crit and a day before the end: else AD FS promotes at once.

        With some thresholds that is never so, and where a hand took the successor away, it may be so at no run since.
        """
        farm, touched = self.world.farm, self.world.hands.touched
        ends, too_late = min(c.ends for c in farm.certificates), farm.span("critical") + DAY
        never = farm.span("promotion") < HOUR or too_late >= farm.span("generation")
        return never or (touched >= 0 and not any(begin >= touched and ends - begin > too_late for begin, _end in self.completed))

    def _no_room_was_made(self, begun: int) -> bool:
        """What came into AD FS by hand ends with the primary and is not AD FS' to take out before. Removing it is asked for, or a person's (T7).

        ``begun``: the last look of a run before the promotion, which may have been the last call. The two runs before it said what to remove, and nobody did.
        """
        said = [failed for at, failed in self.no_room if at < begun][-2:]
        return not self.world.policy.get("remove_old_from_adfs") and len(said) == 2 and all(said)

    def _a_person_left_it_to_adfs(self, begun: int) -> bool:
        """With ``never`` the role promotes nothing. The run before the last call, ``begun``, awaited a person alone, and the last call itself said what comes.

        AD FS, which got its clock back then, makes one more soon where certificates live short. Holding on would have cost every domain at the end.
        """
        before = [awaited for at, awaited in self.left_to_person if at < begun]
        said = any(f["fail_on"] == "pace" for f in _failures(self.last_plan)) if self.last_plan else False
        return self.world.policy.get("promote") == "never" and bool(before) and before[-1] and said

    def _windows_left_it_to_adfs(self, begun: int) -> bool:
        """Two certificates end together: the second signs only from the last call, ``begun``, on, and no other one can be made beside the first (T1).

        The runs before waited for nothing but a window, which was the operator's to open or to run in, and the last call said what comes.
        """
        farm = self.world.farm
        before = [awaited for at, awaited in self.waited_for_window if at < begun][-2:]
        said = any(f["fail_on"] == "pace" for f in _failures(self.last_plan)) if self.last_plan else False
        former = [c.ends for c in farm.certificates if c is not farm.primary]
        return len(before) == 2 and all(before) and said and len(former) == 2 and max(former) - min(former) < DAY

    def _undone_too_late(self, domain: Domain, ended: int, promoted: int) -> bool:
        """A hand changed AD FS or this domain, and no run since came early enough for a write to reach all of Entra; the next one may come after the end.

        Then the last call costs whoever the hand took it from, and waiting would cost every domain. ``ended``: the run before the promotion. By when the
        next one comes is a matter of what was declared: whoever declares 24 hours and runs twice a day is not promised the run in between.
        """
        farm, touched = self.world.farm, self.world.hands.touched_for(domain)
        # What was there all the while, and nobody took out of the domain, a run before the hand had time to write.
        dropped, by = domain.dropped.get(farm.primary.thumbprint, (-1, ""))
        touched = min(touched, max(domain.since, self.world.came.get(farm.primary.thumbprint, 0), dropped if by.startswith("hand") else -1))
        last = min(c.ends for c in farm.certificates) - max(farm.span("critical"), farm.span("check") + 10 + HOUR)
        # To the last look that a restored journal knows it is far, as if runs came seldom: three times the usual is counted with, for five looks.
        pace = self._pace() * (3 if self.forgot_at > promoted - 5 * self._pace() else 1)
        return touched >= 0 and not self._a_run_had_time(touched, promoted) and ended + pace >= last

    def _excuse_for_expiry(self, server: Server) -> str:
        world, farm, now = self.world, self.world.farm, self.world.now
        policy, history = world.policy, world.history
        if server.primary is not farm.primary or (now - server.synced > 2 * HOUR and not server.syncing):
            return self._excuse_for_copying_late(server)
        if not world.main_answers():
            return "the primary server is off"
        if farm.cause.startswith("hand") and (farm.since >= farm.primary.ends or not any(begin >= farm.since for begin, _end in self.completed)):
            # It had ended already, or no run came since that could have made another one.
            return "a hand made it sign since the last run"
        if farm.primary.local:
            # Where no run came since the renewal was due, none could say so.
            return "custom, and no successor was named" if self.last_plan and _failures(self.last_plan) else self._too_few_runs()
        if str(policy.get("auto_rollover")).lower() == "false":
            return "wanted off"
        if not farm.auto and farm.switched_by in ("hand", "begin") and (policy.get("auto_rollover") is None or policy.get("promote") == "never"):
            return "found off"
        if not farm.auto and farm.switched_by == "hand" and self.last_plan and self.last_plan["farm"].get("auto_certificate_rollover"):
            return "a hand switched rollover off since the last look"
        if self.last_plan and any(f["fail_on"] == "auto_rollover" for f in _failures(self.last_plan)):
            # Whether rollover is off by our hand or by somebody's is not known after a journal was lost: the run asks, and fails until it is told.
            return "the operator was asked what is wanted"
        if self.forgot_at > now - 4 * DAY - 2 * self._pace():
            return "the journal was lost just before"
        if self._given_up() and not farm.auto:
            return "protect is off"  # no last call: what is held until the end was the operator's choice
        if self._paused():
            return "paused"
        if absent := self._too_few_runs():
            return absent
        if world.hands.touched > now - 8 * DAY:
            return "a hand in the last week"
        if len(farm.candidates(now)) > 1:
            return "several successors"
        said = {f["fail_on"] for f in _failures(self.last_plan)} if self.last_plan else set()
        if history.interval >= 14 * DAY and "pace" in said:
            return "too few runs, and said so"
        if "pace" in said and self._first_of_two_was_hindered():
            # The first knew no distance between runs, and room for the successor is not made in advance for a job that may come daily.
            return "two runs alone, nobody declared how seldom they come, and both failed, the first for an obstacle"
        if "pace" in said and self._no_room_was_made(self.completed[-1][0]):
            return "an earlier certificate kept a successor from being made, and two runs failed for it"
        if self.stolen_keys and "pace" in said and self._one_run_since(min(self.stolen_keys.values())):
            return "stolen, and only one run came since"
        able = [d for d in world.domains.values() if d.here and d.federated and not self._unwritable(d)]
        if not able:
            return "no domain could be written"
        if abs(world.server_skew) > 300 or any(abs(c) > 300 for c in history.clocks):
            return "clocks differ"
        journal = world.journal
        if journal.error or (journal.content or {}).get("schema") == 99:
            return "the journal cannot be used"
        return ""

    def _first_of_two_was_hindered(self) -> bool:
        """Only two runs came in time, further apart than was declared, and the first failed for what nobody mended until the second."""
        return len(self.completed) == len(self.hindered) == 2 and self.hindered[0] and self.world.history.interval > self._declared()

    def _excuse_for_copying_late(self, server: Server) -> str:
        if self._awaited_a_person(server):
            return FOR_A_PERSON
        if self._awaited_a_window(server):
            return NO_WINDOW
        return LEADS_ELSEWHERE if self._awaited_what_leads_elsewhere(server) else "a server that does not copy"

    def _one_run_since(self, moment: int) -> bool:
        """No second run came that could find in all of Entra what the first one since ``moment`` had written."""
        since = [begun for begun, _end in self.completed if begun >= moment]
        return not any(begun >= since[0] + self._publication() for begun in since)

    def _awaited_a_person(self, server: Server) -> bool:
        """The last run before the server stopped to copy found the successor ready, and only a person to promote it was missing, which the run said.

        With ``never`` that is a person's to do, and until the last call AD FS' clock is held so that it does not decide: while the server still copied,
        one command was missing. Without the runs AD FS would have promoted by then.
        """
        before = [awaited for at, awaited in self.left_to_person if at <= self._away_since(server)]
        return self.world.policy.get("promote") == "never" and bool(before) and before[-1]

    def _awaited_a_window(self, server: Server) -> bool:
        """AD FS promotes at any moment of one check, which none of the operator's windows is long enough for.

        The last run before the server stopped to copy found the successor ready and waited for nothing but a window, which it said. Until the last call no
        run promotes outside the windows; without the runs AD FS would have done so by then.
        """
        check, windows = self.world.farm.span("check"), self.world.policy.get("windows") or ()
        short = bool(windows) and all(_minutes(window) < check for window in windows)
        before = [awaited for at, awaited in self.waited_for_window if at <= self._away_since(server)]
        return short and self.world.policy.get("promote", "adfs") == "adfs" and bool(before) and before[-1]

    def _awaited_what_leads_elsewhere(self, server: Server) -> bool:
        """The last run before the server was away failed for domains that hold our certificate and lead elsewhere, and waited for nothing else.

        No run writes them. Whether their users come here is the operator's to say, and until the last call AD FS' clock is held for them.
        """
        before = [alone for at, alone in self.led_elsewhere if at <= self._away_since(server)]
        return bool(before) and before[-1]

    def _away_since(self, server: Server) -> int:
        """Since when a server could not copy the configuration; -1 where it could. One that comes back copies only minutes later."""
        if not server.syncing:
            return server.stuck
        return server.stopped if server.stopped > server.synced else -1

    def _too_few_runs(self) -> str:
        """Why the runs of the last days were too few to renew anything; empty where they were enough."""
        now, interval = self.world.now, self.world.history.interval
        recent = [end for _begun, end in self.completed if end > now - 16 * DAY]
        distances = [b - a for a, b in zip([now - 16 * DAY, *recent], [*recent, now], strict=True)]
        if max(distances) > 14 * DAY or (interval > 2 * DAY and max(distances) > 1.3 * interval):
            return "too few runs"
        return "runs were missed" if interval <= 2 * DAY and max(distances) > 3 * DAY else ""

    # Numbers of its own.

    def _declared(self) -> int:
        setting = str(self.world.policy.get("run_interval") or "24h")
        return round(float(setting.rstrip("hd")) * (24 if setting.endswith("d") else 1) * HOUR)

    def _pace(self) -> int:
        return max(self.world.history.interval, self._declared())

    def _publication(self) -> int:
        return 10 + DAY + HOUR

    def _last_call(self) -> int:
        farm = self.world.farm
        # After a promotion the deadline of the one before it is meant.
        ends = [c.ends for c in farm.certificates if c.begins <= farm.primary.begins]
        return min(ends) - max(farm.span("critical"), farm.span("check") + 10 + HOUR) - 3 * self._pace()

    def _given_up(self) -> bool:
        """The operator gave up protection: what keeps sign-in working obeys windows, freezes and approvals, and there is no last call."""
        return str(self.world.policy.get("protect", True)).lower() == "false"

    def _nothing_notes_the_clock(self) -> bool:
        """The last run could not use the journal, and nobody said that automatic rollover is wanted: then no run could give AD FS its clock back."""
        blocks = self.last_plan["blocked_by"] if self.last_plan else []
        # That it cannot be written shows only when it is: until the run plans again, a minute later, its plan does not say so.
        closed = any(b["condition"] == "journal" for b in blocks) or self.unwritten_at >= self.planned_at >= 0
        return closed and self.world.policy.get("auto_rollover") is None

    def _paused(self) -> bool:
        content = self.world.journal.content or {}
        return bool(self.world.policy.get("pause") or self.world.policy.get("rollback") or content.get("pause"))

    def _acknowledged(self, domain: Domain, thumbprints: Set[str] = frozenset()) -> bool:
        """Whether the operator acknowledged that the domain lacks one of these, or one that is the farm's now."""
        thumbprints = thumbprints or {c.thumbprint for c in self.world.farm.certificates} | {self.world.farm.primary.thumbprint}
        entries = self.world.policy.get("domains_acknowledged") or ()
        return any(e.get("domain") == domain.name and e["thumbprint"] in thumbprints for e in entries)

    def _hosts(self) -> set[str]:
        return {self.world.farm.host, *(self.world.policy.get("host_names") or ())}

    def _in_scope(self, domain: Domain) -> bool:
        policy = self.world.policy
        named = [n.lower() for n in policy.get("domains") or ()]
        return domain.host in self._hosts() and domain.name not in (policy.get("domains_excluded") or ()) and (not named or domain.name in named)

    def _unwritable(self, domain: Domain) -> bool:
        stands = not self._in_scope(domain) or bool(domain.unreadable) or domain.refuses or not domain.configuration
        return stands or domain.name in self.blocked

    # What happens around.

    def adfs_changed(self) -> None:
        """AD FS changed something by itself."""
        farm, plan = self.world.farm, self.last_plan
        self.adfs_at = self.world.now
        self.tell(f"AD FS: primary {farm.primary}, certificates {farm.certificates}")
        if farm.cause == "adfs" and farm.since == self.world.now and plan and self.completed and self.world.hands.touched < self.completed[-1][0]:
            said = plan["farm"].get("adfs_promotes_at")
            if said and said > text(self.world.now) and plan["farm"]["primary"] != farm.primary.thumbprint:
                self.wrong("adfs_earlier", f"AD FS promoted although the last plan said {said}")
            theirs = self.world.policy.get("promote") in ("role", "never") and plan["farm"]["primary"] != farm.primary.thumbprint
            # Who gave up protection has the holding wait for a window like any planned act: then it only has to be said what held it back.
            theirs = theirs and not (self._given_up() and any(b["condition"] == "window" for b in plan["blocked_by"]))
            # Nothing can note that the clock is held, and nobody said that rollover is wanted: then no run could give it back, and the run says so.
            theirs = theirs and not self._nothing_notes_the_clock()
            if theirs and farm.primary.thumbprint in plan["farm"]["certificates"] and self.world.now < self._last_call() and not self.stolen_keys:
                self.wrong("clock_not_held", f"promote is {self.world.policy['promote']}, the last run saw {farm.primary}, and AD FS promoted it")

    def acted(self, action: str, run: Run) -> None:
        """The product acts on a server."""
        self.tell(f"{run.name}: {action}")
        farm = self.world.farm
        explicit = str(self.world.policy.get("auto_rollover")).lower() == "true"
        if farm.primary.local and action in ("restore_auto_rollover", "generate") and not explicit and not self.stolen_keys:
            self.wrong("custom_replaced", f"{action} although {farm.primary} is an administrator's own and auto_rollover: true is not set")
        before = [(at, a, r) for at, a, r in self.acts if a.endswith("_auto_rollover")]
        self.acts.append((self.world.now, action, run))
        if action == "promote":
            self.at_promotion = self.last_plan
        if action == "suspend_auto_rollover" and before and before[-1][1] == "restore_auto_rollover":
            at, _action, last = before[-1]
            # Where AD FS let another certificate sign in between, it is another one's clock than the one that was given back. That it made one is no reason.
            followed = farm.cause == "adfs" and farm.since >= at
            if last is run and self.world.hands.touched < run.begun and not followed:
                self.wrong("flapping", "the same run restores automatic rollover and suspends it again")
            elif (
                self.completed
                and last.begun == self.completed[-1][0]
                and self.world.hands.touched < last.begun
                and self.adfs_at < at
                and self.world.farm.since < last.begun
                and self.policy_at < last.begun
                # That a domain refuses shows only at a write: the run gave the clock back before it found that.
                and not any(first is last and found > at for found, first in self.first_refused.values())
            ):
                self.wrong("flapping", "a run suspends what the run before restored, and nothing had changed")

    def refused(self, domain: Domain, run: Run) -> None:
        """A domain refuses a write of the product's."""
        self.first_refused.setdefault(domain.name, (self.world.now, run))

    def policy_changed(self, about: dict[str, Any]) -> None:
        self.policy_at = self.world.now
        self.declared.append((self.world.now, self._declared()))
        self.tell(f"policy {about}")

    def forgets(self) -> None:
        """The journal that the next run finds is not the one that the last run wrote."""
        self.seen_by_runs.clear()
        self.noted_primary.clear()
        self.noted_came.clear()
        self.server_signers.clear()
        self.noted_signers.clear()
        self.forgot_at = self.world.now
        self.tell("the journal is not the one that was written")

    def stolen(self, named: list[Certificate]) -> None:
        """Certificates are declared stolen. With one of the farm's that was not before, the others are: all lay in one place."""
        own = self.world.farm.certificates
        new = [c for c in named if c.thumbprint not in self.stolen_keys]
        for c in [*new, *(own if set(new) & set(own) else ())]:
            if c in own:
                self.stolen_own.setdefault(c.thumbprint, set()).update({c.thumbprint} if c in new else {n.thumbprint for n in new if n in own})
            self.stolen_keys[c.thumbprint] = self.world.now
            self.tell(f"stolen: {c}")

    def writes(self, domain: Domain, members: Pair, cause: str, run: Run | None) -> None:
        """A domain is written."""
        self.tell(f"{run.name if run else cause}: {cause} {domain.name} {domain.members} -> {members}")
        if cause == "updater":
            self.updater_at = self.world.now
        if run is None or self.stolen_keys or self._paused():
            return
        waiting = set(self._successors())
        # Two wait in a domain that lacks what signs now: that comes in, and one of both has no place any more.
        forced = self.world.farm.primary in set(members) - set(domain.members) and set(domain.members) <= waiting
        if (set(domain.members) - set(members)) & waiting and set(members) & waiting and not forced:
            self.wrong("successor_dropped", f"{domain.name} gets {members} for {domain.members}: one successor is dropped for another")
        era = max(self.world.farm.since, self.world.hands.touched, self.policy_at, self.adfs_at)
        ours = [(at, by, pair) for at, by, pair in domain.written if at >= era]
        if any(by == "updater" for _at, by, _pair in ours):
            return
        making_room = self.world.now >= self._last_call() - self._publication() - self._pace()
        if len(ours) >= 2 and set(members) == set(ours[-2][2]) != set(ours[-1][2]) and not making_room:
            self.wrong("undone", f"{domain.name} gets {members}, which our own last write replaced, and nothing had changed")
        if len(ours) >= 4:
            self.wrong("many_writes", f"{domain.name} is written for the {len(ours) + 1}th time, and nothing had changed")

    # What a run says.

    def planned(self, run: Run, plan: dict[str, Any]) -> None:
        """Judge a plan by what is so."""
        self.last_plan, self.planned_at = plan, self.world.now
        world, farm = self.world, self.world.farm
        skew = run.skew if abs(run.skew - world.server_skew) > 300 else world.server_skew
        now = text(world.now, skew)
        for server in farm.servers:
            if server.up and server.reachable and server.listed:
                self.server_signers[server.name] = (server.primary.thumbprint, world.now)
        acts = [a["action"] for a in plan["actions"]]
        self.tell(
            f"{run.name}: {plan['state']}; {', '.join(acts) or 'nothing'}; blocked by {sorted({b['condition'] for b in plan['blocked_by']})};"
            f" fails {[f['fail_on'] for f in plan['failures']]}; deadline {plan['deadline']}; next {plan['next_run_at']}"
        )
        closed = {b["condition"] for b in plan["blocked_by"]} & {"lock", "clock"}
        lock = (world.journal.content or {}).get("lock") if world.journal.error is None else None
        if acts and lock and lock["run"] != run.name and world.now - world.journal.at < 15 and (world.journal.content or {}).get("schema") != 99:
            self.wrong("inside_lock", f"{run.name} plans {acts} although {lock['run']} wrote the journal {world.now - world.journal.at} minutes ago")
        moved = [b["reason"] for b in plan["blocked_by"] if b["condition"] == "approval"]
        if moved and max(world.hands.touched, self.adfs_at, self.updater_at) < run.begun:
            self.wrong("approval_moved", f"nothing moved but the run's own acts: {moved[0][:200]}")
        own = {c.thumbprint for c in farm.certificates}
        for alarm in plan["alarms"]:
            if alarm["alarm"] == "unknown_certificate" and any(t in alarm["reason"] for t in own):
                self.wrong("own_key_unknown", f"{alarm['object']}: {alarm['reason'][:160]}")
        if plan["next_run_at"] <= now:
            self.wrong("next_run_past", f"next run {plan['next_run_at']}, and it is {now}")
        for block in plan["blocked_by"]:
            if block["until"] and block["until"] < now:
                self.wrong("until_past", f"{block['condition']} until {block['until']}, and it is {now}")
        if closed or acts:
            return
        self._state(plan)
        leftover = [
            d.name
            for d in world.domains.values()
            if world.policy.get("remove_old_from_entra")
            and plan["state"] == "complete"
            and not self._unwritable(d)
            and d.federated
            # What no run ever saw in AD FS is not known to be an earlier certificate of the farm.
            and len([c for c in d.members if c is not None and c.thumbprint in self.seen_by_runs]) > 1
        ]
        if leftover and {b["condition"] for b in plan["blocked_by"]} <= {"due"} and not _failures(plan) and len(run.plans) == 1 and not self._paused():
            self.wrong(
                "wait_for_nothing", f"{', '.join(leftover)} still holds the earlier certificate, which is to be removed, and nothing is said to block that"
            )
        if plan["state"] in WAITING and not plan["blocked_by"]:
            self.wrong("wait_for_nothing", f"state {plan['state']}, no act and nothing that blocks one")
        standing = sorted(b["condition"] for b in plan["blocked_by"] if b["until"] is None and b["condition"] in OBSTACLES)
        held = not farm.auto and farm.switched_by == "ours" and (world.history.auto or str(world.policy.get("auto_rollover")).lower() == "true")
        # For an administrator's own certificate it is held for nobody, and given back only where that is asked for.
        held_for_us = held and (not farm.primary.local or str(world.policy.get("auto_rollover")).lower() == "true")
        if held_for_us and standing and not _failures(plan) and not self._paused() and str(world.policy.get("auto_rollover")).lower() != "false":
            self.wrong("held_silently", f"AD FS' clock is held for {', '.join(standing)}, and the run does not fail")
        at_rest = plan["state"] in AT_REST and not farm.candidates(world.now) and not farm.primary.local and farm.primary.ends - world.now > 61 * DAY
        wanted = str(world.policy.get("auto_rollover")).lower()
        owned = wanted == "true" or (wanted == "none" and held and self.forgot_at < 0 and world.hands.touched < 0)
        if at_rest and not farm.auto and owned and not self._paused() and not _failures(plan) and len(run.plans) == 1:
            self.wrong("left_off", f"state {plan['state']}, automatic rollover is off, wanted on, and nothing is said or done")

    def _state(self, plan: dict[str, Any]) -> None:
        world, farm, state = self.world, self.world.farm, plan["state"]
        failing = bool(_failures(plan))
        ours = [d for d in world.domains.values() if d.federated and d.host == farm.host and not self._acknowledged(d)]
        named = [n.lower() for n in world.policy.get("domains") or ()]
        readable = [d for d in ours if not d.unreadable and d.configuration and (not named or d.name in named)]
        broken = [d.name for d in readable if not d.holds(farm.primary)]
        if broken and state not in ("broken", "emergency"):
            self.wrong("untrue_state", f"state {state}, and {', '.join(broken)} does not hold {farm.primary}")
        if broken and not failing:
            self.wrong("broken_unsaid", f"{', '.join(broken)} does not hold {farm.primary}, and the run does not fail")
        unread = [d.name for d in ours if d.unreadable or not d.configuration]
        if unread and not failing:
            self.wrong("unreadable_unsaid", f"{', '.join(unread)} could not be read, and the run does not fail")
        if state == "ready":
            coming = world.certificate(plan["farm"]["successor"])
            late = [
                d.name
                for d in readable
                if coming is not None and not all(coming in pair for pair in d.served(world.now)) and not self._taken_and_put_back(d, coming)
            ]
            if late:
                self.wrong("untrue_ready", f"ready, and Entra may still serve {', '.join(late)} without {coming}")
        if state in ("complete", "promoted", "steady"):
            # What the operator declared gone counts no more, even while it answers: the state speaks of the farm without it.
            gone = world.gone_servers()
            behind = [s.name for s in farm.servers if s.up and s.reachable and s.listed and s.primary is not farm.primary and s.name not in gone]
            unseen = [s.name for s in farm.servers if not (s.up and s.reachable) and s.listed and s.name not in gone and not world.history.winrm]
            last = [n for n in unseen if self.server_signers.get(n, (farm.primary.thumbprint,))[0] != farm.primary.thumbprint]
            if last and world.history.listed and not failing and state != "steady":
                self.wrong("untrue_state", f"state {state}, and {', '.join(last)} was last seen to sign with another certificate")
            if behind and world.history.listed:
                self.wrong("untrue_state", f"state {state}, and {', '.join(behind)} signs with another certificate")
        if farm.primary.begins > world.now and not failing:
            self.wrong("not_yet_valid_unsaid", f"{farm.primary} is not valid yet, and the run does not fail")
        # With a former primary beside one successor they are too many for a domain, which stops the renewal, and is no choice that a person must make.
        crowd = any(b["condition"] == "third_certificate" for b in plan["blocked_by"])
        several = self._successors() if crowd else farm.candidates(world.now)
        if len(several) > 1 and not failing and state != "emergency" and not self._paused():
            self.wrong("several_unsaid", f"AD FS has the successors {several}, and the run does not fail")
        # A domain that is managed now has no federation settings: none lead elsewhere, and no certificate is in them.
        federated = [d for d in world.domains.values() if d.here and d.federated]
        elsewhere = [d.name for d in federated if d.host != farm.host and d.holds(farm.primary) and not d.unreadable]
        if elsewhere and not failing and not world.policy.get("host_names"):
            self.wrong("unclaimed_unsaid", f"{', '.join(elsewhere)} leads elsewhere and holds {farm.primary}, and the run does not fail")
        self._emergency(plan)

    def _successors(self) -> list[Certificate]:
        """What is to follow the primary, of what AD FS may promote.

        What a run noted as primary was given up by whoever let another one sign: it is no successor, and a domain needs no room for it, because AD FS'
        clock is held before it could come back. Only what a rollback took back is to follow again. As little is one that came under an earlier primary,
        until near the end (guide_safety.rst).
        """
        farm = self.world.farm
        # What comes once AD FS would promote anything at once is no successor that could be published before.
        candidates = [c for c in farm.candidates(self.world.now) if c.begins < farm.primary.ends - farm.span("critical")]
        back = bool((self.world.journal.content or {}).get("rollback"))
        return [c for c in candidates if back or not (c.thumbprint in self.noted_primary or self._came_under_an_earlier_one(c))]

    def _came_under_an_earlier_one(self, certificate: Certificate) -> bool:
        """A run noted that it came while another certificate was primary, and it is not yet so late that it would be let follow for want of another one."""
        farm = self.world.farm
        under, noted = self.noted_came.get(certificate.thumbprint, ("", -1))
        together = noted == self.noted_came.get(farm.primary.thumbprint, ("", -1))[1]  # of two that one run found nobody saw which came first
        last = farm.primary.ends - max(farm.span("critical"), farm.span("check") + 10 + HOUR)
        near = self.world.now >= last - self._publication() - 4 * self._pace()
        return bool(under) and under != farm.primary.thumbprint and not together and not near

    def _taken_and_put_back(self, domain: Domain, coming: Certificate) -> bool:
        """Another hand took it out and one put it back between two looks: no run can see that, and the promise leaves it out (omnipresence).

        Until the change that put it back has spread, Entra may serve what it was in between.
        """
        unseen, lacked, whose = False, set[int](), ""
        # Counted and not timed: what comes in the minute of the look, after it, was not seen by it.
        for count, (at, by, members) in enumerate(domain.written, 1):
            if coming not in members:
                whose = by if not lacked else whose
                lacked.add(count)
            elif lacked:
                if at + self.world.history.propagation > self.world.now:
                    unseen = not whose.startswith("ours:") and not lacked & self.looks.get(domain.name, set())
                    if not unseen:
                        return False
                lacked = set()
        return unseen and domain.holds(coming)

    def _emergency(self, plan: dict[str, Any]) -> None:
        world, farm = self.world, self.world.farm
        # That one lay beside a named one can only be known if a run saw that in AD FS, before AD FS took it out by itself.
        told = {t for t, named in self.stolen_own.items() if t in named or named & self.seen_by_runs}
        stolen = {t for t, when in self.stolen_keys.items() if t in told and when > self.forgot_at}
        still = [
            d.name
            for d in world.domains.values()
            if d.here and d.federated and d.host == farm.host and any(c is not None and c.thumbprint in stolen for c in d.members)
            # Only an acknowledgement with a stolen key counts here, and only while the domain cannot be read or written.
            if not (self._acknowledged(d, stolen) and self._unwritable(d))
        ]
        servers = [s.name for s in farm.servers if s.listed and s.name not in world.gone_servers() and any(c.thumbprint in stolen for c in s.certificates)]
        if plan["state"] != "emergency" and (still or servers):
            self.wrong("emergency_ended", f"state {plan['state']}, and {', '.join(still + servers)} still has a stolen key")

    def run_ended(self, run: Run) -> None:
        """Judge what a run left behind."""
        world, farm = self.world, self.world.farm
        if run.ended != "complete":
            self.tell(f"{run.name} {run.ended}")
            return
        self.completed.append((run.begun, world.now))
        self.first_saw[self.completed[-1]] = run.plans[0]["farm"]["primary"]
        for name, counts in run.looked.items():
            self.looks.setdefault(name, set()).update(counts)
        journal = world.journal
        if journal.error is None and not journal.unwritable and (journal.content or {}).get("schema") != 99:
            for seen in (plan["farm"] for plan in run.plans):
                for thumbprint in seen["certificates"]:
                    # Nothing is known of what lay in AD FS at the first look.
                    self.noted_came.setdefault(thumbprint, (seen["primary"] if self.noted_primary else "", run.begun))
                self.noted_primary.add(seen["primary"])
            self.noted_signers.update({name: signer for name, (signer, at) in self.server_signers.items() if at >= run.begun})
        self.ended_at_run = world.now if farm.primary.ends <= world.now else -1
        self.found_ended.append((run.begun, farm.primary.ends <= world.now))
        self.seen_by_runs.update(c.thumbprint for c in farm.certificates)
        refused = {d.name for d in world.domains.values() if d.unreadable or d.refuses or not d.federated or not self._in_scope(d)}
        self.blocked = refused
        self.blocked_at.update(dict.fromkeys(refused, world.now))
        plan = run.plans[-1]
        self.strange_at.update({b["object"]: world.now for b in plan["blocked_by"] if b["condition"] == "unknown_certificate"})
        self.hindered.append(bool(_failures(plan)) and any(b["until"] is None and b["condition"] in OBSTACLES for b in plan["blocked_by"]))
        if any(f["fail_on"] == "auto_rollover" for f in _failures(plan)):
            self.asked_at = world.now
        alone = plan["state"] == "ready" and {b["condition"] for b in plan["blocked_by"]} == {"promote_policy"}
        self.left_to_person.append((world.now, alone))
        self.waited_for_window.append((world.now, plan["state"] == "ready" and {b["condition"] for b in plan["blocked_by"]} == {"window"}))
        theirs = {d.name for d in world.domains.values() if d.here and d.federated and d.host not in self._hosts()}
        only = {(b["condition"], b["object"] in theirs) for b in plan["blocked_by"]} == {("unpublished", True)}
        signing = {signer for signer, at in self.server_signers.values() if at >= run.begun}
        full = {d.name for d in world.domains.values() if None not in d.members and {c.thumbprint for c in d.members if c} <= signing}
        self.full.append((run.begun, full & {b["object"] for b in plan["blocked_by"] if b["condition"] == "too_many_signers"}))
        self.led_elsewhere.append((world.now, only and {"held", "unclaimed"} <= {f["fail_on"] for f in _failures(plan)}))
        # It stands in AD FS, or on a server that has not copied yet that it left. Is it gone only near the end, AD FS would promote a new one at once.
        said = {b["condition"] for b in plan["blocked_by"]}
        stood = bool(self.no_room) and self.no_room[-1][1]
        room = bool(said) and (stood or bool(said & {"room", "sync"})) and said <= {"room", "sync", "critical_threshold"}
        self.no_room.append((world.now, room and any(f["fail_on"] == "held" for f in _failures(plan))))
        if self._given_up() and any(b["condition"] in ("window", "approval") for b in plan["blocked_by"]):
            return
        closed = {b["condition"] for b in plan["blocked_by"]} & {"lock", "clock"}
        for name, when in run.raced.items():
            domain = world.domains[name]
            undisturbed = world.hands.touched <= when and self.updater_at <= when and not closed and len(run.plans) < 9
            wanted = {farm.primary, *farm.candidates(world.now)}
            lacks = plan["state"] in ("broken", *WAITING) and len(wanted) <= 2 and wanted - set(domain.members)
            if undisturbed and lacks and name not in refused:
                self.wrong("race_is_refusal", f"{name} was changed by another writer before the write, and is left with {domain.members} at the run's end")
        self._strangers(plan, refused)
        if closed or plan["state"] == "emergency" or world.hands.touched >= run.begun or farm.primary.ends <= world.now or self.adfs_at >= run.begun:
            return
        for domain in world.domains.values():
            able = domain.here and domain.federated and domain.configuration and domain.name not in refused
            if able and not domain.holds(farm.primary):
                signers = {s.primary.thumbprint for s in farm.servers if s.up and s.reachable and s.listed}
                # What a server that cannot be seen was last seen to sign with is not taken out while the domain holds it.
                unseen = {self.server_signers[s.name][0] for s in farm.servers if s.listed and s.name in self.server_signers} - signers
                signers |= {c.thumbprint for c in domain.members if c is not None and c.thumbprint in unseen}
                if len(signers | {farm.primary.thumbprint}) <= 2:
                    self.wrong("unrepaired", f"after a whole run {domain.name} holds {domain.members}, and AD FS signs with {farm.primary}")

    def _strangers(self, plan: dict[str, Any], refused: set[str]) -> None:
        world = self.world
        if world.policy.get("unknown_certificates") != "replace" or plan["state"] in ("emergency", "paused") or self._paused():
            return
        quiet = len(self.completed) > 3 and max(world.hands.touched, self.updater_at) < self.completed[-4][0]
        for domain in world.domains.values():
            theirs = [c for c in domain.members if c is not None and c.name.partition("-")[2][:1] == "X"]
            # A server that nobody can see may sign with it: removing it waits until every server is seen, as the removal of the old one does.
            unseen = any(s.listed and not (s.up and s.reachable) and s.name not in world.gone_servers() for s in world.farm.servers)
            # So does everything that has to wait for its time, where clocks differ, and what no journal could keep a copy of before it is taken out.
            waits_for = {"window", "clock", "journal", *({"unseen_server"} if unseen else ())}
            gated = bool(waits_for & {b["condition"] for b in plan["blocked_by"]})
            # Entra takes neither an empty second member nor the same certificate twice, so there is no write that leaves one certificate alone.
            gated = gated or not (world.history.null_ok or world.history.equal_ok)
            if quiet and not gated and theirs and domain.here and domain.federated and domain.name not in refused and not plan["actions"]:
                self.wrong("unknown_stays", f"{domain.name} holds {theirs} although unknown certificates are to be replaced")

    def journal_unwritten(self) -> None:
        """A run could not write the journal."""
        self.unwritten_at = self.world.now

    def journal_written(self, run: Run, before: dict[str, Any], content: dict[str, Any]) -> None:
        """Where nothing happens, nothing is written; and what an operator said is not forgotten."""
        if before.get("schema") == content["schema"] and self.world.journal.error is None:
            lifted = str(self.world.policy.get("pause")).lower() == "false"
            gone = [name for name in ("pause", "rollback") if before.get(name) and not content.get(name) and not lifted]
            if gone and not self.stolen_keys:
                self.wrong("journal_forgets", f"{', '.join(gone)} of the journal is gone, and it was not lifted")
        farm, now = self.world.farm, self.world.now
        quiet = (
            len(self.completed) > 3
            and self.world.hands.touched < self.completed[-3][0]
            and max(farm.since, self.adfs_at, *(at for at, _a, _r in self.acts[-1:])) < self.completed[-3][0]
        )
        plan = run.plans[-1]
        far = farm.primary.ends - now > 50 * DAY and len(farm.certificates) == 1
        if (
            quiet
            and far
            and plan["state"] in AT_REST
            and not plan["actions"]
            and len(run.plans) == 1
            and not plan["alarms"]
            and not _failures(plan)
            and {b["condition"] for b in plan["blocked_by"]} <= {"due"}
        ):
            differs = sorted(k for k in {*before, *content} if before.get(k) != content.get(k))
            self.wrong("journal_churn", f"the journal is written although nothing changed and nothing waits (state {plan['state']}): {', '.join(differs)}")

    def over(self) -> None:
        """The history is over."""
