# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks under the real ansible-rulebook, where there is Java: which events launch what in the controller."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from lab.entra import federated_domain
from lab.entra.token import service_principal
from playing import ROOT
from playing.eda_environment import PLACE, missing

from .conftest import CLIENT, TENANT, Entra, signing

TEMPLATES = {"adfs_audit": "job_template", "adfs_change": "workflow_job_template"}
BROKEN = {
    "must_act": [{"what": "broken", "reason": "contoso.com does not accept the certificate that AD FS signs with", "domain": "contoso.com"}],
    "alarms": [],
    "deadline": None,
}
STRANGE = {"must_act": [], "alarms": [{"alarm": "settings_changed", "object": "contoso.com", "reason": "issuerUri is another one"}], "deadline": None}
SECRET = "planted-reader-secret-Tk3v"
pytestmark = pytest.mark.long


class Launches:
    """What ansible-rulebook asks of a controller: its templates, launching one, and how a job fares."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._say(200, owner.get(self.path))

            def do_POST(self) -> None:
                given = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
                self._say(201, owner.launch(self.path, given))

            def _say(self, status: int, answer: dict[str, Any]) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def get(self, path: str) -> dict[str, Any]:
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "unified_job_templates" in parts.path:
            found = [self._template(name, kind) for name, kind in TEMPLATES.items() if name == asked.get("name")]
        elif parts.path.endswith(("/jobs/", "/workflow_jobs/")):
            found = [self._job(number) for number in range(1, len(self.seen) + 1)]
        else:
            return {"version": "4.6.0"}
        return {"count": len(found), "next": None, "results": found}

    def launch(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        name = path.strip("/").split("/")[-2]
        self.seen.append((name, given))
        return self._job(len(self.seen))

    @staticmethod
    def _template(name: str, kind: str) -> dict[str, Any]:
        asks = {f"ask_{what}_on_launch": what in ("limit", "variables") for what in ("limit", "labels", "inventory", "variables")}
        about = {"summary_fields": {"organization": {"name": "Default"}}, "related": {"launch": f"/api/v2/{kind}s/{name}/launch/"}}
        return {"id": sorted(TEMPLATES).index(name) + 1, "type": kind, "name": name, **about, **asks}

    def _job(self, number: int) -> dict[str, Any]:
        """One job: a workflow waits for its approval for days, an audit is done."""
        kind, status = ("workflow_job", "running") if TEMPLATES[self.seen[number - 1][0]].startswith("workflow") else ("job", "successful")
        return {"id": number, "url": f"/api/v2/{kind}s/{number}/", "type": kind, "status": status, "artifacts": {}, "created": "2026-01-01T00:00:00Z"}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Rulebook:
    """A running ansible-rulebook."""

    def __init__(self, name: str, folder: Path, variables: dict[str, Any], environment: dict[str, str]) -> None:
        why = missing()
        if why:
            pytest.skip(why)
        folder.mkdir()
        (folder / "vars.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
        (folder / "inventory.yml").write_text("all:\n  hosts:\n    localhost:\n      ansible_connection: local\n", encoding="utf-8")
        self.launches = Launches()
        self.said = folder / "output"
        places = {"PATH": os.pathsep.join((str(PLACE / "bin"), os.environ["PATH"])), "HOME": str(folder), "ANSIBLE_HOME": str(folder)}
        found = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"), "NO_PROXY": "127.0.0.1", "EDA_JOB_TEMPLATE_REFRESH_DELAY": "1"}
        command = [str(PLACE / "bin" / "ansible-rulebook"), "--rulebook", f"federation.adfs.{name}", "--inventory", str(folder / "inventory.yml")]
        command += ["--vars", str(folder / "vars.yml"), "--controller-url", self.launches.url, "--controller-token", "x"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "ADFS_", "AZURE_"))}
        with self.said.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env={**kept, **places, **found, **environment}
            )

    def wait(self, until: Callable[[], bool], seconds: float = 120) -> str:
        deadline = time.monotonic() + seconds
        while not until():
            output = self.said.read_text(encoding="utf-8", errors="replace")
            assert self._process.poll() is None and time.monotonic() < deadline, output + str(self.launches.seen)
            time.sleep(0.2)
        return self.said.read_text(encoding="utf-8", errors="replace")

    def output(self) -> str:
        return self.said.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> Rulebook:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=30)
        self.launches.stop()


def test_what_audits_find_launches_a_plan_or_an_audit(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "adfs1.contoso.com.json").write_text(json.dumps(BROKEN))
    (results / "adfs1.example.com.json").write_text(json.dumps(STRANGE))
    # The workflow goes on waiting for its approval, which keeps nothing else from being launched.
    with Rulebook("signing_cert", tmp_path / "rulebook", {"adfs_results": str(results)}, {}) as running:
        running.wait(lambda: len(running.launches.seen) >= 2)
        assert sorted((name, given["limit"]) for name, given in running.launches.seen) == [
            ("adfs_audit", "adfs1.example.com"),
            ("adfs_change", "adfs1.contoso.com"),
        ]


def test_a_foreign_change_is_told_and_starts_an_audit(entra: Entra, tmp_path: Path) -> None:
    entra.add(*(federated_domain(name, "sts.contoso.com", signing("old").der) for name in ("contoso.com", "example.com")))
    entra.server.register_application(CLIENT, secret=SECRET, roles=("AuditLog.Read.All",))
    entra.tenant.switches.change({"audit_log_lag_minutes": 0.0})
    for number in range(2):
        entra.tenant.set_slots("contoso.com", signing("stranger", -number).der, None)
    given = entra.options(client_secret=SECRET)
    environment = {f"ADFS_ENTRA_{name.upper()}": str(value) for name, value in given.items()}
    state = tmp_path / "state.json"
    variables = {"adfs_applications": [service_principal(TENANT, CLIENT)], "adfs_ledgers": "", "adfs_audit_log_state": str(state)}
    with Rulebook("federation_changes", tmp_path / "rulebook", variables, environment) as running:
        running.wait(lambda: bool(running.launches.seen) and state.exists())
        told = running.wait(lambda: running.output().count("'kind': 'foreign'") >= 2)
        assert [(name, asked["limit"]) for name, asked in running.launches.seen] == [("adfs_audit", "all")], "once for both"
    assert "admin@contoso.onmicrosoft.com" in told and SECRET not in told
    assert len(json.loads(state.read_text())["put"]) == 2
