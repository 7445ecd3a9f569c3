# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is documented is what there is: options, defaults, results, examples, playbooks, links."""

from __future__ import annotations

import importlib
import inspect
import re
import typing as t
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring
from returned import missing, undocumented

from ansible_collections.federation.adfs.plugins.module_utils._renewal.options import FAIL_ON
from ansible_collections.federation.adfs.plugins.module_utils._renewal.situation import Situation
from proof import facts

from .conftest import ROOT, signing
from .player import INFO_TASK, OWN, Player, out

PACKAGE = "ansible_collections.federation.adfs.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("[!_]*.py"))
LOOKUPS = sorted(path.stem for path in (ROOT / "plugins/lookup").glob("[!_]*.py"))
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
ROLES = sorted(path.parent.parent.name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docs").rglob("*.rst")), *sorted(ROOT.glob("roles/*/README.md"))]
TEXTS += [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "tests").rglob("README.md"))]
HOME = "https://github.com/federation-adfs/federation.adfs/"
Options = dict[str, dict[str, t.Any]]


@cache
def _docs(kind: str, name: str) -> tuple[dict[str, t.Any], str, dict[str, t.Any]]:
    """Return documentation with its fragments, examples and results, as ansible-doc reads them."""
    path = str(ROOT / "plugins" / kind / f"{name}.py")
    documentation, examples, results, _metadata = get_docstring(path, fragment_loader, collection_name="federation.adfs", is_module=kind == "modules")
    return documentation, examples, results


class _Taken(Exception):
    """Carries the spec that a module hands to AnsibleModule."""


def _spec(name: str) -> Options:
    action = importlib.import_module(f"{PACKAGE}.action.{name}")
    spec = getattr(action, "ARGUMENT_SPEC", None) or action.ActionModule.SPEC
    if spec:
        return t.cast("Options", spec)
    module = importlib.import_module(f"{PACKAGE}.modules.{name}")

    def take(argument_spec: Options, **_more: t.Any) -> t.NoReturn:
        raise _Taken(argument_spec)

    with mock.patch.object(module, "AnsibleModule", take), pytest.raises(_Taken) as taken:
        module.main()
    return t.cast("Options", taken.value.args[0])


def _shape(options: Options, inner: str) -> dict[str, t.Any]:
    """What documentation and spec must say alike of each option, and of the options in it."""
    shown = {}
    for name, option in options.items():
        words = {"type": option.get("type", "str"), "required": bool(option.get("required"))}
        words.update({word: option.get(word) for word in ("elements", "default")})
        words["choices"] = [str(choice) for choice in option.get("choices") or []]
        words["aliases"] = sorted(option.get("aliases") or [])
        shown[name] = {**words, "options": _shape(option.get(inner) or {}, inner)}
    return shown


@pytest.mark.parametrize("name", MODULES)
def test_documented_options_are_those_of_the_spec(name: str) -> None:
    documented = _shape(_docs("modules", name)[0]["options"], "suboptions")
    # Members of a dictionary may be documented although the spec leaves them to the code, never the other way round.
    taken = _shape(_spec(name), "options")
    for option, words in taken.items():
        if not words["options"] and option in documented:
            documented[option]["options"] = {}
    assert documented == taken


@pytest.mark.parametrize("name", LOOKUPS)
def test_documented_options_of_a_lookup_are_those_that_it_takes(name: str) -> None:
    from ansible_collections.federation.adfs.plugins.module_utils._entra.options import OPTIONS

    documented = _docs("lookup", name)[0]["options"]
    own = importlib.import_module(f"{PACKAGE}.lookup.{name}").LookupModule.OWN
    assert set(documented) - {"_terms"} == {option.name for option in OPTIONS} | {"tenants", *own}
    for option in OPTIONS:
        told = documented[option.name]
        assert (told.get("type", "str"), sorted(told.get("aliases", []))) == (option.type, sorted(option.aliases)), option.name


def _without_words(results: dict[str, t.Any], needed: tuple[str, ...], place: str = "") -> list[str]:
    bad = [f"{place}{key} lacks {word}" for key, told in results.items() for word in needed if not told.get(word)]
    return bad + [found for key, told in results.items() for found in _without_words(told.get("contains") or {}, ("description", "type"), f"{place}{key}.")]


@pytest.mark.parametrize(("kind", "name"), [("modules", name) for name in MODULES] + [("lookup", name) for name in LOOKUPS])
def test_every_result_says_what_it_is_and_when_it_comes(kind: str, name: str) -> None:
    results = _docs(kind, name)[2]
    # A lookup has one result, which always comes.
    assert results and _without_words(results, ("description", "type", *(["returned"] if kind == "modules" else []))) == []


def test_results_for_entra_are_the_documented_ones(player: Player) -> None:
    """Lookups refer to the modules; what they have besides is named in their own text, as C(name)."""
    write = {"certificates": "{{ entra.certificates }}", "domains": [{"domain": "contoso.com", "signing_certificate": signing("old").thumbprint}]}
    terms = {"entra_federation": ", 'contoso.com'"}
    tasks = [
        INFO_TASK,
        {"federation.adfs.entra_federation": write, "register": "written"},
        {"federation.adfs.entra_sign_in_info": {}, "register": "log"},
        out(
            entra_federation_info="{{ entra }}",
            entra_federation="{{ written }}",
            entra_sign_in_info="{{ log }}",
            **{f"lookup_{name}": f"{{{{ query('federation.adfs.{name}'{terms.get(name, '')}) }}}}" for name in LOOKUPS},
        ),
    ]
    run = player.play(tasks, **OWN)
    assert run.code == 0, run.output
    looked = {name: run.facts.pop(f"lookup_{name}") for name in LOOKUPS}
    for name, result in run.facts.items():
        assert (missing(result, _docs("modules", name)[2]), undocumented(result, _docs("modules", name)[2], name)) == ([], [])
    for name, entries in looked.items():
        words = set(re.findall(r"C\((\w+)\)", " ".join(_docs("lookup", name)[2]["_raw"]["description"])))
        module = _docs("modules", f"{name}_info")[2] if f"{name}_info" in MODULES else {}
        known = (module["domains"]["contains"] if "domains" in module else module) | {word: {} for word in words}
        assert entries and undocumented({"entries": entries}, {"entries": {"contains": known}}, name) == []


def _tasks(value: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """Yield every mapping that calls something of this collection."""
    if isinstance(value, list):
        for item in value:
            yield from _tasks(item)
    if isinstance(value, dict):
        if any(str(key).startswith("federation.adfs.") for key in value):
            yield value
        for item in value.values():
            yield from _tasks(item)


def _yaml_blocks() -> t.Iterator[tuple[str, str]]:
    """Yield where it stands, and the text, of every example in YAML."""
    for kind, names in (("modules", MODULES), ("lookup", LOOKUPS)):
        for name in names:
            yield f"{kind}/{name}", _docs(kind, name)[1]
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        for found in re.finditer(r"^```ya?ml\n(.*?)^```|^( *)\.\. code-block:: ya?ml\n\n((?:\2 +[^\n]*\n|\n)+)", text, re.MULTILINE | re.DOTALL):
            block = found[1] or "\n".join(line[len(found[2]) + 3 :] for line in found[3].splitlines())
            yield f"{path.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 1}", block


def test_every_example_is_yaml_and_uses_what_there_is() -> None:
    specs = yaml.safe_load((ROOT / "roles/renew_signing_cert/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    problems, seen = [], 0
    for place, block in _yaml_blocks():
        try:
            value = yaml.safe_load(re.sub(r"!(unsafe|vault)\b", "", block))
        except yaml.YAMLError as error:
            problems.append(f"{place}: {error}")
            continue
        for task in _tasks(value):
            for key in [key for key in task if str(key).startswith("federation.adfs.")]:
                seen += 1
                name = key.rsplit(".", 1)[1]
                if name not in MODULES:
                    problems.append(f"{place}: there is no module {key}")
                    continue
                known = {word for option, told in _spec(name).items() for word in (option, *told.get("aliases", []))}
                if not set(task[key] or {}) <= known:
                    problems.append(f"{place}: {key} has no options {sorted(set(task[key]) - known)}")
        for variable in re.findall(r"^\s*-?\s*(renew_signing_cert_\w+):", block, re.MULTILINE):
            if variable not in specs:
                problems.append(f"{place}: there is no variable {variable}")
    assert problems == []
    assert seen > 20


def test_every_full_name_is_that_of_something() -> None:
    known = {*MODULES, *LOOKUPS, *PLAYBOOKS, *(path.name for path in (ROOT / "roles").iterdir())}
    known |= {path.stem for path in (ROOT / "extensions/eda").rglob("*.*")}
    groups = set(yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"])
    others = {"docsite", "plugins", "git", "NAME"}  # labels of guides, the package, the repository's address, and a placeholder
    problems = []
    for path in TEXTS:
        for before, name in re.findall(r"(group/)?\bfederation\.adfs\.([A-Za-z]\w*)", path.read_text(encoding="utf-8")):
            label = re.sub(r"_(module|lookup|role)$", "", name)
            if name not in (groups if before else known | others) and label not in known:
                problems.append(f"{path.relative_to(ROOT)}: federation.adfs.{name}")
    assert problems == []


def test_every_command_calls_what_there_is() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    problems = []
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        problems += [f"{path.name}: make {name}" for name in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE) if name not in targets]
        problems += [f"{path.name}: {name}" for name in re.findall(r"ansible-playbook [^\n`]*?federation\.adfs\.(\w+)", text) if name not in PLAYBOOKS]
    assert problems == []


def test_every_state_and_every_reason_to_fail_is_explained() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_operator.rst").read_text(encoding="utf-8")
    explained = set(re.findall(r"^   \* - ``(\w+)``$", guide, re.MULTILINE))
    source = inspect.getsource(Situation.__dict__["state"].func)
    states = {word for line in re.findall(r"return (.*)", source) for word in re.findall(r'"(\w+)"', line)}
    assert len(states) == 13
    assert (states | set(FAIL_ON)) - explained == set()
    picture = (ROOT / "docs/docsite/rst/states.svg").read_text(encoding="utf-8")
    assert [state for state in states if f"{state}<" not in picture and f"{state}:" not in picture] == []


def test_every_playbook_is_explained() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_playbooks.rst").read_text(encoding="utf-8")
    headings = re.findall(r"^(\w+)\n\^+$", guide, re.MULTILINE)
    assert sorted(headings) == sorted(name for name in PLAYBOOKS if "-" not in name)
    shown = set(re.findall(r"federation\.adfs\.(\w+)", "\n".join(re.findall(r"^   .*ansible-playbook .*$", guide, re.MULTILINE))))
    assert shown == set(headings)
    own = {name for path in (ROOT / "playbooks").glob("*.yml") for name in re.findall(r"\b(verify_evidence_\w+)", path.read_text(encoding="utf-8"))}
    assert [name for name in own if f"``{name}``" not in guide and not name.startswith("verify_evidence_read")] == []


def test_every_open_question_is_asked() -> None:
    """The page for those with a real system, and its form, have the questions that the lab and the proof flip."""
    known = {int(words.split(".")[0]) for words in [*facts.MEANING.values(), *facts.IMPOSSIBLE.values(), *facts.NO_MATTER]}
    page = re.findall(r"^\| (\d+) \| ", (ROOT / "docs/real-system.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(number) for number in page} == known
    form = ROOT / ".github/ISSUE_TEMPLATE/what-a-real-system-does.yml"
    asked = next(field for field in yaml.safe_load(form.read_text(encoding="utf-8"))["body"] if field.get("id") == "question")["attributes"]["options"]
    assert {int(found[1]) for option in asked if (found := re.match(r"(\d+)\. ", option))} == known


# -- links inside the repository ----------------------------------------------------------------------------------------------------------------------------


def _anchors(path: Path) -> set[str]:
    """The anchors that a forge makes of a Markdown file's headings."""
    headings = re.findall(r"^#+ +(.*?) *$", re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _link_problem(source: Path, target: str) -> str:
    """Why a link does not lead anywhere in this checkout, or nothing."""
    inner = target.removeprefix(HOME)
    if inner != target:
        found = re.match(r"(?:blob|tree)/main/([^#]*)(?:#(.*))?$", inner)
        if not found:
            return ""  # issues and the like
        path, anchor = ROOT / found[1], found[2]
    elif re.match(r"[a-z]+:", target):
        return ""
    else:
        name, _mark, anchor = target.partition("#")
        path = (source.parent / name) if name else source
    if not path.exists():
        return f"{source.relative_to(ROOT)}: {target} is not there"
    if anchor and path.suffix == ".md" and anchor not in _anchors(path):
        return f"{source.relative_to(ROOT)}: {target} has no such heading"
    return ""


def test_links_lead_somewhere() -> None:
    problems, seen = [], 0
    for path in TEXTS:
        text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        targets = re.findall(r"\]\(([^)\s]+)\)", text) if path.suffix == ".md" else re.findall(r"<([^<>\s]+)>`_", text)
        targets += re.findall(rf"(?<![(<]){re.escape(HOME)}(?:blob|tree)/main/[\w./-]+", text)
        seen += len(targets)
        problems += [problem for target in targets if (problem := _link_problem(path, target))]
    assert problems == []
    assert seen > 30


def test_references_between_guides_lead_somewhere() -> None:
    guides = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs/docsite/rst").rglob("*.rst")}
    labels = {label for text in guides.values() for label in re.findall(r"^\.\. _([\w.]+):", text, re.MULTILINE)}
    problems = []
    for path, text in guides.items():
        for target in re.findall(r":ref:`(?:[^`<]*<)?([^`<>]+)>?`", text):
            plugin = re.fullmatch(r"ansible_collections\.federation\.adfs\.(\w+)_(module|lookup|role)", target)
            known = target in labels or (plugin and plugin[1] in [*MODULES, *LOOKUPS, *ROLES])
            if not known and "federation" in target:
                problems.append(f"{path.name}: {target}")
        own = re.findall(r"^\.\. _([\w.]+):", text, re.MULTILINE)
        problems += [f"{path.name}: {label}" for label in own if not label.startswith("ansible_collections.federation.adfs.docsite.")]
    assert problems == []
    used = {name for entry in yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"] for name in entry["toctree"]}
    assert {path.stem for path in guides} == used
