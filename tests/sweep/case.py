# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One case: a start, one run that meets a fault at one of its remote calls, ordinary daily runs after it, and what is wrong with all that."""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import verify
from lab.cmdlet_state import JOURNAL_FOLDER, StandingClock
from lab.farm import TOKEN_DECRYPTING, TOKEN_SIGNING, CmdletError, Node
from lab.keys import server_context
from lab.metadata import MetadataServer
from lab.world import World
from sweep.faults import CMDLETS, ON_SOCKETS, STALE
from sweep.runs import Killed, Swept, quiet_environment
from sweep.starts import STARTS, Start
from year.inside import Inside

DAY = timedelta(days=1, minutes=1)
BEGIN = datetime.now(timezone.utc).replace(hour=8, minute=0, second=0, microsecond=0)
"""The modules of the controller compare with its clock, so the lab begins today."""
MOST_DAYS = 12
LONGEST_WAIT = timedelta(days=31)
"""A wait that a run names is waited for where it is no longer."""
USUAL_DAYS = 4
"""After so many ordinary runs the state is taken that a history with a fault has to reach, too, in at most MOST_DAYS."""
_AUDIT = "audit"


@dataclass(frozen=True)
class Case:
    """``kind``: socket, windows, odd, kill, event or clock. ``call``: the number of the call in the run; of a socket, that of the requests to
    ``surface`` with this ``operation``. ``lasting``: until the run ends, and not once.
    """

    start: str
    kind: str
    fault: str
    call: int = 0
    surface: str = ""
    operation: str = ""
    lasting: bool = False

    @property
    def name(self) -> str:
        """The words that replay it: python -m sweep --case NAME."""
        where = f"{self.surface}.{self.operation}" if self.kind == "socket" else ""
        return "/".join([self.start, self.kind, where, str(self.call), self.fault, "lasting" if self.lasting else "once"])

    @classmethod
    def of(cls, name: str) -> Case:
        """The case with this name. Raises ValueError."""
        start, kind, where, call, fault, lasting = name.split("/")
        surface, _dot, operation = where.partition(".")
        return cls(start, kind, fault, int(call), surface, operation, lasting == "lasting")


