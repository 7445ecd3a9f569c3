# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import signal
import time
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.module_utils._adfs.script_reply import JOURNAL
from ansible_collections.federation.adfs.plugins.plugin_utils import _powershell

DATA = {"found": False, "sha256": None, "content": None, "problem": None, "written_at": None, "server_time": "2026-01-02T03:04:05Z"}
REQUEST = {"path": "C:\\j.json", "limit": 1}


class Action:
    """What run_script uses of an action. ``result`` is what the module gives, or an exception that it raises."""

    def __init__(self, result=None, check_mode=False, windows=True, async_val=0):
        self._task = SimpleNamespace(check_mode=check_mode, async_val=async_val)
        self._connection = MagicMock(_shell=SimpleNamespace(_IS_WINDOWS=windows), transport="winrm" if windows else "local")
        self.result = result
        self.sent = []

    def _execute_module(self, module_name, module_args, task_vars):
        self.sent.append((module_name, module_args))
        if callable(self.result):
            return self.result()
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


def reply(text, **more):
    return {"changed": False, "result": {"json": text}, "output": [], **more}


def good(data=None):
    return reply(json.dumps({"ok": True, "data": DATA if data is None else data}))


def run(action, name="read_journal", request=None, **options):
    return _powershell.run_script(action, {}, name, request or REQUEST, JOURNAL, **options)


def failure(result, **options):
    with pytest.raises(AdfsError) as caught:
        run(Action(result), **options)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500
    return caught.value


def test_one_call_with_the_script_and_one_line_of_ascii_json():
    action = Action(good())
    assert run(action, request={"path": "C:\\Zürich\n\u2028'; exit", "limit": 1}) == DATA
    ((module, arguments),) = action.sent
    assert module == "ansible.windows.win_powershell"
    assert arguments["error_action"] == "stop"
    sent = arguments["parameters"]["InputJson"]
    assert sent.isascii()
    assert sent.isprintable()
    assert json.loads(sent) == {"path": "C:\\Zürich\n\u2028'; exit", "limit": 1}
    assert arguments["script"] == _powershell.compose("read_journal")
    assert "exit" not in arguments["script"]


def test_noise_of_the_server_beside_the_reply_does_not_matter():
    result = reply(good()["result"]["json"], host_err="e\n", output=["noise"], warning=["w"], changed=True)
    assert run(Action(result)) == DATA


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"changed": True, "result": {}},
        {"changed": True, "result": {"json": ""}},
        {"changed": True, "result": {"json": None}},
        {"changed": True, "result": {"json": {"ok": True}}},
        {"changed": True, "result": None},
        {"changed": True, "msg": "skipped, running in check mode", "result": {}},
        None,
        [],
    ],
    ids=repr,
)
def test_a_script_that_ended_without_a_reply(result):
    error = failure(result)
    assert error.id == "no_reply"
    assert "read_journal" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        '{"ok":true,"data":{"found":fal',
        '{"ok":true,"data":NaN}',
        "[" * 100_000,
        "[]",
        "null",
        "{}",
        '{"ok":true}',
        '{"ok":"yes","data":{}}',
        '{"ok":true,"data":[]}',
        '{"ok":true,"data":{"found":false}}',
        '{"ok":true,"data":{"found":0,"sha256":null,"content":null,"problem":null,"written_at":null,"server_time":""}}',
        '{"ok":true,"data":{"found":true,"sha256":7,"content":null,"problem":null,"written_at":null,"server_time":""}}',
        '{"ok":true,"data":{"found":false,"sha256":null,"content":null,"problem":null,"written_at":null,"server_time":"","more":1}}',
        '{"ok":true,"data":{"found":false,"sha256":null,"content":null,"problem":null,"written_at":null,"server_time":""},"more":1}',
        '{"ok":true,"data":{"found":1e999}}',
        '{"ok":true,"data":{"found":"\\ud800"}}',
        '{"ok":false}',
        '{"ok":false,"error":{}}',
        '{"ok":false,"error":{"id":1,"full_id":"","category":"","activity":"","exceptions":[],"line":1}}',
    ],
)
def test_garbage_half_a_json_and_what_is_of_another_form(text):
    assert failure(reply(text)).id == "no_reply"


def test_50_megabytes():
    assert failure(reply("x" * 50_000_000)).id == "reply_too_large"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"failed": True, "msg": "boom", "rc": 1, "exception": object()}, "boom"),
        ({"failed": True, "error": [{"exception": {"message": "Cannot find path"}}], "msg": "m"}, "Cannot find path"),
        ({"failed": True, "msg": "deserialization failed", "module_stdout": "<html>proxy\x1b[31m</html>", "module_stderr": ""}, "<html>proxy"),
        ({"failed": True}, "no reason"),
        ({"failed": True, "error": ["odd"], "msg": "m"}, "m"),
        ({"failed": True, "msg": "x\n" * 5000}, "x x x"),
    ],
)
def test_a_module_that_failed(result, said):
    error = failure(result)
    assert error.id == "script_failed"
    assert said in str(error)
    assert "\x1b" not in str(error)


