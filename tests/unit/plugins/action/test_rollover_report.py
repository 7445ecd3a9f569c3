# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: every file of it, in every state, with hostile names, and how it is written."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.errors import AnsibleActionFail

sys.path.insert(0, str(Path(__file__).parents[1] / "module_utils" / "_renewal"))

from screens import CASES, screen

from ansible_collections.federation.adfs.plugins.action import rollover_report
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import MODES
from ansible_collections.federation.adfs.plugins.module_utils._report import folder, partners, view
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.plugins.modules import rollover_report as documented

HOSTILE = [
    "<script>alert(1)</script>.example.com",
    "\"'><img src=x onerror=alert(1)>",
    '=HYPERLINK("https://example.com")',
    "../../etc/passwd",
    "a" * 300,
    "\u202egnp.exe",
    "\u05d3\u05d5\u05d2\u05de\u05d4.example.com",
    "two\nlines\r\nBEGIN:VEVENT",
    "|`code`|{{ 7 * 7 }}{% raw %}",
    "lone \ud800 surrogate",
]
FILES = {"index.html", "report.json", "report.md", "matrix.csv", "dates.ics", "metrics.prom"}


def certificates(name: str) -> list[dict[str, object]]:
    case = CASES[name]()
    keys = [case.seen.keys[k] for k in sorted(case.seen.farm.certificates)]
    common = {
        "certificate_type": "Token-Signing",
        "key_type": "RSA",
        "key_size": 2048,
        "signature_algorithm": "sha256",
        "der": base64.b64encode(b"DER").decode(),
    }
    return [
        {
            "thumbprint": k.thumbprint,
            "not_before": format_time(k.not_before),
            "not_after": format_time(k.not_after),
            "days_remaining": (k.not_after - case.now).days,
            **common,
        }
        for k in keys
    ]


@cache
def plan(name: str, mode: str = "plan") -> str:
    return json.dumps(screen(CASES[name](), mode))


def made(shown: dict[str, object], name: str, mode: str = "plan") -> dict[str, bytes]:
    return rollover_report.contents(shown, certificates(name), mode, format_time(CASES[name]().now), [])


