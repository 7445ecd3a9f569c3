# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every act, and everything that its cmdlet may do and say: the table of the guide "What was done on the server", row by row."""

from __future__ import annotations

import json
import pathlib
import re
import time

import pytest
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure

from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import TOKEN_DECRYPTING, TOKEN_SIGNING, World, cmdlet_error

SIGNING = {"certificate_type": TOKEN_SIGNING}


def old(world):
    return world.put(TOKEN_SIGNING, "old", born_days_ago=300, valid_days=400).thumbprint


# Module, its cmdlet, its script, whether automatic rollover is on, and options with which it has something to do beside an older certificate.
ACTS = {
    "update": ("certificate_rollover", "Update-AdfsCertificate", "update_certificate", True, lambda world: {}),
    "update, rollover kept off": ("certificate_rollover", "Update-AdfsCertificate", "update_certificate", False, lambda world: {"keep_rollover_off": True}),
    "urgent": (
        "certificate_rollover",
        "Update-AdfsCertificate",
        "update_certificate",
        True,
        lambda world: {"urgent": True, "confirm_urgent": world.primary().thumbprint},
    ),
    "add": ("certificate", "Add-AdfsCertificate", "add_certificate", False, lambda world: {**SIGNING, "thumbprint": world.in_store()}),
    "promote": ("certificate", "Set-AdfsCertificate", "promote_certificate", False, lambda world: {**SIGNING, "thumbprint": world.staged(), "primary": True}),
    "remove": ("certificate", "Remove-AdfsCertificate", "remove_certificate", False, lambda world: {**SIGNING, "thumbprint": old(world), "state": "absent"}),
}
PROPERTIES = {"auto_certificate_rollover": False, "certificate_duration": 730}
WORK = {
    **ACTS,
    "properties": ("farm_properties", "Set-AdfsProperties", "set_properties", True, lambda world: PROPERTIES),
    "key": ("certificate_key", "", "grant_read", True, lambda world: {"thumbprint": unreadable(world), "grant_read": True}),
}
CMDLETS = [name for name in WORK if name != "key"]


def unreadable(world):
    thumbprint = world.in_store()
    world.farm.nodes[0].store[thumbprint].service_account_may_read = False
    return thumbprint


class Act:
    """A farm on which one act is about to be done."""

    def __init__(self, name):
        self.module, self.cmdlet, self.script, automatic, options = WORK[name]
        self.world = World(properties={"AutoCertificateRollover": automatic})
        self.node = self.world.farm.nodes[0]
        self.options = options(self.world)
        self.before = self.state()

    def state(self):
        configuration = self.world.farm.configuration
        rights = [entry.service_account_may_read for entry in self.node.store.values()]
        return dict(configuration.properties), [(item.certificate_type, item.thumbprint, item.is_primary) for item in configuration.certificates], rights

    @property
    def is_changed(self):
        return self.state() != self.before

    def run(self, **options):
        result = self.world.run(self.module, {**self.options, **options})
        assert "\n" not in result.get("msg", "")
        assert len(result.get("msg", "")) < 1500
        if result.get("failed"):
            # Whatever happened: a changed farm is never told as an unchanged one.
            assert result["changed"] or not self.is_changed, result["msg"]
        return result


@pytest.mark.parametrize("name", WORK)
def test_done(name):
    act = Act(name)
    result = act.run()
    assert not result.get("failed"), result
    assert (result["changed"], result["outcome"]) == (True, "done")
    assert act.is_changed


@pytest.mark.parametrize("name", CMDLETS)
def test_refused(name):
    act = Act(name)
    act.node.refusals = {act.cmdlet: cmdlet_error(act.cmdlet, "PS9999", "PS9999: nein")}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, False, "nothing", "PS9999")
    assert "PS9999: nein" in result["msg"]
    assert not act.is_changed


@pytest.mark.parametrize("name", CMDLETS)
def test_done_and_then_an_error(name):
    act = Act(name)
    act.node.answers = {act.cmdlet: "error_after"}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, True, "done", "ErrorAfterWork")
    assert "done, but an error was reported" in result["msg"]
    assert act.is_changed
    act.node.answers = {}
    again = act.run() if name != "urgent" else {"changed": False}
    assert (again.get("failed", False), again["changed"]) == (False, False)


@pytest.mark.parametrize("name", CMDLETS)
def test_done_and_then_gone(name):
    act = Act(name)
    act.node.answers = {act.cmdlet: "stops_after"}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "done")
    assert "done, and could not be read back" in result["msg"]
    assert "does not answer" in result["msg"]
    assert act.is_changed


