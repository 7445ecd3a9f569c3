# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads and writes the journal of the rollover by compare-and-swap."""

from __future__ import annotations

import base64
import json
import re
import typing as t

from ansible_collections.federation.adfs.plugins.module_utils._adfs import journal
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError
from ansible_collections.federation.adfs.plugins.plugin_utils._adfs_action import AdfsAction

MAX_DIFF = 100_000


class ActionModule(AdfsAction):
    """The module federation.adfs.rollover_journal."""

    SPEC: t.ClassVar[dict[str, t.Any]] = {
        "path": {"type": "str", "default": journal.DEFAULT_PATH},
        "content": {"type": "dict"},
        "expected_sha256": {"type": "str"},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        path: str = options["path"]
        expected: str | None = options["expected_sha256"]
        if options["content"] is None:
            if expected:
                raise AdfsError("The option expected_sha256 is set without content.", "Give the content to write, or take it away.", "options")
            return {"journal": self._read(path), "written": False}
        if expected is not None:
            expected = expected.strip().lower()
            if not re.fullmatch(r"[0-9a-f]{64}", expected):
                raise AdfsError("The option expected_sha256 is no SHA-256 (64 hexadecimal digits).", "Take journal.sha256 of the last look.", "options")
        data = journal.encode(options["content"])
        if self.check_mode or journal.sha256(data) == expected:
            return self._compare(path, expected, data)
        return self._write(path, expected, data)

    def _read(self, path: str) -> dict[str, t.Any]:
        return journal.read(self.script("read_journal", {"path": path, "limit": journal.MAX_BYTES}), path)

    def _compare(self, path: str, expected: str | None, data: bytes) -> dict[str, t.Any]:
        """Look at what is there, and write nothing: in check mode, and where the file should hold this content already."""
        found = self._read(path)
        if found["sha256"] is None and found["error"]:
            raise AdfsError(found["error"], id="journal_folder")
        self._must_match(found["sha256"], expected)
        changed = journal.sha256(data) != found["sha256"]
        return self._result(found, data, changed, written=False)

    def _write(self, path: str, expected: str | None, data: bytes) -> dict[str, t.Any]:
        before = self._read(path) if self._task.diff else None
        request = {"path": path, "expected_sha256": expected, "content": base64.b64encode(data).decode("ascii")}
        reply = self.script("write_journal", request)
        if reply["problem"]:
            raise AdfsError(journal.problem(reply["problem"], path), id="journal_folder")
        if not reply["written"]:
            self._must_match(reply["sha256"], expected)
            raise AdfsError("The server did not write the journal and did not say why.", "Run again.", "not_done")
        if reply["sha256"] != journal.sha256(data):
            raise AdfsError(
                "The journal was written, but what is on disk now is something else.",
                "See whether the disk is full or another program writes there.",
                "not_done",
            )
        return self._result(before, data, True, written=True)

    @staticmethod
    def _must_match(found: str | None, expected: str | None) -> None:
        if found == expected:
            return
        if expected is None:
            what = f"there is one already (SHA-256 {found})"
        elif found is None:
            what = "it is gone"
        else:
            what = f"it has the SHA-256 {found} where {expected} was expected"
        raise AdfsError(
            f"Another run has changed the journal since it was read: {what}. Nothing was written.",
            "Run again: it starts from what is there now. If this repeats, see which schedule runs twice.",
            "another_run",
        )

    def _result(self, found: dict[str, t.Any] | None, data: bytes, changed: bool, written: bool) -> dict[str, t.Any]:
        content = json.loads(data)
        shape = {"found": True, "sha256": journal.sha256(data), "content": content, "error": None}
        result: dict[str, t.Any] = {"changed": changed, "written": written, "journal": found if found is not None and not written else shape}
        if self._task.diff and changed and len(data) <= MAX_DIFF:
            before = found["content"] if found else None
            result["diff"] = {"before": _pretty(before), "after": _pretty(content), "before_header": "journal", "after_header": "journal"}
        return result


def _pretty(content: t.Any) -> str:
    return "" if content is None else json.dumps(content, indent=2, sort_keys=True) + "\n"
