# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: every file of it, in every state, with hostile names, and how it is written."""

from __future__ import annotations

import ast
import base64
import csv
import fcntl
import hashlib
import io
import json
import os
import re
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

sys.path.insert(0, str(Path(__file__).parents[1] / "module_utils" / "_renewal"))

from screens import CASES, screen

from ansible_collections.federation.adfs.plugins.action import rollover_report
from ansible_collections.federation.adfs.plugins.module_utils._renewal import ledger_told
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import FIELDS, encode, line_hash, verify
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import MODES
from ansible_collections.federation.adfs.plugins.module_utils._renewal.observation import Slots
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import make_plan, show
from ansible_collections.federation.adfs.plugins.module_utils._renewal.scanning import Run
from ansible_collections.federation.adfs.plugins.module_utils._report import farms, folder, partners, texts, view
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time
from ansible_collections.federation.adfs.plugins.modules import rollover_report as documented
from ansible_collections.federation.adfs.plugins.plugin_utils._report_page import folded, page_of_farms

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
STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ")
NOW_OF_PARTS = parse_time("2026-01-02T00:00:00Z")
FARM_STATES = ("in sync", "due", "held clock", "broken", "several tenants", "published and waiting")
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


def made(shown: dict[str, object], name: str, mode: str = "plan", told: dict[str, object] | None = None) -> dict[str, bytes]:
    return contents(shown, certificates(name), mode, format_time(CASES[name]().now), told)


def contents(shown: dict[str, object], listed: list[dict[str, object]], mode: str, now: str, told: dict[str, object] | None = None) -> dict[str, bytes]:
    return rollover_report.contents(view.build(shown, listed, mode, now, (), told))


def ledger(since: str = "2025-01-01T00:00:00Z") -> dict[str, object]:
    """What the ledger tells of a publishing to forty domains, a promotion, a refusal, and an act with hostile names."""
    old, new = "4F4C4400" + "0" * 32, "4E455700" + "0" * 32
    common = {**dict.fromkeys(FIELDS), "time": "2025-11-20T22:46:00Z", "run": "20251120T224600Z-1", "job": "41", "user": "alice", "change_number": "CHG0031234"}
    slots = {"before": {"signing": old, "next": None}, "after": {"signing": old, "next": new}, "rule_before": True, "rule_after": True}
    entries = [
        {**common, "act": "generate", "object": "adfs1.contoso.com", "after": new, "result": "done"},
        *({**common, **slots, "act": "publish", "object": f"d{n}.example.com", "result": "done", "request_id": f"r{n}"} for n in range(1, 41)),
        {**common, **slots, "rule_after": None, "act": "publish", "object": "e.example.com", "result": "refused: 403 Forbidden"},
        {**common, "time": "2025-11-22T00:10:00Z", "act": "promote", "object": HOSTILE[0], "user": HOSTILE[1], "before": old, "after": new, "result": "done"},
    ]
    lines: list[bytes] = []
    for entry in entries:
        lines.append(encode(entry, line_hash(lines[-1]) if lines else None))
    return ledger_told.evidence(verify([("ledger-2025.jsonl", b"".join(lines))]), since)


def parts(number: int) -> list[tuple[str, bytes]]:
    """The parts of so many farms, each in another state, by their folders; one of them is old, and one is no report any more."""
    found = []
    for index in range(number):
        name = FARM_STATES[index % len(FARM_STATES)]
        shown = json.loads(plan(name))
        shown["farm"].update(host_name=f"sts.farm{index + 1}.example.com", identifier=f"http://sts.farm{index + 1}.example.com/adfs/services/trust")
        moment = "2025-12-20T00:00:00Z" if index == 2 else format_time(CASES[name]().now)
        view_of = view.build(shown, certificates(name), "audit", moment)
        found.append((f"adfs{index + 1}-0a1b2c3d", json.dumps(view_of).encode()))
    return [*found, ("spoilt-0a1b2c3d", b'{"farm": []}')]


def over_all(number: int) -> bytes:
    """The page over all of them."""
    return page_of_farms(farms.summary(farms.join(parts(number), NOW_OF_PARTS)[0])).encode()


def strange(**more: object) -> dict[str, object]:
    """A certificate that domains accept and AD FS does not have."""
    found = {"thumbprint": "53545241" + "0" * 32, "issuer": "CN=Elsewhere", "not_before": "2016-01-01T00:00:00Z", "not_after": "2026-06-01T00:00:00Z"}
    return {**found, "days_remaining": 100, "key_type": "RSA", "key_size": 4096, "signature_algorithm": "sha256WithRSAEncryption", **more}


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
        if tag not in ("meta", "input", "br", "wbr", "line", "rect", "circle"):
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
        assert STAMP.sub(r"\1 \2 UTC", " ".join(block["reason"].split())) in tags.text
    for event in (shown["forecast"] or {"attended": []})["attended"]:
        assert event["said"][1:] in tags.text
    assert len(list(csv.reader(io.StringIO(files["matrix.csv"].decode())))) == len(shown["domains"]) + 1
    assert not [tag for tag, attributes in tags.found if tag in ("link", "img", "iframe", "object") or {"src", "style", "onclick"} & set(attributes)]
    assert not [attributes["href"] for _tag, attributes in tags.found if not (attributes.get("href") or "#").startswith("#")]


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
    files = contents(broken_off, [], "apply", "2026-01-01T00:00:00Z")
    assert "Act: the run broke off" in files["index.html"].decode()
    assert b'run_failed{farm="unknown farm"} 1' in files["metrics.prom"]


# -- how it is written -----------------------------------------------------------------------------------------------------------


def made_action(arguments: dict[str, object], check_mode: bool = False) -> rollover_report.ActionModule:
    named = {"action": "federation.adfs.rollover_report", "environment": [], "delegate_to": None}
    task = SimpleNamespace(args=arguments, check_mode=check_mode, diff=False, async_val=0, **named)
    return rollover_report.ActionModule(
        task=task, connection=MagicMock(), play_context=MagicMock(), loader=MagicMock(), templar=MagicMock(), shared_loader_obj=MagicMock()
    )