@pytest.mark.parametrize("result", [{"failed": True, "msg": "m"}, {}, reply("half")])
def test_after_an_act_nothing_is_certain_after_a_read_all_is(result):
    assert "not known" in str(failure(result, name="update_certificate"))
    assert "not known" not in str(failure(result))


@pytest.mark.parametrize("identifier", ["MethodInvocationNotSupportedInConstrainedLanguage", "PropertySetterNotSupportedInConstrainedLanguage"])
def test_a_restricted_language_is_said(identifier):
    told = {"failed": True, "msg": "Methode kann nicht aufgerufen werden.", "error": [{"fully_qualified_error_id": identifier}]}
    error = failure(told)
    assert error.id == "language_mode"
    assert "FullLanguage" in str(error)


def test_failed_counts_even_beside_a_reply():
    assert failure({**good(), "failed": True, "msg": "late"}).id == "script_failed"


def test_an_act_is_never_sent_in_check_mode():
    for name in sorted(_powershell.ACTS):
        action = Action(good(), check_mode=True)
        with pytest.raises(_powershell.ActInCheckModeError):
            run(action, name=name)
        assert action.sent == []


def test_a_read_is_sent_in_check_mode():
    action = Action(good(), check_mode=True)
    assert run(action) == DATA
    assert len(action.sent) == 1


def test_a_connection_that_is_not_windows_is_refused_before_anything_is_sent():
    action = Action(good(), windows=False)
    with pytest.raises(AdfsError, match="ansible_connection: winrm") as caught:
        run(action)
    assert "'local'" in str(caught.value)
    assert action.sent == []


def test_async_is_refused_before_anything_is_sent():
    action = Action(good(), async_val=10)
    with pytest.raises(AdfsError, match="async"):
        run(action)
    assert action.sent == []


def test_a_connection_that_fails_passes_untouched():
    failed = AnsibleConnectionFailure("unreachable")
    with pytest.raises(AnsibleConnectionFailure) as caught:
        run(Action(failed))
    assert caught.value is failed


@pytest.mark.parametrize("broken", [ConnectionResetError("reset by peer"), OSError(), RuntimeError("('Connection aborted.', RemoteDisconnected())\n")])
def test_what_a_connection_plugin_lets_through_is_one_clear_message(broken):
    error = failure(broken)
    assert error.id == "connection"
    assert (str(broken).strip() or "OSError") in str(error)
    assert error.ended is False
    assert "not known" in str(failure(broken, name="update_certificate"))


def test_other_errors_of_ansible_pass_untouched():
    missing = AnsibleError("The module ansible.windows.win_powershell was not found in configured module paths")
    with pytest.raises(AnsibleError) as caught:
        run(Action(missing))
    assert caught.value is missing


def test_a_request_that_is_no_json_is_a_programming_error():
    action = Action(good())
    with pytest.raises((TypeError, ValueError)):
        run(action, request={"when": object()})
    assert action.sent == []


def test_unknown_script():
    with pytest.raises(ValueError, match="no script"):
        _powershell.compose("../../../etc/passwd")


class TestConnectAgain:
    def test_whatever_comes_of_it_is_ignored(self):
        action = Action()
        action._connection.reset.side_effect = AnsibleConnectionFailure("no route")
        _powershell.connect_again(action, 5)
        assert action._connection.reset.call_count == 1

    def test_a_connection_that_hangs_is_given_up(self):
        action = Action()
        action._connection.reset.side_effect = lambda: time.sleep(30)
        begun = time.monotonic()
        _powershell.connect_again(action, 0.2)
        assert time.monotonic() - begun < 5

    def test_a_connection_without_it(self):
        action = Action()
        action._connection = SimpleNamespace()
        _powershell.connect_again(action)


class TestTimeLimit:
    def never(self):
        time.sleep(30)

    def test_ends_a_call_that_never_ends(self):
        begun = time.monotonic()
        error = failure(self.never, timeout=0.2)
        assert time.monotonic() - begun < 5
        assert error.id == "time_limit"
        assert "read_journal within 0.2 seconds" in str(error)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

    def test_is_not_swallowed_by_a_careless_handler(self):
        def careless():
            try:
                time.sleep(30)
            except Exception:  # noqa: BLE001 - this is the carelessness
                return good()

        assert failure(careless, timeout=0.2).id == "time_limit"

    def test_leaves_no_timer_behind(self):
        run(Action(good()), timeout=5)
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL

    def test_the_tasks_own_shorter_limit_stays(self):
        class TaskLimit(BaseException):
            pass

        def expire(signum, frame):
            raise TaskLimit

        before = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(TaskLimit):
                run(Action(self.never), timeout=20)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def test_the_tasks_own_longer_limit_goes_on_afterwards(self):
        before = signal.signal(signal.SIGALRM, lambda signum, frame: None)
        signal.setitimer(signal.ITIMER_REAL, 100)
        try:
            run(Action(good()), timeout=5)
            assert 90 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
