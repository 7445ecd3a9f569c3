# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arm A: the manual procedure, call by call, one session for each step as a person's shell would have it."""

from __future__ import annotations

import sys
import time
from typing import Any

import requests
from arms import lab_of, missing, out, powershell, token


def call(lab: dict[str, Any], bearer: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One request in a session of its own. A throttled one is repeated when Graph says so."""
    while True:
        with requests.Session() as session:
            session.verify, session.trust_env = lab["ca_path"], False
            answer = session.request(method, f"{lab['graph_url']}/v1.0{path}", json=body, headers={"Authorization": f"Bearer {bearer}"}, timeout=60)
        if answer.status_code != 429:
            answer.raise_for_status()
            return answer.json() if answer.content else None
        time.sleep(float(answer.headers.get("Retry-After", "1")))


def main() -> None:
    """Read AD FS, read Entra domain by domain, write where the successor is missing, and look again."""
    lab = lab_of(sys.argv[1])
    primary, successor = powershell(lab)
    with requests.Session() as session:
        bearer = token(lab, session)
    names, path = [], "/domains"
    while path:
        page = call(lab, bearer, "GET", path)
        names += [item["id"] for item in page["value"] if item["authenticationType"] == "Federated"]
        path = page.get("@odata.nextLink", "").removeprefix(f"{lab['graph_url']}/v1.0")
    written = 0
    for name in names:
        found = call(lab, bearer, "GET", f"/domains/{name}/federationConfiguration")["value"][0]
        if not missing(name, found, primary, successor):
            continue
        address = f"/domains/{name}/federationConfiguration/{found['id']}"
        call(lab, bearer, "PATCH", address, {"nextSigningCertificate": successor})
        if call(lab, bearer, "GET", address)["nextSigningCertificate"] != successor:
            raise SystemExit(f"{name} does not show the successor.")
        written += 1
    out(names, written)


if __name__ == "__main__":
    main()
