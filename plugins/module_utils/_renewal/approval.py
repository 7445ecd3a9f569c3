# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""An approved plan: which acts of it are left, and what is not as it saw it. Both are plans as rollover_plan shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.acts import Act, Block, OnDomains, read_act
from ansible_collections.federation.adfs.plugins.module_utils._renewal.approval_terms import plain_policy, token
from ansible_collections.federation.adfs.plugins.module_utils._renewal.journal import Journal, note_applied
from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import FIRST
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import (
    TOKEN_DECRYPTING,
    UNBORN,
    Alarm,
    Decrypting,
    Domain,
    Farm,
    Observation,
    Slots,
)

MEMBERS = ("plan_id", "made_at", "farm", "domains", "actions", "policy")
ANY_SUCCESSOR = "approve_any_successor"


class ApprovalError(ValueError):
    """The approved plan is none; the message says what is missing and where to get one."""


@dataclass(frozen=True)
class Approved:
    """``moved``: what is not as the approved plan saw it. ``left``: the acts of it that are not done yet. ``another``: a successor that
    somebody else made, where the plan allows any. ``refused``: why the approval does not count at all. ``name``: what the journal calls the plan.
    ``whole``: all its acts, done or not.
    """

    moved: tuple[str, ...]
    left: tuple[Act, ...]
    another: str | None = None
    refused: tuple[str, ...] = ()
    name: str = ""
    whole: tuple[Act, ...] = ()

    def keeps_back(self, act: Act, server: str) -> Block | None:
        """The guard that holds back a gated act; a protective one needs no approval."""
        if act.protective:
            return None
        if self.moved or self.refused or self.has(act):
            return self.refusal(server)
        return Block("next_plan", server, None, f"{act.said(server)}: this is not in the approved plan, so it waits until a new one is approved")

    def refusal(self, server: str) -> Block | None:
        """Why no gated act at all is done, if so."""
        if self.refused:
            why = "; ".join(self.refused)
            reason = f"no approved plan counts, so only what protects sign-in is done: {why}. Make a new plan, and approve that"
            return Block("approval", server, None, reason)
        if not self.moved:
            return None
        why = "; ".join(self.moved)
        reason = f"it is not the approved plan any more, so only what protects sign-in is done: {why}. Look at the new plan, and approve that"
        return Block("approval", server, None, reason)

    def has(self, act: Act) -> bool:
        """Whether the act is one that is left of the plan, or a part of it."""
        return any(_part(act, whole) for whole in self.left)

    def note(self, journal: Journal, act: Act, run: str, now: datetime) -> Journal:
        """The journal before the act: with the first one of the plan that needed the approval, the plan is applied."""
        begins = not act.protective and not self.refused and self.has(act)
        goes_on = not self.refused and self.name in journal.applied
        return note_applied(journal, self.name, run, now) if begins or goes_on else journal

    def alarms(self, acts: Iterable[Act], done: Sequence[Mapping[str, Any]], server: str) -> Iterable[Alarm]:
        """What whoever approved must know: acts that they did not see, and a successor that they did not mean. ``done``: the acts of this run, as
        plans show them.
        """
        if self.another and not self.moved and not self.refused:
            yield Alarm(
                "another_successor",
                server,
                f"{self.another} was made by somebody else after the plan was approved; it is taken for the approved successor, because the plan was"
                f" made with renew_signing_cert_{ANY_SUCCESSOR}",
            )
        for shown in done:
            if not any(_part(read_act(shown), whole) for whole in self.whole):
                yield Alarm("not_in_plan", server, f"{shown['said']}: this is not in the approved plan; it was done all the same, because it protects sign-in")
        for act in acts:
            if act.protective and not self.has(act):
                yield Alarm(
                    "not_in_plan", server, f"{act.said(server)}: this is not in the approved plan; it is done all the same, because it protects sign-in"
                )


