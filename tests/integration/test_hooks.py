# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks: tasks that an operator names, called once before the lock is taken and once after it is given back."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.running import Lab
from playing import AUDIT, RENEW, ROOT, Run, play

TELL = """\
- name: Keep what the hook sees
  ansible.builtin.lineinfile:
    path: %(file)s
    line: "{{ renew_signing_cert_hook | to_json }}"
    create: true
    mode: "0600"
"""
FAIL = """\
- name: Ask the change calendar
  ansible.builtin.fail:
    msg: the change is not approved, and the password is hunter2
  no_log: true
"""
EARLY = {"renew_signing_cert_renew_before": "300d"}  # nothing is owed yet, so a renewal is gated


def hooks(folder: Path, **texts: str) -> dict[str, Any]:
    """The variable, with a file for each hook; what they are told is appended to told.jsonl."""
    for event, text in texts.items():
        (folder / f"{event}.yml").write_text("---\n" + text.replace("%(file)s", str(folder / "told.jsonl")))
    return {"renew_signing_cert_hooks": {event: str(folder / f"{event}.yml") for event in texts}}


def told(folder: Path) -> list[dict[str, Any]]:
    found = folder / "told.jsonl"
    return [json.loads(line) for line in found.read_text().splitlines()] if found.exists() else []


def done(run: Run) -> list[str]:
    return [action["action"] for action in run.done]


def refused(lab: Lab) -> int:
    return int(lab.signins()["refused"])


