#!/usr/bin/python
# -*- coding: utf-8 -*-
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# On an AD FS server the action plugin of the same name does the work; on other hosts this module does.

from __future__ import annotations

DOCUMENTATION = r"""
module: rollover_journal
short_description: Read and write the journal of a certificate rollover
version_added: 1.0.0
description:
  - Keeps one JSON file on an AD FS server, or on any host without Windows, in which one run tells the next what it saw and did.
  - Writing is a compare-and-swap under a lock, so that of two runs at the same time one fails and nothing is lost.
  - Without a journal, a file of its name with C(.new) or C(.old) at the end is an error that names it, and never taken for "no journal".
  - On Windows the file lies in a folder that only Administrators and SYSTEM may use, elsewhere in one that only the account of the connection may
    use. It is made so; a folder or file that another account owns or may use is refused.
  - On the controller itself it is refused in jobs of AWX and Automation Controller, which delete what such a job leaves there.
  - A result that says changed means that the file was written. The role C(renew_signing_cert) does not count that as a change.
  - A journal has at most 1,000,000 bytes.
author:
  - The federation.adfs contributors (@federation-adfs)
extends_documentation_fragment:
  - federation.adfs._attributes
  - federation.adfs._attributes.adfs
attributes:
  check_mode:
    support: full
  platform:
    support: full
    platforms: windows, posix
  diff_mode:
    support: full
    details:
      - Left out for journals of more than 100,000 bytes. Costs one more look at the file.
  idempotent:
    support: partial
    details:
      - A second write with the same O(expected_sha256) fails, unless that already is the hash of O(content).
requirements:
  - For Windows hosts the collection C(ansible.windows), 2.5.0 or later, on the controller.
options:
  path:
    description:
      - The file, with its absolute path. Environment variables of a Windows server are written as in C(%ProgramData%).
      - What Windows would complete or cannot hold is refused.
      - By default it is V(%ProgramData%\\federation.adfs\\journal.json) on Windows and V(~/.local/state/federation.adfs/journal.json) elsewhere.
    type: str
  content:
    description:
      - What to write. By default the journal is only read.
    type: dict
  expected_sha256:
    description:
      - Write only if this is the hash of the file that is there now, as RV(journal.sha256) of the last look had it.
      - By default, and if empty, there must be no file yet.
    type: str
  ledger_entries:
    description:
      - What is added to the ledger, one line for each entry, before O(content) is written. The ledger is a file beside the journal for each year, such as
        C(ledger-2026.jsonl), in which each line has the hash of the line before.
      - Where the ledger does not end as O(content) says, the lines begin a new segment that names the break. Where they cannot be added, the journal is
        written without them.
    type: list
    elements: dict
  ledger_since:
    description:
      - Read the ledger too, and return as RV(evidence) what it tells from this day or time on, in ISO 8601. A day begins at 00:00 UTC.
      - Not with O(content).
    type: str
  time_limit:
    description:
      - How many seconds one call of a Windows server may take. A call that takes longer is ended, and the task fails.
    type: int
    default: 300
notes:
  - An option that is null or an empty text counts as not set.
seealso:
  - module: federation.adfs.farm_info
"""

EXAMPLES = r"""
- name: Read the journal
  federation.adfs.rollover_journal:
  register: before

- name: Write it anew, unless another run did
  federation.adfs.rollover_journal:
    content:
      schema: 1
      revision: 2
    expected_sha256: "{{ before.journal.sha256 | default('', true) }}"
"""

