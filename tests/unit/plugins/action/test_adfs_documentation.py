# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for AD FS are documentation only: nothing else compares them with what their actions take."""

from __future__ import annotations

import importlib
import re

import pytest
import yaml

from ansible_collections.federation.adfs.plugins.doc_fragments._adfs import ModuleDocFragment

MODULES = ("certificate", "certificate_info", "certificate_key", "certificate_rollover", "farm_info", "farm_properties", "rollover_journal")
PACKAGE = "ansible_collections.federation.adfs.plugins"


def load(name):
    documented = importlib.import_module(f"{PACKAGE}.modules.{name}")
    action = importlib.import_module(f"{PACKAGE}.action.{name}")
    return documented, action.ActionModule


@pytest.mark.parametrize("name", MODULES)
def test_options_are_those_of_the_action(name):
    module, action = load(name)
    documentation = yaml.safe_load(module.DOCUMENTATION)
    shared = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"] if "federation.adfs._adfs" in documentation["extends_documentation_fragment"] else {}
    shown = {}
    for option, spec in {**shared, **documentation["options"]}.items():
        kept = {key: spec[key] for key in ("type", "choices", "elements", "required", "default", "no_log") if key in spec}
        shown[option] = {**kept, "required": spec.get("required", False)}
    taken = {option: {**spec, "required": spec.get("required", False)} for option, spec in action.SPEC.items()}
    assert shown == taken


@pytest.mark.parametrize("name", MODULES)
def test_attributes_fit_the_action(name):
    module, action = load(name)
    fragments = yaml.safe_load(module.DOCUMENTATION)["extends_documentation_fragment"]
    assert "federation.adfs._attributes.adfs" in fragments  # which says: async none
    assert action._supports_async is False
    assert action._supports_check_mode is True


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_the_full_name_and_known_options(name):
    module, action = load(name)
    used = [task for task in yaml.safe_load(module.EXAMPLES) if f"federation.adfs.{name}" in task]
    assert used
    for task in used:
        assert set(task[f"federation.adfs.{name}"] or {}) <= set(action.SPEC)


def _check_return(shape, documented, place):
    assert set(shape) == set(documented), place
    for key, value in shape.items():
        contains = documented[key].get("contains")
        if contains is None or value is None:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            _check_return(item, contains, f"{place}.{key}[{index}]")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("certificate_info", {}),
        ("certificate_rollover", {}),
        ("certificate_key", {"thumbprint": "AB" * 20}),
        ("certificate", {"certificate_type": "Token-Signing", "thumbprint": "AB" * 20, "state": "absent"}),
        ("farm_info", {}),
        ("farm_properties", {}),
        ("rollover_journal", {"content": {"schema": 1}, "ledger_entries": [{"time": "2026-03-01T00:00:00Z", "act": "publish"}]}),
        ("rollover_journal", {"ledger_since": "2026-03-01"}),
    ],
)
def test_results_are_documented_member_by_member(name, arguments):
    from ansible_collections.federation.adfs.tests.unit.plugins.action.adfs_actions import World

    result = World().run(name, arguments, diff=False)
    assert not result.get("failed"), result
    module, _action = load(name)
    documented = yaml.safe_load(module.RETURN)
    always = {key: spec for key, spec in documented.items() if not spec["returned"].startswith("on failure")}
    asked = {key: re.findall(r"O\((\w+)\)", spec["returned"]) for key, spec in always.items()}
    always = {key: spec for key, spec in always.items() if set(asked[key]) <= set(arguments)}
    _check_return({key: value for key, value in result.items() if key != "changed"}, always, name)