def compare(
    approved: Mapping[str, Any],
    plan: Mapping[str, Any],
    ours: Callable[[str], bool] = lambda _key: True,
    done: Sequence[Mapping[str, Any]] = (),
    refused: Callable[[Mapping[str, Any]], Sequence[str]] = lambda _approved: (),
    unwritten: Iterable[str] = (),
) -> Approved:
    """Return what is left of the approved plan, and what is not as it saw it.

    ``ours``: whether a new certificate was made by these runs. ``done``: the acts of this run; what a protective one changed that the
    approved plan does not have is no difference. ``refused``: why the approval of such a plan does not count. An empty ``approved``: there is no
    plan for this farm. ``unwritten``: names of the domains that refused a write in this run; the acts after it go on without them.

    A run that died after some of the approved acts, or in the middle of one, is continued: each state on the way is one that was approved.
    """
    if not approved:
        identifier = plan["farm"]["identifier"]
        return Approved((), (), refused=(f"renew_signing_cert_plans has none for the farm {identifier}",))
    missing = [name for name in MEMBERS if name not in approved]
    if missing:
        raise ApprovalError(f"the approved plan lacks {', '.join(missing)}: pass renew_signing_cert_result.plan of a run with renew_signing_cert_mode: plan")
    try:
        acts = [read_act(act) for act in approved["actions"]]
        besides = [act for act in map(read_act, done) if act.protective]
        names = frozenset(name.lower() for name in unwritten)
        ways = [_way(approved, acts, number, plan, ours, besides, names) for number in range(len(acts) + 1)]
        nearest = min(ways, key=lambda way: (len(way.moved), way.another is None))
        return replace(nearest, refused=tuple(refused(approved)), name=token(approved))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as exc:
        raise ApprovalError(f"the approved plan is not a plan ({type(exc).__name__}: {exc})") from exc


def moved(approved: Mapping[str, Any], plan: Mapping[str, Any]) -> list[str]:
    """Return what is not as the approved plan saw it, or nothing where the plan is the approved one or what is left of it."""
    return list(compare(approved, plan).moved)


def _seen(shown: Mapping[str, Any]) -> Observation:
    """What a plan saw, as far as acts change it."""
    farm = shown["farm"]
    decrypting = tuple(Decrypting(d["thumbprint"], FIRST, FIRST, d["is_primary"]) for d in farm.get("decrypting") or ())
    # No time is compared: a plan is approved by what it is about.
    seen = Farm(farm["identifier"], "", "", FIRST, False, farm["primary"], frozenset(farm["certificates"]), decrypting=decrypting)
    return Observation(seen, tuple(Domain(d["tenant_id"], d["domain"], Slots(**d["slots"])) for d in shown["domains"]), {})


