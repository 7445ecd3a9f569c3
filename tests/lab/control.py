# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control endpoint: how tests, the demo and people move the clock, look inside, and play other people's parts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab import answers
from lab.entra.federation import thumbprint
from lab.entra.switches import SwitchError
from lab.entra.tenant import Administrator, NoSuchDomain, NotFederated
from lab.farm import SWITCHES, CmdletError, Node
from lab.world import World

_MAX_BODY = 1_000_000
_MAX_STEP = timedelta(days=3660)

Answer = tuple[int, Any]


class ControlError(ValueError):
    """A request to the control endpoint that cannot be carried out, and why."""


class ControlServer:
    """Plain HTTP and JSON on loopback. README.md lists the requests."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "/clock"): lambda _: {"now": _text(world.clock.now())},
            ("POST", "/clock"): self._advance,
            ("GET", "/log"): lambda _: world.log.entries(),
            ("POST", "/log/clear"): self._clear_log,
            ("DELETE", "/log"): self._clear_log,
            ("GET", "/counters"): lambda _: world.log.counters(),
            ("GET", "/traffic"): lambda _: world.log.traffic(),
            ("GET", "/signins"): self._signins,
            ("POST", "/signins/look"): self._look,
            ("POST", "/signins/clear"): self._clear_signins,
            ("DELETE", "/signins"): self._clear_signins,
            ("GET", "/fault"): lambda _: world.faults.pending(),
            ("POST", "/fault"): self._add_fault,
            ("DELETE", "/fault"): self._clear_faults,
            ("GET", "/state"): lambda _: world.state(),
            ("POST", "/adfs"): self._adfs,
            ("POST", "/entra"): self._entra,
            ("POST", "/provider"): self._provider,
            ("POST", "/winrm"): self._winrm,
        }
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="control", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Carry out one request and return status and answer."""
        route = self._routes.get((method, path.split("?", 1)[0].rstrip("/")))
        if route is None:
            known = ", ".join(f"{verb} {name}" for verb, name in self._routes)
            return 404, {"error": f"no such request: {method} {path}; there are: {known}"}
        try:
            data = json.loads(body) if body else {}
            if not isinstance(data, dict):
                raise ControlError("the body is not a JSON object")
            return 200, route(data)
        except CmdletError as error:
            return 409, {"error": error.message, "id": error.id, "full_id": error.full_id, "exception_type": error.exception_type}
        except NoSuchDomain as error:
            return 400, {"error": f"no domain {error}"}
        except NotFederated as error:
            return 400, {"error": f"domain {error} has no federation configuration of its own"}
        except (ControlError, SwitchError, KeyError, TypeError, ValueError) as error:
            return 400, {"error": str(error.args[0]) if error.args else repr(error)}

    # -- clock, log, sign-ins, faults ----------------------------------------------------------------------------------------

    def _advance(self, data: dict[str, Any]) -> dict[str, str]:
        _only(data, "advance", "days", "hours", "minutes", "seconds", "to", "looks_every_hours")
        hours_between_looks = float(data.pop("looks_every_hours", 1))
        if hours_between_looks <= 0:
            raise ControlError("looks_every_hours must be more than 0")
        if not data:
            raise ControlError("say how far: advance (seconds), or days, hours, minutes, seconds, or to (ISO time)")
        if "to" in data:
            if len(data) > 1:
                raise ControlError("to stands alone")
            moment = datetime.fromisoformat(str(data["to"]).replace("Z", "+00:00"))
            if moment.tzinfo is None:
                raise ControlError("to needs a time zone, for example Z")
            step = moment - self._world.clock.now()
        else:
            step = timedelta(
                days=float(data.get("days", 0)),
                hours=float(data.get("hours", 0)),
                minutes=float(data.get("minutes", 0)),
                seconds=float(data.get("advance", 0)) + float(data.get("seconds", 0)),
            )
        if not timedelta(0) <= step <= _MAX_STEP:
            raise ControlError(f"the clock moves forward only, by at most {_MAX_STEP.days} days")
        return {"now": _text(self._world.advance(step, timedelta(hours=hours_between_looks)))}

    def _clear_log(self, _data: dict[str, Any]) -> dict[str, bool]:
        self._world.log.clear()
        return {"ok": True}

    def _signins(self, _data: dict[str, Any]) -> dict[str, Any]:
        with self._world.lock:
            self._world.settle()
            return self._world.oracle.report()

    def _look(self, _data: dict[str, Any]) -> dict[str, bool]:
        with self._world.lock:
            self._world.settle()
            self._world.oracle.look(self._world.clock.now(), "asked")
        return {"ok": True}

    def _clear_signins(self, _data: dict[str, Any]) -> dict[str, bool]:
        with self._world.lock:
            self._world.settle()
            self._world.oracle.clear()
        return {"ok": True}

    def _add_fault(self, data: dict[str, Any]) -> dict[str, bool]:
        self._world.faults.add(data)
        return {"ok": True}

    def _clear_faults(self, _data: dict[str, Any]) -> dict[str, bool]:
        self._world.faults.clear()
        return {"ok": True}

    # -- other people's parts ------------------------------------------------------------------------------------------------

    def _adfs(self, data: dict[str, Any]) -> Any:
        """Do what an administrator of AD FS does by hand on one server (default: the first farm's primary)."""
        with self._world.lock:
            self._world.settle()
            node = self._world.node(data.pop("node", None))
            if "switches" in data:
                _only(data, "switches")
                unknown = sorted(set(data["switches"]) - set(SWITCHES))
                if unknown:
                    raise ControlError(f"unknown switches {', '.join(unknown)}; known are {', '.join(SWITCHES)}")
                node.farm.switches.update(data["switches"])
                result: Any = dict(node.farm.switches)
            else:
                cmdlet = str(data.pop("cmdlet", ""))
                result = _by_hand(self._world, node, cmdlet, data)
            self._world.changed()
            return {"ok": True, "result": result}

    def _provider(self, data: dict[str, Any]) -> dict[str, Any]:
        """Do what an administrator of another identity provider (default: the first) does: publish, switch, withdraw, change the metadata."""
        _only(data, "host_name", "do", "metadata_signer", "document")
        world = self._world
        with world.lock:
            world.settle()
            provider = world.provider(data.get("host_name"))
            if "metadata_signer" in data:
                provider.metadata_signer = world.built.certificates[data["metadata_signer"]] if data["metadata_signer"] else None
            if "document" in data:
                try:
                    provider.shape = replace(provider.shape, **data["document"])
                except (TypeError, ValueError) as error:
                    raise ControlError(str(error)) from None
            acts: dict[str, Callable[[], object]] = {"publish": provider.publish, "switch": provider.switch, "withdraw": provider.withdraw}
            for act in data.get("do", []):
                if act not in acts:
                    raise ControlError(f"unknown act {act!r} of a provider; known are {', '.join(acts)}")
                acts[act]()
            world.changed()
            return {"signer": provider.signer.thumbprint, "published": [item.thumbprint for item in provider.published]}

    def _winrm(self, data: dict[str, Any]) -> dict[str, Any]:
        """Let every answer of every server's WinRM come later by ``latency`` seconds."""
        _only(data, "latency")
        for server in self._world.winrm.values():
            server.latency = float(data["latency"])
        return {"ok": True}

    def _entra(self, data: dict[str, Any]) -> dict[str, Any]:
        """Do what somebody else does in Entra: set a domain's slots or settings, the application's rights, the tenant's switches."""
        _only(
            data,
            *("domain", "signing", "next", "effective_now", "settings"),
            *("permissions", "secret_expired", "page_size", "latency", "switches", "administrators"),
        )
        world = self._world
        with world.lock:
            world.settle()
            if "signing" in data or "next" in data:
                domain = world.tenant.domain(data["domain"])
                signing = world.find_certificate(data["signing"]) if "signing" in data else domain.configured.signing
                following = world.find_certificate(data["next"]) if "next" in data else domain.configured.next
                world.tenant.set_slots(domain.name, signing, following, bool(data.get("effective_now", True)))
            if "settings" in data:
                world.tenant.set_settings(data["domain"], **data["settings"])
            if "permissions" in data:
                world.application.roles = [str(item) for item in data["permissions"]]
                world.entra.revoke_tokens()
            if "secret_expired" in data:
                world.application.secret_expired = bool(data["secret_expired"])
            if "page_size" in data:
                world.entra.page_size = int(data["page_size"])
            if "latency" in data:
                world.entra.latency = float(data["latency"])
            if "switches" in data:
                world.tenant.switches.change(data["switches"])
            if "administrators" in data:
                world.tenant.administrators = [Administrator(**item) for item in data["administrators"]]
            world.changed()
        return {"ok": True}


