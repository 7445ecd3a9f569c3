# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the demo: ``PYTHONPATH=tests python -m demo [--verbose]`` from the repository's root.

It shows the summaries of the runs and a table at the end. All that Ansible prints goes to build/demo.log.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from lab.running import Lab
from playing import RENEW, ROOT, Run, play

HERE = Path(__file__).resolve().parent
LOG = ROOT / "build" / "demo.log"
WIDTH = 150
Row = dict[str, Any]


class Act:
    """One act of the demo: a lab of its own, and a row in the table for each step."""

    def __init__(self, name: str, lab: Lab, watched: bool, log: TextIO) -> None:
        self.name = name
        self.lab = lab
        self.watched = watched
        self.log = log
        self.rows: list[Row] = []
        lab.clear_signins()
        lab.clear_log()

    def step(self, title: str, work: Callable[[], str]) -> None:
        """Do something and count what happened meanwhile: sign-ins at the oracle, requests at the lab's sockets."""
        print(f"\n--- {self.name}: {title}", flush=True)
        self.log.write(f"\n--- {self.name}: {title}\n")
        changed = work()
        self.lab.sign_in()
        signins = self.lab.signins()
        row = {
            "act": self.name,
            "step": title,
            "changed": changed,
            "accepted": signins["accepted"],
            "refused": signins["refused"],
            "requests": sum(1 for entry in self.lab.log() if _is_request(entry)),
        }
        self.rows.append(row)
        print(f"    changed: {changed}; sign-ins accepted {row['accepted']}, refused {row['refused']}; requests {row['requests']}", flush=True)
        self.lab.clear_signins()
        self.lab.clear_log()

    def renew(self, **variables: Any) -> str:
        """Run the real playbook; say what it did."""
        run = play(self.lab, RENEW, variables=variables or None, watched=self.watched)
        self._demand_success(run)
        for line in run.summary:
            print("\n".join(textwrap.wrap(line, WIDTH, initial_indent="    ", subsequent_indent="      ", drop_whitespace=False, break_on_hyphens=False)))
        return "; ".join(_said(action) for action in run.done) or "nothing"

    def run(self, playbook: str, **variables: Any) -> Run:
        """Run one of the demo's own playbooks."""
        run = play(self.lab, HERE / playbook, variables=variables or None, watched=self.watched)
        self._demand_success(run)
        return run

    def wait(self, **span: float) -> str:
        """Let the lab's time pass; somebody signs in every hour, in short waits every ten minutes."""
        before = self.lab.state()
        if set(span) == {"minutes"}:
            for _step in range(int(span["minutes"]) // 10):
                self.lab.advance(minutes=10)
                self.lab.sign_in()
        else:
            self.lab.advance(**span)
        return _difference(before, self.lab.state())

    def _demand_success(self, run: Run) -> None:
        self.log.write(run.output)
        if run.code != 0:
            if not self.watched:
                sys.stdout.write(run.output)
            raise SystemExit(f"The demo stopped: the playbook ended with {run.code}: {' | '.join(run.messages)}")


def mismatch(act: Act) -> None:
    """Sign-in is broken because the domains hold another certificate; one run mends it."""
    act.step("sign-in as it is found, for an hour", lambda: act.wait(minutes=60))
    act.step("run 1", act.renew)
    act.step("two hours for Entra to follow", lambda: act.wait(hours=2))
    act.step("a day later", lambda: act.wait(days=1))
    act.step("run 2", act.renew)


def expiring(act: Act) -> None:
    """A renewal 30 days before the end, promoted by AD FS itself in the night."""
    act.step("run 1", act.renew)
    act.step("a day passes", lambda: act.wait(days=1))
    act.step("run 2", act.renew)
    act.step("five days pass; AD FS promotes in the night", lambda: act.wait(days=5))
    act.step("run 3", act.renew)
    act.step("a week passes", lambda: act.wait(days=7))


def naive(act: Act) -> None:
    """The same renewal with -Urgent first and the domains afterwards."""

    def urgent() -> str:
        return "new primary, the old one removed" if act.run("naive_rollover.yml").changed else "nothing"

    def tell(domain: str) -> str:
        return f"wrote {domain}" if act.run("naive_domain.yml", naive_domain=domain).changed else "nothing"

    act.step("Update-AdfsCertificate -Urgent", urgent)
    act.step("half an hour until somebody updates the first domain", lambda: act.wait(minutes=30))
    for domain in ("contoso.com", "fabrikam.com"):
        act.step(f"update {domain}", lambda domain=domain: tell(domain))  # type: ignore[misc]
        act.step(f"half an hour after {domain}", lambda: act.wait(minutes=30))
    act.step("three hours for Entra to follow", lambda: act.wait(hours=3))


def okta(act: Act) -> None:
    """An identity provider without AD FS, such as Okta, changes its certificate; only its metadata is read."""
    hosts = "state_hosts"
    known: list[str] = []

    def publish() -> str:
        known.extend(act.lab.provider("publish")["published"])
        return "two certificates in the metadata"

    def switch() -> str:
        return f"it signs with {act.lab.provider('switch')['signer'][:8]}…"

    def withdraw() -> str:
        act.lab.provider("withdraw")
        return act.wait(days=7)

    act.step("run 1", lambda: act.renew(renew_signing_cert_hosts=hosts))
    act.step("it publishes its next certificate", publish)
    act.step("run 2, the operator has confirmed that", lambda: act.renew(renew_signing_cert_hosts=hosts, renew_signing_cert_known_certificates=known))
    act.step("25 hours pass", lambda: act.wait(hours=25))
    act.step("it signs with its next certificate", switch)
    act.step("a day passes", lambda: act.wait(days=1))
    act.step("it withdraws the first; a week passes", withdraw)
    act.step("run 3", lambda: act.renew(renew_signing_cert_hosts=hosts, renew_signing_cert_known_certificates=known))


def main() -> int:
    """Play the four acts, print the table, write build/demo.json, and judge: 0 if the promise held."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show all that Ansible prints while it runs")
    watched = parser.parse_args().verbose
    rows: list[Row] = []
    acts = (("mismatch", "mismatch", mismatch), ("expiring", "expiring", expiring), ("expiring", "naive", naive), ("okta", "okta", okta))
    target = ROOT / "build" / "demo.json"
    target.parent.mkdir(exist_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        for scenario, name, script in acts:
            print(f"\n=== {name}: {(script.__doc__ or '').strip()}", flush=True)
            with tempfile.TemporaryDirectory(prefix="demo-") as directory, Lab(scenario, directory) as lab:
                act = Act(name, lab, watched, log)
                script(act)
                rows += act.rows
    target.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(_table(rows))
    verdict = _judge(rows)
    print(f"\nThe table as data is in {target.relative_to(ROOT)}; all that Ansible printed is in {LOG.relative_to(ROOT)}.")
    return verdict


def _judge(rows: list[Row]) -> int:
    refused = {name: sum(row["refused"] for row in rows if row["act"] == name) for name in ("mismatch", "expiring", "naive", "okta")}
    rotation = [row["changed"] for row in rows if row["act"] == "okta"]
    last = [row for row in rows if row["act"] == "mismatch"]
    verdicts = {
        "the broken federation works again": last[0]["refused"] > 0 and last[-2]["refused"] == 0 and last[-2]["accepted"] > 0,
        "the second run changed nothing": last[-1]["changed"] == "nothing",
        "the renewal refused no sign-in": refused["expiring"] == 0,
        "the naive way refused some": refused["naive"] > 0,
        "an identity provider without AD FS changed its certificate, and no sign-in was refused": refused["okta"] == 0
        and [word.split()[0] for word in (rotation[0], rotation[2], rotation[-1])] == ["nothing", "publish", "reorder"],
    }
    for what, held in verdicts.items():
        print(f"{'yes' if held else 'NO '}  {what}")
    return 0 if all(verdicts.values()) else 1


def _said(action: dict[str, Any]) -> str:
    where = ", ".join(t if isinstance(t, str) else t["domain"] for t in action["targets"])
    return f"{action['action']} {where}"


def _is_request(entry: dict[str, Any]) -> bool:
    # Items of a batch and script names are details of a request that is counted already.
    return entry["surface"] not in ("graph_item", "adfs")


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    old, new = _primary(before), _primary(after)
    return "nothing" if old == new else "AD FS promoted its successor"


def _primary(state: dict[str, Any]) -> list[str]:
    return [
        certificate["thumbprint"]
        for farm in state["farms"]
        for node in farm["nodes"]
        for certificate in node["certificates"]
        if node["is_primary"] and certificate["is_primary"] and certificate["certificate_type"] == "Token-Signing"
    ]


def _table(rows: list[Row]) -> str:
    columns = ("act", "step", "changed", "accepted", "refused", "requests")
    width = {c: min(72, max(len(c), *(len(str(row[c])) for row in rows))) for c in columns}
    lines = ["", "  ".join(c.ljust(width[c]) for c in columns), "  ".join("-" * width[c] for c in columns)]
    for row in rows:
        lines.append(
            "  ".join(str(row[c])[: width[c]].rjust(width[c]) if isinstance(row[c], int) else str(row[c])[: width[c]].ljust(width[c]) for c in columns)
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
