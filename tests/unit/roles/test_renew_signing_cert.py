# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's variables are the same wherever they are written down."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS as ENTRA_OPTIONS
from ansible_collections.federation.adfs.plugins.module_utils._renewal.policy import read_policy

ROLE = Path(__file__).resolve().parents[3] / "roles" / "renew_signing_cert"
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
POLICY = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["__renew_signing_cert_policy"]


def test_specs_and_defaults_agree() -> None:
    assert {name: option.get("default") for name, option in OPTIONS.items()} == DEFAULTS


def test_the_readme_names_every_variable() -> None:
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    assert {name for name in DEFAULTS if f"`{name}`" not in readme} == set()
    assert set(re.findall(r"`(renew_signing_cert_\w+)`", readme)) - set(DEFAULTS) == {"renew_signing_cert_result"}


def test_the_policy_is_made_of_the_roles_variables_and_its_defaults_are_the_cores() -> None:
    assert all(value == f"{{{{ renew_signing_cert_{name} }}}}" for name, value in POLICY.items())
    assert read_policy({name: DEFAULTS[f"renew_signing_cert_{name}"] for name in POLICY}) == read_policy({})


def test_every_option_of_a_tenant_reaches_the_write() -> None:
    task = yaml.safe_load((ROLE / "tasks/act_domains.yml").read_text(encoding="utf-8"))[0]["federation.adfs.entra_federation"]
    assert {option.name for option in ENTRA_OPTIONS} - set(task) == set()


def test_every_variable_is_used() -> None:
    used = " ".join(path.read_text(encoding="utf-8") for path in [*ROLE.glob("tasks/*.yml"), ROLE / "vars/main.yml"])
    assert {name for name in DEFAULTS if not re.search(rf"\b{name}\b", used)} == set()
