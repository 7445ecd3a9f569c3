# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what follows from a table: the role's defaults, argument specs and documentation. Called by `make generate`.

Whole files are written, or the part of a file between two lines that hold BEGIN GENERATED and END GENERATED with a name.
With --check nothing is written; the exit code is 1 and the files are named if one differs from what the tables say.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv" / "collections"))

from ansible_collections.federation.adfs.plugins.module_utils._renewal.conditions import CONDITIONS, EVENT, OPERATOR, TIME  # noqa: E402
from ansible_collections.federation.adfs.plugins.module_utils._renewal.option_types import Member, variable  # noqa: E402
from ansible_collections.federation.adfs.plugins.module_utils._renewal.options import GROUPS, OPTIONS, Option  # noqa: E402

ROLE = "roles/renew_signing_cert"
TABLE = "plugins/module_utils/_renewal/options.py"
WITH_CERTIFICATE = (
    *("certificate", "certificate_info", "certificate_key", "certificate_rollover", "farm_info"),
    *("entra_federation_info", "metadata_info"),
)
ACTING = ("certificate", "certificate_key", "certificate_rollover", "farm_properties")
HEADER = f"""\
# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from {TABLE} by `make generate`: change it there.
---
"""
GUIDE = f"""\
..
  SPDX-FileCopyrightText: 2026 The federation.adfs contributors
  SPDX-License-Identifier: GPL-3.0-or-later
  Generated from {TABLE} by `make generate`: change it there.

.. _ansible_collections.federation.adfs.docsite.guide_variables:

Variables of the role
=====================

All variables of the role ``renew_signing_cert``. Null and empty text mean that a variable is not set, as an empty survey field gives it.
A list may be given as text with commas. A duration is a number, in the unit that is named, or text such as ``90m``, ``24h`` or ``30d``.

.. contents::
   :local:
   :depth: 1
"""
WIDTH = 115  # PyYAML breaks a line at the first space after it


def defaults() -> str:
    """Return defaults/main.yml."""
    lines = ['# Every variable of the role. Null and empty text mean "not set", as an empty survey field gives it.']
    for group in GROUPS:
        lines += ["", f"# {group}"]
        for option in _of(group):
            lines += _dump({variable(option.name): option.default}).splitlines()
    return HEADER + "\n".join(lines) + "\n"


def argument_specs() -> str:
    """Return meta/argument_specs.yml. Ansible refuses empty text for every type but text, so those are any type here; the role's first
    task checks them by the types of the table.
    """
    main = {
        "short_description": "Renew the token-signing certificate of an AD FS farm and keep its Entra domains in step",
        "description": [
            "Reads the AD FS farm and its federated domains in Microsoft Entra ID, does what is safe now, and reads again.",
            "The summary says what is waiting, for what, until when, and when to run again.",
            "Runs on the primary AD FS server of each farm, one host for each farm. Everything about Entra runs on the controller.",
            "With O(renew_signing_cert_source=metadata), takes the certificates from the metadata of any other identity provider instead.",
            "Waiting is success. What makes a run fail after its safe acts is listed in O(renew_signing_cert_fail_on).",
            "Null and empty text mean that a variable is not set, whatever its type. A list may be given as text with commas.",
        ],
        "version_added": "1.0.0",
        "author": ["The federation.adfs contributors (@federation-adfs)"],
        "options": {variable(option.name): _spec(option) for option in OPTIONS.values()},
    }
    return HEADER + _dump({"argument_specs": {"main": main}})


def _spec(option: Option) -> dict[str, Any]:
    form = option.type.form
    description = [option.line, *option.more, *_form_in_words(option)]
    spec: dict[str, Any] = {"description": description[0] if len(description) == 1 else description}
    if not _takes_empty_text(option):
        return {**spec, "type": "raw", **({} if option.default is None else {"default": option.default})}
    spec["type"] = form["type"]
    if "elements" in form:
        spec["elements"] = form["elements"]
    if "choices" in form:
        spec["choices"] = [*form["choices"], ""]
    if option.default is not None:
        spec["default"] = option.default
    if option.secret:
        spec["no_log"] = True
    return spec


