# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# PRIVATE: this file belongs to federation.adfs alone and may change in any release.
"""Files of tasks that an operator names as hooks. Ansible ends the whole play at one that it cannot load, so they are looked at before."""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.playbook.helpers import load_list_of_tasks
from ansible.playbook.play import Play

from ansible_collections.federation.adfs.plugins.module_utils._files import refuse_special
from ansible_collections.federation.adfs.plugins.module_utils._text import printable

_LARGEST = 1_000_000
_STATIC = ("import_tasks", "import_role")


def read_hooks(given: t.Mapping[str, t.Any] | None, loader: t.Any) -> dict[str, dict[str, str]]:
    """Return C(path) of each hook that is set, and C(wrong): why it cannot be used, or empty text."""
    paths = {event: os.path.expanduser(str(path).strip()) for event, path in (given or {}).items() if str(path or "").strip()}
    return {event: {"path": path, "wrong": _wrong(path, loader)} for event, path in paths.items()}


def _wrong(path: str, loader: t.Any) -> str:
    if not os.path.isabs(path):
        return "give the whole path, such as {{ inventory_dir }}/hooks/before.yml"
    try:
        refuse_special(path)
        if os.path.getsize(path) > _LARGEST:
            return f"it is larger than {_LARGEST} bytes"
        tasks = loader.load_from_file(path)
        if not isinstance(tasks, list) or not tasks:
            return "it is no list of tasks"
        if _static(tasks):
            return "it imports tasks, which a hook cannot; use include_tasks and include_role"
        load_list_of_tasks(tasks, play=Play(), loader=loader)
    except OSError as exc:
        return exc.strerror or str(exc)
    except AnsibleError as exc:
        return printable(" ".join(str(exc).split()), 300)
    return ""


def _static(tasks: t.Any) -> bool:
    """Whether a task is one that Ansible loads together with the file."""
    if isinstance(tasks, list):
        return any(_static(task) for task in tasks)
    if not isinstance(tasks, dict):
        return False
    named = any(str(key).rpartition(".")[2] in _STATIC for key in tasks)
    return named or any(_static(tasks.get(part)) for part in ("block", "rescue", "always"))