def test_hooks_are_called_once_before_and_after_the_acts_and_not_where_nothing_is_done(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    called = hooks(tmp_path, before=TELL, after=TELL, failed=TELL)
    audit = play(lab, AUDIT, variables=called)
    assert (audit.done, told(tmp_path)) == ([], [])
    run = play(lab, variables={**called, "renew_signing_cert_change_number": "CHG0031234"})
    assert (run.code, done(run)) == (0, ["generate", "publish"]), run.output
    before, after = told(tmp_path)
    assert [before["event"], after["event"]] == ["before", "after"]
    assert [act["action"] for act in before["acts"]] == [act["action"] for act in after["acts"]] == ["generate", "publish"]
    assert {before["change_number"], after["change_number"]} == {"CHG0031234"}
    assert before["farm"] == after["farm"] == "http://sts.contoso.com/adfs/services/trust"
    assert after["failures"] == [] and any(line.startswith("Done:") for line in after["summary"])
    again = play(lab, variables=called)
    assert (again.code, again.done, len(told(tmp_path))) == (0, [], 2), again.output
    assert refused(lab) == 0


@pytest.mark.long
def test_a_hook_that_fails_keeps_gated_acts_back_and_is_told_without_what_it_said(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    run = play(lab, variables={**EARLY, **hooks(tmp_path, before=FAIL, after=TELL, failed=TELL)})
    assert (run.code, done(run)) == (2, []), run.output
    assert {w["operation"] for w in lab.writes()} <= {"write_journal"}
    # Ansible itself prints the message of an error in spite of no_log from ansible-core 2.19 on; nothing of the run does.
    assert "hunter2" not in json.dumps([run.result, run.summary, run.messages[-1]])
    assert "the hook 'before'" in run.messages[-1] and "failed in its task 'Ask the change calendar'" in run.messages[-1]
    assert [b["condition"] for b in run.result["blocked_by"] if b["condition"] == "hook"] == ["hook"]
    (failed,) = told(tmp_path)
    assert failed["event"] == "failed" and "the hook 'before'" in failed["failures"][0] and failed["acts"] == []
    assert "hunter2" not in json.dumps(failed)


LOOK = """\
- name: Look what reached AD FS so far
  ansible.builtin.uri:
    url: "{{ control }}/log"
  register: looked

- name: Keep it
  ansible.builtin.lineinfile:
    path: %(file)s
    line: "{{ looked.json | selectattr('surface', 'equalto', 'adfs') | map(attribute='operation') | list | to_json }}"
    create: true
    mode: "0600"
"""


@pytest.mark.long
def test_a_hook_is_called_before_the_lock_is_taken_and_after_it_is_given_back_and_a_fresh_scan_follows(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    run = play(lab, variables={**hooks(tmp_path, before=LOOK, after=LOOK), "control": lab.addresses["control"]})
    assert (run.code, done(run)) == (0, ["generate", "publish"]), run.output
    before, after = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text(encoding="utf-8").splitlines()]
    assert before == ["read_farm"]
    assert after[:3] == ["read_farm", "read_farm", "write_journal"] and after[-1] == "write_journal"
    assert after == [entry["operation"] for entry in lab.log("adfs")]


@pytest.mark.long
def test_what_changed_while_the_hook_waited_is_seen(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("foreign")
    lab.entra(domain="fabrikam.com", next=None)  # from here on a renewal would begin
    wait = """\
- name: Somebody breaks sign-in while the hook waits
  ansible.builtin.uri:
    url: "{{ control }}/entra"
    method: POST
    body_format: json
    body: {domain: contoso.com, signing: stranger}
"""
    run = play(lab, variables={**EARLY, **hooks(tmp_path, before=wait), "control": lab.addresses["control"]})
    assert done(run) == ["repair"], run.output


@pytest.mark.long
def test_an_approved_plan_is_applied_with_hooks_which_see_its_acts(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("in-sync")
    called = {**EARLY, **hooks(tmp_path, before=TELL, after=TELL)}
    planned = play(lab, ROOT / "playbooks" / "plan_signing_cert.yml", variables=called)
    assert told(tmp_path) == []
    plans = {"renew_signing_cert_plans": planned.kept["stats"]["renew_signing_cert_plans"]}
    applied = play(lab, ROOT / "playbooks" / "apply_signing_cert.yml", variables={**plans, **called})
    (plan,) = plans["renew_signing_cert_plans"].values()
    assert [t["event"] for t in told(tmp_path)] == ["before", "after"], applied.output
    assert [a["action"] for a in told(tmp_path)[0]["acts"]] == [a["action"] for a in plan["actions"]] == done(applied)


@pytest.mark.long
def test_a_hook_is_not_called_in_check_mode(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    run = play(lab, RENEW, "--check", variables=hooks(tmp_path, before=TELL, after=TELL, failed=TELL))
    assert (run.done, told(tmp_path)) == ([], [])


@pytest.mark.long
def test_a_run_that_breaks_off_calls_the_hook_for_runs_that_fail(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    lab.fault(surface="winrm", operation="Create", do={"kind": "status", "status": 503}, count=-1)
    run = play(lab, variables=hooks(tmp_path, failed=TELL))
    assert run.code in (2, 4), run.output
    (failed,) = told(tmp_path)
    assert (failed["event"], failed["farm"], failed["acts"]) == ("failed", None, []) and failed["failures"]


@pytest.mark.long
def test_a_hook_that_fails_keeps_nothing_back_that_protects_sign_in(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("mismatch")
    run = play(lab, variables=hooks(tmp_path, before=FAIL, after=TELL))
    assert (run.code, done(run)) == (2, ["repair"]), run.output
    assert [(t["event"], [a["action"] for a in t["acts"]]) for t in told(tmp_path)] == [("after", ["repair"])]


@pytest.mark.long
def test_a_hook_after_the_acts_that_fails_fails_the_run_and_the_lock_is_given_back_before(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    called = hooks(tmp_path, after=FAIL, failed=TELL)
    run = play(lab, variables=called)
    assert (run.code, done(run)) == (2, ["generate", "publish"]), run.output
    assert "the hook 'after'" in run.messages[-1]
    assert [t["event"] for t in told(tmp_path)] == ["failed"]
    again = play(lab, variables=called)
    assert again.code == 0, again.output  # no lock of the run before holds it up


@pytest.mark.long
def test_a_hook_that_hangs_is_ended(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("mismatch")
    hangs = "- name: Wait for an answer that never comes\n  ansible.builtin.command: sleep 120\n"
    run = play(lab, variables={**hooks(tmp_path, before=hangs), "__renew_signing_cert_hook_seconds": 2}, seconds=100)
    assert (run.code, done(run)) == (2, ["repair"]), run.output
    assert "failed in its task 'Wait for an answer that never comes'" in run.messages[-1]


UNUSABLE = {
    "not there": (None, "No such file"),
    "no list": ("name: x\n", "it is no list of tasks"),
    "no YAML": ("- name: [\n", "cannot be used"),
    "no such module": ("- name: x\n  no.such.module:\n", "cannot be used"),
    "loaded with the file": ("- block:\n    - import_tasks: other.yml\n", "use include_tasks"),
}


@pytest.mark.long
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_is_no_hook_is_told_and_holds_back_gated_acts_only(what: str, start: Callable[..., Lab], tmp_path: Path) -> None:
    text, said = UNUSABLE[what]
    lab = start("mismatch")
    path = tmp_path / "before.yml"
    if text is not None:
        path.write_text(text)
    run = play(lab, variables={"renew_signing_cert_hooks": {"before": str(path)}})
    assert (run.code, done(run)) == (2, ["repair"]), run.output
    assert said in run.messages[-1] and "renew_signing_cert_fail_on" in run.messages[-1]


@pytest.mark.long
def test_a_hook_is_given_by_its_whole_path_and_under_a_known_name(start: Callable[..., Lab]) -> None:
    lab = start("in-sync")
    run = play(lab, variables={"renew_signing_cert_hooks": {"befor": "/x"}})
    assert run.code == 2 and "renew_signing_cert_hooks may have before, after, failed, not befor" in run.messages[0]
    near = play(lab, variables={"renew_signing_cert_hooks": {"failed": "hooks/failed.yml"}})
    assert near.code == 2 and "give the whole path" in near.messages[-1]


EXAMPLES = ROOT / "docs" / "examples" / "hooks"
SEEN = {"event", "host", "run", "job", "change_number", "farm", "host_name", "primary", "successor", "state", "acts", "failures", "summary"}
SEEN |= {"deadline", "next_run_at"}


def test_the_examples_use_what_the_guide_documents_and_what_a_hook_sees() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_change_management.rst").read_text(encoding="utf-8")
    assert {name for name in SEEN if f"``{name}``" in guide} == SEEN
    examples = sorted(EXAMPLES.glob("*.yml"))
    assert [e.name for e in examples] == ["mail.yml", "servicenow_after.yml", "servicenow_before.yml", "teams.yml"]
    for example in examples:
        tasks = yaml.safe_load(example.read_text(encoding="utf-8"))
        assert all(task["name"] for task in tasks)
        used = set(re.findall(r"renew_signing_cert_hook\.(\w+)", example.read_text(encoding="utf-8")))
        assert used and used <= SEEN, example.name


@pytest.mark.long
def test_the_example_for_teams_posts_one_card_and_does_not_show_its_address(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("expiring")
    cards: list[dict[str, Any]] = []

    class Workflow(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            cards.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Workflow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/workflows/4f5e6d7c"
        called = {"renew_signing_cert_hooks": {"after": str(EXAMPLES / "teams.yml")}}
        run = play(lab, RENEW, "-vvv", variables=called, environment={"TEAMS_WORKFLOW_URL": address})
        server.shutdown()
    assert run.code == 0, run.output
    (card,) = cards
    title, text = (block["text"] for block in card["attachments"][0]["content"]["body"])
    assert title.endswith(": these acts were done") and text.startswith("generate: ") and "publish: " in text
    assert "4f5e6d7c" not in run.output


@pytest.mark.long
def test_a_hook_sees_what_the_guide_documents_and_nothing_else(start: Callable[..., Lab], tmp_path: Path) -> None:
    lab = start("mismatch")
    play(lab, variables=hooks(tmp_path, before=TELL, after=TELL, failed=TELL))
    assert [set(t) for t in told(tmp_path)] == [SEEN, SEEN]
    secrets = [value for name, value in lab.env().items() if "SECRET" in name or "PASSWORD" in name]
    assert secrets and not [s for s in secrets if s in (tmp_path / "told.jsonl").read_text(encoding="utf-8")]


@pytest.mark.long
def test_a_run_without_hooks_has_the_headings_it_had(start: Callable[..., Lab]) -> None:
    lab = start("expiring")
    run = play(lab)
    assert run.code == 0 and not [line for line in run.output.splitlines() if line.startswith("TASK") and "hook" in line]
