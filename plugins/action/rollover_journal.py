# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads and writes the journal of the rollover by compare-and-swap, on an AD FS server or on a host without Windows."""

from __future__ import annotations

import base64
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.federation.adfs.plugins.module_utils._adfs import journal, outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError, from_record
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import Addition
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction, given
from ansible_collections.federation.adfs.plugins.plugin_utils._job import job


class ActionModule(AdfsAction):
    """The module federation.adfs.rollover_journal. On a host without Windows, the module of this name does the work itself."""

    ACTS = True
    SPEC: t.ClassVar[dict[str, t.Any]] = {
        **AdfsAction.SPEC,
        "path": {"type": "str"},
        "content": {"type": "dict"},
        "expected_sha256": {"type": "str"},
        "ledger_entries": {"type": "list", "elements": "dict"},
        "ledger_since": {"type": "str"},
    }

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Do the work over the connection that there is."""
        if getattr(self._connection._shell, "_IS_WINDOWS", False):
            return super().run(tmp, task_vars)
        return self._on_posix(tmp, task_vars or {})

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        store = journal.Store(self._read, self._write, journal.problem)
        path = options["path"] or journal.DEFAULT_PATH
        entries, since = options["ledger_entries"] or (), options["ledger_since"]
        result = journal.keep(store, path, options["content"], options["expected_sha256"], self.check_mode, bool(self._task.diff), entries, since)
        self._acted = result["written"]
        return result

    def _read(self, path: str, limit: int) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", self.script("read_journal", {"path": path, "limit": limit}))

    def _write(self, path: str, expected: str | None, data: bytes, lines: Addition | None) -> dict[str, t.Any]:
        request = {"path": path, "expected_sha256": expected, "content": _base64(data), "limit": journal.MAX_BYTES, "ledger": _ledger(lines)}
        reply, seen = self.send("write_journal", request)
        if not seen.lost:
            unreadable = from_record(reply["unreadable"], "write_journal (read back)") if reply["unreadable"] else None
            ledger = reply["ledger"]
            if ledger and ledger["failure"]:
                ledger = {**ledger, "failure": from_record(ledger["failure"], "write_journal (ledger)")}
            return {**reply, "failure": seen.failure, "unreadable": unreadable, "ledger": ledger}
        found: dict[str, t.Any] = {"sha256": None, "written_at": None, "server_time": None}
        unreadable = None
        try:
            found = self._read(path, journal.MAX_BYTES)
            if found["problem"]:
                unreadable = AdfsError(journal.problem(found["problem"], path), id="journal_folder")
        except AdfsError as exc:
            unreadable = exc
        except AnsibleConnectionFailure as exc:
            raise AnsibleConnectionFailure(f"{exc} Whether the journal was written is not known. {outcome.LOOK_AGAIN}") from exc
        return {**found, "problem": None, "written": False, "failure": seen.failure, "unreadable": unreadable, "lost": True, "ended": seen.ended}

    def _on_posix(self, tmp: str | None, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = ActionBase.run(self, tmp, task_vars)
        self._task.args = given(self._task.args)
        if self._connection.transport == "local" and job(task_vars):
            result.update(
                changed=False,
                failed=True,
                error_id="state_host",
                msg="The journal cannot lie on the controller here: AWX and Automation Controller delete a job's folders when it ends, and the next run would"
                " know nothing of this one. Run the task on an inventory host that stays (for the role: renew_signing_cert_state_host).",
            )
            return result
        result.update(self._execute_module(task_vars=task_vars))
        self._remove_tmp_path(self._connection._shell.tmpdir)
        return result


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _ledger(lines: Addition | None) -> dict[str, t.Any] | None:
    if lines is None:
        return None
    expected = lines.expected
    return {"name": lines.file, "size": expected.size, "last": expected.last, "sha256": expected.head, "content": _base64(lines.data)}
