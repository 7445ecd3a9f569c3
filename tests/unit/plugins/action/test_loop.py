# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run from plan to plan: what it remembers, how it judges what its tasks returned, and how it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.federation.adfs.plugins.module_utils._renewal import loop
from ansible_collections.federation.adfs.plugins.module_utils._renewal.loop import MOST_PASSES, LoopError
from ansible_collections.federation.adfs.plugins.module_utils._renewal.plan import plan
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time
from ansible_collections.federation.adfs.tests.unit.plugins.action.test_rollover_plan import NOW, certificate, entra, farm, view

MINE, EARLIER, NEXT = certificate("mine"), certificate("earlier", -500, 10), certificate("next", -1, 364)
RACED = {"error": "contoso.com is not as expected", "error_id": "not_as_expected"}


def first(**given: Any) -> dict[str, Any]:
    """A plan for a farm whose two domains do not know what signs."""
    base = {
        "farm": farm(MINE),
        "domains": [entra("contoso.com", EARLIER), entra("fabrikam.com", EARLIER)],
        "metadata": [view("adfs1.contoso.com", MINE)],
        "policy": {"known_certificates": [EARLIER["thumbprint"]]},
        "mode": "apply",
        "now": format_time(NOW),
        "run": "run-1",
    }
    return json.loads(json.dumps(plan({**base, **given})))


