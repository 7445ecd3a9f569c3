# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's variables are the same wherever they are written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tools import generate

from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS as ENTRA_OPTIONS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.options import OPTIONS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import read_policy

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "renew_signing_cert"
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
SPECS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
POLICY = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["__renew_signing_cert_policy"]


def test_what_is_generated_is_what_the_table_says() -> None:
    assert {path: (ROOT / path).read_text(encoding="utf-8") for path in generate.wanted()} == generate.wanted()


def test_specs_and_defaults_agree() -> None:
    assert {name: option.get("default") for name, option in SPECS.items()} == DEFAULTS == {f"renew_signing_cert_{o.name}": o.default for o in OPTIONS.values()}


def test_the_documentation_names_every_variable_and_no_other() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_variables.rst").read_text(encoding="utf-8")
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^   \* - ``(\w+)``", guide, re.M)) == set(DEFAULTS)
    assert set(re.findall(r"`(renew_signing_cert_\w+)`", readme)) - set(DEFAULTS) == {"renew_signing_cert_result", "renew_signing_cert_hook"}
    assert set(DEFAULTS) - set(re.findall(r"`(renew_signing_cert_\w+)`", readme)) == set()


def test_the_policy_is_made_of_the_roles_variables_and_its_defaults_are_the_cores() -> None:
    handed_on = dict(re.findall(r"'(\w+)': (\w+),", POLICY))
    assert {name: f"renew_signing_cert_{name}" for name, option in OPTIONS.items() if option.policy} == handed_on
    assert "{{ { " + "".join(f"'{name}': {value}, " for name, value in handed_on.items()) + "} | to_json | from_json }}" == " ".join(POLICY.split())
    assert read_policy({name: DEFAULTS[value] for name, value in handed_on.items()}) == read_policy({})


def test_a_part_of_a_file_is_only_written_between_its_marks() -> None:
    text = "a\n# BEGIN GENERATED x, from y\nold\n# END GENERATED x\nb\n"
    assert generate.with_part(text, "x", "new\n") == text.replace("old", "new")
    twice = "  # BEGIN GENERATED x\n  # END GENERATED x\n"
    assert generate.with_part(twice * 2, "x", "new: 1\n") == "  # BEGIN GENERATED x\n  new: 1\n  # END GENERATED x\n" * 2
    with pytest.raises(ValueError, match="there are no lines BEGIN GENERATED other"):
        generate.with_part(text, "other", "new\n")


def test_every_option_of_a_tenant_reaches_the_write() -> None:
    task = yaml.safe_load((ROLE / "tasks/act_entra_federation.yml").read_text(encoding="utf-8"))[0]["federation.adfs.entra_federation"]
    assert {option.name for option in ENTRA_OPTIONS} - set(task) == set()


def test_every_variable_is_used() -> None:
    used = " ".join(path.read_text(encoding="utf-8") for path in [*ROLE.glob("tasks/*.yml"), ROLE / "vars/main.yml"])
    assert {name for name in DEFAULTS if not re.search(rf"\b{name}\b", used)} == set()
