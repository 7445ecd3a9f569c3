# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts that the collection is compared with share. None of it comes from the collection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

SCRIPT = (Path(__file__).parent / "read_certificates.ps1").read_text(encoding="ascii")
SIZE = 20  # requests in a batch of Microsoft Graph
Batch = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def lab_of(path: str) -> dict[str, Any]:
    """Read the addresses and credentials of the lab."""
    return dict(json.loads(Path(path).read_text(encoding="utf-8")))


def port(lab: dict[str, Any]) -> int:
    """The WinRM port of the primary server."""
    return int(lab["farms"][0]["nodes"][0]["winrm_https_port"])


def roles(text: str) -> tuple[str, str | None]:
    """Return the primary certificate and its successor, where there is one, out of what the script wrote."""
    found = json.loads(text)
    (primary,) = [item["certificate"] for item in found if item["primary"]]
    return primary, next((item["certificate"] for item in found if not item["primary"]), None)


def powershell(lab: dict[str, Any]) -> tuple[str, str | None]:
    """Run the script over pypsrp, in a session of its own."""
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

    server = WSMan("127.0.0.1", port=port(lab), username=lab["user"], password=lab["password"], auth="basic", cert_validation=lab["ca_path"])
    with server, RunspacePool(server) as pool:
        shell = PowerShell(pool)
        shell.add_script(SCRIPT)
        output = shell.invoke()
        if shell.had_errors:
            raise SystemExit(f"AD FS: {shell.streams.error}")
    return roles(str(output[0]))


def token(lab: dict[str, Any], session: Any) -> str:
    """Sign in with the client secret."""
    form = {"grant_type": "client_credentials", "client_id": lab["client_id"], "client_secret": lab["client_secret"], "scope": f"{lab['graph_url']}/.default"}
    session.trust_env = False
    answer = session.post(f"{lab['login_url']}/{lab['tenant_id']}/oauth2/v2.0/token", data=form, verify=lab["ca_path"], timeout=60)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def missing(name: str, found: dict[str, Any], primary: str, successor: str | None) -> bool:
    """Whether the successor is to be written to a domain. Ends the script where sign-in would be at risk."""
    if found["signingCertificate"] != primary:
        raise SystemExit(f"{name} holds another signing certificate than AD FS signs with.")
    return successor is not None and found.get("nextSigningCertificate") != successor


def batched(items: Iterable[dict[str, Any]], send: Batch) -> Iterator[dict[str, Any]]:
    """Send items in batches and give the bodies in order; throttled items are sent again after the longest pause that was asked for."""
    left = [{**item, "id": str(number)} for number, item in enumerate(items)]
    bodies: dict[int, dict[str, Any]] = {}
    while left:
        again, pause = [], 0.0
        for start in range(0, len(left), SIZE):
            chunk = left[start : start + SIZE]
            answers = {answer["id"]: answer for answer in send(chunk)}
            for item in chunk:
                answer = answers[item["id"]]
                if answer["status"] == 429:
                    again.append(item)
                    pause = max(pause, float(answer.get("headers", {}).get("Retry-After", "1")))
                elif answer["status"] >= 300:
                    raise SystemExit(f"{item['method']} {item['url']}: {answer['status']} {answer.get('body')}")
                else:
                    bodies[int(item["id"])] = answer.get("body") or {}
        left = again
        time.sleep(pause)
    yield from (bodies[number] for number in sorted(bodies))


def publish(names: list[str], primary: str, successor: str | None, send: Batch) -> int:
    """Read all domains, write where the successor is missing, look again at what was written. Returns how many were written."""
    found = batched(({"method": "GET", "url": f"/domains/{name}/federationConfiguration"} for name in names), send)
    wanted = {name: body["value"][0]["id"] for name, body in zip(names, found, strict=True) if missing(name, body["value"][0], primary, successor)}
    addresses = [f"/domains/{name}/federationConfiguration/{identifier}" for name, identifier in wanted.items()]
    body = {"nextSigningCertificate": successor}
    list(batched(({"method": "PATCH", "url": url, "headers": {"Content-Type": "application/json"}, "body": body} for url in addresses), send))
    for url, after in zip(addresses, batched(({"method": "GET", "url": url} for url in addresses), send), strict=True):
        if after["nextSigningCertificate"] != successor:
            raise SystemExit(f"{url} does not show the successor.")
    return len(addresses)


def out(names: list[str], written: int) -> None:
    """Say what was done."""
    print(f"{len(names)} federated domains, {written} written")