def _way(
    approved: Mapping[str, Any],
    acts: list[Act],
    done: int,
    plan: Mapping[str, Any],
    ours: Callable[[str], bool],
    besides: Sequence[Act],
    unwritten: frozenset[str],
) -> Approved:
    """As if the first ``done`` approved acts were done, and the next one on some of its domains; and ``besides`` what protects sign-in. A domain of
    ``unwritten`` may have stayed at any step of that."""
    then = _seen(approved)
    steps = [then]
    for act in (*besides, *acts[:done]):
        then = act.after(then, then.farm.time)
        steps.append(then)
    left = acts[done:]
    next_one = left[0].after(then, then.farm.time) if left and isinstance(left[0], OnDomains) else then
    now = _seen(plan)
    births = sum(act.action == "generate" and act.certificate_type != TOKEN_DECRYPTING for act in (*besides, *acts[:done]))
    signing = _born_signing(then.farm, now.farm, plan["farm"]["successor"])
    decrypting = _born(_thumbprints(then), _thumbprints(now))

    def real(key: str | None, kind: str = "") -> str | None:
        return (decrypting if kind == TOKEN_DECRYPTING else signing) if key == UNBORN else key

    def real_slots(slots: Slots) -> Slots:
        return Slots(real(slots.signing), real(slots.next))

    found = []
    if then.farm.identifier != now.farm.identifier:
        found.append(f"it is about the farm {then.farm.identifier}, this is {now.farm.identifier}")
    if real(then.farm.primary) != now.farm.primary:
        found.append(f"the primary certificate was {real(then.farm.primary)} and is {now.farm.primary}")
    held_then = {key for key in map(real, then.farm.certificates) if key is not None}
    more = now.farm.certificates - held_then
    # An emergency may make two in one run: the second one is no difference where these runs made it.
    if held_then - now.farm.certificates or len(more) > max(births - 1, 0) or not all(map(ours, more)):
        found.append(f"AD FS held {_list(real(key) for key in then.farm.certificates)} and holds {_list(now.farm.certificates)}")
    held = {real(key, TOKEN_DECRYPTING) for key in _thumbprints(then)}
    if "decrypting" in approved["farm"] and held != _thumbprints(now):
        found.append(f"AD FS held {_list(held)} for decrypting and holds {_list(_thumbprints(now))}")
    slots = {d.key: d.slots for d in now.domains}
    *earlier, before, after = ({d.key: real_slots(d.slots) for d in seen.domains} for seen in (*steps, next_one))
    for key in sorted({*before, *slots}):
        name = key.partition("/")[2]
        stayed = [step.get(key) for step in earlier] if name.lower() in unwritten else []
        if slots.get(key) is None or slots[key] not in (*stayed, before.get(key), after.get(key)):
            found.append(f"{name} held {_held(before.get(key))} and holds {_held(slots.get(key))}")
    was, is_now = plain_policy(approved["policy"]), plain_policy(plan["policy"])
    for variable in sorted(({*was, *is_now}) - {ANY_SUCCESSOR}):
        if was.get(variable) != is_now.get(variable):
            found.append(f"renew_signing_cert_{variable} was {was.get(variable)} and is {is_now.get(variable)}")
    another = signing if signing != UNBORN and not ours(signing) else None
    any_successor = str(approved["policy"].get(ANY_SUCCESSOR)).lower() in ("true", "yes", "on", "1")
    if another and not any_successor:
        found.append(f"the successor {another} was made by somebody else, and not by the approved act")
    whole = tuple(
        replace(act, thumbprint=real(act.thumbprint, act.certificate_type), writes=tuple(replace(w, slots=real_slots(w.slots)) for w in act.writes))
        for act in acts
    )
    return Approved(tuple(found), whole[done:], another, whole=whole)


def _born_signing(then: Farm, now: Farm, successor: str | None) -> str:
    """What became of the plan's new token-signing certificate: where there are two, the other one than an act that was done made primary."""
    born = (now.certificates & {successor, now.primary}) - then.certificates
    if then.primary == UNBORN and now.primary in born:
        return now.primary
    return _born(then.certificates, born if len(born) < 2 else born - {then.primary})


def _born(expected: Iterable[str], found: Iterable[str]) -> str:
    """The approved plan could not know the thumbprint of a certificate that did not exist."""
    expected = set(expected)
    born = set(found) - expected
    return born.pop() if UNBORN in expected and len(born) == 1 else UNBORN


def _thumbprints(seen: Observation) -> set[str]:
    return {d.thumbprint for d in seen.farm.decrypting}


def _part(act: Act, whole: Act) -> bool:
    alike = (act.action, act.certificate_type, act.thumbprint) == (whole.action, whole.certificate_type, whole.thumbprint)
    if isinstance(act, OnDomains):
        return alike and {(w.domain.key, w.slots) for w in act.writes} <= {(w.domain.key, w.slots) for w in whole.writes}
    return alike and act.server in (None, whole.server)


def _held(slots: Slots | None) -> str:
    return f"{slots.signing or 'nothing'} and {slots.next or 'nothing'}" if slots else "no settings"


def _list(keys: Iterable[str | None]) -> str:
    return ", ".join(sorted(str(key) for key in keys)) or "nothing"
