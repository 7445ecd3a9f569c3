# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The files beside the page: Markdown, CSV, calendar and metrics. Pure functions from what view.build returns to text."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._x509 import parse_time

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("domain", "tenant", "verdict", "signing", "signing_is", "next", "next_is", "row", "to_do", "reason")
_OCTETS = 75
"""The longest line of a calendar (RFC 5545, 3.1)."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|!~])")
PREFIX = "federation_adfs_"


def markdown(view: Mapping[str, Any]) -> str:
    """Return the report in Markdown."""
    lines = [f"# {_md(view['farm']['name'])}", "", _md(view["answer"]), "", f"Made {view['made_at']} by a run in mode {view['mode']}.", ""]
    lines += ["## Summary", "", *(f"    {line}" for line in view["summary"]), ""]
    rows = [[d["domain"], d["verdict"].replace("_", " "), d["signing"] or "", d["next"] or "", d["row"] or "", d["to_do"]] for d in view["domains"]]
    lines += _table("Domains", ("Domain", "Verdict", "Entra signing", "Entra next", "Row", "What to do"), rows)
    lines += _table("Servers", ("Server", "Signs with", "Read"), [[n["name"], n["primary"] or "", n["how"] or n["reason"]] for n in view["servers"]])
    waits = [[b["object"], b["reason"], b["until"] or "", b["lifted_by"]] for b in view["blocked"]]
    lines += _table("What waits, and who lifts it", ("Object", "Why", "Until", "Lifted by"), waits)
    lines += _table("Partners", ("Partner", "Advice"), [[p["name"], p["advice"]] for p in view["partners"]])
    lines += _table("Hygiene", ("Certificate", "Finding"), [[h["object"], h["finding"]] for h in view["hygiene"]])
    return "\n".join(lines).rstrip() + "\n"


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    if not rows:
        return []
    body = [f"| {' | '.join(_md(str(cell)) for cell in row)} |" for row in rows]
    return [f"## {title}", "", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *body, ""]


def _md(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def matrix(view: Mapping[str, Any]) -> str:
    """Return all domains as CSV (RFC 4180). No cell begins like a formula: a spreadsheet would run it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(domain[column]) for column in _COLUMNS] for domain in view["domains"])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def calendar(view: Mapping[str, Any]) -> str:
    """Return the dates as a calendar (RFC 5545): what comes while the runs go on, the deadline, and the end of each certificate."""
    stamp = _utc(view["made_at"])
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//federation.adfs//rollover_report//EN", "CALSCALE:GREGORIAN"]
    for kind, start, end, text in _dates(view):
        identity = hashlib.sha256("\0".join((view["farm"]["identifier"], kind, start)).encode("utf-8")).hexdigest()[:32]
        lines += ["BEGIN:VEVENT", f"UID:{identity}@federation.adfs", f"DTSTAMP:{stamp}", f"DTSTART:{_utc(start)}"]
        lines += [f"DTEND:{_utc(end)}"] if end > start else []
        lines += [f"SUMMARY:{_ics(view['farm']['name'] + ': ' + text)}", "TRANSP:TRANSPARENT", "END:VEVENT"]
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line))


def _dates(view: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    for event in view["forecast"]["attended"]:
        yield event["kind"], event["earliest"], event["latest"], event["said"]
    if view["deadline"]:
        yield "deadline", view["deadline"], view["deadline"], "The latest safe moment to begin the next step"
    for certificate in view["certificates"]:
        yield f"end {certificate['thumbprint']}", certificate["not_after"], certificate["not_after"], f"{certificate['thumbprint']} expires"


def _utc(moment: str) -> str:
    return f"{parse_time(moment):%Y%m%dT%H%M%SZ}"


def _ics(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text


def _folded(line: str) -> Iterable[str]:
    """The line in parts of at most 75 octets, each further one after a space; no character is torn apart."""
    part = ""
    for character in line:
        if len((part + character).encode("utf-8")) > _OCTETS:
            yield part
            part = " "
        part += character
    yield part


def metrics(view: Mapping[str, Any]) -> str:
    """Return the figures as OpenMetrics text; the guide has rules that alert on them."""
    farm = {"farm": view["farm"]["identifier"] or view["farm"]["name"]}
    made = int(parse_time(view["made_at"]).timestamp())
    own = [d for d in view["domains"] if d["verdict"] not in ("inherited", "other_farm")]
    well = [({**farm, "tenant": d["tenant"], "domain": d["domain"]}, int(d["well"])) for d in own]
    ends = [({**farm, "thumbprint": c["thumbprint"], "is": c["is"]}, int(parse_time(c["not_after"]).timestamp())) for c in view["certificates"]]
    blocked: dict[str, int] = {}
    for block in view["blocked"]:
        blocked[block["condition"]] = blocked.get(block["condition"], 0) + 1
    deadline = [(farm, int(parse_time(view["deadline"]).timestamp()))] if view["deadline"] else []
    lines = [
        *_gauge("run_timestamp_seconds", "When the last run was.", [(farm, made)]),
        *_gauge("run_failed", "Whether the last run failed.", [(farm, int(bool(view["failures"]) or not view["complete"]))]),
        *_gauge("run_acts", "How many acts the last run did.", [(farm, len(view["done"]))]),
        *_gauge("certificate_not_after_timestamp_seconds", "When a signing certificate of AD FS ends.", ends),
        *_gauge("deadline_timestamp_seconds", "The latest safe moment to begin the next step.", deadline),
        *_gauge("domain_well", "Whether a domain needs nothing.", well),
        *_gauge("blocked", "How many things a condition holds back.", [({**farm, "condition": name}, number) for name, number in sorted(blocked.items())]),
        *_gauge("held", "Whether something waits for an administrator.", [(farm, int(any(b["lifted_by"] == "an administrator" for b in view["blocked"])))]),
    ]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _gauge(name: str, told: str, samples: Sequence[tuple[Mapping[str, str], int]]) -> Iterable[str]:
    yield f"# TYPE {PREFIX}{name} gauge"
    yield f"# HELP {PREFIX}{name} {told}"
    for labels, value in samples:
        listed = ",".join(f'{label}="{_label(text)}"' for label, text in labels.items())
        yield f"{PREFIX}{name}{{{listed}}} {value}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
