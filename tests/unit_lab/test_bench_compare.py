# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison: its scripts end in the same state of the lab, and its table says what the rows say."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from bench import compare
from bench.compare import Case, cases
from bench.shown import COLUMNS, MEASURED, Row, extrapolated, plot, summary, table
from bench.targets import as_table, targets
from bench.watched import watch

from lab.running import Lab


def row(arm: str, domains: int, run: int = 1, **values: float) -> Row:
    given = {"task": "nothing", "domains": domains, "latency_ms": 0, "farms": 1, "arm": arm, "run": run, **values}
    return {name: str(given.get(name, 1)) for name in COLUMNS}


PUBLISH = Case("publish", 2, 0)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with compare.prepared(PUBLISH, tmp_path_factory.mktemp("compare")) as running:
        yield running


@pytest.mark.parametrize("arm", ["A", "C", "L"])
def test_a_script_publishes_and_leaves_the_state_that_every_arm_shall_leave(arm: str, lab: Lab) -> None:
    for name in lab.addresses["domains"]:
        lab.entra(domain=name, next=None)
    with pytest.raises(SystemExit, match="2 domains differ"):
        compare._check(arm, PUBLISH, lab, 0)
    found = compare.measured(arm, PUBLISH, lab)[1]
    assert (found["writes"], found["refused"], found["winrm_commands"], found["lines"]) == (2, 0, 1, 1)
    assert found["graph_requests"] == {"A": 2 + 6, "C": 5, "L": 5}[arm]


def test_a_second_run_writes_nothing_and_waits_for_every_answer(lab: Lab) -> None:
    compare.measured("L", PUBLISH, lab)
    found = compare.measured("L", Case("publish", 2, 100), lab)[1]
    # Four messages to WinRM and three requests to Entra.
    assert (found["winrm_requests"], found["graph_requests"], found["writes"]) == (4, 3, 0)
    assert found["wall_s"] > 7 * 0.1
    assert found["bytes"] == sum(lab.request("GET", "/traffic").values()) > 0
    with pytest.raises(SystemExit, match="3 sign-ins were refused"):
        compare._check("L", PUBLISH, lab, 3)


def test_the_table_has_medians_and_ratios_to_the_bound() -> None:
    shown = summary([row("D", 50, 1, wall_s=2), row("D", 50, 2, wall_s=8), row("D", 50, 3, wall_s=4), row("L", 50, wall_s=2)])
    line = next(line for line in table(shown).splitlines() if line.startswith("| D"))
    assert [cell.strip() for cell in line.split("|")][2:5] == ["4.00", "8.00", "2.00"]


def test_what_nobody_ran_is_on_the_line_and_is_called_extrapolated() -> None:
    shown = summary([row("A", 1, wall_s=1), row("A", 50, wall_s=10), row("A", 200, wall_s=40), row("D", 900, wall_s=5)])
    (item,) = extrapolated(shown)
    assert (item.case[1], item.values["wall_s"]) == (900, 180)
    assert "extrapolated" in table([*shown, item])


def test_each_target_tells_its_worst_case_and_whether_it_is_met() -> None:
    few = [row("D", 200, graph_requests=8, wall_s=3), row("L", 200, graph_requests=8, wall_s=1), row("0", 200), row("A", 200, graph_requests=80)]
    many = [row("D", 900, graph_requests=9, wall_s=4, memory_mb=151), row("L", 900, graph_requests=8, wall_s=3), row("0", 900, wall_s=2)]
    found = targets(summary([row("D", 1, wall_s=2), row("0", 1), *few, *many]))
    assert found == [
        ("as many Graph requests as the bound: nothing to do", "9 to 8 (nothing, 900 domains, 0 ms)", False),
        ("as many WinRM commands as the bound: nothing to do", "1 to 1 (nothing, 200 domains, 0 ms)", True),
        ("at most 1.5 times the wall time of the bound and an empty playbook", "1.50 times (nothing, 200 domains, 0 ms)", True),
        ("a domain costs the same from 200 to 900 domains, at 0 ms", "5.03 ms at 200, 1.11 ms at 900", False),
        ("10 times fewer Graph requests than arm A at 200 domains", "10.0 times (nothing, 200 domains, 0 ms)", True),
        ("under 150 MB at 900 domains", "151 MB (nothing, 900 domains, 0 ms)", False),
    ]
    assert "| under 150 MB at 900 domains | 151 MB (nothing, 900 domains, 0 ms) | missed |" in as_table(found)


def test_the_plot_is_a_picture_with_a_line_for_each_arm() -> None:
    rows = [row(arm, domains, wall_s=domains, graph_requests=domains) for arm in "DL" for domains in (1, 50)]
    picture = ET.fromstring(plot(summary(rows)))  # noqa: S314 - our own text
    assert len(picture.findall("{*}polyline")) == 4
    assert len(picture.findall("{*}circle")) == 8


def test_a_file_of_something_else_is_refused_and_a_cut_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("one,two\n1,2\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="no file of this benchmark"):
        compare._rows(path)
    path.unlink()
    compare._add(path, row("L", 1))
    path.write_text(path.read_text(encoding="utf-8") + "nothing,1,0\n", encoding="utf-8")
    assert compare._rows(path) == [row("L", 1)]


def test_nothing_to_do_has_every_number_and_the_other_tasks_have_fifty() -> None:
    found = cases(["nothing", "publish", "crash"], [1, 50, 900], [0, 20])
    assert len(found) == 8
    assert found[-2:] == [Case("publish", 50, 0), Case("crash", 50, compare.CRASH_LATENCY)]
    assert all(name in COLUMNS for name in MEASURED)


def test_a_crash_takes_children_in_sessions_of_their_own_with_it(tmp_path: Path) -> None:
    """As the workers of ansible-playbook are, which would go on writing."""
    left = tmp_path / "left"
    child = f"import pathlib, time; pathlib.Path({str(tmp_path / 'began')!r}).touch(); time.sleep(1); pathlib.Path({str(left)!r}).touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], start_new_session=True)"
    done = watch([sys.executable, "-c", parent], dict(os.environ), tmp_path, seconds=20, until=(tmp_path / "began").exists)
    assert done.code < 0
    time.sleep(1.3)
    assert not left.exists()


def test_several_farms_are_compared_where_there_is_nothing_to_do() -> None:
    several = [case for case in cases(("nothing", "publish"), (50,), (0, 150), (4, 16)) if case.farms > 1]
    assert several == [Case("nothing", 50, 0, 4), Case("nothing", 50, 0, 16)]
    assert all(case.farms == 1 for case in cases(("publish",), (50,), (0,), (4,)))