def run(path: Path | None, variables: dict[str, object] | None = None, check_mode: bool = False, **more: object) -> dict[str, object]:
    arguments = {"plan": json.loads(plan("in sync")), "certificates": certificates("in sync"), "now": "2026-01-01T00:00:00Z", **more}
    return made_action({**arguments, **({"path": str(path)} if path else {})}, check_mode).run(task_vars=variables or {})


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_files_are_written_in_check_mode_too_and_are_no_change(tmp_path: Path, check_mode: bool) -> None:
    result = run(tmp_path / "a" / "b", check_mode=check_mode, mode="apply")
    assert result["changed"] is False
    assert set(result) - {"changed", "failed"} == set(yaml.safe_load(documented.RETURN))
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


@pytest.mark.parametrize("name", ["../index", "/index", "a//b", "nul\0"])
def test_no_file_leaves_the_folder(tmp_path: Path, name: str) -> None:
    listed = [{**certificates("in sync")[0], "thumbprint": name}]
    shown = {**json.loads(plan("due with partners")), "farm": {**json.loads(plan("due with partners"))["farm"], "primary": name}}
    with pytest.raises(AnsibleActionFail, match=r"not written: the name .* leads out of the folder"):
        run(tmp_path / "in", plan=shown, certificates=listed)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("job", ["awx_job_id", "tower_job_id"])
def test_a_folder_that_the_job_loses_is_refused(tmp_path: Path, job: str) -> None:
    with pytest.raises(AnsibleActionFail, match="delete a job's folders"):
        run(tmp_path / "new", {job: 41})
    assert not (tmp_path / "new").exists()


def test_the_documentation_says_what_the_options_are() -> None:
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    told = {n: (o["type"], o.get("elements"), o.get("required", False), o.get("default"), o.get("choices")) for n, o in options.items()}
    spec = documented.ARGUMENT_SPEC
    assert told == {n: (o["type"], o.get("elements"), o.get("required", False), o.get("default"), o.get("choices")) for n, o in spec.items()}
    assert options["mode"]["choices"] == list(MODES)


# -- several farms in one folder -------------------------------------------------------------------------------------------------


def farm_of(path: Path, number: int, variables: dict[str, object] | None = None, **more: object) -> dict[str, object]:
    shown = json.loads(plan("in sync"))
    shown["farm"].update(host_name=f"sts{number}.example.com", identifier=f"http://sts{number}.example.com/adfs/services/trust")
    return run(path, variables, plan=shown, farm=f"adfs{number}", **{"several": True, **more})


def test_each_farm_has_its_part_and_the_folder_tells_of_all(tmp_path: Path) -> None:
    first, second = farm_of(tmp_path, 1), farm_of(tmp_path, 2)
    assert (first["path"], first["joined"], second["path"]) == (str(tmp_path / "adfs1"), True, str(tmp_path / "adfs2"))
    for name in FILES:
        assert (tmp_path / "adfs1" / name).is_file() and (tmp_path / name).is_file()
    tags = Tags((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "2 farms: 2 need nothing. 82 of 82 domains need nothing." in tags.text
    assert [a["href"] for tag, a in tags.found if tag == "a"] == ["adfs1/index.html", "adfs2/index.html"]
    assert "../index.html" in [a.get("href") for _tag, a in Tags((tmp_path / "adfs2" / "index.html").read_text(encoding="utf-8")).found]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "matrix.csv").read_text(encoding="utf-8"))))
    assert {row["farm"] for row in rows} == {"sts1.example.com", "sts2.example.com"} and len(rows) == 82
    metrics = (tmp_path / "metrics.prom").read_text(encoding="utf-8").splitlines()
    assert metrics.count("# TYPE federation_adfs_run_timestamp_seconds gauge") == 1 and metrics[-1] == "# EOF"
    at = metrics.index("# HELP federation_adfs_run_failed Whether the last run failed.")
    assert [line.partition("{")[0] for line in metrics[at + 1 : at + 3]] == ["federation_adfs_run_failed"] * 2
    assert (tmp_path / "dates.ics").read_text(encoding="utf-8").count("BEGIN:VCALENDAR") == 1
    assert [farm["name"] for farm in json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["farms"]] == ["sts1.example.com", "sts2.example.com"]


