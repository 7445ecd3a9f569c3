# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab for tests: a process of its own, spoken to through the control endpoint only."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_REQUEST_SECONDS = 300.0
_TESTS = Path(__file__).resolve().parents[1]


class LabError(RuntimeError):
    """The lab did not start, or refused a request."""


class Lab:
    """``with Lab("mismatch", directory) as lab: ...``

    ``seconds`` bounds the life of the process, should a test forget it. ``switches``: open facts to flip,
    ``{"farm": {...}, "tenant": {...}}``.
    """

    def __init__(self, scenario: str, directory: str | Path, *, seconds: float = 1800, switches: dict[str, Any] | None = None) -> None:
        self.scenario = scenario
        self.directory = Path(directory)
        self.addresses: dict[str, Any] = {}
        self._seconds = seconds
        self._switches = switches or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Lab:
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "lab", "up", "--scenario", self.scenario, "--dir", str(self.directory)]
        command += ["--seconds", str(self._seconds), "--switches", json.dumps(self._switches)]
        environment = {**os.environ, "PYTHONPATH": str(_TESTS)}
        with (self.directory / "lab.err").open("wb") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment)
        try:
            self._wait_until_ready(self._process)
            self.addresses = json.loads((self.directory / "lab.json").read_text(encoding="utf-8"))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    # -- what tests ask for --------------------------------------------------------------------------------------------------

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.yml"

    def env(self) -> dict[str, str]:
        """Return the environment for playbooks against this lab."""
        wanted = dict(self.addresses["environment"])
        collections = [wanted["ANSIBLE_COLLECTIONS_PATH"], os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")]
        return {**os.environ, **wanted, "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(path for path in collections if path)}

    def now(self) -> datetime:
        """Return the lab's time."""
        return datetime.fromisoformat(self.request("GET", "/clock")["now"].replace("Z", "+00:00"))

    def advance(self, **step: float) -> datetime:
        """Move the clock by ``days``, ``hours``, ``minutes``, ``seconds``, and return the new time."""
        return datetime.fromisoformat(self.request("POST", "/clock", step)["now"].replace("Z", "+00:00"))

    def advance_to(self, moment: datetime, looks_every_hours: float = 1) -> datetime:
        """Move the clock to a moment. The oracle looks after every change, and so often besides."""
        step = {"to": moment.isoformat(), "looks_every_hours": looks_every_hours}
        return datetime.fromisoformat(self.request("POST", "/clock", step)["now"].replace("Z", "+00:00"))

    def state(self) -> dict[str, Any]:
        """Return both sides, certificates by thumbprint."""
        return dict(self.request("GET", "/state"))

    def signins(self) -> dict[str, Any]:
        """Return what the sign-in oracle counted."""
        return dict(self.request("GET", "/signins"))

    def sign_in(self) -> None:
        """Let somebody of every domain sign in at every server, now."""
        self.request("POST", "/signins/look")

    def clear_signins(self) -> None:
        """Let the oracle count anew."""
        self.request("POST", "/signins/clear")

    def log(self, surface: str | None = None) -> list[dict[str, Any]]:
        """Return the requests that reached the lab, of one surface or all."""
        return [entry for entry in self.request("GET", "/log") if surface in (None, entry["surface"])]

    def writes(self) -> list[dict[str, Any]]:
        """Return the requests that changed, or were meant to change, AD FS or Entra."""
        return [entry for entry in self.log() if entry["write"]]

    def counters(self) -> dict[str, int]:
        """Return how often each ``surface.operation`` was asked for."""
        return dict(self.request("GET", "/counters"))

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.request("POST", "/log/clear")

    def fault(self, **fault: Any) -> None:
        """Add a fault: ``surface``, ``operation``, ``do``, ``count``, ``skip``, and details to match."""
        self.request("POST", "/fault", fault)

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.request("DELETE", "/fault")

    def adfs(self, cmdlet: str, node: str | None = None, **arguments: Any) -> Any:
        """Do what an administrator of AD FS does by hand."""
        return self.request("POST", "/adfs", {"cmdlet": cmdlet, "node": node, **arguments})["result"]

    def provider(self, *acts: str, **change: Any) -> dict[str, Any]:
        """Do what an administrator of another identity provider does: ``publish``, ``switch``, ``withdraw``; returns what it signs with and publishes."""
        return dict(self.request("POST", "/provider", {"do": list(acts), **change}))

    def entra(self, **change: Any) -> None:
        """Do what somebody else does in Entra."""
        self.request("POST", "/entra", change)

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send one request to the control endpoint. Raises LabError with the lab's own words."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.addresses["control"] + path, data=data, method=method)  # noqa: S310 - loopback
        try:
            with self._opener.open(request, timeout=_REQUEST_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise LabError(f"{method} {path}: {error.code}: {error.read().decode('utf-8', 'replace')}") from None

    # -- the process ---------------------------------------------------------------------------------------------------------

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            raise LabError("the lab has no output")
        deadline = time.monotonic() + _START_SECONDS
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                    raise LabError(f"the lab was not ready after {_START_SECONDS:.0f} seconds: {self._errors()}")
                block = os.read(process.stdout.fileno(), 4096)
                if not block:
                    raise LabError(f"the lab ended at its start: {self._errors()}")
                line += block
        if not line.startswith(b"lab ready"):
            raise LabError(f"the lab said {line!r}: {self._errors()}")

    def _errors(self) -> str:
        return (self.directory / "lab.err").read_text(encoding="utf-8", errors="replace")[-4000:]

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        self._process = None
        process.terminate()
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=_STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