def after(made: dict[str, Any], task: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The next plan of the same run, where the act's task returned this."""
    return first(previous=made["memory"], outcome={"of": made["actions"][0], "act": task}, **given)


def wrote(*domains: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a task with a loop over the tenants registers."""
    return {"results": [{"item": "tenant", "ansible_loop_var": "item", "failed_when_result": False, "domains": list(domains), **more}]}


def refusal(name: str, **more: Any) -> dict[str, Any]:
    return {"domain": name, "error": f"{name}: Graph answered 409", **more}


def test_a_run_begins_with_a_scan_and_a_checked_policy_and_an_empty_memory() -> None:
    begun = plan({"step": "begin", "run": "run-1", "probes": [{}], "policy": {"promote": "role"}})
    assert (begun["next"], begun["ended"], begun["memory"]["done"]) == (["scan_adfs", "probe", "pass"], False, [])
    assert plan({"step": "begin", "source": "metadata"})["next"] == ["check_metadata", "scan_metadata", "pass"]
    with pytest.raises(ValueError, match="renew_signing_cert_promote"):
        plan({"step": "begin", "policy": {"promote": "them"}})


def test_a_plan_says_what_is_next_and_remembers_what_was_done() -> None:
    made = first()
    assert made["next"] == ["journal", "act_entra_federation", "scan_adfs", "pass"] and not made["ended"]
    done = after(made, wrote(), domains=[entra(name, MINE, EARLIER) for name in ("contoso.com", "fabrikam.com")])
    assert (done["ended"], done["next"], done["run"]["fail"]) == (True, ["journal"], None)
    assert [a["action"] for a in done["memory"]["done"]] == ["repair"]
    assert "Done: repaired sign-in for contoso.com, fabrikam.com." in done["summary"]


@pytest.mark.parametrize("mode", ["plan", "check", "audit"])
def test_with_anything_but_apply_nothing_goes_on(mode: str) -> None:
    made = first(mode=mode)
    assert (made["next"], made["ended"]) == ([], True)
    assert [a["action"] for a in made["actions"]] == ["repair"]
    left = made["run"]["failures"]
    assert [f["fail_on"] for f in left] == (["broken"] if mode == "audit" else [])


def test_a_domain_that_entra_refuses_is_left_and_the_others_are_done() -> None:
    made = first()
    halfway = after(
        made,
        wrote(refusal("contoso.com"), {"domain": "fabrikam.com", "error": None}, msg="1 of 2 domains failed"),
        domains=[entra("contoso.com", EARLIER), entra("fabrikam.com", MINE, EARLIER)],
    )
    assert halfway["ended"] and halfway["memory"]["refused"] == ["contoso.com"]
    assert [t["domain"] for t in halfway["memory"]["done"][0]["targets"]] == ["fabrikam.com"]
    assert "1 of 2 domains failed" in halfway["run"]["fail"] and "refused" in [f["fail_on"] for f in halfway["run"]["failures"]]


def test_what_the_ledger_is_told_last_stands_in_the_last_plan_once() -> None:
    written = [entra("contoso.com", MINE, EARLIER), entra("fabrikam.com", MINE, EARLIER)]
    ended = after(first(), wrote({"domain": "contoso.com", "error": None}, {"domain": "fabrikam.com", "error": None}), domains=written)
    assert ended["ended"] and ended["journal"]["write"]
    assert [entry["object"] for entry in ended["journal"]["entries"]] == ["contoso.com", "fabrikam.com"]
    assert ended["memory"]["entries"] == []


def test_a_tenant_that_fails_as_a_whole_is_refused_as_a_whole() -> None:
    made = first()
    task = {"results": [{"item": "tenant", "ansible_loop_var": "item", "failed_when_result": False, "msg": "the token is refused"}]}
    ended = after(made, task)
    assert ended["ended"] and ended["memory"]["refused"] == ["contoso.com", "fabrikam.com"] and ended["memory"]["done"] == []


def test_a_race_is_no_refusal_and_is_planned_again_up_to_the_limit() -> None:
    made = first()
    for _pass in range(MOST_PASSES - 1):
        made = after(made, wrote({"domain": "contoso.com", **RACED}, {"domain": "fabrikam.com", **RACED}, msg="2 of 2 domains failed"))
        assert not made["ended"] and made["memory"]["refused"] == []
    last = after(made, wrote({"domain": "contoso.com", **RACED}, {"domain": "fabrikam.com", **RACED}, msg="2 of 2 domains failed"))
    assert last["ended"] and last["journal"]["content"]["lock"] is None
    assert "somebody else wrote contoso.com, fabrikam.com between each scan and the write" in last["run"]["fail"]
    assert "passes" in [a["alarm"] for a in last["run"]["alarms"]]


def test_what_was_written_and_not_read_back_counts_as_done_and_is_no_refusal() -> None:
    made = first()
    unread = {"domain": "contoso.com", "changed": True, "error": "contoso.com was written but could not be read back", "error_id": "not_read_back"}
    ended = after(made, wrote(unread, refusal("fabrikam.com"), msg="2 of 2 domains failed, 1 changed"))
    assert [t["domain"] for act in ended["memory"]["done"] for t in act["targets"]] == ["contoso.com"]
    assert ended["memory"]["refused"] == ["fabrikam.com", "contoso.com"]  # neither is written again in this run
    lines = ended["summary"]
    assert "Done: repaired sign-in for contoso.com." in lines and "Failed: 2 of 2 domains failed, 1 changed." in lines
    assert not [line for line in lines if line.startswith("Refused") or "changed nothing" in line or "Entra refused" in line]


@pytest.mark.parametrize("shows", [False, True])
def test_what_may_have_been_written_is_told_as_such_until_it_shows(shows: bool) -> None:
    made = first(domains=[entra("contoso.com", EARLIER)])
    unknown = {"domain": "contoso.com", "changed": False, "error": "contoso.com had no clear answer", "error_id": "not_known"}
    now = entra("contoso.com", MINE, EARLIER) if shows else entra("contoso.com", EARLIER)
    ended = after(made, wrote(unknown, msg="1 of 1 domains failed"), domains=[now])
    lines = ended["summary"]
    assert ("Done: repaired sign-in for contoso.com." in lines) is shows
    assert any("may have changed Entra ID all the same" in line for line in lines) is not shows
    assert "Failed: 1 of 1 domains failed." in lines and not [line for line in lines if "changed nothing" in line]


def test_a_form_of_eviction_without_a_clear_answer_is_not_taken_for_refused() -> None:
    act = {"action": "evict", "said": "evict", "thumbprint": None, "targets": [{"tenant_id": "tenant", "domain": "d1", "slots": {"signing": "A", "next": "A"}}]}
    unknown = wrote({"domain": "d1", "changed": False, "error": "no clear answer", "error_id": "not_known"}, msg="1 of 1 domains failed")
    heard = loop.heard(loop.Memory("run-1", waiting="act"), {"of": act, "act": unknown}, False)
    assert heard.forms == () and heard.refused == ("d1",)


@pytest.mark.parametrize(("error_id", "next_form"), [(None, True), ("denied", False), ("not_found", False), ("conflict", False), ("throttled", False)])
@pytest.mark.parametrize(("action", "second", "form"), [("evict", "A", "equal"), ("remove_from_entra", None, "empty")])
def test_only_a_refusal_of_the_values_leads_to_another_form(action: str, second: str | None, form: str, error_id: str | None, next_form: bool) -> None:
    targets = [{"tenant_id": "tenant", "domain": "d1", "slots": {"signing": "A", "next": second}}]
    refused = {"domain": "d1", "changed": False, "error": "refused", **({"error_id": error_id} if error_id else {})}
    of = {"action": action, "said": action, "thumbprint": None, "targets": targets}
    heard = loop.heard(loop.Memory("run-1", waiting="act"), {"of": of, "act": wrote(refused, msg="1 of 1 domains failed")}, False)
    assert (heard.forms, heard.refused) == (((form,), ()) if next_form else ((), ("d1",)))


EXPIRING = certificate("expiring", -336, 29)


def renewal(**given: Any) -> dict[str, Any]:
    return first(farm=farm(EXPIRING), domains=[entra("contoso.com", EXPIRING)], metadata=[view("adfs1.contoso.com", EXPIRING)], **given)


def test_an_act_on_adfs_that_fails_ends_the_run_with_its_message_and_without_the_lock() -> None:
    made = renewal()
    assert made["next"][:2] == ["journal", "act_certificate_rollover"]
    stored = {"found": True, "sha256": "ab", "content": made["journal"]["content"], "error": None}
    task = {"failed_when_result": False, "msg": "PS0033: the service is busy", "changed": False}
    ended = renewal(previous=made["memory"], outcome={"of": made["actions"][0], "act": task}, journal=stored)
    assert ended["ended"] and ended["memory"]["done"] == []
    assert "PS0033: the service is busy" in ended["run"]["fail"]
    assert "Every act that is safe now was done" not in ended["run"]["fail"]  # those that can wait were held back
    assert ended["next"] == ["journal"] and ended["journal"]["content"]["lock"] is None
    assert [b["condition"] for b in ended["blocked_by"] if b["condition"] == "failed_act"] == ["failed_act"]


@pytest.mark.parametrize(
    ("task", "there", "done", "line"),
    [
        ({"outcome": "done", "msg": "an error was reported"}, True, True, "Done: created a successor in AD FS."),
        ({"outcome": "unknown", "msg": "no reply came"}, True, True, "Done: created a successor in AD FS."),
        ({"unreachable": True, "msg": "connection lost"}, True, True, "Done: created a successor in AD FS."),
        ({"outcome": "unknown", "msg": "no reply came"}, False, False, "may have changed AD FS all the same"),
        ({"outcome": "partly", "msg": "two are primary"}, False, False, "may have changed AD FS all the same"),
        ({"unreachable": True, "msg": "connection lost"}, False, False, "may have changed AD FS all the same"),
        ({"outcome": "nothing", "msg": "refused"}, False, False, "This run changed nothing."),
    ],
)
def test_an_act_that_failed_is_done_if_the_next_scan_shows_it_and_else_nothing_is_claimed(task: dict[str, Any], there: bool, done: bool, line: str) -> None:
    made = renewal()
    task = {"failed_when_result": False, **task}
    where = farm(EXPIRING, NEXT) if there else farm(EXPIRING)
    slots = (EXPIRING, NEXT) if there else (EXPIRING,)
    given = {"farm": where, "domains": [entra("contoso.com", *slots)], "metadata": [view("adfs1.contoso.com", EXPIRING)]}
    shown = first(previous=made["memory"], outcome={"of": made["actions"][0], "act": task}, **given)
    assert [a["action"] for a in shown["memory"]["done"]] == (["generate"] if done else [])
    assert any(line in text for text in shown["summary"]), shown["summary"]
    assert any(text.startswith("Failed: ") and task["msg"] in text for text in shown["summary"])
    assert task["msg"] in shown["run"]["fail"]
    assert ("This run changed nothing." in shown["summary"]) is (line == "This run changed nothing.")


def test_a_run_that_breaks_off_after_a_doubtful_act_does_not_say_that_nothing_changed() -> None:
    made = renewal()
    task = {"failed_when_result": False, "outcome": "done", "msg": "done, and could not be read back"}
    outcome = {"of": made["actions"][0], "act": task, "tasks": {"scan": {"failed": True, "msg": "the service is stopped"}}}
    ended = plan({"step": "end", "now": format_time(NOW), "previous": made["memory"], "outcome": outcome, "run": "run-1"})
    assert "may have changed AD FS all the same" in " ".join(ended["summary"])
    assert not any(line.startswith("This run changed") for line in ended["summary"])


def test_after_a_failed_act_what_protects_sign_in_goes_on() -> None:
    made = renewal()
    task = {"unreachable": True, "msg": "connection lost"}
    broken = [entra("contoso.com", EARLIER)]
    given = {"farm": farm(EXPIRING), "domains": broken, "metadata": [view("adfs1.contoso.com", EXPIRING)]}
    going = first(previous=made["memory"], outcome={"of": made["actions"][0], "act": task}, **given)
    assert [a["action"] for a in going["actions"]] == ["repair"] and not going["ended"]


def test_a_restarted_server_that_does_not_follow_ends_the_restarts() -> None:
    servers = [{"name": "adfs1.contoso.com"}, {"name": "adfs2.contoso.com"}]
    where = farm(NEXT, MINE, servers=servers)
    seen = [view("adfs1.contoso.com", MINE, NEXT), view("adfs2.contoso.com", MINE, NEXT)]
    journal = first(farm=where, domains=[entra("contoso.com", MINE, NEXT)], metadata=seen, policy={})["journal"]["content"]
    journal["configured"]["at"] = format_time(NOW.replace(month=2))
    given = {
        "farm": where,
        "domains": [entra("contoso.com", MINE, NEXT)],
        "metadata": seen,
        "policy": {"restart_servers": True},
        "journal": {"found": True, "sha256": "ab", "content": {**journal, "lock": None}, "error": None},
        "hosts": {"adfs1.contoso.com": "one", "adfs2.contoso.com": "two"},
    }
    asks = first(**given)
    assert asks["next"] == ["ask", "pass"] and [h["host"] for h in asks["asks"]["hosts"]] == ["one", "two"]
    answers = [{"asked": asked, "result": {"farm": {"server": asked["server"]}}} for asked in asks["asks"]["hosts"]]
    made = first(previous=asks["memory"], outcome={"answers": answers}, **given)
    assert made["actions"][0]["action"] == "restart" and made["actions"][0]["host"] == "one"
    assert made["wait"] == {"servers": ["adfs1.contoso.com"], "thumbprint": NEXT["thumbprint"], "minutes": 10}
    again = first(previous=made["memory"], outcome={"of": made["actions"][0], "act": {"changed": True}}, **given)
    assert "adfs1.contoso.com does not sign with" in again["run"]["fail"] and "No other server was restarted" in again["run"]["fail"]
    assert "restart" not in [a["action"] for a in again["actions"]]


def test_a_server_that_is_not_in_the_inventory_is_said_to_be_and_not_asked_twice() -> None:
    where = farm(MINE, NEXT, servers=[{"name": "adfs1.contoso.com"}, {"name": "adfs2.contoso.com"}])
    given = {"farm": where, "domains": [entra("contoso.com", MINE, NEXT)], "metadata": [view("adfs1.contoso.com", MINE, NEXT)], "hosts": {}}
    made = first(**given)
    assert made["asks"]["sync"] == [] and "it is no host of the inventory" in json.dumps(made["blocked_by"])


def test_a_run_that_was_broken_off_tells_what_was_done_and_gives_its_lock_back() -> None:
    made = first()
    written = {"sha256": "cd", "content": made["journal"]["content"]}
    lost = {"tasks": {"scan": {"failed": True, "msg": "the service is stopped"}}, "written": written, "of": made["actions"][0], "act": wrote()}
    ended = plan({"step": "end", "previous": made["memory"], "outcome": lost, "now": format_time(NOW)})
    assert (ended["ended"], ended["next"], ended["run"]["fail"]) == (True, ["unlock"], None)  # the task failed the play already
    told = ended["journal"].pop("entries")
    assert [(entry["act"], entry["object"], entry["result"]) for entry in told] == [("repair", name, "done") for name in ("contoso.com", "fabrikam.com")]
    before = made["journal"]["content"]
    assert before["ledger"]["announced"]["act"] == "repair"
    content = {**before, "lock": None, "ledger": {**before["ledger"], "announced": None}}
    assert ended["journal"] == {"write": True, "content": content, "expected_sha256": "cd"}
    assert [a["action"] for a in ended["memory"]["done"]] == ["repair"]
    assert ended["summary"][0].startswith("Act: the run broke off: the service is stopped.")
    journal_failed = {**lost, "tasks": {"journal": {"failed": True, "msg": "another run has changed the journal"}}}
    ended = plan({"step": "end", "previous": made["memory"], "outcome": journal_failed, "now": format_time(NOW)})
    assert ended["memory"]["done"] == []  # the act comes after the journal, so it was not tried
    unreachable = {**lost, "tasks": {"scan": {"unreachable": True, "msg": "no route"}}}
    assert plan({"step": "end", "previous": made["memory"], "outcome": unreachable, "now": format_time(NOW)})["run"]["fail"] == "no route"


@pytest.mark.parametrize("results", [{}, {"results": []}])
def test_a_write_whose_task_ended_by_an_exception_may_have_been_done_and_is_not_said_to_be(results: dict[str, Any]) -> None:
    made = first()
    broken = {"failed": True, "msg": "the worker was found in a dead state", **results}
    lost = {"tasks": {}, "written": {}, "of": made["actions"][0], "act": broken}
    ended = plan({"step": "end", "previous": made["memory"], "outcome": lost, "now": format_time(NOW)})
    assert ended["summary"][0].startswith("Act: the run broke off: the worker was found in a dead state."), ended["summary"]
    assert ended["memory"]["done"] == [] and "This run changed neither AD FS nor Entra ID." not in ended["summary"]
    assert "Entra ID" in " ".join(ended["summary"])
    going = first(previous=made["memory"], outcome={"of": made["actions"][0], "act": broken})
    assert "the worker was found in a dead state" in going["run"]["fail"] and going["memory"]["done"] == []


def test_an_act_on_a_server_whose_task_ended_by_an_exception_may_have_been_done() -> None:
    made = renewal()
    lost = {"tasks": {}, "written": {}, "of": made["actions"][0], "act": {"failed": True, "msg": "Bad HTTP response returned from server. Code 503"}}
    ended = plan({"step": "end", "previous": made["memory"], "outcome": lost, "now": format_time(NOW)})
    assert "Code 503" in ended["summary"][0] and "This run changed neither AD FS nor Entra ID." not in ended["summary"]
    assert "AD FS" in " ".join(ended["summary"][1:])


def test_the_lock_of_another_run_is_not_given_back() -> None:
    made = first()
    content = {**made["journal"]["content"], "lock": {"run": "run-2", "until": format_time(NOW)}}
    ended = plan({"step": "end", "previous": made["memory"], "outcome": {"written": {"sha256": "cd", "content": content}}, "now": format_time(NOW)})
    assert ended["next"] == [] and not ended["journal"]["write"]


def test_what_is_no_memory_is_refused() -> None:
    with pytest.raises(LoopError, match="not the memory of a plan"):
        first(previous={"run": "x"})


def test_two_hosts_of_one_farm_are_refused() -> None:
    twins = {"adfs1": "http://sts.contoso.com/adfs/services/trust", "adfs2": "http://sts.contoso.com/adfs/services/trust"}
    with pytest.raises(ValueError, match="adfs1 and adfs2 belong to the same farm"):
        first(host="adfs1", farms=twins)


@pytest.mark.parametrize("error_id", ["journal_folder", "another_run"])
def test_a_journal_that_cannot_be_written_holds_back_what_can_wait_and_another_runs_is_read_again(error_id: str) -> None:
    made = renewal()
    task = {"failed_when_result": False, "msg": "the folder is open to everybody", "error_id": error_id}
    outcome = {"of": made["actions"][0], "journal": task, "act": {"skipped": True}}
    going = renewal(previous=made["memory"], outcome=outcome)
    assert going["memory"]["done"] == [] and going["memory"]["failed"] == []
    if error_id == "another_run":
        assert [a["action"] for a in going["actions"]] == ["generate"] and going["run"]["fail"] is None
    else:
        assert going["ended"] and "the folder is open to everybody" in going["run"]["fail"]
    mending = first(mode="apply", previous=going["memory"] if error_id == "journal_folder" else None)
    assert [a["action"] for a in mending["actions"]] == ["repair"]
    assert ("journal" in mending["next"]) is (error_id == "another_run")