def _by_hand(world: World, node: Node, cmdlet: str, arguments: dict[str, Any]) -> Any:
    """Run one cmdlet, or another thing that people do on a server."""
    cmdlets: dict[str, Callable[..., object]] = {
        "Get-AdfsProperties": node.get_adfs_properties,
        "Update-AdfsCertificate": node.update_adfs_certificate,
        "Set-AdfsCertificate": node.set_adfs_certificate,
        "Add-AdfsCertificate": node.add_adfs_certificate,
        "Remove-AdfsCertificate": node.remove_adfs_certificate,
        "Set-AdfsProperties": node.set_adfs_properties,
        "Stop-Service": node.stop_service,
        "Start-Service": node.start_service,
        "Restart-Service": node.restart_service,
    }
    if cmdlet in cmdlets:
        if "thumbprint" in arguments:
            arguments["thumbprint"] = thumbprint(world.find_certificate(arguments["thumbprint"]))
        result = cmdlets[cmdlet](**arguments)
        return {name: str(value) for name, value in result.items()} if isinstance(result, dict) else None
    if cmdlet == "Synchronize":  # what a secondary does by itself every poll
        node.farm.synchronize(node, world.clock.now())
    elif cmdlet == "Set-Synchronization":  # a secondary that cannot reach the primary any more, or can again
        node.synchronizes = bool(arguments["enabled"])
    elif cmdlet == "Set-Module":  # whether the ADFS module is installed
        node.module_present = bool(arguments["present"])
    elif cmdlet == "Set-File":
        node.files[str(arguments["path"])] = str(arguments["text"]).encode()
        node.file_times[str(arguments["path"])] = node.clock.now()
    elif cmdlet == "Remove-File":
        node.files.pop(str(arguments["path"]), None)
    elif cmdlet == "Get-File":
        content = node.files.get(str(arguments["path"]))
        return None if content is None else content.decode("utf-8", "replace")
    elif cmdlet == "Set-Answers":  # what cmdlets answer and do, other than AD FS documents
        _set_answers(node, arguments)
    else:
        others = ["Synchronize", "Set-Synchronization", "Set-Module", "Set-File", "Remove-File", "Get-File", "Set-Answers"]
        raise ControlError(f"unknown cmdlet {cmdlet!r}; known are {', '.join([*cmdlets, *others])}")
    return None