def _takes_empty_text(option: Option) -> bool:
    """Return whether Ansible's own check of this type lets empty text pass."""
    return option.type.form["type"] == "str" or option.type.form.get("elements") == "str"


def _form_in_words(option: Option) -> list[str]:
    form = option.type.form
    words = {"bool": "V(true) or V(false).", "int": "A whole number.", "dict": "A mapping.", "list": "A list."}
    if option.type.unit:
        return [f"A number of {option.type.unit}, or text such as V(90m), V(24h) or V(30d)."]
    if option.type.entry:
        members = [f"C({name}){_member_form(member)}: {member.text}" for name, member in option.type.entry.items()]
        what = "A mapping" if form["type"] == "dict" else "A list of mappings"
        return [f"{what} with the following members.", *members]
    if form["type"] == "list" and form["elements"] == "dict":
        return ["A list of mappings."]
    return [words[form["type"]]] if form["type"] != "str" and "elements" not in form else []


def _member_form(member: Member) -> str:
    words = {"bool": "V(true) or V(false)", "int": "a whole number", "str": ""}[member.type.form["type"]]
    if "choices" in member.type.form:
        words = " or ".join(f"V({choice})" for choice in member.type.form["choices"])
    default = f"default V({_plain(member.default)})" if member.default is not None else ""
    noted = ", ".join(filter(None, ["required" if member.required else "", words, default]))
    return f" ({noted})" if noted else ""


def role_vars() -> str:
    """Return the part of vars/main.yml that hands the variables on, as rollover_plan takes them."""

    def handed_on(name: str, *, policy: bool) -> str:
        chosen = [option for option in OPTIONS.values() if option.policy == policy and not option.secret]
        members = "".join(f"      '{option.name}': {variable(option.name)},\n" for option in chosen)
        return f"{name}: >-\n  {{{{ {{\n{members}  }} | to_json | from_json }}}}\n"

    return (
        "# One template each, and not one for each variable: every task that uses them compiles its templates anew.\n"
        "# By way of JSON: a date without quotes is no text, and older cores cannot put it into a mapping.\n"
        "# The variables that decide.\n"
        + handed_on("__renew_signing_cert_policy", policy=True)
        + "# Those that say how and where a run works, without secrets.\n"
        + handed_on("__renew_signing_cert_variables", policy=False)
    )


def readme_table() -> str:
    """Return the role README's table."""
    rows = [f"| `{variable(option.name)}` | {_default_in_table(option)} | {_markdown(_table_text(option))} |" for option in OPTIONS.values()]
    return "| variable | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def guide() -> str:
    """Return the guide that lists the variables by group."""
    parts = [GUIDE]
    for group in GROUPS:
        parts.append(f"{group}\n{'-' * len(group)}\n")
        rows = ["   * - Variable\n     - Default\n     - Meaning"]
        for option in _of(group):
            text = " ".join([_table_text(option), *option.more])
            shown = _default_in_table(option).replace("`", "``")
            rows.append(f"   * - ``{variable(option.name)}``\n     - {shown}\n     - {_rst(text)}".replace(" - \n", " -\n"))
        parts.append(".. list-table::\n   :header-rows: 1\n   :widths: 30 15 55\n\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def conditions_table() -> str:
    """Return the operator's table of what can block."""
    lifted = {TIME: "time", EVENT: "the next runs", OPERATOR: "you"}
    rows = ["   * - Condition\n     - Why\n     - Ends by\n     - What to do"]
    rows += [f"   * - ``{c.name}``\n     - {_rst(c.why)}\n     - {lifted[c.lifted_by]}\n     - {_rst(c.advice)}" for c in CONDITIONS.values()]
    return "\n.. list-table::\n   :header-rows: 1\n   :widths: 15 35 10 40\n\n" + "\n".join(rows) + "\n\n"


def _of(group: str) -> Iterator[Option]:
    return (option for option in OPTIONS.values() if option.group == group)


def _table_text(option: Option) -> str:
    text = option.line
    if option.type.unit:
        text += f" In {option.type.unit}."
    if option.type.entry:
        text += f" Members: {', '.join(f'C({name})' for name in option.type.entry)}."
    return text


def _default_in_table(option: Option) -> str:
    return "" if option.default in (None, "") else f"`{_plain(option.default)}`"


def _plain(value: Any) -> str:
    """Return a value as YAML on one line."""
    written: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=10_000)
    return written.removesuffix("...\n").strip()


