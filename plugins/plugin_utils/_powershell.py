# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""The only way to a Windows server: one of our scripts in, one checked reply out.

A script is header, task and footer from the folder powershell beside this file, sent as one text by ansible.windows.win_powershell over the
play's own connection. It takes one JSON text and gives one JSON text. Values never become part of a script.
"""

from __future__ import annotations

import json
import pkgutil
import signal
import threading
import types
import typing as t
from contextlib import contextmanager

from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record, one_line, restricted_language, without_source
from ansible_collections.federation.adfs.plugins.module_utils._adfs.script_reply import ERROR, Check, ReplyError, record, strict_json, truth

display = Display()

READS = frozenset({"read_farm", "read_journal", "check_certificate"})
ACTS = frozenset({"update_certificate", "add_certificate", "promote_certificate", "remove_certificate", "set_properties", "write_journal", "grant_read"})
MAX_REPLY = 4 * 1024 * 1024
TIME_LIMIT = 300
_PACKAGE = "ansible_collections.federation.adfs.plugins.plugin_utils.powershell"


class ActInCheckModeError(RuntimeError):
    """A programming error: an act was about to be sent in check mode. Nothing was sent."""


class LostReplyError(AdfsError):
    """No usable reply came. What an act did is not known from it; ``ended`` says whether the script no longer runs."""

    def __init__(self, message: str, name: str, advice: str, id: str, ended: bool = True) -> None:  # noqa: A002 - the name that users know
        super().__init__(message, f"{_uncertain(name)}{advice}", id)
        self.ended = ended


class _TimeLimitReached(BaseException):
    """Not an Exception, so that no handler in a connection plugin swallows it."""


def compose(name: str) -> str:
    """Return the whole text of a script. Raises ValueError for a name that is not one of ours."""
    if name not in READS | ACTS:
        raise ValueError(f"there is no script {name}")
    return "".join(_load(part) for part in ("header", name, "footer"))


def run_script(action: t.Any, task_vars: dict[str, t.Any], name: str, request: dict[str, t.Any], check: Check, timeout: float = TIME_LIMIT) -> t.Any:
    """Run one script on the task's host and return the ``data`` of its reply as ``check`` let it through.

    ``timeout`` is in seconds. Raises AdfsError with a message for the user; ActInCheckModeError for an act in check mode. A connection
    that fails raises AnsibleConnectionFailure, which passes untouched so that Ansible reports the host as unreachable. Where no usable reply
    came, the AdfsError is a LostReplyError.
    """
    if name in ACTS and action._task.check_mode:
        raise ActInCheckModeError(f"the script {name} changes something and is never sent in check mode")
    _refuse_wrong_task(action)
    arguments = {
        "script": compose(name),
        "parameters": {"InputJson": json.dumps(request, ensure_ascii=True, separators=(",", ":"), allow_nan=False)},
        "error_action": "stop",
        "depth": 2,
    }
    try:
        with _time_limit(timeout):
            result = action._execute_module(module_name="ansible.windows.win_powershell", module_args=arguments, task_vars=task_vars)
    except _TimeLimitReached:
        raise LostReplyError(
            f"The server did not answer the script {name} within {timeout:g} seconds.",
            name,
            "Look at the load of the server, then run again; a slow server can be given more time (time_limit).",
            "time_limit",
            ended=False,
        ) from None
    except AnsibleError:
        raise
    except Exception as exc:  # what connection plugins let through: errors of requests, urllib3, pypsrp and sockets
        raise LostReplyError(
            f"The connection broke while the script {name} ran: {one_line(str(exc), 300) or type(exc).__name__}.",
            name,
            "See whether the server and the way to it are up, then run again.",
            "connection",
            ended=False,
        ) from exc
    return _data(result, name, check)


def connect_again(action: t.Any, timeout: float = TIME_LIMIT) -> None:
    """Give up the connection of which an answer is still due, if that takes no longer than ``timeout`` seconds.

    Whatever comes of it is ignored: the next script shows whether the server is in reach.
    """
    reset = getattr(action._connection, "reset", None)
    if not callable(reset):
        return
    try:
        with _time_limit(timeout):
            reset()
    except (_TimeLimitReached, Exception) as exc:  # noqa: BLE001 - see above
        display.vvv(f"The connection could not be reset: {type(exc).__name__}: {exc}")


def _load(part: str) -> str:
    data = pkgutil.get_data(_PACKAGE, part + ".ps1")
    if data is None:
        raise ValueError(f"the file {part}.ps1 of the collection is missing")
    return data.decode("ascii").replace("\r\n", "\n")


def _refuse_wrong_task(action: t.Any) -> None:
    connection = action._connection
    if not getattr(connection._shell, "_IS_WINDOWS", False):
        raise AdfsError(
            f"This task runs on an AD FS server over winrm, psrp or ssh, but its connection is '{connection.transport}' and no Windows one.",
            "Run it on the AD FS server: set hosts, and in the inventory of that host ansible_connection: winrm or psrp "
            "(for ssh also ansible_shell_type: powershell); take away delegate_to: localhost and connection: local. "
            "If all that is right, an extra variable sets ansible_connection (-e, a survey, or a credential type of AWX): it wins over the inventory.",
            "connection",
        )
    if action._task.async_val:
        raise AdfsError("This task cannot run with async.", "Take async away; the keyword timeout limits a task's time.", "async")


def _data(result: t.Any, name: str, check: Check) -> t.Any:
    if not isinstance(result, dict):
        raise _no_reply(name, "nothing")
    if result.get("failed"):
        restricted = restricted_language(json.dumps(result, default=str)[:MAX_REPLY])
        if restricted is not None:
            raise LostReplyError(restricted[0], name, restricted[1], "language_mode")
        raise LostReplyError(
            f"The script {name} did not run to its end: {_reason(result)}", name, "Run with -vvv for all that the server said.", "script_failed"
        )
    outer = result.get("result")
    reply = outer.get("json") if isinstance(outer, dict) else None
    if not isinstance(reply, str) or not reply:
        raise _no_reply(name, "no reply at all")
    if len(reply) > MAX_REPLY:
        raise LostReplyError(
            f"The script {name} answered {len(reply)} characters; more than {MAX_REPLY} are not read.",
            name,
            "Ask for less, for example with gather_subset.",
            "reply_too_large",
        )
    try:
        decoded = strict_json(reply)
    except (ValueError, RecursionError):
        raise _no_reply(name, "something that is no whole JSON text") from None
    try:
        if isinstance(decoded, dict) and decoded.get("ok") is False:
            error = record({"ok": truth, "error": ERROR})(decoded, "the reply")["error"]
        else:
            return record({"ok": truth, "data": check})(decoded, "the reply")["data"]
    except ReplyError as exc:
        raise _no_reply(name, f"something unexpected ({one_line(str(exc), 300)})") from exc
    raise from_record(error, name)


def _no_reply(name: str, what: str) -> AdfsError:
    return LostReplyError(
        f"The script {name} ended with {what} where one reply was due.",
        name,
        "See whether a profile, a security product or a proxy on the way interferes with PowerShell on this server.",
        "no_reply",
    )


def _uncertain(name: str) -> str:
    return "Whether it changed anything is not known; the next run looks first. " if name in ACTS else ""


def _reason(result: dict[str, t.Any]) -> str:
    """Return what a failed win_powershell says; the shape differs between versions, so nothing but presence is relied on."""
    errors = result.get("error")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        exception = errors[0].get("exception")
        if isinstance(exception, dict) and isinstance(exception.get("message"), str):
            return one_line(without_source(exception["message"]))
    said = [
        one_line(without_source(str(result[key])), 300)
        for key in ("msg", "module_stderr", "module_stdout")
        if isinstance(result.get(key), str) and result[key].strip()
    ]
    return " ".join(said) or "no reason was given"


@contextmanager
def _time_limit(seconds: float) -> t.Iterator[None]:
    """End what runs inside after ``seconds``; a shorter limit that the task itself has stays in force.

    WinRM clients ask for ever while the far end says that it is still busy, so nothing else would end the wait. Strategies that run
    tasks outside the main thread cannot have signals; there the limit of the connection plugin is all there is.
    """
    pending = signal.getitimer(signal.ITIMER_REAL)[0]
    if threading.current_thread() is not threading.main_thread() or 0 < pending <= seconds:
        yield
        return

    def expire(signum: int, frame: types.FrameType | None) -> None:
        raise _TimeLimitReached()

    before = signal.signal(signal.SIGALRM, expire)
    # Fires again every 10 seconds, in case that cleaning up after the first time hangs as well.
    signal.setitimer(signal.ITIMER_REAL, seconds, 10)
    try:
        yield
    finally:
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if pending:
            signal.setitimer(signal.ITIMER_REAL, max(pending - (seconds - left), 0.1))
