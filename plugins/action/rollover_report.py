# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a report of a plan on the controller, and writes it there or on the host of the task."""

from __future__ import annotations

import datetime
import json
import os
import typing as t
from collections.abc import Mapping

import jinja2
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.federation.adfs.plugins.module_utils._report import farms, folder, partners, texts, view
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import UTC, format_time, parse_time
from ansible_collections.federation.adfs.plugins.modules.rollover_report import ARGUMENT_SPEC
from ansible_collections.federation.adfs.plugins.plugin_utils._job import job
from ansible_collections.federation.adfs.plugins.plugin_utils._report_page import page, page_of_farms

_ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, jinja2.TemplateError)
"""What values of another form than expected lead to."""


_FIRST, _LAST = "1970-01-01T00:00:00Z", "9998-01-01T00:00:00Z"
"""The page draws from a month before the run until more than a year after it, which has to be within the calendar."""


class ActionModule(ActionBase):
    """Writes in check mode too: a report changes nothing of what it reports, so it is not counted as a change."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return where the report is, the names of its files, and the report in short form."""
        result = super().run(tmp, task_vars)
        del tmp  # has no effect, the base class says
        task_vars = task_vars or {}
        _checked, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        given = json.loads(json.dumps(arguments))  # plain values: newer cores tag strings
        path = given["path"]
        mode = "check" if self._task.check_mode and given["mode"] == "apply" else given["mode"]
        try:
            now = format_time(parse_time(given["now"])) if given["now"] else format_time(datetime.datetime.now(UTC))
            if not _FIRST <= now <= _LAST:
                raise ValueError(f"{now} is no moment of a run, which is from {_FIRST} until {_LAST}")
        except ValueError as exc:
            raise AnsibleActionFail(f"now: {exc}") from None
        part = given["farm"] or ""
        if given["several"] and not part:
            raise AnsibleActionFail("several is set without farm. Name the folder of this farm below the path.")
        try:
            shown = view.build(given["plan"], given["certificates"], mode, now, given["lines"], given["ledger"])
            short = farms.short(shown)
            files = contents(shown, given["several"]) if path else {}
        except _ODD as exc:
            raise AnsibleActionFail(
                f"The report was not made: {_odd(given, mode, now)} is not as it is returned ({type(exc).__name__}: {printable(exc, 200)})."
                " Pass on unchanged what rollover_plan (plan), farm_info (certificates) and rollover_journal (evidence, as ledger) return."
            ) from None
        result.update(changed=False, short=short)
        if not path:
            return result
        self._refuse_wrong_place(given["where"], task_vars, {"short": result["short"]})
        if given["where"] == "controller":
            path, where = os.path.abspath(path), "the controller"
            ask: folder.Ask = folder.answer
        else:
            path = str(json.loads(json.dumps(self._task.args["path"])))  # not as the controller expands it
            where, ask = str(self._task.delegate_to or task_vars.get("inventory_hostname")), self._asks(task_vars)
        try:
            kept = folder.keep(ask, path, part, given["several"], files, _page_of_farms, now)
        except OSError as exc:
            raise AnsibleActionFail(
                f"The report could not be written to {path} on {where} ({folder.why(exc)}). Name a folder that this account may write to."
            ) from None
        except ValueError as exc:
            raise AnsibleActionFail(f"The report was not written: {exc}.") from None
        except _ODD as exc:
            raise AnsibleActionFail(
                f"The report was not written as a whole: {where} answered with something else than a reply ({type(exc).__name__}: {printable(exc, 200)})."
            ) from None
        path = kept["path"]
        if kept["replaced"]:
            self._display.warning(
                f"The report of {printable(kept['replaced'], 300)} in {path} was replaced by this one. Give each farm a folder of its own,"
                " or set several, with which each has a part of one report."
            )
        if kept["unlocked"] and kept["joined"]:
            self._display.warning(
                f"{os.path.join(path, '.lock')} on {where} cannot be locked ({kept['unlocked']}). The files over all farms were written without a lock."
            )
        if kept["where"] and not kept["joined"]:
            self._display.warning(f"The page over all farms in {path} was not written, for other runs wrote there all the while; the next run writes it.")
        return {**result, "path": os.path.join(path, kept["where"]) if kept["where"] else path, "files": sorted(files), "joined": kept["joined"]}

    def _refuse_wrong_place(self, where: str, task_vars: dict[str, t.Any], left: dict[str, t.Any]) -> None:
        """Raise AnsibleActionFail for a place that does not last, or that cannot be written to from here."""
        if where == "host" and getattr(self._connection._shell, "_IS_WINDOWS", False):
            raise AnsibleActionFail(
                "The report cannot be written on a Windows host. Name an inventory host with Python (for the role: renew_signing_cert_report_host).",
                result=left,
            )
        if job(task_vars) and (where == "controller" or self._connection.transport == "local"):
            raise AnsibleActionFail(
                "The report cannot lie on the controller here: AWX and Automation Controller delete a job's folders when it ends. Name an inventory host that"
                " stays, with Python, which gets the folder (for the role: renew_signing_cert_report_host). Or leave the path unset: an audit then hands"
                " the report on in short form, as the artifact renew_signing_cert_reports (ansible.builtin.set_stats).",
                result=left,
            )

    def _asks(self, task_vars: dict[str, t.Any]) -> folder.Ask:
        """What carries a request to the host of the task and brings the reply back."""

        def ask(request: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
            if self._connection._shell.tmpdir is None:
                self._make_tmp_path()
            # As a file: the options of a module are logged on the host, and there may be megabytes.
            bundle = self._transfer_data(self._connection._shell.join_path(self._connection._shell.tmpdir, "bundle.json"), json.dumps(request))
            self._fixup_perms2((self._connection._shell.tmpdir, bundle))
            found = self._execute_module(
                module_name="federation.adfs.rollover_report",
                module_args={"plan": {}, "path": request["path"], "bundle": bundle},
                task_vars=task_vars,
                delete_remote_tmp=False,
            )
            if "refused" in found:
                raise ValueError(printable(found["refused"], 1000))
            if "reply" not in found:
                raise OSError(str(found.get("msg") or found.get("module_stderr") or "no reply"))
            return t.cast("Mapping[str, t.Any]", found["reply"])

        return ask


def _page_of_farms(rows: t.Sequence[Mapping[str, t.Any]]) -> bytes:
    return page_of_farms(farms.summary(rows)).encode("utf-8", "backslashreplace")


def _odd(given: Mapping[str, t.Any], mode: str, now: str) -> str:
    """Which of the options cannot be shown, by its name."""
    for name, parts in (("plan", (given["plan"], ())), ("certificates", (given["plan"], given["certificates"]))):
        try:
            contents(view.build(*parts, mode, now))
        except _ODD:
            return name
    return "ledger"


def contents(shown: Mapping[str, t.Any], several: bool = False) -> dict[str, bytes]:
    """Return the content of each file of a farm's report by its path. ``shown``: of view.build. ``several``: the page of all farms lies above it."""
    made = {
        "index.html": page(shown, several),
        "report.json": json.dumps(shown, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
        "report.md": texts.markdown(shown),
        "matrix.csv": texts.matrix([shown]),
        "dates.ics": texts.calendar([shown]),
        "metrics.prom": texts.metrics([shown]),
    }
    return {
        **{name: text.encode("utf-8", "backslashreplace") for name, text in made.items()},
        **{f"partners/{name}": content for name, content in partners.pack(shown).items()},
    }
