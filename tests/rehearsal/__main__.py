# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make rehearse SNAPSHOT=report.json``: what the next renewal, a rollback and an emergency of a real farm would be, with dates. Nothing is reached."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from loading import load_collection


def main(arguments: list[str] | None = None) -> int:
    """0 if all was played, 2 if the snapshot cannot be."""
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument("snapshot", type=Path, help="report.json, from the folder that renew_signing_cert_report_path names")
    options = parser.parse_args(arguments)
    load_collection()
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import PolicyError, read_policy
    from ansible_collections.federation.adfs.plugins.module_utils._renewal.wording import count
    from ansible_collections.federation.adfs.plugins.module_utils._text import printable
    from rehearsal import plays
    from rehearsal.snapshot import SnapshotError, read
    from rehearsal.stage import Stage, begin_at

    try:
        snapshot = read(options.snapshot)
        stage = Stage(snapshot)
        read_policy(stage.policy())
    except (PolicyError, SnapshotError) as exc:
        print(f"Nothing was played. {printable(exc, 1000).rstrip('.')}.", file=sys.stderr)
        return 2
    begin_at(snapshot.made_at)
    domains = sum(d["verdict"] != "other_farm" for d in snapshot.domains)
    what = f"{count(domains, 'domain')}, {count(len(stage.servers), 'server')}"
    print(f"{snapshot.farm['name']} as it was at {snapshot.made_at:%Y-%m-%d %H:%M} UTC: {what}.")
    print("Played in a model of AD FS and Entra ID; no server and no tenant was reached. Times are UTC. Where a line has two, they are the earliest and the")
    print(f"latest of {plays.PHASES} plays, in which AD FS checks its certificates at other moments. The interval is from the line before.")
    print()
    for play in plays.rehearse(snapshot):
        print("\n".join(plays.lines(play, stage.said, domains)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
