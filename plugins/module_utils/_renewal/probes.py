# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""What the metadata looks like from elsewhere, above all from outside, where Entra's own updater reads it. A probe decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Farm

NOT_RUN = "probe"
"""The kind of a probe that could not look at all: its host is unreachable, or lacks a library."""


def judge(probes: Sequence[Mapping[str, Any]], farm: Farm) -> list[dict[str, Any]]:
    """Return one entry for each probe.

    ``probes``: ``name``, ``host``, ``where``, ``url`` and ``result``, which is what metadata_info returned there, or the failure to run it.
    """
    judged = [_judged(probe, farm) for probe in probes]
    return [{**probe, "said": _said(probe)} for probe in judged]


def seen_from_outside(judged: Sequence[Mapping[str, Any]]) -> str | None:
    """Say whether the metadata is publicly accessible: yes or no where every probe outside says so, else None."""
    answers = {probe["reachable"] for probe in judged if probe["where"] == "outside" and probe["kind"] != NOT_RUN}
    return {True: "yes", False: "no"}[answers.pop()] if len(answers) == 1 else None


def _said(probe: Mapping[str, Any]) -> str:
    """One line for people."""
    line = f"Probe {probe['name']} ({probe['where']}, from {probe['host']}): "
    if probe["kind"] == NOT_RUN:
        line += f"it could not look ({probe['reason']})"
    elif probe["reachable"]:
        line += "reachable, " + ("the same as seen here" if probe["same_content"] else f"but {'; '.join(probe['differences'])}")
    else:
        line += f"not reachable ({probe['kind']}): {probe['reason']}"
    if probe["tls_certificate"]:
        line += f"; TLS certificate {probe['tls_certificate']['thumbprint']} until {probe['tls_certificate']['not_after']}"
    return line


def _judged(probe: Mapping[str, Any], farm: Farm) -> dict[str, Any]:
    result = probe.get("result") or {}
    document = result.get("metadata") or {}
    kind = None if document else str(result.get("error_kind") or NOT_RUN)
    if kind == "options":
        kind = NOT_RUN
    tls = result.get("tls_certificate")
    reason = None if document else str(result.get("msg") or "it gave no answer")
    if document and str(document.get("entity_id")).lower() != farm.identifier.lower():
        kind, reason = "not_metadata", f"what answers is {str(document.get('entity_id'))[:200]}, not {farm.identifier}"
    differences = _differences(document, farm) if kind is None else []
    return {
        "name": str(probe.get("name")),
        "host": str(probe.get("host") or "the controller"),
        "where": str(probe.get("where") or "inside"),
        "url": str(probe.get("url")),
        "reachable": kind is None,
        "kind": kind,
        "reason": reason,
        "tls_certificate": {k: tls.get(k) for k in ("subject", "not_after", "thumbprint")} if isinstance(tls, Mapping) else None,
        "same_content": None if kind is not None else not differences,
        "differences": differences,
    }


def _differences(document: Mapping[str, Any], farm: Farm) -> list[str]:
    shown = {str(c.get("thumbprint")) for c in document.get("signing_certificates") or ()}
    signature = document.get("signature") or {}
    signer = (signature.get("certificate") or {}).get("thumbprint") if signature.get("status") == "valid" else None
    expected = farm.primary if farm.provider is None else farm.provider.signer
    found = [f"it publishes {k}, which {farm.title} does not report" for k in sorted(shown - farm.certificates)]
    found += [f"it does not publish {k}" for k in sorted(farm.certificates - shown)]
    if signature.get("status") == "invalid":
        found.append("its signature is not valid")
    elif signer != expected:
        found.append(f"it is signed by {signer or 'nobody'} instead of {expected or 'nobody'}")
    return found