@pytest.mark.parametrize("name", CMDLETS)
def test_no_error_and_nothing_done(name):
    act = Act(name)
    act.node.answers = {act.cmdlet: "silent"}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, False, "nothing", "not_done")
    assert "no error was reported, but nothing changed" in result["msg"]


@pytest.mark.parametrize("name", [name for name in ACTS if name != "urgent"])
@pytest.mark.parametrize(("answer", "said"), [("two_primaries", "2 primary certificates"), ("loses_another", "is gone")])
def test_done_and_something_else_too(name, answer, said):
    act = Act(name)
    if answer == "two_primaries" and name == "remove":
        act.world.put(TOKEN_SIGNING, "another", born_days_ago=200, valid_days=400)
    act.node.answers = {act.cmdlet: answer}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, True, "partly", "not_done")
    assert said in result["msg"]
    listed = [(item["thumbprint"], item["is_primary"]) for item in result["certificates"]]
    assert sorted(listed) == sorted((item.thumbprint, item.is_primary) for item in act.world.farm.configuration.of_type(TOKEN_SIGNING))


def test_an_urgent_update_that_leaves_two_primaries():
    act = Act("urgent")
    act.world.farm.switches["urgent_keeps_old"] = True
    act.node.answers = {act.cmdlet: "two_primaries"}
    result = act.run()
    assert (result["changed"], result["outcome"]) == (True, "partly")
    assert "2 primary certificates" in result["msg"]


def test_one_of_two_properties():
    act = Act("properties")
    act.node.answers = {act.cmdlet: "partly"}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "partly")
    assert "certificate_duration is 365 where 730 was wanted" in result["msg"]
    assert "auto_certificate_rollover" not in result["msg"].split("no error")[1]
    assert result["properties"]["auto_certificate_rollover"] is False


@pytest.mark.parametrize("name", ACTS)
def test_null_members_afterwards(name):
    act = Act(name)
    act.node.answers = {act.cmdlet: "null_after"}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "done")
    assert "done, and could not be read back" in result["msg"]
    assert "neither true nor false for IsPrimary" in result["msg"]


@pytest.mark.parametrize("answer", ["null_primary", "text_primary", "null_certificate", "half"])
@pytest.mark.parametrize("name", ACTS)
def test_odd_members_before_stop_the_act(name, answer):
    act = Act(name)
    act.node.answers = {"Get-AdfsCertificate": answer}
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "nothing")
    assert act.world.acts == []


NO_REPLY = {"changed": False, "result": {}}


@pytest.mark.parametrize("name", WORK)
def test_a_reply_that_is_lost_after_the_work(name):
    act = Act(name)
    act.world.after_call[act.script] = lambda result: NO_REPLY
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, True, "done", "no_reply")
    assert "done, but its reply was lost" in result["msg"]
    assert "not known" not in result["msg"]


@pytest.mark.parametrize("name", WORK)
def test_a_reply_that_is_lost_without_any_work(name):
    act = Act(name)
    act.world.instead[act.script] = NO_REPLY
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, False, "nothing")
    assert "nothing was changed" in result["msg"]


@pytest.mark.parametrize("name", WORK)
def test_a_reply_that_is_lost_and_then_the_server_does_not_answer(name):
    act = Act(name)

    def lose(result):
        act.world.instead["read_farm"] = act.world.instead["check_certificate"] = NO_REPLY
        return NO_REPLY

    act.world.after_call[act.script] = lose
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert "whether it changed anything is not known" in result["msg"]


@pytest.mark.parametrize("name", CMDLETS)
def test_an_error_and_then_the_service_is_gone(name):
    act = Act(name)
    act.node.answers = {act.cmdlet: "error_after"}
    plain = act.node.get_adfs_certificate

    def gone(kind=None):
        act.node.stop_service()
        return plain(kind)

    properties = act.node.get_adfs_properties

    def gone_too():
        act.node.stop_service()
        return properties()

    act.world.before_call[act.script] = lambda: act.node.__dict__.update(get_adfs_certificate=gone, get_adfs_properties=gone_too)
    if name == "update, rollover kept off":
        act.world.before_call[act.script] = lambda: act.node.__dict__.update(get_adfs_certificate=gone)
    if name == "remove":
        seen = []

        def gone_later(kind=None):
            seen.append(kind)
            return plain(kind) if len(seen) == 1 else gone(kind)

        act.world.before_call[act.script] = lambda: act.node.__dict__.update(get_adfs_certificate=gone_later)
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert "whether it changed anything is not known" in result["msg"]


@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize("name", WORK)
def test_slow(name, works):
    act = Act(name)

    def slow(result=None):
        time.sleep(10)
        return result

    if works:
        act.world.after_call[act.script] = slow
    else:
        act.world.before_call[act.script] = slow
    result = act.run(time_limit=1)
    assert (result["failed"], result["changed"], result["error_id"]) == (True, True, "time_limit")
    assert result["outcome"] == ("done" if works else "unknown")
    assert ("done, but its reply was lost" if works else "may still be at work") in result["msg"]


