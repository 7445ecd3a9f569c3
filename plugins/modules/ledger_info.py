#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ledger_info
short_description: Read the ledger of certificate rollovers and check its chain
version_added: 1.0.0
description:
  - Reads the ledger that the role C(renew_signing_cert) keeps beside its journal, and checks that each line follows the one before by its hash.
  - So a line that was changed, put in, or taken out from between two others is found, wherever the files were copied to. Nothing is asked but the
    files.
  - The end can only be checked with O(head), without which a last line that is missing or was changed may not be seen. Somebody who owns the server
    can write the whole ledger anew; only a head that was kept elsewhere, such as in the output of a job, shows that.
  - Where earlier lines or years are not at hand, RV(said) says so, and what is there is checked.
  - It reads files of the host that it runs on. Of a Windows server, fetch them first, with M(ansible.builtin.fetch).
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._attributes
  - federation.adfs._attributes.controller
  - federation.adfs._attributes.info
options:
  paths:
    description:
      - The files, or folders of which all C(ledger-*.jsonl) are taken. They are read in the order of their names, which is that of their years.
      - They have to be those of one ledger. A folder with several, as a host without Windows may have, is refused.
    type: list
    elements: path
    required: true
  head:
    description:
      - The hash that the last line must have, as the summary of a run or the journal says it.
    type: str
  since:
    description:
      - Return only entries from this time on, in ISO 8601 with C(Z) or an offset. The whole chain is checked in any case.
    type: str
notes:
  - There may be at most 200 files, with at most 64 MB together.
  - An option that is null or an empty text counts as not set.
seealso:
  - module: federation.adfs.rollover_journal
"""

EXAMPLES = r"""
- name: Fetch the ledger of this year
  ansible.builtin.fetch:
    src: C:\ProgramData\federation.adfs\ledger-2026.jsonl
    dest: /srv/evidence/
    flat: true

- name: Check it against the head that a job showed
  federation.adfs.ledger_info:
    paths:
      - /srv/evidence
    head: 5d9f3a1c0b7e4e0f9c6a2f8b1d4e7a90c3b6f5e8d7a1b2c3d4e5f60718293a4b
  delegate_to: localhost
  register: evidence

- name: Stop where it was changed
  ansible.builtin.assert:
    that: evidence.valid
    fail_msg: "{{ evidence.said }}"
"""

RETURN = r"""
valid:
  description: Whether each line after the first one follows the one before, and the last one has O(head) if that is given.
  type: bool
  returned: success
  sample: true
said:
  description: The same in a sentence.
  type: str
  returned: success
  sample: "The ledger's chain is whole: 3 entries, head 5d9f3a1c0b7e4e0f9c6a2f8b1d4e7a90c3b6f5e8d7a1b2c3d4e5f60718293a4b"
head:
  description: SHA-256 of the last line with the line feed; null if there is no line.
  type: str
  returned: success
  sample: 5d9f3a1c0b7e4e0f9c6a2f8b1d4e7a90c3b6f5e8d7a1b2c3d4e5f60718293a4b
breaks:
  description: Where the chain is broken, a sentence for each place; at most 100.
  type: list
  elements: str
  returned: success
  sample: []
entries:
  description:
    - The entries in the order of the files, from O(since) on. Certificates are named by their thumbprints.
    - At most 5000, the last ones; RV(left_out) says how many there are besides.
  type: list
  elements: dict
  returned: success
  sample:
    - time: "2026-02-03T10:11:12Z"
      act: publish
      object: contoso.com
      result: done
left_out:
  description: How many entries from O(since) on are not in RV(entries).
  type: int
  returned: success
  sample: 0
"""

import os
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._files import read_regular
from ansible_collections.federation.adfs.plugins.module_utils._renewal.ledger import verify
from ansible_collections.federation.adfs.plugins.module_utils._text import printable
from ansible_collections.federation.adfs.plugins.module_utils._x509 import format_time, parse_time

SPEC: dict[str, t.Any] = {
    "paths": {"type": "list", "elements": "path", "required": True},
    "head": {"type": "str"},
    "since": {"type": "str"},
}
# Beside another journal than journal.json, the ledger's name begins with that of the journal.
_NAME = re.compile(r"(?P<ledger>(?:.+-)?ledger-)[0-9]{4}\.jsonl")
MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 200
MOST_BREAKS = 100
MOST_ENTRIES = 5000


class LedgerFilesError(ValueError):
    """What was named cannot be read as a ledger, and why."""


def work(module: AnsibleModule) -> None:
    """Read, check, and end with the result."""
    try:
        since = format_time(parse_time(module.params["since"])) if module.params["since"] else ""
    except ValueError as exc:
        module.fail_json(msg=f"ledger_info: since: {exc}")
    try:
        files = read_files(module.params["paths"])
    except LedgerFilesError as exc:
        module.fail_json(msg=f"ledger_info: {exc}")
    verdict = verify(files, module.params["head"] or None)
    entries = [entry for entry in verdict.lines if str(entry["time"]) >= since]
    module.exit_json(
        changed=False,
        valid=not verdict.breaks,
        said=printable(verdict.said),
        head=verdict.head,
        breaks=[printable(str(found)) for found in verdict.breaks[:MOST_BREAKS]],
        entries=entries[-MOST_ENTRIES:],
        left_out=max(0, len(entries) - MOST_ENTRIES),
    )


def read_files(paths: t.Sequence[str]) -> list[tuple[str, bytes]]:
    """Return each file's name and content, in the order of the names. Raises LedgerFilesError."""
    named: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            named += [os.path.join(path, name) for name in _of_folder(path)]
        else:
            named.append(path)
    if not named:
        raise LedgerFilesError("paths names nothing; name the ledger's files, or the folder that they are in.")
    if len(named) > MAX_FILES:
        raise LedgerFilesError(f"there are {len(named)} files, and at most {MAX_FILES} are read; name fewer.")
    files: list[tuple[str, bytes]] = []
    left = MAX_BYTES
    for path in sorted(dict.fromkeys(named), key=os.path.basename):
        try:
            content = read_regular(path, left)
        except OSError as exc:
            raise LedgerFilesError(f"{printable(path)} cannot be read: {exc.strerror or exc}. Name a file of the ledger that this account may read.") from None
        left -= len(content)
        if left < 0:
            where = printable(path) if not files else f"what is named up to {printable(path)}"
            raise LedgerFilesError(f"{where} has more than {MAX_BYTES // 1024 // 1024} MB, which no ledger has; name files of the ledger, or fewer of them.")
        files.append((os.path.basename(path), content))
    return files


def _of_folder(path: str) -> list[str]:
    """The names of the ledger's files in a folder. Raises LedgerFilesError."""
    try:
        found = [match for match in map(_NAME.fullmatch, sorted(os.listdir(path))) if match]
    except OSError as exc:
        raise LedgerFilesError(f"the folder {printable(path)} cannot be read: {exc.strerror or exc}.") from None
    if not found:
        raise LedgerFilesError(f"the folder {printable(path)} has no ledger-*.jsonl; name the folder that the ledger was copied to.")
    ledgers = sorted({match["ledger"] for match in found})
    if len(ledgers) > 1:
        some = ", ".join(printable(f"{name}*.jsonl", 100) for name in ledgers[:5])
        raise LedgerFilesError(f"the folder {printable(path)} has {len(ledgers)} ledgers ({some}), each with a chain of its own; name the files of one.")
    return [match.string for match in found]


def main() -> None:
    """Run the module."""
    work(AnsibleModule(argument_spec=SPEC, supports_check_mode=True))


if __name__ == "__main__":
    main()
