# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every act on AD FS that the role does, and everything that its cmdlet or its connection may do then.

Whatever it is: nobody who could sign in is refused, what the run says is so, and the runs after it bring the renewal to its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.federation.adfs.plugins.module_utils._renewal.reading import ReadingError
from lab import answers, powershell
from lab.cmdlet_state import StandingClock
from lab.farm import TOKEN_SIGNING, CmdletError, Farm
from lab.world import World
from sweep.starts import DUE, scenario
from year.days import START
from year.inside import Inside

DAY = timedelta(days=1, minutes=1)
DAYS = 30  # the certificate that signs ends then


@dataclass(frozen=True)
class Renewal:
    """A renewal from its beginning to its end, with the ``acts`` on AD FS that it takes, in order, each with its cmdlet."""

    scenario: dict[str, Any]
    policy: dict[str, Any]
    acts: dict[str, str]


UPDATE, PROPERTIES = "Update-AdfsCertificate", "Set-AdfsProperties"
ADD, PROMOTE, REMOVE = "Add-AdfsCertificate", "Set-AdfsCertificate", "Remove-AdfsCertificate"
RENEWALS = {
    "by AD FS": Renewal(scenario(DUE, True), {}, {"generate": UPDATE}),
    "by the role": Renewal(
        scenario(DUE, True),
        {"promote": "role", "remove_old_from_adfs": True},
        {"generate": UPDATE, "suspend_auto_rollover": PROPERTIES, "promote": PROMOTE, "restore_auto_rollover": PROPERTIES},
    ),
    "automatic rollover off": Renewal(
        scenario(DUE, False),
        {"promote": "role", "auto_rollover": False, "remove_old_from_adfs": True, "remove_old_from_entra": True},
        {"generate": UPDATE, "promote": PROMOTE, "remove_from_adfs": REMOVE},
    ),
    "from an authority": Renewal(
        scenario({"kind": "custom", **DUE}, False, following={"kind": "custom", "days_left": 700, "days_old": 1}),
        {"promote": "role", "auto_rollover": False, "remove_old_from_adfs": True, "remove_old_from_entra": True},
        {"add": ADD, "promote": PROMOTE, "remove_from_adfs": REMOVE},
    ),
}
LOST = {
    "lost": "the work is done, the connection breaks, and the next one is answered",
    "away": "the work is done, and from then on nothing answers",
    "unheard": "nothing is done, and nothing answers from then on",
    "late": "nothing is done while the run lasts, and after it the work is done all the same",
    "no_reply": "the work is done, and the reply holds nothing",
}
WORDS = ("refused", *answers.ACTS, *LOST)
# What a cmdlet cannot do in this way.
NOT = {
    *((cmdlet, "partly") for cmdlet in (UPDATE, PROPERTIES, PROMOTE, REMOVE, ADD)),  # nothing here sets two properties at once
    *((PROPERTIES, word) for word in ("two_primaries", "loses_another")),
    (REMOVE, "two_primaries"),  # one is left
}
CASES = [(renewal, act, word) for renewal, it in RENEWALS.items() for act, cmdlet in it.acts.items() for word in WORDS if (cmdlet, word) not in NOT]