_MARKUP = re.compile(r"([VOCMP])\(([^)]*)\)")


def _with_markup(text: str, literal: Callable[[str], str]) -> str:
    def replaced(match: re.Match[str]) -> str:
        kind, content = match.groups()
        if kind == "O":
            content = content.split(":", 1)[-1].replace("=", ": ")
        return literal(content.split("#")[0] if kind in "MP" else content)

    return _MARKUP.sub(replaced, text)


def _markdown(text: str) -> str:
    return _with_markup(text, lambda content: f"`{content}`").replace("|", "\\|")


def _rst(text: str) -> str:
    return _with_markup(text, lambda content: f"``{content}``")


_STR = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, as ansible-lint wants."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # Double quotes for short text that YAML would not read as text; PyYAML quotes the rest where it must, and can still fold it.
    style = '"' if not value or (len(value) < 60 and " " not in value and yaml.safe_load(value) != value) else None
    return dumper.represent_scalar(_STR, value, style=style)


def _none(dumper: yaml.SafeDumper, _value: None) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:null", "")


_Dumper.add_representer(str, _text)
_Dumper.add_representer(type(None), _none)
_Dumper.ignore_aliases = lambda *_arguments: True  # type: ignore[method-assign]


def _dump(value: Mapping[str, Any]) -> str:
    written: str = yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
    return re.sub(r": +$", ":", written, flags=re.M)


def return_of(what: str) -> str:
    """Return the part of a module's RETURN block that describes a certificate, or how an act came out."""
    return Path(__file__).with_name(f"{what}_return.yml").read_text(encoding="utf-8").partition("---\n")[2]


def _module_parts() -> dict[str, dict[str, Callable[[], str]]]:
    parts: dict[str, dict[str, Callable[[], str]]] = {}
    for what, names in (("certificate", WITH_CERTIFICATE), ("act", ACTING)):
        for name in names:
            parts.setdefault(f"plugins/modules/{name}.py", {})[what] = partial(return_of, what)
    return parts


WHOLE: Mapping[str, Callable[[], str]] = {
    f"{ROLE}/defaults/main.yml": defaults,
    f"{ROLE}/meta/argument_specs.yml": argument_specs,
    "docs/docsite/rst/guide_variables.rst": guide,
}
PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    f"{ROLE}/README.md": {"variables": readme_table},
    "docs/docsite/rst/guide_operator.rst": {"conditions": conditions_table},
    f"{ROLE}/vars/main.yml": {"variables": role_vars},
    **_module_parts(),
}


def wanted() -> dict[str, str]:
    """Return what each generated file has to hold."""
    files = {path: make() for path, make in WHOLE.items()}
    for path, parts in PARTS.items():
        files[path] = (ROOT / path).read_text(encoding="utf-8")
        for name, make in parts.items():
            files[path] = with_part(files[path], name, make())
    return files


def with_part(text: str, name: str, part: str) -> str:
    """Return the text with what stands between two marking lines replaced, indented like the first, wherever there are such lines.

    Raises ValueError where there are none.
    """
    pattern = re.compile(rf"^([^\n\S]*)([^\n]*BEGIN GENERATED {re.escape(name)}\b[^\n]*\n)(.*?)(^[^\n]*END GENERATED {re.escape(name)}\b)", re.M | re.S)
    replaced, count = pattern.subn(lambda match: match.group(1) + match.group(2) + textwrap.indent(part, match.group(1)) + match.group(4), text)
    if not count:
        raise ValueError(f"there are no lines BEGIN GENERATED {name} and END GENERATED {name}")
    return replaced


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    files = wanted()
    differ = [path for path, text in files.items() if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in differ:
            print(f"{path} differs from what the tables say: run `make generate`")
        return 1 if differ else 0
    for path in differ:
        (ROOT / path).write_text(files[path], encoding="utf-8")
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
