# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m lab up --scenario NAME --dir DIR``: run the lab until it is told to stop."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from lab import inventory, scenario
from lab.control import ControlServer
from lab.world import World


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parse(arguments)
    if options.command == "scenarios":
        for name in scenario.names():
            print(f"{name}: {scenario.load(name).get('description', '')}")
        return 0
    try:
        world = World(options.scenario, json.loads(options.switches))
    except (scenario.ScenarioError, json.JSONDecodeError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    return _up(world, Path(options.dir).resolve(), options.seconds)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description="An AD FS farm and an Entra tenant on loopback.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("scenarios", help="list the scenarios")
    up = commands.add_parser("up", help="run a scenario until Ctrl-C")
    up.add_argument("--scenario", required=True, help="name of a scenario, or path of a file that ends in .json")
    up.add_argument("--dir", required=True, help="where to write inventory.yml, env, ca.pem and lab.json")
    up.add_argument("--seconds", type=float, default=None, help="stop by itself after so many seconds")
    up.add_argument("--switches", default="{}", help='open facts to flip, as JSON: {"farm": {...}, "tenant": {...}}')
    return parser.parse_args(arguments)


def _up(world: World, directory: Path, seconds: float | None) -> int:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    control = ControlServer(world)
    world.start()
    control.start()
    try:
        inventory.write(world, control.url, directory)
        print(f"lab ready: scenario {world.built.name}, control {control.url}, files in {directory}", flush=True)
        stopping.wait(seconds)
    finally:
        control.stop()
        world.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