def breaks(act, then=None):
    def broken(result):
        if then:
            act.world.before_call["read_farm"] = then
        raise AnsibleConnectionFailure("reset by peer")

    return broken


@pytest.mark.parametrize("name", WORK)
def test_a_connection_that_breaks_after_the_work_and_comes_back(name):
    act = Act(name)
    act.world.after_call[act.script] = breaks(act)
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, True, "done", "connection")
    assert "reset by peer" in result["msg"]


@pytest.mark.parametrize("name", CMDLETS)
def test_a_connection_that_breaks_and_stays_away_is_unreachable_and_says_that_it_is_not_known(name):
    act = Act(name)

    def away():
        raise AnsibleConnectionFailure("no route")

    act.world.after_call[act.script] = breaks(act, away)
    if name == "update, rollover kept off":
        act.world.before_call["set_properties"] = away
    with pytest.raises(AnsibleConnectionFailure, match="whether it changed anything is not known"):
        act.run()


def test_a_password_that_is_refused_is_nothing_but_that():
    act = Act("update")

    def refuse(result):
        raise AnsibleAuthenticationFailure("wrong password")

    act.world.after_call[act.script] = refuse
    with pytest.raises(AnsibleAuthenticationFailure, match=r"wrong password$"):
        act.run()


def test_added_and_then_not_promoted_is_partly_done():
    world = World(properties={"AutoCertificateRollover": False})
    thumbprint = world.in_store()
    world.farm.nodes[0].refusals = {"Set-AdfsCertificate": cmdlet_error("Set-AdfsCertificate", "PS9999", "no")}
    result = world.run("certificate", {**SIGNING, "thumbprint": thumbprint, "primary": True})
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "partly")
    assert thumbprint in world.listed()


def test_added_and_the_promotion_not_even_begun_is_partly_done_and_says_so():
    world = World(properties={"AutoCertificateRollover": False})
    thumbprint = world.in_store()
    error = {"id": "FileNotFound", "full_id": "FileNotFound", "category": "ResourceUnavailable", "activity": "", "exceptions": [], "line": 1}
    world.instead["promote_certificate"] = {"changed": False, "result": {"json": json.dumps({"ok": False, "error": error})}}
    result = world.run("certificate", {**SIGNING, "thumbprint": thumbprint, "primary": True})
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "partly")
    assert result["msg"].startswith(f"{thumbprint} was added to AD FS, and then: ")
    assert thumbprint in [item["thumbprint"] for item in result["certificates"]]


def test_nothing_made_and_rollover_that_was_kept_off_perhaps_on_is_not_known():
    act = Act("update, rollover kept off")
    act.node.refusals = {act.cmdlet: cmdlet_error(act.cmdlet, "PS9999", "PS9999: nein")}
    act.world.after_call["update_certificate"] = without_state
    act.world.before_call["set_properties"] = lambda: act.world.instead.update(read_farm={"changed": False, "result": {}})
    result = act.run()
    assert (result["failed"], result["changed"], result["outcome"], result["error_id"]) == (True, True, "unknown", "rollover_left_on"), result
    assert "may still be on" in result["msg"]


def without_state(result):
    """The reply of update_certificate without what AD FS says of automatic rollover afterwards."""
    reply = json.loads(result["result"]["json"])
    reply["data"]["auto_certificate_rollover"] = None
    return {**result, "result": {"json": json.dumps(reply)}}


def test_the_service_that_stops_because_it_cannot_read_the_key_is_never_told_as_nothing():
    world = World(properties={"AutoCertificateRollover": False})
    thumbprint = world.staged()
    world.before_call["promote_certificate"] = lambda: setattr(world.farm.nodes[0].store[thumbprint], "service_account_may_read", False)
    result = world.run("certificate", {**SIGNING, "thumbprint": thumbprint, "primary": True})
    assert world.primary().thumbprint == thumbprint
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "done")
    assert "done, and could not be read back" in result["msg"]


@pytest.mark.parametrize("kind", [TOKEN_SIGNING, TOKEN_DECRYPTING])
def test_what_expired_may_go_when_a_new_one_is_made(kind):
    world = World(switches={"expired_secondary_refuses_update": False})
    expired = world.put(kind, "expired", born_days_ago=400, valid_days=300).thumbprint
    result = world.run("certificate_rollover", {"certificate_type": kind})
    assert not result.get("failed"), result
    assert expired not in world.listed(kind)