class Tags(HTMLParser):
    """Every element with its attributes, and the text; what would be fetched or run is in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br", "line", "rect", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "rect", "circle"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", CASES)
def test_every_state_has_a_whole_report_with_the_answer_of_the_summary(name: str) -> None:
    shown = json.loads(plan(name))
    files = made(shown, name)
    assert set(files) >= FILES
    tags = Tags(files["index.html"].decode())
    assert tags.open == []
    assert shown["summary"][0] in tags.text
    for domain in shown["domains"]:
        assert domain["domain"] in tags.text
        assert domain.get("to_do", "") in tags.text
    for block in shown["blocked_by"]:
        assert " ".join(block["reason"].split()) in tags.text
    for event in (shown["forecast"] or {"attended": []})["attended"]:
        assert event["said"][1:] in tags.text
    assert len(list(csv.reader(io.StringIO(files["matrix.csv"].decode())))) == len(shown["domains"]) + 1
    assert not [tag for tag, attributes in tags.found if tag in ("link", "img", "iframe", "object") or {"src", "href", "style", "onclick"} & set(attributes)]


def hostile() -> dict[str, object]:
    """A plan in which every name from outside means harm."""
    shown = json.loads(plan("due with partners"))
    pattern = shown["domains"][0]
    shown["domains"] = [{**pattern, "domain": name, "reason": name, "verdict": "broken", "to_do": name} for name in HOSTILE]
    shown["relying_parties"] = [{"name": name, "identifiers": [name], "risk": "no_metadata", "advice": name} for name in HOSTILE]
    shown["blocked_by"] = [{"condition": "due", "object": name, "until": None, "reason": name} for name in HOSTILE]
    shown["farm"]["host_name"] = shown["farm"]["identifier"] = 'a"b\\c<svg/onload=x>,;'
    return dict(shown)


def test_names_from_outside_are_harmless_in_every_file() -> None:
    shown = hostile()
    harmless = made(json.loads(plan("due with partners")), "due with partners")["index.html"].decode()
    files = made(shown, "due with partners")
    page = files["index.html"].decode()
    tags = Tags(page)
    kinds = {tag for tag, _attributes in tags.found}
    assert kinds <= {tag for tag, _attributes in Tags(harmless).found} | {"table", "thead", "tbody", "tr", "th", "td", "br"}
    assert sum(tag == "script" for tag, _attributes in tags.found) == 1
    assert "<script>alert(1)</script>.example.com" in tags.text and "49" not in tags.text.split("{{ 7")[1][:12]
    assert "\u202e" not in page
    assert re.search("<bdi>\u05d3", page)
    cells = [cell for row in csv.reader(io.StringIO(files["matrix.csv"].decode())) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    for line in files["dates.ics"].split(b"\r\n"):
        assert len(line) <= 75
    assert files["dates.ics"].count(b"\r\nBEGIN:VEVENT") == files["dates.ics"].count(b"\r\nEND:VEVENT") > 1
    sample = re.compile(r'federation_adfs_\w+\{\w+="(?:[^"\\\n]|\\[\\"n])*"(?:,\w+="(?:[^"\\\n]|\\[\\"n])*")*\} -?\d+')
    lines = files["metrics.prom"].decode().splitlines()
    assert lines[-1] == "# EOF" and len([line for line in lines if "domain_well{" in line]) == len(HOSTILE)
    assert not [line for line in lines if not line.startswith("# ") and not sample.fullmatch(line)]
    folders = {name.split("/")[1] for name in files if name.startswith("partners/")}
    assert len(folders) == len(HOSTILE) and all(re.fullmatch(r"[a-z0-9-]{1,60}", name) for name in folders)


def test_two_partners_whose_names_look_alike_have_folders_of_their_own() -> None:
    assert partners.folder_name("A B", []) != partners.folder_name("a-b", [])
    assert partners.folder_name("A B", ["urn:1"]) != partners.folder_name("A B", ["urn:2"])
    assert partners.folder_name("A B", ["urn:1"]) == partners.folder_name("A B", ["urn:1"])


def test_the_partner_pack_has_both_certificates_and_says_what_to_do() -> None:
    shown = json.loads(plan("due with partners"))
    files = made(shown, "due with partners")
    for partner in shown["relying_parties"]:
        where = "partners/" + partners.folder_name(partner["name"], partner["identifiers"])
        text = files[f"{where}/message.txt"].decode()
        assert partner["advice"] in text and shown["farm"]["primary"] in text
        assert files[f"{where}/{shown['farm']['primary']}.cer"] == b"DER"


def test_many_domains_make_a_page_of_less_than_two_megabytes() -> None:
    name = "900 domains with 30 broken"
    assert len(made(json.loads(plan(name)), name)["index.html"]) < 2_000_000


def test_what_is_wrong_with_a_certificate_is_told() -> None:
    shown = json.loads(plan("several tenants"))
    listed = certificates("several tenants")
    listed[0].update(key_size=1024, signature_algorithm="sha1", days_remaining=-1, not_before="2020-01-01T00:00:00Z")
    found = [entry["finding"] for entry in view.build(shown, listed, "plan", "2026-01-01T00:00:00Z")["hygiene"]]
    for word in ("weak key: RSA of 1024 bits", "SHA-1", "expired", "longer than three years", "tenants"):
        assert any(word in finding for finding in found), (word, found)


def test_a_run_that_broke_off_has_a_report_that_says_so() -> None:
    broken_off = {"summary": ["Act: the run broke off: no reply. ", "Next run: as soon as the cause is fixed."], "memory": {"done": []}, "run": {}}
    files = rollover_report.contents(broken_off, [], "apply", "2026-01-01T00:00:00Z", [])
    assert "Act: the run broke off" in files["index.html"].decode()
    assert b'run_failed{farm="unknown farm"} 1' in files["metrics.prom"]


# -- how it is written -----------------------------------------------------------------------------------------------------------


def run(path: Path, variables: dict[str, object] | None = None, check_mode: bool = False, **more: object) -> dict[str, object]:
    arguments = {"plan": json.loads(plan("in sync")), "certificates": certificates("in sync"), "path": str(path), "now": "2026-01-01T00:00:00Z", **more}
    task = SimpleNamespace(args=arguments, check_mode=check_mode, diff=False, async_val=0, action="federation.adfs.rollover_report", environment=[])
    action = rollover_report.ActionModule(
        task=task, connection=MagicMock(), play_context=MagicMock(), loader=MagicMock(), templar=MagicMock(), shared_loader_obj=MagicMock()
    )
    return action.run(task_vars=variables or {})


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_files_are_written_in_check_mode_too_and_are_no_change(tmp_path: Path, check_mode: bool) -> None:
    result = run(tmp_path / "a" / "b", check_mode=check_mode, mode="apply")
    assert result["changed"] is False
    there = {str(path.relative_to(tmp_path / "a" / "b")) for path in (tmp_path / "a" / "b").rglob("*") if path.is_file()}
    assert there == set(result["files"]) and there >= FILES
    assert json.loads((tmp_path / "a" / "b" / "report.json").read_text(encoding="utf-8"))["mode"] == ("check" if check_mode else "apply")


def test_a_file_is_replaced_as_a_whole_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    run(tmp_path)
    before = os.stat(tmp_path / "index.html").st_ino
    os.link(tmp_path / "index.html", tmp_path / "kept.html")
    run(tmp_path)
    assert os.stat(tmp_path / "index.html").st_ino != before == os.stat(tmp_path / "kept.html").st_ino
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "mine.txt", "kept.html"])


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path)
    before = (tmp_path / "dates.ics").read_bytes()
    monkeypatch.setattr(folder.os, "replace", MagicMock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(AnsibleActionFail, match=r"could not be written .*No space left on device"):
        run(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES and (tmp_path / "dates.ics").read_bytes() == before


@pytest.mark.parametrize("name", ["../index.html", "/index.html", "a//b", "."])
def test_no_file_leaves_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="leads out of the folder"):
        folder.write(str(tmp_path / "in"), {name: b""})


@pytest.mark.parametrize("job", ["awx_job_id", "tower_job_id"])
def test_a_folder_that_the_job_loses_is_refused(tmp_path: Path, job: str) -> None:
    with pytest.raises(AnsibleActionFail, match="delete a job's folders"):
        run(tmp_path / "new", {job: 41})
    assert not (tmp_path / "new").exists()


def test_the_documentation_says_what_the_options_are() -> None:
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    told = {n: (o["type"], o.get("elements"), o.get("required", False), o.get("default"), o.get("choices")) for n, o in options.items()}
    spec = rollover_report.ARGUMENT_SPEC
    assert told == {n: (o["type"], o.get("elements"), o.get("required", False), o.get("default"), o.get("choices")) for n, o in spec.items()}
    assert options["mode"]["choices"] == list(MODES)
