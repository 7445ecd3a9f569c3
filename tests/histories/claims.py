# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a plan says keeps it waiting is so, and whether what a run leaves undone had to wait.

A wait that is not so costs nothing at first: the last call ends it weeks later, and where there is none the primary certificate ends.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from histories.certificates import Certificate
from histories.history import HOUR
from histories.losses import Losses
from histories.memory import failures

if TYPE_CHECKING:
    from histories.run import Run

LOCK_LAPSES = 16  # minutes after which a lock in the journal's file holds nobody, one more than the product says
SYNCHRONIZED = 3 * HOUR  # after which a server that copies holds what AD FS is configured with, and a run has seen it


class Claims(Losses):
    """Judges the blocks of plans that do nothing more, and the acts that never come."""

    def claims(self, run: Run, plan: dict[str, Any]) -> None:
        """Judge a plan. The blocks of one that acts say what comes after the acts, so they are left to the next look."""
        journal, world = self.world.journal, self.world
        conditions = {b["condition"] for b in plan["blocked_by"]}
        age = world.now - journal.at
        if "lock" in conditions and journal.error is None and age > LOCK_LAPSES + abs(world.server_skew) // 60:
            self.wrong("locked_for_nothing", f"the journal was written {age} minutes ago, and its lock still keeps everything from being done")
        if any(f["fail_on"] == "auto_rollover" for f in failures(plan)) and self._noted_that_we_hold():
            self.wrong("asked_for_nothing", "automatic rollover is off by our own hand, the journal says so, and the run asks whether it is wanted")
        if plan["actions"] or "lock" in conditions:
            return
        untrue = sorted(conditions & self._not_so(run))
        if untrue:
            self.wrong("untrue_block", f"blocked by {', '.join(untrue)}, which is not so")
        if conditions <= {"due"} and len(run.plans) == 1 and not self._paused():
            self._left_undone(plan)
        self._known_long_since(plan)

    def _noted_that_we_hold(self) -> bool:
        """Rollover was on, the product switched it off, and no journal was lost since that could have told."""
        world = self.world
        noted = max(self.forgot_at, self.unwritten_at, self.policy_at) < 0 and world.journal.error is None
        return noted and world.history.auto and world.farm.switched_by == "ours"

    def _not_so(self, run: Run) -> set[str]:
        """Conditions that do not hold, as far as the world alone can tell."""
        world, farm, policy = self.world, self.world.farm, self.world.policy
        told = [s for s in farm.servers if s.listed or s.name in world.named_servers()]
        acted = max(farm.since, self.adfs_at, world.hands.touched, *(at for at, _action, _run in self.acts[-1:]))
        equal = all(s.up and s.reachable and s.syncing and s.certificates == tuple(farm.certificates) and s.primary is farm.primary for s in farm.servers)
        holds = {
            "relying_parties": bool(world.history.partners) and "*" not in (policy.get("relying_parties_acknowledged") or ()),
            "unseen_server": any(not (s.up and s.reachable) for s in told),
            "sync": not equal or world.now - acted <= SYNCHRONIZED,
            "clock": not self._clocks_agree(run.skew),
            "window": bool(policy.get("windows") or policy.get("freezes")),
            "unreadable": any(d.federated and (d.unreadable or not d.configuration) for d in world.domains.values()),
            "several_successors": len(farm.certificates) > 2,
            "servers_unconfirmed": not world.history.listed or bool(world.gone_servers()),
        }
        return {condition for condition, so in holds.items() if not so}

    def _left_undone(self, plan: dict[str, Any]) -> None:
        """Nothing is said to block, and something that is to be done is not."""
        world, farm = self.world, self.world.farm
        able = [d for d in world.domains.values() if d.here and d.federated and not self._unwritable(d)]
        if plan["state"] == "promoted" and not failures(plan):
            old = [d.name for d in able if d.holds(farm.primary) and d.members[0] is not farm.primary]
            if old:
                self.wrong("wait_for_nothing", f"{', '.join(old)} still has the former primary certificate first, and nothing is said to block the new order")
        if plan["state"] in {"complete", "steady"} and world.policy.get("remove_old_from_adfs") and not failures(plan):
            left = [c for c in farm.certificates if c is not farm.primary and c.thumbprint in self.noted_primary]
            if left:
                self.wrong("wait_for_nothing", f"AD FS still has {left}, which are to be removed, and nothing is said to block that")
        if plan["state"] == "emergency":
            stolen = self._known_stolen()
            still = [d.name for d in able if d.host == farm.host and any(c is not None and c.thumbprint in stolen for c in d.members)]
            if still:
                self.wrong("wait_for_nothing", f"{', '.join(still)} still accepts a stolen key, and nothing is said to block its eviction")

    def _known_stolen(self) -> set[str]:
        """What a run can know to be stolen: what was named, and what lay beside it in AD FS as a run saw that before AD FS took it out by itself."""
        told = {t for t, named in self.stolen_own.items() if t in named or named & self.seen_by_runs}
        return {t for t, when in self.stolen_keys.items() if t in told and when > self.forgot_at}

    def _known_long_since(self, plan: dict[str, Any]) -> None:
        """The successor has been in every domain and on every server for long, and the state says that it is not ready."""
        world, farm = self.world, self.world.farm
        candidates = farm.candidates(world.now)
        since = world.now - self._publication() - 3 * self._pace()
        quiet = max(world.hands.touched, self.forgot_at, self.unwritten_at) < since and self._journal_usable() and self._clocks_agree()
        if plan["state"] not in {"generated", "publishing", "published"} or len(candidates) != 1 or len(farm.certificates) != 2:
            return
        if not quiet or self._paused() or len(self.completed) < 4 or not world.history.listed:
            return
        shown = all(s.up and s.reachable and s.certificates == tuple(farm.certificates) for s in farm.servers)
        plain = all(d.federated and d.configuration and not d.unreadable for d in world.domains.values())
        here = [d for d in world.domains.values() if d.here or d.host == farm.host or any(d.holds(c) for c in farm.certificates)]
        held = all(d.host == farm.host and candidates[0] in d.members and (not d.written or d.written[-1][0] < since) for d in here)
        if shown and plain and held:
            self.wrong("untrue_state", f"state {plan['state']}, and every domain and every server has had {candidates[0]} for long")

    def _held_for_nothing(self, run: Run, candidates: list[Certificate]) -> bool:
        """AD FS' clock is stopped although what it would promote next is published in time all the same: nobody did anything, and runs come as declared."""
        world, farm, policy = self.world, self.world.farm, self.world.policy
        asked = policy.get("windows") or policy.get("freezes") or policy.get("remove_old_from_adfs") or policy.get("promote", "adfs") != "adfs"
        if asked or self._wanted_rollover() == "false" or self._paused() or self.stolen_keys or farm.primary.local:
            return False
        begun = [whole.begun for whole in self.completed] + [run.begun]
        distances = [after - before for before, after in pairwise(begun)][-6:]
        regular = len(begun) > 2 and max(distances) <= 1.3 * self._pace() and not world.server_skew
        able = all(not self._unwritable(d) for d in world.domains.values() if d.here)
        able = able and all(s.up and s.reachable and s.syncing and s.listed for s in farm.servers) and world.history.listed
        # Where AD FS makes the next one as soon as one signs, two wait at once, of which no domain can hold both.
        crowded = len(farm.certificates) > 2 or farm.span("generation") >= farm.span("duration")
        if not regular or not able or world.hands.touched >= 0 or crowded:
            return False
        critical, promotion = farm.primary.ends - farm.span("critical"), farm.span("promotion")
        earliest = min([critical, *(c.begins + promotion for c in candidates)] if candidates else [critical, world.now + promotion])
        return earliest - world.now > self._publication() + 2 * self._pace() + 10

    def _signed_before(self) -> bool:
        """Whether what the last plan saw as primary had been seen as primary before another one was."""
        return bool(self.primaries) and self.primaries[-1] in self.primaries[:-1]
