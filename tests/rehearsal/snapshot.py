# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads report.json, which a run wrote. It comes from another machine, so nothing in it is trusted: size, form, times and certificates are checked."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from ansible_collections.federation.adfs.plugins.module_utils._files import read_regular
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import Certificate, CertificateError, parse_certificate, parse_time

LARGEST = 50_000_000
_TEXT = {"type": "string", "maxLength": 1000}
_THUMBPRINT = {"type": ["string", "null"], "pattern": "^[0-9A-F]{40}$"}
_MINUTES = {"type": "integer", "minimum": 1, "maximum": 100 * 366 * 1440}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["made_at", "farm", "policy", "domains", "servers", "certificates"],
    "properties": {
        "made_at": _TEXT,
        "farm": {
            "type": "object",
            "required": ["name", "primary", "server", "auto_certificate_rollover", "thresholds"],
            "properties": {
                "name": _TEXT,
                "server": _TEXT,
                "primary": {"type": "string", "pattern": "^[0-9A-F]{40}$"},
                "auto_certificate_rollover": {"type": "boolean"},
                "thresholds": {
                    "type": "object",
                    "required": ["generation", "promotion", "critical", "check", "duration"],
                    "additionalProperties": False,
                    "properties": dict.fromkeys(("generation", "promotion", "critical", "check", "duration"), _MINUTES),
                },
            },
        },
        "policy": {"type": "object", "maxProperties": 100},
        "domains": {
            "type": "array",
            "minItems": 1,
            "maxItems": 5000,
            "items": {
                "type": "object",
                "required": ["domain", "tenant", "verdict", "signing", "next"],
                "properties": {"domain": _TEXT, "tenant": _TEXT, "verdict": _TEXT, "signing": _THUMBPRINT, "next": _THUMBPRINT},
            },
        },
        "servers": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["name", "seen", "primary"],
                "properties": {"name": _TEXT, "seen": {"type": "boolean"}, "primary": _THUMBPRINT},
            },
        },
        "certificates": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {"type": "object", "required": ["thumbprint", "der"], "properties": {"thumbprint": {"type": "string"}, "der": {"type": "string"}}},
        },
        "partners": {"type": "array", "maxItems": 5000, "items": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}}},
    },
}


class SnapshotError(ValueError):
    """The file is no report that can be rehearsed; the message says why and what to do."""


@dataclass(frozen=True)
class Snapshot:
    """What the report says, checked. ``certificates``: those of the farm with their base64 DER and whether an administrator put them there."""

    made_at: Any
    farm: dict[str, Any]
    policy: dict[str, Any]
    domains: list[dict[str, Any]]
    servers: list[dict[str, Any]]
    certificates: list[tuple[Certificate, str, bool]]
    partners: list[str]


def read(path: Path) -> Snapshot:
    """Read and check a report. Raises SnapshotError."""
    try:
        text = read_regular(str(path), LARGEST)
    except OSError as exc:
        where = "SNAPSHOT is report.json, in the folder that renew_signing_cert_report_path names"
        raise SnapshotError(f"{path} cannot be read: {exc.strerror or exc}. {where}") from None
    if len(text) > LARGEST:
        raise SnapshotError(f"{path} is larger than {LARGEST} bytes, so it is no report of a run")
    try:
        found = json.loads(text)
        jsonschema.validate(found, _SCHEMA)
        made_at = parse_time(found["made_at"])
    except RecursionError:
        raise SnapshotError(f"{path} is nested too deeply, so it is no report of a run") from None
    except jsonschema.ValidationError as exc:
        where = "/".join(map(str, exc.absolute_path)) or "the whole"
        why = printable(exc.message, 200)
        advice = "It is to be report.json of an audit of an AD FS farm with this version of the collection that came to its end and found a domain"
        raise SnapshotError(f"{path} is no report that can be rehearsed ({where}: {why}). {advice}") from None
    except ValueError as exc:
        raise SnapshotError(f"{path} is no report of a run ({printable(exc, 200)})") from None
    certificates = [_certificate(entry, path) for entry in found["certificates"]]
    if found["farm"]["primary"] not in {parsed.thumbprint for parsed, _der, _local in certificates}:
        raise SnapshotError(f"{path} does not hold the primary certificate {found['farm']['primary']}")
    farm = {name: printable(value) if isinstance(value, str) else value for name, value in found["farm"].items()}
    domains, servers = _shown(found["domains"], "domain", "tenant"), _shown(found["servers"], "name")
    domains = [{**d, "domain": d["domain"].lower()} for d in domains]  # as the product compares them
    partners = [p["name"] for p in _shown(found.get("partners") or (), "name")]
    return Snapshot(made_at, farm, found["policy"], domains, servers, certificates, partners)


def _shown(entries: Iterable[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """The entries with names that can be printed."""
    return [{**entry, **{name: printable(entry[name]) for name in names}} for entry in entries]


def _certificate(entry: dict[str, Any], path: Path) -> tuple[Certificate, str, bool]:
    try:
        parsed = parse_certificate(base64.b64decode(entry["der"], validate=True))
    except (CertificateError, ValueError) as exc:
        raise SnapshotError(f"{path}: certificate {printable(entry['thumbprint'], 40)} cannot be read ({printable(exc, 200)})") from None
    if parsed.thumbprint != entry["thumbprint"]:
        raise SnapshotError(f"{path}: certificate {printable(entry['thumbprint'], 40)} is {parsed.thumbprint}")
    return parsed, entry["der"], entry.get("store_location") == "LocalMachine" or entry.get("self_signed") is False