def test_a_run_of_one_farm_alone_does_not_overwrite_what_tells_of_all(tmp_path: Path) -> None:
    assert farm_of(tmp_path, 1, several=False)["path"] == str(tmp_path)
    assert farm_of(tmp_path, 2)["joined"] is True
    again = farm_of(tmp_path, 1, several=False)
    assert (again["path"], again["joined"]) == (str(tmp_path / "adfs1"), True)
    assert "2 farms:" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_parts_that_come_while_the_summary_is_made_are_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two slices at the same time: the second writes its part and its summary after the first has looked, and before it writes."""
    real, late = rollover_report.page_of_farms, [2, 3]

    def page(summary: dict[str, object]) -> str:
        if late:
            farm_of(tmp_path, late.pop())
        return real(summary)

    monkeypatch.setattr(rollover_report, "page_of_farms", page)
    farm_of(tmp_path, 1)
    assert "3 farms:" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert len(json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["farms"]) == 3


def test_many_runs_at_once_leave_a_summary_of_all(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:  # each opens the lock for itself, as processes do
        assert all(result["joined"] for result in threads.map(lambda number: farm_of(tmp_path, number), range(4)))
    assert "4 farms:" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_part_that_was_changed_or_is_old_is_told_and_hides_nothing(tmp_path: Path) -> None:
    for name, content in parts(5):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_bytes(content)
    farm_of(tmp_path, 9)
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    rows = {farm["name"]: farm for farm in told["farms"]}
    assert "not one of this collection" in rows["spoilt-0a1b2c3d"]["error"]
    assert [name for name, farm in rows.items() if farm["late"]] == ["sts.farm3.example.com"]
    counted = "7 farms: 3 need somebody now, 1 has a step that is due, or an alarm, 3 need nothing"
    assert told["answer"] == f"{counted}. 166 of 170 domains need nothing. 1 report is old."
    assert told["tone"] == "act" and told["farms"][0]["tone"] == "act" and told["farms"][-1]["tone"] == "well"
    assert "spoilt" not in (tmp_path / "metrics.prom").read_text(encoding="utf-8")


def _part(name: str, moment: str = "2026-01-01T00:00:00Z", identifier: str = "", **farm: object) -> bytes:
    shown = json.loads(plan("in sync"))
    shown["farm"].update(host_name=name, identifier=identifier, **farm)
    return json.dumps(view.build(shown, certificates("in sync"), "audit", moment)).encode()


def _series(text: str) -> list[str]:
    return [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]


def test_farms_of_one_name_are_told_apart_in_figures_and_dates() -> None:
    broken_off = json.dumps(view.build({"summary": ["Act: the run broke off."]}, [], "apply", "2026-01-01T00:00:00Z")).encode()
    files = farms.files([("a", broken_off), ("b", broken_off), ("c", _part("sts.example.com")), ("d", _part("sts.example.com"))], NOW_OF_PARTS)
    series = _series(files["metrics.prom"].decode())
    assert len(series) == len(set(series)) and 'federation_adfs_run_failed{farm="unknown farm",folder="b"}' in series
    identities = re.findall(r"UID:(.*)", files["dates.ics"].decode())
    assert identities and len(identities) == len(set(identities))


def test_farms_of_one_name_are_told_apart_wherever_people_read() -> None:
    """Also where a farm has the name that another one gets by that."""
    found = [(name, _part("sts.example.com", identifier=f"http://{name}/trust")) for name in ("a", "b")]
    found += [("c", _part("sts.example.com (a)")), ("d", _part("other.example.com")), ("odd", b""), ("e", _part("odd"))]
    told = {"sts.example.com (a)", "sts.example.com (b)", "sts.example.com (a) (c)", "other.example.com", "odd (e)"}
    told_all = {*told, "odd (odd)"}
    files = farms.files(found, NOW_OF_PARTS)
    assert {row["farm"] for row in csv.DictReader(io.StringIO(files["matrix.csv"].decode()))} == told
    assert {line.split(" | ")[0].removeprefix("| ") for line in files["report.md"].decode().splitlines()[8:]} == {
        name.replace("(", "\\(").replace(")", "\\)") for name in told_all
    }
    dates = re.sub(r"\r\n ", "", files["dates.ics"].decode())
    assert {line.partition(": ")[0] for line in re.findall(r"SUMMARY:(.*)\r", dates)} == told
    rows = json.loads(files["report.json"])
    assert {farm["shown"] for farm in rows["farms"]} == told_all and rows["not_after"]["farm"] in told
    assert [farm["name"] for farm in rows["farms"] if farm["folder"] in ("a", "b")] == ["sts.example.com"] * 2
    page = Tags(page_of_farms(farms.summary(farms.join(found, NOW_OF_PARTS)[0]))).text
    assert all(name in page for name in told_all)


def test_farms_that_differ_in_what_is_not_shown_only_are_told_apart() -> None:
    same = [("a", _changed(farm={"name": "sts  x", "identifier": "u\n1"})), ("b", _changed(farm={"name": "sts x", "identifier": "u 1"}))]
    same += [("c", _changed(farm={"name": "x" * 1000 + "1", "identifier": ""})), ("d", _changed(farm={"name": "x" * 1000 + "2", "identifier": ""}))]
    files = farms.files(same, NOW_OF_PARTS)
    assert files["metrics.prom"].decode().count("federation_adfs_held{") == 4
    assert len({row["farm"] for row in csv.DictReader(io.StringIO(files["matrix.csv"].decode()))}) == 4


def test_farms_without_an_identifier_have_dates_of_their_own() -> None:
    dates = farms.files([("a", _part("a.example.com")), ("b", _part("b.example.com"))], NOW_OF_PARTS)["dates.ics"].decode()
    identities = re.findall(r"UID:(.*)", dates)
    assert identities and len(identities) == len(set(identities))


def _changed(**more: dict[str, object]) -> bytes:
    """A part in which somebody changed values."""
    shown = json.loads(_part("sts.example.com"))
    return json.dumps({**shown, **{name: {**shown[name], **value} if isinstance(value, dict) else value for name, value in more.items()}}).encode()


def test_what_a_changed_part_names_twice_is_there_once() -> None:
    changed = json.loads(_part("sts.example.com"))
    changed["deadline"] = "2026-03-01T00:00:00Z"
    once = farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)
    for name in ("domains", "certificates"):
        changed[name] *= 2
    changed["forecast"]["attended"] *= 2
    files = farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)
    series = _series(files["metrics.prom"].decode())
    assert len(series) == len(set(series))
    assert files["dates.ics"] == once["dates.ics"] and once["dates.ics"].count(b"UID:") > 2


def test_two_dates_of_one_kind_at_one_time_are_both_there() -> None:
    changed = json.loads(_part("sts.example.com"))
    event = changed["forecast"]["attended"][0]
    changed["forecast"]["attended"] = [{**event, "said": said} for said in ("First", "Second", "First")]
    dates = farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)["dates.ics"].decode().replace("\r\n ", "")
    identities = re.findall(r"UID:(.*)", dates)
    assert len(identities) == len(set(identities)) and dates.count(": First") == dates.count(": Second") == 1


@pytest.mark.parametrize("sign", ["\r", "\n", "\0", "\ud800", "\x1b[2J", "\u202e", "\u2028", "\\", '"', "\x85"])
def test_no_sign_in_a_name_makes_a_file_unreadable(sign: str) -> None:
    """A changed part may hold anything; Prometheus reads no escape but three, and refuses the whole file for another one."""
    name = f"a{sign}b"
    shown = json.loads(_part("sts.example.com"))
    certificate = {**shown["certificates"][0], "thumbprint": name, "is": name}
    block = {"condition": name, "lifted_by": "time", "object": name, "reason": name, "until": None}
    domain = {**shown["domains"][0], **dict.fromkeys(("domain", "tenant", "verdict", "reason", "to_do", "signing", "next", "row"), name)}
    changed = {**shown, "answer": name, "certificates": [certificate], "blocked": [block], "domains": [domain], "farm": {**shown["farm"], "name": name}}
    found = [("a", json.dumps(changed).encode()), ("b", json.dumps({**changed, "farm": {**shown["farm"], "identifier": name}}).encode())]
    assert not [row for row in farms.join(found, NOW_OF_PARTS)[0] if row["error"]]
    files = farms.files(found, NOW_OF_PARTS)
    sample = re.compile(r'federation_adfs_\w+\{\w+="(?:[^"\\]|\\[\\"n])*"(?:,\w+="(?:[^"\\]|\\[\\"n])*")*\} -?\d+')
    for file in ("metrics.prom", "matrix.csv", "dates.ics", "report.md"):
        text = files[file].decode("utf-8")
        lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        assert all(line.isprintable() for line in lines), file
    metrics = files["metrics.prom"].decode("utf-8").split("\n")
    assert not [line for line in metrics if line and not line.startswith("# ") and not sample.fullmatch(line)]


def test_no_name_of_a_changed_part_is_longer_than_what_is_shown() -> None:
    files = farms.files([("a", _changed(farm={"name": "n" * 2_000_000, "identifier": "i" * 2_000_000}))], NOW_OF_PARTS)
    assert max(len(content) for content in files.values()) < 500_000


def test_no_domain_of_a_changed_part_names_another_farm() -> None:
    changed = json.loads(_part("sts.example.com"))
    changed["domains"][0]["farm"] = "other.example.com"
    assert b"other.example.com" not in farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)["matrix.csv"]


def test_a_formula_after_what_is_not_shown_is_none() -> None:
    changed = json.loads(_part("sts.example.com"))
    for index, sign in enumerate(("\t=", "\r\n=", " =", "\xa0@", "\uff1d", "\uff0b", "\uff0d", "\uff20")):
        changed["domains"][index]["domain"] = f"{sign}1+1"
    rows = csv.reader(io.StringIO(farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)["matrix.csv"].decode()))
    assert len([row for row in rows if row[1].endswith("1+1") and row[1].startswith("'")]) == 8


def test_the_first_year_of_the_calendar_has_four_digits() -> None:
    changed = json.loads(_part("sts.example.com"))
    changed["certificates"][0]["not_after"] = "0001-01-01T00:00:00Z"
    assert "DTSTART:00010101T000000Z" in farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)["dates.ics"].decode()


@pytest.mark.parametrize("end", ["2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00+14:00"])
def test_no_date_ends_before_it_begins(end: str) -> None:
    """RFC 5545 forbids it, and readers refuse the whole calendar."""
    event = {**json.loads(_part("sts.example.com"))["forecast"]["attended"][0], "earliest": "2026-03-01T00:00:00+00:00", "latest": end}
    files = farms.files([("a", _changed(forecast={"attended": [event]}))], NOW_OF_PARTS)
    assert "DTSTART:20260301T000000Z" in files["dates.ics"].decode() and "DTEND" not in files["dates.ics"].decode()


def test_a_line_of_the_summary_keeps_its_columns_and_is_one_line() -> None:
    shown = {**json.loads(plan("in sync")), "summary": ["Nothing to do.", "  contoso.com   signs\n# Heading\x1b[2J"]}
    files = contents(shown, [], "plan", "2026-01-01T00:00:00Z")
    assert "\n      contoso.com   signs # Heading\\x1b[2J\n" in files["report.md"].decode()
    assert json.loads(files["report.json"])["summary"][1] == "  contoso.com   signs # Heading\\x1b[2J"


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\u2028", "\x85", "\x0b"])
def test_no_text_of_a_changed_part_begins_a_line_of_the_calendar(sign: str) -> None:
    changed = json.loads(_part("sts.example.com"))
    changed["farm"]["name"] = f"sts{sign}ATTENDEE:mailto:a@example.com"
    dates = farms.files([("a", json.dumps(changed).encode())], NOW_OF_PARTS)["dates.ics"].decode()
    assert not [line for line in dates.splitlines() if line.startswith("ATTENDEE")]


def test_a_report_from_the_future_is_said_and_makes_no_other_old() -> None:
    rows, _views = farms.join([("a", _part("a.example.com")), ("b", _part("b.example.com", "2027-01-01T00:00:00Z"))], NOW_OF_PARTS)
    assert {r["name"]: (r["late"], r["ahead"]) for r in rows} == {"a.example.com": (False, False), "b.example.com": (False, True)}
    shown = farms.summary(rows)
    assert "1 report is from the future: check the clock where that was made." in shown["answer"]
    assert shown["made_at"] == "2026-01-01T00:00:00Z"
    only, _views = farms.join([("b", _part("b.example.com", "2027-01-01T00:00:00Z"))], NOW_OF_PARTS)
    assert farms.summary(only)["made_at"] is None and "Newest report" not in page_of_farms(farms.summary(only))
    assert "from the future" in Tags(page_of_farms(shown)).text


def test_a_folder_that_is_a_link_is_no_farm_and_nothing_is_written_through_it(tmp_path: Path) -> None:
    farm_of(tmp_path / "reports", 1)
    farm_of(tmp_path / "elsewhere", 2)
    (tmp_path / "reports" / "adfs2").symlink_to(tmp_path / "elsewhere" / "adfs2")
    farm_of(tmp_path / "reports", 1)
    assert "1 farm:" in (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    with pytest.raises(AnsibleActionFail, match=r"not written: '.*adfs2' is a symbolic link, .*; remove it"):
        farm_of(tmp_path / "reports", 2)


@pytest.mark.parametrize("which", ["partners", "partner"])
@pytest.mark.parametrize("several", [False, True])
def test_nothing_is_written_through_a_link_below_the_farms_folder(tmp_path: Path, which: str, several: bool) -> None:
    shown = json.loads(plan("due with partners"))
    first = shown["relying_parties"][0]
    (tmp_path / "elsewhere").mkdir()
    part = tmp_path / "reports" / ("adfs1" if several else "")
    link = part / "partners" / (partners.folder_name(first["name"], first["identifiers"]) if which == "partner" else "")
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnsibleActionFail, match=rf"The report was not written: '{link}' is a symbolic link, .*; remove it"):
        run(tmp_path / "reports", plan=shown, certificates=certificates("due with partners"), farm="adfs1", several=several)
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]  # so it says what is so


def test_a_link_that_comes_between_the_look_and_the_writing_is_not_followed_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = folder._replace

    def late(*given: object) -> None:
        if not (tmp_path / "reports" / "adfs1").is_symlink():
            (tmp_path / "reports" / "adfs1").rename(tmp_path / "away")
            (tmp_path / "reports" / "adfs1").symlink_to(tmp_path / "elsewhere")
        real(*given)

    monkeypatch.setattr(folder, "_replace", late)
    with pytest.raises(AnsibleActionFail, match=r"could not be written to .* \(Not a directory: .*/reports/adfs1/"):
        farm_of(tmp_path / "reports", 1)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_others_may_read_what_a_run_with_a_strict_umask_makes(tmp_path: Path) -> None:
    """Else their runs would leave the farm out of the page over all."""
    before = os.umask(0o077)
    try:
        run(tmp_path / "reports", plan=json.loads(plan("due with partners")), certificates=certificates("due with partners"), farm="adfs1", several=True)
    finally:
        os.umask(before)
    made = [path for path in (tmp_path / "reports").rglob("*") if path.name != ".lock"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o755, 0o644}
    assert stat.S_IMODE((tmp_path / "reports" / ".lock").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "reports").stat().st_mode) == 0o700  # this one is the user's


def test_the_folder_of_reports_may_be_a_link_and_a_linked_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "reports").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "index.html").symlink_to(tmp_path / "mine.txt")
    assert farm_of(tmp_path / "reports", 1)["joined"] is True
    assert "1 farm:" in (tmp_path / "disk" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_link_as_report_json_is_not_read(tmp_path: Path) -> None:
    """Neither the one of a farm nor the one over all: it may lead to a file that only this account may read."""
    secret, over_all = tmp_path / "secret.json", tmp_path / "over-all.json"
    secret.write_bytes(_part("secret.example.com"))
    over_all.write_text('{"farms": []}', encoding="utf-8")
    (tmp_path / "reports" / "adfs2").mkdir(parents=True)
    (tmp_path / "reports" / "adfs2" / "report.json").symlink_to(secret)
    (tmp_path / "reports" / "report.json").symlink_to(over_all)
    assert farm_of(tmp_path / "reports", 1, several=False)["path"] == str(tmp_path / "reports")
    farm_of(tmp_path / "reports", 1)
    rows = {farm["folder"]: farm for farm in json.loads((tmp_path / "reports" / "report.json").read_text(encoding="utf-8"))["farms"]}
    assert rows["adfs2"]["error"].startswith("Its report.json was not read: it is a symbolic link.")
    assert not [path for path in (tmp_path / "reports").rglob("*") if path.is_file() and not path.is_symlink() and b"secret.example" in path.read_bytes()]


def test_a_part_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm_of(tmp_path, 1)
    for name in ("pipe", "folder", "large", "none", "not a farm's"):
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / "pipe" / "report.json")
    (tmp_path / "folder" / "report.json").mkdir()
    (tmp_path / "large" / "report.json").write_bytes(b" " * 2_000_001)
    (tmp_path / "not a farm's" / "report.json").write_bytes(b"{}")
    monkeypatch.setattr(folder, "MOST_BYTES", 2_000_000)
    farm_of(tmp_path, 1)
    rows = {farm["folder"]: farm["error"] for farm in json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["farms"]}
    assert set(rows) == {"adfs1", "pipe", "folder", "large"} and rows["adfs1"] is None
    assert rows["pipe"].startswith("Its report.json was not read: it is no file but a device, a pipe or a socket.")
    assert rows["folder"].startswith("Its report.json was not read: Is a directory.")
    assert rows["large"].startswith("Its report.json was not read: it is larger than 2000000 bytes.")


def test_what_tells_of_all_and_cannot_be_read_is_not_replaced_by_one_farm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm_of(tmp_path, 1)
    before = (tmp_path / "report.json").read_bytes()
    monkeypatch.setattr(folder, "read_regular", MagicMock(side_effect=PermissionError(13, "Permission denied", "report.json")))
    with pytest.raises(AnsibleActionFail, match=rf"could not be written .*Permission denied: {tmp_path}/report\.json"):
        farm_of(tmp_path, 1, several=False)
    assert (tmp_path / "report.json").read_bytes() == before


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was warned of."""
    found: list[str] = []
    monkeypatch.setattr("ansible.utils.display.Display.warning", lambda _self, text, *_more, **_named: found.append(text))
    return found


