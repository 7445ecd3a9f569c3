# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a history while it is lived: whether what the plan said and did was true and needed.

Whose a lost sign-in is: losses.py; whether what keeps a plan waiting is so: claims.py.
"""

from __future__ import annotations

import copy
import json
import traceback
from typing import TYPE_CHECKING, Any

from histories import product
from histories.certificates import Certificate, text
from histories.claims import Claims
from histories.entra import Domain, Pair
from histories.history import DAY, HOUR
from histories.memory import WholeRun, failures

if TYPE_CHECKING:
    from histories.run import Run

WAITING = {"generated", "publishing", "published", "ready", "promoting"}
AT_REST = {"steady", "promoted", "complete"}
OBSTACLES = {"unseen_server", "unreadable", "unpublished", "unknown_certificate", "several_successors", "missing_domain", "servers_unconfirmed"}
ASKED_TWICE = 7  # every so many plans are made twice


class Judge(Claims):
    """Judges what runs ask, say and do."""

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

    # What happens around.

    def adfs_changed(self) -> None:
        """AD FS changed something by itself."""
        farm, plan = self.world.farm, self.last_plan
        self.adfs_at = self.world.now
        self.tell(f"AD FS: primary {farm.primary}, certificates {farm.certificates}")
        promoted = farm.cause == "adfs" and farm.since == self.world.now
        if promoted and farm.former is not None:
            self.given_up.add(farm.former.thumbprint)
        if promoted and plan and self.completed and self.world.hands.touched < self.completed[-1].begun:
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

    def acted(self, action: str, run: Run, certificate: Certificate | None = None) -> None:
        """The product acts on a server. ``certificate``: the one of AD FS that it is about."""
        self.tell(f"{run.name}: {action}")
        farm = self.world.farm
        explicit = self._wanted_rollover() == "true"
        if farm.primary.local and action in ("restore_auto_rollover", "generate") and not explicit and not self.stolen_keys:
            self.wrong("custom_replaced", f"{action} although {farm.primary} is an administrator's own and auto_rollover: true is not set")
        before = [(at, a, r) for at, a, r in self.acts if a.endswith("_auto_rollover")]
        self.acts.append((self.world.now, action, run))
        if action == "promote":
            self.at_promotion = self.last_plan
            self._promoted(certificate)
        if action == "suspend_auto_rollover" and self._held_for_nothing(run, farm.candidates(self.world.now)):
            self.wrong("held_for_nothing", "AD FS' clock is stopped, and it would have promoted nothing before that was known everywhere")
        if action == "suspend_auto_rollover" and before and before[-1][1] == "restore_auto_rollover":
            at, _action, last = before[-1]
            # Where AD FS let another certificate sign in between, it is another one's clock than the one that was given back. That it made one is no reason.
            followed = farm.cause == "adfs" and farm.since >= at
            if last is run and self.world.hands.touched < run.begun and not followed:
                self.wrong("flapping", "the same run restores automatic rollover and suspends it again")
            elif (
                self.completed
                and last.begun == self.completed[-1].begun
                and self.world.hands.touched < last.begun
                and self.adfs_at < at
                and self.world.farm.since < last.begun
                and self.policy_at < last.begun
                # That a domain refuses shows only at a write: the run gave the clock back before it found that.
                and not any(first is last and found > at for found, first in self.first_refused.values())
            ):
                self.wrong("flapping", "a run suspends what the run before restored, and nothing had changed")

    def _promoted(self, certificate: Certificate | None) -> None:
        """The product lets another certificate sign. Going back to one that AD FS or a run gave up is a rollback's, or a theft's."""
        if self._paused() or self.stolen_keys:
            return
        self.given_up.add(self.world.farm.primary.thumbprint)
        nothing_else = self.world.now >= self._last_call() and self.world.farm.candidates(self.world.now) == [certificate]
        if certificate is not None and certificate.thumbprint in self.given_up and not nothing_else:
            self.wrong("went_back", f"{certificate} is to sign again instead of {self.world.farm.primary}, and nobody asked for it")

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
        if self.primaries[-1:] != [plan["farm"]["primary"]]:
            self.primaries.append(plan["farm"]["primary"])
        self.claims(run, plan)
        world, farm = self.world, self.world.farm
        skew = run.skew if abs(run.skew - world.server_skew) > 300 else world.server_skew
        now = text(world.now, skew)
        for server in farm.servers:
            if server.up and server.reachable and self._told_of(server):
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
        if leftover and {b["condition"] for b in plan["blocked_by"]} <= {"due"} and not failures(plan) and len(run.plans) == 1 and not self._paused():
            self.wrong(
                "wait_for_nothing", f"{', '.join(leftover)} still holds the earlier certificate, which is to be removed, and nothing is said to block that"
            )
        if plan["state"] in WAITING and not plan["blocked_by"]:
            self.wrong("wait_for_nothing", f"state {plan['state']}, no act and nothing that blocks one")
        standing = sorted(b["condition"] for b in plan["blocked_by"] if b["until"] is None and b["condition"] in OBSTACLES)
        wanted = self._wanted_rollover()
        held = not farm.auto and farm.switched_by == "ours" and (world.history.auto or wanted == "true")
        # For an administrator's own certificate it is held for nobody, and given back only where that is asked for.
        held_for_us = held and (not farm.primary.local or wanted == "true")
        if held_for_us and standing and not failures(plan) and not self._paused() and wanted != "false":
            self.wrong("held_silently", f"AD FS' clock is held for {', '.join(standing)}, and the run does not fail")
        at_rest = plan["state"] in AT_REST and not farm.candidates(world.now) and not farm.primary.local and farm.primary.ends - world.now > 61 * DAY
        owned = wanted == "true" or (wanted == "none" and held and self.forgot_at < 0 and world.hands.touched < 0)
        if at_rest and not farm.auto and owned and not self._paused() and not failures(plan) and len(run.plans) == 1:
            self.wrong("left_off", f"state {plan['state']}, automatic rollover is off, wanted on, and nothing is said or done")

    def _state(self, plan: dict[str, Any]) -> None:
        world, farm, state = self.world, self.world.farm, plan["state"]
        failing = bool(failures(plan))
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

    def _emergency(self, plan: dict[str, Any]) -> None:
        world, farm = self.world, self.world.farm
        stolen = self._known_stolen()
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
            if run.ended.startswith("failed") and world.hands.touched < run.begun and world.main_answers() and not world.journal.unwritable:
                self.wrong("failed_for_nothing", f"{run.name} {run.ended}")
            return
        self.completed.append(self._whole(run))
        if self._journal_usable():
            for seen in (plan["farm"] for plan in run.plans):
                for thumbprint in seen["certificates"]:
                    # Nothing is known of what lay in AD FS at the first look.
                    self.noted_came.setdefault(thumbprint, (seen["primary"] if self.noted_primary else "", run.begun))
                self.noted_primary.add(seen["primary"])
            self.noted_signers.update({name: signer for name, (signer, at) in self.server_signers.items() if at >= run.begun})
        self.ended_at_run = world.now if farm.primary.ends <= world.now else -1
        self.seen_by_runs.update(c.thumbprint for c in farm.certificates)
        refused = {d.name for d in world.domains.values() if d.unreadable or d.refuses or not d.federated or not self._in_scope(d)}
        self.blocked = refused
        self.blocked_at.update(dict.fromkeys(refused, world.now))
        plan = run.plans[-1]
        self.strange_at.update({b["object"]: world.now for b in plan["blocked_by"] if b["condition"] == "unknown_certificate"})
        if any(f["fail_on"] == "auto_rollover" for f in failures(plan)):
            self.asked_at = world.now
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

    def _whole(self, run: Run) -> WholeRun:
        """What a later loss is judged by, of a run that comes to its end now."""
        world, plan = self.world, run.plans[-1]
        blocks, failed = plan["blocked_by"], {f["fail_on"] for f in failures(plan)}
        conditions = {b["condition"] for b in blocks}
        theirs = {d.name for d in world.domains.values() if d.here and d.federated and d.host not in self._hosts()}
        signing = {signer for signer, at in self.server_signers.values() if at >= run.begun}
        full = {d.name for d in world.domains.values() if None not in d.members and {c.thumbprint for c in d.members if c} <= signing}
        stood = bool(self.completed) and self.completed[-1].no_room
        # It stands in AD FS, or on a server that has not copied yet that it left. Is it gone only near the end, AD FS would promote a new one at once.
        room = bool(conditions) and (stood or bool(conditions & {"room", "sync"})) and conditions <= {"room", "sync", "critical_threshold"}
        elsewhere = {(b["condition"], b["object"] in theirs) for b in blocks} == {("unpublished", True)}
        return WholeRun(
            run.begun,
            world.now,
            first_saw=run.plans[0]["farm"]["primary"],
            found_ended=world.farm.primary.ends <= world.now,
            hindered=bool(failed) and any(b["until"] is None and b["condition"] in OBSTACLES for b in blocks),
            awaited_person=plan["state"] == "ready" and conditions == {"promote_policy"},
            awaited_window=plan["state"] == "ready" and conditions == {"window"},
            awaited_elsewhere=elsewhere and {"held", "unclaimed"} <= failed,
            no_room=room and "held" in failed,
            several="several_successors" in failed,
            looked=run.looked,
            full=frozenset(full & {b["object"] for b in blocks if b["condition"] == "too_many_signers"}),
        )

    def _strangers(self, plan: dict[str, Any], refused: set[str]) -> None:
        world = self.world
        if world.policy.get("unknown_certificates") != "replace" or plan["state"] in ("emergency", "paused") or self._paused():
            return
        quiet = len(self.completed) > 3 and max(world.hands.touched, self.updater_at) < self.completed[-4].begun
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
            over = bool((before.get("rollback") or {}).get("lifted"))
            asked = ("pause",) if over else ("pause", "rollback")
            gone = [name for name in asked if before.get(name) and not content.get(name) and not lifted]
            if gone and not self.stolen_keys:
                self.wrong("journal_forgets", f"{', '.join(gone)} of the journal is gone, and it was not lifted")
        asked = self.world.policy.get("pause") or self.world.policy.get("rollback")
        if content.get("pause") and not before.get("pause") and not asked and not self._signed_before():
            self.wrong("paused_for_nothing", "nobody paused or rolled back, and what signs never signed before another one did")
        farm, now = self.world.farm, self.world.now
        quiet = (
            len(self.completed) > 3
            and self.world.hands.touched < self.completed[-3].begun
            and max(farm.since, self.adfs_at, *(at for at, _a, _r in self.acts[-1:])) < self.completed[-3].begun
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
            and not failures(plan)
            and {b["condition"] for b in plan["blocked_by"]} <= {"due"}
        ):
            differs = sorted(k for k in {*before, *content} if before.get(k) != content.get(k))
            self.wrong("journal_churn", f"the journal is written although nothing changed and nothing waits (state {plan['state']}): {', '.join(differs)}")

    def over(self) -> None:
        """The history is over."""