RETURN = r"""
journal:
  description: The journal as it is now, in check mode as it is without this task.
  returned: success
  type: dict
  contains:
    found:
      description: Whether there is a journal.
      type: bool
      returned: always
      sample: true
    sha256:
      description: SHA-256 of the file, in lower-case hexadecimal digits; null if there is none, or it was not read.
      type: str
      returned: always
      sample: a812fe434cdacc56c34ad47181f2601a2ea27785a145b87200249c8510bdab21
    content:
      description: What the journal holds; null if there is none, or it is to be ignored.
      type: dict
      returned: always
      sample: {"schema": 1}
    error:
      description: Why the journal is to be ignored (corrupt, another farm's, a folder that others may use); null if all is well.
      type: str
      returned: always
    written_at:
      description: When the file was last written, by the clock of the host where it lies; null if it was not read.
      type: str
      returned: always
      sample: "2026-02-03T10:11:12Z"
    server_time:
      description: When the file was read or written, by the same clock. A lock in the journal is judged by these two times, not by the controller's clock.
      type: str
      returned: always
      sample: "2026-02-03T10:20:00Z"
ledger:
  description: What became of O(ledger_entries).
  returned: success, with O(ledger_entries), where the journal was written
  type: dict
  contains:
    file:
      description: The name of the ledger's last file; null if there is none.
      type: str
      returned: always
      sample: ledger-2026.jsonl
    head:
      description: SHA-256 of its last line with the line feed.
      type: str
      returned: always
      sample: a812fe434cdacc56c34ad47181f2601a2ea27785a145b87200249c8510bdab21
    added:
      description: How many of the entries are in it now.
      type: int
      returned: always
      sample: 2
    broken:
      description: What is wrong with the chain that was found there, and since when; null if it goes on whole.
      type: str
      returned: always
    failed:
      description: Why nothing could be added; null if that is not so.
      type: str
      returned: always
    said:
      description: The same in sentences, for a summary.
      type: list
      elements: str
      returned: always
evidence:
  description:
    - What the ledger tells. That it could not be read is told in RV(evidence.said), and no error. A file of more than 1,500,000 bytes is not read; fetch it
      and read it with M(federation.adfs.ledger_info).
  returned: success, with O(ledger_since)
  type: dict
  contains:
    since:
      description: From when on.
      type: str
      returned: always
      sample: "2026-11-01T00:00:00Z"
    valid:
      description: Whether the files of these years are whole, up to the line that the journal names as the last.
      type: bool
      returned: always
      sample: true
    said:
      description: The same in a sentence, or why the ledger was not read.
      type: str
      returned: always
    head:
      description: SHA-256 of the last line with the line feed; null if there is no line.
      type: str
      returned: always
      sample: a812fe434cdacc56c34ad47181f2601a2ea27785a145b87200249c8510bdab21
    breaks:
      description: Where the chain is broken, at most 20.
      type: list
      elements: str
      returned: always
    last_change:
      description: When an act was last done; null if none was.
      type: str
      returned: always
      sample: "2026-11-20T22:46:00Z"
    groups:
      description:
        - The entries, those that differ in their object only as one, with C(count) and at most 1000 C(objects); at most 300, the last ones.
        - C(safe) says whether sign-in was safe before and after, in the worst case.
      type: list
      elements: dict
      returned: always
    left_out:
      description: How many of them are not in RV(evidence.groups).
      type: int
      returned: always
      sample: 0
    lines:
      description: The same in lines for a summary.
      type: list
      elements: str
      returned: always
written:
  description: Whether the file was written.
  returned: success
  type: bool
  sample: true
outcome:
  description:
    - What was done. V(done) means that the content was written, V(nothing) that the file is as it was, V(partly) that it holds something else now.
    - V(unknown) means that no reply came, or an error, and that the file could not be read afterwards. The next run reads first what is there.
  type: str
  returned: always
  sample: done
error_id:
  description:
    - A word for the kind of error, for example V(another_run), V(journal_folder), V(journal_path),
      V(journal_lost), V(in_use), V(state_host), V(access_denied) or V(no_reply).
  type: str
  returned: on failure
  sample: another_run
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.federation.adfs.plugins.module_utils._adfs import journal, journal_file, outcome
from ansible_collections.federation.adfs.plugins.module_utils._adfs.errors import AdfsError

ARGUMENT_SPEC: dict[str, t.Any] = {
    "path": {"type": "str"},
    "content": {"type": "dict"},
    "expected_sha256": {"type": "str"},
    "ledger_entries": {"type": "list", "elements": "dict"},
    "ledger_since": {"type": "str"},
    "time_limit": {"type": "int", "default": 300},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    options = module.params
    path = options["path"] or journal.POSIX_DEFAULT_PATH
    try:
        entries, since = options["ledger_entries"] or (), options["ledger_since"] or None
        expected = options["expected_sha256"] or None
        result = journal.keep(journal_file.store(), path, options["content"], expected, module.check_mode, bool(module._diff), entries, since)
    except AdfsError as exc:
        found = exc.outcome if isinstance(exc, outcome.ActError) else outcome.NOTHING
        module.fail_json(msg=str(exc), error_id=exc.id, changed=found != outcome.NOTHING, outcome=found)
    module.exit_json(outcome=outcome.DONE if result["written"] else outcome.NOTHING, **result)


if __name__ == "__main__":
    main()