def test_a_report_that_replaces_the_one_of_another_farm_says_so(tmp_path: Path, warnings: list[str]) -> None:
    farm_of(tmp_path, 1, several=False)
    farm_of(tmp_path, 1, several=False)
    assert not warnings
    farm_of(tmp_path, 2, several=False)
    (told,) = warnings
    assert told.startswith(f"The report of http://sts1.example.com/adfs/services/trust in {tmp_path} was replaced by this one. Give each farm a folder of")
    run(tmp_path, plan={"summary": ["Act: the run broke off."]})  # it may be the same farm
    (tmp_path / "report.json").write_text('{"farm": {"identifier": ["\\u001b"]}}', encoding="utf-8")
    farm_of(tmp_path, 2, several=False)
    farm_of(tmp_path, 3)
    assert len(warnings) == 1


NO_LOCKS = {
    "pipe": "it is no file but a device, a pipe or a socket",
    "socket": "it is no file but a device, a pipe or a socket",
    "folder": "Is a directory",
    "link": "it is a symbolic link",
    "dangling link": "it is a symbolic link",
}


@pytest.mark.parametrize("kind", NO_LOCKS)
def test_what_is_no_file_in_the_place_of_the_lock_is_told_and_neither_followed_nor_waited_for(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    lock, elsewhere = tmp_path / "reports" / ".lock", tmp_path / "elsewhere"
    lock.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(lock)
    elif kind == "folder":
        lock.mkdir()
    elif kind == "socket":
        monkeypatch.chdir(lock.parent)  # the path of a socket is short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(lock.name)
    else:
        lock.symlink_to(elsewhere)
        if kind == "link":
            elsewhere.write_bytes(b"")
    assert farm_of(lock.parent, 1)["joined"] is True
    assert warnings == [f"{lock} on the controller cannot be locked ({NO_LOCKS[kind]}; remove it). The files over all farms were written without a lock."]
    assert elsewhere.exists() == (kind == "link")


def test_the_lock_of_another_account_is_locked_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    """It may only be read, and in a folder with the sticky bit Linux refuses to open it where O_CREAT is asked for, too."""
    (tmp_path / ".lock").touch()
    opened, real = [], os.open

    def refusing(path: str, flags: int, *more: object, **named: object) -> int:
        if path == ".lock":
            if flags & os.O_CREAT or flags & os.O_ACCMODE != os.O_RDONLY:
                raise PermissionError(13, "Permission denied")
            opened.append(flags)
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refusing)
    assert farm_of(tmp_path, 1)["joined"] is True
    assert opened and not warnings


