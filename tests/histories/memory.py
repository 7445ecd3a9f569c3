# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the judge remembers of a history while it is lived, and what it reckons by itself: numbers that are not the product's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any, NamedTuple

from histories.certificates import Certificate, text
from histories.entra import Domain
from histories.farm import Server
from histories.history import DAY, HOUR

if TYPE_CHECKING:
    from histories.run import Run
    from histories.world import World


class Finding(NamedTuple):
    """Something that ought not to be. ``minute``: when it came to light."""

    kind: str
    minute: int
    what: str

    def __str__(self) -> str:
        return f"{self.kind} on day {self.minute / DAY:.2f} ({text(self.minute)}): {self.what}"


class WholeRun(NamedTuple):
    """A run that was not cut off: when it came, and what a later loss is judged by."""

    begun: int
    ended: int
    first_saw: str = ""  # which certificate it saw as primary first
    found_ended: bool = False  # the primary certificate had ended
    hindered: bool = False  # an obstacle blocked, and it failed
    awaited_person: bool = False  # a person alone was awaited, which it said
    awaited_window: bool = False  # a window alone was awaited, which it said
    awaited_elsewhere: bool = False  # only domains that lead elsewhere lacked the successor, and it failed for them
    no_room: bool = False  # an earlier certificate alone stood in the way, and it failed for it
    several: bool = False  # it failed because several certificates could follow
    looked: Mapping[str, Set[int]] = {}  # how many changes of each domain came before each of its looks
    full: frozenset[str] = frozenset()  # domains that it said to be full, both of whose certificates servers were seen to sign with


def failures(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What fails the run, so far."""
    return plan["run"]["failures"]


class Memory:
    """What is found, what is excused, and what the judging needs to remember."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.findings: list[Finding] = []
        self.excused: Counter[str] = Counter()
        self.lost: dict[str, str] = {}  # domains that lost a sign-in, and by which cause first, hands' and the updater's left out
        self.last_plan: dict[str, Any] | None = None
        self.completed: list[WholeRun] = []
        self.plans = 0
        self.stolen_keys: dict[str, int] = {}
        self.stolen_own: dict[str, set[str]] = {}  # what was the farm's when it was told, and with which it was stolen
        self.story: list[str] = []
        self.seen_by_runs: set[str] = set()
        self.primaries: list[str] = []  # what plans saw as primary, one after the other
        self.noted_primary: set[str] = set()  # what a run that was not cut off saw as primary, and noted
        self.noted_came: dict[str, tuple[str, int]] = {}  # under which primary a run noted that each certificate came (empty: not known), and which run
        self.server_signers: dict[str, tuple[str, int]] = {}
        self.noted_signers: dict[str, str] = {}  # what a run that was not cut off saw each server sign with, and could note
        self.given_up: set[str] = set()  # what AD FS or a run let another one follow
        self.acts: list[tuple[int, str, Run]] = []
        self.blocked: set[str] = set()  # domains that the last run could not write
        self.blocked_at: dict[str, int] = {}
        self.declared: list[tuple[int, int]] = [(-1, self._declared())]  # since when which distance of runs is declared
        self.strange_at: dict[str, int] = {}  # when the last run ended that named a certificate of unknown origin in a domain, and left it there
        self.at_promotion: dict[str, Any] | None = None
        self.adfs_at = -1
        self.updater_at = -1
        self.policy_at = -1
        self.unwritten_at = -1  # when a run could not write the journal
        self.forgot_at = -100 * DAY
        self.planned_at = -1
        self.first_refused: dict[str, tuple[int, Run]] = {}  # when and in which run each domain refused a write first
        self.asked_at = -100 * DAY  # when a run last failed because it is not known whether automatic rollover is wanted
        self.ended_at_run = -1  # when the last run ended, if the primary certificate had ended by then

    def wrong(self, kind: str, what: str) -> None:
        """Note a finding."""
        if not any(f.kind == kind and f.minute == self.world.now for f in self.findings):
            self.findings.append(Finding(kind, self.world.now, what))

    def tell(self, what: str) -> None:
        self.story.append(f"{self.world.now / DAY:8.3f}  {what}")

    # Numbers and questions of its own.

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

    def _wanted_rollover(self) -> str:
        """What the operator says of automatic rollover: ``true``, ``false`` or ``none``."""
        return str(self.world.policy.get("auto_rollover")).lower()

    def _journal_usable(self) -> bool:
        """Whether a run can read the journal and write it: no other version of the collection wrote it."""
        journal = self.world.journal
        return journal.error is None and not journal.unwritable and (journal.content or {}).get("schema") != 99

    def _clocks_agree(self, *skews: int) -> bool:
        """Whether server and controllers agree within four minutes, one less than is asked for. ``skews``: of a run besides."""
        return max(abs(skew) for skew in (self.world.server_skew, *self.world.history.clocks, *skews)) <= 240

    def _paused(self) -> bool:
        content = self.world.journal.content or {}
        return bool(self.world.policy.get("pause") or self.world.policy.get("rollback") or content.get("pause"))

    def _acknowledged(self, domain: Domain, thumbprints: Set[str] = frozenset()) -> bool:
        """Whether the operator acknowledged that the domain lacks one of these, or one that is the farm's now."""
        thumbprints = thumbprints or {c.thumbprint for c in self.world.farm.certificates} | {self.world.farm.primary.thumbprint}
        entries = self.world.policy.get("domains_acknowledged") or ()
        return any(e.get("domain") == domain.name and e["thumbprint"] in thumbprints for e in entries)

    def _told_of(self, server: Server) -> bool:
        """Whether a run knows that there is such a server: it is the primary one, or AD FS lists it, or the operator names it."""
        listed = self.world.history.listed and server.listed
        return listed or server.name in self.world.named_servers() or server.name == self.world.farm.main

    def _hosts(self) -> set[str]:
        return {self.world.farm.host, *(self.world.policy.get("host_names") or ())}

    def _in_scope(self, domain: Domain) -> bool:
        policy = self.world.policy
        named = [n.lower() for n in policy.get("domains") or ()]
        return domain.host in self._hosts() and domain.name not in (policy.get("domains_excluded") or ()) and (not named or domain.name in named)

    def _unwritable(self, domain: Domain) -> bool:
        stands = not self._in_scope(domain) or bool(domain.unreadable) or domain.refuses or not domain.configuration
        return stands or domain.name in self.blocked

    def _taken_and_put_back(self, domain: Domain, coming: Certificate) -> bool:
        """Another hand took it out and one put it back between two looks: no run can see that, and the promise leaves it out (omnipresence).

        Until the change that put it back has spread, Entra may serve what it was in between.
        """
        unseen, lacked, whose = False, set[int](), ""
        looks = {count for run in self.completed for count in run.looked.get(domain.name, ())}
        # Counted and not timed: what comes in the minute of the look, after it, was not seen by it.
        for count, (at, by, members) in enumerate(domain.written, 1):
            if coming not in members:
                whose = by if not lacked else whose
                lacked.add(count)
            elif lacked:
                if at + self.world.history.propagation > self.world.now:
                    unseen = not whose.startswith("ours:") and not lacked & looks
                    if not unseen:
                        return False
                lacked = set()
        return unseen and domain.holds(coming)
