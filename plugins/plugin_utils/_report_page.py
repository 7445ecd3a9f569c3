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
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jinja2
import markupsafe

from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

_FOLDER = os.path.join(os.path.dirname(__file__), "report")
_BEFORE, _AFTER = timedelta(days=30), timedelta(days=400)
_WIDTH, _LEFT, _LANE = 1040, 120, 34
_APART = 22
"""Two marks of one lane are at least so far apart."""
_LIST = re.compile(r"(?<![^\s(])[^\s,;:()]+(?:, [^\s,;:()]+){7,}")
"""Names with commas between them, more than seven of them."""
_WORD = re.compile(r"(\S{60})\S{30,}")
_THUMBPRINT = re.compile(r"\b([0-9A-F]{8})([0-9A-F]{32})\b")


def page(view: Mapping[str, Any], above: bool = False) -> str:
    """Return the page for what ``view.build`` returned. Every text is escaped; styles and scripts are allowed by their hashes alone.

    ``above``: the page over all farms is in the folder above.
    """
    by_tenant = {tenant: [d for d in view["domains"] if d["tenant"] == tenant] for tenant in view["tenants"]}
    parts = [{"tenant": tenant, "domains": found, "well": sum(d["well"] for d in found)} for tenant, found in by_tenant.items()]
    verdicts = [(verdict, verdict.replace("_", " ")) for verdict in dict.fromkeys(d["verdict"] for d in view["domains"])]
    title = f"Token-signing certificates of {view['farm']['name']}"
    return _render("page.html.j2", title, view=view, drawing=timeline(view), parts=parts, verdicts=verdicts, above=above)


def page_of_farms(view: Mapping[str, Any]) -> str:
    """Return the page over all farms for what ``farms.summary`` returned."""
    return _render("farms.html.j2", "Token-signing certificates of all farms", view=view)


def _render(template: str, title: str, **values: Any) -> str:
    loader = jinja2.FileSystemLoader(_FOLDER)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=loader)
    environment.filters.update(folded=folded, thumbprints=_thumbprints)
    style, script = _asset("page.css"), _asset("page.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    return environment.get_template(template).render(title=title, style=style, script=script, policy=policy, **values)


def folded(text: str) -> str:
    """Return the sentence with the longest list of names in it cut to the first three, and words that fill lines cut; nothing where it is short."""
    cut = _WORD.sub(r"\1…", text)
    found = max(_LIST.finditer(cut), key=lambda match: len(match.group()), default=None)
    if found is None:
        return cut if cut != text else ""
    names = found.group().split(", ")
    return f"{cut[: found.start()]}{', '.join(names[:3])} and {len(names) - 3} more{cut[found.end() :]}"


def _thumbprints(text: str) -> markupsafe.Markup:
    """The text, escaped, with each thumbprint as its beginning that shows the whole on demand."""
    escaped = str(markupsafe.escape(text or "none"))
    return markupsafe.Markup(_THUMBPRINT.sub(r'<code title="\1\2">\1</code>', escaped))  # noqa: S704 - escaped above


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