def test_a_lock_that_is_held_for_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    monkeypatch.setattr(folder, "_LOCK_SECONDS", 0.1)
    with open(tmp_path / ".lock", "wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert farm_of(tmp_path, 1)["joined"] is True
    assert len(warnings) == 1 and ".lock on the controller cannot be locked (it was held for 0.1 seconds; see which process holds it)." in warnings[0]


def test_a_page_over_all_that_others_kept_from_being_written_is_not_told_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm_of(tmp_path, 1)
    before = (tmp_path / "index.html").read_bytes()
    looks = iter(range(1000))
    monkeypatch.setattr(folder, "_hash", lambda _parts: str(next(looks)))  # a part is another one at each look
    assert farm_of(tmp_path, 2)["joined"] is False and (tmp_path / "index.html").read_bytes() == before


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [None, 7, [], {"a": None}, "x" * 5000])
def test_no_entry_of_a_ledger_keeps_the_others_from_being_told(tmp_path: Path, field: str, value: object) -> None:
    entry = {**dict.fromkeys(FIELDS), "time": "2025-11-20T22:46:00Z", "act": "generate", "object": "adfs1.contoso.com", "result": "done"}
    lines = [encode({**entry, field: value}, None)]
    lines.append(encode({**entry, "act": "add"}, line_hash(lines[0])))
    told = ledger_told.evidence(verify([("ledger-2025.jsonl", b"".join(lines))]), "2025-01-01T00:00:00Z")
    assert any("2025-11-20 22:46 UTC add, adfs1.contoso.com" in line for line in told["lines"])
    assert all(line.isprintable() for line in told["lines"])
    run(tmp_path, plan=json.loads(plan("in sync")), ledger=told)


