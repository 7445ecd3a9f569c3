# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arm C: a straight script with pypsrp, one session of requests, and batches."""

from __future__ import annotations

import sys
from typing import Any

import requests
from arms import lab_of, out, powershell, publish, token


def main() -> None:
    """Read AD FS once, read and write Entra in batches."""
    lab = lab_of(sys.argv[1])
    primary, successor = powershell(lab)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token(lab, session)}"
        session.verify = lab["ca_path"]

        def send(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
            answer = session.post(f"{lab['graph_url']}/v1.0/$batch", json={"requests": items}, timeout=60)
            answer.raise_for_status()
            return list(answer.json()["responses"])

        names, url = [], f"{lab['graph_url']}/v1.0/domains"
        while url:
            answer = session.get(url, timeout=60)
            answer.raise_for_status()
            names += [item["id"] for item in answer.json()["value"] if item["authenticationType"] == "Federated"]
            url = answer.json().get("@odata.nextLink")
        written = publish(names, primary, successor, send)
    out(names, written)


if __name__ == "__main__":
    main()
