# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The files beside the page: Markdown, CSV, calendar and metrics. Pure functions from what view.build returns to text.

Those that are for other programs take one view or several: a folder of many farms has one file of each kind for all of them. Then ``folder`` and
``shown`` of a view are the folder of its part and the name by which people tell it from the others. What a view holds may come from a part that
somebody changed, so every text is made printable, and cut, where it is written.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also as full-width signs, which some spreadsheets take for the same."""
LONGEST = 1000
"""The longest name that is shown."""
_CELL = 32_000
"""The longest text of a cell; spreadsheets take 32,767 characters."""
_COLUMNS = ("farm", "domain", "tenant", "verdict", "signing", "signing_is", "next", "next_is", "row", "to_do", "reason")
_OCTETS = 75
"""The longest line of a calendar (RFC 5545, 3.1)."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#|!~])")
PREFIX = "federation_adfs_"


def markdown(view: Mapping[str, Any]) -> str:
    """Return the report in Markdown."""
    lines = [f"# {escaped(view['farm']['name'])}", "", escaped(view["answer"]), "", f"Made {view['made_at']} by a run in mode {view['mode']}.", ""]
    lines += ["## Summary", "", *(f"    {line}" for line in view["summary"]), ""]
    rows = [[d["domain"], d["verdict"].replace("_", " "), d["signing"] or "", d["next"] or "", d["row"] or "", d["to_do"]] for d in view["domains"]]
    lines += table("Domains", ("Domain", "Verdict", "Entra signing", "Entra next", "Row", "What to do"), rows)
    lines += table("Servers", ("Server", "Signs with", "Read"), [[n["name"], n["primary"] or "", n["how"] or n["reason"]] for n in view["servers"]])
    waits = [[b["object"], b["reason"], b["until"] or "", b["lifted_by"]] for b in view["blocked"]]
    lines += table("What waits, and who lifts it", ("Object", "Why", "Until", "Lifted by"), waits)
    lines += table("Partners", ("Partner", "Advice"), [[p["name"], p["advice"]] for p in view["partners"]])
    lines += table("Hygiene", ("Certificate", "Finding"), [[h["object"], h["finding"]] for h in view["hygiene"]])
    return "\n".join(lines).rstrip() + "\n"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return the lines of a section with a table in Markdown; none without rows."""
    if not rows:
        return []
    body = [f"| {' | '.join(map(escaped, row))} |" for row in rows]
    return [f"## {title}", "", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *body, ""]


def escaped(text: Any) -> str:
    """Return the text on one line, with what Markdown would obey made plain."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def matrix(views: Sequence[Mapping[str, Any]]) -> str:
    """Return all domains as CSV (RFC 4180). No cell begins like a formula: a spreadsheet would run it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for view in views:
        farm = _name(view)
        for domain in view["domains"]:
            cells = {**domain, "farm": farm}
            writer.writerow([_cell(cells[column]) for column in _COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else printable(value, _CELL)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _name(view: Mapping[str, Any]) -> str:
    return printable(view.get("shown", view["farm"]["name"]), LONGEST)


def calendar(views: Sequence[Mapping[str, Any]]) -> str:
    """Return the dates as a calendar (RFC 5545): what comes while the runs go on, the deadline, and the end of each certificate."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//federation.adfs//rollover_report//EN", "CALSCALE:GREGORIAN"]
    lines += [line for view, labels in _labelled(views) for line in _events(view, labels)]
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCALENDAR"] for folded in _folded(line))


