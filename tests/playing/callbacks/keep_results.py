# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a run left (recap, the role's result, failures) to the file that PLAYING_RESULT names, beside the usual output."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: keep_results
type: notification
short_description: Keep recap and results for tests
description:
  - Writes a JSON file when the play ends.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "keep_results"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.kept = {"results": {}, "plans": {}, "failures": [], "unreachable": [], "tasks": [], "recap": {}}
        self.item_failed = False

    def v2_runner_on_ok(self, result) -> None:
        data, host = result._result, result._host.get_name()
        facts = data.get("ansible_facts")
        if isinstance(facts, dict) and "renew_signing_cert_result" in facts:
            self.kept["results"][host] = facts["renew_signing_cert_result"]
        if isinstance(data.get("plan"), dict):
            self.kept["plans"].setdefault(host, []).append(data["plan"])
        self.kept["tasks"].append({"host": host, "task": result._task.get_name(), "changed": bool(data.get("changed"))})

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:
        if result._result.get("results") is None or not self.item_failed:
            self._keep_failure(result)
        self.item_failed = False

    def v2_runner_item_on_failed(self, result) -> None:
        self.item_failed = True
        self._keep_failure(result)

    def _keep_failure(self, result) -> None:
        message = str(result._result.get("msg", ""))
        self.kept["failures"].append({"host": result._host.get_name(), "task": result._task.get_name(), "message": message})

    def v2_runner_on_unreachable(self, result) -> None:
        self.kept["unreachable"].append({"host": result._host.get_name(), "message": str(result._result.get("msg", ""))})

    def v2_playbook_on_stats(self, stats) -> None:
        self.kept["recap"] = {host: stats.summarize(host) for host in stats.processed}
        self.kept["stats"] = stats.custom.get("_run", {})
        path = os.environ.get("PLAYING_RESULT")
        if path:
            with open(path, "w", encoding="utf-8") as handle:
                json.dump(self.kept, handle, default=str)
