# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a lost sign-in is, and what excuses it.

What a kind excuses is written beside it; whatever is excused is counted too, so that an excuse that swallows everything shows.
"""

from __future__ import annotations

from datetime import datetime

from histories.certificates import text
from histories.entra import Domain
from histories.farm import Server
from histories.history import DAY, HOUR
from histories.memory import Memory, WholeRun, failures

TOO_LATE_FOR_ROOM = "a certificate of unknown origin was to give way, and the first run that could have seen to that was the last one in time"
FOR_A_PERSON = "a person was to promote, and the server copied while the run said so"
NO_WINDOW = "no window holds a check of AD FS, and the server copied while the run waited for one and said so"
LEADS_ELSEWHERE = "a domain that leads elsewhere held AD FS' clock alone, and the server copied while the run failed for it"


def _minutes(span: dict[str, str]) -> float:
    """How long a window is."""
    return (datetime.fromisoformat(span["end"]) - datetime.fromisoformat(span["start"])).total_seconds() / 60


class Losses(Memory):
    """Judges each sign-in that fails and worked before."""

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
            if not (server.up and server.reachable and self._told_of(server)):
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
        if self._given_up_on(domain):
            return "acknowledged"
        if farm.cause == "ours:promote" and policy.get("emergency_priority") == "containment" and self.stolen_keys:
            return "containment first"
        if self._unwritable(domain) and self.world.now >= self._last_call():
            return "last call"
        several = self.at_promotion is not None and any(f["fail_on"] == "several_successors" for f in failures(self.at_promotion))
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
        if self._given_up_on(domain):
            return "acknowledged"
        if world.policy.get("hand_back"):
            return "handed back"  # from then on AD FS decides, and the operator said so
        # A run that began after the promotion cannot keep the other servers from following it, and as little one whose first act came after it.
        acts_after = world.history.gap
        before = [
            run
            for run in self.completed
            if run.begun + acts_after < promoted or (run.begun == promoted and not acts_after and run.first_saw != farm.primary.thumbprint)
        ]
        if not before:
            return "no run before"
        begun, ended = before[-1].begun, before[-1].ended
        if world.hands.touched_for(domain) >= begun:
            return "a hand since the last run"
        if self._taken_and_put_back(domain, farm.primary):
            return "taken out and put back between two looks"
        # Before the last call the clock is held for a domain that cannot be written, excluded ones too; not for one whose users are sent elsewhere.
        if self._unwritable(domain) and (promoted >= self._last_call() or domain.host not in self._hosts()):
            return "could not be written"
        unpublished = self._why_no_run_published(domain) if self._nothing_notes_the_clock() else ""
        if unpublished:
            return f"{unpublished}, and nothing could note that the clock is held"
        if promoted - begun > self._pace() + 30:
            return "the run was late"
        if len(before) == 1 and max(10 * DAY, self._declared()) < world.history.interval and self.last_plan and failures(self.last_plan):
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

    def _given_up_on(self, domain: Domain) -> bool:
        """The operator accepts that the domain loses its sign-in. It is written as ever, so that excuses only what could not be, until shortly before.

        What keeps it from being written may be a certificate of unknown origin, which only a person takes out before room is made.
        """
        hindered = max(self.blocked_at.get(domain.name, -100 * DAY), self.strange_at.get(domain.name, -100 * DAY))
        return self._acknowledged(domain) and (self._unwritable(domain) or self.world.now - hindered < self._publication() + 3 * self._pace())

    def _came_too_late_to_make_room(self, domain: Domain, before: WholeRun, came: int, promoted: int) -> bool:
        """A certificate of unknown origin keeps its place until room is made (rollover.md, section 5), and no run came then.

        The run ``before`` named it, earlier than that. The next one, which began at ``came``, was late or found a longer distance of runs declared, so that
        it was the last one in time; and what it wrote had no time to reach all of Entra.
        """
        pace = max(self.world.history.interval, next(declared for at, declared in reversed(self.declared) if at <= before.begun))
        room_made_from = self._last_call() + 3 * self._pace() - 2 * pace - self._publication()
        late = came - before.begun > pace + 30 or self._pace() > pace
        return late and came + self._publication() > promoted and before.begun < room_made_from and self.strange_at.get(domain.name) == before.ended

    def _a_run_had_time(self, since: int, until: int, domain: Domain | None = None) -> bool:
        """Whether what a run wrote that began at ``since`` or later had reached all of Entra by ``until``.

        ``domain``: where the hand was that came at ``since``. A run of that very minute counts only if it looked there after the hand.
        """
        changes = sum(at <= since for at, _by, _members in domain.written) if domain else 0
        in_time = [run for run in self.completed if since <= run.begun <= until - self._publication()]
        return any(domain is None or run.begun > since or max(run.looked.get(domain.name, {-1})) >= changes for run in in_time)

    def _why_no_run_published(self, domain: Domain) -> str:
        """Why the runs could not bring into the domain what AD FS promotes while its clock runs; empty where they could."""
        if self._unwritable(domain):
            return "could not be written"
        if self._brought_too_late(domain):
            return "a hand brought it or switched rollover on, no run since had time to publish it"
        if self._a_repair_left_no_place(domain):
            return "a hand let another one sign, whose repair left one place for two"
        if self._was_one_of_several():
            return "runs failed because several could follow"
        return "at each look since it came servers signed with both that the domain holds" if self._had_no_place(domain) else ""

    def _since_it_came(self) -> list[WholeRun]:
        """The runs that began since what AD FS promoted came."""
        return [run for run in self.completed if run.begun >= self.world.came.get(self.world.farm.primary.thumbprint, 0)]

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

    def _was_one_of_several(self) -> bool:
        """Which of several certificates is to follow is a person's to say: none is published for another one until then.

        Two runs at least said so since what AD FS promoted came, and none that found one alone had time to publish it.
        """
        since = self._since_it_came()
        alone = [run for run in since if not run.several and run.begun + self._publication() <= self.world.farm.since]
        return sum(run.several for run in since) >= 2 and not alone

    def _had_no_place(self, domain: Domain) -> bool:
        """A domain holds two certificates, and a run takes out neither while a server signs with it: what AD FS promoted found no place there before.

        Every run since it came found that so, and said it.
        """
        since = self._since_it_came()
        return bool(since) and all(domain.name in run.full for run in since)

    def _found_ended_and_ends_too_soon(self, begun: int) -> bool:
        """The run before the last one found no sign-in that worked, and when the last one let another sign, no successor of it could be made any more."""
        farm = self.world.farm
        soon = min(c.ends for c in farm.certificates) - begun <= farm.span("critical") + DAY
        return soon and any(run.found_ended for run in self.completed if begun - 3 * self._pace() <= run.begun < begun)

    def _none_could_be_made(self) -> bool:
        """While AD FS' clock is held, T1 needs promo of an hour and more, and more than crit and a day before the end: else AD FS promotes at once.

        With some thresholds that is never so, and where a hand took the successor away, it may be so at no run since.
        """
        farm, touched = self.world.farm, self.world.hands.touched
        ends, too_late = min(c.ends for c in farm.certificates), farm.span("critical") + DAY
        never = farm.span("promotion") < HOUR or too_late >= farm.span("generation")
        return never or (touched >= 0 and not any(touched <= run.begun < ends - too_late for run in self.completed))

    def _no_room_was_made(self, begun: int) -> bool:
        """What came into AD FS by hand ends with the primary and is not AD FS' to take out before. Removing it is asked for, or a person's (T7).

        ``begun``: the last look of a run before the promotion, which may have been the last call. The two runs before it said what to remove, and nobody did.
        """
        said = [run.no_room for run in self._ended_before(begun)][-2:]
        return not self.world.policy.get("remove_old_from_adfs") and len(said) == 2 and all(said)

    def _a_person_left_it_to_adfs(self, begun: int) -> bool:
        """With ``never`` the role promotes nothing. The run before the last call, ``begun``, awaited a person alone, and the last call itself said what comes.

        AD FS, which got its clock back then, makes one more soon where certificates live short. Holding on would have cost every domain at the end.
        """
        before = [run.awaited_person for run in self._ended_before(begun)]
        said = any(f["fail_on"] == "pace" for f in failures(self.last_plan)) if self.last_plan else False
        return self.world.policy.get("promote") == "never" and bool(before) and before[-1] and said

    def _windows_left_it_to_adfs(self, begun: int) -> bool:
        """Two certificates end together: the second signs only from the last call, ``begun``, on, and no other one can be made beside the first (T1).

        The runs before waited for nothing but a window, which was the operator's to open or to run in, and the last call said what comes. Where the role
        let the second one sign, the last call was that run, and the ones since said the same.
        """
        farm = self.world.farm
        by_the_role = [run.begun for _at, action, run in self.acts if action == "promote" and begun - 4 * self._pace() <= run.begun < begun]
        before = [run.awaited_window for run in self._ended_before(by_the_role[-1] if by_the_role else begun)][-2:]
        said = any(f["fail_on"] == "pace" for f in failures(self.last_plan)) if self.last_plan else False
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
        return touched >= 0 and not self._a_run_had_time(touched, promoted, domain) and ended + pace >= last

    def _excuse_for_expiry(self, server: Server) -> str:
        world, farm, now = self.world, self.world.farm, self.world.now
        policy, history = world.policy, world.history
        if server.primary is not farm.primary or (now - server.synced > 2 * HOUR and not server.syncing):
            return self._excuse_for_copying_late(server)
        if not world.main_answers():
            return "the primary server is off"
        if farm.cause.startswith("hand") and (farm.since >= farm.primary.ends or not any(run.begun >= farm.since for run in self.completed)):
            # It had ended already, or no run came since that could have made another one.
            return "a hand made it sign since the last run"
        if farm.primary.local and not self._only_the_role_was_missing():
            # Where no run came since the renewal was due, none could say so.
            return "custom, and no successor was named" if self.last_plan and failures(self.last_plan) else self._too_few_runs()
        if self._wanted_rollover() == "false" and (policy.get("promote") != "role" or self._said_what_blocks()):
            # The role makes and promotes a successor all the same where it was told to; nothing obliges it to do so while something blocks.
            return "wanted off"
        found_off = not farm.auto and farm.switched_by in ("hand", "begin") and not self._only_the_role_was_missing()
        if found_off and (policy.get("auto_rollover") is None or policy.get("promote") == "never"):
            return "found off"
        if not farm.auto and farm.switched_by == "hand" and self.last_plan and self.last_plan["farm"].get("auto_certificate_rollover"):
            return "a hand switched rollover off since the last look"
        if self.last_plan and any(f["fail_on"] == "auto_rollover" for f in failures(self.last_plan)):
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
        said = {f["fail_on"] for f in failures(self.last_plan)} if self.last_plan else set()
        if history.interval >= 14 * DAY and "pace" in said:
            return "too few runs, and said so"
        if "pace" in said and self._first_of_two_was_hindered():
            # The first knew no distance between runs, and room for the successor is not made in advance for a job that may come daily.
            return "two runs alone, nobody declared how seldom they come, and both failed, the first for an obstacle"
        if "pace" in said and self._no_room_was_made(self.completed[-1].begun):
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

    def _only_the_role_was_missing(self) -> bool:
        """AD FS has a successor that the role is to promote, and the last run named no obstacle but domains that it could have written."""
        world, farm = self.world, self.world.farm
        if world.policy.get("promote") != "role" or not farm.candidates(world.now) or not self.last_plan:
            return False
        standing = [b for b in self.last_plan["blocked_by"] if b["until"] is None]
        able = [d.name for d in world.domains.values() if not self._unwritable(d)]
        named = [b for b in standing if b["condition"] != "unpublished" or b["object"] not in able]
        return not named and world.hands.touched < world.now - 8 * DAY and not self._too_few_runs() and not self._paused()

    def _said_what_blocks(self) -> bool:
        """The last run failed for more than that the end comes near, or named what a person has to do, which neither time nor a further run does."""
        if not self.last_plan:
            return False
        named = {b["condition"] for b in self.last_plan["blocked_by"]} - {"adfs_clock", "due", "no_successor", "propagation", "sign_in", "sync"}
        return bool(named) or any(f["fail_on"] != "deadline" for f in failures(self.last_plan))

    def _first_of_two_was_hindered(self) -> bool:
        """Only two runs came in time, further apart than was declared, and the first failed for what nobody mended until the second."""
        return len(self.completed) == 2 and self.completed[0].hindered and self.world.history.interval > self._declared()

    def _excuse_for_copying_late(self, server: Server) -> str:
        if self._awaited_a_person(server):
            return FOR_A_PERSON
        if self._awaited_a_window(server):
            return NO_WINDOW
        return LEADS_ELSEWHERE if self._awaited_what_leads_elsewhere(server) else "a server that does not copy"

    def _one_run_since(self, moment: int) -> bool:
        """No second run came that could find in all of Entra what the first one since ``moment`` had written."""
        since = [run.begun for run in self.completed if run.begun >= moment]
        return not any(begun >= since[0] + self._publication() for begun in since)

    def _awaited_a_person(self, server: Server) -> bool:
        """The last run before the server stopped to copy found the successor ready, and only a person to promote it was missing, which the run said.

        With ``never`` that is a person's to do, and until the last call AD FS' clock is held so that it does not decide: while the server still copied,
        one command was missing. Without the runs AD FS would have promoted by then.
        """
        before = self._last_before_it_was_away(server)
        return self.world.policy.get("promote") == "never" and before is not None and before.awaited_person

    def _awaited_a_window(self, server: Server) -> bool:
        """AD FS promotes at any moment of one check, which none of the operator's windows is long enough for.

        The last run before the server stopped to copy found the successor ready and waited for nothing but a window, which it said. Until the last call no
        run promotes outside the windows; without the runs AD FS would have done so by then.
        """
        check, windows = self.world.farm.span("check"), self.world.policy.get("windows") or ()
        short = bool(windows) and all(_minutes(window) < check for window in windows)
        before = self._last_before_it_was_away(server)
        return short and self.world.policy.get("promote", "adfs") == "adfs" and before is not None and before.awaited_window

    def _awaited_what_leads_elsewhere(self, server: Server) -> bool:
        """The last run before the server was away failed for domains that hold our certificate and lead elsewhere, and waited for nothing else.

        No run writes them. Whether their users come here is the operator's to say, and until the last call AD FS' clock is held for them.
        """
        before = self._last_before_it_was_away(server)
        return before is not None and before.awaited_elsewhere

    def _ended_before(self, minute: int) -> list[WholeRun]:
        """What came to its end before a run that began at ``minute``."""
        return [run for run in self.completed if run.ended < minute]

    def _last_before_it_was_away(self, server: Server) -> WholeRun | None:
        """The last run that ended while the server could copy the configuration. One that comes back copies only minutes later."""
        away = server.stuck if not server.syncing else server.stopped if server.stopped > server.synced else -1
        return next((run for run in reversed(self.completed) if run.ended <= away), None)

    def _too_few_runs(self) -> str:
        """Why the runs of the last days were too few to renew anything; empty where they were enough."""
        now, interval = self.world.now, self.world.history.interval
        recent = [run.ended for run in self.completed if run.ended > now - 16 * DAY]
        distances = [b - a for a, b in zip([now - 16 * DAY, *recent], [*recent, now], strict=True)]
        if max(distances) > 14 * DAY or (interval > 2 * DAY and max(distances) > 1.3 * interval):
            return "too few runs"
        return "runs were missed" if interval <= 2 * DAY and max(distances) > 3 * DAY else ""