def test_check_mode_does_nothing_and_says_so():
    for name in WORK:
        act = Act(name)
        result = act.world.run(act.module, act.options, check_mode=True)
        assert (result["changed"], result["outcome"]) == (True, "nothing"), name
        assert not act.is_changed


def answered(word):
    def prepare(act, name):
        act.node.answers = {act.cmdlet: word}

    return prepare


def partly(act, name):
    answered("partly" if name == "properties" else "loses_another" if name == "remove" else "two_primaries")(act, name)
    act.world.farm.switches["urgent_keeps_old"] = True


def refused(act, name):
    act.node.refusals = {act.cmdlet: cmdlet_error(act.cmdlet, "PS9999", "PS9999: nein")}


def too_late(works):
    def prepare(act, name):
        def slow(result=None):
            time.sleep(10)
            return result

        (act.world.after_call if works else act.world.before_call)[act.script] = slow

    return prepare


COLUMNS = {
    "Refused": [refused],
    "Done, then an error": [answered("error_after")],
    "Done, then the service is gone": [answered("stops_after")],
    "No error, nothing done": [answered("silent")],
    "Partly done, or something else too": [partly],
    "No answer in ``time_limit``": [too_late(True), too_late(False)],
    "Null members afterwards": [answered("null_after")],
}
ROWS = {
    "``Update-AdfsCertificate``": "update",
    "``Update-AdfsCertificate`` with ``keep_rollover_off``": "update, rollover kept off",
    "``Update-AdfsCertificate -Urgent``": "urgent",
    "``Add-AdfsCertificate``": "add",
    "``Set-AdfsCertificate -IsPrimary``": "promote",
    "``Remove-AdfsCertificate``": "remove",
    "``Set-AdfsProperties``": "properties",
}


def guide_table():
    """Return the rows of the guide's table, the first cell of each as its name. Empty where the guide is not at hand, as in the tests of an archive."""
    guide = pathlib.Path(__file__).parents[4] / "docs" / "docsite" / "rst" / "guide_windows.rst"
    if not guide.is_file():
        return {}
    text = guide.read_text(encoding="utf-8").split(".. outcomes-begin")[1].split(".. outcomes-end")[0]
    rows = [[line[7:].strip() for line in re.findall(r"(?m)^   [* ] - .*$", "   * - " + row)] for row in text.split("\n   * - ")[1:]]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize(("row", "name"), ROWS.items(), ids=ROWS.values())
def test_the_table_of_the_guide(row, name):
    table = guide_table()
    if not table:
        pytest.skip("the guide is not at hand")
    assert table["Cmdlet"] == list(COLUMNS)
    found = []
    for ways in COLUMNS.values():
        outcomes = []
        for prepare in ways:
            act = Act(name)
            prepare(act, name)
            result = act.run(time_limit=1)
            assert result["failed"] is True
            assert result["changed"] == (result["outcome"] != "nothing")
            outcomes.append(f"``{result['outcome']}``")
        found.append(" or ".join(outcomes))
    assert found == table[row]
    assert set(table) == {"Cmdlet", *ROWS}


@pytest.mark.parametrize(
    ("failure", "readers", "outcome"),
    [
        (False, "granted", None),
        (True, "granted", "done"),
        (True, "before", "nothing"),
        (False, "before", "nothing"),
        (False, "denied", "partly"),
        (True, "denied", "partly"),
        (False, None, "done"),
        (True, None, "unknown"),
    ],
)
def test_the_right_to_a_key(failure, readers, outcome):
    act = Act("key")
    account = act.node.service_account_sid
    before = [{"sid": sid, "allow": True, "rights": 2032127} for sid in ("S-1-5-18", "S-1-5-32-544")]
    now = {
        "before": before,
        "granted": [*before, {"sid": account, "allow": True, "rights": 131209}],
        "denied": [*before, {"sid": account, "allow": True, "rights": 131209}, {"sid": account, "allow": False, "rights": 131209}],
    }
    error = {
        "id": "MethodInvocationException",
        "full_id": "MethodInvocationException",
        "category": "NotSpecified",
        "activity": "",
        "exceptions": [{"type": "System.IO.IOException", "hresult": -1, "message": "The device is not ready."}],
        "line": 3,
    }
    data = {
        "failure": error if failure else None,
        "service_account": {"name": "a", "sid": account},
        "readers": {"ok": False, "error": error} if readers is None else {"ok": True, "value": now[readers]},
    }
    act.world.instead["grant_read"] = {"changed": False, "result": {"json": json.dumps({"ok": True, "data": data})}}
    result = act.run()
    assert result.get("failed", False) == (outcome is not None)
    assert result["outcome"] == (outcome or "done")
    assert result["changed"] == (outcome != "nothing")
    if failure:
        assert "The device is not ready" in result["msg"]
