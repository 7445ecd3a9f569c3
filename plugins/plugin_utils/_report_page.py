# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The page of a report: one HTML file without anything from elsewhere. Runs on the controller, which has Jinja2."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jinja2

from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

_FOLDER = os.path.join(os.path.dirname(__file__), "report")
_BEFORE, _AFTER = timedelta(days=30), timedelta(days=400)
_WIDTH, _LEFT, _LANE = 1040, 120, 34
_APART = 22
"""Two marks of one lane are at least so far apart."""


def page(view: Mapping[str, Any]) -> str:
    """Return the page for what ``view.build`` returned. Every text is escaped; styles and scripts are allowed by their hashes alone."""
    loader = jinja2.FileSystemLoader(_FOLDER)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader)
    style, script = _asset("page.css"), _asset("page.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    return environment.get_template("page.html.j2").render(view=view, style=style, script=script, policy=policy, drawing=timeline(view))


def _asset(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def timeline(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is drawn: months, the certificates' lives as bars, and two lanes of numbered marks."""
    now = parse_time(view["made_at"])
    first, last = now - _BEFORE, now + _AFTER

    def x(moment: str) -> float:
        share = (min(max(parse_time(moment), first), last) - first) / (last - first)
        return round(_LEFT + share * (_WIDTH - _LEFT - 20), 1)

    bars = [{**c, "x": x(c["not_before"]), "width": max(round(x(c["not_after"]) - x(c["not_before"]), 1), 3.0)} for c in view["certificates"]]
    lanes = []
    for title, name in (("With the runs", "attended"), ("If nothing is run", "unattended")):
        marks: list[dict[str, Any]] = []
        for number, event in enumerate(view["forecast"][name], 1):
            place = max(x(event["earliest"]), marks[-1]["x"] + _APART if marks else 0)
            marks.append({**event, "x": place, "number": number})
        lanes.append({"title": title, "name": name, "marks": marks, "until": view["forecast"][f"{name}_until"]})
    width = max([_WIDTH, *(mark["x"] + 20 for lane in lanes for mark in lane["marks"])])
    months = []
    month = first.replace(day=1, hour=0, minute=0, second=0)
    while month <= last:
        if month >= first:
            months.append({"x": x(format_time(month)), "text": f"{month:%b %Y}" if month.month == 1 or not months else f"{month:%b}"})
        month = (month + timedelta(days=32)).replace(day=1)
    freezes = [{**f, "x": x(f["start"]), "width": max(round(x(f["end"]) - x(f["start"]), 1), 2.0)} for f in view["freezes"]]
    deadline = x(view["deadline"]) if view["deadline"] else None
    return {"width": width, "lane": _LANE, "now": x(view["made_at"]), "deadline": deadline, "freezes": freezes, "bars": bars, "lanes": lanes, "months": months}