def _set_answers(node: Node, arguments: dict[str, Any]) -> None:
    _only(arguments, "cmdlets", "stray", "sync", "servers", "properties", "relying_parties", "claims_providers", "applications", "events")
    unknown = sorted({str(word) for word in arguments.get("cmdlets", {}).values()} - {*answers.ACTS, *answers.READS})
    if unknown:
        raise ControlError(f"unknown answers {', '.join(unknown)}; known are {', '.join([*answers.ACTS, *answers.READS])}")
    node.answers = dict(arguments.get("cmdlets", node.answers))
    node.stray = arguments.get("stray", node.stray)
    node.sync_members = arguments.get("sync", node.sync_members)
    node.farm_nodes = arguments.get("servers", node.farm_nodes)
    node.configuration.properties.update(arguments.get("properties", {}))
    node.configuration.relying_parties += arguments.get("relying_parties", [])
    node.configuration.claims_providers += arguments.get("claims_providers", [])
    node.configuration.applications += arguments.get("applications", [])
    node.logged += [{**item, "TimeCreated": datetime.fromisoformat(item["TimeCreated"].replace("Z", "+00:00"))} for item in arguments.get("events", [])]


def _only(data: dict[str, Any], *known: str) -> None:
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ControlError(f"unknown keys {', '.join(unknown)}; known are {', '.join(known)}")


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: ControlServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            status, answer = 413, {"error": "the body is too large"}
            self.close_connection = True
        else:
            status, answer = self.server.owner.answer(self.command, self.path, self.rfile.read(length))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing on the terminal."""
