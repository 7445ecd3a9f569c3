# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same year as real playbook runs against the lab's sockets, on the days on which something happens and on every 30th."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.running import Lab
from playing import play
from year.years import DAY, DAYS, PREFIX, Record, Year, kinds, needs_a_hand

EVERY = 30
SECONDS = 1800.0
BY_ITSELF = range(30, 47)  # the days around those on which AD FS makes its successor and promotes it
FOR_ATTENTION = "federation.adfs.renew_signing_cert : fail | Fail for what needs attention]"


class PlayError(RuntimeError):
    """A run that failed, with its output."""


def play_through(year: Year, days: set[int], directory: Path) -> Record:
    """Let the year pass, with a playbook run on these days and on every 30th. Raises PlayError where one fails for anything but what needs attention."""
    scenario = json.loads(Path(year.path).read_text(encoding="utf-8"))
    with Lab(year.path, directory, seconds=SECONDS) as lab:
        start = lab.now()
        policy = year.policy(start, scenario.get("variables", {}))
        lab.clear_log()
        record, waiting = Record(primaries=[_primary(lab)]), list(year.by_hand)
        for day in range(DAYS + 1):
            # Who runs rarely has AD FS' clock held in the freeze. The year is one of daily runs, which need not.
            if day not in days and day % EVERY and day != DAYS and not (year.freeze and day in BY_ITSELF):
                continue
            if day:
                lab.advance_to(start + day * DAY, looks_every_hours=24)
            run = play(lab, variables={PREFIX + name: value for name, value in policy.items()})
            # A run that did what is safe and fails for what a person has to see to is one of a year, too: the sign-ins and the writes are judged.
            if run.code != 0 and not run.output.rpartition("TASK [")[2].startswith(FOR_ATTENTION):
                raise PlayError(f"{year.name}, day {day}: the playbook ended with {run.code}\n{run.output}")
            record.runs += 1
            if run.done:
                record.acts[day] = [act["action"] for act in run.done]
            if needs_a_hand(run.result) and waiting:
                record.hands.append(day)
                lab.adfs("Add-AdfsCertificate", certificate_type="Token-Signing", thumbprint=waiting.pop(0))
            if _primary(lab) != record.primaries[-1]:
                record.primaries.append(_primary(lab))
        signins, state = lab.signins(), lab.state()
        record.accepted, record.refused, record.unanswered = signins["accepted"], signins["refused"], signins["unanswered"]
        record.writes = kinds(lab.log())
        record.slots = {d["domain"]: (d["configured"]["signing"], d["configured"]["next"]) for d in state["domains"] if d["configuration_id"]}
        return record


def _primary(lab: Lab) -> str:
    certificates: list[dict[str, Any]] = lab.state()["farms"][0]["nodes"][0]["certificates"]
    return next(str(c["thumbprint"]) for c in certificates if c["is_primary"] and c["certificate_type"] == "Token-Signing")