def _events(view: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    stamp, lines = _utc(view["made_at"]), []
    same: Counter[tuple[str, str]] = Counter()
    for kind, start, end, text in dict.fromkeys(_dates(view)):
        # The text is no part of the identity, for it may change from run to run; what begins together is numbered.
        same[kind, start] += 1
        number = same[kind, start]
        told = (*labels.values(), kind, start, *([str(number)] if number > 1 else []))
        identity = hashlib.sha256("\0".join(told).encode("utf-8", "backslashreplace")).hexdigest()[:32]
        lines += ["BEGIN:VEVENT", f"UID:{identity}@federation.adfs", f"DTSTAMP:{stamp}", f"DTSTART:{_utc(start)}"]
        lines += [f"DTEND:{_utc(end)}"] if _utc(end) > _utc(start) else []
        lines += [f"SUMMARY:{_ics(_name(view))}: {_ics(text)}", "TRANSP:TRANSPARENT", "END:VEVENT"]
    return lines


def _dates(view: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    for event in view["forecast"]["attended"]:
        yield event["kind"], event["earliest"], event["latest"], event["said"]
    if view["deadline"]:
        yield "deadline", view["deadline"], view["deadline"], "The latest safe moment to begin the next step"
    for certificate in view["certificates"]:
        yield f"end {certificate['thumbprint']}", certificate["not_after"], certificate["not_after"], f"{certificate['thumbprint']} expires"


def _utc(moment: str) -> str:
    return format_time(parse_time(moment)).replace("-", "").replace(":", "")  # not by strftime, which writes the year 1 as 1


def _ics(text: str) -> str:
    text = printable(text, LONGEST)  # a line break would begin another line of the calendar
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text


def _folded(line: str) -> Iterable[str]:
    """The line in parts of at most 75 octets, each further one after a space; no character is torn apart."""
    if len(line) <= _OCTETS and line.isascii():
        yield line
        return
    part = ""
    for character in line:
        if len((part + character).encode("utf-8")) > _OCTETS:
            yield part
            part = " "
        part += character
    yield part


def metrics(views: Sequence[Mapping[str, Any]]) -> str:
    """Return the figures as OpenMetrics text; the guide has rules that alert on them. All samples of a figure stand together, as the format wants it."""
    samples: dict[str, list[tuple[Mapping[str, str], int]]] = {name: [] for name in _FIGURES}
    for view, labels in _labelled(views):
        for name, found in _samples(view, labels).items():
            samples[name] += found
    lines = [line for name, told in _FIGURES.items() for line in _gauge(name, told, samples[name])]
    return "\n".join([*lines, "# EOF"]) + "\n"


_FIGURES = {
    "run_timestamp_seconds": "When the last run was.",
    "run_failed": "Whether the last run failed.",
    "run_acts": "How many acts the last run did.",
    "last_change_timestamp_seconds": "When an act was last done, as far back as the ledger was read.",
    "certificate_not_after_timestamp_seconds": "When a signing certificate of AD FS ends.",
    "deadline_timestamp_seconds": "The latest safe moment to begin the next step.",
    "domain_well": "Whether a domain needs nothing.",
    "blocked": "How many things a condition holds back.",
    "held": "Whether something waits for an administrator.",
}


def _labelled(views: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], dict[str, str]]]:
    """Each farm's view, and by what it is told apart; by the folder of its part, too, where several have the same name, as those that could not be read."""
    named = [(printable(view["farm"]["identifier"] or view["farm"]["name"], LONGEST), view) for view in views]
    number = Counter(name for name, _view in named)
    return [(view, {"farm": name, **({"folder": view.get("folder", "")} if number[name] > 1 else {})}) for name, view in named]


def _samples(view: Mapping[str, Any], farm: Mapping[str, str]) -> dict[str, list[tuple[Mapping[str, str], int]]]:
    own = [d for d in view["domains"] if d["verdict"] not in ("inherited", "other_farm")]
    blocked: dict[str, int] = {}
    for block in view["blocked"]:
        blocked[block["condition"]] = blocked.get(block["condition"], 0) + 1
    changed = (view.get("ledger") or {}).get("last_change")
    return {
        "run_timestamp_seconds": [(farm, _seconds(view["made_at"]))],
        "run_failed": [(farm, int(bool(view["failures"]) or not view["complete"]))],
        "run_acts": [(farm, len(view["done"]))],
        "last_change_timestamp_seconds": [(farm, _seconds(changed))] if changed else [],
        "certificate_not_after_timestamp_seconds": [
            ({**farm, "thumbprint": c["thumbprint"], "is": c["is"]}, _seconds(c["not_after"])) for c in view["certificates"]
        ],
        "deadline_timestamp_seconds": [(farm, _seconds(view["deadline"]))] if view["deadline"] else [],
        "domain_well": [({**farm, "tenant": d["tenant"], "domain": d["domain"]}, int(d["well"])) for d in own],
        "blocked": [({**farm, "condition": name}, number) for name, number in sorted(blocked.items())],
        "held": [(farm, int(any(b["lifted_by"] == "an administrator" for b in view["blocked"])))],
    }


def _seconds(moment: str) -> int:
    return int(parse_time(moment).timestamp())


def _gauge(name: str, told: str, samples: Sequence[tuple[Mapping[str, str], int]]) -> Iterable[str]:
    yield f"# TYPE {PREFIX}{name} gauge"
    yield f"# HELP {PREFIX}{name} {told}"
    # The same series twice would make readers refuse the whole file.
    series = {",".join(f'{label}="{_label(text)}"' for label, text in labels.items()): value for labels, value in samples}
    yield from (f"{PREFIX}{name}{{{listed}}} {value}" for listed, value in series.items())


def _label(text: Any) -> str:
    return printable(text, LONGEST).replace("\\", "\\\\").replace('"', '\\"')