ODD: dict[str, dict[str, object]] = {
    "plan": {"plan": {"summary": ["x"], "domains": [{"domain": 1}]}},
    "plan, its farm": {"plan": {"farm": [1]}},
    "plan, a moment": {"plan": {"deadline": "soon"}},
    "certificates": {"certificates": [{"thumbprint": None}]},
    "certificates, a moment": {"certificates": [{"thumbprint": "A", "not_before": "x", "not_after": "y"}]},
    "ledger": {"ledger": {"groups": [{"count": "many"}]}},
    "ledger, its head": {"ledger": {"groups": 1}},
}


@pytest.mark.parametrize("which", ODD)
def test_what_is_no_result_of_ours_is_one_message_that_names_the_option(tmp_path: Path, which: str) -> None:
    with pytest.raises(AnsibleActionFail, match=rf"The report was not made: {which.partition(',')[0]} is not as it is returned \("):
        run(tmp_path, **{"plan": json.loads(plan("in sync")), **ODD[which]})


@pytest.mark.parametrize("now", ["9999-12-31T00:00:00Z", "9998-12-01T00:00:00Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "soon", ""])
def test_a_moment_that_no_run_has_is_told_by_its_name(tmp_path: Path, now: str) -> None:
    if now:
        with pytest.raises(AnsibleActionFail, match=r"^now: "):
            run(tmp_path, now=now)
        assert not list(tmp_path.iterdir())
    run(tmp_path, now="9998-01-01T00:00:00Z")
    run(tmp_path, now="1970-01-01T00:00:00Z")


NO_PARTS = [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"farms": [{}]}', b'{"farm": {"name": 1}}', _part("x", days_remaining=10**4000)]


@pytest.mark.parametrize("content", NO_PARTS)
def test_no_part_ends_a_run(content: bytes) -> None:
    rows, views = farms.join([("odd", content)], NOW_OF_PARTS)
    assert rows[0]["error"] and not views
    assert farms.files([("odd", content)], NOW_OF_PARTS)["metrics.prom"].endswith(b"# EOF\n")


def test_names_of_farms_are_harmless_on_the_page_over_all() -> None:
    found = []
    for index, name in enumerate(HOSTILE):
        shown = json.loads(plan("in sync"))
        shown["farm"].update(host_name=name, identifier=name)
        shown["summary"] = [name]
        found.append((f"f{index}", json.dumps(view.build(shown, [], "audit", "2026-01-01T00:00:00Z")).encode()))
    tags = Tags(page_of_farms(farms.summary(farms.join(found, NOW_OF_PARTS)[0])))
    assert tags.open == [] and sum(tag == "script" for tag, _attributes in tags.found) == 1
    assert not [tag for tag, _attributes in tags.found if tag in ("img", "svg", "iframe")]
    assert "<script>alert(1)</script>.example.com" in tags.text
    files = farms.files(found, NOW_OF_PARTS)
    assert not [cell for row in csv.reader(io.StringIO(files["matrix.csv"].decode())) for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("name", ["..", "a/b", "", "a b", ".hidden"])
def test_no_part_leaves_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnsibleActionFail, match=r"several is set without farm|the farm's folder has other characters"):
        run(tmp_path / "in", farm=name, several=True)
    assert sorted(path.name for path in tmp_path.rglob("*")) in ([], ["in"])


# -- what is handed on, and where it is written ------------------------------------------------------------------------------------


def test_without_a_path_nothing_is_written_and_the_short_form_is_harmless() -> None:
    shown = hostile()
    shown["domains"] = [*shown["domains"], {**shown["domains"][0], "domain": "b.example.com"}]
    short = run(None, {"awx_job_id": 41}, plan=shown)["short"]
    assert [name for name in short["attention"] if len(name) < 100] == ["../../etc/passwd", "b.example.com"]
    assert short["domains"] == len(HOSTILE) + 1 and short["well"] == 0 and short["farm"] == ""
    assert "{{" not in json.dumps(short) and "{%" not in json.dumps(short)


def test_a_job_is_told_what_to_do_instead_and_has_its_short_form(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"renew_signing_cert_report_host.*renew_signing_cert_reports") as refused:
        run(tmp_path / "new", {"awx_job_id": 41})
    assert refused.value.result["short"]["domains"] == 41


class _Exited(Exception):
    """The module has ended."""


def on_host(folder: Path, monkeypatch: pytest.MonkeyPatch, sent: list[str], **arguments: object) -> rollover_report.ActionModule:
    """An action whose module runs on another host: it gets the file that is sent, and returns what it prints."""
    action = made_action({"plan": json.loads(plan("in sync")), "path": str(folder / "there"), "farm": "adfs1", "several": True, "where": "host", **arguments})

    def transfer(_to: str, data: str) -> str:
        (folder / "bundle.json").write_text(data, encoding="utf-8")
        return str(folder / "bundle.json")

    def execute(module_name: str, module_args: dict[str, object], **_more: object) -> dict[str, object]:
        sent.append(json.dumps(module_args))
        ended: list[dict[str, object]] = []

        def end(**result: object) -> None:
            ended.append(result)
            raise _Exited

        made = SimpleNamespace(params=module_args, exit_json=end, fail_json=lambda **result: end(failed=True, **result))
        monkeypatch.setattr(documented, "AnsibleModule", lambda **_named: made)
        with pytest.raises(_Exited):
            documented.main()
        return dict(json.loads(json.dumps(ended[0])))

    action._connection._shell._IS_WINDOWS, action._connection.transport = False, "ssh"
    action._connection._shell.tmpdir = str(folder)
    action._transfer_data, action._execute_module, action._fixup_perms2 = transfer, execute, MagicMock()
    return action


def test_on_another_host_the_module_writes_what_the_action_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    result = on_host(tmp_path, monkeypatch, sent).run(task_vars={"awx_job_id": 41, "inventory_hostname": "adfs1"})
    assert (result["path"], result["joined"]) == (str(tmp_path / "there" / "adfs1"), True)
    assert (tmp_path / "there" / "index.html").is_file() and (tmp_path / "there" / "adfs1" / "matrix.csv").is_file()
    assert len(sent) == 2 and max(map(len, sent)) < 500  # what is written goes as a file: options of modules are logged


def test_the_host_needs_no_newer_python_than_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.9, as in Red Hat Enterprise Linux 9, whose zip knows no strict."""

    def zip_of_old(*of: object, **named: object) -> object:
        if named:
            raise TypeError("zip() takes no keyword arguments")
        return zip(*of)  # noqa: B905

    for module in (farms, folder, texts):
        monkeypatch.setattr(module, "zip", zip_of_old, raising=False)
        ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"), feature_version=(3, 9))
    farm_of(tmp_path, 1)
    assert "1 farm: 1 needs nothing." in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_what_is_wrong_on_another_host_is_told_as_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "adfs1").symlink_to(tmp_path)
    with pytest.raises(AnsibleActionFail, match=r"not written: '.*/there/adfs1' is a symbolic link, and may lead out of the folder of reports; remove it\.$"):
        on_host(tmp_path, monkeypatch, []).run(task_vars={"inventory_hostname": "adfs1"})
    (tmp_path / "there" / "adfs1").unlink()
    (tmp_path / "there" / "adfs1").touch()
    with pytest.raises(AnsibleActionFail, match=r"could not be written to .* on adfs1 \(Not a directory: .*/there/adfs1\)\. Name a folder"):
        on_host(tmp_path, monkeypatch, []).run(task_vars={"inventory_hostname": "adfs1"})


@pytest.mark.parametrize(("windows", "transport", "said"), [(True, "psrp", "Windows host"), (False, "local", "cannot lie on the controller")])
def test_a_host_that_cannot_keep_it_is_refused(tmp_path: Path, windows: bool, transport: str, said: str) -> None:
    action = made_action({"plan": json.loads(plan("in sync")), "path": str(tmp_path / "new"), "where": "host"})
    action._connection._shell._IS_WINDOWS, action._connection.transport = windows, transport
    with pytest.raises(AnsibleActionFail, match=said):
        action.run(task_vars={"tower_job_id": 41})
    assert not (tmp_path / "new").exists()


def test_the_folder_on_another_host_is_named_as_that_host_knows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is the home of the account there, not of the one that runs Ansible."""
    monkeypatch.setenv("HOME", "/elsewhere")
    action = on_host(tmp_path, monkeypatch, [], path="~/reports")
    real = action._execute_module

    def there(module_args: dict[str, object], **more: object) -> dict[str, object]:
        assert module_args["path"] == "~/reports"
        as_expanded_there = {**module_args, "path": str(tmp_path / "there")}  # AnsibleModule does that
        return real(module_args=as_expanded_there, **more)

    action._execute_module = there
    assert action.run(task_vars={"inventory_hostname": "adfs1"})["path"] == str(tmp_path / "there" / "adfs1")


@pytest.mark.parametrize("reply", [None, [], {}, {"rows": [{}], "where": "adfs1", "of": ""}, {"rows": 7, "where": "adfs1", "of": "", "path": "/x"}])
def test_an_answer_of_the_host_that_is_none_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: object) -> None:
    action = on_host(tmp_path, monkeypatch, [])
    action._execute_module = lambda **_given: {"reply": reply}
    with pytest.raises(AnsibleActionFail, match=r"The report was not written as a whole: adfs1 answered with something else than a reply \("):
        action.run(task_vars={"inventory_hostname": "adfs1"})


def test_a_module_that_ends_with_an_exception_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    action = on_host(tmp_path, monkeypatch, [])
    action._execute_module = lambda **_given: {"failed": True, "module_stderr": "Traceback:\n  File\x1b[2J\n" + "x" * 5000}
    with pytest.raises(AnsibleActionFail) as failed:
        action.run(task_vars={"inventory_hostname": "adfs1"})
    assert str(failed.value).isprintable() and len(str(failed.value)) < 1500


# -- the ledger, and what only Entra has -------------------------------------------------------------------------------------------


def test_the_page_has_the_ledger_alike_entries_together() -> None:
    files = made(json.loads(plan("due")), "due", told=ledger())
    tags = Tags(files["index.html"].decode())
    assert tags.open == []
    for text in ("43 entries, head", "d1.example.com and 39 more", "safe before and after", "alice", "CHG0031234", "refused: 403 Forbidden", HOSTILE[1]):
        assert text in tags.text, text
    groups = json.loads(files["report.json"])["ledger"]["groups"]
    assert [(g["act"], g["count"]) for g in groups] == [("generate", 1), ("publish", 40), ("publish", 1), ("promote", 1)]
    assert b'last_change_timestamp_seconds{farm="http://sts.contoso.com/adfs/services/trust"} 1763770200' in files["metrics.prom"]


def test_what_only_entra_has_is_judged_too() -> None:
    shown = {**json.loads(plan("broken")), "not_in_adfs": [strange(key_size=1024, signature_algorithm="sha1WithRSAEncryption", days_remaining=-3)]}
    listed = [{**c, "issuer": "CN=ADFS Signing - sts.contoso.com"} for c in certificates("broken")]
    shown["not_in_adfs"][0]["thumbprint"] = next(d["slots"]["signing"] for d in shown["domains"] if d["verdict"] == "broken")
    found = [entry["finding"] for entry in view.build(shown, listed, "audit", "2026-01-01T00:00:00Z")["hygiene"]]
    for word in ("weak key: RSA of 1024 bits", "SHA-1", "expired", "longer than three years", "issued by CN=Elsewhere, unlike the farm's certificates"):
        assert any(word in finding and "b1.example.com, b2.example.com, b3.example.com, b10.example.com" in finding for finding in found), (word, found)


def test_a_weak_elliptic_curve_is_told() -> None:
    listed = [{**certificates("in sync")[0], "key_type": "ECC", "key_size": 224}]
    assert view.hygiene(listed, {})[0]["finding"] == "weak key: ECC of 224 bits"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("sign-in is broken for " + ", ".join(f"d{n}.com" for n in range(30)), "sign-in is broken for d0.com, d1.com, d2.com and 27 more"),
        ("start now; it would repair " + ", ".join("abcdefgh") + " (and wait)", "start now; it would repair a, b, c and 5 more (and wait)"),
        ("a, b and c are well", ""),
        ("x" * 300, "x" * 60 + "…"),
    ],
)
def test_long_lists_in_a_sentence_are_folded(text: str, short: str) -> None:
    assert folded(text) == short