@dataclass
class Verdict:
    """``wrong``: each a kind and what was seen. ``days``: ordinary runs until the end was reached. ``met``: the fault was."""

    case: str
    wrong: list[tuple[str, str]] = field(default_factory=list)
    days: int = 0
    met: bool = False
    said: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class Play:
    """A world and its runs. The servers for Entra and metadata run while it is entered."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.start: Start = STARTS[name]
        self.folder = tempfile.TemporaryDirectory(prefix="sweep-")  # goes with this object, and not when a copy of the process leaves the servers
        path = Path(self.folder.name) / "start.json"
        path.write_text(json.dumps(self.start.scenario), encoding="utf-8")
        self.world = World(str(path), None, StandingClock(BEGIN))
        self.world.changed()
        self.ca_path = Path(self.folder.name) / "ca.pem"
        self.ca_path.write_text(self.world.authority.pem, encoding="utf-8")
        self.runs = Swept(self.world, self._policy(self.start.policy))

    def _policy(self, given: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(given)
        for name, certificate in self.world.built.certificates.items():
            text = text.replace("{" + name + "}", certificate.thumbprint)
        policy: dict[str, Any] = json.loads(text)
        return policy

    @classmethod
    def at(cls, name: str) -> Play:
        """The world of a start when the run begins that matters."""
        play = cls(name)
        play.go_to_start()
        return play

    def __enter__(self) -> Play:
        quiet_environment()
        # Made here: a copy of this process shares the sockets and has none of the threads.
        world, context = self.world, server_context(self.world.authority, ("sts.contoso.com",))
        world.metadata = {node.name: MetadataServer(node, context, world.lock, world.settle, world.log, world.faults) for node in world.nodes}
        self._servers = [world.entra, *world.metadata.values()]
        for server in self._servers:
            server.start()
        self._connected = self.runs.connected(self.ca_path)
        self._connected.__enter__()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._connected.__exit__(None, None, None)
        for server in self._servers:
            server.stop()

    def go_to_start(self) -> None:
        """Live through the healthy days before the run that matters, without sockets."""
        before = Inside(self.world, self.runs.policy)
        for _day in range(self.start.days):
            before.run()
            self.next_day()
        self.runs.policy = self._policy({**self.start.policy, **self.start.later})
        self.runs.mode = self.start.mode

    def next_day(self) -> None:
        """Let a day pass."""
        self.world.changed()
        self.world.advance(DAY, looks_every=timedelta(hours=12))

    def state(self) -> dict[str, Any]:
        """What is reached, whatever the certificates that AD FS makes are called."""
        farm = self.world.farms[0]
        names = {c.thumbprint: name for name, c in self.world.built.certificates.items()}
        primary = {kind: farm.configuration.primary(kind) for kind in (TOKEN_SIGNING, TOKEN_DECRYPTING)}
        signs = primary[TOKEN_SIGNING]
        words = {None: "none", **names, **({signs.thumbprint: names.get(signs.thumbprint, "new primary")} if signs else {})}

        def word(der: bytes | None) -> str:
            return words.get(None if der is None else _thumbprint(der), "other")

        return {
            "primary": {kind: names.get(c.thumbprint, "new") if c else "none" for kind, c in primary.items()},
            "certificates": {kind: len(farm.configuration.of_type(kind)) for kind in primary},
            "rollover": farm.configuration.properties["AutoCertificateRollover"],
            "domains": {name: sorted(word(der) for der in self._slots(name)) for name in self.world.built.farm_of_domain},
        }

    def _slots(self, domain: str) -> tuple[bytes | None, ...]:
        governing = self.world.tenant.governing(domain)
        assert governing is not None and governing.federation is not None
        slots = governing.federation.slots
        return slots.signing, slots.next

    def seen(self) -> Any:
        """What a run may change: AD FS and Entra, bit for bit."""
        configuration = self.world.farms[0].configuration
        certificates = sorted((c.certificate_type, c.thumbprint, c.is_primary) for c in configuration.certificates)
        return certificates, configuration.properties["AutoCertificateRollover"], {name: self._slots(name) for name in self.world.built.farm_of_domain}


def _thumbprint(der: bytes) -> str:
    return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA1()).hex().upper()


@dataclass(frozen=True)
class Usual:
    """What comes without a fault: the calls of the run, the requests on each surface, and the state that is reached after a few days.

    ``refused``: the sign-ins that are refused where somebody cannot sign in at the beginning and nobody runs anything.
    """

    calls: list[str]
    requests: list[tuple[str, str]]
    state: dict[str, Any]
    refused: int


def usual(play: Play) -> Usual:
    """Live on from a start without any fault."""
    with play:
        calls: list[str] = []

        def noted(name: str, work: Callable[[], Any]) -> Any:
            calls.append(name)
            return work()

        play.world.log.clear()
        play.runs.call = noted
        play.runs.run()
        play.runs.call = lambda _name, work: work()
        requests = [(e["surface"], e["operation"]) for e in play.world.log.entries() if e["surface"] in ON_SOCKETS]
        for _day in range(USUAL_DAYS):
            play.next_day()
            play.runs.run()
        play.next_day()
        state = play.state()
    return Usual(calls, requests, state, _refused_by_twin(play.name, None) if play.start.broken else 0)


def live(play: Play, case: Case, expected: Usual) -> Verdict:
    """Live through a case from its start on, and judge it."""
    verdict = Verdict(case.name)
    with play:
        meeting = _Meeting(play, case)
        _one_run(play, verdict, meeting)
        meeting.lift()
        verdict.met = meeting.met
        for day in range(1, MOST_DAYS + 1):
            play.next_day()
            _one_run(play, verdict, None)
            verdict.days = day
            if play.state() == expected.state:
                break
            _answer(play)
        else:
            _wait_as_told(play, verdict)
        play.next_day()
        _judge_end(play, case, expected, verdict)
    return verdict


def _wait_as_told(play: Play, verdict: Verdict) -> None:
    """The last run waits until a moment that it names, as where waits begin anew because the journal stayed on the former primary server: one more then."""
    until = min((_moment(b["until"]) for b in play.runs.blocked if b["until"]), default=None)
    if until is None or until > play.world.clock.now() + LONGEST_WAIT:
        return
    while play.world.clock.now() < until:
        play.next_day()
    _one_run(play, verdict, None)
    verdict.days += 1


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _answer(play: Play) -> None:
    """The operator does what the run asks for: where the journal stayed on the server that was primary, nobody else knows that rollover was on."""
    if any("set renew_signing_cert_auto_rollover to true or false" in message for message in play.runs.messages):
        play.runs.policy = {**play.runs.policy, "auto_rollover": play.start.scenario["farms"][0]["properties"]["AutoCertificateRollover"]}


def _one_run(play: Play, verdict: Verdict, meeting: _Meeting | None) -> None:
    before = play.seen()
    try:
        _acts, made = play.runs.run()
    except Killed:
        return
    except Exception:  # noqa: BLE001 - whatever comes out of the product here is what an operator would see
        verdict.wrong.append(("traceback", traceback.format_exc()[-1500:]))
        return
    after = play.seen()
    summary = made["summary"]
    outsiders = meeting is not None and meeting.outsiders
    verdict.said += play.runs.messages
    if meeting is not None:
        verdict.said += summary
    _judge_words(play, verdict, [*summary, *play.runs.messages])
    doubt = bool(made["memory"]["failed"] or made["memory"]["refused"] or made["memory"]["doubtful"] or play.runs.messages)
    if after != before and not play.runs.changed and not outsiders and not doubt:
        verdict.wrong.append(("changed", "something was changed, and no task says so"))
    if after == before and play.runs.changed and not outsiders and not doubt:  # what may have changed counts as changed
        verdict.wrong.append(("changed", "a task says changed, and nothing is different"))
    if after != before and any("This run changed nothing." in line for line in summary) and not outsiders:
        verdict.wrong.append(("untrue", "changed nothing, the summary says: " + " | ".join(summary)))
    # Making a successor switches rollover on and off again: where that broke off, the summary says that AD FS may have been changed all the same.
    toggled = any(entry["act"]["action"] == "generate" for entry in made["memory"]["doubtful"])
    for act in made["memory"]["done"]:
        if toggled and act["action"] == "suspend_auto_rollover":
            continue
        if not outsiders and not _is_so(act, before, after, made["memory"]["done"]):
            verdict.wrong.append(("untrue", f"{act['said']} counts as done, and it is not to be seen"))


def _is_so(act: dict[str, Any], before: Any, after: Any, done: list[dict[str, Any]]) -> bool:
    """Whether what counts as done is to be seen, or was undone by another act of the run."""
    acts = [other["action"] for other in done]
    roles = {(kind, thumbprint): primary for kind, thumbprint, primary in after[0]}
    earlier = {(kind, thumbprint) for kind, thumbprint, _primary in before[0]}
    place = (act.get("certificate_type"), act.get("thumbprint"))
    action = act["action"]
    if action in ("generate", "add"):
        return bool(roles.keys() - earlier)
    if action == "promote":
        others = {other["thumbprint"] for other in done if other["action"] == "promote"} - {act["thumbprint"]}
        return roles.get(place) is True or any(roles.get((place[0], thumbprint)) for thumbprint in others)
    if action == "remove_from_adfs":
        return place not in roles
    if action == "suspend_auto_rollover":
        return after[1] is False or "restore_auto_rollover" in acts
    if action == "restore_auto_rollover":
        return after[1] is True
    return True


def _judge_words(play: Play, verdict: Verdict, lines: list[str]) -> None:
    secrets = [play.world.credentials.client_secret, play.world.credentials.windows_password]
    for line in lines:
        if "Traceback" in line or "object at 0x" in line or "NoneType" in line:
            verdict.wrong.append(("unclear", line[:500]))
        if not line.isprintable() or len(line) > 3000:
            verdict.wrong.append(("unclear", f"{len(line)} characters, or not printable: {line[:300]!r}"))
        if any(secret in line for secret in secrets) or "eyJ" in line:
            verdict.wrong.append(("secret", line[:200]))


def _judge_end(play: Play, case: Case, expected: Usual, verdict: Verdict) -> None:
    world = play.world
    refused = world.oracle.report()["refused"]
    ours = refused - (expected.refused if play.start.broken and case.kind != "event" else _refused_by_twin(case.start, case) if refused else 0)
    if ours > 0:
        verdict.wrong.append(("refused", f"{ours} sign-ins: {world.oracle.report()['refusals'][:3]}"))
    reached = play.state()
    if reached != expected.state and not _is_left_to_people(case):
        verdict.wrong.append(("no end", f"{json.dumps(reached)} instead of {json.dumps(expected.state)}; the last summary: {play.runs.messages}"))
    if play.start.mode == "apply":
        _judge_journal(play, verdict)


def _refused_by_twin(start: str, case: Case | None) -> int:
    """How many sign-ins are refused where nobody runs anything; of a case only what others do counts."""
    twin = Play.at(start)
    with twin:
        twin.runs.mode = _AUDIT
        meeting = _Meeting(twin, case) if case is not None and case.kind == "event" else None
        for _day in range(MOST_DAYS + 1):
            twin.runs.run()
            if meeting is not None:
                meeting.lift()
            twin.next_day()
        refused: int = twin.world.oracle.report()["refused"]
        return refused


def _is_left_to_people(case: Case) -> bool:
    """Whether what somebody did by hand leads elsewhere, which is no fault of a run."""
    return case.kind == "event" and case.fault.startswith(("administrator", "service"))


def _judge_journal(play: Play, verdict: Verdict) -> None:
    files = play.world.node().files
    found = files.get(JOURNAL_FOLDER + "journal.json")
    if found is None:
        verdict.wrong.append(("state", "the journal is gone"))
        return
    journal = json.loads(found)
    if (journal.get("lock") or {}).get("run") == play.runs.last:  # that of a run that died lapses, and the next one that writes takes it out
        verdict.wrong.append(("state", f"the lock is held: {journal['lock']}"))
    ledger = sorted(name for name in files if name.endswith(".jsonl"))
    read = verify([(name, files[name]) for name in ledger], journal["ledger"]["head"])
    if read.breaks:
        verdict.wrong.append(("state", f"the ledger does not verify: {read.breaks[:2]}"))


class _Meeting:
    """Plays the fault of a case in one run."""

    def __init__(self, play: Play, case: Case) -> None:
        self.play, self.case = play, case
        self.world = play.world
        self.met = False
        self.outsiders = case.kind == "event"
        self._number = 0
        self._away = ""
        self._later: list[Callable[[], Any]] = []
        self._replies: dict[str, Any] = {}
        self._spoiled: list[Node] = []
        if case.kind == "socket":
            which = {"surface": case.surface, "operation": case.operation, "skip": case.call}
            self.world.faults.add({**which, "count": -1 if case.lasting else 1, "do": ON_SOCKETS[case.surface][case.fault]})
        elif case.kind == "clock":
            play.runs.skew, self.met = timedelta(minutes=int(case.fault)), True
        play.runs.call = self.call

    def lift(self) -> None:
        """The fault ends, and an administrator finds what it left on a server."""
        if self.case.kind == "socket":
            left = self.world.faults.pending()
            self.met = not left or self.case.lasting
            self.world.faults.clear()
        self.play.runs.call = lambda _name, work: work()
        self.play.runs.skew = timedelta(0)
        for work in self._later:
            work()
        for node in self._spoiled:
            node.answers, node.refusals = {}, {}
        for node in self.world.nodes:
            if not node.service_running:
                node.restart_service()
        properties = self.world.farms[0].configuration.properties
        if properties["AutoCertificateRollover"] is None:
            self.world.node().set_adfs_properties(AutoCertificateRollover=True)
        self.world.changed()

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Carry out a remote call, or what the fault makes of it."""
        number, self._number = self._number, self._number + 1
        server = name.partition(" ")[2]
        if self._away and server == self._away:
            raise AnsibleConnectionFailure("No route to host")
        here = number == self.case.call or (self.case.lasting and number >= self.case.call)
        elsewhere = self.case.kind in ("windows", "odd") and not server  # a busy machine may repeat a request, and the calls after it count on
        if not here or elsewhere or self.case.kind in ("socket", "clock"):
            result = work()
            self._replies[name] = result
            return result
        self.met = True
        if self.case.kind == "kill":
            if self.case.fault == "after":
                work()
            raise Killed
        if self.case.kind == "event":
            self._event()
            return work()
        return self._odd(name, work) if self.case.kind == "odd" else self._windows(name, server, work)

    def _odd(self, name: str, work: Callable[[], Any]) -> Any:
        node = self.world.node(name.partition(" ")[2])
        self._spoiled.append(node)
        for cmdlet in CMDLETS[name.partition(" ")[0]]:
            if self.case.fault == "refused":
                node.refusals[cmdlet] = CmdletError(cmdlet, "PS9999", "It is refused.")
            else:
                node.answers[cmdlet] = self.case.fault
        return work()

    def _windows(self, name: str, server: str, work: Callable[[], Any]) -> Any:
        fault = self.case.fault
        if fault == "unreachable":
            raise AnsibleConnectionFailure("No route to host")
        if fault == "401":
            raise AnsibleConnectionFailure("ssl: the specified credentials were rejected by the server")
        if fault == "away from now on":
            self._away = server
            raise AnsibleConnectionFailure("No route to host")
        if fault == "late":
            self._later.append(work)
            raise AnsibleConnectionFailure("winrm connection error: Read timed out")
        if fault == STALE:
            return self._replies[name] if name in self._replies else work()
        result = work()
        if fault == "twice":
            return work()
        if fault == "away after it":
            self._away = server
        if fault in ("reset after", "timed out", "away after it"):
            raise AnsibleConnectionFailure("Connection reset by peer" if fault != "timed out" else "winrm connection error: Read timed out")
        if fault == "no reply":
            return {"changed": False, "result": {}}
        if fault == "null reply":
            return {"changed": False, "result": {"json": "null"}}
        if fault == "truncated":
            told = dict(result.get("result") or {})
            return {**result, "result": {**told, "json": str(told.get("json"))[: len(str(told.get("json"))) // 2]}}
        stdout = "This is not what the module printed."
        return {"failed": True, "module_stdout": stdout, "module_stderr": "", "msg": "MODULE FAILURE: No start of json char found", "rc": 0}

    def _event(self) -> None:
        """What somebody else does between two calls. What AD FS refuses him is not done."""
        farm, node = self.world.farms[0], self.world.node()
        fault = self.case.fault
        try:
            if fault == "another run":
                other = Swept(self.world, self.play.runs.policy, self.play.runs.mode)
                other._entra, other._ca_path = self.play.runs._entra, self.play.runs._ca_path
                kept, self.play.runs.call = self.play.runs.call, lambda _name, work: work()
                other.run()
                self.play.runs.call = kept
            elif fault == "updater":
                self.world.tenant._run_updater(self.world.clock.now())
            elif fault == "administrator generates":
                node.update_adfs_certificate(TOKEN_SIGNING)
            elif fault == "administrator promotes":
                following = farm.configuration.successor(TOKEN_SIGNING, self.world.clock.now())
                if following is not None:
                    node.set_adfs_certificate(TOKEN_SIGNING, following.thumbprint)
            elif fault == "administrator toggles rollover":
                node.set_adfs_properties(AutoCertificateRollover=not farm.auto_certificate_rollover)
            elif fault == "role moves":
                _move_role(self.world)
            elif fault == "service stops":
                self.world.nodes[-1].stop_service()
        except CmdletError:
            pass
        self.world.changed()


def _move_role(world: World) -> None:
    """An administrator makes the second server the primary one."""
    farm = world.farms[0]
    former, now = farm.nodes[0], farm.nodes[1]
    former.take_copy(farm.configuration.copied())
    former.is_primary, now.is_primary = False, True
    now.configuration_changed()  # it reads what it had not synchronized yet
    farm.nodes = [now, former, *farm.nodes[2:]]
    farm.listed_nodes = list(farm.nodes)
