# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against a real farm and tenant, reading only: `make real`. docs/real-system.md says how.

Off by default: this folder is not among those that `make test` looks into, and without FEDERATION_ADFS_REAL_INVENTORY everything here is skipped.
Whatever is called here only reads, or runs in check mode.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from returned import undocumented

from playing import AUDIT, RENEW, ROOT, Run, play

pytestmark = pytest.mark.real
PREFLIGHT = ROOT / "playbooks" / "preflight.yml"
LOCAL = {"delegate_to": "localhost", "vars": {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}}
SECONDS = 1800


@dataclass(frozen=True)
class RealSystem:
    """What `playing.play` asks of a lab, for a farm that somebody has."""

    inventory: Path
    directory: Path

    def env(self) -> dict[str, str]:
        """Return the environment as it is: with ADFS_ENTRA_..., a Kerberos ticket, a vault's password file."""
        return dict(os.environ)

    def play(self, playbook: Path, *arguments: str) -> Run:
        """Run a playbook."""
        return play(self, playbook, *arguments, seconds=SECONDS)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealSystem:
    given = os.environ.get("FEDERATION_ADFS_REAL_INVENTORY", "")
    if not given:
        pytest.skip("no real system: FEDERATION_ADFS_REAL_INVENTORY names no inventory, see docs/real-system.md")
    inventory = Path(given).expanduser().resolve()
    assert inventory.exists(), f"FEDERATION_ADFS_REAL_INVENTORY names {inventory}, which is not there"
    return RealSystem(inventory, tmp_path_factory.mktemp("real"))


def _looks(real: RealSystem) -> dict[str, Any]:
    """Return what the modules that only read say of both sides."""
    kept = real.directory / "looks.json"
    names = {"farm": "farm_info", "certificates": "certificate_info", "journal": "rollover_journal", "entra": "entra_federation_info"}
    tasks: list[dict[str, Any]] = []
    for register, module in names.items():
        tasks.append({f"federation.adfs.{module}": {}, "register": register, "check_mode": True, **(LOCAL if register == "entra" else {})})
    content = "{{ {" + ", ".join(f"'{module}': {register}" for register, module in names.items()) + "} | to_json }}"
    tasks.append({"ansible.builtin.copy": {"content": content, "dest": str(kept), "mode": "0600"}, "run_once": True, **LOCAL})
    book = real.directory / "looks.yml"
    book.write_text(yaml.safe_dump([{"hosts": "adfs_primary[0]", "gather_facts": False, "tasks": tasks}], sort_keys=False), encoding="utf-8")
    run = real.play(book)
    assert run.code == 0, run.output
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    kept.unlink()
    return found


def _said_in_full(run: Run) -> None:
    assert "Traceback (most recent call last)" not in run.output, run.output
    assert run.summary, run.output
    print("\n".join(run.summary))


def test_preflight_says_what_is_missing(real: RealSystem) -> None:
    run = real.play(PREFLIGHT, "--check")
    assert "Traceback (most recent call last)" not in run.output, run.output
    assert not run.kept["unreachable"], run.output
    print(run.output)


def test_the_audit_ends_with_a_summary(real: RealSystem) -> None:
    run = real.play(AUDIT)
    _said_in_full(run)
    assert run.code in (0, 2) and run.changed == 0, run.output


def test_check_mode_ends_with_a_summary_and_changes_nothing(real: RealSystem) -> None:
    before = _lasting(_looks(real))
    run = real.play(RENEW, "--check", "--diff")
    _said_in_full(run)
    assert run.code in (0, 2), run.output
    assert _lasting(_looks(real)) == before


def test_results_have_the_documented_members(real: RealSystem) -> None:
    problems = []
    for name, result in _looks(real).items():
        source = (ROOT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8")
        documented = yaml.safe_load(source.split('RETURN = r"""', 1)[1].split('"""', 1)[0])
        problems += undocumented(result, documented, name)
    assert problems == []


def _lasting(looks: dict[str, Any]) -> dict[str, Any]:
    """The part of what was seen that no reading changes by itself."""
    farm = looks["farm_info"]["farm"]
    keys = ("domain", "signing_certificate", "next_signing_certificate")
    return {
        "certificates": sorted((entry["certificate_type"], entry["thumbprint"], entry["is_primary"]) for entry in looks["certificate_info"]["certificates"]),
        "farm": {key: farm[key] for key in ("auto_certificate_rollover", "thresholds")},
        "journal": looks["rollover_journal"]["journal"]["sha256"],
        "domains": [[_thumbprint(entry[key]) for key in keys] for entry in looks["entra_federation_info"]["domains"]],
    }


def _thumbprint(value: Any) -> Any:
    return value["thumbprint"] if isinstance(value, dict) else value