class Spoiled(Inside):
    """Runs in which one act, the first of its kind, meets with something odd."""

    def __init__(self, world: World, policy: dict[str, Any], action: str, cmdlet: str, word: str) -> None:
        super().__init__(world, policy)
        self.action, self.cmdlet, self.word = action, cmdlet, word
        self.met = self.spoiling = self.away = False
        self.later: list[Callable[[], object]] = []

    def heal(self) -> None:
        """The fault ends; and what an administrator does who finds the service stopped, a property without a value or a certificate gone."""
        self.spoiling = self.away = False
        node = self.world.node()
        node.answers, node.refusals = {}, {}
        for work in self.later:
            work()
        self.later = []
        if not node.service_running:
            node.restart_service()
        farm = self.world.farms[0]
        if farm.configuration.properties["AutoCertificateRollover"] is None:
            node.set_adfs_properties(AutoCertificateRollover=True)
        if self.word in ("two_primaries", "loses_another"):
            self._set_right(farm)
        self.world.changed()

    def _set_right(self, farm: Farm) -> None:
        """What only an administrator can do, with Microsoft's help or a backup: the certificate that AD FS lost, and the one primary that is meant."""
        there = farm.configuration.certificates
        lost = [c for c in self.had if self.word == "loses_another" and c.thumbprint not in {c.thumbprint for c in there} | {self.removed}]
        primaries = [[c.thumbprint for c in some if c.is_primary and c.certificate_type == TOKEN_SIGNING] for some in (there, self.had)]
        (primary,) = next(found for found in primaries if len(found) == 1)
        farm._set_certificates([replace(c, is_primary=c.thumbprint == primary) if c.certificate_type == TOKEN_SIGNING else c for c in (*lost, *there)])

    def _act(self, act: dict[str, Any], certificates: list[dict[str, Any]]) -> dict[str, Any]:
        if act["module"] == "entra_federation":
            return super()._act(act, certificates)
        if act["action"] == self.action and not self.met:
            self.met = self.spoiling = True
            self.had = list(self.world.farms[0].configuration.certificates)
            self.removed = act["thumbprint"] if act["action"] == "remove_from_adfs" else None
            if self.word == "refused":
                self.world.node().refusals = {self.cmdlet: CmdletError(self.cmdlet, "PS9999", "It is refused.")}
            elif self.word in answers.ACTS:
                self.world.node().answers = {self.cmdlet: self.word}
        return self._result(act["module"], **act["arguments"])

    def _execute(self, server: str, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self.away:
            raise AnsibleConnectionFailure("No route to host")
        name = powershell.script_name(arguments)
        if not self.spoiling or self.word not in LOST or name == "write_journal" or not powershell.is_write(name):
            return super()._execute(server, module, arguments)
        self.spoiling = False
        if self.word == "late":
            self.later.append(lambda: Inside._execute(self, server, module, arguments))
        elif self.word != "unheard":
            super()._execute(server, module, arguments)
        if self.word == "no_reply":
            return {"changed": False, "result": {}}
        self.away = self.word in ("away", "unheard")
        raise AnsibleConnectionFailure("Connection reset by peer")


def farm_of(world: World) -> tuple[dict[str, bool], bool]:
    """What is in AD FS: the token-signing certificates, each with whether it is the primary one, and automatic rollover."""
    configuration = world.farms[0].configuration
    return {c.thumbprint: c.is_primary for c in configuration.of_type(TOKEN_SIGNING)}, configuration.properties["AutoCertificateRollover"]


def assert_true(summary: str, done: list[dict[str, Any]], before: Any, after: Any) -> None:
    """What is told as done is to be seen in AD FS, and where nothing is told as done or in doubt, nothing is different."""
    (old, _was), (new, rollover) = before, after
    acts = [act["action"] for act in done]
    for act in done:
        if act["action"] in ("generate", "add"):
            assert new.keys() - old.keys(), summary
        elif act["action"] == "promote":
            assert new[act["thumbprint"]], summary
        elif act["action"] == "remove_from_adfs":
            assert act["thumbprint"] not in new, summary
        elif act["action"] == "suspend_auto_rollover" and "restore_auto_rollover" not in acts:
            assert not rollover, summary
        elif act["action"] == "restore_auto_rollover":
            assert rollover, summary
    if "This run changed nothing." in summary:
        assert after == before, summary


# The rest is long. In the second of these, switching off comes so late that only the next run meets it.
SHORT = {("by the role", "promote", "away"), ("by the role", "suspend_auto_rollover", "late")}


@pytest.mark.parametrize(("renewal", "act", "word"), [pytest.param(*c, marks=[] if c in SHORT else [pytest.mark.long]) for c in CASES])
def test_nobody_is_refused_the_words_are_true_and_the_renewal_ends(renewal: str, act: str, word: str, tmp_path: Path) -> None:
    it = RENEWALS[renewal]
    path = tmp_path / "renewal.json"
    path.write_text(json.dumps(it.scenario), encoding="utf-8")
    world = World(str(path), None, StandingClock(START))
    world.changed()
    policy = dict(it.policy)
    if "following" in world.built.certificates:
        policy["successor"] = world.built.certificates["following"].thumbprint
    runs = Spoiled(world, policy, act, it.acts[act], word)
    began = world.node().signer.thumbprint
    told, healed = "", False
    for _day in range(DAYS):
        before = farm_of(world)
        try:
            _acts, made = runs.run()
        except (RuntimeError, ReadingError) as unread:
            # What came after the act could not be read, or makes no sense: the play ends with that.
            assert runs.met and not told, unread
            told = str(unread)
        else:
            summary = "\n".join(made["summary"])
            assert_true(summary, list(made["memory"]["done"]), before, farm_of(world))
            if runs.met and not told:
                told = summary
                assert made["failures"] or made["memory"]["failed"], summary
        if runs.met and not healed:
            runs.heal()
            healed = True
        world.changed()
        world.advance(DAY, looks_every=timedelta(hours=12))
    assert runs.met, "the act was not planned"
    report = world.oracle.report()
    assert not report["refused"], (told, report["refusals"])
    assert world.node().signer.thumbprint != began, told
