# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Several farms in one folder: each has its part in a subfolder, and the folder itself tells of all of them. Pure.

Parts come from other runs, perhaps of other releases, and somebody may have changed them; one that is not as it should be is a line that says so.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.federation.adfs.plugins.module_utils._renewal.moments import later
from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import natural
from ansible_collections.federation.adfs.plugins.module_utils._report import texts
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

_LONGEST = 90
"""The longest name of a farm where there are several."""
TONES = ("act", "due", "well")
_LATE = timedelta(days=2)
_AHEAD = timedelta(hours=1)
_MOST_NAMES = 50
_PLAIN = re.compile(r"[A-Za-z0-9.:/_-]{1,253}")


Part = tuple[str, "bytes | str"]
"""The name of a farm's subfolder, and the content of its report.json, or, as text, why that was not read."""


def row(folder: str, view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the summary of all farms says of one. ``folder``: where its part lies. Raises what a wrong form raises."""
    farm, domains = view["farm"], view["domains"]
    found: dict[str, Any] = {
        "folder": folder,
        "name": _text(farm["name"]),
        "identifier": _text(farm["identifier"]),
        "tone": view["tone"] if view["tone"] in TONES else "act",
        "answer": _text(view["answer"]),
        "state": _text(view["state"] or "unknown").replace("_", " "),
        "mode": _text(view["mode"]),
        "domains": len(domains),
        "well": sum(bool(d["well"]) for d in domains),
        "tenants": len({str(d["tenant"]) for d in domains}),
        "must_act": len(view["must_act"]),
        "blocked": len(view["blocked"]),
        "days_remaining": timedelta(farm["days_remaining"]).days if farm["days_remaining"] is not None else None,  # no endless number
        "made_at": format_time(parse_time(view["made_at"])),
        "error": None,
    }
    moments = {"not_after": farm["not_after"], "deadline": view["deadline"], "next_run_at": view["next_run_at"]}
    return {**found, **{name: format_time(parse_time(moment)) if moment else None for name, moment in moments.items()}}


def _text(value: Any) -> str:
    return printable(value, texts.LONGEST)


def join(parts: Sequence[Part], now: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a line for each part, what needs somebody first, and the views of those that can be used; neither may be changed.

    ``now``: a report from later than that tells nothing of how old the others are.
    """
    return _joined(tuple(parts), now)


@functools.lru_cache(maxsize=1)  # a run asks for the lines, and then for the files: reading the parts is most of the work
def _joined(parts: tuple[Part, ...], now: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []
    for folder, content in parts:
        try:
            if isinstance(content, str):
                raise ValueError(content)
            view = json.loads(content)
            found = row(folder, view)
            texts.matrix([view]), texts.calendar([view]), texts.metrics([view])
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            what = f"was not read: {content}" if isinstance(content, str) else "is not one of this collection, or was changed"
            why = f"Its report.json {what}. Run the farm again, or remove its folder. If that is somebody else's, give the reports a folder of their own."
            rows.append({"folder": folder, "name": _text(folder), "tone": "act", "error": why, "made_at": None, "domains": 0, "well": 0})
        else:
            rows.append(found)
            views.append({**view, "folder": folder})
    shown = _told_apart({found["folder"]: printable(found["name"], _LONGEST) for found in rows})
    for found in (*rows, *views):
        found["shown"] = shown[found["folder"]]
    ahead = later(now, _AHEAD)
    for found in rows:
        found["ahead"] = bool(found["made_at"]) and parse_time(found["made_at"]) > ahead
    newest = max((parse_time(r["made_at"]) for r in rows if r["made_at"] and not r["ahead"]), default=None)
    for found in rows:
        found["late"] = bool(newest and found["made_at"]) and newest - parse_time(found["made_at"]) > _LATE
    rows.sort(key=lambda r: (TONES.index(r["tone"]), not (r["late"] or r["ahead"]), natural(r["name"]), r["folder"]))
    views.sort(key=lambda v: (natural(str(v["farm"]["name"])), str(v["farm"]["identifier"])))
    return rows, views


def _told_apart(names: Mapping[str, str]) -> Mapping[str, str]:
    """The names of the farms for people, by their folders; with the folder, where several have the same.

    A name with its folder may be another farm's name, so this goes on until all differ. It ends, for no folder is there twice.
    """
    shown = names
    while same := {name for name, number in Counter(shown.values()).items() if number > 1}:
        shown = {folder: f"{names[folder]} ({folder})" if name in same else name for folder, name in shown.items()}
    return shown


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the page over all farms shows: its answer, the worst of the tones, and the dates that come first."""
    of = {tone: sum(r["tone"] == tone for r in rows) for tone in TONES}
    said = {"act": ("needs somebody now", "need somebody now"), "due": ("has a step that is due, or an alarm", "have a step that is due, or an alarm")}
    said["well"] = ("needs nothing", "need nothing")
    counted = [f"{of[tone]} {said[tone][of[tone] != 1]}" for tone in TONES if of[tone]]
    domains, well, late = sum(r["domains"] for r in rows), sum(r["well"] for r in rows), [r for r in rows if r["late"]]
    ahead = [r for r in rows if r["ahead"]]
    answer = f"{len(rows)} {'farm' if len(rows) == 1 else 'farms'}: {', '.join(counted) or 'no report yet'}. {well} of {domains} domains need nothing."
    if late:
        answer += f" {len(late)} {'report is' if len(late) == 1 else 'reports are'} old."
    if ahead:
        answer += f" {len(ahead)} {'report is' if len(ahead) == 1 else 'reports are'} from the future: check the clock where that was made."
    return {
        "answer": answer,
        "tone": next((tone for tone in TONES if of[tone]), "well"),
        "made_at": max((r["made_at"] for r in rows if r["made_at"] and not r["ahead"]), default=None),
        "deadline": _first(rows, "deadline"),
        "not_after": _first(rows, "not_after"),
        "domains": domains,
        "well": well,
        "farms": list(rows),
    }


def _first(rows: Sequence[Mapping[str, Any]], moment: str) -> dict[str, str] | None:
    """The farm with the earliest such moment, by its name."""
    found = min((r for r in rows if r.get(moment)), key=lambda r: r[moment], default=None)
    return {"farm": found["shown"], "at": found[moment]} if found else None


def files(parts: Sequence[Part], now: datetime) -> dict[str, bytes]:
    """Return the files over all farms besides the page. ``now``: as for ``join``."""
    rows, views = join(parts, now)
    made = {
        "report.json": json.dumps(summary(rows), indent=2, sort_keys=True, ensure_ascii=False) + "\n",
        "report.md": markdown(rows),
        "matrix.csv": texts.matrix(views),
        "dates.ics": texts.calendar(views),
        "metrics.prom": texts.metrics(views),
    }
    return {name: text.encode("utf-8", "backslashreplace") for name, text in made.items()}


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the summary of all farms in Markdown."""
    shown = summary(rows)
    heads = ("Farm", "Answer", "Domains that need nothing", "Deadline", "Report of")
    cells = [[r["shown"], r["error"] or r["answer"], f"{r['well']} of {r['domains']}", r.get("deadline") or "", r["made_at"] or ""] for r in rows]
    lines = ["# Token-signing certificates of all farms", "", texts.escaped(shown["answer"]), "", *texts.table("Farms", heads, cells)]
    return "\n".join(lines).rstrip() + "\n"


def is_summary(content: bytes) -> bool:
    """Whether a report.json is one over all farms."""
    return isinstance(_members(content).get("farms"), list)


def identifier_of(content: bytes) -> str:
    """Return the identifier of the farm that a report.json is of, for people; nothing where it tells none."""
    farm = _members(content).get("farm")
    found = farm.get("identifier") if isinstance(farm, dict) else None
    return _text(found) if isinstance(found, str) else ""


def _members(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def short(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report in short form, to be handed on: words of ours, numbers, thumbprints, times, and names that can do no harm.

    What is handed on becomes a variable of another job, and a variable may be templated, so no sentence that holds text from outside is in it.
    """
    attention = [d["domain"] for d in view["domains"] if not d["well"]]
    farm = view["farm"]
    return {
        "farm": _plain(farm["name"]),
        "identifier": _plain(farm["identifier"]),
        "made_at": view["made_at"],
        **{name: view[name] for name in ("mode", "tone", "state", "plan_id", "deadline", "next_run_at")},
        **{name: farm[name] for name in ("primary", "successor", "not_after", "days_remaining")},
        "domains": len(view["domains"]),
        "well": len(view["domains"]) - len(attention),
        "attention": [name for name in map(_plain, attention[:_MOST_NAMES]) if name],
        **{name: len(view[name]) for name in ("must_act", "blocked", "alarms", "failures", "done")},
    }


def _plain(name: str) -> str:
    """The name, or nothing where it holds more than names of hosts and addresses do."""
    return name if _PLAIN.fullmatch(name) else ""