def test_the_plan_describes_what_domains_accept_and_ad_fs_does_not_have() -> None:
    secret = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Elsewhere")])
    builder = x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(secret.public_key()).serial_number(7)
    begin = datetime(2016, 1, 1, tzinfo=timezone.utc)
    made_up = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=5000)).sign(secret, hashes.SHA256())
    der = made_up.public_bytes(serialization.Encoding.DER)
    thumbprint = hashlib.sha1(der).hexdigest().upper()  # noqa: S324 - the name Windows gives a certificate
    case = CASES["broken"]()
    domains = tuple(replace(d, slots=Slots(thumbprint, None)) if d.name == "b1.example.com" else d for d in case.seen.domains)
    keys = {**case.seen.keys, thumbprint: replace(case.seen.keys[next(iter(case.seen.keys))], thumbprint=thumbprint)}
    seen = replace(case.seen, domains=domains, keys=keys)
    shown = show(make_plan(seen, case.journal, case.policy, case.now, Run("run")), {thumbprint: base64.b64encode(der).decode()}, {})
    (found,) = shown["not_in_adfs"]
    assert (found["thumbprint"], found["issuer"], found["key_size"]) == (thumbprint, "CN=Elsewhere", 1024) and "der" not in found
    assert any("weak key: RSA of 1024 bits; AD FS does not have it, and 1 domain accepts it: b1.example.com" in h["finding"] for h in view.hygiene([], shown))
