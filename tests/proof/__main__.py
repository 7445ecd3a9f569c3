# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the proof: ``PYTHONPATH=tests python -m proof`` from the repository's root, or ``make prove``."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path


def _load_collection() -> None:
    # The same way into the checkout that the unit tests take.
    conftest = Path(__file__).resolve().parents[1] / "unit" / "conftest.py"
    spec = importlib.util.spec_from_file_location("proof_conftest", conftest)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{conftest} is missing")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def main() -> int:
    """Explore everything; 0 if every case came out as it must."""
    _load_collection()
    from proof.cases import BROKEN, IN_DEPTH, LARGE, SAFE
    from proof.explore import explore

    wrong = 0
    for name, case in {**SAFE, **LARGE}.items():
        begin = time.monotonic()
        outcome = explore(case)
        verdict = "a sign-in is LOST" if outcome.lost else "something waits FOR EVER" if outcome.stuck else "safe, and comes to an end"
        print(f"{name:50s} {case.domains} x {case.servers} {outcome.states:8d} states {time.monotonic() - begin:6.1f} s  {verdict}", flush=True)
        wrong += bool(outcome.lost or outcome.stuck)
        for line in outcome.lost or outcome.stuck or ():
            print(f"      {line}")
    print("\nOne guard taken away, another behind it still holds:")
    for name, removed in IN_DEPTH.items():
        with removed.applied():
            outcome = explore(removed.case)
        wrong += outcome.lost is not None
        print(f"{name:75s} {outcome.states:6d} states  {'a sign-in is LOST' if outcome.lost else 'safe'}")
    print("\nGuards taken away; each must lose a sign-in:")
    for name, removed in BROKEN.items():
        with removed.applied():
            outcome = explore(removed.case)
        wrong += outcome.lost is None
        print(f"{name}: {'lost' if outcome.lost else 'NOT lost, so this proves nothing'}")
        for line in outcome.lost or ():
            print(f"      {line}")
    print("\nproved" if not wrong else f"\n{wrong} cases did not come out as they must")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
